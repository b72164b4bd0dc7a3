# SPDX-License-Identifier: Apache-2.0
"""Contexts: sleeping and not sleeping, locks between CPUs, timers, work, completions, softirqs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.contexts import Task
from tests.unit.linux_bed import Bed

JIFFY_NS = 4_000_000


def bh_off() -> Callable[[], None]:
    L.local_bh_disable()
    return L.local_bh_enable


def irqs_off() -> Callable[[], None]:
    L.local_irq_disable()
    return L.local_irq_enable


def spinlocked() -> Callable[[], None]:
    lock = L.spinlock_t("test")
    L.spin_lock(lock)
    return lambda: L.spin_unlock(lock)


@pytest.mark.parametrize("enter", [bh_off, irqs_off, spinlocked])
@pytest.mark.parametrize(
    "sleep",
    [
        lambda: L.msleep(1),
        lambda: L.usleep_range(1, 2),
        lambda: L.schedule(),
        lambda: L.mutex_lock(L.mutex()),
        lambda: L.wait_for_completion(L.completion()),
        lambda: L.rtnl_lock(),
        lambda: L.synchronize_irq(16),
        lambda: L.cancel_work_sync(L.work_struct()),
    ],
)
def test_sleeping_in_atomic_context_raises(enter: Callable[[], Any], sleep: Callable[[], Any]) -> None:
    bed = Bed()

    def run() -> None:
        enter()
        sleep()

    with pytest.raises(
        L.SchedulingWhileAtomic, match=r"scheduling while atomic: .* in task run on cpu0, preempt_count 0x0"
    ):
        bed.run(run)


def test_sleeping_in_a_softirq_raises_and_names_the_context() -> None:
    bed = Bed()
    timer = L.timer_list(lambda t: L.msleep(1))
    bed.run(L.mod_timer, timer, 1)
    with pytest.raises(L.SchedulingWhileAtomic, match="in softirq on cpu0, preempt_count 0x00000100"):
        bed.settle(3 * JIFFY_NS)


def test_spinlock_makes_another_cpu_stall() -> None:
    bed = Bed(cpus=2)
    lock = L.spinlock_t("shared")
    order: list[str] = []

    def holder() -> None:
        L.spin_lock(lock)
        order.append("a in")
        L.udelay(10)
        order.append("a out")
        L.spin_unlock(lock)

    def waiter() -> int:
        L.ndelay(500)
        L.spin_lock(lock)
        order.append("b in")
        L.spin_unlock(lock)
        return L.ktime_get_ns()

    first = Task(bed.sched.cpus[0], holder, (), "holder")
    then = bed.run(waiter, cpu=1)
    assert first.done
    assert order == ["a in", "a out", "b in"]
    assert then >= 10_000


def test_spinlock_taken_twice_on_one_cpu_is_a_lockup() -> None:
    bed = Bed()
    lock = L.spinlock_t("mine")

    def run() -> None:
        L.spin_lock(lock)
        L.spin_lock(lock)

    with pytest.raises(L.Lockup, match=r"spinlock recursion on CPU#0: mine, taken at test_linux_sched.py:\d+ run"):
        bed.run(run)


def test_unlock_of_a_lock_not_held_is_reported() -> None:
    bed = Bed()
    with pytest.raises(L.Lockup, match="does not hold it"):
        bed.run(L.spin_unlock, L.spinlock_t())
    with pytest.raises(L.Lockup, match="does not hold it"):
        bed.run(L.mutex_unlock, L.mutex())


def test_mutex_hands_over_in_order_and_finds_recursion() -> None:
    bed = Bed()
    lock = L.mutex("m")
    order: list[int] = []

    def worker(n: int) -> None:
        L.mutex_lock(lock)
        order.append(n)
        L.usleep_range(5, 10)
        L.mutex_unlock(lock)

    tasks = [Task(bed.sched.cpus[0], worker, (n,), f"w{n}") for n in range(4)]
    bed.pump(lambda: all(t.done for t in tasks))
    assert order == [0, 1, 2, 3]

    def twice() -> None:
        L.mutex_lock(lock)
        L.mutex_lock(lock)

    with pytest.raises(L.Lockup, match="m taken twice by task twice"):
        bed.run(twice)


def test_wait_event_wakes_on_the_condition_not_on_any_wake_up() -> None:
    bed = Bed()
    wq = L.wait_queue_head_t()
    state = {"n": 0}

    def poke() -> None:
        for _ in range(3):
            L.usleep_range(10, 20)
            state["n"] += 1
            L.wake_up(wq)

    Task(bed.sched.cpus[0], poke, (), "poke")
    bed.run(L.wait_event, wq, lambda: state["n"] == 3)
    assert state["n"] == 3
    assert not wq.tasks


def test_wake_up_between_check_and_sleep_is_not_lost() -> None:
    bed = Bed(cpus=2)
    done = L.completion()

    def completer() -> None:
        L.complete(done)

    Task(bed.sched.cpus[1], completer, (), "completer")
    bed.run(L.wait_for_completion, done)
    assert done.done == 0


def test_completion_timeout_returns_0_and_else_what_is_left() -> None:
    bed = Bed()
    done = L.completion()
    assert bed.run(L.wait_for_completion_timeout, done, 5) == 0
    assert L.jiffies() >= 5
    L.complete_all(done)
    assert bed.run(L.wait_for_completion_timeout, done, 5) == 5


def test_softirq_that_raises_itself_is_left_to_ksoftirqd_after_ten_rounds() -> None:
    """Source: kernel/softirq.c MAX_SOFTIRQ_RESTART."""
    bed = Bed()
    contexts: list[str] = []

    def action() -> None:
        contexts.append(bed.sched.cpus[0].task.name if bed.sched.cpus[0].task else "idle")  # type: ignore[union-attr]
        if len(contexts) < 25:
            L.raise_softirq(L.TASKLET_SOFTIRQ)

    def run() -> None:
        L.local_bh_disable()
        L.raise_softirq(L.TASKLET_SOFTIRQ)
        L.local_bh_enable()

    L.open_softirq(L.TASKLET_SOFTIRQ, action)
    bed.run(run)
    bed.settle(10_000)
    assert contexts == ["run"] * 10 + ["ksoftirqd/0"] * 15
    assert L.counters()["ksoftirqd_wakeups"] == 1


def test_local_bh_enable_with_interrupts_off_warns() -> None:
    bed = Bed()

    def run() -> None:
        L.local_bh_disable()
        L.local_irq_disable()
        L.local_bh_enable()

    with pytest.raises(L.KernelWarning, match="local_bh_enable"):
        bed.run(run)


def test_context_predicates_say_where_code_runs() -> None:
    bed = Bed()

    def state() -> tuple[bool, ...]:
        return L.in_task(), L.in_softirq(), L.in_serving_softirq(), L.in_hardirq(), L.in_interrupt(), L.in_atomic()

    def run() -> list[tuple[bool, ...]]:
        got = [state()]
        L.local_bh_disable()
        got.append(state())
        L.local_bh_enable()
        L.preempt_disable()
        got.append(state())
        L.preempt_enable()
        return got

    assert bed.run(run) == [
        (True, False, False, False, False, False),
        (True, True, False, False, True, True),
        (True, False, False, False, False, True),
    ]


def test_waits_for_oneself_are_lockups() -> None:
    bed = Bed()
    timer = L.timer_list(lambda t: L.timer_delete_sync(t))
    bed.run(L.mod_timer, timer, 1)
    with pytest.raises(L.Lockup, match="from the timer's own function"):
        bed.settle(3 * JIFFY_NS)
    work = L.work_struct(lambda w: L.flush_work(w))
    bed = Bed()
    with pytest.raises(L.Lockup, match="a work item waits for itself"):
        bed.run(L.schedule_work, work)


def test_scheduler_that_is_closed_lets_its_machine_go() -> None:
    import gc
    import weakref

    bed = Bed(cpus=2)
    bed.sched.run_task(L.wait_for_completion, L.completion())
    bed.settle(1000)
    gone = weakref.ref(bed.sched)
    bed.sched.close()
    Bed()
    del bed
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    "sleeps",
    [
        lambda: L.alloc_skb(10, L.GFP_KERNEL),
        lambda: L.kmalloc(10, L.GFP_KERNEL),
        lambda: L.rtnl_lock(),
        lambda: L.msleep(1),
        lambda: L.netdev_alloc_skb(None, 10) and L.alloc_page(L.GFP_KERNEL),
    ],
)
def test_who_sleeps_in_atomic_context_is_named_however_deep_the_kernel_found_it(sleeps: Any) -> None:
    bed = Bed()

    def atomic() -> None:
        L.local_bh_disable()
        sleeps()

    with pytest.raises(L.SchedulingWhileAtomic, match=r"\[test_linux_sched.py:\d+ <lambda>\]"):
        bed.run(atomic)


def test_who_takes_rtnl_twice_is_named() -> None:
    bed = Bed()

    def twice() -> None:
        L.rtnl_lock()
        L.rtnl_lock()

    with pytest.raises(L.Lockup, match=r"rtnl_mutex taken twice by task .*\[test_linux_sched.py:\d+ twice\]"):
        bed.run(twice)
