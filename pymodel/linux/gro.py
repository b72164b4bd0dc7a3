# SPDX-License-Identifier: Apache-2.0
"""Generic receive offload: segments of a flow become one packet before the stack sees them.

A napi_struct holds packets in ``gro_hash``, a list for each of GRO_HASH_BUCKETS values of their hash, youngest first
and at most MAX_GRO_SKBS long; ``gro_bitmask`` has a bit for each list that is not empty. What is ready for the stack
waits in ``rx_list`` (``rx_count`` segments) until gro_normal_batch of them are there or gro_normal_list() is called;
``skb`` is the one for napi_get_frags(). napi_gro_flush() completes what is held: all, or what is older than the
present jiffy. Without NETIF_F_GRO each packet goes to ``rx_list`` at once.

Source: net/core/gro.c, include/net/gro.h, v6.12. An sk_buff's part: gro_skb.py; protocols: gro_inet.py, gro_tcp.py,
gro_udp.py. Simplified: no tunnels, no packet is consumed (GRO_CONSUMED, IPsec's), and no conntrack entry or TC
extension tells flows apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, Site, broken_rule, caller, caller_outside, netdev_warn, site_str
from pymodel.linux.dev import netif_receive_skb_list_internal, receive_while_down
from pymodel.linux.dropreason import SKB_CONSUMED, SKB_DROP_REASON_NOT_SPECIFIED
from pymodel.linux.gro_inet import OFFLOADS
from pymodel.linux.gro_skb import NAPI_GRO_FREE_STOLEN_HEAD, napi_gro_cb
from pymodel.linux.if_ether import ETH_HLEN, eth_type_trans
from pymodel.linux.netdev_features import NETIF_F_GRO
from pymodel.linux.netdevice import IFF_UP, LINK_STATE_START
from pymodel.linux.skb_alloc import (
    _discard,
    _kfree_skb,
    consume_skb,
    napi_alloc_skb,
    skb_orphan,
    skb_release_head_state,
)
from pymodel.linux.skb_frags import pskb_may_pull, skb_frag_unref
from pymodel.linux.skbuff import (
    CHECKSUM_COMPLETE,
    CHECKSUM_NONE,
    CHECKSUM_UNNECESSARY,
    MAX_HEADER,
    NET_IP_ALIGN,
    NET_SKB_PAD,
    PACKET_HOST,
    SKB_GSO_DODGY,
    SKB_GSO_TCPV4,
    SKB_GSO_TCPV6,
    sk_buff,
)
from pymodel.linux.time import JIFFY_PS

if TYPE_CHECKING:
    from pymodel.linux.napi import napi_struct

__all__ = [
    "GRO_CONSUMED", "GRO_HASH_BUCKETS", "GRO_HELD", "GRO_MAX_HEAD", "GRO_MERGED", "GRO_MERGED_FREE", "GRO_NORMAL",
    "MAX_GRO_SKBS", "dev_gro_receive", "gro_normal_list", "gro_normal_one", "napi_get_frags", "napi_gro_flush",
    "napi_gro_frags", "napi_gro_receive",
]

GRO_MERGED, GRO_MERGED_FREE, GRO_HELD, GRO_NORMAL, GRO_CONSUMED = range(5)

MAX_GRO_SKBS = 8
GRO_HASH_BUCKETS = 8
GRO_MAX_HEAD = MAX_HEADER + 128

IDLE, POLLING, COMPLETED = 0, 1, 2  # napi_struct._poll: where a poll of the instance stands


# -- to the stack --------------------------------------------------------------------------------------------
def gro_normal_list(napi: napi_struct) -> None:
    """Give what is ready to the stack."""
    rx_list = napi.rx_list
    if rx_list:
        napi.rx_list = []
        napi.rx_count = 0
        netif_receive_skb_list_internal(rx_list)


def gro_normal_one(napi: napi_struct, skb: sk_buff, segs: int) -> None:
    """Make a packet of ``segs`` segments ready for the stack."""
    napi.rx_list.append(skb)
    napi.rx_count += segs
    if napi.rx_count >= here.state["net"].gro_normal_batch:
        gro_normal_list(napi)


def napi_gro_complete(napi: napi_struct, skb: sk_buff) -> None:
    """A packet that was held, and is off its list, is ready."""
    cb = skb.gro_cb
    if cb.count == 1:
        skb._shinfo.gso_size = 0
    else:
        skb.encapsulation = 0
        ops = OFFLOADS.get(skb.protocol)
        if ops is None:
            WARN(f"napi_gro_complete: no GRO for protocol 0x{skb.protocol:04x} of a packet that it merged")
        if ops is None or ops[1](skb, 0):
            _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
            return
    gro_normal_one(napi, skb, cb.count)


def napi_gro_flush(napi: napi_struct, flush_old: bool) -> None:
    """Complete held packets, in each list the oldest first; with ``flush_old`` those of former jiffies only."""
    jiffy = here.sched.local_now // JIFFY_PS
    for index in range(GRO_HASH_BUCKETS):
        if not napi.gro_bitmask >> index & 1:
            continue
        held = napi.gro_hash[index]
        while held and not (flush_old and held[-1].gro_cb.age == jiffy):
            napi_gro_complete(napi, held.pop())
        if not held:
            napi.gro_bitmask &= ~(1 << index)


def gro_drop_held(napi: napi_struct) -> None:
    """Free what a NAPI instance that is deleted still holds. Source: net/core/dev.c flush_gro_hash(),
    napi_free_frags(), v6.12.
    """
    site = caller()
    gone = [skb for held in napi.gro_hash for skb in held]
    gone += napi.rx_list
    if napi.skb is not None:
        gone.append(napi.skb)
    for skb in gone:
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, site)
    napi.gro_hash = [[] for _ in range(GRO_HASH_BUCKETS)]
    napi.gro_bitmask = napi.rx_count = 0
    napi.rx_list = []
    napi.skb = None


# -- frag0: headers in the first fragment --------------------------------------------------------------------
def _pull_from_frag0(skb: sk_buff, grow: int) -> None:
    """Move the first ``grow`` bytes of the first fragment to the linear part."""
    if skb.end - skb.tail < grow:
        BUG(f"gro_pull_from_frag0: {grow} bytes of headers, {skb.end - skb.tail} of room", site_str(caller_outside()))
    info = skb._shinfo
    first = info.frags[0]
    cb = skb.gro_cb
    tail, at = skb.tail, first.page.addr + first.offset
    cb.mem[tail : tail + grow] = cb.mem[at : at + grow]
    skb.data_len -= grow
    skb.tail += grow
    first.offset += grow
    first.size -= grow
    if not first.size:
        skb_frag_unref(skb, 0)
        del info.frags[0]
        info.nr_frags -= 1


# -- receiving -----------------------------------------------------------------------------------------------
def _mac(skb: sk_buff, mem: memoryview) -> bytes:
    """The MAC header, and XDP's metadata in front of it."""
    at = skb.head + skb.mac_header
    return bytes(mem[at - skb._shinfo.meta_len : at + skb.dev.hard_header_len])  # type: ignore[union-attr]


