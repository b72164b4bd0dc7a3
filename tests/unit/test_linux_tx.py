# SPDX-License-Identifier: Apache-2.0
"""The way down: dev_queue_xmit(), queueing disciplines, queue states; TX7."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import here
from pymodel.hw.contexts import Task
from tests.unit.linux_bed import Bed


class Nic:
    """A transmit ring of ``size``; ``done(n)`` completes the oldest n in process context with bottom halves off."""

    def __init__(
        self, bed: Bed, size: int = 1000, queues: int = 1, bql: bool = False, features: int = 0, **ops: Any
    ) -> None:
        self.bed = bed
        self.size = size
        self.bql = bql
        self.rings: list[deque[Any]] = [deque() for _ in range(queues)]
        self.more: list[bool] = []
        self.sent: list[int] = []
        self.busy = 0
        ndev = bed.run(L.alloc_etherdev_mqs, 0, queues, queues)
        base = {"ndo_open": self.open, "ndo_stop": self.stop, "ndo_start_xmit": self.xmit}
        ndev.netdev_ops = L.net_device_ops(**{**base, **ops})
        ndev.features = ndev.hw_features = features
        self.ndev = ndev
        assert bed.run(L.register_netdev, ndev) == 0
        assert bed.run(L.dev_open, ndev) == 0

    def open(self, ndev: Any) -> int:
        L.netif_tx_start_all_queues(ndev)
        return 0

    def stop(self, ndev: Any) -> int:
        for i, ring in enumerate(self.rings):
            while ring:
                L.dev_kfree_skb_any(ring.popleft())
            L.netdev_tx_reset_queue(L.netdev_get_tx_queue(ndev, i))
        return 0

    def xmit(self, skb: Any, ndev: Any) -> int:
        i = L.skb_get_queue_mapping(skb)
        txq, ring = L.netdev_get_tx_queue(ndev, i), self.rings[i]
        if self.busy or len(ring) >= self.size:
            self.busy = max(0, self.busy - 1)
            return L.NETDEV_TX_BUSY
        self.more.append(L.netdev_xmit_more())
        self.sent.append(skb.cb)
        ring.append(skb)
        if self.bql:
            L.netdev_tx_sent_queue(txq, skb.len)
        if len(ring) >= self.size:
            L.netif_tx_stop_queue(txq)
        return L.NETDEV_TX_OK

    def done(self, n: int = 1, i: int = 0, wake: bool = True) -> None:
        txq, ring = L.netdev_get_tx_queue(self.ndev, i), self.rings[i]

        def run() -> None:
            L.local_bh_disable()
            total = 0
            for _ in range(min(n, len(ring))):
                skb = ring.popleft()
                total += skb.len
                L.dev_consume_skb_any(skb)
            if self.bql:
                L.netdev_tx_completed_queue(txq, n, total)
            if wake and L.netif_tx_queue_stopped(txq):
                L.netif_tx_wake_queue(txq)
            L.local_bh_enable()

        self.bed.run(run)

    def packet(self, tag: int = 0, size: int = 100) -> Any:
        skb = L.alloc_skb(size + 32, L.GFP_ATOMIC)
        L.skb_reserve(skb, 32)
        L.skb_put_zero(skb, size)
        skb.cb = tag
        skb.dev = self.ndev
        return skb

    def send(self, *tags: int, size: int = 100) -> list[int]:
        return self.bed.run(lambda: [L.dev_queue_xmit(self.packet(t, size)) for t in tags])

    def qlen(self, i: int = 0) -> int:
        return self.ndev._tx[i].qdisc.qlen


def test_empty_qdisc_is_passed_by() -> None:
    nic = Nic(Bed())
    assert nic.send(1, 2, 3) == [0, 0, 0]
    assert nic.sent == [1, 2, 3]
    assert nic.qlen() == 0


def test_stopped_queue_holds_packets_and_wake_sends_them_in_order() -> None:
    nic = Nic(Bed(), size=2)
    nic.send(*range(6))
    assert (nic.sent, nic.qlen()) == ([0, 1], 4)
    nic.done(2)
    assert (nic.sent, nic.qlen()) == ([0, 1, 2, 3], 2)
    nic.done(2)
    assert (nic.sent, nic.qlen()) == ([0, 1, 2, 3, 4, 5], 0)


def test_queue_of_1000_packets_drops_the_rest() -> None:
    nic = Nic(Bed(), size=1)
    codes = nic.send(*range(1004))
    assert codes == [0] * 1002 + [L.NET_XMIT_DROP] * 2, "one in the ring, one put back, 1000 in their band"
    assert L.counters()["drops"] == {"QDISC_DROP": 2}


def test_priorities_have_their_bands() -> None:
    """Source: net/sched/sch_generic.c sch_default_prio2band: 6 and 7 go first, then 0, then 1 to 3 and 5."""
    nic = Nic(Bed(), size=1)

    def run() -> None:
        for tag, prio in enumerate((0, 1, 0, 6, 2, 7)):
            skb = nic.packet(tag)
            skb.priority = prio
            L.dev_queue_xmit(skb)

    nic.bed.run(run)
    for _ in range(6):
        nic.done()
    assert nic.sent == [0, 1, 3, 5, 2, 4], "1 met an empty qdisc and a stopped queue: it was put back, and goes first"


@pytest.mark.parametrize("locked", [False, True])
def test_start_outside_of_xmit_is_tx7(locked: bool) -> None:
    """kernel-rules.md: TX7: what waits in the qdisc would stay there. Reclaim with the queue's lock is not xmit."""
    nic = Nic(Bed(), size=1)
    nic.send(1, 2)

    def start() -> None:
        if locked:
            L.__netif_tx_lock_bh(nic.ndev._tx[0])
        L.netif_tx_start_all_queues(nic.ndev)

    with pytest.raises(
        L.CheckError, match=r"TX7: eth0: queue 0, stopped, was started outside of xmit: .*\(1 packets\)"
    ):
        nic.bed.run(start)


