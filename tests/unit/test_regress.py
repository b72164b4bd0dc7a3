# SPDX-License-Identifier: Apache-2.0
"""``make regress``: which runs it makes."""

from __future__ import annotations

from argparse import Namespace

import pytest

from tb import regress
from tb.regress import _jobs, _shape
from tests.scenarios.catalog import CASES


def _args(**more: object) -> Namespace:
    return Namespace(**{"scenario": "", "seeds": 1, "first_seed": 1, "dut": "nic", "backend": "rtl", "queues": 0,
                        "data_width": 0} | more)  # fmt: skip


def _shapes(scenario: str, **more: object) -> list[str]:
    return [_shape(config) for _, config in _jobs(_args(scenario=scenario, **more))]


def test_regress_runs_every_shape_of_the_device() -> None:
    shapes = [f"-q{q}-w{width}" for width in (64, 128, 256, 512) for q in (1, 4, 16)]
    assert _shapes("both_ways") == shapes
    assert _shapes("both_ways", dut="tinynic") == ["-q1-w64"], "which has one"
    assert _shapes("both_ways", backend="soft") == [""], "a model has no width"


def test_regress_runs_the_shape_that_is_asked_for() -> None:
    assert _shapes("both_ways", queues=3, data_width=128) == ["-q3-w128"]
    assert _shapes("both_ways", queues=2) == [f"-q2-w{width}" for width in (64, 128, 256, 512)]


def test_regress_leaves_out_a_scenario_that_takes_more_queues() -> None:
    assert not [shape for shape in _shapes("few_vectors") if shape.startswith("-q1-")]
    assert len(_shapes("few_vectors")) == 8


@pytest.mark.parametrize("dut", ["nic", "tinynic"])
def test_regress_runs_every_scenario_of_a_device(dut: str) -> None:
    its_own = {f"{case.name}-{dut}-rtl" for case in CASES if not case.duts or dut in case.duts}
    assert {name for name, _ in _jobs(_args(dut=dut))} == its_own


def test_regress_leaves_out_a_device_that_has_no_such_shape(capsys: pytest.CaptureFixture[str]) -> None:
    args = _args(dut="nic,tinynic", queues=4)
    assert regress._buildable(args) == "nic"
    assert "left out: tinynic cannot be built with QUEUES=4: 1 to 1" in capsys.readouterr().err
    assert regress._buildable(_args(dut="nic,tinynic", queues=4, backend="soft")) == "nic,tinynic"


def test_regress_of_no_device_with_that_shape_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert regress.main(["--dut", "tinynic", "--queues", "4"]) == 2
    assert capsys.readouterr().err == "make regress: tinynic cannot be built with QUEUES=4: 1 to 1\n"
