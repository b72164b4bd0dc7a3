# SPDX-License-Identifier: Apache-2.0
"""The NIC's registers on the RTL, through AXI4-Lite: a test that runs from the generated table, then what it cannot
say: counters, limited values, the device's reset, and the bus itself under stalls.

pytest builds the blocks and runs each `@cocotb.test` in a simulation of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest
from cocotb.triggers import ReadOnly, RisingEdge

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_filter import SoftFilter
from tests.block.csr_bench import TOP, Bench, blocks, pack
from tests.block.simulate import cocotb_tests_of, simulate

# nic_pkg::rx_verdict_e: the counter of each verdict about a frame from the stream, beside rx_stream.
VERDICTS = (
    "", "", "rx_drop_error", "rx_drop_runt", "rx_drop_oversize", "rx_drop_filter", "rx_drop_vlan", "rx_drop_fifo",
)  # fmt: skip


def mask_of(reg: hw.Register, *access: str) -> int:
    """The bits of the fields with one of these access types."""
    return sum(((1 << f.width) - 1) << f.lsb for f in reg.fields if f.access in access)


def reset_of(reg: hw.Register) -> tuple[int, int]:
    """Value and mask of what is known after reset; a field that can only be written reads 0, a reserved bit too."""
    value, known = 0, 0xFFFFFFFF
    for f in reg.fields:
        if f.reset is None:
            known &= ~(((1 << f.width) - 1) << f.lsb)
        elif f.access != "wo":
            value |= f.reset << f.lsb
    return value, known


def bytes_mask(strobes: int) -> int:
    return sum(0xFF << 8 * b for b in range(4) if strobes >> b & 1)


# ---------------------------------------------------------------------- from the table


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reset_values(dut: Any) -> None:
    """Each register has its reset value, reserved bits read 0; the build parameters are what they are."""
    bench = await Bench.start(dut)
    for address, reg in bench.registers():
        value, known = reset_of(reg)
        assert await bench.read(address) & known == value, f"{reg.group} {reg.name} at {address:#x}"
    caps = await bench.read(hw.CAPS)
    assert (caps & hw.CAPS_QUEUES) >> hw.CAPS_QUEUES_SHIFT == bench.queues
    assert 8 << ((caps & hw.CAPS_DATA_LOG2) >> hw.CAPS_DATA_LOG2_SHIFT) == 256
    assert (caps & hw.CAPS_RING_LOG2) >> hw.CAPS_RING_LOG2_SHIFT == 15


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def access_types(dut: Any) -> None:
    """Of each register exactly the rw bits of the bytes that are written change, and nothing in any other register."""
    bench = await Bench.start(dut)
    rng = bench.rng
    table = [(address, reg) for address, reg in bench.registers() if not mask_of(reg, "w1s")]
    model: dict[int, int] = {}
    for address, reg in table:
        value, known = reset_of(reg)
        model[address] = value if known == 0xFFFFFFFF else await bench.read(address)
    for address, reg in table:
        writable = mask_of(reg, "rw")
        for strobes in (0xF, 0x0, 0x1, 0x2, 0x4, 0x8, 0xF):
            data = rng.choice((0, 0xFFFFFFFF, rng.getrandbits(32)))
            if reg.name == "IRQ_MASK":
                data |= hw.QP_IRQ_MASK_MASKED  # IRQ_ARM would change it under us
            if reg.name in ("IRQ_ARM", "IRQ_SEEN"):
                continue  # change IRQ_MASK and IRQ_STATUS: have tests of their own
            await bench.write(address, data, strobes)
            changed = writable & bytes_mask(strobes)
            model[address] = model[address] & ~changed | data & changed
            got = await bench.read(address)
            what = f"{reg.group} {reg.name} at {address:#x}: {got:#x} after {data:#x} with strobes {strobes:#x}"
            assert got == model[address], what
    for address, reg in rng.sample(table, len(table)):
        assert await bench.read(address) == model[address], f"{reg.group} {reg.name} was changed through another"


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def unmapped_is_refused(dut: Any) -> None:
    """All that is not in the table, registers of queues that do not exist included, is SLVERR, with data 0."""
    bench = await Bench.start(dut)
    known = {address for address, _ in bench.registers()}
    near = [*range(0, 0x180, 4), *range(0x1000, 0x1100, 4), *range(0x8000, 0x8110, 4), *range(0x9000, 0x9010, 4)]
    beyond = [hw.qp(bench.queues) + offset for offset in range(0, 0x100, 4)] if bench.queues < 16 else [0x2000]
    far = [bench.rng.randrange(0, 0x10000, 4) for _ in range(100)]
    for address in [*near, *beyond, *far]:
        if address not in known:
            assert await bench.read_refused(address), f"read of {address:#x}"
            assert int(dut.s_axil_rdata.value) == 0
            assert await bench.write_refused(address, 0xFFFFFFFF), f"write of {address:#x}"
    for address, reg in bench.registers():
        value, mask = reset_of(reg)
        assert await bench.read(address) & mask == value, f"{reg.name} was changed by a refused write"


# ---------------------------------------------------------------------- what the datapath sees and reports


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def status_of_rings_and_device(dut: Any) -> None:
    """Heads and status come from the ring that they name."""
    bench = await Bench.start(dut)
    rng = bench.rng
    for link, idle in ((0, 1), (1, 0)):
        dut.link_i.value, dut.idle_i.value = link, idle
        await bench.clocks(1)
        assert await bench.read(hw.STATUS) == link * hw.STATUS_LINK | idle * hw.STATUS_IDLE
    for ring in (*bench.tx, *bench.rx):
        ring.active = 1
    bench.show()
    await bench.clocks(3 * 2 * bench.queues)
    for ring in (*bench.tx, *bench.rx):
        ring.head, ring.cq_head = rng.getrandbits(16), rng.getrandbits(16)
        ring.error, ring.error_code = rng.getrandbits(1), rng.randrange(4)
    bench.show()
    await bench.clocks(3 * 2 * bench.queues)  # one ring in a clock becomes what it is to be
    for q in range(bench.queues):
        for ring, name in ((bench.tx[q], "TX"), (bench.rx[q], "RX")):
            assert await bench.read(hw.qp(q) + getattr(hw, f"QP_{name}_HEAD")) == ring.head
            assert await bench.read(hw.qp(q) + getattr(hw, f"QP_{name}C_HEAD")) == ring.cq_head
            status = ring.active | ring.error << 1 | ring.error_code << hw.QP_TX_STATUS_ERROR_CODE_SHIFT
            assert await bench.read(hw.qp(q) + getattr(hw, f"QP_{name}_STATUS")) == status


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def ring_configuration_reaches_its_ring(dut: Any) -> None:
    """Each ring sees what was written for it; a size below 3 acts as 3 and reads back as written."""
    bench = await Bench.start(dut)
    want = {"TX": 0, "RX": 0}
    width = 64 + 64 + 4 + 1 + 16
    for q in range(bench.queues):
        for name in ("TX", "RX"):
            base, cq_base = (bench.rng.getrandbits(64) & ~0x3F for _ in range(2))
            log2, enable, tail = (0, 2, 3, 15)[q % 4], bench.rng.getrandbits(1), bench.rng.getrandbits(16)
            registers = {
                f"{name}_BASE_LO": base & 0xFFFFFFFF,
                f"{name}_BASE_HI": base >> 32,
                f"{name}C_BASE_LO": cq_base & 0xFFFFFFFF,
                f"{name}C_BASE_HI": cq_base >> 32,
                f"{name}_SIZE": log2,
                f"{name}_TAIL": tail,
                f"{name}_CTRL": enable,
            }
            for register, value in registers.items():
                await bench.write(hw.qp(q) + getattr(hw, f"QP_{register}"), value)
            assert await bench.read(hw.qp(q) + getattr(hw, f"QP_{name}_SIZE")) == log2
            config = pack([(base, 64), (cq_base, 64), (max(log2, 3), 4), (enable, 1), (tail, 16)])
            want[name] |= config << (width * q)
    await bench.clocks(3 * 2 * bench.queues)  # rings are looked at in turn
    assert int(dut.tx_cfg_o.value) == want["TX"]
    assert int(dut.rx_cfg_o.value) == want["RX"]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def device_configuration_is_limited(dut: Any) -> None:
    """The datapath sees MAX_FRAME of at most 9018; the rest as written."""
    bench = await Bench.start(dut)
    await bench.write(hw.MAC_LO, 0x03020100)
    await bench.write(hw.MAC_HI, 0x0504)
    await bench.write(hw.CTRL, hw.CTRL_ENABLE)
    await bench.write(hw.RX_CTRL, hw.RX_CTRL_ALLMULTI | hw.RX_CTRL_VLAN_FILTER)
    for frame in (9018, 9019, 16383, 60, 1518):
        await bench.write(hw.MAX_FRAME, frame)
        assert await bench.read(hw.MAX_FRAME) == frame
        config = [(1, 1), (0x050403020100, 48), (0, 1), (1, 1), (0, 1), (0, 1), (1, 1), (min(frame, 9018), 14)]
        assert int(dut.glob_cfg_o.value) == pack(config)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def rss_table_is_looked_up(dut: Any) -> None:
    """Each entry's queue, 0 for one that does not exist; the key's bytes in order."""
    bench = await Bench.start(dut)
    table = [bench.rng.randrange(16) for _ in range(128)]
    key = bench.rng.randbytes(40)
    for word in range(hw.RSS_TABLE_COUNT):
        await bench.write(hw.rss_table(word), int.from_bytes(bytes(table[4 * word : 4 * word + 4]), "little"))
    for word in range(hw.RSS_KEY_COUNT):
        await bench.write(hw.rss_key(word), int.from_bytes(key[4 * word : 4 * word + 4], "little"))
    await bench.write(hw.RSS_CTRL, 0x65)
    for entry, queue in enumerate(table):
        dut.rss_index_i.value = entry
        await bench.clocks(1)
        await ReadOnly()
        assert int(dut.rss_queue_o.value) == (queue if queue < bench.queues else 0)
        await RisingEdge(dut.clk_i)
    assert int(dut.rss_cfg_o.value) == pack([(int.from_bytes(key, "big"), 320), (1, 1), (0x25, 6)])


async def look(bench: Bench, dest: bytes, vid: int = 0) -> tuple[int, int]:
    """What the filter says of a frame, two clocks after it was asked: (address passes, VLAN passes)."""
    dut = bench.dut
    dut.filter_look_i.value = 1
    dut.filter_dest_i.value = int.from_bytes(dest, "little")
    dut.filter_vid_i.value = vid
    await RisingEdge(dut.clk_i)
    dut.filter_look_i.value = 0
    dut.filter_dest_i.value = bench.rng.getrandbits(48)
    dut.filter_vid_i.value = bench.rng.getrandbits(12)
    await RisingEdge(dut.clk_i)
    await ReadOnly()
    answer = int(dut.filter_addr_o.value), int(dut.filter_vlan_o.value)
    await RisingEdge(dut.clk_i)
    return answer


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def filter_passes_what_its_registers_say(dut: Any) -> None:
    """Random addresses and VLANs against the soft NIC's filter, while registers change, also by single bytes."""
    bench = await Bench.start(dut)
    rng = bench.rng
    soft = SoftFilter()
    places = [hw.rx_addr(i) + reg for i in range(hw.RX_ADDR_COUNT) for reg in (hw.RX_ADDR_LO, hw.RX_ADDR_HI)]
    places += [hw.rx_hash(i) for i in range(hw.RX_HASH_COUNT)]
    places += [hw.vlan_filter(i) for i in range(hw.VLAN_FILTER_COUNT)]
    passed = [0, 0]
    for _ in range(1500):
        if not rng.randrange(4):
            soft.ctrl = rng.getrandbits(3) * (rng.randrange(3) == 0) & ~hw.RX_CTRL_PROMISC | (rng.randrange(12) == 0)
            soft.station = rng.randbytes(6)
            await bench.write(hw.RX_CTRL, soft.ctrl)
            await bench.write(hw.MAC_LO, int.from_bytes(soft.station[:4], "little"))
            await bench.write(hw.MAC_HI, int.from_bytes(soft.station[4:], "little"))
        address, value, strobes = rng.choice(places), rng.getrandbits(32), rng.choice((15, 15, 15, 1, 2, 4, 8, 6))
        whole = soft.read(address) & ~bytes_mask(strobes) | value & bytes_mask(strobes)
        soft.write(address, whole)
        await bench.write(address, value, strobes=strobes)
        assert await bench.read(address) == soft.read(address)
        known = [low_high for i in range(hw.RX_ADDR_COUNT) if (low_high := _entry(soft, i))]
        dest = rng.choice((rng.randbytes(6), soft.station, b"\xff" * 6, *known))
        if not rng.randrange(4):
            dest = bytes([*dest[:5], dest[5] ^ 1 << rng.randrange(8)])
        vid = rng.getrandbits(12)
        want = int(soft.passes(dest)), int(soft.vlan_passes(bytes(12) + b"\x81\0" + vid.to_bytes(2, "big") + b"\0\0"))
        assert await look(bench, dest, vid) == want
        passed = [passed[0] + want[0], passed[1] + want[1]]
    assert all(200 < n < 1400 for n in passed)


