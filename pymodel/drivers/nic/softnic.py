# SPDX-License-Identifier: Apache-2.0
"""The NIC's behaviour in Python, behind the same seam as its RTL: registers, reset.

Rings and frames are in :mod:`softnic_rings`, the filter in :mod:`softnic_filter`, interrupts in :mod:`softnic_irq`. The
contract is rtl/regs/nic.rdl and rtl/README.md. Fast rather than exact in time: the order of effects is the RTL's, their
distances are not.
"""

from __future__ import annotations

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_filter import SoftFilter
from pymodel.drivers.nic.softnic_irq import SoftIrq
from pymodel.drivers.nic.softnic_mac import SoftMac
from pymodel.drivers.nic.softnic_rings import RxEngine, SoftRing, TxEngine
from pymodel.drivers.nic.softnic_rss import Rss
from pymodel.drivers.nic.softnic_tx import MAX_FRAME
from pymodel.hw.soft import SoftDevice, SoftPlatform

__all__ = ["SoftNic"]

_RESET_NS = 200
_RING_LOG2 = 15
_CLOCK_MHZ = 250  # as in the RTL; nothing here is counted in clocks

# Registers that merely hold what was written: offset -> (reset value, mask of the writable bits).
_HELD = {
    group: {
        r.offset: (
            sum((f.reset or 0) << f.lsb for f in r.fields),
            sum((1 << f.width) - 1 << f.lsb for f in r.fields if f.access == "rw"),
        )
        for r in hw.REGISTERS
        if r.group == group
    }
    for group in ("", "QP")
}
_QP_BASE, _QP_STRIDE = hw.QP_BASE, hw.QP_STRIDE
_TX_TAIL, _RX_TAIL = hw.QP_TX_TAIL, hw.QP_RX_TAIL
_CAUSES = (hw.IRQ_CAUSE, hw.IRQ_CAUSE_MASK, hw.IRQ_CAUSE_VECTOR)
_COUNTERS = {offset: name for name, offset in hw.COUNTERS.items()}


