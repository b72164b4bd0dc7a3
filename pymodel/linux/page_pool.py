# SPDX-License-Identifier: Apache-2.0
"""page_pool: pages for RX that stay mapped for DMA and come back when their skb is freed.

Allocation is for one NAPI (or the driver before it runs): a cache of 128 pages without a lock. Pages that come home
elsewhere go into a ring, from which the cache is refilled 64 at a time. A page whose ``page_ref_count()`` is not 1 when
it comes home leaves the pool. What C calls ERR_PTR(-EINVAL) is the number itself: test with IS_ERR().

Source: net/core/page_pool.c, include/net/page_pool/, v6.12. Simplified: no NUMA, memory providers or netlink;
statistics are one set for all CPUs; a destroyed pool goes with its last page, not at the next look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.bug import WARN, DoubleFree, Site, broken_rule, caller, caller_outside, pr_warn, site_str
from pymodel.linux.dma import (
    DMA_ATTR_SKIP_CPU_SYNC,
    DMA_ATTR_WEAK_ORDERING,
    DMA_BIDIRECTIONAL,
    DMA_FROM_DEVICE,
    dma_map_page_attrs,
    dma_mapping_error,
    dma_sync_single_range_for_cpu,
    dma_sync_single_range_for_device,
    dma_unmap_page_attrs,
)
from pymodel.linux.errno import EINVAL
from pymodel.linux.mm import (
    __GFP_COMP,
    __GFP_NOWARN,
    GFP_ATOMIC,
    PAGE_SIZE,
    _put_page,
    alloc_pages,
    page,
    virt_to_head_page,
)
from pymodel.linux.page_pool_types import (
    PP_ALLOC_CACHE_REFILL,
    PP_ALLOC_CACHE_SIZE,
    PP_FLAG_ALL,
    PP_FLAG_DMA_MAP,
    PP_FLAG_DMA_SYNC_DEV,
    PagePoolState,
    page_pool,
    page_pool_params,
)
from pymodel.linux.time import HZ, jiffies, time_after_eq
from pymodel.linux.workqueue import cancel_delayed_work, schedule_delayed_work

if TYPE_CHECKING:
    from pymodel.linux.workqueue import work_struct

__all__ = [
    "page_pool_alloc", "page_pool_alloc_frag", "page_pool_alloc_pages", "page_pool_alloc_va", "page_pool_create",
    "page_pool_destroy", "page_pool_dev_alloc", "page_pool_dev_alloc_frag", "page_pool_dev_alloc_pages",
    "page_pool_dev_alloc_va", "page_pool_disable_direct_recycling", "page_pool_dma_sync_for_cpu",
    "page_pool_fragment_page", "page_pool_free_va", "page_pool_get_dma_addr", "page_pool_get_dma_dir",
    "page_pool_inflight", "page_pool_leaks", "page_pool_put_full_page", "page_pool_put_page",
    "page_pool_recycle_direct", "page_pool_ref_page", "page_pool_unref_page",
]

_ALL = 0xFFFFFFFF  # sync as much as the pool's max_len says
_DEFER_TIME = HZ
_DEFER_WARN_INTERVAL = 60 * HZ
_ATTRS = DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_WEAK_ORDERING
_RX = GFP_ATOMIC | __GFP_NOWARN
_BIAS_MAX = (1 << 62) - 1
_CACHE_LINE = 1  # dma_get_cache_alignment() of a coherent machine


# -- a pool --------------------------------------------------------------------------------------------------
def page_pool_create(params: page_pool_params) -> page_pool | int:
    """A pool, or -EINVAL for unknown flags, a mapping that the device does not write, or a sync without mapping or
    length.
    """
    state: PagePoolState = here.state["page_pool"]
    flags = params.flags
    if (
        flags & ~PP_FLAG_ALL
        or (flags & PP_FLAG_DMA_MAP and params.dma_dir not in (DMA_FROM_DEVICE, DMA_BIDIRECTIONAL))
        or (flags & PP_FLAG_DMA_SYNC_DEV and not (flags & PP_FLAG_DMA_MAP and params.max_len))
    ):
        pr_warn("page_pool_create_percpu() gave up with errno %d", -EINVAL)
        return -EINVAL
    state.made += 1
    pool = page_pool(params, state.made, caller())
    pool.release_dw.work.func = _release_retry
    state.pools[pool] = None
    return pool


def page_pool_disable_direct_recycling(pool: page_pool) -> None:
    """From now on all pages come home through the ring: the pool's NAPI is about to change hands."""
    pool.direct = False
    pool.p.napi = None


