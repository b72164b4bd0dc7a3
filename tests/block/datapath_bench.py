# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the datapath bench (tests/block/datapath): the NIC's RTL in a plain Verilator program."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tb.build import build_root, make_variables, verilator

__all__ = ["BENCH", "ROOT", "RTL", "build", "run"]

ROOT = Path(__file__).resolve().parents[2]
RTL = ROOT / "rtl"
BENCH = Path(__file__).resolve().parent / "datapath"


def build(width: int, queues: int, edits: Mapping[str, tuple[str, str]] | None = None, *, fast: bool = False) -> Path:
    """The bench for this data width and number of queue pairs, built if it is not there; returns the program.

    `edits` makes a broken device: for a file of rtl/, a text that is in it exactly once, and what replaces it.
    `fast` optimises the program as the simulator of a fast run: for measurements.
    """
    command, env, version = verilator()
    options = [f"-GDataWidth={width}", f"-GStreamWidth={width}", f"-GQueues={queues}"]
    make = [v for v in make_variables("fast") if fast or not v.startswith("OPT_")] + ([] if fast else ["OPT_FAST=-O1"])
    edits = edits or {}
    digest = hashlib.sha256(repr((version, options, make, sorted(edits.items()))).encode())
    inputs = [*(p for p in RTL.rglob("*") if p.suffix in {".sv", ".svh", ".f", ".vlt"}), *BENCH.iterdir()]
    for path in sorted(inputs):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    base = build_root() / "block" / f"datapath-{'fast-' if fast else ''}w{width}-q{queues}"
    folder = base
    if edits:
        folder = base.with_name(f"{base.name}-{'-'.join(Path(f).stem for f in edits)}-{digest.hexdigest()[:8]}")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, program = folder / "stamp", folder / "obj" / "datapath"
        if stamp.is_file() and stamp.read_text() == digest.hexdigest():
            return program
        stamp.unlink(missing_ok=True)
        rtl = RTL
        if edits:
            rtl = _edited(folder, edits)
            if (base / "stamp").is_file():  # what the edit does not touch is not compiled again
                shutil.copytree(base / "obj", folder / "obj", dirs_exist_ok=True)
        flags = f"-DBENCH_WIDTH={width} -DBENCH_QUEUES={queues} -I{BENCH}"
        verilate = [
            *command, "--cc", "--exe", "-O3", "--x-assign", "fast", "--x-initial", "unique", "--assert", "--no-timing",
            "-Wno-fatal", "--top-module", "dut_wrapper", "--Mdir", str(folder / "obj"), "-o", program.name,
            "-CFLAGS", flags, *options, str(rtl / "nic.vlt"), "-F", str(rtl / "nic.f"), str(rtl / "dut_wrapper.sv"),
            str(BENCH / "main.cpp"),
        ]  # fmt: skip
        with (folder / "build.log").open("w") as log:
            for step in (verilate, ["make", "-C", str(folder / "obj"), "-f", "Vdut_wrapper.mk", *make]):
                log.write(f"$ {' '.join(step)}\n")
                log.flush()
                done = subprocess.run(step, env={**os.environ, **dict(env)}, stdout=log, stderr=log, check=False)
                if done.returncode:
                    text = (folder / "build.log").read_text(errors="replace")
                    raise RuntimeError(f"the datapath bench does not build: {folder / 'build.log'}\n{text[-3000:]}")
        stamp.write_text(digest.hexdigest())
        return program


def _edited(folder: Path, edits: Mapping[str, tuple[str, str]]) -> Path:
    """A copy of rtl/ with these edits made."""
    rtl = folder / "rtl"
    shutil.rmtree(rtl, ignore_errors=True)
    shutil.copytree(RTL, rtl, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (old, new) in edits.items():
        text = (rtl / name).read_text()
        if text.count(old) != 1:
            raise ValueError(f"rtl/{name} has {text.count(old)} times {old!r}: the edit must be made anew")
        (rtl / name).write_text(text.replace(old, new))
    return rtl


def run(program: Path, scenario: str, **settings: int | str) -> tuple[int, str]:
    """Run a scenario of the bench (main.cpp says which there are); returns the exit code and all that it printed."""
    command = [str(program), f"scenario={scenario}", *(f"{name}={value}" for name, value in settings.items())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stdout + done.stderr