def _entry(soft: SoftFilter, i: int) -> bytes:
    """An entry's address, valid or not."""
    high = soft.read(hw.rx_addr(i) + hw.RX_ADDR_HI) & hw.RX_ADDR_HI_ADDR
    return (soft.read(hw.rx_addr(i) + hw.RX_ADDR_LO) | high << 32).to_bytes(6, "little")


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reset_empties_the_filter(dut: Any) -> None:
    """The device's reset clears what is in the VLANs' memory too, for software and for frames."""
    bench = await Bench.start(dut)
    await bench.write(hw.rx_addr(3), 0x03020102)
    await bench.write(hw.rx_addr(3) + hw.RX_ADDR_HI, hw.RX_ADDR_HI_VALID | 0x0504)
    for word in (0, 77, 127):
        await bench.write(hw.vlan_filter(word), 0xFFFFFFFF)
    dest = bytes.fromhex("020102030405")
    assert [await look(bench, dest, vid) for vid in (0, 77 * 32 + 5, 4095)] == [(1, 1)] * 3
    await bench.write(hw.RESET, 1)
    while await bench.read(hw.RESET):
        pass
    assert [await look(bench, dest, vid) for vid in (0, 77 * 32 + 5, 4095)] == [(0, 0)] * 3
    await bench.write(hw.vlan_filter(77), 0x20, strobes=1)  # the word's other bytes were not written since
    assert await bench.read(hw.vlan_filter(77)) == 0x20
    assert [await look(bench, dest, 77 * 32 + bit) for bit in (4, 5, 13)] == [(0, 0), (0, 1), (0, 0)]


