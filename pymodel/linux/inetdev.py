# SPDX-License-Identifier: Apache-2.0
"""What IPv4 does with a device that comes up: it joins the group of all hosts, 224.0.0.1; on the way down it leaves.

Of net/ipv4/devinet.c and igmp.c only that, and the counted membership in further groups: no addresses, no routes, no
IGMP messages, no gratuitous ARP. A boot that wants it calls devinet_init(), as the kernel's own does with CONFIG_INET.
Source: net/ipv4/devinet.c inetdev_event(), net/ipv4/igmp.c ip_mc_up(), ip_mc_down(), v6.12.
"""

from __future__ import annotations

from typing import Any

from pymodel.hw.access import here
from pymodel.linux.dev_addr_lists import dev_mc_add, dev_mc_del
from pymodel.linux.netdev_register import dev_hold, dev_put
from pymodel.linux.netdevice import ARPHRD_ETHER, IFF_UP, net_device
from pymodel.linux.notifier import (
    NETDEV_CHANGEMTU,
    NETDEV_DOWN,
    NETDEV_REGISTER,
    NETDEV_UNREGISTER,
    NETDEV_UP,
    NOTIFY_DONE,
    notifier_block,
    register_netdevice_notifier,
)

__all__ = [
    "IGMP_ALL_HOSTS", "IPV4_MIN_MTU", "devinet_init", "in_device", "inetdev_valid_mtu", "ip_eth_mc_map",
    "ip_mc_dec_group", "ip_mc_inc_group", "ip_mc_list",
]

IGMP_ALL_HOSTS = 0xE0000001  # 224.0.0.1
IPV4_MIN_MTU = 68


class ip_mc_list:
    """A group that a device is in. ``loaded``: it is in the device's filter."""

    __slots__ = ("loaded", "multiaddr", "users")

    def __init__(self, multiaddr: int) -> None:
        self.multiaddr = multiaddr
        self.users = 1
        self.loaded = False


class in_device:
    """IPv4's part of a device: ``dev.ip_ptr``. The newest group is first."""

    __slots__ = ("dev", "mc_list")

    def __init__(self, dev: net_device) -> None:
        self.dev = dev
        self.mc_list: list[ip_mc_list] = []


def inetdev_valid_mtu(mtu: int) -> bool:
    return mtu >= IPV4_MIN_MTU


def ip_eth_mc_map(naddr: int) -> bytes:
    """The Ethernet address of a multicast group: 01:00:5e and its low 23 bits. C fills an array."""
    return b"\x01\x00\x5e" + (naddr & 0x7FFFFF).to_bytes(3, "big")


def _group_added(in_dev: in_device, group: ip_mc_list) -> None:
    if not group.loaded:
        group.loaded = True
        if in_dev.dev.type == ARPHRD_ETHER:
            dev_mc_add(in_dev.dev, ip_eth_mc_map(group.multiaddr))


def _group_dropped(in_dev: in_device, group: ip_mc_list) -> None:
    if group.loaded:
        group.loaded = False
        if in_dev.dev.type == ARPHRD_ETHER:
            dev_mc_del(in_dev.dev, ip_eth_mc_map(group.multiaddr))


def ip_mc_inc_group(in_dev: in_device, addr: int) -> None:
    """Join; counted. Under rtnl."""
    for group in in_dev.mc_list:
        if group.multiaddr == addr:
            group.users += 1
            return
    group = ip_mc_list(addr)
    in_dev.mc_list.insert(0, group)
    _group_added(in_dev, group)


def ip_mc_dec_group(in_dev: in_device, addr: int) -> None:
    """Leave; what was not joined is ignored. Under rtnl."""
    for group in in_dev.mc_list:
        if group.multiaddr == addr:
            group.users -= 1
            if not group.users:
                in_dev.mc_list.remove(group)
                _group_dropped(in_dev, group)
            return


def _mc_up(in_dev: in_device) -> None:
    ip_mc_inc_group(in_dev, IGMP_ALL_HOSTS)
    for group in list(in_dev.mc_list):
        _group_added(in_dev, group)


def _mc_down(in_dev: in_device) -> None:
    for group in list(in_dev.mc_list):
        _group_dropped(in_dev, group)
    ip_mc_dec_group(in_dev, IGMP_ALL_HOSTS)


def _init(dev: net_device) -> None:
    dev.ip_ptr = in_device(dev)
    dev_hold(dev)
    if dev.flags & IFF_UP:
        _mc_up(dev.ip_ptr)


def _destroy(in_dev: in_device) -> None:
    _mc_down(in_dev)
    in_dev.mc_list.clear()
    in_dev.dev.ip_ptr = None
    dev_put(in_dev.dev)


def _inetdev_event(nb: notifier_block, event: int, info: Any) -> int:
    dev: net_device = info.dev
    in_dev: in_device | None = dev.ip_ptr
    valid = inetdev_valid_mtu(dev.mtu)
    if in_dev is None:
        if event == NETDEV_REGISTER or (event == NETDEV_CHANGEMTU and valid):
            _init(dev)
    elif event == NETDEV_UP and valid:
        _mc_up(in_dev)
    elif event == NETDEV_DOWN:
        _mc_down(in_dev)
    elif event == NETDEV_UNREGISTER or (event == NETDEV_CHANGEMTU and not valid):
        _destroy(in_dev)
    return NOTIFY_DONE


def devinet_init() -> None:
    """Have IPv4 watch the devices of this machine, those that are there included."""
    nb = notifier_block(_inetdev_event)
    here.state["net"].protocols.append(nb)
    register_netdevice_notifier(nb)
