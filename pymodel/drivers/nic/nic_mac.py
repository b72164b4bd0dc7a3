# SPDX-License-Identifier: Apache-2.0
"""The MAC side: link, PAUSE, its statistics, and the loopback test of ``ethtool -t eth0 offline``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_netdev import nic_counters, nic_reset, nic_restart, nic_stop, nic_write_mac
from pymodel.drivers.nic.nic_priv import NicPriv
from pymodel.hw.access import memory, readl, writel
from pymodel.linux import (
    AUTONEG_DISABLE,
    DUPLEX_FULL,
    DUPLEX_UNKNOWN,
    EINVAL,
    EIO,
    ENOMEM,
    GFP_KERNEL,
    PORT_NONE,
    SPEED_UNKNOWN,
    desc_store,
    dma_alloc_coherent,
    dma_free_coherent,
    dma_rmb,
    dma_wmb,
    ethtool_eth_ctrl_stats,
    ethtool_eth_mac_stats,
    ethtool_link_ksettings,
    ethtool_pause_stats,
    ethtool_pauseparam,
    ethtool_rmon_hist_range,
    ethtool_rmon_stats,
    net_device,
    netdev_err,
    netdev_priv,
    netif_running,
    spin_lock,
    spin_unlock,
    usleep_range,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "nic_get_eth_ctrl_stats", "nic_get_eth_mac_stats", "nic_get_link_ksettings", "nic_get_pause_stats",
    "nic_get_pauseparam", "nic_get_rmon_stats", "nic_loopback_test", "nic_set_pauseparam",
]

_BINS = ("64", "65_127", "128_255", "256_511", "512_1023", "1024_1518", "1519_max")
_RANGES = (
    ethtool_rmon_hist_range(64, 64), ethtool_rmon_hist_range(65, 127), ethtool_rmon_hist_range(128, 255),
    ethtool_rmon_hist_range(256, 511), ethtool_rmon_hist_range(512, 1023), ethtool_rmon_hist_range(1024, 1518),
    ethtool_rmon_hist_range(1519, 9022),
)  # fmt: skip

# The loopback test's memory: four rings of 8 entries, then buffers for what is sent and what comes back.
_LOG2 = 3
_RING = 16 << _LOG2
_BUFFER = 2048
_LENGTHS = (60, 64, 511, 1514)
_TEST_BYTES = 4 * _RING + 2 * len(_LENGTHS) * _BUFFER
_TRIES = 200  # of 10 to 20 us


# -- link ------------------------------------------------------------------------------------------------------
def nic_get_link_ksettings(ndev: net_device, ks: ethtool_link_ksettings) -> int:
    """Full duplex, no negotiation; the speed as far as the link's pins tell it."""
    priv: NicPriv = netdev_priv(ndev)
    up = readl(priv.iomem + hw.LINK) & hw.LINK_UP
    ks.base.speed = (readl(priv.iomem + hw.LINK_RATE) & hw.LINK_RATE_MBPS if up else 0) or SPEED_UNKNOWN
    ks.base.duplex = DUPLEX_FULL if up else DUPLEX_UNKNOWN
    ks.base.autoneg, ks.base.port = AUTONEG_DISABLE, PORT_NONE
    return 0


# -- PAUSE -------------------------------------------------------------------------------------------------------
def nic_get_pauseparam(ndev: net_device, pause: ethtool_pauseparam) -> None:
    priv: NicPriv = netdev_priv(ndev)
    pause.rx_pause, pause.tx_pause = priv.rx_pause, priv.tx_pause


def nic_set_pauseparam(ndev: net_device, pause: ethtool_pauseparam) -> int:
    """0, or -EINVAL where it is to be negotiated: the device has nothing to do that with (ETH1)."""
    priv: NicPriv = netdev_priv(ndev)
    if pause.autoneg:
        return -EINVAL
    priv.rx_pause, priv.tx_pause = bool(pause.rx_pause), bool(pause.tx_pause)
    if netif_running(ndev):
        nic_write_mac(priv)
    return 0


# -- statistics ----------------------------------------------------------------------------------------------------
def _rmon(ndev: net_device, names: Sequence[str]) -> list[int]:
    """The device's RMON counters of these names."""
    priv: NicPriv = netdev_priv(ndev)
    spin_lock(priv.stats_lock)
    counters = nic_counters(priv, [f"rmon_{name}" for name in names])
    spin_unlock(priv.stats_lock)
    return list(counters.values())


def nic_get_pause_stats(ndev: net_device, stats: ethtool_pause_stats) -> None:
    stats.rx_pause_frames, stats.tx_pause_frames = _rmon(ndev, ("rx_pause", "tx_pause"))


def nic_get_eth_ctrl_stats(ndev: net_device, stats: ethtool_eth_ctrl_stats) -> None:
    """PAUSE frames are the only control frames that the device sends or knows."""
    stats.MACControlFramesReceived, stats.MACControlFramesTransmitted = _rmon(ndev, ("rx_pause", "tx_pause"))


