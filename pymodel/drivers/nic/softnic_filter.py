# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's RX filter: which destinations and VLANs pass (rtl/README.md, "Receive"; rtl/csr/nic_csr_filter.sv)."""

from __future__ import annotations

import zlib

from pymodel.drivers.nic import nic_hw as hw

__all__ = ["SoftFilter", "address_hash", "tagged"]

_BROADCAST = b"\xff\xff\xff\xff\xff\xff"
_ADDR_END = hw.rx_addr(hw.RX_ADDR_COUNT)
_HASH_END = hw.rx_hash(hw.RX_HASH_COUNT)
_VLAN_END = hw.vlan_filter(hw.VLAN_FILTER_COUNT)


def tagged(frame: bytes) -> bool:
    """Is the outer tag, whole, of EtherType 0x8100? Others are neither filtered nor taken out."""
    return frame[12:14] == b"\x81\x00" and len(frame) >= 18


def address_hash(dest: bytes) -> int:
    """Which bit of RX_HASH an address chooses: the upper byte of Linux' ether_crc()."""
    low = ~zlib.crc32(dest) & 0xFF
    return int(f"{low:08b}"[::-1], 2)


class SoftFilter:
    """The registers, and what they let through. ``ctrl`` is RX_CTRL, ``station`` the station address."""

    __slots__ = ("_exact", "_hash", "_high", "_low", "_vlans", "ctrl", "station")

    def __init__(self) -> None:
        self.ctrl = hw.RX_CTRL_BROADCAST
        self.station = bytes(6)
        self._low = [0] * hw.RX_ADDR_COUNT
        self._high = [0] * hw.RX_ADDR_COUNT
        self._exact: frozenset[bytes] = frozenset()  # the valid entries' addresses
        self._hash = [0] * hw.RX_HASH_COUNT
        self._vlans = [0] * hw.VLAN_FILTER_COUNT

    # -- frames ----------------------------------------------------------------------------------------------------
    def passes(self, dest: bytes) -> bool:
        """May frames to this destination come in?"""
        ctrl = self.ctrl
        if dest == self.station or ctrl & hw.RX_CTRL_PROMISC or dest in self._exact:
            return True
        if dest[0] & 1 and ctrl & (hw.RX_CTRL_ALLMULTI | (hw.RX_CTRL_BROADCAST if dest == _BROADCAST else 0)):
            return True
        at = address_hash(dest)
        return bool(self._hash[at >> 5] >> (at & 31) & 1)

    def vlan_passes(self, frame: bytes) -> bool:
        """May frames of this one's VLAN come in? Asked for when RX_CTRL.vlan_filter is set."""
        if not tagged(frame):
            return True
        vid = (frame[14] & 15) << 8 | frame[15]
        return bool(self._vlans[vid >> 5] >> (vid & 31) & 1)

    # -- registers -------------------------------------------------------------------------------------------------
    @staticmethod
    def has(offset: int) -> bool:
        return hw.RX_ADDR_BASE <= offset < _HASH_END or hw.VLAN_FILTER_BASE <= offset < _VLAN_END

    def _place(self, offset: int) -> tuple[list[int], int]:
        if offset < _ADDR_END:
            entry, word = divmod(offset - hw.RX_ADDR_BASE, hw.RX_ADDR_STRIDE)
            return self._high if word == hw.RX_ADDR_HI else self._low, entry
        if offset < _HASH_END:
            return self._hash, (offset - hw.RX_HASH_BASE) // hw.RX_HASH_STRIDE
        return self._vlans, (offset - hw.VLAN_FILTER_BASE) // hw.VLAN_FILTER_STRIDE

    def read(self, offset: int) -> int:
        words, at = self._place(offset)
        return words[at]

    def write(self, offset: int, value: int) -> None:
        words, at = self._place(offset)
        words[at] = value & (hw.RX_ADDR_HI_ADDR | hw.RX_ADDR_HI_VALID) if words is self._high else value
        if offset < _ADDR_END:
            self._exact = frozenset(
                (low | (high & hw.RX_ADDR_HI_ADDR) << 32).to_bytes(6, "little")
                for low, high in zip(self._low, self._high, strict=True)
                if high & hw.RX_ADDR_HI_VALID
            )
