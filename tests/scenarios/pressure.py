# SPDX-License-Identifier: Apache-2.0
"""What a NIC and its driver meet at their limits: rings that wrap and fill, odd addresses, no memory, no warning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pymodel import linux
from pymodel.hw.errors import CheckError
from tb.env import Env
from tb.wire.flow import pad60
from tests.scenarios.frames import mixed_frames, udp_frame
from tests.scenarios.waits import quiet
from tests.scenarios.xdp import attach

__all__ = [
    "any_shape", "arm_race", "flood", "no_memory", "no_order", "open_in_traffic", "open_without_memory", "ring_full",
    "ring_wrap", "spurious_polls",
]  # fmt: skip


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
    await env.run(_send_in_pieces, env, [(f, 0, 0) for f in mixed_frames(env.rng, 250, to_host=False)], 200)
    await env.drain()


def _send_in_pieces(env: Env, frames: Iterable[tuple[bytes, int, int]], gap_ns: int) -> None:
    """Kernel side: hand frames to the queueing layer, each with as many fragments as its second number says (0: any
    number), each fragment at any address; the third one is a VLAN tag that the device may put in (0: none)."""
    rng = env.rng
    for frame, pieces, tag in frames:
        tagged = frame[:12] + b"\x81\0" + tag.to_bytes(2, "big") + frame[12:] if tag else frame
        wire = pad60(tagged)
        env.padded += len(wire) - len(tagged)
        env.board.tx.expect(wire, env.sched.local_now)
        at = rng.randint(linux.ETH_HLEN, min(len(frame) - pieces, 300))
        skb = linux.alloc_skb(at + 64, linux.GFP_KERNEL)
        linux.skb_reserve(skb, rng.randrange(64))
        linux.skb_put_data(skb, frame[:at], at)
        while at < len(frame):
            i = linux.skb_shinfo(skb).nr_frags
            left = (pieces or linux.MAX_SKB_FRAGS) - i
            size = len(frame) - at if left == 1 else rng.randint(1, len(frame) - at - (left - 1 if pieces else 0))
            page = linux.alloc_page(linux.GFP_KERNEL)
            offset = rng.randint(0, linux.PAGE_SIZE - size)
            env.platform.memory.mem[page.addr + offset : page.addr + offset + size] = frame[at : at + size]
            linux.skb_add_rx_frag(skb, i, page, offset, size, linux.PAGE_SIZE)
            at += size
        skb.dev = env.ndev
        skb.protocol = frame[12] << 8 | frame[13]
        linux.skb_reset_mac_header(skb)
        linux.skb_set_network_header(skb, linux.ETH_HLEN)  # the flow hash, and so the queue, begins there
        if tag:
            linux.__vlan_hwaccel_put_tag(skb, linux.ETH_P_8021Q, tag)
        err = linux.dev_queue_xmit(skb)
        if err:
            raise CheckError("ERRNO", f"dev_queue_xmit gave {err}", env.dut.driver)
        linux.ndelay(gap_ns)


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
    # At once, and so in bulks that end where the ring is full; then again and again up to where it is.
    for patient in (False, True):
        await env.start(_send_in_pieces, env, _as_many_as_fit(env, 320 if patient else 150, patient), 0, cpu=last)
        await env.drain()


def _as_many_as_fit(env: Env, count: int, patient: bool) -> Iterator[tuple[bytes, int, int]]:
    """Kernel side: frames of few descriptors, and where the driver would take one although there is little room, of as
    many as a frame may need, the one for an offload among them (TX1, TX2). ``patient``: a stopped queue is waited for.
    """
    most, rng = linux.MAX_SKB_FRAGS, env.rng
    queues = [linux.netdev_get_tx_queue(env.ndev, q) for q in range(env.ndev.real_num_tx_queues)]
    for i in range(count):
        frame = udp_frame(100 + i % 60, 1, i, to_host=False)
        while patient and any(linux.netif_tx_queue_stopped(queue) for queue in queues):
            linux.usleep_range(5, 10)
        states = [state for state in env.ops.describe(env.ndev) if state.name.startswith("tx")]
        room = min(s.size - (s.producer - s.consumer) % (1 << 16) for s in states)
        awake = not any(linux.netif_tx_queue_stopped(queue) for queue in queues)
        if (awake and room <= most + rng.choice((1, 1, 1, 4))) or rng.random() < 0.05:
            yield frame, most, 7
        else:
            yield frame, rng.choice((1, 1, 2)), rng.choice((0, 7))


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
        await quiet(env, 30, lambda: env.board.rx.matched)
        env.forgive_unsent()
        await _arrives(env, [udp_frame(100 + i, i, 1000 * round_ + i, to_host=True) for i in range(16)])


async def _mappings_fail(env: Env, dropped_before: int, sent_before: int, down: list[bytes]) -> None:
    """Bulks of frames, of which mappings of any fail, the last one's too: those before it leave all the same (TX4).
    They are added to ``down``."""
    linux.set_dma_failure(lambda dev, size: env.rng.random() < 0.3)
    for _ in range(30):
        more = mixed_frames(env.rng, 12, to_host=False, longest=600)
        down += more
        await env.send(more)
        for _ in range(100):
            await env.sleep(500)
            dropped = (await env.stats()).tx_dropped - dropped_before
            if env.board.tx.matched - sent_before + dropped >= len(down):
                break
        else:
            raise CheckError(
                "TX4", f"of {len(down)} frames {env.board.tx.matched - sent_before} were sent and {dropped} dropped: "
                "the others wait for a frame to come after them", env.watchdog.report(),
            )  # fmt: skip


async def _run_dry(env: Env) -> None:
    """There are no pages, and what was received stays with its receiver, so that none comes back: the ring of a flow
    runs dry. No completion will tell the driver of memory that is there again."""
    await env.peer.drained
    await env.sleep(20_000)
    linux.set_dma_failure(None)
    linux.set_alloc_failure(lambda what, size: what == "page" and linux.in_serving_softirq())
    held: list[Any] = []
    env.inspect = lambda skb: held.append(linux.skb_get(skb))
    free = max(n for n, _ in env.ops.rx_space(env.ndev))
    for i in range(2 * free):
        env.peer.send(udp_frame(60, 1, i, to_host=True))
    await env.peer.drained
    await env.until(lambda: not env.platform.wire_backlog(), 2_000_000, "the wire to be idle")
    await env.sleep(50_000)
    env.inspect = None
    linux.set_alloc_failure(None)

    def free_all() -> None:
        for skb in held:
            linux.consume_skb(skb)

    await env.run(free_all)


async def no_memory(env: Env) -> None:
    """Memory runs out and mappings fail for a while, both ways: what is lost is lost whole and counted, nothing of it
    leaks, and when there is memory again nothing is lost any more (kernel-rules.md: DMA2, TX9). Run with lossy=True."""
    rng = env.rng
    env.board.tx.lossy = True
    before = await env.stats()
    sent_before = env.board.tx.matched
    drops_before = sum(linux.counters()["drops"].values())
    linux.set_alloc_failure(lambda what, size: linux.in_softirq() and rng.random() < 0.5)
    linux.set_dma_failure(lambda dev, size: rng.random() < 0.1)
    longest = max(600, env.ndev.mtu - 900)
    down = mixed_frames(rng, 100, to_host=False, longest=600, shortest=42)
    for f in mixed_frames(rng, 300, to_host=True, longest=longest):
        env.peer.send(f)
    await env.send(down, frags=True)
    await env.sleep(20_000)
    await _mappings_fail(env, before.tx_dropped, sent_before, down)
    if env.ndev.xdp_features & linux.NETDEV_XDP_ACT_BASIC and env.ndev.mtu <= linux.ETH_DATA_LEN:
        linux.set_alloc_failure(None)
        linux.set_dma_failure(None)
        await env.sleep(20_000)
        await attach(env, lambda xdp: linux.XDP_PASS)
        linux.set_alloc_failure(lambda what, size: linux.in_serving_softirq() and rng.random() < 0.5)
        for f in mixed_frames(rng, 100, to_host=True, longest=600):
            env.peer.send(f)
        await env.sleep(100_000)
        linux.set_alloc_failure(None)
        await attach(env, None)
    await _run_dry(env)
    linux.set_alloc_failure(None)
    linux.set_dma_failure(None)
    env.forgive_complaints()
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
    told = sum(linux.counters()["drops"].values()) - drops_before
    if told < lost:
        raise CheckError(
            "DROPS", f"{lost} packets were dropped, and the drop monitor was told of {told}: dev_kfree_skb_any() frees "
            "what is lost, dev_consume_skb_any() what was sent", env.dut.driver,
        )  # fmt: skip
    env.board.tx.write_off()
    env.board.tx.lossy = False
    await _arrives(env, [udp_frame(60 + i, i, 5000 + i, to_host=True) for i in range(16)])
    await env.send([udp_frame(60 + i, i, 5000 + i, to_host=False) for i in range(16)])
    await env.drain()


class _OneFails:
    """The allocation or mapping number ``number`` fails, once; ``done`` says that it has."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.done = False

    def __call__(self, *_: object) -> bool:
        self.left -= 1
        self.done |= self.left == -1
        return self.left == -1


