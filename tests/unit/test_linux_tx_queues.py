# SPDX-License-Identifier: Apache-2.0
"""Which queue a packet takes (traffic classes, XPS, sockets), who gets which queueing discipline, and the functions
that stop and start queues.
"""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.contexts import Task
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_tx import Nic


def _skb(nic: Nic, hash: int = 0x8000_0000, prio: int = 0) -> Any:
    skb = nic.packet()
    skb.priority = prio
    L.skb_set_hash(skb, hash, L.PKT_HASH_TYPE_L4)
    return skb


# -- traffic classes -----------------------------------------------------------------------------------------
def test_traffic_class_gives_its_own_queues() -> None:
    nic = Nic(Bed(), queues=8)
    dev = nic.ndev
    assert L.netdev_set_num_tc(dev, 2) == 0
    assert L.netdev_set_tc_queue(dev, 0, 2, 0) == 0
    assert L.netdev_set_tc_queue(dev, 1, 3, 4) == 0
    assert L.netdev_set_prio_tc_map(dev, 5, 1) == 0
    assert (L.netdev_get_num_tc(dev), L.netdev_get_prio_tc_map(dev, 5), L.netdev_get_prio_tc_map(dev, 21)) == (2, 1, 1)
    assert L.netdev_pick_tx(dev, _skb(nic), None) == 1
    assert L.netdev_pick_tx(dev, _skb(nic, prio=5), None) == 5
    for rxq, queue in ((14, 4 + (14 - 4) % 3), (4, 4), (2, 4 + 2)):
        skb = _skb(nic, prio=5)
        L.skb_record_rx_queue(skb, rxq)
        assert L.netdev_pick_tx(dev, skb, None) == queue
    assert [L.netdev_txq_to_tc(dev, q) for q in (0, 1, 3, 4, 7)] == [0, 0, -1, 1, -1]
    L.netdev_reset_tc(dev)
    assert (L.netdev_get_num_tc(dev), L.netdev_pick_tx(dev, _skb(nic, prio=5), None)) == (0, 4)
    assert L.netdev_txq_to_tc(dev, 3) == 0


def test_changed_traffic_classes_lose_xps_maps_and_reset_forgets_all() -> None:
    nic = Nic(Bed(), queues=4)
    dev = nic.ndev

    def mapped() -> bool:
        return dev.xps_maps != [None, None]

    for change in (
        lambda: L.netdev_set_num_tc(dev, 2),
        lambda: L.netdev_set_tc_queue(dev, 0, 4, 0),
        lambda: L.netdev_set_tc_queue(dev, 1, 2, 2),
        lambda: L.netdev_reset_tc(dev),
    ):
        L.netif_set_xps_queue(dev, 1, 0)
        L.netdev_set_prio_tc_map(dev, 7, 1)
        change()
        assert not mapped()
    L.netdev_set_num_tc(dev, 2)
    assert L.netdev_get_prio_tc_map(dev, 7) == 0
    assert L.netdev_txq_to_tc(dev, 2) == -1


def test_traffic_class_that_is_not_there_is_refused() -> None:
    dev = Nic(Bed(), queues=2).ndev
    assert L.netdev_set_num_tc(dev, L.TC_MAX_QUEUE + 1) == -L.EINVAL
    assert L.netdev_set_tc_queue(dev, 0, 1, 0) == -L.EINVAL
    assert L.netdev_set_prio_tc_map(dev, 1, 0) == -L.EINVAL


def test_traffic_class_without_queues_uses_all_and_warns() -> None:
    nic = Nic(Bed(), queues=4)
    L.netdev_set_num_tc(nic.ndev, 1)
    assert L.netdev_pick_tx(nic.ndev, _skb(nic), None) == 2
    assert "invalid qcount, qoffset 0 for tc 0" in L.dmesg()[-1]


