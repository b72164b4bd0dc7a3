# SPDX-License-Identifier: Apache-2.0
"""NAPI: instances, their states, scheduling and completion. Polling: napi_poll.py, busy_poll.py.

Source: net/core/dev.c, include/linux/netdevice.h, v6.12. Checked always: the budget (NAPI1), completion (NAPI2,
NAPI3, NAPI4, NAPI7), enabling and disabling (NAPI8), interrupts while an instance is polled (NAPI5). The way of a
received packet up to the stack, through GRO: gro.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import Task
from pymodel.linux.bug import BUG, WARN, Lockup, Site, broken_rule, caller, caller_outside, netdev_err, site_str
from pymodel.linux.dropreason import SKB_DROP_REASON_DEV_READY
from pymodel.linux.gro import (
    COMPLETED,
    GRO_HASH_BUCKETS,
    IDLE,
    POLLING,
    gro_drop_held,
    gro_normal_list,
    napi_gro_flush,
)
from pymodel.linux.hrtimer import HRTIMER_MODE_REL_PINNED, HRTIMER_NORESTART, hrtimer, hrtimer_cancel, hrtimer_start
from pymodel.linux.kthread import kthread_stop
from pymodel.linux.netdevice import NETREG_REGISTERED, net_device
from pymodel.linux.sched import might_sleep, sleep_until
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skbuff import sk_buff
from pymodel.linux.softirq import NET_RX_SOFTIRQ, raise_softirq_irqoff

__all__ = [
    "MIN_NAPI_ID", "NAPIF_STATE_DISABLE", "NAPIF_STATE_IN_BUSY_POLL", "NAPIF_STATE_LISTED", "NAPIF_STATE_MISSED",
    "NAPIF_STATE_NO_BUSY_POLL", "NAPIF_STATE_NPSVC", "NAPIF_STATE_PREFER_BUSY_POLL", "NAPIF_STATE_SCHED",
    "NAPIF_STATE_SCHED_THREADED", "NAPIF_STATE_THREADED", "NAPI_POLL_WEIGHT", "NETDEV_QUEUE_TYPE_RX",
    "NETDEV_QUEUE_TYPE_TX", "NapiState", "__napi_schedule", "__napi_schedule_irqoff", "napi_complete",
    "napi_complete_done", "napi_disable", "napi_disable_pending", "napi_enable", "napi_if_scheduled_mark_missed",
    "napi_is_scheduled", "napi_leaks", "napi_prefer_busy_poll", "napi_schedule", "napi_schedule_irqoff",
    "napi_schedule_prep", "napi_struct", "napi_synchronize", "netdev_sw_irq_coalesce_default_on", "netif_napi_add",
    "netif_napi_add_tx", "netif_napi_add_tx_weight", "netif_napi_add_weight", "netif_napi_del", "netif_napi_set_irq",
    "netif_queue_set_napi", "softnet_data",
]

NAPI_POLL_WEIGHT = 64

NAPIF_STATE_SCHED = 1 << 0
NAPIF_STATE_MISSED = 1 << 1
NAPIF_STATE_DISABLE = 1 << 2
NAPIF_STATE_NPSVC = 1 << 3
NAPIF_STATE_LISTED = 1 << 4
NAPIF_STATE_NO_BUSY_POLL = 1 << 5
NAPIF_STATE_IN_BUSY_POLL = 1 << 6
NAPIF_STATE_PREFER_BUSY_POLL = 1 << 7
NAPIF_STATE_THREADED = 1 << 8
NAPIF_STATE_SCHED_THREADED = 1 << 9
_NAMES = (
    "SCHED", "MISSED", "DISABLE", "NPSVC", "LISTED", "NO_BUSY_POLL", "IN_BUSY_POLL", "PREFER_BUSY_POLL", "THREADED",
    "SCHED_THREADED",
)
_ENABLED = ~(NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC)
_COMPLETED = ~(
    NAPIF_STATE_SCHED | NAPIF_STATE_MISSED | NAPIF_STATE_SCHED_THREADED | NAPIF_STATE_PREFER_BUSY_POLL
)

NETDEV_QUEUE_TYPE_RX = 0
NETDEV_QUEUE_TYPE_TX = 1

MIN_NAPI_ID = 8193  # NR_CPUS + 1: lower ones are CPUs' (skb->sender_cpu)

# ps after an instance's interrupt within which one more is taken for one that was on its way while the first was masked
_IRQ_IN_FLIGHT = 2_000_000
_NO_TIME = 1 << 62  # napi_struct._irq_time: whenever the next interrupt comes, it is none of the driver's
_STUCK_PS = 100_000_000_000  # napi_disable() gives up on an instance that nobody can complete


class NapiState:
    """The instances of one machine by their napi_id, and what starts their threads."""

    __slots__ = ("by_id", "gen_id", "kthread_create", "probing")

    def __init__(self, kthread_create: Callable[[napi_struct], Task]) -> None:
        self.by_id: dict[int, napi_struct] = {}
        self.gen_id = 0
        self.probing = False  # a driver's probe() runs
        self.kthread_create = kthread_create


class napi_struct:
    """One instance: a ring pair's work. Embedded in the driver's struct: ``napi_struct(container=q)``."""

    __slots__ = (
        "_complete_site", "_irq_time", "_poll", "_unasked_at", "_unmasking", "container", "defer_hard_irqs_count",
        "delivered", "dev", "gro_bitmask", "gro_hash", "irq", "list_owner", "napi_id", "poll", "poll_list",
        "poll_owner", "polls", "rx_count", "rx_list", "site", "skb", "state", "thread", "timer", "weight",
    )

    def __init__(self, container: Any = None) -> None:
        self.container = container
        self.state = 0
        self.weight = NAPI_POLL_WEIGHT
        self.poll: Callable[[napi_struct, int], int] = _no_poll
        self.dev: net_device = None  # type: ignore[assignment] # set by netif_napi_add()
        self.irq = -1
        self.napi_id = 0
        self.thread: Task | None = None
        self.timer = hrtimer(_napi_watchdog, container=self)
        self.poll_owner = -1  # the CPU of netpoll that polls it
        self.poll_list: list[napi_struct] | None = None  # the CPU's list that it is on, to be polled
        self.list_owner = -1  # the CPU that polls it
        self.gro_hash: list[list[sk_buff]] = [[] for _ in range(GRO_HASH_BUCKETS)]
        self.gro_bitmask = 0
        self.rx_list: list[sk_buff] = []
        self.rx_count = 0
        self.skb: sk_buff | None = None
        self.defer_hard_irqs_count = 0
        self.polls = 0
        self.delivered = 0  # packets of the present poll
        self.site: Site | None = None
        self._poll = IDLE
        self._complete_site: Site | None = None
        self._irq_time = -1  # when the first interrupt since the last completion came, ps; -1: none has
        # Polls that no interrupt has asked for, and to which napi_complete_done() has returned true: when it last did
        # (ps), and how many have not ended yet.
        self._unasked_at = -_IRQ_IN_FLIGHT
        self._unmasking = 0

    def state_str(self) -> str:
        """``SCHED|MISSED``, for reports."""
        return "|".join(name for bit, name in enumerate(_NAMES) if self.state >> bit & 1) or "0"


def _no_poll(napi: napi_struct, budget: int) -> int:
    BUG("a NAPI instance that was never added is polled")


class softnet_data:
    """A CPU's share of the stack. ``poll`` is the number of the poll under way, 0 outside of one."""

    __slots__ = (
        "backlog", "completion_queue", "current", "dropped", "in_net_rx_action", "input_pkt_queue", "output_queue",
        "poll", "poll_list", "process_queue", "processed", "received_rps", "repoll", "rps_ipi_list", "tc_target",
        "time_squeeze", "unmasks", "xdp_bulk", "xdp_target", "xmit_more", "xmit_recursion",
    )

    def __init__(self, process_backlog: Callable[[napi_struct, int], int]) -> None:
        self.poll_list: list[napi_struct] = []
        self.in_net_rx_action = False
        self.completion_queue: list[tuple[sk_buff, int, Site]] = []
        self.output_queue: list[Any] = []
        self.xmit_more = False
        self.xmit_recursion = 0
        self.poll = 0
        self.repoll = False  # the poll that ended last used its budget
        self.current: napi_struct | None = None
        self.unmasks = False  # napi_complete_done() has returned true to the poll under way, which nobody has asked for
        self.processed = 0
        self.time_squeeze = 0
        self.dropped = 0
        self.input_pkt_queue: deque[sk_buff] = deque()
        self.process_queue: deque[sk_buff] = deque()  # what the backlog's poll has taken from it
        self.rps_ipi_list: list[int] = []  # CPUs whose backlogs this one has filled
        self.received_rps = 0
        self.xdp_target = 0  # ifindex: where XDP_REDIRECT goes
        self.xdp_bulk: dict[net_device, list[Any]] = {}  # frames redirected in this poll
        self.tc_target = (0, 0)  # ifindex and flags of bpf_redirect()
        self.backlog = napi_struct()
        self.backlog.poll = process_backlog

    def forget(self, dev: net_device) -> None:
        """Drop what waits in the backlog for a device that goes away. Source: net/core/dev.c flush_backlog()."""
        for queue in (self.input_pkt_queue, self.process_queue):
            for skb in [skb for skb in queue if skb.dev is dev]:
                queue.remove(skb)
                _kfree_skb(skb, SKB_DROP_REASON_DEV_READY, caller())