def page_pool_destroy(pool: page_pool | None) -> None:
    """The driver is done with the pool. It goes when the last page is home; until then it is looked at each second, and
    a line of the kernel log each minute tells that it waits.
    """
    if pool is None:
        return
    if pool.user_cnt <= 0:
        raise DoubleFree(f"{pool!r} destroyed twice, first at {site_str(pool.freed)}", site_str(caller()))
    pool.user_cnt -= 1
    pool.freed = site = caller()
    page_pool_disable_direct_recycling(pool)
    _free_frag(pool, site)
    if not _release(pool, site):
        return
    pool.defer_start = jiffies()
    pool.defer_warn = jiffies() + _DEFER_WARN_INTERVAL
    schedule_delayed_work(pool.release_dw, _DEFER_TIME)


def page_pool_inflight(pool: page_pool, strict: bool) -> int:
    """Pages that are out. ``strict``: WARN where more came home than went out."""
    inflight = pool.pages_state_hold_cnt - pool.pages_state_release_cnt
    if inflight < 0 and strict:
        WARN(f"Negative({inflight}) inflight packet-pages", site_str(caller()))
    return inflight if strict else max(0, inflight)


def _release(pool: page_pool, site: Site) -> int:
    while pool.cache:
        _return_page(pool, pool.cache.pop(), site)
    if not pool.destroy_cnt:
        pool.dma_sync = False
        for pg in list(pool.dma_mapped):
            _unmap(pool, pg)
    pool.destroy_cnt += 1
    while pool.ring:
        _return_page(pool, pool.ring.popleft(), site)
    inflight = page_pool_inflight(pool, True)
    if not inflight:
        del here.state["page_pool"].pools[pool]
    return inflight


def _release_retry(work: work_struct) -> None:
    pool: page_pool = work.container.container
    inflight = _release(pool, caller())
    if inflight <= 0:
        return
    if time_after_eq(jiffies(), pool.defer_warn) and pool.p.netdev is None:
        seconds = (jiffies() - pool.defer_start) // HZ
        pr_warn(
            "page_pool_release_retry() stalled pool shutdown: id %d, %d inflight %d sec", pool.id, inflight, seconds
        )
        pool.defer_warn = jiffies() + _DEFER_WARN_INTERVAL
    schedule_delayed_work(pool.release_dw, _DEFER_TIME)


# -- going out -----------------------------------------------------------------------------------------------
def _check_consumer(pool: page_pool) -> None:
    """Nothing but its own NAPI's poll may take from a pool with a NAPI while softirqs run (ETH3)."""
    m = here.machine
    cpu = m.sched.cpu
    if cpu is None or not cpu.softirq:
        return
    polling = m.state["net"].softnet[cpu.id].current
    if polling is not None and polling is not pool.p.napi:
        where = site_str(caller_outside())
        broken_rule("ETH3", f"{pool!r} is used by the poll of another NAPI instance than its own", where)


def page_pool_alloc_pages(pool: page_pool, gfp: int) -> page | None:
    """A page (or ``1 << order`` of them), reference count 1, mapped where the pool maps; None on failure."""
    if pool.p.napi is not None:
        _check_consumer(pool)
    cache = pool.cache
    if cache:
        pool.stats.alloc_fast += 1
    elif pool.ring:
        ring = pool.ring
        for _ in range(min(len(ring), PP_ALLOC_CACHE_REFILL)):
            cache.append(ring.popleft())
        pool.stats.alloc_refill += 1
    else:
        pool.stats.alloc_empty += 1
        return _alloc_slow(pool, gfp, caller())
    pg = cache.pop()
    pg.pp_home = None
    return pg


