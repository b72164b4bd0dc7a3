# SPDX-License-Identifier: Apache-2.0
"""Cutting an sk_buff into segments, whatever is in it: GSO constants, skb_segment(), skb_segment_list().

Source: net/core/skbuff.c skb_segment(), include/linux/skbuff.h, include/net/gso.h, v6.12. Simplified: no tunnels, so
that a header is copied as it stands; no zero copy from user pages.
"""

from __future__ import annotations

from collections.abc import Callable

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, caller_outside, pr_warn, site_str
from pymodel.linux.checksum import csum_fold, csum_partial
from pymodel.linux.errno import EINVAL, ENOMEM
from pymodel.linux.if_ether import ETH_P_IP, ETH_P_IPV6
from pymodel.linux.if_vlan import skb_network_protocol
from pymodel.linux.mm import GFP_ATOMIC, get_page, virt_to_head_page
from pymodel.linux.netdev_features import (
    NETIF_F_FRAGLIST,
    NETIF_F_GSO_PARTIAL,
    NETIF_F_GSO_SHIFT,
    NETIF_F_HW_CSUM,
    NETIF_F_IP_CSUM,
    NETIF_F_IPV6_CSUM,
    NETIF_F_SG,
)
from pymodel.linux.skb_alloc import __alloc_skb, consume_skb, kfree_skb, kfree_skb_list, skb_release_head_state
from pymodel.linux.skb_copy import (
    __copy_skb_header,
    skb_clone,
    skb_cow_head,
    skb_headers_offset_update,
    skb_unclone,
)
from pymodel.linux.skb_csum import skb_checksum, skb_copy_and_csum_bits
from pymodel.linux.skb_frags import __skb_linearize, pskb_trim, skb_copy_bits
from pymodel.linux.skbuff import (
    CHECKSUM_NONE,
    CHECKSUM_PARTIAL,
    CHECKSUM_UNNECESSARY,
    MAX_SKB_FRAGS,
    SKB_GSO_DODGY,
    SKB_GSO_PARTIAL,
    SKB_GSO_TCPV4,
    SKB_GSO_TCPV6,
    __skb_push,
    __skb_put,
    sk_buff,
    skb_frag_t,
    skb_push,
    skb_put,
    skb_reserve,
    skb_reset_mac_len,
)

__all__ = [
    "GSO_BY_FRAGS", "can_checksum_protocol", "net_gso_ok", "netif_needs_gso", "skb_gso_ok", "skb_gso_reset",
    "skb_is_gso_tcp", "skb_is_gso_v6", "skb_needs_linearize", "skb_pagelen", "skb_segment", "skb_segment_list",
]

GSO_BY_FRAGS = 0xFFFF
"""A ``gso_size``: each member of the fragment list is a segment."""


# -- what a device can take ----------------------------------------------------------------------------------
def net_gso_ok(features: int, gso_type: int) -> bool:
    """Whether the features cover these SKB_GSO_* bits."""
    feature = gso_type << NETIF_F_GSO_SHIFT
    return features & feature == feature


def skb_gso_ok(skb: sk_buff, features: int) -> bool:
    """Whether a device with these features could segment it."""
    shinfo = skb._shinfo
    feature = shinfo.gso_type << NETIF_F_GSO_SHIFT
    return features & feature == feature and (shinfo.frag_list is None or features & NETIF_F_FRAGLIST != 0)


def netif_needs_gso(skb: sk_buff, features: int) -> bool:
    """Whether it must be segmented in software for a device with these features."""
    return skb._shinfo.gso_size != 0 and (
        not skb_gso_ok(skb, features) or skb.ip_summed not in (CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY)
    )


def can_checksum_protocol(features: int, protocol: int) -> bool:
    """Whether these features can checksum TCP and UDP over a network protocol (ETH_P_*)."""
    if features & NETIF_F_HW_CSUM:
        return True
    if protocol == ETH_P_IP:
        return features & NETIF_F_IP_CSUM != 0
    return protocol == ETH_P_IPV6 and features & NETIF_F_IPV6_CSUM != 0


