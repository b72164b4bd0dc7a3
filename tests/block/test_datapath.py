# SPDX-License-Identifier: Apache-2.0
"""The NIC's datapath with random traffic on all queues, every byte checked, at each data width.

The memory answers in any order between IDs and stalls every channel; a byte that is not mapped may not be touched.
`RINGSIDE_SEED` shifts the seeds.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_csum import verdict
from pymodel.drivers.nic.softnic_rss import Rss, headers
from tests.block.datapath_bench import build, run

SEED = int(os.environ.get("RINGSIDE_SEED", "1"))

# Every data width, the fewest and the most queue pairs, and a number of them that is no power of two.
SHAPES = [(64, 4), (128, 1), (256, 16), (512, 3)]


def passes(width: int, queues: int, scenario: str, **settings: int | str) -> str:
    code, text = run(build(width, queues), scenario, **settings)
    assert code == 0, f"datapath scenario={scenario} {settings}, {width} bits, {queues} queue pairs:\n{text[-3000:]}"
    return text


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_random_traffic_all_frames_arrive(width: int, queues: int) -> None:
    """Frames of 14 to 9018 bytes, fragments and buffers of any alignment; none is lost, and the counters agree."""
    for seed in range(SEED, SEED + 6):
        passes(width, queues, "traffic", seed=seed, clocks=30000)


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_offloads_of_every_frame(width: int, queues: int) -> None:
    """Checksums of any start and place, also in later fragments, and tags: each frame with an offload descriptor."""
    for seed in range(SEED, SEED + 3):
        passes(width, queues, "traffic", seed=seed, clocks=20000, offloads=100)


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_tcp_segments_are_cut(width: int, queues: int) -> None:
    """TSO on all queues among other frames: IPv4 and IPv6, odd positions, options, any flags, 18 fragments."""
    for seed in range(SEED, SEED + 3):
        passes(width, queues, "traffic", seed=seed, clocks=20000, tso=60, frags=18, log2=7)


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_frames_of_more_fragments_than_reads_may_be_outstanding(width: int, queues: int) -> None:
    """Up to 70 fragments a frame, some of a byte."""
    passes(width, queues, "traffic", seed=SEED, clocks=20000, tso=20, frags=70, log2=8)


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_frames_fill_the_tx_buffer_to_its_last_word(width: int, queues: int) -> None:
    """As many of 512 bytes as the packet buffer holds, while the wire takes next to nothing."""
    even = {"tx_min": 512, "tx_max": 512, "frags": 1, "tso": 0, "offloads": 0, "log2": 6}
    passes(width, queues, "traffic", seed=SEED, clocks=20000 * 64 // width, sink_stall=99, **even)


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_without_pacing_each_missing_frame_is_counted(width: int, queues: int) -> None:
    """More comes from the wire than buffers are there: a frame arrives whole or is counted as dropped."""
    passes(width, queues, "traffic", seed=SEED, clocks=30000, lossy=1, source_gap=5, log2=4)


@pytest.mark.parametrize("log2", [5, 15])
def test_datapath_ring_indices_wrap(log2: int) -> None:
    """So many frames that the 16-bit indices of all rings pass 65535, small rings' and those of 32768 entries."""
    small = {"tx_max": 60, "rx_min": 54, "rx_max": 60, "frags": 1, "buf_min": 64, "buf_max": 128, "plain": 1}
    text = passes(512, 3, "traffic", stalls=0, source_gap=0, clocks=800000, log2=log2, **small)
    found = re.search(r"(\d+) frames out, (\d+) in", text)
    assert found
    assert min(int(found[1]), int(found[2])) > 3 * 70000


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_rings_stopped_in_traffic_device_lets_go(width: int, queues: int) -> None:
    """After status.active fell, or a device reset ended, nothing of the ring is touched; then it starts anew."""
    for seed in range(SEED, SEED + 3):
        passes(width, queues, "stop", seed=seed)


def all_registers(queues: int) -> list[int]:
    """Offsets of all registers of a NIC with so many queue pairs."""
    groups = {
        "": [0], "QP": [hw.qp(q) for q in range(queues)], "MSIX": [hw.msix(v) for v in range(queues + 1)],
        "RSS_KEY": [hw.rss_key(i) for i in range(hw.RSS_KEY_COUNT)],
        "RSS_TABLE": [hw.rss_table(i) for i in range(hw.RSS_TABLE_COUNT)],
        "RX_ADDR": [hw.rx_addr(i) for i in range(hw.RX_ADDR_COUNT)],
        "RX_HASH": [hw.rx_hash(i) for i in range(hw.RX_HASH_COUNT)],
        "VLAN_FILTER": [hw.vlan_filter(i) for i in range(hw.VLAN_FILTER_COUNT)],
    }  # fmt: skip
    return [base + r.offset for r in hw.REGISTERS for base in groups[r.group]]


