# SPDX-License-Identifier: Apache-2.0
"""GRO of UDP: only with NETIF_F_GRO_UDP_FWD (merged, for forwarding) or NETIF_F_GRO_FRAGLIST (chained).

Source: net/ipv4/udp_offload.c, net/ipv6/udp_offload.c, v6.12. Simplified: no tunnels and no UDP_GRO sockets.
"""

from __future__ import annotations

from collections.abc import Callable

from pymodel.linux.gro_skb import (
    gro_receive_network_flush,
    inet_gro_compute_pseudo,
    ip6_gro_compute_pseudo,
    napi_gro_cb,
    skb_gro_checksum_validate,
    skb_gro_header,
    skb_gro_receive,
    skb_gro_receive_list,
)
from pymodel.linux.inet import IPPROTO_UDP
from pymodel.linux.netdev_features import NETIF_F_GRO_FRAGLIST, NETIF_F_GRO_UDP_FWD
from pymodel.linux.skb_csum import __skb_incr_checksum_unnecessary
from pymodel.linux.skb_frags import pskb_may_pull
from pymodel.linux.skbuff import CHECKSUM_PARTIAL, SKB_GSO_FRAGLIST, SKB_GSO_UDP_L4, sk_buff

__all__ = ["UDP_GRO_CNT_MAX", "udp4_gro_complete", "udp4_gro_receive", "udp6_gro_complete", "udp6_gro_receive"]

UDP_GRO_CNT_MAX = 64


def udp4_gro_receive(head: list[sk_buff], skb: sk_buff) -> sk_buff | None:
    return _receive(head, skb, inet_gro_compute_pseudo)


def udp6_gro_receive(head: list[sk_buff], skb: sk_buff) -> sk_buff | None:
    return _receive(head, skb, ip6_gro_compute_pseudo)


def _receive(head: list[sk_buff], skb: sk_buff, compute_pseudo: Callable[[sk_buff, int], int]) -> sk_buff | None:
    cb = skb.gro_cb
    off = cb.data_offset
    uh = skb_gro_header(skb, off + 8, off)
    if not uh:
        cb.flush = 1
        return None
    if not (cb.flush or cb.csum_cnt):
        if not cb.mem[uh + 6] and not cb.mem[uh + 7]:
            __skb_incr_checksum_unnecessary(skb)  # there is none, which is fine
        elif not skb_gro_checksum_validate(skb, compute_pseudo(skb, IPPROTO_UDP)):
            cb.flush = 1
            return None
    dev = skb.dev
    assert dev is not None
    features = dev.features
    if skb.encapsulation or not features & (NETIF_F_GRO_FRAGLIST | NETIF_F_GRO_UDP_FWD):
        cb.flush = 1
        return None
    cb.is_flist = 1 if features & NETIF_F_GRO_FRAGLIST else 0
    return _segment(head, skb, cb, uh)


def _segment(head: list[sk_buff], skb: sk_buff, cb: napi_gro_cb, uh: int) -> sk_buff | None:
    """udp_gro_receive_segment(): datagrams of one length, the last one may be shorter."""
    mem = cb.mem
    ulen = mem[uh + 4] << 8 | mem[uh + 5]
    if not (mem[uh + 6] or mem[uh + 7]) or ulen <= 8 or ulen != skb.len - cb.data_offset:
        cb.flush = 1
        return None
    cb.data_offset += 8
    for p in head:
        pcb = p.gro_cb
        if not pcb.same_flow:
            continue
        uh2 = p.head + p.transport_header
        if mem[uh : uh + 4] != mem[uh2 : uh2 + 4]:
            pcb.same_flow = 0
            continue
        if cb.is_flist != pcb.is_flist:
            cb.flush = 1
            return p
        flush = gro_receive_network_flush(uh, uh2, p)
        ulen2 = mem[uh2 + 4] << 8 | mem[uh2 + 5]
        if ulen > ulen2 or flush:
            return p
        if not cb.is_flist:
            ret = skb_gro_receive(p, skb)
        elif (
            not pskb_may_pull(skb, cb.data_offset)
            or skb.ip_summed != p.ip_summed
            or skb.csum_level != p.csum_level
        ):
            cb.flush = 1
            return None
        else:
            ret = skb_gro_receive_list(p, skb)
        return p if ret or ulen != ulen2 or pcb.count >= UDP_GRO_CNT_MAX else None
    return None


def _complete(skb: sk_buff, nhoff: int, addresses: int) -> int:
    """``addresses``: sum of the addresses of the pseudo header."""
    cb = skb.gro_cb
    info = skb._shinfo
    mem = cb.mem
    uh = skb.data + nhoff
    length = skb.len - nhoff
    if cb.is_flist:
        info.gso_type |= SKB_GSO_FRAGLIST | SKB_GSO_UDP_L4
        __skb_incr_checksum_unnecessary(skb)
    else:
        if mem[uh + 6] or mem[uh + 7]:
            check = (addresses + length + IPPROTO_UDP - 1) % 0xFFFF + 1
            mem[uh + 6 : uh + 8] = check.to_bytes(2, "big")
        skb.csum_start = skb.transport_header
        skb.csum_offset = 6
        skb.ip_summed = CHECKSUM_PARTIAL
        info.gso_type |= SKB_GSO_UDP_L4
    mem[uh + 4 : uh + 6] = (length & 0xFFFF).to_bytes(2, "big")
    info.gso_segs = cb.count
    return 0


def udp4_gro_complete(skb: sk_buff, nhoff: int) -> int:
    """``nhoff``: where the UDP header is, from ``data``. 0."""
    cb = skb.gro_cb
    iph = skb.data + cb.network_offset
    return _complete(skb, nhoff, int.from_bytes(cb.mem[iph + 12 : iph + 20], "big"))


def udp6_gro_complete(skb: sk_buff, nhoff: int) -> int:
    cb = skb.gro_cb
    iph = skb.data + cb.network_offset
    return _complete(skb, nhoff, int.from_bytes(cb.mem[iph + 8 : iph + 40], "big"))
