# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's MAC side register by register: PAUSE, pacing, link, loopback, RMON, with no kernel above it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_mac import PAUSE_DEST, pause_frame
from tests.unit.soft_bench import Bench

GBPS = 10.0
QUANTUM_PS = 512 * 100  # at 10 Gb/s
STATION = bytes.fromhex("02005e0000aa")


def frame(n: int, dest: bytes = STATION) -> bytes:
    return (dest + STATION + b"\x08\x00" + bytes(i & 0xFF for i in range(n)))[:n]


def started(*, ctrl: int = 0) -> Bench:
    bench = Bench(queues=1, rate_gbps=GBPS)
    bench.start()
    bench.write(hw.MAC_LO, int.from_bytes(STATION[:4], "little"))
    bench.write(hw.MAC_HI, int.from_bytes(STATION[4:], "little"))
    bench.write(hw.MAX_FRAME, 1518)
    bench.write(hw.MAC_CTRL, ctrl)
    bench.settle()
    return bench


def send(bench: Bench, *sizes: int) -> None:
    for i, n in enumerate(sizes):
        bench.post_tx(0, frame(n), at=0x40000 + i * 0x1000, doorbell=False)
    bench.write(hw.qp(0) + hw.QP_TX_TAIL, bench.tx_tail[0])


def rmon(bench: Bench) -> dict[str, int]:
    names = [name for name in hw.COUNTERS if name.startswith("rmon_")]
    values = {n: bench.read(hw.COUNTERS[n]) | bench.read(hw.COUNTERS[n] + 4) << 32 for n in names}
    return {name.removeprefix("rmon_"): n for name, n in values.items() if n}


@pytest.mark.parametrize("dest", [PAUSE_DEST, STATION])
def test_pause_holds_frames_for_its_quanta_and_is_not_delivered(dest: bytes) -> None:
    bench = started(ctrl=hw.MAC_CTRL_RX_PAUSE)
    bench.post_rx(0, 2)
    bench.settle()
    pause = dest + pause_frame(500, b"\x02" * 6)[6:]
    bench.platform.wire_send(pause, bench.platform.now)
    bench.settle(1000)
    end = bench.platform.now
    assert bench.read(hw.LINK) & hw.LINK_PAUSED
    send(bench, 100, 200)
    bench.settle(100_000)
    assert [len(data) for data, _ in bench.wire] == [100, 200]
    assert bench.wire[0][1] >= end + 500 * QUANTUM_PS - 1_000_000
    assert bench.wire[0][1] <= end + 500 * QUANTUM_PS + 1_000_000
    assert not bench.read(hw.LINK) & hw.LINK_PAUSED
    assert bench.read(hw.RX_FRAMES_LO) == bench.read(hw.RX_STREAM_LO) == 0
    assert rmon(bench)["rx_pause"] == 1


def test_pause_of_zero_lets_go_at_once_and_without_rx_pause_it_is_a_frame() -> None:
    bench = started(ctrl=hw.MAC_CTRL_RX_PAUSE)
    bench.platform.wire_send(pause_frame(0xFFFF, STATION), bench.platform.now)
    bench.settle(1000)
    send(bench, 100)
    bench.settle(5000)
    assert not bench.wire
    bench.platform.wire_send(pause_frame(0, STATION), bench.platform.now)
    bench.settle(1000)
    assert len(bench.wire) == 1
    for spoilt in (PAUSE_DEST[:5] + b"\2", None):
        frame_ = pause_frame(0xFFFF, STATION)
        if spoilt:
            bench.platform.wire_send(spoilt + frame_[6:], bench.platform.now)
        else:
            bench.platform.wire_send(frame_, bench.platform.now, bad=True)
    bench.settle()
    assert not bench.read(hw.LINK) & hw.LINK_PAUSED
    bench.write(hw.MAC_CTRL, 0)
    bench.post_rx(0, 1)
    bench.settle()
    bench.platform.wire_send(pause_frame(0xFFFF, STATION), bench.platform.now)
    bench.settle()
    assert bench.read(hw.RX_FRAMES_LO) == 1 and not bench.read(hw.LINK) & hw.LINK_PAUSED
    assert rmon(bench)["rx_pause"] == 3


def test_full_buffer_asks_the_partner_to_wait_again_in_time_and_lets_it_go() -> None:
    bench = started(ctrl=hw.MAC_CTRL_TX_PAUSE)
    bench.post_rx(0, 7)
    bench.write(hw.PAUSE_QUANTA, 40)
    bench.write(hw.PAUSE_FILL, 3000 << hw.PAUSE_FILL_HIGH_SHIFT | 1000 << hw.PAUSE_FILL_LOW_SHIFT)
    bench.settle()
    bench.platform.timing.dma, bench.platform.timing.dma_jitter = 9_000, 0
    for _ in range(3):
        bench.platform.wire_send(frame(1400), bench.platform.now)
    bench.settle(60_000)
    quanta = [int.from_bytes(data[16:18], "big") for data, _ in bench.wire]
    times = [time for _, time in bench.wire]
    assert quanta[0] == 40 and quanta[-1] == 0 and set(quanta[:-1]) == {40} and len(quanta) > 3
    assert all(data[:12] == PAUSE_DEST + STATION for data, _ in bench.wire)
    assert all(0 < b - a < 40 * QUANTUM_PS for a, b in pairwise(times[:-1]))
    assert rmon(bench)["tx_pause"] == rmon(bench)["tx_multicast"] == len(quanta)
    assert not bench.read(hw.LINK) & hw.LINK_XOFF


