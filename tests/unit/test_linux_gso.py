# SPDX-License-Identifier: Apache-2.0
"""Segmentation: whatever goes in, the segments are whole packets whose payloads add up, each with right headers and
checksums, as scapy reads them. Fragment lists: test_linux_gso_lists.py.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Ether

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.gso_packets import FEATURES, MSS, SHAPE, TCP_TYPE, assert_right, gso_skb, headers, packets, with_list
from tests.unit.linux_bed import Bed


@pytest.fixture(autouse=True, scope="module")
def _bed() -> Any:
    Bed(size=64 << 20)
    yield
    assert L.leak_report() == []


@given(st.sampled_from([4, 6]), st.integers(0, 2), SHAPE, FEATURES, st.integers(0, 0xFF), st.integers(0, 0xFFFFFFFF))
@settings(max_examples=60, deadline=None)
def test_tcp_segments_are_what_a_sender_would_have_sent(
    version: int, tags: int, shape: tuple[int, int, int, int], features: int, flags: int, seq: int
) -> None:
    """kernel-rules.md: OFF5, OFF2."""
    size, mss, linear, frag = shape
    payload = bytes(i * 7 & 255 for i in range(size))
    skb = gso_skb(
        headers(version, TCP, tags, seq=seq, flags=flags, options=[("NOP", None)] * 4),
        payload, TCP_TYPE[version], mss, min(linear, size), frag,
    )  # fmt: skip
    segs = L.skb_gso_segment(skb, features)
    if size <= mss:
        assert segs == -L.EINVAL
        L.kfree_skb(skb)
        return
    assert segs.prev is not None and segs.prev.next is None
    L.kfree_skb(skb)
    seen = [assert_right(frame) for frame in packets(segs)]
    payloads = [bytes(p[TCP].payload) for p in seen]
    assert b"".join(payloads) == payload
    assert [len(p) for p in payloads[:-1]] == [mss] * (len(payloads) - 1) and 0 < len(payloads[-1]) <= mss
    for i, p in enumerate(seen):
        last = i == len(seen) - 1
        assert p[TCP].seq == (seq + i * mss) & 0xFFFFFFFF
        assert int(p[TCP].flags) == flags & ~(0 if last else 0x09) & ~(0x80 if i else 0)
        assert p[TCP].options == [("NOP", None)] * 4
        if version == 4:
            assert p[IP].id == (0xFFFE + i) & 0xFFFF


@given(st.sampled_from([4, 6]), st.integers(0, 1), SHAPE, FEATURES, st.booleans())
@settings(max_examples=60, deadline=None)
def test_udp_datagrams_are_split_at_gso_size(
    version: int, tags: int, shape: tuple[int, int, int, int], features: int, partial: bool
) -> None:
    """kernel-rules.md: OFF6, OFF2. A checksum that is not left to the device is done in software."""
    size, mss, linear, frag = shape
    payload = bytes(i * 7 & 255 for i in range(size))
    skb = gso_skb(headers(version, UDP, tags), payload, L.SKB_GSO_UDP_L4, mss, min(linear, size), frag)
    if not partial:
        skb.ip_summed = L.CHECKSUM_NONE
    segs = L.skb_gso_segment(skb, features)
    L.kfree_skb(skb)
    if size <= mss:
        assert segs == -L.EINVAL
        return
    seg = segs
    while seg is not None:
        hardware = partial and features & (L.NETIF_F_HW_CSUM | (L.NETIF_F_IP_CSUM if version == 4 else 0))
        assert seg.ip_summed == (L.CHECKSUM_PARTIAL if hardware else L.CHECKSUM_NONE)
        assert features & L.NETIF_F_SG or not seg.data_len
        seg = seg.next
    seen = [assert_right(frame) for frame in packets(segs)]
    payloads = [bytes(p[UDP].payload) for p in seen]
    assert b"".join(payloads) == payload
    assert all(len(p) == mss for p in payloads[:-1]) and 0 < len(payloads[-1]) <= mss
    assert all(p[UDP].len == 8 + len(data) for p, data in zip(seen, payloads, strict=True))
    if version == 4:
        assert [p[IP].id for p in seen] == [(0xFFFE + i) & 0xFFFF for i in range(len(seen))]


def test_tcp_with_fixed_id_keeps_it_and_needs_df() -> None:
    """kernel-rules.md: OFF5: the IP ID increments unless FIXEDID."""
    for flags, result in (("DF", None), ("", -L.EPROTONOSUPPORT)):
        header = headers()
        header[IP].flags = flags
        skb = gso_skb(header, bytes(350), L.SKB_GSO_TCPV4 | L.SKB_GSO_TCP_FIXEDID)
        segs = L.skb_gso_segment(skb, 0)
        L.kfree_skb(skb)
        if result is not None:
            assert segs == result
            continue
        assert [Ether(frame)[IP].id for frame in packets(segs)] == [0xFFFE] * 4


@pytest.mark.parametrize(
    ("version", "proto", "gso_type", "feature"),
    [
        (4, TCP, L.SKB_GSO_TCPV4, L.NETIF_F_TSO),
        (6, TCP, L.SKB_GSO_TCPV6, L.NETIF_F_TSO6),
        (4, TCP, L.SKB_GSO_TCPV4 | L.SKB_GSO_TCP_ECN, L.NETIF_F_TSO | L.NETIF_F_TSO_ECN),
        (4, UDP, L.SKB_GSO_UDP_L4, L.NETIF_F_GSO_UDP_L4),
        (6, UDP, L.SKB_GSO_UDP_L4, L.NETIF_F_GSO_UDP_L4),
    ],
)
def test_what_the_device_can_segment_is_left_to_it_with_gso_segs_put_right(
    version: int, proto: Any, gso_type: int, feature: int
) -> None:
    skb = gso_skb(headers(version, proto), bytes(350), gso_type | L.SKB_GSO_DODGY)
    before = L.skb_to_bytes(skb)
    L.skb_shinfo(skb).gso_segs = 99
    features = L.NETIF_F_SG | L.NETIF_F_HW_CSUM | feature
    assert not L.skb_gso_ok(skb, features) and L.skb_gso_ok(skb, features | L.NETIF_F_GSO_ROBUST)
    assert L.netif_needs_gso(skb, features) and not L.netif_needs_gso(skb, features | L.NETIF_F_GSO_ROBUST)
    assert L.skb_gso_segment(skb, features) is None
    assert L.skb_shinfo(skb).gso_segs == 4
    assert L.skb_to_bytes(skb) == before and L.skb_network_offset(skb) == 14
    assert not L.net_gso_ok(features & ~feature, gso_type)
    skb.ip_summed = L.CHECKSUM_NONE
    assert L.netif_needs_gso(skb, features | L.NETIF_F_GSO_ROBUST)
    L.kfree_skb(skb)


def test_headers_that_are_not_what_the_type_says_are_refused_and_leave_the_packet_alone() -> None:
    def skb(version: int = 4, proto: Any = TCP, gso_type: int = L.SKB_GSO_TCPV4) -> Any:
        return gso_skb(headers(version, proto), bytes(350), gso_type)

    def poke(skb: Any, offset: int, value: int) -> Any:
        here.mem[skb.data + offset] = value
        return skb

    moved = skb()
    moved.csum_start += 2
    moved_udp = skb(4, UDP, L.SKB_GSO_UDP_L4)
    moved_udp.csum_start += 2
    arp = skb()
    arp.protocol = L.ETH_P_ARP
    tagged = skb()
    tagged.protocol = L.ETH_P_8021Q
    L.skb_set_network_header(tagged, 2000)
    cases = [
        (skb(4, TCP, L.SKB_GSO_TCPV6), L.EINVAL),
        (skb(6, TCP, L.SKB_GSO_TCPV4), L.EINVAL),
        (skb(4, UDP, L.SKB_GSO_TCPV4), L.EINVAL),
        (skb(4, TCP, L.SKB_GSO_UDP_L4), L.EINVAL),
        (poke(skb(), 14, 0x44), L.EINVAL),  # ihl 4
        (poke(skb(), 23, 1), L.EPROTONOSUPPORT),  # ICMP
        (poke(skb(6, TCP, L.SKB_GSO_TCPV6), 20, 58), L.EPROTONOSUPPORT),
        (poke(skb(), 46, 0x40), L.EINVAL),  # doff 4
        (poke(skb(), 14, 0x4F), L.EINVAL),  # the TCP header is not where the checksum begins
        (moved, L.EINVAL),
        (moved_udp, L.EINVAL),
        (arp, L.EPROTONOSUPPORT),
        (tagged, L.EINVAL),
    ]
    for packet, err in cases:
        before = L.skb_to_bytes(packet)
        assert L.skb_gso_segment(packet, L.NETIF_F_SG) == -err
        assert L.skb_to_bytes(packet) == before
        L.kfree_skb(packet)


def test_ipv6_extension_headers_are_repeated() -> None:
    header = headers(6)
    tcp = header[TCP].copy()
    header = Ether() / IPv6(src="2001::1", dst="2001::2") / IPv6ExtHdrDestOpt() / tcp
    skb = gso_skb(header, bytes(range(250)), L.SKB_GSO_TCPV6)
    segs = L.skb_gso_segment(skb, 0)
    L.kfree_skb(skb)
    seen = [assert_right(frame) for frame in packets(segs)]
    assert b"".join(bytes(p[TCP].payload) for p in seen) == bytes(range(250))
    assert all(IPv6ExtHdrDestOpt in p for p in seen)


def test_hw_vlan_tag_priority_hash_and_queue_go_to_each_segment() -> None:
    skb = gso_skb(headers(), bytes(350), L.SKB_GSO_TCPV4)
    skb.vlan_proto, skb.vlan_tci, skb.priority, skb.mark = L.ETH_P_8021Q, 0x2007, 3, 9
    skb.queue_mapping, skb.ooo_okay = 2, 1
    L.skb_set_hash(skb, 0x1234, L.PKT_HASH_TYPE_L4)
    seg = L.skb_gso_segment(skb, 0)
    first = True
    while seg is not None:
        assert (seg.vlan_proto, seg.vlan_tci, seg.priority, seg.mark) == (L.ETH_P_8021Q, 0x2007, 3, 9)
        assert (seg.queue_mapping, seg.hash, seg.l4_hash, seg.protocol) == (2, 0x1234, 1, L.ETH_P_IP)
        assert seg.ooo_okay == (1 if first else 0)
        assert not L.skb_is_gso(seg)
        first, (following, _) = False, (seg.next, L.kfree_skb(seg))
        seg = following
    L.kfree_skb(skb)


def test_transmit_time_stamp_is_asked_of_the_segment_with_its_byte() -> None:
    for key, want in ((1000, 0), (1099, 0), (1100, 1), (1349, 3)):
        skb = gso_skb(headers(seq=1000), bytes(350), L.SKB_GSO_TCPV4)
        L.skb_shinfo(skb).tx_flags, L.skb_shinfo(skb).tskey = 1, key
        segs = L.skb_gso_segment(skb, 0)
        L.kfree_skb(skb)
        flags = []
        while segs is not None:
            flags.append(L.skb_shinfo(segs).tx_flags)
            following = segs.next
            L.kfree_skb(segs)
            segs = following
        assert flags == [1 if i == want else 0 for i in range(4)]


def test_checksum_none_of_tcp_is_set_up_in_software() -> None:
    """What came from a tap device, say: the header is made writable first (a clone's is left alone)."""
    skb = gso_skb(headers(), bytes(350), L.SKB_GSO_TCPV4, partial=False)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    before = L.skb_to_bytes(clone)
    segs = L.skb_gso_segment(skb, 0)
    L.kfree_skb(skb)
    assert L.skb_to_bytes(clone) == before
    L.kfree_skb(clone)
    assert len([assert_right(frame) for frame in packets(segs)]) == 4


def test_segments_nobody_sums_warn() -> None:
    skb = gso_skb(headers(4, UDP), bytes(350), L.SKB_GSO_UDP_L4, partial=False)
    skb.csum_start = skb.transport_header
    skb.ip_summed = L.CHECKSUM_COMPLETE
    with pytest.raises(L.KernelWarning, match="bad offload"):
        L.skb_gso_segment(skb, 0)
    Bed(size=64 << 20)


def test_failed_allocation_frees_all_and_keeps_the_packet() -> None:
    for proto, gso_type in ((TCP, L.SKB_GSO_TCPV4), (UDP, L.SKB_GSO_UDP_L4)):
        skb = gso_skb(headers(4, proto), bytes(350), gso_type, linear=100)
        left = 2

        def fail(what: str, size: int) -> bool:
            nonlocal left
            left -= 1
            return left < 0

        L.set_alloc_failure(fail)
        assert L.skb_gso_segment(skb, L.NETIF_F_SG) == -L.ENOMEM
        L.set_alloc_failure(None)
        assert len(L.skb_leaks()) == 1
        assert len(packets(L.skb_gso_segment(skb, L.NETIF_F_SG))) == 4
        L.kfree_skb(skb)


def test_segment_has_17_fragments_and_no_more() -> None:
    """MAX_SKB_FRAGS: a segment can take parts of two packets of a list."""
    for n, result in ((3, None), (4, -L.EINVAL)):
        skb = gso_skb(headers(), bytes(14 * 60), L.SKB_GSO_TCPV4, mss=60 * (14 + n), frag=60)
        more = gso_skb(headers(), bytes(60 * 17), 0, frag=60)
        L.skb_pull(more, L.skb_headlen(more))
        L.skb_shinfo(skb).frag_list = more
        skb.len += more.len
        skb.data_len += more.len
        skb.truesize += more.truesize
        segs = L.skb_gso_segment(skb, L.NETIF_F_SG | L.NETIF_F_HW_CSUM)
        if result is None:
            assert [L.skb_shinfo(seg).nr_frags for seg in (segs, segs.next)] == [17, 14]
            L.kfree_skb_list(segs)
        else:
            assert segs == result
            assert "too many frags" in L.dmesg()[-1]
        L.kfree_skb(skb)


@pytest.mark.parametrize(("version", "proto"), [(4, TCP), (6, TCP), (4, UDP), (6, UDP)])
def test_gso_partial_leaves_headers_that_the_device_repeats(version: int, proto: Any) -> None:
    gso_type = TCP_TYPE[version] if proto is TCP else L.SKB_GSO_UDP_L4
    skb = gso_skb(headers(version, proto), bytes(range(250)) + bytes(100), gso_type | L.SKB_GSO_DODGY)
    feature = gso_type << L.NETIF_F_GSO_SHIFT
    skb.dev = Device(feature)
    segs = L.skb_gso_segment(skb, L.NETIF_F_SG | L.NETIF_F_HW_CSUM | L.NETIF_F_GSO_PARTIAL)
    L.kfree_skb(skb)
    l4 = 20 if proto is TCP else 8
    ip = 20 if version == 4 else 0
    first, last = segs, segs.next
    shinfo = L.skb_shinfo(first)
    assert (shinfo.gso_size, shinfo.gso_segs, shinfo.gso_type) == (MSS, 3, gso_type | L.SKB_GSO_PARTIAL)
    assert last.next is None and L.skb_shinfo(last).gso_size == 0
    frames = [Ether(L.skb_to_bytes(seg)) for seg in (first, last)]
    lens = [p[IP].len if version == 4 else p[IPv6].plen for p in frames]
    assert lens == [ip + l4 + MSS, ip + l4 + 50]
    L.kfree_skb(first)
    L.kfree_skb(last)
    skb = gso_skb(headers(version, proto), bytes(350), gso_type)
    skb.dev = Device(0)  # not for this protocol
    assert len(packets(L.skb_gso_segment(skb, L.NETIF_F_SG | L.NETIF_F_HW_CSUM | L.NETIF_F_GSO_PARTIAL))) == 4
    L.kfree_skb(skb)


class Device:
    """As much of a net_device as GSO looks at."""

    name = "fake0"

    def __init__(self, partial: int) -> None:
        self.features = self.gso_partial_features = partial


def test_socket_is_charged_until_the_last_segment_is_freed() -> None:
    for proto, gso_type in ((TCP, L.SKB_GSO_TCPV4), (UDP, L.SKB_GSO_UDP_L4)):
        sk = SimpleNamespace(sk_wmem_alloc=0, sk_sndbuf=0, sk_write_space=L.wait_queue_head_t())
        skb = gso_skb(headers(4, proto), bytes(350), gso_type)
        L.skb_set_owner_w(skb, sk)
        segs = L.skb_gso_segment(skb, 0)
        L.consume_skb(skb)
        assert sk.sk_wmem_alloc > 0
        while segs is not None:
            following = segs.next
            assert sk.sk_wmem_alloc > 0
            L.consume_skb(segs)
            segs = following
        assert sk.sk_wmem_alloc == 0


def test_segment_lengths_are_foretold() -> None:
    for version, proto, l4 in ((4, TCP, 20), (6, TCP, 20), (4, UDP, 8)):
        skb = gso_skb(headers(version, proto), bytes(350), TCP_TYPE[version] if proto is TCP else L.SKB_GSO_UDP_L4)
        ip = 20 if version == 4 else 40
        assert L.skb_gso_transport_seglen(skb) == l4 + MSS
        assert L.skb_gso_network_seglen(skb) == ip + l4 + MSS
        assert L.skb_gso_mac_seglen(skb) == 14 + ip + l4 + MSS
        for n, ok in ((ip + l4 + MSS, True), (ip + l4 + MSS - 1, False)):
            assert L.skb_gso_validate_network_len(skb, n) is ok
            assert L.skb_gso_validate_mac_len(skb, n + 14) is ok
        assert L.skb_is_gso_tcp(skb) is (proto is TCP) and L.skb_is_gso_v6(skb) is (version == 6)
        L.skb_gso_reset(skb)
        assert not L.skb_is_gso(skb) and not L.skb_is_gso_tcp(skb) and L.skb_shinfo(skb).gso_segs == 0
        L.kfree_skb(skb)


def test_checksum_and_gather_features() -> None:
    assert L.can_checksum_protocol(L.NETIF_F_HW_CSUM, L.ETH_P_ARP)
    assert L.can_checksum_protocol(L.NETIF_F_IP_CSUM, L.ETH_P_IP)
    assert not L.can_checksum_protocol(L.NETIF_F_IP_CSUM, L.ETH_P_IPV6)
    assert L.can_checksum_protocol(L.NETIF_F_IPV6_CSUM, L.ETH_P_IPV6)
    assert not L.can_checksum_protocol(L.NETIF_F_IP_CSUM | L.NETIF_F_IPV6_CSUM, L.ETH_P_ARP)
    skb = gso_skb(headers(), bytes(350), 0)
    assert L.skb_needs_linearize(skb, 0) and not L.skb_needs_linearize(skb, L.NETIF_F_SG)
    assert L.skb_pagelen(skb) == skb.len
    L.kfree_skb(skb)
    skb, _ = with_list([100, 100], True, 0, 100)
    assert L.skb_needs_linearize(skb, L.NETIF_F_SG) and not L.skb_needs_linearize(skb, L.NETIF_F_FRAGLIST)
    assert L.skb_pagelen(skb) == skb.len - 100
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert L.skb_unclone(skb, L.GFP_ATOMIC) == 0 and skb.head != clone.head
    L.kfree_skb(clone)
    L.skb_linearize(skb)
    assert not L.skb_needs_linearize(skb, 0)
    L.kfree_skb(skb)


def test_ipv6_packets_beyond_64_kib_lose_the_header_that_marks_them() -> None:
    """BIG TCP: GRO put a hop-by-hop header with a jumbo payload option in."""
    payload = bytes(range(250)) * 280
    header = headers(6)
    tcp = bytes(header[TCP])
    skb = gso_skb(header, payload, L.SKB_GSO_TCPV6, mss=8000, linear=1000)
    option = b"\x06\x00\xc2\x04" + (len(payload) + len(tcp) + 8).to_bytes(4, "big")
    before = L.skb_to_bytes(skb)
    L.skb_push(skb, 8)
    L.skb_store_bits(skb, 0, before[:20] + b"\x00" + before[21:54] + option, 62)
    L.skb_reset_mac_header(skb)
    L.skb_set_network_header(skb, 14)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    marked = L.skb_to_bytes(skb)
    L.set_alloc_failure(lambda what, size: True)
    assert L.skb_gso_segment(skb, 0) == -L.ENOMEM
    L.set_alloc_failure(None)
    segs = L.skb_gso_segment(skb, 0)
    assert L.skb_to_bytes(clone) == marked  # kernel-rules.md: TX5
    L.kfree_skb(skb)
    L.kfree_skb(clone)
    seen = [assert_right(frame) for frame in packets(segs)]
    assert b"".join(bytes(p[TCP].payload) for p in seen) == payload
    assert all(p[IPv6].nh == 6 for p in seen)


def test_headers_that_are_cut_are_refused() -> None:
    for version, proto, cut in ((4, TCP, 30), (4, TCP, 50), (6, TCP, 40), (6, TCP, 70), (4, UDP, 40), (6, UDP, 58)):
        kind = TCP_TYPE[version] if proto is TCP else L.SKB_GSO_UDP_L4
        skb = gso_skb(headers(version, proto), bytes(350), kind)
        L.pskb_trim(skb, cut)
        assert L.skb_gso_segment(skb, 0) == -L.EINVAL
        L.kfree_skb(skb)
    skb = gso_skb(headers(), b"", L.SKB_GSO_TCPV4)
    here.mem[skb.data + 14] = 0x4F  # options beyond the end
    assert L.skb_gso_segment(skb, 0) == -L.EINVAL
    L.kfree_skb(skb)
    for cut in (58, 65):  # an extension header that is not whole: what is behind it is not known
        skb = gso_skb(Ether() / IPv6(src="2001::1", dst="2001::2") / IPv6ExtHdrDestOpt(len=1) / headers(6)[TCP].copy(),
                      bytes(9), L.SKB_GSO_TCPV6, partial=False)  # fmt: skip
        L.pskb_trim(skb, cut)
        skb.ip_summed = L.CHECKSUM_PARTIAL
        assert L.skb_gso_segment(skb, 0) == -L.EPROTONOSUPPORT
        L.kfree_skb(skb)


def test_received_packet_is_not_expected_to_be_partial() -> None:
    """tx_path False: of openvswitch, say; CHECKSUM_COMPLETE is fine there."""
    skb = gso_skb(headers(4, UDP), bytes(350), L.SKB_GSO_UDP_L4)
    skb.ip_summed = L.CHECKSUM_COMPLETE
    segs = L.__skb_gso_segment(skb, 0, False)
    L.kfree_skb(skb)
    assert len([assert_right(frame) for frame in packets(segs)]) == 4


def test_header_that_cannot_be_made_writable_is_enomem() -> None:
    skb = gso_skb(headers(), bytes(350), L.SKB_GSO_TCPV4, partial=False)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    L.set_alloc_failure(lambda what, size: True)
    assert L.skb_gso_segment(skb, 0) == -L.ENOMEM
    L.set_alloc_failure(None)
    L.kfree_skb(clone)
    L.kfree_skb(skb)


def test_socket_stays_with_a_packet_that_could_not_be_segmented() -> None:
    skb = gso_skb(headers(4, UDP), bytes(350), L.SKB_GSO_UDP_L4)
    sk = SimpleNamespace(sk_wmem_alloc=0, sk_sndbuf=0, sk_write_space=L.wait_queue_head_t())
    L.skb_set_owner_w(skb, sk)
    charged = sk.sk_wmem_alloc
    L.set_alloc_failure(lambda what, size: True)
    assert L.skb_gso_segment(skb, 0) == -L.ENOMEM
    L.set_alloc_failure(None)
    assert skb.sk is sk and sk.sk_wmem_alloc == charged
    L.kfree_skb(skb)
    assert sk.sk_wmem_alloc == 0
    skb = gso_skb(headers(4, UDP), bytes(350), L.SKB_GSO_UDP_L4)
    ends: list[Any] = []
    skb.destructor = ends.append  # not a socket's: it stays with the packet
    segs = L.skb_gso_segment(skb, 0)
    L.kfree_skb_list(segs)
    assert not ends
    L.kfree_skb(skb)
    assert len(ends) == 1
