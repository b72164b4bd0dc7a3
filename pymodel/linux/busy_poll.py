# SPDX-License-Identifier: Apache-2.0
"""Busy polling: a task that waits for packets polls the instance that will bring them, and interrupts stay masked.

Source: net/core/dev.c napi_busy_loop(), include/net/busy_poll.h, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import Cpu
from pymodel.linux.gro import gro_normal_list, napi_gro_flush
from pymodel.linux.hrtimer import HRTIMER_MODE_REL_PINNED, hrtimer_start
from pymodel.linux.napi import (
    MIN_NAPI_ID,
    NAPIF_STATE_DISABLE,
    NAPIF_STATE_IN_BUSY_POLL,
    NAPIF_STATE_MISSED,
    NAPIF_STATE_PREFER_BUSY_POLL,
    NAPIF_STATE_SCHED,
    NapiState,
    __napi_schedule,
    napi_struct,
    softnet_data,
)
from pymodel.linux.napi_poll import poll_checked
from pymodel.linux.netdevice import NetState
from pymodel.linux.sched import cond_resched, preempt_disable, preempt_enable
from pymodel.linux.softirq import local_bh_disable, local_bh_enable
from pymodel.linux.time import HZ

__all__ = ["BUSY_POLL_BUDGET", "busy_loop_current_time", "napi_busy_loop", "napi_by_id", "napi_id_valid"]

BUSY_POLL_BUDGET = 8
_RELAX_NS = 100  # a turn of the loop


def napi_id_valid(napi_id: int) -> bool:
    """Whether it may be an instance's; lower ones are CPUs'."""
    return napi_id >= MIN_NAPI_ID


def napi_by_id(napi_id: int) -> napi_struct | None:
    """The instance of a packet's, or a socket's, napi_id."""
    state: NapiState = here.state["napi"]
    return state.by_id.get(napi_id)


def busy_loop_current_time() -> int:
    """About µs: ns / 1024."""
    return here.sched.local_now // 1000 >> 10


def napi_busy_loop(
    napi_id: int,
    loop_end: Callable[[Any, int], bool] | None,
    loop_end_arg: Any,
    prefer_busy_poll: bool,
    budget: int,
) -> None:
    """Poll an instance until ``loop_end(loop_end_arg, start_time)``, once where there is none; ``budget`` packets a
    poll (BUSY_POLL_BUDGET). In process context. Nothing happens where the id is no instance's.

    ``prefer_busy_poll``: afterwards interrupts stay masked for another ``gro_flush_timeout`` (with
    ``napi_defer_hard_irqs``), in which the task may come back.
    """
    start = busy_loop_current_time() if loop_end is not None else 0
    cpu = this_cpu()
    while True:
        napi = napi_by_id(napi_id)
        if napi is None:
            return
        owned = False
        preempt_disable()
        while True:
            local_bh_disable()
            owned = owned or _claim(napi, prefer_busy_poll)
            if owned:
                _poll(napi, budget)
                gro_normal_list(napi)
            local_bh_enable()
            if loop_end is None or loop_end(loop_end_arg, start):
                if owned:
                    _stop(napi, prefer_busy_poll, budget)
                preempt_enable()
                return
            if cpu.runqueue:  # need_resched()
                break
            cpu.charge(_RELAX_NS)
        if owned:
            _stop(napi, prefer_busy_poll, budget)
        preempt_enable()
        cond_resched()
        if loop_end(loop_end_arg, start):
            return


def _claim(napi: napi_struct, prefer: bool) -> bool:
    """Take the instance from interrupts and softirqs, if it is neither scheduled nor disabled."""
    if napi.state & (NAPIF_STATE_DISABLE | NAPIF_STATE_SCHED | NAPIF_STATE_IN_BUSY_POLL):
        if prefer:
            napi.state |= NAPIF_STATE_PREFER_BUSY_POLL
        return False
    napi.state |= NAPIF_STATE_IN_BUSY_POLL | NAPIF_STATE_SCHED
    return True


def _poll(napi: napi_struct, budget: int) -> int:
    m = here.machine
    cpu: Cpu = this_cpu()
    net: NetState = m.state["net"]
    sd: softnet_data = net.softnet[cpu.id]
    cpu.charge(m.costs.poll_entry)
    return poll_checked(napi, budget, sd, net)


def _stop(napi: napi_struct, prefer: bool, budget: int) -> None:
    """busy_poll_stop(): one more poll, in which the driver completes and unmasks; else it is the softirq's."""
    napi.state &= ~(NAPIF_STATE_MISSED | NAPIF_STATE_IN_BUSY_POLL)
    local_bh_disable()
    skip_schedule = False
    if prefer:
        napi.defer_hard_irqs_count = napi.dev.napi_defer_hard_irqs
        timeout = napi.dev.gro_flush_timeout
        if napi.defer_hard_irqs_count and timeout:
            hrtimer_start(napi.timer, timeout, HRTIMER_MODE_REL_PINNED)
            skip_schedule = True
    if _poll(napi, budget) == budget:
        if skip_schedule:
            if napi.gro_bitmask:
                napi_gro_flush(napi, HZ >= 1000)
            gro_normal_list(napi)
            napi.state &= ~NAPIF_STATE_SCHED
        else:
            gro_normal_list(napi)
            __napi_schedule(napi)
    local_bh_enable()
