# SPDX-License-Identifier: Apache-2.0
"""The yardstick: what a user would write today for the same RTL.

cocotbext-axi's AxiRam, AxiLiteMaster and AXI4-Stream models on the NIC's own ports, cocotb's clock, and the simplest
coroutine
that handles one ring pair: no kernel, no checks but the bytes. A cocotb test module; the run is built by tests.bench.
Environment: PIN_SIZE (bytes), PIN_COUNT (round trips), PIN_OUT (file for the result, JSON).
"""

from __future__ import annotations

import json
import os
import struct
import time
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, Timer
from cocotbext.axi import (
    AxiBus,
    AxiLiteBus,
    AxiLiteMaster,
    AxiRam,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

from pymodel.drivers.nic import nic_hw as hw

_LOG2 = 6
_RING = 1 << _LOG2
_TX, _TXC, _RX, _RXC = 0x1000, 0x2000, 0x3000, 0x4000
_TX_BUF, _RX_BUF, _BUF = 0x10000, 0x80000, 2048


class _Host:
    """One ring pair in an AxiRam."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.ram = AxiRam(
            AxiBus.from_prefix(dut, "m_axi"), dut.clk_i, dut.rst_ni, reset_active_level=False, size=1 << 20
        )
        self.regs = AxiLiteMaster(
            AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk_i, dut.rst_ni, reset_active_level=False
        )
        self.source = AxiStreamSource(
            AxiStreamBus.from_prefix(dut, "s_axis"), dut.mac_clk_i, dut.mac_rst_ni, reset_active_level=False
        )
        self.sink = AxiStreamSink(
            AxiStreamBus.from_prefix(dut, "m_axis"), dut.mac_clk_i, dut.mac_rst_ni, reset_active_level=False
        )
        self.tx_tail = self.rx_tail = self.txc = self.rxc = 0

    async def write(self, offset: int, value: int) -> None:
        await self.regs.write_dword(offset, value)

    async def start(self) -> None:
        qp = hw.qp(0)
        await self.write(hw.RX_CTRL, hw.RX_CTRL_PROMISC)
        for base, reg in (
            (_TX, hw.QP_TX_BASE_LO),
            (_TXC, hw.QP_TXC_BASE_LO),
            (_RX, hw.QP_RX_BASE_LO),
            (_RXC, hw.QP_RXC_BASE_LO),
        ):
            await self.write(qp + reg, base)
        await self.write(qp + hw.QP_TX_SIZE, _LOG2)
        await self.write(qp + hw.QP_RX_SIZE, _LOG2)
        await self.write(hw.CTRL, hw.CTRL_ENABLE)
        await self.write(qp + hw.QP_TX_CTRL, hw.QP_TX_CTRL_ENABLE)
        await self.write(qp + hw.QP_RX_CTRL, hw.QP_RX_CTRL_ENABLE)
        for _ in range(_RING):
            self.post_rx()
        await self.write(qp + hw.QP_RX_TAIL, self.rx_tail & 0xFFFF)

    def post_rx(self) -> None:
        slot = self.rx_tail % _RING
        self.ram.write(_RX + 16 * slot, struct.pack("<QII", _RX_BUF + _BUF * slot, _BUF, 0))
        self.rx_tail += 1

    def post_tx(self, frame: bytes) -> None:
        slot = self.tx_tail % _RING
        self.ram.write(_TX_BUF + _BUF * slot, frame)
        self.ram.write(_TX + 16 * slot, struct.pack("<QII", _TX_BUF + _BUF * slot, len(frame) | hw.TX_DESC_CTRL_EOP, 0))
        self.tx_tail += 1

    def record(self, ring: int, index: int) -> tuple[int, ...] | None:
        """The completion record of that index, or None while it is not written."""
        words = struct.unpack("<IIII", self.ram.read(ring + 16 * (index % _RING), 16))
        phase = 1 - (index >> _LOG2 & 1)
        return words if words[3] >> 31 == phase else None


@cocotb.test()
async def round_trips(dut: Any) -> None:
    """Frames down and up at once; time is the simulator process's CPU time."""
    size, count = int(os.environ["PIN_SIZE"]), int(os.environ["PIN_COUNT"])
    dut.rst_ni.value = 0
    dut.mac_rst_ni.value = 0
    for clock in (dut.clk_i, dut.mac_clk_i):
        cocotb.start_soon(Clock(clock, 4000, "ps").start())
    host = _Host(dut)
    await ClockCycles(dut.clk_i, 10)
    dut.rst_ni.value = 1
    dut.mac_rst_ni.value = 1
    await ClockCycles(dut.clk_i, 10)
    await host.start()
    frames = [
        bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xB5]) + bytes([i & 255]) * (size - 14) for i in range(count)
    ]
    began = time.process_time()
    for f in frames:
        host.source.send_nowait(AxiStreamFrame(f))
    posted = reclaimed = received = sent = 0
    while received < count or sent < count or reclaimed < count:
        fresh = min(count, reclaimed + _RING) - posted
        if fresh > 0:
            for f in frames[posted : posted + fresh]:
                host.post_tx(f)
            posted += fresh
            await host.write(hw.qp(0) + hw.QP_TX_TAIL, host.tx_tail & 0xFFFF)
        while (words := host.record(_TXC, host.txc)) is not None:
            host.txc += 1
            reclaimed += (words[0] - reclaimed) & 0xFFFF
        got = 0
        while (words := host.record(_RXC, host.rxc)) is not None:
            slot = host.rxc % _RING
            assert host.ram.read(_RX_BUF + _BUF * slot, words[0] & 0xFFFF) == frames[received], (
                "a received frame differs"
            )
            host.rxc += 1
            received += 1
            got += 1
            host.post_rx()
        if got:
            await host.write(hw.qp(0) + hw.QP_RX_TAIL, host.rx_tail & 0xFFFF)
        while not host.sink.empty():
            assert bytes(host.sink.recv_nowait().tdata) == frames[sent], "a sent frame differs"
            sent += 1
        await Timer(32 * 4000, "ps")  # rings are looked at every 32 clocks, so that looking costs little
    seconds = time.process_time() - began
    Path(os.environ["PIN_OUT"]).write_text(json.dumps({"cpu_seconds": seconds, "round_trips": count}))
