# SPDX-License-Identifier: Apache-2.0
"""A NIC's description (``dut.toml``): the only place where the testbench learns what it tests."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tb.config import ConfigError

__all__ = ["ROOT", "Dut", "load_dut"]

ROOT = Path(__file__).resolve().parent.parent
_KNOWN = {"nic": ROOT / "rtl", "tinynic": ROOT / "examples" / "tinynic"}


@dataclass(slots=True)
class Dut:
    """One NIC: its folder, and the tables of its ``dut.toml`` (format: docs/design.md, "Device description")."""

    name: str
    folder: Path
    driver: str
    ops: str
    soft: str = ""
    rtl: dict[str, Any] = field(default_factory=dict)
    clocks: dict[str, int] = field(default_factory=dict)
    pci: dict[str, Any] = field(default_factory=dict)
    axi: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    waves: dict[str, Any] = field(default_factory=dict)

    def load(self, what: str) -> Any:
        """The Python object named by ``driver``, ``ops`` or ``soft`` as ``"module:attribute"``."""
        text = getattr(self, what)
        if not text:
            hint = ": BACKEND=soft needs one" if what == "soft" else ""
            raise ConfigError(f"{self.folder / 'dut.toml'} names no {what}{hint}")
        module, _, attribute = text.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as exc:
            raise ConfigError(f"{self.folder / 'dut.toml'}: {what} = {text!r} cannot be loaded: {exc}") from exc


def load_dut(name: str) -> Dut:
    """The description of ``name``: ``nic``, ``tinynic``, or the path of a folder with a ``dut.toml``."""
    folder = _KNOWN.get(name) or ROOT / name  # the simulator runs in a folder of its own
    path = folder / "dut.toml"
    if not path.is_file():
        raise ConfigError(f"DUT={name} is not known: one of {', '.join(_KNOWN)}, or a folder that holds a dut.toml")
    try:
        values = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, OSError) as exc:
        raise ConfigError(f"{path}: {exc}") from exc
    missing = {"name", "driver", "ops"} - set(values)
    if missing:
        raise ConfigError(f"{path} lacks {', '.join(sorted(missing))}")
    known = {f: values[f] for f in Dut.__dataclass_fields__ if f in values and f != "folder"}
    unknown = set(values) - set(known)
    if unknown:
        raise ConfigError(f"{path}: unknown entries {', '.join(sorted(unknown))}")
    return Dut(folder=folder, **known)
