# SPDX-License-Identifier: Apache-2.0
"""Transmit: one ring of descriptors and one of completion records a queue.

Ring arithmetic. ``next_to_use`` (first descriptor not filled) and ``next_to_clean`` (first not reclaimed) run freely
modulo 2**16, as the device's own indices do, and 2**16 is a multiple of every ring size; the slot is the index modulo
the size. Their difference modulo 2**16 is the number of descriptors in use, 0 to ``size`` and so never ambiguous: a
full ring (difference ``size``) is not an empty one (difference 0), and no slot need be left free between them.

xmit alone moves ``next_to_use``, under the TX queue's lock; reclaim alone moves ``next_to_clean``, in NAPI context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_priv import MAX_FRAME
from pymodel.hw.access import charge, memory, writel
from pymodel.linux import (
    CHECKSUM_PARTIAL,
    DMA_BIDIRECTIONAL,
    DMA_TO_DEVICE,
    ENOMEM,
    ETH_HLEN,
    GFP_KERNEL,
    IPPROTO_TCP,
    MAX_SKB_FRAGS,
    NETDEV_TX_BUSY,
    NETDEV_TX_OK,
    NETIF_F_GSO_MASK,
    SKB_GSO_TCP_FIXEDID,
    VLAN_HLEN,
    __netdev_tx_sent_queue,
    csum_ipv6_magic,
    csum_tcpudp_magic,
    desc_store,
    dev_kfree_skb_any,
    dma_alloc_coherent,
    dma_free_coherent,
    dma_map_single,
    dma_mapping_error,
    dma_rmb,
    dma_sync_single_for_device,
    dma_unmap_page,
    dma_unmap_single,
    dma_wmb,
    ip_hdr,
    ipv6_hdr,
    napi_consume_skb,
    netdev_err,
    netdev_get_tx_queue,
    netdev_priv,
    netdev_tx_completed_queue,
    netdev_tx_reset_queue,
    netdev_xmit_more,
    netif_carrier_ok,
    netif_tx_queue_stopped,
    netif_tx_start_queue,
    netif_tx_stop_queue,
    netif_tx_wake_queue,
    page_address,
    page_pool_get_dma_addr,
    schedule_work,
    skb_checksum_start_offset,
    skb_cow_head,
    skb_frag_dma_map,
    skb_frag_size,
    skb_is_gso,
    skb_is_gso_v6,
    skb_network_offset,
    skb_shinfo,
    skb_transport_offset,
    skb_vlan_tag_get,
    skb_vlan_tag_present,
    smp_mb,
    tcp_hdr,
    tcp_hdrlen,
    virt_to_page,
    vlan_features_check,
    xdp_frame,
    xdp_get_frame_len,
    xdp_return_frame,
    xdp_return_frame_rx_napi,
)

if TYPE_CHECKING:
    from pymodel.drivers.nic.nic_priv import NicPriv, NicQueue
    from pymodel.linux import net_device, sk_buff

__all__ = [
    "NicTxRing", "nic_features_check", "nic_start_xmit", "nic_tx_alloc", "nic_tx_clean", "nic_tx_drain",
    "nic_tx_flush", "nic_tx_free", "nic_tx_renew", "nic_tx_xdp",
]

STOP_BELOW = MAX_SKB_FRAGS + 2  # free descriptors: what the largest skb needs, its offload descriptor included
WAKE_ABOVE = 2 * STOP_BELOW  # so that a woken queue takes more than one such skb before it stops again

_MAX_HEADERS = 255  # bytes of all headers of a TCP segment that the device cuts
_INDEX = 0xFFFF
_EOP = hw.TX_DESC_CTRL_EOP
_PHASE_BYTE = hw.TX_COMPLETION_PHASE + 3  # the byte of the record that holds the phase bit, its highest

# A buffer that the device may read: bus address, bytes, whether mapped as a page, and the skb, or frame of XDP, that
# ends here, or None. No bytes: nothing to unmap; an offload descriptor has no buffer, a page pool's page stays mapped.
_Buffer = tuple[int, int, bool, "sk_buff | xdp_frame | None"]
_NO_BUFFER: _Buffer = (0, 0, False, None)


class NicTxRing:
    """The TX half of a queue pair."""

    __slots__ = (
        "buffers", "bytes", "cq", "cq_dma", "desc", "desc_dma", "doorbell", "down", "dropped", "error", "halts", "hung",
        "mask", "next_completion", "next_to_clean", "next_to_use", "packets", "posted", "queue", "renewed_at",
        "restarts", "size", "stopped", "txq", "woken", "xdp_frames",
    )  # fmt: skip

    def __init__(self, queue: NicQueue) -> None:
        self.queue = queue
        self.doorbell = queue.regs + hw.QP_TX_TAIL
        self.txq = netdev_get_tx_queue(queue.priv.ndev, queue.index)
        self.size = self.mask = 0
        self.desc = self.cq = 0  # the rings, in memory
        self.desc_dma = self.cq_dma = 0
        self.buffers: list[_Buffer | None] = []
        self.down = False  # being set up anew: nothing may be filled in
        self._restart()
        self.packets = self.bytes = self.dropped = self.stopped = self.woken = 0
        self.halts = self.restarts = 0  # errors that halted the ring; times that it alone was set up anew

    def _restart(self) -> None:
        self.next_to_use = 0
        self.next_to_clean = 0
        self.next_completion = 0
        self.posted = 0  # next_to_use at the last doorbell
        self.xdp_frames = 0  # frames of XDP in the ring
        self.error = 0
        self.hung = False  # the watchdog says so
        self.renewed_at = -1  # packets when the ring was set up anew because it hung

    def free(self) -> int:
        """Free descriptors."""
        return self.size - ((self.next_to_use - self.next_to_clean) & _INDEX)


def nic_tx_alloc(ring: NicTxRing, size: int) -> int:
    """Allocate the rings of ``size`` descriptors, empty. 0 or -ENOMEM, and then nothing is left allocated."""
    dev = ring.queue.priv.dev
    desc, desc_dma = dma_alloc_coherent(dev, size * hw.TX_DESC_SIZE, GFP_KERNEL)
    if desc is None:
        return -ENOMEM
    cq, cq_dma = dma_alloc_coherent(dev, size * hw.TX_COMPLETION_SIZE, GFP_KERNEL)
    if cq is None:
        dma_free_coherent(dev, size * hw.TX_DESC_SIZE, desc, desc_dma)
        return -ENOMEM
    ring.size, ring.mask = size, size - 1
    ring.desc, ring.desc_dma, ring.cq, ring.cq_dma = desc, desc_dma, cq, cq_dma
    ring.buffers = [None] * size
    ring._restart()
    netdev_tx_reset_queue(ring.txq)
    return 0


def nic_tx_free(ring: NicTxRing) -> None:
    """Free the rings. Nothing may be in use: see :func:`nic_tx_drain`."""
    dev = ring.queue.priv.dev
    dma_free_coherent(dev, ring.size * hw.TX_COMPLETION_SIZE, ring.cq, ring.cq_dma)
    dma_free_coherent(dev, ring.size * hw.TX_DESC_SIZE, ring.desc, ring.desc_dma)
    ring.size = 0
    ring.buffers = []


def _write_desc(ring: NicTxRing, index: int, dma: int, ctrl: int) -> None:
    """Fill a descriptor. The one place that writes them."""
    desc_store(ring.desc + (index & ring.mask) * hw.TX_DESC_SIZE, hw.TX_DESC.pack(dma, ctrl, 0))


def nic_features_check(skb: sk_buff, ndev: net_device, features: int) -> int:
    """ndo_features_check: TCP segments whose headers or frames the device cannot handle are cut in software."""
    if skb_is_gso(skb):
        headers = skb_tcp_all_headers(skb)
        if headers > _MAX_HEADERS or headers + skb_shinfo(skb).gso_size + VLAN_HLEN > MAX_FRAME:
            features &= ~NETIF_F_GSO_MASK
    return vlan_features_check(skb, features)


def skb_tcp_all_headers(skb: sk_buff) -> int:
    """Bytes of all headers of a TCP packet."""
    return skb_transport_offset(skb) + tcp_hdrlen(skb)


def _prepare_tso(ring: NicTxRing, skb: sk_buff) -> int:
    """Fill the descriptor at ``next_to_use`` for a TCP segment that the device cuts, and set its headers up as the
    device wants them: lengths and IPv4's checksum 0. 0 or -ENOMEM.
    """
    if skb_cow_head(skb, 0) < 0:
        return -ENOMEM
    v6 = skb_is_gso_v6(skb)
    tcp = tcp_hdr(skb)
    shinfo = skb_shinfo(skb)
    ctrl = hw.TX_KIND_TSO << hw.TX_TSO_CTRL_KIND_SHIFT | shinfo.gso_size << hw.TX_TSO_CTRL_MSS_SHIFT
    ctrl |= skb_tcp_all_headers(skb) << hw.TX_TSO_CTRL_HDR_LEN_SHIFT
    ident = 0
    if v6:
        ip6 = ipv6_hdr(skb)
        ip6.payload_len = 0
        tcp.check = ~csum_ipv6_magic(ip6.saddr, ip6.daddr, 0, IPPROTO_TCP, 0) & 0xFFFF
        ctrl |= hw.TX_TSO_CTRL_IPV6
    else:
        ip = ip_hdr(skb)
        ip.tot_len = 0
        ip.check = 0
        tcp.check = ~csum_tcpudp_magic(ip.saddr, ip.daddr, 0, IPPROTO_TCP, 0) & 0xFFFF
        ident = ip.id << hw.TX_TSO_ID_IP_ID_SHIFT
        if shinfo.gso_type & SKB_GSO_TCP_FIXEDID:
            ctrl |= hw.TX_TSO_CTRL_FIXEDID
    if skb_vlan_tag_present(skb):
        ctrl |= hw.TX_TSO_CTRL_VLAN
        ident |= skb_vlan_tag_get(skb) << hw.TX_TSO_ID_TCI_SHIFT
    headers = skb_network_offset(skb) << hw.TX_TSO_HEADERS_L3_OFF_SHIFT
    headers |= skb_transport_offset(skb) << hw.TX_TSO_HEADERS_L4_OFF_SHIFT
    headers |= memory().mem[skb.head + skb.transport_header + 13] << hw.TX_TSO_HEADERS_FLAGS_SHIFT
    slot = ring.next_to_use & ring.mask
    ring.buffers[slot] = _NO_BUFFER
    desc_store(ring.desc + slot * hw.TX_TSO_SIZE, hw.TX_TSO.pack(tcp.seq, ident, ctrl, headers))
    return 0


def _wire(skb: sk_buff) -> tuple[int, int]:
    """Frames that the skb is on the wire, and their bytes without padding and FCS."""
    shinfo = skb_shinfo(skb)
    tag = VLAN_HLEN if skb_vlan_tag_present(skb) else 0
    if not shinfo.gso_size:
        return 1, skb.len + tag
    headers = skb_tcp_all_headers(skb)
    frames = -(-(skb.len - headers) // shinfo.gso_size)
    return frames, skb.len + (frames - 1) * headers + frames * tag


def _can_offload(skb: sk_buff) -> bool:
    """False for what the device would refuse, and halt the queue: too long with its tag, a checksum beyond its end."""
    if skb_vlan_tag_present(skb) and skb.len + VLAN_HLEN > MAX_FRAME:
        return False
    return skb.ip_summed != CHECKSUM_PARTIAL or skb_checksum_start_offset(skb) + skb.csum_offset + 2 <= skb.len


def _write_offload(ring: NicTxRing, skb: sk_buff) -> None:
    """Fill the descriptor at ``next_to_use`` with what the device is to do with the skb behind it."""
    csum = tci = 0
    ctrl = hw.TX_KIND_OFFLOAD << hw.TX_OFFLOAD_CTRL_KIND_SHIFT
    if skb.ip_summed == CHECKSUM_PARTIAL:
        ctrl |= hw.TX_OFFLOAD_CTRL_CSUM
        csum = skb_checksum_start_offset(skb) << hw.TX_OFFLOAD_CSUM_CSUM_START_SHIFT
        csum |= skb.csum_offset << hw.TX_OFFLOAD_CSUM_CSUM_OFFSET_SHIFT
    if skb_vlan_tag_present(skb):
        ctrl |= hw.TX_OFFLOAD_CTRL_VLAN
        tci = skb_vlan_tag_get(skb)
    slot = ring.next_to_use & ring.mask
    ring.buffers[slot] = _NO_BUFFER
    desc_store(ring.desc + slot * hw.TX_OFFLOAD_SIZE, hw.TX_OFFLOAD.pack(csum, tci, ctrl, 0))


def _doorbell(ring: NicTxRing) -> None:
    """Tell the device how far the ring is filled. It reads nothing beyond the index it was told."""
    ring.posted = ring.next_to_use
    dma_wmb()  # the descriptors are in memory before the device hears of them
    writel(ring.next_to_use, ring.doorbell)


def nic_start_xmit(skb: sk_buff, ndev: net_device) -> int:
    """ndo_start_xmit: under the TX queue's lock, bottom halves off."""
    priv: NicPriv = netdev_priv(ndev)
    ring = priv.queues[skb.queue_mapping].tx
    charge(priv.costs.tx_packet)
    length = skb.len
    offload = skb.ip_summed == CHECKSUM_PARTIAL or skb_vlan_tag_present(skb)
    shinfo = skb_shinfo(skb)
    nr_frags = shinfo.nr_frags
    if ring.free() < nr_frags + (2 if offload else 1):
        # The queue is stopped below STOP_BELOW, so the stack has no business here.
        netif_tx_stop_queue(ring.txq)
        netdev_err(ndev, "TX queue %d: the ring is full, but the queue was awake", ring.queue.index)
        nic_tx_flush(ring)
        return NETDEV_TX_BUSY
    tso = shinfo.gso_size
    if tso:
        if _prepare_tso(ring, skb):
            return _drop(ring, skb)
    elif not ETH_HLEN <= length <= MAX_FRAME or (offload and not _can_offload(skb)):
        return _drop(ring, skb)

    # All is mapped first; next_to_use moves only when nothing can fail any more.
    dev = priv.dev
    buffers = ring.buffers
    mask = ring.mask
    index = ring.next_to_use
    headlen = length - skb.data_len
    if offload:
        if not tso:
            _write_offload(ring, skb)
        index = (index + 1) & _INDEX
    dma = dma_map_single(dev, skb.data, headlen, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma):
        return _drop(ring, skb)
    if not nr_frags:
        buffers[index & mask] = (dma, headlen, False, skb)
        _write_desc(ring, index, dma, headlen | _EOP)
    else:
        buffers[index & mask] = (dma, headlen, False, None)
        _write_desc(ring, index, dma, headlen)
        last = nr_frags - 1
        for i in range(nr_frags):
            frag = shinfo.frags[i]
            size = skb_frag_size(frag)
            dma = skb_frag_dma_map(dev, frag, 0, size, DMA_TO_DEVICE)
            if dma_mapping_error(dev, dma):
                _unmap(ring, ring.next_to_use, (index + 1) & _INDEX)
                return _drop(ring, skb)
            index = (index + 1) & _INDEX
            buffers[index & mask] = (dma, size, True, skb if i == last else None)
            _write_desc(ring, index, dma, size | _EOP if i == last else size)
    ring.next_to_use = (index + 1) & _INDEX

    if ring.free() < STOP_BELOW:
        _stop(ring)
    # After the decision to stop: with more to come the doorbell waits, unless the queue is stopped, for then nobody
    # would ring it. From the doorbell on the skb may be gone.
    if __netdev_tx_sent_queue(ring.txq, length, netdev_xmit_more()):
        _doorbell(ring)
    return NETDEV_TX_OK


