# SPDX-License-Identifier: Apache-2.0
"""Interrupts: a vector for each queue and one that tells of the link, or the level line for all."""

from __future__ import annotations

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_priv import NicPriv, NicQueue
from pymodel.hw.access import readl, writel
from pymodel.linux import (
    IRQ_HANDLED,
    IRQ_NONE,
    IRQF_SHARED,
    PCI_IRQ_INTX,
    PCI_IRQ_MSIX,
    cpumask_of,
    free_irq,
    irq_set_affinity_and_hint,
    napi_schedule,
    napi_schedule_irqoff,
    netif_carrier_off,
    netif_carrier_on,
    num_online_cpus,
    pci_alloc_irq_vectors,
    pci_free_irq_vectors,
    pci_irq_vector,
    request_irq,
)

__all__ = ["MASKED", "nic_cause_irq", "nic_check_link", "nic_free_irqs", "nic_request_irqs", "nic_write_cause_mask"]

MASKED = hw.QP_IRQ_MASK_MASKED | hw.QP_IRQ_MASK_AUTO_MASK


def nic_write_cause_mask(priv: NicPriv, mask: int) -> None:
    """Forget what has happened, and let interrupt what is not in ``mask``."""
    writel(hw.IRQ_CAUSE_LINK | hw.IRQ_CAUSE_ERROR, priv.iomem + hw.IRQ_CAUSE)
    writel(mask, priv.iomem + hw.IRQ_CAUSE_MASK)


def nic_check_link(priv: NicPriv) -> None:
    """Tell the stack whether there is a link."""
    if readl(priv.iomem + hw.LINK) & hw.LINK_UP:
        netif_carrier_on(priv.ndev)
    else:
        netif_carrier_off(priv.ndev)


def nic_msix(irq: int, queue: NicQueue) -> int:
    """A queue's MSI-X. The device has masked the vector by itself (auto_mask); IRQ_ARM in the poll unmasks it."""
    napi_schedule_irqoff(queue.napi)
    return IRQ_HANDLED


def nic_cause_irq(irq: int, priv: NicPriv) -> int:
    """The link has come or gone. Cleared before the link is looked at: a change after that interrupts again (IRQ2)."""
    causes = readl(priv.iomem + hw.IRQ_CAUSE)
    if not causes:
        return IRQ_NONE
    writel(causes, priv.iomem + hw.IRQ_CAUSE)
    if causes & hw.IRQ_CAUSE_LINK:
        nic_check_link(priv)
    return IRQ_HANDLED


def nic_line_irq(irq: int, priv: NicPriv) -> int:
    """The level line, perhaps shared: mask the vectors that pend, so that the line falls, and poll their queues."""
    pending = readl(priv.iomem + hw.IRQ_PENDING)
    if not pending:
        return IRQ_NONE
    for queue in priv.queues:
        if pending >> queue.index & 1:
            writel(MASKED, queue.regs + hw.QP_IRQ_MASK)
            napi_schedule(queue.napi)
    if pending & hw.IRQ_PENDING_CAUSE:
        nic_cause_irq(0, priv)
    readl(priv.iomem + hw.IRQ_PENDING)  # flushes the masks: the line is low before the interrupt controller looks again
    return IRQ_HANDLED


def nic_request_irqs(priv: NicPriv) -> int:
    """0 or a negative error, and then none is left requested.

    Vectors are allocated here and not in probe, since a reset of the device clears its MSI-X table as well.
    """
    ndev = priv.ndev
    vectors = 1 if priv.line_irq else priv.num_queues
    more = 0 if priv.line_irq else 1  # for the device's own causes, if there is one to be had
    kind = PCI_IRQ_INTX if priv.line_irq else PCI_IRQ_MSIX
    err = got = pci_alloc_irq_vectors(priv.pdev, vectors, vectors + more, kind)
    if err < 0:
        return err
    if priv.line_irq:
        err = request_irq(pci_irq_vector(priv.pdev, 0), nic_line_irq, IRQF_SHARED, ndev.name, priv)
        if err:
            pci_free_irq_vectors(priv.pdev)
        return err
    for queue in priv.queues:
        irq = pci_irq_vector(priv.pdev, queue.index)
        err = request_irq(irq, nic_msix, 0, f"{ndev.name}-{queue.index}", queue)
        if err:
            nic_free_irqs(priv)
            return err
        queue.irq = irq
        irq_set_affinity_and_hint(irq, cpumask_of(queue.index % num_online_cpus()))
    if got > vectors:
        irq = pci_irq_vector(priv.pdev, vectors)
        err = request_irq(irq, nic_cause_irq, 0, f"{ndev.name}-link", priv)
        if err:
            nic_free_irqs(priv)
            return err
        priv.cause_irq = irq
        writel(vectors, priv.iomem + hw.IRQ_CAUSE_VECTOR)
    return 0


def nic_free_irqs(priv: NicPriv) -> None:
    if priv.line_irq:
        free_irq(pci_irq_vector(priv.pdev, 0), priv)
    for queue in priv.queues:
        if queue.irq:
            irq_set_affinity_and_hint(queue.irq, None)
            free_irq(queue.irq, queue)
            queue.irq = 0
    if priv.cause_irq:
        free_irq(priv.cause_irq, priv)
        priv.cause_irq = 0
    pci_free_irq_vectors(priv.pdev)
