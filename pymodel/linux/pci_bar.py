# SPDX-License-Identifier: Apache-2.0
"""BARs: their size and place, who may use them, and mappings for readl() and writel().

A mapping is the address in the machine's MMIO space, which is also where the BAR lies on the bus. What a driver did
not give back when it is unbound is LIFE3. Source: drivers/pci/pci.c, iomap.c, devres.c, v6.12. Simplified: memory
BARs only, of up to 256 MiB.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.linux.bug import WARN, Site, caller, site_str
from pymodel.linux.device import device, devm_add_action, devm_remove_action
from pymodel.linux.errno import EBUSY, EINVAL, ENOMEM
from pymodel.linux.pci import pci_dev
from pymodel.linux.pci_config import BAR_SHIFT, update_access

__all__ = [
    "IORESOURCE_MEM", "PCI_STD_NUM_BARS", "devm_ioremap", "devm_iounmap", "ioremap", "iounmap", "pci_iomap",
    "pci_iomap_range", "pci_iomap_wc", "pci_ioremap_bar", "pci_iounmap", "pci_release_mem_regions",
    "pci_release_region", "pci_release_regions", "pci_release_selected_regions", "pci_request_mem_regions",
    "pci_request_region", "pci_request_regions", "pci_request_selected_regions", "pci_resource_end",
    "pci_resource_flags", "pci_resource_len", "pci_resource_start", "pci_select_bars", "pcim_iomap",
    "pcim_iomap_region", "pcim_iomap_regions", "pcim_iomap_table", "pcim_iounmap", "pcim_iounmap_regions",
    "pcim_request_all_regions",
]  # fmt: skip

IORESOURCE_MEM = 0x200
PCI_STD_NUM_BARS = 6


# -- resources -----------------------------------------------------------------------------------------------
def pci_resource_len(pdev: pci_dev, bar: int) -> int:
    """Bytes of a BAR; 0 where there is none."""
    return pdev.bars.get(bar, 0)


def pci_resource_start(pdev: pci_dev, bar: int) -> int:
    return bar << BAR_SHIFT if bar in pdev.bars else 0


def pci_resource_end(pdev: pci_dev, bar: int) -> int:
    """The last address of a BAR."""
    size = pdev.bars.get(bar, 0)
    return pci_resource_start(pdev, bar) + size - 1 if size else 0


def pci_resource_flags(pdev: pci_dev, bar: int) -> int:
    return IORESOURCE_MEM if pdev.bars.get(bar) else 0


def pci_select_bars(pdev: pci_dev, flags: int) -> int:
    """A mask of the BARs of a kind."""
    return sum(1 << bar for bar in range(PCI_STD_NUM_BARS) if pci_resource_flags(pdev, bar) & flags)


def _request(pdev: pci_dev, bars: int, name: str, site: Site) -> int:
    wanted = [bar for bar in range(PCI_STD_NUM_BARS) if bars >> bar & 1 and pdev.bars.get(bar)]
    if any(bar in pdev.regions for bar in wanted):
        return -EBUSY
    for bar in wanted:
        pdev.regions[bar] = (name, site)
    return 0


def pci_request_region(pdev: pci_dev, bar: int, name: str) -> int:
    """Reserve a BAR. 0, or -EBUSY where it is reserved."""
    return _request(pdev, 1 << bar, name, caller())


def pci_request_selected_regions(pdev: pci_dev, bars: int, name: str) -> int:
    """Reserve the BARs of a mask, or none of them."""
    return _request(pdev, bars, name, caller())


def pci_request_regions(pdev: pci_dev, name: str) -> int:
    """Reserve all BARs. 0 or -EBUSY."""
    return _request(pdev, (1 << PCI_STD_NUM_BARS) - 1, name, caller())


pci_request_mem_regions = pci_request_regions


def pcim_request_all_regions(pdev: pci_dev, name: str) -> int:
    """pci_request_regions() that is undone with the driver."""
    err = _request(pdev, (1 << PCI_STD_NUM_BARS) - 1, name, caller())
    if not err:
        devm_add_action(pdev.dev, pci_release_regions, pdev)
    return err


def pci_release_region(pdev: pci_dev, bar: int) -> None:
    """Give a BAR back. WARN where it is not reserved ("Trying to free nonexistent resource")."""
    if pdev.bars.get(bar) and pdev.regions.pop(bar, None) is None:
        WARN(f"{pdev}: Trying to free nonexistent resource, BAR {bar}", site_str(caller()))


def pci_release_selected_regions(pdev: pci_dev, bars: int) -> None:
    for bar in range(PCI_STD_NUM_BARS):
        if bars >> bar & 1:
            pci_release_region(pdev, bar)


def pci_release_regions(pdev: pci_dev) -> None:
    pci_release_selected_regions(pdev, (1 << PCI_STD_NUM_BARS) - 1)


pci_release_mem_regions = pci_release_regions


# -- mapping -------------------------------------------------------------------------------------------------
def _iomap(pdev: pci_dev, bar: int, offset: int, site: Site) -> int | None:
    if not 0 <= offset < pdev.bars.get(bar, 0):
        return None
    pdev.mapped.setdefault(bar, []).append(site)
    if pdev.unmapped.pop(bar, None) is not None:
        update_access(pdev)
    return (bar << BAR_SHIFT) + offset


def _iounmap(pdev: pci_dev, addr: int, site: Site) -> None:
    sites = pdev.mapped.get(addr >> BAR_SHIFT)
    if not sites:
        WARN(f"{pdev}: bad address 0x{addr:x}: BAR {addr >> BAR_SHIFT} is not mapped", site_str(site))
        return
    sites.pop()
    if not sites:
        del pdev.mapped[addr >> BAR_SHIFT]
        pdev.unmapped[addr >> BAR_SHIFT] = site
        update_access(pdev)


def pci_iomap(pdev: pci_dev, bar: int, maxlen: int) -> int | None:
    """Map a BAR: an address for readl() and writel(), or None. ``maxlen`` (bytes, 0: all) is no limit to accesses."""
    return _iomap(pdev, bar, 0, caller())


pci_iomap_wc = pci_iomap


def pci_iomap_range(pdev: pci_dev, bar: int, offset: int, maxlen: int) -> int | None:
    """Map a BAR from ``offset`` on."""
    return _iomap(pdev, bar, offset, caller())


def pci_ioremap_bar(pdev: pci_dev, bar: int) -> int | None:
    return _iomap(pdev, bar, 0, caller())


def pci_iounmap(pdev: pci_dev, addr: int) -> None:
    """Undo a mapping. WARN for an address that is not mapped."""
    _iounmap(pdev, addr, caller())


def _owner(addr: int) -> pci_dev | None:
    devices: list[pci_dev] = here.state["pci"].devices
    bar = addr >> BAR_SHIFT
    return next((d for d in devices if addr & ((1 << BAR_SHIFT) - 1) < d.bars.get(bar, 0)), None)


def ioremap(offset: int, size: int) -> int | None:
    """Map a place on the bus (pci_resource_start()); None where no BAR is there."""
    pdev = _owner(offset)
    return _iomap(pdev, offset >> BAR_SHIFT, offset & ((1 << BAR_SHIFT) - 1), caller()) if pdev is not None else None


def iounmap(addr: int) -> None:
    pdev = _owner(addr)
    if pdev is None:
        WARN(f"bad address 0x{addr:x} in iounmap()", site_str(caller()))
        return
    _iounmap(pdev, addr, caller())


def devm_ioremap(dev: device, offset: int, size: int) -> int | None:
    """ioremap() that is undone with the driver."""
    addr = ioremap(offset, size)
    if addr is not None:
        devm_add_action(dev, iounmap, addr)
    return addr


def devm_iounmap(dev: device, addr: int) -> None:
    devm_remove_action(dev, iounmap, addr)
    iounmap(addr)


# -- mapping that is undone with the driver ------------------------------------------------------------------
def pcim_iomap(pdev: pci_dev, bar: int, maxlen: int) -> int | None:
    """pci_iomap() that is undone with the driver."""
    addr = _iomap(pdev, bar, 0, caller())
    if addr is not None:
        devm_add_action(pdev.dev, pci_iounmap, pdev, addr)
    return addr


def pcim_iounmap(pdev: pci_dev, addr: int) -> None:
    devm_remove_action(pdev.dev, pci_iounmap, pdev, addr)
    _iounmap(pdev, addr, caller())


def pcim_iomap_region(pdev: pci_dev, bar: int, name: str) -> int:
    """Reserve and map a BAR: its address, or a negative errno (C: an ERR_PTR)."""
    err = _request(pdev, 1 << bar, name, caller())
    if err:
        return err
    addr = _iomap(pdev, bar, 0, caller())
    if addr is None:
        return -ENOMEM
    devm_add_action(pdev.dev, pci_release_region, pdev, bar)
    devm_add_action(pdev.dev, pci_iounmap, pdev, addr)
    return addr


def pcim_iomap_regions(pdev: pci_dev, mask: int, name: str) -> int:
    """Reserve and map the BARs of a mask. 0; -EINVAL for one that is not there, -EBUSY; nothing is kept then."""
    done: list[int] = []
    for bar in range(PCI_STD_NUM_BARS):
        if not mask >> bar & 1:
            continue
        err = -EINVAL if not pdev.bars.get(bar) else min(0, pcim_iomap_region(pdev, bar, name))
        if err:
            pcim_iounmap_regions(pdev, sum(1 << b for b in done))
            return err
        done.append(bar)
    return 0


def pcim_iounmap_regions(pdev: pci_dev, mask: int) -> None:
    for bar in range(PCI_STD_NUM_BARS):
        if mask >> bar & 1:
            pcim_iounmap(pdev, bar << BAR_SHIFT)
            devm_remove_action(pdev.dev, pci_release_region, pdev, bar)
            pci_release_region(pdev, bar)


def pcim_iomap_table(pdev: pci_dev) -> list[int | None]:
    """The addresses of the BARs that are mapped, None for the others."""
    return [bar << BAR_SHIFT if bar in pdev.mapped else None for bar in range(PCI_STD_NUM_BARS)]
