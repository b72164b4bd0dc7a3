# SPDX-License-Identifier: Apache-2.0
"""Work in process context (workqueues) and completions.

Each work item that runs has a task of its own, so items never wait for one another, but for an ordered
workqueue's, which run one after the other. Source: kernel/workqueue.c, kernel/sched/completion.c, v6.12.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable
from typing import Any

from pymodel.hw.access import machine, this_cpu
from pymodel.hw.contexts import Cpu, Task
from pymodel.linux.bug import Lockup, Site, caller, site_str
from pymodel.linux.sched import might_sleep, wait_event, wait_event_timeout_ns, wait_queue_head_t, wake_up
from pymodel.linux.time import HZ, add_timer, jiffies, timer_delete, timer_list, timer_pending

__all__ = [
    "INIT_DELAYED_WORK", "INIT_WORK", "WQ_HIGHPRI", "WQ_MEM_RECLAIM", "WQ_UNBOUND", "WorkqueueState",
    "alloc_ordered_workqueue", "alloc_workqueue", "cancel_delayed_work", "cancel_delayed_work_sync", "cancel_work_sync",
    "complete", "complete_all", "completion", "delayed_work", "delayed_work_timer_fn", "destroy_workqueue",
    "flush_work", "flush_workqueue", "init_completion", "mod_delayed_work", "queue_delayed_work", "queue_work",
    "queue_work_on", "reinit_completion", "schedule_delayed_work", "schedule_work", "to_delayed_work",
    "wait_for_completion", "wait_for_completion_timeout", "work_leaks", "work_pending", "work_struct",
    "workqueue_struct",
]

WQ_UNBOUND = 1 << 1
WQ_MEM_RECLAIM = 1 << 3
WQ_HIGHPRI = 1 << 4


class work_struct:
    """``func(work)`` runs in process context; ``container_of(work, ...)`` gives the owner."""

    __slots__ = ("container", "cpu", "done", "func", "pending", "running", "site", "wq")

    def __init__(self, func: Callable[[work_struct], object] | None = None, container: Any = None) -> None:
        self.func = func
        self.container = container
        self.pending = False
        self.running: Task | None = None
        self.wq: workqueue_struct | None = None
        self.cpu: Cpu | None = None
        self.site: Site | None = None
        self.done = wait_queue_head_t("a work item to finish")


class delayed_work:
    __slots__ = ("container", "cpu", "timer", "work", "wq")

    def __init__(self, func: Callable[[work_struct], object] | None = None, container: Any = None) -> None:
        self.work = work_struct(func, container=self)
        self.container = container
        self.timer = timer_list(delayed_work_timer_fn, container=self)
        self.wq: workqueue_struct | None = None
        self.cpu: Cpu | None = None


class workqueue_struct:
    __slots__ = ("active", "name", "ordered", "queue")

    def __init__(self, name: str, ordered: bool = False) -> None:
        self.name = name
        self.ordered = ordered
        self.queue: deque[work_struct] = deque()  # waits for the one that runs, in an ordered workqueue
        self.active: set[work_struct] = set()


class WorkqueueState:
    """The workqueues of one machine; ``system`` and ``linkwatch`` are the kernel's own."""

    __slots__ = ("allocated", "linkwatch", "system")

    def __init__(self) -> None:
        self.system = workqueue_struct("events")
        self.linkwatch = workqueue_struct("linkwatch", ordered=True)
        self.allocated: list[workqueue_struct] = []


def alloc_workqueue(fmt: str, flags: int, max_active: int) -> workqueue_struct:
    return _alloc(fmt, max_active == 1 and bool(flags & WQ_UNBOUND))


def alloc_ordered_workqueue(fmt: str, flags: int) -> workqueue_struct:
    return _alloc(fmt, True)


def _alloc(name: str, ordered: bool) -> workqueue_struct:
    wq = workqueue_struct(name, ordered)
    machine().state["workqueue"].allocated.append(wq)
    return wq


def _system_wq() -> workqueue_struct:
    wq: workqueue_struct = machine().state["workqueue"].system
    return wq


def INIT_WORK(work: work_struct, func: Callable[[work_struct], object]) -> None:
    work.func = func


def INIT_DELAYED_WORK(dwork: delayed_work, func: Callable[[work_struct], object]) -> None:
    dwork.work.func = func


def to_delayed_work(work: work_struct) -> delayed_work:
    dwork: delayed_work = work.container
    return dwork


def work_pending(work: work_struct) -> bool:
    return work.pending


def queue_work_on(cpu: int, wq: workqueue_struct, work: work_struct) -> bool:
    """Queue on a CPU. False where it is queued already."""
    return _queue(wq, work, machine().sched.cpus[cpu], caller())


def queue_work(wq: workqueue_struct, work: work_struct) -> bool:
    return _queue(wq, work, this_cpu(), caller())


def schedule_work(work: work_struct) -> bool:
    return _queue(_system_wq(), work, this_cpu(), caller())


def _queue(wq: workqueue_struct, work: work_struct, cpu: Cpu, site: Site) -> bool:
    if work.pending:
        return False
    work.pending = True
    work.wq = wq
    work.cpu = cpu
    work.site = site
    if work.running is not None:
        return True  # runs again when it has finished: a work item never runs twice at a time
    if wq.ordered and wq.active:
        wq.queue.append(work)
    else:
        _start(wq, work, cpu)
    return True


