# SPDX-License-Identifier: Apache-2.0
"""The seam: what kernel code asks of hardware, and what a backend (simulator or soft NIC) must provide.

Kernel code calls :func:`readl`, :func:`writel` and friends; they go to the :class:`Machine` in force, which hands
them to its :class:`Platform`. ``writel`` is posted. ``readl`` stalls the CPU until the value is back, and may be
used in atomic context. An ``__iomem`` address is an ``int``: an offset in the machine's MMIO space.
Source: Documentation/driver-api/device-io.rst, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pymodel.hw.contexts import Cpu, Scheduler
from pymodel.hw.memory import HostMemory

__all__ = [
    "CpuCosts", "Failure", "Machine", "Platform", "charge", "here", "memory", "readb", "readl", "readl_relaxed",
    "readq", "readw", "set_machine", "this_cpu", "writeb", "writel", "writel_relaxed", "writeq", "writew",
]


@dataclass(slots=True)
class CpuCosts:
    """What kernel work costs a model CPU, in ns of simulated time.

    The defaults are of the order of what a 3 GHz server core spends; a run may replace any of them.
    """

    hardirq_entry: int = 500
    softirq_entry: int = 100
    poll_entry: int = 60
    rx_packet: int = 120  # completion to delivered skb, in the driver's poll
    rx_stack: int = 80  # netif_receive_skb and above
    tx_packet: int = 150  # ndo_start_xmit
    tx_stack: int = 100  # allocation and qdisc
    tx_reclaim: int = 40
    mmio_write: int = 20
    task_switch: int = 300
    ipi_send: int = 100


@dataclass(slots=True)
class Failure:
    """An order to a platform (``fail()``): accesses of the device to memory, or its messages, that are answered with an
    error. One beat of a read, drawn, brings no data then; a write is lost.

    Of the accesses by the AXI IDs ``ids`` (None: any) that touch a byte from ``first`` to ``last`` (bus addresses),
    ``skip`` pass and ``times`` fail. ``response`` 2 is SLVERR, 3 DECERR.
    """

    is_write: bool
    ids: frozenset[int] | None = None
    first: int = 0
    last: int = (1 << 64) - 1
    skip: int = 0
    times: int = 1
    response: int = 2

    def hits(self, is_write: bool, axi_id: int, bus: int, length: int) -> bool:
        """Whether this access fails. Counts it."""
        if is_write is not self.is_write or not self.times or bus > self.last or bus + length <= self.first:
            return False
        if self.ids is not None and axi_id not in self.ids:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Platform(Protocol):
    """What stands below the seam. All times are ps; ``at`` is the CPU's own time, never before the past posts of
    it.
    """

    memory: HostMemory

    def mmio_write(self, addr: int, value: int, size: int, at: int) -> None:
        """Post a write of ``size`` (1, 2, 4, 8) bytes. Writes and reads reach the device in order of ``at``."""

    def mmio_read(self, addr: int, size: int, at: int, done: Callable[[int], None]) -> None:
        """Start a read; ``done(value)`` is called in the hub when it has completed (IO1: after the device's
        earlier DMA writes have become visible)."""

    def wire_send(self, frame: bytes, at: int, *, bad: bool = False) -> int:
        """Queue a frame (no FCS) on the wire towards the device, not before ``at``; line rate and gaps are kept.
        ``bad`` marks it as one with a wrong FCS.

        Returns the tag that ``on_wire_taken(tag, time)`` will name."""


@dataclass(slots=True)
class Machine:
    """One model host: CPUs, memory and a platform. One is in force at a time (:func:`set_machine`).

    ``msi_write(addr, data, time)`` (a message interrupt as the device wrote it), ``raise_msi(vector, time)`` (for
    device models without a message table) and ``set_irq_line(line, level, time)`` are called by the backend in the
    hub; the interrupt layer (:mod:`pymodel.linux.irq`) sets them.
    """

    sched: Scheduler
    platform: Platform
    costs: CpuCosts = field(default_factory=CpuCosts)
    msi_high: int = 0  # 63:32 of the bus addresses that messages are written to: an x86 has 0, others have not
    msi_write: Callable[[int, int, int], None] | None = None  # (address, data, time ps)
    raise_msi: Callable[[int, int], None] | None = None  # (vector, time ps)
    set_irq_line: Callable[[int, bool, int], None] | None = None  # (line, level, time ps)
    # ps: of the last register access. With a quantum, CPUs run ahead of one another, so that what a lock has ordered
    # may have times in the other order; the accesses reach the device in the order in which they were made.
    accessed_at: int = 0
    # (address, is a write) -> whether the access is lost, as to a device that does not answer; None: none is.
    mmio_lost: Callable[[int, bool], bool] | None = None
    # A weakly ordered machine's memory: stores and loads that no barrier orders are reordered. None: all are in order.
    weak: HostMemory | None = None
    # How long (ns) the CPU is held up behind a register write, by whatever has priority over the kernel (a hypervisor,
    # the firmware): what its code does next comes late. None: it never is.
    held_up: Callable[[], int] | None = None
    reset_device: Callable[[int], None] | None = None  # (at, ps): reset the device; None: the platform cannot
    state: dict[str, Any] = field(default_factory=dict)  # per-subsystem state of pymodel.linux, by module name

    @property
    def memory(self) -> HostMemory:
        return self.platform.memory


class _Nowhere:
    """Stands for each part of a machine where none is in force."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("no machine is in force: create an Env, or call set_machine() first")

    __getattr__ = __getitem__ = __setitem__ = __call__ = _refuse


