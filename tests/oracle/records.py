# SPDX-License-Identifier: Apache-2.0
"""Reading folders of records: ``*.jsonl`` or ``*.jsonl.gz``, one JSON object a line."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

from tests.oracle.family import Family, Record

__all__ = ["SAMPLE", "SHARED", "BadRecords", "Item", "files", "items"]

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "oracle" / "records"  # a part of them, in the project
SHARED = ROOT.parent / "shared" / "oracle" / "linux-6.12"  # all of them, where they are at hand

Item = tuple[str, Record, Record | None]
"""Where it stands (``gro.jsonl:17``), the record, and its context."""


class BadRecords(Exception):
    """A folder or file that is not what it should be; the text says what, where and what to do."""


def files(folder: Path) -> list[Path]:
    """The files of records in ``folder``, or in its only folder that has some. Raises BadRecords."""
    if not folder.is_dir():
        raise BadRecords(f"{folder}: no such folder; ORACLE= takes a folder of *.jsonl or *.jsonl.gz files")
    for place in [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]:
        found = sorted([*place.glob("*.jsonl"), *place.glob("*.jsonl.gz")])
        if found:
            return found
    raise BadRecords(f"{folder}: no *.jsonl or *.jsonl.gz file in it; ORACLE= takes a folder of them")


def items(path: Path, families: dict[str, Family]) -> list[Item]:
    """Every record of a file, with its context. Raises BadRecords for what is not a record."""
    name = path.name.removesuffix(".gz")
    found: list[Item] = []
    last: dict[str, Record] = {}
    before: dict[str, list[Record]] = {}  # of families with a history: the records since their context
    previous: dict[str, Record | None] = {}
    number = 0
    try:
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                record = json.loads(line)
                if not isinstance(record, dict) or not isinstance(record.get("fam"), str):
                    raise BadRecords(f"{path}, line {number}: a JSON object with a 'fam' is wanted")
                family = families.get(record["fam"])
                context = last.get(family.context) if family and family.context else None
                fam = record["fam"]
                if family and family.history and context is not None:
                    since = before.setdefault(fam, [])
                    context = {**context, "before": list(since), "previous": previous.get(fam)}
                    since.append(record)
                for other, known in families.items():
                    if known.history and known.context == fam:
                        previous[other] = last.get(other)
                        before[other] = []
                found.append((f"{name}:{number}", record, context))
                last[fam] = record
    except (ValueError, UnicodeDecodeError) as exc:
        raise BadRecords(f"{path}, line {number}: not JSON: {exc}") from exc
    except (OSError, EOFError, zlib.error) as exc:
        raise BadRecords(f"{path}, after line {number}: cannot be read: {exc}") from exc
    return found
