# SPDX-License-Identifier: Apache-2.0
"""nic_tx_piece: descriptors of all queues, mixed, good and bad, to pieces to read and frames, against a model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cocotb
import pytest

from pymodel.drivers.nic import nic_hw as hw
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import DESC, FRAME, Mistake, Pins, built, simulate_mistake

MODULE = "nic_tx_piece"
MIN_FRAME, MAX_FRAME = 14, 9018
INPUTS = ("run_i", "start_i", "start_queue_i", "step_i", "valid_i", "queue_i", "desc_i", "index_i", "take_i", "word_i")
DATA, OFFLOAD, TSO = hw.TX_KIND_DATA, hw.TX_KIND_OFFLOAD, hw.TX_KIND_TSO


def offload(csum: tuple[int, int] | None, tci: int | None) -> dict[str, int]:
    """A tx_offload: (csum_start, csum_offset), and a tag."""
    start, offset = csum or (0, 0)
    return {"kind": OFFLOAD, "len": (csum is not None) | (tci is not None) << 1, "eop": 0, "more": 0,
            "addr": start | offset << 16 | (tci or 0) << 32}  # fmt: skip


def tso(*, ipv6: int, l3: int, l4: int, hdr: int, mss: int, tci: int | None, **fields: int) -> dict[str, int]:
    """A tx_tso; fields: seq, ip_id, flags, fixedid."""
    return {"kind": TSO, "len": mss | (tci is not None) << 14 | ipv6 << 15, "eop": fields["fixedid"], "more": hdr,
            "rsvd": l3 | l4 << 8 | fields["flags"] << 16,
            "addr": fields["seq"] | fields["ip_id"] << 32 | (tci or 0) << 48}  # fmt: skip


@dataclass(slots=True)
class Queue:
    """A ring's descriptors that are not done with, and how far the device is with the first."""

    descs: deque[dict[str, int]] = field(default_factory=deque)
    index: int = 0
    given: dict[str, int] | None = None
    sofar: int = 0
    later: bool = False
    next: bool = False
    used: int = 0
    left: int = 0
    headers: int = 0
    seq: int = 0
    id: int = 0
    run: bool = True

    def post(self, descs: Iterable[dict[str, int]]) -> None:
        self.descs.extend(dict.fromkeys(DESC.members, 0) | d for d in descs)

    def _todo(self) -> dict[str, int]:
        g = self.given
        if g is None:
            return {"csum": 0, "csum_start": 0, "csum_at": 0, "vlan": 0, "tci": 0, "tso": 0}
        if g["kind"] == TSO:
            l4 = g["rsvd"] >> 8 & 0xFF
            return {"csum": 1, "csum_start": l4, "csum_at": l4 + 16, "vlan": g["len"] >> 14 & 1, "tci": g["addr"] >> 48,
                    "tso": 1, "ipv6": g["len"] >> 15, "mss": g["len"] & 0x3FFF, "hdr": g["more"],
                    "l3": g["rsvd"] & 0xFF, "flags": g["rsvd"] >> 16, "seq": g["addr"] & 0xFFFFFFFF,
                    "id": g["addr"] >> 32 & 0xFFFF, "fixedid": g["eop"]}  # fmt: skip
        start = g["addr"] & 0x3FFF
        return {"csum": g["len"] & 1, "csum_start": start, "csum_at": start + (g["addr"] >> 16 & 0x3FFF),
                "vlan": g["len"] >> 1 & 1, "tci": g["addr"] >> 32 & 0xFFFF, "tso": 0}  # fmt: skip

    def piece(self) -> dict[str, int]:
        """What the module says of the first descriptor."""
        d, todo = self.descs[0], self._todo()
        if d["kind"] != DATA:
            bad = self.sofar != 0 or self.given is not None or d["kind"] not in (OFFLOAD, TSO)
            if d["kind"] == TSO:
                mss, hdr, l3, l4 = d["len"] & 0x3FFF, d["more"], d["rsvd"] & 0xFF, d["rsvd"] >> 8 & 0xFF
                limit = MAX_FRAME - (4 if d["len"] >> 14 & 1 else 0)
                bad |= not mss or l4 + 20 > hdr or l3 + (40 if d["len"] >> 15 else 20) > l4 or mss + hdr > limit
            return {"is_data": 0, "bad": bad, "pop": 1}
        n, done, end, again = d["len"], True, False, False
        addr, bad = d["addr"], d["len"] == 0
        if todo["tso"]:
            here = d["len"] - self.used
            again = self.sofar == 0 and self.later
            if self.sofar == 0:
                n, done = todo["hdr"], not again and here == todo["hdr"]
                bad |= not again and here < n
                addr = self.headers if again else addr + self.used
            else:
                n, done, end = min(here, self.left), here <= self.left, self.left <= here
                addr += self.used
        last = bool(done and d["eop"])
        total = self.sofar + n
        if todo["tso"]:
            bad |= self.sofar == 0 and last
        else:
            bad |= total > MAX_FRAME - 4 * todo["vlan"]
            bad |= last and (total < MIN_FRAME or bool(todo["csum"] and todo["csum_at"] + 2 > total))
        skip = max(0, todo["csum_start"] - self.sofar)
        ip = max(0, todo["l3"] - self.sofar) if todo["tso"] and not todo["ipv6"] else skip
        return {"is_data": 1, "bad": bad, "pop": done, "addr": addr & (1 << 64) - 1, "len": n, "end": end or last,
                "total": total, "sum": todo["csum"], "skip": skip, "ip_skip": ip}  # fmt: skip

    def take(self, piece: Mapping[str, int], word: int) -> dict[str, Any] | None:
        """The piece is read. Returns the frame that ends with it."""
        d, todo = self.descs[0], self._todo()
        frame = None
        if not piece["is_data"]:
            self.given, self.later, self.next, self.used, self.left = d, False, False, 0, 0
            self.seq, self.id = d["addr"] & 0xFFFFFFFF, d["addr"] >> 32 & 0xFFFF
        else:
            again, headers = self.sofar == 0 and self.later, self.sofar == 0
            last = bool(piece["pop"] and d["eop"])
            if piece["end"]:
                frame = self._frame(todo, piece["total"], last, word)
            if todo["tso"]:
                if headers and not again:
                    self.headers = piece["addr"]
                self.later |= headers
                self.left = todo["mss"] if headers else self.left - piece["len"]
                self.used = 0 if piece["pop"] else self.used if again else self.used + piece["len"]
                if piece["end"]:
                    self.next = True
                    self.seq = self.seq + todo["mss"] & 0xFFFFFFFF
                    self.id = self.id + (not todo["fixedid"]) & 0xFFFF
            self.sofar = 0 if piece["end"] else piece["total"]
            if last:
                self.given = None
        if piece["pop"]:
            self.descs.popleft()
            self.index = self.index + 1 & 0xFFFF
        return frame

    def _frame(self, todo: dict[str, int], total: int, last: bool, word: int) -> dict[str, Any]:
        frame: dict[str, Any] = {
            "tso": todo["tso"], "part": todo["tso"] and not last, "last": self.index + 1 & 0xFFFF,
            "word": word, "len": total,
            "csum_odd": todo["csum_start"] & 1,
            "edit": {"vlan": todo["vlan"], "tci": todo["tci"], "csum": todo["csum"],
                     "csum_at": todo["csum_at"] & 0x3FFF},
        }  # fmt: skip
        if todo["tso"]:
            flags = todo["flags"] & ~(0x80 if self.next else 0) & ~(0 if last else 0x09)
            ip_len = total - todo["l3"] - (40 if todo["ipv6"] else 0)
            frame["headers"] = {"ipv6": todo["ipv6"], "l3_off": todo["l3"], "l4_off": todo["csum_start"],
                                "ip_len": ip_len,
                                "ip_id": self.id, "seq": self.seq, "flags": flags}  # fmt: skip
            halves = (self.seq >> 16) + (self.seq & 0xFFFF) - (todo["seq"] >> 16) - (todo["seq"] & 0xFFFF)
            frame["adjust"] = (halves + total - todo["csum_start"] + flags - todo["flags"]) % 0xFFFF
            frame["ip_adjust"] = (ip_len + self.id - todo["id"]) % 0xFFFF
        return frame


