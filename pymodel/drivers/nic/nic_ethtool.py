# SPDX-License-Identifier: Apache-2.0
"""What ethtool asks: identity, link, ring sizes, channels, statistics by name."""

from __future__ import annotations

from typing import Any

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_netdev import nic_hw_counters, nic_resize
from pymodel.drivers.nic.nic_priv import DRIVER_NAME, MAX_RING, MIN_RING, NicPriv
from pymodel.linux import (
    EINVAL,
    EOPNOTSUPP,
    ETH_SS_STATS,
    ethtool_channels,
    ethtool_drvinfo,
    ethtool_op_get_link,
    ethtool_ops,
    ethtool_ringparam,
    net_device,
    netdev_priv,
    pci_name,
    spin_lock,
    spin_unlock,
)

__all__ = ["nic_ethtool_ops"]

# Counters of each queue: the name after "tx0_" or "rx0_" is the ring's attribute.
_TX_STATS = ("packets", "bytes", "dropped", "stopped", "woken")
_RX_STATS = ("packets", "bytes", "dropped", "errors", "alloc_failed")


def nic_get_drvinfo(ndev: net_device, info: ethtool_drvinfo) -> None:
    priv: NicPriv = netdev_priv(ndev)
    info.driver = DRIVER_NAME
    info.bus_info = pci_name(priv.pdev)


def nic_get_ringparam(ndev: net_device, ring: ethtool_ringparam, kernel_ring: Any, extack: Any) -> None:
    priv: NicPriv = netdev_priv(ndev)
    ring.tx_max_pending = ring.rx_max_pending = MAX_RING
    ring.tx_pending = priv.tx_size
    ring.rx_pending = priv.rx_size


def nic_set_ringparam(ndev: net_device, ring: ethtool_ringparam, kernel_ring: Any, extack: Any) -> int:
    """0; -EINVAL for sizes that are no powers of two or out of range (ETH1); or the error of reopening with them."""
    if ring.rx_mini_pending or ring.rx_jumbo_pending:
        return -EINVAL
    for size in (ring.tx_pending, ring.rx_pending):
        if not MIN_RING <= size <= MAX_RING or size & (size - 1):
            return -EINVAL
    return nic_resize(netdev_priv(ndev), ring.tx_pending, ring.rx_pending)


def nic_get_channels(ndev: net_device, ch: ethtool_channels) -> None:
    priv: NicPriv = netdev_priv(ndev)
    ch.max_combined = priv.max_queues
    ch.combined_count = priv.num_queues


def nic_get_sset_count(ndev: net_device, sset: int) -> int:
    priv: NicPriv = netdev_priv(ndev)
    if sset != ETH_SS_STATS:
        return -EOPNOTSUPP
    return len(hw.COUNTERS) + priv.num_queues * (len(_TX_STATS) + len(_RX_STATS))


def nic_get_strings(ndev: net_device, sset: int, data: list[str]) -> None:
    priv: NicPriv = netdev_priv(ndev)
    names = [f"hw_{name}" for name in hw.COUNTERS]
    for q in range(priv.num_queues):
        names += [f"tx{q}_{name}" for name in _TX_STATS]
        names += [f"rx{q}_{name}" for name in _RX_STATS]
    data[:] = names


def nic_get_ethtool_stats(ndev: net_device, stats: Any, data: list[int]) -> None:
    """In the order of :func:`nic_get_strings`."""
    priv: NicPriv = netdev_priv(ndev)
    spin_lock(priv.stats_lock)
    values = list(nic_hw_counters(priv).values())
    spin_unlock(priv.stats_lock)
    for queue in priv.queues:
        values += [getattr(queue.tx, name) for name in _TX_STATS]
        values += [getattr(queue.rx, name) for name in _RX_STATS]
    data[:] = values


nic_ethtool_ops = ethtool_ops(
    get_drvinfo=nic_get_drvinfo,
    get_link=ethtool_op_get_link,
    get_ringparam=nic_get_ringparam,
    set_ringparam=nic_set_ringparam,
    get_channels=nic_get_channels,
    get_sset_count=nic_get_sset_count,
    get_strings=nic_get_strings,
    get_ethtool_stats=nic_get_ethtool_stats,
)
