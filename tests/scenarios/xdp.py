# SPDX-License-Identifier: Apache-2.0
"""XDP in the driver, on frames that the device has written, while the stack sends and receives on the same queues."""

from __future__ import annotations

import random
from typing import Any

from pymodel import linux as L
from pymodel.hw.access import here
from pymodel.hw.errors import CheckError
from tb.env import Env
from tb.wire.flow import flow_key, pad60
from tests.scenarios.frames import udp_frame
from tests.scenarios.waits import quiet

__all__ = ["attach", "channels", "xdp_actions", "xdp_too_much"]

_FLOW = 34  # where a frame of udp_frame() has its source port, if there is no tag before it
_FIRST = 1024  # of flow 0
# By flow, modulo their number. _NOWHERE: redirected to a device that is not there.
_PASS, _DROP, _TX, _REDIRECT, _ABORTED, _LONGER, _SHORTER, _META, _NOWHERE = range(9)
_ACTIONS = 9


def _swapped(frame: bytes) -> bytes:
    return frame[6:12] + frame[:6] + frame[12:]


_TAG = b"\x81\0\0\x07"


def _longer(frame: bytes) -> bytes:
    """A VLAN tag behind the addresses."""
    return frame[:12] + _TAG + frame[12:]


class _Program:
    """Does to a frame what its flow says; counts what the stack does not get to see."""

    def __init__(self, ifindex: int) -> None:
        self.ifindex = ifindex
        self.runs = self.taken = self.taken_bytes = 0
        self.exceptions = self.nowhere = 0

    def __call__(self, xdp: Any) -> int:
        packet = L.xdp_packet(xdp)
        at = _FLOW + 4 if packet[12:14] == _TAG[:2] else _FLOW
        what = (int.from_bytes(packet[at : at + 2], "big") - _FIRST) % _ACTIONS
        self.runs += 1
        n = len(packet)
        if what == _LONGER:
            head = bytes(packet[:12]) + _TAG
            if L.bpf_xdp_adjust_head(xdp, -4):
                return L.XDP_ABORTED
            L.xdp_packet(xdp)[:16] = head
            return L.XDP_PASS
        if what == _SHORTER:
            return L.XDP_ABORTED if L.bpf_xdp_adjust_tail(xdp, -7) else L.XDP_PASS
        if what == _META:
            if L.bpf_xdp_adjust_meta(xdp, -8):
                return L.XDP_ABORTED
            here.mem[xdp.data_meta : xdp.data] = bytes(packet[5:12]) + bytes([xdp.rxq.queue_index])
            return L.XDP_PASS
        if what == _PASS:
            return L.XDP_PASS
        self.taken += 1
        self.taken_bytes += n
        if what == _DROP:
            return L.XDP_DROP
        if what == _ABORTED:
            self.exceptions += 1
            return L.XDP_ABORTED
        if what == _NOWHERE:
            self.nowhere += 1
            return L.bpf_xdp_redirect(1000, 0)
        head = bytes(packet[6:12]) + bytes(packet[:6])
        packet[:12] = head
        return L.XDP_TX if what == _TX else L.bpf_xdp_redirect(self.ifindex, 0)


def _expect(env: Env, frame: bytes, what: int) -> None:
    """What is to come of a frame, and where."""
    if what in (_TX, _REDIRECT):
        wire = pad60(_swapped(frame))
        env.board.tx.expect(wire, env.sched.now)
    elif what in (_LONGER, _SHORTER, _META):
        changed = {_LONGER: _longer(frame), _SHORTER: frame[:-7], _META: frame}[what]
        env.board.rx.expect(changed, env.sched.now)


async def attach(env: Env, prog: Any, want: int = 0, flags: int = L.XDP_FLAGS_DRV_MODE) -> None:
    """ip link set xdpdrv (None: off). Raises CheckError where the driver's errno is not ``want``."""

    def change() -> int:
        L.rtnl_lock()
        err = L.dev_change_xdp_fd(env.ndev, None, prog, None, flags)
        L.rtnl_unlock()
        return err

    err = await env.run(change)
    if err != want:
        raise CheckError("ERRNO", f"attaching {prog} gave {L.errname(err)}, not {L.errname(want)}", env.dut.driver)


async def _set_mtu(env: Env, mtu: int, want: int) -> None:
    err = await env.run(L.dev_set_mtu, env.ndev, mtu)
    if err != want:
        raise CheckError("ERRNO", f"MTU {mtu} gave {L.errname(err)}, not {L.errname(want)}", env.dut.driver)


