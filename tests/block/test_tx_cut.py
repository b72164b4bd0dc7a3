# SPDX-License-Identifier: Apache-2.0
"""nic_tx_cut: the bursts of a piece are its bytes in order, end at multiples of 2 KiB, and tell what goes with them."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Layout, Pins, built

MODULE = "nic_tx_cut"
BURST = 2048
LONGEST = 16383
REQ = Layout(kind=2, qp=4, addr=64, len=8)
READ_TX_DATA = 2
PIECE = ("queue", "addr", "len", "end", "sum", "skip", "ip_skip")
PATIENCE = 4  # clocks that a burst may be away

Burst = dict[str, int]


def bursts(width: int, piece: dict[str, int]) -> list[Burst]:
    """A piece's bursts, `width` bytes a beat; `skip` and `ip_skip` matter only where a checksum is wanted."""
    result = []
    at, left, skip, ip_skip = piece["addr"], piece["len"], piece["skip"], piece["ip_skip"]
    while left:
        size = min(left, BURST - at % BURST)
        burst = {
            "kind": READ_TX_DATA, "qp": piece["queue"], "addr": at, "len": (at % width + size - 1) // width,
            "queue": piece["queue"], "offset": at % width, "bytes": size, "eof": piece["end"] & (size == left),
            "sum": piece["sum"],
        }  # fmt: skip
        if piece["sum"]:
            burst |= {"skip": min(skip, size), "ip_skip": min(ip_skip, size)}
        result.append(burst)
        at, left, skip, ip_skip = (at + size) % (1 << 64), left - size, max(0, skip - size), max(0, ip_skip - size)
    return result


class Cutter:
    """The module, and the bursts that it owes."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.queues = 1 << len(pins.dut.queue_i)
        self.due: deque[Burst] = deque()
        self.waits = 0
        self.held: Burst | None = None  # offered before and not taken
        self.done = 0

    @classmethod
    async def start(cls, dut: Any) -> Cutter:
        return cls(await Pins.start(dut, look_i=0, take_i=0, req_ready_i=0, **{f"{name}_i": 0 for name in PIECE}))

    def piece(self, addr: int, size: int, **more: int) -> dict[str, int]:
        """A piece of host memory; all that is not given is random."""
        rng = self.pins.rng
        return {
            "queue": rng.randrange(self.queues), "addr": addr, "len": size, "end": rng.getrandbits(1),
            "sum": rng.getrandbits(1), "skip": rng.choice((0, rng.randint(0, 64), rng.randint(0, LONGEST))),
            "ip_skip": rng.choice((0, rng.randint(0, 64), rng.randint(0, LONGEST))),
        } | more  # fmt: skip

    async def clock(self, piece: dict[str, int] | None = None, ready: bool = True) -> bool:
        """One clock; whether the piece was taken."""
        pins = self.pins
        take = piece is not None and pins.read("free_o") == 1
        given = piece if piece is not None and take else self.piece(pins.rng.getrandbits(64), pins.rng.randint(0, 99))
        look = take or pins.rng.getrandbits(1)
        pins.drive(look_i=look, take_i=take, req_ready_i=ready, **{f"{name}_i": given[name] for name in PIECE})
        await pins.settle()
        valid = pins.read("req_valid_o")
        if valid:
            self._compare(ready)
        assert valid or self.held is None, f"clock {pins.clock}: a burst that was not taken went away"
        self.waits = self.waits + 1 if self.due and not valid else 0
        assert self.waits <= PATIENCE, f"clock {pins.clock}: {len(self.due)} bursts do not come"
        if take and piece:
            self.due += bursts(1 << len(pins.dut.offset_o), piece)
        await pins.tick()
        return take

    def _compare(self, ready: bool) -> None:
        pins = self.pins
        assert self.due, f"clock {pins.clock}: a burst of no piece"
        got = REQ.unpack(pins.read("req_o"))
        got |= {name: pins.read(f"{name}_o") for name in ("queue", "offset", "bytes", "eof", "sum", "skip", "ip_skip")}
        want = self.due[0]
        got = {name: got[name] for name in want}
        assert got == want, f"clock {pins.clock}: burst {got}, not {want}"
        self.held = None if ready else got
        if ready:
            self.due.popleft()
            self.done += 1

    async def give(self, piece: dict[str, int], often: float = 1.0) -> None:
        """Until the piece is taken and all of its bursts are."""
        while not await self.clock(piece, self.pins.rng.random() < often):
            pass
        while self.due:
            await self.clock(None, self.pins.rng.random() < often)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def pieces_come_out_as_their_bursts(dut: Any) -> None:
    """Any address, length and place of the checksum, taken as soon as possible or late, bursts taken at any clock."""
    cutter = await Cutter.start(dut)
    rng = cutter.pins.rng
    while cutter.done < 4000:
        size = rng.choice((rng.randint(1, 70), rng.randint(1, 1600), rng.randint(1, LONGEST)))
        addr = rng.choice((rng.getrandbits(64), -rng.randint(0, 80) % BURST + rng.getrandbits(40) * BURST))
        piece = cutter.piece(addr, size)
        often = (0.3, 1.0, 0.8)[cutter.pins.clock // 256 % 3]
        while rng.random() < 0.2:
            await cutter.clock(None, rng.random() < often)
        while not await cutter.clock(piece, rng.random() < often):
            pass


@cocotb.test(timeout_time=400, timeout_unit="us")
async def pieces_that_end_at_a_limit_and_beside_it(dut: Any) -> None:
    """From each byte of a beat on, and near a burst's limit, to a byte before a limit, at it and behind it."""
    cutter = await Cutter.start(dut)
    width = 1 << len(dut.offset_o)
    for begin in (*range(width), *range(BURST - 2, BURST)):
        for limit in (width, BURST, 2 * BURST, 7 * BURST):
            for stop in (limit - 1, limit, limit + 1):
                if begin < stop and stop - begin <= LONGEST:
                    await cutter.give(cutter.piece(0x1234_5000 + begin, stop - begin), 0.9)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def addresses_carry_over_all_bits(dut: Any) -> None:
    """A piece across a multiple of each power of two from 2 KiB on, and the longest piece at each alignment."""
    cutter = await Cutter.start(dut)
    for bit in range(11, 64):
        await cutter.give(cutter.piece((1 << bit) - 5, 9))
        await cutter.give(cutter.piece((1 << 64) - (1 << bit) - 1, 2))
    for begin in (0, 1, BURST - 1, BURST // 2):
        await cutter.give(cutter.piece(begin, LONGEST), 0.8)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def checksum_begins_at_a_burst_and_beside_it(dut: Any) -> None:
    """What the sums leave out ends before, at and behind a burst's last byte, in each burst of a piece and beyond."""
    cutter = await Cutter.start(dut)
    for begin in (0, 2, BURST - 1):
        first = BURST - begin
        for edge in (0, first, first + BURST, 4 * BURST, LONGEST - 1):
            for skip in (edge - 1, edge, edge + 1):
                if skip >= 0:
                    other = cutter.pins.rng.randint(0, LONGEST)
                    await cutter.give(cutter.piece(begin, 4 * BURST, sum=1, skip=skip, ip_skip=other))
                    await cutter.give(cutter.piece(begin, 4 * BURST, sum=1, skip=other, ip_skip=skip))


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize(("width", "queues"), [(64, 4), (512, 1)])
def test_tx_cut(width: int, queues: int, test: str) -> None:
    simulate(
        built(MODULE, DataWidth=width, Queues=queues), MODULE, "tests.block.test_tx_cut", test, zeros=True
    )  # fmt: skip
