# SPDX-License-Identifier: Apache-2.0
"""ethtool: the ops that a driver fills in, and the structs that they take. Source: include/linux/ethtool.h,
include/uapi/linux/ethtool.h, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymodel.linux.errno import EINVAL, EOPNOTSUPP
from pymodel.linux.netdev_ops import netif_carrier_ok
from pymodel.linux.netdevice import with_rtnl

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = [
    "ETH_SS_STATS", "ethtool_channels", "ethtool_coalesce", "ethtool_drvinfo", "ethtool_get_link",
    "ethtool_get_ringparam", "ethtool_get_stats", "ethtool_op_get_link", "ethtool_ops", "ethtool_ringparam",
    "ethtool_set_ringparam",
]

ETH_SS_STATS = 1


class ethtool_ops:
    """The driver's callbacks; those it does not have are None."""

    __slots__ = (
        "get_channels", "get_coalesce", "get_drvinfo", "get_ethtool_stats", "get_link", "get_regs", "get_regs_len",
        "get_ringparam", "get_sset_count", "get_strings", "set_channels", "set_coalesce", "set_ringparam",
        "supported_coalesce_params",
    )

    def __init__(self, **ops: Callable[..., Any] | int | None) -> None:
        for name in self.__slots__:
            setattr(self, name, ops.pop(name, None))
        if ops:
            raise TypeError(f"ethtool_ops has no {', '.join(ops)}")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class _Struct:
    """Integers, zero at first; a name that the struct does not have is refused."""

    __slots__ = ()

    def __init__(self, **values: int) -> None:
        slots: tuple[str, ...] = self.__slots__
        for name in slots:
            setattr(self, name, values.pop(name, 0))
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> int: ...
        def __setattr__(self, name: str, value: int) -> None: ...


class ethtool_ringparam(_Struct):
    __slots__ = (
        "rx_jumbo_max_pending", "rx_jumbo_pending", "rx_max_pending", "rx_mini_max_pending", "rx_mini_pending",
        "rx_pending", "tx_max_pending", "tx_pending",
    )


class ethtool_channels(_Struct):
    __slots__ = (
        "combined_count", "max_combined", "max_other", "max_rx", "max_tx", "other_count", "rx_count", "tx_count",
    )


class ethtool_coalesce(_Struct):
    __slots__ = (
        "rx_coalesce_usecs", "rx_max_coalesced_frames", "tx_coalesce_usecs", "tx_max_coalesced_frames",
        "use_adaptive_rx_coalesce", "use_adaptive_tx_coalesce",
    )


class ethtool_drvinfo:
    __slots__ = ("bus_info", "driver", "fw_version", "version")

    def __init__(self) -> None:
        self.driver = self.version = self.fw_version = self.bus_info = ""


def ethtool_op_get_link(dev: net_device) -> int:
    """For get_link: whether there is a carrier."""
    return int(netif_carrier_ok(dev))


def ethtool_get_link(dev: net_device) -> int:
    """``ethtool eth0``: 1, 0, or -EOPNOTSUPP."""
    ops = dev.ethtool_ops
    if ops is None or ops.get_link is None:
        return -EOPNOTSUPP
    return int(bool(dev.flags & 1) and bool(ops.get_link(dev)))


def ethtool_get_stats(dev: net_device) -> dict[str, int] | int:
    """``ethtool -S``: the driver's counters by name, or -EOPNOTSUPP."""
    ops = dev.ethtool_ops
    if ops is None or ops.get_sset_count is None or ops.get_strings is None or ops.get_ethtool_stats is None:
        return -EOPNOTSUPP
    count = ops.get_sset_count(dev, ETH_SS_STATS)
    if count < 0:
        return int(count)
    names: list[str] = [""] * count
    values: list[int] = [0] * count
    ops.get_strings(dev, ETH_SS_STATS, names)
    ops.get_ethtool_stats(dev, None, values)
    return dict(zip(names, values, strict=True))


def ethtool_get_ringparam(dev: net_device) -> ethtool_ringparam | None:
    """``ethtool -g``: ring sizes, present and largest, or None where the driver does not tell."""
    ops = dev.ethtool_ops
    if ops is None or ops.get_ringparam is None:
        return None
    ring = ethtool_ringparam()
    with_rtnl(ops.get_ringparam, dev, ring, None, None)
    return ring


def ethtool_set_ringparam(dev: net_device, tx: int, rx: int) -> int:
    """``ethtool -G tx N rx N`` (descriptors): 0 or a negative errno. Source: net/ethtool/ioctl.c, v6.12."""
    ops = dev.ethtool_ops
    if ops is None or ops.set_ringparam is None:
        return -EOPNOTSUPP
    ring = ethtool_get_ringparam(dev)
    if ring is None:
        return -EOPNOTSUPP
    if rx > ring.rx_max_pending or tx > ring.tx_max_pending:
        return -EINVAL
    ring.tx_pending, ring.rx_pending = tx, rx
    return int(with_rtnl(ops.set_ringparam, dev, ring, None, None))
