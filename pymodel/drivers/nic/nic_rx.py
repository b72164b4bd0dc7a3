# SPDX-License-Identifier: Apache-2.0
"""Receive: one ring of free buffers and one of completion records a queue.

Buffers come from a page pool, one a ring (ETH3), whose pages stay mapped for as long as they are in it. A buffer is
half a page, or a page where an XDP program needs room around the packet: headroom, what the device may write, and the
room that an skb needs behind it (``skb_shared_info``), so that the first buffer of a frame becomes an skb without a
copy. Further buffers of a long frame are added as fragments. With the skb the pages go back to their pool.

What the device may write of a buffer, and no more, is synced for the device when it is posted, and for the CPU when it
is complete, as a whole however short the frame: so a device that writes elsewhere, or late, is caught (DMA3).

Ring arithmetic as in :mod:`nic_tx`: free-running 16-bit indices, ``next_to_use`` the first slot without a buffer,
``next_to_clean`` the first buffer not used up, their difference the number of buffers that the device owns. The
device writes one completion record for each buffer, in ring order: ``next_to_clean`` indexes the next record too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_rss import HASH_TYPES
from pymodel.drivers.nic.nic_xdp import nic_xdp_finish, nic_xdp_run
from pymodel.hw.access import memory, this_cpu, writel
from pymodel.linux import (
    CHECKSUM_COMPLETE,
    CHECKSUM_UNNECESSARY,
    DMA_BIDIRECTIONAL,
    DMA_FROM_DEVICE,
    ENOMEM,
    ETH_HLEN,
    ETH_P_8021Q,
    GFP_KERNEL,
    MEM_TYPE_PAGE_POOL,
    NET_SKB_PAD,
    NETIF_F_RXCSUM,
    NETIF_F_RXHASH,
    PAGE_SIZE,
    PP_FLAG_DMA_MAP,
    SKB_DATA_ALIGN,
    SKB_WITH_OVERHEAD,
    VLAN_HLEN,
    XDP_PACKET_HEADROOM,
    __vlan_hwaccel_put_tag,
    desc_store,
    dev_kfree_skb_any,
    dma_alloc_coherent,
    dma_free_coherent,
    dma_rmb,
    dma_sync_single_for_cpu,
    dma_sync_single_for_device,
    dma_wmb,
    eth_type_trans,
    htons,
    napi_alloc_skb,
    napi_build_skb,
    napi_gro_receive,
    netdev_err,
    page_address,
    page_pool_create,
    page_pool_destroy,
    page_pool_dev_alloc_frag,
    page_pool_dev_alloc_pages,
    page_pool_get_dma_addr,
    page_pool_get_stats,
    page_pool_params,
    page_pool_put_full_page,
    page_pool_stats,
    schedule_work,
    skb_add_rx_frag,
    skb_mark_for_recycle,
    skb_put,
    skb_put_data,
    skb_record_rx_queue,
    skb_reserve,
    skb_set_hash,
    skb_shinfo,
    xdp_buff,
    xdp_rxq_info,
    xdp_rxq_info_reg,
    xdp_rxq_info_reg_mem_model,
    xdp_rxq_info_unreg,
)

if TYPE_CHECKING:
    from pymodel.drivers.nic.nic_priv import NicQueue
    from pymodel.linux import page, page_pool, sk_buff

__all__ = [
    "BUFFER_BYTES", "XDP_BUFFER_BYTES", "NicRxRing", "nic_rx_alloc", "nic_rx_clean", "nic_rx_drain", "nic_rx_fill",
    "nic_rx_free", "nic_rx_pool_stats", "nic_rx_renew", "nic_rx_unseen",
]  # fmt: skip

TRUESIZE = PAGE_SIZE // 2  # bytes of a buffer
HEADROOM = SKB_DATA_ALIGN(NET_SKB_PAD)
BUFFER_BYTES = SKB_WITH_OVERHEAD(TRUESIZE) - HEADROOM  # what the device may write
XDP_BUFFER_BYTES = SKB_WITH_OVERHEAD(PAGE_SIZE) - XDP_PACKET_HEADROOM  # the same with an XDP program
REFILL_BATCH = 16  # buffers: a doorbell for less is not worth its write

_INDEX = 0xFFFF
_PHASE_BYTE = hw.RX_COMPLETION_PHASE + 3  # the byte of the record that holds the phase bit, its highest
_RECORD, _RECORD_BYTES = hw.RX_COMPLETION, hw.RX_COMPLETION_SIZE
_INDEX_SHIFT, _LEN = hw.RX_COMPLETION_LEN_INDEX_SHIFT, hw.RX_COMPLETION_LEN_LEN
_EOP = hw.RX_COMPLETION_STATUS_EOP
_VLAN = hw.RX_COMPLETION_STATUS_VLAN
_TCI = hw.RX_COMPLETION_PHASE_TCI
_CTAG = htons(ETH_P_8021Q)
_L4_OK = hw.RX_COMPLETION_STATUS_L4_OK
_CSUM_SHIFT = hw.RX_COMPLETION_STATUS_CSUM_SHIFT
_FLAGS = (1 << _CSUM_SHIFT) - 1
_HASH_TYPE = hw.RX_COMPLETION_STATUS_HASH_TYPE
_HASH_TYPE_SHIFT = hw.RX_COMPLETION_STATUS_HASH_TYPE_SHIFT
_ERROR = hw.RX_COMPLETION_STATUS_ERROR_CODE
_EOP_ERROR = _EOP | _ERROR


# (its address, the bus address of its data, its page).
_Buffer = tuple[int, int, "page | None"]


class NicRxRing:
    """The RX half of a queue pair."""

    __slots__ = (
        "alloc_failed", "buffer_bytes", "buffers", "bytes", "cq", "cq_dma", "desc", "desc_dma", "dma_dir", "doorbell",
        "dropped", "errors", "halts", "headroom", "mask", "next_to_clean", "next_to_use", "packets", "pool",
        "pool_stats", "queue", "restarts", "size", "skb", "skipping", "spare", "truesize", "xdp", "xdp_drops",
        "xdp_errors", "xdp_redirects", "xdp_rxq", "xdp_tx",
    )  # fmt: skip

    def __init__(self, queue: NicQueue) -> None:
        self.queue = queue
        self.doorbell = queue.regs + hw.QP_RX_TAIL
        self.size = self.mask = 0
        self.desc = self.cq = 0
        self.desc_dma = self.cq_dma = 0
        self.pool: page_pool
        self.pool_stats = page_pool_stats()  # of the pools before this one
        self.truesize = self.headroom = self.buffer_bytes = 0  # of each buffer
        self.dma_dir = DMA_FROM_DEVICE
        self.buffers: list[_Buffer] = []  # by slot
        self.spare: list[_Buffer] = []  # those that go back to the ring (copybreak)
        self.xdp_rxq = xdp_rxq_info()
        self.xdp = xdp_buff()  # of the packet at hand
        self._restart()
        self.packets = self.bytes = self.dropped = self.errors = self.alloc_failed = 0
        self.halts = self.restarts = 0  # errors that halted the ring; times that it alone was set up anew
        self.xdp_drops = self.xdp_tx = self.xdp_redirects = self.xdp_errors = 0

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
    err = _alloc_pool(ring, size)
    if err:
        dma_free_coherent(dev, size * hw.RX_COMPLETION_SIZE, cq, cq_dma)
        dma_free_coherent(dev, size * hw.RX_DESC_SIZE, desc, desc_dma)
        return err
    ring.size, ring.mask = size, size - 1
    ring.desc, ring.desc_dma, ring.cq, ring.cq_dma = desc, desc_dma, cq, cq_dma
    ring.buffers = [(0, 0, None)] * size
    ring._restart()
    return 0


def _alloc_pool(ring: NicRxRing, size: int) -> int:
    """The page pool of a ring of ``size`` buffers, and what XDP wants to know of the queue. 0 or a negative error."""
    queue = ring.queue
    priv = queue.priv
    if priv.xdp_prog is None:
        ring.truesize, ring.headroom, ring.buffer_bytes = TRUESIZE, HEADROOM, BUFFER_BYTES
        ring.dma_dir = DMA_FROM_DEVICE
    else:
        ring.truesize, ring.headroom, ring.buffer_bytes = PAGE_SIZE, XDP_PACKET_HEADROOM, XDP_BUFFER_BYTES
        ring.dma_dir = DMA_BIDIRECTIONAL  # XDP_TX sends the page it came in
    pool = page_pool_create(
        page_pool_params(
            flags=PP_FLAG_DMA_MAP, pool_size=size, dev=priv.dev, napi=queue.napi, dma_dir=ring.dma_dir,
            netdev=priv.ndev, queue_idx=queue.index,
        )
    )  # fmt: skip
    if isinstance(pool, int):  # IS_ERR()
        return pool
    err = xdp_rxq_info_reg(ring.xdp_rxq, priv.ndev, queue.index, queue.napi.napi_id)
    if not err:
        err = xdp_rxq_info_reg_mem_model(ring.xdp_rxq, MEM_TYPE_PAGE_POOL, pool)
        if err:
            xdp_rxq_info_unreg(ring.xdp_rxq)
    if err:
        page_pool_destroy(pool)
        return err
    ring.pool = pool
    return 0


def nic_rx_free(ring: NicRxRing) -> None:
    """Free the rings. No buffer may be posted: see :func:`nic_rx_drain`. The pool goes when its last page is home."""
    dev = ring.queue.priv.dev
    page_pool_get_stats(ring.pool, ring.pool_stats)
    xdp_rxq_info_unreg(ring.xdp_rxq)
    page_pool_destroy(ring.pool)
    del ring.pool
    dma_free_coherent(dev, ring.size * hw.RX_COMPLETION_SIZE, ring.cq, ring.cq_dma)
    dma_free_coherent(dev, ring.size * hw.RX_DESC_SIZE, ring.desc, ring.desc_dma)
    ring.size = 0
    ring.buffers = []


def nic_rx_pool_stats(ring: NicRxRing, stats: page_pool_stats) -> None:
    """Add what this ring's page pools have counted: the present one, and those of before the last close."""
    for name in page_pool_stats.__slots__:
        setattr(stats, name, getattr(stats, name) + getattr(ring.pool_stats, name))
    if ring.size:
        page_pool_get_stats(ring.pool, stats)


