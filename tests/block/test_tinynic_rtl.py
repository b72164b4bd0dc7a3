# SPDX-License-Identifier: Apache-2.0
"""tinynic's RTL at its pins, with cocotbext-axi's memory, register master and streams: no driver, no transactors.

pytest builds the RTL and runs each `@cocotb.test` in a simulation of its own.
"""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Iterator
from typing import Any

import cocotb
import pytest
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge
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

from tests.block.simulate import ROOT, build, simulate

RTL = ROOT / "examples" / "tinynic" / "rtl"

ID, CTRL, STATUS, IRQ_STATUS, IRQ_ENABLE, RX_DROPS, MAC_LO, MAC_HI = range(0x00, 0x20, 4)
TX, RX = 0x400, 0x600
OWN, ERR, PROMISC, RESET = 1 << 31, 1 << 30, 1 << 31, 1 << 31
IRQ_TX, IRQ_RX = 1, 2
MAX_FRAME = 9018


class Bench:
    """The NIC between a 4 MiB memory, a register master and a wire; the seed draws the stalls of every channel."""

    def __init__(self, dut: Any, stalls: bool) -> None:
        self.dut = dut
        self.rng = random.Random(cocotb.RANDOM_SEED)
        logging.getLogger("cocotb.dut_wrapper").setLevel(logging.WARNING)
        dut.rst_ni.value = dut.mac_rst_ni.value = 0
        cocotb.start_soon(Clock(dut.clk_i, 4, unit="ns").start(start_high=False))
        cocotb.start_soon(Clock(dut.mac_clk_i, 6.4, unit="ns").start(start_high=False))
        clk, rst, mac = dut.clk_i, dut.rst_ni, (dut.mac_clk_i, dut.mac_rst_ni)
        self.regs = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), clk, rst, reset_active_level=False)
        self.ram = AxiRam(AxiBus.from_prefix(dut, "m_axi"), clk, rst, reset_active_level=False, size=2**22)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), *mac, reset_active_level=False)
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), *mac, reset_active_level=False)
        if stalls:
            for channel in (
                self.ram.write_if.aw_channel, self.ram.write_if.w_channel, self.ram.write_if.b_channel,
                self.ram.read_if.ar_channel, self.ram.read_if.r_channel, self.sink, self.source,
            ):  # fmt: skip
                channel.set_pause_generator(self._pauses())

    def _pauses(self) -> Iterator[bool]:
        while True:
            stall = self.rng.random() < 0.3
            yield from [stall] * self.rng.choice((1, 1, 2, 5))

    async def reset(self) -> None:
        self.dut.rst_ni.value = self.dut.mac_rst_ni.value = 0
        await ClockCycles(self.dut.clk_i, 10)
        self.dut.rst_ni.value = self.dut.mac_rst_ni.value = 1
        await ClockCycles(self.dut.clk_i, 20)

    async def write(self, addr: int, value: int) -> None:
        await self.regs.write_dword(addr, value)

    async def read(self, addr: int) -> int:
        return await self.regs.read_dword(addr)

    async def post(self, table: int, entry: int, addr: int, length: int) -> None:
        for word, value in enumerate((addr & 0xFFFFFFFF, addr >> 32, OWN | length)):
            await self.write(table + 16 * entry + 4 * word, value)

    async def done(self, table: int, entry: int) -> int:
        """Wait until the device gives a descriptor back; its status word."""
        for _ in range(20_000):
            word = await self.read(table + 16 * entry + 8)
            if not word & OWN:
                return word
        raise AssertionError(f"descriptor {entry} of the table at 0x{table:x} is never done")

    async def rest(self) -> None:
        """Disable both directions and wait until they have come to rest."""
        await self.write(CTRL, 0)
        for _ in range(5000):
            if not await self.read(STATUS):
                return
        raise AssertionError("STATUS never falls")


async def bench(dut: Any, stalls: bool = True) -> Bench:
    b = Bench(dut, stalls)
    await b.reset()
    return b


