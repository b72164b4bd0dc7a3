# SPDX-License-Identifier: Apache-2.0
"""nic_tx_csum: the sums of frames of all queues, mixed clock by clock, against a model that keeps their bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Mistake, Pins, built, ones_sum, simulate_mistake

MODULE = "nic_tx_csum"
LATENCY = 3


class Model:
    """Keeps the bytes of each queue's frame, and what comes out when."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.width = len(pins.dut.be_i)
        self.queues = 1 << len(pins.dut.queue_i)
        self.frames: dict[int, bytearray] = {}
        self.due: dict[int, tuple[int, int]] = {}  # clock: queue, sum with the first byte in 7:0
        self.checked = 0

    async def beat(self, queue: int, be: int = 0, data: bytes = b"", *, odd: int = 0, eof: int = 0) -> None:
        """One clock: bytes for a queue's frame (be 0: none), perhaps its end; then what comes out is compared."""
        pins = self.pins
        first = be != 0 and queue not in self.frames
        data = data or pins.rng.randbytes(self.width)
        scan = pins.rng.randrange(self.queues)
        pins.drive(
            add_i=be != 0, first_i=first, eof_i=eof, queue_i=queue, odd_i=odd, be_i=be,
            data_i=int.from_bytes(data, "little"), scan_i=scan,
        )  # fmt: skip
        if be:
            kept = bytes(byte if be >> i & 1 else 0 for i, byte in enumerate(data))
            self.frames.setdefault(queue, bytearray()).extend(b"\0" + kept + b"\0" if odd else kept)
        if eof:
            total = ones_sum(bytes(self.frames.pop(queue)))
            self.due[pins.clock + LATENCY] = queue, total >> 8 | (total & 0xFF) << 8
        await pins.settle()
        under_way = [self.due.get(pins.clock + n, (None, 0))[0] for n in range(1, LATENCY)]
        assert pins.read("busy_o") == (scan in under_way), f"clock {pins.clock}: busy_o of queue {scan}"
        due = self.due.pop(pins.clock, None)
        assert pins.read("valid_o") == (due is not None), f"clock {pins.clock}: valid_o, due is {due}"
        if due:
            got = pins.read("queue_o"), pins.read("sum_o")
            assert got == due, f"clock {pins.clock}: queue and sum {got[0]}, {got[1]:#06x}, not {due[0]}, {due[1]:#06x}"
            self.checked += 1
        await pins.tick()

    async def idle(self, clocks: int) -> None:
        for _ in range(clocks):
            self.pins.drive(add_i=0, eof_i=0)
            await self.beat(self.pins.rng.randrange(self.queues))


async def start(dut: Any) -> Model:
    names = ("add_i", "first_i", "eof_i", "queue_i", "odd_i", "be_i", "data_i", "scan_i")
    model = Model(await Pins.start(dut, **dict.fromkeys(names, 0)))
    await model.idle(3)
    return model


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def frames_of_all_queues_mixed_have_their_sums(dut: Any) -> None:
    """Random bytes, lanes, parities and gaps; a frame's end with its last bytes or without."""
    model = await start(dut)
    rng = model.pins.rng
    while model.checked < 1500:
        queue = rng.randrange(model.queues)
        if rng.random() < 0.1:
            await model.idle(1)
        elif queue in model.frames and rng.random() < 0.1:
            await model.beat(queue, eof=1)
        else:
            be = rng.getrandbits(model.width) or 1
            data = bytes([rng.choice((0, 0xFF))]) * model.width if rng.random() < 0.4 else b""
            await model.beat(queue, be, data, odd=rng.getrandbits(1), eof=rng.random() < 0.3)


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def one_queue_each_clock_carries_into_the_next_beat(dut: Any) -> None:
    """Sums that just reach, and just pass, 16 bits, beat behind beat of a frame: no carry is lost or counted twice."""
    model = await start(dut)
    full = (1 << model.width) - 1
    steps = [
        b"\xff\xff" * (model.width // 2),
        bytes([1]) + bytes(model.width - 1),
        b"\0\x80" * (model.width // 2),
        b"\xff" + bytes(model.width - 1),
        bytes(model.width),
    ]
    for length in range(1, 5):
        for number in range(len(steps) ** length):
            queue = number % model.queues
            for n in range(length):
                step = steps[number // len(steps) ** n % len(steps)]
                await model.beat(queue, full, step, odd=number & 1, eof=n == length - 1)
    await model.idle(LATENCY + 1)
    assert not model.due


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def frame_of_zeros_has_the_sum_zero_others_never(dut: Any) -> None:
    """0 and 0xFFFF are both zero in ones' complement: which of them comes decides a UDP checksum of 0."""
    model = await start(dut)
    full = (1 << model.width) - 1
    for data in (bytes(model.width), b"\xff\xff" + bytes(model.width - 2), b"\xff" * model.width):
        for beats in (1, 2, 3):
            for odd in (0, 1):
                for n in range(beats):
                    await model.beat(0, full, data, odd=odd, eof=n == beats - 1)
    # A queue's next frame has nothing of the one before.
    await model.beat(0, 1, eof=1)
    await model.beat(0, full, bytes(model.width), eof=1)
    await model.idle(LATENCY + 1)
    assert not model.due


# What the tests must find.
MISTAKES: dict[str, Mistake] = {
    "a carry is lost between beats": (
        " + 17'(was[16]);",
        ";",
        "one_queue_each_clock_carries_into_the_next_beat",
        "queue and sum",
    ),
    "a frame begins with the last one's sum": (
        "(two_add_q && two_q.first) ? '0 : acc_q[two_q.qp]",
        "acc_q[two_q.qp]",
        "frames_of_all_queues_mixed_have_their_sums",
        "queue and sum",
    ),
    "odd beats are not swapped": (
        "odd_q ? {words[7:0], words[15:8]} : words",
        "words",
        "frames_of_all_queues_mixed_have_their_sums",
        "queue and sum",
    ),
    "a sum on its way is not busy": (
        " || (two_eof_q && two_q.qp == scan_i);",
        ";",
        "frames_of_all_queues_mixed_have_their_sums",
        "busy_o of queue",
    ),
}


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize(("width", "queues"), [(64, 4), (512, 1)])
def test_tx_csum(width: int, queues: int, test: str) -> None:
    simulate(built(MODULE, DataWidth=width, Queues=queues), MODULE, "tests.block.test_tx_csum", test)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_tx_csum_mistake_is_found(mistake: str) -> None:
    simulate_mistake(MODULE, "tests.block.test_tx_csum", MISTAKES[mistake], DataWidth=64, Queues=4)
