# SPDX-License-Identifier: Apache-2.0
"""Memory: the page allocator, kmalloc's size classes and page fragments, all in the host's flat array.

A pointer is an ``int``, an index into ``memory().mem``; NULL is 0. Pages carry reference counts. Freed memory is
filled with a poison byte, so that whoever still reads it sees it. Each object remembers where it was allocated,
for leak reports. Source: mm/page_alloc.c, mm/slub.c, mm/page_frag_alloc.c, v6.12. Simplified: no zones, nodes or
reclaim; a compound page has one ``page`` for all its frames; large kmalloc sizes are whole pages.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, DoubleFree, Site, caller, caller_outside, pr_warn, site_str

if TYPE_CHECKING:
    from pymodel.linux.page_pool_types import page_pool

__all__ = [
    "GFP_ATOMIC", "GFP_DMA", "GFP_DMA32", "GFP_KERNEL", "GFP_NOWAIT", "MmState", "PAGE_SHIFT", "PAGE_SIZE",
    "SMP_CACHE_BYTES", "__GFP_COMP", "__GFP_DIRECT_RECLAIM", "__GFP_NOMEMALLOC", "__GFP_NORETRY", "__GFP_NOWARN",
    "__GFP_ZERO", "__free_page", "__free_pages", "__get_free_page", "__get_free_pages", "alloc_page", "alloc_pages",
    "dev_alloc_page", "dev_alloc_pages", "free_page", "free_pages", "get_order", "get_page", "get_zeroed_page",
    "kcalloc", "kfree", "kmalloc", "kmalloc_size_roundup", "ksize", "kzalloc", "mm_leaks", "page", "page_address",
    "page_frag_alloc", "page_frag_alloc_align", "page_frag_cache", "page_frag_cache_drain", "page_frag_free",
    "page_ref_count", "put_page", "set_alloc_failure", "virt_to_head_page", "virt_to_page",
]

PAGE_SHIFT = 12
PAGE_SIZE = 4096
_PAGE_MASK = -PAGE_SIZE
SMP_CACHE_BYTES = 64
MAX_ORDER = 10
POISON_FREE = 0x6B  # include/linux/poison.h

__GFP_DMA = 0x01
__GFP_DMA32 = 0x04
__GFP_HIGH = 0x20
__GFP_IO = 0x40
__GFP_FS = 0x80
__GFP_ZERO = 0x100
__GFP_DIRECT_RECLAIM = 0x400
__GFP_KSWAPD_RECLAIM = 0x800
__GFP_NOWARN = 0x2000
__GFP_NORETRY = 0x10000
__GFP_COMP = 0x40000
__GFP_NOMEMALLOC = 0x80000
GFP_ATOMIC = __GFP_HIGH | __GFP_KSWAPD_RECLAIM
GFP_KERNEL = __GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM | __GFP_IO | __GFP_FS
GFP_NOWAIT = __GFP_KSWAPD_RECLAIM | __GFP_NOWARN
GFP_DMA = __GFP_DMA
GFP_DMA32 = __GFP_DMA32

KMALLOC_SIZES = (8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192)
_CLASS_OF = [
    next(s for s in KMALLOC_SIZES if s >= max(n * 8, 1)) for n in range(8192 // 8 + 1)
]  # by size in words, rounded up
SKB_SMALL_HEAD = 640  # the object size of the skb_small_head cache, and its key among the caches
_PAGE_FRAG_ORDER = 3  # PAGE_FRAG_CACHE_MAX_ORDER: 32 KiB
_POISON = memoryview(bytes([POISON_FREE]) * (PAGE_SIZE << MAX_ORDER))
_getframe = sys._getframe


class page:
    """``struct page``: one allocation of ``1 << order`` frames starting at index ``addr``."""

    __slots__ = (
        "addr", "dma_addr", "freed_at", "frags_freed", "order", "pp", "pp_home", "pp_ref_count", "refcount", "site",
        "slab",
    )

    def __init__(self, addr: int, order: int, site: Site | None) -> None:
        self.addr = addr
        self.order = order
        self.refcount = 1
        self.slab = False
        self.site = site
        self.freed_at: Site | None = None
        self.frags_freed: dict[int, Site] | None = None  # page fragments freed since the page was cut
        self.pp: page_pool | None = None  # the pool to which it belongs, and the references which that counts
        self.pp_ref_count = 0
        self.pp_home: Site | None = None  # where it was put into the pool, while it is there
        self.dma_addr = 0

    def __repr__(self) -> str:
        return f"<page 0x{self.addr:x} order {self.order} refcount {self.refcount} from {site_str(self.site)}>"


class page_frag_cache:
    """Cuts fragments off a 32 KiB page, from its end downwards, and reuses the page when all of them came home."""

    __slots__ = ("offset", "page")

    def __init__(self) -> None:
        self.page: page | None = None
        self.offset = 0


class MmState:
    """The state of the allocators of one machine."""

    __slots__ = (
        "allocs_failed", "bump", "fail", "frag_caches", "free_areas", "free_objs", "kmallocs", "limit", "mem",
        "mem_map", "objs", "objs_freed", "poison",
    )

    def __init__(self, mem: memoryview, size: int) -> None:
        self.mem = mem
        self.bump = PAGE_SIZE  # frame 0 is never allocated: NULL
        self.limit = size & _PAGE_MASK
        self.mem_map: list[page | None] = [None] * (size >> PAGE_SHIFT)
        self.free_areas: list[dict[int, None]] = [{} for _ in range(MAX_ORDER + 1)]  # ordered sets, used from the end
        self.free_objs: dict[int, list[int]] = {size: [] for size in (*KMALLOC_SIZES, SKB_SMALL_HEAD)}
        self.objs: dict[int, tuple[int, Site]] = {}  # live kmalloc objects: address -> (size, where allocated)
        self.objs_freed: dict[int, tuple[Site, Site]] = {}  # of each that was freed last: where allocated, where freed
        self.frag_caches: dict[tuple[int, str], page_frag_cache] = {}  # (cpu, which)
        self.fail: Callable[[str, int], bool] | None = None  # (what, bytes) -> fail this one
        self.allocs_failed = 0
        self.kmallocs = 0
        self.poison = True


def _mm() -> MmState:
    state: MmState = here.state["mm"]
    return state


def set_alloc_failure(fail: Callable[[str, int], bool] | None) -> None:
    """Decide which allocations fail: ``fail(what, size)`` with ``what`` one of "kmalloc", "page", "skb", size in
    bytes.

    The counterpart of CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC. None: none fails but for lack of memory.
    """
    _mm().fail = fail


# -- pages ---------------------------------------------------------------------------------------------------
def get_order(size: int) -> int:
    """The smallest order whose pages hold ``size`` bytes. Source: include/asm-generic/getorder.h."""
    return max(0, (size - 1) >> PAGE_SHIFT).bit_length()


def _alloc_pages(mm: MmState, order: int, site: Site | None) -> page | None:
    if order > MAX_ORDER or (mm.fail is not None and mm.fail("page", PAGE_SIZE << order)):
        mm.allocs_failed += 1
        return None
    area = mm.free_areas[order]
    if area:
        addr = area.popitem()[0]
    else:
        addr = _take_frames(mm, order)
        if not addr:
            mm.allocs_failed += 1
            return None
    pg = page(addr, order, site)
    pfn = addr >> PAGE_SHIFT
    mem_map = mm.mem_map
    if order:
        for i in range(pfn, pfn + (1 << order)):
            mem_map[i] = pg
    else:
        mem_map[pfn] = pg
    return pg


def _take_frames(mm: MmState, order: int) -> int:
    """Frames for an order whose free list is empty: fresh ones, else split a larger block, else merge buddies."""
    size = PAGE_SIZE << order
    addr = (mm.bump + size - 1) & -size
    if addr + size <= mm.limit:
        while mm.bump < addr:  # what alignment skips goes to the free lists
            skip = mm.bump & -mm.bump
            mm.free_areas[skip.bit_length() - 1 - PAGE_SHIFT][mm.bump] = None
            mm.bump += skip
        mm.bump = addr + size
        return addr
    for attempt in range(2):
        for bigger in range(order + 1, MAX_ORDER + 1):
            if mm.free_areas[bigger]:
                addr = mm.free_areas[bigger].popitem()[0]
                for o in range(order, bigger):
                    mm.free_areas[o][addr + (PAGE_SIZE << o)] = None
                return addr
        if attempt == 0:
            _merge_buddies(mm)
            if mm.free_areas[order]:
                return mm.free_areas[order].popitem()[0]
    return 0


def _merge_buddies(mm: MmState) -> None:
    for order in range(MAX_ORDER):
        area, bigger = mm.free_areas[order], mm.free_areas[order + 1]
        for addr in sorted(area):
            buddy = addr ^ (PAGE_SIZE << order)
            if addr < buddy and buddy in area and addr in area:
                del area[addr], area[buddy]
                bigger[addr] = None


def _assert_pages_idle(pg: page, site: Site) -> None:
    """Memory that a device can still reach must not be freed."""
    dma = here.state["dma"]
    by_page = dma.by_page
    addr, size = pg.addr, PAGE_SIZE << pg.order
    for frame in range(addr, addr + size, PAGE_SIZE):
        if frame in by_page:
            dma.assert_idle(addr, size, site)
            return


def _free_pages(mm: MmState, pg: page, site: Site) -> None:
    addr, order = pg.addr, pg.order
    _assert_pages_idle(pg, site)
    if mm.poison:
        size = PAGE_SIZE << order
        mm.mem[addr : addr + size] = _POISON[:size]
    pg.freed_at = site
    pg.frags_freed = None
    mm.free_areas[order][addr] = None


def _warn_order(order: int, gfp: int, site: Site) -> None:
    if order > MAX_ORDER and not gfp & __GFP_NOWARN:
        WARN(f"an allocation of order {order} is asked for, beyond MAX_PAGE_ORDER {MAX_ORDER}", site_str(site))


def alloc_pages(gfp: int, order: int, _site: Site | None = None) -> page | None:
    """Allocate ``1 << order`` contiguous pages, reference count 1; None on failure. WARN where ``order`` is beyond
    MAX_ORDER, unless __GFP_NOWARN is given. Source: mm/page_alloc.c __alloc_pages_noprof(), v6.12.
    """
    mm: MmState = here.state["mm"]
    if gfp & __GFP_DIRECT_RECLAIM:
        might_alloc()
    pg = _alloc_pages(mm, order, _site or caller())
    if pg is None:
        _warn_order(order, gfp, _site or caller())
        if not gfp & __GFP_NOWARN:
            pr_warn("page allocation failure: order:%d, mode:0x%x [%s]", order, gfp, site_str(_site or caller()))
    elif gfp & __GFP_ZERO:
        mm.mem[pg.addr : pg.addr + (PAGE_SIZE << order)] = bytes(PAGE_SIZE << order)
    return pg


def alloc_page(gfp: int) -> page | None:
    return alloc_pages(gfp, 0, caller())


def dev_alloc_pages(order: int) -> page | None:
    """Pages for RX: GFP_ATOMIC. Source: include/linux/skbuff.h dev_alloc_pages(), v6.12."""
    return alloc_pages(GFP_ATOMIC | __GFP_NOWARN | __GFP_COMP, order, caller())


def dev_alloc_page() -> page | None:
    return alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 0, caller())


def __get_free_pages(gfp: int, order: int) -> int:
    pg = alloc_pages(gfp, order, caller())
    return pg.addr if pg is not None else 0


def __get_free_page(gfp: int) -> int:
    pg = alloc_pages(gfp, 0, caller())
    return pg.addr if pg is not None else 0


def get_zeroed_page(gfp: int) -> int:
    pg = alloc_pages(gfp | __GFP_ZERO, 0, caller())
    return pg.addr if pg is not None else 0


def page_address(pg: page) -> int:
    return pg.addr


def virt_to_head_page(addr: int) -> page:
    """The page that holds ``addr``. BUG where nothing was ever allocated there."""
    mem_map = _mm().mem_map
    pfn = addr >> PAGE_SHIFT
    pg = mem_map[pfn] if 0 <= pfn < len(mem_map) else None
    if pg is None:
        BUG(f"virt_to_page(0x{addr:x}): no page was ever allocated there", site_str(caller()))
    return pg


virt_to_page = virt_to_head_page


def page_ref_count(pg: page) -> int:
    return pg.refcount


def get_page(pg: page) -> None:
    """Take a reference. Raises DoubleFree on a page that is free already."""
    if pg.refcount <= 0:
        raise DoubleFree(f"get_page() on {pg!r}, freed at {site_str(pg.freed_at)}", site_str(caller()))
    pg.refcount += 1
    pg.frags_freed = None  # fragments of a page with references of its own may rightly be freed in any order


def _put_page(pg: page, site: Site) -> None:
    refcount = pg.refcount - 1
    if refcount < 0:
        raise DoubleFree(
            f"page 0x{pg.addr:x} (allocated at {site_str(pg.site)}) freed twice: first at {site_str(pg.freed_at)}",
            site_str(site),
        )
    pg.refcount = refcount
    if refcount == 0:
        _free_pages(here.state["mm"], pg, site)


def put_page(pg: page) -> None:
    """Drop a reference; the last one frees the page. Raises DoubleFree when there was none."""
    f = _getframe(1)
    _put_page(pg, (f.f_code, f.f_lasti))


def __free_pages(pg: page, order: int) -> None:
    if pg.order != order:
        BUG(f"__free_pages(order {order}) of {pg!r}", site_str(caller()))
    _put_page(pg, caller())


def __free_page(pg: page) -> None:
    _put_page(pg, caller())


def free_pages(addr: int, order: int) -> None:
    if addr:
        _put_page(virt_to_head_page(addr), caller())


def free_page(addr: int) -> None:
    if addr:
        _put_page(virt_to_head_page(addr), caller())


# -- kmalloc -------------------------------------------------------------------------------------------------
def kmalloc_size_roundup(size: int) -> int:
    """What kmalloc(size) really gives, in bytes. Source: mm/slab_common.c kmalloc_size_roundup(), v6.12."""
    if size <= 8192:
        return _CLASS_OF[size + 7 >> 3] if size else 0
    return PAGE_SIZE << get_order(size)


def might_alloc() -> None:
    """A GFP_KERNEL allocation may sleep: it must not be made in atomic context. Source: include/linux/sched/mm.h."""
    cpu = here.sched.cpu
    if cpu is not None and (cpu.hardirq or cpu.softirq or cpu.bh_disabled or cpu.preempt_disabled or cpu.irqs_disabled):
        from pymodel.linux.sched import atomic_error

        atomic_error("GFP_KERNEL allocation")


def _kmalloc(mm: MmState, size: int, site: Site, what: str = "kmalloc") -> int:
    """An object of exactly a class's size (or whole pages). 0 on failure."""
    if mm.fail is not None and mm.fail(what, size):
        mm.allocs_failed += 1
        return 0
    free = mm.free_objs.get(size)
    if free is None:
        pg = _alloc_pages(mm, get_order(size), site)
        if pg is None:
            return 0
        pg.slab = True
        addr = pg.addr
    else:
        if not free and not _new_slab(mm, size, free, site):
            return 0
        addr = free.pop()
    mm.objs[addr] = (size, site)
    mm.kmallocs += 1
    return addr