def test_start_within_xmit_is_fine() -> None:
    """kernel-rules.md: TX6: stop, look again, start."""

    def xmit(skb: Any, ndev: Any) -> int:
        free = iter((0, 20))
        L.consume_skb(skb)
        assert L.netif_txq_maybe_stop(L.netdev_get_tx_queue(ndev, 0), lambda: next(free), 18, 18) == -1
        return L.NETDEV_TX_OK

    nic = Nic(Bed(), ndo_start_xmit=xmit)
    nic.send(1, 2)
    assert not L.netif_queue_stopped(nic.ndev)


def test_completed_wake_wakes_above_its_threshold() -> None:
    nic = Nic(Bed(), size=2)
    nic.send(1, 2, 3)
    txq = L.netdev_get_tx_queue(nic.ndev, 0)
    assert nic.bed.run(L.netif_txq_completed_wake, txq, 1, 0, lambda: 5, 10) == -1
    nic.rings[0].clear()
    assert nic.bed.run(L.netif_txq_completed_wake, txq, 1, 0, lambda: 10, 10) == 0
    assert nic.bed.run(L.netif_txq_completed_wake, txq, 1, 0, lambda: 10, 10) == 1


def test_recorded_rx_queue_decides_the_queue_and_else_the_flow() -> None:
    bed = Bed()
    nic = Nic(bed, queues=4)
    flows: dict[bytes, set[int]] = {}

    def run() -> None:
        for n in range(40):
            ports = bytes([n % 10, 1, 2, 3])
            skb = nic.packet()
            mem = here.mem
            ip = skb.data + 14
            mem[ip] = 0x45
            mem[ip + 9] = 17
            mem[ip + 20 : ip + 24] = ports
            skb.protocol = L.ETH_P_IP
            L.skb_set_network_header(skb, 14)
            L.dev_queue_xmit(skb)
            flows.setdefault(ports, set()).add(skb.queue_mapping)

    bed.run(run)
    assert all(len(queues) == 1 for queues in flows.values()), "a flow keeps its queue"
    assert len(set.union(*flows.values())) > 1
    for rxq, want in ((0, 0), (3, 3), (6, 2)):
        skb = nic.packet()
        L.skb_record_rx_queue(skb, rxq)
        assert L.netdev_pick_tx(nic.ndev, skb, None) == want


def test_select_queue_is_asked_and_capped() -> None:
    nic = Nic(Bed(), queues=2, ndo_select_queue=lambda dev, skb, sb: skb.cb)
    nic.send(0, 1, 7)
    assert [len(r) for r in nic.rings] == [2, 1]
    assert "selects TX queue 7, but real number of TX queues is 2" in L.dmesg()[-1]


