# SPDX-License-Identifier: Apache-2.0
"""Received frames with VLAN tags, on a host without VLAN devices. Source: net/core/dev.c __netif_receive_skb_core()."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.gro_bed import MAC, Receiver

REST = b"\x08\x00" + bytes(range(46))


def tag(tci: int, proto: int = L.ETH_P_8021Q) -> bytes:
    return proto.to_bytes(2, "big") + tci.to_bytes(2, "big")


class Taps(Receiver):
    """What a tap and the handlers of IP get, as (frame, VLAN protocol, tci, protocol, pkt_type)."""

    def __init__(self) -> None:
        super().__init__(features=0)
        self.tapped: list[Any] = []
        self.handled: list[Any] = []
        self.bed.run(self._install)

    def _install(self) -> None:
        L.rtnl_lock()
        L.netdev_rx_handler_unregister(self.ndev)
        L.rtnl_unlock()
        L.dev_add_pack(L.packet_type(L.ETH_P_ALL, lambda skb, *_: self._see(skb, self.tapped), dev=self.ndev))
        L.dev_add_pack(L.packet_type(L.ETH_P_IP, lambda skb, *_: self._see(skb, self.handled), dev=self.ndev))

    def _see(self, skb: Any, seen: list[Any]) -> int:
        seen.append((L.skb_mac_frame(skb), skb.vlan_proto, skb.vlan_tci, skb.protocol, skb.pkt_type))
        L.consume_skb(skb)
        return 0


@pytest.mark.parametrize("proto", [L.ETH_P_8021Q, L.ETH_P_8021AD])
def test_tag_is_moved_beside_the_data_and_the_packet_is_another_hosts(proto: int) -> None:
    r = Taps()
    frame = MAC + tag(0x6007, proto) + REST
    r.give(frame)
    assert r.tapped == [(frame, proto, 0x6007, L.ETH_P_IP, L.PACKET_HOST)]
    assert r.handled == [(MAC + REST, 0, 0, L.ETH_P_IP, L.PACKET_OTHERHOST)]
    assert L.skb_leaks() == []


def test_tag_that_the_device_took_out_is_treated_alike() -> None:
    r = Taps()
    r.give(MAC + REST, vlan_proto=L.ETH_P_8021Q, vlan_tci=7)
    assert r.tapped == [(MAC + tag(7) + REST, L.ETH_P_8021Q, 7, L.ETH_P_IP, L.PACKET_HOST)]
    assert r.handled == [(MAC + REST, 0, 0, L.ETH_P_IP, L.PACKET_OTHERHOST)]


def test_tag_of_priority_alone_is_taken_off() -> None:
    r = Taps()
    r.give(MAC + tag(0xE000) + REST)
    assert r.handled == [(MAC + REST, 0, 0, L.ETH_P_IP, L.PACKET_HOST)]


def test_tag_within_a_tag_of_priority_alone_counts() -> None:
    r = Taps()
    r.give(MAC + tag(0) + tag(5) + REST, MAC + tag(0) + tag(0) + REST)
    assert [seen[4] for seen in r.handled] == [L.PACKET_OTHERHOST, L.PACKET_HOST]
    assert [seen[0] for seen in r.handled] == [MAC + REST] * 2


def test_tag_within_a_tag_of_another_vlan_is_not_looked_at() -> None:
    r = Taps()
    frame = MAC + tag(4) + tag(5) + REST
    r.give(frame)
    assert r.tapped == [(frame, L.ETH_P_8021Q, 4, L.ETH_P_8021Q, L.PACKET_HOST)]
    assert r.handled == []
    assert r.ndev.rx_dropped == 1


@pytest.mark.parametrize("tags", [tag(3), tag(0) + tag(3)])
def test_frame_that_ends_in_its_tag_is_dropped(tags: bytes) -> None:
    r = Taps()
    r.give(MAC + tags)
    assert r.handled == []
    assert len(r.tapped) == (0 if len(tags) == 4 else 1)
    assert L.skb_leaks() == []
