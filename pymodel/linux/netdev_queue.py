# SPDX-License-Identifier: Apache-2.0
"""Transmit queues: stop, wake and start, byte queue limits, and the helpers that get the races right.

A queue is held by the driver (no room in its ring), by the stack (BQL), or frozen (time-out). Waking schedules the
queueing discipline; starting does not, and has its place in ndo_open and in xmit alone (TX7). Source:
include/linux/netdevice.h, include/net/netdev_queues.h, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.bug import broken_rule, caller_outside, site_str
from pymodel.linux.dql import dql_completed, dql_queued, dql_reset
from pymodel.linux.netdevice import (
    LINK_STATE_START,
    QUEUE_STATE_DRV_XOFF,
    QUEUE_STATE_FROZEN,
    QUEUE_STATE_STACK_XOFF,
    net_device,
    netdev_queue,
)
from pymodel.linux.qdisc import netif_schedule_qdisc
from pymodel.linux.sched import spin_contended, spin_lock, spin_release, spin_unlock
from pymodel.linux.softirq import local_bh_disable, local_bh_enable
from pymodel.linux.time import JIFFY_PS, jiffies_to_msecs

if TYPE_CHECKING:
    from pymodel.linux.skbuff import sk_buff

__all__ = [
    "__netdev_sent_queue", "__netdev_tx_sent_queue", "__netif_subqueue_stopped", "__netif_tx_lock",
    "__netif_tx_lock_bh", "__netif_tx_trylock", "__netif_tx_unlock", "__netif_tx_unlock_bh",
    "__netif_txq_completed_wake", "netdev_completed_queue", "netdev_get_tx_queue", "netdev_reset_queue",
    "netdev_sent_queue", "netdev_tx_completed_queue", "netdev_tx_reset_queue", "netdev_tx_reset_subqueue",
    "netdev_tx_sent_queue", "netdev_txq_bql_complete_prefetchw", "netdev_xmit_more", "netif_is_multiqueue",
    "netif_queue_stopped", "netif_schedule_queue", "netif_start_queue", "netif_start_subqueue", "netif_stop_queue",
    "netif_stop_subqueue", "netif_subqueue_completed_wake", "netif_subqueue_maybe_stop", "netif_subqueue_stopped",
    "netif_subqueue_try_stop", "netif_trans_update", "netif_tx_disable", "netif_tx_lock", "netif_tx_lock_bh",
    "netif_tx_queue_frozen", "netif_tx_queue_stopped", "netif_tx_start_all_queues", "netif_tx_start_queue",
    "netif_tx_stop_all_queues", "netif_tx_stop_queue", "netif_tx_unlock", "netif_tx_unlock_bh",
    "netif_tx_wake_all_queues", "netif_tx_wake_queue", "netif_txq_completed_wake", "netif_txq_maybe_stop",
    "netif_txq_try_stop", "netif_wake_queue", "netif_wake_subqueue", "netif_xmit_frozen_or_stopped",
    "netif_xmit_stopped", "netif_xmit_timeout_ms", "skb_get_tx_queue", "txq_trans_cond_update",
]

_XOFF = QUEUE_STATE_DRV_XOFF | QUEUE_STATE_STACK_XOFF
_XOFF_FROZEN = _XOFF | QUEUE_STATE_FROZEN


def netdev_get_tx_queue(dev: net_device, index: int) -> netdev_queue:
    return dev._tx[index]


def skb_get_tx_queue(dev: net_device, skb: sk_buff) -> netdev_queue:
    return dev._tx[skb.queue_mapping]


def netif_is_multiqueue(dev: net_device) -> bool:
    return dev.num_tx_queues > 1


# -- looking -------------------------------------------------------------------------------------------------
def netif_tx_queue_stopped(txq: netdev_queue) -> bool:
    """Stopped by the driver."""
    return bool(txq.state & QUEUE_STATE_DRV_XOFF)


def netif_tx_queue_frozen(txq: netdev_queue) -> bool:
    return bool(txq.state & QUEUE_STATE_FROZEN)


def netif_xmit_stopped(txq: netdev_queue) -> bool:
    """Stopped by the driver or by BQL."""
    return bool(txq.state & _XOFF)


def netif_xmit_frozen_or_stopped(txq: netdev_queue) -> bool:
    return bool(txq.state & _XOFF_FROZEN)


def netif_queue_stopped(dev: net_device) -> bool:
    return netif_tx_queue_stopped(dev._tx[0])


def __netif_subqueue_stopped(dev: net_device, queue_index: int) -> bool:
    return netif_tx_queue_stopped(dev._tx[queue_index])


def netif_subqueue_stopped(dev: net_device, skb: sk_buff) -> bool:
    return netif_tx_queue_stopped(dev._tx[skb.queue_mapping])


def netif_xmit_timeout_ms(txq: netdev_queue) -> int:
    """For how long a queue is stopped beyond the watchdog's patience, in ms; 0 where it is not."""
    now = here.sched.local_now // JIFFY_PS
    if txq.state & _XOFF and now > txq.trans_start + txq.dev.watchdog_timeo:
        return jiffies_to_msecs(now - txq.trans_start)
    return 0


