# SPDX-License-Identifier: Apache-2.0
"""Errors of the bus, and how a driver comes back from them (kernel-rules.md: ERR1).

A scenario injects one with :func:`pci_inject_error`. After a fatal one the device is cut off at once: registers read
all ones, writes are lost, the device gets no memory. The driver learns of it in ``error_detected()``, from whose
return on it must leave the device alone; the link is reset, and the device is as after power-up, with decoding and
bus mastering off; ``slot_reset()`` sets it up again; I/O, and with it DMA, begins in ``resume()``. Source:
drivers/pci/pcie/err.c pcie_do_recovery(), Documentation/PCI/pci-error-recovery.rst, v6.12. Simplified: one function
below the port, no AER registers.
"""

from __future__ import annotations

from pymodel.linux.bug import caller, pr_info, pr_warn
from pymodel.linux.pci import pci_dev, pci_error_handlers
from pymodel.linux.pci_config import (
    pci_channel_io_frozen,
    pci_channel_io_normal,
    pci_channel_io_perm_failure,
    reset_function,
    update_access,
)
from pymodel.linux.sched import might_sleep
from pymodel.linux.time import msleep, usleep_range

__all__ = [
    "PCI_ERS_RESULT_CAN_RECOVER", "PCI_ERS_RESULT_DISCONNECT", "PCI_ERS_RESULT_NEED_RESET",
    "PCI_ERS_RESULT_NONE", "PCI_ERS_RESULT_NO_AER_DRIVER", "PCI_ERS_RESULT_RECOVERED", "pci_channel_offline",
    "pci_dev_is_disconnected", "pci_inject_error", "pcie_do_recovery",
]  # fmt: skip

PCI_ERS_RESULT_NONE = 1
PCI_ERS_RESULT_CAN_RECOVER = 2
PCI_ERS_RESULT_NEED_RESET = 3
PCI_ERS_RESULT_DISCONNECT = 4
PCI_ERS_RESULT_RECOVERED = 5
PCI_ERS_RESULT_NO_AER_DRIVER = 6

_LINK_RESET_MS = 100


def pci_channel_offline(pdev: pci_dev) -> bool:
    """Whether the driver has been told that the device is cut off."""
    return pdev.error_state != pci_channel_io_normal


def pci_dev_is_disconnected(pdev: pci_dev) -> bool:
    return pdev.error_state == pci_channel_io_perm_failure


def _merge(orig: int, new: int) -> int:
    """The vote of one more driver. Source: merge_result()."""
    if new == PCI_ERS_RESULT_NO_AER_DRIVER:
        return PCI_ERS_RESULT_NO_AER_DRIVER
    if new == PCI_ERS_RESULT_NONE:
        return orig
    if orig in (PCI_ERS_RESULT_CAN_RECOVER, PCI_ERS_RESULT_RECOVERED):
        return new
    if orig == PCI_ERS_RESULT_DISCONNECT and new == PCI_ERS_RESULT_NEED_RESET:
        return PCI_ERS_RESULT_NEED_RESET
    return orig


def _handlers(pdev: pci_dev) -> pci_error_handlers | None:
    return pdev.driver.err_handler if pdev.driver is not None else None


def _set_state(pdev: pci_dev, state: int) -> bool:
    """Source: pci_dev_set_io_state(): what is gone stays gone."""
    if pdev.error_state == pci_channel_io_perm_failure and state != pci_channel_io_perm_failure:
        return False
    pdev.error_state = state
    return True


def _report_detected(pdev: pci_dev, state: int, status: int) -> int:
    handlers = _handlers(pdev)
    if pdev.error_state == pci_channel_io_perm_failure and state != pci_channel_io_perm_failure:
        vote = PCI_ERS_RESULT_DISCONNECT
    elif not _set_state(pdev, state):
        pr_info("%s: can't recover (state transition %d -> %d invalid)", pdev, pdev.error_state, state)
        vote = PCI_ERS_RESULT_NONE
    elif handlers is None or handlers.error_detected is None:
        pr_info("%s: can't recover (no error_detected callback)", pdev)
        vote = PCI_ERS_RESULT_NO_AER_DRIVER
    else:
        vote = handlers.error_detected(pdev, state)
    pdev.told = pdev.isolated
    return _merge(status, vote)


def isolate(pdev: pci_dev) -> None:
    """The hardware's part of a fatal error: the device is cut off, and the driver does not know."""
    pdev.isolated = pdev.no_dma = True
    update_access(pdev)


def _reset_link(pdev: pci_dev) -> None:
    """The device is back, as after power-up; it gets no memory before resume()."""
    pdev.isolated = pdev.told = False
    pdev.is_busmaster = False
    reset_function(pdev)
    msleep(_LINK_RESET_MS)


def pcie_do_recovery(pdev: pci_dev, state: int) -> int:
    """What the port does about an error of its device; PCI_ERS_RESULT_RECOVERED, or why not. May sleep."""
    might_sleep(caller())
    status = _report_detected(pdev, state, PCI_ERS_RESULT_CAN_RECOVER)
    handlers = _handlers(pdev)
    if state == pci_channel_io_perm_failure:
        return PCI_ERS_RESULT_DISCONNECT
    if state == pci_channel_io_frozen:
        _reset_link(pdev)
    if status == PCI_ERS_RESULT_CAN_RECOVER:
        status = PCI_ERS_RESULT_RECOVERED
        if handlers is not None and handlers.mmio_enabled is not None:
            status = _merge(status, handlers.mmio_enabled(pdev))
    if status == PCI_ERS_RESULT_NEED_RESET:
        status = PCI_ERS_RESULT_RECOVERED
        if handlers is not None and handlers.slot_reset is not None:
            status = _merge(status, handlers.slot_reset(pdev))
    if status != PCI_ERS_RESULT_RECOVERED:
        pr_warn("%s: device recovery failed", pdev)
        return status
    pdev.no_dma = False
    update_access(pdev)
    if _set_state(pdev, pci_channel_io_normal) and handlers is not None and handlers.resume is not None:
        handlers.resume(pdev)
    pr_info("%s: device recovery successful", pdev)
    return status


def pci_inject_error(pdev: pci_dev, state: int, delay_us: int = 10) -> int:
    """Let an error happen, and recover from it as :func:`pcie_do_recovery` does; its result.

    ``pci_channel_io_normal``: an error that is not fatal, nothing is cut off. ``pci_channel_io_frozen``: a fatal one.
    ``pci_channel_io_perm_failure``: the device is gone for good. ``delay_us``: from the error to the recovery's
    begin; the driver runs on meanwhile.
    """
    might_sleep(caller())
    if state != pci_channel_io_normal:
        isolate(pdev)
    if delay_us:
        usleep_range(delay_us, delay_us)
    return pcie_do_recovery(pdev, state)
