# SPDX-License-Identifier: Apache-2.0
"""The transmit watchdog; TX10."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_tx import Nic


def test_watchdog_calls_tx_timeout_with_frozen_queues_and_traffic_goes_on() -> None:
    """kernel-rules.md: TX10."""
    bed = Bed()
    calls: list[tuple[int, bool]] = []

    def timeout(ndev: Any, txqueue: int) -> None:
        txq = L.netdev_get_tx_queue(ndev, txqueue)
        calls.append((txqueue, L.netif_tx_queue_frozen(txq)))
        L.dev_kfree_skb_any(nic.rings[0].popleft())
        L.netif_tx_wake_queue(txq)

    nic = Nic(bed, size=1, ndo_tx_timeout=timeout)
    bed.run(L.dev_close, nic.ndev)
    nic.ndev.watchdog_timeo = 2
    bed.run(L.dev_open, nic.ndev)
    nic.send(1, 2)
    assert nic.sent == [1]
    bed.settle(20_000_000)
    assert calls[0] == (0, True)
    assert nic.sent == [1, 2]
    assert "NETDEV WATCHDOG: CPU: 0: transmit queue 0 timed out" in L.dmesg()[0]
    bed.run(L.dev_close, nic.ndev)
    assert L.timer_leaks() == []


def _hung(bed: Bed, timeout: Any) -> Nic:
    """A queue of one packet that nobody completes, watched every 2 jiffies."""
    nic = Nic(bed, size=1, ndo_tx_timeout=timeout)
    bed.run(L.dev_close, nic.ndev)
    nic.ndev.watchdog_timeo = 2
    bed.run(L.dev_open, nic.ndev)
    nic.send(1, 2)
    return nic


def test_tx_timeout_after_which_nothing_is_sent_is_tx10() -> None:
    """kernel-rules.md: TX10: afterwards traffic flows again."""
    bed = Bed()
    nic = _hung(bed, lambda dev, q: None)
    with pytest.raises(L.CheckError, match=r"TX10: eth0: queue 0 is stopped for \d+ ms: nothing was sent since"):
        bed.settle(100_000_000)
    assert nic.ndev._tx[0].trans_timeout == 2


def test_queue_that_stays_stopped_with_nothing_on_its_way_is_tx6() -> None:
    """kernel-rules.md: TX6: the bytes of BQL say that the ring is empty."""
    bed = Bed()
    timeouts: list[int] = []
    nic = Nic(bed, size=1, bql=True, ndo_tx_timeout=lambda dev, q: timeouts.append(q))
    nic.ndev.watchdog_timeo = 2
    bed.run(L.dev_close, nic.ndev)
    bed.run(L.dev_open, nic.ndev)
    nic.send(1)
    nic.done(wake=False)
    with pytest.raises(L.CheckError, match="TX6: eth0: queue 0 is stopped for 12 ms though all 100 bytes"):
        bed.settle(100_000_000)
    assert timeouts == []


def test_tx_timeout_that_disables_the_queues_itself_hangs() -> None:
    """netif_tx_disable() wants the lock that the watchdog holds."""
    bed = Bed()
    nic = _hung(bed, lambda dev, q: L.netif_tx_disable(nic.ndev))
    with pytest.raises(L.Lockup, match="tx_global_lock"):
        bed.settle(100_000_000)


def test_watchdog_of_a_driver_that_does_not_say_waits_five_seconds() -> None:
    assert Nic(Bed(), ndo_tx_timeout=lambda dev, q: None).ndev.watchdog_timeo == 5 * L.HZ
    assert Nic(Bed()).ndev.watchdog_timeo == 0, "nobody to call"


def test_watchdog_leaves_a_queue_alone_that_moves() -> None:
    bed = Bed()
    nic = Nic(bed, size=1, ndo_tx_timeout=lambda dev, q: pytest.fail("timed out"))
    bed.run(L.dev_close, nic.ndev)
    nic.ndev.watchdog_timeo = 3
    bed.run(L.dev_open, nic.ndev)
    for n in range(10):
        nic.send(n)
        bed.settle(4_000_000)
        nic.done()
