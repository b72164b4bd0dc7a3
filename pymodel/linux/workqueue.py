# SPDX-License-Identifier: Apache-2.0
"""Work in process context: workqueues, delayed work.

Each work item that runs has a task of its own on the CPU that it was queued on, so items wait for one another only
where the workqueue says so (``max_active``, ordered ones), and an item never runs twice at a time. A ``WQ_BH``
workqueue's items run in softirq context. Source: kernel/workqueue.c, include/linux/workqueue.h, v6.12. Simplified:
``WQ_UNBOUND`` runs where it was queued; no priorities.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable
from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import Cpu, Task
from pymodel.linux.bug import BUG, WARN, Lockup, Site, caller, site_str
from pymodel.linux.sched import cond_resched, might_sleep, wait_event, wait_queue_head_t, wake_up
from pymodel.linux.tasklet import tasklet_hi_schedule, tasklet_schedule, tasklet_struct
from pymodel.linux.time import add_timer_on, jiffies, timer_delete, timer_list, timer_pending

__all__ = [
    "INIT_DELAYED_WORK", "INIT_WORK", "WORK_BUSY_PENDING", "WORK_BUSY_RUNNING", "WQ_BH", "WQ_CPU_INTENSIVE",
    "WQ_DFL_ACTIVE", "WQ_FREEZABLE", "WQ_HIGHPRI", "WQ_MAX_ACTIVE", "WQ_MEM_RECLAIM", "WQ_POWER_EFFICIENT",
    "WQ_SYSFS", "WQ_UNBOUND", "WorkqueueState", "alloc_ordered_workqueue", "alloc_workqueue", "cancel_delayed_work",
    "cancel_delayed_work_sync", "cancel_work", "cancel_work_sync", "current_work", "debug_check_no_obj_freed",
    "delayed_work", "delayed_work_pending", "delayed_work_timer_fn", "destroy_workqueue", "disable_delayed_work",
    "disable_delayed_work_sync", "disable_work", "disable_work_sync", "drain_workqueue", "enable_and_queue_work",
    "enable_delayed_work", "enable_work", "flush_delayed_work", "flush_work", "flush_workqueue", "mod_delayed_work",
    "mod_delayed_work_on", "queue_delayed_work", "queue_delayed_work_on", "queue_work", "queue_work_on",
    "schedule_delayed_work", "schedule_delayed_work_on", "schedule_work", "schedule_work_on", "system_bh_wq",
    "system_highpri_wq", "system_long_wq", "system_unbound_wq", "system_wq", "to_delayed_work", "work_busy",
    "work_leaks", "work_pending", "work_struct", "workqueue_struct",
]

WQ_BH = 1 << 0
WQ_UNBOUND = 1 << 1
WQ_FREEZABLE = 1 << 2
WQ_MEM_RECLAIM = 1 << 3
WQ_HIGHPRI = 1 << 4
WQ_CPU_INTENSIVE = 1 << 5
WQ_SYSFS = 1 << 6
WQ_POWER_EFFICIENT = 1 << 7
_WQ_ORDERED = 1 << 17

WQ_MAX_ACTIVE = 512
WQ_DFL_ACTIVE = WQ_MAX_ACTIVE // 2

WORK_BUSY_PENDING = 1 << 0
WORK_BUSY_RUNNING = 1 << 1


class work_struct:
    """``func(work)`` runs in process context; ``container_of(work, ...)`` gives the owner.

    ``queued`` counts how often it was queued, ``done`` up to which of these it has run: what flush_work() waits for.
    """

    __slots__ = ("container", "cpu", "disabled", "done", "func", "pending", "queued", "running", "site", "wait", "wq")

    def __init__(self, func: Callable[[work_struct], object] | None = None, container: Any = None) -> None:
        self.func = func
        self.container = container
        self.pending = False
        self.running: Any = None  # the task that runs it; True in a softirq
        self.disabled = 0
        self.queued = 0
        self.done = 0
        self.wq: workqueue_struct | None = None
        self.cpu: Cpu | None = None
        self.site: Site | None = None
        self.wait = wait_queue_head_t("a work item to finish")


class delayed_work:
    """Work that a timer queues."""

    __slots__ = ("container", "cpu", "timer", "work", "wq")

    def __init__(self, func: Callable[[work_struct], object] | None = None, container: Any = None) -> None:
        self.work = work_struct(func, container=self)
        self.container = container
        self.timer = timer_list(delayed_work_timer_fn, container=self)
        self.wq: workqueue_struct | None = None
        self.cpu: Cpu | None = None  # where the work shall run


class workqueue_struct:
    """``max_active``: how many items run at a time, on each CPU, or in all where it is unbound."""

    __slots__ = ("active", "bh", "bh_queue", "draining", "flags", "max_active", "name", "waiting")

    def __init__(self, name: str, flags: int = 0, max_active: int = 0) -> None:
        self.name = name
        self.flags = flags
        self.max_active = min(max_active or WQ_DFL_ACTIVE, WQ_MAX_ACTIVE)
        self.active: dict[work_struct, Cpu] = {}
        self.waiting: deque[work_struct] = deque()  # for one of those that run
        self.draining = False
        self.bh_queue: list[deque[work_struct]] = []  # for each CPU
        self.bh: list[tasklet_struct] = []


class WorkqueueState:
    """The workqueues of one machine: the kernel's own, and those of drivers. ``linkwatch``: of carrier changes."""

    __slots__ = ("allocated", "bh", "highpri", "linkwatch", "long", "running", "system", "unbound")

    def __init__(self) -> None:
        self.system = _new("events", 0, 0)
        self.highpri = _new("events_highpri", WQ_HIGHPRI, 0)
        self.long = _new("events_long", 0, 0)
        self.unbound = _new("events_unbound", WQ_UNBOUND, 0)
        self.bh = _new("events_bh", WQ_BH, 0)
        self.linkwatch = _new("linkwatch", WQ_UNBOUND | _WQ_ORDERED, 1)
        self.allocated: list[workqueue_struct] = []
        self.running: dict[Task, work_struct] = {}


