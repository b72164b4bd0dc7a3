# SPDX-License-Identifier: Apache-2.0
"""A driver for tinynic: what a small Linux driver with NAPI and a level interrupt looks like on pymodel.linux.

Frames are copied both ways, through a fixed buffer for each descriptor. Indices run freely; the descriptor is the index
modulo ENTRIES. Registers and descriptors: rtl/tinynic.sv; how to use them: README.md.
"""

from __future__ import annotations

from pymodel.hw.access import charge, here, readl, writel
from pymodel.hw.dut import QueueState
from pymodel.linux import *

__all__ = ["TinyOps", "tinynic_driver"]

ID, CTRL, STATUS, IRQ_STATUS, IRQ_ENABLE, RX_DROPS, MAC_LO, MAC_HI = range(0x00, 0x20, 4)
TINY, RESET, PROMISC, BOTH = 0x54494E59, 1 << 31, 1 << 31, 3  # BOTH: TX and RX, in CTRL, IRQ_STATUS and IRQ_ENABLE
TABLE, TX, RX, ENTRIES = 0x400, 0, 32, 32  # descriptors of 16 bytes: the first of TX, the first of RX, how many of each
OWN, ERR, LENGTH = 1 << 31, 1 << 30, 0xFFFF  # their third word; before it the buffer's address, low and high
MAX_FRAME, SLOT = 9018, 9024  # bytes; a buffer begins on a multiple of 8


class Tiny:
    """netdev_priv(): one device. ``buf`` has a slot for each descriptor."""

    ndev: net_device
    base = buf = tx_next = tx_done = rx_next = 0

    def __init__(self) -> None:
        self.napi = napi_struct(container=self)

    def ctrl(self, first: int, index: int) -> int:  # the third word of a descriptor
        return self.base + TABLE + 16 * (first + index % ENTRIES) + 8

    def slot(self, first: int, index: int) -> int:  # its buffer
        return self.buf + SLOT * (first + index % ENTRIES)


def tiny_irq(irq: int, ndev: net_device) -> int:
    """The line is shared: IRQ_NONE when nothing that is enabled is pending here."""
    priv: Tiny = netdev_priv(ndev)
    events = readl(priv.base + IRQ_STATUS)
    if not events:
        return IRQ_NONE
    writel(0, priv.base + IRQ_ENABLE)  # until napi_complete_done() (NAPI5)
    writel(events, priv.base + IRQ_STATUS)  # before the poll looks: what comes after it raises the line again (IRQ2)
    readl(priv.base + IRQ_ENABLE)  # flushes: the line is low when the handler returns
    napi_schedule(priv.napi)
    return IRQ_HANDLED


def tiny_xmit(skb: sk_buff, ndev: net_device) -> int:
    priv: Tiny = netdev_priv(ndev)
    charge(here.machine.costs.tx_packet)
    if eth_skb_pad(skb):  # the device does not pad; on failure this has freed the skb
        ndev.stats.tx_dropped += 1
        return NETDEV_TX_OK
    skb_copy_bits(skb, 0, priv.slot(TX, priv.tx_next), skb.len)
    netdev_sent_queue(ndev, skb.len)
    writel(OWN | skb.len, priv.ctrl(TX, priv.tx_next))  # writel() orders the copy before it (DMA5)
    priv.tx_next += 1
    dev_consume_skb_any(skb)
    if priv.tx_next - priv.tx_done == ENTRIES:
        netif_stop_queue(ndev)  # reclaim, under the same lock, wakes it: no second look is needed (TX6)
    return NETDEV_TX_OK


def tiny_reclaim(priv: Tiny) -> None:
    stats, first, length = priv.ndev.stats, priv.tx_done, 0
    while priv.tx_done != priv.tx_next and not (ctrl := readl(priv.ctrl(TX, priv.tx_done))) & OWN:
        length += ctrl & LENGTH
        stats.tx_errors += ctrl & ERR != 0
        stats.tx_packets += ctrl & ERR == 0
        stats.tx_bytes += 0 if ctrl & ERR else ctrl & LENGTH
        priv.tx_done += 1
    charge((priv.tx_done - first) * here.machine.costs.tx_reclaim)
    netdev_completed_queue(priv.ndev, priv.tx_done - first, length)
    if priv.tx_done != first and netif_queue_stopped(priv.ndev):
        netif_wake_queue(priv.ndev)


def tiny_receive(priv: Tiny, budget: int) -> int:
    stats, done = priv.ndev.stats, 0
    while done < budget and not (ctrl := readl(priv.ctrl(RX, priv.rx_next))) & OWN:
        length = ctrl & LENGTH
        charge(here.machine.costs.rx_packet)
        if ctrl & ERR or length > priv.ndev.mtu + VLAN_ETH_HLEN:  # the device takes longer frames than we may (LIFE6)
            stats.rx_errors += 1
        elif (skb := napi_alloc_skb(priv.napi, length)) is None:
            stats.rx_dropped += 1
        else:
            skb_put_data(skb, priv.slot(RX, priv.rx_next), length)
            skb.protocol = eth_type_trans(skb, priv.ndev)
            stats.rx_packets += 1
            stats.rx_bytes += length
            napi_gro_receive(priv.napi, skb)
        writel(OWN | SLOT, priv.ctrl(RX, priv.rx_next))
        priv.rx_next += 1
        done += 1
    return done


