# SPDX-License-Identifier: Apache-2.0
"""The NIC's datapath with random traffic on all queues, every byte checked, at each data width.

The memory answers in any order between IDs and stalls every channel; a byte that is not mapped may not be touched.
`RINGSIDE_SEED` shifts the seeds.
"""

from __future__ import annotations

import os
import re

import pytest

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_csum import verdict
from pymodel.drivers.nic.softnic_rss import Rss, headers
from tests.block.datapath_bench import build, run

SEED = int(os.environ.get("RINGSIDE_SEED", "1"))

# Every data width, the fewest and the most queue pairs, and a number of them that is no power of two.
SHAPES = [(64, 4), (128, 1), (256, 16), (512, 3)]


def passes(width: int, queues: int, scenario: str, **settings: int) -> str:
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
def test_datapath_without_pacing_each_missing_frame_is_counted(width: int, queues: int) -> None:
    """More comes from the wire than buffers are there: a frame arrives whole or is counted as dropped."""
    passes(width, queues, "traffic", seed=SEED, clocks=30000, lossy=1, source_gap=5, log2=4)


def test_datapath_ring_indices_wrap() -> None:
    """So many frames that the 16-bit indices of all rings pass 65535."""
    small = {"tx_max": 60, "rx_min": 54, "rx_max": 60, "frags": 1, "log2": 5, "buf_min": 2000, "plain": 1}
    text = passes(512, 3, "traffic", stalls=0, source_gap=0, clocks=800000, **small)
    found = re.search(r"(\d+) frames out, (\d+) in", text)
    assert found
    assert min(int(found[1]), int(found[2])) > 3 * 70000


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_rings_stopped_in_traffic_device_lets_go(width: int, queues: int) -> None:
    """After status.active fell, or a device reset ended, nothing of the ring is touched; then it starts anew."""
    for seed in range(SEED, SEED + 3):
        passes(width, queues, "stop", seed=seed)


@pytest.mark.parametrize(("width", "queues"), SHAPES)
def test_datapath_error_on_a_queue_halts_that_queue_alone(width: int, queues: int) -> None:
    """AXI errors on descriptors, data and completions, and bad descriptors: status, code, record; others go on."""
    for seed in range(SEED, SEED + 2):
        passes(width, queues, "error", seed=seed, rounds=28)


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


@pytest.mark.parametrize(("width", "queues"), [(64, 4), (256, 16)])
def test_datapath_answers_to_a_queue_withheld_others_keep_their_rate(width: int, queues: int) -> None:
    passes(width, queues, "hold", seed=SEED)


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
