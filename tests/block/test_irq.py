# SPDX-License-Identifier: Apache-2.0
"""The interrupt block on the RTL: no event lost, none told twice, in every race of completion, arm and mask.

A reference model (irq_model.py) judges every clock of every test here. The last part shows that the tests find the
classic mistakes: each is made in a copy of the RTL, and the test named beside it must fail.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest
from cocotb.triggers import RisingEdge

from pymodel.drivers.nic import nic_hw as hw
from tests.block.csr_bench import TOP, Ring, blocks
from tests.block.irq_bench import SETTLE, IrqBench, Mistake, simulate_mistake
from tests.block.irq_model import CLOCK_MHZ
from tests.block.simulate import cocotb_tests_of, simulate

# ---------------------------------------------------------------------- directed


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def completion_interrupts_once_until_armed(dut: Any) -> None:
    """One MSI-X to the table's address; then masked, however much completes, until IRQ_ARM; what came between is
    told at once by IRQ_ARM, and only what was not read."""
    bench = await IrqBench.start(dut)
    v = bench.queues - 1
    tx, rx = bench.tx[v], bench.rx[v]
    assert await bench.arrived() == []
    bench.complete(rx)
    await bench.clocks(SETTLE)
    (message,) = bench.sink.messages
    assert (message.vector, message.addr, message.data) == (v, 0xFEE00000 + 0x100 * v | 0x11 + v << 32, 0x4000 + v)
    bench.sink.take()
    assert await bench.read(hw.qp(v) + hw.QP_IRQ_MASK) & hw.QP_IRQ_MASK_MASKED
    bench.complete(rx, 3)
    bench.complete(tx, 2)
    assert await bench.arrived() == []
    await bench.arm(v, 0, 4)  # the TX records were not read
    assert await bench.arrived() == [v]
    await bench.arm(v, 2, 3)  # one RX record was not
    assert await bench.arrived() == [v]
    await bench.arm(v, 2, 4)
    assert await bench.arrived() == []
    assert await bench.read(hw.qp(v) + hw.QP_IRQ_STATUS) == 0
    bench.complete(tx)
    assert await bench.arrived() == [v]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def completion_at_any_clock_around_arm_interrupts_once(dut: Any) -> None:
    """IRQ2: a completion that the arm does not cover gives one MSI-X, whether it comes before, with or after it."""
    bench = await IrqBench.start(dut)
    rx = bench.rx[0]
    for distance in range(2 * SETTLE):
        start = rx.cq_head
        bench.complete(rx)
        assert await bench.arrived() == [0]
        late = cocotb.start_soon(bench.complete_after(distance, rx))
        await bench.arm(0, 0, start + 1)
        await late
        assert await bench.arrived() == [0], f"completion {distance} clocks after the write of IRQ_ARM began"
        await bench.arm(0, 0, start + 2)
        assert await bench.arrived() == []


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def completion_seen_in_memory_before_its_answer_does_not_interrupt(dut: Any) -> None:
    """Software may read a record, and arm with it, before the device has the write's answer: nothing to tell."""
    bench = await IrqBench.start(dut)
    tx = bench.tx[0]
    for distance in range(2 * SETTLE):
        await bench.arm(0, tx.cq_head + 1, 0)
        late = cocotb.start_soon(bench.complete_after(distance, tx))
        assert await bench.arrived() == []
        await late
        assert await bench.arrived() == [], f"{distance} clocks"
    bench.complete(tx)
    assert await bench.arrived() == [0]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def table_mask_at_any_clock_keeps_the_event(dut: Any) -> None:
    """PCI: while the table masks a vector its pending bit is set and nothing is sent; unmasking sends it once. After
    the mask was read back, no MSI-X of before arrives either."""
    bench = await IrqBench.start(dut)
    control = hw.msix(0) + hw.MSIX_VECTOR_CTRL
    for slow in (0, 5):
        bench.sink.delays = lambda slow=slow: slow
        for distance in range(2 * SETTLE):
            late = cocotb.start_soon(bench.complete_after(distance, bench.rx[0]))
            await bench.write(control, 1)
            assert await bench.read(control) == 1
            early = bench.sink.take()
            await late
            await bench.clocks(2 * SETTLE)
            assert bench.sink.take() == [], f"after the mask was read back, completion at {distance}"
            pending = await bench.read(hw.MSIX_PBA)
            assert (early, pending) in (([0], 0), ([], 1))
            await bench.write(control, 0)
            await bench.clocks(2 * SETTLE)
            assert early + bench.sink.take() == [0]
            assert await bench.read(hw.MSIX_PBA) == 0
            await bench.arm(0, 0, bench.rx[0].cq_head)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def vector_mask_at_any_clock_keeps_the_event(dut: Any) -> None:
    """The same with IRQ_MASK; unmasking there, with no IRQ_ARM, tells what came while masked."""
    bench = await IrqBench.start(dut)
    for distance in range(2 * SETTLE):
        late = cocotb.start_soon(bench.complete_after(distance, bench.tx[0]))
        await bench.mask(0, 1)
        await bench.read(hw.SCRATCH)
        early = bench.sink.take()
        await late
        assert await bench.arrived() == []
        assert await bench.read(hw.qp(0) + hw.QP_IRQ_STATUS) == 1
        assert await bench.read(hw.IRQ_PENDING) == 0
        if not early:
            await bench.mask(0, 0)
            assert await bench.arrived() == [0]
        await bench.arm(0, bench.tx[0].cq_head, 0)
        assert await bench.arrived() == []


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def without_auto_mask_each_later_completion_interrupts(dut: Any) -> None:
    """With auto_mask 0 a completion after the last MSI-X gives another, at any distance from it, and needs no arm."""
    bench = await IrqBench.start(dut)
    await bench.mask(0, 0, auto_mask=0)
    for distance in range(1, 2 * SETTLE):
        bench.complete(bench.rx[0])
        await bench.complete_after(distance, bench.rx[0])
        got = await bench.arrived()
        # Both are told by one message only if it was handed over after the second.
        assert got in ([0], [0, 0]) and (got == [0, 0] or distance <= 4), f"{distance}: {got}"
        assert await bench.read(hw.qp(0) + hw.QP_IRQ_STATUS) == 0
        assert await bench.read(hw.qp(0) + hw.QP_IRQ_MASK) == 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def line_follows_pending(dut: Any) -> None:
    """Line mode: high while any vector is pending and not masked; IRQ_ARM or IRQ_MASK lowers it; no MSI-X. An event
    that is left goes out as MSI-X when the mode changes back."""
    bench = await IrqBench.start(dut)
    last = bench.queues - 1
    await bench.write(hw.IRQ_CTRL, hw.IRQ_CTRL_LINE_MODE)

    async def line() -> int:
        await bench.clocks(SETTLE)
        return int(dut.irq_o.value)

    assert await line() == 0
    bench.complete(bench.rx[0])
    bench.complete(bench.tx[last])
    assert await line() == 1
    assert await bench.read(hw.IRQ_PENDING) == 1 | 1 << last
    await bench.arm(0, 0, 1)
    assert await line() == (1 if last else 0) or bench.queues == 1
    await bench.mask(last, 1)
    assert await line() == 0
    await bench.mask(last, 0)
    assert await line() == 1
    assert bench.sink.take() == []
    await bench.write(hw.IRQ_CTRL, 0)
    assert await line() == 0
    assert bench.sink.take() == [last]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def event_stays_while_the_ring_goes_round(dut: Any) -> None:
    """Masked, a ring may move by more than half the index range before anyone arms: the event is still there."""
    bench = await IrqBench.start(dut)
    rx = bench.rx[0]
    await bench.mask(0, 1)
    for _ in range(3):
        for _ in range(5):
            bench.complete(rx, 8000)
            await bench.clocks(2)
            assert await bench.read(hw.qp(0) + hw.QP_IRQ_STATUS) == 1
        await bench.mask(0, 0)
        assert await bench.arrived() == [0]
        await bench.arm(0, 0, rx.cq_head)
        assert await bench.arrived() == []
        await bench.mask(0, 1)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def ring_of_32768_full_of_records_is_told_of(dut: Any) -> None:
    """The most that head and armed index are apart: half the index range is unread, not read ahead; with it the last
    that software may have read ahead of the answers."""
    bench = await IrqBench.start(dut)
    q = bench.queues - 1
    rings = (bench.tx[q], bench.rx[q])

    async def told(ring: Ring, index: int, wait: int) -> list[int]:
        """Who hears when software has read this ring up to index, and all of the other."""
        await bench.arm(q, *(index if r is ring else r.cq_head for r in rings))
        await bench.clocks(wait + SETTLE)
        return bench.sink.take()

    for usecs, start in ((0, 0), (0, 0x8001), (1, 0x7FFF)):
        await bench.moderate(q, tx=(usecs, 0), rx=(usecs, 0))
        wait = usecs * (CLOCK_MHZ + bench.queues)
        for ring in rings:
            while ring.cq_head != start:
                bench.complete(ring, min(start - ring.cq_head & 0xFFFF, 16384))
                await bench.clocks(2)
            await told(ring, start, 0)
            await bench.mask(q, 1)
            for records in (16384, 16376, 8):
                bench.complete(ring, records)
                await bench.clocks(2)
            for ahead, who in ((-32768, [q]), (-32767, [q]), (0, []), (1, []), (32767, [])):
                heard = await told(ring, ring.cq_head + ahead, wait)
                assert heard == who, f"armed {ahead} ahead of {ring.cq_head}, {usecs} us: {heard}"
            await told(ring, ring.cq_head, 0)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def ring_restart_forgets_the_armed_index(dut: Any) -> None:
    """A ring that starts again counts from 0: its first completion interrupts though the armed index was 500."""
    bench = await IrqBench.start(dut)
    tx = bench.tx[0]
    bench.complete(tx, 500)
    assert await bench.arrived() == [0]
    await bench.arm(0, 500, 0)
    tx.active = 0
    bench.show()
    assert await bench.arrived() == []
    tx.active, tx.cq_head, tx.cq_frames = 1, 0, 0
    bench.show()
    assert await bench.arrived() == []
    bench.complete(tx)
    assert await bench.arrived() == [0]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def vectors_take_turns(dut: Any) -> None:
    """Vectors that always want to send are served in turn."""
    bench = await IrqBench.start(dut)
    for v in range(bench.queues):
        await bench.mask(v, 0, auto_mask=0)
    rounds = 20
    while len(bench.sink.messages) < rounds * bench.queues:
        for ring in bench.rx:
            ring.cq_head = ring.cq_head + 1 & 0xFFFF
        bench.show()
        await bench.clocks(1)
    order = bench.sink.take()[: rounds * bench.queues]
    assert order == list(range(bench.queues)) * rounds


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def device_reset_waits_for_the_message_and_sends_none(dut: Any) -> None:
    """An MSI-X under way is finished before the core is reset; one that is only pending is not begun."""
    bench = await IrqBench.start(dut)
    bench.sink.blocked = True
    bench.complete(bench.rx[0])
    await bench.clocks(SETTLE)
    await bench.arm(0, 0, 0)
    await bench.clocks(SETTLE)
    await bench.write(hw.RESET, 1)
    await bench.clocks(100)
    assert int(dut.core_rst_no.value) == 1 and int(dut.soft_reset_o.value) == 1
    for ring in (*bench.tx, *bench.rx):  # as the datapath does in its reset
        ring.active = ring.cq_head = 0
    bench.sink.blocked = False
    await bench.clocks(3)
    bench.show()
    assert await bench.arrived() == [0]
    while await bench.read(hw.RESET):
        pass
    for v in range(bench.queues):
        await bench.write(hw.msix(v) + hw.MSIX_VECTOR_CTRL, 0)
        await bench.arm(v, 0, 0)
    assert await bench.arrived() == []


