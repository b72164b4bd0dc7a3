# SPDX-License-Identifier: Apache-2.0
"""TX queues with weights of their own: how they share a wire that is slower than the host."""

from __future__ import annotations

from pymodel import linux
from pymodel.hw.errors import CheckError
from tb.env import Env
from tb.wire.flow import flow_key
from tests.scenarios.frames import udp_frame

__all__ = ["weighted_queues"]

_WEIGHTS = (4, 12, 8, 24)
_LENGTHS = (1514, 60, 400, 1514, 9)  # of a queue's frames in turn; the last one is drawn
_FRAMES = 800  # a queue
_WINDOW = 600_000  # bytes: in which shares are measured
_TOLERANCE = 0.1  # and a frame


def _queued(env: Env) -> list[int]:
    """Bytes that each TX queue has been given: BQL's count."""
    return [linux.netdev_get_tx_queue(env.ndev, q).dql.num_queued for q in range(env.ndev.real_num_tx_queues)]


async def _flow_of_each_queue(env: Env) -> list[int]:
    """A flow that the stack sends by each queue: found by sending."""
    flows: dict[int, int] = {}
    queues = env.ndev.real_num_tx_queues
    for flow in range(500):
        before = _queued(env)
        await env.send([udp_frame(100, flow, flow, to_host=False)])
        await env.drain()
        grown = [q for q, (old, new) in enumerate(zip(before, _queued(env), strict=True)) if new != old]
        flows.setdefault(grown[0], flow)
        if len(flows) == queues:
            return [flows[q] for q in range(queues)]
    raise CheckError("SHARE", f"500 flows use {len(flows)} of {queues} queues", env.dut.driver)


async def weighted_queues(env: Env) -> None:
    """All queues have frames of all lengths all the time: each one's bytes on the wire are in the ratio of its weight
    (`tx_weights`), whatever the others send."""
    weights = [_WEIGHTS[q % len(_WEIGHTS)] for q in range(env.queues)]
    env.cfg.module_params["tx_weights"] = weights
    await env.rebind()
    flows = await _flow_of_each_queue(env)
    senders = []
    flow_frames: list[list[bytes]] = []
    for q, flow in enumerate(flows):
        lengths = [_LENGTHS[(q + n) % len(_LENGTHS)] for n in range(_FRAMES)]
        lengths = [n if n >= 60 else env.rng.randrange(60, 1515) for n in lengths]
        frames = [udp_frame(n, flow, i, to_host=False) for i, n in enumerate(lengths)]
        flow_frames.append(frames)
        senders.append(env.start(env.send_task, frames, cpu=q % len(env.sched.cpus)))

    def on_wire() -> list[int]:
        """Bytes of each queue that have come out."""
        waiting = [env.board.tx.flows.get(flow_key(frames[0]), ()) for frames in flow_frames]
        numbers = [int.from_bytes(flow[0].frame[42:46], "big") if flow else 0 for flow in waiting]
        return [sum(map(len, frames[:n])) for frames, n in zip(flow_frames, numbers, strict=True)]

    await env.until(lambda: min(on_wire()) > 4_000 and sum(on_wire()) > 80_000, 4_000_000, "all queues to get going")
    before = on_wire()
    await env.until(lambda: sum(on_wire()) > sum(before) + _WINDOW, 8_000_000, "frames to be sent")
    sent = [new - old for old, new in zip(before, on_wire(), strict=True)]
    for q, n in enumerate(sent):
        want = sum(sent) * weights[q] / sum(weights)
        if abs(n - want) > _TOLERANCE * want + 1514:
            raise CheckError(
                "SHARE", f"queue {q} has sent {n} bytes, not {want:.0f}, as tx_weights={weights} has it: {sent}",
                env.dut.driver,
            )  # fmt: skip
    for sender in senders:
        await sender
    await env.drain()
