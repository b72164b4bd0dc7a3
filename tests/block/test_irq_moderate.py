# SPDX-License-Identifier: Apache-2.0
"""Interrupt moderation on the RTL. The model of irq_model.py judges every clock here too, and the random tests of
test_irq.py moderate as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest

from pymodel.drivers.nic import nic_hw as hw
from tests.block.csr_bench import TOP, blocks
from tests.block.irq_bench import SETTLE, IrqBench, Mistake, simulate_mistake
from tests.block.irq_model import CLOCK_MHZ
from tests.block.simulate import cocotb_tests_of, simulate


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def moderation_holds_the_first_record_for_usecs(dut: Any) -> None:
    """IRQ1: the interrupt comes usecs after the first record, whatever follows it, each direction by its own limit."""
    bench = await IrqBench.start(dut)
    v = bench.queues - 1
    assert await bench.read(hw.CLOCK) == CLOCK_MHZ
    await bench.moderate(v, tx=(3, 0), rx=(2, 0))
    for ring, usecs in ((bench.rx[v], 2), (bench.tx[v], 3)):
        bench.complete(ring)
        more = [cocotb.start_soon(bench.complete_after(n, ring)) for n in (20, 150, 400, 2 * CLOCK_MHZ - 30)]
        after = await bench.told_after(4 * CLOCK_MHZ)
        assert usecs * CLOCK_MHZ <= after <= usecs * CLOCK_MHZ + 2 * bench.queues + 4
        for task in more:
            await task
        assert bench.sink.take() == [v]
        await bench.arm(v, bench.tx[v].cq_head, bench.rx[v].cq_head)
        await bench.clocks(4 * CLOCK_MHZ)
        assert bench.sink.take() == []
    if v:  # another vector knows nothing of it
        bench.complete(bench.rx[0])
        assert await bench.told_after(SETTLE) <= SETTLE


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def moderation_ends_with_the_frames(dut: Any) -> None:
    """IRQ1: the interrupt comes with the last of so many frames, not before, however many records they have."""
    bench = await IrqBench.start(dut)
    await bench.moderate(0, tx=(0, 5), rx=(1000, 3))
    rx, tx = bench.rx[0], bench.tx[0]
    for _ in range(3):
        bench.complete(rx, 2, 1)
        bench.complete(tx, 1, 4)
        await bench.clocks(5 * CLOCK_MHZ)
        bench.complete(rx, 4, 1)
        assert await bench.arrived() == []
        bench.complete(rx)
        assert await bench.told_after(2 * bench.queues + 6) <= 2 * bench.queues + 6
        assert bench.sink.take() == [0]
        await bench.arm(0, tx.cq_head, rx.cq_head)
        assert await bench.arrived() == []
        bench.complete(tx, 1, 4)
        assert await bench.arrived() == []
        bench.complete(tx)
        assert await bench.arrived() == [0]
        await bench.arm(0, tx.cq_head, rx.cq_head)


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def moderated_completion_at_any_clock_around_arm_interrupts_once(dut: Any) -> None:
    """IRQ2 with moderation: a completion before, with or after the arm is told once, in time (the model sees to it)."""
    bench = await IrqBench.start(dut)
    rx = bench.rx[0]
    await bench.moderate(0, rx=(1, 4))
    for distance in range(2 * SETTLE):
        start = rx.cq_head
        bench.complete(rx)
        await bench.told_after(2 * CLOCK_MHZ)
        assert bench.sink.take() == [0]
        late = cocotb.start_soon(bench.complete_after(distance, rx))
        await bench.arm(0, 0, start + 1)
        await late
        await bench.clocks(2 * CLOCK_MHZ)
        assert bench.sink.take() == [0], f"completion {distance} clocks after the write of IRQ_ARM began"
        await bench.arm(0, 0, start + 2)
        await bench.clocks(2 * CLOCK_MHZ)
        assert bench.sink.take() == []


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def what_was_told_and_not_read_is_not_held_again(dut: Any) -> None:
    """Software that arms, or unmasks, with records left that it was told of hears of them at once; an error too."""
    bench = await IrqBench.start(dut)
    rx = bench.rx[0]
    await bench.moderate(0, rx=(0, 2))
    bench.complete(rx, 2)
    assert await bench.arrived() == [0]
    await bench.arm(0, 0, 1)
    assert await bench.arrived() == [0]
    await bench.mask(0, 0)
    assert await bench.arrived() == [0]
    bench.complete(rx)
    await bench.arm(0, 0, 3)
    bench.complete(rx)
    assert await bench.arrived() == []
    rx.error = 1
    bench.show()
    assert await bench.arrived() == [0]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def moderation_that_is_switched_off_lets_go(dut: Any) -> None:
    """A new limit holds at once, for the record that is held back too; the line is moderated as messages are."""
    bench = await IrqBench.start(dut)
    rx = bench.rx[0]
    for frames in (0, 1):
        await bench.moderate(0, rx=(0, 9))
        bench.complete(rx)
        assert await bench.arrived() == []
        assert await bench.read(hw.qp(0) + hw.QP_IRQ_STATUS) == 1
        assert await bench.read(hw.IRQ_PENDING) == 0
        await bench.moderate(0, rx=(0, frames))
        assert await bench.arrived() == [0]
        await bench.arm(0, 0, rx.cq_head)
    await bench.moderate(0, rx=(1, 0))
    await bench.write(hw.IRQ_CTRL, hw.IRQ_CTRL_LINE_MODE)
    bench.complete(rx)
    await bench.clocks(CLOCK_MHZ - 2)
    assert int(dut.irq_o.value) == 0
    await bench.clocks(2 * bench.queues + 8)
    assert int(dut.irq_o.value) == 1


# ---------------------------------------------------------------------- pytest

# What the tests must find.
MISTAKES: dict[str, Mistake] = {
    "each record begins the time anew": (
        "nic_irq_moderate.sv",
        "if (full || late || error_i[scan_q]) due_q[scan_q] <= 1'b1;",
        "if (full || late) due_q[scan_q] <= 1'b1;\n      if (gathered != frame_cnt_t'(1)) since_q[scan_q] <= now_q;",
        "moderation_holds_the_first_record_for_usecs",
        "have an event that is not sent",
    ),
    "one frame too many": (
        "nic_irq_moderate.sv",
        "gathered >= frame_cnt_t'(mod.frames);",
        "gathered > frame_cnt_t'(mod.frames);",
        "moderation_ends_with_the_frames",
        "no MSI-X within",
    ),
    "what was told is held again": (
        "nic_irq_moderate.sv",
        "if (beyond(all_q[queue_i] || told_i[queue_i] ? head : mark_q[queue_i], index_i)) due_q[queue_i] <= 1'b1;",
        "",
        "what_was_told_and_not_read_is_not_held_again",
        "are to begin no records",
    ),
}


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("queues", [1, 4])
def test_irq_moderate(queues: int, test: str) -> None:
    simulate(blocks(queues), TOP, "tests.block.test_irq_moderate", test)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_irq_moderate_mistake_is_found(mistake: str) -> None:
    simulate_mistake("tests.block.test_irq_moderate", mistake, MISTAKES[mistake])
