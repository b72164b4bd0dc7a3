# SPDX-License-Identifier: Apache-2.0
"""The transactors: memory, messages, registers, the wire. test_main_loop.py runs each test in a process of its own.

Where a test must see a check fire, it collects what the platform reports; where the run itself must fail, it lets it.
"""
from __future__ import annotations

import random
from typing import Any

import cocotb

from pymodel.hw.access import Failure
from pymodel.hw.contexts import Sleep
from pymodel.hw.memory import DEV_READ, DEV_WRITE
from tests.meta.copy_host import (
    BEAT,
    CLK_PS,
    ENGINES,
    IRQ,
    MSI_BASE,
    NOWHERE,
    SCRATCH,
    WAYS_TO_BREAK,
    Host,
    drive,
    no_complaints,
)

# -- memory, messages, order --------------------------------------------------------------------------------------


async def copies(host: Host, rounds: int = 30) -> None:
    """All engines at once, random lengths and places; bytes beside the target stay."""

    async def one(engine: int) -> None:
        rng = random.Random(f"{host.seed}/{engine}")
        base = 0x100000 * (engine + 1)
        for _ in range(rounds):
            beats = rng.randint(1, 32)
            length = beats * BEAT
            src = base + rng.randrange(0, 4096 - length + 1, BEAT)
            dst = base + 0x10000 + rng.randrange(0, 4096 - length + 1, BEAT)
            data = rng.randbytes(length)
            host.mem[src : src + length] = data
            host.mem[dst - 8 : dst + length + 8] = b"\xee" * (length + 16)
            host.platform.memory.grant(src, length, DEV_READ)
            host.platform.memory.grant(dst, length, DEV_WRITE)
            await host.copy(engine, src, dst, beats)
            assert bytes(host.mem[dst : dst + length]) == data
            assert bytes(host.mem[dst - 8 : dst]) == bytes(host.mem[dst + length : dst + length + 8]) == b"\xee" * 8
            host.platform.memory.revoke(src, length, DEV_READ)
            host.platform.memory.revoke(dst, length, DEV_WRITE)

    parts = [host.sched.spawn(one(e), f"engine {e}") for e in range(ENGINES)]
    for part in parts:
        await part
    assert len(host.messages) == ENGINES * rounds
    for e in range(ENGINES):
        status = await host.read(64 * e + 0x18)
        assert status >> 16 == rounds
        assert await host.read(64 * e + 0x1C) == 0
    no_complaints(host)
    assert host.platform.outstanding() == []


@cocotb.test()
async def copy_with_stalls(top: Any) -> None:
    host = Host()
    await drive(top, host, copies(host))


@cocotb.test()
async def copy_without_stalls(top: Any) -> None:
    host = Host(stalls=False)
    await drive(top, host, copies(host))


@cocotb.test()
async def copy_with_quantum(top: Any) -> None:
    host = Host(stalls=False, quantum_ps=1_000_000)
    await drive(top, host, copies(host))
    times = {time % CLK_PS for _, _, time in host.messages}
    assert times == {0}, "events carry their own times, whatever the quantum"


@cocotb.test()
async def copy_with_injected_errors(top: Any) -> None:
    """An injected SLVERR reaches the device and is counted: with one beat of a read; the others bring data."""

    async def scenario(host: Host) -> None:
        host.platform.memory.grant(0x10000, 4096, DEV_READ | DEV_WRITE)
        host.mem[0x10000 : 0x10000 + 8 * BEAT] = source = host.rng.randbytes(8 * BEAT)
        host.platform.configure(error_reads=65536)
        await Sleep(100)
        await host.copy(0, 0x10000, 0x10400, 8)
        assert await host.read(0x1C) == 2  # it reads in two bursts
        got = [bytes(host.mem[0x10400 + at : 0x10400 + at + BEAT]) for at in range(0, len(source), BEAT)]
        assert [beat for i, beat in enumerate(got) if beat != source[BEAT * i :][:BEAT]] == 2 * [bytes(BEAT)]
        host.platform.configure(error_reads=0, error_writes=65536)
        await Sleep(100)
        before = bytes(host.mem[0x10400:0x10500])
        await host.copy(0, 0x10000, 0x10400, 8)
        assert await host.read(0x1C) == 3
        assert bytes(host.mem[0x10400:0x10500]) == before
        assert host.platform.counters["injected"] == 3

    host = Host()
    await drive(top, host, scenario(host))
    no_complaints(host)


