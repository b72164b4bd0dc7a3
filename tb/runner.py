# SPDX-License-Identifier: Apache-2.0
"""Runs simulations: the one description of how a simulator process is started, watched and judged.

    python -m tb.runner build --dut nic --kind debug
    python -m tb.runner run --dut tinynic --scenario tests.scenarios.traffic:both_ways --seed 3 --waves

What a simulation leaves behind is in its run folder: ``sim.log``, ``result.json``, ``results.xml`` (cocotb's) and
``waves.fst``.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tb.build import KINDS, Build, BuildError, build, build_root, make_folder, parameters_of
from tb.config import Config, ConfigError
from tb.dut import ROOT, load_dut
from tb.session import RunResult

__all__ = ["Outcome", "main", "run", "simulate"]

_LOG_ERRORS = re.compile(r"%(?:Error|Fatal)|Assertion failed|ringside: ")


@dataclass(slots=True)
class Outcome:
    """How a simulator process ended. ``failures`` are cocotb's, by test; ``exit_code`` is negative for a signal."""

    passed: bool
    exit_code: int
    folder: Path
    wall: float
    failures: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)  # lines of the log that the RTL or the native side meant as errors
    result: dict[str, Any] = field(default_factory=dict)  # what tb/cocotb_entry.py wrote
    waves: str = ""

    @property
    def log(self) -> Path:
        return self.folder / "sim.log"


@functools.cache
def _python_env() -> dict[str, str]:
    """What cocotb's libraries need to find Python in the simulator's process."""
    import cocotb_tools.config
    import find_libpython

    libpython = find_libpython.find_libpython()
    if libpython is None:
        raise BuildError("Python's shared library is missing: the simulator loads it (Debian: libpython3-dev)")
    return {
        "GPI_USERS": f"{libpython};{cocotb_tools.config.pygpi_entry_point()}",
        "PYGPI_PYTHON_BIN": sys.executable,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        "TOPLEVEL_LANG": "verilog",
        "COCOTB_TOPLEVEL": "tb_top",
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "COCOTB_ANSI_OUTPUT": "0",
        "COCOTB_REWRITE_ASSERTION_FILES": "",  # pytest stays out of the simulator
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # installed pytest plugins would cost each simulation up to 2 s
        "RINGSIDE_DIE_WITH_PARENT": "1",
    }


