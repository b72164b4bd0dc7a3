# SPDX-License-Identifier: Apache-2.0
"""Recovery: from an error that has halted a ring, and from a ring that hangs. First the ring alone, while all others go
on, and its queue's other ring with them; the device only where that does not help.

A ring that the device has halted says so in a completion record, or, where records are what it could not write, in its
status alone; the error log says what went wrong where, and a cause interrupts (nic_irq). All come here, to a work item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_netdev import nic_reset, nic_restart, nic_ring_stops, nic_stop, nic_tell_error
from pymodel.drivers.nic.nic_priv import NicPriv, NicQueue
from pymodel.drivers.nic.nic_rx import nic_rx_renew, nic_rx_unseen
from pymodel.drivers.nic.nic_tx import nic_tx_renew
from pymodel.hw.access import readl, writel
from pymodel.linux import (
    __netif_tx_lock_bh,
    __netif_tx_unlock_bh,
    container_of,
    local_bh_disable,
    local_bh_enable,
    napi_disable,
    napi_enable,
    napi_schedule,
    netdev_err,
    netif_device_present,
    netif_running,
    netif_tx_stop_queue,
    netif_tx_wake_queue,
    pci_channel_offline,
    rtnl_lock,
    rtnl_unlock,
    usleep_range,
)

if TYPE_CHECKING:
    from pymodel.linux import work_struct

__all__ = ["nic_recover_task", "nic_reset_task"]

_POLL_TRIES = 50  # of 10 to 20 us, for the last records to be polled


def nic_recover_task(work: work_struct) -> None:
    """Set up anew each ring that is halted or hangs."""
    priv: NicPriv = container_of(work, NicPriv, "recover_work")
    rtnl_lock()
    if _is_up(priv):
        nic_tell_error(priv)
        if not all(_recover(queue) for queue in priv.queues):
            _reset_device(priv)
    rtnl_unlock()


def nic_reset_task(work: work_struct) -> None:
    """Reset the device: everything that was in flight is dropped."""
    priv: NicPriv = container_of(work, NicPriv, "reset_work")
    rtnl_lock()
    if _is_up(priv):
        _reset_device(priv)
    rtnl_unlock()


def _is_up(priv: NicPriv) -> bool:
    ndev = priv.ndev
    return netif_running(ndev) and netif_device_present(ndev) and not priv.halted and not pci_channel_offline(priv.pdev)


def _reset_device(priv: NicPriv) -> None:
    nic_stop(priv.ndev)
    err = nic_reset(priv) or nic_restart(priv)
    if err:
        priv.halted = True
        netdev_err(priv.ndev, "no recovery by a reset: error %d", err)


def _recover(queue: NicQueue) -> bool:
    """Set up anew those of the queue pair's rings that need it. False: they do not come back, or hang at once again."""
    tx, rx = queue.tx, queue.rx
    tx_halted = bool(readl(queue.regs + hw.QP_TX_STATUS) & hw.QP_TX_STATUS_ERROR)
    rx_halted = bool(readl(queue.regs + hw.QP_RX_STATUS) & hw.QP_RX_STATUS_ERROR)
    tx.halts += tx_halted
    rx.halts += rx_halted
    hung, tx.hung = tx.hung, False
    if hung and tx.renewed_at == tx.packets:
        netdev_err(queue.priv.ndev, "TX queue %d hangs again: the device is reset", queue.index)
        return False
    if (tx_halted or hung) and not _restart_tx(queue):
        return False
    if hung:
        tx.renewed_at = tx.packets
    return not rx_halted or _restart_rx(queue)


def _restart_tx(queue: NicQueue) -> bool:
    ring = queue.tx
    txq = ring.txq
    __netif_tx_lock_bh(txq)
    ring.down = True  # nobody wakes the queue, and XDP sends nothing
    netif_tx_stop_queue(txq)
    __netif_tx_unlock_bh(txq)
    napi_disable(queue.napi)
    writel(0, queue.regs + hw.QP_TX_CTRL)
    stops = nic_ring_stops(queue, hw.QP_TX_STATUS)
    if stops:
        nic_tx_renew(ring, readl(queue.regs + hw.QP_TX_HEAD))
        ring.restarts += 1
        writel(0, ring.doorbell)
        writel(hw.QP_TX_CTRL_ENABLE, queue.regs + hw.QP_TX_CTRL)
    napi_enable(queue.napi)
    ring.down = False
    if stops:
        netif_tx_wake_queue(txq)
        _poll(queue)
    return stops


def _restart_rx(queue: NicQueue) -> bool:
    ring = queue.rx
    writel(0, queue.regs + hw.QP_RX_CTRL)
    stops = nic_ring_stops(queue, hw.QP_RX_STATUS)
    if not stops:
        return False
    for _ in range(_POLL_TRIES):  # what was delivered before the error reaches the stack
        if not nic_rx_unseen(ring):
            break
        _poll(queue)
        usleep_range(10, 20)
    napi_disable(queue.napi)
    nic_rx_renew(ring, readl(queue.regs + hw.QP_RX_HEAD))
    ring.restarts += 1
    writel(hw.QP_RX_CTRL_ENABLE, queue.regs + hw.QP_RX_CTRL)
    napi_enable(queue.napi)
    _poll(queue)
    return True


def _poll(queue: NicQueue) -> None:
    """Poll the queue, and those that share its vector, unasked: the message that was to ask for it may be what could
    not be written. The polls arm their interrupts.
    """
    local_bh_disable()
    for other in queue.vector.queues if queue.vector is not None else [queue]:
        napi_schedule(other.napi)
    local_bh_enable()
