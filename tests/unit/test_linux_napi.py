# SPDX-License-Identifier: Apache-2.0
"""NAPI: states, budgets, repolls, and the rules NAPI1 to NAPI8 with a driver that breaks each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import charge, here
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_irq import Device

FRAME = bytes.fromhex("020000000001020000000002") + b"\x08\x00" + bytes(46)


class Poller:
    """An instance whose polls are given as functions ``(napi, budget) -> work``, one after the other."""

    def __init__(self, bed: Bed, *steps: Callable[[Any, int], int], weight: int = 64) -> None:
        self.bed = bed
        self.steps = list(steps)
        self.polls: list[int] = []
        self.napi = L.napi_struct(container=self)
        self.ndev = bed.run(L.alloc_etherdev, 0)
        self.ndev.netdev_ops = L.net_device_ops(
            ndo_open=self.open, ndo_stop=self.stop, ndo_start_xmit=lambda skb, dev: L.NETDEV_TX_OK
        )
        L.netif_napi_add(self.ndev, self.napi, self.poll, weight)
        assert bed.run(L.register_netdev, self.ndev) == 0
        assert bed.run(L.dev_open, self.ndev) == 0

    def open(self, ndev: Any) -> int:
        L.napi_enable(self.napi)
        return 0

    def stop(self, ndev: Any) -> int:
        L.napi_disable(self.napi)
        return 0

    def poll(self, napi: Any, budget: int) -> int:
        self.polls.append(budget)
        step = self.steps.pop(0) if self.steps else complete(0)
        return step(napi, budget)

    def schedule(self) -> None:
        """napi_schedule() as an interrupt would, and the softirq that follows."""

        def run() -> None:
            L.local_bh_disable()
            L.napi_schedule(self.napi)
            L.local_bh_enable()

        self.bed.run(run)


def complete(work: int) -> Callable[[Any, int], int]:
    def step(napi: Any, budget: int) -> int:
        L.napi_complete_done(napi, work)
        return work

    return step


def full(napi: Any, budget: int) -> int:
    return budget


def receive(napi: Any, n: int) -> None:
    for _ in range(n):
        skb = L.napi_alloc_skb(napi, len(FRAME))
        L.skb_put_data(skb, FRAME, len(FRAME))
        skb.protocol = L.eth_type_trans(skb, napi.dev)
        L.napi_gro_receive(napi, skb)


def test_full_budget_is_polled_again_at_once() -> None:
    """kernel-rules.md: NAPI3, NAPI4."""
    bed = Bed()
    p = Poller(bed, full, full, complete(3))
    p.schedule()
    assert p.polls == [64, 64, 64]
    assert p.napi.state == L.NAPIF_STATE_LISTED


def test_schedule_while_polling_is_remembered_as_missed() -> None:
    bed = Bed()

    def late(napi: Any, budget: int) -> int:
        assert L.napi_schedule(napi) is False
        assert napi.state & L.NAPIF_STATE_MISSED
        assert L.napi_complete_done(napi, 1) is False, "it will be polled again: the interrupt stays masked"
        return 1

    p = Poller(bed, late)
    p.schedule()
    assert p.polls == [64, 64]


def schedule_all(bed: Bed, pollers: list[Poller]) -> None:
    def run() -> None:
        L.local_bh_disable()
        for p in pollers:
            L.napi_schedule(p.napi)
        L.local_bh_enable()

    bed.run(run)


def test_budget_of_300_ends_a_round_and_the_rest_follows_in_the_next() -> None:
    """netdev_budget: five instances of 64 reach it; who used its budget comes after who has not been polled."""
    bed = Bed()
    order: list[int] = []

    def step(n: int, then: Callable[[Any, int], int]) -> Callable[[Any, int], int]:
        def poll(napi: Any, budget: int) -> int:
            order.append(n)
            return then(napi, budget)

        return poll

    pollers = [Poller(bed, step(n, full), step(n, complete(0))) for n in range(7)]
    schedule_all(bed, pollers)
    assert order == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6]
    assert L.counters()["time_squeeze"] == 1
    assert L.counters()["net_rx_softirqs"] == 3


def test_round_ends_after_two_jiffies_of_polling() -> None:
    """netdev_budget_usecs."""
    bed = Bed()

    def slow(napi: Any, budget: int) -> int:
        L.mdelay(3)
        L.napi_complete_done(napi, 1)
        return 1

    pollers = [Poller(bed, slow) for _ in range(6)]
    schedule_all(bed, pollers)
    bed.settle(30_000_000)
    assert [len(p.polls) for p in pollers] == [1] * 6
    assert L.counters()["time_squeeze"] >= 1


def test_work_beyond_the_budget_is_napi1() -> None:
    """kernel-rules.md: NAPI1."""
    p = Poller(Bed(), lambda napi, budget: budget + 1)
    with pytest.raises(L.CheckError, match=r"NAPI1: .*returned 65, exceeding its budget of 64.*test_linux_napi.py"):
        p.schedule()


def test_packets_beyond_the_budget_are_napi1_whatever_poll_returns() -> None:
    """kernel-rules.md: NAPI1."""

    def greedy(napi: Any, budget: int) -> int:
        receive(napi, 9)
        L.napi_complete_done(napi, 3)
        return 3

    p = Poller(Bed(), greedy, weight=8)
    with pytest.raises(L.CheckError, match="NAPI1: .*delivered 9 packets with a budget of 8"):
        p.schedule()


def test_poll_that_returns_no_number_is_napi1() -> None:
    p = Poller(Bed(), lambda napi, budget: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(L.CheckError, match="NAPI1: .*returned None"):
        p.schedule()


def test_budget_0_means_reclaim_only() -> None:
    """kernel-rules.md: NAPI2."""
    bed = Bed()
    p = Poller(bed, lambda napi, budget: 0)
    bed.run(L.netpoll_poll_dev, p.ndev)
    assert p.polls == [0]
    p.steps = [complete(0)]
    with pytest.raises(L.CheckError, match=r"NAPI2: .*budget 0 called napi_complete_done"):
        bed.run(L.netpoll_poll_dev, p.ndev)
    p.steps = [lambda napi, budget: 1]
    with pytest.raises(L.CheckError, match="NAPI2: .*budget 0 received 1 packets"):
        bed.run(L.netpoll_poll_dev, p.ndev)


def test_less_than_the_budget_without_completion_is_napi3() -> None:
    """kernel-rules.md: NAPI3. In the kernel nobody would poll it again."""
    p = Poller(Bed(), lambda napi, budget: 5)
    with pytest.raises(L.CheckError, match="NAPI3: .*returned 5 of a budget of 64 without napi_complete_done"):
        p.schedule()


def test_completion_at_the_full_budget_is_napi4() -> None:
    """kernel-rules.md: NAPI4."""

    def both(napi: Any, budget: int) -> int:
        L.napi_complete_done(napi, budget)
        return budget

    p = Poller(Bed(), both)
    with pytest.raises(L.CheckError, match=r"NAPI4: .*napi_complete_done\(\) at test_linux_napi.py:\d+ both"):
        p.schedule()


def test_packet_after_completion_is_napi7() -> None:
    """kernel-rules.md: NAPI7."""

    def late(napi: Any, budget: int) -> int:
        L.napi_complete_done(napi, 1)
        receive(napi, 1)
        return 1

    p = Poller(Bed(), late)
    with pytest.raises(L.CheckError, match="NAPI7: .*packet received after napi_complete_done"):
        p.schedule()


def test_completing_twice_is_napi7() -> None:
    """kernel-rules.md: NAPI7."""

    def twice(napi: Any, budget: int) -> int:
        L.napi_complete_done(napi, 1)
        L.napi_complete_done(napi, 1)
        return 1

    p = Poller(Bed(), twice)
    with pytest.raises(L.CheckError, match="NAPI7: .*twice in a poll"):
        p.schedule()


def test_packet_outside_of_a_poll_is_napi7() -> None:
    bed = Bed()
    p = Poller(bed)
    with pytest.raises(L.CheckError, match="NAPI7: .*outside of the instance's poll"):
        bed.run(receive, p.napi, 1)


def test_disabling_twice_is_napi8() -> None:
    """kernel-rules.md: NAPI8: a deadlock in the kernel."""
    bed = Bed()
    p = Poller(bed)
    bed.run(L.napi_disable, p.napi)
    with pytest.raises(L.CheckError, match="NAPI8: .*disabled: a deadlock"):
        bed.run(L.napi_disable, p.napi)


def test_disabled_instance_is_never_polled() -> None:
    """kernel-rules.md: NAPI8."""
    bed = Bed()
    p = Poller(bed)
    bed.run(L.napi_disable, p.napi)
    p.schedule()
    assert p.polls == []
    L.napi_enable(p.napi)
    p.schedule()
    assert p.polls == [64, 64], "polled once more, for the schedule that came while disabled (MISSED), as in Linux"


def test_enabling_twice_is_a_bug() -> None:
    p = Poller(Bed())
    with pytest.raises(L.KernelBug, match="napi_enable"):
        L.napi_enable(p.napi)


def test_disable_waits_for_the_poll_that_is_under_way_on_another_cpu() -> None:
    bed = Bed(cpus=2)
    done: list[int] = []

    def slow(napi: Any, budget: int) -> int:
        L.udelay(50)
        done.append(L.ktime_get_ns())
        L.napi_complete_done(napi, 1)
        return 1

    p = Poller(bed, slow)

    def start() -> None:
        L.local_bh_disable()
        L.napi_schedule(p.napi)
        L.local_bh_enable()

    bed.sched.run_task(start, cpu=1)

    def stop() -> int:
        L.udelay(10)
        L.napi_disable(p.napi)
        return L.ktime_get_ns()

    assert bed.run(stop) >= done[0]


def test_disable_ends_a_poll_that_always_finds_work() -> None:
    bed = Bed()
    p = Poller(bed, *[full] * 10_000)

    def run() -> None:
        L.local_bh_disable()
        L.napi_schedule(p.napi)
        L.local_bh_enable()
        L.napi_disable(p.napi)

    bed.run(run)
    assert p.napi.state & L.NAPIF_STATE_NPSVC
    assert len(p.polls) < 1000


def test_deleting_an_enabled_instance_is_napi8() -> None:
    p = Poller(Bed())
    with pytest.raises(L.CheckError, match="NAPI8: .*deleted while enabled"):
        L.netif_napi_del(p.napi)


def test_adding_twice_warns() -> None:
    p = Poller(Bed())
    with pytest.raises(L.KernelWarning, match="netif_napi_add"):
        L.netif_napi_add(p.ndev, p.napi, p.poll)


def test_schedule_by_itself_from_process_context_goes_to_ksoftirqd() -> None:
    """kernel-rules.md: NAPI6: a poll without an interrupt does no harm."""
    bed = Bed()
    p = Poller(bed)
    bed.run(L.napi_schedule, p.napi)
    bed.settle(10_000)
    assert p.polls == [64]
    assert L.counters()["ksoftirqd_wakeups"] == 1


def test_packets_reach_taps_in_batches_of_eight_and_at_completion() -> None:
    """Source: net/core/gro.c gro_normal_one(), gro_normal_batch."""
    bed = Bed()
    seen: list[int] = []
    progress: list[int] = []

    def tap(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        assert L.skb_mac_frame(skb) == FRAME
        assert skb.len == len(FRAME) - 14, "handlers see data from the network header"
        seen.append(1)
        L.consume_skb(skb)
        return 0

    def step(napi: Any, budget: int) -> int:
        for _ in range(10):
            receive(napi, 1)
            progress.append(len(seen))
        L.napi_complete_done(napi, 10)
        progress.append(len(seen))
        return 10

    p = Poller(bed, step)
    pt = L.packet_type(type=L.ETH_P_ALL, func=tap, dev=p.ndev)
    L.dev_add_pack(pt)
    p.schedule()
    assert progress == [0] * 7 + [8, 8, 8, 10]
    L.dev_remove_pack(pt)
    assert L.skb_leaks() == []


def test_packets_without_a_handler_are_dropped_and_counted() -> None:
    bed = Bed()

    def step(napi: Any, budget: int) -> int:
        receive(napi, 2)
        L.napi_complete_done(napi, 2)
        return 2

    p = Poller(bed, step)
    p.schedule()
    assert L.dev_get_stats(p.ndev).rx_dropped == 2
    assert L.counters()["drops"] == {"UNHANDLED_PROTO": 2}


def test_several_handlers_each_get_a_reference() -> None:
    bed = Bed()
    users: list[int] = []

    def handler(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        users.append(skb.users)
        L.consume_skb(skb)
        return 0

    def step(napi: Any, budget: int) -> int:
        receive(napi, 1)
        L.napi_complete_done(napi, 1)
        return 1

    p = Poller(bed, step)
    for kind in (L.ETH_P_ALL, L.ETH_P_IP, L.ETH_P_ARP):
        L.dev_add_pack(L.packet_type(type=kind, func=handler))
    p.schedule()
    assert users == [2, 1], "the tap and the IPv4 handler, not the ARP one"
    assert L.skb_leaks() == []


def test_receive_while_down_is_life2() -> None:
    """kernel-rules.md: LIFE2."""
    bed = Bed()
    p = Poller(bed)
    bed.run(L.dev_close, p.ndev)

    def run() -> None:
        L.local_bh_disable()
        skb = L.netdev_alloc_skb(p.ndev, 60)
        L.skb_put_data(skb, FRAME, 60)
        skb.protocol = L.eth_type_trans(skb, p.ndev)
        L.netif_receive_skb(skb)

    with pytest.raises(L.CheckError, match="LIFE2: eth0: packet received while the device is down"):
        bed.run(run)


def test_receive_before_registration_is_life1() -> None:
    """kernel-rules.md: LIFE1."""
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)

    def run() -> None:
        skb = L.netdev_alloc_skb(ndev, 60)
        L.skb_put_data(skb, FRAME, 60)
        skb.protocol = L.eth_type_trans(skb, ndev)
        L.netif_rx(skb)

    with pytest.raises(L.CheckError, match=r"LIFE1: eth%d: packet received before register_netdev"):
        bed.run(run)


def test_receive_without_a_device_is_a_bug() -> None:
    bed = Bed()

    def step(napi: Any, budget: int) -> int:
        L.napi_gro_receive(napi, L.alloc_skb(10, L.GFP_ATOMIC))
        return 0

    p = Poller(bed, step)
    with pytest.raises(L.KernelBug, match="skb->dev is NULL"):
        p.schedule()


def test_netif_rx_queues_to_the_backlog_and_drops_beyond_it() -> None:
    """A driver without NAPI hands packets on from its interrupt handler."""
    bed = Bed()
    p = Poller(bed)
    seen: list[int] = []

    def tap(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        assert L.in_serving_softirq()
        seen.append(1)
        L.consume_skb(skb)
        return 0

    L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=tap))
    here.state["net"].netdev_max_backlog = 100

    got: list[int] = []

    def interrupt(timer: Any) -> int:
        for _ in range(105):
            skb = L.netdev_alloc_skb(p.ndev, 60)
            L.skb_put_data(skb, FRAME, 60)
            skb.protocol = L.eth_type_trans(skb, p.ndev)
            got.append(L.netif_rx(skb))
        return L.HRTIMER_NORESTART

    bed.run(L.hrtimer_start, L.hrtimer(interrupt), 1000, L.HRTIMER_MODE_REL)
    bed.settle(100_000)
    assert got == [L.NET_RX_SUCCESS] * 101 + [L.NET_RX_DROP] * 4
    assert len(seen) == 101
    assert L.dev_get_stats(p.ndev).rx_dropped == 4
    assert L.counters()["backlog_dropped"] == 4


def test_packets_in_the_backlog_go_with_their_device() -> None:
    bed = Bed()
    p = Poller(bed)

    def run() -> list[str]:
        L.local_bh_disable()
        skb = L.netdev_alloc_skb(p.ndev, 60)
        L.skb_put_data(skb, FRAME, 60)
        skb.protocol = L.eth_type_trans(skb, p.ndev)
        L.netif_rx(skb)
        waiting = L.napi_leaks()
        here.state["net"].softnet[0].forget(p.ndev)
        L.local_bh_enable()
        return waiting

    assert "1 packets in a CPU's backlog" in bed.run(run)
    assert L.skb_leaks() == []
    assert L.counters()["drops"] == {"DEV_READY": 1}


class Unmasked(Device):
    """A device whose handler only schedules the instance: nothing masks its interrupt."""

    napi: Any

    def handler(self, irq: int, dev_id: Any) -> int:
        L.napi_schedule(self.napi)
        return int(L.IRQ_HANDLED)

    def twice(self, apart_ns: int) -> None:
        """Two messages, and the polls that follow."""
        self.request()
        self.bed.sched.call_at(self.bed.sched.now + apart_ns * 1000, here.machine.raise_msi, 0, 0)
        self.message()
        self.bed.settle(50_000)


def slow_poll(napi: Any, budget: int) -> int:
    charge(5_000)
    L.napi_complete_done(napi, 0)
    return 0


def test_interrupt_of_an_instance_that_is_polled_is_reported() -> None:
    """kernel-rules.md: NAPI5."""
    bed = Bed()
    p, dev = Poller(bed, slow_poll), Unmasked(bed)
    dev.napi = p.napi
    with pytest.raises(L.CheckError, match=r"^NAPI5: .*scheduled \d+ ns ago.*test_linux_napi.py:\d+ handler"):
        dev.twice(4_000)


def test_interrupt_that_was_on_its_way_while_masked_is_none_of_the_drivers() -> None:
    """kernel-rules.md: NAPI5, NAPI6: it costs one more poll."""
    bed = Bed()
    p, dev = Poller(bed, slow_poll), Unmasked(bed)
    dev.napi = p.napi
    dev.twice(1_500)
    assert len(p.polls) == 2


@pytest.mark.parametrize("believed", [True, False])
def test_interrupt_between_completion_and_unmasking(believed: bool) -> None:
    """kernel-rules.md: NAPI5, NAPI6: in a poll that nobody asked for the interrupt is not masked. What comes as it
    ends, the driver masks, and unmasks: another may come before the next poll. Where napi_complete_done() says no, the
    driver has no business to unmask."""
    bed = Bed()

    def first(napi: Any, budget: int) -> int:
        if not believed:
            L.napi_schedule(napi)
        assert L.napi_complete_done(napi, 0) is believed
        for ns in (1_000, 5_000):
            bed.sched.call_at(here.sched.local_now + ns * 1000, here.machine.raise_msi, 0, 0)
        charge(2_000)  # the first of them comes here
        return 0

    p, dev = Poller(bed, first, slow_poll, slow_poll), Unmasked(bed)
    dev.napi = p.napi
    dev.request()
    if believed:
        p.schedule()
        bed.settle(50_000)
        assert len(p.polls) == 3
    else:
        with pytest.raises(L.CheckError, match=r"^NAPI5: .*test_linux_napi.py:\d+ handler"):
            p.schedule()
            bed.settle(50_000)


def test_interrupt_after_completion_begins_anew() -> None:
    """kernel-rules.md: NAPI5."""
    bed = Bed()
    p, dev = Poller(bed, slow_poll, slow_poll), Unmasked(bed)
    dev.napi = p.napi
    dev.twice(20_000)
    assert len(p.polls) == 2


def test_poll_completed_and_polled_elsewhere_before_it_returns_is_no_fault() -> None:
    """NAPI3, NAPI7: once completed, the instance may be scheduled and polled on another CPU while the poll that
    completed it still runs (it writes to the device's interrupt mask, which takes time)."""
    bed = Bed(cpus=2)
    other: list[bool] = []

    def elsewhere() -> None:
        L.local_bh_disable()
        other.append(L.napi_schedule(p.napi))
        L.local_bh_enable()

    def first(napi: Any, budget: int) -> int:
        assert L.napi_complete_done(napi, 1)
        bed.sched.run_task(elsewhere, cpu=1)
        charge(10_000)
        return 1

    def second(napi: Any, budget: int) -> int:
        charge(20_000)  # longer than the first goes on
        assert L.napi_complete_done(napi, 2)
        return 2

    p = Poller(bed, first, second)
    p.schedule()
    bed.settle(100_000)
    assert p.polls == [64, 64] and other == [True] and not p.napi.state & L.NAPIF_STATE_SCHED
