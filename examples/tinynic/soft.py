# SPDX-License-Identifier: Apache-2.0
"""tinynic in Python, for runs without a simulator. Contract: the head of rtl/tinynic.sv, without its errors."""

from __future__ import annotations

from examples.tinynic import driver as hw
from pymodel.hw.soft import SoftDevice

__all__ = ["TinySoft"]

WRITABLE = {hw.CTRL: 3, hw.IRQ_ENABLE: 3, hw.MAC_LO: 0xFFFFFFFF, hw.MAC_HI: hw.PROMISC | 0xFFFF}
CLEARED = dict.fromkeys((*WRITABLE, hw.IRQ_STATUS, hw.RX_DROPS), 0)


class TinySoft(SoftDevice):
    """``regs`` holds the registers by offset, ``descs`` three words for each descriptor; way 0 is TX, way 1 RX."""

    def __init__(self) -> None:
        self.regs = {hw.ID: hw.TINY, **CLEARED}
        self.descs = [[0, 0, 0] for _ in range(2 * hw.ENTRIES)]
        self.next = [0, 0]  # the first descriptor that is not done
        self.busy = [0, 0]  # frames on their way from or to memory
        self.stored_at = 0  # ps: when the last frame on its way to memory will be there

    def active(self, way: int) -> bool:
        return bool(self.regs[hw.CTRL] >> way & 1 or self.busy[way] or (way == 0 and self.platform.tx_backlog_ps))

    def mmio_read(self, offset: int, size: int) -> int:
        if offset >= hw.TABLE:
            return self.descs[(offset - hw.TABLE) // 16][2]
        if offset == hw.STATUS:
            return self.active(0) | self.active(1) << 1
        return self.regs[offset] & (self.regs[hw.IRQ_ENABLE] if offset == hw.IRQ_STATUS else 0xFFFFFFFF)

    def mmio_write(self, offset: int, value: int, size: int) -> None:
        self.next = [self.next[way] if self.active(way) else 0 for way in range(2)]
        if offset >= hw.TABLE:
            self.descs[(offset - hw.TABLE) // 16][offset // 4 % 4] = value
        elif offset == hw.CTRL and value & hw.RESET:
            self.regs |= CLEARED
        elif offset == hw.IRQ_STATUS:
            self.regs[offset] &= ~value
        else:
            self.regs[offset] = value & WRITABLE[offset]
        self.event(0)
        self.transmit()

    def event(self, bits: int) -> None:
        self.regs[hw.IRQ_STATUS] |= bits
        self.platform.irq_line(bool(self.regs[hw.IRQ_STATUS] & self.regs[hw.IRQ_ENABLE]))

    def take(self, way: int) -> list[int] | None:
        """The descriptor for the next frame, if there is one."""
        desc = self.descs[way * hw.RX + (self.next[way] + self.busy[way]) % hw.ENTRIES]
        return desc if self.regs[hw.CTRL] >> way & 1 and self.busy[way] < hw.ENTRIES and desc[2] & hw.OWN else None

    def done(self, way: int, status: int) -> None:
        self.descs[way * hw.RX + self.next[way] % hw.ENTRIES][2] = status
        self.next[way] += 1
        self.busy[way] -= 1
        self.event(1 << way)

    def transmit(self) -> None:
        if not self.busy[0] and (desc := self.take(0)) is not None:
            self.busy[0] = 1
            until_room = self.platform.tx_backlog_ps - self.platform.line_time(16384)  # of the TX FIFO
            self.platform.call_after(self.platform.dma_delay() + max(0, until_room) // 1000, self.fetch, desc)

    def fetch(self, desc: list[int]) -> None:
        frame = self.platform.memory.dev_read(desc[0] | desc[1] << 32, desc[2] & hw.LENGTH)
        self.platform.wire_tx(frame)
        self.done(0, len(frame))
        self.transmit()

    def wire_rx(self, frame: bytes, bad: bool = False) -> None:
        station = (self.regs[hw.MAC_HI] << 32 | self.regs[hw.MAC_LO]).to_bytes(8, "little")[:6]
        bad |= not (self.regs[hw.MAC_HI] & hw.PROMISC or frame[0] & 1 or frame[:6] == station)
        if (desc := self.take(1)) is None or bad or not 14 <= len(frame) <= min(desc[2] & hw.LENGTH, hw.MAX_FRAME):
            self.regs[hw.RX_DROPS] += self.regs[hw.CTRL] >> 1 & 1
            return
        self.busy[1] += 1
        self.stored_at = max(self.stored_at, self.platform.now + self.platform.dma_delay() * 1000)
        self.platform.call_at(self.stored_at, self.store, desc, frame)

    def store(self, desc: list[int], frame: bytes) -> None:
        self.platform.memory.dev_write(desc[0] | desc[1] << 32, frame)
        self.done(1, len(frame))