def nic_get_eth_mac_stats(ndev: net_device, stats: ethtool_eth_mac_stats) -> None:
    kinds = ("unicast", "multicast", "broadcast", "octets")
    unicast, multicast, broadcast, octets = _rmon(ndev, [f"tx_{kind}" for kind in kinds])
    stats.FramesTransmittedOK, stats.OctetsTransmittedOK = unicast + multicast + broadcast, octets
    stats.MulticastFramesXmittedOK, stats.BroadcastFramesXmittedOK = multicast, broadcast
    unicast, multicast, broadcast, octets = _rmon(ndev, [f"rx_{kind}" for kind in kinds])
    stats.FramesReceivedOK, stats.OctetsReceivedOK = unicast + multicast + broadcast, octets
    stats.MulticastFramesReceivedOK, stats.BroadcastFramesReceivedOK = multicast, broadcast
    stats.FrameCheckSequenceErrors, stats.FrameTooLongErrors = _rmon(ndev, ("rx_fcs", "rx_oversize"))
    (stats.FramesLostDueToIntMACXmitError,) = _rmon(ndev, ("tx_dropped",))


def nic_get_rmon_stats(ndev: net_device, stats: ethtool_rmon_stats) -> Sequence[ethtool_rmon_hist_range]:
    stats.undersize_pkts, stats.oversize_pkts, stats.fragments, stats.jabbers = _rmon(
        ndev, ("rx_undersize", "rx_oversize", "rx_fragments", "rx_jabbers")
    )
    stats.hist[: len(_BINS)] = _rmon(ndev, [f"rx_{name}" for name in _BINS])
    stats.hist_tx[: len(_BINS)] = _rmon(ndev, [f"tx_{name}" for name in _BINS])
    return _RANGES


# -- loopback --------------------------------------------------------------------------------------------------------
def nic_loopback_test(priv: NicPriv) -> int:
    """Send frames to ourselves through the MAC's loopback: 0 when they came back as they were, or a negative error.

    The device is taken from the stack for the time and set up with rings of the test's own. Under RTNL.
    """
    running = netif_running(priv.ndev)
    if running:
        nic_stop(priv.ndev)
    err = nic_reset(priv)
    if not err:
        cpu, dma = dma_alloc_coherent(priv.dev, _TEST_BYTES, GFP_KERNEL)
        if cpu is None:
            err = -ENOMEM
        else:
            err = _frames_come_back(priv, cpu, dma)
            err = nic_reset(priv) or err  # and nothing touches the memory any more
            dma_free_coherent(priv.dev, _TEST_BYTES, cpu, dma)
    if running and nic_restart(priv):
        netdev_err(priv.ndev, "cannot be opened again after the loopback test")
    return err


def _frames_come_back(priv: NicPriv, cpu: int, dma: int) -> int:
    regs, iomem = priv.iomem + hw.qp(0), priv.iomem
    mem = memory().mem
    mem[cpu : cpu + _TEST_BYTES] = bytes(_TEST_BYTES)
    for i, reg in enumerate((hw.QP_TX_BASE_LO, hw.QP_TXC_BASE_LO, hw.QP_RX_BASE_LO, hw.QP_RXC_BASE_LO)):
        writel(dma + i * _RING & 0xFFFFFFFF, regs + reg)
        writel(dma + i * _RING >> 32, regs + reg + 4)
    writel(_LOG2, regs + hw.QP_TX_SIZE)
    writel(_LOG2, regs + hw.QP_RX_SIZE)
    addr = bytes(priv.ndev.dev_addr)
    writel(int.from_bytes(addr[:4], "little"), iomem + hw.MAC_LO)
    writel(int.from_bytes(addr[4:6], "little"), iomem + hw.MAC_HI)
    writel(hw.MAC_CTRL_LOOPBACK, iomem + hw.MAC_CTRL)

    out = 4 * _RING
    back = out + len(_LENGTHS) * _BUFFER
    for i, length in enumerate(_LENGTHS):
        data = addr + addr + b"\x88\xb5" + bytes((i + j * 7 & 0xFF) for j in range(length - 14))  # local experiments
        mem[cpu + out + i * _BUFFER :][:length] = data
        desc_store(cpu + i * 16, hw.TX_DESC.pack(dma + out + i * _BUFFER, length | hw.TX_DESC_CTRL_EOP, 0))
        desc_store(cpu + 2 * _RING + i * 16, hw.RX_DESC.pack(dma + back + i * _BUFFER, _BUFFER, 0))
    dma_wmb()
    writel(hw.QP_TX_CTRL_ENABLE, regs + hw.QP_TX_CTRL)
    writel(hw.QP_RX_CTRL_ENABLE, regs + hw.QP_RX_CTRL)
    writel(hw.CTRL_ENABLE, iomem + hw.CTRL)
    writel(len(_LENGTHS), regs + hw.QP_RX_TAIL)
    writel(len(_LENGTHS), regs + hw.QP_TX_TAIL)

    last = cpu + 3 * _RING + (len(_LENGTHS) - 1) * 16
    for _ in range(_TRIES):
        usleep_range(10, 20)
        dma_rmb()
        if mem[last + hw.RX_COMPLETION_PHASE + 3] & 0x80:
            break
    else:
        return -EIO
    dma_rmb()
    for i, length in enumerate(_LENGTHS):
        record = cpu + 3 * _RING + i * 16
        got = int.from_bytes(mem[record : record + 2], "little")
        sent, received = cpu + out + i * _BUFFER, cpu + back + i * _BUFFER
        if got != length or mem[sent : sent + length] != mem[received : received + length]:
            return -EIO
    return 0
