# SPDX-License-Identifier: Apache-2.0
"""Replaying many records on all cores, and what came of it."""

from __future__ import annotations

import multiprocessing
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tests.oracle.families import families
from tests.oracle.family import Difference, Family, NotExpressed, differences
from tests.oracle.records import Item

__all__ = ["Outcome", "Result", "replay", "run"]

_CHUNK = 40  # records handed to a process at a time


@dataclass(slots=True)
class Result:
    """One record's: what differs (empty: passed), or why it cannot be expressed."""

    fam: str
    where: str  # "gro.jsonl:17 id 42"
    found: list[Difference]
    not_expressed: str = ""


@dataclass(slots=True)
class Outcome:
    """One family's."""

    passed: int = 0
    failures: list[Result] = field(default_factory=list)
    not_expressed: Counter[str] = field(default_factory=Counter)  # reason -> records

    def line(self, fam: str) -> str:
        """``gro: 905 passed, 0 failed``; what could not be expressed behind it."""
        text = f"{fam}: {self.passed} passed, {len(self.failures)} failed"
        return text + "".join(f", {n} not expressed ({why})" for why, n in sorted(self.not_expressed.items()))


def replay(item: Item, known: dict[str, Family]) -> Result:
    """Replay one record and compare. An exception of the replay is a difference, and tells where it came from."""
    place, record, context = item
    fam = record["fam"]
    number = record.get("id", record.get("case"))
    where = place if number is None else f"{place} id {number}"
    family = known.get(fam)
    if family is None:
        return Result(fam, where, [Difference("fam", fam, "a family that tests/oracle/families knows")])
    try:
        found = list(differences(family, record, family.replay(record, context)))
        if found and family.also is not None:
            if any(not any(differences(family, record, ours)) for ours in family.also(record, context)):
                found = []
        return Result(fam, where, found)
    except NotExpressed as exc:
        return Result(fam, where, [], str(exc))
    except Exception as exc:
        frame = traceback.extract_tb(exc.__traceback__)[-1]
        what = f"{type(exc).__name__}: {exc} [{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}]"
        return Result(fam, where, [Difference("replay", "went through", what)])


def _replay_chunk(chunk: list[Item]) -> list[Result]:
    known = families()
    return [replay(item, known) for item in chunk]


def _chunks(items: list[Item]) -> Iterator[list[Item]]:
    for at in range(0, len(items), _CHUNK):
        yield items[at : at + _CHUNK]


def run(items: list[Item], jobs: int = 1, progress: Callable[[int, int], None] | None = None) -> dict[str, Outcome]:
    """Replay ``items`` in ``jobs`` processes: the outcome of each family. ``progress(done, all)`` is called often."""
    outcomes: dict[str, Outcome] = {}
    done = 0
    chunks = list(_chunks(items))

    def take(results: Iterable[Result]) -> None:
        nonlocal done
        for result in results:
            outcome = outcomes.setdefault(result.fam, Outcome())
            done += 1
            if result.not_expressed:
                outcome.not_expressed[result.not_expressed] += 1
            elif result.found:
                outcome.failures.append(result)
            else:
                outcome.passed += 1
        if progress is not None:
            progress(done, len(items))

    if jobs == 1 or len(chunks) == 1:
        for chunk in chunks:
            take(_replay_chunk(chunk))
    else:
        with multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn").Pool(jobs) as pool:
            for results in pool.imap(_replay_chunk, chunks):
                take(results)
    return outcomes
