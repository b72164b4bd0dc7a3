# SPDX-License-Identifier: Apache-2.0
"""The reference driver's recovery on the soft NIC: a ring that an error halted, or that hangs, is set up anew alone;
the device is reset where that does not help, and where others ask for it. Queue pairs that share vectors.
"""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic import nic_recover
from pymodel.hw.access import Failure
from tests.scenarios.frames import udp_frame
from tests.unit.soft_host import PCI, Host
from tests.unit.test_driver_life import check_quiet
from tests.unit.test_driver_xdp import attach


def frame(n: int, i: int) -> bytes:
    """The same to and from the host: each flow is in some queue, both ways."""
    return udp_frame(n, i, i, to_host=True)


# Kind of access -> (writes, its AXI IDs' upper bits, which ring it halts, what ethtool counts it as).
ACCESSES = {
    "TX descriptors": (False, 0x00, "tx", "descriptor"),
    "RX descriptors": (False, 0x10, "rx", "descriptor"),
    "TX data": (False, 0x20, "tx", "data"),
    "RX data": (True, 0x00, "rx", "data"),
    "RX records": (True, 0x10, "rx", "completion"),
    "TX records": (True, 0x20, "tx", "completion"),
}


def ethtool_stats(h: Host) -> dict[str, int]:
    """``ethtool -S``."""
    names = linux.ethtool_gstrings(cmd=linux.ETHTOOL_GSTRINGS, string_set=linux.ETH_SS_STATS)
    stats = linux.ethtool_stats(cmd=linux.ETHTOOL_GSTATS)
    for cmd in (names, stats):
        assert h.call(linux.dev_ethtool, h.ndev, cmd) == 0
    return dict(zip(names.data, stats.data, strict=True))


def restarts(h: Host) -> list[tuple[int, int]]:
    """(TX, RX) of each queue pair: times that the ring alone was set up anew."""
    return [(q.tx.restarts, q.rx.restarts) for q in h.priv.all_queues]


def check_works(h: Host) -> None:
    """Both ways, every queue; then nothing is left when it is gone."""
    seen = len(h.wire)
    h.send([frame(100 + i, i) for i in range(40)])
    assert len(h.wire) == seen + 40
    h.deliver([frame(100 + i, i) for i in range(40)])
    h.down()
    check_quiet(h)
    h.remove()


@pytest.mark.parametrize("access", ACCESSES)
def test_ring_halted_by_an_error_is_set_up_anew_alone(host: Any, access: str) -> None:
    """Any access of queue 1 fails once: that ring alone is restarted, the log names it, each lost frame is counted, and
    what was in flight is freed (DMA1)."""
    is_write, kind, way, counter = ACCESSES[access]
    h = host(queues=2)
    h.up()
    h.send([frame(60, i) for i in range(8)])
    h.platform.fail(Failure(is_write, frozenset({kind | 1}), skip=1, response=3))
    down = [frame(60 + i, i) for i in range(120)]
    sender = h.start(h.send_task, down)
    for i in range(120):
        h.platform.wire_send(frame(60 + i, i), 0)
    h.until(lambda: restarts(h)[1] != (0, 0), limit_us=3_000)
    h.until(lambda: sender.done)
    h.settle(500)
    assert restarts(h) == [(0, 0), (int(way == "tx"), int(way == "rx"))]
    assert h.priv.resets == 1
    (told,) = (line for line in linux.dmesg() if f"{way.upper()} queue 1: error ({counter}) at bus" in line)
    assert "response 3" in told
    values = ethtool_stats(h)
    assert {k: v for k, v in values.items() if k.startswith("err_") and v} == {f"err_{counter}": 1}
    assert {k for k, v in values.items() if k.endswith(("_halts", "_restarts")) and v} == {
        f"{way}1_halts", f"{way}1_restarts",
    }  # fmt: skip
    stats = h.stats()
    assert stats.tx_packets + stats.tx_dropped == 128 and stats.tx_packets == len(h.wire)
    lost = stats.rx_dropped + stats.rx_errors + stats.rx_missed_errors
    assert stats.rx_packets + lost == 120 and stats.rx_packets == len(h.received)
    assert not lost or way == "rx"
    assert not stats.tx_dropped or way == "tx"
    check_works(h)


@pytest.mark.parametrize("vectors", [0, 2, 1])
def test_message_that_cannot_be_written_costs_no_frame(host: Any, vectors: int) -> None:
    """The ring that asked is halted without a record, and its queue pair is masked: the driver polls all that the
    message would have told of."""
    h = host(queues=2, cpus=2, vectors=vectors)
    h.up()
    h.platform.fail(Failure(True, frozenset(range(0x30, 0x40)), skip=2))
    for _ in range(5):
        h.send([frame(60 + i, i) for i in range(20)])
        h.deliver([frame(60 + i, i) for i in range(20)])
        h.settle(50)
    assert sum(map(sum, restarts(h))) == 1
    assert ethtool_stats(h)["err_message"] == 1
    stats = h.stats()
    assert (stats.tx_packets, stats.tx_dropped) == (100, 0)
    assert stats.rx_packets == 100
    check_works(h)


