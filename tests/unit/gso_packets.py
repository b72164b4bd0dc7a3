# SPDX-License-Identifier: Apache-2.0
"""GSO packets for tests, and what scapy thinks of their segments."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.test_linux_checksum import naive

__all__ = [
    "FEATURES", "MSS", "SHAPE", "TCP_TYPE", "assert_right", "gso_skb", "headers", "packets", "set_pseudo", "with_list",
]

TCP_TYPE = {4: L.SKB_GSO_TCPV4, 6: L.SKB_GSO_TCPV6}
MSS = 100


def headers(version: int = 4, proto: type = TCP, tags: int = 0, **fields: Any) -> Any:
    eth: Any = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    for _ in range(tags):
        eth = eth / Dot1Q(vlan=7)
    ip: Any = IP(src="10.0.0.1", dst="10.0.0.2", id=0xFFFE) if version == 4 else IPv6(src="2001::1", dst="2001::2")
    return eth / ip / proto(sport=1, dport=2, **fields)


def gso_skb(
    header: Any, payload: bytes, gso_type: int, mss: int = MSS, linear: int = 0, frag: int = 4096, partial: bool = True
) -> Any:
    """A GSO packet: headers and ``linear`` bytes of payload in the linear part, the rest in fragments."""
    data = bytes(header / payload) if len(payload) < 60000 else bytes(header) + payload
    head = len(data) - len(payload)
    skb = L.alloc_skb(head + linear + 100, L.GFP_ATOMIC)
    L.skb_reserve(skb, 50)
    L.skb_put_data(skb, data, head + linear)
    for i, at in enumerate(range(head + linear, len(data), frag)):
        page = L.alloc_page(L.GFP_ATOMIC)
        piece = data[at : at + frag]
        L.skb_add_rx_frag(skb, i, page, 1, len(piece), 4096)
        L.skb_store_bits(skb, at, piece, len(piece))
    skb.protocol = int.from_bytes(data[12:14], "big")
    v6 = IPv6 in header
    net = data.index(b"\x60" if v6 else b"\x45", 14)
    l4_size = 8 if UDP in header else (data[head - len(header[TCP]) + 12] >> 4) * 4
    L.skb_reset_mac_header(skb)
    L.skb_set_network_header(skb, net)
    L.skb_set_transport_header(skb, head - l4_size)
    skb.mac_len = net
    shinfo = L.skb_shinfo(skb)
    shinfo.gso_size, shinfo.gso_type = mss, gso_type
    shinfo.gso_segs = -(-len(payload) // mss)
    if partial:
        assert L.skb_partial_csum_set(skb, head - l4_size, 6 if UDP in header else 16)
        set_pseudo(skb)
    return skb


def set_pseudo(skb: Any) -> None:
    """Write the pseudo header's sum for the packet as long as it is now."""
    data = L.skb_to_bytes(skb)
    net = L.skb_network_offset(skb)
    proto = 17 if skb.csum_offset == 6 else 6
    pseudo = pseudo_sum(data, net, len(data) - L.skb_checksum_start_offset(skb), proto)
    field = skb.head + skb.csum_start + skb.csum_offset
    here.mem[field : field + 2] = pseudo.to_bytes(2, "big")


def pseudo_sum(data: bytes, net: int, length: int, proto: int) -> int:
    """The pseudo header's sum, not inverted."""
    if data[net] >> 4 == 4:
        return naive(data[net + 12 : net + 20] + bytes([0, proto]) + length.to_bytes(2, "big")) ^ 0xFFFF
    return naive(data[net + 8 : net + 40] + length.to_bytes(4, "big") + bytes([0, 0, 0, proto])) ^ 0xFFFF


def packets(segs: Any) -> list[bytes]:
    """The frames of a list of segments, which is freed; what the device was left to do is done as it would."""
    assert not isinstance(segs, int), segs
    frames = []
    while segs is not None:
        following, segs.next = segs.next, None
        assert L.skb_network_offset(segs) == segs.mac_len
        assert segs.csum_start == segs.transport_header or segs.ip_summed != L.CHECKSUM_PARTIAL
        if segs.ip_summed == L.CHECKSUM_PARTIAL:
            L.skb_shinfo(segs).gso_size = 0
            assert L.skb_checksum_help(segs) == 0
        frames.append(L.skb_to_bytes(segs))
        L.consume_skb(segs)
        segs = following
    return frames


def assert_right(frame: bytes) -> Any:
    """The packet that scapy sees, once all lengths and checksums are what scapy would write."""
    seen = Ether(frame)
    again = seen.copy()
    for layer in (IP, IPv6, TCP, UDP):
        if layer in again:
            for name in ("len", "chksum", "plen"):
                if name in again[layer].fields:
                    delattr(again[layer], name)
    assert bytes(again) == frame
    return seen


FEATURES = st.sampled_from(
    [
        0,
        L.NETIF_F_SG,
        L.NETIF_F_HW_CSUM,
        L.NETIF_F_SG | L.NETIF_F_HW_CSUM,
        L.NETIF_F_SG | L.NETIF_F_IP_CSUM,
        L.NETIF_F_SG | L.NETIF_F_HW_CSUM | L.NETIF_F_FRAGLIST,
    ]
)
SHAPE = st.tuples(st.integers(1, 1500), st.integers(60, 500), st.integers(0, 1500), st.integers(100, 1500))


def with_list(sizes: list[int], page_heads: bool, gso_type: int, mss: int, features: int = 0) -> Any:
    """A TCP packet of ``sizes[0]`` bytes whose fragment list has members of the other sizes."""
    payload = bytes(i * 11 & 255 for i in range(sum(sizes)))
    header = headers()
    skb = gso_skb(header, payload, gso_type, mss, linear=sum(sizes))
    head = len(bytes(header))
    L.skb_trim(skb, head + sizes[0])
    tail = None
    at = sizes[0]
    for size in sizes[1:]:
        member = (L.netdev_alloc_skb(None, max(size, 300)) if page_heads else L.alloc_skb(size + 64, L.GFP_ATOMIC))
        if not page_heads:
            L.skb_reserve(member, 64)
        L.skb_put_data(member, payload[at : at + size], size)
        at += size
        if tail is None:
            L.skb_shinfo(skb).frag_list = member
        else:
            tail.next = member
        tail = member
        skb.len += size
        skb.data_len += size
        skb.truesize += member.truesize
    return skb, payload