@cocotb.test()
async def accesses_fail_as_ordered(top: Any) -> None:
    """By ID, address and number, with the response that was ordered; a message too, which then does not come."""

    async def scenario(host: Host) -> None:
        platform, memory = host.platform, host.platform.memory
        memory.grant(0x10000, 4096, DEV_READ | DEV_WRITE)
        target = memory.bus_offset + 0x10400
        host.mem[0x10000:0x10010] = host.rng.randbytes(16)
        platform.fail(Failure(False, frozenset({1}), response=3))
        platform.fail(Failure(False, frozenset({0}), target, target + 255))  # which nobody reads
        platform.fail(Failure(True, frozenset({0}), target, target, skip=1, times=2))
        for engine, status in ((0, 0), (0, 1), (1, 1), (1, 0), (0, 1), (0, 0)):
            host.mem[0x10400:0x10500] = bytes(256)
            before = await host.read(64 * engine + 0x1C)
            await host.copy(engine, 0x10000, 0x10400, 8)
            assert (await host.read(64 * engine + 0x1C) > before) == bool(status), (engine, status)
            if not status:
                assert host.mem[0x10400:0x10410] == host.mem[0x10000:0x10010]
        assert platform.counters["injected"] == 3
        platform.fail(Failure(True, None, MSI_BASE, MSI_BASE + 3))
        seen = len(host.messages)
        host.start_copy(0, 0x10000, 0x10400, 8)
        await Sleep(5_000)
        assert len(host.messages) == seen and platform.counters["injected"] == 4
        platform.fail(Failure(False, times=100))
        platform.fail_no_more()
        await host.copy(0, 0x10000, 0x10400, 8)
        assert platform.counters["injected"] == 4

    host = Host()
    await drive(top, host, scenario(host))
    no_complaints(host)


@cocotb.test()
async def write_one_byte_outside(top: Any) -> None:
    """The beat with the byte is refused whole, with the address of the byte; the beats before it are written."""

    async def scenario(host: Host) -> None:
        memory = host.platform.memory
        data = host.rng.randbytes(4 * BEAT)
        host.mem[0x10000 : 0x10000 + 4 * BEAT] = data
        memory.grant(0x10000, 4 * BEAT, DEV_READ)
        memory.grant(0x20000, 4 * BEAT - 1, DEV_WRITE)
        await host.copy(2, 0x10000, 0x20000, 4)
        assert len(host.faults) == 1
        fault = host.faults[0]
        assert (fault.kind, fault.is_write, fault.axi_id) == ("unmapped", True, 2)
        assert fault.first_bad - memory.bus_offset == 0x20000 + 4 * BEAT - 1
        assert fault.bus - memory.bus_offset == 0x20000 + 3 * BEAT
        assert bytes(host.mem[0x20000 : 0x20000 + 4 * BEAT]) == data[: 3 * BEAT] + bytes(BEAT)
        assert await host.read(64 * 2 + 0x1C) == 1
        assert not host.rules

    host = Host()
    await drive(top, host, scenario(host))


@cocotb.test()
async def read_beyond_the_mapping(top: Any) -> None:
    """A beat with one readable byte gives it, with poison around it; a beat with none is a fault."""

    async def scenario(host: Host) -> None:
        memory = host.platform.memory
        host.mem[0x10000 : 0x10000 + 2 * BEAT] = b"\x5a" * 2 * BEAT
        memory.grant(0x10000, BEAT + 1, DEV_READ)
        memory.grant(0x20000, 3 * BEAT, DEV_WRITE)
        await host.copy(1, 0x10000, 0x20000, 3)
        assert bytes(host.mem[0x20000 : 0x20000 + BEAT + 1]) == b"\x5a" * (BEAT + 1)
        rest = bytes(host.mem[0x20000 + BEAT + 1 : 0x20000 + 2 * BEAT])
        assert len(set(rest)) > 10, "the bytes beyond are poison"
        assert [(f.kind, f.is_write, f.axi_id, f.first_bad - memory.bus_offset) for f in host.faults] == [
            ("unmapped", False, 1, 0x10000 + 2 * BEAT)
        ]

    host = Host()
    await drive(top, host, scenario(host))