def _start(wq: workqueue_struct, work: work_struct, cpu: Cpu) -> None:
    wq.active.add(work)
    work.running = Task(cpu, functools.partial(_run_work, wq, work), (), f"kworker/{wq.name}")


def _run_work(wq: workqueue_struct, work: work_struct) -> None:
    while work.pending:  # cleared meanwhile where it was cancelled
        work.pending = False
        func = work.func
        assert func is not None, "work without a function"
        func(work)
    work.running = None
    wq.active.discard(work)
    wake_up(work.done)
    while wq.queue:
        following = wq.queue.popleft()
        if following.pending and following.cpu is not None:
            _start(wq, following, following.cpu)
            break


def flush_work(work: work_struct) -> bool:
    """Wait until it has run. Whether there was anything to wait for."""
    site = caller()
    might_sleep(site)
    return _flush(work, site)


def _flush(work: work_struct, site: Site) -> bool:
    if work.running is None and not work.pending:
        return False
    if work.running is this_cpu().task:
        raise Lockup("a work item waits for itself", site_str(site))
    wait_event(work.done, lambda: work.running is None and not work.pending)
    return True


def cancel_work_sync(work: work_struct) -> bool:
    """Take it off the queue, and wait until it does not run. Whether it was queued."""
    site = caller()
    might_sleep(site)
    was = work.pending
    work.pending = False
    if work.wq is not None and work in work.wq.queue:
        work.wq.queue.remove(work)
    _flush(work, site)
    return was


def flush_workqueue(wq: workqueue_struct) -> None:
    site = caller()
    might_sleep(site)
    for work in [*wq.active, *wq.queue]:
        _flush(work, site)


def destroy_workqueue(wq: workqueue_struct) -> None:
    """Wait for what is queued, and free it."""
    flush_workqueue(wq)
    machine().state["workqueue"].allocated.remove(wq)


# -- delayed work --------------------------------------------------------------------------------------------
def delayed_work_timer_fn(timer: timer_list) -> None:
    """The timer of a delayed work: its time has come."""
    dwork: delayed_work = timer.container
    assert dwork.wq is not None
    _queue(dwork.wq, dwork.work, this_cpu(), timer.site or caller())


def _queue_delayed(wq: workqueue_struct, dwork: delayed_work, delay: int, site: Site) -> bool:
    if dwork.work.pending or timer_pending(dwork.timer):
        return False
    dwork.wq = wq
    if delay == 0:
        return _queue(wq, dwork.work, this_cpu(), site)
    dwork.timer.expires = jiffies() + delay
    add_timer(dwork.timer)
    dwork.timer.site = site
    return True


def queue_delayed_work(wq: workqueue_struct, dwork: delayed_work, delay: int) -> bool:
    """Queue after ``delay`` jiffies. False where it is queued already."""
    return _queue_delayed(wq, dwork, delay, caller())


def schedule_delayed_work(dwork: delayed_work, delay: int) -> bool:
    return _queue_delayed(_system_wq(), dwork, delay, caller())


def mod_delayed_work(wq: workqueue_struct, dwork: delayed_work, delay: int) -> bool:
    """Queue after ``delay`` jiffies from now, whatever was. Whether it was queued."""
    was = cancel_delayed_work(dwork)
    _queue_delayed(wq, dwork, delay, caller())
    return was


def cancel_delayed_work(dwork: delayed_work) -> bool:
    was = bool(timer_delete(dwork.timer)) or dwork.work.pending
    dwork.work.pending = False
    return was


def cancel_delayed_work_sync(dwork: delayed_work) -> bool:
    was = bool(timer_delete(dwork.timer))
    return cancel_work_sync(dwork.work) or was


def work_leaks() -> list[str]:
    """One line for each work item that is queued or runs, and for each workqueue that was not destroyed."""
    state: WorkqueueState = machine().state["workqueue"]
    lines = [f"workqueue {wq.name} not destroyed" for wq in state.allocated]
    for wq in (state.system, *state.allocated):
        for w in [*wq.active, *wq.queue]:
            lines.append(f"work {getattr(w.func, '__name__', w.func)}, queued at {site_str(w.site)}")
    return lines


# -- completions ---------------------------------------------------------------------------------------------
class completion:
    __slots__ = ("done", "wait")

    def __init__(self) -> None:
        self.done = 0
        self.wait = wait_queue_head_t("a completion")


_ALL = 1 << 31


def init_completion(x: completion) -> None:
    x.__init__()  # type: ignore[misc]


def reinit_completion(x: completion) -> None:
    x.done = 0


def complete(x: completion) -> None:
    """Let one waiter go on. From any context."""
    if x.done < _ALL:
        x.done += 1
    wake_up(x.wait)


def complete_all(x: completion) -> None:
    x.done = _ALL
    wake_up(x.wait)


def wait_for_completion(x: completion) -> None:
    might_sleep(caller())
    wait_event(x.wait, lambda: x.done)
    if x.done < _ALL:
        x.done -= 1


def wait_for_completion_timeout(x: completion, timeout: int) -> int:
    """Wait up to ``timeout`` jiffies: 0 where it did not come, else the jiffies left, at least 1."""
    might_sleep(caller())
    end = jiffies() + timeout
    if not wait_event_timeout_ns(x.wait, lambda: x.done, timeout * (1_000_000_000 // HZ)):
        return 0
    if x.done < _ALL:
        x.done -= 1
    return max(1, end - jiffies())