# ---------------------------------------------------------------------- random


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def random_operations_agree_with_the_model(dut: Any) -> None:
    """Completions, arms with old and new indices, masks of both kinds and mode changes, all at random and at once,
    with MSI-X writes of any length: the model finds every clock as it must be."""
    bench = await IrqBench.start(dut)
    rng = bench.rng
    bench.sink.delays = lambda: rng.choice((0, 0, 1, 3, 20))
    rate = [0.1]
    out = 0

    async def device() -> None:
        nonlocal out
        while True:
            if rng.random() < 0.005:
                bench.sink.withheld = {rng.randrange(bench.queues + 1)} if rng.random() < 0.3 else set()
            for q in range(bench.queues):
                if rng.random() < 0.05:
                    out &= ~(1 << q)
                elif rng.random() < 0.02:
                    out |= 1 << q
            dut.cpl_out_i.value = out
            for ring in (*bench.tx, *bench.rx):
                if ring.active and rng.random() < rate[0]:
                    records = rng.choice((1, 1, 1, 2, 8, 300))
                    ring.cq_head = ring.cq_head + records & 0xFFFF
                    ring.cq_frames = ring.cq_frames + min(rng.randrange(records + 1), 31) & 0x3FF
                elif rng.random() < 0.002:
                    ring.active = 1 - ring.active
                    ring.error = 0
                    if ring.active:
                        ring.cq_head = ring.cq_frames = 0
                elif rng.random() < 0.0005:
                    ring.error = ring.active
            bench.show()
            dut.error_i.value = rng.random() < 0.001
            if rng.random() < 0.001:
                dut.link_i.value = 1 - int(dut.link_i.value)
            await RisingEdge(dut.clk_i)

    running = cocotb.start_soon(device())
    for step in range(1500):
        if step % 100 == 0:
            rate[0] = rng.choice((0.0, 0.003, 0.03, 0.3))
        v = rng.randrange(bench.queues)
        choice = rng.random()
        if choice < 0.5:
            tx, rx = bench.tx[v].cq_head, bench.rx[v].cq_head
            await bench.arm(v, tx + rng.choice((-3, -1, 0, 0, 0, 1, 2)), rx + rng.choice((-3, -1, 0, 0, 0, 1, 2)))
        elif choice < 0.6:
            await bench.mask(v, rng.getrandbits(1), rng.getrandbits(1))
        elif choice < 0.75:
            await bench.write(hw.msix(v) + hw.MSIX_VECTOR_CTRL, rng.random() < 0.3)
        elif choice < 0.78:
            await bench.write(hw.IRQ_CTRL, rng.random() < 0.3)
        elif choice < 0.82:
            usecs, frames = rng.choice((0, 0, 1, 2, 3)), rng.choice((0, 0, 1, 2, 5, 30, 255))
            await bench.write(hw.qp(v) + rng.choice((hw.QP_IRQ_TX_MOD, hw.QP_IRQ_RX_MOD)), frames << 16 | usecs)
        elif choice < 0.84:
            reg = rng.choice((hw.QP_IRQ_ARM, hw.QP_IRQ_SEEN))
            await bench.write(hw.qp(v) + reg, rng.getrandbits(32), rng.randrange(16))
        elif choice < 0.86:
            await bench.seen(v, bench.tx[v].cq_head + rng.choice((-1, 0, 1)), bench.rx[v].cq_head)
        elif choice < 0.88:
            await bench.route(v, *(rng.choice((v, v, rng.randrange(32), bench.queues)) for _ in range(2)))
        elif choice < 0.91:
            await bench.write(rng.choice((hw.IRQ_CAUSE, hw.IRQ_CAUSE_MASK)), rng.randrange(4))
        elif choice < 0.92:
            await bench.write(hw.IRQ_CAUSE_VECTOR, rng.choice((bench.queues, rng.randrange(32))))
        else:
            own = (hw.QP_IRQ_MASK, hw.QP_IRQ_STATUS, hw.QP_IRQ_TX_MOD, hw.QP_IRQ_RX_MOD, hw.QP_IRQ_VECTOR)
            device = (hw.IRQ_PENDING, hw.MSIX_PBA, hw.IRQ_CAUSE, hw.IRQ_CAUSE_MASK, hw.IRQ_CAUSE_VECTOR)
            await bench.read(rng.choice((*device, *(hw.qp(v) + offset for offset in own))))
    running.cancel()
    assert bench.model.sent > 100


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def moderated_software_driven_by_interrupts_alone_sees_everything(dut: Any) -> None:
    """The same with moderation, whose limits change on the way."""
    await _software_driven_by_interrupts_alone(dut, moderated=True)


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def software_driven_by_interrupts_alone_sees_everything(dut: Any) -> None:
    """With no limits to moderation."""
    await _software_driven_by_interrupts_alone(dut, moderated=False)


