# SPDX-License-Identifier: Apache-2.0
"""ethtool's commands for receive queues: the indirection table, the hash key, RSS contexts, flow classification, and
the numbers of channels, which must not fall below what those use.

Source: net/ethtool/ioctl.c ethtool_set_rxfh() and its neighbours, net/ethtool/common.c ethtool_check_max_channel(),
v6.12. Simplified: no AF_XDP sockets hold queues.
"""

from __future__ import annotations

from pymodel.linux.bug import WARN, broken_rule, netdev_err
from pymodel.linux.errno import EBUSY, EFAULT, EINVAL, ENOENT, EOPNOTSUPP
from pymodel.linux.ethtool import (
    ethtool_rxfh_context,
    ethtool_rxfh_indir_default,
    netif_is_rxfh_configured,
    ops_of,
    state_of,
)
from pymodel.linux.ethtool_uapi import (
    ETH_RSS_HASH_NO_CHANGE,
    ETH_RXFH_CONTEXT_ALLOC,
    ETH_RXFH_INDIR_NO_CHANGE,
    ETHTOOL_GCHANNELS,
    ETHTOOL_GRXCLSRLALL,
    ETHTOOL_GRXCLSRLCNT,
    ETHTOOL_GRXCLSRULE,
    ETHTOOL_GRXRINGS,
    ETHTOOL_SRXCLSRLINS,
    ETHTOOL_SRXFH,
    FLOW_RSS,
    RX_CLS_FLOW_DISC,
    RX_CLS_FLOW_WAKE,
    RXH_IP_DST,
    RXH_IP_SRC,
    RXH_L4_B_0_1,
    RXH_L4_B_2_3,
    RXH_XFRM_NO_CHANGE,
    RXH_XFRM_SYM_XOR,
    ethtool_channels,
    ethtool_rx_flow_spec,
    ethtool_rxfh,
    ethtool_rxfh_indir,
    ethtool_rxfh_param,
    ethtool_rxnfc,
)
from pymodel.linux.netdevice import IFF_RXFH_CONFIGURED, net_device
from pymodel.linux.sched import mutex_lock, mutex_unlock

__all__ = [
    "ethtool_check_max_channel", "ethtool_get_channels", "ethtool_get_rxfh", "ethtool_get_rxfh_indir",
    "ethtool_get_rxnfc", "ethtool_rxfh_context_lost", "ethtool_set_channels", "ethtool_set_rxfh",
    "ethtool_set_rxfh_indir", "ethtool_set_rxnfc",
]

_U32 = 0xFFFFFFFF
_SYMMETRIC = RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3


# -- flow classification -------------------------------------------------------------------------------------
def _ring(cookie: int) -> int:
    return cookie & _U32


def _ring_vf(cookie: int) -> int:
    return cookie >> 32 & 0xFF


def ethtool_get_rxnfc(dev: net_device, info: ethtool_rxnfc) -> int:
    """ETHTOOL_GRXFH, GRXRINGS, GRXCLSRLCNT, GRXCLSRULE, GRXCLSRLALL."""
    ops = ops_of(dev)
    if ops.get_rxnfc is None:
        return -EOPNOTSUPP
    rules: list[int] | None = None
    if info.cmd == ETHTOOL_GRXCLSRLALL and info.rule_cnt > 0:
        rules = [0] * info.rule_cnt
    ret = ops.get_rxnfc(dev, info, rules) or 0
    if ret >= 0 and rules is not None:
        info.rule_locs = rules
    return int(ret)


def ethtool_set_rxnfc(dev: net_device, info: ethtool_rxnfc) -> int:
    """ETHTOOL_SRXFH, SRXCLSRLINS, SRXCLSRLDEL. -EINVAL for a queue beside an RSS context where the device does not add
    them, and for fields that a symmetric hash cannot take.
    """
    ops = ops_of(dev)
    if ops.set_rxnfc is None:
        return -EOPNOTSUPP
    if (
        info.cmd == ETHTOOL_SRXCLSRLINS
        and info.fs.flow_type & FLOW_RSS
        and not ops.cap_rss_rxnfc_adds
        and _ring(info.fs.ring_cookie)
    ):
        return -EINVAL
    if info.cmd == ETHTOOL_SRXFH and ops.get_rxfh is not None:
        rxfh = ethtool_rxfh_param()
        err = ops.get_rxfh(dev, rxfh)
        if err:
            return int(err)
        data = info.data
        if rxfh.input_xfrm & RXH_XFRM_SYM_XOR and (
            data & ~_SYMMETRIC
            or bool(data & RXH_IP_SRC) != bool(data & RXH_IP_DST)
            or bool(data & RXH_L4_B_0_1) != bool(data & RXH_L4_B_2_3)
        ):
            return -EINVAL
    return int(ops.set_rxnfc(dev, info) or 0)


