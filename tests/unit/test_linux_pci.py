# SPDX-License-Identifier: Apache-2.0
"""PCI: binding and unbinding, BARs, vectors, managed resources, and what a driver left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import PCI, Bed


def bind(
    bed: Bed, probe: Callable[[Any], int], remove: Callable[[Any], object] = lambda pdev: None, **desc: Any
) -> tuple[Any, int]:
    """Register a driver with these functions and plug a device in; (pdev, what probe returned)."""
    pdev = L.pci_device({**PCI, **desc})
    driver = L.pci_driver("test", lambda pdev, ent: probe(pdev), remove, id_table=((PCI["vendor"], PCI["device"]),))
    assert bed.run(L.pci_register_driver, driver, {"rings": 3}) == 0
    return pdev, bed.run(L.pci_add_device, pdev)


def test_driver_is_found_by_its_ids_and_gets_its_parameters() -> None:
    bed = Bed()
    seen: list[Any] = []
    pdev, err = bind(bed, lambda pdev: seen.append(L.module_param(pdev, "rings", 1)) or 0)
    assert (err, seen) == (0, [3])
    assert L.module_param(pdev, "other", 7) == 7
    stranger = L.pci_device({**PCI, "device": 99})
    assert bed.run(L.pci_add_device, stranger) == -L.ENODEV


def test_probe_that_fails_has_its_managed_resources_undone() -> None:
    bed = Bed()
    log: list[str] = []

    def probe(pdev: Any) -> int:
        L.pcim_enable_device(pdev)
        assert L.pcim_iomap(pdev, 0, 0) == 0
        L.devm_kzalloc(pdev.dev, 100, L.GFP_KERNEL)
        L.devm_add_action(pdev.dev, log.append, "first")
        L.devm_add_action(pdev.dev, log.append, "second")
        return -L.EIO

    pdev, err = bind(bed, probe)
    assert err == -L.EIO
    assert log == ["second", "first"], "the latest first"
    assert pdev.driver is None and not pdev.enabled
    assert L.leak_report() == []


def test_bars_are_28_bits_apart_and_absent_ones_are_null() -> None:
    bed = Bed()
    found: list[Any] = []

    def probe(pdev: Any) -> int:
        found.extend((L.pcim_iomap(pdev, 1, 0), L.pcim_iomap(pdev, 2, 0), L.pci_resource_len(pdev, 1)))
        return 0

    bind(bed, probe, bars=[4096, 8192])
    assert found == [1 << 28, None, 8192]


@pytest.mark.parametrize(
    ("asked", "flags", "desc", "got"),
    [
        ((1, 8), L.PCI_IRQ_MSIX, {}, 4),
        ((2, 3), L.PCI_IRQ_MSIX, {}, 3),
        ((5, 8), L.PCI_IRQ_MSIX, {}, -L.ENOSPC),
        ((1, 4), L.PCI_IRQ_MSIX | L.PCI_IRQ_INTX, {"vectors": 0}, 1),
        ((2, 4), L.PCI_IRQ_INTX, {"vectors": 0}, -L.ENOSPC),
        ((1, 1), L.PCI_IRQ_INTX, {"vectors": 0, "line": False}, -L.ENOSPC),
        ((1, 2), L.PCI_IRQ_MSI, {}, 2),
        ((3, 2), L.PCI_IRQ_MSIX, {}, -L.EINVAL),
    ],
)
def test_vectors_are_given_as_asked_and_available(
    asked: tuple[int, int], flags: int, desc: dict[str, Any], got: int
) -> None:
    bed = Bed()
    result: list[int] = []

    def probe(pdev: Any) -> int:
        result.append(L.pci_alloc_irq_vectors(pdev, *asked, flags))
        return 0

    pdev, _ = bind(bed, probe, **desc)
    assert result == [got]
    if got > 0:
        assert [L.pci_irq_vector(pdev, n) > 0 for n in range(5)] == [n < got for n in range(5)]


def test_vectors_spread_over_the_cpus() -> None:
    bed = Bed(cpus=4)

    def probe(pdev: Any) -> int:
        return min(L.pci_alloc_irq_vectors(pdev, 4, 4, L.PCI_IRQ_MSIX), 0)

    pdev, _ = bind(bed, probe)
    assert sorted(entry.desc.cpu for entry in pdev.msi) == [0, 1, 2, 3]


def test_vectors_not_freed_are_life3() -> None:
    """kernel-rules.md: LIFE3."""
    bed = Bed()
    pdev, _ = bind(bed, lambda pdev: min(L.pci_alloc_irq_vectors(pdev, 1, 1, L.PCI_IRQ_MSIX), 0))
    with pytest.raises(L.CheckError, match="LIFE3: 0000:01:00.0: 1 interrupt vectors are not freed"):
        bed.run(L.pci_remove_device, pdev)


def test_vectors_freed_with_a_handler_installed_are_life3() -> None:
    """kernel-rules.md: LIFE3; BUG_ON in the kernel."""
    bed = Bed()

    def probe(pdev: Any) -> int:
        L.pci_alloc_irq_vectors(pdev, 1, 1, L.PCI_IRQ_MSIX)
        return L.request_irq(L.pci_irq_vector(pdev, 0), lambda irq, d: L.IRQ_HANDLED, 0, "eth0-rx", pdev)

    pdev, _ = bind(bed, probe, L.pci_free_irq_vectors)
    with pytest.raises(L.CheckError, match="LIFE3: .*vector 0 freed while handler eth0-rx is installed"):
        bed.run(L.pci_remove_device, pdev)


def test_bar_left_mapped_is_life3() -> None:
    bed = Bed()
    pdev, _ = bind(bed, lambda pdev: L.pci_iomap(pdev, 0, 0) or 0)
    with pytest.raises(L.CheckError, match="LIFE3: .*BAR 0 is still mapped, by test_linux_pci.py"):
        bed.run(L.pci_remove_device, pdev)


def test_mapping_left_at_removal_is_dma1() -> None:
    """kernel-rules.md: DMA1, as CONFIG_DMA_API_DEBUG says it."""
    bed = Bed()

    def probe(pdev: Any) -> int:
        L.dma_set_mask_and_coherent(pdev.dev, L.DMA_BIT_MASK(64))
        L.dma_alloc_coherent(pdev.dev, 4096, L.GFP_KERNEL)
        return 0

    pdev, _ = bind(bed, probe)
    with pytest.raises(
        L.CheckError,
        match=r"DMA1: .*pending DMA allocations while released from device .count=1.*coherent memory of 4096",
    ):
        bed.run(L.pci_remove_device, pdev)


def test_managed_interrupt_goes_with_the_driver() -> None:
    bed = Bed()

    def probe(pdev: Any) -> int:
        return L.devm_request_irq(pdev.dev, pdev.irq, lambda irq, d: L.IRQ_NONE, L.IRQF_SHARED, "line", pdev)

    pdev, err = bind(bed, probe)
    assert err == 0
    assert L.irq_leaks()
    bed.run(L.pci_remove_device, pdev)
    assert L.leak_report() == []


def test_driver_can_be_bound_again_after_removal() -> None:
    bed = Bed()
    lives: list[int] = []

    def probe(pdev: Any) -> int:
        lives.append(pdev.dev.dma_mask)
        L.pci_set_drvdata(pdev, "mine")
        return L.dma_set_mask(pdev.dev, L.DMA_BIT_MASK(64))

    pdev, _ = bind(bed, probe)
    bed.run(L.pci_remove_device, pdev)
    assert L.pci_get_drvdata(pdev) is None
    assert bed.run(L.pci_add_device, pdev) == 0
    assert lives == [0xFFFFFFFF, 0xFFFFFFFF], "the mask of the first life is forgotten"


def test_unloading_the_driver_removes_its_devices() -> None:
    bed = Bed()
    log: list[str] = []
    pdev, _ = bind(bed, lambda pdev: 0, lambda pdev: log.append("remove"))
    bed.run(L.pci_unregister_driver, pdev.driver)
    assert log == ["remove"] and pdev.driver is None
