# SPDX-License-Identifier: Apache-2.0
"""The platform with no simulator: order on the register bus, line rate, one seed - one run."""

from __future__ import annotations

import random

import pytest

from pymodel.hw.access import Failure, Machine, charge, here, set_machine, writel
from pymodel.hw.contexts import DeadlockError, Scheduler, Sleep
from pymodel.hw.errors import CheckError
from pymodel.hw.memory import DEV_READ, DEV_WRITE, DmaFault, HostMemory
from pymodel.hw.soft import SoftDevice, SoftPlatform

NS = 1000


class Probe(SoftDevice):
    """Writes down what arrives, and when."""

    def attach(self, platform: SoftPlatform) -> None:
        super().attach(platform)
        self.log: list[tuple[str, int, int]] = []
        self.frames: list[tuple[bytes, int, bool]] = []

    def mmio_read(self, offset: int, size: int) -> int:
        self.log.append(("r", offset, self.platform.now))
        return offset

    def mmio_write(self, offset: int, value: int, size: int) -> None:
        self.log.append(("w", value, self.platform.now))

    def wire_rx(self, frame: bytes, bad: bool = False) -> None:
        self.frames.append((frame, self.platform.now, bad))


def make(seed: int = 0, rate_gbps: float = 10.0, **more: object) -> tuple[SoftPlatform, Probe, Scheduler]:
    platform = SoftPlatform(Probe, seed=seed, rate_gbps=rate_gbps, memory=HostMemory(1 << 16), **more)  # type: ignore[arg-type]
    sched = Scheduler(1)
    platform.attach(Machine(sched, platform))
    assert isinstance(platform.device, Probe)
    return platform, platform.device, sched


@pytest.mark.parametrize("seed", range(10))
def test_register_writes_and_reads_arrive_in_the_order_in_which_they_were_posted(seed: int) -> None:
    """Random distances, several seeds: the delay varies, the order of ``at`` does not."""
    platform, probe, sched = make(seed)
    rng = random.Random(seed)
    times = sorted(rng.randrange(20_000_000) for _ in range(400))
    order = list(enumerate(times))
    rng.shuffle(order)
    for i, at in order:
        if i % 7 == 3:
            platform.mmio_read(i, 4, at, lambda value: None)
        else:
            platform.mmio_write(0, i, 4, at)
    platform.run(sched)
    assert [value for _, value, _ in probe.log] == list(range(400))
    delays = {now - times[value] for _, value, now in probe.log}
    assert min(delays) >= platform.timing.mmio * NS
    assert len(delays) > 50


def test_read_returns_after_a_message_that_the_device_sent_before() -> None:
    """kernel-rules.md: IO1. A read completion pushes what the device posted before it."""
    for seed in range(30):
        platform, probe, sched = make(seed)
        order: list[str] = []
        assert platform.machine is not None
        platform.machine.raise_msi = lambda vector, time, order=order: order.append("msi")
        probe.mmio_read = lambda offset, size, platform=platform: platform.msi(3) or 0  # type: ignore[method-assign]
        platform.mmio_read(0, 4, 0, lambda value, order=order: order.append("read"))
        platform.run(sched)
        assert order == ["msi", "read"]


@pytest.mark.parametrize(("n", "occupied"), [(14, 84), (60, 84), (61, 85), (1514, 1538)])
def test_wire_keeps_line_rate_with_preamble_fcs_and_gap_both_ways(n: int, occupied: int) -> None:
    """A frame of n bytes occupies max(n, 60) + 24 byte times; 10 Gb/s is 800 ps a byte."""
    platform, probe, sched = make(rate_gbps=10)
    out: list[int] = []
    taken: list[tuple[int, int]] = []
    platform.on_wire_frame = lambda frame, time: out.append(time)
    platform.on_wire_taken = lambda tag, time: taken.append((tag, time))
    for i in range(5):
        platform.wire_tx(bytes(n))
        assert platform.wire_send(bytes(n), 0) == i + 1
    platform.run(sched)
    assert out == [(i * occupied + occupied - 12) * 800 for i in range(5)]
    assert [now for _, now, _ in probe.frames] == out
    assert taken == list(enumerate(out, 1))
    assert platform.wire_backlog() == 0


def test_wire_frame_is_not_sent_before_its_time_and_marked_when_bad() -> None:
    platform, probe, sched = make(rate_gbps=8)
    platform.wire_send(b"a" * 60, 5_000_000, bad=True)
    platform.run(sched)
    assert probe.frames == [(b"a" * 60, 5_000_000 + 72 * 1000, True)]


def test_one_seed_gives_one_run_and_another_seed_other_times() -> None:
    digests = []
    for seed in (1, 1, 2):
        platform, _, sched = make(seed)
        for i in range(20):
            platform.call_after(platform.dma_delay(), platform.wire_tx, bytes([i]) * 60)
        platform.run(sched)
        digests.append(platform.digest())
    assert digests[0] == digests[1] != digests[2]


