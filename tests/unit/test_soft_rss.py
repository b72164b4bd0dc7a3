# SPDX-License-Identifier: Apache-2.0
"""RSS of the soft NIC: Microsoft's published vectors, the host model's flow dissector, table and registers."""

from __future__ import annotations

import random
import socket

import pytest

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_rss import Rss, headers
from tests.unit.soft_bench import Bench

# https://learn.microsoft.com/windows-hardware/drivers/network/verifying-the-rss-hash-calculation
KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa")
VECTORS = [
    ("66.9.149.187", 2794, "161.142.100.80", 1766, 0x323E8FC2, 0x51CCC178),
    ("199.92.111.2", 14230, "65.69.140.83", 4739, 0xD718262A, 0xC626B0EA),
    ("24.19.198.95", 12898, "12.22.207.184", 38024, 0xD2D0A5DE, 0x5C2B394A),
    ("38.27.205.30", 48228, "209.142.163.6", 2217, 0x82989176, 0xAFC7327F),
    ("153.39.163.191", 44251, "202.188.127.2", 1303, 0x5D1809C5, 0x10E828A2),
    ("3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2CC18CD5, 0x40207D3D),
    ("3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0F0C461C, 0xDDE51BBF),
    ("3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024, 0x4B61E985, 0x02D1FEEF),
]
ALL = 0x3F


def packet(
    src: str, sport: int, dst: str, dport: int, *, proto: int = 6, tags: int = 0, ext: bytes = b"", frag: int = 0
) -> bytes:
    """A frame with these addresses and ports. ``ext`` is a chain of IPv6 headers: (number, body) laid end to end."""
    eth = bytes.fromhex("020000000001020000000002") + bytes.fromhex("81000005" "88a80006")[: 4 * tags]
    l4 = sport.to_bytes(2, "big") + dport.to_bytes(2, "big") + bytes(16)
    if ":" in src:
        first = ext[0] if ext else proto
        ip = b"\x60\0\0\0" + (len(ext) + len(l4)).to_bytes(2, "big") + bytes((first, 64))
        ip += socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
        return eth + b"\x86\xdd" + ip + ext[1:] + l4
    ip = b"\x45\0\0\x28\0\0" + frag.to_bytes(2, "big") + bytes((64, proto, 0, 0))
    return eth + b"\x08\0" + ip + socket.inet_aton(src) + socket.inet_aton(dst) + l4


def rss(ctrl: int = ALL) -> Rss:
    unit = Rss(16)
    unit.key[:] = KEY
    unit.set_ctrl(ctrl)
    return unit


@pytest.mark.parametrize("proto", [6, 17])
@pytest.mark.parametrize("tags", [0, 1, 2])
@pytest.mark.parametrize(("src", "sport", "dst", "dport", "plain", "ports"), VECTORS)
def test_rss_hash_of_published_vectors(
    src: str, sport: int, dst: str, dport: int, plain: int, ports: int, proto: int, tags: int
) -> None:
    frame = packet(src, sport, dst, dport, proto=proto, tags=tags)
    ip = hw.RSS_TYPE_IP6 if ":" in src else hw.RSS_TYPE_IP4
    assert rss().hash(frame, headers(frame)) == (ports, ip + (1 if proto == 6 else 2))
    assert rss(hw.RSS_CTRL_IP4 | hw.RSS_CTRL_IP6).hash(frame, headers(frame)) == (plain, ip)
    assert rss(0).hash(frame, headers(frame)) == (0, hw.RSS_TYPE_NONE)


@pytest.mark.parametrize("vector", VECTORS)
def test_rss_symmetric_hash_is_that_of_the_other_direction(vector: tuple[str, int, str, int, int, int]) -> None:
    """RXH_XFRM_SYM_XOR: both directions have one hash, of addresses alone and with ports."""
    src, sport, dst, dport, *_ = vector
    there, back = packet(src, sport, dst, dport), packet(dst, dport, src, sport)
    for types in (ALL, hw.RSS_CTRL_IP4 | hw.RSS_CTRL_IP6):
        unit = rss(types | hw.RSS_CTRL_SYM_XOR)
        assert unit.hash(there, headers(there)) == unit.hash(back, headers(back))
        assert unit.hash(there, headers(there)) != rss(types).hash(there, headers(there))


def test_headers_ipv6_extension_chain_is_followed_as_far_as_it_goes() -> None:
    src, sport, dst, dport, plain, ports = VECTORS[5]
    hop, dest = b"\0", b"\x3c"

    def hashed(ext: bytes) -> int:
        frame = packet(src, sport, dst, dport, ext=ext)
        return rss().hash(frame, headers(frame))[0]

    assert hashed(hop + b"\x06\0" + bytes(6)) == ports
    assert hashed(hop + dest + b"\x01" + bytes(14) + b"\x06\0" + bytes(6)) == ports
    assert hashed(b"\x2b" + b"\x06\0\0\0" + bytes(4)) == ports, "a routing header without segments left"
    assert hashed(b"\x2b" + b"\x06\0\0\x01" + bytes(4)) == plain
    assert hashed(b"\x2c" + b"\x06\0\0\0" + bytes(4)) == plain, "behind a fragment header"
    assert hashed(hop + 3 * (dest + b"\0" + bytes(6)) + b"\x06\0" + bytes(6)) == ports
    assert hashed(hop + 4 * (dest + b"\0" + bytes(6)) + b"\x06\0" + bytes(6)) == plain, "more than four"
    assert hashed(hop + b"\x06\x07" + bytes(62)) == plain, "beyond what the device sees"


def test_headers_ipv4_fragment_has_no_ports() -> None:
    src, sport, dst, dport, plain, ports = VECTORS[0]
    for frag, want in ((0, ports), (0x4000, ports), (0x2000, plain), (0x0001, plain)):
        frame = packet(src, sport, dst, dport, frag=frag)
        assert rss().hash(frame, headers(frame))[0] == want


def test_rss_table_and_key_registers_choose_the_queue() -> None:
    """hash[6:0] is the entry; a queue that does not exist acts as 0; the record has hash and type."""
    rng = random.Random(3)
    bench = Bench(queues=4)
    for q in range(4):
        bench.start(q)
        bench.post_rx(q, 8)
    table = [rng.randrange(6) for _ in range(128)]
    for word in range(hw.RSS_KEY_COUNT):
        bench.write(hw.rss_key(word), int.from_bytes(KEY[4 * word : 4 * word + 4], "little"))
    for word in range(hw.RSS_TABLE_COUNT):
        value = int.from_bytes(bytes(table[4 * word : 4 * word + 4]), "little")
        bench.write(hw.rss_table(word), value)
        assert bench.read(hw.rss_table(word)) == value
    bench.write(hw.RSS_CTRL, ALL)
    bench.settle()
    assert bench.read(hw.rss_key(9)) == int.from_bytes(KEY[36:], "little")
    want = [0] * 4
    for src, sport, dst, dport, _, ports in VECTORS:
        bench.platform.wire_send(packet(src, sport, dst, dport), 0)
        queue = table[ports & 127]
        want[queue if queue < 4 else 0] += 1
    bench.settle()
    assert [bench.read(hw.qp(q) + hw.QP_RXC_HEAD) for q in range(4)] == want
    seen = set()
    for q in range(4):
        for _, value, status, _ in bench.records(q, 3, 0, want[q]):
            seen.add((value, (status & hw.RX_COMPLETION_STATUS_HASH_TYPE) >> hw.RX_COMPLETION_STATUS_HASH_TYPE_SHIFT))
    assert seen == {(v[5], hw.RSS_TYPE_TCP6 if ":" in v[0] else hw.RSS_TYPE_TCP4) for v in VECTORS}
