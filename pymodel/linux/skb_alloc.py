# SPDX-License-Identifier: Apache-2.0
"""How sk_buffs are allocated and freed. Clones and copies: skb_copy.py; pages beside the head: skb_frags.py.

Buffer sizes and truesize are those of v6.12: heads of up to 320 bytes of data come from the skb_small_head cache
(640 bytes with the shared info), larger ones from kmalloc's size classes, RX heads from page fragments. Source:
net/core/skbuff.c, v6.12.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, Site, caller, caller_outside, pr_err, site_str
from pymodel.linux.dropreason import SKB_CONSUMED, SKB_DROP_REASON_NOT_SPECIFIED
from pymodel.linux.mm import (
    __GFP_DIRECT_RECLAIM,
    GFP_ATOMIC,
    GFP_DMA,
    PAGE_SHIFT,
    PAGE_SIZE,
    SKB_SMALL_HEAD,
    MmState,
    _kfree,
    _kmalloc,
    _page_frag_alloc,
    _page_frag_alloc_1k,
    _page_frag_free,
    _put_page,
    align_mask,
    kmalloc_size_roundup,
    ksize,
    might_alloc,
    page,
    page_frag_cache,
    virt_to_head_page,
)
from pymodel.linux.page_pool import _pp_put
from pymodel.linux.skbuff import (
    NET_IP_ALIGN,
    NET_SKB_PAD,
    SIZEOF_SK_BUFF,
    SKB_FCLONE_ORIG,
    _FreedSkBuff,
    sk_buff,
    skb_reserve,
)

if TYPE_CHECKING:
    from pymodel.linux.napi import napi_struct
    from pymodel.linux.netdevice import net_device

__all__ = [
    "SKB_ALLOC_FCLONE", "SKB_ALLOC_NAPI", "SKB_ALLOC_RX", "__alloc_skb", "__dev_alloc_skb", "__kfree_skb",
    "__napi_alloc_frag_align", "__netdev_alloc_skb", "__netdev_alloc_skb_ip_align", "alloc_skb", "alloc_skb_fclone",
    "build_skb", "build_skb_around", "consume_skb", "dev_alloc_skb", "dev_consume_skb_any", "dev_consume_skb_irq",
    "dev_kfree_skb", "dev_kfree_skb_any", "dev_kfree_skb_any_reason", "dev_kfree_skb_irq", "dev_kfree_skb_irq_reason",
    "kfree_skb", "kfree_skb_list", "kfree_skb_reason", "napi_alloc_frag", "napi_alloc_frag_align", "napi_alloc_skb",
    "napi_build_skb", "napi_consume_skb", "netdev_alloc_frag", "netdev_alloc_frag_align", "netdev_alloc_skb",
    "netdev_alloc_skb_ip_align", "skb_drop_counts", "skb_free_frag", "skb_leaks", "skb_orphan",
    "skb_release_head_state", "slab_build_skb",
]

SKB_ALLOC_FCLONE = 0x01
SKB_ALLOC_RX = 0x02
SKB_ALLOC_NAPI = 0x04
REFCOUNT_SATURATED = 0xC0000000

_getframe = sys._getframe
_SMALL_DATA = SKB_SMALL_HEAD - 320  # 320 bytes
_NAPI_SMALL_DATA = 1024 - 320
_PAGE_DATA = PAGE_SIZE - 320
_NOT_FRAG = __GFP_DIRECT_RECLAIM | GFP_DMA


# -- allocation ----------------------------------------------------------------------------------------------
def _alloc_skb(size: int, gfp: int, site: Site, dev: net_device | None = None) -> sk_buff | None:
    state = here.state
    mm: MmState = state["mm"]
    if gfp & __GFP_DIRECT_RECLAIM:
        might_alloc()
    if size <= _SMALL_DATA and not gfp & GFP_DMA:
        bufsize = SKB_SMALL_HEAD
    else:
        bufsize = kmalloc_size_roundup(((size + 63) & ~63) + 320)
    head = _kmalloc(mm, bufsize, site, "skb")
    if not head:
        return None
    skb = sk_buff(head, head + bufsize - 320, bufsize + 256, 0, dev, site)
    state["skb"].live.add(skb)
    return skb


def __alloc_skb(size: int, gfp_mask: int, flags: int, node: int) -> sk_buff | None:
    """alloc_skb(); ``flags``: SKB_ALLOC_FCLONE for an skb that will be cloned. RX reserves and ``node`` change nothing
    here.
    """
    skb = _alloc_skb(size, gfp_mask, caller())
    if skb is not None and flags & SKB_ALLOC_FCLONE:
        skb.fclone = SKB_FCLONE_ORIG
    return skb


def alloc_skb(size: int, priority: int) -> sk_buff | None:
    """An empty skb with room for ``size`` bytes and no headroom; None on failure."""
    f = _getframe(1)
    return _alloc_skb(size, priority, (f.f_code, f.f_lasti))


def alloc_skb_fclone(size: int, priority: int) -> sk_buff | None:
    """alloc_skb() that comes with the sk_buff of its first clone: that one cannot fail. None on failure."""
    f = _getframe(1)
    skb = _alloc_skb(size, priority, (f.f_code, f.f_lasti))
    if skb is not None:
        skb.fclone = SKB_FCLONE_ORIG
    return skb


def _frag_cache(mm: MmState, which: str) -> page_frag_cache:
    cpu = here.sched.cpu
    key = (cpu.id if cpu is not None else 0, which)
    nc = mm.frag_caches.get(key)
    if nc is None:
        nc = mm.frag_caches[key] = page_frag_cache()
    return nc


def _rx_cache(mm: MmState) -> page_frag_cache:
    """Hard interrupts have a cache of their own; all else shares NAPI's."""
    cpu = here.sched.cpu
    return _frag_cache(mm, "netdev" if cpu is not None and (cpu.hardirq or cpu.irqs_disabled) else "napi")


