# SPDX-License-Identifier: Apache-2.0
"""nic_rx_untag: frames with their outer tag taken out, at every length from 18 bytes on, and untouched ones between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.rx_bench import Mistake, beats_of, built, simulate_mistake
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Pins

MODULE = "nic_rx_untag"


async def passes(pins: Pins, frame: bytes, strip: bool) -> None:
    """Send a frame: it comes out, or without its tag and four bytes late; the tag is told with the last beat."""
    width = len(pins.dut.data_i) // 8
    out = bytearray()
    beats = beats_of(frame, width)
    for n, (data, _) in enumerate(beats):
        while pins.rng.random() < 0.2:
            pins.drive(valid_i=0, first_i=pins.rng.getrandbits(1), second_i=0, data_i=pins.rng.getrandbits(8 * width))
            await pins.tick()
        pins.drive(valid_i=1, first_i=n == 0, second_i=n == 1, strip_i=strip, data_i=data)
        await pins.settle()
        out += pins.read("data_o").to_bytes(width, "little")
        if n == len(beats) - 1:
            vlan = pins.read("vlan_o")
            want = 1 << 16 | int.from_bytes(frame[14:16], "big") if strip else 0
            assert vlan == want, f"tag {vlan:#x} of {len(frame)} bytes, not {want:#x}"
        await pins.tick()
    kept, at = (frame[:12] + frame[16:], 4) if strip else (frame, 0)
    got = bytes(out[at : at + len(kept)])
    assert got == kept, f"frame of {len(frame)} bytes, strip {strip}: {got.hex()}, not {kept.hex()}"


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def every_length_with_and_without(dut: Any) -> None:
    """18 to 200 bytes, the tag taken out or not."""
    pins = await Pins.start(dut, valid_i=0, first_i=0, second_i=0, strip_i=0, data_i=0)
    for size in range(18, 200):
        for strip in (True, False):
            await passes(pins, pins.rng.randbytes(size), strip)


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def random_frames_mixed(dut: Any) -> None:
    """In any order; nothing of a frame's tag or addresses is left for the next."""
    pins = await Pins.start(dut, valid_i=0, first_i=0, second_i=0, strip_i=0, data_i=0)
    for _ in range(300):
        await passes(pins, pins.rng.randbytes(pins.rng.randrange(18, 150)), pins.rng.random() < 0.5)


MISTAKES: dict[str, Mistake] = {
    "the tag's bytes are swapped": (
        "nic_rx_untag.sv", "{data_i[55:48], data_i[63:56]}", "data_i[63:48]", "every_length_with_and_without", "tag ",
    ),
    "the addresses' end is not moved": (
        "nic_rx_untag.sv", "if (strip_i && second_i) data_o = {data_i[31:0], carry_q};",
        "if (strip_i && second_i) data_o = {data_i[63:32], carry_q};", "every_length_with_and_without", "frame of ",
    ),
    "a frame that keeps its tag tells it": (
        "nic_rx_untag.sv", "    assign vlan_o.tci = strip_i ? tci_q : '0;", "    assign vlan_o.tci = tci_q;",
        "random_frames_mixed", "tag ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("width", [64, 128, 512])
def test_rx_untag(width: int, test: str) -> None:
    simulate(built(MODULE, DataWidth=width), MODULE, "tests.block.test_rx_untag", test)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_rx_untag_mistake_is_found(mistake: str) -> None:
    simulate_mistake(MODULE, "tests.block.test_rx_untag", MISTAKES[mistake], DataWidth=64)
