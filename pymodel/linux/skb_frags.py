# SPDX-License-Identifier: Apache-2.0
"""Non-linear sk_buffs: fragments and fragment lists, reading across them, and making them linear.

Source: net/core/skbuff.c, v6.12.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, Site, caller, caller_outside, site_str
from pymodel.linux.dropreason import SKB_CONSUMED, SKB_DROP_REASON_NOT_SPECIFIED
from pymodel.linux.errno import EFAULT, EMSGSIZE, ENOBUFS, ENOMEM
from pymodel.linux.mm import __GFP_COMP, __GFP_DIRECT_RECLAIM, __GFP_NOWARN, GFP_ATOMIC, PAGE_SIZE, alloc_pages, page
from pymodel.linux.skb_alloc import _alloc_skb, _frag_unref, _kfree_skb
from pymodel.linux.skb_copy import _clone, pskb_expand_head
from pymodel.linux.skbuff import MAX_SKB_FRAGS, SKB_TRUESIZE, sk_buff, skb_cloned, skb_frag_t

__all__ = [
    "__pskb_pull_tail", "__pskb_trim", "__skb_fill_page_desc", "__skb_frag_ref", "__skb_linearize",
    "alloc_skb_with_frags", "pskb_may_pull", "pskb_pull", "pskb_trim", "skb_add_rx_frag", "skb_can_coalesce",
    "skb_coalesce_rx_frag", "skb_condense", "skb_copy_bits", "skb_copy_to_linear_data", "skb_fill_page_desc",
    "skb_frag_add_head", "skb_frag_address", "skb_frag_fill_page_desc", "skb_frag_list_init", "skb_frag_off",
    "skb_frag_off_add", "skb_frag_off_set", "skb_frag_page", "skb_frag_ref", "skb_frag_size", "skb_frag_size_add",
    "skb_frag_size_set", "skb_frag_size_sub", "skb_frag_unref", "skb_has_frag_list", "skb_len_add", "skb_linearize",
    "skb_list_walk_safe", "skb_mark_for_recycle", "skb_mark_not_on_list", "skb_padto", "skb_put_padto",
    "skb_store_bits", "skb_to_bytes", "skb_walk", "skb_walk_frags",
]

_SKB_GSO_DODGY = 1 << 1


def __skb_fill_page_desc(skb: sk_buff, i: int, pg: page, off: int, size: int) -> None:
    """Set fragment ``i``; the skb takes over the caller's reference to the page."""
    frags = skb._shinfo.frags
    if i >= MAX_SKB_FRAGS:  # C would write past the array
        BUG(f"fragment {i} of an skb: there are {MAX_SKB_FRAGS}", site_str(caller_outside()))
    frag = skb_frag_t(pg, off, size)
    if i < len(frags):
        frags[i] = frag
    elif i == len(frags):
        frags.append(frag)
    else:
        BUG(f"fragment {i} of an skb that has {len(frags)}", site_str(caller_outside()))


def skb_fill_page_desc(skb: sk_buff, i: int, pg: page, off: int, size: int) -> None:
    """Set fragment ``i`` and make it the last one."""
    __skb_fill_page_desc(skb, i, pg, off, size)
    skb._shinfo.nr_frags = i + 1


def skb_add_rx_frag(skb: sk_buff, i: int, pg: page, off: int, size: int, truesize: int) -> None:
    """Append ``size`` bytes at ``off`` of a page as fragment ``i``. ``truesize``: the memory that they really
    occupy.
    """
    skb_fill_page_desc(skb, i, pg, off, size)
    skb.len += size
    skb.data_len += size
    skb.truesize += truesize


def skb_coalesce_rx_frag(skb: sk_buff, i: int, size: int, truesize: int) -> None:
    skb._shinfo.frags[i].size += size
    skb.len += size
    skb.data_len += size
    skb.truesize += truesize


def skb_frag_size(frag: skb_frag_t) -> int:
    return frag.size


def skb_frag_off(frag: skb_frag_t) -> int:
    return frag.offset


def skb_frag_page(frag: skb_frag_t) -> page:
    return frag.page


