# SPDX-License-Identifier: Apache-2.0
"""Time: jiffies, delays, sleeping, timers and high-resolution timers, all on simulated time.

HZ is 250, so a jiffy is 4 ms of simulated time: prefer ``usleep_range`` and hrtimers in drivers that a simulator
has to wait for. There is no periodic tick: a timer's expiry raises the local timer interrupt on its CPU. Source:
kernel/time/, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.hw.access import machine, this_cpu
from pymodel.hw.contexts import PS_PER_NS, Cpu, Timer
from pymodel.linux.bug import Site, caller, site_str
from pymodel.linux.sched import might_sleep, schedule, sleep_until
from pymodel.linux.softirq import TIMER_SOFTIRQ, open_softirq

__all__ = [
    "HRTIMER_MODE_REL", "HRTIMER_MODE_REL_PINNED", "HRTIMER_NORESTART", "HRTIMER_RESTART", "HZ",
    "MAX_SCHEDULE_TIMEOUT", "NSEC_PER_SEC", "TimeState", "add_timer", "del_timer", "del_timer_sync", "fsleep",
    "hrtimer", "hrtimer_active", "hrtimer_cancel", "hrtimer_forward_now", "hrtimer_init", "hrtimer_start",
    "hrtimer_try_to_cancel", "jiffies", "jiffies_to_msecs", "jiffies_to_usecs", "ktime_get", "ktime_get_ns", "mdelay",
    "mod_timer", "msecs_to_jiffies", "msleep", "ndelay", "round_jiffies", "schedule_timeout", "sleep_ns",
    "time_after", "time_after_eq", "time_before", "time_before_eq", "timer_delete", "timer_delete_sync",
    "timer_leaks", "timer_list", "timer_pending", "timer_setup", "timer_shutdown_sync", "udelay", "usecs_to_jiffies",
    "usleep_range",
]

HZ = 250
NSEC_PER_SEC = 1_000_000_000
JIFFY_PS = 1_000_000_000_000 // HZ
MAX_SCHEDULE_TIMEOUT = (1 << 63) - 1
LOCAL_TIMER_VECTOR = -1


class TimeState:
    __slots__ = ("armed", "expired", "expired_hr")

    def __init__(self, n_cpus: int) -> None:
        self.armed: set[timer_list | hrtimer] = set()
        self.expired: list[list[timer_list]] = [[] for _ in range(n_cpus)]
        self.expired_hr: list[list[hrtimer]] = [[] for _ in range(n_cpus)]


def time_init() -> None:
    m = machine()
    m.state["time"] = TimeState(len(m.sched.cpus))
    m.state["irq"].vectors[LOCAL_TIMER_VECTOR] = _local_timer_interrupt
    open_softirq(TIMER_SOFTIRQ, _run_timer_softirq)


# -- reading -------------------------------------------------------------------------------------------------
def jiffies() -> int:
    """The jiffies counter, from 0 at boot. A function, where C has a variable."""
    return machine().sched.local_now // JIFFY_PS


def ktime_get_ns() -> int:
    """Monotonic time in ns."""
    return machine().sched.local_now // PS_PER_NS


ktime_get = ktime_get_ns


def msecs_to_jiffies(m: int) -> int:
    """Rounded up. Negative means forever."""
    return MAX_SCHEDULE_TIMEOUT if m < 0 else (m * HZ + 999) // 1000


def usecs_to_jiffies(u: int) -> int:
    return (u * HZ + 999_999) // 1_000_000


def jiffies_to_msecs(j: int) -> int:
    return j * 1000 // HZ


def jiffies_to_usecs(j: int) -> int:
    return j * 1_000_000 // HZ


def round_jiffies(j: int) -> int:
    """Up or down to a whole second, as a CPU does; simplified: no skew between CPUs."""
    rem = j % HZ
    rounded = j - rem if rem < HZ // 4 else j - rem + HZ
    return rounded if rounded > jiffies() else j


def time_after(a: int, b: int) -> bool:
    return a > b


def time_before(a: int, b: int) -> bool:
    return a < b


def time_after_eq(a: int, b: int) -> bool:
    return a >= b


def time_before_eq(a: int, b: int) -> bool:
    return a <= b


# -- waiting -------------------------------------------------------------------------------------------------
def ndelay(nsecs: int) -> None:
    """Busy for so long; interrupts are taken."""
    this_cpu().charge(nsecs)


def udelay(usecs: int) -> None:
    this_cpu().charge(usecs * 1000)


def mdelay(msecs: int) -> None:
    this_cpu().charge(msecs * 1_000_000)


def schedule_timeout(timeout: int) -> int:
    """Sleep up to ``timeout`` jiffies, or until woken; the jiffies that were left."""
    end = jiffies() + timeout
    if timeout == MAX_SCHEDULE_TIMEOUT:
        schedule("a wake-up")
        return timeout
    schedule(f"{timeout} jiffies to pass", end * JIFFY_PS)
    return max(0, end - jiffies())


def msleep(msecs: int) -> None:
    """Sleep for at least ``msecs`` ms, on whole jiffies."""
    might_sleep(caller())
    sleep_until((jiffies() + msecs_to_jiffies(msecs) + 1) * JIFFY_PS, f"msleep({msecs})")


def usleep_range(min: int, max: int) -> None:
    """Sleep for ``min`` to ``max`` µs; here always ``min``."""
    might_sleep(caller())
    sleep_until(this_cpu().time + min * 1000 * PS_PER_NS, f"usleep_range({min}, {max})")


def fsleep(usecs: int) -> None:
    """udelay(), usleep_range() or msleep(), whichever suits."""
    if usecs <= 10:
        udelay(usecs)
    elif usecs <= 20_000:
        usleep_range(usecs, 2 * usecs)
    else:
        msleep(-(-usecs // 1000))


def sleep_ns(nsecs: int) -> None:
    """Sleep for ``nsecs`` ns. Not Linux's: nanosleep() as a program would call it."""
    might_sleep(caller())
    sleep_until(this_cpu().time + nsecs * PS_PER_NS, f"sleep_ns({nsecs})")


