# SPDX-License-Identifier: Apache-2.0
"""page_pool: pages that go out with an skb, come home with its end, and stay mapped (kernel-rules.md: ETH3)."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import PCI, Bed

FLAGS = L.PP_FLAG_DMA_MAP | L.PP_FLAG_DMA_SYNC_DEV


def device() -> Any:
    dev = L.pci_device(PCI).dev
    dev.dma_mask = dev.coherent_dma_mask = L.DMA_BIT_MASK(64)
    return dev


def create(**params: Any) -> Any:
    pool = L.page_pool_create(L.page_pool_params(**params))
    assert not L.IS_ERR(pool)
    return pool


def mapped(dev: Any = None, **params: Any) -> Any:
    return create(**{"dev": dev or device(), "flags": FLAGS, "max_len": L.PAGE_SIZE, **params})


def pool_skb(pool: Any, *sizes: int) -> Any:
    """An skb whose head and fragments are pages of the pool."""
    head = L.page_pool_dev_alloc_pages(pool)
    skb = L.napi_build_skb(L.page_address(head), L.PAGE_SIZE)
    L.skb_mark_for_recycle(skb)
    L.skb_put(skb, 100)
    for i, size in enumerate(sizes):
        L.skb_add_rx_frag(skb, i, L.page_pool_dev_alloc_pages(pool), 0, size, L.PAGE_SIZE)
    return skb


@pytest.mark.parametrize(("offset", "size", "fits"), [(0, 4096, True), (2048, 2048, True), (2048, 4096, False)])
def test_skb_is_built_within_its_page(offset: int, size: int, fits: bool) -> None:
    """The shared info lies at the buffer's end: in the next page it would overwrite somebody else's."""
    bed = Bed()
    page = L.alloc_page(L.GFP_KERNEL)
    if fits:
        L.kfree_skb(L.napi_build_skb(page.addr + offset, size))
    else:
        with pytest.raises(L.KernelBug, match=r"build_skb\(\) of 4096 bytes: .* lies 2048 bytes beyond <page"):
            bed.run(L.napi_build_skb, page.addr + offset, size)


@pytest.mark.parametrize(
    "params",
    [
        {"flags": 1 << 9},
        {"flags": L.PP_FLAG_DMA_MAP, "dma_dir": L.DMA_TO_DEVICE},
        {"flags": L.PP_FLAG_DMA_SYNC_DEV, "max_len": 100},
        {"flags": FLAGS, "max_len": 0},
    ],
)
def test_create_with_bad_parameters_is_einval(params: dict[str, int]) -> None:
    Bed()
    pool = L.page_pool_create(L.page_pool_params(**params))
    assert L.IS_ERR(pool) and L.PTR_ERR(pool) == -L.EINVAL
    assert "gave up with errno -22" in L.dmesg()[-1]
    assert L.leak_report() == []


def test_pages_are_mapped_once_for_all_their_rounds() -> None:
    bed = Bed()
    pool = mapped()
    page = L.page_pool_dev_alloc_pages(pool)
    addr, maps = L.page_pool_get_dma_addr(page), bed.m.state["dma"].mapped
    assert addr == L.page_address(page) + bed.m.memory.bus_offset
    for _ in range(5):
        L.page_pool_put_full_page(pool, page, True)
        assert L.page_pool_dev_alloc_pages(pool) is page
    assert bed.m.state["dma"].mapped == maps == 64, "the cache is filled 64 pages at a time"
    assert len(L.dma_mappings()) == 64
    bed.m.memory.dev_write(addr, b"from the device")
    L.page_pool_dma_sync_for_cpu(pool, page, 0, 15)
    assert bytes(bed.m.memory.mem[page.addr : page.addr + 15]) == b"from the device"
    L.page_pool_put_full_page(pool, page, True)
    L.page_pool_destroy(pool)
    assert L.dma_mappings() == []
    assert L.leak_report() == []


def test_mapping_failure_gives_no_page_and_leaves_none() -> None:
    Bed()
    pool = mapped()
    L.set_dma_failure(lambda dev, size: True)
    assert L.page_pool_dev_alloc_pages(pool) is None
    assert L.page_pool_inflight(pool, True) == 0
    L.set_dma_failure(None)
    L.page_pool_destroy(pool)
    assert L.leak_report() == []


def test_page_allocator_failure_gives_null() -> None:
    Bed()
    pool = create()
    L.set_alloc_failure(lambda what, size: what == "page")
    assert L.page_pool_dev_alloc_pages(pool) is None
    assert L.page_pool_dev_alloc_frag(pool, 100) == (None, 0)
    assert L.page_pool_dev_alloc(pool, 100) == (None, 0, 0)
    assert L.page_pool_dev_alloc_va(pool, 100) == (0, 0)


def test_freed_skb_sends_head_and_fragments_home() -> None:
    Bed()
    pool = mapped()
    skb = pool_skb(pool, 1000, 2000)
    pages = {L.virt_to_head_page(skb.head), *(f.page for f in L.skb_shinfo(skb).frags)}
    assert L.page_pool_inflight(pool, True) == 64
    L.consume_skb(skb)
    stats = L.page_pool_stats()
    assert L.page_pool_get_stats(pool, stats)
    assert (stats.recycle_ring, stats.recycle_cached) == (3, 0)
    while (page := L.page_pool_dev_alloc_pages(pool)) not in pages:
        pass
    assert {page, *(L.page_pool_dev_alloc_pages(pool) for _ in range(2))} == pages
    assert L.page_pool_get_stats(pool, None) is False


def test_skb_not_marked_for_recycle_frees_its_page_out_of_the_pool() -> None:
    """The page leaves with its mapping: what the pool still counts is told at the end."""
    Bed()
    pool = create()
    skb = L.alloc_skb(10, L.GFP_ATOMIC)
    page = L.page_pool_dev_alloc_pages(pool)
    L.get_page(page)
    L.skb_add_rx_frag(skb, 0, page, 0, 100, L.PAGE_SIZE)
    L.consume_skb(skb)
    L.page_pool_put_full_page(pool, page, False)
    L.page_pool_destroy(pool)
    assert L.leak_report() == []


def test_clones_send_pages_home_with_the_last_of_them() -> None:
    Bed()
    pool = mapped()
    skb = pool_skb(pool, 1000)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert clone.pp_recycle
    L.consume_skb(skb)
    assert pool.stats.recycle_ring == 0
    L.consume_skb(clone)
    assert pool.stats.recycle_ring == 2


def test_expanded_clone_holds_pages_that_leave_the_pool() -> None:
    """Linux's own arithmetic: the clone that was expanded has plain references, so the page is released."""
    Bed()
    pool = mapped()
    skb = pool_skb(pool, 1000)
    page = L.skb_shinfo(skb).frags[0].page
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert L.pskb_expand_head(clone, 0, 0, L.GFP_ATOMIC) == 0
    assert (clone.pp_recycle, page.refcount) == (0, 2)
    L.consume_skb(skb)
    assert pool.stats.recycle_released_ref == 1
    assert page.pp is None and page.refcount == 1
    L.consume_skb(clone)
    L.page_pool_destroy(pool)
    assert L.leak_report() == []


