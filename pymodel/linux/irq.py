# SPDX-License-Identifier: Apache-2.0
"""Interrupts for drivers: request and free, with and without threads, enable and disable, affinity.

Source: kernel/irq/manage.c, devres.c, v6.12.
"""

from __future__ import annotations

from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.hw.errors import CheckError
from pymodel.linux.bug import WARN, Lockup, Site, broken_rule, caller, pr_err, site_str
from pymodel.linux.device import device, devm_add_action
from pymodel.linux.errno import EBUSY, EINVAL, ENOSYS
from pymodel.linux.irq_handle import IRQF_SHARED, default_primary_handler, setup_irq_thread
from pymodel.linux.irqdesc import (
    IRQ_HANDLED,
    IRQ_NOAUTOEN,
    IRQ_NONE,
    IRQCHIP_ONESHOT_SAFE,
    NO_IRQ_CHIP,
    Handler,
    irq_desc,
    irq_disable,
    irq_shutdown,
    irq_startup,
    irqaction,
)
from pymodel.linux.kthread import kthread_stop
from pymodel.linux.sched import might_sleep, wait_event

__all__ = [
    "IRQF_COND_ONESHOT", "IRQF_NO_AUTOEN", "IRQF_ONESHOT", "IRQF_PERCPU", "IRQF_PROBE_SHARED", "IRQF_SHARED",
    "IRQF_TRIGGER_FALLING", "IRQF_TRIGGER_HIGH", "IRQF_TRIGGER_LOW", "IRQF_TRIGGER_NONE", "IRQF_TRIGGER_RISING",
    "IRQ_RETVAL", "cpumask_of", "devm_free_irq", "devm_request_irq", "devm_request_threaded_irq", "disable_hardirq",
    "disable_irq", "disable_irq_nosync", "enable_irq", "free_irq", "irq_get_affinity_mask", "irq_get_count",
    "irq_leaks", "irq_set_affinity", "irq_set_affinity_and_hint", "irq_set_affinity_hint", "irq_update_affinity_hint",
    "request_irq", "request_threaded_irq", "synchronize_hardirq", "synchronize_irq",
]

IRQF_TRIGGER_NONE = 0x0
IRQF_TRIGGER_RISING = 0x1
IRQF_TRIGGER_FALLING = 0x2
IRQF_TRIGGER_HIGH = 0x4
IRQF_TRIGGER_LOW = 0x8
_IRQF_TRIGGER_MASK = 0xF
IRQF_PROBE_SHARED = 0x100
IRQF_PERCPU = 0x400
IRQF_ONESHOT = 0x2000
IRQF_NO_SUSPEND = 0x4000
IRQF_COND_SUSPEND = 0x40000
IRQF_NO_AUTOEN = 0x80000
IRQF_COND_ONESHOT = 0x200000

_MAX_THREADS = 64  # bits of a long

_DEAF = 16  # interrupts: so many that none was for a handler is no chance


def IRQ_RETVAL(x: Any) -> int:
    return IRQ_HANDLED if x else IRQ_NONE


def cpumask_of(cpu: int) -> int:
    """A cpumask is an int with a bit for each CPU."""
    return 1 << cpu


# -- for drivers ---------------------------------------------------------------------------------------------
def _desc(irq: int, site: Site) -> irq_desc:
    desc: irq_desc | None = here.state["irq"].descs.get(irq)
    if desc is None:
        raise CheckError("irq", f"interrupt {irq} does not exist", site_str(site))
    return desc


def request_irq(irq: int, handler: Handler, flags: int, name: str, dev_id: Any) -> int:
    """Install ``handler(irq, dev_id)``, which returns IRQ_HANDLED or IRQ_NONE. 0, -EINVAL, or -EBUSY where the
    interrupt is not shared.

    The handler may be called before this returns.
    """
    return _request_threaded_irq(irq, handler, None, flags | IRQF_COND_ONESHOT, name, dev_id, caller())


def request_threaded_irq(
    irq: int, handler: Handler | None, thread_fn: Handler | None, irqflags: int, devname: str, dev_id: Any
) -> int:
    """request_irq() with a thread: ``thread_fn(irq, dev_id)`` runs in process context each time that the handler
    returns IRQ_WAKE_THREAD. Without a handler, each interrupt wakes the thread.

    ``IRQF_ONESHOT``: the interrupt stays masked until the thread has run; needed without a handler, unless the
    controller does not need it (messages). 0, -EINVAL or -EBUSY.
    """
    return _request_threaded_irq(irq, handler, thread_fn, irqflags, devname, dev_id, caller())


