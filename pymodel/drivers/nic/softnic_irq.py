# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's interrupts: vectors with mask, auto-mask and moderation, the MSI-X table, the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw

if TYPE_CHECKING:
    from pymodel.drivers.nic.softnic import SoftNic
    from pymodel.drivers.nic.softnic_rings import SoftRing

__all__ = ["SoftIrq"]


_INDEX = 0xFFFF
_PS_PER_US = 1_000_000


def _beyond(head: int, seen: int) -> bool:
    """Whether a ring at ``head`` holds a record that one who has read up to ``seen`` has not read."""
    return 0 < (head - seen & _INDEX) < 0x8000


class _Side:
    """The event of one completion ring, and its moderation (IRQ_TX_MOD or IRQ_RX_MOD)."""

    __slots__ = ("base", "due", "frames", "mark", "off", "ring", "seen", "since", "usecs")

    def __init__(self, ring: SoftRing) -> None:
        self.ring = ring
        self.usecs = self.frames = 0  # the limits, 0 for none
        self.off = True  # no limit, or one frame: each record interrupts
        self.seen = 0  # completion records that software knows of
        self.mark = 0  # those that it was told of, or has read
        self.base = 0  # frames that they report
        self.since: int | None = None  # ps: when the first record beyond the mark came
        self.due = False

    @property
    def event(self) -> bool:
        """A completion is newer than what software has seen."""
        return self.ring.cq_head != self.seen

    @property
    def ready(self) -> bool:
        """There is an event, and moderation lets it through."""
        return self.ring.cq_head != self.seen and (self.off or self.due or self.ring.error_code != 0)

    def rest(self, mark: int) -> None:
        """All records up to ``mark`` are told of or read, and there are no others."""
        self.mark = mark
        self.base = self.ring.cq_frames
        self.since = None
        self.due = False

    def arm(self, index: int) -> None:
        """Software has read up to ``index``. What it was told of and has not read is not held back again."""
        again = _beyond(self.mark, index)
        self.seen = index
        if not _beyond(self.ring.cq_head, index):
            self.rest(index)
        else:
            self.mark = index
            self.due |= again


class _Vector:
    __slots__ = ("addr", "auto_mask", "data", "masked", "rx", "sides", "table_masked", "tx")

    def __init__(self, tx: SoftRing, rx: SoftRing) -> None:
        self.masked = self.auto_mask = True
        self.table_masked = True
        self.tx, self.rx = self.sides = _Side(tx), _Side(rx)
        self.addr = self.data = 0

    @property
    def pending(self) -> bool:
        return not self.masked and (self.tx.ready or self.rx.ready)


class SoftIrq:
    """An event is pending on a vector while a completion ring of its queue pair is ahead of what software has seen."""

    def __init__(self, nic: SoftNic, queues: int) -> None:
        self.nic = nic
        self.vectors = [_Vector(nic.tx.rings[q], nic.rx.rings[q]) for q in range(queues)]
        self.line_mode = False

    def event(self, q: int) -> bool:
        """IRQ_STATUS.event."""
        vector = self.vectors[q]
        return vector.tx.event or vector.rx.event

    def pending(self) -> int:
        """IRQ_PENDING."""
        return sum(1 << q for q, v in enumerate(self.vectors) if v.pending)

    def pba(self) -> int:
        """Vectors whose event waits for the mask in the MSI-X table."""
        if self.line_mode:
            return 0
        return sum(1 << q for q, v in enumerate(self.vectors) if v.table_masked and v.pending)

    def update(self, q: int) -> None:
        """Something about vector ``q`` has changed: send what is due."""
        vector = self.vectors[q]
        for side in vector.sides:
            if not side.off:
                self._look(q, side)
        if self.line_mode:
            self.update_line()
            return
        if vector.table_masked or not vector.pending:
            return
        for side in vector.sides:
            side.rest(side.ring.cq_head)
            if not vector.auto_mask:
                side.seen = side.mark
        if vector.auto_mask:
            vector.masked = True
        self.nic.platform.msi_write(vector.addr, vector.data)

    def _look(self, q: int, side: _Side) -> None:
        """Begin to time a record that nobody was told of; see whether a limit is reached."""
        platform = self.nic.platform
        if side.since is None:
            if not _beyond(side.ring.cq_head, side.mark):
                return
            side.since = platform.now
            if side.usecs:
                platform.call_after(side.usecs * 1000, self._late, q)
        late = bool(side.usecs) and platform.now - side.since >= side.usecs * _PS_PER_US
        if late or (side.frames and side.ring.cq_frames - side.base >= side.frames):
            side.due = True

    def _late(self, q: int) -> None:
        """A limit of time may have come."""
        if self.nic.irq is self:  # no reset since
            self.update(q)

    def moderate(self, q: int, reg: int, value: int) -> None:
        """A write of IRQ_TX_MOD or IRQ_RX_MOD."""
        vector = self.vectors[q]
        side = vector.tx if reg == hw.QP_IRQ_TX_MOD else vector.rx
        side.usecs = value & hw.QP_IRQ_RX_MOD_USECS
        side.frames = (value & hw.QP_IRQ_RX_MOD_FRAMES) >> hw.QP_IRQ_RX_MOD_FRAMES_SHIFT
        side.off = side.frames == 1 or not (side.usecs or side.frames)
        if side.since is not None and side.usecs:
            end = side.since + side.usecs * _PS_PER_US
            self.nic.platform.call_at(end, self._late, q)
        self.update(q)

    def restart(self, ring: SoftRing) -> None:
        """A ring counts from 0 again."""
        for side in self.vectors[ring.queue].sides:
            if side.ring is ring:
                side.seen = 0
                side.rest(0)

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
        vector.rx.arm(value & hw.QP_IRQ_ARM_RX_INDEX)
        vector.tx.arm(value >> hw.QP_IRQ_ARM_TX_INDEX_SHIFT)
        vector.masked = False
        self.update(q)

    def set_mask(self, q: int, value: int) -> None:
        """A write of IRQ_MASK."""
        vector = self.vectors[q]
        masked = bool(value & hw.QP_IRQ_MASK_MASKED)
        for side in vector.sides:
            side.due |= vector.masked and not masked and side.event
        vector.masked = masked
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