def _alloc_slow(pool: page_pool, gfp: int, site: Site) -> page | None:
    order = pool.p.order
    if order:
        pg = _fresh(pool, gfp | __GFP_COMP, order, site)
        if pg is not None:
            pool.stats.alloc_slow_ho += 1
        return pg
    for _ in range(PP_ALLOC_CACHE_REFILL):
        pg = _fresh(pool, gfp, 0, site)
        if pg is None:
            break
        pool.cache.append(pg)
    if not pool.cache:
        return None
    pool.stats.alloc_slow += 1
    return pool.cache.pop()


def _fresh(pool: page_pool, gfp: int, order: int, site: Site) -> page | None:
    """A page from the page allocator, made the pool's; None where there is none, or mapping it failed."""
    pg = alloc_pages(gfp, order, site)
    if pg is None:
        return None
    p = pool.p
    if pool.dma_map:
        assert p.dev is not None
        dma = dma_map_page_attrs(p.dev, pg, 0, PAGE_SIZE << order, p.dma_dir, _ATTRS)
        if dma_mapping_error(p.dev, dma):
            _put_page(pg, site)
            return None
        pg.dma_addr = dma
        pool.dma_mapped[pg] = None
        _sync_for_device(pool, pg, p.max_len)
    pg.pp = pool
    pg.pp_ref_count = 1
    if p.init_callback is not None:
        p.init_callback(pg, p.init_arg)
    pool.pages_state_hold_cnt += 1
    pool.inflight_pages[pg] = None
    return pg


def page_pool_dev_alloc_pages(pool: page_pool) -> page | None:
    """page_pool_alloc_pages() with GFP_ATOMIC."""
    return page_pool_alloc_pages(pool, _RX)


def page_pool_alloc_frag(pool: page_pool, size: int, gfp: int = _RX) -> tuple[page | None, int]:
    """``size`` bytes of a page that is shared with other fragments, and their offset; (None, 0) on failure. Each
    fragment is put like a page.
    """
    max_size = PAGE_SIZE << pool.p.order
    if size > max_size:
        WARN(f"page_pool_alloc_frag() of {size} bytes from pages of {max_size}", site_str(caller()))
        return None, 0
    size = (size + _CACHE_LINE - 1) & -_CACHE_LINE
    pg = pool.frag_page
    offset = pool.frag_offset
    if pg is not None and offset + size > max_size:
        pg = _drain_frag(pool, pg)
        if pg is not None:
            pool.stats.alloc_fast += 1
            return _frag_reset(pool, pg, size), 0
    if pg is None:
        pg = pool.frag_page = page_pool_alloc_pages(pool, gfp)
        if pg is None:
            return None, 0
        return _frag_reset(pool, pg, size), 0
    pool.frag_users += 1
    pool.frag_offset = offset + size
    pool.stats.alloc_fast += 1
    return pg, offset


def _frag_reset(pool: page_pool, pg: page, size: int) -> page:
    pool.frag_users = 1
    pool.frag_offset = size
    pg.pp_ref_count = _BIAS_MAX
    return pg


page_pool_dev_alloc_frag = page_pool_alloc_frag  # with GFP_ATOMIC


def _drain_frag(pool: page_pool, pg: page) -> page | None:
    """The page again, where all its fragments are home; else it is left to them."""
    if page_pool_unref_page(pg, _BIAS_MAX - pool.frag_users):
        return None
    if pg.refcount == 1:
        _sync_for_device(pool, pg, _ALL)
        return pg
    _return_page(pool, pg, caller(2))
    return None


def _free_frag(pool: page_pool, site: Site) -> None:
    pg, pool.frag_page = pool.frag_page, None
    if pg is not None and not page_pool_unref_page(pg, _BIAS_MAX - pool.frag_users):
        _return_page(pool, pg, site)