# -- life ----------------------------------------------------------------------------------------------------
def netif_napi_add(
    dev: net_device, napi: napi_struct, poll: Callable[[napi_struct, int], int], weight: int = NAPI_POLL_WEIGHT
) -> None:
    """Attach an instance, disabled. ``poll(napi, budget)`` returns the packets that it received, at most
    ``budget``.
    """
    netif_napi_add_weight(dev, napi, poll, weight)


def netif_napi_add_weight(
    dev: net_device, napi: napi_struct, poll: Callable[[napi_struct, int], int], weight: int
) -> None:
    """netif_napi_add(). A weight over NAPI_POLL_WEIGHT is an error in the log, and taken as it is."""
    if napi.state & NAPIF_STATE_LISTED:
        WARN(
            f"netif_napi_add: the instance is on {napi.dev} already, added at {site_str(napi.site)}",
            site_str(caller_outside()),
        )
        return
    if here.state["napi"].probing and dev.reg_state == NETREG_REGISTERED:
        broken_rule(
            "LIFE1",
            f"{dev.name}: netif_napi_add() in probe() after register_netdev(): the device may have been opened already",
            site_str(caller_outside()),
        )
    if weight > NAPI_POLL_WEIGHT:
        netdev_err(dev, "netif_napi_add_weight() called with weight %d", weight)
    napi.state |= NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC | NAPIF_STATE_LISTED
    napi.dev = dev
    napi.poll = poll
    napi.weight = weight
    napi.poll_list = None
    gro_drop_held(napi)
    napi.site = caller_outside()
    dev.napi_list.append(napi)
    state: NapiState = here.state["napi"]
    if not napi.state & NAPIF_STATE_NO_BUSY_POLL:
        state.gen_id = max(state.gen_id + 1, MIN_NAPI_ID)
        napi.napi_id = state.gen_id
        state.by_id[napi.napi_id] = napi
    if dev.threaded:
        napi.thread = state.kthread_create(napi)
    netif_napi_set_irq(napi, -1)