# ---------------------------------------------------------------------- counters


def event(**values: int) -> int:
    """nic_pkg::cnt_evt_t."""
    widths = {"tx_frame": 1, "tx_len": 14, "rx_frame": 1, "rx_len": 14, "rx_drop_nodesc": 1, "rx_drop_queue": 4}
    widths["rx_verdict"] = 3
    assert values.keys() <= widths.keys()
    return pack([(values.get(name, 0), width) for name, width in widths.items()])


async def counter(bench: Bench, name: str) -> int:
    low = await bench.read(hw.COUNTERS[name])
    return await bench.read(hw.COUNTERS[name] + 4) << 32 | low


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def counters_count_events(dut: Any) -> None:
    """Random events on all inputs at once end up in the right counters, to the byte, while others are read."""
    bench = await Bench.start(dut)
    rng = bench.rng
    want = dict.fromkeys(hw.COUNTERS, 0)
    drops = [0] * bench.queues

    async def reader() -> None:
        while True:
            await counter(bench, rng.choice(list(want)))

    reading = cocotb.start_soon(reader())
    for _ in range(2000):
        values = {name: rng.getrandbits(1) for name in ("tx_frame", "rx_frame", "rx_drop_nodesc")}
        values["rx_verdict"] = rng.randrange(len(VERDICTS))
        values |= {"tx_len": rng.getrandbits(14), "rx_len": rng.getrandbits(14)}
        values["rx_drop_queue"] = rng.randrange(bench.queues)
        dut.cnt_evt_i.value = event(**values)
        await RisingEdge(dut.clk_i)
        for kind in ("tx", "rx"):
            want[f"{kind}_frames"] += values[f"{kind}_frame"]
            want[f"{kind}_bytes"] += values[f"{kind}_frame"] * values[f"{kind}_len"]
        drops[values["rx_drop_queue"]] += values["rx_drop_nodesc"]
        want["rx_drop_nodesc"] += values["rx_drop_nodesc"]
        want["rx_stream"] += values["rx_verdict"] > 0
        if VERDICTS[values["rx_verdict"]]:
            want[VERDICTS[values["rx_verdict"]]] += 1
    dut.cnt_evt_i.value = 0
    reading.cancel()
    await bench.clocks(20)
    assert {name: await counter(bench, name) for name in want} == want
    assert [await bench.read(hw.qp(q) + hw.QP_RX_DROPS) for q in range(bench.queues)] == drops


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def counters_read_in_two_halves_are_consistent(dut: Any) -> None:
    """Reading LO latches HI, each counter for itself: a carry between the two reads does not tear the value."""
    bench = await Bench.start(dut)
    length, clocks = 16383, 262_160  # together a little over 2**32 - length
    dut.cnt_evt_i.value = event(tx_frame=1, tx_len=length, rx_frame=1, rx_len=1)
    await bench.clocks(clocks)
    dut.cnt_evt_i.value = 0
    await bench.clocks(1)
    before = clocks * length
    assert before < 1 << 32 <= before + length
    assert await bench.read(hw.TX_BYTES_LO) == before
    dut.cnt_evt_i.value = event(tx_frame=1, tx_len=length)
    await bench.clocks(1)
    dut.cnt_evt_i.value = 0
    await bench.clocks(1)
    assert await counter(bench, "rx_bytes") == clocks  # another counter's read in between
    assert await bench.read(hw.TX_BYTES_HI) == 0
    assert await counter(bench, "tx_bytes") == before + length