def tiny_poll(napi: napi_struct, budget: int) -> int:
    priv: Tiny = container_of(napi, Tiny, "napi")
    __netif_tx_lock(netdev_get_tx_queue(priv.ndev, 0), smp_processor_id())  # an xmit is seen whole or not at all
    tiny_reclaim(priv)
    __netif_tx_unlock(netdev_get_tx_queue(priv.ndev, 0))
    done = tiny_receive(priv, budget)
    if done < budget and napi_complete_done(napi, done):
        writel(BOTH, priv.base + IRQ_ENABLE)
    return done


def tiny_open(ndev: net_device) -> int:
    priv: Tiny = netdev_priv(ndev)
    priv.tx_next = priv.tx_done = priv.rx_next = 0
    if err := request_irq(ndev.irq, tiny_irq, IRQF_SHARED, ndev.name, ndev):
        return err
    for i in range(ENTRIES):
        writel(0, priv.ctrl(TX, i))
        writel(OWN | SLOT, priv.ctrl(RX, i))
    napi_enable(priv.napi)
    writel(BOTH, priv.base + CTRL)
    writel(BOTH, priv.base + IRQ_ENABLE)
    netif_start_queue(ndev)
    return 0


def tiny_stop(ndev: net_device) -> int:
    priv: Tiny = netdev_priv(ndev)
    netif_tx_disable(ndev)
    napi_disable(priv.napi)
    writel(0, priv.base + IRQ_ENABLE)
    readl(priv.base + IRQ_ENABLE)  # flushes: the line is low before nobody answers it
    free_irq(ndev.irq, ndev)
    writel(0, priv.base + CTRL)
    while readl(priv.base + STATUS):  # until the frames under way are in memory and on the wire (LIFE2)
        usleep_range(1, 2)
    tiny_reclaim(priv)
    ndev.stats.tx_dropped += priv.tx_next - priv.tx_done
    netdev_reset_queue(ndev)
    return 0


def tiny_set_rx_mode(ndev: net_device) -> None:
    base, addr = netdev_priv(ndev).base, int.from_bytes(ndev.dev_addr, "little")
    writel(addr & 0xFFFFFFFF, base + MAC_LO)
    writel(addr >> 32 | (PROMISC if ndev.flags & IFF_PROMISC else 0), base + MAC_HI)
    readl(base + MAC_HI)  # flushes: frames that come from now on meet the new filter


def tiny_get_stats64(ndev: net_device, stats: rtnl_link_stats64) -> None:
    netdev_stats_to_stats64(stats, ndev.stats)
    stats.rx_missed_errors = readl(netdev_priv(ndev).base + RX_DROPS)


def tiny_probe(pdev: pci_dev, ent: object) -> int:
    err = pcim_enable_device(pdev) or dma_set_mask_and_coherent(pdev.dev, DMA_BIT_MASK(64))
    base = pcim_iomap(pdev, 0, 0)
    if err or base is None or readl(base + ID) != TINY:
        return err or -ENODEV
    writel(RESET, base + CTRL)  # quiet before the interrupt is requested (LIFE3)
    buf, dma = dma_alloc_coherent(pdev.dev, 2 * ENTRIES * SLOT, GFP_KERNEL)
    if buf is None:
        return -ENOMEM
    devm_add_action(pdev.dev, dma_free_coherent, pdev.dev, 2 * ENTRIES * SLOT, buf, dma)
    ndev = alloc_etherdev(Tiny)
    if ndev is None:
        return -ENOMEM
    devm_add_action(pdev.dev, free_netdev, ndev)
    for i in range(2 * ENTRIES):
        writel(dma + SLOT * i & 0xFFFFFFFF, base + TABLE + 16 * i)
        writel(dma + SLOT * i >> 32, base + TABLE + 16 * i + 4)
    pci_set_master(pdev)
    SET_NETDEV_DEV(ndev, pdev.dev)
    pci_set_drvdata(pdev, ndev)
    priv: Tiny = netdev_priv(ndev)
    priv.ndev, priv.base, priv.buf = ndev, base, buf
    ndev.irq, ndev.netdev_ops, ndev.max_mtu = pdev.irq, TINY_OPS, MAX_FRAME - VLAN_ETH_HLEN
    eth_hw_addr_random(ndev)
    netif_napi_add(ndev, priv.napi, tiny_poll)
    return register_netdev(ndev)


TINY_OPS = net_device_ops(
    ndo_open=tiny_open, ndo_stop=tiny_stop, ndo_start_xmit=tiny_xmit, ndo_set_rx_mode=tiny_set_rx_mode,
    ndo_set_mac_address=eth_mac_addr, ndo_validate_addr=eth_validate_addr, ndo_get_stats64=tiny_get_stats64,
)  # fmt: skip
TINY_IDS = (PCI_DEVICE(0x1234, 0x544E),)
tinynic_driver = pci_driver("tinynic", tiny_probe, lambda pdev: unregister_netdev(pci_get_drvdata(pdev)), TINY_IDS)


class TinyOps:
    """Neutral hooks for the testbench."""

    def rx_space(self, ndev: net_device) -> list[tuple[int, int]]:
        # One descriptor may be at the stack, one on its way back. In KiB, this fits the FIFOs of NIC and MAC as well.
        return [(ENTRIES - 2 if netif_running(ndev) else 0, 1024)]

    def describe(self, ndev: net_device) -> list[QueueState]:
        p: Tiny = netdev_priv(ndev)
        oldest = (f"descriptor {p.tx_done % ENTRIES}", "the device, or the poll") if p.tx_next != p.tx_done else ()
        tx = QueueState("tx", p.tx_next, p.tx_done, p.tx_done, ENTRIES, *oldest)
        return [tx, QueueState("rx", p.rx_next + ENTRIES, p.rx_next, p.rx_next, ENTRIES, "", "a frame, or the poll")]
