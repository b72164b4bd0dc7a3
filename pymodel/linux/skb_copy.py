# SPDX-License-Identifier: Apache-2.0
"""Clones and copies of sk_buffs, and room in front of them. Source: net/core/skbuff.c, v6.12."""

from __future__ import annotations

from copy import copy

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, Site, caller, caller_outside, site_str
from pymodel.linux.dropreason import SKB_DROP_REASON_NOT_SPECIFIED
from pymodel.linux.errno import ENOMEM
from pymodel.linux.mm import GFP_ATOMIC, GFP_DMA, SKB_SMALL_HEAD, MmState, _kmalloc, kmalloc_size_roundup
from pymodel.linux.skb_alloc import (
    _SMALL_DATA,
    _alloc_skb,
    _free_head,
    _getframe,
    _kfree_skb,
    _release_data,
    consume_skb,
    kfree_skb,
    skb_release_head_state,
)
from pymodel.linux.skbuff import (
    CHECKSUM_PARTIAL,
    NET_SKB_PAD,
    SIZEOF_SK_BUFF,
    SKB_FCLONE_CLONE,
    SKB_FCLONE_ORIG,
    SKB_FCLONE_UNAVAILABLE,
    UNSET,
    sk_buff,
    skb_cloned,
    skb_frag_t,
    skb_header_cloned,
    skb_put,
    skb_reserve,
    skb_shared,
    skb_shared_info,
)

__all__ = [
    "__copy_skb_header", "__pskb_copy", "pskb_copy", "pskb_expand_head", "skb_clone", "skb_copy", "skb_copy_expand",
    "skb_copy_header", "skb_cow", "skb_cow_head", "skb_headers_offset_update", "skb_morph", "skb_realloc_headroom",
    "skb_share_check", "skb_unclone", "skb_unclone_keeptruesize", "skb_unshare",
]


def __copy_skb_header(new: sk_buff, old: sk_buff) -> None:
    """All that describes the packet and not its buffer; neither ``mac_len`` nor the socket."""
    new.dev = old.dev
    new.queue_mapping = old.queue_mapping
    new.pkt_type = old.pkt_type
    new.ip_summed = old.ip_summed
    new.l4_hash = old.l4_hash
    new.sw_hash = old.sw_hash
    new.encapsulation = old.encapsulation
    new.csum_valid = old.csum_valid
    new.csum_complete_sw = old.csum_complete_sw
    new.csum_level = old.csum_level
    new.csum = old.csum
    new.csum_start = old.csum_start
    new.csum_offset = old.csum_offset
    new.priority = old.priority
    new.skb_iif = old.skb_iif
    new.hash = old.hash
    new.vlan_proto = old.vlan_proto
    new.vlan_tci = old.vlan_tci
    new.napi_id = old.napi_id
    new.protocol = old.protocol
    new.transport_header = old.transport_header
    new.network_header = old.network_header
    new.mac_header = old.mac_header
    rare = old._rare
    if rare is not None:
        new._rare = rare = dict(rare)
        if "cb" in rare:
            rare["cb"] = copy(rare["cb"])


def skb_copy_header(new: sk_buff, old: sk_buff) -> None:
    """__copy_skb_header() and the GSO data."""
    __copy_skb_header(new, old)
    to, frm = new._shinfo, old._shinfo
    to.gso_size, to.gso_segs, to.gso_type = frm.gso_size, frm.gso_segs, frm.gso_type


def skb_headers_offset_update(skb: sk_buff, off: int) -> None:
    """The data moved ``off`` bytes away from ``head``: so do the header offsets, as unsigned 16-bit numbers. Inner
    ones, where any was ever set.
    """
    if skb.ip_summed == CHECKSUM_PARTIAL:
        skb.csum_start = skb.csum_start + off & 0xFFFF
    skb.transport_header = skb.transport_header + off & 0xFFFF
    skb.network_header = skb.network_header + off & 0xFFFF
    if skb.mac_header != UNSET:
        skb.mac_header = skb.mac_header + off & 0xFFFF
    if skb._rare is not None:
        skb.inner_transport_header = skb.inner_transport_header + off & 0xFFFF
        skb.inner_network_header = skb.inner_network_header + off & 0xFFFF
        skb.inner_mac_header = skb.inner_mac_header + off & 0xFFFF


def _clone(skb: sk_buff, site: Site) -> sk_buff | None:
    state = here.state
    mm: MmState = state["mm"]
    fclone = SKB_FCLONE_UNAVAILABLE
    if skb.fclone == SKB_FCLONE_ORIG and type(skb._companion) is not sk_buff:
        fclone = SKB_FCLONE_CLONE
    elif mm.fail is not None and mm.fail("skb", SIZEOF_SK_BUFF):
        mm.allocs_failed += 1
        return None
    n = sk_buff(skb.head, skb.end, skb.truesize, skb.head_frag, skb.dev, site)
    _share_data(n, skb)
    if fclone:
        n.fclone = fclone
        skb._companion = n
    state["skb"].live.add(n)
    return n