def skb_frag_address(frag: skb_frag_t) -> int:
    return frag.page.addr + frag.offset


def skb_frag_size_set(frag: skb_frag_t, size: int) -> None:
    frag.size = size


def skb_frag_size_add(frag: skb_frag_t, delta: int) -> None:
    frag.size += delta


def skb_frag_size_sub(frag: skb_frag_t, delta: int) -> None:
    frag.size -= delta


def skb_frag_off_set(frag: skb_frag_t, offset: int) -> None:
    frag.offset = offset


def skb_frag_off_add(frag: skb_frag_t, delta: int) -> None:
    frag.offset += delta


def skb_frag_fill_page_desc(frag: skb_frag_t, pg: page, off: int, size: int) -> None:
    frag.page, frag.offset, frag.size = pg, off, size


def skb_frag_ref(skb: sk_buff, f: int) -> None:
    """Take a reference to the page of fragment ``f``."""
    __skb_frag_ref(skb._shinfo.frags[f])


def __skb_frag_ref(frag: skb_frag_t) -> None:
    pg = frag.page
    pg.refcount += 1
    pg.frags_freed = None


def skb_frag_unref(skb: sk_buff, f: int) -> None:
    """Drop the page of fragment ``f``: back to its page pool where this skb may do that."""
    _frag_unref(skb._shinfo.frags[f].page, skb.pp_recycle, caller())


def skb_mark_for_recycle(skb: sk_buff) -> None:
    """The pages of this skb (head and fragments) go back to their page pools when it is freed."""
    skb.pp_recycle = 1


def skb_can_coalesce(skb: sk_buff, i: int, pg: page, off: int) -> bool:
    """Whether ``off`` of a page follows the end of fragment ``i - 1`` without a gap."""
    if not i:
        return False
    frag = skb._shinfo.frags[i - 1]
    return frag.page is pg and frag.offset + frag.size == off


def skb_len_add(skb: sk_buff, delta: int) -> None:
    """``delta`` more bytes in fragments: len, data_len and truesize."""
    skb.len += delta
    skb.data_len += delta
    skb.truesize += delta


def alloc_skb_with_frags(header_len: int, data_len: int, order: int, gfp_mask: int) -> tuple[sk_buff | None, int]:
    """An skb with room for ``header_len`` bytes and pages for ``data_len`` more, of at most ``1 << order`` each, and
    C's ``errcode``: -EMSGSIZE where fragments could not hold it, else -ENOBUFS, which says something without an skb
    only. Lengths are 0: the caller fills and sets them.
    """
    if data_len > MAX_SKB_FRAGS * (PAGE_SIZE << order):
        return None, -EMSGSIZE
    site = caller()
    skb = _alloc_skb(header_len, gfp_mask, site)
    if skb is None:
        return None, -ENOBUFS
    nr_frags = 0
    while data_len:
        pg = None
        if nr_frags < MAX_SKB_FRAGS - 1:
            while order and (data_len + PAGE_SIZE - 1) & -PAGE_SIZE < PAGE_SIZE << order:
                order -= 1
            light = (gfp_mask & ~__GFP_DIRECT_RECLAIM) | __GFP_COMP | __GFP_NOWARN
            pg = alloc_pages(light if order else gfp_mask, order, site)
            if pg is None and order:
                order -= 1
                continue
        if pg is None:
            _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, site)
            return None, -ENOBUFS
        chunk = min(data_len, PAGE_SIZE << order)
        skb_fill_page_desc(skb, nr_frags, pg, 0, chunk)
        nr_frags += 1
        skb.truesize += PAGE_SIZE << order
        data_len -= chunk
    return skb, -ENOBUFS


# -- the fragment list ---------------------------------------------------------------------------------------
def skb_has_frag_list(skb: sk_buff) -> bool:
    return skb._shinfo.frag_list is not None


def skb_frag_list_init(skb: sk_buff) -> None:
    skb._shinfo.frag_list = None


def skb_frag_add_head(skb: sk_buff, frag: sk_buff) -> None:
    """Put an skb in front of the fragment list. Lengths are the caller's to add."""
    frag.next = skb._shinfo.frag_list
    skb._shinfo.frag_list = frag


