# SPDX-License-Identifier: Apache-2.0
"""Errors of the bus and recovery from them. kernel-rules.md: ERR1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import here
from pymodel.hw.memory import DmaFault
from tests.unit.linux_bed import Bed
from tests.unit.pci_bed import bind, kernel

FROZEN, NORMAL, GONE = L.pci_channel_io_frozen, L.pci_channel_io_normal, L.pci_channel_io_perm_failure
RECOVERED, NEED_RESET = L.PCI_ERS_RESULT_RECOVERED, L.PCI_ERS_RESULT_NEED_RESET


class Driver:
    """A driver that recovers as the kernel's documentation says; ``vote`` is its answer to error_detected()."""

    def __init__(self, vote: int = NEED_RESET) -> None:
        self.bed = bed = Bed()
        self.log: list[Any] = []
        self.vote = vote
        self.in_slot_reset: Callable[[], object] = lambda: None
        handlers = L.pci_error_handlers(
            error_detected=self.error_detected,
            mmio_enabled=self.mmio_enabled,
            slot_reset=self.slot_reset,
            resume=self.resume,
        )
        self.pdev, err = bind(bed, self.probe, err_handler=handlers)
        assert err == 0

    def probe(self, pdev: Any) -> int:
        L.pci_enable_device(pdev)
        L.pci_set_master(pdev)
        L.dma_set_mask_and_coherent(pdev.dev, L.DMA_BIT_MASK(64))
        self.cpu, self.dma = L.dma_alloc_coherent(pdev.dev, 64, L.GFP_KERNEL)
        return int(L.pci_save_state(pdev))

    def error_detected(self, pdev: Any, state: int) -> int:
        self.log.append(("error_detected", state, L.pci_channel_offline(pdev)))
        if state != NORMAL:
            L.pci_disable_device(pdev)
        return self.vote

    def mmio_enabled(self, pdev: Any) -> int:
        self.log.append(("mmio_enabled", L.readl(0)))
        return RECOVERED

    def slot_reset(self, pdev: Any) -> int:
        self.log.append(("slot_reset",))
        assert L.pci_enable_device(pdev) == 0
        L.pci_restore_state(pdev)
        L.pci_save_state(pdev)
        L.pci_set_master(pdev)
        self.in_slot_reset()
        return RECOVERED if L.readl(0) == 0 else L.PCI_ERS_RESULT_DISCONNECT

    def resume(self, pdev: Any) -> None:
        self.log.append(("resume", L.pci_channel_offline(pdev)))
        self.bed.m.memory.dev_write(self.dma, b"x")

    def inject(self, state: int) -> int:
        return int(self.bed.run(L.pci_inject_error, self.pdev, state))


def test_fatal_error_is_recovered_by_a_reset() -> None:
    """error_detected, link reset, slot_reset, resume; afterwards all is as before."""
    driver = Driver()
    assert driver.inject(FROZEN) == RECOVERED
    assert driver.log == [("error_detected", FROZEN, True), ("slot_reset",), ("resume", False)]
    assert driver.pdev.is_busmaster and not L.pci_channel_offline(driver.pdev)
    assert any("device recovery successful" in line for line in L.dmesg())
    assert driver.inject(FROZEN) == RECOVERED, "and again"


def test_error_that_is_not_fatal_is_recovered_without_reset() -> None:
    driver = Driver(L.PCI_ERS_RESULT_CAN_RECOVER)
    assert driver.inject(NORMAL) == RECOVERED
    assert [what[0] for what in driver.log] == ["error_detected", "mmio_enabled", "resume"]


def test_frozen_device_reads_all_ones_and_hears_and_reaches_nothing() -> None:
    """kernel-rules.md: ERR1."""
    driver = Driver()
    bed, pdev = driver.bed, driver.pdev
    seen: list[Any] = []

    def look() -> None:
        seen.extend((L.readb(0), L.readw(0), L.readl(0), L.readq(0)))
        L.writel(7, 0)

    def detected(pdev: Any, state: int) -> int:
        look()
        seen.append(L.pci_read_config_word(pdev, L.PCI_VENDOR_ID))
        with pytest.raises(DmaFault) as info:
            bed.m.memory.dev_read(driver.dma, 4)
        seen.append(L.dma_fault_error(info.value))
        here.machine.raise_msi(0, 0)
        return NEED_RESET

    pdev.driver.err_handler.error_detected = detected
    bed.run(L.pci_alloc_irq_vectors, pdev, 1, 1, L.PCI_IRQ_MSIX)
    bed.platform.writes.clear()
    assert driver.inject(FROZEN) == RECOVERED
    assert seen == [0xFF, 0xFFFF, 0xFFFFFFFF, (1 << 64) - 1, (0, 0xFFFF), None]
    assert (0, 7) not in bed.platform.writes


