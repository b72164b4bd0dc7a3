# SPDX-License-Identifier: Apache-2.0
"""The machine on which records are replayed: one CPU that costs nothing, as nothing in the records depends on time
but the jiffies that they name.
"""

from __future__ import annotations

from dataclasses import fields

from pymodel.hw.access import CpuCosts
from tests.unit.linux_bed import Bed

__all__ = ["oracle_bed"]

_FREE = {f.name: 0 for f in fields(CpuCosts)}


def oracle_bed(cpus: int = 1, size: int = 16 << 20, swiotlb: str = "noforce") -> Bed:
    """A freshly booted kernel in force. ``bed.run(fn, ...)`` runs kernel code; functions that only compute or touch
    memory may be called as they are.
    """
    return Bed(cpus=cpus, size=size, swiotlb=swiotlb, **_FREE)