def packet(rng: Any) -> list[dict[str, int]]:
    """The descriptors of a frame or a segment; now and then something is wrong with them."""
    tci = rng.getrandbits(16) if rng.random() < 0.4 else None
    kind = rng.random()
    head: list[dict[str, int]] = []
    if kind < 0.4:
        ipv6, l3 = rng.getrandbits(1), rng.randint(14, 60)
        l4 = rng.randint(l3 + (40 if ipv6 else 20), l3 + 90)
        hdr, mss = rng.randint(l4 + 20, l4 + 60), rng.choice((1, 8, 536, 1448, rng.randint(1, 8900)))
        hdr = min(hdr, 255)
        fields = {
            "seq": rng.getrandbits(32),
            "ip_id": rng.getrandbits(16),
            "flags": rng.getrandbits(8),
            "fixedid": rng.getrandbits(1),
        }
        head = [tso(ipv6=ipv6, l3=l3, l4=l4, hdr=hdr, mss=mss, tci=tci, **fields)]
        whole = hdr + rng.choice((1, mss, mss + 1, 2 * mss, rng.randint(1, 6 * mss)))
        sizes = [hdr + rng.choice((0, 0, rng.randint(0, whole - hdr)))]
    else:
        whole = rng.choice((14, 60, MAX_FRAME - 4, MAX_FRAME, rng.randint(14, 200), rng.randint(14, MAX_FRAME)))
        if kind < 0.8:
            start = rng.randint(0, whole - 2)
            csum = (start, rng.choice((0, whole - 2 - start, rng.randint(0, whole - 2 - start))))
            head = [offload(csum if rng.random() < 0.8 else None, tci)]
        sizes = [rng.randint(1, whole)]
    while sum(sizes) < whole and len(sizes) < 6:
        sizes.append(rng.randint(1, whole - sum(sizes)))
    if sum(sizes) < whole:
        sizes.append(whole - sum(sizes))
    data = [{"kind": DATA, "len": n, "eop": 0, "addr": rng.getrandbits(64)} for n in sizes if n <= 0xFFFF]
    data[-1]["eop"] = 1
    descs = head + data
    if rng.random() < 0.12:
        spoiled = rng.choice(descs)
        spoiled[rng.choice(("kind", "len", "eop"))] = rng.choice((0, 1, 2, 3, 9))
        spoiled["eop"] &= 1
    return descs


