# SPDX-License-Identifier: Apache-2.0
"""GRO of VLAN tags in the data, IPv4 and IPv6: which held packets are of the same flow, and the headers of what was
merged.

Each protocol is a pair of functions: ``receive(head, skb)`` merges ``skb`` into one of the held packets ``head`` or
sets its ``flush``, and returns the held packet that is complete now, if there is one; ``complete(skb, nhoff)`` writes
the header at ``nhoff`` bytes from ``data`` of a merged packet, and returns 0 or a negative errno. Source:
net/ipv4/af_inet.c, net/ipv6/ip6_offload.c, net/ipv6/exthdrs_offload.c, net/8021q/vlan_core.c, v6.12. Simplified: no
tunnels, and none of the offloads that modules bring.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

from pymodel.hw.access import here
from pymodel.linux.bug import WARN
from pymodel.linux.errno import ENOENT, ENOSYS
from pymodel.linux.gro_skb import (
    SIZEOF_HOP_JUMBO,
    skb_gro_header,
    skb_gro_network_header,
    skb_gro_postpull_rcsum,
)
from pymodel.linux.gro_tcp import tcp4_gro_complete, tcp4_gro_receive, tcp6_gro_complete, tcp6_gro_receive
from pymodel.linux.gro_udp import udp4_gro_complete, udp4_gro_receive, udp6_gro_complete, udp6_gro_receive
from pymodel.linux.if_ether import ETH_P_8021AD, ETH_P_8021Q, ETH_P_IP, ETH_P_IPV6
from pymodel.linux.inet import IPPROTO_DSTOPTS, IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_TCP, IPPROTO_UDP
from pymodel.linux.skbuff import sk_buff

__all__ = [
    "inet_gro_complete", "inet_gro_receive", "ipv6_gro_complete", "ipv6_gro_receive", "vlan_gro_complete",
    "vlan_gro_receive",
]

Receive = Callable[[list[sk_buff], sk_buff], sk_buff | None]
Complete = Callable[[sk_buff, int], int]

_IP = Struct(">BxHxxHxBxx").unpack_from  # version and length, total length, fragment, protocol
_IP_FLOW = Struct("=Q").unpack_from  # both addresses
_IP6 = Struct(">IHB").unpack_from  # version, class and flow, payload length, next header
_IP6_FLOW = Struct("=Bx32s").unpack_from  # next header, both addresses
_EXTENSIONS = frozenset((IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS))  # those with INET6_PROTO_GSO_EXTHDR
_IPV6_MAXPLEN = 65535
_TOO_DEEP = 13 * 4  # of the 14th tag: with what is below it, GRO_RECURSION_LIMIT

_INET: dict[int, tuple[Receive, Complete]] = {
    IPPROTO_TCP: (tcp4_gro_receive, tcp4_gro_complete),
    IPPROTO_UDP: (udp4_gro_receive, udp4_gro_complete),
}
_INET6: dict[int, tuple[Receive, Complete]] = {
    IPPROTO_TCP: (tcp6_gro_receive, tcp6_gro_complete),
    IPPROTO_UDP: (udp6_gro_receive, udp6_gro_complete),
}


# -- IPv4 ----------------------------------------------------------------------------------------------------
def inet_gro_receive(head: list[sk_buff], skb: sk_buff) -> sk_buff | None:
    """Headers with options, fragments, and headers with a wrong checksum are not for GRO."""
    cb = skb.gro_cb
    off = cb.data_offset
    iph = skb_gro_header(skb, off + 20, off)
    if not iph:
        cb.flush = 1
        return None
    mem = cb.mem
    header = here.peek(iph, 20)
    first, tot_len, frag_off, proto = _IP(header)
    ops = _INET.get(proto)
    if ops is None or first != 0x45 or frag_off & 0x3FFF or int.from_bytes(header, "big") % 0xFFFF:
        cb.flush = 1
        return None
    cb.proto = proto
    if tot_len != (skb.len - off) & 0xFFFF or frag_off & 0x8000:
        cb.flush = 1
    if head:
        flow = _IP_FLOW(mem, iph + 12)
        for p in head:
            pcb = p.gro_cb
            if pcb.same_flow:
                iph2 = p.data + off
                if mem[iph2 + 9] != proto or _IP_FLOW(mem, iph2 + 12) != flow:
                    pcb.same_flow = 0
    cb.network_offset = off
    cb.data_offset = off = off + 20
    skb.transport_header = skb.data - skb.head + off
    return ops[0](head, skb)


def inet_gro_complete(skb: sk_buff, nhoff: int) -> int:
    """Length and checksum of the merged packet. A length beyond 65535 is written as 0."""
    mem = skb.gro_cb.mem
    iph = skb.data + nhoff
    old = mem[iph + 2] << 8 | mem[iph + 3]
    new = skb.len - nhoff
    if new > 0xFFFF:
        new = 0
    mem[iph + 2 : iph + 4] = new.to_bytes(2, "big")
    check = (mem[iph + 10] << 8 | mem[iph + 11]) ^ 0xFFFF
    for addend in (old ^ 0xFFFF, new):
        check += addend
        check = (check & 0xFFFF) + (check >> 16)
    mem[iph + 10 : iph + 12] = (check ^ 0xFFFF).to_bytes(2, "big")
    ops = _INET.get(mem[iph + 9])
    if ops is None:
        WARN(f"inet_gro_complete: no GRO for protocol {mem[iph + 9]}")
        return -ENOSYS
    return ops[1](skb, nhoff + 20)


# -- IPv6 ----------------------------------------------------------------------------------------------------
def _pull_exthdrs(skb: sk_buff, off: int, proto: int) -> tuple[int, int]:
    """Skip the extension headers at ``off``: where they end, and the protocol there."""
    cb = skb.gro_cb
    while proto in _EXTENSIONS:
        opth = skb_gro_header(skb, off + 2, off)
        if not opth:
            break
        length = cb.mem[opth + 1] + 1 << 3
        opth = skb_gro_header(skb, off + length, off)
        if not opth:
            break
        proto = cb.mem[opth]
        off += length
    return off, proto


def ipv6_gro_receive(head: list[sk_buff], skb: sk_buff) -> sk_buff | None:
    """Extension headers belong to the flow: they must be equal."""
    cb = skb.gro_cb
    off = cb.data_offset
    hlen = off + 40
    iph = skb_gro_header(skb, hlen, off)
    if not iph:
        cb.flush = 1
        return None
    cb.network_offset = off
    mem = cb.mem
    word, payload, proto = _IP6(mem, iph)
    flush = payload != skb.len - hlen
    ops = _INET6.get(proto)
    if ops is None:
        hlen, proto = _pull_exthdrs(skb, hlen, proto)
        cb.data_offset = hlen
        ops = _INET6.get(proto)
        if ops is None:
            cb.flush = 1
            return None
        iph = skb_gro_network_header(skb)
    else:
        cb.data_offset = hlen
    skb.transport_header = skb.data - skb.head + hlen
    cb.proto = proto
    nlen = hlen - off
    if head:
        flow = _IP6_FLOW(mem, iph + 6)
        for p in head:
            pcb = p.gro_cb
            if pcb.same_flow:
                iph2 = p.data + off
                if (
                    (_IP6(mem, iph2)[0] ^ word) & 0xF00FFFFF
                    or _IP6_FLOW(mem, iph2 + 6) != flow
                    or (nlen > 40 and mem[iph + 40 : iph + nlen] != mem[iph2 + 40 : iph2 + nlen])
                ):
                    pcb.same_flow = 0
    if flush:
        cb.flush = 1
    if cb.csum_valid:
        skb_gro_postpull_rcsum(cb, iph, nlen)
    return ops[0](head, skb)


def ipv6_gro_complete(skb: sk_buff, nhoff: int) -> int:
    """Length of the merged packet. Beyond 65535 bytes it becomes a jumbogram: a hop-by-hop header has the length."""
    mem = skb.gro_cb.mem
    payload = skb.len - nhoff - 40
    if payload > _IPV6_MAXPLEN:
        mac = skb.head + skb.mac_header
        size = skb.transport_header - skb.mac_header
        mem[mac - SIZEOF_HOP_JUMBO : mac - SIZEOF_HOP_JUMBO + size] = bytes(mem[mac : mac + size])
        skb.data -= SIZEOF_HOP_JUMBO
        skb.len += SIZEOF_HOP_JUMBO
        skb.mac_header -= SIZEOF_HOP_JUMBO
        skb.network_header -= SIZEOF_HOP_JUMBO
        iph = skb.data + nhoff
        jumbo = bytes((mem[iph + 6], 0, 0xC2, 4)) + (payload + SIZEOF_HOP_JUMBO).to_bytes(4, "big")
        mem[iph + 40 : iph + 40 + SIZEOF_HOP_JUMBO] = jumbo
        mem[iph + 4 : iph + 7] = bytes((0, 0, IPPROTO_HOPOPTS))
    else:
        iph = skb.data + nhoff
        mem[iph + 4 : iph + 6] = payload.to_bytes(2, "big")
    proto = mem[iph + 6]
    at = iph + 40
    while proto in _EXTENSIONS:
        proto, at = mem[at], at + (mem[at + 1] + 1 << 3)
    ops = _INET6.get(proto)
    if ops is None:
        WARN(f"ipv6_gro_complete: no GRO for protocol {proto}")
        return -ENOSYS
    return ops[1](skb, at - skb.data)


# -- VLAN tags that the device left in the data --------------------------------------------------------------
def vlan_gro_receive(head: list[sk_buff], skb: sk_buff) -> sk_buff | None:
    cb = skb.gro_cb
    off = cb.data_offset
    vhdr = skb_gro_header(skb, off + 4, off)
    ops = None
    if vhdr and off < _TOO_DEEP:
        mem = cb.mem
        ops = OFFLOADS.get(mem[vhdr + 2] << 8 | mem[vhdr + 3])
    if ops is None:
        cb.flush = 1
        return None
    for p in head:
        pcb = p.gro_cb
        if pcb.same_flow and mem[vhdr : vhdr + 4] != mem[p.data + off : p.data + off + 4]:
            pcb.same_flow = 0
    cb.data_offset = off + 4
    if cb.csum_valid:
        skb_gro_postpull_rcsum(cb, vhdr, 4)
    return ops[0](head, skb)


def vlan_gro_complete(skb: sk_buff, nhoff: int) -> int:
    mem = skb.gro_cb.mem
    vhdr = skb.data + nhoff
    ops = OFFLOADS.get(mem[vhdr + 2] << 8 | mem[vhdr + 3])
    return ops[1](skb, nhoff + 4) if ops is not None else -ENOENT


OFFLOADS: dict[int, tuple[Receive, Complete]] = {
    ETH_P_IP: (inet_gro_receive, inet_gro_complete),
    ETH_P_IPV6: (ipv6_gro_receive, ipv6_gro_complete),
    ETH_P_8021Q: (vlan_gro_receive, vlan_gro_complete),
    ETH_P_8021AD: (vlan_gro_receive, vlan_gro_complete),
}
"""The protocols of ``skb.protocol`` that GRO knows: the kernel's ``packet_offload``s."""
