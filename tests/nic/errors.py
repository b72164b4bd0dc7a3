# SPDX-License-Identifier: Apache-2.0
"""Errors of single accesses to memory, descriptors that make no sense, resets in traffic: the reference NIC with its
driver. One queue's ring stops, is named, counted and set up anew; the other queues lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel import linux
from pymodel.drivers.nic import nic_hw as hw
from pymodel.hw.access import Failure, memory, readl, writel
from pymodel.hw.errors import CheckError
from tb.env import Env
from tests.scenarios.frames import mixed_frames, udp_frame
from tests.scenarios.lifecycle import slow_answers
from tests.scenarios.waits import quiet, tx_waits

__all__ = ["bad_descriptors", "function_reset", "lost_doorbells", "memory_errors"]

# (what ethtool counts it as, the ring it halts ("" is either), writes, upper bits of its AXI IDs).
ACCESSES = (
    ("descriptor", "tx", False, 0x00),
    ("descriptor", "rx", False, 0x10),
    ("data", "tx", False, 0x20),
    ("data", "rx", True, 0x00),
    ("completion", "rx", True, 0x10),
    ("completion", "tx", True, 0x20),
    ("message", "", True, 0x30),
)


class _Books:
    """What the driver and the device have counted, by queue pair, to see what has moved."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self.queues = linux.netdev_priv(env.ndev).queues

    async def read(self) -> None:
        self.now = await self.env.run(self._look)
        self.errors = await _ethtool_errors(self.env)
        self.lines = len(linux.dmesg())

    def _look(self) -> list[dict[str, int]]:
        rows = []
        for q in self.queues:
            row = {f"{way}_{name}": getattr(getattr(q, way), name) for way in ("tx", "rx") for name in _COUNTED}
            row["rx_errors"] = q.rx.errors
            row["rx_missed"] = readl(q.regs + hw.QP_RX_DROPS)
            rows.append(row)
        return rows

    async def moved(self) -> list[dict[str, int]]:
        """What has moved since the last look, for each queue pair."""
        before = self.now
        self.now = await self.env.run(self._look)
        both = zip(before, self.now, strict=True)
        return [{k: v - old[k] for k, v in new.items() if v != old[k]} for old, new in both]


_PARTS = 20  # of traffic, until an error must have shown
_COUNTED = ("dropped", "halts", "restarts")
_LOSSES = {"tx": ("tx_dropped",), "rx": ("rx_dropped", "rx_errors", "rx_missed")}


async def _ethtool_errors(env: Env) -> dict[str, int]:
    """``ethtool -S``, the errors by kind of access."""
    names = linux.ethtool_gstrings(cmd=linux.ETHTOOL_GSTRINGS, string_set=linux.ETH_SS_STATS)
    stats = linux.ethtool_stats(cmd=linux.ETHTOOL_GSTATS)
    for cmd in (names, stats):
        if await env.run(linux.dev_ethtool, env.ndev, cmd):
            raise CheckError("ERRNO", "ethtool -S fails", env.dut.driver)
    return {k[4:]: v for k, v in zip(names.data, stats.data, strict=True) if k.startswith("err_")}


async def _idle(env: Env) -> None:
    """Until nothing is left on the wire, in queueing disciplines and in rings, and nothing has come out for 30 us."""
    await env.peer.drained
    await env.until(lambda: not env.platform.wire_backlog(), 2_000_000, "the wire to be idle")
    await quiet(env, 30, lambda: env.board.tx.matched + env.board.rx.matched, lambda: tx_waits(env))


