# SPDX-License-Identifier: Apache-2.0
"""GRO of TCP: which segments follow each other, and the header of what was merged.

Source: net/ipv4/tcp_offload.c, net/ipv6/tcpv6_offload.c, v6.12. Simplified: no TCP socket is ever found here, so that
with NETIF_F_GRO_FRAGLIST all segments are chained, none merged.
"""

from __future__ import annotations

from struct import Struct

from pymodel.linux.gro_skb import (
    gro_receive_network_flush,
    inet_gro_compute_pseudo,
    ip6_gro_compute_pseudo,
    napi_gro_cb,
    skb_gro_checksum_validate,
    skb_gro_header,
    skb_gro_header_slow,
    skb_gro_receive,
    skb_gro_receive_list,
)
from pymodel.linux.inet import IPPROTO_TCP
from pymodel.linux.netdev_features import NETIF_F_GRO_FRAGLIST
from pymodel.linux.skb_csum import __skb_incr_checksum_unnecessary
from pymodel.linux.skbuff import (
    CHECKSUM_PARTIAL,
    SKB_GSO_FRAGLIST,
    SKB_GSO_TCP_ECN,
    SKB_GSO_TCP_FIXEDID,
    SKB_GSO_TCPV4,
    SKB_GSO_TCPV6,
    sk_buff,
)

__all__ = [
    "tcp4_gro_complete", "tcp4_gro_receive", "tcp6_gro_complete", "tcp6_gro_receive", "tcp_gro_complete",
    "tcp_gro_lookup", "tcp_gro_pull_header", "tcp_gro_receive",
]

_PORTS = Struct("=I").unpack_from
_HEAD = Struct(">III").unpack_from  # sequence, acknowledgement, flags with data offset and window
_FIN, _SYN, _RST, _PSH, _URG, _CWR = 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 21, 1 << 23
_MAY_DIFFER = ~(_CWR | _FIN | _PSH)
_FLUSHES = _URG | _PSH | _RST | _SYN | _FIN
_MAX_FLIST = 64


def tcp_gro_lookup(head: list[sk_buff], th: int) -> sk_buff | None:
    """The held packet of this flow: same network header, found before, and same ports."""
    for p in head:
        cb = p.gro_cb
        if cb.same_flow:
            if _PORTS(cb.mem, p.head + p.transport_header) == _PORTS(cb.mem, th):
                return p
            cb.same_flow = 0
    return None


def tcp_gro_pull_header(skb: sk_buff) -> int:
    """Pass the TCP header: a pointer to it; 0 where it is not all there."""
    cb = skb.gro_cb
    off = cb.data_offset
    th = skb_gro_header(skb, off + 20, off)
    if not th:
        return 0
    thlen = cb.mem[th + 12] >> 4 << 2
    if thlen < 20:
        return 0
    if cb.frag0_len < off + thlen:
        th = skb_gro_header_slow(skb, off + thlen, off)
        if not th:
            return 0
    cb.data_offset = off + thlen
    return th


def tcp_gro_receive(head: list[sk_buff], skb: sk_buff, th: int) -> sk_buff | None:
    """Merge the segment into its flow's held packet where it follows. The held packet, if it is complete now."""
    cb = skb.gro_cb
    mem = cb.mem
    seq, ack, flags = _HEAD(mem, th + 4)
    length = skb.len - cb.data_offset
    mss = 1
    p = tcp_gro_lookup(head, th)
    if p is not None:
        pcb = p.gro_cb
        th2 = p.head + p.transport_header
        seq2, ack2, flags2 = _HEAD(mem, th2 + 4)
        flush = flags & _CWR or (flags ^ flags2) & _MAY_DIFFER or ack != ack2
        thlen = flags >> 28 << 2
        if not flush and thlen > 20 and mem[th + 20 : th + thlen] != mem[th2 + 20 : th2 + thlen]:
            flush = 1
        if gro_receive_network_flush(th, th2, p):  # not skipped: it takes note of the ID
            flush = 1
        mss = p._shinfo.gso_size
        size = skb._shinfo.gso_size
        if (size != mss) if size else not 0 < length <= mss:
            flush = 1
        if (seq2 + p.len - pcb.data_offset - seq) & 0xFFFFFFFF:
            flush = 1
        if pcb.is_flist:
            flush = (
                flush
                or flags != flags2
                or skb.ip_summed != p.ip_summed
                or skb.csum_level != p.csum_level
                or pcb.count >= _MAX_FLIST
                or not cb.is_flist
            )
            skb.network_header = skb.data - skb.head + cb.network_offset
            if flush or skb_gro_receive_list(p, skb):
                mss = 1
        elif flush or skb_gro_receive(p, skb):
            mss = 1
        elif flags & (_FIN | _PSH):
            mem[th2 + 13] |= flags >> 16 & 0xFF & (_FIN | _PSH) >> 16
    size = skb._shinfo.gso_size
    if flags & _FLUSHES or (length != cb.count * size if size else length < mss):
        cb.flush = 1
        return p
    return p if p is not None and not cb.same_flow else None


