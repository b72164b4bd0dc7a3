# SPDX-License-Identifier: Apache-2.0
"""ethtool's commands, numbers and structs. Source: include/uapi/linux/ethtool.h, include/linux/ethtool.h, v6.12.

A struct of variable length has its tail in a field (``data``, ``ring_index``): a list, or bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = [
    "AUTONEG_DISABLE", "AUTONEG_ENABLE", "COALESCE_FIELDS", "DUPLEX_FULL", "DUPLEX_HALF", "DUPLEX_UNKNOWN",
    "ETHER_FLOW", "ETHTOOL_COALESCE_ALL_PARAMS", "ETHTOOL_COALESCE_MAX_FRAMES", "ETHTOOL_COALESCE_PKT_RATE_HIGH",
    "ETHTOOL_COALESCE_PKT_RATE_LOW", "ETHTOOL_COALESCE_RATE_SAMPLE_INTERVAL", "ETHTOOL_COALESCE_RX_MAX_FRAMES",
    "ETHTOOL_COALESCE_RX_MAX_FRAMES_HIGH", "ETHTOOL_COALESCE_RX_MAX_FRAMES_IRQ", "ETHTOOL_COALESCE_RX_MAX_FRAMES_LOW",
    "ETHTOOL_COALESCE_RX_PROFILE", "ETHTOOL_COALESCE_RX_USECS", "ETHTOOL_COALESCE_RX_USECS_HIGH",
    "ETHTOOL_COALESCE_RX_USECS_IRQ", "ETHTOOL_COALESCE_RX_USECS_LOW", "ETHTOOL_COALESCE_STATS_BLOCK_USECS",
    "ETHTOOL_COALESCE_TX_AGGR_MAX_BYTES", "ETHTOOL_COALESCE_TX_AGGR_MAX_FRAMES", "ETHTOOL_COALESCE_TX_AGGR_TIME_USECS",
    "ETHTOOL_COALESCE_TX_MAX_FRAMES", "ETHTOOL_COALESCE_TX_MAX_FRAMES_HIGH", "ETHTOOL_COALESCE_TX_MAX_FRAMES_IRQ",
    "ETHTOOL_COALESCE_TX_MAX_FRAMES_LOW", "ETHTOOL_COALESCE_TX_PROFILE", "ETHTOOL_COALESCE_TX_USECS",
    "ETHTOOL_COALESCE_TX_USECS_HIGH", "ETHTOOL_COALESCE_TX_USECS_IRQ", "ETHTOOL_COALESCE_TX_USECS_LOW",
    "ETHTOOL_COALESCE_USECS", "ETHTOOL_COALESCE_USE_ADAPTIVE", "ETHTOOL_COALESCE_USE_ADAPTIVE_RX",
    "ETHTOOL_COALESCE_USE_ADAPTIVE_TX", "ETHTOOL_COALESCE_USE_CQE_RX", "ETHTOOL_COALESCE_USE_CQE_TX",
    "ETHTOOL_DEV_FEATURE_WORDS", "ETHTOOL_F_COMPAT", "ETHTOOL_F_UNSUPPORTED", "ETHTOOL_F_WISH", "ETHTOOL_GCHANNELS",
    "ETHTOOL_GCOALESCE", "ETHTOOL_GDRVINFO", "ETHTOOL_GFEATURES", "ETHTOOL_GFLAGS", "ETHTOOL_GGRO", "ETHTOOL_GGSO",
    "ETHTOOL_GLINK", "ETHTOOL_GLINKSETTINGS", "ETHTOOL_GMSGLVL", "ETHTOOL_GPAUSEPARAM", "ETHTOOL_GPERMADDR",
    "ETHTOOL_GPFLAGS", "ETHTOOL_GREGS", "ETHTOOL_GRINGPARAM", "ETHTOOL_GRSSH", "ETHTOOL_GRXCLSRLALL",
    "ETHTOOL_GRXCLSRLCNT", "ETHTOOL_GRXCLSRULE", "ETHTOOL_GRXCSUM", "ETHTOOL_GRXFH", "ETHTOOL_GRXFHINDIR",
    "ETHTOOL_GRXRINGS", "ETHTOOL_GSG", "ETHTOOL_GSSET_INFO", "ETHTOOL_GSTATS", "ETHTOOL_GSTRINGS", "ETHTOOL_GTSO",
    "ETHTOOL_GTXCSUM", "ETHTOOL_GWOL", "ETHTOOL_LINK_MODE_FIBRE_BIT", "ETHTOOL_LINK_MODE_MASK_NU32", "ETHTOOL_NWAY_RST",
    "ETHTOOL_RESET", "ETHTOOL_SCHANNELS", "ETHTOOL_SCOALESCE", "ETHTOOL_SFEATURES", "ETHTOOL_SFLAGS", "ETHTOOL_SGRO",
    "ETHTOOL_SGSO", "ETHTOOL_SLINKSETTINGS", "ETHTOOL_SMSGLVL", "ETHTOOL_SPAUSEPARAM", "ETHTOOL_SPFLAGS",
    "ETHTOOL_SRINGPARAM", "ETHTOOL_SRSSH", "ETHTOOL_SRXCLSRLDEL", "ETHTOOL_SRXCLSRLINS", "ETHTOOL_SRXCSUM",
    "ETHTOOL_SRXFH", "ETHTOOL_SRXFHINDIR", "ETHTOOL_SSG", "ETHTOOL_STSO", "ETHTOOL_STXCSUM", "ETHTOOL_SWOL",
    "ETHTOOL_TEST", "ETH_FLAG_LRO", "ETH_FLAG_NTUPLE", "ETH_FLAG_RXHASH", "ETH_FLAG_RXVLAN", "ETH_FLAG_TXVLAN",
    "ETH_GSTRING_LEN", "ETH_RSS_HASH_CRC32", "ETH_RSS_HASH_NO_CHANGE", "ETH_RSS_HASH_TOP", "ETH_RSS_HASH_UNKNOWN",
    "ETH_RSS_HASH_XOR", "ETH_RXFH_CONTEXT_ALLOC", "ETH_RXFH_INDIR_NO_CHANGE", "ETH_SS_FEATURES",
    "ETH_SS_NTUPLE_FILTERS", "ETH_SS_PHY_STATS", "ETH_SS_PRIV_FLAGS", "ETH_SS_RSS_HASH_FUNCS", "ETH_SS_STATS",
    "ETH_SS_TEST", "ETH_SS_TUNABLES", "ETH_TEST_FL_FAILED", "ETH_TEST_FL_OFFLINE", "FLOW_RSS", "IPV4_FLOW", "IPV6_FLOW",
    "PORT_DA", "PORT_FIBRE", "PORT_NONE", "PORT_OTHER", "PORT_TP", "RXH_DISCARD", "RXH_IP_DST", "RXH_IP_SRC",
    "RXH_L2DA", "RXH_L3_PROTO", "RXH_L4_B_0_1", "RXH_L4_B_2_3", "RXH_VLAN", "RXH_XFRM_NO_CHANGE", "RXH_XFRM_SYM_XOR",
    "RX_CLS_FLOW_DISC", "RX_CLS_FLOW_WAKE", "SPEED_10", "SPEED_100", "SPEED_1000", "SPEED_10000", "SPEED_100000",
    "SPEED_2500", "SPEED_25000", "SPEED_40000", "SPEED_50000", "SPEED_UNKNOWN", "TCP_V4_FLOW", "TCP_V6_FLOW",
    "UDP_V4_FLOW", "UDP_V6_FLOW", "ETHTOOL_LINK_MODE_10000baseT_Full_BIT", "ETHTOOL_LINK_MODE_25000baseCR_Full_BIT",
    "ETHTOOL_LINK_MODE_25000baseSR_Full_BIT", "ETHTOOL_LINK_MODE_Autoneg_BIT", "ethtool_channels", "ethtool_coalesce",
    "ethtool_drvinfo", "ethtool_get_features_block", "ethtool_gfeatures", "ethtool_gstrings", "ethtool_link_ksettings",
    "ethtool_link_ksettings_add_link_mode", "ethtool_link_ksettings_test_link_mode", "ethtool_link_settings",
    "ethtool_pauseparam", "ethtool_perm_addr", "ethtool_regs", "ethtool_ringparam", "ethtool_rx_flow_spec",
    "ethtool_rxfh", "ethtool_rxfh_indir", "ethtool_rxfh_param", "ethtool_rxnfc", "ethtool_set_features_block",
    "ethtool_sfeatures", "ethtool_sset_info", "ethtool_stats", "ethtool_test", "ethtool_value", "ethtool_wolinfo",
    "kernel_ethtool_coalesce", "kernel_ethtool_ringparam",
]

ETHTOOL_GDRVINFO = 0x03
ETHTOOL_GREGS = 0x04
ETHTOOL_GWOL = 0x05
ETHTOOL_SWOL = 0x06
ETHTOOL_GMSGLVL = 0x07
ETHTOOL_SMSGLVL = 0x08
ETHTOOL_NWAY_RST = 0x09
ETHTOOL_GLINK = 0x0a
ETHTOOL_GCOALESCE = 0x0e
ETHTOOL_SCOALESCE = 0x0f
ETHTOOL_GRINGPARAM = 0x10
ETHTOOL_SRINGPARAM = 0x11
ETHTOOL_GPAUSEPARAM = 0x12
ETHTOOL_SPAUSEPARAM = 0x13
ETHTOOL_GRXCSUM = 0x14
ETHTOOL_SRXCSUM = 0x15
ETHTOOL_GTXCSUM = 0x16
ETHTOOL_STXCSUM = 0x17
ETHTOOL_GSG = 0x18
ETHTOOL_SSG = 0x19
ETHTOOL_TEST = 0x1a
ETHTOOL_GSTRINGS = 0x1b
ETHTOOL_GSTATS = 0x1d
ETHTOOL_GTSO = 0x1e
ETHTOOL_STSO = 0x1f
ETHTOOL_GPERMADDR = 0x20
ETHTOOL_GGSO = 0x23
ETHTOOL_SGSO = 0x24
ETHTOOL_GFLAGS = 0x25
ETHTOOL_SFLAGS = 0x26
ETHTOOL_GPFLAGS = 0x27
ETHTOOL_SPFLAGS = 0x28
ETHTOOL_GRXFH = 0x29
ETHTOOL_SRXFH = 0x2a
ETHTOOL_GGRO = 0x2b
ETHTOOL_SGRO = 0x2c
ETHTOOL_GRXRINGS = 0x2d
ETHTOOL_GRXCLSRLCNT = 0x2e
ETHTOOL_GRXCLSRULE = 0x2f
ETHTOOL_GRXCLSRLALL = 0x30
ETHTOOL_SRXCLSRLDEL = 0x31
ETHTOOL_SRXCLSRLINS = 0x32
ETHTOOL_RESET = 0x34
ETHTOOL_GSSET_INFO = 0x37
ETHTOOL_GRXFHINDIR = 0x38
ETHTOOL_SRXFHINDIR = 0x39
ETHTOOL_GFEATURES = 0x3a
ETHTOOL_SFEATURES = 0x3b
ETHTOOL_GCHANNELS = 0x3c
ETHTOOL_SCHANNELS = 0x3d
ETHTOOL_GRSSH = 0x46
ETHTOOL_SRSSH = 0x47
ETHTOOL_GLINKSETTINGS = 0x4c
ETHTOOL_SLINKSETTINGS = 0x4d

ETHTOOL_COALESCE_RX_USECS = 1 << 0
ETHTOOL_COALESCE_RX_MAX_FRAMES = 1 << 1
ETHTOOL_COALESCE_RX_USECS_IRQ = 1 << 2
ETHTOOL_COALESCE_RX_MAX_FRAMES_IRQ = 1 << 3
ETHTOOL_COALESCE_TX_USECS = 1 << 4
ETHTOOL_COALESCE_TX_MAX_FRAMES = 1 << 5
ETHTOOL_COALESCE_TX_USECS_IRQ = 1 << 6
ETHTOOL_COALESCE_TX_MAX_FRAMES_IRQ = 1 << 7
ETHTOOL_COALESCE_STATS_BLOCK_USECS = 1 << 8
ETHTOOL_COALESCE_USE_ADAPTIVE_RX = 1 << 9
ETHTOOL_COALESCE_USE_ADAPTIVE_TX = 1 << 10
ETHTOOL_COALESCE_PKT_RATE_LOW = 1 << 11
ETHTOOL_COALESCE_RX_USECS_LOW = 1 << 12
ETHTOOL_COALESCE_RX_MAX_FRAMES_LOW = 1 << 13
ETHTOOL_COALESCE_TX_USECS_LOW = 1 << 14
ETHTOOL_COALESCE_TX_MAX_FRAMES_LOW = 1 << 15
ETHTOOL_COALESCE_PKT_RATE_HIGH = 1 << 16
ETHTOOL_COALESCE_RX_USECS_HIGH = 1 << 17
ETHTOOL_COALESCE_RX_MAX_FRAMES_HIGH = 1 << 18
ETHTOOL_COALESCE_TX_USECS_HIGH = 1 << 19
ETHTOOL_COALESCE_TX_MAX_FRAMES_HIGH = 1 << 20
ETHTOOL_COALESCE_RATE_SAMPLE_INTERVAL = 1 << 21
ETHTOOL_COALESCE_USE_CQE_RX = 1 << 22
ETHTOOL_COALESCE_USE_CQE_TX = 1 << 23
ETHTOOL_COALESCE_TX_AGGR_MAX_BYTES = 1 << 24
ETHTOOL_COALESCE_TX_AGGR_MAX_FRAMES = 1 << 25
ETHTOOL_COALESCE_TX_AGGR_TIME_USECS = 1 << 26
ETHTOOL_COALESCE_RX_PROFILE = 1 << 27
ETHTOOL_COALESCE_TX_PROFILE = 1 << 28
ETHTOOL_COALESCE_USECS = ETHTOOL_COALESCE_RX_USECS | ETHTOOL_COALESCE_TX_USECS
ETHTOOL_COALESCE_MAX_FRAMES = ETHTOOL_COALESCE_RX_MAX_FRAMES | ETHTOOL_COALESCE_TX_MAX_FRAMES
ETHTOOL_COALESCE_USE_ADAPTIVE = ETHTOOL_COALESCE_USE_ADAPTIVE_RX | ETHTOOL_COALESCE_USE_ADAPTIVE_TX
ETHTOOL_COALESCE_ALL_PARAMS = (1 << 29) - 1

ETH_GSTRING_LEN = 32  # bytes, the NUL included
(
    ETH_SS_TEST, ETH_SS_STATS, ETH_SS_PRIV_FLAGS, ETH_SS_NTUPLE_FILTERS, ETH_SS_FEATURES, ETH_SS_RSS_HASH_FUNCS,
    ETH_SS_TUNABLES, ETH_SS_PHY_STATS,
) = range(8)  # fmt: skip

ETH_TEST_FL_OFFLINE = 1 << 0
ETH_TEST_FL_FAILED = 1 << 1

ETH_RSS_HASH_TOP = 1 << 0  # Toeplitz
ETH_RSS_HASH_XOR = 1 << 1
ETH_RSS_HASH_CRC32 = 1 << 2
ETH_RSS_HASH_UNKNOWN = ETH_RSS_HASH_NO_CHANGE = 0
ETH_RXFH_CONTEXT_ALLOC = 0xFFFFFFFF
ETH_RXFH_INDIR_NO_CHANGE = 0xFFFFFFFF
RXH_XFRM_SYM_XOR = 1 << 0
RXH_XFRM_NO_CHANGE = 0xFF
RXH_L2DA = 1 << 1
RXH_VLAN = 1 << 2
RXH_L3_PROTO = 1 << 3
RXH_IP_SRC = 1 << 4
RXH_IP_DST = 1 << 5
RXH_L4_B_0_1 = 1 << 6
RXH_L4_B_2_3 = 1 << 7
RXH_DISCARD = 1 << 31
TCP_V4_FLOW = 0x01
UDP_V4_FLOW = 0x02
TCP_V6_FLOW = 0x05
UDP_V6_FLOW = 0x06
IPV4_FLOW = 0x10
IPV6_FLOW = 0x11
ETHER_FLOW = 0x12
FLOW_RSS = 0x20000000
RX_CLS_FLOW_DISC = 0xFFFFFFFFFFFFFFFF
RX_CLS_FLOW_WAKE = 0xFFFFFFFFFFFFFFFE

ETHTOOL_F_UNSUPPORTED = 1 << 0
ETHTOOL_F_WISH = 1 << 1
ETHTOOL_F_COMPAT = 1 << 2
ETHTOOL_DEV_FEATURE_WORDS = 2
ETH_FLAG_TXVLAN = 1 << 7
ETH_FLAG_RXVLAN = 1 << 8
ETH_FLAG_LRO = 1 << 15
ETH_FLAG_NTUPLE = 1 << 27
ETH_FLAG_RXHASH = 1 << 28

SPEED_10 = 10  # Mb/s
SPEED_100 = 100
SPEED_1000 = 1000
SPEED_2500 = 2500
SPEED_10000 = 10000
SPEED_25000 = 25000
SPEED_40000 = 40000
SPEED_50000 = 50000
SPEED_100000 = 100000
SPEED_UNKNOWN = -1
DUPLEX_HALF = 0x00
DUPLEX_FULL = 0x01
DUPLEX_UNKNOWN = 0xFF
AUTONEG_DISABLE = 0x00
AUTONEG_ENABLE = 0x01
PORT_TP = 0x00
PORT_FIBRE = 0x03
PORT_DA = 0x05
PORT_NONE = 0xEF
PORT_OTHER = 0xFF
ETHTOOL_LINK_MODE_MASK_NU32 = 4  # words of the link mode bitmaps
ETHTOOL_LINK_MODE_Autoneg_BIT = 6
ETHTOOL_LINK_MODE_FIBRE_BIT = 10
ETHTOOL_LINK_MODE_10000baseT_Full_BIT = 12
ETHTOOL_LINK_MODE_25000baseCR_Full_BIT = 31
ETHTOOL_LINK_MODE_25000baseSR_Full_BIT = 33


class _Struct:
    """Zeros at first; a name that the struct does not have is refused."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, **values: Any) -> None:
        for name in self.__slots__:
            setattr(self, name, values.pop(name, 0))
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


