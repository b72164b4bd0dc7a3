# SPDX-License-Identifier: Apache-2.0
"""tools/lint.py: what is judged, and that a judge who is not content fails the whole."""

from __future__ import annotations

import sys

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
