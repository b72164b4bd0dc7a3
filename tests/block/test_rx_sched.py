# SPDX-License-Identifier: Apache-2.0
"""nic_rx_sched: a frame is written whole, dropped, or set aside as long as it must be; nothing behind overflows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.rx_bench import built
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import DESC, Layout, Pins

MODULE = "nic_rx_sched"
BUF_LOG2 = 14
SIZE = 1 << BUF_LOG2  # of a queue's part of the packet buffer
DEPTH, RECORDS, BURSTS = 32, 32, 128
MOST_BUFFERS = 24
LEAST_BUFFER = 64
BURST = 2048
TAG = 4
PATIENCE = 12  # clocks for a frame, and two for each buffer it is compared with
RECORD = Layout(eop=1, meta=53, vlan=17, index=16, len=14)
MOVES = ("arrived", "answered", "retired", "start")

Desc = tuple[int, int, int]  # address, length, index


@dataclass(slots=True)
class Frame:
    queue: int
    len: int
    meta: int
    vlan: int
    seen: set[str] = field(default_factory=set)  # what might have become of it while it was looked at
    fate: str = ""
    settled: bool = False
    parts: deque[dict[str, int]] = field(default_factory=deque)

    @property
    def tag(self) -> int:
        return TAG if self.vlan >> 16 else 0


class Ring:
    """Of a queue: descriptors, and the lists behind."""

    def __init__(self) -> None:
        self.run = True
        self.halted = False  # by an error
        self.posted: deque[Desc] = deque()  # not here
        self.here: deque[Desc] = deque()  # not popped
        self.promised = self.given = 0  # of these: of accepted frames, of parts that came
        self.index = 0
        self.word = 0
        self.records = self.bursts = 0
        self.frames: deque[Frame] = deque()  # not taken

    def post(self, *sizes: int, addr: int = 0x1000) -> None:
        for size in sizes:
            self.posted.append((addr, size, self.index))
            self.index = (self.index + 1) & 0xFFFF
            addr += 0x10000

    def can_come(self, count: int) -> int:
        """How many of so many descriptors come: none if there is not room for 8."""
        return min(count, len(self.posted), 8) if len(self.here) <= DEPTH - 8 else 0


def bursts(addr: int, size: int) -> int:
    return (addr + size - 1) // BURST - addr // BURST + 1


class Bench:
    """The module with its rings, the cut behind it, and a list in front that shows a frame again at once."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.width = 1 << BUF_LOG2 - len(pins.dut.part_free_o) + 1
        self.rings = [Ring() for _ in range(len(pins.dut.run_i))]
        self.taken: deque[Frame] = deque()  # not all of their parts came, or not settled
        self.shown: Frame | None = None
        self.gap = 0  # clocks until the list shows the next
        self.turn = 0
        self.cut: deque[tuple[int, bool]] = deque()  # jobs left of the part at hand: queue, the last
        self.writes = False  # that part is written
        self.waits = 0
        self.fates = {"accept": 0, "drop": 0, "reject": 0}
        self.errors = 0

    @classmethod
    async def start(cls, dut: Any) -> Bench:
        names = ["stop", "next_valid", "next_queue", "next_len", "next_meta", "next_vlan", "rd_valid", "rd_more"]
        names += ["rd_desc", "rd_index", "part_ready", "part_soon", "recs_used", "bursts_used", *MOVES]
        names += [f"{name}_queue" for name in MOVES]
        return cls(await Pins.start(dut, run_i=(1 << len(dut.run_i)) - 1, **{f"{name}_i": 0 for name in names}))

    def frame(self, q: int, size: int, vlan: int | None = None) -> Frame:
        """A frame in the packet buffer."""
        rng = self.pins.rng
        new = Frame(q, size, rng.getrandbits(53), rng.choice((0, 1 << 16 | 5)) if vlan is None else vlan)
        self.rings[q].frames.append(new)
        return new

    # ------------------------------------------------------------------ what may become of a frame
    def judge(self, frame: Frame) -> set[str]:
        """As things stand: "accept", "wait", or why it is dropped."""
        ring = self.rings[frame.queue]
        if not ring.run:
            return {"stopped"}
        buffers, left = 0, frame.len
        for _, size, _ in list(ring.here)[ring.promised :]:
            if buffers == MOST_BUFFERS:
                return {"many"}
            if size < LEAST_BUFFER:
                return {"short"}
            buffers += 1
            if size >= left:
                return self._room(frame, buffers)
            left -= size
        if buffers == MOST_BUFFERS:
            return {"many"}
        return {"wait"} if ring.posted else {"none"}

    def _room(self, frame: Frame, buffers: int) -> set[str]:
        """The lists hold all it may need, with one to spare; near that either is right, and too many would overflow."""
        ring = self.rings[frame.queue]
        coming = sum(q == frame.queue for q, _ in self.cut)
        fits = ring.records + buffers + 2 <= RECORDS
        fits &= ring.bursts + coming + 2 * buffers + 2 + frame.len // BURST <= BURSTS
        return {"accept"} if fits else {"accept", "wait"}

    def _decide(self, frame: Frame, fate: str) -> None:
        """It is to be written, or dropped: these parts must come."""
        where, ring = f"clock {self.pins.clock}: queue {frame.queue}, {frame.len} bytes", self.rings[frame.queue]
        dropped = frame.seen - {"accept", "wait"}
        assert fate in frame.seen or (fate == "drop" and dropped), f"{where}: {fate}, not {frame.seen}"
        frame.fate = fate
        self.fates[fate] += 1
        first = ring.word
        ring.word = (ring.word + -(-(frame.len + frame.tag) // self.width)) % (2 * SIZE // self.width)
        if fate == "drop":
            frame.parts.append({"drop": 1, "queue": frame.queue, "free": ring.word})
            return
        at, left = first * self.width + frame.tag, frame.len
        while left:
            assert ring.promised < len(ring.here), f"{where}: there are not enough buffers"
            addr, size, index = ring.here[ring.promised]
            assert size >= LEAST_BUFFER, f"{where}: a buffer of {size} bytes is used"
            ring.promised += 1
            part = min(size, left)
            left -= part
            frame.parts.append({
                "drop": 0, "queue": frame.queue, "free": ring.word, "src": at % SIZE, "addr": addr, "eop": not left,
                "meta": frame.meta, "vlan": frame.vlan, "index": index, "len": part,
            })  # fmt: skip
            at += part

    # ------------------------------------------------------------------ one clock
    async def clock(
        self, *, ready: bool = True, fetch: int | None = None, answer: int | None = None, retire: int | None = None,
        start: int | None = None, stop: bool = False,
    ) -> None:  # fmt: skip
        """One clock. `ready`: the cut's job is taken; then the queues of which descriptors come, and so on."""
        pins, rng = self.pins, self.pins.rng
        self._show()
        coming = self.rings[fetch].can_come(rng.randint(1, 8)) if fetch is not None else 0
        q = pins.read("rd_queue_o")
        ring, skip = self.rings[q], pins.read("rd_skip_o")
        valid = len(ring.here) > skip
        addr, size, index = (
            ring.here[skip] if valid else (rng.getrandbits(64), rng.getrandbits(16), rng.getrandbits(16))
        )
        more = not valid and bool(ring.posted)
        events = {"arrived": fetch if coming else None, "answered": answer, "retired": retire, "start": start}
        pins.drive(
            run_i=sum(r.run << n for n, r in enumerate(self.rings)), stop_i=stop, rd_valid_i=valid, rd_more_i=more,
            rd_desc_i=DESC.pack({"addr": addr, "len": size}), rd_index_i=index, part_ready_i=not self.cut,
            part_soon_i=not self.cut or ready, recs_used_i=ring.records, bursts_used_i=ring.bursts,
        )  # fmt: skip
        pins.drive(**{f"{name}_i": who is not None for name, who in events.items()})
        pins.drive(**{f"{name}_queue_i": who or 0 for name, who in events.items()})
        await pins.settle()
        halts = self._outcomes()
        jobs = self._parts(q)
        take = pins.read("take_o")
        assert not take or (self.shown and not stop and not pins.read("reject_o")), f"clock {pins.clock}: take_o"
        self._pops()
        # ---- the clock
        if self.cut and ready:
            self._job(*self.cut.popleft())
        self.cut += jobs
        if take and self.shown:
            self.shown.seen.clear()
            self.taken.append(self.shown)
            self.shown, self.gap = None, rng.choice((1, 1, 3))
        if fetch is not None:
            self.rings[fetch].here += [self.rings[fetch].posted.popleft() for _ in range(coming)]
        if answer is not None:
            self.rings[answer].bursts -= 1
        if retire is not None:
            self.rings[retire].records -= 1
        if start is not None:
            old = self.rings[start]
            self.rings[start] = Ring()
            self.rings[start].word, self.rings[start].frames = old.word, old.frames
        for halted in halts:
            self.rings[halted].run = False
        self._progress({who for who in events.values() if who is not None})
        await pins.tick()

    def _show(self) -> None:
        pins = self.pins
        if self.shown is None and self.gap <= 0:
            for n in range(len(self.rings)):
                ring = self.rings[(self.turn + n) % len(self.rings)]
                if ring.frames:
                    self.shown = ring.frames.popleft()
                    self.turn = self.shown.queue + 1
                    break
        self.gap -= 1
        pins.drive(next_valid_i=self.shown is not None)
        frame = self.shown or Frame(0, 99, 0, 0)
        pins.drive(next_queue_i=frame.queue, next_len_i=frame.len, next_meta_i=frame.meta, next_vlan_i=frame.vlan)

    def _outcomes(self) -> list[int]:
        """settle_o, reject_o and what goes with them; returns whose ring halts."""
        pins, where = self.pins, f"clock {self.pins.clock}"
        settle, reject, error = pins.read("settle_o"), pins.read("reject_o"), pins.read("err_desc_o")
        counts = pins.read("cnt_frame_o"), pins.read("cnt_nodesc_o")
        assert sum(counts) == settle and not (settle and reject) and error <= counts[1], f"{where}: {counts}, {settle}"
        if not settle and not reject:
            return []
        frame = next((frame for frame in self.taken if not frame.settled), None)
        assert frame, f"{where}: an outcome of no frame"
        assert pins.read("settle_queue_o") == frame.queue, f"{where}: settle_queue_o"
        if reject:
            assert not frame.fate, f"{where}: set aside after all"
            assert "wait" in self.judge(frame) or not self.rings[frame.queue].run, f"{where}: nothing to wait for"
            self.fates["reject"] += 1
            self.taken.remove(frame)
            if self.shown and self.shown.queue == frame.queue:
                self.rings[frame.queue].frames.appendleft(self.shown)
                self.shown = None
            self.rings[frame.queue].frames.appendleft(frame)
            self.gap = 2
            return []
        fate = "accept" if counts[0] else "drop"
        if not frame.fate:
            self._decide(frame, fate)
        assert frame.fate == fate, f"{where}: {frame.fate}, but counted as {fate}"
        assert fate == "drop" or pins.read("cnt_len_o") == frame.len, f"{where}: cnt_len_o"
        if fate == "drop":
            why = {"short"} if error else frame.seen - {"short", "accept", "wait"}
            assert frame.seen & why, f"{where}: error {error} for {frame.seen}"
            assert not (error and self.rings[frame.queue].halted), f"{where}: the ring's error is told again"
            self.rings[frame.queue].halted |= bool(error)
            self.errors += error
        assert not error or pins.read("err_desc_queue_o") == frame.queue, f"{where}: err_desc_queue_o"
        self._settled(frame)
        return [frame.queue] if error else []

    def _settled(self, frame: Frame) -> None:
        frame.settled = True
        if not frame.parts:
            self.taken.remove(frame)

    def _parts(self, rd_queue: int) -> list[tuple[int, bool]]:
        """A part that comes now; returns the jobs it is cut into."""
        pins, where = self.pins, f"clock {self.pins.clock}"
        frame = next((frame for frame in self.taken if frame.parts or not frame.fate), None)
        if frame and frame.parts and not frame.parts[0]["drop"]:
            assert pins.read("feed_o") and rd_queue == frame.queue, f"{where}: parts are to come, but not told"
        if not pins.read("part_valid_o"):
            return []
        assert pins.read("part_look_o") and not self.cut, f"{where}: a part that nobody takes"
        assert frame, f"{where}: a part of no frame"
        if not frame.fate:
            frame.seen |= self.judge(frame)
            self._decide(frame, "drop" if pins.read("part_drop_o") else "accept")
        want = frame.parts.popleft()
        got = RECORD.unpack(pins.read("part_rec_o"))
        got |= {name: pins.read(f"part_{name}_o") for name in ("drop", "queue", "addr", "src", "free")}
        got = {name: got[name] for name in want}
        assert got == want, f"{where}: part {got}, not {want}"
        assert pins.read("feed_o"), f"{where}: feed_o"
        if frame.settled and not frame.parts:
            self.taken.remove(frame)
        self.writes = not want["drop"]
        if want["drop"]:
            return [(frame.queue, True)]
        self.rings[frame.queue].given += 1
        count = bursts(want["addr"], want["len"])
        return [(frame.queue, n == count - 1) for n in range(count)]

    def _job(self, q: int, last: bool) -> None:
        ring = self.rings[q]
        if not self.writes:
            return
        ring.bursts += 1
        ring.records += last
        assert ring.bursts <= BURSTS, f"clock {self.pins.clock}: more writes of queue {q} than their list holds"
        assert ring.records <= RECORDS, f"clock {self.pins.clock}: more records of queue {q} than their list holds"

    def _pops(self) -> None:
        pins = self.pins
        if not pins.read("pop_o"):
            return
        q = pins.read("pop_queue_o")
        ring = self.rings[q]
        assert ring.given > 0, f"clock {pins.clock}: a descriptor of queue {q} is popped that is not used"
        index = ring.here.popleft()[2]
        assert pins.read("pop_index_o") == index, f"clock {pins.clock}: pop_index_o is not {index}"
        ring.given -= 1
        ring.promised -= 1

    def _progress(self, moved: set[int]) -> None:
        pins = self.pins
        for frame in self.taken:
            if not frame.fate:
                frame.seen |= self.judge(frame)
        frame = self.taken[0] if self.taken else None
        if frame is None or frame.queue in moved or self.cut:
            self.waits = 0
        else:
            self.waits += 1
        most = PATIENCE + 2 * MOST_BUFFERS
        assert self.waits <= most, f"clock {pins.clock}: nothing becomes of a frame of queue {frame and frame.queue}"

    async def settle(self, most: int = 400, **more: Any) -> None:
        """Until all that is here has its end and its jobs, all else at once."""
        for _ in range(most):
            await self.clock(**more)
            busy = any(ring.frames or ring.given for ring in self.rings)
            if not busy and not self.taken and not self.shown and not self.cut:
                return
        raise AssertionError(f"frames are left after {most} clocks")

    def events(self, often: float = 1.0) -> dict[str, int]:
        """What may happen beside: each with this chance."""
        rng, queues = self.pins.rng, range(len(self.rings))
        may = {
            "fetch": [q for q in queues if self.rings[q].posted and self.rings[q].run],
            "answer": [q for q in queues if self.rings[q].bursts],
            "retire": [q for q in queues if self.rings[q].records],
        }
        return {name: rng.choice(who) for name, who in may.items() if who and rng.random() < often}

    def restartable(self) -> list[int]:
        """Stopped rings that have nothing under way."""
        fed = self.pins.read("rd_queue_o") if self.pins.read("feed_o") else None
        busy = {q for q, _ in self.cut} | {frame.queue for frame in self.taken if frame.fate}
        rings = enumerate(self.rings)
        return [q for q, r in rings if not (r.run or r.records or r.promised or q == fed or q in busy)]


@cocotb.test(timeout_time=400, timeout_unit="us")
async def frames_are_written_whole_or_dropped_or_wait(dut: Any) -> None:
    """Any frames, buffers of any length, too few or too short ones, slow memory, rings that stop and start anew."""
    bench = await Bench.start(dut)
    rng = bench.pins.rng
    while bench.fates["accept"] < 1500:
        phase = bench.pins.clock // 400 % 4  # all at once, slow answers, slow descriptors, mixed
        for q, ring in enumerate(bench.rings):
            if len(ring.frames) < 3:
                bench.frame(q, rng.choice((14, 60, rng.randint(14, 300), rng.randint(14, 1514), rng.randint(14, 9018))))
            if len(ring.posted) < 8 and rng.random() < (0.2, 0.2, 0.2, 0.02)[phase]:
                least = rng.choice((64, 64, 300, 2000))
                sizes = [rng.randint(least, rng.choice((least, 2048, 9018))) for _ in range(rng.randint(1, 24))]
                if rng.random() < 0.02:
                    sizes[0] = rng.choice((0, 63))
                ring.post(*sizes, addr=rng.getrandbits(64))
            if rng.random() < 0.002:
                ring.run = False
        idle = bench.restartable()
        events: dict[str, int] = bench.events((0.9, 0.2, 0.5, 0.7)[phase])
        if phase == 2 and rng.random() < 0.9:
            events.pop("fetch", None)
        if idle and rng.random() < 0.1:
            events = {"start": rng.choice(idle)}
        await bench.clock(ready=rng.random() < (1.0, 0.5, 0.9, 0.3)[phase], stop=rng.random() < 0.1, **events)
    assert min(bench.fates.values()) > 40, bench.fates
    assert bench.errors > 3


async def renewed(bench: Bench) -> None:
    """Ring 0 stops, ends what it began, and starts with no descriptors."""
    bench.rings[0].run = False
    while 0 not in bench.restartable() or bench.rings[0].bursts:
        await bench.clock(**bench.events())
    await bench.clock(start=0)


async def one(bench: Bench, fate: str, size: int, *buffers: int, here: bool = True, vlan: int = 0) -> None:
    """A frame for which just these buffers were posted; `here` or still to come. The ring starts anew behind it."""
    ring = bench.rings[0]
    ring.post(*buffers, addr=bench.pins.rng.getrandbits(64))
    if here:
        while ring.posted:
            await bench.clock(fetch=0)
    before = dict(bench.fates)
    bench.frame(0, size, vlan)
    for _ in range(200):
        await bench.clock(**bench.events(0.3))
        if not bench.taken and not bench.shown and not ring.frames and not bench.cut:
            break
    else:
        raise AssertionError(f"{size} bytes for {buffers}: no end")
    assert bench.fates[fate] == before[fate] + 1, f"{size} bytes for {buffers}: not {fate}"
    await renewed(bench)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def buffers_that_just_suffice_and_do_not(dut: Any) -> None:
    """A frame of a byte less than its buffers, just as long, and a byte more; with and without a tag taken out."""
    bench = await Bench.start(dut)
    for buffers in ((64,), (64, 64), (1514,), (2048, 64), (100, 200, 300), (16383,)):
        for vlan in (0, 1 << 16 | 7):
            for more in (-1, 0, 1):
                size = min(sum(buffers), 9018) + more
                suffices = size <= sum(buffers)
                await one(bench, "accept" if suffices else "drop", size, *buffers, vlan=vlan)
    assert not bench.errors


@cocotb.test(timeout_time=400, timeout_unit="us")
async def limits_of_buffers_are_exact(dut: Any) -> None:
    """24 buffers and one more; 63 bytes, first or behind others; one too short behind the last that is needed."""
    bench = await Bench.start(dut)
    await one(bench, "accept", 24 * 64, *[64] * 24)
    await one(bench, "drop", 24 * 64 + 1, *[64] * 25)
    await one(bench, "drop", 24 * 64 + 2, *[64] * 23, 65, 63)
    await one(bench, "accept", 60, 64, 63)
    await one(bench, "accept", 23 * 64 + 65, *[64] * 23, 65, 0)
    await one(bench, "drop", 60)
    assert not bench.errors
    for n, buffers in enumerate(((63,), (64, 63), (0,), (*[64] * 23, 63))):
        await one(bench, "drop", 9018, *buffers, 9018)
        assert bench.errors == n + 1, f"{buffers}: no error"
    for gap in range(5):
        errors = bench.errors
        bench.rings[0].post(63, 64)
        while bench.rings[0].posted:
            await bench.clock(fetch=0)
        frames = [bench.frame(0, 60) for _ in range(3)]
        for _ in range(40):
            bench.gap = min(bench.gap, gap)
            await bench.clock()
        assert [frame.fate for frame in frames] == ["drop"] * 3
        assert bench.errors == errors + 1
        await renewed(bench)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def buffers_that_are_to_come_are_waited_for(dut: Any) -> None:
    """None is here, or one too few: the queue is set aside, and its frame written once all are here."""
    bench = await Bench.start(dut)
    for buffers in ((64,), (64, 64, 64), (2000, 64), (*[64] * 24,)):
        for missing in {1, len(buffers)}:
            rejects, ring = bench.fates["reject"], bench.rings[0]
            ring.post(*buffers[missing:])
            while ring.posted:
                await bench.clock(fetch=0)
            ring.post(*buffers[:missing])
            frame = bench.frame(0, sum(buffers))
            for _ in range(120):
                await bench.clock()
            assert bench.fates["reject"] > rejects
            while not frame.settled or bench.taken or bench.cut:
                await bench.clock(**bench.events(0.5))
            assert frame.fate == "accept"
    assert not bench.fates["drop"]


@cocotb.test(timeout_time=400, timeout_unit="us")
async def full_lists_set_their_queue_aside_alone(dut: Any) -> None:
    """No answers for queue 0: it fills its lists, and not more; the others go on; one answer at a time brings it on."""
    bench = await Bench.start(dut)
    for size, buffer in ((64, 64), (9018, 9018), (1500, 64)):
        ring = bench.rings[0]
        for _ in range(RECORDS + BURSTS // 5 if buffer > 64 else RECORDS + 2):
            bench.frame(0, size)
        for n in range(1200):
            if not ring.posted:
                ring.post(*[buffer] * 24, addr=0x7FF)
            for q in range(1, len(bench.rings)):
                if not bench.rings[q].frames:
                    bench.frame(q, 64)
                    bench.rings[q].post(64)
            events = bench.events()
            if n < 700:
                events = {name: q for name, q in events.items() if q or name == "fetch"}
            await bench.clock(**events)
            assert len(bench.rings) == 1 or n % 100 != 99 or bench.fates["accept"] > n // 10
            if n == 699:
                assert ring.frames and (ring.records > RECORDS - MOST_BUFFERS - 2 or ring.bursts > BURSTS // 2)
        while ring.frames or any(frame.queue == 0 for frame in [bench.shown, *bench.taken] if frame):
            if not ring.posted:
                ring.post(*[buffer] * 24)
            await bench.clock(**bench.events())
        await renewed(bench)
    assert not bench.fates["drop"]


@cocotb.test(timeout_time=400, timeout_unit="us")
async def writes_that_the_list_cannot_hold_are_not_begun(dut: Any) -> None:
    """Few long buffers fill the list of writes, then a frame comes in many short ones of two writes each."""
    bench = await Bench.start(dut)
    for longs in range(15, 21):
        ring = bench.rings[0]
        ring.post(*[9018] * longs, addr=0x7FF)
        ring.post(*[64] * 12, addr=0x7C8)
        frames = [bench.frame(0, 9018, 0) for _ in range(longs)] + [bench.frame(0, 768, 0)]
        for _ in range(500):
            await bench.clock(fetch=0)
        assert frames[-2].fate == "accept" or longs > 19
        for _ in range(600):
            await bench.clock(**bench.events())
        assert [frame.fate for frame in frames] == ["accept"] * len(frames)
        await renewed(bench)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def ring_that_stops_finishes_what_it_began(dut: Any) -> None:
    """run_i falls in each clock around a frame of three buffers: written whole or dropped; what follows is dropped."""
    bench = await Bench.start(dut)
    for late in range(16):
        ring = bench.rings[0]
        ring.post(*[64] * 6)
        while ring.posted:
            await bench.clock(fetch=0)
        frames = [bench.frame(0, 190), bench.frame(0, 60)]
        for _ in range(late):
            await bench.clock()
        ring.run = False
        for _ in range(60):
            await bench.clock(**bench.events())
        assert all(frame.settled for frame in frames)
        assert frames[1].fate == "drop" or late > 8
        await bench.clock(start=0)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def frames_in_one_buffer_follow_each_other_closely(dut: Any) -> None:
    """Three clocks a frame at most, of one queue and of all, where the cut takes a clock."""
    bench = await Bench.start(dut)
    for queues in (1, len(bench.rings)):
        clock, accepts = bench.pins.clock, bench.fates["accept"]
        while bench.fates["accept"] < accepts + 200:
            for q in range(queues):
                ring = bench.rings[q]
                if len(ring.frames) < 4:
                    bench.frame(q, 60)
                while len(ring.posted) < 8:
                    ring.post(64)
            bench.gap = min(bench.gap, 1)
            await bench.clock(**bench.events())
        assert bench.pins.clock - clock <= 3 * 200 + 40, f"{bench.pins.clock - clock} clocks"


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize(("width", "queues"), [(64, 4), (512, 1)])
def test_rx_sched(width: int, queues: int, test: str) -> None:
    simulate(built(MODULE, DataWidth=width, Queues=queues), MODULE, "tests.block.test_rx_sched", test, zeros=True)
