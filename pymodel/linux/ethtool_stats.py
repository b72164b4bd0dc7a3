# SPDX-License-Identifier: Apache-2.0
"""Standard statistics of ethtool, which drivers report by the names of IEEE 802.3 and RFC 2819, and those of PAUSE.

``ethtool -S eth0 --groups eth-mac rmon`` and ``ethtool -I -a eth0``. Source: net/ethtool/stats.c stats_prepare_data(),
net/ethtool/pause.c pause_prepare_data(), include/linux/ethtool.h, v6.12. Simplified: the netlink message is left out,
the reply's structs are the result; no MAC merge layer, so that the source is always the aggregate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pymodel.linux.errno import ENODEV, EOPNOTSUPP
from pymodel.linux.ethtool import ops_of
from pymodel.linux.ethtool_uapi import ethtool_pauseparam
from pymodel.linux.netdevice import net_device, netif_device_present, with_rtnl

__all__ = [
    "ETHTOOL_MAC_STATS_SRC_AGGREGATE", "ETHTOOL_RMON_HIST_MAX", "ETHTOOL_STATS_ETH_CTRL", "ETHTOOL_STATS_ETH_MAC",
    "ETHTOOL_STATS_ETH_PHY", "ETHTOOL_STATS_RMON", "ETHTOOL_STAT_NOT_SET", "ethtool_eth_ctrl_stats",
    "ethtool_eth_mac_stats", "ethtool_eth_phy_stats", "ethtool_pause_stats", "ethtool_rmon_hist_range",
    "ethtool_rmon_stats", "pause_prepare_data", "pause_reply_data", "stats_prepare_data", "stats_reply_data",
]

ETHTOOL_STAT_NOT_SET = (1 << 64) - 1
ETHTOOL_RMON_HIST_MAX = 10
ETHTOOL_MAC_STATS_SRC_AGGREGATE = 0
(ETHTOOL_STATS_ETH_PHY, ETHTOOL_STATS_ETH_MAC, ETHTOOL_STATS_ETH_CTRL, ETHTOOL_STATS_RMON) = range(4)


class _Stats:
    """Counters that are ETHTOOL_STAT_NOT_SET until a driver sets them. ``src``: ETHTOOL_MAC_STATS_SRC_*."""

    __slots__: tuple[str, ...] = ("src",)

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, ETHTOOL_STAT_NOT_SET)
        self.src = ETHTOOL_MAC_STATS_SRC_AGGREGATE

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def as_dict(self) -> dict[str, int]:
        """What the driver has set, as it is reported to user space."""
        found = {name: getattr(self, name) for name in self.__slots__ if not name.startswith("hist")}
        return {name: value for name, value in found.items() if value != ETHTOOL_STAT_NOT_SET}


class ethtool_eth_phy_stats(_Stats):
    __slots__ = ("SymbolErrorDuringCarrier",)


class ethtool_eth_mac_stats(_Stats):
    """IEEE 802.3 clause 30.3.1.1. Octets are data and padding, without header and FCS."""

    __slots__ = (
        "FramesTransmittedOK", "SingleCollisionFrames", "MultipleCollisionFrames", "FramesReceivedOK",
        "FrameCheckSequenceErrors", "AlignmentErrors", "OctetsTransmittedOK", "FramesWithDeferredXmissions",
        "LateCollisions", "FramesAbortedDueToXSColls", "FramesLostDueToIntMACXmitError", "CarrierSenseErrors",
        "OctetsReceivedOK", "FramesLostDueToIntMACRcvError", "MulticastFramesXmittedOK", "BroadcastFramesXmittedOK",
        "FramesWithExcessiveDeferral", "MulticastFramesReceivedOK", "BroadcastFramesReceivedOK",
        "InRangeLengthErrors", "OutOfRangeLengthField", "FrameTooLongErrors",
    )  # fmt: skip


class ethtool_eth_ctrl_stats(_Stats):
    __slots__ = ("MACControlFramesReceived", "MACControlFramesTransmitted", "UnsupportedOpcodesReceived")


class ethtool_pause_stats(_Stats):
    """IEEE 802.3 clause 30.3.4: PAUSE frames."""

    __slots__ = ("rx_pause_frames", "tx_pause_frames")


class ethtool_rmon_stats(_Stats):
    """RFC 2819. ``hist`` and ``hist_tx``: frames received and sent, by size; the driver's ranges say which."""

    __slots__ = ("fragments", "hist", "hist_tx", "jabbers", "oversize_pkts", "undersize_pkts")

    def __init__(self) -> None:
        super().__init__()
        self.hist = [ETHTOOL_STAT_NOT_SET] * ETHTOOL_RMON_HIST_MAX
        self.hist_tx = [ETHTOOL_STAT_NOT_SET] * ETHTOOL_RMON_HIST_MAX