async def _software_driven_by_interrupts_alone(dut: Any, *, moderated: bool) -> None:
    """IRQ2 end to end: software that looks at a ring only when an interrupt says so, as NAPI does, reads every record,
    with records visible in memory before the device has their answer, and masks coming and going."""
    bench = await IrqBench.start(dut)
    rng = bench.rng
    bench.sink.delays = lambda: rng.choice((0, 0, 2, 10))
    rings = {(v, "tx"): ring for v, ring in enumerate(bench.tx)}
    rings |= {(v, "rx"): ring for v, ring in enumerate(bench.rx)}
    written = dict.fromkeys(rings, 0)  # in memory; the device's cq_head follows
    seen = dict.fromkeys(rings, 0)
    producing = [True]

    async def device() -> None:
        while producing[0] or any(written[key] != ring.cq_head for key, ring in rings.items()):
            for key, ring in rings.items():
                if rng.random() < 0.3:
                    ring.cq_frames = ring.cq_frames + written[key] - ring.cq_head & 0x3FF
                    ring.cq_head = written[key]
                if producing[0] and rng.random() < 0.01:
                    written[key] += rng.choice((1, 1, 5))
            bench.show()
            await RisingEdge(dut.clk_i)

    async def software() -> None:
        quiet = 0
        while producing[0] or quiet < (3 * CLOCK_MHZ if moderated else 100):
            vectors = bench.sink.take()
            quiet = 0 if vectors else quiet + 1
            if not vectors:
                await RisingEdge(dut.clk_i)
            for v in vectors:
                if rng.random() < 0.2:
                    await bench.write(hw.msix(v) + hw.MSIX_VECTOR_CTRL, 1)
                for _ in range(rng.choice((0, 1, 4, 30))):
                    await RisingEdge(dut.clk_i)
                seen[v, "tx"], seen[v, "rx"] = written[v, "tx"], written[v, "rx"]
                await bench.arm(v, seen[v, "tx"], seen[v, "rx"])
                await bench.write(hw.msix(v) + hw.MSIX_VECTOR_CTRL, 0)

    tasks = [cocotb.start_soon(device()), cocotb.start_soon(software())]
    for _ in range(9):
        for v in range(bench.queues) if moderated else ():
            tx, rx = ((rng.choice((1, 2)), rng.choice((0, 1, 2, 4, 9))) for _ in range(2))
            await bench.moderate(v, tx=tx, rx=rx)
        await bench.clocks(1000)
    producing[0] = False
    for task in tasks:
        await task
    assert seen == written
    assert min(written.values()) > 50 and bench.model.sent > (20 if moderated else 100)


