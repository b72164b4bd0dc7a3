# SPDX-License-Identifier: Apache-2.0
"""Bounce buffers: what a missing sync shows, where copies lie, and when there is none left.

Who sees what after which call is in the records of a kernel (dma); these are the driver's mistakes.
"""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.memory import DmaFault
from pymodel.linux.swiotlb import SwiotlbPool, swiotlb_slots
from tests.unit.linux_bed import Bed, FakeNic

TO, FROM = L.DMA_TO_DEVICE, L.DMA_FROM_DEVICE


@pytest.fixture
def bed() -> Bed:
    return Bed(swiotlb="force")


@pytest.fixture
def dev(bed: Bed) -> Any:
    dev = L.pci_device({"vendor": 1, "device": 2}).dev
    assert L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(64)) == 0
    return dev


def buffer(bed: Bed, data: bytes) -> int:
    addr = L.kmalloc(len(data), L.GFP_ATOMIC)
    bed.m.memory.mem[addr : addr + len(data)] = data
    return addr


def mapped(dev: Any, addr: int, size: int, direction: int) -> int:
    dma = L.dma_map_single(dev, addr, size, direction)
    assert L.dma_mapping_error(dev, dma) == 0
    return dma


def test_received_data_is_stale_until_it_is_synced(bed: Bed, dev: Any) -> None:
    """kernel-rules.md: DMA3. Without the sync a driver passes on what was there before."""
    mem = bed.m.memory.mem
    addr = buffer(bed, b"old data")
    dma = mapped(dev, addr, 8, FROM)
    bed.m.memory.dev_write(dma, b"new data")
    assert bytes(mem[addr : addr + 8]) == b"old data"
    L.dma_sync_single_for_cpu(dev, dma, 3, FROM)
    assert bytes(mem[addr : addr + 8]) == b"new data"[:3] + b"old data"[3:], "only what the sync names"
    L.dma_unmap_single(dev, dma, 8, FROM)
    assert bytes(mem[addr : addr + 8]) == b"new data"


def test_data_changed_after_mapping_does_not_reach_the_device_without_a_sync(bed: Bed, dev: Any) -> None:
    """kernel-rules.md: DMA3."""
    addr = buffer(bed, b"old data")
    dma = mapped(dev, addr, 8, TO)
    bed.m.memory.mem[addr : addr + 8] = b"new data"
    assert bed.m.memory.dev_read(dma, 8) == b"old data"
    L.dma_sync_single_range_for_device(dev, dma, 4, 2, TO)
    assert bed.m.memory.dev_read(dma, 8) == b"old data"[:4] + b"da" + b"ta"
    L.dma_sync_single_for_device(dev, dma, 8, TO)
    assert bed.m.memory.dev_read(dma, 8) == b"new data"


def test_device_reaches_the_copy_and_never_the_buffer(bed: Bed, dev: Any) -> None:
    addr = buffer(bed, bytes(100))
    dma = mapped(dev, addr, 100, FROM)
    assert dma != addr + bed.m.memory.bus_offset
    assert dma - bed.m.memory.bus_offset >= bed.m.memory.size * 3 // 4
    with pytest.raises(DmaFault):
        bed.m.memory.dev_write(addr + bed.m.memory.bus_offset, b"x")
    with pytest.raises(DmaFault):
        bed.m.memory.dev_write(dma + 100, b"x")
    assert L.dma_need_sync(dev, dma) and L.is_swiotlb_active()


def test_unmap_without_cpu_sync_leaves_the_buffer_alone(bed: Bed, dev: Any) -> None:
    addr = buffer(bed, b"old data")
    dma = L.dma_map_single_attrs(dev, addr, 8, FROM, L.DMA_ATTR_SKIP_CPU_SYNC)
    assert bed.m.memory.mem[dma - bed.m.memory.bus_offset] == ord("o"), "mapping copies all the same"
    L.dma_mapping_error(dev, dma)
    bed.m.memory.dev_write(dma, b"new data")
    L.dma_unmap_single_attrs(dev, dma, 8, FROM, L.DMA_ATTR_SKIP_CPU_SYNC)
    assert bytes(bed.m.memory.mem[addr : addr + 8]) == b"old data"