def netif_napi_add_tx(dev: net_device, napi: napi_struct, poll: Callable[[napi_struct, int], int]) -> None:
    """netif_napi_add() of an instance that only completes transmission: no socket polls it."""
    netif_napi_add_tx_weight(dev, napi, poll, NAPI_POLL_WEIGHT)


def netif_napi_add_tx_weight(
    dev: net_device, napi: napi_struct, poll: Callable[[napi_struct, int], int], weight: int
) -> None:
    napi.state |= NAPIF_STATE_NO_BUSY_POLL
    netif_napi_add_weight(dev, napi, poll, weight)


def netif_napi_set_irq(napi: napi_struct, irq: int) -> None:
    """Tell which interrupt schedules it: for netlink, and for irq affinity of threads."""
    napi.irq = irq


def netif_queue_set_napi(dev: net_device, queue_index: int, type: int, napi: napi_struct | None) -> None:
    """Say which instance serves a queue (NETDEV_QUEUE_TYPE_RX or _TX); None: none. A queue that is not there warns."""
    queues: list[Any] = dev._rx if type == NETDEV_QUEUE_TYPE_RX else dev._tx
    in_use = dev.real_num_rx_queues if type == NETDEV_QUEUE_TYPE_RX else dev.real_num_tx_queues
    if napi is not None and napi.dev is None:
        WARN("netif_queue_set_napi() with an instance that was never added", site_str(caller()))
    elif queue_index >= in_use:
        WARN(f"{dev.name}: netif_queue_set_napi() of queue {queue_index} of {in_use}", site_str(caller()))
    else:
        queues[queue_index].napi = napi


