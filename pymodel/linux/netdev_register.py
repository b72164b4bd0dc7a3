# SPDX-License-Identifier: Apache-2.0
"""A device's life: name, registration, references, unregistration, the end.

The order is enforced: register once, unregister what is registered, free what is not. Source: net/core/dev.c
register_netdevice(), unregister_netdevice_many_notify(), netdev_run_todo(), free_netdev(), dev_get_valid_name(), v6.12.
Simplified: one namespace; a reference counts, but has no tracker of its own.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.hw.errors import CheckError
from pymodel.linux.bug import BUG, WARN, Lockup, Site, caller, netdev_info, pr_err, site_str
from pymodel.linux.dev_addr_lists import dev_mc_flush, dev_uc_flush
from pymodel.linux.dev_features import __netdev_update_features
from pymodel.linux.errno import EEXIST, EINVAL, EIO, ENFILE
from pymodel.linux.ethtool import ethtool_check_ops
from pymodel.linux.link_watch import linkwatch_init_dev, linkwatch_run_queue, linkwatch_sync_dev
from pymodel.linux.netdev_features import (
    NETIF_F_GSO_PARTIAL,
    NETIF_F_HIGHDMA,
    NETIF_F_HW_VLAN_CTAG_FILTER,
    NETIF_F_NOCACHE_COPY,
    NETIF_F_SG,
    NETIF_F_SOFT_FEATURES,
    NETIF_F_SOFT_FEATURES_OFF,
    NETIF_F_TSO,
    NETIF_F_TSO_MANGLEID,
)
from pymodel.linux.netdev_ops import dev_close
from pymodel.linux.netdevice import (
    ASSERT_RTNL,
    IFF_LOOPBACK,
    IFF_UP,
    IFNAMSIZ,
    LINK_STATE_LINKWATCH_PENDING,
    LINK_STATE_PRESENT,
    NET_ADDR_PERM,
    NET_NAME_RENAMED,
    NETREG_REGISTERED,
    NETREG_RELEASED,
    NETREG_UNINITIALIZED,
    NETREG_UNREGISTERED,
    NETREG_UNREGISTERING,
    NetState,
    net_device,
    rtnl_lock,
    with_rtnl,
)
from pymodel.linux.notifier import (
    NETDEV_CHANGENAME,
    NETDEV_POST_INIT,
    NETDEV_PRE_UNINIT,
    NETDEV_REGISTER,
    NETDEV_UNREGISTER,
    call_netdevice_notifiers,
    notifier_to_errno,
)
from pymodel.linux.qdisc_attach import dev_init_scheduler
from pymodel.linux.sched import mutex_unlock, sleep_until
from pymodel.linux.xdp import xdp_rxq_info_reg, xdp_rxq_info_unreg

__all__ = [
    "__dev_get_by_name", "dev_alloc_name", "dev_change_name", "dev_get_by_index", "dev_get_by_name", "dev_hold",
    "dev_put", "dev_valid_name", "free_netdev", "netdev_leaks", "netdev_refcnt_read", "register_netdev",
    "register_netdevice", "registered_netdevs", "unregister_netdev", "unregister_netdevice",
    "unregister_netdevice_many",
]

_WAIT_REFS_MIN_MS, _WAIT_REFS_MAX_MS = 1, 250
_UNREGISTER_TIMEOUT_MS = 10_000


def _net() -> NetState:
    state: NetState = here.state["net"]
    return state


# -- names and references ------------------------------------------------------------------------------------
def dev_valid_name(name: str) -> bool:
    """1 to 15 characters, neither "." nor "..", without slashes, colons and white space."""
    return 0 < len(name) < IFNAMSIZ and name not in (".", "..") and not any(c in "/:" or c.isspace() for c in name)


def __dev_get_by_name(name: str) -> net_device | None:
    return next((dev for dev in _net().devices if dev.name == name), None)


def dev_get_by_name(name: str) -> net_device | None:
    """The device of that name with a reference more, for dev_put(); or None."""
    dev = __dev_get_by_name(name)
    if dev is not None:
        _hold(dev, caller())
    return dev


def dev_get_by_index(ifindex: int) -> net_device | None:
    """The same by number."""
    dev = next((dev for dev in _net().devices if dev.ifindex == ifindex), None)
    if dev is not None:
        _hold(dev, caller())
    return dev


def registered_netdevs() -> list[net_device]:
    """The devices that are registered, oldest first: for_each_netdev()."""
    return list(_net().devices)


def _alloc_name(name: str) -> str | int:
    """The first free name of the pattern ``name`` (one ``%d``), or -EINVAL or -ENFILE."""
    if name.count("%") != 1 or "%d" not in name or not dev_valid_name(name):
        return -EINVAL
    taken = {dev.name for dev in _net().devices}
    for i in range(32768):
        candidate = name.replace("%d", str(i))
        if candidate not in taken:
            return candidate if len(candidate) < IFNAMSIZ else -EINVAL
    return -ENFILE


def dev_alloc_name(dev: net_device, name: str) -> int:
    """Give ``dev`` a free name of the pattern ``eth%d``. The number in it, or a negative errno."""
    found = _alloc_name(name)
    if isinstance(found, int):
        return found
    dev.name = found
    return int(found[name.index("%") : len(found) - (len(name) - name.index("%") - 2)])


def _valid_name(dev: net_device, name: str) -> int:
    if not dev_valid_name(name):
        return -EINVAL
    if "%" in name:
        ret = dev_alloc_name(dev, name)
        return ret if ret < 0 else 0
    if any(other.name == name and other is not dev for other in _net().devices):
        return -EEXIST
    dev.name = name
    return 0


def dev_change_name(dev: net_device, newname: str) -> int:
    """Rename: 0, -EINVAL, -EEXIST, or what a listener of NETDEV_CHANGENAME says, and then the name stays."""
    return int(with_rtnl(_change_name, dev, newname))


def _change_name(dev: net_device, newname: str) -> int:
    old, assign_type = dev.name, dev.name_assign_type
    if newname == old:
        return 0
    err = _valid_name(dev, newname)
    if err:
        return err
    netdev_info(dev, "renamed from %s%s", old, " (while UP)" if dev.flags & IFF_UP else "")
    dev.name_assign_type = NET_NAME_RENAMED
    dev.dev.name = dev.name
    err = notifier_to_errno(call_netdevice_notifiers(NETDEV_CHANGENAME, dev))
    if err:
        dev.name = dev.dev.name = old
        dev.name_assign_type = assign_type
        if notifier_to_errno(call_netdevice_notifiers(NETDEV_CHANGENAME, dev)):
            pr_err("%s: name change rollback failed", old)
    return err


def _hold(dev: net_device, site: Site) -> None:
    dev.refcnt += 1
    dev.holders.append(site)


def dev_hold(dev: net_device | None) -> None:
    """Take a reference: the device cannot go away before dev_put()."""
    if dev is not None:
        _hold(dev, caller())


def dev_put(dev: net_device | None) -> None:
    if dev is None:
        return
    if not dev.holders:
        BUG(f"dev_put({dev}) without dev_hold()", site_str(caller()))
    dev.refcnt -= 1
    dev.holders.pop()


def netdev_refcnt_read(dev: net_device) -> int:
    return dev.refcnt


# -- registration --------------------------------------------------------------------------------------------
def register_netdev(dev: net_device) -> int:
    """Make the device known; traffic may come before this returns (LIFE1). 0 or a negative errno: of ndo_init, of a
    listener, -EEXIST for a name that is taken.
    """
    return int(with_rtnl(_register, dev, caller()))


def register_netdevice(dev: net_device) -> int:
    """register_netdev() for callers that hold rtnl."""
    site = caller()
    ASSERT_RTNL()
    return _register(dev, site)


def _register(dev: net_device, site: Site) -> int:
    if dev.reg_state != NETREG_UNINITIALIZED:
        what = f"register_netdevice({dev.name}): reg_state is {dev.reg_state}, not NETREG_UNINITIALIZED"
        BUG(what, site_str(site), "net/core/dev.c:10611")
    err = ethtool_check_ops(dev.ethtool_ops) or _valid_name(dev, dev.name)
    if err:
        return err
    ops = dev.netdev_ops
    if ops.ndo_start_xmit is None:
        raise CheckError("LIFE1", f"{dev.name} registered without ndo_start_xmit", site_str(site))
    dev.dev.name = dev.name
    if ops.ndo_init is not None:
        err = ops.ndo_init(dev)
        if err:
            return -EIO if err > 0 else int(err)
    err = _register_core(dev)
    if err and dev.reg_state == NETREG_UNINITIALIZED:
        if ops.ndo_uninit is not None:
            ops.ndo_uninit(dev)
        if dev.priv_destructor is not None:
            dev.priv_destructor(dev)
    return err


def _register_core(dev: net_device) -> int:
    """From ndo_init on. 0 or a negative errno."""
    net, ops = _net(), dev.netdev_ops
    if (dev.hw_features | dev.features) & NETIF_F_HW_VLAN_CTAG_FILTER and (
        ops.ndo_vlan_rx_add_vid is None or ops.ndo_vlan_rx_kill_vid is None
    ):
        WARN(f"{dev}: Buggy VLAN acceleration in driver!")
        return -EINVAL
    dev.ifindex = net.next_ifindex
    net.next_ifindex += 1

    dev.hw_features |= NETIF_F_SOFT_FEATURES | NETIF_F_SOFT_FEATURES_OFF
    dev.features |= NETIF_F_SOFT_FEATURES
    dev.wanted_features = dev.features & dev.hw_features
    if not dev.flags & IFF_LOOPBACK:
        dev.hw_features |= NETIF_F_NOCACHE_COPY
    for name in ("hw_features", "vlan_features", "mpls_features", "hw_enc_features"):
        if getattr(dev, name) & NETIF_F_TSO:  # a fixed IP ID may be asked for, later
            setattr(dev, name, getattr(dev, name) | NETIF_F_TSO_MANGLEID)
    dev.vlan_features |= NETIF_F_HIGHDMA
    dev.hw_enc_features |= NETIF_F_SG | NETIF_F_GSO_PARTIAL
    dev.mpls_features |= NETIF_F_SG

    err = notifier_to_errno(call_netdevice_notifiers(NETDEV_POST_INIT, dev))
    if err:
        return err
    dev.reg_state = NETREG_REGISTERED
    __netdev_update_features(dev)
    dev.state |= LINK_STATE_PRESENT
    linkwatch_init_dev(dev)
    dev_init_scheduler(dev)
    net.devices.append(dev)
    dev.refcnt += 1  # the list's
    for queue in dev._rx:
        xdp_rxq_info_reg(queue.xdp_rxq, dev, queue.index, 0)
    if dev.addr_assign_type == NET_ADDR_PERM:
        dev.perm_addr = dev.dev_addr
    err = notifier_to_errno(call_netdevice_notifiers(NETDEV_REGISTER, dev))
    if err:
        dev.needs_free_netdev = False  # its owner calls free_netdev()
        unregister_netdevice_many([dev])
    return err


# -- unregistration ------------------------------------------------------------------------------------------
def unregister_netdev(dev: net_device) -> None:
    """Bring the device down, take it away from the stack, and wait until nobody uses it."""
    with_rtnl(_unregister_many, [dev], caller())


def unregister_netdevice(dev: net_device) -> None:
    """The same for callers that hold rtnl; the device is finished when they unlock it."""
    site = caller()
    ASSERT_RTNL()
    _unregister_many([dev], site)


def unregister_netdevice_many(head: list[net_device]) -> None:
    site = caller()
    ASSERT_RTNL()
    _unregister_many(head, site)


def _unregister_many(head: list[net_device], site: Site) -> None:
    from pymodel.linux.ethtool_rss import netdev_rss_contexts_free
    from pymodel.linux.xdp_dev import dev_xdp_uninstall

    devs = []
    for dev in head:
        if dev.reg_state == NETREG_UNINITIALIZED:
            WARN(f"unregister_netdevice: device {dev.name} never was registered", site_str(site))
            continue
        dev.dismantle = True
        if dev.reg_state != NETREG_REGISTERED:
            BUG(
                f"unregister_netdevice({dev.name}): reg_state is {dev.reg_state}, not NETREG_REGISTERED",
                site_str(site),
            )
        devs.append(dev)
    for dev in devs:
        dev_close(dev)
    net = _net()
    for dev in devs:
        net.devices.remove(dev)
        dev.reg_state = NETREG_UNREGISTERING
        for sd in net.softnet:
            sd.forget(dev)
    for dev in devs:
        dev_xdp_uninstall(dev)
        call_netdevice_notifiers(NETDEV_UNREGISTER, dev)
        dev_uc_flush(dev)
        dev_mc_flush(dev)
        netdev_rss_contexts_free(dev)
        call_netdevice_notifiers(NETDEV_PRE_UNINIT, dev)
        if dev.netdev_ops.ndo_uninit is not None:
            dev.netdev_ops.ndo_uninit(dev)
        if dev.ptype_all or dev.ptype_specific:
            WARN(f"{dev.name} unregistered while packet handlers are attached to it", site_str(site))
        for queue in dev._rx:
            xdp_rxq_info_unreg(queue.xdp_rxq)
        dev.refcnt -= 1
        net.todo.append(dev)


def netdev_run_todo() -> None:
    """What rtnl_unlock() does: unlock, and finish the devices that were unregistered."""
    net = _net()
    todo, net.todo = net.todo, []
    for dev in todo:
        dev.reg_state = NETREG_UNREGISTERED
        linkwatch_sync_dev(dev)
    mutex_unlock(net.rtnl)
    sleep_until(here.sched.local_now + 1000, "netdev_run_todo: a grace period")
    for dev in todo:
        _wait_allrefs(dev)
        if dev.priv_destructor is not None:
            dev.priv_destructor(dev)
        if dev.needs_free_netdev:
            free_netdev(dev)


def _wait_allrefs(dev: net_device) -> None:
    """Wait for the last dev_put(). Every second the listeners are told again; where Linux prints "waiting for eth0 to
    become free" each 10 s for ever, Lockup says who holds it.
    """
    waited = last_told = 0
    wait = _WAIT_REFS_MIN_MS
    while dev.refcnt != 1:
        if waited >= _UNREGISTER_TIMEOUT_MS:
            raise Lockup(
                f"unregister_netdevice: waiting for {dev} to become free. Usage count = {dev.refcnt}",
                ", ".join(f"held at {site_str(site)}" for site in dev.holders),
            )
        if waited - last_told >= 1000:
            last_told = waited
            rtnl_lock()
            call_netdevice_notifiers(NETDEV_UNREGISTER, dev)
            if dev.state & LINK_STATE_LINKWATCH_PENDING:
                linkwatch_run_queue()
            mutex_unlock(_net().rtnl)
        sleep_until(here.sched.local_now + wait * 1_000_000_000, f"references to {dev} to go away")
        waited += wait
        wait = min(2 * wait, _WAIT_REFS_MAX_MS)


def free_netdev(dev: net_device) -> None:
    """Free it. Its NAPI instances are deleted. BUG while registered; while being unregistered, it is freed at the end
    of that.
    """
    from pymodel.linux.napi import netif_napi_del
    from pymodel.linux.workqueue import debug_check_no_obj_freed

    site = caller()
    if dev._gone:
        BUG(f"free_netdev({dev.name}): freed twice", site_str(site))
    if dev.reg_state == NETREG_UNREGISTERING:
        ASSERT_RTNL()
        dev.needs_free_netdev = True
        return
    if dev.reg_state not in (NETREG_UNINITIALIZED, NETREG_UNREGISTERED):
        BUG(
            f"free_netdev({dev.name}): reg_state is {dev.reg_state}: unregister_netdev() must come first",
            site_str(site),
        )
    for napi in list(dev.napi_list):
        netif_napi_del(napi)
    debug_check_no_obj_freed(dev.priv)
    dev._gone = True
    dev.reg_state = NETREG_RELEASED
    _net().netdevs_alive.remove(dev)


def netdev_leaks() -> list[str]:
    """One line for each net_device that was allocated and not freed."""
    return [f"net_device {dev.name}, allocated at {site_str(dev._site)}" for dev in _net().netdevs_alive]
