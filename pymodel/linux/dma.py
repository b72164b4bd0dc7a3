# SPDX-License-Identifier: Apache-2.0
"""The streaming DMA API: map, unmap, sync, and what a device can reach.

A mapping gives the device permission for its bytes, in its direction, and for no more; unmapping takes it away.
Of what the device may write only its owner may write: :func:`dma_sync_single_for_cpu` and its kin take the range from
the device until one of dma_sync_single_for_device() gives it back (DMA3; on each change of owner, though the example
in dma-api-howto.rst leaves the second out where the CPU has only read). Two kinds of driver need not sync and are
believed: one that maps with DMA_ATTR_SKIP_CPU_SYNC because there is nothing to flush (octeontx2), so that such a
mapping is the device's until its first sync, and if that is one for the device, only what is synced for the device is;
and one that dma_need_sync() has told so: from then on nothing is taken from its device. A bounce buffer is the
device's alone: nothing of the CPU's is in reach.
``boot(swiotlb="force")`` puts a bounce buffer between (:mod:`pymodel.linux.swiotlb`). Every call is checked
(:mod:`pymodel.linux.dma_debug`): DMA1 each mapping unmapped once, as it was made, DMA2 ``dma_mapping_error`` asked,
DMA3 directions, DMA4 the mask. Source: kernel/dma/mapping.c, direct.c, v6.12. Simplified: no IOMMU translation.
"""

from __future__ import annotations

import sys

from pymodel.hw.access import here
from pymodel.hw.memory import DEV_READ, DEV_WRITE
from pymodel.linux.bug import Site, _printk, caller
from pymodel.linux.device import device
from pymodel.linux.dma_debug import (
    CACHE_LINE,
    DMA_ATTR_SKIP_CPU_SYNC,
    DMA_MAPPING_ERROR,
    DMA_TO_DEVICE,
    SINGLE,
    DmaMapping,
    DmaState,
    bad_map,
    bad_sync,
    bad_unmap,
    beyond_mask,
    dma_mappings,
    find_synced,
    not_checked,
    overlap,
)
from pymodel.linux.errno import EIO, ENOMEM
from pymodel.linux.mm import PAGE_SIZE, page
from pymodel.linux.skbuff import skb_frag_t

__all__ = [
    "DMA_ATTR_ALLOC_SINGLE_PAGES", "DMA_ATTR_FORCE_CONTIGUOUS", "DMA_ATTR_NO_KERNEL_MAPPING", "DMA_ATTR_NO_WARN",
    "DMA_ATTR_PRIVILEGED", "DMA_ATTR_SKIP_CPU_SYNC", "DMA_ATTR_WEAK_ORDERING", "DMA_ATTR_WRITE_COMBINE",
    "DMA_BIDIRECTIONAL", "DMA_BIT_MASK", "DMA_FROM_DEVICE", "DMA_MAPPING_ERROR", "DMA_NONE", "DMA_TO_DEVICE",
    "dma_addressing_limited", "dma_get_mask", "dma_get_max_seg_size", "dma_get_min_align_mask", "dma_get_required_mask",
    "dma_get_seg_boundary", "dma_map_page", "dma_map_page_attrs", "dma_map_single", "dma_map_single_attrs",
    "dma_mapping_error", "dma_max_mapping_size", "dma_need_sync", "dma_opt_mapping_size", "dma_set_coherent_mask",
    "dma_set_mask", "dma_set_mask_and_coherent", "dma_set_max_seg_size", "dma_set_min_align_mask",
    "dma_set_seg_boundary", "dma_sync_single_for_cpu", "dma_sync_single_for_device", "dma_sync_single_range_for_cpu",
    "dma_sync_single_range_for_device", "dma_unmap_page", "dma_unmap_page_attrs", "dma_unmap_single",
    "dma_unmap_single_attrs", "skb_frag_dma_map", "valid_dma_direction",
]

DMA_BIDIRECTIONAL = 0
DMA_FROM_DEVICE = 2
DMA_NONE = 3
DMA_ATTR_WEAK_ORDERING = 1 << 1
DMA_ATTR_WRITE_COMBINE = 1 << 2
DMA_ATTR_NO_KERNEL_MAPPING = 1 << 4
DMA_ATTR_FORCE_CONTIGUOUS = 1 << 6
DMA_ATTR_ALLOC_SINGLE_PAGES = 1 << 7
DMA_ATTR_NO_WARN = 1 << 8
DMA_ATTR_PRIVILEGED = 1 << 9

_ACCESS = (DEV_READ | DEV_WRITE, DEV_READ, DEV_WRITE)
_PAGE_MASK = -PAGE_SIZE
_ZONE_DMA_MASK = 0xFFFFFF  # the least mask that any device may have: ZONE_DMA's 16 MiB
_getframe = sys._getframe


