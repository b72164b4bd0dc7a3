# SPDX-License-Identifier: Apache-2.0
"""The flow dissector and the flow hash."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP, GRE, Dot1AD, Dot1Q, Ether
from scapy.layers.ppp import PPP, PPPoE

from pymodel import linux as L
from pymodel.hw.access import here
from pymodel.linux.siphash import siphash
from tests.unit.linux_bed import Bed

ETH = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
V4 = IP(src="10.0.0.1", dst="10.0.0.2")
OUTER = IP(src="3.3.3.3", dst="4.4.4.4")
V6 = IPv6(src="2001::1", dst="2001::2")
PORTS = {"sport": 0x1234, "dport": 0x50}


@pytest.fixture(autouse=True, scope="module")
def _bed() -> None:
    Bed(size=64 << 20)


def ether(proto: int) -> Any:
    return Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=proto)


def make_skb(packet: Any, linear: int | None = None) -> Any:
    """A received skb, ``data`` at the network header, of an Ethernet frame; ``linear`` bytes of it linear."""
    frame = bytes(packet)
    cut = len(frame) if linear is None else min(linear, len(frame))
    skb = L.alloc_skb(cut + 64, L.GFP_ATOMIC)
    L.skb_put_data(skb, frame, cut)
    if cut < len(frame):
        page = L.alloc_page(L.GFP_ATOMIC)
        L.skb_add_rx_frag(skb, 0, page, 0, len(frame) - cut, L.PAGE_SIZE)
        L.skb_store_bits(skb, cut, frame[cut:], len(frame) - cut)
    skb.protocol = int.from_bytes(frame[12:14], "big")
    L.skb_reset_mac_header(skb)
    L.skb_pull(skb, 14)
    L.skb_reset_network_header(skb)
    return skb


def dissect(packet: Any, flags: int = 0, linear: int | None = None) -> tuple[Any, bool]:
    skb = make_skb(packet, linear)
    keys = L.flow_keys()
    good = L.skb_flow_dissect_flow_keys(skb, keys, flags)
    L.kfree_skb(skb)
    return keys, good


def headlen(packet: Any) -> int:
    frame = bytes(packet)
    at = 2 * L.PAGE_SIZE
    here.mem[at : at + len(frame)] = frame
    return L.eth_get_headlen(None, at, len(frame))


# -- the dissector -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("linear", [None, 14])
@pytest.mark.parametrize(
    ("packet", "n_proto", "ip_proto", "thoff"),
    [
        (V4 / TCP(**PORTS), L.ETH_P_IP, L.IPPROTO_TCP, 20),
        (IP(src="10.0.0.1", dst="10.0.0.2", options=b"\1" * 8) / UDP(**PORTS), L.ETH_P_IP, L.IPPROTO_UDP, 28),
        (V6 / TCP(**PORTS), L.ETH_P_IPV6, L.IPPROTO_TCP, 40),
        (V6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / UDP(**PORTS), L.ETH_P_IPV6, L.IPPROTO_UDP, 56),
        (Dot1Q(vlan=5, prio=3, dei=1) / V4 / TCP(**PORTS), L.ETH_P_IP, L.IPPROTO_TCP, 24),
        (Dot1Q(vlan=5, prio=3) / Dot1Q(vlan=6) / V6 / UDP(**PORTS), L.ETH_P_IPV6, L.IPPROTO_UDP, 48),
        (PPPoE(sessionid=3) / PPP(proto=0x21) / V4 / UDP(**PORTS), L.ETH_P_IP, L.IPPROTO_UDP, 28),
        (OUTER / GRE(key_present=1, key=0xABCD) / V4 / TCP(**PORTS), L.ETH_P_IP, L.IPPROTO_TCP, 48),
        (OUTER / GRE(proto=0x6558) / ETH / V6 / TCP(**PORTS), L.ETH_P_IPV6, L.IPPROTO_TCP, 78),
        (OUTER / V4 / TCP(**PORTS), L.ETH_P_IP, L.IPPROTO_TCP, 40),
        (IPv6(src="2003::3", dst="2003::4") / V6 / TCP(**PORTS), L.ETH_P_IPV6, L.IPPROTO_TCP, 80),
    ],
)
def test_addresses_ports_and_offsets_are_found_below_whatever_is_in_front(
    packet: Any, n_proto: int, ip_proto: int, thoff: int, linear: int | None
) -> None:
    keys, good = dissect(ETH / packet, linear=linear)
    assert good
    assert (keys.n_proto, keys.ip_proto, keys.thoff) == (n_proto, ip_proto, thoff)
    assert (keys.sport, keys.dport) == (0x1234, 0x50)
    if n_proto == L.ETH_P_IP:
        assert (keys.addr_type, keys.src, keys.dst) == (2, b"\x0a\0\0\1", b"\x0a\0\0\2")
    else:
        assert (keys.addr_type, keys.src[-1], keys.dst[-1], len(keys.src)) == (3, 1, 2, 16)
    tagged = Dot1Q in packet
    assert (keys.vlan_tci, keys.vlan_tpid) == ((0x6005, L.ETH_P_8021Q) if tagged else (0, 0))
    assert keys.keyid == (0xABCD if GRE in packet and packet[GRE].key_present else 0)
    inside = GRE in packet or (packet.__class__ in (IP, IPv6) and packet.payload.__class__ in (IP, IPv6))
    assert bool(keys.flags & L.FLOW_DIS_ENCAPSULATION) is inside


def test_flags_stop_the_dissection() -> None:
    tunnel = ETH / IP(src="1.1.1.1", dst="2.2.2.2") / V4 / TCP(**PORTS)
    for flag, encap in ((L.FLOW_DISSECTOR_F_STOP_AT_ENCAP, 4), (L.FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP, 0)):
        keys, good = dissect(tunnel, flag)
        assert good and (keys.thoff, keys.flags, keys.src) == (20, encap, b"\1\1\1\1")
    label = ETH / IPv6(src="2001::1", dst="2001::2", fl=0x12345) / TCP(**PORTS)
    keys, good = dissect(label, L.FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL)
    assert good and (keys.flow_label, keys.sport, keys.thoff) == (0x12345, 0, 40)
    keys, good = dissect(label)
    assert good and (keys.flow_label, keys.sport) == (0x12345, 0x1234)


def fragment4(more: int, off: int) -> Any:
    return IP(src="3.3.3.3", dst="4.4.4.4", flags=more, frag=off) / UDP(**PORTS)


def fragment6(more: int, off: int) -> Any:
    return IPv6(src="2003::3", dst="2003::4") / IPv6ExtHdrFragment(m=more, offset=off) / UDP(**PORTS)


def test_fragments_have_ports_in_the_first_one_and_only_on_request() -> None:
    first = L.FLOW_DIS_IS_FRAGMENT | L.FLOW_DIS_FIRST_FRAG
    for make in (fragment4, fragment6):
        for more, off, flag, want, sport in (
            (1, 0, L.FLOW_DISSECTOR_F_PARSE_1ST_FRAG, first, 0x1234),
            (1, 0, 0, first, 0),
            (1, 5, L.FLOW_DISSECTOR_F_PARSE_1ST_FRAG, L.FLOW_DIS_IS_FRAGMENT, 0),
        ):
            keys, good = dissect(ETH / make(more, off), flag)
            # IPv6's fragment header comes after the decision to stop: ports of the first one are there all the same.
            if want == first and make(1, 0).version == 6:
                sport = 0x1234
            assert good and (keys.flags, keys.sport) == (want, sport)


@pytest.mark.parametrize(
    "packet",
    [
        ether(0x1234) / (b"x" * 40),
        ether(L.ETH_P_IP) / (b"\x45" + bytes(10)),
        ether(L.ETH_P_IP) / (b"\x44" + bytes(40)),
        ether(L.ETH_P_IPV6) / bytes(39),
        ether(L.ETH_P_8021Q) / bytes(3),
        ether(L.ETH_P_PPP_SES) / bytes(7),
        ether(L.ETH_P_PPP_SES) / bytes(20),
        ether(L.ETH_P_FCOE) / bytes(37),
        ether(L.ETH_P_1588) / bytes(33),
        ether(L.ETH_P_HSR) / bytes(5),
    ],
)
def test_unknown_and_cut_headers_are_no_flow(packet: Any) -> None:
    keys, good = dissect(packet)
    assert not good and keys.thoff == 0 and keys.ip_proto == 0


def test_cut_extension_headers_and_gre_are_no_flow() -> None:
    for packet in (V6 / IPv6ExtHdrHopByHop(), V6 / IPv6ExtHdrFragment(), V4 / GRE(), V4 / GRE(key_present=1, key=1)):
        cut = bytes(ETH / packet)
        size = 41 if IPv6 in packet else 20 + (4 if getattr(packet.payload, "key_present", 0) else 2)
        _, good = dissect(cut[: 14 + size])
        assert not good
    keys, good = dissect(bytes(ETH / V4 / GRE(proto=0x6558) / ETH)[: 14 + 30])
    assert not good and keys.n_proto == L.ETH_P_TEB


@pytest.mark.parametrize(
    ("packet", "n_proto", "thoff"),
    [
        (ETH / ARP(hwsrc="02:00:00:00:00:01", psrc="1.1.1.1"), L.ETH_P_ARP, 0),
        (ether(L.ETH_P_CFM) / bytes(40), L.ETH_P_CFM, 0),
        (ether(L.ETH_P_MPLS_UC) / bytes(40), L.ETH_P_MPLS_UC, 4),
        (ether(L.ETH_P_FCOE) / bytes(40), L.ETH_P_FCOE, 38),
        (ether(L.ETH_P_1588) / bytes(40), L.ETH_P_1588, 34),
        (ether(L.ETH_P_PPP_SES) / (b"\x11\0\0\1\0\0\xc0\x21" + bytes(20)), L.ETH_P_PPP_SES, 8),
        (ETH / V4 / GRE(version=1) / b"xxxx", L.ETH_P_IP, 20),
    ],
)
def test_what_has_no_flow_is_known_nevertheless(packet: Any, n_proto: int, thoff: int) -> None:
    keys, good = dissect(packet)
    assert good and (keys.n_proto, keys.thoff, keys.sport) == (n_proto, thoff, 0)


def test_ipv6s_headers_in_ipv4_and_gre_with_routing_are_the_end() -> None:
    for proto in (L.IPPROTO_HOPOPTS, L.IPPROTO_FRAGMENT):
        keys, good = dissect(ETH / IP(src="3.3.3.3", dst="4.4.4.4", proto=proto) / bytes(30))
        assert good and keys.thoff == 20
    keys, good = dissect(ETH / OUTER / GRE(routing_present=1) / V4 / UDP(**PORTS))
    assert good and keys.thoff == 20
    keys, good = dissect(ETH / OUTER / GRE(chksum_present=1, seqnum_present=1, sequence_number=1) / V4 / UDP(**PORTS))
    assert good and (keys.thoff, keys.sport) == (20 + 12 + 20, 0x1234)


def test_hsr_mpls_in_ip_and_compressed_ppp_are_passed() -> None:
    udp = bytes(V4 / UDP(**PORTS))
    for body, proto in (
        (b"\0\0\0\1\x08\0" + udp, L.ETH_P_HSR),
        (b"\x11\0\0\1\0\0\x21" + udp, L.ETH_P_PPP_SES),
    ):
        keys, good = dissect(ether(proto) / body)
        assert good and keys.sport == 0x1234
    keys, good = dissect(ETH / IP(src="1.1.1.1", dst="2.2.2.2", proto=L.IPPROTO_MPLS) / bytes(8))
    assert good and (keys.n_proto, keys.thoff) == (L.ETH_P_MPLS_UC, 24)


def test_endless_headers_end() -> None:
    """MAX_FLOW_DISSECT_HDRS is 15."""
    frame = ETH
    for i in range(20):
        frame = frame / Dot1Q(vlan=i)
    keys, good = dissect(frame / V4 / UDP(**PORTS))
    assert good and keys.thoff == 16 * 4 and keys.sport == 0


def test_hw_vlan_tag_counts_as_the_first() -> None:
    skb = make_skb(ETH / Dot1Q(vlan=6) / V4 / UDP(**PORTS))
    L.__vlan_hwaccel_put_tag(skb, L.ETH_P_8021AD, 0x7009)
    keys = L.flow_keys()
    assert L.skb_flow_dissect_flow_keys(skb, keys, 0)
    assert (keys.vlan_tci, keys.vlan_tpid, keys.vlan_eth_type) == (0x6009, L.ETH_P_8021AD, L.ETH_P_8021Q)
    assert (keys.thoff, keys.sport) == (24, 0x1234)


def test_ah_and_esp_are_told_apart_by_their_spi() -> None:
    for proto, body in ((L.IPPROTO_AH, b"\0\4\0\0\x12\x34\x56\x78" + bytes(16)), (L.IPPROTO_ESP, b"\x12\x34\x56\x78")):
        keys, good = dissect(ETH / IP(src="3.3.3.3", dst="4.4.4.4", proto=proto) / (body + bytes(20)))
        assert good and (keys.sport, keys.dport) == (0x1234, 0x5678)
    assert L.proto_ports_offset(L.IPPROTO_ICMP) < 0


# -- where headers end ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("packet", "size"),
    [
        (V4 / TCP(options=[("NOP", None)] * 8) / (b"x" * 100), 14 + 20 + 28),
        (V4 / UDP() / (b"x" * 100), 42),
        (V4 / ICMP() / (b"x" * 100), 42),
        (V6 / TCP() / (b"x" * 100), 74),
        (Dot1AD(vlan=1) / Dot1Q(vlan=2) / V4 / UDP() / b"x", 50),
        (IP(src="3.3.3.3", dst="4.4.4.4", proto=L.IPPROTO_SCTP) / bytes(50), 46),
        (IP(src="3.3.3.3", dst="4.4.4.4", proto=L.IPPROTO_IGMP) / bytes(50), 42),
        (IP(src="3.3.3.3", dst="4.4.4.4", flags="MF", frag=0) / UDP() / (b"x" * 20), 42),
        (IP(src="3.3.3.3", dst="4.4.4.4", frag=3) / (b"x" * 20), 34),
        (IP(src="3.3.3.3", dst="4.4.4.4", proto=99) / (b"x" * 20), 34),
    ],
)
def test_eth_get_headlen_ends_with_the_transport_header(packet: Any, size: int) -> None:
    frame = ETH / packet
    assert headlen(frame) == size
    skb = make_skb(frame)
    poff = L.skb_get_poff(skb)
    assert poff == (size - 14 if not (IP in packet and packet[IP].flags == "MF") else 20 + 8)
    L.kfree_skb(skb)


def test_eth_get_headlen_of_what_it_does_not_know_or_what_is_cut() -> None:
    assert headlen(b"12345") == 5
    assert headlen(ether(0x1234) / bytes(50)) == 14
    assert headlen(bytes(ETH / V4 / TCP())[:40]) == 34  # nobody can tell where its TCP header ends
    assert headlen(bytes(ETH / V4 / UDP())[:38]) == 38
    skb = make_skb(ether(0x1234) / bytes(50))
    assert L.skb_get_poff(skb) == 0
    skb = make_skb(ETH / V4 / TCP(options=[("NOP", None)] * 4), linear=14 + 20)
    assert L.skb_get_poff(skb) == 44


# -- the hash ------------------------------------------------------------------------------------------------
def test_siphash_is_that_of_its_paper() -> None:
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert siphash(bytes(range(15)), key) == 0xA129CA6149BE45E5
    assert siphash(b"", key) == 0x726FDB47DD0E0E31
    assert siphash(bytes(range(8)), key) == 0x93F5F5799A932462


def test_hash_is_siphash_of_struct_flow_keys() -> None:
    """As the kernel has it in memory: basic, tags, vlan, cvlan, keyid, ports, icmp, addrs, rounded up to 8 bytes."""
    key = (1, 2)
    skb = make_skb(ETH / Dot1Q(vlan=5, prio=3) / V4 / TCP(sport=9, dport=7))
    L.skb_push(skb, 4)
    L.skb_pull(skb, 4)
    vlan = struct.pack("<H", 0x6005) + b"\x81\x00\x08\x00" + bytes(2)
    ports = b"\x00\x07\x00\x09"  # the smaller first
    want = b"\x08\x00\x06\x00" + bytes(4) + vlan + bytes(8) + bytes(4) + ports + bytes(4)
    want += b"\x0a\0\0\1\x0a\0\0\2" + bytes(4)
    assert len(want) == 48
    assert L.skb_get_hash_perturb(skb, key) == siphash(want, key) & 0xFFFFFFFF
    skb = make_skb(ETH / IPv6(src="2001::2", dst="2001::1", fl=0x12345) / UDP())
    v6 = bytes(IPv6(src="2001::1", dst="2001::2"))[8:40]
    want = b"\x86\xdd\x11\x00" + struct.pack("<I", 0x12345) + bytes(28) + v6 + bytes(4)
    assert L.skb_get_hash_perturb(skb, key) == siphash(want, key) & 0xFFFFFFFF
    skb = make_skb(ether(0x1234) / bytes(40))
    assert L.skb_get_hash_perturb(skb, key) == siphash(b"\x12\x34" + bytes(38), key) & 0xFFFFFFFF


ADDRESS = st.integers(1, 0xFFFFFFFE)
PORT = st.integers(0, 0xFFFF)


def ipv4(src: int, dst: int, sport: int, dport: int, tcp: bool, **fields: Any) -> bytes:
    body = struct.pack(">HH", sport, dport) + bytes(16)
    size = fields.get("options", 0)
    header = struct.pack(
        ">BBHHHBBHII", 0x45 + size // 4, 0, 20 + size + len(body), fields.get("id", 0), fields.get("frag_off", 0), 64,
        6 if tcp else 17, 0, src, dst,
    )  # fmt: skip
    return bytes(12) + b"\x08\0" + header + b"\1" * size + body


@given(ADDRESS, ADDRESS, PORT, PORT, st.booleans(), st.integers(0, 0xFFFF))
@settings(max_examples=100, deadline=None)
def test_hash_is_the_same_both_ways_and_with_or_without_options(
    src: int, dst: int, sport: int, dport: int, tcp: bool, ip_id: int
) -> None:
    """Whichever way it is computed: plain IPv4 takes a short cut."""
    hashes = set()
    for frame in (
        ipv4(src, dst, sport, dport, tcp),
        ipv4(dst, src, dport, sport, tcp),
        ipv4(src, dst, sport, dport, tcp, id=ip_id, frag_off=L.IP_DF),
        ipv4(src, dst, sport, dport, tcp, options=4),
    ):
        skb = make_skb(frame)
        hashes.add(L.skb_get_hash(skb))
        assert skb.l4_hash == (1 if sport or dport else 0) and skb.sw_hash == 1
        keys = L.flow_keys()
        assert L.skb_flow_dissect_flow_keys(skb, keys, 0)
        assert L.flow_hash_from_keys(keys) == skb.hash == L.__skb_get_hash_symmetric(skb)
        L.kfree_skb(skb)
    assert len(hashes) == 1 and 0 < hashes.pop() < 1 << 32


def test_hash_tells_protocols_ports_and_vlans_apart() -> None:
    frames = [
        ipv4(1, 2, 3, 4, True), ipv4(1, 2, 3, 4, False), ipv4(1, 2, 3, 5, True), ipv4(1, 3, 3, 4, True),
        ipv4(1, 2, 3, 4, True, frag_off=L.IP_MF), bytes(ETH / Dot1Q(vlan=4) / V4 / TCP()),
        bytes(ETH / Dot1Q(vlan=5) / V4 / TCP()), bytes(ETH / V6 / TCP()), bytes(ether(0x1234) / bytes(30)),
    ]  # fmt: skip
    assert len({L.skb_get_hash(make_skb(frame)) for frame in frames}) == len(frames)


def test_hash_that_is_there_is_used_if_it_looked_at_the_ports() -> None:
    skb = make_skb(ipv4(1, 2, 3, 4, True))
    L.skb_set_hash(skb, 0x77, L.PKT_HASH_TYPE_L4)
    assert L.skb_get_hash(skb) == 0x77 == L.skb_get_hash_raw(skb)
    L.skb_clear_hash_if_not_l4(skb)
    assert skb.hash == 0x77
    L.skb_set_hash(skb, 0x77, L.PKT_HASH_TYPE_L3)
    other = make_skb(ipv4(1, 2, 3, 4, True))
    assert L.skb_get_hash(skb) == L.skb_get_hash(other) != 0x77
    L.skb_copy_hash(skb, make_skb(ipv4(1, 2, 3, 4, True)))
    assert (skb.hash, skb.l4_hash, skb.sw_hash) == (0, 0, 0)
    L.skb_get_hash(skb)
    L.skb_clear_hash(skb)
    assert (skb.hash, skb.l4_hash, skb.sw_hash) == (0, 0, 0)
    L.skb_set_hash(skb, 0x77, L.PKT_HASH_TYPE_L3)
    L.skb_clear_hash_if_not_l4(skb)
    assert skb.hash == 0


def test_hash_depends_on_the_seed_of_the_machine() -> None:
    before = L.skb_get_hash(make_skb(ipv4(1, 2, 3, 4, True)))
    bed = Bed(size=64 << 20)
    assert L.skb_get_hash(make_skb(ipv4(1, 2, 3, 4, True))) == before
    bed = Bed(size=64 << 20)
    bed.m.state["net"].hash_seed ^= 1
    assert L.skb_get_hash(make_skb(ipv4(1, 2, 3, 4, True))) != before


def test_remembered_hashes_are_forgotten_before_they_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    import pymodel.linux.flow_hash as flow_hash

    Bed(size=64 << 20)
    monkeypatch.setattr(flow_hash, "_CACHED", 4)
    first = L.skb_get_hash(make_skb(ipv4(1, 2, 0, 0, True)))
    for port in range(20):
        skb = make_skb(ipv4(1, 2, port, 0, True))
        L.skb_get_hash(skb)
        L.kfree_skb(skb)
    state = here.state["flow_hash"]
    assert len(state.tcp) <= 4 and len(state.by_keys) <= 4
    assert L.skb_get_hash(make_skb(ipv4(1, 2, 0, 0, True))) == first
