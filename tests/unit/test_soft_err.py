# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's error log and causes (ERR_LOG, IRQ_CAUSE), and vectors that rings share (IRQ_VECTOR, IRQ_SEEN)."""

from __future__ import annotations

import pytest

from pymodel.drivers.nic import nic_hw as hw
from pymodel.hw.memory import DmaFault
from tests.unit.soft_bench import Bench

FRAME = bytes.fromhex("02005e000001") + bytes(54)


def start(queues: int = 2) -> tuple[Bench, list[DmaFault]]:
    """Queue pair 0 up, causes unmasked, their vector filled."""
    bench = Bench(queues)
    faults: list[DmaFault] = []
    bench.platform.on_fault = faults.append
    bench.platform.on_rule = lambda rule, what, time: None
    for v in (0, queues):
        bench.write(hw.msix(v) + hw.MSIX_ADDR_LO, 0xFEE01000)
        bench.write(hw.msix(v) + hw.MSIX_DATA, 0x40 + v)
        bench.write(hw.msix(v) + hw.MSIX_VECTOR_CTRL, 0)
    bench.write(hw.IRQ_CAUSE_MASK, 0)
    bench.start()
    bench.settle()  # all that was written has arrived
    return bench, faults


def logged(bench: Bench) -> tuple[int, int, int, int, int]:
    """TX, access, response, queue pair, address of what is kept."""
    log = bench.read(hw.ERR_LOG)
    assert log & hw.ERR_LOG_VALID
    addr = bench.read(hw.ERR_ADDR_HI) << 32 | bench.read(hw.ERR_ADDR_LO)
    return (
        int(bool(log & hw.ERR_LOG_TX)),
        (log & hw.ERR_LOG_ACCESS) >> hw.ERR_LOG_ACCESS_SHIFT,
        (log & hw.ERR_LOG_RESP) >> hw.ERR_LOG_RESP_SHIFT,
        (log & hw.ERR_LOG_QUEUE) >> hw.ERR_LOG_QUEUE_SHIFT,
        addr,
    )


def messages(bench: Bench) -> list[int]:
    bench.settle()
    return [data for _, data, _ in bench.machine.msis]


def test_errors_of_each_access_are_logged_with_their_address() -> None:
    for what in ("desc", "data", "completion", "rx data", "rx completion", "bad desc", "bad tail"):
        bench, _ = start()
        ring = bench.ring(0, 0)
        bad = bench.bus(0xF0000)
        expected: tuple[int, int, int, int, int]
        if what in ("desc", "completion"):
            reg = hw.QP_TX_BASE_LO if what == "desc" else hw.QP_TXC_BASE_LO
            bench.write(hw.qp(0) + hw.QP_TX_CTRL, 0)
            bench.write(hw.qp(0) + reg, bad & 0xFFFFFFFF)
            bench.write(hw.qp(0) + reg + 4, bad >> 32)
            bench.write(hw.qp(0) + hw.QP_TX_CTRL, 1)
            expected = 1, hw.ERR_ACCESS_DESC if what == "desc" else hw.ERR_ACCESS_COMPLETION, 3, 0, bad
            bench.post_tx(0, FRAME)
        elif what == "data":
            hw.TX_DESC.pack_into(bench.memory.mem, ring, bad, 60 | hw.TX_DESC_CTRL_EOP, 0)
            bench.write(hw.qp(0) + hw.QP_TX_TAIL, 1)
            expected = 1, hw.ERR_ACCESS_DATA, 3, 0, bad
        elif what == "bad desc":
            hw.TX_DESC.pack_into(bench.memory.mem, ring, bad, hw.TX_DESC_CTRL_EOP, 0)
            bench.write(hw.qp(0) + hw.QP_TX_TAIL, 1)
            expected = 1, hw.ERR_ACCESS_BAD_DESC, 0, 0, bench.bus(ring)
        elif what == "bad tail":
            bench.write(hw.qp(0) + hw.QP_TX_TAIL, 100)
            expected = 1, hw.ERR_ACCESS_BAD_TAIL, 0, 0, bench.bus(ring)
        elif what == "rx data":
            hw.RX_DESC.pack_into(bench.memory.mem, bench.ring(0, 2), bad, 2048, 0)
            bench.write(hw.qp(0) + hw.QP_RX_TAIL, 1)
            bench.settle()
            bench.platform.wire_send(FRAME, bench.platform.now)
            expected = 0, hw.ERR_ACCESS_DATA, 3, 0, bad
        else:
            bench.write(hw.qp(0) + hw.QP_RX_CTRL, 0)
            bench.write(hw.qp(0) + hw.QP_RXC_BASE_LO, bad & 0xFFFFFFFF)
            bench.write(hw.qp(0) + hw.QP_RXC_BASE_HI, bad >> 32)
            bench.write(hw.qp(0) + hw.QP_RX_CTRL, 1)
            bench.post_rx(0, 1)
            bench.settle()
            bench.platform.wire_send(FRAME, bench.platform.now)
            expected = 0, hw.ERR_ACCESS_COMPLETION, 3, 0, bad
        bench.settle()
        assert bench.read(hw.ERR_LOG), what
        assert logged(bench) == expected, what
        assert 0x42 in messages(bench), what
        assert bench.read(hw.IRQ_CAUSE) == hw.IRQ_CAUSE_ERROR


