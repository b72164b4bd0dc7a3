# SPDX-License-Identifier: Apache-2.0
"""The ethtool ioctl: dev_ethtool(), and what the core checks before a driver is reached.

Each command is a function under the kernel's name; it takes the device and the command's struct, which has the answer
on return. Source: net/ethtool/ioctl.c, v6.12. Simplified: the caller may do everything; no legacy GSET and SSET,
tunables, EEPROMs, FEC, EEE, dumps, PHYs, module flashing, blinking; no netlink notifications.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.linux.bug import BUG, WARN, broken_rule
from pymodel.linux.dev_features import netdev_features_change
from pymodel.linux.errno import EINVAL, ENODEV, EOPNOTSUPP, ETOOSMALL
from pymodel.linux.ethtool import ethtool_string_set, ops_of, state_of
from pymodel.linux.ethtool_features import (
    ONE_FEATURE,
    ethtool_get_features,
    ethtool_get_flags,
    ethtool_get_one_feature,
    ethtool_set_features,
    ethtool_set_flags,
    ethtool_set_one_feature,
)
from pymodel.linux.ethtool_rss import (
    ethtool_get_channels,
    ethtool_get_rxfh,
    ethtool_get_rxfh_indir,
    ethtool_get_rxnfc,
    ethtool_set_channels,
    ethtool_set_rxfh,
    ethtool_set_rxfh_indir,
    ethtool_set_rxnfc,
)
from pymodel.linux.ethtool_uapi import (
    COALESCE_FIELDS,
    ETH_SS_FEATURES,
    ETH_SS_PRIV_FLAGS,
    ETH_SS_RSS_HASH_FUNCS,
    ETH_SS_STATS,
    ETH_SS_TEST,
    ETHTOOL_GCHANNELS,
    ETHTOOL_GCOALESCE,
    ETHTOOL_GDRVINFO,
    ETHTOOL_GFEATURES,
    ETHTOOL_GFLAGS,
    ETHTOOL_GLINK,
    ETHTOOL_GLINKSETTINGS,
    ETHTOOL_GMSGLVL,
    ETHTOOL_GPAUSEPARAM,
    ETHTOOL_GPERMADDR,
    ETHTOOL_GPFLAGS,
    ETHTOOL_GREGS,
    ETHTOOL_GRINGPARAM,
    ETHTOOL_GRSSH,
    ETHTOOL_GRXCLSRLALL,
    ETHTOOL_GRXCLSRLCNT,
    ETHTOOL_GRXCLSRULE,
    ETHTOOL_GRXFH,
    ETHTOOL_GRXFHINDIR,
    ETHTOOL_GRXRINGS,
    ETHTOOL_GSSET_INFO,
    ETHTOOL_GSTATS,
    ETHTOOL_GSTRINGS,
    ETHTOOL_GWOL,
    ETHTOOL_LINK_MODE_MASK_NU32,
    ETHTOOL_NWAY_RST,
    ETHTOOL_RESET,
    ETHTOOL_SCHANNELS,
    ETHTOOL_SCOALESCE,
    ETHTOOL_SFEATURES,
    ETHTOOL_SFLAGS,
    ETHTOOL_SLINKSETTINGS,
    ETHTOOL_SMSGLVL,
    ETHTOOL_SPAUSEPARAM,
    ETHTOOL_SPFLAGS,
    ETHTOOL_SRINGPARAM,
    ETHTOOL_SRSSH,
    ETHTOOL_SRXCLSRLDEL,
    ETHTOOL_SRXCLSRLINS,
    ETHTOOL_SRXFH,
    ETHTOOL_SRXFHINDIR,
    ETHTOOL_SWOL,
    ETHTOOL_TEST,
    ethtool_coalesce,
    ethtool_drvinfo,
    ethtool_gstrings,
    ethtool_link_ksettings,
    ethtool_pauseparam,
    ethtool_perm_addr,
    ethtool_regs,
    ethtool_ringparam,
    ethtool_sset_info,
    ethtool_stats,
    ethtool_test,
    ethtool_value,
    ethtool_wolinfo,
    kernel_ethtool_coalesce,
    kernel_ethtool_ringparam,
)
from pymodel.linux.link_watch import netif_testing_off, netif_testing_on
from pymodel.linux.netdev_features import NETDEV_FEATURE_COUNT, netdev_features_strings
from pymodel.linux.netdevice import net_device, netif_device_present, netif_running, with_rtnl

__all__ = [
    "__ethtool_get_link_ksettings", "dev_ethtool", "ethtool_get_coalesce", "ethtool_get_drvinfo", "ethtool_get_link",
    "ethtool_get_link_ksettings", "ethtool_get_pauseparam", "ethtool_get_perm_addr", "ethtool_get_regs",
    "ethtool_get_ringparam", "ethtool_get_sset_info", "ethtool_get_stats", "ethtool_get_strings", "ethtool_get_wol",
    "ethtool_nway_reset", "ethtool_reset", "ethtool_self_test", "ethtool_set_coalesce", "ethtool_set_link_ksettings",
    "ethtool_set_pauseparam", "ethtool_set_ringparam", "ethtool_set_wol",
]

UTS_RELEASE = "6.12.0"
_RSS_HASH_FUNCS = ["toeplitz", "xor", "crc32"]


# -- identity, registers, link -------------------------------------------------------------------------------
def ethtool_get_drvinfo(dev: net_device, info: ethtool_drvinfo) -> int:
    """ETHTOOL_GDRVINFO. What the driver leaves out comes from its bus device. -EOPNOTSUPP without both."""
    ops, parent = ops_of(dev), dev.dev.parent
    driver = getattr(getattr(parent, "bus_dev", None), "driver", None)
    info.version = UTS_RELEASE
    if ops.get_drvinfo is not None:
        ops.get_drvinfo(dev, info)
    elif driver is None:
        return -EOPNOTSUPP
    if not info.bus_info and parent is not None:
        info.bus_info = parent.name
    if not info.driver and driver is not None:
        info.driver = driver.name
    if ops.get_sset_count is not None:
        sets = {"testinfo_len": ETH_SS_TEST, "n_stats": ETH_SS_STATS, "n_priv_flags": ETH_SS_PRIV_FLAGS}
        for field, sset in sets.items():
            count = ops.get_sset_count(dev, sset)
            if count >= 0:
                setattr(info, field, count)
    if ops.get_regs_len is not None:
        info.regdump_len = max(0, ops.get_regs_len(dev))
    if ops.get_eeprom_len is not None:
        info.eedump_len = ops.get_eeprom_len(dev)
    return 0


def ethtool_get_regs(dev: net_device, regs: ethtool_regs) -> int:
    """ETHTOOL_GREGS. The driver fills a buffer of get_regs_len() bytes (a memoryview; ``cast("I")`` for words);
    ``data`` has as much of it as ``len`` allows.
    """
    ops = ops_of(dev)
    if ops.get_regs is None or ops.get_regs_len is None:
        return -EOPNOTSUPP
    length = ops.get_regs_len(dev)
    if length <= 0:
        return int(length)
    regs.len = min(regs.len, length)
    buffer = bytearray(length)
    ops.get_regs(dev, regs, memoryview(buffer))
    regs.data = bytes(buffer[: min(regs.len, length)])
    return 0


def ethtool_get_link(dev: net_device, value: ethtool_value) -> int:
    """ETHTOOL_GLINK: 1 for a device that is up and has a link."""
    ops = ops_of(dev)
    if ops.get_link is None:
        return -EOPNOTSUPP
    value.data = int(netif_running(dev) and bool(ops.get_link(dev)))
    return 0


def __ethtool_get_link_ksettings(dev: net_device, ks: ethtool_link_ksettings) -> int:
    """For others in the kernel: speed, duplex and so on. 0 or a negative errno. Under rtnl."""
    ops = ops_of(dev)
    if ops.get_link_ksettings is None:
        return -EOPNOTSUPP
    ks.__init__()  # type: ignore[misc]
    return int(ops.get_link_ksettings(dev, ks) or 0)


def ethtool_get_link_ksettings(dev: net_device, ks: ethtool_link_ksettings) -> int:
    """ETHTOOL_GLINKSETTINGS. Asked with another number of words for the bitmaps, it answers with that number negated
    and nothing else.
    """
    if ops_of(dev).get_link_ksettings is None:
        return -EOPNOTSUPP
    words = ks.base.link_mode_masks_nwords
    if words != ETHTOOL_LINK_MODE_MASK_NU32:
        ks.__init__()  # type: ignore[misc]
        ks.base.cmd, ks.base.link_mode_masks_nwords = ETHTOOL_GLINKSETTINGS, -ETHTOOL_LINK_MODE_MASK_NU32
        return 0
    err = __ethtool_get_link_ksettings(dev, ks)
    if not err:
        ks.base.cmd, ks.base.link_mode_masks_nwords = ETHTOOL_GLINKSETTINGS, words
    return err


def ethtool_set_link_ksettings(dev: net_device, ks: ethtool_link_ksettings) -> int:
    """ETHTOOL_SLINKSETTINGS. -EINVAL for the wrong number of words, and for what only netlink can set."""
    ops = ops_of(dev)
    if ops.set_link_ksettings is None:
        return -EOPNOTSUPP
    if ks.base.link_mode_masks_nwords != ETHTOOL_LINK_MODE_MASK_NU32:
        return -EINVAL
    if ks.base.master_slave_cfg or ks.base.master_slave_state:
        return -EINVAL
    return int(ops.set_link_ksettings(dev, ks) or 0)


def ethtool_nway_reset(dev: net_device, cmd: Any = None) -> int:
    """ETHTOOL_NWAY_RST: negotiate anew."""
    ops = ops_of(dev)
    return -EOPNOTSUPP if ops.nway_reset is None else int(ops.nway_reset(dev) or 0)


def ethtool_reset(dev: net_device, value: ethtool_value) -> int:
    """ETHTOOL_RESET: ``data`` says which parts, and on return which were not reset. ``reset(dev, flags)`` returns
    (0 or a negative errno, the flags that are left).
    """
    ops = ops_of(dev)
    if ops.reset is None:
        return -EOPNOTSUPP
    err, value.data = ops.reset(dev, value.data)
    return int(err)


def ethtool_get_wol(dev: net_device, wol: ethtool_wolinfo) -> int:
    ops = ops_of(dev)
    if ops.get_wol is None:
        return -EOPNOTSUPP
    ops.get_wol(dev, wol)
    return 0


def ethtool_set_wol(dev: net_device, wol: ethtool_wolinfo) -> int:
    """ETHTOOL_SWOL. -EINVAL for what the driver does not support; what is so already does not reach it."""
    ops = ops_of(dev)
    if ops.get_wol is None or ops.set_wol is None:
        return -EOPNOTSUPP
    now = ethtool_wolinfo(cmd=ETHTOOL_GWOL)
    ops.get_wol(dev, now)
    if wol.wolopts & ~now.supported:
        return -EINVAL
    if wol.wolopts == now.wolopts and wol.sopass == now.sopass:
        return 0
    err = int(ops.set_wol(dev, wol) or 0)
    if not err:
        state_of(dev).wol_enabled = bool(wol.wolopts)
    return err


def ethtool_get_perm_addr(dev: net_device, addr: ethtool_perm_addr) -> int:
    """ETHTOOL_GPERMADDR: the address that the device came with. -ETOOSMALL."""
    if addr.size < dev.addr_len:
        return -ETOOSMALL
    addr.size = dev.addr_len
    addr.data = dev.perm_addr[: dev.addr_len]
    return 0


# -- rings, coalescing, pause --------------------------------------------------------------------------------
def ethtool_get_ringparam(dev: net_device, ring: ethtool_ringparam) -> int:
    """ETHTOOL_GRINGPARAM. A driver that reports more than its maximum breaks ETH1."""
    ops = ops_of(dev)
    if ops.get_ringparam is None:
        return -EOPNOTSUPP
    ops.get_ringparam(dev, ring, kernel_ethtool_ringparam(), None)
    for kind in ("rx", "rx_mini", "rx_jumbo", "tx"):
        if getattr(ring, f"{kind}_pending") > getattr(ring, f"{kind}_max_pending"):
            broken_rule("ETH1", f"{dev}: get_ringparam reports more than its maximum: {ring}", "get_ringparam")
    return 0


def ethtool_set_ringparam(dev: net_device, ring: ethtool_ringparam) -> int:
    """ETHTOOL_SRINGPARAM: 0 or a negative errno, -EINVAL for more than the driver's maxima (ETH1)."""
    ops = ops_of(dev)
    if ops.set_ringparam is None or ops.get_ringparam is None:
        return -EOPNOTSUPP
    most, kernel_ring = ethtool_ringparam(cmd=ETHTOOL_GRINGPARAM), kernel_ethtool_ringparam()
    ops.get_ringparam(dev, most, kernel_ring, None)
    if (
        ring.rx_pending > most.rx_max_pending
        or ring.rx_mini_pending > most.rx_mini_max_pending
        or ring.rx_jumbo_pending > most.rx_jumbo_max_pending
        or ring.tx_pending > most.tx_max_pending
    ):
        return -EINVAL
    return int(ops.set_ringparam(dev, ring, kernel_ring, None) or 0)