def _rx_rings(dev: net_device) -> tuple[int, int]:
    """(error, number of rings), by ETHTOOL_GRXRINGS."""
    rings = ethtool_rxnfc(cmd=ETHTOOL_GRXRINGS)
    err = ops_of(dev).get_rxnfc(dev, rings, None) or 0
    return int(err), rings.data


def _user_table(table: list[int], size: int, rings: int) -> int:
    """0, -EFAULT for a table that is shorter than it says, -EINVAL for an entry that names no queue (RSS3)."""
    if not isinstance(table, (list, tuple)) or len(table) < size:
        return -EFAULT
    return -EINVAL if any(not 0 <= entry < rings for entry in table[:size]) else 0


def _check_table(dev: net_device, indir: list[int] | None) -> None:
    """RSS3, of what the driver reports: every entry names a queue that is in use."""
    for at, entry in enumerate(indir or ()):
        if not 0 <= entry < dev.real_num_rx_queues:
            broken_rule(
                "RSS3",
                f"{dev}: get_rxfh: entry {at} names queue {entry}; {dev.real_num_rx_queues} are in use",
                getattr(ops_of(dev).get_rxfh, "__name__", "get_rxfh"),
            )


# -- the table alone -----------------------------------------------------------------------------------------
def ethtool_get_rxfh_indir(dev: net_device, indir: ethtool_rxfh_indir) -> int:
    """ETHTOOL_GRXFHINDIR. ``size`` 0 asks for the size; -EINVAL where the table does not fit into ``size``."""
    ops = ops_of(dev)
    if ops.get_rxfh_indir_size is None or ops.get_rxfh is None:
        return -EOPNOTSUPP
    rxfh = ethtool_rxfh_param(indir_size=ops.get_rxfh_indir_size(dev))
    if not rxfh.indir_size:
        return -EOPNOTSUPP
    room, indir.size = indir.size, rxfh.indir_size
    if room < rxfh.indir_size:
        return 0 if not room else -EINVAL
    rxfh.indir = [0] * rxfh.indir_size
    err = int(ops.get_rxfh(dev, rxfh) or 0)
    if not err:
        _check_table(dev, rxfh.indir)
        indir.ring_index = rxfh.indir
    return err


def ethtool_set_rxfh_indir(dev: net_device, indir: ethtool_rxfh_indir) -> int:
    """ETHTOOL_SRXFHINDIR. ``size`` 0 resets the table. An entry that names no queue is refused and changes nothing
    (RSS3).
    """
    ops = ops_of(dev)
    if ops.get_rxfh_indir_size is None or ops.set_rxfh is None or ops.get_rxnfc is None:
        return -EOPNOTSUPP
    size = ops.get_rxfh_indir_size(dev)
    if not size:
        return -EOPNOTSUPP
    if indir.size not in (0, size):
        return -EINVAL
    err, rings = _rx_rings(dev)
    if err:
        return err
    rxfh = ethtool_rxfh_param(indir_size=size, hfunc=ETH_RSS_HASH_NO_CHANGE)
    if not indir.size:
        rxfh.indir = [ethtool_rxfh_indir_default(i, rings) for i in range(size)]
    else:
        err = _user_table(indir.ring_index, size, rings)
        if err:
            return err
        rxfh.indir = list(indir.ring_index[:size])
    err = int(ops.set_rxfh(dev, rxfh, None) or 0)
    if not err:
        _configured(dev, bool(indir.size))
    return err


def _configured(dev: net_device, by_user: bool) -> None:
    dev.priv_flags = dev.priv_flags | IFF_RXFH_CONFIGURED if by_user else dev.priv_flags & ~IFF_RXFH_CONFIGURED


