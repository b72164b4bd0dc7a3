# SPDX-License-Identifier: Apache-2.0
"""SipHash-2-4: a keyed hash that nobody can find collisions for who does not know the key.

Source: lib/siphash.c, v6.12; J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF".
"""

from __future__ import annotations

__all__ = ["siphash"]

_M = (1 << 64) - 1


def siphash(data: bytes, key: tuple[int, int]) -> int:
    """The 64-bit hash of ``data`` under a key of two 64-bit numbers. About 20 us: cache what repeats."""
    v0, v1 = key[0] ^ 0x736F6D6570736575, key[1] ^ 0x646F72616E646F6D
    v2, v3 = key[0] ^ 0x6C7967656E657261, key[1] ^ 0x7465646279746573
    size = len(data)
    whole = size & ~7
    last = int.from_bytes(data[whole:], "little") | (size & 0xFF) << 56
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, whole, 8)]
    for m, rounds in [*((word, 2) for word in words), (last, 2), (-1, 4)]:
        if m < 0:
            m = 0
            v2 ^= 0xFF
        v3 ^= m
        for _ in range(rounds):
            v0 = v0 + v1 & _M
            v1 = (v1 << 13 & _M | v1 >> 51) ^ v0
            v0 = v0 << 32 & _M | v0 >> 32
            v2 = v2 + v3 & _M
            v3 = (v3 << 16 & _M | v3 >> 48) ^ v2
            v0 = v0 + v3 & _M
            v3 = (v3 << 21 & _M | v3 >> 43) ^ v0
            v2 = v2 + v1 & _M
            v1 = (v1 << 17 & _M | v1 >> 47) ^ v2
            v2 = v2 << 32 & _M | v2 >> 32
        v0 ^= m
    return v0 ^ v1 ^ v2 ^ v3