class Bench:
    """The module with its queues."""

    def __init__(self, pins: Pins, source: Callable[[Any], list[dict[str, int]]] = packet) -> None:
        self.pins = pins
        self.source = source
        self.stops = 0.002  # how likely a ring is stopped, in a clock
        self.queues = [Queue() for _ in range(len(pins.dut.run_i))]
        self.stages: list[int | None] = [None, None, None, None]  # whose descriptor is where; the last is out
        self.frames: deque[tuple[int, int, dict[str, Any]]] = deque()  # due, queue
        self.moved = 0  # clocks without start_i
        self.pieces = self.ended = self.bad = 0

    @classmethod
    async def start(cls, dut: Any) -> Bench:
        return cls(await Pins.start(dut, **dict.fromkeys(INPUTS, 0)))

    async def clock(self) -> None:
        """One clock: a descriptor enters, the piece that is out is compared, and perhaps taken."""
        pins, rng = self.pins, self.pins.rng
        stopped = [q for q, queue in enumerate(self.queues) if not queue.run and q not in self.stages]
        start = rng.choice(stopped) if stopped and rng.random() < 0.3 else None
        out = self.stages[-1]
        step = out is None or rng.random() < 0.7
        word = rng.getrandbits(12)
        take = False
        halts = None
        assert pins.read("valid_o") == (out is not None), f"clock {pins.clock}: valid_o"
        if out is not None:
            piece = self._compare(out)
            good = step and start is None and self.queues[out].run
            take = good and not piece["bad"] and rng.random() < 0.8
            if take:
                self._take(out, piece, word)
            elif good and piece["bad"]:
                halts = out
                self.bad += 1
        pins.drive(**dict.fromkeys(INPUTS, 0))
        enter = self._enter()
        pins.drive(
            run_i=sum(queue.run << q for q, queue in enumerate(self.queues)), step_i=step, take_i=take, word_i=word,
            start_i=start is not None, start_queue_i=start or 0,
        )  # fmt: skip
        await pins.settle()
        self._compare_frame(start is not None)
        # ---- the clock
        alive = [q if q is not None and self.queues[q].run else None for q in (enter, *self.stages)]
        self.stages = alive[:-1] if step else alive[1:]
        self.moved += start is None
        if start is not None:
            self.queues[start] = Queue(index=rng.getrandbits(16))
        for q, queue in enumerate(self.queues):
            if q == halts or rng.random() < self.stops:
                queue.run = False
        await pins.tick()

    def _enter(self) -> int | None:
        rng = self.pins.rng
        free = [q for q, queue in enumerate(self.queues) if queue.run and q not in self.stages]
        if not free or rng.random() < 0.1:
            return None
        q = rng.choice(free)
        queue = self.queues[q]
        if not queue.descs:
            queue.post(self.source(rng))
        if not queue.descs:
            return None
        self.pins.drive(valid_i=1, queue_i=q, desc_i=DESC.pack(queue.descs[0]), index_i=queue.index)
        return q

    def _compare(self, q: int) -> dict[str, int]:
        pins, piece = self.pins, self.queues[q].piece()
        assert pins.read("queue_o") == q, f"clock {pins.clock}: queue"
        # Of a bad piece nothing else counts.
        want = {"bad": True} if piece["bad"] else piece
        got = {name: pins.read(f"{name}_o") for name in want}
        assert got == want, f"clock {pins.clock}: piece of queue {q}: {got}, not {want}: {self.queues[q]}"
        return piece

    def _take(self, q: int, piece: dict[str, int], word: int) -> None:
        frame = self.queues[q].take(piece, word)
        if frame is not None:
            self.frames.append((self.moved + 3, q, frame))
        self.pieces += 1

    def _compare_frame(self, starts: bool) -> None:
        pins = self.pins
        due = bool(not starts and self.frames and self.frames[0][0] == self.moved)
        assert pins.read("frame_valid_o") == due, f"clock {pins.clock}: frame_valid_o"
        if not due:
            return
        _, q, want = self.frames.popleft()
        got = FRAME.unpack(pins.read("frame_o"))
        for name in ("adjust", "ip_adjust"):
            got[name] %= 0xFFFF
        got = {name: got[name] for name in want}
        assert (pins.read("frame_queue_o"), got) == (q, want), (
            f"clock {pins.clock}: frame of queue {q}: {got}, not {want}"
        )
        self.ended += 1


