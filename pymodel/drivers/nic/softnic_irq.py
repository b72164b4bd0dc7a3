# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's interrupts: completions with mask, auto-mask and moderation, causes, the MSI-X table, the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw
from pymodel.hw.memory import DmaFault

if TYPE_CHECKING:
    from pymodel.drivers.nic.softnic import SoftNic
    from pymodel.drivers.nic.softnic_rings import SoftRing

__all__ = ["SoftIrq"]


_INDEX = 0xFFFF
_PS_PER_US = 1_000_000
_MESSAGE = 0x30  # AXI ID of messages, with the lower bits of the vector's number


def _beyond(head: int, seen: int) -> bool:
    """Whether a ring at ``head`` holds a record that one who has read up to ``seen`` has not read."""
    return 0 < (head - seen & _INDEX) <= 0x8000


class _Side:
    """The event of one completion ring, and its moderation (IRQ_TX_MOD or IRQ_RX_MOD)."""

    __slots__ = ("base", "due", "frames", "mark", "off", "ring", "seen", "since", "usecs", "vector")

    def __init__(self, ring: SoftRing) -> None:
        self.ring = ring
        self.vector = 0  # that tells of it
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


class _Pair:
    """A queue pair's interrupts: its two completion rings and the mask of both."""

    __slots__ = ("auto_mask", "masked", "rx", "sides", "tx")

    def __init__(self, tx: SoftRing, rx: SoftRing) -> None:
        self.masked = self.auto_mask = True
        self.tx, self.rx = self.sides = _Side(tx), _Side(rx)

    @property
    def pending(self) -> bool:
        return not self.masked and (self.tx.ready or self.rx.ready)


class _Vector:
    """An entry of the MSI-X table, and the sides that name it."""

    __slots__ = ("addr", "data", "sides", "table_masked")

    def __init__(self) -> None:
        self.table_masked = True
        self.addr = self.data = 0
        self.sides: list[tuple[_Pair, _Side]] = []