def _write_desc(ring: NicRxRing, index: int, dma: int) -> None:
    """Fill a descriptor. The one place that writes them."""
    desc_store(ring.desc + (index & ring.mask) * hw.RX_DESC_SIZE, hw.RX_DESC.pack(dma, ring.buffer_bytes, 0))


def nic_rx_fill(ring: NicRxRing) -> bool:
    """Post buffers until the ring is full; False when memory ran out before.

    All slots may be filled: a full ring differs from an empty one.
    """
    pool = ring.pool
    dev = ring.queue.priv.dev
    dma_dir, buffer_bytes = ring.dma_dir, ring.buffer_bytes
    buffers, mask, headroom = ring.buffers, ring.mask, ring.headroom
    halves = ring.truesize == TRUESIZE
    index = ring.next_to_use
    missing = ring.size - ring.posted()
    spare = ring.spare
    for _ in range(missing):
        if spare:
            buffer = spare.pop()
        else:
            offset = 0
            if halves:
                pg, offset = page_pool_dev_alloc_frag(pool, TRUESIZE)
            else:
                pg = page_pool_dev_alloc_pages(pool)
            if pg is None:
                break
            buffer = page_address(pg) + offset, page_pool_get_dma_addr(pg) + offset + headroom, pg
        buffers[index & mask] = buffer
        dma_sync_single_for_device(dev, buffer[1], buffer_bytes, dma_dir)
        _write_desc(ring, index, buffer[1])
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
    dma_dir, buffer_bytes = ring.dma_dir, ring.buffer_bytes
    prog = priv.xdp_prog
    rxcsum = ndev.features & NETIF_F_RXCSUM
    rxhash = ndev.features & NETIF_F_RXHASH
    done = 0
    while done < budget:
        index = ring.next_to_clean
        at = ring.cq + (index & mask) * _RECORD_BYTES
        # The phase bit is 1 on the first pass over the ring, 0 on the second, and so on.
        if bool(mem[at + _PHASE_BYTE] & 0x80) is bool(index & size):
            break
        dma_rmb()  # the rest of the record, and the data, are read after the phase bit
        word, hash_, status, tail = _RECORD.unpack_from(mem, at)
        if word >> _INDEX_SHIFT != index:
            netdev_err(ndev, "RX queue %d: completion of buffer %d, expected %d", queue.index, word >> 16, index)
        length = word & _LEN
        csum = status >> _CSUM_SHIFT
        status &= _FLAGS
        va, dma, pg = buffer = ring.buffers[index & mask]
        assert pg is not None
        ring.next_to_clean = (index + 1) & _INDEX
        dma_sync_single_for_cpu(dev, dma, buffer_bytes, dma_dir)
        if status & _EOP:
            charge(rx_packet)

        skb = ring.skb
        if skb is None and status & _EOP_ERROR == _EOP and not ring.skipping and (prog or length <= copybreak):
            if prog is None:
                skb = _copy(ring, buffer, length)
            else:  # the MTU is such that each frame fits into its buffer
                skb = nic_xdp_run(ring, prog, va, pg, length)
                if skb is None:
                    done += 1
        else:
            skb = _add_buffer(ring, skb, va, pg, length, status)
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
                elif prog is None:  # a program may have changed what was summed
                    skb.ip_summed = CHECKSUM_COMPLETE
                    skb.csum = csum
            if rxhash and status & _HASH_TYPE:
                skb_set_hash(skb, hash_, HASH_TYPES[(status & _HASH_TYPE) >> _HASH_TYPE_SHIFT])
            skb.protocol = eth_type_trans(skb, ndev)
            napi_gro_receive(napi, skb)
        if size - ((ring.next_to_use - ring.next_to_clean) & _INDEX) >= REFILL_BATCH:
            nic_rx_fill(ring)
    if prog is not None:
        nic_xdp_finish(ring)
    if ring.posted() < size and not nic_rx_fill(ring) and not ring.posted():
        return budget
    return done