def DMA_BIT_MASK(n: int) -> int:
    return (1 << n) - 1


def valid_dma_direction(direction: int) -> bool:
    return direction in (DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE)


# -- mapping -------------------------------------------------------------------------------------------------
def _map(dev: device, addr: int, size: int, dir: int, site: Site, attrs: int = 0, kind: int = SINGLE) -> int:
    dma: DmaState = here.state["dma"]
    if dma.fail is not None and dma.fail(dev, size):
        return DMA_MAPPING_ERROR
    bus = addr + dma.bus_offset
    last = bus + size - 1
    if size <= 0 or dir < 0 or dir > 2 or addr < PAGE_SIZE or last > dma.top:
        bad_map(dma, dev, addr, size, dir, site)
    by_page = dma.by_page
    frame = addr & _PAGE_MASK
    end = addr + size
    if dir != DMA_TO_DEVICE:
        at = frame
        while at < end:
            if at in by_page:
                for m in by_page[at]:
                    there = m.addr
                    if m.dir != DMA_TO_DEVICE and (
                        (there ^ addr) < CACHE_LINE or (there < end and addr < there + m.size)
                    ):
                        overlap(dma, dev, addr, size, attrs, m, site)
            at += PAGE_SIZE
    if dma.bounce is None:
        if last > dev.dma_mask:
            beyond_mask(dev, bus, size, dev.dma_mask, site)
            return DMA_MAPPING_ERROR
        if dma.grant(addr, size, _ACCESS[dir]) >= 0:
            dma.memory.grant(addr, size, _ACCESS[dir])  # says why not
        m = DmaMapping(dev, addr, bus, size, dir, kind, site)
        if attrs & DMA_ATTR_SKIP_CPU_SYNC:
            m.unsynced = True
    else:
        slot = _bounce(dma, dev, addr, size, attrs, site)
        if not slot:
            return DMA_MAPPING_ERROR
        dma.grant(slot, size, _ACCESS[dir])
        bus = slot + dma.bus_offset
        m = DmaMapping(dev, addr, bus, size, dir, kind, site, slot)
    live = dma.live
    if bus in live:
        m.next = live[bus]
    live[bus] = m
    while frame < end:
        if frame in by_page:
            by_page[frame].append(m)
        else:
            by_page[frame] = [m]
        frame += PAGE_SIZE
    dma.mapped += 1
    return bus


def _bounce(dma: DmaState, dev: device, addr: int, size: int, attrs: int, site: Site) -> int:
    """A bounce buffer with the data in it, 0 where there is none. DMA_ATTR_SKIP_CPU_SYNC does not spare the copy:
    what the device leaves alone must come back as it was. Source: kernel/dma/swiotlb.c swiotlb_tbl_map_single().
    """
    pool = dma.bounce
    assert pool is not None
    slot = pool.find(addr, size, dev.min_align_mask)
    if not slot:
        if not attrs & DMA_ATTR_NO_WARN:
            _printk(
                f"{dev}: swiotlb buffer is full (sz: {size} bytes), total {pool.nslabs} (slots), "
                f"used {pool.used_slots} (slots)"
            )
        return 0
    if slot + dma.bus_offset + size - 1 > dev.dma_mask:
        pool.release(slot, size)
        beyond_mask(dev, slot + dma.bus_offset, size, dev.dma_mask, site)
        return 0
    mem = pool.mem
    mem[slot : slot + size] = mem[addr : addr + size]
    return slot


def dma_map_single(dev: device, ptr: int, size: int, dir: int) -> int:
    """Give the device ``size`` bytes at a pointer; their bus address, to be tested with dma_mapping_error()."""
    f = _getframe(1)
    return _map(dev, ptr, size, dir, (f.f_code, f.f_lasti))


def dma_map_single_attrs(dev: device, ptr: int, size: int, dir: int, attrs: int) -> int:
    return _map(dev, ptr, size, dir, caller(), attrs)


def dma_map_page(dev: device, pg: page, offset: int, size: int, dir: int) -> int:
    """As :func:`dma_map_single`, for ``size`` bytes from ``offset`` of a page."""
    f = _getframe(1)
    return _map(dev, pg.addr + offset, size, dir, (f.f_code, f.f_lasti))


def dma_map_page_attrs(dev: device, pg: page, offset: int, size: int, dir: int, attrs: int) -> int:
    return _map(dev, pg.addr + offset, size, dir, caller(), attrs)