def _stop(ring: NicTxRing) -> None:
    """Stop the queue; take it back if reclaim has made room between our look at the ring and the stop.

    Reclaim that runs to its end in between finds the queue awake and does not wake it. Here the skb at hand has not
    been announced yet and its completion would; the second look spares that wait, and keeps TX6 whatever the order.
    """
    netif_tx_stop_queue(ring.txq)
    ring.stopped += 1
    smp_mb()  # the stop is visible before we look again; pairs with the barrier in nic_tx_clean()
    if ring.free() >= WAKE_ABOVE:
        netif_tx_start_queue(ring.txq)


def nic_tx_flush(ring: NicTxRing) -> None:
    """Ring the doorbell for what was filled since the last: earlier skbs whose xmit left it to this one, which will
    not, and frames of XDP. Under the TX queue's lock.
    """
    if ring.posted != ring.next_to_use:
        _doorbell(ring)


def nic_tx_xdp(ring: NicTxRing, frame: xdp_frame, own: bool) -> bool:
    """Fill a descriptor with a frame of XDP, without a doorbell. ``own``: it lies in a page of the RX ring's pool,
    which is mapped both ways. Under the TX queue's lock, which the stack takes too. False, with the frame still the
    caller's, where it cannot be sent, or would leave less room than the stack may count on while the queue is awake.
    """
    length = xdp_get_frame_len(frame)
    if ring.free() <= STOP_BELOW or not ETH_HLEN <= length <= MAX_FRAME:
        return False
    priv = ring.queue.priv
    charge(priv.costs.tx_packet)
    mapped = 0
    if own:
        pg = virt_to_page(frame.data)
        dma = page_pool_get_dma_addr(pg) + frame.data - page_address(pg)
        dma_sync_single_for_device(priv.dev, dma, length, DMA_BIDIRECTIONAL)
    else:
        dma = dma_map_single(priv.dev, frame.data, length, DMA_TO_DEVICE)
        if dma_mapping_error(priv.dev, dma):
            return False
        mapped = length
    index = ring.next_to_use
    ring.buffers[index & ring.mask] = (dma, mapped, False, frame)
    ring.xdp_frames += 1
    _write_desc(ring, index, dma, length | _EOP)
    ring.next_to_use = (index + 1) & _INDEX
    return True


