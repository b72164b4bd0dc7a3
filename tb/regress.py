# SPDX-License-Identifier: Apache-2.0
"""``make regress SEEDS=n``: every scenario with n seeds over all cores, in every shape of the device: all widths that
it has, 1, 4 and 16 queue pairs (QUEUES, DATA_WIDTH: those alone). JUnit XML, and a repeat line for each failure."""

from __future__ import annotations

import argparse
import os
import sys
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tb.build import BuildError, make_folder, parameters_of
from tb.config import Config, ConfigError
from tb.dut import ROOT, load_dut
from tb.session import RunResult, repeat_line, run
from tb.workers import WORKER_DIED, BrokenProcessPool, end

__all__ = ["main"]

_MAX_US = 400_000.0
_QUEUES = (1, 4, 16)
_LOG_EVERY_S = 60.0  # where progress goes to a log


def _one(name: str, config: Config) -> tuple[str, RunResult]:
    return name, run(config)


def _shapes(dut: str, backend: str, queues: int, data_width: int) -> list[tuple[int, int]]:
    """Queue pairs and width of the runs; 0: as the device description says."""
    limits = load_dut(dut).rtl.get("limits", {}) if backend == "rtl" else {}
    allowed = limits.get("Queues", (0,))  # the fewest and the most
    pairs = [queues] if queues else [q for q in _QUEUES if min(allowed) <= q <= max(allowed)] or [0]
    widths = [data_width] if data_width else list(limits.get("DataWidth", ())) or [0]
    return [(q, width) for width in widths for q in pairs]


def _shape(config: Config) -> str:
    """What a run's name says of it: "-q4-w256", nothing of what is the device's own."""
    return "".join(f"-{k}{v}" for k, v in (("q", config.queues), ("w", config.data_width)) if v)


def _buildable(args: argparse.Namespace) -> str:
    """Those of ``args.dut`` that can be built with what is asked for; the others are named and left out. Raises
    ConfigError where none can."""
    left = []
    problems = []
    for dut in args.dut.split(","):
        description = load_dut(dut)
        try:
            if "rtl" in args.backend.split(","):
                parameters_of(description, args.queues, args.data_width)
        except ConfigError as exc:
            problems.append(str(exc))
        else:
            left.append(dut)
    if not left:
        raise ConfigError("; ".join(problems))
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    return ",".join(left)


def _jobs(args: argparse.Namespace) -> list[tuple[str, Config]]:
    from tests.scenarios.catalog import CASES, case_named

    chosen = [case_named(args.scenario)] if args.scenario else list(CASES)
    return [
        (
            f"{case.name}-{dut}-{backend}",
            case.config(dut, backend, args.first_seed + n, queues=queues, data_width=width, max_us=_MAX_US),
        )
        for n in range(args.seeds)
        for dut in args.dut.split(",")
        for backend in args.backend.split(",")
        for queues, width in _shapes(dut, backend, args.queues, args.data_width)
        for case in chosen
        if not case.duts or dut in case.duts
        if not queues or queues >= case.least_queues
    ]


def _write_junit(path: Path, results: list[tuple[str, RunResult]]) -> None:
    suite = ET.Element(
        "testsuite", name="ringside", tests=str(len(results)), failures=str(sum(not r.passed for _, r in results)),
        time=f"{sum(r.wall for _, r in results):.3f}",
    )  # fmt: skip
    for name, result in results:
        case = ET.SubElement(
            suite, "testcase", classname=result.config.scenario, time=f"{result.wall:.3f}",
            name=f"{name}{_shape(result.config)}-seed{result.config.seed}",
        )  # fmt: skip
        if not result.passed:
            failure = ET.SubElement(case, "failure", message=result.message.split("\n", 1)[0])
            failure.text = f"{result.message}\n{result.details}\n{repeat_line(name, result.config)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    ET.ElementTree(suite).write(part, encoding="utf-8", xml_declaration=True)
    part.replace(path)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="make regress", description=__doc__)
    p.add_argument("--seeds", type=int, default=1)
    p.add_argument("--first-seed", type=int, default=1)
    p.add_argument("--scenario", default="")
    p.add_argument("--dut", default="nic,tinynic", help="one or more, with commas")
    p.add_argument("--backend", default="rtl", help="rtl, soft or rtl,soft")
    p.add_argument("--queues", type=int, default=0)
    p.add_argument("--data-width", type=int, default=0)
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    p.add_argument("--junit", type=Path, default=ROOT / "build" / "regress.xml")
    return p.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Exit code 0: all passed; 1: some failed; 2: the command is wrong, or the build failed; 130: Ctrl-C."""
    args = _arguments(argv)
    try:
        if args.seeds < 1:
            raise ConfigError(f"SEEDS={args.seeds} is not possible: 1 or more")
        if args.jobs < 1:
            raise ConfigError(f"JOBS={args.jobs} is not possible: 1 or more")
        args.dut = _buildable(args)
        jobs = _jobs(args)
        for _, config in jobs:
            config.validate()
        make_folder(args.junit.resolve().parent)
    except (ConfigError, KeyError) as exc:
        print(f"make regress: {exc.args[0]}", file=sys.stderr)
        return 2
    results: list[tuple[str, RunResult]] = []
    began = time.monotonic()
    tty = sys.stderr.isatty()
    told = began
    pool = ProcessPoolExecutor(args.jobs)
    try:
        futures = [pool.submit(_one, name, config) for name, config in jobs]
        for future in as_completed(futures):
            name, result = future.result()
            results.append((name, result))
            if tty or time.monotonic() - told >= _LOG_EVERY_S:
                told = time.monotonic()
                failed = sum(not r.passed for _, r in results)
                line = f"  {len(results)}/{len(jobs)} runs, {failed} failed"
                print(f"\r\x1b[K{line}" if tty else line, end="" if tty else "\n", file=sys.stderr, flush=True)
            if not result.passed:
                print(
                    f"{chr(13) if tty else ''}FAILED {name} seed {result.config.seed}: {result.message.splitlines()[0]}"
                )
                print(f"  repeat: {repeat_line(name, result.config)}", flush=True)
    except (ConfigError, BuildError, BrokenProcessPool) as exc:  # the next ones would meet it too
        end(pool)
        _write_junit(args.junit, results)
        what = WORKER_DIED if isinstance(exc, BrokenProcessPool) else exc
        so_far = f"{len(results)} of {len(jobs)} runs; results so far: {args.junit}"
        print(f"make regress: {what}\n{so_far}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        end(pool)
        print(f"\ninterrupted after {len(results)} of {len(jobs)} runs; results so far: {args.junit}", file=sys.stderr)
        _write_junit(args.junit, results)
        return 130
    pool.shutdown()
    _write_junit(args.junit, results)
    failed = sum(not r.passed for _, r in results)
    print(f"{len(results) - failed} passed, {failed} failed in {time.monotonic() - began:.0f} s; {args.junit}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
