# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's interrupts: vectors with mask, auto-mask and arm indices, the MSI-X table, the level line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw

if TYPE_CHECKING:
    from pymodel.drivers.nic.softnic import SoftNic

__all__ = ["SoftIrq"]


class _Vector:
    __slots__ = ("addr", "auto_mask", "data", "masked", "rx_seen", "table_masked", "tx_seen")

    def __init__(self) -> None:
        self.masked = self.auto_mask = True
        self.table_masked = True
        self.tx_seen = self.rx_seen = 0  # completion records that software knows of
        self.addr = self.data = 0


class SoftIrq:
    """An event is pending on a vector while a completion ring of its queue pair is ahead of what software has seen."""

    def __init__(self, nic: SoftNic, queues: int) -> None:
        self.nic = nic
        self.vectors = [_Vector() for _ in range(queues)]
        self.line_mode = False

    def event(self, q: int) -> bool:
        """A completion is newer than what software has seen."""
        vector = self.vectors[q]
        nic = self.nic
        return nic.tx.rings[q].cq_head != vector.tx_seen or nic.rx.rings[q].cq_head != vector.rx_seen

    def pending(self) -> int:
        """IRQ_PENDING."""
        return sum(1 << q for q, v in enumerate(self.vectors) if not v.masked and self.event(q))

    def pba(self) -> int:
        """Vectors whose event waits for the mask in the MSI-X table."""
        if self.line_mode:
            return 0
        return sum(1 << q for q, v in enumerate(self.vectors) if v.table_masked and not v.masked and self.event(q))

    def update(self, q: int) -> None:
        """Something about vector ``q`` has changed: send what is due."""
        if self.line_mode:
            self.update_line()
            return
        vector = self.vectors[q]
        if vector.masked or vector.table_masked or not self.event(q):
            return
        if vector.auto_mask:
            vector.masked = True
        else:
            vector.tx_seen = self.nic.tx.rings[q].cq_head
            vector.rx_seen = self.nic.rx.rings[q].cq_head
        self.nic.platform.msi_write(vector.addr, vector.data)

    def update_line(self) -> None:
        self.nic.platform.irq_line(self.line_mode and self.pending() != 0)

    def set_line_mode(self, on: bool) -> None:
        self.line_mode = on
        self.update_line()
        for q in range(len(self.vectors)):
            self.update(q)

    def arm(self, q: int, value: int) -> None:
        """A write of IRQ_ARM."""
        vector = self.vectors[q]
        vector.rx_seen = value & hw.QP_IRQ_ARM_RX_INDEX
        vector.tx_seen = value >> hw.QP_IRQ_ARM_TX_INDEX_SHIFT
        vector.masked = False
        self.update(q)

    def set_mask(self, q: int, value: int) -> None:
        """A write of IRQ_MASK."""
        vector = self.vectors[q]
        vector.masked = bool(value & hw.QP_IRQ_MASK_MASKED)
        vector.auto_mask = bool(value & hw.QP_IRQ_MASK_AUTO_MASK)
        self.update(q)

    def mask_value(self, q: int) -> int:
        vector = self.vectors[q]
        return vector.masked * hw.QP_IRQ_MASK_MASKED | vector.auto_mask * hw.QP_IRQ_MASK_AUTO_MASK

    def read_table(self, v: int, reg: int) -> int:
        """A word of the MSI-X table."""
        vector = self.vectors[v]
        if reg == hw.MSIX_ADDR_LO:
            return vector.addr & 0xFFFFFFFF
        if reg == hw.MSIX_ADDR_HI:
            return vector.addr >> 32
        return vector.data if reg == hw.MSIX_DATA else int(vector.table_masked)

    def write_table(self, v: int, reg: int, value: int) -> None:
        vector = self.vectors[v]
        if reg == hw.MSIX_ADDR_LO:
            vector.addr = vector.addr & ~0xFFFFFFFF | value & hw.MSIX_ADDR_LO_ADDR
        elif reg == hw.MSIX_ADDR_HI:
            vector.addr = vector.addr & 0xFFFFFFFF | value << 32
        elif reg == hw.MSIX_DATA:
            vector.data = value
        else:
            vector.table_masked = bool(value & hw.MSIX_VECTOR_CTRL_MASK)
            self.update(v)
