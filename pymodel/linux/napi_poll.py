# SPDX-License-Identifier: Apache-2.0
"""Polling NAPI instances: the softirq, and netpoll. What each poll does is checked (NAPI1 to NAPI4).

Source: net/core/dev.c, net/core/netpoll.c, v6.12.
"""

from __future__ import annotations

from typing import Any

from pymodel.hw.access import machine, this_cpu
from pymodel.linux.backlog import net_rps_send_ipi
from pymodel.linux.bug import broken_rule, netdev_err, site_str
from pymodel.linux.gro import COMPLETED, IDLE, POLLING, gro_normal_list, napi_gro_flush
from pymodel.linux.napi import (
    NAPIF_STATE_DISABLE,
    NAPIF_STATE_NPSVC,
    NAPIF_STATE_SCHED,
    napi_complete,
    napi_struct,
    softnet_data,
)
from pymodel.linux.netdevice import NetState, net_device
from pymodel.linux.softirq import NET_RX_SOFTIRQ, local_bh_disable, local_bh_enable
from pymodel.linux.time import HZ, JIFFY_PS, usecs_to_jiffies

__all__ = ["net_rx_action", "netpoll_poll_dev"]


def _napi_poll(n: napi_struct, repoll: list[napi_struct], sd: softnet_data, m: Any, net: NetState) -> int:
    """Poll once; an instance that used its budget goes on ``repoll``."""
    on = n.on
    if on is not None:
        on.remove(n)
        n.on = None
    weight = n.weight
    cpu = m.sched.cpu
    cpu.charge(m.costs.poll_entry)
    if not n.state & NAPIF_STATE_SCHED:
        return 0
    net.poll_count += 1
    sd.poll = net.poll_count
    sd.current = n
    n._poll = POLLING
    n.delivered = 0
    n.polls += 1
    work = n.poll(n, weight)
    sd.poll = 0
    sd.current = None
    stood, n._poll = n._poll, IDLE
    backlog = n is sd.backlog
    if not backlog and (work.__class__ is not int or work > weight or n.delivered > weight or work < 0):
        _bad_work(n, work, weight)
    if work < weight:
        if stood == POLLING and not backlog:
            broken_rule(
                "NAPI3",
                f"{n.dev}: poll returned {work} of a budget of {weight} without napi_complete_done(): "
                "nobody will poll it again",
                _poll_name(n),
            )
        return work
    if stood == COMPLETED:
        broken_rule(
            "NAPI4",
            f"{n.dev}: poll used its budget of {weight} and called "
            f"napi_complete_done() at {site_str(n._complete_site)}",
            _poll_name(n),
        )
        return work
    if n.state & NAPIF_STATE_DISABLE:
        n._poll = POLLING
        napi_complete(n)
        n._poll = IDLE
        return work
    if n.gro_bitmask:
        napi_gro_flush(n, HZ >= 1000)
    if n.rx_list:
        gro_normal_list(n)
    if n.on is not None:
        netdev_err(n.dev, "Budget exhausted after napi rescheduled")
        return work
    repoll.append(n)
    n.on = repoll
    return work


def _poll_name(n: napi_struct) -> str:
    code = getattr(n.poll, "__code__", None)
    return f"poll of {n.dev}, {site_str((code, 0))}" if code is not None else f"poll of {n.dev}"


def _bad_work(n: napi_struct, work: Any, weight: int) -> None:
    if work.__class__ is not int or work < 0:
        broken_rule("NAPI1", f"{n.dev}: poll returned {work!r}, not a number of packets", _poll_name(n))
    elif work > weight:
        broken_rule(
            "NAPI1", f"{n.dev}: NAPI poll function returned {work}, exceeding its budget of {weight}", _poll_name(n)
        )
    else:
        broken_rule("NAPI1", f"{n.dev}: poll delivered {n.delivered} packets with a budget of {weight}", _poll_name(n))


def net_rx_action() -> None:
    """NET_RX_SOFTIRQ: poll what is scheduled, up to 300 packets or 2 jiffies, then leave the rest for the next
    round.
    """
    m = machine()
    cpu = m.sched.cpu
    assert cpu is not None
    net: NetState = m.state["net"]
    sd: softnet_data = net.softnet[cpu.id]
    end = (cpu.time // JIFFY_PS + usecs_to_jiffies(net.netdev_budget_usecs)) * JIFFY_PS
    budget = net.netdev_budget
    repoll: list[napi_struct] = []
    sd.in_net_rx_action = True
    todo = _splice(sd)
    while True:
        if not todo:
            if not repoll:
                sd.in_net_rx_action = False
                if not sd.poll_list:
                    if sd.rps_ipi_list:
                        net_rps_send_ipi(sd)
                    return
                sd.in_net_rx_action = True
                todo = _splice(sd)
                continue
            break
        budget -= _napi_poll(todo[0], repoll, sd, m, net)
        if budget <= 0 or cpu.time >= end:
            sd.time_squeeze += 1
            break
    todo += sd.poll_list
    todo += repoll
    sd.poll_list = todo
    for n in todo:
        n.on = todo
    if todo:
        cpu.softirq_pending |= 1 << NET_RX_SOFTIRQ
    else:
        sd.in_net_rx_action = False
    if sd.rps_ipi_list:
        net_rps_send_ipi(sd)


def _splice(sd: softnet_data) -> list[napi_struct]:
    """Take the poll list over."""
    todo = sd.poll_list
    sd.poll_list = []
    return todo


def netpoll_poll_dev(dev: net_device) -> None:
    """Poll every instance with budget 0, as netconsole does: reclaim only, no packets, no completion (NAPI2)."""
    m = machine()
    sd: softnet_data = m.state["net"].softnet[this_cpu().id]
    local_bh_disable()
    for n in dev.napi_list:
        if n.state & NAPIF_STATE_NPSVC:
            continue
        n.state |= NAPIF_STATE_NPSVC
        before = n._poll
        n._poll, n.delivered, sd.current = POLLING, 0, n
        work = n.poll(n, 0)
        stood, n._poll, sd.current = n._poll, before, None
        n.state &= ~NAPIF_STATE_NPSVC
        if work or n.delivered:
            broken_rule("NAPI2", f"{dev}: poll with budget 0 received {work or n.delivered} packets", _poll_name(n))
        if stood == COMPLETED:
            broken_rule("NAPI2", f"{dev}: poll with budget 0 called napi_complete_done()", _poll_name(n))
    local_bh_enable()
