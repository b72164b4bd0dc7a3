# SPDX-License-Identifier: Apache-2.0
"""Memory barriers. The model CPUs keep program order, as x86's stores and loads do among themselves, so that these
order nothing further; drivers call them where Linux asks for them (DMA5, DMA6). Source:
arch/x86/include/asm/barrier.h, v6.12.
"""

from __future__ import annotations

from typing import TypeVar

__all__ = [
    "READ_ONCE", "barrier", "dma_rmb", "dma_wmb", "mb", "rmb", "smp_mb", "smp_mb__after_atomic", "smp_rmb", "smp_wmb",
    "wmb",
]

T = TypeVar("T")


def READ_ONCE(x: T) -> T:
    return x


def barrier() -> None:
    """A compiler barrier."""


mb = rmb = wmb = dma_rmb = dma_wmb = smp_mb = smp_rmb = smp_wmb = smp_mb__after_atomic = barrier
