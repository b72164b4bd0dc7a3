# SPDX-License-Identifier: Apache-2.0
"""netif_receive_skb(): the order in which a received packet meets taps, receivers, hooks and protocol handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed, FakeNic

FRAME = bytes.fromhex("020000000001020000000002") + b"\x08\x00" + bytes(range(86))


def up(bed: Bed, **kwargs: Any) -> FakeNic:
    nic = FakeNic(bed, **kwargs)
    assert bed.run(L.register_netdev, nic.ndev) == 0
    assert bed.run(L.dev_open, nic.ndev) == 0
    return nic


def receive(bed: Bed, dev: Any, frame: bytes = FRAME, change: Callable[[Any], None] | None = None) -> int:
    """A frame into netif_receive_skb(), as from a driver's poll; its return value."""

    def run() -> int:
        skb = L.netdev_alloc_skb(dev, len(frame))
        L.skb_put_data(skb, frame, len(frame))
        skb.protocol = L.eth_type_trans(skb, dev)
        if change is not None:
            change(skb)
        L.local_bh_disable()
        try:
            return int(L.netif_receive_skb(skb))
        finally:
            L.local_bh_enable()

    return int(bed.run(run))


def handler(log: list[str], name: str, type: int, dev: Any = None) -> Any:
    def func(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        log.append(f"{name} {dev} from {orig}")
        L.consume_skb(skb)
        return L.NET_RX_SUCCESS

    pt = L.packet_type(type=type, func=func, dev=dev, ignore_outgoing=True)
    L.dev_add_pack(pt)
    return pt


def attach(bed: Bed, dev: Any, fn: Any, data: Any = None) -> None:
    def run() -> None:
        L.rtnl_lock()
        assert L.netdev_rx_handler_register(dev, fn, data) == 0
        L.rtnl_unlock()

    bed.run(run)


# -- the device's own receiver ---------------------------------------------------------------------------------
def test_rx_handler_that_consumes_ends_the_way_after_the_taps() -> None:
    bed = Bed()
    nic = up(bed)
    log: list[str] = []
    handler(log, "tap", L.ETH_P_ALL)
    handler(log, "ip", L.ETH_P_IP)

    def consume(skb: Any) -> tuple[int, Any]:
        log.append(f"rx_handler {skb.dev} {skb.dev.rx_handler_data}")
        L.consume_skb(skb)
        return L.RX_HANDLER_CONSUMED, None

    attach(bed, nic.ndev, consume, "mine")
    assert receive(bed, nic.ndev) == L.NET_RX_SUCCESS
    assert log == ["tap eth0 from eth0", "rx_handler eth0 mine"]


def test_rx_handler_that_answers_another_goes_round_with_the_new_device() -> None:
    """As bonding and bridges do; handlers are told both devices."""
    bed = Bed()
    low, high = up(bed), up(bed)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    handler(log, "high", L.ETH_P_IP, high.ndev)
    handler(log, "low", L.ETH_P_IP, low.ndev)

    def another(skb: Any) -> tuple[int, Any]:
        skb.dev = high.ndev
        return L.RX_HANDLER_ANOTHER, skb

    attach(bed, low.ndev, another)
    before = L.counters()["rx_processed"]
    assert receive(bed, low.ndev) == L.NET_RX_SUCCESS
    assert log == ["ip eth1 from eth0", "low eth1 from eth0", "high eth1 from eth0"]
    assert L.counters()["rx_processed"] - before == 2


@pytest.mark.parametrize(("exact", "seen"), [(True, ["own eth0 from eth0"]), (False, ["ip eth0 from eth0"] * 2)])
def test_rx_handler_exact_delivers_to_handlers_of_the_device_alone(exact: bool, seen: list[str]) -> None:
    bed = Bed()
    nic = up(bed)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    own = handler(log, "own", L.ETH_P_IP, nic.ndev)
    if not exact:
        L.dev_remove_pack(own)
        handler(log, "ip", L.ETH_P_IP)
    verdict = L.RX_HANDLER_EXACT if exact else L.RX_HANDLER_PASS
    attach(bed, nic.ndev, lambda skb: (verdict, skb))
    assert receive(bed, nic.ndev) == L.NET_RX_SUCCESS
    assert log == seen


def test_packet_nobody_handles_is_dropped_and_counted_as_the_handler_said() -> None:
    bed = Bed()
    nic = up(bed)
    assert receive(bed, nic.ndev) == L.NET_RX_DROP
    assert (nic.ndev.rx_dropped, nic.ndev.rx_nohandler) == (1, 0)
    attach(bed, nic.ndev, lambda skb: (L.RX_HANDLER_EXACT, skb))
    assert receive(bed, nic.ndev) == L.NET_RX_DROP
    assert (nic.ndev.rx_dropped, nic.ndev.rx_nohandler) == (1, 1)
    assert L.counters()["drops"] == {"UNHANDLED_PROTO": 2}


def test_second_rx_handler_is_refused_until_the_first_is_gone() -> None:
    bed = Bed()
    nic = up(bed)
    attach(bed, nic.ndev, lambda skb: (L.RX_HANDLER_PASS, skb))

    def run() -> tuple[int, int]:
        L.rtnl_lock()
        busy = L.netdev_rx_handler_register(nic.ndev, lambda skb: (L.RX_HANDLER_PASS, skb))
        L.netdev_rx_handler_unregister(nic.ndev)
        free = L.netdev_rx_handler_register(nic.ndev, lambda skb: (L.RX_HANDLER_PASS, skb))
        L.rtnl_unlock()
        return busy, free

    assert bed.run(run) == (-L.EBUSY, 0)


def test_rx_handler_without_rtnl_warns_and_unknown_verdict_is_a_bug() -> None:
    bed = Bed()
    nic = up(bed)
    with pytest.raises(L.KernelWarning, match="RTNL: assertion failed"):
        bed.run(L.netdev_rx_handler_register, nic.ndev, lambda skb: (L.RX_HANDLER_PASS, skb))
    attach(bed, nic.ndev, lambda skb: (7, skb))
    with pytest.raises(L.KernelBug, match="returned 7"):
        receive(bed, nic.ndev)
