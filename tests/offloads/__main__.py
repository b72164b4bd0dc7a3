# SPDX-License-Identifier: Apache-2.0
"""``make offloads``: random packets with all offloads on; each frame equals what Linux's software path makes of it."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from tb.session import repeat_line, run
from tests.scenarios.catalog import case_named

__all__ = ["main"]

_SCENARIOS = ("transmit_offloads", "segmentation")


def main(argv: list[str] | None = None) -> int:
    """Exit code 1 when a run fails; the last line says how many frames were compared."""
    p = argparse.ArgumentParser(prog="make offloads", description=__doc__)
    p.add_argument("--count", type=int, default=100_000, help="frames to compare")
    p.add_argument("--seed", type=int, default=1, help="of the first run")
    p.add_argument("--backend", default="rtl", choices=("rtl", "soft"))
    p.add_argument("--queues", type=int, default=0)
    p.add_argument("--data-width", type=int, default=0)
    p.add_argument("--packets", type=int, default=1000, help="packets of a run")
    args = p.parse_args(argv)
    shape: dict[str, Any] = {n: v for n in ("queues", "data_width") if (v := getattr(args, n))}
    frames = runs = 0
    while frames < args.count:
        name = _SCENARIOS[runs % len(_SCENARIOS)]
        config = case_named(name).config(
            "nic", args.backend, args.seed + runs, args={"count": args.packets}, max_us=10_000_000.0, **shape
        )
        result = run(config)
        if not result.passed:
            print(f"{name}, seed {config.seed}: {result.message}\n{result.details}")
            print(f"repeat: {repeat_line(f'{name}-nic-{args.backend}', config)}")
            return 1
        runs += 1
        frames += result.values["tx"]["frames"]
    print(f"{frames} frames of {runs} runs are what Linux's software path makes of them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
