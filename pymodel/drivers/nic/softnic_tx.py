# SPDX-License-Identifier: Apache-2.0
"""What the soft NIC does to a frame on its way to the wire: checksum and VLAN tag."""

from __future__ import annotations

from pymodel.drivers.nic import nic_hw as hw

__all__ = ["MAX_FRAME", "MIN_FRAME", "PAD_FRAME", "TxOffload", "ones_sum"]

MIN_FRAME = 14  # bytes without FCS
PAD_FRAME = 60
MAX_FRAME = 9018

_TAG = b"\x81\x00"


def ones_sum(data: bytes) -> int:
    """The ones' complement sum of the 16-bit words of ``data``, the first byte the higher (RFC 1071)."""
    if len(data) & 1:
        data += b"\0"
    # 65536 is 1 modulo 65535; a sum that is not 0 does not become 0.
    value = int.from_bytes(data, "big")
    return value and ((value - 1) % 0xFFFF + 1)


class TxOffload:
    """An offload descriptor (``nic.rdl``, tx_offload), from its first three words."""

    __slots__ = ("csum", "csum_offset", "csum_start", "tag")

    def __init__(self, csum: int, vlan: int, ctrl: int) -> None:
        self.csum = bool(ctrl & hw.TX_OFFLOAD_CTRL_CSUM)
        self.csum_start = csum & hw.TX_OFFLOAD_CSUM_CSUM_START
        self.csum_offset = (csum & hw.TX_OFFLOAD_CSUM_CSUM_OFFSET) >> hw.TX_OFFLOAD_CSUM_CSUM_OFFSET_SHIFT
        self.tag = b""
        if ctrl & hw.TX_OFFLOAD_CTRL_VLAN:
            self.tag = _TAG + (vlan & hw.TX_OFFLOAD_VLAN_TCI).to_bytes(2, "big")

    def __str__(self) -> str:
        return f"tag {self.tag.hex() or 'none'}, checksum {self.csum} from {self.csum_start} at +{self.csum_offset}"

    def fits(self, n: int) -> bool:
        """Whether a frame of ``n`` bytes has the place of its checksum and room for its tag."""
        return n + len(self.tag) <= MAX_FRAME and not (self.csum and self.csum_start + self.csum_offset + 2 > n)

    def apply(self, frame: bytes) -> bytes:
        """The frame with its checksum (never 0: in UDP that means none) and tag."""
        if self.csum:
            at = self.csum_start + self.csum_offset
            check = ~ones_sum(frame[self.csum_start :]) & 0xFFFF or 0xFFFF
            frame = frame[:at] + check.to_bytes(2, "big") + frame[at + 2 :]
        return frame[:12] + self.tag + frame[12:] if self.tag else frame
