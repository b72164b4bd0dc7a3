# SPDX-License-Identifier: Apache-2.0
"""From the queueing discipline to the driver: making a packet fit for the device, showing it to taps,
ndo_start_xmit and its answer.

Source: net/core/dev.c validate_xmit_skb(), dev_hard_start_xmit(), dev_queue_xmit_nit(), v6.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.hw.errors import CheckError
from pymodel.linux.bug import broken_rule, caller, pr_err, site_str
from pymodel.linux.dropreason import SKB_DROP_REASON_NOT_SPECIFIED
from pymodel.linux.gso import skb_gso_segment
from pymodel.linux.gso_segment import netif_needs_gso, skb_needs_linearize
from pymodel.linux.if_vlan import __vlan_hwaccel_push_inside, vlan_hw_offload_capable
from pymodel.linux.mm import GFP_ATOMIC, PAGE_SIZE
from pymodel.linux.offload import netif_skb_features, skb_csum_hwoffload_help
from pymodel.linux.skb_alloc import _kfree_skb, consume_skb
from pymodel.linux.skb_copy import skb_clone
from pymodel.linux.skb_frags import __skb_linearize
from pymodel.linux.skbuff import (
    CHECKSUM_PARTIAL,
    PACKET_OUTGOING,
    sk_buff,
    skb_cloned,
    skb_header_cloned,
    skb_reset_mac_header,
    skb_reset_network_header,
)
from pymodel.linux.time import JIFFY_PS

if TYPE_CHECKING:
    from pymodel.linux.dev import packet_type
    from pymodel.linux.netdevice import net_device, netdev_queue

__all__ = [
    "dev_hard_start_xmit", "dev_queue_xmit_nit", "netdev_start_xmit", "validate_xmit_skb", "validate_xmit_skb_list",
]

_DRV_XOFF = 1
_OK, _BUSY = 0, 0x10
_XMIT_MASK = 0x0F  # NET_XMIT_MASK: below it, the packet is the driver's, whatever became of it


# -- fit for the device --------------------------------------------------------------------------------------
def validate_xmit_skb(skb: sk_buff, dev: net_device) -> sk_buff | None:
    """Do in software what the device cannot (OFF2): insert the VLAN tag, segment, linearise, checksum. What goes to
    the driver, a list where it was segmented (its first ``prev`` is the last); None where it had to be dropped.
    """
    if not (
        skb.data_len
        or skb.ip_summed == CHECKSUM_PARTIAL
        or skb.vlan_proto
        or skb._shinfo.gso_size
        or dev.netdev_ops.ndo_features_check is not None
    ):
        return skb
    features = netif_skb_features(skb)
    if skb.vlan_proto and not vlan_hw_offload_capable(features, skb.vlan_proto):
        tagged = __vlan_hwaccel_push_inside(skb)
        if tagged is None:
            dev.tx_dropped += 1
            return None
        skb = tagged
    # The first conditions spare most packets the calls, which test them again.
    if skb._shinfo.gso_size and netif_needs_gso(skb, features):
        segs = skb_gso_segment(skb, features)
        if isinstance(segs, int):
            _drop(skb, dev)
            return None
        if segs is not None:
            consume_skb(skb)
            skb = segs
        return skb
    if skb.data_len and skb_needs_linearize(skb, features) and __skb_linearize(skb):
        _drop(skb, dev)
        return None
    if skb.ip_summed == CHECKSUM_PARTIAL:
        if skb.encapsulation:
            skb.inner_transport_header = skb.csum_start
        else:
            skb.transport_header = skb.csum_start
        if skb_csum_hwoffload_help(skb, features):
            _drop(skb, dev)
            return None
    return skb


def _drop(skb: sk_buff, dev: net_device) -> None:
    _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller(2))
    dev.tx_dropped += 1


def validate_xmit_skb_list(skb: sk_buff, dev: net_device) -> sk_buff | None:
    """validate_xmit_skb() for each of a list."""
    head: sk_buff | None = None
    tail: sk_buff | None = None
    part: sk_buff | None = skb
    while part is not None:
        following = part.next
        part.next = None
        valid = validate_xmit_skb(part, dev)
        if valid is not None:
            if tail is None:
                head = valid
            else:
                tail.next = valid
            tail = valid.prev if valid.next is not None else valid
        part = following
    return head


# -- into the driver -----------------------------------------------------------------------------------------
def netdev_start_xmit(skb: sk_buff, dev: net_device, txq: netdev_queue, more: bool) -> int:
    """Hand one packet to the driver, the queue's lock held: ndo_start_xmit's answer. ``more``: what
    netdev_xmit_more() says. Checks the answer: TX1, TX3, TX5.
    """
    m = here.machine
    cpu = m.sched.cpu
    assert cpu is not None
    m.state["net"].softnet[cpu.id].xmit_more = more
    xmit = dev.netdev_ops.ndo_start_xmit
    txq.sender = cpu
    rc: Any = _xmit_cloned(skb, dev, xmit) if skb.cloned and skb_cloned(skb) else xmit(skb, dev)
    txq.sender = None
    if rc == _OK:
        txq.trans_start = cpu.time // JIFFY_PS
    elif rc.__class__ is not int or rc >= _XMIT_MASK:
        _not_ok(skb, dev, txq, rc, xmit)
    return rc  # type: ignore[no-any-return]


def dev_hard_start_xmit(first: sk_buff, dev: net_device, txq: netdev_queue) -> tuple[sk_buff | None, int]:
    """Send a list: (what is left of it, the driver's last answer: NETDEV_TX_BUSY, also where the queue was stopped
    with packets left, NETDEV_TX_OK, or a NET_XMIT_* code or negative errno of a device that dropped the packet).
    """
    nit_outgoing = here.state["net"].nit_outgoing
    skb: sk_buff | None = first
    rc = _OK
    while skb is not None:
        following = skb.next
        skb.next = None
        if nit_outgoing:
            dev_queue_xmit_nit(skb, dev)
        rc = netdev_start_xmit(skb, dev, txq, following is not None)
        if rc >= _XMIT_MASK:
            skb.next = following
            return skb, rc
        skb = following
        if skb is not None and txq.state & _DRV_XOFF:
            return skb, _BUSY
    return None, rc


def _xmit_cloned(skb: sk_buff, dev: net_device, xmit: Any) -> Any:
    """Call the driver, which must not write to data that others hold too (TX5)."""
    mem = here.mem
    shinfo = skb._shinfo
    parts = [(f.page.addr + f.offset, f.size) for f in shinfo.frags]
    if skb_header_cloned(skb):
        parts.append((skb.data, skb.tail - skb.data))
    before = [bytes(mem[at : at + n]) for at, n in parts]
    site = skb._site
    rc = xmit(skb, dev)
    # Nobody has it any more, and the memory may be others'; or the last clone went meanwhile, and it was the driver's
    # alone when it wrote.
    if not shinfo.dataref or (shinfo.dataref & 0xFFFF == 1 and skb.__class__ is sk_buff and skb._shinfo is shinfo):
        return rc
    for (at, n), data in zip(parts, before, strict=True):
        if mem[at : at + n] != data:
            wrong = next(i for i in range(n) if mem[at + i] != data[i])
            broken_rule(
                "TX5",
                f"{dev.name}: ndo_start_xmit wrote to byte {wrong} of {n} of data that a clone shares; "
                "skb_cow_head() or skb_ensure_writable() comes first",
                f"{_where(xmit)}; skb allocated at {site_str(site)}",
            )
    return rc


def _where(xmit: Any) -> str:
    return site_str((xmit.__code__, 0)) if hasattr(xmit, "__code__") else repr(xmit)


def _not_ok(skb: sk_buff, dev: net_device, txq: netdev_queue, rc: Any, xmit: Any) -> None:
    """NETDEV_TX_BUSY breaks TX1; with TX1 tolerated, the driver must at least have let go of the skb (TX3)."""
    where = f"{dev.name} queue {txq.index}, {_where(xmit)}"
    if rc != _BUSY:
        raise CheckError("TX1", f"ndo_start_xmit returned {rc!r}: neither NETDEV_TX_OK nor NETDEV_TX_BUSY", where)
    broken_rule(
        "TX1",
        f"ndo_start_xmit returned NETDEV_TX_BUSY; the queue is {'stopped' if txq.state & _DRV_XOFF else 'not stopped'}",
        where,
    )
    if skb.users != 1:
        done = "a reference to the skb kept" if skb.users else "the skb left to the softirq to be freed"
        broken_rule("TX3", f"NETDEV_TX_BUSY returned, and {done}", where)
    by_page = here.state["dma"].by_page
    for mapping in by_page.get(skb.data & -PAGE_SIZE, ()):
        if mapping.addr < skb.tail and skb.data < mapping.addr + mapping.size:
            broken_rule("TX3", f"NETDEV_TX_BUSY returned with the skb still mapped: {mapping}", where)


def dev_queue_xmit_nit(skb: sk_buff, dev: net_device) -> None:
    """Show a packet that is sent to the taps that want to see it, but for the socket that sends it: one clone, to
    which each has a reference.
    """
    clone: sk_buff | None = None
    last: packet_type | None = None
    for pt in (*here.state["net"].ptype_all, *dev.ptype_all):
        if pt.ignore_outgoing or (pt.af_packet_priv is not None and pt.af_packet_priv is skb.sk):
            continue
        if clone is None:
            clone = skb_clone(skb, GFP_ATOMIC)
            if clone is None:
                return
            skb_reset_mac_header(clone)
            if not clone.data - clone.head <= clone.network_header <= clone.tail - clone.head:
                pr_err("protocol %04x is buggy, dev %s", clone.protocol, dev.name)
                skb_reset_network_header(clone)
            clone.transport_header = clone.network_header
            clone.pkt_type = PACKET_OUTGOING
        elif last is not None:
            clone.users += 1
            last.func(clone, dev, last, dev)
        last = pt
    if clone is not None and last is not None:
        last.func(clone, dev, last, dev)
