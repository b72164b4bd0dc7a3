# SPDX-License-Identifier: Apache-2.0
"""Memory that CPU and device share, and pools of it. The layout of pools and the masks: records of a kernel."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.memory import DmaFault
from pymodel.linux.device import devres_release_all
from tests.unit.linux_bed import Bed


@pytest.fixture
def bed() -> Bed:
    return Bed()


@pytest.fixture
def dev(bed: Bed) -> Any:
    dev = L.pci_device({"vendor": 1, "device": 2}).dev
    assert L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(64)) == 0
    return dev


def test_coherent_memory_is_zeroed_aligned_and_shared(bed: Bed, dev: Any) -> None:
    cpu, dma = bed.run(L.dma_alloc_coherent, dev, 10_000, L.GFP_KERNEL)
    assert cpu % 16384 == 0
    assert bytes(bed.m.memory.mem[cpu : cpu + 10_000]) == bytes(10_000)
    bed.m.memory.dev_write(dma + 9_990, b"device")
    assert bytes(bed.m.memory.mem[cpu + 9_990 : cpu + 9_996]) == b"device"
    L.dma_free_coherent(dev, 10_000, cpu, dma)
    assert L.leak_report() == []


def test_coherent_memory_freed_wrongly_is_dma1(bed: Bed, dev: Any) -> None:
    """kernel-rules.md: DMA1."""
    cpu, dma = L.dma_alloc_attrs(dev, 10_000, L.GFP_ATOMIC, L.DMA_ATTR_WRITE_COMBINE)
    with pytest.raises(L.CheckError, match="DMA1: .*different size"):
        L.dma_free_coherent(dev, 9_999, cpu, dma)
    with pytest.raises(L.CheckError, match=r"DMA1: .*wrong function \[mapped as coherent\] \[unmapped as single\]"):
        L.dma_unmap_single(dev, dma, 10_000, L.DMA_BIDIRECTIONAL)
    with pytest.raises(L.CheckError, match="DMA1: .*different CPU address .*made at test_linux_dma_coherent.py"):
        L.dma_free_coherent(dev, 10_000, cpu + 64, dma)
    L.dma_free_attrs(dev, 10_000, cpu, dma, L.DMA_ATTR_WRITE_COMBINE)
    with pytest.raises(L.CheckError, match="DMA1: .*has not allocated"):
        L.dma_free_coherent(dev, 10_000, cpu, dma)
    L.dma_free_coherent(dev, 10_000, None, 0)


def test_coherent_memory_is_not_freed_with_interrupts_off(bed: Bed, dev: Any) -> None:
    cpu, dma = L.dma_alloc_coherent(dev, 100, L.GFP_ATOMIC)

    def free() -> None:
        L.local_irq_disable()
        L.dma_free_coherent(dev, 100, cpu, dma)

    with pytest.raises(L.KernelWarning, match="dma_free_coherent.* with interrupts disabled"):
        bed.run(free)


def test_coherent_memory_beyond_its_own_mask_is_dma4(dev: Any) -> None:
    """kernel-rules.md: DMA4. dma_set_mask() alone does not reach it."""
    dev.dma_setup()
    assert L.dma_set_mask(dev, L.DMA_BIT_MASK(64)) == 0
    with pytest.raises(L.CheckError, match="DMA4: .*overflow .mask 0xffffffff"):
        L.dma_alloc_coherent(dev, 100, L.GFP_ATOMIC)


def test_allocation_that_may_sleep_is_refused_in_atomic_context(bed: Bed, dev: Any) -> None:
    def atomic(alloc: Any) -> None:
        L.local_bh_disable()
        alloc()

    pool = L.dma_pool_create("p", dev, 64, 64, 0)
    for alloc in (
        lambda: L.dma_alloc_coherent(dev, 100, L.GFP_KERNEL),
        lambda: L.dma_pool_alloc(pool, L.GFP_KERNEL),
    ):
        with pytest.raises(L.SchedulingWhileAtomic):
            bed.run(atomic, alloc)


def test_managed_memory_goes_with_the_driver(bed: Bed, dev: Any) -> None:
    kept = bed.run(L.dmam_alloc_coherent, dev, 100, L.GFP_KERNEL)
    given = bed.run(L.dmam_alloc_coherent, dev, 100, L.GFP_KERNEL)
    pool = L.dmam_pool_create("managed", dev, 64, 64, 0)
    other = L.dmam_pool_create("other", dev, 64, 64, 0)
    assert pool is not None and other is not None
    block, dma = L.dma_pool_alloc(pool, L.GFP_ATOMIC)
    L.dma_pool_free(pool, block, dma)
    L.dmam_free_coherent(dev, 100, *given)
    L.dmam_pool_destroy(other)
    assert len(L.dma_mappings(dev)) == 2 and kept[0]
    devres_release_all(dev)
    assert L.leak_report() == []


# -- pools ---------------------------------------------------------------------------------------------------
def test_only_blocks_handed_out_are_within_the_devices_reach(bed: Bed, dev: Any) -> None:
    pool = L.dma_pool_create("ring", dev, 100, 128, 0)
    assert pool is not None and pool.size == 128
    block, dma = L.dma_pool_zalloc(pool, L.GFP_ATOMIC)
    assert bytes(bed.m.memory.mem[block : block + 128]) == bytes(128)
    bed.m.memory.dev_write(dma, b"x" * 128)
    with pytest.raises(DmaFault) as info:
        bed.m.memory.dev_write(dma + 128, b"x")
    assert "lies in a free block of a DMA pool" in str(L.dma_fault_error(info.value))
    L.dma_pool_free(pool, block, dma)
    with pytest.raises(DmaFault):
        bed.m.memory.dev_read(dma, 1)
    assert L.dma_pool_zalloc(pool, L.GFP_ATOMIC) == (block, dma), "the one freed last comes first"
    assert bytes(bed.m.memory.mem[block : block + 128]) == bytes(128)


@pytest.mark.parametrize(
    ("size", "align", "boundary", "good"),
    [(0, 1, 0, False), (1 << 31, 1, 0, False), (64, 3, 0, False), (64, 0, 0, True), (64, 64, 32, False),
     (64, 64, 96, False), (5000, 0, 0, True), (5000, 0, 8192, True), (5000, 0, 4096, False)],
)  # fmt: skip
def test_pool_of_impossible_numbers_is_null(dev: Any, size: int, align: int, boundary: int, good: bool) -> None:
    assert (L.dma_pool_create("p", dev, size, align, boundary) is not None) is good


def test_block_given_back_wrongly_is_dma1(dev: Any) -> None:
    """kernel-rules.md: DMA1."""
    pool = L.dma_pool_create("cmd", dev, 64, 64, 0)
    assert pool is not None
    block, dma = L.dma_pool_alloc(pool, L.GFP_ATOMIC)
    assert block
    with pytest.raises(L.CheckError, match="DMA1: .*dma_pool_free cmd, .*bad vaddr"):
        L.dma_pool_free(pool, block + 8192, dma + 8192)
    with pytest.raises(L.CheckError, match="DMA1: .*bad dma"):
        L.dma_pool_free(pool, block, dma + 64)
    L.dma_pool_free(pool, block, dma)
    with pytest.raises(L.CheckError, match="DMA1: .*already free"):
        L.dma_pool_free(pool, block, dma)


def test_pool_destroyed_with_a_block_in_use_is_dma1_and_leaks(dev: Any) -> None:
    """kernel-rules.md: DMA1."""
    pool = L.dma_pool_create("cmd", dev, 64, 64, 0)
    assert pool is not None
    L.dma_pool_alloc(pool, L.GFP_ATOMIC)
    with pytest.raises(
        L.CheckError, match=r"DMA1: .*dma_pool_destroy cmd, .* busy: 1 blocks in use, this one from test_linux_dma_coh"
    ):
        L.dma_pool_destroy(pool)
    with L.tolerate("DMA1"):
        L.dma_pool_destroy(pool)
    assert len(L.dma_leaks(dev)) == 1
    L.dma_pool_destroy(None)


def test_pool_without_memory_gives_null(dev: Any) -> None:
    pool = L.dma_pool_create("p", dev, 64, 64, 0)
    L.set_dma_failure(lambda d, size: True)
    assert pool is not None and L.dma_pool_alloc(pool, L.GFP_ATOMIC) == (None, 0)
