# SPDX-License-Identifier: Apache-2.0
"""Internet checksums: arithmetic, and sums over memory. Of an skb: skb_csum.py.

A ``__wsum`` is a 32-bit partial sum and a ``__sum16`` a folded, inverted one, both as on a little-endian machine:
16-bit words are read in memory order, so that a folded sum is stored as it is (``to_bytes(2, "little")``). Addresses
and lengths are the numbers that they stand for. Two partial sums that differ only in how often they were folded are
equal.
Source: include/net/checksum.h, lib/checksum.c, arch/x86/include/asm/checksum_64.h, v6.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.access import here

if TYPE_CHECKING:
    from pymodel.linux.skbuff import sk_buff

__all__ = [
    "CSUM_MANGLED_0", "csum16_add", "csum16_sub", "csum_add", "csum_block_add", "csum_block_sub", "csum_fold",
    "csum_ipv6_magic", "csum_partial", "csum_replace2", "csum_replace4", "csum_replace_by_diff", "csum_shift",
    "csum_sub", "csum_tcpudp_magic", "csum_tcpudp_nofold", "csum_unfold", "from32to16", "inet_proto_csum_replace2",
    "inet_proto_csum_replace4", "ip_compute_csum", "ip_fast_csum", "ip_send_check", "wsum_negate",
]

CSUM_MANGLED_0 = 0xFFFF
"""What is sent for a UDP checksum that comes out as 0, which would mean that there is none."""


# -- arithmetic ----------------------------------------------------------------------------------------------
def csum_add(csum: int, addend: int) -> int:
    res = csum + addend
    return (res & 0xFFFFFFFF) + (res >> 32)


def csum_sub(csum: int, addend: int) -> int:
    res = csum + (addend ^ 0xFFFFFFFF)
    return (res & 0xFFFFFFFF) + (res >> 32)


def csum_shift(sum: int, offset: int) -> int:
    """The sum of a block as it counts at byte ``offset`` of a larger one: rotated where that is odd."""
    return sum >> 8 | (sum & 0xFF) << 24 if offset & 1 else sum


def csum_block_add(csum: int, csum2: int, offset: int) -> int:
    """Add the sum of a block that begins ``offset`` bytes into what ``csum`` covers."""
    return csum_add(csum, csum_shift(csum2, offset))


def csum_block_sub(csum: int, csum2: int, offset: int) -> int:
    return csum_block_add(csum, csum2 ^ 0xFFFFFFFF, offset)


def csum_unfold(n: int) -> int:
    return n


def wsum_negate(val: int) -> int:
    return -val & 0xFFFFFFFF


def csum_fold(csum: int) -> int:
    """The 16-bit checksum of a 32-bit sum: folded, inverted."""
    csum = (csum & 0xFFFF) + (csum >> 16)
    csum = (csum & 0xFFFF) + (csum >> 16)
    return ~csum & 0xFFFF


def from32to16(x: int) -> int:
    """Fold a 32-bit sum, not inverted."""
    x = (x & 0xFFFF) + (x >> 16)
    return (x & 0xFFFF) + (x >> 16)


def csum16_add(csum: int, addend: int) -> int:
    """Add two words as memory has them."""
    res = csum + addend
    return res + (res >> 16) & 0xFFFF


def csum16_sub(csum: int, addend: int) -> int:
    return csum16_add(csum, ~addend & 0xFFFF)


def _swab32(x: int) -> int:
    return int.from_bytes(x.to_bytes(4, "big"), "little")


def _swab16(x: int) -> int:
    return x >> 8 & 0xFF | (x & 0xFF) << 8


# -- over memory ---------------------------------------------------------------------------------------------
def csum_partial(buff: int, len: int, sum: int) -> int:
    """The 32-bit sum of ``len`` bytes at a pointer, added to ``sum``."""
    return csum_add(here.csum(buff, len), sum)


def ip_compute_csum(buff: int, len: int) -> int:
    """The checksum of ``len`` bytes at a pointer, as ICMP has it."""
    return csum_fold(here.csum(buff, len))


def ip_fast_csum(iph: int, ihl: int) -> int:
    """The checksum of an IPv4 header of ``ihl`` words of 4 bytes at a pointer: 0 over a header whose ``check`` is
    right, else what belongs into a ``check`` that was 0.
    """
    return ~here.csum(iph, ihl * 4) & 0xFFFF


def ip_send_check(iph: int) -> None:
    """Write the checksum of the IPv4 header at a pointer. Source: net/ipv4/ip_output.c ip_send_check(), v6.12."""
    mem = here.mem
    mem[iph + 10 : iph + 12] = b"\0\0"
    mem[iph + 10 : iph + 12] = ip_fast_csum(iph, mem[iph] & 15).to_bytes(2, "little")


# -- pseudo headers ------------------------------------------------------------------------------------------
def csum_tcpudp_nofold(saddr: int, daddr: int, len: int, proto: int, sum: int) -> int:
    """The sum of IPv4's pseudo header, added to ``sum``. ``len``: bytes of transport header and payload."""
    total = sum + _swab32(daddr) + _swab32(saddr) + ((len + proto) << 8 & 0xFFFFFFFF)
    return (total - 1) % 0xFFFFFFFF + 1 if total else 0


