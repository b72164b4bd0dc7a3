# SPDX-License-Identifier: Apache-2.0
"""A reference model of the interrupt block, clock by clock, and the MSI-X port's other side.

The model is nic.rdl's words in Python: which vector may send, which must, what a register reads. It sees the register
bus, the rings' states and the MSI-X port of test_csr_top.sv and judges every clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from cocotb.utils import get_sim_time

from pymodel.drivers.nic import nic_hw as hw
from tests.block.csr_bench import Bench, Ring

CLOCK_MHZ = 250  # nic_irq's ClockMhz

__all__ = ["CLOCK_MHZ", "IrqModel", "Message", "MsixSink", "beyond"]


def beyond(head: int, seen: int) -> bool:
    """Whether a ring at `head` holds a record that one who has read up to `seen` has not read."""
    return 0 < (head - seen & 0xFFFF) < 0x8000


@dataclass(slots=True)
class Message:
    """An MSI-X that arrived: `handed` and `arrived` are simulated times in ps."""

    vector: int
    addr: int
    data: int
    handed: int
    arrived: int


class MsixSink:
    """Takes MSI-X requests as the DMA engine does: ready after a while, done when the write is answered.

    `delays()` is drawn for each of the two waits, in clocks. While `blocked`, no request is finished.
    """

    def __init__(self, bench: Bench, delays: Callable[[], int]) -> None:
        self.dut = bench.dut
        self.delays = delays
        self.blocked = False
        self.messages: list[Message] = []
        self._task = cocotb.start_soon(self._run())

    def take(self) -> list[int]:
        """The vectors that arrived since the last call, in order."""
        vectors = [m.vector for m in self.messages]
        self.messages.clear()
        return vectors

    async def _run(self) -> None:
        dut = self.dut
        while True:
            while True:
                await RisingEdge(dut.clk_i)
                await ReadOnly()
                if int(dut.msix_valid_o.value) and int(dut.rst_ni.value):
                    break
            handed = int(get_sim_time("ps"))
            to_ready, to_done = self.delays(), self.delays()
            for _ in range(1 + to_ready):
                await RisingEdge(dut.clk_i)
            vector, addr, data = (int(p.value) for p in (dut.msix_vector_o, dut.msix_addr_o, dut.msix_data_o))
            dut.msix_ready_i.value = 1
            if not to_done and not self.blocked:
                dut.msix_done_i.value = 1
            await RisingEdge(dut.clk_i)
            dut.msix_ready_i.value = 0
            if to_done or self.blocked:
                for _ in range(to_done):
                    await RisingEdge(dut.clk_i)
                while self.blocked:
                    await RisingEdge(dut.clk_i)
                dut.msix_done_i.value = 1
                await RisingEdge(dut.clk_i)
            dut.msix_done_i.value = 0
            self.messages.append(Message(vector, addr, data, handed, int(get_sim_time("ps"))))


class _Side:
    """A completion ring's event and its moderation. The device may be late by what it takes to look at all rings
    twice: from `may` on an interrupt is allowed, from `must` on it is due.
    """

    def __init__(self, queues: int) -> None:
        self.late = 2 * queues + 3
        self.usecs = self.frames = 0
        self.event = False
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
        return self.error or self.frames == 1 or not (self.usecs or self.frames)

    def look(self, clock: int, head: int, frames: int) -> None:
        """A clock in which the ring's completion side is like this."""
        if self.first is None and beyond(head, self.mark):
            self.first = clock
        if self.first is None:
            self.base.append(frames)
            return
        late = bool(self.usecs) and clock - self.first >= self.usecs * CLOCK_MHZ
        most, least = (frames - base & 1023 for base in (self.base[0], self.base[-1]))
        self.may |= late or (self.frames != 0 and most >= self.frames)
        self.held = self.held + 1 if late or (self.frames != 0 and least >= self.frames) else 0
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
class _Vector:
    sides: tuple[_Side, _Side]  # TX, RX
    masked: bool = True
    auto_mask: bool = True
    entry: list[int] = field(default_factory=lambda: [0, 0, 0, 1])  # the MSI-X table's words
    waited: int = 0  # messages of other vectors while this one wanted to send

    @property
    def event(self) -> bool:
        return any(side.event for side in self.sides)

    @property
    def may(self) -> bool:
        return not self.masked and any(side.event and (side.off or side.may) for side in self.sides)

    @property
    def must(self) -> bool:
        return not self.masked and any(side.event and (side.off or side.must) for side in self.sides)


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
    valid: bool
    vector: int
    message: tuple[int, int]
    done: bool
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
        self.vectors = [_Vector((_Side(self.queues), _Side(self.queues))) for _ in range(self.queues)]
        self.clock = 0
        self.line_mode = False
        self.outstanding = False

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
        tx, rx = int(dut.tx_sts_i.value), int(dut.rx_sts_i.value)
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
            valid=bool(int(dut.msix_valid_o.value)),
            vector=int(dut.msix_vector_o.value),
            message=(int(dut.msix_addr_o.value), int(dut.msix_data_o.value)),
            done=bool(int(dut.msix_done_i.value)),
            line=bool(int(dut.irq_o.value)),
        )

    def _judge(self, before: _Clock, now: _Clock) -> None:
        """Advance by the clock `before`; `now` shows what the block made of it."""
        if not before.running:
            self.reset()
            assert not now.valid and not now.line
            return
        self.clock += 1
        for vector, rings in zip(self.vectors, before.rings, strict=True):
            for side, ring in zip(vector.sides, rings, strict=True):
                side.error = ring.error
        may, must = [v.may for v in self.vectors], [v.must for v in self.vectors]
        free = [not v.entry[3] and not self.line_mode for v in self.vectors]
        want = [m and f for m, f in zip(must, free, strict=True)]
        sent = now.vector if now.valid and not before.valid else None
        if sent is not None:
            assert not self.outstanding, "a second MSI-X before the first was answered"
            assert not before.stopping, "an MSI-X in the device's reset"
            assert may[sent] and free[sent], f"MSI-X of vector {sent}, which has no reason to send"
            low, high, data, _ = self.vectors[sent].entry
            assert now.message == (high << 32 | low, data)
            self._count(sent, want)
        elif not self.outstanding and not before.stopping:
            assert not any(want), f"vectors {[v for v, w in enumerate(want) if w]} have an event that is not sent"
        assert self.line_mode and any(may) if now.line else not (self.line_mode and any(must))
        self._registers(before.request, now.answer, may, must)
        for v, rings in enumerate(before.rings):
            self._advance(v, rings, before.request, sent == v)
        self.outstanding = (self.outstanding and not before.done) or sent is not None

    def _count(self, sent: int, want: list[bool]) -> None:
        self.sent += 1
        for v, vector in enumerate(self.vectors):
            vector.waited = vector.waited + 1 if want[v] and v != sent else 0
            assert vector.waited < self.queues, f"vector {v} is passed over again and again"

    def _advance(self, v: int, rings: tuple[_Ring, _Ring], request: int, sent: bool) -> None:
        vector = self.vectors[v]
        write, addr, data, strobes = decode(request)
        arm = write and addr == hw.qp(v) + hw.QP_IRQ_ARM
        consumed = sent and not vector.auto_mask
        tx, rx = vector.sides
        value = merge(tx.seen << 16 | rx.seen, data, strobes)
        to_mask = write and addr == hw.qp(v) + hw.QP_IRQ_MASK and bool(strobes & 1)
        unmask = to_mask and vector.masked and not data & hw.QP_IRQ_MASK_MASKED and not sent
        for side, ring, index in zip((tx, rx), rings, (value >> 16, value & 0xFFFF), strict=True):
            side.look(self.clock, ring.head, ring.frames)
            if sent:
                side.told(ring.head, ring.frames)
            if arm:
                side.arm(ring.head, ring.frames, index)
            if unmask and side.event:
                side.may = side.must = True
            # What seen becomes is looked at from the next clock on; what it was does not matter any more.
            side.event = (side.event or beyond(ring.head, side.seen)) and not arm and not consumed
            if arm:
                side.seen = index
            elif consumed:
                side.seen = ring.head
            if ring.active and not side.active:
                side.restart()
            side.active = ring.active
        for side, offset in ((tx, hw.QP_IRQ_TX_MOD), (rx, hw.QP_IRQ_RX_MOD)):
            if write and addr == hw.qp(v) + offset:
                value = merge(side.frames << 16 | side.usecs, data, strobes)
                side.usecs, side.frames = value & hw.QP_IRQ_RX_MOD_USECS, value >> 16 & 0xFF
                side.held = 0

        was_auto = vector.auto_mask
        if to_mask:
            vector.masked = bool(data & hw.QP_IRQ_MASK_MASKED)
            vector.auto_mask = bool(data & hw.QP_IRQ_MASK_AUTO_MASK)
        if arm:
            vector.masked = False
        if sent and was_auto:
            vector.masked = True
        for word, mask in enumerate((0xFFFFFFFC, 0xFFFFFFFF, 0xFFFFFFFF, 1)):
            if write and addr == hw.msix(v) + 4 * word:
                vector.entry[word] = merge(vector.entry[word], data, strobes) & mask

    def _registers(self, request: int, answer: int, may: list[bool], must: list[bool]) -> None:
        """Check the answer to a request, and follow IRQ_CTRL."""
        write, addr, data, strobes = decode(request)
        asked = bool(request >> 53 & 1)
        values = {hw.IRQ_CTRL: int(self.line_mode), hw.CLOCK: CLOCK_MHZ, hw.MSIX_PBA_HI: 0}
        if asked and addr in (hw.IRQ_PENDING, hw.MSIX_PBA):
            waits = [addr == hw.IRQ_PENDING or (bool(v.entry[3]) and not self.line_mode) for v in self.vectors]
            most = bits([p and w for p, w in zip(may, waits, strict=True)])
            least = bits([p and w for p, w in zip(must, waits, strict=True)])
            got = answer & 0xFFFFFFFF
            assert not got & ~most and not least & ~got, f"{addr:#x} reads {got:#x}, not {least:#x} to {most:#x}"
            values[addr] = got
        if asked and addr >= hw.MSIX_BASE and addr < hw.msix(self.queues):
            values[addr] = self.vectors[(addr - hw.MSIX_BASE) // hw.MSIX_STRIDE].entry[addr % 16 // 4]
        if asked and hw.QP_BASE <= addr < hw.qp(self.queues):
            q, offset = divmod(addr - hw.QP_BASE, hw.QP_STRIDE)
            vector = self.vectors[q]
            own = {
                hw.QP_IRQ_ARM: 0,
                hw.QP_IRQ_MASK: vector.masked | vector.auto_mask << 1,
                hw.QP_IRQ_STATUS: int(vector.event),
                hw.QP_IRQ_TX_MOD: vector.sides[0].frames << 16 | vector.sides[0].usecs,
                hw.QP_IRQ_RX_MOD: vector.sides[1].frames << 16 | vector.sides[1].usecs,
            }
            if offset in own:
                values[addr] = own[offset]
        if asked and addr in values:
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