# -- timers --------------------------------------------------------------------------------------------------
class timer_list:
    """``function(timer)`` runs in TIMER_SOFTIRQ of the CPU that armed it, at ``expires`` jiffies or soon after."""

    __slots__ = ("_timer", "container", "cpu", "expires", "function", "queued", "running", "shut", "site")

    def __init__(self, function: Callable[[timer_list], object] | None = None, container: Any = None) -> None:
        self.function = function
        self.container = container
        self.expires = 0
        self.cpu: Cpu | None = None
        self.running = False
        self.shut = False
        self.queued = False  # expired, and waits for the softirq
        self.site: Site | None = None
        self._timer: Timer | None = None


def timer_setup(timer: timer_list, callback: Callable[[timer_list], object], flags: int) -> None:
    timer.function = callback


def timer_pending(timer: timer_list) -> bool:
    return timer.queued or (timer._timer is not None and timer._timer.pending)


def mod_timer(timer: timer_list, expires: int) -> int:
    """(Re)arm for ``expires`` jiffies. 1 where it was armed already, else 0."""
    return _arm(timer, expires, caller())


def add_timer(timer: timer_list) -> None:
    _arm(timer, timer.expires, caller())


def _arm(timer: timer_list, expires: int, site: Site) -> int:
    if timer.shut or timer.function is None:
        return 0
    was = _disarm(timer)
    cpu = this_cpu()
    timer.expires = expires
    timer.cpu = cpu
    timer.site = site
    machine().state["time"].armed.add(timer)
    due = max(expires, jiffies() + (0 if expires > jiffies() else 1)) * JIFFY_PS
    timer._timer = machine().sched.call_at(due, _timer_expired, timer)
    return was


def _disarm(timer: timer_list) -> int:
    was = timer_pending(timer)
    if timer._timer is not None:
        timer._timer.cancel()
        timer._timer = None
    if timer.queued and timer.cpu is not None:
        machine().state["time"].expired[timer.cpu.id].remove(timer)
        timer.queued = False
    machine().state["time"].armed.discard(timer)
    return int(was)


def timer_delete(timer: timer_list) -> int:
    """Disarm; its function may still run on another CPU. 1 where it was armed."""
    return _disarm(timer)


def timer_delete_sync(timer: timer_list) -> int:
    """Disarm, and wait until its function does not run."""
    was = _disarm(timer)
    cpu = this_cpu()
    while timer.running:
        if timer.cpu is cpu:
            from pymodel.linux.bug import Lockup

            raise Lockup("timer_delete_sync() from the timer's own function", site_str(caller()))
        cpu.charge(100)
        cpu.sync()
        was |= _disarm(timer)
    return was


def timer_shutdown_sync(timer: timer_list) -> int:
    """timer_delete_sync(), after which it cannot be armed again."""
    timer.shut = True
    return timer_delete_sync(timer)


del_timer = timer_delete
del_timer_sync = timer_delete_sync


def _timer_expired(timer: timer_list) -> None:
    assert timer.cpu is not None
    timer.queued = True
    machine().state["time"].expired[timer.cpu.id].append(timer)
    timer.cpu.raise_irq(LOCAL_TIMER_VECTOR)


