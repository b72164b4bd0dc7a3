# SPDX-License-Identifier: Apache-2.0
"""The DMA API, with every mapping watched as CONFIG_DMA_API_DEBUG does, and more.

A mapping gives the device permission for its bytes, in its direction, and for no more; unmapping takes it away.
Checked always: each mapping is unmapped once, with its own size and direction (DMA1), after ``dma_mapping_error``
(DMA2); sync stays within a mapping and its direction (DMA3); addresses are within the mask (DMA4); memory is not
freed while it is mapped (DMA1). Messages name the line that made the mapping. Source: kernel/dma/mapping.c,
direct.c, debug.c, v6.12. Simplified: no IOMMU translation, no bounce buffers.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

from pymodel.hw.access import machine
from pymodel.hw.errors import CheckError
from pymodel.hw.memory import DEV_READ, DEV_WRITE, DmaFault
from pymodel.linux.bug import Site, broken_rule, caller, site_str
from pymodel.linux.device import device
from pymodel.linux.errno import EIO, ENOMEM
from pymodel.linux.mm import __GFP_DIRECT_RECLAIM, PAGE_SIZE, _alloc_pages, _put_page, get_order, might_alloc, page
from pymodel.linux.skbuff import skb_frag_t

__all__ = [
    "DMA_ATTR_NO_WARN", "DMA_ATTR_SKIP_CPU_SYNC", "DMA_ATTR_WEAK_ORDERING", "DMA_BIDIRECTIONAL", "DMA_BIT_MASK",
    "DMA_FROM_DEVICE", "DMA_MAPPING_ERROR", "DMA_TO_DEVICE", "DmaMapping", "DmaState", "dma_alloc_coherent",
    "dma_fault_error", "dma_free_coherent", "dma_get_mask", "dma_leaks", "dma_map_page", "dma_map_page_attrs",
    "dma_map_single", "dma_map_single_attrs", "dma_mapping_error", "dma_mappings", "dma_set_coherent_mask",
    "dma_set_mask", "dma_set_mask_and_coherent", "dma_sync_single_for_cpu", "dma_sync_single_for_device",
    "dma_sync_single_range_for_cpu", "dma_sync_single_range_for_device", "dma_unmap_page", "dma_unmap_page_attrs",
    "dma_unmap_single", "dma_unmap_single_attrs", "set_dma_failure", "skb_frag_dma_map",
]

DMA_BIDIRECTIONAL = 0
DMA_TO_DEVICE = 1
DMA_FROM_DEVICE = 2
DMA_MAPPING_ERROR = (1 << 64) - 1
DMA_ATTR_WEAK_ORDERING = 1 << 1
DMA_ATTR_SKIP_CPU_SYNC = 1 << 5
DMA_ATTR_NO_WARN = 1 << 8

_ACCESS = (DEV_READ | DEV_WRITE, DEV_READ, DEV_WRITE)
_DIRECTION = ("DMA_BIDIRECTIONAL", "DMA_TO_DEVICE", "DMA_FROM_DEVICE")
_PAGE_MASK = -PAGE_SIZE
_getframe = sys._getframe


def DMA_BIT_MASK(n: int) -> int:
    return (1 << n) - 1


class DmaMapping:
    """One mapping: ``size`` bytes at index ``addr``, which the device knows as ``bus``."""

    __slots__ = ("addr", "bus", "checked", "coherent", "dev", "dir", "next", "site", "size", "unmapped")

    def __init__(self, dev: device, addr: int, bus: int, size: int, dir: int, coherent: bool, site: Site) -> None:
        self.dev = dev
        self.addr = addr
        self.bus = bus
        self.size = size
        self.dir = dir
        self.coherent = coherent
        self.checked = coherent
        self.site = site
        self.next: DmaMapping | None = None  # another mapping of the same address
        self.unmapped: Site | None = None

    def __str__(self) -> str:
        kind = "coherent memory" if self.coherent else f"mapping {_DIRECTION[self.dir]}"
        return f"{kind} of {self.size} bytes at bus 0x{self.bus:x}, made at {site_str(self.site)}"


class DmaState:
    """The mappings of one machine."""

    __slots__ = ("by_page", "bus_offset", "fail", "grant", "live", "mapped", "memory", "past", "revoke", "top")

    def __init__(self, memory: Any) -> None:
        self.memory = memory
        self.bus_offset: int = memory.bus_offset
        self.top: int = memory.bus_offset + memory.size - 1
        self.grant: Callable[[int, int, int], object] = memory.grant
        self.revoke: Callable[[int, int, int], object] = memory.revoke
        self.live: dict[int, DmaMapping] = {}  # by bus address
        self.by_page: dict[int, list[DmaMapping]] = {}  # by page of index
        self.past: deque[DmaMapping] = deque(maxlen=512)  # unmapped lately: for reports
        self.fail: Callable[[device, int], bool] | None = None
        self.mapped = 0

    def assert_idle(self, addr: int, size: int, site: Site) -> None:
        """Memory about to be freed must not be within the device's reach."""
        end = addr + size
        for frame in range(addr & _PAGE_MASK, end, PAGE_SIZE):
            for m in self.by_page.get(frame, ()):
                if m.addr < end and addr < m.addr + m.size:
                    broken_rule(
                        "DMA1",
                        f"{size} bytes at 0x{addr:x} freed while {m.dev} can still reach them: {m}",
                        site_str(site),
                    )
                    return


