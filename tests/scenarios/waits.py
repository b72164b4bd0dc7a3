# SPDX-License-Identifier: Apache-2.0
"""Waits that scenarios share: for TX rings that the driver has cleaned, and until nothing moves any more."""

from __future__ import annotations

from collections.abc import Callable

from tb.env import Env

__all__ = ["quiet", "tx_rings_clean", "tx_waits"]


def tx_rings_clean(env: Env) -> bool:
    """The driver has taken back all descriptors of its TX rings."""
    return all(ring.producer == ring.consumer for ring in env.ops.describe(env.ndev) if ring.name.startswith("tx"))


def tx_waits(env: Env) -> bool:
    """Packets are left in queueing disciplines or TX rings."""
    return any(txq.qdisc_sleeping.qlen for txq in env.ndev._tx) or not tx_rings_clean(env)


async def quiet(env: Env, us: int, moved: Callable[[], int], busy: Callable[[], bool] = lambda: False) -> None:
    """Until ``moved()`` has given the same number for ``us`` microseconds, and nothing was ``busy()``."""
    calm, seen = 0, -1
    while calm < us:
        now = moved()
        calm = 0 if busy() or now != seen else calm + 1
        seen = now
        await env.sleep(1_000)
