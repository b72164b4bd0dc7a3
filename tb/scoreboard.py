# SPDX-License-Identifier: Apache-2.0
"""The scoreboard: each frame that enters must leave once, byte for byte, in the order of its flow."""

from __future__ import annotations

from collections import deque

from pymodel.hw.errors import CheckError
from tb.wire.flow import flow_key, show_flow

__all__ = ["Direction", "Entry", "Scoreboard"]

_HEAD = 64  # bytes: the headers that tell flows apart, but for some with many VLAN tags or options


class Entry:
    """A frame under way: since when (ps), and its number in its direction."""

    __slots__ = ("frame", "number", "time")

    def __init__(self, frame: bytes, time: int, number: int) -> None:
        self.frame = frame
        self.time = time
        self.number = number


class _Flow(deque[Entry]):
    """The expected frames of one flow, in their order."""

    __slots__ = ("key",)

    def __init__(self, key: bytes) -> None:
        super().__init__()
        self.key = key


class Direction:
    """One way (``name`` is ``"tx"``: host to wire, or ``"rx"``: wire to host), with its expected frames by flow.

    Times are ps. ``lossy``: frames may be missing (each is counted in ``lost``, to be held against the device's own
    count of drops), but never altered, reordered or doubled.
    """

    __slots__ = ("_heads", "bytes", "entered", "flows", "lossy", "lost", "matched", "name")

    def __init__(self, name: str, lossy: bool) -> None:
        self.name = name
        self.lossy = lossy
        self.flows: dict[bytes, _Flow] = {}  # by flow_key(); none is empty
        # By the first bytes of the frame that is next in each flow: where match() looks before it looks closely. Of
        # flows that these do not tell apart one is here, or none.
        self._heads: dict[bytes, _Flow] = {}
        self.entered = 0
        self.matched = 0
        self.lost = 0
        self.bytes = 0

    @property
    def pending(self) -> int:
        """Frames that entered and have not come out."""
        return self.entered - self.matched - self.lost

    def expect(self, frame: bytes, time: int) -> Entry:
        """``frame`` enters at ``time`` and is to come out as it is (a sender pads it first, see ``pad60``).

        Whoever learns later when it really entered sets the entry's ``time``.
        """
        key = flow_key(frame)
        flow = self.flows.get(key)
        if flow is None:
            flow = self.flows[key] = self._heads[frame[:_HEAD]] = _Flow(key)
        self.entered += 1
        entry = Entry(frame, time, self.entered)
        flow.append(entry)
        return entry

    def match(self, frame: bytes, time: int) -> int:
        """``frame`` came out at ``time``. Returns when it entered. Raises CheckError if it is not the next of its
        flow."""
        flow = self._heads.pop(frame[:_HEAD], None)
        if flow is None or flow[0].frame != frame:
            flow = self._skip_lost(frame, time)
        head = flow.popleft()
        if flow:
            self._heads[flow[0].frame[:_HEAD]] = flow
        else:
            del self.flows[flow.key]
        self.matched += 1
        self.bytes += len(frame)
        return head.time

    def _skip_lost(self, frame: bytes, time: int) -> _Flow:
        """The flow of a frame, without those before it, which are lost."""
        flow = self.flows.get(flow_key(frame))
        if flow is None:
            raise self._unexpected(frame, time)
        ahead = next((i for i, e in enumerate(flow) if e.frame == frame), None)
        if ahead is None:
            raise self._unexpected(frame, time)
        if ahead and not self.lossy:
            raise CheckError(
                f"ORDER-{self.name}",
                f"a frame came out {ahead} too early in its flow: number {flow[ahead].number} before number "
                f"{flow[0].number}, which was lost or overtaken ({show_flow(frame)})",
                self._where(time),
            )
        if self._heads.get(flow[0].frame[:_HEAD]) is flow:
            del self._heads[flow[0].frame[:_HEAD]]
        for _ in range(ahead):
            flow.popleft()
        self.lost += ahead
        return flow

    def _unexpected(self, frame: bytes, time: int) -> CheckError:
        candidates = self.flows.get(flow_key(frame)) or [f[0] for f in self.flows.values() if f]
        best, same = None, -1
        for entry in list(candidates)[:256]:
            want = entry.frame
            n = sum(a == b for a, b in zip(want, frame, strict=False)) - abs(len(want) - len(frame))
            if n > same:
                best, same = entry, n
        if best is None or same < len(best.frame) // 2:
            return CheckError(
                f"BYTES-{self.name}",
                f"a frame came out that nobody sent, or a second time: {show_flow(frame)}: {frame[:48].hex()}...",
                self._where(time),
            )
        want = best.frame
        at = next((i for i, (a, b) in enumerate(zip(want, frame, strict=False)) if a != b), min(len(want), len(frame)))
        return CheckError(
            f"BYTES-{self.name}",
            f"frame number {best.number} came out altered: {len(frame)} bytes for {len(want)}, first difference at "
            f"byte {at}: {frame[at : at + 8].hex() or 'end'} for {want[at : at + 8].hex() or 'end'} "
            f"({show_flow(want)}: {want[:160].hex()}{'...' if len(want) > 160 else ''})",
            self._where(time),
        )

    def _where(self, time: int) -> str:
        path = "driver -> tx ring -> wire" if self.name == "tx" else "wire -> rx ring -> driver"
        return f"{path}, at {time / 1000:.3f} ns"

    def write_off(self) -> None:
        """What has not come out by now is lost, and an error if it comes after all."""
        self.lost += self.pending
        self.flows.clear()
        self._heads.clear()

    def oldest(self) -> str:
        """The oldest frame that has not come out: for reports."""
        entries = [f[0] for f in self.flows.values() if f]
        if not entries:
            return "none"
        first = min(entries, key=lambda e: e.number)
        return f"number {first.number}, entered at {first.time / 1000:.3f} ns, {show_flow(first.frame)}"


class Scoreboard:
    """Both directions of one device."""

    __slots__ = ("rx", "tx")

    def __init__(self, lossy: bool = False) -> None:
        self.tx = Direction("tx", lossy=False)
        self.rx = Direction("rx", lossy=lossy)

    @property
    def pending(self) -> int:
        return self.tx.pending + self.rx.pending

    def check_empty(self) -> None:
        """Raise CheckError if a frame has not come out."""
        for way in (self.tx, self.rx):
            if way.lossy:
                way.write_off()
            if way.pending:
                raise CheckError(
                    f"LOST-{way.name}",
                    f"{way.pending} of {way.entered} frames never came out; the oldest: {way.oldest()}",
                    "driver -> tx ring -> wire" if way is self.tx else "wire -> rx ring -> driver",
                )
