# SPDX-License-Identifier: Apache-2.0
"""The data path of the soft NIC: descriptor rings, frames to and from the wire, completion records.

The times at which things happen to host memory are those of a pipelined device: a doorbell is answered by a fetch
one DMA delay later, all frames that were there are moved in one go, and their completion records follow after a
further delay. Data is always written before the record that announces it.
"""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_csum import verdict
from pymodel.drivers.nic.softnic_filter import tagged
from pymodel.drivers.nic.softnic_rss import headers
from pymodel.drivers.nic.softnic_tx import MAX_FRAME, MIN_FRAME, PAD_FRAME, TxOffload, TxTso
from pymodel.hw.memory import DmaFault

if TYPE_CHECKING:
    from pymodel.drivers.nic.softnic import SoftNic

__all__ = ["RxEngine", "SoftRing", "TxEngine"]

_FETCH = 32  # descriptors read at a time, at most
_TX_BUFFER = 16384  # bytes that wait for the wire, at most
_RX_BUFFER = 65536  # bytes that wait for host memory, at most
_MASK = 0xFFFF  # ring indices are free-running 16-bit counters

_TURN = 16 * 64  # bytes for each unit of TX_WEIGHT
_TX_KIND = hw.TX_DESC_CTRL_KIND
_TX_TSO = hw.TX_KIND_TSO << hw.TX_DESC_CTRL_KIND_SHIFT
_TX_OFFLOAD = hw.TX_KIND_OFFLOAD << hw.TX_DESC_CTRL_KIND_SHIFT
_EOP = hw.TX_DESC_CTRL_EOP
_LEN = hw.TX_DESC_CTRL_LEN
_RX_RECORD = struct.Struct("<HHIII")
# AXI IDs as the device's: the kind of access, and the queue in the lower four bits.
_READ_TX_DESC, _READ_RX_DESC, _READ_TX_DATA = 0x00, 0x10, 0x20
_WRITE_RX_DATA, _WRITE_RX_RECORD, _WRITE_TX_RECORD = 0x00, 0x10, 0x20
_PHASE_AT = hw.RX_COMPLETION_PHASE + 3  # the byte that holds the phase bit, its highest; the lower half is tci
_VLAN_FILTER, _VLAN_STRIP = hw.RX_CTRL_VLAN_FILTER, hw.RX_CTRL_VLAN_STRIP
_HASH_TYPE_SHIFT = hw.RX_COMPLETION_STATUS_HASH_TYPE_SHIFT
_RX_EOP = hw.RX_COMPLETION_STATUS_EOP


class SoftRing:
    """One descriptor ring with its completion ring. Indices are free running, 16 bits."""

    __slots__ = (
        "active", "base", "cache", "completing", "cq_base", "cq_frames", "cq_head", "deficit", "done", "enable",
        "error_code", "fetched", "frags", "frames", "head", "mask", "offload", "queue", "records", "size", "stored",
        "tail",
    )  # fmt: skip

    def __init__(self, queue: int) -> None:
        self.queue = queue
        self.tail = 0
        self.base = self.cq_base = 0
        self.size = 8
        self.enable = self.active = False
        self.error_code = 0
        self.stored = 0  # RX: bytes that wait in the packet buffer, counted while PAUSE out is enabled
        self._restart()

    def _restart(self) -> None:
        self.mask = self.size - 1
        self.head = 0  # first descriptor not consumed
        self.fetched = 0  # first descriptor not read
        self.cq_head = 0
        self.frames = 0  # sent or delivered
        self.cq_frames = 0  # of these, reported by completion records
        self.done = 0  # TX: first descriptor whose frame is not finished
        self.completing = False  # a completion write is under way
        self.deficit = 0  # TX: bytes that it may still send in its turn; less than 0: sent too many
        self.frags: list[bytes] = []  # TX: of a frame whose end has not been read
        self.offload: TxOffload | TxTso | None = None  # TX: for the frame whose descriptors come next
        self.cache: deque[tuple[int, int]] = deque()  # RX: (address, length) of buffers read ahead
        self.records: list[bytes] = []  # RX: completion records to be written

    def start(self, base: int, cq_base: int, size: int) -> None:
        self.base, self.cq_base, self.size = base, cq_base, size
        self.error_code = 0
        self.active = True
        self._restart()

    @property
    def waiting(self) -> int:
        """Descriptors that software has posted and the device has not read."""
        return (self.tail - self.fetched) & _MASK

    @property
    def running(self) -> bool:
        return self.enable and self.active and not self.error_code

    def phase(self) -> int:
        """The phase word of the next completion record."""
        return 0 if self.cq_head & self.size else hw.RX_COMPLETION_PHASE_PHASE


