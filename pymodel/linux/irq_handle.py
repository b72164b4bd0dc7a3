# SPDX-License-Identifier: Apache-2.0
"""What happens between a CPU taking an interrupt and the driver's handler: flow handlers, handlers, their threads,
and interrupts that nobody handles.

Source: kernel/irq/chip.c, handle.c, manage.c, spurious.c, v6.12.
"""

from __future__ import annotations

import functools
from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.linux.bug import WARN, broken_rule, site_str
from pymodel.linux.errno import EINVAL
from pymodel.linux.irqdesc import (
    IRQ_HANDLED,
    IRQ_NONE,
    IRQ_WAKE_THREAD,
    IRQCHIP_EOI_IF_HANDLED,
    IRQCHIP_EOI_THREADED,
    IrqState,
    check_irq_resend,
    irq_desc,
    irq_disable,
    irq_to_desc,
    irqaction,
    mask_ack_irq,
    mask_irq,
    unmask_irq,
)
from pymodel.linux.kthread import kthread_run_on_cpu, kthread_should_stop
from pymodel.linux.sched import local_irq_disable, local_irq_enable, schedule, wake_up
from pymodel.linux.time import HZ, jiffies, mod_timer, timer_list

__all__ = [
    "generic_handle_irq", "handle_edge_irq", "handle_fasteoi_irq", "handle_level_irq", "handle_percpu_irq",
    "handle_simple_irq",
]

IRQF_SHARED = 0x80

SPURIOUS_WINDOW = 100_000  # interrupts, of which
SPURIOUS_LIMIT = 99_900  # unhandled ones shut the line
_FORGIVEN = HZ // 10  # jiffies after which an unhandled one begins a new count
_POLL_INTERVAL = HZ // 10  # jiffies


def generic_handle_irq(irq: int) -> int:
    """Have an interrupt handled, as the handler of a cascaded controller does. In a hard interrupt. 0 or -EINVAL."""
    desc = irq_to_desc(irq)
    if desc is None:
        return -EINVAL
    if not this_cpu().hardirq:
        WARN(f"generic_handle_irq({irq}) outside of a hard interrupt")
    desc.handle_irq(desc)
    return 0


# -- handlers ------------------------------------------------------------------------------------------------
def handle_irq_event(desc: irq_desc) -> int:
    """Call the handlers, and wake their threads. Returns their answers, or-ed."""
    desc.pending = False
    desc.in_progress = True
    cpu = desc.running_on = here.sched.cpu
    assert cpu is not None
    retval = IRQ_NONE
    irq = desc.irq
    for action in desc.actions:
        res = action.handler(irq, action.dev_id)
        if not cpu.irqs_disabled:
            WARN(f"irq {irq} handler {_name(action)} enabled interrupts", f"requested at {site_str(action.site)}")
            cpu.irqs_disabled = 1
        if res is not IRQ_HANDLED and res != IRQ_HANDLED:
            res = _not_handled(desc, action, res)
        retval |= res
    desc.in_progress = False
    desc.running_on = None
    if retval != IRQ_HANDLED or desc.unhandled:
        _note_interrupt(desc, retval)
    return retval


def _name(action: irqaction) -> str:
    return str(getattr(action.handler, "__name__", action.handler))


def _not_handled(desc: irq_desc, action: irqaction, res: Any) -> int:
    """A handler's answer that is not IRQ_HANDLED."""
    if res.__class__ not in (int, bool) or not 0 <= res <= IRQ_HANDLED | IRQ_WAKE_THREAD:
        broken_rule(
            "irq",
            f"irq event {desc.irq}: bogus return value {res!r} of handler {_name(action)}, "
            "not IRQ_NONE, IRQ_HANDLED or IRQ_WAKE_THREAD",
            f"requested at {site_str(action.site)}",
        )
        return IRQ_NONE
    if res == IRQ_WAKE_THREAD:
        if action.thread_fn is None:
            broken_rule(
                "irq",
                f"IRQ {desc.irq} device {action.name} returned IRQ_WAKE_THREAD but no thread function available.",
                f"requested at {site_str(action.site)}",
            )
        else:
            _wake_thread(desc, action)
    return int(res)


def _note_interrupt(desc: irq_desc, retval: int) -> None:
    """Shut an interrupt that nobody handles. Source: kernel/irq/spurious.c note_interrupt(), v6.12.

    Where handlers leave all to their threads, what the threads said before the next interrupt counts.
    """
    if desc.poll_in_progress:
        return
    if retval & IRQ_WAKE_THREAD:
        if retval == IRQ_WAKE_THREAD:
            if desc.threads_handled_last < 0:
                desc.threads_handled_last = desc.threads_handled
                return
            if desc.threads_handled != desc.threads_handled_last:
                retval = IRQ_HANDLED
                desc.threads_handled_last = desc.threads_handled
            else:
                retval = IRQ_NONE
        else:
            desc.threads_handled_last = -1
    if retval == IRQ_NONE:
        now = jiffies()
        desc.unhandled = 1 if now > desc.last_unhandled + _FORGIVEN else desc.unhandled + 1
        desc.last_unhandled = now
    if not desc.unhandled:
        return
    desc.spurious_count += 1
    if desc.spurious_count < SPURIOUS_WINDOW:
        return
    desc.spurious_count = 0
    unhandled, desc.unhandled = desc.unhandled, 0
    if unhandled > SPURIOUS_LIMIT:
        desc.spurious_disabled = True
        desc.depth += 1
        irq_disable(desc)
        _poll_spurious_later()
        names = ", ".join(f"{a.name} ({site_str(a.site)})" for a in desc.actions)
        broken_rule(
            "irq", f"irq {desc.irq}: nobody cared: {unhandled} of {SPURIOUS_WINDOW} were not handled; disabled", names
        )


