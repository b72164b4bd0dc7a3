# SPDX-License-Identifier: Apache-2.0
"""Memory barriers between CPU and device (DMA5, DMA6).

By default the machine keeps program order, as x86 does, and barriers order nothing further. ``boot(weak=True)`` makes
it one that does not, as the kernel's rules allow (Documentation/memory-barriers.txt), for the memory that CPU and
device share:

* a store made through :func:`desc_store` may reach the device late, aligned words of 8 bytes in any order, until
  dma_wmb(), wmb(), mb(), or a register write that is not relaxed;
* what the device writes to coherent memory may reach the CPU late and so, until dma_rmb(), rmb(), mb(), a register
  read that is not relaxed, an interrupt, or until time passes.

Drivers write descriptors through the one accessor; other stores are seen at once, and never reordered. Draws come from
the memory's seed. Source: include/asm-generic/barrier.h, v6.12. Simplified: a barrier not only orders what was stored
before it, but makes it visible; smp_*() order nothing towards a device; CPUs see one another's stores in order.
"""

from __future__ import annotations

from typing import TypeVar

from pymodel.hw.access import here

__all__ = [
    "READ_ONCE", "barrier", "desc_store", "dma_rmb", "dma_wmb", "mb", "rmb", "smp_mb", "smp_mb__after_atomic",
    "smp_rmb", "smp_wmb", "wmb",
]

T = TypeVar("T")


def READ_ONCE(x: T) -> T:
    return x


def barrier() -> None:
    """A compiler barrier."""


smp_mb = smp_rmb = smp_wmb = smp_mb__after_atomic = barrier


def desc_store(ptr: int, data: bytes) -> None:
    """Store to memory that a device reads: a descriptor, or a part of one. C assigns to its members."""
    weak = here.machine.weak
    if weak is None:
        here.poke(ptr, data)
    else:
        weak.store(ptr, data)


def dma_wmb() -> None:
    """The device sees earlier stores before later ones: contents before the bit that makes them valid (DMA5)."""
    weak = here.machine.weak
    if weak is not None:
        weak.publish()


def dma_rmb() -> None:
    """Later loads see what the device wrote before what earlier loads saw: data after the bit that announces it
    (DMA6).
    """
    weak = here.machine.weak
    if weak is not None:
        weak.settle()


wmb = dma_wmb
rmb = dma_rmb


def mb() -> None:
    """Both."""
    dma_wmb()
    dma_rmb()