def _frag_skb(
    mm: MmState, nc: page_frag_cache, room: int, pad: int, dev: net_device | None, site: Site
) -> sk_buff | None:
    size = ((room + 63) & ~63) + 320
    head = _page_frag_alloc(mm, nc, size, site)
    if not head:
        return None
    skb = sk_buff(head, head + size - 320, size + 256, 1, dev, site)
    skb.data = skb.tail = head + pad
    here.state["skb"].live.add(skb)
    return skb


def _netdev_alloc_skb(dev: net_device | None, length: int, gfp: int, site: Site) -> sk_buff | None:
    length += NET_SKB_PAD
    if length <= _SMALL_DATA or length > _PAGE_DATA or gfp & _NOT_FRAG:
        skb = _alloc_skb(length, gfp, site, dev)
        if skb is not None:
            skb.data = skb.tail = skb.data + NET_SKB_PAD
        return skb
    mm: MmState = here.state["mm"]
    return _frag_skb(mm, _rx_cache(mm), length, NET_SKB_PAD, dev, site)


def __netdev_alloc_skb(dev: net_device | None, length: int, gfp_mask: int) -> sk_buff | None:
    """An skb to receive ``length`` bytes into, with NET_SKB_PAD bytes of headroom; None on failure."""
    return _netdev_alloc_skb(dev, length, gfp_mask, caller())


def netdev_alloc_skb(dev: net_device | None, length: int) -> sk_buff | None:
    f = _getframe(1)
    return _netdev_alloc_skb(dev, length, GFP_ATOMIC, (f.f_code, f.f_lasti))


def __netdev_alloc_skb_ip_align(dev: net_device | None, length: int, gfp: int) -> sk_buff | None:
    skb = _netdev_alloc_skb(dev, length + NET_IP_ALIGN, gfp, caller())
    if NET_IP_ALIGN and skb is not None:
        skb_reserve(skb, NET_IP_ALIGN)
    return skb


