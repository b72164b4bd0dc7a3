# SPDX-License-Identifier: Apache-2.0
"""Booting a machine's kernel, and what is left of it at the end of a run."""

from __future__ import annotations

from typing import Any

from pymodel.hw.access import Machine, here, set_machine
from pymodel.linux.apic import irq_init, msi_write
from pymodel.linux.backlog import RPS_VECTOR, process_backlog, rps_trigger_softirq
from pymodel.linux.bug import KernelLog
from pymodel.linux.dma_debug import DmaState, dma_leaks
from pymodel.linux.dropreason import drop_reason_name
from pymodel.linux.hrtimer import time_init
from pymodel.linux.ip_route import InetState
from pymodel.linux.irq import irq_leaks
from pymodel.linux.link_watch import LinkwatchState
from pymodel.linux.mm import PAGE_SIZE, MmState, mm_leaks
from pymodel.linux.napi import NapiState, napi_leaks, softnet_data
from pymodel.linux.napi_poll import napi_kthread_create, net_rx_action
from pymodel.linux.netdev_register import netdev_leaks
from pymodel.linux.netdevice import NetState
from pymodel.linux.netfilter import NfState
from pymodel.linux.notifier import notifier_leaks
from pymodel.linux.page_pool import page_pool_leaks
from pymodel.linux.page_pool_types import PagePoolState
from pymodel.linux.pci import PciState
from pymodel.linux.pci_config import line_driven
from pymodel.linux.pci_msi import raise_msi
from pymodel.linux.qdisc import net_tx_action, qdisc_leaks
from pymodel.linux.skb_alloc import skb_leaks
from pymodel.linux.skbuff import SkbState
from pymodel.linux.sock import sock_leaks
from pymodel.linux.softirq import NET_RX_SOFTIRQ, NET_TX_SOFTIRQ, SoftirqState, open_softirq
from pymodel.linux.swiotlb import IO_TLB_SIZE, SwiotlbPool, swiotlb_slots
from pymodel.linux.tasklet import tasklet_boot, tasklet_leaks
from pymodel.linux.time import timer_leaks
from pymodel.linux.workqueue import WorkqueueState, work_leaks
from pymodel.linux.xdp_dev import xdp_leaks

__all__ = ["boot", "counters", "leak_report"]


def boot(m: Machine, seed: int = 0, swiotlb: str = "noforce", weak: bool = False) -> None:
    """Set up every subsystem on a fresh machine, and put it in force. ``seed``: of what Linux draws at random
    (hashes, addresses). ``swiotlb``: the kernel's option; ``"force"`` sends all streaming DMA through bounce buffers.
    ``weak``: stores and loads that no barrier orders are reordered (:mod:`pymodel.linux.barrier`).
    """
    set_machine(m)
    memory = m.memory
    state = m.state
    state["log"] = KernelLog()
    m.weak = memory if weak else None
    m.sched.on_rest = memory.settle if weak else None
    slots = swiotlb_slots(swiotlb, memory.size)
    state["dma"] = DmaState(memory, SwiotlbPool(memory, slots) if slots else None)
    state["mm"] = MmState(memory.mem, memory.size - slots * IO_TLB_SIZE)
    state["skb"] = SkbState()
    state["page_pool"] = PagePoolState()
    state["softirq"] = SoftirqState()
    state["linkwatch"] = LinkwatchState()
    irq_init(m)
    time_init()
    tasklet_boot()
    state["workqueue"] = WorkqueueState()
    state["napi"] = NapiState(napi_kthread_create)
    net = state["net"] = NetState(seed)
    net.softnet = [softnet_data(process_backlog) for _ in m.sched.cpus]
    open_softirq(NET_TX_SOFTIRQ, net_tx_action)
    open_softirq(NET_RX_SOFTIRQ, net_rx_action)
    state["irq"].vectors[RPS_VECTOR] = rps_trigger_softirq
    state["nf"] = NfState()
    state["inet"] = InetState(memory.size // PAGE_SIZE)
    state["pci"] = PciState()
    state["socks"] = []
    m.raise_msi = raise_msi
    m.msi_write = msi_write
    m.set_irq_line = line_driven


def leak_report() -> list[str]:
    """What is left behind, one line each with where it came from; empty after a clean run.

    Sockets, net_devices, skbs, page pools, pages and kmalloc objects, DMA mappings, timers, work, tasklets,
    interrupts, NAPI instances that are scheduled, packets in queueing disciplines, XDP programs.
    """
    lines: list[str] = []
    for leaks in (
        sock_leaks,
        netdev_leaks,
        xdp_leaks,
        notifier_leaks,
        qdisc_leaks,
        napi_leaks,
        skb_leaks,
        page_pool_leaks,
        dma_leaks,
        mm_leaks,
        irq_leaks,
        timer_leaks,
        work_leaks,
        tasklet_leaks,
    ):
        lines += leaks()
    return lines


def counters() -> dict[str, Any]:
    """What the kernel counted since boot: interrupts, softirqs, polls, packets, drops by reason."""
    m = here.machine
    state = m.state
    net: NetState = state["net"]
    softirq: SoftirqState = state["softirq"]
    return {
        "interrupts": state["irq"].interrupts,
        "timer_interrupts": state["irq"].internal,
        "irqs": {desc.name: desc.count for desc in state["irq"].descs.values()},
        "net_tx_softirqs": softirq.counts[NET_TX_SOFTIRQ],
        "net_rx_softirqs": softirq.counts[NET_RX_SOFTIRQ],
        "ksoftirqd_wakeups": softirq.ksoftirqd_wakeups,
        "polls": net.poll_count,
        "rx_processed": sum(sd.processed for sd in net.softnet),
        "received_rps": sum(sd.received_rps for sd in net.softnet),
        "xdp_exceptions": dict(net.xdp_exceptions),
        "backlog_dropped": sum(sd.dropped for sd in net.softnet),
        "time_squeeze": sum(sd.time_squeeze for sd in net.softnet),
        "drops": {drop_reason_name(reason): n for reason, n in sorted(state["skb"].drops.items())},
        "dma_maps": state["dma"].mapped,
        "kmallocs": state["mm"].kmallocs,
        "busy_ns": [cpu.busy_ps // 1000 for cpu in m.sched.cpus],
    }
