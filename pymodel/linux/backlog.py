# SPDX-License-Identifier: Apache-2.0
"""The backlog: packets that wait on a CPU for the stack, from drivers without NAPI.

Source: net/core/dev.c netif_rx(), enqueue_to_backlog(), process_backlog(), v6.12.
"""

from __future__ import annotations

from pymodel.hw.access import machine, this_cpu
from pymodel.linux.bug import caller
from pymodel.linux.dev import netif_receive_skb_internal, receive_while_down
from pymodel.linux.dropreason import SKB_DROP_REASON_CPU_BACKLOG
from pymodel.linux.napi import NAPIF_STATE_SCHED, __napi_schedule, napi_struct, softnet_data
from pymodel.linux.netdevice import IFF_UP, LINK_STATE_START, NET_RX_DROP, NET_RX_SUCCESS, NetState
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skbuff import sk_buff
from pymodel.linux.softirq import local_bh_disable, local_bh_enable

__all__ = ["netif_rx", "process_backlog"]


def netif_rx(skb: sk_buff) -> int:
    """Queue a received packet to this CPU's backlog, from any context: for drivers without NAPI. NET_RX_SUCCESS or
    NET_RX_DROP.
    """
    m = machine()
    cpu = m.sched.cpu
    assert cpu is not None
    net: NetState = m.state["net"]
    sd = net.softnet[cpu.id]
    dev = skb.dev
    if dev is None or not (dev.state & LINK_STATE_START or dev.flags & IFF_UP):
        receive_while_down(dev, skb)
    assert dev is not None
    need_bh_off = not (cpu.hardirq or cpu.softirq or cpu.bh_disabled)
    if need_bh_off:
        local_bh_disable()
    if len(sd.input_pkt_queue) > net.netdev_max_backlog:
        sd.dropped += 1
        dev.rx_dropped += 1
        _kfree_skb(skb, SKB_DROP_REASON_CPU_BACKLOG, caller())
        ret = NET_RX_DROP
    else:
        sd.input_pkt_queue.append(skb)
        if not sd.backlog.state & NAPIF_STATE_SCHED:
            sd.backlog.state |= NAPIF_STATE_SCHED
            __napi_schedule(sd.backlog)
        ret = NET_RX_SUCCESS
    if need_bh_off:
        local_bh_enable()
    return ret


def process_backlog(napi: napi_struct, quota: int) -> int:
    """The poll of a CPU's backlog."""
    sd: softnet_data = machine().state["net"].softnet[this_cpu().id]
    work = 0
    queue = sd.input_pkt_queue
    while queue and work < quota:
        netif_receive_skb_internal(queue.popleft())
        work += 1
    if work < quota:
        napi.state &= ~NAPIF_STATE_SCHED
    return work
