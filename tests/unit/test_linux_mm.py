# SPDX-License-Identifier: Apache-2.0
"""Page allocator, kmalloc and page fragments of the host model."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed


def test_kmalloc_sizes_round_up_to_the_kernels_classes() -> None:
    """Source: mm/slab_common.c kmalloc_size_roundup()."""
    Bed()
    sizes = {0: 0, 1: 8, 64: 64, 65: 96, 97: 128, 129: 192, 193: 256, 1025: 2048, 8192: 8192, 8193: 12288 + 4096}
    assert {n: L.kmalloc_size_roundup(n) for n in sizes} == sizes


def test_kmalloc_objects_never_overlap() -> None:
    bed = Bed()
    rng = random.Random(1)
    live: dict[int, int] = {}
    for _ in range(2000):
        if live and rng.random() < 0.45:
            addr = rng.choice(list(live))
            del live[addr]
            L.kfree(addr)
            continue
        size = rng.choice((1, 60, 200, 640, 2000, 5000, 9000, 20000))
        addr = L.kmalloc(size, L.GFP_ATOMIC)
        assert addr
        live[addr] = size
    spans = sorted((a, a + n) for a, n in live.items())
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert bed.m.memory.size > spans[-1][1]


def test_kzalloc_reused_memory_is_zero() -> None:
    bed = Bed()
    addr = L.kmalloc(100, L.GFP_ATOMIC)
    bed.m.memory.mem[addr : addr + 100] = b"x" * 100
    L.kfree(addr)
    assert L.kzalloc(100, L.GFP_ATOMIC) == addr
    assert bytes(bed.m.memory.mem[addr : addr + 100]) == bytes(100)


def test_kfree_poisons_what_it_frees() -> None:
    bed = Bed()
    addr = L.kzalloc(64, L.GFP_ATOMIC)
    L.kfree(addr)
    assert bytes(bed.m.memory.mem[addr : addr + 64]) == b"\x6b" * 64


def test_kfree_twice_names_both_places() -> None:
    Bed()
    addr = L.kmalloc(100, L.GFP_ATOMIC)
    L.kfree(addr)
    facts = r"allocated at {0}:\d+ test_kfree_twice\w*, freed twice, first at {0}:\d+ test_kfree_twice"
    with pytest.raises(L.DoubleFree, match=facts.format("test_linux_mm.py")):
        L.kfree(addr)


def test_kfree_of_a_pointer_into_an_object_is_reported() -> None:
    Bed()
    addr = L.kmalloc(100, L.GFP_ATOMIC)
    with pytest.raises(L.DoubleFree, match="no object was ever allocated"):
        L.kfree(addr + 8)


def test_put_page_without_a_reference_is_reported() -> None:
    Bed()
    page = L.alloc_page(L.GFP_ATOMIC)
    L.get_page(page)
    L.put_page(page)
    L.put_page(page)
    with pytest.raises(L.DoubleFree, match="freed twice"):
        L.put_page(page)
    with pytest.raises(L.DoubleFree, match="get_page"):
        L.get_page(page)


def test_alloc_pages_exhausted_memory_returns_null_and_comes_back() -> None:
    Bed(size=1 << 20)
    pages = []
    while (page := L.alloc_page(L.GFP_ATOMIC)) is not None:
        pages.append(page)
    assert len(pages) == 255, "frame 0 is NULL"
    assert len({L.page_address(p) for p in pages}) == 255
    for page in pages:
        L.put_page(page)
    big = L.alloc_pages(L.GFP_ATOMIC, 4)
    assert big is not None, "buddies must merge"
    assert L.page_address(big) % (L.PAGE_SIZE << 4) == 0


def test_virt_to_head_page_inside_a_compound_page_finds_its_head() -> None:
    Bed()
    page = L.alloc_pages(L.GFP_ATOMIC, 2)
    assert L.virt_to_head_page(L.page_address(page) + 3 * L.PAGE_SIZE + 5) is page


def test_page_frags_share_a_page_and_reuse_it() -> None:
    bed = Bed()
    first = [L.napi_alloc_frag(2048) for _ in range(16)]
    assert {L.virt_to_head_page(a) for a in first} == {L.virt_to_head_page(first[0])}
    assert first == sorted(first, reverse=True), "cut from the end downwards"
    for addr in first:
        L.skb_free_frag(addr)
    again = [L.napi_alloc_frag(2048) for _ in range(16)]
    assert again == first, "the page came home whole, and is cut anew"
    assert bed.m.state["mm"].frag_caches


def test_page_frag_freed_twice_is_reported_while_its_page_lives() -> None:
    Bed()
    a, b = L.netdev_alloc_frag(512), L.netdev_alloc_frag(512)
    L.skb_free_frag(a)
    with pytest.raises(L.DoubleFree, match="page fragment .* freed twice: first at test_linux_mm.py"):
        L.skb_free_frag(a)
    assert b


def test_alloc_failure_injected_returns_null() -> None:
    Bed()
    L.set_alloc_failure(lambda what, size: what == "skb")
    assert L.alloc_skb(100, L.GFP_ATOMIC) is None
    L.set_alloc_failure(lambda what, size: what == "page")
    assert L.alloc_page(L.GFP_ATOMIC) is None
    assert L.napi_alloc_frag(100) == 0
    L.set_alloc_failure(None)
    assert L.alloc_page(L.GFP_ATOMIC) is not None


def test_gfp_kernel_in_atomic_context_raises() -> None:
    """An allocation that may sleep, with bottom halves off."""
    bed = Bed()

    def atomic() -> None:
        L.local_bh_disable()
        L.kmalloc(100, L.GFP_KERNEL)

    with pytest.raises(L.SchedulingWhileAtomic, match="GFP_KERNEL allocation"):
        bed.run(atomic)


def test_leak_report_names_where_memory_was_allocated() -> None:
    Bed()
    assert L.leak_report() == []
    kept = L.kmalloc(100, L.GFP_ATOMIC), L.alloc_page(L.GFP_ATOMIC), L.napi_alloc_frag(700)
    report = "\n".join(L.leak_report())
    assert report.count("allocated at test_linux_mm.py") == len(kept)
    assert "kmalloc of 128 bytes" in report
    L.kfree(kept[0])
    L.put_page(kept[1])
    L.skb_free_frag(kept[2])
    assert L.leak_report() == [], "what a fragment cache holds is no leak"


def test_page_frags_fall_back_to_one_page_when_large_ones_are_out() -> None:
    """Source: mm/page_alloc.c __page_frag_cache_refill(): order 3, else order 0."""
    Bed()
    L.set_alloc_failure(lambda what, size: what == "page" and size > L.PAGE_SIZE)
    first, second = L.napi_alloc_frag(2048), L.napi_alloc_frag(2048)
    page = L.virt_to_head_page(first)
    assert page.order == 0 and L.virt_to_head_page(second) is page
    assert L.napi_alloc_frag(5000) == 0, "larger than the page"
    L.set_alloc_failure(None)
    for addr in (first, second):
        L.skb_free_frag(addr)
    assert L.leak_report() == []


def test_page_frags_are_aligned_and_do_not_overlap() -> None:
    Bed()
    spans = []
    for fn in (L.napi_alloc_frag_align, L.netdev_alloc_frag_align):
        for size, align in ((100, 512), (64, 64), (700, 1024), (65, 256)):
            addr = fn(size, align)
            assert addr % align == 0
            spans.append((addr, addr + size))
    nc = L.page_frag_cache()
    addr = L.page_frag_alloc_align(nc, 100, L.GFP_ATOMIC, 2048)
    assert addr % 2048 == 0
    spans.sort()
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert L.__dict__["__napi_alloc_frag_align"](100, -4096) % 4096 == 0
    with pytest.raises(L.KernelWarning, match="no power of two"):
        L.napi_alloc_frag_align(100, 48)


def test_failed_page_allocation_is_told_unless_nowarn() -> None:
    Bed()
    L.set_alloc_failure(lambda what, size: True)
    L.dev_alloc_page()
    assert L.dmesg() == []
    L.alloc_page(L.GFP_ATOMIC)
    assert "page allocation failure: order:0, mode:0x820 [test_linux_mm.py" in L.dmesg()[-1]


@pytest.mark.parametrize(
    "allocate",
    [
        lambda gfp: L.alloc_pages(gfp, 11),
        lambda gfp: L.kmalloc((4 << 20) + 1, gfp),
        lambda gfp: L.kzalloc(1 << 30, gfp),
        lambda gfp: L.kcalloc(1 << 20, 8, gfp),
    ],
)
def test_what_is_larger_than_the_largest_block_is_not_there_and_warned_of(allocate: Callable[[int], Any]) -> None:
    Bed()
    with pytest.raises(L.KernelWarning, match=r"beyond MAX_PAGE_ORDER 10 \[test_linux_mm.py"):
        allocate(L.GFP_KERNEL)
    assert not allocate(L.GFP_KERNEL | L.__dict__["__GFP_NOWARN"])


def test_data_beyond_the_largest_block_is_no_memory() -> None:
    """kmalloc_reserve() asks without a warning."""
    Bed()
    assert L.alloc_skb(4 << 20, L.GFP_KERNEL) is None
    assert L.netdev_alloc_skb(None, 1 << 30) is None
    skb = L.alloc_skb(64, L.GFP_KERNEL)
    assert skb is not None
    assert L.pskb_expand_head(skb, 1 << 30, 0, L.GFP_KERNEL) == -L.ENOMEM
