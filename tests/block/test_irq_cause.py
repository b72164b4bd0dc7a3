# SPDX-License-Identifier: Apache-2.0
"""Vectors that completion rings share, IRQ_SEEN, and the causes other than completions, on the RTL. The model of
irq_model.py judges every clock here too; the random tests of test_irq.py do all of it at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest

from pymodel.drivers.nic import nic_hw as hw
from tests.block.csr_bench import TOP, blocks
from tests.block.irq_bench import SETTLE, IrqBench, Mistake, simulate_mistake
from tests.block.simulate import cocotb_tests_of, simulate


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def rings_that_share_a_vector_are_told_by_one_message(dut: Any) -> None:
    """All queue pairs on one vector: its message masks them all, each is armed for itself, and what came meanwhile to
    one of them is told then, whatever the others do. A vector that does not exist acts as 0."""
    bench = await IrqBench.start(dut)
    for q in range(bench.queues):
        await bench.route(q, 0, bench.queues + 1 + q)
        assert await bench.read(hw.qp(q) + hw.QP_IRQ_VECTOR) == bench.queues + 1 + q
    bench.complete(bench.rx[-1])
    assert await bench.arrived() == [0]
    for q in range(bench.queues):
        assert await bench.read(hw.qp(q) + hw.QP_IRQ_MASK) & hw.QP_IRQ_MASK_MASKED
        bench.complete(bench.tx[q])
    assert await bench.arrived() == []
    for q in range(bench.queues):
        await bench.arm(q, 0, 0)  # the TX record is not read
        assert await bench.arrived() == [0]
        await bench.arm(q, 1, bench.rx[q].cq_head)
        assert await bench.arrived() == []


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def rings_of_a_pair_have_vectors_of_their_own(dut: Any) -> None:
    """TX and RX of one queue pair by different vectors; a message tells of its own ring alone."""
    bench = await IrqBench.start(dut)
    last = bench.queues
    await bench.route(0, last, 0)
    await bench.mask(0, 0, auto_mask=0)
    bench.complete(bench.tx[0])
    assert await bench.arrived() == [last]
    bench.complete(bench.rx[0])
    assert await bench.arrived() == [0]
    await bench.write(hw.msix(0) + hw.MSIX_VECTOR_CTRL, 1)
    bench.complete(bench.rx[0])
    bench.complete(bench.tx[0])
    assert await bench.arrived() == [last]
    assert await bench.read(hw.MSIX_PBA) == 1
    await bench.write(hw.msix(0) + hw.MSIX_VECTOR_CTRL, 0)
    assert await bench.arrived() == [0]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def seen_counts_as_read_and_leaves_the_mask(dut: Any) -> None:
    """IRQ_SEEN: what it covers does not interrupt any more, the queue pair stays masked; unmasked, what it leaves is
    told at once; on a queue pair that is not masked it takes back an event that waits."""
    bench = await IrqBench.start(dut)
    rx = bench.rx[0]
    bench.complete(rx)
    assert await bench.arrived() == [0]
    bench.complete(rx)
    await bench.seen(0, 0, 2)
    assert await bench.read(hw.qp(0) + hw.QP_IRQ_STATUS) == 0
    assert await bench.read(hw.qp(0) + hw.QP_IRQ_MASK) & hw.QP_IRQ_MASK_MASKED
    await bench.mask(0, 0)
    assert await bench.arrived() == []
    bench.complete(rx)
    assert await bench.arrived() == [0]
    await bench.seen(0, 0, 2)
    assert await bench.arrived() == []
    await bench.mask(0, 0)
    assert await bench.arrived() == [0]
    await bench.write(hw.msix(0) + hw.MSIX_VECTOR_CTRL, 1)
    await bench.arm(0, 0, 3)
    bench.complete(rx)
    assert await bench.read(hw.MSIX_PBA) == 1
    await bench.seen(0, 0, 4)
    assert await bench.read(hw.MSIX_PBA) == 0
    await bench.write(hw.msix(0) + hw.MSIX_VECTOR_CTRL, 0)
    assert await bench.arrived() == []


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def cause_interrupts_once_until_software_writes(dut: Any) -> None:
    """A change of the link, either way, and an error: noted while masked, one message by the vector of their own when
    they are not; another only after IRQ_CAUSE or IRQ_CAUSE_MASK was written, at once if a cause is left."""
    bench = await IrqBench.start(dut)
    own = bench.queues
    assert await bench.read(hw.IRQ_CAUSE) == 0 and await bench.read(hw.IRQ_CAUSE_VECTOR) == own
    await bench.link(0)
    assert await bench.arrived() == []
    assert await bench.read(hw.IRQ_CAUSE) == hw.IRQ_CAUSE_LINK
    await bench.write(hw.IRQ_CAUSE_MASK, hw.IRQ_CAUSE_MASK_ERROR)
    assert await bench.arrived() == [own]
    assert await bench.read(hw.IRQ_PENDING) == hw.IRQ_PENDING_CAUSE
    await bench.link(1)
    await bench.error()
    assert await bench.arrived() == []
    await bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_ERROR)  # the link's change is left
    assert await bench.arrived() == [own]
    await bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_LINK)
    assert await bench.arrived() == [] and await bench.read(hw.IRQ_CAUSE) == 0
    await bench.error()
    assert await bench.arrived() == []
    await bench.write(hw.IRQ_CAUSE_MASK, 0)
    assert await bench.arrived() == [own]
    await bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_ERROR)
    await bench.link(0)
    assert await bench.arrived() == [own]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def cause_at_any_clock_around_its_clearing_is_told(dut: Any) -> None:
    """IRQ2 for causes: an error before, with or after the write that clears an earlier one is told, by that write or
    by a message of its own, and never lost."""
    bench = await IrqBench.start(dut)
    own = bench.queues
    await bench.write(hw.IRQ_CAUSE_MASK, 0)
    for distance in range(2 * SETTLE):
        await bench.error()
        assert await bench.arrived() == [own]
        late = cocotb.start_soon(bench.error_after(distance))
        await bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_ERROR)
        await late
        told = await bench.arrived()
        left = await bench.read(hw.IRQ_CAUSE)
        assert (told, left) in (([own], hw.IRQ_CAUSE_ERROR), ([], 0)), f"error at {distance}"
        assert distance < 4 or told, f"error at {distance}"  # it came after the write: told
        await bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_ERROR)
        assert await bench.arrived() == []


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def causes_may_share_a_vector_and_use_the_line(dut: Any) -> None:
    """On a queue pair's vector either's message tells of both; masked in the table they wait in the pending array; the
    line is high while a cause is there."""
    bench = await IrqBench.start(dut)
    await bench.write(hw.IRQ_CAUSE_VECTOR, 0)
    await bench.write(hw.IRQ_CAUSE_MASK, 0)
    await bench.write(hw.msix(0) + hw.MSIX_VECTOR_CTRL, 1)
    await bench.error()
    assert await bench.read(hw.MSIX_PBA) == 1
    bench.complete(bench.rx[0])
    await bench.write(hw.msix(0) + hw.MSIX_VECTOR_CTRL, 0)
    assert await bench.arrived() == [0]
    await bench.arm(0, 0, 1)
    assert await bench.arrived() == []
    await bench.write(hw.IRQ_CTRL, hw.IRQ_CTRL_LINE_MODE)
    await bench.clocks(SETTLE)
    assert int(dut.irq_o.value) == 1
    await bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_ERROR)
    await bench.clocks(SETTLE)
    assert int(dut.irq_o.value) == 0
    assert bench.sink.take() == []


# ---------------------------------------------------------------------- pytest

# What the tests must find.
MISTAKES: dict[str, Mistake] = {
    "a cause that comes with its clearing is lost": (
        "nic_irq_cause.sv",
        "    if (error_i) cause_q.error <= 1'b1;\n",
        "    if (error_i && !(write && req_i.addr == IRQ_CAUSE_OFFSET)) cause_q.error <= 1'b1;\n",
        "cause_at_any_clock_around_its_clearing_is_told",
        "have an event that is not sent",
    ),
    "a message tells of its own queue pair alone": (
        "nic_irq_regs.sv",
        "if (sent_i[q] && auto_mask_o[q]) masked_o[q] <= 1'b1;",
        "if (sent_i[q] && pend_i[q] && auto_mask_o[q]) masked_o[q] <= 1'b1;",
        "rings_that_share_a_vector_are_told_by_one_message",
        "0x1084 reads 0x100000002, expected 0x3",
    ),
    "IRQ_SEEN unmasks": (
        "nic_irq_regs.sv",
        "if (arm) masked_o[queue] <= 1'b0;",
        "if (seen_o) masked_o[queue] <= 1'b0;",
        "seen_counts_as_read_and_leaves_the_mask",
        "AssertionError",
    ),
}


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("queues", [1, 4])
def test_irq_cause(queues: int, test: str) -> None:
    simulate(blocks(queues), TOP, "tests.block.test_irq_cause", test)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_irq_cause_mistake_is_found(mistake: str) -> None:
    simulate_mistake("tests.block.test_irq_cause", mistake, MISTAKES[mistake])
