# SPDX-License-Identifier: Apache-2.0
"""Carrier, dormant and testing state, and what follows from them in process context: the operational state, the
queueing disciplines' start and stop, NETDEV_CHANGE.

A link that comes up on a device whose queues wait is served at once; other events together, at most once a second.
Source: net/core/link_watch.c, net/sched/sch_generic.c netif_carrier_on(), v6.12. Simplified: no devices on top of
others, whose events are urgent and whose state is IF_OPER_LOWERLAYERDOWN.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.linux.netdevice import (
    IF_LINK_MODE_DORMANT,
    IF_LINK_MODE_TESTING,
    IF_OPER_DORMANT,
    IF_OPER_DOWN,
    IF_OPER_TESTING,
    IF_OPER_UP,
    IFF_UP,
    LINK_STATE_DORMANT,
    LINK_STATE_LINKWATCH_PENDING,
    LINK_STATE_NOCARRIER,
    LINK_STATE_TESTING,
    NETREG_UNINITIALIZED,
    net_device,
    netif_carrier_ok,
    netif_device_present,
    netif_dormant,
    netif_running,
    netif_testing,
    rtnl_lock,
    rtnl_unlock,
)
from pymodel.linux.notifier import NETDEV_CHANGE, call_netdevice_notifiers_info, netdev_notifier_change_info
from pymodel.linux.qdisc_attach import dev_activate, dev_deactivate
from pymodel.linux.time import HZ, jiffies, timer_list
from pymodel.linux.watchdog import netdev_watchdog_up
from pymodel.linux.workqueue import (
    delayed_work,
    delayed_work_timer_fn,
    mod_delayed_work,
    queue_delayed_work,
    work_struct,
)

__all__ = [
    "LinkwatchState", "linkwatch_fire_event", "linkwatch_init_dev", "linkwatch_run_queue", "linkwatch_sync_dev",
    "netdev_state_change", "netif_carrier_event", "netif_carrier_off", "netif_carrier_on", "netif_dormant_off",
    "netif_dormant_on", "netif_testing_off", "netif_testing_on",
]


class LinkwatchState:
    """The link events of one machine that wait. ``nextevent`` is in jiffies."""

    __slots__ = ("events", "nextevent", "urgent", "work")

    def __init__(self) -> None:
        self.events: list[net_device] = []
        self.nextevent = 0
        self.urgent = False
        self.work = delayed_work(_linkwatch_event)
        self.work.timer.function = _linkwatch_timer


def _linkwatch_timer(timer: timer_list) -> None:
    delayed_work_timer_fn(timer)


_linkwatch_timer.kernel_internal = True  # type: ignore[attr-defined]  # no leak of a driver's


def _state() -> LinkwatchState:
    state: LinkwatchState = here.state["linkwatch"]
    return state


def _rfc2863_policy(dev: net_device) -> None:
    if netif_testing(dev):
        operstate = IF_OPER_TESTING
    elif not netif_carrier_ok(dev):
        operstate = IF_OPER_DOWN
    elif netif_dormant(dev):
        operstate = IF_OPER_DORMANT
    else:
        operstate = IF_OPER_UP
    if operstate == IF_OPER_UP:
        if dev.link_mode == IF_LINK_MODE_TESTING:
            operstate = IF_OPER_TESTING
        elif dev.link_mode == IF_LINK_MODE_DORMANT:
            operstate = IF_OPER_DORMANT
    dev.operstate = operstate


def linkwatch_init_dev(dev: net_device) -> None:
    """At registration: link state that was set before."""
    if not netif_carrier_ok(dev) or netif_dormant(dev) or netif_testing(dev):
        _rfc2863_policy(dev)


def _urgent(dev: net_device) -> bool:
    return (
        netif_running(dev) and netif_carrier_ok(dev) and any(txq.qdisc is not txq.qdisc_sleeping for txq in dev._tx)
    )


def _schedule_work(urgent: bool) -> None:
    state = _state()
    if state.urgent:
        return
    wq = here.state["workqueue"].linkwatch
    if urgent:
        state.urgent = True
        mod_delayed_work(wq, state.work, 0)
        return
    delay = state.nextevent - jiffies()
    queue_delayed_work(wq, state.work, delay if 0 < delay <= HZ else 0)


def _do_dev(dev: net_device) -> None:
    dev.state &= ~LINK_STATE_LINKWATCH_PENDING
    _rfc2863_policy(dev)
    if dev.flags & IFF_UP:
        if netif_carrier_ok(dev):
            dev_activate(dev)
        else:
            dev_deactivate(dev)
        netdev_state_change(dev)


def netdev_state_change(dev: net_device) -> None:
    """NETDEV_CHANGE, for a device that is up."""
    if dev.flags & IFF_UP:
        call_netdevice_notifiers_info(NETDEV_CHANGE, netdev_notifier_change_info(dev))


def _run_queue(urgent_only: bool) -> None:
    state = _state()
    do_dev = 200 if urgent_only else 100
    if not urgent_only:
        state.nextevent = jiffies() + HZ
    elif state.nextevent > jiffies() + HZ:
        state.nextevent = jiffies()
    state.urgent = False
    todo, state.events = state.events, []
    while todo and do_dev:
        dev = todo.pop(0)
        if not netif_device_present(dev) or (urgent_only and not _urgent(dev)):
            state.events.append(dev)
            continue
        _do_dev(dev)
        do_dev -= 1
    state.events = todo + state.events
    if state.events:
        _schedule_work(False)


def linkwatch_run_queue() -> None:
    """Serve what waits, but for devices that are not present. Under rtnl."""
    _run_queue(False)


def linkwatch_sync_dev(dev: net_device) -> None:
    """Serve one device's event now, if it has one. Under rtnl."""
    events = _state().events
    if dev in events:
        events.remove(dev)
        _do_dev(dev)


