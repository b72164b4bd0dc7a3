# SPDX-License-Identifier: Apache-2.0
"""Who owns what a device may write: syncs change it, and a write to what the CPU owns is refused (DMA3)."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.memory import DEV_WRITE, DmaFault
from tests.unit.linux_bed import Bed

BOTH, TO, FROM = L.DMA_BIDIRECTIONAL, L.DMA_TO_DEVICE, L.DMA_FROM_DEVICE
SKIP = L.DMA_ATTR_SKIP_CPU_SYNC
SIZE = 1000


@pytest.fixture
def bed() -> Bed:
    return Bed()


@pytest.fixture
def dev(bed: Bed) -> Any:
    dev = L.pci_device({"vendor": 1, "device": 2}).dev
    assert L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(64)) == 0
    return dev


def mapped(dev: Any, direction: int = FROM, attrs: int = 0) -> int:
    dma = L.dma_map_single_attrs(dev, L.kmalloc(SIZE, L.GFP_ATOMIC), SIZE, direction, attrs)
    assert L.dma_mapping_error(dev, dma) == 0
    return dma


def writable(bed: Bed, dma: int) -> list[tuple[int, int]]:
    """The runs of bytes [from, to) of the mapping that the device may write."""
    may = [bool(bed.m.memory.access(dma - bed.m.memory.bus_offset + i) & DEV_WRITE) for i in range(SIZE)]
    edges = [i for i in range(SIZE + 1) if (may[i] if i < SIZE else False) != (may[i - 1] if i else False)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def refused(bed: Bed, bus: int, n: int = 1) -> str:
    with pytest.raises(DmaFault) as info:
        bed.m.memory.dev_write(bus, bytes(n))
    return str(L.dma_fault_error(info.value))


@pytest.mark.parametrize("direction", [FROM, BOTH])
def test_write_after_the_sync_for_the_cpu_is_dma3_and_names_it(bed: Bed, dev: Any, direction: int) -> None:
    """kernel-rules.md: DMA3."""
    dma = mapped(dev, direction)
    bed.m.memory.dev_write(dma, b"in time")
    L.dma_sync_single_for_cpu(dev, dma, SIZE, direction)
    error = refused(bed, dma + 3, 5)
    assert error.startswith("DMA3: the device wrote to 5 bytes from bus address")
    assert "that the CPU owns since dma_sync_single_for_cpu() at test_linux_dma_owner.py:" in error
    assert f"of {SIZE} bytes at bus" in error and "made at test_linux_dma_owner.py" in error
    assert bed.m.memory.mem[dma - bed.m.memory.bus_offset + 3] == ord("t"), "nothing was written"
    L.dma_sync_single_for_device(dev, dma, SIZE, direction)
    bed.m.memory.dev_write(dma, bytes(SIZE))


def test_report_names_the_latest_sync_and_counts_the_cpus_bytes(bed: Bed, dev: Any) -> None:
    dma = mapped(dev)
    sites = []
    for offset in (0, 64, 0):
        L.dma_sync_single_range_for_cpu(dev, dma, offset, 100, FROM)
        sites.append(refused(bed, dma + 70, 200))
    assert "wrote to 30 bytes" in sites[0] and "wrote to 94 bytes" in sites[1]
    L.dma_sync_single_range_for_cpu(dev, dma, 32, 100, FROM)
    last = refused(bed, dma + 70, 1)
    assert last.partition("since")[2] != refused(bed, dma + 1).partition("since")[2]


def test_device_reads_what_the_cpu_owns(bed: Bed, dev: Any) -> None:
    dma = mapped(dev, BOTH)
    L.dma_sync_single_for_cpu(dev, dma, SIZE, BOTH)
    assert len(bed.m.memory.dev_read(dma, SIZE)) == SIZE


def test_syncs_of_parts_change_the_owner_of_these_bytes_alone(bed: Bed, dev: Any) -> None:
    dma = mapped(dev)
    for offset, n in ((100, 100), (150, 100), (100, 100)):  # overlapping, and twice
        L.dma_sync_single_range_for_cpu(dev, dma, offset, n, FROM)
    assert writable(bed, dma) == [(0, 100), (250, SIZE)]
    L.dma_sync_single_range_for_device(dev, dma, 140, 20, FROM)
    L.dma_sync_single_range_for_device(dev, dma, 140, 20, FROM)
    assert writable(bed, dma) == [(0, 100), (140, 160), (250, SIZE)]
    L.dma_sync_single_for_device(dev, dma, SIZE, FROM)  # more than was taken
    assert writable(bed, dma) == [(0, SIZE)]


@pytest.mark.parametrize("owned", [0, 1, 100, SIZE])
@pytest.mark.parametrize("attrs", [0, SKIP])
def test_unmap_gives_everything_back_whoever_owns_it(bed: Bed, dev: Any, owned: int, attrs: int) -> None:
    dma = mapped(dev, FROM, attrs)
    addr = dma - bed.m.memory.bus_offset
    if owned:
        L.dma_sync_single_for_device(dev, dma, SIZE, FROM)
        L.dma_sync_single_for_cpu(dev, dma, owned, FROM)
    L.dma_unmap_single(dev, dma, SIZE, FROM)
    assert bed.m.memory.first_granted() is None and not bed.m.memory.cpu_owns(addr)
    dma = L.dma_map_single(dev, addr, SIZE, FROM)
    assert not L.dma_mapping_error(dev, dma)
    assert writable(bed, dma) == [(0, SIZE)], "a new mapping is the device's"


def test_what_is_never_synced_of_a_mapping_that_skipped_it_is_the_cpus(bed: Bed, dev: Any) -> None:
    """kernel-rules.md: DMA3. So page pools map: headroom and tailroom of a buffer are not the device's."""
    dma = mapped(dev, FROM, SKIP)
    L.dma_sync_single_range_for_device(dev, dma, 64, 800, FROM)
    assert writable(bed, dma) == [(64, 864)]
    assert "never synced for the device, 63 bytes into it" in refused(bed, dma + 63)
    assert "wrote to 136 bytes" in (error := refused(bed, dma + 864, 136))
    assert error.startswith("DMA3: ") and "never synced for the device, 864 bytes into it" in error
    L.dma_sync_single_range_for_device(dev, dma, 900, 50, FROM)
    assert writable(bed, dma) == [(64, 864), (900, 950)]


