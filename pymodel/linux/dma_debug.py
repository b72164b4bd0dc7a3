# SPDX-License-Identifier: Apache-2.0
"""What is known of each DMA mapping, and what a driver or device did wrong with one.

Watched as CONFIG_DMA_API_DEBUG does: every exception says what the kernel's message says, and where the mapping was
made. Beyond the kernel: memory that is freed while a device can reach it, and a device's own access that missed
(:func:`dma_fault_error`). Source: kernel/dma/debug.c, v6.12. As there, dma_map_single() and dma_map_page() make
mappings of one kind ("single"): either unmap function fits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from pymodel.hw.access import here
from pymodel.hw.errors import CheckError
from pymodel.hw.memory import DmaFault
from pymodel.linux.bug import Site, broken_rule, site_str
from pymodel.linux.device import device
from pymodel.linux.mm import PAGE_SIZE

if TYPE_CHECKING:
    from pymodel.linux.swiotlb import SwiotlbPool

__all__ = ["DmaMapping", "DmaState", "dma_fault_error", "dma_leaks", "dma_mappings", "set_dma_failure"]

DMA_MAPPING_ERROR = (1 << 64) - 1
_DIRECTION = ("DMA_BIDIRECTIONAL", "DMA_TO_DEVICE", "DMA_FROM_DEVICE")
SINGLE, SG, COHERENT = range(3)
_KIND = ("single", "scatter-gather", "coherent")
_PAGE_MASK = -PAGE_SIZE
CACHE_LINE = 64  # bytes
DMA_TO_DEVICE = 1
DMA_ATTR_SKIP_CPU_SYNC = 1 << 5


class DmaMapping:
    """One mapping: ``size`` bytes at index ``addr``, which the device knows as ``bus``.

    ``slot``: the index of the bounce buffer that the device sees instead, 0 where it sees ``addr`` itself. ``ents``:
    the entries of the list that it was mapped with, 0 for no list. ``unsynced``: made with DMA_ATTR_SKIP_CPU_SYNC, and
    not synced yet. ``synced``: bus address -> (bytes, where), latest last, of what was synced for the CPU and not since
    for the device; None where no sync has changed what the device may write.
    """

    __slots__ = (
        "addr", "bus", "checked", "dev", "dir", "ents", "kind", "next", "site", "size", "slot", "synced",
        "unmapped", "unsynced",
    )  # fmt: skip

    def __init__(
        self, dev: device, addr: int, bus: int, size: int, dir: int, kind: int, site: Site, slot: int = 0
    ) -> None:
        self.dev = dev
        self.addr = addr
        self.bus = bus
        self.size = size
        self.dir = dir
        self.kind = kind
        self.checked = kind != SINGLE  # dma_mapping_error() has been asked, or need not be
        self.site = site
        self.slot = slot
        self.ents = 0
        self.unsynced = False
        self.synced: dict[int, tuple[int, Site]] | None = None
        self.next: DmaMapping | None = None  # another mapping of the same address
        self.unmapped: Site | None = None

    @property
    def coherent(self) -> bool:
        return self.kind == COHERENT

    def __str__(self) -> str:
        kind = "coherent memory" if self.kind == COHERENT else f"mapping {_DIRECTION[self.dir]}"
        return f"{kind} of {self.size} bytes at bus 0x{self.bus:x}, made at {site_str(self.site)}"


class DmaState:
    """The mappings of one machine. ``bounce``: the pool through which every streaming mapping goes, or None."""

    __slots__ = (
        "bounce", "bus_offset", "by_page", "fail", "grant", "live", "mapped", "memory", "own", "past", "revoke",
        "sync_free", "top",
    )  # fmt: skip

    def __init__(self, memory: Any, bounce: SwiotlbPool | None = None) -> None:
        self.memory = memory
        self.bounce = bounce
        self.bus_offset: int = memory.bus_offset
        self.top: int = memory.bus_offset + memory.size - 1
        self.grant: Callable[[int, int, int], int] = memory.fast_grant
        self.revoke: Callable[[int, int, int], int] = memory.fast_revoke
        self.own: Callable[[int, int, int], int] = memory.fast_own
        self.sync_free: set[device] = set()  # those that were told by dma_need_sync() that they need not sync
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
    """Decide which mappings and coherent allocations fail: ``fail(dev, size)``. None: none."""
    here.state["dma"].fail = fail


# -- what a driver did wrong ---------------------------------------------------------------------------------
def bad_map(dma: DmaState, dev: device, addr: int, size: int, dir: int, site: Site) -> NoReturn:
    """A mapping that cannot be."""
    where = site_str(site)
    if not 0 <= dir <= 2:
        raise CheckError("DMA3", f"{dev}: mapping with direction {dir} (BUG_ON(!valid_dma_direction(dir)))", where)
    if size <= 0:
        raise CheckError("DMA1", f"{dev}: mapping of {size} bytes", where)
    what = "NULL" if addr < PAGE_SIZE else f"memory that does not exist (it ends at 0x{dma.memory.size:x})"
    raise CheckError("DMA1", f"{dev}: device driver maps {what} [0x{addr:x}, {size} bytes]", where)


def beyond_mask(dev: device, bus: int, size: int, mask: int, site: Site) -> None:
    broken_rule(
        "DMA4",
        f"{dev}: DMA addr 0x{bus:x}+{size} overflow (mask 0x{mask:x}); "
        "did the driver call dma_set_mask_and_coherent()?",
        site_str(site),
    )


def overlap(dma: DmaState, dev: device, addr: int, size: int, attrs: int, other: DmaMapping, site: Site) -> None:
    """A mapping to be made and ``other``, which is there: a device writes to both, and they overlap or start in one
    cache line, so that data may be lost (DMA1). The kernel sees the cache lines of the first bytes only.
    """
    if not attrs & DMA_ATTR_SKIP_CPU_SYNC:
        broken_rule(
            "DMA1",
            f"{dev}: cacheline tracking EEXIST, overlapping mappings aren't supported: "
            f"{size} bytes at bus 0x{addr + dma.bus_offset:x} and a {other}",
            site_str(site),
        )


def bad_unmap(dma: DmaState, dev: device, bus: int, size: int, dir: int, kind: int, ents: int, site: Site) -> NoReturn:
    """An unmap for which no mapping is: why."""
    where = site_str(site)
    if bus == DMA_MAPPING_ERROR:
        raise CheckError(
            "DMA1", f"{dev}: device driver tries to free an invalid DMA memory address (DMA_MAPPING_ERROR)", where
        )
    m = dma.live.get(bus)
    if m is None:
        raise CheckError(
            "DMA1",
            f"{dev}: device driver tries to free DMA memory it has not allocated "
            f"[bus 0x{bus:x}, {size} bytes]{_history(dma, bus)}",
            where,
        )
    if m.dev is not dev:
        raise CheckError("DMA1", f"{dev}: device driver frees DMA memory of {m.dev}: {m}", where)
    if m.kind != kind:
        raise CheckError(
            "DMA1",
            f"{dev}: device driver frees DMA memory with wrong function "
            f"[mapped as {_KIND[m.kind]}] [unmapped as {_KIND[kind]}]: {m}",
            where,
        )
    if m.size != size:
        raise CheckError(
            "DMA1", f"{dev}: device driver frees DMA memory with different size [unmap {size} bytes]: {m}", where
        )
    if m.ents != ents:
        raise CheckError(
            "DMA1",
            f"{dev}: device driver frees DMA sg list with different entry count "
            f"[map count={m.ents}] [unmap count={ents}]: {m}",
            where,
        )
    raise CheckError(
        "DMA1",
        f"{dev}: device driver frees DMA memory with different direction [unmapped with {_DIRECTION[dir]}]: {m}",
        where,
    )


def not_checked(m: DmaMapping, site: Site) -> None:
    broken_rule("DMA2", f"{m.dev}: device driver failed to check map error: {m}", site_str(site))


def _history(dma: DmaState, bus: int) -> str:
    old = next((p for p in reversed(dma.past) if p.bus == bus), None)
    return f"; it was a {old}, unmapped at {site_str(old.unmapped)}" if old is not None else ""


def find_synced(dma: DmaState, dev: device, bus: int, size: int, site: Site) -> DmaMapping:
    """The mapping around a range that is synced and does not start one, or ends beyond it."""
    outside: DmaMapping | None = None
    for first in dma.live.values():
        m: DmaMapping | None = first
        while m is not None:
            if m.dev is dev and m.bus <= bus < m.bus + m.size:
                if bus + size <= m.bus + m.size:
                    return m
                outside = m
            m = m.next
    where = site_str(site)
    if outside is not None:
        raise CheckError(
            "DMA1",
            f"{dev}: device driver syncs DMA memory outside allocated range "
            f"[sync offset={bus - outside.bus}] [sync size={size}]: {outside}",
            where,
        )
    raise CheckError(
        "DMA1",
        f"{dev}: device driver tries to sync DMA memory it has not allocated "
        f"[bus 0x{bus:x}, {size} bytes]{_history(dma, bus)}",
        where,
    )


def bad_sync(m: DmaMapping, dir: int, ents: int, site: Site) -> None:
    if ents and m.ents != ents:
        broken_rule(
            "DMA1",
            f"{m.dev}: device driver syncs DMA sg list with different entry count "
            f"[map count={m.ents}] [sync count={ents}]: {m}",
            site_str(site),
        )
    if m.dir not in (dir, 0):
        broken_rule(
            "DMA3",
            f"{m.dev}: device driver syncs DMA memory with different direction ({_DIRECTION[dir]}): {m}",
            site_str(site),
        )


# -- reports -------------------------------------------------------------------------------------------------
def dma_mappings(dev: device | None = None) -> list[DmaMapping]:
    """The mappings that exist, of one device or of all."""
    found = []
    first: DmaMapping | None
    for first in here.state["dma"].live.values():
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


def _not_the_owner(dma: DmaState, fault: DmaFault, m: DmaMapping) -> CheckError:
    """The device wrote what the CPU owns: since which sync, or that it was never the device's (DMA3)."""
    bad, end = fault.first_bad, fault.bus + fault.length
    count = sum(dma.memory.cpu_owns(bus - dma.bus_offset) for bus in range(bad, end))
    since = f"that were never synced for the device, {bad - m.bus} bytes into it"
    for bus, (size, site) in (m.synced or {}).items():
        if bus <= bad < bus + size:
            since = f"that the CPU owns since dma_sync_single_for_cpu() at {site_str(site)}"
    upto = "up to " if fault.axi_id >= 0 else ""  # of a beat not all bytes need be written
    by = f", AXI ID {fault.axi_id}" if fault.axi_id >= 0 else ""
    at = f" at {fault.time} ps" if fault.time >= 0 else ""
    return CheckError(
        "DMA3",
        f"the device wrote{at} to {upto}{count} bytes from bus address 0x{bad:x} on {since} (no "
        f"dma_sync_single_for_device() has given them to the device), in the {m}",
        f"{m.dev}{by}",
    )


