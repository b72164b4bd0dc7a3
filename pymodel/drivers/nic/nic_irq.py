# SPDX-License-Identifier: Apache-2.0
"""Interrupts: a vector for each queue pair and one for causes (the link, errors); or fewer, which queue pairs share; or
the level line for all.
"""

from __future__ import annotations

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_priv import NicPriv, NicVector
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
    schedule_work,
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


def nic_msix(irq: int, vector: NicVector) -> int:
    """An MSI-X. The device has masked each queue pair that it told of by itself (auto_mask); IRQ_ARM in the pair's poll
    unmasks it. Of several that share the vector nothing says which they are: all are polled but those whose poll is
    still to come to its IRQ_ARM anyway, which raises what it has missed.
    """
    queues = vector.queues
    if len(queues) == 1:
        napi_schedule_irqoff(queues[0].napi)
    else:
        for queue in queues:
            if queue.armed:
                queue.armed = False
                napi_schedule_irqoff(queue.napi)
    if vector.causes:
        nic_cause_irq(irq, vector.priv)
    return IRQ_HANDLED


def nic_cause_irq(irq: int, priv: NicPriv) -> int:
    """The link has come or gone, or an error has halted a ring. Cleared before either is looked at: what happens after
    that interrupts again (IRQ2).
    """
    causes = readl(priv.iomem + hw.IRQ_CAUSE)
    if not causes:
        return IRQ_NONE
    writel(causes, priv.iomem + hw.IRQ_CAUSE)
    if causes & hw.IRQ_CAUSE_LINK:
        nic_check_link(priv)
    if causes & hw.IRQ_CAUSE_ERROR:
        schedule_work(priv.recover_work)
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

    Vectors are allocated here and not in probe, since a reset of the device clears its MSI-X table as well. Where there
    are too few for all, causes keep one of their own as long as there are two: the queue pairs share the others.
    """
    ndev = priv.ndev
    if priv.line_irq:
        err = pci_alloc_irq_vectors(priv.pdev, 1, 1, PCI_IRQ_INTX)
        if err < 0:
            return err
        err = request_irq(pci_irq_vector(priv.pdev, 0), nic_line_irq, IRQF_SHARED, ndev.name, priv)
        if err:
            pci_free_irq_vectors(priv.pdev)
        return err
    wanted = priv.num_queues + 1
    if priv.max_vectors:
        wanted = min(wanted, priv.max_vectors)
    got = pci_alloc_irq_vectors(priv.pdev, 1, wanted, PCI_IRQ_MSIX)
    if got < 0:
        return got
    vectors = [NicVector(priv, pci_irq_vector(priv.pdev, v)) for v in range(got)]
    vectors[-1].causes = True
    shared = max(1, got - 1)
    for queue in priv.queues:
        v = queue.index % shared
        queue.vector = vectors[v]
        vectors[v].queues.append(queue)
        writel(v << hw.QP_IRQ_VECTOR_TX_VECTOR_SHIFT | v, queue.regs + hw.QP_IRQ_VECTOR)
    writel(got - 1, priv.iomem + hw.IRQ_CAUSE_VECTOR)
    for v, vector in enumerate(vectors):
        name = f"{ndev.name}-{v}" if vector.queues else f"{ndev.name}-causes"
        err = request_irq(vector.irq, nic_msix, 0, name, vector)
        if err:
            nic_free_irqs(priv)
            return err
        priv.vectors.append(vector)
        if vector.queues:
            irq_set_affinity_and_hint(vector.irq, cpumask_of(v % num_online_cpus()))
    return 0


def nic_free_irqs(priv: NicPriv) -> None:
    if priv.line_irq:
        free_irq(pci_irq_vector(priv.pdev, 0), priv)
    for vector in priv.vectors:
        if vector.queues:
            irq_set_affinity_and_hint(vector.irq, None)
        free_irq(vector.irq, vector)
    priv.vectors.clear()
    for queue in priv.queues:
        queue.vector = None
    pci_free_irq_vectors(priv.pdev)
