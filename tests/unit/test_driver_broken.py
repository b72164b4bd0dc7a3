# SPDX-License-Identifier: Apache-2.0
"""Drivers that are broken on purpose: each mistake is reported, under its rule's number, by a check that is always on.

Each case breaks one thing of the reference driver and then does what any user does: open, traffic both ways, close,
unbind. The same scenario passes with the driver as it is (the first test).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic import nic_main, nic_netdev, nic_rx, nic_tx
from pymodel.drivers.nic.nic_netdev import nic_netdev_ops
from pymodel.hw.access import charge, readl, writel
from pymodel.hw.errors import CheckError
from tests.unit.soft_host import Host
from tests.unit.test_driver_traffic import frame

Patch = pytest.MonkeyPatch


def traffic(h: Host, cpu: int = 0) -> None:
    """Open, both ways with fragments, close while a frame arrives, unbind. ``cpu``: of the sender."""
    h.up()
    out = [frame(60 + 3 * i, i) for i in range(80)]
    for f in out[:40]:
        h.platform.wire_send(f, 0)
    task = h.start(h.send_task, out, True, cpu=cpu)
    h.until(lambda: task.done and len(h.wire) >= 80 and len(h.received) >= 40, limit_us=3_000)
    h.settle(200)
    h.down()
    h.platform.wire_send(out[0], 0)
    h.settle(50)
    h.remove()


def laps(h: Host) -> None:
    """Each RX buffer is posted more than once."""
    h.up()
    h.deliver([frame(60, i) for i in range(3 * h.priv.queues[0].rx.size)])
    h.remove()


def other_cpu(h: Host) -> None:
    """The sender on another CPU than the queue's interrupt."""
    traffic(h, cpu=1)


def full_ring(h: Host, cpu: int = 0) -> None:
    """So many short frames on so slow a wire that the TX ring fills."""
    h.up()
    out = [frame(60, i) for i in range(400)]
    h.call(h.send_task, out, cpu=cpu)
    h.until(lambda: len(h.wire) >= 400, limit_us=50_000)
    h.settle(200)
    h.remove()


def full_ring_other_cpu(h: Host) -> None:
    full_ring(h, cpu=1)


def burst(h: Host) -> None:
    """More frames than a budget while the host is busy entering its interrupt."""
    h.up()
    for i in range(200):
        h.platform.wire_send(frame(60, i), 0)
    h.until(lambda: len(h.received) >= 200, limit_us=3_000)
    h.remove()


def pairs(h: Host) -> None:
    """Two frames, the second at every distance at which the first one's poll may just be ending."""
    h.up()
    for i in range(120):
        h.platform.wire_send(frame(60, i), 0)
        h.platform.wire_send(frame(60, i), h.platform.now + 15_000 * i)
        h.until(lambda i=i: len(h.received) >= 2 * (i + 1), limit_us=500)
        h.settle(5)
    h.remove()


def same_bytes(h: Host) -> None:
    """What arrives is what was sent."""
    h.up()
    out = [frame(60 + i, i) for i in range(100)]
    h.deliver(out)
    if [f for f, _ in h.received] != out:
        raise CheckError("DATA", "frames arrived that were never sent")
    h.remove()


def netpoll(h: Host) -> None:
    """netconsole polls while frames arrive."""
    h.up()
    for i in range(100):
        h.platform.wire_send(frame(60, i), 0)
    for _ in range(20):
        h.settle(0.7)
        h.call(linux.netpoll_poll_dev, h.ndev)
    h.until(lambda: len(h.received) >= 100, limit_us=2_000)
    h.remove()


def address(h: Host) -> None:
    """A multicast address is set as the station's."""
    h.up()
    assert h.call(linux.dev_set_mac_address, h.ndev, linux.sockaddr(b"\x01" + bytes(5))) == -linux.EADDRNOTAVAIL
    h.remove()


