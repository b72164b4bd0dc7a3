# SPDX-License-Identifier: Apache-2.0
"""IFF_*, promiscuity and all-multicast by count, the receive filter, and the lists of addresses."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_netdevice import ADDR, device

GROUP = bytes.fromhex("01005e000001")
OTHER = bytes.fromhex("020000000077")


def opened(bed: Bed, **ops: Any) -> Any:
    ndev = device(bed, **ops)
    bed.run(L.dev_open, ndev)
    return ndev


# -- flags ---------------------------------------------------------------------------------------------------
def test_promiscuity_counts_and_tells_the_driver_on_change_only() -> None:
    bed = Bed()
    modes: list[int] = []
    ndev = device(bed, ndo_set_rx_mode=lambda dev: modes.append(dev.flags & L.IFF_PROMISC))
    bed.run(L.dev_set_promiscuity, ndev, 1)
    assert modes == [], "down: told at open"
    bed.run(L.dev_open, ndev)
    bed.run(L.dev_set_promiscuity, ndev, 1)
    bed.run(L.dev_set_promiscuity, ndev, -1)
    bed.run(L.dev_set_promiscuity, ndev, -1)
    assert modes == [L.IFF_PROMISC, 0]
    assert "entered promiscuous mode" in "".join(L.dmesg()) and "left promiscuous mode" in L.dmesg()[-1]


@pytest.mark.parametrize("which", ["promiscuity", "allmulti"])
def test_counts_below_zero_are_huge_and_do_not_go_up_to_zero(which: str) -> None:
    """As in Linux: the count is unsigned, and a bug of whoever counts down too often shows as "touches roof"."""
    bed = Bed()
    ndev = device(bed)
    count, flag = getattr(L, f"dev_set_{which}"), {"promiscuity": L.IFF_PROMISC, "allmulti": L.IFF_ALLMULTI}[which]
    assert bed.run(count, ndev, -1) == 0
    assert getattr(ndev, which) == 0xFFFFFFFF and ndev.flags & flag
    assert bed.run(count, ndev, 1) == -L.EOVERFLOW
    assert f"{which} touches roof" in L.dmesg()[-1]


def test_what_a_user_set_is_shown_and_what_others_count_is_not() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.dev_set_promiscuity, ndev, 1)
    assert ndev.flags & L.IFF_PROMISC and not L.dev_get_flags(ndev) & L.IFF_PROMISC
    bed.run(L.dev_change_flags, ndev, ndev.flags | L.IFF_PROMISC | L.IFF_ALLMULTI)
    assert ndev.promiscuity == 2 and ndev.allmulti == 1
    assert L.dev_get_flags(ndev) & (L.IFF_PROMISC | L.IFF_ALLMULTI) == L.IFF_PROMISC | L.IFF_ALLMULTI
    bed.run(L.dev_change_flags, ndev, ndev.flags & ~(L.IFF_PROMISC | L.IFF_ALLMULTI))
    assert ndev.promiscuity == 1 and ndev.flags & L.IFF_PROMISC


def test_change_flags_brings_a_device_up_and_down_and_says_so_once() -> None:
    bed = Bed()
    log: list[Any] = []
    ndev = device(bed, log)
    events: list[Any] = []

    def listen(nb: Any, event: int, info: Any) -> int:
        events.append((event, info.flags_changed) if event == L.NETDEV_CHANGE else event)
        return L.NOTIFY_DONE

    bed.run(L.register_netdevice_notifier, L.notifier_block(listen))
    events.clear()
    flags = L.dev_get_flags(ndev)
    assert bed.run(L.dev_change_flags, ndev, flags | L.IFF_UP) == 0
    assert (log, events) == (["open"], [L.NETDEV_PRE_UP, L.NETDEV_UP])
    events.clear()
    assert bed.run(L.dev_change_flags, ndev, L.dev_get_flags(ndev) | L.IFF_NOARP) == 0
    assert events == [(L.NETDEV_CHANGE, L.IFF_NOARP)]
    events.clear()
    assert bed.run(L.dev_change_flags, ndev, flags) == 0
    assert (log, events) == (["open", "stop"], [L.NETDEV_GOING_DOWN, L.NETDEV_DOWN])
    assert ndev.flags & L.IFF_BROADCAST, "what a device is cannot be changed"


def test_multicast_flag_is_told_to_the_driver() -> None:
    bed = Bed()
    told: list[int] = []
    ndev = opened(bed, ndo_change_rx_flags=lambda dev, flags: told.append(flags))
    bed.run(L.dev_change_flags, ndev, ndev.flags & ~L.IFF_MULTICAST)
    bed.run(L.dev_set_promiscuity, ndev, 1)
    bed.run(L.dev_set_allmulti, ndev, 1)
    assert told == [L.IFF_MULTICAST, L.IFF_PROMISC, L.IFF_ALLMULTI]
    assert not ndev.flags & L.IFF_MULTICAST


def test_running_lower_up_and_dormant_are_shown() -> None:
    bed = Bed()
    ndev = device(bed)
    shown = L.IFF_RUNNING | L.IFF_LOWER_UP | L.IFF_DORMANT
    assert not L.dev_get_flags(ndev) & shown
    bed.run(L.dev_open, ndev)
    assert L.dev_get_flags(ndev) & shown == L.IFF_RUNNING | L.IFF_LOWER_UP
    bed.run(L.netif_dormant_on, ndev)
    bed.settle(1_100_000_000)
    assert L.dev_get_flags(ndev) & shown == L.IFF_LOWER_UP | L.IFF_DORMANT


# -- address lists -------------------------------------------------------------------------------------------
def test_multicast_list_is_counted_and_in_order() -> None:
    bed = Bed()
    ndev = opened(bed)
    second = bytes.fromhex("01005e000002")
    for addr in (GROUP, second, GROUP):
        assert bed.run(L.dev_mc_add, ndev, addr) == 0
    assert [(ha.addr, ha.refcount) for ha in L.netdev_for_each_mc_addr(ndev)] == [(GROUP, 2), (second, 1)]
    assert L.netdev_mc_count(ndev) == ndev.mc.count == L.netdev_hw_addr_list_count(ndev.mc) == 2
    assert [bed.run(L.dev_mc_del, ndev, GROUP) for _ in range(3)] == [0, 0, -L.ENOENT]
    bed.run(L.dev_mc_del, ndev, second)
    assert L.netdev_mc_empty(ndev) and L.netdev_hw_addr_list_empty(ndev.mc)


def test_a_unicast_address_makes_promiscuous_what_cannot_filter_it() -> None:
    bed = Bed()
    ndev = opened(bed)
    bed.run(L.dev_uc_add, ndev, OTHER)
    assert ndev.flags & L.IFF_PROMISC and ndev.promiscuity == 1 and L.netdev_uc_count(ndev) == 1
    bed.run(L.dev_uc_del, ndev, OTHER)
    assert not ndev.flags & L.IFF_PROMISC and L.netdev_uc_empty(ndev)
    ndev.priv_flags |= L.IFF_UNICAST_FLT
    bed.run(L.dev_uc_add, ndev, OTHER)
    assert not ndev.flags & L.IFF_PROMISC
    assert [ha.addr for ha in L.netdev_for_each_uc_addr(ndev)] == [OTHER]


def test_exclusive_and_global_addresses() -> None:
    bed = Bed()
    ndev = opened(bed)
    assert bed.run(L.dev_uc_add_excl, ndev, OTHER) == 0
    assert bed.run(L.dev_uc_add_excl, ndev, OTHER) == -L.EEXIST
    assert bed.run(L.dev_mc_add_excl, ndev, GROUP) == 0
    assert bed.run(L.dev_mc_add_excl, ndev, GROUP) == -L.EEXIST
    third = bytes.fromhex("01005e000003")
    bed.run(L.dev_mc_add, ndev, third)
    assert bed.run(L.dev_mc_del_global, ndev, third) == -L.ENOENT
    for _ in range(2):
        assert bed.run(L.dev_mc_add_global, ndev, third) == 0
    assert next(ha for ha in L.netdev_for_each_mc_addr(ndev) if ha.addr == third).refcount == 2
    assert bed.run(L.dev_mc_del_global, ndev, third) == 0
    assert bed.run(L.dev_mc_del_global, ndev, third) == -L.ENOENT
    assert bed.run(L.dev_mc_add, ndev, bytes(6) + GROUP) == 0, "bytes beyond addr_len do not count"


def test_lists_are_flushed_when_a_device_goes() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.dev_mc_add, ndev, GROUP)
    bed.run(L.dev_uc_add, ndev, OTHER)
    bed.run(L.unregister_netdev, ndev)
    assert L.netdev_mc_empty(ndev) and L.netdev_uc_empty(ndev)


def test_further_addresses_of_the_devices_own_are_counted_and_the_first_stays() -> None:
    bed = Bed()
    ndev = device(bed)
    events: list[int] = []
    nb = L.notifier_block(lambda nb, event, info: events.append(event) or L.NOTIFY_DONE)
    bed.run(L.register_netdevice_notifier, nb)
    events.clear()
    san = L.NETDEV_HW_ADDR_T_SAN
    assert bed.run(L.dev_addr_add, ndev, OTHER, san) == 0
    assert bed.run(L.dev_addr_del, ndev, ADDR, L.NETDEV_HW_ADDR_T_LAN) == -L.ENOENT
    assert bed.run(L.dev_addr_del, ndev, OTHER, L.NETDEV_HW_ADDR_T_LAN) == -L.ENOENT
    assert [(ha.addr, ha.type) for ha in ndev.dev_addrs.list] == [(ADDR, L.NETDEV_HW_ADDR_T_LAN), (OTHER, san)]
    assert bed.run(L.dev_addr_del, ndev, OTHER, san) == 0
    assert events == [L.NETDEV_CHANGEADDR] * 2


def test_bytes_of_the_address_can_be_set_one_by_one() -> None:
    bed = Bed()
    ndev = device(bed)
    L.dev_addr_mod(ndev, 4, b"\xaa\xbb\xcc", 2)
    assert ndev.dev_addr == ndev.dev_addrs.list[0].addr == ADDR[:4] + b"\xaa\xbb"


class Filter:
    """A device with a filter for each address, as its driver keeps it."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.err = 0

    def sync(self, dev: Any, addr: bytes) -> int:
        self.log.append(f"+{addr[5]:x}")
        return self.err

    def unsync(self, dev: Any, addr: bytes) -> int:
        self.log.append(f"-{addr[5]:x}")
        return 0

    def set_rx_mode(self, dev: Any) -> None:
        load(dev, self)