@cocotb.test(timeout_time=100, timeout_unit="us")
async def registers(dut: Any) -> None:
    """Reset values, what can be written, and what a write of less than a word does: nothing, with SLVERR."""
    b = await bench(dut)
    assert await b.read(ID) == int.from_bytes(b"TINY", "big")
    for addr in (CTRL, STATUS, IRQ_STATUS, IRQ_ENABLE, RX_DROPS, MAC_LO, MAC_HI):
        assert await b.read(addr) == 0, hex(addr)
    for addr, mask in ((CTRL, 3), (IRQ_ENABLE, 3), (MAC_LO, 0xFFFFFFFF), (MAC_HI, 0x8000FFFF), (ID, 0), (RX_DROPS, 0)):
        before = await b.read(addr)
        await b.write(addr, 0x7FFFFFFF & ~3 | 1)
        expected = ((0x7FFFFFFF & ~3 | 1) & mask) if mask else before
        assert await b.read(addr) == expected, hex(addr)
    await b.write(MAC_HI, PROMISC)
    assert await b.read(MAC_HI) == PROMISC
    await b.write(MAC_LO, 0x12345678)
    reply = await b.regs.write(MAC_LO, b"\xff")
    assert reply.resp == 2
    assert await b.read(MAC_LO) == 0x12345678
    await b.write(CTRL, RESET)
    for addr in (CTRL, IRQ_ENABLE, MAC_LO, MAC_HI):
        assert await b.read(addr) == 0, hex(addr)


@cocotb.test(timeout_time=3, timeout_unit="ms")
async def transmit_lengths(dut: Any) -> None:
    """Frames of all remainders of 8 and up to 9018 bytes come out as they lie in memory, wherever the bursts end."""
    b = await bench(dut)
    await b.write(CTRL, 1)
    lengths = [14, 15, 16, 17, 59, 60, 61, 62, 63, 64, 65, 2047, 2048, 2049, 1514, 4096, MAX_FRAME - 1, MAX_FRAME]
    lengths += [b.rng.randint(14, 600) for _ in range(30)]
    sent = []
    for i, n in enumerate(lengths):
        addr = 8 * b.rng.randrange(2**14, 2**18)
        frame = b.rng.randbytes(n)
        b.ram.write(addr, frame)
        await b.post(TX, i % 32, addr, n)
        sent.append(frame)
        if i % 3 == 0 or n > 1000:
            assert await b.done(TX, i % 32) == n
    for frame in sent:
        assert bytes(await b.sink.recv()) == frame
    assert b.sink.empty()
    assert await b.read(IRQ_STATUS) == 0  # nothing is enabled
    await b.rest()


@cocotb.test(timeout_time=100, timeout_unit="us")
async def transmit_bad_length(dut: Any) -> None:
    """A descriptor of an impossible length is given back with the error bit, and the next is sent."""
    b = await bench(dut)
    await b.write(CTRL, 1)
    b.ram.write(0x1000, bytes(range(64)))
    for entry, n in enumerate((0, 13, MAX_FRAME + 1, 0xFFFF)):
        await b.post(TX, entry, 0x1000, n)
        assert await b.done(TX, entry) == ERR | n
    await b.post(TX, 4, 0x1000, 64)
    assert await b.done(TX, 4) == 64
    assert bytes(await b.sink.recv()) == bytes(range(64))


