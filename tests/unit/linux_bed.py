# SPDX-License-Identifier: Apache-2.0
"""A trivial driver in front of the host model: measures the model alone, and is the bed of tests/unit/test_linux_*.py.

Run ``python -m tests.unit.linux_bed`` for µs of CPU a packet pair (one sent, one received).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from pymodel import linux as L
from pymodel.hw.access import CpuCosts, Machine
from pymodel.hw.contexts import Scheduler, Task
from pymodel.hw.memory import HostMemory

__all__ = ["Bed", "FakeNic"]

PCI = {"vendor": 0x1AE0, "device": 1, "bars": [4096], "vectors": 4, "line": True}


class NoPlatform:
    """A platform without a device: writes vanish, reads give 0 at once."""

    def __init__(self, memory: HostMemory) -> None:
        self.memory = memory
        self.writes: list[tuple[int, int]] = []

    def mmio_write(self, addr: int, value: int, size: int, at: int) -> None:
        self.writes.append((addr, value))

    def mmio_read(self, addr: int, size: int, at: int, done: Callable[[int], None]) -> None:
        done(0)

    def wire_send(self, frame: bytes, at: int, *, bad: bool = False) -> int:
        return 0


class Bed:
    """A machine with the kernel booted, and a pump in virtual time. The one before it is ended."""

    _last: Bed | None = None

    def __init__(
        self,
        cpus: int = 1,
        quantum_ns: int = 0,
        size: int = 16 << 20,
        swiotlb: str = "noforce",
        weak: bool = False,
        seed: int = 1,
        **costs: int,
    ) -> None:
        if Bed._last is not None:
            Bed._last.sched.close()
        Bed._last = self
        self.sched = Scheduler(cpus, quantum_ns * 1000)
        self.platform = NoPlatform(HostMemory(size, seed=seed))
        self.m = Machine(self.sched, self.platform, CpuCosts(**costs))
        L.boot(self.m, swiotlb=swiotlb, weak=weak)

    def pump(self, until: Callable[[], bool], limit_ns: int = 10**12) -> None:
        """Let time pass until ``until()``; AssertionError when nothing is due any more, or after ``limit_ns``."""
        sched = self.sched
        end = sched.now + limit_ns * 1000
        while not until():
            due = sched.next_deadline()
            assert due is not None, f"nothing is due; who waits: {sched.waiters()}"
            assert due <= end, f"not done after {limit_ns} ns; who waits: {sched.waiters()}"
            if sched.quantum:
                due = -(-due // sched.quantum) * sched.quantum
            sched.run_due(max(due, sched.now))

    def run(self, fn: Callable[..., Any], *args: Any, cpu: int = 0) -> Any:
        """Run kernel code as a task to its end; its result, or its exception."""
        task = Task(self.sched.cpus[cpu], fn, args, fn.__name__)
        task.awaited = True
        self.pump(lambda: task.done)
        if task.exception is not None:
            raise task.exception
        return task.result

    def run_rtnl(self, fn: Callable[..., Any], *args: Any) -> Any:
        """run() with rtnl held."""

        def locked() -> Any:
            L.rtnl_lock()
            try:
                return fn(*args)
            finally:
                L.rtnl_unlock()

        return self.run(locked)

    def settle(self, ns: int = 1000) -> None:
        """Let ``ns`` pass."""
        end = self.sched.now + ns * 1000
        timer = self.sched.call_at(end, lambda: None)
        self.pump(lambda: not timer.pending)


class FakeNic:
    """A NIC without hardware: ``complete()`` and ``receive()`` play the device, by raising the interrupt."""

    def __init__(self, bed: Bed, queues: int = 1, ring: int = 64, **ops: Any) -> None:
        self.bed = bed
        self.ring = ring
        self.tx: deque[Any] = deque()
        self.done = 0
        self.rx: deque[tuple[int, int, int]] = deque()
        self.filled: deque[tuple[int, int, int]] = deque()
        self.irqs_on = True
        self.pdev = L.pci_device(PCI)
        self.dev = self.pdev.dev
        self.dev.dma_mask = self.dev.coherent_dma_mask = L.DMA_BIT_MASK(64)
        self.ndev = ndev = bed.run(L.alloc_etherdev_mqs, 0, queues, queues)
        ndev.dev_addr = bytes.fromhex("020000000001")
        self.napi = L.napi_struct(container=self)
        base = {"ndo_open": self.open, "ndo_stop": self.stop, "ndo_start_xmit": self.xmit}
        ndev.netdev_ops = L.net_device_ops(**{**base, **ops})
        ndev.features = L.NETIF_F_SG | L.NETIF_F_HW_CSUM
        L.netif_napi_add(ndev, self.napi, self.poll)
        self.bufsz = L.SKB_DATA_ALIGN(L.NET_SKB_PAD + 1536) + 320

    def open(self, ndev: Any) -> int:
        for _ in range(self.ring):
            self.refill()
        L.napi_enable(self.napi)
        L.netif_tx_start_all_queues(ndev)
        return 0

    def stop(self, ndev: Any) -> int:
        L.netif_tx_stop_all_queues(ndev)
        L.napi_disable(self.napi)
        while self.tx:
            skb, dma, n, txq = self.tx.popleft()
            L.dma_unmap_single(self.dev, dma, n, L.DMA_TO_DEVICE)
            L.dev_kfree_skb_any(skb)
        self.done = 0
        for txq in ndev._tx:
            L.netdev_tx_reset_queue(txq)
        for buf, dma, _ in [*self.rx, *self.filled]:
            L.dma_unmap_single(self.dev, dma, 1536, L.DMA_FROM_DEVICE)
            L.skb_free_frag(buf)
        self.rx.clear()
        self.filled.clear()
        return 0

    def refill(self) -> None:
        buf = L.netdev_alloc_frag(self.bufsz)
        dma = L.dma_map_single(self.dev, buf + L.NET_SKB_PAD, 1536, L.DMA_FROM_DEVICE)
        if L.dma_mapping_error(self.dev, dma):
            L.skb_free_frag(buf)
            return
        self.rx.append((buf, dma, 0))

    def xmit(self, skb: Any, ndev: Any) -> int:
        L.charge(150)
        dma = L.dma_map_single(self.dev, skb.data, L.skb_headlen(skb), L.DMA_TO_DEVICE)
        if L.dma_mapping_error(self.dev, dma):
            ndev.stats.tx_dropped += 1
            L.dev_kfree_skb_any(skb)
            return L.NETDEV_TX_OK
        txq = L.netdev_get_tx_queue(ndev, L.skb_get_queue_mapping(skb))
        self.tx.append((skb, dma, L.skb_headlen(skb), txq))
        L.netdev_tx_sent_queue(txq, skb.len)
        if len(self.tx) >= self.ring:
            L.netif_tx_stop_queue(txq)
        return L.NETDEV_TX_OK

    def reclaim(self, budget: int = 0) -> None:
        sent = pkts = 0
        txq = None
        while self.done:
            self.done -= 1
            skb, dma, n, txq = self.tx.popleft()
            L.dma_unmap_single(self.dev, dma, n, L.DMA_TO_DEVICE)
            sent += skb.len
            pkts += 1
            L.napi_consume_skb(skb, budget)
        if txq is not None:
            L.netdev_tx_completed_queue(txq, pkts, sent)
            if L.netif_tx_queue_stopped(txq) and len(self.tx) < self.ring // 2:
                L.netif_tx_wake_queue(txq)

    def poll(self, napi: Any, budget: int) -> int:
        self.reclaim(budget)
        work = 0
        ndev = self.ndev
        filled = self.filled
        while work < budget and filled:
            L.charge(120)
            buf, dma, n = filled.popleft()
            L.dma_unmap_single(self.dev, dma, 1536, L.DMA_FROM_DEVICE)
            skb = L.build_skb(buf, self.bufsz)
            L.skb_reserve(skb, L.NET_SKB_PAD)
            L.skb_put(skb, n)
            skb.protocol = L.eth_type_trans(skb, ndev)
            L.napi_gro_receive(napi, skb)
            self.refill()
            work += 1
        if work < budget and L.napi_complete_done(napi, work):
            self.irqs_on = True
        return work

    def interrupt(self) -> None:
        """The device's interrupt, as its handler would answer it. In kernel code."""
        self.irqs_on = False
        L.napi_schedule(self.napi)

    def complete(self, n: int) -> None:
        self.done = min(self.done + n, len(self.tx))

    def receive(self, frame: bytes) -> None:
        buf, dma, _ = self.rx.popleft()
        self.bed.m.memory.mem[buf + L.NET_SKB_PAD : buf + L.NET_SKB_PAD + len(frame)] = frame
        self.filled.append((buf, dma, len(frame)))


