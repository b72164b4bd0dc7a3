# SPDX-License-Identifier: Apache-2.0
"""The backlog: packets that wait on a CPU for the stack, from drivers without NAPI and from other CPUs (RPS).

Source: net/core/dev.c netif_rx(), get_rps_cpu(), enqueue_to_backlog(), process_backlog(), net-core-sysfs
netdev_rx_queue_set_rps_mask(), v6.12. Simplified: no RFS (flows follow the CPU of their socket), no flow limit, no
backlog threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.access import here, this_cpu
from pymodel.linux.bug import caller, netdev_warn
from pymodel.linux.dev import receive_one, receive_while_down
from pymodel.linux.dropreason import SKB_DROP_REASON_CPU_BACKLOG, SKB_DROP_REASON_DEV_READY
from pymodel.linux.flow_hash import skb_get_hash
from pymodel.linux.napi import NAPIF_STATE_SCHED, __napi_schedule, napi_struct, softnet_data
from pymodel.linux.netdevice import IFF_UP, LINK_STATE_START, NET_RX_DROP, NET_RX_SUCCESS, NetState
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.softirq import NET_RX_SOFTIRQ, local_bh_disable, local_bh_enable, raise_softirq_irqoff

if TYPE_CHECKING:
    from pymodel.hw.contexts import Cpu
    from pymodel.linux.netdevice import net_device, netdev_rx_queue
    from pymodel.linux.skbuff import sk_buff

__all__ = ["__netif_rx", "get_rps_cpu", "netdev_rx_queue_set_rps_mask", "netif_rx", "process_backlog"]

RPS_VECTOR = -2  # the interrupt by which a CPU tells another that its backlog has packets


# -- in ------------------------------------------------------------------------------------------------------
def netif_rx(skb: sk_buff) -> int:
    """Queue a received packet to a CPU's backlog, from any context: for drivers without NAPI. NET_RX_SUCCESS or
    NET_RX_DROP.
    """
    cpu = this_cpu()
    need_bh_off = not (cpu.hardirq or cpu.softirq or cpu.bh_disabled)
    if need_bh_off:
        local_bh_disable()
    ret = __netif_rx(skb)
    if need_bh_off:
        local_bh_enable()
    return ret


def __netif_rx(skb: sk_buff) -> int:
    """netif_rx() for callers in an interrupt, hard or soft."""
    dev = skb.dev
    if dev is None or not (dev.state & LINK_STATE_START or dev.flags & IFF_UP):
        receive_while_down(dev, skb)
    assert dev is not None
    net: NetState = here.state["net"]
    target = get_rps_cpu(dev, skb, net) if net.rps_needed else -1
    return enqueue_to_backlog(skb, target if target >= 0 else this_cpu().id, net)


def enqueue_to_backlog(skb: sk_buff, cpu_id: int, net: NetState) -> int:
    """Queue to the backlog of a CPU, and see that it is polled."""
    dev = skb.dev
    assert dev is not None
    if not dev.state & LINK_STATE_START:
        dev.rx_dropped += 1
        _kfree_skb(skb, SKB_DROP_REASON_DEV_READY, caller())
        return NET_RX_DROP
    sd = net.softnet[cpu_id]
    waiting = len(sd.input_pkt_queue)
    if waiting > net.netdev_max_backlog:
        sd.dropped += 1
        dev.rx_dropped += 1
        _kfree_skb(skb, SKB_DROP_REASON_CPU_BACKLOG, caller())
        return NET_RX_DROP
    if not waiting and not sd.backlog.state & NAPIF_STATE_SCHED:
        sd.backlog.state |= NAPIF_STATE_SCHED
        mine = net.softnet[this_cpu().id]
        if sd is mine:
            __napi_schedule(sd.backlog)
        else:
            mine.rps_ipi_list.append(cpu_id)
            if not mine.in_net_rx_action:
                raise_softirq_irqoff(NET_RX_SOFTIRQ)
    sd.input_pkt_queue.append(skb)
    return NET_RX_SUCCESS


# -- on ------------------------------------------------------------------------------------------------------
def process_backlog(napi: napi_struct, quota: int) -> int:
    """The poll of a CPU's backlog."""
    m = here.machine
    cpu = this_cpu()
    net: NetState = m.state["net"]
    sd: softnet_data = net.softnet[cpu.id]
    if sd.rps_ipi_list:
        net_rps_send_ipi(sd)
    cost = m.costs.rx_stack
    napi.weight = net.dev_weight
    queue = sd.process_queue
    work = 0
    while True:
        while queue:
            receive_one(queue.popleft(), cpu, net, cost)
            work += 1
            if work >= quota:
                return work
        if not sd.input_pkt_queue:
            napi.state = 0
            return work
        queue += sd.input_pkt_queue
        sd.input_pkt_queue.clear()


# -- to other CPUs -------------------------------------------------------------------------------------------
def netdev_rx_queue_set_rps_mask(queue: netdev_rx_queue, mask: int) -> int:
    """Which CPUs share the packets of a receive queue (a cpumask; 0: the one that took the interrupt keeps them). What
    writing ``/sys/class/net/<dev>/queues/rx-<n>/rps_cpus`` does.
    """
    m = here.machine
    cpus = [cpu.id for cpu in m.sched.cpus if mask >> cpu.id & 1]
    net: NetState = m.state["net"]
    net.rps_needed += bool(cpus) - bool(queue.rps_map)
    queue.rps_map = cpus
    return 0


def get_rps_cpu(dev: net_device, skb: sk_buff, net: NetState) -> int:
    """The CPU that shall have the packet, by its flow; -1 for this one. (C gets at ``net`` itself.)"""
    index = 0
    if skb.queue_mapping:
        index = skb.queue_mapping - 1
        if index >= dev.real_num_rx_queues:
            if dev.real_num_rx_queues > 1:
                netdev_warn(
                    dev,
                    "received packet on queue %u, but number of RX queues is %u",
                    index,
                    dev.real_num_rx_queues,
                )
            return -1
    rps_map = dev._rx[index].rps_map
    if not rps_map:
        return -1
    skb.network_header = skb.data - skb.head
    return rps_map[skb_get_hash(skb) * len(rps_map) >> 32]


def net_rps_send_ipi(sd: softnet_data) -> None:
    """Interrupt the CPUs whose backlogs this one has filled."""
    m = here.machine
    cpus, sd.rps_ipi_list = sd.rps_ipi_list, []
    for cpu_id in cpus:
        this_cpu().charge(m.costs.ipi_send)
        m.sched.cpus[cpu_id].raise_irq(RPS_VECTOR)


def rps_trigger_softirq(cpu: Cpu) -> None:
    """The interrupt on the other CPU."""
    sd: softnet_data = here.state["net"].softnet[cpu.id]
    __napi_schedule(sd.backlog)
    sd.received_rps += 1