class _Engine:
    """What both directions share: fetching descriptors, errors, stopping."""

    name = ""
    desc_id = 0

    def __init__(self, nic: SoftNic, queues: int) -> None:
        self.nic = nic
        self.platform = nic.platform
        self.rings = [SoftRing(q) for q in range(queues)]
        self.alive = True  # False: a reset has put another engine in this one's place
        self.frames = 0
        self.bytes = 0

    def fetch(self, ring: SoftRing) -> bytes:
        """Read the next descriptors, one burst. Empty when there is none, or on an error, which halts the ring."""
        waiting = ring.waiting
        if waiting > ring.size:
            self.bad_tail(ring)
            return b""
        slot = ring.fetched & ring.mask
        n = min(waiting, ring.size - slot, _FETCH)
        if not n:
            return b""
        try:
            at = ring.base + slot * hw.TX_DESC_SIZE
            raw = self.platform.dma_read(at, n * hw.TX_DESC_SIZE, self.desc_id | ring.queue)
        except DmaFault as fault:
            self.log(ring, hw.ERR_ACCESS_DESC, ring.base + slot * hw.TX_DESC_SIZE, fault)
            self.halt(ring, hw.RING_ERROR_AXI_READ)
            self.platform.dma_fault(fault)
            return b""
        ring.fetched = (ring.fetched + n) & _MASK
        return raw

    def halt(self, ring: SoftRing, code: int) -> None:
        ring.error_code = code

    def log(self, ring: SoftRing, access: int, addr: int, fault: DmaFault | None = None) -> None:
        """Tell the error log."""
        resp = 0 if fault is None else 3 if fault.kind in ("unmapped", "decerr") else 2
        self.nic.log_error(self.name == "tx", ring.queue, access, addr, resp)

    def bad_tail(self, ring: SoftRing) -> None:
        self.platform.broken_rule(
            "RING",
            f"{self.name}{ring.queue}: tail {ring.tail} is {ring.waiting} entries beyond {ring.fetched}, "
            f"but the ring has {ring.size}",
        )
        self.log(ring, hw.ERR_ACCESS_BAD_TAIL, ring.base + (ring.fetched & ring.mask) * hw.TX_DESC_SIZE)
        self.halt(ring, hw.RING_ERROR_BAD_DESC)

    def bad_descriptor(self, ring: SoftRing, what: str) -> None:
        self.log(ring, hw.ERR_ACCESS_BAD_DESC, ring.base + (ring.head & ring.mask) * hw.TX_DESC_SIZE)
        self.halt(ring, hw.RING_ERROR_BAD_DESC)
        self.platform.broken_rule("DESC", f"{self.name}{ring.queue}: descriptor {ring.head}: {what}")

    def control(self, ring: SoftRing, enable: bool, base: int, cq_base: int, size: int) -> None:
        """A write of the ring's enable bit."""
        was, ring.enable = ring.enable, enable
        if enable and not was and not ring.active:
            ring.start(base, cq_base, size)
            self.kick(ring)
        elif not enable:
            self.settle(ring)

    def settle(self, ring: SoftRing) -> None:
        """A disabled ring with nothing in flight is no longer active."""
        if not ring.enable and not self.busy(ring):
            ring.active = False

    def kick(self, ring: SoftRing) -> None:
        """The ring was started, or its tail was moved."""
        raise NotImplementedError

    def busy(self, ring: SoftRing) -> bool:
        """Something of the ring is in flight."""
        raise NotImplementedError