@cocotb.test()
async def fault_ends_the_run(top: Any) -> None:
    """With nobody to take it, a fault is an exception of the run."""
    host = Host()
    host.platform.on_fault = None

    async def scenario() -> None:
        await host.copy(0, 0x10000, 0x20000, 1)

    await drive(top, host, scenario())


@cocotb.test()
async def message_before_its_writes(top: Any) -> None:
    """kernel-rules.md: IRQ3. The device sends its message without waiting for the response to its write."""

    async def scenario(host: Host) -> None:
        host.platform.memory.grant(0x10000, 8192, DEV_READ | DEV_WRITE)
        host.platform.configure(write_latency=200)
        await host.copy(3, 0x10000, 0x11000, 4)
        no_complaints(host)
        host.start_copy(3, 0x10000, 0x11000, 4, early=True)
        await host.arrived[3]
        assert [rule for rule, _ in host.rules] == ["IRQ3"], host.rules
        assert "vector 3" in host.rules[0][1] and "ID 3" in host.rules[0][1]

    host = Host()
    await drive(top, host, scenario(host))


@cocotb.test()
async def message_of_several_writes(top: Any) -> None:
    """kernel-rules.md: IRQ3. Two writes are answered shortly before a message that may have told of the
    first alone: the next one may be for the second, with others under way. The one after that may not."""

    async def scenario(host: Host) -> None:
        host.platform._announces[2] = host.platform._announces[3] = 1 << 2 | 1 << 3
        host.platform.memory.grant(0x10000, 8192, DEV_READ | DEV_WRITE)
        host.start_copy(2, 0x10000, 0x11800, 1, message=False)
        await host.copy(3, 0x10000, 0x11000, 4)
        host.platform.configure(write_latency=2000)
        host.start_copy(3, 0x10000, 0x11000, 4, early=True)
        await host.arrived[3]
        no_complaints(host)
        host.start_copy(2, 0x10000, 0x11800, 4, early=True, vector=3)
        await host.arrived[3]
        assert [rule for rule, _ in host.rules] == ["IRQ3"], host.rules
        assert "ID 2, 3" in host.rules[0][1], host.rules

    host = Host(stalls=False)
    await drive(top, host, scenario(host))


@cocotb.test()
async def message_of_several_queues(top: Any) -> None:
    """kernel-rules.md: IRQ3. Where more than a queue pair shares a message, one that is armed late is told again of
    what the message before told of; but not of what is long ago."""

    async def scenario(host: Host) -> None:
        host.platform._announces[3] = 1 << 1 | 1 << 2 | 1 << 3
        host.platform.memory.grant(0x10000, 8192, DEV_READ | DEV_WRITE)
        await host.copy(3, 0x10000, 0x11000, 4)
        host.platform.configure(write_latency=2000)
        host.start_copy(3, 0x10000, 0x11000, 4, early=True)
        await host.arrived[3]
        no_complaints(host)
        host.platform.configure(write_latency=0)
        await Sleep(12_000)
        await host.copy(3, 0x10000, 0x11000, 4)
        await Sleep(80_000)  # 20,000 clocks
        host.platform.configure(write_latency=2000)
        host.start_copy(3, 0x10000, 0x11000, 4, early=True)
        await host.arrived[3]
        assert [rule for rule, _ in host.rules] == ["IRQ3"], host.rules
        assert "ID 3" in host.rules[0][1]

    host = Host(stalls=False)
    await drive(top, host, scenario(host))