def statistics(h: Host) -> None:
    h.up()
    h.stats()
    h.remove()


SLOW = {"tx_ring": 64, "rate_gbps": 0.1}
BUSY = {"costs": {"hardirq_entry": 40_000}}
FAST = {"rate_gbps": 100}
SLOW_POLL = {"costs": {"poll_entry": 5_000}}


@pytest.mark.parametrize(
    ("scenario", "settings"),
    [
        (traffic, {}),
        (other_cpu, {"cpus": 2}),
        (full_ring, SLOW),
        (burst, BUSY),
        (pairs, FAST),
        (netpoll, {}),
        (same_bytes, {"copybreak": 256, "swiotlb": "force"}),
        (address, {}),
        (statistics, {}),
    ],
)
def test_the_driver_as_it_is_passes(host: Any, scenario: Callable[[Host], None], settings: dict[str, Any]) -> None:
    scenario(host(**settings))


# -- DMA -----------------------------------------------------------------------------------------------------------
def forget_tx_unmap(p: Patch) -> None:
    p.setattr(nic_tx, "dma_unmap_single", lambda *a: None)


def forget_page_unmap(p: Patch) -> None:
    p.setattr(nic_tx, "dma_unmap_page", lambda *a: None)


def unmap_twice(p: Patch) -> None:
    def twice(*args: Any) -> None:
        linux.dma_unmap_single(*args)
        linux.dma_unmap_single(*args)

    p.setattr(nic_tx, "dma_unmap_single", twice)


def unmap_another_length(p: Patch) -> None:
    p.setattr(nic_tx, "dma_unmap_single", lambda dev, dma, n, way: linux.dma_unmap_single(dev, dma, n - 1, way))


def unmap_another_direction(p: Patch) -> None:
    p.setattr(
        nic_tx,
        "dma_unmap_single",
        lambda dev, dma, n, way: linux.dma_unmap_single(dev, dma, n, linux.DMA_FROM_DEVICE),
    )


def no_mapping_error_check(p: Patch) -> None:
    p.setattr(nic_tx, "dma_mapping_error", lambda dev, dma: 0)


def map_for_the_wrong_direction(p: Patch) -> None:
    p.setattr(nic_tx, "DMA_TO_DEVICE", linux.DMA_FROM_DEVICE)


def rx_buffers_without_a_mapping(p: Patch) -> None:
    """A page pool that does not map its pages."""

    def create(params: Any) -> Any:
        params.flags = 0
        return linux.page_pool_create(params)

    p.setattr(nic_rx, "page_pool_create", create)


def rx_buffer_beyond_its_mapping(p: Patch) -> None:
    """The device is told of an address before the page."""
    write = nic_rx._write_desc
    p.setattr(nic_rx, "_write_desc", lambda ring, index, dma: write(ring, index, dma - (2 << 20)))


def sync_beyond_the_mapping(p: Patch) -> None:
    p.setattr(
        nic_rx,
        "dma_sync_single_for_cpu",
        lambda dev, dma, n, way: linux.dma_sync_single_for_cpu(dev, dma, n + linux.PAGE_SIZE, way),
    )


def sync_in_another_direction(p: Patch) -> None:
    p.setattr(
        nic_rx,
        "dma_sync_single_for_cpu",
        lambda dev, dma, n, way: linux.dma_sync_single_for_cpu(dev, dma, n, linux.DMA_TO_DEVICE),
    )


def tx_one_byte_too_many(p: Patch) -> None:
    """The device is told of more than is mapped."""
    write = nic_tx._write_desc
    p.setattr(nic_tx, "_write_desc", lambda ring, index, dma, ctrl: write(ring, index, dma, ctrl + 70))


def rx_buffers_freed_before_the_device_stops(p: Patch) -> None:
    """ndo_stop frees the buffers and leaves the rings running."""
    p.setattr(nic_netdev, "_stop_rings", lambda priv: None)


