# SPDX-License-Identifier: Apache-2.0
"""Splitting sk_buffs, and merging one into another."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed


def frags(bed: Bed, head: bytes, *parts: bytes) -> Any:
    skb = L.alloc_skb(len(head) + 64, L.GFP_ATOMIC)
    L.skb_put_data(skb, head, len(head))
    for i, part in enumerate(parts):
        page = L.alloc_page(L.GFP_ATOMIC)
        bed.m.memory.mem[page.addr : page.addr + len(part)] = part
        L.skb_add_rx_frag(skb, i, page, 0, len(part), L.PAGE_SIZE)
    return skb


@pytest.mark.parametrize("at", [0, 2, 4, 6, 7, 8, 12, 13])
def test_split_anywhere_leaves_both_parts_with_their_bytes(at: int) -> None:
    bed = Bed()
    whole = b"headfragmentlast!"
    skb = frags(bed, whole[:4], whole[4:12], whole[12:])
    pages = [f.page for f in L.skb_shinfo(skb).frags]
    other = L.alloc_skb(64, L.GFP_ATOMIC)
    L.skb_split(skb, other, at)
    assert (L.skb_to_bytes(skb), L.skb_to_bytes(other)) == (whole[:at], whole[at:])
    assert (skb.len, other.len) == (at, len(whole) - at)
    assert pages[0].refcount == (2 if 4 < at < 12 else 1), "a page on the line has two owners"
    L.kfree_skb(skb)
    L.kfree_skb(other)
    assert L.leak_report() == []


def test_split_inside_the_head_without_room_is_a_bug() -> None:
    bed = Bed()
    skb = frags(bed, b"x" * 400)
    with pytest.raises(L.KernelBug, match="skb_over_panic"):
        L.skb_split(skb, L.alloc_skb(0, L.GFP_ATOMIC), 10)


def test_coalesce_into_tailroom_copies_and_takes_no_memory_over() -> None:
    Bed()
    to, frm = L.alloc_skb(100, L.GFP_ATOMIC), L.alloc_skb(100, L.GFP_ATOMIC)
    L.skb_put_data(to, b"one", 3)
    L.skb_put_data(frm, b"two", 3)
    assert L.skb_try_coalesce(to, frm) == (True, False, 0)
    L.kfree_skb_partial(frm, False)
    assert L.skb_to_bytes(to) == b"onetwo"
    assert not L.skb_is_nonlinear(to)
    L.kfree_skb(to)
    assert L.leak_report() == []


def test_coalesce_steals_the_head_of_a_page_fragment() -> None:
    Bed()
    to = L.alloc_skb(0, L.GFP_ATOMIC)
    L.skb_put_data(to, b"a" * 320, 320)
    frm = L.netdev_alloc_skb(None, 1000)
    L.skb_put_data(frm, b"b" * 1000, 1000)
    memory = frm.truesize - 256
    assert L.skb_try_coalesce(to, frm) == (True, True, memory)
    L.kfree_skb_partial(frm, True)
    assert L.skb_to_bytes(to) == b"a" * 320 + b"b" * 1000
    assert to.truesize == 896 + memory
    with pytest.raises(L.UseAfterFree):
        L.skb_headlen(frm)
    L.kfree_skb(to)
    assert L.leak_report() == []


def test_coalesce_of_pages_moves_them_and_of_a_clone_shares_them() -> None:
    bed = Bed()
    for cloned in (False, True):
        to = L.alloc_skb(0, L.GFP_ATOMIC)
        L.skb_put(to, 320)
        frm = frags(bed, b"", b"page" * 500)
        page = L.skb_shinfo(frm).frags[0].page
        clone = L.skb_clone(frm, L.GFP_ATOMIC) if cloned else None
        assert L.skb_try_coalesce(to, frm) == (True, False, L.PAGE_SIZE)
        L.kfree_skb_partial(frm, False)
        assert page.refcount == 1 + cloned
        assert L.skb_to_bytes(to)[320:] == b"page" * 500
        if clone is not None:
            assert L.skb_to_bytes(clone) == b"page" * 500
            L.kfree_skb(clone)
        L.kfree_skb(to)
        assert L.leak_report() == []


def test_coalesce_refuses_clones_locked_heads_too_many_pages_and_mixed_pools() -> None:
    bed = Bed()

    def full() -> Any:
        skb = L.alloc_skb(0, L.GFP_ATOMIC)
        L.skb_put(skb, 320)
        return skb

    cloned = full()
    L.skb_clone(cloned, L.GFP_ATOMIC)
    kmalloced = L.alloc_skb(100, L.GFP_ATOMIC)
    L.skb_put(kmalloced, 100)
    assert L.skb_head_is_locked(kmalloced)
    many = frags(bed, b"x", *[b"y"] * L.MAX_SKB_FRAGS)
    pooled = frags(bed, b"", b"z")
    L.skb_mark_for_recycle(pooled)
    listed = frags(bed, b"", b"z")
    L.skb_frag_add_head(listed, L.alloc_skb(1, L.GFP_ATOMIC))
    for to, frm in (
        (cloned, kmalloced),
        (full(), kmalloced),
        (many, frags(bed, b"", b"z")),
        (full(), pooled),
        (full(), listed),
    ):
        assert L.skb_try_coalesce(to, frm) == (False, False, 0)
