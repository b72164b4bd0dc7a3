# SPDX-License-Identifier: Apache-2.0
"""The MAC side on the RTL, at each data width: PAUSE both ways, pacing, link, loopback, RMON counters, against models.

The bench holds every clock to the rules of the stream: a beat that was shown stays until it is taken, frames have no
gaps.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import cocotb
import pytest

from pymodel.drivers.nic import nic_hw as hw
from tests.block.mac_bench import CLOCK_MHZ, PAUSE_DEST, STATION, TOP, Bench, blocks, frame, pause_frame
from tests.block.simulate import cocotb_tests_of, simulate

BROADCAST = b"\xff" * 6
GROUP = bytes.fromhex("01005e000001")
RATE = 10_000  # Mb/s
SPARE = 4  # clocks in which the MAC may react


def clocks_of(quanta: float, mbps: int) -> float:
    """How long so many units of 512 bit times last."""
    return quanta * 512 * CLOCK_MHZ / mbps


def starts(bench: Bench) -> list[int]:
    """The clocks in which data frames began on the wire."""
    return [sent.first for sent in bench.to_wire if sent.data[12:14] != b"\x88\x08"]


def rmon_size(n: int) -> str:
    """The size counter of a frame of ``n`` bytes with its FCS."""
    for low, high in ((64, 64), (65, 127), (128, 255), (256, 511), (512, 1023), (1024, 1518)):
        if n <= high:
            return f"{low}_{high}" if low != high else "64"
    return "1519_max"


def rmon(frames: list[tuple[bytes, bool]], way: str, longest: int = 1514) -> dict[str, int]:
    """What the counters say of these frames (bytes without FCS, bad)."""
    count: Counter[str] = Counter()
    for data, bad in frames:
        n = len(data)
        kind = "unicast"
        if data[0] & 1:
            kind = "broadcast" if data[:6] == BROADCAST else "multicast"
        if n < 60:
            kind = "fragments" if bad else "undersize"
        elif n > longest and way == "rx":
            kind = "jabbers" if bad else "oversize"
        elif bad:
            kind = "fcs"
        count[f"{way}_{kind}"] += 1
        if n >= 60:
            count[f"{way}_{rmon_size(n + 4)}"] += 1
        if kind.endswith("cast"):
            count[f"{way}_octets"] += n - 14
        is_pause = data[:6] in (PAUSE_DEST, STATION) and data[12:16] == b"\x88\x08\x00\x01"
        count[f"{way}_pause"] += is_pause and n >= 60 and not bad
    return {name: n for name, n in count.items() if n}


# ---------------------------------------------------------------------- the streams


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def frames_pass_both_ways_with_no_delay(dut: Any) -> None:
    """With everything off the MAC is a wire: each frame as it was, and not a clock later."""
    bench = await Bench.start(dut)
    for ready, gap in ((1.0, 0.0), (0.6, 0.3)):
        bench.ready, bench.gap = ready, gap
        bench.to_wire.clear(), bench.to_rx.clear()
        out = [
            frame(bench.rng, n) for n in (60, 61, 1514, 64, 9018, 60, *(bench.rng.randint(60, 300) for _ in range(30)))
        ]
        back = [
            (frame(bench.rng, n), bool(n % 3)) for n in (14, 60, 1514, *(bench.rng.randint(1, 300) for _ in range(30)))
        ]
        began = bench.now
        bench.from_tx.extend(out), bench.from_wire.extend(back)
        await bench.drain()
        assert [sent.data for sent in bench.to_wire] == out
        assert [(sent.data, sent.bad) for sent in bench.to_rx] == back
        assert not any(sent.consumed for sent in bench.to_rx)
        if ready == 1.0:
            beats = sum(-(-len(data) // bench.bytes) for data in out)
            assert bench.to_wire[-1].last - began == beats - 1
    assert bench.thrown == []


# ---------------------------------------------------------------------- PAUSE in


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def pause_holds_data_for_its_quanta(dut: Any) -> None:
    """Annex 31B: from the PAUSE frame's end no data frame begins for its time; the one under way is finished; then the
    next begins at once. The frame does not reach the host. Both addresses, several rates."""
    bench = await Bench.start(dut)
    await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_RX_PAUSE)
    carried = 8 * bench.bytes * CLOCK_MHZ  # what is counted while the rate is not known
    for mbps, quanta, dest in ((RATE, 3, PAUSE_DEST), (25_000, 40, STATION), (1000, 1, PAUSE_DEST), (0, 100, STATION)):
        bench.pin(link_mbps_i=mbps)
        assert await bench.read(hw.LINK_RATE) == mbps
        bench.to_wire.clear(), bench.to_rx.clear()
        bench.from_tx.extend(frame(bench.rng, 200) for _ in range(4000 // bench.bytes))
        await bench.run(11)
        bench.from_wire.append((pause_frame(quanta, dest), False))
        while not bench.to_rx:
            await bench.step()
        await bench.run(2)
        assert await bench.read(hw.LINK) & hw.LINK_PAUSED
        end = bench.to_rx[0].last
        assert bench.to_rx[0].consumed
        length = clocks_of(quanta, mbps or carried)
        await bench.run(int(length) + 60)
        assert not await bench.read(hw.LINK) & hw.LINK_PAUSED
        later = [at for at in starts(bench) if at > end + SPARE]
        assert length <= later[0] - end <= length + SPARE, f"{mbps} Mb/s: {later[0] - end} clocks, not {length}"
        bench.from_tx.clear()
        await bench.drain()
    assert await bench.counter("rx_pause") == 4


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def pause_of_zero_and_a_later_pause_replace_the_first(dut: Any) -> None:
    """Annex 31B: the newest time holds; 0 lets us go at once. Neither a link that is lost nor rx_pause off waits on."""
    bench = await Bench.start(dut)
    bench.pin(link_mbps_i=RATE)

    async def paused_after(*frames: tuple[int, int]) -> int:
        """Clocks until a data frame begins after the last PAUSE frame of (quanta, clocks before it)."""
        bench.to_wire.clear()
        for quanta, wait in frames:
            await bench.run(wait)
            seen = len(bench.to_rx)
            bench.from_wire.append((pause_frame(quanta), False))
            while len(bench.to_rx) == seen:
                await bench.step()
        await bench.run(2)
        bench.from_tx.append(frame(bench.rng, 60))
        await bench.drain()
        return starts(bench)[0] - bench.to_rx[-1].last

    await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_RX_PAUSE)
    assert await paused_after((500, 0), (0, 100)) <= 2 * SPARE
    for first, second in ((500, 5), (5, 30)):
        length = clocks_of(second, RATE)
        assert length <= await paused_after((first, 0), (second, 20)) <= length + SPARE
    for way in ("off", "link"):
        await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_RX_PAUSE)
        bench.from_wire.append((pause_frame(0xFFFF), False))
        await bench.drain()
        assert await bench.read(hw.LINK) & hw.LINK_PAUSED
        if way == "off":
            await bench.write(hw.MAC_CTRL, 0)
        else:
            bench.pin(link_down_i=1)
            await bench.run(3)
            bench.pin(link_down_i=0)
        await bench.run(3)
        assert not await bench.read(hw.LINK) & hw.LINK_PAUSED


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def pause_that_comes_as_it_is_switched_off_is_forgotten(dut: Any) -> None:
    """Whichever clock of a PAUSE frame rx_pause is switched off in: once on again, nobody waits for that frame."""
    bench = await Bench.start(dut)
    for wait in range(-(-60 // bench.bytes) + 4):
        await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_RX_PAUSE)
        bench.from_wire.append((pause_frame(0xFFFF), False))
        await bench.run(wait)
        await bench.write(hw.MAC_CTRL, 0)
        await bench.drain()
        assert not await bench.read(hw.LINK) & hw.LINK_PAUSED, f"{wait} clocks after its first beat"
        await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_RX_PAUSE)
        assert not await bench.read(hw.LINK) & hw.LINK_PAUSED, f"{wait} clocks after its first beat"
        bench.from_tx.append(frame(bench.rng, 60))
        await bench.drain(100)
        await bench.write(hw.MAC_CTRL, 0)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def what_is_no_pause_frame_pauses_nobody(dut: Any) -> None:
    """Another opcode, address or EtherType, a bad or a short frame; with rx_pause off it goes to the host, counted."""
    bench = await Bench.start(dut)
    await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_RX_PAUSE)
    good = pause_frame(0xFFFF)
    wrong = [
        good[:i] + bytes([good[i] ^ 1 << bench.rng.randrange(8)]) + good[i + 1 :]
        for i in (0, 1, 2, 3, 4, 5, 12, 13, 14, 15)
    ]
    others = [(data, False) for data in wrong] + [(good, True), (good[:59], False), (BROADCAST + good[6:], False)]
    for data, bad in others:
        bench.from_wire.append((data, bad))
        bench.from_wire.append((frame(bench.rng, bench.rng.randint(60, 90)), False))
    await bench.drain()
    assert not await bench.read(hw.LINK) & hw.LINK_PAUSED
    assert not any(sent.consumed for sent in bench.to_rx) and len(bench.to_rx) == 2 * len(others)
    assert await bench.counter("rx_pause") == 0
    await bench.write(hw.MAC_CTRL, 0)
    bench.from_wire.append((good, False))
    await bench.drain()
    assert (bench.to_rx[-1].data, bench.to_rx[-1].consumed) == (good, False)
    assert not await bench.read(hw.LINK) & hw.LINK_PAUSED and await bench.counter("rx_pause") == 1


# ---------------------------------------------------------------------- PAUSE out


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def partner_is_paused_while_the_buffer_is_full_and_asked_again_in_time(dut: Any) -> None:
    """XOFF at the next frame boundary, before data that waits; again before its time is over; XON when it has
    emptied."""
    bench = await Bench.start(dut)
    bench.pin(link_mbps_i=RATE)
    await bench.write(hw.PAUSE_QUANTA, 20)
    await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_TX_PAUSE)
    assert int(dut.fill_enable_o.value) == 1
    for busy in (False, True):
        bench.to_wire.clear()
        bench.ready = 0.8 if busy else 1.0
        if busy:
            bench.from_tx.extend(frame(bench.rng, bench.rng.randint(60, 400)) for _ in range(40000 // bench.bytes))
        await bench.run(20)
        bench.pin(fill_i=1)
        began = bench.now
        await bench.run(int(clocks_of(50, RATE)))
        assert await bench.read(hw.LINK) & hw.LINK_XOFF
        bench.pin(fill_i=0)
        ended = bench.now
        await bench.run(200)
        assert not await bench.read(hw.LINK) & hw.LINK_XOFF
        bench.from_tx.clear()
        await bench.drain()
        out = [sent for sent in bench.to_wire if sent.data[:6] == PAUSE_DEST]
        assert [sent.data for sent in out] == [pause_frame(20)] * (len(out) - 1) + [pause_frame(0)]
        boundary = min((sent.last for sent in bench.to_wire if sent.last >= began), default=began)
        assert out[0].first <= (boundary if busy else began) + SPARE
        for one, other in pairwise(out[:-1]):
            assert 0 < other.last - one.last < clocks_of(20, RATE), "the partner goes on before it is asked again"
        assert len(out) >= 5 and ended < out[-1].last < ended + 150
        if busy:
            assert len(bench.to_wire) > 3 * len(out)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def pause_goes_out_while_we_are_paused_ourselves(dut: Any) -> None:
    """Annex 31B: MAC control frames are not held by PAUSE; without a link there are none; a reset ends XOFF."""
    bench = await Bench.start(dut)
    bench.pin(link_mbps_i=RATE)
    await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_RX_PAUSE | hw.MAC_CTRL_TX_PAUSE)
    bench.from_wire.append((pause_frame(0xFFFF), False))
    await bench.drain()
    bench.from_tx.append(frame(bench.rng, 100))
    bench.pin(fill_i=1)
    await bench.run(100)
    assert [sent.data for sent in bench.to_wire] == [pause_frame(0xFFFF)]
    bench.pin(link_down_i=1)
    await bench.run(100)
    assert len(bench.to_wire) == 1 and len(bench.thrown) == 1
    assert not await bench.read(hw.LINK) & (hw.LINK_XOFF | hw.LINK_UP)
    bench.pin(link_down_i=0)
    await bench.run(100)
    assert len(bench.to_wire) == 2
    bench.pin(stop_i=1)  # a reset lets the partner go, and is not over before
    await bench.step()
    await bench.step()
    assert int(dut.busy_o.value) == 1
    await bench.run(100)
    assert int(dut.busy_o.value) == 0
    assert bench.to_wire[-1].data == pause_frame(0)
    assert await bench.counter("tx_pause") == 3


# ---------------------------------------------------------------------- pacing


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def pacing_keeps_the_average_rate(dut: Any) -> None:
    """TX_RATE: frames of all lengths, with FCS, preamble and gap, at the rate within 1%, and never ahead of it."""
    bench = await Bench.start(dut)
    for mbps in (9_997, 1_234, 15_000):
        await bench.write(hw.TX_RATE, mbps)
        bench.to_wire.clear()
        sizes = [bench.rng.choice((60, 60, 61, 100, 511, 1514)) for _ in range(60)]
        bench.from_tx.extend(frame(bench.rng, n) for n in sizes)
        await bench.drain(200_000)
        begin = starts(bench)
        assert len(begin) == len(sizes)
        cost = [8 * (n + 24) * CLOCK_MHZ / mbps for n in sizes]
        stream = [-(-n // bench.bytes) for n in sizes]
        due = begin[0]
        for at, one, beats in zip(begin, cost, stream, strict=True):
            assert at >= due - 1, "a frame ahead of its time"
            due = max(due, at) + max(one, beats)
        if all(one >= beats for one, beats in zip(cost, stream, strict=True)):
            rate = 8 * sum(n + 24 for n in sizes[:-1]) * CLOCK_MHZ / (begin[-1] - begin[0])
            assert abs(rate / mbps - 1) < 0.01, f"{rate:.0f} Mb/s of {mbps}"
        await bench.run(4000)
    # Nothing is saved up in idle time, and off is off.
    bench.to_wire.clear()
    await bench.write(hw.TX_RATE, 1000)
    await bench.run(500)
    bench.from_tx.extend([frame(bench.rng, 60)] * 3)
    await bench.drain()
    first, second, third = starts(bench)
    assert second - first == third - second == 8 * 84 * CLOCK_MHZ // 1000
    await bench.write(hw.TX_RATE, 0)
    await bench.run(3)
    bench.to_wire.clear()
    bench.from_tx.extend([frame(bench.rng, 60)] * 3)
    await bench.drain()
    beats = -(-60 // bench.bytes)
    assert starts(bench) == [starts(bench)[0] + i * beats for i in range(3)]


# ---------------------------------------------------------------------- link, loopback, reset


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def link_that_comes_and_goes_cuts_no_frame(dut: Any) -> None:
    """Frames that begin without a link are thrown away, and counted on the way out; no frame is passed on in part."""
    bench = await Bench.start(dut)
    bench.ready, bench.gap = 0.7, 0.2
    out = [frame(bench.rng, bench.rng.randint(60, 300)) for _ in range(120)]
    back = [(frame(bench.rng, bench.rng.randint(60, 300)), False) for _ in range(120)]
    bench.from_tx.extend(out), bench.from_wire.extend(back)
    changes = 0
    while bench.from_tx or bench.from_wire:
        await bench.run(bench.rng.randrange(1, 200))
        was = int(dut.link_o.value)
        bench.pin(link_down_i=was)
        await bench.step()
        assert int(dut.link_change_o.value) == 1
        await bench.step()
        assert int(dut.link_o.value) == 1 - was
        assert int(dut.link_change_o.value) == 0
        changes += 1
    bench.pin(link_down_i=0)
    await bench.drain()
    changes = (await bench.read(hw.LINK) & hw.LINK_CHANGES) >> hw.LINK_CHANGES_SHIFT
    assert changes > 5
    sent, thrown = [s.data for s in bench.to_wire], bench.thrown
    assert sorted(sent + thrown) == sorted(out) and sent and thrown
    received = [s.data for s in bench.to_rx]
    assert 0 < len(received) < len(back) and [d for d, _ in back if d in received] == received
    want = rmon([(d, False) for d in sent], "tx") | rmon([(d, False) for d in received], "rx")
    assert await bench.counters() == want | {"tx_dropped": len(thrown)}


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def loopback_in_traffic_cuts_no_frame(dut: Any) -> None:
    """What is sent comes back, byte for byte, even without a link; the wire sees nothing of it and nothing comes in."""
    bench = await Bench.start(dut)
    bench.ready, bench.gap = 0.7, 0.2
    for turn in range(12):
        loop = turn % 2
        await bench.write(hw.MAC_CTRL, loop * hw.MAC_CTRL_LOOPBACK)
        await bench.run(60000 // bench.bytes // 40 + 150)  # frames under way end on the side they began on
        bench.from_tx.clear(), bench.from_wire.clear()
        await bench.drain()
        bench.to_wire.clear(), bench.to_rx.clear()
        bench.pin(link_down_i=loop and turn % 4 == 1)
        out = [frame(bench.rng, bench.rng.randint(60, 200)) for _ in range(20)]
        back = [(frame(bench.rng, bench.rng.randint(60, 200), GROUP), False) for _ in range(20)]
        bench.from_tx.extend(out), bench.from_wire.extend(back)
        await bench.drain()
        bench.pin(link_down_i=0)
        assert [s.data for s in bench.to_rx] == (out if loop else [d for d, _ in back])
        assert [s.data for s in bench.to_wire] == ([] if loop else out)
        assert bench.thrown == []
        # Traffic across the change: every frame that comes out anywhere is whole.
        bench.from_tx.extend(out * 5), bench.from_wire.extend(back * 5)
        await bench.run(bench.rng.randrange(60))
    assert all(s.data in out or (s.data, False) in back for s in [*bench.to_wire, *bench.to_rx])


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def reset_does_not_wait_for_the_partner(dut: Any) -> None:
    """Frames that must wait are thrown away when the device is reset; one under way is finished."""
    bench = await Bench.start(dut)
    bench.pin(link_mbps_i=RATE)
    await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_RX_PAUSE)
    bench.from_tx.extend(frame(bench.rng, 640) for _ in range(2))
    await bench.run(2)
    bench.ready = 0.5
    bench.from_wire.append((pause_frame(0xFFFF), False))
    await bench.run(20)
    bench.pin(stop_i=1)
    await bench.drain()
    assert len(bench.to_wire) + len(bench.thrown) == 2 and len(bench.thrown) >= 1
    assert int(dut.busy_o.value) == 0
    bench.pin(rst_ni=0)
    await bench.run(40)
    bench.pin(rst_ni=1)
    bench.pin(stop_i=0)
    await bench.step()
    assert await bench.read(hw.MAC_CTRL) == 0 and await bench.counters() == {}
    bench.from_tx.append(frame(bench.rng, 60))
    await bench.drain(100)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def where_a_frame_begins_is_known_through_a_reset(dut: Any) -> None:
    """RX gets the rest of the frame that a reset cuts, and the next one is looked at from its first byte on."""
    bench = await Bench.start(dut)
    cut = bytes(64 * 12 - 18) + pause_frame(9, n=18)
    bench.from_wire.append((cut, False))
    await bench.run(4)
    bench.pin(rst_ni=0)
    await bench.step()
    bench.pin(rst_ni=1)
    await bench.step()
    await bench.write(hw.MAC_CTRL, hw.MAC_CTRL_RX_PAUSE)
    bench.from_wire.append((pause_frame(9, n=64), False))
    await bench.drain()
    assert [sent.data for sent in bench.to_rx] == [cut, pause_frame(9, n=64)]
    assert [sent.consumed for sent in bench.to_rx] == [False, True]
    assert await bench.counter("rx_pause") == 1


# ---------------------------------------------------------------------- counters


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def rmon_counters_count_every_frame(dut: Any) -> None:
    """All kinds and sizes both ways, those at the borders of the bins among them; MAX_FRAME is what counts as long."""
    bench = await Bench.start(dut)
    rng = bench.rng
    bench.gap = 0.05
    edges = [n for edge in (64, 65, 127, 128, 255, 256, 511, 512, 1023, 1024, 1518, 1519, 1522) for n in (edge - 4,)]
    back = []
    for n in [
        *edges,
        *(rng.randint(14, 63) for _ in range(12)),
        *(rng.randint(60, 2000) for _ in range(30)),
        9018,
        16000,
    ]:
        for bad in (False, True):
            back.append((frame(rng, n, rng.choice((STATION, GROUP, BROADCAST))), bad))
    back += [(pause_frame(0), False), (pause_frame(0, STATION), False), (pause_frame(0), True)]
    rng.shuffle(back)
    out = [
        frame(rng, n, rng.choice((STATION, GROUP, BROADCAST)))
        for n in [*edges, *(rng.randint(60, 2000) for _ in range(40))]
    ]
    bench.pin(max_frame_i=1518)
    bench.from_tx.extend(out), bench.from_wire.extend(back)
    await bench.drain(60000)
    want = rmon(back, "rx", 1518) | rmon([(data, False) for data in out], "tx")
    assert await bench.counters() == want
    assert {name.partition("_")[2] for name in want if name.startswith("rx")} >= {
        "unicast", "multicast", "broadcast", "fcs", "undersize", "oversize", "fragments", "jabbers", "pause",
    }  # fmt: skip


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def counters_read_as_one_and_never_go_back(dut: Any) -> None:
    """Each counter latches its own upper half, also when others are read between; no value is below one before."""
    bench = await Bench.start(dut)
    bench.from_tx.extend(frame(bench.rng, 60) for _ in range(900))
    bench.from_wire.extend((frame(bench.rng, 60), False) for _ in range(900))
    await bench.run(20)
    octets, uppers = dut.u_mac.u_rmon.tx_octets_q, dut.u_mac.u_rmon.u_bank.upper_mem
    place = (hw.COUNTERS["rmon_tx_octets"] - hw.COUNTERS["rmon_rx_unicast"]) // 8
    before = {"tx_octets": 0, "tx_unicast": 0, "rx_octets": 0}
    for turn in range(1, 21):
        await bench.run(100)  # it has wrapped, and no carry waits
        at_least = (turn << 32) - bench.rng.randrange(1, 150)
        bench.poke(octets, at_least & 0xFFFFF)  # the low half wraps soon
        bench.poke(uppers[place], at_least >> 20)
        await bench.step()
        low = {name: await bench.read(hw.COUNTERS[f"rmon_{name}"]) for name in before}
        await bench.run(bench.rng.randrange(20))
        high = {name: await bench.read(hw.COUNTERS[f"rmon_{name}"] + 4) for name in before}
        for name, was in before.items():
            value = high[name] << 32 | low[name]
            was = at_least if name == "tx_octets" else was
            assert was <= value < was + 10_000, f"{name}: {value} after {was}"
            before[name] = value
    assert before["rx_octets"] > 1000


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def counters_that_wrap_together_all_go_on(dut: Any) -> None:
    """The lower halves of all that a frame each way counts wrap in the same clocks; read at once, none is below."""
    bench = await Bench.start(dut)
    rmon_rtl = dut.u_mac.u_rmon
    small, large = frame(bench.rng, 60), frame(bench.rng, 200)
    for turn in range(1, 9):
        for low in (rmon_rtl.rx_octets_q, rmon_rtl.tx_octets_q):
            bench.poke(low, 0xFFFFF)
        for low in (
            rmon_rtl.rx_class_mem[0], rmon_rtl.tx_class_mem[0], rmon_rtl.rx_bin_mem[0], rmon_rtl.tx_bin_mem[0],
            rmon_rtl.rx_bin_mem[2], rmon_rtl.tx_bin_mem[2],
        ):  # fmt: skip
            bench.poke(low, 0xFFFFE)
        bench.from_tx.extend((small, small) if turn & 1 else (large, large))
        bench.from_wire.extend([((small if turn & 1 else large), False)] * 2)
        await bench.drain()
        size = "64" if turn & 1 else "128_255"
        names = [f"{way}_{what}" for way in ("rx", "tx") for what in ("octets", "unicast", size)]
        bench.rng.shuffle(names)
        for name in names:
            value = await bench.counter(name)
            times = (turn + 1) // 2 if name.endswith("64") else turn // 2 if name.endswith("255") else turn
            assert value >> 20 == times, f"{name}: {value:#x} in turn {turn}"


# ---------------------------------------------------------------------- pytest

TESTS = cocotb_tests_of(Path(__file__))


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("width", [64, 128, 256, 512])
def test_mac(width: int, test: str) -> None:
    simulate(blocks(width), TOP, "tests.block.test_mac", test)