def test_register_access_after_error_detected_is_err1() -> None:
    """kernel-rules.md: ERR1."""
    driver = Driver()
    bed = driver.bed
    assert driver.inject(GONE) == L.PCI_ERS_RESULT_DISCONNECT
    with pytest.raises(L.CheckError, match=r"ERR1: .*read of 0x0 in BAR 0 after error_detected.*test_linux_pci_err"):
        kernel(bed, lambda: L.readl(0))
    with L.tolerate("ERR1"):
        assert kernel(bed, lambda: L.readl(0)) == 0xFFFFFFFF


def test_dma_before_resume_is_err1() -> None:
    """kernel-rules.md: ERR1. slot_reset() brings the device to life, I/O begins in resume()."""
    driver = Driver()
    errors: list[str] = []

    def early() -> None:
        with pytest.raises(DmaFault) as info:
            driver.bed.m.memory.dev_write(driver.dma, b"x")
        errors.append(str(L.dma_fault_error(info.value)))

    driver.in_slot_reset = early
    assert driver.inject(FROZEN) == RECOVERED
    assert len(errors) == 1 and errors[0].startswith("ERR1: ") and "I/O before resume()" in errors[0]


def test_registers_are_lost_by_the_reset_where_nothing_was_saved() -> None:
    driver = Driver()
    driver.pdev.saved = None
    driver.pdev.driver.err_handler.error_detected = lambda pdev, state: NEED_RESET  # without pci_disable_device()
    with pytest.raises(L.CheckError, match="PCI: .*memory decoding is off"):
        driver.inject(FROZEN)


def test_driver_without_handlers_does_not_recover() -> None:
    bed = Bed()
    pdev, _ = bind(bed, L.pci_enable_device)
    assert bed.run(L.pci_inject_error, pdev, FROZEN) == L.PCI_ERS_RESULT_NO_AER_DRIVER
    assert any("no error_detected callback" in line for line in L.dmesg())
    assert any("device recovery failed" in line for line in L.dmesg())


def test_driver_that_gives_up_is_not_resumed() -> None:
    driver = Driver(L.PCI_ERS_RESULT_DISCONNECT)
    assert driver.inject(FROZEN) == L.PCI_ERS_RESULT_DISCONNECT
    assert [what[0] for what in driver.log] == ["error_detected"]
    driver = Driver()
    driver.pdev.driver.err_handler.slot_reset = lambda pdev: L.PCI_ERS_RESULT_DISCONNECT
    assert driver.inject(FROZEN) == L.PCI_ERS_RESULT_DISCONNECT
    assert [what[0] for what in driver.log] == ["error_detected"]


def test_mmio_enabled_may_ask_for_a_reset() -> None:
    driver = Driver(L.PCI_ERS_RESULT_CAN_RECOVER)
    driver.pdev.driver.err_handler.mmio_enabled = lambda pdev: NEED_RESET
    assert driver.inject(NORMAL) == RECOVERED
    assert [what[0] for what in driver.log] == ["error_detected", "slot_reset", "resume"]


def test_device_that_is_gone_stays_gone() -> None:
    driver = Driver()
    assert driver.inject(GONE) == L.PCI_ERS_RESULT_DISCONNECT
    assert driver.log == [("error_detected", GONE, True)]
    assert L.pci_dev_is_disconnected(driver.pdev)
    assert L.pci_read_config_byte(driver.pdev, 0) == (L.PCIBIOS_DEVICE_NOT_FOUND, 0xFF)
    assert L.pci_write_config_byte(driver.pdev, 4, 0) == L.PCIBIOS_DEVICE_NOT_FOUND
    assert driver.inject(FROZEN) == L.PCI_ERS_RESULT_DISCONNECT
    assert len(driver.log) == 1
    assert driver.bed.run(L.pci_set_power_state, driver.pdev, L.PCI_D3hot) == -L.EIO


def test_recovery_needs_a_context_that_may_sleep() -> None:
    driver = Driver()

    def atomic() -> None:
        L.local_bh_disable()
        L.pcie_do_recovery(driver.pdev, FROZEN)

    with pytest.raises(L.SchedulingWhileAtomic):
        driver.bed.run(atomic)