@cocotb.test()
async def read_completion_waits_for_dma_writes(top: Any) -> None:
    """kernel-rules.md: IO1. The device answers a register read at once; the CPU gets it when the write is visible."""

    async def scenario(host: Host) -> None:
        host.mem[0x10000:0x10020] = b"\x77" * BEAT
        host.platform.memory.grant(0x10000, BEAT, DEV_READ)
        host.platform.memory.grant(0x20000, BEAT, DEV_WRITE)
        began = host.sched.now
        await host.read(SCRATCH)
        quick = host.sched.now - began
        host.start_copy(0, 0x10000, 0x20000, 1, message=False)
        while not host.platform.counters["writes_open"]:
            await Sleep(8)
        began = host.sched.now
        assert host.mem[0x20000] == 0, "a write is not visible before its response"
        await host.read(SCRATCH)
        assert host.mem[0x20000] == 0x77, "the read came back before an earlier DMA write was visible"
        assert host.sched.now - began > quick + 300 * CLK_PS

    host = Host(stalls=False)
    host.platform.configure(delayed_writes=1, write_latency=500)
    await drive(top, host, scenario(host))
    no_complaints(host)


@cocotb.test()
async def burst_across_4k(top: Any) -> None:
    async def scenario(host: Host) -> None:
        host.platform.memory.grant(0x10000, 0x4000, DEV_READ | DEV_WRITE)
        await host.copy(0, 0x10FE0, 0x12000, 4)
        assert [rule for rule, _ in host.rules] == ["AXI4_ERRM_ARADDR_BOUNDARY"]
        said = host.rules[0][1]
        assert said.startswith("m_axi, clock ") and said.endswith("has 64 bytes and crosses a 4 KiB boundary"), said

    host = Host()
    await drive(top, host, scenario(host))


@cocotb.test()
async def offer_changes_while_it_waits(top: Any) -> None:
    async def scenario(host: Host) -> None:
        host.platform.memory.grant(0x10000, 0x4000, DEV_READ | DEV_WRITE)
        host.platform.configure(stalls=dict.fromkeys(("aw", "ar"), (30000, 7)))
        await host.copy(0, 0x10000, 0x12000, 4)
        no_complaints(host)
        for way, rule in ((1, "AXI4_ERRM_ARADDR_STABLE"), (2, "AXI4_ERRM_AWVALID_STABLE")):
            host.write(WAYS_TO_BREAK, way)
            for _ in range(10):
                await host.copy(0, 0x10000, 0x12000, 4)
            assert {name for name, _ in host.rules} == {rule}, host.rules
            assert all(what.startswith("m_axi, clock ") for _, what in host.rules), host.rules
            host.rules.clear()

    host = Host()
    await drive(top, host, scenario(host))


@cocotb.test()
async def open_at_the_end(top: Any) -> None:
    """What is begun and not ended is told, for each kind: a check of every run asks (LIFE2)."""

    async def scenario(host: Host) -> None:
        platform = host.platform
        platform.memory.grant(0x10000, 0x4000, DEV_READ | DEV_WRITE)
        platform.configure(read_latency=2000, write_latency=2000)
        host.start_copy(0, 0x10000, 0x12000, 4)
        await Sleep(500)
        assert "2 DMA reads unfinished (AXI4_ERRS_RLAST_ALL_DONE_EOS)" in platform.outstanding()
        while platform.counters["reads_open"]:
            await Sleep(100)
        await Sleep(500)
        assert platform.outstanding() == ["1 DMA writes unfinished (AXI4_ERRS_BRESP_ALL_DONE_EOS)"]
        await host.arrived[0]
        while platform.outstanding():
            await Sleep(100)
        platform.wire_send(bytes(9000), host.sched.now)
        while not platform.counters["wire_tx_open"]:
            await Sleep(8)
        assert platform.outstanding() == ["1 frames not sent to their end (AXI4STREAM_ERRM_STREAM_ALL_DONE_EOS)"]
        await Sleep(20_000)
        assert platform.outstanding() == []

    host = Host(stalls=False)
    await drive(top, host, scenario(host))
    no_complaints(host)


