# SPDX-License-Identifier: Apache-2.0
"""The soft NIC with no kernel above it: rings written by hand, for tests of the device itself."""

from __future__ import annotations

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic import SoftNic
from pymodel.hw.access import Machine
from pymodel.hw.contexts import Scheduler
from pymodel.hw.memory import DEV_READ, DEV_WRITE, HostMemory
from pymodel.hw.soft import SoftPlatform

__all__ = ["Bench", "Messages"]

LOG2 = 3
SIZE = 1 << LOG2
RING_BYTES = 16 * SIZE


class Messages(Machine):
    """A machine that only writes down the interrupts it gets."""

    def __init__(self, sched: Scheduler, platform: SoftPlatform) -> None:
        super().__init__(sched, platform)
        self.msis: list[tuple[int, int, int]] = []  # (address, data, ps)
        self.levels: list[tuple[bool, int]] = []
        self.msi_write = lambda addr, data, time: self.msis.append((addr, data, time))
        self.raise_msi = lambda vector, time: self.msis.append((-1, vector, time))
        self.set_irq_line = lambda line, level, time: self.levels.append((level, time))


class Bench:
    """One soft NIC. Memory: from 0x10000 a ring of each kind a queue, from 0x40000 buffers; all open to the device."""

    def __init__(self, queues: int = 2, seed: int = 1, rate_gbps: float = 10.0, stalls: bool = True) -> None:
        self.memory = HostMemory(1 << 20, seed=seed)
        self.nic = SoftNic(queues)
        self.platform = SoftPlatform(self.nic, seed=seed, rate_gbps=rate_gbps, stalls=stalls, memory=self.memory)
        self.sched = Scheduler(1)
        self.machine = Messages(self.sched, self.platform)
        self.platform.attach(self.machine)
        self.wire: list[tuple[bytes, int]] = []
        self.platform.on_wire_frame = lambda frame, time: self.wire.append((frame, time))
        self.memory.grant(0x10000, 0x30000, DEV_READ | DEV_WRITE)
        self.memory.grant(0x40000, 0x40000, DEV_READ | DEV_WRITE)
        self.tx_tail = [0] * queues
        self.rx_tail = [0] * queues

    # -- registers ---------------------------------------------------------------------------------------------
    def write(self, offset: int, value: int, size: int = 4) -> None:
        self.platform.mmio_write(offset, value, size, self.platform.now)

    def read(self, offset: int, size: int = 4) -> int:
        got: list[int] = []
        self.platform.mmio_read(offset, size, self.platform.now, got.append)
        self.platform.run(self.sched, lambda: bool(got))
        return got[0]

    def settle(self, ns: int = 20_000) -> None:
        self.platform.run(self.sched, max_ps=self.platform.now + ns * 1000)

    # -- memory ------------------------------------------------------------------------------------------------
    def ring(self, q: int, kind: int) -> int:
        """Index of a ring: kind 0 TX, 1 TX completions, 2 RX, 3 RX completions."""
        return 0x10000 + (q * 4 + kind) * RING_BYTES

    def bus(self, index: int) -> int:
        return index + self.memory.bus_offset

    def start(self, q: int = 0, *, arm: bool = True, line: bool = False) -> None:
        """Bring one queue pair up with empty rings, and the device."""
        base = hw.qp(q)
        for kind, reg in enumerate((hw.QP_TX_BASE_LO, hw.QP_TXC_BASE_LO, hw.QP_RX_BASE_LO, hw.QP_RXC_BASE_LO)):
            address = self.bus(self.ring(q, kind))
            self.write(base + reg, address & 0xFFFFFFFF)
            self.write(base + reg + 4, address >> 32)
        self.write(base + hw.QP_TX_SIZE, LOG2)
        self.write(base + hw.QP_RX_SIZE, LOG2)
        self.write(base + hw.QP_TX_CTRL, 1)
        self.write(base + hw.QP_RX_CTRL, 1)
        self.write(hw.msix(q) + hw.MSIX_ADDR_LO, 0xFEE01000)
        self.write(hw.msix(q) + hw.MSIX_DATA, 0x40 + q)
        self.write(hw.msix(q) + hw.MSIX_VECTOR_CTRL, 0)
        self.write(hw.RX_CTRL, hw.RX_CTRL_PROMISC)
        self.write(hw.IRQ_CTRL, int(line))
        self.write(hw.CTRL, 1)
        if arm:
            self.write(base + hw.QP_IRQ_ARM, 0)

    def post_tx(self, q: int, *parts: bytes, at: int = 0x40000, doorbell: bool = True) -> None:
        """One frame in as many descriptors as parts, placed one after the other from ``at``."""
        for i, part in enumerate(parts):
            self.memory.mem[at : at + len(part)] = part
            ctrl = len(part) | (hw.TX_DESC_CTRL_EOP if i == len(parts) - 1 else 0)
            slot = self.ring(q, 0) + (self.tx_tail[q] % SIZE) * 16
            hw.TX_DESC.pack_into(self.memory.mem, slot, self.bus(at), ctrl, 0)
            self.tx_tail[q] = (self.tx_tail[q] + 1) & 0xFFFF
            at += len(part) + 64
        if doorbell:
            self.write(hw.qp(q) + hw.QP_TX_TAIL, self.tx_tail[q])

    def post_rx(self, q: int, n: int, size: int = 2048) -> None:
        """``n`` more free buffers, the one in slot s at 0x60000 + 16384 * s."""
        for _ in range(n):
            slot = self.rx_tail[q] % SIZE
            hw.RX_DESC.pack_into(self.memory.mem, self.ring(q, 2) + slot * 16, self.bus(self.buffer(slot)), size, 0)
            self.rx_tail[q] = (self.rx_tail[q] + 1) & 0xFFFF
        self.write(hw.qp(q) + hw.QP_RX_TAIL, self.rx_tail[q])

    @staticmethod
    def buffer(slot: int) -> int:
        return 0x60000 + 0x4000 * slot

    def records(self, q: int, kind: int, first: int, n: int) -> list[tuple[int, int, int, int]]:
        """Completion records by index: four words each."""
        layout = hw.TX_COMPLETION
        at = self.ring(q, kind)
        return [layout.unpack_from(self.memory.mem, at + ((first + i) % SIZE) * 16) for i in range(n)]
