# SPDX-License-Identifier: Apache-2.0
"""GRO: what the kernel's records do not show, and its checks."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import machine
from tests.unit.linux_bed import Bed

MAC = bytes.fromhex("020000000001020000000099")
SRC, DST = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))


def _sum(data: bytes) -> int:
    return int.from_bytes(data + bytes(len(data) & 1), "big") % 0xFFFF


def tcp(payload: bytes, seq: int, ip_id: int = 1, sport: int = 1025, flags: int = 0x10, ttl: int = 64) -> bytes:
    """A frame with a TCP segment over IPv4, checksums right."""
    head = struct.pack(">HHIIBBHHH", sport, 5001, seq, 77, 0x50, flags, 501, 0, 0)
    pseudo = SRC + DST + struct.pack(">HH", 6, len(head) + len(payload))
    head = head[:16] + struct.pack(">H", 0xFFFF - _sum(pseudo + head + payload)) + head[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), ip_id, 0x4000, ttl, 6, 0) + SRC + DST
    ip = ip[:10] + struct.pack(">H", 0xFFFF - _sum(ip)) + ip[12:]
    return MAC + b"\x08\x00" + ip + head + payload


def flow(n: int, size: int = 100, first_id: int = 1, **fields: int) -> list[bytes]:
    """``n`` segments that follow each other."""
    return [tcp(bytes([65 + i]) * size, 1000 + i * size, first_id + i, **fields) for i in range(n)]


class Receiver:
    """A device on which ``poll(work)`` runs ``work(napi)`` in a poll; ``seen`` is what the stack got."""

    def __init__(self, features: int = L.NETIF_F_GRO) -> None:
        self.bed = Bed()
        self.napi = L.napi_struct(container=self)
        self.work: list[Callable[[Any], object]] = []
        self.seen: list[Any] = []
        self.results: list[int] = []
        self.bed.run(self._set_up, features)

    def _set_up(self, features: int) -> None:
        dev = L.alloc_etherdev(0)
        assert dev is not None
        self.ndev = dev
        dev.dev_addr = MAC[:6]
        dev.netdev_ops = L.net_device_ops(
            ndo_open=lambda dev: L.napi_enable(self.napi) or 0,
            ndo_stop=lambda dev: L.napi_disable(self.napi) or 0,
            ndo_start_xmit=lambda skb, dev: L.NETDEV_TX_OK,
        )
        L.netif_napi_add(dev, self.napi, self._poll)
        assert L.register_netdev(dev) == 0
        assert L.dev_open(dev) == 0
        dev.features = features
        L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=self._tap, dev=dev))

    def _tap(self, skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        self.seen.append(skb)
        return 0

    def _poll(self, napi: Any, budget: int) -> int:
        work = self.work.pop(0)(napi)
        if work == budget:
            return budget
        L.napi_complete_done(napi, 1)
        return 1

    def poll(self, *work: Callable[[Any], object]) -> None:
        """Have the functions run in a poll each, and the last one complete. One that returns 64 is polled again."""
        self.work = list(work)

        def run() -> None:
            while self.work:
                L.local_bh_disable()
                L.napi_schedule(self.napi)
                L.local_bh_enable()

        self.bed.run(run)

    def give(self, *frames: bytes) -> None:
        """Receive these in one poll."""

        def work(napi: Any) -> None:
            for frame in frames:
                skb = L.napi_alloc_skb(napi, len(frame))
                L.skb_put_data(skb, frame, len(frame))
                skb.protocol = L.eth_type_trans(skb, napi.dev)
                self.results.append(L.napi_gro_receive(napi, skb))

        self.poll(work)

    def free(self) -> None:
        for skb in self.seen:
            L.consume_skb(skb)
        self.seen = []


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


def test_frags_without_get_frags_are_a_bug() -> None:
    r = Receiver()
    with pytest.raises(L.KernelBug, match=r"napi_gro_frags\(\) without napi_get_frags\(\).*test_linux_gro.py"):
        r.poll(lambda napi: L.napi_gro_frags(napi))


def test_frags_outside_of_a_poll_are_napi7() -> None:
    """kernel-rules.md: NAPI7."""
    r = Receiver()
    with pytest.raises(L.CheckError, match=r"NAPI7: .*napi_gro_frags\(\) outside"):
        r.bed.run(L.napi_gro_frags, r.napi)
    assert machine() is r.bed.m