@cocotb.test()
async def every_port_is_watched(top: Any) -> None:
    """A rule broken at the register port and at the stream, as above at the memory port; offers that wait too long."""

    async def scenario(host: Host) -> None:
        host.platform.memory.grant(0x10000, 0x4000, DEV_READ | DEV_WRITE)
        host.write(WAYS_TO_BREAK, 8)
        await host.read(SCRATCH)
        assert ("AXI4LITE_ERRS_RRESP_EXOKAY", "s_axil") in [(r, what.partition(",")[0]) for r, what in host.rules]
        host.write(WAYS_TO_BREAK, 4)
        host.rules.clear()
        host.platform.configure(stalls={"sink": (30000, 7)})
        host.platform.wire_send(bytes(1000), host.sched.now)
        await Sleep(3_000)
        assert {(r, what.partition(",")[0]) for r, what in host.rules} == {("AXI4STREAM_ERRM_TDATA_STABLE", "m_axis")}
        host.write(WAYS_TO_BREAK, 0)
        host.rules.clear()
        host.platform.control["max_wait"] = 40
        host.platform.configure(stalls={"ar": (65535, 63), "sink": (65535, 63)})
        host.platform.wire_send(bytes(1000), host.sched.now)
        await host.copy(0, 0x10000, 0x12000, 4)
        while host.platform.counters["wire_tx_open"]:
            await Sleep(1000)
        assert {r for r, _ in host.rules} == {
            "AXI4_RECS_ARREADY_MAX_WAIT", "AXI4STREAM_RECS_TREADY_MAX_WAIT"
        }  # fmt: skip
        assert all(what.endswith("for 48 clocks") for _, what in host.rules)

    host = Host(stalls=False)
    await drive(top, host, scenario(host))


# -- registers, interrupt line ------------------------------------------------------------------------------------


@cocotb.test()
async def registers(top: Any) -> None:
    """Sizes, order of posted writes and reads, refused accesses."""

    async def scenario(host: Host) -> None:
        expected = bytearray(4)
        host.write(SCRATCH, 0)
        for _ in range(200):
            size = host.rng.choice((1, 2, 4))
            offset = host.rng.randrange(0, 4, size)
            value = host.rng.getrandbits(8 * size)
            host.write(SCRATCH + offset, value, size)
            expected[offset : offset + size] = value.to_bytes(size, "little")
            if host.rng.random() < 0.3:
                size = host.rng.choice((1, 2, 4))
                offset = host.rng.randrange(0, 4, size)
                got = await host.read(SCRATCH + offset, size)
                assert got == int.from_bytes(expected[offset : offset + size], "little")
        host.write(0, 0x1122334455667788, 8)
        assert await host.read(0, 8) == 0x1122334455667788
        no_complaints(host)
        assert await host.read(NOWHERE) == 0xFFFFFFFF
        host.write(NOWHERE, 1)
        await host.read(SCRATCH)
        assert [rule for rule, _ in host.rules] == ["MMIO", "MMIO"]
        assert "read of 0x300" in host.rules[0][1] and "write to 0x300" in host.rules[1][1]
        assert "SLVERR" in host.rules[0][1]

    host = Host()
    await drive(top, host, scenario(host))


@cocotb.test()
async def commands_go_in_order_of_their_time(top: Any) -> None:
    async def scenario(host: Host) -> None:
        now = host.sched.now
        for value, at in ((3, 900), (1, 300), (2, 600), (0, 100)):
            host.platform.mmio_write(SCRATCH, value, 4, now + at * 1000)
        for value, at in ((0, 250), (1, 550), (2, 850), (3, 1200)):
            await Sleep(at - (host.sched.now - now) / 1000)
            assert await host.read(SCRATCH) == value

    host = Host(stalls=False)
    await drive(top, host, scenario(host))


@cocotb.test()
async def many_commands_at_once(top: Any) -> None:
    """More posted writes in one go than the shared array holds."""

    async def scenario(host: Host) -> None:
        for i in range(10_000):
            host.write(SCRATCH, i)
        assert await host.read(SCRATCH) == 9_999
        assert host.platform.counters["mmio_writes"] == 10_000

    host = Host(stalls=False)
    await drive(top, host, scenario(host))


@cocotb.test()
async def interrupt_line(top: Any) -> None:
    async def scenario(host: Host) -> None:
        for level in (1, 0, 1):
            host.write(IRQ, level)
            await host.read(SCRATCH)
        await Sleep(100)
        assert [level for level, _ in host.lines] == [True, False, True]

    host = Host()
    await drive(top, host, scenario(host))


# -- the wire -----------------------------------------------------------------------------------------------------


