# SPDX-License-Identifier: Apache-2.0
"""The way down: which queue a packet takes, and dev_queue_xmit().

Source: net/core/dev.c, v6.12. Simplified: no traffic control and netfilter hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.access import here, this_cpu
from pymodel.linux.bug import WARN, caller_outside, netdev_err, netdev_warn, site_str
from pymodel.linux.errno import ENETDOWN, ENOMEM
from pymodel.linux.flow_hash import skb_get_hash
from pymodel.linux.netdev_tc import get_xps_queue
from pymodel.linux.netdevice import (
    IFF_UP,
    LINK_STATE_NOCARRIER,
    LINK_STATE_START,
    NET_XMIT_DROP,
    NETDEV_TX_BUSY,
    QUEUE_STATE_ANY_XOFF,
    QUEUE_STATE_DRV_XOFF_OR_FROZEN,
)
from pymodel.linux.qdisc import __dev_xmit_skb
from pymodel.linux.sched import spin_contended, spin_lock, spin_release, spin_unlock
from pymodel.linux.skb_alloc import kfree_skb, kfree_skb_list
from pymodel.linux.skbuff import sk_buff
from pymodel.linux.softirq import handle_softirqs, local_bh_disable, local_bh_enable
from pymodel.linux.xmit import dev_hard_start_xmit, netdev_start_xmit, validate_xmit_skb

if TYPE_CHECKING:
    from pymodel.hw.contexts import Cpu
    from pymodel.linux.netdevice import net_device, netdev_queue

__all__ = [
    "__dev_direct_xmit", "__dev_queue_xmit", "dev_direct_xmit", "dev_pick_tx_zero", "dev_queue_xmit",
    "netdev_cap_txqueue", "netdev_core_pick_tx", "netdev_pick_tx", "skb_tx_hash",
]

XMIT_RECURSION_LIMIT = 8
_NO_XPS = [None, None]


# -- which queue ---------------------------------------------------------------------------------------------
def skb_tx_hash(dev: net_device, sb_dev: net_device | None, skb: sk_buff) -> int:
    """A queue of the packet's traffic class, from the receive queue that was recorded, else from the flow hash."""
    if dev.num_tc:
        tc = dev.prio_tc_map[skb.priority & 15]
        count, offset = (sb_dev or dev).tc_to_txq[tc]
        if not count:
            netdev_warn(dev, "invalid qcount, qoffset %d for tc %d", offset, tc)
            offset, count = 0, dev.real_num_tx_queues
    else:
        count, offset = dev.real_num_tx_queues, 0
    rxq = skb.queue_mapping - 1
    if rxq >= 0:
        if rxq >= offset:
            rxq -= offset
        return rxq % count + offset
    return (skb_get_hash(skb) * count >> 32) + offset


def netdev_pick_tx(dev: net_device, skb: sk_buff, sb_dev: net_device | None) -> int:
    """The queue of a packet: its socket's, else what XPS says, else skb_tx_hash(). A connected socket
    (``sk_dst_cache``) keeps it, until a packet may overtake others (``ooo_okay``).
    """
    sk = skb.sk
    queue = sk.sk_tx_queue_mapping if sk is not None else -1
    if queue < 0 or skb.ooo_okay or queue >= dev.real_num_tx_queues:
        new = get_xps_queue(sb_dev or dev, skb) if dev.xps_maps != _NO_XPS else -1
        if new < 0:
            new = skb_tx_hash(dev, sb_dev, skb)
        if queue != new and sk is not None and sk.sk_dst_cache is not None:
            sk.sk_tx_queue_mapping = new
        queue = new
    return queue


def dev_pick_tx_zero(dev: net_device, skb: sk_buff, sb_dev: net_device | None) -> int:
    """For ndo_select_queue: the first queue."""
    return 0


def netdev_cap_txqueue(dev: net_device, queue_index: int) -> int:
    """0 for a queue that is not in use, with a warning in the log."""
    if queue_index >= dev.real_num_tx_queues:
        netdev_warn(dev, "selects TX queue %d, but real number of TX queues is %d", queue_index, dev.real_num_tx_queues)
        return 0
    return queue_index


def netdev_core_pick_tx(dev: net_device, skb: sk_buff, sb_dev: net_device | None) -> netdev_queue:
    """The transmit queue, by ndo_select_queue where the driver has it."""
    index = 0
    if dev.real_num_tx_queues != 1:
        select = dev.netdev_ops.ndo_select_queue
        index = select(dev, skb, sb_dev) if select is not None else netdev_pick_tx(dev, skb, sb_dev)
        if index >= dev.real_num_tx_queues:
            index = netdev_cap_txqueue(dev, index)
    skb.queue_mapping = index
    return dev._tx[index]


