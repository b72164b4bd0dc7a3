# SPDX-License-Identifier: Apache-2.0
"""What GRO knows of an sk_buff: its control block, reading headers that may lie in a fragment, validating the
checksum, and merging one sk_buff into another.

The control block is an object in ``skb.gro_cb``, made by dev_gro_receive() for each packet of a protocol that GRO
knows; the kernel lays it over ``skb->cb``. Offsets and lengths are in bytes, pointers are indices into host memory,
sums are as in checksum.py. Source: include/net/gro.h; net/core/gro.c skb_gro_receive(), skb_gro_receive_list(), v6.12.
Simplified: no tunnels, so one network header, no remote checksum offload, and no sum of what follows a validated UDP
checksum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.errno import E2BIG, ENOMEM, ETOOMANYREFS
from pymodel.linux.if_ether import ETH_P_IPV6
from pymodel.linux.inet import IPPROTO_TCP
from pymodel.linux.mm import PAGE_SHIFT
from pymodel.linux.skb_csum import __skb_incr_checksum_unnecessary, _csum_fault, skb_checksum
from pymodel.linux.skb_frags import pskb_may_pull
from pymodel.linux.skbuff import (
    CHECKSUM_COMPLETE,
    CHECKSUM_PARTIAL,
    MAX_SKB_FRAGS,
    SIZEOF_SK_BUFF,
    SKB_DATA_ALIGN,
    SKB_TRUESIZE,
    sk_buff,
    skb_frag_t,
    skb_shared_info,
)

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = [
    "GRO_LEGACY_MAX_SIZE", "GRO_MAX_SIZE", "NAPI_GRO_CB", "NAPI_GRO_FREE", "NAPI_GRO_FREE_STOLEN_HEAD",
    "napi_gro_cb", "netif_get_gro_max_size", "netif_set_gro_ipv4_max_size", "netif_set_gro_max_size",
    "skb_gro_header", "skb_gro_header_slow", "skb_gro_len", "skb_gro_offset", "skb_gro_receive",
    "skb_gro_receive_list",
]

GRO_LEGACY_MAX_SIZE = 65536
GRO_MAX_SIZE = 8 * 65535
NAPI_GRO_FREE = 1
NAPI_GRO_FREE_STOLEN_HEAD = 2

SIZEOF_HOP_JUMBO = 8  # struct hop_jumbo_hdr
_SK_BUFF = SKB_DATA_ALIGN(SIZEOF_SK_BUFF)


class napi_gro_cb:
    """``struct napi_gro_cb``. ``data_offset``: where GRO is in the packet, from ``data``; ``frag0``, ``frag0_len``: the
    bytes that can be read where they are; ``csum_cnt``: how many checksums the device verified. Of a held packet:
    ``last``, the sk_buff at its end, ``age`` in jiffies, and ``mac``, its MAC header.
    """

    __slots__ = (
        "age", "count", "csum", "csum_cnt", "csum_valid", "data_offset", "flush", "frag0", "frag0_len", "free",
        "ip_fixedid", "is_flist", "last", "mac", "mem", "network_offset", "proto", "same_flow",
    )

    def __init__(self, mem: memoryview, frag0: int, frag0_len: int) -> None:
        self.mem = mem
        self.frag0 = frag0
        self.frag0_len = frag0_len
        self.last: sk_buff | None = None
        self.age = 0
        self.mac: bytes | None = None
        self.data_offset = 0
        self.network_offset = 0
        self.flush = 0
        self.count = 1
        self.proto = 0
        self.csum = 0
        self.csum_valid = 0
        self.csum_cnt = 0
        self.same_flow = 0
        self.free = 0
        self.ip_fixedid = 0
        self.is_flist = 0


def NAPI_GRO_CB(skb: sk_buff) -> napi_gro_cb:
    """The control block; only of packets that have been through dev_gro_receive()."""
    return skb.gro_cb


# -- headers -------------------------------------------------------------------------------------------------
def skb_gro_offset(skb: sk_buff) -> int:
    """Where the header that GRO looks at begins, in bytes from ``data``."""
    return skb.gro_cb.data_offset


def skb_gro_len(skb: sk_buff) -> int:
    """Bytes from there to the end."""
    return skb.len - skb.gro_cb.data_offset


def skb_gro_header(skb: sk_buff, hlen: int, offset: int) -> int:
    """A pointer to ``offset``, with ``hlen`` bytes from ``data`` on readable; 0 where the packet is shorter."""
    cb = skb.gro_cb
    return cb.frag0 + offset if cb.frag0_len >= hlen else skb_gro_header_slow(skb, hlen, offset)


def skb_gro_header_slow(skb: sk_buff, hlen: int, offset: int) -> int:
    """skb_gro_header() that makes those bytes linear."""
    if not pskb_may_pull(skb, hlen):
        return 0
    cb = skb.gro_cb
    cb.frag0 = skb.data  # the head may have moved, which the kernel leaves to nobody looking
    cb.frag0_len = skb.len - skb.data_len
    return skb.data + offset


def skb_gro_network_header(skb: sk_buff) -> int:
    cb = skb.gro_cb
    return (cb.frag0 if cb.frag0_len >= cb.data_offset else skb.data) + cb.network_offset


# -- checksums -----------------------------------------------------------------------------------------------
def skb_gro_postpull_rcsum(cb: napi_gro_cb, start: int, len: int) -> None:
    """``len`` bytes at pointer ``start`` are passed: take them out of the sum."""
    if cb.csum_valid:
        cb.csum = (cb.csum - int.from_bytes(cb.mem[start : start + len], "little")) % 0xFFFF


def inet_gro_compute_pseudo(skb: sk_buff, proto: int) -> int:
    """The sum of IPv4's pseudo header."""
    iph = skb_gro_network_header(skb)
    cb = skb.gro_cb
    return int.from_bytes(cb.mem[iph + 12 : iph + 20], "little") + (skb.len - cb.data_offset + proto << 8)


