# SPDX-License-Identifier: Apache-2.0
"""What the testbench may ask of this driver, in neutral words (dut.toml, ``ops``). Reads the driver's memory only."""

from __future__ import annotations

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_priv import NicPriv, NicQueue
from pymodel.hw.access import memory
from pymodel.hw.dut import QueueState
from pymodel.linux import net_device, netdev_priv, netif_running, netif_tx_queue_stopped

__all__ = ["NicOps"]

_INDEX = 0xFFFF


class NicOps:
    """Hooks for pacing and for reports; nothing here touches the device."""

    def rx_space(self, ndev: net_device) -> list[tuple[int, int]]:
        """(free buffers, bytes each) of each queue in use; none while the device is closed."""
        priv: NicPriv = netdev_priv(ndev)
        if not netif_running(ndev):
            return []
        return [(queue.rx.posted(), queue.rx.buffer_bytes) for queue in priv.queues]

    def describe(self, ndev: net_device) -> list[QueueState]:
        """The state of every ring."""
        priv: NicPriv = netdev_priv(ndev)
        return [state for queue in priv.queues if queue.tx.size for state in (self._tx(queue), self._rx(queue))]

    def _tx(self, queue: NicQueue) -> QueueState:
        ring = queue.tx
        oldest = waits = ""
        device = ring.next_to_clean
        record = _last_record(ring.cq, ring.next_completion, ring.size)
        if record:
            device = int.from_bytes(memory().mem[record : record + 2], "little")
        if ring.next_to_clean != ring.next_to_use:
            at = ring.desc + (ring.next_to_clean & ring.mask) * hw.TX_DESC_SIZE
            oldest = _show_desc(at, ring.next_to_clean)
            if device != ring.next_to_clean:
                waits = "the driver's poll: a completion is there"
            elif ring.posted == ring.next_to_clean:
                waits = "the driver's doorbell"
            else:
                waits = "the device: to send and complete it"
        elif netif_tx_queue_stopped(ring.txq):
            waits = "the driver: it has stopped the queue"
        return QueueState(
            f"tx{queue.index}", ring.next_to_use, ring.next_to_clean, device, ring.size, oldest, waits
        )  # fmt: skip

    def _rx(self, queue: NicQueue) -> QueueState:
        ring = queue.rx
        oldest, waits = "", "the driver: no buffer is posted"
        record = _last_record(ring.cq, ring.next_to_clean, ring.size)
        device = ring.next_to_clean
        if record:
            device = (int.from_bytes(memory().mem[record + 2 : record + 4], "little") + 1) & _INDEX
        if ring.posted():
            at = ring.desc + (ring.next_to_clean & ring.mask) * hw.RX_DESC_SIZE
            oldest = _show_desc(at, ring.next_to_clean)
            waits = "the driver's poll: a completion is there" if record else "the device: to fill it"
        return QueueState(
            f"rx{queue.index}", ring.next_to_use, ring.next_to_clean, device, ring.size, oldest, waits
        )  # fmt: skip


def _last_record(cq: int, index: int, size: int) -> int:
    """Where the last completion record is that the driver has not seen (from ``index`` on); 0 for none."""
    mem = memory().mem
    last = 0
    for _ in range(size):
        at = cq + (index & (size - 1)) * hw.TX_COMPLETION_SIZE
        if bool(mem[at + hw.TX_COMPLETION_PHASE + 3] & 0x80) is bool(index & size):
            break
        last = at
        index = (index + 1) & _INDEX
    return last


def _show_desc(at: int, index: int) -> str:
    address, ctrl, _ = hw.TX_DESC.unpack_from(memory().mem, at)
    end = ", end of frame" if ctrl & hw.TX_DESC_CTRL_EOP else ""
    return f"descriptor {index}: {ctrl & hw.TX_DESC_CTRL_LEN} bytes at bus address 0x{address:x}{end}"
