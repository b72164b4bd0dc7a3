# SPDX-License-Identifier: Apache-2.0
"""The ethtool ioctl: what the core checks, what reaches the driver, what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_netdevice import ADDR, device


def with_ops(bed: Bed, **ops: Any) -> Any:
    ndev = device(bed)
    ndev.ethtool_ops = L.ethtool_ops(**ops)
    return ndev


def call(bed: Bed, ndev: Any, struct: Any) -> int:
    return int(bed.run(L.dev_ethtool, ndev, struct))


COMMANDS = [
    L.ethtool_drvinfo(),
    L.ethtool_regs(cmd=L.ETHTOOL_GREGS),
    L.ethtool_wolinfo(cmd=L.ETHTOOL_GWOL),
    L.ethtool_wolinfo(cmd=L.ETHTOOL_SWOL),
    L.ethtool_pauseparam(cmd=L.ETHTOOL_GPAUSEPARAM),
    L.ethtool_pauseparam(cmd=L.ETHTOOL_SPAUSEPARAM),
    L.ethtool_ringparam(cmd=L.ETHTOOL_GRINGPARAM),
    L.ethtool_ringparam(cmd=L.ETHTOOL_SRINGPARAM),
    L.ethtool_channels(cmd=L.ETHTOOL_GCHANNELS),
    L.ethtool_channels(cmd=L.ETHTOOL_SCHANNELS),
    L.ethtool_coalesce(cmd=L.ETHTOOL_GCOALESCE),
    L.ethtool_coalesce(cmd=L.ETHTOOL_SCOALESCE),
    L.ethtool_test(cmd=L.ETHTOOL_TEST),
    L.ethtool_gstrings(cmd=L.ETHTOOL_GSTRINGS, string_set=L.ETH_SS_STATS),
    L.ethtool_stats(cmd=L.ETHTOOL_GSTATS),
    L.ethtool_rxnfc(cmd=L.ETHTOOL_GRXRINGS),
    L.ethtool_rxnfc(cmd=L.ETHTOOL_SRXFH),
    L.ethtool_rxfh_indir(cmd=L.ETHTOOL_GRXFHINDIR),
    L.ethtool_rxfh_indir(cmd=L.ETHTOOL_SRXFHINDIR),
    L.ethtool_rxfh(cmd=L.ETHTOOL_GRSSH),
    L.ethtool_rxfh(cmd=L.ETHTOOL_SRSSH),
    L.ethtool_link_ksettings(base=L.ethtool_link_settings(cmd=L.ETHTOOL_GLINKSETTINGS)),
    L.ethtool_link_ksettings(base=L.ethtool_link_settings(cmd=L.ETHTOOL_SLINKSETTINGS)),
    *(
        L.ethtool_value(cmd=cmd)
        for cmd in (
            L.ETHTOOL_GLINK, L.ETHTOOL_GMSGLVL, L.ETHTOOL_SMSGLVL, L.ETHTOOL_GPFLAGS, L.ETHTOOL_SPFLAGS,
            L.ETHTOOL_NWAY_RST, L.ETHTOOL_RESET, 0x9999,
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("struct", COMMANDS, ids=lambda s: f"{type(s).__name__}-{getattr(s, 'cmd', 0):#x}")
def test_what_a_driver_lacks_is_not_supported(struct: Any) -> None:
    bed = Bed()
    assert call(bed, device(bed), struct) == -L.EOPNOTSUPP, "without ethtool_ops"
    assert call(bed, with_ops(bed), struct) == -L.EOPNOTSUPP, "with empty ones"


def test_structs_and_ops_refuse_names_that_linux_does_not_have() -> None:
    with pytest.raises(TypeError, match="ethtool_coalesce has no rx_usecs"):
        L.ethtool_coalesce(rx_usecs=1)
    with pytest.raises(TypeError, match="ethtool_ops has no get_lnik"):
        L.ethtool_ops(get_lnik=None)
    assert "rx_pending=3" in repr(L.ethtool_ringparam(rx_pending=3))


# -- around each command -------------------------------------------------------------------------------------
def test_begin_and_complete_enclose_a_command_under_rtnl() -> None:
    bed = Bed()
    log: list[str] = []
    answer = [0]

    def op(name: str, value: int = 0) -> Any:
        def call_it(dev: Any, *args: Any) -> int:
            log.append(f"{name} {L.rtnl_is_locked()}")
            return answer[0] if name == "begin" else value

        return call_it

    ndev = with_ops(bed, begin=op("begin"), complete=op("complete"), get_msglevel=op("get", 7))
    value = L.ethtool_value(cmd=L.ETHTOOL_GMSGLVL)
    assert call(bed, ndev, value) == 0 and value.data == 7
    assert log == ["begin True", "get True", "complete True"]
    log.clear()
    answer[0] = -L.EBUSY
    assert call(bed, ndev, value) == -L.EBUSY
    assert log == ["begin True"]
    assert not L.rtnl_is_locked()


def test_a_device_that_is_not_present_answers_nothing() -> None:
    bed = Bed()
    ndev = with_ops(bed, get_msglevel=lambda dev: 7)
    bed.run(L.netif_device_detach, ndev)
    assert call(bed, ndev, L.ethtool_value(cmd=L.ETHTOOL_GMSGLVL)) == -L.ENODEV


# -- identity, link, registers -------------------------------------------------------------------------------
def test_drvinfo_is_completed_by_the_bus_and_by_the_counts() -> None:
    bed = Bed()

    class Pdev:
        driver = L.pci_driver("tiny", lambda pdev, ent: 0, lambda pdev: None)

    ndev = device(bed)
    L.SET_NETDEV_DEV(ndev, L.device("0000:03:00.0", Pdev()))
    info = L.ethtool_drvinfo()
    assert call(bed, ndev, info) == 0
    assert (info.driver, info.bus_info, info.version[:4]) == ("tiny", "0000:03:00.0", "6.12")

    def fill(dev: Any, info: Any) -> None:
        info.driver, info.version, info.fw_version = "mine", "1.0", "2.0"

    counts = {L.ETH_SS_STATS: 3, L.ETH_SS_TEST: 2}
    ndev.ethtool_ops = L.ethtool_ops(
        get_drvinfo=fill,
        get_sset_count=lambda dev, sset: counts.get(sset, -L.EOPNOTSUPP),
        get_regs_len=lambda dev: 64,
        get_eeprom_len=lambda dev: 8,
    )
    info = L.ethtool_drvinfo()
    assert call(bed, ndev, info) == 0
    assert (info.driver, info.bus_info, info.version, info.fw_version) == ("mine", "0000:03:00.0", "1.0", "2.0")
    assert (info.n_stats, info.testinfo_len, info.n_priv_flags, info.regdump_len, info.eedump_len) == (3, 2, 0, 64, 8)


def test_link_is_up_only_for_a_device_that_is_up() -> None:
    bed = Bed()
    ndev = with_ops(bed, get_link=L.ethtool_op_get_link)
    link = L.ethtool_value(cmd=L.ETHTOOL_GLINK)
    assert call(bed, ndev, link) == 0 and link.data == 0
    bed.run(L.dev_open, ndev)
    assert call(bed, ndev, link) == 0 and link.data == 1
    bed.run(L.netif_carrier_off, ndev)
    assert call(bed, ndev, link) == 0 and link.data == 0


def test_registers_are_dumped_as_far_as_there_is_room() -> None:
    bed = Bed()
    length = [8]

    def dump(dev: Any, regs: Any, p: memoryview) -> None:
        regs.version = 3
        words = p.cast("I")
        words[0], words[1] = 0x11223344, 0x55667788

    ndev = with_ops(bed, get_regs=dump, get_regs_len=lambda dev: length[0])
    regs = L.ethtool_regs(cmd=L.ETHTOOL_GREGS, len=4)
    assert call(bed, ndev, regs) == 0
    assert (regs.len, regs.version, regs.data) == (4, 3, bytes.fromhex("44332211"))
    regs.len = 100
    assert call(bed, ndev, regs) == 0
    assert (regs.len, regs.data) == (8, bytes.fromhex("4433221188776655"))
    length[0] = -L.EIO
    assert call(bed, ndev, regs) == -L.EIO


def test_permanent_address_needs_room() -> None:
    bed = Bed()
    ndev = device(bed)
    addr = L.ethtool_perm_addr(cmd=L.ETHTOOL_GPERMADDR, size=5)
    assert call(bed, ndev, addr) == -L.ETOOSMALL
    addr.size = 32
    assert call(bed, ndev, addr) == 0
    assert (addr.size, addr.data) == (6, ADDR)


def test_link_settings_agree_on_the_length_of_the_bitmaps_first() -> None:
    bed = Bed()
    settings = L.ethtool_link_ksettings()
    settings.base.speed, settings.base.duplex = L.SPEED_25000, L.DUPLEX_FULL
    L.ethtool_link_ksettings_add_link_mode(settings, "supported", L.ETHTOOL_LINK_MODE_25000baseCR_Full_BIT)

    def get(dev: Any, ks: Any) -> int:
        ks.base.speed, ks.base.duplex, ks.supported = settings.base.speed, settings.base.duplex, settings.supported
        return 0

    taken: list[Any] = []
    ndev = with_ops(bed, get_link_ksettings=get, set_link_ksettings=lambda dev, ks: taken.append(ks.base.speed) or 0)

    def ks(cmd: int, words: int, **base: int) -> Any:
        return L.ethtool_link_ksettings(base=L.ethtool_link_settings(cmd=cmd, link_mode_masks_nwords=words, **base))

    asked = ks(L.ETHTOOL_GLINKSETTINGS, 0)
    assert call(bed, ndev, asked) == 0
    words = -asked.base.link_mode_masks_nwords
    assert words == L.ETHTOOL_LINK_MODE_MASK_NU32 and asked.base.speed == 0
    asked = ks(L.ETHTOOL_GLINKSETTINGS, words)
    assert call(bed, ndev, asked) == 0
    assert (asked.base.speed, asked.base.duplex) == (25000, L.DUPLEX_FULL)
    assert L.ethtool_link_ksettings_test_link_mode(asked, "supported", L.ETHTOOL_LINK_MODE_25000baseCR_Full_BIT)
    assert not L.ethtool_link_ksettings_test_link_mode(asked, "supported", L.ETHTOOL_LINK_MODE_FIBRE_BIT)
    inside = L.ethtool_link_ksettings()
    assert bed.run(L.__ethtool_get_link_ksettings, ndev, inside) == 0 and inside.base.speed == 25000
    assert call(bed, ndev, ks(L.ETHTOOL_SLINKSETTINGS, words - 1)) == -L.EINVAL
    assert call(bed, ndev, ks(L.ETHTOOL_SLINKSETTINGS, words, master_slave_cfg=1)) == -L.EINVAL
    assert call(bed, ndev, ks(L.ETHTOOL_SLINKSETTINGS, words, speed=10000)) == 0 and taken == [10000]


def test_wake_on_lan_is_checked_and_only_changes_reach_the_driver() -> None:
    bed = Bed()
    log: list[int] = []

    def get(dev: Any, wol: Any) -> None:
        wol.supported, wol.wolopts = 0x22, 0x20

    ndev = with_ops(bed, get_wol=get, set_wol=lambda dev, wol: log.append(wol.wolopts) or 0)
    wol = L.ethtool_wolinfo(cmd=L.ETHTOOL_GWOL)
    assert call(bed, ndev, wol) == 0 and wol.supported == 0x22
    assert call(bed, ndev, L.ethtool_wolinfo(cmd=L.ETHTOOL_SWOL, wolopts=0x40)) == -L.EINVAL
    assert call(bed, ndev, L.ethtool_wolinfo(cmd=L.ETHTOOL_SWOL, wolopts=0x20)) == 0 and log == []
    assert call(bed, ndev, L.ethtool_wolinfo(cmd=L.ETHTOOL_SWOL, wolopts=0x02)) == 0 and log == [2]
    assert ndev.ethtool.wol_enabled


def test_plain_values_go_through() -> None:
    bed = Bed()
    log: list[Any] = []

    def saw(name: str) -> Any:
        return lambda dev, *args: log.append((name, *args)) or 0

    def get_pause(dev: Any, pause: Any) -> None:
        pause.rx_pause = 1

    ndev = with_ops(
        bed,
        nway_reset=saw("nway_reset"),
        reset=lambda dev, flags: (-L.EIO, flags & 2),
        set_msglevel=saw("msglevel"),
        get_priv_flags=lambda dev: 5,
        set_priv_flags=saw("priv_flags"),
        get_pauseparam=get_pause,
        set_pauseparam=lambda dev, pause: log.append(("pause", pause.tx_pause)) or 0,
    )
    assert call(bed, ndev, L.ethtool_value(cmd=L.ETHTOOL_NWAY_RST)) == 0
    assert call(bed, ndev, L.ethtool_value(cmd=L.ETHTOOL_SMSGLVL, data=9)) == 0
    assert call(bed, ndev, L.ethtool_value(cmd=L.ETHTOOL_SPFLAGS, data=3)) == 0
    assert call(bed, ndev, L.ethtool_pauseparam(cmd=L.ETHTOOL_SPAUSEPARAM, tx_pause=1)) == 0
    assert log == [("nway_reset",), ("msglevel", 9), ("priv_flags", 3), ("pause", 1)]
    pause = L.ethtool_pauseparam(cmd=L.ETHTOOL_GPAUSEPARAM)
    assert call(bed, ndev, pause) == 0 and pause.rx_pause == 1
    value = L.ethtool_value(cmd=L.ETHTOOL_GPFLAGS)
    assert call(bed, ndev, value) == 0 and value.data == 5
    value = L.ethtool_value(cmd=L.ETHTOOL_RESET, data=7)
    assert call(bed, ndev, value) == -L.EIO and value.data == 2


# -- rings, coalescing ---------------------------------------------------------------------------------------
def test_ring_sizes_are_the_drivers_within_its_limits() -> None:
    """kernel-rules.md: ETH1."""
    bed = Bed()
    sizes = [8, 8]

    def get(dev: Any, ring: Any, kernel_ring: Any, extack: Any) -> None:
        ring.tx_max_pending, ring.rx_max_pending, ring.tx_pending, ring.rx_pending = 16, 16, *sizes

    def change(dev: Any, ring: Any, kernel_ring: Any, extack: Any) -> int:
        sizes[:] = ring.tx_pending, ring.rx_pending
        return 0

    def ask(tx: int, rx: int, **more: int) -> Any:
        return L.ethtool_ringparam(cmd=L.ETHTOOL_SRINGPARAM, tx_pending=tx, rx_pending=rx, **more)

    ndev = with_ops(bed, get_ringparam=get)
    assert call(bed, ndev, ask(4, 4)) == -L.EOPNOTSUPP
    ndev.ethtool_ops = L.ethtool_ops(get_ringparam=get, set_ringparam=change)
    for bad in (ask(4, 17), ask(17, 4), ask(4, 4, rx_mini_pending=1), ask(4, 4, rx_jumbo_pending=1)):
        assert call(bed, ndev, bad) == -L.EINVAL and sizes == [8, 8]
    assert call(bed, ndev, ask(4, 16)) == 0 and sizes == [4, 16]
    now = L.ethtool_ringparam(cmd=L.ETHTOOL_GRINGPARAM)
    assert call(bed, ndev, now) == 0 and (now.rx_pending, now.tx_max_pending) == (16, 16)
    sizes[:] = 8, 17
    with pytest.raises(L.CheckError, match="ETH1: eth0: get_ringparam reports more than its maximum"):
        call(bed, ndev, now)


def test_every_coalescing_parameter_is_checked_against_its_own_bit() -> None:
    """kernel-rules.md: ETH1."""
    bed = Bed()
    log: list[Any] = []
    ndev = with_ops(
        bed,
        get_coalesce=lambda dev, ec, kernel_ec, extack: 0,
        set_coalesce=lambda dev, ec, kernel_ec, extack: log.append(ec) or 0,
        supported_coalesce_params=L.ETHTOOL_COALESCE_ALL_PARAMS,
    )
    for bit, name in enumerate(L.COALESCE_FIELDS):
        ask = L.ethtool_coalesce(cmd=L.ETHTOOL_SCOALESCE, **{name: 1})
        ndev.ethtool_ops.supported_coalesce_params = L.ETHTOOL_COALESCE_ALL_PARAMS & ~(1 << bit)
        assert call(bed, ndev, ask) == -L.EOPNOTSUPP and log == []
        ndev.ethtool_ops.supported_coalesce_params = 1 << bit
        assert call(bed, ndev, ask) == 0 and log.pop() is ask
    assert L.COALESCE_FIELDS[L.ETHTOOL_COALESCE_TX_USECS.bit_length() - 1] == "tx_coalesce_usecs"
    assert L.COALESCE_FIELDS[L.ETHTOOL_COALESCE_RATE_SAMPLE_INTERVAL.bit_length() - 1] == "rate_sample_interval"
    ndev.ethtool_ops.get_coalesce = lambda dev, ec, kernel_ec, extack: -L.EIO
    assert call(bed, ndev, L.ethtool_coalesce(cmd=L.ETHTOOL_SCOALESCE)) == -L.EIO
    assert call(bed, ndev, L.ethtool_coalesce(cmd=L.ETHTOOL_GCOALESCE)) == -L.EIO


def test_a_driver_that_sets_coalescing_must_say_what_it_supports() -> None:
    """kernel-rules.md: ETH1, at registration."""
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: 0)
    ndev.ethtool_ops = L.ethtool_ops(set_coalesce=lambda *args: 0)
    with pytest.raises(L.KernelWarning, match="ETH1: ethtool_ops has set_coalesce, but no supported_coalesce_params"):
        bed.run(L.register_netdev, ndev)
    with L.tolerate("WARN"):
        assert bed.run(L.register_netdev, ndev) == -L.EINVAL
    ndev.ethtool_ops = L.ethtool_ops(rxfh_max_num_contexts=1)
    with pytest.raises(L.KernelWarning, match="rxfh_max_num_contexts 1"):
        bed.run(L.register_netdev, ndev)


# -- strings, statistics, self-test --------------------------------------------------------------------------
def test_statistics_come_with_their_names() -> None:
    bed = Bed()

    def names(dev: Any, sset: int, data: Any) -> None:
        L.ethtool_puts(data, "one" * 20)
        L.ethtool_sprintf(data, "rx%d_%s", 0, "packets")

    def values(dev: Any, stats: Any, data: Any) -> None:
        data[:] = [1, stats.n_stats]

    ndev = with_ops(
        bed,
        get_sset_count=lambda dev, sset: 2 if sset == L.ETH_SS_STATS else -L.EOPNOTSUPP,
        get_strings=names,
        get_ethtool_stats=values,
    )
    strings = L.ethtool_gstrings(cmd=L.ETHTOOL_GSTRINGS, string_set=L.ETH_SS_STATS)
    assert call(bed, ndev, strings) == 0
    assert (strings.len, strings.data) == (2, [("one" * 20)[:31], "rx0_packets"])
    stats = L.ethtool_stats(cmd=L.ETHTOOL_GSTATS)
    assert call(bed, ndev, stats) == 0 and (stats.n_stats, stats.data) == (2, [1, 2])
    strings.string_set = L.ETH_SS_TEST
    assert call(bed, ndev, strings) == -L.EOPNOTSUPP
    info = L.ethtool_sset_info(cmd=L.ETHTOOL_GSSET_INFO, sset_mask=1 << L.ETH_SS_STATS | 1 << L.ETH_SS_TEST | 1 << 4)
    assert call(bed, ndev, info) == 0
    assert (info.sset_mask, info.data) == (1 << L.ETH_SS_STATS | 1 << 4, [2, L.NETDEV_FEATURE_COUNT])


def test_sets_of_the_core_need_no_driver() -> None:
    bed = Bed()
    strings = L.ethtool_gstrings(cmd=L.ETHTOOL_GSTRINGS, string_set=L.ETH_SS_FEATURES)
    assert call(bed, device(bed), strings) == 0 and strings.data[0] == "tx-scatter-gather"
    strings.string_set = L.ETH_SS_RSS_HASH_FUNCS
    assert call(bed, device(bed), strings) == 0 and strings.data == ["toeplitz", "xor", "crc32"]


def test_drivers_that_write_more_or_fewer_than_they_said_are_bugs() -> None:
    bed = Bed()

    def too_many(dev: Any, sset: int, data: Any) -> None:
        for _ in range(3):
            L.ethtool_puts(data, "x")

    ops: dict[str, Any] = {"get_sset_count": lambda dev, sset: 2, "get_strings": too_many}
    ndev = with_ops(bed, get_ethtool_stats=lambda dev, stats, data: data.append(1), **ops)
    strings = L.ethtool_gstrings(cmd=L.ETHTOOL_GSTRINGS, string_set=L.ETH_SS_STATS)
    with pytest.raises(L.KernelBug, match="get_strings writes string 3 of 2"):
        call(bed, ndev, strings)
    with pytest.raises(L.KernelBug, match="get_ethtool_stats filled in 3 entries, get_sset_count said 2"):
        call(bed, ndev, L.ethtool_stats(cmd=L.ETHTOOL_GSTATS))
    ndev.ethtool_ops = L.ethtool_ops(get_sset_count=lambda dev, sset: 0, get_ethtool_stats=lambda *args: None)
    with pytest.raises(L.KernelWarning, match="without statistics"):
        call(bed, ndev, L.ethtool_stats(cmd=L.ETHTOOL_GSTATS))


def test_self_test_puts_the_device_into_testing_state_and_reports() -> None:
    bed = Bed()

    def run(dev: Any, test: Any, data: Any) -> None:
        assert L.netif_testing(dev)
        data[1] = 4
        test.flags |= L.ETH_TEST_FL_FAILED

    ndev = with_ops(
        bed, self_test=run, get_sset_count=lambda dev, sset: 2 if sset == L.ETH_SS_TEST else -L.EOPNOTSUPP
    )
    test = L.ethtool_test(cmd=L.ETHTOOL_TEST, flags=L.ETH_TEST_FL_OFFLINE)
    assert call(bed, ndev, test) == 0
    assert (test.len, test.data) == (2, [0, 4])
    assert test.flags == L.ETH_TEST_FL_OFFLINE | L.ETH_TEST_FL_FAILED
    assert not L.netif_testing(ndev)


# -- features ------------------------------------------------------------------------------------------------
def featured(bed: Bed) -> tuple[Any, list[int]]:
    """A device with a few features, and who hears of their changes."""
    ndev = bed.run(L.alloc_etherdev, 0)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: 0)
    ndev.features = L.NETIF_F_SG | L.NETIF_F_HW_CSUM | L.NETIF_F_TSO | L.NETIF_F_RXHASH | L.NETIF_F_HIGHDMA
    ndev.hw_features = ndev.features & ~L.NETIF_F_HIGHDMA
    bed.run(L.register_netdev, ndev)
    seen: list[int] = []

    def listen(nb: Any, event: int, info: Any) -> int:
        if event == L.NETDEV_FEAT_CHANGE:
            seen.append(ndev.features)
        return L.NOTIFY_DONE

    bed.run(L.register_netdevice_notifier, L.notifier_block(listen))
    return ndev, seen


def set_features(valid: int, requested: int, size: int = 2) -> Any:
    blocks = [
        L.ethtool_set_features_block(valid=valid >> 32 * i & 0xFFFFFFFF, requested=requested >> 32 * i & 0xFFFFFFFF)
        for i in range(2)
    ]
    return L.ethtool_sfeatures(cmd=L.ETHTOOL_SFEATURES, size=size, features=blocks)


def test_features_are_shown_in_words_and_changed_as_far_as_possible() -> None:
    bed = Bed()
    ndev, seen = featured(bed)
    shown = L.ethtool_gfeatures(cmd=L.ETHTOOL_GFEATURES, size=1)
    assert call(bed, ndev, shown) == 0 and shown.size == 2 and len(shown.features) == 1
    shown = L.ethtool_gfeatures(cmd=L.ETHTOOL_GFEATURES, size=9)
    assert call(bed, ndev, shown) == 0
    assert shown.features[0].active | shown.features[1].active << 32 == ndev.features
    assert shown.features[1].available & L.NETIF_F_RXHASH >> 32
    assert shown.features[0].never_changed == L.NETIF_F_VLAN_CHALLENGED
    assert shown.features[0].requested == ndev.wanted_features & 0xFFFFFFFF
    assert call(bed, ndev, set_features(L.NETIF_F_RXHASH, 0)) == 0
    assert not ndev.features & L.NETIF_F_RXHASH and len(seen) == 1
    both = L.NETIF_F_HIGHDMA | L.NETIF_F_SG
    assert call(bed, ndev, set_features(both, 0)) == L.ETHTOOL_F_UNSUPPORTED
    assert ndev.features & both == L.NETIF_F_HIGHDMA and not ndev.features & L.NETIF_F_TSO
    assert call(bed, ndev, set_features(L.NETIF_F_TSO, L.NETIF_F_TSO)) == L.ETHTOOL_F_WISH, "no scatter-gather"
    assert call(bed, ndev, set_features(L.NETIF_F_VLAN_CHALLENGED, 0)) == -L.EINVAL
    assert call(bed, ndev, set_features(L.NETIF_F_SG, 0, size=1)) == -L.EINVAL
    short = L.ethtool_sfeatures(cmd=L.ETHTOOL_SFEATURES, size=2, features=[])
    assert call(bed, ndev, short) == -L.EFAULT


@pytest.mark.parametrize(
    ("get", "feature"),
    [
        (L.ETHTOOL_GTXCSUM, L.NETIF_F_HW_CSUM),
        (L.ETHTOOL_GSG, L.NETIF_F_SG),
        (L.ETHTOOL_GTSO, L.NETIF_F_TSO),
        (L.ETHTOOL_GGSO, L.NETIF_F_GSO),
        (L.ETHTOOL_GGRO, L.NETIF_F_GRO),
    ],
)
def test_single_features_are_read_and_set(get: int, feature: int) -> None:
    bed = Bed()
    ndev, seen = featured(bed)
    value = L.ethtool_value(cmd=get)
    assert call(bed, ndev, value) == 0 and value.data == 1
    assert call(bed, ndev, L.ethtool_value(cmd=get + 1, data=0)) == 0
    assert not ndev.features & feature and len(seen) == 1
    assert call(bed, ndev, value) == 0 and value.data == 0
    assert call(bed, ndev, L.ethtool_value(cmd=get + 1, data=1)) == 0
    assert ndev.features & feature
    assert call(bed, ndev, L.ethtool_value(cmd=L.ETHTOOL_SRXCSUM, data=1)) == -L.EOPNOTSUPP


def test_flags_change_what_the_device_lets_change() -> None:
    bed = Bed()
    ndev, _ = featured(bed)
    value = L.ethtool_value(cmd=L.ETHTOOL_GFLAGS)
    assert call(bed, ndev, value) == 0 and value.data == L.ETH_FLAG_RXHASH
    assert call(bed, ndev, L.ethtool_value(cmd=L.ETHTOOL_SFLAGS, data=0)) == 0
    assert not ndev.features & L.NETIF_F_RXHASH
    assert call(bed, ndev, L.ethtool_value(cmd=L.ETHTOOL_SFLAGS, data=L.ETH_FLAG_LRO)) == -L.EOPNOTSUPP
    both = L.ETH_FLAG_LRO | L.ETH_FLAG_RXHASH
    assert call(bed, ndev, L.ethtool_value(cmd=L.ETHTOOL_SFLAGS, data=both)) == -L.EINVAL
    assert call(bed, ndev, L.ethtool_value(cmd=L.ETHTOOL_SFLAGS, data=1)) == -L.EINVAL
