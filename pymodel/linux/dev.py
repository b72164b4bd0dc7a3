# SPDX-License-Identifier: Apache-2.0
"""The way up: netif_receive_skb(), and the packet handlers there. The way down: dev_xmit.py.

Source: net/core/dev.c, v6.12. Simplified: no VLAN devices, no packets from memory reserves.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, broken_rule, caller, caller_outside, site_str
from pymodel.linux.dropreason import SKB_DROP_REASON_UNHANDLED_PROTO
from pymodel.linux.errno import EBUSY
from pymodel.linux.if_ether import ETH_P_8021AD, ETH_P_8021Q, ETH_P_ALL
from pymodel.linux.netdevice import (
    ASSERT_RTNL,
    IFF_UP,
    LINK_STATE_START,
    NET_RX_DROP,
    NET_RX_SUCCESS,
    NETREG_REGISTERED,
)
from pymodel.linux.netfilter import nf_hook_ingress
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skb_frags import skb_to_bytes
from pymodel.linux.skb_vlan import skb_vlan_untag
from pymodel.linux.skbuff import PACKET_OTHERHOST, UNSET, sk_buff
from pymodel.linux.tc_ingress import sch_handle_ingress
from pymodel.linux.xdp import XDP_PASS
from pymodel.linux.xdp_dev import do_xdp_generic

if TYPE_CHECKING:
    from pymodel.hw.contexts import Cpu
    from pymodel.linux.netdevice import NetState, net_device

__all__ = [
    "RX_HANDLER_ANOTHER", "RX_HANDLER_CONSUMED", "RX_HANDLER_EXACT", "RX_HANDLER_PASS", "dev_add_pack",
    "dev_remove_pack", "netdev_rx_handler_register", "netdev_rx_handler_unregister", "netif_receive_skb",
    "netif_receive_skb_list", "packet_type", "skb_mac_frame",
]


class packet_type:
    """A packet handler: ``func(skb, dev, pt, orig_dev)`` gets a reference and must free it. ``type`` ETH_P_ALL: a
    tap, which sees all, and what is sent as well unless ``ignore_outgoing``. ``dev``: of one device only.
    ``list_func(skbs, pt, orig_dev)`` takes many at once.
    """

    __slots__ = ("af_packet_priv", "dev", "func", "ignore_outgoing", "list_func", "type")

    def __init__(
        self,
        type: int = 0,
        func: Callable[[sk_buff, net_device, packet_type, net_device], object] | None = None,
        dev: net_device | None = None,
        ignore_outgoing: bool = False,
        af_packet_priv: Any = None,
        list_func: Callable[[list[sk_buff], packet_type, net_device], object] | None = None,
    ) -> None:
        if func is None:
            raise TypeError("packet_type without func")
        self.type = type
        self.func = func
        self.dev = dev
        self.ignore_outgoing = ignore_outgoing
        self.af_packet_priv = af_packet_priv
        self.list_func = list_func


def _handlers(pt: packet_type) -> list[packet_type]:
    net: NetState = here.state["net"]
    if pt.type == ETH_P_ALL:
        return pt.dev.ptype_all if pt.dev is not None else net.ptype_all
    return pt.dev.ptype_specific if pt.dev is not None else net.ptype_base.setdefault(pt.type, [])


def dev_add_pack(pt: packet_type) -> None:
    """Install a packet handler."""
    _handlers(pt).append(pt)
    if pt.type == ETH_P_ALL and not pt.ignore_outgoing:
        here.state["net"].nit_outgoing += 1


def dev_remove_pack(pt: packet_type) -> None:
    """Remove it; it does not run any more when this returns."""
    handlers = _handlers(pt)
    if pt not in handlers:
        WARN(f"dev_remove_pack: {pt.func.__name__} not found", site_str(caller()))
        return
    handlers.remove(pt)
    if pt.type == ETH_P_ALL and not pt.ignore_outgoing:
        here.state["net"].nit_outgoing -= 1


def skb_mac_frame(skb: sk_buff) -> bytes:
    """The whole frame from its MAC header, as on the wire, with the VLAN tag beside the data in its place. Not Linux's:
    for taps, which see data from the network header.
    """
    if skb.mac_header == UNSET:
        BUG(f"{skb!r} has no MAC header: eth_type_trans() sets it", site_str(skb._site))
    mac = skb.head + skb.mac_header
    if not (skb.vlan_proto or skb.data_len):
        return here.peek(mac, skb.data + skb.len - mac)
    mem = here.mem
    if skb.vlan_proto:
        tag = struct.pack(">HH", skb.vlan_proto, skb.vlan_tci)
        return b"".join((mem[mac : mac + 12], tag, mem[mac + 12 : skb.data], skb_to_bytes(skb)))
    return bytes(mem[mac : skb.data]) + skb_to_bytes(skb)


# -- a device's own receiver ---------------------------------------------------------------------------------
RX_HANDLER_CONSUMED, RX_HANDLER_ANOTHER, RX_HANDLER_EXACT, RX_HANDLER_PASS = range(4)


def netdev_rx_handler_register(
    dev: net_device, rx_handler: Callable[[sk_buff], tuple[int, sk_buff | None]], rx_handler_data: Any = None
) -> int:
    """Give ``dev`` its one receiver, as bridges, bonds and macvlan do: ``rx_handler(skb)`` returns RX_HANDLER_* and
    the skb (in C it may change the caller's pointer). 0, or -EBUSY where there is one. rtnl is held.
    """
    ASSERT_RTNL()
    if dev.rx_handler is not None:
        return -EBUSY
    dev.rx_handler = rx_handler
    dev.rx_handler_data = rx_handler_data
    return 0


def netdev_rx_handler_unregister(dev: net_device) -> None:
    """Take it away; it does not run any more when this returns. rtnl is held."""
    ASSERT_RTNL()
    dev.rx_handler = None
    dev.rx_handler_data = None


# -- up ------------------------------------------------------------------------------------------------------
def netif_receive_skb(skb: sk_buff) -> int:
    """Hand a received packet to the stack, without GRO, from softirq context. NET_RX_SUCCESS or NET_RX_DROP."""
    check_receive(skb)
    return netif_receive_skb_internal(skb)


def check_receive(skb: sk_buff) -> None:
    """What a driver may do wrong as it hands a packet up: the context, a device that is down. Counts it (NAPI1)."""
    m = here.machine
    cpu = m.sched.cpu
    assert cpu is not None
    if not (cpu.softirq or cpu.bh_disabled) or cpu.hardirq:
        WARN(
            "netif_receive_skb() outside of softirq context; netif_rx() is for other contexts",
            site_str(caller_outside()),
        )
    dev = skb.dev
    if dev is None or not (dev.state & LINK_STATE_START or dev.flags & IFF_UP):
        receive_while_down(dev, skb)
    current = m.state["net"].softnet[cpu.id].current
    if current is not None:
        current.delivered += 1


def receive_while_down(dev: net_device | None, skb: sk_buff) -> None:
    """Report a packet of a device that does not receive: LIFE1, LIFE2."""
    where = site_str(caller_outside())
    if dev is None:
        BUG(f"packet received without a device: skb->dev is NULL ({skb!r}); eth_type_trans() sets it", where)
    if dev.reg_state < NETREG_REGISTERED:
        broken_rule("LIFE1", f"{dev.name}: packet received before register_netdev()", where)
    else:
        broken_rule("LIFE2", f"{dev.name}: packet received while the device is down", where)


def netif_receive_skb_internal(skb: sk_buff) -> int:
    """netif_receive_skb() without its checks: RPS, then the stack."""
    m = here.machine
    cpu = m.sched.cpu
    assert cpu is not None
    net: NetState = m.state["net"]
    if net.rps_needed:
        target = _rps_cpu(skb.dev, skb, net)  # type: ignore[arg-type]
        if target >= 0:
            return _to_backlog(skb, target, net)
    return receive_one(skb, cpu, net, m.costs.rx_stack)


def netif_receive_skb_list(head: list[sk_buff]) -> None:
    """netif_receive_skb() for a list, which is empty afterwards. Handlers get the packets one after another once all of
    them have passed the taps.
    """
    for skb in head:
        check_receive(skb)
    netif_receive_skb_list_internal(head)


def netif_receive_skb_list_internal(head: list[sk_buff]) -> None:
    """netif_receive_skb_list() without its checks."""
    m = here.machine
    cpu = m.sched.cpu
    assert cpu is not None
    net: NetState = m.state["net"]
    cost = m.costs.rx_stack
    alike: list[tuple[sk_buff, packet_type, net_device]] = []
    for skb in head:
        orig_dev: net_device = skb.dev  # type: ignore[assignment]
        if net.rps_needed:
            target = _rps_cpu(orig_dev, skb, net)
            if target >= 0:
                _to_backlog(skb, target, net)
                continue
        after, last, _ = _receive_core(skb, orig_dev, cpu, net, cost)
        if last is not None:
            assert after is not None
            alike.append((after, last, orig_dev))
            if alike[0][1] is not last or alike[0][2] is not orig_dev:
                _deliver_list(alike[:-1])
                del alike[:-1]
    head.clear()
    _deliver_list(alike)


def _rps_cpu(dev: net_device, skb: sk_buff, net: NetState) -> int:
    from pymodel.linux.backlog import get_rps_cpu  # it imports this module

    return get_rps_cpu(dev, skb, net)


def _to_backlog(skb: sk_buff, cpu_id: int, net: NetState) -> int:
    from pymodel.linux.backlog import enqueue_to_backlog

    return enqueue_to_backlog(skb, cpu_id, net)


def _deliver_list(sub: list[tuple[sk_buff, packet_type, net_device]]) -> None:
    """A list of packets for one handler."""
    if not sub:
        return
    pt, orig_dev = sub[0][1:]
    if pt.list_func is not None:
        pt.list_func([skb for skb, _, _ in sub], pt, orig_dev)
        return
    for skb, _, _ in sub:
        pt.func(skb, skb.dev, pt, orig_dev)  # type: ignore[arg-type]


def receive_one(skb: sk_buff, cpu: Cpu, net: NetState, cost: int) -> int:
    """__netif_receive_skb(): a packet into the stack, on this CPU."""
    orig_dev: net_device = skb.dev  # type: ignore[assignment]
    after, last, ret = _receive_core(skb, orig_dev, cpu, net, cost)
    if last is not None:
        return last.func(after, after.dev, last, orig_dev)  # type: ignore[arg-type,return-value,union-attr]
    return ret


def _no_vlan_device(skb: sk_buff) -> sk_buff | None:
    """Nobody wanted the tag: a packet of another VLAN is another host's; the tag of priority alone (VLAN 0) is taken
    off. The skb, which may be another one; None where it was freed.
    """
    while skb.vlan_proto:
        inner = skb.protocol in (ETH_P_8021Q, ETH_P_8021AD)
        if skb.vlan_tci & 0xFFF:
            skb.pkt_type = PACKET_OTHERHOST
            inner = False
        skb.vlan_proto = skb.vlan_tci = 0
        if not inner:
            break
        after = skb_vlan_untag(skb)
        if after is None:
            return None
        skb = after
    return skb


def _receive_core(
    skb: sk_buff, orig_dev: net_device, cpu: Cpu, net: NetState, cost: int
) -> tuple[sk_buff | None, packet_type | None, int]:
    """__netif_receive_skb_core(): generic XDP, VLAN tags out of the data, taps, ingress hooks, the device's own
    receiver, handlers of the protocol. The skb as it is now, the handler that shall get the caller's reference (None:
    it is consumed), and what to return. Simplified: there are no VLAN devices.
    """
    cpu.charge(cost)
    sd = net.softnet[cpu.id]
    offset = skb.data - skb.head
    skb.network_header = offset
    if skb.transport_header == UNSET:
        skb.transport_header = offset
    skb.mac_len = offset - skb.mac_header & 0xFFFF
    ret: Any = NET_RX_DROP
    last: packet_type | None = None
    exact = False
    while True:
        dev: net_device = skb.dev  # type: ignore[assignment]
        skb.skb_iif = dev.ifindex
        sd.processed += 1
        if net.generic_xdp_needed and dev.xdp_prog is not None:
            verdict, skb = do_xdp_generic(dev.xdp_prog, skb)
            if verdict != XDP_PASS:
                return None, None, NET_RX_DROP
        proto = skb.protocol
        if proto == ETH_P_8021Q or proto == ETH_P_8021AD:
            after = skb_vlan_untag(skb)
            if after is None:
                return None, None, NET_RX_DROP
            skb = after
        if net.ptype_all:
            for pt in net.ptype_all:
                if last is not None:
                    skb.users += 1
                    ret = last.func(skb, dev, last, orig_dev)
                last = pt
        if dev.ptype_all:
            for pt in dev.ptype_all:
                if last is not None:
                    skb.users += 1
                    ret = last.func(skb, dev, last, orig_dev)
                last = pt
        if net.ingress_needed and (dev.tcx_ingress or dev.nf_hooks_ingress):
            if last is not None:
                skb.users += 1
                ret = last.func(skb, dev, last, orig_dev)
                last = None
            if dev.tcx_ingress:
                left, verdict = sch_handle_ingress(skb, dev)
                if left is None:
                    return None, None, verdict
            if dev.nf_hooks_ingress and nf_hook_ingress(skb, dev) < 0:
                return None, None, ret
        if skb.vlan_proto and last is not None:
            skb.users += 1
            ret = last.func(skb, dev, last, orig_dev)
            last = None
        if dev.rx_handler is None:
            break
        if last is not None:
            skb.users += 1
            ret = last.func(skb, dev, last, orig_dev)
            last = None
        verdict, after = dev.rx_handler(skb)
        if verdict == RX_HANDLER_CONSUMED:
            return None, None, NET_RX_SUCCESS
        assert after is not None and after.dev is not None, f"rx_handler of {dev} left no packet"
        skb = after
        if verdict != RX_HANDLER_ANOTHER:
            if verdict not in (RX_HANDLER_EXACT, RX_HANDLER_PASS):
                BUG(f"the rx_handler of {dev} returned {verdict!r}", site_str((dev.rx_handler.__code__, 0)))
            exact = verdict == RX_HANDLER_EXACT
            break
    if skb.vlan_proto:
        after = _no_vlan_device(skb)
        if after is None:
            return None, None, ret
        skb = after
    proto = skb.protocol
    dev = skb.dev  # type: ignore[assignment]
    if not exact:
        for pt in net.ptype_base.get(proto, ()):
            if last is not None:
                skb.users += 1
                last.func(skb, dev, last, orig_dev)
            last = pt
    if orig_dev.ptype_specific or dev is not orig_dev:
        for pt in orig_dev.ptype_specific if dev is orig_dev else orig_dev.ptype_specific + dev.ptype_specific:
            if pt.type == proto:
                if last is not None:
                    skb.users += 1
                    last.func(skb, dev, last, orig_dev)
                last = pt
    if last is not None:
        return skb, last, ret
    if exact:
        dev.rx_nohandler += 1
    else:
        dev.rx_dropped += 1
    _kfree_skb(skb, SKB_DROP_REASON_UNHANDLED_PROTO, caller())
    return None, None, NET_RX_DROP
