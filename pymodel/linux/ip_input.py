# SPDX-License-Identifier: Apache-2.0
"""IPv4's way up: a packet's header is checked, hooks are asked, the transport protocol gets what is for this host.

Source: net/ipv4/ip_input.c, ip_options.c, route.c ip_error(), v6.12. Simplified: no reassembly (fragments are dropped
and counted as ``ReasmFails``), no raw sockets, no ICMP errors to the sender, options are checked but have no effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.bug import caller
from pymodel.linux.checksum import ip_fast_csum
from pymodel.linux.dropreason import (
    SKB_DROP_REASON_IP_CSUM,
    SKB_DROP_REASON_IP_INADDRERRORS,
    SKB_DROP_REASON_IP_INHDR,
    SKB_DROP_REASON_IP_NOPROTO,
    SKB_DROP_REASON_NOT_SPECIFIED,
    SKB_DROP_REASON_OTHERHOST,
    SKB_DROP_REASON_PKT_TOO_SMALL,
)
from pymodel.linux.inet import IP_MF, IP_OFFSET
from pymodel.linux.ip_route import RTN_BROADCAST, RTN_MULTICAST, RTN_UNREACHABLE, InetState, ip_route_input
from pymodel.linux.mm import GFP_ATOMIC
from pymodel.linux.netdevice import NET_RX_DROP, net_device
from pymodel.linux.netfilter import NF_HOOK, NF_INET_LOCAL_IN, NF_INET_PRE_ROUTING, NFPROTO_IPV4
from pymodel.linux.skb_alloc import _kfree_skb, skb_orphan
from pymodel.linux.skb_copy import skb_share_check
from pymodel.linux.skb_csum import pskb_trim_rcsum
from pymodel.linux.skb_frags import pskb_may_pull
from pymodel.linux.skbuff import PACKET_OTHERHOST, __skb_pull, sk_buff

if TYPE_CHECKING:
    from pymodel.linux.dev import packet_type

__all__ = ["inet_add_protocol", "inet_del_protocol", "ip_list_rcv", "ip_local_deliver", "ip_rcv"]


def inet_add_protocol(handler: Callable[[sk_buff], int], protocol: int) -> int:
    """Have ``handler(skb)`` take the packets of an IP protocol, from its own header on. 0, or -1 where another has it.
    (In C the handler is in a struct net_protocol.)
    """
    protos = _state().protos
    return 0 if protos.setdefault(protocol, handler) is handler else -1


def inet_del_protocol(handler: Callable[[sk_buff], int], protocol: int) -> int:
    """0, or -1 where it is not the handler."""
    protos = _state().protos
    if protos.get(protocol) is not handler:
        return -1
    del protos[protocol]
    return 0


def _state() -> InetState:
    state: InetState = here.state["inet"]
    return state


def _core(skb: sk_buff, dev: net_device) -> sk_buff | None:
    """ip_rcv_core(): check and trim; None where the packet is gone."""
    state = _state()
    mib = state.mib
    if skb.pkt_type == PACKET_OTHERHOST:
        dev.rx_otherhost_dropped += 1
        _kfree_skb(skb, SKB_DROP_REASON_OTHERHOST, caller())
        return None
    mib["InReceives"] += 1
    mine = skb_share_check(skb, GFP_ATOMIC)
    if mine is None:
        mib["InDiscards"] += 1
        return None
    skb = mine
    mem = here.mem
    reason = SKB_DROP_REASON_IP_INHDR
    counted = "InHdrErrors"
    if pskb_may_pull(skb, 20):
        at = skb.head + skb.network_header
        ihl = mem[at] & 15
        if ihl >= 5 and mem[at] >> 4 == 4 and pskb_may_pull(skb, ihl * 4):
            at = skb.head + skb.network_header
            total = mem[at + 2] << 8 | mem[at + 3]
            if ip_fast_csum(at, ihl):
                reason = SKB_DROP_REASON_IP_CSUM
                mib["InCsumErrors"] += 1
            elif skb.len < total:
                reason = SKB_DROP_REASON_PKT_TOO_SMALL
                counted = "InTruncatedPkts"
            elif total >= ihl * 4:
                if not pskb_trim_rcsum(skb, total):
                    skb.transport_header = skb.network_header + ihl * 4
                    skb_orphan(skb)
                    return skb
                reason = SKB_DROP_REASON_NOT_SPECIFIED
                counted = "InDiscards"
    mib[counted] += 1
    _kfree_skb(skb, reason, caller())
    return None


def ip_rcv(skb: sk_buff, dev: net_device, pt: packet_type, orig_dev: net_device) -> int:
    """The handler of ETH_P_IP."""
    checked = _core(skb, dev)
    if checked is None:
        return NET_RX_DROP
    return NF_HOOK(NFPROTO_IPV4, NF_INET_PRE_ROUTING, None, None, checked, dev, None, _rcv_finish)


def ip_list_rcv(head: list[sk_buff], pt: packet_type, orig_dev: net_device) -> None:
    """ip_rcv() for a list: all are checked, all pass the hooks, then they are delivered."""
    passed: list[sk_buff] = []

    def keep(skb: sk_buff) -> int:
        passed.append(skb)
        return 0

    for skb in head:
        dev: net_device = skb.dev  # type: ignore[assignment]
        checked = _core(skb, dev)
        if checked is not None:
            NF_HOOK(NFPROTO_IPV4, NF_INET_PRE_ROUTING, None, None, checked, dev, None, keep)
    for skb in passed:
        _rcv_finish(skb)


def _rcv_finish(skb: sk_buff) -> int:
    """ip_rcv_finish(): where to."""
    state = _state()
    dev: net_device = skb.dev  # type: ignore[assignment]
    mem = here.mem
    at = skb.head + skb.network_header
    saddr, daddr = int.from_bytes(mem[at + 12 : at + 16], "big"), int.from_bytes(mem[at + 16 : at + 20], "big")
    kind, _ = ip_route_input(skb, daddr, saddr, dev)
    if kind == 0 or (mem[at] & 15 > 5 and not _options_ok(bytes(mem[at + 20 : at + (mem[at] & 15) * 4]))):
        if kind:
            state.mib["InHdrErrors"] += 1
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
        return NET_RX_DROP
    if kind == RTN_UNREACHABLE:
        state.mib["InAddrErrors"] += 1
        _kfree_skb(skb, SKB_DROP_REASON_IP_INADDRERRORS, caller())
        return 0
    if kind == RTN_MULTICAST:
        state.mib["InMcastPkts"] += 1
    elif kind == RTN_BROADCAST:
        state.mib["InBcastPkts"] += 1
    return ip_local_deliver(skb)


def _options_ok(options: bytes) -> bool:
    """ip_options_compile(): whether the lengths add up."""
    i = 0
    while i < len(options):
        kind = options[i]
        if kind == 0:
            return True
        if kind == 1:
            i += 1
            continue
        if i + 1 >= len(options) or options[i + 1] < 2 or i + options[i + 1] > len(options):
            return False
        i += options[i + 1]
    return True


def ip_local_deliver(skb: sk_buff) -> int:
    """For this host: to the transport protocol, if the hooks have nothing against it."""
    mem = here.mem
    at = skb.head + skb.network_header
    if (mem[at + 6] << 8 | mem[at + 7]) & (IP_MF | IP_OFFSET):
        mib = _state().mib
        mib["ReasmReqds"] += 1
        mib["ReasmFails"] += 1
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
        return 0
    return NF_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_IN, None, None, skb, skb.dev, None, _deliver_finish)


def _deliver_finish(skb: sk_buff) -> int:
    """ip_local_deliver_finish(): without the IP header."""
    state = _state()
    at = skb.head + skb.network_header
    mem = here.mem
    __skb_pull(skb, (mem[at] & 15) * 4)
    handler = state.protos.get(mem[at + 9])
    if handler is None:
        state.mib["InUnknownProtos"] += 1
        _kfree_skb(skb, SKB_DROP_REASON_IP_NOPROTO, caller())
        return 0
    handler(skb)
    state.mib["InDelivers"] += 1
    return 0
