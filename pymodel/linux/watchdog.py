# SPDX-License-Identifier: Apache-2.0
"""The transmit watchdog, which calls ndo_tx_timeout.

Source: net/sched/sch_generic.c dev_watchdog(), v6.12. Simplified: its timer is not rounded to whole seconds, which a
simulation cannot wait for.
"""

from __future__ import annotations

from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.linux.bug import broken_rule, netdev_err, site_str
from pymodel.linux.netdev_queue import netif_freeze_queues, netif_unfreeze_queues
from pymodel.linux.netdevice import (
    LINK_STATE_NOCARRIER,
    LINK_STATE_PRESENT,
    LINK_STATE_START,
    QUEUE_STATE_DRV_XOFF,
    QUEUE_STATE_STACK_XOFF,
    net_device,
    netdev_queue,
)
from pymodel.linux.sched import spin_lock, spin_unlock
from pymodel.linux.time import HZ, jiffies, jiffies_to_msecs, mod_timer, timer_list

__all__ = ["dev_trans_start", "netdev_watchdog_up"]

_WATCHED = LINK_STATE_PRESENT | LINK_STATE_START
_XOFF = QUEUE_STATE_DRV_XOFF | QUEUE_STATE_STACK_XOFF


def netdev_watchdog_up(dev: net_device) -> None:
    """Watch the queues of a device that has ndo_tx_timeout: each that is stopped for more than ``watchdog_timeo``
    jiffies (5 s where the driver did not say) is reported to it.
    """
    if dev.netdev_ops.ndo_tx_timeout is None:
        return
    if dev.watchdog_timeo <= 0:
        dev.watchdog_timeo = 5 * HZ
    mod_timer(dev.watchdog_timer, jiffies() + dev.watchdog_timeo)


def dev_trans_start(dev: net_device) -> int:
    """When a packet was handed to the driver last, in jiffies."""
    return max(txq.trans_start for txq in dev._tx)


def dev_watchdog(timer: timer_list) -> None:
    """The timer's function."""
    dev: Any = timer.container
    spin_lock(dev.tx_global_lock)
    noop = here.state["net"].noop
    if any(txq.qdisc is not noop for txq in dev._tx):
        if dev.state & (_WATCHED | LINK_STATE_NOCARRIER) == _WATCHED:
            _watch(dev)
    spin_unlock(dev.tx_global_lock)


dev_watchdog.kernel_internal = True  # type: ignore[attr-defined]


def _watch(dev: net_device) -> None:
    now = oldest = jiffies()
    for txq in dev._tx:
        if not txq.state & _XOFF:
            continue
        if now > txq.trans_start + dev.watchdog_timeo:
            _timed_out(dev, txq, now)
            break
        oldest = min(oldest, txq.trans_start)
    mod_timer(dev.watchdog_timer, max(now + 1, oldest + dev.watchdog_timeo))


def _timed_out(dev: net_device, txq: netdev_queue, now: int) -> None:
    txq.trans_timeout += 1
    late = jiffies_to_msecs(now - txq.trans_start)
    netdev_err(dev, "NETDEV WATCHDOG: CPU: %d: transmit queue %u timed out %u ms", this_cpu().id, txq.index, late)
    timeout = dev.netdev_ops.ndo_tx_timeout
    d = txq.dql
    if txq.state & QUEUE_STATE_DRV_XOFF and 0 < d.num_queued == d.num_completed:
        broken_rule(
            "TX6",
            f"{dev.name}: queue {txq.index} is stopped for {late} ms though all {d.num_queued} bytes that were sent "
            "are completed: a wake-up was lost",
            _where(timeout),
        )
    if txq.timed_out == txq.trans_start:
        broken_rule(
            "TX10",
            f"{dev.name}: queue {txq.index} is stopped for {late} ms: nothing was sent since ndo_tx_timeout was called",
            _where(timeout),
        )
    txq.timed_out = txq.trans_start
    netif_freeze_queues(dev)
    timeout(dev, txq.index)
    netif_unfreeze_queues(dev)


def _where(op: Any) -> str:
    return site_str((op.__code__, 0)) if hasattr(op, "__code__") else repr(op)
