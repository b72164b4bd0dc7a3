# SPDX-License-Identifier: Apache-2.0
"""Configuration space of a function: registers, capabilities, and what they do.

Built from the device description. Of the registers that a driver writes these act: memory decoding and bus
mastering (without them accesses are lost, or refused, and said to be), INTx disable, the power state, and function
level reset. The others hold what is written. Source: drivers/pci/access.c, pci.c, probe.c, v6.12.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.hw.errors import CheckError
from pymodel.linux.bug import broken_rule, site_str
from pymodel.linux.errno import EINVAL
from pymodel.linux.pci_regs import (
    PCI_BASE_ADDRESS_0,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_MSI,
    PCI_CAP_ID_MSIX,
    PCI_CAP_ID_PM,
    PCI_CAPABILITY_LIST,
    PCI_CFG_SPACE_EXP_SIZE,
    PCI_COMMAND,
    PCI_COMMAND_INTX_DISABLE,
    PCI_COMMAND_MASTER,
    PCI_COMMAND_MEMORY,
    PCI_EXP_DEVCAP,
    PCI_EXP_DEVCAP_FLR,
    PCI_EXP_DEVCTL,
    PCI_EXP_DEVCTL_BCR_FLR,
    PCI_EXT_CAP_ID_DSN,
    PCI_EXT_CAP_ID_ERR,
    PCI_INTERRUPT_PIN,
    PCI_MSI_FLAGS,
    PCI_MSIX_FLAGS,
    PCI_MSIX_PBA,
    PCI_MSIX_TABLE,
    PCI_PM_CTRL,
    PCI_PM_CTRL_NO_SOFT_RESET,
    PCI_PM_CTRL_STATE_MASK,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_SUBSYSTEM_VENDOR_ID,
)

if TYPE_CHECKING:
    from pymodel.linux.pci import pci_dev

__all__ = [
    "PCIBIOS_BAD_REGISTER_NUMBER", "PCIBIOS_DEVICE_NOT_FOUND", "PCIBIOS_SUCCESSFUL", "pci_channel_io_frozen",
    "pci_channel_io_normal", "pci_channel_io_perm_failure", "pci_find_capability", "pci_find_ext_capability",
    "pci_get_dsn", "pci_is_pcie", "pci_pcie_cap", "pci_read_config_byte", "pci_read_config_dword",
    "pci_read_config_word", "pci_write_config_byte", "pci_write_config_dword", "pci_write_config_word",
    "pcie_capability_clear_and_set_word", "pcie_capability_clear_word", "pcie_capability_read_dword",
    "pcie_capability_read_word", "pcie_capability_set_word", "pcie_capability_write_word", "pcie_get_readrq",
    "pcie_set_readrq",
]  # fmt: skip

PCIBIOS_SUCCESSFUL = 0x00
PCIBIOS_DEVICE_NOT_FOUND = 0x86
PCIBIOS_BAD_REGISTER_NUMBER = 0x87

pci_channel_io_normal = 1
pci_channel_io_frozen = 2
pci_channel_io_perm_failure = 3

BAR_SHIFT = 28
_PM, _MSI, _MSIX, _EXP, _AER, _DSN = 0x40, 0x50, 0x70, 0x80, 0x100, 0x148
_D3HOT = 3


class ConfigSpace:
    """4 KiB of registers: ``data`` as they are, ``power_up`` as a reset leaves them, ``writable`` the bits that a
    write changes.
    """

    __slots__ = ("caps", "data", "ext_caps", "power_up", "writable")

    def __init__(self, desc: Mapping[str, Any], bars: Mapping[int, int]) -> None:
        self.data = bytearray(PCI_CFG_SPACE_EXP_SIZE)
        self.writable = bytearray(PCI_CFG_SPACE_EXP_SIZE)
        self.caps: dict[int, int] = {}
        self.ext_caps: dict[int, int] = {}
        vendor, device = desc["vendor"], desc["device"]
        self._set(0, 4, vendor | device << 16)
        self._set(PCI_COMMAND, 2, 0, 0x547)
        self._set(PCI_STATUS, 2, PCI_STATUS_CAP_LIST)
        self._set(8, 4, desc.get("revision", 0) | desc.get("class", 0x020000) << 8)
        self._set(0x0C, 1, 16, 0xFF)
        for bar, size in bars.items():
            at = PCI_BASE_ADDRESS_0 + 4 * bar
            self._set(at, 4, bar << BAR_SHIFT, -size & 0xFFFFFFF0)
        self._set(PCI_SUBSYSTEM_VENDOR_ID, 4, desc.get("subvendor", vendor) | desc.get("subdevice", device) << 16)
        self._set(PCI_INTERRUPT_PIN - 1, 2, int(bool(desc.get("line"))) << 8, 0xFF)
        self._capabilities(desc)
        self.power_up = bytes(self.data)

    def _capabilities(self, desc: Mapping[str, Any]) -> None:
        vectors = desc.get("vectors", 0)
        table = desc.get("msix_table")
        found = [(PCI_CAP_ID_PM, _PM)]
        self._set(_PM + 2, 2, 0x4803)  # PME from D0 and D3hot, version 3
        soft = 0 if desc.get("soft_reset", False) else PCI_PM_CTRL_NO_SOFT_RESET
        self._set(_PM + PCI_PM_CTRL, 2, soft, 0x0103)
        if vectors and table is None:  # messages by number: either kind will do
            found.append((PCI_CAP_ID_MSI, _MSI))
            self._set(_MSI + PCI_MSI_FLAGS, 2, 0x0180 | (vectors - 1).bit_length() << 1, 0x71)
        if vectors:
            found.append((PCI_CAP_ID_MSIX, _MSIX))
            self._set(_MSIX + PCI_MSIX_FLAGS, 2, vectors - 1, 0xC000)
            self._set(_MSIX + PCI_MSIX_TABLE, 4, _bar_offset(table or 0))
            self._set(_MSIX + PCI_MSIX_PBA, 4, _bar_offset(desc.get("msix_pba", 0)))
        found.append((PCI_CAP_ID_EXP, _EXP))
        self._set(_EXP + 2, 2, 0x0002)  # an endpoint
        self._set(_EXP + PCI_EXP_DEVCAP, 4, 0x8002 | (PCI_EXP_DEVCAP_FLR if desc.get("flr") else 0))
        self._set(_EXP + PCI_EXP_DEVCTL, 2, 0x2810, 0x7FFF)
        self._set(_EXP + 0x0C, 4, 0x83)  # x8 at 8 GT/s
        self._set(_EXP + 0x10, 4, 0x00830000, 0x1C3)
        at = PCI_CAPABILITY_LIST
        for number, where in found:
            self.data[at] = where
            self.data[where] = number
            self.caps[number] = where
            at = where + 1
        self.ext_caps = {PCI_EXT_CAP_ID_ERR: _AER, PCI_EXT_CAP_ID_DSN: _DSN}
        self._set(_AER, 4, PCI_EXT_CAP_ID_ERR | 2 << 16 | _DSN << 20)
        self._set(_AER + 0x04, 4, 0, 0x01FFF030)
        self._set(_AER + 0x10, 4, 0, 0x0000F1C1)
        self._set(_DSN, 4, PCI_EXT_CAP_ID_DSN | 1 << 16)
        self._set(_DSN + 4, 8, desc.get("serial", 0))

    def _set(self, at: int, size: int, value: int, writable: int = 0) -> None:
        self.data[at : at + size] = value.to_bytes(size, "little")
        self.writable[at : at + size] = writable.to_bytes(size, "little")

    def read(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at : at + size], "little")

    def write(self, at: int, size: int, value: int) -> None:
        for i in range(size):
            mask = self.writable[at + i]
            byte = value >> 8 * i & 0xFF
            if _AER + 4 <= at + i < _AER + 8 or _AER + 16 <= at + i < _AER + 20:  # status: written 1s clear
                self.data[at + i] &= ~(byte & mask)
            else:
                self.data[at + i] = self.data[at + i] & ~mask | byte & mask


def _bar_offset(address: int) -> int:
    return address & ((1 << BAR_SHIFT) - 8) | address >> BAR_SHIFT


# -- what the registers do -----------------------------------------------------------------------------------
def update_access(pdev: pci_dev) -> None:
    """Let decoding, bus mastering and isolation be what the registers and the channel's state say."""
    m = here.machine
    state = m.state["pci"]
    on = pdev.config.read(PCI_COMMAND, 2)
    awake = pdev.config.read(_PM + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK == 0
    pdev.answers = bool(on & PCI_COMMAND_MEMORY and awake and not pdev.isolated)
    pdev.masters = bool(on & PCI_COMMAND_MASTER and awake and not pdev.isolated and not pdev.no_dma)
    devices = state.devices
    m.mmio_lost = _lost if any(not d.answers or d.unmapped for d in devices) else None
    m.memory.set_master(not devices or any(d.masters for d in devices))


def _lost(addr: int, is_write: bool) -> bool:
    """Whether a register access gets no answer. What a driver may not do at all is an exception."""
    bar = addr >> BAR_SHIFT
    there = [d for d in here.state["pci"].devices if bar in d.bars]
    if not there or any(d.answers and bar not in d.unmapped for d in there):
        return False
    pdev = there[0]
    what = f"{'write' if is_write else 'read'} of 0x{addr & ((1 << BAR_SHIFT) - 1):x} in BAR {bar}"
    where = _who()
    if bar in pdev.unmapped:
        raise CheckError("PCI", f"{pdev}: {what}, which {site_str(pdev.unmapped[bar])} has unmapped", where)
    if pdev.isolated:
        if pdev.told:
            broken_rule("ERR1", f"{pdev}: {what} after error_detected(), before the device is back", where)
        return True
    if pdev.current_state >= _D3HOT:
        raise CheckError("PCI", f"{pdev}: {what} while the device is in D3hot", where)
    raise CheckError("PCI", f"{pdev}: {what}, but memory decoding is off: pci_enable_device() is missing", where)


def _who() -> str:
    """The line of the driver that made the access."""
    f = sys._getframe(2)
    inside = ("/pymodel/hw/", "/pymodel/linux/")
    while f.f_back is not None and any(part in f.f_code.co_filename for part in inside):
        f = f.f_back
    return site_str((f.f_code, f.f_lasti))


def reset_function(pdev: pci_dev) -> None:
    """The device is reset: configuration space is as after power-up, and so is the function behind it, where the
    platform can reset it (not RTL whose description names no register for it: it keeps its state until a driver resets
    it).
    """
    pdev.config.data[:] = pdev.config.power_up
    m = here.machine
    if m.reset_device is not None:
        at = max(m.sched.local_now, m.accessed_at)
        m.accessed_at = at
        m.reset_device(at)
    update_access(pdev)


def _written(pdev: pci_dev, where: int, before: int) -> None:
    """The effect of a write to the dword at ``where``, which was ``before``."""
    if where == PCI_COMMAND:
        now = pdev.config.read(PCI_COMMAND, 2)
        pdev.is_busmaster = bool(now & PCI_COMMAND_MASTER)
        update_access(pdev)
        if (before ^ now) & PCI_COMMAND_INTX_DISABLE:
            intx_update(pdev, here.sched.local_now)
    elif where == _PM + PCI_PM_CTRL:
        now = pdev.config.read(where, 2)
        woken = before & PCI_PM_CTRL_STATE_MASK == _D3HOT and not now & PCI_PM_CTRL_STATE_MASK
        if woken and not now & PCI_PM_CTRL_NO_SOFT_RESET:
            reset_function(pdev)
        update_access(pdev)


def intx_update(pdev: pci_dev, time: int) -> None:
    """The line is what the device drives, unless INTx is disabled."""
    level = pdev.line_level and not pdev.config.read(PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE
    if level != pdev.line_seen:
        pdev.line_seen = level
        drive: Callable[[int, bool, int], None] = here.state["pci"].drive_line
        drive(0, level, time)


def line_driven(line: int, level: bool, time: int) -> None:
    """A device drives its line. Called in the hub, at ``time`` ps."""
    state = here.state["pci"]
    for pdev in state.devices:
        if pdev.line:
            pdev.line_level = bool(level)
            intx_update(pdev, time)
            return
    state.drive_line(line, level, time)


# -- access --------------------------------------------------------------------------------------------------
def _read(pdev: pci_dev, where: int, size: int) -> tuple[int, int]:
    ones = (1 << 8 * size) - 1
    if where % size or not 0 <= where < PCI_CFG_SPACE_EXP_SIZE:
        return PCIBIOS_BAD_REGISTER_NUMBER, ones
    if pdev.error_state == pci_channel_io_perm_failure:
        return PCIBIOS_DEVICE_NOT_FOUND, ones
    if pdev.isolated:
        return PCIBIOS_SUCCESSFUL, ones
    return PCIBIOS_SUCCESSFUL, pdev.config.read(where, size)


def _write(pdev: pci_dev, where: int, value: int, size: int) -> int:
    if where % size or not 0 <= where < PCI_CFG_SPACE_EXP_SIZE:
        return PCIBIOS_BAD_REGISTER_NUMBER
    if pdev.error_state == pci_channel_io_perm_failure:
        return PCIBIOS_DEVICE_NOT_FOUND
    if pdev.isolated:
        return PCIBIOS_SUCCESSFUL
    config = pdev.config
    if where & -4 == _EXP + PCI_EXP_DEVCTL and value << 8 * (where & 3) & PCI_EXP_DEVCTL_BCR_FLR:
        if config.read(_EXP + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR:
            reset_function(pdev)
            return PCIBIOS_SUCCESSFUL
    before = config.read(where & -4, 4)
    config.write(where, size, value)
    _written(pdev, where & -4, before)
    return PCIBIOS_SUCCESSFUL


def pci_read_config_byte(pdev: pci_dev, where: int) -> tuple[int, int]:
    """(0 or PCIBIOS_*, value). A device that is frozen or gone reads all ones."""
    return _read(pdev, where, 1)


def pci_read_config_word(pdev: pci_dev, where: int) -> tuple[int, int]:
    return _read(pdev, where, 2)


def pci_read_config_dword(pdev: pci_dev, where: int) -> tuple[int, int]:
    return _read(pdev, where, 4)


def pci_write_config_byte(pdev: pci_dev, where: int, val: int) -> int:
    return _write(pdev, where, val, 1)


def pci_write_config_word(pdev: pci_dev, where: int, val: int) -> int:
    """0 or PCIBIOS_*; see the head of this file for what a write does."""
    return _write(pdev, where, val, 2)


def pci_write_config_dword(pdev: pci_dev, where: int, val: int) -> int:
    return _write(pdev, where, val, 4)


# -- capabilities --------------------------------------------------------------------------------------------
def pci_find_capability(pdev: pci_dev, cap: int) -> int:
    """Offset of a capability, 0 where there is none."""
    return pdev.config.caps.get(cap, 0)


def pci_find_ext_capability(pdev: pci_dev, cap: int) -> int:
    return pdev.config.ext_caps.get(cap, 0)


def pci_get_dsn(pdev: pci_dev) -> int:
    """The device serial number, 0 where there is none."""
    return pdev.config.read(_DSN + 4, 8)


def pci_pcie_cap(pdev: pci_dev) -> int:
    return _EXP


def pci_is_pcie(pdev: pci_dev) -> bool:
    return True


def pcie_capability_read_word(pdev: pci_dev, pos: int) -> tuple[int, int]:
    """A register of the PCI Express capability: (0 or an error, value)."""
    return _read(pdev, _EXP + pos, 2)


def pcie_capability_read_dword(pdev: pci_dev, pos: int) -> tuple[int, int]:
    return _read(pdev, _EXP + pos, 4)


def pcie_capability_write_word(pdev: pci_dev, pos: int, val: int) -> int:
    return _write(pdev, _EXP + pos, val, 2)


def pcie_capability_clear_and_set_word(pdev: pci_dev, pos: int, clear: int, bits: int) -> int:
    ret, val = _read(pdev, _EXP + pos, 2)
    return ret or _write(pdev, _EXP + pos, val & ~clear | bits, 2)


def pcie_capability_set_word(pdev: pci_dev, pos: int, bits: int) -> int:
    return pcie_capability_clear_and_set_word(pdev, pos, 0, bits)


def pcie_capability_clear_word(pdev: pci_dev, pos: int, clear: int) -> int:
    return pcie_capability_clear_and_set_word(pdev, pos, clear, 0)


def pcie_get_readrq(pdev: pci_dev) -> int:
    """Bytes of the longest read request."""
    return int(128 << (pcie_capability_read_word(pdev, PCI_EXP_DEVCTL)[1] >> 12 & 7))


def pcie_set_readrq(pdev: pci_dev, rq: int) -> int:
    """128 to 4096, a power of two; -EINVAL else."""
    if rq < 128 or rq > 4096 or rq & (rq - 1):
        return -EINVAL
    bits = (rq.bit_length() - 8) << 12
    return pcie_capability_clear_and_set_word(pdev, PCI_EXP_DEVCTL, 0x7000, bits)