def test_without_stalls_every_delay_is_its_constant_part() -> None:
    platform, probe, sched = make(5, stalls=False)
    for i in range(50):
        platform.mmio_write(0, i, 4, i * 333_333)
    platform.run(sched)
    assert {now - value * 333_333 for _, value, now in probe.log} == {platform.timing.mmio * NS}


def test_run_moves_time_to_its_limit_and_no_further() -> None:
    platform, probe, sched = make()
    platform.call_at(10_000, probe.mmio_write, 0, 1, 4)
    platform.call_at(30_000, probe.mmio_write, 0, 2, 4)
    platform.run(sched, max_ps=20_000)
    assert [v for _, v, _ in probe.log] == [1]
    assert sched.now == platform.now == 20_000


def test_run_that_does_not_end_in_time_is_reported() -> None:
    platform, _, sched = make()

    async def scenario() -> None:
        await Sleep(1_000_000)

    coro = sched.spawn(scenario(), "the sleeper")
    with pytest.raises(CheckError, match=r"TIME: the run is not over at 10 us.*the sleeper: waits for"):
        platform.run(sched, lambda: coro.done, max_ps=10_000_000)


def test_run_with_nothing_due_says_who_waits() -> None:
    platform, _, sched = make()
    with pytest.raises(DeadlockError, match="nothing is due"):
        platform.run(sched, lambda: False)


def test_quantum_rounds_wakes_of_the_host_but_not_the_device() -> None:
    """Deadlines are met at the next multiple of the quantum; the device works at its own times."""
    platform, probe, _ = make()
    sched = Scheduler(1, quantum=1_000_000)
    platform.attach(Machine(sched, platform))
    woken: list[int] = []
    sched.call_at(1_234_567, lambda: woken.append(sched.now))
    platform.call_at(1_111_111, probe.mmio_write, 0, 7, 4)
    platform.run(sched)
    assert woken == [2_000_000]
    assert probe.log == [("w", 7, 1_111_111)]


def test_accesses_of_cpus_that_run_ahead_arrive_in_the_order_in_which_they_were_made() -> None:
    """With a quantum, the CPU that runs second may be at an earlier time: what it writes later arrives later (two
    doorbells under one lock would otherwise arrive the wrong way round)."""
    platform, probe, _ = make(stalls=False)
    sched = Scheduler(2, quantum=10_000_000)
    set_machine(Machine(sched, platform))
    platform.attach(here.machine)
    made: list[int] = []

    def kernel_code(ns: int, value: int) -> None:
        charge(ns)
        made.append(value)
        writel(value, 0)

    for cpu, ns in enumerate((9_000, 100)):
        sched.run_task(kernel_code, ns, cpu, cpu=cpu)
    platform.run(sched)
    set_machine(None)
    assert made == [0, 1], "the CPUs did not run as the test means"
    assert [value for _, value, _ in probe.log] == made


def test_kernel_code_without_a_machine_says_what_is_missing() -> None:
    set_machine(None)
    for access in (
        lambda: here.machine.costs, lambda: here.sched.cpu, lambda: here.state["net"], lambda: here.mem[0:4],
        lambda: here.mem.__setitem__(0, 1), lambda: charge(1), lambda: writel(1, 0),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match="no machine is in force: create an Env, or call set_machine"):
            access()


def test_accesses_fail_as_ordered_by_id_address_and_number() -> None:
    """Reads, writes and messages; what does not match is not touched, and nobody is blamed for what was ordered."""
    platform, _, sched = make()
    machine = platform.machine
    assert machine is not None
    seen: list[int] = []
    machine.msi_write = lambda addr, data, time: seen.append(data)
    memory = platform.memory
    memory.grant(0x1000, 0x1000, DEV_READ | DEV_WRITE)
    at = memory.bus_offset + 0x1000
    platform.fail(Failure(False, frozenset({3}), at + 64, at + 127, skip=1, times=2, response=3))
    outcome = []
    for axi_id, offset, n in ((3, 0, 64), (2, 64, 8), (3, 120, 16), (3, 127, 1), (3, 60, 5), (3, 128, 8), (3, 64, 8)):
        try:
            platform.dma_read(at + offset, n, axi_id)
            outcome.append("")
        except DmaFault as fault:
            assert (fault.bus, fault.length, fault.axi_id, fault.is_write) == (at + offset, n, axi_id, False)
            platform.dma_fault(fault)
            outcome.append(fault.kind)
    assert outcome == ["", "", "", "decerr", "decerr", "", ""]
    platform.fail(Failure(True))
    platform.dma_read(at, 8)
    with pytest.raises(DmaFault, match="as ordered"):
        platform.dma_write(at, b"lost")
    assert bytes(memory.mem[0x1000:0x1004]) == bytes(4)
    platform.dma_write(at, b"kept")
    assert bytes(memory.mem[0x1000:0x1004]) == b"kept"
    platform.fail(Failure(True, first=0xFEE00000, last=0xFEEFFFFF))
    with pytest.raises(DmaFault):
        platform.msi_write(0xFEE01000, 1)
    platform.msi_write(0xFEE01000, 2)
    platform.run(sched)
    assert seen == [2]
    platform.fail(Failure(True, times=5))
    platform.fail_no_more()
    platform.dma_write(at, b"more")
