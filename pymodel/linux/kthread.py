# SPDX-License-Identifier: Apache-2.0
"""Kernel threads: tasks that run until they are asked to stop.

Source: kernel/kthread.c, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import Task
from pymodel.linux.bug import BUG, caller, site_str
from pymodel.linux.errno import EBUSY, EINVAL
from pymodel.linux.sched import might_sleep, schedule

__all__ = [
    "kthread_run", "kthread_run_on_cpu", "kthread_should_stop", "kthread_stop", "set_cpus_allowed_ptr",
    "wake_up_process",
]


def kthread_run(threadfn: Callable[[Any], Any], data: Any, namefmt: str) -> Task:
    """Start ``threadfn(data)`` on this CPU, in process context. It returns when kthread_should_stop() says so."""
    return Task(this_cpu(), threadfn, (data,), namefmt)


def kthread_run_on_cpu(threadfn: Callable[[Any], Any], data: Any, cpu: int, namefmt: str) -> Task:
    """kthread_run() on a CPU. ``%u`` in the name stands for it."""
    return Task(here.sched.cpus[cpu], threadfn, (data,), namefmt.replace("%u", str(cpu)))


def kthread_should_stop() -> bool:
    """Whether kthread_stop() waits for the thread that asks. BUG where that is no thread."""
    task = this_cpu().task
    if task is None:
        BUG("kthread_should_stop() outside of a task", site_str(caller()))
    return task.should_stop


def kthread_stop(k: Task) -> Any:
    """Ask a thread to stop, and wait until it has. What its function returned."""
    site = caller()
    might_sleep(site)
    me = this_cpu().task
    assert me is not None
    k.should_stop = True
    k.wake()
    while not k.done:
        k.on_done.append(me.wake)
        schedule(f"kthread_stop() of {k.name}")
    return k.result


def set_cpus_allowed_ptr(p: Task, new_mask: int) -> int:
    """Keep a task that sleeps on the first CPU of a mask. 0, or -EINVAL where there is none.

    Simplified: tasks do not move by themselves, and one that runs is not moved: -EBUSY.
    """
    cpus = here.sched.cpus
    new_mask &= (1 << len(cpus)) - 1
    if not new_mask:
        return -EINVAL
    if new_mask >> p.cpu.id & 1:
        return 0
    if p.queued_or_running():
        return -EBUSY
    p.move(cpus[(new_mask & -new_mask).bit_length() - 1])
    return 0


def wake_up_process(p: Task) -> None:
    """Make a task that sleeps runnable. From any context."""
    p.wake()