def netdev_alloc_skb_ip_align(dev: net_device | None, length: int) -> sk_buff | None:
    """netdev_alloc_skb() with NET_IP_ALIGN (0 on x86) more bytes of headroom."""
    f = _getframe(1)
    return _netdev_alloc_skb(dev, length + NET_IP_ALIGN, GFP_ATOMIC, (f.f_code, f.f_lasti))


def __dev_alloc_skb(length: int, gfp_mask: int) -> sk_buff | None:
    return _netdev_alloc_skb(None, length, gfp_mask, caller())


def dev_alloc_skb(length: int) -> sk_buff | None:
    f = _getframe(1)
    return _netdev_alloc_skb(None, length, GFP_ATOMIC, (f.f_code, f.f_lasti))


def napi_alloc_skb(napi: napi_struct, length: int) -> sk_buff | None:
    """An skb for RX in this NAPI's poll: small ones from a page of 1 KiB slices, others from page fragments or
    kmalloc.
    """
    f = _getframe(1)
    site = (f.f_code, f.f_lasti)
    pad = NET_SKB_PAD + NET_IP_ALIGN
    length += pad
    mm: MmState = here.state["mm"]
    if length <= _NAPI_SMALL_DATA:
        head = _page_frag_alloc_1k(mm, _frag_cache(mm, "napi_1k"), site)
        if not head:
            return None
        small = sk_buff(head, head + 704, 1024 + 256, 1, napi.dev, site)
        small.data = small.tail = head + pad
        here.state["skb"].live.add(small)
        return small
    if length > _PAGE_DATA:
        skb = _alloc_skb(length, GFP_ATOMIC, site, napi.dev)
        if skb is not None:
            skb.data = skb.tail = skb.data + pad
        return skb
    return _frag_skb(mm, _frag_cache(mm, "napi"), length, pad, napi.dev, site)


def _build_skb(data: int, size: int, head_frag: int, site: Site) -> sk_buff | None:
    """An sk_buff around ``size`` bytes, the shared info among them. None on failure: the buffer stays the caller's."""
    state = here.state
    mm: MmState = state["mm"]
    if mm.fail is not None and mm.fail("skb", SIZEOF_SK_BUFF):
        mm.allocs_failed += 1
        return None
    skb = sk_buff(data, data + size - 320, size + 256, head_frag, None, site)
    state["skb"].live.add(skb)
    return skb


def build_skb(data: int, frag_size: int) -> sk_buff | None:
    """An skb around a buffer that the device has filled. ``frag_size``: bytes of the page or page fragment, with room
    for the shared info (SKB_DATA_ALIGN(headroom + data) + 320); 0 where ``data`` came from kmalloc (deprecated: WARN).
    The caller reserves and puts. None on failure, with the buffer still the caller's.
    """
    f = _getframe(1)
    if not frag_size:
        WARN("Use slab_build_skb() instead", site_str((f.f_code, f.f_lasti)))
        return _build_skb(data, ksize(data), 0, (f.f_code, f.f_lasti))
    state = here.state
    if (data & (PAGE_SIZE - 1)) + frag_size > PAGE_SIZE:
        _check_room(data, frag_size, (f.f_code, f.f_lasti))
    if state["mm"].fail is not None:
        return _build_skb(data, frag_size, 1, (f.f_code, f.f_lasti))
    skb = sk_buff(data, data + frag_size - 320, frag_size + 256, 1, None, (f.f_code, f.f_lasti))
    state["skb"].live.add(skb)
    return skb


napi_build_skb = build_skb


def _check_room(data: int, frag_size: int, site: Site) -> None:
    """BUG where the buffer ends beyond its page: the skb_shared_info would be written into somebody else's memory."""
    pg = virt_to_head_page(data)
    beyond = data + frag_size - (pg.addr + (PAGE_SIZE << pg.order))
    if beyond > 0:
        BUG(f"build_skb() of {frag_size} bytes: the skb_shared_info lies {beyond} bytes beyond {pg!r}", site_str(site))


def slab_build_skb(data: int) -> sk_buff | None:
    """An skb around a buffer from kmalloc(), all of it; None on failure."""
    f = _getframe(1)
    return _build_skb(data, ksize(data), 0, (f.f_code, f.f_lasti))