def skb_needs_linearize(skb: sk_buff, features: int) -> bool:
    """Whether it has parts that a device with these features cannot gather."""
    if not skb.data_len:
        return False
    shinfo = skb._shinfo
    return (shinfo.frag_list is not None and not features & NETIF_F_FRAGLIST) or (
        shinfo.nr_frags != 0 and not features & NETIF_F_SG
    )


def skb_is_gso_v6(skb: sk_buff) -> bool:
    return skb._shinfo.gso_type & SKB_GSO_TCPV6 != 0


def skb_is_gso_tcp(skb: sk_buff) -> bool:
    return skb._shinfo.gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6) != 0


def skb_gso_reset(skb: sk_buff) -> None:
    """Make it an ordinary packet."""
    shinfo = skb._shinfo
    shinfo.gso_size = shinfo.gso_segs = shinfo.gso_type = 0


def skb_pagelen(skb: sk_buff) -> int:
    """Bytes in the linear part and the page fragments, without the fragment list."""
    shinfo = skb._shinfo
    return skb.len - skb.data_len + sum(frag.size for frag in shinfo.frags[: shinfo.nr_frags])


# -- segments ------------------------------------------------------------------------------------------------
class Segment:
    """A segment, and what the protocol above needs to finish it: the partial sum ``csum`` of what lies behind
    ``csum_start`` (bytes from head), where it is to be summed in software. C keeps this in SKB_GSO_CB().
    """

    __slots__ = ("csum", "csum_start", "skb")

    def __init__(self, skb: sk_buff) -> None:
        self.skb = skb
        self.csum = 0
        self.csum_start = 0

    def make_checksum(self) -> int:
        """The checksum of a segment whose field holds the pseudo header's sum. Source: include/net/gso.h
        gso_make_checksum().
        """
        skb = self.skb
        start = skb.head + skb.transport_header
        return csum_fold(csum_partial(start, skb.head + self.csum_start - start, self.csum))


class _Parts:
    """Where skb_segment() is in the fragments: fragment ``i`` of ``skb`` begins ``pos`` bytes from the packet's
    data; ``i`` -1 is the linear part of a member of the fragment list; ``rest`` is what follows in that list.
    """

    __slots__ = ("i", "nfrags", "pos", "rest", "skb")

    def __init__(self, skb: sk_buff) -> None:
        self.skb = skb
        self.i = 0
        self.nfrags = skb._shinfo.nr_frags
        self.pos = skb.len - skb.data_len
        self.rest = skb._shinfo.frag_list

    def enter(self, skb: sk_buff) -> None:
        """Go on with the page fragments of a member of the list."""
        self.skb = skb
        self.i = 0
        self.nfrags = skb._shinfo.nr_frags
        self.rest = skb.next

    def current(self) -> skb_frag_t:
        """A fragment for the current place, with a reference of its own."""
        skb = self.skb
        if self.i < 0:
            pg = virt_to_head_page(skb.head)
            frag = skb_frag_t(pg, skb.data - pg.addr, skb.len - skb.data_len)
        else:
            old = skb._shinfo.frags[self.i]
            frag = skb_frag_t(old.page, old.offset, old.size)
        get_page(frag.page)
        return frag


def _untrusted_list(head_skb: sk_buff, mss: int) -> bool:
    """Whether the fragment list cannot be cut in place: gso_size is not trusted and a member has data in a head
    that is no page fragment.
    """
    if mss in (GSO_BY_FRAGS, head_skb.len - head_skb.data_len):
        return False
    part = head_skb._shinfo.frag_list
    while part is not None:
        if part.len != part.data_len and not part.head_frag:
            return True
        part = part.next
    return False


