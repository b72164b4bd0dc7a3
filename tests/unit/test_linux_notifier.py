# SPDX-License-Identifier: Apache-2.0
"""Listeners of network devices: their order, their answers, what they are told; IPv4 as one of them."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_netdevice import device


def listener(log: list[Any], name: str = "", answer: int = L.NOTIFY_DONE, priority: int = 0) -> Any:
    def call(nb: Any, event: int, info: Any) -> int:
        log.append((name, L.netdev_cmd_to_name(event)) if name else L.netdev_cmd_to_name(event))
        return answer

    return L.notifier_block(call, priority)


def test_errno_goes_through_an_answer_and_back() -> None:
    assert L.notifier_from_errno(0) == L.NOTIFY_OK
    for err in (-L.EPERM, -L.EBUSY, -L.EPROBE_DEFER):
        answer = L.notifier_from_errno(err)
        assert answer & L.NOTIFY_STOP_MASK and L.notifier_to_errno(answer) == err
    assert [L.notifier_to_errno(answer) for answer in (L.NOTIFY_DONE, L.NOTIFY_OK, L.NOTIFY_STOP)] == [0, 0, 0]
    assert L.notifier_to_errno(L.NOTIFY_BAD) == -L.EPERM


def test_event_names_are_the_kernels() -> None:
    assert L.netdev_cmd_to_name(L.NETDEV_PRE_UNINIT) == "NETDEV_PRE_UNINIT"
    assert L.netdev_cmd_to_name(L.NETDEV_XDP_FEAT_CHANGE) == "NETDEV_XDP_FEAT_CHANGE"
    assert L.netdev_cmd_to_name(0) == L.netdev_cmd_to_name(41) == "UNKNOWN_NETDEV_EVENT"


def test_higher_priority_is_called_first_and_a_stop_ends_the_chain() -> None:
    Bed()
    head = L.raw_notifier_head()
    log: list[Any] = []
    blocks = [listener(log, "low", priority=-1), listener(log, "a"), listener(log, "b"), listener(log, "high", 0, 5)]
    for nb in blocks:
        assert L.raw_notifier_chain_register(head, nb) == 0
    assert L.raw_notifier_call_chain(head, L.NETDEV_UP, None) == L.NOTIFY_DONE
    assert [name for name, _ in log] == ["high", "a", "b", "low"]
    log.clear()
    L.raw_notifier_chain_register(head, listener(log, "stop", L.NOTIFY_STOP, 1))
    assert L.raw_notifier_call_chain(head, L.NETDEV_UP, None) == L.NOTIFY_STOP
    assert [name for name, _ in log] == ["high", "stop"]


def test_registering_twice_warns_and_unregistering_twice_fails() -> None:
    Bed()
    head, nb = L.raw_notifier_head(), listener([])
    L.raw_notifier_chain_register(head, nb)
    with pytest.raises(L.KernelWarning, match="notifier callback call already registered"):
        L.raw_notifier_chain_register(head, nb)
    assert L.raw_notifier_chain_unregister(head, nb) == 0
    assert L.raw_notifier_chain_unregister(head, nb) == -L.ENOENT


def test_a_listener_that_answers_nothing_is_a_bug() -> None:
    bed = Bed()
    bed.run(L.register_netdevice_notifier, L.notifier_block(lambda nb, event, info: None))  # type: ignore[arg-type]
    with pytest.raises(L.KernelBug, match=r"notifier <lambda> returned None, not NOTIFY_"):
        device(bed)


def test_a_new_listener_is_told_of_what_is_there_and_an_old_one_of_its_end() -> None:
    bed = Bed()
    up, down = device(bed), device(bed)
    bed.run(L.dev_open, up)
    log: list[Any] = []
    nb = listener(log)
    assert bed.run(L.register_netdevice_notifier, nb) == 0
    assert log == ["NETDEV_REGISTER", "NETDEV_UP", "NETDEV_REGISTER"]
    log.clear()
    assert bed.run(L.unregister_netdevice_notifier, nb) == 0
    assert log == ["NETDEV_GOING_DOWN", "NETDEV_DOWN", "NETDEV_UNREGISTER", "NETDEV_UNREGISTER"]
    assert up.flags & L.IFF_UP and not down.flags & L.IFF_UP, "nothing happened to the devices"
    assert bed.run(L.unregister_netdevice_notifier, nb) == -L.ENOENT


def test_a_new_listener_that_refuses_a_device_is_not_registered() -> None:
    bed = Bed()
    first, second = device(bed), device(bed)
    bed.run(L.dev_open, first)
    log: list[Any] = []

    def call(nb: Any, event: int, info: Any) -> int:
        log.append((L.netdev_notifier_info_to_dev(info).name, event))
        return L.notifier_from_errno(-L.EBUSY) if info.dev is second else L.NOTIFY_OK

    assert bed.run(L.register_netdevice_notifier, L.notifier_block(call)) == -L.EBUSY
    assert log == [
        ("eth0", L.NETDEV_REGISTER), ("eth0", L.NETDEV_UP), ("eth1", L.NETDEV_REGISTER),
        ("eth0", L.NETDEV_GOING_DOWN), ("eth0", L.NETDEV_DOWN), ("eth0", L.NETDEV_UNREGISTER),
    ]  # fmt: skip
    log.clear()
    bed.run(L.dev_close, first)
    assert log == []


def test_a_listener_keeps_a_device_down() -> None:
    bed = Bed()
    opened: list[str] = []
    ndev = device(bed, opened)
    nb = L.notifier_block(lambda nb, event, info: L.NOTIFY_BAD if event == L.NETDEV_PRE_UP else L.NOTIFY_DONE)
    bed.run(L.register_netdevice_notifier, nb)
    assert bed.run(L.dev_open, ndev) == -L.EPERM
    assert opened == [] and not L.netif_running(ndev)


def test_a_listener_that_stays_registered_is_a_leak() -> None:
    bed = Bed()
    nb = listener([])
    bed.run(L.register_netdevice_notifier, nb)
    assert L.leak_report() == ["netdevice notifier call still registered"]
    bed.run(L.unregister_netdevice_notifier, nb)
    bed.run(L.devinet_init)
    assert L.leak_report() == [], "protocols stay"


# -- IPv4 ----------------------------------------------------------------------------------------------------
ALL_HOSTS = bytes.fromhex("01005e000001")


def groups(ndev: Any) -> list[bytes]:
    return [ha.addr for ha in L.netdev_for_each_mc_addr(ndev)]


def test_ipv4_joins_all_hosts_while_a_device_is_up() -> None:
    bed = Bed()
    early = device(bed)
    bed.run(L.dev_open, early)
    assert groups(early) == []
    bed.run(L.devinet_init)
    assert groups(early) == [ALL_HOSTS], "a device that is there is seen"
    bed.run(L.dev_close, early)
    assert groups(early) == []
    bed.run(L.unregister_netdev, early)
    assert early.ip_ptr is None and L.netdev_refcnt_read(early) == 1


def test_ipv4_keeps_further_groups_and_loads_them_anew() -> None:
    bed = Bed()
    bed.run(L.devinet_init)
    ndev = device(bed)
    group = 0xEF010203
    mac = L.ip_eth_mc_map(group)
    assert mac == bytes.fromhex("01005e010203")
    for _ in range(2):
        bed.run(L.ip_mc_inc_group, ndev.ip_ptr, group)
    assert groups(ndev) == [mac]
    bed.run(L.dev_open, ndev)
    assert groups(ndev) == [mac, ALL_HOSTS]
    bed.run(L.dev_close, ndev)
    assert groups(ndev) == []
    bed.run(L.dev_open, ndev)
    assert sorted(groups(ndev)) == [ALL_HOSTS, mac]
    bed.run(L.ip_mc_dec_group, ndev.ip_ptr, group)
    assert mac in groups(ndev)
    bed.run(L.ip_mc_dec_group, ndev.ip_ptr, group)
    assert groups(ndev) == [ALL_HOSTS]


def test_ipv4_leaves_a_device_whose_mtu_is_too_small() -> None:
    bed = Bed()
    bed.run(L.devinet_init)
    ndev = device(bed)
    ndev.min_mtu = 0
    bed.run(L.dev_open, ndev)
    bed.run(L.dev_set_mtu, ndev, 67)
    assert ndev.ip_ptr is None and groups(ndev) == []
    bed.run(L.dev_set_mtu, ndev, 68)
    assert groups(ndev) == [ALL_HOSTS]
    assert not L.inetdev_valid_mtu(67)