def tcp_gro_complete(skb: sk_buff) -> None:
    """Make a merged packet one that TSO would cut into what was received."""
    cb = skb.gro_cb
    skb.csum_start = skb.transport_header
    skb.csum_offset = 16
    skb.ip_summed = CHECKSUM_PARTIAL
    info = skb._shinfo
    info.gso_segs = cb.count
    if cb.mem[skb.head + skb.transport_header + 13] & _CWR >> 16:
        info.gso_type |= SKB_GSO_TCP_ECN


def _check_fraglist(head: list[sk_buff], skb: sk_buff, th: int) -> None:
    """Chain what is not GSO already, unless its flow is merged."""
    cb = skb.gro_cb
    gso = skb._shinfo.gso_size != 0
    p = tcp_gro_lookup(head, th)
    if p is None:
        cb.is_flist = not gso
        return
    pcb = p.gro_cb
    if not gso or not pcb.is_flist:
        cb.is_flist = pcb.is_flist
        return
    if pcb.count == 1:
        pcb.is_flist = 0
    cb.is_flist = 0


def tcp4_gro_receive(head: list[sk_buff], skb: sk_buff) -> sk_buff | None:
    cb = skb.gro_cb
    if not (
        cb.flush or cb.csum_cnt or skb_gro_checksum_validate(skb, inet_gro_compute_pseudo(skb, IPPROTO_TCP))
    ):
        cb.flush = 1
        return None
    return _receive(head, skb, cb)


def tcp6_gro_receive(head: list[sk_buff], skb: sk_buff) -> sk_buff | None:
    cb = skb.gro_cb
    if not (
        cb.flush or cb.csum_cnt or skb_gro_checksum_validate(skb, ip6_gro_compute_pseudo(skb, IPPROTO_TCP))
    ):
        cb.flush = 1
        return None
    return _receive(head, skb, cb)


def _receive(head: list[sk_buff], skb: sk_buff, cb: napi_gro_cb) -> sk_buff | None:
    th = tcp_gro_pull_header(skb)
    if not th:
        cb.flush = 1
        return None
    if skb.dev.features & NETIF_F_GRO_FRAGLIST:  # type: ignore[union-attr]
        _check_fraglist(head, skb, th)
    return tcp_gro_receive(head, skb, th)


def _complete(skb: sk_buff, thoff: int, addresses: int, gso_type: int) -> int:
    """``addresses``: sum of the addresses of the pseudo header."""
    cb = skb.gro_cb
    info = skb._shinfo
    if cb.is_flist:
        info.gso_type |= SKB_GSO_FRAGLIST | gso_type
        info.gso_segs = cb.count
        __skb_incr_checksum_unnecessary(skb)
        return 0
    check = ((addresses + (skb.len - thoff) + IPPROTO_TCP) - 1) % 0xFFFF + 1
    at = skb.head + skb.transport_header + 16
    cb.mem[at : at + 2] = check.to_bytes(2, "big")
    info.gso_type |= gso_type | (SKB_GSO_TCP_FIXEDID if cb.ip_fixedid else 0)
    tcp_gro_complete(skb)
    return 0


def tcp4_gro_complete(skb: sk_buff, thoff: int) -> int:
    """``thoff``: where the TCP header is, from ``data``. 0."""
    cb = skb.gro_cb
    iph = skb.data + cb.network_offset
    return _complete(skb, thoff, int.from_bytes(cb.mem[iph + 12 : iph + 20], "big"), SKB_GSO_TCPV4)


def tcp6_gro_complete(skb: sk_buff, thoff: int) -> int:
    cb = skb.gro_cb
    iph = skb.data + cb.network_offset
    return _complete(skb, thoff, int.from_bytes(cb.mem[iph + 8 : iph + 40], "big"), SKB_GSO_TCPV6)
