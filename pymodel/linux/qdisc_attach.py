# SPDX-License-Identifier: Apache-2.0
"""Which queueing discipline a device's queues get, and when they work.

Source: net/sched/sch_generic.c, sch_mq.c, net/core/dev.c, v6.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.bug import netdev_warn
from pymodel.linux.qdisc import (
    QDISC_STATE_DEACTIVATED,
    QDISC_STATE_SCHED,
    Qdisc,
    noop_qdisc,
    qdisc_reset,
)
from pymodel.linux.sched import sleep_until
from pymodel.linux.time import jiffies, timer_delete
from pymodel.linux.watchdog import dev_watchdog, netdev_watchdog_up

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = ["dev_activate", "dev_deactivate", "dev_init_scheduler", "dev_qdisc_change_tx_queue_len"]


def dev_init_scheduler(dev: net_device) -> None:
    """Nothing is queued as long as a device is down: noop drops it."""
    noop = noop_qdisc()
    dev.qdisc = noop
    for txq in dev._tx:
        txq.qdisc = txq.qdisc_sleeping = noop
    dev.watchdog_timer.function = dev_watchdog


def _attach_default_qdiscs(dev: net_device) -> None:
    """noqueue for devices that have no queue; else pfifo_fast, below mq where there are several queues."""
    from pymodel.linux.netdevice import IFF_NO_QUEUE

    queueless = bool(dev.priv_flags & IFF_NO_QUEUE)
    if not queueless and dev.tx_queue_len < 1:
        netdev_warn(dev, "default qdisc (pfifo_fast) fail, fallback to noqueue")
        queueless = True
    for txq in dev._tx:
        txq.qdisc_sleeping = Qdisc("noqueue" if queueless else "pfifo_fast", txq, dev.tx_queue_len)
    multiqueue = dev.num_tx_queues > 1 and not queueless
    dev.qdisc = Qdisc("mq", dev._tx[0], 0) if multiqueue else dev._tx[0].qdisc_sleeping


def dev_activate(dev: net_device) -> None:
    """Give each queue its discipline; they begin to work when there is a carrier. Under rtnl."""
    from pymodel.linux.netdevice import LINK_STATE_NOCARRIER

    noop = noop_qdisc()
    if dev.qdisc is noop:
        _attach_default_qdiscs(dev)
    if dev.state & LINK_STATE_NOCARRIER:
        return
    for txq in dev._tx:
        txq.qdisc_sleeping.state &= ~QDISC_STATE_DEACTIVATED
        txq.qdisc = txq.qdisc_sleeping
        txq.trans_start = 0
    dev._tx[0].trans_start = jiffies()
    netdev_watchdog_up(dev)


def dev_deactivate(dev: net_device) -> None:
    """Take the disciplines away, drop what they hold, and wait until none runs. Under rtnl; sleeps."""
    noop = noop_qdisc()
    for txq in dev._tx:
        txq.qdisc.state |= QDISC_STATE_DEACTIVATED if txq.qdisc is not noop else 0
        txq.qdisc = noop
    timer_delete(dev.watchdog_timer)
    for txq in dev._tx:
        q = txq.qdisc_sleeping
        while q.running is not None or q.state & QDISC_STATE_SCHED:
            sleep_until(here.sched.local_now + 1_000_000, f"the qdisc of {dev.name} queue {txq.index} to finish")
        qdisc_reset(q)


def dev_qdisc_change_tx_queue_len(dev: net_device) -> int:
    """Have each band of a queue hold ``tx_queue_len`` packets. 0. What waits is dropped, as the disciplines of a
    device that is up are taken away for it.

    Source: net/sched/sch_generic.c dev_qdisc_change_tx_queue_len(), v6.12. Under rtnl; sleeps.
    """
    from pymodel.linux.netdevice import IFF_UP

    up = dev.flags & IFF_UP
    if up:
        dev_deactivate(dev)
    for txq in dev._tx:
        if txq.qdisc_sleeping is not noop_qdisc():
            txq.qdisc_sleeping.limit = dev.tx_queue_len
    if up:
        dev_activate(dev)
    return 0