def _drop(ring: NicTxRing, skb: sk_buff) -> int:
    """The skb cannot be sent: it counts as taken, and as dropped. Nothing of it is in the ring."""
    dev_kfree_skb_any(skb)
    ring.dropped += 1
    if not netdev_xmit_more():
        nic_tx_flush(ring)
    return NETDEV_TX_OK


def _unmap(ring: NicTxRing, start: int, end: int) -> None:
    """Unmap the descriptors from index ``start`` to before ``end`` and forget them; their skbs stay."""
    dev = ring.queue.priv.dev
    while start != end:
        buffer = ring.buffers[start & ring.mask]
        assert buffer is not None
        ring.buffers[start & ring.mask] = None
        dma, size, is_page, _ = buffer
        if not size:
            pass
        elif is_page:
            dma_unmap_page(dev, dma, size, DMA_TO_DEVICE)
        else:
            dma_unmap_single(dev, dma, size, DMA_TO_DEVICE)
        start = (start + 1) & _INDEX


def nic_tx_clean(ring: NicTxRing, budget: int) -> None:
    """Reclaim what the device is done with: all of it, the budget only says whether this is NAPI (not 0)."""
    mem = memory().mem
    size, mask = ring.size, ring.mask
    at = ring.cq
    next_completion = ring.next_completion
    record = -1
    # Records are written in order, phase bit 1 on the first pass. Only the last one matters: it covers those before.
    while True:
        slot = at + (next_completion & mask) * hw.TX_COMPLETION_SIZE
        if bool(mem[slot + _PHASE_BYTE] & 0x80) is bool(next_completion & size):
            break
        record = slot
        next_completion = (next_completion + 1) & _INDEX
    if record < 0:
        return
    dma_rmb()  # the rest of the record is read after its phase bit
    ring.next_completion = next_completion
    word, _, status, _ = hw.TX_COMPLETION.unpack_from(mem, record)
    if status & hw.TX_COMPLETION_STATUS_ERROR_CODE:
        _halted(ring, status)
    _reclaim(ring, word & hw.TX_COMPLETION_HEAD_HEAD, budget)


