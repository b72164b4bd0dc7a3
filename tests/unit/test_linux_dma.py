# SPDX-License-Identifier: Apache-2.0
"""The DMA API: what a device may reach, and the checks DMA1 to DMA4."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.memory import DmaFault
from tests.unit.linux_bed import Bed

TO, FROM = L.DMA_TO_DEVICE, L.DMA_FROM_DEVICE


@pytest.fixture
def bed() -> Bed:
    return Bed()


@pytest.fixture
def dev(bed: Bed) -> Any:
    dev = L.pci_device({"vendor": 1, "device": 2}).dev
    assert L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(64)) == 0
    return dev


def test_mapping_lets_the_device_read_these_bytes_and_no_others(bed: Bed, dev: Any) -> None:
    addr = L.kzalloc(256, L.GFP_ATOMIC)
    bed.m.memory.mem[addr : addr + 100] = b"d" * 100
    dma = L.dma_map_single(dev, addr, 100, TO)
    assert L.dma_mapping_error(dev, dma) == 0
    assert dma == addr + bed.m.memory.bus_offset
    assert bed.m.memory.dev_read(dma, 100) == b"d" * 100
    with pytest.raises(DmaFault):
        bed.m.memory.dev_write(dma, b"x")
    L.dma_unmap_single(dev, dma, 100, TO)
    with pytest.raises(DmaFault):
        bed.m.memory.dev_read(dma, 100)


def test_unmap_with_another_size_is_dma1(dev: Any) -> None:
    """kernel-rules.md: DMA1."""
    dma = mapped(dev, 100, TO)
    with pytest.raises(
        L.CheckError, match=r"DMA1: .*different size \[unmap 99 bytes\]: .*100 bytes .*made at test_linux_dma"
    ):
        L.dma_unmap_single(dev, dma, 99, TO)


def test_unmap_with_another_direction_is_dma1(dev: Any) -> None:
    """kernel-rules.md: DMA1."""
    dma = mapped(dev, 100, TO)
    with pytest.raises(L.CheckError, match="DMA1: .*different direction .unmapped with DMA_FROM_DEVICE"):
        L.dma_unmap_single(dev, dma, 100, FROM)


def test_unmap_twice_is_dma1_and_names_the_first(dev: Any) -> None:
    """kernel-rules.md: DMA1."""
    dma = mapped(dev, 100, TO)
    L.dma_unmap_single(dev, dma, 100, TO)
    with pytest.raises(L.CheckError, match="DMA1: .*has not allocated .*unmapped at test_linux_dma.py"):
        L.dma_unmap_single(dev, dma, 100, TO)


def test_unmap_of_a_failed_mapping_is_dma1(dev: Any) -> None:
    with pytest.raises(L.CheckError, match="DMA1: .*DMA_MAPPING_ERROR"):
        L.dma_unmap_single(dev, L.DMA_MAPPING_ERROR, 100, TO)


def test_unmap_of_another_devices_mapping_is_dma1(dev: Any) -> None:
    other = L.pci_device({"vendor": 1, "device": 3}, "0000:02:00.0").dev
    dma = mapped(dev, 100, TO)
    with pytest.raises(L.CheckError, match="DMA1: 0000:02:00.0: .*frees DMA memory of 0000:01:00.0"):
        L.dma_unmap_single(other, dma, 100, TO)


def test_mapping_error_never_asked_is_dma2(dev: Any) -> None:
    """kernel-rules.md: DMA2."""
    dma = L.dma_map_single(dev, L.kmalloc(100, L.GFP_ATOMIC), 100, TO)
    with pytest.raises(L.CheckError, match="DMA2: .*failed to check map error"):
        L.dma_unmap_single(dev, dma, 100, TO)


def test_sync_in_another_direction_is_dma3(dev: Any) -> None:
    """kernel-rules.md: DMA3."""
    dma = mapped(dev, 100, TO)
    with pytest.raises(L.CheckError, match="DMA3: .*syncs DMA memory with different direction"):
        L.dma_sync_single_for_cpu(dev, dma, 100, FROM)


def test_sync_of_a_part_is_fine_and_beyond_the_mapping_is_dma1(dev: Any) -> None:
    dma = mapped(dev, 1000, FROM)
    L.dma_sync_single_for_cpu(dev, dma, 60, FROM)
    L.dma_sync_single_range_for_device(dev, dma, 500, 500, FROM)
    with pytest.raises(
        L.CheckError,
        match=r"DMA1: .*syncs DMA memory outside allocated range \[sync offset=500\] \[sync size=501\]: .*made",
    ):
        L.dma_sync_single_range_for_cpu(dev, dma, 500, 501, FROM)
    with pytest.raises(L.CheckError, match="outside allocated range"):
        L.dma_sync_single_for_device(dev, dma, 1001, FROM)


def test_sync_of_what_is_not_mapped_is_dma1_and_names_what_was(dev: Any) -> None:
    dma = mapped(dev, 100, FROM)
    L.dma_unmap_single(dev, dma, 100, FROM)
    with pytest.raises(L.CheckError, match="DMA1: .*tries to sync DMA memory it has not allocated .*unmapped at"):
        L.dma_sync_single_for_cpu(dev, dma, 100, FROM)


def test_mapping_with_no_direction_is_dma3(dev: Any) -> None:
    with pytest.raises(L.CheckError, match="DMA3: .*direction 3"):
        L.dma_map_single(dev, L.kmalloc(100, L.GFP_ATOMIC), 100, 3)


def test_mapping_beyond_the_mask_is_dma4(dev: Any) -> None:
    """kernel-rules.md: DMA4. Bus addresses are above 4 GiB here."""
    L.dma_set_mask(dev, L.DMA_BIT_MASK(32))
    with pytest.raises(L.CheckError, match="DMA4: .*overflow .mask 0xffffffff.*dma_set_mask_and_coherent"):
        L.dma_map_single(dev, L.kmalloc(100, L.GFP_ATOMIC), 100, TO)
    with L.tolerate("DMA4"):
        failed = L.dma_map_single(dev, L.kmalloc(100, L.GFP_ATOMIC), 100, TO)
    assert L.dma_mapping_error(dev, failed) == -L.ENOMEM


def test_memory_freed_while_mapped_is_dma1(bed: Bed, dev: Any) -> None:
    """A device could still reach it: the bug behind most corruption by DMA."""
    addr = L.kmalloc(100, L.GFP_ATOMIC)
    assert not L.dma_mapping_error(dev, L.dma_map_single(dev, addr, 100, FROM))
    with pytest.raises(L.CheckError, match="DMA1: 128 bytes .* freed while 0000:01:00.0 can still reach them"):
        L.kfree(addr)
    page = L.alloc_page(L.GFP_ATOMIC)
    assert not L.dma_mapping_error(dev, L.dma_map_page(dev, page, 2048, 100, FROM))
    with pytest.raises(L.CheckError, match="DMA1: 4096 bytes"):
        L.put_page(page)


def test_overlapping_mappings_of_one_buffer_are_counted(bed: Bed, dev: Any) -> None:
    """Clones: two mappings of the same bytes; the device may read until both are gone."""
    addr = L.kmalloc(100, L.GFP_ATOMIC)
    one, two = (L.dma_map_single(dev, addr, n, TO) for n in (100, 60))
    assert one == two
    L.dma_mapping_error(dev, one)
    with L.tolerate("DMA2"):
        L.dma_unmap_single(dev, one, 100, TO)
        assert len(bed.m.memory.dev_read(two, 60)) == 60
        L.dma_unmap_single(dev, two, 60, TO)
    assert L.dma_leaks() == []


def test_mappings_that_a_device_writes_in_one_cache_line_are_dma1(bed: Bed, dev: Any) -> None:
    """kernel-rules.md: DMA1. The CPU would see one device's data and lose the other's."""
    addr = L.kmalloc(2048, L.GFP_ATOMIC)
    L.dma_mapping_error(dev, L.dma_map_single(dev, addr, 100, FROM))
    overlapping = "DMA1: .*overlapping mappings aren't supported: .*made at"
    for start in (99, 0, 63):
        with pytest.raises(L.CheckError, match=overlapping):
            L.dma_map_single(dev, addr + start, 1, FROM)
        assert len(L.dma_mappings()) == 1
    with L.tolerate("DMA1"):
        L.dma_map_single(dev, addr + 50, 10, L.DMA_BIDIRECTIONAL)
    assert any("overlapping" in line for line in L.dmesg())
    L.dma_map_single_attrs(dev, addr + 60, 10, FROM, L.DMA_ATTR_SKIP_CPU_SYNC)
    L.dma_map_single(dev, addr + 64, 64, TO)  # a device that reads harms nobody
    L.dma_map_single(dev, addr + 101, 200, FROM)  # a line shared by an end and a start: so RX buffers lie


def test_mapping_of_null_or_nothing_is_dma1(bed: Bed, dev: Any) -> None:
    with pytest.raises(L.CheckError, match="DMA1: .*maps NULL"):
        L.dma_map_single(dev, 0, 100, TO)
    with pytest.raises(L.CheckError, match="DMA1: .*memory that does not exist"):
        L.dma_map_single(dev, bed.m.memory.size - 10, 11, TO)
    with pytest.raises(L.CheckError, match="DMA1: .*mapping of 0 bytes"):
        L.dma_map_single(dev, 8192, 0, TO)


def test_page_and_single_are_one_kind_of_mapping(dev: Any) -> None:
    """kernel/dma/debug.c: dma_map_single() is dma_map_page() of the page it lies in."""
    page = L.alloc_page(L.GFP_ATOMIC)
    dma = L.dma_map_page_attrs(dev, page, 64, 100, FROM, 0)
    assert L.dma_mapping_error(dev, dma) == 0
    L.dma_unmap_single(dev, dma, 100, FROM)
    dma = L.dma_map_single(dev, page.addr, 100, FROM)
    assert L.dma_mapping_error(dev, dma) == 0
    L.dma_unmap_page_attrs(dev, dma, 100, FROM, 0)
    assert L.dma_leaks() == []


def test_each_mapping_of_one_address_must_be_asked_for_its_error(dev: Any) -> None:
    """kernel-rules.md: DMA2."""
    addr = L.kmalloc(100, L.GFP_ATOMIC)
    dmas = [L.dma_map_single(dev, addr, 100, TO) for _ in range(2)]
    assert L.dma_mapping_error(dev, dmas[0]) == 0
    L.dma_mapping_error(dev, dmas[1])
    for dma in dmas:
        L.dma_unmap_single(dev, dma, 100, TO)
    dmas = [L.dma_map_single(dev, addr, 100, TO) for _ in range(2)]
    L.dma_mapping_error(dev, dmas[0])
    with pytest.raises(L.CheckError, match="DMA2: "):
        for dma in dmas:
            L.dma_unmap_single(dev, dma, 100, TO)


def test_failure_injected_is_a_mapping_error(dev: Any) -> None:
    L.set_dma_failure(lambda d, size: size == 100)
    addr = L.kmalloc(200, L.GFP_ATOMIC)
    assert L.dma_mapping_error(dev, L.dma_map_single(dev, addr, 100, TO)) == -L.ENOMEM
    assert L.dma_mapping_error(dev, L.dma_map_single(dev, addr, 101, TO)) == 0
    assert L.dma_alloc_coherent(dev, 100, L.GFP_ATOMIC) == (None, 0)


def test_reach_of_a_device_is_told(bed: Bed, dev: Any) -> None:
    top = bed.m.memory.bus_offset + bed.m.memory.size - 1
    assert L.dma_get_required_mask(dev) == L.DMA_BIT_MASK(top.bit_length())
    assert not L.dma_addressing_limited(dev)
    assert L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(32)) == 0
    assert L.dma_addressing_limited(dev)
    assert L.dma_set_coherent_mask(dev, L.DMA_BIT_MASK(23)) == -L.EIO
    assert L.dma_get_max_seg_size(dev) == 65536 and L.dma_get_seg_boundary(dev) == 0xFFFFFFFF
    L.dma_set_max_seg_size(dev, 4096)
    L.dma_set_seg_boundary(dev, 0xFFF)
    L.dma_set_min_align_mask(dev, 0xFFF)
    assert (L.dma_get_max_seg_size(dev), L.dma_get_seg_boundary(dev)) == (4096, 0xFFF)
    assert L.dma_get_min_align_mask(dev) == 0xFFF
    assert L.dma_max_mapping_size(dev) == L.dma_opt_mapping_size(dev) == (1 << 64) - 1
    assert [L.valid_dma_direction(d) for d in (0, 1, 2, L.DMA_NONE)] == [True, True, True, False]


def test_leak_names_the_mapping_line(dev: Any) -> None:
    mapped(dev, 100, FROM)
    assert any(
        "mapping DMA_FROM_DEVICE of 100 bytes" in line and "test_linux_dma.py" in line for line in L.leak_report()
    )


def test_fault_report_says_what_the_device_missed(bed: Bed, dev: Any) -> None:
    dma = mapped(dev, 128, TO)

    def fault(bus: int, write: bool) -> str:
        with pytest.raises(DmaFault) as info:
            bed.m.memory.dev_write(bus, b"x") if write else bed.m.memory.dev_read(bus, 1)
        return str(L.dma_fault_error(info.value))

    assert fault(dma, True).startswith("DMA3: ")
    past = fault((dma + 128 + 63) // 64 * 64, False)
    assert past.startswith("DMA1: ") and "bytes past the end of a mapping DMA_TO_DEVICE of 128 bytes" in past
    L.dma_unmap_single(dev, dma, 128, TO)
    assert "unmapped at test_linux_dma.py" in fault(dma, False)


def mapped(dev: Any, size: int, direction: int) -> int:
    dma = L.dma_map_single(dev, L.kmalloc(size, L.GFP_ATOMIC), size, direction)
    assert L.dma_mapping_error(dev, dma) == 0
    return dma