def forget_to_sync(p: Patch) -> None:
    """Buffers stay mapped when they are read: through bounce buffers they are stale."""
    p.setattr(nic_rx, "dma_sync_single_for_cpu", lambda *a: None)


def post_without_a_sync(p: Patch) -> None:
    """Buffers that the CPU has read go back to the device, and it is not told: they are the CPU's still."""
    p.setattr(nic_rx, "dma_sync_single_for_device", lambda *a: None)


# -- TX ------------------------------------------------------------------------------------------------------------
def never_stop_the_queue(p: Patch) -> None:
    p.setattr(nic_tx, "STOP_BELOW", 0)


def start_where_wake_is_due(p: Patch) -> None:
    p.setattr(nic_tx, "netif_tx_wake_queue", linux.netif_tx_start_queue)


def complete_more_bytes_than_sent(p: Patch) -> None:
    p.setattr(
        nic_tx, "netdev_tx_completed_queue", lambda q, n, size: linux.netdev_tx_completed_queue(q, n, size + 1)
    )


def complete_bytes_for_each_packet(p: Patch) -> None:
    def each(q: Any, n: int, size: int) -> None:
        linux.netdev_tx_completed_queue(q, 1, 1)
        linux.netdev_tx_completed_queue(q, n - 1, size - 1)

    p.setattr(nic_tx, "netdev_tx_completed_queue", each)


def forget_to_free_sent_skbs(p: Patch) -> None:
    p.setattr(nic_tx, "napi_consume_skb", lambda skb, budget: None)


def free_sent_skbs_twice(p: Patch) -> None:
    def twice(skb: Any, budget: int) -> None:
        linux.napi_consume_skb(skb, budget)
        linux.napi_consume_skb(skb, budget)

    p.setattr(nic_tx, "napi_consume_skb", twice)


def use_the_skb_after_the_doorbell(p: Patch) -> None:
    """xmit looks at the skb when it may already be gone: time passes after the doorbell."""
    xmit = nic_tx.nic_start_xmit

    def late(skb: Any, ndev: Any) -> int:
        result = xmit(skb, ndev)
        charge(20_000)
        ndev.stats.tx_bytes += skb.len
        return result

    p.setattr(nic_netdev_ops, "ndo_start_xmit", late)


def keep_the_doorbell_back(p: Patch) -> None:
    """The doorbell is left to a next skb that does not come."""
    ring_it = nic_tx._doorbell
    count = [0]

    def seldom(ring: Any) -> None:
        count[0] += 1
        if count[0] % 7 != 0:
            ring_it(ring)

    p.setattr(nic_tx, "_doorbell", seldom)


def overfill_the_ring(p: Patch) -> None:
    """Free descriptors counted wrong by one turn of the ring: descriptors in use are overwritten."""
    p.setattr(nic_tx.NicTxRing, "free", lambda ring: 1000)


def ring_before_filling(p: Patch) -> None:
    """The doorbell comes before the descriptors: the device reads what was there."""
    write = nic_tx._write_desc
    later: list[tuple[Any, ...]] = []

    def doorbell(ring: Any) -> None:
        ring.posted = ring.next_to_use
        writel(ring.next_to_use, ring.doorbell)
        charge(2_000)
        for args in later:
            write(*args)
        later.clear()

    p.setattr(nic_tx, "_write_desc", lambda *args: later.append(args))
    p.setattr(nic_tx, "_doorbell", doorbell)


def refuse_what_was_taken(p: Patch) -> None:
    """NETDEV_TX_BUSY for an skb that is in the ring."""
    xmit = nic_tx.nic_start_xmit

    def busy(skb: Any, ndev: Any) -> int:
        xmit(skb, ndev)
        return linux.NETDEV_TX_BUSY

    p.setattr(nic_netdev_ops, "ndo_start_xmit", busy)