# ---------------------------------------------------------------------- pytest

TESTS = cocotb_tests_of(Path(__file__))
RANDOM = [
    "random_operations_agree_with_the_model",
    "software_driven_by_interrupts_alone_sees_everything",
    "moderated_software_driven_by_interrupts_alone_sees_everything",
]
RUNS = [
    *((4, test, 1) for test in TESTS),
    *((4, test, seed) for test in RANDOM for seed in (2, 3)),
    *((1, test, 1) for test in RANDOM),
]

# What the tests must find.
MISTAKES: dict[str, Mistake] = {
    "arm forgets what came while masked": (
        "nic_irq_events.sv",
        "seen_q[queue_i]  <= index_i;",
        "seen_q[queue_i]  <= sts_i[queue_i].cq_head;",
        "software_driven_by_interrupts_alone_sees_everything",
        "which has no reason to send",
    ),
    "event is not kept": (
        "nic_irq_events.sv",
        "if (moved_q || asked_q) event_o <= event_o | found;",
        "if (moved_q || asked_q) event_o <= found;",
        "event_stays_while_the_ring_goes_round",
        "0x1088 reads 0x100000000, expected 0x1",
    ),
    "indices are compared for inequality": (
        "nic_pkg.sv",
        "return 1'(16'(seen - head) >> 15);",
        "return seen != head;",
        "completion_seen_in_memory_before_its_answer_does_not_interrupt",
        "which has no reason to send",
    ),
    "a full ring of 32768 is taken for read ahead": (
        "nic_pkg.sv",
        "return 1'(16'(seen - head) >> 15);",
        "return 16'(head - seen) != '0 && 1'(16'(head - seen) >> 15) == 1'b0;",
        "ring_of_32768_full_of_records_is_told_of",
        "have an event that is not sent",
    ),
    "the table's mask is not looked at": (
        "nic_irq_msix.sv",
        "assign open = ~(mask_o | busy_i);",
        "assign open = ~busy_i;",
        "table_mask_at_any_clock_keeps_the_event",
        "NIC_ASSERT MsixMaskedNotSent",  # the assertion beside the logic is the first to see it
    ),
    "the time of before IRQ_ARM goes on": (
        "nic_irq_moderate.sv",
        "run_q[queue_i] <= beyond(head, index_i) &&",
        "run_q[queue_i] <= (run_q[queue_i] || beyond(head, index_i)) &&",
        "moderated_software_driven_by_interrupts_alone_sees_everything",
        "are to begin no records",
    ),
}


@pytest.mark.parametrize(("queues", "test", "seed"), RUNS)
def test_irq(queues: int, test: str, seed: int) -> None:
    simulate(blocks(queues), TOP, "tests.block.test_irq", test, seed)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_irq_mistake_is_found(mistake: str) -> None:
    simulate_mistake("tests.block.test_irq", mistake, MISTAKES[mistake])