def test_pool_that_is_full_is_a_mapping_error_in_the_log() -> None:
    Bed(swiotlb="128,force")
    dev = L.pci_device({"vendor": 1, "device": 2}).dev
    L.dma_set_mask(dev, L.DMA_BIT_MASK(64))
    addr = L.alloc_pages(L.GFP_ATOMIC, 6).addr
    dmas = [mapped(dev, addr + 2048 * i, 2048, TO) for i in range(128)]
    failed = L.dma_map_single(dev, addr, 1, TO)
    assert L.dma_mapping_error(dev, failed) == -L.ENOMEM
    assert "swiotlb buffer is full (sz: 1 bytes), total 128 (slots), used 128 (slots)" in L.dmesg()[-1]
    L.dma_map_single_attrs(dev, addr, 1, TO, L.DMA_ATTR_NO_WARN)
    assert len(L.dmesg()) == 1
    L.dma_unmap_single(dev, dmas[5], 2048, TO)
    assert mapped(dev, addr, 1, TO) == dmas[5]


def test_mapping_longer_than_a_segment_fails(bed: Bed, dev: Any) -> None:
    assert L.dma_max_mapping_size(dev) == 256 << 10
    addr = L.alloc_pages(L.GFP_ATOMIC, 7).addr
    mapped(dev, addr, 256 << 10, TO)
    assert L.dma_map_single(dev, addr, (256 << 10) + 1, TO) == L.DMA_MAPPING_ERROR


def test_long_buffers_start_on_a_page_and_cross_no_segment(bed: Bed) -> None:
    pool = SwiotlbPool(bed.m.memory, 256)
    first = pool.find(8192 + 100, 100, 0)
    assert first == pool.start, "a short one takes a slot, whatever its own offset"
    assert pool.find(8192, 4096, 0) == pool.start + 4096
    assert pool.find(8192, 250 << 10, 0) == pool.start + (256 << 10), "128 slots a segment"
    assert pool.find(8192, 2049, 0) == pool.start + (506 << 10), "the search goes on behind the last one"
    pool.release(first, 100)
    assert pool.find(8192, 2048, 0) == pool.start + (510 << 10)
    assert pool.find(8192, 2048, 0) == first, "and around"


def test_min_align_mask_keeps_the_low_bits(bed: Bed, dev: Any) -> None:
    L.dma_set_min_align_mask(dev, 4095)
    assert L.dma_max_mapping_size(dev) == (256 << 10) - 4096
    page = L.alloc_pages(L.GFP_ATOMIC, 1).addr
    for offset in (100, 2100, 4000, 5000):
        dma = mapped(dev, page + offset, 300, FROM)
        assert dma & 4095 == (page + offset) & 4095
        bed.m.memory.dev_write(dma, b"x" * 300)
        L.dma_unmap_single(dev, dma, 300, FROM)
        assert bytes(bed.m.memory.mem[page + offset : page + offset + 300]) == b"x" * 300


@pytest.mark.parametrize(
    ("option", "size", "slots"),
    [("noforce", 16 << 20, 0), ("force", 16 << 20, 2048), ("force", 1 << 30, 32768), ("1000,force", 16 << 20, 1024),
     ("1000,noforce", 16 << 20, 0), ("", 16 << 20, 0)],
)  # fmt: skip
def test_boot_option_says_how_many_slots(option: str, size: int, slots: int) -> None:
    assert swiotlb_slots(option, size) == slots


@pytest.mark.parametrize("option", ["on", "x,force", "force,force", "99999999,force"])
def test_boot_option_that_means_nothing_is_refused(option: str) -> None:
    with pytest.raises(ValueError, match="swiotlb="):
        swiotlb_slots(option, 16 << 20)


def test_traffic_goes_through_bounce_buffers(bed: Bed) -> None:
    nic = FakeNic(bed)

    def setup() -> None:
        assert L.register_netdev(nic.ndev) == 0
        assert L.dev_open(nic.ndev) == 0

    bed.run(setup)
    sock = L.packet_socket(nic.ndev)
    frame = bytes.fromhex("020000000001020000000002") + b"\x08\x00" + bytes(range(46))
    bed.run(L.packet_sendmsg, sock, frame)
    skb, dma, n, _ = nic.tx[0]
    assert bed.m.memory.dev_read(dma, n) == frame
    assert dma != skb.data + bed.m.memory.bus_offset
    nic.complete(1)
    bed.run(nic.reclaim)
    bed.run(L.packet_release, sock)
    bed.run(L.dev_close, nic.ndev)
    assert bed.m.state["dma"].bounce.used_slots == 0