def test_error_of_a_message_of_a_cause_is_of_no_queue(host: Any) -> None:
    """It halts nothing; it is logged when the next cause is told of."""
    h = host(queues=2)
    h.up()
    h.platform.fail(Failure(True, frozenset({0x32})))
    h.platform.set_link(False)
    h.settle(20)
    assert linux.netif_carrier_ok(h.ndev), "nobody was told"
    h.call(linux.schedule_work, h.priv.recover_work)
    h.settle(20)
    assert any("no queue: error (message)" in line for line in linux.dmesg())
    assert restarts(h) == [(0, 0), (0, 0)]
    h.platform.set_link(True)
    h.down()
    h.up()
    check_works(h)


def test_tail_beyond_the_ring_halts_and_is_told_of(host: Any) -> None:
    """As a wild write to the doorbell."""
    h = host(queues=2)
    h.up()
    h.platform.on_rule = lambda *broken: None
    h.nic.mmio_write(hw.qp(0) + hw.QP_TX_TAIL, 5000, 4)
    h.until(lambda: restarts(h)[0][0], limit_us=3_000)
    assert ethtool_stats(h)["err_bad_tail"] == 1
    check_works(h)


@pytest.mark.parametrize("xdp", [False, True])
def test_error_in_traffic_on_all_queues_many_times(host: Any, xdp: bool) -> None:
    """Errors at random, of each kind, on any queue, both ways at once, also while a ring is set up anew: nothing leaks,
    nothing is lost without being counted."""
    h = host(queues=3, cpus=2, seed=7, tx_ring=64, rx_ring=64)
    h.up()
    if xdp:
        assert attach(h, lambda xdp: linux.XDP_TX if xdp.data_end - xdp.data & 1 else linux.XDP_PASS) == 0
    h.deliver([frame(60, 1)])
    for access in list(ACCESSES) * 3:
        is_write, kind, _, _ = ACCESSES[access]
        for q in range(3):
            h.platform.fail(Failure(is_write, frozenset({kind | q}), skip=q))
        sender = h.start(h.send_task, [frame(60 + i, i) for i in range(60)], False, True, cpu=1)
        for i in range(60):
            h.platform.wire_send(frame(60 + i, i), 0)
        h.until(lambda sender=sender: sender.done)
        h.settle(300)
    h.platform.fail_no_more()
    h.settle(3_000)
    assert h.priv.resets == 1
    assert all(min(pair) > 2 for pair in restarts(h)), restarts(h)
    stats = h.stats()
    assert stats.tx_packets == len(h.wire)
    assert stats.rx_packets == len(h.received) + sum(q.rx.xdp_tx + q.rx.xdp_errors for q in h.priv.queues)
    lost = stats.rx_dropped + stats.rx_errors + stats.rx_missed_errors
    assert stats.rx_packets + lost == 18 * 60 + 1
    if xdp:
        assert attach(h, None) == 0
    check_works(h)


def test_error_of_frames_over_several_buffers_is_counted_as_frames(host: Any) -> None:
    """A record that cannot be written, of a frame of five buffers: one frame is lost, not five."""
    h = host(queues=1)
    h.up()
    assert h.call(linux.dev_set_mtu, h.ndev, 9000) == 0
    h.deliver([frame(9018, 1)])
    h.platform.fail(Failure(True, frozenset({0x10})))
    h.platform.wire_send(frame(9018, 2), 0)
    h.until(lambda: restarts(h)[0][1], limit_us=3_000)
    h.settle(100)
    stats = h.stats()
    assert (stats.rx_packets, stats.rx_dropped) == (1, 1)
    h.deliver([frame(9018, 3)])
    check_works(h)


def _hang(h: Host, q: int) -> Any:
    """The device does not look at doorbells of queue ``q`` any more: undo with the result."""
    kick = h.nic.tx.kick
    h.nic.tx.kick = lambda ring: None if ring.queue == q else kick(ring)  # type: ignore[method-assign]
    return kick


