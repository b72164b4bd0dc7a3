# SPDX-License-Identifier: Apache-2.0
"""nic_rx_list: each queue's frames are shown in order, again after they were set aside, and queues in turn."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.rx_bench import Mistake, built, simulate_mistake
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Pins

MODULE = "nic_rx_list"
FRAMES = 16
FRAME = {"len": 14, "meta": 53, "vlan": 17}  # bits
MOVES = ("arrived", "answered", "retired", "start")
PATIENCE = 4  # clocks without a frame shown, although one might be

Frame = tuple[int, ...]


class Lists:
    """The lists, and the scheduler: one frame is at hand; what became of it is told a clock after it is known."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.queues = len(pins.dut.run_i)
        queues = range(self.queues)
        self.frames: list[deque[Frame]] = [deque() for _ in queues]  # not released
        self.seen = [0 for _ in queues]  # how many of these were shown
        self.aside = [False for _ in queues]
        self.idle = [99 for _ in queues]  # clocks since a frame of it might be shown
        self.passed = [[0] * self.queues for _ in queues]  # how often each other was, since
        self.run = (1 << self.queues) - 1
        self.shown: int | None = None
        self.hand: int | None = None
        self.told: tuple[str, int] | None = None
        self.waits = self.empty = 0
        self.order: list[int] = []  # queues as they are shown
        self.ends = {"release": 0, "reject": 0}

    @classmethod
    async def start(cls, dut: Any) -> Lists:
        names = ["stop", "frame_valid", "frame_queue", *(f"frame_{name}" for name in FRAME), "take", "queue", "release"]
        names += ["reject", "run", *MOVES, *(f"{name}_queue" for name in MOVES)]
        return cls(await Pins.start(dut, **{f"{name}_i": 0 for name in names}))

    def room(self, q: int) -> int:
        return FRAMES - len(self.frames[q])

    async def clock(
        self, *, enter: int | None = None, take: bool = True, end: str | None = None,
        move: dict[str, int] | None = None, stop: bool = False,
    ) -> None:  # fmt: skip
        """One clock. `end`, "release" or "reject": what becomes of the frame at hand. `move`: events' queues."""
        pins, rng, told = self.pins, self.pins.rng, self.told
        where = f"clock {pins.clock}"
        frame = tuple(rng.getrandbits(bits) for bits in FRAME.values())
        shown = pins.read("next_queue_o") if pins.read("next_valid_o") else None
        if shown is not None and self.shown is None:
            self._chosen(shown)
        assert shown == self.shown, f"{where}: queue {shown} is shown, not {self.shown}"
        end = end if self.hand is not None else None
        take &= shown is not None and (self.hand is None or end == "release") and (not told or told[0] != "reject")
        pins.drive(
            frame_valid_i=enter is not None, frame_queue_i=rng.randrange(self.queues) if enter is None else enter
        )
        pins.drive(**{f"frame_{name}_i": value for name, value in zip(FRAME, frame, strict=True)})
        pins.drive(take_i=take, release_i=told is not None and told[0] == "release", run_i=self.run, stop_i=stop)
        pins.drive(reject_i=told is not None and told[0] == "reject", queue_i=told[1] if told else 0)
        for name in MOVES:
            moves = bool(move) and name in move
            pins.drive(**{f"{name}_i": moves, f"{name}_queue_i": move[name] if move and moves else 0})
        await pins.settle()
        if shown is not None:
            got, want = tuple(pins.read(f"next_{name}_o") for name in FRAME), self.frames[shown][self.seen[shown] - 1]
            assert got == want, f"{where}: queue {shown} shows {got}, not {want}"
        left = any(self.frames)
        self.empty = 0 if left else self.empty + 1
        assert pins.read("frames_left_o") == left or 0 < self.empty < PATIENCE, f"{where}: frames_left_o"
        # ---- the clock
        waits = not stop and shown is None and not (told and told[0] == "reject")
        self.waits = self.waits + 1 if waits and 0 in self.idle else 0
        assert self.waits <= PATIENCE, f"{where}: nothing is shown"
        if told:
            self._learns(*told)
        self.told = None
        if end and self.hand is not None:
            self.told = end, self.hand
            self.hand = None
            self.ends[end] += 1
        if take:
            self.hand, self.shown = shown, None
        for q in (move or {}).values():
            self.aside[q] = False
        if enter is not None:
            self.frames[enter].append(frame)
        for q in range(self.queues):
            may = self.seen[q] < len(self.frames[q]) and not (self.aside[q] and self.run >> q & 1)
            self.idle[q] = 0 if may and not stop else self.idle[q] + 1
            if not may:
                self.passed[q] = [0] * self.queues
        await pins.tick()

    def _learns(self, what: str, q: int) -> None:
        if what == "release":
            self.frames[q].popleft()
            self.seen[q] -= 1
        else:
            self.seen[q] = 0
            self.aside[q] = True
            if self.shown == q:
                self.shown = None

    def _chosen(self, q: int) -> None:
        assert self.idle[q] <= 1, f"clock {self.pins.clock}: queue {q} is shown and should not be"
        for other in range(self.queues):
            if other != q and not self.idle[other]:
                self.passed[other][q] += 1
                assert self.passed[other][q] <= 2, f"clock {self.pins.clock}: {other} waits for {q} again and again"
        self.passed[q] = [0] * self.queues
        self.seen[q] += 1
        self.shown = q
        self.order.append(q)

    async def until_hand(self, q: int) -> None:
        """Until the frame at hand is of this queue; others are released."""
        for _ in range(200):
            if self.hand == q:
                return
            await self.clock(end="release")
        raise AssertionError(f"no frame of queue {q} comes")


