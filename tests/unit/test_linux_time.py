# SPDX-License-Identifier: Apache-2.0
"""Time: sleeping, timers where the wheel has them expire, high-resolution timers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.contexts import Task
from tests.unit.linux_bed import Bed

JIFFY_NS = 4_000_000


def test_msleep_sleeps_whole_jiffies_and_usleep_range_does_not() -> None:
    bed = Bed()

    def run() -> tuple[int, int]:
        t0 = L.ktime_get_ns()
        L.usleep_range(7, 20)
        t1 = L.ktime_get_ns()
        L.msleep(1)
        return t1 - t0, L.ktime_get_ns() - t1

    short, long = bed.run(run)
    assert 7_000 <= short < 8_000
    assert JIFFY_NS <= long <= 2 * JIFFY_NS + 1000


def test_timer_runs_in_softirq_at_its_jiffy() -> None:
    bed = Bed()
    seen: list[tuple[int, bool, bool]] = []
    timer = L.timer_list(lambda t: seen.append((L.jiffies(), L.in_serving_softirq(), L.in_hardirq())))
    bed.run(L.mod_timer, timer, 3)
    assert L.timer_pending(timer)
    assert any("armed at" in line for line in L.leak_report())
    bed.settle(5 * JIFFY_NS)
    assert seen == [(4, True, False)], "the wheel is never early: the jiffy after"
    assert L.leak_report() == []


def test_timer_deleted_in_time_never_runs() -> None:
    bed = Bed()
    timer = L.timer_list(lambda t: pytest.fail("ran"))

    def run() -> tuple[int, int, int]:
        L.mod_timer(timer, 3)
        return L.mod_timer(timer, 4), L.timer_delete_sync(timer), L.timer_delete_sync(timer)

    assert bed.run(run) == (1, 1, 0)
    bed.settle(6 * JIFFY_NS)


def test_timer_shut_down_cannot_be_armed_again() -> None:
    bed = Bed()
    timer = L.timer_list(lambda t: pytest.fail("ran"))
    bed.run(L.timer_shutdown_sync, timer)
    bed.run(L.mod_timer, timer, 2)
    bed.settle(4 * JIFFY_NS)
    assert not L.timer_pending(timer)


def test_hrtimer_restarts_in_hard_interrupt_context() -> None:
    bed = Bed()
    at: list[int] = []

    def tick(timer: Any) -> int:
        assert L.in_hardirq()
        at.append(L.ktime_get_ns())
        L.hrtimer_forward_now(timer, 10_000)
        return L.HRTIMER_RESTART if len(at) < 3 else L.HRTIMER_NORESTART

    timer = L.hrtimer(tick)
    bed.run(L.hrtimer_start, timer, 10_000, L.HRTIMER_MODE_REL)
    bed.settle(100_000)
    assert len(at) == 3
    assert [round((b - a) / 1000) for a, b in itertools.pairwise(at)] == [10, 10]
    assert bed.run(L.hrtimer_cancel, timer) == 0


@pytest.mark.parametrize(
    ("away", "expiry"),
    [(-5, 1001), (0, 1001), (1, 1002), (62, 1063), (63, 1064), (64, 1072), (400, 1408), (503, 1504), (504, 1536)],
)
def test_timer_expires_where_the_wheel_has_it(away: int, expiry: int) -> None:
    """Source: kernel/time/timer.c calc_wheel_index(): levels of 8 times coarser grain from 63 and 504 jiffies on."""
    bed = Bed()
    seen: list[int] = []
    timer = L.timer_list(lambda t: seen.append(L.jiffies()))
    bed.settle(1000 * JIFFY_NS)
    bed.run(L.mod_timer, timer, 1000 + away)
    bed.settle(600 * JIFFY_NS)
    assert seen == [expiry]


def test_sleeps_in_jiffies_are_whole_and_never_short() -> None:
    bed = Bed()

    def run() -> None:
        for sleep, jiffies in ((lambda: L.msleep(20), 6), (lambda: L.schedule_timeout(1), 2)):
            before = L.jiffies()
            assert not sleep()
            assert L.jiffies() - before == jiffies
        assert L.msleep_interruptible(1) == 0
        before = L.jiffies()
        L.msleep(300)
        assert 75 < L.jiffies() - before <= 84, "75 jiffies, in steps of 8"

    bed.run(run)


def test_schedule_timeout_that_is_woken_returns_what_is_left() -> None:
    bed = Bed()
    task = Task(bed.sched.cpus[0], L.schedule_timeout, (10,), "sleeper")
    bed.settle(3 * JIFFY_NS + 1000)
    L.wake_up_process(task)
    bed.settle()
    assert task.result == 7


def test_wait_event_timeout_tells_the_jiffies_that_are_left() -> None:
    bed = Bed()
    wq = L.wait_queue_head_t()
    state = {"ready": False}

    def waker() -> None:
        L.msleep(8)
        state["ready"] = True
        assert L.waitqueue_active(wq)
        L.wake_up(wq)

    assert bed.run(L.wait_event_timeout, wq, lambda: state["ready"], 5) == 0
    Task(bed.sched.cpus[0], waker, (), "waker")
    assert bed.run(L.wait_event_timeout, wq, lambda: state["ready"], 50) == 47
    assert bed.run(L.wait_event_timeout, wq, lambda: True, 0) == 1
    assert bed.run(L.wait_event_interruptible, wq, lambda: True) == 0
    L.init_waitqueue_head(wq)
    assert not L.waitqueue_active(wq)


def test_timer_is_armed_on_the_cpu_that_is_named() -> None:
    bed = Bed(cpus=2)
    seen: list[int] = []
    timer = L.timer_list()
    L.timer_setup(timer, lambda t: seen.append(L.smp_processor_id()), 0)
    timer.expires = 2
    bed.run(L.add_timer_on, timer, 1)
    for arm in (lambda: L.add_timer(timer), lambda: L.add_timer_on(timer, 0)):
        with pytest.raises(L.KernelWarning, match="of a timer that is armed"):
            bed.run(arm)
    bed.settle(5 * JIFFY_NS)
    assert seen == [1]


def test_timer_is_reduced_moved_only_if_armed_and_tried() -> None:
    bed = Bed()
    seen: list[int] = []

    def fn(t: Any) -> None:
        seen.append(L.jiffies())
        assert L.try_to_del_timer_sync(t) == -1

    timer = L.timer_list(fn)

    def run() -> None:
        assert L.mod_timer_pending(timer, 5) == 0 and not L.timer_pending(timer)
        assert L.timer_reduce(timer, 10) == 0
        assert L.timer_reduce(timer, 20) == 1 and timer.expires == 10
        assert L.timer_reduce(timer, 5) == 1 and timer.expires == 5
        assert L.mod_timer_pending(timer, 3) == 1
        assert L.try_to_del_timer_sync(timer) == 1 and L.try_to_del_timer_sync(timer) == 0
        L.mod_timer(timer, 3)

    bed.run(run)
    bed.settle(8 * JIFFY_NS)
    assert seen == [4]
    assert bed.run(L.timer_shutdown, timer) == 0
    bed.run(L.mod_timer, timer, 20)
    assert not L.timer_pending(timer)


def test_timer_function_that_keeps_a_lock_is_a_bug() -> None:
    bed = Bed()
    timer = L.timer_list(lambda t: L.spin_lock(L.spinlock_t("forgotten")))
    bed.run(L.mod_timer, timer, 1)
    with pytest.raises(L.KernelBug, match="preempt leak: 0 -> 1"):
        bed.settle(3 * JIFFY_NS)


def test_softirq_that_keeps_a_lock_is_a_bug() -> None:
    bed = Bed()
    L.open_softirq(L.BLOCK_SOFTIRQ, lambda: L.spin_lock(L.spinlock_t("forgotten")))
    with pytest.raises(L.KernelBug, match=r"entered softirq 4 .*a spinlock was not given back"):
        bed.run(L.raise_softirq, L.BLOCK_SOFTIRQ)
        bed.settle()


def test_units_of_time_convert_as_linux_does() -> None:
    Bed()
    assert L.ktime_add_ns(L.ms_to_ktime(2), 5) == 2_000_005
    assert L.ktime_sub(L.us_to_ktime(3), 1000) == 2000
    assert L.ktime_to_us(L.ns_to_ktime(4_999)) == 4 and L.ktime_to_ns(7) == 7
    assert (L.NSEC_PER_SEC, L.NSEC_PER_MSEC, L.NSEC_PER_USEC, L.USEC_PER_SEC) == (10**9, 10**6, 1000, 10**6)
    assert (L.msecs_to_jiffies(1), L.msecs_to_jiffies(4), L.msecs_to_jiffies(5)) == (1, 1, 2)
    assert (L.jiffies_to_msecs(3), L.jiffies_to_usecs(1), L.usecs_to_jiffies(8000)) == (12, 4000, 2)


# -- high-resolution timers ----------------------------------------------------------------------------------
def test_hrtimer_expires_at_a_time_or_after_one() -> None:
    bed = Bed()
    at: list[int] = []

    def fn(timer: Any) -> int:
        at.append(L.ktime_get_ns())
        return L.HRTIMER_NORESTART

    timer = L.hrtimer(fn)

    def run() -> None:
        L.hrtimer_start(timer, 50_000, L.HRTIMER_MODE_ABS)
        assert L.hrtimer_is_queued(timer) and L.hrtimer_active(timer)
        L.ndelay(1000)
        assert 0 < L.hrtimer_get_remaining(timer) <= 49_000
        L.usleep_range(100, 100)
        assert L.hrtimer_get_remaining(timer) < 0 and not L.hrtimer_active(timer)
        L.hrtimer_start_range_ns(timer, 10_000, 5000, L.HRTIMER_MODE_REL)
        L.usleep_range(100, 100)

    bed.run(run)
    assert 50_000 <= at[0] < 52_000 and len(at) == 2


def test_hrtimer_of_soft_mode_runs_in_its_softirq() -> None:
    bed = Bed()
    where: list[tuple[bool, bool]] = []

    def fn(timer: Any) -> int:
        where.append((L.in_hardirq(), L.in_serving_softirq()))
        assert L.hrtimer_callback_running(timer)
        return L.HRTIMER_NORESTART

    timer = L.hrtimer(fn)
    for mode in (L.HRTIMER_MODE_REL_SOFT, L.HRTIMER_MODE_REL):
        L.hrtimer_init(timer, L.CLOCK_MONOTONIC, mode)
        bed.run(L.hrtimer_start, timer, 10_000, mode)
        bed.settle(50_000)
    assert where == [(False, True), (True, False)]


def test_hrtimer_restarts_at_the_expiry_that_it_has() -> None:
    bed = Bed()
    at: list[int] = []

    def fn(timer: Any) -> int:
        at.append(L.ktime_get_ns() // 1000)
        return L.HRTIMER_NORESTART

    timer = L.hrtimer(fn)

    def run() -> None:
        L.hrtimer_start(timer, 1000_000, L.HRTIMER_MODE_ABS)
        assert L.hrtimer_cancel(timer) == 1
        assert L.hrtimer_forward(timer, 1_000_000, 500_000) == 1
        assert L.hrtimer_forward(timer, 1_000_000, 500_000) == 0
        L.hrtimer_restart(timer)
        L.usleep_range(2000, 2000)

    bed.run(run)
    assert at == [1500]


def test_hrtimer_started_anew_in_its_function_runs_again() -> None:
    bed = Bed()
    runs: list[int] = []

    def fn(timer: Any) -> int:
        runs.append(1)
        if len(runs) < 3:
            L.hrtimer_start(timer, 1000, L.HRTIMER_MODE_REL)
        return L.HRTIMER_NORESTART

    bed.run(L.hrtimer_start, L.hrtimer(fn), 1000, L.HRTIMER_MODE_REL)
    bed.settle(50_000)
    assert len(runs) == 3


def test_hrtimer_cancel_waits_for_its_function_on_another_cpu() -> None:
    bed = Bed(cpus=2)
    log: list[str] = []

    def fn(timer: Any) -> int:
        L.udelay(30)
        log.append("ran")
        return L.HRTIMER_NORESTART

    timer = L.hrtimer(fn)
    bed.run(L.hrtimer_start, timer, 1000, L.HRTIMER_MODE_REL, cpu=1)
    bed.settle(10_000)
    assert L.hrtimer_try_to_cancel(timer) == -1
    assert bed.run(L.hrtimer_cancel, timer) == 0
    assert log == ["ran"]


def test_hrtimer_that_cancels_itself_is_a_lockup() -> None:
    bed = Bed()
    bed.run(L.hrtimer_start, L.hrtimer(L.hrtimer_cancel), 1000, L.HRTIMER_MODE_REL)
    with pytest.raises(L.Lockup, match="from the timer's own function"):
        bed.settle(10_000)


def test_hrtimer_without_a_function_is_a_bug() -> None:
    bed = Bed()
    bed.run(L.hrtimer_start, L.hrtimer(), 1000, L.HRTIMER_MODE_REL)
    with pytest.raises(L.KernelBug, match="without a function"):
        bed.settle(10_000)