class SoftNic(SoftDevice):
    """The device. ``queues`` queue pairs; ``data_width`` (bits) only shows in CAPS."""

    def __init__(self, queues: int = 4, data_width: int = 256) -> None:
        if not 1 <= queues <= hw.QP_COUNT:
            raise ValueError(f"{queues} queue pairs: 1 to {hw.QP_COUNT} are possible")
        self.queues = queues
        self._qp_end = _QP_BASE + queues * _QP_STRIDE
        self.data_log2 = (data_width // 8).bit_length() - 1

    @classmethod
    def create(cls, queues: int) -> SoftNic:
        return cls(queues or 4)

    def attach(self, platform: SoftPlatform) -> None:
        super().attach(platform)
        self.mac = SoftMac(self, True, platform.rate_mbps)
        self._power_up()

    def _power_up(self) -> None:
        self.resetting = False
        self.enabled = False
        self.max_frame = 1518
        self.rss = Rss(self.queues)
        self.filter = SoftFilter()
        self._regs = {offset: reset for offset, (reset, _) in _HELD[""].items()}
        self._qp_regs = [{o: reset for o, (reset, _) in _HELD["QP"].items()} for _ in range(self.queues)]
        self._latched: dict[int, int] = {}  # upper halves of counters
        self.mac.end()
        self.mac = SoftMac(self, self.mac.up, self.mac.mbps)
        self.tx = TxEngine(self, self.queues)
        self.tx.weights = [regs[hw.QP_TX_WEIGHT] for regs in self._qp_regs]
        self.rx = RxEngine(self, self.queues)
        self.error = 0, 0  # ERR_LOG and the address
        self.irq = SoftIrq(self, self.queues)

    def reset(self) -> None:
        self._reset()

    def _reset(self) -> None:
        """Begin nothing new; what is under way in host memory ends, and then all is as after power-up."""
        self.resetting = True
        self.enabled = False
        self.tx.alive = self.rx.alive = False
        self.irq.set_line_mode(False)
        self.platform.call_after(_RESET_NS, self._power_up)

    # -- the wire --------------------------------------------------------------------------------------------
    def wire_rx(self, frame: bytes, bad: bool = False) -> None:
        if self.mac.up and not self.mac.loopback:
            self.take(frame, bad)

    def take(self, frame: bytes, bad: bool) -> None:
        """A frame has passed the MAC side, from the wire or from TX."""
        if self.enabled and not self.mac.receive(frame, bad):
            self.rx.frame(frame, bad)

    def link(self, up: bool, mbps: int) -> None:
        self.mac.set_link(up, mbps)

    def log_error(self, tx: bool, queue: int, access: int, addr: int, resp: int, none: bool = False) -> None:
        """Something of a ring went wrong, or, with ``none``, of no ring: keep the first, and tell of it (IRQ_CAUSE)."""
        if self.error[0]:
            self.error = self.error[0] | hw.ERR_LOG_MORE, self.error[1]
        else:
            what = hw.ERR_LOG_VALID | tx * hw.ERR_LOG_TX | none * hw.ERR_LOG_NO_QUEUE
            what |= access << hw.ERR_LOG_ACCESS_SHIFT
            self.error = what | resp << hw.ERR_LOG_RESP_SHIFT | queue << hw.ERR_LOG_QUEUE_SHIFT, addr
        self.irq.cause(hw.IRQ_CAUSE_ERROR)

    # -- registers -------------------------------------------------------------------------------------------
    def mmio_write(self, offset: int, value: int, size: int) -> None:
        if self.resetting:
            return  # lost
        if size != 4:
            value, offset = self._merge(offset, value, size)
        if _QP_BASE <= offset < self._qp_end:
            q, reg = divmod(offset - _QP_BASE, _QP_STRIDE)
            if reg == _TX_TAIL:
                ring = self.tx.rings[q]
                ring.tail = value & 0xFFFF
                self.tx.kick(ring)
            elif reg == _RX_TAIL:
                ring = self.rx.rings[q]
                ring.tail = value & 0xFFFF
                self.rx.kick(ring)
            elif reg == hw.QP_IRQ_ARM:
                if size == 4:
                    self.irq.arm(q, value)
            elif reg == hw.QP_IRQ_SEEN:
                if size == 4:
                    self.irq.seen(q, value)
            elif reg == hw.QP_IRQ_VECTOR:
                self.irq.route(q, value)
            elif reg == hw.QP_IRQ_MASK:
                self.irq.set_mask(q, value)
            else:
                self._write_qp(q, reg, value)
        elif hw.MSIX_BASE <= offset < hw.MSIX_BASE + (self.queues + 1) * hw.MSIX_STRIDE:
            self.irq.write_table(*divmod(offset - hw.MSIX_BASE, hw.MSIX_STRIDE), value)
        elif hw.RSS_KEY_BASE <= offset < hw.rss_key(hw.RSS_KEY_COUNT):
            self.rss.set_key((offset - hw.RSS_KEY_BASE) // 4, value)
        elif hw.RSS_TABLE_BASE <= offset < hw.rss_table(hw.RSS_TABLE_COUNT):
            self.rss.set_table((offset - hw.RSS_TABLE_BASE) // 4, value)
        elif self.filter.has(offset):
            self.filter.write(offset, value)
        elif offset == hw.RESET:
            if value & hw.RESET_RESET:
                self._reset()
        elif offset in _CAUSES:
            self.irq.write_cause(offset, value)
        elif offset == hw.ERR_LOG:
            if value & hw.ERR_LOG_VALID:
                self.error = 0, 0
        elif offset in self._regs:
            self._write_global(offset, value & _HELD[""][offset][1])
        else:
            self.platform.broken_rule("MMIO", f"write of 0x{value:x} to offset 0x{offset:x}, where no register is")

    def _merge(self, offset: int, value: int, size: int) -> tuple[int, int]:
        """A write of part of a register: the whole that it makes, and where."""
        shift = 8 * (offset & 3)
        part = ((1 << 8 * size) - 1) << shift
        word = offset & ~3
        return self._register(word) & ~part | value << shift & part, word

    def _write_global(self, offset: int, value: int) -> None:
        self._regs[offset] = self._regs[offset] & ~_HELD[""][offset][1] | value
        if offset == hw.CTRL:
            self.enabled = bool(value & hw.CTRL_ENABLE)
            self.tx.resume()
        elif offset == hw.RX_CTRL:
            self.filter.ctrl = value
        elif offset == hw.MAX_FRAME:
            self.max_frame = min(value, MAX_FRAME)
        elif offset == hw.RSS_CTRL:
            self.rss.set_ctrl(value)
        elif offset in (hw.MAC_LO, hw.MAC_HI):
            self.filter.station = (self._regs[hw.MAC_HI] << 32 | self._regs[hw.MAC_LO]).to_bytes(6, "little")
        elif offset in (hw.MAC_CTRL, hw.PAUSE_QUANTA, hw.PAUSE_FILL, hw.TX_RATE):
            self.mac.write(offset, value)
        elif offset == hw.IRQ_CTRL:
            self.irq.set_line_mode(bool(value & hw.IRQ_CTRL_LINE_MODE))

    def _write_qp(self, q: int, reg: int, value: int) -> None:
        regs = self._qp_regs[q]
        if reg not in regs:
            what = f"write of 0x{value:x} to queue pair {q}, 0x{reg:x}, where no register is"
            self.platform.broken_rule("MMIO", what)
            return
        regs[reg] = value & _HELD["QP"][reg][1]
        if reg == hw.QP_TX_CTRL:
            self._control(self.tx, q, 0)
        elif reg == hw.QP_TX_WEIGHT:
            self.tx.weights[q] = regs[reg]
        elif reg in (hw.QP_IRQ_TX_MOD, hw.QP_IRQ_RX_MOD):
            self.irq.moderate(q, reg, regs[reg])
        elif reg == hw.QP_RX_CTRL:
            self._control(self.rx, q, hw.QP_RX_BASE_LO - hw.QP_TX_BASE_LO)

    def _control(self, engine: TxEngine | RxEngine, q: int, at: int) -> None:
        """A ring's enable bit was written. Base and size count when the ring starts."""
        regs = self._qp_regs[q]
        ring = engine.rings[q]
        started = not ring.active
        engine.control(
            ring,
            bool(regs[at + hw.QP_TX_CTRL] & hw.QP_TX_CTRL_ENABLE),
            regs[at + hw.QP_TX_BASE_LO] | regs[at + hw.QP_TX_BASE_HI] << 32,
            regs[at + hw.QP_TXC_BASE_LO] | regs[at + hw.QP_TXC_BASE_HI] << 32,
            1 << max(3, regs[at + hw.QP_TX_SIZE] & hw.QP_TX_SIZE_LOG2),
        )
        if started and ring.active:
            self.irq.restart(ring)

    def mmio_read(self, offset: int, size: int) -> int:
        word = self._register(offset & ~3)
        return word >> 8 * (offset & 3) & (1 << 8 * size) - 1

    def _register(self, offset: int) -> int:
        if hw.QP_BASE <= offset < hw.QP_BASE + self.queues * hw.QP_STRIDE:
            return self._read_qp(*divmod(offset - hw.QP_BASE, hw.QP_STRIDE))
        if hw.MSIX_BASE <= offset < hw.MSIX_BASE + (self.queues + 1) * hw.MSIX_STRIDE:
            return self.irq.read_table(*divmod(offset - hw.MSIX_BASE, hw.MSIX_STRIDE))
        if hw.RSS_KEY_BASE <= offset < hw.rss_key(hw.RSS_KEY_COUNT):
            return int.from_bytes(self.rss.key[offset - hw.RSS_KEY_BASE :][:4], "little")
        if hw.RSS_TABLE_BASE <= offset < hw.rss_table(hw.RSS_TABLE_COUNT):
            return int.from_bytes(self.rss.table[offset - hw.RSS_TABLE_BASE :][:4], "little")
        if self.filter.has(offset):
            return self.filter.read(offset)
        name = _COUNTERS.get(offset)
        if name is not None:
            count = self.counter(name)
            self._latched[offset + 4] = count >> 32
            return count & 0xFFFFFFFF
        if offset in self._latched:
            return self._latched[offset]
        if offset == hw.CAPS:
            return (
                self.queues << hw.CAPS_QUEUES_SHIFT
                | self.data_log2 << hw.CAPS_DATA_LOG2_SHIFT
                | _RING_LOG2 << hw.CAPS_RING_LOG2_SHIFT
            )
        if offset == hw.STATUS:
            return self.mac.up * hw.STATUS_LINK | (self.tx.idle and self.rx.idle) * hw.STATUS_IDLE
        if offset == hw.RESET:
            return int(self.resetting)
        if offset == hw.LINK:
            return self.mac.status()
        if offset == hw.LINK_RATE:
            return self.mac.mbps
        if offset == hw.IRQ_PENDING:
            return self.irq.pending()
        if offset == hw.ERR_LOG:
            return self.error[0]
        if offset in (hw.ERR_ADDR_LO, hw.ERR_ADDR_HI):
            return self.error[1] >> (32 if offset == hw.ERR_ADDR_HI else 0) & 0xFFFFFFFF
        if offset in _CAUSES:
            return self.irq.read_cause(offset)
        if offset == hw.CLOCK:
            return _CLOCK_MHZ << hw.CLOCK_MHZ_SHIFT
        if offset == hw.MSIX_PBA:
            return self.irq.pba()
        if offset in self._regs:
            return self._regs[offset]
        self.platform.broken_rule("MMIO", f"read of offset 0x{offset:x}, where no register is")
        return 0

    def counter(self, name: str) -> int:
        """A counter by its name in nic_hw.COUNTERS."""
        way, _, what = name.partition("_")
        if way == "rmon":
            return self.mac.counter(what)
        return int(getattr(self.tx if way == "tx" else self.rx, what))

    def _read_qp(self, q: int, reg: int) -> int:
        if reg == hw.QP_IRQ_MASK:
            return self.irq.mask_value(q)
        if reg == hw.QP_IRQ_STATUS:
            return int(self.irq.event(q))
        if reg == hw.QP_RX_DROPS:
            return self.rx.queue_drops[q] & 0xFFFFFFFF
        if reg in (hw.QP_IRQ_ARM, hw.QP_IRQ_SEEN):
            return 0
        if reg == hw.QP_IRQ_VECTOR:
            return self.irq.route_value(q)
        ring: SoftRing = (self.rx if reg >= hw.QP_RX_BASE_LO else self.tx).rings[q]
        if reg in (hw.QP_TX_TAIL, hw.QP_RX_TAIL):
            return ring.tail
        if reg == hw.QP_TX_HEAD:
            return ring.done
        if reg == hw.QP_RX_HEAD:
            return ring.head
        if reg in (hw.QP_TXC_HEAD, hw.QP_RXC_HEAD):
            return ring.cq_head
        if reg in (hw.QP_TX_STATUS, hw.QP_RX_STATUS):
            return (
                ring.active * hw.QP_TX_STATUS_ACTIVE
                | (ring.error_code != 0) * hw.QP_TX_STATUS_ERROR
                | ring.error_code << hw.QP_TX_STATUS_ERROR_CODE_SHIFT
            )
        value = self._qp_regs[q].get(reg)
        if value is None:
            self.platform.broken_rule("MMIO", f"read of queue pair {q}, 0x{reg:x}, where no register is")
            return 0
        return value
