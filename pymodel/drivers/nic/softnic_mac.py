# SPDX-License-Identifier: Apache-2.0
"""The MAC side of the soft NIC: PAUSE in and out, pacing, link, loopback, RMON counters (rtl/mac, rtl/README.md).

With nothing enabled a frame goes straight to the platform, which paces it at the line rate. With PAUSE or pacing on,
the MAC hands it one frame at a time, so that it can stop at the next frame boundary.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw
from pymodel.hw.soft import WIRE_FCS, WIRE_GAP, WIRE_MIN, WIRE_PREAMBLE

if TYPE_CHECKING:
    from pymodel.drivers.nic.softnic import SoftNic

__all__ = ["PAUSE_DEST", "SoftMac", "pause_frame"]

PAUSE_DEST = b"\x01\x80\xc2\x00\x00\x01"
_BROADCAST = b"\xff" * 6
_HEADER = 14
_QUANTUM = 512  # bit times
_OVERHEAD = WIRE_FCS + WIRE_PREAMBLE + WIRE_GAP
_BINS = ((64, "64"), (127, "65_127"), (255, "128_255"), (511, "256_511"), (1023, "512_1023"), (1518, "1024_1518"))


def pause_frame(quanta: int, source: bytes) -> bytes:
    """A PAUSE frame (IEEE 802.3 Annex 31B), without FCS."""
    return (PAUSE_DEST + source + b"\x88\x08\x00\x01" + quanta.to_bytes(2, "big")).ljust(WIRE_MIN, b"\0")


def _bin(n: int) -> str:
    """The size counter of a frame of ``n`` bytes without FCS."""
    return next((name for high, name in _BINS if n + WIRE_FCS <= high), "1519_max")


class _Counts:
    """RMON of one direction. Frames are counted by length; what is asked for is made of that."""

    def __init__(self) -> None:
        self.lengths: dict[int, int] = {}  # good frames
        self.other: dict[int, int] = {}  # all others of 64 bytes and more
        self.multicast = self.broadcast = self.pause = 0
        self.errors = dict.fromkeys(("fcs", "undersize", "oversize", "fragments", "jabbers", "dropped"), 0)

    def good(self, frame: bytes) -> None:
        n = len(frame)
        self.lengths[n] = self.lengths.get(n, 0) + 1
        if frame[0] & 1:
            if frame[:6] == _BROADCAST:
                self.broadcast += 1
            else:
                self.multicast += 1

    def bad(self, kind: str, n: int) -> None:
        self.errors[kind] += 1
        if n >= WIRE_MIN:
            self.other[n] = self.other.get(n, 0) + 1

    def value(self, name: str) -> int:
        if name == "unicast":
            return sum(self.lengths.values()) - self.multicast - self.broadcast
        if name in ("multicast", "broadcast", "pause"):
            return int(getattr(self, name))
        if name == "octets":
            return sum((n - _HEADER) * count for n, count in self.lengths.items())
        if name in self.errors:
            return self.errors[name]
        return sum(count for table in (self.lengths, self.other) for n, count in table.items() if _bin(n) == name)


class SoftMac:
    """Between the rings' engines and the platform. ``up`` and ``mbps``: the link as its pins tell it."""

    def __init__(self, nic: SoftNic, up: bool, mbps: int) -> None:
        self.nic = nic
        self.platform = nic.platform
        self.up = up
        self.mbps = mbps
        self.changes = 0
        self.alive = True  # False: a reset has put another in this one's place
        self.plain = up  # a frame goes straight to the platform
        self.loopback = self.rx_pause = self.tx_pause = False
        self.quanta, self.high, self.low, self.rate = 0xFFFF, 8192, 4096, 0
        self.paused_until = 0  # ps
        self.xoff = False
        self.above: set[int] = set()  # queues whose part of the packet buffer has filled
        self.rx, self.tx = _Counts(), _Counts()
        self._queue: deque[bytes] = deque()
        self._queued = 0  # bytes
        self._wake = 0  # what is to look at the queue again; 0: nothing
        self._free_at = 0  # ps: when pacing lets the next frame begin
        self._renewal = 0  # what is to repeat XOFF; 0: nothing

    # -- settings ----------------------------------------------------------------------------------------------
    def write(self, offset: int, value: int) -> None:
        if offset == hw.MAC_CTRL:
            self.loopback = bool(value & hw.MAC_CTRL_LOOPBACK)
            self.rx_pause = bool(value & hw.MAC_CTRL_RX_PAUSE)
            self.tx_pause = bool(value & hw.MAC_CTRL_TX_PAUSE)
            if not self.rx_pause:
                self.paused_until = 0
            if not self.tx_pause:
                self.above.clear()
        elif offset == hw.PAUSE_QUANTA:
            self.quanta = value
        elif offset == hw.PAUSE_FILL:
            self.high = (value & hw.PAUSE_FILL_HIGH) >> hw.PAUSE_FILL_HIGH_SHIFT
            self.low = (value & hw.PAUSE_FILL_LOW) >> hw.PAUSE_FILL_LOW_SHIFT
        elif offset == hw.TX_RATE:
            self.rate = value
        self._settle()

    def _settle(self) -> None:
        special = self.loopback or self.rx_pause or self.tx_pause or self.rate or not self.up
        self.plain = not special and not self._queue
        self._ask()
        self._look_again()

    def set_link(self, up: bool, mbps: int) -> None:
        self.mbps = mbps
        if up == self.up:
            return
        self.up = up
        self.changes += 1
        self.nic.irq.cause(hw.IRQ_CAUSE_LINK)
        if not up:
            self.paused_until = 0
            self.xoff = False
            self._no_renewal()
        self._settle()

    def status(self) -> int:
        """LINK."""
        return (
            self.up * hw.LINK_UP
            | (self.platform.now < self.paused_until) * hw.LINK_PAUSED
            | self.xoff * hw.LINK_XOFF
            | (self.changes << hw.LINK_CHANGES_SHIFT) & hw.LINK_CHANGES
        )

    def counter(self, name: str) -> int:
        """An RMON counter by its name in nic_hw.COUNTERS, without "rmon_"."""
        way, _, what = name.partition("_")
        return (self.rx if way == "rx" else self.tx).value(what)

    # -- out -----------------------------------------------------------------------------------------------------
    @property
    def backlog_ps(self) -> int:
        """Time (ps) until all that was sent has left, as far as that is known."""
        return self.platform.tx_backlog_ps + (self.platform.line_time(self._queued) if self._queued else 0)

    @property
    def waits(self) -> bool:
        """Frames of TX have to wait: they are not sent yet."""
        return bool(self._queue)

    def send(self, frame: bytes) -> bool:
        """A frame from TX. False: it is thrown away, since there is no link."""
        if self.plain:
            self.tx.good(frame)
            self.platform.wire_tx(frame)
            return True
        if not self.up and not self.loopback:
            self.tx.bad("dropped", 0)
            return False
        self._queue.append(frame)
        self._queued += len(frame)
        self._pump()
        return True

    def _pump(self) -> None:
        """Hand over the next frame when it may begin."""
        if not self._queue or self._wake:
            return
        now = self.platform.now
        begin = max(now + self.platform.tx_backlog_ps, self._free_at, self.paused_until)
        if begin > now:
            self._sleep(begin)
            return
        frame = self._queue.popleft()
        n = len(frame)
        self._queued -= n
        bits = 8 * (max(n, WIRE_MIN) + _OVERHEAD)
        if self.rate:
            self._free_at = now + bits * 1_000_000 // self.rate
        if self.loopback:
            self.tx.good(frame)
            self._free_at = max(self._free_at, now + bits * 1_000_000 // self.mbps)
            self.platform.call_at(self._free_at, self._back, frame)
        elif self.up:
            self.tx.good(frame)
            self.platform.wire_tx(frame)
        else:
            self.tx.bad("dropped", 0)
        self._sleep(max(now + self.platform.tx_backlog_ps, self._free_at))

    def _sleep(self, until: int) -> None:
        self._wake = self.platform.call_at(until, self._again)

    def _look_again(self) -> None:
        """What a frame waits for has changed."""
        if self._wake:
            self.platform.cancel(self._wake)
            self._wake = 0
        self._pump()

    def _again(self) -> None:
        self._wake = 0
        if self.alive:
            if self._queue:
                self._pump()
            else:
                self._settle()

    def _back(self, frame: bytes) -> None:
        if self.alive:
            self.nic.take(frame, False)

    def _send_pause(self, quanta: int) -> None:
        frame = pause_frame(quanta, self.nic.filter.station)
        self.tx.good(frame)
        self.tx.pause += 1
        if self.loopback:
            self.platform.call_after(0, self._back, frame)
        else:
            self.platform.wire_tx(frame)

    def fill(self, queue: int, n: int) -> None:
        """So many bytes of a queue wait in the packet buffer (PAUSE out is enabled)."""
        if n >= self.high:
            self.above.add(queue)
        elif n <= self.low:
            self.above.discard(queue)
        self._ask()

    def _ask(self) -> None:
        """XOFF or XON, when it is time."""
        want = bool(self.above) and self.tx_pause
        if want == self.xoff or not (self.up or self.loopback):
            return
        self.xoff = want
        self._no_renewal()
        if want:
            self._renew()
        else:
            self._send_pause(0)

    def _renew(self) -> None:
        self._send_pause(self.quanta)
        half = self.quanta * _QUANTUM * 1_000_000 // self.mbps // 2
        self._renewal = self.platform.call_at(self.platform.now + max(half, 1), self._renew)

    def _no_renewal(self) -> None:
        if self._renewal:
            self.platform.cancel(self._renewal)
            self._renewal = 0

    def end(self) -> None:
        """A reset puts another in this one's place."""
        self.alive = False
        if self.xoff and (self.up or self.loopback):
            self._send_pause(0)
        self._no_renewal()
        if self._wake:
            self.platform.cancel(self._wake)

    # -- in --------------------------------------------------------------------------------------------------------
    def receive(self, frame: bytes, bad: bool) -> bool:
        """Count a frame. True: it is a PAUSE frame that was obeyed, and not for the host."""
        n = len(frame)
        long = n > self.nic.max_frame
        if n < WIRE_MIN or long:
            self.rx.bad(("jabbers" if bad else "oversize") if long else ("fragments" if bad else "undersize"), n)
            if n < WIRE_MIN:
                return False
        elif bad:
            self.rx.bad("fcs", n)
        else:
            self.rx.good(frame)
        if bad or frame[12] != 0x88 or frame[12:16] != b"\x88\x08\x00\x01":
            return False
        if frame[:6] not in (PAUSE_DEST, self.nic.filter.station):
            return False
        self.rx.pause += 1
        if self.rx_pause:
            quanta = int.from_bytes(frame[16:18], "big")
            self.paused_until = self.platform.now + quanta * _QUANTUM * 1_000_000 // self.mbps if quanta else 0
            self._look_again()
        return self.rx_pause
