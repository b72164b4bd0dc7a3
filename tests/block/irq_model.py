# SPDX-License-Identifier: Apache-2.0
"""A reference model of the interrupt block, clock by clock, and the MSI-X port's other side.

The model is nic.rdl's words in Python: which vector may send, which must, what a register reads. It sees the register
bus, the rings' states and the MSI-X port of test_csr_top.sv and judges every clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from cocotb.utils import get_sim_time

from pymodel.drivers.nic import nic_hw as hw
from tests.block.csr_bench import Bench, Ring

CLOCK_MHZ = 250  # nic_irq's ClockMhz
LATEST = 4  # clocks in which someone may be told and nobody is: two, and as many for one who withdrew at the last

__all__ = ["CLOCK_MHZ", "IrqModel", "Message", "MsixSink", "beyond", "message_id"]


def message_id(vector: int) -> int:
    """nic_pkg::message_id."""
    return min(vector, 15)


def beyond(head: int, seen: int) -> bool:
    """Whether a ring at `head` holds a record that one who has read up to `seen` has not read."""
    return 0 < (head - seen & 0xFFFF) <= 0x8000


@dataclass(slots=True)
class Message:
    """An MSI-X that arrived: `handed` and `arrived` are simulated times in ps."""

    vector: int
    addr: int
    data: int
    handed: int
    arrived: int


class MsixSink:
    """Takes MSI-X requests as the DMA engine does: ready after a while, done when the write is answered, in any order
    between IDs.

    `delays()` is drawn for each of the two waits, in clocks. While `blocked`, no request is answered; those of the
    IDs in `withheld` are not either.
    """

    def __init__(self, bench: Bench, delays: Callable[[], int]) -> None:
        self.dut = bench.dut
        self.rng = bench.rng
        self.delays = delays
        self.blocked = False
        self.withheld: set[int] = set()
        self.messages: list[Message] = []
        self.under_way: list[tuple[int, Message]] = []  # taken: the clock from which they may be answered
        self.clock = 0
        self._tasks = [cocotb.start_soon(self._take()), cocotb.start_soon(self._answer())]

    def take(self) -> list[int]:
        """The vectors that arrived since the last call, in order."""
        vectors = [m.vector for m in self.messages]
        self.messages.clear()
        return vectors

    async def _take(self) -> None:
        dut = self.dut
        while True:
            while True:
                await RisingEdge(dut.clk_i)
                await ReadOnly()
                if int(dut.msix_valid_o.value) and int(dut.rst_ni.value):
                    break
            handed = int(get_sim_time("ps"))
            for _ in range(1 + self.delays()):
                await RisingEdge(dut.clk_i)
            vector, addr, data = (int(p.value) for p in (dut.msix_vector_o, dut.msix_addr_o, dut.msix_data_o))
            dut.msix_ready_i.value = 1
            await RisingEdge(dut.clk_i)
            dut.msix_ready_i.value = 0
            self.under_way.append((self.clock + self.delays(), Message(vector, addr, data, handed, 0)))

    async def _answer(self) -> None:
        dut = self.dut
        while True:
            await RisingEdge(dut.clk_i)
            self.clock += 1
            dut.msix_done_i.value = 0
            can = [
                entry
                for entry in self.under_way
                if entry[0] < self.clock and not self.blocked and message_id(entry[1].vector) not in self.withheld
            ]
            if can:
                entry = self.rng.choice(can)
                self.under_way.remove(entry)
                dut.msix_done_i.value = 1
                dut.msix_done_id_i.value = message_id(entry[1].vector)
                entry[1].arrived = int(get_sim_time("ps"))
                self.messages.append(entry[1])


class _Side:
    """A completion ring's event and its moderation. The device may be late by what it takes to look at all rings
    twice: from `may` on an interrupt is allowed, from `must` on it is due.
    """

    def __init__(self, queues: int) -> None:
        self.late = 2 * queues + 3
        self.usecs = self.frames = 0
        self.limits = (0, 0)  # the same, a clock later
        self.event = False
        self.early = False  # one that is found in the next clock; where software had read all it is there already
        self.active = False
        self.seen = 0
        self.mark = 0  # told of or read so far
        self.first: int | None = None  # the clock of the first record beyond
        self.base: deque[int] = deque([0], queues + 2)  # cq_frames in the last clocks without one
        self.error = False
        self.rest()

    def rest(self) -> None:
        self.first = None
        self.held = 0  # clocks for which the limits have been reached
        self.may = self.must = False

    @property
    def off(self) -> bool:
        return self.frames == 1 or not (self.usecs or self.frames)

    def look(self, clock: int, head: int, frames: int) -> None:
        """A clock in which the ring's completion side is like this."""
        (usecs, gather), self.limits = self.limits, (self.usecs, self.frames)
        if self.first is None and beyond(head, self.mark):
            self.first = clock
        if self.first is None:
            self.base.append(frames)
            return
        late = bool(usecs) and clock - self.first >= usecs * CLOCK_MHZ
        most, least = (frames - base & 1023 for base in (self.base[0], self.base[-1]))
        now = late or self.error
        self.may |= now or (gather != 0 and most >= gather)
        self.held = self.held + 1 if now or (gather != 0 and least >= gather) else 0
        self.must |= self.held >= self.late

    def told(self, head: int, frames: int) -> None:
        self.rest()
        self.mark = head
        self._count_from(frames)

    def arm(self, head: int, frames: int, index: int) -> None:
        again = beyond(self.mark, index)
        self.mark = index
        if not beyond(head, index):
            self.rest()
            self._count_from(frames)
        elif again:
            self.may = self.must = True

    def restart(self) -> None:
        self.rest()
        self.mark = self.seen = 0
        self._count_from(0)

    def _count_from(self, frames: int) -> None:
        self.base.clear()
        self.base.append(frames)