def _list_prepare(held: list[sk_buff], skb: sk_buff, cb: napi_gro_cb) -> None:
    """gro_list_prepare(): mark the held packets that may be of the flow of ``skb``, by what is outside of its data."""
    mac = cb.mac = _mac(skb, cb.mem)
    for p in held:
        pcb = p.gro_cb
        pcb.same_flow = (
            p.hash == skb.hash
            and p.dev is skb.dev
            and p.vlan_tci == skb.vlan_tci
            and p.vlan_proto == skb.vlan_proto
            and p.sk is skb.sk
            and (pcb.mac or _mac(p, pcb.mem)) == mac
        )


def _reset_offset(skb: sk_buff, mem: memoryview) -> napi_gro_cb:
    """skb_gro_reset_offset(): headers are read in the linear part, or in the first fragment where that is empty."""
    headlen = skb.len - skb.data_len
    info = skb._shinfo
    if headlen or not info.nr_frags:
        return napi_gro_cb(mem, skb.data, headlen)
    first = info.frags[0]
    return napi_gro_cb(mem, first.page.addr + first.offset, min(first.size, skb.end - skb.tail))


def dev_gro_receive(napi: napi_struct, skb: sk_buff, cb: napi_gro_cb | None = None) -> int:
    """Merge the packet, hold it, or leave it to the caller: GRO_MERGED, GRO_MERGED_FREE (what is left of it is to be
    freed), GRO_HELD or GRO_NORMAL. ``cb``: napi_gro_frags() has made it already.
    """
    dev = skb.dev
    assert dev is not None
    ops = OFFLOADS.get(skb.protocol)
    if ops is None or not dev.features & NETIF_F_GRO or dev.xdp_prog is not None:
        return GRO_NORMAL
    m = here.machine
    info = skb._shinfo
    if cb is None:
        cb = _reset_offset(skb, m.platform.memory.mem)
    skb.gro_cb = cb
    bucket = skb.hash & GRO_HASH_BUCKETS - 1
    held = napi.gro_hash[bucket]
    if held:
        _list_prepare(held, skb, cb)
    skb.network_header = offset = skb.data - skb.head
    skb.mac_len = offset - skb.mac_header & 0xFFFF
    if info.frag_list is not None:
        cb.flush = 1
    if info.gso_size:
        cb.count = info.gso_segs
        if not info.gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6) or info.gso_type & SKB_GSO_DODGY:
            cb.flush = 1
    summed = skb.ip_summed
    if summed == CHECKSUM_UNNECESSARY:
        cb.csum_cnt = skb.csum_level + 1
    elif summed == CHECKSUM_COMPLETE:
        cb.csum = skb.csum
        cb.csum_valid = 1
    pp = ops[0](held, skb)
    if pp is not None:
        held.remove(pp)
        napi_gro_complete(napi, pp)
        if not held:
            napi.gro_bitmask &= ~(1 << bucket)
    if cb.same_flow:
        return GRO_MERGED_FREE if cb.free else GRO_MERGED
    grow = cb.data_offset - (skb.len - skb.data_len)
    if grow > 0:
        _pull_from_frag0(skb, grow)
    if cb.flush:
        return GRO_NORMAL
    if len(held) >= MAX_GRO_SKBS:
        napi_gro_complete(napi, held.pop())
    cb.age = m.sched.local_now // JIFFY_PS
    cb.last = skb
    if not info.gso_size:
        info.gso_size = skb.len - cb.data_offset
    held.insert(0, skb)
    napi.gro_bitmask |= 1 << bucket
    return GRO_HELD


