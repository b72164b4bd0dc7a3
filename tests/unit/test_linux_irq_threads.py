# SPDX-License-Identifier: Apache-2.0
"""Threaded interrupts, requests that are undone with the driver, and kernel threads."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.contexts import Task
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_irq import Device
from tests.unit.test_linux_irq_flow import Chip


def test_message_wakes_its_thread_without_a_handler() -> None:
    """Messages need no IRQF_ONESHOT: nothing is sent again while the thread runs."""
    bed = Bed()
    dev = Device(bed)
    irq = L.pci_irq_vector(dev.pdev, 0)
    seen: list[tuple[int, bool]] = []

    def thread_fn(irq: int, dev_id: Any) -> int:
        assert dev_id is dev
        seen.append((irq, L.in_task()))
        return L.IRQ_HANDLED

    assert bed.run(L.request_threaded_irq, irq, None, thread_fn, 0, "test", dev) == 0
    dev.message()
    dev.message()
    assert seen == [(irq, True)] * 2
    assert bed.run(L.free_irq, irq, dev) == "test"
    assert not any(task.name.startswith("irq/") for task in bed.sched.cpus[0].tasks)


def test_thread_asked_for_twice_before_it_runs_runs_once() -> None:
    bed = Bed()
    chip = Chip(bed, L.handle_edge_irq)
    runs: list[int] = []

    def thread_fn(irq: int, dev_id: Any) -> int:
        runs.append(1)
        return L.IRQ_HANDLED

    def twice() -> None:
        chip._fire()
        chip._fire()

    chip.request(0, lambda irq, d: L.IRQ_WAKE_THREAD, thread_fn)
    bed.run(twice)
    bed.settle()
    assert runs == [1]


def test_thread_follows_the_affinity_of_its_interrupt() -> None:
    bed = Bed(cpus=2)
    dev = Device(bed)
    irq = L.pci_irq_vector(dev.pdev, 0)
    cpus: list[int] = []

    def thread_fn(irq: int, dev_id: Any) -> int:
        cpus.append(L.smp_processor_id())
        return L.IRQ_HANDLED

    bed.run(L.request_threaded_irq, irq, None, thread_fn, 0, "test", dev)
    for cpu in (0, 1, 0):
        bed.run(L.irq_set_affinity, irq, L.cpumask_of(cpu))
        assert L.irq_get_affinity_mask(irq) == 1 << cpu
        dev.message()
    assert cpus == [0, 1, 0]


@pytest.mark.parametrize("free", [False, True])
def test_synchronize_and_free_wait_for_the_thread(free: bool) -> None:
    bed = Bed()
    chip = Chip(bed, L.handle_edge_irq)
    log: list[str] = []

    def thread_fn(irq: int, dev_id: Any) -> int:
        L.msleep(20)
        log.append("thread")
        return L.IRQ_HANDLED

    def run() -> None:
        chip._fire()
        L.usleep_range(100, 100)
        assert L.synchronize_hardirq(chip.irq) is False, "a thread runs"
        assert L.disable_hardirq(chip.irq) is False
        if free:
            L.free_irq(chip.irq, chip)
        else:
            L.synchronize_irq(chip.irq)
            assert L.synchronize_hardirq(chip.irq) is True
        log.append("after")

    chip.request(0, lambda irq, d: L.IRQ_WAKE_THREAD, thread_fn)
    bed.run(run)
    assert log == ["thread", "after"]


def test_thread_that_waits_for_itself_is_a_lockup() -> None:
    for wait in (lambda irq, d: L.synchronize_irq(irq), L.free_irq):
        bed = Bed()
        chip = Chip(bed, L.handle_edge_irq)
        chip.request(0, lambda irq, d: L.IRQ_WAKE_THREAD, wait)
        chip.fire()
        with pytest.raises(L.Lockup, match=rf"irq {chip.irq}"):
            bed.settle()


def test_requests_that_linux_refuses_are_refused() -> None:
    bed = Bed()
    chip = Chip(bed, L.handle_level_irq)
    woken = lambda irq, d: L.IRQ_WAKE_THREAD  # noqa: E731
    nothing = lambda irq, d: L.IRQ_HANDLED  # noqa: E731

    def request(*args: Any) -> int:
        return int(bed.run(L.request_threaded_irq, *args))

    assert request(chip.irq, None, None, 0, "x", 1) == -L.EINVAL
    assert request(9999, woken, nothing, 0, "x", 1) == -L.EINVAL
    assert request(chip.irq, woken, nothing, L.IRQF_SHARED, "x", None) == -L.EINVAL
    assert request(chip.irq, woken, nothing, L.IRQF_SHARED | L.IRQF_NO_AUTOEN, "x", 1) == -L.EINVAL
    assert request(chip.irq, None, nothing, 0, "x", 1) == -L.EINVAL, "level, no handler, not oneshot: a storm"
    assert any("Threaded irq requested with handler=NULL and !ONESHOT" in line for line in L.dmesg())
    shared = L.IRQF_SHARED | L.IRQF_TRIGGER_LOW
    assert request(chip.irq, woken, nothing, shared | L.IRQF_ONESHOT, "x", 1) == 0
    assert request(chip.irq, woken, nothing, shared, "y", 2) == -L.EBUSY, "both oneshot or none"
    assert any("Flags mismatch irq" in line for line in L.dmesg())
    assert request(chip.irq, woken, nothing, L.IRQF_SHARED | L.IRQF_ONESHOT, "y", 2) == -L.EBUSY, "another trigger"
    assert request(chip.irq, woken, nothing, shared | L.IRQF_ONESHOT | L.IRQF_PERCPU, "y", 2) == -L.EBUSY
    assert bed.run(L.request_irq, chip.irq, nothing, shared, "z", 3) == 0, "request_irq() adapts: IRQF_COND_ONESHOT"


def test_shared_oneshot_interrupt_waits_for_all_its_threads() -> None:
    bed = Bed()
    chip = Chip(bed, L.handle_level_irq)

    def thread(us: int) -> Any:
        def thread_fn(irq: int, dev_id: Any) -> int:
            L.usleep_range(us, us)
            chip.calls.append(f"thread {us}")
            return L.IRQ_HANDLED

        return thread_fn

    for us in (10, 30):
        args = (chip.irq, lambda irq, d: L.IRQ_WAKE_THREAD, thread(us), L.IRQF_SHARED | L.IRQF_ONESHOT, "x", us)
        assert bed.run(L.request_threaded_irq, *args) == 0
    chip.calls.clear()
    chip.fire()
    bed.settle(100_000)
    assert chip.calls == ["thread 10", "thread 30", "unmask"]


def test_managed_requests_are_undone_with_the_device() -> None:
    bed = Bed()
    dev = Device(bed)
    pdev = dev.pdev
    irq0, irq1 = (L.pci_irq_vector(pdev, n) for n in range(2))
    assert bed.run(L.devm_request_irq, pdev.dev, irq0, dev.handler, 0, "plain", dev) == 0
    args = (pdev.dev, irq1, dev.handler, lambda irq, d: L.IRQ_HANDLED, 0, "threaded", dev)
    assert bed.run(L.devm_request_threaded_irq, *args) == 0
    assert bed.run(L.devm_request_irq, pdev.dev, irq0, dev.handler, 0, "busy", dev) == -L.EBUSY
    bed.run(L.devm_free_irq, pdev.dev, irq0, dev)
    assert [line for line in L.leak_report() if "handler" in line and "plain" in line] == []
    from pymodel.linux.device import devres_release_all

    bed.run(devres_release_all, pdev.dev)
    assert not any("handler threaded" in line for line in L.leak_report())


def test_affinity_hint_is_kept_and_followed() -> None:
    bed = Bed(cpus=2)
    dev = Device(bed)
    irq = dev.request()
    assert L.irq_set_affinity_and_hint(irq, 0b10) == 0
    desc = L.irq_to_desc(irq)
    assert desc is not None
    assert (desc.affinity_hint, desc.cpu) == (0b10, 1)
    assert L.irq_update_affinity_hint(irq, 0b01) == 0
    assert (desc.affinity_hint, desc.cpu) == (0b01, 1), "only a hint"
    assert L.irq_set_affinity_and_hint(irq, None) == 0
    assert (desc.affinity_hint, desc.cpu) == (None, 1)


def test_kernel_thread_runs_until_it_is_stopped() -> None:
    bed = Bed(cpus=2)
    log: list[Any] = []

    def loop(data: Any) -> int:
        while not L.kthread_should_stop():
            log.append((data, L.smp_processor_id()))
            L.schedule("work")
        return 7

    def run() -> int:
        thread = L.kthread_run(loop, "a", "looper")
        other = L.kthread_run_on_cpu(loop, "b", 1, "looper/%u")
        assert other.name == "looper/1"
        L.usleep_range(10, 10)
        L.wake_up_process(thread)
        L.usleep_range(10, 10)
        assert L.kthread_stop(other) == 7
        return int(L.kthread_stop(thread))

    assert bed.run(run) == 7
    assert sorted(log) == [("a", 0), ("a", 0), ("b", 1)]


def test_should_stop_outside_of_a_task_is_a_bug() -> None:
    bed = Bed()
    L.open_softirq(L.BLOCK_SOFTIRQ, L.kthread_should_stop)

    def run() -> None:
        L.raise_softirq(L.BLOCK_SOFTIRQ)

    bed.sched.cpus[0].task = None
    Task(bed.sched.cpus[0], run, (), "raise")
    timer = L.hrtimer(lambda t: L.kthread_should_stop())
    bed.run(L.hrtimer_start, timer, 1000, L.HRTIMER_MODE_REL)
    with pytest.raises(L.KernelBug, match="outside of a task"):
        bed.settle(10_000)