def _new_slab(mm: MmState, size: int, free: list[int], site: Site) -> bool:
    """One more slab: 8 objects and more, in at most 32 KiB."""
    order = min(3, get_order(size * 8))
    fail, mm.fail = mm.fail, None
    pg = _alloc_pages(mm, order, site)
    mm.fail = fail
    if pg is None:
        return False
    pg.slab = True
    addr = pg.addr
    free.extend(range(addr + ((PAGE_SIZE << order) // size - 1) * size, addr - 1, -size))
    return True


def _kfree(mm: MmState, addr: int, site: Site) -> None:
    obj = mm.objs.pop(addr, None)
    if obj is None:
        _bad_free(mm, addr, site)
    size = obj[0]
    dma = here.state["dma"]
    by_page = dma.by_page
    if addr & _PAGE_MASK in by_page or addr + size - 1 & _PAGE_MASK in by_page or size > 2 * PAGE_SIZE:
        dma.assert_idle(addr, size, site)
    mm.objs_freed[addr] = obj[1], site
    free = mm.free_objs.get(size)
    if free is None:
        pg = mm.mem_map[addr >> PAGE_SHIFT]
        assert pg is not None
        _put_page(pg, site)
    else:
        if mm.poison:
            mm.mem[addr : addr + size] = _POISON[:size]
        free.append(addr)


def _bad_free(mm: MmState, addr: int, site: Site) -> NoReturn:
    if addr in mm.objs_freed:
        made, freed = mm.objs_freed[addr]
        raise DoubleFree(
            f"kfree(0x{addr:x}): allocated at {site_str(made)}, freed twice, first at {site_str(freed)}", site_str(site)
        )
    raise DoubleFree(f"kfree(0x{addr:x}): no object was ever allocated at this address", site_str(site))


def kmalloc(size: int, gfp: int) -> int:
    """Allocate ``size`` bytes; 0 (NULL) on failure, with a WARN beyond 4 MiB. Contents are undefined. Source:
    mm/slub.c kmalloc(), v6.12.
    """
    if gfp & __GFP_DIRECT_RECLAIM:
        might_alloc()
    mm: MmState = here.state["mm"]
    f = _getframe(1)
    addr = _kmalloc(mm, kmalloc_size_roundup(size), (f.f_code, f.f_lasti))
    if not addr:
        _warn_order(get_order(size), gfp, (f.f_code, f.f_lasti))
    elif gfp & __GFP_ZERO:
        mm.mem[addr : addr + size] = bytes(size)
    return addr


def _kzalloc(size: int, gfp: int, site: Site) -> int:
    if gfp & __GFP_DIRECT_RECLAIM:
        might_alloc()
    mm: MmState = here.state["mm"]
    addr = _kmalloc(mm, kmalloc_size_roundup(size), site)
    if addr:
        mm.mem[addr : addr + size] = bytes(size)
    else:
        _warn_order(get_order(size), gfp, site)
    return addr


def kzalloc(size: int, gfp: int) -> int:
    return _kzalloc(size, gfp, caller())


def kcalloc(n: int, size: int, gfp: int) -> int:
    return _kzalloc(n * size, gfp, caller())


def kfree(addr: int) -> None:
    """Free; 0 (NULL) is fine. Raises DoubleFree where nothing is allocated at ``addr``."""
    if addr:
        f = _getframe(1)
        _kfree(here.state["mm"], addr, (f.f_code, f.f_lasti))


def ksize(addr: int) -> int:
    """The usable size of an object, in bytes. Source: mm/slab_common.c ksize(), v6.12."""
    obj = _mm().objs.get(addr)
    if obj is None:
        BUG(f"ksize(0x{addr:x}): no live object at this address", site_str(caller()))
    return obj[0]


# -- page fragments ------------------------------------------------------------------------------------------
def _page_frag_refill(mm: MmState, nc: page_frag_cache, fragsz: int, site: Site) -> bool:
    """A page to cut fragments from: the one at hand, where all of them came home, else a new one of 32 KiB, or of 4 KiB
    where there is none of those. False where it is too small, or memory failed.
    """
    pg = nc.page
    if pg is not None and pg.refcount == 1:
        _assert_pages_idle(pg, site)
        pg.site = site
    else:
        if pg is not None:
            _put_page(pg, site)
        pg = _alloc_pages(mm, _PAGE_FRAG_ORDER, site) or _alloc_pages(mm, 0, site)
        nc.page = pg
        if pg is None:
            return False
    pg.frags_freed = {}
    nc.offset = PAGE_SIZE << pg.order
    return nc.offset >= fragsz


def _page_frag_alloc(mm: MmState, nc: page_frag_cache, fragsz: int, site: Site, align_mask: int = -1) -> int:
    offset = nc.offset - fragsz
    if offset < 0 or nc.page is None:
        if not _page_frag_refill(mm, nc, fragsz, site):
            return 0
        offset = nc.offset - fragsz
    elif mm.fail is not None and mm.fail("page", fragsz):
        mm.allocs_failed += 1
        return 0
    pg = nc.page
    assert pg is not None
    nc.offset = offset = offset & align_mask
    pg.refcount += 1
    return pg.addr + offset


def _page_frag_alloc_1k(mm: MmState, nc: page_frag_cache, site: Site) -> int:
    """A fragment of 1 KiB from a single page. Source: net/core/skbuff.c page_frag_alloc_1k(), v6.12."""
    if mm.fail is not None and mm.fail("page", 1024):
        mm.allocs_failed += 1
        return 0
    pg = nc.page
    if pg is None:
        pg = _alloc_pages(mm, 0, site)
        if pg is None:
            return 0
        pg.frags_freed = {}
        nc.page = pg
        nc.offset = PAGE_SIZE
    nc.offset = offset = nc.offset - 1024
    if offset:
        pg.refcount += 1
    else:
        nc.page = None  # the last slice takes the cache's own reference
    return pg.addr + offset


def page_frag_alloc(nc: page_frag_cache, fragsz: int, gfp_mask: int) -> int:
    """A fragment of ``fragsz`` bytes; 0 on failure. Source: mm/page_alloc.c page_frag_alloc(), v6.12."""
    return _page_frag_alloc(_mm(), nc, fragsz, caller())


def page_frag_alloc_align(nc: page_frag_cache, fragsz: int, gfp_mask: int, align: int) -> int:
    """page_frag_alloc() at a multiple of ``align``, a power of two (else WARN)."""
    return _page_frag_alloc(_mm(), nc, fragsz, caller(), align_mask(align))


def align_mask(align: int) -> int:
    """``-align``. WARN where that is no power of two."""
    if align <= 0 or align & (align - 1):
        WARN(f"a page fragment aligned to {align}, which is no power of two", site_str(caller_outside()))
    return -align


def _page_frag_free(mm: MmState, addr: int, site: Site) -> None:
    pg = mm.mem_map[addr >> PAGE_SHIFT]
    if pg is None:
        BUG(f"page_frag_free(0x{addr:x}): no page was ever allocated there", site_str(site))
    freed = pg.frags_freed
    if freed is not None:
        if addr in freed:
            raise DoubleFree(
                f"page fragment 0x{addr:x} (page from {site_str(pg.site)}) freed twice: "
                f"first at {site_str(freed[addr])}",
                site_str(site),
            )
        freed[addr] = site
    _put_page(pg, site)


def page_frag_free(addr: int) -> None:
    """Free a fragment. Raises DoubleFree when it is free already."""
    f = _getframe(1)
    _page_frag_free(here.state["mm"], addr, (f.f_code, f.f_lasti))


def page_frag_cache_drain(nc: page_frag_cache) -> None:
    """Drop the cache's own reference to its page. Source: mm/page_alloc.c page_frag_cache_drain(), v6.12."""
    if nc.page is not None:
        _put_page(nc.page, caller())
        nc.page = None
        nc.offset = 0


# -- the end -------------------------------------------------------------------------------------------------
def mm_leaks() -> list[str]:
    """One line for each kmalloc object and page that is still allocated, oldest first."""
    mm = _mm()
    cached = {id(nc.page): 1 for nc in mm.frag_caches.values() if nc.page is not None}
    lines = [
        f"kmalloc of {size} bytes at 0x{addr:x}, allocated at {site_str(site)}"
        for addr, (size, site) in mm.objs.items()
    ]
    seen: set[int] = set()
    for pg in mm.mem_map:
        if pg is None or pg.slab or pg.pp is not None or id(pg) in seen:
            continue  # a pool tells of its pages itself
        seen.add(id(pg))
        held = pg.refcount - cached.get(id(pg), 0)
        if held > 0:
            lines.append(f"page 0x{pg.addr:x} of order {pg.order}, {held} references, allocated at {site_str(pg.site)}")
    return lines