class ethtool_value(_Struct):
    """One number. ETHTOOL_GLINK, GMSGLVL, GPFLAGS, GFLAGS, the features one by one, and RESET."""

    __slots__ = ("cmd", "data")


class ethtool_drvinfo(_Struct):
    """ETHTOOL_GDRVINFO. Texts, and how many statistics, tests, private flags and bytes of registers there are."""

    __slots__ = (
        "bus_info", "cmd", "driver", "eedump_len", "erom_version", "fw_version", "n_priv_flags", "n_stats",
        "regdump_len", "testinfo_len", "version",
    )

    def __init__(self, cmd: int = ETHTOOL_GDRVINFO) -> None:
        super().__init__(cmd=cmd, driver="", version="", fw_version="", bus_info="", erom_version="")


class ethtool_regs(_Struct):
    """ETHTOOL_GREGS. ``len``: bytes of room, then bytes in ``data``; ``version`` is the driver's."""

    __slots__ = ("cmd", "data", "len", "version")


class ethtool_wolinfo(_Struct):
    __slots__ = ("cmd", "sopass", "supported", "wolopts")


class ethtool_pauseparam(_Struct):
    __slots__ = ("autoneg", "cmd", "rx_pause", "tx_pause")


class ethtool_ringparam(_Struct):
    """Ring sizes in descriptors, as they are and at most."""

    __slots__ = (
        "cmd", "rx_jumbo_max_pending", "rx_jumbo_pending", "rx_max_pending", "rx_mini_max_pending", "rx_mini_pending",
        "rx_pending", "tx_max_pending", "tx_pending",
    )


