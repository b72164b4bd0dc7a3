# SPDX-License-Identifier: Apache-2.0
"""Interrupts: messages and lines, request and free, disable and enable, and who gets the blame."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import here
from pymodel.hw.contexts import Task
from pymodel.linux import irq_handle
from tests.unit.linux_bed import PCI, Bed

TABLE = 0x800
MSIX = {**PCI, "msix_table": TABLE}
IDS = (L.PCI_DEVICE(PCI["vendor"], PCI["device"]),)


class Device:
    """A bound pdev with its vectors, and a log of what its handlers saw."""

    def __init__(self, bed: Bed, desc: dict[str, Any] = PCI, vectors: int = 2) -> None:
        self.bed = bed
        self.pdev = L.pci_device(desc)
        self.log: list[tuple[int, int]] = []
        bed.run(L.pci_register_driver, L.pci_driver("test", self.probe, L.pci_free_irq_vectors, IDS))
        self.vectors = vectors
        assert bed.run(L.pci_add_device, self.pdev) == 0

    def probe(self, pdev: Any, ent: Any) -> int:
        L.pci_enable_device(pdev)
        L.pci_set_master(pdev)
        if self.vectors:
            L.pci_alloc_irq_vectors(pdev, 1, self.vectors, L.PCI_IRQ_MSIX)
        return 0

    def handler(self, irq: int, dev_id: Any) -> int:
        assert L.in_hardirq() and L.irqs_disabled()
        self.log.append((irq, L.smp_processor_id()))
        return L.IRQ_HANDLED

    def request(self, nr: int = 0) -> int:
        irq = L.pci_irq_vector(self.pdev, nr)
        assert self.bed.run(L.request_irq, irq, self.handler, 0, "test", self) == 0
        return irq

    def message(self, nr: int = 0) -> None:
        here.machine.raise_msi(nr, self.bed.sched.now)
        self.bed.settle()


def test_message_reaches_its_handler() -> None:
    bed = Bed()
    dev = Device(bed)
    irq = dev.request(1)
    dev.message(1)
    assert dev.log == [(irq, 0)]
    assert L.irq_get_count(irq) == 1
    assert L.counters()["interrupts"] == 1


def test_message_before_request_irq_waits_in_the_mask() -> None:
    """kernel-rules.md: IRQ2."""
    bed = Bed()
    dev = Device(bed)
    dev.message(0)
    assert dev.log == []
    dev.request(0)
    bed.settle()
    assert len(dev.log) == 1


def test_msix_table_is_written_through_the_bar() -> None:
    """Address, data and mask of each entry; unmasked by request_irq, masked by free_irq."""
    bed = Bed(cpus=2)
    writes = bed.platform.writes
    dev = Device(bed, MSIX)
    addr, data = {}, {}
    for offset, value in writes:
        nr, field = divmod(offset - TABLE, 16)
        (addr if field == 0 else data if field == 8 else {})[nr] = value
    assert sorted(addr) == [0, 1]
    assert {a & ~0xFF000 for a in addr.values()} == {0xFEE00000}
    assert len(set(data.values())) == 2
    writes.clear()
    irq = dev.request(0)
    assert writes == [(TABLE + 12, 0)]
    here.machine.msi_write(addr[0], data[0], bed.sched.now)
    bed.settle()
    assert [i for i, _ in dev.log] == [irq]
    writes.clear()
    bed.run(L.free_irq, irq, dev)
    assert writes == [(TABLE + 12, 1)]


def test_affinity_moves_the_message_to_another_cpu() -> None:
    bed = Bed(cpus=4)
    dev = Device(bed, MSIX)
    irq = dev.request(0)
    bed.platform.writes.clear()
    assert bed.run(L.irq_set_affinity_and_hint, irq, L.cpumask_of(3)) == 0
    written = dict(bed.platform.writes)
    assert written[TABLE] == 0xFEE00000 | 3 << 12
    here.machine.msi_write(written[TABLE], written[TABLE + 8], bed.sched.now)
    bed.settle()
    assert dev.log == [(irq, 3)]
    assert bed.run(L.irq_set_affinity, irq, 1 << 9) == -L.EINVAL


def test_message_that_nobody_owns_is_reported() -> None:
    bed = Bed()
    Device(bed, MSIX)
    for addr, data in ((0xFEE00000, 7), (0x1000, 24), (0xFEE05000, 24)):
        with pytest.raises(L.CheckError, match="MSI: message .* no interrupt has this address"):
            here.machine.msi_write(addr, data, 0)


def test_message_of_a_masked_vector_is_reported() -> None:
    """Masking reads the table back: what the device sends after that it should have held (PCIe 6.1.4.2)."""
    bed = Bed()
    dev = Device(bed, MSIX)
    irq = dev.request(0)
    desc = bed.m.state["irq"].descs[irq]
    bed.run(L.free_irq, irq, dev)
    with pytest.raises(L.CheckError, match=f"MSI: message .* of a vector that is masked: irq {irq}"):
        here.machine.msi_write(0xFEE00000 | desc.cpu << 12, irq, 0)


def test_message_of_a_device_that_is_no_bus_master_is_reported() -> None:
    bed = Bed()
    dev = Device(bed)
    L.pci_clear_master(dev.pdev)
    message = bed.m.state["irq"].descs[24]
    with pytest.raises(L.CheckError, match="pci_set_master"):
        here.machine.msi_write(0xFEE00000 | message.cpu << 12, message.irq, 0)
    with pytest.raises(L.CheckError, match="pci_set_master"):
        here.machine.raise_msi(0, 0)


def test_disabled_interrupt_is_delivered_on_enable() -> None:
    """Lazy disable: masked when it comes in after all, and sent again by enable_irq."""
    bed = Bed()
    dev = Device(bed)
    irq = dev.request()
    bed.run(L.disable_irq, irq)
    bed.run(L.disable_irq, irq)
    dev.message()
    assert dev.log == []
    bed.run(L.enable_irq, irq)
    bed.settle()
    assert dev.log == [], "disables nest"
    bed.run(L.enable_irq, irq)
    bed.settle()
    assert len(dev.log) == 1


def test_enable_irq_without_disable_warns() -> None:
    bed = Bed()
    irq = Device(bed).request()
    with pytest.raises(L.KernelWarning, match="Unbalanced enable for IRQ"):
        bed.run(L.enable_irq, irq)


def test_disable_irq_in_its_own_handler_is_a_bug() -> None:
    bed = Bed()
    dev = Device(bed)
    irq = L.pci_irq_vector(dev.pdev, 0)

    def handler(irq: int, dev_id: Any) -> int:
        L.disable_irq(irq)
        return L.IRQ_HANDLED

    bed.run(L.request_irq, irq, handler, 0, "test", dev)
    with pytest.raises(L.SchedulingWhileAtomic):
        dev.message()


def test_free_irq_waits_for_the_handler_on_another_cpu() -> None:
    """kernel-rules.md: LIFE3."""
    bed = Bed(cpus=2)
    dev = Device(bed)
    irq = L.pci_irq_vector(dev.pdev, 1)
    state = {"in": False}

    def slow(irq: int, dev_id: Any) -> int:
        state["in"] = True
        L.udelay(20)
        state["in"] = False
        return L.IRQ_HANDLED

    bed.run(L.request_irq, irq, slow, 0, "test", dev)
    bed.run(L.irq_set_affinity, irq, L.cpumask_of(1))
    here.machine.raise_msi(1, bed.sched.now)
    bed.pump(lambda: state["in"])
    assert bed.run(L.free_irq, irq, dev) == "test"
    assert not state["in"]


def test_free_irq_twice_warns() -> None:
    bed = Bed()
    dev = Device(bed)
    irq = dev.request()
    bed.run(L.free_irq, irq, dev)
    with pytest.raises(L.KernelWarning, match="Trying to free already-free IRQ"):
        bed.run(L.free_irq, irq, dev)


def test_request_irq_refuses_what_linux_refuses() -> None:
    bed = Bed()
    dev = Device(bed)
    irq = dev.request()
    assert bed.run(L.request_irq, irq, dev.handler, 0, "second", object()) == -L.EBUSY
    assert bed.run(L.request_irq, 999, dev.handler, 0, "none", dev) == -L.EINVAL
    assert bed.run(L.request_irq, dev.pdev.irq, dev.handler, L.IRQF_SHARED, "no dev_id", None) == -L.EINVAL


def test_handler_left_installed_is_a_leak() -> None:
    bed = Bed()
    Device(bed).request()
    assert any("handler test requested at" in line for line in L.leak_report())


def test_handler_that_returns_nonsense_is_reported() -> None:
    bed = Bed()
    dev = Device(bed)
    bed.run(L.request_irq, L.pci_irq_vector(dev.pdev, 0), lambda irq, d: None, 0, "test", dev)
    with pytest.raises(L.CheckError, match="bogus return value None"):
        dev.message()


class Line:
    """A shared level line with two devices; each drops its share of the level when it is acknowledged."""

    def __init__(self, bed: Bed) -> None:
        self.bed = bed
        self.irq = Device(bed, vectors=0).pdev.irq
        self.pending = {"a": False, "b": False}
        self.calls: list[tuple[str, int]] = []

    def handler(self, irq: int, name: Any) -> int:
        ret = L.IRQ_RETVAL(self.pending[name])
        self.calls.append((name, ret))
        self.pending[name] = False
        self.update()
        return ret

    def update(self) -> None:
        here.machine.set_irq_line(0, any(self.pending.values()), self.bed.sched.local_now)


def test_shared_line_calls_all_handlers_until_it_falls() -> None:
    bed = Bed()
    line = Line(bed)
    for name in "ab":
        assert bed.run(L.request_irq, line.irq, line.handler, L.IRQF_SHARED, name, name) == 0
    line.pending["b"] = True
    line.update()
    bed.settle(5000)
    assert line.calls == [("a", L.IRQ_NONE), ("b", L.IRQ_HANDLED)]
    line.pending["a"] = line.pending["b"] = True
    line.update()
    bed.settle(5000)
    assert line.calls[2:] == [("a", 1), ("b", 1)]


def test_line_that_stays_high_interrupts_again() -> None:
    bed = Bed()
    line = Line(bed)
    count = {"n": 0}

    def handler(irq: int, dev_id: Any) -> int:
        count["n"] += 1
        if count["n"] == 4:
            line.pending["a"] = False
            line.update()
        return L.IRQ_HANDLED

    bed.run(L.request_irq, line.irq, handler, L.IRQF_SHARED, "a", line)
    line.pending["a"] = True
    line.update()
    bed.settle(20_000)
    assert count["n"] == 4


def test_line_high_while_disabled_interrupts_on_enable() -> None:
    bed = Bed()
    line = Line(bed)
    bed.run(L.request_irq, line.irq, line.handler, L.IRQF_SHARED, "a", "a")
    bed.run(L.disable_irq, line.irq)
    line.pending["a"] = True
    line.update()
    bed.settle(5000)
    assert line.calls == []
    bed.run(L.enable_irq, line.irq)
    bed.settle(5000)
    assert line.calls == [("a", 1)]


def test_line_that_nobody_handles_is_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source: kernel/irq/spurious.c, with a smaller count."""
    monkeypatch.setattr(irq_handle, "SPURIOUS_WINDOW", 1000)
    monkeypatch.setattr(irq_handle, "SPURIOUS_LIMIT", 999)
    bed = Bed(hardirq_entry=10)
    line = Line(bed)
    bed.run(L.request_irq, line.irq, lambda irq, d: L.IRQ_NONE, L.IRQF_SHARED, "deaf", line)
    line.pending["a"] = True
    line.update()
    with pytest.raises(L.CheckError, match=r"irq 16: nobody cared: 1000 of 1000 .*deaf"):
        bed.settle(10_000_000)