def _add_buffer(ring: NicRxRing, skb: sk_buff | None, va: int, pg: page, length: int, status: int) -> sk_buff | None:
    """Make an skb around a frame's first buffer, or add a further one. The buffer is the driver's again.

    None when the frame is thrown away; then the buffer is freed, and so will be those up to the frame's end.
    """
    if status & _ERROR or ring.skipping:
        if not ring.skipping:
            _halted(ring, length, status)
        _skip(ring, skb, pg)
        return None
    if skb is None:
        skb = napi_build_skb(va, ring.truesize)
        if skb is None:
            ring.dropped += 1
            _skip(ring, None, pg)
            return None
        skb_mark_for_recycle(skb)
        skb_reserve(skb, ring.headroom)
        skb_put(skb, length)
        return skb
    # A frame of MAX_FRAME bytes takes 6 buffers: MAX_SKB_FRAGS is never reached.
    skb_add_rx_frag(skb, skb_shinfo(skb).nr_frags, pg, va + ring.headroom - page_address(pg), length, ring.truesize)
    return skb


def _halted(ring: NicRxRing, length: int, status: int) -> None:
    """The device has halted the ring on an error: only a restart gets it going again. Length 0: there was no frame."""
    priv = ring.queue.priv
    code = (status & _ERROR) >> hw.RX_COMPLETION_STATUS_ERROR_CODE_SHIFT
    netdev_err(priv.ndev, "RX queue %d halted, error %d", ring.queue.index, code)
    if length:
        ring.errors += 1
    schedule_work(priv.recover_work)


