# SPDX-License-Identifier: Apache-2.0
"""Ethernet headers and addresses, and VLAN tags beside the data and in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_checksum import same

PAYLOAD = IP() / UDP() / (b"x" * 30)
TPID = {Dot1Q: L.ETH_P_8021Q, Dot1AD: L.ETH_P_8021AD}


@pytest.fixture(autouse=True, scope="module")
def _bed() -> None:
    Bed(size=64 << 20)


class Device:
    name = "fake0"
    dev_addr = b"\2\0\0\0\0\1"
    features = 0
    flags = 0
    mtu = 1500


def make_skb(frame: bytes, complete: bool = False) -> Any:
    """An skb with ``data`` at the MAC header, as a packet that is sent."""
    skb = L.alloc_skb(len(frame) + 64, L.GFP_ATOMIC)
    L.skb_reserve(skb, 64)
    L.skb_put_data(skb, frame, len(frame))
    skb.dev = Device()
    L.skb_reset_mac_header(skb)
    skb.protocol = L.eth_hdr(skb).h_proto
    L.skb_set_network_header(skb, 18 if L.eth_type_vlan(skb.protocol) else 14)
    skb.mac_len = 14
    if complete:
        skb.ip_summed, skb.csum = L.CHECKSUM_COMPLETE, L.skb_checksum(skb, 0, skb.len, 0)
    return skb


def assert_csum(skb: Any) -> None:
    """A COMPLETE sum covers the packet from ``data`` on."""
    assert same(L.csum_fold(skb.csum), L.csum_fold(L.skb_checksum(skb, 0, skb.len, 0)))


# -- Ethernet ------------------------------------------------------------------------------------------------
def test_eth_type_trans_leaves_pkt_type_of_what_is_for_the_device() -> None:
    """Linux does not write it: alloc_skb() made it PACKET_HOST."""
    skb = make_skb(bytes(Ether(dst="02:00:00:00:00:01") / PAYLOAD))
    skb.pkt_type = L.PACKET_OTHERHOST
    L.eth_type_trans(skb, Device())
    assert skb.pkt_type == L.PACKET_OTHERHOST


def test_eth_type_trans_of_a_short_frame_does_not_pull() -> None:
    skb = make_skb(b"\2\0\0\0\0\1")
    here.mem[skb.tail : skb.tail + 8] = b"\0" * 6 + b"\x08\x06"  # it reads past the end
    data = skb.data
    assert L.eth_type_trans(skb, Device()) == L.ETH_P_ARP
    assert (skb.data, skb.len, skb.mac_header) == (data, 6, data - skb.head)


def test_eth_type_trans_of_a_header_in_fragments_is_a_bug() -> None:
    skb = make_skb(b"\2\0\0\0\0\1")
    L.skb_add_rx_frag(skb, 0, L.alloc_page(L.GFP_ATOMIC), 0, 60, 4096)
    with pytest.raises(L.KernelBug, match="not linear"):
        L.eth_type_trans(skb, Device())


def test_eth_type_trans_looks_for_the_llc_header_in_fragments_too() -> None:
    for sap, proto in ((b"\xff\xff", L.ETH_P_802_3), (b"\xaa\xaa", L.ETH_P_802_2)):
        skb = make_skb(b"\2\0\0\0\0\1" + bytes(6) + b"\0\x2e")
        L.skb_add_rx_frag(skb, 0, L.alloc_page(L.GFP_ATOMIC), 0, 46, 4096)
        L.skb_store_bits(skb, 14, sap, 2)
        assert L.eth_type_trans(skb, Device()) == proto
    skb = make_skb(bytes(12) + b"\0\1\xff")  # one byte of it is not enough
    assert L.eth_type_trans(skb, Device()) == L.ETH_P_802_2


def test_eth_header_is_pushed_with_the_devices_address() -> None:
    dev: Any = Device()
    skb = make_skb(b"payload")
    assert L.eth_header(skb, dev, L.ETH_P_IP, b"\4\0\0\0\0\4", None, 7) == 14
    assert L.skb_to_bytes(skb) == b"\4\0\0\0\0\4" + b"\2\0\0\0\0\1" + b"\x08\0payload"
    L.skb_reset_mac_header(skb)
    eth = L.eth_hdr(skb)
    assert (eth.h_dest, eth.h_source, eth.h_proto) == (b"\4\0\0\0\0\4", dev.dev_addr, L.ETH_P_IP)
    eth.h_dest, eth.h_source, eth.h_proto = bytes(6), b"abcdef", L.ETH_P_ARP
    assert bytes(eth) == bytes(6) + b"abcdef\x08\x06"
    assert L.eth_header(skb, dev, L.ETH_P_802_2, None, b"\6" * 6, 99) == -14  # somebody must resolve the address
    assert L.skb_to_bytes(skb)[6:14] == b"\6" * 6 + b"\0\x63"
    dev.flags = L.IFF_NOARP
    assert L.eth_header(skb, dev, L.ETH_P_IP, None, None, 0) == 14
    assert L.skb_to_bytes(skb)[:6] == bytes(6)
    with pytest.raises(L.KernelBug, match="skb_under_panic"):
        for _ in range(3):
            L.eth_header(skb, dev, L.ETH_P_IP, None, None, 0)


@given(st.binary(min_size=6, max_size=6))
def test_ether_crc_is_the_frame_check_sequences_polynomial(addr: bytes) -> None:
    """Bit by bit, as a device's hash filter does it."""
    crc = 0xFFFFFFFF
    for byte in addr:
        for bit in range(8):
            top = crc >> 31
            crc = crc << 1 & 0xFFFFFFFF
            if top ^ (byte >> bit & 1):
                crc ^= 0x04C11DB7
    assert L.ether_crc(6, addr) == crc
    at = 2 * L.PAGE_SIZE
    here.mem[at : at + 6] = addr
    assert L.ether_crc(6, at) == crc
    assert L.ether_crc_le(6, at) == int(f"{crc:032b}"[::-1], 2)