def skb_walk_frags(skb: sk_buff) -> Iterator[sk_buff]:
    """The skbs of the fragment list; each may be unlinked while it is at hand."""
    part = skb._shinfo.frag_list
    while part is not None:
        following = part.next
        yield part
        part = following


def skb_mark_not_on_list(skb: sk_buff) -> None:
    skb.next = None


def skb_list_walk_safe(first: sk_buff | None) -> Iterator[sk_buff]:
    """The skbs of a list linked by ``next`` (of segments, say); each may be unlinked or freed while it is at hand."""
    while first is not None:
        following = first.next
        yield first
        first = following


# -- reading and writing across the parts --------------------------------------------------------------------
def skb_walk(skb: sk_buff, offset: int, length: int) -> Iterator[tuple[int, int]]:
    """The pieces (pointer, bytes) of ``length`` bytes from ``offset`` (from ``data``; may reach into the headroom).

    Ends early where the skb does.
    """
    headlen = skb.len - skb.data_len
    if offset < headlen:
        n = min(length, headlen - offset)
        yield skb.data + offset, n
        offset += n
        length -= n
    if length <= 0:
        return
    start = headlen
    shinfo = skb._shinfo
    for frag in shinfo.frags[: shinfo.nr_frags]:
        end = start + frag.size
        if offset < end:
            n = min(length, end - offset)
            yield frag.page.addr + frag.offset + offset - start, n
            offset += n
            length -= n
            if not length:
                return
        start = end
    part = shinfo.frag_list
    while part is not None:
        end = start + part.len
        if offset < end:
            n = min(length, end - offset)
            yield from skb_walk(part, offset - start, n)
            offset += n
            length -= n
            if not length:
                return
        start = end
        part = part.next


def skb_to_bytes(skb: sk_buff) -> bytes:
    """All the data of an skb. Not Linux's: for taps, tests and scoreboards."""
    mem = here.mem
    if not skb.data_len:
        return bytes(mem[skb.data : skb.data + skb.len])
    return b"".join([mem[p : p + n] for p, n in skb_walk(skb, 0, skb.len)])


def skb_copy_bits(skb: sk_buff, offset: int, to: int | bytearray | memoryview, len: int) -> int:
    """Copy ``len`` bytes from ``offset`` to a pointer or a Python buffer. 0, or -EFAULT where the skb is shorter."""
    if offset > skb.len - len:
        return -EFAULT
    mem = here.mem
    at = 0
    target, base = (mem, to) if isinstance(to, int) else (to, 0)
    for pointer, n in skb_walk(skb, offset, len):
        target[base + at : base + at + n] = mem[pointer : pointer + n]
        at += n
    return 0 if at == len else -EFAULT


def skb_store_bits(skb: sk_buff, offset: int, frm: int | bytes | bytearray | memoryview, len: int) -> int:
    """Copy ``len`` bytes into the skb at ``offset``. 0, or -EFAULT where it is shorter."""
    if offset > skb.len - len:
        return -EFAULT
    mem = here.mem
    source: bytes | memoryview = bytes(mem[frm : frm + len]) if isinstance(frm, int) else memoryview(frm)
    at = 0
    for pointer, n in skb_walk(skb, offset, len):
        mem[pointer : pointer + n] = source[at : at + n]
        at += n
    return 0


def skb_copy_to_linear_data(skb: sk_buff, frm: int | bytes | memoryview, len: int) -> None:
    mem = here.mem
    mem[skb.data : skb.data + len] = mem[frm : frm + len] if isinstance(frm, int) else frm[:len]


# -- pulling data into the linear part -----------------------------------------------------------------------
def pskb_may_pull(skb: sk_buff, len: int) -> bool:
    """Make the first ``len`` bytes linear. False where the skb is shorter, or memory failed."""
    if len <= skb.len - skb.data_len:
        return True
    if len > skb.len:
        return False
    return __pskb_pull_tail(skb, len - (skb.len - skb.data_len)) != 0


