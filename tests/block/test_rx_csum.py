# SPDX-License-Identifier: Apache-2.0
"""nic_rx_csum: the raw sum and the transport verdict of frames, beat behind beat, against a model with their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.rx_bench import PLAN, Mistake, beats_of, built, simulate_mistake
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Pins, ones_sum

MODULE = "nic_rx_csum"
LATENCY = 3


@dataclass(slots=True)
class Plan:
    """What the parser says: places are bytes from the frame's beginning."""

    start: int
    end: int
    pseudo: int = 0
    want: int = 1
    strip: int = 0


def swapped(value: int) -> int:
    return value >> 8 | (value & 0xFF) << 8


def expected(frame: bytes, plan: Plan) -> tuple[int, int]:
    """The raw sum with the first byte in 7:0, and the verdict."""
    raw = swapped(ones_sum(frame[18 if plan.strip else 14 :]))
    covered = frame[plan.start : plan.end] + bytes(plan.start % 2)
    total = swapped(ones_sum(covered)) + plan.pseudo
    good = total % 0xFFFF == 0 and total != 0
    return raw, int(bool(plan.want) and plan.end <= len(frame) and good)


class Summer:
    """Gives frames to the module, and compares what comes out with what is due."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.width = len(pins.dut.data_i) // 8
        self.due: dict[int, tuple[int, int]] = {}
        self.checked = [0, 0]

    @classmethod
    async def start(cls, dut: Any) -> Summer:
        names = ("valid_i", "first_i", "last_i", "data_i", "bytes_i", "at_i", "plan_i")
        return cls(await Pins.start(dut, **dict.fromkeys(names, 0)))

    async def frame(self, frame: bytes, plan: Plan, gaps: float = 0.0) -> None:
        pins = self.pins
        bits = PLAN.pack({
            "want": plan.want, "strip": plan.strip, "l4_start": plan.start, "l4_end": plan.end, "pseudo": plan.pseudo,
        })  # fmt: skip
        beats = beats_of(frame, self.width)
        for n, (data, count) in enumerate(beats):
            while pins.rng.random() < gaps:
                await self.idle()
            last = n == len(beats) - 1
            pins.drive(
                valid_i=1, first_i=n == 0, last_i=last, data_i=data, bytes_i=count, at_i=n * self.width, plan_i=bits,
            )  # fmt: skip
            if last:
                self.due[pins.clock + LATENCY] = expected(frame, plan)
            await self.step()

    async def step(self) -> None:
        pins = self.pins
        await pins.settle()
        due = self.due.pop(pins.clock, None)
        assert pins.read("done_o") == (due is not None), f"clock {pins.clock}: done_o, due is {due}"
        if due:
            got = pins.read("csum_o"), pins.read("l4_ok_o")
            assert got == due, f"clock {pins.clock}: sum {got[0]:#06x}, verdict {got[1]}, not {due[0]:#06x}, {due[1]}"
            self.checked[got[1]] += 1
        assert pins.read("busy_o") or not self.due or min(self.due) > pins.clock + LATENCY - 1, "busy_o"
        await pins.tick()

    async def idle(self, clocks: int = 1) -> None:
        for _ in range(clocks):
            self.pins.drive(valid_i=0, data_i=self.pins.rng.getrandbits(8 * self.width))
            await self.step()


def made_right(frame: bytes, plan: Plan) -> bytes:
    """The frame with a transport checksum that is right over what is there: two bytes at its beginning."""
    if min(plan.end, len(frame)) - plan.start < 2:
        return frame
    out = bytearray(frame)
    out[plan.start : plan.start + 2] = b"\0\0"
    covered = bytes(out[plan.start : plan.end])
    total = swapped(ones_sum(covered)) + plan.pseudo
    out[plan.start : plan.start + 2] = (0xFFFF - total % 0xFFFF).to_bytes(2, "little")
    return bytes(out)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def random_frames_have_their_sums(dut: Any) -> None:
    """14 to 600 bytes, transport headers at even places, the end anywhere; right, wrong, cut short, not wanted."""
    summer = await Summer.start(dut)
    rng = summer.pins.rng
    for _ in range(500):
        size = rng.choice((rng.randrange(14, 80), rng.randrange(14, 600)))
        start = 2 * rng.randrange(17, 60)
        plan = Plan(
            start, rng.choice((size, rng.randrange(start, start + 600))), rng.getrandbits(17),
            want=rng.random() < 0.9, strip=rng.random() < 0.3,
        )  # fmt: skip
        frame = rng.choice((rng.randbytes(size), bytes(size), b"\xff" * size))
        if rng.random() < 0.7:
            frame = made_right(frame, plan)
        await summer.frame(frame, plan, gaps=rng.choice((0, 0, 0.3)))
    await summer.idle(LATENCY + 1)
    assert not summer.due
    assert min(summer.checked) > 80, summer.checked


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def each_end_of_a_frame_and_of_its_data(dut: Any) -> None:
    """Every length of a frame against every end of what is covered, around two beats: what is behind it is
    in the raw sum alone, a frame that ends too soon is not verified."""
    summer = await Summer.start(dut)
    rng = summer.pins.rng
    width = summer.width
    start = 34
    for size in range(max(60, 2 * width - 2), max(60, 2 * width) + 8):
        for end in range(size - 6, size + 3):
            plan = Plan(start, end, 0x1234)
            await summer.frame(made_right(rng.randbytes(size), plan), plan)
    await summer.idle(LATENCY + 1)
    assert summer.checked[1] > summer.checked[0] > 0


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def longest_frame_of_ones_overflows_nothing(dut: Any) -> None:
    """9018 bytes of 0xFF: the sums are at their largest; zeros: the raw sum is 0, and only then."""
    summer = await Summer.start(dut)
    for frame in (b"\xff" * 9018, bytes(9018), bytes(9017) + b"\x01", bytes(14) + b"\xff\xff" + bytes(100)):
        for pseudo in (0, 0x1FFFE, 0xFFFF):
            await summer.frame(frame, Plan(34, len(frame), pseudo))
    await summer.idle(LATENCY + 1)
    assert not summer.due


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def tag_that_is_taken_out_is_not_summed(dut: Any) -> None:
    """With strip the raw sum begins at byte 18; the transport checksum is as it was. Frames of one beat have it too."""
    summer = await Summer.start(dut)
    rng = summer.pins.rng
    for strip in (0, 1):
        for size in range(18, 80):
            plan = Plan(38, size, 0x0777, strip=strip, want=size >= 40)
            await summer.frame(made_right(rng.randbytes(size), plan), plan)
    await summer.idle(LATENCY + 1)
    assert summer.checked[1] > 60


MISTAKES: dict[str, Mistake] = {
    "the last odd byte is left out": (
        "nic_rx_csum.sv", "{mask[2*w+1] ? data[16*w+8+:8] : 8'd0, mask[2*w] ? data[16*w+:8] : 8'd0}",
        "{mask[2*w+1] ? data[16*w+8+:8] : 8'd0, mask[2*w+1] ? data[16*w+:8] : 8'd0}",
        "each_end_of_a_frame_and_of_its_data", "sum ",
    ),
    "a frame that ends too soon is verified": (
        "nic_rx_csum.sv", "plan_i.want && after >= plan_i.l4_end", "plan_i.want",
        "random_frames_have_their_sums", "verdict ",
    ),
    "the tag is summed": (
        "nic_rx_csum.sv", "plan_i.strip ? 17'(14 + TagBytes) : 17'd14", "17'd14",
        "tag_that_is_taken_out_is_not_summed", "sum ",
    ),
    "the frame's sums have 16 bits": (
        "nic_rx_csum.sv", "once = 17'(sum[15:0]) + 17'(sum[28:16]);", "once = 17'(sum[15:0]) + 17'(sum[20:16]);",
        "longest_frame_of_ones_overflows_nothing", "sum ",
    ),
    "a frame has the sums of the one before": (
        "nic_rx_csum.sv", "(sum_first_q ? '0 : raw_sum_q)", "raw_sum_q", "random_frames_have_their_sums", "sum ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("width", [64, 256])
def test_rx_csum(width: int, test: str) -> None:
    simulate(built(MODULE, DataWidth=width), MODULE, "tests.block.test_rx_csum", test)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_rx_csum_mistake_is_found(mistake: str) -> None:
    simulate_mistake(MODULE, "tests.block.test_rx_csum", MISTAKES[mistake], DataWidth=64)
