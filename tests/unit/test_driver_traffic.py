# SPDX-License-Identifier: Apache-2.0
"""The reference driver on the soft NIC: frames both ways, rings that fill, memory that runs out, races."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic.nic_rx import BUFFER_BYTES
from pymodel.drivers.nic.nic_tx import STOP_BELOW
from tests.unit.soft_host import Host


def frame(n: int, number: int = 0) -> bytes:
    """A frame of ``n`` bytes whose flow and contents follow from its number."""
    head = bytes.fromhex("02005e000001") + b"\x02\x00\x00\x00" + (number % 7).to_bytes(2, "big") + b"\x88\xb5"
    return head + random.Random(number).randbytes(n - 14)


def wire_frames(host: Host) -> list[bytes]:
    return [f for f, _ in host.wire]


def received(host: Host) -> list[bytes]:
    return [f for f, _ in host.received]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"copybreak": 256},
        {"line_irq": True},
        {"tx_ring": 64, "rx_ring": 64},
        {"copybreak": 256, "swiotlb": "force"},
        {"weak": True},
    ],
    ids=str,
)
def test_every_length_arrives_both_ways(host: Any, params: dict[str, Any]) -> None:
    """14 to 1518 bytes, padded on the wire, byte for byte; afterwards nothing is left (LIFE2, DMA1, DMA3, ETH2)."""
    h = host(**params)
    h.up()
    lengths = [*range(14, 100), 127, 128, 129, 1023, 1500, 1513, 1514, 1518]
    out = [frame(n, n) for n in lengths]
    h.deliver(out)
    assert received(h) == out
    h.send(out[:-1])  # 1518 bytes are for frames with a VLAN tag
    assert wire_frames(h) == [f.ljust(60, b"\0") for f in out[:-1]]
    h.settle()
    stats = h.stats()
    assert (stats.tx_packets, stats.tx_bytes) == (len(out) - 1, sum(lengths) - 1518)
    assert (stats.rx_packets, stats.rx_bytes) == (len(out), sum(lengths))
    assert stats.tx_dropped == stats.rx_dropped == stats.rx_missed_errors == stats.rx_errors == 0
    h.down()
    h.remove()


def test_four_queues_on_two_cpus_keep_flows_in_order(host: Any) -> None:
    """Each flow leaves and arrives in order; vectors have their CPUs (queue q on CPU q % 2)."""
    h = host(queues=4, cpus=2, seed=3)
    h.up()
    mine = [frame(60 + i % 700, i) for i in range(300)]
    other = [frame(64 + i % 900, 1000 + i) for i in range(300)]
    for f in other:
        h.platform.wire_send(f, 0)
    tasks = [h.start(h.send_task, mine[cpu::2], cpu=cpu) for cpu in range(2)]
    h.until(lambda: all(t.done for t in tasks) and len(h.wire) == 300 and len(h.received) == 300)
    for got, want in ((wire_frames(h), mine), (received(h), other)):
        assert sorted(got) == sorted(want)
    assert [f for f in wire_frames(h) if f in set(mine[0::2])] == mine[0::2]
    h.remove()


def test_skb_fragments_are_gathered(host: Any) -> None:
    """The head and each page fragment is a descriptor of its own (TX path of dma_map_single and skb_frag_dma_map)."""
    h = host()
    h.up()
    out = [frame(n, n) for n in range(60, 1514, 97)]
    h.send(out, frags=True)
    assert wire_frames(h) == out
    assert h.nic.tx.rings[0].head > len(out), "no frame took more than one descriptor"
    h.down()
    h.remove()


def test_jumbo_frames_span_buffers(host: Any) -> None:
    """MTU 9000: up to 6 buffers a frame, around every boundary between buffers (LIFE6)."""
    h = host(rx_ring=64)
    h.up()
    assert h.call(linux.dev_set_mtu, h.ndev, 9000) == 0
    near = [k * BUFFER_BYTES + d for k in range(1, 6) for d in (-1, 0, 1)]
    out = [frame(n, n) for n in [*near, 9014, 9018]]
    h.deliver(out)
    assert received(h) == out
    h.send([f for f in out if len(f) <= 9014])
    assert wire_frames(h) == [f for f in out if len(f) <= 9014]
    h.down()
    h.remove()


def test_full_tx_ring_stops_the_queue_and_reclaim_wakes_it(host: Any) -> None:
    """A slow wire, a small ring: stopped below MAX_SKB_FRAGS + 1 free, woken at reclaim, never NETDEV_TX_BUSY (TX1,
    TX2, TX4, TX6)."""
    h = host(tx_ring=64, rate_gbps=0.1)
    h.up()
    out = [frame(60, i) for i in range(400)]
    h.send(out)
    ring = h.priv.queues[0].tx
    assert wire_frames(h) == out
    assert ring.stopped > 0 and ring.woken > 0
    assert ring.size == ring.free() + ((ring.next_to_use - ring.next_to_clean) & 0xFFFF)
    assert not [line for line in linux.dmesg() if "awake" in line]
    h.settle()
    assert ring.free() == ring.size, "sent skbs are freed without further transmits (TX4)"
    h.down()
    h.remove()


@pytest.mark.parametrize("seed", range(6))
def test_stop_and_wake_race_loses_no_wakeup(host: Any, seed: int) -> None:
    """xmit and reclaim on two CPUs, exact time (quantum 0), a ring of 64 that is always about to be full (TX6)."""
    h = host(queues=1, cpus=2, tx_ring=64, seed=seed, rate_gbps=2, costs={"tx_packet": 60, "tx_reclaim": 45})
    h.up()
    out = [frame(60 + 5 * (i % 3), i) for i in range(500)]
    task = h.start(h.send_task, out, True, cpu=1)
    h.until(lambda: task.done and len(h.wire) == len(out), limit_us=20_000)
    assert wire_frames(h) == out
    h.down()
    h.remove()


@pytest.mark.parametrize("seed", range(8))
def test_interrupts_are_not_lost_between_last_look_and_arm(host: Any, seed: int) -> None:
    """Frames that arrive one by one at times around the end of a poll, exact time: each is seen (NAPI5, IRQ2)."""
    rng = random.Random(seed)
    h = host(seed=seed, rate_gbps=100)
    h.up()
    t = h.platform.now
    sent = []
    for i in range(400):
        t += rng.randrange(200, 3_000) * 1000
        sent.append(frame(60, i))
        h.platform.wire_send(sent[-1], t)
    h.until(lambda: len(h.received) == len(sent), limit_us=5_000)
    assert received(h) == sent
    h.down()
    h.remove()


def test_rx_ring_overrun_is_counted_and_recovered_from(host: Any) -> None:
    """A slow host: frames are dropped by the device, each is counted, what arrives is in order (ETH2)."""
    h = host(rx_ring=64, rate_gbps=100, costs={"rx_packet": 3000})
    h.up()
    sent = [frame(60, i) for i in range(600)]
    for f in sent:
        h.platform.wire_send(f, 0)
    h.settle(5_000)
    stats = h.stats()
    got = received(h)
    assert stats.rx_missed_errors > 0
    assert len(got) + stats.rx_missed_errors == len(sent)
    order = {f: i for i, f in enumerate(sent)}
    assert [order[f] for f in got] == sorted(order[f] for f in got)
    h.deliver([frame(80, 1)])
    h.down()
    h.remove()


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_tx_mapping_failure_unwinds_and_drops(host: Any, nth: int) -> None:
    """The nth mapping of an skb fails: what was mapped is unmapped, the skb is freed and counted, NETDEV_TX_OK; the
    next one goes out (TX9, TX3, DMA1, DMA2)."""
    h = host()
    h.up()
    count = 0

    def fail(dev: Any, size: int) -> bool:
        nonlocal count
        count += 1
        return count == nth

    assert h.call(linux.dev_set_mtu, h.ndev, 9000) == 0
    mappings = len(linux.dma_mappings())
    linux.set_dma_failure(fail)
    h.call(h.send_task, [frame(9014, 1)], True)
    linux.set_dma_failure(None)
    assert count == nth, "the skb had fewer parts than expected"
    assert len(linux.dma_mappings()) == mappings
    assert h.stats().tx_dropped == 1
    h.send([frame(100, 2)], True)
    assert wire_frames(h) == [frame(100, 2)]
    h.down()
    h.remove()


def test_dropped_skb_at_the_end_of_a_batch_still_rings_the_doorbell(host: Any) -> None:
    """With xmit_more the doorbell is left to the last skb of a batch; when that one is dropped it must ring for the
    others (TX4)."""
    h = host(rate_gbps=1)
    h.up()
    total = 24
    fail_at = {total}
    count = 0

    def fail(dev: Any, size: int) -> bool:
        nonlocal count
        if size == 333:
            count += 1
            return count in fail_at
        return False

    linux.set_dma_failure(fail)
    h.call(h.send_task, [frame(333, i) for i in range(total)])
    h.until(lambda: len(h.wire) == total - 1, limit_us=2_000)
    linux.set_dma_failure(None)
    h.down()
    h.remove()


def test_rx_allocation_failure_keeps_polling_until_memory_is_back(host: Any) -> None:
    """The stack keeps all pages and there are no others, until the ring is dry: no completion can come any more, so the
    poll stays on; with memory back, traffic flows."""
    h = host(rx_ring=64)
    h.up()
    kept: list[Any] = []

    def keep(skb: Any) -> Any:
        kept.append(skb)
        return linux.RX_HANDLER_CONSUMED, None

    def take_over(handler: Any) -> None:
        linux.rtnl_lock()
        linux.netdev_rx_handler_unregister(h.ndev)
        linux.netdev_rx_handler_register(h.ndev, handler)
        linux.rtnl_unlock()

    ring = h.priv.queues[0].rx
    h.call(take_over, keep)
    linux.set_alloc_failure(lambda what, size: what == "page")
    for i in range(200):
        h.platform.wire_send(frame(60, i), 0)
        h.settle(2)
    assert ring.posted() == 0 and 64 < len(kept) < 200
    h.settle(50)
    linux.set_alloc_failure(None)
    h.settle(50)
    assert ring.posted() == 64
    h.call(take_over, h._receive)
    h.deliver([frame(60, i) for i in range(10)])
    assert ring.alloc_failed > 0
    h.down()
    assert any("never came home" in line for line in linux.leak_report()), "ETH3: pages that the stack still has"
    for skb in kept:
        h.call(linux.consume_skb, skb)
    h.remove()


def test_rx_pages_go_round_and_the_pool_stays_small(host: Any) -> None:
    """ETH3: one pool a queue; no page is allocated or mapped while the stack keeps none, and ethtool tells of it."""
    h = host(queues=2, rx_ring=64)
    h.up()
    h.deliver([frame(60 + i % 900, i) for i in range(64)])
    mapped = linux.counters()["dma_maps"]
    h.deliver([frame(60 + i % 900, i) for i in range(600)])
    assert linux.counters()["dma_maps"] == mapped
    assert len({id(q.rx.pool) for q in h.priv.queues}) == 2
    stats = _ethtool_stats(h)
    assert stats["rx_pp_recycle_cached"] + stats["rx_pp_recycle_ring"] > 250 and stats["rx_pp_alloc_slow"] >= 2
    h.down()
    h.up()
    again = _ethtool_stats(h)
    assert all(again[name] >= n for name, n in stats.items()), "ETH2: they survive down and up"
    h.remove()


def _ethtool_stats(h: Any) -> dict[str, int]:
    strings = linux.ethtool_gstrings(cmd=linux.ETHTOOL_GSTRINGS, string_set=linux.ETH_SS_STATS)
    assert h.call(linux.dev_ethtool, h.ndev, strings) == 0
    stats = linux.ethtool_stats(cmd=linux.ETHTOOL_GSTATS)
    assert h.call(linux.dev_ethtool, h.ndev, stats) == 0
    return dict(zip(strings.data, stats.data, strict=True))


def test_bad_and_oversize_frames_are_counted_as_errors(host: Any) -> None:
    """LIFE6: MTU + 18 passes, one byte more does not; damaged frames and those to other stations are counted too."""
    h = host()
    h.up()
    h.deliver([frame(1518, 1), frame(1519, 2)], drops=1)
    h.platform.wire_send(frame(100, 3), 0, bad=True)
    h.call(linux.dev_set_promiscuity, h.ndev, -1)
    h.settle(10)
    h.platform.wire_send(b"\x02\xde\xad\x00\x00\x00" + frame(100, 4)[6:], 0)
    h.settle(10)
    stats = h.stats()
    assert (stats.rx_length_errors, stats.rx_crc_errors, stats.rx_errors, stats.rx_dropped) == (1, 1, 2, 1)
    assert received(h) == [frame(1518, 1)]
    h.down()
    h.remove()


def _age(host: Host, by: int) -> None:
    """Let every index of an idle device and its driver be ``by`` further on: a multiple of twice the ring's size, so
    that slots and phases stay as they are."""
    for queue, tx, rx, vector in zip(
        host.priv.queues, host.nic.tx.rings, host.nic.rx.rings, host.nic.irq.pairs, strict=True
    ):
        names = {
            queue.tx: ("next_to_use", "next_to_clean", "next_completion", "posted"),
            queue.rx: ("next_to_use", "next_to_clean"),
            tx: ("tail", "head", "fetched", "cq_head", "done"),
            rx: ("tail", "head", "fetched", "cq_head"),
            vector.tx: ("seen", "mark"),
            vector.rx: ("seen", "mark"),
        }
        for thing, indices in names.items():
            for name in indices:
                setattr(thing, name, getattr(thing, name) + by & 0xFFFF)


@pytest.mark.parametrize("params", [{}, {"line_irq": True}], ids=str)
def test_indices_wrap_at_65536(host: Any, params: dict[str, Any]) -> None:
    """Ring indices, completion indices and phases, armed indices: all run through 0xFFFF -> 0 in traffic."""
    h = host(tx_ring=64, rx_ring=64, **params)
    h.up()
    h.settle()
    _age(h, 65536 - 128)
    out = [frame(60 + i % 400, i) for i in range(400)]
    task = h.start(h.send_task, out, True)
    h.deliver(out)
    h.until(lambda: task.done and len(h.wire) == len(out))
    assert wire_frames(h) == received(h) == out
    queue = h.priv.queues[0]
    assert max(queue.tx.next_to_use, queue.rx.next_to_clean) < 60_000, "nothing wrapped"
    h.down()
    h.remove()


def test_stop_threshold_fits_the_largest_skb() -> None:
    """TX2: the queue stops while an skb with all fragments, and an offload descriptor, would still fit."""
    assert STOP_BELOW == linux.MAX_SKB_FRAGS + 2
