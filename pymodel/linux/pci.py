# SPDX-License-Identifier: Apache-2.0
"""PCI: devices, drivers and how they find each other; enabling and bus mastering.

A device is described by a table (``[pci]`` of a device description): ``vendor``, ``device``, ``bars`` (sizes in
bytes), ``vectors``, ``msix_table`` (offset in the MMIO space; absent: messages are numbered, not written), ``line``;
and, where drivers look, ``subvendor``, ``subdevice``, ``class``, ``revision``, ``serial``, ``flr`` (it has function
level reset), ``soft_reset`` (D3hot to D0 resets it). BAR n lies at ``n << 28``. Until pci_enable_device() the device
answers no access, until pci_set_master() it gets no memory; both are exceptions that say so. Source:
drivers/pci/pci-driver.c, pci.c, v6.12. Simplified: one bus, no bridges, one device a line; what a driver that is
unbound left enabled is off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pymodel.hw.access import here
from pymodel.linux.apic import line_irq, set_irq_line
from pymodel.linux.bug import WARN, Site, broken_rule, caller, pr_warn, site_str
from pymodel.linux.device import device, devm_add_action, devres_release_all
from pymodel.linux.dma_debug import check_no_mappings
from pymodel.linux.errno import ENODEV
from pymodel.linux.pci_config import ConfigSpace, pci_channel_io_normal, update_access
from pymodel.linux.pci_regs import PCI_COMMAND, PCI_COMMAND_MASTER, PCI_COMMAND_MEMORY
from pymodel.linux.sched import might_sleep

__all__ = [
    "PCI_ANY_ID", "PCI_D0", "PCI_D1", "PCI_D2", "PCI_D3cold", "PCI_D3hot", "PCI_DEVICE", "PCI_DEVICE_CLASS",
    "PCI_DEVICE_SUB", "PCI_UNKNOWN", "PCI_VDEVICE", "module_param", "pci_add_device", "pci_clear_master", "pci_dev",
    "pci_device", "pci_device_id", "pci_device_shutdown", "pci_disable_device", "pci_driver", "pci_enable_device",
    "pci_enable_device_mem", "pci_error_handlers", "pci_get_drvdata", "pci_is_enabled", "pci_match_id", "pci_name",
    "pci_register_driver", "pci_remove_device", "pci_set_drvdata", "pci_set_master", "pci_unregister_driver",
    "pcim_enable_device", "to_pci_dev",
]  # fmt: skip

PCI_ANY_ID = 0xFFFFFFFF
PCI_D0, PCI_D1, PCI_D2, PCI_D3hot, PCI_D3cold, PCI_UNKNOWN = range(6)


# -- drivers -------------------------------------------------------------------------------------------------
class pci_device_id:
    """A kind of device that a driver serves. ``class_`` is C's ``class``."""

    __slots__ = ("class_", "class_mask", "device", "driver_data", "subdevice", "subvendor", "vendor")

    def __init__(
        self,
        vendor: int = 0,
        device: int = 0,
        subvendor: int = PCI_ANY_ID,
        subdevice: int = PCI_ANY_ID,
        class_: int = 0,
        class_mask: int = 0,
        driver_data: Any = 0,
    ) -> None:
        self.vendor = vendor
        self.device = device
        self.subvendor = subvendor
        self.subdevice = subdevice
        self.class_ = class_
        self.class_mask = class_mask
        self.driver_data = driver_data


def PCI_DEVICE(vend: int, dev: int) -> pci_device_id:
    """An entry of an id table: this vendor's device, whatever board it is on."""
    return pci_device_id(vend, dev)


PCI_VDEVICE = PCI_DEVICE


def PCI_DEVICE_SUB(vend: int, dev: int, subvend: int, subdev: int) -> pci_device_id:
    return pci_device_id(vend, dev, subvend, subdev)


