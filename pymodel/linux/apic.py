# SPDX-License-Identifier: Apache-2.0
"""Interrupts as an x86 takes them: the way into the kernel, messages (MSI-X), and level lines of an IO-APIC.

A message is a write of ``data`` to ``addr`` (:func:`msi_write`): ``addr`` names the CPU, ``data`` the interrupt. A
level line is delivered again after each end of interrupt for as long as it is high and not masked. Source:
arch/x86/kernel/irq.c, arch/x86/kernel/apic/, drivers/pci/msi/, v6.12.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from pymodel.hw.access import Machine, here
from pymodel.hw.contexts import Cpu
from pymodel.hw.errors import CheckError
from pymodel.linux.irq_handle import handle_edge_irq, handle_fasteoi_irq
from pymodel.linux.irqdesc import IRQ_LEVEL, IRQCHIP_ONESHOT_SAFE, IrqState, irq_alloc_desc, irq_chip, irq_desc
from pymodel.linux.softirq import handle_softirqs

__all__ = ["msi_write", "set_irq_line"]

MSI_ADDR_BASE = 0xFEE00000
_MSI_DEST_SHIFT = 12
LINE_IRQ_BASE = 16


# -- into the kernel -----------------------------------------------------------------------------------------
def _do_irq(m: Machine, state: IrqState, cpu: Cpu, irq: int) -> None:
    """Hard interrupt entry, on the stack of whatever ran; the softirqs that it raised run at its end (irq_exit)."""
    cpu.hardirq += 1
    irqs_disabled, cpu.irqs_disabled = cpu.irqs_disabled, 1
    cpu.charge(m.costs.hardirq_entry)
    if m.weak is not None:
        m.weak.settle()  # what the device wrote before its interrupt is there
    if irq < 0:
        state.internal += 1
        state.vectors[irq](cpu)
    else:
        state.interrupts += 1
        desc = state.descs.get(irq)
        if desc is not None:  # else it was freed while the interrupt was on its way
            desc.queued = False
            desc.handle_irq(desc)
    cpu.irqs_disabled = irqs_disabled
    cpu.hardirq -= 1
    if cpu.softirq_pending and not (cpu.softirq or cpu.bh_disabled or cpu.hardirq):
        handle_softirqs(cpu)


def irq_init(m: Machine) -> None:
    """Hook the CPUs' interrupts up."""
    state = m.state["irq"] = IrqState()
    for cpu in m.sched.cpus:
        cpu.do_irq = functools.partial(_do_irq, m, state, cpu)


def deliver(desc: irq_desc, time: int) -> None:
    """Send an interrupt to its CPU; one that already waits there merges with it."""
    if not desc.queued:
        desc.queued = True
        here.sched.cpus[desc.cpu].raise_irq(desc.irq, time)


# -- messages ------------------------------------------------------------------------------------------------
def msi_write(addr: int, data: int, time: int) -> None:
    """A device wrote a message. Called in the hub, at ``time`` ps. Raises CheckError for one that nobody owns
    or that is sent while its vector is masked."""
    m = here.machine
    state: IrqState = m.state["irq"]
    desc = state.descs.get(data)
    cpu = (addr >> _MSI_DEST_SHIFT) & 0xFF
    ours = addr & ~0xFF000 == m.msi_high << 32 | MSI_ADDR_BASE and cpu < len(m.sched.cpus)
    if not ours or desc is None or desc.status & IRQ_LEVEL:
        raise CheckError(
            "MSI", f"message 0x{data:x} written to 0x{addr:x}: no interrupt has this address and data", f"at {time} ps"
        )
    if desc.chip_data is not None and desc.chip_data.isolated:
        return
    if desc.chip_data is not None and not desc.chip_data.is_busmaster:
        raise CheckError(
            "MSI", f"{desc.chip_data}: message of a device that is no bus master: pci_set_master() is missing", ""
        )
    if desc.masked:
        raise CheckError("MSI", f"message 0x{data:x} of a vector that is masked: irq {desc.irq}", f"at {time} ps")
    if not desc.queued:
        desc.queued = True
        m.sched.cpus[cpu].raise_irq(data, time)


def _msi_retrigger(desc: irq_desc) -> None:
    deliver(desc, here.sched.local_now)


def msi_message(desc: irq_desc) -> tuple[int, int]:
    """Address and data of an interrupt's message."""
    return here.machine.msi_high << 32 | MSI_ADDR_BASE | desc.cpu << _MSI_DEST_SHIFT, desc.irq


def alloc_msi_irq(
    name: str,
    mask: Callable[[irq_desc], object],
    unmask: Callable[[irq_desc], object],
    moved: Callable[[irq_desc], object],
) -> irq_desc:
    """A message interrupt, on the CPU that has the fewest. ``moved``: its message changed."""
    m = here.machine
    state: IrqState = m.state["irq"]
    load = [0] * len(m.sched.cpus)
    for desc in state.descs.values():
        load[desc.cpu] += not desc.status & IRQ_LEVEL
    desc = state.descs[irq_alloc_desc(0)]
    desc.chip = irq_chip(
        name, IRQCHIP_ONESHOT_SAFE, irq_mask=mask, irq_unmask=unmask, irq_retrigger=_msi_retrigger,
        irq_set_affinity=moved,
    )
    desc.handle_irq = handle_edge_irq
    desc.name = name
    desc.cpu = load.index(min(load))
    return desc


# -- level lines ---------------------------------------------------------------------------------------------
class _Line:
    """An input of the IO-APIC: delivered while high and not masked, then held back until the end of interrupt."""

    __slots__ = ("in_service", "level")

    def __init__(self) -> None:
        self.level = False
        self.in_service = False


def _line_update(desc: irq_desc, time: int) -> None:
    line = desc.chip_data
    if line.level and not line.in_service:
        line.in_service = True
        deliver(desc, time)


def _line_eoi(desc: irq_desc) -> None:
    desc.chip_data.in_service = False
    if not desc.masked:
        _line_update(desc, here.sched.local_now)


def _line_unmask(desc: irq_desc) -> None:
    _line_update(desc, here.sched.local_now)


def _line_mask(desc: irq_desc) -> None:
    """Nothing to do: _line_update is not called while masked."""


_line_chip = irq_chip("IO-APIC", irq_mask=_line_mask, irq_unmask=_line_unmask, irq_eoi=_line_eoi)


def line_irq(line: int) -> int:
    """The interrupt number of a level line; the line comes to exist."""
    state: IrqState = here.state["irq"]
    irq = LINE_IRQ_BASE + line
    if irq not in state.descs:
        desc = irq_desc(irq, _line_chip, handle_fasteoi_irq, "IO-APIC-fasteoi", IRQ_LEVEL, 0)
        desc.chip_data = _Line()
        state.descs[irq] = desc
    return irq


def set_irq_line(line: int, level: bool, time: int) -> None:
    """A device drives its line. Called in the hub, at ``time`` ps."""
    desc: irq_desc = here.state["irq"].descs[line_irq(line)]
    desc.chip_data.level = bool(level)
    if level and not desc.masked:
        _line_update(desc, time)