@pytest.mark.parametrize(("answers", "reported"), [((0,) * 20, True), ((0,) * 15, False), ((0,) * 19 + (1,), False)])
def test_handler_that_handles_nothing_is_reported_as_it_goes(answers: tuple[int, ...], reported: bool) -> None:
    bed = Bed()
    dev = Device(bed)
    to_come = iter(answers)
    dev.handler = lambda irq, dev_id: next(to_come)  # type: ignore[method-assign]
    irq = dev.request()
    for _ in answers:
        dev.message()
        bed.settle(10_000)
    if reported:
        with pytest.raises(L.CheckError, match=r"^irq: irq \d+: nobody cared: .* IRQ_NONE to all of 20 interrupts"):
            bed.run(L.free_irq, irq, dev)
    else:
        bed.run(L.free_irq, irq, dev)


def test_interrupt_is_taken_in_the_middle_of_a_charge() -> None:
    """A charge is a scheduling point; what was left of it follows the interrupt."""
    bed = Bed()
    dev = Device(bed)
    dev.request()
    seen: list[int] = []

    def work() -> None:
        L.udelay(10)
        seen.append(len(dev.log))

    task = Task(bed.sched.cpus[0], work, (), "work")
    bed.sched.call_at(bed.sched.now + 3_000_000, lambda: here.machine.raise_msi(0, bed.sched.now))
    start = bed.sched.now
    bed.pump(lambda: task.done)
    assert seen == [1]
    assert bed.sched.cpus[0].time - start >= 10_500_000, "10 us of work and 0.5 us of interrupt"


def test_interrupts_off_keep_it_waiting() -> None:
    bed = Bed()
    dev = Device(bed)
    dev.request()

    def work() -> tuple[int, int]:
        flags = L.local_irq_save()
        here.machine.raise_msi(0, bed.sched.local_now)
        L.udelay(5)
        before = len(dev.log)
        L.local_irq_restore(flags)
        return before, len(dev.log)

    assert bed.run(work) == (0, 1)