def set_dma_failure(fail: Callable[[device, int], bool] | None) -> None:
    """Decide which mappings fail: ``fail(dev, size)``. None: none."""
    machine().state["dma"].fail = fail


# -- mapping -------------------------------------------------------------------------------------------------
def _map(dev: device, addr: int, size: int, dir: int, site: Site) -> int:
    dma: DmaState = machine().state["dma"]
    if dma.fail is not None and dma.fail(dev, size):
        return DMA_MAPPING_ERROR
    bus = addr + dma.bus_offset
    if size <= 0 or dir < 0 or dir > 2 or bus + size - 1 > dev.dma_mask:
        _bad_map(dev, bus, size, dir, site)
        return DMA_MAPPING_ERROR
    dma.grant(addr, size, _ACCESS[dir])
    m = DmaMapping(dev, addr, bus, size, dir, False, site)
    live = dma.live
    if bus in live:
        m.next = live[bus]
    live[bus] = m
    by_page = dma.by_page
    frame = addr & _PAGE_MASK
    end = addr + size
    while frame < end:
        if frame in by_page:
            by_page[frame].append(m)
        else:
            by_page[frame] = [m]
        frame += PAGE_SIZE
    dma.mapped += 1
    return bus


def _bad_map(dev: device, bus: int, size: int, dir: int, site: Site) -> None:
    if not 0 <= dir <= 2:
        raise CheckError("DMA3", f"{dev}: mapping with direction {dir}", site_str(site))
    if size <= 0:
        raise CheckError("DMA1", f"{dev}: mapping of {size} bytes", site_str(site))
    broken_rule(
        "DMA4",
        f"{dev}: DMA addr 0x{bus:x}+{size} overflow (mask 0x{dev.dma_mask:x}); "
        "did the driver call dma_set_mask_and_coherent()?",
        site_str(site),
    )


def dma_map_single(dev: device, ptr: int, size: int, dir: int) -> int:
    """Give the device ``size`` bytes at a pointer; their bus address, to be tested with dma_mapping_error()."""
    f = _getframe(1)
    return _map(dev, ptr, size, dir, (f.f_code, f.f_lasti))


def dma_map_single_attrs(dev: device, ptr: int, size: int, dir: int, attrs: int) -> int:
    return _map(dev, ptr, size, dir, caller())