async def _in_traffic(env: Env, books: _Books, longest: int, spoil: Callable[[], Any], what: str) -> None:
    """Frames both ways on all queues; when they are under way, ``spoil()``, and more of them until a ring has been set
    up anew because of it.
    """
    before = sum(row[f"{w}_restarts"] for row in books.now for w in ("tx", "rx"))
    gap = 400_000 * (1 + longest // 2000)  # ps: slow enough for no ring to run dry
    # Each ring gets its share of the frames: with many, it takes longer until a buffer has its turn.
    for part in range(_PARTS * -(-len(books.queues) // 4)):
        for i, f in enumerate(mixed_frames(env.rng, 80, to_host=True, longest=longest)):
            env.peer.send(f, env.sched.now + i * gap)
        sender = env.start(env.send_task, mixed_frames(env.rng, 80, to_host=False, longest=longest), False, 300)
        if part == 1:
            await env.sleep(env.rng.randrange(500, 5_000))
            await spoil()
        await sender
        await env.peer.drained
        if part > 1 and sum(ring.restarts for q in books.queues for ring in (q.tx, q.rx)) > before:
            await _idle(env)
            return
    raise CheckError("ERR2", f"no ring was set up anew after {what}", env.watchdog.report())


async def _settle_accounts(env: Env, books: _Books, counter: str, way: str, queue: int | None) -> None:
    """One ring was halted once by what ``counter`` counts, of ``way`` and ``queue`` where they are known: it has lost
    what is missing, was set up anew, and nothing else has moved.
    """
    where = f"{env.dut.driver}, {counter} of {way or 'either way'}"
    priv = linux.netdev_priv(env.ndev)
    moved = await books.moved()
    hit = [(q, w) for q, row in enumerate(moved) for w in ("tx", "rx") if row.get(f"{w}_halts")]
    if len(hit) != 1 or (queue is not None and hit[0][0] != queue) or (way and hit[0][1] != way):
        raise CheckError("ERR2", f"halted: {hit}, not {way or 'a ring'} of queue {queue}: {moved}", where)
    q, w = hit[0]
    if moved[q][f"{w}_halts"] != 1 or moved[q].get(f"{w}_restarts") != 1 or priv.resets != 1:
        raise CheckError("ERR2", f"{w}{q} was not set up anew alone: {moved[q]}, {priv.resets - 1} resets", where)
    own = {f"{w}_halts", f"{w}_restarts", *_LOSSES[w]}
    for other, row in enumerate(moved):
        beside = {k: v for k, v in row.items() if other != q or k not in own}
        if beside:
            raise CheckError("ERR2", f"queue {other} was hit as well: {beside}; the error was of {w}{q}", where)
    for direction, ways in ((env.board.tx, "tx"), (env.board.rx, "rx")):
        direction.write_off()
        counted = sum(moved[q].get(name, 0) for name in _LOSSES[ways]) if ways == w else 0
        missing = direction.lost - env.counts.get(f"{ways}_lost", 0)
        env.counts[f"{ways}_lost"] = direction.lost
        if counted != missing:
            raise CheckError("ACCOUNTS", f"{ways}{q}: {missing} frames are missing, {counted} are counted", where)
    errors = await _ethtool_errors(env)
    told = {name: n - books.errors[name] for name, n in errors.items() if n != books.errors[name]}
    if told != {counter: 1}:
        raise CheckError("ERR2", f"ethtool counts {told} errors, not one of a {counter}", where)
    lines = linux.dmesg()[books.lines :]
    if not any(f"{w.upper()} queue {q}: error ({counter}) at bus address" in line for line in lines):
        raise CheckError("ERR2", f"the log does not say that it was {w}{q}, and what of: {lines}", where)
    await books.read()
    env.counts[f"{counter} {w}"] = env.counts.get(f"{counter} {w}", 0) + 1


async def memory_errors(env: Env) -> None:
    """One access in traffic is answered with an error: of each kind (descriptors, data, records, messages), of any
    queue, short frames and frames of several buffers. Run with lossy=True."""
    env.board.tx.lossy = True
    books = _Books(env)
    await books.read()
    for round_ in range(int(env.cfg.args.get("rounds", 1))):
        for counter, way, is_write, kind in ACCESSES:
            q = env.rng.randrange(len(books.queues))
            ids = frozenset(range(kind, kind + 16)) if counter == "message" else frozenset({kind | q})
            order = Failure(is_write, ids, skip=env.rng.randrange(2), response=env.rng.choice((2, 3)))

            async def spoil(order: Failure = order) -> None:
                env.platform.fail(order)

            longest = 600 if round_ % 2 == 0 else 1514
            await _in_traffic(env, books, longest, spoil, f"an error of {way} {counter}, {order}")
            await _settle_accounts(env, books, counter, way, None if counter == "message" else q)
    env.platform.fail_no_more()
    await _all_work(env)


async def _all_work(env: Env) -> None:
    """Every queue, both ways, nothing lost."""
    env.forgive_complaints()
    env.board.tx.lossy = False
    tx, rx = env.board.tx, env.board.rx
    want = rx.matched + 64
    for i in range(64):
        env.peer.send(udp_frame(100 + i, i, 9000 + i, to_host=True), env.sched.now + i * 500_000)
    await env.send([udp_frame(100 + i, i, 9000 + i, to_host=False) for i in range(64)])
    await env.until(lambda: rx.matched >= want and not tx.pending, 2_000_000, "frames of all queues")


# What a driver might write for a descriptor by mistake: (length and control bits of each). The last one ends a frame.
_EOP = hw.TX_DESC_CTRL_EOP
_OFFLOAD = hw.TX_KIND_OFFLOAD << hw.TX_DESC_CTRL_KIND_SHIFT
_TSO = hw.TX_KIND_TSO << hw.TX_DESC_CTRL_KIND_SHIFT
BAD_TX = {
    "no bytes": (_EOP,),
    "too long": (_EOP | 9019,),
    "too long with its tag": (_OFFLOAD | hw.TX_OFFLOAD_CTRL_VLAN, _EOP | 9015),
    "too short": (_EOP | 13,),
    "no end before it is too long": (9000, 9000, 9000),
    "unknown kind": (_EOP | 60 | 7 << hw.TX_DESC_CTRL_KIND_SHIFT,),
    "two offloads": (_OFFLOAD, _OFFLOAD, _EOP | 60),
    "offload inside a frame": (30, _OFFLOAD, _EOP | 30),
    "TSO without a size": (_TSO, _EOP | 200),
}


def _post_bad(queue: Any, ctrls: tuple[int, ...]) -> None:
    """Descriptors that nobody waits for, between those of frames."""
    ring = queue.tx
    linux.__netif_tx_lock_bh(ring.txq)
    for ctrl in ctrls:
        slot = ring.next_to_use & ring.mask
        ring.buffers[slot] = 0, 0, False, None
        linux.desc_store(ring.desc + slot * hw.TX_DESC_SIZE, hw.TX_DESC.pack(ring.desc_dma, ctrl, 0))
        ring.next_to_use = (ring.next_to_use + 1) & 0xFFFF
    linux.dma_wmb()
    ring.posted = ring.next_to_use
    writel(ring.next_to_use, ring.doorbell)
    linux.__netif_tx_unlock_bh(ring.txq)


def _spoil_buffer(queue: Any) -> None:
    """A free buffer of 10 bytes, far ahead of what the device may have read of the ring."""
    ring = queue.rx
    at = ring.desc + ((ring.next_to_use - 1) & ring.mask) * hw.RX_DESC_SIZE
    dma, _, _ = hw.RX_DESC.unpack_from(memory().mem, at)
    linux.desc_store(at, hw.RX_DESC.pack(dma, 10, 0))
    linux.dma_wmb()


def _wild_tail(queue: Any, register: int) -> None:
    writel(0x5000, queue.regs + register)


async def bad_descriptors(env: Env) -> None:
    """Descriptors that make no sense, and tails beyond the ring: each halts its own ring alone, with the error's kind
    in the log, and is recovered from. Run with lossy=True, and small RX rings, so that each buffer's turn comes."""
    real_rule = env.platform.on_rule

    def rule(name: str, *more: Any) -> None:
        if name not in ("DESC", "RING"):  # the soft NIC's own words for what is done here on purpose
            real_rule(name, *more)

    env.platform.on_rule = rule
    env.board.tx.lossy = True
    books = _Books(env)
    await books.read()
    spoilers: list[tuple[str, str, Callable[..., Any], tuple[Any, ...]]] = [
        ("bad_descriptor", "tx", _post_bad, (ctrls,)) for ctrls in BAD_TX.values()
    ]
    spoilers += [
        ("bad_descriptor", "rx", _spoil_buffer, ()),
        ("bad_tail", "tx", _wild_tail, (hw.QP_TX_TAIL,)),
        ("bad_tail", "rx", _wild_tail, (hw.QP_RX_TAIL,)),
    ]
    for counter, way, fn, args in spoilers:
        queue = env.rng.choice(books.queues)

        async def spoil(fn: Any = fn, args: Any = args, queue: Any = queue) -> None:
            await env.run(fn, queue, *args)

        await _in_traffic(env, books, 300, spoil, f"a {counter} of {way}{queue.index}, {args}")
        await _settle_accounts(env, books, counter, way, queue.index)
    await _all_work(env)


async def lost_doorbells(env: Env) -> None:
    """The doorbells of one TX queue are lost until the watchdog has said that it hangs: ndo_tx_timeout has it go on,
    and the other queues have gone on meanwhile (kernel-rules.md: TX10). Run with lossy=True."""
    queue = env.rng.choice(linux.netdev_priv(env.ndev).queues)
    await env.down()
    env.ndev.watchdog_timeo = 1  # jiffies
    await env.up()
    before = await env.stats()
    doorbell, txq = queue.regs + hw.QP_TX_TAIL, linux.netdev_get_tx_queue(env.ndev, queue.index)
    env.machine.mmio_lost = lambda addr, is_write: is_write and addr == doorbell and not txq.trans_timeout
    env.board.tx.lossy = True
    env.watchdog.stop()  # a jiffy is longer than it waits
    sender: Any = env.spawn(env.send(mixed_frames(env.rng, 500, to_host=False, longest=600)), "senders")
    await env.until(lambda: txq.trans_timeout, 40_000_000, f"the watchdog to see that queue {queue.index} hangs")
    env.machine.mmio_lost = None
    await sender
    await _idle(env)
    env.watchdog.start()
    lost = env.board.tx.pending + env.board.tx.lost
    dropped = (await env.stats()).tx_dropped - before.tx_dropped
    if dropped != lost:
        raise CheckError("ACCOUNTS", f"{lost} frames are missing, tx_dropped rose by {dropped}", env.dut.driver)
    env.forgive_unsent()
    await _all_work(env)


def _reset_behind_the_driver(priv: Any) -> None:
    writel(hw.RESET_RESET, priv.iomem + hw.RESET)
    linux.schedule_work(priv.reset_work)


async def function_reset(env: Env) -> None:
    """The function is reset in traffic, at any time: by others who say so before (``echo 1 > reset``), and by nobody
    knows whom, with the driver's own reset behind it. What was in flight is lost, all else goes on (kernel-rules.md:
    ERR1, DMA1, ETH2). Run with lossy=True."""
    priv = linux.netdev_priv(env.ndev)
    rounds = int(env.cfg.args.get("rounds", 12))
    for round_ in range(rounds):
        if round_ == rounds // 2:
            slow_answers(env)  # what is under way as the reset comes is answered before it ends
        for f in mixed_frames(env.rng, 60, to_host=True, longest=1514):
            env.peer.send(f)
        sender = env.start(env.send_task, mixed_frames(env.rng, 60, to_host=False, longest=1514))
        await env.sleep(env.rng.randrange(20, 15_000))
        before = await env.stats()
        resets = priv.resets
        env.board.tx.lossy = True
        if round_ < rounds - 1:
            await env.run(_reset_behind_the_driver, priv)
            await env.until(lambda was=resets: priv.resets > was, 1_000_000, "the driver's reset of the device")
        else:
            env.watchdog.stop()  # it takes 100 ms
            if await env.run(linux.pci_reset_function, env.pdev):
                raise CheckError("ERR1", "the function cannot be reset", env.dut.driver)
            env.watchdog.start()
        await sender
        await _idle(env)
        env.forgive_unsent()
        env.board.tx.lossy = False
        await env.forgive_unreported()
        after = await env.stats()
        for name in ("tx_packets", "rx_packets", "rx_dropped", "rx_missed_errors"):
            if getattr(after, name) < getattr(before, name):
                raise CheckError("ETH2", f"{name} went back over a reset", env.dut.driver)
        await _all_work(env)