class kernel_ethtool_ringparam(_Struct):
    """What netlink knows of rings beyond ethtool_ringparam."""

    __slots__ = ("cqe_size", "rx_buf_len", "rx_push", "tcp_data_split", "tx_push", "tx_push_buf_len",
                 "tx_push_buf_max_len")  # fmt: skip


class ethtool_channels(_Struct):
    """Queues of each kind, as they are and at most."""

    __slots__ = (
        "cmd", "combined_count", "max_combined", "max_other", "max_rx", "max_tx", "other_count", "rx_count", "tx_count",
    )


COALESCE_FIELDS = (
    "rx_coalesce_usecs", "rx_max_coalesced_frames", "rx_coalesce_usecs_irq", "rx_max_coalesced_frames_irq",
    "tx_coalesce_usecs", "tx_max_coalesced_frames", "tx_coalesce_usecs_irq", "tx_max_coalesced_frames_irq",
    "stats_block_coalesce_usecs", "use_adaptive_rx_coalesce", "use_adaptive_tx_coalesce", "pkt_rate_low",
    "rx_coalesce_usecs_low", "rx_max_coalesced_frames_low", "tx_coalesce_usecs_low", "tx_max_coalesced_frames_low",
    "pkt_rate_high", "rx_coalesce_usecs_high", "rx_max_coalesced_frames_high", "tx_coalesce_usecs_high",
    "tx_max_coalesced_frames_high", "rate_sample_interval",
)  # fmt: skip
"""In the order of the C struct, which is that of ETHTOOL_COALESCE_*. µs, frames, packets/s, s."""


