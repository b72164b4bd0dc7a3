# SPDX-License-Identifier: Apache-2.0
"""The platform with no simulator: virtual time, a wire, a register bus, and a device written in Python.

:class:`SoftPlatform` stands behind the same seam as the simulator (:class:`pymodel.hw.access.Platform`), so that
kernel code, drivers and scenarios run unchanged, in milliseconds. It keeps what drivers can trip over:

* a register write is posted and reaches the device later; writes and reads reach it in the order of their ``at``;
* a register read returns after what the device wrote before it has become visible, message interrupts included;
* a device's DMA happens at its own simulated time, not when the doorbell is rung;
* the wire has a rate, and a frame occupies it with its preamble, FCS and gap.

Delays have a constant part and a seeded part; one seed gives one run. Times are integer ps of simulated time.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from random import Random
from typing import Any

from pymodel.hw.access import Failure, Machine
from pymodel.hw.contexts import PS_PER_NS, DeadlockError, Scheduler
from pymodel.hw.errors import CheckError
from pymodel.hw.memory import DmaFault, HostMemory

__all__ = ["WIRE_GAP", "WIRE_MIN", "WIRE_PREAMBLE", "WIRE_FCS", "SoftDevice", "SoftPlatform", "SoftTiming"]

WIRE_PREAMBLE = 8  # bytes: preamble and start delimiter
WIRE_MIN = 60  # bytes of the shortest frame, without FCS
WIRE_FCS = 4
WIRE_GAP = 12  # byte times between frames

_Event = tuple[int, int, Callable[..., object], tuple[Any, ...]]  # (time ps, number, what to call, with what)

_WINDOW_LOG2 = 20
_WINDOW = 1 << _WINDOW_LOG2  # ps: how fast the delay of the register bus wanders


@dataclass(slots=True)
class SoftTiming:
    """Delays of the soft platform in ns: each is ``x`` and up to ``x_jitter`` more, drawn from the seed."""

    mmio: int = 120  # one way, CPU to device
    mmio_jitter: int = 180
    mmio_return: int = 100  # a read's way back
    mmio_return_jitter: int = 150
    dma: int = 300  # a device's read of host memory, or its write until it is visible
    dma_jitter: int = 300
    irq: int = 60  # a message or a level, device to CPU
    irq_jitter: int = 200


class SoftDevice(ABC):
    """A device model. Its methods are called by the platform at the simulated time at which they happen.

    Offsets are addresses in the machine's MMIO space: BAR n starts at ``n << 28``.
    """

    platform: SoftPlatform

    @classmethod
    def create(cls, queues: int) -> SoftDevice:
        """A device of ``queues`` queue pairs, 0 for its default. One whose number is fixed need not override this."""
        return cls()

    def attach(self, platform: SoftPlatform) -> None:
        """Called once, before anything else."""
        self.platform = platform

    @abstractmethod
    def mmio_read(self, offset: int, size: int) -> int:
        """The value of a register, ``size`` bytes wide."""

    @abstractmethod
    def mmio_write(self, offset: int, value: int, size: int) -> None:
        """A register write has arrived."""

    def reset(self) -> None:
        """A function level or hot reset: all is as after power-up."""
        raise NotImplementedError(f"{type(self).__name__} has no reset()")

    def link(self, up: bool, mbps: int) -> None:  # noqa: B027
        """The link's pins have changed: whether there is a link, and its rate. A device need not have such pins."""

    @abstractmethod
    def wire_rx(self, frame: bytes, bad: bool = False) -> None:
        """The last byte of a frame has arrived; ``bad``: the MAC found it damaged."""


