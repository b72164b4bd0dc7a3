# SPDX-License-Identifier: Apache-2.0
"""``struct device`` and what drivers hang on it: driver data, managed resources, and the owner of an embedded struct.

Source: include/linux/device.h, drivers/base/devres.c, include/linux/container_of.h, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "container_of", "dev_get_drvdata", "dev_name", "dev_set_drvdata", "device", "devm_add_action",
    "devm_add_action_or_reset", "devm_kzalloc",
]


class device:
    """A device on a bus. ``dma_mask`` and ``coherent_dma_mask`` are 32 bits until the driver sets them."""

    __slots__ = ("bus_dev", "coherent_dma_mask", "devres", "dma_mask", "driver_data", "name")

    def __init__(self, name: str, bus_dev: Any = None) -> None:
        self.name = name
        self.bus_dev = bus_dev
        self.dma_mask = 0xFFFFFFFF
        self.coherent_dma_mask = 0xFFFFFFFF
        self.driver_data: Any = None
        self.devres: list[tuple[Callable[..., object], tuple[Any, ...]]] = []

    def __repr__(self) -> str:
        return self.name


def dev_name(dev: device) -> str:
    return dev.name


def dev_set_drvdata(dev: device, data: Any) -> None:
    dev.driver_data = data


def dev_get_drvdata(dev: device) -> Any:
    return dev.driver_data


def devm_add_action(dev: device, action: Callable[..., object], *args: Any) -> int:
    """Call ``action(*args)`` when the driver is unbound, or when its probe fails; the latest first. 0."""
    dev.devres.append((action, args))
    return 0


devm_add_action_or_reset = devm_add_action


def devres_release_all(dev: device) -> None:
    while dev.devres:
        action, args = dev.devres.pop()
        action(*args)


def devm_kzalloc(dev: device, size: int, gfp: int) -> int:
    """kzalloc() that is freed with the driver."""
    from pymodel.linux.mm import kfree, kzalloc

    addr = kzalloc(size, gfp)
    if addr:
        devm_add_action(dev, kfree, addr)
    return addr


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