def test_first_error_is_kept_until_cleared() -> None:
    bench, _ = start()
    bench.write(hw.qp(0) + hw.QP_TX_TAIL, 100)
    bench.settle()
    bench.write(hw.qp(0) + hw.QP_RX_TAIL, 100)
    bench.platform.wire_send(FRAME, bench.platform.now)
    bench.settle()
    assert bench.read(hw.ERR_LOG) & hw.ERR_LOG_MORE
    assert logged(bench)[:2] == (1, hw.ERR_ACCESS_BAD_TAIL)
    bench.write(hw.ERR_LOG, hw.ERR_LOG_VALID)
    assert bench.read(hw.ERR_LOG) == 0 and bench.read(hw.ERR_ADDR_LO) == 0


def test_cause_is_told_once_until_software_writes() -> None:
    bench, _ = start()
    bench.nic.irq.cause(hw.IRQ_CAUSE_LINK)
    bench.nic.irq.cause(hw.IRQ_CAUSE_ERROR)
    assert messages(bench) == [0x42]
    assert bench.read(hw.IRQ_PENDING) & hw.IRQ_PENDING_CAUSE
    bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_LINK)
    assert messages(bench) == [0x42, 0x42]
    bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_ERROR)
    assert messages(bench) == [0x42, 0x42] and bench.read(hw.IRQ_CAUSE) == 0
    bench.write(hw.IRQ_CAUSE_VECTOR, 0)
    bench.write(hw.IRQ_CAUSE_MASK, hw.IRQ_CAUSE_MASK_LINK)
    bench.settle()
    bench.nic.irq.cause(hw.IRQ_CAUSE_LINK)
    assert messages(bench) == [0x42, 0x42]
    bench.write(hw.IRQ_CAUSE_MASK, 0)
    assert messages(bench) == [0x42, 0x42, 0x40]


@pytest.mark.parametrize("vector", [0, 31])
def test_rings_that_share_a_vector_are_told_by_one_message(vector: int) -> None:
    """A vector that does not exist acts as 0; each queue pair is armed for itself; IRQ_SEEN leaves the mask."""
    bench, _ = start()
    bench.start(1)
    bench.write(hw.qp(1) + hw.QP_IRQ_VECTOR, vector << 8 | vector)
    assert bench.read(hw.qp(1) + hw.QP_IRQ_VECTOR) == vector << 8 | vector
    bench.post_tx(1, FRAME)
    assert messages(bench) == [0x40]
    for q in (0, 1):
        assert bench.read(hw.qp(q) + hw.QP_IRQ_MASK) & hw.QP_IRQ_MASK_MASKED
    bench.post_tx(0, FRAME)
    assert messages(bench) == [0x40]
    bench.write(hw.qp(1) + hw.QP_IRQ_SEEN, 1 << 16)
    assert bench.read(hw.qp(1) + hw.QP_IRQ_STATUS) == 0
    assert bench.read(hw.qp(1) + hw.QP_IRQ_MASK) & hw.QP_IRQ_MASK_MASKED
    bench.write(hw.qp(0) + hw.QP_IRQ_ARM, 0)
    assert messages(bench) == [0x40, 0x40]