def test_addresses_are_classified_and_converted() -> None:
    assert L.is_local_ether_addr(b"\2\0\0\0\0\1") and not L.is_local_ether_addr(b"\0\x1b\x21\0\0\1")
    assert L.ether_addr_to_u64(b"\1\2\3\4\5\6") == 0x010203040506
    assert L.u64_to_ether_addr(0x010203040506) == b"\1\2\3\4\5\6"
    assert L.is_zero_ether_addr(L.eth_zero_addr()) and L.is_broadcast_ether_addr(L.eth_broadcast_addr())
    assert L.eth_proto_is_802_3(0x600) and not L.eth_proto_is_802_3(0x5FF)


# -- VLAN ----------------------------------------------------------------------------------------------------
TAGS = st.lists(st.tuples(st.sampled_from([Dot1Q, Dot1AD]), st.integers(0, 0xFFFF)), max_size=3)


def framed(tags: list[tuple[Any, int]]) -> bytes:
    """A frame with these tags, the outermost first."""
    packet: Any = Ether(src="02:00:00:00:00:02", dst="02:00:00:00:00:03")
    for kind, tci in tags:
        packet = packet / kind(prio=tci >> 13, dei=tci >> 12 & 1, vlan=tci & 0xFFF)
    return bytes(packet / PAYLOAD)


