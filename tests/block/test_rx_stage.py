# SPDX-License-Identifier: Apache-2.0
"""nic_rx_stage: beats come out in order, unchanged, with what was decided about their frame, and not before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.rx_bench import PLAN, built
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Pins

MODULE = "nic_rx_stage"
DEPTH = 32
BEAT = ("data", "bytes", "last", "tag")
DECISION = {"pass": 2, "queue": 0, "type": 3, "hash": 32, "plan": PLAN.width}  # bits; a queue has as many as the pin
PATIENCE = 3  # clocks that a beat whose decision is there may stay

Values = dict[str, int]


class Stage:
    """The module, what is in it, and one clock of it."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.width = len(pins.dut.data_i) // 8
        self.beats: deque[Values] = deque()
        self.decisions: deque[Values] = deque()
        self.undecided = 0  # frames of which a beat came, but no decision
        self.begins_in = self.begins_out = True
        self.waits = 0
        self.out = 0

    @classmethod
    async def start(cls, dut: Any) -> Stage:
        names = ("valid", *BEAT, "decided", *DECISION)
        return cls(await Pins.start(dut, **{f"{name}_i": 0 for name in names}))

    async def clock(self, last: bool | None = None, decide: bool = False) -> None:
        """One clock: perhaps a beat, with which its frame goes on or ends; perhaps the next decision."""
        pins, rng = self.pins, self.pins.rng
        beat = {
            "data": rng.getrandbits(8 * self.width), "bytes": rng.randint(1, self.width) if last else self.width,
            "last": int(bool(last)), "tag": rng.getrandbits(5),
        }  # fmt: skip
        decision = {name: rng.getrandbits(bits or len(pins.dut.queue_i)) for name, bits in DECISION.items()}
        pins.drive(valid_i=last is not None, decided_i=decide, **{f"{n}_i": v for n, v in (beat | decision).items()})
        await pins.settle()
        could = bool(self.beats and self.decisions)
        valid = pins.read("valid_o")
        busy = pins.read("busy_o")
        assert busy or not self.beats, f"clock {pins.clock}: not busy with {len(self.beats)} beats"
        if valid:
            self._compare()
        self.waits = self.waits + 1 if could and not valid else 0
        assert self.waits <= PATIENCE, f"clock {pins.clock}: a beat does not leave"
        # ---- the clock
        if last is not None:
            self.beats.append(beat)
            self.undecided += self.begins_in
            self.begins_in = last
        if decide:
            self.decisions.append(decision)
            self.undecided -= 1
        await pins.tick()

    def _compare(self) -> None:
        pins = self.pins
        assert self.beats, f"clock {pins.clock}: a beat of nowhere"
        assert self.decisions, f"clock {pins.clock}: a beat before its decision"
        want = self.beats.popleft() | self.decisions[0] | {"first": int(self.begins_out)}
        if not want["last"]:
            del want["tag"]  # the MAC side tells it at the end
        got = {name: pins.read(f"{name}_o") for name in want}
        wrong = [name for name in want if got[name] != want[name]]
        assert not wrong, f"clock {pins.clock}: beat {self.out}: {wrong}: {got}, not {want}"
        self.begins_out = bool(want["last"])
        if want["last"]:
            self.decisions.popleft()
        self.out += 1

    def decidable(self, last: bool | None) -> bool:
        """Whether the parser may decide in a clock in which this comes in."""
        return self.undecided > 0 or (last is not None and self.begins_in)

    async def drain(self, most: int) -> None:
        """All that is left comes out, decided now, within so many clocks; then the module is not busy."""
        for _ in range(most):
            await self.clock(None, self.decidable(None))
        assert not self.beats, f"{len(self.beats)} beats are left after {most} clocks"
        await self.pins.settle()
        assert not self.pins.read("busy_o"), "busy with nothing"
        await self.pins.tick()


