# SPDX-License-Identifier: Apache-2.0
"""What a new user gets wrong is told in a line that names it: make's variables, dut.toml, folders, builds that fail,
Ctrl-C.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tb import regress
from tb.build import BuildError
from tb.config import Config, ConfigError
from tb.dut import ROOT, load_dut
from tb.session import RunResult, run
from tb.workers import end
from tests.mutants.campaign import load
from tests.scenarios.frames import udp_frame
from tests.unit.captures import pcap_header, pcap_record

_TINY = ROOT / "examples" / "tinynic"


def _make(*words: str) -> subprocess.CompletedProcess[str]:
    """Only as far as make itself gets: nothing is set up or run."""
    return subprocess.run(["make", "-n", "-o", "setup", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sim", "WIDTH=96"), "WIDTH is no variable of this project: `make help` lists them"),
        (("regress", "SCENARIO=both_ways"), "SCENARIO is no variable"),
        (("sim", "SEED=abc"), "SEED=abc is not possible: it must be a whole number"),
        (("sim", "SEED=it's"), "SEED=it's is not possible"),
        (("sim", "QUEUES=0"), "QUEUES=0 is not possible: it must be 1 or more"),
        (("sim", "COUNT=-1"), "COUNT=-1 is not possible: it must be 1 or more"),
        (("sim", "RATE=.."), "RATE=.. is not possible: it must be a number of Gb/s"),
        (("test", "QUEUES=x"), "QUEUES=x is not possible: it must be 1 or more"),
        (("regress", "JOBS=0"), "JOBS=0 is not possible: it must be 1 or more"),
        (("offloads", "COUNT=0"), "COUNT=0 is not possible: it must be 1 or more"),
    ],
)
def test_variable_that_is_wrong_is_named(words: tuple[str, ...], says: str) -> None:
    done = _make(*words)
    assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    "words",
    [("sim", "RATE=2.5", "PYTHON=python3", "RINGSIDE_NO_INSTALL=1", "PCAP=it's one.pcap"), ("test", "T=a b")],
)
def test_variables_that_are_right_pass(words: tuple[str, ...]) -> None:
    done = _make(*words)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "T=" in words[-1] or "--pcap='it'\\''s one.pcap'" in done.stdout


def test_every_variable_that_help_lists_is_known() -> None:
    text = (ROOT / "Makefile").read_text()
    listed = set(re.findall(r"^##   ([A-Z_]+)=", text, re.MULTILINE))
    known = set(re.findall(r"[A-Z_]+", text[text.index("\nknown :=") : text.index("\nunknown :=")]))
    assert len(listed) > 15 and not listed - known


def _nic(folder: Path, old: str, new: str) -> str:
    """tinynic's description with one change, and its RTL beside it: what DUT= takes."""
    text = (_TINY / "dut.toml").read_text()
    assert text.count(old) >= 1, old
    shutil.copytree(_TINY / "rtl", folder / "rtl")
    (folder / "dut.toml").write_text(text.replace(old, new, 1) if old else text + new)
    return str(folder)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name = ", "nam = ", "lacks name (unknown: nam)"),
        ("driver = ", "# driver = ", "lacks driver"),
        ('name = "tinynic"', "name = 5", "name = 5 is not possible: it must be a text"),
        (".driver:tinynic", ".driver.tinynic", 'it must be a text "module:attribute"'),
        ("", "\n[foo]\nx = 1\n", "has unknown entries foo; there are name, driver, ops, soft, rtl, "),
        ("", "\nfoo = 1\n", "[waves] foo = 1 is not possible: it must be a list of texts"),
        ("wrapper = ", "wraper = ", "[rtl] has unknown entries wraper; there are filelists, "),
        ('["rtl/tinynic.f"]', '"rtl/tinynic.f"', "[rtl] filelists = 'rtl/tinynic.f' is not possible"),
        ("clk = 4000", "clock = 4000", "[clocks] has unknown entries clock; there are clk, mac_clk"),
        ("clk = 4000", 'clk = "4 ns"', "[clocks] clk = '4 ns' is not possible: it must be a whole number, 1 or more"),
        ("clk = 4000", "clk = 0", "[clocks] clk = 0 is not possible: it must be a whole number, 1 or more"),
        ("{ clk = 4000, mac_clk = 6400 }", "4000", "clocks = 4000 is not possible: it is a table"),
        ("DataWidth = 64, S", "DataWdth = 64, S", "[rtl.defaults] has unknown entries DataWdth; there are DataWidth, "),
        ("DataWidth = 64, S", "DataWidth = 96, S", "[rtl.defaults] DataWidth = 96 is outside of [rtl.limits]: [64]"),
        ("Queues = 1 }", "Queues = 5 }", "[rtl.defaults] Queues = 5 is outside of [rtl.limits]: [1]"),
        ("Queues = [1] }", "Queues = [] }", "[rtl.limits] Queues = [] is not possible: it must be a list of whole nu"),
        ("vendor = 0x1234", 'vendor = "x"', "[pci] vendor = 'x' is not possible: it must be a whole number, 0 or more"),
        ("vendor = ", "vendr = ", "[pci] lacks vendor (unknown: vendr)"),
        ("line = true", "line = 1", "[pci] line = 1 is not possible: it must be true or false"),
        ("max_frame = 9018", "max_frame = -1", "[limits] max_frame = -1 is not possible"),
        ("name = ", "name == ", "Invalid value (at line 3, column 7)"),
    ],
)
def test_description_that_is_wrong_is_refused_by_entry(old: str, new: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_dut(_nic(tmp_path, old, new))
    assert str(raised.value).startswith(f"{tmp_path / 'dut.toml'}: ") and says in str(raised.value)


@pytest.mark.parametrize("dut", ["nic", "tinynic", "tests/meta/copydut"])
def test_descriptions_that_are_right_pass(dut: str) -> None:
    assert load_dut(dut).clocks["clk"] == 4000


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("examples.tinynic.driver:tiny", "examples.nosuch:tiny", "cannot be loaded: No module named 'examples.nosuch'"),
        ("driver:TinyOps", "driver:NoOps", "module 'examples.tinynic.driver' has no attribute 'NoOps'"),
        ("examples.tinynic.driver:tiny", "broken_module:tiny", "cannot be loaded: ZeroDivisionError: division by zero"),
        ('wrapper = "rtl', 'wrapper = "nosuch', "[rtl] names nosuch/dut_wrapper.sv, and there is no "),
        ("wrapper = ", "# wrapper = ", "[rtl] lacks wrapper"),
    ],
)
def test_what_a_description_names_and_is_not_there_is_told_before_anything_is_built(
    old: str, new: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """make sim and make regress end with code 2 and say which entry."""
    from tb import sim

    (tmp_path / "broken_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("RINGSIDE_BUILD", str(tmp_path / "build"))
    dut = _nic(tmp_path / "nic", old, new)
    out = tmp_path / "out"
    assert sim.main(["--dut", dut, "--out", str(out)]) == 2
    told = capfd.readouterr()
    assert says in told.err and told.err.startswith("make sim: ") and not told.out
    junit = tmp_path / "regress.xml"
    assert regress.main(["--dut", dut, "--scenario", "both_ways", "--jobs", "1", "--junit", str(junit)]) == 2
    told = capfd.readouterr()
    assert says in told.err and told.err.startswith("make regress: ") and "Traceback" not in told.err
    assert not list(tmp_path.glob("build/*/obj"))


@pytest.mark.parametrize("backend", ["soft", "rtl"])
@pytest.mark.parametrize("scenario", ["nope", "tests.scenarios.traffic:nope"])
def test_scenario_that_is_not_there_is_told_before_anything_is_built(scenario: str, backend: str) -> None:
    with pytest.raises(ConfigError, match=f"^scenario '{scenario}' cannot be loaded: "):
        run(Config(scenario=scenario, dut="nic", backend=backend))


def test_parameter_that_a_driver_refuses_is_told_in_its_words() -> None:
    config = Config(
        scenario="tests.scenarios.traffic:both_ways", dut="nic", backend="soft", module_params={"tx_ring": 100}
    )
    message = run(config).message
    assert message.startswith("ERRNO: probe failed with -EINVAL; the driver says ")
    assert "tx_ring=100: a power of two from 64 to 4096" in message


def test_wrapper_with_another_port_is_told_in_verilators_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tb import sim

    monkeypatch.setenv("RINGSIDE_BUILD", str(tmp_path / "build"))
    dut = _nic(tmp_path / "nic", "name = ", "name = ")
    wrapper = tmp_path / "nic" / "rtl" / "dut_wrapper.sv"
    wrapper.write_text(wrapper.read_text().replace("s_axil_awaddr", "s_axil_awadr"))
    assert sim.main(["--dut", dut, "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "make sim: the build failed:" in told and "'s_axil_awad" in told and "build.log" in told


def test_folder_that_cannot_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds, runs and results: a file stands where a folder is to be, which stops root as well."""
    place = tmp_path / "build"
    place.write_text("")
    monkeypatch.setenv("RINGSIDE_BUILD", str(place))
    with pytest.raises(ConfigError, match=rf"^cannot write to {place}/tinynic-.*: Not a directory: give it to you"):
        run(Config(scenario="tests.scenarios.traffic:both_ways", dut="tinynic"))
    assert regress.main(["--dut", "tinynic", "--backend", "soft", "--junit", str(place / "x.xml")]) == 2


def _interrupt(command: list[str], when: str, out: Path) -> tuple[int, str]:
    """Ctrl-C, as a terminal sends it: to all processes of the command, when ``out`` or the file says ``when``."""
    log = out / "log"
    with log.open("w") as file:
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=file, stderr=file, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
    until = time.monotonic() + 60
    while child.poll() is None and time.monotonic() < until:
        if any(when in str(p) for p in out.rglob("*")) or when in log.read_text():
            break
        time.sleep(0.1)
    os.killpg(child.pid, signal.SIGINT)
    try:
        code = child.wait(timeout=30)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    return code, log.read_text()


def test_ctrl_c_ends_a_regression_at_once_and_keeps_what_it_has(tmp_path: Path) -> None:
    junit = tmp_path / "regress.xml"
    program = "import sys; from tb import regress; regress._LOG_EVERY_S = 0; sys.exit(regress.main(sys.argv[1:]))"
    options = ["--dut", "nic", "--backend", "soft", "--jobs", "2", "--seeds", "50", "--junit", str(junit)]
    began = time.monotonic()
    code, text = _interrupt([sys.executable, "-c", program, *options], " runs, ", tmp_path)
    assert code == 130 and "interrupted after " in text and "Traceback" not in text, text
    assert time.monotonic() - began < 20, "workers went on with what they had been handed"
    assert ET.parse(junit).getroot().get("failures") == "0"


@pytest.mark.parametrize(
    ("command", "when"),
    [
        (["tests.offloads", "--backend", "soft", "--jobs", "2"], " runs, "),
        (["tests.mutants", *(m.name for m in load() if m.backend == "soft")], " ETH2 "),
        (["tb.sim", "--backend", "soft", "--count", "1000000"], "progress."),
    ],
    ids=["offloads", "mutants", "sim"],
)
def test_ctrl_c_is_no_traceback(
    command: list[str], when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGSIDE_BUILD", str(tmp_path / "build"))
    if command[0] == "tb.sim":
        command = [*command, "--out", str(tmp_path / "out")]
    code, text = _interrupt([sys.executable, "-m", *command], when, tmp_path)
    assert code == 130 and "interrupted" in text and "Traceback" not in text, text


def _die(name: str, config: Config) -> tuple[str, RunResult]:
    os._exit(9)


def _fail_to_build(name: str, config: Config) -> tuple[str, RunResult]:
    raise BuildError("the build failed: no more space")


@pytest.mark.parametrize(
    ("worker", "says"), [(_die, "a worker process was killed"), (_fail_to_build, "the build failed: no more space")]
)
def test_regression_that_cannot_go_on_says_why(
    worker: object, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(regress, "_one", worker)
    junit = tmp_path / "regress.xml"
    assert regress.main(["--dut", "tinynic", "--backend", "soft", "--jobs", "1", "--junit", str(junit)]) == 2
    told = capfd.readouterr().err
    assert f"make regress: {says}" in told and "0 of " in told and "Traceback" not in told
    assert junit.exists()


def test_ended_workers_are_gone() -> None:
    pool = ProcessPoolExecutor(2)
    began = time.monotonic()
    for _ in range(4):
        pool.submit(time.sleep, 60)
    end(pool)
    assert time.monotonic() - began < 20


def test_odd_captures_that_are_right_go_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times that stand still or go back, frames of 14 bytes, one sender alone, a quote in the name."""
    from tb import sim

    frames = [udp_frame(60 + i, i % 3, i, to_host=bool(i % 2)) for i in range(20)]
    frames += [frame[:14] for frame in frames[:2]]
    for name, stamps in (("still", [7] * 22), ("back", list(range(100, 78, -1)))):
        path = tmp_path / f"it's {name}.pcap"
        path.write_bytes(pcap_header() + b"".join(pcap_record(f, s) for f, s in zip(frames, stamps, strict=True)))
        args = ["--pcap", str(path), "--backend", "soft", "--timing", "capture", "--out", str(tmp_path / "out")]
        assert sim.main(args) == 0, capsys.readouterr().err
