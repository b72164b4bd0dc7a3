# SPDX-License-Identifier: Apache-2.0
"""Scatterlists: made, gone through, mapped and synced; a packet as a list."""

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
    return device()


def device() -> Any:
    dev = L.pci_device({"vendor": 1, "device": 2}).dev
    assert L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(64)) == 0
    return dev


def buffers(bed: Bed, *lengths: int) -> list[L.scatterlist]:
    """A list of buffers, each filled with its number."""
    sg = [L.scatterlist() for _ in lengths]
    L.sg_init_table(sg, len(sg))
    for i, n in enumerate(lengths):
        addr = L.kmalloc(n, L.GFP_ATOMIC)
        bed.m.memory.mem[addr : addr + n] = bytes([i + 1]) * n
        L.sg_set_buf(sg[i], addr, n)
    return sg


# -- lists ---------------------------------------------------------------------------------------------------
def test_list_ends_where_it_is_marked(bed: Bed) -> None:
    sg = buffers(bed, 10, 20, 30)
    assert [e.length for e in L.for_each_sg(sg, 3)] == [10, 20, 30]
    assert L.sg_nents(sg) == 3 and L.sg_nents(sg[1]) == 2
    assert L.sg_last(sg, 3) is sg[2] and L.sg_is_last(sg[2]) and L.sg_next(sg[2]) is None
    L.sg_mark_end(sg[1])
    assert L.sg_nents(sg) == 2
    L.sg_unmark_end(sg[1])
    assert L.sg_nents(sg) == 3
    assert [L.sg_nents_for_len(sg, n) for n in (0, 1, 10, 11, 60, 61)] == [0, 1, 1, 2, 3, -L.EINVAL]


def test_walk_beyond_the_end_or_without_init_is_a_bug(bed: Bed) -> None:
    with pytest.raises(L.KernelBug, match="the scatterlist ends after 2 entries, 3 are wanted"):
        list(L.for_each_sg(buffers(bed, 1, 2), 3))
    with pytest.raises(L.KernelBug, match="sg_init_table.. is missing"):
        L.sg_next(L.scatterlist())
    with pytest.raises(L.KernelBug, match="without a page"):
        L.sg_virt(L.scatterlist())


def test_chained_lists_are_one(bed: Bed) -> None:
    first, second = buffers(bed, 10, 20, 0), buffers(bed, 30, 40)
    L.sg_chain(first, 3, second)
    assert [e.length for e in L.for_each_sg(first, 4)] == [10, 20, 30, 40]
    assert L.sg_nents(first) == 4


def test_entry_knows_its_memory(bed: Bed) -> None:
    sg = [L.scatterlist()]
    page = L.alloc_pages(L.GFP_ATOMIC, 1)
    L.sg_init_one(sg, page.addr + 100, 50)
    assert (L.sg_page(sg), sg[0].offset, sg[0].length) == (page, 100, 50)
    assert L.sg_virt(sg) == L.sg_phys(sg) == page.addr + 100
    L.sg_set_page(sg, page, 60, 4200)
    assert L.sg_virt(sg) == page.addr + 4200 and L.sg_is_last(sg)


def test_table_is_memory_that_can_run_out_and_leak(bed: Bed) -> None:
    table = L.sg_table()
    assert L.sg_alloc_table(table, 0, L.GFP_ATOMIC) == -L.EINVAL
    L.set_alloc_failure(lambda what, size: True)
    assert L.sg_alloc_table(table, 5, L.GFP_ATOMIC) == -L.ENOMEM
    L.set_alloc_failure(None)
    assert L.sg_alloc_table(table, 5, L.GFP_ATOMIC) == 0
    assert len(list(L.for_each_sgtable_sg(table))) == table.orig_nents == 5
    assert L.leak_report()
    L.sg_free_table(table)
    assert L.leak_report() == [] and not table.sgl