def _request_threaded_irq(
    irq: int, handler: Handler | None, thread_fn: Handler | None, flags: int, name: str, dev_id: Any, site: Site
) -> int:
    might_sleep(site)
    if flags & IRQF_SHARED and (dev_id is None or flags & IRQF_NO_AUTOEN):
        return -EINVAL
    if flags & IRQF_COND_SUSPEND and (not flags & IRQF_SHARED or flags & IRQF_NO_SUSPEND):
        return -EINVAL
    desc: irq_desc | None = here.state["irq"].descs.get(irq)
    if desc is None:
        return -EINVAL
    if handler is None:
        if thread_fn is None:
            return -EINVAL
        handler = default_primary_handler
    return _setup_irq(desc, irqaction(handler, thread_fn, flags, name, dev_id, site))


def _setup_irq(desc: irq_desc, new: irqaction) -> int:
    """Source: kernel/irq/manage.c __setup_irq(), v6.12."""
    if desc.chip is NO_IRQ_CHIP:
        return -ENOSYS
    if desc.chip.flags & IRQCHIP_ONESHOT_SAFE:
        new.flags &= ~IRQF_ONESHOT
    shared = bool(desc.actions)
    thread_mask = 0
    if shared:
        old = desc.actions[0]
        if not old.flags & new.flags & IRQF_SHARED or (old.flags ^ new.flags) & _IRQF_TRIGGER_MASK:
            return _mismatch(desc, new, old)
        if old.flags & IRQF_ONESHOT and new.flags & IRQF_COND_ONESHOT:
            new.flags |= IRQF_ONESHOT
        elif (old.flags ^ new.flags) & IRQF_ONESHOT:
            return _mismatch(desc, new, old)
        if (old.flags ^ new.flags) & IRQF_PERCPU:
            return _mismatch(desc, new, old)
        for action in desc.actions:
            thread_mask |= action.thread_mask
    if new.flags & IRQF_ONESHOT:
        if thread_mask == (1 << _MAX_THREADS) - 1:
            return -EBUSY
        new.thread_mask = ~thread_mask & (thread_mask + 1)  # the lowest bit that is not in use
    elif new.handler is default_primary_handler and not desc.chip.flags & IRQCHIP_ONESHOT_SAFE:
        pr_err("Threaded irq requested with handler=NULL and !ONESHOT for %s (irq %d)", new.name, desc.irq)
        return -EINVAL
    if new.thread_fn is not None:
        setup_irq_thread(desc, new)
    desc.actions = [*desc.actions, new]
    desc.unhandled = desc.spurious_count = 0
    if not shared:
        desc.spurious_disabled = desc.in_progress = False
        desc.oneshot = bool(new.flags & IRQF_ONESHOT)
        if new.flags & IRQF_NO_AUTOEN or desc.status & IRQ_NOAUTOEN:
            if new.flags & IRQF_SHARED:
                WARN(f"irq {desc.irq}: shared, and not enabled by request_irq()", site_str(new.site))
            desc.depth = 1
        else:
            irq_startup(desc, resend=True)
    elif desc.spurious_disabled:
        desc.spurious_disabled = False
        _enable(desc, new.site)
    return 0


def _mismatch(desc: irq_desc, new: irqaction, old: irqaction) -> int:
    if not new.flags & IRQF_PROBE_SHARED:
        both = new.flags, new.name, old.flags, old.name
        pr_err("genirq: Flags mismatch irq %d. %08x (%s) vs. %08x (%s)", desc.irq, *both)
    return -EBUSY


def free_irq(irq: int, dev_id: Any) -> str | None:
    """Remove the handler of ``dev_id``, and wait until neither it nor its thread runs any more. Its name, or None with
    a warning. A handler that has answered IRQ_NONE to each of many interrupts is reported: a kernel sees them longer,
    and shuts the interrupt then.
    """
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
        if desc.unhandled >= _DEAF and desc.unhandled == desc.spurious_count:
            broken_rule(
                "irq",
                f"irq {irq}: nobody cared: {action.name} has answered IRQ_NONE to all of {desc.unhandled} interrupts",
                f"requested at {site_str(action.site)}",
            )
            desc.unhandled = 0
    if action.thread is not None and action.thread is this_cpu().task:
        raise Lockup(f"free_irq() of irq {irq} in its own thread", site_str(site))
    _synchronize(desc, site)
    if action.thread is not None:
        kthread_stop(action.thread)
    return action.name


