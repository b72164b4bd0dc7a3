# SPDX-License-Identifier: Apache-2.0
"""What the reference driver says of a frame, and of one that is lost: features that are off, memory that an skb holds,
frames refused, copies without memory, a frame begun when the device is closed."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.drivers.nic import nic_rx
from tests.unit.soft_host import Host
from tests.unit.test_driver_traffic import _ethtool_stats, frame
from tests.unit.test_soft_rss import VECTORS, packet


def _seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """(hash, ip_summed, truesize) of each skb that the driver hands to the stack from now on."""
    seen: list[tuple[int, int, int]] = []
    receive = nic_rx.napi_gro_receive

    def spy(napi: Any, skb: Any) -> Any:
        seen.append((skb.hash, skb.ip_summed, skb.truesize))
        return receive(napi, skb)

    monkeypatch.setattr(nic_rx, "napi_gro_receive", spy)
    return seen


def _set(h: Host, feature: int, on: bool) -> None:
    def change() -> None:
        L.rtnl_lock()
        wanted = h.ndev.wanted_features
        h.ndev.wanted_features = wanted | feature if on else wanted & ~feature
        L.netdev_update_features(h.ndev)
        L.rtnl_unlock()

    h.call(change)


def test_hash_and_sum_reach_the_skb_only_while_their_features_are_on(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ethtool -K rx off, rxhash off, each alone, and both on again (kernel-rules.md: OFF3, RSS1)."""
    h = host(queues=2)
    h.up()
    seen = _seen(monkeypatch)
    frames = [packet(*v[:4]) for v in VECTORS]
    for rxcsum, rxhash in ((True, True), (False, True), (True, False), (True, True)):
        _set(h, L.NETIF_F_RXCSUM, rxcsum)
        _set(h, L.NETIF_F_RXHASH, rxhash)
        seen.clear()
        h.deliver(frames)
        assert [bool(hash_) for hash_, _, _ in seen] == [rxhash] * len(frames)
        assert [summed != L.CHECKSUM_NONE for _, summed, _ in seen] == [rxcsum] * len(frames)
    h.remove()


def test_skb_is_charged_for_every_buffer_that_it_holds(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """truesize counts whole buffers, however little of the last is used."""
    h = host(queues=1)
    h.up()
    assert h.call(L.dev_set_mtu, h.ndev, 9000) == 0
    seen = _seen(monkeypatch)
    lengths = [60, nic_rx.BUFFER_BYTES, nic_rx.BUFFER_BYTES + 1, 9000]
    h.deliver([frame(n, i) for i, n in enumerate(lengths)])
    buffers = [-(-n // nic_rx.BUFFER_BYTES) for n in lengths]
    one = seen[0][2]
    assert [size - one for _, _, size in seen] == [(n - 1) * nic_rx.TRUESIZE for n in buffers]
    h.remove()


@pytest.mark.parametrize("length", [L.ETH_HLEN - 1, 9019])
def test_frame_that_the_device_would_refuse_is_dropped_and_counted(host: Any, length: int) -> None:
    """Shorter or longer than a descriptor ring may hold: the queue is not halted, the next frame goes out (TX9)."""
    h = host(queues=1)
    h.up()

    def xmit() -> int:
        skb = L.alloc_skb(length + 64, L.GFP_KERNEL)
        L.skb_reserve(skb, 64)
        L.skb_put_data(skb, bytes(length), length)
        skb.dev = h.ndev
        L.local_bh_disable()
        txq = L.netdev_get_tx_queue(h.ndev, 0)
        L.__netif_tx_lock(txq, L.smp_processor_id())
        err = h.ndev.netdev_ops.ndo_start_xmit(skb, h.ndev)
        L.__netif_tx_unlock(txq)
        L.local_bh_enable()
        return int(err)

    assert h.call(xmit) == L.NETDEV_TX_OK
    h.send([frame(100)])
    assert (h.stats().tx_dropped, h.stats().tx_packets) == (1, 1)
    h.remove()


def test_copies_without_memory_are_counted_as_dropped(host: Any) -> None:
    """copybreak: the buffer stays with the ring, the frame is lost and counted."""
    h = host(queues=1, copybreak=256)
    h.up()
    L.set_alloc_failure(lambda what, size: L.in_serving_softirq())
    for i in range(5):
        h.platform.wire_send(frame(100, i), 0)
    h.settle(200)
    L.set_alloc_failure(None)
    h.deliver([frame(100, 9)])
    stats = h.stats()
    assert (stats.rx_dropped, stats.rx_packets) == (5, 1)
    h.remove()


def test_frame_begun_when_the_device_is_closed_is_freed(host: Any) -> None:
    """Its first buffers are in an skb that no poll will finish (kernel-rules.md: ETH3, LIFE2)."""
    h = host(queues=1)
    h.up()
    ring = h.priv.queues[0].rx
    ring.skb = h.call(L.alloc_skb, 200, L.GFP_KERNEL)
    h.down()
    assert ring.skb is None
    h.remove()  # reports what leaked


def test_what_page_pools_have_given_outlives_them(host: Any) -> None:
    """Down and up make new pools; statistics do not go back (ETH2)."""
    h = host(queues=1)
    h.up()
    h.deliver([frame(100, i) for i in range(40)])
    before = {name: n for name, n in _ethtool_stats(h).items() if name.startswith("rx_pp_alloc")}
    assert any(before.values())
    h.down()
    h.up()
    after = _ethtool_stats(h)
    assert {name: after[name] for name, n in before.items() if after[name] < n} == {}
    assert after["rx_pp_alloc_slow"] > before["rx_pp_alloc_slow"]
    h.remove()