# -- stop ----------------------------------------------------------------------------------------------------
def netif_tx_stop_queue(txq: netdev_queue) -> None:
    """No more ndo_start_xmit for this queue until it is woken."""
    txq.trans_start = here.sched.local_now // JIFFY_PS
    txq.state |= QUEUE_STATE_DRV_XOFF
    txq.stops += 1


def netif_stop_queue(dev: net_device) -> None:
    netif_tx_stop_queue(dev._tx[0])


def netif_stop_subqueue(dev: net_device, queue_index: int) -> None:
    netif_tx_stop_queue(dev._tx[queue_index])


def netif_tx_stop_all_queues(dev: net_device) -> None:
    for txq in dev._tx:
        netif_tx_stop_queue(txq)


# -- wake ----------------------------------------------------------------------------------------------------
def netif_tx_wake_queue(txq: netdev_queue) -> None:
    """There is room again: what waits in the queueing discipline is sent."""
    if txq.state & QUEUE_STATE_DRV_XOFF:
        txq.state &= ~QUEUE_STATE_DRV_XOFF
        txq.wakes += 1
        netif_schedule_qdisc(txq.qdisc)


def netif_wake_queue(dev: net_device) -> None:
    netif_tx_wake_queue(dev._tx[0])


def netif_wake_subqueue(dev: net_device, queue_index: int) -> None:
    netif_tx_wake_queue(dev._tx[queue_index])


def netif_tx_wake_all_queues(dev: net_device) -> None:
    for txq in dev._tx:
        netif_tx_wake_queue(txq)


def netif_schedule_queue(txq: netdev_queue) -> None:
    if not txq.state & _XOFF:
        netif_schedule_qdisc(txq.qdisc)


# -- start ---------------------------------------------------------------------------------------------------
def netif_tx_start_queue(txq: netdev_queue) -> None:
    """Let packets come, without sending those that wait: in ndo_open, or in xmit after it stopped the queue (TX7)."""
    if txq.state & QUEUE_STATE_DRV_XOFF:
        dev = txq.dev
        if dev.state & LINK_STATE_START and txq.qdisc.kind != "noop" and txq.sender is not here.sched.cpu:
            broken_rule(
                "TX7",
                f"{dev.name}: queue {txq.index}, stopped, was started outside of xmit: what waits in its qdisc "
                f"({txq.qdisc.qlen} packets) stays there; netif_tx_wake_queue() it",
                site_str(caller_outside()),
            )
        txq.state &= ~QUEUE_STATE_DRV_XOFF


def netif_start_queue(dev: net_device) -> None:
    netif_tx_start_queue(dev._tx[0])


def netif_start_subqueue(dev: net_device, queue_index: int) -> None:
    netif_tx_start_queue(dev._tx[queue_index])


def netif_tx_start_all_queues(dev: net_device) -> None:
    for txq in dev._tx:
        netif_tx_start_queue(txq)


# -- byte queue limits ---------------------------------------------------------------------------------------
def netdev_tx_sent_queue(txq: netdev_queue, bytes: int) -> None:
    """So many bytes were given to the device; the stack stops the queue when that is enough."""
    d = txq.dql
    dql_queued(d, bytes)
    if d.adj_limit >= d.num_queued:
        return
    txq.trans_start = here.sched.local_now // JIFFY_PS
    txq.state |= QUEUE_STATE_STACK_XOFF


def __netdev_tx_sent_queue(txq: netdev_queue, bytes: int, xmit_more: bool) -> bool:
    """netdev_tx_sent_queue(), which is put off while more packets follow. Whether the doorbell must be rung."""
    if xmit_more:
        dql_queued(txq.dql, bytes)
        return bool(txq.state & _XOFF)
    netdev_tx_sent_queue(txq, bytes)
    return True


