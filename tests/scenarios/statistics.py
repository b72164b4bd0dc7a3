# SPDX-License-Identifier: Apache-2.0
"""Counters of each queue, as ``ethtool -S`` shows them. Drivers name them as they like: names that follow the usual
forms are understood, the others left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from pymodel import linux as L
from pymodel.hw.errors import CheckError
from tb.env import Env
from tb.wire.flow import pad60
from tests.scenarios.frames import mixed_frames, udp_frame
from tests.scenarios.xdp import attach

__all__ = ["queue_statistics"]

# "tx0_packets", "rx_queue_3_bytes", "tx-1.packets"; "queue_0_tx_cnt", "q2_rx_bytes".
_FORMS = (
    re.compile(r"(?P<way>rx|tx)[-_]?(?:queue|ring|q)?[-_]?(?P<queue>\d+)[-_.: ]+(?P<what>\w+)"),
    re.compile(r"(?:queue|ring|q|ch)[-_]?(?P<queue>\d+)[-_.: ]+(?P<way>rx|tx)[-_.: ]+(?P<what>\w+)"),
)
_KINDS = {
    "packets": re.compile("packets|pkts|frames|cnt"),
    "bytes": re.compile("bytes|octets"),
    "xdp_drop": re.compile("xdp_drops?"),
    "xdp_tx": re.compile("xdp_tx"),
    "xdp_redirect": re.compile("xdp_redirects?"),
    "dropped": re.compile("drop(s|ped)?"),
    "lost": re.compile(".*(err|fail|discard|miss).*"),
}
_XDP = ("xdp_drop", "xdp_tx", "xdp_redirect")


def _meaning(name: str) -> tuple[str, int, str] | None:
    """(way, queue, kind) of a counter, or None."""
    for form in _FORMS:
        match = form.fullmatch(name)
        if match:
            for kind, words in _KINDS.items():
                if words.fullmatch(match["what"]):
                    return match["way"], int(match["queue"]), kind
    return None


class _Counters:
    """What the driver counts by queue, and what the scenario has seen."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self.padding: Counter[int] = Counter()  # bytes, by TX queue: whether they count is the driver's choice
        self.seen: Counter[tuple[str, int, str]] = Counter()
        self.known: set[tuple[str, int, str]] = set()
        self.before: Counter[tuple[str, int, str]] = Counter()
        self.last_queue = 0

    async def read(self) -> Counter[tuple[str, int, str]]:
        names = L.ethtool_gstrings(cmd=L.ETHTOOL_GSTRINGS, string_set=L.ETH_SS_STATS)
        stats = L.ethtool_stats(cmd=L.ETHTOOL_GSTATS)
        found: Counter[tuple[str, int, str]] = Counter()
        for cmd in (names, stats):
            err = await self.env.run(L.dev_ethtool, self.env.ndev, cmd)
            if err == -L.EOPNOTSUPP:
                return found
            if err:
                raise CheckError("ERRNO", f"ethtool -S failed with {L.errname(err)}", self.env.dut.driver)
        for name, value in zip(names.data, stats.data, strict=True):
            key = _meaning(name)
            if key is not None:
                found[key] += value
                self.known.add(key)
        return found

    def count(self, way: str, queue: int, size: int) -> None:
        self.seen[way, queue, "packets"] += 1
        self.seen[way, queue, "bytes"] += size

    def tap(self, skb: Any, dev: Any, pt: Any, orig_dev: Any) -> int:
        """As tcpdump sees what is sent."""
        if skb.pkt_type == L.PACKET_OUTGOING and dev is self.env.ndev:
            size = skb.len + (L.VLAN_HLEN if L.skb_vlan_tag_present(skb) else 0)
            self.last_queue = skb.queue_mapping
            self.count("tx", skb.queue_mapping, max(60, size))
            self.padding[skb.queue_mapping] += max(60, size) - size
        L.consume_skb(skb)
        return 0

    def look(self, skb: Any) -> None:
        queue = L.skb_get_rx_queue(skb) if L.skb_rx_queue_recorded(skb) else 0
        self.count("rx", queue, len(L.skb_mac_frame(skb)))

    async def check(self, when: str, ways: tuple[str, ...] = ("rx", "tx")) -> None:
        """Each counter has moved as far as it was to; those of other ``ways`` are left alone."""
        want = self.before + self.seen
        for _ in range(100):  # what was sent counts when it is reclaimed
            now = await self.read()
            if all(now[key] >= want[key] for key in self.known):
                break
            await self.env.sleep(5_000)
        for key in sorted(key for key in self.known if key[0] in ways):
            way, queue, kind = key
            least = want[key] - (self.padding[queue] if (way, kind) == ("tx", "bytes") else 0)
            if not least <= now[key] <= want[key]:
                told, seen = now[key] - self.before[key], self.seen[key]
                what = f"{when}: ethtool -S counts {told} for {kind} of {way} queue {queue}, but there were {seen}"
                raise CheckError("ETH2", what, f"{self.env.dut.driver}, get_ethtool_stats")
        self.before = now
        self.seen.clear()
        self.padding.clear()


