# SPDX-License-Identifier: Apache-2.0
"""Simulated time and model CPUs: when code runs, what interrupts it, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel.hw.contexts import Coro, Cpu, Scheduler, Sleep, Until


def _run(sched: Scheduler, limit: int = 10_000) -> None:
    """Virtual time: jump to whatever is due next."""
    for _ in range(limit):
        due = sched.next_deadline()
        if due is None:
            return
        sched.run_due(max(due, sched.now))
    raise AssertionError("the schedule never ran dry")


def _with_irqs(sched: Scheduler, handler: Callable[[Cpu, int], None]) -> None:
    def entry(cpu: Cpu) -> Callable[[int], object]:
        def do_irq(irq: int) -> None:
            cpu.hardirq += 1
            handler(cpu, irq)
            cpu.hardirq -= 1

        return do_irq

    for cpu in sched.cpus:
        cpu.do_irq = entry(cpu)


def test_charge_in_task_moves_time() -> None:
    """A charge is simulated time: the next side effect happens after it (design.md, decision 6)."""
    sched = Scheduler()
    times: list[int] = []

    def work() -> int:
        for _ in range(3):
            sched.cpus[0].charge(100)
            times.append(sched.now)
        return 7

    task = sched.run_task(work)
    _run(sched)
    assert times == [100_000, 200_000, 300_000]
    assert (task.done, task.result) == (True, 7)


def test_charge_within_quantum_does_not_wait() -> None:
    """Within the quantum a CPU runs ahead and the hub is not entered (TLM-2.0's temporal decoupling)."""
    sched = Scheduler(quantum=1_000_000)
    seen: list[tuple[int, int]] = []

    def work() -> None:
        for _ in range(12):
            sched.cpus[0].charge(100)
            seen.append((sched.now, sched.cpus[0].time))

    sched.run_task(work)
    _run(sched)
    assert [now for now, _ in seen[:10]] == [0] * 10
    assert seen[10][0] == 1_100_000
    assert [t for _, t in seen] == [100_000 * (i + 1) for i in range(12)]


def test_irq_during_charge_is_taken_when_it_comes_and_the_rest_follows() -> None:
    """An interrupt in the middle of a charge runs at its time; the interrupted work ends later by what it took."""
    sched = Scheduler()
    log: list[tuple[str, int]] = []
    _with_irqs(sched, lambda cpu, irq: (cpu.charge(10), log.append(("irq", cpu.time)))[1])

    def work() -> None:
        sched.cpus[0].charge(100)
        log.append(("work", sched.cpus[0].time))

    sched.run_task(work)
    sched.call_at(50_000, lambda: sched.cpus[0].raise_irq(3))
    _run(sched)
    assert log == [("irq", 60_000), ("work", 110_000)]


def test_irq_disabled_waits_until_enabled() -> None:
    """With interrupts disabled none is taken; the first scheduling point after takes it."""
    sched = Scheduler()
    log: list[str] = []
    _with_irqs(sched, lambda cpu, irq: log.append(f"irq{irq}"))
    cpu = sched.cpus[0]

    def work() -> None:
        cpu.irqs_disabled += 1
        cpu.charge(100)
        log.append("critical")
        cpu.irqs_disabled -= 1
        cpu.charge(1)
        log.append("after")

    sched.run_task(work)
    sched.call_at(20_000, lambda: cpu.raise_irq(4))
    _run(sched)
    assert log == ["critical", "irq4", "after"]


def test_irq_on_idle_cpu_runs_at_once_and_not_on_another() -> None:
    """Each CPU has its own time; one that is busy does not delay another."""
    sched = Scheduler(2)
    log: list[tuple[int, int]] = []
    _with_irqs(sched, lambda cpu, irq: log.append((cpu.id, cpu.time)))
    sched.run_task(lambda: sched.cpus[0].charge(1000), cpu=0)
    sched.call_at(10_000, lambda: sched.cpus[1].raise_irq(1))
    _run(sched)
    assert log == [(1, 10_000)]


def test_task_sleep_and_wake_loses_no_wakeup() -> None:
    """A wake-up that comes before the sleep makes the sleep return at once."""
    sched = Scheduler()
    cpu = sched.cpus[0]
    log: list[int] = []

    def work() -> None:
        assert cpu.task is not None
        cpu.task.wake()
        cpu.task.sleep("a wake-up that has come already")
        log.append(sched.now)
        cpu.task.sleep("time", until=500_000)
        log.append(sched.now)

    sched.run_task(work)
    _run(sched)
    assert log == [0, 500_000]


def test_two_tasks_on_one_cpu_take_turns_when_they_sleep() -> None:
    """A task that sleeps gives the CPU to the next."""
    sched = Scheduler()
    log: list[str] = []

    def work(name: str) -> None:
        task = sched.cpus[0].task
        assert task is not None
        for i in range(2):
            log.append(f"{name}{i}")
            task.sleep("its turn", until=sched.now + 10_000)

    sched.run_task(work, "a")
    sched.run_task(work, "b")
    _run(sched)
    assert log == ["a0", "b0", "a1", "b1"]


def test_block_stalls_until_unblocked_from_the_hub() -> None:
    """A register read stalls the CPU; its time moves to the completion."""
    sched = Scheduler()
    cpu = sched.cpus[0]
    sched.call_at(300_000, lambda: cpu.unblock())
    task = sched.run_task(lambda: (cpu.block("a read"), cpu.time)[1])
    sched.run_due(0)
    assert sched.waiters() == ["cpu0 task <lambda>: waits for a read"]
    _run(sched)
    assert task.result == 300_000


def test_kernel_exception_ends_the_run() -> None:
    """What kernel code raises comes out of the hub, unless a scenario awaits the task."""
    sched = Scheduler()

    def oops() -> None:
        raise ValueError("oops")

    sched.run_task(oops)
    with pytest.raises(ValueError, match="oops"):
        _run(sched)


def test_awaited_task_hands_its_exception_to_the_scenario() -> None:
    sched = Scheduler()
    caught: list[str] = []

    def oops() -> None:
        raise ValueError("oops")

    async def scenario() -> None:
        try:
            await sched.run_task(oops)
        except ValueError as exc:
            caught.append(str(exc))

    sched.spawn(scenario())
    _run(sched)
    assert caught == ["oops"]


def test_exception_in_irq_ends_the_run() -> None:
    sched = Scheduler()

    def bad(cpu: Cpu, irq: int) -> None:
        raise RuntimeError("handler died")

    _with_irqs(sched, bad)
    sched.call_at(5, lambda: sched.cpus[0].raise_irq(1))
    with pytest.raises(RuntimeError, match="handler died"):
        _run(sched)


def test_scenario_awaits_time_events_and_parts() -> None:
    """Sleep, Until and another part: a scenario's whole vocabulary."""
    sched = Scheduler()
    event = Until("the bell")
    log: list[Any] = []

    async def part() -> str:
        await Sleep(30)
        event.set()
        return "rung"

    async def scenario() -> None:
        other = sched.spawn(part(), "part")
        await event
        log.append(sched.now)
        log.append(await other)

    top: Coro = sched.spawn(scenario())
    _run(sched)
    assert top.done and log == [30_000, "rung"]


def test_time_cannot_run_backwards() -> None:
    sched = Scheduler()
    sched.run_due(10)
    with pytest.raises(ValueError, match="backwards"):
        sched.run_due(9)