def netdev_sent_queue(dev: net_device, bytes: int) -> None:
    netdev_tx_sent_queue(dev._tx[0], bytes)


def __netdev_sent_queue(dev: net_device, bytes: int, xmit_more: bool) -> bool:
    return __netdev_tx_sent_queue(dev._tx[0], bytes, xmit_more)


def netdev_tx_completed_queue(txq: netdev_queue, pkts: int, bytes: int) -> None:
    """So many bytes are done: once for each reclaim round (TX8). BUG in the kernel for more than were sent."""
    if not bytes:
        return
    d = txq.dql
    if bytes > d.num_queued - d.num_completed:
        broken_rule(
            "TX8",
            f"{txq.dev.name}: queue {txq.index}: {bytes} bytes completed, "
            f"but {d.num_queued - d.num_completed} are outstanding",
            site_str(caller_outside()),
        )
        return
    m = here.machine
    cpu = m.sched.cpu
    if cpu is not None:
        poll = m.state["net"].softnet[cpu.id].poll
        if poll:
            if poll == txq.dql_poll:
                broken_rule(
                    "TX8",
                    f"{txq.dev.name}: queue {txq.index}: bytes completed twice in one poll",
                    site_str(caller_outside()),
                )
            txq.dql_poll = poll
    dql_completed(d, bytes)
    if d.adj_limit < d.num_queued:
        return
    if txq.state & QUEUE_STATE_STACK_XOFF:
        txq.state &= ~QUEUE_STATE_STACK_XOFF
        netif_schedule_queue(txq)


def netdev_completed_queue(dev: net_device, pkts: int, bytes: int) -> None:
    netdev_tx_completed_queue(dev._tx[0], pkts, bytes)


def netdev_tx_reset_queue(txq: netdev_queue) -> None:
    """Forget what is outstanding: the ring was emptied."""
    txq.state &= ~QUEUE_STATE_STACK_XOFF
    dql_reset(txq.dql)


def netdev_tx_reset_subqueue(dev: net_device, qid: int) -> None:
    netdev_tx_reset_queue(dev._tx[qid])


def netdev_reset_queue(dev: net_device) -> None:
    netdev_tx_reset_queue(dev._tx[0])


def netdev_txq_bql_complete_prefetchw(txq: netdev_queue) -> None:
    """A prefetch: nothing to do."""


def netdev_xmit_more() -> bool:
    """Whether another packet for this queue follows at once, so that the doorbell may wait."""
    m = here.machine
    cpu = m.sched.cpu
    assert cpu is not None
    return m.state["net"].softnet[cpu.id].xmit_more  # type: ignore[no-any-return]


# -- race-free stopping (include/net/netdev_queues.h) --------------------------------------------------------
def netif_txq_try_stop(txq: netdev_queue, get_desc: Callable[[], int], start_thrs: int) -> int:
    """Stop, and start again where reclaim made ``start_thrs`` descriptors free meanwhile: 0 stopped, -1 started again.

    ``get_desc()`` gives the free descriptors; C evaluates an expression.
    """
    netif_tx_stop_queue(txq)
    if get_desc() < start_thrs:
        return 0
    netif_tx_start_queue(txq)
    return -1


def netif_txq_maybe_stop(txq: netdev_queue, get_desc: Callable[[], int], stop_thrs: int, start_thrs: int) -> int:
    """Stop with fewer than ``stop_thrs`` free descriptors: 0 stopped, 1 left running, -1 started again."""
    if get_desc() >= stop_thrs:
        return 1
    return netif_txq_try_stop(txq, get_desc, start_thrs)


def netif_subqueue_maybe_stop(
    dev: net_device, idx: int, get_desc: Callable[[], int], stop_thrs: int, start_thrs: int
) -> int:
    return netif_txq_maybe_stop(dev._tx[idx], get_desc, stop_thrs, start_thrs)


def netif_subqueue_try_stop(dev: net_device, idx: int, get_desc: Callable[[], int], start_thrs: int) -> int:
    return netif_txq_try_stop(dev._tx[idx], get_desc, start_thrs)


