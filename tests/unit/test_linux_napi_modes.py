# SPDX-License-Identifier: Apache-2.0
"""NAPI beyond the softirq: deferred interrupts, threads, busy polling, weights, and several CPUs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.contexts import Task
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_napi import Poller, complete, full, receive

MS = 1_000_000


def armed(p: Poller) -> bool:
    return L.hrtimer_active(p.napi.timer)


# -- gro_flush_timeout and napi_defer_hard_irqs --------------------------------------------------------------
def completing(work: int, answers: list[bool]) -> Callable[[Any, int], int]:
    def step(napi: Any, budget: int) -> int:
        answers.append(L.napi_complete_done(napi, work))
        return work

    return step


def test_deferred_interrupt_is_unmasked_after_so_many_empty_polls() -> None:
    bed = Bed()
    answers: list[bool] = []
    p = Poller(bed, *[completing(work, answers) for work in (3, 0, 0, 0)])
    p.ndev.gro_flush_timeout, p.ndev.napi_defer_hard_irqs = 50_000, 2
    p.schedule()
    assert answers == [False] and armed(p) and p.napi.defer_hard_irqs_count == 1
    assert not p.napi.state & L.NAPIF_STATE_SCHED, "a timer will schedule it"
    bed.settle(MS)
    assert answers == [False, False, True]
    assert not armed(p)


def test_deferral_begins_anew_with_each_poll_that_found_something() -> None:
    bed = Bed()
    answers: list[bool] = []
    p = Poller(bed, *[completing(work, answers) for work in (1, 0, 1, 0, 0)])
    p.ndev.gro_flush_timeout, p.ndev.napi_defer_hard_irqs = 50_000, 2
    p.schedule()
    bed.settle(MS)
    assert answers == [False, False, False, False, True]


def test_deferral_without_a_timeout_unmasks_at_once() -> None:
    bed = Bed()
    answers: list[bool] = []
    p = Poller(bed, completing(1, answers))
    p.ndev.napi_defer_hard_irqs = 2
    p.schedule()
    assert answers == [True] and not armed(p)


def test_disable_cancels_the_timer_that_would_schedule_it() -> None:
    bed = Bed()
    p = Poller(bed, completing(1, []))
    p.ndev.gro_flush_timeout, p.ndev.napi_defer_hard_irqs = 50_000, 2
    p.schedule()
    assert armed(p)
    bed.run(L.napi_disable, p.napi)
    assert not armed(p)
    bed.settle(MS)
    assert p.polls == [64]


def test_timer_of_an_instance_that_is_scheduled_marks_nothing() -> None:
    """napi_watchdog(): unlike an interrupt, it does not set MISSED."""
    bed = Bed()

    def slow(napi: Any, budget: int) -> int:
        L.udelay(100)
        assert not napi.state & L.NAPIF_STATE_MISSED
        return complete(0)(napi, budget)

    p = Poller(bed, completing(1, []), slow)
    p.ndev.gro_flush_timeout, p.ndev.napi_defer_hard_irqs = 50_000, 2
    p.schedule()
    p.schedule()
    bed.settle(MS)
    assert p.polls == [64] * 3


def test_default_deferral_is_20_us_and_one_poll() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    L.netdev_sw_irq_coalesce_default_on(ndev)
    assert (ndev.gro_flush_timeout, ndev.napi_defer_hard_irqs) == (20_000, 1)
    with pytest.raises(L.KernelWarning, match="after register_netdev"):
        L.netdev_sw_irq_coalesce_default_on(Poller(Bed()).ndev)


# -- weights -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("weight", [1, 16, 64])
def test_weight_is_the_budget_of_each_poll(weight: int) -> None:
    p = Poller(Bed(), weight=weight)
    p.schedule()
    assert p.polls == [weight]
    assert not any("called with weight" in line for line in L.dmesg())


def test_weight_beyond_napi_poll_weight_is_an_error_in_the_log() -> None:
    """linux-networking.txt: must not exceed NAPI_POLL_WEIGHT. Linux says so, and takes it."""
    p = Poller(Bed(), weight=65)
    assert any("netif_napi_add_weight() called with weight 65" in line for line in L.dmesg())
    p.schedule()
    assert p.polls == [65]


# -- disabled instances --------------------------------------------------------------------------------------
def test_disable_of_an_instance_that_was_never_completed_is_a_lockup() -> None:
    bed = Bed()
    p = Poller(bed, lambda napi, budget: 0)
    with L.tolerate("NAPI3"):
        p.schedule()
    with pytest.raises(L.Lockup, match=r"waits for an instance \(SCHED\|DISABLE\|LISTED\) that is on no poll list"):
        bed.run(L.napi_disable, p.napi)


def test_disable_waits_for_netpoll_on_another_cpu() -> None:
    """NAPI8 is for who disables twice: netpoll holds NPSVC for a while only."""
    bed = Bed(cpus=2)
    done: list[int] = []

    def slow(napi: Any, budget: int) -> int:
        assert budget == 0
        L.udelay(50)
        done.append(1)
        return 0

    p = Poller(bed, slow)
    Task(bed.sched.cpus[1], L.netpoll_poll_dev, (p.ndev,), "netpoll")
    bed.settle(10_000)
    assert p.napi.state & L.NAPIF_STATE_NPSVC
    bed.run(L.napi_disable, p.napi)
    assert done == [1]


def test_state_bits_survive_deletion_and_addition() -> None:
    """MISSED from before stays, as recorded."""
    bed = Bed()
    p = Poller(bed)
    bed.run(L.napi_disable, p.napi)
    p.schedule()
    bed.run(L.netif_napi_del, p.napi)
    L.netif_napi_add(p.ndev, p.napi, p.poll)
    assert p.napi.state_str() == "SCHED|MISSED|NPSVC|LISTED"


# -- threads -------------------------------------------------------------------------------------------------
def threaded(bed: Bed, *steps: Any) -> Poller:
    p = Poller(bed, *steps)
    assert bed.run(L.dev_set_threaded, p.ndev, True) == 0
    return p


def test_thread_polls_in_process_context_with_bottom_halves_off() -> None:
    bed = Bed()
    where: list[Any] = []

    def step(napi: Any, budget: int) -> int:
        task = L.current()
        where.append((task.name if task else "", L.in_serving_softirq(), L.in_softirq(), napi.state_str()))
        return complete(1)(napi, budget)

    p = threaded(bed, step, step)
    p.schedule()
    bed.settle(MS)
    p.schedule()
    bed.settle(MS)
    name = f"napi/{p.ndev.name}-{p.napi.napi_id}"
    assert where == [(name, False, True, "SCHED|LISTED|THREADED|SCHED_THREADED")] * 2
    assert p.napi.state_str() == "LISTED|THREADED"
    assert L.counters()["net_rx_softirqs"] == 0


def test_thread_polls_again_while_the_budget_is_used_up_and_lets_others_run() -> None:
    bed = Bed()
    log: list[str] = []

    def hungry(napi: Any, budget: int) -> int:
        log.append("poll")
        return budget

    def other() -> None:
        L.usleep_range(1, 1)
        log.append("other")

    p = threaded(bed, *[hungry] * 20)
    Task(bed.sched.cpus[0], other, (), "other")
    p.schedule()
    bed.settle(MS)
    assert log.count("poll") == 20
    assert "other" in log[1:-1], "cond_resched() between polls"


def test_thread_missed_schedule_makes_it_poll_once_more() -> None:
    bed = Bed()

    def again(napi: Any, budget: int) -> int:
        L.napi_schedule(napi)
        assert L.napi_complete_done(napi, 1) is False
        return 1

    p = threaded(bed, again)
    p.schedule()
    bed.settle(MS)
    assert p.polls == [64, 64]


def test_thread_packets_go_up_the_stack() -> None:
    bed = Bed()

    def step(napi: Any, budget: int) -> int:
        receive(napi, 2)
        return complete(2)(napi, budget)

    p = threaded(bed, step)
    p.schedule()
    bed.settle(MS)
    assert L.counters()["rx_processed"] == 2


def test_thread_mode_is_left_and_ends_with_the_instance() -> None:
    bed = Bed(cpus=2)
    p = threaded(bed)
    thread = p.napi.thread
    assert thread is not None
    assert bed.run(L.set_cpus_allowed_ptr, thread, 0b10, cpu=0) == 0
    p.schedule()
    bed.settle(MS)
    assert thread.cpu.id == 1 and p.polls == [64]
    assert L.set_cpus_allowed_ptr(thread, 0b100) == -L.EINVAL
    assert bed.run(L.dev_set_threaded, p.ndev, False) == 0
    p.schedule()
    assert p.polls == [64, 64] and L.counters()["net_rx_softirqs"] == 1
    bed.run(L.napi_disable, p.napi)
    bed.run(L.netif_napi_del, p.napi)
    assert thread.done and p.napi.thread is None


def test_instance_added_to_a_threaded_device_has_a_thread_once_enabled() -> None:
    bed = Bed()
    p = threaded(bed)
    second = L.napi_struct(container=p)
    bed.run(L.netif_napi_add, p.ndev, second, p.poll)
    assert second.thread is not None and not second.state & L.NAPIF_STATE_THREADED
    L.napi_enable(second)
    assert second.state & L.NAPIF_STATE_THREADED
    bed.run(L.napi_disable, second)
    assert not second.state & L.NAPIF_STATE_THREADED


# -- busy polling --------------------------------------------------------------------------------------------
def busy(p: Poller, turns: int, prefer: bool = False, budget: int = L.BUSY_POLL_BUDGET) -> list[int]:
    """napi_busy_loop() for so many turns; the budgets of its polls."""
    seen = []

    def end(arg: Any, start: int) -> bool:
        assert arg == "arg" and start <= L.busy_loop_current_time()
        seen.append(1)
        return len(seen) >= turns

    p.polls.clear()
    p.bed.run(L.napi_busy_loop, p.napi.napi_id, end, "arg", prefer, budget)
    return p.polls


def test_busy_loop_polls_until_its_end_and_once_more_to_unmask() -> None:
    bed = Bed()
    states: list[str] = []
    answers: list[bool] = []

    def step(napi: Any, budget: int) -> int:
        states.append(napi.state_str())
        return completing(0, answers)(napi, budget)

    p = Poller(bed, *[step] * 4)
    assert busy(p, 3) == [8] * 4
    assert states == ["SCHED|LISTED|IN_BUSY_POLL"] * 3 + ["SCHED|LISTED"]
    assert answers == [False, False, False, True]
    assert p.napi.state_str() == "LISTED"
    assert L.counters()["net_rx_softirqs"] == 0


def test_busy_loop_without_an_end_polls_once() -> None:
    bed = Bed()
    p = Poller(bed)
    bed.run(L.napi_busy_loop, p.napi.napi_id, None, None, False, 16)
    assert p.polls == [16, 16]


def test_busy_loop_leaves_an_instance_that_is_scheduled_to_the_softirq() -> None:
    bed = Bed()
    p = Poller(bed)
    bed.run(L.napi_disable, p.napi)
    assert busy(p, 2) == []
    assert not p.napi.state & L.NAPIF_STATE_PREFER_BUSY_POLL
    assert busy(p, 2, prefer=True) == []
    assert L.napi_prefer_busy_poll(p.napi)


def test_busy_loop_that_ends_with_work_left_schedules_the_softirq() -> None:
    bed = Bed()
    p = Poller(bed, full, full)
    assert busy(p, 1) == [8, 8, 64]


def test_busy_loop_that_is_preferred_leaves_interrupts_masked_for_a_while() -> None:
    bed = Bed()
    p = Poller(bed, full, full)
    p.ndev.gro_flush_timeout, p.ndev.napi_defer_hard_irqs = 100_000, 1
    assert busy(p, 1, prefer=True) == [8, 8]
    assert armed(p) and not p.napi.state & L.NAPIF_STATE_SCHED
    bed.settle(MS)
    assert p.polls == [8, 8, 64, 64], "nobody came back: the timer hands it to the softirq, which defers once"
    assert not armed(p)


def test_poll_that_a_socket_would_rather_do_is_completed_at_its_budget() -> None:
    """PREFER_BUSY_POLL: the softirq gives it up, and schedules it again where no timer will."""
    bed = Bed()
    p = Poller(bed, full)
    p.napi.state |= L.NAPIF_STATE_PREFER_BUSY_POLL
    p.schedule()
    assert p.polls == [64, 64] and not L.napi_prefer_busy_poll(p.napi)
    p.ndev.gro_flush_timeout, p.ndev.napi_defer_hard_irqs = 100_000, 1
    p.steps.append(full)
    p.napi.state |= L.NAPIF_STATE_PREFER_BUSY_POLL
    p.schedule()
    assert p.polls == [64] * 3 and armed(p)


def test_busy_loop_lets_a_task_that_is_ready_run() -> None:
    bed = Bed()
    p = Poller(bed)
    log: list[int] = []

    def other() -> None:
        L.usleep_range(5, 5)
        log.append(1)

    Task(bed.sched.cpus[0], other, (), "other")
    bed.run(L.napi_busy_loop, p.napi.napi_id, lambda arg, start: bool(log), None, False, 8)
    assert log == [1]


def test_busy_loop_of_an_unknown_id_does_nothing() -> None:
    bed = Bed()
    p = Poller(bed)
    bed.run(L.napi_busy_loop, 5, None, None, False, 8)
    assert p.polls == []
    assert L.napi_by_id(p.napi.napi_id) is p.napi and L.napi_id_valid(p.napi.napi_id)
    assert L.napi_by_id(5) is None and not L.napi_id_valid(5)


def test_transmit_instance_has_no_id_and_received_packets_have_their_instances() -> None:
    bed = Bed()
    p = Poller(bed)
    tx = L.napi_struct(container=p)
    L.netif_napi_add_tx(p.ndev, tx, p.poll)
    assert tx.napi_id == 0 and tx.state & L.NAPIF_STATE_NO_BUSY_POLL
    ids: list[int] = []

    def tap(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        ids.append(skb.napi_id)
        L.consume_skb(skb)
        return 0

    def step(napi: Any, budget: int) -> int:
        receive(napi, 1)
        return complete(1)(napi, budget)

    p.steps.append(step)
    L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=tap, dev=p.ndev))
    p.schedule()
    assert ids == [p.napi.napi_id] and ids[0] >= L.MIN_NAPI_ID
    bed.run(L.napi_disable, p.napi)
    bed.run(L.netif_napi_del, p.napi)
    assert L.napi_by_id(ids[0]) is None


def test_queues_know_the_instance_that_serves_them() -> None:
    bed = Bed()
    p = Poller(bed)
    L.netif_queue_set_napi(p.ndev, 0, L.NETDEV_QUEUE_TYPE_RX, p.napi)
    assert p.ndev._rx[0].napi is p.napi and p.ndev._tx[0].napi is None
    L.netif_queue_set_napi(p.ndev, 0, L.NETDEV_QUEUE_TYPE_TX, p.napi)
    L.netif_queue_set_napi(p.ndev, 0, L.NETDEV_QUEUE_TYPE_RX, None)
    assert p.ndev._rx[0].napi is None and p.ndev._tx[0].napi is p.napi
    with pytest.raises(L.KernelWarning, match="of queue 1 of 1"):
        L.netif_queue_set_napi(p.ndev, 1, L.NETDEV_QUEUE_TYPE_TX, p.napi)
    with pytest.raises(L.KernelWarning, match="never added"):
        L.netif_queue_set_napi(p.ndev, 0, L.NETDEV_QUEUE_TYPE_TX, L.napi_struct())


# -- several CPUs --------------------------------------------------------------------------------------------
def test_instance_is_polled_on_the_cpu_that_scheduled_it() -> None:
    bed = Bed(cpus=3)
    cpus: list[int] = []

    def step(napi: Any, budget: int) -> int:
        cpus.append(L.smp_processor_id())
        assert napi.list_owner == L.smp_processor_id()
        return complete(0)(napi, budget)

    p = Poller(bed, step, step, step)

    def schedule() -> None:
        L.local_bh_disable()
        L.napi_schedule(p.napi)
        L.local_bh_enable()

    for cpu in (2, 0, 1):
        bed.run(schedule, cpu=cpu)
    assert cpus == [2, 0, 1]
    assert p.napi.list_owner == -1


def test_schedule_on_another_cpu_while_it_is_polled_is_missed_not_polled_twice_at_a_time() -> None:
    bed = Bed(cpus=2)
    log: list[tuple[str, int]] = []

    def slow(napi: Any, budget: int) -> int:
        log.append(("begin", L.smp_processor_id()))
        L.udelay(30)
        ret = complete(1)(napi, budget)
        log.append(("end", L.smp_processor_id()))
        return ret

    p = Poller(bed, slow, slow)

    def schedule(delay: int) -> None:
        L.udelay(delay)
        L.local_bh_disable()
        L.napi_schedule(p.napi)
        L.local_bh_enable()

    first = Task(bed.sched.cpus[0], schedule, (1,), "first")
    second = Task(bed.sched.cpus[1], schedule, (10,), "second")
    bed.pump(lambda: first.done and second.done)
    assert log == [("begin", 0), ("end", 0)] * 2


def test_synchronize_waits_until_it_is_not_scheduled() -> None:
    bed = Bed(cpus=2)
    done: list[int] = []

    def slow(napi: Any, budget: int) -> int:
        L.udelay(50)
        done.append(1)
        return complete(0)(napi, budget)

    p = Poller(bed, slow)
    Task(bed.sched.cpus[1], L.napi_schedule, (p.napi,), "schedule")
    bed.settle(20_000)
    assert L.napi_is_scheduled(p.napi)
    bed.run(L.napi_synchronize, p.napi)
    assert done == [1] and not L.napi_is_scheduled(p.napi)