def test_linearise_and_trim_send_pages_home() -> None:
    Bed()
    pool = create()
    skb = pool_skb(pool, 3000, 3000, 3000)
    assert L.pskb_trim(skb, 100 + 4500) == 0
    assert pool.stats.recycle_ring == 1
    assert L.skb_linearize(skb) == 0
    assert pool.stats.recycle_ring == 4, "the head too: it was too small"
    L.consume_skb(skb)
    assert pool.stats.recycle_ring == 4
    L.page_pool_destroy(pool)
    assert L.leak_report() == []


def test_fragments_share_a_page_and_send_it_home_together() -> None:
    Bed()
    pool = mapped()
    (first, at), (second, then) = (L.page_pool_dev_alloc_frag(pool, 1500) for _ in range(2))
    assert first is second and (at, then) == (0, 1500)
    third, again = L.page_pool_dev_alloc_frag(pool, 1500)
    assert third is not first and again == 0
    L.page_pool_put_page(pool, first, -1, False)
    assert pool.stats.recycle_ring == 0
    L.page_pool_put_page(pool, first, -1, False)
    assert pool.stats.recycle_ring == 1
    L.page_pool_put_page(pool, third, -1, False)
    L.page_pool_destroy(pool)
    assert L.leak_report() == []


def test_fragment_page_whose_fragments_are_home_is_cut_anew() -> None:
    Bed()
    pool = create()
    page, _ = L.page_pool_dev_alloc_frag(pool, 3000)
    L.page_pool_put_full_page(pool, page, False)
    assert L.page_pool_dev_alloc_frag(pool, 3000) == (page, 0)
    L.page_pool_put_full_page(pool, page, False)
    L.page_pool_destroy(pool)
    assert L.leak_report() == []


def test_fragment_larger_than_a_page_warns() -> None:
    Bed()
    pool = create()
    with pytest.raises(L.KernelWarning, match="of 5000 bytes from pages of 4096"):
        L.page_pool_dev_alloc_frag(pool, 5000)