def ethtool_get_coalesce(dev: net_device, coalesce: ethtool_coalesce) -> int:
    """ETHTOOL_GCOALESCE."""
    ops = ops_of(dev)
    if ops.get_coalesce is None:
        return -EOPNOTSUPP
    return int(ops.get_coalesce(dev, coalesce, kernel_ethtool_coalesce(), None) or 0)


def ethtool_set_coalesce(dev: net_device, coalesce: ethtool_coalesce) -> int:
    """ETHTOOL_SCOALESCE: 0 or a negative errno; -EOPNOTSUPP for a parameter that is not 0 and not in the driver's
    ``supported_coalesce_params`` (ETH1).
    """
    ops = ops_of(dev)
    if ops.set_coalesce is None or ops.get_coalesce is None:
        return -EOPNOTSUPP
    kernel_coalesce = kernel_ethtool_coalesce()
    err = ops.get_coalesce(dev, ethtool_coalesce(), kernel_coalesce, None)
    if err:
        return int(err)
    for bit, name in enumerate(COALESCE_FIELDS):
        if getattr(coalesce, name) and not ops.supported_coalesce_params >> bit & 1:
            return -EOPNOTSUPP
    return int(ops.set_coalesce(dev, coalesce, kernel_coalesce, None) or 0)


def ethtool_get_pauseparam(dev: net_device, pause: ethtool_pauseparam) -> int:
    ops = ops_of(dev)
    if ops.get_pauseparam is None:
        return -EOPNOTSUPP
    ops.get_pauseparam(dev, pause)
    return 0


