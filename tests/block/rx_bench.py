# SPDX-License-Identifier: Apache-2.0
"""Modules of rtl/rx at their pins, one at a time: builds, mistakes, packed structs."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from tests.block.simulate import ROOT, SimulationFailed, build, simulate
from tests.block.tx_bench import Layout

__all__ = ["KINDS", "PLAN", "Mistake", "beats_of", "built", "simulate_mistake"]

_RTL = ROOT / "rtl"
_PACKAGES = ["nic.vlt", "regs/nic_regs_pkg.sv", "nic_pkg.sv", "dma/nic_dma_pkg.sv"]
_PACKAGES += ["mac/nic_mac_pkg.sv", "rx/nic_rx_pkg.sv"]

# The file below rtl/rx, the line as it is, the mistake, the test that fails, and what it says then.
Mistake = tuple[str, str, str, str, str]

# nic_rx_pkg::sum_plan_t; nic_pkg::rss_type_t in the order of its values.
PLAN = Layout(want=1, ip_ok=1, strip=1, l4_start=8, l4_end=17, pseudo=17)
KINDS = ("none", "ip4", "tcp4", "udp4", "ip6", "tcp6", "udp6")


def _sources(module: str) -> list[Path]:
    """The module's file behind those of all modules that it has in it."""
    path = next(_RTL.rglob(f"{module}.sv"))
    below = dict.fromkeys(re.findall(r"^ +(nic_\w+) (?:#\(|u_\w+ \()", path.read_text(), re.MULTILINE))
    return [*dict.fromkeys(source for name in below for source in _sources(name)), path]


def built(module: str, edit: tuple[str, str, str] | None = None, **parameters: int) -> Path:
    """The module, built; `edit` changes a line of a file of rtl/rx in a copy."""
    label = "_".join([module, *(f"{name.lower()}{value}" for name, value in parameters.items())])
    sources = _sources(module)
    base = None
    if edit:
        file, old, new = edit
        base = built(module, **parameters)
        text = (_RTL / "rx" / file).read_text()
        assert text.count(old) == 1, f"{file} no longer has the line that this test changes: {old}"
        label += f"_mistake_{hashlib.sha256(repr(edit).encode()).hexdigest()[:8]}"
        folder = ROOT / "build" / "block" / f"{label}_rtl"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text.replace(old, new))
        sources = [folder / file if source.name == file else source for source in sources]
    return build(label, module, [*(_RTL / name for name in _PACKAGES), *sources], parameters, base=base)


def simulate_mistake(
    module: str, test_module: str, mistake: Mistake, *, zeros: bool = False, **parameters: int
) -> None:
    """Make the mistake in a copy: the test must fail with what is said."""
    file, line, wrong, test, says = mistake
    with pytest.raises(SimulationFailed, match=re.escape(says)):
        simulate(built(module, (file, line, wrong), **parameters), module, test_module, test, zeros=zeros)


def beats_of(frame: bytes, width: int) -> list[tuple[int, int]]:
    """A frame's beats of `width` bytes: data, and how many bytes of it are the frame's; the rest is not 0."""
    result = []
    for at in range(0, len(frame), width):
        part = frame[at : at + width]
        result.append((int.from_bytes(part + b"\xa5" * (width - len(part)), "little"), len(part)))
    return result
