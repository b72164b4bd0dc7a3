# SPDX-License-Identifier: Apache-2.0
"""nic_rx_toeplitz: Microsoft's published vectors ("Verifying the RSS Hash Calculation"), each bit of the data alone,
and a hash in every clock against the definition."""

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
        self.ports: int | None = None  # of the frame in this clock: they come in the next

    @classmethod
    async def start(cls, dut: Any) -> Hasher:
        names = ("key_i", "valid_i", "want_i", "ip4_i", "addrs_i", "ports_i", "along_i")
        return cls(await Pins.start(dut, **dict.fromkeys(names, 0)))

    async def frame(self, key: bytes, addrs: bytes, ports: bytes, want: int = 1, value: int | None = None) -> None:
        """One frame in one clock; `value`: what its hash is known to be."""
        pins = self.pins
        along = pins.clock & 0xFF
        if value is None:
            value = defined(key, addrs + ports)
        self.due[pins.clock + LATENCY] = (value if want else 0), along
        pins.drive(
            key_i=int.from_bytes(key, "big"), valid_i=1, want_i=want, ip4_i=len(addrs) == 8,
            addrs_i=int.from_bytes(addrs.ljust(32, b"\0"), "big"), along_i=along,
        )  # fmt: skip
        self.ports = int.from_bytes(ports, "big")
        await self.step()

    async def step(self) -> None:
        """To the end of the clock."""
        pins = self.pins
        await pins.settle()
        due = self.due.pop(pins.clock, None)
        assert pins.read("valid_o") == (due is not None), f"clock {pins.clock}: valid_o, due is {due}"
        if due:
            got = pins.read("hash_o"), pins.read("along_o")
            assert got == due, f"clock {pins.clock}: hash {got[0]:#010x}, {got[1]}, not {due[0]:#010x}, {due[1]}"
        await pins.tick()
        pins.drive(ports_i=pins.rng.getrandbits(32) if self.ports is None else self.ports)
        self.ports = None

    async def rest(self) -> None:
        self.pins.drive(valid_i=0)
        for _ in range(LATENCY + 1):
            await self.step()
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


@cocotb.test(timeout_time=8, timeout_unit="ms")
async def random_frames_a_clock_each(dut: Any) -> None:
    """Kinds mixed, gaps, frames whose hash is not wanted; keys change when nothing is under way."""
    hasher = await Hasher.start(dut)
    rng = hasher.pins.rng
    for _ in range(30):
        key = rng.choice((KEY, rng.randbytes(40), b"\xff" * 40))
        for _ in range(20):
            if rng.random() < 0.2:
                hasher.pins.drive(valid_i=0)
                await hasher.step()
            ports = rng.randbytes(4) if rng.random() < 0.7 else bytes(4)
            await hasher.frame(key, rng.randbytes(rng.choice((8, 32))), ports, want=rng.random() < 0.8)
        await hasher.rest()


MISTAKES: dict[str, Mistake] = {
    "ports of IPv4 are hashed as those of IPv6": (
        "nic_rx_toeplitz.sv", "ip4_0_q ? key_i[255:192] : key_i[63:0]", "key_i[63:0]", "published_vectors", "hash ",
    ),
    "the key's window is a bit off": (
        "nic_rx_toeplitz.sv", "word[31-i] ? key[32-i+:32]", "word[31-i] ? key[31-i+:32]",
        "each_bit_of_the_data_alone", "hash ",
    ),
    "a frame that is not hashed has a hash": (
        "nic_rx_toeplitz.sv", "if (want1_q) begin", "begin", "random_frames_a_clock_each", "hash ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
def test_rx_toeplitz(test: str) -> None:
    simulate(built(MODULE, Along=8), MODULE, "tests.block.test_rx_toeplitz", test)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_rx_toeplitz_mistake_is_found(mistake: str) -> None:
    simulate_mistake(MODULE, "tests.block.test_rx_toeplitz", MISTAKES[mistake], Along=8)
