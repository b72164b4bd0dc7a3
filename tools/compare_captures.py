#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the captures that a run wrote with the capture it was given. Shares no code with the testbench.

    python tools/compare_captures.py input.pcap build/sim/wire.pcapng build/sim/host.pcapng [--count N]

Frames whose source MAC address is that of the input's first frame go from the host to the wire, the others from the
wire to the host. In each of the two outputs, for each direction:

- every frame of the input is there, byte for byte, and nothing else; zeros that pad a frame to 60 bytes do not count;
- frames of one flow (MAC addresses, EtherType, IP addresses, protocol, ports) are in the order of the input;
- the direction noted beside a frame is the right one, and time never goes back;
- IPv4, TCP, UDP, ICMP and ICMPv6 checksums are good wherever those of the input are.

With ``--count N`` the input was repeated cyclically to N frames. Exit code: 0 equal, 1 different, 2 a file is not
readable.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

MOST_PROBLEMS = 5  # printed for a file; the rest is counted
WAYS = {"out": "host to wire", "in": "wire to host"}


class Unreadable(Exception):
    """A file is not a capture of whole Ethernet frames."""


@dataclass(slots=True)
class Frame:
    data: bytes
    stamp: int  # in units of the file
    number: int  # from 1
    way: str  # "in", "out", or "" where the file does not say


# --- reading ---------------------------------------------------------------------------------------------------------


def read(path: Path) -> list[Frame]:
    raw = path.read_bytes()
    try:
        frames = read_pcapng(raw) if raw[:4] == b"\x0a\x0d\x0d\x0a" else read_pcap(raw)
    except struct.error as exc:
        raise Unreadable(f"ends in the middle of a record ({exc})") from exc
    if not frames:
        raise Unreadable("holds no frame")
    return frames


def read_pcap(raw: bytes) -> list[Frame]:
    for order in "<>":
        if struct.unpack_from(order + "I", raw)[0] in (0xA1B2C3D4, 0xA1B23C4D):
            break
    else:
        raise Unreadable("is neither pcap nor pcapng")
    if struct.unpack_from(order + "I", raw, 20)[0] != 1:
        raise Unreadable("is not of Ethernet frames")
    frames: list[Frame] = []
    at = 24
    while at < len(raw):
        seconds, fraction, kept, length = struct.unpack_from(order + "4I", raw, at)
        at += 16
        frames.append(whole(raw[at : at + kept], kept, length, seconds << 32 | fraction, len(frames) + 1, ""))
        at += kept
    return frames


