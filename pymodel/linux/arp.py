# SPDX-License-Identifier: Apache-2.0
"""ARP: which Ethernet address an IPv4 address has, asked for and answered.

Source: net/ipv4/arp.c arp_rcv(), arp_process(), net/core/neighbour.c, v6.12. Simplified: an entry that answered stays
good (no probing of old ones); no proxy ARP, no NF_ARP hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.bug import caller
from pymodel.linux.dev_xmit import dev_queue_xmit
from pymodel.linux.dropreason import (
    SKB_CONSUMED,
    SKB_DROP_REASON_NEIGH_FAILED,
    SKB_DROP_REASON_NEIGH_QUEUEFULL,
    SKB_DROP_REASON_NOMEM,
    SKB_DROP_REASON_NOT_SPECIFIED,
    SKB_DROP_REASON_PKT_TOO_SMALL,
)
from pymodel.linux.if_ether import ETH_HLEN, ETH_P_ARP, ETH_P_IP
from pymodel.linux.inetdev import ip_eth_mc_map
from pymodel.linux.ip_route import (
    RTN_BROADCAST,
    RTN_LOCAL,
    InetState,
    forget_device,
    inet_addr_type,
    ip_route_input,
    ip_route_output,
    ipv4_is_loopback,
    ipv4_is_multicast,
)
from pymodel.linux.mm import GFP_ATOMIC
from pymodel.linux.netdevice import ARPHRD_ETHER, IFF_NOARP, NET_RX_DROP, NET_RX_SUCCESS, net_device
from pymodel.linux.skb_alloc import _kfree_skb, alloc_skb
from pymodel.linux.skb_copy import skb_share_check
from pymodel.linux.skb_frags import pskb_may_pull
from pymodel.linux.skbuff import (
    PACKET_HOST,
    PACKET_LOOPBACK,
    PACKET_OTHERHOST,
    sk_buff,
    skb_push,
    skb_put_data,
    skb_reserve,
    skb_reset_network_header,
)
from pymodel.linux.time import HZ, del_timer_sync, jiffies, mod_timer, timer_list

if TYPE_CHECKING:
    from pymodel.linux.dev import packet_type

__all__ = [
    "ARPOP_REPLY", "ARPOP_REQUEST", "NUD_FAILED", "NUD_INCOMPLETE", "NUD_NONE", "NUD_PERMANENT", "NUD_REACHABLE",
    "NUD_STALE", "arp_rcv", "arp_send", "neigh_lookup", "neigh_resolve_output", "neigh_update", "neighbour",
]

ARPOP_REQUEST = 1
ARPOP_REPLY = 2

NUD_NONE = 0x00
NUD_INCOMPLETE = 0x01
NUD_REACHABLE = 0x02
NUD_STALE = 0x04
NUD_FAILED = 0x20
NUD_PERMANENT = 0x80

_VALID = NUD_REACHABLE | NUD_STALE | NUD_PERMANENT
_BROADCAST = b"\xff" * 6
_LEN = 28  # header, two Ethernet and two IPv4 addresses
_PROBES = 3  # a second apart
_QUEUE_BYTES = 212_992  # net.ipv4.neigh.default.unres_qlen_bytes


class neighbour:
    """An entry of the table: ``ha`` is the Ethernet address where ``nud_state`` says that it is known."""

    __slots__ = ("arp_queue", "dev", "ha", "nud_state", "primary_key", "probes", "timer")

    def __init__(self, dev: net_device, primary_key: int) -> None:
        self.dev = dev
        self.primary_key = primary_key
        self.ha = bytes(6)
        self.nud_state = NUD_NONE
        self.probes = 0
        self.arp_queue: list[sk_buff] = []
        self.timer = timer_list(_neigh_timer, container=self)


def _table() -> dict[tuple[net_device, int], neighbour]:
    state: InetState = here.state["inet"]
    return state.neigh


def neigh_lookup(dev: net_device, addr: int, create: bool = False) -> neighbour | None:
    """The entry of an address; None where there is none and ``create`` is not set."""
    table = _table()
    n = table.get((dev, addr))
    if n is None and create:
        n = table[dev, addr] = neighbour(dev, addr)
    return n


def neigh_update(n: neighbour, lladdr: bytes, new: int) -> None:
    """The address is known now (NUD_*): what waits for it goes out."""
    n.ha = bytes(lladdr)
    n.nud_state = new
    n.probes = 0
    del_timer_sync(n.timer)
    waiting, n.arp_queue = n.arp_queue, []
    for skb in waiting:
        _send(skb, n)


def neigh_resolve_output(skb: sk_buff, dev: net_device, addr: int) -> int:
    """Put the Ethernet header on and send; where the address is not known yet the packet waits for it, and an ARP
    request goes out. What dev_queue_xmit() returns, or a negative errno.
    """
    if inet_addr_type(addr) == RTN_BROADCAST:
        return _xmit(skb, dev, _BROADCAST)
    if ipv4_is_multicast(addr):
        return _xmit(skb, dev, ip_eth_mc_map(addr))
    n = neigh_lookup(dev, addr, create=True)
    assert n is not None
    if n.nud_state & _VALID or dev.flags & IFF_NOARP:
        return _send(skb, n)
    if n.nud_state == NUD_FAILED and n.probes:
        n.probes = 0
    while n.arp_queue and sum(waiting.truesize for waiting in n.arp_queue) + skb.truesize > _QUEUE_BYTES:
        _kfree_skb(n.arp_queue.pop(0), SKB_DROP_REASON_NEIGH_QUEUEFULL, caller())
    n.arp_queue.append(skb)
    if n.nud_state != NUD_INCOMPLETE:
        n.nud_state = NUD_INCOMPLETE
        _probe(n)
    return 0


def _probe(n: neighbour) -> None:
    n.probes += 1
    ifa, _ = ip_route_output(n.primary_key, dev=n.dev)
    if ifa is not None:
        arp_send(ARPOP_REQUEST, ETH_P_ARP, n.primary_key, n.dev, ifa.ifa_local, None, n.dev.dev_addr, None)
    mod_timer(n.timer, jiffies() + HZ)


def _neigh_timer(timer: timer_list) -> None:
    n: neighbour = timer.container
    if n.nud_state != NUD_INCOMPLETE:
        return
    if n.probes < _PROBES:
        _probe(n)
        return
    n.nud_state = NUD_FAILED
    waiting, n.arp_queue = n.arp_queue, []
    for skb in waiting:
        _kfree_skb(skb, SKB_DROP_REASON_NEIGH_FAILED, caller())


_neigh_timer.kernel_internal = True  # type: ignore[attr-defined]


def _send(skb: sk_buff, n: neighbour) -> int:
    return _xmit(skb, n.dev, n.ha)


def _xmit(skb: sk_buff, dev: net_device, to: bytes) -> int:
    """dev_hard_header() of Ethernet, and out."""
    at = skb_push(skb, ETH_HLEN)
    here.mem[at : at + ETH_HLEN] = to + dev.dev_addr + skb.protocol.to_bytes(2, "big")
    skb.mac_header = at - skb.head
    skb.dev = dev
    return dev_queue_xmit(skb)


def arp_send(
    type: int,
    ptype: int,
    dest_ip: int,
    dev: net_device,
    src_ip: int,
    dest_hw: bytes | None,
    src_hw: bytes | None,
    target_hw: bytes | None,
) -> None:
    """Send an ARP packet; None: broadcast, the device's own address, zeros."""
    if dev.flags & IFF_NOARP:
        return
    skb = alloc_skb(ETH_HLEN + 2 + _LEN, GFP_ATOMIC)
    if skb is None:
        return
    skb_reserve(skb, ETH_HLEN + 2)
    skb_reset_network_header(skb)
    src = bytes(src_hw or dev.dev_addr)
    packet = b"\x00\x01\x08\x00\x06\x04" + type.to_bytes(2, "big") + src + src_ip.to_bytes(4, "big")
    skb_put_data(skb, packet + bytes(target_hw or bytes(6)) + dest_ip.to_bytes(4, "big"), _LEN)
    skb.protocol = ptype
    at = skb_push(skb, ETH_HLEN)
    here.mem[at : at + ETH_HLEN] = bytes(dest_hw or _BROADCAST) + src + ptype.to_bytes(2, "big")
    skb.mac_header = at - skb.head
    skb.dev = dev
    dev_queue_xmit(skb)


