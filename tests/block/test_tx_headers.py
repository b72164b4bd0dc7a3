# SPDX-License-Identifier: Apache-2.0
"""nic_tx_headers: which bytes of a frame's words are written over, against a model that writes them into the frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import HEADERS, Mistake, Pins, built, simulate_mistake

MODULE = "nic_tx_headers"
MAX_FRAME = 9018
INPUTS = (
    "step_i", "load_i", "csum_i", "csum_at_i", "sum_i", "adjust_i", "tso_i", "headers_i", "ip_sum_i", "ip_adjust_i",
    "word_i",
)  # fmt: skip


def complement(total: int) -> int:
    """The checksum of a sum."""
    return ~(total % 0x10000 + total // 0x10000) & 0xFFFF


def written(case: dict[str, Any]) -> dict[int, int]:
    """What is written at which byte of the frame."""
    h = case["headers"]
    fields: list[tuple[int, int, int]] = []  # at, bytes, value
    if case["csum"]:
        fields.append((case["csum_at"], 2, complement(case["sum"] + case["adjust"]) or 0xFFFF))
    if case["tso"]:
        fields.append((h["l3_off"] + (4 if h["ipv6"] else 2), 2, h["ip_len"]))
        if not h["ipv6"]:
            fields.append((h["l3_off"] + 4, 2, h["ip_id"]))
            fields.append((h["l3_off"] + 10, 2, complement(case["ip_sum"] + case["ip_adjust"])))
        fields += [(h["l4_off"] + 4, 4, h["seq"]), (h["l4_off"] + 13, 1, h["flags"])]
    return {at + i: byte for at, n, value in fields for i, byte in enumerate(value.to_bytes(n, "big"))}


async def frame(pins: Pins, case: dict[str, Any]) -> None:
    """Loads a frame and looks at those of its words that have fields, their neighbours and some others."""
    pins.drive(
        step_i=1, load_i=1, csum_i=case["csum"], csum_at_i=case["csum_at"], sum_i=case["sum"], adjust_i=case["adjust"],
        tso_i=case["tso"], headers_i=HEADERS.pack(case["headers"]), ip_sum_i=case["ip_sum"],
        ip_adjust_i=case["ip_adjust"], word_i=0,
    )  # fmt: skip
    bytes_ = len(pins.dut.be_o)
    fields = written(case)
    near = {at // bytes_ + d for at in fields for d in (-1, 0, 1)} | {0, MAX_FRAME // bytes_}
    words = [w for w in near if 0 <= w <= MAX_FRAME // bytes_]
    words += [pins.rng.randrange(MAX_FRAME // bytes_) for _ in range(3)]
    for word in sorted(set(words)):
        if word:
            pins.drive(word_i=word, step_i=1, load_i=0)
        await pins.tick()
        for name in INPUTS:  # the frame is known by now
            pins.drive(**{name: pins.rng.getrandbits(len(getattr(pins.dut, name)))})
        pins.drive(step_i=0)
        await pins.settle()
        here = {at - word * bytes_: byte for at, byte in fields.items() if at // bytes_ == word}
        be, data = sum(1 << at for at in here), sum(byte << 8 * at for at, byte in here.items())
        got_be, got = pins.read("be_o"), pins.read("data_o")
        assert got_be == be, f"word {word}: bytes {got_be:#b}, not {be:#b}: {case}"
        assert got == data, f"word {word}: {got:#x}, not {data:#x}: {case}"
        assert pins.read("any_o") == bool(fields)
        await pins.tick()


def random_case(pins: Pins) -> dict[str, Any]:
    """A frame of a TSO, or one with a checksum anywhere, or none."""
    rng = pins.rng
    sums = {name: rng.choice((0, 0xFFFF, rng.getrandbits(16))) for name in ("sum", "adjust", "ip_sum", "ip_adjust")}
    headers = {name: rng.getrandbits(16) for name in ("ip_len", "ip_id")}
    headers |= {"ipv6": rng.getrandbits(1), "flags": rng.getrandbits(8), "seq": rng.getrandbits(32)}
    headers["l3_off"] = rng.choice((14, 18, 22, rng.randrange(176)))
    headers["l4_off"] = rng.randint(headers["l3_off"] + (40 if headers["ipv6"] else 20), 235)
    tso = rng.random() < 0.6
    at = headers["l4_off"] + 16 if tso else rng.choice((rng.randrange(200), rng.randrange(MAX_FRAME - 1)))
    return {"csum": tso or rng.random() < 0.7, "csum_at": at, "tso": tso, "headers": headers, **sums}


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def fields_of_random_frames_are_where_they_belong(dut: Any) -> None:
    pins = await Pins.start(dut, **dict.fromkeys(INPUTS, 0))
    for _ in range(250):
        await frame(pins, random_case(pins))


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def checksum_may_be_in_any_two_bytes(dut: Any) -> None:
    """The first and the last of a frame, all of a word, and where it lies in two words."""
    pins = await Pins.start(dut, **dict.fromkeys(INPUTS, 0))
    places = [*range(2 * len(dut.be_o) + 2), 127, 128, 255, 256, 511, 512, 4095, 8191, MAX_FRAME - 2]
    for at in places:
        sums = {"sum": 0x1234, "adjust": 0, "ip_sum": 0, "ip_adjust": 0}
        await frame(pins, {"csum": 1, "csum_at": at, "tso": 0, "headers": {}, **sums})


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def checksum_is_never_zero_an_ipv4_headers_may_be(dut: Any) -> None:
    """Sums with and without carry; a UDP checksum of 0 would mean that there is none."""
    pins = await Pins.start(dut, **dict.fromkeys(INPUTS, 0))
    edges = (0, 1, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
    headers = {"l3_off": 14, "l4_off": 34, "ip_len": 0x0102, "ip_id": 0x0304, "seq": 0x05060708, "flags": 9}
    for one in edges:
        for two in edges:
            sums = {"sum": one, "adjust": two, "ip_sum": one, "ip_adjust": two}
            for ipv6 in (0, 1):
                here = headers | {"ipv6": ipv6, "l4_off": 54 if ipv6 else 34}
                await frame(pins, {"csum": 1, "csum_at": here["l4_off"] + 16, "tso": 1, "headers": here, **sums})


# What the tests must find.
MISTAKES: dict[str, Mistake] = {
    "a checksum of 0 stays": (
        "check   = (check == '0) ? '1 : swapped(check);",
        "check   = swapped(check);",
        "checksum_is_never_zero_an_ipv4_headers_may_be",
        "word ",
    ),
    "the second byte is in the first one's word": (
        "({Bytes{begun_q[f]}} & both[2*Bytes-1:Bytes])",
        "({Bytes{here_q[f]}} & both[2*Bytes-1:Bytes])",
        "checksum_may_be_in_any_two_bytes",
        "word ",
    ),
    "IPv6 gets an identification": (
        "{2{tso_i && !headers_i.ipv6}}",
        "tso_i && !headers_i.ipv6, tso_i",
        "fields_of_random_frames_are_where_they_belong",
        "word ",
    ),
    "offsets of seven bits": (
        "sum = 9'(header) + 9'(offset);",
        "sum = 9'(header[6:0]) + 9'(offset);",
        "fields_of_random_frames_are_where_they_belong",
        "word ",
    ),
}


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("width", [64, 512])
def test_tx_headers(width: int, test: str) -> None:
    simulate(built(MODULE, DataWidth=width), MODULE, "tests.block.test_tx_headers", test)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_tx_headers_mistake_is_found(mistake: str) -> None:
    simulate_mistake(MODULE, "tests.block.test_tx_headers", MISTAKES[mistake], DataWidth=64)
