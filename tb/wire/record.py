# SPDX-License-Identifier: Apache-2.0
"""Writes the captures of a run in the order of simulated time."""

from __future__ import annotations

import heapq
from pathlib import Path

from tb.wire.pcap import CaptureWriter

__all__ = ["TimeOrdered"]


class TimeOrdered:
    """A capture writer for frames that come a little out of order: model CPUs and transactors report their events
    up to ``slack_ps`` of simulated time late or early. Call :meth:`close` at the end, or :meth:`abort` to keep
    nothing.
    """

    def __init__(self, path: Path, interface: str, slack_ps: int) -> None:
        self._writer = CaptureWriter(path, interface)
        self._slack = slack_ps
        self._held: list[tuple[int, int, bytes, bool]] = []
        self._newest = 0
        self._seq = 0

    def write(self, frame: bytes, time: int, outbound: bool) -> None:
        """``frame`` at ``time`` ps; ``outbound``: from the host to the wire."""
        held = self._held
        self._seq += 1
        heapq.heappush(held, (time, self._seq, frame, outbound))
        if time > self._newest:
            self._newest = time
            while held[0][0] < time - self._slack:
                self._emit()

    def _emit(self) -> None:
        time, _, frame, outbound = heapq.heappop(self._held)
        self._writer.write(frame, time, "out" if outbound else "in")

    def close(self) -> None:
        while self._held:
            self._emit()
        self._writer.close()

    def abort(self) -> None:
        self._writer.abort()
