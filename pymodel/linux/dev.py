# SPDX-License-Identifier: Apache-2.0
"""The way up: netif_receive_skb(), and the packet handlers there. The way down: dev_xmit.py.

Source: net/core/dev.c, v6.12. Simplified: no RPS, no XDP, no rx_handler, no traffic control and netfilter
hooks, no VLAN devices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import machine
from pymodel.linux.bug import WARN, caller, site_str
from pymodel.linux.dropreason import SKB_DROP_REASON_UNHANDLED_PROTO
from pymodel.linux.if_ether import ETH_P_ALL
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skb_frags import skb_to_bytes
from pymodel.linux.skbuff import UNSET, sk_buff

if TYPE_CHECKING:
    from pymodel.linux.netdevice import NetState, net_device

__all__ = ["dev_add_pack", "dev_remove_pack", "packet_type", "skb_mac_frame"]


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
