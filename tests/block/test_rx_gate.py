# SPDX-License-Identifier: Apache-2.0
"""nic_rx_gate: frames are taken or ignored whole, whenever the device is enabled, disabled or reset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.rx_bench import built
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Pins

MODULE = "nic_rx_gate"


class Gate:
    """The module, and whether the frame that is on the stream is taken."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.width = len(pins.dut.keep_i)
        self.inside = False
        self.taken = False
        self.frames = [0, 0]  # ignored, taken

    @classmethod
    async def start(cls, dut: Any) -> Gate:
        gate = cls(await Pins.start(dut, hard_rst_ni=0, go_i=0, valid_i=0, last_i=0, keep_i=0))
        gate.pins.drive(hard_rst_ni=1)
        return gate

    async def clock(self, beat: int | None, *, last: bool = False, go: bool = True, reset: bool = False) -> None:
        """One clock: perhaps a beat of so many bytes; `reset` is the core's, which the stream does not see."""
        pins = self.pins
        keep = (1 << (beat or pins.rng.randint(1, self.width))) - 1
        shown = last if beat is not None else pins.rng.getrandbits(1)
        pins.drive(valid_i=beat is not None, last_i=shown, keep_i=keep, go_i=go, rst_ni=not reset)
        await pins.settle()
        assert pins.read("busy_o") == (self.inside and self.taken), f"clock {pins.clock}: busy_o"
        if not self.inside and beat is not None:
            self.taken = go
        self.taken &= not reset
        want = beat is not None and self.taken
        assert pins.read("valid_o") == want, f"clock {pins.clock}: {'a beat is not' if want else 'no beat is'} taken"
        if want:
            assert pins.read("bytes_o") == beat, f"clock {pins.clock}: {pins.read('bytes_o')} bytes, not {beat}"
        if beat is not None:
            self.inside = not last
            self.frames[self.taken] += last
        await pins.tick()

    async def frame(self, beats: int, go: list[bool], *, reset: int | None = None, rest: int | None = None) -> None:
        """A frame without a gap: go_i at each beat, a reset at one of them, bytes in the last."""
        for n in range(beats):
            end = n == beats - 1
            size = rest if end and rest else self.width
            await self.clock(size, last=end, go=go[n % len(go)], reset=n == reset)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def frames_are_taken_whole_as_enabled_at_their_first_beat(dut: Any) -> None:
    """Frames of 1 to 12 beats with gaps; the device is enabled, disabled and reset at any clock."""
    gate = await Gate.start(dut)
    rng = gate.pins.rng
    left = reset = 0
    go = True
    for n in range(6000):
        changes = (0.02, 0.5)[n // 1500 % 2]
        go ^= rng.random() < changes
        reset = reset - 1 if reset else rng.randint(1, 9) * (rng.random() < 0.02)
        if rng.random() < 0.2:
            await gate.clock(None, go=go, reset=bool(reset))
            continue
        left = left or rng.choice((1, 2, rng.randint(1, 12)))
        size = gate.width if left > 1 else rng.randint(1, gate.width)
        await gate.clock(size, last=left == 1, go=go, reset=bool(reset))
        left -= 1
    assert min(gate.frames) > 500, gate.frames


@cocotb.test(timeout_time=400, timeout_unit="us")
async def enable_counts_at_the_first_beat_alone(dut: Any) -> None:
    """On and off right before, at and right after a frame's first and last beat, frames back to back and apart."""
    gate = await Gate.start(dut)
    for beats in (1, 2, 3):
        for pattern in range(1 << beats + 2):
            bits = [bool(pattern >> n & 1) for n in range(beats + 2)]
            await gate.clock(None, go=bits[0])
            await gate.frame(beats, bits[1:-1])
            await gate.frame(beats, bits[2:])
            await gate.frame(1, bits[-1:])


@cocotb.test(timeout_time=400, timeout_unit="us")
async def what_a_reset_cuts_in_two_is_ignored_to_its_end(dut: Any) -> None:
    """A clock of reset before, in or behind a frame: in it, its rest is nobody's; the next frame is whole again."""
    gate = await Gate.start(dut)
    for beats in (1, 2, 4):
        for at in range(-1, beats + 1):
            for gap in (False, True):
                await gate.clock(None, reset=at < 0)
                await gate.frame(beats, [True], reset=at)
                if gap or at == beats:
                    await gate.clock(None, reset=at == beats)
                ignored, taken = gate.frames
                await gate.frame(2, [True])
                assert gate.frames == [ignored, taken + 1], "the frame behind a reset"
    # Of a frame between whose beats a reset is, and of one that begins in it, nothing is taken.
    await gate.clock(gate.width)
    await gate.clock(None, reset=True)
    await gate.frame(3, [True])
    await gate.frame(3, [True], reset=0)
    await gate.frame(1, [True])


@cocotb.test(timeout_time=400, timeout_unit="us")
async def the_hard_reset_forgets_where_a_frame_was(dut: Any) -> None:
    """After it the next beat begins a frame, taken or not as the device is enabled."""
    gate = await Gate.start(dut)
    for go in (True, False):
        await gate.clock(gate.width, go=not go)
        gate.pins.drive(hard_rst_ni=0, rst_ni=0, valid_i=0)
        await gate.pins.tick()
        gate.pins.drive(hard_rst_ni=1, rst_ni=1)
        gate.inside = False
        await gate.frame(2, [go, not go])


@cocotb.test(timeout_time=400, timeout_unit="us")
async def bytes_of_a_last_beat_are_counted(dut: Any) -> None:
    """Each number of bytes, in frames of one beat and of two."""
    gate = await Gate.start(dut)
    for rest in range(1, gate.width + 1):
        await gate.frame(1, [True], rest=rest)
        await gate.frame(2, [True], rest=rest)


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("bytes_", [8, 64])
def test_rx_gate(bytes_: int, test: str) -> None:
    simulate(built(MODULE, Bytes=bytes_), MODULE, "tests.block.test_rx_gate", test, zeros=True)
