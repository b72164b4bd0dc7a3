# SPDX-License-Identifier: Apache-2.0
"""A list of hardware addresses: what a net_device has for dev_addr_lists.py. Source: include/linux/netdevice.h, v6.12.
"""

from __future__ import annotations

__all__ = [
    "MAX_ADDR_LEN", "NETDEV_HW_ADDR_T_LAN", "NETDEV_HW_ADDR_T_MULTICAST", "NETDEV_HW_ADDR_T_SAN",
    "NETDEV_HW_ADDR_T_UNICAST", "netdev_hw_addr", "netdev_hw_addr_list",
]

MAX_ADDR_LEN = 32  # bytes
NETDEV_HW_ADDR_T_LAN, NETDEV_HW_ADDR_T_SAN, NETDEV_HW_ADDR_T_UNICAST, NETDEV_HW_ADDR_T_MULTICAST = range(1, 5)


class netdev_hw_addr:
    """An entry of an address list. ``refcount``: its users; ``synced``: users that are devices on top; ``sync_cnt``:
    devices below, or the hardware, that know it.
    """

    __slots__ = ("addr", "global_use", "refcount", "sync_cnt", "synced", "type")

    def __init__(self, addr: bytes, type: int, global_use: bool = False, synced: int = 0) -> None:
        self.addr = addr
        self.type = type
        self.global_use = global_use
        self.synced = synced
        self.sync_cnt = 0
        self.refcount = 1


class netdev_hw_addr_list:
    """Addresses in the order in which they came."""

    __slots__ = ("list",)

    def __init__(self) -> None:
        self.list: list[netdev_hw_addr] = []

    @property
    def count(self) -> int:
        return len(self.list)