@cocotb.test(timeout_time=400, timeout_unit="us")
async def pieces_and_frames_of_all_queues_are_as_the_model_says(dut: Any) -> None:
    """Frames, checksums, tags and segments with 1 to 7 descriptors; one in eight is spoiled; rings stop and start."""
    bench = await Bench.start(dut)
    while bench.pieces < 3000:
        await bench.clock()
    assert bench.ended > 500
    assert bench.bad > 20


def data(*sizes: int) -> list[dict[str, int]]:
    descs = [{"kind": DATA, "len": n, "eop": 0, "addr": 0xFFFF_FFFF_FFF0 + 77 * i} for i, n in enumerate(sizes)]
    descs[-1]["eop"] = 1
    return descs


def segment(
    hdr: int = 54, mss: int = 100, *, l3: int = 14, l4: int = 34, ipv6: int = 0, tci: int | None = None
) -> dict[str, int]:
    return tso(ipv6=ipv6, l3=l3, l4=l4, hdr=hdr, mss=mss, tci=tci, seq=0xFFFFFFF0, ip_id=0xFFFF, flags=0xFF, fixedid=0)


# Descriptors of a frame, and whether there is something wrong with them.
LIMITS: dict[str, tuple[list[dict[str, int]], bool]] = {
    "13 bytes": (data(6, 7), True),
    "14 bytes": (data(7, 7), False),
    "9018 bytes": (data(9000, 18), False),
    "9019 bytes": (data(9000, 19), True),
    "9018 bytes with the tag": ([offload(None, 5), *data(9014)], False),
    "9019 bytes with the tag": ([offload(None, 5), *data(9014, 1)], True),
    "65535 bytes": (data(65535), True),
    "length 0": (data(60, 0), True),
    "kind 3": ([{"kind": 3}], True),
    "checksum in the last two bytes": ([offload((0, 58), None), *data(30, 30)], False),
    "checksum beyond the end": ([offload((1, 58), None), *data(30, 30)], True),
    "checksum's start and offset beyond 14 bits": ([offload((16383, 16383), None), *data(60)], True),
    "offload twice": ([offload(None, 1), offload(None, 1), *data(60)], True),
    "offload inside a frame": ([*data(60)[:-1], {"kind": DATA, "len": 60, "eop": 0}, offload(None, 1)], True),
    "segment of one byte": ([segment(), *data(54, 1)], False),
    "segment of whole frames": ([segment(), *data(54 + 300)], False),
    "segment with a last frame of one byte": ([segment(), *data(60, 295)], False),
    "segment with headers alone": ([segment(), *data(54)], True),
    "segment with headers in two": ([segment(), *data(53, 100)], True),
    "segment of length 65535": ([segment(mss=8964), *data(65535, 65535)], False),
    "mss 0": ([segment(mss=0), *data(60)], True),
    "frames of 9018 bytes": ([segment(mss=8964), *data(9018)], False),
    "frames of 9019 bytes": ([segment(mss=8965), *data(9018)], True),
    "frames of 9019 bytes with the tag": ([segment(mss=8961, tci=1), *data(9018)], True),
    "19 bytes of TCP": ([segment(hdr=53), *data(300)], True),
    "19 bytes of IPv4": ([segment(l3=15), *data(300)], True),
    "39 bytes of IPv6": ([segment(ipv6=1, l4=53, hdr=73), *data(300)], True),
    "40 bytes of IPv6": ([segment(ipv6=1, l4=54, hdr=74), *data(300)], False),
}


