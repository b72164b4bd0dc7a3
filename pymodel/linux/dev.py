# SPDX-License-Identifier: Apache-2.0
"""The two ends of the stack: dev_queue_xmit() on the way down, netif_receive_skb() on the way up, and the packet
handlers there.

Source: net/core/dev.c, v6.12. Simplified: no RPS and XPS, no XDP, no rx_handler, no traffic control and netfilter
hooks, no VLAN devices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zlib import crc32

from pymodel.hw.access import machine
from pymodel.linux.bug import WARN, broken_rule, caller, caller_outside, site_str
from pymodel.linux.dropreason import SKB_DROP_REASON_DEV_READY, SKB_DROP_REASON_UNHANDLED_PROTO
from pymodel.linux.errno import ENETDOWN
from pymodel.linux.if_ether import ETH_P_ALL, ETH_P_IP, ETH_P_IPV6
from pymodel.linux.qdisc import __dev_xmit_skb
from pymodel.linux.sched import spin_contended, spin_release
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skb_frags import skb_to_bytes
from pymodel.linux.skbuff import UNSET, sk_buff
from pymodel.linux.softirq import handle_softirqs
from pymodel.linux.xmit import dev_hard_start_xmit, validate_xmit_skb

if TYPE_CHECKING:
    from pymodel.hw.contexts import Cpu
    from pymodel.linux.netdevice import NetState, net_device, netdev_queue

__all__ = [
    "__dev_queue_xmit", "dev_add_pack", "dev_queue_xmit", "dev_remove_pack", "netdev_cap_txqueue",
    "netdev_core_pick_tx", "netdev_pick_tx", "packet_type", "skb_get_hash", "skb_mac_frame", "skb_tx_hash",
]


class packet_type:
    """A packet handler: ``func(skb, dev, pt, orig_dev)`` gets a reference and must free it. ``type`` ETH_P_ALL: a
    tap, which sees all, and what is sent as well unless ``ignore_outgoing``. ``dev``: of one device only.
    """

    __slots__ = ("af_packet_priv", "dev", "func", "ignore_outgoing", "type")

    def __init__(
        self,
        type: int = 0,
        func: Callable[[sk_buff, net_device, packet_type, net_device], object] | None = None,
        dev: net_device | None = None,
        ignore_outgoing: bool = False,
        af_packet_priv: Any = None,
    ) -> None:
        if func is None:
            raise TypeError("packet_type without func")
        self.type = type
        self.func = func
        self.dev = dev
        self.ignore_outgoing = ignore_outgoing
        self.af_packet_priv = af_packet_priv


def _handlers(pt: packet_type) -> list[packet_type]:
    net: NetState = machine().state["net"]
    if pt.type == ETH_P_ALL:
        return pt.dev.ptype_all if pt.dev is not None else net.ptype_all
    return pt.dev.ptype_specific if pt.dev is not None else net.ptype_base.setdefault(pt.type, [])


def dev_add_pack(pt: packet_type) -> None:
    """Install a packet handler."""
    _handlers(pt).append(pt)
    if pt.type == ETH_P_ALL and not pt.ignore_outgoing:
        machine().state["net"].nit_outgoing += 1


def dev_remove_pack(pt: packet_type) -> None:
    """Remove it; it does not run any more when this returns."""
    handlers = _handlers(pt)
    if pt not in handlers:
        WARN(f"dev_remove_pack: {pt.func.__name__} not found", site_str(caller()))
        return
    handlers.remove(pt)
    if pt.type == ETH_P_ALL and not pt.ignore_outgoing:
        machine().state["net"].nit_outgoing -= 1


def skb_mac_frame(skb: sk_buff) -> bytes:
    """The whole frame from its MAC header, as on the wire. Not Linux's: for taps, which see data from the network
    header.
    """
    back = skb.data - skb.head - skb.mac_header
    if not skb.data_len:
        return bytes(machine().platform.memory.mem[skb.data - back : skb.data + skb.len])
    return bytes(machine().platform.memory.mem[skb.data - back : skb.data]) + skb_to_bytes(skb)


# -- up ------------------------------------------------------------------------------------------------------
def netif_receive_skb_internal(skb: sk_buff) -> int:
    """__netif_receive_skb_core(): taps, then the handlers of the protocol; the last one gets the caller's
    reference.
    """
    m = machine()
    cpu = m.sched.cpu
    assert cpu is not None
    cpu.charge(m.costs.rx_stack)
    net: NetState = m.state["net"]
    net.softnet[cpu.id].processed += 1
    dev = skb.dev
    assert dev is not None
    offset = skb.data - skb.head
    skb.network_header = offset
    if skb.transport_header == UNSET:
        skb.transport_header = offset
    skb.mac_len = offset - skb.mac_header & 0xFFFF
    skb.skb_iif = dev.ifindex
    last: packet_type | None = None
    if net.ptype_all:
        for pt in net.ptype_all:
            if last is not None:
                skb.users += 1
                last.func(skb, dev, last, dev)
            last = pt
    if dev.ptype_all:
        for pt in dev.ptype_all:
            if last is not None:
                skb.users += 1
                last.func(skb, dev, last, dev)
            last = pt
    for handlers in (net.ptype_base.get(skb.protocol), dev.ptype_specific):
        for pt in handlers or ():
            if pt.type == skb.protocol:
                if last is not None:
                    skb.users += 1
                    last.func(skb, dev, last, dev)
                last = pt
    if last is not None:
        return last.func(skb, dev, last, dev)  # type: ignore[return-value]
    dev.rx_dropped += 1
    _kfree_skb(skb, SKB_DROP_REASON_UNHANDLED_PROTO, caller())
    return 1  # NET_RX_DROP


# -- which queue ---------------------------------------------------------------------------------------------
def skb_get_hash(skb: sk_buff) -> int:
    """The flow hash: the device's, else one computed over addresses, protocol and ports. Never 0.

    Simplified: a seeded CRC where Linux has siphash; tunnels, extension headers and VLAN tags are not looked into.
    """
    if not skb.hash:
        skb.hash = _flow_hash(skb)
        skb.sw_hash = 1
    return skb.hash


def _flow_hash(skb: sk_buff) -> int:
    m = machine()
    mem = m.platform.memory.mem
    seed: int = m.state["net"].hash_seed
    at = skb.head + skb.network_header
    room = skb.tail - at
    proto = skb.protocol
    if proto == ETH_P_IP and room >= 20:
        keys = bytes(mem[at + 12 : at + 20]) + bytes(mem[at + 9 : at + 10])
        l4, kind = at + (mem[at] & 15) * 4, mem[at + 9]
        fragment = mem[at + 6] & 0x3F or mem[at + 7]
    elif proto == ETH_P_IPV6 and room >= 40:
        keys = bytes(mem[at + 8 : at + 40]) + bytes(mem[at + 6 : at + 7])
        l4, kind, fragment = at + 40, mem[at + 6], 0
    else:
        return crc32(proto.to_bytes(2, "big"), seed) or 1
    if kind in (6, 17) and not fragment and l4 + 4 <= skb.tail:
        keys += bytes(mem[l4 : l4 + 4])
        skb.l4_hash = 1
    return crc32(keys, seed) or 1


def skb_tx_hash(dev: net_device, sb_dev: net_device | None, skb: sk_buff) -> int:
    """A queue from the receive queue that was recorded, else from the flow hash."""
    count = dev.real_num_tx_queues
    if skb.queue_mapping:
        return (skb.queue_mapping - 1) % count
    return skb_get_hash(skb) * count >> 32


def netdev_pick_tx(dev: net_device, skb: sk_buff, sb_dev: net_device | None) -> int:
    """The queue of a packet: its socket's, else skb_tx_hash()."""
    sk = skb.sk
    if sk is not None:
        index = sk.sk_tx_queue_mapping
        if 0 <= index < dev.real_num_tx_queues and not skb.ooo_okay:
            return int(index)
    return skb_tx_hash(dev, sb_dev, skb)


