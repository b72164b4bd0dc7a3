# SPDX-License-Identifier: Apache-2.0
"""ethtool for receive queues: tables, keys, contexts, rules, channels."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_ethtool import call
from tests.unit.test_linux_netdevice import device

KEY = bytes(range(40))


class Driver:
    """Four queues, a table of 8, a key of 40 bytes; it does what it is told."""

    def __init__(self, bed: Bed, contexts: str = "", **ops: Any) -> None:
        self.bed = bed
        self.indir = [i % 4 for i in range(8)]
        self.key = bytes(40)
        self.hfunc = L.ETH_RSS_HASH_TOP
        self.xfrm = 0
        self.channels = 4
        self.log: list[Any] = []
        self.answer = 0
        self.rules: list[int] = []
        base: dict[str, Any] = {
            "get_rxfh_indir_size": lambda dev: 8,
            "get_rxfh_key_size": lambda dev: 40,
            "get_rxfh": self.get_rxfh,
            "set_rxfh": self.set_rxfh,
            "get_rxnfc": self.get_rxnfc,
            "set_rxnfc": lambda dev, info: self.log.append(("rxnfc", info.cmd)) or 0,
            "get_channels": self.get_channels,
            "set_channels": self.set_channels,
            "cap_rss_sym_xor_supported": True,
        }
        if contexts == "old":
            base["cap_rss_ctx_supported"] = True
        if contexts == "new":
            base.update(
                create_rxfh_context=lambda dev, ctx, rxfh, extack: self.context("create", rxfh, ctx),
                modify_rxfh_context=lambda dev, ctx, rxfh, extack: self.context("modify", rxfh, ctx),
                remove_rxfh_context=lambda dev, ctx, number, extack: self.log.append(("remove", number)) or self.answer,
                rxfh_per_ctx_key=True,
                rxfh_max_num_contexts=4,
            )
        self.dev = device(bed, queues=4)
        self.dev.ethtool_ops = L.ethtool_ops(**{**base, **ops})

    def get_rxfh(self, dev: Any, rxfh: Any) -> int:
        if rxfh.indir is not None:
            rxfh.indir[:] = self.indir
        if rxfh.key is not None:
            rxfh.key[:] = self.key
        rxfh.hfunc, rxfh.input_xfrm = self.hfunc, self.xfrm
        return 0

    def set_rxfh(self, dev: Any, rxfh: Any, extack: Any) -> int:
        self.log.append(("set", rxfh.indir, rxfh.key, rxfh.hfunc))
        if self.answer:
            return self.answer
        if rxfh.rss_context == L.ETH_RXFH_CONTEXT_ALLOC:
            rxfh.rss_context = 9
        elif not rxfh.rss_context:
            self.indir = list(rxfh.indir) if rxfh.indir is not None else self.indir
            self.key = rxfh.key if rxfh.key is not None else self.key
        return 0

    def context(self, what: str, rxfh: Any, ctx: Any) -> int:
        self.log.append((what, rxfh.rss_context, rxfh.indir))
        if what == "create" and rxfh.key is None:
            ctx.key = KEY
        return self.answer

    def get_rxnfc(self, dev: Any, info: Any, rule_locs: Any) -> int:
        if info.cmd == L.ETHTOOL_GRXRINGS:
            info.data = self.channels
        elif info.cmd == L.ETHTOOL_GRXCLSRLCNT:
            info.rule_cnt = len(self.rules)
        elif info.cmd == L.ETHTOOL_GRXCLSRLALL:
            rule_locs[:] = range(len(self.rules))
        elif info.cmd == L.ETHTOOL_GRXCLSRULE:
            info.fs.ring_cookie = self.rules[info.fs.location]
        else:
            return -L.EOPNOTSUPP
        return 0

    def get_channels(self, dev: Any, ch: Any) -> None:
        ch.max_combined, ch.combined_count, ch.max_rx, ch.max_tx = 4, self.channels, 2, 2

    def set_channels(self, dev: Any, ch: Any) -> int:
        self.log.append(("channels", ch.combined_count, ch.rx_count, ch.tx_count))
        self.channels = ch.combined_count
        return 0

    def table(self, *entries: int) -> int:
        indir = L.ethtool_rxfh_indir(cmd=L.ETHTOOL_SRXFHINDIR, size=len(entries), ring_index=entries)
        return call(self.bed, self.dev, indir)

    def rss(self, cmd: int = L.ETHTOOL_SRSSH, **fields: Any) -> Any:
        """(result, the struct after the ioctl)"""
        rxfh = L.ethtool_rxfh(cmd=cmd, **fields)
        return call(self.bed, self.dev, rxfh), rxfh

    def combined(self, count: int, **more: int) -> int:
        return call(self.bed, self.dev, L.ethtool_channels(cmd=L.ETHTOOL_SCHANNELS, combined_count=count, **more))


NO_TABLE = L.ETH_RXFH_INDIR_NO_CHANGE


# -- table and key -------------------------------------------------------------------------------------------
def test_a_table_naming_a_queue_that_does_not_exist_changes_nothing() -> None:
    """kernel-rules.md: RSS3."""
    d = Driver(Bed())
    assert d.table(0, 1, 2, 3, 4, 0, 0, 0) == -L.EINVAL
    assert d.rss(indir_size=8, indir=[4] * 8)[0] == -L.EINVAL
    assert d.log == [] and not L.netif_is_rxfh_configured(d.dev)
    assert d.table(3, 3, 3, 3, 3, 3, 3, 3) == 0
    assert d.log == [("set", [3] * 8, None, L.ETH_RSS_HASH_NO_CHANGE)] and L.netif_is_rxfh_configured(d.dev)


def test_a_driver_that_reports_a_queue_that_does_not_exist_is_rss3() -> None:
    """kernel-rules.md: RSS3."""
    d = Driver(Bed())
    d.bed.run_rtnl(L.netif_set_real_num_rx_queues, d.dev, 3)
    with pytest.raises(L.CheckError, match="RSS3: eth0: get_rxfh: entry 3 names queue 3; 3 are in use"):
        d.rss(L.ETHTOOL_GRSSH, indir_size=8)
    with pytest.raises(L.CheckError, match="RSS3"):
        call(d.bed, d.dev, L.ethtool_rxfh_indir(cmd=L.ETHTOOL_GRXFHINDIR, size=8))


def test_table_sizes_and_defaults() -> None:
    d = Driver(Bed())
    asked = L.ethtool_rxfh_indir(cmd=L.ETHTOOL_GRXFHINDIR)
    assert call(d.bed, d.dev, asked) == 0 and asked.size == 8 and not asked.ring_index
    asked.size = 4
    assert call(d.bed, d.dev, asked) == -L.EINVAL and asked.size == 8
    assert call(d.bed, d.dev, asked) == 0 and asked.ring_index == d.indir
    assert d.table(0, 0) == -L.EINVAL
    short = L.ethtool_rxfh_indir(cmd=L.ETHTOOL_SRXFHINDIR, size=8, ring_index=[1])
    assert call(d.bed, d.dev, short) == -L.EFAULT
    d.table(*[3] * 8)
    d.channels = 3
    assert d.table() == 0 and d.indir == [0, 1, 2, 0, 1, 2, 0, 1]
    assert d.indir == [L.ethtool_rxfh_indir_default(i, 3) for i in range(8)]
    assert not L.netif_is_rxfh_configured(d.dev)


def test_the_driver_gets_the_key_that_was_handed_in() -> None:
    d = Driver(Bed())
    assert d.rss(indir_size=NO_TABLE, key_size=40, key=KEY)[0] == 0
    assert d.log == [("set", None, KEY, 0)] and not L.netif_is_rxfh_configured(d.dev)
    assert d.rss(indir_size=NO_TABLE, key_size=39, key=KEY)[0] == -L.EINVAL
    assert d.rss(indir_size=NO_TABLE, key_size=40, key=KEY[:9])[0] == -L.EFAULT
    err, got = d.rss(L.ETHTOOL_GRSSH, indir_size=8, key_size=40)
    assert (err, got.key, got.indir, got.hfunc) == (0, KEY, d.indir, L.ETH_RSS_HASH_TOP)
    err, got = d.rss(L.ETHTOOL_GRSSH)
    assert (err, got.indir_size, got.key_size, got.indir, got.key) == (0, 8, 40, [], b"")
    assert d.rss(L.ETHTOOL_GRSSH, indir_size=4)[0] == -L.EINVAL
    assert d.rss(L.ETHTOOL_GRSSH, rsvd32=1)[0] == -L.EINVAL


def test_rss_refuses_what_changes_nothing_and_what_it_does_not_know() -> None:
    d = Driver(Bed())
    keep = L.RXH_XFRM_NO_CHANGE
    assert d.rss(indir_size=NO_TABLE, input_xfrm=keep)[0] == -L.EINVAL
    assert d.rss(indir_size=NO_TABLE, input_xfrm=keep, hfunc=L.ETH_RSS_HASH_XOR)[0] == 0
    assert d.rss(indir_size=NO_TABLE)[0] == 0, "input_xfrm 0 is a change: 6.12"
    assert d.rss(indir_size=NO_TABLE, input_xfrm=2)[0] == -L.EINVAL
    assert d.rss(indir_size=NO_TABLE, rsvd8=1)[0] == -L.EINVAL
    assert d.rss(indir_size=NO_TABLE, input_xfrm=L.RXH_XFRM_SYM_XOR)[0] == 0
    d.dev.ethtool_ops.cap_rss_sym_xor_supported = False
    assert d.rss(indir_size=NO_TABLE, input_xfrm=L.RXH_XFRM_SYM_XOR)[0] == -L.EOPNOTSUPP
    assert d.rss(indir_size=NO_TABLE, rss_context=1, hfunc=1)[0] == -L.EOPNOTSUPP, "no contexts"
    d.answer = -L.EIO
    assert d.rss(indir_size=0)[0] == -L.EIO and not L.netif_is_rxfh_configured(d.dev)


def test_hosts_key_is_drawn_once() -> None:
    Bed()
    key = L.netdev_rss_key_fill(40)
    assert len(key) == 40 and any(key) and L.netdev_rss_key_fill(L.NETDEV_RSS_KEY_LEN)[:40] == key
    with pytest.raises(L.KernelBug, match=r"netdev_rss_key_fill\(53\): 52 bytes at most"):
        L.netdev_rss_key_fill(53)


# -- contexts ------------------------------------------------------------------------------------------------
ALLOC = L.ETH_RXFH_CONTEXT_ALLOC


def test_contexts_are_numbered_by_the_core_and_deleted_by_a_table_of_size_0() -> None:
    d = Driver(Bed(), "new")
    numbers = [d.rss(rss_context=ALLOC, indir_size=8, indir=[n] * 8)[1].rss_context for n in range(3)]
    assert numbers == [1, 2, 3]
    assert d.rss(rss_context=ALLOC, indir_size=NO_TABLE)[0] == -L.EBUSY, "rxfh_max_num_contexts"
    err, got = d.rss(L.ETHTOOL_GRSSH, rss_context=2, indir_size=8, key_size=40)
    assert (err, got.indir, got.key) == (0, [1] * 8, KEY)
    assert d.rss(rss_context=2, indir_size=NO_TABLE, key_size=40, key=bytes(40), hfunc=2)[0] == 0
    assert d.log[-1] == ("modify", 2, None)
    err, got = d.rss(L.ETHTOOL_GRSSH, rss_context=2, key_size=40)
    assert (got.key, got.hfunc) == (bytes(40), 2)
    assert d.rss(rss_context=2, indir_size=0)[0] == 0 and d.log[-1] == ("remove", 2)
    assert d.rss(L.ETHTOOL_GRSSH, rss_context=2)[0] == -L.ENOENT
    assert d.rss(rss_context=2, indir_size=NO_TABLE, hfunc=1)[0] == -L.ENOENT
    assert d.rss(rss_context=ALLOC, indir_size=NO_TABLE)[1].rss_context == 2
    assert d.rss(rss_context=ALLOC, indir_size=0)[0] == -L.EINVAL
    assert not L.netif_is_rxfh_configured(d.dev)


def test_a_context_that_the_driver_refuses_is_not_there() -> None:
    d = Driver(Bed(), "new")
    d.answer = -L.ENOSPC
    assert d.rss(rss_context=ALLOC, indir_size=NO_TABLE)[0] == -L.ENOSPC
    assert d.dev.ethtool.rss_ctx == {}


def test_a_driver_that_leaves_a_contexts_key_zero_is_warned_of() -> None:
    d = Driver(Bed(), "new", create_rxfh_context=lambda dev, ctx, rxfh, extack: 0)
    with pytest.raises(L.KernelWarning, match="create_rxfh_context left the key zero"):
        d.rss(rss_context=ALLOC, indir_size=NO_TABLE)


def test_old_drivers_number_their_contexts_themselves() -> None:
    d = Driver(Bed(), "old")
    err, got = d.rss(rss_context=ALLOC, indir_size=8, indir=[1] * 8)
    assert (err, got.rss_context) == (0, 9)
    err, got = d.rss(L.ETHTOOL_GRSSH, rss_context=9, indir_size=8)
    assert (err, got.indir, got.key_size) == (0, d.indir, 0), "one key for all"
    assert d.rss(rss_context=9, indir_size=NO_TABLE, key_size=40, key=KEY)[0] == -L.EOPNOTSUPP
    with pytest.raises(L.KernelWarning, match="the number 9, which is in use"):
        d.rss(rss_context=ALLOC, indir_size=NO_TABLE)
    assert d.rss(rss_context=9, indir_size=0)[0] == 0 and d.dev.ethtool.rss_ctx == {}


@pytest.mark.parametrize("kind", ["new", "old"])
def test_contexts_that_are_left_go_with_the_device(kind: str) -> None:
    d = Driver(Bed(), kind)
    number = d.rss(rss_context=ALLOC, indir_size=8, indir=[1] * 8)[1].rss_context
    d.log.clear()
    d.bed.run(L.unregister_netdev, d.dev)
    assert d.log == ([("remove", number)] if kind == "new" else [("set", d.indir, d.key, d.hfunc)])


def test_a_context_lost_by_the_device_is_forgotten() -> None:
    d = Driver(Bed(), "new")
    d.rss(rss_context=ALLOC, indir_size=NO_TABLE)
    d.bed.run(L.ethtool_rxfh_context_lost, d.dev, 1)
    assert "RSS context 1 lost" in L.dmesg()[-1]
    assert d.rss(L.ETHTOOL_GRSSH, rss_context=1)[0] == -L.ENOENT


# -- rules and channels --------------------------------------------------------------------------------------
def test_rules_are_listed_and_set() -> None:
    d = Driver(Bed())
    d.rules = [0, 2]
    rings = L.ethtool_rxnfc(cmd=L.ETHTOOL_GRXRINGS)
    assert call(d.bed, d.dev, rings) == 0 and rings.data == 4
    listed = L.ethtool_rxnfc(cmd=L.ETHTOOL_GRXCLSRLALL, rule_cnt=2)
    assert call(d.bed, d.dev, listed) == 0 and listed.rule_locs == [0, 1]
    assert call(d.bed, d.dev, L.ethtool_rxnfc(cmd=L.ETHTOOL_GRXFH)) == -L.EOPNOTSUPP
    assert call(d.bed, d.dev, L.ethtool_rxnfc(cmd=L.ETHTOOL_SRXCLSRLDEL)) == 0
    rule = L.ethtool_rxnfc(cmd=L.ETHTOOL_SRXCLSRLINS)
    rule.fs.flow_type, rule.fs.ring_cookie = L.TCP_V4_FLOW | L.FLOW_RSS, 1
    assert call(d.bed, d.dev, rule) == -L.EINVAL, "a queue and a context"
    d.dev.ethtool_ops.cap_rss_rxnfc_adds = True
    assert call(d.bed, d.dev, rule) == 0
    assert d.log == [("rxnfc", L.ETHTOOL_SRXCLSRLDEL), ("rxnfc", L.ETHTOOL_SRXCLSRLINS)]


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        (L.RXH_IP_SRC | L.RXH_IP_DST, 0),
        (L.RXH_IP_SRC, -L.EINVAL),
        (L.RXH_L4_B_2_3, -L.EINVAL),
        (L.RXH_VLAN | L.RXH_IP_SRC | L.RXH_IP_DST, -L.EINVAL),
    ],
)
def test_a_symmetric_hash_takes_pairs_only(fields: int, result: int) -> None:
    d = Driver(Bed())
    asked = L.ethtool_rxnfc(cmd=L.ETHTOOL_SRXFH, flow_type=L.TCP_V4_FLOW, data=fields)
    assert call(d.bed, d.dev, asked) == 0
    d.xfrm = L.RXH_XFRM_SYM_XOR
    assert call(d.bed, d.dev, asked) == result


def test_channels_are_within_the_maxima_and_at_least_one_each_way() -> None:
    """kernel-rules.md: ETH1."""
    d = Driver(Bed())
    assert d.combined(4) == 0 and d.log == [], "so already"
    for bad in (d.combined(5), d.combined(1, rx_count=3), d.combined(1, other_count=1), d.combined(0, rx_count=1)):
        assert bad == -L.EINVAL
    assert d.log == []
    assert d.combined(0, rx_count=1, tx_count=1) == 0
    assert d.log == [("channels", 0, 1, 1)]
    d.channels = 5
    with pytest.raises(L.CheckError, match="ETH1: eth0: get_channels reports more than its maximum"):
        call(d.bed, d.dev, L.ethtool_channels(cmd=L.ETHTOOL_GCHANNELS))


def test_channels_that_a_table_rule_or_context_uses_stay() -> None:
    d = Driver(Bed(), "new")
    assert d.combined(2) == 0, "a default table follows"
    assert d.combined(4) == 0
    d.table(*[2] * 8)
    assert d.combined(2) == -L.EINVAL
    assert d.combined(3) == 0
    d.table()
    d.rules = [1, L.RX_CLS_FLOW_DISC, 1 << 32]
    assert d.combined(1) == -L.EINVAL and d.combined(2) == 0
    d.rules = []
    d.rss(rss_context=ALLOC, indir_size=8, indir=[1] * 8)
    assert d.combined(1) == -L.EINVAL
    d.rss(rss_context=1, indir_size=0)
    assert d.combined(1) == 0
