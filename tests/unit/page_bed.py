# SPDX-License-Identifier: Apache-2.0
"""The networking page's driver: its pieces of C as Python, on hardware of a few lines. Tests: test_linux_page*.py.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from pymodel import linux as L
from tests.unit.linux_bed import PCI, Bed

__all__ = [
    "FRAME", "MAC", "PAYLOAD", "PEER", "Hw", "alloc", "arrive", "complete", "my_hw_receive_packet", "my_open",
    "my_poll", "my_priv", "my_start_xmit", "my_stop", "plugged", "probed", "stack",
]

MAC = bytes.fromhex("020000000001")
PEER = bytes.fromhex("020000000002")
PAYLOAD = bytes(range(64))
FRAME = MAC + PEER + b"\x08\x00" + bytes(range(86))


class Hw:
    """The hardware of the page's driver: a transmit ring, frames that have come, an interrupt that can be masked."""

    def __init__(self, bed: Bed, slots: int = 4) -> None:
        self.bed = bed
        self.slots = slots
        self.ring: deque[tuple[int, int, Any]] = deque()
        self.rx: deque[bytes] = deque()
        self.irq_on = True
        self.irqs = 0
        self.wire: list[bytes] = []

    # -- what the page calls my_hw_* and my_ring_* ---------------------------------------------------------------
    def disable_irq(self) -> None:
        self.irq_on = False

    def enable_irq(self) -> None:
        self.irq_on = True
        if self.rx:
            self.interrupt()

    def has_rx_packet(self) -> bool:
        return bool(self.rx)

    def ring_full(self) -> bool:
        return len(self.ring) >= self.slots

    def enqueue(self, dma: int, len: int, skb: Any) -> None:
        self.wire.append(self.bed.m.memory.dev_read(dma, len))
        self.ring.append((dma, len, skb))

    # -- from outside ----------------------------------------------------------------------------------------------
    def interrupt(self) -> None:
        if self.irq_on:
            self.irqs += 1
            raise_msi = self.bed.m.raise_msi
            assert raise_msi is not None
            raise_msi(0, self.bed.sched.local_now)


class my_priv:
    """The driver's struct, with its napi_struct in it."""

    hw: Hw
    pdev: Any
    dev: Any

    def __init__(self) -> None:
        self.napi = L.napi_struct(container=self)
        self.log: list[str] = []
        self.gro = True
        self.done = 0  # packets that the hardware has sent


# -- the page's code -----------------------------------------------------------------------------------------
def my_irq_handler(irq: int, dev_id: Any) -> int:
    """NAPI, "Schedule from interrupt handler"."""
    priv = dev_id
    priv.hw.disable_irq()
    L.napi_schedule(priv.napi)
    return L.IRQ_HANDLED


def my_hw_receive_packet(priv: Any) -> Any:
    """Packet Reception Path, "Typical Ethernet Rx path in a NAPI poll"."""
    data = priv.hw.rx.popleft()
    skb = L.napi_alloc_skb(priv.napi, len(data))
    L.skb_put_data(skb, data, len(data))
    skb.protocol = L.eth_type_trans(skb, priv.dev)
    skb.ip_summed = L.CHECKSUM_UNNECESSARY
    return skb


def my_poll(napi: Any, budget: int) -> int:
    """NAPI, "Poll callback"."""
    priv = L.container_of(napi, my_priv, "napi")
    work_done = 0
    priv.log.append(f"poll {budget}")
    while work_done < budget and priv.hw.has_rx_packet():
        skb = my_hw_receive_packet(priv)
        if priv.gro:
            L.napi_gro_receive(napi, skb)
        else:
            L.netif_receive_skb(skb)
        work_done += 1
    my_tx_completions(priv, budget)
    if work_done < budget:
        L.napi_complete_done(napi, work_done)
        priv.hw.enable_irq()
    return work_done


def my_start_xmit(skb: Any, dev: Any) -> int:
    """Packet Transmission Path."""
    priv = L.netdev_priv(dev)
    if priv.hw.ring_full():
        L.netif_stop_queue(dev)
        return L.NETDEV_TX_BUSY
    dma = L.dma_map_single(priv.pdev.dev, skb.data, skb.len, L.DMA_TO_DEVICE)
    assert not L.dma_mapping_error(priv.pdev.dev, dma)  # the page leaves it out; 6.12's debug checks want it
    priv.hw.enqueue(dma, skb.len, skb)
    return L.NETDEV_TX_OK


