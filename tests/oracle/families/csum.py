# SPDX-License-Identifier: Apache-2.0
"""csum.jsonl: checksums."""

from __future__ import annotations

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]


def _csum_partial(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    data = bytes.fromhex(record["data"])
    at = 2 * L.PAGE_SIZE + record["align"]
    bed.m.memory.mem[at : at + len(data)] = data
    return {
        "fold": L.csum_fold(L.csum_partial(at, len(data), record["init"])),
        "ip_compute_csum": L.csum_fold(L.csum_partial(at, len(data), 0)),
    }


FAMILIES = [
    Family(
        "csum_partial",
        _csum_partial,
        inputs=frozenset({"id", "init", "align", "data"}),
        left_out={"raw": "unfolded partial sums are an implementation detail: they differ between kernel versions"},
    ),
]