def page_pool_alloc(pool: page_pool, size: int, gfp: int) -> tuple[page | None, int, int]:
    """A page or a fragment, as ``size`` asks for: (page, offset, bytes really given), or (None, 0, 0)."""
    max_size = PAGE_SIZE << pool.p.order
    if size << 1 > max_size:
        pg = page_pool_alloc_pages(pool, gfp)
        return (None, 0, 0) if pg is None else (pg, 0, max_size)
    pg, offset = page_pool_alloc_frag(pool, size, gfp)
    if pg is None:
        return None, 0, 0
    if pool.frag_offset + size > max_size:  # nobody else could use the rest
        size = max_size - offset
        pool.frag_offset = max_size
    return pg, offset, size


def page_pool_dev_alloc(pool: page_pool, size: int) -> tuple[page | None, int, int]:
    return page_pool_alloc(pool, size, _RX)


def page_pool_alloc_va(pool: page_pool, size: int, gfp: int) -> tuple[int, int]:
    """page_pool_alloc() that gives a pointer: (pointer, bytes really given), or (0, 0)."""
    pg, offset, size = page_pool_alloc(pool, size, gfp)
    return (0, 0) if pg is None else (pg.addr + offset, size)


def page_pool_dev_alloc_va(pool: page_pool, size: int) -> tuple[int, int]:
    return page_pool_alloc_va(pool, size, _RX)


# -- coming home ---------------------------------------------------------------------------------------------
def page_pool_fragment_page(pg: page, nr: int) -> None:
    """Split a fresh page into ``nr`` references, each to be put."""
    pg.pp_ref_count = nr


def page_pool_ref_page(pg: page) -> None:
    pg.pp_ref_count += 1


def page_pool_unref_page(pg: page, nr: int) -> int:
    """Drop ``nr`` of a page's references; those that are left. WARN where there were not as many."""
    left = pg.pp_ref_count - nr
    if left < 0:
        WARN(f"{-left} references to {pg!r} dropped too many", site_str(caller()))
    pg.pp_ref_count = left or 1
    return left


def page_pool_put_page(pool: page_pool, pg: page, dma_sync_size: int, allow_direct: bool) -> None:
    """Give a page (or fragment) back. ``dma_sync_size``: bytes that the device may have written (-1: max_len);
    ``allow_direct``: the caller is in the context of the pool's NAPI. Raises DoubleFree for one that is home already.
    """
    _put(pool, pg, dma_sync_size & _ALL, allow_direct, caller())


def _put(pool: page_pool, pg: page, sync: int, direct: bool, site: Site) -> None:
    if pg.pp is not pool:
        raise DoubleFree(f"{pg!r} put into {pool!r}, to which it does not belong", site_str(site))
    if pg.pp_home is not None:
        raise DoubleFree(f"{pg!r} put twice into {pool!r}, first at {site_str(pg.pp_home)}", site_str(site))
    left = pg.pp_ref_count - 1
    if left:
        pg.pp_ref_count = left
        return
    cpu = here.sched.cpu
    if cpu is not None and cpu.hardirq:
        WARN("a page_pool's page put in a hard interrupt", site_str(site))
    stats = pool.stats
    if pg.refcount != 1:  # somebody holds the page itself: it is the pool's no more
        stats.recycle_released_ref += 1
        _return_page(pool, pg, site)
        return
    if pool.destroy_cnt:
        _return_page(pool, pg, site)
        if pool.pages_state_hold_cnt == pool.pages_state_release_cnt:
            cancel_delayed_work(pool.release_dw)
            del here.state["page_pool"].pools[pool]
        return
    if pool.dma_sync:
        _sync_for_device(pool, pg, sync)
    if direct and cpu is not None and not (cpu.softirq or cpu.bh_disabled) and pool.direct and pool.p.napi is not None:
        broken_rule("ETH3", f"a page put straight into the cache of {pool!r} outside its NAPI's poll", site_str(site))
    if direct or (pool.direct and _napi_local(pool)):
        if len(pool.cache) < PP_ALLOC_CACHE_SIZE:
            pg.pp_home = site
            pool.cache.append(pg)
            stats.recycle_cached += 1
            return
        stats.recycle_cache_full += 1
    if len(pool.ring) < pool.ring_size:
        pg.pp_home = site
        pool.ring.append(pg)
        stats.recycle_ring += 1
        return
    stats.recycle_ring_full += 1
    _return_page(pool, pg, site)