@cocotb.test(timeout_time=400, timeout_unit="us")
async def limits_of_descriptors_are_exact(dut: Any) -> None:
    """Each rule of the programmer's guide (error code 3) at its limit and one beyond."""
    bench = await Bench.start(dut)
    bench.source, bench.stops = lambda rng: [], 0.0
    for name, (descs, bad) in LIMITS.items():
        for queue in bench.queues:
            queue.run = False
        while not all(queue.run for queue in bench.queues):
            await bench.clock()
        bench.queues[0].post(descs)
        found = bench.bad
        while bench.queues[0].run and (bench.queues[0].descs or bench.frames):
            await bench.clock()
        assert (bench.bad != found) == bad, f"{name}: {'not found' if bad else 'refused'}"


# What the tests must find.
MISTAKES: dict[str, Mistake] = {
    "the tag is not counted": (
        "if (17'(longest(cut_todo_q.vlan)) < total)",
        "if (17'(longest(1'b0)) < total)",
        "limits_of_descriptors_are_exact",
        "piece of queue",
    ),
    "headers are read where the payload goes on": (
        "cut_off_q     <= (tso && !again) ? read_at_q.used : '0;",
        "cut_off_q     <= tso ? read_at_q.used : '0;",
        "pieces_and_frames_of_all_queues_are_as_the_model_says",
        "piece of queue",
    ),
    "the identification counts with fixedid": (
        "tso.id  = tso.id + 16'(!todo_now_q.fixedid);",
        "tso.id  = tso.id + 16'd1;",
        "pieces_and_frames_of_all_queues_are_as_the_model_says",
        "frame of queue",
    ),
    "what an offload descriptor said is kept for the next frame": (
        "if (last_q) then.given = 1'b0;",
        "if (last_q && todo_now_q.tso) then.given = 1'b0;",
        "pieces_and_frames_of_all_queues_are_as_the_model_says",
        "piece of queue",
    ),
    "a ring that stops is not forgotten": (
        "valid_o <= cut_q && run_i[cut_queue_q];",
        "valid_o <= cut_q;",
        "pieces_and_frames_of_all_queues_are_as_the_model_says",
        "valid_o",
    ),
}


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("queues", [1, 4])
def test_tx_piece(queues: int, test: str) -> None:
    simulate(built(MODULE, Queues=queues), MODULE, "tests.block.test_tx_piece", test, zeros=True)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_tx_piece_mistake_is_found(mistake: str) -> None:
    simulate_mistake(MODULE, "tests.block.test_tx_piece", MISTAKES[mistake], Queues=4)
