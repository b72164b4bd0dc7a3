# SPDX-License-Identifier: Apache-2.0
"""The environment of a scenario: host, device, wire, scoreboard, and the checks that are always on.

The same environment runs on a simulator and on a soft NIC; which one is the platform's affair. A scenario is
``async def scenario(env: Env) -> None``; ``Env.main`` brings the device up before it and holds the whole run to
account after it.
"""

from __future__ import annotations

import json
import random
import resource
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pymodel import linux
from pymodel.hw.access import CpuCosts, Machine, set_machine
from pymodel.hw.contexts import PS_PER_NS, Coro, Scheduler, Sleep, Task
from pymodel.hw.errors import CheckError
from tb.checks import check_accounts, check_leaks, check_silence, check_sum, final_checks
from tb.config import Config, ConfigError
from tb.dut import Dut, load_dut
from tb.histogram import Histogram
from tb.scoreboard import Scoreboard
from tb.watchdog import Watchdog
from tb.wire.flow import flow_key, pad60
from tb.wire.pause import is_mac_control
from tb.wire.peer import Peer

__all__ = ["Env", "Scenario", "peak_rss_mb"]

Scenario = Callable[["Env"], Awaitable[None]]


class Env:
    """Everything a scenario may touch. ``platform`` stands below the seam (tb.rtl_platform or pymodel.hw.soft)."""

    def __init__(self, config: Config, platform: Any, dut: Dut | None = None) -> None:
        config.validate()
        self.cfg = config
        self.dut = dut or load_dut(config.dut)
        self.rng = random.Random(config.seed)
        self.queues = config.queues or int(self.dut.rtl.get("defaults", {}).get("Queues", 1))
        self.platform = platform
        self.sched = Scheduler(config.cpus or self.queues, config.quantum_ns * PS_PER_NS)
        self.machine = Machine(self.sched, platform, CpuCosts(**config.costs))
        if "msix_table" in self.dut.pci:  # as on machines whose interrupt controllers are not where an x86 has them
            self.machine.msi_high = 1 << 30 | random.Random(f"messages/{config.seed}").getrandbits(24)
        set_machine(self.machine)
        linux.boot(self.machine, swiotlb=config.swiotlb, weak=config.weak)
        if config.held_up_ns:
            held_up = random.Random(f"held up/{config.seed}")
            self.machine.held_up = lambda: 0 if held_up.randrange(8) else held_up.randrange(config.held_up_ns)
        self.board = self.scoreboard = Scoreboard(lossy=config.lossy)
        self.ops = self.dut.load("ops")()
        self.pdev: Any = None
        self.ndev: Any = None
        self.peer = Peer(
            self.sched, platform, self.board.rx, self._rx_space, lossy=config.lossy, on_taken=self._on_wire_in
        )
        self.watchdog = Watchdog(self)
        self.latency = {"tx": Histogram(), "rx": Histogram()}
        self.wire_writer: Any = None  # objects with write(frame, time_ps, outbound): captures of the run
        self.host_writer: Any = None
        self.progress_total = 0
        self.drops_before = 0  # packets that were freed as dropped before this life of the driver
        self.expected_drops = 0  # frames that the scenario means the device to drop
        self.stopped_in_traffic = False
        # Before this life of the driver: frames sent, received and lost; bytes sent and received.
        self.base = (0, 0, 0, 0, 0)
        self.padded = 0  # bytes that short frames to send need for their shortest length
        self._progress_at = 0.0
        self.started_ps = 0
        self.ended_ps = 0
        self.figures: dict[str, Any] = {}
        self.counts: dict[str, int] = {}  # what the scenario counts, for whoever reads the result
        self.inspect: Callable[[Any], object] | None = None  # looks at each skb that the stack receives
        self.drop_counters: dict[str, int] = {}
        self.complaints = 0  # errors that drivers have logged, as the scenario meant them to
        self.notes: list[str] = []  # what whoever reads the result should know
        self.result: dict[str, Any] = {}
        platform.on_wire_frame = self._on_wire_frame
        platform.on_wire_taken = self.peer.taken
        platform.on_fault = self._on_fault
        platform.on_rule = self._on_rule
        if self.cfg.vector_of:
            irq_ids: list[list[int]] = [[] for _ in range(max(self.cfg.vector_of) + 1)]
            for vector, ids in zip(self.cfg.vector_of, self.dut.axi.get("irq_ids", []), strict=True):
                irq_ids[vector] += ids
            self.dut = replace(self.dut, axi={**self.dut.axi, "irq_ids": irq_ids})
        platform.attach(self.machine, self.dut)

    # -- for scenarios --------------------------------------------------------------------------------------
    @property
    def now_ns(self) -> float:
        return self.sched.now / PS_PER_NS

    async def run(self, fn: Callable[..., Any], *args: Any, cpu: int = 0) -> Any:
        """Run kernel code in process context on a CPU and give its result."""
        return await self.sched.run_task(fn, *args, cpu=cpu)

    def start(self, fn: Callable[..., Any], *args: Any, cpu: int = 0) -> Task:
        """As :meth:`run`, without waiting: await the task for its result."""
        return self.sched.run_task(fn, *args, cpu=cpu)

    def spawn(self, coro: Any, name: str = "part") -> Coro:
        """Run another part of the scenario at the same time."""
        return self.sched.spawn(coro, name)

    async def sleep(self, ns: float) -> None:
        await Sleep(ns)

    async def until(self, predicate: Callable[[], object], timeout_ns: float, why: str, every_ns: float = 500) -> None:
        """Wait until ``predicate()`` is true; CheckError("TIMEOUT") after ``timeout_ns`` of simulated time."""
        end = self.sched.now + round(timeout_ns * PS_PER_NS)
        while not predicate():
            if self.sched.now >= end:
                raise CheckError("TIMEOUT", f"waited {timeout_ns / 1000:g} us for {why}", self.watchdog.report())
            await Sleep(every_ns)

    async def up(self) -> None:
        """ip link set up."""
        await self._errno("dev_open", linux.dev_open, self.ndev)

    async def down(self) -> None:
        """ip link set down."""
        await self.run(linux.dev_close, self.ndev)

    async def _errno(self, what: str, fn: Callable[..., int], *args: Any) -> None:
        logged = len(linux.driver_errors())
        err = await self.run(fn, *args)
        if err:
            why = "".join(f"; the driver says {line}" for line in linux.driver_errors()[logged:])
            raise CheckError("ERRNO", f"{what} failed with {linux.errname(err)}{why}", self.dut.driver)

    async def send(self, frames: Iterable[bytes], *, frags: bool = False, gap_ns: float = 0) -> None:
        """Send frames from the host: through a packet socket a CPU, each flow always by the same one.

        Returns when the last has been handed to the queueing layer. ``frags``: the data beyond the headers lies in page
        fragments. ``gap_ns``: simulated time between frames of a CPU.
        """
        shares: list[list[bytes]] = [[] for _ in self.sched.cpus]
        if len(shares) == 1:
            shares[0] = list(frames)
        else:
            of_flow: dict[bytes, int] = {}
            for frame in frames:
                key = flow_key(frame)
                cpu = of_flow.setdefault(key, len(of_flow) % len(shares))
                shares[cpu].append(frame)
        tasks = [self.start(self.send_task, share, frags, gap_ns, cpu=cpu) for cpu, share in enumerate(shares) if share]
        for task in tasks:
            await task

    def send_task(self, frames: Iterable[bytes], frags: bool = False, gap_ns: float = 0) -> None:
        """Kernel side of :meth:`send`: process context on one CPU."""
        sock = linux.packet_socket(self.ndev)
        expect = self.board.tx.expect
        writer = self.host_writer
        sched = self.sched
        for frame in frames:
            wire = frame
            if len(frame) < 60:
                wire = pad60(frame)
                self.padded += len(wire) - len(frame)
            expect(wire, sched.cpu.time)  # type: ignore[union-attr]
            if writer is not None:
                writer.write(frame, sched.local_now, True)
            err = linux.packet_sendmsg(sock, frame, frags=frags, check_mtu=False)
            if err < 0 and not self.cfg.lossy:
                raise CheckError("ERRNO", f"sending a frame failed with {linux.errname(err)}", self.dut.driver)
            if gap_ns:
                linux.ndelay(round(gap_ns))
        linux.packet_release(sock)

    def send_to_be_dropped(self, frame: bytes, *, bad: bool = False) -> None:
        """A frame from the wire that the device must drop and count. ``bad``: for its FCS is wrong."""
        self.expected_drops += 1
        self.peer.send(frame, expected=False, bad=bad)

    def received_elsewhere(self, frames: int, size: int) -> None:
        """That many frames, of ``size`` bytes in all, are the driver's to count, but the stack never saw them (XDP)."""
        tx_frames, rx_frames, lost, tx_bytes, rx_bytes = self.base
        self.base = (tx_frames, rx_frames - frames, lost, tx_bytes, rx_bytes - size)

    def forgive_unsent(self) -> None:
        """The device was stopped in traffic: what was on its way is lost, and drops while it is down need not be
        counted."""
        self.board.tx.write_off()
        self.board.rx.write_off()
        self.peer.forget()
        self.stopped_in_traffic = True

    async def forgive_unreported(self) -> None:
        """An error of the bus took completions: frames that left need not be among the driver's counts."""
        stats = await self.stats()
        tx = self.board.tx
        missing = tx.matched - self.base[0] - stats.tx_packets
        if missing < 0:
            raise CheckError("ACCOUNTS", f"tx_packets counts {-missing} frames that never left", self.dut.driver)
        self.base = (tx.matched - stats.tx_packets, *self.base[1:3], tx.bytes - stats.tx_bytes, self.base[4])

    def forgive_complaints(self) -> None:
        """What the driver has logged so far, as errors, was to be expected."""
        self.complaints = len(linux.driver_errors())

    async def stats(self) -> Any:
        """The device's statistics, as ``ip -s link`` shows them (rtnl_link_stats64)."""
        return await self.run(linux.dev_get_stats, self.ndev)

    def set_link(self, up: bool) -> None:
        """Plug the cable in or out, for a NIC whose wrapper has the link's pins."""
        self.platform.set_link(up)

    async def set_mtu(self, mtu: int) -> None:
        """ip link set mtu."""
        await self._errno(f"MTU {mtu}", linux.dev_set_mtu, self.ndev, mtu)

    async def rebind(self) -> None:
        """Unbind the driver, look for leaks, bind it again and bring the link up."""
        await check_silence(self)
        await check_accounts(self)
        await self.remove()
        check_leaks(self)
        await self.probe()
        await self.up()

    async def drain(self, timeout_ns: float = 0) -> None:
        """Wait until every frame under way has come out. In a lossy run: until nothing has moved for a while."""
        limit = timeout_ns or self.cfg.watchdog_us * 1000 * 4
        await self.peer.drained
        if not self.cfg.lossy:
            last = (self.sched.now, -1)
            while self.board.pending:
                if self.board.pending != last[1]:
                    last = (self.sched.now, self.board.pending)
                elif self.sched.now - last[0] > limit * PS_PER_NS:
                    break
                await Sleep(1000)
            return
        quiet = 0
        seen = -1
        while quiet < 40:
            matched = self.board.tx.matched + self.board.rx.matched
            busy = self.board.tx.pending or self.platform.wire_backlog()
            quiet = 0 if matched != seen or busy else quiet + 1
            seen = matched
            await Sleep(1000)

    # -- life of a run ------------------------------------------------------------------------------------------
    async def main(self, scenario: Scenario) -> None:
        """Probe, bring up, run the scenario, and check what must always hold."""
        self.watchdog.start()
        try:
            await self.probe()
            await self.up()
            self.begin()
            await scenario(self)
            await self.drain()
            self._end()
            self._write_progress(final=True)
            await final_checks(self)
        finally:
            self.watchdog.stop()
            self._collect()

    def begin(self) -> None:
        """The figures of the run count from here. A scenario that prepares much calls it when it is ready."""
        self.started_ps = self.sched.now
        self._before = (time.process_time(), time.monotonic(), self.platform.stats(), linux.counters())

    def _end(self) -> None:
        cpu, wall, platform, kernel = self._before
        self.ended_ps = self.sched.now
        self.figures = {
            "sim_ns": (self.ended_ps - self.started_ps) / PS_PER_NS,
            "cpu_seconds": time.process_time() - cpu,
            "wall_seconds": time.monotonic() - wall,
            "rss_mb": peak_rss_mb(),
            "platform": _since(platform, self.platform.stats()),
            "kernel": _since(kernel, linux.counters()),
        }

    async def probe(self) -> None:
        """Plug the device in and bind its driver. As on a host that captures, the device is promiscuous, GRO is off,
        and every frame is taken as it was on the wire.
        """
        driver = self.dut.load("driver")
        self.pdev = linux.pci_device(self.dut.pci)
        params: dict[str, Any] = {"num_queues": self.queues, **self.cfg.module_params}
        await self._errno("pci_register_driver", linux.pci_register_driver, driver, params)
        await self._errno("probe", linux.pci_add_device, self.pdev)
        devices = linux.registered_netdevs()
        if len(devices) != 1:
            raise CheckError("PROBE", f"the driver registered {len(devices)} net devices, 1 expected", self.dut.driver)
        self.ndev = devices[0]
        tx, rx = self.board.tx, self.board.rx
        self.base = (tx.matched, rx.matched, rx.lost, tx.bytes, rx.bytes)
        self.drops_before = linux.counters()["drops"].get("NOT_SPECIFIED", 0)
        if self.cfg.mtu != self.ndev.mtu:
            await self._errno(f"MTU {self.cfg.mtu}", linux.dev_set_mtu, self.ndev, self.cfg.mtu)
        await self.run(self._attach)

    def _attach(self) -> None:
        """Be the device's receiver, promiscuous and with GRO off."""
        linux.rtnl_lock()
        linux.netdev_rx_handler_register(self.ndev, self._rx_handler)
        linux.dev_set_promiscuity(self.ndev, 1)
        self.ndev.wanted_features &= ~linux.NETIF_F_GRO
        linux.netdev_update_features(self.ndev)
        linux.rtnl_unlock()

    def _detach(self) -> None:
        linux.rtnl_lock()
        linux.netdev_rx_handler_unregister(self.ndev)
        linux.rtnl_unlock()

    async def remove(self) -> None:
        """Unbind the driver."""
        await self.run(self._detach)
        await self.run(linux.pci_remove_device, self.pdev)
        self.ndev = None

    # -- what the device does -----------------------------------------------------------------------------------
    def _rx_handler(self, skb: Any) -> tuple[int, None]:
        """Every frame that the driver gave to the stack, as a bridge sees it."""
        if self.inspect is not None:
            self.inspect(skb)
        frame = linux.skb_mac_frame(skb)
        now = self.sched.cpu.time  # type: ignore[union-attr]
        entered = self.board.rx.match(frame, now)
        if skb.ip_summed == linux.CHECKSUM_COMPLETE:
            check_sum(skb, frame)
        self.latency["rx"].add((now - entered) // PS_PER_NS)
        if self.host_writer is not None:
            self.host_writer.write(frame, now, False)
        self.peer.delivered()
        linux.consume_skb(skb)
        return linux.RX_HANDLER_CONSUMED, None

    def _on_wire_frame(self, frame: bytes, now: int) -> None:
        if frame[0] == 1 and is_mac_control(frame):
            self.peer.control(frame, now)
            return
        entered = self.board.tx.match(frame, now)
        self.latency["tx"].add((now - entered) // PS_PER_NS)
        if self.wire_writer is not None:
            self.wire_writer.write(frame, now, True)
        if self.progress_total and self.cfg.progress:
            self._write_progress()

    def _on_wire_in(self, frame: bytes, now: int) -> None:
        if self.wire_writer is not None:
            self.wire_writer.write(frame, now, False)

    def _on_fault(self, fault: Any) -> None:
        error = linux.dma_fault_error(fault)
        if error is not None:
            raise error

    def _on_rule(self, rule: str, what: str, now: int) -> None:
        raise CheckError(rule, what, f"at {now / PS_PER_NS:.3f} ns")

    def _rx_space(self) -> list[tuple[int, int]]:
        return list(self.ops.rx_space(self.ndev)) if self.ndev is not None else []

    # -- reports --------------------------------------------------------------------------------------------------
    def _write_progress(self, final: bool = False) -> None:
        if not self.cfg.progress:
            return
        wall = time.monotonic()
        if not final and wall - self._progress_at < 0.2:
            return
        self._progress_at = wall
        done = self.board.tx.matched + self.board.rx.matched
        Path(self.cfg.progress).write_text(json.dumps({"done": done, "total": self.progress_total}))

    def _collect(self) -> None:
        """Gather the run's figures, also of one that failed."""
        tx, rx = self.board.tx, self.board.rx
        self.result = {
            "seed": self.cfg.seed,
            "tx": {"frames": tx.matched, "bytes": tx.bytes},
            "rx": {"frames": rx.matched, "bytes": rx.bytes, "lost": rx.lost},
            "latency_ns": {
                way: {f"p{p}": h.percentile(p) for p in (50, 90, 99, 100)} for way, h in self.latency.items()
            },
            "drops": self._drops(),
            "notes": self.notes,
            "counts": self.counts,
            "digest": self.platform.digest(),
            **self.figures,
        }

    def _drops(self) -> dict[str, int]:
        """Frames from the wire that did not reach the stack, by the counter that holds them."""
        return {"MAC FIFO": self.platform.wire_drops(), **self.drop_counters}


def peak_rss_mb() -> float:
    """The most memory that this process has held, in MiB. Not getrusage()'s figure where there is another: that one
    outlives exec(), and so a simulator would be charged with what the process that started it held.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _since(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Counters that moved between two looks."""
    return {k: v - before.get(k, 0) for k, v in after.items() if isinstance(v, int)}


def load_scenario(name: str) -> Scenario:
    """The scenario named ``"module:function"``."""
    import importlib

    module, _, function = name.partition(":")
    try:
        found: Scenario = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as exc:
        raise ConfigError(f"scenario {name!r} cannot be loaded: {exc}") from exc
    return found