def napi_enable(n: napi_struct) -> None:
    """Let it be scheduled. BUG where it is enabled already."""
    if not n.state & NAPIF_STATE_SCHED:
        BUG(f"napi_enable() on an instance of {n.dev} that is enabled", site_str(caller()), "net/core/dev.c:6896")
    n.state &= _ENABLED
    if n.dev.threaded and n.thread is not None:
        n.state |= NAPIF_STATE_THREADED
    n._irq_time = -1


def napi_disable(n: napi_struct) -> None:
    """Wait for the poll that is scheduled or runs, and let none come. Disabling twice deadlocks: CheckError NAPI8.

    Lockup where it would wait for ever: for an instance whose poll ended without completing.
    """
    site = caller()
    might_sleep(site)
    n.state |= NAPIF_STATE_DISABLE
    limit = this_cpu().time + _STUCK_PS
    while n.state & (NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC):
        if n.state & NAPIF_STATE_NPSVC and n.poll_owner < 0:
            n.state &= ~NAPIF_STATE_DISABLE
            broken_rule("NAPI8", f"{n.dev}: napi_disable() on an instance that is disabled: a deadlock", site_str(site))
            return
        idle = n.poll_list is None and n._poll == IDLE and not n.state & NAPIF_STATE_SCHED_THREADED
        if this_cpu().time > limit and idle:
            raise Lockup(
                f"napi_disable() of {n.dev} waits for an instance ({n.state_str()}) that is on no poll list",
                site_str(site),
            )
        sleep_until(this_cpu().time + 20_000_000, f"napi_disable() of {n.dev}, state {n.state_str()}")
    n.state |= NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC
    n.state &= ~(NAPIF_STATE_THREADED | NAPIF_STATE_PREFER_BUSY_POLL)
    hrtimer_cancel(n.timer)
    n.state &= ~NAPIF_STATE_DISABLE


def napi_synchronize(n: napi_struct) -> None:
    """Wait until it is not scheduled."""
    might_sleep(caller())
    while n.state & NAPIF_STATE_SCHED:
        sleep_until(this_cpu().time + 1_000_000_000, f"napi_synchronize() of {n.dev}")


def netif_napi_del(napi: napi_struct) -> None:
    """Detach; it must be disabled."""
    if not napi.state & NAPIF_STATE_LISTED:
        return
    if not napi.state & NAPIF_STATE_NPSVC:
        broken_rule(
            "NAPI8", f"{napi.dev}: NAPI instance deleted while enabled ({napi.state_str()})", site_str(caller_outside())
        )
    napi.state &= ~NAPIF_STATE_LISTED
    here.state["napi"].by_id.pop(napi.napi_id, None)
    napi.dev.napi_list.remove(napi)
    gro_drop_held(napi)
    thread, napi.thread = napi.thread, None
    if thread is not None:
        kthread_stop(thread)