def dma_map_page(dev: device, pg: page, offset: int, size: int, dir: int) -> int:
    f = _getframe(1)
    return _map(dev, pg.addr + offset, size, dir, (f.f_code, f.f_lasti))


def dma_map_page_attrs(dev: device, pg: page, offset: int, size: int, dir: int, attrs: int) -> int:
    return _map(dev, pg.addr + offset, size, dir, caller())


def skb_frag_dma_map(dev: device, frag: skb_frag_t, offset: int, size: int, dir: int) -> int:
    """Map ``size`` bytes from ``offset`` of a fragment."""
    f = _getframe(1)
    return _map(dev, frag.page.addr + frag.offset + offset, size, dir, (f.f_code, f.f_lasti))


def dma_mapping_error(dev: device, dma_addr: int) -> int:
    """-ENOMEM where the mapping failed, else 0. Must be asked of each mapping (DMA2)."""
    if dma_addr == DMA_MAPPING_ERROR:
        return -ENOMEM
    m = machine().state["dma"].live.get(dma_addr)
    if m is not None:
        m.checked = True
    return 0


# -- unmapping -----------------------------------------------------------------------------------------------
def _unmap(dev: device, bus: int, size: int, dir: int, coherent: bool, site: Site) -> DmaMapping:
    dma: DmaState = machine().state["dma"]
    live = dma.live
    m = live.get(bus)
    if m is None:
        _bad_unmap(dma, dev, bus, size, dir, coherent, site)
    if m.size != size or m.dir != dir or m.dev is not dev or m.coherent is not coherent:
        first = m
        before = m
        while m is not None and (m.size != size or m.dir != dir or m.dev is not dev or m.coherent is not coherent):
            before, m = m, m.next
        if m is None:
            _bad_unmap(dma, dev, bus, size, dir, coherent, site)
        if m is not first:
            before.next = m.next
    elif m.next is not None:
        live[bus] = m.next
    else:
        del live[bus]
    if not m.checked:
        broken_rule("DMA2", f"{dev}: device driver failed to check map error: {m}", site_str(site))
    addr = m.addr
    dma.revoke(addr, size, _ACCESS[dir])
    by_page = dma.by_page
    frame = addr & _PAGE_MASK
    end = addr + size
    while frame < end:
        there = by_page[frame]
        if len(there) == 1:
            del by_page[frame]
        else:
            there.remove(m)
        frame += PAGE_SIZE
    m.unmapped = site
    m.next = None
    dma.past.append(m)
    return m


def _bad_unmap(dma: DmaState, dev: device, bus: int, size: int, dir: int, coherent: bool, site: Site) -> NoReturn:
    where = site_str(site)
    if bus == DMA_MAPPING_ERROR:
        raise CheckError(
            "DMA1", f"{dev}: device driver tries to free an invalid DMA memory address (DMA_MAPPING_ERROR)", where
        )
    m = dma.live.get(bus)
    if m is None:
        old = next((p for p in reversed(dma.past) if p.bus == bus), None)
        history = f"; it was a {old}, unmapped at {site_str(old.unmapped)}" if old is not None else ""
        raise CheckError(
            "DMA1",
            f"{dev}: device driver tries to free DMA memory it has not allocated "
            f"[bus 0x{bus:x}, {size} bytes]{history}",
            where,
        )
    if m.dev is not dev:
        raise CheckError("DMA1", f"{dev}: device driver frees DMA memory of {m.dev}: {m}", where)
    if m.coherent is not coherent:
        raise CheckError("DMA1", f"{dev}: device driver frees DMA memory with wrong function: {m}", where)
    if m.size != size:
        raise CheckError(
            "DMA1", f"{dev}: device driver frees DMA memory with different size [unmap {size} bytes]: {m}", where
        )
    raise CheckError(
        "DMA1",
        f"{dev}: device driver frees DMA memory with different direction [unmapped with {_DIRECTION[dir]}]: {m}",
        where,
    )