def pskb_pull(skb: sk_buff, len: int) -> int:
    """skb_pull() that makes the pulled bytes linear first; 0 (NULL) where it cannot."""
    if not pskb_may_pull(skb, len):
        return 0
    skb.len -= len
    skb.data += len
    return skb.data


def __pskb_pull_tail(skb: sk_buff, delta: int) -> int:
    """Move ``delta`` bytes from the fragments to the linear part. The new tail pointer, or 0 (NULL) where memory
    failed. BUG where there are not as many.
    """
    if delta > skb.data_len:
        BUG(
            f"__pskb_pull_tail({delta}) of an skb with {skb.data_len} bytes in fragments",
            site_str(caller_outside()),
            "net/core/skbuff.c:2870",
        )
    eat = skb.tail + delta - skb.end
    if eat > 0 or skb_cloned(skb):
        if pskb_expand_head(skb, 0, eat + 128 if eat > 0 else 0, GFP_ATOMIC):
            return 0
    skb_copy_bits(skb, skb.len - skb.data_len, skb.tail, delta)
    shinfo = skb._shinfo
    site = caller()
    if shinfo.frag_list is not None and not _eat_frag_list(skb, delta, site):
        return 0
    kept: list[skb_frag_t] = []
    left = delta
    for frag in shinfo.frags[: shinfo.nr_frags]:
        if frag.size <= left:
            left -= frag.size
            _frag_unref(frag.page, skb.pp_recycle, site)
            continue
        if left:
            frag.offset += left
            frag.size -= left
            left = 0
        kept.append(frag)
    shinfo.frags = kept
    shinfo.nr_frags = len(kept)
    skb.tail += delta
    skb.data_len -= delta
    return skb.tail


def _eat_frag_list(skb: sk_buff, delta: int, site: Site) -> bool:
    """Drop what of ``delta`` bytes lies in the fragment list. False where memory failed: nothing is dropped then."""
    shinfo = skb._shinfo
    for frag in shinfo.frags[: shinfo.nr_frags]:
        if frag.size >= delta:
            return True
        delta -= frag.size
    if not delta:
        return True
    part = shinfo.frag_list
    clone: sk_buff | None = None
    stop: sk_buff | None = None  # the first skb that stays in the list
    while delta:
        assert part is not None
        if part.len <= delta:  # eaten as a whole
            delta -= part.len
            part = stop = part.next
            continue
        if shinfo.gso_size and not part.head_frag and part.len != part.data_len:
            shinfo.gso_type |= _SKB_GSO_DODGY
        stop = part
        if part.users != 1:  # somebody else holds it: go on with a clone of ours
            clone = _clone(part, site)
            if clone is None:
                return False
            stop = part.next
            part = clone
        if not pskb_pull(part, delta):
            if clone is not None:
                _kfree_skb(clone, SKB_DROP_REASON_NOT_SPECIFIED, site)
            return False
        break
    while shinfo.frag_list is not stop:
        part = shinfo.frag_list
        assert part is not None
        shinfo.frag_list = part.next
        _kfree_skb(part, SKB_CONSUMED, site)
    if clone is not None:
        clone.next = shinfo.frag_list
        shinfo.frag_list = clone
    return True


def __skb_linearize(skb: sk_buff) -> int:
    return 0 if __pskb_pull_tail(skb, skb.data_len) else -ENOMEM


def skb_linearize(skb: sk_buff) -> int:
    """Make all of it linear. 0 or -ENOMEM."""
    return __skb_linearize(skb) if skb.data_len else 0


def pskb_trim(skb: sk_buff, len: int) -> int:
    """Cut to ``len`` bytes where it is longer, fragments included. 0 or -ENOMEM."""
    return __pskb_trim(skb, len) if len < skb.len else 0


