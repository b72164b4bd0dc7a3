# SPDX-License-Identifier: Apache-2.0
"""What the soft NIC does to a frame on its way to the wire: checksum and VLAN tag; TCP segments cut into frames."""

from __future__ import annotations

from pymodel.drivers.nic import nic_hw as hw

__all__ = ["MAX_FRAME", "MIN_FRAME", "PAD_FRAME", "TxOffload", "TxTso", "ones_sum"]

MIN_FRAME = 14  # bytes without FCS
PAD_FRAME = 60
MAX_FRAME = 9018

_TCP_BYTES = 20
_CWR, _FIN_PSH = 0x80, 0x09

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


class TxTso:
    """A TSO descriptor (``nic.rdl``, tx_tso), from its words; the two of the address as one number."""

    __slots__ = ("fixedid", "flags", "hdr_len", "ip_id", "ipv6", "l3_off", "l4_off", "mss", "seq", "tag")

    def __init__(self, addr: int, ctrl: int, headers: int) -> None:
        self.seq = addr & 0xFFFFFFFF
        self.ip_id = addr >> 32 & 0xFFFF
        self.mss = ctrl & hw.TX_TSO_CTRL_MSS
        self.ipv6 = bool(ctrl & hw.TX_TSO_CTRL_IPV6)
        self.fixedid = bool(ctrl & hw.TX_TSO_CTRL_FIXEDID)
        self.hdr_len = (ctrl & hw.TX_TSO_CTRL_HDR_LEN) >> hw.TX_TSO_CTRL_HDR_LEN_SHIFT
        self.l3_off = (headers & hw.TX_TSO_HEADERS_L3_OFF) >> hw.TX_TSO_HEADERS_L3_OFF_SHIFT
        self.l4_off = (headers & hw.TX_TSO_HEADERS_L4_OFF) >> hw.TX_TSO_HEADERS_L4_OFF_SHIFT
        self.flags = (headers & hw.TX_TSO_HEADERS_FLAGS) >> hw.TX_TSO_HEADERS_FLAGS_SHIFT
        self.tag = _TAG + (addr >> 48).to_bytes(2, "big") if ctrl & hw.TX_TSO_CTRL_VLAN else b""

    def __str__(self) -> str:
        return f"TSO of {self.mss} bytes behind {self.hdr_len} of headers, IP at {self.l3_off}, TCP at {self.l4_off}"

    def valid(self) -> bool:
        """Whether the headers lie in one another as they must, and a full frame is not too long."""
        ip = 40 if self.ipv6 else 20
        return (
            self.mss > 0
            and self.l3_off + ip <= self.l4_off
            and self.l4_off + _TCP_BYTES <= self.hdr_len
            and self.hdr_len + self.mss + len(self.tag) <= MAX_FRAME
        )

    def apply(self, segment: bytes) -> list[bytes]:
        """The frames. IP length, IPv4's checksum and the length in TCP's pseudo header are 0 in ``segment``."""
        head, l3, l4 = segment[: self.hdr_len], self.l3_off, self.l4_off
        frames = []
        for k, at in enumerate(range(self.hdr_len, len(segment), self.mss)):
            frame = bytearray(head + segment[at : at + self.mss])
            flags = self.flags
            if k:
                flags &= ~_CWR
            if at + self.mss < len(segment):
                flags &= ~_FIN_PSH
            if self.ipv6:
                frame[l3 + 4 : l3 + 6] = (len(frame) - l3 - 40).to_bytes(2, "big")
            else:
                frame[l3 + 2 : l3 + 4] = (len(frame) - l3).to_bytes(2, "big")
                frame[l3 + 4 : l3 + 6] = (self.ip_id + (0 if self.fixedid else k) & 0xFFFF).to_bytes(2, "big")
                frame[l3 + 10 : l3 + 12] = (~ones_sum(bytes(frame[l3:l4])) & 0xFFFF).to_bytes(2, "big")
            frame[l4 + 4 : l4 + 8] = (self.seq + k * self.mss & 0xFFFFFFFF).to_bytes(4, "big")
            frame[l4 + 13] = flags
            length = (len(frame) - l4).to_bytes(2, "big")
            check = ~ones_sum(length + bytes(frame[l4:])) & 0xFFFF or 0xFFFF
            frame[l4 + 16 : l4 + 18] = check.to_bytes(2, "big")
            frames.append(bytes(frame[:12] + self.tag + frame[12:]))
        return frames
