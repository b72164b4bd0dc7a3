# SPDX-License-Identifier: Apache-2.0
"""What a device can do for a packet, and what software does instead; OFF2."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_tx import Nic

TSO = L.NETIF_F_SG | L.NETIF_F_HW_CSUM | L.NETIF_F_TSO


def _ipv4_tcp(payload: int) -> bytes:
    ip = bytes.fromhex("4500") + (40 + payload).to_bytes(2, "big") + bytes.fromhex("1234400040060000c0a80001c0a80002")
    tcp = bytes.fromhex("0001000200000001000000005010040000000000")
    return bytes.fromhex("02000000000102000000000208 00") + ip + tcp + bytes(i & 255 for i in range(payload))


def _packet(nic: Nic, frame: bytes, l4: int, field: int, tag: Any = 0) -> Any:
    """A linear CHECKSUM_PARTIAL packet; ``l4``: where its transport header is, ``field``: of the checksum in it."""
    skb = L.alloc_skb(len(frame) + 128, L.GFP_ATOMIC)
    assert skb is not None
    L.skb_reserve(skb, 64)
    L.skb_put_data(skb, frame, len(frame))
    skb.dev = nic.ndev
    skb.protocol = frame[12] << 8 | frame[13]
    skb.cb = tag
    L.skb_reset_mac_header(skb)
    L.skb_set_network_header(skb, 14)
    assert L.skb_partial_csum_set(skb, l4, field)
    return skb


def _tso(nic: Nic, payload: int = 4000, mss: int = 1000, tag: Any = 0) -> Any:
    skb = _packet(nic, _ipv4_tcp(payload), 34, 16, tag)
    shinfo = L.skb_shinfo(skb)
    shinfo.gso_type, shinfo.gso_size, shinfo.gso_segs = L.SKB_GSO_TCPV4, mss, -(-payload // mss)
    return skb


class Sink(Nic):
    """Takes all, and remembers length, ip_summed and gso_size of each packet."""

    def __init__(self, features: int = 0, queueless: bool = False, **ops: Any) -> None:
        self.got: list[tuple[int, int, int]] = []
        super().__init__(Bed(), features=0, **ops)
        if queueless:
            self.bed.run(L.dev_close, self.ndev)
            self.ndev.qdisc = here.state["net"].noop
            self.ndev.priv_flags |= L.IFF_NO_QUEUE
            self.bed.run(L.dev_open, self.ndev)
        self.ndev.features = self.ndev.vlan_features = features

    def xmit(self, skb: Any, ndev: Any) -> int:
        self.got.append((skb.len, skb.ip_summed, L.skb_shinfo(skb).gso_size))
        L.consume_skb(skb)
        return L.NETDEV_TX_OK


# -- features ------------------------------------------------------------------------------------------------
def test_features_in_common_know_that_any_checksum_is_that_of_ip_too() -> None:
    ip = L.NETIF_F_IP_CSUM | L.NETIF_F_IPV6_CSUM
    assert L.netdev_intersect_features(L.NETIF_F_HW_CSUM | L.NETIF_F_SG, ip | L.NETIF_F_TSO) == ip
    assert L.netdev_intersect_features(ip, L.NETIF_F_HW_CSUM) == ip
    assert L.netdev_intersect_features(L.NETIF_F_HW_CSUM, L.NETIF_F_HW_CSUM) == L.NETIF_F_HW_CSUM


@pytest.mark.parametrize(
    ("field", "change", "ours"),
    [
        ("gso_max_segs", 3, True),
        ("gso_ipv4_max_size", 4054, True),
        ("gso_ipv4_max_size", 4055, False),
        ("gso_max_size", 100, False),
    ],
)
def test_what_is_beyond_the_devices_limits_is_segmented_in_software(field: str, change: int, ours: bool) -> None:
    sink = Sink(TSO)
    setattr(sink.ndev, field, change)
    sink.bed.run(lambda: L.dev_queue_xmit(_tso(sink)))
    assert sink.got == ([(1054, L.CHECKSUM_PARTIAL, 0)] * 4 if ours else [(4054, L.CHECKSUM_PARTIAL, 1000)])


def test_limits_of_the_driver_bound_those_of_the_stack() -> None:
    dev = Nic(Bed()).ndev
    L.netif_set_tso_max_size(dev, 10_000)
    L.netif_set_tso_max_segs(dev, 7)
    assert (dev.tso_max_size, dev.gso_max_size, dev.gso_ipv4_max_size) == (10_000, 10_000, 10_000)
    assert (dev.tso_max_segs, dev.gso_max_segs) == (7, 7)
    L.netif_set_tso_max_size(dev, 10**7)
    assert (dev.tso_max_size, dev.gso_max_size) == (L.GSO_MAX_SIZE, 10_000)
    other = Nic(Bed()).ndev
    L.netif_inherit_tso_max(other, dev)
    assert (other.tso_max_size, other.gso_max_segs) == (L.GSO_MAX_SIZE, 7)
    skb = L.alloc_skb(100, L.GFP_ATOMIC)
    assert skb is not None
    skb.protocol = L.ETH_P_IPV6
    other.gso_max_size = 200_000
    assert L.netif_get_gso_max_size(other, skb) == 200_000


def test_how_long_a_packet_to_be_cut_may_be_is_set_for_ipv4_too_up_to_64_kib() -> None:
    dev = Nic(Bed()).ndev
    L.netif_set_gso_max_size(dev, 20_000)
    assert (dev.gso_max_size, dev.gso_ipv4_max_size) == (20_000, 20_000)
    L.netif_set_gso_max_size(dev, 200_000)
    assert (dev.gso_max_size, dev.gso_ipv4_max_size) == (200_000, 20_000)
    L.netif_set_gso_ipv4_max_size(dev, 100_000)
    assert (dev.gso_max_size, dev.gso_ipv4_max_size) == (200_000, 100_000)


def test_gso_size_without_type_warns() -> None:
    sink = Sink(TSO)
    skb = _tso(sink)
    L.skb_shinfo(skb).gso_type = 0
    with pytest.raises(L.KernelWarning, match="gso_size 1000 without gso_type"):
        sink.bed.run(L.netif_skb_features, skb)


def test_partial_features_are_not_offered_for_other_packets() -> None:
    sink = Sink(TSO)
    sink.ndev.gso_partial_features = L.NETIF_F_TSO
    assert not L.netif_skb_features(_tso(sink)) & L.NETIF_F_TSO
    skb = _tso(sink)
    L.skb_shinfo(skb).gso_type |= L.SKB_GSO_PARTIAL
    assert L.netif_skb_features(skb) & L.NETIF_F_TSO


def test_ids_of_what_may_be_fragmented_are_not_mangled() -> None:
    sink = Sink(TSO | L.NETIF_F_TSO_MANGLEID)
    skb = _tso(sink)
    assert L.netif_skb_features(skb) & L.NETIF_F_TSO_MANGLEID
    here.mem[skb.data + 14 + 6] = 0x3F  # all but DF
    assert not L.netif_skb_features(skb) & L.NETIF_F_TSO_MANGLEID


def test_driver_that_checks_features_is_asked_for_every_packet() -> None:
    asked: list[int] = []

    def check(skb: Any, dev: Any, features: int) -> int:
        asked.append(skb.len)
        return features & ~L.NETIF_F_SG

    sink = Sink(TSO, ndo_features_check=check)
    sink.send(1, size=60)
    sock = L.packet_socket(sink.ndev)
    sink.bed.run(lambda: L.packet_sendmsg(sock, bytes(1000), frags=True))
    assert asked == [60, 1000]
    assert L.passthru_features_check(sink.packet(), sink.ndev, 5) == 5


def test_encapsulated_packet_has_the_features_for_tunnels() -> None:
    sink = Sink(TSO)
    sink.ndev.hw_enc_features = L.NETIF_F_SG
    skb = sink.packet()
    skb.encapsulation = 1
    assert L.netif_skb_features(skb) == L.NETIF_F_SG


def test_two_tags_leave_what_looks_at_no_header() -> None:
    sink = Sink(TSO)
    skb = _tso(sink)
    skb.protocol = L.ETH_P_8021AD
    here.mem[skb.data + 12 : skb.data + 18] = bytes.fromhex("88a800018100")
    assert L.netif_skb_features(skb) == L.NETIF_F_SG | L.NETIF_F_HW_CSUM
    short = sink.packet(size=16)
    short.protocol = L.ETH_P_8021Q
    assert L.vlan_features_check(short, TSO) == TSO, "too short for a second tag"
    one = sink.packet()
    one.protocol = L.ETH_P_8021Q
    assert L.vlan_features_check(one, TSO) == TSO


# -- checksums -----------------------------------------------------------------------------------------------
def _ipv6_udp(extension: bool) -> bytes:
    upper = bytes.fromhex("00010002000c0000") + bytes(4)
    if extension:
        upper = bytes.fromhex("1100010400000000") + upper
    ip = bytes.fromhex("60000000") + len(upper).to_bytes(2, "big") + bytes([0 if extension else 17, 64]) + bytes(32)
    return bytes.fromhex("02000000000102000000000286dd") + ip + upper


@pytest.mark.parametrize(
    ("features", "extension", "field", "by_device"),
    [
        (L.NETIF_F_IPV6_CSUM, False, 6, True),
        (L.NETIF_F_IPV6_CSUM, True, 6, False),
        (L.NETIF_F_HW_CSUM, True, 6, True),
        (L.NETIF_F_IPV6_CSUM, False, 4, False),
        (L.NETIF_F_HW_CSUM, False, 4, True),
        (L.NETIF_F_IP_CSUM, False, 6, False),
    ],
)
def test_checksum_goes_to_the_device_where_it_can(features: int, extension: bool, field: int, by_device: bool) -> None:
    """kernel-rules.md: OFF2: IPv6 extension headers and other fields than TCP's and UDP's need NETIF_F_HW_CSUM."""
    sink = Sink(features)
    sink.bed.run(lambda: L.dev_queue_xmit(_packet(sink, _ipv6_udp(extension), 62 if extension else 54, field)))
    assert [ip_summed for _, ip_summed, _ in sink.got] == [L.CHECKSUM_PARTIAL if by_device else L.CHECKSUM_NONE]


def test_extension_headers_are_not_segmented_by_a_device_that_cannot_checksum_them() -> None:
    sink = Sink(L.NETIF_F_SG | L.NETIF_F_IPV6_CSUM | L.NETIF_F_GSO_UDP_L4)
    features = []
    for extension in (False, True):
        skb = _packet(sink, _ipv6_udp(extension), 62 if extension else 54, 6)
        shinfo = L.skb_shinfo(skb)
        shinfo.gso_type, shinfo.gso_size, shinfo.gso_segs = L.SKB_GSO_UDP_L4, 2, 2
        features.append(L.netif_skb_features(skb) & L.NETIF_F_GSO_UDP_L4)
    assert features == [L.NETIF_F_GSO_UDP_L4, 0]
    skb = _tso(sink)
    L.skb_shinfo(skb).gso_type = L.SKB_GSO_UDP_L4
    sink.ndev.features |= L.NETIF_F_HW_CSUM
    assert L.netif_skb_features(skb) & L.NETIF_F_GSO_UDP_L4, "IPv4's header is no extension"


@pytest.mark.parametrize("encapsulation", [0, 1])
def test_driver_finds_the_transport_header_where_the_checksum_begins(encapsulation: int) -> None:
    sink = Sink(L.NETIF_F_HW_CSUM)
    sink.ndev.hw_enc_features = L.NETIF_F_HW_CSUM
    skb = _packet(sink, _ipv4_tcp(50), 34, 16)
    skb.encapsulation = encapsulation
    skb.transport_header = skb.inner_transport_header = 7
    assert sink.bed.run(L.validate_xmit_skb, skb, sink.ndev) is skb
    start = L.skb_headroom(skb) + 34
    assert (skb.transport_header, skb.inner_transport_header) == ((7, start) if encapsulation else (start, 7))


def test_checksum_that_cannot_be_done_drops_the_packet() -> None:
    sink = Sink()
    skb = sink.packet()
    assert L.skb_partial_csum_set(skb, 20, 16)
    skb.csum_start = L.skb_headroom(skb) + 99
    with L.tolerate("WARN"):
        assert sink.bed.run(L.dev_queue_xmit, skb) == 0
    assert (sink.got, L.dev_get_stats(sink.ndev).tx_dropped) == ([], 1)


# -- segments ------------------------------------------------------------------------------------------------
def test_segments_that_find_the_ring_full_wait_in_order() -> None:
    nic = Nic(Bed(), size=2)
    nic.bed.run(lambda: [L.dev_queue_xmit(_tso(nic, tag=tag)) for tag in ("a", "b")])
    assert (len(nic.rings[0]), nic.qlen()) == (2, 3), "two of the first packet's four segments wait, and the second"
    for _ in range(4):
        nic.done(2)
    assert (nic.qlen(), len(nic.sent)) == (0, 8)
    assert L.qdisc_leaks() == []


@pytest.mark.parametrize(("queueless", "code"), [(False, 0), (True, -L.ENOMEM)])
def test_packet_that_cannot_be_segmented_is_dropped(queueless: bool, code: int) -> None:
    sink = Sink(queueless=queueless)
    assert sink.bed.run(lambda: L.dev_queue_xmit(_tso(sink, payload=500))) == code, "no longer than one segment"
    assert (sink.got, L.dev_get_stats(sink.ndev).tx_dropped) == ([], 1)


def test_segments_of_a_device_without_a_queue_that_becomes_busy_are_dropped() -> None:
    nic = Sink(queueless=True)
    nic.xmit = nic.ndev.netdev_ops.ndo_start_xmit = lambda skb, dev: (  # type: ignore[method-assign]
        L.consume_skb(skb),
        L.netif_stop_queue(dev),
        L.NETDEV_TX_OK,
    )[2]
    assert nic.bed.run(lambda: L.dev_queue_xmit(_tso(nic))) == -L.ENETDOWN
    assert "Virtual device eth0 asks to queue packet!" in L.dmesg()[-1]
    assert L.dev_get_stats(nic.ndev).tx_dropped == 1
    assert L.skb_leaks() == []


def test_packet_that_wanders_through_too_many_devices_is_a_dead_loop() -> None:
    """net/core/dev.h XMIT_RECURSION_LIMIT: eight devices without queues above one another."""
    sinks = [Sink(queueless=True)]
    bed = sinks[0].bed
    devs = [sinks[0].ndev]

    def forward(skb: Any, dev: Any) -> int:
        at = devs.index(dev)
        if at + 1 == len(devs):
            L.consume_skb(skb)
        else:
            skb.dev = devs[at + 1]
            L.dev_queue_xmit(skb)
        return L.NETDEV_TX_OK

    devs[0].netdev_ops.ndo_start_xmit = forward

    def more() -> None:
        dev = L.alloc_etherdev(0)
        assert dev is not None
        dev.netdev_ops = devs[0].netdev_ops
        dev.priv_flags |= L.IFF_NO_QUEUE
        assert L.register_netdev(dev) == 0 and L.dev_open(dev) == 0
        devs.append(dev)

    for _ in range(8):
        bed.run(more)
    assert bed.run(lambda: L.dev_queue_xmit(sinks[0].packet())) == 0
    bed.run(more)
    with pytest.raises(L.KernelWarning, match="Dead loop on virtual device eth9"):
        bed.run(lambda: L.dev_queue_xmit(sinks[0].packet()))


# -- tags ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("features", [0, L.NETIF_F_HW_VLAN_CTAG_TX])
def test_tag_is_put_into_the_data_where_the_device_does_not_insert_it(features: int) -> None:
    sink = Sink(features)

    def run() -> None:
        skb = sink.packet(size=60)
        L.__vlan_hwaccel_put_tag(skb, L.ETH_P_8021Q, 5)
        L.dev_queue_xmit(skb)

    sink.bed.run(run)
    assert [size for size, _, _ in sink.got] == [60 if features else 64]


def test_tag_beside_the_data_is_put_copied_and_cleared() -> None:
    nic = Nic(Bed())
    skb, other = nic.packet(), nic.packet()
    L.__vlan_hwaccel_put_tag(skb, L.ETH_P_8021AD, 0xB123)
    assert (L.skb_vlan_tag_get_id(skb), L.skb_vlan_tag_get_prio(skb), L.skb_vlan_tag_get_cfi(skb)) == (0x123, 5, True)
    L.__vlan_hwaccel_copy_tag(other, skb)
    assert (L.skb_vlan_tag_present(other), L.skb_vlan_tag_get(other)) == (True, 0xB123)
    L.__vlan_hwaccel_clear_tag(skb)
    assert (L.skb_vlan_tag_present(skb), L.skb_vlan_tag_get(skb)) == (False, 0)
    assert L.vlan_hw_offload_capable(L.NETIF_F_HW_VLAN_STAG_TX, L.ETH_P_8021AD)
    assert not L.vlan_hw_offload_capable(L.NETIF_F_HW_VLAN_STAG_TX, L.ETH_P_8021Q)


@pytest.mark.parametrize(
    ("mac_len", "want"), [(14, "000102030405060708090a0b88a800070c0d0e0f"), (0, "0007bbaa0001020304050607")]
)
def test_tag_goes_behind_the_mac_header(mac_len: int, want: str) -> None:
    """A header of 0 bytes: the tag and the protocol, which was nowhere in the data."""
    nic = Nic(Bed())
    skb = nic.packet(size=16)
    here.mem[skb.data : skb.data + 16] = bytes(range(16))
    L.skb_reset_mac_header(skb)
    skb.protocol = 0xBBAA
    at = skb.mac_header
    assert nic.bed.run(L.vlan_insert_inner_tag, skb, L.ETH_P_8021AD, 7, mac_len) is skb
    assert L.skb_to_bytes(skb)[: len(want) // 2].hex() == want
    assert (skb.protocol, skb.mac_header, skb.len) == (0xBBAA, at - 4, 20)
    assert nic.bed.run(L.vlan_insert_tag_set_proto, skb, L.ETH_P_8021Q, 1) is skb
    assert skb.protocol == L.ETH_P_8021Q


def test_tag_for_which_there_is_no_memory_drops_the_packet() -> None:
    sink = Sink()

    def run() -> int:
        skb = sink.packet(size=60)
        L.skb_push(skb, 32)
        L.__vlan_hwaccel_put_tag(skb, L.ETH_P_8021Q, 5)
        L.set_alloc_failure(lambda what, size: what == "skb")
        try:
            return L.dev_queue_xmit(skb)
        finally:
            L.set_alloc_failure(None)

    assert sink.bed.run(run) == 0
    assert (sink.got, L.dev_get_stats(sink.ndev).tx_dropped, L.skb_leaks()) == ([], 1, [])
