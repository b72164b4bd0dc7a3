# SPDX-License-Identifier: Apache-2.0
"""nic_tx_list: each queue's frames come in order with what belongs to them, and queues as deficit round robin says."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import FRAME, Mistake, Pins, built, simulate_mistake

MODULE = "nic_tx_list"
FRAMES = 32
UNIT = 64  # bytes of a turn for each unit of a weight
INPUTS = (
    "stop_i", "start_i", "start_queue_i", "frame_valid_i", "frame_queue_i", "frame_i", "used_queue_i", "complete_i",
    "complete_queue_i", "complete_sum_i", "complete_ip_sum_i", "take_i", "sent_i", "sent_queue_i", "scan_i",
)  # fmt: skip


@dataclass(slots=True)
class Frame:
    bits: int
    wire: int  # bytes on the wire
    sum: int = 0
    ip_sum: int = 0


class Lists:
    """What the lists hold, and one clock of the module."""

    def __init__(self, pins: Pins, weights: Sequence[int]) -> None:
        self.pins = pins
        self.weights = list(weights)
        queues = len(weights)
        self.queues = queues
        self.entered: list[deque[Frame]] = [deque() for _ in range(queues)]  # not complete
        self.complete: list[deque[Frame]] = [deque() for _ in range(queues)]  # not chosen
        self.unsent = [0] * queues  # chosen
        self.shown: tuple[int, Frame] | None = None
        self.order: list[tuple[int, Frame]] = []  # as chosen
        self.waits = 0  # clocks in which a frame could have been chosen
        for q, weight in enumerate(weights):
            pins.dut.weight_i[q].value = weight

    @classmethod
    async def start(cls, dut: Any, weights: Sequence[int]) -> Lists:
        return cls(await Pins.start(dut, **dict.fromkeys(INPUTS, 0)), weights)

    def new_frame(self, length: int) -> Frame:
        """A frame of so many bytes in the buffer, all else random."""
        bits = self.pins.rng.getrandbits(FRAME.width)
        bits = bits >> 14 << 14 | length
        wire = length + (4 if FRAME.unpack(bits)["edit"]["vlan"] else 0)
        return Frame(bits, max(60, wire))

    def room(self, q: int) -> int:
        return FRAMES - len(self.entered[q]) - len(self.complete[q])

    async def clock(
        self, *, enter: tuple[int, int] | None = None, complete: int | None = None, take: bool = True,
        sent: int | None = None, stop: bool = False, start: int | None = None,
    ) -> None:  # fmt: skip
        """One clock: enter a frame (queue, bytes), complete a queue's oldest, take the next frame if there is one."""
        pins, rng = self.pins, self.pins.rng
        used, scan = rng.randrange(self.queues), rng.randrange(self.queues)
        pins.drive(**dict.fromkeys(INPUTS, 0))
        pins.drive(used_queue_i=used, scan_i=scan, stop_i=stop)
        if enter:
            frame = self.new_frame(enter[1])
            pins.drive(frame_valid_i=1, frame_queue_i=enter[0], frame_i=frame.bits)
        if complete is not None:
            done = self.entered[complete].popleft()
            done.sum, done.ip_sum = rng.getrandbits(16), rng.getrandbits(16)
            pins.drive(complete_i=1, complete_queue_i=complete, complete_sum_i=done.sum, complete_ip_sum_i=done.ip_sum)
        if sent is not None:
            pins.drive(sent_i=1, sent_queue_i=sent)
        if start is not None:
            pins.drive(start_i=1, start_queue_i=start)
        valid = pins.read("next_valid_o")
        if valid and self.shown is None:
            self._chosen(pins.read("next_queue_o"))
        pins.drive(take_i=take and valid)
        await pins.settle()
        self._compare(valid, used, scan, complete)
        # ---- the clock
        if take and valid:
            self.shown = None
        could = any(self.complete) and not stop and (not valid or take)
        self.waits = self.waits + 1 if could and not valid else 0
        assert self.waits <= 150 * self.queues + 8, f"clock {pins.clock}: no frame is chosen"
        if sent is not None:
            self.unsent[sent] -= 1
        if start is not None:
            self.entered[start].clear()
        if enter:
            self.entered[enter[0]].append(frame)
        if complete is not None:
            self.complete[complete].append(done)
        await pins.tick()

    def _chosen(self, q: int) -> None:
        assert self.complete[q], f"clock {self.pins.clock}: a frame of queue {q}, which has no complete one"
        self.shown = q, self.complete[q].popleft()
        self.order.append(self.shown)
        self.unsent[q] += 1

    def _compare(self, valid: int, used: int, scan: int, completing: int | None) -> None:
        pins = self.pins
        if valid:
            assert self.shown is not None
            q, frame = self.shown
            got = tuple(pins.read(f"next_{name}_o") for name in ("queue", "frame", "wire", "sum", "ip_sum"))
            want = q, frame.bits, frame.wire, frame.sum, frame.ip_sum
            assert got == want, f"clock {pins.clock}: the next frame is {got}, not queue {q}'s oldest: {want}"
        else:
            assert self.shown is None, f"clock {pins.clock}: the next frame went away"
        # The one that is completed in this clock still counts as entered.
        entered = len(self.entered[used]) + (completing == used) + len(self.complete[used])
        assert pins.read("frames_used_o") == entered, f"clock {pins.clock}: entries used of queue {used}"
        assert pins.read("pending_o") == bool(self.complete[scan] or self.unsent[scan]), f"pending_o of queue {scan}"

    async def fill(self, length: Callable[[int], int], queues: Sequence[int], count: int = FRAMES) -> None:
        """So many complete frames in each of these queues, none chosen on the way."""
        for q in queues:
            while len(self.complete[q]) < count:
                await self.clock(enter=(q, length(q)), take=False, stop=True)
                await self.clock(complete=q, take=False, stop=True)

    async def run(self, frames: int, length: Callable[[int], int], queues: Sequence[int], take: float = 1.0) -> None:
        """Until so many more are chosen; these queues are kept full. One enters, or completes, for each that leaves."""
        end = len(self.order) + frames
        while len(self.order) < end:
            q = min(queues, key=lambda q: len(self.complete[q]), default=None)
            refill = q is not None and not self.entered[q] and self.room(q)
            spare = [q for q in range(self.queues) if self.unsent[q]]
            await self.clock(
                enter=(q, length(q)) if q is not None and refill else None,
                complete=q if q is not None and self.entered[q] else None,
                take=self.pins.rng.random() < take, sent=spare[0] if spare else None,
            )  # fmt: skip


