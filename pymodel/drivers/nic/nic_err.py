# SPDX-License-Identifier: Apache-2.0
"""Errors of the bus: the device is cut off, reset with its link, and set up again (ERR1). Function level reset, which
somebody else asks for (``echo 1 > /sys/bus/pci/devices/.../reset``): stopped before it, and set up again.

What was in flight is dropped; packets that wait in the queueing layer are sent afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_netdev import nic_counters, nic_reset, nic_restart, nic_stop
from pymodel.linux import (
    PCI_ERS_RESULT_CAN_RECOVER,
    PCI_ERS_RESULT_DISCONNECT,
    PCI_ERS_RESULT_NEED_RESET,
    PCI_ERS_RESULT_RECOVERED,
    netdev_err,
    netdev_priv,
    netif_device_attach,
    netif_device_detach,
    netif_running,
    pci_channel_io_normal,
    pci_channel_io_perm_failure,
    pci_disable_device,
    pci_enable_device,
    pci_error_handlers,
    pci_get_drvdata,
    pci_restore_state,
    pci_save_state,
    pci_set_master,
    rtnl_lock,
    rtnl_unlock,
    spin_lock,
    spin_unlock,
)

if TYPE_CHECKING:
    from pymodel.drivers.nic.nic_priv import NicPriv

__all__ = ["nic_err_handler"]


def nic_error_detected(pdev: Any, state: int) -> int:
    """The device may be cut off: stop without touching it. An error that is not fatal has taken nothing."""
    if state == pci_channel_io_normal:
        return PCI_ERS_RESULT_CAN_RECOVER
    nic_reset_prepare(pdev)
    pci_disable_device(pdev)
    return PCI_ERS_RESULT_DISCONNECT if state == pci_channel_io_perm_failure else PCI_ERS_RESULT_NEED_RESET


def nic_mmio_enabled(pdev: Any) -> int:
    return PCI_ERS_RESULT_RECOVERED


def nic_slot_reset(pdev: Any) -> int:
    """The link is back, the device as after power-up, or as it was where the reset did not reach it."""
    if pci_enable_device(pdev):
        return PCI_ERS_RESULT_DISCONNECT
    pci_restore_state(pdev)
    pci_save_state(pdev)
    pci_set_master(pdev)
    return PCI_ERS_RESULT_DISCONNECT if nic_reset(netdev_priv(pci_get_drvdata(pdev))) else PCI_ERS_RESULT_RECOVERED


def nic_resume(pdev: Any) -> None:
    """I/O may begin."""
    ndev = pci_get_drvdata(pdev)
    priv: NicPriv = netdev_priv(ndev)
    rtnl_lock()
    if priv.halted:
        priv.halted = False
        err = nic_restart(priv) if netif_running(ndev) else 0
        if err:
            netdev_err(ndev, "no recovery from an error of the bus: error %d", err)
    netif_device_attach(ndev)
    rtnl_unlock()


def nic_reset_prepare(pdev: Any) -> None:
    """The device will be reset, or has been cut off: nothing of ours may be under way."""
    ndev = pci_get_drvdata(pdev)
    priv: NicPriv = netdev_priv(ndev)
    rtnl_lock()
    netif_device_detach(ndev)
    if netif_running(ndev):
        nic_stop(ndev)
        priv.halted = True
    spin_lock(priv.stats_lock)
    nic_counters(priv, hw.COUNTERS)  # noted before they are gone: statistics never go back (ETH2)
    spin_unlock(priv.stats_lock)
    rtnl_unlock()


def nic_reset_done(pdev: Any) -> None:
    """The device is as after power-up, and answers."""
    ndev = pci_get_drvdata(pdev)
    err = nic_reset(netdev_priv(ndev))  # so that nothing of its former life is believed, statistics excepted
    if err:
        netdev_err(ndev, "no recovery from a function level reset: error %d", err)
        return
    nic_resume(pdev)


nic_err_handler = pci_error_handlers(
    error_detected=nic_error_detected,
    mmio_enabled=nic_mmio_enabled,
    slot_reset=nic_slot_reset,
    resume=nic_resume,
    reset_prepare=nic_reset_prepare,
    reset_done=nic_reset_done,
)
