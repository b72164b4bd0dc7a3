# SPDX-License-Identifier: Apache-2.0
"""Packets into the stack of the model without a driver: what tests of the receive path share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel import linux as L
from tests.unit.linux_bed import Bed, FakeNic

__all__ = ["FRAME", "MAC", "PEER", "attach", "each", "handler", "make", "receive", "rtnl", "up"]

MAC = bytes.fromhex("020000000001")  # FakeNic's
PEER = bytes.fromhex("020000000002")
FRAME = MAC + PEER + b"\x08\x00" + bytes(range(86))


def up(bed: Bed, **kwargs: Any) -> FakeNic:
    """A device that is registered and up."""
    nic = FakeNic(bed, **kwargs)
    assert bed.run(L.register_netdev, nic.ndev) == 0
    assert bed.run(L.dev_open, nic.ndev) == 0
    return nic


def make(dev: Any, frame: bytes) -> Any:
    """An skb as a driver makes it of a frame. In kernel code."""
    skb = L.netdev_alloc_skb(dev, len(frame))
    L.skb_put_data(skb, frame, len(frame))
    skb.protocol = L.eth_type_trans(skb, dev)
    return skb


def receive(bed: Bed, dev: Any, frame: bytes = FRAME, change: Callable[[Any], None] | None = None, cpu: int = 0) -> int:
    """A frame into netif_receive_skb(), as from a driver's poll; its return value."""

    def run() -> int:
        skb = make(dev, frame)
        if change is not None:
            change(skb)
        L.local_bh_disable()
        try:
            return int(L.netif_receive_skb(skb))
        finally:
            L.local_bh_enable()

    return int(bed.run(run, cpu=cpu))


def handler(log: list[str], name: str, type: int, dev: Any = None) -> Any:
    """A packet handler that writes ``name device from original device`` to a log."""

    def func(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        log.append(f"{name} {dev} from {orig}")
        L.consume_skb(skb)
        return L.NET_RX_SUCCESS

    pt = L.packet_type(type=type, func=func, dev=dev, ignore_outgoing=True)
    L.dev_add_pack(pt)
    return pt


def each(type: int, look: Callable[[Any], object]) -> None:
    """A packet handler that looks at each packet."""

    def func(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        look(skb)
        L.consume_skb(skb)
        return L.NET_RX_SUCCESS

    L.dev_add_pack(L.packet_type(type=type, func=func))


def rtnl(bed: Bed, fn: Callable[..., Any], *args: Any) -> Any:
    """Kernel code with rtnl held."""

    def run() -> Any:
        L.rtnl_lock()
        try:
            return fn(*args)
        finally:
            L.rtnl_unlock()

    return bed.run(run)


def attach(bed: Bed, dev: Any, fn: Any, data: Any = None) -> None:
    """Give a device its rx_handler."""
    assert rtnl(bed, L.netdev_rx_handler_register, dev, fn, data) == 0