def skb_frag_dma_map(dev: device, frag: skb_frag_t, offset: int, size: int, dir: int) -> int:
    """Map ``size`` bytes from ``offset`` of a fragment."""
    f = _getframe(1)
    return _map(dev, frag.page.addr + frag.offset + offset, size, dir, (f.f_code, f.f_lasti))


def dma_mapping_error(dev: device, dma_addr: int) -> int:
    """-ENOMEM where the mapping failed, else 0. Must be asked of each mapping (DMA2)."""
    if dma_addr == DMA_MAPPING_ERROR:
        return -ENOMEM
    m = here.state["dma"].live.get(dma_addr)
    while m is not None and m.checked:
        m = m.next
    if m is not None:
        m.checked = True
    return 0


# -- unmapping -----------------------------------------------------------------------------------------------
def _unmap(
    dev: device, bus: int, size: int, dir: int, kind: int, site: Site, attrs: int = 0, ents: int = 0
) -> DmaMapping:
    dma: DmaState = here.state["dma"]
    live = dma.live
    m = live.get(bus)
    if m is None:
        bad_unmap(dma, dev, bus, size, dir, kind, ents, site)
    if m.size != size or m.dir != dir or m.dev is not dev or m.kind != kind or m.ents != ents:
        first = m
        before = m
        while m is not None and (
            m.size != size or m.dir != dir or m.dev is not dev or m.kind != kind or m.ents != ents
        ):
            before, m = m, m.next
        if m is None:
            bad_unmap(dma, dev, bus, size, dir, kind, ents, site)
        if m is not first:
            before.next = m.next
    elif m.next is not None:
        live[bus] = m.next
    else:
        del live[bus]
    if not m.checked:
        not_checked(m, site)
    addr = m.addr
    if not m.slot:
        if m.synced is not None:
            dma.own(addr, size, 0)
        if dma.revoke(addr, size, _ACCESS[dir]) >= 0:
            dma.memory.revoke(addr, size, _ACCESS[dir])
    else:
        dma.revoke(m.slot, size, _ACCESS[dir])
        assert dma.bounce is not None
        if dir != DMA_TO_DEVICE and not attrs & DMA_ATTR_SKIP_CPU_SYNC:
            mem = dma.bounce.mem
            mem[addr : addr + size] = mem[m.slot : m.slot + size]
        dma.bounce.release(m.slot, size)
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


def dma_unmap_single(dev: device, dma_addr: int, size: int, dir: int) -> None:
    """Take it back, with the arguments of the mapping (DMA1)."""
    f = _getframe(1)
    _unmap(dev, dma_addr, size, dir, SINGLE, (f.f_code, f.f_lasti))


def dma_unmap_page(dev: device, dma_addr: int, size: int, dir: int) -> None:
    f = _getframe(1)
    _unmap(dev, dma_addr, size, dir, SINGLE, (f.f_code, f.f_lasti))


def dma_unmap_single_attrs(dev: device, dma_addr: int, size: int, dir: int, attrs: int) -> None:
    """With DMA_ATTR_SKIP_CPU_SYNC a bounce buffer is not copied back: the CPU has synced what it wants to see."""
    _unmap(dev, dma_addr, size, dir, SINGLE, caller(), attrs)


dma_unmap_page_attrs = dma_unmap_single_attrs


# -- sync ----------------------------------------------------------------------------------------------------
def _sync(dev: device, bus: int, size: int, dir: int, to_cpu: bool, site: Site, ents: int = 0) -> None:
    """Check range and direction, and change the owner. On a coherent machine nothing moves; with a bounce buffer
    these bytes do.
    """
    dma: DmaState = here.state["dma"]
    m = dma.live.get(bus)
    if m is None or m.size < size or m.dev is not dev:
        end = bus + size
        for m in dma.by_page.get(bus - dma.bus_offset & _PAGE_MASK, ()):  # but for bounce buffers
            if m.bus <= bus and end <= m.bus + m.size and m.dev is dev:
                break
        else:
            m = find_synced(dma, dev, bus, size, site)
    if (m.dir != dir and m.dir != DMA_BIDIRECTIONAL) or (ents and m.ents != ents):
        bad_sync(m, dir, ents, site)
    if not m.slot:
        if m.dir != DMA_TO_DEVICE and (dir != DMA_TO_DEVICE or not to_cpu) and dev not in dma.sync_free:
            synced = m.synced
            if synced is None:
                synced = m.synced = {}
                if m.unsynced and not to_cpu:
                    dma.own(m.addr, m.size, 1)
            elif bus in synced:
                del synced[bus]
            if to_cpu:
                synced[bus] = (size, site)
            dma.own(bus - dma.bus_offset, size, to_cpu)
    elif dir in (DMA_BIDIRECTIONAL, DMA_FROM_DEVICE if to_cpu else DMA_TO_DEVICE):
        assert dma.bounce is not None
        mem = dma.bounce.mem
        slot = bus - dma.bus_offset
        addr = m.addr + bus - m.bus
        if to_cpu:
            mem[addr : addr + size] = mem[slot : slot + size]
        else:
            mem[slot : slot + size] = mem[addr : addr + size]


