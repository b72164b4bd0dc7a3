# SPDX-License-Identifier: Apache-2.0
"""Interrupts: request and free, enable and disable, affinity, messages (MSI-X) and level lines, and the way into a
handler.

A message is a write of ``data`` to ``addr`` (:func:`msi_write`): ``addr`` names the CPU, as on x86, ``data`` the
interrupt. A level line is delivered again after each end of interrupt for as long as it is high and not masked.
Source: kernel/irq/manage.c, arch/x86/kernel/apic/, v6.12.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pymodel.hw.access import Machine, machine, this_cpu
from pymodel.hw.contexts import Cpu
from pymodel.hw.errors import CheckError
from pymodel.linux.bug import WARN, Lockup, Site, caller, site_str
from pymodel.linux.errno import EBUSY, EINVAL
from pymodel.linux.irqdesc import (
    IRQ_HANDLED,
    IRQ_NONE,
    IrqState,
    handle_edge_irq,
    handle_fasteoi_irq,
    irq_chip,
    irq_desc,
    irq_disable,
    irq_shutdown,
    irq_startup,
    irqaction,
)
from pymodel.linux.sched import might_sleep
from pymodel.linux.softirq import handle_softirqs

__all__ = [
    "IRQF_NO_AUTOEN", "IRQF_ONESHOT", "IRQF_SHARED", "IRQ_RETVAL", "cpumask_of", "disable_irq", "disable_irq_nosync",
    "enable_irq", "free_irq", "irq_get_count", "irq_leaks", "irq_set_affinity", "irq_set_affinity_and_hint",
    "irq_set_affinity_hint", "msi_write", "request_irq", "set_irq_line", "synchronize_irq",
]

IRQF_SHARED = 0x80
IRQF_ONESHOT = 0x2000
IRQF_NO_AUTOEN = 0x80000

MSI_ADDR_BASE = 0xFEE00000
_MSI_DEST_SHIFT = 12
LINE_IRQ_BASE = 16


def IRQ_RETVAL(x: Any) -> int:
    return IRQ_HANDLED if x else IRQ_NONE


def cpumask_of(cpu: int) -> int:
    """A cpumask is an int with a bit for each CPU."""
    return 1 << cpu


# -- into the kernel -----------------------------------------------------------------------------------------
def _do_irq(m: Machine, state: IrqState, cpu: Cpu, irq: int) -> None:
    """Hard interrupt entry, on the stack of whatever ran; the softirqs that it raised run at its end (irq_exit)."""
    cpu.hardirq += 1
    irqs_disabled, cpu.irqs_disabled = cpu.irqs_disabled, 1
    cpu.charge(m.costs.hardirq_entry)
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
        machine().sched.cpus[desc.cpu].raise_irq(desc.irq, time)


# -- messages ------------------------------------------------------------------------------------------------
def msi_write(addr: int, data: int, time: int) -> None:
    """A device wrote a message. Called in the hub, at ``time`` ps. Raises CheckError for one that nobody owns."""
    m = machine()
    state: IrqState = m.state["irq"]
    desc = state.descs.get(data)
    cpu = (addr >> _MSI_DEST_SHIFT) & 0xFF
    if addr & ~0xFF000 != MSI_ADDR_BASE or desc is None or desc.level or cpu >= len(m.sched.cpus):
        raise CheckError(
            "MSI", f"message 0x{data:x} written to 0x{addr:x}: no interrupt has this address and data", f"at {time} ps"
        )
    if desc.chip_data is not None and not desc.chip_data.is_busmaster:
        raise CheckError(
            "MSI", f"{desc.chip_data}: message of a device that is no bus master: pci_set_master() is missing", ""
        )
    if not desc.queued:
        desc.queued = True
        m.sched.cpus[cpu].raise_irq(data, time)


def _msi_retrigger(desc: irq_desc) -> None:
    deliver(desc, machine().sched.local_now)


def msi_message(desc: irq_desc) -> tuple[int, int]:
    """Address and data of an interrupt's message."""
    return MSI_ADDR_BASE | desc.cpu << _MSI_DEST_SHIFT, desc.irq


def alloc_msi_irq(
    name: str,
    mask: Callable[[irq_desc], object],
    unmask: Callable[[irq_desc], object],
    moved: Callable[[irq_desc], object],
) -> irq_desc:
    """A message interrupt, on the CPU that has the fewest. ``moved``: its message changed."""
    m = machine()
    state: IrqState = m.state["irq"]
    load = [0] * len(m.sched.cpus)
    for desc in state.descs.values():
        load[desc.cpu] += not desc.level
    chip = irq_chip(name, irq_mask=mask, irq_unmask=unmask, irq_retrigger=_msi_retrigger, irq_set_affinity=moved)
    desc = irq_desc(state.next_msi, chip, handle_edge_irq, name, False, load.index(min(load)))
    desc.affinity = (1 << len(load)) - 1
    state.next_msi += 1
    state.descs[desc.irq] = desc
    return desc


def free_irq_desc(desc: irq_desc) -> None:
    """Give an interrupt number back."""
    machine().state["irq"].descs.pop(desc.irq, None)


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
        _line_update(desc, machine().sched.local_now)


def _line_unmask(desc: irq_desc) -> None:
    _line_update(desc, machine().sched.local_now)


def _line_mask(desc: irq_desc) -> None:
    """Nothing to do: _line_update is not called while masked."""


_line_chip = irq_chip("IO-APIC", irq_mask=_line_mask, irq_unmask=_line_unmask, irq_eoi=_line_eoi)


