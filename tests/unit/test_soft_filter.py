# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's RX filter, and VLAN tags taken out of frames, through its registers (rtl/README.md, "Receive")."""

from __future__ import annotations

import random

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_csum import sum16
from pymodel.drivers.nic.softnic_filter import address_hash
from tests.unit.soft_bench import Bench


def frame(dest: str, rest: str = "88b5", n: int = 60) -> bytes:
    head = bytes.fromhex(dest + "020000000002" + rest)
    return head + bytes(range(n - len(head)))


def passes(bench: Bench, data: bytes, counter: int = hw.RX_DROP_FILTER_LO) -> bool:
    """Is the frame delivered? If not, ``counter`` alone counts it."""
    delivered, dropped = bench.read(hw.RX_FRAMES_LO), bench.read(counter)
    bench.post_rx(0, 1)
    bench.settle()
    bench.platform.wire_send(data, 0)
    bench.settle()
    now = bench.read(hw.RX_FRAMES_LO) - delivered, bench.read(counter) - dropped
    assert now in ((1, 0), (0, 1))
    return now == (1, 0)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.start()
    bench.write(hw.RX_CTRL, 0)
    bench.settle()
    return bench


def write_addr(bench: Bench, entry: int, dest: str, valid: bool = True) -> None:
    addr = bytes.fromhex(dest)
    bench.write(hw.rx_addr(entry) + hw.RX_ADDR_LO, int.from_bytes(addr[:4], "little"))
    bench.write(
        hw.rx_addr(entry) + hw.RX_ADDR_HI, int.from_bytes(addr[4:], "little") | hw.RX_ADDR_HI_VALID * valid
    )  # fmt: skip
    bench.settle()


@pytest.mark.parametrize("dest", ["02aabbccddee", "01005e000042"])
@pytest.mark.parametrize("entry", [0, 7, 15])
def test_filter_address_entry_passes_its_address_while_valid(bench: Bench, entry: int, dest: str) -> None:
    assert not passes(bench, frame(dest))
    write_addr(bench, entry, dest)
    assert passes(bench, frame(dest))
    assert not passes(bench, frame(dest[:-1] + "f"))
    write_addr(bench, entry, dest, valid=False)
    assert not passes(bench, frame(dest))


def test_filter_hash_is_the_upper_byte_of_ether_crc() -> None:
    rng = random.Random(5)
    for _ in range(500):
        addr = rng.randbytes(6)
        assert address_hash(addr) == linux.ether_crc(6, addr) >> 24


@pytest.mark.parametrize("dest", ["02aabbccddee", "01005e000042", "333300000001"])
def test_filter_hash_bit_passes_what_has_this_hash(bench: Bench, dest: str) -> None:
    bit = linux.ether_crc(6, bytes.fromhex(dest)) >> 24
    for word in range(hw.RX_HASH_COUNT):
        bench.write(hw.rx_hash(word), 0xFFFFFFFF ^ (1 << bit % 32 if word == bit // 32 else 0))
    bench.settle()
    assert not passes(bench, frame(dest))
    for word in range(hw.RX_HASH_COUNT):
        bench.write(hw.rx_hash(word), 1 << bit % 32 if word == bit // 32 else 0)
    bench.settle()
    assert passes(bench, frame(dest))


def test_filter_vlan_passes_what_is_set_and_what_has_no_outer_c_tag(bench: Bench) -> None:
    """Priority and DEI do not matter; S-tags, and tags that are cut short, are not looked at."""
    bench.write(hw.RX_CTRL, hw.RX_CTRL_VLAN_FILTER | hw.RX_CTRL_PROMISC)
    for vid in (0, 5, 4095):
        bench.settle()
        data = frame("020000000001", f"8100{0xE000 | vid:04x}88b5")
        assert not passes(bench, data, hw.RX_DROP_VLAN_LO)
        bench.write(hw.vlan_filter(vid >> 5), 1 << (vid & 31))
        bench.settle()
        assert passes(bench, data, hw.RX_DROP_VLAN_LO)
        assert not passes(bench, frame("020000000001", f"8100{vid ^ 1:04x}88b5"), hw.RX_DROP_VLAN_LO)
    assert passes(bench, frame("020000000001"))
    assert passes(bench, frame("020000000001", "88a80007810000078100"))
    assert passes(bench, frame("020000000001", "81000007", 18)[:17])


def test_filter_drops_an_address_before_its_vlan(bench: Bench) -> None:
    """Each frame is counted once, under the first reason."""
    bench.write(hw.RX_CTRL, hw.RX_CTRL_VLAN_FILTER)
    bench.settle()
    assert not passes(bench, frame("02aabbccddee", "8100000588b5"), hw.RX_DROP_FILTER_LO)
    assert bench.read(hw.RX_DROP_VLAN_LO) == 0


@pytest.mark.parametrize(
    ("rest", "taken"),
    [("8100a12388b5", True), ("8100a1238100000788b5", True), ("88a8a12388b5", False), ("88b5", False)],
)
@pytest.mark.parametrize("strip", [False, True])
def test_vlan_strip_takes_the_outer_c_tag_out_and_reports_it(bench: Bench, rest: str, taken: bool, strip: bool) -> None:
    """The sum is that of what follows the Ethernet header of the frame that is delivered."""
    bench.write(hw.RX_CTRL, hw.RX_CTRL_PROMISC | strip * hw.RX_CTRL_VLAN_STRIP)
    bench.post_rx(0, 1)
    bench.settle()
    data = frame("020000000001", rest, 90)
    bench.platform.wire_send(data, 0)
    bench.settle()
    word, _, status, tail = bench.records(0, 3, 0, 1)[0]
    taken = taken and strip
    want = data[:12] + data[16:] if taken else data
    assert word == len(want)
    assert bytes(bench.memory.mem[bench.buffer(0) :][: len(want)]) == want
    assert bool(status & hw.RX_COMPLETION_STATUS_VLAN) is taken
    assert tail == hw.RX_COMPLETION_PHASE_PHASE | (0xA123 if taken else 0)
    assert status >> hw.RX_COMPLETION_STATUS_CSUM_SHIFT == sum16(want[14:])
    assert bench.read(hw.RX_BYTES_LO) == len(want)


def test_filter_is_empty_after_a_reset(bench: Bench) -> None:
    write_addr(bench, 3, "02aabbccddee")
    bench.write(hw.rx_hash(2), 1)
    bench.write(hw.vlan_filter(127), 1)
    bench.write(hw.RESET, hw.RESET_RESET)
    bench.settle()
    places = [hw.rx_addr(3), hw.rx_addr(3) + hw.RX_ADDR_HI, hw.rx_hash(2), hw.vlan_filter(127)]
    assert [bench.read(place) for place in places] == [0] * 4
