# SPDX-License-Identifier: Apache-2.0
"""Messages under way, on the RTL: one of each vector, none that overtakes records, reads that wait for what was masked,
and whose an answer is. The model of irq_model.py judges every clock here too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest
from cocotb.triggers import with_timeout

from pymodel.drivers.nic import nic_hw as hw
from tests.block.csr_bench import TOP, blocks
from tests.block.irq_bench import SETTLE, IrqBench, Mistake, simulate_mistake
from tests.block.simulate import cocotb_tests_of, simulate


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def message_without_answer_delays_no_other_vector(dut: Any) -> None:
    """A message of each vector may be under way: those of the others go and come back, also the causes'; the next of
    the same vector waits for the answer."""
    bench = await IrqBench.start(dut)
    await bench.write(hw.IRQ_CAUSE_MASK, 0)
    for stuck in range(bench.queues):
        bench.sink.withheld = {stuck}
        bench.complete(bench.rx[stuck])
        assert await bench.arrived() == []
        await bench.arm(stuck, 0, bench.rx[stuck].cq_head)
        bench.complete(bench.rx[stuck])
        for _ in range(3):
            for q in range(bench.queues):
                if q == stuck:
                    continue
                bench.complete(bench.tx[q])
                assert await bench.arrived() == [q], f"while vector {stuck} is stuck"
                await bench.arm(q, bench.tx[q].cq_head, bench.rx[q].cq_head)
            await bench.error()
            assert await bench.arrived() == [bench.queues]
            await bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_ERROR)
        assert len(bench.sink.under_way) == 1
        bench.sink.withheld = set()
        assert await bench.arrived() == [stuck, stuck]
        await bench.arm(stuck, bench.tx[stuck].cq_head, bench.rx[stuck].cq_head)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def queue_pair_with_records_under_way_is_left_out(dut: Any) -> None:
    """IRQ3: no message tells of a queue pair whose records are not answered; it is to begin no further ones, others
    that share its vector are told without it, and it is told once they are answered."""
    bench = await IrqBench.start(dut)
    for stuck in range(bench.queues):
        for q in range(bench.queues):
            await bench.route(q, 0, 0)
            await bench.arm(q, bench.tx[q].cq_head, bench.rx[q].cq_head)
        dut.cpl_out_i.value = 1 << stuck
        bench.complete(bench.rx[stuck])
        assert await bench.arrived() == [] and int(dut.cpl_hold_o.value) == 1 << stuck
        for q in range(bench.queues):
            if q != stuck:
                await bench.arm(q, bench.tx[q].cq_head, bench.rx[q].cq_head)
                bench.complete(bench.tx[q])
                assert await bench.arrived() == [0]
                assert await bench.read(hw.qp(q) + hw.QP_IRQ_MASK) & hw.QP_IRQ_MASK_MASKED
        assert not await bench.read(hw.qp(stuck) + hw.QP_IRQ_MASK) & hw.QP_IRQ_MASK_MASKED
        bench.complete(bench.tx[stuck])
        assert await bench.arrived() == []
        dut.cpl_out_i.value = 0
        assert await bench.arrived() == [0] and int(dut.cpl_hold_o.value) == 0
        assert await bench.read(hw.qp(stuck) + hw.QP_IRQ_MASK) & hw.QP_IRQ_MASK_MASKED


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def answer_concerns_no_ring_that_began_anew(dut: Any) -> None:
    """A ring may end and start again while the message that it asked for is under way: an error of that is not its."""
    bench = await IrqBench.start(dut)
    for ring in (bench.tx[0], bench.rx[-1]):
        for again in (False, True):
            bench.sink.blocked = True
            bench.complete(ring)
            await bench.clocks(SETTLE)
            if again:
                ring.active = 0
                bench.show()
                await bench.clocks(SETTLE)
                ring.active, ring.cq_head, ring.cq_frames = 1, 0, 0
                bench.show()
                await bench.clocks(SETTLE)
            bench.sink.blocked = False  # the model looks at what the answer says
            assert len(await bench.arrived()) == 1
            for q in range(bench.queues):
                await bench.arm(q, bench.tx[q].cq_head, bench.rx[q].cq_head)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def vectors_that_share_an_id_take_turns(dut: Any) -> None:
    """With 16 queue pairs the last two vectors have one ID: one message of both is under way at a time."""
    bench = await IrqBench.start(dut)
    await bench.write(hw.IRQ_CAUSE_MASK, 0)
    bench.sink.blocked = True
    bench.complete(bench.rx[-1])
    await bench.clocks(SETTLE)
    await bench.error()
    bench.complete(bench.rx[0])
    await bench.clocks(SETTLE)
    assert [m.vector for _, m in bench.sink.under_way] == ([bench.queues - 1, 0] if bench.queues == 16 else [3, 4, 0])
    bench.sink.blocked = False
    assert sorted(await bench.arrived()) == [0, bench.queues - 1, bench.queues]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def read_waits_for_a_message_that_was_masked_since(dut: Any) -> None:
    """A read of any register is answered only when an MSI-X has been that was handed over before software masked what
    it tells of, in any of the ways that there are; writes go on. Nothing else about a message delays a read: not that
    it is under way, not the mask of auto_mask, not that others are masked."""
    bench = await IrqBench.start(dut)
    last, own = bench.queues - 1, bench.queues
    await bench.write(hw.IRQ_CAUSE_MASK, 0)
    ways = (
        (0, hw.msix(0) + hw.MSIX_VECTOR_CTRL, 1, 0),
        (0, hw.qp(0) + hw.QP_IRQ_MASK, 3, 2),
        (0, hw.qp(0) + hw.QP_IRQ_VECTOR, 0x0101 * last, 0),
        (0, hw.IRQ_CTRL, hw.IRQ_CTRL_LINE_MODE, 0),
        (own, hw.msix(own) + hw.MSIX_VECTOR_CTRL, 1, 0),
        (own, hw.IRQ_CAUSE_MASK, hw.IRQ_CAUSE_ERROR, 0),
        (own, hw.IRQ_CAUSE_VECTOR, 0, own),
    )
    for vector, register, hidden, shown in ways:
        bench.sink.blocked = True
        if vector == own:
            await bench.error()
        else:
            bench.complete(bench.rx[0])
        await bench.clocks(SETTLE)
        await bench.mask(last, 1) if last else None
        await bench.write(hw.msix(1) + hw.MSIX_VECTOR_CTRL, 1)
        await bench.write(hw.SCRATCH, 7)
        assert await with_timeout(bench.read(hw.SCRATCH), 400, "ns") == 7
        assert bench.sink.under_way and not bench.sink.messages
        await bench.write(register, hidden)
        await bench.write(hw.SCRATCH, 8)
        reading = cocotb.start_soon(bench.read(hw.SCRATCH))
        await bench.clocks(100)
        assert not reading.done() and not bench.sink.messages, f"{register:#x}"
        bench.sink.blocked = False
        assert await with_timeout(reading, 400, "ns") == 8
        assert bench.sink.take() == [vector]
        await bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_ERROR)
        await bench.arm(0, 0, bench.rx[0].cq_head)
        await bench.write(register, shown)
        await bench.mask(last, 0) if last else None
        await bench.write(hw.msix(1) + hw.MSIX_VECTOR_CTRL, 0)
        assert await bench.arrived() == []


# ---------------------------------------------------------------------- pytest

TESTS = cocotb_tests_of(Path(__file__))
RUNS = [*((4, test) for test in TESTS), (16, "vectors_that_share_an_id_take_turns")]

# What the tests must find.
MISTAKES: dict[str, Mistake] = {
    "one message at a time": (
        "nic_irq_msix.sv",
        "assign open = ~(mask_o | busy_i);",
        "assign open = ~(mask_o | {Vectors{busy_i != '0}});",
        "message_without_answer_delays_no_other_vector",
        "have an event that is not sent",
    ),
    "a message overtakes records that it announces": (
        "nic_irq_msix.sv",
        "rx_tells[q] = rx_vector_i[q] == vector && !masked_i[q] && !out_i[q];",
        "rx_tells[q] = rx_vector_i[q] == vector && !masked_i[q];",
        "queue_pair_with_records_under_way_is_left_out",
        "MsixOvertakesNone",
    ),
    "records go on and on under a message": (
        "nic_irq_msix.sv",
        "hold_o <= rst_ni ? tx_want | rx_want : '0;",
        "hold_o <= '0;",
        "queue_pair_with_records_under_way_is_left_out",
        "are to begin no records",
    ),
    "an error of a message meets the ring's next life": (
        "nic_irq_flight.sv",
        "if (tx_start_i) tx_asked_q[tx_start_queue_i] <= 1'b0;",
        "",
        "answer_concerns_no_ring_that_began_anew",
        "the message's answer concerns None",
    ),
    "reads wait for any message": (
        "nic_irq_flight.sv",
        "assign hold_read_o = (busy_o & (hidden_q | mask_i | {Vectors{line_mode_i}})) != '0;",
        "assign hold_read_o = busy_o != '0;",
        "read_waits_for_a_message_that_was_masked_since",
        "SimTimeoutError",
    ),
    "a read overtakes the message": (
        "nic_csr.sv",
        ".hold_read_i(irq_hold_i)",
        ".hold_read_i(1'b0)",
        "read_waits_for_a_message_that_was_masked_since",
        "not reading.done",
    ),
}


@pytest.mark.parametrize(("queues", "test"), RUNS)
def test_irq_messages(queues: int, test: str) -> None:
    simulate(blocks(queues), TOP, "tests.block.test_irq_messages", test)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_irq_messages_mistake_is_found(mistake: str) -> None:
    simulate_mistake("tests.block.test_irq_messages", mistake, MISTAKES[mistake])