# -- down ----------------------------------------------------------------------------------------------------
def dev_queue_xmit(skb: sk_buff) -> int:
    """Send ``skb`` through ``skb.dev``; it is consumed whatever happens. NET_XMIT_SUCCESS, NET_XMIT_DROP or _CN,
    or a negative errno.
    """
    return __dev_queue_xmit(skb, None)


def __dev_queue_xmit(skb: sk_buff, sb_dev: net_device | None) -> int:
    m = here.machine
    cpu = m.sched.cpu
    assert cpu is not None
    dev = skb.dev
    assert dev is not None, "dev_queue_xmit() of an skb without a device"
    cpu.charge(m.costs.tx_stack)
    if cpu.hardirq or cpu.irqs_disabled:
        WARN("dev_queue_xmit() in a hard interrupt, or with interrupts off", site_str(caller_outside()))
    skb.mac_header = skb.data - skb.head
    if not skb.len:
        WARN("dev_queue_xmit() of an empty skb", site_str(caller_outside()))
    cpu.bh_disabled += 1
    if dev.real_num_tx_queues == 1:
        skb.queue_mapping = 0
        txq = dev._tx[0]
    else:
        txq = netdev_core_pick_tx(dev, skb, sb_dev)
    q = txq.qdisc
    rc = __dev_xmit_skb(skb, q, dev, txq, cpu) if q.kind != "noqueue" else _xmit_noqueue(skb, dev, txq, cpu)
    cpu.bh_disabled -= 1
    if cpu.softirq_pending and not (cpu.bh_disabled or cpu.softirq or cpu.hardirq):
        handle_softirqs(cpu)
    return rc


def __dev_direct_xmit(skb: sk_buff, queue_id: int) -> int:
    """Send past queueing discipline and taps, through a queue that the caller chooses: as AF_XDP does, and packet
    sockets with PACKET_QDISC_BYPASS. The driver's answer, NETDEV_TX_BUSY also where the queue is stopped: the skb is
    the caller's then. NET_XMIT_DROP where it was dropped: the device is down, or software would have had to do
    something that makes another skb of it.
    """
    dev = skb.dev
    assert dev is not None
    valid: sk_buff | None = skb
    if dev.state & (LINK_STATE_START | LINK_STATE_NOCARRIER) == LINK_STATE_START:
        valid = validate_xmit_skb(skb, dev)
        if valid is skb:
            return _start_direct(skb, dev, queue_id)
    dev.tx_dropped += 1
    kfree_skb_list(valid)
    return NET_XMIT_DROP


def _start_direct(skb: sk_buff, dev: net_device, queue_id: int) -> int:
    skb.queue_mapping = queue_id
    txq = dev._tx[queue_id]
    local_bh_disable()
    sd = here.state["net"].softnet[this_cpu().id]
    sd.xmit_recursion += 1
    spin_lock(txq._lock)
    rc = NETDEV_TX_BUSY
    if not txq.state & QUEUE_STATE_DRV_XOFF_OR_FROZEN:
        rc = netdev_start_xmit(skb, dev, txq, False)
    spin_unlock(txq._lock)
    sd.xmit_recursion -= 1
    local_bh_enable()
    return rc


def dev_direct_xmit(skb: sk_buff, queue_id: int) -> int:
    """:func:`__dev_direct_xmit` that drops what the driver does not take."""
    rc = __dev_direct_xmit(skb, queue_id)
    if rc >= NETDEV_TX_BUSY:
        kfree_skb(skb)
    return rc


def _xmit_noqueue(skb: sk_buff, dev: net_device, txq: netdev_queue, cpu: Cpu) -> int:
    """A device without a queue: straight into the driver, which must not be busy. WARN where the driver sends the
    packet to its own device again, or through more than XMIT_RECURSION_LIMIT others.
    """
    rest: sk_buff | None = skb
    if dev.flags & IFF_UP:
        sd = here.state["net"].softnet[cpu.id]
        if txq._lock.owner is cpu or sd.xmit_recursion > XMIT_RECURSION_LIMIT:
            WARN(f"Dead loop on virtual device {dev.name}, fix it urgently!", site_str(caller_outside()))
        else:
            rest = validate_xmit_skb(skb, dev)
            if rest is None:
                return -ENOMEM
            if txq._lock.owner is not None:
                spin_contended(txq._lock, cpu)
            txq._lock.owner = cpu
            rc = NETDEV_TX_BUSY
            if not txq.state & QUEUE_STATE_ANY_XOFF:
                sd.xmit_recursion += 1
                rest, rc = dev_hard_start_xmit(rest, dev, txq)
                sd.xmit_recursion -= 1
            txq._lock.owner = None
            if txq._lock.waiters:
                spin_release(txq._lock, cpu)
            if rest is None:
                return rc
            netdev_err(dev, "Virtual device %s asks to queue packet!", dev.name)
    dev.tx_dropped += 1
    kfree_skb_list(rest)
    return -ENETDOWN
