# SPDX-License-Identifier: Apache-2.0
"""Internet checksums: over memory, over an skb, and in software for a device that cannot.

Sums are as on a little-endian machine: 16-bit words are read in memory order, so a folded sum is stored as it is.
Source: include/net/checksum.h, net/core/skbuff.c skb_checksum(), net/core/dev.c skb_checksum_help(), v6.12.
"""

from __future__ import annotations

from pymodel.hw.access import machine
from pymodel.linux.bug import BUG, WARN, caller_outside, site_str
from pymodel.linux.errno import EINVAL
from pymodel.linux.mm import GFP_ATOMIC
from pymodel.linux.skb_copy import pskb_expand_head
from pymodel.linux.skb_frags import pskb_may_pull, skb_walk
from pymodel.linux.skbuff import CHECKSUM_COMPLETE, CHECKSUM_NONE, CHECKSUM_PARTIAL, sk_buff, skb_cloned

__all__ = [
    "csum_add", "csum_fold", "csum_partial", "csum_sub", "skb_checksum", "skb_checksum_help",
    "skb_checksum_none_assert", "skb_checksum_start_offset", "skb_ensure_writable", "skb_partial_csum_set",
]


def csum_partial(buff: int, len: int, sum: int) -> int:
    """The 32-bit sum of ``len`` bytes at a pointer, added to ``sum``."""
    mem = machine().platform.memory.mem
    return csum_add(_sum(mem[buff : buff + len]), sum)


def _sum(data: memoryview | bytes) -> int:
    """The ones'-complement sum of 16-bit words, folded; an odd byte counts as if zero followed."""
    n = int.from_bytes(data, "little")
    return (n - 1) % 0xFFFF + 1 if n else 0


def csum_add(csum: int, addend: int) -> int:
    res = csum + addend
    return (res & 0xFFFFFFFF) + (res >> 32)


def csum_sub(csum: int, addend: int) -> int:
    return csum_add(csum, ~addend & 0xFFFFFFFF)


def csum_fold(csum: int) -> int:
    """The 16-bit checksum of a 32-bit sum: folded, inverted."""
    csum = (csum & 0xFFFF) + (csum >> 16)
    csum = (csum & 0xFFFF) + (csum >> 16)
    return ~csum & 0xFFFF


def skb_checksum(skb: sk_buff, offset: int, len: int, csum: int) -> int:
    """The sum of ``len`` bytes from ``offset``, added to ``csum``. BUG past the end."""
    mem = machine().platform.memory.mem
    at = 0
    for pointer, n in skb_walk(skb, offset, len):
        part = _sum(mem[pointer : pointer + n])
        if at & 1:
            part = (part & 0xFF) << 8 | part >> 8
        csum = csum_add(csum, part)
        at += n
    if at != len:
        BUG(f"skb_checksum({offset}, {len}) past the end of an skb of {skb.len} bytes", site_str(caller_outside()))
    return csum


def skb_checksum_none_assert(skb: sk_buff) -> None:
    if skb.ip_summed != CHECKSUM_NONE:
        WARN("ip_summed of a fresh skb is not CHECKSUM_NONE", site_str(caller_outside()))


def skb_checksum_start_offset(skb: sk_buff) -> int:
    """Where the checksum begins, in bytes from ``data``."""
    return skb.csum_start - (skb.data - skb.head)


def skb_partial_csum_set(skb: sk_buff, start: int, off: int) -> bool:
    """Ask for a checksum from ``start`` (bytes from ``data``) to the end, stored at ``start + off``. False where
    that is not in the linear part.
    """
    csum_start = skb.data - skb.head + start
    if csum_start >= 0xFFFF or start + off + 2 > skb.len - skb.data_len:
        return False
    skb.ip_summed = CHECKSUM_PARTIAL
    skb.csum_start = csum_start
    skb.csum_offset = off
    skb.transport_header = csum_start
    return True


def skb_ensure_writable(skb: sk_buff, write_len: int) -> int:
    """Make the first ``write_len`` bytes linear and unshared. 0 or -ENOMEM."""
    if not pskb_may_pull(skb, write_len):
        return -12
    if not skb_cloned(skb):
        return 0
    return pskb_expand_head(skb, 0, 0, GFP_ATOMIC)


def skb_checksum_help(skb: sk_buff) -> int:
    """Do a CHECKSUM_PARTIAL in software (OFF2). 0, -EINVAL or -ENOMEM."""
    if skb.ip_summed == CHECKSUM_COMPLETE:
        skb.ip_summed = CHECKSUM_NONE
        return 0
    offset = skb_checksum_start_offset(skb)
    headlen = skb.len - skb.data_len
    if offset < 0 or offset >= headlen:
        WARN(
            f"skb_checksum_help: csum_start {offset} is outside of the linear {headlen} bytes",
            site_str(caller_outside()),
        )
        return -EINVAL
    csum = skb_checksum(skb, offset, skb.len - offset, 0)
    offset += skb.csum_offset
    if offset + 2 > headlen:
        WARN(
            f"skb_checksum_help: the field at {offset} is outside of the linear {headlen} bytes",
            site_str(caller_outside()),
        )
        return -EINVAL
    err = skb_ensure_writable(skb, offset + 2)
    if err:
        return err
    at = skb.data + offset
    machine().platform.memory.mem[at : at + 2] = (csum_fold(csum) or 0xFFFF).to_bytes(2, "little")
    skb.ip_summed = CHECKSUM_NONE
    return 0
