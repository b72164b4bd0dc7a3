# SPDX-License-Identifier: Apache-2.0
"""A capture through the device: the host's frames down, the others up, at the same time. What ``make sim`` runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pymodel import linux
from pymodel.hw.contexts import PS_PER_NS
from tb.env import Env
from tb.wire.flow import flow_key, pad60
from tb.wire.pcap import Packet, read_capture
from tb.wire.record import TimeOrdered

__all__ = ["capture", "split"]


def split(packets: list[Packet]) -> tuple[list[int], list[int]]:
    """Indices of the host's frames (source MAC of the first frame) and of the others."""
    host = packets[0].data[6:12]
    down = [i for i, p in enumerate(packets) if p.data[6:12] == host]
    return down, [i for i, p in enumerate(packets) if p.data[6:12] != host]


_LONGEST_GAP_NS = 20_000  # in a simulator: a host capture is silent for most of its seconds, at 250,000,000 clocks each


def _times(packets: list[Packet], timing: str, longest_gap_ns: int | None) -> tuple[list[int], int]:
    """When each frame may go, in ps from the start of the capture (all 0 when back to back), and how many gaps were
    cut to ``longest_gap_ns`` (None: none is)."""
    if timing != "capture":
        return [0] * len(packets), 0
    times, now, cut = [], 0, 0
    for previous, packet in zip([packets[0], *packets], packets, strict=False):
        gap = max(0, packet.time_ns - previous.time_ns)
        if longest_gap_ns is not None and gap > longest_gap_ns:
            gap = longest_gap_ns
            cut += 1
        now += gap
        times.append(now * PS_PER_NS)
    return times, cut


def _repeat(chosen: list[int], total: int, length: int, span: int) -> Iterator[tuple[int, int]]:
    """``(index, shift in ps)`` of the chosen frames in a capture of ``length`` frames repeated cyclically to
    ``total`` frames."""
    rounds, rest = divmod(total, length)
    for n in range(rounds):
        for i in chosen:
            yield i, n * span
    for i in chosen:
        if i < rest:
            yield i, rounds * span


async def capture(env: Env) -> None:
    """As :func:`_through`; writes what was on the wire and what the stack saw, whole files or none."""
    slack = 4 * env.sched.quantum + 100_000 * PS_PER_NS
    writers = {w: TimeOrdered(Path(env.cfg.args[w]), w, slack) for w in ("wire", "host") if env.cfg.args.get(w)}
    env.wire_writer, env.host_writer = writers.get("wire"), writers.get("host")
    try:
        await _through(env)
    except BaseException:
        for writer in writers.values():
            writer.abort()
        raise
    for writer in writers.values():
        writer.close()


async def _through(env: Env) -> None:
    """args: pcap (path), count (frames in all; 0: once), timing ("back-to-back" or "capture"), wire and host (paths
    to write)."""
    args: dict[str, Any] = env.cfg.args
    packets = read_capture(Path(args["pcap"]))
    total = int(args.get("count", 0)) or len(packets)
    longest = None if env.cfg.backend == "soft" else _LONGEST_GAP_NS
    times, cut = _times(packets, args.get("timing", "back-to-back"), longest)
    if cut:
        env.notes.append(f"{cut} gaps of the capture were longer than {_LONGEST_GAP_NS // 1000} us and cut to that")
    span = max(times) + (PS_PER_NS * 1000 if max(times) else 0)
    start = env.sched.now
    down, up = split(packets)
    frames = [p.data for p in packets]
    wire = [pad60(f) for f in frames]
    env.progress_total = total
    n_cpus = len(env.sched.cpus)
    of_flow: dict[bytes, int] = {}
    shares: list[list[int]] = [[] for _ in range(n_cpus)]
    for i in down:
        shares[of_flow.setdefault(flow_key(frames[i]), len(of_flow) % n_cpus)].append(i)

    env.peer.feed((wire[i], start + times[i] + shift) for i, shift in _repeat(up, total, len(packets), span))

    def paced(chosen: list[int]) -> Iterator[bytes]:
        for i, shift in _repeat(chosen, total, len(packets), span):
            at = start + times[i] + shift
            ahead = at - env.sched.local_now
            if ahead > 0:
                linux.sleep_ns(ahead // PS_PER_NS)
            yield frames[i]

    senders = [env.start(env.send_task, paced(share), cpu=cpu) for cpu, share in enumerate(shares) if share]
    for sender in senders:
        await sender
    await env.drain()
