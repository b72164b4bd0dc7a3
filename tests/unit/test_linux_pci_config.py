# SPDX-License-Identifier: Apache-2.0
"""Configuration space, capabilities, power states, saving and restoring, resets."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.soft import SoftDevice, SoftPlatform
from tests.unit.linux_bed import Bed
from tests.unit.pci_bed import bind, kernel

TABLE = 0x800


@pytest.fixture
def bed() -> Bed:
    return Bed()


def device(bed: Bed, **desc: Any) -> Any:
    return bind(bed, lambda pdev: L.pci_enable_device(pdev) or L.pci_set_master(pdev) or 0, **desc)[0]


class Resets:
    """A platform's way to reset the device, counted."""

    def __init__(self, bed: Bed) -> None:
        self.at: list[int] = []
        bed.m.reset_device = self.at.append


# -- registers -----------------------------------------------------------------------------------------------
def test_header_says_what_the_device_is(bed: Bed) -> None:
    pdev = device(bed, subvendor=0x10, subdevice=0x20, revision=7, serial=0x1122334455667788, bars=[4096, 65536])
    assert L.pci_read_config_word(pdev, L.PCI_VENDOR_ID) == (0, 0x1AE0)
    assert L.pci_read_config_dword(pdev, L.PCI_VENDOR_ID) == (0, 0x1AE0 | 1 << 16)
    assert L.pci_read_config_byte(pdev, L.PCI_REVISION_ID) == (0, 7)
    assert L.pci_read_config_word(pdev, L.PCI_CLASS_DEVICE) == (0, L.PCI_CLASS_NETWORK_ETHERNET)
    assert L.pci_read_config_dword(pdev, L.PCI_SUBSYSTEM_VENDOR_ID) == (0, 0x10 | 0x20 << 16)
    assert L.pci_read_config_byte(pdev, L.PCI_INTERRUPT_PIN) == (0, 1)
    assert L.pci_get_dsn(pdev) == 0x1122334455667788
    assert L.pci_read_config_dword(pdev, L.PCI_BASE_ADDRESS_0 + 4) == (0, 1 << 28)
    L.pci_write_config_dword(pdev, L.PCI_BASE_ADDRESS_0 + 4, 0xFFFFFFFF)
    assert L.pci_read_config_dword(pdev, L.PCI_BASE_ADDRESS_0 + 4) == (0, 0xFFFF0000), "sizing"


def test_bad_registers_are_refused(bed: Bed) -> None:
    pdev = device(bed)
    for where in (1, 3, 4096, -4):
        assert L.pci_read_config_word(pdev, where) == (L.PCIBIOS_BAD_REGISTER_NUMBER, 0xFFFF)
        assert L.pci_write_config_word(pdev, where, 0) == L.PCIBIOS_BAD_REGISTER_NUMBER
    before = L.pci_read_config_dword(pdev, L.PCI_VENDOR_ID)
    assert L.pci_write_config_byte(pdev, L.PCI_VENDOR_ID, 0) == L.PCIBIOS_SUCCESSFUL
    assert L.pci_read_config_dword(pdev, L.PCI_VENDOR_ID) == before, "read only"


def test_capabilities_are_found_by_walking_and_by_asking(bed: Bed) -> None:
    pdev = device(bed, msix_table=TABLE + (1 << 28), msix_pba=0x900, bars=[4096, 4096])
    found = {}
    at = L.pci_read_config_byte(pdev, L.PCI_CAPABILITY_LIST)[1]
    while at:
        found[L.pci_read_config_byte(pdev, at)[1]] = at
        at = L.pci_read_config_byte(pdev, at + 1)[1]
    assert set(found) == {L.PCI_CAP_ID_PM, L.PCI_CAP_ID_MSIX, L.PCI_CAP_ID_EXP}
    assert all(L.pci_find_capability(pdev, cap) == at for cap, at in found.items())
    assert L.pci_find_capability(pdev, L.PCI_CAP_ID_MSI) == 0
    msix = found[L.PCI_CAP_ID_MSIX]
    assert L.pci_read_config_dword(pdev, msix + L.PCI_MSIX_TABLE)[1] == TABLE | 1
    assert L.pci_read_config_dword(pdev, msix + L.PCI_MSIX_PBA)[1] == 0x900
    assert L.pci_read_config_word(pdev, msix + L.PCI_MSIX_FLAGS)[1] & L.PCI_MSIX_FLAGS_QSIZE == 3
    assert L.pci_is_pcie(pdev) and L.pci_pcie_cap(pdev) == found[L.PCI_CAP_ID_EXP]
    assert L.pci_find_ext_capability(pdev, L.PCI_EXT_CAP_ID_ERR) == 0x100
    assert L.pci_find_ext_capability(pdev, L.PCI_EXT_CAP_ID_DSN)
    assert L.pci_find_ext_capability(pdev, 0x15) == 0


