# SPDX-License-Identifier: Apache-2.0
"""Tasklets: once for each schedule, never twice at a time, disabled and killed."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.contexts import Task
from tests.unit.linux_bed import Bed


def in_bh(bed: Bed, *calls: tuple[Any, ...]) -> None:
    """The calls with bottom halves off; softirqs follow."""

    def run() -> None:
        L.local_bh_disable()
        for fn, *args in calls:
            fn(*args)
        L.local_bh_enable()

    bed.run(run)


def test_tasklet_runs_once_in_softirq_context_and_gets_itself_or_its_data() -> None:
    bed = Bed()
    seen: list[Any] = []

    def run(what: Any) -> None:
        assert L.in_serving_softirq() and not L.irqs_disabled()
        seen.append(what)

    new, old = L.tasklet_struct(), L.tasklet_struct()
    L.tasklet_setup(new, run)
    L.tasklet_init(old, run, 42)
    in_bh(bed, (L.tasklet_schedule, new), (L.tasklet_schedule, new), (L.tasklet_hi_schedule, old))
    assert seen == [42, new], "high priority first"
    assert new.state == old.state == 0


def test_tasklet_that_schedules_itself_runs_again() -> None:
    bed = Bed()
    runs: list[int] = []

    def run(t: Any) -> None:
        assert t.state == 1 << L.TASKLET_STATE_RUN
        runs.append(1)
        if len(runs) < 3:
            L.tasklet_schedule(t)
            assert t.state == 1 << L.TASKLET_STATE_RUN | 1 << L.TASKLET_STATE_SCHED

    in_bh(bed, (L.tasklet_schedule, L.DECLARE_TASKLET(run)))
    assert len(runs) == 3


def test_disabled_tasklet_waits_for_its_enable() -> None:
    bed = Bed(softirq_entry=0)
    runs: list[int] = []
    t = L.DECLARE_TASKLET_DISABLED(lambda t: runs.append(1))
    in_bh(bed, (L.tasklet_schedule, t))
    bed.settle(10_000)
    assert runs == []
    assert any("tasklet <lambda>, scheduled at" in line for line in L.leak_report())
    bed.run(L.tasklet_enable, t)
    bed.settle(10_000)
    assert runs == [1]
    assert L.leak_report() == []


def slow_tasklet(bed: Bed, log: list[str]) -> Any:
    """A tasklet under way on CPU 1."""

    def run(t: Any) -> None:
        L.udelay(50)
        log.append("tasklet")

    t = L.DECLARE_TASKLET(run)
    Task(bed.sched.cpus[1], L.tasklet_schedule, (t,), "scheduler")
    bed.settle(20_000)
    assert t.state == 1 << L.TASKLET_STATE_RUN
    return t


@pytest.mark.parametrize(
    "wait", [L.tasklet_disable, L.tasklet_disable_in_atomic, L.tasklet_unlock_wait, L.tasklet_kill]
)
def test_wait_for_a_tasklet_that_runs_on_another_cpu(wait: Any) -> None:
    bed = Bed(cpus=2)
    log: list[str] = []
    t = slow_tasklet(bed, log)
    bed.run(wait, t)
    assert log == ["tasklet"]


def test_tasklet_scheduled_while_it_runs_on_another_cpu_is_not_run_twice_at_a_time() -> None:
    bed = Bed(cpus=2)
    log: list[str] = []
    t = slow_tasklet(bed, log)
    in_bh(bed, (L.tasklet_schedule, t))
    assert log == [] or log == ["tasklet"]
    bed.settle(200_000)
    assert log == ["tasklet"] * 2


def test_kill_lets_one_that_is_scheduled_run() -> None:
    bed = Bed()
    runs: list[int] = []
    t = L.DECLARE_TASKLET(lambda t: runs.append(1))

    def run() -> None:
        L.tasklet_schedule(t)
        L.tasklet_kill(t)
        assert runs == [1]

    bed.run(run)


def test_disable_nosync_does_not_wait() -> None:
    bed = Bed(cpus=2)
    log: list[str] = []
    t = slow_tasklet(bed, log)
    bed.run(L.tasklet_disable_nosync, t)
    assert log == [] and t.count == 1


def test_tasklet_that_waits_for_itself_is_a_lockup() -> None:
    bed = Bed()
    with pytest.raises(L.Lockup, match="waits for itself"):
        in_bh(bed, (L.tasklet_schedule, L.DECLARE_TASKLET(L.tasklet_disable_in_atomic)))


def test_tasklet_without_a_function_is_a_bug() -> None:
    bed = Bed()
    with pytest.raises(L.KernelBug, match="without a function"):
        in_bh(bed, (L.tasklet_schedule, L.tasklet_struct()))
