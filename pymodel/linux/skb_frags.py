# SPDX-License-Identifier: Apache-2.0
"""Non-linear sk_buffs: fragments and fragment lists, reading across them, and making them linear.

Source: net/core/skbuff.c, v6.12.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymodel.hw.access import machine
from pymodel.linux.bug import BUG, Site, caller, caller_outside, site_str
from pymodel.linux.dropreason import SKB_CONSUMED
from pymodel.linux.errno import EFAULT, ENOMEM
from pymodel.linux.mm import GFP_ATOMIC, _put_page, page
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skb_copy import _clone, pskb_expand_head
from pymodel.linux.skbuff import MAX_SKB_FRAGS, SKB_TRUESIZE, sk_buff, skb_cloned, skb_frag_t

__all__ = [
    "__pskb_pull_tail", "__skb_fill_page_desc", "__skb_linearize", "pskb_may_pull", "pskb_pull", "pskb_trim",
    "skb_add_rx_frag", "skb_coalesce_rx_frag", "skb_condense", "skb_copy_bits", "skb_copy_to_linear_data",
    "skb_fill_page_desc", "skb_frag_ref", "skb_frag_size_add", "skb_frag_size_set", "skb_frag_size_sub",
    "skb_frag_unref", "skb_has_frag_list", "skb_linearize", "skb_padto", "skb_put_padto", "skb_store_bits",
    "skb_to_bytes", "skb_walk",
]


def __skb_fill_page_desc(skb: sk_buff, i: int, pg: page, off: int, size: int) -> None:
    """Set fragment ``i``; the skb takes over the caller's reference to the page."""
    frags = skb._shinfo.frags
    if i >= MAX_SKB_FRAGS:
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


def skb_frag_size_set(frag: skb_frag_t, size: int) -> None:
    frag.size = size


def skb_frag_size_add(frag: skb_frag_t, delta: int) -> None:
    frag.size += delta


def skb_frag_size_sub(frag: skb_frag_t, delta: int) -> None:
    frag.size -= delta


def skb_frag_ref(skb: sk_buff, f: int) -> None:
    pg = skb._shinfo.frags[f].page
    pg.refcount += 1
    pg.frags_freed = None


def skb_frag_unref(skb: sk_buff, f: int) -> None:
    _put_page(skb._shinfo.frags[f].page, caller())


def skb_has_frag_list(skb: sk_buff) -> bool:
    return skb._shinfo.frag_list is not None


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
    mem = machine().platform.memory.mem
    if not skb.data_len:
        return bytes(mem[skb.data : skb.data + skb.len])
    return b"".join([mem[p : p + n] for p, n in skb_walk(skb, 0, skb.len)])


def skb_copy_bits(skb: sk_buff, offset: int, to: int | bytearray | memoryview, len: int) -> int:
    """Copy ``len`` bytes from ``offset`` to a pointer or a Python buffer. 0, or -EFAULT where the skb is shorter."""
    if offset > skb.len - len:
        return -EFAULT
    mem = machine().platform.memory.mem
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
    mem = machine().platform.memory.mem
    source: bytes | memoryview = bytes(mem[frm : frm + len]) if isinstance(frm, int) else memoryview(frm)
    at = 0
    for pointer, n in skb_walk(skb, offset, len):
        mem[pointer : pointer + n] = source[at : at + n]
        at += n
    return 0


