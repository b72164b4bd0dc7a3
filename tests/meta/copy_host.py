# SPDX-License-Identifier: Apache-2.0
"""A host without a kernel, for the tests of the clock loop and the transactors on tests/meta/copydut."""
from __future__ import annotations

import os
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from pymodel.hw.access import Machine
from pymodel.hw.contexts import Scheduler, Until
from pymodel.hw.memory import DmaFault
from tb.dut import ROOT, load_dut
from tb.pump import pump
from tb.rtl_platform import RtlPlatform

ENGINES = 4
BEAT = 32  # bytes
SCRATCH, IRQ, FATAL, HANG, WAYS_TO_BREAK, NOWHERE = 0x200, 0x204, 0x208, 0x20C, 0x210, 0x300
MSI_BASE = 0xFEE01000
CLK_PS = 4000


class Host:
    """A host without a kernel: what the tests below need of registers, messages and the wire."""

    def __init__(self, *, stalls: bool = True, quantum_ps: int = 0, rate_gbps: float = 10.0) -> None:
        self.seed = int(os.environ["COCOTB_RANDOM_SEED"])
        self.rng = random.Random(self.seed)
        self.platform = RtlPlatform(seed=self.seed, stalls=stalls, rate_gbps=rate_gbps, mmio_width=12)
        if record := os.environ.get("RINGSIDE_RECORD"):
            self.platform.record(record)
        self.sched = Scheduler(1, quantum_ps)
        self.machine = Machine(self.sched, self.platform)
        self.machine.msi_write = self._msi
        self.machine.set_irq_line = lambda line, level, time: self.lines.append((level, time))
        self.platform.attach(self.machine, load_dut(str(ROOT / "tests" / "meta" / "copydut")))
        self.platform.on_fault = self.note_fault
        self.platform.on_rule = lambda rule, what, time: self.rules.append((rule, what))
        self.messages: list[tuple[int, int, int]] = []
        self.lines: list[tuple[bool, int]] = []
        self.faults: list[DmaFault] = []
        self.rules: list[tuple[str, str]] = []
        self.arrived = [Until(f"the message of engine {e}") for e in range(ENGINES)]
        self.mem = self.platform.memory.mem

    def note_fault(self, fault: DmaFault) -> None:
        self.faults.append(fault)

    def _msi(self, addr: int, data: int, time: int) -> None:
        self.messages.append((addr, data, time))
        self.arrived[data & 0xF].set()

    def write(self, addr: int, value: int, size: int = 4) -> None:
        self.platform.mmio_write(addr, value, size, self.sched.now)

    async def read(self, addr: int, size: int = 4) -> int:
        back, values = Until(f"register 0x{addr:x}"), []

        def done(value: int) -> None:
            values.append(value)
            back.set()

        self.platform.mmio_read(addr, size, self.sched.now, done)
        await back
        return values[0]

    def start_copy(
        self, engine: int, src: int, dst: int, beats: int, *, early: bool = False, message: bool = True,
        vector: int | None = None,
    ) -> None:  # fmt: skip
        """Indices in memory; the caller has granted them or means not to. The vector is the engine's own."""
        vector = engine if vector is None else vector
        base = 64 * engine
        for offset, index in ((0, src), (8, dst)):
            bus = index + self.platform.memory.bus_offset
            self.write(base + offset, bus & 0xFFFFFFFF)
            self.write(base + offset + 4, bus >> 32)
        self.write(base + 0x10, beats)
        self.write(0x400 + 16 * engine, MSI_BASE if message else 0)
        self.write(0x408 + 16 * engine, 0x40 + vector)
        self.arrived[vector].clear()
        self.write(base + 0x14, 1 | early << 1)

    async def copy(self, engine: int, src: int, dst: int, beats: int) -> None:
        self.start_copy(engine, src, dst, beats)
        await self.arrived[engine]


Scenario = Callable[[Host], Coroutine[Any, Any, None]]


async def drive(top: Any, host: Host, scenario: Awaitable[None]) -> None:
    coro = host.sched.spawn(scenario)  # type: ignore[arg-type]
    await pump(top.event_line, host.platform, host.sched, lambda: coro.done)
    if coro.exception is not None:
        raise coro.exception
    with open("digest", "w") as out:
        out.write(host.platform.digest())


def no_complaints(host: Host) -> None:
    assert not host.faults and not host.rules, (host.faults, host.rules)
