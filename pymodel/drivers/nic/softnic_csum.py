# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's checksums of received frames (rtl/README.md, "Checksums"; rtl/rx/nic_rx_plan.sv, nic_rx_csum.sv)."""

from __future__ import annotations

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_rss import SEEN, Headers

__all__ = ["sum16", "verdict"]

_TCP, _UDP = 6, 17
_IP_OK, _L4_OK = hw.RX_COMPLETION_STATUS_IP_OK, hw.RX_COMPLETION_STATUS_L4_OK
_CSUM_SHIFT = hw.RX_COMPLETION_STATUS_CSUM_SHIFT


def sum16(data: bytes) -> int:
    """The ones' complement sum of words whose first byte is the low one; 0 only if all bytes are."""
    number = int.from_bytes(data, "little")
    return number % 0xFFFF or (0xFFFF if number else 0)


def verdict(frame: bytes, found: Headers, start: int = 14) -> int:
    """csum, ip_ok and l4_ok of a frame with these headers, in place in rx_completion's STATUS.

    csum is of the bytes from ``start`` on: 18 when a VLAN tag is taken out of the frame.
    """
    status = sum16(frame[start:]) << _CSUM_SHIFT
    ip, l3, proto, l4 = found
    if ip == 4:
        if sum16(frame[l3:l4]) != 0xFFFF:
            return status
        status |= _IP_OK
        end = l3 + (frame[l3 + 2] << 8 | frame[l3 + 3])
    elif ip == 6:
        end = l3 + 40 + (frame[l3 + 4] << 8 | frame[l3 + 5])
    else:
        return status
    length = end - l4
    if end > len(frame) or min(len(frame) - l3, SEEN) < l4 - l3 + 8:
        return status
    if proto == _TCP:
        if length < 20:
            return status
    elif proto != _UDP or length < 8 or (frame[l4 + 4] << 8 | frame[l4 + 5]) != length:
        return status
    elif not (frame[l4 + 6] or frame[l4 + 7]):
        return status
    addresses = frame[l3 + 12 : l3 + 20] if ip == 4 else frame[l3 + 8 : l3 + 40]
    pseudo = addresses + bytes((0, proto)) + length.to_bytes(2, "big")
    if sum16(pseudo + frame[l4:end]) == 0xFFFF:
        status |= _L4_OK
    return status