# -- table, key, hash function, contexts ---------------------------------------------------------------------
def ethtool_get_rxfh(dev: net_device, rxfh: ethtool_rxfh) -> int:
    """ETHTOOL_GRSSH. Sizes of 0 ask for the sizes only; others must be the device's."""
    ops = ops_of(dev)
    if ops.get_rxfh is None:
        return -EOPNOTSUPP
    want = ethtool_rxfh_param(
        indir_size=ops.get_rxfh_indir_size(dev) if ops.get_rxfh_indir_size is not None else 0,
        key_size=ops.get_rxfh_key_size(dev) if ops.get_rxfh_key_size is not None else 0,
    )
    if rxfh.rsvd8 or rxfh.rsvd32:
        return -EINVAL
    if rxfh.rss_context and not (ops.cap_rss_ctx_supported or ops.create_rxfh_context):
        return -EOPNOTSUPP
    indir_room, rxfh.indir_size = rxfh.indir_size, want.indir_size
    key_room, rxfh.key_size = rxfh.key_size, want.key_size
    if indir_room not in (0, want.indir_size) or key_room not in (0, want.key_size):
        return -EINVAL
    if indir_room:
        want.indir = [0] * indir_room
    if key_room:
        want.key = bytearray(key_room)
    if rxfh.rss_context:
        ctx = state_of(dev).rss_ctx.get(rxfh.rss_context)
        if ctx is None:
            return -ENOENT
        if want.indir is not None:
            want.indir = list(ctx.indir)
        if not ops.rxfh_per_ctx_key:
            want.key_size = 0
        else:
            want.key = bytearray(ctx.key) if want.key is not None else None
            want.hfunc = ctx.hfunc
        want.input_xfrm = ctx.input_xfrm
    else:
        err = ops.get_rxfh(dev, want)
        if err:
            return int(err)
    _check_table(dev, want.indir)
    rxfh.hfunc, rxfh.input_xfrm, rxfh.key_size = want.hfunc, want.input_xfrm, want.key_size
    rxfh.indir = want.indir if want.indir is not None else []
    rxfh.key = bytes(want.key) if want.key is not None else b""
    return 0


def _refused(dev: net_device, rxfh: ethtool_rxfh, indir_size: int, key_size: int) -> int:
    """What ethtool_set_rxfh() refuses before it asks the driver for its rings: 0 or a negative errno."""
    ops = ops_of(dev)
    if rxfh.rsvd8 or rxfh.rsvd32:
        return -EINVAL
    if rxfh.rss_context and not (ops.cap_rss_ctx_supported or ops.create_rxfh_context):
        return -EOPNOTSUPP
    if rxfh.input_xfrm not in (0, RXH_XFRM_SYM_XOR, RXH_XFRM_NO_CHANGE):
        return -EINVAL
    if (
        rxfh.input_xfrm != RXH_XFRM_NO_CHANGE
        and rxfh.input_xfrm & RXH_XFRM_SYM_XOR
        and not ops.cap_rss_sym_xor_supported
    ):
        return -EOPNOTSUPP
    if rxfh.indir_size not in (0, ETH_RXFH_INDIR_NO_CHANGE, indir_size) or rxfh.key_size not in (0, key_size):
        return -EINVAL
    if (
        rxfh.rss_context != ETH_RXFH_CONTEXT_ALLOC
        and rxfh.indir_size == ETH_RXFH_INDIR_NO_CHANGE
        and not rxfh.key_size
        and rxfh.hfunc == ETH_RSS_HASH_NO_CHANGE
        and rxfh.input_xfrm == RXH_XFRM_NO_CHANGE
    ):
        return -EINVAL  # it changes nothing
    if rxfh.rss_context and not ops.rxfh_per_ctx_key:
        changes_xfrm = rxfh.input_xfrm and rxfh.input_xfrm != RXH_XFRM_NO_CHANGE
        if rxfh.key_size or rxfh.hfunc != ETH_RSS_HASH_NO_CHANGE or changes_xfrm:
            return -EOPNOTSUPP  # the device has one key for all contexts
    return 0


