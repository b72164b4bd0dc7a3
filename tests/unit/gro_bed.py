# SPDX-License-Identifier: Apache-2.0
"""A device that hands frames to GRO, and the frames: for tests/unit/test_linux_gro*.py."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from pymodel import linux as L
from tests.unit.linux_bed import Bed

__all__ = ["MAC", "Receiver", "flow", "tcp", "tcp6", "udp", "words"]

MAC = bytes.fromhex("020000000001020000000099")
SRC, DST = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))


def words(data: bytes) -> int:
    """The ones'-complement sum of 16-bit words, 0 for a sum of 0xffff."""
    return int.from_bytes(data + bytes(len(data) & 1), "big") % 0xFFFF


def tcp(payload: bytes, seq: int, ip_id: int = 1, sport: int = 1025, src: bytes = SRC) -> bytes:
    """A frame with a TCP segment over IPv4, checksums right."""
    head = struct.pack(">HHIIBBHHH", sport, 5001, seq, 77, 0x50, 0x10, 501, 0, 0)
    pseudo = src + DST + struct.pack(">HH", 6, len(head) + len(payload))
    head = head[:16] + struct.pack(">H", 0xFFFF - words(pseudo + head + payload)) + head[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), ip_id, 0x4000, 64, 6, 0) + src + DST
    ip = ip[:10] + struct.pack(">H", 0xFFFF - words(ip)) + ip[12:]
    return MAC + b"\x08\x00" + ip + head + payload


def tcp6(payload: bytes, seq: int, extension: bytes = b"") -> bytes:
    """The same over IPv6. ``extension``: a hop-by-hop header."""
    head = struct.pack(">HHIIBBHHH", 1025, 5001, seq, 77, 0x50, 0x10, 501, 0, 0)
    src, dst = bytes(15) + b"\1", bytes(15) + b"\2"
    pseudo = src + dst + struct.pack(">II", len(head) + len(payload), 6)
    head = head[:16] + struct.pack(">H", 0xFFFF - words(pseudo + head + payload)) + head[18:]
    size = len(extension) + len(head) + len(payload)
    ip = struct.pack(">IHBB", 6 << 28, size, 0 if extension else 6, 64) + src + dst
    return MAC + b"\x86\xdd" + ip + extension + head + payload


def udp(payload: bytes, ip_id: int) -> bytes:
    head = struct.pack(">HHHH", 1025, 5001, 8 + len(payload), 0)
    pseudo = SRC + DST + struct.pack(">HH", 17, 8 + len(payload))
    head = head[:6] + struct.pack(">H", 0xFFFF - words(pseudo + head + payload))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), ip_id, 0x4000, 64, 17, 0) + SRC + DST
    ip = ip[:10] + struct.pack(">H", 0xFFFF - words(ip)) + ip[12:]
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
        L.rtnl_lock()
        assert L.netdev_rx_handler_register(dev, self._rx_handler) == 0
        L.rtnl_unlock()

    def _rx_handler(self, skb: Any) -> tuple[int, Any]:
        self.seen.append(skb)
        return L.RX_HANDLER_CONSUMED, None

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

    def receive(self, napi: Any, frame: bytes, **fields: Any) -> Any:
        """Hand a frame to GRO, with these fields of the sk_buff; within a poll."""
        skb = L.napi_alloc_skb(napi, len(frame))
        assert skb is not None
        L.skb_put_data(skb, frame, len(frame))
        skb.protocol = L.eth_type_trans(skb, napi.dev)
        for name, value in fields.items():
            setattr(skb, name, value)
        self.results.append(L.napi_gro_receive(napi, skb))
        return skb

    def frags(self, napi: Any, *pages: bytes, **fields: Any) -> Any:
        """The same through napi_gro_frags(), with parts of the frame in pages."""
        skb = L.napi_get_frags(napi)
        assert skb is not None
        for i, part in enumerate(pages):
            page = L.alloc_page(L.GFP_ATOMIC)
            assert page is not None
            self.bed.m.memory.mem[page.addr : page.addr + len(part)] = part
            L.skb_add_rx_frag(skb, i, page, 0, len(part), L.PAGE_SIZE)
        for name, value in fields.items():
            setattr(skb, name, value)
        self.results.append(L.napi_gro_frags(napi))
        return skb

    def give(self, *frames: bytes, **fields: Any) -> None:
        """Receive these in one poll."""

        def work(napi: Any) -> None:
            for frame in frames:
                self.receive(napi, frame, **fields)

        self.poll(work)

    def segments(self) -> list[int]:
        """Of each packet that the stack got, how many segments it was."""
        return [max(1, L.skb_shinfo(skb).gso_segs) for skb in self.seen]

    def free(self) -> None:
        for skb in self.seen:
            L.consume_skb(skb)
        self.seen = []
