# SPDX-License-Identifier: Apache-2.0
"""Checksums of sk_buffs: summing over all parts, CHECKSUM_PARTIAL on the way out, validation on the way in, and
keeping CHECKSUM_COMPLETE right while headers come and go.

Source: include/linux/skbuff.h, net/core/skbuff.c, net/core/dev.c skb_checksum_help(), v6.12. Simplified: no SCTP
(CRC32c) and no remote checksum offload.
"""

from __future__ import annotations

from collections.abc import Callable

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, broken_rule, caller, caller_outside, pr_warn, site_str
from pymodel.linux.checksum import (
    CSUM_MANGLED_0,
    csum_add,
    csum_block_add,
    csum_block_sub,
    csum_fold,
    csum_ipv6_magic,
    csum_partial,
    csum_tcpudp_magic,
    csum_tcpudp_nofold,
    wsum_negate,
)
from pymodel.linux.errno import EINVAL, ENOMEM, EPROTO
from pymodel.linux.inet import (
    IPPROTO_AH,
    IPPROTO_DSTOPTS,
    IPPROTO_FRAGMENT,
    IPPROTO_HOPOPTS,
    IPPROTO_ROUTING,
    IPPROTO_TCP,
    IPPROTO_UDP,
    ip_hdr,
    ip_hdrlen,
    ip_is_fragment,
    ipv6_authlen,
    ipv6_hdr,
    ipv6_optlen,
)
from pymodel.linux.mm import GFP_ATOMIC
from pymodel.linux.skb_copy import pskb_expand_head
from pymodel.linux.skb_frags import __pskb_pull_tail, pskb_may_pull, pskb_trim, skb_walk
from pymodel.linux.skbuff import (
    CHECKSUM_COMPLETE,
    CHECKSUM_NONE,
    CHECKSUM_PARTIAL,
    CHECKSUM_UNNECESSARY,
    __skb_pull,
    sk_buff,
    skb_cloned,
    skb_push,
)

__all__ = [
    "CHECKSUM_BREAK", "SKB_MAX_CSUM_LEVEL", "__skb_checksum_complete", "__skb_checksum_complete_head",
    "__skb_decr_checksum_unnecessary", "__skb_incr_checksum_unnecessary", "__skb_reset_checksum_unnecessary",
    "inet_compute_pseudo", "ip6_compute_pseudo", "null_compute_pseudo", "pskb_trim_rcsum", "skb_checksum",
    "skb_checksum_complete", "skb_checksum_complete_unset", "skb_checksum_help", "skb_checksum_init",
    "skb_checksum_init_zero_check", "skb_checksum_none_assert", "skb_checksum_setup", "skb_checksum_simple_validate",
    "skb_checksum_start", "skb_checksum_start_offset", "skb_checksum_try_convert", "skb_checksum_validate",
    "skb_checksum_validate_zero_check", "skb_clone_writable", "skb_copy_and_csum_bits", "skb_copy_and_csum_dev",
    "skb_csum_unnecessary", "skb_ensure_writable", "skb_partial_csum_set", "skb_postpull_rcsum", "skb_postpush_rcsum",
    "skb_pull_rcsum", "skb_push_rcsum",
]

CHECKSUM_BREAK = 76
"""Packets of up to this many bytes are validated at once, longer ones where their data is copied."""
SKB_MAX_CSUM_LEVEL = 3

ComputePseudo = Callable[[sk_buff, int], int]
"""``compute_pseudo(skb, proto)``: the partial sum of the pseudo header."""


# -- sums ----------------------------------------------------------------------------------------------------
def skb_checksum(skb: sk_buff, offset: int, len: int, csum: int) -> int:
    """The sum of ``len`` bytes from ``offset``, added to ``csum``. BUG past the end."""
    if offset + len <= skb.len - skb.data_len:
        return csum_add(csum, here.csum(skb.data + offset, len))
    at = 0
    for pointer, n in skb_walk(skb, offset, len):
        csum = csum_block_add(csum, here.csum(pointer, n), at)
        at += n
    if at != len:
        BUG(
            f"skb_checksum({offset}, {len}) past the end of an skb of {skb.len} bytes",
            site_str(caller_outside()),
            "net/core/skbuff.c:3577",
        )
    return csum


def skb_copy_and_csum_bits(skb: sk_buff, offset: int, to: int, len: int) -> int:
    """Copy ``len`` bytes from ``offset`` to a pointer; their sum. BUG past the end."""
    mem = here.mem
    csum = at = 0
    for pointer, n in skb_walk(skb, offset, len):
        csum = csum_block_add(csum, here.csum(pointer, n), at)
        mem[to + at : to + at + n] = mem[pointer : pointer + n]
        at += n
    if at != len:
        BUG(
            f"skb_copy_and_csum_bits({offset}, {len}) of an skb of {skb.len} bytes",
            site_str(caller_outside()),
            "net/core/skbuff.c:3684",
        )
    return csum


