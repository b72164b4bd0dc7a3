# SPDX-License-Identifier: Apache-2.0
"""The MAC side (rtl/mac/nic_mac.sv) at its pins: streams on both sides, the register bus, and what must always hold."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly

from pymodel.drivers.nic import nic_hw as hw
from tests.block.simulate import ROOT, build

__all__ = ["CLOCK_MHZ", "PAUSE_DEST", "SOURCES", "STATION", "TOP", "Bench", "Sent", "blocks", "frame", "pause_frame"]

TOP = "test_mac_top"
_RTL = ROOT / "rtl"
SOURCES = [
    _RTL / "nic.vlt",
    _RTL / "regs/nic_regs_pkg.sv",
    _RTL / "nic_pkg.sv",
    _RTL / "common/nic_counter_bank.sv",
    _RTL / "mac/nic_mac_pkg.sv",
    *sorted(p for p in (_RTL / "mac").glob("*.sv") if p.name not in ("nic_mac_pkg.sv", "nic_mac_fill.sv")),
    ROOT / "tests/block/test_mac_top.sv",
]
CLOCK_MHZ = 250
STATION = bytes.fromhex("02005e000001")
PAUSE_DEST = bytes.fromhex("0180c2000001")


def blocks(width: int) -> Path:
    """The MAC side, built for a data width."""
    return build(f"mac_w{width}", TOP, SOURCES, {"DataWidth": width, "ClockMhz": CLOCK_MHZ})


def frame(rng: random.Random, n: int, dest: bytes = STATION) -> bytes:
    """Random bytes to ``dest``, of an EtherType that is not MAC control."""
    return (dest + STATION + b"\x08\x00" + rng.randbytes(max(0, n - 14)))[:n]


def pause_frame(quanta: int, dest: bytes = PAUSE_DEST, source: bytes = STATION, n: int = 60) -> bytes:
    """A PAUSE frame (IEEE 802.3 Annex 31B), without FCS."""
    return (dest + source + b"\x88\x08\x00\x01" + quanta.to_bytes(2, "big")).ljust(n, b"\0")[:n]


@dataclass(slots=True)
class Sent:
    """A frame that was seen: its bytes, the clocks of its first and last beats, whether it was bad, or consumed."""

    data: bytes
    first: int
    last: int
    bad: bool = False
    consumed: bool = False


class Bench:
    """Clock by clock: ``step()`` drives all inputs after a falling edge, looks at the outputs, and lets the clock pass.

    ``from_tx`` and ``from_wire`` are frames still to be put in, ``(bytes, bad)``; ``to_wire``, ``to_rx`` and ``thrown``
    have what came out. ``ready`` is the chance that the wire takes a beat, ``gap`` that the wire pauses within a frame.
    """

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.bytes = len(dut.tx_tdata) // 8
        self.now = 0
        self.from_tx: deque[bytes] = deque()
        self.from_wire: deque[tuple[bytes, bool]] = deque()
        self.to_wire: list[Sent] = []
        self.to_rx: list[Sent] = []
        self.thrown: list[bytes] = []
        self._pokes: list[tuple[Any, int]] = []
        self._pins: dict[str, int] = {}  # to be driven with the next clock
        self.ready = 1.0
        self.gap = 0.0
        self._tx: tuple[bytes, int] | None = None  # the frame that TX shows, and where it is
        self._in: tuple[bytes, int, bool] | None = None
        self._out: list[Any] = [b"", 0]
        self._rx: list[Any] = [b"", 0]
        self._shown: tuple[int, ...] | None = None  # on the wire and not taken
        for name, value in (
            ("rst_ni", 0), ("hard_rst_ni", 0), ("stop_i", 0), ("req_i", 0), ("max_frame_i", 1514),
            ("station_i", int.from_bytes(STATION, "little")), ("link_down_i", 0), ("link_mbps_i", 0), ("fill_i", 0),
            ("tx_tvalid", 0), ("m_axis_tready", 0), ("s_axis_tvalid", 0), ("tx_len_i", 0),
        ):  # fmt: skip
            getattr(dut, name).value = value

    @classmethod
    async def start(cls, dut: Any) -> Bench:
        bench = cls(dut)
        cocotb.start_soon(Clock(dut.clk_i, 4000, unit="ps").start())
        for _ in range(40):  # the counters clear themselves
            await FallingEdge(dut.clk_i)
        dut.rst_ni.value = dut.hard_rst_ni.value = 1
        return bench

    def pin(self, **values: int) -> None:
        """Drive inputs from the next clock on."""
        self._pins.update(values)

    def poke(self, handle: Any, value: int) -> None:
        """Give a register inside a value, before the next clock."""
        self._pokes.append((handle, value))

    # -- registers -----------------------------------------------------------------------------------------------
    async def _request(self, write: int, address: int, value: int, strobes: int) -> int:
        dut = self.dut
        answer = 0
        for setup, valid in ((1, 0), (0, 1), (0, 0), (0, 0)):
            await FallingEdge(dut.clk_i)
            self._drive()
            answer = int(dut.rsp_o.value)
            dut.req_i.value = setup << 54 | valid << 53 | write << 52 | address << 36 | value << 4 | strobes
            await self._clock()
        assert answer >> 32, f"nothing answers at 0x{address:x}"
        return answer & 0xFFFFFFFF

    async def write(self, address: int, value: int) -> None:
        await self._request(1, address, value, 0xF)

    async def read(self, address: int) -> int:
        return await self._request(0, address, 0, 0)

    async def counter(self, name: str) -> int:
        low = await self.read(hw.COUNTERS[f"rmon_{name}"])
        return await self.read(hw.COUNTERS[f"rmon_{name}"] + 4) << 32 | low

    async def counters(self) -> dict[str, int]:
        """All RMON counters that are not 0."""
        names = [name.removeprefix("rmon_") for name in hw.COUNTERS if name.startswith("rmon_")]
        values = {name: await self.counter(name) for name in names}
        return {name: value for name, value in values.items() if value}

    # -- clocks --------------------------------------------------------------------------------------------------
    async def run(self, clocks: int) -> None:
        for _ in range(clocks):
            await self.step()

    async def drain(self, limit: int = 20000) -> None:
        """Until all that was put in has come out."""
        for _ in range(limit):
            if not (self.from_tx or self.from_wire or self._tx or self._in):
                break
            await self.step()
        else:
            raise AssertionError(f"after {limit} clocks {len(self.from_tx)} frames of TX still wait")
        await self.run(4)

    async def step(self) -> None:
        await FallingEdge(self.dut.clk_i)
        self._drive()
        await self._clock()

    async def _clock(self) -> None:
        await ReadOnly()
        self._look()
        self.now += 1

    def _beat(self, data: bytes, at: int) -> tuple[int, int, int]:
        part = data[at : at + self.bytes]
        filler = b"\xee" * (self.bytes - len(part))
        return int.from_bytes(part + filler, "little"), (1 << len(part)) - 1, int(at + self.bytes >= len(data))

    def _drive(self) -> None:
        dut, rng = self.dut, self.rng
        for name, value in self._pins.items():
            getattr(dut, name).value = value
        self._pins.clear()
        for handle, value in self._pokes:
            handle.value = value
        self._pokes.clear()
        if self._tx is None and self.from_tx:
            self._tx = self.from_tx.popleft(), 0
        dut.tx_tvalid.value = int(self._tx is not None)
        if self._tx is not None:
            dut.tx_tdata.value, dut.tx_tkeep.value, dut.tx_tlast.value = self._beat(*self._tx)
            dut.tx_len_i.value = len(self._tx[0])
        dut.m_axis_tready.value = int(rng.random() < self.ready)
        if self._in is None and self.from_wire:
            data, bad = self.from_wire.popleft()
            self._in = data, 0, bad
        shows = self._in is not None and rng.random() >= self.gap
        dut.s_axis_tvalid.value = int(shows)
        if shows and self._in is not None:
            data, at, bad = self._in
            dut.s_axis_tdata.value, dut.s_axis_tkeep.value, last = self._beat(data, at)
            dut.s_axis_tlast.value = last
            dut.s_axis_tuser.value = int(bad and last)

    def _look(self) -> None:
        dut = self.dut
        if int(dut.tx_tvalid.value) and int(dut.tx_tready.value) and self._tx is not None:
            data, at = self._tx
            self._tx = (data, at + self.bytes) if at + self.bytes < len(data) else None
            if int(dut.tx_dropped_o.value):
                self.thrown.append(data)
        if int(dut.s_axis_tvalid.value) and self._in is not None:
            data, at, bad = self._in
            self._in = (data, at + self.bytes, bad) if at + self.bytes < len(data) else None
        self._look_wire()
        if int(dut.rx_tvalid.value):
            self._take(self._rx, "rx", self.to_rx)

    def _look_wire(self) -> None:
        dut = self.dut
        if not int(dut.m_axis_tvalid.value):
            assert self._shown is None, "the wire's tvalid fell before its beat was taken"
            assert not self._out[0], "a gap inside a frame"
            return
        shown = tuple(int(getattr(dut, f"m_axis_t{name}").value) for name in ("keep", "last", "data"))
        assert self._shown in (None, shown), "a beat on the wire changed before it was taken"
        self._shown = shown
        if not self._out[0]:
            self._out[1] = self._out[1] or self.now
        if int(dut.m_axis_tready.value):
            self._shown = None
            self._take(self._out, "m_axis", self.to_wire)

    def _take(self, part: list[Any], name: str, done: list[Sent]) -> None:
        dut = self.dut
        keep = int(getattr(dut, f"{name}_tkeep").value)
        n = keep.bit_count()
        assert keep == (1 << n) - 1 and n
        if not part[0]:
            part[1] = part[1] or self.now
        part[0] += int(getattr(dut, f"{name}_tdata").value).to_bytes(self.bytes, "little")[:n]
        if int(getattr(dut, f"{name}_tlast").value):
            rx = name == "rx"
            bad = rx and bool(int(dut.rx_bad_o.value))
            # RX is shown a beat a clock after it came.
            done.append(Sent(part[0], part[1] - rx, self.now - rx, bad, rx and bool(int(dut.rx_own_o.value))))
            part[:] = [b"", 0]
        else:
            assert n == self.bytes
