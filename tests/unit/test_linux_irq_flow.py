# SPDX-License-Identifier: Apache-2.0
"""Flow handlers on a chip that writes down each call, and interrupts that nobody handles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.contexts import Task
from pymodel.linux import irq_handle
from tests.unit.linux_bed import Bed


class Chip:
    """An interrupt of a chip with the given hooks; ``calls`` of them, and of the handlers."""

    def __init__(self, bed: Bed, flow: Any, hooks: str = "ack mask unmask eoi retrigger", flags: int = 0) -> None:
        self.bed = bed
        self.calls: list[str] = []
        self.irq = L.irq_alloc_desc(-1)
        names = [f"irq_{name}" for name in hooks.split()]
        chip = L.irq_chip("test", flags, **{name: self.hook(name) for name in names})
        L.irq_set_chip_and_handler(self.irq, chip, flow)
        desc = L.irq_to_desc(self.irq)
        assert desc is not None
        self.desc = desc

    def hook(self, name: str) -> Callable[[Any], object]:
        return lambda desc: self.calls.append(name[4:])

    def handler(self, irq: int, dev_id: Any) -> int:
        assert irq == self.irq
        self.calls.append("handler")
        return L.IRQ_HANDLED

    def request(self, flags: int = 0, handler: Any = None, thread_fn: Any = None) -> int:
        ret: int = self.bed.run(
            L.request_threaded_irq, self.irq, handler or self.handler, thread_fn, flags, "test", self
        )
        self.calls.clear()
        return ret

    def fire(self, cpu: int = 0) -> list[str]:
        """The interrupt comes in; what was called."""
        self.bed.run(self._fire, cpu=cpu)
        calls, self.calls = self.calls, []
        return calls

    def _fire(self) -> None:
        L.local_irq_disable()
        L.irq_enter()
        assert L.generic_handle_irq(self.irq) == 0
        L.irq_exit()
        L.local_irq_enable()


@pytest.mark.parametrize(
    ("flow", "calls"),
    [
        (L.handle_edge_irq, ["ack", "handler"]),
        (L.handle_level_irq, ["mask", "ack", "handler", "unmask"]),
        (L.handle_fasteoi_irq, ["handler", "eoi"]),
        (L.handle_simple_irq, ["handler"]),
        (L.handle_percpu_irq, ["ack", "handler", "eoi"]),
    ],
)
def test_flow_handler_calls_chip_and_handler_in_order(flow: Any, calls: list[str]) -> None:
    chip = Chip(Bed(), flow)
    assert chip.request() == 0
    assert chip.fire() == calls
    assert chip.fire() == calls
    assert L.irq_get_count(chip.irq) == 2


def test_oneshot_level_interrupt_stays_masked_until_its_thread_has_run() -> None:
    bed = Bed()
    chip = Chip(bed, L.handle_level_irq)

    def thread_fn(irq: int, dev_id: Any) -> int:
        assert L.in_task() and not L.irqs_disabled()
        L.usleep_range(10, 10)
        chip.calls.append("thread")
        return L.IRQ_HANDLED

    assert chip.request(L.IRQF_ONESHOT, lambda irq, d: L.IRQ_WAKE_THREAD, thread_fn) == 0
    assert chip.fire() == ["mask", "ack"]
    assert chip.desc.masked
    bed.settle(20_000)
    assert chip.calls == ["thread", "unmask"]


@pytest.mark.parametrize(("flags", "calls"), [(0, ["mask", "eoi"]), (L.IRQCHIP_EOI_THREADED, ["mask"])])
def test_oneshot_fasteoi_interrupt_is_ended_by_handler_or_thread(flags: int, calls: list[str]) -> None:
    bed = Bed()
    chip = Chip(bed, L.handle_fasteoi_irq, flags=flags)
    assert chip.request(L.IRQF_ONESHOT, lambda irq, d: L.IRQ_WAKE_THREAD, lambda irq, d: L.IRQ_HANDLED) == 0
    assert chip.fire() == calls
    bed.settle(20_000)
    assert chip.calls == (["eoi", "unmask"] if flags else ["unmask"])


def test_fasteoi_interrupt_that_is_disabled_is_ended_unless_the_chip_says_no() -> None:
    for flags, calls in ((0, ["mask", "eoi"]), (L.IRQCHIP_EOI_IF_HANDLED, ["mask"])):
        chip = Chip(Bed(), L.handle_fasteoi_irq, flags=flags)
        chip.request()
        L.disable_irq_nosync(chip.irq)
        assert chip.fire() == calls
        assert chip.desc.pending


def test_disable_is_lazy_unless_the_interrupt_is_marked() -> None:
    chip = Chip(Bed(), L.handle_edge_irq)
    chip.request()
    L.disable_irq_nosync(chip.irq)
    assert chip.calls == []
    L.enable_irq(chip.irq)
    L.irq_set_status_flags(chip.irq, L.IRQ_DISABLE_UNLAZY)
    L.disable_irq_nosync(chip.irq)
    assert chip.calls == ["mask"]
    L.enable_irq(chip.irq)
    L.irq_clear_status_flags(chip.irq, L.IRQ_DISABLE_UNLAZY)
    chip.calls.clear()
    L.disable_irq_nosync(chip.irq)
    assert chip.calls == []


def test_level_interrupt_is_not_sent_again_on_enable() -> None:
    """IRQ_LEVEL: the line does so itself."""
    for status, calls in ((0, ["unmask", "retrigger"]), (L.IRQ_LEVEL, ["unmask"])):
        chip = Chip(Bed(), L.handle_level_irq)
        chip.request()
        L.irq_set_status_flags(chip.irq, status)
        L.disable_irq_nosync(chip.irq)
        chip.fire()
        L.enable_irq(chip.irq)
        assert chip.calls == calls


def test_interrupt_marked_so_is_not_enabled_by_request_irq() -> None:
    chip = Chip(Bed(), L.handle_edge_irq)
    L.irq_set_status_flags(chip.irq, L.IRQ_NOAUTOEN)
    assert chip.request() == 0
    assert chip.fire() == ["mask", "ack"] or chip.desc.pending
    assert chip.desc.depth == 1 and not chip.desc.started
    L.enable_irq(chip.irq)
    assert chip.desc.started and "retrigger" in chip.calls


def test_interrupt_without_a_chip_cannot_be_requested() -> None:
    bed = Bed()
    irq = L.irq_alloc_desc(-1)
    assert bed.run(L.request_irq, irq, lambda irq, d: L.IRQ_HANDLED, 0, "test", None) == -L.ENOSYS
    L.irq_free_desc(irq)
    assert L.irq_to_desc(irq) is None
    assert L.generic_handle_irq(irq) == -L.EINVAL
    assert L.irq_set_chip_data(irq, 7) == -L.EINVAL and L.irq_get_chip_data(irq) is None


def test_chip_data_and_handler_are_kept_with_the_interrupt() -> None:
    chip = Chip(Bed(), L.handle_edge_irq)
    assert L.irq_set_chip_data(chip.irq, "mine") == 0
    assert L.irq_get_chip_data(chip.irq) == "mine"
    chip.request()
    L.irq_set_handler(chip.irq, L.handle_simple_irq)
    assert chip.fire() == ["handler"]


def test_interrupt_handled_outside_of_one_warns() -> None:
    bed = Bed()
    chip = Chip(bed, L.handle_simple_irq)
    with pytest.raises(L.KernelWarning, match="outside of a hard interrupt"):
        bed.run(L.generic_handle_irq, chip.irq)


def test_edge_while_the_handler_runs_on_another_cpu_is_handled_after_it() -> None:
    bed = Bed(cpus=2)
    chip = Chip(bed, L.handle_edge_irq)
    cpus: list[int] = []

    def slow(irq: int, dev_id: Any) -> int:
        cpus.append(L.smp_processor_id())
        L.udelay(5)
        return L.IRQ_HANDLED

    chip.request(handler=slow)
    first = Task(bed.sched.cpus[0], chip._fire, (), "first")
    bed.settle(2000)
    second = Task(bed.sched.cpus[1], chip._fire, (), "second")
    bed.pump(lambda: first.done and second.done)
    assert cpus == [0, 0], "the CPU that handles it goes round once more"
    assert chip.calls == ["ack", "mask", "ack", "unmask"]


def test_handler_that_enables_interrupts_warns() -> None:
    chip = Chip(Bed(), L.handle_simple_irq)

    def handler(irq: int, dev_id: Any) -> int:
        L.local_irq_enable()
        return L.IRQ_HANDLED

    chip.request(handler=handler)
    with pytest.raises(L.KernelWarning, match=r"handler handler enabled interrupts.*requested at"):
        chip.fire()


def deaf(monkeypatch: pytest.MonkeyPatch, bed: Bed, flags: int, calls: list[int]) -> Chip:
    monkeypatch.setattr(irq_handle, "SPURIOUS_WINDOW", 100)
    monkeypatch.setattr(irq_handle, "SPURIOUS_LIMIT", 98)
    chip = Chip(bed, L.handle_simple_irq)

    def handler(irq: int, dev_id: Any) -> int:
        calls.append(L.jiffies())
        return L.IRQ_NONE

    chip.request(flags, handler)
    return chip


def test_interrupt_that_nobody_handles_is_polled_ten_times_a_second_where_it_is_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Source: kernel/irq/spurious.c poll_spurious_irqs()."""
    bed = Bed()
    calls: list[int] = []
    chip = deaf(monkeypatch, bed, L.IRQF_SHARED, calls)
    with L.tolerate("irq"):
        for _ in range(100):
            chip.fire()
    assert chip.desc.spurious_disabled and chip.desc.depth == 1
    assert any(f"irq {chip.irq}: nobody cared: 100 of 100" in line for line in L.dmesg())
    calls.clear()
    bed.settle(1_000_000_000)
    assert 9 <= len(calls) <= 10
    assert L.leak_report() == [line for line in L.leak_report() if "timer" not in line]
    assert bed.run(L.request_irq, chip.irq, chip.handler, L.IRQF_SHARED, "second", 2) == 0
    assert chip.desc.depth == 0, "another handler that may know it: enabled again"
    calls.clear()
    bed.settle(1_000_000_000)
    assert calls == []