class TxEngine(_Engine):
    """From descriptors to the wire. Queues with work take turns: deficit round robin in bytes by TX_WEIGHT, as the
    device's, but with turns ``_TURN`` times as long: what a turn does not send of a fetch is fetched again."""

    name = "tx"
    desc_id = _READ_TX_DESC

    def __init__(self, nic: SoftNic, queues: int) -> None:
        super().__init__(nic, queues)
        self.weights = [1] * queues  # TX_WEIGHT
        self._ready: deque[SoftRing] = deque()
        self._scheduled = False
        self._room_ps = self.platform.line_time(_TX_BUFFER)

    @property
    def idle(self) -> bool:
        return not self._ready and not any(r.completing for r in self.rings) and not self.nic.mac.backlog_ps

    def kick(self, ring: SoftRing) -> None:
        if ring.tail != ring.fetched and ring.running and ring not in self._ready:
            self._ready.append(ring)
        if not self._scheduled:
            self.resume()

    def resume(self) -> None:
        """Make sure that a round comes, if there is work and the device is enabled."""
        if self._ready and not self._scheduled and self.nic.enabled:
            self._scheduled = True
            delay = self.platform.dma_delay() * 1000
            full = self.nic.mac.backlog_ps - self._room_ps // 2
            self.platform.call_at(self.platform.now + max(delay, full), self._round)

    def _round(self) -> None:
        self._scheduled = False
        ready = self._ready
        if not self.alive or not self.nic.enabled:
            return
        room = _TX_BUFFER * (self._room_ps - self.nic.mac.backlog_ps) // self._room_ps
        for _ in range(len(ready)):
            if room <= 0:
                break
            ring = ready.popleft()
            if ring.deficit <= 0:
                turn = _TURN * max(1, self.weights[ring.queue])
                ring.deficit = ring.deficit + turn if ready else turn
            while ring.deficit > 0 and room > 0 and ring.running and ring.waiting:
                sent = self._send(ring, ring.deficit if ready else _TX_BUFFER)
                room -= sent
                ring.deficit -= sent
            if not (ring.running and ring.waiting):
                ring.deficit = min(ring.deficit, 0)  # its last frame may have been more than was left
            elif ring.deficit > 0:
                ready.appendleft(ring)  # no room: its turn goes on
            else:
                ready.append(ring)
            self.settle(ring)
        self.resume()

    def _send(self, ring: SoftRing, most: int) -> int:
        """Fetch once and send what is complete, frames until they are ``most`` bytes. Returns the bytes sent."""
        dma_read, data_id = self.platform.dma_read, _READ_TX_DATA | ring.queue
        send = self.nic.mac.send
        frags = ring.frags
        sent = 0
        for addr, ctrl, more in hw.TX_DESC.iter_unpack(self.fetch(ring)):
            length = ctrl & _LEN
            offload = ring.offload
            if ctrl & _TX_KIND in (_TX_OFFLOAD, _TX_TSO):
                if frags or offload is not None:
                    self.bad_descriptor(ring, f"an offload descriptor {'inside a frame' if frags else 'twice'}")
                    break
                if ctrl & _TX_KIND == _TX_TSO:
                    tso = TxTso(addr, ctrl, more)
                    if not tso.valid():
                        self.bad_descriptor(ring, str(tso))
                        break
                    ring.offload = tso
                else:
                    ring.offload = TxOffload(addr & 0xFFFFFFFF, addr >> 32, ctrl)
                ring.head = (ring.head + 1) & _MASK
                continue
            whole = isinstance(offload, TxTso)
            if not length or (length > MAX_FRAME and not whole) or ctrl & _TX_KIND:
                self.bad_descriptor(ring, f"length {length}, control word 0x{ctrl:08x}")
                break
            try:
                data = dma_read(addr, length, data_id)
            except DmaFault as fault:
                self.log(ring, hw.ERR_ACCESS_DATA, addr, fault)
                self.halt(ring, hw.RING_ERROR_AXI_READ)
                self.platform.dma_fault(fault)
                break
            if isinstance(offload, TxTso) and not frags and (length - offload.hdr_len) < (1 if ctrl & _EOP else 0):
                self.bad_descriptor(ring, f"{length} bytes for {offload}")
                break
            ring.head = (ring.head + 1) & _MASK
            if not ctrl & _EOP:
                frags.append(data)
                continue
            if frags:
                frags.append(data)
                data = b"".join(frags)
                frags.clear()
            n = len(data)
            ring.offload = None
            if isinstance(offload, TxTso):
                for frame in offload.apply(data):
                    sent += len(frame)
                    if send(frame):
                        self.frames += 1
                        self.bytes += len(frame)
                ring.done = ring.head
                if sent >= most:
                    break
                continue
            if n < MIN_FRAME or n > MAX_FRAME or (offload is not None and not offload.fits(n)):
                self.bad_descriptor(ring, f"ends a frame of {n} bytes, {offload}")
                break
            if offload is not None:
                data = offload.apply(data)
                n = len(data)
            if n < PAD_FRAME:
                data = data.ljust(PAD_FRAME, b"\0")
                n = PAD_FRAME
            ring.frames += 1
            sent += n
            if send(data):
                self.frames += 1
                self.bytes += n
            ring.done = ring.head
            if sent >= most:
                break
        if sent >= most:
            ring.fetched = ring.head
        if sent or ring.error_code:
            self._complete(ring)
        return sent

    def halt(self, ring: SoftRing, code: int) -> None:
        super().halt(ring, code)
        self._complete(ring)

    def _complete(self, ring: SoftRing) -> None:
        if not ring.completing:
            ring.completing = True
            self.platform.call_after(self.platform.dma_delay(), self._write_record, ring)

    def _write_record(self, ring: SoftRing) -> None:
        if not self.alive:
            return
        if self.nic.mac.waits:  # of whichever ring those frames are
            self.platform.call_after(self.platform.dma_delay(), self._write_record, ring)
            return
        ring.completing = False
        record = hw.TX_COMPLETION.pack(ring.done, 0, ring.error_code, ring.phase())
        try:
            where = ring.cq_base + (ring.cq_head & ring.mask) * hw.TX_COMPLETION_SIZE
            self.platform.dma_write(where, record, _WRITE_TX_RECORD | ring.queue)
        except DmaFault as fault:
            self.log(ring, hw.ERR_ACCESS_COMPLETION, where, fault)
            ring.error_code = hw.RING_ERROR_AXI_WRITE
            self.platform.dma_fault(fault)
        else:
            ring.cq_head = (ring.cq_head + 1) & _MASK
            ring.cq_frames = ring.frames
            self.nic.irq.update(ring.queue)
        self.settle(ring)

    def busy(self, ring: SoftRing) -> bool:
        return ring.completing