def test_close_drops_what_waits_and_later_packets() -> None:
    """kernel-rules.md: LIFE2."""
    nic = Nic(Bed(), size=1)
    nic.send(1, 2, 3)
    nic.bed.run(L.dev_close, nic.ndev)
    assert L.qdisc_leaks() == [] == L.skb_leaks()
    assert nic.send(4) == [L.NET_XMIT_CN]
    assert nic.sent == [1]
    assert L.counters()["drops"]["QUEUE_PURGE"] == 2


@pytest.mark.parametrize("free", [L.dev_kfree_skb_irq, L.dev_kfree_skb_any])
def test_packets_freed_with_interrupts_off_go_in_the_next_softirq_the_last_first(free: Any) -> None:
    """net/core/dev.c dev_kfree_skb_irq_reason(), net_tx_action()."""
    nic = Nic(Bed())
    freed: list[int] = []

    def run() -> None:
        skbs = [nic.packet(tag) for tag in (1, 2, 3)]
        for skb in skbs:
            skb.destructor = lambda skb: freed.append(skb.cb)
        L.skb_get(skbs[1])
        L.local_irq_disable()
        for skb in skbs:
            free(skb)
        assert freed == []
        L.local_irq_enable()
        L.local_bh_disable()
        L.local_bh_enable()
        assert freed == [3, 1], "2 has a reference left"
        L.consume_skb(skbs[1])

    nic.bed.run(run)
    assert freed == [3, 1, 2]
    assert L.counters()["drops"] == {"NOT_SPECIFIED": 2}
    assert L.counters()["net_tx_softirqs"] == 1


def test_packet_used_after_dev_kfree_skb_irq_warns() -> None:
    nic = Nic(Bed())

    def run() -> None:
        skb = nic.packet()
        L.local_irq_disable()
        L.dev_consume_skb_irq(skb)
        L.skb_get(skb)
        L.local_irq_enable()
        L.local_bh_disable()
        L.local_bh_enable()

    with pytest.raises(L.KernelWarning, match="was freed by dev_kfree_skb_irq.., and used since: 1 references"):
        nic.bed.run(run)


def test_start_wake_and_stop_of_the_first_queue_work() -> None:
    """The page's trio: stop holds packets back, wake sends them, start lets the first ones through in ndo_open."""
    nic = Nic(Bed())
    nic.bed.run(L.netif_stop_queue, nic.ndev)
    assert L.netif_queue_stopped(nic.ndev)
    nic.send(1)
    assert nic.sent == []
    nic.bed.run(L.netif_wake_queue, nic.ndev)
    nic.bed.settle(1000)
    assert nic.sent == [1]
    nic.bed.run(L.netif_stop_queue, nic.ndev)
    nic.bed.run(L.dev_close, nic.ndev)
    nic.ndev.netdev_ops.ndo_open = lambda dev: L.netif_start_queue(dev) or 0
    nic.bed.run(L.dev_open, nic.ndev)
    assert not L.netif_queue_stopped(nic.ndev)
    nic.send(2)
    assert nic.sent == [1, 2]


def test_direct_xmit_goes_past_the_qdisc_to_the_queue_it_names() -> None:
    nic = Nic(Bed(), size=1, queues=2)
    run = nic.bed.run
    assert run(L.dev_direct_xmit, nic.packet(1), 1) == L.NETDEV_TX_OK
    assert [len(ring) for ring in nic.rings] == [0, 1]
    skb = nic.packet(2)
    assert run(L.__dev_direct_xmit, skb, 1) == L.NETDEV_TX_BUSY
    assert (skb.users, nic.qlen(1)) == (1, 0), "a stopped queue: the packet is the caller's"
    assert run(L.dev_direct_xmit, skb, 1) == L.NETDEV_TX_BUSY
    assert len(L.skb_leaks()) == 1, "only what is in the ring"
    seen: list[tuple[int, bool]] = []

    def xmit(skb: Any, dev: Any) -> int:
        seen.append((here.state["net"].softnet[0].xmit_recursion, bool(L.in_softirq())))
        L.consume_skb(skb)
        return L.NETDEV_TX_OK

    nic.ndev.netdev_ops.ndo_start_xmit = xmit
    run(lambda: (L.dev_direct_xmit(nic.packet(), 0), seen.append((0, bool(L.in_softirq())))))
    assert seen == [(1, True), (0, False)], "bottom halves are off in the driver, and on again"
    assert here.state["net"].softnet[0].xmit_recursion == 0