def drr(lists: Lists, before: list[list[Frame]], count: int) -> list[tuple[int, Frame]]:
    """The order of deficit round robin for queues that always have frames; queue 0 had the last turn."""
    queues = [deque(frames) for frames in before]
    deficit = [0] * len(queues)
    order: list[tuple[int, Frame]] = []
    turn = 0
    while len(order) < count:
        turn = (turn + 1) % len(queues)
        deficit[turn] += UNIT * max(1, lists.weights[turn])
        while queues[turn] and queues[turn][0].wire <= deficit[turn] and len(order) < count:
            deficit[turn] -= queues[turn][0].wire
            order.append((turn, queues[turn].popleft()))
        if not queues[turn]:
            break  # it has sent more of this queue than it should
    return order


@cocotb.test(timeout_time=400, timeout_unit="us")
async def frames_come_in_order_with_what_belongs_to_them(dut: Any) -> None:
    """Frames of any length enter, become complete, are taken and sent at any clock; rings stop and start between."""
    lists = await Lists.start(dut, [1, 255, 8, 0][: len(dut.weight_i)])
    rng = lists.pins.rng
    while len(lists.order) < 1200:
        full = [q for q in range(lists.queues) if lists.room(q)]
        entered = [q for q in range(lists.queues) if lists.entered[q]]
        sent = [q for q in range(lists.queues) if lists.unsent[q] > (lists.shown is not None and lists.shown[0] == q)]
        quiet = [q for q in range(lists.queues) if not lists.complete[q] and not lists.unsent[q]]
        start = rng.choice(quiet) if quiet and rng.random() < 0.02 else None
        phase = lists.pins.clock // 512 % 4  # filling up, running dry, mixed
        enter = None
        if start is None and full and rng.random() < (0.9, 0.2, 0.5, 0.5)[phase]:
            enter = rng.choice(full), rng.choice((14, 60, rng.randint(14, 1514), rng.randint(14, 9018)))
        complete = None
        if start is None and entered and rng.random() < (0.5, 0.9, 0.5, 0.9)[phase]:
            complete = rng.choice(entered)
        await lists.clock(
            enter=enter, complete=complete, take=rng.random() < (0.3, 0.9, 0.6, 0.6)[phase],
            sent=rng.choice(sent) if sent and rng.random() < 0.8 else None, stop=rng.random() < 0.1, start=start,
        )  # fmt: skip