# -- receiving -----------------------------------------------------------------------------------------------
def arp_rcv(skb: sk_buff, dev: net_device, pt: packet_type, orig_dev: net_device) -> int:
    """The handler of ETH_P_ARP."""
    if dev.flags & IFF_NOARP or skb.pkt_type in (PACKET_OTHERHOST, PACKET_LOOPBACK):
        _kfree_skb(skb, SKB_CONSUMED, caller())
        return NET_RX_SUCCESS
    mine = skb_share_check(skb, GFP_ATOMIC)
    if mine is None:
        return NET_RX_DROP
    if not pskb_may_pull(mine, _LEN):
        reason = SKB_DROP_REASON_PKT_TOO_SMALL if mine.len < _LEN else SKB_DROP_REASON_NOMEM
        _kfree_skb(mine, reason, caller())
        return NET_RX_DROP
    at = mine.head + mine.network_header
    arp = bytes(here.mem[at : at + _LEN])
    if arp[4] != dev.addr_len or arp[5] != 4:
        _kfree_skb(mine, SKB_DROP_REASON_NOT_SPECIFIED, caller())
        return NET_RX_DROP
    if _arp_process(mine, dev, arp):
        _kfree_skb(mine, SKB_CONSUMED, caller())
        return NET_RX_SUCCESS
    _kfree_skb(mine, SKB_DROP_REASON_NOT_SPECIFIED, caller())
    return NET_RX_DROP


