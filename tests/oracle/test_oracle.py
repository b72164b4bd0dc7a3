# SPDX-License-Identifier: Apache-2.0
"""The host model does what the records of a real Linux 6.12 show: those in the project, and all where they are at
hand.
"""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from tests.oracle.families import families
from tests.oracle.records import SAMPLE, SHARED, Item, files, items
from tests.oracle.run import run

_FILES = files(SAMPLE) + [path for path in (files(SHARED) if SHARED.is_dir() else []) if (SAMPLE / path.name).exists()]


def _items(path: Path) -> list[Item]:
    """The records of a file, of the families that the project's sample of it has."""
    known = families()
    sampled = {item[1]["fam"] for item in items(SAMPLE / f"{path.name.removesuffix('.gz')}.gz", known)}
    return [item for item in items(path, known) if item[1]["fam"] in sampled]


@pytest.mark.parametrize("path", _FILES, ids=lambda path: f"{path.parent.name}-{path.name.split('.')[0]}")
def test_records_of_a_file_are_reproduced(path: Path) -> None:
    outcomes = run(_items(path))
    assert sum(outcome.passed for outcome in outcomes.values())
    failed = [str(d) for o in outcomes.values() for r in o.failures[:3] for d in r.found[:2]]
    assert not failed, "\n".join([*(o.line(fam) for fam, o in outcomes.items() if o.failures), *failed])


def test_few_records_cannot_be_expressed() -> None:
    """At most 2% of a family, and none of a small one (bug aside: some of its cases break the kernel itself)."""
    for path in _FILES:
        everything = _items(path)
        for fam, outcome in run([item for item in everything if item[1]["fam"] != "bug"]).items():
            of = sum(1 for item in everything if item[1]["fam"] == fam)
            assert outcome.not_expressed.total() <= (0.02 * of if of >= 100 else 0), outcome.line(fam)


def test_order_of_replays_does_not_matter() -> None:
    """Nothing stays in the process from one record to the next."""
    everything = [item for path in files(SAMPLE) for item in _items(path)]
    random.Random(7).shuffle(everything)
    failed = [str(result.found[0]) for o in run(everything).values() for result in o.failures]
    assert not failed


@pytest.mark.parametrize("name", ["gro", "ethtool"])
@pytest.mark.parametrize("kept", [0.6, 0.3])
def test_records_pass_where_others_of_their_file_are_missing(tmp_path: Path, name: str, kept: float) -> None:
    """Their recorder left something behind from record to record."""
    rng = random.Random(kept)
    source = next(path for path in reversed(_FILES) if path.name == f"{name}.jsonl.gz")
    with gzip.open(source, "rt") as lines:
        some = [line for line in lines if "_cfg" in line or rng.random() < kept]
    (tmp_path / f"{name}.jsonl").write_text("".join(some))
    failed = [
        f"{result.where}: {result.found[0]}"
        for o in run(items(tmp_path / f"{name}.jsonl", families())).values()
        for result in o.failures
    ]
    assert not failed
