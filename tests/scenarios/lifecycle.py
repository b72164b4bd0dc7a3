# SPDX-License-Identifier: Apache-2.0
"""Opening, closing, rebinding: idle and in traffic."""

from __future__ import annotations

from pymodel import linux
from pymodel.hw.errors import CheckError
from tb.checks import check_leaks
from tb.env import Env
from tests.scenarios.frames import mixed_frames, udp_frame
from tests.scenarios.waits import quiet, tx_waits

__all__ = [
    "bus_error", "filters", "mtu_change", "oversize", "rebind", "removed_at_work", "reopen", "slow_answers",
    "stop_in_traffic",
]  # fmt: skip


async def reopen(env: Env) -> None:
    """Down and up again, drained in between: the rings start anew, counters go on (kernel-rules.md: LIFE1, ETH2)."""
    for _ in range(4):
        for f in mixed_frames(env.rng, 30, to_host=True, longest=600):
            env.peer.send(f)
        await env.send(mixed_frames(env.rng, 30, to_host=False, longest=600))
        await env.drain()
        before = await env.stats()
        await env.down()
        after = await env.stats()
        # Not "unchanged": ndo_stop may reclaim what was on the wire already, and only then count it.
        if after.tx_packets < before.tx_packets or after.rx_packets < before.rx_packets:
            raise CheckError("ETH2", "statistics went back over ndo_stop", env.dut.driver)
        await env.up()


async def stop_in_traffic(env: Env) -> None:
    """ndo_stop while frames fly both ways (kernel-rules.md: LIFE2, LIFE3, DMA1): what was in flight is freed, nothing
    leaks, nothing is touched afterwards, of what memory has not answered yet either; the link works again when it comes
    up. Run with lossy=True."""
    for round_ in range(11):
        slow = round_ >= 5
        if slow:
            slow_answers(env)
        # Few where memory is slow: what waits for one queue is then not waited out with another's.
        count = 2 if slow else 80
        for f in mixed_frames(env.rng, count, to_host=True, longest=900):
            env.peer.send(f)
        sender = env.start(env.send_task, mixed_frames(env.rng, count, to_host=False, longest=900))
        await env.sleep(env.rng.randrange(200, 80_000 if slow else 12_000))
        await env.down()
        await sender
        await env.peer.drained
        await env.until(lambda: not env.platform.wire_backlog(), 2_000_000, "the wire to be idle")
        env.forgive_unsent()
        await env.sleep(env.rng.randrange(100, 3_000))
        await env.up()
        await env.send([udp_frame(100, 1, 10_000 + round_, to_host=False)])
        await env.drain()


def slow_answers(env: Env) -> None:
    """Have accesses of the device under way for longer than a CPU needs for what it does next."""
    timing = getattr(env.platform, "timing", None)
    if timing is not None:
        timing.dma, timing.dma_jitter = 4_000, 4_000
    else:
        env.platform.configure(read_latency=6_000, read_jitter=6_000, write_latency=1_000, write_jitter=1_000)


async def bus_error(env: Env) -> None:
    """The bus fails in traffic and cuts the device off; driver and device come back (kernel-rules.md: ERR1, DMA1,
    ETH2). Run with lossy=True."""
    for round_ in range(int(env.cfg.args.get("rounds", 3))):
        for f in mixed_frames(env.rng, 60, to_host=True, longest=900):
            env.peer.send(f)
        sender = env.start(env.send_task, mixed_frames(env.rng, 60, to_host=False, longest=900))
        await env.sleep(env.rng.randrange(200, 12_000))
        before = await env.stats()
        env.watchdog.stop()  # the link's reset alone takes 100 ms
        env.board.tx.lossy = True  # what the device had is lost; what waits for it behind that is sent
        result = await env.run(linux.pci_inject_error, env.pdev, linux.pci_channel_io_frozen)
        if result != linux.PCI_ERS_RESULT_RECOVERED:
            raise CheckError("ERR1", f"the driver did not recover: {result}", env.dut.driver)
        env.watchdog.start()
        await sender
        await env.peer.drained
        await env.until(lambda: not env.platform.wire_backlog(), 2_000_000, "the wire to be idle")
        # What is left in queueing disciplines and rings outlasts a device that comes back.
        await quiet(env, 40, lambda: env.board.tx.matched, lambda: tx_waits(env))
        env.forgive_unsent()
        env.forgive_complaints()
        env.board.tx.lossy = False
        await env.forgive_unreported()
        after = await env.stats()
        for name in ("tx_packets", "rx_packets", "rx_dropped", "rx_missed_errors"):
            if getattr(after, name) < getattr(before, name):
                raise CheckError("ETH2", f"{name} went back over a reset of the bus", env.dut.driver)
        await env.send([udp_frame(100, 1, 20_000 + round_, to_host=False)])
        await env.drain()


async def rebind(env: Env) -> None:
    """The driver is removed and bound again: nothing of the first life is left (kernel-rules.md: LIFE3, ETH3)."""
    for _ in range(2):
        for f in mixed_frames(env.rng, 20, to_host=True):
            env.peer.send(f)
        await env.send(mixed_frames(env.rng, 20, to_host=False))
        await env.drain()
        await env.rebind()


