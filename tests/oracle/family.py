# SPDX-License-Identifier: Apache-2.0
"""What a family of records is, and how a replay is compared with what the kernel did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Difference", "Family", "NotExpressed", "Record", "differences"]

Record = dict[str, Any]


class NotExpressed(Exception):
    """Raised by a replay for a record that the host model cannot express. The text is the reason; each has its
    paragraph in tests/oracle/README.md.
    """


@dataclass(slots=True, frozen=True)
class Difference:
    """One value that is not the kernel's: ``path`` in the record (``ops[3].st[0].len``), the kernel's and ours."""

    path: str
    kernel: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.path}: kernel {_short(self.kernel)}, ours {_short(self.ours)}"


@dataclass(slots=True, frozen=True)
class Family:
    """The records with one ``fam``.

    ``replay(record, context)`` does what the record's inputs say and returns what the host model showed: a dict with
    every field of the record that is not in ``inputs``, in the record's own shape. It never looks at what the kernel
    observed: nested structures are built anew, step by step. ``inputs``: the top-level fields which are wholly input.
    ``left_out``: observed fields that are not compared (paths without indices, ``segs.hash``), each with the reason;
    tests/oracle/README.md lists them. ``context``: the family whose last record above in the same file goes with each
    record (device limits, say); else ``context`` is None. ``also(record, context)``: what else the host model may show,
    where the inputs of a record leave something open; tests/oracle/README.md says what. ``by_length``: paths of texts
    that were inputs, but which the record has only where the kernel showed them again: compared by their length, each
    with the reason. ``history``: the ``context`` has as well, under "before", the records of this family since it, and
    under "previous" the one before those, for what one record leaves behind for the next.
    """

    fam: str
    replay: Callable[[Record, Record | None], Record]
    inputs: frozenset[str]
    left_out: dict[str, str] = field(default_factory=dict)
    context: str | None = None
    also: Callable[[Record, Record | None], Iterator[Record]] | None = None
    by_length: dict[str, str] = field(default_factory=dict)
    history: bool = False


class _Missing:
    """Where one side has nothing. A class, since differences go from process to process."""

    def __repr__(self) -> str:
        return "nothing"


_MISSING = _Missing()


def differences(family: Family, record: Record, ours: Record) -> Iterator[Difference]:
    """Every observed value of ``record`` that ``ours`` does not have, and every one that it has too much."""
    for key in [*record, *(key for key in ours if key not in record)]:
        if key != "fam" and key not in family.inputs:
            yield from _compare(key, key, record.get(key, _MISSING), ours.get(key, _MISSING), family)


def _compare(path: str, plain: str, kernel: Any, ours: Any, family: Family) -> Iterator[Difference]:
    if plain in family.left_out:
        return
    if plain in family.by_length and isinstance(kernel, str) and isinstance(ours, str):
        kernel, ours = f"{len(kernel)} characters", f"{len(ours)} characters"
    if isinstance(kernel, dict) and isinstance(ours, dict):
        for key in [*kernel, *(key for key in ours if key not in kernel)]:
            yield from _compare(
                f"{path}.{key}", f"{plain}.{key}", kernel.get(key, _MISSING), ours.get(key, _MISSING), family
            )
    elif isinstance(kernel, list) and isinstance(ours, (list, tuple)):
        for at in range(max(len(kernel), len(ours))):
            a = kernel[at] if at < len(kernel) else _MISSING
            b = ours[at] if at < len(ours) else _MISSING
            yield from _compare(f"{path}[{at}]", plain, a, b, family)
    elif type(kernel) is not type(ours) and not _both_numbers(kernel, ours):
        yield Difference(path, kernel, ours)
    elif kernel != ours:
        yield Difference(path, kernel, ours)


def _both_numbers(a: Any, b: Any) -> bool:
    """JSON has one kind of number, and the kernel no bool: True is 1."""
    return isinstance(a, (int, float)) and isinstance(b, (int, float))


def _short(value: Any) -> str:
    if isinstance(value, _Missing):
        return "nothing"
    text = json.dumps(value, default=repr)
    return text if len(text) <= 120 else f"{text[:100]}... ({len(text)} characters)"
