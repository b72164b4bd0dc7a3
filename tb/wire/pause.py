# SPDX-License-Identifier: Apache-2.0
"""MAC control frames (IEEE 802.3 clause 31): PAUSE, as a link partner sends and understands it."""

from __future__ import annotations

__all__ = ["PAUSE_DEST", "QUANTUM_BITS", "is_mac_control", "pause_frame", "pause_quanta"]

PAUSE_DEST = b"\x01\x80\xc2\x00\x00\x01"
QUANTUM_BITS = 512  # bit times of one unit


def is_mac_control(frame: bytes) -> bool:
    """Is it a MAC control frame, to the group address of these?"""
    return frame[12:14] == b"\x88\x08" and frame[:6] == PAUSE_DEST


def pause_frame(quanta: int, dest: bytes = PAUSE_DEST, source: bytes = b"\x02\0\0\0\0\x02") -> bytes:
    """A PAUSE frame without FCS: wait for ``quanta`` (0 to 65535) units of 512 bit times."""
    return (dest + source + b"\x88\x08\x00\x01" + quanta.to_bytes(2, "big")).ljust(60, b"\0")


def pause_quanta(frame: bytes) -> int | None:
    """The time that a PAUSE frame asks for; None for any other frame."""
    if not is_mac_control(frame) or frame[14:16] != b"\x00\x01":
        return None
    return int.from_bytes(frame[16:18], "big")
