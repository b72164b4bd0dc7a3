# SPDX-License-Identifier: Apache-2.0
"""Segmentation of TCP and UDP over IPv4 and IPv6: skb_segment() cuts, these write each segment's headers.

Each takes a packet with ``data`` at its own header and returns the first of a list of segments, a negative errno, or
None where the device could take the packet. Source: net/ipv4/af_inet.c inet_gso_segment(), net/ipv6/ip6_offload.c
ipv6_gso_segment(), net/ipv4/tcp_offload.c, net/ipv4/udp_offload.c, net/ipv6/tcpv6_offload.c, v6.12. Simplified: no
tunnels, and no UFO (IP fragments of a UDP datagram), which is -EINVAL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.hw.access import here
from pymodel.linux.checksum import (
    CSUM_MANGLED_0,
    csum16_add,
    csum16_sub,
    csum_add,
    csum_fold,
    csum_ipv6_magic,
    csum_replace4,
    csum_tcpudp_magic,
    inet_proto_csum_replace2,
    inet_proto_csum_replace4,
    ip_send_check,
)
from pymodel.linux.errno import EINVAL, EPROTONOSUPPORT
from pymodel.linux.gso_segment import (
    Segment,
    segment,
    skb_gso_ok,
    skb_pagelen,
    skb_segment_list,
)
from pymodel.linux.if_ether import ETH_P_IPV6
from pymodel.linux.inet import (
    IP_DF,
    IPPROTO_DSTOPTS,
    IPPROTO_HOPOPTS,
    IPPROTO_ROUTING,
    IPPROTO_TCP,
    IPPROTO_UDP,
    ip_hdr,
    ipv6_hdr,
    ipv6_optlen,
)
from pymodel.linux.netdev_features import NETIF_F_CSUM_MASK, NETIF_F_GSO_ROBUST, NETIF_F_GSO_UDP_L4
from pymodel.linux.skb_copy import skb_cow_head
from pymodel.linux.skb_frags import pskb_may_pull
from pymodel.linux.skbuff import (
    CHECKSUM_NONE,
    CHECKSUM_PARTIAL,
    CHECKSUM_UNNECESSARY,
    SKB_GSO_FRAGLIST,
    SKB_GSO_PARTIAL,
    SKB_GSO_TCP_FIXEDID,
    SKB_GSO_TCPV4,
    SKB_GSO_TCPV6,
    SKB_GSO_UDP_L4,
    __skb_pull,
    sk_buff,
    skb_pull,
    skb_reset_mac_len,
    skb_reset_network_header,
    skb_reset_transport_header,
)

__all__ = ["__udp_gso_segment", "inet_gso_segment", "ipv6_gso_segment", "ipv6_hopopt_jumbo_remove", "tcp_gso_segment"]

Result = sk_buff | int | None
"""The first of a list of segments, a negative errno, or None: the device could take it."""

_LEGACY_MAX_SIZE = 65536  # GRO_LEGACY_MAX_SIZE
_TIMESTAMPS = 0x4B  # SKBTX_ANY_TSTAMP
_FIN_PSH = 0x09
_CWR = 0x80


def _swab32(value: int) -> int:
    return int.from_bytes((value & 0xFFFFFFFF).to_bytes(4, "big"), "little")


# -- IPv4 ----------------------------------------------------------------------------------------------------
def inet_gso_segment(skb: sk_buff, features: int) -> Result:
    """An IPv4 packet; ``data`` is at its header. The IP ID goes up by one with each segment, unless the type says
    SKB_GSO_TCP_FIXEDID, for which DF must be set (-EPROTONOSUPPORT).
    """
    skb_reset_network_header(skb)
    nhoff = skb.network_header - skb.mac_header
    if not pskb_may_pull(skb, 20):
        return -EINVAL
    iph = ip_hdr(skb)
    ihl = iph.ihl * 4
    if ihl < 20:
        return -EINVAL
    ip_id = iph.id
    proto = iph.protocol
    if not pskb_may_pull(skb, ihl):
        return -EINVAL
    __skb_pull(skb, ihl)
    skb_reset_transport_header(skb)
    fixedid = skb._shinfo.gso_type & SKB_GSO_TCP_FIXEDID != 0
    if fixedid and not ip_hdr(skb).frag_off & IP_DF:
        return -EPROTONOSUPPORT
    handler = _INET.get(proto)
    if handler is None:
        return -EPROTONOSUPPORT
    segs = handler(skb, features)
    if segs is None:
        skb.network_header = skb.mac_header + nhoff
        return None
    if isinstance(segs, int):
        return segs
    mem = here.mem
    seg: sk_buff | None = segs
    while seg is not None:
        at = seg.head + seg.mac_header + nhoff
        shinfo = seg._shinfo
        tot_len = seg.len - nhoff
        if not fixedid:
            mem[at + 4 : at + 6] = (ip_id & 0xFFFF).to_bytes(2, "big")
            ip_id += shinfo.gso_segs if shinfo.gso_size else 1
        if shinfo.gso_size and shinfo.gso_type & SKB_GSO_PARTIAL:
            tot_len = _partial_len(seg) - nhoff
        mem[at + 2 : at + 4] = (tot_len & 0xFFFF).to_bytes(2, "big")
        ip_send_check(at)
        seg.network_header = at - seg.head
        skb_reset_mac_len(seg)
        seg = seg.next
    return segs


def _partial_len(seg: sk_buff) -> int:
    """Bytes of each packet that the device will make of this one, with all headers."""
    mem = here.mem
    l4 = seg.head + seg.transport_header
    thlen = 8 if seg._shinfo.gso_type & SKB_GSO_UDP_L4 else (mem[l4 + 12] >> 4) * 4
    return l4 + thlen - (seg.head + seg.mac_header) + seg._shinfo.gso_size


# -- IPv6 ----------------------------------------------------------------------------------------------------
def _pull_exthdrs(skb: sk_buff, proto: int) -> int:
    """Go past the extension headers that each segment repeats; the protocol behind them."""
    mem = here.mem
    while proto in (IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS):
        if not pskb_may_pull(skb, 8):
            break
        n = ipv6_optlen(skb.data)
        if not pskb_may_pull(skb, n):
            break
        proto = mem[skb.data]
        __skb_pull(skb, n)
    return proto


def ipv6_hopopt_jumbo_remove(skb: sk_buff) -> int:
    """Take out the hop-by-hop header with which GRO marks a packet of more than 64 KiB. 0 or -ENOMEM.

    ``data`` is at the IPv6 header. Source: include/net/ipv6.h ipv6_hopopt_jumbo_remove(), v6.12.
    """
    if skb.len <= _LEGACY_MAX_SIZE or skb.protocol != ETH_P_IPV6:
        return 0
    at = skb.head + skb.network_header
    mem = here.mem
    if at + 48 > skb.tail or mem[at + 6] != IPPROTO_HOPOPTS:
        return 0
    if bytes(mem[at + 40 : at + 43]) != bytes((IPPROTO_TCP, 0, 194)):  # a jumbo payload option and no more
        return 0
    err = skb_cow_head(skb, 0)
    if err:
        return err
    mac, at = skb.head + skb.mac_header, skb.head + skb.network_header
    mem[mac + 8 : at + 48] = bytes(mem[mac : at + 40])
    __skb_pull(skb, 8)
    skb.network_header += 8
    skb.mac_header += 8
    mem[at + 8 + 6] = IPPROTO_TCP
    return 0


def ipv6_gso_segment(skb: sk_buff, features: int) -> Result:
    """An IPv6 packet; ``data`` is at its header."""
    skb_reset_network_header(skb)
    err = ipv6_hopopt_jumbo_remove(skb)
    if err:
        return err
    nhoff = skb.network_header - skb.mac_header
    if not pskb_may_pull(skb, 40):
        return -EINVAL
    nexthdr = ipv6_hdr(skb).nexthdr
    __skb_pull(skb, 40)
    handler = _INET6.get(_pull_exthdrs(skb, nexthdr))
    if handler is None:
        return -EPROTONOSUPPORT
    skb_reset_transport_header(skb)
    segs = handler(skb, features)
    if segs is None:
        skb.network_header = skb.mac_header + nhoff
        return None
    if isinstance(segs, int):
        return segs
    mem = here.mem
    seg: sk_buff | None = segs
    while seg is not None:
        at = seg.head + seg.mac_header + nhoff
        shinfo = seg._shinfo
        partial = shinfo.gso_size and shinfo.gso_type & SKB_GSO_PARTIAL
        payload_len = (_partial_len(seg) if partial else seg.len) - nhoff - 40
        mem[at + 4 : at + 6] = (payload_len & 0xFFFF).to_bytes(2, "big")
        seg.network_header = at - seg.head
        skb_reset_mac_len(seg)
        seg = seg.next
    return segs


# -- TCP -----------------------------------------------------------------------------------------------------
def _pseudo(skb: sk_buff, proto: int, v6: bool) -> int:
    """What belongs into the checksum field with CHECKSUM_PARTIAL."""
    if v6:
        ip6h = ipv6_hdr(skb)
        return ~csum_ipv6_magic(ip6h.saddr, ip6h.daddr, skb.len, proto, 0) & 0xFFFF
    iph = ip_hdr(skb)
    return ~csum_tcpudp_magic(iph.saddr, iph.daddr, skb.len, proto, 0) & 0xFFFF


def _set_partial(skb: sk_buff, proto: int, offset: int, v6: bool) -> None:
    at = skb.head + skb.transport_header + offset
    here.mem[at : at + 2] = _pseudo(skb, proto, v6).to_bytes(2, "little")
    skb.ip_summed = CHECKSUM_PARTIAL
    skb.csum_start = skb.transport_header
    skb.csum_offset = offset


def _tcp(skb: sk_buff, features: int, v6: bool) -> Result:
    if not skb._shinfo.gso_type & (SKB_GSO_TCPV6 if v6 else SKB_GSO_TCPV4):
        return -EINVAL
    if not pskb_may_pull(skb, 20):
        return -EINVAL
    shinfo = skb._shinfo
    if shinfo.gso_type & SKB_GSO_FRAGLIST:
        doff = here.mem[skb.head + skb.transport_header + 12] >> 4
        if skb_pagelen(skb) - doff * 4 == shinfo.gso_size:
            return _segment_list(skb, features, v6, 16)
        skb.ip_summed = CHECKSUM_NONE
    if skb.ip_summed != CHECKSUM_PARTIAL:
        _set_partial(skb, IPPROTO_TCP, 16, v6)
    return tcp_gso_segment(skb, features)


def tcp_gso_segment(skb: sk_buff, features: int) -> Result:
    """A TCP segment; ``data`` is at its header, whose checksum field holds the pseudo header's sum.

    Each segment carries ``gso_size`` bytes but the last. FIN and PSH are in the last one alone, CWR in the first.
    """
    mem = here.mem
    thlen = (mem[skb.head + skb.transport_header + 12] >> 4) * 4
    if thlen < 20 or skb.csum_start != skb.transport_header or not pskb_may_pull(skb, thlen):
        return -EINVAL
    oldlen = ~skb.len
    __skb_pull(skb, thlen)
    shinfo = skb._shinfo
    mss = shinfo.gso_size
    if skb.len <= mss:
        return -EINVAL
    if skb_gso_ok(skb, features | NETIF_F_GSO_ROBUST):
        shinfo.gso_segs = -(-skb.len // mss)  # what an untrusted source wrote there does not matter
        return None
    ooo_okay = skb.ooo_okay
    skb.ooo_okay = 0
    segs = segment(skb, features)
    if isinstance(segs, int):
        return segs
    first = segs[0].skb
    first.ooo_okay = ooo_okay
    if first._shinfo.gso_size:
        mss *= first._shinfo.gso_segs
    th = first.head + first.transport_header
    seq = int.from_bytes(mem[th + 4 : th + 8], "big")
    if shinfo.tx_flags & _TIMESTAMPS:
        _tcp_timestamp(segs, skb, seq, mss)
    check = mem[th + 16] | mem[th + 17] << 8
    newcheck = _adjusted(check, oldlen + thlen + mss)
    last = len(segs) - 1
    for at, seg in enumerate(segs):
        nskb = seg.skb
        th = nskb.head + nskb.transport_header
        if at:
            mem[th + 4 : th + 8] = (seq & 0xFFFFFFFF).to_bytes(4, "big")
            mem[th + 13] &= ~_CWR
        if at < last:
            mem[th + 13] &= ~_FIN_PSH
        else:
            newcheck = _adjusted(check, oldlen + nskb.tail - th + nskb.data_len)
        mem[th + 16 : th + 18] = newcheck.to_bytes(2, "little")
        if nskb.ip_summed != CHECKSUM_PARTIAL:
            mem[th + 16 : th + 18] = seg.make_checksum().to_bytes(2, "little")
        seq += mss
    return first


def _adjusted(check: int, delta: int) -> int:
    """A pseudo header's sum with another length in it."""
    return ~csum_fold(csum_add(check, _swab32(delta))) & 0xFFFF


