# SPDX-License-Identifier: Apache-2.0
"""The reference driver on the soft NIC under other ways of polling: threads, deferred interrupts, busy polling."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_tx
from pymodel.hw.errors import CheckError
from tests.unit.soft_host import Host
from tests.unit.test_driver_traffic import frame, received, wire_frames

FRAMES = [frame(60 + i * 13 % 1400, i) for i in range(200)]


def both_ways(h: Host) -> None:
    h.deliver(FRAMES)
    assert sorted(received(h)) == sorted(FRAMES)
    h.send(FRAMES)
    assert sorted(wire_frames(h)) == sorted(FRAMES)
    h.settle()
    stats = h.stats()
    assert (stats.rx_packets, stats.tx_packets) == (200, 200)
    assert stats.rx_dropped == stats.tx_dropped == 0


def test_frames_pass_both_ways_with_threads(host: Any) -> None:
    """Four instances, each with its thread; no softirq polls."""
    h = host(queues=4, cpus=2, seed=5)
    h.up()
    h.call(linux.dev_set_threaded, h.ndev, True)
    before = linux.counters()["net_rx_softirqs"]
    both_ways(h)
    assert linux.counters()["net_rx_softirqs"] == before
    h.down()
    h.remove()


@pytest.mark.parametrize("defer", [1, 3])
def test_frames_pass_both_ways_with_deferred_interrupts(host: Any, defer: int) -> None:
    """Interrupts stay masked between polls 20 us apart, so there are fewer than without."""
    interrupts = []
    for timeout in (0, 20_000):
        h = host(seed=6)
        h.up()
        h.ndev.gro_flush_timeout, h.ndev.napi_defer_hard_irqs = timeout, defer
        both_ways(h)
        interrupts.append(linux.counters()["interrupts"])
        h.down()
        h.remove()
    assert interrupts[1] < interrupts[0]


def test_busy_polling_receives_without_softirqs(host: Any) -> None:
    h = host(seed=7)
    h.up()
    napi = h.ndev.napi_list[0]

    def spin() -> None:
        linux.napi_busy_loop(napi.napi_id, lambda arg, start: len(h.received) >= 50, None, False, 8)

    task = h.start(spin)
    h.deliver(FRAMES[:50])
    h.until(lambda: task.done)
    assert sorted(received(h)) == sorted(FRAMES[:50])
    assert napi.state & linux.NAPIF_STATE_IN_BUSY_POLL == 0
    h.settle()
    h.down()
    h.remove()


def close_at_once(h: Host) -> None:
    """Close when frames have been sent that no poll has seen."""
    for i in range(8):
        h.up()
        h.call(h.send_task, [frame(60, k) for k in range(20)])
        h.settle(0.3 * i)
        h.down()
    h.remove()


def test_sent_skbs_are_freed_as_in_a_poll_only_in_a_poll(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """NAPI2: reclaim on close is none; a driver that frees as if it were is reported."""
    close_at_once(host())
    monkeypatch.setattr(nic_tx, "napi_consume_skb", lambda skb, budget: linux.napi_consume_skb(skb, 64))
    with pytest.raises(CheckError, match="^WARN: napi_consume_skb"):
        close_at_once(host())