@cocotb.test(timeout_time=400, timeout_unit="us")
async def frames_are_shown_in_order_whatever_becomes_of_them(dut: Any) -> None:
    """Frames enter, are taken, released and set aside, queues move, rings stop and start, all at any clock."""
    lists = await Lists.start(dut)
    rng = lists.pins.rng
    while lists.ends["release"] < 2500:
        phase = lists.pins.clock // 400 % 4  # full, dry, much set aside, mixed
        free = [q for q in range(lists.queues) if lists.room(q)]
        enter = rng.choice(free) if free and rng.random() < (0.9, 0.15, 0.5, 0.5)[phase] else None
        end = None
        if rng.random() < (0.4, 0.9, 0.6, 0.6)[phase]:
            end = "reject" if rng.random() < (0.1, 0.1, 0.6, 0.3)[phase] else "release"
        often = (0.1, 0.05, 0.01, 0.1)[phase]
        move = {name: rng.randrange(lists.queues) for name in MOVES if rng.random() < often}
        if rng.random() < 0.02:
            lists.run ^= 1 << rng.randrange(lists.queues)
        await lists.clock(enter=enter, take=rng.random() < 0.8, end=end, move=move, stop=rng.random() < 0.05)
    assert lists.ends["reject"] > 300


@cocotb.test(timeout_time=400, timeout_unit="us")
async def full_queues_take_turns(dut: Any) -> None:
    """Lists full to the last entry: a frame of each queue in turn, one in three clocks; full again on the way."""
    lists = await Lists.start(dut)
    for q in range(lists.queues):
        for _ in range(FRAMES):
            await lists.clock(enter=q, take=False)
    begin, clock = len(lists.order), lists.pins.clock
    while lists.ends["release"] < 40 * lists.queues:
        enter = max(range(lists.queues), key=lists.room)
        await lists.clock(enter=enter if lists.room(enter) else None, end="release")
    turns = lists.order[begin : begin + 38 * lists.queues]
    wrong = [n for n in range(1, len(turns)) if turns[n] != (turns[n - 1] + 1) % lists.queues]
    assert not wrong, f"frame {wrong[0]} is not of the next queue: {turns[: wrong[0] + 2]}"
    assert lists.pins.clock - clock <= 40 * lists.queues * 3 + 8


@cocotb.test(timeout_time=400, timeout_unit="us")
async def frame_that_enters_while_the_last_is_chosen_is_not_lost(dut: Any) -> None:
    """A second frame enters at each clock from before the first is shown until behind its release; often at once."""
    lists = await Lists.start(dut)
    for late in range(12):
        for hold in range(4):
            q = late % lists.queues
            done = lists.ends["release"]
            await lists.clock(enter=q)
            for n in range(40):
                if lists.ends["release"] == done + 2:
                    break
                await lists.clock(enter=q if n == late else None, end="release" if n % 4 >= hold else None)
            assert lists.ends["release"] == done + 2, "a frame is lost"
            for _ in range(3):
                await lists.clock()


@cocotb.test(timeout_time=400, timeout_unit="us")
async def what_moves_a_queue_brings_it_back_at_any_clock(dut: Any) -> None:
    """Each event, from the clock in which the list learns of the refusal on; one of another queue does not."""
    lists = await Lists.start(dut)
    for q in range(lists.queues):
        for name in MOVES:
            for late in range(1, 5):
                for _ in range(3):
                    await lists.clock(enter=q, take=False)
                await lists.until_hand(q)
                if late % 2:  # the next of the queue is shown already
                    for _ in range(3):
                        await lists.clock(take=False)
                await lists.clock(end="reject", take=False)
                for _ in range(late - 1):
                    await lists.clock()
                other = (q + 1) % lists.queues
                if late > 1 and other != q:
                    for wrong in MOVES:
                        await lists.clock(move={wrong: other})
                    assert lists.hand is None, "it came back for another queue's sake"
                await lists.clock(move={name: q})
                done = lists.ends["release"]
                for _ in range(30):
                    await lists.clock(end="release")
                assert lists.ends["release"] == done + 3, f"{name}_i does not bring queue {q} back"