def _local_timer_interrupt(cpu: Cpu) -> None:
    state: TimeState = machine().state["time"]
    expired, state.expired_hr[cpu.id] = state.expired_hr[cpu.id], []
    for timer in expired:
        _run_hrtimer(state, timer, cpu)
    if state.expired[cpu.id]:
        cpu.softirq_pending |= 1 << TIMER_SOFTIRQ


def _run_timer_softirq() -> None:
    state: TimeState = machine().state["time"]
    expired = state.expired[this_cpu().id]
    while expired:
        timer = expired.pop(0)
        timer.queued = False
        state.armed.discard(timer)
        fn = timer.function
        if fn is not None:
            timer.running = True
            fn(timer)
            timer.running = False


# -- high-resolution timers ----------------------------------------------------------------------------------
HRTIMER_NORESTART = 0
HRTIMER_RESTART = 1
HRTIMER_MODE_REL = 1
HRTIMER_MODE_REL_PINNED = 3


class hrtimer:
    """``function(timer)`` runs in a hard interrupt and returns HRTIMER_NORESTART or, having moved the expiry,
    HRTIMER_RESTART.
    """

    __slots__ = ("_timer", "container", "cpu", "expires_ps", "function", "running", "site")

    def __init__(self, function: Callable[[hrtimer], int] | None = None, container: Any = None) -> None:
        self.function = function
        self.container = container
        self.expires_ps = 0
        self.cpu: Cpu | None = None
        self.running = False
        self.site: Site | None = None
        self._timer: Timer | None = None


def hrtimer_init(timer: hrtimer, clock_id: int, mode: int) -> None:
    """Monotonic time is the only clock."""
    timer.__init__(timer.function, timer.container)  # type: ignore[misc]


def hrtimer_start(timer: hrtimer, tim: int, mode: int) -> None:
    """(Re)arm for ``tim`` ns from now."""
    hrtimer_try_to_cancel(timer)
    cpu = this_cpu()
    timer.cpu = cpu
    timer.site = caller()
    timer.expires_ps = cpu.time + tim * PS_PER_NS
    _hr_arm(timer)


def _hr_arm(timer: hrtimer) -> None:
    m = machine()
    m.state["time"].armed.add(timer)
    timer._timer = m.sched.call_at(timer.expires_ps, _hr_expired, timer)


def _hr_expired(timer: hrtimer) -> None:
    assert timer.cpu is not None
    machine().state["time"].expired_hr[timer.cpu.id].append(timer)
    timer.cpu.raise_irq(LOCAL_TIMER_VECTOR)


def _run_hrtimer(state: TimeState, timer: hrtimer, cpu: Cpu) -> None:
    timer._timer = None
    state.armed.discard(timer)
    assert timer.function is not None
    timer.running = True
    restart = timer.function(timer)
    timer.running = False
    if restart == HRTIMER_RESTART:
        _hr_arm(timer)


def hrtimer_forward_now(timer: hrtimer, interval: int) -> int:
    """Move the expiry by whole intervals (ns) past now; how many."""
    step = interval * PS_PER_NS
    now = machine().sched.local_now
    if now < timer.expires_ps:
        return 0
    n = (now - timer.expires_ps) // step + 1
    timer.expires_ps += n * step
    return n


def hrtimer_try_to_cancel(timer: hrtimer) -> int:
    """1 where it was armed, 0 where not, -1 where its function runs."""
    state: TimeState = machine().state["time"]
    if timer.running:
        return -1
    was = timer in state.armed
    state.armed.discard(timer)
    if timer._timer is not None:
        timer._timer.cancel()
        timer._timer = None
    if timer.cpu is not None and timer in state.expired_hr[timer.cpu.id]:
        state.expired_hr[timer.cpu.id].remove(timer)
    return int(was)


def hrtimer_active(timer: hrtimer) -> bool:
    """Whether it is armed, or its function runs."""
    return timer.running or timer in machine().state["time"].armed


def hrtimer_cancel(timer: hrtimer) -> int:
    """Disarm, and wait until its function does not run. 1 where it was armed."""
    cpu = this_cpu()
    while (ret := hrtimer_try_to_cancel(timer)) < 0:
        cpu.charge(100)
        cpu.sync()
    return ret


def timer_leaks() -> list[str]:
    """One line for each timer that is still armed."""
    armed: set[timer_list | hrtimer] = machine().state["time"].armed
    return [
        f"{type(t).__name__} of {getattr(t.function, '__name__', t.function)}, armed at {site_str(t.site)}"
        for t in armed
        if not getattr(t.function, "kernel_internal", False)
    ]