async def _traffic(env: Env, rng: random.Random, prog: _Program, count: int) -> None:
    """Frames for every action, and others from the host meanwhile, that share the TX queues."""
    longest = env.ndev.mtu + 14
    sizes = [rng.choice((60, 61, 128, longest - 12, rng.randint(60, longest - 12))) for _ in range(count)]
    sender = env.start(
        env.send_task, [udp_frame(60 + i % 700, i % 64, i, to_host=False) for i in range(count)], bool(count % 2)
    )
    begun = prog.runs
    for i, size in enumerate(sizes):
        flow = rng.randrange(64)
        what = flow % _ACTIONS
        frame = udp_frame(size, flow, i, to_host=True)
        if rng.random() < 0.2:
            frame = _longer(frame)  # the program sees it as it was on the wire (OFF7)
        if what == _PASS:
            env.peer.send(frame)
        else:
            env.peer.send(frame, expected=False)
            _expect(env, frame, what)
        if i % 16 == 15 or i == count - 1:
            sent = begun + i + 1
            await env.until(lambda sent=sent: prog.runs >= sent, 500_000, "the program to see the frames")
    await sender
    await env.drain()


async def _more_than_a_budget(env: Env, prog: _Program) -> None:
    """Softirqs are held up while frames come that the program drops: a poll takes as many as its budget (NAPI1)."""

    def hold() -> None:
        L.local_bh_disable()
        L.ndelay(30_000)
        L.local_bh_enable()

    holds = [env.start(hold, cpu=cpu) for cpu in range(len(env.sched.cpus))]
    want = prog.runs + 150
    for i in range(150):
        env.peer.send(udp_frame(60, _DROP, i, to_host=True), expected=False)
    for task in holds:
        await task
    await env.until(lambda: prog.runs >= want, 500_000, "the program to see the frames")