@cocotb.test(timeout_time=3, timeout_unit="ms")
async def receive_lengths(dut: Any) -> None:
    """Frames land in their buffers, in bursts that end before 4 KiB boundaries; not a byte beside them is touched."""
    b = await bench(dut)
    await b.write(MAC_HI, PROMISC)
    await b.write(CTRL, 2)
    lengths = [14, 15, 16, 17, 60, 61, 64, 65, 2046, 2048, 2050, 1514, MAX_FRAME - 1, MAX_FRAME]
    lengths += [b.rng.randint(14, 300) for _ in range(60)]
    for i, n in enumerate(lengths):
        addr = 8 * b.rng.choice((b.rng.randrange(2**14, 2**18), 0x2000 - b.rng.randrange(20)))
        b.ram.write(addr - 64, b"\xa5" * (n + 128))
        await b.post(RX, i % 32, addr, n + b.rng.choice((0, 0, 1, 100)))
        frame = b.rng.randbytes(n)
        await b.source.send(AxiStreamFrame(frame, tuser=0))
        assert await b.done(RX, i % 32) == n
        assert b.ram.read(addr - 64, n + 128) == b"\xa5" * 64 + frame + b"\xa5" * 64, f"{n} bytes at 0x{addr:x}"
    assert await b.read(RX_DROPS) == 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def receive_drops(dut: Any) -> None:
    """No descriptor, too long for the buffer or at all, too short, bad, not for us: dropped whole and counted."""
    b = await bench(dut)
    station = bytes.fromhex("025253000001")
    await b.write(MAC_LO, int.from_bytes(station[:4], "little"))
    await b.write(MAC_HI, int.from_bytes(station[4:], "little"))
    await b.source.send(AxiStreamFrame(station + bytes(60), tuser=0))  # while disabled: dropped, not counted
    await b.source.wait()
    await ClockCycles(dut.clk_i, 100)
    await b.write(CTRL, 2)

    async def send(frame: bytes, bad: bool = False) -> None:
        before = (len(frame) - 1) // 8 * 8  # bytes in beats before the last, which alone may say that the frame is bad
        await b.source.send(AxiStreamFrame(frame, tuser=[0] * before + [int(bad)] * (len(frame) - before)))

    await send(station + bytes(94))  # no descriptor
    await b.source.wait()
    await ClockCycles(dut.clk_i, 200)
    assert await b.read(RX_DROPS) == 1
    for entry in range(4):
        await b.post(RX, entry, 0x2000 * (entry + 1), 1000 if entry < 2 else 16384)
    destinations = (station, b"\xff" * 6, bytes.fromhex("333300000001"))
    good = [destination + b.rng.randbytes(986 + i) for i, destination in enumerate(destinations)]
    await send(good[0])
    await send(station + bytes(995))
    await send(station + bytes(7))
    await send(station + bytes(8), bad=True)
    await send(bytes.fromhex("025253000002") + bytes(60))
    await send(good[1])
    await send(station + bytes(MAX_FRAME - 6 + 1))
    await send(station + bytes(20000))
    await send(good[2])
    for entry, frame in enumerate(good):
        assert await b.done(RX, entry) == len(frame)
        assert b.ram.read(0x2000 * (entry + 1), len(frame)) == frame
    assert await b.read(RX_DROPS) == 7
    assert await b.read(RX + 16 * 3 + 8) & OWN


@cocotb.test(timeout_time=500, timeout_unit="us")
async def interrupt_is_level_and_none_is_lost(dut: Any) -> None:
    """kernel-rules.md: IRQ2. The line follows status & enable; an event while masked raises it on unmask; an event in
    the clock of its acknowledge stays."""
    b = await bench(dut, stalls=False)
    await b.write(MAC_HI, PROMISC)
    await b.write(CTRL, 3)

    async def receive(entry: int) -> None:
        await b.post(RX, entry, 0x4000, 2048)
        await b.source.send(AxiStreamFrame(bytes(64), tuser=0))
        await b.done(RX, entry)

    await receive(0)
    assert not dut.irq_o.value and await b.read(IRQ_STATUS) == 0  # masked: not ours
    await b.write(IRQ_ENABLE, IRQ_RX | IRQ_TX)
    assert dut.irq_o.value and await b.read(IRQ_STATUS) == IRQ_RX
    await b.write(IRQ_STATUS, IRQ_TX)
    assert dut.irq_o.value
    await b.write(IRQ_STATUS, IRQ_RX)
    assert not dut.irq_o.value and await b.read(IRQ_STATUS) == 0
    await b.write(IRQ_ENABLE, IRQ_TX)
    await receive(1)
    assert not dut.irq_o.value
    await b.write(IRQ_ENABLE, IRQ_TX | IRQ_RX)
    assert dut.irq_o.value

    async def acknowledge() -> None:
        while True:
            await b.write(IRQ_STATUS, IRQ_RX)
            for _ in range(b.rng.randrange(4)):
                await RisingEdge(dut.clk_i)

    collisions = 0
    for n in range(2, 100):  # acknowledge as often as the bus can, until an acknowledge meets an event in its clock
        task = cocotb.start_soon(acknowledge())
        await b.post(RX, n % 32, 0x4000, 2048)
        await b.source.send(AxiStreamFrame(bytes(64 + n), tuser=0))
        while True:
            await RisingEdge(dut.clk_i)
            await ReadOnly()
            if int(dut.u_tinynic.done.value) & 2:
                break
        collides = bool(dut.s_axil_awready.value) and int(dut.s_axil_awaddr.value) == IRQ_STATUS
        await RisingEdge(dut.clk_i)
        await ReadOnly()
        assert dut.irq_o.value, "an event that meets its acknowledge is lost"
        collisions += collides
        await RisingEdge(dut.clk_i)
        task.cancel()
        await ClockCycles(dut.clk_i, 20)
    assert collisions, "no acknowledge met an event: the test shows nothing"


