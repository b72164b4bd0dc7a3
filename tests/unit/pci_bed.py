# SPDX-License-Identifier: Apache-2.0
"""A driver made of two functions, bound to a device: for the tests of PCI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel import linux as L
from tests.unit.linux_bed import PCI, Bed

__all__ = ["bind", "kernel"]


def bind(
    bed: Bed,
    probe: Callable[[Any], int],
    remove: Callable[[Any], object] = lambda pdev: None,
    err_handler: Any = None,
    **desc: Any,
) -> tuple[Any, int]:
    """Register a driver with these functions and plug a device in; (pdev, what probe returned)."""
    pdev = L.pci_device({**PCI, **desc})
    ids = (L.PCI_DEVICE(PCI["vendor"], PCI["device"]),)
    driver = L.pci_driver("test", lambda pdev, ent: probe(pdev), remove, ids, err_handler=err_handler)
    assert bed.run(L.pci_register_driver, driver, {"rings": 3}) == 0
    return pdev, bed.run(L.pci_add_device, pdev)


def kernel(bed: Bed, fn: Callable[[], Any]) -> Any:
    """Run an expression as kernel code."""

    def task() -> Any:
        return fn()

    return bed.run(task)
