# SPDX-License-Identifier: Apache-2.0
"""The one cocotb coroutine of a run: sleeps on the event line, hands events to the model, runs what is due."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from pymodel.hw.contexts import Scheduler
from pymodel.hw.errors import CheckError
from tb.rtl_platform import RtlPlatform

__all__ = ["ClockLimit", "RtlFatal", "pump"]

_EVENT = struct.Struct("<IIQQQ")  # kind, a, b, c, time: Event in tb/native/sim.h
_NEVER = (1 << 64) - 1

# EventKind in tb/native/sim.h
_MMIO_READ, _MMIO_ERROR, _FAULT, _MSI, _IRQ_LINE = 2, 3, 4, 5, 6
_WIRE_FRAME, _WIRE_TAKEN, _WIRE_DROPPED, _RULE = 7, 8, 9, 10
_CLOCK_LIMIT, _INTERRUPT, _FATAL, _BUS_RULE = 12, 13, 14, 15


class ClockLimit(CheckError):
    """The run took more clocks than it was allowed to."""

    def __init__(self, clocks: int, where: str) -> None:
        super().__init__("CLOCKS", f"the run was not over after {clocks} clocks", where)


class RtlFatal(CheckError):
    """$fatal, or an assertion of the RTL has failed: the message has the line of its source. The model stands still."""

    def __init__(self, message: str) -> None:
        super().__init__("RTL", message + _source_line(message), "the assertion's own words are in the log")


def _source_line(message: str) -> str:
    """The text of the line that ``file:line: ...`` names, which names the assertion; empty if it is not there."""
    place = re.match(r"(.+?):(\d+): ", message)
    try:
        lines = Path(place[1]).read_text(errors="replace").splitlines() if place else []
    except OSError:
        lines = []
    number = int(place[2]) if place else 0
    return f": {lines[number - 1].strip()}" if 1 <= number <= len(lines) else ""


async def pump(line: Any, platform: RtlPlatform, sched: Scheduler, done: Callable[[], bool]) -> None:
    """Drive ``sched`` from the simulator until ``done()``. ``line`` is the handle of ``tb_top.event_line``.

    Raises what the model raises; ClockLimit; RtlFatal; KeyboardInterrupt for Ctrl-C, however deep the RTL is in a loop.
    """
    words = platform.control.words
    index = platform.control.index
    i_now, i_deadline, i_events, i_arena = (index[n] for n in ("now", "deadline", "events", "arena"))
    events, arena, reads = platform.events, platform.arena, platform.reads
    iter_unpack, size = _EVENT.iter_unpack, _EVENT.size
    run_due, next_deadline, call_at = sched.run_due, sched.next_deadline, sched.call_at
    changed = line.value_change
    msi = platform.msi
    now = words[i_now]
    profile = platform.profiling
    began = woke = perf_counter_ns()
    while True:
        run_due(now)
        if done():
            return
        deadline = next_deadline()
        words[i_deadline] = _NEVER if deadline is None else deadline
        if profile:
            asleep = perf_counter_ns()
            platform.model_ns += asleep - woke
            platform.total_ns = asleep - began
        await changed
        if profile:
            woke = perf_counter_ns()
        sched.now = now = words[i_now]
        n = words[i_events]
        if not n:
            continue
        batch = events[: n * size]
        words[i_events] = 0
        for kind, a, b, c, time in iter_unpack(batch):
            if kind == _WIRE_FRAME:
                handler = platform.on_wire_frame
                if handler is not None:
                    handler(arena[b : b + a], time)
            elif kind == _WIRE_TAKEN:
                taken = platform.on_wire_taken
                if taken is not None:
                    taken(b, time)
            elif kind == _MSI:
                msi(a, b, time)
            elif kind == _MMIO_READ:
                done_read = reads.pop(a)
                if c & 0xFF:
                    platform.mmio_error(c & 0xFF, c >> 8, False, time)
                call_at(time, done_read, b)
            else:
                _rare(platform, kind, a, b, c, time)
        words[i_arena] = 0


def _rare(platform: RtlPlatform, kind: int, a: int, b: int, c: int, time: int) -> None:
    if kind == _IRQ_LINE:
        machine = platform.machine
        if machine is None or machine.set_irq_line is None:
            raise RuntimeError("the device's interrupt line changed, and there is no interrupt layer")
        machine.set_irq_line(0, bool(a), time)
    elif kind == _FAULT:
        platform.fault(a, b, c, time)
    elif kind == _RULE:
        platform.rule(a, b, c, time)
    elif kind == _BUS_RULE:
        platform.bus_rule(platform.arena[b : b + a], time)
    elif kind == _MMIO_ERROR:
        platform.mmio_error(a, b, True, time)
    elif kind == _WIRE_DROPPED:
        if platform.on_wire_dropped is not None:
            platform.on_wire_dropped(b, time)
    elif kind == _CLOCK_LIMIT:
        raise ClockLimit(b, "; ".join(platform.describe()))
    elif kind == _FATAL:
        raise RtlFatal(platform.fatal_message())
    elif kind == _INTERRUPT:
        raise KeyboardInterrupt
