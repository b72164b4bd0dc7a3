# SPDX-License-Identifier: Apache-2.0
"""Softirqs: work that interrupts leave for later, run at the end of the interrupt, when bottom halves come back
on, or by ksoftirqd.

Source: kernel/softirq.c, v6.12.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import Cpu, Task
from pymodel.linux.bug import BUG, WARN, caller, site_str
from pymodel.linux.sched import cond_resched, schedule, spin_lock, spin_trylock, spin_unlock, spinlock_t

__all__ = [
    "BLOCK_SOFTIRQ", "HI_SOFTIRQ", "HRTIMER_SOFTIRQ", "IRQ_POLL_SOFTIRQ", "NET_RX_SOFTIRQ", "NET_TX_SOFTIRQ",
    "RCU_SOFTIRQ", "SCHED_SOFTIRQ", "TASKLET_SOFTIRQ", "TIMER_SOFTIRQ", "SoftirqState", "__raise_softirq_irqoff",
    "do_softirq", "irq_enter", "irq_exit", "local_bh_disable", "local_bh_enable", "local_softirq_pending",
    "open_softirq", "raise_softirq", "raise_softirq_irqoff", "spin_lock_bh", "spin_trylock_bh", "spin_unlock_bh",
]

HI_SOFTIRQ = 0
TIMER_SOFTIRQ = 1
NET_TX_SOFTIRQ = 2
NET_RX_SOFTIRQ = 3
BLOCK_SOFTIRQ = 4
IRQ_POLL_SOFTIRQ = 5
TASKLET_SOFTIRQ = 6
SCHED_SOFTIRQ = 7
HRTIMER_SOFTIRQ = 8
RCU_SOFTIRQ = 9

_MAX_SOFTIRQ_RESTART = 10
_JIFFY_PS = 4_000_000_000  # HZ is 250; MAX_SOFTIRQ_TIME, 2 ms, is one jiffy


class SoftirqState:
    __slots__ = ("actions", "counts", "ksoftirqd", "ksoftirqd_wakeups")

    def __init__(self) -> None:
        self.actions: list[Callable[[], object] | None] = [None] * 10
        self.counts = [0] * 10
        self.ksoftirqd: dict[int, Task] = {}
        self.ksoftirqd_wakeups = 0


def open_softirq(nr: int, action: Callable[[], object]) -> None:
    here.state["softirq"].actions[nr] = action


def local_softirq_pending() -> int:
    """A bit for each softirq that waits on this CPU."""
    return this_cpu().softirq_pending


def __raise_softirq_irqoff(nr: int) -> None:
    """Ask for a softirq on this CPU, and wake nobody: the caller knows that softirqs will be looked at."""
    this_cpu().softirq_pending |= 1 << nr


def raise_softirq_irqoff(nr: int) -> None:
    """Ask for a softirq on this CPU. In process context with bottom halves on, ksoftirqd runs it."""
    cpu = this_cpu()
    cpu.softirq_pending |= 1 << nr
    if not (cpu.hardirq or cpu.softirq or cpu.bh_disabled):
        _wakeup_softirqd(cpu)


raise_softirq = raise_softirq_irqoff


def local_bh_disable() -> None:
    this_cpu().bh_disabled += 1


def local_bh_enable() -> None:
    """Bottom halves on again; softirqs that waited run here."""
    cpu = this_cpu()
    if cpu.hardirq or cpu.irqs_disabled:
        WARN("local_bh_enable() in a hard interrupt or with interrupts off", site_str(caller()))
    cpu.bh_disabled -= 1
    if cpu.softirq_pending and not (cpu.bh_disabled or cpu.softirq or cpu.hardirq):
        handle_softirqs(cpu)


def do_softirq() -> None:
    cpu = this_cpu()
    if cpu.softirq_pending and not (cpu.bh_disabled or cpu.softirq or cpu.hardirq):
        handle_softirqs(cpu)


def irq_enter() -> None:
    """A hard interrupt begins, on the stack of whatever runs. For drivers of interrupt controllers."""
    this_cpu().hardirq += 1


def irq_exit() -> None:
    """It ends; softirqs that it raised run here."""
    cpu = this_cpu()
    cpu.hardirq -= 1
    if cpu.softirq_pending and not (cpu.softirq or cpu.bh_disabled or cpu.hardirq):
        handle_softirqs(cpu)


def handle_softirqs(cpu: Cpu) -> None:
    """Run what is pending, up to ten rounds or into the next jiffy; what comes up after that is ksoftirqd's."""
    m = here.machine
    state: SoftirqState = m.state["softirq"]
    actions, counts = state.actions, state.counts
    cpu.softirq = 1
    irqs_disabled, cpu.irqs_disabled = cpu.irqs_disabled, 0
    cpu.charge(m.costs.softirq_entry)
    end = (cpu.time // _JIFFY_PS + 1) * _JIFFY_PS
    restarts = _MAX_SOFTIRQ_RESTART
    try:
        while True:
            pending, cpu.softirq_pending = cpu.softirq_pending, 0
            nr = 0
            while pending:
                if pending & 1:
                    action = actions[nr]
                    assert action is not None, f"softirq {nr} has no action"
                    counts[nr] += 1
                    depth = cpu.preempt_disabled
                    action()
                    if cpu.preempt_disabled != depth:
                        _leaked(cpu, nr, action, depth)
                pending >>= 1
                nr += 1
            if not cpu.softirq_pending:
                break
            restarts -= 1
            if not restarts or cpu.time >= end or cpu.runqueue:  # need_resched(): another task is ready
                _wakeup_softirqd(cpu)
                break
    finally:
        cpu.softirq = 0
        cpu.irqs_disabled = irqs_disabled


def _leaked(cpu: Cpu, nr: int, action: Callable[[], object], depth: int) -> None:
    BUG(
        f"huh, entered softirq {nr} {getattr(action, '__name__', action)} with preempt_count {depth}, "
        f"exited with {cpu.preempt_disabled}: a spinlock was not given back?"
    )


def _wakeup_softirqd(cpu: Cpu) -> None:
    state: SoftirqState = here.state["softirq"]
    task = state.ksoftirqd.get(cpu.id)
    if task is None:
        state.ksoftirqd_wakeups += 1
        state.ksoftirqd[cpu.id] = Task(cpu, functools.partial(_run_ksoftirqd, cpu), (), f"ksoftirqd/{cpu.id}")
    elif task.waits_for:
        state.ksoftirqd_wakeups += 1
        task.wake()


def _run_ksoftirqd(cpu: Cpu) -> None:
    while True:
        if cpu.softirq_pending:
            before = cpu.time
            handle_softirqs(cpu)
            if cpu.softirq_pending and cpu.time == before:
                cpu.charge(1)  # softirqs that cost nothing and come up for ever would stop time
            cond_resched()
        else:
            schedule("softirqs")


def spin_lock_bh(lock: spinlock_t) -> None:
    """Bottom halves off and the lock taken."""
    this_cpu().bh_disabled += 1
    spin_lock(lock)


def spin_trylock_bh(lock: spinlock_t) -> bool:
    """spin_lock_bh() where it is free; else False, and bottom halves are as before."""
    this_cpu().bh_disabled += 1
    if spin_trylock(lock):
        return True
    local_bh_enable()
    return False


def spin_unlock_bh(lock: spinlock_t) -> None:
    spin_unlock(lock)
    local_bh_enable()