def ethtool_set_pauseparam(dev: net_device, pause: ethtool_pauseparam) -> int:
    ops = ops_of(dev)
    return -EOPNOTSUPP if ops.set_pauseparam is None else int(ops.set_pauseparam(dev, pause) or 0)


# -- strings, statistics, self-test --------------------------------------------------------------------------
def _sset_count(dev: net_device, sset: int) -> int:
    ops = ops_of(dev)
    if sset == ETH_SS_FEATURES:
        return NETDEV_FEATURE_COUNT
    if sset == ETH_SS_RSS_HASH_FUNCS:
        return len(_RSS_HASH_FUNCS)
    if ops.get_sset_count is not None and ops.get_strings is not None:
        return int(ops.get_sset_count(dev, sset))
    return -EOPNOTSUPP


def ethtool_get_sset_info(dev: net_device, info: ethtool_sset_info) -> int:
    """ETHTOOL_GSSET_INFO: the sizes of the sets asked for in ``sset_mask``; a set that is not there loses its bit."""
    asked, info.sset_mask, info.data = info.sset_mask, 0, []
    for sset in range(64):
        if asked >> sset & 1:
            count = _sset_count(dev, sset)
            if count >= 0:
                info.sset_mask |= 1 << sset
                info.data.append(count)
    return 0


