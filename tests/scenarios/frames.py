# SPDX-License-Identifier: Apache-2.0
"""Frames for scenarios: of every length and kind, each different, spread over flows."""

from __future__ import annotations

import random

__all__ = ["HOST_MAC", "PEER_MAC", "frame", "mixed_frames", "udp_frame"]

HOST_MAC = bytes.fromhex("02525300000a")
PEER_MAC = bytes.fromhex("02525300000b")


def udp_frame(length: int, flow: int, number: int, *, to_host: bool) -> bytes:
    """An IPv4 UDP frame of ``length`` bytes (42 or more), in flow ``flow``, numbered in its payload; UDP checksum 0
    (none)."""
    dst, src = (HOST_MAC, PEER_MAC) if to_host else (PEER_MAC, HOST_MAC)
    ip = bytearray(20)
    ip[0], ip[8], ip[9] = 0x45, 64, 17
    ip[2:4] = (length - 14).to_bytes(2, "big")
    ip[4:6] = (number & 0xFFFF).to_bytes(2, "big")
    ip[12:16] = bytes([10, 0, 0, 1 + to_host])
    ip[16:20] = bytes([10, 0, 0, 2 - to_host])
    total = sum(int.from_bytes(ip[i : i + 2], "big") for i in range(0, 20, 2))
    ip[10:12] = (
        (~(total + (total >> 16)) if total <= 0xFFFF else ~((total & 0xFFFF) + (total >> 16))) & 0xFFFF
    ).to_bytes(2, "big")
    ports = (1024 + flow % 60000).to_bytes(2, "big") + b"\x13\x88"
    head = dst + src + b"\x08\x00" + bytes(ip) + ports + (length - 34).to_bytes(2, "big") + b"\0\0"
    body = (number & 0xFFFFFFFF).to_bytes(4, "big")
    fill = random.Random(number * 2654435761 + flow).randbytes(max(0, length - len(head) - 4))
    return (head + body + fill)[:length]


def frame(rng: random.Random, length: int, *, to_host: bool, number: int) -> bytes:
    """A frame of ``length`` bytes (14 or more): mostly UDP, also frames of an unassigned EtherType, multicast,
    VLAN-tagged."""
    kind = rng.random()
    if length >= 46 and kind < 0.7:
        return udp_frame(length, rng.randrange(64), number, to_host=to_host)
    dst, src = (HOST_MAC, PEER_MAC) if to_host else (PEER_MAC, HOST_MAC)
    if kind > 0.9:
        dst = bytes([dst[0] | 1]) + dst[1:]
    tag = b"\x81\x00" + rng.randrange(4095).to_bytes(2, "big") if length >= 64 and kind > 0.95 else b""
    head = dst + src + tag + b"\x88\xb5"
    return (head + rng.randbytes(max(0, length - len(head))))[:length]


def mixed_frames(
    rng: random.Random, count: int, *, to_host: bool, longest: int = 1514, shortest: int = 60
) -> list[bytes]:
    """``count`` frames: half of them short, the edges of the range among them, the rest of any length."""
    lengths = [
        rng.choice(
            (
                shortest,
                shortest + rng.randrange(8),
                longest,
                rng.randint(shortest, longest),
                rng.randint(shortest, min(128, longest)),
            )
        )
        for _ in range(count)
    ]
    return [frame(rng, n, to_host=to_host, number=i) for i, n in enumerate(lengths)]