def _state() -> WorkqueueState:
    state: WorkqueueState = here.state["workqueue"]
    return state


def system_wq() -> workqueue_struct:
    """schedule_work()'s. A function, where C has a variable."""
    return _state().system


def system_highpri_wq() -> workqueue_struct:
    return _state().highpri


def system_long_wq() -> workqueue_struct:
    """For items that run for long."""
    return _state().long


def system_unbound_wq() -> workqueue_struct:
    return _state().unbound


def system_bh_wq() -> workqueue_struct:
    """Its items run in softirq context."""
    return _state().bh


def alloc_workqueue(fmt: str, flags: int, max_active: int) -> workqueue_struct:
    """A workqueue of one's own; ``max_active`` 0 is WQ_DFL_ACTIVE. destroy_workqueue() frees it."""
    wq = _new(fmt, flags, max_active)
    _state().allocated.append(wq)
    return wq


def alloc_ordered_workqueue(fmt: str, flags: int) -> workqueue_struct:
    """A workqueue whose items run one after the other, in the order in which they were queued."""
    return alloc_workqueue(fmt, flags | WQ_UNBOUND | _WQ_ORDERED, 1)


def _new(name: str, flags: int, max_active: int) -> workqueue_struct:
    wq = workqueue_struct(name, flags, max_active)
    if flags & WQ_BH:
        for _ in here.sched.cpus:
            wq.bh_queue.append(deque())
            wq.bh.append(tasklet_struct(_run_bh, container=wq))
    return wq


def INIT_WORK(work: work_struct, func: Callable[[work_struct], object]) -> None:
    work.func = func


def INIT_DELAYED_WORK(dwork: delayed_work, func: Callable[[work_struct], object]) -> None:
    dwork.work.func = func


def to_delayed_work(work: work_struct) -> delayed_work:
    dwork: delayed_work = work.container
    return dwork


def work_pending(work: work_struct) -> bool:
    """Whether it is queued and does not run yet."""
    return work.pending


def work_busy(work: work_struct) -> int:
    """WORK_BUSY_PENDING, WORK_BUSY_RUNNING, or both."""
    return (WORK_BUSY_PENDING if work.pending else 0) | (WORK_BUSY_RUNNING if work.running is not None else 0)


def current_work() -> work_struct | None:
    """The item that this task runs."""
    task = this_cpu().task
    return None if task is None else _state().running.get(task)


