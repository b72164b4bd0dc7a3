# SPDX-License-Identifier: Apache-2.0
"""Devices that are broken on purpose: they write to RX buffers late, or beside them, and are caught (DMA3)."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel.drivers.nic.nic_rx import BUFFER_BYTES
from pymodel.hw.errors import CheckError
from pymodel.hw.memory import DmaFault
from tests.unit.test_driver_traffic import frame

FRAME = frame(60, 1)


def watched(h: Any, change: Any = lambda bus, data: (bus, data)) -> list[int]:
    """The addresses to which the device writes received frames; ``change`` puts (address, data) wrong."""
    seen: list[int] = []
    real = h.platform.dma_write

    def dma_write(bus: int, data: bytes, axi_id: int = -1) -> None:
        if bytes(data[:60]) == FRAME[:60]:
            seen.append(bus)
            bus, data = change(bus, data)
        real(bus, data, axi_id)

    h.platform.dma_write = dma_write
    return seen


@pytest.mark.parametrize("last", [False, True])
def test_write_after_the_completion_is_refused(host: Any, last: bool) -> None:
    """kernel-rules.md: DMA3. First or last byte of what the device might write, the frame is 60 bytes long."""
    h = host(copybreak=0)
    h.up()
    seen = watched(h)
    h.deliver([FRAME])
    bus = seen[0] + (BUFFER_BYTES - 1 if last else 0)
    with pytest.raises(DmaFault) as info:
        h.platform.dma_write(bus, b"!")
    with pytest.raises(
        CheckError,
        match=r"^DMA3: the device wrote.* to 1 bytes .*owns since dma_sync_single_for_cpu\(\) at nic_rx.py:.*"
        r"mapping DMA_FROM_DEVICE of 4096 bytes .*made at page_pool.py",
    ):
        h.platform.dma_fault(info.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda bus, data: (bus, data.ljust(BUFFER_BYTES + 1, b"!")),
        lambda bus, data: (bus + BUFFER_BYTES - 59, data),
        lambda bus, data: (bus - 1, data),
    ],
    ids=["overrun", "shifted", "headroom"],
)
def test_write_one_byte_beside_a_buffer_is_refused(host: Any, change: Any) -> None:
    """kernel-rules.md: DMA3."""
    h = host(copybreak=0)
    h.up()
    watched(h, change)
    with pytest.raises(CheckError, match=r"^DMA3: the device wrote.* to 1 bytes .*never synced for the device"):
        h.deliver([FRAME])


def test_buffer_may_be_written_to_its_last_byte(host: Any) -> None:
    h = host(copybreak=0)
    h.up()
    watched(h, lambda bus, data: (bus, data.ljust(BUFFER_BYTES, b"!")))
    h.deliver([FRAME] * 100)  # each buffer more than once
    assert [f for f, _ in h.received] == [FRAME] * 100