def _share_data(n: sk_buff, skb: sk_buff) -> None:
    """__skb_clone(): make ``n`` a clone of ``skb``."""
    __copy_skb_header(n, skb)
    n.len = skb.len
    n.data_len = skb.data_len
    n.mac_len = skb.mac_len
    n.hdr_len = skb.data - skb.head if skb.nohdr else skb.hdr_len
    n.cloned = 1
    n.pfmemalloc = skb.pfmemalloc
    n.pp_recycle = skb.pp_recycle
    n.data = skb.data
    n.tail = skb.tail
    shinfo = skb._shinfo
    n._shinfo = shinfo
    shinfo.dataref += 1
    skb.cloned = 1


def skb_clone(skb: sk_buff, gfp_mask: int) -> sk_buff | None:
    """A second sk_buff for the same data, without the socket; None on failure, which cannot be for the first clone of
    alloc_skb_fclone()'s.
    """
    f = _getframe(1)
    return _clone(skb, (f.f_code, f.f_lasti))


def skb_morph(dst: sk_buff, src: sk_buff) -> sk_buff:
    """Make ``dst`` a clone of ``src``; what it held is released."""
    skb_release_head_state(dst)
    _release_data(here.state, dst, caller())
    fclone, users, dst_site = dst.fclone, dst.users, dst._site
    dst.__init__(src.head, src.end, src.truesize, src.head_frag, src.dev, dst_site)  # type: ignore[misc]
    dst.fclone, dst.users = fclone, users
    _share_data(dst, src)
    return dst


def skb_copy(skb: sk_buff, gfp_mask: int) -> sk_buff | None:
    """A linear copy of header room and data, which the caller may alter; None on failure."""
    from pymodel.linux.skb_frags import skb_copy_bits

    headroom = skb.data - skb.head
    n = _alloc_skb(skb.end - skb.head + skb.data_len, gfp_mask, caller())
    if n is None:
        return None
    skb_reserve(n, headroom)
    skb_put(n, skb.len)
    if skb_copy_bits(skb, -headroom, n.head, headroom + skb.len):
        BUG("skb_copy() cannot read its source")
    skb_copy_header(n, skb)
    return n


def skb_copy_expand(skb: sk_buff, newheadroom: int, newtailroom: int, gfp_mask: int) -> sk_buff | None:
    """A linear copy with other headroom and tailroom, and as much of the old headroom's bytes as fits; None on
    failure.
    """
    from pymodel.linux.skb_frags import skb_copy_bits

    headroom = skb.data - skb.head
    n = _alloc_skb(newheadroom + skb.len + newtailroom, gfp_mask, caller())
    if n is None:
        return None
    skb_reserve(n, newheadroom)
    skb_put(n, skb.len)
    copied = min(headroom, newheadroom)
    if skb_copy_bits(skb, -copied, n.head + newheadroom - copied, copied + skb.len):
        BUG("skb_copy_expand() cannot read its source")
    skb_copy_header(n, skb)
    skb_headers_offset_update(n, newheadroom - headroom)
    return n


def _pskb_copy(skb: sk_buff, headroom: int, gfp_mask: int, site: Site) -> sk_buff | None:
    headlen = skb.len - skb.data_len
    n = _alloc_skb(headlen + headroom, gfp_mask, site)
    if n is None:
        return None
    skb_reserve(n, headroom)
    skb_put(n, headlen)
    mem = here.mem
    mem[n.data : n.data + headlen] = mem[skb.data : skb.data + headlen]
    n.truesize += skb.data_len
    n.data_len = skb.data_len
    n.len = skb.len
    _share_frags(n, skb._shinfo)
    skb_copy_header(n, skb)
    return n


def pskb_copy(skb: sk_buff, gfp_mask: int) -> sk_buff | None:
    """A copy of the linear part that shares the fragments; None on failure."""
    return _pskb_copy(skb, skb.data - skb.head, gfp_mask, caller())


def __pskb_copy(skb: sk_buff, headroom: int, gfp_mask: int) -> sk_buff | None:
    """pskb_copy() with ``headroom`` bytes of headroom. Header offsets stay those of ``skb``, as in the kernel."""
    return _pskb_copy(skb, headroom, gfp_mask, caller())


def _share_frags(new: sk_buff, old: skb_shared_info) -> None:
    shinfo = new._shinfo
    shinfo.frags = [skb_frag_t(f.page, f.offset, f.size) for f in old.frags[: old.nr_frags]]
    shinfo.nr_frags = old.nr_frags
    for frag in shinfo.frags:
        frag.page.refcount += 1
        frag.page.frags_freed = None
    part = old.frag_list
    shinfo.frag_list = part
    while part is not None:
        part.users += 1
        part = part.next