def read_pcapng(raw: bytes) -> list[Frame]:
    frames: list[Frame] = []
    links: list[int] = []
    order = "<"
    at = 0
    while at < len(raw):
        if raw[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if raw[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        kind, size = struct.unpack_from(order + "2I", raw, at)
        if size < 12 or size % 4 or struct.unpack_from(order + "I", raw, at + size - 4)[0] != size:
            raise Unreadable(f"has a damaged block after frame {len(frames)}")
        body = raw[at + 8 : at + size - 4]
        at += size
        if kind == 1:
            links.append(struct.unpack_from(order + "H", body)[0])
        elif kind == 6:
            interface, high, low, kept, length = struct.unpack_from(order + "5I", body)
            if interface >= len(links) or links[interface] != 1:
                raise Unreadable(f"frame {len(frames) + 1} is not of an Ethernet interface")
            end = 20 + kept
            padded = end + -kept % 4
            if any(body[end:padded]):
                raise Unreadable(f"frame {len(frames) + 1} is followed by bytes that are neither it nor zero")
            way = direction(body[padded:], order)
            frames.append(whole(body[20:end], kept, length, high << 32 | low, len(frames) + 1, way))
        elif kind == 3:
            (length,) = struct.unpack_from(order + "I", body)
            kept = min(length, len(body) - 4)
            stamp = frames[-1].stamp if frames else 0
            frames.append(whole(body[4 : 4 + kept], kept, length, stamp, len(frames) + 1, ""))
    return frames


def direction(options: bytes, order: str) -> str:
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + "2H", options, at)
        if code == 2 and length == 4:
            return ("", "in", "out", "")[struct.unpack_from(order + "I", options, at + 4)[0] & 3]
        if code == 0:
            break
        at += 4 + length + -length % 4
    return ""


def whole(data: bytes, kept: int, length: int, stamp: int, number: int, way: str) -> Frame:
    if len(data) != kept or kept != length or length < 14:
        raise Unreadable(f"frame {number} is not whole: {len(data)} bytes are there, {kept} were kept of {length}")
    return Frame(data, stamp, number, way)


# --- what a frame says -----------------------------------------------------------------------------------------------


def padded(data: bytes) -> bytes:
    return data.ljust(60, b"\0")


def network(data: bytes) -> tuple[int, int]:
    """EtherType behind any VLAN tags, and where its payload begins."""
    at = 12
    while data[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    return int.from_bytes(data[at : at + 2], "big"), at + 2


def ipv6_payload(data: bytes, at: int) -> tuple[int, int, bool]:
    """Protocol of the IPv6 packet at `at`, where its payload begins, and whether it is a fragment."""
    kind, pos, fragment = data[at + 6], at + 40, False
    while kind in (0, 43, 44, 60) and pos + 8 <= len(data):
        fragment |= kind == 44
        kind, pos = data[pos], pos + (8 if kind == 44 else 8 + 8 * data[pos + 1])
    return kind, pos, fragment


def flow(data: bytes) -> tuple[bytes, ...]:
    kind, at = network(data)
    link = data[: at - 2]
    if kind == 0x0800 and len(data) >= at + 20:
        fragment = int.from_bytes(data[at + 6 : at + 8], "big") & 0x3FFF
        proto, ports, addresses = data[at + 9], at + 4 * (data[at] & 15), data[at + 12 : at + 20]
    elif kind == 0x86DD and len(data) >= at + 40:
        # Ports behind extension headers do not make a flow: what hashes frames to queues does not look there.
        proto, ports, fragment, addresses = data[at + 6], at + 40, 0, data[at + 8 : at + 40]
    else:
        return (link, kind.to_bytes(2, "big"))
    key = (link, kind.to_bytes(2, "big"), bytes([proto]), addresses)
    return (*key, data[ports : ports + 4]) if proto in (6, 17) and not fragment else key


def fold(data: bytes, start: int = 0) -> int:
    """Ones'-complement sum of 16-bit words: 0 over good data that includes its checksum."""
    total: int = start + sum(struct.unpack(f">{len(data) // 2}H", data[: len(data) & ~1]))
    if len(data) & 1:
        total += data[-1] << 8
    return total % 65535


def bad_checksums(data: bytes) -> set[str]:
    """Names of the checksums in a frame that are wrong; those that fragments hide are not looked at."""
    kind, at = network(data)
    bad: set[str] = set()
    if kind == 0x0800 and len(data) >= at + 20:
        header, total = 4 * (data[at] & 15), int.from_bytes(data[at + 2 : at + 4], "big")
        if fold(data[at : at + header]):
            bad.add("IPv4")
        proto, fragment = data[at + 9], int.from_bytes(data[at + 6 : at + 8], "big") & 0x3FFF
        payload = data[at + header : at + total]
        pseudo = data[at + 12 : at + 20]
    elif kind == 0x86DD and len(data) >= at + 40:
        proto, pos, fragment = ipv6_payload(data, at)
        payload = data[pos : at + 40 + int.from_bytes(data[at + 4 : at + 6], "big")]
        pseudo = data[at + 8 : at + 40]
    else:
        return bad
    name = {6: "TCP", 17: "UDP", 1: "ICMP", 58: "ICMPv6"}.get(proto)
    if name is None or fragment or (proto == 17 and payload[6:8] == b"\0\0" and kind == 0x0800):
        return bad
    if fold(payload, 0 if proto == 1 else fold(pseudo) + proto + len(payload)):
        bad.add(name)
    return bad


# --- comparing -------------------------------------------------------------------------------------------------------


class Expected:
    """What the input lets one expect of an output."""

    def __init__(self, frames: list[Frame], count: int) -> None:
        self.host = frames[0].data[6:12]
        self.source = [frames[i] for i in islice(cycle(range(len(frames))), count or len(frames))]
        self.flows: dict[tuple[str, tuple[bytes, ...]], list[Frame]] = defaultdict(list)
        for frame in self.source:
            self.flows[self.key(frame)].append(frame)
        self.bad: dict[bytes, set[str]] = {padded(f.data): bad_checksums(f.data) for f in frames}

    def way(self, frame: Frame) -> str:
        return "out" if frame.data[6:12] == self.host else "in"

    def key(self, frame: Frame) -> tuple[str, tuple[bytes, ...]]:
        return self.way(frame), flow(padded(frame.data))

    def problems(self, frames: list[Frame]) -> list[str]:
        """What is wrong with an output, a line each."""
        found: list[str] = []
        got: dict[tuple[str, tuple[bytes, ...]], list[Frame]] = defaultdict(list)
        last = 0
        for frame in frames:
            way = self.way(frame)
            got[self.key(frame)].append(frame)
            if frame.stamp < last:
                found.append(f"frame {frame.number}: time goes back")
            last = frame.stamp
            if frame.way and frame.way != way:
                found.append(f"frame {frame.number}: noted as {WAYS[frame.way]}, by its source MAC it is {WAYS[way]}")
            bytes_ = padded(frame.data)
            if bytes_ not in self.bad and (bad := bad_checksums(frame.data)):
                found.append(f"frame {frame.number}: bad {', '.join(sorted(bad))} checksum")
        for key in {**self.flows, **got}:
            if line := compare(WAYS[key[0]], self.flows.get(key, []), got.get(key, [])):
                found.append(line)
        return found


def compare(way: str, wanted: list[Frame], got: list[Frame]) -> str:
    """The first difference within a flow; nothing when there is none."""
    want, have = [padded(f.data) for f in wanted], [padded(f.data) for f in got]
    if want == have:
        return ""
    at = next((i for i, (a, b) in enumerate(zip(want, have, strict=False)) if a != b), min(len(want), len(have)))
    missing, extra = Counter(want) - Counter(have), Counter(have) - Counter(want)
    where = f"{way}, flow of {'input' if wanted else 'output'} frame {(wanted or got)[0].number}"
    if not missing and not extra:
        return f"{where}: out of order: frame {got[at].number} came when frame {wanted[at].number} of the input was due"
    text = f"{where}: {missing.total()} missing, {extra.total()} that the input does not have"
    if at < len(want) and at < len(have):
        byte = next((i for i, (a, b) in enumerate(zip(want[at], have[at], strict=False)) if a != b), "end")
        text += f"; first: frame {got[at].number} differs from frame {wanted[at].number} of the input at byte {byte}"
    elif at < len(want):
        text += f"; first missing: frame {wanted[at].number} of the input"
    else:
        text += f"; first extra: frame {got[at].number}"
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, help="capture that was replayed")
    parser.add_argument("wire", type=Path, help="what was on the wire")
    parser.add_argument("host", type=Path, help="what the host sent and received")
    parser.add_argument("--count", type=int, default=0, help="frames that were replayed (default: the capture once)")
    args = parser.parse_args()
    captures: list[list[Frame]] = []
    for path in (args.input, args.wire, args.host):
        try:
            captures.append(read(path))
        except (OSError, Unreadable) as exc:
            print(f"{path}: {exc.strerror if isinstance(exc, OSError) else exc}", file=sys.stderr)
            return 2
    expected = Expected(captures[0], args.count)
    failed = False
    for path, frames in zip((args.wire, args.host), captures[1:], strict=True):
        problems = expected.problems(frames)
        for line in problems[:MOST_PROBLEMS]:
            print(f"{path.name}: {line}")
        if len(problems) > MOST_PROBLEMS:
            print(f"{path.name}: {len(problems) - MOST_PROBLEMS} problems more")
        failed |= bool(problems)
    if failed:
        return 1
    out = sum(expected.way(f) == "out" for f in expected.source)
    bad = sum(bool(names) for names in expected.bad.values())
    checksums = f"bad in {bad} frames of the input itself" if bad else "good"
    print(
        f"equal: {len(expected.source)} frames, {out} host to wire, {len(expected.source) - out} wire to host, "
        f"{len(expected.flows)} flows in order; checksums {checksums}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
