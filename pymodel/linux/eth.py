# SPDX-License-Identifier: Apache-2.0
"""What Ethernet devices have in common: defaults, allocation, the checks of a station address.

Source: net/ethernet/eth.c, include/linux/etherdevice.h, v6.12.
"""

from __future__ import annotations

from typing import Any

from pymodel.linux.dev_addr_lists import dev_addr_set
from pymodel.linux.errno import EADDRNOTAVAIL, EBUSY
from pymodel.linux.if_ether import (
    ETH_ALEN,
    ETH_DATA_LEN,
    ETH_HLEN,
    ETH_MIN_MTU,
    eth_broadcast_addr,
    eth_random_addr,
    is_valid_ether_addr,
)
from pymodel.linux.netdevice import (
    ARPHRD_ETHER,
    DEFAULT_TX_QUEUE_LEN,
    IFF_BROADCAST,
    IFF_LIVE_ADDR_CHANGE,
    IFF_MULTICAST,
    IFF_TX_SKB_SHARING,
    NET_ADDR_RANDOM,
    NET_NAME_ENUM,
    alloc_netdev_mqs,
    net_device,
    netif_running,
    sockaddr,
)

__all__ = [
    "alloc_etherdev", "alloc_etherdev_mq", "alloc_etherdev_mqs", "eth_commit_mac_addr_change", "eth_hw_addr_random",
    "eth_hw_addr_set", "eth_mac_addr", "eth_prepare_mac_addr_change", "eth_validate_addr", "ether_setup",
]


def ether_setup(dev: net_device) -> None:
    """Ethernet's defaults, for alloc_netdev(): MTU 1500 and no more, addresses of 6 bytes, broadcast, multicast."""
    dev.type = ARPHRD_ETHER
    dev.hard_header_len = dev.min_header_len = ETH_HLEN
    dev.mtu = ETH_DATA_LEN
    dev.min_mtu = ETH_MIN_MTU
    dev.max_mtu = ETH_DATA_LEN
    dev.addr_len = ETH_ALEN
    dev.tx_queue_len = DEFAULT_TX_QUEUE_LEN
    dev.flags = IFF_BROADCAST | IFF_MULTICAST
    dev.priv_flags |= IFF_TX_SKB_SHARING
    dev.broadcast = eth_broadcast_addr()


def alloc_etherdev_mqs(sizeof_priv: Any, txqs: int, rxqs: int) -> net_device | None:
    """An Ethernet device; see alloc_netdev_mqs() for ``sizeof_priv``."""
    return alloc_netdev_mqs(sizeof_priv, "eth%d", NET_NAME_ENUM, ether_setup, txqs, rxqs)


def alloc_etherdev_mq(sizeof_priv: Any, count: int) -> net_device | None:
    return alloc_etherdev_mqs(sizeof_priv, count, count)


def alloc_etherdev(sizeof_priv: Any) -> net_device | None:
    return alloc_etherdev_mqs(sizeof_priv, 1, 1)


# -- the station address -------------------------------------------------------------------------------------
def eth_hw_addr_set(dev: net_device, addr: bytes) -> None:
    """Set the device's address. No check, no event: for probe, and for what ndo_set_mac_address does at the end."""
    dev_addr_set(dev, addr[:ETH_ALEN])


def eth_hw_addr_random(dev: net_device) -> None:
    """A random one, locally administered, and ``addr_assign_type`` says so."""
    dev.addr_assign_type = NET_ADDR_RANDOM
    eth_hw_addr_set(dev, eth_random_addr())


def eth_validate_addr(dev: net_device) -> int:
    """For ndo_validate_addr: 0, or -EADDRNOTAVAIL for a multicast or zero address."""
    return 0 if is_valid_ether_addr(dev.dev_addr) else -EADDRNOTAVAIL


def eth_prepare_mac_addr_change(dev: net_device, p: sockaddr) -> int:
    if not dev.priv_flags & IFF_LIVE_ADDR_CHANGE and netif_running(dev):
        return -EBUSY
    if not is_valid_ether_addr(p.sa_data[:ETH_ALEN]):
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