def dma_unmap_single(dev: device, dma_addr: int, size: int, dir: int) -> None:
    """Take it back, with the arguments of the mapping (DMA1)."""
    f = _getframe(1)
    _unmap(dev, dma_addr, size, dir, False, (f.f_code, f.f_lasti))


def dma_unmap_page(dev: device, dma_addr: int, size: int, dir: int) -> None:
    f = _getframe(1)
    _unmap(dev, dma_addr, size, dir, False, (f.f_code, f.f_lasti))


def dma_unmap_single_attrs(dev: device, dma_addr: int, size: int, dir: int, attrs: int) -> None:
    _unmap(dev, dma_addr, size, dir, False, caller())


dma_unmap_page_attrs = dma_unmap_single_attrs


# -- sync ----------------------------------------------------------------------------------------------------
def _sync(dev: device, bus: int, size: int, dir: int, site: Site) -> None:
    """On a coherent machine nothing moves; that the range and the direction are right is checked."""
    dma: DmaState = machine().state["dma"]
    m = dma.live.get(bus)
    if m is None or m.size < size:
        index = bus - dma.bus_offset
        for m in dma.by_page.get(index & _PAGE_MASK, ()):
            if m.bus <= bus and bus + size <= m.bus + m.size and m.dev is dev:
                break
        else:
            raise CheckError(
                "DMA1",
                f"{dev}: device driver tries to sync DMA memory it has not allocated [bus 0x{bus:x}, {size} bytes]",
                site_str(site),
            )
    if m.dir != dir and m.dir != DMA_BIDIRECTIONAL:
        broken_rule(
            "DMA3",
            f"{dev}: device driver syncs DMA memory with different direction ({_DIRECTION[dir]}): {m}",
            site_str(site),
        )


def dma_sync_single_for_cpu(dev: device, addr: int, size: int, dir: int) -> None:
    """The CPU is about to read what the device wrote."""
    f = _getframe(1)
    _sync(dev, addr, size, dir, (f.f_code, f.f_lasti))


def dma_sync_single_for_device(dev: device, addr: int, size: int, dir: int) -> None:
    f = _getframe(1)
    _sync(dev, addr, size, dir, (f.f_code, f.f_lasti))


def dma_sync_single_range_for_cpu(dev: device, addr: int, offset: int, size: int, dir: int) -> None:
    f = _getframe(1)
    _sync(dev, addr + offset, size, dir, (f.f_code, f.f_lasti))


def dma_sync_single_range_for_device(dev: device, addr: int, offset: int, size: int, dir: int) -> None:
    f = _getframe(1)
    _sync(dev, addr + offset, size, dir, (f.f_code, f.f_lasti))


# -- coherent memory -----------------------------------------------------------------------------------------
def dma_alloc_coherent(dev: device, size: int, gfp: int) -> tuple[int | None, int]:
    """Zeroed memory that CPU and device share: (pointer, bus address), or (None, 0). Whole pages, aligned to their
    order.
    """
    if gfp & __GFP_DIRECT_RECLAIM:
        might_alloc()
    site = caller()
    m = machine()
    dma: DmaState = m.state["dma"]
    if dma.fail is not None and dma.fail(dev, size):
        return None, 0
    pg = _alloc_pages(m.state["mm"], get_order(size), site)
    if pg is None:
        return None, 0
    addr = pg.addr
    bus = addr + dma.bus_offset
    if bus + size - 1 > dev.coherent_dma_mask:
        _put_page(pg, site)
        broken_rule(
            "DMA4",
            f"{dev}: coherent memory at bus 0x{bus:x} is beyond the mask 0x{dev.coherent_dma_mask:x}",
            site_str(site),
        )
        return None, 0
    m.state["mm"].mem[addr : addr + size] = bytes(size)
    dma.grant(addr, size, DEV_READ | DEV_WRITE)
    dma.memory.watch(addr, size)
    mapping = DmaMapping(dev, addr, bus, size, DMA_BIDIRECTIONAL, True, site)
    mapping.next = dma.live.get(bus)
    dma.live[bus] = mapping
    for frame in range(addr, addr + size, PAGE_SIZE):
        dma.by_page.setdefault(frame, []).append(mapping)
    return addr, bus