def my_tx_completions(priv: Any, budget: int) -> None:
    """Packet Transmission Path, "In the Tx completion interrupt / NAPI poll"."""
    while priv.done:
        priv.done -= 1
        dma, length, skb = priv.hw.ring.popleft()
        L.dma_unmap_single(priv.pdev.dev, dma, length, L.DMA_TO_DEVICE)
        L.dev_consume_skb_any(skb)
    if L.netif_queue_stopped(priv.dev) and not priv.hw.ring_full():
        L.netif_wake_queue(priv.dev)


def my_open(dev: Any) -> int:
    priv = L.netdev_priv(dev)
    priv.log.append("open")
    L.napi_enable(priv.napi)
    L.netif_start_queue(dev)
    return 0


def my_stop(dev: Any) -> int:
    priv = L.netdev_priv(dev)
    priv.log.append("stop")
    L.netif_stop_queue(dev)
    L.napi_disable(priv.napi)
    while priv.hw.ring:
        dma, length, skb = priv.hw.ring.popleft()
        L.dma_unmap_single(priv.pdev.dev, dma, length, L.DMA_TO_DEVICE)
        L.dev_kfree_skb_any(skb)
    return 0


def my_probe(pdev: Any, ent: Any) -> int:
    """Network Device, steps 1 to 3."""
    L.pci_enable_device(pdev)
    L.pci_set_master(pdev)
    dev = L.alloc_etherdev(my_priv)
    priv = L.netdev_priv(dev)
    priv.hw, priv.pdev, priv.dev = Hw(pdev.bed), pdev, dev
    base = {"ndo_open": my_open, "ndo_stop": my_stop, "ndo_start_xmit": my_start_xmit}
    dev.netdev_ops = L.net_device_ops(**{**base, **pdev.ops})
    dev.ethtool_ops = L.ethtool_ops()
    dev.features |= L.NETIF_F_HW_CSUM | L.NETIF_F_SG
    L.SET_NETDEV_DEV(dev, pdev.dev)
    L.eth_hw_addr_set(dev, MAC)
    L.netif_napi_add(dev, priv.napi, my_poll, L.NAPI_POLL_WEIGHT)
    L.pci_alloc_irq_vectors(pdev, 1, 1, L.PCI_IRQ_MSIX)
    L.request_irq(L.pci_irq_vector(pdev, 0), my_irq_handler, 0, "my", priv)
    L.pci_set_drvdata(pdev, priv)
    return int(L.register_netdev(dev))


def my_remove(pdev: Any) -> None:
    """Network Device, step 4: always unregister before the rest goes."""
    priv = L.pci_get_drvdata(pdev)
    L.unregister_netdev(priv.dev)
    L.free_irq(L.pci_irq_vector(pdev, 0), priv)
    L.pci_free_irq_vectors(pdev)
    L.free_netdev(priv.dev)
    L.pci_disable_device(pdev)


class MyDev(L.pci_dev):
    """A device of the page's, with the ops that a test wants besides."""

    __slots__ = ("bed", "ops")


def plugged(bed: Bed, **ops: Any) -> Any:
    """The page's driver, bound to a device."""
    pdev = MyDev(PCI)
    pdev.bed, pdev.ops = bed, ops
    pdev.dev.dma_mask = pdev.dev.coherent_dma_mask = L.DMA_BIT_MASK(64)
    assert bed.run(L.pci_register_driver, L.pci_driver("my", my_probe, my_remove, [L.PCI_DEVICE(0x1AE0, 1)])) == 0
    assert bed.run(L.pci_add_device, pdev) == 0
    return L.pci_get_drvdata(pdev)


def probed(bed: Bed, **ops: Any) -> Any:
    """And the interface up."""
    priv = plugged(bed, **ops)
    assert bed.run(L.dev_open, priv.dev) == 0
    return priv


def stack(bed: Bed) -> list[tuple[int, bytes, int]]:
    """What reaches a protocol handler: (protocol, the frame, ip_summed)."""
    got: list[tuple[int, bytes, int]] = []

    def tap(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        got.append((skb.protocol, L.skb_mac_frame(skb), skb.ip_summed))
        L.consume_skb(skb)
        return 0

    L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=tap, ignore_outgoing=True))
    return got


def arrive(bed: Bed, priv: Any, *frames: bytes) -> None:
    """Frames from the wire, all at once; and time for the interrupt and what follows."""
    priv.hw.rx.extend(frames)
    priv.hw.interrupt()
    bed.settle(100_000)


def complete(bed: Bed, priv: Any, n: int) -> None:
    """The hardware has sent ``n`` packets."""
    priv.done += n
    priv.hw.interrupt()
    bed.settle(100_000)


def alloc(bed: Bed, size: int, flags: int | None = None) -> Any:
    return bed.run(L.alloc_skb, size, L.GFP_KERNEL if flags is None else flags)
