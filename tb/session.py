# SPDX-License-Identifier: Apache-2.0
"""Runs one configuration, on a soft NIC in this process or on RTL in a simulator process, and says how it went."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import set_machine
from tb.config import Config
from tb.dut import load_dut

if TYPE_CHECKING:
    from tb.env import Env

__all__ = ["RunResult", "repeat_line", "run", "run_soft"]


@dataclass(slots=True)
class RunResult:
    """How a run went. ``message`` names the broken rule; ``values`` are the figures of :meth:`tb.env.Env.main`;
    ``wall`` is in seconds."""

    config: Config
    passed: bool
    message: str = ""
    details: str = ""  # traceback or simulator output, for whoever digs deeper
    values: dict[str, Any] = field(default_factory=dict)
    wall: float = 0.0
    waves: str = ""
    log: str = ""


def repeat_line(name: str, config: Config) -> str:
    """The command that repeats a test of this configuration, waves on."""
    shape = "".join(
        f" {word}={value}" for word, value in (("QUEUES", config.queues), ("DATA_WIDTH", config.data_width)) if value
    )
    return f"make test T='{name}'{shape} SEED={config.seed} WAVES=1"


def run(config: Config) -> RunResult:
    """Run ``config``; raises only for what is wrong with the configuration or the machine it runs on."""
    from tb.env import load_scenario

    config.validate()
    load_dut(config.dut).check_loads(config.backend)
    load_scenario(config.scenario)
    if config.backend == "soft":
        return run_soft(config)
    from tb import runner

    return runner.run(config)


def run_soft(config: Config, prepare: Callable[[Env], object] | None = None) -> RunResult:
    """Run ``config`` on the soft NIC, here. ``prepare(env)`` may change the environment first: to break something
    on purpose.
    """
    from pymodel import linux
    from pymodel.hw.memory import DmaFault
    from pymodel.hw.soft import SoftPlatform
    from tb.env import Env, load_scenario

    began = time.monotonic()
    dut = load_dut(config.dut)
    scenario = load_scenario(config.scenario)
    platform = SoftPlatform(
        dut.load("soft"), seed=config.seed, rate_gbps=config.rate_gbps, stalls=config.stalls, queues=config.queues
    )
    env = Env(replace(config), platform, dut)
    if prepare is not None:
        prepare(env)
    coro = env.sched.spawn(env.main(scenario))
    message = details = ""
    try:
        platform.run(env.sched, lambda: coro.done, max_ps=round(config.max_us * 1e6) or None)
    except KeyboardInterrupt:
        message = "interrupted: " + env.watchdog.report()
    except Exception as exc:
        error = linux.dma_fault_error(exc) if isinstance(exc, DmaFault) else None
        message = str(error or exc) or repr(exc)
        details = traceback.format_exc()
    finally:
        coro.cancel()
        set_machine(None)
    return RunResult(config, not message, message, details, env.result, time.monotonic() - began)