def test_direct_xmit_of_a_device_that_is_down_drops() -> None:
    nic = Nic(Bed())
    nic.bed.run(L.dev_close, nic.ndev)
    assert nic.bed.run(L.dev_direct_xmit, nic.packet(), 0) == L.NET_XMIT_DROP
    assert (L.dev_get_stats(nic.ndev).tx_dropped, L.skb_leaks()) == (1, [])


def test_packets_left_in_a_qdisc_are_a_leak() -> None:
    nic = Nic(Bed(), size=1)
    nic.send(1, 2, 3)
    assert "eth0 queue 0: 2 packets in its qdisc" in L.leak_report()


def test_two_cpus_sending_to_one_queue_lose_and_mix_nothing() -> None:
    """The driver's xmit takes time: the other CPU enqueues, and who runs the qdisc sees to it."""
    bed = Bed(cpus=2)
    busy: list[int] = []

    def xmit(skb: Any, dev: Any) -> int:
        assert not busy, "two CPUs in the xmit of one queue"
        busy.append(1)
        L.charge(700)
        busy.clear()
        sent.append(skb.cb)
        L.consume_skb(skb)
        return L.NETDEV_TX_OK

    sent: list[Any] = []
    nic = Nic(bed, ndo_start_xmit=xmit)

    def sender(cpu: int) -> None:
        for n in range(60):
            L.dev_queue_xmit(nic.packet((cpu, n)))  # type: ignore[arg-type]

    tasks = [Task(c, sender, (c.id,), f"sender {c.id}") for c in bed.sched.cpus]
    bed.pump(lambda: all(t.done for t in tasks))
    bed.settle(200_000)
    assert len(sent) == 120
    for cpu in (0, 1):
        assert [n for c, n in sent if c == cpu] == list(range(60))


def test_noqueue_device_sends_at_once_or_drops() -> None:
    bed = Bed()
    nic = Nic(bed, size=1)
    bed.run(L.dev_close, nic.ndev)
    nic.ndev.qdisc = here.state["net"].noop
    nic.ndev.priv_flags |= L.IFF_NO_QUEUE
    bed.run(L.dev_open, nic.ndev)
    assert nic.send(1, 2) == [0, -L.ENETDOWN]
    assert L.dev_get_stats(nic.ndev).tx_dropped == 1


def test_xmit_sets_mac_header_and_queue_and_costs_time() -> None:
    nic = Nic(Bed(tx_stack=500))

    def run() -> tuple[int, int, int]:
        skb = nic.packet()
        L.skb_record_rx_queue(skb, 5)
        skb.mac_header = 3
        begin = nic.bed.sched.local_now
        L.dev_queue_xmit(skb)
        return skb.mac_header - L.skb_headroom(skb), skb.queue_mapping, nic.bed.sched.local_now - begin

    header, queue, took = nic.bed.run(run)
    assert (header, queue) == (0, 0)
    assert took >= 500_000


def test_xmit_of_an_empty_packet_warns() -> None:
    nic = Nic(Bed())
    with pytest.raises(L.KernelWarning, match="empty skb"):
        nic.bed.run(lambda: L.dev_queue_xmit(nic.packet(size=0)))


def test_xmit_in_a_hard_interrupt_warns() -> None:
    nic = Nic(Bed())

    def run() -> None:
        L.local_irq_disable()
        L.dev_queue_xmit(nic.packet())

    with pytest.raises(L.KernelWarning, match="hard interrupt"):
        nic.bed.run(run)


def test_xmit_of_a_queueless_device_that_comes_back_to_it_is_a_dead_loop() -> None:
    bed = Bed()

    def xmit(skb: Any, ndev: Any) -> int:
        L.dev_queue_xmit(skb)
        return L.NETDEV_TX_OK

    nic = Nic(bed, ndo_start_xmit=xmit)
    bed.run(L.dev_close, nic.ndev)
    nic.ndev.qdisc = here.state["net"].noop
    nic.ndev.priv_flags |= L.IFF_NO_QUEUE
    bed.run(L.dev_open, nic.ndev)
    with pytest.raises(L.CheckError, match="Dead loop on virtual device eth0"):
        nic.send(1)