def skb_copy_and_csum_dev(skb: sk_buff, to: int) -> None:
    """Copy the whole frame to a pointer and, with CHECKSUM_PARTIAL, write the checksum into the copy: for a driver
    that sends from a buffer of its own. BUG where the checksum starts beyond the linear part.
    """
    partial = skb.ip_summed == CHECKSUM_PARTIAL
    start = skb_checksum_start_offset(skb) if partial else skb.len - skb.data_len
    if start > skb.len - skb.data_len:
        BUG(f"skb_copy_and_csum_dev(): csum_start {start} is not linear", site_str(caller_outside()))
    skb_copy_and_csum_bits(skb, 0, to, start)
    csum = skb_copy_and_csum_bits(skb, start, to + start, skb.len - start) if start != skb.len else 0
    if partial:
        at = to + start + skb.csum_offset
        here.mem[at : at + 2] = csum_fold(csum).to_bytes(2, "little")


# -- out: CHECKSUM_PARTIAL -----------------------------------------------------------------------------------
def skb_checksum_start_offset(skb: sk_buff) -> int:
    """Where the checksum begins, in bytes from ``data``."""
    return skb.csum_start - (skb.data - skb.head)


def skb_checksum_start(skb: sk_buff) -> int:
    """Where the checksum begins: a pointer."""
    return skb.head + skb.csum_start


def skb_partial_csum_set(skb: sk_buff, start: int, off: int) -> bool:
    """Ask for a checksum from ``start`` (bytes from ``data``) to the end, stored at ``start + off``. False, with a
    line in the log, where that is not in the linear part.
    """
    csum_start = skb.data - skb.head + start
    headlen = skb.len - skb.data_len
    if csum_start >= 0xFFFF or start + off + 2 > headlen:
        headroom = skb.data - skb.head
        pr_warn("bad partial csum: csum=%d/%d headroom=%d headlen=%d", start, off, headroom, headlen)
        return False
    skb.ip_summed = CHECKSUM_PARTIAL
    skb.csum_start = csum_start
    skb.csum_offset = off
    skb.transport_header = csum_start
    return True


def skb_ensure_writable(skb: sk_buff, write_len: int) -> int:
    """Make the first ``write_len`` bytes linear and unshared. 0 or -ENOMEM."""
    if not pskb_may_pull(skb, write_len):
        return -ENOMEM
    if not skb_cloned(skb) or skb_clone_writable(skb, write_len):
        return 0
    return pskb_expand_head(skb, 0, 0, GFP_ATOMIC)


def skb_clone_writable(skb: sk_buff, len: int) -> bool:
    """Whether the header of a clone is its own as far as ``len`` bytes from ``data``."""
    dataref = skb._shinfo.dataref
    header_cloned = skb.cloned and (dataref & 0xFFFF) - (dataref >> 16) != 1
    return not header_cloned and skb.data - skb.head + len <= skb.hdr_len


def skb_checksum_help(skb: sk_buff) -> int:
    """Do a CHECKSUM_PARTIAL in software (OFF1, OFF2). 0, -EINVAL (with a WARN) or -ENOMEM."""
    if skb.ip_summed == CHECKSUM_COMPLETE:
        skb.ip_summed = CHECKSUM_NONE
        return 0
    if skb._shinfo.gso_size:
        WARN("skb_checksum_help() of a GSO packet: bad offload", site_str(caller_outside()))
        return -EINVAL
    offset = skb_checksum_start_offset(skb)
    headlen = skb.len - skb.data_len
    if offset < 0 or offset >= headlen:
        WARN(
            f"offset ({offset}) >= skb_headlen() ({headlen})",
            site_str(caller_outside()),
            "net/core/dev.c:3408 skb_checksum_help+0x15f/0x1e0",
        )
        return -EINVAL
    csum = skb_checksum(skb, offset, skb.len - offset, 0)
    offset += skb.csum_offset
    if offset + 2 > headlen:
        WARN(f"offset+2 ({offset + 2}) > skb_headlen() ({headlen})", site_str(caller_outside()))
        return -EINVAL
    err = skb_ensure_writable(skb, offset + 2)
    if err:
        return err
    at = skb.data + offset
    here.mem[at : at + 2] = (csum_fold(csum) or CSUM_MANGLED_0).to_bytes(2, "little")
    skb.ip_summed = CHECKSUM_NONE
    return 0


