# SPDX-License-Identifier: Apache-2.0
"""What makes frames one flow, within which their order must hold."""

from __future__ import annotations

from struct import Struct

__all__ = ["flow_key", "pad60", "show_flow"]

_ZEROS = bytes(60)
_OF_IPV4 = Struct("14s 9x s 2x 12s").unpack_from  # of a packet without options: what names its flow


def pad60(frame: bytes) -> bytes:
    """The frame as it is on the wire: zeros up to 60 bytes (IEEE 802.3 3.2.8, FCS not counted)."""
    return frame if len(frame) >= 60 else frame + _ZEROS[len(frame) :]


def flow_key(frame: bytes) -> bytes:
    """The bytes that name a frame's flow: MAC addresses, VLAN tags, EtherType and, where there are any, IP addresses,
    protocol and TCP or UDP ports. Fragments have no ports: all fragments between two hosts are one flow."""
    if frame[12:15] == b"\x08\x00\x45" and len(frame) >= 38 and frame[23] in (6, 17):  # most of them
        if not (frame[20] & 0x3F or frame[21]):
            return b"".join(_OF_IPV4(frame))
    kind = frame[12:14]
    at = 14
    while kind in (b"\x81\x00", b"\x88\xa8") and len(frame) >= at + 4:
        kind = frame[at + 2 : at + 4]
        at += 4
    if kind == b"\x08\x00" and len(frame) >= at + 20:
        proto = frame[at + 9]
        if proto in (6, 17) and not (frame[at + 6] & 0x3F or frame[at + 7]):
            ports = at + 4 * (frame[at] & 15)
            return frame[:at] + frame[at + 9 : at + 10] + frame[at + 12 : at + 20] + frame[ports : ports + 4]
        return frame[:at] + frame[at + 9 : at + 10] + frame[at + 12 : at + 20]
    if kind == b"\x86\xdd" and len(frame) >= at + 40:
        if frame[at + 6] in (6, 17):
            return frame[:at] + frame[at + 6 : at + 7] + frame[at + 8 : at + 44]
        return frame[:at] + frame[at + 6 : at + 7] + frame[at + 8 : at + 40]
    return frame[:at]


def show_flow(frame: bytes) -> str:
    """A frame's flow in words, for messages."""
    dst, src = frame[0:6].hex(":"), frame[6:12].hex(":")
    text = f"{src} > {dst} type 0x{frame[12:14].hex()}"
    if frame[12:14] == b"\x08\x00" and len(frame) >= 34:
        a, b = (".".join(map(str, frame[i : i + 4])) for i in (26, 30))
        text += f" {a} > {b} proto {frame[23]}"
    return f"{text}, {len(frame)} bytes"
