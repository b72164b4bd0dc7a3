# SPDX-License-Identifier: Apache-2.0
"""The clock loop, the transactors and the pump do their work, and each check of theirs fires when broken on purpose.

The tests themselves are in bus_tests.py and loop_tests.py; each runs in a simulator of its own on tests/meta/copydut.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tb.build import Build, BuildError, build, parameters_of
from tb.config import ConfigError
from tb.dut import ROOT, load_dut
from tb.runner import Outcome, simulate

COPYDUT = ROOT / "tests" / "meta" / "copydut"
MODULE = "tests.meta.bus_tests,tests.meta.loop_tests"
CLOCKS = 3_000_000  # no test takes more


def run(
    test: str, tmp_path: Path, *, seed: int = 1, kind: str = "fast", max_clocks: int = CLOCKS, record: str = ""
) -> Outcome:
    built = build(load_dut(str(COPYDUT)), kind=kind)
    env = {"RINGSIDE_RECORD": record} if record else {}
    folder = tmp_path / f"{test}-{seed}-{kind}"
    return simulate(
        built,
        MODULE,
        folder,
        seed=seed,
        test=test,
        waves=kind == "debug",
        max_clocks=max_clocks,
        wall_limit=120,
        env=env,
    )


def digest(outcome: Outcome) -> str:
    return (outcome.folder / "digest").read_text()


def assert_passed(outcome: Outcome) -> None:
    assert outcome.passed, f"{outcome.failures}\n{outcome.log.read_text()[-6000:]}"


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("test", ["copy_with_stalls", "registers", "wire_with_stalls"])
def test_traffic_with_stalls_arrives(test: str, seed: int, tmp_path: Path) -> None:
    assert_passed(run(test, tmp_path, seed=seed))


@pytest.mark.parametrize(
    "test",
    [
        "copy_without_stalls", "copy_with_quantum", "copy_with_injected_errors", "accesses_fail_as_ordered",
        "write_one_byte_outside", "read_beyond_the_mapping", "message_before_its_writes",
        "message_of_several_writes", "message_of_several_queues",
        "read_completion_waits_for_dma_writes",
        "burst_across_4k", "offer_changes_while_it_waits", "open_at_the_end", "every_port_is_watched",
        "commands_go_in_order_of_their_time",
        "many_commands_at_once", "interrupt_line",
        "wire_at_line_rate", "wire_bad_frame", "wire_fifo_overflow", "timers_between_edges", "deadlines_are_kept",
        "next_time_step_and_read_only",
    ],
)  # fmt: skip
def test_in_simulator(test: str, tmp_path: Path) -> None:
    assert_passed(run(test, tmp_path))


@pytest.mark.parametrize("test", ["sees_every_clock_edge", "sees_clock_edges_at_their_time"])
def test_callback_on_a_clock_sees_every_edge_and_is_named(test: str, tmp_path: Path) -> None:
    """design.md, decision 1: under a loop that skips VPI it would see one edge of 10,240, and its test pass."""
    outcome = run(test, tmp_path, kind="debug")
    assert_passed(outcome)
    notices = [line for line in outcome.errors if "a callback waits for" in line]
    assert len(notices) == 1
    assert "clk_i" in notices[0]


def test_pump_alone_causes_no_full_steps(tmp_path: Path) -> None:
    outcome = run("copy_without_stalls", tmp_path)
    assert_passed(outcome)
    assert not [line for line in outcome.errors if "a callback waits for" in line]


def test_fault_that_nobody_takes_fails_the_run(tmp_path: Path) -> None:
    outcome = run("fault_ends_the_run", tmp_path)
    assert not outcome.passed
    assert "DMA read of 32 bytes" in outcome.failures["fault_ends_the_run"]


def test_clock_limit_ends_the_run_with_a_report(tmp_path: Path) -> None:
    outcome = run("clock_limit", tmp_path, max_clocks=5000)
    assert not outcome.passed
    assert "as it must be: CLOCKS: the run was not over after 5000 clocks" in outcome.failures["clock_limit"]


def test_clock_limit_that_python_ignores_ends_the_process(tmp_path: Path) -> None:
    outcome = run("clock_limit_ignored", tmp_path, max_clocks=5000)
    assert not outcome.passed
    assert outcome.exit_code == 1
    assert any("after the limit of 5000" in line for line in outcome.errors)


def test_fatal_reaches_python_and_fails_the_process(tmp_path: Path) -> None:
    outcome = run("fatal", tmp_path)
    assert outcome.failures == {}, "the test itself has seen what it wanted"
    assert outcome.exit_code == 1
    assert not outcome.passed
    assert any("software asked for it: 42" in line for line in outcome.errors)
    assert any("ringside: RTL fatal" in line and "copy_regs.sv" in line for line in outcome.errors)


def test_errors_before_reset_is_through_are_not_heeded(tmp_path: Path) -> None:
    outcome = run("interrupt_line", tmp_path)
    assert_passed(outcome)
    assert any("not to be heeded" in line for line in outcome.errors)


@pytest.mark.usefixtures("heeds_sigint")
@pytest.mark.parametrize("test", ["interrupt_hung_rtl", "interrupt_busy_python"])
def test_ctrl_c_ends_the_run_with_a_report(test: str, tmp_path: Path) -> None:
    outcome = run(test, tmp_path, max_clocks=1 << 40)
    assert not outcome.passed
    assert "as it must be" in outcome.failures[test]
    assert outcome.wall < 30


def test_second_ctrl_c_kills(tmp_path: Path) -> None:
    outcome = run("interrupt_twice", tmp_path, max_clocks=1 << 40)
    assert outcome.exit_code == -2
    assert not outcome.passed


def test_build_that_fails_says_what_the_tool_said(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(COPYDUT, broken)
    with (broken / "copy_regs.sv").open("a") as file:
        file.write("module oops (input logic nowhere_to_be_seen;\n")
    with pytest.raises(BuildError, match=r"copy_regs\.sv:\d+") as error:
        build(load_dut(str(broken)))
    assert "build.log" in str(error.value)


def test_description_that_names_a_missing_file_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(COPYDUT, broken)
    (broken / "copy_engine.sv").unlink()
    with pytest.raises(BuildError, match=r"\[rtl\] names copy_engine.sv"):
        build(load_dut(str(broken)))


@pytest.mark.parametrize(("queues", "width"), [(17, 0), (0, 48)])
def test_parameters_outside_the_description_are_refused(queues: int, width: int) -> None:
    with pytest.raises(ConfigError, match="cannot be built with"):
        parameters_of(load_dut("nic"), queues, width)


@pytest.mark.usefixtures("heeds_sigint")
def test_ctrl_c_to_the_runner_reaches_the_simulation(tmp_path: Path) -> None:
    """In a run without the pump nobody listens to events: the process ends all the same."""
    build(load_dut(str(COPYDUT)))
    script = (
        "from pathlib import Path; from tests.meta.test_main_loop import run\n"
        f"outcome = run('clock_limit_ignored', Path({str(tmp_path)!r}), max_clocks=1 << 40)\n"
        "print(outcome.exit_code, outcome.passed, outcome.errors)"
    )
    child = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    log = tmp_path / "clock_limit_ignored-1-fast" / "sim.log"
    while not log.exists() or "Using Python" not in log.read_text():
        assert child.poll() is None
        time.sleep(0.1)
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    assert out.startswith("1 False"), out
    assert "ringside: interrupted" in out


@pytest.mark.parametrize("test", ["copy_with_stalls", "wire_with_stalls"])
def test_one_seed_gives_one_run_with_waves_and_without(test: str, tmp_path: Path) -> None:
    """Same clocks and the same hash of the wire and the buses; another seed gives other stalls."""
    first = run(test, tmp_path / "a", seed=5)
    second = run(test, tmp_path / "b", seed=5)
    waves = run(test, tmp_path / "c", seed=5, kind="debug")
    other = run(test, tmp_path / "d", seed=6)
    for outcome in (first, second, waves, other):
        assert_passed(outcome)
    assert digest(first) == digest(second) == digest(waves)
    assert digest(other) != digest(first)
    assert Path(waves.waves).stat().st_size > 10_000


def replay(built: Build, log: Path) -> tuple[int, dict[str, object]]:
    done = subprocess.run([built.replay, log], capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


@pytest.mark.parametrize("test", ["copy_with_stalls", "copy_with_quantum", "wire_with_stalls", "registers"])
def test_replay_reaches_the_same_clocks_and_digest(test: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    outcome = run(test, tmp_path, record=str(log))
    assert_passed(outcome)
    built = build(load_dut(str(COPYDUT)))
    code, found = replay(built, log)
    assert code == 0, found
    assert found["same"] is True
    assert int(str(found["clocks"])) >= int(digest(outcome).split("-")[0])


def test_replay_of_another_recording_is_noticed(tmp_path: Path) -> None:
    """One byte of a recorded frame changed: the replay does not reach the recorded digest."""
    log = tmp_path / "log"
    assert_passed(run("wire_with_stalls", tmp_path, record=str(log)))
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    code, _ = replay(build(load_dut(str(COPYDUT))), log)
    assert code == 1


def test_every_test_of_the_modules_is_run() -> None:
    here = Path(__file__)
    for module in ("bus_tests.py", "loop_tests.py"):
        names = re.findall(r"@cocotb\.test\([^)]*\)\nasync def (\w+)", (here.parent / module).read_text())
        assert len(names) > 5
        assert not [name for name in names if f'"{name}"' not in here.read_text()]
