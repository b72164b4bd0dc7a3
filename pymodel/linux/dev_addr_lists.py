# SPDX-License-Identifier: Apache-2.0
"""The lists of addresses of a device: its own, further unicast ones, multicast groups; and what the driver does with
them. Each entry is counted.

Source: net/core/dev_addr_lists.c, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pymodel.linux.errno import EEXIST, EINVAL, ENOENT
from pymodel.linux.netdev_flags import __dev_set_rx_mode
from pymodel.linux.netdev_hw_addr import (
    MAX_ADDR_LEN,
    NETDEV_HW_ADDR_T_LAN,
    NETDEV_HW_ADDR_T_MULTICAST,
    NETDEV_HW_ADDR_T_UNICAST,
    netdev_hw_addr,
    netdev_hw_addr_list,
)
from pymodel.linux.netdevice import net_device, with_rtnl
from pymodel.linux.notifier import NETDEV_CHANGEADDR, call_netdevice_notifiers
from pymodel.linux.softirq import spin_lock_bh, spin_unlock_bh

__all__ = [
    "__dev_mc_sync", "__dev_mc_unsync", "__dev_uc_sync", "__dev_uc_unsync", "__hw_addr_sync", "__hw_addr_sync_dev",
    "__hw_addr_unsync", "__hw_addr_unsync_dev", "dev_addr_add", "dev_addr_del", "dev_addr_mod", "dev_addr_set",
    "dev_mc_add", "dev_mc_add_excl", "dev_mc_add_global", "dev_mc_del", "dev_mc_del_global", "dev_mc_flush",
    "dev_mc_sync", "dev_mc_unsync", "dev_uc_add", "dev_uc_add_excl", "dev_uc_del", "dev_uc_flush", "dev_uc_sync",
    "dev_uc_unsync", "netdev_for_each_mc_addr", "netdev_for_each_uc_addr", "netdev_hw_addr_list_count",
    "netdev_hw_addr_list_empty", "netdev_mc_count", "netdev_mc_empty", "netdev_uc_count", "netdev_uc_empty",
    "netif_addr_lock_bh", "netif_addr_unlock_bh",
]

_Sync = Callable[[net_device, bytes], int]


# -- lists ---------------------------------------------------------------------------------------------------
def _add(
    hw: netdev_hw_addr_list,
    addr: bytes,
    addr_type: int,
    is_global: bool = False,
    sync: bool = False,
    sync_count: int = 0,
    exclusive: bool = False,
) -> int:
    """0, -EEXIST, or -EINVAL for an address that is too long."""
    if len(addr) > MAX_ADDR_LEN:
        return -EINVAL
    for ha in hw.list:
        if ha.addr == addr and ha.type == addr_type:
            if exclusive or (sync and ha.synced and sync_count):
                return -EEXIST
            if is_global:
                if ha.global_use:
                    return 0
                ha.global_use = True
            if sync:
                ha.synced += 1
            ha.refcount += 1
            return 0
    hw.list.append(netdev_hw_addr(addr, addr_type, is_global, int(sync)))
    return 0


def _del_entry(hw: netdev_hw_addr_list, ha: netdev_hw_addr, is_global: bool = False, sync: bool = False) -> int:
    if (is_global and not ha.global_use) or (sync and not ha.synced):
        return -ENOENT
    if is_global:
        ha.global_use = False
    if sync:
        ha.synced -= 1
    ha.refcount -= 1
    if not ha.refcount:
        hw.list.remove(ha)
    return 0


def _del(hw: netdev_hw_addr_list, addr: bytes, addr_type: int, is_global: bool = False, sync: bool = False) -> int:
    for ha in hw.list:
        if ha.addr == addr and ha.type == addr_type:
            return _del_entry(hw, ha, is_global, sync)
    return -ENOENT


def _unsync_one(to: netdev_hw_addr_list, source: netdev_hw_addr_list, ha: netdev_hw_addr) -> None:
    if not _del(to, ha.addr, ha.type, sync=True):
        ha.sync_cnt -= 1
        _del_entry(source, ha)


def __hw_addr_sync(to_list: netdev_hw_addr_list, from_list: netdev_hw_addr_list, addr_len: int) -> int:
    """Bring ``to_list`` up to date with ``from_list``, of which it is the only copy. 0 or a negative errno."""
    for ha in list(from_list.list):
        if not ha.sync_cnt:
            err = _add(to_list, ha.addr, ha.type, sync=True, sync_count=ha.sync_cnt)
            if err and err != -EEXIST:
                return err
            if not err:
                ha.sync_cnt += 1
                ha.refcount += 1
        elif ha.refcount == 1:
            _unsync_one(to_list, from_list, ha)
    return 0


def __hw_addr_unsync(to_list: netdev_hw_addr_list, from_list: netdev_hw_addr_list, addr_len: int) -> None:
    for ha in list(from_list.list):
        if ha.sync_cnt:
            _unsync_one(to_list, from_list, ha)


def __hw_addr_sync_dev(
    hw: netdev_hw_addr_list, dev: net_device, sync: _Sync, unsync: _Sync | None
) -> int:
    """For ndo_set_rx_mode of a device with a filter for each address: call ``sync(dev, addr)`` for what is new,
    ``unsync(dev, addr)`` for what is gone. 0, or the error of ``sync``.
    """
    for ha in list(hw.list):
        if ha.sync_cnt and ha.refcount == 1 and not (unsync is not None and unsync(dev, ha.addr)):
            ha.sync_cnt -= 1
            _del_entry(hw, ha)
    for ha in list(hw.list):
        if not ha.sync_cnt:
            err = sync(dev, ha.addr)
            if err:
                return err
            ha.sync_cnt += 1
            ha.refcount += 1
    return 0


def __hw_addr_unsync_dev(hw: netdev_hw_addr_list, dev: net_device, unsync: _Sync | None) -> None:
    """For ndo_stop: take every address out of the device again."""
    for ha in list(hw.list):
        if ha.sync_cnt and not (unsync is not None and unsync(dev, ha.addr)):
            ha.sync_cnt -= 1
            _del_entry(hw, ha)


def __dev_uc_sync(dev: net_device, sync: _Sync, unsync: _Sync | None) -> int:
    return __hw_addr_sync_dev(dev.uc, dev, sync, unsync)


def __dev_uc_unsync(dev: net_device, unsync: _Sync | None) -> None:
    __hw_addr_unsync_dev(dev.uc, dev, unsync)


def __dev_mc_sync(dev: net_device, sync: _Sync, unsync: _Sync | None) -> int:
    return __hw_addr_sync_dev(dev.mc, dev, sync, unsync)


def __dev_mc_unsync(dev: net_device, unsync: _Sync | None) -> None:
    __hw_addr_unsync_dev(dev.mc, dev, unsync)


def netdev_hw_addr_list_count(hw: netdev_hw_addr_list) -> int:
    return len(hw.list)


def netdev_hw_addr_list_empty(hw: netdev_hw_addr_list) -> bool:
    return not hw.list


def netif_addr_lock_bh(dev: net_device) -> None:
    spin_lock_bh(dev.addr_list_lock)


def netif_addr_unlock_bh(dev: net_device) -> None:
    spin_unlock_bh(dev.addr_list_lock)


# -- the device's own ----------------------------------------------------------------------------------------
def dev_addr_mod(dev: net_device, offset: int, addr: bytes, length: int) -> None:
    """Write ``length`` bytes of the device's address from ``offset`` on."""
    new = bytearray(dev.dev_addr)
    new[offset : offset + length] = addr[:length]
    dev.dev_addr = dev.dev_addrs.list[0].addr = bytes(new)


