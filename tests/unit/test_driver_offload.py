# SPDX-License-Identifier: Apache-2.0
"""What the reference driver leaves to the device on the way out: on the wire is what Linux's software path makes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.drivers.nic.nic_tx import STOP_BELOW
from tests.scenarios.packets import Packet, build, random_gso_packet, random_packet, software

PLAIN = bytes.fromhex("02005e000001 020000000002 88b5") + bytes(range(100))


def _send(host: Any, packets: list[Packet]) -> list[bytes]:
    """Send packets; the frames that came out, in order (one queue)."""

    def send() -> None:
        for packet in packets:
            assert L.dev_queue_xmit(build(packet, host.ndev)) == 0
            if packet.mss:
                L.usleep_range(60, 100)

    before = len(host.wire)
    host.call(send)
    host.settle(1000)
    return [frame for frame, _ in host.wire[before:]]


def _expected(host: Any, packets: list[Packet]) -> list[bytes]:
    return [f.ljust(60, b"\0") for p in packets for f in host.call(software, p, host.ndev)]


@pytest.mark.parametrize("offload", [True, False])
def test_random_packets_leave_as_linux_itself_makes_them(host: Any, offload: bool) -> None:
    """With the device's features, and with all of them switched off (OFF1, OFF2); counters and mappings agree."""
    h = host(seed=5)
    h.up()

    if not offload:
        _switch_off(h, L.NETIF_F_HW_CSUM | L.NETIF_F_HW_VLAN_CTAG_TX)
    rng = random.Random(11)
    packets = [random_packet(rng, i) for i in range(300)]
    want = _expected(h, packets)
    assert _send(h, packets) == want
    stats = h.stats()
    assert stats.tx_packets == 300
    short = sum(len(f) for p in packets for f in h.call(software, p, h.ndev))
    assert stats.tx_bytes == short
    h.remove()


def test_offload_descriptor_is_written_for_those_that_need_it_alone(host: Any) -> None:
    """CHECKSUM_PARTIAL or a tag of 0x8100 beside the data take a descriptor more; a service tag is put in by the
    stack."""
    h = host()
    h.up()
    ring = h.priv.queues[0].tx
    for csum, tag, n in (
        (None, None, 1),
        ((20, 3), None, 2),
        (None, (L.ETH_P_8021Q, 0), 2),
        (None, (L.ETH_P_8021AD, 7), 1),
        ((20, 3), (L.ETH_P_8021AD, 7), 2),
    ):
        before = ring.next_to_use
        packet = Packet(PLAIN, [len(PLAIN)], csum, tag)
        assert _send(h, [packet]) == _expected(h, [packet])
        assert ring.next_to_use - before == n, (csum, tag)
    h.remove()


def test_tag_of_a_frame_of_the_largest_mtu_fits_and_beyond_it_is_dropped(host: Any) -> None:
    """What the device would refuse, and halt the queue for, does not reach it."""
    h = host()
    h.up()
    assert h.call(L.dev_set_mtu, h.ndev, 9000) == 0
    tag = (L.ETH_P_8021Q, 5)
    fits, too_long = (Packet(PLAIN[:14] + bytes(n), [4000, 4096, n + 14 - 8096], None, tag) for n in (9000, 9001))
    assert _send(h, [fits, too_long]) == _expected(h, [fits])

    def beyond() -> int:
        skb = build(Packet(PLAIN, [len(PLAIN)], (20, 3), None), h.ndev)
        skb.csum_offset = len(PLAIN) - 20 - 1
        return int(L.dev_queue_xmit(skb))

    assert h.call(beyond) == 0
    h.settle()
    assert h.stats().tx_dropped == 2
    assert h.priv.queues[0].tx.error == 0
    h.remove()


def test_queue_stops_in_time_for_the_largest_packet_with_an_offload_descriptor(host: Any) -> None:
    """TX2: as many fragments as there may be, and a tag; the stack never sees NETDEV_TX_BUSY."""
    h = host(rate_gbps=0.5, tx_ring=64)
    h.up()
    data = PLAIN + bytes(17 * 20)
    packets = [Packet(data, [len(PLAIN), *[20] * 17], (20, 30), (L.ETH_P_8021Q, i + 1)) for i in range(40)]
    assert STOP_BELOW == L.MAX_SKB_FRAGS + 2
    assert _send(h, packets) == _expected(h, packets)
    assert h.priv.queues[0].tx.stopped > 0
    h.remove()


