# SPDX-License-Identifier: Apache-2.0
"""tools/lint.py: what is judged, and that a judge who is not content fails the whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import lint
from tools.lint import Step, steps

_GOOD = Step("good", [sys.executable, "-c", "print('fine')"])
_BAD = Step("bad", [sys.executable, "-c", "import sys; [print('line', n) for n in range(100)]; sys.exit(3)"])


def test_every_part_of_the_tree_has_its_judge() -> None:
    """Both NICs at several sets of parameters, all SystemVerilog, all Python, the generated files."""
    found = {step.name: step.command for step in steps()}
    assert {"mypy", "verible", "ruff", "generated files"} <= set(found)
    ours = [name for name in found if name.startswith("verilator nic ")]
    assert {f"verilator nic DataWidth={w} StreamWidth={w} Queues={q}" for w in (64, 512) for q in (1, 16)} <= set(ours)
    assert "-Wall" in found[ours[0]]
    assert any(name.startswith("verilator tinynic ") for name in found)
    assert {"rtl/nic_top.sv", "tb/sv/tb_top.sv", "examples/tinynic/rtl/tinynic.sv"} <= set(found["verible"])


@pytest.fixture(autouse=True)
def _yosys_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint, "_YOSYS", Path(sys.executable))


def test_yosys_where_it_is_installed_reads_the_smallest_and_the_largest_nic() -> None:
    found = [step.command for step in steps() if step.name.startswith("yosys nic ")]
    scripts = [command[-1] for command in found]
    assert [command[0] for command in found] == [sys.executable] * 2
    assert "-GDataWidth=64" in scripts[0] and "-GQueues=1;" in scripts[0]
    assert "-GDataWidth=512" in scripts[1] and "-GQueues=16;" in scripts[1]
    assert all("check -assert" in script for script in scripts)


def test_yosys_where_it_is_not_is_left_out_with_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lint, "_YOSYS", Path("/nowhere/yosys"))
    assert not [step for step in steps() if "yosys" in step.name]
    monkeypatch.setattr(lint, "steps", lambda: [_GOOD])
    assert lint.main() == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("skip    yosys: not installed")


def test_one_that_is_not_content_fails_and_is_quoted_in_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lint, "steps", lambda: [_GOOD, _BAD])
    assert lint.main() == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("ok      good (")
    assert out[1].startswith("FAILED  bad (")
    assert out[2] == "line 0"
    assert out[-2].startswith("... and 60 lines more: ")
    assert out[-1] == "lint: 1 of 2 failed"


def test_all_content_passes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(lint, "steps", lambda: [_GOOD])
    assert lint.main() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "lint: all 1 passed"


def test_a_judge_that_is_not_installed_fails_with_what_to_do() -> None:
    good, text, _ = Step("gone", ["/nowhere/gone"]).run()
    assert not good
    assert text == "/nowhere/gone: No such file or directory: run `make setup`"
