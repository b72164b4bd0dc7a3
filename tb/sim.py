# SPDX-License-Identifier: Apache-2.0
"""``make sim``: a capture through driver, device and wire, both ways, with a table of what happened."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tb.build import BuildError, make_folder
from tb.config import Config, ConfigError
from tb.dut import ROOT
from tb.session import RunResult, run
from tb.wire.pcap import CaptureError, Packet, read_capture

__all__ = ["main"]

_OUT = ROOT / "build" / "sim"


def _flag(text: str) -> bool:
    if text.lower() in ("", "0", "no", "false", "off"):
        return False
    if text.lower() in ("1", "yes", "true", "on"):
        return True
    raise argparse.ArgumentTypeError(f"{text!r} is neither 0 nor 1")


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="make sim", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--pcap", default=str(ROOT / "tests/data/linux_mix.pcap"), help="capture, pcap or pcapng")
    p.add_argument("--dut", default="nic", help="nic, tinynic, or a folder with a dut.toml")
    p.add_argument("--backend", default="rtl", choices=("rtl", "soft"))
    p.add_argument("--queues", type=int, default=0, help="queue pairs (default: the device's)")
    p.add_argument("--data-width", type=int, default=0, help="bits of the DMA and stream buses (default: the device's)")
    p.add_argument("--mtu", type=int, default=0, help="default: what the capture needs, at least 1500")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--waves", type=_flag, default=False)
    p.add_argument("--rate", type=float, default=10.0, help="line rate, Gb/s")
    p.add_argument("--count", type=int, default=0, help="frames in all; the capture is repeated (default: once)")
    p.add_argument("--timing", default="back-to-back", choices=("back-to-back", "capture"))
    p.add_argument("--lossy", type=_flag, default=False, help="1: the peer does not wait for free RX buffers")
    p.add_argument("--out", type=Path, default=_OUT, help="folder for wire.pcapng and host.pcapng")
    return p


def _mtu(packets: list[Packet], asked: int, path: str) -> int:
    """The MTU to use. A device takes frames of MTU + 18 bytes (kernel-rules.md: LIFE6)."""
    longest = max(packets, key=lambda p: len(p.data))
    if not asked:
        return max(1500, len(longest.data) - 18)
    if len(longest.data) > asked + 18:
        raise ConfigError(
            f"{path}: frame {longest.number} has {len(longest.data)} bytes, with MTU={asked} at most {asked + 18} "
            "pass: "
            f"use MTU={len(longest.data) - 18} or leave it out"
        )
    return asked


class _Bar:
    """A progress bar on a terminal, fed from the file that the run rewrites."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)
        self._on = sys.stderr.isatty()

    def __enter__(self) -> _Bar:
        if self._on:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._on:
            self._thread.join()
            sys.stderr.write("\r\x1b[K")

    def _draw(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(0.2):
            try:
                state = json.loads(self._path.read_text())
            except (OSError, ValueError):
                sys.stderr.write("\r\x1b[K  building ...")
                continue
            done, total = state["done"], max(1, state["total"])
            width = 40 * min(done, total) // total
            rate = done / max(1e-9, time.monotonic() - began)
            sys.stderr.write(f"\r\x1b[K  [{'#' * width}{'.' * (40 - width)}] {done}/{total} frames, {rate:.0f}/s")
            sys.stderr.flush()


def _table(result: RunResult) -> str:
    v = result.values
    kernel: dict[str, Any] = v["kernel"]
    platform: dict[str, Any] = v["platform"]
    tx, rx = v["tx"], v["rx"]
    ns = max(v["sim_ns"], 1e-9)
    frames = tx["frames"] + rx["frames"]
    cpu = max(v["cpu_seconds"], 1e-9)

    def gbps(way: dict[str, int]) -> float:
        return way["bytes"] * 8 / ns

    rows = [("", "host to wire", "wire to host")]
    rows.append(("frames", f"{tx['frames']:,}", f"{rx['frames']:,}"))
    rows.append(("bytes", f"{tx['bytes']:,}", f"{rx['bytes']:,}"))
    rows.append(("Mpps", f"{tx['frames'] * 1000 / ns:.3f}", f"{rx['frames'] * 1000 / ns:.3f}"))
    rows.append(("Gb/s", f"{gbps(tx):.3f}", f"{gbps(rx):.3f}"))
    for p in ("p50", "p90", "p99", "p100"):
        name = "latency max, ns" if p == "p100" else f"latency {p}, ns"
        rows.append((name, f"{v['latency_ns']['tx'][p]:,}", f"{v['latency_ns']['rx'][p]:,}"))
    lines = [f"  {a:<18}{b:>16}{c:>16}" for a, b, c in rows]
    polls = kernel.get("polls", 0)
    pairs = [
        ("simulated time", f"{ns / 1000:,.1f} us"),
        ("interrupts", f"{kernel.get('interrupts', 0):,}"),
        ("polls", f"{polls:,}"),
        ("packets per poll", f"{rx['frames'] / max(1, polls):.1f}"),
        ("drops", ", ".join(f"{k} {n}" for k, n in sorted(v.get("drops", {}).items()) if n) or "none"),
    ]
    if "clocks" in platform:
        wall = max(result.values.get("wall_seconds", cpu), 1e-9)
        pairs += [
            ("clocks", f"{platform['clocks']:,}"),
            ("clocks per wall second", f"{platform['clocks'] / wall:,.0f}"),
            ("packets per wall second", f"{frames / wall:,.0f}"),
            ("Python wake-ups per packet", f"{platform.get('wakes', 0) / max(1, frames):.2f}"),
        ]
    else:
        pairs.append(("packets per wall second", f"{frames / max(1e-9, v.get('wall_seconds', cpu)):,.0f}"))
    lines += [f"  {a:<28}{b:>22}" for a, b in pairs]
    lines += [f"  note: {note}" for note in v.get("notes", [])]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Exit code 0: all delivered and every check held; 1: a check failed; 2: the command or the capture is wrong;
    130: Ctrl-C."""
    args = _parser().parse_args(argv)
    try:
        if args.count < 0:
            raise ConfigError(f"COUNT={args.count} is not possible: 0 or more")
        packets = read_capture(Path(args.pcap))
        mtu = _mtu(packets, args.mtu, args.pcap)
        out = args.out.resolve()
        make_folder(out)
        progress = out / f"progress.{os.getpid()}"
        config = Config(
            scenario="tests.scenarios.capture:capture", dut=args.dut, backend=args.backend, seed=args.seed,
            queues=args.queues, data_width=args.data_width, mtu=mtu, rate_gbps=args.rate, waves=args.waves,
            lossy=args.lossy, quantum_ns=1000, out_dir=str(out), progress=str(progress), max_us=0,
            args={
                "pcap": str(Path(args.pcap).resolve()), "count": args.count, "timing": args.timing,
                "wire": str(out / "wire.pcapng"), "host": str(out / "host.pcapng"),
            },
        )  # fmt: skip
        try:
            with _Bar(progress):
                result = run(config)
        finally:
            progress.unlink(missing_ok=True)
    except (ConfigError, CaptureError, BuildError) as exc:
        print(f"make sim: {exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("make sim: interrupted", file=sys.stderr)
        return 130
    if result.values.get("platform"):
        print(f"{Path(args.pcap).name} through {args.dut} ({args.backend}), seed {args.seed}")
        print(_table(result))
    if not result.passed:
        print(f"FAILED: {result.message}", file=sys.stderr)
        for name, value in (("log", result.log), ("waves", result.waves)):
            if value:
                print(f"  {name}: {value}", file=sys.stderr)
        print(f"  repeat: {_repeat(args)}", file=sys.stderr)
        return 130 if result.message.startswith("interrupted") else 1
    print(f"PASSED: every frame delivered, every check held. {out / 'wire.pcapng'}, {out / 'host.pcapng'}")
    if result.waves:
        print(f"  waves: {result.waves} (make waves)")
    return 0


def _repeat(args: argparse.Namespace) -> str:
    defaults = vars(_parser().parse_args([]))
    changed = {k: v for k, v in vars(args).items() if v != defaults[k] and k not in ("waves", "seed", "out")}
    words = [f"{k.upper()}={shlex.quote(str(int(v) if isinstance(v, bool) else v))}" for k, v in changed.items()]
    return " ".join(["make sim", *words, f"SEED={args.seed}", "WAVES=1"])


if __name__ == "__main__":
    sys.exit(main())
