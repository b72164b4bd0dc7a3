# SPDX-License-Identifier: Apache-2.0
"""Interrupt vectors of a function: MSI-X, MSI, and its line.

The MSI-X table is written through the BAR, as on a real function; a device without one sends messages by number
(:func:`raise_msi`). Source: drivers/pci/msi/api.c, msi.c, kernel/irq/affinity.c, v6.12. Simplified: the enable and
mask bits of the capability change nothing in the device.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from pymodel.hw.access import here, readl, writel
from pymodel.hw.errors import CheckError
from pymodel.linux.apic import alloc_msi_irq, deliver, msi_message
from pymodel.linux.bug import WARN, Site, broken_rule, caller, site_str
from pymodel.linux.errno import EINVAL, ENOSPC, ERANGE
from pymodel.linux.irqdesc import irq_desc, irq_free_desc
from pymodel.linux.pci import PCI_D0, pci_dev
from pymodel.linux.pci_config import pci_find_capability, pci_read_config_word, pci_write_config_word
from pymodel.linux.pci_regs import (
    PCI_CAP_ID_MSI,
    PCI_CAP_ID_MSIX,
    PCI_COMMAND,
    PCI_COMMAND_INTX_DISABLE,
    PCI_MSI_FLAGS,
    PCI_MSI_FLAGS_ENABLE,
    PCI_MSI_FLAGS_QMASK,
    PCI_MSIX_FLAGS,
    PCI_MSIX_FLAGS_ENABLE,
    PCI_MSIX_FLAGS_QSIZE,
)
from pymodel.linux.sched import might_sleep

__all__ = [
    "PCI_IRQ_AFFINITY", "PCI_IRQ_ALL_TYPES", "PCI_IRQ_INTX", "PCI_IRQ_LEGACY", "PCI_IRQ_MSI", "PCI_IRQ_MSIX",
    "irq_affinity", "msix_entry", "pci_alloc_irq_vectors", "pci_alloc_irq_vectors_affinity", "pci_disable_msi",
    "pci_disable_msix", "pci_dev_msi_enabled", "pci_enable_msi", "pci_enable_msix_exact", "pci_enable_msix_range",
    "pci_free_irq_vectors", "pci_intx", "pci_irq_get_affinity", "pci_irq_vector", "pci_msi_vec_count",
    "pci_msix_vec_count",
]  # fmt: skip

PCI_IRQ_INTX = PCI_IRQ_LEGACY = 1 << 0
PCI_IRQ_MSI = 1 << 1
PCI_IRQ_MSIX = 1 << 2
PCI_IRQ_AFFINITY = 1 << 3
PCI_IRQ_ALL_TYPES = PCI_IRQ_INTX | PCI_IRQ_MSI | PCI_IRQ_MSIX

MSIX_ENTRY_SIZE = 16
MSIX_ADDR_LO, MSIX_ADDR_HI, MSIX_DATA, MSIX_CTRL = 0, 4, 8, 12
MSIX_CTRL_MASKBIT = 1


class MsiEntry:
    """One vector: its interrupt, its place in the table, and the CPUs it is kept to (None: it may go anywhere)."""

    __slots__ = ("affinity", "desc", "masked", "nr", "pending")

    def __init__(self, nr: int) -> None:
        self.nr = nr
        self.desc: irq_desc
        self.affinity: int | None = None
        self.masked = True
        self.pending = False  # a numbered message came while masked


class msix_entry:
    """``entry``: a place in the table, given; ``vector``: its interrupt, found by pci_enable_msix_range()."""

    __slots__ = ("entry", "vector")

    def __init__(self, entry: int = 0) -> None:
        self.entry = entry
        self.vector = 0


class irq_affinity:
    """Vectors before and behind those that are spread over the CPUs: configuration, mailboxes."""

    __slots__ = ("post_vectors", "pre_vectors")

    def __init__(self, pre_vectors: int = 0, post_vectors: int = 0) -> None:
        self.pre_vectors = pre_vectors
        self.post_vectors = post_vectors


# -- the line ------------------------------------------------------------------------------------------------
def pci_intx(pdev: pci_dev, enable: int) -> None:
    """Let the function drive its line, or not."""
    command = pci_read_config_word(pdev, PCI_COMMAND)[1]
    new = command & ~PCI_COMMAND_INTX_DISABLE if enable else command | PCI_COMMAND_INTX_DISABLE
    if new != command:
        pci_write_config_word(pdev, PCI_COMMAND, new)


# -- allocating ----------------------------------------------------------------------------------------------
def pci_msix_vec_count(pdev: pci_dev) -> int:
    """Entries of the MSI-X table; -EINVAL where the function has none."""
    cap = pci_find_capability(pdev, PCI_CAP_ID_MSIX)
    return (pdev.config.read(cap + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE) + 1 if cap else -EINVAL


def pci_msi_vec_count(pdev: pci_dev) -> int:
    """Messages that the function can send; -EINVAL where it has no MSI."""
    cap = pci_find_capability(pdev, PCI_CAP_ID_MSI)
    return 1 << (pdev.config.read(cap + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_QMASK) // 2 if cap else -EINVAL


def _spread(nvec: int, affd: irq_affinity) -> list[int | None]:
    """A mask for each vector: CPUs that follow each other, as evenly as can be. Source: irq_create_affinity_masks()."""
    cpus = len(here.sched.cpus)
    n = nvec - affd.pre_vectors - affd.post_vectors
    masks: list[int | None] = []
    at = 0
    for i in range(n):
        if n <= cpus:
            take = cpus // n + (i < cpus % n)
            masks.append(((1 << take) - 1) << at)
            at += take
        else:
            masks.append(1 << i * cpus // n)
    return [None] * affd.pre_vectors + masks + [None] * affd.post_vectors


def _most_useful(minvec: int, maxvec: int, affd: irq_affinity) -> int:
    """Vectors that are worth having: one a CPU and the reserved ones. Source: irq_calc_affinity_vectors()."""
    reserved = affd.pre_vectors + affd.post_vectors
    if reserved > minvec:
        return 0
    return reserved + min(len(here.sched.cpus), maxvec - reserved)


def _add_vectors(pdev: pci_dev, places: Sequence[int], affd: irq_affinity | None) -> None:
    masks = _spread(len(places), affd) if affd is not None else [None] * len(places)
    for nr, (place, mask) in enumerate(zip(places, masks, strict=True)):
        entry = MsiEntry(place)
        entry.desc = desc = alloc_msi_irq(
            f"PCI-MSI-{pdev.dev.name}-{nr}",
            functools.partial(_set_mask, pdev, entry, True),
            functools.partial(_set_mask, pdev, entry, False),
            functools.partial(_write_message, pdev, entry),
        )
        desc.chip_data = pdev
        if mask is not None:
            entry.affinity = desc.affinity = mask
            desc.cpu = (mask & -mask).bit_length() - 1
        pdev.msi.append(entry)


def _enable_msix(
    pdev: pci_dev, entries: Sequence[msix_entry] | None, minvec: int, maxvec: int, affd: irq_affinity | None
) -> int:
    """Source: __pci_enable_msix_range()."""
    if maxvec < minvec:
        return -ERANGE
    if pdev.msi_enabled or pdev.current_state != PCI_D0 or minvec < 1:
        return -EINVAL
    if pdev.msix_enabled:
        WARN(f"{pdev}: MSI-X is enabled already (WARN_ON_ONCE(dev->msix_enabled))", site_str(caller(2)))
        return -EINVAL
    there = pci_msix_vec_count(pdev)
    if there < 0:
        return there
    if entries is not None:
        places = [e.entry for e in entries[:maxvec]]
        if any(not 0 <= place < there for place in places) or len(set(places)) < len(places):
            return -EINVAL
    nvec = min(there, maxvec)
    if nvec < minvec:
        return -ENOSPC
    if affd is not None:
        nvec = _most_useful(minvec, nvec, affd)
        if nvec < minvec:
            return -ENOSPC
    _add_vectors(pdev, places[:nvec] if entries is not None else range(nvec), affd)
    pdev.msix_enabled = True
    flags = pdev.config.caps[PCI_CAP_ID_MSIX] + PCI_MSIX_FLAGS
    pci_write_config_word(pdev, flags, pci_read_config_word(pdev, flags)[1] | PCI_MSIX_FLAGS_ENABLE)
    for entry in pdev.msi:
        _table_write(pdev, MSIX_CTRL_MASKBIT, entry, MSIX_CTRL)
        _write_message(pdev, entry, entry.desc)
    pci_intx(pdev, 0)
    for i, entry in enumerate(pdev.msi if entries is not None else ()):
        assert entries is not None
        entries[i].vector = entry.desc.irq
    return nvec


def _enable_msi(pdev: pci_dev, minvec: int, maxvec: int, affd: irq_affinity | None) -> int:
    """Source: __pci_enable_msi_range()."""
    if pdev.current_state != PCI_D0 or pdev.msix_enabled or minvec < 1:
        return -EINVAL
    if maxvec < minvec:
        return -ERANGE
    if pdev.msi_enabled:
        WARN(f"{pdev}: MSI is enabled already (WARN_ON_ONCE(dev->msi_enabled))", site_str(caller(2)))
        return -EINVAL
    nvec = pci_msi_vec_count(pdev)
    if nvec < 0:
        return nvec
    nvec = min(nvec, maxvec, pdev.vectors)
    if nvec < minvec:
        return -ENOSPC
    if affd is not None:
        nvec = _most_useful(minvec, nvec, affd)
        if nvec < minvec:
            return -ENOSPC
    _add_vectors(pdev, range(nvec), affd)
    pdev.msi_enabled = True
    flags = pdev.config.caps[PCI_CAP_ID_MSI] + PCI_MSI_FLAGS
    pci_write_config_word(pdev, flags, pci_read_config_word(pdev, flags)[1] | PCI_MSI_FLAGS_ENABLE)
    pci_intx(pdev, 0)
    pdev.irq = pdev.msi[0].desc.irq
    return nvec


def pci_alloc_irq_vectors(pdev: pci_dev, min_vecs: int, max_vecs: int, flags: int) -> int:
    """Allocate vectors of the first kind (MSI-X, MSI, the line) that is allowed and there: how many, or a negative
    errno. With PCI_IRQ_AFFINITY they are spread over the CPUs, and are at most one a CPU.
    """
    return _alloc(pdev, min_vecs, max_vecs, flags, None, caller())


def pci_alloc_irq_vectors_affinity(
    pdev: pci_dev, min_vecs: int, max_vecs: int, flags: int, affd: irq_affinity | None
) -> int:
    """As :func:`pci_alloc_irq_vectors`; ``affd`` (with PCI_IRQ_AFFINITY) names vectors that are not spread."""
    return _alloc(pdev, min_vecs, max_vecs, flags, affd, caller())


def _alloc(pdev: pci_dev, min_vecs: int, max_vecs: int, flags: int, affd: irq_affinity | None, site: Site) -> int:
    might_sleep(site)
    if flags & PCI_IRQ_AFFINITY:
        affd = affd or irq_affinity()
    elif affd is not None:
        WARN(f"{pdev}: affinity without PCI_IRQ_AFFINITY (WARN_ON(affd))", site_str(site))
        affd = None
    nvecs = -ENOSPC
    if flags & PCI_IRQ_MSIX:
        nvecs = _enable_msix(pdev, None, min_vecs, max_vecs, affd)
        if nvecs > 0:
            return nvecs
    if flags & PCI_IRQ_MSI:
        nvecs = _enable_msi(pdev, min_vecs, max_vecs, affd)
        if nvecs > 0:
            return nvecs
    if flags & PCI_IRQ_INTX and min_vecs == 1 and pdev.irq:
        pci_intx(pdev, 1)
        return 1
    return nvecs


def pci_enable_msix_range(pdev: pci_dev, entries: Sequence[msix_entry] | None, minvec: int, maxvec: int) -> int:
    """Allocate MSI-X vectors at the places that ``entries`` name, and say there which interrupts they are."""
    might_sleep(caller())
    return _enable_msix(pdev, entries, minvec, maxvec, None)


def pci_enable_msix_exact(pdev: pci_dev, entries: Sequence[msix_entry], nvec: int) -> int:
    """All of them or none: 0 or a negative errno."""
    might_sleep(caller())
    return min(0, _enable_msix(pdev, entries, nvec, nvec, None))


def pci_enable_msi(pdev: pci_dev) -> int:
    """One message in place of the line: ``pdev.irq`` is its interrupt from now on. 0 or a negative errno."""
    might_sleep(caller())
    return min(0, _enable_msi(pdev, 1, 1, None))


def pci_dev_msi_enabled(pdev: pci_dev) -> bool:
    return pdev.msi_enabled or pdev.msix_enabled


def pci_irq_vector(pdev: pci_dev, nr: int) -> int:
    """The interrupt number of a vector, for request_irq(); -EINVAL where there is none."""
    if pdev.msi:
        return pdev.msi[nr].desc.irq if 0 <= nr < len(pdev.msi) else -EINVAL
    return pdev.irq if nr == 0 else -EINVAL


def pci_irq_get_affinity(pdev: pci_dev, nr: int) -> int | None:
    """The CPUs that a vector is kept to, all of them where it is to none; None where there is no such vector."""
    everywhere = (1 << len(here.sched.cpus)) - 1
    if not pdev.msi:
        return everywhere
    if not 0 <= nr < len(pdev.msi):
        return None
    mask: int | None = pdev.msi[nr].affinity
    return everywhere if mask is None else mask


# -- freeing -------------------------------------------------------------------------------------------------
def pci_free_irq_vectors(pdev: pci_dev) -> None:
    """Give the vectors back. BUG while a handler is installed."""
    free_vectors(pdev, caller())


def pci_disable_msix(pdev: pci_dev) -> None:
    if pdev.msix_enabled:
        free_vectors(pdev, caller())


def pci_disable_msi(pdev: pci_dev) -> None:
    if pdev.msi_enabled:
        free_vectors(pdev, caller())


def free_vectors(pdev: pci_dev, site: Site) -> None:
    for entry in pdev.msi:
        if entry.desc.actions:
            action = entry.desc.actions[0]
            broken_rule(
                "LIFE3",
                f"{pdev}: vector {entry.nr} freed while handler {action.name} is installed (BUG_ON in free_msi_irqs)",
                f"{site_str(site)}; requested at {site_str(action.site)}",
            )
        irq_free_desc(entry.desc.irq)
    if not pdev.msi:
        return
    pdev.msi = []
    cap, bit = (PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS_ENABLE) if pdev.msix_enabled else (PCI_CAP_ID_MSI, PCI_MSI_FLAGS_ENABLE)
    flags = pdev.config.caps[cap] + PCI_MSIX_FLAGS
    pci_write_config_word(pdev, flags, pci_read_config_word(pdev, flags)[1] & ~bit)
    if pdev.msi_enabled:
        pdev.irq = pdev.line_irq
    pdev.msi_enabled = pdev.msix_enabled = False
    pci_intx(pdev, 1)


# -- the table -----------------------------------------------------------------------------------------------
def _table_write(pdev: pci_dev, value: int, entry: MsiEntry, field: int) -> None:
    """Lost, without a word, where the device is cut off: the interrupt core cannot know."""
    if pdev.msix_table is not None and not pdev.isolated:
        writel(value, pdev.msix_table + entry.nr * MSIX_ENTRY_SIZE + field)


def _table_flush(pdev: pci_dev, entry: MsiEntry, field: int) -> None:
    if pdev.msix_table is not None and not pdev.isolated:
        readl(pdev.msix_table + entry.nr * MSIX_ENTRY_SIZE + field)


def _write_message(pdev: pci_dev, entry: MsiEntry, desc: irq_desc) -> None:
    """Write an entry, masked meanwhile as the specification asks (PCIe 6.1.4.2)."""
    addr, data = msi_message(desc)
    if not entry.masked:
        _table_write(pdev, MSIX_CTRL_MASKBIT, entry, MSIX_CTRL)
    _table_write(pdev, addr & 0xFFFFFFFF, entry, MSIX_ADDR_LO)
    _table_write(pdev, addr >> 32, entry, MSIX_ADDR_HI)
    _table_write(pdev, data, entry, MSIX_DATA)
    if not entry.masked:
        _table_write(pdev, 0, entry, MSIX_CTRL)
    _table_flush(pdev, entry, MSIX_DATA)


def _set_mask(pdev: pci_dev, entry: MsiEntry, masked: bool, desc: irq_desc) -> None:
    """The mask bit of a vector. Masking waits until the device has seen it."""
    entry.masked = masked
    if pdev.msix_table is not None:
        _table_write(pdev, MSIX_CTRL_MASKBIT if masked else 0, entry, MSIX_CTRL)
        if masked:
            _table_flush(pdev, entry, MSIX_CTRL)
    elif not masked and entry.pending:
        entry.pending = False
        deliver(desc, here.sched.local_now)


def restore_msi(pdev: pci_dev) -> None:
    """Write what the function forgot in a reset. Source: drivers/pci/msi/msi.c __pci_restore_msix_state()."""
    for entry in pdev.msi:
        _table_write(pdev, MSIX_CTRL_MASKBIT, entry, MSIX_CTRL)
        masked, entry.masked = entry.masked, True
        _write_message(pdev, entry, entry.desc)
        entry.masked = masked
        if not masked:
            _table_write(pdev, 0, entry, MSIX_CTRL)


def raise_msi(vector: int, time: int) -> None:
    """A numbered message of a device without a table. Called in the hub, at ``time`` ps."""
    devices: list[pci_dev] = here.state["pci"].devices
    for pdev in devices:
        if pdev.msi:
            entry = next((e for e in pdev.msi if e.nr == vector), None)
            if entry is None:
                raise CheckError(
                    "MSI", f"{pdev}: message of vector {vector}, but {len(pdev.msi)} are allocated", f"at {time} ps"
                )
            if pdev.isolated:
                return
            if not pdev.is_busmaster:
                raise CheckError(
                    "MSI",
                    f"{pdev}: message of a device that is no bus master: pci_set_master() is missing",
                    f"at {time} ps",
                )
            if entry.masked:
                entry.pending = True
            else:
                deliver(entry.desc, time)
            return
    raise CheckError("MSI", f"message of vector {vector}, but no device has vectors", f"at {time} ps")
