# SPDX-License-Identifier: Apache-2.0
"""ethtool's commands for features: all in words, the old ones one by one, and the old flags.

Source: net/ethtool/ioctl.c ethtool_set_features() and its neighbours, v6.12.
"""

from __future__ import annotations

from pymodel.linux.dev_features import __netdev_update_features
from pymodel.linux.errno import EFAULT, EINVAL, EOPNOTSUPP
from pymodel.linux.ethtool_uapi import (
    ETH_FLAG_LRO,
    ETH_FLAG_NTUPLE,
    ETH_FLAG_RXHASH,
    ETH_FLAG_RXVLAN,
    ETH_FLAG_TXVLAN,
    ETHTOOL_DEV_FEATURE_WORDS,
    ETHTOOL_F_UNSUPPORTED,
    ETHTOOL_F_WISH,
    ETHTOOL_GGRO,
    ETHTOOL_GGSO,
    ETHTOOL_GRXCSUM,
    ETHTOOL_GSG,
    ETHTOOL_GTSO,
    ETHTOOL_GTXCSUM,
    ethtool_get_features_block,
    ethtool_gfeatures,
    ethtool_sfeatures,
    ethtool_value,
)
from pymodel.linux.netdev_features import (
    NETIF_F_ALL_TSO,
    NETIF_F_CSUM_MASK,
    NETIF_F_ETHTOOL_BITS,
    NETIF_F_FCOE_CRC,
    NETIF_F_FRAGLIST,
    NETIF_F_GRO,
    NETIF_F_GSO,
    NETIF_F_HW_VLAN_CTAG_RX,
    NETIF_F_HW_VLAN_CTAG_TX,
    NETIF_F_LRO,
    NETIF_F_NEVER_CHANGE,
    NETIF_F_NTUPLE,
    NETIF_F_RXCSUM,
    NETIF_F_RXHASH,
    NETIF_F_SCTP_CRC,
    NETIF_F_SG,
)
from pymodel.linux.netdevice import net_device

__all__ = [
    "ethtool_get_features", "ethtool_get_flags", "ethtool_get_one_feature", "ethtool_set_features",
    "ethtool_set_flags", "ethtool_set_one_feature",
]


def ethtool_get_features(dev: net_device, cmd: ethtool_gfeatures) -> int:
    """ETHTOOL_GFEATURES."""
    blocks = [
        ethtool_get_features_block(
            available=dev.hw_features >> 32 * i & 0xFFFFFFFF,
            requested=dev.wanted_features >> 32 * i & 0xFFFFFFFF,
            active=dev.features >> 32 * i & 0xFFFFFFFF,
            never_changed=NETIF_F_NEVER_CHANGE >> 32 * i & 0xFFFFFFFF,
        )
        for i in range(ETHTOOL_DEV_FEATURE_WORDS)
    ]
    cmd.features = blocks[: cmd.size]
    cmd.size = ETHTOOL_DEV_FEATURE_WORDS
    return 0


def ethtool_set_features(dev: net_device, cmd: ethtool_sfeatures) -> int:
    """ETHTOOL_SFEATURES: 0, ETHTOOL_F_UNSUPPORTED (some cannot be changed) and ETHTOOL_F_WISH (some are not as wanted)
    or'ed, or -EINVAL.
    """
    if cmd.size != ETHTOOL_DEV_FEATURE_WORDS:
        return -EINVAL
    if not isinstance(cmd.features, (list, tuple)) or len(cmd.features) < cmd.size:
        return -EFAULT
    valid = wanted = ret = 0
    for i, block in enumerate(cmd.features[: cmd.size]):
        valid |= block.valid << 32 * i
        wanted |= block.requested << 32 * i
    if valid & ~NETIF_F_ETHTOOL_BITS:
        return -EINVAL
    if valid & ~dev.hw_features:
        valid &= dev.hw_features
        ret |= ETHTOOL_F_UNSUPPORTED
    dev.wanted_features = dev.wanted_features & ~valid | wanted & valid
    __netdev_update_features(dev)
    if (dev.wanted_features ^ dev.features) & valid:
        ret |= ETHTOOL_F_WISH
    return ret


ONE_FEATURE = {
    ETHTOOL_GTXCSUM: NETIF_F_CSUM_MASK | NETIF_F_FCOE_CRC | NETIF_F_SCTP_CRC,
    ETHTOOL_GRXCSUM: NETIF_F_RXCSUM,
    ETHTOOL_GSG: NETIF_F_SG | NETIF_F_FRAGLIST,
    ETHTOOL_GTSO: NETIF_F_ALL_TSO,
    ETHTOOL_GGSO: NETIF_F_GSO,
    ETHTOOL_GGRO: NETIF_F_GRO,
}


def ethtool_get_one_feature(dev: net_device, value: ethtool_value) -> int:
    """ETHTOOL_GTXCSUM, GRXCSUM, GSG, GTSO, GGSO, GGRO."""
    value.data = int(bool(dev.features & ONE_FEATURE[value.cmd]))
    return 0


def ethtool_set_one_feature(dev: net_device, value: ethtool_value) -> int:
    """ETHTOOL_STXCSUM, SRXCSUM, SSG, STSO, SGSO, SGRO. -EOPNOTSUPP where none of them can be changed."""
    mask = ONE_FEATURE[value.cmd - 1] & dev.hw_features
    if not mask:
        return -EOPNOTSUPP
    dev.wanted_features = dev.wanted_features | mask if value.data else dev.wanted_features & ~mask
    __netdev_update_features(dev)
    return 0


_FLAGS = {
    ETH_FLAG_LRO: NETIF_F_LRO,
    ETH_FLAG_RXVLAN: NETIF_F_HW_VLAN_CTAG_RX,
    ETH_FLAG_TXVLAN: NETIF_F_HW_VLAN_CTAG_TX,
    ETH_FLAG_NTUPLE: NETIF_F_NTUPLE,
    ETH_FLAG_RXHASH: NETIF_F_RXHASH,
}
_ALL_FLAGS = sum(_FLAGS)
_ALL_FLAG_FEATURES = sum(_FLAGS.values())


def ethtool_get_flags(dev: net_device, value: ethtool_value) -> int:
    """ETHTOOL_GFLAGS: ETH_FLAG_*."""
    value.data = sum(flag for flag, feature in _FLAGS.items() if dev.features & feature)
    return 0


def ethtool_set_flags(dev: net_device, value: ethtool_value) -> int:
    """ETHTOOL_SFLAGS. -EINVAL where some of what changes can be changed and some not, -EOPNOTSUPP where nothing can."""
    if value.data & ~_ALL_FLAGS:
        return -EINVAL
    features = sum(feature for flag, feature in _FLAGS.items() if value.data & flag)
    changed = (features ^ dev.features) & _ALL_FLAG_FEATURES
    if changed & ~dev.hw_features:
        return -EINVAL if changed & dev.hw_features else -EOPNOTSUPP
    dev.wanted_features = dev.wanted_features & ~changed | features & changed
    __netdev_update_features(dev)
    return 0