# ---------------------------------------------------------------------- reset


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def device_reset_waits_and_restores_everything(dut: Any) -> None:
    """RESET asks the datapath to come to rest, waits for it, then every register has its reset value; the bus
    answers throughout, and no write of before the reset comes after it."""
    bench = await Bench.start(dut)
    dut.quiesced_i.value = 0
    for address, reg in bench.registers():
        if mask_of(reg, "rw"):
            await bench.write(address, 0xFFFFFFFF)
    dut.cnt_evt_i.value = event(rx_frame=1, rx_len=60)
    await bench.clocks(3)
    dut.cnt_evt_i.value = 0
    await bench.read(hw.RX_BYTES_LO)

    await bench.write(hw.RESET, 0)
    await bench.write(hw.RESET, 0xFFFFFFFE)
    await bench.write(hw.RESET, 1, strobes=0xE)
    assert await bench.read(hw.RESET) == 0
    await bench.write(hw.RESET, 1)
    for _ in range(5):
        assert await bench.read(hw.RESET) == 1
        assert int(dut.soft_reset_o.value) == 1 and int(dut.core_rst_no.value) == 1
        await bench.write(hw.SCRATCH, 0x1234)
    assert await bench.read(hw.SCRATCH) == 0x1234
    await bench.write(hw.RESET, 1)  # a second request is a part of the first

    dut.quiesced_i.value = 1
    low = 0
    for _ in range(20):
        await ReadOnly()
        low += not int(dut.core_rst_no.value)
        await RisingEdge(dut.clk_i)
    assert low >= 2
    assert await bench.read(hw.RESET) == 0
    assert int(dut.soft_reset_o.value) == 0
    for address, reg in bench.registers():
        value, known = reset_of(reg)
        assert await bench.read(address) & known == value, f"{reg.group} {reg.name} after the device's reset"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def requests_during_core_reset_wait(dut: Any) -> None:
    """A write that comes while the core is in reset is done after it, at any distance of the two."""
    bench = await Bench.start(dut)
    for distance in range(12):
        await bench.write(hw.RESET, 1)
        await bench.clocks(distance)
        while await bench.read(hw.RESET):
            pass
        await bench.write(hw.SCRATCH, 0xA5A50000 | distance)
        assert await bench.read(hw.SCRATCH) == 0xA5A50000 | distance
        dut.rst_ni.value = 0
        await bench.clocks(1 + distance)
        dut.rst_ni.value = 1
        await bench.write(hw.SCRATCH, distance)  # the reset of power-up lasts some clocks longer inside
        assert await bench.read(hw.SCRATCH) == distance