def napi_gro_receive(n: napi_struct, skb: sk_buff) -> int:
    """Hand a received packet to the stack, from this instance's poll: GRO_*. CheckError NAPI7 outside of the poll,
    LIFE1 and LIFE2 for a device that does not receive.
    """
    if n._poll != POLLING:
        _bad_receive(n, "napi_gro_receive")
    dev = skb.dev
    if dev is None or not (dev.state & LINK_STATE_START or dev.flags & IFF_UP):
        receive_while_down(dev, skb)
    n.delivered += 1
    skb.napi_id = n.napi_id
    if dev.features & NETIF_F_GRO and skb.protocol in OFFLOADS:  # type: ignore[union-attr]
        ret = dev_gro_receive(n, skb)
        if ret != GRO_NORMAL:
            if ret == GRO_MERGED_FREE:
                _free_merged(skb)
            return ret
    n.rx_list.append(skb)
    n.rx_count += 1
    if n.rx_count >= here.state["net"].gro_normal_batch:
        gro_normal_list(n)
    return GRO_NORMAL


def _free_merged(skb: sk_buff) -> None:
    """Free what is left of a packet whose data was merged."""
    if skb.gro_cb.free == NAPI_GRO_FREE_STOLEN_HEAD:
        _free_stolen_head(skb, caller(2))
    else:
        _kfree_skb(skb, SKB_CONSUMED, caller(2))


def _free_stolen_head(skb: sk_buff, site: Site) -> None:
    """napi_skb_free_stolen_head(): free the sk_buff, whose head lives on as a fragment."""
    skb_release_head_state(skb)
    _discard(here.state, skb, site)