def dev_addr_set(dev: net_device, addr: bytes) -> None:
    dev_addr_mod(dev, 0, bytes(addr), dev.addr_len or len(addr))


def dev_addr_add(dev: net_device, addr: bytes, addr_type: int) -> int:
    """A further address of the device's own, of type NETDEV_HW_ADDR_T_LAN or _SAN; counted. 0."""
    return int(with_rtnl(_dev_addr_add, dev, bytes(addr[: dev.addr_len]), addr_type))


def _dev_addr_add(dev: net_device, addr: bytes, addr_type: int) -> int:
    err = _add(dev.dev_addrs, addr, addr_type)
    if not err:
        call_netdevice_notifiers(NETDEV_CHANGEADDR, dev)
    return err


def dev_addr_del(dev: net_device, addr: bytes, addr_type: int) -> int:
    """0, or -ENOENT: also for ``dev_addr`` itself, which stays."""
    return int(with_rtnl(_dev_addr_del, dev, bytes(addr[: dev.addr_len]), addr_type))


def _dev_addr_del(dev: net_device, addr: bytes, addr_type: int) -> int:
    first = dev.dev_addrs.list[0]
    if first.addr == addr and addr_type == NETDEV_HW_ADDR_T_LAN and first.refcount == 1:
        return -ENOENT
    err = _del(dev.dev_addrs, addr, addr_type)
    if not err:
        call_netdevice_notifiers(NETDEV_CHANGEADDR, dev)
    return err


# -- unicast and multicast -----------------------------------------------------------------------------------
def _changed(
    dev: net_device, hw: netdev_hw_addr_list, change: Callable[..., int], addr: bytes, *how: bool | int
) -> int:
    """``change`` the list under its lock, and have the driver load it."""
    spin_lock_bh(dev.addr_list_lock)
    err = change(hw, bytes(addr[: dev.addr_len]), *how)
    if not err:
        __dev_set_rx_mode(dev)
    spin_unlock_bh(dev.addr_list_lock)
    return err