def ip6_gro_compute_pseudo(skb: sk_buff, proto: int) -> int:
    """The sum of IPv6's pseudo header."""
    iph = skb_gro_network_header(skb)
    cb = skb.gro_cb
    return int.from_bytes(cb.mem[iph + 8 : iph + 40], "little") + (skb.len - cb.data_offset + proto << 8)


def skb_gro_checksum_validate(skb: sk_buff, pseudo: int) -> bool:
    """Whether the transport checksum, with its pseudo header's sum ``pseudo``, is right. What is found out is kept in
    ``ip_summed`` and ``csum_level``. Called where no checksum of CHECKSUM_UNNECESSARY is left to consume.
    """
    cb = skb.gro_cb
    if skb.ip_summed != CHECKSUM_PARTIAL or skb.csum_start - (skb.data - skb.head) < cb.data_offset:
        if not (cb.csum_valid and (pseudo + cb.csum) % 0xFFFF == 0):
            cb.csum = skb_checksum(skb, cb.data_offset, skb.len - cb.data_offset, 0)
            cb.csum_valid = 1
            if (pseudo + cb.csum) % 0xFFFF:
                return False
            if skb.ip_summed == CHECKSUM_COMPLETE and not skb.csum_complete_sw:
                _csum_fault(skb)
    __skb_incr_checksum_unnecessary(skb)
    return True


# -- flush rules of the network header -----------------------------------------------------------------------
def gro_receive_network_flush(th: int, th2: int, p: sk_buff) -> int:
    """Non-zero where the packet whose transport header is at ``th`` cannot follow ``p``, whose is at ``th2``, because
    of their network headers. The second packet of a flow decides whether its IPv4 IDs count or stay.
    """
    cb = p.gro_cb
    diff = p.transport_header - (p.data - p.head) - cb.network_offset
    mem = cb.mem
    nh, nh2 = th - diff, th2 - diff
    if mem[nh] >> 4 == 6:  # traffic class and hop limit
        return mem[nh + 7] ^ mem[nh2 + 7] | (mem[nh] ^ mem[nh2]) & 0x0F | (mem[nh + 1] ^ mem[nh2 + 1]) & 0xF0
    df = mem[nh + 6] & 0x40
    if mem[nh + 8] != mem[nh2 + 8] or mem[nh + 1] != mem[nh2 + 1] or df != mem[nh2 + 6] & 0x40:
        return 1
    ipid_offset = (mem[nh + 4] << 8 | mem[nh + 5]) - (mem[nh2 + 4] << 8 | mem[nh2 + 5]) & 0xFFFF
    count = cb.count
    if count == 1 and df and not ipid_offset:
        cb.ip_fixedid = 1
    return ipid_offset if cb.ip_fixedid else ipid_offset ^ count


# -- merging -------------------------------------------------------------------------------------------------
def netif_get_gro_max_size(dev: net_device, skb: sk_buff) -> int:
    """Bytes that a merged packet stays below."""
    return dev.gro_max_size if skb.protocol == ETH_P_IPV6 else dev.gro_ipv4_max_size


def netif_set_gro_max_size(dev: net_device, size: int) -> None:
    """Above 65536: IPv6 packets become jumbograms (BIG TCP). Up to that, IPv4's follows."""
    dev.gro_max_size = size
    if size <= GRO_LEGACY_MAX_SIZE:
        dev.gro_ipv4_max_size = size