def devm_request_irq(dev: device, irq: int, handler: Handler, irqflags: int, devname: str, dev_id: Any) -> int:
    """request_irq() that is undone with the driver."""
    err = _request_threaded_irq(irq, handler, None, irqflags | IRQF_COND_ONESHOT, devname, dev_id, caller())
    if err == 0:
        devm_add_action(dev, free_irq, irq, dev_id)
    return err


def devm_request_threaded_irq(
    dev: device, irq: int, handler: Handler | None, thread_fn: Handler | None, irqflags: int, devname: str, dev_id: Any
) -> int:
    """request_threaded_irq() that is undone with the driver."""
    err = _request_threaded_irq(irq, handler, thread_fn, irqflags, devname, dev_id, caller())
    if err == 0:
        devm_add_action(dev, free_irq, irq, dev_id)
    return err


def devm_free_irq(dev: device, irq: int, dev_id: Any) -> None:
    """Free it now."""
    dev.devres = [r for r in dev.devres if not (r[0] is free_irq and r[1][0] == irq and r[1][1] is dev_id)]
    free_irq(irq, dev_id)


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


def disable_hardirq(irq: int) -> bool:
    """Disable, and wait until no handler runs; threads may. False where one does."""
    site = caller()
    disable_irq_nosync(irq)
    return _synchronize_hard(_desc(irq, site), site)


def enable_irq(irq: int) -> None:
    """Undo one disable_irq(); what came in meanwhile is delivered."""
    site = caller()
    _enable(_desc(irq, site), site)


def _enable(desc: irq_desc, site: Site) -> None:
    if desc.depth == 0:
        WARN(f"Unbalanced enable for IRQ {desc.irq}", site_str(site))
    elif desc.depth == 1:
        irq_startup(desc, resend=True)
    else:
        desc.depth -= 1


def synchronize_irq(irq: int) -> None:
    """Wait until neither handlers nor threads of this interrupt run."""
    site = caller()
    might_sleep(site)
    _synchronize(_desc(irq, site), site)


def synchronize_hardirq(irq: int) -> bool:
    """Wait until no handler of this interrupt runs. False where a thread does."""
    site = caller()
    return _synchronize_hard(_desc(irq, site), site)


def _synchronize_hard(desc: irq_desc, site: Site) -> bool:
    cpu = this_cpu()
    if desc.in_progress and desc.running_on is cpu:
        raise Lockup(f"waiting for the handler of irq {desc.irq} from within it", site_str(site))
    while desc.in_progress:
        cpu.charge(100)
        cpu.sync()
    return not desc.threads_active


def _synchronize(desc: irq_desc, site: Site) -> None:
    if not _synchronize_hard(desc, site):
        task = this_cpu().task
        if any(action.thread is task for action in desc.actions):
            raise Lockup(f"waiting for the thread of irq {desc.irq} from within it", site_str(site))
        wait_event(desc.wait_for_threads, lambda: not desc.threads_active)


def irq_set_affinity(irq: int, cpumask: int) -> int:
    """Deliver to the first CPU of a mask from now on. 0 or -EINVAL."""
    desc = _desc(irq, caller())
    valid = cpumask & ((1 << len(here.sched.cpus)) - 1)
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
    """irq_set_affinity(), and a hint for user space; None drops the hint and leaves the interrupt where it is."""
    err = irq_update_affinity_hint(irq, cpumask)
    if err or cpumask is None:
        return err
    return irq_set_affinity(irq, cpumask)


irq_set_affinity_hint = irq_set_affinity_and_hint


def irq_update_affinity_hint(irq: int, cpumask: int | None) -> int:
    """Tell user space where the interrupt should go. 0."""
    _desc(irq, caller()).affinity_hint = cpumask
    return 0


def irq_get_affinity_mask(irq: int) -> int:
    """The CPUs that may get it."""
    return _desc(irq, caller()).affinity


def irq_get_count(irq: int) -> int:
    """How often it was handled: its line of /proc/interrupts, all CPUs together."""
    return _desc(irq, caller()).count


def irq_leaks() -> list[str]:
    """One line for each handler that is still installed."""
    descs: dict[int, irq_desc] = here.state["irq"].descs
    return [f"irq {d.irq}: handler {a.name} requested at {site_str(a.site)}" for d in descs.values() for a in d.actions]