def PCI_DEVICE_CLASS(dev_class: int, dev_class_mask: int) -> pci_device_id:
    return pci_device_id(PCI_ANY_ID, PCI_ANY_ID, class_=dev_class, class_mask=dev_class_mask)


class pci_error_handlers:
    """What a driver does about errors of the bus: see :mod:`pymodel.linux.pci_err`. None: nothing."""

    __slots__ = (
        "cor_error_detected", "error_detected", "mmio_enabled", "reset_done", "reset_prepare", "resume", "slot_reset",
    )  # fmt: skip

    def __init__(
        self,
        *,
        error_detected: Callable[[pci_dev, int], int] | None = None,
        mmio_enabled: Callable[[pci_dev], int] | None = None,
        slot_reset: Callable[[pci_dev], int] | None = None,
        reset_prepare: Callable[[pci_dev], object] | None = None,
        reset_done: Callable[[pci_dev], object] | None = None,
        resume: Callable[[pci_dev], object] | None = None,
        cor_error_detected: Callable[[pci_dev], object] | None = None,
    ) -> None:
        self.error_detected = error_detected
        self.mmio_enabled = mmio_enabled
        self.slot_reset = slot_reset
        self.reset_prepare = reset_prepare
        self.reset_done = reset_done
        self.resume = resume
        self.cor_error_detected = cor_error_detected


class pci_driver:
    """``probe(pdev, ent) -> 0 | -errno``, ``remove(pdev)``; ``id_table``: the devices it serves (none: none)."""

    __slots__ = ("err_handler", "id_table", "name", "params", "probe", "remove", "shutdown")

    def __init__(
        self,
        name: str,
        probe: Callable[[pci_dev, Any], int],
        remove: Callable[[pci_dev], object],
        id_table: Iterable[pci_device_id] | None = None,
        shutdown: Callable[[pci_dev], object] | None = None,
        err_handler: pci_error_handlers | None = None,
    ) -> None:
        self.name = name
        self.id_table = tuple(id_table or ())
        self.probe = probe
        self.remove = remove
        self.shutdown = shutdown
        self.err_handler = err_handler
        self.params: dict[str, Any] = {}

    def __repr__(self) -> str:
        return self.name


class pci_dev:
    """A function on the bus. ``dev`` is its ``struct device``; ``irq`` the interrupt of its line (of its message, with
    MSI), 0 where it has none; ``class_`` is C's ``class``.

    The model's own: ``config``, its registers; ``answers`` and ``masters``, whether it decodes memory and masters the
    bus now; ``isolated``, cut off by an error; ``told``, the driver knows; ``no_dma``, not before resume().
    """

    __slots__ = (
        "answers", "bars", "class_", "config", "current_state", "dev", "devfn", "device", "driver", "enable_cnt",
        "error_state", "irq", "is_busmaster", "isolated", "line", "line_irq", "line_level", "line_seen", "mapped",
        "masters", "msi", "msi_enabled", "msix_enabled", "msix_table", "no_dma", "regions", "revision", "saved",
        "subsystem_device", "subsystem_vendor", "told", "unmapped", "vectors", "vendor",
    )  # fmt: skip

    def __init__(self, desc: Mapping[str, Any], name: str = "0000:01:00.0") -> None:
        self.vendor: int = desc["vendor"]
        self.device: int = desc["device"]
        self.subsystem_vendor: int = desc.get("subvendor", self.vendor)
        self.subsystem_device: int = desc.get("subdevice", self.device)
        self.class_: int = desc.get("class", 0x020000)
        self.revision: int = desc.get("revision", 0)
        self.devfn = int(name.rpartition(":")[2].partition(".")[0], 16) << 3 | int(name.rpartition(".")[2])
        bars = desc.get("bars", ())
        self.bars: dict[int, int] = (
            dict(enumerate(bars)) if not isinstance(bars, Mapping) else {int(k): v for k, v in bars.items()}
        )
        self.config = ConfigSpace(desc, self.bars)
        self.vectors: int = desc.get("vectors", 0)
        self.msix_table: int | None = desc.get("msix_table")
        self.line: bool = desc.get("line", False)
        self.line_level = self.line_seen = False
        self.dev = device(name, self)
        self.irq = self.line_irq = 0
        self.enable_cnt = 0
        self.is_busmaster = False
        self.msi_enabled = False
        self.msix_enabled = False
        self.msi: list[Any] = []  # of pci_msi.MsiEntry
        self.mapped: dict[int, list[Site]] = {}  # BAR -> who mapped it
        self.unmapped: dict[int, Site] = {}  # BAR that was mapped -> who undid it
        self.regions: dict[int, tuple[str, Site]] = {}  # BAR -> who requested it
        self.driver: pci_driver | None = None
        self.current_state = PCI_D0
        self.saved: bytes | None = None  # what pci_save_state() saved
        self.error_state = pci_channel_io_normal
        self.answers = self.masters = self.isolated = self.told = self.no_dma = False

    def __repr__(self) -> str:
        return self.dev.name