def _reclaim(ring: NicTxRing, head: int, budget: int) -> None:
    """Reclaim all descriptors before ``head``: the device has sent their frames."""
    mask = ring.mask
    dev = ring.queue.priv.dev
    buffers = ring.buffers
    index = ring.next_to_clean
    if (head - index) & _INDEX > (ring.next_to_use - index) & _INDEX:
        netdev_err(ring.queue.priv.ndev, "TX queue %d: completion of descriptors that are not in use", ring.queue.index)
        return
    packets = length = more_frames = more_bytes = 0
    while index != head:
        buffer = buffers[index & mask]
        assert buffer is not None
        buffers[index & mask] = None
        dma, part, is_page, skb = buffer
        if is_page:
            dma_unmap_page(dev, dma, part, DMA_TO_DEVICE)
        elif part:
            dma_unmap_single(dev, dma, part, DMA_TO_DEVICE)
        if skb is not None and isinstance(skb, xdp_frame):
            ring.xdp_frames -= 1
            more_frames += 1
            more_bytes += xdp_get_frame_len(skb)
            # The page of an own frame comes from the pool of this very NAPI instance.
            (xdp_return_frame if part or not budget else xdp_return_frame_rx_napi)(skb)
        elif skb is not None:
            packets += 1
            length += skb.len
            if skb_vlan_tag_present(skb) or skb_is_gso(skb):
                frames, size = _wire(skb)
                more_frames += frames - 1
                more_bytes += size - skb.len
            napi_consume_skb(skb, budget)
        index = (index + 1) & _INDEX
    charge(packets * ring.queue.priv.costs.tx_reclaim)
    ring.packets += packets + more_frames
    ring.bytes += length + more_bytes
    ring.next_to_clean = index
    netdev_tx_completed_queue(ring.txq, packets, length)
    smp_mb()  # next_to_clean is visible before we look whether the queue is stopped; pairs with _stop()
    if netif_tx_queue_stopped(ring.txq) and ring.free() >= WAKE_ABOVE and not ring.down:
        if netif_carrier_ok(ring.queue.priv.ndev):
            netif_tx_wake_queue(ring.txq)
            ring.woken += 1


