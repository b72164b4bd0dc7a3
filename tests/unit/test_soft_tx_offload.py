# SPDX-License-Identifier: Apache-2.0
"""Offload descriptors of the soft NIC: rtl/README.md, "Offloads"."""

from __future__ import annotations

import random

import pytest

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_tx import MAX_FRAME, TxTso, ones_sum
from tests.unit.soft_bench import SIZE, Bench
from tests.unit.test_linux_checksum import naive

CSUM, VLAN = hw.TX_OFFLOAD_CTRL_CSUM, hw.TX_OFFLOAD_CTRL_VLAN


def post_offload(bench: Bench, start: int = 0, offset: int = 0, tci: int = 0, flags: int = 0) -> None:
    """An offload descriptor into queue 0's ring; the doorbell comes with the frame."""
    slot = bench.ring(0, 0) + (bench.tx_tail[0] % SIZE) * 16
    ctrl = hw.TX_KIND_OFFLOAD << hw.TX_OFFLOAD_CTRL_KIND_SHIFT | flags
    hw.TX_OFFLOAD.pack_into(bench.memory.mem, slot, start | offset << 16, tci, ctrl, 0)
    bench.tx_tail[0] = (bench.tx_tail[0] + 1) & 0xFFFF


def test_sum_of_any_bytes_is_that_of_rfc_1071() -> None:
    rng = random.Random(3)
    for n in (0, 1, 2, 3, 60, 61, 9018):
        for data in (rng.randbytes(n), bytes(n), b"\xff" * n):
            assert ~ones_sum(data) & 0xFFFF == naive(data)


def test_checksum_at_any_start_and_offset_and_tag() -> None:
    """Odd starts, fields that overlap nothing or everything, starts far beyond 127; the tag is not in the sum."""
    bench = Bench()
    bench.start()
    rng = random.Random(1)
    for i in range(200):
        n = rng.choice((14, 15, 60, rng.randint(14, 200), rng.randint(14, 9014)))
        data = rng.randbytes(n)
        start = rng.randrange(n - 1)
        offset = rng.randrange(n - 1 - start)
        csum, vlan, tci = rng.random() < 0.8, rng.random() < 0.5, rng.randrange(65536)
        post_offload(bench, start, offset, tci, CSUM * csum | VLAN * vlan)
        cut = rng.randrange(1, n)
        bench.post_tx(0, data[:cut], data[cut:])
        bench.settle()
        want = data
        if csum:
            check = naive(data[start:]) or 0xFFFF
            want = data[: start + offset] + check.to_bytes(2, "big") + data[start + offset + 2 :]
        if vlan:
            want = want[:12] + b"\x81\x00" + tci.to_bytes(2, "big") + want[12:]
        assert bench.wire[i][0] == want.ljust(60, b"\0"), (i, n, start, offset)
    assert bench.read(hw.TX_BYTES_LO) == sum(len(f) for f, _ in bench.wire)


def test_checksum_of_zero_is_sent_as_all_ones() -> None:
    """As skb_checksum_help(): 0 would say that there is none. All ones in the sum, and nothing in it."""
    bench = Bench()
    bench.start()
    for region in (b"\xff\xff\x00\x00", b"\x00\x00\x00\x00"):
        post_offload(bench, 40, 2, 0, CSUM)
        bench.post_tx(0, bytes(40) + region)
        bench.settle()
    assert [f[42:44] for f, _ in bench.wire] == [b"\xff\xff", b"\xff\xff"]


def test_offload_counts_for_one_frame_alone() -> None:
    bench = Bench()
    bench.start()
    post_offload(bench, 20, 4, 5, CSUM | VLAN)
    bench.post_tx(0, bytes(range(64)))
    bench.post_tx(0, bytes(range(64)))
    bench.settle()
    assert len(bench.wire[0][0]) == 68
    assert bench.wire[1][0] == bytes(range(64))


@pytest.mark.parametrize(
    ("what", "start", "offset", "flags", "length"),
    [
        ("beyond", 30, 29, CSUM, 60),
        ("start beyond", 59, 0, CSUM, 60),
        ("as far as can be", 0x3FFF, 0x3FFF, CSUM, 60),
        ("long", 0, 0, VLAN, MAX_FRAME - 3),
    ],
)
def test_offload_that_does_not_fit_its_frame_halts_the_ring(
    what: str, start: int, offset: int, flags: int, length: int
) -> None:
    bench = Bench()
    rules: list[str] = []
    bench.platform.on_rule = lambda rule, text, time: rules.append(f"{rule}: {text}")
    bench.start()
    post_offload(bench, start, offset, 0, flags)
    bench.post_tx(0, bytes(length))
    bench.settle()
    assert rules and "DESC: tx0" in rules[0], what
    assert bench.read(hw.qp(0) + hw.QP_TX_STATUS) >> 4 == hw.RING_ERROR_BAD_DESC
    assert not bench.wire


