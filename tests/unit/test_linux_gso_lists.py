# SPDX-License-Identifier: Apache-2.0
"""Segmentation of packets with fragment lists: cut in place, taken apart, or copied."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.gso_packets import FEATURES, TCP_TYPE, assert_right, gso_skb, headers, packets, set_pseudo, with_list
from tests.unit.linux_bed import Bed


@pytest.fixture(autouse=True, scope="module")
def _bed() -> Any:
    Bed(size=64 << 20)
    yield
    assert L.leak_report() == []


@given(
    st.lists(st.integers(1, 300), min_size=2, max_size=6),
    st.booleans(), st.integers(60, 400), FEATURES, st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_fragment_lists_are_cut_anywhere_when_their_heads_are_pages_or_are_not_trusted(
    sizes: list[int], page_heads: bool, mss: int, features: int, dodgy: bool
) -> None:
    """A list of kmalloc'ed heads can only be cut at its members' ends, or copied."""
    if not page_heads:
        if not dodgy:
            features &= ~L.NETIF_F_SG
        else:
            sizes[0] += sizes[0] == mss  # which would make it a trusted one
    elif features & L.NETIF_F_SG and any(size > mss for size in sizes[1:]):
        features &= ~L.NETIF_F_SG  # what BUG() is for: see below
    if page_heads and features & L.NETIF_F_SG:
        sizes = [mss] + [mss] * (len(sizes) - 2) + [min(sizes[-1], mss)]
    else:  # a segment that happens to be as long as the first member ends in a BUG, in the kernel as here
        assume(sizes[1] not in (mss, sum(sizes) % mss))
    skb, payload = with_list(sizes, page_heads, L.SKB_GSO_TCPV4 | (L.SKB_GSO_DODGY if dodgy else 0), mss)
    segs = L.skb_gso_segment(skb, features)
    if len(payload) <= mss:
        assert segs == -L.EINVAL
        L.kfree_skb(skb)
        return
    L.kfree_skb(skb)
    seen = [assert_right(frame) for frame in packets(segs)]
    assert b"".join(bytes(p[TCP].payload) for p in seen) == payload
    assert all(len(p[TCP].payload) == mss for p in seen[:-1])


def test_member_of_a_list_longer_than_a_segment_is_a_bug() -> None:
    """The BUG_ON of skb_segment(): somebody reduced gso_size of what GRO had built."""
    skb, _ = with_list([100, 100, 100], True, L.SKB_GSO_TCPV4, 50)
    with pytest.raises(L.KernelBug, match="100 linear bytes in a fragment list of 50"):
        L.skb_gso_segment(skb, L.NETIF_F_SG | L.NETIF_F_HW_CSUM)
    Bed(size=64 << 20)


def test_list_that_a_tso_device_cannot_gather_becomes_gso_packets_without_lists() -> None:
    skb, payload = with_list([300, 300, 250], True, L.SKB_GSO_TCPV4, 100)
    features = L.NETIF_F_SG | L.NETIF_F_HW_CSUM | L.NETIF_F_TSO
    segs = L.skb_gso_segment(skb, features)
    L.kfree_skb(skb)
    sizes, ids, data = [], [], b""
    while segs is not None:
        shinfo = L.skb_shinfo(segs)
        sizes.append((shinfo.gso_size, shinfo.gso_segs, shinfo.gso_type, L.skb_has_frag_list(segs)))
        frame = L.skb_to_bytes(segs)
        ids.append(Ether(frame)[IP].id)
        data += frame[54:]
        assert Ether(frame)[IP].len == len(frame) - 14
        following = segs.next
        L.kfree_skb(segs)
        segs = following
    assert sizes == [(100, 3, 1, False)] * 3
    assert ids == [0xFFFE, 1, 4]
    assert data == payload


@pytest.mark.parametrize("translated", [False, True])
@pytest.mark.parametrize(("version", "proto"), [(4, TCP), (6, TCP), (4, UDP), (6, UDP)])
def test_chained_packets_come_apart_and_follow_a_changed_first_header(
    version: int, proto: Any, translated: bool
) -> None:
    """SKB_GSO_FRAGLIST: each is the packet that arrived, but for what NAT changed in the first one."""
    parts = [bytes([i]) * 100 for i in range(3)] + [b"end"]
    skbs = []
    for i, part in enumerate(parts):
        header = headers(version, proto)
        if version == 4:
            header[IP].id = 50 + i
        skb = gso_skb(header, part, 0, linear=len(part), partial=False)
        skb.ip_summed = L.CHECKSUM_UNNECESSARY
        skbs.append(skb)
    first = skbs[0]
    l4 = (34 if version == 4 else 54) + (20 if proto is TCP else 8)
    for before, skb in pairwise(skbs):
        L.skb_pull(skb, l4)
        if before is first:
            L.skb_shinfo(first).frag_list = skb
        else:
            before.next = skb
        first.len += skb.len
        first.data_len += skb.len
        first.truesize += skb.truesize
    shinfo = L.skb_shinfo(first)
    kind = TCP_TYPE[version] if proto is TCP else L.SKB_GSO_UDP_L4
    shinfo.gso_size, shinfo.gso_segs, shinfo.gso_type = 100, 4, kind | L.SKB_GSO_FRAGLIST
    nat = Ether(L.skb_to_bytes(first)[: l4 + 100])
    if translated:  # NAT: a new source, with the first packet's checksums right
        nat[1].src = "99.1.2.3" if version == 4 else "2001::77"
        nat[proto].dport = 999
        for layer, name in ((1, "chksum"), (1, "plen"), (1, "len"), (proto, "chksum"), (proto, "len")):
            if name in nat[layer].fields:
                delattr(nat[layer], name)
        L.skb_store_bits(first, 0, bytes(nat), l4)
    segs = L.__skb_gso_segment(first, 0, True)
    assert segs is first and first.users == 2
    L.consume_skb(first)
    seen = [assert_right(frame) for frame in packets(segs)]
    assert [bytes(p[proto].payload) for p in seen] == parts
    assert {(p[1].src, p[proto].dport) for p in seen} == {(nat[1].src, nat[proto].dport)}


@pytest.mark.parametrize(("version", "proto"), [(4, TCP), (6, TCP), (4, UDP), (6, UDP)])
def test_chained_packet_that_was_pulled_together_is_cut_anew(version: int, proto: Any) -> None:
    kind = TCP_TYPE[version] if proto is TCP else L.SKB_GSO_UDP_L4
    skb = gso_skb(headers(version, proto), bytes(range(250)), kind | L.SKB_GSO_FRAGLIST, linear=250, partial=False)
    skb.ip_summed = L.CHECKSUM_UNNECESSARY
    segs = L.skb_gso_segment(skb, 0)
    L.kfree_skb(skb)
    seen = [assert_right(frame) for frame in packets(segs)]
    assert [len(p[proto].payload) for p in seen] == [100, 100, 50]


def test_gso_by_frags_makes_a_segment_of_each_member() -> None:
    skb, payload = with_list([0, 200, 50, 120], True, L.SKB_GSO_TCPV4, 100)
    L.skb_shinfo(skb).gso_size = L.GSO_BY_FRAGS
    assert L.skb_gso_validate_network_len(skb, 240) and not L.skb_gso_validate_network_len(skb, 239)
    L.skb_pull(skb, 54)
    segs = L.skb_segment(skb, L.NETIF_F_SG | L.NETIF_F_HW_CSUM)
    found = []
    while segs is not None:
        found.append(L.skb_to_bytes(segs)[54:])
        following = segs.next
        L.kfree_skb(segs)
        segs = following
    assert found == [payload[:200], payload[200:250], payload[250:]]
    L.kfree_skb(skb)


# -- members of a list that do not begin where a segment does ------------------------------------------------
def member(head: bytes, *frags: bytes, page_head: bool = True) -> Any:
    """A member of a fragment list: these bytes linear, the others in page fragments."""
    skb = L.netdev_alloc_skb(None, 400) if page_head else L.alloc_skb(400, L.GFP_ATOMIC)
    L.skb_put_data(skb, head, len(head))
    for i, part in enumerate(frags):
        L.skb_add_rx_frag(skb, i, L.alloc_page(L.GFP_ATOMIC), 0, len(part), 4096)
        L.skb_store_bits(skb, skb.len - len(part), part, len(part))
    return skb


def listed(skb: Any, *members: Any) -> Any:
    """``skb`` with these as its fragment list."""
    L.skb_shinfo(skb).frag_list = members[0]
    for before, after in pairwise(members):
        before.next = after
    for part in members:
        skb.len += part.len
        skb.data_len += part.len
        skb.truesize += part.truesize
    if skb.ip_summed == L.CHECKSUM_PARTIAL:
        set_pseudo(skb)
    return skb


DATA = bytes(i * 11 & 255 for i in range(600))
SG = L.NETIF_F_SG | L.NETIF_F_HW_CSUM


def test_segment_that_ends_in_a_members_page_head_refers_to_that_page() -> None:
    pages = member(b"", DATA[200:230], DATA[230:390])
    skb = listed(gso_skb(headers(), DATA[:150], L.SKB_GSO_TCPV4), member(DATA[150:200]), pages)
    segs = L.skb_gso_segment(skb, SG)
    L.kfree_skb(skb)
    assert [(s.data_len, L.skb_shinfo(s).nr_frags) for s in (segs, segs.next, segs.next.next)] == [
        (100, 1), (100, 2), (100, 2),
    ]  # fmt: skip
    seen = [assert_right(frame) for frame in packets(segs)]
    assert b"".join(bytes(p[TCP].payload) for p in seen) == DATA[:390]


def test_member_that_begins_a_segment_is_cloned_with_as_many_fragments_as_fit() -> None:
    skb = listed(
        gso_skb(headers(), DATA[:100], L.SKB_GSO_TCPV4, linear=100),
        member(DATA[100:140], DATA[140:170], DATA[170:340]), member(DATA[340:360]),
    )  # fmt: skip
    segs = L.skb_gso_segment(skb, SG)
    L.kfree_skb(skb)
    seen = [assert_right(frame) for frame in packets(segs)]
    assert b"".join(bytes(p[TCP].payload) for p in seen) == DATA[:360]
    assert [len(p[TCP].payload) for p in seen] == [100, 100, 100, 60]


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ((member, (DATA[150:200],), {"page_head": False}), "no page fragment"),
        ((member, (b"",), {}), "empty member"),
    ],
)
def test_members_that_cannot_be_cut_in_place_are_bugs(parts: Any, match: str) -> None:
    make, args, how = parts
    skb = listed(gso_skb(headers(), DATA[:150], L.SKB_GSO_TCPV4), make(*args, **how), member(DATA[200:300]))
    with pytest.raises(L.KernelBug, match=match):
        L.skb_gso_segment(skb, SG)
    Bed(size=64 << 20)


def test_packet_shorter_than_its_length_says_is_a_bug() -> None:
    skb = gso_skb(headers(), DATA[:150], L.SKB_GSO_TCPV4)
    skb.len += 30
    skb.data_len += 30
    with pytest.raises(L.KernelBug, match="ends before its length"):
        L.skb_gso_segment(skb, SG)
    Bed(size=64 << 20)
    skb = listed(gso_skb(headers(), DATA[:100], L.SKB_GSO_TCPV4, linear=100), member(DATA[100:140]), member(b"", b"x"))
    with pytest.raises(L.KernelBug, match="too short"):
        L.skb_gso_segment(skb, SG)
    Bed(size=64 << 20)


@pytest.mark.parametrize("after", range(3))
def test_failed_clone_of_a_member_is_enomem_and_leaks_nothing(after: int) -> None:
    """Of the first segment, of the clone, and of room for the headers in front of it."""
    skb = listed(gso_skb(headers(), DATA[:100], L.SKB_GSO_TCPV4, linear=100), member(DATA[100:150]))
    left = after

    def fail(what: str, size: int) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    alive = len(L.skb_leaks())
    L.set_alloc_failure(fail)
    assert L.skb_gso_segment(skb, SG) == -L.ENOMEM
    L.set_alloc_failure(None)
    assert len(L.skb_leaks()) == alive
    L.kfree_skb(skb)


def chained(parts: list[bytes], proto: Any = TCP) -> Any:
    """What GRO makes of a fragment list flow: whole packets, of which all but the first were pulled to the payload."""
    kind = L.SKB_GSO_TCPV4 if proto is TCP else L.SKB_GSO_UDP_L4
    skbs = [gso_skb(headers(4, proto), part, 0, linear=len(part), partial=False) for part in parts]
    for skb in skbs:
        skb.ip_summed = L.CHECKSUM_UNNECESSARY
    for skb in skbs[1:]:
        L.skb_pull(skb, 54 if proto is TCP else 42)
    first = listed(skbs[0], *skbs[1:])
    shinfo = L.skb_shinfo(first)
    shinfo.gso_size, shinfo.gso_type = len(parts[0]), kind | L.SKB_GSO_FRAGLIST
    return first


def test_shared_member_of_a_chain_is_cloned_and_stays_whole() -> None:
    skb = chained([DATA[:100], DATA[100:200], DATA[200:250]])
    shared = L.skb_get(L.skb_shinfo(skb).frag_list)
    segs = L.skb_gso_segment(skb, 0)
    L.kfree_skb(skb)
    assert segs.next is not shared
    seen = [assert_right(frame) for frame in packets(segs)]
    assert b"".join(bytes(p[TCP].payload) for p in seen) == DATA[:250]
    assert L.skb_to_bytes(shared) == DATA[100:200]
    L.kfree_skb(shared)


@pytest.mark.parametrize("after", [0, 1])
def test_chain_whose_shared_member_cannot_be_copied_is_enomem(after: int) -> None:
    skb = chained([DATA[:100], DATA[100:200], DATA[200:250]])
    shared = L.skb_get(L.skb_shinfo(skb).frag_list)
    left = after

    def fail(what: str, size: int) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    L.set_alloc_failure(fail)
    assert L.skb_gso_segment(skb, 0) == -L.ENOMEM
    L.set_alloc_failure(None)
    L.kfree_skb(skb)
    L.kfree_skb(shared)


def test_chain_whose_head_or_parts_cannot_be_copied_is_enomem() -> None:
    skb = chained([DATA[:100], DATA[100:200]])
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    L.set_alloc_failure(lambda what, size: True)
    assert L.skb_segment_list(skb, 0, 14) == -L.ENOMEM
    L.set_alloc_failure(None)
    L.kfree_skb(clone)
    L.kfree_skb(skb)
    for which in (0, 1):  # whose fragments the device cannot gather
        skb = chained([DATA[:100], DATA[100:200]])
        part = skb if which == 0 else L.skb_shinfo(skb).frag_list
        L.skb_add_rx_frag(part, 0, L.alloc_pages(L.GFP_ATOMIC, 1), 0, 5000, 8192)
        if which:
            skb.len += 5000
            skb.data_len += 5000
        L.set_alloc_failure(lambda what, size: True)
        assert L.skb_segment_list(skb, 0, 14) == -L.ENOMEM
        L.set_alloc_failure(None)
        L.kfree_skb(skb)


def test_udp_checksum_of_a_translated_chain_is_never_0() -> None:
    """CSUM_MANGLED_0: 0 would mean that there is none; and a datagram without checksum stays without."""
    for wanted in (0xFFFF, 0):
        skb = chained([b"a" * 10, b"b" * 10], UDP)
        second = L.skb_shinfo(skb).frag_list
        mem = here.mem
        field = second.head + second.transport_header + 6
        if wanted:  # so that the new source port makes it 0
            mem[field : field + 2] = b"\0\1"
            mem[skb.head + skb.transport_header : skb.head + skb.transport_header + 2] = b"\0\2"
        else:
            mem[field : field + 2] = b"\0\0"
            mem[skb.head + skb.transport_header : skb.head + skb.transport_header + 2] = b"\0\7"
        segs = L.skb_gso_segment(skb, 0)
        assert L.udp_hdr(segs.next).check == wanted
        L.kfree_skb(skb)
        L.kfree_skb_list(segs)


def test_chain_of_one_is_that_one() -> None:
    skb = gso_skb(headers(4, UDP), bytes(200), L.SKB_GSO_UDP_L4 | L.SKB_GSO_FRAGLIST, mss=100, linear=100)
    L.skb_trim(skb, 142) if not skb.data_len else L.pskb_trim(skb, 142)
    skb.len += 60  # a list that somebody took off
    skb.data_len += 60
    L.skb_shinfo(skb).gso_size = 100
    assert L.skb_pagelen(skb) == 142
    segs = L.skb_gso_segment(skb, 0)
    assert segs is skb and segs.next is None
    Bed(size=64 << 20)
