# SPDX-License-Identifier: Apache-2.0
"""A device's life: names, registration and unregistration in order, references, the end; LIFE1."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_netdevice import device


def test_names_are_given_in_order_and_reused() -> None:
    bed = Bed()
    first, second = device(bed), device(bed)
    assert (first.name, second.name) == ("eth0", "eth1")
    assert first.ifindex < second.ifindex
    bed.run(L.unregister_netdev, first)
    assert device(bed).name == "eth0"
    assert [d.name for d in L.registered_netdevs()] == ["eth1", "eth0"]


def test_registering_twice_is_a_bug() -> None:
    bed = Bed()
    with pytest.raises(L.KernelBug, match="not NETREG_UNINITIALIZED"):
        bed.run(L.register_netdev, device(bed))


def test_registering_without_its_ops_is_life1() -> None:
    """kernel-rules.md: LIFE1."""
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    with pytest.raises(L.CheckError, match="LIFE1: eth0 registered without ndo_start_xmit"):
        bed.run(L.register_netdev, ndev)


def test_freeing_a_registered_device_is_a_bug() -> None:
    bed = Bed()
    ndev = device(bed)
    with pytest.raises(L.KernelBug, match=r"unregister_netdev\(\) must come first"):
        L.free_netdev(ndev)
    bed.run(L.unregister_netdev, ndev)
    L.free_netdev(ndev)
    with pytest.raises(L.KernelBug, match="freed twice"):
        L.free_netdev(ndev)
    assert L.leak_report() == []


def test_unregistering_twice_is_a_bug_and_never_registered_warns() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.unregister_netdev, ndev)
    with pytest.raises(L.KernelBug, match="not NETREG_REGISTERED"):
        bed.run(L.unregister_netdev, ndev)
    with pytest.raises(L.KernelWarning, match="never was registered"):
        bed.run(L.unregister_netdev, bed.run(L.alloc_etherdev, 0))


def test_device_never_freed_is_a_leak() -> None:
    bed = Bed()
    bed.run(L.unregister_netdev, device(bed))
    assert L.leak_report() == [line for line in L.leak_report() if "net_device eth0, allocated at" in line] != []


def test_unregister_closes_a_device_that_is_up() -> None:
    bed = Bed()
    log: list[str] = []
    ndev = device(bed, log)
    bed.run(L.dev_open, ndev)
    bed.run(L.unregister_netdev, ndev)
    assert log == ["open", "stop"]


def test_rtnl_is_needed_by_the_unlocked_calls() -> None:
    bed = Bed()
    ndev = device(bed)
    for call, args in (
        (L.unregister_netdevice, (ndev,)),
        (L.unregister_netdevice_many, ([ndev],)),
        (L.register_netdevice, (ndev,)),
        (L.netif_set_real_num_tx_queues, (ndev, 1)),
        (L.netif_set_real_num_rx_queues, (ndev, 1)),
    ):
        with pytest.raises(L.KernelWarning, match=rf"RTNL: assertion failed in {call.__name__}\(\)"):
            bed.run(call, *args)

    def run() -> None:
        L.rtnl_lock()
        assert L.dev_open(ndev) == 0, "held already: not taken again"
        L.unregister_netdevice(ndev)
        L.rtnl_unlock()

    bed.run(run)
    assert not L.rtnl_is_locked()


def test_register_undoes_what_it_did_when_the_driver_or_a_listener_fails() -> None:
    bed = Bed()
    log: list[str] = []
    ndev = bed.run(L.alloc_etherdev, 0)
    base: dict[str, Any] = {"ndo_start_xmit": lambda skb, dev: 0, "ndo_uninit": lambda dev: log.append("uninit")}
    ndev.netdev_ops = L.net_device_ops(ndo_init=lambda dev: 1, **base)
    ndev.priv_destructor = lambda dev: log.append("destructor")
    assert bed.run(L.register_netdev, ndev) == -L.EIO, "positive is an error as well"
    assert log == []
    ndev.netdev_ops = L.net_device_ops(**base)

    def refuse(event: int) -> Any:
        return L.notifier_block(
            lambda nb, val, info: L.notifier_from_errno(-L.EPERM) if val == event else L.NOTIFY_DONE
        )

    for event in (L.NETDEV_POST_INIT, L.NETDEV_REGISTER):
        ndev = bed.run(L.alloc_etherdev, 0)
        ndev.netdev_ops = L.net_device_ops(**base)
        ndev.priv_destructor = lambda dev: log.append("destructor")
        nb = refuse(event)
        bed.run(L.register_netdevice_notifier, nb)
        assert bed.run(L.register_netdev, ndev) == -L.EPERM
        bed.run(L.unregister_netdevice_notifier, nb)
        assert log == ["uninit", "destructor"]
        log.clear()
        bed.run(L.free_netdev, ndev)
        assert L.registered_netdevs() == []


def test_register_offers_software_features_and_what_follows_from_tso() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: 0)
    ndev.features = ndev.hw_features = L.NETIF_F_SG | L.NETIF_F_HW_CSUM | L.NETIF_F_TSO
    ndev.vlan_features = L.NETIF_F_TSO
    bed.run(L.register_netdev, ndev)
    assert ndev.features == L.NETIF_F_SG | L.NETIF_F_HW_CSUM | L.NETIF_F_TSO | L.NETIF_F_SOFT_FEATURES
    assert ndev.hw_features & L.NETIF_F_TSO_MANGLEID and ndev.hw_features & L.NETIF_F_SOFT_FEATURES_OFF
    assert ndev.vlan_features == L.NETIF_F_TSO | L.NETIF_F_TSO_MANGLEID | L.NETIF_F_HIGHDMA
    assert ndev.wanted_features == ndev.features


def test_register_of_a_vlan_filter_without_its_ops_warns() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: 0)
    ndev.hw_features = L.NETIF_F_HW_VLAN_CTAG_FILTER
    with pytest.raises(L.KernelWarning, match="Buggy VLAN acceleration in driver"):
        bed.run(L.register_netdev, ndev)
    with L.tolerate("WARN"):
        assert bed.run(L.register_netdev, ndev) == -L.EINVAL


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a:b", "a b", "sixteen-letters-"])
def test_names_that_no_device_may_have(name: str) -> None:
    Bed()
    assert not L.dev_valid_name(name)
    assert L.dev_valid_name("eth0") and L.dev_valid_name("fifteen-letters")


def test_rename_tells_listeners_and_takes_no_name_twice() -> None:
    bed = Bed()
    first, second = device(bed), device(bed)
    seen: list[int] = []
    refused = [False]

    def listen(nb: Any, event: int, info: Any) -> int:
        if event == L.NETDEV_CHANGENAME:
            seen.append(event)
            return L.notifier_from_errno(-L.EBUSY) if refused[0] and len(seen) == 2 else L.NOTIFY_OK
        return L.NOTIFY_DONE

    nb = L.notifier_block(listen)
    bed.run(L.register_netdevice_notifier, nb)
    assert bed.run(L.dev_change_name, first, "wan0") == 0
    assert (first.name, L.dev_name(first.dev), first.name_assign_type) == ("wan0", "wan0", L.NET_NAME_RENAMED)
    assert bed.run(L.dev_change_name, second, "wan0") == -L.EEXIST
    assert bed.run(L.dev_change_name, second, "a b") == -L.EINVAL
    assert bed.run(L.dev_change_name, second, "wan%d") == 0 and second.name == "wan1"
    refused[0] = True
    seen[:] = seen[:1]
    assert bed.run(L.dev_change_name, first, "lan0") == -L.EBUSY
    assert first.name == "wan0"
    assert bed.run(L.register_netdev, _named(bed, "wan0")) == -L.EEXIST


def _named(bed: Bed, name: str) -> Any:
    ndev = bed.run(L.alloc_netdev, 0, name, L.NET_NAME_USER, L.ether_setup)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: 0)
    return ndev


def test_alloc_name_gives_the_number_and_refuses_other_patterns() -> None:
    bed = Bed()
    ndev = device(bed)
    assert bed.run(L.dev_alloc_name, ndev, "x%dy") == 0 and ndev.name == "x0y"
    assert bed.run(L.dev_alloc_name, ndev, "x%d%d") == -L.EINVAL
    assert bed.run(L.dev_alloc_name, ndev, "x%s") == -L.EINVAL


def test_a_device_that_is_held_is_finished_only_when_it_is_put() -> None:
    bed = Bed()
    ndev = device(bed)
    assert bed.run(L.dev_get_by_name, "eth0") is ndev and bed.run(L.dev_get_by_name, "eth9") is None
    assert bed.run(L.dev_get_by_index, ndev.ifindex) is ndev
    assert L.netdev_refcnt_read(ndev) == 4
    bed.run(L.dev_put, ndev)
    told: list[int] = []
    nb = L.notifier_block(lambda nb, event, info: told.append(event) or L.NOTIFY_DONE)
    bed.run(L.register_netdevice_notifier, nb)
    told.clear()
    bed.sched.call_at(bed.sched.now + 1_500_000_000_000, lambda: L.dev_put(ndev))
    start = bed.sched.now
    bed.run(L.unregister_netdev, ndev)
    assert bed.sched.now - start >= 1_500_000_000_000
    assert ndev.reg_state == L.NETREG_UNREGISTERED
    assert told.count(L.NETDEV_UNREGISTER) == 2, "who holds it is told again after a second"


def test_a_device_held_for_ever_is_a_lockup_that_names_the_holder() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.dev_hold, ndev)
    with pytest.raises(L.Lockup, match=r"waiting for eth0 to become free. Usage count = 2 .*held at "):
        bed.run(L.unregister_netdev, ndev)


def test_put_without_hold_is_a_bug() -> None:
    bed = Bed()
    with pytest.raises(L.KernelBug, match=r"dev_put\(eth0\) without dev_hold"):
        bed.run(L.dev_put, device(bed))
    L.dev_put(None)
    L.dev_hold(None)


def test_free_while_being_unregistered_waits_for_its_end() -> None:
    bed = Bed()
    log: list[str] = []
    ndev = device(bed)
    ndev.priv_destructor = lambda dev: log.append(f"destructor, state {dev.reg_state}")

    def run() -> None:
        L.rtnl_lock()
        L.unregister_netdevice(ndev)
        assert ndev.reg_state == L.NETREG_UNREGISTERING
        L.free_netdev(ndev)
        assert log == []
        L.rtnl_unlock()

    bed.run(run)
    assert log == [f"destructor, state {L.NETREG_UNREGISTERED}"]
    assert ndev.reg_state == L.NETREG_RELEASED
    assert L.leak_report() == []


def test_unregister_many_closes_all_before_the_first_goes() -> None:
    bed = Bed()
    log: list[str] = []
    devs = [device(bed, log), device(bed, log)]
    for ndev in devs:
        bed.run(L.dev_open, ndev)

    def run() -> None:
        L.rtnl_lock()
        L.unregister_netdevice_many(devs)
        L.rtnl_unlock()

    bed.run(run)
    assert log == ["open", "open", "stop", "stop"]
    assert L.registered_netdevs() == []
