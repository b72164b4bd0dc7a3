# SPDX-License-Identifier: Apache-2.0
"""What the NIC itself takes, in clocks: exact, the same on every machine.

Measured at the streams by tests/block/datapath: 256 bits, 4 queue pairs, a wire without limit, CPUs that cost nothing,
RX buffers aligned to 64 bytes, TX data at offset 2 of such a line. ``_lat125``: the same with 125 clocks of read and 60
of write latency instead of none.
"""

from __future__ import annotations

import re

from tests.block.datapath_bench import build, run

__all__ = ["clock_figures"]

_WIDTH, _QUEUES = 256, 4
_CLOCKS = 60_000  # of a measurement, after 5,000 of warming up: more than 1,000 frames
_PAYLOAD = 48  # clocks that carry data of a 1514-byte frame
_MEMORY = {"": {}, "_lat125": {"read_latency": 125, "write_latency": 60}}
_WAYS = {"tx": {"rx": 0}, "rx": {"tx": 0}, "duplex": {}}


def _measure(pattern: str, scenario: str, **settings: int) -> list[float]:
    """The numbers that a scenario prints. Raises RuntimeError where it fails."""
    code, text = run(build(_WIDTH, _QUEUES), scenario, **settings)
    found = re.search(pattern, text)
    if code or not found:
        raise RuntimeError(f"datapath {scenario} {settings} failed: {text[-1000:]}")
    return [float(number) for number in found.groups()]


def clock_figures() -> dict[str, float]:
    """All figures by their keys; a duplex pair is as fast as its slower direction. Raises RuntimeError."""
    out: dict[str, float] = {}
    for size in (60, 1514):
        for way, directions in _WAYS.items():
            for memory, latency in _MEMORY.items():
                pattern = r"tx ([\d.]+) clocks a packet, rx ([\d.]+)"
                clocks = max(_measure(pattern, "rate", size=size, clocks=_CLOCKS, **directions, **latency))
                if size == 60:
                    out[f"{way}_60_clocks_per_pkt{memory}"] = clocks
                else:
                    out[f"{way}_1514_efficiency{memory}"] = _PAYLOAD / clocks
    pattern = r"at most (\d+) clocks from doorbell to wire, (\d+) from wire to MSI-X"
    out["doorbell_to_wire_clocks"], out["wire_to_msix_clocks"] = _measure(pattern, "latency")
    return out
