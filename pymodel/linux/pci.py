# SPDX-License-Identifier: Apache-2.0
"""PCI: drivers, devices with BARs, and interrupt vectors.

A device is described by a table (``[pci]`` of a device description): ``vendor``, ``device``, ``bars`` (sizes in
bytes), ``vectors``, ``msix_table`` (offset in the MMIO space; absent: messages are numbered, not written),
``line``. BAR n lies at ``n << 28``. The MSI-X table is written through the BAR, as on a real function. Source:
drivers/pci/, v6.12. Simplified: no config space, one device a line.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from pymodel.hw.access import machine, readl, writel
from pymodel.hw.errors import CheckError
from pymodel.linux.apic import alloc_msi_irq, deliver, line_irq, msi_message
from pymodel.linux.bug import Site, broken_rule, caller, site_str
from pymodel.linux.device import device, devm_add_action, devres_release_all
from pymodel.linux.dma_debug import check_no_mappings
from pymodel.linux.errno import EBUSY, EINVAL, ENODEV, ENOSPC
from pymodel.linux.irqdesc import irq_desc, irq_free_desc
from pymodel.linux.sched import might_sleep

__all__ = [
    "PCI_IRQ_AFFINITY", "PCI_IRQ_ALL_TYPES", "PCI_IRQ_INTX", "PCI_IRQ_MSI", "PCI_IRQ_MSIX", "module_param",
    "pci_add_device", "pci_alloc_irq_vectors", "pci_clear_master", "pci_dev", "pci_device", "pci_disable_device",
    "pci_driver", "pci_enable_device", "pci_enable_device_mem", "pci_free_irq_vectors", "pci_get_drvdata",
    "pci_iomap", "pci_ioremap_bar", "pci_iounmap", "pci_irq_vector", "pci_name", "pci_register_driver",
    "pci_release_regions", "pci_remove_device", "pci_request_regions", "pci_resource_len", "pci_resource_start",
    "pci_set_drvdata", "pci_set_master", "pci_unregister_driver", "pcim_enable_device", "pcim_iomap",
    "pcim_iomap_regions", "pcim_iomap_table", "to_pci_dev",
]

PCI_IRQ_INTX = 1 << 0
PCI_IRQ_MSI = 1 << 1
PCI_IRQ_MSIX = 1 << 2
PCI_IRQ_AFFINITY = 1 << 3
PCI_IRQ_ALL_TYPES = PCI_IRQ_INTX | PCI_IRQ_MSI | PCI_IRQ_MSIX

BAR_SHIFT = 28
MSIX_ENTRY_SIZE = 16
MSIX_ADDR_LO, MSIX_ADDR_HI, MSIX_DATA, MSIX_CTRL = 0, 4, 8, 12
MSIX_CTRL_MASKBIT = 1


class pci_driver:
    """``probe(pdev, ent) -> 0 | -errno``, ``remove(pdev)``; ``id_table``: pairs (vendor, device), or None for any."""

    __slots__ = ("id_table", "name", "params", "probe", "remove", "shutdown")

    def __init__(
        self,
        name: str,
        probe: Callable[[pci_dev, Any], int],
        remove: Callable[[pci_dev], object],
        id_table: Any = None,
        shutdown: Callable[[pci_dev], object] | None = None,
    ) -> None:
        self.name = name
        self.id_table = id_table
        self.probe = probe
        self.remove = remove
        self.shutdown = shutdown
        self.params: dict[str, Any] = {}


class _MsiEntry:
    """One vector: its interrupt and its place in the table."""

    __slots__ = ("desc", "masked", "nr", "pending")

    def __init__(self, nr: int) -> None:
        self.nr = nr
        self.desc: irq_desc
        self.masked = True
        self.pending = False  # a numbered message came while masked


class pci_dev:
    """A function on the bus. ``dev`` is its ``struct device``; ``irq`` the interrupt of its line, 0 where it has
    none.
    """

    __slots__ = (
        "bars", "dev", "device", "driver", "enabled", "irq", "is_busmaster", "line", "mapped", "msi", "msi_enabled",
        "msix_enabled", "msix_table", "regions_of", "vectors", "vendor",
    )

    def __init__(self, desc: Mapping[str, Any], name: str = "0000:01:00.0") -> None:
        self.vendor: int = desc["vendor"]
        self.device: int = desc["device"]
        bars = desc.get("bars", ())
        self.bars: dict[int, int] = (
            dict(enumerate(bars)) if not isinstance(bars, Mapping) else {int(k): v for k, v in bars.items()}
        )
        self.vectors: int = desc.get("vectors", 0)
        self.msix_table: int | None = desc.get("msix_table")
        self.line: bool = desc.get("line", False)
        self.dev = device(name, self)
        self.irq = 0
        self.enabled = 0
        self.is_busmaster = False
        self.msi_enabled = False
        self.msix_enabled = False
        self.msi: list[_MsiEntry] = []
        self.mapped: dict[int, Site] = {}
        self.regions_of = ""
        self.driver: pci_driver | None = None

    def __repr__(self) -> str:
        return self.dev.name


class PciState:
    """The bus of one machine."""

    __slots__ = ("devices", "drivers")

    def __init__(self) -> None:
        self.devices: list[pci_dev] = []
        self.drivers: list[pci_driver] = []


def _state() -> PciState:
    state: PciState = machine().state["pci"]
    return state


# -- the bus -------------------------------------------------------------------------------------------------
def pci_device(desc: Mapping[str, Any], name: str = "0000:01:00.0") -> pci_dev:
    """A device as described; it is on no bus yet (:func:`pci_add_device`)."""
    return pci_dev(desc, name)


def pci_register_driver(driver: pci_driver, params: Mapping[str, Any] | None = None) -> int:
    """Load a driver; ``params`` are its module parameters (:func:`module_param`). Devices that wait for it are
    probed. 0.
    """
    state = _state()
    driver.params = dict(params or {})
    if driver not in state.drivers:
        state.drivers.append(driver)
    for pdev in state.devices:
        if pdev.driver is None and _matches(driver, pdev):
            _probe(driver, pdev)
    return 0


def pci_unregister_driver(driver: pci_driver) -> None:
    """Unload a driver: its devices are removed from it."""
    state = _state()
    for pdev in state.devices:
        if pdev.driver is driver:
            _unbind(pdev)
    state.drivers.remove(driver)


def module_param(pdev: pci_dev, name: str, default: Any) -> Any:
    """A module parameter of the driver that is being bound to ``pdev``. C reads a variable."""
    return pdev.driver.params.get(name, default) if pdev.driver is not None else default


def _matches(driver: pci_driver, pdev: pci_dev) -> bool:
    return driver.id_table is None or any(tuple(ent[:2]) == (pdev.vendor, pdev.device) for ent in driver.id_table)


def pci_add_device(pdev: pci_dev) -> int:
    """Plug a device in: the first driver that knows it is probed. Its answer; -ENODEV where there is no driver."""
    might_sleep(caller())
    state = _state()
    state.devices.append(pdev)
    if pdev.line:
        pdev.irq = line_irq(0)
    for driver in state.drivers:
        if _matches(driver, pdev):
            return _probe(driver, pdev)
    return -ENODEV


def _probe(driver: pci_driver, pdev: pci_dev) -> int:
    pdev.driver = driver
    ent = next((e for e in driver.id_table or () if tuple(e[:2]) == (pdev.vendor, pdev.device)), None)
    err = driver.probe(pdev, ent)
    if err:
        if not isinstance(err, int):
            raise TypeError(f"probe of {driver.name} returned {err!r}: 0 or a negative errno is needed")
        _released(pdev)
    return err or 0


def pci_remove_device(pdev: pci_dev) -> None:
    """Unplug: the driver is unbound, and must have given back all that it had."""
    might_sleep(caller())
    if pdev.driver is not None:
        _unbind(pdev)
    _state().devices.remove(pdev)


def _unbind(pdev: pci_dev) -> None:
    assert pdev.driver is not None
    pdev.driver.remove(pdev)
    _released(pdev)


def _released(pdev: pci_dev) -> None:
    """What the core undoes, and what the driver should have."""
    devres_release_all(pdev.dev)
    if pdev.msi:
        broken_rule(
            "LIFE3",
            f"{pdev}: {len(pdev.msi)} interrupt vectors are not freed",
            "pci_free_irq_vectors() in the driver's remove()",
        )
        _free_vectors(pdev, caller())
    if pdev.mapped:
        bar, site = next(iter(pdev.mapped.items()))
        broken_rule(
            "LIFE3", f"{pdev}: BAR {bar} is still mapped, by {site_str(site)}", "pci_iounmap() in the driver's remove()"
        )
        pdev.mapped.clear()
    check_no_mappings(pdev.dev)
    pdev.driver = None
    pdev.enabled = 0
    pdev.is_busmaster = False
    pdev.regions_of = ""
    pdev.dev.driver_data = None
    pdev.dev.dma_setup()


def to_pci_dev(dev: device) -> pci_dev:
    pdev: pci_dev = dev.bus_dev
    return pdev


def pci_name(pdev: pci_dev) -> str:
    return pdev.dev.name


def pci_set_drvdata(pdev: pci_dev, data: Any) -> None:
    pdev.dev.driver_data = data


def pci_get_drvdata(pdev: pci_dev) -> Any:
    return pdev.dev.driver_data


# -- enabling, BARs ------------------------------------------------------------------------------------------
def pci_enable_device(pdev: pci_dev) -> int:
    """Wake it up; nests. 0."""
    pdev.enabled += 1
    return 0


pci_enable_device_mem = pci_enable_device


def pcim_enable_device(pdev: pci_dev) -> int:
    """pci_enable_device() that is undone with the driver."""
    devm_add_action(pdev.dev, pci_disable_device, pdev)
    return pci_enable_device(pdev)


def pci_disable_device(pdev: pci_dev) -> None:
    """Undo one pci_enable_device(); the last one takes bus mastering away as well."""
    pdev.enabled -= 1
    if pdev.enabled == 0:
        pdev.is_busmaster = False


def pci_set_master(pdev: pci_dev) -> None:
    """Let the device write to memory, messages included."""
    pdev.is_busmaster = True


def pci_clear_master(pdev: pci_dev) -> None:
    pdev.is_busmaster = False


def pci_request_regions(pdev: pci_dev, name: str) -> int:
    """Reserve the BARs. 0 or -EBUSY."""
    if pdev.regions_of:
        return -EBUSY
    pdev.regions_of = name
    return 0


def pci_release_regions(pdev: pci_dev) -> None:
    pdev.regions_of = ""


def pci_resource_len(pdev: pci_dev, bar: int) -> int:
    """Bytes of a BAR; 0 where there is none."""
    return pdev.bars.get(bar, 0)


def pci_resource_start(pdev: pci_dev, bar: int) -> int:
    return bar << BAR_SHIFT if bar in pdev.bars else 0


def pci_iomap(pdev: pci_dev, bar: int, maxlen: int) -> int | None:
    """Map a BAR: an address for readl() and writel(), or None."""
    return _iomap(pdev, bar, caller())


def pci_ioremap_bar(pdev: pci_dev, bar: int) -> int | None:
    return _iomap(pdev, bar, caller())


def _iomap(pdev: pci_dev, bar: int, site: Site) -> int | None:
    if not pdev.bars.get(bar):
        return None
    pdev.mapped[bar] = site
    return bar << BAR_SHIFT


def pci_iounmap(pdev: pci_dev, addr: int) -> None:
    pdev.mapped.pop(addr >> BAR_SHIFT, None)


def pcim_iomap(pdev: pci_dev, bar: int, maxlen: int) -> int | None:
    """pci_iomap() that is undone with the driver."""
    addr = _iomap(pdev, bar, caller())
    if addr is not None:
        devm_add_action(pdev.dev, pci_iounmap, pdev, addr)
    return addr


def pcim_iomap_regions(pdev: pci_dev, mask: int, name: str) -> int:
    """Reserve and map the BARs of a mask. 0 or -EINVAL."""
    for bar in range(6):
        if mask >> bar & 1 and pcim_iomap(pdev, bar, 0) is None:
            return -EINVAL
    return 0


def pcim_iomap_table(pdev: pci_dev) -> list[int]:
    """The addresses of the BARs."""
    return [bar << BAR_SHIFT for bar in range(6)]


# -- vectors -------------------------------------------------------------------------------------------------
def pci_alloc_irq_vectors(pdev: pci_dev, min_vecs: int, max_vecs: int, flags: int) -> int:
    """Allocate vectors of the first kind that is allowed and there: how many, or -EINVAL, -ENOSPC."""
    might_sleep(caller())
    if max_vecs < min_vecs or min_vecs < 1 or pdev.msi:
        return -EINVAL
    n = min(max_vecs, pdev.vectors)
    if n >= min_vecs and flags & PCI_IRQ_MSIX:
        pdev.msix_enabled = True
    elif n >= min_vecs and flags & PCI_IRQ_MSI and pdev.msix_table is None:
        pdev.msi_enabled = True
    elif flags & PCI_IRQ_INTX and min_vecs == 1 and pdev.irq:
        return 1
    else:
        return -ENOSPC
    for nr in range(n):
        entry = _MsiEntry(nr)
        entry.desc = alloc_msi_irq(
            f"PCI-MSI-{pdev.dev.name}-{nr}",
            functools.partial(_set_mask, pdev, entry, True),
            functools.partial(_set_mask, pdev, entry, False),
            functools.partial(_write_message, pdev, entry),
        )
        entry.desc.chip_data = pdev
        pdev.msi.append(entry)
        if pdev.msix_table is not None:
            writel(MSIX_CTRL_MASKBIT, _table(pdev, nr) + MSIX_CTRL)
            _write_message(pdev, entry, entry.desc)
    return n


def _table(pdev: pci_dev, nr: int) -> int:
    assert pdev.msix_table is not None
    return pdev.msix_table + nr * MSIX_ENTRY_SIZE


def _write_message(pdev: pci_dev, entry: _MsiEntry, desc: irq_desc) -> None:
    """Write an entry, masked meanwhile as the specification asks (PCIe 6.1.4.2)."""
    if pdev.msix_table is None:
        return
    addr, data = msi_message(desc)
    base = _table(pdev, entry.nr)
    if not entry.masked:
        writel(MSIX_CTRL_MASKBIT, base + MSIX_CTRL)
    writel(addr & 0xFFFFFFFF, base + MSIX_ADDR_LO)
    writel(addr >> 32, base + MSIX_ADDR_HI)
    writel(data, base + MSIX_DATA)
    if not entry.masked:
        writel(0, base + MSIX_CTRL)
    readl(base + MSIX_DATA)


def _set_mask(pdev: pci_dev, entry: _MsiEntry, masked: bool, desc: irq_desc) -> None:
    """The mask bit of a vector. Masking waits until the device has seen it."""
    entry.masked = masked
    if pdev.msix_table is not None:
        base = _table(pdev, entry.nr)
        writel(MSIX_CTRL_MASKBIT if masked else 0, base + MSIX_CTRL)
        if masked:
            readl(base + MSIX_CTRL)
    elif not masked and entry.pending:
        entry.pending = False
        deliver(desc, machine().sched.local_now)


def raise_msi(vector: int, time: int) -> None:
    """A numbered message of a device without a table. Called in the hub, at ``time`` ps."""
    for pdev in _state().devices:
        if pdev.msi:
            if vector >= len(pdev.msi):
                raise CheckError(
                    "MSI", f"{pdev}: message of vector {vector}, but {len(pdev.msi)} are allocated", f"at {time} ps"
                )
            if not pdev.is_busmaster:
                raise CheckError(
                    "MSI",
                    f"{pdev}: message of a device that is no bus master: pci_set_master() is missing",
                    f"at {time} ps",
                )
            entry = pdev.msi[vector]
            if entry.masked:
                entry.pending = True
            else:
                deliver(entry.desc, time)
            return
    raise CheckError("MSI", f"message of vector {vector}, but no device has vectors", f"at {time} ps")


def pci_irq_vector(pdev: pci_dev, nr: int) -> int:
    """The interrupt number of a vector, for request_irq(); -EINVAL where there is none."""
    if pdev.msi:
        return pdev.msi[nr].desc.irq if 0 <= nr < len(pdev.msi) else -EINVAL
    return pdev.irq if nr == 0 and pdev.irq else -EINVAL


def pci_free_irq_vectors(pdev: pci_dev) -> None:
    """Give the vectors back. BUG while a handler is installed."""
    _free_vectors(pdev, caller())


def _free_vectors(pdev: pci_dev, site: Site) -> None:
    for entry in pdev.msi:
        if entry.desc.actions:
            action = entry.desc.actions[0]
            broken_rule(
                "LIFE3",
                f"{pdev}: vector {entry.nr} freed while handler {action.name} is installed (BUG_ON in free_msi_irqs)",
                f"{site_str(site)}; requested at {site_str(action.site)}",
            )
        irq_free_desc(entry.desc.irq)
    pdev.msi = []
    pdev.msi_enabled = pdev.msix_enabled = False


# -- managed interrupts --------------------------------------------------------------------------------------
