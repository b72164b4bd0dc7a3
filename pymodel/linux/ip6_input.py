# SPDX-License-Identifier: Apache-2.0
"""IPv6's way up: a packet's header is checked, hooks are asked, the transport protocol gets what is for this host.

Source: net/ipv6/ip6_input.c, exthdrs.c, v6.12. Simplified: hop-by-hop and destination options are skipped by their
lengths; fragments and routing headers are dropped; multicast is taken for the groups of all nodes and of an address's
solicited nodes; no raw sockets, no ICMPv6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.bug import caller
from pymodel.linux.dropreason import (
    SKB_DROP_REASON_IP_INADDRERRORS,
    SKB_DROP_REASON_IP_INHDR,
    SKB_DROP_REASON_IP_INNOROUTES,
    SKB_DROP_REASON_IP_NOPROTO,
    SKB_DROP_REASON_IPV6_BAD_EXTHDR,
    SKB_DROP_REASON_NOT_SPECIFIED,
    SKB_DROP_REASON_OTHERHOST,
    SKB_DROP_REASON_PKT_TOO_SMALL,
)
from pymodel.linux.inet import IPPROTO_DSTOPTS, IPPROTO_HOPOPTS, IPPROTO_NONE, ipv6_ext_hdr, ipv6_optlen
from pymodel.linux.ip_route import InetState, ipv6_chk_addr
from pymodel.linux.mm import GFP_ATOMIC
from pymodel.linux.netdevice import NET_RX_DROP, net_device
from pymodel.linux.netfilter import NF_HOOK, NF_INET_LOCAL_IN, NF_INET_PRE_ROUTING, NFPROTO_IPV6
from pymodel.linux.skb_alloc import _kfree_skb, skb_orphan
from pymodel.linux.skb_copy import skb_share_check
from pymodel.linux.skb_csum import pskb_trim_rcsum, skb_postpull_rcsum
from pymodel.linux.skb_frags import pskb_may_pull, pskb_pull
from pymodel.linux.skbuff import PACKET_OTHERHOST, sk_buff

if TYPE_CHECKING:
    from pymodel.linux.dev import packet_type

__all__ = ["inet6_add_protocol", "inet6_del_protocol", "ip6_input", "ipv6_rcv"]

_LOOPBACK = bytes(15) + b"\x01"
_ANY = bytes(16)


def inet6_add_protocol(handler: Callable[[sk_buff], int], protocol: int) -> int:
    """inet_add_protocol() of IPv6."""
    protos = _state().protos6
    return 0 if protos.setdefault(protocol, handler) is handler else -1


def inet6_del_protocol(handler: Callable[[sk_buff], int], protocol: int) -> int:
    protos = _state().protos6
    if protos.get(protocol) is not handler:
        return -1
    del protos[protocol]
    return 0


def _state() -> InetState:
    state: InetState = here.state["inet"]
    return state


def ipv6_rcv(skb: sk_buff, dev: net_device, pt: packet_type, orig_dev: net_device) -> int:
    """The handler of ETH_P_IPV6."""
    mib = _state().mib6
    if skb.pkt_type == PACKET_OTHERHOST:
        dev.rx_otherhost_dropped += 1
        _kfree_skb(skb, SKB_DROP_REASON_OTHERHOST, caller())
        return NET_RX_DROP
    mib["Ip6InReceives"] += 1
    mine = skb_share_check(skb, GFP_ATOMIC)
    if mine is None:
        mib["Ip6InDiscards"] += 1
        return NET_RX_DROP
    reason, counted = _check(mine)
    if counted:
        mib[counted] += 1
        _kfree_skb(mine, reason, caller())
        return NET_RX_DROP
    skb_orphan(mine)
    return NF_HOOK(NFPROTO_IPV6, NF_INET_PRE_ROUTING, None, None, mine, dev, None, _rcv_finish)


def _check(skb: sk_buff) -> tuple[int, str]:
    """The header: why the packet is to be dropped, and what counts it; "" where it is fine."""
    bad = (SKB_DROP_REASON_IP_INHDR, "Ip6InHdrErrors")
    if not pskb_may_pull(skb, 40):
        return bad
    mem = here.mem
    at = skb.head + skb.network_header
    hdr = bytes(mem[at : at + 40])
    saddr, daddr = hdr[8:24], hdr[24:]
    if hdr[0] >> 4 != 6 or _LOOPBACK in (saddr, daddr) or saddr[0] == 0xFF:
        return bad
    # interface-local scope, and scope 0, are never seen on a wire
    if daddr[0] == 0xFF and daddr[1] & 15 in (0, 1):
        return bad
    skb.transport_header = skb.network_header + 40
    length = hdr[4] << 8 | hdr[5]
    if length or hdr[6] != IPPROTO_HOPOPTS:
        if length + 40 > skb.len:
            return SKB_DROP_REASON_PKT_TOO_SMALL, "Ip6InTruncatedPkts"
        if pskb_trim_rcsum(skb, length + 40):
            return SKB_DROP_REASON_NOT_SPECIFIED, "Ip6InHdrErrors"
    return 0, ""


def _for_us(daddr: bytes, dev: net_device) -> bool:
    if daddr[0] != 0xFF:
        return ipv6_chk_addr(daddr, None)
    if daddr[2:] == bytes(13) + b"\x01":
        return True
    solicited = bytes.fromhex("ff0200000000000000000001ff")
    return daddr[:13] == solicited and any(
        addr[13:] == daddr[13:] and of is dev for addr, of in _state().addrs6.items()
    )


def _rcv_finish(skb: sk_buff) -> int:
    """ip6_rcv_finish(): where to."""
    at = skb.head + skb.network_header
    daddr = bytes(here.mem[at + 24 : at + 40])
    dev: net_device = skb.dev  # type: ignore[assignment]
    if daddr[0] == 0xFF:
        _state().mib6["Ip6InMcastPkts"] += 1
    if _for_us(daddr, dev):
        return ip6_input(skb)
    reason = SKB_DROP_REASON_NOT_SPECIFIED
    if daddr[0] != 0xFF:
        known = daddr != _ANY
        _state().mib6["Ip6InNoRoutes" if known else "Ip6InAddrErrors"] += 1
        reason = SKB_DROP_REASON_IP_INNOROUTES if known else SKB_DROP_REASON_IP_INADDRERRORS
    _kfree_skb(skb, reason, caller())
    return 0


def ip6_input(skb: sk_buff) -> int:
    """For this host: to the transport protocol, if the hooks have nothing against it."""
    return NF_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_IN, None, None, skb, skb.dev, None, _input_finish)


def _input_finish(skb: sk_buff) -> int:
    """ip6_input_finish(): without the IPv6 header and its extensions."""
    mem = here.mem
    state = _state()
    nexthdr = mem[skb.head + skb.network_header + 6]
    reason = SKB_DROP_REASON_IPV6_BAD_EXTHDR
    while nexthdr in (IPPROTO_HOPOPTS, IPPROTO_DSTOPTS):
        at = skb.transport_header - (skb.data - skb.head)
        if not pskb_may_pull(skb, at + 8) or not pskb_may_pull(skb, at + ipv6_optlen(skb.data + at)):
            break
        nexthdr = mem[skb.data + at]
        skb.transport_header += ipv6_optlen(skb.data + at)
    else:
        handler = state.protos6.get(nexthdr)
        if handler is not None:
            data, length = skb.data, skb.transport_header - (skb.data - skb.head)
            pskb_pull(skb, length)
            skb_postpull_rcsum(skb, data, length)
            handler(skb)
            state.mib6["Ip6InDelivers"] += 1
            return 0
        if not ipv6_ext_hdr(nexthdr) or nexthdr == IPPROTO_NONE:
            reason = SKB_DROP_REASON_IP_NOPROTO
    state.mib6["Ip6InUnknownProtos" if reason == SKB_DROP_REASON_IP_NOPROTO else "Ip6InHdrErrors"] += 1
    _kfree_skb(skb, reason, caller())
    return 0
