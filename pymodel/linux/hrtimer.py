# SPDX-License-Identifier: Apache-2.0
"""High-resolution timers: functions that run in a hard interrupt (or a softirq) to the ns. And the interrupt itself.

Source: kernel/time/hrtimer.c, include/linux/hrtimer.h, v6.12. Simplified: one clock, monotonic time; no slack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import PS_PER_NS, Cpu, Timer
from pymodel.linux.bug import BUG, Lockup, Site, caller, site_str
from pymodel.linux.softirq import HRTIMER_SOFTIRQ, TIMER_SOFTIRQ, open_softirq
from pymodel.linux.time import LOCAL_TIMER_VECTOR, TimeState, run_timer_softirq

__all__ = [
    "CLOCK_MONOTONIC", "HRTIMER_MODE_ABS", "HRTIMER_MODE_ABS_PINNED", "HRTIMER_MODE_ABS_SOFT", "HRTIMER_MODE_PINNED",
    "HRTIMER_MODE_REL", "HRTIMER_MODE_REL_PINNED", "HRTIMER_MODE_REL_SOFT", "HRTIMER_MODE_SOFT", "HRTIMER_NORESTART",
    "HRTIMER_RESTART", "hrtimer", "hrtimer_active", "hrtimer_callback_running", "hrtimer_cancel", "hrtimer_forward",
    "hrtimer_forward_now", "hrtimer_get_remaining", "hrtimer_init", "hrtimer_is_queued", "hrtimer_restart",
    "hrtimer_start", "hrtimer_start_range_ns", "hrtimer_try_to_cancel",
]

CLOCK_MONOTONIC = 1

HRTIMER_NORESTART = 0
HRTIMER_RESTART = 1

HRTIMER_MODE_ABS = 0
HRTIMER_MODE_REL = 1
HRTIMER_MODE_PINNED = 2
HRTIMER_MODE_SOFT = 4
HRTIMER_MODE_ABS_PINNED = HRTIMER_MODE_ABS | HRTIMER_MODE_PINNED
HRTIMER_MODE_REL_PINNED = HRTIMER_MODE_REL | HRTIMER_MODE_PINNED
HRTIMER_MODE_ABS_SOFT = HRTIMER_MODE_ABS | HRTIMER_MODE_SOFT
HRTIMER_MODE_REL_SOFT = HRTIMER_MODE_REL | HRTIMER_MODE_SOFT


class hrtimer:
    """``function(timer)`` runs in a hard interrupt on the CPU that armed it, and returns HRTIMER_NORESTART or, having
    moved the expiry, HRTIMER_RESTART.
    """

    __slots__ = ("_timer", "container", "cpu", "expires_ps", "function", "is_soft", "queued", "running", "site")

    def __init__(self, function: Callable[[hrtimer], int] | None = None, container: Any = None) -> None:
        self.function = function
        self.container = container
        self.expires_ps = 0
        self.cpu: Cpu | None = None
        self.is_soft = False
        self.queued = False  # armed, or waits for its CPU
        self.running = False
        self.site: Site | None = None
        self._timer: Timer | None = None


def time_init() -> None:
    """Boot: timers and their interrupt."""
    m = here.machine
    m.state["time"] = TimeState(len(m.sched.cpus))
    m.state["irq"].vectors[LOCAL_TIMER_VECTOR] = _local_timer_interrupt
    open_softirq(TIMER_SOFTIRQ, run_timer_softirq)
    open_softirq(HRTIMER_SOFTIRQ, _run_hrtimer_softirq)


def hrtimer_init(timer: hrtimer, clock_id: int, mode: int) -> None:
    """Make it ready. ``mode`` with HRTIMER_MODE_SOFT: its function runs in HRTIMER_SOFTIRQ."""
    timer.__init__(timer.function, timer.container)  # type: ignore[misc]
    timer.is_soft = bool(mode & HRTIMER_MODE_SOFT)


def hrtimer_start(timer: hrtimer, tim: int, mode: int) -> None:
    """(Re)arm for ``tim`` ns from now, or for ktime_get() of ``tim`` (HRTIMER_MODE_ABS)."""
    _start(timer, tim, mode, caller())


def hrtimer_start_range_ns(timer: hrtimer, tim: int, range_ns: int, mode: int) -> None:
    """hrtimer_start() that may be up to ``range_ns`` late: never is."""
    _start(timer, tim, mode, caller())


def _start(timer: hrtimer, tim: int, mode: int, site: Site) -> None:
    if timer.queued:
        _dequeue(timer)
    cpu = timer.cpu = this_cpu()
    timer.site = site
    timer.expires_ps = tim * PS_PER_NS + (cpu.time if mode & HRTIMER_MODE_REL else 0)
    _arm(timer)


def hrtimer_restart(timer: hrtimer) -> None:
    """Arm for the expiry that it has."""
    if timer.queued:
        _dequeue(timer)
    timer.cpu = this_cpu()
    timer.site = caller()
    _arm(timer)


def _arm(timer: hrtimer) -> None:
    m = here.machine
    timer.queued = True
    m.state["time"].armed.add(timer)
    timer._timer = m.sched.call_at(max(timer.expires_ps, m.sched.local_now), _expired, timer)


def _dequeue(timer: hrtimer) -> None:
    state: TimeState = here.state["time"]
    timer.queued = False
    state.armed.discard(timer)
    if timer._timer is not None:
        timer._timer.cancel()
        timer._timer = None
    assert timer.cpu is not None
    for waiting in (state.expired_hr[timer.cpu.id], state.expired_soft[timer.cpu.id]):
        if timer in waiting:
            waiting.remove(timer)


def _expired(timer: hrtimer) -> None:
    assert timer.cpu is not None
    here.state["time"].expired_hr[timer.cpu.id].append(timer)
    timer.cpu.raise_irq(LOCAL_TIMER_VECTOR)


def _local_timer_interrupt(cpu: Cpu) -> None:
    """hrtimer_interrupt() and the tick: functions of hrtimers run here, those of timers in their softirq."""
    state: TimeState = here.state["time"]
    expired = state.expired_hr[cpu.id]
    while expired:
        timer = expired.pop(0)
        if timer.is_soft:
            state.expired_soft[cpu.id].append(timer)
            cpu.softirq_pending |= 1 << HRTIMER_SOFTIRQ
        else:
            _run(state, timer)
    if state.expired[cpu.id]:
        cpu.softirq_pending |= 1 << TIMER_SOFTIRQ


def _run_hrtimer_softirq() -> None:
    state: TimeState = here.state["time"]
    expired = state.expired_soft[this_cpu().id]
    while expired:
        _run(state, expired.pop(0))


def _run(state: TimeState, timer: hrtimer) -> None:
    timer._timer = None
    timer.queued = False
    state.armed.discard(timer)
    fn = timer.function
    if fn is None:
        BUG("an hrtimer without a function expired", site_str(timer.site))
    timer.running = True
    restart = fn(timer)
    timer.running = False
    if restart == HRTIMER_RESTART and not timer.queued:
        _arm(timer)


def hrtimer_forward(timer: hrtimer, now: int, interval: int) -> int:
    """Move the expiry by whole intervals (ns) past ``now``; how many."""
    step = interval * PS_PER_NS
    late = now * PS_PER_NS - timer.expires_ps
    if late < 0:
        return 0
    n = late // step + 1
    timer.expires_ps += n * step
    return n


def hrtimer_forward_now(timer: hrtimer, interval: int) -> int:
    return hrtimer_forward(timer, here.sched.local_now // PS_PER_NS, interval)


def hrtimer_get_remaining(timer: hrtimer) -> int:
    """ns until it expires; negative where it should have."""
    return (timer.expires_ps - here.sched.local_now) // PS_PER_NS


def hrtimer_is_queued(timer: hrtimer) -> bool:
    """Whether it is armed."""
    return timer.queued


def hrtimer_callback_running(timer: hrtimer) -> bool:
    return timer.running


def hrtimer_active(timer: hrtimer) -> bool:
    """Whether it is armed, or its function runs."""
    return timer.queued or timer.running


def hrtimer_try_to_cancel(timer: hrtimer) -> int:
    """1 where it was armed, 0 where not, -1 where its function runs."""
    if timer.running:
        return -1
    if not timer.queued:
        return 0
    _dequeue(timer)
    return 1


def hrtimer_cancel(timer: hrtimer) -> int:
    """Disarm, and wait until its function does not run. 1 where it was armed. Lockup in the function itself."""
    cpu = this_cpu()
    while (ret := hrtimer_try_to_cancel(timer)) < 0:
        if timer.cpu is cpu:
            raise Lockup("hrtimer_cancel() from the timer's own function", site_str(caller()))
        cpu.charge(100)
        cpu.sync()
    return ret
