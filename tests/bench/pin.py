# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the yardstick (pin_level.py) the way cocotb's own documentation has it: its runner, its main,
its clock.

The compiler's options are the same as for Ringside's own build, so that only the method differs. Branches are not
marked (tb/branches.py), as cocotb's runner has no place for it: evaluating the RTL is 5% of its time.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cocotb_tools.runner import Runner, get_runner

from tb.build import BuildError, build_root, make_variables, parameters_of, rtl_arguments, verilator
from tb.dut import ROOT, Dut

__all__ = ["PinBuild", "build_pin_level", "run_pin_level"]

PinBuild = tuple[Runner, Path]


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    old = {k: os.environ.get(k) for k in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for k, v in old.items():
            if v is None:
                os.environ.pop(k, None)
            else:
                os.environ[k] = v


def build_pin_level(dut: Dut, queues: int, width: int) -> PinBuild:
    """A simulator of the device's wrapper alone. Raises BuildError."""
    command, env, _ = verilator()
    folder = build_root() / f"bench-pin-{dut.name}-q{queues}-d{width}"
    folder.mkdir(parents=True, exist_ok=True)
    params = parameters_of(dut, queues, width)
    tool = Path(command[0])
    if tool.name != "verilator":  # the runner looks for that name on PATH
        tool = folder / "bin" / "verilator"
        tool.parent.mkdir(exist_ok=True)
        tool.unlink(missing_ok=True)
        tool.symlink_to(command[0])
    runner = get_runner("verilator")
    flags = " ".join(v.replace(" ", "\\ ") for v in make_variables("fast"))
    with _environment(**dict(env), PATH=f"{tool.parent}:{os.environ['PATH']}", MAKEFLAGS=flags):
        try:
            runner.build(
                hdl_toplevel="dut_wrapper",
                build_dir=folder / "obj",
                build_args=["-O3", "--no-timing", "-Wno-fatal", "--timescale", "1ps/1ps", *rtl_arguments(dut)],
                parameters=dict(params),
                log_file=folder / "build.log",
            )
        except (SystemExit, RuntimeError, OSError) as exc:
            raise BuildError(f"the pin-level build failed: {exc}; log: {folder / 'build.log'}") from exc
    return runner, folder


def run_pin_level(built: PinBuild, size: int, count: int) -> dict[str, Any]:
    """CPU seconds for ``count`` round trips of ``size`` bytes. Raises RuntimeError when the bench itself fails."""
    runner, folder = built
    out = folder / "result.json"
    out.unlink(missing_ok=True)
    env = {
        "PIN_SIZE": str(size), "PIN_COUNT": str(count), "PIN_OUT": str(out), "PYTHONPATH": str(ROOT),
        "COCOTB_LOG_LEVEL": "ERROR", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COCOTB_REWRITE_ASSERTION_FILES": "",
    }  # fmt: skip
    log = folder / "run.log"
    with contextlib.suppress(SystemExit):
        runner.test(
            test_module="tests.bench.pin_level", hdl_toplevel="dut_wrapper", hdl_toplevel_lang="verilog",
            build_dir=folder / "obj",
            test_dir=folder, extra_env=env, log_file=log,
        )  # fmt: skip
    if not out.is_file():
        raise RuntimeError(f"the pin-level run failed: see {log}")
    figures: dict[str, Any] = json.loads(out.read_text())
    return figures