def stop_without_a_second_look(p: Patch) -> None:
    """The queue is stopped after the doorbell; between the look at the ring and the stop (a long interrupt) reclaim
    runs to its end and finds the queue awake: nobody wakes it any more."""
    xmit = nic_tx.nic_start_xmit

    def late_stop(skb: Any, ndev: Any) -> int:
        ring = ndev.priv.queues[skb.queue_mapping].tx
        result = xmit(skb, ndev)
        if ring.free() < linux.MAX_SKB_FRAGS + 1:
            charge(500_000)
            linux.netif_tx_stop_queue(ring.txq)
        return result

    p.setattr(nic_tx, "STOP_BELOW", 0)
    p.setattr(nic_netdev_ops, "ndo_start_xmit", late_stop)


# -- NAPI and interrupts -------------------------------------------------------------------------------------------
def patch_poll(p: Patch, poll: Callable[[Any, int], int]) -> None:
    p.setattr(nic_main, "nic_poll", poll)


def poll_beyond_the_budget(p: Patch) -> None:
    clean = nic_rx.nic_rx_clean
    p.setattr(nic_netdev, "nic_rx_clean", lambda ring, budget: clean(ring, 10 * budget))


def complete_at_the_full_budget(p: Patch) -> None:
    def poll(napi: Any, budget: int) -> int:
        q = napi.container
        nic_tx.nic_tx_clean(q.tx, budget)
        done = nic_rx.nic_rx_clean(q.rx, min(budget, 4)) and budget
        linux.napi_complete_done(napi, done)
        writel(q.rx.next_to_clean | q.tx.next_completion << 16, q.regs + hw.QP_IRQ_ARM)
        return done

    patch_poll(p, poll)


def stop_polling_with_work_left(p: Patch) -> None:
    """Returns less than the budget without completing: nobody polls again."""

    def poll(napi: Any, budget: int) -> int:
        q = napi.container
        nic_tx.nic_tx_clean(q.tx, budget)
        return nic_rx.nic_rx_clean(q.rx, 4)

    patch_poll(p, poll)


def receive_after_completing(p: Patch) -> None:
    def poll(napi: Any, budget: int) -> int:
        q = napi.container
        nic_tx.nic_tx_clean(q.tx, budget)
        linux.napi_complete_done(napi, 0)
        return nic_rx.nic_rx_clean(q.rx, budget)

    patch_poll(p, poll)


def arm_as_if_all_were_seen(p: Patch) -> None:
    """Arms with where the device is, not with how far the driver has read: what came in between is lost."""

    def poll(napi: Any, budget: int) -> int:
        q = napi.container
        nic_tx.nic_tx_clean(q.tx, budget)
        done = nic_rx.nic_rx_clean(q.rx, budget)
        if done < budget and linux.napi_complete_done(napi, done):
            seen = readl(q.regs + hw.QP_RXC_HEAD) | readl(q.regs + hw.QP_TXC_HEAD) << 16
            writel(seen, q.regs + hw.QP_IRQ_ARM)
        return done

    patch_poll(p, poll)


def forget_to_arm(p: Patch) -> None:
    def poll(napi: Any, budget: int) -> int:
        q = napi.container
        nic_tx.nic_tx_clean(q.tx, budget)
        done = nic_rx.nic_rx_clean(q.rx, budget)
        if done < budget:
            linux.napi_complete_done(napi, done)
        return done

    patch_poll(p, poll)


def receive_for_netpoll(p: Patch) -> None:
    """A budget of 0 is taken for 64."""

    def poll(napi: Any, budget: int) -> int:
        q = napi.container
        nic_tx.nic_tx_clean(q.tx, budget)
        done = nic_rx.nic_rx_clean(q.rx, budget or 64)
        if done == budget:
            return budget
        if linux.napi_complete_done(napi, done):
            writel(q.rx.next_to_clean | q.tx.next_completion << 16, q.regs + hw.QP_IRQ_ARM)
        return done

    patch_poll(p, poll)