def dma_free_coherent(dev: device, size: int, cpu_addr: int | None, dma_handle: int) -> None:
    """Free, with the arguments of the allocation. None (NULL) is fine."""
    if cpu_addr is None:
        return
    site = caller()
    mm = machine().state["mm"]
    mapping = _unmap(dev, dma_handle, size, DMA_BIDIRECTIONAL, True, site)
    if mapping.addr != cpu_addr:
        raise CheckError(
            "DMA1",
            f"{dev}: device driver frees DMA memory with different CPU address 0x{cpu_addr:x}: {mapping}",
            site_str(site),
        )
    _put_page(mm.mem_map[cpu_addr // PAGE_SIZE], site)


# -- masks ---------------------------------------------------------------------------------------------------
def dma_set_mask(dev: device, mask: int) -> int:
    """Say which addresses the device can reach. 0, or -EIO where that is no use here.

    Source: kernel/dma/direct.c dma_direct_supported(). Memory lies where it lies: a mask below its end is taken,
    and mappings fail.
    """
    if mask < 0xFFFFFF:
        return -EIO
    dev.dma_mask = mask
    return 0


def dma_set_coherent_mask(dev: device, mask: int) -> int:
    if mask < 0xFFFFFF:
        return -EIO
    dev.coherent_dma_mask = mask
    return 0


def dma_set_mask_and_coherent(dev: device, mask: int) -> int:
    return dma_set_mask(dev, mask) or dma_set_coherent_mask(dev, mask)


def dma_get_mask(dev: device) -> int:
    return dev.dma_mask


# -- reports -------------------------------------------------------------------------------------------------
def dma_mappings(dev: device | None = None) -> list[DmaMapping]:
    """The mappings that exist, of one device or of all."""
    found = []
    first: DmaMapping | None
    for first in machine().state["dma"].live.values():
        while first is not None:
            if dev is None or first.dev is dev:
                found.append(first)
            first = first.next
    return found


def dma_leaks(dev: device | None = None) -> list[str]:
    return [f"{m.dev}: {m}" for m in dma_mappings(dev)]


def check_no_mappings(dev: device) -> None:
    """A device that is unbound has given all its DMA memory back (DMA1)."""
    left = dma_mappings(dev)
    if left:
        broken_rule(
            "DMA1",
            f"{dev}: device driver has pending DMA allocations while released from device "
            f"[count={len(left)}]; one of them: {left[0]}",
            "driver's remove()",
        )


def dma_fault_error(fault: DmaFault) -> CheckError:
    """What a refused access of the device means to the driver: which mapping it missed, by how much (DMA3, or
    DMA1).
    """
    dma: DmaState = machine().state["dma"]
    bad = fault.first_bad
    near: list[tuple[int, str]] = []
    for m in dma_mappings():
        if m.bus <= bad < m.bus + m.size:
            return CheckError("DMA3", f"{fault}: it lies in the {m}", f"{m.dev}, AXI ID {fault.axi_id}")
        end = m.bus + m.size
        near.append(
            (bad - end, f"{bad - end + 1} bytes past the end of a {m}")
            if bad >= end
            else (m.bus - bad, f"{m.bus - bad} bytes before a {m}")
        )
    for p in reversed(dma.past):
        if p.bus <= bad < p.bus + p.size:
            near.append((-1, f"it was in a {p}, unmapped at {site_str(p.unmapped)}"))
            break
    hint = min(near)[1] if near else "nothing is mapped at all"
    return CheckError("DMA1", f"{fault}: {hint}", f"AXI ID {fault.axi_id}")