def netdev_cap_txqueue(dev: net_device, queue_index: int) -> int:
    """0 for a queue that is not in use, with a warning in the log."""
    if queue_index >= dev.real_num_tx_queues:
        from pymodel.linux.bug import netdev_warn

        netdev_warn(dev, "selects TX queue %d, but real number of TX queues is %d", queue_index, dev.real_num_tx_queues)
        return 0
    return queue_index


def netdev_core_pick_tx(dev: net_device, skb: sk_buff, sb_dev: net_device | None) -> netdev_queue:
    """The transmit queue, by ndo_select_queue where the driver has it."""
    index = 0
    if dev.real_num_tx_queues != 1:
        select = dev.netdev_ops.ndo_select_queue
        index = select(dev, skb, sb_dev) if select is not None else netdev_pick_tx(dev, skb, sb_dev)
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
    m = machine()
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
    txq = netdev_core_pick_tx(dev, skb, sb_dev)
    q = txq.qdisc
    rc = __dev_xmit_skb(skb, q, dev, txq, cpu) if q.kind != "noqueue" else _xmit_noqueue(skb, dev, txq, cpu)
    cpu.bh_disabled -= 1
    if cpu.softirq_pending and not (cpu.bh_disabled or cpu.softirq or cpu.hardirq):
        handle_softirqs(cpu)
    return rc


def _xmit_noqueue(skb: sk_buff, dev: net_device, txq: netdev_queue, cpu: Cpu) -> int:
    """A device without a queue: straight into the driver, which must not be busy."""
    if not dev.flags & 1:
        dev.tx_dropped += 1
        _kfree_skb(skb, SKB_DROP_REASON_DEV_READY, caller())
        return -ENETDOWN
    valid = validate_xmit_skb(skb, dev)
    if valid is None:
        return -12
    if txq._lock.owner is cpu:
        broken_rule("TX1", f"Dead loop on virtual device {dev.name}, fix it urgently!", site_str(caller_outside()))
        _kfree_skb(valid, SKB_DROP_REASON_DEV_READY, caller())
        return -ENETDOWN
    if txq._lock.owner is not None:
        spin_contended(txq._lock, cpu)
    txq._lock.owner = cpu
    rest: sk_buff | None = valid
    if not txq.state & 3:
        rest, _ = dev_hard_start_xmit(valid, dev, txq)
    txq._lock.owner = None
    if txq._lock.waiters:
        spin_release(txq._lock, cpu)
    if rest is None:
        return 0
    dev.tx_dropped += 1
    _kfree_skb(rest, SKB_DROP_REASON_DEV_READY, caller())
    return -ENETDOWN
