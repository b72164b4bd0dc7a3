# SPDX-License-Identifier: Apache-2.0
"""Memory that CPU and device share: dma_alloc_coherent() and pools of small blocks of it.

Coherent memory never bounces, and needs no sync. A pool cuts pages of it into blocks; only a block that is handed out
is within the device's reach. Source: kernel/dma/mapping.c dma_alloc_attrs(), mm/dmapool.c, v6.12. Simplified: free
blocks are not poisoned.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.hw.errors import CheckError
from pymodel.hw.memory import DEV_READ, DEV_WRITE
from pymodel.linux.bug import WARN, Site, broken_rule, caller, site_str
from pymodel.linux.device import device, devm_add_action, devm_remove_action
from pymodel.linux.dma import DMA_BIDIRECTIONAL, _unmap
from pymodel.linux.dma_debug import COHERENT, DmaMapping, DmaState, beyond_mask
from pymodel.linux.mm import (
    __GFP_DIRECT_RECLAIM,
    __GFP_ZERO,
    PAGE_SIZE,
    _alloc_pages,
    _put_page,
    get_order,
    might_alloc,
)

__all__ = [
    "dma_alloc_attrs", "dma_alloc_coherent", "dma_free_attrs", "dma_free_coherent", "dma_pool", "dma_pool_alloc",
    "dma_pool_create", "dma_pool_destroy", "dma_pool_free", "dma_pool_zalloc", "dmam_alloc_coherent",
    "dmam_free_coherent", "dmam_pool_create", "dmam_pool_destroy",
]

_BOTH = DEV_READ | DEV_WRITE
_DMA_BLOCK = 16  # sizeof(struct dma_block): what a free block holds
_INT_MAX = (1 << 31) - 1


def _alloc(dev: device, size: int, gfp: int, site: Site, shared: bool = True) -> tuple[int | None, int]:
    if gfp & __GFP_DIRECT_RECLAIM:
        might_alloc()
    m = here.machine
    dma: DmaState = m.state["dma"]
    if size <= 0 or (dma.fail is not None and dma.fail(dev, size)):
        return None, 0
    pg = _alloc_pages(m.state["mm"], get_order(size), site)
    if pg is None:
        return None, 0
    addr = pg.addr
    bus = addr + dma.bus_offset
    if bus + size - 1 > dev.coherent_dma_mask:
        _put_page(pg, site)
        beyond_mask(dev, bus, size, dev.coherent_dma_mask, site)
        return None, 0
    dma.memory.mem[addr : addr + size] = bytes(size)
    if shared:
        dma.grant(addr, size, _BOTH)
        dma.memory.watch(addr, size)
    if m.weak is not None:
        m.weak.set_weak(addr, size, True)
    mapping = DmaMapping(dev, addr, bus, size, DMA_BIDIRECTIONAL, COHERENT, site)
    mapping.next = dma.live.get(bus)
    dma.live[bus] = mapping
    for frame in range(addr, addr + size, PAGE_SIZE):
        dma.by_page.setdefault(frame, []).append(mapping)
    return addr, bus


def _free(dev: device, size: int, cpu_addr: int | None, dma_handle: int, site: Site) -> None:
    m = here.machine
    if m.sched.cpu is not None and m.sched.cpu.irqs_disabled:
        WARN(f"{dev}: dma_free_coherent() with interrupts disabled (WARN_ON(irqs_disabled()))", site_str(site))
    if not cpu_addr:
        return
    mapping = m.state["dma"].live.get(dma_handle)
    if mapping is not None and mapping.kind == COHERENT and mapping.addr != cpu_addr:
        raise CheckError(
            "DMA1",
            f"{dev}: device driver frees DMA memory with different CPU address "
            f"[cpu alloc address=0x{mapping.addr:x}] [cpu free address=0x{cpu_addr:x}]: {mapping}",
            site_str(site),
        )
    _unmap(dev, dma_handle, size, DMA_BIDIRECTIONAL, COHERENT, site)
    if m.weak is not None:
        m.weak.set_weak(cpu_addr, size, False)
    mm = m.state["mm"]
    _put_page(mm.mem_map[cpu_addr // PAGE_SIZE], site)


def dma_alloc_coherent(dev: device, size: int, gfp: int) -> tuple[int | None, int]:
    """Zeroed memory that CPU and device share: (pointer, bus address), or (None, 0). Whole pages, aligned to their
    order.
    """
    return _alloc(dev, size, gfp, caller())


def dma_alloc_attrs(dev: device, size: int, gfp: int, attrs: int) -> tuple[int | None, int]:
    """As :func:`dma_alloc_coherent`: no attribute changes what a coherent machine gives."""
    return _alloc(dev, size, gfp, caller())


def dma_free_coherent(dev: device, size: int, cpu_addr: int | None, dma_handle: int) -> None:
    """Free, with the arguments of the allocation. None (NULL) is fine; WARN where interrupts are off."""
    _free(dev, size, cpu_addr, dma_handle, caller())


def dma_free_attrs(dev: device, size: int, cpu_addr: int | None, dma_handle: int, attrs: int) -> None:
    _free(dev, size, cpu_addr, dma_handle, caller())


def dmam_alloc_coherent(dev: device, size: int, gfp: int) -> tuple[int | None, int]:
    """dma_alloc_coherent() that is undone with the driver."""
    cpu_addr, dma_handle = _alloc(dev, size, gfp, caller())
    if cpu_addr is not None:
        devm_add_action(dev, dma_free_coherent, dev, size, cpu_addr, dma_handle)
    return cpu_addr, dma_handle


def dmam_free_coherent(dev: device, size: int, cpu_addr: int, dma_handle: int) -> None:
    devm_remove_action(dev, dma_free_coherent, dev, size, cpu_addr, dma_handle)
    _free(dev, size, cpu_addr, dma_handle, caller())


# -- pools ---------------------------------------------------------------------------------------------------
class dma_pool:
    """Blocks of ``size`` bytes; made by dma_pool_create(). ``allocation``: bytes of each of its ``pages`` (pointer ->
    bus address); ``free``: blocks to hand out, the next one last; ``used``: block -> where it was handed out.
    """

    __slots__ = ("allocation", "boundary", "dev", "free", "name", "pages", "size", "used")

    def __init__(self, name: str, dev: device, size: int, allocation: int, boundary: int) -> None:
        self.name = name
        self.dev = dev
        self.size = size
        self.allocation = allocation
        self.boundary = boundary
        self.pages: dict[int, int] = {}
        self.free: list[int] = []
        self.used: dict[int, Site] = {}

    def __repr__(self) -> str:
        return f"dma_pool {self.name}"


def dma_pool_create(name: str, dev: device, size: int, align: int, boundary: int) -> dma_pool | None:
    """A pool of blocks of ``size`` bytes (16 and more), aligned to ``align`` (0: to nothing), that cross no multiple
    of ``boundary`` (0: no matter). None where a number is no power of two, or a block does not fit.
    """
    align = align or 1
    if align & (align - 1) or not 0 < size <= _INT_MAX:
        return None
    size = (max(size, _DMA_BLOCK) + align - 1) & -align
    allocation = max(size, PAGE_SIZE)
    if not boundary:
        boundary = allocation
    elif boundary < size or boundary & (boundary - 1):
        return None
    return dma_pool(name, dev, size, allocation, min(boundary, allocation))


def _new_page(pool: dma_pool, mem_flags: int, site: Site) -> bool:
    """One more page, its blocks in the order of their addresses. Source: mm/dmapool.c pool_initialise_page()."""
    addr, bus = _alloc(pool.dev, pool.allocation, mem_flags & ~__GFP_ZERO, site, shared=False)
    if addr is None:
        return False
    pool.pages[addr] = bus
    blocks = []
    offset, next_boundary = 0, pool.boundary
    while offset + pool.size <= pool.allocation:
        if offset + pool.size > next_boundary:
            offset = next_boundary
            next_boundary += pool.boundary
            continue
        blocks.append(addr + offset)
        offset += pool.size
    pool.free.extend(reversed(blocks))
    return True


def _pool_alloc(pool: dma_pool, mem_flags: int, site: Site) -> tuple[int | None, int]:
    if not pool.free and not _new_page(pool, mem_flags, site):
        return None, 0
    block = pool.free.pop()
    pool.used[block] = site
    dma: DmaState = here.state["dma"]
    dma.grant(block, pool.size, _BOTH)
    dma.memory.watch(block, pool.size)
    if mem_flags & __GFP_ZERO:
        dma.memory.mem[block : block + pool.size] = bytes(pool.size)
    return block, block + dma.bus_offset


def dma_pool_alloc(pool: dma_pool, mem_flags: int) -> tuple[int | None, int]:
    """A block: (pointer, bus address), or (None, 0). The one freed last comes first."""
    return _pool_alloc(pool, mem_flags, caller())


def dma_pool_zalloc(pool: dma_pool, mem_flags: int) -> tuple[int | None, int]:
    return _pool_alloc(pool, mem_flags | __GFP_ZERO, caller())


def dma_pool_free(pool: dma_pool, vaddr: int, dma: int) -> None:
    """Give a block back. DMA1 for one that is not the pool's, or is free already."""
    site = caller()
    state: DmaState = here.state["dma"]
    if vaddr not in pool.used or dma - state.bus_offset != vaddr:
        if vaddr in pool.free:
            what = "already free"
        elif vaddr in pool.used:
            what = f"its bus address is 0x{vaddr + state.bus_offset:x} (bad dma)"
        else:
            what = "no block of this pool (bad vaddr)"
        raise CheckError(
            "DMA1", f"{pool.dev}: dma_pool_free {pool.name}, 0x{vaddr:x}/0x{dma:x}: {what}", site_str(site)
        )
    del pool.used[vaddr]
    state.revoke(vaddr, pool.size, _BOTH)
    pool.free.append(vaddr)