def test_fewer_queues_take_traffic_classes_away() -> None:
    nic = Nic(Bed(), queues=4)
    dev = nic.ndev
    L.netdev_set_num_tc(dev, 2)
    L.netdev_set_tc_queue(dev, 0, 2, 0)
    L.netdev_set_tc_queue(dev, 1, 2, 2)
    for prio in (1, 3, 15):
        L.netdev_set_prio_tc_map(dev, prio, 1)
    assert nic.bed.run_rtnl(L.netif_set_real_num_tx_queues, dev, 3) == 0
    assert L.netdev_get_num_tc(dev) == 2
    assert [L.netdev_get_prio_tc_map(dev, prio) for prio in (1, 3, 15)] == [0, 0, 0]
    assert "Priority 15 to tc mapping 1 is no longer valid" in L.dmesg()[-1]
    assert nic.bed.run_rtnl(L.netif_set_real_num_tx_queues, dev, 1) == 0
    assert L.netdev_get_num_tc(dev) == 0
    assert "invalidating tc mappings" in L.dmesg()[-1]


# -- XPS and sockets -----------------------------------------------------------------------------------------
def test_xps_gives_each_cpu_its_queues() -> None:
    bed = Bed(cpus=2)
    nic = Nic(bed, queues=4)
    assert L.netif_set_xps_queue(nic.ndev, 0b01, 3) == 0
    for queue in (1, 2):
        assert L.netif_set_xps_queue(nic.ndev, 0b10, queue) == 0
    picked = [bed.run(L.netdev_pick_tx, nic.ndev, _skb(nic, h), None, cpu=c) for c in (0, 1) for h in (1, 0xF000_0000)]
    assert picked == [3, 3, 1, 2]
    bed.run_rtnl(L.netif_set_real_num_tx_queues, nic.ndev, 3)
    assert bed.run(L.netdev_pick_tx, nic.ndev, _skb(nic), None) == 1, "queue 3 is not in use: by hash"
    bed.run_rtnl(L.netif_set_real_num_tx_queues, nic.ndev, 4)
    assert bed.run(L.netdev_pick_tx, nic.ndev, _skb(nic), None) == 2, "nor does it come back to the map"
    for queue in (1, 2):
        L.netif_set_xps_queue(nic.ndev, 0, queue)
    assert nic.ndev.xps_maps == [None, None]
    assert bed.run(L.netdev_pick_tx, nic.ndev, _skb(nic, 1), None, cpu=1) == 0, "no map is left"


def test_xps_by_receive_queue_goes_before_xps_by_cpu() -> None:
    nic = Nic(Bed(), queues=4)
    L.netif_set_xps_queue(nic.ndev, 1, 1)
    L.netif_set_xps_queue(nic.ndev, 1 << 2, 3, L.XPS_RXQS)
    skb = _skb(nic)
    assert nic.bed.run(L.netdev_pick_tx, nic.ndev, skb, None) == 1, "no socket, no receive queue"
    skb.sk = L.packet_socket(nic.ndev)
    assert nic.bed.run(L.netdev_pick_tx, nic.ndev, skb, None) == 1
    skb.sk.sk_rx_queue_mapping = 2
    assert nic.bed.run(L.netdev_pick_tx, nic.ndev, skb, None) == 3


def test_xps_of_a_queue_without_class_is_refused() -> None:
    nic = Nic(Bed(), queues=4)
    L.netdev_set_num_tc(nic.ndev, 1)
    L.netdev_set_tc_queue(nic.ndev, 0, 2, 0)
    assert L.netif_set_xps_queue(nic.ndev, 1, 3) == -L.EINVAL
    assert L.netif_set_xps_queue(nic.ndev, 1, 1) == 0


def test_socket_keeps_its_queue_until_packets_may_overtake() -> None:
    nic = Nic(Bed(), queues=4)
    sk = L.packet_socket(nic.ndev)

    def pick(hash: int, ooo: int = 0) -> int:
        skb = _skb(nic, hash)
        skb.sk = sk
        skb.ooo_okay = ooo
        return L.netdev_pick_tx(nic.ndev, skb, None)

    assert [pick(0xFFFF_FFFF), pick(1)] == [3, 0], "an unconnected socket has no queue"
    sk.sk_dst_cache = object()
    assert [pick(0xFFFF_FFFF), pick(1), pick(1, ooo=1), pick(0xFFFF_FFFF)] == [3, 3, 0, 0]
    sk.sk_tx_queue_mapping = 7
    assert pick(0xFFFF_FFFF) == 3, "a queue that is not in use"


