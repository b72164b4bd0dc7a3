# SPDX-License-Identifier: Apache-2.0
"""nic_rx_mover: write jobs become beats, the packet buffer's bytes in their lanes, and a frame's words are released."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.rx_bench import built
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Layout, Pins

MODULE = "nic_rx_mover"
BURST = 2048
BUF_LOG2 = 12
SIZE = 1 << BUF_LOG2  # of a queue's part of the packet buffer
JOB = ("drop", "queue", "addr", "len", "end", "src", "last", "free")
REQ = Layout(kind=2, qp=4, addr=64, len=8)
WRITE_RX_DATA = 0
PATIENCE = 5  # clocks from a job to its first beat, or its release


@dataclass(slots=True)
class Job:
    """Bytes of a queue's part of the packet buffer, and where in host memory they go."""

    queue: int
    addr: int
    src: int
    size: int
    last: int = 0
    free: int = 0
    drop: int = 0

    def pins(self, width: int) -> dict[str, int]:
        """What the module is told of it: beats and lanes of `width` bytes."""
        lane = self.addr % width
        return {
            "drop": self.drop, "queue": self.queue, "addr": self.addr, "len": (lane + self.size - 1) // width,
            "end": (lane + self.size - 1) % width, "src": (self.src - lane) % SIZE, "last": self.last,
            "free": self.free,
        }  # fmt: skip


@dataclass(slots=True)
class Beat:
    job: Job
    first: bool
    last: bool
    lanes: dict[int, int]  # byte of a lane


