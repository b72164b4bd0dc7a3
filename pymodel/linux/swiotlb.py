# SPDX-License-Identifier: Apache-2.0
"""Bounce buffers: with ``swiotlb=force`` the device never sees a driver's buffer, but a copy of it.

The pool is the end of host memory, in slots of 2 KiB. Mapping takes slots and copies the buffer into them, whatever
the direction, since a device may write a part only; unmapping and syncing for the CPU copy back, syncing for the
device copies forth: the bytes that the call names and no others. So a sync that a driver forgot shows as stale data,
which it never does on a machine whose caches are coherent. Source: kernel/dma/swiotlb.c, v6.12. Simplified: one area
(Linux: one a CPU), one pool that does not grow.
"""

from __future__ import annotations

from pymodel.hw.memory import HostMemory
from pymodel.linux.mm import PAGE_SIZE

__all__ = ["IO_TLB_SEGSIZE", "IO_TLB_SHIFT", "IO_TLB_SIZE", "SwiotlbPool", "is_swiotlb_active", "swiotlb_slots"]

IO_TLB_SHIFT = 11
IO_TLB_SIZE = 1 << IO_TLB_SHIFT  # bytes of a slot
IO_TLB_SEGSIZE = 128  # slots: no mapping is longer, or crosses a multiple
IO_TLB_DEFAULT_SIZE = 64 << 20


class SwiotlbPool:
    """``nslabs`` slots at index ``start`` of host memory. ``used``: a byte a slot; ``index``: where to look next."""

    __slots__ = ("index", "mem", "nslabs", "start", "used", "used_slots")

    def __init__(self, memory: HostMemory, nslabs: int) -> None:
        self.mem = memory.mem
        self.nslabs = nslabs
        self.start = memory.size - nslabs * IO_TLB_SIZE
        self.used = bytearray(nslabs)
        self.index = 0
        self.used_slots = 0

    def find(self, addr: int, size: int, min_align_mask: int) -> int:
        """Take slots for ``size`` bytes like those at ``addr``: the index of the copy's first byte, 0 where the pool
        has no room. Bits of ``min_align_mask`` are the same in both addresses. Source: swiotlb_search_pool_area().
        """
        offset = addr & min_align_mask & (IO_TLB_SIZE - 1)
        nslots = (size + offset + IO_TLB_SIZE - 1) >> IO_TLB_SHIFT
        align = min_align_mask & -IO_TLB_SIZE
        step = 2 if not min_align_mask and size >= PAGE_SIZE else 1  # pages are page-aligned
        used, nslabs = self.used, self.nslabs
        if nslots == 1 and step == 1 and not align:
            at = used.find(0, self.index)
            if at < 0:
                at = used.find(0, 0, self.index)
        else:
            at = self._search(nslots, step, align, addr)
        if at < 0:
            return 0
        used[at : at + nslots] = b"\1" * nslots
        self.index = at + nslots if at + nslots < nslabs else 0
        self.used_slots += nslots
        return self.start + (at << IO_TLB_SHIFT) + offset

    def _search(self, nslots: int, step: int, align: int, addr: int) -> int:
        if nslots > IO_TLB_SEGSIZE:
            return -1
        used, nslabs, want = self.used, self.nslabs, bytes(nslots)
        at = self.index
        checked = 0
        while checked < nslabs:
            here = self.start + (at << IO_TLB_SHIFT)
            jump = 1
            if at % step == 0 and here & align == addr & align:
                if at % IO_TLB_SEGSIZE + nslots <= IO_TLB_SEGSIZE and used[at : at + nslots] == want:
                    return at
                jump = max(step, (align >> IO_TLB_SHIFT) + 1 if align else 1)
            checked += jump
            at += jump
            if at >= nslabs:
                at = 0
        return -1

    def release(self, slot: int, size: int) -> None:
        """Give back what :meth:`find` took."""
        at = (slot - self.start) >> IO_TLB_SHIFT
        nslots = ((slot & (IO_TLB_SIZE - 1)) + size + IO_TLB_SIZE - 1) >> IO_TLB_SHIFT
        self.used[at : at + nslots] = bytes(nslots)
        self.used_slots -= nslots

    def max_mapping_size(self, min_align_mask: int) -> int:
        """Bytes of the longest mapping. Source: swiotlb_max_mapping_size()."""
        most = IO_TLB_SIZE * IO_TLB_SEGSIZE
        return most - (min_align_mask + IO_TLB_SIZE - 1 & -IO_TLB_SIZE)


def swiotlb_slots(option: str, memory_size: int) -> int:
    """Slots of the pool that the kernel's option ``swiotlb=option`` asks for; 0: no bounce buffers.

    ``"force"``, ``"noforce"``, or a number of slots before either (``"2048,force"``); without a number 64 MiB, but no
    more than a quarter of the memory. Raises ValueError for anything else. Source: setup_io_tlb_npages(), and
    Documentation/admin-guide/kernel-parameters.txt. Linux keeps a pool that is not forced for devices that do not
    reach all memory; here their mappings fail.
    """
    number, _, how = option.rpartition(",")
    if how not in ("", "force", "noforce") or (number and not number.isdecimal()):
        raise ValueError(f"swiotlb={option}: force, noforce or slots,force is wanted")
    if how != "force":
        return 0
    slots = int(number) if number else min(IO_TLB_DEFAULT_SIZE, memory_size // 4) >> IO_TLB_SHIFT
    slots = -(-max(slots, 1) // IO_TLB_SEGSIZE) * IO_TLB_SEGSIZE
    if slots << IO_TLB_SHIFT >= memory_size:
        raise ValueError(f"swiotlb={option}: {slots} slots are more than the memory of {memory_size} bytes")
    return slots


def is_swiotlb_active() -> bool:
    """Whether mappings are bounced on the machine in force."""
    from pymodel.hw.access import here

    return here.state["dma"].bounce is not None