@cocotb.test(timeout_time=400, timeout_unit="us")
async def beats_come_out_with_their_decisions(dut: Any) -> None:
    """Frames of 1 to 40 beats with gaps or none, decided early, late, or as late as the stage has room."""
    stage = await Stage.start(dut)
    rng = stage.pins.rng
    left = 0
    while stage.out < 6000:
        phase = stage.pins.clock // 300 % 4
        last: bool | None = None
        if len(stage.beats) < DEPTH and rng.random() < (1.0, 0.7, 1.0, 0.3)[phase]:
            left = left or rng.choice((1, 2, rng.randint(1, 9), rng.randint(1, 40)))
            last = left == 1
            left -= 1
        full = len(stage.beats) >= DEPTH - 1
        decide = stage.decidable(last) and (full or rng.random() < (0.9, 0.3, 0.05, 0.5)[phase])
        await stage.clock(last, decide and len(stage.decisions) < DEPTH)


async def filled(dut: Any, last: Callable[[int], bool]) -> Stage:
    """As many beats as there is room for, none decided."""
    stage = await Stage.start(dut)
    for n in range(DEPTH):
        await stage.clock(last(n))
    return stage


@cocotb.test(timeout_time=400, timeout_unit="us")
async def full_stage_waits_and_then_gives_a_beat_a_clock(dut: Any) -> None:
    """A frame that fills the stage, and frames of one beat that do, stay until decided; then none is late."""
    for last in (lambda n: n == DEPTH - 1, lambda n: True, lambda n: n % 2 == 1):
        stage = await filled(dut, last)
        for _ in range(50):
            await stage.clock()
        assert not stage.out
        await stage.drain(DEPTH + PATIENCE + 1)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def full_stage_takes_one_for_each_that_leaves(dut: Any) -> None:
    """At the line rate with the stage full: frames of one beat and of several; pointers wrap many times."""
    for length in (1, 3, 7):
        stage = await filled(dut, lambda n, length=length: n % length == length - 1)
        n = DEPTH
        while n < 400 or not stage.begins_in:
            last = None
            if len(stage.beats) - stage.pins.read("valid_o") < DEPTH:
                last = n % length == length - 1
                n += 1
            await stage.clock(last, len(stage.decisions) < 2 and stage.decidable(last))
        assert n - stage.out >= DEPTH, "it was not full"
        await stage.drain(DEPTH + PATIENCE + 1)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def decision_in_the_clock_of_the_first_and_of_the_last_beat(dut: Any) -> None:
    """A frame decided at each of its beats, and up to five clocks after it, alone and with the next behind it."""
    stage = await Stage.start(dut)
    for beats in (1, 2, 5):
        for at in range(beats + 5):
            for follow in (False, True):
                for n in range(max(beats, at + 1)):
                    last = n == beats - 1 if n < beats else True if follow and n == beats else None
                    await stage.clock(last, n == at)
                await stage.drain(beats + 8)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def reset_forgets_beats_and_decisions(dut: Any) -> None:
    """With beats of an undecided frame, or of one that leaves, or just after one: the next beat begins a frame."""
    for beats, at, ends in ((5, None, False), (5, 0, False), (6, 5, True), (3, 1, False)):
        stage = await Stage.start(dut)
        for n in range(beats):
            await stage.clock(ends and n == beats - 1, n == at)
        dut.rst_ni.value = 0
        stage.pins.drive(valid_i=0, decided_i=0)
        for _ in range(2):
            await stage.pins.tick()
        dut.rst_ni.value = 1
        fresh = Stage(stage.pins)
        for n in range(3):
            await fresh.clock(n == 2, n == 2)
        await fresh.drain(10)
        assert fresh.out == 3


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize(("width", "queues"), [(64, 4), (512, 1)])
def test_rx_stage(width: int, queues: int, test: str) -> None:
    simulate(
        built(MODULE, DataWidth=width, Queues=queues), MODULE, "tests.block.test_rx_stage", test, zeros=True
    )  # fmt: skip