def _tcp_timestamp(segs: list[Segment], skb: sk_buff, seq: int, mss: int) -> None:
    """The segment that has the byte for which a transmit time stamp is wanted asks for it."""
    shinfo = skb._shinfo
    for seg in segs:
        if (shinfo.tskey - (seq + mss)) & 0x80000000:
            seg.skb._shinfo.tx_flags |= shinfo.tx_flags & _TIMESTAMPS
            seg.skb._shinfo.tskey = shinfo.tskey
            return
        seq += mss


# -- UDP -----------------------------------------------------------------------------------------------------
def _udp(skb: sk_buff, features: int, v6: bool) -> Result:
    if not skb._shinfo.gso_type & SKB_GSO_UDP_L4 or not pskb_may_pull(skb, 8):
        return -EINVAL
    return __udp_gso_segment(skb, features, v6)


def __udp_gso_segment(gso_skb: sk_buff, features: int, is_ipv6: bool) -> Result:
    """USO: a UDP datagram becomes several of ``gso_size`` bytes, the last one shorter. ``data`` is at the UDP
    header. A checksum that is not CHECKSUM_PARTIAL is done in software.
    """
    shinfo = gso_skb._shinfo
    mss = shinfo.gso_size
    if gso_skb.len <= 8 + mss:
        return -EINVAL
    fraglist = shinfo.gso_type & SKB_GSO_FRAGLIST
    if gso_skb.csum_start != gso_skb.transport_header and not fraglist:
        return -EINVAL
    if gso_skb.ip_summed != CHECKSUM_PARTIAL:  # IPv6 extension headers, say: nobody knows what the device does
        features &= ~(NETIF_F_GSO_UDP_L4 | NETIF_F_CSUM_MASK)
    if skb_gso_ok(gso_skb, features | NETIF_F_GSO_ROBUST):
        shinfo.gso_segs = -(-(gso_skb.len - 8) // mss)
        return None
    if fraglist:
        if skb_pagelen(gso_skb) - 8 == mss:
            return _udp_segment_list(gso_skb, features, is_ipv6)
        _set_partial(gso_skb, IPPROTO_UDP, 6, is_ipv6)
    skb_pull(gso_skb, 8)
    sk, destructor = _take_socket(gso_skb)
    segs = segment(gso_skb, features)
    if isinstance(segs, int):
        if destructor is not None:
            gso_skb.sk, gso_skb.destructor = sk, destructor
        return segs
    _write_udp(gso_skb, segs, mss)
    if gso_skb.ip_summed == CHECKSUM_NONE:
        gso_skb.ip_summed = CHECKSUM_UNNECESSARY  # summed by now: __skb_gso_segment() need not worry
    if destructor is not None:
        for seg in segs:
            seg.skb.sk, seg.skb.destructor = sk, destructor
        sk.sk_wmem_alloc += sum(seg.skb.truesize for seg in segs) - gso_skb.truesize
    return segs[0].skb


def _take_socket(skb: sk_buff) -> tuple[Any, Callable[[sk_buff], object] | None]:
    """The socket that sends and its destructor, which each segment will have instead of ``skb``; None: no such."""
    destructor: Callable[[sk_buff], object] | None = skb.destructor
    if destructor is None:
        return None, None
    from pymodel.linux.sock import sock_wfree

    if destructor is not sock_wfree:
        return None, None
    sk, skb.sk, skb.destructor = skb.sk, None, None
    return sk, destructor


def _write_udp(gso_skb: sk_buff, segs: list[Segment], mss: int) -> None:
    mem = here.mem
    shinfo = gso_skb._shinfo
    first = segs[0].skb._shinfo
    if first.gso_size:
        mss *= first.gso_segs
    first.tskey = shinfo.tskey
    first.tx_flags |= shinfo.tx_flags & _TIMESTAMPS
    for at, seg in enumerate(segs):
        nskb = seg.skb
        uh = nskb.head + nskb.transport_header
        size = 8 + mss if at < len(segs) - 1 else nskb.tail - uh + nskb.data_len
        newlen = (size & 0xFFFF).to_bytes(2, "big")
        old_check = mem[uh + 6] | mem[uh + 7] << 8
        old_len = mem[uh + 4] | mem[uh + 5] << 8
        check = csum16_add(csum16_sub(old_check, old_len), int.from_bytes(newlen, "little"))
        mem[uh + 4 : uh + 6] = newlen
        mem[uh + 6 : uh + 8] = check.to_bytes(2, "little")
        if nskb.ip_summed != CHECKSUM_PARTIAL:
            mem[uh + 6 : uh + 8] = (seg.make_checksum() or CSUM_MANGLED_0).to_bytes(2, "little")


# -- lists of packets that GRO chained -----------------------------------------------------------------------
def _udp_segment_list(skb: sk_buff, features: int, v6: bool) -> sk_buff | int:
    size = 8 + skb._shinfo.gso_size
    segs = _segment_list(skb, features, v6, 6)
    if not isinstance(segs, int):
        at = segs.head + segs.transport_header + 4
        here.mem[at : at + 2] = (size & 0xFFFF).to_bytes(2, "big")
    return segs


def _segment_list(skb: sk_buff, features: int, v6: bool, check: int) -> sk_buff | int:
    """Take a chained packet apart. Where addresses or ports of the first one were changed (NAT), the others follow,
    with their checksums; ``check``: where the transport header has it.
    """
    first = skb_segment_list(skb, features, skb.network_header - skb.mac_header)
    if isinstance(first, int) or first.next is None:
        return first
    mem = here.mem
    saddr, n = (8, 16) if v6 else (12, 4)
    at, l4 = first.head + first.network_header, first.head + first.transport_header
    flow = bytes(mem[at + saddr : at + saddr + 2 * n]) + bytes(mem[l4 : l4 + 4])
    seg: sk_buff | None = first.next
    while seg is not None:
        at2, l42 = seg.head + seg.network_header, seg.head + seg.transport_header
        flow2 = bytes(mem[at2 + saddr : at2 + saddr + 2 * n]) + bytes(mem[l42 : l42 + 4])
        if flow2 == flow:
            if seg is first.next:
                return first
        else:
            _translate(seg, at2, l42 + check, flow2, flow, v6)
            mem[at2 + saddr : at2 + saddr + 2 * n] = flow[: 2 * n]
            mem[l42 : l42 + 4] = flow[2 * n :]
        seg = seg.next
    return first


def _translate(seg: sk_buff, iph: int, check: int, old: bytes, new: bytes, v6: bool) -> None:
    """Addresses and ports change from ``old`` to ``new``: correct the checksum at ``check``, and IPv4's own."""
    mem = here.mem
    udp = check - seg.head - seg.transport_header == 6
    summed = not udp or mem[check] or mem[check + 1]
    for at in range(0, len(old) - 4, 4):
        frm, to = int.from_bytes(old[at : at + 4], "big"), int.from_bytes(new[at : at + 4], "big")
        if summed:
            inet_proto_csum_replace4(check, seg, frm, to, True)
        if not v6:
            csum_replace4(iph + 10, frm, to)
    if summed:
        for at in (len(old) - 4, len(old) - 2):
            frm, to = int.from_bytes(old[at : at + 2], "big"), int.from_bytes(new[at : at + 2], "big")
            inet_proto_csum_replace2(check, seg, frm, to, False)
        if udp and not (mem[check] or mem[check + 1]):
            mem[check : check + 2] = CSUM_MANGLED_0.to_bytes(2, "little")


# -- which protocol ------------------------------------------------------------------------------------------
Handler = Callable[[sk_buff, int], Result]

_INET: dict[int, Handler] = {
    IPPROTO_TCP: lambda skb, features: _tcp(skb, features, False),
    IPPROTO_UDP: lambda skb, features: _udp(skb, features, False),
}
_INET6: dict[int, Handler] = {
    IPPROTO_TCP: lambda skb, features: _tcp(skb, features, True),
    IPPROTO_UDP: lambda skb, features: _udp(skb, features, True),
}