class SoftIrq:
    """An event is pending on a queue pair while one of its completion rings is ahead of what software has seen."""

    def __init__(self, nic: SoftNic, queues: int) -> None:
        self.nic = nic
        self.pairs = [_Pair(nic.tx.rings[q], nic.rx.rings[q]) for q in range(queues)]
        self.vectors = [_Vector() for _ in range(queues + 1)]
        self.line_mode = False
        self.causes = 0  # IRQ_CAUSE
        self.cause_mask = hw.IRQ_CAUSE_MASK_LINK | hw.IRQ_CAUSE_MASK_ERROR
        self.cause_vector = queues  # as written
        self.cause_told = False
        self._routes: list[int] = []  # IRQ_VECTOR of each queue pair, as written
        for q in range(queues):
            self._routes.append(0)
            self.route(q, q << hw.QP_IRQ_VECTOR_TX_VECTOR_SHIFT | q << hw.QP_IRQ_VECTOR_RX_VECTOR_SHIFT)

    def _exists(self, vector: int) -> int:
        """What the number of a vector acts as."""
        return vector if vector < len(self.vectors) else 0

    def event(self, q: int) -> bool:
        """IRQ_STATUS.event."""
        pair = self.pairs[q]
        return pair.tx.event or pair.rx.event

    def pending(self) -> int:
        """IRQ_PENDING."""
        queues = sum(1 << q for q, pair in enumerate(self.pairs) if pair.pending)
        return queues | bool(self.causes & ~self.cause_mask) * hw.IRQ_PENDING_CAUSE

    def pba(self) -> int:
        """Vectors with something to tell that the MSI-X table masks."""
        if self.line_mode:
            return 0
        waiting = {side.vector for pair in self.pairs if not pair.masked for side in pair.sides if side.ready}
        if self.causes & ~self.cause_mask and not self.cause_told:
            waiting.add(self._exists(self.cause_vector))
        return sum(1 << v for v in waiting if self.vectors[v].table_masked)

    # -- completions -----------------------------------------------------------------------------------------
    def update(self, q: int) -> None:
        """Something about queue pair ``q`` has changed: send what is due."""
        pair = self.pairs[q]
        for side in pair.sides:
            if not side.off:
                self._look(q, side)
        if self.line_mode:
            self.update_line()
            return
        for side in pair.sides:
            if not pair.masked and side.ready and not self.vectors[side.vector].table_masked:
                self._send(side.vector, side)

    def _send(self, v: int, asked: _Side | None) -> None:
        """Send a vector's message: it tells of all that name it and are not masked. One that cannot be written halts
        the ring that asked for it; with None a cause did.
        """
        vector = self.vectors[v]
        told = [(pair, side) for pair, side in vector.sides if not pair.masked]
        for pair, side in told:
            side.rest(side.ring.cq_head)
            if pair.auto_mask:
                pair.masked = True
            else:
                side.seen = side.mark
        if v == self._exists(self.cause_vector) and self.causes & ~self.cause_mask:
            self.cause_told = True
        try:
            self.nic.platform.msi_write(vector.addr, vector.data, _MESSAGE | v & 0xF)
        except DmaFault as fault:
            self._lost(asked, fault)

    def _lost(self, asked: _Side | None, fault: DmaFault) -> None:
        nic = self.nic
        nic.platform.dma_fault(fault)
        if asked is None:
            nic.log_error(False, 0, hw.ERR_ACCESS_MESSAGE, fault.bus, 3 if fault.kind == "decerr" else 2, True)
            return
        ring = asked.ring
        engine = nic.tx if asked is self.pairs[ring.queue].tx else nic.rx
        if ring.active and not ring.error_code:
            ring.error_code = hw.RING_ERROR_AXI_WRITE  # and no record tells of it
        engine.log(ring, hw.ERR_ACCESS_MESSAGE, fault.bus, fault)

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
        pair = self.pairs[q]
        side = pair.tx if reg == hw.QP_IRQ_TX_MOD else pair.rx
        side.usecs = value & hw.QP_IRQ_RX_MOD_USECS
        side.frames = (value & hw.QP_IRQ_RX_MOD_FRAMES) >> hw.QP_IRQ_RX_MOD_FRAMES_SHIFT
        side.off = side.frames == 1 or not (side.usecs or side.frames)
        if side.since is not None and side.usecs:
            end = side.since + side.usecs * _PS_PER_US
            self.nic.platform.call_at(end, self._late, q)
        self.update(q)

    def restart(self, ring: SoftRing) -> None:
        """A ring counts from 0 again."""
        for side in self.pairs[ring.queue].sides:
            if side.ring is ring:
                side.seen = 0
                side.rest(0)

    def seen(self, q: int, value: int) -> None:
        """A write of IRQ_SEEN."""
        pair = self.pairs[q]
        pair.rx.arm(value & hw.QP_IRQ_ARM_RX_INDEX)
        pair.tx.arm(value >> hw.QP_IRQ_ARM_TX_INDEX_SHIFT)
        self.update(q)

    def arm(self, q: int, value: int) -> None:
        """A write of IRQ_ARM."""
        self.pairs[q].masked = False
        self.seen(q, value)

    def set_mask(self, q: int, value: int) -> None:
        """A write of IRQ_MASK."""
        pair = self.pairs[q]
        masked = bool(value & hw.QP_IRQ_MASK_MASKED)
        for side in pair.sides:
            side.due |= pair.masked and not masked and side.event
        pair.masked = masked
        pair.auto_mask = bool(value & hw.QP_IRQ_MASK_AUTO_MASK)
        self.update(q)

    def mask_value(self, q: int) -> int:
        pair = self.pairs[q]
        return pair.masked * hw.QP_IRQ_MASK_MASKED | pair.auto_mask * hw.QP_IRQ_MASK_AUTO_MASK

    def route(self, q: int, value: int) -> None:
        """A write of IRQ_VECTOR."""
        self._routes[q] = value & (hw.QP_IRQ_VECTOR_TX_VECTOR | hw.QP_IRQ_VECTOR_RX_VECTOR)
        pair = self.pairs[q]
        for vector in self.vectors:
            vector.sides = [entry for entry in vector.sides if entry[0] is not pair]
        pair.tx.vector = self._exists((value & hw.QP_IRQ_VECTOR_TX_VECTOR) >> hw.QP_IRQ_VECTOR_TX_VECTOR_SHIFT)
        pair.rx.vector = self._exists(value & hw.QP_IRQ_VECTOR_RX_VECTOR)
        for side in pair.sides:
            self.vectors[side.vector].sides.append((pair, side))
        self.update(q)

    def route_value(self, q: int) -> int:
        return self._routes[q]

    # -- other causes ----------------------------------------------------------------------------------------
    def cause(self, bits: int) -> None:
        """Something happened: bits of IRQ_CAUSE."""
        self.causes |= bits
        self._update_cause()

    def _update_cause(self) -> None:
        if self.line_mode:
            self.update_line()
            return
        v = self._exists(self.cause_vector)
        if self.causes & ~self.cause_mask and not self.cause_told and not self.vectors[v].table_masked:
            self._send(v, None)

    def read_cause(self, reg: int) -> int:
        """IRQ_CAUSE, IRQ_CAUSE_MASK or IRQ_CAUSE_VECTOR."""
        if reg == hw.IRQ_CAUSE_VECTOR:
            return self.cause_vector
        return self.causes if reg == hw.IRQ_CAUSE else self.cause_mask

    def write_cause(self, reg: int, value: int) -> None:
        if reg == hw.IRQ_CAUSE_VECTOR:
            self.cause_vector = value & hw.IRQ_CAUSE_VECTOR_VECTOR
        elif reg == hw.IRQ_CAUSE:
            self.causes &= ~value
            self.cause_told = False
        else:
            self.cause_mask = value & (hw.IRQ_CAUSE_MASK_LINK | hw.IRQ_CAUSE_MASK_ERROR)
            self.cause_told = False
        self._update_cause()

    # -- the line, the table ---------------------------------------------------------------------------------
    def update_line(self) -> None:
        self.nic.platform.irq_line(self.line_mode and self.pending() != 0)

    def set_line_mode(self, on: bool) -> None:
        self.line_mode = on
        self.update_line()
        self._update_all()

    def _update_all(self) -> None:
        for q in range(len(self.pairs)):
            self.update(q)
        self._update_cause()

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
            self._update_all()
