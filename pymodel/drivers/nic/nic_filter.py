# SPDX-License-Identifier: Apache-2.0
"""What the device lets in: destinations and VLANs; and whether it takes VLAN tags out of frames.

Addresses get entries of RX_ADDR, unicast ones first, then bits of the hash filter, which lets some others pass too: the
stack drops those. With more than ``_MOST_HASHED`` addresses of a kind in the hash filter, nearly all would pass, and
the device takes every group address, or every frame. What the device holds is remembered, so that an address that
stays is never without a filter while others change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_priv import NicPriv
from pymodel.hw.access import readl, writel
from pymodel.linux import (
    ETH_ALEN,
    IFF_ALLMULTI,
    IFF_PROMISC,
    NETIF_F_HW_VLAN_CTAG_FILTER,
    NETIF_F_HW_VLAN_CTAG_RX,
    ether_crc,
    netdev_for_each_mc_addr,
    netdev_for_each_uc_addr,
    netdev_priv,
    netif_running,
)

if TYPE_CHECKING:
    from pymodel.linux import net_device

__all__ = [
    "nic_filter_forget", "nic_filter_write", "nic_set_features", "nic_set_rx_mode", "nic_vlan_rx_add_vid",
    "nic_vlan_rx_kill_vid",
]  # fmt: skip

_MOST_HASHED = 64
_VLAN_FEATURES = NETIF_F_HW_VLAN_CTAG_RX | NETIF_F_HW_VLAN_CTAG_FILTER


def _flush(priv: NicPriv) -> None:
    """Wait until what was written has arrived: settings are in force when their caller goes on (IO1)."""
    readl(priv.iomem + hw.STATUS)


def nic_filter_forget(priv: NicPriv) -> None:
    """The device was reset: its filter is empty."""
    priv.rx_addrs = [b""] * hw.RX_ADDR_COUNT
    priv.rx_hash = 0


def nic_filter_write(priv: NicPriv) -> None:
    """Write all that is set, as the device is configured."""
    nic_set_rx_mode(priv.ndev)
    for word in sorted({vid >> 5 for vid in priv.vlans}):
        _write_vlans(priv, word)


# -- destinations ----------------------------------------------------------------------------------------------
def nic_set_rx_mode(ndev: net_device) -> None:
    """ndo_set_rx_mode: atomic context, so nothing sleeps (LIFE5)."""
    priv: NicPriv = netdev_priv(ndev)
    unicast = [bytes(ha.addr[:ETH_ALEN]) for ha in netdev_for_each_uc_addr(ndev)]
    groups = [bytes(ha.addr[:ETH_ALEN]) for ha in netdev_for_each_mc_addr(ndev)]
    entries = (unicast + groups)[: hw.RX_ADDR_COUNT]
    more_unicast = unicast[hw.RX_ADDR_COUNT :]
    more_groups = groups[len(entries) - min(len(unicast), len(entries)) :]
    ctrl = hw.RX_CTRL_BROADCAST
    if ndev.flags & IFF_PROMISC or len(more_unicast) > _MOST_HASHED:
        ctrl |= hw.RX_CTRL_PROMISC
    if ndev.flags & IFF_ALLMULTI or len(more_groups) > _MOST_HASHED:
        ctrl |= hw.RX_CTRL_ALLMULTI
        more_groups = []
    bits = 0
    for addr in more_unicast + more_groups:
        bits |= 1 << (ether_crc(ETH_ALEN, addr) >> 24)
    _write_hash(priv, priv.rx_hash | bits)  # first what is new, so that an address may move from or to an entry
    _write_entries(priv, entries)
    priv.rx_classes = ctrl
    _write_ctrl(priv, ndev.features)
    _write_hash(priv, bits)
    _flush(priv)


def _write_hash(priv: NicPriv, bits: int) -> None:
    changed = priv.rx_hash ^ bits
    for word in range(hw.RX_HASH_COUNT):
        if changed >> 32 * word & 0xFFFFFFFF:
            writel(bits >> 32 * word & 0xFFFFFFFF, priv.iomem + hw.rx_hash(word))
    priv.rx_hash = bits


def _write_entries(priv: NicPriv, addrs: list[bytes]) -> None:
    """Have these addresses in RX_ADDR, each that is there already in its place."""
    held = priv.rx_addrs
    missing = [addr for addr in addrs if addr not in held]
    for at, old in enumerate(held):
        if old in addrs:
            continue
        regs = priv.iomem + hw.rx_addr(at)
        if old:
            writel(0, regs + hw.RX_ADDR_HI)
        new = held[at] = missing.pop(0) if missing else b""
        if new:
            writel(int.from_bytes(new[:4], "little"), regs + hw.RX_ADDR_LO)
            writel(int.from_bytes(new[4:], "little") | hw.RX_ADDR_HI_VALID, regs + hw.RX_ADDR_HI)


def _write_ctrl(priv: NicPriv, features: int) -> None:
    """Whoever is promiscuous sees all VLANs too."""
    ctrl = priv.rx_classes
    if features & NETIF_F_HW_VLAN_CTAG_RX:
        ctrl |= hw.RX_CTRL_VLAN_STRIP
    if features & NETIF_F_HW_VLAN_CTAG_FILTER and not ctrl & hw.RX_CTRL_PROMISC:
        ctrl |= hw.RX_CTRL_VLAN_FILTER
    writel(ctrl, priv.iomem + hw.RX_CTRL)


# -- VLANs -----------------------------------------------------------------------------------------------------
def nic_set_features(ndev: net_device, features: int) -> int:
    """ndo_set_features: tags in hardware, and the VLAN filter; what else changes is looked at frame by frame. 0."""
    if (features ^ ndev.features) & _VLAN_FEATURES and netif_running(ndev):
        priv: NicPriv = netdev_priv(ndev)
        _write_ctrl(priv, features)
        _flush(priv)
    return 0


def _write_vlans(priv: NicPriv, word: int) -> None:
    writel(sum(1 << (vid & 31) for vid in priv.vlans if vid >> 5 == word), priv.iomem + hw.vlan_filter(word))


def nic_vlan_rx_add_vid(ndev: net_device, proto: int, vid: int) -> int:
    """ndo_vlan_rx_add_vid: 0. While the device is closed only remembered: opening writes it."""
    priv: NicPriv = netdev_priv(ndev)
    priv.vlans.add(vid)
    if netif_running(ndev):
        _write_vlans(priv, vid >> 5)
        _flush(priv)
    return 0


def nic_vlan_rx_kill_vid(ndev: net_device, proto: int, vid: int) -> int:
    """ndo_vlan_rx_kill_vid: 0."""
    priv: NicPriv = netdev_priv(ndev)
    priv.vlans.discard(vid)
    if netif_running(ndev):
        _write_vlans(priv, vid >> 5)
        _flush(priv)
    return 0
