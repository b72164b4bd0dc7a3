# SPDX-License-Identifier: Apache-2.0
"""What a NIC and its driver meet at their limits: rings that wrap and fill, odd addresses, no memory, no warning."""

from __future__ import annotations

from typing import Any

from pymodel import linux
from pymodel.hw.errors import CheckError
from tb.env import Env
from tb.wire.flow import pad60
from tests.scenarios.frames import mixed_frames, udp_frame

__all__ = ["any_shape", "arm_race", "flood", "no_memory", "open_in_traffic", "ring_full", "ring_wrap", "spurious_polls"]


async def _smallest_rings(env: Env) -> None:
    """As small as the driver takes them, where it lets them be set (ethtool -G): the sooner they wrap and fill."""
    for size in (16, 32, 64, 128):
        ring = linux.ethtool_ringparam(cmd=linux.ETHTOOL_SRINGPARAM, tx_pending=size, rx_pending=size)
        if not await env.run(linux.dev_ethtool, env.ndev, ring):
            return


async def _arrives(env: Env, frames: list[bytes]) -> None:
    """Send the frames from the wire and demand all of them, in a lossy run too."""
    want = env.board.rx.matched + len(frames)
    for f in frames:
        env.peer.send(f)
    await env.until(lambda: env.board.rx.matched >= want, 500_000, f"{len(frames)} frames to reach the stack")


async def any_shape(env: Env) -> None:
    """Frames to send in any number of pieces, each at any address and of any length down to one byte: what a NIC
    reads is put together right at every alignment (kernel-rules.md: TX2, DMA1)."""
    rng = env.rng

    def send_all(frames: list[bytes]) -> None:
        for frame in frames:
            env.board.tx.expect(pad60(frame), env.sched.local_now)
            at = rng.randint(linux.ETH_HLEN, min(len(frame), 300))
            skb = linux.alloc_skb(at + 64, linux.GFP_KERNEL)
            linux.skb_reserve(skb, rng.randrange(64))
            linux.skb_put_data(skb, frame[:at], at)
            while at < len(frame):
                i = linux.skb_shinfo(skb).nr_frags
                size = len(frame) - at if i == linux.MAX_SKB_FRAGS - 1 else rng.randint(1, len(frame) - at)
                page = linux.alloc_page(linux.GFP_KERNEL)
                offset = rng.randint(0, linux.PAGE_SIZE - size)
                env.platform.memory.mem[page.addr + offset : page.addr + offset + size] = frame[at : at + size]
                linux.skb_add_rx_frag(skb, i, page, offset, size, linux.PAGE_SIZE)
                at += size
            skb.dev = env.ndev
            skb.protocol = frame[12] << 8 | frame[13]
            linux.skb_reset_mac_header(skb)
            linux.skb_set_network_header(skb, linux.ETH_HLEN)  # the flow hash, and so the queue, begins there
            err = linux.dev_queue_xmit(skb)
            if err:
                raise CheckError("ERRNO", f"dev_queue_xmit gave {err}", env.dut.driver)
            linux.ndelay(200)

    await env.run(send_all, mixed_frames(rng, 250, to_host=False))
    await env.drain()


async def flood(env: Env) -> None:
    """Far more from the wire than memory takes: the NIC's own buffer fills, and what is lost is lost whole and counted.
    Run with lossy=True and a rate above the bus's."""
    for f in mixed_frames(env.rng, 400, to_host=True):
        env.peer.send(f)
    for i in range(600):
        env.peer.send(udp_frame(60, i % 3, i, to_host=True))
    await env.drain()


async def ring_wrap(env: Env) -> None:
    """Several laps of the smallest rings, by one flow and so in one queue; frame by frame to send, so that each has its
    own completion: indices, phases and ownership hold over the end of a ring (kernel-rules.md: DMA6)."""
    await _smallest_rings(env)
    env.peer.feed((udp_frame(60 + i % 40, 1, i, to_host=True), 0) for i in range(400))
    await env.send([udp_frame(60 + i % 40, 1, i, to_host=False) for i in range(200)], gap_ns=900)
    await env.drain()


async def ring_full(env: Env) -> None:
    """The ring itself fills, not only the byte limit (byte_queue_limits/limit_min is raised): a slow wire, fragments, a
    sender on a CPU that does not poll (kernel-rules.md: TX1, TX2, TX6, TX7). Run with a low rate and cpus=2."""
    await _smallest_rings(env)
    for i in range(env.ndev.real_num_tx_queues):
        bql = linux.netdev_get_tx_queue(env.ndev, i).dql
        bql.limit = bql.min_limit = 1 << 20
    last = len(env.sched.cpus) - 1
    for frags in (False, True):
        frames = [udp_frame(60 + i, 1, i, to_host=False) for i in range(150)]
        await env.start(env.send_task, frames, frags, cpu=last)
        await env.drain()


