# SPDX-License-Identifier: Apache-2.0
"""The soft NIC keeps the contract of rtl/regs/nic.rdl."""

from __future__ import annotations

import pytest

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic import softnic_rings
from pymodel.drivers.nic.softnic_csum import sum16
from pymodel.hw.errors import CheckError
from pymodel.hw.memory import DEV_READ, DEV_WRITE, DmaFault
from tests.unit.soft_bench import SIZE, Bench

PHASE = hw.RX_COMPLETION_PHASE_PHASE


def frame(n: int, fill: int = 0x5A, dest: bytes = b"\x02\x00\x00\x00\x00\x01") -> bytes:
    return dest + b"\x02\x00\x00\x00\x00\x02\x88\xb5" + bytes([fill]) * (n - 14)


def test_registers_after_reset_hold_what_the_description_says() -> None:
    """Every register reads its reset value (registers whose value depends on the build excepted)."""
    bench = Bench(queues=2)
    for reg in hw.REGISTERS:
        group = hw.GROUPS[reg.group]
        if any(f.reset is None for f in reg.fields):
            continue
        for n in range(2 if reg.group else 1):
            expected = sum((f.reset or 0) << f.lsb for f in reg.fields)
            assert bench.read(group.base + n * group.stride + reg.offset) == expected, reg.name


def test_caps_and_scratch() -> None:
    bench = Bench(queues=3)
    caps = bench.read(hw.CAPS)
    assert caps & hw.CAPS_QUEUES == 3
    assert (caps & hw.CAPS_RING_LOG2) >> hw.CAPS_RING_LOG2_SHIFT == 15
    bench.write(hw.SCRATCH, 0x12345678)
    bench.write(hw.SCRATCH + 1, 0xAB, size=1)
    assert bench.read(hw.SCRATCH) == 0x1234AB78
    assert bench.read(hw.SCRATCH + 2, size=2) == 0x1234


def test_access_where_no_register_is_is_reported() -> None:
    bench = Bench(queues=2)
    bench.write(hw.qp(2) + hw.QP_TX_TAIL, 1)
    with pytest.raises(CheckError, match="MMIO: write of 0x1 to offset 0x1210"):
        bench.settle()