def test_driver_that_never_syncs_for_the_device_is_not_accused(bed: Bed, dev: Any) -> None:
    """DMA_ATTR_SKIP_CPU_SYNC since there is nothing to flush: all of the mapping is the device's, as for octeontx2."""
    dma = mapped(dev, FROM, SKIP)
    assert writable(bed, dma) == [(0, SIZE)]
    L.dma_sync_single_for_cpu(dev, dma, 60, FROM)
    assert writable(bed, dma) == [(60, SIZE)]
    L.dma_sync_single_for_device(dev, dma, 60, FROM)
    assert writable(bed, dma) == [(0, SIZE)]


def test_driver_that_heard_that_it_need_not_sync_is_not_accused(bed: Bed, dev: Any) -> None:
    """dma-api.rst: dma_need_sync() false, and the calls that change the owner can be left out."""
    before = mapped(dev)
    L.dma_sync_single_for_cpu(dev, before, SIZE, FROM)
    assert not L.dma_need_sync(dev, before)
    assert writable(bed, before) == [(0, SIZE)]
    dma = mapped(dev, FROM, SKIP)
    L.dma_sync_single_range_for_device(dev, dma, 10, 20, FROM)
    L.dma_sync_single_for_cpu(dev, dma, SIZE, FROM)
    assert writable(bed, dma) == [(0, SIZE)]
    for bus in (before, dma):
        L.dma_unmap_single(dev, bus, SIZE, FROM)
    assert bed.m.memory.first_granted() is None


def test_second_mapping_of_the_same_bytes_lets_the_device_write(bed: Bed, dev: Any) -> None:
    dma = mapped(dev)
    other = L.dma_map_single_attrs(dev, dma - bed.m.memory.bus_offset, 100, FROM, SKIP)
    assert not L.dma_mapping_error(dev, other)
    L.dma_sync_single_for_cpu(dev, dma, SIZE, FROM)
    assert writable(bed, dma) == [(0, 100)]
    L.dma_unmap_single(dev, dma, SIZE, FROM)
    L.dma_unmap_single(dev, other, 100, FROM)
    assert bed.m.memory.first_granted() is None


def test_sync_towards_the_device_takes_nothing(bed: Bed, dev: Any) -> None:
    dma = mapped(dev, BOTH)
    L.dma_sync_single_for_cpu(dev, dma, SIZE, TO)
    assert writable(bed, dma) == [(0, SIZE)]
    dma = mapped(dev, TO)
    L.dma_sync_single_for_cpu(dev, dma, SIZE, TO)
    assert len(bed.m.memory.dev_read(dma, SIZE)) == SIZE


def test_entries_of_a_list_change_owner_too(bed: Bed, dev: Any) -> None:
    sgl = [L.scatterlist()]
    L.sg_init_one(sgl[0], L.kmalloc(SIZE, L.GFP_ATOMIC), SIZE)
    assert L.dma_map_sg(dev, sgl[0], 1, FROM) == 1
    dma = L.sg_dma_address(sgl[0])
    L.dma_sync_sg_for_cpu(dev, sgl[0], 1, FROM)
    assert writable(bed, dma) == []
    L.dma_sync_sg_for_device(dev, sgl[0], 1, FROM)
    assert writable(bed, dma) == [(0, SIZE)]


def test_bounce_buffer_stays_the_devices() -> None:
    bed = Bed(swiotlb="force")
    dev = L.pci_device({"vendor": 1, "device": 2}).dev
    L.dma_set_mask(dev, L.DMA_BIT_MASK(64))
    dma = mapped(dev, FROM, SKIP)
    L.dma_sync_single_for_cpu(dev, dma, SIZE, FROM)
    bed.m.memory.dev_write(dma, b"late, and not seen")
    L.dma_sync_single_range_for_device(dev, dma, 10, 10, FROM)
    assert L.dma_need_sync(dev, dma) and writable(bed, dma) == [(0, SIZE)]


def test_pages_of_a_pool_are_the_devices_from_offset_for_max_len(bed: Bed, dev: Any) -> None:
    flags = L.PP_FLAG_DMA_MAP | L.PP_FLAG_DMA_SYNC_DEV
    pool = L.page_pool_create(L.page_pool_params(flags=flags, dev=dev, offset=64, max_len=500))
    assert isinstance(pool, L.page_pool)
    pg = bed.run(L.page_pool_dev_alloc_pages, pool)
    dma = L.page_pool_get_dma_addr(pg)
    assert writable(bed, dma) == [(64, 564)]
    L.page_pool_dma_sync_for_cpu(pool, pg, 0, 500)
    assert writable(bed, dma) == []
    bed.run(L.page_pool_put_full_page, pool, pg, False)
    assert writable(bed, dma) == [(64, 564)], "the pool has synced it"
    L.page_pool_destroy(pool)
    assert bed.m.memory.first_granted() is None
