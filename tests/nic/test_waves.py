# SPDX-License-Identifier: Apache-2.0
"""WAVES=1 on RTL: an FST of the run, and a save file with all of the groups that a reader looks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pywellen import Waveform

from tb.session import run
from tb.waves import save_file_of
from tests.scenarios.catalog import case_named

_GROUPS = ["clocks and resets", "registers, write (AXI4-Lite)", "registers, read (AXI4-Lite)", "DMA read (AXI)"]
_GROUPS += ["DMA write and MSI-X (AXI)", "interrupt", "wire, out", "wire, in"]
_RINGS = {
    "nic": [f"{way} ring of queue {q}" for way in ("TX", "RX") for q in range(4)],
    "tinynic": ["TX ring", "RX ring"],
}


@pytest.mark.parametrize("dut", ["nic", "tinynic"])
def test_waves_of_a_run_have_their_signals_in_groups(dut: str) -> None:
    config = case_named("both_ways").config(dut, "rtl", 1, waves=True, max_us=400_000)
    result = run(config)
    assert result.passed, f"{result.message}\n{result.details}"
    assert "save file" not in result.message
    fst = Path(result.waves)
    names = {var.full_name for var in Waveform(str(fst)).all_vars()}
    assert "tb_top.dut.m_axi_awaddr" in names
    shown = save_file_of(fst).read_text().splitlines()
    assert set(_GROUPS) | set(_RINGS[dut]) == {line[1:] for line in shown if line.startswith("-")}
    signals = [re.sub(r"\[\d+:0\]$", "", line) for line in shown if line.startswith("tb_top.")]
    # GTKWave repeats an array's name before the index of its element.
    assert {re.sub(r"([^.]+)\.\1(\[\d+\])", r"\1.\2", name) for name in signals} <= names
    assert len(signals) > 60
