# SPDX-License-Identifier: Apache-2.0
"""Standard statistics of ethtool: what is asked for reaches the driver, what it leaves out is not reported."""

from __future__ import annotations

from typing import Any

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_ethtool import with_ops
from tests.unit.test_linux_netdevice import device


def test_groups_that_are_asked_for_reach_the_driver_and_no_others() -> None:
    bed = Bed()
    asked: list[str] = []

    def op(group: str, **values: int) -> Any:
        def fill(dev: Any, stats: Any) -> None:
            asked.append(f"{group} {L.rtnl_is_locked()} {stats.src}")
            for name, value in values.items():
                setattr(stats, name, value)

        return fill

    ndev = with_ops(
        bed,
        get_eth_phy_stats=op("phy", SymbolErrorDuringCarrier=1),
        get_eth_mac_stats=op("mac", FramesReceivedOK=7, FrameCheckSequenceErrors=0),
        get_eth_ctrl_stats=op("ctrl", MACControlFramesReceived=3),
    )
    err, data = bed.run(L.stats_prepare_data, ndev, 1 << L.ETHTOOL_STATS_ETH_MAC | 1 << L.ETHTOOL_STATS_ETH_CTRL)
    assert err == 0 and asked == ["mac True 0", "ctrl True 0"]
    assert data.mac_stats.as_dict() == {"FramesReceivedOK": 7, "FrameCheckSequenceErrors": 0}
    assert data.ctrl_stats.as_dict() == {"MACControlFramesReceived": 3}
    assert data.phy_stats.as_dict() == {} and data.phy_stats.SymbolErrorDuringCarrier == L.ETHTOOL_STAT_NOT_SET
    err, data = bed.run(L.stats_prepare_data, ndev, 1 << L.ETHTOOL_STATS_ETH_PHY)
    assert data.phy_stats.as_dict() == {"SymbolErrorDuringCarrier": 1}
    assert asked[2:] == ["phy True 0"]


def test_histograms_have_the_drivers_ranges_and_what_it_has_set() -> None:
    bed = Bed()

    def rmon(dev: Any, stats: Any) -> Any:
        stats.undersize_pkts = 2
        stats.hist[:2] = 5, 6
        stats.hist_tx[1] = 9
        return (L.ethtool_rmon_hist_range(64, 64), L.ethtool_rmon_hist_range(65, 127))

    ndev = with_ops(bed, get_rmon_stats=rmon)
    err, data = bed.run(L.stats_prepare_data, ndev, 1 << L.ETHTOOL_STATS_RMON)
    assert err == 0 and data.rmon_stats.as_dict() == {"undersize_pkts": 2}
    assert data.hist() == {(64, 64): 5, (65, 127): 6}
    assert data.hist(tx=True) == {(65, 127): 9}
    assert len(data.rmon_stats.hist) == L.ETHTOOL_RMON_HIST_MAX


def test_pause_is_told_with_its_statistics_unless_these_are_not_wanted() -> None:
    bed = Bed()

    def param(dev: Any, pause: Any) -> None:
        pause.rx_pause = 1

    def stats(dev: Any, stats: Any) -> None:
        stats.rx_pause_frames, stats.tx_pause_frames = 4, 5

    ndev = with_ops(bed, get_pauseparam=param, get_pause_stats=stats)
    err, data = bed.run(L.pause_prepare_data, ndev)
    assert (err, data.pauseparam.rx_pause, data.pauseparam.tx_pause) == (0, 1, 0)
    assert data.pausestat.as_dict() == {"rx_pause_frames": 4, "tx_pause_frames": 5}
    err, data = bed.run(L.pause_prepare_data, ndev, False)
    assert err == 0 and data.pausestat.as_dict() == {}
    assert bed.run(L.pause_prepare_data, with_ops(bed))[0] == -L.EOPNOTSUPP


def test_begin_and_complete_enclose_it_and_an_absent_device_answers_nothing() -> None:
    bed = Bed()
    log: list[str] = []
    answer = [0]

    def begin(dev: Any) -> int:
        log.append("begin")
        return answer[0]

    def param(dev: Any, pause: Any) -> None:
        log.append("get")

    ndev = with_ops(bed, begin=begin, complete=lambda dev: log.append("complete"), get_pauseparam=param)
    assert bed.run(L.pause_prepare_data, ndev)[0] == 0
    assert bed.run(L.stats_prepare_data, ndev, 0xF)[0] == 0
    assert log == ["begin", "get", "complete", "begin", "complete"]
    answer[0] = -L.EBUSY
    assert bed.run(L.pause_prepare_data, ndev)[0] == bed.run(L.stats_prepare_data, ndev, 0xF)[0] == -L.EBUSY
    assert log[5:] == ["begin", "begin"]
    bed.run(L.netif_device_detach, ndev)
    assert bed.run(L.stats_prepare_data, ndev, 0xF)[0] == bed.run(L.pause_prepare_data, ndev)[0] == -L.ENODEV


def test_a_driver_without_any_of_it_has_nothing_to_tell() -> None:
    bed = Bed()
    err, data = bed.run(L.stats_prepare_data, device(bed), 0xF)
    assert err == 0
    assert not any(s.as_dict() for s in (data.phy_stats, data.mac_stats, data.ctrl_stats, data.rmon_stats))
    assert data.hist() == {}