def test_command_register_is_what_enable_and_set_master_write(bed: Bed) -> None:
    pdev = device(bed)
    both = L.PCI_COMMAND_MEMORY | L.PCI_COMMAND_MASTER
    assert L.pci_read_config_word(pdev, L.PCI_COMMAND)[1] & both == both
    L.pci_write_config_word(pdev, L.PCI_COMMAND, L.PCI_COMMAND_MASTER)
    with pytest.raises(L.CheckError, match="memory decoding is off"):
        kernel(bed, lambda: L.readl(0))
    L.pci_write_config_word(pdev, L.PCI_COMMAND, L.PCI_COMMAND_MEMORY)
    assert not pdev.is_busmaster and kernel(bed, lambda: L.readl(0)) == 0


def test_express_registers_are_read_and_written(bed: Bed) -> None:
    pdev = device(bed)
    assert L.pcie_get_readrq(pdev) == 512
    assert L.pcie_set_readrq(pdev, 4096) == 0 and L.pcie_get_readrq(pdev) == 4096
    assert [L.pcie_set_readrq(pdev, n) for n in (64, 8192, 300)] == [-L.EINVAL] * 3
    assert L.pcie_capability_set_word(pdev, L.PCI_EXP_LNKCTL, 0x40) == 0
    assert L.pcie_capability_clear_word(pdev, L.PCI_EXP_LNKCTL, 0x40) == 0
    assert L.pcie_capability_read_word(pdev, L.PCI_EXP_LNKCTL) == (0, 0)
    assert L.pcie_capability_read_word(pdev, L.PCI_EXP_LNKSTA) == (0, 0x83)
    assert L.pcie_capability_read_dword(pdev, L.PCI_EXP_DEVCAP)[1] & L.PCI_EXP_DEVCAP_FLR == 0
    L.pcie_capability_write_word(pdev, L.PCI_EXP_DEVCTL, 0x2000)
    assert L.pcie_capability_clear_and_set_word(pdev, L.PCI_EXP_DEVCTL, L.PCI_EXP_DEVCTL_READRQ, 0x1000) == 0
    assert L.pcie_get_readrq(pdev) == 256


def test_error_status_is_cleared_by_writing_ones(bed: Bed) -> None:
    pdev = device(bed)
    at = 0x100 + L.PCI_ERR_UNCOR_STATUS
    pdev.config.data[at] = 0x30
    L.pci_write_config_dword(pdev, at, 0x10)
    assert L.pci_read_config_dword(pdev, at) == (0, 0x20)


# -- power ---------------------------------------------------------------------------------------------------
def test_sleeping_device_answers_nothing(bed: Bed) -> None:
    pdev = device(bed)
    assert bed.run(L.pci_set_power_state, pdev, L.PCI_D3hot) == 0
    assert pdev.current_state == L.PCI_D3hot
    with pytest.raises(L.CheckError, match="PCI: .*while the device is in D3hot"):
        kernel(bed, lambda: L.readl(0))
    with pytest.raises(Exception, match="no bus master") as info:
        bed.m.memory.dev_read(1 << 40, 4)
    assert "it sleeps (D3)" in str(L.dma_fault_error(info.value))
    assert bed.run(L.pci_set_power_state, pdev, L.PCI_D0) == 0
    assert kernel(bed, lambda: L.readl(0)) == 0
    assert bed.run(L.pci_set_power_state, pdev, L.PCI_D1) == -L.EINVAL
    assert bed.run(L.pci_prepare_to_sleep, pdev) == 0 and pdev.current_state == L.PCI_D3hot
    assert bed.run(L.pci_wake_from_d3, pdev, True) == 0
    pm = L.pci_find_capability(pdev, L.PCI_CAP_ID_PM) + L.PCI_PM_CTRL
    assert L.pci_read_config_word(pdev, pm)[1] & L.PCI_PM_CTRL_PME_ENABLE
    assert bed.run(L.pci_back_from_sleep, pdev) == 0 and pdev.current_state == L.PCI_D0