# -- queueing ------------------------------------------------------------------------------------------------
def queue_work_on(cpu: int, wq: workqueue_struct, work: work_struct) -> bool:
    """Queue on a CPU. False where it is queued already, or disabled."""
    return _queue(wq, work, here.sched.cpus[cpu], caller())


def queue_work(wq: workqueue_struct, work: work_struct) -> bool:
    """Queue on this CPU. False where it is queued already, or disabled."""
    return _queue(wq, work, this_cpu(), caller())


def schedule_work(work: work_struct) -> bool:
    return _queue(system_wq(), work, this_cpu(), caller())


def schedule_work_on(cpu: int, work: work_struct) -> bool:
    return _queue(system_wq(), work, here.sched.cpus[cpu], caller())


def _queue(wq: workqueue_struct, work: work_struct, cpu: Cpu, site: Site) -> bool:
    if work.pending or work.disabled:
        return False
    if wq.draining and current_work() not in wq.active:
        WARN(f"workqueue: cannot queue {_name(work)} on wq {wq.name}: it is being drained", site_str(site))
        return False
    work.pending = True
    work.queued += 1
    work.wq = wq
    work.cpu = cpu
    work.site = site
    if wq.bh:
        wq.bh_queue[cpu.id].append(work)
        (tasklet_hi_schedule if wq.flags & WQ_HIGHPRI else tasklet_schedule)(wq.bh[cpu.id])
    elif work.running is None:  # else it runs again when it has finished
        _start_or_wait(wq, work, cpu)
    return True


def _start_or_wait(wq: workqueue_struct, work: work_struct, cpu: Cpu) -> None:
    if _may_start(wq, cpu):
        _start(wq, work, cpu)
    else:
        wq.waiting.append(work)


def _may_start(wq: workqueue_struct, cpu: Cpu) -> bool:
    if len(wq.active) < wq.max_active:
        return True
    if wq.flags & (WQ_UNBOUND | _WQ_ORDERED):
        return False
    return sum(1 for on in wq.active.values() if on is cpu) < wq.max_active


def _name(work: work_struct) -> str:
    return str(getattr(work.func, "__name__", work.func))


def _start(wq: workqueue_struct, work: work_struct, cpu: Cpu) -> None:
    wq.active[work] = cpu
    work.running = Task(cpu, functools.partial(_run_task, wq, work), (), f"kworker/{wq.name}")


def _run_task(wq: workqueue_struct, work: work_struct) -> None:
    cpu = this_cpu()
    task = work.running
    running = _state().running
    running[task] = work
    while work.pending and work.wq is wq:  # cleared meanwhile where it was cancelled
        _run(work)
        if cpu.preempt_disabled or cpu.bh_disabled or cpu.irqs_disabled:
            BUG(f"workqueue leaked atomic: {_name(work)} has not given back a lock", site_str(work.site))
        if work.pending:
            if wq.waiting:
                break  # its turn is after those that wait
            cond_resched()
    del running[task]
    work.running = None
    del wq.active[work]
    if work.pending:
        assert work.wq is not None and work.cpu is not None
        if work.wq is wq:
            wq.waiting.append(work)
        else:
            _start_or_wait(work.wq, work, work.cpu)
    for following in list(wq.waiting):
        if following.cpu is not None and _may_start(wq, following.cpu):
            wq.waiting.remove(following)
            _start(wq, following, following.cpu)
    wake_up(work.wait)


def _run(work: work_struct) -> None:
    work.pending = False
    until = work.queued
    func = work.func
    assert func is not None, "work without a function"
    func(work)
    work.done = until
    if work.wait.tasks:
        wake_up(work.wait)


def _run_bh(tasklet: tasklet_struct) -> None:
    wq: workqueue_struct = tasklet.container
    queue = wq.bh_queue[this_cpu().id]
    for _ in range(len(queue)):
        work = queue.popleft()
        if work.running is not None:  # on another CPU
            queue.append(work)
            continue
        work.running = True
        _run(work)
        work.running = None
        if work.wait.tasks:
            wake_up(work.wait)
    if queue:
        tasklet_schedule(tasklet)


