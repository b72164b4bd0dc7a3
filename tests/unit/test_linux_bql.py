# SPDX-License-Identifier: Apache-2.0
"""Byte queue limits; TX8."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_tx import Nic


def test_bql_stops_and_starts_the_queue_by_bytes() -> None:
    nic = Nic(Bed(), bql=True)
    nic.send(*range(10), size=1000)
    txq = nic.ndev._tx[0]
    assert nic.sent == [0], "the limit begins at 0: one packet at a time"
    assert L.netif_xmit_stopped(txq) and not L.netif_tx_queue_stopped(txq)
    for _ in range(20):
        nic.done(100)
    assert nic.sent == list(range(10))
    assert txq.dql.num_queued == txq.dql.num_completed == 10_000
    assert txq.dql.limit >= 1000


def test_bytes_sent_with_more_to_follow_are_counted_and_the_queue_is_looked_at_in_the_end() -> None:
    nic = Nic(Bed(), queues=2)
    dev, (first, second) = nic.ndev, nic.ndev._tx

    def run() -> list[bool]:
        return [
            L.__netdev_tx_sent_queue(second, 100, True),
            L.netif_xmit_stopped(second),
            L.__netdev_tx_sent_queue(second, 50, False),
            L.netif_xmit_stopped(second),
            L.__netdev_tx_sent_queue(second, 50, True),
            L.__netdev_sent_queue(dev, 10, True),
        ]

    assert nic.bed.run(run) == [False, False, True, True, True, False], "the doorbell, and whether the queue stopped"
    assert (first.dql.num_queued, second.dql.num_queued) == (10, 200)
    nic.bed.run(L.netdev_sent_queue, dev, 20)
    assert (first.dql.num_queued, L.netif_xmit_stopped(first)) == (30, True)


@pytest.mark.parametrize("reset", [L.netdev_reset_queue, lambda dev: L.netdev_tx_reset_subqueue(dev, 0)])
def test_reset_of_a_ring_forgets_what_is_outstanding_and_lets_packets_come(reset: Any) -> None:
    nic = Nic(Bed(), queues=2)
    first, second = nic.ndev._tx
    for txq in (first, second):
        nic.bed.run(L.netdev_tx_sent_queue, txq, 100)
    nic.bed.run(reset, nic.ndev)
    assert [L.netif_xmit_stopped(txq) for txq in (first, second)] == [False, True]
    assert [txq.dql.num_queued for txq in (first, second)] == [0, 100]


def test_polls_that_complete_once_each_keep_the_rule() -> None:
    """kernel-rules.md: TX8."""
    nic = Nic(Bed(), bql=True)
    nic.send(1, size=200)

    def poll(napi: Any, budget: int) -> int:
        L.netdev_completed_queue(nic.ndev, 1, 100)
        L.napi_complete_done(napi, 0)
        return 0

    napi = L.napi_struct()
    L.netif_napi_add(nic.ndev, napi, poll)
    L.napi_enable(napi)
    for done in (100, 200):
        nic.bed.run(L.napi_schedule, napi)
        nic.bed.settle(5000)
        assert nic.ndev._tx[0].dql.num_completed == done


def test_bql_bulk_dequeue_tells_the_driver_that_more_follows() -> None:
    nic = Nic(Bed(), bql=True)
    nic.send(*range(40), size=200)
    for _ in range(30):
        nic.done(100)
    assert nic.sent == list(range(40))
    assert True in nic.more
    assert nic.more[-1] is False


def test_bytes_completed_beyond_what_was_sent_are_tx8() -> None:
    """kernel-rules.md: TX8; BUG_ON in dql_completed()."""
    nic = Nic(Bed(), bql=True)
    nic.send(1)
    with pytest.raises(L.CheckError, match="TX8: eth0: queue 0: 101 bytes completed, but 100 are outstanding"):
        nic.bed.run(L.netdev_completed_queue, nic.ndev, 1, 101)


def test_bytes_completed_twice_in_a_poll_are_tx8() -> None:
    """kernel-rules.md: TX8: once per reclaim round."""
    nic = Nic(Bed(), bql=True)
    nic.send(1, size=200)

    def poll(napi: Any, budget: int) -> int:
        L.netdev_completed_queue(nic.ndev, 1, 100)
        L.netdev_completed_queue(nic.ndev, 1, 100)
        return 0

    napi = L.napi_struct()
    L.netif_napi_add(nic.ndev, napi, poll)
    L.napi_enable(napi)
    nic.bed.run(L.napi_schedule, napi)
    with pytest.raises(L.CheckError, match="TX8: .*completed twice in one poll"):
        nic.bed.settle(5000)


def test_dql_counts_stalls_where_it_is_told_to() -> None:
    """lib/dynamic_queue_limits.c dql_check_stall(): nothing completed for stall_thrs, though something was queued in
    the first half of it.
    """
    bed = Bed()
    bed.settle(40_000_000)
    quiet, watched = L.dql(), L.dql()
    watched.stall_thrs = 4
    for d in (quiet, watched):
        L.dql_queued(d, 100)
    bed.settle(12_000_000)
    L.dql_completed(watched, 10)
    assert watched.stall_cnt == 0, "3 jiffies are no stall"
    L.dql_queued(watched, 100)
    bed.settle(8_000_000)
    for d in (quiet, watched):
        L.dql_queued(d, 100)
    bed.settle(16_000_000)
    for d in (quiet, watched):
        L.dql_completed(d, 100)
    assert (watched.stall_cnt, watched.stall_max) == (1, 4), "what was queued with the last completion is not asked"
    bed.settle(40_000_000)
    L.dql_completed(watched, 100)
    assert watched.stall_cnt == 1, "nothing was queued since"
    assert (quiet.stall_cnt, quiet.stall_max) == (0, 0)
    L.dql_queued(watched, 100)
    bed.settle(40_000_000)
    L.dql_reset(watched)
    L.dql_queued(watched, 100)
    L.dql_completed(watched, 100)
    assert watched.stall_cnt == 1, "a ring that was emptied starts anew"


def test_dql_refuses_what_cannot_be() -> None:
    bed = Bed()
    d = L.dql()
    with pytest.raises(L.KernelWarning, match="more than DQL_MAX_OBJECT"):
        L.dql_queued(d, L.DQL_MAX_OBJECT + 1)
    L.dql_queued(d, 10)
    with pytest.raises(L.KernelBug, match="10 are outstanding"):
        bed.run(L.dql_completed, d, 11)