def test_pick_tx_zero_is_for_ndo_select_queue() -> None:
    nic = Nic(Bed(), queues=4, ndo_select_queue=L.dev_pick_tx_zero)
    nic.send(1, 2, 3)
    assert [len(ring) for ring in nic.rings] == [3, 0, 0, 0]


# -- disciplines ---------------------------------------------------------------------------------------------
def test_device_with_several_queues_has_mq_above_them() -> None:
    nic = Nic(Bed(), size=1, queues=2, ndo_select_queue=lambda dev, skb, sb: skb.cb & 1)
    assert nic.ndev.qdisc.kind == "mq"
    assert [txq.qdisc.kind for txq in nic.ndev._tx] == ["pfifo_fast"] * 2
    nic.send(0, 1, 2, 3, 4)
    assert [L.qdisc_qlen_sum(txq.qdisc) for txq in nic.ndev._tx] == [2, 1]
    assert L.qdisc_qlen_sum(nic.ndev.qdisc) == 3


def test_device_without_room_for_packets_falls_back_to_noqueue() -> None:
    bed = Bed()
    nic = Nic(bed)
    bed.run(L.dev_close, nic.ndev)
    bed.run(L.unregister_netdev, nic.ndev)
    ndev = bed.run(L.alloc_etherdev_mqs, 0, 2, 1)
    ndev.netdev_ops = nic.ndev.netdev_ops
    ndev.tx_queue_len = 0
    assert (bed.run(L.register_netdev, ndev), bed.run(L.dev_open, ndev)) == (0, 0)
    assert ndev.qdisc.kind == "noqueue"
    assert "default qdisc (pfifo_fast) fail, fallback to noqueue" in L.dmesg()[-1]


def test_tx_queue_len_is_the_room_of_each_band() -> None:
    nic = Nic(Bed(), size=1)
    assert nic.bed.run(L.dev_change_tx_queue_len, nic.ndev, 3) == 0
    assert nic.ndev.tx_queue_len == 3
    assert nic.send(*range(6)) == [0, 0, 0, 0, 0, L.NET_XMIT_DROP], "one in the ring, one put back, 3 in their band"
    assert nic.bed.run(L.dev_change_tx_queue_len, nic.ndev, -1) == -L.ERANGE
    assert nic.bed.run(L.dev_change_tx_queue_len, nic.ndev, 3) == 0
    assert nic.qlen() == 4, "the same length changes nothing"
    assert nic.bed.run(L.dev_change_tx_queue_len, nic.ndev, 2) == 0
    assert (nic.qlen(), L.counters()["drops"]) == (0, {"QDISC_DROP": 1, "QUEUE_PURGE": 4})
    nic.rings[0].clear()
    nic.bed.run(L.netif_wake_queue, nic.ndev)
    assert nic.send(*range(5)) == [0, 0, 0, 0, L.NET_XMIT_DROP]


def test_close_waits_for_the_xmit_that_runs() -> None:
    bed = Bed(cpus=2)
    ended: list[int] = []

    def xmit(skb: Any, dev: Any) -> int:
        L.charge(50_000)
        ended.append(bed.sched.local_now)
        L.consume_skb(skb)
        return L.NETDEV_TX_OK

    def stop(dev: Any) -> int:
        ended.append(bed.sched.local_now)
        return 0

    nic = Nic(bed, ndo_start_xmit=xmit, ndo_stop=stop)

    def close() -> None:
        L.udelay(10)
        L.dev_close(nic.ndev)

    tasks = [
        Task(bed.sched.cpus[0], L.dev_queue_xmit, (nic.packet(),), "sender"),
        Task(bed.sched.cpus[1], close, (), "closer"),
    ]
    bed.pump(lambda: all(task.done for task in tasks))
    assert len(ended) == 2 and ended[0] < ended[1]


