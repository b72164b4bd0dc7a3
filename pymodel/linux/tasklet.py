# SPDX-License-Identifier: Apache-2.0
"""Tasklets: functions that run once in softirq context for each time that they are scheduled, never twice at a time.

Source: kernel/softirq.c tasklet_action_common(), include/linux/interrupt.h, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import Cpu
from pymodel.linux.bug import BUG, Lockup, Site, caller, site_str
from pymodel.linux.sched import might_sleep, wait_event, wait_queue_head_t, wake_up
from pymodel.linux.softirq import HI_SOFTIRQ, TASKLET_SOFTIRQ, open_softirq, raise_softirq_irqoff

__all__ = [
    "DECLARE_TASKLET", "DECLARE_TASKLET_DISABLED", "TASKLET_STATE_RUN", "TASKLET_STATE_SCHED", "TaskletState",
    "tasklet_disable", "tasklet_disable_in_atomic", "tasklet_disable_nosync", "tasklet_enable", "tasklet_hi_schedule",
    "tasklet_init", "tasklet_kill", "tasklet_leaks", "tasklet_schedule", "tasklet_setup", "tasklet_struct",
    "tasklet_unlock_wait",
]

TASKLET_STATE_SCHED = 0  # bits of tasklet_struct.state
TASKLET_STATE_RUN = 1
_SCHED, _RUN = 1 << TASKLET_STATE_SCHED, 1 << TASKLET_STATE_RUN


class tasklet_struct:
    """``callback(tasklet)``, or ``func(data)``; ``count`` of those that have it disabled."""

    __slots__ = ("callback", "container", "count", "cpu", "data", "func", "site", "state", "wait")

    def __init__(self, callback: Callable[[tasklet_struct], object] | None = None, container: Any = None) -> None:
        self.callback = callback
        self.container = container
        self.func: Callable[[Any], object] | None = None
        self.data: Any = 0
        self.state = 0
        self.count = 0
        self.cpu: Cpu | None = None  # that runs it
        self.site: Site | None = None
        self.wait = wait_queue_head_t("a tasklet")


class TaskletState:
    """What is scheduled on each CPU, in two priorities."""

    __slots__ = ("hi", "normal")

    def __init__(self, n_cpus: int) -> None:
        self.normal: list[list[tasklet_struct]] = [[] for _ in range(n_cpus)]
        self.hi: list[list[tasklet_struct]] = [[] for _ in range(n_cpus)]


def tasklet_boot() -> None:
    """softirq_init()."""
    m = here.machine
    m.state["tasklet"] = TaskletState(len(m.sched.cpus))
    open_softirq(TASKLET_SOFTIRQ, _tasklet_action)
    open_softirq(HI_SOFTIRQ, _tasklet_hi_action)


def tasklet_setup(t: tasklet_struct, callback: Callable[[tasklet_struct], object]) -> None:
    """Make it ready, enabled. ``callback`` gets the tasklet; ``container_of()`` gives its owner."""
    t.callback, t.func = callback, None
    t.state = t.count = 0


def tasklet_init(t: tasklet_struct, func: Callable[[Any], object], data: Any) -> None:
    """Make it ready, enabled: ``func(data)`` will run."""
    t.callback, t.func, t.data = None, func, data
    t.state = t.count = 0


def DECLARE_TASKLET(callback: Callable[[tasklet_struct], object]) -> tasklet_struct:
    return tasklet_struct(callback)


def DECLARE_TASKLET_DISABLED(callback: Callable[[tasklet_struct], object]) -> tasklet_struct:
    t = tasklet_struct(callback)
    t.count = 1
    return t


def tasklet_schedule(t: tasklet_struct) -> None:
    """Have it run soon on this CPU, after the network's softirqs. Once, if it is scheduled already."""
    if not t.state & _SCHED:
        t.state |= _SCHED
        t.site = caller()
        state: TaskletState = here.state["tasklet"]
        state.normal[this_cpu().id].append(t)
        raise_softirq_irqoff(TASKLET_SOFTIRQ)


def tasklet_hi_schedule(t: tasklet_struct) -> None:
    """tasklet_schedule() before all other softirqs."""
    if not t.state & _SCHED:
        t.state |= _SCHED
        t.site = caller()
        state: TaskletState = here.state["tasklet"]
        state.hi[this_cpu().id].append(t)
        raise_softirq_irqoff(HI_SOFTIRQ)


def _tasklet_action() -> None:
    state: TaskletState = here.state["tasklet"]
    _run(state.normal, TASKLET_SOFTIRQ)


def _tasklet_hi_action() -> None:
    state: TaskletState = here.state["tasklet"]
    _run(state.hi, HI_SOFTIRQ)


def _run(lists: list[list[tasklet_struct]], nr: int) -> None:
    """Run what was scheduled so far; what is disabled, or runs on another CPU, is tried again in the next round."""
    cpu = this_cpu()
    todo, lists[cpu.id] = lists[cpu.id], []
    for t in todo:
        if t.count or t.state & _RUN:
            lists[cpu.id].append(t)
            cpu.softirq_pending |= 1 << nr
            continue
        if not t.state & _SCHED:
            BUG("tasklet SCHED state not set", site_str(t.site))
        t.state = t.state & ~_SCHED | _RUN
        t.cpu = cpu
        if t.callback is not None:
            t.callback(t)
        elif t.func is not None:
            t.func(t.data)
        else:
            BUG("a tasklet without a function is scheduled", site_str(t.site))
        t.cpu = None
        t.state &= ~_RUN
        if t.wait.tasks:
            wake_up(t.wait)


def tasklet_disable_nosync(t: tasklet_struct) -> None:
    """Let it not begin any more. One that is scheduled keeps its CPU's softirqs busy until tasklet_enable()."""
    t.count += 1


def tasklet_disable(t: tasklet_struct) -> None:
    """tasklet_disable_nosync(), and wait until it does not run. Sleeps."""
    site = caller()
    might_sleep(site)
    t.count += 1
    tasklet_unlock_wait(t)


def tasklet_disable_in_atomic(t: tasklet_struct) -> None:
    """tasklet_disable() that spins. Lockup in the tasklet itself."""
    t.count += 1
    cpu = this_cpu()
    while t.state & _RUN:
        if t.cpu is cpu:
            raise Lockup("a tasklet waits for itself", site_str(caller()))
        cpu.charge(100)
        cpu.sync()


def tasklet_enable(t: tasklet_struct) -> None:
    """Undo one disable."""
    t.count -= 1


def tasklet_unlock_wait(t: tasklet_struct) -> None:
    """Sleep until it does not run."""
    wait_event(t.wait, lambda: not t.state & _RUN)


def tasklet_kill(t: tasklet_struct) -> None:
    """Wait until it has run, if it is scheduled, and does not run. It must not schedule itself again for ever."""
    site = caller()
    might_sleep(site)
    wait_event(t.wait, lambda: not t.state & (_SCHED | _RUN))


def tasklet_leaks() -> list[str]:
    """One line for each tasklet that is still scheduled."""
    state: TaskletState = here.state["tasklet"]
    return [
        f"tasklet {getattr(t.callback or t.func, '__name__', '')}, scheduled at {site_str(t.site)}"
        for todo in (*state.normal, *state.hi)
        for t in todo
    ]