def _shape(env: Env) -> list[tuple[str, int]]:
    """Channels, and the sizes of rings."""
    rings = [(state.name, state.size) for state in env.ops.describe(env.ndev)]
    return [("tx", env.ndev.real_num_tx_queues), ("rx", env.ndev.real_num_rx_queues), *rings]


async def open_without_memory(env: Env) -> None:
    """One allocation or mapping fails as the link comes up, or as rings or channels are changed: -ENOMEM and nothing is
    left behind, or it is as before, or it was done without (kernel-rules.md: DMA1, DMA2, ETH3)."""
    most = env.ndev.real_num_rx_queues
    for what in (linux.set_alloc_failure, linux.set_dma_failure):
        for change in ("open", "rings", "channels"):
            number, step, other = 0, 1, False
            fails = _OneFails(0)
            while not number or fails.done:
                fails = _OneFails(number)
                number, step, other = number + step, max(1, number + step), not other
                if change == "open":
                    await env.down()
                size = 64 if other else 128
                ring = linux.ethtool_ringparam(cmd=linux.ETHTOOL_SRINGPARAM, tx_pending=size, rx_pending=size)
                channels = linux.ethtool_channels(cmd=linux.ETHTOOL_SCHANNELS, combined_count=1 if other else most)
                before = _shape(env)
                what(fails)
                if change == "open":
                    err = await env.run(linux.dev_open, env.ndev)
                else:
                    err = await env.run(linux.dev_ethtool, env.ndev, ring if change == "rings" else channels)
                what(None)
                env.forgive_complaints()
                if err not in (0, -linux.ENOMEM, -linux.EOPNOTSUPP if change != "open" else 0):
                    raise CheckError("ERRNO", f"{change} without memory: {linux.errname(err)}", env.dut.driver)
                if err and change == "open":
                    await env.up()
                elif err and _shape(env) != before:
                    raise CheckError(
                        "ETH1", f"{change} could not be changed ({linux.errname(err)}), and are {_shape(env)} after "
                        f"{before}", env.dut.driver,
                    )  # fmt: skip
                for i in range(8):
                    env.peer.send(udp_frame(60 + i, i, i, to_host=True))
                await env.send([udp_frame(60 + i, i, i, to_host=False) for i in range(8)])
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


