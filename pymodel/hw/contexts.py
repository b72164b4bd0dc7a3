# SPDX-License-Identifier: Apache-2.0
"""Simulated time and the model CPUs on which kernel code runs.

Kernel code is plain functions. Each CPU is one *idle* greenlet and any number of *task* greenlets; a hard
interrupt and the softirqs it raises run on the stack of whatever they interrupted, as on a real machine.
A context that has to wait (for time, for a register read, for a wake-up) switches to the *hub*, the greenlet
that called :meth:`Scheduler.run_due`: the simulator's pump or the virtual-time loop, which alone moves time.

Units: all times are integer picoseconds of simulated time; costs are charged in integer nanoseconds.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

__all__ = ["PS_PER_NS", "Coro", "Cpu", "DeadlockError", "Scheduler", "Sleep", "Task", "Timer", "Until"]

PS_PER_NS = 1000


class DeadlockError(RuntimeError):
    """Nothing can run and nothing is due, yet somebody waits: says who waits and for what."""


class Timer:
    """One entry of the scheduler's queue; ``cancel()`` makes it do nothing when it comes due."""

    __slots__ = ("args", "fn", "time")

    def __init__(self, time: int, fn: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.time = time
        self.fn: Callable[..., object] | None = fn
        self.args = args

    def cancel(self) -> None:
        self.fn = None

    @property
    def pending(self) -> bool:
        return self.fn is not None


class Scheduler:
    """The queue of things that are due at a simulated time, and the CPUs.

    ``quantum`` (ps) is how far a CPU may run ahead of ``now`` before it waits: 0 is exact, more is faster
    (temporal decoupling, IEEE 1666 TLM-2.0 chapter 12).
    """

    def __init__(self, n_cpus: int = 1, quantum: int = 0) -> None:
        self.now = 0
        self.quantum = quantum
        self.heap: list[tuple[int, int, Timer]] = []  # (time ps, number, entry); cancelled ones among them
        self._seq = 0
        self._hub: greenlet | None = None
        self.cpu: Cpu | None = None  # the CPU whose code runs now; None in the hub
        self.on_rest: Callable[[], object] | None = None  # called when all that is due has run, before time passes
        self.failure: BaseException | None = None  # the first exception out of kernel code; ends the run
        self.cpus = [Cpu(self, i) for i in range(n_cpus)]
        self.coros: list[Coro] = []

    # -- time -------------------------------------------------------------------------------------------
    def call_at(self, time: int, fn: Callable[..., object], *args: Any) -> Timer:
        """Run ``fn(*args)`` in the hub at ``time`` ps (at once on the next pass if that is past)."""
        timer = Timer(time, fn, args)
        self._seq += 1
        heapq.heappush(self.heap, (time, self._seq, timer))
        return timer

    def next_deadline(self) -> int | None:
        """The time (ps) of the earliest pending entry, or None."""
        heap = self.heap
        while heap and heap[0][2].fn is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run_due(self, now: int) -> None:
        """Move time to ``now`` (ps) and run all that is due. Raises what kernel code raised."""
        if now < self.now:
            raise ValueError(f"time ran backwards: {now} ps after {self.now} ps")
        self.now = now
        self._hub = getcurrent()
        heap = self.heap
        while heap and heap[0][0] <= now:
            timer = heapq.heappop(heap)[2]
            fn = timer.fn
            if fn is not None:
                timer.fn = None
                fn(*timer.args)
                if self.failure is not None:
                    break
        if self.on_rest is not None:
            self.on_rest()
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    def close(self) -> None:
        """End every context where it stands, so that the machine can be freed: a greenlet holds all that it knows."""
        self._hub = getcurrent()
        for cpu in self.cpus:
            for task in list(cpu.tasks):
                if task.greenlet and task.greenlet is not getcurrent():
                    task.greenlet.parent = getcurrent()
                    task.greenlet.throw(GreenletExit)
            if cpu._idle:
                cpu._idle.parent = getcurrent()
                cpu._idle.throw(GreenletExit)
        self.heap.clear()
        self.failure = None

    @property
    def local_now(self) -> int:
        """Time (ps) as the running code sees it: the CPU's own time, or the scheduler's in the hub."""
        cpu = self.cpu
        return cpu.time if cpu is not None else self.now

    # -- scenarios ----------------------------------------------------------------------------------------
    def spawn(self, coro: Coroutine[Any, Any, Any], name: str = "scenario") -> Coro:
        """Drive an ``async def`` in the hub; its awaits are :class:`Sleep`, :class:`Until`, :class:`Coro` or tasks."""
        c = Coro(self, coro, name)
        self.coros.append(c)
        self.call_at(self.now, c._step)
        return c

    def run_task(self, fn: Callable[..., Any], *args: Any, cpu: int = 0, name: str | None = None) -> Task:
        """Start ``fn(*args)`` as a task (process context) on a CPU; await the task for its result."""
        return Task(self.cpus[cpu], fn, args, name or str(getattr(fn, "__name__", "task")))

    def waiters(self) -> list[str]:
        """One line for each context that waits, with what it waits for: for the watchdog's report."""
        lines = []
        for cpu in self.cpus:
            if cpu.waits_for:
                lines.append(f"cpu{cpu.id} {cpu.where()}: waits for {cpu.waits_for}")
            for task in cpu.tasks:
                if task.waits_for:
                    lines.append(f"cpu{cpu.id} task {task.name}: waits for {task.waits_for}")
        lines += [f"{c.name}: waits for {c.waits_for}" for c in self.coros if not c.done and c.waits_for]
        return lines


class Cpu:
    """A model CPU: its own time, the interrupts that wait for it, and the context that runs on it.

    ``preempt`` holds the nesting counts of Linux's preempt_count; :mod:`pymodel.linux` gives them meaning.
    ``do_irq(vector)`` and ``irq_exit()`` are hooks set by the interrupt layer.
    """

    def __init__(self, sched: Scheduler, cpu_id: int) -> None:
        self.sched = sched
        self.id = cpu_id
        self.time = 0  # ps; may run ahead of sched.now by up to the quantum
        self.irqs: deque[tuple[int, int]] = deque()  # (irq, time ps at which it was raised)
        self.irqs_disabled = 0
        self.hardirq = 0
        self.softirq = 0
        self.bh_disabled = 0
        self.preempt_disabled = 0
        self.softirq_pending = 0
        self.do_irq: Callable[[int], object] | None = None
        self.runqueue: deque[Task] = deque()
        self.tasks: set[Task] = set()
        self.task: Task | None = None
        self.waits_for = ""
        self._idle_ps = 0  # of ``time``: what no charge has spent
        self._horizon = 0
        self._waiter: greenlet | None = None
        self._wake: Timer | None = None
        self._interruptible = False  # the wait may end early for an interrupt
        self._idle = greenlet(self._idle_loop)
        self._started = False

    # -- run by kernel code on this CPU --------------------------------------------------------------------
    def charge(self, ns: int) -> None:
        """Spend ``ns`` of this CPU's time. A scheduling point: interrupts may be taken in it."""
        if self.irqs and not self.irqs_disabled and not self.hardirq:
            self.take_irqs()
        self.time = time = self.time + ns * PS_PER_NS
        if time > self._horizon:
            self._catch_up()

    @property
    def busy_ps(self) -> int:
        """Simulated time spent in charges."""
        return self.time - self._idle_ps

    def _idle_until(self, time: int) -> None:
        if time > self.time:
            self._idle_ps += time - self.time
            self.time = time

    def _catch_up(self) -> None:
        """Wait until simulated time has reached this CPU's, within the quantum; interrupts that come meanwhile
        are taken when they come, and what was left of the charge follows them."""
        sched = self.sched
        while self.time > self._horizon:
            self._wait("time", until=self.time, interruptible=not (self.irqs_disabled or self.hardirq))
            if self.irqs and not self.irqs_disabled and not self.hardirq:
                rest = max(0, self.time - sched.now)
                self.time -= rest
                self.take_irqs()
                self.time += rest

    def block(self, why: str) -> None:
        """Stall the CPU (not only the task) until :meth:`unblock`: a register read in flight, a spinning lock."""
        self._wait(why, until=None, interruptible=False)

    def sync(self) -> None:
        """Wait until simulated time has caught up with this CPU exactly (before it looks at the device)."""
        while self.time > self.sched.now:
            self._wait("time", until=self.time, interruptible=False)

    def _wait(self, why: str, until: int | None, interruptible: bool) -> None:
        sched = self.sched
        assert sched.cpu is self, "kernel code waits outside its own CPU"
        self._waiter = getcurrent()
        self._interruptible = interruptible
        self.waits_for = why
        if until is not None:
            self._wake = sched.call_at(until, self._resume)
        hub = sched._hub
        assert hub is not None
        hub.switch()
        self.waits_for = ""

    # -- run in the hub -----------------------------------------------------------------------------------
    def _resume(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        waiter, self._waiter = self._waiter, None
        assert waiter is not None, f"cpu{self.id} resumed, but nothing waits on it"
        sched = self.sched
        self._horizon = sched.now + sched.quantum
        sched.cpu = self
        try:
            waiter.switch()
        finally:
            sched.cpu = None

    def unblock(self) -> None:
        """End :meth:`block`; the CPU's time moves to now. Called in the hub."""
        self._idle_until(self.sched.now)
        self._resume()

    def raise_irq(self, irq: int, time: int | None = None) -> None:
        """An interrupt for this CPU, raised at ``time`` ps (now by default). From the hub or from any CPU."""
        sched = self.sched
        self.irqs.append((irq, sched.local_now if time is None else time))
        if sched.cpu is self:
            return  # taken at its next scheduling point
        self.kick()

    def kick(self) -> None:
        """Make an idle CPU look for work, or one that only lets time pass take its interrupts."""
        self.start()
        if self._waiter is not None and self._interruptible and self.sched.cpu is not self:
            if self._wake is None or self._wake.time > self.sched.now:
                if self._wake is not None:
                    self._wake.cancel()
                self._wake = self.sched.call_at(self.sched.now, self._resume)

    def start(self) -> None:
        if not self._started:
            self._started = True
            self._waiter = self._idle
            self._wake = self.sched.call_at(self.sched.now, self._resume)

    # -- contexts -----------------------------------------------------------------------------------------
    def take_irqs(self) -> None:
        """Take the interrupts that wait, on the stack of the running context."""
        do_irq = self.do_irq
        assert do_irq is not None, "no interrupt layer"
        while self.irqs and not self.irqs_disabled and not self.hardirq:
            irq, raised = self.irqs.popleft()
            self._idle_until(raised)
            do_irq(irq)

    def _idle_loop(self, *_: object) -> None:
        sched = self.sched
        while True:
            try:
                self._idle_until(sched.now)
                if self.irqs:
                    self.take_irqs()
                if self.runqueue:
                    self._run_next_task()
                elif not self.irqs:
                    self._wait("", until=None, interruptible=True)
                if self.time > self._horizon:
                    self._catch_up()
            except GreenletExit:
                return
            except BaseException as exc:
                if sched.failure is None:
                    sched.failure = exc
                self._wait("nothing: its kernel code died", until=None, interruptible=False)

    def _run_next_task(self) -> None:
        task = self.runqueue.popleft()
        self.task = task
        task.greenlet.parent = getcurrent()
        task.greenlet.switch()
        self.task = None

    def where(self) -> str:
        """The kind of context that runs: for reports."""
        if self.hardirq:
            return "hardirq"
        if self.softirq:
            return "softirq"
        return f"task {self.task.name}" if self.task else "idle"


class Task:
    """Process context: kernel code that may sleep. Runs on one CPU until it sleeps or returns."""

    def __init__(self, cpu: Cpu, fn: Callable[..., Any], args: tuple[Any, ...], name: str) -> None:
        self.cpu = cpu
        self.name = name
        self.result: Any = None
        self.exception: BaseException | None = None
        self.done = False
        self.awaited = False
        self.waits_for = ""
        self.queued = False
        self.wake_pending = False
        self.should_stop = False  # somebody waits for its end: kthread_stop()
        self.on_done: list[Callable[[], object]] = []
        self.greenlet = greenlet(self._run)
        self._fn = fn
        self._args = args
        cpu.tasks.add(self)
        self.wake()

    def _run(self, *_: object) -> None:
        try:
            self.result = self._fn(*self._args)
        except BaseException as exc:  # handed to whoever awaits the task, else it ends the run
            self.exception = exc
            if not self.awaited:
                self.cpu.sched.failure = self.cpu.sched.failure or exc
        self.done = True
        self.cpu.tasks.discard(self)
        for fn in self.on_done:
            self.cpu.sched.call_at(self.cpu.time, fn)

    def sleep(self, why: str, until: int | None = None) -> None:
        """Give up the CPU until :meth:`wake` or until ``until`` ps. Run by the task itself.

        A wake-up that came since the last sleep makes this return at once (no lost wake-up).
        """
        cpu = self.cpu
        if self.wake_pending:
            self.wake_pending = False
            return
        timer = cpu.sched.call_at(until, self.wake) if until is not None else None
        self.waits_for = why
        parent = self.greenlet.parent
        assert parent is not None
        parent.switch()
        self.waits_for = ""
        self.wake_pending = False
        if timer is not None:
            timer.cancel()

    def yield_cpu(self) -> None:
        """Go to the end of the CPU's run queue. Run by the task itself."""
        self.cpu.runqueue.append(self)
        parent = self.greenlet.parent
        assert parent is not None
        parent.switch()

    def wake(self) -> None:
        """Make the task runnable. From any context; waking a task that is not asleep is remembered."""
        if self.done or self.queued_or_running():
            self.wake_pending = True
            return
        self.cpu.runqueue.append(self)
        self.cpu.kick()

    def move(self, cpu: Cpu) -> None:
        """Go to another CPU. Only while it sleeps."""
        assert not self.queued_or_running(), "a task that runs cannot be moved"
        self.cpu.tasks.discard(self)
        self.cpu = cpu
        cpu.tasks.add(self)

    def queued_or_running(self) -> bool:
        return (self.cpu.task is self and not self.waits_for) or self in self.cpu.runqueue

    def __await__(self) -> Generator[Any, Any, Any]:
        self.awaited = True
        if not self.done:
            yield self
        if self.exception is not None:
            raise self.exception
        return self.result

    def arm(self, sched: Scheduler, resume: Callable[[], object]) -> str:
        self.on_done.append(resume)
        return f"task {self.name}"


class Sleep:
    """``await Sleep(ns)``: let simulated time pass in a scenario."""

    def __init__(self, ns: float) -> None:
        self.ps = round(ns * PS_PER_NS)

    def __await__(self) -> Generator[Any, Any, None]:
        yield self

    def arm(self, sched: Scheduler, resume: Callable[[], object]) -> str:
        sched.call_at(sched.now + self.ps, resume)
        return f"{self.ps / PS_PER_NS:g} ns to pass"


class Until:
    """``await Until()``: until somebody calls :meth:`set`. Kernel code and scenarios alike may set it."""

    def __init__(self, why: str = "an event") -> None:
        self.why = why
        self.is_set = False
        self._resume: list[tuple[Scheduler, Callable[[], object]]] = []

    def set(self) -> None:
        self.is_set = True
        waiting, self._resume = self._resume, []
        for sched, resume in waiting:
            sched.call_at(sched.local_now, resume)

    def clear(self) -> None:
        self.is_set = False

    def __await__(self) -> Generator[Any, Any, None]:
        if not self.is_set:
            yield self

    def arm(self, sched: Scheduler, resume: Callable[[], object]) -> str:
        self._resume.append((sched, resume))
        return self.why


class Coro:
    """A scenario's coroutine under way; awaiting it gives its result."""

    def __init__(self, sched: Scheduler, coro: Coroutine[Any, Any, Any], name: str) -> None:
        self.sched = sched
        self.name = name
        self.done = False
        self.result: Any = None
        self.exception: BaseException | None = None
        self.awaited = False
        self.waits_for = ""
        self._coro = coro
        self._on_done: list[Callable[[], object]] = []

    def _step(self) -> None:
        if self.done:
            return
        try:
            request = self._coro.send(None)
        except StopIteration as stop:
            self._finish(stop.value, None)
        except BaseException as exc:
            self._finish(None, exc)
        else:
            self.waits_for = request.arm(self.sched, self._step)

    def _finish(self, result: Any, exc: BaseException | None) -> None:
        self.done, self.result, self.exception = True, result, exc
        if exc is not None and not self.awaited:
            self.sched.failure = self.sched.failure or exc
        for fn in self._on_done:
            self.sched.call_at(self.sched.now, fn)

    def cancel(self) -> None:
        """Stop the coroutine where it stands; its ``finally`` clauses run."""
        if not self.done:
            self.done = True
            self._coro.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        self.awaited = True
        if not self.done:
            yield self
        if self.exception is not None:
            raise self.exception
        return self.result

    def arm(self, sched: Scheduler, resume: Callable[[], object]) -> str:
        self._on_done.append(resume)
        return f"scenario part {self.name}"
