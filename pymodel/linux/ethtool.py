# SPDX-License-Identifier: Apache-2.0
"""ethtool: the ops that a driver fills in, and helpers for them.

The commands are in ethtool_ioctl.py, ethtool_rss.py and ethtool_stats.py, structs and numbers in ethtool_uapi.py.
Source: include/linux/ethtool.h, net/ethtool/common.c, v6.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, caller_outside, site_str
from pymodel.linux.errno import EINVAL
from pymodel.linux.ethtool_uapi import ETH_GSTRING_LEN
from pymodel.linux.netdevice import IFF_RXFH_CONFIGURED, netif_carrier_ok
from pymodel.linux.sched import mutex

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = [
    "NETDEV_RSS_KEY_LEN", "ethtool_check_ops", "ethtool_netdev_state", "ethtool_op_get_link", "ethtool_ops",
    "ethtool_puts", "ethtool_rxfh_context", "ethtool_rxfh_indir_default", "ethtool_sprintf", "ethtool_string_set",
    "netdev_rss_key_fill", "netif_is_rxfh_configured",
]

NETDEV_RSS_KEY_LEN = 52  # bytes


class ethtool_ops:
    """The driver's callbacks, and what it says of itself (``supported_coalesce_params``, ``cap_*``, ``rxfh_*``); those
    it does not have are None or 0.
    """

    __slots__ = (
        "begin", "cap_rss_ctx_supported", "cap_rss_rxnfc_adds", "cap_rss_sym_xor_supported", "complete",
        "create_rxfh_context", "get_channels", "get_coalesce", "get_drvinfo", "get_eeprom_len",
        "get_eth_ctrl_stats", "get_eth_mac_stats", "get_eth_phy_stats", "get_ethtool_stats", "get_link",
        "get_link_ksettings", "get_msglevel", "get_pause_stats", "get_pauseparam", "get_priv_flags", "get_regs",
        "get_regs_len", "get_ringparam", "get_rmon_stats", "get_rxfh", "get_rxfh_indir_size",
        "get_rxfh_key_size", "get_rxnfc", "get_sset_count", "get_strings", "get_wol", "modify_rxfh_context",
        "nway_reset", "remove_rxfh_context", "reset", "rxfh_max_num_contexts", "rxfh_per_ctx_key", "self_test",
        "set_channels", "set_coalesce", "set_link_ksettings", "set_msglevel", "set_pauseparam",
        "set_priv_flags", "set_ringparam", "set_rxfh", "set_rxnfc", "set_wol", "supported_coalesce_params",
        "supported_ring_params",
    )
    _NUMBERS = frozenset(
        name for name in __slots__ if name.startswith(("cap_", "rxfh_", "supported_"))
    )

    def __init__(self, **ops: Any) -> None:
        for name in self.__slots__:
            setattr(self, name, ops.pop(name, 0 if name in self._NUMBERS else None))
        if ops:
            raise TypeError(f"ethtool_ops has no {', '.join(ops)}")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class ethtool_rxfh_context:
    """An RSS context besides the default one: the core's account of it. ``priv`` is the driver's."""

    __slots__ = (
        "hfunc", "indir", "indir_configured", "indir_size", "input_xfrm", "key", "key_configured", "key_size", "priv",
    )

    def __init__(self, indir_size: int, key_size: int) -> None:
        self.indir_size = indir_size
        self.key_size = key_size
        self.hfunc = 0  # ETH_RSS_HASH_NO_CHANGE
        self.input_xfrm = 0xFF  # RXH_XFRM_NO_CHANGE
        self.indir_configured = False
        self.key_configured = False
        self.indir = [0] * indir_size
        self.key = bytes(key_size)
        self.priv: Any = None


class ethtool_netdev_state:
    """What the core keeps of a device: ``dev.ethtool``."""

    __slots__ = ("rss_ctx", "rss_lock", "wol_enabled")

    def __init__(self) -> None:
        self.rss_ctx: dict[int, ethtool_rxfh_context] = {}
        self.rss_lock = mutex("rss_lock")
        self.wol_enabled = False


_NONE = ethtool_ops()


def ops_of(dev: net_device) -> ethtool_ops:
    ops: ethtool_ops | None = dev.ethtool_ops
    return _NONE if ops is None else ops


def state_of(dev: net_device) -> ethtool_netdev_state:
    if dev.ethtool is None:
        dev.ethtool = ethtool_netdev_state()
    state: ethtool_netdev_state = dev.ethtool
    return state


def ethtool_check_ops(ops: ethtool_ops | None) -> int:
    """At registration: 0, or -EINVAL with a warning for ops that contradict themselves (ETH1)."""
    if ops is None:
        return 0
    if ops.set_coalesce is not None and not ops.supported_coalesce_params:
        WARN("ETH1: ethtool_ops has set_coalesce, but no supported_coalesce_params", site_str(caller_outside()))
        return -EINVAL
    if ops.rxfh_max_num_contexts == 1:
        WARN("ethtool_ops has rxfh_max_num_contexts 1: that is the default one", site_str(caller_outside()))
        return -EINVAL
    return 0


# -- for drivers ---------------------------------------------------------------------------------------------
def ethtool_op_get_link(dev: net_device) -> int:
    """For get_link: whether there is a carrier."""
    return int(netif_carrier_ok(dev))


class ethtool_string_set(list[str]):
    """What get_strings fills: a text for each entry. ``at``: where ethtool_puts() goes on."""

    __slots__ = ("at",)

    def __init__(self, count: int) -> None:
        super().__init__([""] * count)
        self.at = 0


def ethtool_puts(data: ethtool_string_set, text: str) -> None:
    """For get_strings: the next string, at most 31 characters of it. BUG beyond what get_sset_count said."""
    if data.at >= len(data):
        BUG(f"get_strings writes string {data.at + 1} of {len(data)}", site_str(caller_outside()))
    data[data.at] = text[: ETH_GSTRING_LEN - 1]
    data.at += 1


def ethtool_sprintf(data: ethtool_string_set, fmt: str, *args: Any) -> None:
    ethtool_puts(data, fmt % args if args else fmt)


def ethtool_rxfh_indir_default(index: int, n_rx_rings: int) -> int:
    """The queue of a table's entry before anybody says otherwise."""
    return index % n_rx_rings


def netif_is_rxfh_configured(dev: net_device) -> bool:
    """Whether a user set the indirection table: a driver keeps it then when its number of queues changes."""
    return bool(dev.priv_flags & IFF_RXFH_CONFIGURED)


def netdev_rss_key_fill(length: int) -> bytes:
    """``length`` bytes (52 at most) of the host's RSS key, drawn once a machine. C fills a buffer."""
    if length > NETDEV_RSS_KEY_LEN:
        BUG(f"netdev_rss_key_fill({length}): {NETDEV_RSS_KEY_LEN} bytes at most", site_str(caller_outside()))
    net = here.state["net"]
    if net.rss_key is None:
        net.rss_key = net.rng.randbytes(NETDEV_RSS_KEY_LEN)
    key: bytes = net.rss_key
    return key[:length]