@pytest.mark.parametrize(("width", "queues"), SHAPES)
@pytest.mark.parametrize("errors", [0, 60])
def test_datapath_reset_at_any_clock_leaves_nothing_and_starts_clean(
    width: int, queues: int, errors: int, tmp_path: Path
) -> None:
    """Each of the first clocks of traffic, any later one, and those in which accesses and frames begin; idle buses,
    every register as after power-up, silence, then traffic without a loss. With errors, rings were halted before."""
    registers = tmp_path / "registers"
    registers.write_text(" ".join(f"{offset:x}" for offset in all_registers(queues)))
    passes(width, queues, "reset", seed=SEED, rounds=450, errors=errors, registers=str(registers))


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_error_on_a_queue_halts_that_queue_alone(width: int, queues: int) -> None:
    """AXI errors on descriptors, data, completions and messages, and bad descriptors: status, code, record, the log's
    queue, direction, access and address; the queue's other ring and all other queues go on."""
    for seed in range(SEED, SEED + 2):
        passes(width, queues, "error", seed=seed, rounds=36)


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_frames_that_do_not_arrive_are_counted_by_reason(width: int, queues: int) -> None:
    """Filter, length, bad frames, disabled device and rings, too few buffers, full packet buffer."""
    passes(width, queues, "rules", seed=SEED)


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_rss_hash_and_checksums_equal_the_soft_nics(width: int, queues: int) -> None:
    """Of frames of all kinds: VLAN tags, options, extension headers, fragments, headers cut short, other EtherTypes."""
    lines = [line.split() for line in passes(width, queues, "hashes", seed=SEED).splitlines() if "clocks" not in line]
    rss = Rss(queues)
    rss.key[:] = bytes.fromhex(lines.pop(0)[0])
    assert len(lines) == 1000
    kinds = set()
    good = 0
    for text, types, value, kind, sums in lines:
        rss.set_ctrl(int(types))
        frame = bytes.fromhex(text)
        assert rss.hash(frame, headers(frame)) == (int(value), int(kind)), text
        kinds.add(int(kind))
        assert verdict(frame, headers(frame)) == int(sums), text
        good += bool(int(sums) & hw.RX_COMPLETION_STATUS_L4_OK)
    assert kinds == set(range(7))
    assert 200 < good < 800  # both verdicts, often


# The kinds of accesses of one queue whose answers are withheld (nic_dma_pkg: a bit each), reads and writes.
WITHHELD = {
    "all": {"reads": 0b111, "writes": 0b1111},
    "all reads": {"reads": 0b111},
    "all writes": {"writes": 0b1111},
    "TX descriptors": {"reads": 0b001},
    "RX descriptors": {"reads": 0b010},
    "TX data": {"reads": 0b100},
    "RX data": {"writes": 0b0001},
    "RX records": {"writes": 0b0010},
    "TX records": {"writes": 0b0100},
    "messages": {"writes": 0b1000},
}


@pytest.mark.parametrize(("width", "queues"), [(64, 4), (256, 16)])
@pytest.mark.parametrize("what", WITHHELD)
def test_datapath_answers_to_a_queue_are_withheld_others_keep_their_rate(width: int, queues: int, what: str) -> None:
    """Of one kind of its accesses, of its reads, its writes, of all: 95% at least, and registers can be read."""
    passes(width, queues, "hold", seed=SEED, **WITHHELD[what])


@pytest.mark.parametrize("what", [what for what in WITHHELD if not WITHHELD[what].get("writes", 0) & 0b1000])
def test_datapath_answers_withheld_queues_that_share_its_vector_keep_their_rate(what: str) -> None:
    """Two vectors for four queue pairs: the same, unless it is the vector's message that has no answer."""
    passes(64, 4, "hold", seed=SEED, vectors=2, **WITHHELD[what])


@pytest.mark.parametrize(("width", "queues"), [(64, 4), (256, 16)])
@pytest.mark.parametrize("how", ["rings halted", "no RX buffers"])
def test_datapath_a_queue_is_stuck_others_keep_their_rate(width: int, queues: int, how: str) -> None:
    """Both its rings in error, or its RX ring empty: 95% at least."""
    passes(width, queues, "hold", seed=SEED, how=1 if how == "rings halted" else 2)


