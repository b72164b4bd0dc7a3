# SPDX-License-Identifier: Apache-2.0
"""Work items: queued, flushed, cancelled, disabled; workqueues with limits; delayed work."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.contexts import Task
from tests.unit.linux_bed import Bed

JIFFY_NS = 4_000_000


def test_work_runs_in_process_context_and_never_twice_at_a_time() -> None:
    bed = Bed(cpus=2)
    running = {"now": 0, "most": 0, "runs": 0}

    def fn(work: Any) -> None:
        running["now"] += 1
        running["most"] = max(running["most"], running["now"])
        L.usleep_range(20, 40)
        running["now"] -= 1
        running["runs"] += 1

    work = L.work_struct(fn)

    def run() -> list[bool]:
        got = [L.schedule_work(work), L.schedule_work(work)]
        L.usleep_range(5, 10)
        got.append(L.schedule_work(work))
        L.flush_work(work)
        return got

    assert bed.run(run) == [True, False, True]
    assert running == {"now": 0, "most": 1, "runs": 2}


def test_cancel_work_sync_waits_for_the_one_that_runs() -> None:
    bed = Bed()
    log: list[str] = []

    def fn(work: Any) -> None:
        L.usleep_range(50, 60)
        log.append("ran")

    work = L.work_struct(fn)

    def run() -> bool:
        L.schedule_work(work)
        L.usleep_range(10, 20)
        was = L.cancel_work_sync(work)
        log.append("cancelled")
        return was

    assert bed.run(run) is False, "it was running, not queued"
    assert log == ["ran", "cancelled"]


def test_delayed_work_runs_after_its_delay_and_can_be_cancelled() -> None:
    bed = Bed()
    ran: list[int] = []
    dwork = L.delayed_work(lambda w: ran.append(L.jiffies()))
    bed.run(L.schedule_delayed_work, dwork, 4)
    bed.settle(8 * JIFFY_NS)
    assert ran == [5], "the wheel is never early: the jiffy after"
    bed.run(L.schedule_delayed_work, dwork, 4)
    assert bed.run(L.cancel_delayed_work_sync, dwork) is True
    bed.settle(8 * JIFFY_NS)
    assert len(ran) == 1
    assert L.leak_report() == []


def test_ordered_workqueue_runs_one_after_the_other() -> None:
    bed = Bed(cpus=2)
    wq = L.alloc_ordered_workqueue("ordered", 0)
    log: list[tuple[int, str]] = []

    def fn(work: Any) -> None:
        log.append((work.container, "in"))
        L.usleep_range(10, 20)
        log.append((work.container, "out"))

    works = [L.work_struct(fn, container=n) for n in range(3)]

    def run() -> None:
        for i, work in enumerate(works):
            L.queue_work_on(i % 2, wq, work)
        assert "workqueue ordered not destroyed" in L.work_leaks()
        L.destroy_workqueue(wq)

    bed.run(run)
    assert L.work_leaks() == []
    assert log == [(n, what) for n in range(3) for what in ("in", "out")]


def test_workqueue_runs_no_more_items_at_a_time_than_it_may() -> None:
    """max_active: on each CPU, or in all where it is unbound."""
    for flags, most in ((0, 4), (L.WQ_UNBOUND, 2)):
        bed = Bed(cpus=2)
        now = {"n": 0, "most": 0}

        def fn(work: Any, now: dict[str, int] = now) -> None:
            now["n"] += 1
            now["most"] = max(now["most"], now["n"])
            L.usleep_range(100, 100)
            now["n"] -= 1

        works = [L.work_struct(fn) for _ in range(12)]

        def run(flags: int = flags, works: list[Any] = works) -> None:
            wq = L.alloc_workqueue("limited", flags, 2)
            for i, work in enumerate(works):
                L.queue_work_on(i % 2, wq, work)
            L.flush_workqueue(wq)
            assert not any(L.work_busy(work) for work in works)
            L.destroy_workqueue(wq)

        bed.run(run)
        assert now == {"n": 0, "most": most}


def test_workqueue_without_a_limit_takes_the_default() -> None:
    Bed()
    assert L.alloc_workqueue("default", 0, 0).max_active == L.WQ_DFL_ACTIVE == 256
    assert L.alloc_workqueue("greedy", 0, 5000).max_active == L.WQ_MAX_ACTIVE == 512


def test_flush_work_waits_for_what_is_queued_now_not_for_what_the_item_queues() -> None:
    bed = Bed()
    runs: list[int] = []

    def again(work: Any) -> None:
        runs.append(1)
        L.usleep_range(10, 10)
        L.schedule_work(work)

    work = L.work_struct(again)

    def run() -> None:
        L.schedule_work(work)
        assert L.flush_work(work) is True
        assert len(runs) == 1 and L.work_pending(work)
        L.cancel_work_sync(work)
        assert L.flush_work(work) is False and not L.work_busy(work)

    bed.run(run)


def test_cancel_work_sync_ends_an_item_that_queues_itself() -> None:
    bed = Bed()
    queued: list[bool] = []

    def again(work: Any) -> None:
        L.usleep_range(10, 10)
        queued.append(L.schedule_work(work))

    work = L.work_struct(again)

    def run() -> None:
        L.schedule_work(work)
        L.usleep_range(5, 5)
        assert L.work_busy(work) == L.WORK_BUSY_RUNNING
        assert L.cancel_work_sync(work) is False
        assert queued == [False] and L.work_busy(work) == 0
        assert L.schedule_work(work) is True, "afterwards it can be queued again"
        L.cancel_work_sync(work)

    bed.run(run)


def test_disabled_work_cannot_be_queued() -> None:
    bed = Bed()
    runs: list[int] = []
    work = L.work_struct(lambda w: runs.append(1))
    dwork = L.delayed_work(lambda w: runs.append(2))

    def run() -> None:
        assert L.schedule_work(work) is True
        assert L.disable_work(work) is True
        assert L.disable_work_sync(work) is False
        assert L.schedule_work(work) is False
        assert L.enable_work(work) is False, "disabled twice"
        assert L.enable_and_queue_work(L.system_wq(), work) is True
        L.flush_work(work)
        assert runs == [1]
        assert L.disable_delayed_work(dwork) is False
        assert L.schedule_delayed_work(dwork, 1) is False
        assert L.disable_delayed_work_sync(dwork) is False
        assert (L.enable_delayed_work(dwork), L.enable_delayed_work(dwork)) == (False, True)
        assert L.schedule_delayed_work(dwork, 1) is True
        assert L.cancel_delayed_work(dwork) is True

    bed.run(run)
    with pytest.raises(L.KernelWarning, match="work disable count underflowed"):
        bed.run(L.enable_work, work)


def test_cancel_work_takes_a_waiting_item_off_its_queue() -> None:
    bed = Bed()
    log: list[str] = []

    def slow(work: Any) -> None:
        L.usleep_range(10, 10)
        log.append(work.container)

    first, second = (L.work_struct(slow, container=name) for name in ("first", "second"))

    def run() -> None:
        wq = L.alloc_ordered_workqueue("ordered", 0)
        L.queue_work(wq, first)
        L.queue_work(wq, second)
        assert L.cancel_work(second) is True and L.cancel_work(second) is False
        L.destroy_workqueue(wq)

    bed.run(run)
    assert log == ["first"]


def test_drain_lets_items_queue_others_and_nobody_else() -> None:
    bed = Bed()
    log: list[str] = []
    chained = L.work_struct(lambda w: log.append("chained"))

    def first(work: Any) -> None:
        L.usleep_range(20, 20)
        L.queue_work(work.wq, chained)
        log.append("first")

    def other(wq: Any) -> None:
        L.usleep_range(5, 5)
        with pytest.raises(L.KernelWarning, match="cannot queue <lambda> on wq drained: it is being drained"):
            L.queue_work(wq, L.work_struct(lambda w: None))

    def run() -> None:
        wq = L.alloc_workqueue("drained", 0, 0)
        L.queue_work(wq, L.work_struct(first))
        Task(bed.sched.cpus[0], other, (wq,), "other")
        L.drain_workqueue(wq)
        assert log == ["first", "chained"]
        assert L.queue_work(wq, chained) is True
        L.destroy_workqueue(wq)

    bed.run(run)


def test_bh_workqueue_runs_in_softirq_context() -> None:
    bed = Bed()
    where: list[bool] = []
    work = L.work_struct(lambda w: where.append(L.in_serving_softirq()))

    def run() -> None:
        L.local_bh_disable()
        assert L.queue_work(L.system_bh_wq(), work) and not L.queue_work(L.system_bh_wq(), work)
        L.local_bh_enable()
        L.local_bh_disable()
        L.queue_work(L.system_bh_wq(), work)
        assert L.cancel_work(work) is True
        L.local_bh_enable()
        L.queue_work(L.system_bh_wq(), work)
        assert L.flush_work(work) is True

    bed.run(run)
    assert where == [True, True]


def test_work_that_keeps_a_lock_is_a_bug() -> None:
    bed = Bed()
    lock = L.spinlock_t("forgotten")
    with pytest.raises(L.KernelBug, match="workqueue leaked atomic: <lambda>"):
        bed.run(L.schedule_work, L.work_struct(lambda w: L.spin_lock(lock)))


def test_current_work_is_the_item_that_the_task_runs() -> None:
    bed = Bed()
    seen: list[Any] = []
    work = L.work_struct(lambda w: seen.append(L.current_work()))
    bed.run(L.schedule_work, work)
    bed.settle()
    assert seen == [work]
    assert bed.run(L.current_work) is None


def test_work_runs_on_the_cpu_that_it_was_queued_on() -> None:
    bed = Bed(cpus=3)
    cpus: list[int] = []
    work = L.work_struct(lambda w: cpus.append(L.smp_processor_id()))
    dwork = L.delayed_work(lambda w: cpus.append(L.smp_processor_id()))

    def run() -> None:
        L.schedule_work(work)
        L.flush_work(work)
        L.schedule_work_on(2, work)
        L.flush_work(work)
        L.queue_work(L.system_unbound_wq(), work)
        L.flush_work(work)
        L.queue_work(L.system_long_wq(), work)
        L.flush_work(work)
        L.queue_work_on(2, L.system_highpri_wq(), work)
        L.flush_work(work)
        L.schedule_delayed_work_on(2, dwork, 1)
        L.flush_delayed_work(dwork)
        L.queue_delayed_work_on(0, L.system_wq(), dwork, 0)
        L.flush_delayed_work(dwork)
        L.mod_delayed_work_on(2, L.system_wq(), dwork, 1)
        L.msleep(20)

    bed.run(run, cpu=1)
    assert cpus == [1, 2, 1, 1, 2, 2, 0, 2]


def test_delayed_work_is_moved_flushed_and_found_pending() -> None:
    bed = Bed()
    ran: list[int] = []
    dwork = L.delayed_work()
    L.INIT_DELAYED_WORK(dwork, lambda w: ran.append(L.jiffies()))

    def run() -> None:
        wq = L.alloc_workqueue("mine", 0, 0)
        assert L.queue_delayed_work(wq, dwork, 100) and not L.queue_delayed_work(wq, dwork, 1)
        assert L.delayed_work_pending(dwork) and not L.work_pending(dwork.work)
        assert L.mod_delayed_work(wq, dwork, 2) is True
        assert L.flush_delayed_work(dwork) is True
        assert ran == [0], "at once"
        assert not L.delayed_work_pending(dwork) and L.flush_delayed_work(dwork) is False
        assert L.mod_delayed_work(wq, dwork, 0) is False
        L.flush_delayed_work(dwork)
        L.destroy_workqueue(wq)

    bed.run(run)
    assert ran == [0, 0]
    assert L.to_delayed_work(dwork.work) is dwork
    work = L.work_struct()
    L.INIT_WORK(work, lambda w: None)
    assert work.func is not None


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("runs", [False, True])
def test_work_of_an_object_that_is_freed_warns(delayed: bool, runs: bool) -> None:
    """As CONFIG_DEBUG_OBJECTS_WORK does: it was not cancelled, and whoever runs it would use what is gone."""
    bed = Bed()
    owner = object()

    def fn(work: Any) -> None:
        L.usleep_range(20, 40)

    def run() -> None:
        L.debug_check_no_obj_freed(None)
        L.debug_check_no_obj_freed(owner)
        if delayed:
            dwork = L.delayed_work(fn, container=owner)
            L.schedule_delayed_work(dwork, 0)
        else:
            L.schedule_work(L.work_struct(fn, container=owner))
        if runs:
            L.usleep_range(5, 10)
        L.debug_check_no_obj_freed(object())
        with pytest.raises(L.KernelWarning, match="ODEBUG: free active .* work_struct hint: fn: it was not cancelled"):
            L.debug_check_no_obj_freed(owner)
        L.usleep_range(100, 200)
        L.debug_check_no_obj_freed(owner)

    bed.run(run)
