# SPDX-License-Identifier: Apache-2.0
"""Barriers between CPU and device, on a machine that needs them. kernel-rules.md: DMA5, DMA6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.linux_bed import Bed
from tests.unit.pci_bed import bind

OLD, NEW = b"oldword0oldword1oldword2oldword3", b"NEWWORD0NEWWORD1NEWWORD2NEWWORD3"


class Shared:
    """32 bytes of coherent memory, OLD to both sides."""

    def __init__(self, seed: int = 1, weak: bool = True) -> None:
        self.bed = bed = Bed(weak=weak, seed=seed, mmio_write=0, hardirq_entry=0)
        self.pdev, _ = bind(bed, lambda pdev: L.pci_enable_device(pdev) or L.pci_set_master(pdev) or 0)
        L.dma_set_mask_and_coherent(self.pdev.dev, L.DMA_BIT_MASK(64))
        cpu, self.dma = bed.run(L.dma_alloc_coherent, self.pdev.dev, 32, L.GFP_KERNEL)
        assert cpu is not None
        self.cpu = cpu
        bed.m.memory.mem[self.cpu : self.cpu + 32] = OLD

    def cpu_sees(self) -> bytes:
        return bytes(self.bed.m.memory.mem[self.cpu : self.cpu + 32])

    def device_sees(self) -> bytes:
        return self.bed.m.memory.dev_read(self.dma, 32)

    def device_writes(self) -> None:
        self.bed.m.memory.dev_write(self.dma, NEW)


def words(data: bytes) -> str:
    """``NooN``: which words are new; every word is one or the other."""
    found = ""
    for at in range(0, 32, 8):
        word = data[at : at + 8]
        assert word in (OLD[at : at + 8], NEW[at : at + 8]), f"a torn word: {word!r}"
        found += "N" if word.isupper() or word[:3] == b"NEW" else "o"
    return found


def seeds(look: Callable[[Shared], str]) -> set[str]:
    return {look(Shared(seed)) for seed in range(40)}


# -- stores --------------------------------------------------------------------------------------------------
def test_stores_without_a_barrier_reach_the_device_in_any_order() -> None:
    """kernel-rules.md: DMA5."""

    def look(s: Shared) -> str:
        L.desc_store(s.cpu, NEW)
        assert s.cpu_sees() == NEW, "the CPU sees its own stores"
        return words(s.device_sees())

    found = seeds(look)
    assert len(found) > 10 and any(f[3] == "N" and f[0] == "o" for f in found)


@pytest.mark.parametrize("barrier", [L.dma_wmb, L.wmb, L.mb])
def test_stores_before_a_barrier_are_seen_before_those_after_it(barrier: Callable[[], None]) -> None:
    """kernel-rules.md: DMA5."""

    def look(s: Shared) -> str:
        L.desc_store(s.cpu, NEW[:16])
        barrier()
        L.desc_store(s.cpu + 16, NEW[16:])
        return words(s.device_sees())

    assert {f[:2] for f in seeds(look)} == {"NN"}


@pytest.mark.parametrize("barrier", [L.dma_rmb, L.rmb, L.smp_mb, L.smp_wmb, L.smp_rmb, L.barrier])
def test_other_barriers_do_not_order_stores_towards_the_device(barrier: Callable[[], None]) -> None:
    def look(s: Shared) -> str:
        L.desc_store(s.cpu, NEW)
        barrier()
        return words(s.device_sees())

    assert len(seeds(look)) > 10


@pytest.mark.parametrize(("write", "ordered"), [(L.writel, True), (L.writel_relaxed, False)])
def test_register_write_orders_stores_unless_it_is_relaxed(write: Callable[[int, int], None], ordered: bool) -> None:
    """kernel-rules.md: DMA5: a doorbell, with and without what writel() implies."""

    def look(s: Shared) -> str:
        def store() -> None:
            L.desc_store(s.cpu, NEW)
            write(1, 0)

        s.bed.run(store)
        assert (0, 1) in s.bed.platform.writes
        return words(s.device_sees())

    assert (seeds(look) == {"NNNN"}) is ordered


def test_store_that_was_late_is_not_lost_and_stays() -> None:
    """The device that looks again and again sees each word change once."""
    for seed in range(20):
        s = Shared(seed)
        L.desc_store(s.cpu, NEW)
        before = "oooo"
        for _ in range(20):
            now = words(s.device_sees())
            assert all(b == "o" or n == "N" for b, n in zip(before, now, strict=True))
            before = now
        assert before == "NNNN"


def test_device_write_over_a_late_store_wins() -> None:
    s = Shared()
    L.desc_store(s.cpu, NEW)
    s.bed.m.memory.dev_write(s.dma + 2, b"__")
    L.dma_wmb()
    L.dma_rmb()
    assert s.cpu_sees() == s.device_sees() == NEW[:2] + b"__" + NEW[4:]


# -- loads ---------------------------------------------------------------------------------------------------
def test_what_the_device_writes_is_seen_in_any_order_without_a_barrier() -> None:
    """kernel-rules.md: DMA6."""

    def look(s: Shared) -> str:
        s.device_writes()
        assert s.device_sees() == NEW, "the device sees its own writes"
        return words(s.cpu_sees())

    found = seeds(look)
    assert len(found) > 10 and any(f[3] == "N" and f[0] == "o" for f in found)


@pytest.mark.parametrize("barrier", [L.dma_rmb, L.rmb, L.mb])
def test_what_was_announced_is_there_after_a_barrier(barrier: Callable[[], None]) -> None:
    """kernel-rules.md: DMA6."""

    def look(s: Shared) -> str:
        s.device_writes()
        barrier()
        return words(s.cpu_sees())

    assert seeds(look) == {"NNNN"}


@pytest.mark.parametrize(("read", "ordered"), [(L.readl, True), (L.readl_relaxed, False)])
def test_register_read_orders_loads_unless_it_is_relaxed(read: Callable[[int], int], ordered: bool) -> None:
    """kernel-rules.md: DMA6, IO1."""

    def look(s: Shared) -> str:
        def load() -> str:
            s.device_writes()
            read(0)
            return words(s.cpu_sees())

        found: str = s.bed.run(load)
        return found

    assert (seeds(look) == {"NNNN"}) is ordered


def test_interrupt_comes_after_what_the_device_wrote_before_it() -> None:
    """kernel-rules.md: IRQ3, DMA6."""

    def look(s: Shared) -> str:
        seen: list[str] = []

        def handler(irq: int, dev_id: Any) -> int:
            seen.append(words(s.cpu_sees()))
            return L.IRQ_HANDLED

        s.bed.run(L.pci_alloc_irq_vectors, s.pdev, 1, 1, L.PCI_IRQ_MSIX)
        s.bed.run(L.request_irq, L.pci_irq_vector(s.pdev, 0), handler, 0, "x", s)
        s.device_writes()
        here.machine.raise_msi(0, s.bed.sched.now)
        s.bed.settle()
        return seen[0]

    assert seeds(look) == {"NNNN"}


def test_cpu_that_waits_sees_it_in_the_end_without_a_barrier() -> None:
    def look(s: Shared) -> str:
        def wait() -> str:
            s.device_writes()
            L.ndelay(100)
            return words(s.cpu_sees())

        found: str = s.bed.run(wait)
        return found

    assert seeds(look) == {"NNNN"}


def test_late_device_write_does_not_undo_a_store_of_the_cpu() -> None:
    """The CPU takes a record back while it has not seen all of it."""
    for seed in range(20):
        s = Shared(seed)
        s.device_writes()
        L.desc_store(s.cpu, bytes(32))
        L.mb()
        assert s.cpu_sees() == s.device_sees() == bytes(32)
        s.device_writes()
        s.bed.m.memory.mem[s.cpu : s.cpu + 32] = b"." * 32
        L.mb()
        assert s.cpu_sees() == s.device_sees() == b"." * 32


# -- a machine that keeps order ------------------------------------------------------------------------------
def test_ordered_machine_needs_no_barrier() -> None:
    for seed in range(10):
        s = Shared(seed, weak=False)
        L.desc_store(s.cpu, NEW)
        assert s.device_sees() == NEW
        s.bed.m.memory.dev_write(s.dma, OLD)
        assert s.cpu_sees() == OLD
    L.mb()
    assert L.READ_ONCE(5) == 5


def test_memory_that_is_freed_is_in_order_again() -> None:
    s = Shared()
    L.desc_store(s.cpu, NEW)
    s.device_writes()
    s.bed.run(L.dma_free_coherent, s.pdev.dev, 32, s.cpu, s.dma)
    page = L.alloc_page(L.GFP_ATOMIC)
    assert page is not None
    dma = L.dma_map_page(s.pdev.dev, page, 0, 32, L.DMA_FROM_DEVICE)
    s.bed.m.memory.dev_write(dma, NEW)
    assert bytes(s.bed.m.memory.mem[page.addr : page.addr + 32]) == NEW
    with pytest.raises(ValueError, match="memory ends"):
        L.desc_store(s.bed.m.memory.size - 4, b"12345")
