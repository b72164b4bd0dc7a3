# SPDX-License-Identifier: Apache-2.0
"""nic_rx_parse: filter, hash, table entry and plan of the sums of frames of all kinds, against the soft NIC's
own reading of them, and corners whose decision is written out here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_csum import sum16
from pymodel.drivers.nic.softnic_rss import SEEN, Rss, headers
from tests.block.rx_bench import KINDS, PLAN, Mistake, beats_of, built, simulate_mistake
from tests.block.simulate import cocotb_tests_of, simulate
from tests.block.tx_bench import Layout, Pins
from tests.scenarios.wild import wild_frame

MODULE = "nic_rx_parse"
LATENCY = 11  # clocks from the beat that completes the header, or ends the frame, to the decision's

GLOB = Layout(enable=1, mac=48, promisc=1, allmulti=1, broadcast=1, vlan_strip=1, vlan_filter=1, max_frame=14)
RSS = Layout(key=320, sym_xor=1, types=6)
HEADER = 128
TCP, UDP = 6, 17


class Parser:
    """Gives frames to the module, answers for filter and table, and compares what is decided with what is due."""

    def __init__(self, pins: Pins, queues: int) -> None:
        self.pins = pins
        self.width = len(pins.dut.data_i) // 8
        self.rss = Rss(queues)
        self.strip = self.check = False
        self.sent: list[bytes] = []  # not looked up yet
        self.answers: dict[int, tuple[int, int]] = {}
        self.passed: list[tuple[int, int]] = []
        self.due: dict[int, tuple[bytes, dict[str, Any]]] = {}
        self.kinds: set[int] = set()
        self.wanted = self.checked = 0

    @classmethod
    async def start(cls, dut: Any) -> Parser:
        names = ["glob_i", "rss_cfg_i", "rss_queue_i", "filter_addr_i", "filter_vlan_i"]
        names += ["beat_i", "valid_i", "data_i", "last_i", "bytes_i"]
        parser = cls(await Pins.start(dut, **dict.fromkeys(names, 0)), 1 << len(dut.queue_o))
        parser.rss.key[:] = parser.pins.rng.randbytes(40)
        parser.set(0x3F)
        return parser

    def set(self, ctrl: int, *, strip: bool = False, check: bool = False) -> None:
        """Registers; only while nothing is under way."""
        assert not self.due
        self.rss.set_ctrl(ctrl)
        self.strip, self.check = strip, check
        self.pins.drive(
            glob_i=GLOB.pack({"enable": 1, "vlan_strip": strip, "vlan_filter": check}),
            rss_cfg_i=RSS.pack({
                "key": int.from_bytes(self.rss.key, "big"), "types": self.rss.types, "sym_xor": self.rss.sym_xor,
            }),
        )  # fmt: skip

    def expected(self, frame: bytes) -> dict[str, Any]:
        """All but what the filter answers."""
        found = headers(frame)
        value, kind = self.rss.hash(frame, found)
        tag = frame[12:14] == b"\x81\x00" and len(frame) >= 18
        ip, l3, proto, l4 = found
        ip_ok = ip == 4 and sum16(frame[l3:l4]) == 0xFFFF
        plan = {"ip_ok": ip_ok, "strip": tag and self.strip, "want": 0}
        if ip_ok or ip == 6:
            end = l3 + int.from_bytes(frame[l3 + 2 : l3 + 4], "big")
            addresses = frame[l3 + 12 : l3 + 20]
            if ip == 6:
                end, addresses = l3 + 40 + int.from_bytes(frame[l3 + 4 : l3 + 6], "big"), frame[l3 + 8 : l3 + 40]
            length = end - l4
            good = proto == TCP and length >= 20
            if proto == UDP and length >= 8:
                good = frame[l4 + 4 : l4 + 6] == length.to_bytes(4, "big")[2:] and frame[l4 + 6 : l4 + 8] != b"\0\0"
            if good and min(len(frame) - l3, SEEN) >= l4 - l3 + 8:
                pseudo = addresses + bytes((0, proto)) + (length & 0xFFFF).to_bytes(2, "big")
                plan |= {"want": 1, "l4_start": l4, "l4_end": end, "pseudo": sum16(pseudo)}
        return {"hash": value, "kind": KINDS[kind], "plan": plan, "checked": tag and self.check}

    async def frame(self, frame: bytes, **known: Any) -> None:
        """One frame; `known`: what is written out about it."""
        pins = self.pins
        expected = self.expected(frame)
        for name, value in known.items():
            mine = expected["plan"][name] if name in expected["plan"] else expected.get(name)
            assert mine == value, f"the model says {name} {mine}, not {value}: {frame.hex()}"
        at = 0
        beats = beats_of(frame, self.width)
        for n, (data, count) in enumerate(beats):
            at += self.width
            last = n == len(beats) - 1
            pins.drive(beat_i=1, valid_i=1, data_i=data, last_i=last, bytes_i=count)
            if at == HEADER or (last and at < HEADER):
                self.sent.append(frame)
                self.due[pins.clock + LATENCY] = frame, expected
            await self.step()

    async def step(self) -> None:
        pins = self.pins
        addr, vlan = self.answers.pop(pins.clock, (pins.rng.getrandbits(1), pins.rng.getrandbits(1)))
        queue = pins.rng.randrange(self.rss.queues)
        pins.drive(filter_addr_i=addr, filter_vlan_i=vlan, rss_queue_i=queue)
        await pins.settle()
        if pins.read("filter_look_o"):
            frame = self.sent.pop(0)
            dest, vid = pins.read("filter_dest_o"), pins.read("filter_vid_o")
            if len(frame) >= 6:
                assert dest == int.from_bytes(frame[:6], "little"), f"looked up {dest:#x}: {frame.hex()}"
            if len(frame) >= 16:
                assert vid == int.from_bytes(frame[14:16], "big") & 0xFFF, f"looked up VLAN {vid}: {frame.hex()}"
            answer = pins.rng.getrandbits(1), pins.rng.getrandbits(1)
            self.answers[pins.clock + 2] = answer
            self.passed.append(answer)
        due = self.due.pop(pins.clock, None)
        assert pins.read("valid_o") == (due is not None), f"clock {pins.clock}: valid_o, due is {due}"
        if due:
            self.judge(*due, queue)
        await pins.tick()

    def judge(self, frame: bytes, expected: dict[str, Any], queue: int) -> None:
        pins = self.pins
        addr, vlan = self.passed.pop(0)
        if len(frame) < 14:
            return  # a runt's decision has no meaning
        got = pins.read("hash_o"), KINDS[pins.read("type_o")]
        want = expected["hash"], expected["kind"]
        assert got == want, f"hash {got[0]:#010x} of {got[1]}, not {want[0]:#010x} of {want[1]}: {frame.hex()}"
        assert pins.read("rss_index_o") == got[0] & 127
        assert pins.read("queue_o") == queue
        passes = addr << 1 | (vlan or not expected["checked"])
        assert pins.read("pass_o") == passes, f"passes {pins.read('pass_o')}, not {passes}: {frame.hex()}"
        plan = PLAN.unpack(pins.read("plan_o"))
        plan["pseudo"] = plan["pseudo"] % 0xFFFF or 0xFFFF
        differ = {name: (plan[name], value) for name, value in expected["plan"].items() if plan[name] != value}
        assert not differ, f"plan (is, must be) {differ}: {frame.hex()}"
        self.kinds.add(KINDS.index(expected["kind"]))
        self.wanted += expected["plan"]["want"]
        self.checked += 1

    async def rest(self, clocks: int = LATENCY + 1) -> None:
        """Nothing comes, or beats of frames that are not taken."""
        pins = self.pins
        pins.drive(valid_i=0)
        for _ in range(clocks):
            pins.drive(beat_i=pins.rng.randrange(2), data_i=pins.rng.getrandbits(8 * self.width))
            await self.step()
        pins.drive(beat_i=0)


ETH = bytes.fromhex("020000000001 020000000002")


def ip4(
    proto: int, rest: bytes, *, words: int = 5, length: int | None = None, flags: int = 0, right: bool = True
) -> bytes:
    """An IPv4 packet behind an Ethernet header."""
    size = 4 * words + len(rest) if length is None else length
    head = bytearray([0x40 | words, 0, *size.to_bytes(2, "big"), 1, 2, *flags.to_bytes(2, "big"), 64, proto, 0, 0])
    head += bytes(range(10, 18)) + b"\x01" * (4 * words - 20)
    value = 0xFFFF - sum16(bytes(head))
    head[10:12] = (value if right else value ^ 1).to_bytes(2, "little")
    return b"\x08\0" + bytes(head) + rest


def ip6(first: int, rest: bytes) -> bytes:
    return b"\x86\xdd" + b"\x60\0\0\0" + len(rest).to_bytes(2, "big") + bytes([first, 64]) + bytes(range(32)) + rest


def ext(following: int, length: int = 0, left: int = 0) -> bytes:
    """An IPv6 extension header."""
    return bytes([following, length, 4, left]) + b"\x05" * (4 + 8 * length)


TCP_HEADER = bytes.fromhex("04d2162e 00000001 00000002 50100000 0000 0000")
UDP_HEADER = bytes.fromhex("04d2162e 0008 1234")
CTAG, STAG = b"\x81\0\x00\x05", b"\x88\xa8\x00\x06"

# Frames, and what is decided about them: kind of hash, and whether a transport checksum is looked at.
CORNERS: dict[str, tuple[bytes, str, int]] = {
    "TCP": (ip4(TCP, TCP_HEADER), "tcp4", 1),
    "UDP": (ip4(UDP, UDP_HEADER), "udp4", 1),
    "UDP without a checksum": (ip4(UDP, UDP_HEADER[:6] + b"\0\0"), "udp4", 0),
    "UDP of another length": (ip4(UDP, UDP_HEADER + b"\0"), "udp4", 0),
    "TCP of 19 bytes": (ip4(TCP, TCP_HEADER[:19]), "tcp4", 0),
    "ports cut": (ip4(TCP, TCP_HEADER[:3]), "ip4", 0),
    "ports alone": (ip4(TCP, TCP_HEADER[:4]), "tcp4", 0),
    "IPv4 header wrong": (ip4(TCP, TCP_HEADER, right=False), "tcp4", 0),
    "15 words of IPv4 header": (ip4(TCP, TCP_HEADER, words=15), "tcp4", 1),
    "4 words of IPv4 header": (b"\x08\0\x44" + ip4(TCP, TCP_HEADER)[3:], "none", 0),
    "version 5": (b"\x08\0\x55" + ip4(TCP, TCP_HEADER)[3:], "none", 0),
    "IPv6 as IPv4": (b"\x08\0" + ip6(TCP, TCP_HEADER)[2:], "none", 0),
    "options cut": (ip4(TCP, b"", words=15)[:-1], "none", 0),
    "first fragment": (ip4(TCP, TCP_HEADER, flags=0x2000), "ip4", 0),
    "last fragment": (ip4(TCP, TCP_HEADER, flags=0x0001), "ip4", 0),
    "fragment far behind": (ip4(TCP, TCP_HEADER, flags=0x1000), "ip4", 0),
    "must not be a fragment": (ip4(TCP, TCP_HEADER, flags=0x4000), "tcp4", 1),
    "IPv4 length short of the headers": (ip4(TCP, TCP_HEADER, length=27), "tcp4", 0),
    "TCP over IPv6": (ip6(TCP, TCP_HEADER), "tcp6", 1),
    "UDP over IPv6": (ip6(UDP, UDP_HEADER), "udp6", 1),
    "IPv6 cut": (ip6(TCP, b"")[:-1], "none", 0),
    "ICMP over IPv6": (ip6(58, TCP_HEADER), "ip6", 0),
    "four extension headers": (ip6(0, ext(60) + ext(43) + ext(60) + ext(TCP) + TCP_HEADER), "tcp6", 1),
    "five": (ip6(0, ext(60) + ext(43) + ext(60) + ext(60) + ext(TCP) + TCP_HEADER), "ip6", 0),
    "segments left": (ip6(43, ext(TCP, left=1) + TCP_HEADER), "ip6", 0),
    "routing done": (ip6(43, ext(TCP) + TCP_HEADER), "tcp6", 1),
    "options that look like segments left": (ip6(60, ext(TCP, left=1) + TCP_HEADER), "tcp6", 1),
    "IPv6 fragment": (ip6(44, ext(TCP) + TCP_HEADER), "ip6", 0),
    "transport at byte 96": (ip6(60, ext(TCP, 6) + TCP_HEADER), "tcp6", 1),
    "transport at byte 104": (ip6(60, ext(TCP, 7) + TCP_HEADER), "ip6", 0),
    "a length of 16 units more": (ip6(60, ext(TCP, 16) + TCP_HEADER), "ip6", 0),
    "extension header cut": (ip6(60, ext(TCP)[:7]), "ip6", 0),
    "ARP": (b"\x08\x06" + bytes(28), "none", 0),
}


@cocotb.test(timeout_time=8, timeout_unit="ms")
async def corners_are_decided_as_written_out(dut: Any) -> None:
    """Each without tags, with one, and with two."""
    parser = await Parser.start(dut)
    for packet, kind, want in CORNERS.values():
        for tags in (b"", CTAG, STAG, STAG + CTAG, CTAG + CTAG):
            await parser.frame(ETH + tags + packet, kind=kind, want=want)
            await parser.frame((ETH + tags + packet).ljust(60, b"\0"))
    await parser.rest()
    assert parser.wanted >= 100


@cocotb.test(timeout_time=8, timeout_unit="ms")
async def tags_are_stepped_over_if_they_are_all_there(dut: Any) -> None:
    """A tag of which the frame has three bytes is none; a third is kept; 0x88A8 is not stripped or checked."""
    parser = await Parser.start(dut)
    for strip in (False, True):
        for check in (False, True):
            parser.set(0x3F, strip=strip, check=check)
            body = ip4(UDP, UDP_HEADER)
            for tags in (b"", CTAG, STAG, CTAG + STAG, STAG + CTAG, CTAG + CTAG + CTAG):
                for size in (14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 33, 34, 35, 100):
                    frame = ETH + tags + body + bytes(80)
                    outer = tags[:2] == CTAG[:2] and size >= 18
                    await parser.frame(frame[:size], strip=outer and strip, checked=outer and check)
            await parser.rest()


@cocotb.test(timeout_time=30, timeout_unit="ms")
async def random_frames_of_all_kinds(dut: Any) -> None:
    """A hostile wire's, of any settings: with gaps and without, shorter than a header and longer, runts between."""
    parser = await Parser.start(dut)
    rng = parser.pins.rng
    for _ in range(16):
        parser.rss.set_key(rng.randrange(10), rng.getrandbits(32))
        xor = hw.RSS_CTRL_SYM_XOR if rng.random() < 0.3 else 0
        parser.set(rng.choice((0x3F, rng.randrange(64))) | xor, strip=rng.random() < 0.5, check=rng.random() < 0.5)
        for number in range(50):
            frame = wild_frame(rng, number, rng.choice((100, 200, 400))).data
            await parser.frame(frame if rng.random() < 0.95 else frame[: rng.randrange(1, 14)])
            if rng.random() < 0.2:
                await parser.rest(rng.randrange(1, 5))
        await parser.rest()
    assert not parser.due
    assert parser.kinds == set(range(7))
    assert parser.wanted > 100


