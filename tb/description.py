# SPDX-License-Identifier: Apache-2.0
"""What may stand in a ``dut.toml``, and of what type: a slip of the pen is told of before anything is built.

What each entry means: docs/design.md, "Device description".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tb.config import ConfigError

__all__ = ["check_description"]

_Check = tuple[Callable[[Any], bool], str]


def _is_natural(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_list(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(of(item) for item in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_object(value: Any) -> bool:
    return _is_text(value) and all(value.partition(":")) and value.count(":") == 1


_TEXT: _Check = (_is_text, "a text")
_OBJECT: _Check = (_is_object, 'a text "module:attribute"')
_NATURAL: _Check = (_is_natural, "a whole number, 0 or more")
_POSITIVE: _Check = (lambda value: _is_natural(value) and value > 0, "a whole number, 1 or more")
_FLAG: _Check = (lambda value: isinstance(value, bool), "true or false")
_TEXTS: _Check = (lambda value: _is_list(value, _is_text), "a list of texts")
_NATURALS: _Check = (lambda value: _is_list(value, _is_natural), "a list of whole numbers")
_ALLOWED: _Check = (lambda value: _is_list(value, _is_natural) and bool(value), "a list of whole numbers, one or more")
_WRITE: _Check = (lambda value: _is_list(value, _is_natural) and len(value) == 2, "a register's offset and a value")
_LISTS: _Check = (
    lambda value: _is_list(value, lambda ids: _is_list(ids, _is_natural)), "a list of lists of whole numbers"
)  # fmt: skip

_PARAMETERS = ("DataWidth", "StreamWidth", "IdWidth", "MmioAddrWidth", "Queues")
_TOP: dict[str, _Check] = {"name": _TEXT, "driver": _OBJECT, "ops": _OBJECT, "soft": _OBJECT}
_TABLES: dict[str, dict[str, _Check]] = {
    "rtl": {
        "filelists": _TEXTS, "sources": _TEXTS, "includes": _TEXTS, "waivers": _TEXTS, "wrapper": _TEXT,
        "link_pins": _FLAG, "reset": _WRITE,
    },
    "rtl.defaults": dict.fromkeys(_PARAMETERS, _POSITIVE),
    "rtl.limits": dict.fromkeys(_PARAMETERS, _ALLOWED),
    "clocks": {"clk": _POSITIVE, "mac_clk": _POSITIVE},
    "pci": {
        "vendor": _NATURAL, "device": _NATURAL, "subvendor": _NATURAL, "subdevice": _NATURAL, "class": _NATURAL,
        "revision": _NATURAL, "serial": _NATURAL, "bars": _NATURALS, "vectors": _NATURAL, "msix_table": _NATURAL,
        "msix_pba": _NATURAL, "line": _FLAG, "flr": _FLAG, "soft_reset": _FLAG,
    },
    "axi": {"id_width": _NATURAL, "irq_ids": _LISTS, "max_wait": _NATURAL},
    "limits": {"max_frame": _POSITIVE, "min_frame": _POSITIVE, "pads_to": _NATURAL},
}  # fmt: skip
_NEEDED = {"": ("name", "driver", "ops"), "pci": ("vendor", "device", "bars")}


def check_description(path: Path, values: dict[str, Any]) -> None:
    """Raise ConfigError, which names the entry, where one is missing, not known, or of the wrong type."""
    tables = [name for name in (*_TABLES, "waves") if "." not in name]
    _check_table(path, "", {k: v for k, v in values.items() if k not in tables}, _TOP, tables)
    for name in tables:
        table = values.get(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {name} = {table!r} is not possible: it is a table")
        if name == "waves":
            _check_table(path, name, table, dict.fromkeys(table, _TEXTS))
            continue
        inner = [key.partition(".")[2] for key in _TABLES if key.startswith(f"{name}.")]
        for key in inner:
            if not isinstance(table.get(key, {}), dict):
                raise ConfigError(f"{path}: [{name}] {key} = {table[key]!r} is not possible: it is a table")
            _check_table(path, f"{name}.{key}", table.get(key, {}), _TABLES[f"{name}.{key}"])
        _check_table(path, name, {k: v for k, v in table.items() if k not in inner}, _TABLES[name], inner)
    _check_defaults(path, values.get("rtl", {}))


def _check_table(path: Path, name: str, table: dict[str, Any], known: dict[str, _Check], more: Any = ()) -> None:
    where = f"{path}: [{name}] " if name else f"{path}: "
    missing = [key for key in _NEEDED.get(name, ()) if key not in table]
    unknown = [key for key in table if key not in known]
    there_are = f"; there are {', '.join([*known, *more])}"
    if missing:
        seen = f" (unknown: {', '.join(unknown)})" if unknown else ""
        raise ConfigError(f"{where}lacks {', '.join(missing)}{seen}")
    if unknown:
        raise ConfigError(f"{where}has unknown entries {', '.join(unknown)}{there_are}")
    for key, value in table.items():
        good, what = known[key]
        if not good(value):
            raise ConfigError(f"{where}{key} = {value!r} is not possible: it must be {what}")


def _check_defaults(path: Path, rtl: dict[str, Any]) -> None:
    defaults = rtl.get("defaults", {})
    for key, allowed in rtl.get("limits", {}).items():
        value = defaults.get(key, allowed[0])
        if not min(allowed) <= value <= max(allowed) if key == "Queues" else value not in allowed:
            raise ConfigError(f"{path}: [rtl.defaults] {key} = {value} is outside of [rtl.limits]: {allowed}")