class ethtool_coalesce(_Struct):
    """When the device interrupts: see COALESCE_FIELDS."""

    __slots__ = ("cmd", *COALESCE_FIELDS)


class kernel_ethtool_coalesce(_Struct):
    __slots__ = ("tx_aggr_max_bytes", "tx_aggr_max_frames", "tx_aggr_time_usecs", "use_cqe_mode_rx", "use_cqe_mode_tx")


class ethtool_test(_Struct):
    """ETHTOOL_TEST. ``flags``: ETH_TEST_FL_*; ``data``: a result for each test."""

    __slots__ = ("cmd", "data", "flags", "len", "reserved")


class ethtool_gstrings(_Struct):
    """ETHTOOL_GSTRINGS: the strings of set ETH_SS_*, in ``data``."""

    __slots__ = ("cmd", "data", "len", "string_set")


class ethtool_sset_info(_Struct):
    """ETHTOOL_GSSET_INFO: for each bit of ``sset_mask`` that stays set, the size of that set in ``data``."""

    __slots__ = ("cmd", "data", "sset_mask")


class ethtool_stats(_Struct):
    """ETHTOOL_GSTATS: the driver's counters, in the order of their ETH_SS_STATS strings."""

    __slots__ = ("cmd", "data", "n_stats")


class ethtool_perm_addr(_Struct):
    """``size``: bytes of room, then of the address."""

    __slots__ = ("cmd", "data", "size")


