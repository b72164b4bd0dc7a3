# SPDX-License-Identifier: Apache-2.0
"""Modules of rtl/tx at their pins, one at a time: what their tests share."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cocotb
import pytest
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly, Timer

from tests.block.simulate import ROOT, SimulationFailed, build, simulate

__all__ = [
    "DESC", "EDIT", "FRAME", "HEADERS", "Layout", "Mistake", "Pins", "built", "ones_sum", "simulate_mistake",
]  # fmt: skip

_RTL = ROOT / "rtl"
_PACKAGES = [_RTL / "nic.vlt", _RTL / "regs/nic_regs_pkg.sv", _RTL / "nic_pkg.sv", _RTL / "dma/nic_dma_pkg.sv"]

# The line as it is, the mistake, the test that fails, and what it says then.
Mistake = tuple[str, str, str, str]


class Layout:
    """A packed struct: members with their widths, the most significant first; a member may be a struct."""

    def __init__(self, **members: int | Layout) -> None:
        self.members = members
        self.width: int = sum(m if isinstance(m, int) else m.width for m in members.values())

    def pack(self, values: Mapping[str, Any]) -> int:
        """The struct's value; members that are not named are 0."""
        assert set(values) <= set(self.members), values
        result = 0
        for name, member in self.members.items():
            width = member if isinstance(member, int) else member.width
            value = values.get(name, 0)
            bits = value if isinstance(member, int) else member.pack(value or {})
            assert 0 <= bits < 1 << width, (name, value)
            result = result << width | bits
        return result

    def unpack(self, value: int) -> dict[str, Any]:
        """The members' values."""
        at = self.width
        result: dict[str, Any] = {}
        for name, member in self.members.items():
            width = member if isinstance(member, int) else member.width
            at -= width
            bits = value >> at & (1 << width) - 1
            result[name] = bits if isinstance(member, int) else member.unpack(bits)
        return result


# nic_dma_pkg: desc_t, tx_headers_t, tx_edit_t, tx_frame_t.
DESC = Layout(rsvd=32, kind=4, more=11, eop=1, len=16, addr=64)
HEADERS = Layout(ipv6=1, l3_off=8, l4_off=8, ip_len=16, ip_id=16, seq=32, flags=8)
EDIT = Layout(vlan=1, tci=16, csum=1, csum_at=14)
FRAME = Layout(tso=1, part=1, headers=HEADERS, adjust=16, ip_adjust=16, edit=EDIT, csum_odd=1, last=16, word=12, len=14)


def ones_sum(data: bytes) -> int:
    """The ones' complement sum of 16-bit words, the first byte of each the upper; 0 only if all bytes are."""
    data += bytes(len(data) % 2)
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    return total and (total - 1) % 0xFFFF + 1


class Pins:
    """A module with its clock: pins are driven by name, and read as they are when the clock comes."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.clock = 0

    @classmethod
    async def start(cls, dut: Any, **pins: int) -> Pins:
        """The module after reset, if it has one, with its inputs at these values."""
        bench = cls(dut)
        resets = {"rst_ni": 0} if hasattr(dut, "rst_ni") else {}
        bench.drive(clk_i=0, **pins, **resets)
        await Timer(1, "ns")
        cocotb.start_soon(Clock(dut.clk_i, 4000, unit="ps").start())
        await FallingEdge(dut.clk_i)
        if resets:
            for _ in range(4):
                await FallingEdge(dut.clk_i)
            dut.rst_ni.value = 1
        return bench

    def drive(self, **pins: int) -> None:
        for name, value in pins.items():
            getattr(self.dut, name).value = value

    async def settle(self) -> None:
        """Until outputs follow what was driven; nothing may be driven then before the next clock."""
        await ReadOnly()

    def read(self, name: str) -> int:
        return int(getattr(self.dut, name).value)

    async def tick(self) -> None:
        """One clock."""
        await FallingEdge(self.dut.clk_i)
        self.clock += 1


def _sources(module: str) -> list[Path]:
    """The module's file behind those of all modules that it has in it."""
    path = next(_RTL.rglob(f"{module}.sv"))
    below = dict.fromkeys(re.findall(r"^  (nic_\w+) #\(", path.read_text(), re.MULTILINE))
    return [*dict.fromkeys(source for name in below for source in _sources(name)), path]


def built(module: str, edits: Mapping[str, str] | None = None, **parameters: int) -> Path:
    """The module, built; `edits` changes lines of its own file in a copy."""
    label = "_".join([module, *(f"{name.lower()}{value}" for name, value in parameters.items())])
    sources = _sources(module)
    base = None
    if edits:
        base = built(module, **parameters)
        text = sources[-1].read_text()
        for old, new in edits.items():
            assert text.count(old) == 1, f"{module} no longer has the line that this test changes: {old}"
            text = text.replace(old, new)
        label += f"_mistake_{hashlib.sha256(repr(edits).encode()).hexdigest()[:8]}"
        folder = ROOT / "build" / "block" / f"{label}_rtl"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / sources[-1].name).write_text(text)
        sources[-1] = folder / sources[-1].name
    return build(label, module, [*_PACKAGES, *sources], parameters, base=base)


def simulate_mistake(module: str, test_module: str, mistake: Mistake, **parameters: int) -> None:
    """Make the mistake in a copy of the module: its test must fail with what is said."""
    line, wrong, test, says = mistake
    with pytest.raises(SimulationFailed, match=re.escape(says)):
        simulate(built(module, {line: wrong}, **parameters), module, test_module, test, zeros=True)