@pytest.mark.parametrize("inside", [True, False])
def test_offload_inside_a_frame_or_twice_halts_the_ring(inside: bool) -> None:
    """Frames before it are sent; after a restart nothing of it is left."""
    bench = Bench()
    rules: list[str] = []
    bench.platform.on_rule = lambda rule, text, time: rules.append(text)
    bench.start()
    bench.post_tx(0, bytes(range(60)))
    post_offload(bench, 20, 4, 5, CSUM | VLAN)
    if inside:
        bench.post_tx(0, bytes(20), at=0x41000, doorbell=False)
        slot = bench.ring(0, 0) + 2 * 16
        hw.TX_DESC.pack_into(bench.memory.mem, slot, bench.bus(0x41000), 20, 0)
    post_offload(bench)
    bench.post_tx(0, bytes(60), at=0x42000)
    bench.settle()
    assert rules and ("inside a frame" if inside else "twice") in rules[0]
    assert [f for f, _ in bench.wire] == [bytes(range(60))]
    bench.write(hw.qp(0) + hw.QP_TX_CTRL, 0)
    bench.settle()
    bench.write(hw.qp(0) + hw.QP_TX_TAIL, 0)
    bench.write(hw.qp(0) + hw.QP_TX_CTRL, 1)
    bench.tx_tail[0] = 0
    bench.post_tx(0, bytes(range(64)))
    bench.settle()
    assert bench.wire[1][0] == bytes(range(64))


def post_tso(bench: Bench, mss: int, hdr_len: int, l3_off: int, l4_off: int, ctrl: int = 0, flags: int = 0) -> None:
    """A TSO descriptor into queue 0's ring; the doorbell comes with the segment."""
    slot = bench.ring(0, 0) + (bench.tx_tail[0] % SIZE) * 16
    ctrl |= hw.TX_KIND_TSO << hw.TX_TSO_CTRL_KIND_SHIFT | mss | hdr_len << hw.TX_TSO_CTRL_HDR_LEN_SHIFT
    hw.TX_TSO.pack_into(bench.memory.mem, slot, 0xFFFFFFF0, 0xFFFF | 7 << 16, ctrl, l3_off | l4_off << 8 | flags << 16)
    bench.tx_tail[0] = (bench.tx_tail[0] + 1) & 0xFFFF


def test_tso_frames_have_their_fields() -> None:
    """Sequence number and ID wrap, CWR is in the first frame, FIN and PSH in the last; one completion for all."""
    bench = Bench()
    bench.start()
    ip = b"\x45" + bytes(3) + b"\xff\xff" + bytes(14)
    tcp = bytes(4) + b"\xff\xff\xff\xf0" + bytes(4) + b"\x50\xff" + bytes(6)
    head = bytes(12) + b"\x08\x00" + ip + tcp
    post_tso(bench, 100, 54, 14, 34, hw.TX_TSO_CTRL_VLAN, 0xFF)
    bench.post_tx(0, head + bytes(50), bytes(160))
    bench.settle()
    frames = [f for f, _ in bench.wire]
    assert [len(f) for f in frames] == [158, 158, 68]
    assert [f[12:18].hex() for f in frames] == ["810000070800"] * 3
    assert [f[20:24].hex() for f in frames] == ["008cffff", "008c0000", "00320001"]
    assert [f[42:46].hex() for f in frames] == ["fffffff0", "00000054", "000000b8"]
    assert [f[51] for f in frames] == [0xF6, 0x76, 0x7F]
    assert all(naive(f[18:38]) == 0 for f in frames)
    assert bench.records(0, 1, 0, 1)[0][0] == 3
    assert bench.read(hw.TX_FRAMES_LO) == 3


@pytest.mark.parametrize(
    ("mss", "hdr_len", "l3_off", "l4_off", "first"),
    [
        (0, 54, 14, 34, 60),
        (100, 53, 14, 34, 60),
        (100, 54, 15, 34, 60),
        (MAX_FRAME - 53, 54, 14, 34, 60),
        (100, 54, 14, 34, 53),
        (100, 54, 14, 34, 54),
    ],
)
def test_tso_with_headers_that_do_not_fit_halts_the_ring(
    mss: int, hdr_len: int, l3_off: int, l4_off: int, first: int
) -> None:
    bench = Bench()
    rules: list[str] = []
    bench.platform.on_rule = lambda rule, text, time: rules.append(text)
    bench.start()
    post_tso(bench, mss, hdr_len, l3_off, l4_off)
    bench.post_tx(0, bytes(first))
    bench.settle()
    assert rules
    assert bench.read(hw.qp(0) + hw.QP_TX_STATUS) >> 4 == hw.RING_ERROR_BAD_DESC
    assert not bench.wire
    assert "TSO of" in str(TxTso(0, mss, 0))