class Mover:
    """The module, the packet buffer, and the beats and releases that are due."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.width = len(pins.dut.out_strb_o)
        self.queues = 1 << len(pins.dut.job_queue_i)
        self.buffer = [pins.rng.randbytes(SIZE) for _ in range(self.queues)]
        self.words = pins.rng.randbytes(self.width)  # read from the buffer, not turned
        self.due: deque[Beat] = deque()
        self.frees: deque[tuple[int, int, int]] = deque()  # queue, words, reads before it
        self.reads = self.beats = 0  # read, taken in
        self.waits = self.free_waits = 0
        self.out = 0

    @classmethod
    async def start(cls, dut: Any) -> Mover:
        names = ("valid", *JOB)
        return cls(await Pins.start(dut, ram_data_i=0, out_ready_i=0, **{f"job_{name}_i": 0 for name in names}))

    def job(self, addr: int, size: int, **more: int) -> Job:
        """A job that writes; what is not given is random."""
        rng = self.pins.rng
        free = rng.getrandbits(len(self.pins.dut.job_free_i))
        given = {"queue": rng.randrange(self.queues), "src": rng.randrange(SIZE), "last": rng.getrandbits(1)} | more
        return Job(addr=addr, size=size, free=free, **given)

    def drop(self) -> Job:
        """One that only releases a frame's words."""
        rng = self.pins.rng
        return self.job(rng.getrandbits(64), rng.randint(1, 99), drop=1, last=1)

    def _takes(self, job: Job) -> None:
        self.beats += 0 if job.drop else job.pins(self.width)["len"] + 1
        if job.last:
            self.frees.append((job.queue, job.free, self.beats))
        if job.drop:
            return
        at = 0
        while at < job.size:
            lane = job.addr % self.width if not at else 0
            part = range(min(self.width - lane, job.size - at))
            lanes = {lane + i: self.buffer[job.queue][(job.src + at + i) % SIZE] for i in part}
            self.due.append(Beat(job, not at, at + len(part) == job.size, lanes))
            at += len(part)

    async def clock(self, job: Job | None, ready: bool = True) -> bool:
        """One clock; whether the job was taken."""
        pins = self.pins
        shown = job or self.drop()
        takes = job is not None and pins.read("job_ready_o") == 1
        pins.drive(job_valid_i=job is not None, out_ready_i=ready)
        pins.drive(**{f"job_{name}_i": value for name, value in shown.pins(self.width).items()})
        await pins.settle()
        valid = pins.read("out_valid_o")
        assert pins.read("busy_o") or not (self.due or valid), f"clock {pins.clock}: not busy"
        if valid:
            self._compare(ready)
        read, turn = pins.read("ram_re_o"), pins.read("ram_turn_o")
        queue, at = pins.read("ram_queue_o"), pins.read("ram_byte_o")
        if pins.read("free_valid_o"):
            self._compare_free()
        self.waits = self.waits + 1 if self.due and not valid else 0
        self.free_waits = self.free_waits + 1 if self.frees and self.frees[0][2] <= self.reads else 0
        assert self.waits <= PATIENCE, f"clock {pins.clock}: no beat comes"
        assert self.free_waits <= PATIENCE, f"clock {pins.clock}: words of queue {self.frees[0][0]} are not released"
        if takes and job:
            self._takes(job)
        await pins.tick()
        if turn:
            pins.drive(ram_data_i=int.from_bytes(self.words, "little"))
        if read:
            self.words = (self.buffer[queue] * 2)[at : at + self.width]
            self.reads += 1
        return takes

    def _compare(self, ready: bool) -> None:
        pins, where = self.pins, f"clock {self.pins.clock}: beat {self.out}"
        assert self.due, f"{where} of no job"
        want = self.due[0]
        got = (pins.read("out_first_o"), pins.read("out_last_o"), pins.read("out_strb_o"))
        strobes = sum(1 << lane for lane in want.lanes)
        assert got == (want.first, want.last, strobes), f"{where}: first, last, strobes {got}, not {want}"
        if want.first:
            req = {"kind": WRITE_RX_DATA, "qp": want.job.queue, "addr": want.job.addr}
            req["len"] = want.job.pins(self.width)["len"]
            assert REQ.unpack(pins.read("out_req_o")) == req, (
                f"{where}: {REQ.unpack(pins.read('out_req_o'))}, not {req}"
            )
        data = pins.read("out_data_o").to_bytes(self.width, "little")
        assert {lane: data[lane] for lane in want.lanes} == want.lanes, f"{where}: data {data.hex()}, not {want}"
        if ready:
            self.due.popleft()
            self.out += 1

    def _compare_free(self) -> None:
        assert self.frees, f"clock {self.pins.clock}: words are released again"
        queue, words, reads = self.frees.popleft()
        got = self.pins.read("free_queue_o"), self.pins.read("free_ptr_o")
        assert got == (queue, words), f"clock {self.pins.clock}: queue and words {got} are released, not {queue, words}"
        assert self.reads >= reads, f"clock {self.pins.clock}: words are released that have not been read"

    async def run(self, jobs: Iterable[Job], often: float = 1.0, gap: float = 0.0) -> None:
        """Until all of these are done, and the module with them."""
        rng = self.pins.rng
        for job in jobs:
            while rng.random() < gap:
                await self.clock(None, rng.random() < often)
            while not await self.clock(job, rng.random() < often):
                pass
        while self.due or self.frees:
            await self.clock(None, rng.random() < often)
        for _ in range(3):
            await self.clock(None)
        assert not self.pins.read("busy_o"), "busy with nothing"
        assert self.reads == self.beats, f"{self.reads} reads for {self.beats} beats"


def random_jobs(mover: Mover, count: int) -> Iterable[Job]:
    """Bursts of any length and alignment, from anywhere in the buffer; one in five only releases words."""
    rng = mover.pins.rng
    for _ in range(count):
        addr = rng.getrandbits(64)
        if rng.random() < 0.2:
            yield mover.drop()
        else:
            size = rng.choice((1, rng.randint(1, 2 * mover.width), rng.randint(1, 300), BURST))
            yield mover.job(addr, min(size, BURST - addr % BURST))