def _linkwatch_event(work: work_struct) -> None:
    rtnl_lock()
    _run_queue(_state().nextevent > jiffies())
    rtnl_unlock()


def linkwatch_fire_event(dev: net_device) -> None:
    """Something about the link changed. From any context."""
    urgent = _urgent(dev)
    if not dev.state & LINK_STATE_LINKWATCH_PENDING:
        dev.state |= LINK_STATE_LINKWATCH_PENDING
        _state().events.append(dev)
    elif not urgent:
        return
    _schedule_work(urgent)


# -- what drivers call ---------------------------------------------------------------------------------------
def netif_carrier_on(dev: net_device) -> None:
    """The link is up. The queues begin to work a little later, in process context. From any context."""
    if dev.state & LINK_STATE_NOCARRIER:
        dev.state &= ~LINK_STATE_NOCARRIER
        if dev.reg_state == NETREG_UNINITIALIZED:
            return
        dev.carrier_up_count += 1
        linkwatch_fire_event(dev)
        if netif_running(dev):
            netdev_watchdog_up(dev)


def netif_carrier_off(dev: net_device) -> None:
    """The link is down. The queues end up to a second later, in process context. From any context."""
    if not dev.state & LINK_STATE_NOCARRIER:
        dev.state |= LINK_STATE_NOCARRIER
        if dev.reg_state == NETREG_UNINITIALIZED:
            return
        dev.carrier_down_count += 1
        linkwatch_fire_event(dev)


def netif_carrier_event(dev: net_device) -> None:
    """The link went down and up again."""
    if dev.reg_state != NETREG_UNINITIALIZED:
        dev.carrier_up_count += 1
        dev.carrier_down_count += 1
        linkwatch_fire_event(dev)


def _set(dev: net_device, bit: int, on: bool) -> None:
    if bool(dev.state & bit) != on:
        dev.state ^= bit
        linkwatch_fire_event(dev)


def netif_dormant_on(dev: net_device) -> None:
    """The link is up, but waits for something (authentication, say)."""
    _set(dev, LINK_STATE_DORMANT, True)


def netif_dormant_off(dev: net_device) -> None:
    _set(dev, LINK_STATE_DORMANT, False)


def netif_testing_on(dev: net_device) -> None:
    """A self-test runs: the link is of no use to others."""
    _set(dev, LINK_STATE_TESTING, True)


def netif_testing_off(dev: net_device) -> None:
    _set(dev, LINK_STATE_TESTING, False)