async def order_is_drr(dut: Any, weights: Sequence[int], length: Callable[[int], int], take: float) -> None:
    lists = await Lists.start(dut, [*weights, *weights][: len(dut.weight_i)])
    queues = range(lists.queues)
    await lists.fill(length, queues)
    await lists.run(250, length, queues, take)
    order = lists.order
    all_of = [[*(f for who, f in order if who == q), *lists.complete[q], *lists.entered[q]] for q in queues]
    want = drr(lists, all_of, len(order))
    for n, ((got_q, got), (want_q, frame)) in enumerate(zip(order, want, strict=False)):
        assert (got_q, got.wire) == (want_q, frame.wire), f"frame {n}: queue {got_q}, deficit round robin has {want_q}"
    assert len(want) == len(order)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def backlogged_queues_have_turns_of_their_weight(dut: Any) -> None:
    """Frame for frame the algorithm's order: lengths of 14 to 1514 bytes, tags, any weights, slow and fast wire."""
    pins = Pins(dut)
    for take in (1.0, 0.4):
        await order_is_drr(dut, (2, 30, 9, 17), lambda q: pins.rng.choice((14, 64, 600, 1514)), take)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def long_frames_wait_for_several_turns(dut: Any) -> None:
    """Frames of 9018 bytes with the least weights, beside short ones: deficits are saved up, none is lost."""
    pins = Pins(dut)
    await order_is_drr(dut, (1, 0, 2, 150), lambda q: 9018 if q % 2 else pins.rng.randint(14, 9018), 1.0)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def queue_that_ran_out_keeps_nothing(dut: Any) -> None:
    """What a queue could have sent when it had nothing left is not added to its next turn."""
    lists = await Lists.start(dut, [255, *[30] * (len(dut.weight_i) - 1)])
    queues = range(lists.queues)
    for _ in range(2):
        await lists.fill(lambda q: 1514, [q for q in queues if q], 8)
        await lists.fill(lambda q: 60, [0], 1)
        while lists.complete[0] or lists.shown:
            await lists.clock()
        for _ in range(4):
            await lists.clock(take=False)
        await lists.fill(lambda q: 1510, [0], 30)
        await lists.fill(lambda q: 1514, [q for q in queues if q], 20)
        begin = len(lists.order)
        await lists.run(45 if lists.queues > 1 else 25, lambda q: 1510, [])
        first = [q for q, _ in lists.order[begin:]]
        first = first[first.index(0) :]
        turn = first.index(next(q for q in first if q)) if lists.queues > 1 else 0
        most = 255 * UNIT // 1510
        assert lists.queues == 1 or turn <= most, f"a turn of {turn} frames, not {most}"
        for q in queues:  # empty again
            while lists.complete[q] or lists.shown:
                await lists.clock()
            while lists.unsent[q]:
                await lists.clock(sent=q)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def queue_with_one_frame_at_a_time_has_its_turn_each_round(dut: Any) -> None:
    """Its next frame is complete while the other queue has its turn: then it is next, as if always ready."""
    lists = await Lists.start(dut, [24] * len(dut.weight_i))
    busy, single = 0, lists.queues - 1
    assert busy != single
    await lists.fill(lambda q: 1510, [busy, single], 1)
    due = 0  # clocks until the single queue's next frame enters
    while len(lists.order) < 60:
        due = max(due - 1, 0)
        chosen = len(lists.order)
        enter = single if due == 1 else busy if lists.room(busy) > FRAMES - 4 and not lists.entered[busy] else None
        complete = next((q for q in (single, busy) if lists.entered[q]), None)
        shown = lists.shown[0] if lists.shown else None
        sent = next((q for q in (single, busy) if lists.unsent[q] > (q == shown)), None)
        taken = lists.pins.clock % 16 == 0
        await lists.clock(enter=None if enter is None else (enter, 1510), complete=complete, take=taken, sent=sent)
        if len(lists.order) > chosen and lists.order[-1][0] == single:
            due = 6
    frames = [sum(q == who for who, _ in lists.order) for q in (busy, single)]
    assert max(frames) - min(frames) <= 1, f"frames of the busy queue and of the other: {frames}, not the same"


