# SPDX-License-Identifier: Apache-2.0
"""XDP: the program is run on each received frame before there is an skb; what it sends leaves through the TX ring of
the same queue pair, frames of other devices through that of the CPU, under the lock that the stack takes too.

Buffers are then whole pages with 256 bytes of headroom (:mod:`nic_rx`), each frame in one. Source (shape):
drivers/net/ethernet/engleder/tsnep_main.c tsnep_xdp_run_prog(), tsnep_netdev_xdp_xmit(), v6.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.drivers.nic.nic_tx import nic_tx_flush, nic_tx_xdp
from pymodel.linux import (
    EINVAL,
    ENETDOWN,
    PAGE_SIZE,
    XDP_ABORTED,
    XDP_DROP,
    XDP_PACKET_HEADROOM,
    XDP_PASS,
    XDP_REDIRECT,
    XDP_TX,
    XDP_XMIT_FLAGS_MASK,
    XDP_XMIT_FLUSH,
    __netif_tx_lock,
    __netif_tx_unlock,
    bpf_prog_run_xdp,
    bpf_warn_invalid_xdp_action,
    napi_build_skb,
    netdev_priv,
    netif_carrier_ok,
    netif_running,
    page_pool_put_full_page,
    skb_mark_for_recycle,
    skb_metadata_set,
    skb_put,
    skb_reserve,
    smp_processor_id,
    trace_xdp_exception,
    txq_trans_cond_update,
    xdp_convert_buff_to_frame,
    xdp_do_flush,
    xdp_do_redirect,
    xdp_init_buff,
    xdp_prepare_buff,
)

if TYPE_CHECKING:
    from pymodel.drivers.nic.nic_priv import NicPriv
    from pymodel.drivers.nic.nic_rx import NicRxRing
    from pymodel.drivers.nic.nic_tx import NicTxRing
    from pymodel.linux import bpf_prog, net_device, page, sk_buff, xdp_buff, xdp_frame

__all__ = ["nic_xdp_finish", "nic_xdp_run", "nic_xdp_xmit"]


def nic_xdp_run(ring: NicRxRing, prog: bpf_prog, va: int, pg: page, length: int) -> sk_buff | None:
    """Run the program on a frame of ``length`` bytes in the page at ``va``: the skb for the stack, or None where the
    frame went elsewhere. The page is no longer the caller's.
    """
    ndev = ring.queue.priv.ndev
    xdp = ring.xdp
    xdp_init_buff(xdp, PAGE_SIZE, ring.xdp_rxq)
    xdp_prepare_buff(xdp, va, XDP_PACKET_HEADROOM, length, True)
    act = bpf_prog_run_xdp(prog, xdp)
    if act == XDP_PASS:
        skb = _build_skb(xdp)
        if skb is not None:
            return skb
        ring.dropped += 1
        page_pool_put_full_page(ring.pool, pg, True)
        return None
    ring.packets += 1  # received, if not by the stack
    ring.bytes += length
    if act == XDP_TX and _xmit_back(ring.queue.tx, xdp):
        ring.xdp_tx += 1
        return None
    if act == XDP_REDIRECT and not xdp_do_redirect(ndev, xdp, prog):
        ring.xdp_redirects += 1
        return None
    if act == XDP_DROP:
        ring.xdp_drops += 1
    else:
        if act not in (XDP_ABORTED, XDP_TX, XDP_REDIRECT):
            bpf_warn_invalid_xdp_action(ndev, prog, act)
        trace_xdp_exception(ndev, prog, act)
        ring.xdp_errors += 1
    page_pool_put_full_page(ring.pool, pg, True)
    return None


def _build_skb(xdp: xdp_buff) -> sk_buff | None:
    skb = napi_build_skb(xdp.data_hard_start, PAGE_SIZE)
    if skb is not None:
        skb_mark_for_recycle(skb)
        skb_reserve(skb, xdp.data - xdp.data_hard_start)
        skb_put(skb, xdp.data_end - xdp.data)
        if xdp.data_meta < xdp.data:
            skb_metadata_set(skb, xdp.data - xdp.data_meta)
    return skb


def _xmit_back(ring: NicTxRing, xdp: xdp_buff) -> bool:
    """XDP_TX: send a frame in its own buffer. The doorbell is left to :func:`nic_xdp_finish`."""
    frame = xdp_convert_buff_to_frame(xdp)
    return frame is not None and _queue(ring, [frame], True, False) == 1


def _queue(ring: NicTxRing, frames: list[xdp_frame], own: bool, flush: bool) -> int:
    """Queue frames for sending; how many. Without a carrier none, nor while the ring is set up anew: the device, or the
    ring, is being stopped.
    """
    txq = ring.txq
    sent = 0
    __netif_tx_lock(txq, smp_processor_id())
    if netif_carrier_ok(ring.queue.priv.ndev) and not ring.down:
        for frame in frames:
            if not nic_tx_xdp(ring, frame, own):
                break
            sent += 1
        if sent:
            txq_trans_cond_update(txq)  # the stack, whose watchdog looks at it, is not alone with the queue
        if flush:
            nic_tx_flush(ring)
    __netif_tx_unlock(txq)
    return sent


def nic_xdp_finish(ring: NicRxRing) -> None:
    """Before the poll ends: tell the device of what XDP_TX has queued, and send on what was redirected."""
    _queue(ring.queue.tx, [], True, True)
    xdp_do_flush()


def nic_xdp_xmit(ndev: net_device, n: int, frames: list[xdp_frame], flags: int) -> int:
    """ndo_xdp_xmit: how many of the frames were taken, or a negative error. The rest is the caller's."""
    priv: NicPriv = netdev_priv(ndev)
    if flags & ~XDP_XMIT_FLAGS_MASK:
        return -EINVAL
    if not (netif_running(ndev) and netif_carrier_ok(ndev)):
        return -ENETDOWN
    ring = priv.queues[smp_processor_id() % priv.num_queues].tx
    return _queue(ring, frames[:n], False, bool(flags & XDP_XMIT_FLUSH))
