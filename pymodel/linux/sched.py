# SPDX-License-Identifier: Apache-2.0
"""Contexts, locks and sleeping: what may run where, and who waits for whom.

Process context may sleep; interrupts, softirqs and whoever holds a spinlock or has interrupts or bottom halves off
may not (:class:`SchedulingWhileAtomic`). The kernel is not preemptive: a task runs until it sleeps. Source:
include/linux/preempt.h, kernel/sched/, kernel/locking/, v6.12.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import Cpu, Task
from pymodel.linux.bug import Lockup, SchedulingWhileAtomic, Site, caller, caller_outside, site_str

__all__ = [
    "DEFINE_SPINLOCK", "cond_resched", "current", "in_atomic", "in_hardirq", "in_interrupt", "in_irq",
    "in_serving_softirq", "in_softirq", "in_task", "init_waitqueue_head", "irqs_disabled", "local_irq_disable",
    "local_irq_enable", "local_irq_restore", "local_irq_save", "might_sleep", "mutex", "mutex_init",
    "mutex_is_locked", "mutex_lock", "mutex_trylock", "mutex_unlock", "num_online_cpus", "preempt_disable",
    "preempt_enable", "schedule", "sleep_until", "smp_processor_id", "spin_is_locked", "spin_lock", "spin_lock_init",
    "spin_lock_irq", "spin_lock_irqsave", "spin_trylock", "spin_unlock", "spin_unlock_irq", "spin_unlock_irqrestore",
    "spinlock_t", "wait_event", "wait_event_interruptible", "wait_queue_head_t",
    "waitqueue_active", "wake_up", "wake_up_all",
]


# -- what context this is ------------------------------------------------------------------------------------
def smp_processor_id() -> int:
    return this_cpu().id


def num_online_cpus() -> int:
    return len(here.sched.cpus)


def in_hardirq() -> bool:
    return this_cpu().hardirq != 0


in_irq = in_hardirq


def in_serving_softirq() -> bool:
    return this_cpu().softirq != 0


def in_softirq() -> bool:
    """In a softirq, or with bottom halves off."""
    cpu = this_cpu()
    return cpu.softirq != 0 or cpu.bh_disabled != 0


def in_interrupt() -> bool:
    cpu = this_cpu()
    return bool(cpu.hardirq or cpu.softirq or cpu.bh_disabled)


def in_task() -> bool:
    cpu = this_cpu()
    return not (cpu.hardirq or cpu.softirq)


def irqs_disabled() -> bool:
    return this_cpu().irqs_disabled != 0


def in_atomic() -> bool:
    cpu = this_cpu()
    return bool(cpu.hardirq or cpu.softirq or cpu.bh_disabled or cpu.preempt_disabled)


def current() -> Task | None:
    """The task that runs, or was interrupted, on this CPU; None on an idle one."""
    return this_cpu().task


def preempt_count(cpu: Cpu) -> int:
    """As Linux lays it out: preemption, softirq (0x100 serving, 0x200 off) and hardirq counts."""
    return cpu.preempt_disabled | (cpu.softirq | cpu.bh_disabled << 1) << 8 | cpu.hardirq << 16


def atomic_error(what: str) -> NoReturn:
    cpu = this_cpu()
    state = f"preempt_count 0x{preempt_count(cpu):08x}, irqs {'off' if cpu.irqs_disabled else 'on'}"
    raise SchedulingWhileAtomic(
        f"scheduling while atomic: {what} in {cpu.where()} on cpu{cpu.id}, {state}", site_str(caller_outside())
    )


def might_sleep(site: Site | None = None) -> None:
    """Raise SchedulingWhileAtomic where sleeping is not allowed. Source: include/linux/kernel.h might_sleep()."""
    cpu = this_cpu()
    if cpu.hardirq or cpu.softirq or cpu.bh_disabled or cpu.preempt_disabled or cpu.irqs_disabled or cpu.task is None:
        code, _ = site or caller()
        atomic_error(f"{code.co_name}() may sleep")


def preempt_disable() -> None:
    this_cpu().preempt_disabled += 1


def preempt_enable() -> None:
    this_cpu().preempt_disabled -= 1


# -- interrupts on and off -----------------------------------------------------------------------------------
def local_irq_disable() -> None:
    this_cpu().irqs_disabled = 1


def local_irq_enable() -> None:
    """Interrupts that waited are taken here."""
    cpu = this_cpu()
    cpu.irqs_disabled = 0
    if cpu.irqs and not cpu.hardirq:
        cpu.take_irqs()


def local_irq_save() -> int:
    cpu = this_cpu()
    flags = cpu.irqs_disabled
    cpu.irqs_disabled = 1
    return flags


def local_irq_restore(flags: int) -> None:
    if not flags:
        local_irq_enable()


# -- spinlocks -----------------------------------------------------------------------------------------------
class spinlock_t:
    """Held by a CPU. Others stall until it is free; taking it twice on one CPU is a :class:`Lockup`."""

    __slots__ = ("name", "owner", "site", "waiters")

    def __init__(self, name: str = "spinlock") -> None:
        self.name = name
        self.owner: Cpu | None = None
        self.site: Site | None = None
        self.waiters: deque[Cpu] = deque()


def spin_lock_init(lock: spinlock_t) -> None:
    lock.__init__(lock.name)  # type: ignore[misc]


def DEFINE_SPINLOCK(name: str) -> spinlock_t:
    return spinlock_t(name)


def spin_contended(lock: spinlock_t, cpu: Cpu) -> None:
    """Stall until the lock is free."""
    while lock.owner is not None:
        holder = f"taken at {site_str(lock.site)}" if lock.site else f"held by cpu{lock.owner.id}"
        if lock.owner is cpu:
            raise Lockup(f"spinlock recursion on CPU#{cpu.id}: {lock.name}, {holder}", site_str(caller_outside()))
        lock.waiters.append(cpu)
        cpu.block(f"spinlock {lock.name}, {holder}")


def spin_lock(lock: spinlock_t) -> None:
    cpu = this_cpu()
    cpu.preempt_disabled += 1
    if lock.owner is not None:
        spin_contended(lock, cpu)
    lock.owner = cpu
    lock.site = caller()


def spin_trylock(lock: spinlock_t) -> bool:
    if lock.owner is not None:
        return False
    cpu = this_cpu()
    cpu.preempt_disabled += 1
    lock.owner = cpu
    return True


def spin_unlock(lock: spinlock_t) -> None:
    cpu = this_cpu()
    if lock.owner is not cpu:
        where = site_str(caller_outside())
        raise Lockup(f"spinlock {lock.name} unlocked by cpu{cpu.id}, which does not hold it", where)
    lock.owner = None
    cpu.preempt_disabled -= 1
    if lock.waiters:
        spin_release(lock, cpu)


def spin_release(lock: spinlock_t, cpu: Cpu) -> None:
    """Let the CPU that waited longest try again."""
    here.sched.call_at(cpu.time, lock.waiters.popleft().unblock)


def spin_is_locked(lock: spinlock_t) -> bool:
    return lock.owner is not None


def spin_lock_irqsave(lock: spinlock_t) -> int:
    """Interrupts off and the lock taken; returns the flags for spin_unlock_irqrestore()."""
    flags = local_irq_save()
    spin_lock(lock)
    return flags


def spin_unlock_irqrestore(lock: spinlock_t, flags: int) -> None:
    spin_unlock(lock)
    local_irq_restore(flags)


def spin_lock_irq(lock: spinlock_t) -> None:
    local_irq_disable()
    spin_lock(lock)


def spin_unlock_irq(lock: spinlock_t) -> None:
    spin_unlock(lock)
    local_irq_enable()


# -- sleeping ------------------------------------------------------------------------------------------------
def schedule(why: str = "a wake-up", until: int | None = None) -> None:
    """Sleep until woken, or until ``until`` ps. May return early: callers look at their condition again."""
    cpu = this_cpu()
    task = cpu.task
    if task is None or cpu.hardirq or cpu.softirq or cpu.bh_disabled or cpu.preempt_disabled or cpu.irqs_disabled:
        atomic_error("schedule()")
    task.sleep(why, until)
    task.cpu.charge(here.machine.costs.task_switch)  # it may have moved


def sleep_until(time: int, why: str) -> None:
    """Sleep until ``time`` ps, whatever wakes the task."""
    cpu = this_cpu()
    while cpu.time < time:
        schedule(why, time)


def cond_resched() -> bool:
    """Let another task of this CPU run where one is ready. Source: kernel/sched/core.c __cond_resched(), v6.12."""
    cpu = this_cpu()
    task = cpu.task
    if task is None or not cpu.runqueue:
        return False
    might_sleep(caller())
    task.yield_cpu()
    cpu.charge(here.machine.costs.task_switch)
    return True


class wait_queue_head_t:
    __slots__ = ("name", "tasks")

    def __init__(self, name: str = "wait queue") -> None:
        self.name = name
        self.tasks: list[Task] = []


def wait_event(wq: wait_queue_head_t, condition: Callable[[], Any]) -> None:
    """Sleep until ``condition()`` is true; it is looked at after each wake_up() of ``wq``."""
    might_sleep(caller())
    task = this_cpu().task
    assert task is not None
    while not condition():
        wq.tasks.append(task)
        schedule(wq.name)
        if task in wq.tasks:
            wq.tasks.remove(task)


def wait_event_interruptible(wq: wait_queue_head_t, condition: Callable[[], Any]) -> int:
    """wait_event() that a signal would end: always 0."""
    might_sleep(caller())
    wait_event(wq, condition)
    return 0


def init_waitqueue_head(wq: wait_queue_head_t) -> None:
    wq.__init__(wq.name)  # type: ignore[misc]


def waitqueue_active(wq: wait_queue_head_t) -> bool:
    """Whether somebody waits."""
    return bool(wq.tasks)


def wake_up(wq: wait_queue_head_t) -> None:
    """Wake all that wait (they are not exclusive waiters). From any context."""
    tasks, wq.tasks = wq.tasks, []
    for task in tasks:
        task.wake()


wake_up_all = wake_up


class mutex:
    __slots__ = ("name", "owner", "waiters")

    def __init__(self, name: str = "mutex") -> None:
        self.name = name
        self.owner: Task | None = None
        self.waiters: deque[Task] = deque()


def mutex_init(lock: mutex) -> None:
    lock.__init__(lock.name)  # type: ignore[misc]


def mutex_lock(lock: mutex) -> None:
    might_sleep(caller())
    task = this_cpu().task
    assert task is not None
    if lock.owner is task:
        raise Lockup(f"{lock.name} taken twice by task {task.name}", site_str(caller_outside()))
    while lock.owner is not None:
        lock.waiters.append(task)
        schedule(f"{lock.name}, held by task {lock.owner.name}")
        if task in lock.waiters:
            lock.waiters.remove(task)
    lock.owner = task


def mutex_trylock(lock: mutex) -> bool:
    if lock.owner is not None:
        return False
    lock.owner = this_cpu().task
    return True


def mutex_unlock(lock: mutex) -> None:
    if lock.owner is not this_cpu().task or lock.owner is None:
        raise Lockup(f"{lock.name} unlocked by a task that does not hold it", site_str(caller_outside()))
    lock.owner = None
    if lock.waiters:
        lock.waiters.popleft().wake()


def mutex_is_locked(lock: mutex) -> bool:
    return lock.owner is not None