@given(TAGS, st.booleans())
def test_tags_pushed_are_in_the_frame_and_popped_are_gone(tags: list[tuple[Any, int]], complete: bool) -> None:
    """The outermost tag is beside the data all along; a COMPLETE sum stays that of the bytes."""
    skb = make_skb(framed([]), complete)
    for n, (kind, tci) in enumerate(reversed(tags), 1):
        assert L.skb_vlan_push(skb, TPID[kind], tci) == 0
        assert (skb.vlan_proto, skb.vlan_tci) == (TPID[kind], tci)
        inside = tags[len(tags) - n + 1 :]
        assert L.skb_to_bytes(skb) == framed(inside)
        assert skb.protocol == L.eth_hdr(skb).h_proto
        assert_csum(skb) if complete else None
    for n in range(len(tags)):
        kind, tci = tags[n]
        assert (skb.vlan_proto, skb.vlan_tci, L.skb_vlan_tag_get(skb)) == (TPID[kind], tci, tci)
        assert L.skb_vlan_pop(skb) == 0
        assert L.skb_to_bytes(skb) == framed(tags[n + 2 :])
        assert_csum(skb) if complete else None
    assert not L.skb_vlan_tag_present(skb) and skb.protocol == L.ETH_P_IP
    assert L.skb_vlan_pop(skb) == 0
    assert L.skb_to_bytes(skb) == framed([])
    L.kfree_skb(skb)


@given(TAGS.filter(bool))
def test_tags_in_a_frame_are_popped_from_the_outside(tags: list[tuple[Any, int]]) -> None:
    skb = make_skb(framed(tags))
    assert L.vlan_get_protocol(skb) == L.ETH_P_IP
    assert L.vlan_get_tag(skb) == (0, tags[0][1])
    assert L.skb_vlan_pop(skb) == 0
    assert L.skb_vlan_tag_present(skb) is (len(tags) > 1)
    assert L.skb_to_bytes(skb) == framed(tags[2:])
    L.kfree_skb(skb)


@given(TAGS.filter(bool), st.booleans())
def test_received_tag_is_moved_beside_the_data(tags: list[tuple[Any, int]], complete: bool) -> None:
    skb = make_skb(framed(tags))
    shared = L.skb_clone(skb, L.GFP_ATOMIC)
    skb.protocol = L.eth_type_trans(skb, skb.dev)
    if complete:
        skb.ip_summed, skb.csum = L.CHECKSUM_COMPLETE, L.skb_checksum(skb, 0, skb.len, 0)
    skb = L.skb_vlan_untag(skb)
    assert (skb.vlan_proto, skb.vlan_tci) == (TPID[tags[0][0]], tags[0][1])
    assert skb.network_header == skb.transport_header == skb.data - skb.head
    assert skb.mac_len == 14
    if complete:
        assert same(L.csum_fold(skb.csum), L.csum_fold(L.skb_checksum(skb, 0, skb.len, 0)))
    again = L.skb_vlan_untag(skb)
    assert again is skb and skb.vlan_tci == tags[0][1]  # one tag is enough
    L.skb_push(skb, 14)
    assert L.skb_to_bytes(skb) == framed(tags[1:])
    assert L.skb_to_bytes(shared) == framed(tags)  # kernel-rules.md: TX5
    L.kfree_skb(skb)
    L.kfree_skb(shared)


def test_untag_of_a_shared_skb_gives_another_and_of_a_cut_one_frees_it() -> None:
    skb = make_skb(framed([(Dot1Q, 5)]))
    skb.protocol = L.eth_type_trans(skb, skb.dev)
    mine = L.skb_vlan_untag(L.skb_get(skb))
    assert mine is not skb and not skb.vlan_tci and mine.vlan_tci == 5
    L.kfree_skb(mine)
    L.kfree_skb(skb)
    alive = len(L.skb_leaks())
    skb = make_skb(framed([(Dot1Q, 5)])[:19])
    skb.protocol = L.eth_type_trans(skb, skb.dev)
    assert L.skb_vlan_untag(skb) is None
    assert len(L.skb_leaks()) == alive
    skb = make_skb(framed([(Dot1Q, 5)]))
    skb.protocol = L.eth_type_trans(skb, skb.dev)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    L.set_alloc_failure(lambda what, size: True)
    assert L.skb_vlan_untag(skb) is None
    L.set_alloc_failure(None)
    L.kfree_skb(clone)
    assert len(L.skb_leaks()) == alive


