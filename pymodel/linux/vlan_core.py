# SPDX-License-Identifier: Apache-2.0
"""The VLANs that a device lets through its filter, counted; and VLAN 0 for every device with one.

vlan_vid_add() is what a VLAN device, a bridge or a bond calls. A boot that wants what the 8021q module does to devices
below (VLAN 0 while up, filters following NETIF_F_HW_VLAN_CTAG_FILTER) calls vlan_proto_init(). Source:
net/8021q/vlan_core.c, net/8021q/vlan.c vlan_device_event(), v6.12. Simplified: no VLAN devices.
"""

from __future__ import annotations

from typing import Any

from pymodel.hw.access import here
from pymodel.linux.bug import netdev_info, netdev_warn
from pymodel.linux.errno import ENODEV
from pymodel.linux.if_ether import ETH_P_8021AD, ETH_P_8021Q
from pymodel.linux.netdev_features import NETIF_F_HW_VLAN_CTAG_FILTER, NETIF_F_HW_VLAN_STAG_FILTER
from pymodel.linux.netdevice import NETREG_UNREGISTERING, net_device, netif_device_present, with_rtnl
from pymodel.linux.notifier import (
    NETDEV_CVLAN_FILTER_DROP_INFO,
    NETDEV_CVLAN_FILTER_PUSH_INFO,
    NETDEV_DOWN,
    NETDEV_SVLAN_FILTER_DROP_INFO,
    NETDEV_SVLAN_FILTER_PUSH_INFO,
    NETDEV_UP,
    NOTIFY_DONE,
    notifier_block,
    notifier_from_errno,
    register_netdevice_notifier,
)

__all__ = [
    "vlan_filter_drop_vids", "vlan_filter_push_vids", "vlan_hw_filter_capable", "vlan_proto_init",
    "vlan_vid_add", "vlan_vid_del", "vlan_vids_add_by_dev", "vlan_vids_del_by_dev",
]


class vlan_vid_info:
    __slots__ = ("proto", "refcount", "vid")

    def __init__(self, proto: int, vid: int) -> None:
        self.proto = proto
        self.vid = vid
        self.refcount = 0


def _vids(dev: net_device) -> list[vlan_vid_info]:
    """``dev.vlan_info``, the newest first."""
    return dev.vlan_info or []


def vlan_hw_filter_capable(dev: net_device, proto: int) -> bool:
    """Whether the device filters tags of ``proto``, ETH_P_8021Q or ETH_P_8021AD."""
    if proto == ETH_P_8021Q:
        return bool(dev.features & NETIF_F_HW_VLAN_CTAG_FILTER)
    return proto == ETH_P_8021AD and bool(dev.features & NETIF_F_HW_VLAN_STAG_FILTER)


def vlan_vid_add(dev: net_device, proto: int, vid: int) -> int:
    """Let VLAN ``vid`` through; counted. 0, -ENODEV, or what ndo_vlan_rx_add_vid says."""
    return int(with_rtnl(_vid_add, dev, proto, vid))


def _vid_add(dev: net_device, proto: int, vid: int) -> int:
    info = _find(dev, proto, vid)
    if info is None:
        if vlan_hw_filter_capable(dev, proto):
            if not netif_device_present(dev):
                return -ENODEV
            err = dev.netdev_ops.ndo_vlan_rx_add_vid(dev, proto, vid)
            if err:
                return int(err)
        info = vlan_vid_info(proto, vid)
        dev.vlan_info = [info, *_vids(dev)]
    info.refcount += 1
    return 0


def _find(dev: net_device, proto: int, vid: int) -> vlan_vid_info | None:
    return next((info for info in _vids(dev) if info.proto == proto and info.vid == vid), None)


def vlan_vid_del(dev: net_device, proto: int, vid: int) -> None:
    """The opposite; what was not added is ignored."""
    with_rtnl(_vid_del, dev, proto, vid)


def _vid_del(dev: net_device, proto: int, vid: int) -> None:
    info = _find(dev, proto, vid)
    if info is None:
        return
    info.refcount -= 1
    if info.refcount:
        return
    err = 0
    if vlan_hw_filter_capable(dev, proto):
        err = dev.netdev_ops.ndo_vlan_rx_kill_vid(dev, proto, vid) if netif_device_present(dev) else -ENODEV
    if err and dev.reg_state != NETREG_UNREGISTERING:
        netdev_warn(dev, "failed to kill vid %04x/%d", proto, vid)
    dev.vlan_info.remove(info)
    if not dev.vlan_info:
        dev.vlan_info = None


def vlan_filter_push_vids(dev: net_device, proto: int) -> int:
    """Tell the driver all of them, as its filter was turned on. 0, or its error with those before taken back."""
    told: list[vlan_vid_info] = []
    for info in _vids(dev):
        if info.proto == proto:
            err = dev.netdev_ops.ndo_vlan_rx_add_vid(dev, proto, info.vid)
            if err:
                for other in reversed(told):
                    dev.netdev_ops.ndo_vlan_rx_kill_vid(dev, proto, other.vid)
                return int(err)
            told.append(info)
    return 0


def vlan_filter_drop_vids(dev: net_device, proto: int) -> None:
    for info in _vids(dev):
        if info.proto == proto:
            dev.netdev_ops.ndo_vlan_rx_kill_vid(dev, proto, info.vid)


def vlan_vids_add_by_dev(dev: net_device, by_dev: net_device) -> int:
    """Add those of ``by_dev``, for a device above ``dev``: 0, or an error with none added."""
    added: list[vlan_vid_info] = []
    for info in _vids(by_dev):
        err = vlan_vid_add(dev, info.proto, info.vid)
        if err:
            for other in reversed(added):
                vlan_vid_del(dev, other.proto, other.vid)
            return err
        added.append(info)
    return 0


def vlan_vids_del_by_dev(dev: net_device, by_dev: net_device) -> None:
    for info in list(_vids(by_dev)):
        vlan_vid_del(dev, info.proto, info.vid)


def _vlan_device_event(nb: notifier_block, event: int, data: Any) -> int:
    dev: net_device = data.dev
    if event in (NETDEV_UP, NETDEV_DOWN):
        if dev.features & NETIF_F_HW_VLAN_CTAG_FILTER:
            if event == NETDEV_UP:
                netdev_info(dev, "adding VLAN 0 to HW filter on device")
                vlan_vid_add(dev, ETH_P_8021Q, 0)
            else:
                vlan_vid_del(dev, ETH_P_8021Q, 0)
    elif event in (NETDEV_CVLAN_FILTER_PUSH_INFO, NETDEV_SVLAN_FILTER_PUSH_INFO):
        err = vlan_filter_push_vids(dev, ETH_P_8021Q if event == NETDEV_CVLAN_FILTER_PUSH_INFO else ETH_P_8021AD)
        if err:
            return notifier_from_errno(err)
    elif event in (NETDEV_CVLAN_FILTER_DROP_INFO, NETDEV_SVLAN_FILTER_DROP_INFO):
        vlan_filter_drop_vids(dev, ETH_P_8021Q if event == NETDEV_CVLAN_FILTER_DROP_INFO else ETH_P_8021AD)
    return NOTIFY_DONE


def vlan_proto_init() -> None:
    """Have the 8021q module watch the devices of this machine, those that are there included."""
    nb = notifier_block(_vlan_device_event)
    here.state["net"].protocols.append(nb)
    register_netdevice_notifier(nb)