def test_alloc_chooses_page_or_fragment_and_tells_what_it_gave() -> None:
    Bed()
    pool = create()
    page, offset, size = L.page_pool_dev_alloc(pool, 3000)
    assert (offset, size) == (0, 4096)
    first, offset, size = L.page_pool_dev_alloc(pool, 1500)
    assert (offset, size) == (0, 1500) and first is not page
    second, offset, size = L.page_pool_dev_alloc(pool, 1500)
    assert (second, offset, size) == (first, 1500, 4096 - 1500), "the rest is of use to nobody else"
    va, size = L.page_pool_dev_alloc_va(pool, 4096)
    assert size == 4096
    L.page_pool_free_va(pool, va, False)
    for pg in (page, first, second):
        L.page_pool_put_full_page(pool, pg, False)
    L.page_pool_destroy(pool)
    assert L.leak_report() == []


def test_high_order_pool_gives_contiguous_pages() -> None:
    Bed()
    pool = create(order=2)
    page = L.page_pool_dev_alloc_pages(pool)
    assert page.order == 2 and pool.stats.alloc_slow_ho == 1
    L.page_pool_put_full_page(pool, page, False)
    L.page_pool_destroy(pool)
    assert L.leak_report() == []


def test_cache_and_ring_are_bounded() -> None:
    Bed(size=32 << 20)
    pool = create(pool_size=4)
    pages = [L.page_pool_dev_alloc_pages(pool) for _ in range(192)]
    for page in pages[:6]:
        L.page_pool_put_full_page(pool, page, False)
    assert (pool.stats.recycle_ring, pool.stats.recycle_ring_full) == (4, 2)
    for page in pages[6:140]:
        L.page_pool_recycle_direct(pool, page)
    assert (pool.stats.recycle_cached, pool.stats.recycle_cache_full) == (128, 6)
    assert L.page_pool_inflight(pool, True) == 192 - 2 - 6
    strings = dict(zip(L.page_pool_ethtool_stats_get_strings(), L.page_pool_ethtool_stats_get(pool.stats), strict=True))
    assert strings["rx_pp_recycle_cached"] == 128
    assert len(strings) == L.page_pool_ethtool_stats_get_count() == 11


def test_ring_refills_the_cache() -> None:
    Bed()
    pool = create()
    pages = [L.page_pool_dev_alloc_pages(pool) for _ in range(64)]
    for page in pages:
        L.page_pool_put_full_page(pool, page, False)
    assert L.page_pool_dev_alloc_pages(pool) in pages
    assert (pool.stats.alloc_refill, pool.stats.alloc_slow, len(pool.cache)) == (1, 1, 63)


def test_page_put_in_the_poll_of_the_pools_napi_goes_into_the_cache() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    napi, other = L.napi_struct(), L.napi_struct()
    pool = create(napi=napi)
    out = [L.page_pool_dev_alloc_pages(pool) for _ in range(3)]
    seen: list[str] = []

    def poll(n: Any, budget: int) -> int:
        L.page_pool_put_full_page(pool, out.pop(), False)
        if n is other:
            with L.tolerate("ETH3"):
                out.append(L.page_pool_dev_alloc_pages(pool))
            seen.append(L.dmesg()[-1])
            try:
                L.page_pool_dev_alloc_pages(pool)
            except L.CheckError as exc:
                seen.append(exc.rule)
        L.napi_complete_done(n, 0)
        return 0

    def go(n: Any) -> None:
        L.local_bh_disable()
        L.napi_schedule(n)
        L.local_bh_enable()

    for n in (napi, other):
        L.netif_napi_add(ndev, n, poll)
        L.napi_enable(n)
    bed.run(go, napi)
    assert (pool.stats.recycle_cached, pool.stats.recycle_ring) == (1, 0)
    L.page_pool_disable_direct_recycling(pool)
    pool.p.napi = napi
    bed.run(go, other)
    assert (pool.stats.recycle_cached, pool.stats.recycle_ring) == (1, 1)
    assert "ETH3" in seen[0] and "another NAPI instance" in seen[0]
    assert seen[1] == "ETH3"


def test_page_put_straight_into_the_cache_outside_the_poll_is_reported() -> None:
    bed = Bed()
    pool = create(napi=L.napi_struct())
    first, second = L.page_pool_dev_alloc_pages(pool), L.page_pool_dev_alloc_pages(pool)
    with pytest.raises(L.CheckError, match="^ETH3: .* outside its NAPI's poll"):
        bed.run(L.page_pool_put_full_page, pool, first, True)
    L.page_pool_disable_direct_recycling(pool)  # nobody else takes from the cache now
    bed.run(L.page_pool_put_full_page, pool, second, True)
    assert pool.stats.recycle_cached == 1


def test_page_put_twice_or_into_a_foreign_pool_is_reported() -> None:
    Bed()
    pool, other = create(), create()
    page = L.page_pool_dev_alloc_pages(pool)
    with pytest.raises(L.DoubleFree, match="does not belong"):
        L.page_pool_put_full_page(other, page, False)
    L.page_pool_put_full_page(pool, page, False)
    with pytest.raises(L.DoubleFree, match=r"put twice into .*, first at test_linux_page_pool.py:\d+"):
        L.page_pool_put_full_page(pool, page, False)