def test_untag_takes_xdp_metadata_along() -> None:
    skb = make_skb(framed([(Dot1Q, 5)]))
    mem = here.mem
    mem[skb.data - 8 : skb.data] = b"metadata"
    L.skb_shinfo(skb).meta_len = 8
    before = bytes(mem[skb.head : skb.data - 8])
    skb.protocol = L.eth_type_trans(skb, skb.dev)
    skb = L.skb_vlan_untag(skb)
    mac = skb.head + skb.mac_header
    assert bytes(mem[mac - 8 : mac]) == b"metadata"
    assert bytes(mem[skb.head : mac - 12]) == before


def test_untag_of_a_length_or_raw_802_3_behind_the_tag() -> None:
    for rest, proto in ((b"\0\x2e\xaa\xaa", L.ETH_P_802_2), (b"\0\x2e\xff\xff", L.ETH_P_802_3)):
        skb = make_skb(bytes(12) + b"\x81\0\0\7" + rest + bytes(44))
        skb.protocol = L.eth_type_trans(skb, skb.dev)
        assert L.skb_vlan_untag(skb).protocol == proto


def test_push_and_pop_away_from_the_mac_header_warn() -> None:
    skb = make_skb(framed([(Dot1Q, 5)]))
    L.skb_pull(skb, 14)
    with pytest.raises(L.KernelWarning, match=r"__skb_vlan_pop got skb with skb->data not at mac header \(offset 14\)"):
        L.skb_vlan_pop(skb)
    L.__vlan_hwaccel_put_tag(skb, L.ETH_P_8021Q, 6)
    with L.tolerate("WARN"):
        assert L.skb_vlan_push(skb, L.ETH_P_8021Q, 7) == -L.EINVAL
        L.__vlan_hwaccel_clear_tag(skb)
        assert L.skb_vlan_pop(skb) == -L.EINVAL


def test_push_and_pop_of_a_clone_leave_the_other_alone_or_fail() -> None:
    """kernel-rules.md: TX5."""
    skb = make_skb(framed([(Dot1Q, 5)]))
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    for fails in (True, False):
        L.set_alloc_failure((lambda what, size: True) if fails else None)
        assert L.skb_vlan_pop(clone) == (-L.ENOMEM if fails else 0)
        L.set_alloc_failure(None)
    assert L.skb_to_bytes(skb) == framed([(Dot1Q, 5)]) and L.skb_to_bytes(clone) == framed([])
    L.__vlan_hwaccel_put_tag(skb, L.ETH_P_8021Q, 9)
    other = L.skb_clone(skb, L.GFP_ATOMIC)
    L.set_alloc_failure(lambda what, size: True)
    assert L.skb_vlan_push(other, L.ETH_P_8021AD, 7) == -L.ENOMEM
    L.set_alloc_failure(None)
    assert L.skb_vlan_push(other, L.ETH_P_8021AD, 7) == 0
    assert L.skb_to_bytes(skb) == framed([(Dot1Q, 5)])
    assert L.skb_to_bytes(other) == framed([(Dot1Q, 9), (Dot1Q, 5)])


def test_tag_is_asked_for_where_the_device_wants_it() -> None:
    skb = make_skb(framed([(Dot1Q, 5)]))
    assert L.vlan_get_tag(skb) == (0, 5)
    skb.dev.features = L.NETIF_F_HW_VLAN_CTAG_TX
    assert L.vlan_get_tag(skb) == (-L.ENODATA, 0)
    L.__vlan_hwaccel_put_tag(skb, L.ETH_P_8021Q, 0xB006)
    assert L.vlan_get_tag(skb) == (0, 0xB006)
    assert (L.skb_vlan_tag_get_id(skb), L.skb_vlan_tag_get_prio(skb), L.skb_vlan_tag_get_cfi(skb)) == (6, 5, True)
    plain = make_skb(framed([]))
    assert L.vlan_get_tag(plain) == (-L.ENODATA, 0)
    L.__vlan_hwaccel_copy_tag(plain, skb)
    assert L.skb_vlan_tag_get(plain) == 0xB006
    skb = L.__vlan_hwaccel_push_inside(plain)
    assert L.skb_to_bytes(skb) == framed([(Dot1Q, 0xB006)]) and not L.skb_vlan_tag_present(skb)
    assert skb.protocol == L.ETH_P_8021Q