def ethtool_set_rxfh(dev: net_device, rxfh: ethtool_rxfh) -> int:
    """ETHTOOL_SRSSH: 0 or a negative errno. ``rss_context`` ETH_RXFH_CONTEXT_ALLOC makes a context, whose number is
    there on return. An entry that names no queue is refused and changes nothing (RSS3).
    """
    ops = ops_of(dev)
    if ops.get_rxnfc is None or ops.set_rxfh is None:
        return -EOPNOTSUPP
    indir_size = ops.get_rxfh_indir_size(dev) if ops.get_rxfh_indir_size is not None else 0
    key_size = ops.get_rxfh_key_size(dev) if ops.get_rxfh_key_size is not None else 0
    err = _refused(dev, rxfh, indir_size, key_size)
    if err:
        return err
    err, rings = _rx_rings(dev)
    if err:
        return err
    change = ethtool_rxfh_param(hfunc=rxfh.hfunc, input_xfrm=rxfh.input_xfrm, rss_context=rxfh.rss_context)
    if rxfh.indir_size and rxfh.indir_size != ETH_RXFH_INDIR_NO_CHANGE:
        err = _user_table(rxfh.indir, indir_size, rings)
        if err:
            return err
        change.indir, change.indir_size = list(rxfh.indir[:indir_size]), indir_size
    elif not rxfh.indir_size and not rxfh.rss_context:
        change.indir = [ethtool_rxfh_indir_default(i, rings) for i in range(indir_size)]
        change.indir_size = indir_size
    elif not rxfh.indir_size:
        change.rss_delete = True
    if rxfh.key_size:
        if not isinstance(rxfh.key, (bytes, bytearray)) or len(rxfh.key) < key_size:
            return -EFAULT
        change.key, change.key_size = bytes(rxfh.key[:key_size]), key_size
    if not rxfh.rss_context:
        err = int(ops.set_rxfh(dev, change, None) or 0)
        if not err and rxfh.indir_size != ETH_RXFH_INDIR_NO_CHANGE:
            _configured(dev, bool(rxfh.indir_size))
        return err
    lock = state_of(dev).rss_lock
    mutex_lock(lock)
    try:
        return _set_context(dev, rxfh, change, indir_size, key_size)
    finally:
        mutex_unlock(lock)


def _set_context(
    dev: net_device, rxfh: ethtool_rxfh, change: ethtool_rxfh_param, indir_size: int, key_size: int
) -> int:
    """Make, change or delete a context that is not the default one."""
    ops, contexts = ops_of(dev), state_of(dev).rss_ctx
    create = rxfh.rss_context == ETH_RXFH_CONTEXT_ALLOC
    new_api = ops.create_rxfh_context is not None
    if create:
        if change.rss_delete:
            return -EINVAL
        ctx = ethtool_rxfh_context(indir_size, key_size)
        if new_api:
            limit = ops.rxfh_max_num_contexts or _U32
            number = next((n for n in range(1, min(limit, len(contexts) + 2)) if n not in contexts), None)
            if number is None:
                return -EBUSY
            contexts[number] = ctx
            rxfh.rss_context = change.rss_context = number
    else:
        found = contexts.get(rxfh.rss_context)
        if found is None:
            return -ENOENT
        ctx = found
    if not new_api:
        err = ops.set_rxfh(dev, change, None)
    elif create:
        err = ops.create_rxfh_context(dev, ctx, change, None)
        if not err and change.key is None and key_size and not any(ctx.key):
            WARN(f"{dev}: create_rxfh_context left the key zero")
    elif change.rss_delete:
        err = ops.remove_rxfh_context(dev, ctx, rxfh.rss_context, None)
    else:
        err = ops.modify_rxfh_context(dev, ctx, change, None)
    if err:
        if create and new_api:
            del contexts[rxfh.rss_context]
        return int(err)
    rxfh.rss_context = number = change.rss_context
    if create and not new_api:  # the driver chose the number
        if number in contexts:
            WARN(f"{dev}: set_rxfh gave a new RSS context the number {number}, which is in use")
            return 0
        contexts[number] = ctx
        change.indir = change.indir if change.indir is not None else [0] * indir_size
        change.key = bytearray(change.key or bytes(key_size))
        change.indir_size, change.key_size = indir_size, key_size
        err = ops.get_rxfh(dev, change)
        if err:
            WARN(f"{dev}: get_rxfh of the new RSS context {number}: {err}")
            del contexts[number]
            return int(err)
    if change.rss_delete:
        del contexts[number]
        return 0
    if change.indir is not None:
        ctx.indir = list(change.indir)
        ctx.indir_configured = rxfh.indir_size not in (0, ETH_RXFH_INDIR_NO_CHANGE)
    if change.key is not None:
        ctx.key = bytes(change.key)
        ctx.key_configured = bool(rxfh.key_size)
    if change.hfunc != ETH_RSS_HASH_NO_CHANGE:
        ctx.hfunc = change.hfunc
    if change.input_xfrm != RXH_XFRM_NO_CHANGE:
        ctx.input_xfrm = change.input_xfrm
    return 0


def ethtool_rxfh_context_lost(dev: net_device, context_id: int) -> None:
    """For drivers whose device lost a context in a reset."""
    netdev_err(dev, "device error, RSS context %d lost", context_id)
    state_of(dev).rss_ctx.pop(context_id, None)