def dma_pool_destroy(pool: dma_pool | None) -> None:
    """Free a pool whose blocks have all come home. DMA1 while a block is in use: its page leaks. None is fine."""
    _pool_destroy(pool, caller())


def _pool_destroy(pool: dma_pool | None, site: Site) -> None:
    if pool is None:
        return
    state: DmaState = here.state["dma"]
    if pool.used:
        block, where = next(iter(pool.used.items()))
        broken_rule(
            "DMA1",
            f"{pool.dev}: dma_pool_destroy {pool.name}, 0x{block:x} busy: {len(pool.used)} blocks in use, "
            f"this one from {site_str(where)}",
            site_str(site),
        )
    for addr, bus in pool.pages.items():
        if any(addr <= block < addr + pool.allocation for block in pool.used):
            continue
        state.grant(addr, pool.allocation, _BOTH)  # as _unmap() expects of coherent memory
        _free(pool.dev, pool.allocation, addr, bus, site)
    pool.pages.clear()
    pool.free.clear()


def dmam_pool_create(name: str, dev: device, size: int, align: int, boundary: int) -> dma_pool | None:
    """dma_pool_create() that is undone with the driver."""
    pool = dma_pool_create(name, dev, size, align, boundary)
    if pool is not None:
        devm_add_action(dev, dma_pool_destroy, pool)
    return pool


def dmam_pool_destroy(pool: dma_pool) -> None:
    devm_remove_action(pool.dev, dma_pool_destroy, pool)
    _pool_destroy(pool, caller())