def test_too_many_references_dropped_warn() -> None:
    Bed()
    pool = create()
    page = L.page_pool_dev_alloc_pages(pool)
    L.page_pool_fragment_page(page, 2)
    L.page_pool_ref_page(page)
    assert L.page_pool_unref_page(page, 2) == 1
    with pytest.raises(L.KernelWarning, match="dropped too many"):
        L.page_pool_unref_page(page, 2)


def test_fresh_pages_meet_the_init_callback_once() -> None:
    Bed()
    seen: list[Any] = []
    pool = create(init_callback=lambda page, arg: seen.append((page, arg)), init_arg="mine")
    page = L.page_pool_dev_alloc_pages(pool)
    L.page_pool_put_full_page(pool, page, True)
    L.page_pool_dev_alloc_pages(pool)
    assert len(seen) == 64 and (page, "mine") in seen


def test_destroy_waits_for_pages_that_are_out_and_unmaps_them_at_once() -> None:
    bed = Bed()
    pool = mapped()
    skb = pool_skb(pool)
    bed.run(L.page_pool_destroy, pool)
    assert L.dma_mappings() == [], "the device may go now"
    assert L.page_pool_inflight(pool, True) == 1
    report = "\n".join(L.leak_report())
    assert "ETH3: page_pool 1, created at" in report and "1 pages never came home, the first allocated at" in report
    bed.settle(125 * 10**9)
    stalled = [line for line in L.dmesg() if "stalled pool shutdown: id 1, 1 inflight" in line]
    assert [line.split()[-2] for line in stalled] == ["60", "120"]
    bed.run(L.consume_skb, skb)
    assert L.leak_report() == []


def test_destroy_twice_is_reported_and_none_is_fine() -> None:
    Bed()
    L.page_pool_destroy(None)
    pool = create()
    L.page_pool_destroy(pool)
    with pytest.raises(L.DoubleFree, match=r"destroyed twice, first at test_linux_page_pool.py:\d+"):
        L.page_pool_destroy(pool)


def test_pool_that_is_never_destroyed_is_a_leak() -> None:
    Bed()
    pool = create()
    L.page_pool_dev_alloc_pages(pool)
    assert L.leak_report() == [
        f"page_pool 1 never destroyed, created at {L.site_str(pool.site)}, 1 pages away",
    ]


def test_bounced_page_shows_the_devices_data_after_the_sync_only() -> None:
    """kernel-rules.md: DMA3. The pool maps without copying; the driver syncs what the device wrote."""
    bed = Bed(swiotlb="force")
    pool = mapped(offset=64, max_len=1024)
    page = L.page_pool_dev_alloc_pages(pool)
    mem, at = bed.m.memory.mem, L.page_address(page) + 64
    mem[at : at + 8] = b"old data"
    bed.m.memory.dev_write(L.page_pool_get_dma_addr(page) + 64, b"new data")
    assert bytes(mem[at : at + 8]) == b"old data"
    L.page_pool_dma_sync_for_cpu(pool, page, 0, 3)
    assert bytes(mem[at : at + 8]) == b"newdata"[:3] + b" data"
    L.page_pool_put_full_page(pool, page, True)
    L.page_pool_destroy(pool)
    assert L.leak_report() == []


def test_sync_range_beyond_the_page_is_reported() -> None:
    """kernel-rules.md: DMA1. max_len counts from offset."""
    Bed()
    with pytest.raises(L.CheckError, match=r"DMA1: .* outside allocated range \[sync offset=64\] \[sync size=4096\]"):
        L.page_pool_dev_alloc_pages(mapped(offset=64))


def test_bidirectional_page_that_comes_home_is_given_to_the_device() -> None:
    """PP_FLAG_DMA_SYNC_DEV: what the CPU wrote (XDP_TX) is in the bounce buffer when the page goes out again."""
    bed = Bed(swiotlb="force")
    pool = mapped(dma_dir=L.DMA_BIDIRECTIONAL, offset=64, max_len=1024)
    assert L.page_pool_get_dma_dir(pool) == L.DMA_BIDIRECTIONAL
    page = L.page_pool_dev_alloc_pages(pool)
    at = L.page_address(page) + 64
    bed.m.memory.mem[at : at + 8] = b"from cpu"
    L.page_pool_put_page(pool, page, 4, True)
    assert bed.m.memory.dev_read(L.page_pool_get_dma_addr(page) + 64, 8)[:4] == b"from"
    assert bed.m.memory.dev_read(L.page_pool_get_dma_addr(page) + 64, 8) != b"from cpu", "no more than it was told"
    L.page_pool_destroy(pool)
    assert L.leak_report() == []