def _schedule_all(env: Env) -> None:
    """Kernel side: a poll of every instance, unasked."""
    linux.local_bh_disable()
    for napi in env.ndev.napi_list:
        linux.napi_schedule(napi)
    linux.local_bh_enable()


async def _poll_at_any_time(env: Env, times: int, longest_ns: int) -> None:
    for _ in range(times):
        await env.run(_schedule_all, env, cpu=env.rng.randrange(len(env.sched.cpus)))
        await env.sleep(env.rng.randrange(longest_ns))


async def no_order(env: Env) -> None:
    """Polls look at the rings at any moment, while the device writes to them and the driver has just filled them in: of
    a record that is seen in part none is believed, and no descriptor is sent in part (kernel-rules.md: DMA5, DMA6,
    TX4). Run with weak=True."""
    logged = len(linux.dmesg())
    under_way: set[bytes] = set()

    def look(skb: Any) -> None:
        frame = linux.skb_mac_frame(skb)
        if frame not in under_way:
            raise CheckError(
                "DMA6", f"{len(frame)} bytes that nobody sent were handed up: a record, or what it tells of, was read "
                "before it was there (dma_rmb)", f"{env.dut.driver}, poll",
            )  # fmt: skip
        under_way.remove(frame)

    env.inspect = look
    for i in range(int(env.cfg.args.get("rounds", 60))):
        polls = env.spawn(_poll_at_any_time(env, 12, 1_500), "polls")
        for k in range(4):
            frame = udp_frame(60 + i, k % 2, 4 * i + k, to_host=True)
            under_way.add(frame)
            env.peer.send(frame)
            await env.send([udp_frame(60 + i, k % 2, 4 * i + k, to_host=False)])
            await env.sleep(env.rng.randrange(2_500))
        await polls
        await env.drain()
        complaints = [line for line in linux.dmesg()[logged:] if env.ndev.name in line]
        if complaints:
            raise CheckError("DMA6", f"the driver saw what never was: {complaints[0]}", env.dut.driver)
        sent = env.board.tx.matched
        for _ in range(50):
            if (await env.stats()).tx_packets >= sent - env.base[0]:
                break
            await env.sleep(2_000)
        else:
            raise CheckError("TX4", "a frame that was sent is not reclaimed by itself", env.watchdog.report())


async def spurious_polls(env: Env) -> None:
    """Polls that no interrupt asked for, in traffic and between (kernel-rules.md: NAPI6); some fall into another poll,
    whose napi_complete_done() then says no, and the driver must believe it (NAPI5)."""

    other: Any = env.spawn(_poll_at_any_time(env, 150, 2_000), "spurious polls")
    for i in range(60):
        for k in range(4):
            env.peer.send(udp_frame(60 + i + k, k, 4 * i + k, to_host=True))
        await env.send([udp_frame(60 + i, i % 5, i, to_host=False)])
        await env.sleep(env.rng.randrange(3_000))
    await other
    await env.drain()