def arm_before_completing(p: Patch) -> None:
    """The interrupt may come while the instance is still scheduled."""

    def poll(napi: Any, budget: int) -> int:
        q = napi.container
        nic_tx.nic_tx_clean(q.tx, budget)
        done = nic_rx.nic_rx_clean(q.rx, budget)
        if done < budget:
            writel(q.rx.next_to_clean | q.tx.next_completion << 16, q.regs + hw.QP_IRQ_ARM)
            charge(3_000)
            linux.napi_complete_done(napi, done)
        return done

    patch_poll(p, poll)


def leave_the_interrupt_unmasked(p: Patch) -> None:
    p.setattr(nic_netdev, "MASKED", hw.QP_IRQ_MASK_MASKED)  # without auto_mask


# -- life ----------------------------------------------------------------------------------------------------------
def leave_napi_enabled(p: Patch) -> None:
    p.setattr(nic_netdev, "napi_disable", lambda napi: None)


def disable_napi_twice(p: Patch) -> None:
    def twice(napi: Any) -> None:
        linux.napi_disable(napi)
        linux.napi_disable(napi)

    p.setattr(nic_netdev, "napi_disable", twice)


def keep_the_interrupt(p: Patch) -> None:
    p.setattr(nic_netdev, "nic_free_irqs", lambda priv: None)


def forget_rx_buffers(p: Patch) -> None:
    def drain(ring: Any) -> None:
        ring.next_to_clean = ring.next_to_use

    p.setattr(nic_netdev, "nic_rx_drain", drain)


def forget_the_pool(p: Patch) -> None:
    p.setattr(nic_rx, "page_pool_destroy", lambda pool: None)


def forget_to_mark_for_recycle(p: Patch) -> None:
    p.setattr(nic_rx, "skb_mark_for_recycle", lambda skb: None)


def put_rx_pages_twice(p: Patch) -> None:
    def drain(ring: Any) -> None:
        linux.page_pool_put_full_page(ring.pool, ring.buffers[ring.next_to_clean & ring.mask][2], False)
        drained(ring)

    drained = nic_rx.nic_rx_drain
    p.setattr(nic_netdev, "nic_rx_drain", drain)


def forget_free_netdev(p: Patch) -> None:
    p.setattr(nic_main, "free_netdev", lambda ndev: None)


def sleep_in_set_rx_mode(p: Patch) -> None:
    p.setattr(nic_netdev_ops, "ndo_set_rx_mode", lambda ndev: linux.msleep(1))


def sleep_in_statistics(p: Patch) -> None:
    p.setattr(nic_netdev_ops, "ndo_get_stats64", lambda ndev, stats: linux.msleep(1))


def take_any_address(p: Patch) -> None:
    def set_address(ndev: Any, addr: Any) -> int:
        linux.eth_hw_addr_set(ndev, addr.sa_data)
        return 0

    p.setattr(nic_netdev_ops, "ndo_set_mac_address", set_address)


def allocate_in_xmit_as_if_it_could_sleep(p: Patch) -> None:
    xmit = nic_tx.nic_start_xmit

    def sleeping(skb: Any, ndev: Any) -> int:
        linux.kfree(linux.kmalloc(64, linux.GFP_KERNEL))
        return xmit(skb, ndev)

    p.setattr(nic_netdev_ops, "ndo_start_xmit", sleeping)


