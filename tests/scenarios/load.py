# SPDX-License-Identifier: Apache-2.0
"""Full load for measurements: as many frames down as up, all of one length, the wire kept busy both ways."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice

from pymodel import linux
from tb.env import Env
from tb.wire.flow import flow_key
from tests.scenarios.frames import udp_frame
from tests.scenarios.interrupts import moderate

__all__ = ["round_trips"]

_POOL = 2048  # different frames; repeated when more are asked for


def _gro_on(env: Env) -> None:
    linux.rtnl_lock()
    env.ndev.wanted_features |= linux.NETIF_F_GRO
    linux.netdev_update_features(env.ndev)
    linux.rtnl_unlock()


async def round_trips(env: Env) -> None:
    """args: count (frames each way), size (bytes), gro (1: on; these frames, UDP for nobody, it leaves as they are),
    usecs and frames (``ethtool -C``, both ways; 0: interrupts are left as they are)."""
    if env.cfg.args.get("gro"):
        await env.run(_gro_on, env)
    usecs, frames = int(env.cfg.args.get("usecs", 0)), int(env.cfg.args.get("frames", 0))
    if usecs or frames:
        assert await moderate(env, (usecs, frames), (usecs, frames)) == 0
    count, size = int(env.cfg.args["count"]), int(env.cfg.args["size"])
    flows = 64
    down = [udp_frame(size, i % flows, i, to_host=False) for i in range(min(count, _POOL))]
    up = [udp_frame(size, i % flows, i, to_host=True) for i in range(min(count, _POOL))]
    n_cpus = len(env.sched.cpus)
    of_flow = {key: i % n_cpus for i, key in enumerate(dict.fromkeys(flow_key(f) for f in down))}
    shares: list[list[bytes]] = [[] for _ in range(n_cpus)]
    for f in down:
        shares[of_flow[flow_key(f)]].append(f)

    def repeated(share: list[bytes]) -> Iterator[bytes]:
        return islice(cycle(share), count * len(share) // len(down))

    env.progress_total = 2 * count
    env.begin()
    env.peer.feed((f, 0) for f in islice(cycle(up), count))
    senders = [env.start(env.send_task, repeated(share), cpu=i) for i, share in enumerate(shares) if share]
    for sender in senders:
        await sender
    await env.drain()
