# SPDX-License-Identifier: Apache-2.0
"""Traffic in both directions at once: lengths, shapes, bursts, pressure."""

from __future__ import annotations

from tb.env import Env
from tests.scenarios.frames import mixed_frames, udp_frame

__all__ = [
    "both_ways", "every_length", "fragments", "jumbo", "one_at_a_time", "one_flow", "overrun", "slow_cpu", "tiny_burst",
    "transmit_full",
]


async def _both(env: Env, down: list[bytes], up: list[bytes], *, frags: bool = False, gap_ns: float = 0) -> None:
    for f in up:
        env.peer.send(f)
    await env.send(down, frags=frags, gap_ns=gap_ns)
    await env.drain()


async def both_ways(env: Env) -> None:
    """Random frames of 60 to 1514 bytes, many flows, both directions at once."""
    n = int(env.cfg.args.get("count", 300))
    await _both(env, mixed_frames(env.rng, n, to_host=False), mixed_frames(env.rng, n, to_host=True))


async def every_length(env: Env) -> None:
    """Every length from 60 to 60 + 2 beats and around each power of two and the largest; shorter ones to send, which
    are padded."""
    edges = [60 + i for i in range(136)] + [x + d for x in (256, 512, 1024) for d in (-2, -1, 0, 1, 2)] + [1513, 1514]
    down = [udp_frame(n, n % 7, n, to_host=False) for n in [*range(42, 60), *edges]]
    up = [udp_frame(n, n % 7, n, to_host=True) for n in edges]
    await _both(env, down, up)


async def jumbo(env: Env) -> None:
    """Frames up to MTU + 18 (kernel-rules.md: LIFE6), over several buffers; needs mtu=9000."""
    longest = env.ndev.mtu + 18
    down = mixed_frames(env.rng, 40, to_host=False, longest=longest)
    up = mixed_frames(env.rng, 40, to_host=True, longest=longest)
    down += [udp_frame(longest - i, i, i, to_host=False) for i in range(4)]
    up += [udp_frame(longest - i, i, i, to_host=True) for i in range(4)]
    await _both(env, down, up)


async def tiny_burst(env: Env) -> None:
    """Nothing but the shortest frames, as fast as they go."""
    n = int(env.cfg.args.get("count", 600))
    down = [udp_frame(60, i % 16, i, to_host=False) for i in range(n)]
    up = [udp_frame(60, i % 16, i, to_host=True) for i in range(n)]
    await _both(env, down, up)


async def one_flow(env: Env) -> None:
    """The shortest frames of one flow, into one ring, faster than its CPU takes them: none is sent before the device
    knows of a buffer for it, however often the ring runs empty and is filled."""
    n = int(env.cfg.args.get("count", 2500))
    down = [udp_frame(60, 0, i, to_host=False) for i in range(50)]
    await _both(env, down, [udp_frame(60, 0, i, to_host=True) for i in range(n)])


async def fragments(env: Env) -> None:
    """skbs with page fragments (kernel-rules.md: TX2, DMA1): as many descriptors a frame as MAX_SKB_FRAGS allows."""
    down = mixed_frames(env.rng, 150, to_host=False)
    await _both(env, down, mixed_frames(env.rng, 50, to_host=True), frags=True)


async def one_at_a_time(env: Env) -> None:
    """Single frames with pauses drawn around the interrupt's path, so that events fall before, at and after the moment
    in which the driver re-arms (kernel-rules.md: NAPI5, NAPI6, IRQ2): a lost interrupt leaves a frame behind for
    ever."""
    for i in range(int(env.cfg.args.get("count", 120))):
        env.peer.send(udp_frame(60 + i % 64, i % 5, i, to_host=True))
        if i % 3 == 0:
            await env.send([udp_frame(60 + i % 64, i % 5, i, to_host=False)])
        await env.sleep(env.rng.choice((10, 200, 600, 1200, 2500)) + env.rng.randrange(400))
    await env.drain()


async def slow_cpu(env: Env) -> None:
    """A CPU too slow for the wire: polls use up their budget, softirqs go to ksoftirqd (kernel-rules.md: NAPI1,
    NAPI3, NAPI4)."""
    await _both(
        env,
        mixed_frames(env.rng, 150, to_host=False, longest=256),
        [udp_frame(60, i % 9, i, to_host=True) for i in range(500)],
    )


async def transmit_full(env: Env) -> None:
    """A wire far slower than the host: the ring fills, the queue stops and wakes (kernel-rules.md: TX1, TX2, TX6,
    TX7, TX8)."""
    await _both(env, mixed_frames(env.rng, 250, to_host=False, longest=400), [], frags=bool(env.cfg.args.get("frags")))


async def overrun(env: Env) -> None:
    """More than the host can take, unpaced: what is lost is lost whole and counted; run with lossy=True and slow
    CPUs."""
    for f in mixed_frames(env.rng, 900, to_host=True, longest=300):
        env.peer.send(f)
    await env.send(mixed_frames(env.rng, 60, to_host=False))
    await env.drain()