def build_skb_around(skb: sk_buff | None, data: int, frag_size: int) -> sk_buff | None:
    """build_skb() in a cleared sk_buff of the caller's."""
    if skb is None:
        return None
    size = frag_size or ksize(data)
    skb.__init__(data, data + size - 320, size + 256, 1 if frag_size else 0, None, caller())  # type: ignore[misc]
    here.state["skb"].live.add(skb)
    return skb


def netdev_alloc_frag(fragsz: int) -> int:
    """A page fragment of ``fragsz`` bytes (rounded up to 64) for RX; 0 on failure."""
    f = _getframe(1)
    mm: MmState = here.state["mm"]
    return _page_frag_alloc(mm, _rx_cache(mm), (fragsz + 63) & ~63, (f.f_code, f.f_lasti))


def napi_alloc_frag(fragsz: int) -> int:
    f = _getframe(1)
    mm: MmState = here.state["mm"]
    return _page_frag_alloc(mm, _frag_cache(mm, "napi"), (fragsz + 63) & ~63, (f.f_code, f.f_lasti))


def __napi_alloc_frag_align(fragsz: int, align_mask: int) -> int:
    """napi_alloc_frag() at an address with the zeros of ``align_mask`` (``-align``)."""
    mm: MmState = here.state["mm"]
    return _page_frag_alloc(mm, _frag_cache(mm, "napi"), (fragsz + 63) & ~63, caller(), align_mask)


def napi_alloc_frag_align(fragsz: int, align: int) -> int:
    """napi_alloc_frag() at a multiple of ``align``, a power of two."""
    mm: MmState = here.state["mm"]
    return _page_frag_alloc(mm, _frag_cache(mm, "napi"), (fragsz + 63) & ~63, caller(), align_mask(align))


def netdev_alloc_frag_align(fragsz: int, align: int) -> int:
    """netdev_alloc_frag() at a multiple of ``align``, a power of two."""
    mm: MmState = here.state["mm"]
    return _page_frag_alloc(mm, _rx_cache(mm), (fragsz + 63) & ~63, caller(), align_mask(align))


def skb_free_frag(addr: int) -> None:
    f = _getframe(1)
    _page_frag_free(here.state["mm"], addr, (f.f_code, f.f_lasti))


# -- freeing -------------------------------------------------------------------------------------------------
def _free_head(mm: MmState, skb: sk_buff, site: Site) -> None:
    if not skb.head_frag:
        _kfree(mm, skb.head, site)
    elif not skb.pp_recycle or not _pp_put(mm.mem_map[skb.head >> PAGE_SHIFT], site):
        _page_frag_free(mm, skb.head, site)


def _frag_unref(pg: page, recycle: int, site: Site) -> None:
    """Drop a fragment's page: back to its pool where the skb may do that, else a reference."""
    if not recycle or not _pp_put(pg, site):
        _put_page(pg, site)


def _release_data(state: dict[str, Any], skb: sk_buff, site: Site) -> None:
    """Give up this skb's share of the data. Only the last sharer may send pages back to their pool."""
    shinfo = skb._shinfo
    if skb.cloned:
        shinfo.dataref -= 0x10001 if skb.nohdr else 1
        if shinfo.dataref:
            skb.pp_recycle = 0
            return
    if shinfo.nr_frags:
        recycle = skb.pp_recycle
        for frag in shinfo.frags[: shinfo.nr_frags]:
            _frag_unref(frag.page, recycle, site)
    part = shinfo.frag_list
    while part is not None:
        following = part.next
        _kfree_skb(part, SKB_CONSUMED, site)  # one packet, which is counted once
        part = following
    _free_head(state["mm"], skb, site)
    skb.pp_recycle = 0


def _destructor_in_hardirq() -> None:
    WARN("an skb with a destructor freed in a hard interrupt", site_str(caller_outside()))