def test_ring_with_offload_descriptors_is_freed_when_the_device_goes_down(host: Any) -> None:
    """LIFE2: what was not sent is freed once, and nothing is unmapped that was not mapped."""
    h = host(rate_gbps=0.1)
    h.up()
    packets = [Packet(PLAIN, [40, len(PLAIN) - 40], (20, 3), (L.ETH_P_8021Q, 9)) for _ in range(30)]

    def send() -> None:
        for packet in packets:
            L.dev_queue_xmit(build(packet, h.ndev))
        L.dev_close(h.ndev)

    h.call(send)
    assert len(h.wire) < 30
    h.remove()


def _switch_off(host: Any, features: int) -> None:
    """As ethtool -K does."""

    def change() -> None:
        L.rtnl_lock()
        host.ndev.wanted_features &= ~features
        L.netdev_update_features(host.ndev)
        L.rtnl_unlock()

    host.call(change)


@pytest.mark.parametrize("tso", [True, False])
def test_tcp_packets_are_cut_as_linux_cuts_them(host: Any, tso: bool) -> None:
    """OFF3: up to 64 KiB, IPv4 and IPv6, options, tags, fragments, all flags; by the device, or by the stack; the
    counters count frames."""
    h = host(seed=3)
    h.up()
    both = L.NETIF_F_TSO | L.NETIF_F_TSO6
    if not tso:
        _switch_off(h, both | L.NETIF_F_TSO_ECN | L.NETIF_F_TSO_MANGLEID)
    assert bool(h.ndev.features & both) is tso
    rng = random.Random(17)
    packets = [random_gso_packet(rng, i, 1500, 65000 if i % 8 == 0 else 9000) for i in range(66)]
    frames = [f for p in packets for f in h.call(software, p, h.ndev)]
    used = []
    for packet in packets:
        before = h.priv.queues[0].tx.next_to_use
        want = [f.ljust(60, b"\0") for f in h.call(software, packet, h.ndev)]
        assert _send(h, [packet]) == want
        used.append(h.priv.queues[0].tx.next_to_use - before & 0xFFFF)
    stats = h.stats()
    assert (stats.tx_packets, stats.tx_bytes) == (len(frames), sum(map(len, frames)))
    one_each = [n == len(p.pieces) + 1 for n, p in zip(used, packets, strict=True)]
    # Linux asks no device to cut a packet with two tags, nor ours one whose headers are too long for it.
    can = [(p.net - 14) // 4 + (p.tag is not None) < 2 and sum(p.csum) + 4 <= 200 for p in packets]
    assert sum(can) > 40
    assert all(one for one, able in zip(one_each, can, strict=True) if able) if tso else not any(one_each)
    h.remove()


def test_tcp_packets_that_the_device_cannot_cut_are_cut_in_software(host: Any) -> None:
    """Headers of more than 255 bytes: ndo_features_check takes TSO from this packet alone."""
    h = host()
    h.up()
    rng = random.Random(1)
    long = [p for p in (random_gso_packet(rng, i, 1500, 5000) for i in range(400)) if p.csum[0] > 250][:5]
    assert long
    for packet in long:
        want = [f.ljust(60, b"\0") for f in h.call(software, packet, h.ndev)]
        assert _send(h, [packet]) == want
    h.remove()


def test_tcp_packet_with_a_shared_head_is_not_written_to(host: Any) -> None:
    """skb_cow_head(): what a clone shows stays as it was, although the device wants other headers."""
    h = host()
    h.up()
    packet = random_gso_packet(random.Random(5), 1)
    kept: list[bytes] = []

    def send() -> None:
        skb = build(packet, h.ndev)
        clone = L.skb_clone(skb, L.GFP_KERNEL)
        L.dev_queue_xmit(skb)
        L.msleep(1)
        kept.append(L.skb_to_bytes(clone))
        L.consume_skb(clone)

    want = h.call(software, packet, h.ndev)
    h.call(send)
    h.settle(500)
    assert kept == [packet.data]
    assert [f for f, _ in h.wire] == [f.ljust(60, b"\0") for f in want]
    h.remove()