class _Here:
    """The machine in force and its parts. Kernel code asks for them dozens of times a packet: a lookup costs half of
    what a call does. Each part raises RuntimeError where no machine is in force."""

    __slots__ = ("csum", "machine", "mem", "peek", "poke", "sched", "state")

    machine: Machine
    mem: memoryview  # HostMemory.mem
    peek: Callable[[int, int], bytes]  # HostMemory.peek: bytes(mem[at : at + n]), at a fraction of its cost
    poke: Callable[[int, bytes], int]  # HostMemory.poke: mem[at : at + len(data)] = data
    csum: Callable[[int, int], int]  # HostMemory.csum: of len bytes at a pointer
    sched: Scheduler
    state: dict[str, Any]


here = _Here()


def set_machine(m: Machine | None) -> None:
    """Put ``m`` in force (None: none)."""
    nowhere: Any = _Nowhere()
    here.machine = nowhere if m is None else m
    here.mem = nowhere if m is None else m.platform.memory.mem
    here.peek = nowhere if m is None else m.platform.memory.peek
    here.poke = nowhere if m is None else m.platform.memory.poke
    here.csum = nowhere if m is None else m.platform.memory.csum
    here.sched = nowhere if m is None else m.sched
    here.state = nowhere if m is None else m.state


set_machine(None)


def memory() -> HostMemory:
    return here.machine.platform.memory


def this_cpu() -> Cpu:
    """The CPU that runs the caller (smp_processor_id). Raises RuntimeError outside kernel code."""
    cpu = here.sched.cpu
    if cpu is None:
        raise RuntimeError("kernel code called outside a CPU's context: use env.run(fn, ...) or a task")
    return cpu


def charge(ns: int) -> None:
    """Spend ``ns`` of the running CPU's time: a scheduling point."""
    (here.sched.cpu or this_cpu()).charge(ns)


def _write(value: int, addr: int, size: int, relaxed: bool = False) -> None:
    m = here.machine
    if m.weak is not None and not relaxed:
        m.weak.publish()
    cpu = m.sched.cpu or this_cpu()
    cpu.charge(m.costs.mmio_write)
    if m.mmio_lost is not None and m.mmio_lost(addr, True):
        return
    at = cpu.time
    if at < m.accessed_at:
        at = m.accessed_at
    else:
        m.accessed_at = at
    m.platform.mmio_write(addr, value & ((1 << 8 * size) - 1), size, at)
    if m.held_up is not None:
        cpu.charge(m.held_up())


def _read(addr: int, size: int, relaxed: bool = False) -> int:
    m = here.machine
    cpu = this_cpu()
    cpu.charge(0)
    if m.mmio_lost is not None and m.mmio_lost(addr, False):
        return (1 << 8 * size) - 1
    result: list[int] = []

    def done(value: int) -> None:
        result.append(value)
        if cpu.waits_for:
            cpu.unblock()

    m.accessed_at = at = max(cpu.time, m.accessed_at)
    m.platform.mmio_read(addr, size, at, done)
    if not result:
        cpu.block(f"the read of register 0x{addr:x}")
    if m.weak is not None and not relaxed:
        m.weak.settle()
    return result[0]


def writeb(value: int, addr: int) -> None:
    _write(value, addr, 1)


def writew(value: int, addr: int) -> None:
    _write(value, addr, 2)


def writel(value: int, addr: int) -> None:
    """Post a 32-bit little-endian register write. Source: include/asm-generic/io.h writel(), v6.12."""
    _write(value, addr, 4)


def writel_relaxed(value: int, addr: int) -> None:
    """As :func:`writel`, without ordering earlier stores to memory before it: that takes a dma_wmb() (DMA5)."""
    _write(value, addr, 4, True)


def writeq(value: int, addr: int) -> None:
    """Post a 64-bit write; on a 32-bit register bus it is two writes, low half first (io-64-nonatomic-lo-hi.h)."""
    _write(value & 0xFFFFFFFF, addr, 4)
    _write(value >> 32, addr + 4, 4)


def readb(addr: int) -> int:
    return _read(addr, 1)


def readw(addr: int) -> int:
    return _read(addr, 2)


def readl(addr: int) -> int:
    """Read a 32-bit register; flushes this CPU's earlier writes. Source: include/asm-generic/io.h readl(), v6.12."""
    return _read(addr, 4)


def readl_relaxed(addr: int) -> int:
    """As :func:`readl`, without ordering later loads from memory after it."""
    return _read(addr, 4, True)


def readq(addr: int) -> int:
    lo = _read(addr, 4)
    return lo | _read(addr + 4, 4) << 32