def test_insert_tag_without_memory_frees_the_packet() -> None:
    skb = make_skb(framed([]))
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    alive = len(L.skb_leaks())
    L.set_alloc_failure(lambda what, size: True)
    assert L.vlan_insert_tag(clone, L.ETH_P_8021Q, 5) is None
    L.set_alloc_failure(None)
    assert len(L.skb_leaks()) == alive - 1
    skb = L.vlan_insert_tag(skb, L.ETH_P_8021Q, 5)
    assert L.skb_to_bytes(skb) == framed([(Dot1Q, 5)]) and skb.protocol == L.ETH_P_IP


def test_protocol_below_tags_that_go_on_for_ever_is_0() -> None:
    """VLAN_MAX_DEPTH; and past the end of the packet."""
    for n, proto in ((7, L.ETH_P_IP), (8, 0)):
        skb = make_skb(framed([(Dot1Q, i) for i in range(n)]))
        skb.mac_len = 18  # the first tag is a part of it
        assert L.vlan_get_protocol(skb) == (proto if n < 8 else 0)
        assert L.skb_network_protocol(skb) == ((proto, 14 + 4 * n) if proto else (0, 0))
    skb = make_skb(framed([(Dot1Q, 1)])[:17])
    assert L.skb_network_protocol(skb) == (0, 0)
    skb = make_skb(framed([(Dot1Q, 1)]))
    skb.mac_len = 2
    with pytest.raises(L.KernelWarning, match="mac_len 2"):
        L.vlan_get_protocol(skb)
    skb.mac_len = 0
    assert L.skb_network_protocol(skb) == (L.ETH_P_IP, 18)
    L.skb_pull(skb, 14)
    skb.mac_len = L.VLAN_HLEN  # no more than the tag
    assert L.skb_network_protocol(skb) == (L.ETH_P_IP, 4)
    skb = make_skb(framed([]))
    skb.protocol = L.ETH_P_TEB
    assert L.skb_network_protocol(skb) == (L.ETH_P_IP, 14)


def test_tag_without_memory_is_enomem() -> None:
    """Two tags in the data: the second one cannot be taken out."""
    skb = make_skb(framed([(Dot1Q, 5), (Dot1Q, 6)]))
    L.__vlan_hwaccel_put_tag(skb, L.ETH_P_8021Q, 4)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    L.set_alloc_failure(lambda what, size: True)
    assert L.skb_vlan_pop(clone) == -L.ENOMEM
    skb.protocol = L.eth_type_trans(skb, skb.dev)
    L.__vlan_hwaccel_clear_tag(skb)
    assert L.skb_vlan_untag(L.skb_get(skb)) is None
    L.set_alloc_failure(None)
    assert skb.users == 1


def test_device_inserts_the_tags_that_it_says() -> None:
    assert L.vlan_hw_offload_capable(L.NETIF_F_HW_VLAN_CTAG_TX, L.ETH_P_8021Q)
    assert not L.vlan_hw_offload_capable(L.NETIF_F_HW_VLAN_CTAG_TX, L.ETH_P_8021AD)
    assert L.vlan_hw_offload_capable(L.NETIF_F_HW_VLAN_STAG_TX, L.ETH_P_8021AD)
    assert not L.vlan_hw_offload_capable(L.NETIF_F_HW_VLAN_STAG_TX, L.ETH_P_IP)


def test_tag_in_front_of_a_packet_without_ethernet_header() -> None:
    skb = make_skb(b"payload")
    skb.protocol = L.ETH_P_IP
    tagged = L.vlan_insert_inner_tag(skb, L.ETH_P_8021Q, 7, 0)
    assert L.skb_to_bytes(tagged) == b"\0\7\x08\0payload"


def test_ethernet_in_a_tunnel_needs_a_whole_header() -> None:
    skb = make_skb(bytes(13))
    skb.protocol = L.ETH_P_TEB
    assert L.skb_network_protocol(skb) == (0, 0)