class RxEngine(_Engine):
    """From the wire to free buffers."""

    name = "rx"
    desc_id = _READ_RX_DESC

    def __init__(self, nic: SoftNic, queues: int) -> None:
        super().__init__(nic, queues)
        self.stream = 0
        self.drop_nodesc = self.drop_fifo = self.drop_error = self.drop_runt = self.drop_oversize = 0
        self.drop_filter = self.drop_vlan = 0
        self.queue_drops = [0] * queues
        self._fifo: deque[tuple[bytes, SoftRing, int, int, int]] = deque()
        self._fifo_bytes = 0
        self._scheduled = False

    @property
    def idle(self) -> bool:
        return not self._fifo and not any(r.completing for r in self.rings)

    def kick(self, ring: SoftRing) -> None:
        """Buffers are read when a frame needs them; only the tail is looked at."""
        if ring.running and ring.waiting > ring.size:
            self.bad_tail(ring)
            self.write_records(ring)

    def frame(self, frame: bytes, bad: bool) -> None:
        """A frame has arrived from the wire."""
        nic = self.nic
        rules = nic.filter
        n = len(frame)
        self.stream += 1
        if bad:
            self.drop_error += 1
        elif n < MIN_FRAME:
            self.drop_runt += 1
        elif n > nic.max_frame:
            self.drop_oversize += 1
        elif not rules.passes(frame[:6]):
            self.drop_filter += 1
        elif rules.ctrl & _VLAN_FILTER and not rules.vlan_passes(frame):
            self.drop_vlan += 1
        elif self._fifo_bytes + n > _RX_BUFFER:
            self.drop_fifo += 1
        else:
            found = headers(frame)
            value, kind = nic.rss.hash(frame, found)
            ring = self.rings[nic.rss.queue(value)]
            status = kind << _HASH_TYPE_SHIFT
            tci = 0
            if rules.ctrl & _VLAN_STRIP and tagged(frame):
                status |= verdict(frame, found, 18) | hw.RX_COMPLETION_STATUS_VLAN
                tci = frame[14] << 8 | frame[15]
                frame = frame[:12] + frame[16:]
            else:
                status |= verdict(frame, found)
            self._fifo.append((frame, ring, value, status, tci))
            self._fifo_bytes += len(frame)
            if nic.mac.tx_pause:
                ring.stored += len(frame)
                nic.mac.fill(ring.queue, ring.stored)
            if not self._scheduled:
                self._scheduled = True
                self.platform.call_after(self.platform.dma_delay(), self._round)

    def _round(self) -> None:
        """Move all frames that wait to host memory."""
        self._scheduled = False
        if not self.alive:
            return
        fifo = self._fifo
        touched = []
        while fifo:
            frame, ring, value, status, tci = fifo.popleft()
            self._fifo_bytes -= len(frame)
            if ring.stored:
                ring.stored -= min(ring.stored, len(frame))
                self.nic.mac.fill(ring.queue, ring.stored)
            if not ring.running or not self._deliver(ring, frame, value, status, tci):
                self.drop_nodesc += 1
                self.queue_drops[ring.queue] += 1
            if ring not in touched:
                touched.append(ring)
        for ring in touched:
            self.write_records(ring)
            self.settle(ring)

    def write_records(self, ring: SoftRing) -> None:
        """Completion records are written one DMA delay from now."""
        if ring.records and not ring.completing:
            ring.completing = True
            self.platform.call_after(self.platform.dma_delay(), self._write_records, ring)

    def _deliver(self, ring: SoftRing, frame: bytes, value: int, status: int, tci: int) -> bool:
        """Write a frame to the next free buffers. False when there are too few, and then none is used."""
        cache = ring.cache
        n = len(frame)
        used = room = 0
        while room < n:
            if used == len(cache) and not self._refill(ring):
                return False
            room += cache[used][1]
            used += 1
        at = 0
        index = ring.head
        records = ring.records
        dma_write, data_id = self.platform.dma_write, _WRITE_RX_DATA | ring.queue
        for i in range(used):
            addr, size = cache.popleft()
            part = frame if used == 1 else frame[at : at + size]
            at += size
            try:
                dma_write(addr, part, data_id)
            except DmaFault as fault:
                status |= hw.RING_ERROR_AXI_WRITE << hw.RX_COMPLETION_STATUS_ERROR_CODE_SHIFT
                self.log(ring, hw.ERR_ACCESS_DATA, addr, fault)
                ring.error_code = hw.RING_ERROR_AXI_WRITE
                self.platform.dma_fault(fault)
            if i == used - 1:
                status |= _RX_EOP
            # The phase is set when the record is written.
            records.append(_RX_RECORD.pack(len(part), index, value, status, tci))
            index = (index + 1) & _MASK
        ring.head = index
        self.frames += 1
        ring.frames += 1
        self.bytes += n
        return True

    def halt(self, ring: SoftRing, code: int) -> None:
        """A record of its own tells software, after those of the frames before."""
        super().halt(ring, code)
        status = code << hw.RX_COMPLETION_STATUS_ERROR_CODE_SHIFT | hw.RX_COMPLETION_STATUS_EOP
        ring.records.append(_RX_RECORD.pack(0, ring.head, 0, status, 0))

    def _refill(self, ring: SoftRing) -> bool:
        """Read more free buffers ahead; False when there is none."""
        raw = self.fetch(ring)
        for addr, ctrl, _ in hw.RX_DESC.iter_unpack(raw):
            length = ctrl & hw.RX_DESC_CTRL_LEN
            if not 64 <= length <= 16383:
                self.bad_descriptor(ring, f"a free buffer of {length} bytes")
                return False
            ring.cache.append((addr, length))
        return bool(raw)

    def _write_records(self, ring: SoftRing) -> None:
        if not self.alive:
            return
        ring.completing = False
        records, ring.records = ring.records, []
        at = 0
        while at < len(records):
            slot = ring.cq_head & ring.mask
            run = records[at : at + ring.size - slot]
            phase = ring.phase()
            data = b"".join(run)
            if phase:
                told = bytearray(data)
                told[_PHASE_AT :: hw.RX_COMPLETION_SIZE] = b"\x80" * len(run)
                data = bytes(told)
            try:
                where = ring.cq_base + slot * hw.RX_COMPLETION_SIZE
                self.platform.dma_write(where, data, _WRITE_RX_RECORD | ring.queue)
            except DmaFault as fault:
                self.log(ring, hw.ERR_ACCESS_COMPLETION, where, fault)
                ring.error_code = hw.RING_ERROR_AXI_WRITE
                self.platform.dma_fault(fault)
                break
            at += len(run)
            ring.cq_head = (ring.cq_head + len(run)) & _MASK
        else:
            ring.cq_frames = ring.frames
        self.nic.irq.update(ring.queue)
        self.settle(ring)

    def busy(self, ring: SoftRing) -> bool:
        return ring.completing or any(entry[1] is ring for entry in self._fifo)
