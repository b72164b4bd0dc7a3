# SPDX-License-Identifier: Apache-2.0
"""One seed gives one run: same clocks, same bytes on the wire and on every bus, with waves and without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tb.session import run
from tests.scenarios.catalog import case_named


@pytest.mark.parametrize("dut", ["nic", "tinynic"])
def test_same_seed_gives_the_same_run_with_waves_and_another_seed_other_stalls(dut: str) -> None:
    """The digest holds the clocks, a hash of the wire with its times, and one of all buses (design.md, decision
    12).
    """
    config = case_named("both_ways").config(dut, "rtl", 11, max_us=50_000, args={"count": 60})
    first, again = run(config), run(config)
    waved = run(replace(config, waves=True))
    other = run(replace(config, seed=12))
    for result in (first, again, waved, other):
        assert result.passed, result.message
    digest = first.values["digest"]
    assert again.values["digest"] == digest
    assert waved.values["digest"] == digest
    assert other.values["digest"] != digest
    assert Path(waved.waves).stat().st_size > 10_000, "there are no waves"


@pytest.mark.parametrize("dut", ["nic", "tinynic"])
def test_soft_nic_repeats_too(dut: str) -> None:
    config = case_named("both_ways").config(dut, "soft", 11)
    first, again, other = run(config), run(config), run(replace(config, seed=12))
    assert first.passed and other.passed
    assert first.values["digest"] == again.values["digest"] != other.values["digest"]
