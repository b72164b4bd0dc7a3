# SPDX-License-Identifier: Apache-2.0
"""The interrupt block with rings, MSI-X table and model around it: what its tests share."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cocotb.triggers import ReadOnly, RisingEdge

from pymodel.drivers.nic import nic_hw as hw
from tests.block.csr_bench import SOURCES, TOP, Bench, Ring, blocks
from tests.block.irq_model import IrqModel, MsixSink
from tests.block.simulate import ROOT, SimulationFailed, build, simulate

__all__ = ["SETTLE", "IrqBench", "Mistake", "simulate_mistake"]

# File, the line as it is, the mistake, the test that fails, and what it says then.
Mistake = tuple[str, str, str, str, str]

# The most clocks from a completion, or from the pin write of an AXI4-Lite request, to an MSI-X's arrival with a sink
# that takes it at once.
SETTLE = 16


class IrqBench(Bench):
    """All rings active, MSI-X table filled and unmasked, all vectors armed at 0."""

    model: IrqModel
    sink: MsixSink

    @classmethod
    async def start(cls, dut: Any) -> IrqBench:
        bench = await super().start(dut)
        assert isinstance(bench, IrqBench)
        bench.model = IrqModel(bench)
        bench.sink = MsixSink(bench, lambda: 0)
        for ring in (*bench.tx, *bench.rx):
            ring.active = 1
        bench.show()
        for v in range(bench.queues + 1):
            await bench.write(hw.msix(v) + hw.MSIX_ADDR_LO, 0xFEE00000 + 0x100 * v)
            await bench.write(hw.msix(v) + hw.MSIX_ADDR_HI, 0x11 + v)
            await bench.write(hw.msix(v) + hw.MSIX_DATA, 0x4000 + v)
            await bench.write(hw.msix(v) + hw.MSIX_VECTOR_CTRL, 0)
        for q in range(bench.queues):
            await bench.arm(q, 0, 0)
        return bench

    async def arm(self, v: int, tx: int, rx: int) -> None:
        await self.write(hw.qp(v) + hw.QP_IRQ_ARM, (tx & 0xFFFF) << 16 | rx & 0xFFFF)

    async def seen(self, v: int, tx: int, rx: int) -> None:
        await self.write(hw.qp(v) + hw.QP_IRQ_SEEN, (tx & 0xFFFF) << 16 | rx & 0xFFFF)

    async def route(self, q: int, tx: int, rx: int) -> None:
        """The vectors of a queue pair's rings."""
        await self.write(hw.qp(q) + hw.QP_IRQ_VECTOR, tx << 8 | rx)

    async def link(self, up: int) -> None:
        self.dut.link_i.value = up
        await self.clocks(3)

    async def error(self) -> None:
        """The datapath halts a ring, for what IRQ_CAUSE knows of it."""
        await self.error_after(0)

    async def error_after(self, clocks: int) -> None:
        await self.clocks(1 + clocks)
        self.dut.error_i.value = 1
        await self.clocks(1)
        self.dut.error_i.value = 0

    async def mask(self, v: int, masked: int, auto_mask: int = 1) -> None:
        await self.write(hw.qp(v) + hw.QP_IRQ_MASK, masked | auto_mask << 1)

    async def moderate(self, v: int, *, tx: tuple[int, int] = (0, 0), rx: tuple[int, int] = (0, 0)) -> None:
        """Limits of (usecs, frames)."""
        await self.write(hw.qp(v) + hw.QP_IRQ_TX_MOD, tx[1] << 16 | tx[0])
        await self.write(hw.qp(v) + hw.QP_IRQ_RX_MOD, rx[1] << 16 | rx[0])

    async def told_after(self, limit: int) -> int:
        """The clocks until a message is handed over, which must be within `limit`."""
        for clock in range(limit):
            await ReadOnly()
            if int(self.dut.msix_valid_o.value):
                await self.clocks(SETTLE)
                return clock
            await RisingEdge(self.dut.clk_i)
        raise AssertionError(f"no MSI-X within {limit} clocks")

    def complete(self, ring: Ring, records: int = 1, frames: int | None = None) -> None:
        ring.cq_head = ring.cq_head + records & 0xFFFF
        ring.cq_frames = ring.cq_frames + (records if frames is None else frames) & 0x3FF
        self.show()

    async def complete_after(self, clocks: int, ring: Ring) -> None:
        """A completion that many clocks from now."""
        for _ in range(clocks):
            await RisingEdge(self.dut.clk_i)
        self.complete(ring)

    async def arrived(self) -> list[int]:
        """The vectors of the MSI-X that arrived since the last call, once all is quiet."""
        await self.clocks(SETTLE)
        return self.sink.take()


def simulate_mistake(module: str, what: str, mistake: Mistake) -> None:
    """Make the mistake in a copy of the RTL: its test must fail with what is said."""
    name, line, wrong, test, says = mistake
    label = "mistake_" + re.sub(r"\W+", "_", what)
    directory = ROOT / "build" / "block" / f"{label}_rtl"
    directory.mkdir(parents=True, exist_ok=True)
    sources = []
    for source in SOURCES:
        if source.name == name:
            text = source.read_text()
            assert text.count(line) == 1, f"{name} no longer has the line that this test changes"
            source = directory / name
            source.write_text(text.replace(line, wrong))
        sources.append(source)
    built = build(label, TOP, sources, {"Queues": 4}, base=blocks(4))
    with pytest.raises(SimulationFailed, match=re.escape(says)):
        simulate(built, TOP, module, test)
