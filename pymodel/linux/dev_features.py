# SPDX-License-Identifier: Apache-2.0
"""From the features that are wanted to those that are active: the driver's ndo_fix_features, the rules among features,
ndo_set_features, NETDEV_FEAT_CHANGE.

Source: net/core/dev.c __netdev_update_features(), netdev_fix_features(), v6.12. Simplified: no devices on top of
others, whose features depend on each other's.
"""

from __future__ import annotations

from typing import Any

from pymodel.hw.access import here
from pymodel.linux.bug import broken_rule, netdev_err, netdev_warn
from pymodel.linux.netdev_features import (
    NETIF_F_ALL_TSO,
    NETIF_F_GRO_HW,
    NETIF_F_GSO,
    NETIF_F_GSO_PARTIAL,
    NETIF_F_GSO_UDP_L4,
    NETIF_F_HW_CSUM,
    NETIF_F_HW_TLS_RX,
    NETIF_F_HW_TLS_TX,
    NETIF_F_HW_VLAN_CTAG_FILTER,
    NETIF_F_HW_VLAN_STAG_FILTER,
    NETIF_F_IP_CSUM,
    NETIF_F_IPV6_CSUM,
    NETIF_F_LRO,
    NETIF_F_RXCSUM,
    NETIF_F_RXFCS,
    NETIF_F_SG,
    NETIF_F_TSO,
    NETIF_F_TSO6,
    NETIF_F_TSO_ECN,
    NETIF_F_TSO_MANGLEID,
)
from pymodel.linux.netdevice import net_device, with_rtnl
from pymodel.linux.notifier import (
    NETDEV_CVLAN_FILTER_DROP_INFO,
    NETDEV_CVLAN_FILTER_PUSH_INFO,
    NETDEV_FEAT_CHANGE,
    NETDEV_SVLAN_FILTER_DROP_INFO,
    NETDEV_SVLAN_FILTER_PUSH_INFO,
    call_netdevice_notifiers,
    notifier_to_errno,
)

__all__ = [
    "__netdev_update_features", "netdev_change_features", "netdev_features_change", "netdev_fix_features",
    "netdev_get_wanted_features", "netdev_update_features",
]

_IP_CSUM = NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM


def netdev_get_wanted_features(dev: net_device) -> int:
    """What cannot be changed as it is, the rest as wanted. Source: include/linux/netdevice.h."""
    return dev.features & ~dev.hw_features | dev.wanted_features


def netdev_fix_features(dev: net_device, features: int) -> int:
    """Leave out what cannot be without another feature, or together with one."""
    if features & NETIF_F_HW_CSUM and features & _IP_CSUM:
        netdev_warn(dev, "mixed HW and IP checksum settings.")
        features &= ~_IP_CSUM
    if not features & NETIF_F_SG:
        features &= ~NETIF_F_ALL_TSO
    if features & NETIF_F_TSO and not features & (NETIF_F_HW_CSUM | NETIF_F_IP_CSUM):
        features &= ~(NETIF_F_TSO | NETIF_F_TSO_ECN)
    if features & NETIF_F_TSO6 and not features & (NETIF_F_HW_CSUM | NETIF_F_IPV6_CSUM):
        features &= ~NETIF_F_TSO6
    if not features & NETIF_F_TSO:
        features &= ~NETIF_F_TSO_MANGLEID
    if features & NETIF_F_ALL_TSO == NETIF_F_TSO_ECN:
        features &= ~NETIF_F_TSO_ECN
    if not features & NETIF_F_SG:
        features &= ~NETIF_F_GSO
    if not features & NETIF_F_GSO_PARTIAL:
        features &= ~dev.gso_partial_features
    if not features & NETIF_F_RXCSUM:
        features &= ~NETIF_F_GRO_HW
    if features & NETIF_F_RXFCS:
        features &= ~(NETIF_F_LRO | NETIF_F_GRO_HW)
    if features & NETIF_F_GRO_HW:
        features &= ~NETIF_F_LRO
    any_csum = features & NETIF_F_HW_CSUM or features & _IP_CSUM == _IP_CSUM
    if not any_csum:
        features &= ~(NETIF_F_HW_TLS_TX | NETIF_F_GSO_UDP_L4)
    if not features & NETIF_F_RXCSUM:
        features &= ~NETIF_F_HW_TLS_RX
    return features


def _asked(dev: net_device) -> tuple[Any, ...]:
    """All that a stateless ndo_fix_features leaves as it is."""
    return (
        dev.features, dev.hw_features, dev.wanted_features, dev.vlan_features, dev.hw_enc_features, dev.flags, dev.mtu,
        dev.state, here.machine.accessed_at,
    )  # fmt: skip


def _driver_fix_features(dev: net_device, features: int) -> int:
    """ndo_fix_features, which computes and does nothing else: CheckError OFF7 where it changed the device, or accessed
    its registers.
    """
    before = _asked(dev)
    fix = dev.netdev_ops.ndo_fix_features
    features = fix(dev, features)
    if _asked(dev) != before:
        broken_rule(
            "OFF7",
            f"{dev}: ndo_fix_features must be stateless: it changed the device or accessed its registers",
            getattr(fix, "__name__", str(fix)),
        )
    return features


def __netdev_update_features(dev: net_device) -> int:
    """Recompute ``features``. Not 0 where they changed, or where ndo_set_features failed and may have changed some.
    Under rtnl.
    """
    features = netdev_get_wanted_features(dev)
    if dev.netdev_ops.ndo_fix_features is not None:
        features = _driver_fix_features(dev, features)
    features = netdev_fix_features(dev, features)
    if features == dev.features:
        return 0
    err = 0
    if dev.netdev_ops.ndo_set_features is not None:
        err = dev.netdev_ops.ndo_set_features(dev, features) or 0
    if err < 0:
        netdev_err(dev, "set_features() failed (%d); wanted %#x, left %#x", err, features, dev.features)
        return -1
    if not err:
        changed = features ^ dev.features
        for feature, push, drop in (
            (NETIF_F_HW_VLAN_CTAG_FILTER, NETDEV_CVLAN_FILTER_PUSH_INFO, NETDEV_CVLAN_FILTER_DROP_INFO),
            (NETIF_F_HW_VLAN_STAG_FILTER, NETDEV_SVLAN_FILTER_PUSH_INFO, NETDEV_SVLAN_FILTER_DROP_INFO),
        ):
            if changed & feature & features:
                dev.features = features
                err |= notifier_to_errno(call_netdevice_notifiers(push, dev))
            elif changed & feature:
                call_netdevice_notifiers(drop, dev)
        dev.features = features
    return 0 if err < 0 else 1


def netdev_update_features(dev: net_device) -> None:
    """Call after changing what ndo_fix_features depends on, or ``wanted_features``. Takes rtnl where the caller does
    not hold it.
    """
    with_rtnl(_update, dev)


def _update(dev: net_device) -> None:
    if __netdev_update_features(dev):
        netdev_features_change(dev)


def netdev_change_features(dev: net_device) -> None:
    """The same, and NETDEV_FEAT_CHANGE in any case: ``vlan_features`` may have changed."""
    with_rtnl(_change, dev)


def _change(dev: net_device) -> None:
    __netdev_update_features(dev)
    netdev_features_change(dev)


def netdev_features_change(dev: net_device) -> None:
    call_netdevice_notifiers(NETDEV_FEAT_CHANGE, dev)