def dma_fault_error(fault: DmaFault) -> CheckError | None:
    """What a refused access of the device means to the driver: which mapping it missed, by how much (DMA3, or
    DMA1), or that it may not master the bus. None where an error has cut the device off: nobody is to blame.
    """
    dma: DmaState = here.state["dma"]
    if fault.kind == "master":
        pdev = here.state["pci"].devices[0]
        if pdev.isolated:
            return None
        if pdev.no_dma:
            return CheckError("ERR1", f"{pdev}: {fault}: I/O before resume()", f"AXI ID {fault.axi_id}")
        if pdev.current_state:
            return CheckError("PCI", f"{pdev}: {fault}: it sleeps (D{pdev.current_state})", f"AXI ID {fault.axi_id}")
        return CheckError("PCI", f"{pdev}: {fault}: pci_set_master() is missing", f"AXI ID {fault.axi_id}")
    bad = fault.first_bad
    near: list[tuple[int, str]] = []
    for m in dma_mappings():
        if m.bus <= bad < m.bus + m.size:
            if m.kind == COHERENT:
                return CheckError("DMA1", f"{fault}: it lies in a free block of a DMA pool, in {m}", f"{m.dev}")
            if fault.is_write and dma.memory.cpu_owns(bad - dma.bus_offset):
                return _not_the_owner(dma, fault, m)
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