def pskb_expand_head(skb: sk_buff, nhead: int, ntail: int, gfp_mask: int) -> int:
    """Move the linear part to a new, unshared buffer with ``nhead`` and ``ntail`` bytes more room. 0 or -ENOMEM.

    Pointers into the old header are void afterwards. BUG on a shared skb.
    """
    if nhead < 0:
        BUG(f"pskb_expand_head(nhead={nhead})", site_str(caller_outside()), "net/core/skbuff.c:2265")
    if skb_shared(skb):
        BUG("pskb_expand_head() on a shared skb", site_str(caller_outside()), "net/core/skbuff.c:2267")
    state = here.state
    mm: MmState = state["mm"]
    site = caller()
    osize = skb.end - skb.head
    size = osize + nhead + ntail
    bufsize = (
        SKB_SMALL_HEAD
        if size <= _SMALL_DATA and not gfp_mask & GFP_DMA
        else kmalloc_size_roundup(((size + 63) & ~63) + 320)
    )
    data = _kmalloc(mm, bufsize, site, "skb")
    if not data:
        return -ENOMEM
    size = bufsize - 320
    used = skb.tail - skb.head
    mem = mm.mem
    mem[data + nhead : data + nhead + used] = mem[skb.head : skb.tail]
    old = skb._shinfo
    if skb_cloned(skb):
        skb._shinfo = shinfo = skb_shared_info()
        shinfo.gso_size, shinfo.gso_segs, shinfo.gso_type = old.gso_size, old.gso_segs, old.gso_type
        shinfo.tx_flags, shinfo.tskey = old.tx_flags, old.tskey
        _share_frags(skb, old)
        old.dataref -= 0x10001 if skb.nohdr else 1
        skb.pp_recycle = 0  # its references to pool pages are plain ones now
    else:
        _free_head(mm, skb, site)
    off = data + nhead - skb.head
    skb.head = data
    skb.head_frag = 0
    skb.data += off
    skb.tail += off
    skb.end = data + size
    skb_headers_offset_update(skb, nhead)
    skb.cloned = 0
    skb.hdr_len = 0
    skb.nohdr = 0
    skb._shinfo.dataref = 1
    if skb.sk is None:
        skb.truesize += size - osize
    return 0


def skb_realloc_headroom(skb: sk_buff, headroom: int) -> sk_buff | None:
    """A private copy of the header with at least ``headroom`` bytes of headroom; the caller keeps ``skb``."""
    delta = headroom - (skb.data - skb.head)
    if delta <= 0:
        return pskb_copy(skb, GFP_ATOMIC)
    n = _clone(skb, caller())
    if n is not None and pskb_expand_head(n, (delta + 63) & ~63, 0, GFP_ATOMIC):
        kfree_skb(n)
        return None
    return n


def _cow(skb: sk_buff, headroom: int, cloned: bool) -> int:
    delta = max(0, headroom - (skb.data - skb.head))
    if delta or cloned:
        return pskb_expand_head(skb, (delta + NET_SKB_PAD - 1) // NET_SKB_PAD * NET_SKB_PAD, 0, GFP_ATOMIC)
    return 0


def skb_cow(skb: sk_buff, headroom: int) -> int:
    """Make the linear data writable, with ``headroom`` bytes of headroom. 0 or -ENOMEM."""
    return _cow(skb, headroom, skb_cloned(skb))


def skb_cow_head(skb: sk_buff, headroom: int) -> int:
    """Make the header writable, with ``headroom`` bytes of headroom. 0 or -ENOMEM."""
    return _cow(skb, headroom, skb_header_cloned(skb))


def skb_unclone(skb: sk_buff, pri: int) -> int:
    """Make the data this skb's own where it is shared. 0 or -ENOMEM."""
    return pskb_expand_head(skb, 0, 0, pri) if skb_cloned(skb) else 0


def skb_unclone_keeptruesize(skb: sk_buff, pri: int) -> int:
    """skb_unclone() that leaves ``truesize`` and ``end`` as they were: for skbs that a socket has charged."""
    if not skb_cloned(skb):
        return 0
    end_offset, truesize = skb.end - skb.head, skb.truesize
    err = pskb_expand_head(skb, 0, 0, pri)
    if err:
        return err
    skb.truesize = truesize
    now = skb.end - skb.head
    if now == end_offset:
        return 0
    if _SMALL_DATA in (now, end_offset):
        WARN(f"skb_unclone_keeptruesize() skb_end_offset() {end_offset} -> {now}", site_str(caller_outside()))
        return 0
    skb.end = skb.head + end_offset
    return 0


def skb_share_check(skb: sk_buff, pri: int) -> sk_buff | None:
    """The skb itself where only the caller holds it, else a clone, for which the reference is dropped; None on
    failure.
    """
    if skb.users == 1:
        return skb
    f = _getframe(1)
    n = _clone(skb, (f.f_code, f.f_lasti))
    if n is not None:
        skb.users -= 1
    else:
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, (f.f_code, f.f_lasti))
    return n


def skb_unshare(skb: sk_buff, pri: int) -> sk_buff | None:
    """The skb itself where its data is not shared, else a copy, for which ``skb`` is freed; None on failure."""
    if not skb_cloned(skb):
        return skb
    n = skb_copy(skb, pri)
    if n is not None:
        consume_skb(skb)
    else:
        kfree_skb(skb)
    return n