@cocotb.test(timeout_time=3, timeout_unit="ms")
async def stop_in_traffic(dut: Any) -> None:
    """kernel-rules.md: LIFE2. Disabled in traffic: what was begun is finished, then nothing moves; it works again."""
    b = await bench(dut)
    await b.write(MAC_HI, PROMISC)
    for round_ in range(12):
        for entry in range(32):
            for table in (TX, RX):
                await b.write(table + 16 * entry + 8, 0)
        frames = [b.rng.randbytes(b.rng.randint(14, 900)) for _ in range(6)]
        for i, frame in enumerate(frames):
            b.ram.write(0x10000 * (i + 1), frame)
            await b.post(TX, i, 0x10000 * (i + 1), len(frame))
            await b.post(RX, i, 0x100000 + 0x1000 * i, 1000)
        await b.write(CTRL, 3)
        arriving = [b.rng.randbytes(b.rng.randint(14, 1000 if i < 5 else 2000)) for i in range(6)]
        for frame in arriving:
            await b.source.send(AxiStreamFrame(frame, tuser=0))
        if round_ % 3:
            await ClockCycles(dut.clk_i, b.rng.randint(1, 900))
        else:
            await b.done(TX, 5)
            await b.done(RX, 4)
        await b.rest()
        memory = b.ram.read(0x100000, 0x8000)
        b.source.clear()
        sent = [not await b.read(TX + 16 * i + 8) & OWN for i in range(6)]
        count = sum(sent)
        assert sent == [True] * count + [False] * (6 - count)
        got = [bytes(b.sink.recv_nowait()) for _ in range(b.sink.count())]
        assert got == frames[:count]
        assert all(sent) or round_ % 3
        await ClockCycles(dut.clk_i, 2000)
        assert b.sink.empty() and b.ram.read(0x100000, 0x8000) == memory
        for i in range(6):
            word = await b.read(RX + 16 * i + 8)
            if not word & OWN:
                assert memory[0x1000 * i :][: word & 0xFFFF] == arriving[i]
    await b.write(CTRL, RESET)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def either_reset_resets_both_sides(dut: Any) -> None:
    """A reset of one clock's side in traffic silences both and leaves no half frame: the first after it is whole."""
    b = await bench(dut, stalls=False)
    for which in (dut.rst_ni, dut.mac_rst_ni):
        await b.write(CTRL, 1)
        for i in range(8):
            b.ram.write(0x8000 * (i + 1), bytes([i]) * 1500)
            await b.post(TX, i, 0x8000 * (i + 1), 1500)
        await ClockCycles(dut.clk_i, 1000)
        which.value = 0
        await ClockCycles(dut.clk_i, 20)
        await ReadOnly()
        assert not dut.m_axis_tvalid.value and not dut.m_axi_arvalid.value
        await ClockCycles(dut.clk_i, 1)
        which.value = 1
        await ClockCycles(dut.clk_i, 20)
        assert await b.read(CTRL) == 0 and await b.read(STATUS) == 0
        dut.rst_ni.value = dut.mac_rst_ni.value = 0  # the bench's own parts as well
        await ClockCycles(dut.clk_i, 20)
        dut.rst_ni.value = dut.mac_rst_ni.value = 1
        await ClockCycles(dut.clk_i, 20)
        b.sink.clear()
        assert await b.read(CTRL) == 0 and await b.read(STATUS) == 0
        b.ram.write(0x8000, b"new" * 30)
        await b.write(CTRL, 1)
        await b.post(TX, 0, 0x8000, 90)
        assert bytes(await b.sink.recv()) == b"new" * 30


@pytest.mark.parametrize(
    "test",
    (
        "registers", "transmit_lengths", "transmit_bad_length", "receive_lengths", "receive_drops",
        "interrupt_is_level_and_none_is_lost", "stop_in_traffic", "either_reset_resets_both_sides",
    ),
)  # fmt: skip
def test_tinynic_rtl(test: str) -> None:
    """Each `@cocotb.test` above; the seed draws the stalls."""
    seed = int(os.environ.get("RINGSIDE_SEED", "1"))
    sources = [RTL / "tinynic.vlt", *sorted(RTL.glob("*.sv"))]
    simulate(build("tinynic", "dut_wrapper", sources, {}), "dut_wrapper", "tests.block.test_tinynic_rtl", test, seed)