CASES: list[tuple[Callable[[Patch], None], str, Callable[[Host], None], dict[str, Any]]] = [
    (forget_tx_unmap, "DMA1", traffic, {}),
    (forget_page_unmap, "DMA1", traffic, {}),
    (unmap_twice, "DMA1", traffic, {}),
    (unmap_another_length, "DMA1", traffic, {}),
    (unmap_another_direction, "DMA1", traffic, {}),
    (no_mapping_error_check, "DMA2", traffic, {}),
    (map_for_the_wrong_direction, "DMA3", traffic, {}),
    (rx_buffers_without_a_mapping, "DMA1", traffic, {}),
    (rx_buffer_beyond_its_mapping, "DMA1", traffic, {}),
    (sync_beyond_the_mapping, "DMA1", traffic, {}),
    (sync_in_another_direction, "DMA3", traffic, {}),
    (tx_one_byte_too_many, "DMA1", traffic, {}),
    (rx_buffers_freed_before_the_device_stops, "DMA1", traffic, {}),
    (forget_to_sync, "DATA", same_bytes, {"copybreak": 256, "swiotlb": "force"}),
    (forget_to_sync, "DATA", same_bytes, {"swiotlb": "force"}),
    (post_without_a_sync, "DMA3", laps, {"copybreak": 256}),
    (post_without_a_sync, "DMA3", laps, {"copybreak": 0}),
    (never_stop_the_queue, "TX1", full_ring, SLOW),
    (start_where_wake_is_due, "TX7", full_ring, SLOW),
    (complete_more_bytes_than_sent, "TX8", traffic, {}),
    (complete_bytes_for_each_packet, "TX8", traffic, {}),
    (forget_to_free_sent_skbs, "TIME", traffic, {}),
    (free_sent_skbs_twice, "BUG", traffic, {}),
    (use_the_skb_after_the_doorbell, "BUG", other_cpu, {"cpus": 2}),
    (keep_the_doorbell_back, "TIME", traffic, {}),
    (ring_before_filling, "DESC", traffic, {}),
    (refuse_what_was_taken, "TX1", traffic, {}),
    (stop_without_a_second_look, "TIME", full_ring_other_cpu, SLOW | {"cpus": 2}),
    (receive_for_netpoll, "NAPI2", netpoll, {}),
    (take_any_address, "LIFE4", address, {}),
    (overfill_the_ring, "RING", full_ring, SLOW),
    (poll_beyond_the_budget, "NAPI1", burst, BUSY),
    (complete_at_the_full_budget, "NAPI4", traffic, {}),
    (stop_polling_with_work_left, "NAPI3", traffic, {}),
    (receive_after_completing, "NAPI7", traffic, {}),
    (arm_as_if_all_were_seen, "TIME", pairs, FAST),
    (forget_to_arm, "TIME", traffic, {}),
    (arm_before_completing, "NAPI5", other_cpu, SLOW_POLL | {"cpus": 2}),
    (leave_the_interrupt_unmasked, "NAPI5", traffic, SLOW_POLL),
    (leave_napi_enabled, "LIFE2", traffic, {}),
    (sleep_in_statistics, "ETH2", statistics, {}),
    (disable_napi_twice, "NAPI8", traffic, {}),
    (keep_the_interrupt, "LIFE3", traffic, {}),
    (forget_rx_buffers, "LEAK: ETH3", traffic, {}),
    (forget_the_pool, "DMA1", traffic, {}),
    (forget_to_mark_for_recycle, "DMA1", traffic, {}),
    (put_rx_pages_twice, "BUG", traffic, {}),
    (forget_free_netdev, "LEAK", traffic, {}),
    (sleep_in_set_rx_mode, "LIFE5", traffic, {}),
    (allocate_in_xmit_as_if_it_could_sleep, "BUG", traffic, {}),
]


@pytest.mark.parametrize(("mistake", "rule", "scenario", "settings"), CASES, ids=[c[0].__name__ for c in CASES])
def test_mistake_is_reported(
    host: Any,
    monkeypatch: Patch,
    mistake: Callable[[Patch], None],
    rule: str,
    scenario: Callable[[Host], None],
    settings: dict[str, Any],
) -> None:
    """The run fails with CheckError under the rule that the mistake breaks."""
    mistake(monkeypatch)
    with pytest.raises(CheckError, match=f"^{rule}: "):
        scenario(host(**settings))