def load(dev: Any, filter: Filter) -> None:
    """Outside of the class, where Python would take ``__dev_uc_sync`` for a private name of it."""
    L.__dev_uc_sync(dev, filter.sync, filter.unsync)
    L.__dev_mc_sync(dev, filter.sync, filter.unsync)


def test_drivers_filter_is_told_what_is_new_and_what_is_gone() -> None:
    bed = Bed()
    filter = Filter()
    ndev = opened(bed, ndo_set_rx_mode=filter.set_rx_mode)
    bed.run(L.dev_mc_add, ndev, GROUP)
    bed.run(L.dev_uc_add, ndev, OTHER)
    bed.run(L.dev_mc_add, ndev, GROUP)
    assert filter.log == ["+1", "+77"]
    bed.run(L.dev_mc_del, ndev, GROUP)
    assert filter.log == ["+1", "+77"]
    bed.run(L.dev_mc_del, ndev, GROUP)
    assert filter.log == ["+1", "+77", "-1"] and L.netdev_mc_empty(ndev)
    L.__dev_uc_unsync(ndev, filter.unsync)
    assert filter.log[-1] == "-77" and L.netdev_uc_count(ndev) == 1, "the address stays wanted"
    bed.run(L.dev_mc_add, ndev, GROUP)
    L.__dev_mc_unsync(ndev, None)
    assert [ha.sync_cnt for ha in L.netdev_for_each_mc_addr(ndev)] == [0]