def _bad_receive(n: napi_struct, function: str) -> None:
    where = site_str(caller_outside())
    if n._poll == COMPLETED:
        broken_rule(
            "NAPI7", f"{n.dev}: packet received after napi_complete_done() at {site_str(n._complete_site)}", where
        )
    else:
        broken_rule("NAPI7", f"{n.dev}: {function}() outside of the instance's poll", where)


# -- packets whose data is all in fragments ------------------------------------------------------------------
def napi_get_frags(napi: napi_struct) -> sk_buff | None:
    """The sk_buff to add received fragments to, Ethernet header and all, before napi_gro_frags(); None on failure.

    It is used again where its fragments were merged into another; then what the driver does not set is as it was.
    """
    skb = napi.skb
    if skb is None:
        skb = napi.skb = napi_alloc_skb(napi, GRO_MAX_HEAD)
        if skb is not None:
            skb._site = caller()
            skb.napi_id = napi.napi_id
    return skb


def _reuse_skb(napi: napi_struct, skb: sk_buff) -> None:
    """napi_reuse_skb(): keep it for the next napi_get_frags()."""
    if skb.pfmemalloc:
        consume_skb(skb)
        return
    skb.len = skb.data_len
    skb.data = skb.tail = skb.head + NET_SKB_PAD + NET_IP_ALIGN
    skb.vlan_proto = skb.vlan_tci = 0
    skb.dev = napi.dev
    skb.skb_iif = 0
    skb.pkt_type = PACKET_HOST
    skb.encapsulation = 0
    skb.ip_summed = CHECKSUM_NONE
    info = skb._shinfo
    info.gso_type = info.gso_size = 0
    if skb.slow_gro:
        skb_orphan(skb)
        skb.slow_gro = 0
    napi.skb = skb


def napi_gro_frags(napi: napi_struct) -> int:
    """napi_gro_receive() of napi_get_frags()'s sk_buff: it takes off the Ethernet header. BUG where there is none, or
    no Ethernet header in it.
    """
    if napi._poll != POLLING:
        _bad_receive(napi, "napi_gro_frags")
    skb = napi.skb
    if skb is None:
        BUG(f"{napi.dev}: napi_gro_frags() without napi_get_frags()", site_str(caller_outside()))
    napi.skb = None
    dev = skb.dev
    if dev is None or not (dev.state & LINK_STATE_START or dev.flags & IFF_UP):
        receive_while_down(dev, skb)
    napi.delivered += 1
    skb.mac_header = skb.data - skb.head
    mem = here.mem
    cb = skb.gro_cb = _reset_offset(skb, mem)
    if cb.frag0_len < ETH_HLEN:
        cb.frag0_len = 0
        if not pskb_may_pull(skb, ETH_HLEN):
            _no_ethernet_header(napi, skb)
    else:
        if cb.frag0 != skb.data:
            _pull_from_frag0(skb, ETH_HLEN)
        cb.frag0 += ETH_HLEN
        cb.frag0_len -= ETH_HLEN
    skb.len -= ETH_HLEN
    skb.data = data = skb.data + ETH_HLEN
    skb.protocol = mem[data - 2] << 8 | mem[data - 1]
    ret = dev_gro_receive(napi, skb, cb)
    if ret in (GRO_NORMAL, GRO_HELD):
        skb.data -= ETH_HLEN
        skb.len += ETH_HLEN
        skb.protocol = eth_type_trans(skb, dev)
        if ret == GRO_NORMAL:
            gro_normal_one(napi, skb, 1)
    elif ret == GRO_MERGED_FREE:
        if skb.gro_cb.free == NAPI_GRO_FREE_STOLEN_HEAD:
            _free_stolen_head(skb, caller())
        else:
            _reuse_skb(napi, skb)
    return ret


def _no_ethernet_header(napi: napi_struct, skb: sk_buff) -> NoReturn:
    netdev_warn(napi.dev, "napi_frags_skb: dropping impossible skb")
    BUG(
        f"{napi.dev}: NULL pointer dereference: napi_gro_frags() of {skb.len} bytes, less than an Ethernet header",
        site_str(caller_outside()),
    )