def ethtool_get_strings(dev: net_device, strings: ethtool_gstrings) -> int:
    """ETHTOOL_GSTRINGS: set ``string_set`` (ETH_SS_*), in ``data``."""
    count = _sset_count(dev, strings.string_set)
    if count < 0:
        return count
    if not count:
        WARN(f"{dev}: string set {strings.string_set} is empty")
    strings.len = count
    if strings.string_set == ETH_SS_FEATURES:
        strings.data = list(netdev_features_strings)
    elif strings.string_set == ETH_SS_RSS_HASH_FUNCS:
        strings.data = list(_RSS_HASH_FUNCS)
    else:
        data = ethtool_string_set(count)
        if count:
            ops_of(dev).get_strings(dev, strings.string_set, data)
        strings.data = _fits(dev, "get_strings", data, count)
    return 0


def _fits(dev: net_device, op: str, data: list[Any], count: int) -> list[Any]:
    if len(data) != count:
        BUG(f"{dev}: {op} filled in {len(data)} entries, get_sset_count said {count}")
    return list(data)


def ethtool_get_stats(dev: net_device, stats: ethtool_stats) -> int:
    """ETHTOOL_GSTATS: the counters, in ``data``."""
    ops = ops_of(dev)
    if ops.get_ethtool_stats is None or ops.get_sset_count is None:
        return -EOPNOTSUPP
    count = ops.get_sset_count(dev, ETH_SS_STATS)
    if count < 0:
        return int(count)
    if not count:
        WARN(f"{dev}: get_ethtool_stats without statistics")
    stats.n_stats = count
    data = [0] * count
    if count:
        ops.get_ethtool_stats(dev, stats, data)
    stats.data = _fits(dev, "get_ethtool_stats", data, count)
    return 0


