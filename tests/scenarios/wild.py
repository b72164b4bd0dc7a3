# SPDX-License-Identifier: Apache-2.0
"""Frames as a hostile wire has them: every kind that the device looks into, and what is broken in every way.

Each frame has a source address of its own, so that each is a flow of its own: broken headers must not decide what
"in order" means.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.scenarios.frames import HOST_MAC
from tests.scenarios.packets import sum16

__all__ = ["DEFECTS", "Wild", "number_of", "wild_frame"]

_TCP, _UDP = 6, 17
_OTHERS = (1, 2, 4, 41, 47, 50, 51, 58, 59, 132, 135, 136, 255)
_HOP, _ROUTING, _FRAGMENT, _DEST, _AH = 0, 43, 44, 60, 51
_TAGS = (b"\x81\x00", b"\x88\xa8")
DEFECTS = ("none", "l4 sum", "ip sum", "ip length", "udp length", "version", "ihl", "cut", "flipped", "garbage")


@dataclass(slots=True)
class Wild:
    """A frame, what it was meant to be, and what was then done to it (one of DEFECTS)."""

    data: bytes
    kind: str
    tags: int
    defect: str


def number_of(frame: bytes) -> int:
    """The number that a frame was made with."""
    return int.from_bytes(frame[8:12], "big")


def _chain(rng: random.Random, proto: int) -> tuple[bytes, int]:
    """(IPv6 extension headers in front of ``proto``, the first next-header value): none to six, long ones too."""
    chain, following = b"", proto
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3, 4, 5, 6))):
        kind = rng.choice((_HOP, _DEST, _DEST, _ROUTING, _ROUTING, _FRAGMENT, _AH))
        n = 0 if kind == _FRAGMENT else rng.choice((0, 0, 0, 1, 2, rng.randrange(16)))
        head = bytearray([following, n]) + bytearray(rng.randbytes(6 + 8 * n))
        if kind == _ROUTING:
            head[3] = rng.choice((0, 0, 1))  # segments left
        elif kind == _FRAGMENT:
            head[2:4] = rng.choice((b"\0\0", b"\0\1", rng.randbytes(2)))
        chain, following = bytes(head) + chain, kind
    return chain, following


def _transport(rng: random.Random, proto: int, pseudo: bytes, payload: bytes, defect: str) -> bytes:
    """A transport header with ``payload`` behind it, and its checksum. ``pseudo``: the pseudo header's addresses."""
    if proto == _TCP:
        head = bytearray(rng.randbytes(20)) + bytearray(rng.randbytes(4 * rng.choice((0, 0, 3, rng.randrange(11)))))
        head[12] = len(head) // 4 << 4
        at = 16
    elif proto == _UDP:
        head, at = bytearray(rng.randbytes(8)), 6
        length = 8 + len(payload)
        if defect == "udp length":
            length = rng.choice((0, 7, length - 1, length + 1, rng.randrange(65536)))
        head[4:6] = (length & 0xFFFF).to_bytes(2, "big")
    else:
        head, at = bytearray(rng.randbytes(8)), 2
    if rng.random() < 0.1:
        payload = b"\0\0" + payload[2:]  # room for what makes the sum 0
    head[at : at + 2] = b"\0\0"
    covered = len(head) + len(payload)
    pseudo += bytes([0, proto]) + covered.to_bytes(4, "big")
    value = sum16(pseudo + bytes(head) + payload) ^ 0xFFFF
    if payload[:2] == b"\0\0" and len(payload) > 1:
        payload = value.to_bytes(2, "big") + payload[2:]
        value = rng.choice((0, 0xFFFF)) if proto != _UDP else 0xFFFF
    if proto == _UDP:
        value = 0 if rng.random() < 0.08 else value or 0xFFFF
    if defect == "l4 sum":
        value ^= rng.randrange(1, 65535)
    head[at : at + 2] = value.to_bytes(2, "big")
    return bytes(head) + payload


def _length(rng: random.Random, true: int, defect: str) -> int:
    if defect != "ip length":
        return true
    return rng.choice((0, 19, true - 1, true + 1, max(0, true - rng.randrange(40)), rng.randrange(65536))) & 0xFFFF


