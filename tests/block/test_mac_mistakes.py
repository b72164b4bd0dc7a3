# SPDX-License-Identifier: Apache-2.0
"""The tests of the MAC side (test_mac.py) find mistakes that are made in it."""

from __future__ import annotations

import re

import pytest

from tests.block.mac_bench import CLOCK_MHZ, SOURCES, TOP, blocks
from tests.block.simulate import ROOT, SimulationFailed, build, simulate

# What the tests must find: file, line, what takes its place, the test, what it says.
MISTAKES: dict[str, tuple[str, str, str, str, str]] = {
    "quanta of 1024 bit times": (
        "nic_mac_pause.sv", "localparam int unsigned Quantum = 512;", "localparam int unsigned Quantum = 1024;",
        "pause_holds_data_for_its_quanta", "AssertionError",
    ),
    "quanta in the wrong order": (
        "nic_mac_rx.sv", "{data_i[8*(16%Bytes)+:8], data_i[8*(17%Bytes)+:8]}",
        "{data_i[8*(17%Bytes)+:8], data_i[8*(16%Bytes)+:8]}", "pause_holds_data_for_its_quanta", "AssertionError",
    ),
    "pause cuts a frame": (
        "nic_mac_tx.sv", "s_tvalid && !pause_q && (inside_q ? !drop_q : begins)", "s_tvalid && !pause_q && begins",
        "pause_holds_data_for_its_quanta", "a gap inside a frame",
    ),
    "the station's own address is forgotten": (
        "nic_mac_rx.sv", "return dest == PauseDest || dest == station;",
        "return dest == PauseDest || (dest == station && &dest);", "pause_holds_data_for_its_quanta",
        "AssertionError",
    ),
    "bad pause frames are obeyed": (
        "nic_mac_rx.sv", "if (bad_i || !(", "if (!(", "what_is_no_pause_frame_pauses_nobody", "AssertionError",
    ),
    "short pause frames are obeyed": (
        "nic_mac_rx.sv", "localparam int unsigned LastByte   = (PadFrame - 1) % Bytes;",
        "localparam int unsigned LastByte   = (PadFrame - 2) % Bytes;", "what_is_no_pause_frame_pauses_nobody",
        "AssertionError",
    ),
    "asked again too late": (
        "nic_mac_pause.sv", "localparam time_t Half = time_t'(Quantum * ClockMhz / 2);",
        "localparam time_t Half = time_t'(Quantum * ClockMhz);",
        "partner_is_paused_while_the_buffer_is_full_and_asked_again_in_time", "the partner goes on",
    ),
    "pause waits for data": (
        "nic_mac_tx.sv", "begins        = !pause_i && !hold_i", "begins        = !hold_i",
        "partner_is_paused_while_the_buffer_is_full_and_asked_again_in_time", "Error",
    ),
    "gap and preamble are free": (
        "nic_mac_pace.sv", "localparam int unsigned Overhead = 24;", "localparam int unsigned Overhead = 4;",
        "pacing_keeps_the_average_rate", "AssertionError",
    ),
    "idle time is saved up": (
        "nic_mac_pace.sv", "(busy_i || stall_q)) begin", "(busy_i || stall_q || 1'b1)) begin",
        "pacing_keeps_the_average_rate", "AssertionError",
    ),
    "what a clock pays too much is lost": (
        "nic_mac_pace.sv", "debt_q  <= left;", "debt_q  <= (left[Width-1] && !busy_i) ? '1 : left;",
        "pacing_keeps_the_average_rate", "AssertionError",
    ),
    "the link's end cuts a frame": (
        "nic_mac_in.sv", "(!inside_o && (!link_i || loopback_i))", "!link_i || loopback_i",
        "link_that_comes_and_goes_cuts_no_frame", "AssertionError",
    ),
    "the rest of a frame passes when the link comes": (
        "nic_mac_in.sv", "skip     = skip_q || loop_i ||", "skip     = loop_i ||",
        "link_that_comes_and_goes_cuts_no_frame", "AssertionError",
    ),
    "loopback begins within a frame": (
        "nic_mac_mode.sv", "&& !tx_inside_i && !rx_inside_i) loop_o", ") loop_o",
        "loopback_in_traffic_cuts_no_frame", "Error",
    ),
    "a reset waits for the partner": (
        "nic_mac_tx.sv", "|| (flush_i && stall_i)", "|| (flush_i && 1'b0)", "reset_does_not_wait_for_the_partner",
        "frames of TX still wait",
    ),
    "1519 bytes count as 1518": (
        "nic_mac_rmon.sv", "(len <= 14'd1514)", "(len <= 14'd1515)", "rmon_counters_count_every_frame",
        "AssertionError",
    ),
    "jabbers count as oversize": (
        "nic_mac_rmon.sv", "return {1'b1, bad, 1'b1};", "return 3'b101;", "rmon_counters_count_every_frame",
        "AssertionError",
    ),
    "the upper half is not latched": (
        "nic_counter_bank.sv", "high_q ? latch_mem[at_q] :", "high_q ? upper[43:12] :",
        "counters_read_as_one_and_never_go_back", "AssertionError",
    ),
    "one latch for all counters": (
        "nic_counter_bank.sv", "latch_mem[at_q] <=", "for (int i = 0; i < int'(Counters); i++) latch_mem[i] <=",
        "counters_read_as_one_and_never_go_back", "AssertionError",
    ),
    "of carries that wait one is lost when another comes": (
        "nic_counter_bank.sv", "pend  = pend_q | carry_i;", "pend  = (carry_i != '0) ? carry_i : pend_q;",
        "counters_that_wrap_together_all_go_on", "AssertionError",
    ),
    "a carry that waits is not read": (
        "nic_counter_bank.sv", "carry_q <= asked ? pend[index_i] :", "carry_q <= asked ? 1'b0 :",
        "counters_that_wrap_together_all_go_on", "AssertionError",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mac_mistake_is_found(mistake: str) -> None:
    """A mistake made in a copy of the RTL: its test fails with what is said."""
    name, line, wrong, test, says = MISTAKES[mistake]
    label = "mistake_mac_" + re.sub(r"\W+", "_", mistake)
    directory = ROOT / "build" / "block" / f"{label}_rtl"
    directory.mkdir(parents=True, exist_ok=True)
    sources = []
    for source in SOURCES:
        if source.name == name:
            text = source.read_text()
            assert text.count(line) == 1, f"{name} no longer has the line that this test changes"
            source = directory / name
            source.write_text(text.replace(line, wrong))
        sources.append(source)
    built = build(label, TOP, sources, {"DataWidth": 64, "ClockMhz": CLOCK_MHZ}, base=blocks(64))
    with pytest.raises(SimulationFailed, match=says):
        simulate(built, TOP, "tests.block.test_mac", test)
