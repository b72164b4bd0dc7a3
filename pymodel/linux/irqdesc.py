# SPDX-License-Identifier: Apache-2.0
"""Interrupt descriptors, chips and flow handlers: what happens between a CPU taking an interrupt and the driver's
handler.

Source: kernel/irq/chip.c, handle.c, resend.c, spurious.c, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.hw.access import machine
from pymodel.hw.contexts import Cpu
from pymodel.hw.errors import CheckError
from pymodel.linux.bug import Site, site_str

__all__ = [
    "IRQ_HANDLED", "IRQ_NONE", "IrqState", "handle_edge_irq", "handle_fasteoi_irq", "handle_level_irq", "irq_chip",
    "irq_desc", "irq_to_desc", "irqaction",
]

IRQ_NONE = 0
IRQ_HANDLED = 1

SPURIOUS_WINDOW = 100_000  # interrupts, of which
SPURIOUS_LIMIT = 99_900  # unhandled ones shut the line


Hook = Callable[["irq_desc"], object]


class irq_chip:
    """What an interrupt controller can do for one interrupt; a hook it does not have is None."""

    __slots__ = (
        "irq_ack", "irq_disable", "irq_enable", "irq_eoi", "irq_mask", "irq_mask_ack", "irq_retrigger",
        "irq_set_affinity", "irq_shutdown", "irq_startup", "irq_unmask", "name",
    )

    def __init__(self, name: str, **hooks: Hook) -> None:
        self.name = name
        self.irq_ack: Hook | None = None
        self.irq_disable: Hook | None = None
        self.irq_enable: Hook | None = None
        self.irq_eoi: Hook | None = None
        self.irq_mask: Hook | None = None
        self.irq_mask_ack: Hook | None = None
        self.irq_retrigger: Hook | None = None
        self.irq_set_affinity: Hook | None = None
        self.irq_shutdown: Hook | None = None
        self.irq_startup: Hook | None = None
        self.irq_unmask: Hook | None = None
        for hook, fn in hooks.items():
            setattr(self, hook, fn)


class irqaction:
    """One handler on an interrupt."""

    __slots__ = ("dev_id", "flags", "handler", "name", "site")

    def __init__(self, handler: Callable[[int, Any], int], flags: int, name: str, dev_id: Any, site: Site) -> None:
        self.handler = handler
        self.flags = flags
        self.name = name
        self.dev_id = dev_id
        self.site = site


class irq_desc:
    """The state of one interrupt. ``cpu``: where it is delivered. ``chip_data``: the controller's."""

    __slots__ = (
        "actions", "affinity", "chip", "chip_data", "count", "cpu", "depth", "disabled", "handle_irq", "in_progress",
        "irq", "level", "masked", "name", "pending", "queued", "replay", "running_on", "spurious_count", "started",
        "unhandled",
    )

    def __init__(
        self, irq: int, chip: irq_chip, handle_irq: Callable[[irq_desc], object], name: str, level: bool, cpu: int
    ) -> None:
        self.irq = irq
        self.chip = chip
        self.chip_data: Any = None
        self.handle_irq = handle_irq
        self.name = name
        self.level = level
        self.actions: list[irqaction] = []
        self.affinity = 0
        self.cpu = cpu
        self.depth = 1
        self.disabled = True
        self.masked = True
        self.started = False
        self.pending = False
        self.replay = False
        self.in_progress = False
        self.running_on: Cpu | None = None
        self.queued = False  # waits at the CPU (the APIC's IRR): another one merges with it
        self.count = 0
        self.spurious_count = 0
        self.unhandled = 0


class IrqState:
    """The interrupts of one machine."""

    __slots__ = ("descs", "internal", "interrupts", "next_msi", "vectors")

    def __init__(self) -> None:
        self.descs: dict[int, irq_desc] = {}
        self.vectors: dict[int, Callable[[Cpu], object]] = {}  # the kernel's own interrupts: negative numbers
        self.next_msi = 24
        self.interrupts = 0  # of devices
        self.internal = 0  # timers and the like


def irq_to_desc(irq: int) -> irq_desc | None:
    desc: irq_desc | None = machine().state["irq"].descs.get(irq)
    return desc


# -- the controller ------------------------------------------------------------------------------------------
def mask_irq(desc: irq_desc) -> None:
    if not desc.masked and desc.chip.irq_mask is not None:
        desc.chip.irq_mask(desc)
        desc.masked = True


def unmask_irq(desc: irq_desc) -> None:
    if desc.masked and desc.chip.irq_unmask is not None:
        desc.chip.irq_unmask(desc)
        desc.masked = False


def mask_ack_irq(desc: irq_desc) -> None:
    chip = desc.chip
    if chip.irq_mask_ack is not None:
        chip.irq_mask_ack(desc)
        desc.masked = True
    else:
        mask_irq(desc)
        if chip.irq_ack is not None:
            chip.irq_ack(desc)