def netdev_sw_irq_coalesce_default_on(dev: net_device) -> None:
    """Defer interrupts by default: one empty poll, 20 µs apart. Before register_netdev()."""
    if dev.reg_state == NETREG_REGISTERED:
        WARN(f"netdev_sw_irq_coalesce_default_on({dev.name}) after register_netdev()")
    dev.gro_flush_timeout = 20_000
    dev.napi_defer_hard_irqs = 1


# -- scheduling ----------------------------------------------------------------------------------------------
def napi_disable_pending(n: napi_struct) -> bool:
    return bool(n.state & NAPIF_STATE_DISABLE)


def napi_is_scheduled(n: napi_struct) -> bool:
    return bool(n.state & NAPIF_STATE_SCHED)


def napi_prefer_busy_poll(n: napi_struct) -> bool:
    """Whether a socket polls it and wants no softirq to do so."""
    return bool(n.state & NAPIF_STATE_PREFER_BUSY_POLL)


def napi_schedule_prep(n: napi_struct) -> bool:
    """Claim it: true where the caller must now __napi_schedule() it. An instance that is scheduled remembers
    (MISSED).

    From a hard interrupt: CheckError NAPI5 if an earlier one has scheduled it and napi_complete_done() has not
    returned true since. Then the interrupt was not masked, or unmasked too early. Not so where no interrupt had asked
    for the last poll (NAPI6), and the earlier one came, or was on its way, between its napi_complete_done() and its
    end: what the device or the handler masked then, that end unmasks again.
    """
    state = n.state
    if state & NAPIF_STATE_DISABLE:
        return False
    cpu = here.sched.cpu
    if cpu is not None and cpu.hardirq:
        if n._irq_time < 0:
            excused = n._unmasking or cpu.time - n._unasked_at < _IRQ_IN_FLIGHT
            n._irq_time = _NO_TIME if excused else cpu.time
        elif cpu.time - n._irq_time > _IRQ_IN_FLIGHT:
            broken_rule(
                "NAPI5",
                f"{n.dev}: an interrupt scheduled an instance ({n.state_str()}) that one scheduled "
                f"{(cpu.time - n._irq_time) / 1000:.0f} ns ago, and no napi_complete_done() has returned true since: "
                "it is not masked, or unmasked too early",
                site_str(caller_outside()),
            )
    if state & NAPIF_STATE_SCHED:
        n.state = state | NAPIF_STATE_MISSED
        return False
    n.state = state | NAPIF_STATE_SCHED
    return True


def __napi_schedule(n: napi_struct) -> None:
    """Put it on this CPU's poll list, or wake its thread, after napi_schedule_prep() said so."""
    m = here.machine
    cpu = m.sched.cpu
    assert cpu is not None, "napi scheduled outside of kernel code"
    if n.state & NAPIF_STATE_THREADED and n.thread is not None:
        n.state |= NAPIF_STATE_SCHED_THREADED
        n.thread.wake()
        return
    sd: softnet_data = m.state["net"].softnet[cpu.id]
    if n.poll_list is not None:
        BUG(f"__napi_schedule() on an instance of {n.dev} that is on a poll list", site_str(caller_outside()))
    sd.poll_list.append(n)
    n.poll_list = sd.poll_list
    n.list_owner = cpu.id
    if not sd.in_net_rx_action:
        raise_softirq_irqoff(NET_RX_SOFTIRQ)


__napi_schedule_irqoff = __napi_schedule


def napi_schedule(n: napi_struct) -> bool:
    """Have it polled soon, on this CPU. Whether it was not scheduled yet. A disabled instance stays as it is."""
    if napi_schedule_prep(n):
        __napi_schedule(n)
        return True
    return False


napi_schedule_irqoff = napi_schedule


def napi_if_scheduled_mark_missed(n: napi_struct) -> bool:
    """Have it polled once more where it is scheduled. Whether it is."""
    if not n.state & NAPIF_STATE_SCHED:
        return False
    n.state |= NAPIF_STATE_MISSED
    return True