def test_hung_queue_is_set_up_anew_alone(host: Any) -> None:
    """TX10: the watchdog's ndo_tx_timeout restarts that ring; the device is not reset, the other queue goes on."""
    h = host(queues=2, tx_ring=64, cpus=2)
    h.up()
    h.send([frame(60, i) for i in range(8)])
    ring = h.priv.queues[1].tx
    kick = _hang(h, 1)
    h.start(h.send_task, [frame(60, i) for i in range(300)], False, True)
    h.until(lambda: ring.hung, limit_us=60_000_000)
    h.nic.tx.kick = kick
    h.until(lambda: ring.restarts, limit_us=1_000)
    assert any("TX queue 1 hangs" in line for line in linux.dmesg())
    h.settle(3_000)
    stats = h.stats()
    assert h.priv.resets == 1 and h.priv.queues[0].tx.restarts == 0
    assert stats.tx_dropped > 0
    assert stats.tx_packets == len(h.wire)
    check_works(h)


def test_device_that_goes_on_hanging_is_reset(host: Any) -> None:
    """TX10, ETH2: a queue that hangs at once again after its ring was set up anew; statistics do not go back."""
    h = host(tx_ring=64)
    h.up()
    h.send([frame(60, i) for i in range(5)])
    h.deliver([frame(60, i) for i in range(5)])
    before = h.stats()
    h.nic.tx._scheduled = True  # as if a round of the TX engine were always about to come
    h.start(h.send_task, [frame(60, i) for i in range(300)], False, True)
    h.until(lambda: h.priv.resets > 1, limit_us=60_000_000)
    assert h.priv.queues[0].tx.restarts == 1
    h.settle(1_000)
    assert any("hangs again" in line for line in linux.dmesg())
    h.deliver([frame(78, 1)])
    after = h.stats()
    assert after.tx_packets > before.tx_packets
    assert after.rx_packets == before.rx_packets + 1
    assert after.tx_dropped > 0
    check_works(h)


def test_ring_that_does_not_stop_makes_the_driver_reset_the_device(host: Any) -> None:
    h = host(queues=2, tx_ring=64)
    h.up()
    h.nic.tx.settle = lambda ring: None  # type: ignore[method-assign]  # a ring stays active for ever
    h.platform.fail(Failure(False, frozenset({0x20, 0x21})))
    h.start(h.send_task, [frame(60, i) for i in range(20)], False, True)
    h.until(lambda: h.priv.resets > 1, limit_us=100_000)
    assert any("does not stop" in line for line in linux.dmesg())
    h.settle(1_000)
    check_works(h)


def test_error_while_the_device_is_closed_or_cut_off_is_left_alone(host: Any, monkeypatch: Any) -> None:
    """The work may run when all is over: LIFE3."""
    h = host(queues=2)
    h.up()
    h.down()
    monkeypatch.setattr(nic_recover, "readl", None)
    for work in (h.priv.recover_work, h.priv.reset_work):
        h.call(linux.schedule_work, work)
    h.settle(50)
    assert h.priv.resets == 1
    h.remove()


@pytest.mark.parametrize("vectors", [1, 2, 3, 4, 5])
def test_queue_pairs_share_what_vectors_there_are(host: Any, vectors: int) -> None:
    """Causes have one of their own where there are two; every queue is told of, and so is the link (IRQ2)."""
    h = host(queues=4, cpus=4, vectors=vectors)
    h.up()
    told = [[q.index for q in vector.queues] for vector in h.priv.vectors]
    assert len(told) == vectors
    assert sorted(q for queues in told for q in queues) == [0, 1, 2, 3]
    assert [vector.causes for vector in h.priv.vectors] == [False] * (vectors - 1) + [True]
    assert (told[-1] == []) is (vectors > 1)
    for i in range(30):
        h.deliver([frame(60 + i, i)])
        h.send([frame(60 + i, i)])
    assert all(q.rx.packets and q.tx.packets for q in h.priv.queues)
    h.platform.set_link(False)
    h.until(lambda: not linux.netif_carrier_ok(h.ndev), limit_us=100)
    h.platform.set_link(True)
    h.until(lambda: linux.netif_carrier_ok(h.ndev), limit_us=100)
    check_works(h)


@pytest.mark.parametrize("up", [False, True])
def test_function_level_reset_asked_for_by_others(host: Any, monkeypatch: Any, up: bool) -> None:
    """reset_prepare() and reset_done(): what was in flight is freed, settings, statistics and the state of the link
    come back (ETH2)."""
    h = host(queues=2)
    monkeypatch.setitem(PCI, "flr", True)
    h.up()
    h.deliver([frame(60, i) for i in range(10)] + [frame(1519, 1)], drops=1)
    if not up:
        h.down()
    for i in range(30 if up else 0):
        h.platform.wire_send(frame(60 + i, i), 0)
    if up:
        h.start(h.send_task, [frame(60 + i, i) for i in range(60)], False, True)
        h.settle(5)
    assert h.call(linux.pci_reset_function, h.pdev, limit_us=1_000_000) == 0
    h.settle(100)
    assert linux.netif_device_present(h.ndev)
    assert h.priv.resets == 2 and h.stats().rx_length_errors == 1
    if not up:
        h.up()
    check_works(h)