# What the tests must find.
MISTAKES: dict[str, Mistake] = {
    "a frame of just the deficit does not fit": (
        "assign fits    = on_q && deficit_t'(bytes_q) <= left_q;",
        "assign fits    = on_q && deficit_t'(bytes_q) < left_q;",
        "backlogged_queues_have_turns_of_their_weight",
        "deficit round robin has",
    ),
    "what is left over is lost": (
        "((pick_q == turn_q) ? left_q : deficit_q[pick_q]) +",
        "((pick_q == turn_q) ? left_q : '0) +",
        "backlogged_queues_have_turns_of_their_weight",
        "deficit round robin has",
    ),
    "a queue that ran out keeps its deficit": (
        "left_q  <= empties ? '0 : left_q - deficit_t'(bytes_q);",
        "left_q  <= left_q - deficit_t'(bytes_q);",
        "queue_that_ran_out_keeps_nothing",
        "TxDeficitBelowFrame",
    ),
    "the next queue is found as a turn begins": (
        "if (any) pick_q <= pick;",
        "if (any && !fits) pick_q <= pick;",
        "queue_with_one_frame_at_a_time_has_its_turn_each_round",
        "not the same",
    ),
    "the tag is not counted": (
        "frame_i.edit.vlan ? frame_len_t'(TagBytes) : '0",
        "frame_i.edit.vlan ? frame_len_t'(0) : '0",
        "frames_come_in_order_with_what_belongs_to_them",
        "the next frame is",
    ),
    "sums of the frame before": (
        "{next_ip_sum_o, next_sum_o} <= sums[{turn_q, at_q[ListLog2-1:0]}];",
        "{next_ip_sum_o, next_sum_o} <= sums[{turn_q, ahead[ListLog2-1:0]}];",
        "frames_come_in_order_with_what_belongs_to_them",
        "the next frame is",
    ),
    "a queue that starts keeps what was not complete": (
        "wp_q[queue] <= start_i ? cp_q[queue] : wp_q[queue] + 1'b1;",
        "wp_q[queue] <= start_i ? wp_q[queue] : wp_q[queue] + 1'b1;",
        "frames_come_in_order_with_what_belongs_to_them",
        "entries used of queue",
    ),
}


# Of several queues.
SHARES = "queue_with_one_frame_at_a_time_has_its_turn_each_round"
TESTS = cocotb_tests_of(Path(__file__))


@pytest.mark.parametrize(("queues", "test"), [(q, t) for q in (1, 4) for t in TESTS if q > 1 or t != SHARES])
def test_tx_list(queues: int, test: str) -> None:
    simulate(built(MODULE, Queues=queues), MODULE, "tests.block.test_tx_list", test, zeros=True)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_tx_list_mistake_is_found(mistake: str) -> None:
    simulate_mistake(MODULE, "tests.block.test_tx_list", MISTAKES[mistake], Queues=4)
