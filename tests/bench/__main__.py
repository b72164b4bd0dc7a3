# SPDX-License-Identifier: Apache-2.0
"""``make bench``: prints a table and writes ``build/bench.json``.

(a) Ringside: the fast build, the whole way through the driver with every always-on check. (b) The limit: the same
RTL and transactors without Python, replaying (a)'s accesses at their clocks. (c) What one would write today:
cocotbext-axi models and cocotb's clock on the same RTL (tests/bench/pin_level.py). Every figure is the median of
several runs, all in one session, in CPU seconds of the simulator's process; (a), (b) and (c) take turns, so that a
machine that changes its speed changes all of them. Stalls are off, the wire is kept busy. The host model is measured
by itself as well, on the soft NIC (tests/bench/host_model.py), and what the NIC takes in clocks
(tests/bench/clocks.py).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tb.build import Build, BuildError, build, build_root, parameters_of
from tb.config import Config, ConfigError
from tb.dut import load_dut
from tb.runner import simulate
from tests.bench.clocks import clock_figures
from tests.bench.host_model import host_model
from tests.bench.pin import PinBuild, build_pin_level, run_pin_level

__all__ = ["main"]

_QUEUES = 4
# A host that is never the bottleneck: what is measured is the testbench, with the wire busy.
_COSTS = {
    "hardirq_entry": 100, "softirq_entry": 20, "poll_entry": 20, "rx_packet": 20, "rx_stack": 10, "tx_packet": 20,
    "tx_stack": 10, "tx_reclaim": 5, "mmio_write": 5, "task_switch": 50,
}  # fmt: skip


# ethtool -C, both ways: the defaults of mlx5 (drivers/net/ethernet/mellanox/mlx5/core/en.h, v6.12).
_MODERATION = {"usecs": 16, "frames": 32}


@dataclass(frozen=True, slots=True)
class Load:
    """One point of measurement. ``rate`` in Gb/s is what the wire is kept busy at; ``quantum`` in ns."""

    width: int
    size: int
    count: int  # round trips
    rate: float
    quantum: int


_LOADS = {
    (256, 60): Load(256, 60, 20_000, 10.0, 4000),
    (256, 1514): Load(256, 1514, 6_000, 25.0, 8000),
    (64, 60): Load(64, 60, 20_000, 5.0, 8000),
    (64, 1514): Load(64, 1514, 4_000, 15.0, 8000),
}
_PIN_COUNT = {60: 60, 1514: 24}


_HOST = Load(0, 60, 10_000, 10.0, 16000)


def _config(load: Load, count: int = 0, backend: str = "rtl") -> Config:
    return Config(
        scenario="tests.scenarios.load:round_trips", dut="nic", backend=backend,
        queues=_QUEUES, data_width=load.width, seed=1, rate_gbps=load.rate,
        quantum_ns=load.quantum, stalls=False, costs=_COSTS, max_us=0, module_params={"rx_ring": 1024, "tx_ring": 1024},
        args={"count": count or load.count, "size": load.size, "gro": int(backend == "soft"), **_MODERATION},
    )  # fmt: skip


def _ringside(built: Build, config: Config, record: Path | None = None, profile: bool = False) -> dict[str, Any]:
    """One run of (a); its figures. Raises RuntimeError when the run fails: a wrong result has no speed."""
    env = {"RINGSIDE_CONFIG": config.to_json()}
    if record:
        env["RINGSIDE_RECORD"] = str(record)
    if profile:
        env["RINGSIDE_PROFILE"] = "1"
    outcome = simulate(built, "tb.cocotb_entry", build_root() / "bench" / "run", seed=config.seed, env=env)
    if not outcome.passed:
        why = outcome.result.get("message") or outcome.errors[:3]
        raise RuntimeError(f"the measured run failed: {why}, {outcome.log}")
    values: dict[str, Any] = outcome.result["values"]
    values["trips"] = min(values["tx"]["frames"], values["rx"]["frames"])
    return values


def _replay(built: Build, log: Path) -> dict[str, Any]:
    values = ["+verilator+seed+2", "+verilator+rand+reset+2"]  # the same random initial values as in the run of seed 1
    done = subprocess.run([built.replay, log, *values], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the replay failed: {done.stdout}{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _wire_busy(values: dict[str, Any], load: Load) -> float:
    """The share of the time in which both directions of the wire carry frames, the lower of the two."""
    slot_ns = (max(load.size, 60) + 24) * 8 / load.rate
    return min(values["tx"]["frames"], values["rx"]["frames"]) * slot_ns / float(values["sim_ns"])


def _point(built: Build, pin: PinBuild, load: Load, runs: int, say: Callable[[str], None]) -> dict[str, float]:
    """All figures of one load."""
    config = _config(load)
    log = build_root() / "bench" / f"record_w{load.width}_{load.size}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    recorded = _ringside(built, config, record=log)
    a_rate, a_clock, b_clock, ratio, over, c_rate, wakes, busy = ([] for _ in range(8))  # type: list[float]
    for i in range(runs):
        say(f"width {load.width}, {load.size} bytes: run {i + 1} of {runs}")
        a = _ringside(built, config)
        if a["digest"] != recorded["digest"]:
            raise RuntimeError(f"two runs of one seed differ: {a['digest']} and {recorded['digest']}")
        b = _replay(built, log)
        trips, clocks = a["trips"], a["platform"]["clocks"]
        a_cpu, b_cpu = a["cpu_seconds"], b["cpu_seconds"] * clocks / b["clocks"]
        a_rate.append(trips / a_cpu)
        a_clock.append(clocks / a_cpu)
        b_clock.append(clocks / b_cpu)
        ratio.append(b_cpu / a_cpu)
        over.append((a_cpu - b_cpu) * 1e6 / trips)
        wakes.append(a["platform"]["wakes"] / trips)
        busy.append(_wire_busy(a, load))
        c = run_pin_level(pin, load.size, _PIN_COUNT[load.size])
        c_rate.append(c["round_trips"] / c["cpu_seconds"])
    log.unlink()
    med = statistics.median
    return {
        "ringside": med(a_rate), "pin_level": med(c_rate), "clocks": med(a_clock), "bare": med(b_clock),
        "ratio_to_bare": med(ratio), "ratio_to_pin": med([a / c for a, c in zip(a_rate, c_rate, strict=True)]),
        "over": med(over), "wakes": med(wakes), "wire_busy": min(busy),
    }  # fmt: skip


def _profile(built: Build, load: Load) -> dict[str, float]:
    """Where the time of a round trip goes, in per cent: RTL, transactors, crossing, model (Python)."""
    from tests.bench.profile import split

    return split(_ringside(built, _config(load), profile=True))


def main(argv: list[str] | None = None) -> int:
    """Exit code 0: measured; 1: a measured run failed; 2: the command is wrong or nothing could be built."""
    p = argparse.ArgumentParser("make bench", description=__doc__)
    p.formatter_class = argparse.RawDescriptionHelpFormatter
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--skip-million", action="store_true", help="leave out the run of a million packets")
    p.add_argument("--widths", default="256,64")
    args = p.parse_args(argv)
    tty = sys.stderr.isatty()

    def say(text: str) -> None:
        print(f"\r\x1b[K  {text}" if tty else f"  {text}", end="" if tty else "\n", file=sys.stderr, flush=True)

    out: dict[str, float] = {}
    try:
        dut = load_dut("nic")
        say("the NIC's own clocks")
        out |= clock_figures()
        say("the host model alone")
        out |= host_model(_config(_HOST, backend="soft"), args.runs)
        for width in map(int, args.widths.split(",")):
            built = build(dut, parameters_of(dut, _QUEUES, width), "fast")
            pin = build_pin_level(dut, _QUEUES, width)
            big, small = (_point(built, pin, _LOADS[width, size], args.runs, say) for size in (1514, 60))
            w = f"_w{width}"
            out |= {
                f"ringside_60_pkts_per_s{w}": small["ringside"], f"ringside_1514_pkts_per_s{w}": big["ringside"],
                f"pin_level_60_pkts_per_s{w}": small["pin_level"], f"pin_level_1514_pkts_per_s{w}": big["pin_level"],
                f"ringside_clocks_per_s{w}": big["clocks"], f"bare_clocks_per_s{w}": big["bare"],
                f"ratio_to_bare{w}": big["ratio_to_bare"], f"ratio_to_pin_level{w}": big["ratio_to_pin"],
                f"us_per_pkt_over_bare{w}": big["over"], f"us_per_pkt_over_bare_60{w}": small["over"],
                f"wakes_per_pkt{w}": max(small["wakes"], big["wakes"]),
                f"wire_busy_60{w}": small["wire_busy"], f"wire_busy_1514{w}": big["wire_busy"],
            }  # fmt: skip
            out |= {f"profile_{k}_percent{w}": v for k, v in _profile(built, _LOADS[width, 1514]).items()}
        for name, packets in (("100k", 100_000), ("1m", 1_000_000)):
            if name == "1m" and args.skip_million:
                continue
            say(f"{packets:,} packets in one run")
            built = build(dut, parameters_of(dut, _QUEUES, 256), "fast")
            v = _ringside(built, _config(_LOADS[256, 60], count=packets // 2))
            out[f"rss_mb_{name}"] = v["rss_mb"]
            out[f"us_per_pkt_{name}"] = v["cpu_seconds"] * 1e6 / packets
    except (ConfigError, BuildError) as exc:
        print(f"make bench: {exc}", file=sys.stderr)
        return 2
    except RuntimeError as exc:
        print(f"make bench: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake bench: interrupted, nothing written", file=sys.stderr)
        return 130
    if tty:
        print("\r\x1b[K", end="", file=sys.stderr)
    path = build_root() / "bench.json"
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(out, indent=2) + "\n")
    part.replace(path)
    for key, value in out.items():
        print(f"  {key:<36}{value:>16,.3f}")
    print(f"  written to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
