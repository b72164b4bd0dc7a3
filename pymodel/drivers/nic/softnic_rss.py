# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's look at received frames: their headers, as far as the device follows them, and the RSS hash.

rtl/README.md, "Receive headers" and "RSS", is the definition; rtl/rx/nic_rx_l2.sv to nic_rx_toeplitz.sv do it in logic.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

from pymodel.drivers.nic import nic_hw as hw

__all__ = ["KEY_BYTES", "SEEN", "TABLE_ENTRIES", "Headers", "Rss", "headers", "toeplitz"]

KEY_BYTES = 4 * hw.RSS_KEY_COUNT
TABLE_ENTRIES = 4 * hw.RSS_TABLE_COUNT

_TAGS = (b"\x81\x00", b"\x88\xa8")
SEEN = 104  # bytes from the network header on that the device looks at
_EXT_STEPS = 4  # extension headers that it follows
_HOP, _TCP, _UDP, _ROUTING, _FRAGMENT, _NONE, _DEST = 0, 6, 17, 43, 44, 59, 60
_EXT = (_HOP, _ROUTING, _FRAGMENT, _DEST)
_CACHED = 4096  # flows whose hash is kept


# By (IP version, protocol): the enable of RSS_CTRL for hashes with ports, and the type that they have.
_WITH_PORTS = {
    (4, _TCP): (hw.RSS_CTRL_TCP4, hw.RSS_TYPE_TCP4),
    (4, _UDP): (hw.RSS_CTRL_UDP4, hw.RSS_TYPE_UDP4),
    (6, _TCP): (hw.RSS_CTRL_TCP6, hw.RSS_TYPE_TCP6),
    (6, _UDP): (hw.RSS_CTRL_UDP6, hw.RSS_TYPE_UDP6),
}
_PLAIN = {4: (hw.RSS_CTRL_IP4, hw.RSS_TYPE_IP4), 6: (hw.RSS_CTRL_IP6, hw.RSS_TYPE_IP6)}
_NO_HASH = 0, hw.RSS_TYPE_NONE


class Headers(NamedTuple):
    """What the parser found. Offsets in bytes from the frame's beginning."""

    ip: int  # 4 or 6; 0 when there is no whole and sound IP header
    l3: int
    proto: int  # of the header at l4; 59 (none) in fragments and where the chain is not followed
    l4: int


_headers = partial(tuple.__new__, Headers)  # of a tuple, at a third of what Headers() costs


def headers(frame: bytes) -> Headers:
    """Follow a frame's headers. ``frame`` has 14 bytes or more."""
    kind = frame[12:14]
    l3 = 14
    n = len(frame)
    if kind == b"\x08\x00" and n >= 34 and frame[14] == 0x45:  # no tag and no options: most frames
        return _headers((4, 14, _NONE if frame[20] & 0x3F or frame[21] else frame[23], 34))
    if kind in _TAGS and n >= 18:
        kind, l3 = frame[16:18], 18
        if kind in _TAGS and n >= 22:
            kind, l3 = frame[20:22], 22
    seen = min(n - l3, SEEN)
    if kind == b"\x08\x00":
        if seen >= 20:
            first = frame[l3]
            size = 4 * (first & 15)
            if first >> 4 == 4 and 20 <= size <= seen:
                fragment = frame[l3 + 6] & 0x3F or frame[l3 + 7]
                return Headers(4, l3, _NONE if fragment else frame[l3 + 9], l3 + size)
    elif kind == b"\x86\xdd" and seen >= 40 and frame[l3] >> 4 == 6:
        proto = frame[l3 + 6]
        at = 40
        for _ in range(_EXT_STEPS):
            if proto not in _EXT:
                break
            if proto == _FRAGMENT or seen < at + 8:
                proto = _NONE
                break
            after = at + 8 + 8 * frame[l3 + at + 1]
            if after > SEEN - 8 or (proto == _ROUTING and frame[l3 + at + 3]):
                proto = _NONE
                break
            proto = frame[l3 + at]
            at = after
        return Headers(6, l3, proto, l3 + at)
    return Headers(0, l3, _NONE, l3)


@lru_cache(maxsize=8)
def _tables(key: bytes) -> list[list[int]]:
    """For each byte of the input the hash of each of its values."""
    bits = int.from_bytes(key, "big")
    tables = []
    for at in range(KEY_BYTES - 4):
        table = [0] * 256
        for bit in range(8):
            table[0x80 >> bit] = bits >> (8 * KEY_BYTES - 32 - 8 * at - bit) & 0xFFFFFFFF
        for value in range(1, 256):
            table[value] = table[value & (value - 1)] ^ table[value & -value]
        tables.append(table)
    return tables


def toeplitz(key: bytes, data: bytes) -> int:
    """Microsoft's hash of up to 36 bytes with a key of 40."""
    value = 0
    for table, byte in zip(_tables(key), data, strict=False):
        value ^= table[byte]
    return value


def _xored(a: bytes, b: bytes) -> bytes:
    both = (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")
    return both + both


class Rss:
    """The registers of RSS, and what they make of a frame. ``types`` are the enables of RSS_CTRL."""

    __slots__ = ("_cache", "key", "queues", "sym_xor", "table", "types")

    def __init__(self, queues: int) -> None:
        self.queues = queues
        self.key = bytearray(KEY_BYTES)
        self.table = [0] * TABLE_ENTRIES
        self.types = 0
        self.sym_xor = False
        self._cache: dict[bytes, int] = {}

    def set_ctrl(self, value: int) -> None:
        self.types = value & ~hw.RSS_CTRL_SYM_XOR
        self.sym_xor = bool(value & hw.RSS_CTRL_SYM_XOR)

    def set_key(self, word: int, value: int) -> None:
        self.key[4 * word : 4 * word + 4] = value.to_bytes(4, "little")
        self._cache.clear()

    def set_table(self, word: int, value: int) -> None:
        self.table[4 * word : 4 * word + 4] = [value >> 8 * i & 0xF for i in range(4)]

    def hash(self, frame: bytes, found: Headers) -> tuple[int, int]:
        """(hash, RSS_TYPE_*) of a frame with these headers."""
        types = self.types
        ip, l3, proto, l4 = found
        if not types or not ip:
            return _NO_HASH
        enabled, kind = _WITH_PORTS.get((ip, proto), _NO_HASH)
        ports = b""
        if types & enabled and min(len(frame) - l3, SEEN) >= l4 - l3 + 4:
            ports = frame[l4 : l4 + 4]
        else:
            enabled, kind = _PLAIN[ip]
            if not types & enabled:
                return _NO_HASH
        data = frame[l3 + 12 : l3 + 20] if ip == 4 else frame[l3 + 8 : l3 + 40]
        if self.sym_xor:
            half = 4 if ip == 4 else 16
            data = _xored(data[:half], data[half:])
            if ports:
                data += _xored(ports[:2], ports[2:])
        else:
            data += ports
        value = self._cache.get(data)
        if value is None:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            value = self._cache[data] = toeplitz(bytes(self.key), data)
        return value, kind

    def queue(self, value: int) -> int:
        """The queue of a frame with this hash."""
        queue = self.table[value & (TABLE_ENTRIES - 1)]
        return queue if queue < self.queues else 0