async def open_in_traffic(env: Env) -> None:
    """The link comes up while frames arrive: what comes before all is ready may be lost, but never the interrupt that
    tells of it, for then no other would come (kernel-rules.md: LIFE1, LIFE3, IRQ2). Run with lossy=True."""
    for round_ in range(4):
        await env.down()
        now = env.sched.now
        for i in range(60):
            env.peer.send(udp_frame(60 + i, i % 16, i, to_host=True), now + i * 500_000)
        await env.up()
        await env.peer.drained
        await env.until(lambda: not env.platform.wire_backlog(), 2_000_000, "the wire to be idle")
        await env.sleep(20_000)
        env.forgive_unsent()
        await _arrives(env, [udp_frame(100 + i, i, 1000 * round_ + i, to_host=True) for i in range(16)])


async def no_memory(env: Env) -> None:
    """Memory runs out and mappings fail for a while, both ways: what is lost is lost whole and counted, nothing of it
    leaks, and when there is memory again nothing is lost any more (kernel-rules.md: DMA2, TX9). Run with lossy=True."""
    rng = env.rng
    env.board.tx.lossy = True
    before = await env.stats()
    sent_before = env.board.tx.matched
    linux.set_alloc_failure(lambda what, size: linux.in_serving_softirq() and rng.random() < 0.5)
    linux.set_dma_failure(lambda dev, size: rng.random() < 0.1)
    down = mixed_frames(rng, 100, to_host=False, longest=600)
    for f in mixed_frames(rng, 300, to_host=True, longest=600):
        env.peer.send(f)
    await env.send(down, frags=True)
    await env.sleep(20_000)
    # None at all: rings without recycled pages run dry.
    linux.set_alloc_failure(lambda what, size: linux.in_serving_softirq())
    await env.sleep(20_000)
    linux.set_alloc_failure(None)
    linux.set_dma_failure(None)
    await env.peer.drained
    await env.until(lambda: not env.platform.wire_backlog(), 2_000_000, "the wire to be idle")
    await env.sleep(50_000)
    after = await env.stats()
    lost = len(down) - (env.board.tx.matched - sent_before)
    if after.tx_dropped - before.tx_dropped != lost:
        raise CheckError(
            "ACCOUNTS", f"tx_dropped rose by {after.tx_dropped - before.tx_dropped}, but {lost} frames that the stack "
            "handed over did not come out", f"{env.dut.driver}, ndo_get_stats64",
        )  # fmt: skip
    env.board.tx.write_off()
    env.board.tx.lossy = False
    await _arrives(env, [udp_frame(60 + i, i, 5000 + i, to_host=True) for i in range(16)])
    await env.send([udp_frame(60 + i, i, 5000 + i, to_host=False) for i in range(16)])
    await env.drain()


async def arm_race(env: Env) -> None:
    """A second frame of a flow at any moment around the poll that the first brings about, then silence: what comes
    between the poll's last look and the arming of the interrupt raises it at once (kernel-rules.md: IRQ2, NAPI5)."""
    for i in range(int(env.cfg.args.get("rounds", 200))):
        want = env.board.rx.matched + 2
        env.peer.send(udp_frame(60, 1, 2 * i, to_host=True))
        await env.sleep(env.rng.randrange(4_000))
        env.peer.send(udp_frame(60, 1, 2 * i + 1, to_host=True))
        await env.until(lambda want=want: env.board.rx.matched >= want, 300_000, "both frames to reach the stack", 200)
    await env.drain()


async def spurious_polls(env: Env) -> None:
    """Polls that no interrupt asked for, in traffic and between (kernel-rules.md: NAPI6); some fall into another poll,
    whose napi_complete_done() then says no, and the driver must believe it (NAPI5)."""

    def schedule_all() -> None:
        linux.local_bh_disable()
        for napi in env.ndev.napi_list:
            linux.napi_schedule(napi)
        linux.local_bh_enable()

    async def disturb() -> None:
        for _ in range(150):
            await env.run(schedule_all, cpu=env.rng.randrange(len(env.sched.cpus)))
            await env.sleep(env.rng.randrange(2_000))

    other: Any = env.spawn(disturb(), "spurious polls")
    for i in range(60):
        for k in range(4):
            env.peer.send(udp_frame(60 + i + k, k, 4 * i + k, to_host=True))
        await env.send([udp_frame(60 + i, i % 5, i, to_host=False)])
        await env.sleep(env.rng.randrange(3_000))
    await other
    await env.drain()