def skb_release_head_state(skb: sk_buff) -> None:
    """Let go of the socket: run the destructor. WARN in a hard interrupt."""
    destructor = skb.destructor
    if destructor is not None:
        cpu = here.sched.cpu
        if cpu is not None and cpu.hardirq:
            _destructor_in_hardirq()
        destructor(skb)
        skb.destructor = None
        skb.sk = None


def _discard(state: dict[str, Any], skb: sk_buff, site: Site) -> None:
    """The sk_buff is free: from now on it is a trap."""
    state["skb"].live.discard(skb)
    skb._freed = site
    skb.__class__ = _FreedSkBuff


def _free_skb(skb: sk_buff, site: Site) -> None:
    """__kfree_skb(): release all that it holds, whatever its reference count says."""
    m = here.machine
    if skb.destructor is not None:
        cpu = m.sched.cpu
        if cpu is not None and cpu.hardirq:
            _destructor_in_hardirq()
        skb.destructor(skb)
        skb.destructor = None
        skb.sk = None
    state = m.state
    shinfo = skb._shinfo
    if skb.cloned or shinfo.nr_frags or shinfo.frag_list is not None:
        _release_data(state, skb, site)
    elif skb.head_frag:
        _free_head(state["mm"], skb, site)
    else:
        _kfree(state["mm"], skb.head, site)
    state["skb"].live.discard(skb)
    skb._freed = site
    skb.__class__ = _FreedSkBuff


def _kfree_skb(skb: sk_buff, reason: int, site: Site) -> None:
    """Drop a reference; with the last one release the data and turn the sk_buff into a trap."""
    users = skb.users
    if users != 1:
        _unref(skb, users, site)
        return
    if reason != SKB_CONSUMED:
        drops = here.state["skb"].drops
        drops[reason] = drops.get(reason, 0) + 1
    _free_skb(skb, site)


def _unref(skb: sk_buff, users: int, site: Site) -> None:
    if users > 0:
        skb.users = users - 1
        return
    skb.users = REFCOUNT_SATURATED
    pr_err("refcount_t: underflow; use-after-free.")
    waiting = (at for sd in here.state["net"].softnet for other, _, at in sd.completion_queue if other is skb)
    first = next(waiting, None)
    WARN(
        f"refcount_t: underflow; use-after-free of {skb!r}" + (f", freed first at {site_str(first)}" if first else ""),
        site_str(site),
        "lib/refcount.c:28 refcount_warn_saturate+0xbe/0x110",
    )


def kfree_skb_reason(skb: sk_buff | None, reason: int) -> None:
    """Drop a packet: it is lost, for this reason. Frees with the last reference; None is fine."""
    if skb is not None:
        f = _getframe(1)
        _kfree_skb(skb, reason, (f.f_code, f.f_lasti))


def kfree_skb(skb: sk_buff | None) -> None:
    if skb is not None:
        f = _getframe(1)
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, (f.f_code, f.f_lasti))


def consume_skb(skb: sk_buff | None) -> None:
    """Free a packet that has reached its end."""
    if skb is not None:
        f = _getframe(1)
        _kfree_skb(skb, SKB_CONSUMED, (f.f_code, f.f_lasti))


dev_kfree_skb = consume_skb


def __kfree_skb(skb: sk_buff) -> None:
    """Free an skb whatever its reference count: private to the stack, as in the kernel. No drop is counted."""
    _free_skb(skb, caller())


def kfree_skb_list(segs: sk_buff | None, reason: int = SKB_DROP_REASON_NOT_SPECIFIED) -> None:
    site = caller()
    while segs is not None:
        following = segs.next
        _kfree_skb(segs, reason, site)
        segs = following


def _free_any(skb: sk_buff | None, reason: int, site: Site) -> None:
    if skb is None:
        return
    cpu = here.sched.cpu
    if cpu is not None and (cpu.hardirq or cpu.irqs_disabled):
        _free_later(skb, reason, site)
    else:
        _kfree_skb(skb, reason, site)


