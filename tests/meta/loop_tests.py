# SPDX-License-Identifier: Apache-2.0
"""The clock loop and the pump. test_main_loop.py runs each test in a process of its own."""
from __future__ import annotations

import os
import subprocess
from typing import Any

import cocotb
from cocotb.triggers import NextTimeStep, ReadOnly, ReadWrite, RisingEdge, Timer

from pymodel.hw.contexts import Sleep, Until
from tb.pump import ClockLimit, RtlFatal
from tests.meta.copy_host import (
    CLK_PS,
    FATAL,
    HANG,
    SCRATCH,
    Host,
    drive,
)

# -- the loop itself ----------------------------------------------------------------------------------------------


async def wait_until(host: Host, clocks: int) -> None:
    while host.platform.control["clocks"] < clocks:
        await Sleep(400)


async def until_forever() -> None:
    await Until("nothing at all")


@cocotb.test()
async def sees_every_clock_edge(top: Any) -> None:
    """A monitor on another signal than the event line makes the loop stop at every step, while it waits."""
    host = Host()
    seen = 0

    async def monitor() -> None:
        nonlocal seen
        for _ in range(10_000):
            await RisingEdge(top.clk_i)
            seen += 1

    await Timer(1, "us")
    before, steps = host.platform.control["clocks"], host.platform.control["full_steps"]
    task = cocotb.start_soon(monitor())
    await drive(top, host, wait_until(host, before + 20_000))
    assert seen == 10_000
    assert task.done()
    full = host.platform.control["full_steps"] - steps
    # Both edges of both clocks are steps, 2 + 1.25 a clock; after the monitor's end there are none.
    assert 20_000 <= full <= 36_000, full


@cocotb.test()
async def sees_clock_edges_at_their_time(top: Any) -> None:
    await Timer(1, "us")
    await RisingEdge(top.clk_i)
    last = cocotb.utils.get_sim_time("ps")
    for _ in range(100):
        await RisingEdge(top.clk_i)
        now = cocotb.utils.get_sim_time("ps")
        assert now - last == CLK_PS
        last = now


@cocotb.test()
async def next_time_step_and_read_only(top: Any) -> None:
    """NextTimeStep comes at every edge of a clock, ReadWrite and ReadOnly in the step in which they are asked for."""
    await Timer(1000, "ns")
    last = cocotb.utils.get_sim_time("ps")
    assert last == 1_000_000
    edges = {CLK_PS // 2 * i for i in range(2000)} | {3200 * i for i in range(2000)}
    for _ in range(500):
        await NextTimeStep()
        now = cocotb.utils.get_sim_time("ps")
        assert now == min(e for e in edges if e > last), (last, now)
        last = now
        await ReadWrite()
        assert cocotb.utils.get_sim_time("ps") == now
        await ReadOnly()
        assert cocotb.utils.get_sim_time("ps") == now


@cocotb.test()
async def timers_between_edges(top: Any) -> None:
    for ps in (1, 7, 1234, 4000, 123_457):
        before = cocotb.utils.get_sim_time("ps")
        await Timer(ps, "ps")
        assert cocotb.utils.get_sim_time("ps") == before + ps


@cocotb.test()
async def deadlines_are_kept(top: Any) -> None:
    """Without a quantum Python wakes at the first step at or after its deadline; with one, at the next multiple."""
    host = Host()

    async def scenario() -> None:
        await Sleep(100)  # the first edges
        for ns in (1, 3.999, 10, 1000.001, 77):
            due = host.sched.now + round(ns * 1000)
            await Sleep(ns)
            assert due <= host.sched.now < due + CLK_PS // 2
        host.platform.control["quantum"] = 1_000_000
        await Sleep(1)
        for ns in (1, 1000, 1500):
            due = host.sched.now + ns * 1000
            await Sleep(ns)
            assert host.sched.now == -(-due // 1_000_000) * 1_000_000

    await drive(top, host, scenario())


@cocotb.test()
async def clock_limit(top: Any) -> None:
    host = Host()
    try:
        await drive(top, host, until_forever())
    except ClockLimit as exc:
        assert host.platform.control["clocks"] == 5000
        raise AssertionError(f"as it must be: {exc}") from None


@cocotb.test()
async def clock_limit_ignored(top: Any) -> None:
    await Timer(1, "sec")


@cocotb.test()
async def fatal(top: Any) -> None:
    """The exception says which assertion; were it swallowed, the process would fail the run all the same."""
    host = Host()

    async def scenario() -> None:
        host.write(FATAL, 42)
        await Until("nothing at all")

    try:
        await drive(top, host, scenario())
    except RtlFatal as exc:
        assert "copy_regs.sv" in str(exc)
        assert "software asked for it" in str(exc)  # the line of the source
        return
    raise AssertionError("no RtlFatal")


def interrupt_from_outside(times: int = 1) -> None:
    script = "sleep 0.5; kill -INT $0;" + "sleep 0.5; kill -INT $0;" * (times - 1)
    subprocess.Popen(["sh", "-c", script, str(os.getpid())], stdin=subprocess.DEVNULL)


@cocotb.test()
async def interrupt_hung_rtl(top: Any) -> None:
    """Ctrl-C while Python sleeps and the RTL never answers: KeyboardInterrupt in the pump, with the report at hand."""
    host = Host()

    async def scenario() -> None:
        host.write(HANG, 1)
        await host.read(SCRATCH)

    interrupt_from_outside()
    try:
        await drive(top, host, scenario())
    except KeyboardInterrupt:
        report = "\n".join(host.platform.describe())
        assert "MMIO write at 0x20c" in report or "MMIO read at 0x200: not answered" in report, report
        raise AssertionError(f"as it must be: {report}") from None


@cocotb.test()
async def interrupt_busy_python(top: Any) -> None:
    """Ctrl-C while Python runs: Python's own KeyboardInterrupt, at once."""
    interrupt_from_outside()
    try:
        while True:
            pass
    except KeyboardInterrupt:
        raise AssertionError("as it must be") from None


@cocotb.test()
async def interrupt_twice(top: Any) -> None:
    """The second Ctrl-C kills, whatever Python does about the first."""
    interrupt_from_outside(2)
    while True:
        try:
            while True:
                pass
        except KeyboardInterrupt:
            continue
