# SPDX-License-Identifier: Apache-2.0
"""Saving and restoring a function's state, power states, and resets.

A function level reset, or the way from D3hot to D0 where the device is reset by it, takes the registers of
configuration space (decoding and bus mastering among them) and the MSI-X table: pci_restore_state() brings back what
pci_save_state() saved. Source: drivers/pci/pci.c, v6.12. Simplified: no runtime power management, no wake-up by the
device.
"""

from __future__ import annotations

from pymodel.linux.errno import EINVAL, EIO, ENOTTY
from pymodel.linux.pci import PCI_D0, PCI_D3cold, PCI_D3hot, pci_dev, pci_error_handlers
from pymodel.linux.pci_config import (
    PCIBIOS_SUCCESSFUL,
    pci_pcie_cap,
    pci_read_config_word,
    pci_write_config_word,
    pcie_capability_set_word,
)
from pymodel.linux.pci_msi import restore_msi
from pymodel.linux.pci_regs import (
    PCI_CAP_ID_PM,
    PCI_COMMAND,
    PCI_COMMAND_INTX_DISABLE,
    PCI_EXP_DEVCAP,
    PCI_EXP_DEVCAP_FLR,
    PCI_EXP_DEVCTL,
    PCI_EXP_DEVCTL_BCR_FLR,
    PCI_PM_CTRL,
    PCI_PM_CTRL_NO_SOFT_RESET,
    PCI_PM_CTRL_PME_ENABLE,
    PCI_PM_CTRL_STATE_MASK,
)
from pymodel.linux.time import msleep

__all__ = [
    "pci_back_from_sleep", "pci_prepare_to_sleep", "pci_reset_function", "pci_reset_function_locked",
    "pci_restore_state", "pci_save_state", "pci_set_power_state", "pci_try_reset_function", "pci_wake_from_d3",
    "pcie_flr", "pcie_reset_flr",
]  # fmt: skip

_FLR_MS = 100  # how long a function may take, and Linux waits
_D3HOT_MS = 10


# -- state ---------------------------------------------------------------------------------------------------
def pci_save_state(pdev: pci_dev) -> int:
    """Remember configuration space. 0."""
    pdev.saved = bytes(pdev.config.data)
    return 0


def pci_restore_state(pdev: pci_dev) -> None:
    """Bring back what was saved, and the messages of the vectors; nothing where nothing is saved. It is used up: save
    again before the next time.
    """
    if pdev.saved is None or pdev.isolated:
        return
    saved, pdev.saved = pdev.saved, None
    pm = pdev.config.caps[PCI_CAP_ID_PM] + PCI_PM_CTRL
    state = bytes(pdev.config.data[pm : pm + 2])
    pdev.config.data[:] = saved
    pdev.config.data[pm : pm + 2] = state
    # Through the write: what the command register does, it does.
    command = int.from_bytes(saved[PCI_COMMAND : PCI_COMMAND + 2], "little")
    pci_write_config_word(pdev, PCI_COMMAND, command)
    restore_msi(pdev)


# -- power ---------------------------------------------------------------------------------------------------
def pci_set_power_state(pdev: pci_dev, state: int) -> int:
    """PCI_D0 or PCI_D3hot (PCI_D3cold is D3hot here). 0, -EINVAL for others, -EIO where the device is cut off.

    Asleep it answers no register access and masters no bus. Takes 10 ms.
    """
    if state == PCI_D3cold:
        state = PCI_D3hot
    if state not in (PCI_D0, PCI_D3hot):
        return -EINVAL
    if state == pdev.current_state:
        return 0
    if pdev.isolated:
        return -EIO
    pm = pdev.config.caps[PCI_CAP_ID_PM] + PCI_PM_CTRL
    value = pci_read_config_word(pdev, pm)[1]
    pdev.current_state = state
    ret = pci_write_config_word(pdev, pm, value & ~PCI_PM_CTRL_STATE_MASK | state)
    msleep(_D3HOT_MS)
    return 0 if ret == PCIBIOS_SUCCESSFUL else -EIO


def pci_prepare_to_sleep(pdev: pci_dev) -> int:
    """For suspend: to D3hot."""
    return pci_set_power_state(pdev, PCI_D3hot)


def pci_back_from_sleep(pdev: pci_dev) -> int:
    return pci_set_power_state(pdev, PCI_D0)


def pci_wake_from_d3(pdev: pci_dev, enable: bool) -> int:
    """Let the device ask to be woken, or not. 0."""
    pm = pdev.config.caps[PCI_CAP_ID_PM] + PCI_PM_CTRL
    value = pci_read_config_word(pdev, pm)[1] & ~PCI_PM_CTRL_PME_ENABLE
    pci_write_config_word(pdev, pm, value | (PCI_PM_CTRL_PME_ENABLE if enable else 0))
    return 0


# -- resets --------------------------------------------------------------------------------------------------
def pcie_flr(pdev: pci_dev) -> int:
    """Function level reset, whether the device says it can or not. 0. Takes 100 ms; saves and restores nothing."""
    pcie_capability_set_word(pdev, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR)
    msleep(_FLR_MS)
    return 0


def pcie_reset_flr(pdev: pci_dev, probe: bool) -> int:
    """As :func:`pcie_flr`; -ENOTTY where the device cannot. ``probe``: only say which."""
    if not pdev.config.read(pci_pcie_cap(pdev) + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR:
        return -ENOTTY
    return 0 if probe else pcie_flr(pdev)


def _reset_pm(pdev: pci_dev, probe: bool) -> int:
    """Down to D3hot and up again, where that resets the device. Source: pci_pm_reset()."""
    pm = pdev.config.caps[PCI_CAP_ID_PM] + PCI_PM_CTRL
    if pci_read_config_word(pdev, pm)[1] & PCI_PM_CTRL_NO_SOFT_RESET:
        return -ENOTTY
    if probe:
        return 0
    if pdev.current_state != PCI_D0:
        return -EINVAL
    return pci_set_power_state(pdev, PCI_D3hot) or pci_set_power_state(pdev, PCI_D0)


def _handlers(pdev: pci_dev) -> pci_error_handlers:
    driver = pdev.driver
    return driver.err_handler if driver is not None and driver.err_handler is not None else pci_error_handlers()


def pci_reset_function(pdev: pci_dev) -> int:
    """Reset the function and bring its configuration back: the driver's reset_prepare(), state saved, DMA off, reset,
    state restored, reset_done(). 0, or -ENOTTY where there is no way to reset it.
    """
    methods = [method for method in (pcie_reset_flr, _reset_pm) if not method(pdev, True)]
    if not methods:
        return -ENOTTY
    handlers = _handlers(pdev)
    if handlers.reset_prepare is not None:
        handlers.reset_prepare(pdev)
    pci_set_power_state(pdev, PCI_D0)
    pci_save_state(pdev)
    pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE)
    err = methods[0](pdev, False)
    pci_restore_state(pdev)
    if handlers.reset_done is not None:
        handlers.reset_done(pdev)
    return err


pci_reset_function_locked = pci_try_reset_function = pci_reset_function