def __pskb_trim(skb: sk_buff, len: int) -> int:
    """pskb_trim() that does not look whether it is longer."""
    if not skb.data_len:
        skb.len = len
        skb.tail = skb.data + len
        return 0
    if skb_cloned(skb):
        err = pskb_expand_head(skb, 0, 0, GFP_ATOMIC)
        if err:
            return err
    err = _trim_parts(skb, len, caller())
    if err:
        return err
    if len > skb.len - skb.data_len:
        skb.data_len -= skb.len - len
    else:
        skb.data_len = 0
        skb.tail = skb.data + len
    skb.len = len
    if skb.sk is None:
        skb_condense(skb)
    return 0


def _trim_parts(skb: sk_buff, len: int, site: Site) -> int:
    """Drop fragments and skbs of the fragment list beyond ``len`` bytes. 0 or -ENOMEM."""
    shinfo = skb._shinfo
    offset = skb.len - skb.data_len
    keep = 0  # fragments
    done = offset >= len
    while not done and keep < shinfo.nr_frags:
        frag = shinfo.frags[keep]
        keep += 1
        if offset + frag.size >= len:
            frag.size = len - offset
            done = True
        else:
            offset += frag.size
    if not done:
        return _trim_frag_list(skb, len - offset, site)
    dropped = shinfo.frags[keep : shinfo.nr_frags]
    shinfo.frags = shinfo.frags[:keep]
    shinfo.nr_frags = keep
    for frag in dropped:
        _frag_unref(frag.page, skb.pp_recycle, site)
    _drop_list(shinfo.frag_list, site)
    shinfo.frag_list = None
    return 0


def _drop_list(part: sk_buff | None, site: Site) -> None:
    for each in skb_list_walk_safe(part):
        _kfree_skb(each, SKB_CONSUMED, site)  # a part of a packet, no packet


def _trim_frag_list(skb: sk_buff, keep: int, site: Site) -> int:
    """Keep the first ``keep`` bytes (at least one) of the fragment list. 0 or -ENOMEM."""
    before: sk_buff | None = None
    part = skb._shinfo.frag_list
    while part is not None:
        if part.users != 1:  # somebody else holds it: go on with a clone of ours
            clone = _clone(part, site)
            if clone is None:
                return -ENOMEM
            clone.next = part.next
            _kfree_skb(part, SKB_CONSUMED, site)
            part = clone
            if before is None:
                skb._shinfo.frag_list = part
            else:
                before.next = part
        if part.len >= keep:
            err = pskb_trim(part, keep)
            if err:
                return err
            _drop_list(part.next, site)
            part.next = None
            return 0
        keep -= part.len
        before, part = part, part.next
    return 0


def skb_condense(skb: sk_buff) -> None:
    """Move what is left in fragments to the linear part where it fits, and correct truesize."""
    if skb.data_len:
        if skb.data_len > skb.end - skb.tail or skb_cloned(skb):
            return
        __pskb_pull_tail(skb, skb.data_len)
    skb.truesize = SKB_TRUESIZE(skb.end - skb.head)


# -- padding -------------------------------------------------------------------------------------------------
def _skb_pad(skb: sk_buff, pad: int) -> int:
    if not skb_cloned(skb) and not skb.data_len and skb.end - skb.tail >= pad:
        here.mem[skb.tail : skb.tail + pad] = bytes(pad)
        return 0
    ntail = skb.data_len + pad - (skb.end - skb.tail)
    err = pskb_expand_head(skb, 0, ntail, GFP_ATOMIC) if skb_cloned(skb) or ntail > 0 else 0
    if not err:
        err = skb_linearize(skb)
    if err:
        _kfree_skb(skb, 2, caller(2))
        return err
    here.mem[skb.tail : skb.tail + pad] = bytes(pad)
    return 0


def skb_padto(skb: sk_buff, len: int) -> int:
    """Have zeros behind a frame shorter than ``len``; its length stays. 0, or -ENOMEM with the skb freed."""
    return 0 if skb.len >= len else _skb_pad(skb, len - skb.len)


def skb_put_padto(skb: sk_buff, len: int) -> int:
    """Pad a frame to ``len`` bytes with zeros. 0, or -ENOMEM with the skb freed."""
    size = skb.len
    if size < len:
        err = _skb_pad(skb, len - size)
        if err:
            return err
        skb.tail += len - size
        skb.len = len
    return 0
