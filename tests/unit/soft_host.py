# SPDX-License-Identifier: Apache-2.0
"""A whole host on the soft NIC, small enough for unit tests: CPUs, kernel, driver, device, and the wire in lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymodel import linux
from pymodel.drivers.nic.nic_main import nic_driver
from pymodel.drivers.nic.nic_priv import NicPriv
from pymodel.drivers.nic.softnic import SoftNic
from pymodel.hw.access import CpuCosts, Machine, set_machine
from pymodel.hw.contexts import PS_PER_NS, Scheduler
from pymodel.hw.errors import CheckError
from pymodel.hw.soft import SoftPlatform

__all__ = ["PCI", "Host"]

PCI = {
    "vendor": 0x1234, "device": 0x5253, "bars": [0x10000], "vectors": 17, "msix_table": 0x8000, "msix_pba": 0x9000,
    "line": True,
}  # fmt: skip


class Host:
    """One run. ``wire`` has what the device sent and ``received`` what the stack got: (frame, ps).

    Kernel code runs through :meth:`call` (in process context, until it returns) or :meth:`start` (beside the rest).
    """

    def __init__(
        self,
        *,
        queues: int = 1,
        cpus: int = 1,
        quantum_ns: int = 0,
        seed: int = 1,
        rate_gbps: float = 10.0,
        driver: Any = nic_driver,
        costs: dict[str, int] | None = None,
        swiotlb: str = "noforce",
        weak: bool = False,
        **params: Any,
    ) -> None:
        self.platform = SoftPlatform(SoftNic(queues), seed=seed, rate_gbps=rate_gbps)
        self.sched = Scheduler(cpus, quantum_ns * PS_PER_NS)
        self.machine = Machine(self.sched, self.platform, CpuCosts(**(costs or {})))
        set_machine(self.machine)
        linux.boot(self.machine, swiotlb=swiotlb, weak=weak)
        self.platform.attach(self.machine)
        self.platform.on_fault = self._fault
        self.platform.on_wire_frame = lambda frame, time: self.wire.append((frame, time))
        self.wire: list[tuple[bytes, int]] = []
        self.received: list[tuple[bytes, int]] = []
        self.driver = driver
        self.params = params
        self.pdev: Any = None
        self.ndev: Any = None

    @property
    def nic(self) -> SoftNic:
        assert isinstance(self.platform.device, SoftNic)
        return self.platform.device

    @property
    def priv(self) -> NicPriv:
        priv: NicPriv = linux.netdev_priv(self.ndev)
        return priv

    # -- running -------------------------------------------------------------------------------------------------
    def start(self, fn: Callable[..., Any], *args: Any, cpu: int = 0) -> Any:
        """Start kernel code as a task; its exception is raised by whoever runs the time it fails in."""
        return self.sched.run_task(fn, *args, cpu=cpu)

    def call(self, fn: Callable[..., Any], *args: Any, cpu: int = 0, limit_us: float = 100_000) -> Any:
        """Run kernel code to its end, with everything else that goes on, and give its result."""
        task = self.start(fn, *args, cpu=cpu)
        self.until(lambda: task.done, limit_us)
        return task.result

    def until(self, predicate: Callable[[], object], limit_us: float = 100_000) -> None:
        """Let time pass until ``predicate()``; CheckError("TIME") when it does not come."""
        self.platform.run(self.sched, predicate, max_ps=self.platform.now + round(limit_us * 1e6))

    def settle(self, us: float = 100) -> None:
        """Let ``us`` of simulated time pass."""
        self.platform.run(self.sched, max_ps=self.platform.now + round(us * 1e6))

    # -- life ----------------------------------------------------------------------------------------------------
    def probe(self) -> int:
        """Bind the driver: 0 or its error."""

        def plug() -> int:
            err = linux.pci_register_driver(self.driver, self.params) or linux.pci_add_device(self.pdev)
            return int(err)

        self.pdev = linux.pci_device(PCI)
        err = self.call(plug)
        if not err:
            (self.ndev,) = linux.registered_netdevs()
            self.call(self._take_over)
            self.call(linux.dev_set_promiscuity, self.ndev, 1)
        return int(err)

    def up(self) -> None:
        """Bind the driver if it is not, and open the device."""
        if self.ndev is None:
            assert self.probe() == 0
        assert self.call(linux.dev_open, self.ndev) == 0

    def down(self) -> None:
        self.call(linux.dev_close, self.ndev)

    def remove(self) -> None:
        """Unbind the driver. Raises CheckError("LEAK") when anything of it is left."""
        self.call(linux.pci_remove_device, self.pdev)
        self.ndev = None
        self.settle()
        leaks = linux.leak_report()
        if leaks:
            raise CheckError("LEAK", "; ".join(leaks))

    # -- traffic -------------------------------------------------------------------------------------------------
    def send_task(self, frames: list[bytes], frags: bool = False, may_fail: bool = False) -> None:
        """Kernel side: send frames through a packet socket; sleeps while its buffer is full. ``may_fail``: the device
        may be down or its queue full."""
        sock = linux.packet_socket(self.ndev)
        for frame in frames:
            n = linux.packet_sendmsg(sock, frame, frags=frags)
            assert n == len(frame) or may_fail, f"packet_sendmsg: {linux.errname(n)}"
        linux.packet_release(sock)

    def send(self, frames: list[bytes], frags: bool = False) -> None:
        """Send frames and wait until all have left on the wire."""
        want = len(self.wire) + len(frames)
        self.call(self.send_task, frames, frags)
        self.until(lambda: len(self.wire) >= want)

    def deliver(self, frames: list[bytes], drops: int = 0) -> None:
        """Let frames arrive on the wire, few at a time, and wait until the stack has seen all but ``drops``."""
        want = len(self.received) + len(frames) - drops
        for i in range(0, len(frames), 8):
            before = len(self.received)
            part = frames[i : i + 8]
            for frame in part:
                self.platform.wire_send(frame, 0)
            self.until(lambda before=before, part=part: len(self.received) >= before + len(part) - drops)
        self.until(lambda: len(self.received) >= want)

    def stats(self) -> Any:
        return self.call(linux.dev_get_stats, self.ndev)

    def _take_over(self) -> None:
        linux.rtnl_lock()
        linux.netdev_rx_handler_register(self.ndev, self._receive)
        linux.rtnl_unlock()

    def _receive(self, skb: Any) -> tuple[int, Any]:
        self.received.append((linux.skb_mac_frame(skb), self.sched.local_now))
        linux.consume_skb(skb)
        return linux.RX_HANDLER_CONSUMED, None

    def _fault(self, fault: Any) -> None:
        error = linux.dma_fault_error(fault)
        if error is not None:
            raise error
