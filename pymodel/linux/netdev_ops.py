# SPDX-License-Identifier: Apache-2.0
"""What ``ip link`` does to a device: up and down, carrier, MTU, addresses, receive modes, features, counters.

The functions that need rtnl take it where the caller does not hold it. Source: net/core/dev.c, dev_addr_lists.c,
link_watch.c, net/ethernet/eth.c, v6.12. No notifiers.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymodel.hw.access import machine
from pymodel.linux.bug import WARN, SchedulingWhileAtomic, broken_rule, caller_outside, netdev_warn, site_str
from pymodel.linux.errno import EADDRNOTAVAIL, EBUSY, EINVAL, ENODEV, ENOENT, EOPNOTSUPP
from pymodel.linux.if_ether import eth_random_addr, is_valid_ether_addr
from pymodel.linux.netdev_features import (
    NETIF_F_HW_CSUM,
    NETIF_F_IP_CSUM,
    NETIF_F_IPV6_CSUM,
    NETIF_F_SG,
    NETIF_F_TSO,
    NETIF_F_TSO6,
)
from pymodel.linux.netdevice import (
    IFF_ALLMULTI,
    IFF_LIVE_ADDR_CHANGE,
    IFF_PROMISC,
    IFF_UNICAST_FLT,
    IFF_UP,
    LINK_STATE_NOCARRIER,
    LINK_STATE_START,
    NETREG_REGISTERED,
    NETREG_UNINITIALIZED,
    check_napis_disabled,
    net_device,
    netif_device_present,
    netif_running,
    rtnl_link_stats64,
    sockaddr,
    with_rtnl,
)
from pymodel.linux.qdisc_attach import dev_activate, dev_deactivate
from pymodel.linux.softirq import spin_lock_bh, spin_unlock_bh
from pymodel.linux.watchdog import netdev_watchdog_up
from pymodel.linux.workqueue import queue_work, work_struct

__all__ = [
    "__dev_set_mtu", "dev_addr_set", "dev_close", "dev_get_stats", "dev_mc_add", "dev_mc_del", "dev_open",
    "dev_set_allmulti", "dev_set_mac_address", "dev_set_mtu", "dev_set_promiscuity", "dev_uc_add", "dev_uc_del",
    "eth_hw_addr_random", "eth_hw_addr_set", "eth_mac_addr", "eth_prepare_mac_addr_change",
    "eth_commit_mac_addr_change", "eth_validate_addr", "netdev_features_change", "netdev_for_each_mc_addr",
    "netdev_for_each_uc_addr", "netdev_leaks", "netdev_mc_count", "netdev_mc_empty", "netdev_stats_to_stats64",
    "netdev_uc_count", "netdev_uc_empty", "netdev_update_features", "netif_carrier_off", "netif_carrier_ok",
    "netif_carrier_on",
]


# -- up and down ---------------------------------------------------------------------------------------------
def dev_open(dev: net_device, extack: object = None) -> int:
    """Bring the device up. 0 or a negative errno, of ndo_open for instance."""
    return int(with_rtnl(_open, dev))


def _open(dev: net_device) -> int:
    if dev.flags & IFF_UP:
        return 0
    if not netif_device_present(dev):
        return -ENODEV
    ops = dev.netdev_ops
    dev.state |= LINK_STATE_START
    ret = ops.ndo_validate_addr(dev) if ops.ndo_validate_addr is not None else 0
    if not ret:
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
    _set_rx_mode(dev)
    dev_activate(dev)
    return 0


def dev_close(dev: net_device) -> None:
    """Bring the device down: no transmit any more, then ndo_stop, which ends receive (LIFE2)."""
    with_rtnl(close_locked, dev)


def close_locked(dev: net_device) -> None:
    if not dev.flags & IFF_UP:
        return
    dev.state &= ~LINK_STATE_START
    dev_deactivate(dev)
    if dev.netdev_ops.ndo_stop is not None:
        dev.netdev_ops.ndo_stop(dev)
    dev.flags &= ~IFF_UP
    check_napis_disabled(dev)


# -- carrier -------------------------------------------------------------------------------------------------
def netif_carrier_ok(dev: net_device) -> bool:
    return not dev.state & LINK_STATE_NOCARRIER


def netif_carrier_on(dev: net_device) -> None:
    """The link is up. The queues begin to work a little later, in process context. From any context."""
    if dev.state & LINK_STATE_NOCARRIER:
        dev.state &= ~LINK_STATE_NOCARRIER
        if dev.reg_state == NETREG_UNINITIALIZED:
            return
        dev.carrier_up_count += 1
        _linkwatch_fire(dev)
        if netif_running(dev):
            netdev_watchdog_up(dev)


def netif_carrier_off(dev: net_device) -> None:
    """The link is down."""
    if not dev.state & LINK_STATE_NOCARRIER:
        dev.state |= LINK_STATE_NOCARRIER
        if dev.reg_state == NETREG_UNINITIALIZED:
            return
        dev.carrier_down_count += 1
        _linkwatch_fire(dev)


def _linkwatch_fire(dev: net_device) -> None:
    """Simplified: every event is urgent; Linux lets others wait up to a second."""
    if dev.linkwatch is None:
        dev.linkwatch = work_struct(_linkwatch_work, container=dev)
    queue_work(machine().state["workqueue"].linkwatch, dev.linkwatch)


def _linkwatch_work(work: work_struct) -> None:
    with_rtnl(_linkwatch_do, work.container)


def _linkwatch_do(dev: net_device) -> None:
    if dev.flags & IFF_UP and dev.reg_state == NETREG_REGISTERED:
        if netif_carrier_ok(dev):
            dev_activate(dev)
        else:
            dev_deactivate(dev)


# -- MTU -----------------------------------------------------------------------------------------------------
def dev_set_mtu(dev: net_device, new_mtu: int) -> int:
    """0, -EINVAL outside of min_mtu to max_mtu, -ENODEV, or what ndo_change_mtu says."""
    return int(with_rtnl(_set_mtu, dev, new_mtu))


def _set_mtu(dev: net_device, new_mtu: int) -> int:
    if new_mtu == dev.mtu:
        return 0
    if new_mtu < 0 or new_mtu < dev.min_mtu:
        netdev_warn(dev, "Invalid MTU %d requested, hw min %d", new_mtu, dev.min_mtu)
        return -EINVAL
    if 0 < dev.max_mtu < new_mtu:
        netdev_warn(dev, "Invalid MTU %d requested, hw max %d", new_mtu, dev.max_mtu)
        return -EINVAL
    if not netif_device_present(dev):
        return -ENODEV
    return __dev_set_mtu(dev, new_mtu)


def __dev_set_mtu(dev: net_device, new_mtu: int) -> int:
    change = dev.netdev_ops.ndo_change_mtu
    if change is not None:
        return int(change(dev, new_mtu) or 0)
    dev.mtu = new_mtu
    return 0


# -- the device's address ------------------------------------------------------------------------------------
def eth_hw_addr_set(dev: net_device, addr: bytes) -> None:
    dev.dev_addr = bytes(addr[:6])


dev_addr_set = eth_hw_addr_set


def eth_hw_addr_random(dev: net_device) -> None:
    dev.dev_addr = eth_random_addr()


def eth_validate_addr(dev: net_device) -> int:
    """For ndo_validate_addr: 0, or -EADDRNOTAVAIL for a multicast or zero address."""
    return 0 if is_valid_ether_addr(dev.dev_addr) else -EADDRNOTAVAIL


def eth_prepare_mac_addr_change(dev: net_device, p: sockaddr) -> int:
    if not dev.priv_flags & IFF_LIVE_ADDR_CHANGE and netif_running(dev):
        return -EBUSY
    if not is_valid_ether_addr(p.sa_data[:6]):
        return -EADDRNOTAVAIL
    return 0


def eth_commit_mac_addr_change(dev: net_device, p: sockaddr) -> None:
    eth_hw_addr_set(dev, p.sa_data)


def eth_mac_addr(dev: net_device, p: sockaddr) -> int:
    """For ndo_set_mac_address: 0, -EBUSY while up (but for IFF_LIVE_ADDR_CHANGE), -EADDRNOTAVAIL."""
    ret = eth_prepare_mac_addr_change(dev, p)
    if not ret:
        eth_commit_mac_addr_change(dev, p)
    return ret


def dev_set_mac_address(dev: net_device, sa: sockaddr, extack: object = None) -> int:
    """Change the address. 0 or a negative errno. A driver that takes an invalid one breaks LIFE4."""
    return int(with_rtnl(_set_mac_address, dev, sa))


def _set_mac_address(dev: net_device, sa: sockaddr) -> int:
    set_address = dev.netdev_ops.ndo_set_mac_address
    if set_address is None:
        return -EOPNOTSUPP
    if sa.sa_family != dev.type:
        return -EINVAL
    if not netif_device_present(dev):
        return -ENODEV
    if dev.dev_addr != sa.sa_data[:6]:
        err = set_address(dev, sa)
        if err:
            return int(err)
        if not is_valid_ether_addr(sa.sa_data[:6]):
            broken_rule(
                "LIFE4",
                f"{dev.name}: ndo_set_mac_address took the invalid address {sa.sa_data[:6].hex(':')}",
                f"{set_address.__name__}",
            )
    return 0


# -- receive modes and address lists -------------------------------------------------------------------------
def dev_set_promiscuity(dev: net_device, inc: int) -> int:
    """Count users of promiscuous mode up or down. 0 or -EOVERFLOW."""
    return int(with_rtnl(_set_promiscuity, dev, inc))


def _set_promiscuity(dev: net_device, inc: int) -> int:
    old = dev.flags
    if dev.promiscuity + inc < 0:
        WARN(f"{dev.name}: promiscuity touches roof, set promiscuity failed", site_str(caller_outside()))
        return -75
    dev.promiscuity += inc
    dev.flags = dev.flags | IFF_PROMISC if dev.promiscuity else dev.flags & ~IFF_PROMISC
    _flags_changed(dev, old, IFF_PROMISC)
    return 0


def dev_set_allmulti(dev: net_device, inc: int) -> int:
    return int(with_rtnl(_set_allmulti, dev, inc))


def _set_allmulti(dev: net_device, inc: int) -> int:
    old = dev.flags
    if dev.allmulti + inc < 0:
        WARN(f"{dev.name}: allmulti touches roof, set allmulti failed", site_str(caller_outside()))
        return -75
    dev.allmulti += inc
    dev.flags = dev.flags | IFF_ALLMULTI if dev.allmulti else dev.flags & ~IFF_ALLMULTI
    _flags_changed(dev, old, IFF_ALLMULTI)
    return 0


def _flags_changed(dev: net_device, old: int, flag: int) -> None:
    if dev.flags == old:
        return
    change = dev.netdev_ops.ndo_change_rx_flags
    if change is not None and dev.flags & IFF_UP:
        change(dev, flag)
    _set_rx_mode(dev)


def _set_rx_mode(dev: net_device) -> None:
    """Have the driver load its filters: in atomic context, nothing in it may sleep (LIFE5)."""
    if not dev.flags & IFF_UP or not netif_device_present(dev):
        return
    spin_lock_bh(dev.addr_list_lock)
    _set_rx_mode_locked(dev)
    spin_unlock_bh(dev.addr_list_lock)


def _set_rx_mode_locked(dev: net_device) -> None:
    if not dev.priv_flags & IFF_UNICAST_FLT and bool(dev.uc) != dev.uc_promisc:
        dev.uc_promisc = bool(dev.uc)
        dev.promiscuity += 1 if dev.uc else -1
        dev.flags = dev.flags | IFF_PROMISC if dev.promiscuity else dev.flags & ~IFF_PROMISC
    if dev.netdev_ops.ndo_set_rx_mode is not None:
        dev.netdev_ops.ndo_set_rx_mode(dev)


def _add(dev: net_device, addrs: dict[bytes, int], addr: bytes) -> int:
    addrs[bytes(addr)] = addrs.get(bytes(addr), 0) + 1
    _set_rx_mode(dev)
    return 0


def _del(dev: net_device, addrs: dict[bytes, int], addr: bytes) -> int:
    addr = bytes(addr)
    if addr not in addrs:
        return -ENOENT
    addrs[addr] -= 1
    if not addrs[addr]:
        del addrs[addr]
    _set_rx_mode(dev)
    return 0


def dev_mc_add(dev: net_device, addr: bytes) -> int:
    """Receive a multicast group; counted. 0."""
    return _add(dev, dev.mc, addr)


def dev_mc_del(dev: net_device, addr: bytes) -> int:
    """0 or -ENOENT."""
    return _del(dev, dev.mc, addr)


def dev_uc_add(dev: net_device, addr: bytes) -> int:
    return _add(dev, dev.uc, addr)


def dev_uc_del(dev: net_device, addr: bytes) -> int:
    return _del(dev, dev.uc, addr)


def netdev_mc_count(dev: net_device) -> int:
    return len(dev.mc)


def netdev_mc_empty(dev: net_device) -> bool:
    return not dev.mc


def netdev_uc_count(dev: net_device) -> int:
    return len(dev.uc)


def netdev_uc_empty(dev: net_device) -> bool:
    return not dev.uc


def netdev_for_each_mc_addr(dev: net_device) -> Iterator[bytes]:
    """The multicast addresses, 6 bytes each. A loop, where C has a macro."""
    return iter(list(dev.mc))


def netdev_for_each_uc_addr(dev: net_device) -> Iterator[bytes]:
    return iter(list(dev.uc))


def flush_addresses(dev: net_device) -> None:
    dev.uc.clear()
    dev.mc.clear()


# -- features ------------------------------------------------------------------------------------------------
def update_features(dev: net_device) -> int:
    """Recompute ``features`` from what is wanted, the driver's ndo_fix_features and the rules. Whether they
    changed.
    """
    features = dev.features & ~dev.hw_features | dev.wanted_features & dev.hw_features
    ops = dev.netdev_ops
    if ops.ndo_fix_features is not None:
        features = ops.ndo_fix_features(dev, features)
    # netdev_fix_features(): TSO needs scatter-gather and checksums; scatter-gather alone is fine.
    if not features & NETIF_F_SG:
        features &= ~(NETIF_F_TSO | NETIF_F_TSO6)
    if not features & (NETIF_F_HW_CSUM | NETIF_F_IP_CSUM):
        features &= ~NETIF_F_TSO
    if not features & (NETIF_F_HW_CSUM | NETIF_F_IPV6_CSUM):
        features &= ~NETIF_F_TSO6
    if features == dev.features:
        return 0
    if ops.ndo_set_features is not None:
        err = ops.ndo_set_features(dev, features)
        if err < 0:
            return -1
    dev.features = features
    return 1


def netdev_update_features(dev: net_device) -> None:
    """Call after changing what ndo_fix_features depends on."""
    update_features(dev)


def netdev_features_change(dev: net_device) -> None:
    """Tell others that features changed: nobody listens yet."""


# -- counters ------------------------------------------------------------------------------------------------
def dev_get_stats(dev: net_device) -> rtnl_link_stats64:
    """The counters as ``ip -s link`` shows them: the driver's, and the core's own drops added.

    Callers may be in an RCU read section (netstat_show() is), so the driver is always asked in one: CheckError ETH2
    where it may sleep.
    """
    storage = rtnl_link_stats64()
    get = dev.netdev_ops.ndo_get_stats64
    if get is not None:
        cpu = machine().sched.cpu
        if cpu is not None:
            cpu.preempt_disabled += 1
        try:
            get(dev, storage)
        except SchedulingWhileAtomic as exc:
            broken_rule("ETH2", f"{dev}: ndo_get_stats64 must not sleep: {exc.what}", exc.where)
        finally:
            if cpu is not None:
                cpu.preempt_disabled -= 1
    else:
        netdev_stats_to_stats64(storage, dev.stats)
    storage.rx_dropped += dev.rx_dropped
    storage.tx_dropped += dev.tx_dropped
    storage.rx_nohandler += dev.rx_nohandler
    storage.rx_otherhost_dropped += dev.rx_otherhost_dropped
    return storage


def netdev_stats_to_stats64(stats64: rtnl_link_stats64, netdev_stats: rtnl_link_stats64) -> None:
    """Copy the counters of ``dev->stats``: for drivers that keep theirs there."""
    for name in rtnl_link_stats64.__slots__:
        setattr(stats64, name, getattr(netdev_stats, name))


def netdev_leaks() -> list[str]:
    """One line for each net_device that was allocated and not freed."""
    return [
        f"net_device {dev.name}, allocated at {site_str(dev._site)}" for dev in machine().state["net"].netdevs_alive
    ]