@dataclass(slots=True)
class _Pair:
    """A queue pair: its rings' sides (TX, RX), the vectors that they name, the mask."""

    sides: tuple[_Side, _Side]
    vectors: list[int]
    masked: bool = True
    auto_mask: bool = True

    @property
    def event(self) -> bool:
        return any(side.event for side in self.sides)

    def may(self, tx_or_rx: int) -> bool:
        side = self.sides[tx_or_rx]
        return not self.masked and (side.event or side.early) and (side.off or side.may)

    def must(self, tx_or_rx: int) -> bool:
        side = self.sides[tx_or_rx]
        return not self.masked and side.event and (side.off or side.must)


@dataclass(slots=True)
class _Causes:
    """IRQ_CAUSE and its mask, the vector, and whether a message has told of them since software wrote."""

    vector: int
    bits: int = 0
    mask: int = 3
    told: bool = False
    link: int | None = None

    @property
    def pending(self) -> bool:
        return bool(self.bits & ~self.mask)

    @property
    def event(self) -> bool:
        return self.pending and not self.told


@dataclass(slots=True)
class _Ring:
    head: int
    frames: int
    active: bool
    error: bool


@dataclass(slots=True)
class _Clock:
    """The pins in one clock, with what was driven in it."""

    running: bool
    stopping: bool
    request: int
    answer: int
    rings: list[tuple[_Ring, _Ring]]  # each queue: TX and RX
    link: int
    error: bool
    valid: bool
    vector: int
    asker: tuple[int, int]  # queue pair and 0 TX, 1 RX; (-1, 0) the causes
    message: tuple[int, int]
    done: int | None  # the ID that is answered
    done_by: tuple[int, int] | None  # and whose message it was, if that ring has not begun anew
    out: int  # queue pairs with records under way, a bit each
    hold: int
    line: bool