# -- completing ----------------------------------------------------------------------------------------------
def napi_complete_done(n: napi_struct, work_done: int) -> bool:
    """The poll found less than its budget. True where the driver shall now unmask its interrupt; false where it
    will be polled again: it was scheduled meanwhile, a socket polls it, or the device's ``napi_defer_hard_irqs`` wants
    so many more polls that find nothing, ``gro_flush_timeout`` ns apart.

    After a poll with ``work_done``, ``gro_flush_timeout`` holds packets in GRO for so long, too.
    """
    if n.state & (NAPIF_STATE_NPSVC | NAPIF_STATE_IN_BUSY_POLL):
        if n._poll == POLLING:
            n._poll = COMPLETED  # whoever polls it looks at this
        return False
    if n._poll != POLLING:
        _bad_complete(n)
    n._poll = COMPLETED
    n._complete_site = caller()
    timeout = 0
    done = True
    if work_done:
        dev = n.dev
        if n.gro_bitmask:
            timeout = dev.gro_flush_timeout
        n.defer_hard_irqs_count = dev.napi_defer_hard_irqs
    if n.defer_hard_irqs_count > 0:
        n.defer_hard_irqs_count -= 1
        timeout = n.dev.gro_flush_timeout
        if timeout:
            done = False
    if n.gro_bitmask:
        napi_gro_flush(n, timeout != 0)
    if n.rx_list:
        gro_normal_list(n)
    if n.poll_list is not None:
        n.poll_list.remove(n)
        n.poll_list = None
    n.list_owner = -1
    state = n.state
    if state & NAPIF_STATE_MISSED:
        n.state = state & _COMPLETED | NAPIF_STATE_SCHED  # polled once more
        __napi_schedule(n)
        return False
    n.state = state & _COMPLETED
    if timeout:
        hrtimer_start(n.timer, timeout, HRTIMER_MODE_REL_PINNED)
    if done:
        if n._irq_time < 0:  # no interrupt has asked for this poll
            n._unasked_at = this_cpu().time
            sd: softnet_data = here.state["net"].softnet[this_cpu().id]
            if sd.current is n:
                sd.unmasks = True
                n._unmasking += 1
        n._irq_time = -1
    return done


def napi_complete(n: napi_struct) -> bool:
    return napi_complete_done(n, 0)


def _bad_complete(n: napi_struct) -> None:
    where = site_str(caller_outside())
    if n._poll == COMPLETED:
        broken_rule(
            "NAPI7", f"{n.dev}: napi_complete_done() twice in a poll, first at {site_str(n._complete_site)}", where
        )
    elif not n.state & NAPIF_STATE_SCHED:
        broken_rule("NAPI7", f"{n.dev}: napi_complete_done() on an instance that is not scheduled", where)


def _napi_watchdog(timer: hrtimer) -> int:
    """napi_watchdog(): the time is up for packets in GRO, or for interrupts that were deferred."""
    n: napi_struct = timer.container
    if not n.state & (NAPIF_STATE_DISABLE | NAPIF_STATE_SCHED):
        n.state = n.state & ~NAPIF_STATE_PREFER_BUSY_POLL | NAPIF_STATE_SCHED
        __napi_schedule(n)
    return HRTIMER_NORESTART


def napi_leaks() -> list[str]:
    """One line for each instance that is still scheduled, or enabled on a device that is down."""
    lines = []
    for dev in here.state["net"].netdevs_alive:
        for n in dev.napi_list:
            if n.state & NAPIF_STATE_SCHED and not n.state & NAPIF_STATE_NPSVC:
                lines.append(f"NAPI instance of {dev.name} ({n.state_str()}) is scheduled; added at {site_str(n.site)}")
    for sd in here.state["net"].softnet:
        if sd.input_pkt_queue or sd.process_queue:
            lines.append(f"{len(sd.input_pkt_queue) + len(sd.process_queue)} packets in a CPU's backlog")
    return lines