def csum_tcpudp_magic(saddr: int, daddr: int, len: int, proto: int, sum: int) -> int:
    """The checksum over pseudo header and ``sum``."""
    return csum_fold(csum_tcpudp_nofold(saddr, daddr, len, proto, sum))


def csum_ipv6_magic(saddr: int, daddr: int, len: int, proto: int, sum: int) -> int:
    """The checksum over IPv6's pseudo header and ``sum``; ``saddr`` and ``daddr`` are pointers to the addresses."""
    total = here.csum(saddr, 16) + here.csum(daddr, 16) + _swab32(len) + _swab32(proto) + sum
    return csum_fold((total - 1) % 0xFFFFFFFF + 1 if total else 0)


# -- a change of a field under a checksum (RFC 1624) ---------------------------------------------------------
def _load(sum: int) -> int:
    mem = here.mem
    return mem[sum] | mem[sum + 1] << 8


def _store(sum: int, value: int) -> None:
    here.mem[sum : sum + 2] = value.to_bytes(2, "little")


def csum_replace_by_diff(sum: int, diff: int) -> None:
    """Change the checksum at pointer ``sum`` by a difference of partial sums."""
    _store(sum, csum_fold(csum_add(diff, ~_load(sum) & 0xFFFFFFFF)))


def csum_replace4(sum: int, frm: int, to: int) -> None:
    """A ``__be32`` under the checksum at pointer ``sum`` changes from ``frm`` to ``to``."""
    tmp = csum_sub(~_load(sum) & 0xFFFFFFFF, _swab32(frm))
    _store(sum, csum_fold(csum_add(tmp, _swab32(to))))


def csum_replace2(sum: int, old: int, new: int) -> None:
    """A ``__be16`` under the checksum at pointer ``sum`` changes."""
    _store(sum, ~csum16_add(csum16_sub(~_load(sum) & 0xFFFF, _swab16(old)), _swab16(new)) & 0xFFFF)


def inet_proto_csum_replace4(sum: int, skb: sk_buff, frm: int, to: int, pseudohdr: bool) -> None:
    """A ``__be32`` under a transport checksum changes; ``pseudohdr``: it is a part of the pseudo header.

    With CHECKSUM_PARTIAL the field holds the pseudo header's sum alone, not inverted; with CHECKSUM_COMPLETE
    ``skb.csum`` follows. Source: net/core/utils.c, v6.12.
    """
    if skb.ip_summed != 3:  # CHECKSUM_PARTIAL
        csum_replace4(sum, frm, to)
        if skb.ip_summed == 2 and pseudohdr:  # CHECKSUM_COMPLETE
            skb.csum = ~csum_add(csum_sub(~skb.csum & 0xFFFFFFFF, _swab32(frm)), _swab32(to)) & 0xFFFFFFFF
    elif pseudohdr:
        _store(sum, ~csum_fold(csum_add(csum_sub(_load(sum), _swab32(frm)), _swab32(to))) & 0xFFFF)


def inet_proto_csum_replace2(sum: int, skb: sk_buff, frm: int, to: int, pseudohdr: bool) -> None:
    """inet_proto_csum_replace4() for a ``__be16``."""
    inet_proto_csum_replace4(sum, skb, frm, to, pseudohdr)
