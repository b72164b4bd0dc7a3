# SPDX-License-Identifier: Apache-2.0
"""GRO: what the kernel's records do not show, and its checks."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.gro_bed import MAC, Receiver, flow, tcp, tcp6, udp, words
from tests.unit.soft_host import Host


def test_segments_in_one_poll_are_merged_and_nothing_leaks() -> None:
    r = Receiver()
    r.give(*flow(3))
    assert r.results == [L.GRO_HELD, L.GRO_MERGED_FREE, L.GRO_MERGED_FREE]
    (skb,) = r.seen
    assert L.skb_shinfo(skb).gso_segs == 3
    assert L.skb_to_bytes(skb)[40:] == b"A" * 100 + b"B" * 100 + b"C" * 100
    r.free()
    assert L.skb_leaks() == []
    assert L.mm_leaks() == []


def test_device_without_gro_passes_each_segment_on() -> None:
    r = Receiver(features=0)
    r.give(*flow(3))
    assert r.results == [L.GRO_NORMAL] * 3
    assert [L.skb_mac_frame(skb) for skb in r.seen] == flow(3)


def test_packets_wait_for_a_batch_of_segments_or_for_the_end_of_the_poll() -> None:
    """Source: include/net/gro.h gro_normal_one(): gro_normal_batch counts segments."""
    r = Receiver()
    seen = []

    def work(napi: Any) -> None:
        for frame in flow(6):
            r.receive(napi, frame)
        L.napi_gro_flush(napi, False)
        seen.append((len(r.seen), napi.rx_count))
        r.receive(napi, MAC + b"\x88\xb5" + bytes(46))
        seen.append((len(r.seen), napi.rx_count))
        r.receive(napi, MAC + b"\x88\xb5" + bytes(46))
        seen.append((len(r.seen), napi.rx_count))
        r.receive(napi, MAC + b"\x88\xb5" + bytes(46))
        seen.append((len(r.seen), napi.rx_count))

    r.poll(work)
    assert seen == [(0, 6), (0, 7), (3, 0), (3, 1)]
    assert len(r.seen) == 4


def test_flush_of_old_packets_leaves_those_of_this_jiffy() -> None:
    """napi_gro_flush(napi, flush_old=True)."""
    r = Receiver()
    left = []

    def work(napi: Any) -> None:
        r.receive(napi, tcp(b"old", 1, sport=1))
        L.mdelay(5)
        r.receive(napi, tcp(b"new", 1, sport=2))
        L.napi_gro_flush(napi, True)
        left.append([L.skb_to_bytes(skb)[-3:] for held in napi.gro_hash for skb in held])
        left.append([L.skb_to_bytes(skb)[-3:] for skb in napi.rx_list])

    r.poll(work)
    assert left == [[b"new"], [b"old"]]


def test_second_poll_goes_on_with_what_is_held_where_the_jiffy_is_the_same() -> None:
    """A poll that used its budget flushes all at HZ 250."""
    r = Receiver()
    a, b = flow(2)
    r.poll(lambda napi: r.receive(napi, a) and 64, lambda napi: r.receive(napi, b))
    assert r.results == [L.GRO_HELD, L.GRO_HELD]
    assert r.segments() == [1, 1]


def test_deleted_instance_frees_what_it_holds() -> None:
    """Source: net/core/dev.c __netif_napi_del()."""
    r = Receiver()

    def fill() -> None:
        L.local_bh_disable()
        r.napi._poll = 1  # as in a poll that does not end
        r.receive(r.napi, tcp(b"held", 1))
        r.receive(r.napi, MAC + b"\x88\xb5" + bytes(46))
        assert L.napi_get_frags(r.napi) is not None
        r.napi._poll = 0
        L.local_bh_enable()
        assert len(L.skb_leaks()) == 3
        L.napi_disable(r.napi)
        L.netif_napi_del(r.napi)

    r.bed.run(fill)
    assert L.skb_leaks() == []
    assert L.mm_leaks() == []


# -- what tells flows apart ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "merged"),
    [
        ({}, True),
        ({"sk": object()}, False),
        ({"hash": 8}, False),
        ({"vlan_proto": L.ETH_P_8021Q}, False),
        ({"vlan_tci": 5, "vlan_proto": L.ETH_P_8021Q}, False),
    ],
)
def test_packets_with_other_fields_are_other_flows(change: dict[str, Any], merged: bool) -> None:
    r = Receiver()
    a, b = flow(2)

    def work(napi: Any) -> None:
        r.receive(napi, a)
        r.receive(napi, b, **change)
        napi.gro_hash[0][0].sk = None

    r.poll(work)
    assert r.results[1] == (L.GRO_MERGED_FREE if merged else L.GRO_HELD)


def test_other_metadata_of_an_xdp_program_is_another_flow() -> None:
    r = Receiver()

    def work(napi: Any) -> None:
        for frame, meta in zip(flow(3), (b"AAAA", b"AAAA", b"AAAB"), strict=True):
            skb = L.napi_alloc_skb(napi, len(frame))
            assert skb is not None
            L.skb_put_data(skb, frame, len(frame))
            r.bed.m.memory.mem[skb.data - 4 : skb.data] = meta
            L.skb_metadata_set(skb, 4)
            skb.protocol = L.eth_type_trans(skb, napi.dev)
            r.results.append(L.napi_gro_receive(napi, skb))

    r.poll(work)
    assert r.results == [L.GRO_HELD, L.GRO_MERGED_FREE, L.GRO_HELD]


def test_pages_of_a_pool_and_others_are_not_mixed() -> None:
    """Source: net/core/gro.c skb_gro_receive(): -ETOOMANYREFS."""
    r = Receiver()
    a, b = flow(2)

    def work(napi: Any) -> None:
        held = r.receive(napi, a)
        held.pp_recycle = 1
        r.receive(napi, b)
        held.pp_recycle = 0

    r.poll(work)
    assert r.segments() == [1, 1]


def test_packets_with_a_fragment_list_or_a_generic_xdp_program_are_left_alone() -> None:
    r = Receiver()
    a, b = flow(2)

    def work(napi: Any) -> None:
        napi.dev.xdp_prog = object()
        r.receive(napi, a)
        napi.dev.xdp_prog = None
        skb = L.napi_alloc_skb(napi, len(b))
        assert skb is not None
        L.skb_put_data(skb, b, len(b))
        L.skb_shinfo(skb).frag_list = L.alloc_skb(10, L.GFP_ATOMIC)
        skb.protocol = L.eth_type_trans(skb, napi.dev)
        r.results.append(L.napi_gro_receive(napi, skb))

    r.poll(work)
    assert r.results == [L.GRO_NORMAL, L.GRO_NORMAL]


HOP = b"\6\0\1\4\0\0\0\0"  # a hop-by-hop header: TCP follows, padding


@pytest.mark.parametrize(("second", "merged"), [(HOP, True), (b"\6\0\5\2\0\0\1\0", False)])
def test_ipv6_extension_headers_belong_to_the_flow(second: bytes, merged: bool) -> None:
    """Source: net/ipv6/ip6_offload.c ipv6_gro_pull_exthdrs()."""
    r = Receiver()
    r.give(tcp6(b"A" * 50, 1, HOP), tcp6(b"B" * 50, 51, second))
    assert r.segments() == ([2] if merged else [1, 1])
    if merged:
        (skb,) = r.seen
        data = L.skb_to_bytes(skb)
        assert data[48 + 20 :] == b"A" * 50 + b"B" * 50
        assert struct.unpack(">H", data[4:6])[0] == 8 + 20 + 100
        assert L.skb_transport_offset(skb) == 48


def test_checksum_of_a_packet_behind_long_extension_headers_is_right() -> None:
    r = Receiver()
    headers = b"\x3c\1\1\x0c" + bytes(12) + b"\6\2\1\x14" + bytes(20)  # hop by hop of 16, destination of 24 bytes
    r.give(tcp6(b"A" * 50, 1, headers), tcp6(b"B" * 50, 51, headers))
    (skb,) = r.seen
    L.skb_gso_reset(skb)
    assert L.skb_checksum_help(skb) == 0
    assert L.skb_to_bytes(skb) == tcp6(b"A" * 50 + b"B" * 50, 1, headers)[14:]


def test_flows_of_other_hosts_with_the_same_ports_are_not_mixed() -> None:
    r = Receiver()
    r.give(tcp(b"A" * 10, 1), tcp(b"B" * 10, 11, 2, src=b"\x0a\0\0\7"), tcp(b"C" * 10, 11, 2))
    assert r.results == [L.GRO_HELD, L.GRO_HELD, L.GRO_MERGED_FREE]


def test_segment_of_a_byte_is_held_and_one_without_data_is_not() -> None:
    r = Receiver()
    r.give(tcp(b"", 1), tcp(b"A", 1, 2), tcp(b"B", 9, 3))
    assert r.results == [L.GRO_NORMAL, L.GRO_HELD, L.GRO_HELD]


def test_chain_of_segments_ends_at_64() -> None:
    """Source: net/ipv4/tcp_offload.c tcp_gro_receive()."""
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_FRAGLIST)
    with L.tolerate("NAPI1"):  # more than a budget
        r.give(*(tcp(b"A" * 10, 10 * i, i) for i in range(70)))
    assert r.segments() == [64, 6]


def test_tags_in_the_data_are_looked_through_up_to_a_limit() -> None:
    """Source: include/net/gro.h GRO_RECURSION_LIMIT."""
    r = Receiver()
    a, b = (frame[12:] for frame in flow(2))
    for tags, merged in ((1, True), (3, True), (14, False)):
        r.results = []
        tag = b"\x81\x00\x00\x07" * tags
        r.give(MAC + tag + a, MAC + tag + b)
        assert r.results == ([L.GRO_HELD, L.GRO_MERGED_FREE] if merged else [L.GRO_NORMAL] * 2), tags


def test_tag_of_a_protocol_without_gro_is_passed_on() -> None:
    r = Receiver()
    r.give(MAC + b"\x81\x00\x00\x07\x88\xb5" + bytes(44))
    assert r.results == [L.GRO_NORMAL]


@pytest.mark.parametrize("size", [0, 10, 19, 30, 45])
def test_packet_that_ends_in_its_headers_is_passed_on(size: int) -> None:
    r = Receiver()
    for frame in (tcp(b"", 1), tcp6(b"", 1), udp(b"x", 1)):
        r.results = []
        r.give(frame[: 14 + min(size, len(frame) - 16)])
        assert r.results == [L.GRO_NORMAL]


# -- UDP -----------------------------------------------------------------------------------------------------
def test_datagrams_are_merged_for_forwarding_only_where_that_is_on() -> None:
    """NETIF_F_GRO_UDP_FWD."""
    for features, segments in ((0, [1, 1, 1]), (L.NETIF_F_GRO_UDP_FWD, [3])):
        r = Receiver(L.NETIF_F_GRO | features)
        r.give(*(udp(bytes([65 + i]) * 100, 1 + i) for i in range(3)))
        assert r.segments() == segments
    info = L.skb_shinfo(r.seen[0])
    assert (info.gso_type, info.gso_size) == (L.SKB_GSO_UDP_L4, 100)


def test_datagrams_of_a_byte_are_merged_and_empty_ones_are_not() -> None:
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_UDP_FWD)
    r.give(udp(b"A", 1), udp(b"B", 2), udp(b"", 3))
    assert r.results == [L.GRO_HELD, L.GRO_MERGED_FREE, L.GRO_NORMAL]


def test_datagrams_are_chained_as_they_are_with_gro_fraglist() -> None:
    """NETIF_F_GRO_FRAGLIST."""
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_FRAGLIST)
    r.give(*(udp(bytes([65 + i]) * 100, 1 + i) for i in range(3)))
    assert r.results == [L.GRO_HELD, L.GRO_MERGED, L.GRO_MERGED]
    (skb,) = r.seen
    info = L.skb_shinfo(skb)
    assert info.gso_type == L.SKB_GSO_UDP_L4 | L.SKB_GSO_FRAGLIST
    assert [L.skb_to_bytes(part) for part in (info.frag_list, info.frag_list.next)] == [b"B" * 100, b"C" * 100]
    r.free()
    assert L.skb_leaks() == []


def test_flow_of_datagrams_ends_where_they_are_chained_from_now_on() -> None:
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_UDP_FWD)

    def work(napi: Any) -> None:
        r.receive(napi, udp(b"A" * 100, 1))
        napi.dev.features |= L.NETIF_F_GRO_FRAGLIST
        r.receive(napi, udp(b"B" * 100, 2))
        assert len(napi.rx_list) == 2

    r.poll(work)
    assert r.results == [L.GRO_HELD, L.GRO_NORMAL]


# -- large packets -------------------------------------------------------------------------------------------
def test_merged_packet_stays_below_the_devices_limit() -> None:
    """gro_ipv4_max_size."""
    r = Receiver()
    L.netif_set_gro_ipv4_max_size(r.ndev, 40 + 300 + 1)
    r.give(*flow(5))
    assert r.segments() == [3, 2]


def test_limit_for_both_protocols_and_above_65536_for_ipv6_alone() -> None:
    r = Receiver()
    assert (r.ndev.gro_max_size, r.ndev.gro_ipv4_max_size) == (L.GRO_LEGACY_MAX_SIZE, L.GRO_LEGACY_MAX_SIZE)
    L.netif_set_gro_max_size(r.ndev, 1000)
    assert (r.ndev.gro_max_size, r.ndev.gro_ipv4_max_size) == (1000, 1000)
    L.netif_set_gro_max_size(r.ndev, L.GRO_MAX_SIZE)
    assert (r.ndev.gro_max_size, r.ndev.gro_ipv4_max_size) == (L.GRO_MAX_SIZE, 1000)


def test_ipv6_beyond_65535_bytes_is_a_jumbogram() -> None:
    """BIG TCP. Source: net/ipv6/ip6_offload.c ipv6_gro_complete()."""
    r = Receiver()
    L.netif_set_gro_max_size(r.ndev, 200_000)
    n = 50
    r.give(*(tcp6(bytes([i]) * 1440, i * 1440) for i in range(n)))
    (skb,) = r.seen
    data = L.skb_to_bytes(skb)
    assert data[4:7] == b"\0\0\0", "payload length 0, hop-by-hop options"
    assert data[40:48] == bytes((6, 0, 0xC2, 4)) + (n * 1440 + 20 + 8).to_bytes(4, "big")
    assert data[68:] == b"".join(bytes([i]) * 1440 for i in range(n))
    assert L.skb_transport_offset(skb) == 48
    assert L.skb_mac_frame(skb)[:14] == MAC + b"\x86\xdd"


def test_ipv6_with_65535_bytes_behind_its_header_is_no_jumbogram() -> None:
    r = Receiver()
    r.ndev.mtu = 16000
    L.netif_set_gro_max_size(r.ndev, 200_000)
    r.give(*(tcp6(bytes([i]) * 13103, i * 13103) for i in range(5)))
    (skb,) = r.seen
    assert L.skb_to_bytes(skb)[4:7] == b"\xff\xff\6"


def test_datagrams_stay_below_65536_bytes_whatever_the_device_says() -> None:
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_UDP_FWD)
    L.netif_set_gro_ipv4_max_size(r.ndev, 200_000)
    r.give(*(udp(bytes(1236), i) for i in range(53)))
    assert r.segments() == [52, 1]


def test_ipv4_beyond_65535_bytes_has_length_0() -> None:
    r = Receiver()
    L.netif_set_gro_ipv4_max_size(r.ndev, 200_000)
    r.give(*flow(60, 1400))
    (skb,) = r.seen
    data = L.skb_to_bytes(skb)
    assert skb.len == 40 + 60 * 1400
    assert data[2:4] == b"\0\0"
    assert words(data[:20]) == 0


# -- packets that the device merged already (NETIF_F_GRO_HW) -------------------------------------------------
def _merged_by_device(r: Receiver, napi: Any, gso_type: int, frame: bytes, segs: int, size: int) -> None:
    skb = L.napi_alloc_skb(napi, len(frame))
    assert skb is not None
    L.skb_put_data(skb, frame, len(frame))
    info = L.skb_shinfo(skb)
    info.gso_type, info.gso_segs, info.gso_size = gso_type, segs, size
    skb.protocol = L.eth_type_trans(skb, napi.dev)
    r.results.append(L.napi_gro_receive(napi, skb))


def test_packet_merged_by_the_device_goes_on_with_its_flow() -> None:
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_HW)

    def work(napi: Any) -> None:
        r.receive(napi, tcp(b"A" * 100, 1000))
        _merged_by_device(r, napi, L.SKB_GSO_TCPV4, tcp(b"B" * 300, 1100, 2), 3, 100)
        r.receive(napi, tcp(b"C" * 100, 1400, 5))

    r.poll(work)
    assert r.results == [L.GRO_HELD, L.GRO_MERGED_FREE, L.GRO_MERGED_FREE]
    assert r.segments() == [5]


def test_packet_merged_by_the_device_with_another_size_begins_anew() -> None:
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_HW)

    def work(napi: Any) -> None:
        r.receive(napi, tcp(b"A" * 100, 1000))
        _merged_by_device(r, napi, L.SKB_GSO_TCPV4, tcp(b"B" * 300, 1100, 2), 2, 150)

    r.poll(work)
    assert r.results == [L.GRO_HELD, L.GRO_HELD]


@pytest.mark.parametrize("gso_type", [L.SKB_GSO_UDP_L4, L.SKB_GSO_TCPV4 | L.SKB_GSO_DODGY])
def test_packet_merged_by_others_is_passed_on(gso_type: int) -> None:
    r = Receiver()
    r.poll(lambda napi: _merged_by_device(r, napi, gso_type, tcp(b"B" * 300, 1100, 2), 3, 100))
    assert r.results == [L.GRO_NORMAL]


def test_chained_flow_is_merged_from_a_packet_of_the_device_on() -> None:
    """Source: net/ipv4/tcp_offload.c tcp4_check_fraglist_gro()."""
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_HW | L.NETIF_F_GRO_FRAGLIST)

    def work(napi: Any) -> None:
        r.receive(napi, tcp(b"A" * 100, 1000))
        _merged_by_device(r, napi, L.SKB_GSO_TCPV4, tcp(b"B" * 300, 1100, 2), 3, 100)

    r.poll(work)
    (skb,) = r.seen
    assert L.skb_shinfo(skb).gso_segs == 4
    assert not L.skb_shinfo(skb).gso_type & L.SKB_GSO_FRAGLIST


# -- checksums -----------------------------------------------------------------------------------------------
def test_wrong_sum_of_a_right_packet_is_the_devices_fault() -> None:
    """kernel-rules.md: OFF3."""
    r = Receiver()
    with pytest.raises(L.CheckError, match="OFF3: .*hw csum failure"):
        r.give(tcp(b"A" * 10, 1), ip_summed=L.CHECKSUM_COMPLETE, csum=0x1234)


def test_checksum_verified_by_gro_is_remembered() -> None:
    """kernel-rules.md: OFF3, OFF4."""
    r = Receiver()
    good, bad = tcp(b"A" * 10, 1), tcp(b"B" * 10, 1, sport=9)
    r.give(good, bad[:-1] + b"C")
    assert [(skb.ip_summed, skb.csum_level) for skb in sorted(r.seen, key=lambda skb: skb.ip_summed)] == [
        (L.CHECKSUM_NONE, 0),
        (L.CHECKSUM_UNNECESSARY, 0),
    ]
    assert r.results == [L.GRO_HELD, L.GRO_NORMAL]


# -- napi_get_frags() ----------------------------------------------------------------------------------------
def test_frags_are_merged_and_their_skb_used_again() -> None:
    r = Receiver()
    skbs = []

    def work(napi: Any) -> None:
        for frame in flow(3):
            skbs.append(r.frags(napi, frame, vlan_tci=3, vlan_proto=L.ETH_P_8021Q, slow_gro=1))

    r.poll(work)
    assert r.results == [L.GRO_HELD, L.GRO_MERGED_FREE, L.GRO_MERGED_FREE]
    assert skbs[1] is skbs[2] is r.napi.skb
    again = r.napi.skb
    assert (again.len, again.vlan_tci, again.slow_gro, again.ip_summed, again.dev) == (0, 0, 0, 0, r.ndev)
    (skb,) = r.seen
    assert L.skb_to_bytes(skb)[40:] == b"A" * 100 + b"B" * 100 + b"C" * 100
    assert L.skb_mac_frame(skb)[:18] == MAC + b"\x81\x00\x00\x03\x08\x00"


def test_skb_of_frags_in_reserve_memory_is_not_used_again() -> None:
    """pfmemalloc."""
    r = Receiver()

    def work(napi: Any) -> None:
        for frame in flow(2):
            r.frags(napi, frame, pfmemalloc=1)

    r.poll(work)
    assert r.results == [L.GRO_HELD, L.GRO_MERGED_FREE]
    assert r.napi.skb is None


def test_frags_of_a_protocol_without_gro_are_passed_on_with_their_header_off() -> None:
    r = Receiver()
    frame = MAC + b"\x88\xb5" + bytes(range(46))
    r.poll(lambda napi: r.frags(napi, frame))
    assert r.results == [L.GRO_NORMAL]
    (skb,) = r.seen
    assert (skb.protocol, L.skb_to_bytes(skb), L.skb_mac_frame(skb)) == (0x88B5, frame[14:], frame)


def test_frags_whose_first_one_is_shorter_than_the_ethernet_header_are_put_together() -> None:
    r = Receiver()
    frame = tcp(b"A" * 20, 1)
    r.poll(lambda napi: r.frags(napi, frame[:10], frame[10:]))
    assert r.results == [L.GRO_HELD]
    assert L.skb_mac_frame(r.seen[0]) == frame


def test_frags_whose_headers_are_in_two_pages_are_merged() -> None:
    """The first page is free once its bytes are in the linear part."""
    r = Receiver()

    def work(napi: Any) -> None:
        for i in range(2):
            frame = tcp6(bytes([65 + i]) * 50, 50 * i, HOP)
            r.frags(napi, frame[:54], frame[54:])

    r.poll(work)
    assert r.segments() == [2]
    assert L.skb_to_bytes(r.seen[0])[68:] == b"A" * 50 + b"B" * 50


def test_skb_of_frags_whose_head_was_merged_is_not_used_again() -> None:
    r = Receiver()
    a, b = flow(2)

    def work(napi: Any) -> None:
        r.frags(napi, a)
        skb = L.napi_get_frags(napi)
        assert skb is not None
        L.skb_put_data(skb, b, len(b))
        r.results.append(L.napi_gro_frags(napi))

    r.poll(work)
    assert r.results == [L.GRO_HELD, L.GRO_MERGED_FREE]
    assert r.napi.skb is None
    assert L.skb_to_bytes(r.seen[0])[40:] == b"A" * 100 + b"B" * 100
    r.free()
    assert L.skb_leaks() == []
    assert L.mm_leaks() == []


def test_get_frags_without_memory_gives_none() -> None:
    r = Receiver()

    def work(napi: Any) -> None:
        L.set_alloc_failure(lambda what, size: True)
        assert L.napi_get_frags(napi) is None
        L.set_alloc_failure(None)
        skb = L.napi_get_frags(napi)
        assert skb is not None and L.napi_get_frags(napi) is skb

    r.poll(work)


def test_frags_without_get_frags_are_a_bug() -> None:
    r = Receiver()
    with pytest.raises(L.KernelBug, match=r"napi_gro_frags\(\) without napi_get_frags\(\).*test_linux_gro.py"):
        r.poll(lambda napi: L.napi_gro_frags(napi))


def test_frags_shorter_than_an_ethernet_header_are_a_bug() -> None:
    r = Receiver()
    with pytest.raises(L.KernelBug, match=r"NULL pointer dereference: napi_gro_frags\(\) of 13 bytes"):
        r.poll(lambda napi: r.frags(napi, bytes(13)))
    assert any("dropping impossible skb" in line for line in L.dmesg())


def test_frags_outside_of_a_poll_are_napi7() -> None:
    """kernel-rules.md: NAPI7."""
    r = Receiver()
    with pytest.raises(L.CheckError, match=r"NAPI7: .*napi_gro_frags\(\) outside"):
        r.bed.run(L.napi_gro_frags, r.napi)


def test_frags_of_a_device_that_is_down_are_life2() -> None:
    """kernel-rules.md: LIFE2."""
    r = Receiver()

    def work(napi: Any) -> None:
        napi.dev.state &= ~1  # __LINK_STATE_START
        napi.dev.flags &= ~L.IFF_UP
        r.frags(napi, tcp(b"", 1))

    with pytest.raises(L.CheckError, match="LIFE2: .*gro_bed.py:.* frags"):
        r.poll(work)


# -- a whole driver ------------------------------------------------------------------------------------------
def test_reference_driver_with_gro_hands_merged_packets_to_a_packet_socket(host: Callable[..., Host]) -> None:
    h = host(rate_gbps=100.0)
    h.up()
    h.ndev.features |= L.NETIF_F_GRO
    sock = h.call(L.packet_socket, h.ndev, L.ETH_P_ALL)
    frames = flow(8, 1400)
    for frame in frames:
        h.platform.wire_send(frame, 0)
    h.until(lambda: sum(len(frame) for frame, _ in h.received) >= 8 * 1400)
    got = []
    while isinstance(frame := h.call(L.packet_recvmsg, sock, 0x40), bytes):
        got.append(frame)
    assert len(got) < 8
    assert b"".join(frame[54:] for frame in got) == b"".join(frame[54:] for frame in frames)
    assert got == [frame for frame, _ in h.received]
    h.call(L.packet_release, sock)
    h.down()
    h.remove()