def test_open_and_close_set_and_end_the_watch_over_the_queues() -> None:
    nic = Nic(Bed(), queues=2, ndo_tx_timeout=lambda dev, q: None)
    run, dev = nic.bed.run, nic.ndev
    assert L.timer_pending(dev.watchdog_timer)
    run(L.dev_close, dev)
    assert not L.timer_pending(dev.watchdog_timer)
    nic.bed.settle(40_000_000)
    dev._tx[1].trans_start = 1
    run(L.dev_open, dev)
    assert [txq.trans_start for txq in dev._tx] == [L.jiffies(), 0]


def test_qdisc_that_was_scheduled_does_not_send_once_the_device_goes_down() -> None:
    """net/core/dev.c net_tx_action(): __QDISC_STATE_DEACTIVATED."""
    bed = Bed(cpus=2)
    nic = Nic(bed, size=1)
    nic.send(1, 2)
    nic.rings[0].clear()

    def wake() -> None:
        L.local_bh_disable()
        L.netif_wake_queue(nic.ndev)
        L.udelay(50)
        L.local_bh_enable()

    def close() -> None:
        L.udelay(10)
        L.dev_close(nic.ndev)

    tasks = [Task(cpu, fn, (), fn.__name__) for cpu, fn in zip(bed.sched.cpus, (wake, close), strict=True)]
    bed.pump(lambda: all(task.done for task in tasks))
    assert nic.sent == [1]
    assert L.counters()["drops"] == {"QUEUE_PURGE": 1}


def test_queue_that_is_in_use_no_more_drops_what_waits() -> None:
    nic = Nic(Bed(), size=1, queues=2, ndo_select_queue=lambda dev, skb, sb: 1)
    nic.send(1, 2, 3)
    nic.bed.run_rtnl(L.netif_set_real_num_tx_queues, nic.ndev, 1)
    assert L.qdisc_leaks() == []
    assert L.counters()["drops"] == {"QUEUE_PURGE": 2}


@pytest.mark.parametrize(
    ("gso", "size"),
    [(None, 1000), ((1, 100, 10), 1000 + 9 * 54), ((1 << 17, 100, 10), 1000 + 9 * 42), ((1 | 2, 473, 0), 1054)],
)
def test_packet_length_of_a_discipline_counts_the_headers_of_all_segments(gso: Any, size: int) -> None:
    """The last: SKB_GSO_DODGY, whose gso_segs nobody trusts: 946 bytes in segments of 473 are two."""
    nic = Nic(Bed())
    skb = nic.packet(size=1000)
    L.skb_set_transport_header(skb, 34)
    nic.bed.m.memory.mem[skb.data + 34 + 12] = 5 << 4
    if gso:
        shinfo = L.skb_shinfo(skb)
        shinfo.gso_type, shinfo.gso_size, shinfo.gso_segs = gso
    assert L.qdisc_pkt_len(skb) == size


# -- stop and start ------------------------------------------------------------------------------------------
def test_stopped_subqueue_stops_alone() -> None:
    nic = Nic(Bed(), queues=2)
    dev = nic.ndev
    skb = nic.packet()
    L.skb_set_queue_mapping(skb, 1)
    nic.bed.run(L.netif_stop_subqueue, dev, 1)
    assert [L.__netif_subqueue_stopped(dev, q) for q in (0, 1)] == [False, True]
    assert L.netif_subqueue_stopped(dev, skb) and L.netif_tx_queue_stopped(L.skb_get_tx_queue(dev, skb))
    assert not L.netif_queue_stopped(dev)
    nic.bed.run(L.netif_wake_subqueue, dev, 1)
    assert not L.__netif_subqueue_stopped(dev, 1)
    nic.bed.run(L.dev_close, dev)
    nic.bed.run(L.netif_stop_subqueue, dev, 1)
    nic.bed.run(L.netif_start_subqueue, dev, 1)
    assert not L.__netif_subqueue_stopped(dev, 1)
    nic.bed.run(L.netif_tx_stop_all_queues, dev)
    assert all(L.netif_xmit_stopped(txq) for txq in dev._tx)
    nic.bed.run(L.netif_tx_wake_all_queues, dev)
    assert not any(L.netif_xmit_frozen_or_stopped(txq) for txq in dev._tx)
    assert L.netif_is_multiqueue(dev)
    assert not L.netif_is_multiqueue(Nic(Bed()).ndev)


