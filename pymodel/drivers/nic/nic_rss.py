# SPDX-License-Identifier: Apache-2.0
"""Receive-side scaling: the hash key, the table of queues, which fields are hashed; and what ethtool asks of them.

The settings are the driver's (:class:`NicPriv`) and are written to the device whenever it is configured: they outlive
its resets.
"""

from __future__ import annotations

from typing import Any

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_priv import RSS_KEY_BYTES, RSS_TABLE_ENTRIES, NicPriv
from pymodel.hw.access import readl, writel
from pymodel.linux import (
    EINVAL,
    EOPNOTSUPP,
    ETH_RSS_HASH_NO_CHANGE,
    ETH_RSS_HASH_TOP,
    ETHTOOL_GRXFH,
    ETHTOOL_GRXRINGS,
    ETHTOOL_SRXFH,
    IPV4_FLOW,
    IPV6_FLOW,
    PKT_HASH_TYPE_L3,
    PKT_HASH_TYPE_L4,
    PKT_HASH_TYPE_NONE,
    RXH_IP_DST,
    RXH_IP_SRC,
    RXH_L4_B_0_1,
    RXH_L4_B_2_3,
    RXH_XFRM_NO_CHANGE,
    RXH_XFRM_SYM_XOR,
    TCP_V4_FLOW,
    TCP_V6_FLOW,
    UDP_V4_FLOW,
    UDP_V6_FLOW,
    ethtool_rxfh_indir_default,
    ethtool_rxfh_param,
    ethtool_rxnfc,
    net_device,
    netdev_priv,
    netdev_rss_key_fill,
)

__all__ = [
    "HASH_TYPES", "nic_get_rxfh", "nic_get_rxfh_indir_size", "nic_get_rxfh_key_size", "nic_get_rxnfc", "nic_rss_init",
    "nic_rss_spread", "nic_rss_write", "nic_set_rxfh", "nic_set_rxnfc",
]

# rx_completion.hash_type to Linux's.
HASH_TYPES = [
    PKT_HASH_TYPE_NONE, PKT_HASH_TYPE_L3, PKT_HASH_TYPE_L4, PKT_HASH_TYPE_L4, PKT_HASH_TYPE_L3, PKT_HASH_TYPE_L4,
    PKT_HASH_TYPE_L4, PKT_HASH_TYPE_NONE,
]  # fmt: skip

_ADDRESSES = RXH_IP_SRC | RXH_IP_DST
_PORTS = RXH_L4_B_0_1 | RXH_L4_B_2_3
_ALL_IP = hw.RSS_CTRL_IP4 | hw.RSS_CTRL_IP6
# The enable of each flow type whose ports may be hashed.
_WITH_PORTS = {
    TCP_V4_FLOW: hw.RSS_CTRL_TCP4,
    UDP_V4_FLOW: hw.RSS_CTRL_UDP4,
    TCP_V6_FLOW: hw.RSS_CTRL_TCP6,
    UDP_V6_FLOW: hw.RSS_CTRL_UDP6,
}


def nic_rss_init(priv: NicPriv) -> None:
    """A random key, flows spread evenly, addresses and ports hashed."""
    priv.rss_key = netdev_rss_key_fill(RSS_KEY_BYTES)
    nic_rss_spread(priv)
    priv.rss_ctrl = _ALL_IP | sum(_WITH_PORTS.values())


def nic_rss_spread(priv: NicPriv) -> None:
    """The table that spreads flows evenly over the queues in use. The device gets it when it is configured."""
    priv.rss_table = [ethtool_rxfh_indir_default(i, priv.num_queues) for i in range(RSS_TABLE_ENTRIES)]


def _write_key(priv: NicPriv) -> None:
    for word in range(hw.RSS_KEY_COUNT):
        writel(int.from_bytes(priv.rss_key[4 * word : 4 * word + 4], "little"), priv.iomem + hw.rss_key(word))


def _write_table(priv: NicPriv) -> None:
    for word in range(hw.RSS_TABLE_COUNT):
        queues = bytes(priv.rss_table[4 * word : 4 * word + 4])
        writel(int.from_bytes(queues, "little"), priv.iomem + hw.rss_table(word))