def test_an_address_that_the_filter_has_no_room_for_is_offered_again() -> None:
    bed = Bed()
    filter = Filter()
    ndev = opened(bed, ndo_set_rx_mode=filter.set_rx_mode)
    filter.err = -L.ENOSPC
    bed.run(L.dev_mc_add, ndev, GROUP)
    filter.err = 0
    bed.run(L.dev_set_rx_mode, ndev)
    bed.run(L.dev_set_rx_mode, ndev)
    assert filter.log == ["+1", "+1"]


@pytest.mark.parametrize("kind", ["uc", "mc"])
def test_a_device_on_top_hands_its_list_down_and_takes_it_back(kind: str) -> None:
    bed = Bed()
    below, above = opened(bed), opened(bed)
    below.priv_flags |= L.IFF_UNICAST_FLT
    above.priv_flags |= L.IFF_UNICAST_FLT
    call = {name: getattr(L, f"dev_{kind}_{name}") for name in ("add", "del", "sync", "unsync")}

    def listed() -> list[bytes]:
        return [ha.addr for ha in getattr(below, kind).list]

    bed.run(call["add"], above, OTHER)
    for _ in range(2):
        assert bed.run(call["sync"], below, above) == 0
    assert listed() == [OTHER]
    bed.run(call["del"], above, OTHER)
    assert listed() == [OTHER], "until it is synchronised again"
    assert bed.run(call["sync"], below, above) == 0
    assert listed() == [] and not getattr(above, kind).list
    bed.run(call["add"], above, OTHER)
    bed.run(call["sync"], below, above)
    bed.run(call["unsync"], below, above)
    assert listed() == []
    above.addr_len = 4
    assert bed.run(call["sync"], below, above) == -L.EINVAL
