# SPDX-License-Identifier: Apache-2.0
"""What cocotb loads in the simulator: builds the environment from the configuration and runs its scenario.

The outcome goes to a JSON file (``RINGSIDE_RESULT``) for ``tb/runner.py``, and to cocotb's own results as pass or fail.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import traceback
from pathlib import Path
from typing import Any

import cocotb

from pymodel.hw.contexts import Coro
from tb.config import Config
from tb.dut import load_dut
from tb.env import Env, load_scenario
from tb.pump import pump
from tb.rtl_platform import RtlPlatform

__all__ = ["ringside"]


@cocotb.test()
async def ringside(top: Any) -> None:
    """One scenario, one simulator process."""
    config = Config.from_json(os.environ["RINGSIDE_CONFIG"])
    outcome: dict[str, Any] = {"message": "", "details": "", "values": {}}
    env: Env | None = None
    coro: Coro | None = None
    try:
        dut = load_dut(config.dut)
        scenario = load_scenario(config.scenario)
        platform = RtlPlatform(
            seed=config.seed,
            stalls=config.stalls,
            rate_gbps=config.rate_gbps,
            mmio_width=int(os.environ["RINGSIDE_MMIO_WIDTH"]),
        )
        if record := os.environ.get("RINGSIDE_RECORD"):
            platform.record(record)
        if os.environ.get("RINGSIDE_PROFILE"):
            platform.profile()
        env = Env(config, platform, dut)
        # A run makes few reference cycles and many objects: let the collector look at the young ones, rarely.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 1000)
        coro = env.sched.spawn(env.main(scenario))
        await pump(top.event_line, platform, env.sched, lambda: coro.done)
    except KeyboardInterrupt:
        outcome["message"] = "interrupted"
        with contextlib.suppress(Exception):  # the report must not hide that it was Ctrl-C
            outcome["message"] += f": {env.watchdog.report()}" if env is not None else ""
    except Exception as exc:
        outcome["message"] = str(exc) or repr(exc)
        outcome["details"] = traceback.format_exc()
    if coro is not None:
        coro.cancel()  # its `finally` clauses run: nothing half-written stays
    if env is not None:
        outcome["values"] = env.result
    outcome["passed"] = not outcome["message"]
    if path := os.environ.get("RINGSIDE_RESULT"):
        Path(path).write_text(json.dumps(outcome, default=str))
    assert outcome["passed"], f"{outcome['message']}\n{outcome['details']}"