def nic_rss_write(priv: NicPriv) -> None:
    """Write all of it to the device."""
    _write_key(priv)
    _write_table(priv)
    writel(priv.rss_ctrl, priv.iomem + hw.RSS_CTRL)


def nic_get_rxfh_indir_size(ndev: net_device) -> int:
    return RSS_TABLE_ENTRIES


def nic_get_rxfh_key_size(ndev: net_device) -> int:
    return RSS_KEY_BYTES


def nic_get_rxfh(ndev: net_device, rxfh: ethtool_rxfh_param) -> int:
    priv: NicPriv = netdev_priv(ndev)
    rxfh.hfunc = ETH_RSS_HASH_TOP
    rxfh.input_xfrm = RXH_XFRM_SYM_XOR if priv.rss_ctrl & hw.RSS_CTRL_SYM_XOR else 0
    if rxfh.indir is not None:
        rxfh.indir[:] = priv.rss_table
    if rxfh.key is not None:
        rxfh.key[:] = priv.rss_key
    return 0


def nic_set_rxfh(ndev: net_device, rxfh: ethtool_rxfh_param, extack: Any) -> int:
    """0; -EOPNOTSUPP for another function than Toeplitz. What is not named stays as it is."""
    priv: NicPriv = netdev_priv(ndev)
    if rxfh.hfunc not in (ETH_RSS_HASH_NO_CHANGE, ETH_RSS_HASH_TOP):
        return -EOPNOTSUPP
    if rxfh.key is not None:
        priv.rss_key = bytes(rxfh.key)
        _write_key(priv)
    if rxfh.indir is not None:
        priv.rss_table = list(rxfh.indir)
        _write_table(priv)
    if rxfh.input_xfrm != RXH_XFRM_NO_CHANGE:
        priv.rss_ctrl &= ~hw.RSS_CTRL_SYM_XOR
        if rxfh.input_xfrm & RXH_XFRM_SYM_XOR:
            priv.rss_ctrl |= hw.RSS_CTRL_SYM_XOR
        writel(priv.rss_ctrl, priv.iomem + hw.RSS_CTRL)
    readl(priv.iomem + hw.RSS_CTRL)  # in force when the caller goes on (IO1)
    return 0


def nic_get_rxnfc(ndev: net_device, info: ethtool_rxnfc, rule_locs: Any) -> int:
    """How many rings there are, and which fields of a flow type are hashed. -EOPNOTSUPP for all else."""
    priv: NicPriv = netdev_priv(ndev)
    if info.cmd == ETHTOOL_GRXRINGS:
        info.data = priv.num_queues
        return 0
    if info.cmd != ETHTOOL_GRXFH:
        return -EOPNOTSUPP
    if info.flow_type in _WITH_PORTS:
        info.data = _ADDRESSES | (_PORTS if priv.rss_ctrl & _WITH_PORTS[info.flow_type] else 0)
    elif info.flow_type in (IPV4_FLOW, IPV6_FLOW):
        info.data = _ADDRESSES
    else:
        info.data = 0
    return 0


def nic_set_rxnfc(ndev: net_device, info: ethtool_rxnfc) -> int:
    """Hash a flow type with or without its ports. -EINVAL for any other choice of fields, -EOPNOTSUPP for all else."""
    priv: NicPriv = netdev_priv(ndev)
    if info.cmd != ETHTOOL_SRXFH:
        return -EOPNOTSUPP
    if info.flow_type in _WITH_PORTS and info.data in (_ADDRESSES, _ADDRESSES | _PORTS):
        enable = _WITH_PORTS[info.flow_type]
        priv.rss_ctrl = priv.rss_ctrl | enable if info.data & _PORTS else priv.rss_ctrl & ~enable
    elif info.flow_type not in (IPV4_FLOW, IPV6_FLOW) or info.data != _ADDRESSES:
        return -EINVAL
    writel(priv.rss_ctrl, priv.iomem + hw.RSS_CTRL)
    readl(priv.iomem + hw.RSS_CTRL)
    return 0