def ethtool_self_test(dev: net_device, test: ethtool_test) -> int:
    """ETHTOOL_TEST: a result for each test in ``data``, ETH_TEST_FL_FAILED in ``flags``. The device is in testing state
    meanwhile.
    """
    ops = ops_of(dev)
    if ops.self_test is None or ops.get_sset_count is None:
        return -EOPNOTSUPP
    count = ops.get_sset_count(dev, ETH_SS_TEST)
    if count < 0:
        return int(count)
    if not count:
        WARN(f"{dev}: self_test without tests")
    test.len = count
    data = [0] * count
    netif_testing_on(dev)
    ops.self_test(dev, test, data)
    netif_testing_off(dev)
    test.data = _fits(dev, "self_test", data, count)
    return 0


# -- plain values -------------------------------------------------------------------------------------------
def _getter(op: str) -> Callable[[net_device, Any], int]:
    def get(dev: net_device, value: ethtool_value) -> int:
        actor = getattr(ops_of(dev), op)
        if actor is None:
            return -EOPNOTSUPP
        value.data = actor(dev)
        return 0

    return get


def _setter(op: str) -> Callable[[net_device, Any], int]:
    def set_value(dev: net_device, value: ethtool_value) -> int:
        actor = getattr(ops_of(dev), op)
        return -EOPNOTSUPP if actor is None else int(actor(dev, value.data) or 0)

    return set_value


