# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the RTL blocks of the NIC under cocotb, for tests that drive pins."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path

from cocotb_tools.runner import get_runner

__all__ = ["ROOT", "SimulationFailed", "build", "simulate", "cocotb_tests_of"]

ROOT = Path(__file__).resolve().parents[2]


class SimulationFailed(Exception):
    """A simulation's test failed or the simulator ended before its end; the message is the last of its log."""


def build(
    name: str,
    top: str,
    sources: Sequence[Path],
    parameters: Mapping[str, object],
    base: Path | None = None,
) -> Path:
    """Build `top` with assertions on, under build/block/<name>, unless that is up to date; returns that directory.

    `base` is another build to begin from: what has not changed is not compiled again. Safe when several test
    processes ask for the same build.
    """
    directory = ROOT / "build" / "block" / name
    directory.parent.mkdir(parents=True, exist_ok=True)
    inputs = [Path(__file__), *sorted((ROOT / "rtl").rglob("*.svh")), *sources]
    key = hashlib.sha256(repr([parameters, *((str(p), p.read_bytes()) for p in inputs)]).encode()).hexdigest()
    stamp = directory / "stamp"
    with (directory.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == key:
            return directory
        shutil.rmtree(directory, ignore_errors=True)
        if base is not None:
            shutil.copytree(base, directory)
            stamp.unlink()
        os.environ["PATH"] = f"{ROOT / 'tools'}{os.pathsep}{os.environ['PATH']}"
        get_runner("verilator").build(
            hdl_toplevel=top,
            sources=sources,
            includes=[ROOT / "rtl/common"],
            parameters=parameters,
            build_args=["-Wall", "--assert", "--x-initial", "unique", "-CFLAGS", "-O0"],
            build_dir=directory,
            always=True,
            log_file=directory / "build.log",
            timescale=("1ps", "1ps"),
        )
        stamp.write_text(key)
    return directory


def cocotb_tests_of(module: Path) -> list[str]:
    """The names of the cocotb tests in a file, in order."""
    return re.findall(r"^@cocotb\.test\(.*\n(?:@.*\n)*async def (\w+)", module.read_text(), re.MULTILINE)


def simulate(directory: Path, top: str, module: str, test: str, seed: int = 1, *, zeros: bool = False) -> None:
    """Run the cocotb test `test` of `module` in a simulation of its own. Raises `SimulationFailed`.

    Registers and pins hold random values at first, or zeros: for a module whose assertions look at its pins, since
    random ones with a random clock may break them before a test can drive anything.
    """
    work = directory / test
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    # cocotb has pytest rewrite assertions for better messages; without plugins (they cost seconds), so not with the
    # settings of the project, which require some.
    (work / "pytest.ini").write_text("[pytest]\n")
    log = work / "run.log"
    why = "its results are missing"
    results: Path | None = None
    try:
        results = get_runner("verilator").test(
            hdl_toplevel=top,
            hdl_toplevel_lang="verilog",
            test_module=module,
            test_filter=rf"\.{test}$",
            seed=seed,
            build_dir=directory,
            test_dir=work,
            results_xml=str(work / "results.xml"),
            log_file=log,
            plusargs=[f"+verilator+rand+reset+{0 if zeros else 2}", f"+verilator+seed+{seed}"],
            extra_env={"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COCOTB_LOG_LEVEL": "INFO"},
        )
    except (RuntimeError, SystemExit) as error:
        why = str(error)
    if results is not None and results.is_file():
        cases = list(ET.parse(results).iter("testcase"))
        if len(cases) == 1 and not list(cases[0].iter("failure")) and not list(cases[0].iter("error")):
            return
    raise SimulationFailed(log.read_text()[-4000:] if log.is_file() else f"{test}: no log: {why}")