# -- setting up CHECKSUM_PARTIAL from the headers ------------------------------------------------------------
def _maybe_pull_tail(skb: sk_buff, len: int, max: int) -> int:
    headlen = skb.len - skb.data_len
    if headlen >= len:
        return 0
    # Where anything must be pulled, all that may be wanted next comes along.
    if not __pskb_pull_tail(skb, min(max, skb.len) - headlen):
        return -ENOMEM
    return -EPROTO if skb.len - skb.data_len < len else 0


def _setup_ip(skb: sk_buff, typ: int, off: int) -> int:
    """Have the transport header at ``off`` linear and set its checksum up: (0 or errno)."""
    if typ == IPPROTO_TCP:
        err = _maybe_pull_tail(skb, off + 20, off + 60)
        return err or (0 if skb_partial_csum_set(skb, off, 16) else -EPROTO)
    if typ == IPPROTO_UDP:
        err = _maybe_pull_tail(skb, off + 8, off + 8)
        return err or (0 if skb_partial_csum_set(skb, off, 6) else -EPROTO)
    return -EPROTO


def _setup_ipv4(skb: sk_buff, recalculate: bool) -> int:
    err = _maybe_pull_tail(skb, 20, 128)
    if err:
        return err
    iph = ip_hdr(skb)
    if ip_is_fragment(iph):
        return -EPROTO
    off = ip_hdrlen(skb)
    protocol = iph.protocol
    err = _setup_ip(skb, protocol, off)
    if not err and recalculate:
        iph = ip_hdr(skb)
        _store_pseudo(skb, off, csum_tcpudp_magic(iph.saddr, iph.daddr, skb.len - off, protocol, 0))
    return err


def _setup_ipv6(skb: sk_buff, recalculate: bool) -> int:
    off = 40
    err = _maybe_pull_tail(skb, off, 256)
    if err:
        return err
    mem = here.mem
    nexthdr = ipv6_hdr(skb).nexthdr
    end = 40 + ipv6_hdr(skb).payload_len
    fragment = done = False
    while off <= end and not done:
        if nexthdr in (IPPROTO_DSTOPTS, IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_AH):
            err = _maybe_pull_tail(skb, off + 2, 256)
            if err:
                return err
            hp = ipv6_hdr(skb).at + off
            off += ipv6_authlen(hp) if nexthdr == IPPROTO_AH else ipv6_optlen(hp)
            nexthdr = mem[hp]
        elif nexthdr == IPPROTO_FRAGMENT:
            err = _maybe_pull_tail(skb, off + 8, 256)
            if err:
                return err
            hp = ipv6_hdr(skb).at + off
            if (mem[hp + 2] << 8 | mem[hp + 3]) & 0xFFF9:  # IP6_OFFSET | IP6_MF
                fragment = True
            nexthdr = mem[hp]
            off += 8
        else:
            done = True
    if not done or fragment:
        return -EPROTO
    err = _setup_ip(skb, nexthdr, off)
    if not err and recalculate:
        ip6h = ipv6_hdr(skb)
        _store_pseudo(skb, off, csum_ipv6_magic(ip6h.saddr, ip6h.daddr, skb.len - off, nexthdr, 0))
    return err


def _store_pseudo(skb: sk_buff, off: int, csum: int) -> None:
    at = skb.head + skb.network_header + off + skb.csum_offset
    here.mem[at : at + 2] = (~csum & 0xFFFF).to_bytes(2, "little")


def skb_checksum_setup(skb: sk_buff, recalculate: bool) -> int:
    """Set CHECKSUM_PARTIAL up for a TCP or UDP packet over IPv4 or IPv6 whose ``data`` is at the network header.
    ``recalculate``: write the pseudo header's sum too. 0, -EPROTO where it is something else, or -ENOMEM.
    """
    if skb.protocol == 0x0800:
        return _setup_ipv4(skb, recalculate)
    if skb.protocol == 0x86DD:
        return _setup_ipv6(skb, recalculate)
    return -EPROTO


# -- in: what the device verified ----------------------------------------------------------------------------
def skb_checksum_none_assert(skb: sk_buff) -> None:
    """A driver's claim that nothing was verified. WARN where that is not so."""
    if skb.ip_summed != CHECKSUM_NONE:
        WARN("ip_summed of a fresh skb is not CHECKSUM_NONE", site_str(caller_outside()))


