# SPDX-License-Identifier: Apache-2.0
"""``struct device`` and what drivers hang on it: driver data, managed resources, and the owner of an embedded struct.

Source: include/linux/device.h, drivers/base/devres.c, include/linux/container_of.h, v6.12. Simplified: a managed
resource is an action that undoes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel.linux.errno import ENOENT

__all__ = [
    "container_of", "dev_get_drvdata", "dev_name", "dev_set_drvdata", "device", "devm_add_action",
    "devm_add_action_or_reset", "devm_kcalloc", "devm_kfree", "devm_kmalloc", "devm_kzalloc", "devm_release_action",
    "devm_remove_action",
]


class device:
    """A device on a bus. ``dma_mask`` and ``coherent_dma_mask`` are 32 bits until the driver sets them;
    ``max_segment_size`` (bytes), ``segment_boundary_mask`` and ``min_align_mask`` are its ``dma_parms``.
    """

    __slots__ = (
        "bus_dev", "coherent_dma_mask", "devres", "dma_mask", "driver_data", "max_segment_size", "min_align_mask",
        "name", "segment_boundary_mask",
    )  # fmt: skip

    def __init__(self, name: str, bus_dev: Any = None) -> None:
        self.name = name
        self.bus_dev = bus_dev
        self.driver_data: Any = None
        self.devres: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self.dma_setup()

    def dma_setup(self) -> None:
        """What the device can reach, before a driver says more. Source: drivers/pci/probe.c pci_device_add()."""
        self.dma_mask = 0xFFFFFFFF
        self.coherent_dma_mask = 0xFFFFFFFF
        self.max_segment_size = 65536
        self.segment_boundary_mask = 0xFFFFFFFF
        self.min_align_mask = 0

    def __repr__(self) -> str:
        return self.name


def dev_name(dev: device) -> str:
    return dev.name


def dev_set_drvdata(dev: device, data: Any) -> None:
    dev.driver_data = data


def dev_get_drvdata(dev: device) -> Any:
    return dev.driver_data


# -- managed resources ---------------------------------------------------------------------------------------
def devm_add_action(dev: device, action: Callable[..., object], *args: Any) -> int:
    """Call ``action(*args)`` when the driver is unbound, or when its probe fails; the latest first. 0."""
    dev.devres.append((action, args))
    return 0


devm_add_action_or_reset = devm_add_action


def devm_remove_action(dev: device, action: Callable[..., object], *args: Any) -> int:
    """Forget the latest such action without calling it. 0, or -ENOENT where there is none (Linux WARNs)."""
    for at in range(len(dev.devres) - 1, -1, -1):
        if dev.devres[at] == (action, args):
            del dev.devres[at]
            return 0
    return -ENOENT


def devm_release_action(dev: device, action: Callable[..., object], *args: Any) -> int:
    """Do it now, and not again when the driver is unbound."""
    err = devm_remove_action(dev, action, *args)
    if not err:
        action(*args)
    return err


def devres_release_all(dev: device) -> None:
    while dev.devres:
        action, args = dev.devres.pop()
        action(*args)


def devm_kmalloc(dev: device, size: int, gfp: int) -> int:
    """kmalloc() that is freed with the driver."""
    from pymodel.linux.mm import kfree, kmalloc

    addr = kmalloc(size, gfp)
    if addr:
        devm_add_action(dev, kfree, addr)
    return addr


def devm_kzalloc(dev: device, size: int, gfp: int) -> int:
    """kzalloc() that is freed with the driver."""
    from pymodel.linux.mm import __GFP_ZERO

    return devm_kmalloc(dev, size, gfp | __GFP_ZERO)


def devm_kcalloc(dev: device, n: int, size: int, flags: int) -> int:
    return devm_kzalloc(dev, n * size, flags)


def devm_kfree(dev: device, addr: int) -> None:
    from pymodel.linux.mm import kfree

    devm_release_action(dev, kfree, addr)


# -- embedding -----------------------------------------------------------------------------------------------
def container_of(ptr: Any, type: type | None = None, member: str = "") -> Any:
    """The struct that embeds ``ptr``, which was constructed with ``container=`` it.

    Raises TypeError where the container is of another type, or its ``member`` is another object.
    """
    owner = ptr.container
    if type is not None and not isinstance(owner, type):
        raise TypeError(f"container_of: {ptr!r} is embedded in {owner!r}, not in a {type.__name__}")
    if member and getattr(owner, member) is not ptr:
        raise TypeError(f"container_of: {member} of {owner!r} is another {ptr.__class__.__name__}")
    return owner
