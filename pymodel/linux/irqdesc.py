# SPDX-License-Identifier: Apache-2.0
"""Interrupt descriptors and chips: the state of each interrupt, and how it is masked, started and sent again.

Flow handlers: irq_handle.py; what drivers call: irq.py. A chip's hooks get the descriptor, which stands for Linux's
irq_data too. Source: kernel/irq/chip.c, irqdesc.c, resend.c, include/linux/irq.h, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.hw.access import here
from pymodel.hw.contexts import Cpu, Task
from pymodel.linux.bug import Site
from pymodel.linux.errno import EINVAL
from pymodel.linux.sched import wait_queue_head_t

__all__ = [
    "IRQCHIP_EOI_IF_HANDLED", "IRQCHIP_EOI_THREADED", "IRQCHIP_ONESHOT_SAFE", "IRQ_DISABLE_UNLAZY", "IRQ_HANDLED",
    "IRQ_LEVEL", "IRQ_NOAUTOEN", "IRQ_NONE", "IRQ_WAKE_THREAD", "IrqState", "irq_alloc_desc", "irq_chip",
    "irq_clear_status_flags", "irq_desc", "irq_free_desc", "irq_get_chip_data", "irq_set_chip_and_handler",
    "irq_set_chip_data", "irq_set_handler", "irq_set_status_flags", "irq_to_desc", "irqaction",
]

IRQ_NONE = 0
IRQ_HANDLED = 1
IRQ_WAKE_THREAD = 2

IRQ_LEVEL = 1 << 8  # irq_desc.status
IRQ_NOAUTOEN = 1 << 12
IRQ_DISABLE_UNLAZY = 1 << 19

IRQCHIP_EOI_IF_HANDLED = 1 << 1  # irq_chip.flags
IRQCHIP_ONESHOT_SAFE = 1 << 5
IRQCHIP_EOI_THREADED = 1 << 6

Hook = Callable[["irq_desc"], object]
Handler = Callable[[int, Any], int]


class irq_chip:
    """What an interrupt controller can do for one interrupt; a hook it does not have is None."""

    __slots__ = (
        "flags", "irq_ack", "irq_disable", "irq_enable", "irq_eoi", "irq_mask", "irq_mask_ack", "irq_retrigger",
        "irq_set_affinity", "irq_shutdown", "irq_startup", "irq_unmask", "name",
    )

    def __init__(self, name: str, flags: int = 0, **hooks: Hook) -> None:
        self.name = name
        self.flags = flags
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
    """One handler on an interrupt, with its thread where it has one."""

    __slots__ = (
        "dev_id", "flags", "handler", "name", "run_thread", "running", "site", "thread", "thread_fn", "thread_mask",
    )

    def __init__(
        self, handler: Handler, thread_fn: Handler | None, flags: int, name: str, dev_id: Any, site: Site
    ) -> None:
        self.handler = handler
        self.thread_fn = thread_fn
        self.thread: Task | None = None
        self.thread_mask = 0  # its bit of irq_desc.threads_oneshot
        self.run_thread = False  # IRQTF_RUNTHREAD
        self.running = False
        self.flags = flags
        self.name = name
        self.dev_id = dev_id
        self.site = site


class irq_desc:
    """The state of one interrupt. ``cpu``: where it is delivered. ``chip_data``: the controller's.

    ``depth`` counts disable_irq(); the flags are Linux's IRQD_* and IRQS_*, each a field.
    """

    __slots__ = (
        "actions", "affinity", "affinity_hint", "chip", "chip_data", "count", "cpu", "depth", "disabled",
        "handle_irq", "in_progress", "irq", "last_unhandled", "masked", "name", "oneshot", "pending",
        "poll_in_progress", "queued", "replay", "running_on", "spurious_count", "spurious_disabled", "started",
        "status", "threads_active", "threads_handled", "threads_handled_last", "threads_oneshot", "unhandled",
        "wait_for_threads",
    )

    def __init__(
        self, irq: int, chip: irq_chip, handle_irq: Callable[[irq_desc], object], name: str, status: int, cpu: int
    ) -> None:
        self.irq = irq
        self.chip = chip
        self.chip_data: Any = None
        self.handle_irq = handle_irq
        self.name = name
        self.status = status
        self.actions: list[irqaction] = []
        self.affinity = 0
        self.affinity_hint: int | None = None
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
        self.last_unhandled = 0  # jiffies
        self.spurious_disabled = False
        self.poll_in_progress = False
        self.oneshot = False
        self.threads_oneshot = 0  # a bit for each thread that must end before the interrupt is unmasked
        self.threads_active = 0
        self.threads_handled = 0
        self.threads_handled_last = -1  # -1: handlers did not leave it all to threads last time
        self.wait_for_threads = wait_queue_head_t(f"the threads of irq {irq}")


class IrqState:
    """The interrupts of one machine."""

    __slots__ = ("descs", "internal", "interrupts", "next_irq", "spurious_timer", "vectors")

    def __init__(self) -> None:
        self.descs: dict[int, irq_desc] = {}
        self.vectors: dict[int, Callable[[Cpu], object]] = {}  # the kernel's own interrupts: negative numbers
        self.next_irq = 24
        self.interrupts = 0  # of devices
        self.internal = 0  # timers and the like
        self.spurious_timer: Any = None


def irq_to_desc(irq: int) -> irq_desc | None:
    desc: irq_desc | None = here.state["irq"].descs.get(irq)
    return desc


# -- for the drivers of controllers --------------------------------------------------------------------------
NO_IRQ_CHIP = irq_chip("none")


def _bad_irq(desc: irq_desc) -> None:
    """handle_bad_irq(): nobody has said how to handle it."""
    desc.count += 1


def irq_alloc_desc(node: int) -> int:
    """A new interrupt number, without a chip. ``node`` is not used: there is one node."""
    state: IrqState = here.state["irq"]
    irq = state.next_irq
    state.next_irq += 1
    desc = irq_desc(irq, NO_IRQ_CHIP, _bad_irq, "", 0, 0)
    desc.affinity = (1 << len(here.sched.cpus)) - 1
    state.descs[irq] = desc
    return irq


def irq_free_desc(irq: int) -> None:
    """Give an interrupt number back."""
    here.state["irq"].descs.pop(irq, None)


def irq_set_chip_and_handler(irq: int, chip: irq_chip, handle: Callable[[irq_desc], object]) -> None:
    """Say which controller the interrupt hangs on, and its flow handler (handle_edge_irq, say)."""
    desc = irq_to_desc(irq)
    if desc is not None:
        desc.chip = chip
        desc.handle_irq = handle


def irq_set_handler(irq: int, handle: Callable[[irq_desc], object]) -> None:
    desc = irq_to_desc(irq)
    if desc is not None:
        desc.handle_irq = handle


def irq_set_chip_data(irq: int, data: Any) -> int:
    """The controller's own data of this interrupt. 0 or -EINVAL."""
    desc = irq_to_desc(irq)
    if desc is None:
        return -EINVAL
    desc.chip_data = data
    return 0


