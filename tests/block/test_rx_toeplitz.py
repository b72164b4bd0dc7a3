# SPDX-License-Identifier: Apache-2.0
"""nic_rx_toeplitz: Microsoft's published vectors ("Verifying the RSS Hash Calculation"), each bit of the data alone,
and a hash in every clock, or one in three, against the definition."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import cocotb
import pytest

from tests.block.rx_bench import Mistake, built, simulate_mistake
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Pins

MODULE = "nic_rx_toeplitz"
LATENCY = 3

KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa")
# Destination and its port, source and its port, the hash of the addresses, and with ports.
VECTORS = [
    ("161.142.100.80", 1766, "66.9.149.187", 2794, 0x323E8FC2, 0x51CCC178),
    ("65.69.140.83", 4739, "199.92.111.2", 14230, 0xD718262A, 0xC626B0EA),
    ("12.22.207.184", 38024, "24.19.198.95", 12898, 0xD2D0A5DE, 0x5C2B394A),
    ("209.142.163.6", 2217, "38.27.205.30", 48228, 0x82989176, 0xAFC7327F),
    ("202.188.127.2", 1303, "153.39.163.191", 44251, 0x5D1809C5, 0x10E828A2),
    ("3ffe:2501:200:3::1", 1766, "3ffe:2501:200:1fff::7", 2794, 0x2CC18CD5, 0x40207D3D),
    ("ff02::1", 4739, "3ffe:501:8::260:97ff:fe40:efab", 14230, 0x0F0C461C, 0xDDE51BBF),
    ("fe80::200:f8ff:fe21:67cf", 38024, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, 0x4B61E985, 0x02D1FEEF),
]


def defined(key: bytes, data: bytes) -> int:
    """The definition: bit by bit, with the key's window moved along."""
    bits = int.from_bytes(key, "big")
    value = 0
    for n in range(8 * len(data)):
        if data[n // 8] >> (7 - n % 8) & 1:
            value ^= bits >> (8 * len(key) - 32 - n) & 0xFFFFFFFF
    return value


class Hasher:
    """Gives frames to the module, and compares what comes out with what is due."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.due: dict[int, tuple[int, int]] = {}
        self.ahead: dict[str, int] | None = None  # the frame of this clock: soon_i told of it in the last
        self.ports: int | None = None  # of the frame of the last clock
        self.interval = 3  # clocks between frames whose hash is wanted
        self.free = 0  # the clock from which on there may be the next

    @classmethod
    async def start(cls, dut: Any) -> Hasher:
        names = ("key_i", "soon_i", "valid_i", "want_i", "ip4_i", "addrs_i", "ports_i", "along_i")
        return cls(await Pins.start(dut, **dict.fromkeys(names, 0)))

    async def frame(self, key: bytes, addrs: bytes, ports: bytes, want: int = 1, value: int | None = None) -> None:
        """One frame in the next clock; `value`: what its hash is known to be."""
        pins = self.pins
        while want and pins.clock + 1 < self.free:
            await self.gap()
        if want:
            self.free = pins.clock + 1 + self.interval
        along = (pins.clock + 1) & 0xFF
        if value is None:
            value = defined(key, addrs + ports)
        self.due[pins.clock + 1 + LATENCY] = (value if want else 0), along
        pins.drive(key_i=int.from_bytes(key, "big"))
        await self.step(
            want_i=want, ip4_i=int(len(addrs) == 8), along_i=along,
            addrs_i=int.from_bytes(addrs.ljust(32, b"\0"), "big"), ports=int.from_bytes(ports, "big"),
        )  # fmt: skip

    async def gap(self) -> None:
        """No frame in the next clock."""
        await self.step()

    async def step(self, **following: int) -> None:
        """To the end of the clock; the frame of the next, if there is one."""
        pins = self.pins
        now = self.ahead or {}
        ports, self.ports = self.ports, now.pop("ports", None)
        pins.drive(soon_i=int(bool(following)), valid_i=int(bool(now)), want_i=0)
        pins.drive(ports_i=pins.rng.getrandbits(32) if ports is None else ports, **now)
        self.ahead = following
        await pins.settle()
        due = self.due.pop(pins.clock, None)
        assert pins.read("valid_o") == (due is not None), f"clock {pins.clock}: valid_o, due is {due}"
        if due:
            got = pins.read("hash_o"), pins.read("along_o")
            assert got == due, f"clock {pins.clock}: hash {got[0]:#010x}, {got[1]}, not {due[0]:#010x}, {due[1]}"
        await pins.tick()

    async def rest(self) -> None:
        for _ in range(LATENCY + 2):
            await self.gap()
        assert not self.due


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def published_vectors(dut: Any) -> None:
    """IPv4 and IPv6, without ports and with TCP's."""
    hasher = await Hasher.start(dut)
    for dest, dport, source, sport, ip_hash, tcp_hash in VECTORS:
        addrs = ipaddress.ip_address(source).packed + ipaddress.ip_address(dest).packed
        await hasher.frame(KEY, addrs, bytes(4), value=ip_hash)
        await hasher.frame(KEY, addrs, sport.to_bytes(2, "big") + dport.to_bytes(2, "big"), value=tcp_hash)
    await hasher.rest()


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def each_bit_of_the_data_alone(dut: Any) -> None:
    """Its hash is the key's 32 bits at its place."""
    hasher = await Hasher.start(dut)
    for size in (8, 32):
        for n in range(8 * (size + 4)):
            data = (1 << (8 * (size + 4) - 1 - n)).to_bytes(size + 4, "big")
            value = int.from_bytes(KEY, "big") >> (320 - 32 - n) & 0xFFFFFFFF
            await hasher.frame(KEY, data[:size], data[size:], value=value)
    await hasher.rest()


async def random_frames(dut: Any, interval: int) -> None:
    """Kinds mixed, gaps, frames whose hash is not wanted; keys change when nothing is under way."""
    hasher = await Hasher.start(dut)
    hasher.interval = interval
    rng = hasher.pins.rng
    for _ in range(30):
        key = rng.choice((KEY, rng.randbytes(40), b"\xff" * 40))
        for _ in range(20):
            if rng.random() < 0.2:
                await hasher.gap()
            ports = rng.randbytes(4) if rng.random() < 0.7 else bytes(4)
            await hasher.frame(key, rng.randbytes(rng.choice((8, 32))), ports, want=rng.random() < 1 - 0.2 * interval)
        await hasher.rest()


@cocotb.test(timeout_time=8, timeout_unit="ms")
async def a_hash_in_three_clocks(dut: Any) -> None:
    """Frames whose hash is not wanted come at any clock."""
    await random_frames(dut, 3)


@cocotb.test(timeout_time=8, timeout_unit="ms")
async def a_hash_in_every_clock(dut: Any) -> None:
    await random_frames(dut, 1)


MISTAKES: dict[str, Mistake] = {
    "ports of IPv4 are hashed as those of IPv6": (
        "nic_rx_toeplitz.sv", "ip4_0_q ? 32'b0 : ports_i", "ports_i", "published_vectors", "hash ",
    ),
    "the key's window is a bit off": (
        "nic_rx_toeplitz.sv", "key[b+1+:96]", "key[b+:96]",
        "each_bit_of_the_data_alone", "hash ",
    ),
    "a frame that is not hashed has a hash": (
        "nic_rx_toeplitz.sv", "want1_q ? hash1_q ^", "1'b1 ? hash1_q ^", "a_hash_in_every_clock", "hash ",
    ),
}  # fmt: skip
SHARED_MISTAKES: dict[str, Mistake] = {
    "a frame that is not hashed has the hash before it": (
        "nic_rx_toeplitz.sv", "if (valid1_q) hash_o <= '0;", "", "a_hash_in_three_clocks", "hash ",
    ),
    "a hash begins with the one before it": (
        "nic_rx_toeplitz.sv", "hash_q <= third_q ? '0 : hash;", "hash_q <= hash;", "published_vectors", "hash ",
    ),
    "a frame that is not hashed takes a step": (
        "nic_rx_toeplitz.sv", "if (first || second_q || third_q)", "if (first || valid0_q || third_q)",
        "a_hash_in_three_clocks", "hash ",
    ),
}  # fmt: skip


TESTS = cocotb_tests_of(Path(__file__))


@pytest.mark.parametrize(
    ("interval", "test"), [(1, test) for test in TESTS] + [(3, test) for test in TESTS if "every" not in test]
)
def test_rx_toeplitz(interval: int, test: str) -> None:
    simulate(built(MODULE, Along=8, Interval=interval), MODULE, "tests.block.test_rx_toeplitz", test, zeros=True)


@pytest.mark.parametrize("mistake", [*MISTAKES, *SHARED_MISTAKES])
def test_rx_toeplitz_mistake_is_found(mistake: str) -> None:
    interval = 3 if mistake in SHARED_MISTAKES else 1
    found = {**MISTAKES, **SHARED_MISTAKES}[mistake]
    simulate_mistake(MODULE, "tests.block.test_rx_toeplitz", found, zeros=True, Along=8, Interval=interval)