def test_pacing_keeps_the_average_rate() -> None:
    bench = started()
    bench.write(hw.TX_RATE, 2000)
    bench.settle()
    sizes = [60, 1500, 100, 700, 60, 60, 300]
    send(bench, *sizes)
    bench.settle(60_000)
    times = [time - len(data) * 800 for data, time in bench.wire]  # when they began
    assert len(times) == len(sizes)
    bits = 8 * sum(n + 24 for n in sizes[:-1])
    assert abs(bits * 1e6 / (times[-1] - times[0]) / 2000 - 1) < 0.01


def test_without_a_link_nothing_comes_and_what_is_sent_is_thrown_away_and_completed() -> None:
    bench = started()
    bench.platform.set_link(False)
    assert bench.read(hw.STATUS) & hw.STATUS_LINK == 0 == bench.read(hw.LINK) & hw.LINK_UP
    bench.post_rx(0, 2)
    send(bench, 100, 200, 300)
    bench.platform.wire_send(frame(100), bench.platform.now)
    bench.settle()
    assert not bench.wire and bench.read(hw.RX_STREAM_LO) == 0 == bench.read(hw.TX_FRAMES_LO)
    assert bench.read(hw.qp(0) + hw.QP_TX_HEAD) == 3 and bench.records(0, 1, 0, 1)[0][0] == 3
    assert rmon(bench) == {"tx_dropped": 3}
    bench.platform.set_link(True)
    bench.platform.set_link(True)
    assert (bench.read(hw.LINK) & hw.LINK_CHANGES) >> hw.LINK_CHANGES_SHIFT == 2
    assert bench.read(hw.LINK_RATE) == 10_000
    send(bench, 100)
    bench.settle()
    assert len(bench.wire) == 1


def test_loopback_brings_frames_back_and_keeps_the_wire_out() -> None:
    bench = started(ctrl=hw.MAC_CTRL_LOOPBACK)
    bench.post_rx(0, 6)
    bench.settle()
    send(bench, 60, 200, 1514)
    bench.platform.wire_send(frame(100), bench.platform.now)
    bench.settle()
    assert not bench.wire
    assert bench.read(hw.RX_FRAMES_LO) == 3
    assert [r[0] & 0xFFFF for r in bench.records(0, 3, 0, 3)] == [60, 200, 1514]
    at = bench.buffer(1)
    assert bytes(bench.memory.mem[at : at + 200]) == frame(200)
    counts = rmon(bench)
    assert counts["tx_unicast"] == counts["rx_unicast"] == 3
    bench.write(hw.MAC_CTRL, 0)
    bench.settle()
    send(bench, 60)
    bench.platform.wire_send(frame(100), bench.platform.now)
    bench.settle()
    assert len(bench.wire) == 1 and bench.read(hw.RX_FRAMES_LO) == 4


def test_rmon_counts_all_kinds_at_the_borders_of_the_bins() -> None:
    bench = started()
    sizes = (59, 60, 61, 123, 124, 251, 252, 507, 508, 1019, 1020, 1514, 1515, 1518, 1519)
    for n in sizes:
        for bad in (False, True):
            bench.platform.wire_send(frame(n), bench.platform.now, bad=bad)
    bench.platform.wire_send(frame(60, b"\xff" * 6), bench.platform.now)
    bench.platform.wire_send(frame(60, b"\x01" * 6), bench.platform.now)
    bench.settle(100_000)
    assert rmon(bench) == {
        "rx_unicast": 13, "rx_multicast": 1, "rx_broadcast": 1, "rx_fcs": 13, "rx_undersize": 1, "rx_oversize": 1,
        "rx_fragments": 1, "rx_jabbers": 1, "rx_64": 4, "rx_65_127": 4, "rx_128_255": 4, "rx_256_511": 4,
        "rx_512_1023": 4, "rx_1024_1518": 4, "rx_1519_max": 6, "rx_octets": sum(n - 14 for n in (*sizes[1:-1], 60, 60)),
    }  # fmt: skip


def test_reset_takes_settings_and_counters_back_and_lets_the_partner_go() -> None:
    bench = started(ctrl=hw.MAC_CTRL_TX_PAUSE | hw.MAC_CTRL_RX_PAUSE)
    bench.write(hw.TX_RATE, 5)
    bench.settle()
    bench.nic.mac.fill(0, 9000)
    bench.settle(1000)
    assert bench.read(hw.LINK) & hw.LINK_XOFF
    bench.write(hw.RESET, 1)
    bench.settle()
    assert [int.from_bytes(data[16:18], "big") for data, _ in bench.wire] == [0xFFFF, 0]
    assert bench.read(hw.MAC_CTRL) == bench.read(hw.TX_RATE) == 0 and rmon(bench) == {}
    assert bench.read(hw.PAUSE_QUANTA) == 0xFFFF and not bench.platform.outstanding()
