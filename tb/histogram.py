# SPDX-License-Identifier: Apache-2.0
"""Latency percentiles in constant memory."""

from __future__ import annotations

from collections import defaultdict

__all__ = ["Histogram"]


class Histogram:
    """Counts of non-negative integers (ns), to within 1/64 of each value; memory does not grow with the samples."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: defaultdict[int, int] = defaultdict(int)

    def add(self, value: int) -> None:
        shift = value.bit_length() - 7
        if shift > 0:
            value = value >> shift << shift
        self.counts[value] += 1

    def percentile(self, percent: float) -> int:
        """The smallest recorded value (lower end of its bucket, ns) that ``percent`` of the samples do not exceed; 0
        of none."""
        need = sum(self.counts.values()) * percent / 100
        seen = 0
        for value in sorted(self.counts):
            seen += self.counts[value]
            if seen >= need:
                return value
        return 0