def test_buffers_are_copied_in_and_out(bed: Bed) -> None:
    mem = bed.m.memory.mem
    sg = buffers(bed, 3, 4, 5)
    flat = L.kmalloc(64, L.GFP_ATOMIC)
    assert L.sg_copy_to_buffer(sg, 3, flat, 64) == 12
    assert bytes(mem[flat : flat + 12]) == b"\1\1\1\2\2\2\2\3\3\3\3\3"
    mem[flat : flat + 4] = b"abcd"
    assert L.sg_pcopy_from_buffer(sg, 3, flat, 4, 5) == 4
    assert L.sg_pcopy_to_buffer(sg, 3, flat, 20, 2) == 10
    assert bytes(mem[flat : flat + 10]) == b"\1\2\2abcd\3\3\3"
    assert L.sg_copy_from_buffer(sg, 2, flat, 64) == 7
    assert L.sg_zero_buffer(sg, 3, 2, 11) == 1
    assert L.sg_copy_to_buffer(sg, 3, flat, 12) == 12
    assert bytes(mem[flat : flat + 12]) == b"\1\2\2abcdcd\3\3\0"


# -- mapping -------------------------------------------------------------------------------------------------
def test_mapped_list_is_what_the_device_reaches(bed: Bed, dev: Any) -> None:
    sg = buffers(bed, 100, 200)
    assert L.dma_map_sg(dev, sg, 2, TO) == 2
    for i, e in enumerate(sg):
        assert bed.m.memory.dev_read(L.sg_dma_address(e), L.sg_dma_len(e)) == bytes([i + 1]) * e.length
    with pytest.raises(DmaFault):
        bed.m.memory.dev_write(sg[0].dma_address, b"x")
    L.dma_unmap_sg(dev, sg, 2, TO)
    assert L.dma_leaks() == []


def test_list_unmapped_with_another_count_is_dma1(bed: Bed, dev: Any) -> None:
    """kernel-rules.md: DMA1. The count is that of the map call, not what it returned."""
    sg = buffers(bed, 100, 200)
    L.dma_map_sg_attrs(dev, sg, 2, TO, 0)
    with pytest.raises(
        L.CheckError, match=r"DMA1: .*different entry count \[map count=2\] \[unmap count=1\]: .*made at test_linux_sca"
    ):
        L.dma_unmap_sg(dev, sg, 1, TO)
    with pytest.raises(L.CheckError, match="DMA1: .*syncs DMA sg list with different entry count"):
        L.dma_sync_sg_for_cpu(dev, sg, 1, TO)
    with pytest.raises(L.CheckError, match=r"DMA1: .*wrong function \[mapped as scatter-gather\] \[unmapped as single"):
        L.dma_unmap_single(dev, sg[0].dma_address, 100, TO)
    L.dma_unmap_sg_attrs(dev, sg, 2, TO, 0)
    with pytest.raises(L.CheckError, match="DMA1: .*has not allocated"):
        L.dma_unmap_sg(dev, sg, 2, TO)


def test_segment_that_the_device_cannot_take_is_dma4(bed: Bed, dev: Any) -> None:
    """kernel/dma/debug.c check_sg_segment()."""
    sg = buffers(bed, 3000)
    L.dma_set_max_seg_size(dev, 2999)
    with pytest.raises(L.CheckError, match=r"DMA4: .*longer than device claims to support \[len=3000\] \[max=2999\]"):
        L.dma_map_sg(dev, sg, 1, TO)
    L.dma_set_max_seg_size(dev, 3000)
    L.dma_set_seg_boundary(dev, 1023)
    with pytest.raises(L.CheckError, match="DMA4: .*segment across boundary"):
        L.dma_map_sg(dev, sg, 1, TO)


def test_list_that_fails_half_way_leaves_nothing_mapped(bed: Bed, dev: Any) -> None:
    sg = buffers(bed, 100, 200, 300)
    L.set_dma_failure(lambda d, size: size == 300)
    assert L.dma_map_sg(dev, sg, 3, FROM) == 0
    table = L.sg_table()
    L.sg_alloc_table(table, 3, L.GFP_ATOMIC)
    for e, other in zip(table.sgl, sg, strict=True):
        L.sg_set_buf(e, L.sg_virt(other), other.length)
    assert L.dma_map_sgtable(dev, table, FROM, 0) == -L.EIO
    assert L.dma_leaks() == []
    L.set_dma_failure(None)
    assert L.dma_map_sgtable(dev, table, FROM, 0) == 0
    assert len(list(L.for_each_sgtable_dma_sg(table))) == 3
    L.dma_unmap_sgtable(dev, table, FROM, 0)
    assert L.dma_leaks() == []