@cocotb.test(timeout_time=400, timeout_unit="us")
async def jobs_become_beats_and_releases(dut: Any) -> None:
    """Jobs at any clock or without a gap, beats taken at any clock or at once."""
    mover = await Mover.start(dut)
    for often in (1.0, 0.5, 0.9):
        for gap in (0.0, 0.8):
            await mover.run(random_jobs(mover, 100), often, gap)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def each_first_and_last_lane(dut: Any) -> None:
    """From each lane to each, within one beat, over the next, and two beats further; every alignment in the buffer."""
    mover = await Mover.start(dut)
    width = mover.width
    step = 1 if width < 16 else 7
    jobs = []
    for lane in (*range(0, width, step), width - 1):
        for stop in (lane + 1, width, width + 1, width + lane + 1, 2 * width, 3 * width - 1):
            if stop > lane:
                jobs.append(mover.job(0xFFFF_FFFF_0000 + lane, stop - lane, src=5 * width + lane + stop))
    await mover.run(jobs)
    await mover.run(jobs, 0.5)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def bytes_go_on_at_the_buffers_begin(dut: Any) -> None:
    """A job over the end of its queue's part, at each distance near it, reads on at the part's begin."""
    mover = await Mover.start(dut)
    width = mover.width
    await mover.run([mover.job(lane, 4 * width, src=SIZE - n) for n in range(1, 2 * width + 2) for lane in (0, 3)])


@cocotb.test(timeout_time=400, timeout_unit="us")
async def beats_and_jobs_follow_without_a_gap(dut: Any) -> None:
    """Jobs of one beat, of two and of many: a beat a clock from the first on; drops between them cost a clock each."""
    mover = await Mover.start(dut)
    for beats in (1, 2, 3, 16):
        clock = mover.pins.clock
        await mover.run(mover.job(n * BURST, beats * mover.width) for n in range(60))
        assert mover.pins.clock - clock <= 60 * beats + PATIENCE + 6, f"{mover.pins.clock - clock} clocks"
    clock = mover.pins.clock
    await mover.run(mover.drop() if n % 2 else mover.job(n * BURST, mover.width) for n in range(80))
    assert mover.pins.clock - clock <= 80 + PATIENCE + 6, f"{mover.pins.clock - clock} clocks"


@cocotb.test(timeout_time=400, timeout_unit="us")
async def beat_that_is_not_taken_holds(dut: Any) -> None:
    """Nothing is taken for 20 clocks, at each of the first clocks of a run of jobs; then all come."""
    mover = await Mover.start(dut)
    for late in range(12):
        for beats in (1, 3):
            jobs = deque(mover.job(late + n * BURST, beats * mover.width - late % 5) for n in range(8))
            for n in range(late + 20):
                if await mover.clock(jobs[0] if jobs else None, n < late) and jobs:
                    jobs.popleft()
            await mover.run(jobs)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def words_are_released_in_order_and_not_before_they_are_read(dut: Any) -> None:
    """Frames of one job and of several with drops before, between and behind, while beats wait and while they go."""
    mover = await Mover.start(dut)
    rng = mover.pins.rng
    for often in (1.0, 0.15):
        for pattern in range(1 << 5):
            kinds = [pattern >> n & 1 for n in range(5)]
            jobs = [mover.drop() if kind else mover.job(rng.getrandbits(20), 4 * mover.width) for kind in kinds]
            await mover.run(jobs, often)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def reset_forgets_jobs_and_beats(dut: Any) -> None:
    """In each of the first clocks of a run of jobs; the next job begins with its own first beat."""
    mover = await Mover.start(dut)
    for late in range(1, 12):
        jobs = deque(mover.job(n * BURST, 4 * mover.width, last=1) for n in range(6))
        for n in range(late):
            if await mover.clock(jobs[0], n % 3 != 2):
                jobs.popleft()
        dut.rst_ni.value = 0
        mover.pins.drive(job_valid_i=0)
        await mover.pins.tick()
        dut.rst_ni.value = 1
        mover = Mover(mover.pins)
        for _ in range(3):
            await mover.clock(None)
        assert not mover.pins.read("busy_o")
        await mover.run([mover.job(3, 2 * mover.width, last=1)])


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize(("width", "queues"), [(64, 4), (512, 1)])
def test_rx_mover(width: int, queues: int, test: str) -> None:
    built_with = built(MODULE, DataWidth=width, Queues=queues, BufLog2=BUF_LOG2)
    simulate(built_with, MODULE, "tests.block.test_rx_mover", test, zeros=True)