def test_tx_disable_waits_for_the_xmit_that_runs() -> None:
    bed = Bed(cpus=2)
    ended: list[int] = []

    def xmit(skb: Any, dev: Any) -> int:
        L.charge(5000)
        ended.append(bed.sched.local_now)
        L.consume_skb(skb)
        return L.NETDEV_TX_OK

    nic = Nic(bed, ndo_start_xmit=xmit)
    disabled: list[int] = []

    def disable() -> None:
        L.udelay(1)
        L.netif_tx_disable(nic.ndev)
        disabled.append(bed.sched.local_now)

    tasks = [
        Task(bed.sched.cpus[0], L.dev_queue_xmit, (nic.packet(),), "sender"),
        Task(bed.sched.cpus[1], disable, (), "disabler"),
    ]
    bed.pump(lambda: all(task.done for task in tasks))
    assert disabled[0] >= ended[0]
    assert L.netif_queue_stopped(nic.ndev)


def test_tx_lock_freezes_and_unlock_sends_what_waits() -> None:
    nic = Nic(Bed())
    txq = L.netdev_get_tx_queue(nic.ndev, 0)

    def run() -> None:
        L.netif_tx_lock_bh(nic.ndev)
        assert L.netif_tx_queue_frozen(txq) and L.netif_xmit_frozen_or_stopped(txq) and not L.netif_xmit_stopped(txq)
        L.dev_queue_xmit(nic.packet(1))
        assert nic.sent == []
        L.netif_tx_unlock_bh(nic.ndev)

    nic.bed.run(run)
    assert nic.sent == [1]


def test_queue_lock_keeps_xmit_out_and_trylock_says_so() -> None:
    nic = Nic(Bed())
    txq = L.netdev_get_tx_queue(nic.ndev, 0)

    def run() -> None:
        L.__netif_tx_lock_bh(txq)
        assert not L.__netif_tx_trylock(txq)
        L.__netif_tx_unlock_bh(txq)
        assert L.__netif_tx_trylock(txq)
        L.__netif_tx_unlock(txq)

    nic.bed.run(run)
    assert txq.xmit_lock_owner is None


def test_completed_wake_leaves_a_device_that_goes_down_stopped() -> None:
    nic = Nic(Bed(), size=1, bql=True)
    nic.send(1)
    txq = nic.ndev._tx[0]
    assert nic.bed.run(L.__netif_txq_completed_wake, txq, 1, 60, lambda: 10, 5, lambda: True) == 1
    assert L.netif_queue_stopped(nic.ndev)
    assert txq.dql.num_completed == 60
    assert nic.bed.run(L.netif_subqueue_completed_wake, nic.ndev, 0, 1, 40, lambda: 10, 5) == 0
    assert not L.netif_queue_stopped(nic.ndev)


def test_try_stop_stops_unless_there_is_room_by_now() -> None:
    nic = Nic(Bed())
    assert nic.bed.run(L.netif_subqueue_try_stop, nic.ndev, 0, lambda: 3, 4) == 0
    assert L.netif_queue_stopped(nic.ndev)
    assert nic.bed.run(L.netif_subqueue_maybe_stop, nic.ndev, 0, lambda: 4, 4, 4) == 1


def test_time_since_a_queue_stopped_and_the_last_transmit_are_known() -> None:
    nic = Nic(Bed())
    txq = nic.ndev._tx[0]
    nic.ndev.watchdog_timeo = 2
    nic.bed.settle(40_000_000)
    nic.send(1)
    sent = L.dev_trans_start(nic.ndev)
    assert sent == L.jiffies()
    nic.bed.run(L.netif_stop_queue, nic.ndev)
    assert L.netif_xmit_timeout_ms(txq) == 0
    nic.bed.settle(20_000_000)
    assert L.netif_xmit_timeout_ms(txq) == 20
    L.netif_trans_update(nic.ndev)
    assert L.netif_xmit_timeout_ms(txq) == 0
    nic.bed.settle(20_000_000)
    L.txq_trans_cond_update(txq)
    assert (L.netif_xmit_timeout_ms(txq), L.dev_trans_start(nic.ndev)) == (0, L.jiffies())
