# SPDX-License-Identifier: Apache-2.0
"""Link events: what is urgent, what waits, the operational state."""

from __future__ import annotations

from typing import Any

from pymodel import linux as L
from pymodel.linux.netdevice import LINK_STATE_LINKWATCH_PENDING
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_netdevice import device

SECOND = 1_000_000_000


def changes(bed: Bed, ndev: Any) -> list[int]:
    """The operational state at each NETDEV_CHANGE."""
    seen: list[int] = []

    def listen(nb: Any, event: int, info: Any) -> int:
        if event == L.NETDEV_CHANGE:
            seen.append(ndev.operstate)
        return L.NOTIFY_DONE

    bed.run(L.register_netdevice_notifier, L.notifier_block(listen))
    return seen


def test_a_link_that_comes_up_is_served_at_once_and_others_once_a_second() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.netif_carrier_off, ndev)
    bed.settle(2 * SECOND)
    bed.run(L.dev_open, ndev)
    seen = changes(bed, ndev)
    bed.run(L.netif_carrier_on, ndev)
    bed.settle()
    assert seen == [L.IF_OPER_UP]
    bed.run(L.netif_carrier_off, ndev)
    bed.settle(2 * SECOND)
    assert seen == [L.IF_OPER_UP, L.IF_OPER_DOWN]
    bed.run(L.netif_carrier_on, ndev)
    bed.settle()
    assert seen[2:] == [L.IF_OPER_UP], "urgent: the queues wait"
    bed.run(L.netif_carrier_off, ndev)
    bed.settle(SECOND // 2)
    bed.run(L.netif_carrier_off, ndev)
    bed.settle(2 * SECOND)
    assert seen[3:] == [L.IF_OPER_DOWN]


def test_a_flap_within_the_second_is_one_event_and_stops_nothing() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.dev_open, ndev)
    bed.run(L.netif_carrier_event, ndev)
    bed.settle()
    seen = changes(bed, ndev)
    bed.run(L.netif_carrier_off, ndev)
    bed.run(L.netif_carrier_on, ndev)
    bed.settle()
    assert seen == [] and ndev.state & LINK_STATE_LINKWATCH_PENDING
    bed.settle(2 * SECOND)
    assert seen == [L.IF_OPER_UP] and not ndev.state & LINK_STATE_LINKWATCH_PENDING
    assert (ndev.carrier_up_count, ndev.carrier_down_count) == (2, 2)


def test_before_registration_a_link_state_is_only_noted() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: 0)
    bed.run(L.netif_carrier_off, ndev)
    bed.run(L.netif_carrier_event, ndev)
    assert ndev.carrier_down_count == 0 and ndev.operstate == L.IF_OPER_UNKNOWN
    bed.run(L.register_netdev, ndev)
    assert ndev.operstate == L.IF_OPER_DOWN


def test_a_device_that_is_not_present_waits() -> None:
    bed = Bed()
    ndev = device(bed)

    def detach_then_off() -> None:
        L.rtnl_lock()
        L.netif_device_detach(ndev)
        L.netif_carrier_off(ndev)
        L.linkwatch_run_queue()
        assert ndev.operstate == L.IF_OPER_UNKNOWN and ndev.state & LINK_STATE_LINKWATCH_PENDING
        L.netif_device_attach(ndev)
        L.linkwatch_run_queue()
        L.rtnl_unlock()

    bed.run(detach_then_off)
    assert ndev.operstate == L.IF_OPER_DOWN


def test_dormant_and_testing_show_in_the_operational_state() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.dev_open, ndev)

    def after(change: Any) -> int:
        bed.run(change, ndev)
        bed.settle(2 * SECOND)
        return int(ndev.operstate)

    assert after(L.netif_dormant_on) == L.IF_OPER_DORMANT and L.netif_dormant(ndev)
    assert not L.netif_oper_up(ndev)
    assert after(L.netif_testing_on) == L.IF_OPER_TESTING and L.netif_testing(ndev)
    assert after(L.netif_testing_off) == L.IF_OPER_DORMANT
    assert after(L.netif_dormant_off) == L.IF_OPER_UP and L.netif_oper_up(ndev)
    ndev.link_mode = L.IF_LINK_MODE_DORMANT
    assert after(L.netif_carrier_event) == L.IF_OPER_DORMANT, "a supplicant has the last word"
    ndev.link_mode = L.IF_LINK_MODE_TESTING
    assert after(L.netif_carrier_event) == L.IF_OPER_TESTING


def test_an_event_that_waits_goes_with_its_device_and_is_no_leak() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.netif_carrier_off, ndev)
    bed.settle()
    bed.run(L.netif_carrier_on, ndev)
    assert ndev.state & LINK_STATE_LINKWATCH_PENDING
    bed.run(L.unregister_netdev, ndev)
    assert ndev.operstate == L.IF_OPER_UP and not ndev.state & LINK_STATE_LINKWATCH_PENDING
    bed.run(L.free_netdev, ndev)
    assert L.leak_report() == []


def test_change_is_told_of_devices_that_are_up_only() -> None:
    bed = Bed()
    ndev = device(bed)
    seen = changes(bed, ndev)
    bed.run(L.netdev_state_change, ndev)
    assert seen == []
    bed.run(L.dev_open, ndev)
    bed.run(L.netdev_state_change, ndev)
    assert len(seen) == 1
