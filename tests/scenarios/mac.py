# SPDX-License-Identifier: Apache-2.0
"""The MAC side through ethtool and the wire: PAUSE both ways, the offline self-test, standard statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pymodel import linux
from pymodel.hw.errors import CheckError
from tb.env import Env
from tb.wire.pause import PAUSE_DEST, QUANTUM_BITS, pause_frame
from tests.scenarios.frames import mixed_frames, udp_frame
from tests.scenarios.settings import link_settings
from tests.scenarios.waits import tx_rings_clean

__all__ = [
    "link_comes_and_goes", "link_lost_in_traffic", "partner_is_paused", "paused_by_the_partner", "self_test_in_use",
    "standard_statistics", "stopped_while_paused",
]  # fmt: skip

# What may still come after a PAUSE frame: frames that the MAC's FIFO on the wire has taken, and one under way.
_REACTION_NS = 8_000


async def _ethtool(env: Env, struct: Any) -> Any:
    err = await env.run(linux.dev_ethtool, env.ndev, struct)
    if err:
        raise CheckError("ERRNO", f"ethtool {type(struct).__name__} failed with {linux.errname(err)}", env.dut.driver)
    return struct


async def _set_pause(env: Env, rx: int, tx: int) -> None:
    """ethtool -A."""
    await _ethtool(env, linux.ethtool_pauseparam(cmd=linux.ETHTOOL_SPAUSEPARAM, rx_pause=rx, tx_pause=tx))
    now = await _ethtool(env, linux.ethtool_pauseparam(cmd=linux.ETHTOOL_GPAUSEPARAM))
    if (bool(now.rx_pause), bool(now.tx_pause)) != (bool(rx), bool(tx)):
        raise CheckError("ETH1", "get_pauseparam does not tell what was set", env.dut.driver)


async def _pause_stats(env: Env) -> tuple[int, int]:
    """PAUSE frames received and sent, as ethtool -I -a shows them."""
    err, data = await env.run(linux.pause_prepare_data, env.ndev)
    if err:
        raise CheckError("ERRNO", f"PAUSE_GET failed with {linux.errname(err)}", env.dut.driver)
    return data.pausestat.rx_pause_frames, data.pausestat.tx_pause_frames


async def paused_by_the_partner(env: Env) -> None:
    """The partner has us wait, by the group address of PAUSE frames or by ours (IEEE 802.3 Annex 31B): nothing is sent
    for its time, all of it afterwards; quanta 0 lets us go at once; with PAUSE off nobody waits. No PAUSE frame reaches
    the stack while it is on."""
    mbps = round(env.cfg.rate_gbps * 1000)
    await _set_pause(env, 1, 0)
    got = 0
    for wait_us, early, dest in ((60, False, PAUSE_DEST), (60, True, bytes(env.ndev.dev_addr))):
        quanta = round(wait_us * mbps / QUANTUM_BITS)
        env.peer.send(pause_frame(quanta, dest), expected=False)
        got += 1
        await env.until(lambda: not env.platform.wire_backlog(), 100_000, "the PAUSE frame to be taken")
        start = env.now_ns
        await env.sleep(_REACTION_NS)
        before = env.board.tx.matched
        all_sent = before + 20
        sender = env.start(env.send_task, mixed_frames(env.rng, 20, to_host=False, longest=500))
        await env.sleep(20_000)
        if env.board.tx.matched != before:
            raise CheckError("PAUSE", "frames are sent although the link partner asked for silence", env.dut.driver)
        if early:
            env.peer.send(pause_frame(0), expected=False)
            got += 1
        await sender
        await env.until(lambda want=all_sent: env.board.tx.matched >= want, 500_000, "the frames that had to wait")
        took = env.now_ns - start
        if took >= wait_us * 1000 if early else took < wait_us * 1000 - 2_000:
            raise CheckError("PAUSE", f"held for {took:.0f} ns, {wait_us} us were asked for", env.dut.driver)
        await env.drain()
    stats = await _pause_stats(env)
    if stats != (got, 0):
        raise CheckError("ETH2", f"PAUSE frames received and sent are told as {stats}, not {(got, 0)}", env.dut.driver)
    await _set_pause(env, 0, 0)
    env.board.rx.expect(pause_frame(0xFFFF), env.sched.now)  # a frame like any other now
    env.peer.send(pause_frame(0xFFFF), expected=False)
    await env.sleep(5_000)
    await env.send(mixed_frames(env.rng, 30, to_host=False))
    await env.drain()


async def stopped_while_paused(env: Env) -> None:
    """The interface goes down while the link partner has us wait, for a while with one frame and again and again with
    many: it gets down all the same, nothing leaves, is touched or leaks afterwards, and it works when it is up again
    (kernel-rules.md: LIFE2). Run with lossy=True."""
    again = False

    async def ask(wait_us: int) -> None:
        quanta = round(wait_us * env.cfg.rate_gbps * 1000 / QUANTUM_BITS)
        env.peer.send(pause_frame(quanta), expected=False)
        while again:
            await env.sleep(1_000_000)
            env.peer.send(pause_frame(quanta), expected=False)

    for frames, wait_us, again in ((1, 300, False), (40, 2_000, True)):
        await _set_pause(env, 1, 0)
        asking: Any = env.spawn(ask(wait_us), "a partner that has us wait")
        await env.until(lambda: not env.platform.wire_backlog(), 100_000, "the PAUSE frame to be taken")
        await env.sleep(_REACTION_NS)
        await env.send(mixed_frames(env.rng, frames, to_host=False))
        env.watchdog.stop()  # it may take as long as the driver has patience
        await env.down()
        env.watchdog.start()
        await env.sleep(_REACTION_NS)
        env.forgive_unsent()
        env.forgive_complaints()  # that a queue did not stop
        again = False
        await asking
        env.peer.send(pause_frame(0), expected=False)
        await env.until(lambda: not env.platform.wire_backlog(), 2_000_000, "the wire to be idle")
        await env.sleep(_REACTION_NS)
        await env.up()
        await _set_pause(env, 0, 0)
        for f in mixed_frames(env.rng, 20, to_host=True):
            env.peer.send(f)
        await env.send(mixed_frames(env.rng, 20, to_host=False))
        await env.drain()


async def partner_is_paused(env: Env) -> None:
    """Host memory is slower than the wire: the device has the link partner wait, in time, lets it go, and nothing is
    lost."""
    await _set_pause(env, 0, 1)
    env.peer.mbps = round(env.cfg.rate_gbps * 1000)
    env.peer.ahead = 3
    slow_memory(env)
    n = int(env.cfg.args.get("count", 250))
    for f in mixed_frames(env.rng, n, to_host=True):
        env.peer.send(f)
    await env.send(mixed_frames(env.rng, 40, to_host=False))
    await env.drain(4_000_000)
    asked = [quanta for quanta, _ in env.peer.paused]
    if not any(asked):
        raise CheckError("PAUSE", "the link partner was never asked to wait", env.dut.driver)
    await env.until(lambda: env.peer.paused[-1][0] == 0, 200_000, "the partner to be let go")
    stats = await _pause_stats(env)
    if stats[1] != len(env.peer.paused):
        raise CheckError("ETH2", f"{len(env.peer.paused)} PAUSE frames came, {stats[1]} are counted", env.dut.driver)
    env.peer.mbps = 0


def slow_memory(env: Env) -> None:
    """Make writes to host memory slower than the wire, on either kind of platform."""
    timing = getattr(env.platform, "timing", None)
    if timing is not None:
        timing.dma, timing.dma_jitter = 40_000, 0
    else:
        env.platform.configure(stalls={"w": (60_000, 31)})


async def _carrier_comes(env: Env) -> None:
    """With the queues' disciplines, which work a little later, in process context (net/core/link_watch.c): what is sent
    before is dropped."""
    queues = [linux.netdev_get_tx_queue(env.ndev, q) for q in range(env.ndev.real_num_tx_queues)]

    def works() -> bool:
        return linux.netif_carrier_ok(env.ndev) and all(txq.qdisc is txq.qdisc_sleeping for txq in queues)

    await env.until(works, 50_000, "the carrier to come, and the queues to work")


async def _link_is_told(env: Env, up: bool) -> None:
    """What ``ethtool eth0`` shows: speed and duplex are known where there is a link, and there alone (ETH1)."""
    link = linux.ethtool_value(cmd=linux.ETHTOOL_GLINK)
    err = await env.run(linux.dev_ethtool, env.ndev, link)
    if err != -linux.EOPNOTSUPP and bool(link.data) is not up:
        raise CheckError("ETH1", f"ethtool tells of {'a' if link.data else 'no'} link", env.dut.driver)
    ks = await link_settings(env)
    if ks is None:
        env.notes.append("the driver has no get_link_ksettings")
        return
    speed, duplex = (linux.SPEED_UNKNOWN, linux.DUPLEX_UNKNOWN)
    if up:
        speed, duplex = round(env.cfg.rate_gbps * 1000), linux.DUPLEX_FULL
    if (ks.base.speed, ks.base.duplex) != (speed, duplex):
        raise CheckError(
            "ETH1", f"{'with' if up else 'without'} a link ethtool tells of speed {ks.base.speed} and duplex "
            f"{ks.base.duplex}, not of {speed} and {duplex}", env.dut.driver,
        )  # fmt: skip


async def link_comes_and_goes(env: Env) -> None:
    """The cable is pulled and plugged in again: the stack hears of it, and so does ethtool, nothing is sent or taken
    without a link, and all works afterwards."""
    await _link_is_told(env, True)
    for round_ in range(4):
        for f in mixed_frames(env.rng, 20, to_host=True):
            env.peer.send(f)
        await env.send(mixed_frames(env.rng, 20, to_host=False))
        await env.drain()
        env.set_link(False)
        await env.until(lambda: not linux.netif_carrier_ok(env.ndev), 50_000, "the carrier to go")
        await _link_is_told(env, False)
        sent = env.board.tx.matched
        env.peer.send(udp_frame(100, 1, round_, to_host=True), expected=False)
        await env.sleep(env.rng.randrange(1_000, 20_000))
        if env.board.tx.matched != sent:
            raise CheckError("LINK", "frames were sent without a link", env.dut.driver)
        env.set_link(True)
        await _carrier_comes(env)
        await _link_is_told(env, True)
    for f in mixed_frames(env.rng, 20, to_host=True):
        env.peer.send(f)
    await env.send(mixed_frames(env.rng, 20, to_host=False))
    await env.drain()


async def link_lost_in_traffic(env: Env) -> None:
    """The cable is pulled with frames under way: the device lets go of all that it has been given (kernel-rules.md:
    TX4), sends nothing of it later, and works when the link is back. Run with lossy=True."""
    tx = env.board.tx
    for round_ in range(4):
        for f in mixed_frames(env.rng, 40, to_host=True):
            env.peer.send(f)
        sender = env.start(env.send_task, mixed_frames(env.rng, 60, to_host=False))
        await env.sleep(env.rng.randrange(500, 12_000))
        env.set_link(False)
        await sender
        await env.until(lambda: not linux.netif_carrier_ok(env.ndev), 50_000, "the carrier to go")
        await env.until(lambda: tx_rings_clean(env), 500_000, "the rings to be empty without a link")
        await env.peer.drained
        await env.until(lambda: not env.platform.wire_backlog(), 2_000_000, "the wire to be idle")
        await env.sleep(_REACTION_NS)
        env.forgive_unsent()
        stats = await env.stats()  # what was thrown away counts as sent
        env.base = (tx.matched - stats.tx_packets, *env.base[1:3], tx.bytes - stats.tx_bytes, env.base[4])
        env.set_link(True)
        await _carrier_comes(env)
        want = tx.matched + 20
        await env.send([udp_frame(100, i, 1000 * round_ + i, to_host=False) for i in range(20)])
        await env.until(lambda want=want: tx.matched >= want, 500_000, "frames to be sent again")
    await env.drain()


async def self_test_in_use(env: Env) -> None:
    """ethtool -t offline between traffic: frames come back through the loopback, the wire sees nothing, and the device
    works as before; counters never go back (kernel-rules.md: ETH2)."""
    for _ in range(3):
        for f in mixed_frames(env.rng, 40, to_host=True):
            env.peer.send(f)
        await env.send(mixed_frames(env.rng, 40, to_host=False))
        await env.drain()
        before = await env.stats()
        sent = env.platform.stats()
        test = await _ethtool(env, linux.ethtool_test(cmd=linux.ETHTOOL_TEST, flags=linux.ETH_TEST_FL_OFFLINE))
        if any(test.data) or test.flags & linux.ETH_TEST_FL_FAILED:
            raise CheckError("SELFTEST", f"the self-test failed: {test.data}", env.dut.driver)
        after, sent_after = await env.stats(), env.platform.stats()
        for name in ("wire_tx_frames", "tx_frames"):
            if sent.get(name, 0) != sent_after.get(name, 0):
                raise CheckError("SELFTEST", "frames of the self-test left on the wire", env.dut.driver)
        for name in ("tx_packets", "rx_packets", "rx_dropped", "rx_missed_errors"):
            if getattr(after, name) < getattr(before, name):
                raise CheckError("ETH2", f"{name} went back over the self-test", env.dut.driver)
    await env.send([udp_frame(100, 1, 1, to_host=False)])
    await env.drain()


_LAST_OF_BINS = (64, 127, 255, 511, 1023, 1518)  # bytes with FCS
_FCS = 4
_BROADCAST = bytes(6 * (0xFF,))
_MANY = (1 << 20) // 1500 + 1  # frames of 1500 octets: counters may have parts of 20 bits


async def _groups(env: Env) -> Counter[str]:
    """What ``ethtool -S --groups eth-mac rmon`` shows."""
    both = 1 << linux.ETHTOOL_STATS_ETH_MAC | 1 << linux.ETHTOOL_STATS_RMON
    err, data = await env.run(linux.stats_prepare_data, env.ndev, both)
    if err:
        raise CheckError("ERRNO", f"STATS_GET failed with {linux.errname(err)}", env.dut.driver)
    hists = {f"{way} to {high}": n for way in ("rx", "tx") for (_, high), n in data.hist(tx=way == "tx").items()}
    return Counter(data.mac_stats.as_dict() | data.rmon_stats.as_dict() | hists)


def _by_group(good: Sequence[bytes], others: Sequence[bytes], way: str) -> Counter[str]:
    """What frames count as: the ``good`` ones, and those that only have a size."""
    name = "Xmitted" if way == "tx" else "Received"
    count = Counter({"FramesTransmittedOK" if way == "tx" else "FramesReceivedOK": len(good)})
    count["OctetsTransmittedOK" if way == "tx" else "OctetsReceivedOK"] = sum(len(f) - 14 for f in good)
    for f in good:
        if f[0] & 1:
            count[f"{'Multicast' if f[:6] != _BROADCAST else 'Broadcast'}Frames{name}OK"] += 1
    for f in (*good, *others):
        size = len(f) + _FCS
        count[f"{way} to {next((last for last in _LAST_OF_BINS if size <= last), 9022)}"] += size >= 64
    return count


async def standard_statistics(env: Env) -> None:
    """Frames of the sizes at which RMON's bins begin and end, to one, some and all, damaged, too short and too long,
    and more than a MiB of the longest: each is counted as what it is, by ethtool's standard groups (kernel-rules.md:
    ETH2)."""
    before = await _groups(env)
    lengths = [last - _FCS + more for last in _LAST_OF_BINS for more in (0, 1)][:-1]
    ways = {}
    for way in ("rx", "tx"):
        frames = [udp_frame(n, 1, i, to_host=way == "rx") for i, n in enumerate([*lengths, 60, 61, 700, 1514])]
        for at, dst in ((-4, "01005e000001"), (-3, "333300000001"), (-2, "ffffffffffff"), (-1, "01ffffffffff")):
            frames[at] = bytes.fromhex(dst) + frames[at][6:]
        ways[way] = frames + [udp_frame(1514, i % 8, 300 + i, to_host=way == "rx") for i in range(_MANY)]
    for f in ways["rx"]:
        env.peer.send(f)
    await env.send(ways["tx"])
    await env.drain()
    runt = udp_frame(50, 1, 200, to_host=True)
    env.peer.send(runt)
    oversize = udp_frame(1600, 1, 201, to_host=True)
    env.send_to_be_dropped(oversize)
    await env.drain()
    damaged = [udp_frame(n, 1, 210 + i, to_host=True) for i, n in enumerate((59, 60, 300, 1514, 1601))]
    for f in damaged:
        env.send_to_be_dropped(f, bad=True)
    await env.peer.drained
    await env.until(lambda: not env.platform.wire_backlog(), 200_000, "the wire to be idle")
    await env.sleep(5_000)  # nobody hears of the last of them
    want = _by_group(ways["tx"], [], "tx") + _by_group(ways["rx"], [oversize, *damaged], "rx")
    want += Counter(undersize_pkts=1, oversize_pkts=1, fragments=1, jabbers=1)
    want += Counter(FrameCheckSequenceErrors=3, FrameTooLongErrors=1)
    got = await _groups(env)
    got.subtract(before)
    wrong = {name: (got[name], want[name]) for name in sorted({*got, *want}) if got[name] != want[name]}
    if wrong:
        raise CheckError("ETH2", f"counters that are not what was on the wire (is, should be): {wrong}", env.dut.driver)