def simulate(
    built: Build,
    module: str,
    folder: Path,
    *,
    seed: int = 1,
    test: str = "",
    waves: bool = False,
    max_clocks: int = 0,
    wall_limit: float = 3600,
    env: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
) -> Outcome:
    """Run the cocotb tests of ``module`` on a build, in ``folder``, and wait for the end.

    ``test`` names one of them. ``waves`` needs a debug build. ``max_clocks`` ends the run (0: no limit), ``wall_limit``
    (seconds) kills it. Ctrl-C goes to the simulation once, which then reports and ends; the next one kills it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    results, result = folder / "results.xml", folder / "result.json"
    fst = folder / "waves.fst"
    command = [
        str(built.executable),
        f"+ringside_seed={seed}",
        f"+ringside_clk_ps={built.dut.clocks.get('clk', 4000)}",
        f"+ringside_mac_ps={built.dut.clocks.get('mac_clk', 0)}",
        f"+verilator+seed+{seed % 0x7FFFFFFF + 1}",
        "+verilator+rand+reset+2",
        *([f"+ringside_max_clocks={max_clocks}"] if max_clocks else []),
        *(["--trace-file", str(fst)] if waves else []),
        *args,
    ]
    process_env = {
        **os.environ,
        **_python_env(),
        "COCOTB_TEST_MODULES": module,
        "COCOTB_RESULTS_FILE": str(results),
        "COCOTB_RANDOM_SEED": str(seed),
        "COCOTB_LOG_LEVEL": os.environ.get("COCOTB_LOG_LEVEL", "WARNING"),
        "RINGSIDE_RESULT": str(result),
        "RINGSIDE_MMIO_WIDTH": str(built.params.get("MmioAddrWidth", 32)),
        **({"COCOTB_TEST_FILTER": rf"\.{re.escape(test)}$"} if test else {}),
        **(env or {}),
    }
    began = time.monotonic()
    with (folder / "sim.log").open("w") as log:
        # A session of its own: a terminal's Ctrl-C reaches this process only, which passes it on.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=process_env,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        interrupted, timed_out = _wait(process, began + wall_limit)
    outcome = Outcome(False, process.returncode, folder, time.monotonic() - began, waves=str(fst) if waves else "")
    text = outcome.log.read_text(errors="replace")
    outcome.errors = [line for line in text.splitlines() if _LOG_ERRORS.search(line)]
    if timed_out:
        outcome.errors.append(f"killed after {wall_limit:g} s")
    if result.is_file():
        outcome.result = json.loads(result.read_text())
    if results.is_file():
        outcome.failures, passed = _judge(results)
        outcome.passed = passed and process.returncode == 0 and not timed_out
    if interrupted:
        outcome.result.setdefault("message", "interrupted")
        outcome.passed = False
    return outcome


def _wait(process: subprocess.Popen[bytes], deadline: float) -> tuple[bool, bool]:
    """Wait for the process; whether Ctrl-C came, and whether it took too long."""
    interrupted = False
    while True:
        try:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
            return interrupted, False
        except KeyboardInterrupt:
            interrupted = True
            process.send_signal(signal.SIGINT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return interrupted, True


def _judge(results: Path) -> tuple[dict[str, str], bool]:
    try:
        cases = list(ET.parse(results).iter("testcase"))
    except ET.ParseError:
        return {}, False
    failures = {}
    for case in cases:
        for child in case:
            if child.tag in ("failure", "error"):
                failures[case.get("name", "?")] = child.get("error_msg") or child.get("message") or child.text or ""
    return failures, bool(cases) and not failures


def run(config: Config) -> RunResult:
    """Build what ``config`` needs and run its scenario. Raises ConfigError and BuildError; a failed run is a result."""
    config.validate()
    dut = load_dut(config.dut)
    built = build(dut, parameters_of(dut, config.queues, config.data_width), "debug" if config.waves else "fast")
    clk_ps = dut.clocks.get("clk", 4000)
    outcome = simulate(
        built,
        "tb.cocotb_entry",
        run_folder(config),
        seed=config.seed,
        waves=config.waves,
        max_clocks=round(config.max_us * 1e6 / clk_ps) if config.max_us else 0,
        env={"RINGSIDE_CONFIG": config.to_json()},
    )
    found = outcome.result
    message = str(found.get("message", ""))
    if not outcome.passed and not message:
        reasons = outcome.errors[-5:] or list(outcome.failures.values())
        message = f"the simulator ended with code {outcome.exit_code}: " + ("; ".join(reasons) or "see its log")
    elif message.startswith("RTL:") and outcome.errors:
        message += "\n  " + "\n  ".join(outcome.errors[-5:])
    if config.waves:
        message += _write_save_file(outcome, built)
    return RunResult(
        config,
        outcome.passed,
        message,
        str(found.get("details", "")),
        dict(found.get("values", {})),
        outcome.wall,
        outcome.waves,
        str(outcome.log),
    )


def _write_save_file(outcome: Outcome, built: Build) -> str:
    """Put a GTKWave save file beside the waves; what is wrong with it is no reason to lose the run's own result."""
    from tb.waves import write_save_file

    try:
        write_save_file(Path(outcome.waves), int(built.params["Queues"]), built.dut.waves)
    except ConfigError as exc:
        return f"\n  no GTKWave save file: {exc}"
    return ""


def run_folder(config: Config) -> Path:
    """Where a run leaves its log and waves: one folder for each configuration, so that runs may be parallel."""
    scenario = config.scenario.rpartition(":")[2] or "run"
    key = hashlib.sha256(config.to_json().encode()).hexdigest()[:8]
    return build_root() / "runs" / f"{config.dut.replace(os.sep, '_')}-{scenario}-s{config.seed}-{key}"


def main(argv: list[str] | None = None) -> int:
    """Exit code 0: built, or passed; 1: the run failed; 2: the request is wrong or the build failed."""
    parser = argparse.ArgumentParser(prog="python -m tb.runner", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("build", "run"):
        sub = commands.add_parser(name)
        sub.add_argument("--dut", default="nic", help="nic, tinynic, or a folder with a dut.toml")
        sub.add_argument("--queues", type=int, default=0)
        sub.add_argument("--data-width", type=int, default=0)
        if name == "build":
            sub.add_argument("--kind", choices=KINDS, default="fast")
        else:
            sub.add_argument("--scenario", required=True, help="module:function")
            sub.add_argument("--seed", type=int, default=1)
            sub.add_argument("--waves", action="store_true")
            sub.add_argument("--config", default="{}", help="further fields of tb.config.Config, as JSON")
    args = parser.parse_args(argv)
    try:
        if args.command == "build":
            dut = load_dut(args.dut)
            built = build(dut, parameters_of(dut, args.queues, args.data_width), args.kind, quiet=False)
            print(built.folder)
            return 0
        fields: dict[str, Any] = {
            "dut": args.dut, "scenario": args.scenario, "seed": args.seed, "queues": args.queues,
            "data_width": args.data_width, "waves": args.waves,
        }  # fmt: skip
        outcome = run(Config(**(fields | json.loads(args.config))))
    except (ConfigError, BuildError, TypeError, ValueError) as exc:
        print(f"runner: {exc}", file=sys.stderr)
        return 2
    print(json.dumps(outcome.values, indent=2, default=str))
    print(f"{'PASSED' if outcome.passed else 'FAILED: ' + outcome.message} ({outcome.wall:.1f} s, log {outcome.log})")
    if outcome.waves:
        print(f"waves: {outcome.waves}")
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