def netif_set_gro_ipv4_max_size(dev: net_device, size: int) -> None:
    dev.gro_ipv4_max_size = size


def skb_gro_receive(p: sk_buff, skb: sk_buff) -> int:
    """Append the payload of ``skb`` to the held packet ``p``: its fragments, its head as a fragment where it lies in a
    page, else the sk_buff itself into the fragment list. 0; -E2BIG or -ETOOMANYREFS where it must not be.
    """
    cb = skb.gro_cb
    pcb = p.gro_cb
    offset = cb.data_offset
    length = skb.len - offset
    if p.pp_recycle != skb.pp_recycle:
        return -ETOOMANYREFS
    dev = p.dev
    assert dev is not None
    total = p.len + length
    if total >= (dev.gro_max_size if p.protocol == ETH_P_IPV6 else dev.gro_ipv4_max_size) or cb.flush:
        return -E2BIG
    if total >= GRO_LEGACY_MAX_SIZE and (
        cb.proto != IPPROTO_TCP
        or (p.protocol == ETH_P_IPV6 and p.data - p.head < SIZEOF_HOP_JUMBO)
        or p.encapsulation
    ):
        return -E2BIG
    headlen = skb.len - skb.data_len
    lp = pcb.last
    assert lp is not None
    info, pinfo = skb._shinfo, lp._shinfo
    more = info.nr_frags
    if headlen <= offset and pinfo.nr_frags + more <= MAX_SKB_FRAGS:
        first = info.frags[0]
        first.offset += offset - headlen
        first.size -= offset - headlen
        _move_frags(pinfo, info)
        truesize = SKB_TRUESIZE(skb.end - skb.head)
        delta = skb.truesize - truesize
        skb.truesize = truesize
        skb.len -= skb.data_len
        skb.data_len = 0
        cb.free = NAPI_GRO_FREE
    elif headlen > offset and skb.head_frag and pinfo.nr_frags + 1 + more <= MAX_SKB_FRAGS:
        page = here.state["mm"].mem_map[skb.head >> PAGE_SHIFT]
        del pinfo.frags[pinfo.nr_frags :]
        pinfo.frags.append(skb_frag_t(page, skb.data - page.addr + offset, headlen - offset))
        pinfo.nr_frags += 1
        if more:
            _move_frags(pinfo, info)
        delta = skb.truesize - _SK_BUFF
        skb.truesize = _SK_BUFF
        cb.free = NAPI_GRO_FREE_STOLEN_HEAD
    else:
        skb.destructor = None
        skb.sk = None
        delta = skb.truesize
        if offset > headlen:
            eat = offset - headlen
            info.frags[0].offset += eat
            info.frags[0].size -= eat
            skb.data_len -= eat
            skb.len -= eat
            offset = headlen
        skb.len -= offset
        skb.data += offset
        _chain(p, pcb, skb)
        skb.nohdr = 1
        info.dataref = 1 + (1 << 16)
        lp = p
    pcb.count += cb.count
    p.data_len += length
    p.truesize += delta
    p.len += length
    if lp is not p:
        lp.data_len += length
        lp.truesize += delta
        lp.len += length
    cb.same_flow = 1
    return 0


def _move_frags(to: skb_shared_info, frm: skb_shared_info) -> None:
    frags = to.frags
    del frags[to.nr_frags :]
    frags += frm.frags[: frm.nr_frags]
    to.nr_frags = len(frags)
    frm.frags = []
    frm.nr_frags = 0


def _chain(p: sk_buff, pcb: napi_gro_cb, skb: sk_buff) -> None:
    """Append to the fragment list."""
    last = pcb.last
    if last is p:
        p._shinfo.frag_list = skb
    else:
        assert last is not None
        last.next = skb
    pcb.last = skb


def skb_gro_receive_list(p: sk_buff, skb: sk_buff) -> int:
    """Append ``skb`` as it is, without its headers, to the fragment list of ``p`` (NETIF_F_GRO_FRAGLIST). 0; -E2BIG or
    -ENOMEM where it cannot be.
    """
    cb = skb.gro_cb
    pcb = p.gro_cb
    offset = cb.data_offset
    if p.len + skb.len >= 65536 or cb.flush:
        return -E2BIG
    if not pskb_may_pull(skb, offset):
        cb.flush = 1
        return -ENOMEM
    skb.len -= offset
    skb.data += offset
    _chain(p, pcb, skb)
    pcb.count += 1
    p.data_len += skb.len
    skb.destructor = None
    skb.sk = None
    p.truesize += skb.truesize
    p.len += skb.len
    cb.same_flow = 1
    return 0