def _ipv4(rng: random.Random, proto: int, payload: bytes, defect: str) -> tuple[bytes, str]:
    ip = bytearray(20) + bytearray(rng.randbytes(4 * rng.choice((0, 0, 0, 1, rng.randrange(11)))))
    ip[0] = 0x40 | len(ip) // 4
    ip[1], ip[8], ip[9] = rng.randrange(256), 64, proto
    ip[4:6] = rng.randbytes(2)
    ip[12:20] = rng.randbytes(8)
    kind = {_TCP: "ipv4 tcp", _UDP: "ipv4 udp"}.get(proto, "ipv4 other")
    ip[6] = rng.choice((0, 0x40, 0x80))
    if rng.random() < 0.1:
        ip[6:8] = rng.choice((b"\x20\0", b"\0\1", b"\x1f\xff", rng.randbytes(2)))
        kind = "ipv4 fragment" if ip[6] & 0x3F or ip[7] else kind
    l4 = _transport(rng, proto, bytes(ip[12:20]), payload, defect)
    ip[2:4] = _length(rng, len(ip) + len(l4), defect).to_bytes(2, "big")
    if defect == "version":
        ip[0] = rng.randrange(256) & 0xF0 | ip[0] & 15
    elif defect == "ihl":
        ip[0] = 0x40 | rng.randrange(16)
    value = sum16(bytes(ip)) ^ 0xFFFF
    if defect == "ip sum":
        value ^= rng.randrange(1, 65535)
    ip[10:12] = value.to_bytes(2, "big")
    return bytes(ip) + l4, kind


def _ipv6(rng: random.Random, proto: int, payload: bytes, defect: str) -> tuple[bytes, str]:
    chain, following = _chain(rng, proto)
    addresses = rng.randbytes(32)
    l4 = _transport(rng, proto, addresses, payload, defect)
    length = _length(rng, len(chain) + len(l4), defect).to_bytes(2, "big")
    first = rng.randrange(256) if defect in ("version", "ihl") else 0x60 | rng.randrange(16)
    head = bytes([first]) + rng.choice((b"\0\0\0", rng.randbytes(3))) + length + bytes([following, 64])
    kind = {_TCP: "ipv6 tcp", _UDP: "ipv6 udp"}.get(proto, "ipv6 other")
    return head + addresses + chain + l4, f"{kind}, chain" if chain else kind


def _size(rng: random.Random, longest: int) -> int:
    """Bytes of payload: none, mostly few, some of a full frame, a few of a jumbo frame."""
    draw = rng.random()
    if draw < 0.1:
        return 0
    if draw < 0.62:
        return rng.randrange(64)
    if draw < 0.97:
        return rng.randrange(1400)
    return rng.randrange(max(1, longest - 200))


def wild_frame(rng: random.Random, number: int, longest: int = 9018) -> Wild:
    """A frame of 14 to ``longest`` bytes (9018 at most). One in three is broken."""
    to = rng.choice((HOST_MAC, HOST_MAC, rng.randbytes(6)))
    head = to + HOST_MAC[:2] + number.to_bytes(4, "big")
    tags = rng.choice((0, 0, 0, 0, 1, 1, 1, 2, 2, 3 if rng.random() < 0.3 else 0))
    for _ in range(tags):
        head += rng.choice(_TAGS) + rng.randbytes(2)
    defect = rng.choice(DEFECTS[1:]) if rng.random() < 0.33 else "none"
    payload = rng.randbytes(_size(rng, longest))
    draw = rng.random()
    proto = rng.choice((_TCP, _TCP, _UDP, _UDP, rng.choice(_OTHERS)))
    if defect == "udp length" and proto != _UDP:
        defect = "l4 sum"
    if draw < 0.45:
        body, kind = _ipv4(rng, proto, payload, defect)
        head += b"\x08\0" if rng.random() < 0.98 else b"\x86\xdd"
    elif draw < 0.9:
        defect = {"ip sum": "l4 sum", "ihl": "version"}.get(defect, defect)
        body, kind = _ipv6(rng, proto, payload, defect)
        head += b"\x86\xdd" if rng.random() < 0.98 else b"\x08\0"
    else:
        body, kind = payload, "not ip"
        defect = defect if defect in ("none", "cut", "garbage") else "flipped"
        head += rng.choice((b"\x08\x06", b"\x88\xb5", b"\x88\x47", (len(payload) & 0x5FF).to_bytes(2, "big")))
    data = head + body
    if defect == "garbage":
        at = rng.choice((14, len(head)))
        data = data[:at] + rng.randbytes(len(data) - at)
    elif defect == "flipped":
        flipped = bytearray(data)
        for _ in range(rng.randrange(1, 5)):
            flipped[rng.randrange(12, min(len(data), len(head) + 80))] ^= 1 << rng.randrange(8)
        data = bytes(flipped)
    elif defect == "cut":
        data = data[: rng.randrange(14, max(15, min(len(data), len(head) + rng.choice((60, len(body) + 1)))))]
    elif rng.random() < 0.15:
        data += rng.choice((bytes, rng.randbytes))(rng.randrange(1, 48))  # behind the packet: padding, or anything
    if len(data) < 60 and rng.random() < 0.8 and defect != "cut":
        data = data.ljust(60, b"\0")
    data = data[:longest]
    if data[12:14] in _TAGS and len(data) < 20:
        data = data.ljust(20, b"\0")  # Linux drops what ends in the tag that it is to take off
    return Wild(data, kind, tags, defect)
