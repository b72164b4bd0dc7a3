# SPDX-License-Identifier: Apache-2.0
"""``make offloads``: random packets with all offloads on, both ways; each is what Linux's software path makes of it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

from tb.build import BuildError
from tb.config import Config, ConfigError
from tb.session import RunResult, run
from tb.workers import WORKER_DIED, BrokenProcessPool, end
from tests.scenarios.catalog import case_named

__all__ = ["RUNS", "config_of", "main", "table"]

# What a run of each scenario sends: packets. Their runs take turns, each round with a new seed.
RUNS = {"receive_offloads": 4000, "transmit_offloads": 1500, "segmentation": 400}
_COLUMNS = {
    "rx": ("frames", "tagged", "broken", "l3 hash", "l4 hash", "verified"),
    "tx": ("frames", "tagged", "broken", "fragments"),
}


def config_of(name: str, seed: int, **shape: Any) -> Config:
    """The run of one scenario: all of it follows from the arguments."""
    return case_named(name).config(
        "nic", seed=seed, args={"count": RUNS[name]}, max_us=10_000_000.0, **{"backend": "rtl", **shape}
    )


def repeat(name: str, config: Config) -> str:
    shape = {"BACKEND": config.backend, "QUEUES": config.queues, "DATA_WIDTH": config.data_width}
    more = "".join(f" {word}={value}" for word, value in shape.items() if value)
    return f"make offloads ONLY={name} SEED={config.seed} COUNT=1{more}" + " WAVES=1" * (config.backend == "rtl")


def table(counts: dict[str, int]) -> list[str]:
    """Lines: frames by kind, and of these how many were of each sort."""
    lines = []
    for way, columns in _COLUMNS.items():
        rows = sorted(key for key in counts if key.startswith(way) and "|" not in key)
        if rows:
            lines.append(f"{way:<28}" + "".join(f"{column:>10}" for column in columns))
        for row in rows:
            cells = [counts[row], *(counts.get(f"{row}|{column}", 0) for column in columns[1:])]
            lines.append(f"  {row[3:]:<26}" + "".join(f"{n:>10,}" if n else f"{'-':>10}" for n in cells))
    return lines


def _frames(result: RunResult) -> int:
    return sum(n for key, n in result.values["counts"].items() if "|" not in key)


class _Progress:
    """A line that is rewritten on a terminal, and one for each tenth elsewhere."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.tenth = 0
        self.tty = sys.stderr.isatty()
        self.began = time.monotonic()

    def show(self, frames: int, runs: int) -> None:
        seconds = time.monotonic() - self.began
        text = f"  {frames:,} of {self.total:,} frames, {runs} runs, {seconds:.0f} s"
        if self.tty:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        elif frames * 10 // self.total > self.tenth:
            self.tenth = frames * 10 // self.total
            print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.tty:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _fail(name: str, result: RunResult) -> None:
    print(f"FAILED {name}, seed {result.config.seed}: {result.message}")
    if result.details and not result.message.partition(":")[0].replace("-", "").isalnum():
        print(result.details)
    print(f"repeat: {repeat(name, result.config)}")


def main(argv: list[str] | None = None) -> int:
    """Exit code 0: all frames are what software makes of them; 1: one is not; 2: the command is wrong."""
    p = argparse.ArgumentParser(prog="make offloads", description=__doc__)
    p.add_argument("--count", type=int, default=100_000, help="frames to compare, at least")
    p.add_argument("--seed", type=int, default=1, help="of the first round")
    p.add_argument("--backend", default="rtl")
    p.add_argument("--queues", type=int, default=0)
    p.add_argument("--data-width", type=int, default=0)
    p.add_argument("--only", default="", help=f"one of {', '.join(RUNS)}")
    p.add_argument("--waves", type=int, default=0)
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = p.parse_args(argv)
    if args.only and args.only not in RUNS:
        print(f"make offloads: ONLY={args.only} is not possible: {', '.join(RUNS)}", file=sys.stderr)
        return 2
    names = [args.only] if args.only else list(RUNS)
    shape = {
        "backend": args.backend, "queues": args.queues, "data_width": args.data_width, "waves": bool(args.waves),
    }  # fmt: skip
    counts: Counter[str] = Counter()
    frames = started = runs = 0
    per_run = min(RUNS[name] for name in names)  # a guess, until one has ended
    progress = _Progress(args.count)
    pending: dict[Future[RunResult], str] = {}
    pool = ProcessPoolExecutor(args.jobs)
    try:
        while True:
            # Enough runs under way to come to the wanted count, as far as can be told.
            while len(pending) < args.jobs and frames + len(pending) * per_run < args.count:
                name = names[started % len(names)]
                pending[pool.submit(run, config_of(name, args.seed + started // len(names), **shape))] = name
                started += 1
            if not pending:
                break
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                name, result = pending.pop(future), future.result()
                if not result.passed:
                    progress.clear()
                    _fail(name, result)
                    return 1
                runs += 1
                frames += _frames(result)
                per_run = frames // runs
                counts.update(result.values["counts"])
                progress.show(frames, runs)
    except (ConfigError, BuildError, BrokenProcessPool) as exc:
        end(pool)
        print(f"make offloads: {WORKER_DIED if isinstance(exc, BrokenProcessPool) else exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        end(pool)
        print("\nmake offloads: interrupted", file=sys.stderr)
        return 130
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    progress.clear()
    print("\n".join(table(counts)))
    seconds = time.monotonic() - progress.began
    print(f"{frames:,} frames of {runs} runs are what Linux's software path makes of them ({seconds:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