async def _with_xdp(env: Env, counters: _Counters) -> None:
    """A program passes, drops, sends back and redirects, each in a number of its own."""
    taken = [0, 0]

    def program(xdp: Any) -> int:
        packet = L.xdp_packet(xdp)
        flow = int.from_bytes(packet[34:36], "big") - 1024
        what, queue = (flow % 16).bit_length(), xdp.rxq.queue_index
        if what not in (1, 2, 3):
            return L.XDP_PASS
        taken[0] += 1
        taken[1] += len(packet)
        counters.count("rx", queue, len(packet))
        counters.seen["rx", queue, _XDP[what - 1]] += 1
        if what == 1:
            return L.XDP_DROP
        packet[:12] = bytes(packet[6:12]) + bytes(packet[:6])
        return L.XDP_TX if what == 2 else L.bpf_xdp_redirect(env.ndev.ifindex, 0)

    await attach(env, program)
    for i in range(160):
        frame = udp_frame(60 + i * 3, i, i, to_host=True)
        what = (i % 16).bit_length()
        env.peer.send(frame, expected=what not in (1, 2, 3))
        if what in (2, 3):
            env.board.tx.expect(pad60(frame[6:12] + frame[:6] + frame[12:]), env.sched.now)
    await env.drain()
    await env.sleep(30_000)  # of those that are dropped nobody hears
    await attach(env, None)
    env.received_elsewhere(*taken)
    await counters.check("with a program", ("rx",))  # through which queue the driver sends is its choice


async def _one_is_lost(env: Env, counters: _Counters) -> None:
    """A frame to send cannot be mapped: it is dropped, or sent from where it needs no mapping."""
    env.board.tx.lossy = True
    for i in range(8):
        before = (await env.stats()).tx_dropped
        L.set_dma_failure(lambda dev, size: not L.in_hardirq() and not L.in_serving_softirq())
        await env.send([udp_frame(200, i, 7000 + i, to_host=False)])
        L.set_dma_failure(None)
        await env.sleep(20_000)
        if (await env.stats()).tx_dropped > before:
            queue = counters.last_queue
            counters.seen["tx", queue, "dropped"] += 1
            counters.seen["tx", queue, "packets"] -= 1
            counters.seen["tx", queue, "bytes"] -= 200
    env.board.tx.write_off()
    env.board.tx.lossy = False
    await counters.check("where a frame could not be sent")


async def queue_statistics(env: Env) -> None:
    """Packets and bytes of each queue, what an XDP program did with them and what was dropped are counted there and
    only once (kernel-rules.md: ETH2)."""
    counters = _Counters(env)
    counters.before = await counters.read()
    if not counters.known:
        env.notes.append("ethtool -S has no counters of queues")
    env.inspect = counters.look
    tap = L.packet_type(type=L.ETH_P_ALL, func=counters.tap)
    await env.run(L.dev_add_pack, tap)
    for _ in range(2):
        for frame in mixed_frames(env.rng, 150, to_host=True):
            env.peer.send(frame)
        await env.send(mixed_frames(env.rng, 150, to_host=False))
        await env.drain()
    await counters.check("in traffic")
    if env.ndev.xdp_features & L.NETDEV_XDP_ACT_BASIC:
        await _with_xdp(env, counters)
    await _one_is_lost(env, counters)
    await env.run(L.dev_remove_pack, tap)
    env.inspect = None
