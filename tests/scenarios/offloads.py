# SPDX-License-Identifier: Apache-2.0
"""Packets whose checksums and tags are left to the device: on the wire must be what Linux's software path makes of
them, whoever does it."""

from __future__ import annotations

from typing import Any

from pymodel import linux
from tb.env import Env
from tb.wire.flow import pad60
from tests.scenarios.frames import mixed_frames
from tests.scenarios.packets import Packet, build, large_gso_packet, random_gso_packet, random_packet, software

__all__ = ["segmentation", "transmit_offloads"]


def _send(env: Env, packets: list[Packet]) -> None:
    """Kernel side: hand the packets to the queueing layer, not faster than the device sends. Of some a clone is kept,
    as a tap does: the driver must not write to what both share (TX5).
    """
    board = env.board.tx
    counts = env.counts
    for packet in packets:
        row = f"tx {packet.kind()}"
        frames = software(packet, env.ndev)
        for key in (
            row, *(f"{row}|{what}" for what, is_so in (
                ("tagged", packet.tag is not None or packet.net > 14), ("broken", packet.broken),
                ("fragments", len(packet.pieces) > 1),
            ) if is_so),
        ):  # fmt: skip
            counts[key] = counts.get(key, 0) + len(frames)
        for frame in frames:
            wire = pad60(frame)
            board.expect(wire, env.sched.local_now)
            env.padded += len(wire) - len(frame)
        skb = build(packet, env.ndev)
        clone = linux.skb_clone(skb, linux.GFP_KERNEL) if len(packet.data) % 3 == 0 else None
        err = linux.dev_queue_xmit(skb)
        assert err == linux.NET_XMIT_SUCCESS, f"dev_queue_xmit() gave {err}"
        while board.pending > 64:
            linux.usleep_range(1, 2)
        linux.consume_skb(clone)


async def _transmit(env: Env, packets: list[Packet]) -> None:
    cpus = len(env.sched.cpus)
    tasks: list[Any] = [env.start(_send, env, packets[cpu::cpus], cpu=cpu) for cpu in range(cpus)]
    for task in tasks:
        await task
    await env.drain()


def _as_long_as_it_says(env: Env) -> None:
    """ip link set gso_max_size, gso_ipv4_max_size: what the driver says that its device can cut (tso_max_size)."""
    linux.rtnl_lock()
    linux.netif_set_gso_max_size(env.ndev, env.ndev.tso_max_size)
    linux.netif_set_gso_ipv4_max_size(env.ndev, env.ndev.tso_max_size)
    linux.rtnl_unlock()


async def segmentation(env: Env) -> None:
    """TCP packets that are to be cut, among others (OFF3, OFF5): IPv4 and IPv6, options and extension headers, every
    flag, fixed and rising IDs; up to 64 KiB, and at last as long as the driver takes them, and longer."""
    n = int(env.cfg.args.get("count", 60))
    longest = int(env.cfg.args.get("longest", 20000))
    mtu = env.ndev.mtu
    packets = []
    for i in range(n):
        if i % 3:
            packets.append(random_gso_packet(env.rng, i, mtu, longest if i % 10 else 65000))
        else:
            packets.append(random_packet(env.rng, i, mtu + 14))
    await _transmit(env, packets)
    await env.run(_as_long_as_it_says, env)
    most = env.ndev.tso_max_size
    lengths = (most - 1, most - 1, most, most + env.rng.randrange(2000), env.rng.randrange(min(most, 65536), most + 1))
    await _transmit(env, [large_gso_packet(env.rng, n + i, mtu, length) for i, length in enumerate(lengths)])


async def transmit_offloads(env: Env) -> None:
    """CHECKSUM_PARTIAL at any start and offset, tags of both kinds, any fragments (OFF1, OFF2); traffic the other
    way meanwhile."""
    n = int(env.cfg.args.get("count", 200))
    for frame in mixed_frames(env.rng, n // 4, to_host=True):
        env.peer.send(frame)
    await _transmit(env, [random_packet(env.rng, i, env.ndev.mtu + 14) for i in range(n)])