def pairs(n: int, size: int = 60, quantum_ns: int = 20_000) -> float:
    """µs of CPU for each pair of a packet sent and one received, host model and fake driver together."""
    bed = Bed(quantum_ns=quantum_ns)
    nic = FakeNic(bed)
    seen = 0

    def tap(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        nonlocal seen
        seen += 1
        L.consume_skb(skb)
        return 0

    def setup() -> None:
        assert L.register_netdev(nic.ndev) == 0
        assert L.dev_open(nic.ndev) == 0
        L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=tap, dev=nic.ndev, ignore_outgoing=True))

    bed.run(setup)
    frame = bytes.fromhex("020000000001020000000002") + b"\x08\x00" + bytes(size - 14)
    sock = L.packet_socket(nic.ndev)

    def load() -> None:
        for _ in range(n // 16):
            for _ in range(16):
                L.packet_sendmsg(sock, frame)
                nic.receive(frame)
            L.local_bh_disable()
            nic.complete(16)
            nic.interrupt()
            L.local_bh_enable()

    begin = time.process_time()
    bed.run(load)
    took = time.process_time() - begin
    assert seen == n // 16 * 16
    return took / n * 1e6


if __name__ == "__main__":
    for size in (60, 1514):
        print(f"{size:5} bytes: {min(pairs(20_000, size) for _ in range(3)):.1f} us of CPU a pair")
