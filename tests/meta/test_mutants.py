# SPDX-License-Identifier: Apache-2.0
"""The list of mutants fits the project: without this, ``make mutants`` would be found broken when it is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.regress import _arguments, _jobs
from tests.mutants.campaign import DATAPATH, Mutant, MutantError, _regress, load, mutated, run_mutant, workspace
from tests.scenarios.catalog import case_named

MUTANTS = load()


@pytest.mark.parametrize("mutant", MUTANTS, ids=[m.name for m in MUTANTS])
def test_mutant_fits(mutant: Mutant) -> None:
    """Its text is where it says, once, and its scenario exists and is one run."""
    assert mutated(mutant)
    assert mutant.scenario.startswith(DATAPATH) or len(_jobs(_arguments(_regress(mutant, 0, Path("x.xml"))))) == 1
    if mutant.scenario.startswith(DATAPATH):
        name = mutant.scenario.removeprefix(DATAPATH).split()[0]
        assert f'{{"{name}", {name}}}' in (Path(__file__).parents[1] / "block" / "datapath" / "main.cpp").read_text()
    else:
        case_named(mutant.scenario)


def test_names_are_unique_and_documented() -> None:
    readme = (Path(__file__).parents[1] / "mutants" / "README.md").read_text()
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)
    assert not [m.name for m in MUTANTS if f"`{m.name}`" not in readme]


def test_text_that_is_gone_is_reported() -> None:
    mutant = Mutant("gone", "", (("rtl/nic_top.sv", "no such text", ""),), "both_ways", "X")
    with pytest.raises(MutantError, match=r"gone: its text is 0 times in rtl/nic_top.sv, not once: no such text"):
        mutated(mutant)
    with pytest.raises(MutantError, match="there is no rtl/none.sv"):
        mutated(Mutant("gone", "", (("rtl/none.sv", "", ""),), "both_ways", "X"))
    with pytest.raises(MutantError, match="no assertion is named None1"):
        mutated(Mutant("gone", "", (), "both_ways", "X", without=("None1",)))


def test_one_mutant_is_found_and_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quickest of them, all the way."""
    monkeypatch.setenv("RINGSIDE_BUILD", str(tmp_path))
    mutant = next(m for m in MUTANTS if m.name == "driver_sleeps_in_statistics")
    folder = workspace()
    outcome = run_mutant(mutant, folder)
    assert (outcome.rule, "ndo_get_stats64" in outcome.message) == ("ETH2", True), outcome
    for name in mutated(mutant):
        assert (folder / name).read_text() == (Path(__file__).parents[2] / name).read_text()
