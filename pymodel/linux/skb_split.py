# SPDX-License-Identifier: Apache-2.0
"""Taking sk_buffs apart and putting them together without copying pages: split and coalesce.

Source: net/core/skbuff.c, v6.12.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.linux.bug import WARN, caller, caller_outside, site_str
from pymodel.linux.mm import virt_to_head_page
from pymodel.linux.skb_alloc import _discard, _free_skb, skb_release_head_state
from pymodel.linux.skb_frags import __skb_frag_ref, skb_copy_bits, skb_fill_page_desc
from pymodel.linux.skbuff import (
    MAX_SKB_FRAGS,
    SKB_TRUESIZE,
    sk_buff,
    skb_cloned,
    skb_frag_t,
    skb_put,
    skb_shared_info,
)

__all__ = ["kfree_skb_partial", "skb_head_is_locked", "skb_split", "skb_try_coalesce"]


def _set_frags(shinfo: skb_shared_info, frags: list[skb_frag_t]) -> None:
    shinfo.frags = frags
    shinfo.nr_frags = len(frags)


def skb_split(skb: sk_buff, skb1: sk_buff, len: int) -> None:
    """Leave ``len`` bytes in ``skb`` and give the rest to the empty ``skb1``. Bytes of the linear part are copied: BUG
    where ``skb1`` has no room for them. ``skb`` must have no fragment list; truesize stays as it is, as in the kernel.
    """
    pos = skb.len - skb.data_len
    frm, to = skb._shinfo, skb1._shinfo
    if len < pos:
        at = skb_put(skb1, pos - len)
        mem = here.mem
        mem[at : at + pos - len] = mem[skb.data + len : skb.data + pos]
        _set_frags(to, frm.frags[: frm.nr_frags])
        _set_frags(frm, [])
        skb1.data_len = skb.data_len
        skb1.len += skb1.data_len
        skb.data_len = 0
        skb.len = len
        skb.tail = skb.data + len
        return
    skb1.len = skb1.data_len = skb.len - len
    skb.len = len
    skb.data_len = len - pos
    mine: list[skb_frag_t] = []
    others: list[skb_frag_t] = []
    for frag in frm.frags[: frm.nr_frags]:
        if pos >= len:
            others.append(frag)
        elif pos + frag.size <= len:
            mine.append(frag)
        else:  # the line goes through this one: both hold its page
            __skb_frag_ref(frag)
            cut = len - pos
            others.append(skb_frag_t(frag.page, frag.offset + cut, frag.size - cut))
            frag.size = cut
            mine.append(frag)
            pos = len
            continue
        pos += frag.size
    _set_frags(frm, mine)
    _set_frags(to, others)


def skb_head_is_locked(skb: sk_buff) -> bool:
    """Whether the head cannot become a fragment of another skb: it is no page, or it is shared."""
    return not skb.head_frag or skb_cloned(skb)


def skb_try_coalesce(to: sk_buff, frm: sk_buff) -> tuple[bool, bool, int]:
    """Append the data of ``frm`` to ``to``: (whether, fragstolen, delta_truesize). ``frm`` is then for
    kfree_skb_partial(frm, fragstolen). ``delta_truesize``: bytes of memory that ``to`` has taken over.
    """
    length = frm.len
    if skb_cloned(to) or to.pp_recycle != frm.pp_recycle:
        return False, False, 0
    if length <= (0 if to.data_len else to.end - to.tail):
        if length:
            skb_copy_bits(frm, 0, skb_put(to, length), length)
        return True, False, 0
    to_info, frm_info = to._shinfo, frm._shinfo
    if to_info.frag_list is not None or frm_info.frag_list is not None:
        return False, False, 0
    headlen = length - frm.data_len
    frags = to_info.nr_frags + frm_info.nr_frags
    if headlen:
        if frags >= MAX_SKB_FRAGS or skb_head_is_locked(frm):
            return False, False, 0
        delta = frm.truesize - 256
        pg = virt_to_head_page(frm.head)
        skb_fill_page_desc(to, to_info.nr_frags, pg, frm.data - pg.addr, headlen)
    else:
        if frags > MAX_SKB_FRAGS:
            return False, False, 0
        delta = frm.truesize - SKB_TRUESIZE(frm.end - frm.head)
    if delta < length:
        WARN(f"skb_try_coalesce(): {length} bytes in {delta} bytes of memory", site_str(caller_outside()))
    moved = frm_info.frags[: frm_info.nr_frags]
    if skb_cloned(frm):
        moved = [skb_frag_t(f.page, f.offset, f.size) for f in moved]
        for frag in moved:
            if frm.pp_recycle and frag.page.pp is not None:
                frag.page.pp_ref_count += 1
            else:
                __skb_frag_ref(frag)
    else:
        _set_frags(frm_info, [])
    _set_frags(to_info, to_info.frags[: to_info.nr_frags] + moved)
    to.truesize += delta
    to.len += length
    to.data_len += length
    return True, bool(headlen), delta


def kfree_skb_partial(skb: sk_buff, head_stolen: bool) -> None:
    """Free an skb after skb_try_coalesce(): without its data where another skb has its head now."""
    if head_stolen:
        skb_release_head_state(skb)
        _discard(here.state, skb, caller())
    else:
        _free_skb(skb, caller())