def skb_csum_unnecessary(skb: sk_buff) -> bool:
    """Whether the current checksum is known to be right, or not yet there."""
    return (
        skb.ip_summed == CHECKSUM_UNNECESSARY
        or bool(skb.csum_valid)
        or (skb.ip_summed == CHECKSUM_PARTIAL and skb_checksum_start_offset(skb) >= 0)
    )


def __skb_decr_checksum_unnecessary(skb: sk_buff) -> None:
    """One of the verified checksums (OFF4) has been used up."""
    if skb.ip_summed == CHECKSUM_UNNECESSARY:
        if skb.csum_level == 0:
            skb.ip_summed = CHECKSUM_NONE
        else:
            skb.csum_level -= 1


def __skb_incr_checksum_unnecessary(skb: sk_buff) -> None:
    """One checksum more is verified (OFF4)."""
    if skb.ip_summed == CHECKSUM_UNNECESSARY:
        if skb.csum_level < SKB_MAX_CSUM_LEVEL:
            skb.csum_level += 1
    elif skb.ip_summed == CHECKSUM_NONE:
        skb.ip_summed = CHECKSUM_UNNECESSARY
        skb.csum_level = 0


def __skb_reset_checksum_unnecessary(skb: sk_buff) -> None:
    if skb.ip_summed == CHECKSUM_UNNECESSARY:
        skb.ip_summed = CHECKSUM_NONE
        skb.csum_level = 0


def skb_checksum_complete_unset(skb: sk_buff) -> None:
    if skb.ip_summed == CHECKSUM_COMPLETE:
        skb.ip_summed = CHECKSUM_NONE


# -- in: validation ------------------------------------------------------------------------------------------
def inet_compute_pseudo(skb: sk_buff, proto: int) -> int:
    """The sum of IPv4's pseudo header; ``data`` is at the transport header."""
    iph = ip_hdr(skb)
    return csum_tcpudp_nofold(iph.saddr, iph.daddr, skb.len, proto, 0)


def ip6_compute_pseudo(skb: sk_buff, proto: int) -> int:
    """The sum of IPv6's pseudo header; ``data`` is at the transport header."""
    ip6h = ipv6_hdr(skb)
    return ~csum_ipv6_magic(ip6h.saddr, ip6h.daddr, skb.len, proto, 0) & 0xFFFFFFFF


def null_compute_pseudo(skb: sk_buff, proto: int) -> int:
    """For protocols without a pseudo header."""
    return 0


def _csum_fault(skb: sk_buff) -> None:
    """netdev_rx_csum_fault(): software finds right what the device's CHECKSUM_COMPLETE called wrong (OFF3)."""
    name = skb.dev.name if skb.dev is not None else "<unknown>"
    broken_rule("OFF3", f"{name}: hw csum failure: skb.csum 0x{skb.csum:08x} is not the packet's", site_str(caller(2)))


def __skb_checksum_complete_head(skb: sk_buff, len: int) -> int:
    """__skb_checksum_complete() over the first ``len`` bytes alone."""
    sum = csum_fold(skb_checksum(skb, 0, len, skb.csum))
    if not sum and skb.ip_summed == CHECKSUM_COMPLETE and not skb.csum_complete_sw:
        _csum_fault(skb)
    if skb.users == 1:
        skb.csum_valid = 1 if not sum else 0
    return sum


def __skb_checksum_complete(skb: sk_buff) -> int:
    """Sum the whole packet onto the pseudo header in ``skb.csum``: 0 where the checksum is right. The sum of the
    packet stays in ``skb.csum``, as CHECKSUM_COMPLETE.

    The device's COMPLETE having said otherwise of a right packet is reported (OFF3).
    """
    csum = skb_checksum(skb, 0, skb.len, 0)
    sum = csum_fold(csum_add(skb.csum, csum))
    if not sum and skb.ip_summed == CHECKSUM_COMPLETE and not skb.csum_complete_sw:
        _csum_fault(skb)
    if skb.users == 1:
        skb.csum = csum
        skb.ip_summed = CHECKSUM_COMPLETE
        skb.csum_complete_sw = 1
        skb.csum_valid = 0 if sum else 1
    return sum


def skb_checksum_complete(skb: sk_buff) -> int:
    """0 where the packet's checksum is verified, or right; call after skb_checksum_init()."""
    return 0 if skb_csum_unnecessary(skb) else __skb_checksum_complete(skb)