class ethtool_rx_flow_spec(_Struct):
    """A rule of the receive filter. ``ring_cookie``: the queue, RX_CLS_FLOW_DISC or _WAKE."""

    __slots__ = ("flow_type", "h_ext", "h_u", "location", "m_ext", "m_u", "ring_cookie")


class ethtool_rxnfc(_Struct):
    """Receive flow classification. ``data``: the number of rings for GRXRINGS, RXH_* for GRXFH and SRXFH."""

    __slots__ = ("cmd", "data", "flow_type", "fs", "rss_context", "rule_cnt", "rule_locs")

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"fs": ethtool_rx_flow_spec(), **values})


class ethtool_rxfh_indir(_Struct):
    """The table of the default RSS context: ``ring_index`` has ``size`` entries; 0 asks for the size, or resets."""

    __slots__ = ("cmd", "ring_index", "size")


class ethtool_rxfh(_Struct):
    """RSS. ``indir`` (entries) and ``key`` (bytes) are C's ``rss_config``, one behind the other there. ``indir_size``
    ETH_RXFH_INDIR_NO_CHANGE leaves the table, 0 resets it, or deletes a context that is not the default one.
    """

    __slots__ = (
        "cmd", "hfunc", "indir", "indir_size", "input_xfrm", "key", "key_size", "rss_context", "rsvd32", "rsvd8",
    )