def _skip(ring: NicRxRing, skb: sk_buff | None, pg: page) -> None:
    page_pool_put_full_page(ring.pool, pg, True)
    if skb is not None:
        dev_kfree_skb_any(skb)
    ring.skipping = True


def _copy(ring: NicRxRing, buffer: _Buffer, length: int) -> sk_buff | None:
    """Copy a short frame to an skb of its own; its buffer goes back to the ring."""
    skb = napi_alloc_skb(ring.queue.napi, length)
    if skb is not None:
        skb_put_data(skb, buffer[0] + ring.headroom, length)
    else:
        ring.dropped += 1
    ring.spare.append(buffer)
    return skb


def nic_rx_drain(ring: NicRxRing) -> None:
    """Free all buffers. The ring is stopped: neither the device nor the poll touches it any more.

    Frames that the device had delivered and no poll has seen count as dropped.
    """
    pool = ring.pool
    _drop_unseen(ring)
    _take_back(ring)
    for _, _, pg in ring.spare:
        assert pg is not None
        page_pool_put_full_page(pool, pg, False)
    ring.spare.clear()


def nic_rx_unseen(ring: NicRxRing) -> bool:
    """Whether there is a record that no poll has seen."""
    at = ring.cq + (ring.next_to_clean & ring.mask) * hw.RX_COMPLETION_SIZE
    return bool(memory().mem[at + _PHASE_BYTE] & 0x80) is not bool(ring.next_to_clean & ring.size)