def frames_of(rng: random.Random, count: int) -> list[bytes]:
    sizes = (14, 59, 60, 61, 64, 1514, 9018)
    return [rng.randbytes(rng.choice(sizes) if rng.random() < 0.5 else rng.randint(14, 2000)) for _ in range(count)]


async def wire_loop(host: Host, count: int = 60) -> None:
    """Frames go in and come out again, whole and in order; in time, the line rate is kept to the bit."""
    frames = frames_of(host.rng, count)
    out: list[tuple[bytes, int]] = []
    taken: list[tuple[int, int]] = []
    host.platform.on_wire_frame = lambda frame, time: out.append((frame, time))
    host.platform.on_wire_taken = lambda tag, time: taken.append((tag, time))
    tags = [host.platform.wire_send(frame, host.sched.now) for frame in frames]
    while len(out) < count:
        await Sleep(1000)
    assert [frame for frame, _ in out] == frames
    assert [tag for tag, _ in taken] == tags
    assert host.platform.wire_backlog() == 0


@cocotb.test()
async def wire_with_stalls(top: Any) -> None:
    host = Host()
    await drive(top, host, wire_loop(host))
    no_complaints(host)


@cocotb.test()
async def wire_at_line_rate(top: Any) -> None:
    async def scenario(host: Host) -> None:
        frames = frames_of(host.rng, 100)
        out: list[int] = []
        host.platform.on_wire_frame = lambda frame, time: out.append(time)
        for frame in frames:
            host.platform.wire_send(frame, host.sched.now)
        while len(out) < len(frames):
            await Sleep(1000)
        byte_ps = 800  # 10 Gb/s
        for before, after, frame in zip(out, out[1:], frames[1:], strict=False):
            # The loop sends a frame on as soon as its first beat is in: frames leave back to back, within a clock.
            line = (max(len(frame), 60) + 4 + 8 + 12) * byte_ps
            assert abs(after - before - line) <= 6400 + 16 * byte_ps, (after - before, line)
        total = sum((max(len(f), 60) + 24) * byte_ps for f in frames[1:])
        assert abs(out[-1] - out[0] - total) <= 6400 + 16 * byte_ps
        assert host.platform.counters["wire_rx_busy_ps"] == host.platform.counters["wire_tx_busy_ps"]

    host = Host(stalls=False)
    await drive(top, host, scenario(host))
    no_complaints(host)


@cocotb.test()
async def wire_bad_frame(top: Any) -> None:
    """tuser arrives with a frame sent as bad; the loop sends it out as bad, and nobody receives it."""

    async def scenario(host: Host) -> None:
        out: list[bytes] = []
        host.platform.on_wire_frame = lambda frame, time: out.append(frame)
        host.platform.wire_send(b"a" * 100, 0)
        host.platform.wire_send(b"b" * 100, 0, bad=True)
        host.platform.wire_send(b"c" * 100, 0)
        await Sleep(2000)
        assert out == [b"a" * 100, b"c" * 100]
        assert host.platform.counters["wire_tx_frames"] == 3

    host = Host()
    await drive(top, host, scenario(host))


@cocotb.test()
async def wire_fifo_overflow(top: Any) -> None:
    """A device that does not take its frames loses them, whole; each is reported and counted."""

    async def scenario(host: Host) -> None:
        frames = [host.rng.randbytes(1000) for _ in range(100)]
        out: list[bytes] = []
        taken: list[int] = []
        dropped: list[int] = []
        host.platform.on_wire_frame = lambda frame, time: out.append(frame)
        host.platform.on_wire_taken = lambda tag, time: taken.append(tag)
        host.platform.on_wire_dropped = lambda tag, time: dropped.append(tag)
        host.platform.configure(stalls={"sink": (65535, 63)})
        tags = [host.platform.wire_send(frame, host.sched.now) for frame in frames]
        while len(taken) + len(dropped) < len(frames):
            await Sleep(1000)
        host.platform.configure(stalls={})
        await Sleep(20_000)
        assert dropped and taken
        assert sorted(taken + dropped) == tags
        assert out == [frames[tags.index(tag)] for tag in taken]
        assert host.platform.wire_drops() == len(dropped)

    host = Host()
    await drive(top, host, scenario(host))
