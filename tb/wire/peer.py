# SPDX-License-Identifier: Apache-2.0
"""The link partner: sends frames to the device, paced by its free RX buffers unless the run is lossy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from pymodel.hw.access import Platform
from pymodel.hw.contexts import PS_PER_NS, Scheduler, Until
from pymodel.hw.errors import CheckError
from tb.scoreboard import Direction, Entry
from tb.wire.pause import QUANTUM_BITS, pause_quanta

__all__ = ["Peer"]

_DOORBELL_NS = 3000  # a posted register write has arrived after this: stalls and all
_LOOKS = 16  # at the rings within the time of a doorbell: enough to follow a queue that is always full


class Peer:
    """Queues frames towards the device.

    ``space()`` gives ``[(free buffers, bytes each), ...]``, one entry a queue. The peer cannot know which queue a
    frame will go to, so what is under way (sent, not yet seen by the stack) must fit into the fullest queue. At
    most ``ahead`` frames are handed to the wire at a time, so that memory stays bounded.

    With ``mbps`` set (the line rate) it obeys PAUSE: frames that are with the wire already still come. ``paused`` has
    the quanta of all PAUSE frames that it got, with their times (ps).
    """

    def __init__(
        self, sched: Scheduler, platform: Platform, board: Direction, space: Callable[[], list[tuple[int, int]]], *,
        lossy: bool, on_taken: Callable[[bytes, int], None], ahead: int = 512,
    ) -> None:  # fmt: skip
        self.sched = sched
        self.drained = Until("the peer's frames to leave")
        self.drained.set()
        self._platform = platform
        self._board = board
        self._space = space
        self._lossy = lossy
        self._on_taken = on_taken
        self.ahead = ahead
        self._backlog: deque[tuple[bytes, int, bool | None]] = deque()  # None: its FCS is wrong
        self._buffers_under_way: deque[int] = deque()
        # Buffers, counted from the start: sent into; of frames that the stack has seen; posted as the device knows.
        self._sent_into = self._returned = self._known = 0
        self._posted: deque[tuple[int, int]] = deque()  # (ps, buffers in all that the device knows of from then on)
        # Handed to the wire, not yet taken by the device: in order.
        self._on_wire: deque[tuple[bytes, Entry | None]] = deque()
        self._doorbell_ps = sched.quantum + _DOORBELL_NS * PS_PER_NS
        self._feed: Iterator[tuple[bytes, int]] | None = None
        self._scheduled = False
        self.mbps = 0
        self.paused: list[tuple[int, int]] = []
        self._wait_until = 0  # ps

    @property
    def backlog(self) -> int:
        """Frames that wait for a free buffer or for their time (a feed's later frames not counted)."""
        return len(self._backlog)

    def feed(self, frames: Iterable[tuple[bytes, int]]) -> None:
        """Queue ``(frame, not before ps)`` one after the other, drawn as they are needed: memory stays bounded."""
        self._feed = iter(frames)
        self._draw()
        if self._backlog:
            self.drained.clear()
        self.poke()

    def _draw(self) -> None:
        if self._feed is not None:
            drawn = list(islice(self._feed, 256))
            self._backlog.extend((frame, at, True) for frame, at in drawn)
            if not drawn:
                self._feed = None

    def send(self, frame: bytes, at: int = 0, *, expected: bool = True, bad: bool = False) -> None:
        """Queue one frame, as it is (pad it first if the sender would), not before ``at`` ps.

        ``expected=False``: the device is to drop it; it takes no buffer. ``bad``: the same, and its FCS is wrong.
        """
        self._backlog.append((frame, at, None if bad else expected))
        self.drained.clear()
        self.poke()

    def control(self, frame: bytes, now: int) -> None:
        """A MAC control frame has come from the device."""
        quanta = pause_quanta(frame)
        if quanta is None:
            raise CheckError("PAUSE", f"a MAC control frame of an unknown kind: {frame[:18].hex()}", "the wire")
        self.paused.append((quanta, now))
        if self.mbps:
            self._wait_until = now + quanta * QUANTUM_BITS * 1_000_000 // self.mbps
            self.sched.call_at(max(self._wait_until, self.sched.now), self.poke)

    def poke(self) -> None:
        """Look again whether frames can go: after the driver has refilled its rings."""
        if self._backlog and not self._scheduled:
            self._scheduled = True
            self.sched.call_at(self.sched.local_now, self._pump)

    def delivered(self) -> None:
        """The stack has seen one more frame of ours (or it is known to be lost)."""
        if self._buffers_under_way:
            self._returned += self._buffers_under_way.popleft()
        self.poke()

    def forget(self) -> None:
        """Whatever is under way will not be delivered: the device was stopped."""
        self._buffers_under_way.clear()
        self._posted.clear()
        self._known = self._returned = self._sent_into

    def taken(self, tag: int, time: int) -> None:
        """The device has taken a frame off the wire."""
        frame, entry = self._on_wire.popleft()
        if entry is not None:
            entry.time = time
        self._on_taken(frame, time)
        self.poke()

    def _safe_space(self) -> tuple[int, int]:
        """How many buffers may be sent into, counted since the start, and the bytes of each.

        Those in the fullest queue's ring and those that came back before are buffers that the driver has posted. They
        count when the doorbell must have arrived: a register write is posted, and the rings may be emptied and filled
        any number of times before.
        """
        free, size = min(self._space() or [(0, 1)])
        now = self.sched.now
        posted = self._posted
        while posted and posted[0][0] <= now:
            self._known = max(self._known, posted.popleft()[1])
        total = self._returned + free
        if total > (posted[-1][1] if posted else self._known) and len(posted) < _LOOKS:
            posted.append((now + self._doorbell_ps, total))
            self.sched.call_at(now + self._doorbell_ps, self.poke)
        return min(total, self._known), size

    def _pump(self) -> None:
        self._scheduled = False
        backlog, on_wire = self._backlog, self._on_wire
        now = self.sched.now
        soon = now + self._doorbell_ps
        if not backlog or now < self._wait_until:
            return
        most, size = (0, 1) if self._lossy else self._safe_space()
        while backlog and len(on_wire) < self.ahead:
            frame, at, expected = backlog[0]
            if at > soon:
                self._scheduled = True  # its time has not come: it is not under way yet
                self.sched.call_at(at - self._doorbell_ps, self._pump)
                return
            if expected and not self._lossy:
                buffers = -(-len(frame) // size)
                if self._sent_into + buffers > most:
                    break
                self._buffers_under_way.append(buffers)
                self._sent_into += buffers
            backlog.popleft()
            if at < now:
                at = now
            entry = self._board.expect(frame, at) if expected else None
            on_wire.append((frame, entry))
            self._platform.wire_send(frame, at, bad=expected is None)
            if not backlog:
                self._draw()
        if not backlog:
            self.drained.set()
