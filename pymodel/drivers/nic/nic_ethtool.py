# SPDX-License-Identifier: Apache-2.0
"""What ethtool asks: identity, link, rings, channels, interrupt moderation, registers, a self-test, statistics."""

from __future__ import annotations

from typing import Any

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_mac import (
    nic_get_eth_ctrl_stats,
    nic_get_eth_mac_stats,
    nic_get_link_ksettings,
    nic_get_pause_stats,
    nic_get_pauseparam,
    nic_get_rmon_stats,
    nic_loopback_test,
    nic_set_pauseparam,
)
from pymodel.drivers.nic.nic_netdev import (
    HW_COUNTERS,
    nic_hw_counters,
    nic_resize,
    nic_set_queues,
    nic_write_moderation,
)
from pymodel.drivers.nic.nic_priv import DRIVER_NAME, MAX_RING, MIN_RING, NicPriv
from pymodel.drivers.nic.nic_rss import (
    nic_get_rxfh,
    nic_get_rxfh_indir_size,
    nic_get_rxfh_key_size,
    nic_get_rxnfc,
    nic_set_rxfh,
    nic_set_rxnfc,
)
from pymodel.drivers.nic.nic_rx import nic_rx_pool_stats
from pymodel.hw.access import readl, writel
from pymodel.linux import (
    EINVAL,
    EOPNOTSUPP,
    ETH_SS_STATS,
    ETH_SS_TEST,
    ETH_TEST_FL_FAILED,
    ETH_TEST_FL_OFFLINE,
    ETHTOOL_COALESCE_MAX_FRAMES,
    ETHTOOL_COALESCE_USECS,
    ethtool_channels,
    ethtool_coalesce,
    ethtool_drvinfo,
    ethtool_op_get_link,
    ethtool_ops,
    ethtool_regs,
    ethtool_ringparam,
    ethtool_test,
    net_device,
    netdev_priv,
    netif_running,
    page_pool_ethtool_stats_get,
    page_pool_ethtool_stats_get_count,
    page_pool_ethtool_stats_get_strings,
    page_pool_stats,
    pci_name,
    spin_lock,
    spin_unlock,
)

__all__ = ["nic_ethtool_ops"]

_MAX_USECS = hw.QP_IRQ_RX_MOD_USECS >> hw.QP_IRQ_RX_MOD_USECS_SHIFT
_MAX_FRAMES = hw.QP_IRQ_RX_MOD_FRAMES >> hw.QP_IRQ_RX_MOD_FRAMES_SHIFT

_TESTS = ("registers", "link", "loopback")
# Reading the low half of a 64-bit counter latches the high one, for whoever reads both under a lock: not dumped.
_DUMPED = [r.offset for r in hw.REGISTERS if not r.group and r.offset < hw.TX_FRAMES_LO]
_DUMPED_QP = [r.offset for r in hw.REGISTERS if r.group == "QP"]

# Counters of each queue: the name after "tx0_" or "rx0_" is the ring's attribute.
_TX_STATS = ("packets", "bytes", "dropped", "stopped", "woken", "halts", "restarts")
_RX_STATS = (
    "packets", "bytes", "dropped", "errors", "alloc_failed", "halts", "restarts", "xdp_drops", "xdp_tx",
    "xdp_redirects", "xdp_errors",
)  # fmt: skip


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


def nic_get_coalesce(ndev: net_device, coal: ethtool_coalesce, kernel_coal: Any, extack: Any) -> int:
    priv: NicPriv = netdev_priv(ndev)
    coal.tx_coalesce_usecs, coal.tx_max_coalesced_frames = priv.tx_moderation
    coal.rx_coalesce_usecs, coal.rx_max_coalesced_frames = priv.rx_moderation
    return 0


def nic_set_coalesce(ndev: net_device, coal: ethtool_coalesce, kernel_coal: Any, extack: Any) -> int:
    """0, or -EINVAL for limits beyond the device's, or both zero: that would be no interrupt at all (IRQ1)."""
    priv: NicPriv = netdev_priv(ndev)
    tx = coal.tx_coalesce_usecs, coal.tx_max_coalesced_frames
    rx = coal.rx_coalesce_usecs, coal.rx_max_coalesced_frames
    for usecs, frames in (tx, rx):
        if usecs > _MAX_USECS or frames > _MAX_FRAMES or not (usecs or frames):
            return -EINVAL
    priv.tx_moderation, priv.rx_moderation = tx, rx
    if netif_running(ndev):
        nic_write_moderation(priv)
    return 0


def nic_get_channels(ndev: net_device, ch: ethtool_channels) -> None:
    priv: NicPriv = netdev_priv(ndev)
    ch.max_combined = priv.max_queues
    ch.combined_count = priv.num_queues


def nic_set_channels(ndev: net_device, ch: ethtool_channels) -> int:
    """0, -EINVAL for a number of vectors of one direction alone, or the error of reopening with as many pairs."""
    if ch.rx_count or ch.tx_count or ch.other_count:
        return -EINVAL
    return nic_set_queues(netdev_priv(ndev), ch.combined_count)