# -- waiting and cancelling ----------------------------------------------------------------------------------
def flush_work(work: work_struct) -> bool:
    """Wait until it has run for the last time that it was queued. Whether there was anything to wait for."""
    site = caller()
    might_sleep(site)
    return _flush(work, site)


def _flush(work: work_struct, site: Site) -> bool:
    if work.running is None and not work.pending:
        return False
    if work.running is this_cpu().task:
        raise Lockup("a work item waits for itself", site_str(site))
    until = work.queued
    wait_event(work.wait, lambda: work.done >= until or (work.running is None and not work.pending))
    return True


def cancel_work(work: work_struct) -> bool:
    """Take it off the queue; it may run. Whether it was queued."""
    was = work.pending
    work.pending = False
    wq = work.wq
    if was and wq is not None:
        if work in wq.waiting:
            wq.waiting.remove(work)
        for queue in wq.bh_queue:
            if work in queue:
                queue.remove(work)
    return was


def cancel_work_sync(work: work_struct) -> bool:
    """Take it off the queue, and wait until it does not run; it cannot queue itself meanwhile. Whether it was
    queued.
    """
    site = caller()
    might_sleep(site)
    return _cancel_sync(work, site)


def _cancel_sync(work: work_struct, site: Site) -> bool:
    work.disabled += 1
    was = cancel_work(work)
    _wait_idle(work, site)
    work.disabled -= 1
    return was


def _wait_idle(work: work_struct, site: Site) -> None:
    if work.running is None:
        return
    if work.running is this_cpu().task:
        raise Lockup("a work item waits for itself", site_str(site))
    wait_event(work.wait, lambda: work.running is None)


def disable_work(work: work_struct) -> bool:
    """Let it not be queued until enable_work(); nests. Whether it was queued."""
    work.disabled += 1
    return cancel_work(work)


def disable_work_sync(work: work_struct) -> bool:
    """disable_work(), and wait until it does not run."""
    site = caller()
    might_sleep(site)
    was = disable_work(work)
    _wait_idle(work, site)
    return was


def enable_work(work: work_struct) -> bool:
    """Undo one disable_work(). Whether it can be queued now."""
    if not work.disabled:
        WARN("workqueue: work disable count underflowed", site_str(caller()))
        return True
    work.disabled -= 1
    return not work.disabled


def enable_and_queue_work(wq: workqueue_struct, work: work_struct) -> bool:
    """enable_work(), and queue it where that enabled it. Whether it did."""
    if not enable_work(work):
        return False
    _queue(wq, work, this_cpu(), caller())
    return True


def flush_workqueue(wq: workqueue_struct) -> None:
    """Wait for all that is queued now."""
    site = caller()
    might_sleep(site)
    for work in _all(wq):
        _flush(work, site)


def _all(wq: workqueue_struct) -> list[work_struct]:
    return [*wq.active, *wq.waiting, *(work for queue in wq.bh_queue for work in queue)]


def drain_workqueue(wq: workqueue_struct) -> None:
    """Wait until it is empty; only its own items may queue more."""
    site = caller()
    might_sleep(site)
    wq.draining = True
    while left := _all(wq):
        _flush(left[0], site)
        _wait_idle(left[0], site)
    wq.draining = False


def destroy_workqueue(wq: workqueue_struct) -> None:
    """Drain it, and free it."""
    drain_workqueue(wq)
    _state().allocated.remove(wq)


# -- delayed work --------------------------------------------------------------------------------------------
def delayed_work_timer_fn(timer: timer_list) -> None:
    """The timer of a delayed work: its time has come."""
    dwork: delayed_work = timer.container
    assert dwork.wq is not None and dwork.cpu is not None
    _queue(dwork.wq, dwork.work, dwork.cpu, timer.site or caller())


def _queue_delayed(wq: workqueue_struct, dwork: delayed_work, delay: int, cpu: Cpu, site: Site) -> bool:
    if dwork.work.pending or dwork.work.disabled or timer_pending(dwork.timer):
        return False
    dwork.wq = wq
    dwork.cpu = cpu
    if delay == 0:
        return _queue(wq, dwork.work, cpu, site)
    dwork.timer.expires = jiffies() + delay
    add_timer_on(dwork.timer, cpu.id)
    dwork.timer.site = site
    return True


