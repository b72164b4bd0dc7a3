# SPDX-License-Identifier: Apache-2.0
"""Time: jiffies, delays, sleeping and timers, all on simulated time. High-resolution timers: hrtimer.py.

HZ is 250, so a jiffy is 4 ms of simulated time: prefer ``usleep_range`` and hrtimers in drivers that a simulator
has to wait for. There is no periodic tick: a timer's expiry raises the local timer interrupt on its CPU. Timers expire
where the kernel's timer wheel has them expire: in the jiffy after the one asked for, and on multiples of 8, 64, ...
jiffies when they are more than 63, 504, ... away. Source: kernel/time/timer.c, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import PS_PER_NS, Cpu, Timer
from pymodel.linux.bug import BUG, WARN, Lockup, Site, caller, site_str
from pymodel.linux.sched import might_sleep, schedule, sleep_until, wait_queue_head_t

__all__ = [
    "HZ", "MAX_SCHEDULE_TIMEOUT", "NSEC_PER_MSEC", "NSEC_PER_SEC", "NSEC_PER_USEC", "USEC_PER_SEC", "TimeState",
    "add_timer", "add_timer_on", "del_timer", "del_timer_sync", "fsleep", "jiffies", "jiffies_to_msecs",
    "jiffies_to_usecs", "ktime_add_ns", "ktime_get", "ktime_get_ns", "ktime_sub", "ktime_to_ns", "ktime_to_us",
    "mdelay", "mod_timer", "mod_timer_pending", "ms_to_ktime", "msecs_to_jiffies", "msleep", "msleep_interruptible",
    "ndelay", "ns_to_ktime", "round_jiffies", "schedule_timeout", "schedule_timeout_interruptible",
    "schedule_timeout_uninterruptible", "sleep_ns", "time_after", "time_after_eq", "time_before", "time_before_eq",
    "timer_delete", "timer_delete_sync", "timer_leaks", "timer_list", "timer_pending", "timer_reduce", "timer_setup",
    "timer_shutdown", "timer_shutdown_sync", "try_to_del_timer_sync", "udelay", "us_to_ktime", "usecs_to_jiffies",
    "usleep_range", "wait_event_timeout",
]

HZ = 250
NSEC_PER_SEC = 1_000_000_000
NSEC_PER_MSEC = 1_000_000
NSEC_PER_USEC = 1000
USEC_PER_SEC = 1_000_000
JIFFY_PS = 1_000_000_000_000 // HZ
MAX_SCHEDULE_TIMEOUT = (1 << 63) - 1
LOCAL_TIMER_VECTOR = -1
_LVL_CLK_SHIFT = 3
_WHEEL_CUTOFF = (63 << 8 * _LVL_CLK_SHIFT) - 1


class TimeState:
    __slots__ = ("armed", "expired", "expired_hr", "expired_soft")

    def __init__(self, n_cpus: int) -> None:
        self.armed: set[Any] = set()  # timers and hrtimers
        self.expired: list[list[timer_list]] = [[] for _ in range(n_cpus)]
        self.expired_hr: list[list[Any]] = [[] for _ in range(n_cpus)]
        self.expired_soft: list[list[Any]] = [[] for _ in range(n_cpus)]


def wheel_expiry(expires: int, now: int) -> int:
    """The jiffy in which the wheel lets a timer expire that is armed at ``now``. Source: calc_wheel_index()."""
    delta = expires - now
    if delta < 0:
        return now + 1
    delta = min(delta, _WHEEL_CUTOFF)
    shift = 0
    while delta >= 63 << shift:
        shift += _LVL_CLK_SHIFT
    return (now + delta >> shift) + 1 << shift


# -- reading -------------------------------------------------------------------------------------------------
def jiffies() -> int:
    """The jiffies counter, from 0 at boot. A function, where C has a variable."""
    return here.sched.local_now // JIFFY_PS


def ktime_get_ns() -> int:
    """Monotonic time in ns."""
    return here.sched.local_now // PS_PER_NS


ktime_get = ktime_get_ns


def ktime_add_ns(kt: int, nsval: int) -> int:
    return kt + nsval


def ktime_sub(lhs: int, rhs: int) -> int:
    return lhs - rhs


def ktime_to_ns(kt: int) -> int:
    """A ktime_t is an int, in ns."""
    return kt


def ktime_to_us(kt: int) -> int:
    return kt // 1000


ns_to_ktime = ktime_to_ns


def us_to_ktime(us: int) -> int:
    return us * 1000


def ms_to_ktime(ms: int) -> int:
    return ms * 1_000_000


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
    return _sleep(timeout, "a wake-up" if timeout == MAX_SCHEDULE_TIMEOUT else f"{timeout} jiffies to pass")


def _sleep(timeout: int, what: str) -> int:
    """schedule_timeout() of a task that waits for ``what``."""
    if timeout == MAX_SCHEDULE_TIMEOUT:
        schedule(what)
        return timeout
    now = jiffies()
    end = now + timeout
    schedule(what, wheel_expiry(end, now) * JIFFY_PS)
    return max(0, end - jiffies())


schedule_timeout_interruptible = schedule_timeout  # nobody sends signals
schedule_timeout_uninterruptible = schedule_timeout


def msleep(msecs: int) -> None:
    """Sleep for at least ``msecs`` ms, on whole jiffies."""
    might_sleep(caller())
    timeout = msecs_to_jiffies(msecs)
    while timeout:
        timeout = schedule_timeout(timeout)


def msleep_interruptible(msecs: int) -> int:
    """msleep() that a signal would end: the ms that were left, always 0."""
    might_sleep(caller())
    msleep(msecs)
    return 0


def wait_event_timeout(wq: wait_queue_head_t, condition: Callable[[], Any], timeout: int) -> int:
    """wait_event() that ends after ``timeout`` jiffies: 0 where the condition is still false then, else the jiffies
    that are left, at least 1.
    """
    might_sleep(caller())
    task = this_cpu().task
    assert task is not None
    while True:
        if condition():
            return max(1, timeout)
        if not timeout:
            return 0
        wq.tasks.append(task)
        timeout = _sleep(timeout, wq.name)
        if task in wq.tasks:
            wq.tasks.remove(task)


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
    """Make it ready, not armed. ``flags`` (TIMER_*) change nothing here."""
    timer.function = callback
    timer.shut = False


def timer_pending(timer: timer_list) -> bool:
    return timer.queued or (timer._timer is not None and timer._timer.pending)


def mod_timer(timer: timer_list, expires: int) -> int:
    """(Re)arm for ``expires`` jiffies. 1 where it was armed already, else 0."""
    return _arm(timer, expires, caller())


def mod_timer_pending(timer: timer_list, expires: int) -> int:
    """mod_timer() only where it is armed."""
    return _arm(timer, expires, caller()) if timer_pending(timer) else 0


def timer_reduce(timer: timer_list, expires: int) -> int:
    """mod_timer() that never makes it later."""
    if timer_pending(timer) and timer.expires <= expires:
        return 1
    return _arm(timer, expires, caller())


def add_timer(timer: timer_list) -> None:
    """Arm for ``timer.expires``; it must not be armed."""
    site = caller()
    if timer_pending(timer):
        WARN("add_timer() of a timer that is armed", site_str(site))
        return
    _arm(timer, timer.expires, site)


def add_timer_on(timer: timer_list, cpu: int) -> None:
    """add_timer() on another CPU."""
    site = caller()
    if timer_pending(timer):
        WARN("add_timer_on() of a timer that is armed", site_str(site))
        return
    _arm(timer, timer.expires, site, here.sched.cpus[cpu])


def _arm(timer: timer_list, expires: int, site: Site, cpu: Cpu | None = None) -> int:
    if timer.shut or timer.function is None:
        return 0
    was = _disarm(timer)
    cpu = cpu or this_cpu()
    timer.expires = expires
    timer.cpu = cpu
    timer.site = site
    here.state["time"].armed.add(timer)
    due = wheel_expiry(expires, jiffies()) * JIFFY_PS
    timer._timer = here.sched.call_at(due, _timer_expired, timer)
    return was


def _disarm(timer: timer_list) -> int:
    was = timer_pending(timer)
    if timer._timer is not None:
        timer._timer.cancel()
        timer._timer = None
    if timer.queued and timer.cpu is not None:
        here.state["time"].expired[timer.cpu.id].remove(timer)
        timer.queued = False
    here.state["time"].armed.discard(timer)
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
            raise Lockup("timer_delete_sync() from the timer's own function", site_str(caller()))
        cpu.charge(100)
        cpu.sync()
        was |= _disarm(timer)
    return was


def try_to_del_timer_sync(timer: timer_list) -> int:
    """Disarm: 1 where it was armed, 0 where not; -1, and nothing done, where its function runs."""
    return -1 if timer.running else _disarm(timer)


def timer_shutdown(timer: timer_list) -> int:
    """timer_delete(), after which it cannot be armed again."""
    timer.shut = True
    return _disarm(timer)


def timer_shutdown_sync(timer: timer_list) -> int:
    """timer_delete_sync(), after which it cannot be armed again."""
    timer.shut = True
    return timer_delete_sync(timer)


del_timer = timer_delete
del_timer_sync = timer_delete_sync


def _timer_expired(timer: timer_list) -> None:
    assert timer.cpu is not None
    timer.queued = True
    here.state["time"].expired[timer.cpu.id].append(timer)
    timer.cpu.raise_irq(LOCAL_TIMER_VECTOR)


def run_timer_softirq() -> None:
    state: TimeState = here.state["time"]
    cpu = this_cpu()
    expired = state.expired[cpu.id]
    while expired:
        timer = expired.pop(0)
        timer.queued = False
        state.armed.discard(timer)
        fn = timer.function
        if fn is not None:
            timer.running = True
            depth = cpu.preempt_disabled
            fn(timer)
            if cpu.preempt_disabled != depth:
                BUG(f"timer: {getattr(fn, '__name__', fn)} preempt leak: {depth} -> {cpu.preempt_disabled}")
            timer.running = False


def timer_leaks() -> list[str]:
    """One line for each timer that is still armed."""
    armed: set[Any] = here.state["time"].armed
    return [
        f"{type(t).__name__} of {getattr(t.function, '__name__', t.function)}, armed at {site_str(t.site)}"
        for t in armed
        if not getattr(t.function, "kernel_internal", False)
    ]