class SoftPlatform:
    """A :class:`~pymodel.hw.access.Platform` in virtual time, with one :class:`SoftDevice`.

    ``device`` is a device, or a class that makes one (of ``queues`` queue pairs, 0 for its default). ``rate_gbps``
    is the line rate, each way. ``stalls`` False leaves only the constant part of the delays. Set
    ``on_wire_frame(frame, time)`` to see what the device sends and ``on_wire_taken(tag, time)`` to learn when a frame
    given to :meth:`wire_send` has gone in.
    """

    def __init__(
        self,
        device: SoftDevice | type[SoftDevice],
        *,
        seed: int = 0,
        rate_gbps: float = 10.0,
        stalls: bool = True,
        queues: int = 0,
        memory: HostMemory | None = None,
        timing: SoftTiming | None = None,
    ) -> None:
        if rate_gbps <= 0:
            raise ValueError(f"rate_gbps is {rate_gbps}: a line rate in Gb/s above 0 is needed")
        self.memory = memory if memory is not None else HostMemory(seed=seed)
        self._read_memory = self.memory.fast_dev_read
        self._write_memory = self.memory.fast_dev_write
        if isinstance(device, SoftDevice):
            self.device = device
        else:
            self.device = device.create(queues)
        self.timing = timing or SoftTiming()
        if not stalls:
            self.timing = replace(self.timing, mmio_jitter=0, mmio_return_jitter=0, dma_jitter=0, irq_jitter=0)
        self.rate_mbps = round(rate_gbps * 1000)
        self.now = 0  # ps: how far the device has come; never behind the scheduler's time
        self.machine: Machine | None = None
        self.sched: Scheduler
        self.on_wire_frame: Callable[[bytes, int], object] | None = None
        self.on_wire_taken: Callable[[int, int], object] | None = None
        self.on_wire_dropped: Callable[[int, int], object] | None = None  # never called: a soft device takes all
        self.on_fault: Callable[[DmaFault], object] | None = None  # a refused DMA access
        self.on_rule: Callable[[str, str, int], object] | None = None  # (rule, what, time) that the device found broken
        self._failures: list[Failure] = []
        self.rng = Random(f"soft platform {seed}")
        self._mix = self.rng.getrandbits(64) | 1
        self._events: list[_Event] = []  # a heap
        self._sent: deque[tuple[int, int, bytes]] = deque()  # (time ps, number, frame) from the device; of both
        self._coming: deque[tuple[int, int, bytes, int, bool]] = deque()  # to it: and (tag, bad); in order of arrival
        self._times: dict[int, tuple[int, int]] = {}
        self._seq = 0
        self._tx_free = 0  # ps: when the wire from the device is free
        self._rx_free = 0
        self._last_tag = 0
        self._on_wire = 0  # frames on their way to the device
        self._line = False
        self._posted_until = 0  # ps: when the device's last posted message is visible
        self._knots = (-1, 0, 0)
        self._hash = hashlib.blake2b(digest_size=16)
        self.tx_frames = self.tx_bytes = self.rx_frames = self.rx_bytes = 0
        self.mmio_reads = self.mmio_writes = self.msis = self.irq_edges = self.events = self.wakes = 0
        self.dma_reads = self.dma_writes = 0
        self.device.attach(self)

    def attach(self, machine: Machine, dut: object = None) -> None:
        """Name the machine that this platform serves. Called once, by whoever made the machine."""
        self.machine = machine
        self.sched = machine.sched
        machine.reset_device = self._reset_device

    # -- for the device -----------------------------------------------------------------------------------
    def call_after(self, ns: int, fn: Callable[..., object], *args: Any) -> None:
        """Run ``fn(*args)`` in the device, ``ns`` from now."""
        self.call_at(self.now + ns * PS_PER_NS, fn, *args)

    def call_at(self, time: int, fn: Callable[..., object], *args: Any) -> int:
        """Run ``fn(*args)`` in the device at ``time`` ps, or at once if that is past. The result is for cancel()."""
        self._seq += 1
        heappush(self._events, (time if time > self.now else self.now, self._seq, fn, args))
        return self._seq

    def cancel(self, number: int) -> None:
        """What call_at() was to run is not run; nothing where it has run already."""
        self._events[:] = [event for event in self._events if event[1] != number]
        heapify(self._events)

    def dma_read(self, bus: int, length: int, axi_id: int = -1) -> bytes:
        """Read host memory now, counted. Raises DmaFault as :meth:`HostMemory.dev_read`, or as :meth:`fail` ordered."""
        self.dma_reads += 1
        if self._failures:
            self._refuse(False, axi_id, bus, length)
        data = self._read_memory(bus, length)
        if data.__class__ is bytes:
            return data
        raise self.memory.refused(data, bus, length, False)

    def dma_write(self, bus: int, data: bytes, axi_id: int = -1) -> None:
        """Write host memory now, counted. Raises DmaFault as :meth:`HostMemory.dev_write`, or as :meth:`fail` ordered.
        """
        self.dma_writes += 1
        if self._failures:
            self._refuse(True, axi_id, bus, len(data))
        refused = self._write_memory(bus, data)
        if refused:
            raise self.memory.refused(refused, bus, len(data), True)

    def dma_delay(self) -> int:
        """A draw of the time (ns) that one round of DMA takes."""
        timing = self.timing
        return timing.dma + (self.rng.getrandbits(16) * timing.dma_jitter >> 16)

    def msi(self, vector: int) -> None:
        """Raise a message interrupt by number, for a device whose model has no message table."""
        self._post(self._raise_msi, vector)

    def _refuse(self, is_write: bool, axi_id: int, bus: int, length: int) -> None:
        for failure in self._failures:
            if failure.hits(is_write, axi_id, bus, length):
                kind = "decerr" if failure.response == 3 else "slverr"
                raise DmaFault(kind, bus, length, bus, is_write, axi_id, self.now)

    def msi_write(self, addr: int, data: int, axi_id: int = -1) -> None:
        """Write an MSI-X message: ordered behind all that the device has written to memory. Raises DmaFault as
        :meth:`fail` ordered."""
        if self._failures:
            self._refuse(True, axi_id, addr, 4)
        self._post(self._msi_write, addr, data)

    def irq_line(self, level: bool) -> None:
        """Set the level of the device's interrupt line; the same level again is nothing."""
        if level == self._line:
            return
        self._line = level
        self._post(self._set_line, level)

    def _post(self, fn: Callable[..., object], *args: Any) -> None:
        timing = self.timing
        delay = timing.irq + (self.rng.getrandbits(16) * timing.irq_jitter >> 16)
        self._posted_until = max(self._posted_until, self.now + delay * PS_PER_NS)
        self.call_at(self._posted_until, fn, *args)

    def _raise_msi(self, vector: int) -> None:
        self.msis += 1
        machine = self.machine
        assert machine is not None and machine.raise_msi is not None, "no interrupt layer to raise an MSI in"
        machine.raise_msi(vector, self.now)

    def _msi_write(self, addr: int, data: int) -> None:
        self.msis += 1
        machine = self.machine
        assert machine is not None and machine.msi_write is not None, "no interrupt layer to write an MSI to"
        machine.msi_write(addr, data, self.now)

    def _set_line(self, level: bool) -> None:
        self.irq_edges += 1
        machine = self.machine
        assert machine is not None and machine.set_irq_line is not None, "no interrupt layer to raise a line in"
        machine.set_irq_line(0, level, self.now)

    def dma_fault(self, fault: DmaFault) -> None:
        """Report an access that the IOMMU refused; the device goes on as after an error response. Raises ``fault``
        where nobody set ``on_fault``. What a test ordered to fail is nobody's fault."""
        if fault.kind in ("slverr", "decerr"):
            return
        if self.on_fault is None:
            raise fault
        self.on_fault(fault)

    def broken_rule(self, rule: str, what: str) -> None:
        """Report that software broke a rule of the device. Raises CheckError where nobody set ``on_rule``."""
        if self.on_rule is None:
            raise CheckError(rule, what, f"at {self.now / PS_PER_NS:.3f} ns")
        self.on_rule(rule, what, self.now)

    def wire_tx(self, frame: bytes) -> None:
        """Send a frame (no FCS) when the wire is free."""
        last, slot = self._times.get(len(frame)) or self._times_of(len(frame))
        start = self._tx_free if self._tx_free > self.now else self.now
        self._tx_free = start + slot
        self._seq += 1
        self._sent.append((start + last, self._seq, frame))

    @property
    def tx_backlog_ps(self) -> int:
        """Time (ps) until the wire is free for another frame: what a device's send buffer still holds."""
        backlog = self._tx_free - self.now
        return backlog if backlog > 0 else 0

    def line_time(self, n: int) -> int:
        """Time (ps) that ``n`` bytes take on the wire."""
        return n * 8_000_000 // self.rate_mbps

    def _times_of(self, n: int) -> tuple[int, int]:
        """Times (ps) that a frame of ``n`` bytes takes on the wire: to its last bit, and until the next may begin."""
        line = max(n, WIRE_MIN) + WIRE_PREAMBLE + WIRE_FCS
        times = self._times[n] = self.line_time(line), self.line_time(line + WIRE_GAP)
        return times

    def _tx_done(self, frame: bytes) -> None:
        now = self.now
        self.tx_frames += 1
        self.tx_bytes += len(frame)
        self._hash.update(b"T%d " % now + frame)
        if self.on_wire_frame is not None:
            self.on_wire_frame(frame, now)

    # -- the seam ------------------------------------------------------------------------------------------
    def mmio_write(self, addr: int, value: int, size: int, at: int) -> None:
        self.mmio_writes += 1
        self._seq += 1
        heappush(self._events, (self._arrival(at), self._seq, self.device.mmio_write, (addr, value, size)))

    def mmio_read(self, addr: int, size: int, at: int, done: Callable[[int], None]) -> None:
        self.mmio_reads += 1
        self.call_at(self._arrival(at), self._read, addr, size, done)

    def _reset_device(self, at: int) -> None:
        self.call_at(self._arrival(at), self.device.reset)

    def _arrival(self, at: int) -> int:
        """When what a CPU posts at ``at`` reaches the device. The delay wanders with time, more slowly than time
        itself passes: it varies, yet keeps order."""
        timing = self.timing
        window, into = at >> _WINDOW_LOG2, at & _WINDOW - 1
        if self._knots[0] != window:
            self._knots = (window, self._knot(window), self._knot(window + 1))
        _, left, right = self._knots
        time = at + timing.mmio * PS_PER_NS + left + (right - left) * into // _WINDOW
        return time if time > self.now else self.now

    def _knot(self, window: int) -> int:
        mixed = (window + 1) * self._mix & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 29
        return min(self.timing.mmio_jitter * PS_PER_NS, _WINDOW * 7 // 8) * (mixed & 0xFFFF) >> 16

    def _read(self, addr: int, size: int, done: Callable[[int], None]) -> None:
        value = self.device.mmio_read(addr, size)
        timing = self.timing
        delay = timing.mmio_return + (self.rng.getrandbits(16) * timing.mmio_return_jitter >> 16)
        back = max(self.now + delay * PS_PER_NS, self._posted_until)
        self.call_at(back, self._read_done, value, done)

    def _read_done(self, value: int, done: Callable[[int], None]) -> None:
        # Not rounded to the quantum: a CPU that stalls for a read goes on at once.
        sched = self.sched
        sched.call_at(self.now, done, value)
        self.wakes += 1
        sched.run_due(self.now)

    def wire_send(self, frame: bytes, at: int, *, bad: bool = False) -> int:
        """Queue a frame (no FCS) on the wire towards the device, not before ``at`` ps.

        ``bad`` marks it as damaged, as a MAC does that found a wrong FCS. Returns the tag that ``on_wire_taken``
        will name when the device has taken it.
        """
        last, slot = self._times.get(len(frame)) or self._times_of(len(frame))
        start = max(at, self._rx_free, self.now)
        self._rx_free = start + slot
        self._last_tag = tag = self._last_tag + 1
        self._on_wire += 1
        self._seq += 1
        self._coming.append((start + last, self._seq, frame, tag, bad))
        return tag

    def _rx_arrived(self, frame: bytes, tag: int, bad: bool) -> None:
        now = self.now
        self._on_wire -= 1
        self.rx_frames += 1
        self.rx_bytes += len(frame)
        self._hash.update(b"R%d " % now + frame)
        self.device.wire_rx(frame, bad)
        if self.on_wire_taken is not None:
            self.on_wire_taken(tag, now)

    def set_link(self, up: bool) -> None:
        """Plug the cable in or out: what the device's pins say. The device itself stops what it sends and receives."""
        self.device.link(up, self.rate_mbps)

    def fail(self, access: Failure) -> None:
        """Order that accesses of the device fail: see :class:`pymodel.hw.access.Failure`."""
        self._failures.append(replace(access))

    def fail_no_more(self) -> None:
        """Forget what :meth:`fail` ordered."""
        self._failures.clear()

    # -- the pump ------------------------------------------------------------------------------------------
    def run(self, sched: Scheduler, until: Callable[[], object] | None = None, max_ps: int | None = None) -> None:
        """Let simulated time pass until ``until()`` is true; with None, until ``max_ps`` or until nothing is due.

        Raises what kernel code raised; CheckError("TIME") when ``until()`` is still false at ``max_ps`` ps, and
        :class:`DeadlockError` when it is false and nothing is due that could change it.
        """
        events, sent, coming = self._events, self._sent, self._coming
        timers, quantum = sched.heap, sched.quantum
        wake: int | None
        deadline = rounded = -1  # the last one, and what it is in whole quanta
        while until is None or not until():
            wake = timers[0][0] if timers and timers[0][2].fn is not None else sched.next_deadline()
            if wake is not None:
                if wake < self.now:
                    wake = self.now
                if quantum:
                    if wake != deadline:
                        deadline, rounded = wake, -(-wake // quantum) * quantum
                    wake = rounded
            # What is due first: of one time, what was asked for first.
            first: Any = events[0] if events else None
            source: Any = events
            if sent and (first is None or sent[0] < first):
                first, source = sent[0], sent
            if coming and (first is None or coming[0] < first):
                first, source = coming[0], coming
            if first is not None and (wake is None or first[0] <= wake):
                if max_ps is not None and first[0] > max_ps:
                    self._out_of_time(sched, until, max_ps)
                    break
                self.now = first[0]
                self.events += 1
                if source is sent:
                    self._tx_done(sent.popleft()[2])
                elif source is coming:
                    coming.popleft()
                    self._rx_arrived(first[2], first[3], first[4])
                else:
                    heappop(events)
                    first[2](*first[3])
            elif wake is not None:
                if max_ps is not None and wake > max_ps:
                    self._out_of_time(sched, until, max_ps)
                    break
                self.now = wake
                self.wakes += 1
                sched.run_due(wake)
            elif until is None:
                if max_ps is not None:
                    self._out_of_time(sched, until, max_ps)
                break
            else:
                raise DeadlockError(f"nothing is due at {self.now} ps, but the run is not over; {self._waiters(sched)}")

    def _out_of_time(self, sched: Scheduler, until: object, max_ps: int) -> None:
        if until is not None:
            what = f"the run is not over at {max_ps / 1e6:g} us of simulated time"
            raise CheckError("TIME", what, self._waiters(sched))
        if self.now < max_ps:
            self.now = max_ps
            sched.run_due(max_ps)

    @staticmethod
    def _waiters(sched: Scheduler) -> str:
        return "; ".join(sched.waiters()) or "nobody waits"

    # -- reports -------------------------------------------------------------------------------------------
    def wire_backlog(self) -> int:
        """Frames that are on the wire towards the device or wait for it."""
        return self._on_wire

    def mmio_count(self) -> int:
        """Register accesses so far: a sign of life for the watchdog."""
        return self.mmio_reads + self.mmio_writes

    def describe(self) -> list[str]:
        """What the platform has under way, one line each: for the watchdog's report."""
        due = self._due()
        said = f"{len(due)} device events due, the next at {min(due)} ps" if due else "no device event due"
        return [f"soft platform at {self.now} ps: {said}; {self._on_wire} frames on their way to the device"]

    def wire_drops(self) -> int:
        """Frames that the MAC dropped because the device did not take them: a soft device takes all."""
        return 0

    def activity(self) -> dict[str, int]:
        """What the device has done of its own accord: a stopped one leaves these alone."""
        return {
            "frames sent": self.tx_frames,
            "DMA reads": self.dma_reads,
            "DMA writes": self.dma_writes,
            "message interrupts": self.msis,
            "changes of the interrupt line": self.irq_edges,
        }

    def outstanding(self) -> list[str]:
        """What the device has begun and not ended."""
        due = self._due()
        return [f"{len(due)} device events are due"] if due else []

    def _due(self) -> list[int]:
        """When (ps) what the device has begun, and frames on the wire, are due."""
        return [event[0] for events in (self._events, self._sent, self._coming) for event in events]

    def digest(self) -> str:
        """Hash of all frames on the wire, both ways, with their times: one seed, one digest."""
        return self._hash.hexdigest()

    def stats(self) -> dict[str, int]:
        """Counts of what went over the seam since the start."""
        names = (
            "tx_frames", "tx_bytes", "rx_frames", "rx_bytes", "mmio_reads", "mmio_writes", "dma_reads", "dma_writes",
            "msis", "irq_edges", "events", "wakes",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names} | {"time_ps": self.now}