class PciState:
    """The bus of one machine."""

    __slots__ = ("devices", "drive_line", "drivers")

    def __init__(self) -> None:
        self.devices: list[pci_dev] = []
        self.drivers: list[pci_driver] = []
        self.drive_line: Callable[[int, bool, int], None] = set_irq_line


def _state() -> PciState:
    state: PciState = here.state["pci"]
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
        if pdev.driver is None:
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


def pci_match_id(ids: Iterable[pci_device_id] | None, pdev: pci_dev) -> pci_device_id | None:
    """The first entry of a table that the device fits."""
    for id in ids or ():
        if (
            id.vendor in (PCI_ANY_ID, pdev.vendor)
            and id.device in (PCI_ANY_ID, pdev.device)
            and id.subvendor in (PCI_ANY_ID, pdev.subsystem_vendor)
            and id.subdevice in (PCI_ANY_ID, pdev.subsystem_device)
            and not (id.class_ ^ pdev.class_) & id.class_mask
        ):
            return id
    return None


def pci_add_device(pdev: pci_dev) -> int:
    """Plug a device in: the first driver that knows it is probed. Its answer; -ENODEV where there is no driver."""
    might_sleep(caller())
    state = _state()
    state.devices.append(pdev)
    if pdev.line:
        pdev.irq = pdev.line_irq = line_irq(0)
    update_access(pdev)
    for driver in state.drivers:
        err = _probe(driver, pdev)
        if err is not None:
            return err
    return -ENODEV


def _probe(driver: pci_driver, pdev: pci_dev) -> int | None:
    """The answer of the driver's probe(); None where it does not know the device."""
    ent = pci_match_id(driver.id_table, pdev)
    if ent is None:
        return None
    pdev.driver = driver
    here.state["napi"].probing = True
    try:
        err = driver.probe(pdev, ent)
    finally:
        here.state["napi"].probing = False
    if err and not isinstance(err, int):
        raise TypeError(f"probe of {driver.name} returned {err!r}: 0 or a negative errno is needed")
    if err and err > 0:
        pr_warn("%s: Driver probe function unexpectedly returned %d", pdev, err)
        return 0
    if err:
        _released(pdev)
    return err or 0


def pci_remove_device(pdev: pci_dev) -> None:
    """Unplug: the driver is unbound, and must have given back all that it had."""
    might_sleep(caller())
    if pdev.driver is not None:
        _unbind(pdev)
    _state().devices.remove(pdev)
    update_access(pdev)


def _unbind(pdev: pci_dev) -> None:
    assert pdev.driver is not None
    pdev.driver.remove(pdev)
    _released(pdev)


