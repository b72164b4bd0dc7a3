# SPDX-License-Identifier: Apache-2.0
"""A NIC's description (``dut.toml``): the only place where the testbench learns what it tests."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tb.config import ConfigError
from tb.description import check_description

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
        except Exception as exc:  # whatever the module does while it is imported
            why = str(exc) if isinstance(exc, ImportError | AttributeError) else f"{type(exc).__name__}: {exc}"
            raise ConfigError(f"{self.folder / 'dut.toml'}: {what} = {text!r} cannot be loaded: {why}") from exc

    def check_loads(self, backend: str) -> None:
        """Raise ConfigError for a name behind which there is nothing, before anything is built."""
        for what in ("driver", "ops", *(["soft"] if backend == "soft" else [])):
            self.load(what)


def load_dut(name: str) -> Dut:
    """The description of ``name``: ``nic``, ``tinynic``, or the path of a folder with a ``dut.toml``."""
    folder = _KNOWN.get(name) or ROOT / name  # the simulator runs in a folder of its own
    path = folder / "dut.toml"
    if not path.is_file():
        raise ConfigError(f"DUT={name} is not known: one of {', '.join(_KNOWN)}, or a folder that holds a dut.toml")
    try:
        values = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise ConfigError(f"{path}: {exc}") from exc
    check_description(path, values)
    return Dut(folder=folder, **values)
