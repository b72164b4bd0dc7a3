# SPDX-License-Identifier: Apache-2.0
"""Everything that defines a run, in one value that travels as JSON into the simulator process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

__all__ = ["Config", "ConfigError"]


class ConfigError(ValueError):
    """A parameter of the run is wrong; the message names it, its value and what it may be."""


@dataclass(slots=True)
class Config:
    """One run. Two runs with equal configs are equal: same clocks, same bytes on the wire.

    ``rate_gbps`` is the line rate of the wire; ``quantum_ns`` how far model CPUs run ahead of the device (0: exact);
    ``costs`` overrides fields of :class:`pymodel.hw.access.CpuCosts`; ``module_params`` go to the driver; where they
    change which vector tells of what, ``vector_of`` has for each entry of dut.toml's ``irq_ids`` the vector that does
    (IRQ3); ``args`` go to the scenario. ``max_us`` and ``watchdog_us`` are simulated time.
    """

    scenario: str = ""
    dut: str = "nic"
    backend: str = "rtl"
    seed: int = 1
    queues: int = 0  # 0: what the device description says
    data_width: int = 0  # bits; 0: likewise
    mtu: int = 1500
    rate_gbps: float = 10.0
    cpus: int = 0  # 0: one a queue pair
    quantum_ns: int = 0
    stalls: bool = True
    lossy: bool = False
    waves: bool = False
    max_us: float = 1_000_000.0
    watchdog_us: float = 1_000.0
    out_dir: str = ""
    progress: str = ""  # file that the run rewrites with its progress, for a bar drawn by another process
    costs: dict[str, int] = field(default_factory=dict)
    module_params: dict[str, Any] = field(default_factory=dict)
    vector_of: list[int] = field(default_factory=list)
    args: dict[str, Any] = field(default_factory=dict)
    swiotlb: str = "noforce"  # the kernel's option; "force": streaming DMA goes through bounce buffers
    weak: bool = False  # stores and loads of shared memory that no barrier orders are reordered
    held_up_ns: int = 0  # CPUs are held up behind one in eight register writes, for so long at most

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Config:
        values = json.loads(text)
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise ConfigError(f"unknown parameters of a run: {', '.join(sorted(unknown))}")
        return cls(**values)

    def validate(self) -> None:
        """Raise ConfigError for a value outside its range."""
        checks: list[tuple[bool, str, Any, str]] = [
            (self.backend in ("rtl", "soft"), "BACKEND", self.backend, "rtl or soft"),
            (0 <= self.seed < 1 << 31, "SEED", self.seed, "0 to 2147483647"),
            (0 <= self.queues <= 16, "QUEUES", self.queues, "1 to 16"),
            (self.data_width in (0, 64, 128, 256, 512), "DATA_WIDTH", self.data_width, "64, 128, 256 or 512"),
            (68 <= self.mtu <= 9000, "MTU", self.mtu, "68 to 9000"),
            (0.001 <= self.rate_gbps <= 400, "RATE", self.rate_gbps, "0.001 to 400 (Gb/s)"),
            (self.held_up_ns >= 0, "held_up_ns", self.held_up_ns, "0 or more (ns)"),
            (self.quantum_ns >= 0, "QUANTUM", self.quantum_ns, "0 or more (ns)"),
        ]
        for good, name, value, allowed in checks:
            if not good:
                raise ConfigError(f"{name}={value} is not possible: {allowed}")
