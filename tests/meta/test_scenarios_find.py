# SPDX-License-Identifier: Apache-2.0
"""What a scenario looks for itself, beside the checks that are always on, it finds: the driver, or the device, makes
the mistake, and the run fails by that rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_main, nic_rx
from pymodel.drivers.nic.nic_ethtool import nic_ethtool_ops
from tb.session import run_soft
from tests.scenarios.catalog import case_named

Patch = pytest.MonkeyPatch


def _told(patch: Patch, change: Callable[[dict[str, int]], object]) -> None:
    """What ``ethtool -S`` shows, changed."""
    get, strings = nic_ethtool_ops.get_ethtool_stats, nic_ethtool_ops.get_strings

    def changed(ndev: Any, stats: Any, data: list[int]) -> None:
        get(ndev, stats, data)
        names: list[str] = []
        strings(ndev, linux.ETH_SS_STATS, names)
        counters = dict(zip(names, data, strict=True))
        change(counters)
        data[:] = counters.values()

    patch.setattr(nic_ethtool_ops, "get_ethtool_stats", changed)


def _swap(counters: dict[str, int], one: str, other: str) -> None:
    counters[one], counters[other] = counters[other], counters[one]


def counts_on_another_queue(patch: Patch) -> None:
    _told(patch, lambda c: _swap(c, "rx0_packets", "rx1_packets"))


def counts_on_another_tx_queue(patch: Patch) -> None:
    _told(patch, lambda c: _swap(c, "tx2_bytes", "tx3_bytes"))


def counts_bytes_twice(patch: Patch) -> None:
    _told(patch, lambda c: c.update(rx1_bytes=2 * c["rx1_bytes"]))


def mixes_up_what_programs_did(patch: Patch) -> None:
    _told(patch, lambda c: _swap(c, "rx2_xdp_drops", "rx2_xdp_tx"))


def takes_drops_of_a_program_for_its_own(patch: Patch) -> None:
    _told(patch, lambda c: c.update(rx1_dropped=c["rx1_dropped"] + c["rx1_xdp_drops"]))


def counts_drops_on_the_first_queue(patch: Patch) -> None:
    def gather(counters: dict[str, int]) -> None:
        names = [f"tx{q}_dropped" for q in range(4)]
        total = sum(counters[name] for name in names)
        counters.update(dict.fromkeys(names, 0), tx0_dropped=total)

    _told(patch, gather)


def tells_of_a_speed_without_a_link(patch: Patch) -> None:
    get = nic_ethtool_ops.get_link_ksettings

    def always(ndev: Any, ks: Any) -> int:
        get(ndev, ks)
        ks.base.speed, ks.base.duplex = 10_000, linux.DUPLEX_FULL
        return 0

    patch.setattr(nic_ethtool_ops, "get_link_ksettings", always)


def is_half_duplex_without_a_link(patch: Patch) -> None:
    get = nic_ethtool_ops.get_link_ksettings

    def halved(ndev: Any, ks: Any) -> int:
        get(ndev, ks)
        if ks.base.duplex == linux.DUPLEX_UNKNOWN:
            ks.base.duplex = linux.DUPLEX_HALF
        return 0

    patch.setattr(nic_ethtool_ops, "get_link_ksettings", halved)


def does_not_tell_of_the_link(patch: Patch) -> None:
    patch.setattr(nic_ethtool_ops, "get_link", lambda ndev: 1)


def takes_pause_by_negotiation(patch: Patch) -> None:
    take = nic_ethtool_ops.set_pauseparam

    def careless(ndev: Any, pause: Any) -> int:
        pause.autoneg = 0
        return int(take(ndev, pause))

    patch.setattr(nic_ethtool_ops, "set_pauseparam", careless)


def refuses_pause_by_half(patch: Patch) -> None:
    take = nic_ethtool_ops.set_pauseparam

    def half(ndev: Any, pause: Any) -> int:
        asked, pause.autoneg = pause.autoneg, 0
        take(ndev, pause)
        return -linux.EINVAL if asked else 0

    patch.setattr(nic_ethtool_ops, "set_pauseparam", half)


def forgets_its_work(patch: Patch) -> None:
    patch.setattr(nic_main, "cancel_work_sync", lambda work: False)


def announces_longer_packets_than_it_can_cut(patch: Patch) -> None:
    patch.setattr(
        nic_main, "netif_set_tso_max_size", lambda ndev, size: linux.netif_set_tso_max_size(ndev, linux.GSO_MAX_SIZE)
    )


def reads_another_buffers_index(patch: Patch) -> None:
    patch.setattr(nic_rx, "_INDEX_SHIFT", nic_rx._INDEX_SHIFT + 1)


@pytest.mark.parametrize(
    ("mistake", "scenario", "told"),
    [
        (counts_on_another_queue, "queue_statistics", "ETH2: in traffic: ethtool -S counts "),
        (counts_on_another_tx_queue, "queue_statistics", "ETH2: in traffic: ethtool -S counts "),
        (counts_bytes_twice, "queue_statistics", "ETH2: in traffic: ethtool -S counts "),
        (mixes_up_what_programs_did, "queue_statistics", "ETH2: with a program: ethtool -S counts "),
        (takes_drops_of_a_program_for_its_own, "queue_statistics", "ETH2: with a program: ethtool -S counts "),
        (counts_drops_on_the_first_queue, "queue_statistics", "ETH2: where a frame could not be sent: "),
        (tells_of_a_speed_without_a_link, "link_comes_and_goes", "ETH1: without a link ethtool tells of speed 10000"),
        (is_half_duplex_without_a_link, "link_comes_and_goes", "ETH1: without a link ethtool tells of speed -1 and"),
        (does_not_tell_of_the_link, "link_comes_and_goes", "ETH1: ethtool tells of a link"),
        (takes_pause_by_negotiation, "settings_stay", "ETH1: PAUSE by negotiation is taken"),
        (refuses_pause_by_half, "settings_stay", "ETH1: PAUSE was refused (-EINVAL), and is [False, False, True]"),
        (forgets_its_work, "removed_at_work", "WARN: ODEBUG: free active (active state 0) object type: work_struct"),
        (announces_longer_packets_than_it_can_cut, "segmentation", "BYTES-tx: "),
        (reads_another_buffers_index, "both_ways", "LOG: the driver complains: "),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_mistake_is_found(mistake: Callable[[Patch], None], scenario: str, told: str, monkeypatch: Patch) -> None:
    mistake(monkeypatch)
    message = run_soft(case_named(scenario).config("nic", "soft", 1)).message
    assert message.startswith(told), message