def _drop_unseen(ring: NicRxRing) -> int:
    """Count frames of which there are records that no poll has seen as dropped. The index behind the last record."""
    mem = memory().mem
    index = ring.next_to_clean
    while True:
        at = ring.cq + (index & ring.mask) * hw.RX_COMPLETION_SIZE
        if bool(mem[at + _PHASE_BYTE] & 0x80) is bool(index & ring.size):
            return index
        word, _, status, _ = hw.RX_COMPLETION.unpack_from(mem, at)
        if not status & _ERROR:
            ring.dropped += status & _EOP
        elif word & hw.RX_COMPLETION_LEN_LEN:
            ring.errors += 1
        index = (index + 1) & _INDEX


def _take_back(ring: NicRxRing) -> None:
    """The device gives all buffers back. What there is of a frame whose end has not come is freed."""
    index = ring.next_to_clean
    while index != ring.next_to_use:
        ring.spare.append(ring.buffers[index & ring.mask])
        index = (index + 1) & _INDEX
    ring.next_to_clean = index
    if ring.skb is not None:
        dev_kfree_skb_any(ring.skb)
        ring.skb = None


def nic_rx_renew(ring: NicRxRing, head: int) -> None:
    """Make the ring as it was when it was new: full of buffers, the same ones. It is stopped, and no poll runs.

    ``head`` is the device's: it has filled the buffers before, and those without a record, which it could not write,
    hold frames that are lost. They count as dropped, as if each were as long as the MTU allows.
    """
    lost = (head - _drop_unseen(ring)) & _INDEX
    if lost < 1 << 15:  # the record of an error is one more than buffers were used
        per_frame = -(-(ring.queue.priv.ndev.mtu + ETH_HLEN + VLAN_HLEN) // ring.buffer_bytes)
        ring.dropped += -(-lost // per_frame)
    _take_back(ring)
    nbytes = ring.size * hw.RX_COMPLETION_SIZE
    memory().mem[ring.cq : ring.cq + nbytes] = bytes(nbytes)
    ring._restart()
    nic_rx_fill(ring)