def netdev_rss_contexts_free(dev: net_device) -> None:
    """At unregistration: have the driver delete what is left. Source: net/core/dev.c."""
    if dev.ethtool is None:
        return
    ops = ops_of(dev)
    for number, ctx in list(dev.ethtool.rss_ctx.items()):
        del dev.ethtool.rss_ctx[number]
        if ops.create_rxfh_context is not None:
            ops.remove_rxfh_context(dev, ctx, number, None)
        else:
            rxfh = ethtool_rxfh_param(
                indir=list(ctx.indir), key=ctx.key, hfunc=ctx.hfunc, input_xfrm=ctx.input_xfrm, rss_context=number,
                rss_delete=True,
            )  # fmt: skip
            ops.set_rxfh(dev, rxfh, None)


# -- channels ------------------------------------------------------------------------------------------------
def ethtool_get_channels(dev: net_device, channels: ethtool_channels) -> int:
    """ETHTOOL_GCHANNELS. A driver that reports more than its maximum breaks ETH1."""
    ops = ops_of(dev)
    if ops.get_channels is None:
        return -EOPNOTSUPP
    ops.get_channels(dev, channels)
    for kind, most in (("rx", "max_rx"), ("tx", "max_tx"), ("combined", "max_combined"), ("other", "max_other")):
        if getattr(channels, f"{kind}_count") > getattr(channels, most):
            broken_rule("ETH1", f"{dev}: get_channels reports more than its maximum: {channels}", "get_channels")
    return 0


def ethtool_set_channels(dev: net_device, channels: ethtool_channels) -> int:
    """ETHTOOL_SCHANNELS: 0 or a negative errno. What is so already does not reach the driver; -EINVAL beyond the
    maxima, without a receive or a transmit channel, and for fewer than tables and rules use.
    """
    ops = ops_of(dev)
    if ops.set_channels is None or ops.get_channels is None:
        return -EOPNOTSUPP
    now = ethtool_channels(cmd=ETHTOOL_GCHANNELS)
    ops.get_channels(dev, now)
    kinds = ("rx_count", "tx_count", "combined_count", "other_count")
    if all(getattr(channels, kind) == getattr(now, kind) for kind in kinds):
        return 0
    if (
        channels.rx_count > now.max_rx
        or channels.tx_count > now.max_tx
        or channels.combined_count > now.max_combined
        or channels.other_count > now.max_other
    ):
        return -EINVAL
    if not channels.combined_count and not (channels.rx_count and channels.tx_count):
        return -EINVAL
    err = ethtool_check_max_channel(dev, channels)
    return err or int(ops.set_channels(dev, channels) or 0)


def _max_rule_channel(dev: net_device) -> int:
    """The highest queue that a rule of the receive filter names; 0 where there are none."""
    get = ops_of(dev).get_rxnfc
    if get is None:
        return 0
    count = ethtool_rxnfc(cmd=ETHTOOL_GRXCLSRLCNT)
    if get(dev, count, None) or count.rule_cnt <= 0:
        return 0
    rules = ethtool_rxnfc(cmd=ETHTOOL_GRXCLSRLALL, rule_cnt=count.rule_cnt)
    locations = [0] * count.rule_cnt
    if get(dev, rules, locations):
        return 0
    highest = 0
    for location in locations:
        rule = ethtool_rxnfc(cmd=ETHTOOL_GRXCLSRULE, fs=ethtool_rx_flow_spec(location=location))
        if get(dev, rule, None):
            return 0
        cookie = rule.fs.ring_cookie
        if cookie in (RX_CLS_FLOW_DISC, RX_CLS_FLOW_WAKE) or rule.flow_type & FLOW_RSS or _ring_vf(cookie):
            continue
        highest = max(highest, cookie)
    return highest


def _max_table_channel(dev: net_device) -> int:
    """The highest queue in the tables of RSS: of the default context if a user set it, of the others in any case."""
    ops = ops_of(dev)
    highest = 0
    for ctx in state_of(dev).rss_ctx.values():
        highest = max([highest, *ctx.indir])
    if not netif_is_rxfh_configured(dev) or ops.get_rxfh_indir_size is None or ops.get_rxfh is None:
        return highest
    size = ops.get_rxfh_indir_size(dev)
    if not size:
        return highest
    rxfh = ethtool_rxfh_param(indir=[0] * size)
    if ops.get_rxfh(dev, rxfh):
        return _U32
    table: list[int] = rxfh.indir
    return max([highest, *table])


def ethtool_check_max_channel(dev: net_device, channels: ethtool_channels) -> int:
    """0, or -EINVAL where tables or rules use a queue that would go."""
    rule, table = _max_rule_channel(dev), _max_table_channel(dev)
    rx = channels.combined_count + channels.rx_count
    return -EINVAL if rx <= table or rx <= rule else 0
