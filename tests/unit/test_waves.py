# SPDX-License-Identifier: Apache-2.0
"""GTKWave save files: what goes into which group, GTKWave's spelling of names, and `make waves` without a display."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from vcd import VCDWriter

from tb import waves
from tb.config import ConfigError
from tb.waves import groups_of, save_file_of, write_save_file

_NAMES = [
    "tb_top.clk_i", "tb_top.axil_awvalid", "tb_top.axi_arvalid", "tb_top.axi_awaddr", "tb_top.irq", "tb_top.tx_tvalid",
    "tb_top.dut.u.head.[0]", "tb_top.dut.u.head.[1]", "tb_top.dut.u.tail_q", "tb_top.dut.u.deep.tail_q",
]  # fmt: skip


def _waves(path: Path) -> Path:
    """A small trace of a run; the reader takes VCD as it takes FST."""
    with path.open("w") as file, VCDWriter(file, timescale="1 ps") as vcd:
        for scope, name, kind, size in (
            ("tb_top", "clk_i", "wire", 1),
            ("tb_top", "axi_awvalid", "wire", 1),
            ("tb_top", "axi_awaddr", "wire", 64),
            ("tb_top.dut.u", "count", "integer", 32),
            ("tb_top.dut.u", "tail_q", "reg", 16),
        ):
            vcd.register_var(scope, name, kind, size=size, init=0)
    return path


def test_groups_stand_in_the_order_of_reading_with_the_devices_own_before_the_interrupt() -> None:
    groups = groups_of(_NAMES, table={"ring": ["u.tail_q"]})
    assert list(groups) == [
        "clocks and resets",
        "registers, write (AXI4-Lite)",
        "DMA read (AXI)",
        "DMA write and MSI-X (AXI)",
        "ring",
        "interrupt",
        "wire, out",
    ]
    assert groups["ring"] == ["tb_top.dut.u.tail_q"]
    assert groups["DMA write and MSI-X (AXI)"] == ["tb_top.axi_awaddr"]


def test_a_group_for_each_queue_pair() -> None:
    groups = groups_of(_NAMES, 2, {"ring of queue {q}": ["u.head.[{q}]", "u.tail_q"]})
    assert groups["ring of queue 0"] == ["tb_top.dut.u.head.[0]", "tb_top.dut.u.tail_q"]
    assert groups["ring of queue 1"] == ["tb_top.dut.u.head.[1]", "tb_top.dut.u.tail_q"]


def test_a_star_stays_within_its_level() -> None:
    assert groups_of(_NAMES, table={"t": ["u.*"]})["t"] == ["tb_top.dut.u.tail_q"]
    assert groups_of(_NAMES, table={"t": ["*.*.tail_q"]})["t"] == ["tb_top.dut.u.deep.tail_q"]


def test_a_title_that_exists_adds_to_that_group() -> None:
    assert groups_of(_NAMES, table={"interrupt": ["u.tail_q"]})["interrupt"] == ["tb_top.irq", "tb_top.dut.u.tail_q"]


def test_an_entry_that_fits_nothing_is_named() -> None:
    with pytest.raises(ConfigError, match=r'\[waves\] "ring": no signal below tb_top.dut is named u\.gone'):
        groups_of(_NAMES, table={"ring": ["u.gone"]})


def test_the_save_file_names_signals_as_gtkwave_does(tmp_path: Path) -> None:
    """A vector carries its range, a single bit and an integer do not; handshakes have a colour."""
    fst = _waves(tmp_path / "waves.vcd")
    save = write_save_file(fst, table={"ring": ["u.tail_q", "u.count"]}, marker_ps=1_000_000)
    assert save == save_file_of(fst) == tmp_path / "waves.gtkw"
    lines = save.read_text().splitlines()
    assert f'[dumpfile] "{fst}"' in lines
    assert [line for line in lines if line.startswith("tb_top.")] == [
        "tb_top.clk_i",
        "tb_top.axi_awvalid",
        "tb_top.axi_awaddr[63:0]",
        "tb_top.dut.u.tail_q[15:0]",
        "tb_top.dut.u.count",
    ]
    assert lines[lines.index("tb_top.axi_awvalid") - 1] == "[color] 4"
    assert lines[lines.index("tb_top.clk_i") - 1] == "@28"
    assert [line for line in lines if line == "-ring"] == ["-ring", "-ring"]
    assert any(line.startswith("*") and line.split()[1] == "1000000" for line in lines)


@pytest.mark.parametrize("content", [None, b""])
def test_waves_that_are_not_there_are_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "waves.fst").write_bytes(content)
    with pytest.raises(ConfigError, match="no waves are there; run with WAVES=1"):
        write_save_file(tmp_path / "waves.fst")


@pytest.mark.parametrize(
    ("viewer", "display", "message"),
    [(None, ":0", "GTKWave is not installed"), ("/usr/bin/gtkwave", "", "there is no display here")],
)
def test_make_waves_prints_the_command_where_it_cannot_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    viewer: str | None, display: str, message: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(waves.shutil, "which", lambda _: viewer)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    fst = _waves(tmp_path / "waves.vcd")
    assert waves.main(["--fst", str(fst)]) == 0
    out = capsys.readouterr().out
    assert message in out
    assert f"gtkwave {tmp_path / 'waves.gtkw'}" in out


def test_make_waves_opens_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for age, name in ((20, "new"), (10, "newest"), (30, "old")):
        (tmp_path / "build" / name).mkdir(parents=True)
        fst = tmp_path / "build" / name / "waves.fst"
        _waves(fst)
        os.utime(fst, (1_000_000 - age, 1_000_000 - age))
        save_file_of(fst).touch()
    opened: list[list[str]] = []
    monkeypatch.setattr(waves, "ROOT", tmp_path)
    monkeypatch.setattr(waves.shutil, "which", lambda _: "/usr/bin/gtkwave")
    monkeypatch.setattr(waves.os, "execv", lambda _, words: opened.append(words))
    monkeypatch.setenv("DISPLAY", ":0")
    waves.main([])
    assert opened == [["/usr/bin/gtkwave", str(tmp_path / "build" / "newest" / "waves.gtkw")]]


def test_make_waves_without_any_says_how_to_make_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(waves, "ROOT", tmp_path)
    assert waves.main([]) == 2
    assert "make sim WAVES=1" in capsys.readouterr().err