def irq_get_chip_data(irq: int) -> Any:
    desc = irq_to_desc(irq)
    return None if desc is None else desc.chip_data


def irq_set_status_flags(irq: int, set: int) -> None:
    """``IRQ_LEVEL``: a level line, never sent again; ``IRQ_NOAUTOEN``: request_irq() leaves it disabled;
    ``IRQ_DISABLE_UNLAZY``: disable_irq() masks at once.
    """
    desc = irq_to_desc(irq)
    if desc is not None:
        desc.status |= set


def irq_clear_status_flags(irq: int, clr: int) -> None:
    desc = irq_to_desc(irq)
    if desc is not None:
        desc.status &= ~clr


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
    """Lazy where the chip has no irq_disable: the interrupt is masked when it comes in after all. ``mask``: at once."""
    mask = mask or bool(desc.status & IRQ_DISABLE_UNLAZY)
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
    """Deliver again what came in while disabled. A level line does so by itself. A chip without irq_retrigger loses
    it, as on x86, where nothing is sent again in software.
    """
    if desc.status & IRQ_LEVEL:
        desc.pending = False
        return
    if desc.replay or not desc.pending:
        return
    desc.pending = False
    if desc.chip.irq_retrigger is not None:
        desc.chip.irq_retrigger(desc)
        desc.replay = True