def dma_sync_single_for_cpu(dev: device, addr: int, size: int, dir: int) -> None:
    """The CPU is about to read what the device wrote: the first ``size`` bytes. The device may write them no more."""
    f = _getframe(1)
    _sync(dev, addr, size, dir, True, (f.f_code, f.f_lasti))


def dma_sync_single_for_device(dev: device, addr: int, size: int, dir: int) -> None:
    """The device is about to read what the CPU wrote, or to write again, which it may from now on."""
    f = _getframe(1)
    _sync(dev, addr, size, dir, False, (f.f_code, f.f_lasti))


def dma_sync_single_range_for_cpu(dev: device, addr: int, offset: int, size: int, dir: int) -> None:
    f = _getframe(1)
    _sync(dev, addr + offset, size, dir, True, (f.f_code, f.f_lasti))


def dma_sync_single_range_for_device(dev: device, addr: int, offset: int, size: int, dir: int) -> None:
    f = _getframe(1)
    _sync(dev, addr + offset, size, dir, False, (f.f_code, f.f_lasti))


def dma_need_sync(dev: device, dma_addr: int) -> bool:
    """Whether syncing moves anything: where there are bounce buffers. A driver that hears False may leave out all its
    syncs, as dma-api.rst says: all that its device may write stays the device's. Source: kernel/dma/mapping.c.
    """
    dma: DmaState = here.state["dma"]
    if dma.bounce is not None:
        return True
    if dev not in dma.sync_free:
        dma.sync_free.add(dev)
        for m in dma_mappings(dev):
            if m.synced is not None:
                dma.own(m.addr, m.size, 0)
                m.synced = None
    return False


# -- what a device can reach ---------------------------------------------------------------------------------
def dma_set_mask(dev: device, mask: int) -> int:
    """Say which addresses the device can reach. 0, or -EIO where that is no use here.

    Source: kernel/dma/direct.c dma_direct_supported(). Memory lies where it lies: a mask below its end is taken,
    and mappings fail.
    """
    if mask < _ZONE_DMA_MASK:
        return -EIO
    dev.dma_mask = mask
    return 0


def dma_set_coherent_mask(dev: device, mask: int) -> int:
    """As :func:`dma_set_mask`, for coherent memory."""
    if mask < _ZONE_DMA_MASK:
        return -EIO
    dev.coherent_dma_mask = mask
    return 0


def dma_set_mask_and_coherent(dev: device, mask: int) -> int:
    return dma_set_mask(dev, mask) or dma_set_coherent_mask(dev, mask)


def dma_get_mask(dev: device) -> int:
    return dev.dma_mask


def dma_get_required_mask(dev: device) -> int:
    """The least mask that reaches all memory. Source: kernel/dma/direct.c dma_direct_get_required_mask()."""
    return DMA_BIT_MASK(here.state["dma"].top.bit_length())


def dma_addressing_limited(dev: device) -> bool:
    """Whether there is memory that the device does not reach."""
    return bool(dev.dma_mask < here.state["dma"].top)


def dma_max_mapping_size(dev: device) -> int:
    """Bytes of the longest mapping: bounce buffers limit it. Source: dma_direct_max_mapping_size()."""
    pool = here.state["dma"].bounce
    return pool.max_mapping_size(dev.min_align_mask) if pool is not None else DMA_BIT_MASK(64)


dma_opt_mapping_size = dma_max_mapping_size


def dma_set_max_seg_size(dev: device, size: int) -> None:
    """The longest entry of a scatterlist that the device takes; 64 KiB without this."""
    dev.max_segment_size = size


def dma_get_max_seg_size(dev: device) -> int:
    return dev.max_segment_size


def dma_set_seg_boundary(dev: device, mask: int) -> None:
    """No entry of a scatterlist may cross a multiple of ``mask + 1``."""
    dev.segment_boundary_mask = mask


def dma_get_seg_boundary(dev: device) -> int:
    return dev.segment_boundary_mask


def dma_set_min_align_mask(dev: device, min_align_mask: int) -> None:
    """Bits of the address that a bounce buffer keeps."""
    dev.min_align_mask = min_align_mask


def dma_get_min_align_mask(dev: device) -> int:
    return dev.min_align_mask
