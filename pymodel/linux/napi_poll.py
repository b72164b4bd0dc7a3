# SPDX-License-Identifier: Apache-2.0
"""Polling NAPI instances: the softirq, threads, and netpoll. What each poll does is checked (NAPI1 to NAPI4).

Source: net/core/dev.c, net/core/netpoll.c, v6.12.
"""

from __future__ import annotations

from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import Task
from pymodel.linux.backlog import net_rps_send_ipi
from pymodel.linux.bug import WARN, broken_rule, netdev_err, site_str
from pymodel.linux.gro import COMPLETED, IDLE, POLLING, gro_normal_list, napi_gro_flush
from pymodel.linux.kthread import kthread_run_on_cpu, kthread_should_stop
from pymodel.linux.napi import (
    NAPIF_STATE_DISABLE,
    NAPIF_STATE_NPSVC,
    NAPIF_STATE_PREFER_BUSY_POLL,
    NAPIF_STATE_SCHED,
    NAPIF_STATE_SCHED_THREADED,
    NAPIF_STATE_THREADED,
    napi_complete,
    napi_complete_done,
    napi_schedule,
    napi_struct,
    softnet_data,
)
from pymodel.linux.netdevice import NetState, net_device
from pymodel.linux.sched import cond_resched, schedule
from pymodel.linux.softirq import NET_RX_SOFTIRQ, local_bh_disable, local_bh_enable
from pymodel.linux.time import HZ, JIFFY_PS, usecs_to_jiffies
from pymodel.linux.xdp_dev import xdp_do_check_flushed

__all__ = ["dev_set_threaded", "net_rx_action", "netpoll_poll_dev"]


def poll_checked(n: napi_struct, budget: int, sd: softnet_data, net: NetState) -> int:
    """Call the driver's poll, and see whether it kept the rules. The packets that it says it received."""
    net.poll_count += 1
    sd.poll = net.poll_count
    sd.current = n
    n._poll = POLLING
    n.delivered = 0
    n.polls += 1
    serial = n.polls
    work = n.poll(n, budget)
    if sd.unmasks:
        sd.unmasks = False
        n._unmasking -= 1
    if sd.xdp_bulk:
        xdp_do_check_flushed(n)
    sd.poll = 0
    sd.current = None
    completed = True
    if n.polls == serial:  # else another CPU polls it already, as it may once this poll was completed
        completed = n._poll == COMPLETED
        n._poll = IDLE
    if work.__class__ is not int or work > budget or n.delivered > budget or work < 0:
        _bad_work(n, work, budget)
    if work < budget:
        if not completed and n is not sd.backlog:
            broken_rule(
                "NAPI3",
                f"{n.dev}: poll returned {work} of a budget of {budget} without napi_complete_done(): "
                "nobody will poll it again",
                _poll_name(n),
            )
    elif completed:
        broken_rule(
            "NAPI4",
            f"{n.dev}: poll used its budget of {budget} and called "
            f"napi_complete_done() at {site_str(n._complete_site)}",
            _poll_name(n),
        )
    return work


def _napi_poll(n: napi_struct, sd: softnet_data, m: Any, net: NetState) -> int:
    """__napi_poll(): poll once. The packets; ``sd.repoll`` says whether it shall be polled again."""
    sd.repoll = False
    on = n.poll_list
    if on is not None:
        on.remove(n)
        n.poll_list = None
    weight = n.weight
    m.sched.cpu.charge(m.costs.poll_entry)
    if not n.state & NAPIF_STATE_SCHED:
        return 0
    work = poll_checked(n, weight, sd, net)
    if work < weight:
        return work
    if n.state & (NAPIF_STATE_DISABLE | NAPIF_STATE_PREFER_BUSY_POLL):
        _give_up(n, work)
        return work
    if n.gro_bitmask:
        napi_gro_flush(n, HZ >= 1000)
    if n.rx_list:
        gro_normal_list(n)
    if n.poll_list is not None:
        netdev_err(n.dev, "Budget exhausted after napi rescheduled")
        return work
    sd.repoll = True
    return work