def queue_delayed_work(wq: workqueue_struct, dwork: delayed_work, delay: int) -> bool:
    """Queue after ``delay`` jiffies. False where it is queued already."""
    return _queue_delayed(wq, dwork, delay, this_cpu(), caller())


def queue_delayed_work_on(cpu: int, wq: workqueue_struct, dwork: delayed_work, delay: int) -> bool:
    return _queue_delayed(wq, dwork, delay, here.sched.cpus[cpu], caller())


def schedule_delayed_work(dwork: delayed_work, delay: int) -> bool:
    return _queue_delayed(system_wq(), dwork, delay, this_cpu(), caller())


def schedule_delayed_work_on(cpu: int, dwork: delayed_work, delay: int) -> bool:
    return _queue_delayed(system_wq(), dwork, delay, here.sched.cpus[cpu], caller())


def mod_delayed_work(wq: workqueue_struct, dwork: delayed_work, delay: int) -> bool:
    """Queue after ``delay`` jiffies from now, whatever was. Whether it was queued."""
    was = cancel_delayed_work(dwork)
    _queue_delayed(wq, dwork, delay, this_cpu(), caller())
    return was


def mod_delayed_work_on(cpu: int, wq: workqueue_struct, dwork: delayed_work, delay: int) -> bool:
    was = cancel_delayed_work(dwork)
    _queue_delayed(wq, dwork, delay, here.sched.cpus[cpu], caller())
    return was


def delayed_work_pending(dwork: delayed_work) -> bool:
    """Whether its timer or the work itself is queued."""
    return dwork.work.pending or timer_pending(dwork.timer)


def flush_delayed_work(dwork: delayed_work) -> bool:
    """Queue it now if its timer has not, and wait until it has run."""
    site = caller()
    might_sleep(site)
    if timer_delete(dwork.timer):
        assert dwork.wq is not None and dwork.cpu is not None
        _queue(dwork.wq, dwork.work, dwork.cpu, site)
    return _flush(dwork.work, site)


def cancel_delayed_work(dwork: delayed_work) -> bool:
    """Take it off timer and queue; it may run. Whether it was on one of them."""
    return bool(timer_delete(dwork.timer)) | cancel_work(dwork.work)


def cancel_delayed_work_sync(dwork: delayed_work) -> bool:
    """cancel_delayed_work(), and wait until it does not run."""
    site = caller()
    might_sleep(site)
    dwork.work.disabled += 1
    was = cancel_delayed_work(dwork)
    _wait_idle(dwork.work, site)
    dwork.work.disabled -= 1
    return was


def disable_delayed_work(dwork: delayed_work) -> bool:
    """disable_work() for delayed work."""
    dwork.work.disabled += 1
    return cancel_delayed_work(dwork)


def disable_delayed_work_sync(dwork: delayed_work) -> bool:
    site = caller()
    might_sleep(site)
    was = disable_delayed_work(dwork)
    _wait_idle(dwork.work, site)
    return was


def enable_delayed_work(dwork: delayed_work) -> bool:
    return enable_work(dwork.work)


def debug_check_no_obj_freed(owner: Any) -> None:
    """WARN where a work item of the object that is being freed is queued, or runs. Source: lib/debugobjects.c (a kernel
    with CONFIG_DEBUG_OBJECTS_WORK), v6.12.
    """
    state = _state()
    if owner is None:
        return
    for wq in (state.system, state.highpri, state.long, state.unbound, state.bh, *state.allocated):
        for work in _all(wq):
            holder = work.container.container if isinstance(work.container, delayed_work) else work.container
            if holder is owner:
                WARN(
                    f"ODEBUG: free active (active state 0) object type: work_struct hint: {_name(work)}: it was not "
                    "cancelled", site_str(work.site),
                )  # fmt: skip


def work_leaks() -> list[str]:
    """One line for each work item that is queued or runs, and for each workqueue that was not destroyed."""
    state = _state()
    lines = [f"workqueue {wq.name} not destroyed" for wq in state.allocated]
    for wq in (state.system, state.highpri, state.long, state.unbound, state.bh, state.linkwatch, *state.allocated):
        lines += [f"work {_name(work)}, queued at {site_str(work.site)}" for work in _all(wq)]
    return lines