def _members_alike(head_skb: sk_buff, payload: int) -> int:
    """The bytes of payload without the fragment list, where each member but the last is as long as that and can be
    a segment of its own; else 0.
    """
    part = head_skb._shinfo.frag_list
    assert part is not None
    size = part.len
    rest = payload
    while part is not None:
        if (part.len != size and part.next is not None) or (part.len != part.data_len and not part.head_frag):
            return 0
        rest -= part.len
        part = part.next
    return rest if rest == size else 0


def _partial_segs(head_skb: sk_buff, payload: int, features: int, mss: int) -> int:
    """How many segments each of the packets that come out still is: where the device segments (GSO_PARTIAL), or
    could but for the fragment list. 0: none, they are segments.
    """
    size = payload
    if not features & NETIF_F_GSO_PARTIAL:
        shinfo = head_skb._shinfo
        if shinfo.frag_list is None or not net_gso_ok(features, shinfo.gso_type):
            return 0
        size = _members_alike(head_skb, payload)
    n = min(size, GSO_BY_FRAGS - 1) // mss
    return n if n > 1 else 0


def skb_segment(head_skb: sk_buff, features: int) -> sk_buff | int:
    """Cut a packet into segments of ``gso_size`` bytes of payload, each with a copy of the headers (from the MAC
    header to ``data``). The first of the list, or -EINVAL, -ENOMEM.

    The headers are as they were: lengths, sequence numbers and checksums are the caller's. ``head_skb`` stays, with
    ``data`` moved back to the MAC header.
    """
    segs = segment(head_skb, features)
    return segs if isinstance(segs, int) else segs[0].skb


def segment(head_skb: sk_buff, features: int) -> list[Segment] | int:
    """skb_segment(), with what the protocol needs to finish each segment."""
    shinfo = head_skb._shinfo
    mss = shinfo.gso_size
    doffset = head_skb.data - head_skb.head - head_skb.mac_header
    if shinfo.gso_type & SKB_GSO_DODGY and shinfo.frag_list is not None and _untrusted_list(head_skb, mss):
        features &= ~NETIF_F_SG
    payload = head_skb.len
    __skb_push(head_skb, doffset)
    proto, _ = skb_network_protocol(head_skb)
    if not proto:
        return -EINVAL
    sg = features & NETIF_F_SG != 0
    csum = can_checksum_protocol(features, proto)
    partial = _partial_segs(head_skb, payload, features, mss) if sg and csum and mss != GSO_BY_FRAGS else 0
    segs: list[Segment] = []
    err = _cut(head_skb, segs, mss * (partial or 1), doffset, sg, csum)
    if err:
        kfree_skb_list(segs[0].skb if segs else None)
        return err
    if partial:
        _make_partial(head_skb, segs, partial, doffset, features)
    _hand_socket_on(head_skb, segs[-1].skb)
    segs[0].skb.prev = segs[-1].skb
    return segs