class IrqModel:
    """Judges every clock of a run; an AssertionError in it fails the test. `sent` counts the messages."""

    def __init__(self, bench: Bench) -> None:
        self.dut = bench.dut
        self.queues = bench.queues
        self.sent = 0
        self.reset()
        self._task = cocotb.start_soon(self._run())

    def reset(self) -> None:
        self.pairs = [_Pair((_Side(self.queues), _Side(self.queues)), [q, q]) for q in range(self.queues)]
        self.causes = _Causes(self.queues)
        self.table = [[0, 0, 0, 1] for _ in range(self.queues + 1)]  # the MSI-X table's words
        self.waited: dict[tuple[int, int], int] = {}  # messages of others while this one wanted to send
        self.clock = 0
        self.line_mode = False
        self.under_way: dict[int, tuple[int, int] | None] = {}  # by ID: who asked, if it still concerns it
        self.told: set[tuple[int, int]] = set()  # by the message that is offered since this clock
        self.held_wrong: tuple[int, str] | None = None
        self.waiting = 0  # clocks for which a message could have been handed over

    def exists(self, vector: int) -> int:
        """What a vector's number acts as."""
        return vector if vector <= self.queues else 0

    def vector_of(self, asker: tuple[int, int]) -> int:
        q, side = asker
        return self.exists(self.causes.vector if q < 0 else self.pairs[q].vectors[side])

    def askers(self, which: str) -> list[tuple[int, int]]:
        """Who may ("may") or is to ("must") ask for a message, whatever the table says."""
        found = [(q, side) for q, pair in enumerate(self.pairs) for side in (0, 1) if getattr(pair, which)(side)]
        return [*found, (-1, 0)] if self.causes.event else found

    async def _run(self) -> None:
        clk = self.dut.clk_i
        await RisingEdge(clk)
        await ReadOnly()
        before = self._sample()
        while True:
            await RisingEdge(clk)
            await ReadOnly()
            now = self._sample()
            self._judge(before, now)
            before = now

    def _sample(self) -> _Clock:
        dut = self.dut
        tx, rx = int(dut.tx_seen_o.value), int(dut.rx_seen_o.value)
        rings = []
        for q in range(self.queues):
            both = (tx >> Ring.WIDTH * q, rx >> Ring.WIDTH * q)
            tx_ring, rx_ring = (
                _Ring(sts >> 16 & 0xFFFF, sts >> 6 & 0x3FF, bool(sts >> 5 & 1), bool(sts >> 4 & 1)) for sts in both
            )
            rings.append((tx_ring, rx_ring))
        return _Clock(
            running=bool(int(dut.core_rst_no.value)),
            stopping=bool(int(dut.soft_reset_o.value)),
            request=int(dut.irq_req.value),
            answer=int(dut.irq_rsp.value),
            rings=rings,
            link=int(dut.link_i.value),
            error=bool(int(dut.error_i.value)),
            valid=bool(int(dut.msix_valid_o.value)),
            vector=int(dut.msix_vector_o.value),
            asker=(-1, 0)
            if int(dut.msix_cause_o.value)
            else (int(dut.msix_queue_o.value), 1 - int(dut.msix_tx_o.value)),
            message=(int(dut.msix_addr_o.value), int(dut.msix_data_o.value)),
            done=int(dut.msix_done_id_i.value) if int(dut.msix_done_i.value) else None,
            done_by=self._done_by(int(dut.done_by_o.value)),
            out=int(dut.cpl_out_i.value),
            hold=int(dut.cpl_hold_o.value),
            line=bool(int(dut.irq_o.value)),
        )

    @staticmethod
    def _done_by(value: int) -> tuple[int, int] | None:
        live, none, tx, queue = value >> 6, value >> 5 & 1, value >> 4 & 1, value & 15
        return (-1, 0) if none else (queue, 1 - tx) if live else None

    def _judge(self, before: _Clock, now: _Clock) -> None:
        """Advance by the clock `before`; `now` shows what the block made of it."""
        if not before.running:
            self.reset()
            self.causes.link = before.link
            assert not now.valid and not now.line
            return
        self.clock += 1
        for pair, rings in zip(self.pairs, before.rings, strict=True):
            for side, ring in zip(pair.sides, rings, strict=True):
                side.error = ring.error
                side.early = ring.active and side.active and beyond(ring.head, side.seen)
        may, must = self.askers("may"), self.askers("must")
        self._hold(before, now, may, must)
        want = [a for a in must if self._open(a) and not self._out(before, a)]
        sent = now.vector if now.valid and not before.valid else None
        told, self.told = self.told, set()
        if sent is not None:
            assert message_id(sent) not in self.under_way, "a second MSI-X of a vector before the first was answered"
            assert not before.stopping, "an MSI-X in the device's reset"
            what = f"MSI-X of vector {sent}, asked for by {now.asker}, which has no reason to send"
            assert now.asker in may and self.vector_of(now.asker) == sent, what
            assert not self.table[sent][3] and not self.line_mode, what
            assert not self._out(before, now.asker), f"MSI-X asked for by {now.asker}, which has records under way"
            low, high, data, _ = self.table[sent]
            assert now.message == (high << 32 | low, data)
            self._count(now.asker, want)
            both = [(q, s) for q in range(self.queues) if not self.pairs[q].masked for s in (0, 1)]
            self.told = {a for a in [*both, (-1, 0)] if self.vector_of(a) == sent and not self._out(before, a)}
        self.waiting = self.waiting + 1 if want and sent is None and not (before.valid or before.stopping) else 0
        assert self.waiting <= LATEST, f"{want} have an event that is not sent"
        cause = self.causes.pending
        line_may, line_must = (cause or any(q >= 0 for q, _ in askers) for askers in (may, must))
        assert self.line_mode and line_may if now.line else not (self.line_mode and line_must)
        self._registers(before.request, now.answer, may, must)
        self._answers(before)
        self._advance_causes(before, (-1, 0) in told)
        for q, rings in enumerate(before.rings):
            self._advance(q, rings, before.request, [(q, s) in told for s in (0, 1)])
        self._advance_table(before.request)
        if sent is not None:
            self.under_way[message_id(sent)] = now.asker

    def _open(self, asker: tuple[int, int]) -> bool:
        """Whether nothing but records under way keeps its message back."""
        vector = self.vector_of(asker)
        return not (self.table[vector][3] or self.line_mode or message_id(vector) in self.under_way)

    def _out(self, clock: _Clock, asker: tuple[int, int]) -> bool:
        return asker[0] >= 0 and bool(clock.out >> asker[0] & 1)

    def _hold(self, before: _Clock, now: _Clock, may: list[tuple[int, int]], must: list[tuple[int, int]]) -> None:
        """Who asks begins no further records, and nobody else. Told late: a message that is wrong says more."""
        most, least = ({q for q, s in askers if q >= 0 and self._open((q, s))} for askers in (may, must))
        held = {q for q in range(self.queues) if now.hold >> q & 1}
        if self.held_wrong is None and not least <= held <= most:
            what = f"queue pairs {held} are to begin no records, {least} ask, {most} may"
            self.held_wrong = (self.clock + 2 * LATEST, what)
        assert self.held_wrong is None or self.clock < self.held_wrong[0], self.held_wrong[1]

    def _answers(self, before: _Clock) -> None:
        """A ring that begins anew has asked for nothing; an answer tells whose message it was."""
        if before.done is not None:
            by = self.under_way.pop(before.done)
            assert before.done_by == by, f"the message's answer concerns {by}, not {before.done_by}"
        for q, rings in enumerate(before.rings):
            for side in (0, 1):
                if rings[side].active and not self.pairs[q].sides[side].active:
                    self.under_way = {i: None if by == (q, side) else by for i, by in self.under_way.items()}

    def _count(self, sent: tuple[int, int], want: list[tuple[int, int]]) -> None:
        self.sent += 1
        self.waited = {a: self.waited.get(a, 0) + 1 for a in want if a != sent}
        late = [a for a, n in self.waited.items() if n > 2 * self.queues + 1]
        assert not late, f"{late} are passed over again and again"

    def _advance_causes(self, before: _Clock, told: bool) -> None:
        causes = self.causes
        write, addr, data, strobes = decode(before.request)
        if told and causes.event:
            causes.told = True
        if write and addr in (hw.IRQ_CAUSE, hw.IRQ_CAUSE_MASK):
            causes.told = False
        if write and strobes & 1:
            if addr == hw.IRQ_CAUSE:
                causes.bits &= ~data
            elif addr == hw.IRQ_CAUSE_MASK:
                causes.mask = data & 3
            elif addr == hw.IRQ_CAUSE_VECTOR:
                causes.vector = data & 31
        if causes.link is not None and before.link != causes.link:
            causes.bits |= hw.IRQ_CAUSE_LINK
        if before.error:
            causes.bits |= hw.IRQ_CAUSE_ERROR
        causes.link = before.link

    def _advance(self, q: int, rings: tuple[_Ring, _Ring], request: int, told: list[bool]) -> None:
        pair = self.pairs[q]
        write, addr, data, strobes = decode(request)
        arm = write and addr == hw.qp(q) + hw.QP_IRQ_ARM
        seen = arm or (write and addr == hw.qp(q) + hw.QP_IRQ_SEEN)
        tx, rx = pair.sides
        value = merge(tx.seen << 16 | rx.seen, data, strobes)
        to_mask = write and addr == hw.qp(q) + hw.QP_IRQ_MASK and bool(strobes & 1)
        unmask = to_mask and pair.masked and not data & hw.QP_IRQ_MASK_MASKED
        indices = (value >> 16, value & 0xFFFF)
        for side, ring, index, sent in zip((tx, rx), rings, indices, told, strict=True):
            consumed = sent and not pair.auto_mask
            restart = ring.active and not side.active
            side.look(self.clock, ring.head, ring.frames)
            if sent:
                side.told(ring.head, ring.frames)
            if seen:
                side.arm(ring.head, ring.frames, index)
            if unmask and (side.event or side.early) and not sent:
                side.may = True
                side.must |= side.event
            # What seen becomes is looked at from the next clock on; what it was does not matter any more.
            new = beyond(ring.head, side.seen) and not restart
            side.event = (side.event or new) and not seen and not consumed
            if seen:
                side.seen = index
            elif consumed:
                side.seen = ring.head
            if restart:
                side.restart()
            side.active = ring.active
        for side, offset in ((tx, hw.QP_IRQ_TX_MOD), (rx, hw.QP_IRQ_RX_MOD)):
            if write and addr == hw.qp(q) + offset:
                value = merge(side.frames << 16 | side.usecs, data, strobes)
                side.usecs, side.frames = value & hw.QP_IRQ_RX_MOD_USECS, value >> 16 & 0xFF
                side.held = 0

        was_auto = pair.auto_mask
        if to_mask:
            pair.masked = bool(data & hw.QP_IRQ_MASK_MASKED)
            pair.auto_mask = bool(data & hw.QP_IRQ_MASK_AUTO_MASK)
        if arm:
            pair.masked = False
        if any(told) and was_auto:
            pair.masked = True
        if write and addr == hw.qp(q) + hw.QP_IRQ_VECTOR:
            value = merge(pair.vectors[0] << 8 | pair.vectors[1], data, strobes) & 0x1F1F
            pair.vectors = [value >> 8, value & 31]

    def _advance_table(self, request: int) -> None:
        write, addr, data, strobes = decode(request)
        v, offset = divmod(addr - hw.MSIX_BASE, hw.MSIX_STRIDE)
        if write and 0 <= v <= self.queues:
            word = offset // 4
            mask = (0xFFFFFFFC, 0xFFFFFFFF, 0xFFFFFFFF, 1)[word]
            self.table[v][word] = merge(self.table[v][word], data, strobes) & mask

    def _waiting(self, askers: list[tuple[int, int]], addr: int) -> int:
        """What IRQ_PENDING or MSIX_PBA shows if these ask."""
        if addr == hw.IRQ_PENDING:
            queues = bits([any(a[0] == q for a in askers) for q in range(self.queues)])
            return queues | self.causes.pending * hw.IRQ_PENDING_CAUSE
        if self.line_mode:
            return 0
        vectors = {self.vector_of(a) for a in askers}
        return bits([v in vectors and bool(self.table[v][3]) for v in range(self.queues + 1)])

    def _registers(self, request: int, answer: int, may: list[tuple[int, int]], must: list[tuple[int, int]]) -> None:
        """Check the answer to a request, and follow IRQ_CTRL."""
        write, addr, data, strobes = decode(request)
        if not request >> 53 & 1:
            return
        values = {
            hw.IRQ_CTRL: int(self.line_mode),
            hw.CLOCK: CLOCK_MHZ,
            hw.MSIX_PBA_HI: 0,
            hw.IRQ_CAUSE: self.causes.bits,
            hw.IRQ_CAUSE_MASK: self.causes.mask,
            hw.IRQ_CAUSE_VECTOR: self.causes.vector,
        }
        if addr in (hw.IRQ_PENDING, hw.MSIX_PBA):
            most, least = self._waiting(may, addr), self._waiting(must, addr)
            got = answer & 0xFFFFFFFF
            assert not got & ~most and not least & ~got, f"{addr:#x} reads {got:#x}, not {least:#x} to {most:#x}"
            values[addr] = got
        if hw.MSIX_BASE <= addr < hw.msix(self.queues + 1):
            values[addr] = self.table[(addr - hw.MSIX_BASE) // hw.MSIX_STRIDE][addr % 16 // 4]
        if hw.QP_BASE <= addr < hw.qp(self.queues):
            q, offset = divmod(addr - hw.QP_BASE, hw.QP_STRIDE)
            pair = self.pairs[q]
            own = {
                hw.QP_IRQ_ARM: 0,
                hw.QP_IRQ_SEEN: 0,
                hw.QP_IRQ_VECTOR: pair.vectors[0] << 8 | pair.vectors[1],
                hw.QP_IRQ_MASK: pair.masked | pair.auto_mask << 1,
                hw.QP_IRQ_STATUS: int(pair.event),
                hw.QP_IRQ_TX_MOD: pair.sides[0].frames << 16 | pair.sides[0].usecs,
                hw.QP_IRQ_RX_MOD: pair.sides[1].frames << 16 | pair.sides[1].usecs,
            }
            if offset == hw.QP_IRQ_STATUS and any(side.early for side in pair.sides):
                own[offset] = answer & 1
            if offset in own:
                values[addr] = own[offset]
        if addr in values:
            assert answer == 1 << 32 | values[addr], f"{addr:#x} reads {answer:#x}, expected {values[addr]:#x}"
        else:
            assert answer == 0, f"an answer to {addr:#x} that was not asked for"
        if write and addr == hw.IRQ_CTRL and strobes & 1:
            self.line_mode = bool(data & hw.IRQ_CTRL_LINE_MODE)


def bits(flags: list[bool]) -> int:
    """Flag v as bit v."""
    return sum(flag << v for v, flag in enumerate(flags))


def merge(old: int, data: int, strobes: int) -> int:
    """A register after a write of some of its bytes."""
    mask = sum(0xFF << 8 * b for b in range(4) if strobes >> b & 1)
    return old & ~mask | data & mask


def decode(request: int) -> tuple[bool, int, int, int]:
    """nic_pkg::reg_req_t: whether it is a write, address, data, strobes."""
    return request >> 52 & 3 == 3, request >> 36 & 0xFFFF, request >> 4 & 0xFFFFFFFF, request & 0xF