# ---------------------------------------------------------------------- the bus


async def send(dut: Any, channel: str, delays: Any, payloads: list[dict[str, int]]) -> None:
    """Drive one AXI4-Lite request channel; valid waits for nothing, payload holds until taken."""
    valid, ready = getattr(dut, f"s_axil_{channel}valid"), getattr(dut, f"s_axil_{channel}ready")
    for payload in payloads:
        for _ in range(delays()):
            await RisingEdge(dut.clk_i)
        valid.value = 1
        for name, value in payload.items():
            getattr(dut, f"s_axil_{name}").value = value
        while True:
            await ReadOnly()
            taken = int(ready.value)
            await RisingEdge(dut.clk_i)
            if taken:
                break
        valid.value = 0


async def receive(dut: Any, channel: str, delays: Any, names: list[str], count: int) -> list[tuple[int, ...]]:
    """Take `count` answers of a channel, with ready low for a while before each."""
    valid, ready = getattr(dut, f"s_axil_{channel}valid"), getattr(dut, f"s_axil_{channel}ready")
    got = []
    while len(got) < count:
        ready.value = 0
        for _ in range(delays()):
            await RisingEdge(dut.clk_i)
        ready.value = 1
        while True:
            await ReadOnly()
            done = int(valid.value)
            values = tuple(int(getattr(dut, f"s_axil_{name}").value) for name in names)
            await RisingEdge(dut.clk_i)
            if done:
                got.append(values)
                break
    ready.value = 0
    return got


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def channels_stall_in_any_order(dut: Any) -> None:
    """AW before W, W before AW, answers not taken, reads between writes: each request is answered once, in order,
    and a read gives the value before or after the writes that it ran beside, never another."""
    bench = await Bench.start(dut)
    rng = bench.rng
    count = 400
    targets = [hw.qp(rng.randrange(bench.queues)) + hw.QP_TX_BASE_HI for _ in range(count)]
    data = [rng.getrandbits(32) for _ in range(count)]
    refused = [rng.random() < 0.1 for _ in range(count)]

    def stalls(p: float) -> Any:
        return lambda: rng.randrange(1, 12) if rng.random() < p else 0

    addresses = [0xFF00 if bad else target for target, bad in zip(targets, refused, strict=True)]
    aw = [{"awaddr": address, "awprot": rng.getrandbits(3)} for address in addresses]
    w = [{"wdata": value, "wstrb": 0xF} for value in data]
    ar = [{"araddr": address, "arprot": rng.getrandbits(3)} for address in addresses]
    tasks = [
        cocotb.start_soon(send(dut, "aw", stalls(0.3), aw)),
        cocotb.start_soon(send(dut, "w", stalls(0.3), w)),
        cocotb.start_soon(send(dut, "ar", stalls(0.3), ar)),
    ]
    answers_b = cocotb.start_soon(receive(dut, "b", stalls(0.4), ["bresp"], count))
    answers_r = cocotb.start_soon(receive(dut, "r", stalls(0.4), ["rresp", "rdata"], count))
    for task in tasks:
        await task
    assert [resp for (resp,) in await answers_b] == [2 if bad else 0 for bad in refused]
    possible: dict[int, set[int]] = {}
    for address, value in zip(targets, data, strict=True):
        possible.setdefault(address, {0}).add(value)
    for address, bad, (resp, value) in zip(targets, refused, await answers_r, strict=True):
        assert resp == (2 if bad else 0)
        assert value in ({0} if bad else possible[address])
    dut.s_axil_bready.value = dut.s_axil_rready.value = 1
    final = {a: d for a, d, bad in zip(targets, data, refused, strict=True) if not bad}
    for address, value in final.items():
        assert await bench.read(address) == value


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def neither_reads_nor_writes_starve(dut: Any) -> None:
    """With both kept waiting all the time, they take turns."""
    bench = await Bench.start(dut)
    dut.s_axil_bready.value = dut.s_axil_rready.value = 1
    dut.s_axil_awaddr.value = dut.s_axil_araddr.value = hw.SCRATCH
    dut.s_axil_wdata.value, dut.s_axil_wstrb.value = 1, 0xF
    dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = dut.s_axil_arvalid.value = 1
    writes = reads = 0
    for _ in range(200):
        await ReadOnly()
        writes += int(dut.s_axil_bvalid.value)
        reads += int(dut.s_axil_rvalid.value)
        await RisingEdge(dut.clk_i)
    assert abs(writes - reads) <= 1
    assert writes >= 200 // 8
    await bench.clocks(1)


# ---------------------------------------------------------------------- pytest

TESTS = [
    "reset_values",
    "access_types",
    "unmapped_is_refused",
    "status_of_rings_and_device",
    "ring_configuration_reaches_its_ring",
    "device_configuration_is_limited",
    "rss_table_is_looked_up",
    "filter_passes_what_its_registers_say",
    "reset_empties_the_filter",
    "counters_count_events",
    "counters_read_in_two_halves_are_consistent",
    "device_reset_waits_and_restores_everything",
    "requests_during_core_reset_wait",
    "channels_stall_in_any_order",
    "neither_reads_nor_writes_starve",
]
OF_EACH_SIZE = ["reset_values", "access_types", "unmapped_is_refused", "ring_configuration_reaches_its_ring"]


RUNS = [(4, test) for test in TESTS] + [(queues, test) for queues in (1, 16) for test in OF_EACH_SIZE]


@pytest.mark.parametrize(("queues", "test"), RUNS)
def test_csr(queues: int, test: str) -> None:
    simulate(blocks(queues), TOP, "tests.block.test_csr", test)


def test_csr_list_is_complete() -> None:
    """Each cocotb test of this file is in TESTS."""
    assert cocotb_tests_of(Path(__file__)) == TESTS
