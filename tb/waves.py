# SPDX-License-Identifier: Apache-2.0
"""GTKWave save files: the signals of a run in groups a reader can find his way in, for any device.

``write_save_file`` looks into an FST file and writes ``waves.gtkw`` beside it. The groups of the testbench (clocks,
register bus, DMA, interrupt, wire) exist for every device. A device adds its own by a table in ``dut.toml``:

    [waves]
    "ring of queue {q}" = ["i_ring.head_q.[{q}]", "i_ring.tail_q.[{q}]"]
    "interrupt" = ["i_irq.pending_q"]

The names are those below ``tb_top.dut``; ``*`` stands for anything in one level, ``{q}`` for each queue pair in turn.
A title that exists already adds to that group. ``python -m tb.waves`` (``make waves``) opens the newest waves.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pywellen import Var, Waveform
from vcd.gtkw import GTKWColor, GTKWSave

from tb.config import ConfigError
from tb.dut import ROOT

__all__ = ["groups_of", "main", "save_file_of", "write_save_file"]

_TOP = "tb_top"
_DUT = f"{_TOP}.dut"
# What tb_top names its signals: group -> regular expressions of what follows "tb_top.", in the order of reading.
_AXI_ADDRESS = "{0}valid {0}ready {0}id {0}addr {0}len {0}size"
_GROUPS: dict[str, str] = {
    "clocks and resets": "clk_i mac_clk rst_n mac_rst_n",
    "registers, write (AXI4-Lite)": " ".join(
        f"axil_{name}" for name in "awvalid awready awaddr wvalid wready wdata wstrb bvalid bready bresp".split()
    ),
    "registers, read (AXI4-Lite)": " ".join(
        f"axil_{name}" for name in "arvalid arready araddr rvalid rready rdata rresp".split()
    ),
    "DMA read (AXI)": _AXI_ADDRESS.format("axi_ar") + " axi_rvalid axi_rready axi_rid axi_rlast axi_rdata axi_rresp",
    "DMA write and MSI-X (AXI)": _AXI_ADDRESS.format("axi_aw")
    + " axi_wvalid axi_wready axi_wlast axi_wdata axi_wstrb axi_bvalid axi_bready axi_bid axi_bresp",
    "interrupt": "irq event_line",
    "wire, out": "tx_tvalid tx_tready tx_tlast tx_tkeep tx_tdata tx_tuser",
    "wire, in": "rx_tvalid rx_tready rx_tlast rx_tkeep rx_tdata rx_tuser",
}
_RANGED = ("Wire", "Logic", "Reg", "Bit")  # kinds of signals that GTKWave names with their range
_BEFORE_DEVICE = 5  # the device's groups stand behind this many of the testbench's: between the buses and the interrupt
_PS_PER_PIXEL = 512


def groups_of(
    names: Iterable[str], queues: int = 1, table: Mapping[str, Sequence[str]] | None = None
) -> dict[str, list[str]]:
    """The groups in the order of display, each with its signals, of a file that holds the signals ``names``.

    Groups of which the file holds nothing are left out. Raises ConfigError for an entry of ``table`` that fits nothing.
    """
    present = dict.fromkeys(names)
    groups = [(title, [f"{_TOP}.{word}" for word in words.split()]) for title, words in _GROUPS.items()]
    found = {title: [name for name in wanted if name in present] for title, wanted in groups}
    own: dict[str, list[str]] = {}
    for title, patterns in (table or {}).items():
        for q in range(queues) if "{q}" in title + "".join(patterns) else (0,):
            group = found.get(title)
            if group is None:
                group = own.setdefault(title.replace("{q}", str(q)), [])
            for pattern in patterns:
                fitting = _fitting(pattern.replace("{q}", str(q)), present)
                if not fitting:
                    raise ConfigError(f'dut.toml: [waves] "{title}": no signal below {_DUT} is named {pattern}')
                group += [name for name in fitting if name not in group]
    ordered = [*list(found.items())[:_BEFORE_DEVICE], *own.items(), *list(found.items())[_BEFORE_DEVICE:]]
    return {title: names for title, names in ordered if names}


def _fitting(pattern: str, names: Iterable[str]) -> list[str]:
    expression = re.compile(re.escape(f"{_DUT}.{pattern}").replace(r"\*", r"[^.]*"))
    return [name for name in names if expression.fullmatch(name)]


def save_file_of(fst: Path) -> Path:
    """Where the save file of ``fst`` is."""
    return fst.with_suffix(".gtkw")


def write_save_file(
    fst: Path, queues: int = 1, table: Mapping[str, Sequence[str]] | None = None, marker_ps: int | None = None
) -> Path:
    """Write the save file of ``fst``, with the device's groups ``table``; ``marker_ps``, in ps, marks a moment.

    Vectors are taken to be declared ``[n-1:0]``: that is how GTKWave names them, and FST readers do not tell. Raises
    ConfigError when the FST is missing or empty, or an entry of ``table`` fits nothing.
    """
    if not fst.is_file() or not fst.stat().st_size:
        raise ConfigError(f"{fst}: no waves are there; run with WAVES=1")
    signals = {var.full_name: var for var in Waveform(str(fst)).all_vars()}
    groups = groups_of(signals, queues, table)
    path = save_file_of(fst)
    with path.open("w") as file:
        save = GTKWSave(file)
        save.comment(f"Ringside: {len(groups)} groups of {fst.name}")
        save.dumpfile(str(fst.resolve()))
        save.timestart(max(0, (marker_ps or 0) - 500 * _PS_PER_PIXEL))
        save.zoom_markers(zoom=-(_PS_PER_PIXEL.bit_length() - 1), marker=-1 if marker_ps is None else marker_ps)
        save.size(1600, 900)
        save.signals_width(320)
        save.sst_expanded(True)
        save.treeopen(f"{_TOP}.")
        save.treeopen(f"{_DUT}.")
        for title, names in groups.items():
            with save.group(title):
                for name in names:
                    handshake = re.search(r"(valid|ready)(_[iodq]+)?$", name)
                    save.trace(
                        _in_gtkwave(signals[name]),
                        color=GTKWColor.green if handshake else None,
                        datafmt="bin" if signals[name].is_1bit else "hex",
                    )
    return path


def _in_gtkwave(var: Var) -> str:
    """GTKWave's name for a signal: an element of an array repeats the array's name, a vector carries its range."""
    name = re.sub(r"([^.]+)\.((?:\[\d+\])+)$", r"\1.\1\2", var.full_name)
    return f"{name}[{var.bitwidth - 1}:0]" if var.var_type in _RANGED and not var.is_1bit else name


def _newest() -> Path:
    found = sorted((ROOT / "build").rglob("*.fst"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise ConfigError("no waves are there yet: run `make sim WAVES=1` or `make test T=name WAVES=1`")
    return found[-1]


def main(argv: list[str] | None = None) -> int:
    """Open waves in GTKWave, or print the command when it cannot be opened here. Exit code 2: there are none."""
    parser = argparse.ArgumentParser(prog="make waves", description="Open waves in GTKWave.")
    parser.add_argument("--fst", type=Path, help="default: the newest under build/")
    args = parser.parse_args(argv)
    try:
        fst = args.fst or _newest()
        save = save_file_of(fst)
        if not save.is_file():
            save = write_save_file(fst)
    except ConfigError as exc:
        print(f"make waves: {exc}", file=sys.stderr)
        return 2
    viewer = shutil.which("gtkwave")
    if viewer and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        print(f"gtkwave {save}", flush=True)
        os.execv(viewer, [viewer, str(save)])
    why = "there is no display here" if viewer else "GTKWave is not installed (sudo apt-get install gtkwave)"
    print(f"{why}; to open the waves:\n  gtkwave {save}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
