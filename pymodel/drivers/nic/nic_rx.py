# SPDX-License-Identifier: Apache-2.0
"""Receive: one ring of free buffers and one of completion records a queue.

A buffer is half a page, cut from the page-fragment cache: headroom, what the device may write, and the room that an
skb needs behind it (``skb_shared_info``), so that the first buffer of a frame becomes an skb without a copy. Further
buffers of a long frame are added as fragments. Each buffer is mapped when it is posted and unmapped when it is used.

Ring arithmetic as in :mod:`nic_tx`: free-running 16-bit indices, ``next_to_use`` the first slot without a buffer,
``next_to_clean`` the first buffer not used up, their difference the number of buffers that the device owns. The
device writes one completion record for each buffer, in ring order: ``next_to_clean`` indexes the next record too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_rss import HASH_TYPES
from pymodel.hw.access import memory, this_cpu, writel
from pymodel.linux import (
    CHECKSUM_COMPLETE,
    CHECKSUM_UNNECESSARY,
    DMA_FROM_DEVICE,
    ENOMEM,
    ETH_P_8021Q,
    GFP_KERNEL,
    NET_SKB_PAD,
    NETIF_F_RXCSUM,
    NETIF_F_RXHASH,
    SKB_DATA_ALIGN,
    SKB_WITH_OVERHEAD,
    VLAN_HLEN,
    __vlan_hwaccel_put_tag,
    desc_store,
    dev_kfree_skb_any,
    dma_alloc_coherent,
    dma_free_coherent,
    dma_map_single,
    dma_mapping_error,
    dma_rmb,
    dma_sync_single_for_cpu,
    dma_sync_single_for_device,
    dma_unmap_single,
    dma_wmb,
    eth_type_trans,
    htons,
    napi_alloc_frag,
    napi_alloc_skb,
    napi_build_skb,
    napi_gro_receive,
    netdev_alloc_frag,
    netdev_err,
    page_address,
    schedule_work,
    skb_add_rx_frag,
    skb_free_frag,
    skb_put,
    skb_put_data,
    skb_record_rx_queue,
    skb_reserve,
    skb_set_hash,
    skb_shinfo,
    virt_to_head_page,
)

if TYPE_CHECKING:
    from pymodel.drivers.nic.nic_priv import NicQueue
    from pymodel.linux import sk_buff

__all__ = ["BUFFER_BYTES", "NicRxRing", "nic_rx_alloc", "nic_rx_clean", "nic_rx_drain", "nic_rx_fill", "nic_rx_free"]

TRUESIZE = 2048  # bytes of a buffer: half a page
HEADROOM = SKB_DATA_ALIGN(NET_SKB_PAD)
BUFFER_BYTES = SKB_WITH_OVERHEAD(TRUESIZE) - HEADROOM  # what the device may write
REFILL_BATCH = 16  # buffers: a doorbell for less is not worth its write

_INDEX = 0xFFFF
_PHASE_BYTE = hw.RX_COMPLETION_PHASE + 3  # the byte of the record that holds the phase bit, its highest
_EOP = hw.RX_COMPLETION_STATUS_EOP
_VLAN = hw.RX_COMPLETION_STATUS_VLAN
_TCI = hw.RX_COMPLETION_PHASE_TCI
_CTAG = htons(ETH_P_8021Q)
_L4_OK = hw.RX_COMPLETION_STATUS_L4_OK
_CSUM_SHIFT = hw.RX_COMPLETION_STATUS_CSUM_SHIFT
_HASH_TYPE = hw.RX_COMPLETION_STATUS_HASH_TYPE
_HASH_TYPE_SHIFT = hw.RX_COMPLETION_STATUS_HASH_TYPE_SHIFT
_ERROR = hw.RX_COMPLETION_STATUS_ERROR_CODE


class NicRxRing:
    """The RX half of a queue pair."""

    __slots__ = (
        "alloc_failed", "buffers", "bytes", "cq", "cq_dma", "desc", "desc_dma", "doorbell", "dropped", "errors", "mask",
        "next_to_clean", "next_to_use", "packets", "queue", "size", "skb", "skipping", "spare",
    )  # fmt: skip

    def __init__(self, queue: NicQueue) -> None:
        self.queue = queue
        self.doorbell = queue.regs + hw.QP_RX_TAIL
        self.size = self.mask = 0
        self.desc = self.cq = 0
        self.desc_dma = self.cq_dma = 0
        self.buffers: list[tuple[int, int]] = []  # by slot: (address of the fragment, bus address of its data)
        self.spare: list[tuple[int, int]] = []  # buffers, still mapped, that go back to the ring (copybreak)
        self._restart()
        self.packets = self.bytes = self.dropped = self.errors = self.alloc_failed = 0

    def _restart(self) -> None:
        self.next_to_use = 0
        self.next_to_clean = 0
        self.skb: sk_buff | None = None  # a frame of several buffers whose end has not come yet
        self.skipping = False  # the rest of the frame is thrown away

    def posted(self) -> int:
        """Buffers that the device owns."""
        return (self.next_to_use - self.next_to_clean) & _INDEX


def nic_rx_alloc(ring: NicRxRing, size: int) -> int:
    """Allocate the rings of ``size`` descriptors, empty. 0 or -ENOMEM, and then nothing is left allocated."""
    dev = ring.queue.priv.dev
    desc, desc_dma = dma_alloc_coherent(dev, size * hw.RX_DESC_SIZE, GFP_KERNEL)
    if desc is None:
        return -ENOMEM
    cq, cq_dma = dma_alloc_coherent(dev, size * hw.RX_COMPLETION_SIZE, GFP_KERNEL)
    if cq is None:
        dma_free_coherent(dev, size * hw.RX_DESC_SIZE, desc, desc_dma)
        return -ENOMEM
    ring.size, ring.mask = size, size - 1
    ring.desc, ring.desc_dma, ring.cq, ring.cq_dma = desc, desc_dma, cq, cq_dma
    ring.buffers = [(0, 0)] * size
    ring._restart()
    return 0


def nic_rx_free(ring: NicRxRing) -> None:
    """Free the rings. No buffer may be posted: see :func:`nic_rx_drain`."""
    dev = ring.queue.priv.dev
    dma_free_coherent(dev, ring.size * hw.RX_COMPLETION_SIZE, ring.cq, ring.cq_dma)
    dma_free_coherent(dev, ring.size * hw.RX_DESC_SIZE, ring.desc, ring.desc_dma)
    ring.size = 0
    ring.buffers = []


def _write_desc(ring: NicRxRing, index: int, dma: int) -> None:
    """Fill a descriptor. The one place that writes them."""
    desc_store(ring.desc + (index & ring.mask) * hw.RX_DESC_SIZE, hw.RX_DESC.pack(dma, BUFFER_BYTES, 0))


def nic_rx_fill(ring: NicRxRing, napi: bool) -> bool:
    """Post buffers until the ring is full; False when memory ran out before. ``napi``: called from the poll.

    All slots may be filled: a full ring differs from an empty one.
    """
    dev = ring.queue.priv.dev
    alloc = napi_alloc_frag if napi else netdev_alloc_frag
    index = ring.next_to_use
    missing = ring.size - ring.posted()
    spare = ring.spare
    for _ in range(missing):
        if spare:
            va, dma = spare.pop()
        else:
            va = alloc(TRUESIZE)
            if not va:
                break
            dma = dma_map_single(dev, va + HEADROOM, BUFFER_BYTES, DMA_FROM_DEVICE)
            if dma_mapping_error(dev, dma):
                skb_free_frag(va)
                break
        ring.buffers[index & ring.mask] = (va, dma)
        _write_desc(ring, index, dma)
        index = (index + 1) & _INDEX
    else:
        missing = 0
    if missing:
        ring.alloc_failed += 1
    if index != ring.next_to_use:
        ring.next_to_use = index
        dma_wmb()  # the descriptors are in memory before the device hears of them
        writel(index, ring.doorbell)
    return not missing


def nic_rx_clean(ring: NicRxRing, budget: int) -> int:
    """Hand up to ``budget`` frames to the stack and post buffers anew.

    Returns the number of frames, or ``budget`` when the poll has to come again because the ring has run dry and no
    memory was to be had: no completion, and so no interrupt, would ever come.
    """
    queue = ring.queue
    priv = queue.priv
    ndev = priv.ndev
    dev = priv.dev
    mem = memory().mem
    napi = queue.napi
    size, mask = ring.size, ring.mask
    charge = this_cpu().charge
    rx_packet = priv.costs.rx_packet
    copybreak = priv.copybreak
    rxcsum = ndev.features & NETIF_F_RXCSUM
    rxhash = ndev.features & NETIF_F_RXHASH
    done = 0
    while done < budget:
        index = ring.next_to_clean
        at = ring.cq + (index & mask) * hw.RX_COMPLETION_SIZE
        # The phase bit is 1 on the first pass over the ring, 0 on the second, and so on.
        if bool(mem[at + _PHASE_BYTE] & 0x80) is bool(index & size):
            break
        dma_rmb()  # the rest of the record, and the data, are read after the phase bit
        word, hash_, status, tail = hw.RX_COMPLETION.unpack_from(mem, at)
        if word >> hw.RX_COMPLETION_LEN_INDEX_SHIFT != index:
            netdev_err(ndev, "RX queue %d: completion of buffer %d, expected %d", queue.index, word >> 16, index)
        length = word & hw.RX_COMPLETION_LEN_LEN
        va, dma = ring.buffers[index & mask]
        ring.next_to_clean = (index + 1) & _INDEX
        if status & _EOP:
            charge(rx_packet)

        skb = ring.skb
        if skb is None and length <= copybreak and status & (_EOP | _ERROR) == _EOP and not ring.skipping:
            skb = _copy(ring, va, dma, length)
        else:
            dma_unmap_single(dev, dma, BUFFER_BYTES, DMA_FROM_DEVICE)
            skb = _add_buffer(ring, skb, va, length, status)
        if not status & _EOP:
            ring.skb = skb
            continue
        ring.skb = None
        ring.skipping = False
        if skb is not None:
            done += 1
            ring.packets += 1
            ring.bytes += skb.len
            if status & _VLAN:
                ring.bytes += VLAN_HLEN  # statistics are of frames as on the wire
                __vlan_hwaccel_put_tag(skb, _CTAG, tail & _TCI)
            skb_record_rx_queue(skb, queue.index)
            if rxcsum:
                if status & _L4_OK:
                    skb.ip_summed = CHECKSUM_UNNECESSARY  # one checksum: csum_level is 0
                else:
                    skb.ip_summed = CHECKSUM_COMPLETE
                    skb.csum = status >> _CSUM_SHIFT
            if rxhash and status & _HASH_TYPE:
                skb_set_hash(skb, hash_, HASH_TYPES[(status & _HASH_TYPE) >> _HASH_TYPE_SHIFT])
            skb.protocol = eth_type_trans(skb, ndev)
            napi_gro_receive(napi, skb)
        if size - ring.posted() >= REFILL_BATCH:
            nic_rx_fill(ring, True)
    if ring.posted() < size and not nic_rx_fill(ring, True) and not ring.posted():
        return budget
    return done


def _add_buffer(ring: NicRxRing, skb: sk_buff | None, va: int, length: int, status: int) -> sk_buff | None:
    """Make an skb around a frame's first buffer, or add a further one. The buffer is the driver's again.

    None when the frame is thrown away; then the buffer is freed, and so will be those up to the frame's end.
    """
    if status & _ERROR or ring.skipping:
        if not ring.skipping:
            _halted(ring, length, status)
        _skip(ring, skb, va)
        return None
    if skb is None:
        skb = napi_build_skb(va, TRUESIZE)
        if skb is None:
            ring.dropped += 1
            _skip(ring, None, va)
            return None
        skb_reserve(skb, HEADROOM)
        skb_put(skb, length)
        return skb
    # A frame of MAX_FRAME bytes takes 6 buffers: MAX_SKB_FRAGS is never reached.
    page = virt_to_head_page(va)
    skb_add_rx_frag(skb, skb_shinfo(skb).nr_frags, page, va + HEADROOM - page_address(page), length, TRUESIZE)
    return skb


def _halted(ring: NicRxRing, length: int, status: int) -> None:
    """The device has halted the ring on an error: only a restart gets it going again. Length 0: there was no frame."""
    priv = ring.queue.priv
    code = (status & _ERROR) >> hw.RX_COMPLETION_STATUS_ERROR_CODE_SHIFT
    netdev_err(priv.ndev, "RX queue %d halted, error %d", ring.queue.index, code)
    if length:
        ring.errors += 1
    schedule_work(priv.reset_work)


def _skip(ring: NicRxRing, skb: sk_buff | None, va: int) -> None:
    skb_free_frag(va)
    if skb is not None:
        dev_kfree_skb_any(skb)
    ring.skipping = True


def _copy(ring: NicRxRing, va: int, dma: int, length: int) -> sk_buff | None:
    """Copy a short frame to an skb of its own; its buffer stays mapped and goes back to the ring."""
    dev = ring.queue.priv.dev
    skb = napi_alloc_skb(ring.queue.napi, length)
    if skb is not None:
        dma_sync_single_for_cpu(dev, dma, length, DMA_FROM_DEVICE)
        skb_put_data(skb, va + HEADROOM, length)
        dma_sync_single_for_device(dev, dma, length, DMA_FROM_DEVICE)
    else:
        ring.dropped += 1
    ring.spare.append((va, dma))
    return skb


def nic_rx_drain(ring: NicRxRing) -> None:
    """Free all buffers. The ring is stopped: neither the device nor the poll touches it any more.

    Frames that the device had delivered and no poll has seen count as dropped.
    """
    dev = ring.queue.priv.dev
    mem = memory().mem
    index = ring.next_to_clean
    while True:
        at = ring.cq + (index & ring.mask) * hw.RX_COMPLETION_SIZE
        if bool(mem[at + _PHASE_BYTE] & 0x80) is bool(index & ring.size):
            break
        ring.dropped += mem[at + hw.RX_COMPLETION_STATUS] & _EOP
        index = (index + 1) & _INDEX
    index = ring.next_to_clean
    while index != ring.next_to_use:
        va, dma = ring.buffers[index & ring.mask]
        dma_unmap_single(dev, dma, BUFFER_BYTES, DMA_FROM_DEVICE)
        skb_free_frag(va)
        index = (index + 1) & _INDEX
    ring.next_to_clean = index
    for va, dma in ring.spare:
        dma_unmap_single(dev, dma, BUFFER_BYTES, DMA_FROM_DEVICE)
        skb_free_frag(va)
    ring.spare.clear()
    if ring.skb is not None:
        dev_kfree_skb_any(ring.skb)
        ring.skb = None