def _give_up(n: napi_struct, work: int) -> None:
    """Complete an instance that used its budget: it is being disabled, or a socket polls it."""
    n._poll = POLLING
    if n.state & NAPIF_STATE_DISABLE:
        napi_complete(n)
    elif napi_complete_done(n, work):
        napi_schedule(n)  # no timer will
    n._poll = IDLE


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
    m = here.machine
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
        n = todo[0]
        budget -= _napi_poll(n, sd, m, net)
        if sd.repoll:
            repoll.append(n)
            n.poll_list = repoll
        if budget <= 0 or cpu.time >= end:
            sd.time_squeeze += 1
            break
    todo += sd.poll_list
    todo += repoll
    sd.poll_list = todo
    for n in todo:
        n.poll_list = todo
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


# -- threads -------------------------------------------------------------------------------------------------
def dev_set_threaded(dev: net_device, threaded: bool) -> int:
    """Have the instances of a device polled by threads of their own, named ``napi/eth0-8193``, or by the softirq again.

    Takes effect with the next schedule. Simplified: a thread runs on the CPU that set_cpus_allowed_ptr() names, else on
    the one on which it was made. 0.
    """
    if dev.threaded == threaded:
        return 0
    dev.threaded = threaded
    for n in dev.napi_list:
        if threaded and n.thread is None:
            n.thread = napi_kthread_create(n)
    for n in dev.napi_list:
        if threaded:
            n.state |= NAPIF_STATE_THREADED
        else:
            n.state &= ~NAPIF_STATE_THREADED
    return 0


def napi_kthread_create(n: napi_struct) -> Task:
    cpu = here.sched.cpu
    name = f"napi/{n.dev.name}-{n.napi_id}"
    return kthread_run_on_cpu(_napi_threaded_poll, n, 0 if cpu is None else cpu.id, name)


def _napi_threaded_poll(n: napi_struct) -> int:
    while not kthread_should_stop():
        if n.state & NAPIF_STATE_SCHED_THREADED:
            if n.poll_list is not None:
                WARN(f"{n.dev}: the thread of a NAPI instance polls it while it is on a CPU's poll list")
            _threaded_poll_loop(n)
        else:
            schedule(f"NAPI of {n.dev}")
    return 0


def _threaded_poll_loop(n: napi_struct) -> None:
    """Poll with bottom halves off until the budget is not used up."""
    m = here.machine
    net: NetState = m.state["net"]
    while True:
        local_bh_disable()
        sd = net.softnet[this_cpu().id]
        _napi_poll(n, sd, m, net)
        again = sd.repoll
        if sd.rps_ipi_list:
            net_rps_send_ipi(sd)
        local_bh_enable()
        if not again:
            return
        cond_resched()


# -- netpoll -------------------------------------------------------------------------------------------------
def netpoll_poll_dev(dev: net_device) -> None:
    """Poll every instance with budget 0, as netconsole does: reclaim only, no packets, no completion (NAPI2)."""
    m = here.machine
    sd: softnet_data = m.state["net"].softnet[this_cpu().id]
    local_bh_disable()
    for n in dev.napi_list:
        if n.state & NAPIF_STATE_NPSVC:
            continue
        n.state |= NAPIF_STATE_NPSVC
        n.poll_owner = this_cpu().id
        before = n._poll
        n._poll, n.delivered, sd.current = POLLING, 0, n
        work = n.poll(n, 0)
        stood, n._poll, sd.current = n._poll, before, None
        n.poll_owner = -1
        n.state &= ~NAPIF_STATE_NPSVC
        if work or n.delivered:
            broken_rule("NAPI2", f"{dev}: poll with budget 0 received {work or n.delivered} packets", _poll_name(n))
        if stood == COMPLETED:
            broken_rule("NAPI2", f"{dev}: poll with budget 0 called napi_complete_done()", _poll_name(n))
    local_bh_enable()