def nic_get_regs_len(ndev: net_device) -> int:
    priv: NicPriv = netdev_priv(ndev)
    return 4 * (len(_DUMPED) + priv.num_queues * len(_DUMPED_QP))


def nic_get_regs(ndev: net_device, regs: ethtool_regs, p: memoryview) -> None:
    """Device-wide registers in the order of nic.rdl, then those of each queue pair."""
    priv: NicPriv = netdev_priv(ndev)
    regs.version = readl(priv.iomem + hw.VERSION)
    where = [priv.iomem + offset for offset in _DUMPED]
    where += [queue.regs + offset for queue in priv.queues for offset in _DUMPED_QP]
    words = p.cast("I")
    for at, address in enumerate(where):
        words[at] = readl(address)


def nic_self_test(ndev: net_device, test: ethtool_test, data: list[int]) -> None:
    """Online: the scratch register keeps what is written, the link is up; offline as well: frames come back through the
    MAC's loopback. A result other than 0 has failed."""
    priv: NicPriv = netdev_priv(ndev)
    for pattern in (0x55555555, 0xAAAAAAAA):
        writel(pattern, priv.iomem + hw.SCRATCH)
        data[0] |= readl(priv.iomem + hw.SCRATCH) ^ pattern
    data[1] = int(not readl(priv.iomem + hw.STATUS) & hw.STATUS_LINK)
    if test.flags & ETH_TEST_FL_OFFLINE:
        data[2] = int(nic_loopback_test(priv) != 0)
    if any(data):
        test.flags |= ETH_TEST_FL_FAILED


def nic_get_sset_count(ndev: net_device, sset: int) -> int:
    priv: NicPriv = netdev_priv(ndev)
    if sset == ETH_SS_TEST:
        return len(_TESTS)
    if sset != ETH_SS_STATS:
        return -EOPNOTSUPP
    per_queue = len(_TX_STATS) + len(_RX_STATS)
    return len(HW_COUNTERS) + len(priv.errors) + priv.num_queues * per_queue + page_pool_ethtool_stats_get_count()


def nic_get_strings(ndev: net_device, sset: int, data: list[str]) -> None:
    priv: NicPriv = netdev_priv(ndev)
    if sset == ETH_SS_TEST:
        data[:] = _TESTS
        return
    names = [f"hw_{name}" for name in HW_COUNTERS]
    names += [f"err_{access}" for access in priv.errors]
    for q in range(priv.num_queues):
        names += [f"tx{q}_{name}" for name in _TX_STATS]
        names += [f"rx{q}_{name}" for name in _RX_STATS]
    data[:] = names + page_pool_ethtool_stats_get_strings()


def nic_get_ethtool_stats(ndev: net_device, stats: Any, data: list[int]) -> None:
    """In the order of :func:`nic_get_strings`."""
    priv: NicPriv = netdev_priv(ndev)
    spin_lock(priv.stats_lock)
    values = list(nic_hw_counters(priv).values())
    spin_unlock(priv.stats_lock)
    values += priv.errors.values()
    for queue in priv.queues:
        values += [getattr(queue.tx, name) for name in _TX_STATS]
        values += [getattr(queue.rx, name) for name in _RX_STATS]
    pools = page_pool_stats()
    for queue in priv.all_queues:
        nic_rx_pool_stats(queue.rx, pools)
    data[:] = values + page_pool_ethtool_stats_get(pools)


nic_ethtool_ops = ethtool_ops(
    get_drvinfo=nic_get_drvinfo,
    get_link=ethtool_op_get_link,
    get_ringparam=nic_get_ringparam,
    set_ringparam=nic_set_ringparam,
    supported_coalesce_params=ETHTOOL_COALESCE_USECS | ETHTOOL_COALESCE_MAX_FRAMES,
    get_coalesce=nic_get_coalesce,
    set_coalesce=nic_set_coalesce,
    get_channels=nic_get_channels,
    set_channels=nic_set_channels,
    get_link_ksettings=nic_get_link_ksettings,
    get_pauseparam=nic_get_pauseparam,
    set_pauseparam=nic_set_pauseparam,
    get_pause_stats=nic_get_pause_stats,
    get_eth_mac_stats=nic_get_eth_mac_stats,
    get_eth_ctrl_stats=nic_get_eth_ctrl_stats,
    get_rmon_stats=nic_get_rmon_stats,
    get_rxnfc=nic_get_rxnfc,
    set_rxnfc=nic_set_rxnfc,
    get_rxfh_indir_size=nic_get_rxfh_indir_size,
    get_rxfh_key_size=nic_get_rxfh_key_size,
    get_rxfh=nic_get_rxfh,
    set_rxfh=nic_set_rxfh,
    cap_rss_sym_xor_supported=True,
    get_regs_len=nic_get_regs_len,
    get_regs=nic_get_regs,
    self_test=nic_self_test,
    get_sset_count=nic_get_sset_count,
    get_strings=nic_get_strings,
    get_ethtool_stats=nic_get_ethtool_stats,
)