# Weights of four queues, and the fewest and most bytes of their frames.
SHARES = {
    "1514 bytes": ((8, 8, 8, 8), ((1514, 1514),) * 4),
    "60 bytes": ((8, 8, 8, 8), ((60, 60),) * 4),
    "60 and 1514 bytes": ((8, 8, 8, 8), ((60, 60), (1514, 1514), (60, 60), (1514, 1514))),
    "1514 bytes, weights": ((2, 4, 8, 16), ((1514, 1514),) * 4),
    "60 bytes, weights": ((2, 4, 8, 16), ((60, 60),) * 4),
    "1514 and 60 bytes, weights": ((2, 4, 8, 16), ((1514, 1514), (60, 60), (1514, 1514), (60, 60))),
    "all lengths, weights": ((24, 12, 6, 6), ((60, 9018), (60, 1514), (60, 200), (1514, 1514))),
    "weight 0 acts as 1": ((0, 1, 3, 2), ((60, 60), (1514, 1514), (60, 60), (300, 700))),
}


def shares(width: int, **settings: int) -> list[list[int]]:
    """Bytes of each queue on the wire, which takes a beat in two or three clocks: it is what they compete for."""
    text = passes(width, 4, "shares", sink_stall=60, clocks=60000 * 512 // width, **settings)
    return [[int(n) for n in line.split()[1:]] for line in text.splitlines() if line.startswith("bytes ")]


@pytest.mark.parametrize("width", [64, 256])
@pytest.mark.parametrize("case", SHARES)
def test_datapath_queues_share_the_wire_as_weighted(width: int, case: str) -> None:
    """In bytes, whatever the lengths of the frames: within 3% of each queue's share."""
    weights, lengths = SHARES[case]
    settings = {f"w{q}": weight for q, weight in enumerate(weights)}
    for q, (least, most) in enumerate(lengths):
        settings |= {f"a{q}": least, f"b{q}": most}
    (sent,) = shares(width, seed=SEED, **settings)
    units = [max(1, weight) for weight in weights]
    for q, n in enumerate(sent):
        want = sum(sent) * units[q] / sum(units)
        assert abs(n - want) <= 0.03 * want + 1518, f"queue {q}: {n} bytes of {sum(sent)}, not {want:.0f}: {sent}"


def test_datapath_queue_without_frames_saves_nothing_up() -> None:
    """A queue that begins late gets its share from then on, not what it left; a thirsty one slows nobody down."""
    (one, two, three, four), after = shares(256, seed=SEED, quiet=0b0011)
    assert one == two == 0
    assert three == pytest.approx(four, rel=0.03)
    assert after == pytest.approx([sum(after) / 4] * 4, rel=0.03)
    (sent,) = shares(256, seed=SEED, thirsty=0b0001, a0=60, w0=255)
    assert sent[0] < sum(sent) / 20
    assert sent[1:] == pytest.approx([sum(sent[1:]) / 3] * 3, rel=0.03)


@pytest.mark.parametrize(("size", "most"), [(60, 5.0), (1514, 48 / 0.93)])
def test_datapath_both_directions_at_full_rate(size: int, most: float) -> None:
    """Clocks a packet each way at 256 bits, with and without a memory that takes its time."""
    for latency in ({}, {"read_latency": 125, "write_latency": 60}):
        text = passes(256, 16, "rate", size=size, clocks=40000, **latency)
        found = re.search(r"tx ([\d.]+) clocks a packet, rx ([\d.]+)", text)
        assert found
        assert float(found[1]) <= most
        assert float(found[2]) <= most


@pytest.mark.parametrize(("size", "most"), [(60, 4.0), (1514, 48 / 0.96)])
def test_datapath_offloads_at_full_rate(size: int, most: float) -> None:
    """Clocks a packet at 256 bits when each has an offload descriptor: checksum, tag or both."""
    text = passes(256, 16, "rate", size=size, clocks=40000, offloads=100, rx=0)
    found = re.search(r"tx ([\d.]+) clocks a packet", text)
    assert found
    assert float(found[1]) <= most


def test_datapath_one_frame_reaches_wire_and_interrupt_in_time() -> None:
    """From the doorbell to the wire, and from the wire to the MSI-X write, in at most 60 clocks."""
    passes(256, 16, "latency")