@cocotb.test(timeout_time=400, timeout_unit="us")
async def queue_set_aside_keeps_nobody_waiting(dut: Any) -> None:
    """The others go on beside it; when its ring has ceased to run its frames come, to be dropped."""
    lists = await Lists.start(dut)
    for q in range(lists.queues):
        for _ in range(6):
            await lists.clock(enter=q, take=False)
    for q in range(lists.queues):
        await lists.until_hand(q)
        await lists.clock(end="reject")
        for _ in range(3 * FRAMES * lists.queues):
            await lists.clock(end="release")
        left = [len(frames) for frames in lists.frames]
        assert left[q] and not any(left[:q] + left[q + 1 :]), f"left {left}"
        lists.run ^= 1 << q
        for _ in range(30):
            await lists.clock(end="release")
        assert not lists.frames[q]
        lists.run ^= 1 << q
        await lists.clock(move={"start": q})
        for other in range(lists.queues):
            for _ in range(6):
                await lists.clock(enter=other, take=False)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def ring_that_stops_and_starts_again_shows_each_frame_once(dut: Any) -> None:
    """A queue that is set aside is looked at again when its ring ceases to run. The ring may start at whatever clock
    after that: the queue is not there twice then, whether its frames are written or set aside again."""
    lists = await Lists.start(dut)
    for q in range(lists.queues):
        for stop in range(4):
            for again in range(1, 6):
                for end in ("release", "reject"):
                    for _ in range(3):
                        await lists.clock(enter=q, take=False)
                    if lists.queues > 1:
                        await lists.clock(enter=(q + 1) % lists.queues, take=False)
                    await lists.until_hand(q)
                    await lists.clock(end="reject", take=False)
                    for n in range(stop + again):
                        if n == stop:
                            lists.run ^= 1 << q
                        await lists.clock(end=end if lists.hand == q else "release")
                    lists.run ^= 1 << q
                    await lists.clock(end=end if lists.hand == q else "release", move={"start": q})
                    for _ in range(3):
                        await lists.clock(end=end if lists.hand == q else "release")
                    shown = len(lists.order)
                    await lists.clock(move={"arrived": q})
                    for _ in range(24):
                        await lists.clock(end="release")
                    assert not any(lists.frames), f"stopped after {stop}, started after {again} more: a frame is lost"
                    assert len(lists.order) - shown <= 4, "a frame came twice"


@cocotb.test(timeout_time=400, timeout_unit="us")
async def nothing_is_chosen_while_stopped_and_reset_forgets_all(dut: Any) -> None:
    """A frame that is shown stays, no other comes; behind a reset the lists are empty and nobody is set aside."""
    lists = await Lists.start(dut)
    for _ in range(3):
        for q in range(lists.queues):
            await lists.clock(enter=q, take=False)
        await lists.until_hand(lists.queues - 1)
        await lists.clock(end="reject", take=False)
        for _ in range(3):
            await lists.clock(enter=0, take=False)
        for n in range(20):
            await lists.clock(stop=True, end="release" if n > 10 else None)
        dut.rst_ni.value = 0
        lists.pins.drive(frame_valid_i=0, take_i=0, release_i=0, reject_i=0)
        await lists.pins.tick()
        dut.rst_ni.value = 1
        lists = Lists(lists.pins)
        for _ in range(4):
            await lists.clock()
        assert not lists.order


# What the tests must find.
MISTAKES: dict[str, Mistake] = {
    "a ring that starts enters its queue once more": (
        "nic_rx_list.sv", "if (reject_i) have_q[queue_i] <= 1'b1;",
        "if (reject_i) have_q[queue_i] <= 1'b1;\n      if (start_i) have_q[start_queue_i] <= 1'b1;",
        "ring_that_stops_and_starts_again_shows_each_frame_once", "is shown and should not be",
    ),
    "a ring that starts begins with what is not released": (
        "nic_rx_list.sv", "if (reject_i) have_q[queue_i] <= 1'b1;",
        "if (reject_i) have_q[queue_i] <= 1'b1;\n      if (start_i) look_q[start_queue_i] <= rp_q[start_queue_i];",
        "ring_that_stops_and_starts_again_shows_each_frame_once", "AssertionError",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_rx_list_mistake_is_found(mistake: str) -> None:
    simulate_mistake(MODULE, "tests.block.test_rx_list", MISTAKES[mistake], zeros=True, Queues=4, Frames=FRAMES)


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("queues", [1, 4])
def test_rx_list(queues: int, test: str) -> None:
    simulate(built(MODULE, Queues=queues, Frames=FRAMES), MODULE, "tests.block.test_rx_list", test, zeros=True)
