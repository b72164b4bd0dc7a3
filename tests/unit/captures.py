# SPDX-License-Identifier: Apache-2.0
"""Builds capture files byte by byte, for tests of what reads them. Written from the format descriptions alone."""

from __future__ import annotations

import struct
from collections.abc import Sequence

__all__ = ["epb", "idb", "option", "pcap", "pcap_header", "pcap_record", "shb", "spb"]


def pcap_header(order: str = "<", magic: int = 0xA1B2C3D4, link: int = 1, version: int = 2) -> bytes:
    return struct.pack(order + "IHHiIII", magic, version, 4, 0, 0, 262144, link)


def pcap_record(data: bytes, seconds: int = 0, fraction: int = 0, order: str = "<", length: int = -1) -> bytes:
    return struct.pack(order + "4I", seconds, fraction, len(data), len(data) if length < 0 else length) + data


def pcap(frames: Sequence[bytes], order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    """A file whose n-th frame, from 0, has the time n s and n fractions."""
    records = (pcap_record(f, n, n, order) for n, f in enumerate(frames))
    return pcap_header(order, magic) + b"".join(records)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes, order: str) -> bytes:
    total = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + total + body + total


def shb(order: str = "<", major: int = 1, magic: int = 0x1A2B3C4D) -> bytes:
    return _block(0x0A0D0D0A, struct.pack(order + "IHHq", magic, major, 0, -1), order)


def idb(order: str = "<", link: int = 1, snaplen: int = 0, options: bytes = b"") -> bytes:
    return _block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def epb(
    data: bytes, stamp: int = 0, order: str = "<", interface: int = 0, length: int = -1, options: bytes = b""
) -> bytes:
    original = len(data) if length < 0 else length
    fixed = struct.pack(order + "5I", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(data), original)
    return _block(6, fixed + data + bytes(-len(data) % 4) + options, order)


def spb(data: bytes, order: str = "<", length: int = -1) -> bytes:
    fixed = struct.pack(order + "I", length if length >= 0 else len(data))
    return _block(3, fixed + data + bytes(-len(data) % 4), order)
