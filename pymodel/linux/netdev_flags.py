# SPDX-License-Identifier: Apache-2.0
"""IFF_* of a device: who set what, promiscuous and all-multicast mode by count, and the driver's receive filter.

``flags`` is what is in force; ``gflags`` what a user asked for, shown by dev_get_flags(). Functions that need rtnl take
it where the caller does not hold it. Source: net/core/dev.c, v6.12.
"""

from __future__ import annotations

from pymodel.linux.bug import SchedulingWhileAtomic, broken_rule, netdev_info, netdev_warn
from pymodel.linux.errno import EOVERFLOW
from pymodel.linux.netdevice import (
    IFF_ALLMULTI,
    IFF_DORMANT,
    IFF_LOWER_UP,
    IFF_PROMISC,
    IFF_RUNNING,
    IFF_UNICAST_FLT,
    IFF_UP,
    IFF_VOLATILE,
    LINK_STATE_DORMANT,
    LINK_STATE_NOCARRIER,
    net_device,
    netif_device_present,
    netif_oper_up,
    netif_running,
    with_rtnl,
)
from pymodel.linux.notifier import (
    NETDEV_CHANGE,
    NETDEV_DOWN,
    NETDEV_UP,
    call_netdevice_notifiers,
    call_netdevice_notifiers_info,
    netdev_notifier_change_info,
)
from pymodel.linux.softirq import spin_lock_bh, spin_unlock_bh

__all__ = [
    "__dev_notify_flags", "__dev_set_allmulti", "__dev_set_promiscuity", "__dev_set_rx_mode", "dev_change_rx_flags",
    "dev_get_flags", "dev_set_allmulti", "dev_set_promiscuity", "dev_set_rx_mode",
]

_U32 = 0xFFFFFFFF


def dev_change_rx_flags(dev: net_device, flags: int) -> None:
    """Tell the driver which of IFF_PROMISC, IFF_ALLMULTI and IFF_MULTICAST changed."""
    if dev.netdev_ops.ndo_change_rx_flags is not None:
        dev.netdev_ops.ndo_change_rx_flags(dev, flags)


def __dev_set_promiscuity(dev: net_device, inc: int, notify: bool) -> int:
    old = dev.flags
    promiscuity = dev.promiscuity + inc & _U32
    if not promiscuity and inc > 0:
        netdev_warn(
            dev, "promiscuity touches roof, set promiscuity failed. promiscuity feature of device might be broken."
        )
        return -EOVERFLOW
    dev.promiscuity = promiscuity
    flags = old | IFF_PROMISC if promiscuity else old & ~IFF_PROMISC
    if flags != old:
        dev.flags = flags
        netdev_info(dev, "%s promiscuous mode", "entered" if flags & IFF_PROMISC else "left")
        dev_change_rx_flags(dev, IFF_PROMISC)
    if notify:
        __dev_notify_flags(dev, old, IFF_PROMISC)
    return 0


def dev_set_promiscuity(dev: net_device, inc: int) -> int:
    """Count users of promiscuous mode up or down (``inc``, usually 1 or -1): the device is promiscuous while the count
    is not 0. The count is unsigned, as in Linux: below 0 it is huge. 0, or -EOVERFLOW where counting up ends at 0.
    """
    return int(with_rtnl(_set_promiscuity, dev, inc))


def _set_promiscuity(dev: net_device, inc: int) -> int:
    old = dev.flags
    err = __dev_set_promiscuity(dev, inc, True)
    if not err and dev.flags != old:
        dev_set_rx_mode(dev)
    return err


def __dev_set_allmulti(dev: net_device, inc: int, notify: bool) -> int:
    old, old_gflags = dev.flags, dev.gflags
    allmulti = dev.allmulti + inc & _U32
    if not allmulti and inc > 0:
        netdev_warn(dev, "allmulti touches roof, set allmulti failed. allmulti feature of device might be broken.")
        return -EOVERFLOW
    dev.allmulti = allmulti
    flags = old | IFF_ALLMULTI if allmulti else old & ~IFF_ALLMULTI
    if flags != old:
        dev.flags = flags
        netdev_info(dev, "%s allmulticast mode", "entered" if flags & IFF_ALLMULTI else "left")
        dev_change_rx_flags(dev, IFF_ALLMULTI)
        dev_set_rx_mode(dev)
        if notify:
            __dev_notify_flags(dev, old, dev.gflags ^ old_gflags)
    return 0


def dev_set_allmulti(dev: net_device, inc: int) -> int:
    """The same for the reception of all multicast frames."""
    return int(with_rtnl(__dev_set_allmulti, dev, inc, True))


def __dev_set_rx_mode(dev: net_device) -> None:
    """Have the driver load its filters; the caller holds addr_list_lock, so nothing in ndo_set_rx_mode may sleep
    (CheckError LIFE5). A device without IFF_UNICAST_FLT is promiscuous while it has further unicast addresses.
    """
    if not dev.flags & IFF_UP or not netif_device_present(dev):
        return
    if not dev.priv_flags & IFF_UNICAST_FLT and bool(dev.uc.list) != dev.uc_promisc:
        __dev_set_promiscuity(dev, -1 if dev.uc_promisc else 1, False)
        dev.uc_promisc = not dev.uc_promisc
    set_rx_mode = dev.netdev_ops.ndo_set_rx_mode
    if set_rx_mode is not None:
        try:
            set_rx_mode(dev)
        except SchedulingWhileAtomic as exc:
            broken_rule("LIFE5", f"{dev}: ndo_set_rx_mode must not sleep: {exc.what}", exc.where)


def dev_set_rx_mode(dev: net_device) -> None:
    spin_lock_bh(dev.addr_list_lock)
    __dev_set_rx_mode(dev)
    spin_unlock_bh(dev.addr_list_lock)


def dev_get_flags(dev: net_device) -> int:
    """The flags as ``ip link`` shows them."""
    flags = dev.flags & ~(IFF_PROMISC | IFF_ALLMULTI | IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT)
    flags |= dev.gflags & (IFF_PROMISC | IFF_ALLMULTI)
    if netif_running(dev):
        if netif_oper_up(dev):
            flags |= IFF_RUNNING
        if not dev.state & LINK_STATE_NOCARRIER:
            flags |= IFF_LOWER_UP
        if dev.state & LINK_STATE_DORMANT:
            flags |= IFF_DORMANT
    return flags


def __dev_notify_flags(dev: net_device, old_flags: int, gchanges: int) -> None:
    """Announce what changed since ``old_flags``. ``gchanges`` would go to netlink's listeners: there are none."""
    changes = dev.flags ^ old_flags
    if changes & IFF_UP:
        call_netdevice_notifiers(NETDEV_UP if dev.flags & IFF_UP else NETDEV_DOWN, dev)
    if dev.flags & IFF_UP and changes & ~(IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_VOLATILE):
        call_netdevice_notifiers_info(NETDEV_CHANGE, netdev_notifier_change_info(dev, changes))