class ethtool_rmon_hist_range(NamedTuple):
    """Bytes of a frame, FCS included."""

    low: int
    high: int


class stats_reply_data:
    """The answer to ETHTOOL_MSG_STATS_GET. ``rmon_ranges``: what the histograms' entries are, as the driver says."""

    __slots__ = ("ctrl_stats", "mac_stats", "phy_stats", "rmon_ranges", "rmon_stats")

    def __init__(self) -> None:
        self.phy_stats = ethtool_eth_phy_stats()
        self.mac_stats = ethtool_eth_mac_stats()
        self.ctrl_stats = ethtool_eth_ctrl_stats()
        self.rmon_stats = ethtool_rmon_stats()
        self.rmon_ranges: tuple[ethtool_rmon_hist_range, ...] = ()

    def hist(self, tx: bool = False) -> dict[tuple[int, int], int]:
        """A histogram as it is reported: by range, what the driver has set."""
        values = self.rmon_stats.hist_tx if tx else self.rmon_stats.hist
        found = zip(self.rmon_ranges, values, strict=False)
        return {(r.low, r.high): n for r, n in found if n != ETHTOOL_STAT_NOT_SET}


class pause_reply_data:
    """The answer to ETHTOOL_MSG_PAUSE_GET."""

    __slots__ = ("pausestat", "pauseparam")

    def __init__(self) -> None:
        self.pauseparam = ethtool_pauseparam()
        self.pausestat = ethtool_pause_stats()


def _begin(dev: net_device) -> int:
    """ethnl_ops_begin()."""
    if not netif_device_present(dev):
        return -ENODEV
    begin = ops_of(dev).begin
    return min(0, int(begin(dev) or 0)) if begin is not None else 0


def _complete(dev: net_device) -> None:
    complete = ops_of(dev).complete
    if complete is not None:
        complete(dev)


def stats_prepare_data(dev: net_device, stat_mask: int) -> tuple[int, stats_reply_data]:
    """ETHTOOL_MSG_STATS_GET: bits ``1 << ETHTOOL_STATS_*`` of ``stat_mask`` say which groups are asked for. 0 or a
    negative errno, and the answer. ``get_rmon_stats(dev, rmon_stats)`` returns its ranges, an out-parameter in C.
    """
    err, data = with_rtnl(_stats, dev, stat_mask)
    return err, data


def _stats(dev: net_device, stat_mask: int) -> tuple[int, stats_reply_data]:
    data = stats_reply_data()
    err = _begin(dev)
    if err < 0:
        return err, data
    ops = ops_of(dev)
    if stat_mask >> ETHTOOL_STATS_ETH_PHY & 1 and ops.get_eth_phy_stats is not None:
        ops.get_eth_phy_stats(dev, data.phy_stats)
    if stat_mask >> ETHTOOL_STATS_ETH_MAC & 1 and ops.get_eth_mac_stats is not None:
        ops.get_eth_mac_stats(dev, data.mac_stats)
    if stat_mask >> ETHTOOL_STATS_ETH_CTRL & 1 and ops.get_eth_ctrl_stats is not None:
        ops.get_eth_ctrl_stats(dev, data.ctrl_stats)
    if stat_mask >> ETHTOOL_STATS_RMON & 1 and ops.get_rmon_stats is not None:
        data.rmon_ranges = tuple(ops.get_rmon_stats(dev, data.rmon_stats))
    _complete(dev)
    return 0, data


def pause_prepare_data(dev: net_device, stats: bool = True) -> tuple[int, pause_reply_data]:
    """ETHTOOL_MSG_PAUSE_GET, with ETHTOOL_FLAG_STATS unless ``stats`` is False. 0 or a negative errno (-EOPNOTSUPP
    without get_pauseparam), and the answer.
    """
    err, data = with_rtnl(_pause, dev, stats)
    return err, data


def _pause(dev: net_device, stats: bool) -> tuple[int, pause_reply_data]:
    data = pause_reply_data()
    ops = ops_of(dev)
    if ops.get_pauseparam is None:
        return -EOPNOTSUPP, data
    err = _begin(dev)
    if err < 0:
        return err, data
    ops.get_pauseparam(dev, data.pauseparam)
    if stats and ops.get_pause_stats is not None:
        ops.get_pause_stats(dev, data.pausestat)
    _complete(dev)
    return 0, data