def test_interrupt_of_its_own_that_nobody_handles_is_not_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    bed = Bed()
    calls: list[int] = []
    chip = deaf(monkeypatch, bed, 0, calls)
    with L.tolerate("irq"):
        for _ in range(100):
            chip.fire()
    calls.clear()
    bed.settle(500_000_000)
    assert calls == []


def test_unhandled_interrupts_far_apart_are_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 100 ms apart, they never come to be 99.9 %."""
    bed = Bed()
    chip = deaf(monkeypatch, bed, 0, [])
    for _ in range(101):
        chip.fire()
        bed.settle(110_000_000)
    assert not chip.desc.spurious_disabled
    assert chip.desc.unhandled <= 1


def test_thread_that_handles_nothing_counts_as_unhandled(monkeypatch: pytest.MonkeyPatch) -> None:
    """note_interrupt(): what the threads said is looked at when the next interrupt comes."""
    bed = Bed()
    monkeypatch.setattr(irq_handle, "SPURIOUS_WINDOW", 100)
    monkeypatch.setattr(irq_handle, "SPURIOUS_LIMIT", 98)
    for answer, fires in ((L.IRQ_NONE, True), (L.IRQ_HANDLED, False)):
        chip = Chip(bed, L.handle_simple_irq)
        chip.request(0, lambda irq, d: L.IRQ_WAKE_THREAD, lambda irq, d, answer=answer: answer)
        with L.tolerate("irq"):
            for _ in range(101):
                chip.fire()
                bed.settle(1000)
        assert chip.desc.spurious_disabled == fires


def test_waking_a_thread_that_is_not_there_is_reported() -> None:
    chip = Chip(Bed(), L.handle_simple_irq)
    chip.request(0, lambda irq, d: L.IRQ_WAKE_THREAD)
    with pytest.raises(L.CheckError, match="returned IRQ_WAKE_THREAD but no thread function available"):
        chip.fire()