def _halted(ring: NicTxRing, status: int) -> None:
    """The device has halted the ring on an error: only a restart gets it going again."""
    ring.error = status & hw.TX_COMPLETION_STATUS_ERROR_CODE
    netdev_err(ring.queue.priv.ndev, "TX queue %d halted, error %d", ring.queue.index, ring.error)
    schedule_work(ring.queue.priv.recover_work)


def nic_tx_drain(ring: NicTxRing) -> None:
    """Free what was never sent. The ring is stopped: neither the device nor xmit touches it any more."""
    index = ring.next_to_clean
    while index != ring.next_to_use:
        buffer = ring.buffers[index & ring.mask]
        assert buffer is not None
        following = (index + 1) & _INDEX
        _unmap(ring, index, following)
        unsent = buffer[3]
        if unsent is not None:
            if isinstance(unsent, xdp_frame):
                xdp_return_frame(unsent)
            else:
                dev_kfree_skb_any(unsent)
            ring.dropped += 1
        index = following
    ring.next_to_clean = index
    ring.xdp_frames = 0
    netdev_tx_reset_queue(ring.txq)


def nic_tx_renew(ring: NicTxRing, head: int) -> None:
    """Make the ring as it was when it was new: empty. It is stopped, and neither reclaim nor xmit runs.

    ``head`` is the device's: what was sent, told of or not, counts as sent; the rest is freed.
    """
    nic_tx_clean(ring, 0)
    _reclaim(ring, head, 0)
    nic_tx_drain(ring)
    nbytes = ring.size * hw.TX_COMPLETION_SIZE
    memory().mem[ring.cq : ring.cq + nbytes] = bytes(nbytes)
    ring._restart()