def _add_excl(hw: netdev_hw_addr_list, addr: bytes, addr_type: int) -> int:
    return _add(hw, addr, addr_type, is_global=True, exclusive=True)


def dev_uc_add(dev: net_device, addr: bytes) -> int:
    """Receive for a further unicast address as well; counted. A device without IFF_UNICAST_FLT becomes promiscuous
    for it. 0.
    """
    return _changed(dev, dev.uc, _add, addr, NETDEV_HW_ADDR_T_UNICAST)


def dev_uc_add_excl(dev: net_device, addr: bytes) -> int:
    """The same, for one user only: -EEXIST where the address is there."""
    return _changed(dev, dev.uc, _add_excl, addr, NETDEV_HW_ADDR_T_UNICAST)


def dev_uc_del(dev: net_device, addr: bytes) -> int:
    """0 or -ENOENT."""
    return _changed(dev, dev.uc, _del, addr, NETDEV_HW_ADDR_T_UNICAST)


def dev_mc_add(dev: net_device, addr: bytes) -> int:
    """Receive a multicast group; counted. 0."""
    return _changed(dev, dev.mc, _add, addr, NETDEV_HW_ADDR_T_MULTICAST)


def dev_mc_add_excl(dev: net_device, addr: bytes) -> int:
    return _changed(dev, dev.mc, _add_excl, addr, NETDEV_HW_ADDR_T_MULTICAST)


def dev_mc_add_global(dev: net_device, addr: bytes) -> int:
    """As a user at the keyboard does it: counted once, however often."""
    return _changed(dev, dev.mc, _add, addr, NETDEV_HW_ADDR_T_MULTICAST, True)


def dev_mc_del(dev: net_device, addr: bytes) -> int:
    """0 or -ENOENT."""
    return _changed(dev, dev.mc, _del, addr, NETDEV_HW_ADDR_T_MULTICAST)


def dev_mc_del_global(dev: net_device, addr: bytes) -> int:
    return _changed(dev, dev.mc, _del, addr, NETDEV_HW_ADDR_T_MULTICAST, True)


def _sync_lists(
    to: net_device, to_list: netdev_hw_addr_list, source: net_device, from_list: netdev_hw_addr_list
) -> int:
    if to.addr_len != source.addr_len:
        return -EINVAL
    spin_lock_bh(to.addr_list_lock)
    err = __hw_addr_sync(to_list, from_list, to.addr_len)
    if not err:
        __dev_set_rx_mode(to)
    spin_unlock_bh(to.addr_list_lock)
    return err


def _unsync_lists(
    to: net_device, to_list: netdev_hw_addr_list, source: net_device, from_list: netdev_hw_addr_list
) -> None:
    if to.addr_len != source.addr_len:
        return
    spin_lock_bh(source.addr_list_lock)
    spin_lock_bh(to.addr_list_lock)
    __hw_addr_unsync(to_list, from_list, to.addr_len)
    __dev_set_rx_mode(to)
    spin_unlock_bh(to.addr_list_lock)
    spin_unlock_bh(source.addr_list_lock)


def dev_uc_sync(to: net_device, source: net_device) -> int:
    """For ndo_set_rx_mode of a device on top of another: hand the unicast list down. 0 or a negative errno."""
    return _sync_lists(to, to.uc, source, source.uc)


def dev_uc_unsync(to: net_device, source: net_device) -> None:
    _unsync_lists(to, to.uc, source, source.uc)


def dev_mc_sync(to: net_device, source: net_device) -> int:
    return _sync_lists(to, to.mc, source, source.mc)


def dev_mc_unsync(to: net_device, source: net_device) -> None:
    _unsync_lists(to, to.mc, source, source.mc)


def dev_uc_flush(dev: net_device) -> None:
    spin_lock_bh(dev.addr_list_lock)
    dev.uc.list.clear()
    spin_unlock_bh(dev.addr_list_lock)


def dev_mc_flush(dev: net_device) -> None:
    spin_lock_bh(dev.addr_list_lock)
    dev.mc.list.clear()
    spin_unlock_bh(dev.addr_list_lock)


def netdev_mc_count(dev: net_device) -> int:
    return len(dev.mc.list)


def netdev_mc_empty(dev: net_device) -> bool:
    return not dev.mc.list


def netdev_uc_count(dev: net_device) -> int:
    return len(dev.uc.list)


def netdev_uc_empty(dev: net_device) -> bool:
    return not dev.uc.list


def netdev_for_each_mc_addr(dev: net_device) -> Iterator[netdev_hw_addr]:
    """The multicast list, entry by entry: ``ha.addr`` is the address. A loop, where C has a macro."""
    return iter(list(dev.mc.list))


def netdev_for_each_uc_addr(dev: net_device) -> Iterator[netdev_hw_addr]:
    return iter(list(dev.uc.list))