def test_device_that_is_reset_by_sleep_needs_its_state_restored(bed: Bed) -> None:
    pdev = device(bed, soft_reset=True)
    resets = Resets(bed)
    L.pci_save_state(pdev)
    bed.run(L.pci_set_power_state, pdev, L.PCI_D3hot)
    assert not resets.at
    bed.run(L.pci_set_power_state, pdev, L.PCI_D0)
    assert len(resets.at) == 1
    with pytest.raises(L.CheckError, match="memory decoding is off"):
        kernel(bed, lambda: L.readl(0))
    bed.run(L.pci_restore_state, pdev)
    assert kernel(bed, lambda: L.readl(0)) == 0 and pdev.is_busmaster


def test_state_is_restored_once(bed: Bed) -> None:
    pdev = device(bed)
    L.pci_save_state(pdev)
    for expected in (True, False):
        L.pci_write_config_word(pdev, L.PCI_COMMAND, 0)
        bed.run(L.pci_restore_state, pdev)
        assert pdev.is_busmaster is expected


# -- resets --------------------------------------------------------------------------------------------------
def test_function_level_reset_takes_registers_and_messages_and_restore_brings_them_back(bed: Bed) -> None:
    pdev = device(bed, flr=True, msix_table=TABLE)
    resets = Resets(bed)
    irq_vectors = bed.run(L.pci_alloc_irq_vectors, pdev, 2, 2, L.PCI_IRQ_MSIX)
    irq = L.pci_irq_vector(pdev, 1)
    bed.run(L.request_irq, irq, lambda i, d: L.IRQ_HANDLED, 0, "x", pdev)
    table = dict(bed.platform.writes)
    L.pci_save_state(pdev)
    begin = bed.sched.now
    assert irq_vectors == 2 and bed.run(L.pcie_flr, pdev) == 0
    assert bed.sched.now - begin >= 100 * 10**9
    assert len(resets.at) == 1
    assert L.pci_read_config_word(pdev, L.PCI_COMMAND)[1] == 0
    bed.platform.writes.clear()
    bed.run(L.pci_restore_state, pdev)
    assert pdev.is_busmaster
    assert dict(bed.platform.writes) == {a: v for a, v in table.items() if a >= TABLE}
    assert table[TABLE + 12] == 1 and table[TABLE + 16 + 12] == 0


def test_reset_of_a_function_tells_its_driver(bed: Bed) -> None:
    log: list[str] = []
    handlers = L.pci_error_handlers(
        reset_prepare=lambda pdev: log.append("prepare"), reset_done=lambda pdev: log.append("done")
    )
    resets = Resets(bed)
    pdev, _ = bind(bed, lambda pdev: L.pci_enable_device(pdev), err_handler=handlers, flr=True)
    bed.run(L.pci_set_master, pdev)
    assert bed.run(L.pci_reset_function, pdev) == 0
    assert log == ["prepare", "done"] and len(resets.at) == 1
    assert pdev.is_busmaster and kernel(bed, lambda: L.readl(0)) == 0
    assert bed.run(L.pcie_reset_flr, pdev, True) == 0 and len(resets.at) == 1, "a probe resets nothing"


def test_function_without_reset_is_enotty_and_one_reset_by_sleep_sleeps(bed: Bed) -> None:
    pdev = device(bed)
    assert bed.run(L.pcie_reset_flr, pdev, False) == -L.ENOTTY
    assert bed.run(L.pci_reset_function, pdev) == bed.run(L.pci_try_reset_function, pdev) == -L.ENOTTY
    bed = Bed()
    pdev = device(bed, soft_reset=True)
    resets = Resets(bed)
    assert bed.run(L.pci_reset_function_locked, pdev) == 0
    assert len(resets.at) == 1 and pdev.is_busmaster


def test_soft_platform_resets_its_device_in_order_with_register_writes() -> None:
    log: list[str] = []

    class Dev(SoftDevice):
        def mmio_read(self, offset: int, size: int) -> int:
            return 0

        def mmio_write(self, offset: int, value: int, size: int) -> None:
            log.append(f"write {value}")

        def wire_rx(self, frame: bytes, bad: bool = False) -> None: ...

        def reset(self) -> None:
            log.append("reset")

    bed = Bed()
    platform = SoftPlatform(Dev(), memory=bed.m.memory)
    bed.m.platform = platform
    platform.attach(bed.m)
    pdev = L.pci_device({"vendor": 1, "device": 2, "bars": [4096], "flr": True})
    done = False

    def task() -> None:
        nonlocal done
        L.pci_add_device(pdev)
        L.pci_enable_device(pdev)
        L.pci_save_state(pdev)
        L.writel(1, 0)
        L.pcie_flr(pdev)
        L.pci_restore_state(pdev)
        L.writel(2, 0)
        L.readl(0)
        done = True

    bed.sched.run_task(task)
    platform.run(bed.sched, lambda: done)
    assert log == ["write 1", "reset", "write 2"]