def _cut(head_skb: sk_buff, segs: list[Segment], mss: int, doffset: int, sg: bool, csum: bool) -> int:
    """Append the segments to ``segs``, linked. 0 or an errno; what is in ``segs`` is the caller's to free."""
    mem = here.mem
    headroom = head_skb.data - head_skb.head
    headlen = head_skb.len - head_skb.data_len
    parts = _Parts(head_skb)
    offset = doffset
    while True:
        if mss == GSO_BY_FRAGS:
            assert parts.rest is not None
            size = parts.rest.len
        else:
            size = min(head_skb.len - offset, mss)
        hsize = headlen - offset
        member = parts.rest
        whole = member is not None and hsize <= 0 and parts.i >= parts.nfrags and member.len != member.data_len
        if whole and member is not None and (sg or member.len - member.data_len == size):
            nskb = _member_segment(parts, member, offset, size, doffset, headroom)
        else:
            hsize = size if hsize > size or not sg else max(hsize, 0)
            nskb = __alloc_skb(hsize + doffset + headroom, GFP_ATOMIC, 0, -1)
            if nskb is not None:
                skb_reserve(nskb, headroom)
                __skb_put(nskb, doffset)
        if nskb is None:
            return -ENOMEM
        if segs:
            segs[-1].skb.next = nskb
        seg = Segment(nskb)
        segs.append(seg)
        __copy_skb_header(nskb, head_skb)
        skb_headers_offset_update(nskb, nskb.data - nskb.head - headroom)
        skb_reset_mac_len(nskb)
        mem[nskb.data : nskb.data + doffset] = mem[head_skb.data : head_skb.data + doffset]
        seg.csum_start = nskb.data - nskb.head + doffset
        if nskb.len == size + doffset:
            pass  # a member of the list, as it is
        elif not sg:
            to = skb_put(nskb, size)
            if csum:
                if skb_copy_bits(head_skb, offset, to, size):
                    return -ENOMEM
            else:
                nskb.ip_summed = CHECKSUM_NONE
                seg.csum = skb_copy_and_csum_bits(head_skb, offset, to, size)
            offset += size
            if offset >= head_skb.len:
                return 0
            continue
        else:
            to = skb_put(nskb, hsize)
            mem[to : to + hsize] = mem[head_skb.data + offset : head_skb.data + offset + hsize]
            err = _share_frags(nskb, parts, offset, size, mss)
            if err:
                return err
            nskb.data_len = size - hsize
            nskb.len += nskb.data_len
            nskb.truesize += nskb.data_len
        if not csum:
            nskb.ip_summed = CHECKSUM_NONE
            seg.csum = skb_checksum(nskb, doffset, nskb.len - doffset, 0)
        offset += size
        if offset >= head_skb.len:
            return 0


def _member_segment(
    parts: _Parts, member: sk_buff, offset: int, size: int, doffset: int, headroom: int
) -> sk_buff | None:
    """A segment that is a clone of a member of the fragment list with room for the headers; None on failure."""
    linear = member.len - member.data_len
    if linear > size:
        BUG(f"skb_segment(): {linear} linear bytes in a fragment list of {size}", site_str(caller_outside()))
    nskb = skb_clone(member, GFP_ATOMIC)
    if nskb is None:
        return None
    parts.enter(member)
    parts.pos += linear
    while parts.pos < offset + size:
        if parts.i >= parts.nfrags:
            BUG("skb_segment(): a member of the fragment list is too short", site_str(caller_outside()))
        frag_size = member._shinfo.frags[parts.i].size
        if parts.pos + frag_size > offset + size:
            break
        parts.i += 1
        parts.pos += frag_size
    end = nskb.end - nskb.head
    if pskb_trim(nskb, size) or skb_cow_head(nskb, doffset + headroom):
        kfree_skb(nskb)
        return None
    nskb.truesize += nskb.end - nskb.head - end
    skb_release_head_state(nskb)
    __skb_push(nskb, doffset)
    return nskb


def _share_frags(nskb: sk_buff, parts: _Parts, offset: int, size: int, mss: int) -> int:
    """Give ``nskb`` references to what holds the rest of its ``size`` bytes from ``offset``. 0 or -EINVAL."""
    shinfo = nskb._shinfo
    end = offset + size
    while parts.pos < end:
        if parts.i >= parts.nfrags:
            member = parts.rest
            if member is None:
                BUG("skb_segment(): the packet ends before its length", site_str(caller_outside()))
            linear = member.len - member.data_len
            parts.enter(member)
            if linear:
                if not member.head_frag:
                    BUG("skb_segment(): a linear head that is no page fragment", site_str(caller_outside()))
                parts.i = -1
            elif not parts.nfrags:
                BUG("skb_segment(): an empty member of the fragment list", site_str(caller_outside()))
        if shinfo.nr_frags >= MAX_SKB_FRAGS:
            pr_warn("skb_segment: too many frags: %d %d", parts.pos, mss)
            return -EINVAL
        frag = parts.current()
        frag_size = frag.size
        if parts.pos < offset:
            frag.offset += offset - parts.pos
            frag.size -= offset - parts.pos
        shinfo.frags.append(frag)
        shinfo.nr_frags += 1
        if parts.pos + frag_size > end:
            frag.size -= parts.pos + frag_size - end
            break
        parts.i += 1
        parts.pos += frag_size
    return 0


