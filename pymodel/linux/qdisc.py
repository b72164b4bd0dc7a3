# SPDX-License-Identifier: Apache-2.0
"""Queueing disciplines: pfifo_fast (lockless, as in v6.12), mq, noqueue, noop; and how they feed the driver.

Source: net/sched/sch_generic.c, sch_mq.c, include/net/sch_generic.h, net/core/dev.c, v6.12. Their life (who gets
which, activation): qdisc_attach.py. Simplified: no other disciplines, no filters, no estimators.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pymodel.hw.access import here, this_cpu
from pymodel.hw.contexts import Cpu
from pymodel.linux.bug import caller
from pymodel.linux.dropreason import SKB_DROP_REASON_QDISC_DROP, SKB_DROP_REASON_QUEUE_PURGE
from pymodel.linux.sched import spin_contended, spin_release
from pymodel.linux.skb_alloc import _kfree_skb, free_completed
from pymodel.linux.skbuff import SKB_GSO_DODGY, SKB_GSO_TCPV4, SKB_GSO_TCPV6, UNSET
from pymodel.linux.softirq import NET_TX_SOFTIRQ, raise_softirq_irqoff
from pymodel.linux.xmit import dev_hard_start_xmit, validate_xmit_skb, validate_xmit_skb_list

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device, netdev_queue
    from pymodel.linux.skbuff import sk_buff

__all__ = ["Qdisc", "qdisc_leaks", "qdisc_pkt_len", "qdisc_qlen_sum", "qdisc_reset", "qdisc_run"]

NET_XMIT_SUCCESS = 0
NET_XMIT_DROP = 1
NET_XMIT_CN = 2
_TX_BUSY = 0x10
_DRV_XOFF, _STACK_XOFF, _FROZEN = 1, 2, 4
_STOPPED = _DRV_XOFF | _STACK_XOFF | _FROZEN

QDISC_STATE_SCHED = 1 << 0
QDISC_STATE_DEACTIVATED = 1 << 1
QDISC_STATE_MISSED = 1 << 2
QDISC_STATE_DRAINING = 1 << 3
_NON_EMPTY = QDISC_STATE_MISSED | QDISC_STATE_DRAINING

PRIO2BAND = (1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1)


class Qdisc:
    """``kind`` is Linux's ``ops->id``: "pfifo_fast", "mq", "noqueue" or "noop". ``qlen`` (packets) and ``backlog``
    (bytes, as on the wire) count all that it holds, requeued packets included. ``limit``: packets in each band.
    """

    __slots__ = (
        "backlog", "bands", "bytes", "dev_queue", "drops", "gso_skb", "kind", "limit", "overlimits", "packets",
        "qlen", "requeues", "running", "state",
    )

    def __init__(self, kind: str, dev_queue: netdev_queue | None, limit: int) -> None:
        self.kind = kind
        self.dev_queue = dev_queue
        self.limit = limit
        self.state = 0
        self.bands: tuple[deque[sk_buff], deque[sk_buff], deque[sk_buff]] = (deque(), deque(), deque())
        self.gso_skb: deque[sk_buff] = deque()  # requeued: goes first
        self.running: Cpu | None = None  # the holder of seqlock
        self.qlen = 0
        self.backlog = 0
        self.packets = 0
        self.bytes = 0
        self.drops = 0
        self.requeues = 0
        self.overlimits = 0


def qdisc_pkt_len(skb: sk_buff) -> int:
    """Bytes of a packet on the wire: of one that will be segmented, with the headers of all segments.

    Source: net/core/dev.c qdisc_pkt_len_init(), v6.12. Simplified: a packet whose header is not linear counts its
    ``len``.
    """
    shinfo = skb._shinfo
    if not shinfo.gso_size or skb.transport_header == UNSET:
        return skb.len
    transport = skb.head + skb.transport_header
    if shinfo.gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6):
        if transport + 20 > skb.tail:
            return skb.len
        header = transport - skb.data + (here.mem[transport + 12] >> 4) * 4
    else:
        header = transport - skb.data + 8
    segs = shinfo.gso_segs
    if shinfo.gso_type & SKB_GSO_DODGY:
        segs = -(-(skb.len - header) // shinfo.gso_size)
    return skb.len + (segs - 1) * header if segs > 1 else skb.len


def qdisc_qlen_sum(q: Qdisc) -> int:
    """Packets in a discipline; of mq, in those of all its queues."""
    if q.kind == "mq":
        assert q.dev_queue is not None
        return sum(txq.qdisc_sleeping.qlen for txq in q.dev_queue.dev._tx)
    return q.qlen


def noop_qdisc() -> Qdisc:
    """The discipline of a device that is down: it drops all."""
    net = here.state["net"]
    if net.noop is None:
        net.noop = Qdisc("noop", None, 0)
    noop: Qdisc = net.noop
    return noop


# -- pfifo_fast ----------------------------------------------------------------------------------------------
def _enqueue(q: Qdisc, skb: sk_buff) -> int:
    if q.kind == "noop":
        _kfree_skb(skb, SKB_DROP_REASON_QDISC_DROP, caller())
        return NET_XMIT_CN
    band = q.bands[PRIO2BAND[skb.priority & 15]]
    if len(band) >= q.limit:
        q.drops += 1
        _kfree_skb(skb, SKB_DROP_REASON_QDISC_DROP, caller())
        return NET_XMIT_DROP
    band.append(skb)
    q.qlen += 1
    q.backlog += qdisc_pkt_len(skb)
    return NET_XMIT_SUCCESS


def _dequeue(q: Qdisc) -> sk_buff | None:
    need_retry = True
    while True:
        for band in q.bands:
            if band:
                skb = band.popleft()
                size = qdisc_pkt_len(skb)
                q.qlen -= 1
                q.backlog -= size
                q.packets += skb._shinfo.gso_segs or 1
                q.bytes += size
                return skb
        if not (need_retry and q.state & _NON_EMPTY):
            return None
        q.state &= ~_NON_EMPTY
        need_retry = False


# -- running -------------------------------------------------------------------------------------------------
def netif_schedule_qdisc(q: Qdisc) -> None:
    """__netif_schedule(): have NET_TX_SOFTIRQ run it on this CPU."""
    if q.state & QDISC_STATE_SCHED or q.kind != "pfifo_fast":
        return
    q.state |= QDISC_STATE_SCHED
    m = here.machine
    cpu = m.sched.cpu
    assert cpu is not None, "queue woken outside of kernel code"
    m.state["net"].softnet[cpu.id].output_queue.append(q)
    raise_softirq_irqoff(NET_TX_SOFTIRQ)


def _maybe_clear_missed(q: Qdisc, txq: netdev_queue) -> None:
    """The queue is stopped: its wake-up will run the qdisc, nobody else need to."""
    q.state &= ~QDISC_STATE_MISSED
    if txq.state & _STOPPED:
        q.state |= QDISC_STATE_DRAINING
    else:
        q.state |= QDISC_STATE_MISSED


def _requeue(skb: sk_buff | None, q: Qdisc) -> None:
    """Put packets that the driver refused back, before all others, in their order."""
    at = 0
    while skb is not None:
        following = skb.next
        skb.next = None
        q.gso_skb.insert(at, skb)
        at += 1
        q.requeues += 1
        q.qlen += 1
        q.backlog += qdisc_pkt_len(skb)
        skb = following
    q.state |= QDISC_STATE_MISSED


def _dequeue_skb(q: Qdisc, txq: netdev_queue) -> tuple[sk_buff | None, bool, int]:
    """The next packets, as a list by ``next``: (first, whether they must be validated, how many)."""
    if q.gso_skb:
        if txq.state & _STOPPED:
            _maybe_clear_missed(q, txq)
            return None, False, 1
        skb = q.gso_skb.popleft()
        q.qlen -= 1
        q.backlog -= qdisc_pkt_len(skb)
        return skb, False, 1
    if txq.state & _STOPPED:
        _maybe_clear_missed(q, txq)
        return None, True, 1
    first = _dequeue(q)
    packets = 1
    if first is not None:
        last = first
        d = txq.dql
        room = d.adj_limit - d.num_queued - last.len
        while room > 0:
            more = _dequeue(q)
            if more is None:
                break
            room -= more.len
            last.next = more
            last = more
            packets += 1
    return first, True, packets


def sch_direct_xmit(
    skb: sk_buff, q: Qdisc, dev: net_device, txq: netdev_queue, validate: bool, cpu: Cpu
) -> bool:
    """Hand packets to the driver. False where they had to be put back."""
    if validate:
        valid = validate_xmit_skb(skb, dev) if skb.next is None else validate_xmit_skb_list(skb, dev)
        if valid is None:
            return True
        skb = valid
    rest: sk_buff | None = skb
    lock = txq._lock
    if lock.owner is not None:
        spin_contended(lock, cpu)
    lock.owner = cpu
    ret = _TX_BUSY
    if not txq.state & _STOPPED:
        rest, ret = dev_hard_start_xmit(skb, dev, txq)
    else:
        _maybe_clear_missed(q, txq)
    lock.owner = None
    if lock.waiters:
        spin_release(lock, cpu)
    if ret >= 0x10:  # NETDEV_TX_BUSY, or the queue was stopped with packets left
        _requeue(rest, q)
        return False
    return True


def __qdisc_run(q: Qdisc, cpu: Cpu) -> None:
    quota = here.state["net"].dev_tx_weight
    txq = q.dev_queue
    assert txq is not None
    dev = txq.dev
    while True:
        skb, validate, packets = _dequeue_skb(q, txq)
        if skb is None or not sch_direct_xmit(skb, q, dev, txq, validate, cpu):
            return
        quota -= packets
        if quota <= 0:
            q.state |= QDISC_STATE_MISSED
            return


def qdisc_run(q: Qdisc) -> None:
    if q.kind != "pfifo_fast":
        return
    if q.running is not None:
        q.state |= QDISC_STATE_MISSED  # whoever runs it sees this when it ends
        return
    txq = q.dev_queue
    assert txq is not None
    if txq.state & _STOPPED:
        _maybe_clear_missed(q, txq)
        return
    cpu = here.sched.cpu
    assert cpu is not None, "queue run outside of kernel code"
    q.running = cpu
    __qdisc_run(q, cpu)
    q.running = None
    if q.state & QDISC_STATE_MISSED:
        netif_schedule_qdisc(q)


def __dev_xmit_skb(skb: sk_buff, q: Qdisc, dev: net_device, txq: netdev_queue, cpu: Cpu) -> int:
    """Through the discipline: past it where it is empty."""
    if q.kind == "pfifo_fast":
        if not q.state & _NON_EMPTY and q.running is None:
            q.running = cpu
            shinfo = skb._shinfo
            if shinfo.gso_size:
                q.packets += shinfo.gso_segs or 1
                q.bytes += qdisc_pkt_len(skb)
            else:
                q.packets += 1
                q.bytes += skb.len
            if sch_direct_xmit(skb, q, dev, txq, True, cpu) and q.state & _NON_EMPTY:
                __qdisc_run(q, cpu)
            q.running = None
            if q.state & QDISC_STATE_MISSED:
                netif_schedule_qdisc(q)
            return NET_XMIT_SUCCESS
        rc = _enqueue(q, skb)
        qdisc_run(q)
        return rc
    return _enqueue(q, skb)


def net_tx_action() -> None:
    """NET_TX_SOFTIRQ: free what hard interrupts left, run the disciplines that were scheduled."""
    m = here.machine
    sd = m.state["net"].softnet[this_cpu().id]
    if sd.completion_queue:
        done, sd.completion_queue = sd.completion_queue, []
        for skb, reason, site in reversed(done):
            free_completed(skb, reason, site)
    if sd.output_queue:
        queues, sd.output_queue = sd.output_queue, []
        for q in queues:
            q.state &= ~QDISC_STATE_SCHED
            if not q.state & QDISC_STATE_DEACTIVATED:
                qdisc_run(q)


# -- what is left -------------------------------------------------------------------------------------------
def qdisc_reset(q: Qdisc) -> None:
    """Drop all that it holds."""
    for queue in (q.gso_skb, *q.bands):
        while queue:
            _kfree_skb(queue.popleft(), SKB_DROP_REASON_QUEUE_PURGE, caller())
    q.qlen = 0
    q.backlog = 0
    q.state &= ~_NON_EMPTY


def qdisc_leaks() -> list[str]:
    """One line for each discipline that still holds packets."""
    return [
        f"{dev.name} queue {txq.index}: {txq.qdisc_sleeping.qlen} packets in its qdisc"
        for dev in here.state["net"].netdevs_alive
        for txq in dev._tx
        if txq.qdisc_sleeping.qlen
    ]