def skb_copy_to_linear_data(skb: sk_buff, frm: int | bytes | memoryview, len: int) -> None:
    mem = machine().platform.memory.mem
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
    failed.
    """
    eat = skb.tail + delta - skb.end
    if eat > 0 or skb_cloned(skb):
        if pskb_expand_head(skb, 0, eat + 128 if eat > 0 else 0, GFP_ATOMIC):
            return 0
    if skb_copy_bits(skb, skb.len - skb.data_len, skb.tail, delta):
        BUG(f"__pskb_pull_tail({delta}) of an skb with {skb.data_len} bytes in fragments", site_str(caller_outside()))
    _eat_frags(skb, delta)
    skb.tail += delta
    skb.data_len -= delta
    return skb.tail


def _set_frags(skb: sk_buff, frags: list[skb_frag_t]) -> None:
    skb._shinfo.frags = frags
    skb._shinfo.nr_frags = len(frags)


def _eat_frags(skb: sk_buff, delta: int) -> None:
    """Drop the first ``delta`` bytes of the fragments, then of the fragment list."""
    shinfo = skb._shinfo
    site = caller(2)
    kept: list[skb_frag_t] = []
    for frag in shinfo.frags[: shinfo.nr_frags]:
        if delta >= frag.size:
            delta -= frag.size
            _put_page(frag.page, site)
            continue
        if delta:
            frag.offset += delta
            frag.size -= delta
            delta = 0
        kept.append(frag)
    shinfo.frags = kept
    shinfo.nr_frags = len(kept)
    while delta and shinfo.frag_list is not None:
        part = shinfo.frag_list
        if part.len <= delta:
            delta -= part.len
            shinfo.frag_list = part.next
            _kfree_skb(part, SKB_CONSUMED, site)
            continue
        if part.users != 1:  # somebody else holds it: go on with a clone of ours
            clone = _clone(part, site)
            if clone is None:
                BUG("no memory to clone a fragment list", site_str(site))
            clone.next = part.next
            shinfo.frag_list = clone
            _kfree_skb(part, SKB_CONSUMED, site)
            part = clone
        pskb_pull(part, delta)
        delta = 0


def __skb_linearize(skb: sk_buff) -> int:
    return 0 if __pskb_pull_tail(skb, skb.data_len) else -ENOMEM


def skb_linearize(skb: sk_buff) -> int:
    """Make all of it linear. 0 or -ENOMEM."""
    return __skb_linearize(skb) if skb.data_len else 0


def pskb_trim(skb: sk_buff, len: int) -> int:
    """Cut to ``len`` bytes where it is longer, fragments included. 0 or -ENOMEM."""
    if len >= skb.len:
        return 0
    if not skb.data_len:
        skb.len = len
        skb.tail = skb.data + len
        return 0
    if skb_cloned(skb):
        err = pskb_expand_head(skb, 0, 0, GFP_ATOMIC)
        if err:
            return err
    site = caller()
    headlen = skb.len - skb.data_len
    keep = len - headlen  # bytes to keep beyond the linear part
    shinfo = skb._shinfo
    kept: list[skb_frag_t] = []
    for frag in shinfo.frags[: shinfo.nr_frags]:
        if keep <= 0:
            _put_page(frag.page, site)
            continue
        frag.size = min(frag.size, keep)
        keep -= frag.size
        kept.append(frag)
    _set_frags(skb, kept)
    err = _trim_frag_list(skb, max(keep, 0), site)
    if err:
        return err
    if len > headlen:
        skb.data_len -= skb.len - len
    else:
        skb.data_len = 0
        skb.tail = skb.data + len
    skb.len = len
    if skb.sk is None:
        skb_condense(skb)
    return 0


def _trim_frag_list(skb: sk_buff, keep: int, site: Site) -> int:
    """Keep the first ``keep`` bytes of the fragment list. 0 or -ENOMEM."""
    shinfo = skb._shinfo
    before: sk_buff | None = None
    part = shinfo.frag_list
    while part is not None and keep:
        if part.users != 1:
            clone = _clone(part, site)
            if clone is None:
                return -ENOMEM
            clone.next = part.next
            _kfree_skb(part, SKB_CONSUMED, site)
            part = clone
            if before is None:
                shinfo.frag_list = part
            else:
                before.next = part
        if part.len > keep:
            err = pskb_trim(part, keep)
            if err:
                return err
        keep -= part.len
        before, part = part, part.next
    if before is None:
        shinfo.frag_list = None
    else:
        before.next = None
    while part is not None:
        following = part.next
        _kfree_skb(part, SKB_CONSUMED, site)
        part = following
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
        machine().platform.memory.mem[skb.tail : skb.tail + pad] = bytes(pad)
        return 0
    ntail = skb.data_len + pad - (skb.end - skb.tail)
    err = pskb_expand_head(skb, 0, ntail, GFP_ATOMIC) if skb_cloned(skb) or ntail > 0 else 0
    if not err:
        err = skb_linearize(skb)
    if err:
        _kfree_skb(skb, 2, caller(2))
        return err
    machine().platform.memory.mem[skb.tail : skb.tail + pad] = bytes(pad)
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
