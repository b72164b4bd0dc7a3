# SPDX-License-Identifier: Apache-2.0
"""The reference driver on a machine that does not keep order: with its barriers it works, without one it does not.

kernel-rules.md: DMA5, DMA6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_rx, nic_tx
from pymodel.hw.errors import CheckError
from tests.unit.soft_host import Host
from tests.unit.test_driver_broken import traffic
from tests.unit.test_driver_traffic import frame

Patch = pytest.MonkeyPatch


def same_bytes(h: Host) -> None:
    """What arrives and what leaves is what was sent."""
    h.up()
    out = [frame(60 + i, i) for i in range(200)]
    h.deliver(out)
    h.send(out)
    if [f for f, _ in h.received] != out or [f for f, _ in h.wire] != out:
        raise CheckError("DATA", "frames passed that were never sent")
    h.remove()


def one_by_one(h: Host) -> None:
    """Frames whose completions come while a slow poll begins; the last one's skb must be freed as well (TX4)."""
    h.up()
    for i in range(300):
        h.call(h.send_task, [frame(60 + i % 50, i)])
        h.settle(0.3 + i % 13 * 0.2)
    h.until(lambda: len(h.wire) >= 300)
    h.settle(300)
    sent = h.stats().tx_packets
    if sent != 300:
        raise CheckError("TX4", f"{sent} of 300 frames are reclaimed")
    h.remove()


def relaxed_doorbells(p: Patch) -> None:
    """writel_relaxed() orders nothing: dma_wmb() is needed now."""
    for module in (nic_tx, nic_rx):
        p.setattr(module, "writel", linux.writel_relaxed)


def forget_dma_wmb(p: Patch) -> None:
    relaxed_doorbells(p)
    for module in (nic_tx, nic_rx):
        p.setattr(module, "dma_wmb", lambda: None)


def forget_dma_rmb_on_rx(p: Patch) -> None:
    p.setattr(nic_rx, "dma_rmb", lambda: None)


def forget_dma_rmb_on_tx(p: Patch) -> None:
    p.setattr(nic_tx, "dma_rmb", lambda: None)


@pytest.mark.parametrize("change", [lambda p: None, relaxed_doorbells])
@pytest.mark.parametrize("scenario", [traffic, same_bytes, one_by_one])
@pytest.mark.parametrize("seed", range(4))
def test_driver_with_its_barriers_works(
    host: Any, monkeypatch: Patch, change: Callable[[Patch], None], scenario: Callable[[Host], None], seed: int
) -> None:
    change(monkeypatch)
    scenario(host(weak=True, seed=seed))


@pytest.mark.parametrize(
    ("mistake", "scenario", "costs"),
    [
        (forget_dma_wmb, same_bytes, {}),
        (forget_dma_rmb_on_rx, same_bytes, {}),
        (forget_dma_rmb_on_tx, one_by_one, {"poll_entry": 2000}),
    ],
)
def test_driver_without_a_barrier_fails(
    host: Any,
    monkeypatch: Patch,
    mistake: Callable[[Patch], None],
    scenario: Callable[[Host], None],
    costs: dict[str, int],
) -> None:
    """Whatever comes of it: a descriptor that is none, a frame that was never sent, one that never completes."""
    mistake(monkeypatch)
    with pytest.raises(CheckError):
        for seed in range(20):
            scenario(host(weak=True, seed=seed, costs=costs))


@pytest.mark.parametrize("mistake", [forget_dma_wmb, forget_dma_rmb_on_rx, forget_dma_rmb_on_tx])
def test_mistake_does_not_show_on_a_machine_that_keeps_order(
    host: Any, monkeypatch: Patch, mistake: Callable[[Patch], None]
) -> None:
    mistake(monkeypatch)
    same_bytes(host())