def test_tx_short_frame_is_padded_and_completed_with_phase() -> None:
    """A frame leaves padded to 60; its completion names the next descriptor; the phase inverts on each pass."""
    bench = Bench()
    bench.start()
    for i in range(2 * SIZE + 1):
        bench.post_tx(0, frame(20 + i, fill=i))
        bench.settle()
        head, _, status, phase = bench.records(0, 1, i, 1)[0]
        assert (head, status) == (i + 1, 0)
        assert phase == (0 if (i // SIZE) % 2 else PHASE)
    assert [f for f, _ in bench.wire] == [frame(20 + i, fill=i).ljust(60, b"\0") for i in range(2 * SIZE + 1)]
    assert bench.read(hw.TX_FRAMES_LO) == 2 * SIZE + 1
    assert bench.read(hw.TX_BYTES_LO) == 60 * (2 * SIZE + 1)


def test_tx_frame_of_several_descriptors_is_gathered_across_the_wrap() -> None:
    bench = Bench()
    bench.start()
    bench.post_tx(0, *[frame(60)[i : i + 10] for i in range(0, 60, 10)])
    bench.settle()
    long = bytes(range(256)) * 16
    bench.post_tx(0, long[:1000], long[1000:1001], long[1001:3000], long[3000:])
    bench.settle()
    assert [f for f, _ in bench.wire] == [frame(60), long]
    assert bench.read(hw.qp(0) + hw.QP_TX_HEAD) == 10


def test_tx_batch_is_completed_once() -> None:
    """One doorbell for several frames: fewer records than frames, the last names them all."""
    bench = Bench()
    bench.start()
    for i in range(5):
        bench.post_tx(0, frame(60, fill=i), at=0x40000 + 4096 * i, doorbell=i == 4)
    bench.settle()
    n = bench.read(hw.qp(0) + hw.QP_TXC_HEAD)
    assert n < 5
    assert bench.records(0, 1, n - 1, 1)[0][0] == 5
    assert len(bench.wire) == 5


def test_tx_tail_beyond_the_ring_is_reported() -> None:
    bench = Bench()
    bench.start()
    bench.write(hw.qp(0) + hw.QP_TX_TAIL, SIZE + 1)
    with pytest.raises(CheckError, match="RING: tx0: tail 9"):
        bench.settle()


def test_tx_bad_descriptor_halts_the_ring_until_it_is_restarted() -> None:
    """Error code 3 in status and completion; disable, drain and enable clear it."""
    bench = Bench()
    rules: list[str] = []
    bench.platform.on_rule = lambda rule, what, time: rules.append(f"{rule}: {what}")
    bench.start()
    hw.TX_DESC.pack_into(bench.memory.mem, bench.ring(0, 0), bench.bus(0x40000), hw.TX_DESC_CTRL_EOP, 0)
    bench.write(hw.qp(0) + hw.QP_TX_TAIL, 1)
    bench.settle()
    assert rules and rules[0].startswith("DESC: tx0: descriptor 0: length 0")
    assert bench.read(hw.qp(0) + hw.QP_TX_STATUS) == 1 | 2 | hw.RING_ERROR_BAD_DESC << 4
    assert bench.records(0, 1, 0, 1)[0] == (0, 0, hw.RING_ERROR_BAD_DESC, PHASE)
    bench.write(hw.qp(0) + hw.QP_TX_CTRL, 0)
    bench.settle()
    assert bench.read(hw.qp(0) + hw.QP_TX_STATUS) & 1 == 0
    bench.write(hw.qp(0) + hw.QP_TX_TAIL, 0)
    bench.write(hw.qp(0) + hw.QP_TX_CTRL, 1)
    bench.tx_tail[0] = 0
    bench.post_tx(0, frame(60))
    bench.settle()
    assert len(bench.wire) == 1


def test_tx_read_of_unmapped_memory_is_a_fault_and_halts_the_ring() -> None:
    """kernel-rules.md: DMA3. The device goes on as after an AXI error."""
    bench = Bench()
    faults: list[DmaFault] = []
    bench.platform.on_fault = faults.append
    bench.start()
    hw.TX_DESC.pack_into(bench.memory.mem, bench.ring(0, 0), bench.bus(0xF0000), 60 | hw.TX_DESC_CTRL_EOP, 0)
    bench.write(hw.qp(0) + hw.QP_TX_TAIL, 1)
    bench.settle()
    assert [f.kind for f in faults] == ["unmapped"]
    assert bench.read(hw.qp(0) + hw.QP_TX_STATUS) >> 4 == hw.RING_ERROR_AXI_READ
    assert not bench.wire


def test_rx_frame_over_several_buffers() -> None:
    """One record a buffer, in ring order, eop on the last; what they say of the frame is in all of them."""
    bench = Bench()
    bench.start()
    bench.write(hw.MAX_FRAME, 9018)
    bench.post_rx(0, 4, size=2048)
    data = frame(5000)
    bench.platform.wire_send(data, 0)
    bench.settle()
    records = bench.records(0, 3, 0, 3)
    status = sum16(data[14:]) << hw.RX_COMPLETION_STATUS_CSUM_SHIFT
    assert records == [
        (2048, 0, status, PHASE), (2048 | 1 << 16, 0, status, PHASE),
        (904 | 2 << 16, 0, status | hw.RX_COMPLETION_STATUS_EOP, PHASE),
    ]  # fmt: skip
    got = b"".join(bytes(bench.memory.mem[bench.buffer(i) :][: r[0] & 0xFFFF]) for i, r in enumerate(records))
    assert got == data
    assert bench.read(hw.RX_FRAMES_LO) == 1
    assert bench.read(hw.RX_BYTES_LO) == 5000


def test_rx_without_enough_buffers_drops_the_whole_frame_and_counts() -> None:
    bench = Bench()
    bench.start()
    bench.write(hw.MAX_FRAME, 9018)
    bench.post_rx(0, 2, size=2048)
    bench.settle()
    bench.platform.wire_send(frame(5000), 0)
    bench.platform.wire_send(frame(100), 0)
    bench.settle()
    assert bench.read(hw.RX_DROP_NODESC_LO) == 1
    assert bench.read(hw.qp(0) + hw.QP_RX_DROPS) == 1
    assert bench.records(0, 3, 0, 1)[0][0] == 100
    assert bench.read(hw.qp(0) + hw.QP_RX_HEAD) == 1


def test_rx_completion_ring_wraps_with_the_phase_inverted() -> None:
    bench = Bench()
    bench.start()
    bench.post_rx(0, SIZE)
    bench.settle()
    for i in range(3 * SIZE):
        bench.platform.wire_send(frame(60 + i), bench.platform.now)
        bench.settle()
        bench.post_rx(0, 1)
        length, _, status, phase = bench.records(0, 3, i, 1)[0]
        assert (length & 0xFFFF, length >> 16, status & 1) == (60 + i, i, 1)
        assert phase == (0 if (i // SIZE) % 2 else PHASE)


@pytest.mark.parametrize(
    ("ctrl", "dest", "passes"),
    [
        (0, "020000000001", True),
        (0, "020000000009", False),
        (0, "ffffffffffff", False),
        (hw.RX_CTRL_BROADCAST, "ffffffffffff", True),
        (hw.RX_CTRL_BROADCAST, "01005e000001", False),
        (hw.RX_CTRL_ALLMULTI, "01005e000001", True),
        (hw.RX_CTRL_PROMISC, "020000000009", True),
    ],
)
def test_rx_filter(ctrl: int, dest: str, passes: bool) -> None:
    bench = Bench()
    bench.start()
    bench.write(hw.MAC_LO, 0x00000002)
    bench.write(hw.MAC_HI, 0x0100)
    bench.write(hw.RX_CTRL, ctrl)
    bench.post_rx(0, 1)
    bench.settle()
    bench.platform.wire_send(frame(60, dest=bytes.fromhex(dest)), 0)
    bench.settle()
    assert bench.read(hw.RX_FRAMES_LO) == passes
    assert bench.read(hw.RX_DROP_FILTER_LO) == (not passes)


def test_rx_counters_add_up_for_every_kind_of_drop() -> None:
    """RX_STREAM is the sum of RX_FRAMES and all RX_DROP_*; what comes while the device is disabled is not counted."""
    bench = Bench()
    bench.start()
    bench.write(hw.RX_CTRL, hw.RX_CTRL_VLAN_FILTER)
    bench.write(hw.MAC_LO, 0x00000002)
    bench.write(hw.MAC_HI, 0x0100)
    bench.post_rx(0, 1)
    bench.settle()
    send = bench.platform.wire_send
    send(frame(60), 0)
    send(frame(61), 0)  # no buffer is left
    send(frame(62, dest=b"\x02\0\0\0\0\x07"), 0)
    send(frame(1519), 0)
    send(bytes(10), 0)
    send(frame(60)[:12] + bytes.fromhex("81000005") + bytes(46), 0)
    send(frame(70), 0, bad=True)
    bench.settle()
    reasons = ("nodesc", "filter", "vlan", "oversize", "runt", "error", "fifo")
    names = ("frames", *(f"drop_{reason}" for reason in reasons), "stream")
    assert [bench.read(hw.COUNTERS[f"rx_{n}"]) for n in names] == [1, 1, 1, 1, 1, 1, 1, 0, 7]
    bench.write(hw.CTRL, 0)
    bench.settle()
    send(frame(60), 0)
    bench.settle()
    assert bench.read(hw.RX_STREAM_LO) == 7


def test_msix_is_sent_once_until_armed_and_names_what_was_read() -> None:
    """Auto-mask; IRQ_ARM with old indices interrupts at once, with the present ones not (kernel-rules.md: IRQ2)."""
    bench = Bench()
    bench.start(1)
    bench.post_rx(1, 8)
    bench.post_rx(0, 0)
    bench.post_tx(1, frame(60))
    bench.settle()
    bench.post_tx(1, frame(60))
    bench.settle()
    assert [(a, d) for a, d, _ in bench.machine.msis] == [(0xFEE01000, 0x41)]
    assert bench.read(hw.qp(1) + hw.QP_IRQ_MASK) == 3
    bench.write(hw.qp(1) + hw.QP_IRQ_ARM, 1 << hw.QP_IRQ_ARM_TX_INDEX_SHIFT)
    bench.settle()
    assert len(bench.machine.msis) == 2, "a record beyond the armed index interrupts at once"
    bench.write(hw.qp(1) + hw.QP_IRQ_ARM, bench.read(hw.qp(1) + hw.QP_TXC_HEAD) << hw.QP_IRQ_ARM_TX_INDEX_SHIFT)
    bench.settle()
    assert len(bench.machine.msis) == 2
    bench.post_tx(1, frame(60))
    bench.settle()
    assert len(bench.machine.msis) == 3


def test_msix_masked_in_the_table_pends_and_is_sent_on_unmask() -> None:
    """PCI Express Base 5.0, 7.7.2: the pending bit holds what the mask holds back."""
    bench = Bench()
    bench.start(0)
    bench.write(hw.msix(0) + hw.MSIX_VECTOR_CTRL, 1)
    bench.post_tx(0, frame(60))
    bench.settle()
    assert not bench.machine.msis
    assert bench.read(hw.MSIX_PBA) == 1
    bench.write(hw.msix(0) + hw.MSIX_VECTOR_CTRL, 0)
    bench.settle()
    assert len(bench.machine.msis) == 1
    assert bench.read(hw.MSIX_PBA) == 0


def test_msix_without_auto_mask_comes_for_each_completion() -> None:
    bench = Bench()
    bench.start(0)
    bench.write(hw.qp(0) + hw.QP_IRQ_MASK, 0)
    for _ in range(3):
        bench.post_tx(0, frame(60))
        bench.settle()
    assert len(bench.machine.msis) == 3


def test_moderation_waits_for_usecs_or_frames() -> None:
    """kernel-rules.md: IRQ1. The time runs from the first record that no interrupt has told of."""
    bench = Bench(stalls=False)
    bench.start(0)
    arm = hw.qp(0) + hw.QP_IRQ_ARM
    bench.write(hw.qp(0) + hw.QP_IRQ_TX_MOD, 3 << 16 | 20)
    bench.post_tx(0, frame(60))
    while not bench.read(hw.qp(0) + hw.QP_IRQ_STATUS):
        bench.settle(10)
    first = bench.platform.now
    assert bench.read(hw.IRQ_PENDING) == 0
    bench.post_tx(0, frame(60))
    bench.settle(40_000)
    (message,) = bench.machine.msis
    assert 19_000_000 < message[2] - first < 20_500_000
    bench.write(arm, bench.read(hw.qp(0) + hw.QP_TXC_HEAD) << 16)
    for n in range(3):
        bench.settle(5000)
        assert len(bench.machine.msis) == 1
        bench.post_tx(0, frame(60, n))
    bench.settle(2000)
    assert len(bench.machine.msis) == 2
    bench.write(arm, bench.read(hw.qp(0) + hw.QP_TXC_HEAD) - 1 << 16)
    bench.settle(2000)
    assert len(bench.machine.msis) == 3, "what was told of and not read is not held back again"


def test_moderation_that_ends_lets_the_event_go_and_errors_do_not_wait() -> None:
    bench = Bench()
    bench.platform.on_rule = lambda rule, what, time: None
    bench.start(0)
    register = hw.qp(0) + hw.QP_IRQ_TX_MOD
    for value in (0, 1 << 16, 1):
        bench.write(register, 9 << 16)
        bench.post_tx(0, frame(60))
        bench.settle()
        assert not bench.machine.msis and bench.read(hw.qp(0) + hw.QP_IRQ_STATUS)
        bench.write(register, value)
        bench.settle()
        assert len(bench.machine.msis) == 1
        bench.machine.msis.clear()
        bench.write(hw.qp(0) + hw.QP_IRQ_ARM, bench.read(hw.qp(0) + hw.QP_TXC_HEAD) << 16)
    bench.write(register, 9 << 16)
    bench.post_tx(0, b"x")
    bench.settle()
    assert len(bench.machine.msis) == 1


def test_line_is_high_while_an_unmasked_vector_is_pending() -> None:
    bench = Bench()
    bench.start(0, line=True)
    bench.post_tx(0, frame(60))
    bench.settle()
    assert [level for level, _ in bench.machine.levels] == [True]
    assert bench.read(hw.IRQ_PENDING) == 1
    bench.write(hw.qp(0) + hw.QP_IRQ_MASK, 3)
    bench.settle()
    assert [level for level, _ in bench.machine.levels] == [True, False]
    bench.write(hw.qp(0) + hw.QP_IRQ_ARM, 1 << 16)
    bench.settle()
    assert len(bench.machine.levels) == 2
    assert not bench.machine.msis


def test_msix_never_precedes_the_record_it_announces() -> None:
    """kernel-rules.md: IRQ3. When a message arrives, the record is in memory, for many seeds."""
    for seed in range(20):
        bench = Bench(seed=seed)
        bench.start(0)
        seen: list[int] = []
        bench.machine.msi_write = lambda a, d, t, bench=bench, seen=seen: seen.append(bench.records(0, 1, 0, 1)[0][3])
        bench.post_tx(0, frame(60))
        bench.settle()
        assert seen == [PHASE]


def test_ring_stop_finishes_what_is_in_flight() -> None:
    """status.active falls only when the completion of what was fetched is written; nothing is written afterwards."""
    bench = Bench()
    bench.start(0)
    for i in range(4):
        bench.post_tx(0, frame(60, fill=i), at=0x40000 + 4096 * i, doorbell=i == 3)
    status = hw.qp(0) + hw.QP_TX_STATUS
    while not bench.wire:
        bench.settle(50)
    bench.write(hw.qp(0) + hw.QP_TX_CTRL, 0)
    while bench.read(status) & 1:
        pass
    n = bench.read(hw.qp(0) + hw.QP_TXC_HEAD)
    writes = bench.platform.dma_writes
    assert bench.records(0, 1, n - 1, 1)[0][0] == len(bench.wire) or bench.platform.tx_backlog_ps
    bench.settle()
    assert bench.platform.dma_writes == writes


def test_reset_in_traffic_leaves_the_device_as_after_power_up() -> None:
    """RESET reads 1 until done; then no DMA, no interrupt, registers at their reset values; and it works again."""
    bench = Bench()
    bench.start(0)
    bench.post_rx(0, 8)
    bench.settle()
    for i in range(4):
        bench.platform.wire_send(frame(60 + i), 0)
        bench.post_tx(0, frame(60), at=0x40000 + 4096 * i)
    bench.settle(900)
    bench.write(hw.RESET, 1)
    reads = 1
    while bench.read(hw.RESET):
        reads += 1
    activity = bench.platform.activity()
    bench.settle()
    assert bench.platform.activity() == activity | {"frames sent": bench.platform.tx_frames}
    assert bench.read(hw.CTRL) == 0
    assert bench.read(hw.qp(0) + hw.QP_TX_CTRL) == 0
    assert bench.read(hw.RX_STREAM_LO) == 0
    bench.tx_tail[0] = 0
    sent = len(bench.wire)
    bench.start(0)
    bench.post_tx(0, frame(60))
    bench.settle()
    assert len(bench.wire) == sent + 1


def test_write_only_where_the_device_may_write() -> None:
    """kernel-rules.md: DMA3. A free buffer mapped for reading only is refused."""
    bench = Bench()
    bench.start(0)
    bench.post_rx(0, 1)
    bench.memory.revoke(0x40000, 0x40000, DEV_READ | DEV_WRITE)
    bench.memory.grant(0x40000, 0x40000, DEV_READ)
    bench.settle()
    bench.platform.wire_send(frame(60), 0)
    with pytest.raises(DmaFault, match="may not write"):
        bench.settle()


@pytest.mark.parametrize(("sizes", "weights"), [((512, 512), (1, 3)), ((200, 1514), (1, 1)), ((1514, 200), (6, 1))])
def test_tx_queues_share_the_wire_by_weight_whatever_their_frames(
    monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, int], weights: tuple[int, int]
) -> None:
    """Deficit round robin in bytes, as the device's; here one descriptor is read at a time, so that rings stay full."""
    monkeypatch.setattr(softnic_rings, "_FETCH", 1)
    bench = Bench(queues=2)
    for q in range(2):
        bench.start(q)
        bench.write(hw.qp(q) + hw.QP_TX_WEIGHT, weights[q])
    for _ in range(300):
        for q in range(2):
            while (bench.tx_tail[q] - bench.nic.tx.rings[q].head) & 0xFFFF < SIZE:
                bench.post_tx(q, frame(sizes[q], fill=q), at=0x40000 + 0x4000 * q, doorbell=False)
            bench.write(hw.qp(q) + hw.QP_TX_TAIL, bench.tx_tail[q])
        bench.settle(400)
    sent = [sum(len(f) for f, _ in bench.wire if f[20] == q) for q in range(2)]
    assert sent[0] / sum(sent) == pytest.approx(weights[0] / sum(weights), rel=0.05), sent