def test_synced_list_is_copied_through_bounce_buffers() -> None:
    """kernel-rules.md: DMA3."""
    bed = Bed(swiotlb="force")
    dev = device()
    mem = bed.m.memory
    table = L.sg_table()
    L.sg_alloc_table(table, 2, L.GFP_ATOMIC)
    for e, other in zip(table.sgl, buffers(bed, 10, 20), strict=True):
        L.sg_set_buf(e, L.sg_virt(other), other.length)
    assert L.dma_map_sgtable(dev, table, L.DMA_BIDIRECTIONAL, 0) == 0
    first, second = table.sgl
    mem.dev_write(first.dma_address, b"d" * 10)
    assert mem.mem[L.sg_virt(first)] == 1
    L.dma_sync_sgtable_for_cpu(dev, table, L.DMA_BIDIRECTIONAL)
    assert mem.mem[L.sg_virt(first)] == ord("d")
    mem.mem[L.sg_virt(second)] = ord("c")
    assert mem.dev_read(second.dma_address, 1) == b"\2"
    L.dma_sync_sgtable_for_device(dev, table, L.DMA_BIDIRECTIONAL)
    assert mem.dev_read(second.dma_address, 1) == b"c"
    L.dma_sync_sg_for_device(dev, table.sgl, 2, L.DMA_BIDIRECTIONAL)
    L.dma_unmap_sgtable(dev, table, L.DMA_BIDIRECTIONAL, 0)


# -- packets -------------------------------------------------------------------------------------------------
def packet(bed: Bed, linear: int, *frags: int) -> Any:
    skb = L.alloc_skb(linear, L.GFP_ATOMIC)
    assert skb is not None
    at = L.skb_put(skb, linear)
    bed.m.memory.mem[at : at + linear] = bytes(range(linear))
    for i, n in enumerate(frags):
        page = L.alloc_page(L.GFP_ATOMIC)
        bed.m.memory.mem[page.addr + 7 : page.addr + 7 + n] = bytes([100 + i]) * n
        L.skb_add_rx_frag(skb, i, page, 7, n, 4096)
    return skb


def data(bed: Bed, sg: list[L.scatterlist], n: int) -> bytes:
    return b"".join(bytes(bed.m.memory.mem[L.sg_virt(e) :][: e.length]) for e in L.for_each_sg(sg, n))


def test_packet_becomes_a_list(bed: Bed) -> None:
    skb = packet(bed, 40, 30, 20)
    whole = bytes(range(40)) + b"\x64" * 30 + b"\x65" * 20
    for offset, length, entries in ((0, 90, 3), (0, 40, 1), (10, 31, 2), (45, 10, 1), (69, 2, 2), (70, 20, 1)):
        sg = [L.scatterlist() for _ in range(4)]
        L.sg_init_table(sg, 4)
        assert L.skb_to_sgvec(skb, sg, offset, length) == entries
        assert data(bed, sg, entries) == whole[offset : offset + length]
        assert L.sg_nents(sg) == entries, "the end is marked"


def test_packets_in_a_packet_become_one_list(bed: Bed) -> None:
    skb, part = packet(bed, 40, 30), packet(bed, 20, 10)
    L.skb_shinfo(skb).frag_list = part
    skb.len += part.len
    skb.data_len += part.len
    sg = [L.scatterlist() for _ in range(5)]
    L.sg_init_table(sg, 5)
    assert L.skb_to_sgvec_nomark(skb, sg, 60, 35) == 3
    assert [e.length for e in sg] == [10, 20, 5, 0, 0]
    assert not sg[2].end and L.sg_nents(sg) == 5
    assert data(bed, sg, 3) == b"\x64" * 10 + bytes(range(20)) + b"\x64" * 5


def test_list_too_short_for_the_packet_is_emsgsize(bed: Bed) -> None:
    sg = [L.scatterlist() for _ in range(2)]
    L.sg_init_table(sg, 2)
    assert L.skb_to_sgvec(packet(bed, 40, 30, 20), sg, 0, 90) == -L.EMSGSIZE


def test_list_of_more_than_the_packet_is_a_bug(bed: Bed) -> None:
    sg = [L.scatterlist() for _ in range(2)]
    L.sg_init_table(sg, 2)
    with pytest.raises(L.KernelBug, match="1 bytes of the range are beyond"):
        L.skb_to_sgvec(packet(bed, 40, 30), sg, 0, 71)