class ethtool_rxfh_param(_Struct):
    """What get_rxfh fills in and set_rxfh obeys. ``indir`` and ``key`` are None where they are not asked for."""

    __slots__ = (
        "hfunc", "indir", "indir_size", "input_xfrm", "key", "key_size", "rss_context", "rss_delete",
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"indir": None, "key": None, "rss_delete": False, **values})


class ethtool_get_features_block(_Struct):
    __slots__ = ("active", "available", "never_changed", "requested")


class ethtool_gfeatures(_Struct):
    """ETHTOOL_GFEATURES: ``features`` gets up to ``size`` blocks of 32 features."""

    __slots__ = ("cmd", "features", "size")


class ethtool_set_features_block(_Struct):
    __slots__ = ("requested", "valid")


class ethtool_sfeatures(_Struct):
    __slots__ = ("cmd", "features", "size")


class ethtool_link_settings(_Struct):
    """``speed`` in Mb/s."""

    __slots__ = (
        "autoneg", "cmd", "duplex", "eth_tp_mdix", "eth_tp_mdix_ctrl", "link_mode_masks_nwords", "master_slave_cfg",
        "master_slave_state", "mdio_support", "phy_address", "port", "rate_matching", "speed", "transceiver",
    )


class ethtool_link_ksettings(_Struct):
    """``base``, and bitmaps of ETHTOOL_LINK_MODE_*_BIT as ints (``link_modes`` in C)."""

    __slots__ = ("advertising", "base", "lanes", "lp_advertising", "supported")

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"base": ethtool_link_settings(), **values})


def ethtool_link_ksettings_add_link_mode(ks: ethtool_link_ksettings, name: str, mode: int) -> None:
    """Set bit ``mode`` of ``supported``, ``advertising`` or ``lp_advertising``. C's macro pastes the names."""
    setattr(ks, name, getattr(ks, name) | 1 << mode)


def ethtool_link_ksettings_test_link_mode(ks: ethtool_link_ksettings, name: str, mode: int) -> bool:
    return bool(getattr(ks, name) >> mode & 1)