def _pp_put(pg: page | None, site: Site) -> bool:
    """napi_pp_put_page(): send a page of an skb back to its pool. False where it has none (any more)."""
    if pg is None or pg.pp is None:
        return False
    _put(pg.pp, pg, _ALL, False, site)
    return True


def _napi_local(pool: page_pool) -> bool:
    """Whether the pool's NAPI is scheduled or polled on this CPU, which is in a softirq: nobody races for the cache."""
    napi = pool.p.napi
    cpu = here.sched.cpu
    return napi is not None and cpu is not None and bool(cpu.softirq or cpu.bh_disabled) and napi.list_owner == cpu.id


def _return_page(pool: page_pool, pg: page, site: Site) -> None:
    """The page leaves the pool, for the page allocator or for whoever else holds it."""
    if pg in pool.dma_mapped:
        _unmap(pool, pg)
    pool.pages_state_release_cnt += 1
    del pool.inflight_pages[pg]
    pg.pp = None
    pg.pp_home = None
    _put_page(pg, site)


def _unmap(pool: page_pool, pg: page) -> None:
    p = pool.p
    assert p.dev is not None
    del pool.dma_mapped[pg]
    dma_unmap_page_attrs(p.dev, pg.dma_addr, PAGE_SIZE << p.order, p.dma_dir, _ATTRS)
    pg.dma_addr = 0


def page_pool_put_full_page(pool: page_pool, pg: page, allow_direct: bool) -> None:
    """page_pool_put_page() of a page of which the device may have written all."""
    _put(pool, pg, _ALL, allow_direct, caller())


def page_pool_recycle_direct(pool: page_pool, pg: page) -> None:
    """Put a page into the cache, from the context of the pool's NAPI."""
    _put(pool, pg, _ALL, True, caller())


def page_pool_free_va(pool: page_pool, va: int, allow_direct: bool) -> None:
    """Put what page_pool_alloc_va() gave."""
    _put(pool, virt_to_head_page(va), _ALL, allow_direct, caller())


# -- DMA -----------------------------------------------------------------------------------------------------
def page_pool_get_dma_addr(pg: page) -> int:
    """The bus address of a page of a pool with PP_FLAG_DMA_MAP."""
    return pg.dma_addr


def page_pool_get_dma_dir(pool: page_pool) -> int:
    return pool.p.dma_dir


def _sync_for_device(pool: page_pool, pg: page, size: int) -> None:
    p = pool.p
    if pool.dma_sync:
        assert p.dev is not None
        dma_sync_single_range_for_device(p.dev, pg.dma_addr, p.offset, min(size, p.max_len), p.dma_dir)


def page_pool_dma_sync_for_cpu(pool: page_pool, pg: page, offset: int, dma_sync_size: int) -> None:
    """Before the CPU reads ``dma_sync_size`` bytes that the device wrote, ``offset`` and the pool's offset into the
    page.
    """
    p = pool.p
    assert p.dev is not None
    dma_sync_single_range_for_cpu(p.dev, pg.dma_addr, offset + p.offset, dma_sync_size, p.dma_dir)


# -- the end -------------------------------------------------------------------------------------------------
def page_pool_leaks() -> list[str]:
    """A line for each pool that was never destroyed, and for each whose pages did not come home (ETH3)."""
    lines = []
    state: PagePoolState = here.state["page_pool"]
    for pool in state.pools:
        away = len(pool.inflight_pages) - len(pool.cache) - len(pool.ring)
        if pool.user_cnt:
            lines.append(f"page_pool {pool.id} never destroyed, created at {site_str(pool.site)}, {away} pages away")
        elif away:
            first = site_str(next(iter(pool.inflight_pages)).site)
            lines.append(
                f"ETH3: page_pool {pool.id}, created at {site_str(pool.site)}, destroyed at {site_str(pool.freed)}: "
                f"{away} pages never came home, the first allocated at {first}"
            )
    return lines
