# SPDX-License-Identifier: Apache-2.0
"""PCI: binding and unbinding, BARs, enabling, managed resources, and what a driver left behind."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.memory import DmaFault
from tests.unit.linux_bed import PCI, Bed
from tests.unit.pci_bed import bind, kernel


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
    assert pdev.driver is None and not L.pci_is_enabled(pdev)
    assert L.leak_report() == []


def test_bars_are_28_bits_apart_and_absent_ones_are_null() -> None:
    bed = Bed()
    found: list[Any] = []

    def probe(pdev: Any) -> int:
        found.extend((L.pcim_iomap(pdev, 1, 0), L.pcim_iomap(pdev, 2, 0), L.pci_resource_len(pdev, 1)))
        return 0

    bind(bed, probe, bars=[4096, 8192])
    assert found == [1 << 28, None, 8192]


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


# -- ids -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("id", "fits"),
    [
        (L.PCI_DEVICE(0x1AE0, 1), True),
        (L.PCI_VDEVICE(0x1AE0, 2), False),
        (L.PCI_DEVICE(0x1AE0, L.PCI_ANY_ID), True),
        (L.PCI_DEVICE_SUB(0x1AE0, 1, 5, 6), True),
        (L.PCI_DEVICE_SUB(0x1AE0, 1, 5, 7), False),
        (L.PCI_DEVICE_SUB(0x1AE0, 1, 4, L.PCI_ANY_ID), False),
        (L.PCI_DEVICE_CLASS(0x020000, 0xFFFF00), True),
        (L.PCI_DEVICE_CLASS(0x010000, 0xFFFF00), False),
        (L.PCI_DEVICE_CLASS(0x0200FF, 0xFFFF00), True),
        (L.pci_device_id(), False),
    ],
)
def test_id_fits_the_device_or_not(id: Any, fits: bool) -> None:
    """Source: drivers/pci/pci-driver.c pci_match_one_device()."""
    pdev = L.pci_device({**PCI, "subvendor": 5, "subdevice": 6, "class": 0x020001, "revision": 3})
    assert (L.pci_match_id([id], pdev) is id) is fits
    assert (pdev.subsystem_vendor, pdev.subsystem_device, pdev.class_, pdev.revision) == (5, 6, 0x020001, 3)


def test_probe_gets_the_first_entry_that_fits() -> None:
    bed = Bed()
    seen: list[Any] = []
    ids = (
        L.PCI_DEVICE(1, 2),
        L.pci_device_id(PCI["vendor"], PCI["device"], driver_data="fast"),
        L.PCI_DEVICE(PCI["vendor"], PCI["device"]),
    )
    driver = L.pci_driver("test", lambda pdev, ent: seen.append(ent.driver_data) or 0, lambda pdev: None, ids)
    bed.run(L.pci_register_driver, driver)
    assert bed.run(L.pci_add_device, L.pci_device(PCI)) == 0
    assert seen == ["fast"]


def test_driver_without_ids_serves_nothing_and_one_loaded_later_finds_its_device() -> None:
    bed = Bed()
    nothing = L.pci_driver("none", lambda pdev, ent: 0, lambda pdev: None)
    bed.run(L.pci_register_driver, nothing)
    pdev = L.pci_device(PCI)
    assert bed.run(L.pci_add_device, pdev) == -L.ENODEV
    late = L.pci_driver("late", lambda pdev, ent: 0, lambda pdev: None, [L.PCI_DEVICE(0x1AE0, 1)])
    bed.run(L.pci_register_driver, late)
    assert pdev.driver is late


def test_probe_that_returns_more_than_zero_is_bound_with_a_warning() -> None:
    bed = Bed()
    pdev, err = bind(bed, lambda pdev: 5)
    assert err == 0 and pdev.driver is not None
    assert "Driver probe function unexpectedly returned 5" in L.dmesg()[-1]


def test_names_and_data_are_the_devices() -> None:
    bed = Bed()
    pdev = L.pci_device(PCI, "0000:03:02.1")
    assert (L.pci_name(pdev), pdev.devfn, L.to_pci_dev(pdev.dev)) == ("0000:03:02.1", 2 << 3 | 1, pdev)
    L.pci_set_drvdata(pdev, bed)
    assert L.pci_get_drvdata(pdev) is L.dev_get_drvdata(pdev.dev) is bed


def test_shutdown_calls_the_driver_and_stops_dma() -> None:
    bed = Bed()
    log: list[str] = []
    pdev, _ = bind(bed, lambda pdev: L.pci_enable_device(pdev) or L.pci_set_master(pdev) or 0)
    pdev.driver.shutdown = lambda pdev: log.append("shutdown")
    bed.run(L.pci_device_shutdown, pdev)
    assert log == ["shutdown"] and not pdev.is_busmaster


# -- enabling ------------------------------------------------------------------------------------------------
def test_register_access_before_enabling_is_reported() -> None:
    """Real hardware answers all ones, and the driver wonders."""
    bed = Bed()
    pdev, _ = bind(bed, lambda pdev: 0)
    for access in (lambda: L.readl(4), lambda: L.writel(1, 4)):
        with pytest.raises(L.CheckError, match="PCI: .* of 0x4 in BAR 0, but memory decoding is off.*test_linux_pci"):
            kernel(bed, access)
    bed.run(L.pci_enable_device, pdev)
    assert kernel(bed, lambda: L.readl(4)) == 0
    bed.run(L.pci_disable_device, pdev)
    assert kernel(bed, lambda: L.readl(4)) == 0, "disabling takes bus mastering only"


def test_enabling_nests_and_the_last_disable_stops_bus_mastering() -> None:
    bed = Bed()
    pdev, _ = bind(bed, lambda pdev: 0)
    for fn in (L.pci_enable_device, L.pci_enable_device_mem, L.pci_set_master, L.pci_disable_device):
        bed.run(fn, pdev)
    assert L.pci_is_enabled(pdev) and pdev.is_busmaster
    bed.run(L.pci_disable_device, pdev)
    assert not L.pci_is_enabled(pdev) and not pdev.is_busmaster
    with pytest.raises(L.KernelWarning, match="disabling already-disabled device"):
        bed.run(L.pci_disable_device, pdev)


def test_device_that_is_no_bus_master_reaches_no_memory() -> None:
    bed = Bed()
    pdev, _ = bind(bed, L.pci_enable_device)
    L.dma_set_mask_and_coherent(pdev.dev, L.DMA_BIT_MASK(64))
    cpu, dma = bed.run(L.dma_alloc_coherent, pdev.dev, 100, L.GFP_KERNEL)
    for access in (lambda: bed.m.memory.dev_read(dma, 4), lambda: bed.m.memory.dev_write(dma, b"x")):
        with pytest.raises(DmaFault, match="no bus master") as info:
            access()
        assert info.value.kind == "master"
        error = L.dma_fault_error(info.value)
        assert error is not None and "PCI: " in str(error) and "pci_set_master() is missing" in str(error)
    bed.run(L.pci_set_master, pdev)
    bed.m.memory.dev_write(dma, b"x")
    assert bed.m.memory.mem[cpu] == ord("x")
    bed.run(L.pci_clear_master, pdev)
    with pytest.raises(DmaFault):
        bed.m.memory.dev_read(dma, 4)
    bed.run(L.dma_free_coherent, pdev.dev, 100, cpu, dma)
    bed.run(L.pci_remove_device, pdev)


# -- BARs ----------------------------------------------------------------------------------------------------
def test_regions_belong_to_one_at_a_time() -> None:
    bed = Bed()
    pdev, _ = bind(bed, lambda pdev: 0, bars=[4096, 0, 8192])
    assert L.pci_select_bars(pdev, L.IORESOURCE_MEM) == 0b101
    assert L.pci_request_region(pdev, 2, "a") == 0
    assert L.pci_request_regions(pdev, "b") == -L.EBUSY
    assert L.pci_request_selected_regions(pdev, 0b001, "b") == 0
    L.pci_release_regions(pdev)
    assert L.pci_request_mem_regions(pdev, "c") == 0
    L.pci_release_selected_regions(pdev, 0b100)
    with pytest.raises(L.KernelWarning, match="nonexistent resource, BAR 2"):
        L.pci_release_region(pdev, 2)
    with pytest.raises(L.CheckError, match="LIFE3: .*BAR 0 is still requested for c, by test_linux_pci.py"):
        bed.run(L.pci_remove_device, pdev)


def test_place_of_a_bar_is_told_and_can_be_mapped() -> None:
    bed = Bed()
    pdev, _ = bind(bed, lambda pdev: 0, bars={1: 4096})
    start = L.pci_resource_start(pdev, 1)
    assert (start, L.pci_resource_end(pdev, 1), L.pci_resource_len(pdev, 1)) == (1 << 28, (1 << 28) + 4095, 4096)
    assert [L.pci_resource_flags(pdev, bar) for bar in (0, 1)] == [0, L.IORESOURCE_MEM]
    assert L.pci_resource_end(pdev, 0) == L.pci_resource_start(pdev, 0) == 0
    assert L.ioremap(start, 4096) == L.pci_ioremap_bar(pdev, 1) == L.pci_iomap_wc(pdev, 1, 0) == start
    assert L.pci_iomap_range(pdev, 1, 256, 0) == start + 256
    assert L.pci_iomap_range(pdev, 1, 4096, 0) is None and L.ioremap(5 << 28, 4) is None
    for _ in range(3):
        L.pci_iounmap(pdev, start)
    L.iounmap(start)
    with pytest.raises(L.KernelWarning, match="BAR 1 is not mapped"):
        L.pci_iounmap(pdev, start)
    with pytest.raises(L.KernelWarning, match="bad address"):
        L.iounmap(5 << 28)
    bed.run(L.pci_remove_device, pdev)


def test_managed_mappings_and_regions_go_with_the_driver() -> None:
    bed = Bed()

    def probe(pdev: Any) -> int:
        assert L.pcim_iomap_regions(pdev, 0b11, "test") == 0
        assert L.pcim_iomap_regions(pdev, 0b10, "again") == -L.EBUSY
        assert L.pcim_iomap_regions(pdev, 0b10100, "none") == -L.EINVAL
        assert L.pcim_iomap_table(pdev)[:3] == [0, 1 << 28, None]
        L.pcim_iounmap_regions(pdev, 0b10)
        assert L.pcim_iomap_table(pdev)[1] is None
        assert L.pcim_iomap_region(pdev, 1, "one") == 1 << 28
        assert L.pcim_iomap_region(pdev, 1, "two") == -L.EBUSY
        addr = L.devm_ioremap(pdev.dev, 2 << 28, 64)
        L.devm_iounmap(pdev.dev, addr)
        L.pcim_iounmap(pdev, L.pcim_iomap(pdev, 2, 0))
        return 0

    pdev, err = bind(bed, probe, bars=[4096, 4096, 4096])
    assert err == 0
    bed.run(L.pci_remove_device, pdev)
    pdev, _ = bind(Bed(), lambda pdev: L.pcim_request_all_regions(pdev, "all"))
    assert pdev.regions


def test_managed_actions_can_be_taken_back_or_done_early() -> None:
    bed = Bed()
    log: list[int] = []
    pdev, _ = bind(bed, lambda pdev: 0)
    for n in (1, 2, 3):
        L.devm_add_action_or_reset(pdev.dev, log.append, n)
    assert L.devm_remove_action(pdev.dev, log.append, 2) == 0
    assert L.devm_remove_action(pdev.dev, log.append, 2) == -L.ENOENT
    assert L.devm_release_action(pdev.dev, log.append, 1) == 0
    assert log == [1]
    a, b = L.devm_kmalloc(pdev.dev, 10, L.GFP_ATOMIC), L.devm_kcalloc(pdev.dev, 4, 8, L.GFP_ATOMIC)
    assert bytes(bed.m.memory.mem[b : b + 32]) == bytes(32)
    L.devm_kfree(pdev.dev, a)
    bed.run(L.pci_remove_device, pdev)
    assert log == [1, 3]
    assert L.leak_report() == []