# -- the ioctl -----------------------------------------------------------------------------------------------
_COMMANDS: dict[int, Callable[[net_device, Any], int]] = {
    ETHTOOL_GDRVINFO: ethtool_get_drvinfo,
    ETHTOOL_GREGS: ethtool_get_regs,
    ETHTOOL_GWOL: ethtool_get_wol,
    ETHTOOL_SWOL: ethtool_set_wol,
    ETHTOOL_GMSGLVL: _getter("get_msglevel"),
    ETHTOOL_SMSGLVL: _setter("set_msglevel"),
    ETHTOOL_NWAY_RST: ethtool_nway_reset,
    ETHTOOL_GLINK: ethtool_get_link,
    ETHTOOL_GCOALESCE: ethtool_get_coalesce,
    ETHTOOL_SCOALESCE: ethtool_set_coalesce,
    ETHTOOL_GRINGPARAM: ethtool_get_ringparam,
    ETHTOOL_SRINGPARAM: ethtool_set_ringparam,
    ETHTOOL_GPAUSEPARAM: ethtool_get_pauseparam,
    ETHTOOL_SPAUSEPARAM: ethtool_set_pauseparam,
    ETHTOOL_TEST: ethtool_self_test,
    ETHTOOL_GSTRINGS: ethtool_get_strings,
    ETHTOOL_GSSET_INFO: ethtool_get_sset_info,
    ETHTOOL_GSTATS: ethtool_get_stats,
    ETHTOOL_GPERMADDR: ethtool_get_perm_addr,
    ETHTOOL_GFLAGS: ethtool_get_flags,
    ETHTOOL_SFLAGS: ethtool_set_flags,
    ETHTOOL_GPFLAGS: _getter("get_priv_flags"),
    ETHTOOL_SPFLAGS: _setter("set_priv_flags"),
    ETHTOOL_RESET: ethtool_reset,
    ETHTOOL_GRXFHINDIR: ethtool_get_rxfh_indir,
    ETHTOOL_SRXFHINDIR: ethtool_set_rxfh_indir,
    ETHTOOL_GRSSH: ethtool_get_rxfh,
    ETHTOOL_SRSSH: ethtool_set_rxfh,
    ETHTOOL_GFEATURES: ethtool_get_features,
    ETHTOOL_SFEATURES: ethtool_set_features,
    ETHTOOL_GCHANNELS: ethtool_get_channels,
    ETHTOOL_SCHANNELS: ethtool_set_channels,
    ETHTOOL_GLINKSETTINGS: ethtool_get_link_ksettings,
    ETHTOOL_SLINKSETTINGS: ethtool_set_link_ksettings,
    **dict.fromkeys(
        (ETHTOOL_GRXFH, ETHTOOL_GRXRINGS, ETHTOOL_GRXCLSRLCNT, ETHTOOL_GRXCLSRULE, ETHTOOL_GRXCLSRLALL),
        ethtool_get_rxnfc,
    ),
    **dict.fromkeys((ETHTOOL_SRXFH, ETHTOOL_SRXCLSRLDEL, ETHTOOL_SRXCLSRLINS), ethtool_set_rxnfc),
    **dict.fromkeys(ONE_FEATURE, ethtool_get_one_feature),
    **dict.fromkeys([get + 1 for get in ONE_FEATURE], ethtool_set_one_feature),
}


def dev_ethtool(dev: net_device, useraddr: Any) -> int:
    """ioctl(SIOCETHTOOL): do what the struct ``useraddr`` says in its ``cmd`` (of ``base``, for link settings), under
    rtnl; the struct has the answer. 0 (ETHTOOL_F_* for SFEATURES) or a negative errno: -ENODEV for a device that is not
    present, -EOPNOTSUPP for what the driver or the model lacks. C takes the device's name in an ifreq.
    """
    return int(with_rtnl(_dev_ethtool, dev, useraddr))


def _dev_ethtool(dev: net_device, useraddr: Any) -> int:
    if not netif_device_present(dev):
        return -ENODEV
    ops = ops_of(dev)
    if ops.begin is not None:
        err = int(ops.begin(dev) or 0)
        if err < 0:
            return err
    old_features = dev.features
    cmd = useraddr.base.cmd if isinstance(useraddr, ethtool_link_ksettings) else useraddr.cmd
    command = _COMMANDS.get(cmd)
    rc = command(dev, useraddr) if command is not None else -EOPNOTSUPP
    if ops.complete is not None:
        ops.complete(dev)
    if dev.features != old_features:
        netdev_features_change(dev)
    return rc