def line_irq(line: int) -> int:
    """The interrupt number of a level line; the line comes to exist."""
    state: IrqState = machine().state["irq"]
    irq = LINE_IRQ_BASE + line
    if irq not in state.descs:
        desc = irq_desc(irq, _line_chip, handle_fasteoi_irq, "IO-APIC-fasteoi", True, 0)
        desc.chip_data = _Line()
        state.descs[irq] = desc
    return irq


def set_irq_line(line: int, level: bool, time: int) -> None:
    """A device drives its line. Called in the hub, at ``time`` ps."""
    desc: irq_desc = machine().state["irq"].descs[line_irq(line)]
    desc.chip_data.level = bool(level)
    if level and not desc.masked:
        _line_update(desc, time)


# -- for drivers ---------------------------------------------------------------------------------------------
def _desc(irq: int, site: Site) -> irq_desc:
    desc: irq_desc | None = machine().state["irq"].descs.get(irq)
    if desc is None:
        raise CheckError("irq", f"interrupt {irq} does not exist", site_str(site))
    return desc


def request_irq(irq: int, handler: Callable[[int, Any], int], flags: int, name: str, dev_id: Any) -> int:
    """Install ``handler(irq, dev_id)``, which returns IRQ_HANDLED or IRQ_NONE. 0, -EINVAL, or -EBUSY where the
    interrupt is not shared.

    The handler may be called before this returns.
    """
    return _request_irq(irq, handler, flags, name, dev_id, caller())


def _request_irq(irq: int, handler: Callable[[int, Any], int], flags: int, name: str, dev_id: Any, site: Site) -> int:
    might_sleep(site)
    desc: irq_desc | None = machine().state["irq"].descs.get(irq)
    if desc is None or (flags & IRQF_SHARED and (dev_id is None or flags & IRQF_NO_AUTOEN)):
        return -EINVAL
    if desc.actions and not (flags & IRQF_SHARED and desc.actions[0].flags & IRQF_SHARED):
        return -EBUSY
    first = not desc.actions
    desc.actions = [*desc.actions, irqaction(handler, flags, name, dev_id, site)]
    if first:
        desc.unhandled = desc.spurious_count = 0
        if flags & IRQF_NO_AUTOEN:
            desc.depth = 1
        else:
            irq_startup(desc, resend=True)
    return 0


def free_irq(irq: int, dev_id: Any) -> str | None:
    """Remove the handler of ``dev_id``, and wait until it does not run any more. Its name, or None with a warning."""
    site = caller()
    might_sleep(site)
    desc = _desc(irq, site)
    for action in desc.actions:
        if action.dev_id is dev_id:
            break
    else:
        WARN(f"Trying to free already-free IRQ {irq}", site_str(site))
        return None
    desc.actions = [a for a in desc.actions if a is not action]
    if not desc.actions:
        irq_shutdown(desc)
    _synchronize(desc, site)
    return action.name


def disable_irq_nosync(irq: int) -> None:
    """Disable; a handler that runs on another CPU may go on. Nests."""
    desc = _desc(irq, caller())
    desc.depth += 1
    if desc.depth == 1:
        irq_disable(desc)


def disable_irq(irq: int) -> None:
    """Disable, and wait until no handler runs. Deadlocks in the handler itself: raises Lockup."""
    site = caller()
    might_sleep(site)
    disable_irq_nosync(irq)
    _synchronize(_desc(irq, site), site)


def enable_irq(irq: int) -> None:
    """Undo one disable_irq(); what came in meanwhile is delivered."""
    site = caller()
    desc = _desc(irq, site)
    if desc.depth == 0:
        WARN(f"Unbalanced enable for IRQ {irq}", site_str(site))
    elif desc.depth == 1:
        irq_startup(desc, resend=True)
    else:
        desc.depth -= 1


def synchronize_irq(irq: int) -> None:
    """Wait until no handler of this interrupt runs."""
    site = caller()
    might_sleep(site)
    _synchronize(_desc(irq, site), site)


def _synchronize(desc: irq_desc, site: Site) -> None:
    cpu = this_cpu()
    if desc.in_progress and desc.running_on is cpu:
        raise Lockup(f"waiting for the handler of irq {desc.irq} from within it", site_str(site))
    while desc.in_progress:
        cpu.charge(100)
        cpu.sync()


def irq_set_affinity(irq: int, cpumask: int) -> int:
    """Deliver to the first CPU of a mask from now on. 0 or -EINVAL."""
    desc = _desc(irq, caller())
    valid = cpumask & ((1 << len(machine().sched.cpus)) - 1)
    if not valid:
        return -EINVAL
    desc.affinity = valid
    cpu = (valid & -valid).bit_length() - 1
    if cpu != desc.cpu:
        desc.cpu = cpu
        if desc.chip.irq_set_affinity is not None:
            desc.chip.irq_set_affinity(desc)
    return 0


def irq_set_affinity_and_hint(irq: int, cpumask: int | None) -> int:
    """As irq_set_affinity(); None drops the hint and leaves the interrupt where it is."""
    return 0 if cpumask is None else irq_set_affinity(irq, cpumask)


irq_set_affinity_hint = irq_set_affinity_and_hint


def irq_get_count(irq: int) -> int:
    """How often it was handled: its line of /proc/interrupts, all CPUs together."""
    return _desc(irq, caller()).count


def irq_leaks() -> list[str]:
    """One line for each handler that is still installed."""
    descs: dict[int, irq_desc] = machine().state["irq"].descs
    return [f"irq {d.irq}: handler {a.name} requested at {site_str(a.site)}" for d in descs.values() for a in d.actions]