def _poll_spurious_later() -> None:
    state: IrqState = here.state["irq"]
    if state.spurious_timer is None:
        state.spurious_timer = timer_list(_poll_spurious)
    mod_timer(state.spurious_timer, jiffies() + _POLL_INTERVAL)


def _poll_spurious(timer: timer_list) -> None:
    """Call the handlers of shared interrupts that were shut, ten times a second: slow, but their devices go on."""
    state: IrqState = here.state["irq"]
    shut = [desc for desc in state.descs.values() if desc.spurious_disabled]
    for desc in shut:
        if desc.actions and desc.actions[0].flags & IRQF_SHARED:
            local_irq_disable()
            if desc.in_progress:
                desc.pending = True
            else:
                desc.poll_in_progress = True
                handle_irq_event(desc)
                while desc.pending and desc.actions:
                    handle_irq_event(desc)
                desc.poll_in_progress = False
            local_irq_enable()
    if shut:
        _poll_spurious_later()


_poll_spurious.kernel_internal = True  # type: ignore[attr-defined]


# -- threads -------------------------------------------------------------------------------------------------
def default_primary_handler(irq: int, dev_id: Any) -> int:
    """The handler of request_threaded_irq(..., None, thread_fn, ...)."""
    return IRQ_WAKE_THREAD


def setup_irq_thread(desc: irq_desc, action: irqaction) -> None:
    """The thread of a handler, on the interrupt's CPU."""
    run = functools.partial(_irq_thread, desc)
    action.thread = kthread_run_on_cpu(run, action, desc.cpu, f"irq/{desc.irq}-{action.name}")


def _wake_thread(desc: irq_desc, action: irqaction) -> None:
    """A thread that has been asked for and did not start yet runs once for both."""
    if action.run_thread:
        return
    action.run_thread = True
    desc.threads_oneshot |= action.thread_mask
    desc.threads_active += 1
    thread = action.thread
    assert thread is not None
    cpu = here.sched.cpus[desc.cpu]
    if thread.cpu is not cpu and not action.running and not thread.queued_or_running():
        thread.move(cpu)  # irq_thread_check_affinity()
    thread.wake()


def _irq_thread(desc: irq_desc, action: irqaction) -> int:
    fn = action.thread_fn
    assert fn is not None
    while True:
        if action.run_thread:
            action.run_thread = False
            action.running = True
            if fn(desc.irq, action.dev_id) == IRQ_HANDLED:
                desc.threads_handled += 1
            action.running = False
            _finalize_oneshot(desc, action)
            desc.threads_active -= 1
            if not desc.threads_active:
                wake_up(desc.wait_for_threads)
        elif kthread_should_stop():
            return 0
        else:
            schedule(f"irq {desc.irq}")


def _finalize_oneshot(desc: irq_desc, action: irqaction) -> None:
    """The thread is done: the last one of an IRQF_ONESHOT interrupt unmasks it."""
    if not desc.oneshot:
        return
    cpu = this_cpu()
    while desc.in_progress:  # on another CPU; the flow handler looks at threads_oneshot after it
        cpu.charge(100)
        cpu.sync()
    if action.run_thread:  # asked for again meanwhile
        return
    desc.threads_oneshot &= ~action.thread_mask
    if not desc.threads_oneshot and not desc.disabled and desc.masked:
        if desc.chip.flags & IRQCHIP_EOI_THREADED and desc.chip.irq_eoi is not None:
            desc.chip.irq_eoi(desc)
        unmask_irq(desc)


# -- flow handlers -------------------------------------------------------------------------------------------
def handle_simple_irq(desc: irq_desc) -> None:
    """For interrupts that need nothing of their controller."""
    if desc.in_progress:
        return
    desc.replay = False
    if desc.disabled or not desc.actions:
        desc.pending = True
        return
    desc.count += 1
    handle_irq_event(desc)


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
    """Masked while it is handled, and until its threads have run where it is IRQF_ONESHOT."""
    mask_ack_irq(desc)
    if desc.in_progress:
        return
    desc.replay = False
    if desc.disabled or not desc.actions:
        desc.pending = True
        return
    desc.count += 1
    handle_irq_event(desc)
    if not desc.disabled and desc.masked and not desc.threads_oneshot:
        unmask_irq(desc)


def handle_fasteoi_irq(desc: irq_desc) -> None:
    """For controllers that hold an interrupt back until they are told of its end."""
    eoi = desc.chip.irq_eoi
    if desc.in_progress:
        handled = False
    else:
        desc.replay = False
        handled = not desc.disabled and bool(desc.actions)
        if not handled:
            desc.pending = True
            mask_irq(desc)
    if not handled:
        if eoi is not None and not desc.chip.flags & IRQCHIP_EOI_IF_HANDLED:
            eoi(desc)
        return
    desc.count += 1
    if desc.oneshot:
        mask_irq(desc)
    handle_irq_event(desc)
    if not desc.oneshot:
        if eoi is not None:
            eoi(desc)
    elif not desc.disabled and desc.masked and not desc.threads_oneshot:
        if eoi is not None:
            eoi(desc)
        unmask_irq(desc)
    elif eoi is not None and not desc.chip.flags & IRQCHIP_EOI_THREADED:
        eoi(desc)
    if desc.pending:
        check_irq_resend(desc)


def handle_percpu_irq(desc: irq_desc) -> None:
    """For interrupts of each CPU's own: no state is looked at, so CPUs may handle it at the same time."""
    desc.count += 1
    chip = desc.chip
    if chip.irq_ack is not None:
        chip.irq_ack(desc)
    handle_irq_event(desc)
    if chip.irq_eoi is not None:
        chip.irq_eoi(desc)