def _free_later(skb: sk_buff, reason: int, site: Site) -> None:
    """Drop a reference; the last one is left to NET_TX_SOFTIRQ of this CPU (qdisc.py net_tx_action())."""
    from pymodel.linux.softirq import NET_TX_SOFTIRQ, raise_softirq_irqoff

    if skb.users != 1:
        _unref(skb, skb.users, site)
        return
    skb.users = 0
    m = here.machine
    cpu = m.sched.cpu
    assert cpu is not None, "dev_kfree_skb_irq() outside of kernel code"
    m.state["net"].softnet[cpu.id].completion_queue.append((skb, reason, site))
    raise_softirq_irqoff(NET_TX_SOFTIRQ)


def free_completed(skb: sk_buff, reason: int, site: Site) -> None:
    """Free what dev_kfree_skb_irq() left."""
    if skb.users:
        WARN(f"{skb!r} was freed by dev_kfree_skb_irq(), and used since: {skb.users} references", site_str(site))
    skb.users = 1
    _kfree_skb(skb, reason, site)


def dev_kfree_skb_irq_reason(skb: sk_buff | None, reason: int) -> None:
    """Free in a hard interrupt, or with interrupts off: NET_TX_SOFTIRQ does it, the last one that was left first."""
    if skb is not None:
        _free_later(skb, reason, caller())


def dev_kfree_skb_irq(skb: sk_buff | None) -> None:
    if skb is not None:
        _free_later(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())


def dev_consume_skb_irq(skb: sk_buff | None) -> None:
    """:func:`dev_kfree_skb_irq_reason` of a packet that was sent."""
    if skb is not None:
        _free_later(skb, SKB_CONSUMED, caller())


def dev_kfree_skb_any_reason(skb: sk_buff | None, reason: int) -> None:
    """Free from any context: in a hard interrupt, or with interrupts off, it is left to NET_TX_SOFTIRQ."""
    _free_any(skb, reason, caller())


def dev_kfree_skb_any(skb: sk_buff | None) -> None:
    """Drop a packet from any context."""
    f = _getframe(1)
    _free_any(skb, SKB_DROP_REASON_NOT_SPECIFIED, (f.f_code, f.f_lasti))


def dev_consume_skb_any(skb: sk_buff | None) -> None:
    """Free a packet that was sent or delivered, from any context."""
    f = _getframe(1)
    _free_any(skb, SKB_CONSUMED, (f.f_code, f.f_lasti))


def napi_consume_skb(skb: sk_buff | None, budget: int) -> None:
    """dev_consume_skb_any() for reclaim in a NAPI poll; ``budget`` 0 says that it is netpoll, not NAPI. Another budget
    outside softirqs is warned of, as by a kernel with CONFIG_DEBUG_NET."""
    if skb is None:
        return
    f = _getframe(1)
    if budget == 0:
        _free_any(skb, SKB_CONSUMED, (f.f_code, f.f_lasti))
    else:
        cpu = here.sched.cpu
        if cpu is not None and not (cpu.softirq or cpu.bh_disabled):
            WARN("napi_consume_skb() with a budget, but not in a softirq (NAPI2)", site_str((f.f_code, f.f_lasti)))
        _kfree_skb(skb, SKB_CONSUMED, (f.f_code, f.f_lasti))


def skb_orphan(skb: sk_buff) -> None:
    """Give the skb back to its socket's account now. BUG where a socket has no destructor."""
    destructor = skb.destructor
    if destructor is not None:
        destructor(skb)
        skb.destructor = None
        skb.sk = None
    elif skb.sk is not None:
        BUG("skb_orphan() of an skb with a socket and no destructor", site_str(caller_outside()))


# -- the end -------------------------------------------------------------------------------------------------
def skb_leaks() -> list[str]:
    """One line for each sk_buff that is still alive."""
    live: set[sk_buff] = here.state["skb"].live
    return [f"sk_buff of {skb.len} bytes, {skb.users} users, allocated at {site_str(skb._site)}" for skb in live]


def skb_drop_counts() -> dict[int, int]:
    """Packets dropped so far, by SKB_DROP_REASON_*."""
    return dict(here.state["skb"].drops)