def _validate(
    skb: sk_buff, proto: int, complete: bool, zero_okay: bool, check: int, compute_pseudo: ComputePseudo
) -> int:
    skb.csum_valid = 0
    if skb_csum_unnecessary(skb) or (zero_okay and not check):
        skb.csum_valid = 1
        __skb_decr_checksum_unnecessary(skb)
        return 0
    psum = compute_pseudo(skb, proto)
    if skb.ip_summed == CHECKSUM_COMPLETE and not csum_fold(csum_add(psum, skb.csum)):
        skb.csum_valid = 1
        return 0
    skb.csum = psum
    if complete or skb.len <= CHECKSUM_BREAK:
        csum = __skb_checksum_complete(skb)
        skb.csum_valid = 0 if csum else 1
        return csum
    return 0


def skb_checksum_init(skb: sk_buff, proto: int, compute_pseudo: ComputePseudo) -> int:
    """Begin validation: what the device said is used, and short packets are summed. Not 0: it is wrong. Where it is
    0 and not valid yet, skb_checksum_complete() must follow.
    """
    return _validate(skb, proto, False, False, 0, compute_pseudo)


def skb_checksum_init_zero_check(skb: sk_buff, proto: int, check: int, compute_pseudo: ComputePseudo) -> int:
    """skb_checksum_init() for a protocol in which a field ``check`` of 0 means that there is no checksum."""
    return _validate(skb, proto, False, True, check, compute_pseudo)


def skb_checksum_validate(skb: sk_buff, proto: int, compute_pseudo: ComputePseudo) -> int:
    """Validate now: 0 where the checksum is right."""
    return _validate(skb, proto, True, False, 0, compute_pseudo)


def skb_checksum_validate_zero_check(skb: sk_buff, proto: int, check: int, compute_pseudo: ComputePseudo) -> int:
    return _validate(skb, proto, True, True, check, compute_pseudo)


def skb_checksum_simple_validate(skb: sk_buff) -> int:
    """Validate a checksum without pseudo header: ICMP's, say."""
    return _validate(skb, 0, True, False, 0, null_compute_pseudo)


def skb_checksum_try_convert(skb: sk_buff, proto: int, compute_pseudo: ComputePseudo) -> None:
    """A validated outer checksum gives the sum of what is inside: CHECKSUM_COMPLETE."""
    if skb.ip_summed == CHECKSUM_NONE and skb.csum_valid:
        skb.csum = ~compute_pseudo(skb, proto) & 0xFFFFFFFF
        skb.ip_summed = CHECKSUM_COMPLETE


# -- keeping CHECKSUM_COMPLETE right -------------------------------------------------------------------------
def skb_postpull_rcsum(skb: sk_buff, start: int, len: int) -> None:
    """``len`` bytes at pointer ``start`` have been pulled off: take them out of the sum."""
    if skb.ip_summed == CHECKSUM_COMPLETE:
        skb.csum = wsum_negate(csum_partial(start, len, wsum_negate(skb.csum)))
    elif skb.ip_summed == CHECKSUM_PARTIAL and skb_checksum_start_offset(skb) < 0:
        skb.ip_summed = CHECKSUM_NONE


def skb_postpush_rcsum(skb: sk_buff, start: int, len: int) -> None:
    """``len`` bytes at pointer ``start`` have been pushed: add them to the sum."""
    if skb.ip_summed == CHECKSUM_COMPLETE:
        skb.csum = csum_add(skb.csum, csum_partial(start, len, 0))


def skb_pull_rcsum(skb: sk_buff, len: int) -> int:
    """skb_pull() that keeps the sum right; the new ``data``. BUG past the end. The sum is only right for an even
    ``len``, as in the kernel.
    """
    if len > skb.len:
        BUG(f"skb_pull_rcsum({len}) of an skb of {skb.len} bytes", site_str(caller()))
    data = skb.data
    __skb_pull(skb, len)
    skb_postpull_rcsum(skb, data, len)
    return skb.data


def skb_push_rcsum(skb: sk_buff, len: int) -> int:
    """skb_push() of bytes that are there already, which are added to the sum; the new ``data``."""
    data = skb_push(skb, len)
    skb_postpush_rcsum(skb, data, len)
    return data


def pskb_trim_rcsum(skb: sk_buff, len: int) -> int:
    """pskb_trim() that keeps the sum right. 0, -ENOMEM, or -EINVAL where a CHECKSUM_PARTIAL's field would go."""
    if len >= skb.len:
        return 0
    if skb.ip_summed == CHECKSUM_COMPLETE:
        skb.csum = csum_block_sub(skb.csum, skb_checksum(skb, len, skb.len - len, 0), len)
    elif skb.ip_summed == CHECKSUM_PARTIAL:
        headlen = skb.len - skb.data_len
        if skb_checksum_start_offset(skb) + skb.csum_offset + 2 > min(len, headlen):
            return -EINVAL
    return pskb_trim(skb, len)
