# SPDX-License-Identifier: Apache-2.0
"""Every scenario on every NIC, soft and in RTL. One scenario, one simulator process."""

from __future__ import annotations

import os

import pytest

from tb.build import BuildError
from tb.config import ConfigError
from tb.session import repeat_line, run
from tests.scenarios.catalog import Case, cases

_SEED = int(os.environ.get("RINGSIDE_SEED", "1"))
# Set by `make test QUEUES= DATA_WIDTH=`: the shape in which a regression's failure is repeated.
_SHAPE = {
    name: int(os.environ[variable])
    for name, variable in (("queues", "RINGSIDE_QUEUES"), ("data_width", "RINGSIDE_DATA_WIDTH"))
    if int(os.environ.get(variable) or 0)
}
_WAVES = os.environ.get("RINGSIDE_WAVES", "0") == "1"
_ALL = list(cases(("nic", "tinynic"), ("soft", "rtl")))
# Simulated time beyond which something is wrong: no scenario takes a tenth of it.
_MAX_US = 400_000.0


@pytest.mark.parametrize(("case", "dut", "backend"), [c[1:] for c in _ALL], ids=[c[0] for c in _ALL])
def test_scenario(case: Case, dut: str, backend: str, request: pytest.FixtureRequest) -> None:
    """The scenario ends with every always-on check satisfied."""
    if 0 < _SHAPE.get("queues", 0) < case.least_queues:
        pytest.skip(f"{case.name} takes {case.least_queues} queue pairs")
    config = case.config(dut, backend, _SEED, waves=_WAVES and backend == "rtl", max_us=_MAX_US, **_SHAPE)
    try:
        result = run(config)
    except (ConfigError, BuildError) as exc:
        pytest.fail(str(exc), pytrace=False)
    if not result.passed:
        name = request.node.callspec.id
        pytest.fail(f"{result.message}\n{result.details}\nrepeat: {repeat_line(name, config)}", pytrace=False)
    moved = result.values["tx"]["frames"] + result.values["rx"]["frames"]
    assert moved > 0, "the scenario moved no frame"