async def xdp_actions(env: Env) -> None:
    """PASS, DROP, TX, REDIRECT (to this very device), ABORTED, with more and less head, tail and metadata, many frames
    of each, while the stack uses the same TX queues; a program is replaced in traffic, attached and detached again.
    """
    count = int(env.cfg.args.get("count", 240))
    await _set_mtu(env, 9000, 0)
    await attach(env, lambda xdp: L.XDP_PASS, -L.EOPNOTSUPP)
    await _set_mtu(env, 1500, 0)
    metadata: list[bytes] = []

    def look(skb: Any) -> None:
        n = L.skb_metadata_len(skb)
        if n:
            at = skb.head + skb.mac_header
            mem = here.mem
            if n != 8 or mem[at - 8 : at - 1] != mem[at + 5 : at + 12]:
                raise CheckError("XDP", f"{n} bytes of metadata, not those of the program", env.dut.driver)
            if mem[at - 1] != L.skb_get_rx_queue(skb):
                raise CheckError(
                    "XDP", f"the program saw a frame of queue {L.skb_get_rx_queue(skb)} in queue {mem[at - 1]}: "
                    "xdp_rxq_info", env.dut.driver,
                )  # fmt: skip
            metadata.append(bytes(mem[at - 8 : at]))

    env.inspect = look
    before = dict(L.counters()["xdp_exceptions"])
    tags = env.ndev.features & L.NETIF_F_HW_VLAN_CTAG_RX
    programs = [_Program(env.ndev.ifindex) for _ in range(3)]
    await attach(env, programs[0])
    await _set_mtu(env, 9000, -L.EINVAL)
    env.forgive_complaints()
    await _traffic(env, env.rng, programs[0], count)
    await attach(env, programs[1])  # while nothing is stopped
    await _traffic(env, env.rng, programs[1], count // 2)
    await _more_than_a_budget(env, programs[1])
    await attach(env, None)
    if env.ndev.features & L.NETIF_F_HW_VLAN_CTAG_RX != tags:
        raise CheckError("OFF7", "without a program the features are not what they were before it", env.dut.driver)
    for i in range(20):
        env.peer.send(udp_frame(100 + i, i, i, to_host=True))
    await env.drain()
    await attach(env, programs[2])
    await _traffic(env, env.rng, programs[2], count // 4)
    env.received_elsewhere(sum(p.taken for p in programs), sum(p.taken_bytes for p in programs))
    if not metadata:
        raise CheckError("XDP", "no metadata reached the stack", env.dut.driver)
    after = L.counters()["xdp_exceptions"]
    lost = {L.XDP_ABORTED: sum(p.exceptions for p in programs), L.XDP_REDIRECT: sum(p.nowhere for p in programs)}
    if after != before | {act: before.get(act, 0) + n for act, n in lost.items()}:
        raise CheckError("XDP", f"exceptions {after} after {before}, {lost} expected", env.dut.driver)


async def xdp_too_much(env: Env) -> None:
    """A program sends back more than the TX rings have room for, beside the stack: what it cannot send is freed, and
    the stack loses nothing (kernel-rules.md: TX1, TX2, ETH3). Run with a rate that the host exceeds."""
    ring = L.ethtool_ringparam(cmd=L.ETHTOOL_SRINGPARAM, rx_pending=256, tx_pending=64)
    assert await env.run(L.dev_ethtool, env.ndev, ring) == 0
    prog = _Program(env.ndev.ifindex)
    await attach(env, prog)
    dropped = (await env.stats()).tx_dropped
    env.board.tx.lossy = True
    count = int(env.cfg.args.get("count", 400))
    down = [udp_frame(600 + i, 1000 + i, i, to_host=False) for i in range(count // 4)]  # each a flow of its own
    sender = env.start(env.send_task, down, True, cpu=len(env.sched.cpus) - 1)
    for i in range(count):
        frame = udp_frame(60 + i % 40, (_TX, _REDIRECT)[i // 2 % 2], i, to_host=True)
        env.peer.send(frame, expected=False)
        _expect(env, frame, _TX)
    await sender
    await env.peer.drained
    await env.until(lambda: prog.runs >= count, 2_000_000, "the program to see the frames")
    await quiet(env, 50, lambda: env.board.tx.matched)
    lost = [f for f in down if flow_key(f) in env.board.tx.flows]
    if lost or (await env.stats()).tx_dropped != dropped:
        raise CheckError("XDP", f"{len(lost)} frames of the stack are lost where a program sends too", env.dut.driver)
    if env.board.tx.matched == count + len(down):
        raise CheckError("XDP", "there was room for all frames: the run is too fast", "tests/scenarios/xdp.py")
    env.board.tx.write_off()
    env.board.tx.lossy = False
    env.received_elsewhere(prog.taken, prog.taken_bytes)
    await attach(env, None)
    for i in range(20):
        env.peer.send(udp_frame(100 + i, i, i, to_host=True))
    await env.send([udp_frame(100 + i, i, i, to_host=False) for i in range(20)])
    await env.drain()


async def channels(env: Env) -> None:
    """ethtool -L: fewer queues and more of them again, with traffic both ways on each number; one that is not there is
    refused and changes nothing (kernel-rules.md: ETH1, ETH2, RSS3).
    """
    queues = env.ndev.real_num_rx_queues
    used: set[int] = set()
    env.inspect = lambda skb: used.add(L.skb_get_rx_queue(skb))
    number = 0

    async def set_channels(n: int) -> int:
        cmd = L.ethtool_channels(cmd=L.ETHTOOL_SCHANNELS, combined_count=n)
        return int(await env.run(L.dev_ethtool, env.ndev, cmd))

    before = await env.stats()
    for n in (1, queues, (queues + 1) // 2, queues + 1, queues):
        now = env.ndev.real_num_rx_queues
        err = await set_channels(n)
        if (err, env.ndev.real_num_rx_queues) != ((0, n) if n <= queues else (-L.EINVAL, now)):
            raise CheckError("ETH1", f"{n} channels of {queues} gave {L.errname(err)}", env.dut.driver)
        used.clear()
        for _ in range(64):
            number += 1
            env.peer.send(udp_frame(60 + number % 1000, number, number, to_host=True))
        await env.send([udp_frame(60 + i, i, number + i, to_host=False) for i in range(64)])
        await env.drain()
        n = env.ndev.real_num_rx_queues
        if max(used) >= n or len(used) < min(n, 3):
            raise CheckError("RSS1", f"{n} queues, and frames came in {sorted(used)}", env.dut.driver)
        after = await env.stats()
        for name in ("tx_packets", "rx_packets", "rx_bytes", "rx_missed_errors"):
            if getattr(after, name) < getattr(before, name):
                raise CheckError("ETH2", f"{name} went back with the number of channels", env.dut.driver)
        before = after