def _arp_process(skb: sk_buff, dev: net_device, arp: bytes) -> bool:
    """arp_process(): whether the packet made sense."""
    hrd, pro, op = (int.from_bytes(arp[i : i + 2], "big") for i in (0, 2, 6))
    if dev.ip_ptr is None or hrd not in (ARPHRD_ETHER, 6) or pro != ETH_P_IP or op not in (ARPOP_REQUEST, ARPOP_REPLY):
        return False
    sha, sip, tip = arp[8:14], int.from_bytes(arp[14:18], "big"), int.from_bytes(arp[24:28], "big")
    if ipv4_is_multicast(tip) or ipv4_is_loopback(tip):
        return False
    if sip == 0:  # somebody looks whether the address is taken
        if op == ARPOP_REQUEST and inet_addr_type(tip) == RTN_LOCAL:
            arp_send(ARPOP_REPLY, ETH_P_ARP, sip, dev, tip, sha, dev.dev_addr, sha)
        return True
    if op == ARPOP_REQUEST:
        kind, err = ip_route_input(skb, tip, sip, dev)
        if not err and kind == RTN_LOCAL:
            n = neigh_lookup(dev, sip, create=True)
            assert n is not None
            neigh_update(n, sha, n.nud_state if n.nud_state == NUD_REACHABLE and n.ha == sha else NUD_STALE)
            arp_send(ARPOP_REPLY, ETH_P_ARP, sip, dev, tip, sha, dev.dev_addr, sha)
            return True
    known = neigh_lookup(dev, sip)
    if known is not None:
        neigh_update(known, sha, NUD_REACHABLE if op == ARPOP_REPLY and skb.pkt_type == PACKET_HOST else NUD_STALE)
    return True


def neigh_ifdown(dev: net_device, gone: bool) -> None:
    """The device goes down: what waits is dropped, entries are forgotten; ``gone``: addresses, too."""
    table = _table()
    for key in [key for key in table if key[0] is dev]:
        n = table.pop(key)
        del_timer_sync(n.timer)
        for skb in n.arp_queue:
            _kfree_skb(skb, SKB_DROP_REASON_NEIGH_FAILED, caller())
    if gone:
        forget_device(dev)