def __netif_txq_completed_wake(
    txq: netdev_queue,
    pkts: int,
    bytes: int,
    get_desc: Callable[[], int],
    start_thrs: int,
    down_cond: Callable[[], bool | int] | bool,
) -> int:
    """BQL's completion, and the wake-up at ``start_thrs`` free descriptors unless ``down_cond`` (an expression in C;
    a value or a callable here): 0 woken, 1 was not stopped, or is to stay so, -1 too few free.
    """
    netdev_tx_completed_queue(txq, pkts, bytes)
    if not pkts or get_desc() < start_thrs:
        return -1
    if txq.state & QUEUE_STATE_DRV_XOFF and not (down_cond() if callable(down_cond) else down_cond):
        netif_tx_wake_queue(txq)
        return 0
    return 1


def netif_txq_completed_wake(
    txq: netdev_queue, pkts: int, bytes: int, get_desc: Callable[[], int], start_thrs: int
) -> int:
    """:func:`__netif_txq_completed_wake` of a device that is up."""
    return __netif_txq_completed_wake(txq, pkts, bytes, get_desc, start_thrs, False)


def netif_subqueue_completed_wake(
    dev: net_device, idx: int, pkts: int, bytes: int, get_desc: Callable[[], int], start_thrs: int
) -> int:
    return __netif_txq_completed_wake(dev._tx[idx], pkts, bytes, get_desc, start_thrs, False)


# -- locks ---------------------------------------------------------------------------------------------------
def __netif_tx_lock(txq: netdev_queue, cpu: int) -> None:
    """Keep xmit out of a queue."""
    this = here.sched.cpu
    assert this is not None
    this.preempt_disabled += 1
    if txq._lock.owner is not None:
        spin_contended(txq._lock, this)
    txq._lock.owner = this


def __netif_tx_unlock(txq: netdev_queue) -> None:
    this = txq._lock.owner
    assert this is not None, "queue unlocked twice"
    txq._lock.owner = None
    this.preempt_disabled -= 1
    if txq._lock.waiters:
        spin_release(txq._lock, this)


def __netif_tx_lock_bh(txq: netdev_queue) -> None:
    local_bh_disable()
    __netif_tx_lock(txq, 0)


def __netif_tx_unlock_bh(txq: netdev_queue) -> None:
    __netif_tx_unlock(txq)
    local_bh_enable()


def __netif_tx_trylock(txq: netdev_queue) -> bool:
    """__netif_tx_lock() where nobody holds it; else False."""
    if txq._lock.owner is not None:
        return False
    __netif_tx_lock(txq, 0)
    return True


def netif_freeze_queues(dev: net_device) -> None:
    """Wait for the xmits that run, and let none begin (TX10)."""
    for txq in dev._tx:
        __netif_tx_lock(txq, 0)
        txq.state |= QUEUE_STATE_FROZEN
        __netif_tx_unlock(txq)


def netif_unfreeze_queues(dev: net_device) -> None:
    for txq in dev._tx:
        txq.state &= ~QUEUE_STATE_FROZEN
        netif_schedule_queue(txq)


def netif_tx_lock(dev: net_device) -> None:
    """Freeze all queues: no xmit runs, and none begins. A deadlock in ndo_tx_timeout, which is called with the same
    lock held.
    """
    spin_lock(dev.tx_global_lock)
    netif_freeze_queues(dev)


def netif_tx_unlock(dev: net_device) -> None:
    netif_unfreeze_queues(dev)
    spin_unlock(dev.tx_global_lock)


def netif_tx_lock_bh(dev: net_device) -> None:
    local_bh_disable()
    netif_tx_lock(dev)


def netif_tx_unlock_bh(dev: net_device) -> None:
    netif_tx_unlock(dev)
    local_bh_enable()


def netif_tx_disable(dev: net_device) -> None:
    """Stop all queues, and wait for the xmits that run. A deadlock in ndo_tx_timeout, as netif_tx_lock() is."""
    local_bh_disable()
    spin_lock(dev.tx_global_lock)
    for txq in dev._tx:
        __netif_tx_lock(txq, 0)
        netif_tx_stop_queue(txq)
        __netif_tx_unlock(txq)
    spin_unlock(dev.tx_global_lock)
    local_bh_enable()


def netif_trans_update(dev: net_device) -> None:
    """Tell the watchdog that the first queue is alive: for drivers whose xmit takes no lock of the core's."""
    dev._tx[0].trans_start = here.sched.local_now // JIFFY_PS


def txq_trans_cond_update(txq: netdev_queue) -> None:
    """Tell the watchdog that a queue is alive: for what is sent past the core (XDP)."""
    txq.trans_start = here.sched.local_now // JIFFY_PS