def _times_out(env: Env, busy_ns: int) -> None:
    """Kernel side: the watchdog finds that a queue hangs (net/sched/sch_generic.c dev_watchdog()), on a CPU that has no
    time for anything else then."""
    dev = env.ndev
    linux.netif_tx_lock_bh(dev)
    dev.netdev_ops.ndo_tx_timeout(dev, env.rng.randrange(dev.real_num_tx_queues))
    linux.netif_tx_unlock_bh(dev)
    linux.ndelay(busy_ns)


async def removed_at_work(env: Env) -> None:
    """A queue is found to hang just before the driver is unbound: what the driver has put off until it may sleep is
    cancelled, or has ended, before what it works on is freed (kernel-rules.md: LIFE3, TX10)."""
    for _ in range(10):
        for f in mixed_frames(env.rng, 10, to_host=True):
            env.peer.send(f)
        await env.send(mixed_frames(env.rng, 10, to_host=False))
        await env.drain()
        if env.ndev.netdev_ops.ndo_tx_timeout is None:
            env.notes.append("the driver has no ndo_tx_timeout")
            return
        busy_ns = env.rng.choice((0, env.rng.randrange(100_000), 1_000_000))
        cpu = len(env.sched.cpus) - 1  # the driver is unbound on the first
        work = env.start(_times_out, env, busy_ns, cpu=cpu)
        await env.sleep(1_000 + env.rng.choice((0, env.rng.randrange(100_000))))
        await env.remove()
        await work
        check_leaks(env)
        env.forgive_complaints()
        await env.probe()
        await env.up()


async def mtu_change(env: Env) -> None:
    """The MTU changes while the link is down and while it is up; frames of the new longest length pass
    (kernel-rules.md: LIFE6)."""
    for mtu in (1500, 4000, 1280, min(env.ndev.max_mtu, 9100)):  # a device that takes more is sent no more
        await env.set_mtu(mtu)
        for i in range(6):
            env.peer.send(udp_frame(mtu + 18 - i, i, i, to_host=True))
        await env.send([udp_frame(mtu + 14 - i, i, i, to_host=False) for i in range(6)])
        await env.drain()


async def oversize(env: Env) -> None:
    """Frames longer than MTU + 18 are dropped and counted, their neighbours are not (kernel-rules.md: LIFE6)."""
    longest = env.ndev.mtu + 18
    for i in range(24):
        if i % 3 == 0:
            env.send_to_be_dropped(udp_frame(longest + 1 + i * i, i, i, to_host=True))
        else:
            env.peer.send(udp_frame(longest - i, i, i, to_host=True))
    await env.drain()


def _beside(address: bytes, i: int) -> bytes:
    """Another station's address, in which one bit of one byte is another."""
    at = i % 6
    return address[:at] + bytes((address[at] ^ 2 << i % 7,)) + address[at + 1 :]


async def filters(env: Env) -> None:
    """Not promiscuous: frames to other stations are dropped, to us and to everybody they pass, and to a group that was
    joined; the same with another address, by which the old one becomes another station's, with all groups, and with a
    second address, which is another station's before and afterwards (kernel-rules.md: LIFE5).

    Frames to groups that nobody has joined may pass or not: not every filter is exact."""
    await env.run(linux.dev_set_promiscuity, env.ndev, -1)
    group = bytes.fromhex("01005e000042")
    await env.run(linux.dev_mc_add, env.ndev, group)
    before = bytes(env.ndev.dev_addr)
    for ours, others in ((before, "02dead00beef"), (bytes.fromhex("025253c0ffee"), before.hex())):
        err = await env.run(linux.dev_set_mac_address, env.ndev, linux.sockaddr(ours))
        if err == -linux.EBUSY:  # only while it is down
            await env.down()
            err = await env.run(linux.dev_set_mac_address, env.ndev, linux.sockaddr(ours))
            await env.up()
        if err:
            raise CheckError("ERRNO", f"setting the address failed with {linux.errname(err)}", env.dut.driver)
        for i in range(40):
            f = udp_frame(60 + i, i, i, to_host=True)[6:]
            if i % 4 == 3:
                env.send_to_be_dropped((bytes.fromhex(others), _beside(ours, i))[i // 4 % 2] + f)
            else:
                env.peer.send((ours, b"\xff" * 6, group)[i % 4] + f)
        await env.drain()
    second = bytes.fromhex("02dead00beef")

    async def hears(own: bool, groups: bool) -> None:
        for i in range(12):
            f = udp_frame(60 + i, i, i, to_host=True)[6:]
            env.peer.send((bytes.fromhex("01005e0007") + bytes((i,)) if groups else group) + f)
            if own:
                env.peer.send(second + f)
            else:
                env.send_to_be_dropped(second + f)
            if not own or env.ndev.priv_flags & linux.IFF_UNICAST_FLT:  # else it takes all
                env.send_to_be_dropped(_beside(second, i) + f)
        await env.drain()

    await env.run(linux.dev_set_allmulti, env.ndev, 1)
    await hears(own=False, groups=True)
    await env.run(linux.dev_set_allmulti, env.ndev, -1)
    await env.run(linux.dev_uc_add, env.ndev, second)
    await hears(own=True, groups=False)
    await env.run(linux.dev_uc_del, env.ndev, second)
    await hears(own=False, groups=False)
    await env.run(linux.dev_mc_del, env.ndev, group)
    await env.run(linux.dev_set_promiscuity, env.ndev, 1)