def irq_enable(desc: irq_desc) -> None:
    if not desc.disabled:
        unmask_irq(desc)
        return
    desc.disabled = False
    if desc.chip.irq_enable is not None:
        desc.chip.irq_enable(desc)
        desc.masked = False
    else:
        unmask_irq(desc)


def irq_disable(desc: irq_desc, mask: bool = False) -> None:
    """Lazy where the chip has no irq_disable: the interrupt is masked when it comes in after all."""
    if desc.disabled:
        if mask:
            mask_irq(desc)
        return
    desc.disabled = True
    if desc.chip.irq_disable is not None:
        desc.chip.irq_disable(desc)
        desc.masked = True
    elif mask:
        mask_irq(desc)


def irq_startup(desc: irq_desc, resend: bool) -> None:
    desc.depth = 0
    if desc.started:
        irq_enable(desc)
    else:
        if desc.chip.irq_startup is not None:
            desc.chip.irq_startup(desc)
            desc.disabled = False
            desc.masked = False
        else:
            irq_enable(desc)
        desc.started = True
    if resend:
        check_irq_resend(desc)


def irq_shutdown(desc: irq_desc) -> None:
    if not desc.started:
        return
    desc.depth = 1
    if desc.chip.irq_shutdown is not None:
        desc.chip.irq_shutdown(desc)
        desc.disabled = True
        desc.masked = True
    else:
        irq_disable(desc, mask=True)
    desc.started = False


def check_irq_resend(desc: irq_desc) -> None:
    """Deliver again what came in while disabled. A level line does so by itself."""
    if desc.level:
        desc.pending = False
        return
    if desc.replay or not desc.pending:
        return
    desc.pending = False
    if desc.chip.irq_retrigger is not None:
        desc.chip.irq_retrigger(desc)
    desc.replay = True


# -- flow handlers -------------------------------------------------------------------------------------------
def handle_irq_event(desc: irq_desc) -> int:
    """Call the handlers. Returns their answers, or-ed."""
    desc.pending = False
    desc.in_progress = True
    desc.running_on = machine().sched.cpu
    retval = IRQ_NONE
    irq = desc.irq
    for action in desc.actions:
        res = action.handler(irq, action.dev_id)
        if res is not IRQ_HANDLED and res != IRQ_NONE:
            raise CheckError(
                "irq",
                f"irq event {irq}: bogus return value {res!r} of handler {action.handler.__name__}, "
                "not IRQ_NONE or IRQ_HANDLED",
                f"requested at {site_str(action.site)}",
            )
        retval |= res
    desc.in_progress = False
    desc.running_on = None
    if retval != IRQ_HANDLED or desc.unhandled:
        _note_interrupt(desc, retval)
    return retval


def _note_interrupt(desc: irq_desc, retval: int) -> None:
    """Shut an interrupt that nobody handles. Source: kernel/irq/spurious.c note_interrupt(), v6.12.

    Simplified: Linux forgives unhandled interrupts that are more than 100 ms apart.
    """
    if retval == IRQ_NONE:
        desc.unhandled += 1
    desc.spurious_count += 1
    if desc.spurious_count < SPURIOUS_WINDOW:
        return
    desc.spurious_count = 0
    unhandled, desc.unhandled = desc.unhandled, 0
    if unhandled > SPURIOUS_LIMIT:
        irq_disable(desc, mask=True)
        desc.depth += 1
        names = ", ".join(f"{a.name} ({site_str(a.site)})" for a in desc.actions)
        raise CheckError(
            "irq", f"irq {desc.irq}: nobody cared: {unhandled} of {SPURIOUS_WINDOW} were not handled; disabled", names
        )


def handle_edge_irq(desc: irq_desc) -> None:
    """For messages: one that comes in while the handler runs (on another CPU) is handled after it."""
    desc.replay = False
    if desc.in_progress or desc.disabled or not desc.actions:
        desc.pending = True
        mask_ack_irq(desc)
        return
    desc.count += 1
    ack = desc.chip.irq_ack
    if ack is not None:
        ack(desc)
    while True:
        if not desc.actions:
            mask_irq(desc)
            return
        if desc.pending and not desc.disabled and desc.masked:
            unmask_irq(desc)
        handle_irq_event(desc)
        if not desc.pending or desc.disabled:
            return


def handle_level_irq(desc: irq_desc) -> None:
    """Masked while it is handled."""
    mask_ack_irq(desc)
    if desc.in_progress:
        return
    desc.replay = False
    if desc.disabled or not desc.actions:
        desc.pending = True
        return
    desc.count += 1
    handle_irq_event(desc)
    if not desc.disabled and desc.masked:
        unmask_irq(desc)


def handle_fasteoi_irq(desc: irq_desc) -> None:
    """For controllers that hold an interrupt back until they are told of its end."""
    if not desc.in_progress:
        desc.replay = False
        if desc.disabled or not desc.actions:
            desc.pending = True
            mask_irq(desc)
        else:
            desc.count += 1
            handle_irq_event(desc)
    if desc.chip.irq_eoi is not None:
        desc.chip.irq_eoi(desc)