def _make_partial(head_skb: sk_buff, segs: list[Segment], n: int, doffset: int, features: int) -> None:
    """What came out are GSO packets of ``n`` segments each, the last one of what is left."""
    shinfo = head_skb._shinfo
    gso_type = shinfo.gso_type & ~SKB_GSO_DODGY
    if features & NETIF_F_GSO_PARTIAL:
        gso_type |= SKB_GSO_PARTIAL
    for seg in segs:
        to = seg.skb._shinfo
        to.gso_size, to.gso_segs, to.gso_type = shinfo.gso_size, n, gso_type
    last = segs[-1].skb
    payload = last.len - doffset
    if payload <= shinfo.gso_size:
        last._shinfo.gso_size = 0
    elif len(segs) > 1:
        last._shinfo.gso_segs = -(-payload // shinfo.gso_size)


def _hand_socket_on(head_skb: sk_buff, tail: sk_buff) -> None:
    """The socket's account is settled when the last segment is freed."""
    if head_skb.destructor is None:
        return
    from pymodel.linux.sock import sock_wfree

    destructor: Callable[[sk_buff], object] = head_skb.destructor
    if destructor is sock_wfree:
        tail.truesize, head_skb.truesize = head_skb.truesize, tail.truesize
        tail.destructor, head_skb.destructor = destructor, tail.destructor
        tail.sk, head_skb.sk = head_skb.sk, tail.sk


# -- a list of packets ---------------------------------------------------------------------------------------
def skb_segment_list(skb: sk_buff, features: int, offset: int) -> sk_buff | int:
    """Take a packet that GRO chained (SKB_GSO_FRAGLIST) apart again: the first of the list, which is ``skb`` itself
    with a reference more, or -ENOMEM. Each gets ``offset`` bytes of headers in front of its network header.
    """
    part = skb._shinfo.frag_list
    skb_push(skb, offset - (skb.head + skb.network_header - skb.data))
    if skb_unclone(skb, GFP_ATOMIC):
        return -ENOMEM
    skb._shinfo.frag_list = None
    delta_len = delta_truesize = 0
    tail = skb
    mem = here.mem
    while part is not None:
        rest = part.next
        nskb = part
        delta_truesize += nskb.truesize
        failed = False
        if nskb.users != 1:
            clone = skb_clone(nskb, GFP_ATOMIC)
            if clone is None:
                failed = True
            else:
                consume_skb(nskb)
                nskb = clone
                failed = skb_unclone(nskb, GFP_ATOMIC) != 0
        tail.next = nskb
        if failed:
            nskb.next = rest
            break
        tail = nskb
        delta_len += nskb.len
        skb_push(nskb, offset - (nskb.head + nskb.network_header - nskb.data))
        skb_release_head_state(nskb)
        longer = (nskb.transport_header - nskb.network_header) - (skb.transport_header - skb.network_header)
        __copy_skb_header(nskb, skb)
        skb_headers_offset_update(nskb, nskb.data - nskb.head - (skb.data - skb.head))
        nskb.transport_header += longer
        mem[nskb.data : nskb.data + offset] = mem[skb.data : skb.data + offset]
        if skb_needs_linearize(nskb, features) and __skb_linearize(nskb):
            break
        part = rest
    else:
        skb.truesize -= delta_truesize
        skb.data_len -= delta_len
        skb.len -= delta_len
        skb_gso_reset(skb)
        skb.prev = tail
        if not (skb_needs_linearize(skb, features) and __skb_linearize(skb)):
            skb.users += 1
            return skb
    kfree_skb_list(skb.next)
    skb.next = None
    return -ENOMEM
