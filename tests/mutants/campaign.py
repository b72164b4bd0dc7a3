# SPDX-License-Identifier: Apache-2.0
"""Applies each mutant of mutants.toml to a copy of the project and runs its scenario there, to fail by its rule.

A scenario is one of the catalog, or one of the datapath bench (``datapath NAME key=value ...``): there the rule is a
part of the message.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tb.build import build_root
from tb.dut import ROOT, load_dut

__all__ = ["DATAPATH", "Mutant", "MutantError", "Outcome", "load", "mutated", "run_mutant", "workspace"]

_LIST = Path(__file__).with_name("mutants.toml")
_COPIED = ("examples", "pymodel", "rtl", "tb", "tests", "tools")
DATAPATH = "datapath "  # what a scenario of the datapath bench begins with
# Runs in the copy: the bench with 64 bits and 4 queue pairs.
_BENCH = """
import sys
from tests.block.datapath_bench import build, run
name, *settings = sys.argv[1:]
code, text = run(build(64, 4), name, **dict(s.split("=") for s in settings))
print(text)
sys.exit(code)
"""
_LIMIT_S = 240  # wall time, with the build; a run beyond it hangs


class MutantError(ValueError):
    """An entry of mutants.toml does not fit the project any more; the message names it."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bug. ``edits`` are (file, old text, new text); ``without`` names RTL assertions that are switched off, where
    they would see the bug before the testbench does: other people's RTL has none. ``seed``: of the run, where the first
    does not draw what shows the bug."""

    name: str
    what: str
    edits: tuple[tuple[str, str, str], ...]
    scenario: str
    rule: str
    dut: str = "nic"
    backend: str = "rtl"
    without: tuple[str, ...] = ()
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """``rule`` is what the run failed by ("" when it passed, "HANG" or "ERROR" when it did not end as a run does);
    ``seconds`` is wall time, with the build."""

    rule: str
    message: str
    seconds: float


def load(path: Path = _LIST) -> list[Mutant]:
    """The mutants of a list. Raises MutantError for an entry that is not complete."""
    mutants = []
    for entry in tomllib.loads(path.read_text())["mutant"]:
        values: dict[str, Any] = dict(entry)
        edits = values.pop("edit", [])
        try:
            values["edits"] = tuple((e["file"], e["old"], e["new"]) for e in edits)
            values["without"] = tuple(values.get("without", ()))
            mutants.append(Mutant(**values))
        except (KeyError, TypeError) as exc:
            raise MutantError(f"{path.name}: mutant {entry.get('name', '?')}: {exc}") from exc
    return mutants


def mutated(mutant: Mutant, root: Path = ROOT) -> dict[Path, str]:
    """The new text of each file (relative to ``root``). Raises MutantError where an edit does not fit exactly once."""
    texts: dict[Path, str] = {}

    def text_of(name: Path) -> str:
        if name not in texts:
            texts[name] = (root / name).read_text()
        return texts[name]

    for file, old, new in mutant.edits:
        name = Path(file)
        if not (root / name).is_file():
            raise MutantError(f"{mutant.name}: there is no {file}")
        if (found := text_of(name).count(old)) != 1:
            raise MutantError(f"{mutant.name}: its text is {found} times in {file}, not once: {old.splitlines()[0]}")
        texts[name] = texts[name].replace(old, new)
    for assertion in mutant.without:
        for path in sorted((root / "rtl").rglob("*.sv")):
            name = path.relative_to(root)
            text = re.sub(rf"(`NIC_ASSERT\({assertion},)", r"\1 1'b1 ||", text_of(name))
            text = re.sub(rf"(`NIC_ASSERT_IF\({assertion},)", r"\1 1'b0 &&", text)
            if text != texts[name]:
                texts[name] = text
                break
        else:
            raise MutantError(f"{mutant.name}: no assertion is named {assertion}")
    return {name: text for name, text in texts.items() if text != (root / name).read_text()}


def workspace() -> Path:
    """A fresh copy of the project. Always in the same place, so that the compiler's cache knows its files."""
    folder = build_root() / "mutants" / "project"
    for name in _COPIED:
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".venv", "pyproject.toml", "requirements.lock"):
        if (ROOT / name).exists() and not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder


def _regress(mutant: Mutant, seed: int, report: Path) -> list[str]:
    """The arguments of the one run, in the shape that the device has by default."""
    shape = load_dut(mutant.dut).rtl.get("defaults", {}) if mutant.backend == "rtl" else {}
    return [
        "--dut", mutant.dut, "--backend", mutant.backend, "--scenario", mutant.scenario, "--seeds", "1", "--jobs", "1",
        "--first-seed", str(seed or mutant.seed), "--queues", str(shape.get("Queues", 0)),
        "--data-width", str(shape.get("DataWidth", 0)), "--junit", str(report),
    ]  # fmt: skip


def run_mutant(mutant: Mutant, folder: Path, seed: int = 0) -> Outcome:
    """Run the mutant's scenario in ``folder`` (see :func:`workspace`), which is left as it was. ``seed`` 0: its own."""
    began = time.monotonic()
    texts = mutated(mutant, folder)
    before = {name: (folder / name).read_text() for name in texts}
    report = folder / "mutant.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tb.regress", *_regress(mutant, seed, report)]
    datapath = mutant.scenario.startswith(DATAPATH)
    if datapath:
        command = [sys.executable, "-c", _BENCH, *mutant.scenario.removeprefix(DATAPATH).split()]
    try:
        for name, text in texts.items():
            (folder / name).write_text(text)
        env = {k: v for k, v in os.environ.items() if k != "RINGSIDE_BUILD"}
        env |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        # A session of its own: where it hangs, all of it is ended, simulators as well.
        child = subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = child.communicate(timeout=_LIMIT_S)
        except BaseException as exc:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            if isinstance(exc, subprocess.TimeoutExpired):
                return Outcome("HANG", f"not over after {_LIMIT_S} s", time.monotonic() - began)
            raise
    finally:
        for name, text in before.items():
            (folder / name).write_text(text)
    seconds = time.monotonic() - began
    if datapath:
        if child.returncode == 0:
            return Outcome("", "", seconds)
        failed = re.search(r"FAILED at clock \d+: (.*)|NIC_ASSERT (\w+)", output)
        if failed is None:
            return Outcome("ERROR", output.strip()[-400:], seconds)
        message = failed[1] or failed[2]
        return Outcome(mutant.rule if mutant.rule in message else message[:40], message, seconds)
    if not report.exists():
        return Outcome("ERROR", output.strip()[-400:], seconds)
    failure = ET.parse(report).getroot().find("testcase/failure")
    message = failure.get("message", "") if failure is not None else ""
    return Outcome(message.partition(":")[0], message, seconds)