def _released(pdev: pci_dev) -> None:
    """What the core undoes, and what the driver should have."""
    from pymodel.linux.pci_msi import free_vectors

    devres_release_all(pdev.dev)
    if pdev.msi:
        broken_rule(
            "LIFE3",
            f"{pdev}: {len(pdev.msi)} interrupt vectors are not freed",
            "pci_free_irq_vectors() in the driver's remove()",
        )
        free_vectors(pdev, caller())
    if pdev.mapped:
        bar, sites = next(iter(pdev.mapped.items()))
        broken_rule(
            "LIFE3",
            f"{pdev}: BAR {bar} is still mapped, by {site_str(sites[0])}",
            "pci_iounmap() in the driver's remove()",
        )
        pdev.mapped.clear()
    if pdev.regions:
        bar, (name, site) = next(iter(pdev.regions.items()))
        broken_rule(
            "LIFE3",
            f"{pdev}: BAR {bar} is still requested for {name}, by {site_str(site)}",
            "pci_release_regions() in the driver's remove()",
        )
        pdev.regions.clear()
    check_no_mappings(pdev.dev)
    pdev.driver = None
    pdev.enable_cnt = 0
    _command(pdev, 0, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY)
    pdev.saved = None
    pdev.dev.driver_data = None
    pdev.dev.dma_setup()


def pci_device_shutdown(pdev: pci_dev) -> None:
    """The machine goes down, or another kernel takes over: the driver's shutdown(), and no more DMA."""
    if pdev.driver is not None and pdev.driver.shutdown is not None:
        pdev.driver.shutdown(pdev)
    pci_clear_master(pdev)


def to_pci_dev(dev: device) -> pci_dev:
    pdev: pci_dev = dev.bus_dev
    return pdev


def pci_name(pdev: pci_dev) -> str:
    return pdev.dev.name


def pci_set_drvdata(pdev: pci_dev, data: Any) -> None:
    pdev.dev.driver_data = data


def pci_get_drvdata(pdev: pci_dev) -> Any:
    return pdev.dev.driver_data


# -- enabling ------------------------------------------------------------------------------------------------
def _command(pdev: pci_dev, set: int, clear: int) -> None:
    command = pdev.config.read(PCI_COMMAND, 2) & ~clear | set
    pdev.config.write(PCI_COMMAND, 2, command)
    pdev.is_busmaster = bool(command & PCI_COMMAND_MASTER)
    update_access(pdev)


def pci_enable_device(pdev: pci_dev) -> int:
    """Wake it up and let it decode its BARs; nests, and only the first call does something. 0."""
    pdev.enable_cnt += 1
    if pdev.enable_cnt == 1 and not pdev.isolated:
        pdev.current_state = PCI_D0
        _command(pdev, PCI_COMMAND_MEMORY, 0)
    return 0


pci_enable_device_mem = pci_enable_device


def pcim_enable_device(pdev: pci_dev) -> int:
    """pci_enable_device() that is undone with the driver."""
    devm_add_action(pdev.dev, _pcim_disable, pdev)
    return pci_enable_device(pdev)


def _pcim_disable(pdev: pci_dev) -> None:
    if pdev.enable_cnt:
        pci_disable_device(pdev)


def pci_disable_device(pdev: pci_dev) -> None:
    """Undo one pci_enable_device(); the last one takes bus mastering away as well (decoding stays)."""
    if pdev.enable_cnt <= 0:
        WARN(f"{pdev}: disabling already-disabled device", site_str(caller()))
    pdev.enable_cnt -= 1
    if pdev.enable_cnt == 0:
        pci_clear_master(pdev)


def pci_is_enabled(pdev: pci_dev) -> bool:
    return pdev.enable_cnt > 0


def pci_set_master(pdev: pci_dev) -> None:
    """Let the device read and write memory, messages included."""
    if not pdev.isolated:
        _command(pdev, PCI_COMMAND_MASTER, 0)


def pci_clear_master(pdev: pci_dev) -> None:
    if not pdev.isolated:
        _command(pdev, 0, PCI_COMMAND_MASTER)
    pdev.is_busmaster = False
