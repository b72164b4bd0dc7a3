# SPDX-License-Identifier: Apache-2.0
"""What ``ip link`` does to a device: up and down, flags, MTU, address, queue length; and the counters it shows.

The functions that need rtnl take it where the caller does not hold it. Source: net/core/dev.c, v6.12.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.linux.bug import SchedulingWhileAtomic, broken_rule, netdev_err
from pymodel.linux.errno import EINVAL, ENODEV, EOPNOTSUPP, ERANGE
from pymodel.linux.if_ether import is_valid_ether_addr
from pymodel.linux.netdev_flags import (
    __dev_notify_flags,
    __dev_set_allmulti,
    __dev_set_promiscuity,
    dev_change_rx_flags,
    dev_set_rx_mode,
)
from pymodel.linux.netdevice import (
    ARPHRD_ETHER,
    IFF_ALLMULTI,
    IFF_AUTOMEDIA,
    IFF_DEBUG,
    IFF_DYNAMIC,
    IFF_MULTICAST,
    IFF_NOARP,
    IFF_NOTRAILERS,
    IFF_PORTSEL,
    IFF_PROMISC,
    IFF_UP,
    IFF_VOLATILE,
    LINK_STATE_START,
    NET_ADDR_SET,
    check_napis_disabled,
    net_device,
    netif_device_present,
    rtnl_link_stats64,
    sockaddr,
    with_rtnl,
)
from pymodel.linux.notifier import (
    NETDEV_CHANGE_TX_QUEUE_LEN,
    NETDEV_CHANGEADDR,
    NETDEV_CHANGEMTU,
    NETDEV_DOWN,
    NETDEV_GOING_DOWN,
    NETDEV_PRE_CHANGEADDR,
    NETDEV_PRE_UP,
    NETDEV_PRECHANGEMTU,
    NETDEV_UP,
    call_netdevice_notifiers,
    call_netdevice_notifiers_info,
    netdev_notifier_info_ext,
    netdev_notifier_pre_changeaddr_info,
    notifier_to_errno,
)
from pymodel.linux.qdisc_attach import dev_activate, dev_deactivate, dev_qdisc_change_tx_queue_len

__all__ = [
    "__dev_change_flags", "__dev_close", "__dev_open", "__dev_set_mtu", "dev_change_carrier", "dev_change_flags",
    "dev_change_tx_queue_len", "dev_close", "dev_get_stats", "dev_open", "dev_pre_changeaddr_notify",
    "dev_set_mac_address", "dev_set_mtu", "dev_validate_mtu", "netdev_stats_to_stats64",
]

_SETTABLE = (
    IFF_DEBUG | IFF_NOTRAILERS | IFF_NOARP | IFF_DYNAMIC | IFF_MULTICAST | IFF_PORTSEL | IFF_AUTOMEDIA
)  # fmt: skip


# -- up and down ---------------------------------------------------------------------------------------------
def __dev_open(dev: net_device) -> int:
    """dev_open() but for what comes after: 0 or a negative errno."""
    if not netif_device_present(dev):
        return -ENODEV
    err = notifier_to_errno(call_netdevice_notifiers(NETDEV_PRE_UP, dev))
    if err:
        return err
    ops = dev.netdev_ops
    dev.state |= LINK_STATE_START
    ret = ops.ndo_validate_addr(dev) if ops.ndo_validate_addr is not None else 0
    if not ret and ops.ndo_open is not None:
        ret = ops.ndo_open(dev)
    if ret:
        dev.state &= ~LINK_STATE_START
        return int(ret)
    for txq in dev._tx:
        d = txq.dql
        if d.num_queued != d.num_completed:
            broken_rule(
                "TX8",
                f"{dev.name}: queue {txq.index}: {d.num_queued - d.num_completed} bytes from before "
                "ndo_stop were never completed; "
                "netdev_tx_reset_queue() belongs where the ring is emptied",
                f"ndo_open of {dev.name}",
            )
    dev.flags |= IFF_UP
    dev_set_rx_mode(dev)
    dev_activate(dev)
    return 0


def dev_open(dev: net_device, extack: object = None) -> int:
    """Bring the device up. 0 or a negative errno: of a listener, ndo_validate_addr or ndo_open; -ENODEV."""
    return int(with_rtnl(_open, dev))


def _open(dev: net_device) -> int:
    if dev.flags & IFF_UP:
        return 0
    ret = __dev_open(dev)
    if ret >= 0:
        call_netdevice_notifiers(NETDEV_UP, dev)
    return ret


def __dev_close(dev: net_device) -> None:
    call_netdevice_notifiers(NETDEV_GOING_DOWN, dev)
    dev.state &= ~LINK_STATE_START
    dev_deactivate(dev)
    if dev.netdev_ops.ndo_stop is not None:
        dev.netdev_ops.ndo_stop(dev)
    dev.flags &= ~IFF_UP
    check_napis_disabled(dev)


def dev_close(dev: net_device) -> None:
    """Bring the device down: no transmit any more, then ndo_stop, which ends receive (LIFE2)."""
    with_rtnl(_close, dev)


def _close(dev: net_device) -> None:
    if dev.flags & IFF_UP:
        __dev_close(dev)
        call_netdevice_notifiers(NETDEV_DOWN, dev)


# -- flags ---------------------------------------------------------------------------------------------------
def __dev_change_flags(dev: net_device, flags: int) -> int:
    old = dev.flags
    dev.flags = flags & _SETTABLE | dev.flags & (IFF_UP | IFF_VOLATILE | IFF_PROMISC | IFF_ALLMULTI)
    if (old ^ flags) & IFF_MULTICAST:
        dev_change_rx_flags(dev, IFF_MULTICAST)
    dev_set_rx_mode(dev)
    ret = 0
    if (old ^ flags) & IFF_UP:
        if old & IFF_UP:
            __dev_close(dev)
        else:
            ret = __dev_open(dev)
    if (flags ^ dev.gflags) & IFF_PROMISC:
        before = dev.flags
        dev.gflags ^= IFF_PROMISC
        if not __dev_set_promiscuity(dev, 1 if flags & IFF_PROMISC else -1, False) and dev.flags != before:
            dev_set_rx_mode(dev)
    if (flags ^ dev.gflags) & IFF_ALLMULTI:
        dev.gflags ^= IFF_ALLMULTI
        __dev_set_allmulti(dev, 1 if flags & IFF_ALLMULTI else -1, False)
    return ret


def dev_change_flags(dev: net_device, flags: int, extack: object = None) -> int:
    """Set the flags to what dev_get_flags() is to show, IFF_UP included. 0 or a negative errno of bringing it up."""
    return int(with_rtnl(_change_flags, dev, flags))


def _change_flags(dev: net_device, flags: int) -> int:
    old, old_gflags = dev.flags, dev.gflags
    ret = __dev_change_flags(dev, flags)
    if ret >= 0:
        __dev_notify_flags(dev, old, old ^ dev.flags | old_gflags ^ dev.gflags)
    return ret


def dev_change_carrier(dev: net_device, new_carrier: bool) -> int:
    """``ip link set carrier``: what ndo_change_carrier says, -EOPNOTSUPP without it, -ENODEV."""
    if dev.netdev_ops.ndo_change_carrier is None:
        return -EOPNOTSUPP
    if not netif_device_present(dev):
        return -ENODEV
    return int(with_rtnl(dev.netdev_ops.ndo_change_carrier, dev, new_carrier))


# -- MTU and queue length ------------------------------------------------------------------------------------
def dev_validate_mtu(dev: net_device, new_mtu: int, extack: object = None) -> int:
    """0, or -EINVAL with a line in the log outside of min_mtu to max_mtu (0: no limit)."""
    if new_mtu < 0 or new_mtu < dev.min_mtu:
        netdev_err(dev, "mtu less than device minimum (%d, hw min %d)", new_mtu, dev.min_mtu)
        return -EINVAL
    if 0 < dev.max_mtu < new_mtu:
        netdev_err(dev, "mtu greater than device maximum (%d, hw max %d)", new_mtu, dev.max_mtu)
        return -EINVAL
    return 0


def dev_set_mtu(dev: net_device, new_mtu: int) -> int:
    """0, -EINVAL outside of min_mtu to max_mtu, -ENODEV, or what ndo_change_mtu or a listener says; one that refuses
    NETDEV_CHANGEMTU has the old MTU set again.
    """
    return int(with_rtnl(_set_mtu, dev, new_mtu))


def _set_mtu(dev: net_device, new_mtu: int) -> int:
    if new_mtu == dev.mtu:
        return 0
    err = dev_validate_mtu(dev, new_mtu)
    if err:
        return err
    if not netif_device_present(dev):
        return -ENODEV
    err = notifier_to_errno(call_netdevice_notifiers(NETDEV_PRECHANGEMTU, dev))
    if err:
        return err
    old = dev.mtu
    err = __dev_set_mtu(dev, new_mtu)
    if not err:
        err = notifier_to_errno(call_netdevice_notifiers_info(NETDEV_CHANGEMTU, netdev_notifier_info_ext(dev, old)))
        if err:
            __dev_set_mtu(dev, old)
            call_netdevice_notifiers_info(NETDEV_CHANGEMTU, netdev_notifier_info_ext(dev, new_mtu))
    return err


def __dev_set_mtu(dev: net_device, new_mtu: int) -> int:
    change = dev.netdev_ops.ndo_change_mtu
    if change is not None:
        return int(change(dev, new_mtu) or 0)
    dev.mtu = new_mtu
    return 0


def dev_change_tx_queue_len(dev: net_device, new_len: int) -> int:
    """Set how many packets each band of a queue holds. 0, -ERANGE, or what a listener says, and then it stays."""
    return int(with_rtnl(_change_tx_queue_len, dev, new_len))


def _change_tx_queue_len(dev: net_device, new_len: int) -> int:
    if new_len != new_len & 0xFFFFFFFF:
        return -ERANGE
    old = dev.tx_queue_len
    if new_len == old:
        return 0
    dev.tx_queue_len = new_len
    err = notifier_to_errno(call_netdevice_notifiers(NETDEV_CHANGE_TX_QUEUE_LEN, dev))
    err = err or dev_qdisc_change_tx_queue_len(dev)
    if err:
        netdev_err(dev, "refused to change device tx_queue_len")
        dev.tx_queue_len = old
    return err


# -- the device's address ------------------------------------------------------------------------------------
def dev_pre_changeaddr_notify(dev: net_device, addr: bytes, extack: object = None) -> int:
    """NETDEV_PRE_CHANGEADDR: 0, or the negative errno of who refuses."""
    return notifier_to_errno(
        call_netdevice_notifiers_info(NETDEV_PRE_CHANGEADDR, netdev_notifier_pre_changeaddr_info(dev, addr, extack))
    )


def dev_set_mac_address(dev: net_device, sa: sockaddr, extack: object = None) -> int:
    """Change the address. 0 or a negative errno. A driver that takes an invalid one breaks LIFE4."""
    return int(with_rtnl(_set_mac_address, dev, sa, extack))


def _set_mac_address(dev: net_device, sa: sockaddr, extack: object) -> int:
    set_address = dev.netdev_ops.ndo_set_mac_address
    if set_address is None:
        return -EOPNOTSUPP
    if sa.sa_family != dev.type:
        return -EINVAL
    if not netif_device_present(dev):
        return -ENODEV
    addr = sa.sa_data[: dev.addr_len]
    err = dev_pre_changeaddr_notify(dev, addr, extack)
    if err:
        return err
    if dev.dev_addr != addr:
        err = set_address(dev, sa)
        if err:
            return int(err)
        if dev.type == ARPHRD_ETHER and not is_valid_ether_addr(addr):
            broken_rule(
                "LIFE4",
                f"{dev.name}: ndo_set_mac_address took the invalid address {addr.hex(':')}",
                f"{set_address.__name__}",
            )
    dev.addr_assign_type = NET_ADDR_SET
    call_netdevice_notifiers(NETDEV_CHANGEADDR, dev)
    return 0


# -- counters ------------------------------------------------------------------------------------------------
def dev_get_stats(dev: net_device, storage: rtnl_link_stats64 | None = None) -> rtnl_link_stats64:
    """The counters as ``ip -s link`` shows them, in ``storage`` or a new one: the driver's, and the core's own drops
    added.

    Callers may be in an RCU read section (netstat_show() is), so the driver is always asked in one: CheckError ETH2
    where it may sleep, and where a counter went back since it was asked last.
    """
    storage = rtnl_link_stats64() if storage is None else storage
    ops, last = dev.netdev_ops, dev.last_stats  # last as of now: others may ask while the driver reads registers
    if ops.ndo_get_stats64 is not None:
        storage.__init__()  # type: ignore[misc]
        cpu = here.sched.cpu
        if cpu is not None:
            cpu.preempt_disabled += 1
        try:
            ops.ndo_get_stats64(dev, storage)
        except SchedulingWhileAtomic as exc:
            broken_rule("ETH2", f"{dev}: ndo_get_stats64 must not sleep: {exc.what}", exc.where)
        finally:
            if cpu is not None:
                cpu.preempt_disabled -= 1
    else:
        netdev_stats_to_stats64(storage, ops.ndo_get_stats(dev) if ops.ndo_get_stats is not None else dev.stats)
    storage.rx_dropped += dev.rx_dropped
    storage.tx_dropped += dev.tx_dropped
    storage.rx_nohandler += dev.rx_nohandler
    storage.rx_otherhost_dropped += dev.rx_otherhost_dropped
    _check_stats(dev, last, storage)
    return storage


def _check_stats(dev: net_device, last: rtnl_link_stats64 | None, storage: rtnl_link_stats64) -> None:
    """ETH2: statistics never go back."""
    dev.last_stats = rtnl_link_stats64()
    for name in rtnl_link_stats64.__slots__:
        now = getattr(storage, name)
        setattr(dev.last_stats, name, now)
        if last is not None and now < getattr(last, name):
            broken_rule("ETH2", f"{dev}: {name} went back from {getattr(last, name)} to {now}", "dev_get_stats()")


def netdev_stats_to_stats64(stats64: rtnl_link_stats64, netdev_stats: rtnl_link_stats64) -> None:
    """Copy the counters of ``dev->stats``: for drivers that keep theirs there."""
    for name in rtnl_link_stats64.__slots__:
        setattr(stats64, name, getattr(netdev_stats, name))