MISTAKES: dict[str, Mistake] = {
    "the first fragment has ports": (
        "nic_rx_l3.sv", "{l3[8*6+:6], l3[8*7+:8]} != '0", "{l3[8*6+:5], l3[8*7+:8]} != '0",
        "corners_are_decided_as_written_out", "hash ",
    ),
    "a routing header is stepped over with segments left": (
        "nic_rx_ext.sv", "(net_i.proto == ProtoRouting && ext.hops)", "1'b0",
        "corners_are_decided_as_written_out", "hash ",
    ),
    "a tag cut short is stepped over": (
        "nic_rx_l2.sv", "len_q >= 8'd18", "len_q >= 8'd16", "tags_are_stepped_over_if_they_are_all_there", "passes ",
    ),
    "options are not in the IPv4 header's sum": (
        "nic_rx_plan.sv", "16'hffff << net_i.off[3:0]", "16'hffff << 5", "corners_are_decided_as_written_out", "plan ",
    ),
    "a service tag is checked": (
        "nic_rx_parse.sv", "if (l2_valid) l3_checked_q <= l2_ctag && glob_i.vlan_filter;",
        "if (l2_valid) l3_checked_q <= l2_tags != '0 && glob_i.vlan_filter;",
        "tags_are_stepped_over_if_they_are_all_there", "passes ",
    ),
    "a frame has the bytes of the one before": (
        "nic_rx_parse.sv", "l3_q <= wait_mem[wait_rp_q];", "l3_q <= wait_mem[wait_rp_q - 3'd1];",
        "random_frames_of_all_kinds", "hash ",
    ),
    "ports are not mixed with sym_xor": (
        "nic_rx_l4.sv", "rss_cfg_i.sym_xor ? {2{word[31:16] ^ word[15:0]}} : word", "word",
        "random_frames_of_all_kinds", "hash ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("width", [64, 512])
def test_rx_parse(width: int, test: str) -> None:
    simulate(built(MODULE, DataWidth=width, Queues=4), MODULE, "tests.block.test_rx_parse", test, zeros=True)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_rx_parse_mistake_is_found(mistake: str) -> None:
    simulate_mistake(MODULE, "tests.block.test_rx_parse", MISTAKES[mistake], zeros=True, DataWidth=64, Queues=4)
