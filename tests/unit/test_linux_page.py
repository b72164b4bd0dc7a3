# SPDX-License-Identifier: Apache-2.0
"""The networking page, sample by sample and rule by rule: socket buffers and network devices. NAPI and the paths of
packets: test_linux_page_paths.py; the page's driver: page_bed.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.page_bed import (
    FRAME,
    MAC,
    PAYLOAD,
    PEER,
    alloc,
    arrive,
    my_open,
    my_priv,
    my_start_xmit,
    my_stop,
    plugged,
    probed,
)


# -- Socket Buffers: what the fields mean --------------------------------------------------------------------
def test_pointers_of_a_fresh_skb_lie_as_in_the_picture() -> None:
    """head, data, tail, end; skb_shared_info follows end at once."""
    bed = Bed()
    skb = alloc(bed, 1000)
    assert skb.head == skb.data == skb.tail < skb.end
    assert skb.end - skb.head >= 1000
    assert L.skb_end_pointer(skb) == skb.end
    assert L.skb_shinfo(skb).nr_frags == 0
    assert (skb.end - skb.head) % 64 == 0  # SMP_CACHE_BYTES
    assert L.ksize(skb.head) >= skb.end - skb.head + 320


def test_len_is_tail_minus_data_plus_data_len_and_truesize_is_all_of_it() -> None:
    bed = Bed()
    skb = alloc(bed, 200)
    before = skb.truesize
    assert before >= 256 + (skb.end - skb.head) + 320
    L.skb_put(skb, 100)
    page = bed.run(L.alloc_page, L.GFP_KERNEL)
    L.skb_add_rx_frag(skb, 0, page, 0, 500, L.PAGE_SIZE)
    assert (skb.len, skb.data_len) == (600, 500)
    assert skb.len == skb.tail - skb.data + skb.data_len
    assert skb.truesize == before + L.PAGE_SIZE


def test_frag_list_counts_in_data_len() -> None:
    """data_len: page fragments and frag_list."""
    bed = Bed()
    skb, other = alloc(bed, 200), alloc(bed, 200)
    L.skb_put_data(skb, PAYLOAD, 30)
    L.skb_put_data(other, PAYLOAD, 64)
    L.skb_shinfo(skb).frag_list = other
    skb.len += 64
    skb.data_len += 64
    assert L.skb_to_bytes(skb) == PAYLOAD[:30] + PAYLOAD
    assert bed.run(L.skb_linearize, skb) == 0
    assert (skb.data_len, L.skb_shinfo(skb).frag_list) == (0, None)
    bed.run(L.kfree_skb, skb)
    assert not L.skb_leaks()


def test_head_never_moves_and_data_and_tail_do() -> None:
    bed = Bed()
    skb = alloc(bed, 200)
    head, end = skb.head, skb.end
    L.skb_reserve(skb, 50)
    L.skb_put(skb, 20)
    L.skb_push(skb, 10)
    L.skb_pull(skb, 5)
    assert (skb.head, skb.end) == (head, end)
    assert (skb.data - head, skb.tail - head, skb.len) == (45, 70, 25)


def test_pkt_type_says_to_whom_the_packet_goes() -> None:
    bed = Bed()
    priv = probed(bed)
    kinds = [
        (MAC, L.PACKET_HOST),
        (b"\xff" * 6, L.PACKET_BROADCAST),
        (b"\x01" + MAC[1:], L.PACKET_MULTICAST),
        (PEER, L.PACKET_OTHERHOST),
    ]
    for to, kind in kinds:
        skb = alloc(bed, 100)
        L.skb_put_data(skb, to + FRAME[6:60], 60)
        skb.protocol = L.eth_type_trans(skb, priv.dev)
        assert skb.pkt_type == kind
        assert (skb.protocol, skb.dev) == (L.ETH_P_IP, priv.dev)


def test_mac_len_is_that_of_the_link_layer_header_when_the_stack_has_the_packet() -> None:
    bed = Bed()
    priv = probed(bed)
    lengths: list[int] = []

    def look(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        lengths.append(skb.mac_len)
        L.consume_skb(skb)
        return 0

    L.dev_add_pack(L.packet_type(type=L.ETH_P_IP, func=look))
    arrive(bed, priv, FRAME)
    assert lengths == [14]


def test_hash_of_the_flow_chooses_the_queue() -> None:
    """Used for load-balancing across queues."""
    bed = Bed()
    dev = bed.run(L.alloc_etherdev_mqs, 0, 8, 8)
    skb = alloc(bed, 100)
    queues = set()
    for i in range(16):
        L.skb_set_hash(skb, i << 28, L.PKT_HASH_TYPE_L4)
        assert skb.hash == i << 28
        queues.add(L.skb_tx_hash(dev, None, skb))
    assert queues == set(range(8))


def test_sk_is_the_socket_that_owns_the_buffer() -> None:
    bed = Bed()
    probed(bed)
    sk = bed.run(L.packet_socket, L.registered_netdevs()[0], L.ETH_P_ALL)
    skb = alloc(bed, 100)
    L.skb_put(skb, 60)
    L.skb_set_owner_w(skb, sk)
    assert skb.sk is sk
    assert sk.sk_wmem_alloc == skb.truesize
    bed.run(L.consume_skb, skb)
    assert sk.sk_wmem_alloc == 0
    bed.run(L.packet_release, sk)


def test_partial_checksum_is_completed_from_csum_start_to_csum_offset() -> None:
    """OFF1. Where the device cannot, skb_checksum_help() does; it is CHECKSUM_NONE then."""
    bed = Bed()
    skb = alloc(bed, 200)
    mem = bed.m.memory.mem
    L.skb_reserve(skb, 16)
    L.skb_put_data(skb, PAYLOAD, 64)
    skb.ip_summed = L.CHECKSUM_PARTIAL
    skb.csum_start = skb.data - skb.head + 20
    skb.csum_offset = 6
    mem[skb.data + 26 : skb.data + 28] = b"\0\0"
    words = sum(int.from_bytes(mem[skb.data + i : skb.data + i + 2], "big") for i in range(20, 64, 2))
    assert bed.run(L.skb_checksum_help, skb) == 0
    field = int.from_bytes(mem[skb.data + 26 : skb.data + 28], "big")
    assert (field + words) % 0xFFFF == 0
    assert skb.ip_summed == L.CHECKSUM_NONE


def test_complete_checksum_is_in_csum_and_unnecessary_needs_none() -> None:
    bed = Bed()
    skb = alloc(bed, 200)
    L.skb_put_data(skb, PAYLOAD, 64)
    skb.csum = L.csum_partial(skb.data, 64, 0)
    skb.ip_summed = L.CHECKSUM_COMPLETE
    before = skb.csum
    data = skb.data
    L.skb_pull(skb, 8)
    L.skb_postpull_rcsum(skb, data, 8)
    assert L.csum_fold(skb.csum) == L.csum_fold(L.csum_partial(skb.data, 56, 0)) != L.csum_fold(before)
    skb.ip_summed = L.CHECKSUM_NONE
    assert not L.skb_csum_unnecessary(skb)
    skb.ip_summed = L.CHECKSUM_UNNECESSARY
    assert L.skb_csum_unnecessary(skb)


# -- Socket Buffers: allocation ------------------------------------------------------------------------------
def test_allocation_rounds_up_and_returns_null_on_failure() -> None:
    bed = Bed()
    for size in (1, 100, 1000, 5000):
        skb = alloc(bed, size, L.GFP_ATOMIC)
        assert (skb.len, (skb.end - skb.head) % L.SMP_CACHE_BYTES) == (0, 0)
        assert skb.end - skb.head >= size
    L.set_alloc_failure(lambda what, size: True)
    assert alloc(bed, 100) is None
    L.set_alloc_failure(None)


def test_gfp_kernel_in_atomic_context_raises_and_gfp_atomic_does_not() -> None:
    """Use GFP_ATOMIC in interrupt context or when holding a spinlock."""
    bed = Bed()
    lock = L.spinlock_t("mine")

    def run(flags: int) -> None:
        L.spin_lock(lock)
        try:
            L.kfree_skb(L.alloc_skb(100, flags))
        finally:
            L.spin_unlock(lock)

    bed.run(run, L.GFP_ATOMIC)
    with pytest.raises(L.SchedulingWhileAtomic):
        bed.run(run, L.GFP_KERNEL)


def test_sample_of_headroom_for_headers() -> None:
    """skb_reserve(skb, MAX_HEADER), then memcpy(skb_put(...)); and an Ethernet header pushed in front."""
    bed = Bed()
    mem = bed.m.memory.mem
    skb = bed.run(L.dev_alloc_skb, L.MAX_HEADER + len(PAYLOAD))
    room = L.skb_headroom(skb)
    L.skb_reserve(skb, L.MAX_HEADER)
    assert L.skb_headroom(skb) == room + L.MAX_HEADER >= L.MAX_HEADER
    to = L.skb_put(skb, len(PAYLOAD))
    mem[to : to + len(PAYLOAD)] = PAYLOAD
    assert (skb.len, L.skb_to_bytes(skb)) == (64, PAYLOAD)
    eth = L.ethhdr(L.skb_push(skb, L.ethhdr.size))
    mem[eth.at : eth.at + L.ETH_ALEN] = PEER
    assert (eth.h_dest, eth.at, skb.len) == (PEER, skb.data, 78)
    assert L.skb_to_bytes(skb)[:6] == PEER
    assert L.skb_to_bytes(skb)[14:] == PAYLOAD


def test_put_zero_and_put_data_fill_the_new_bytes() -> None:
    bed = Bed()
    skb = alloc(bed, 200)
    bed.m.memory.mem[skb.data : skb.data + 40] = b"\xaa" * 40
    at = skb.tail
    assert L.skb_put_zero(skb, 10) == at
    assert L.skb_put_data(skb, PAYLOAD, 20) == at + 10
    source = skb.data + 10
    L.skb_put_data(skb, source, 5)
    assert L.skb_to_bytes(skb) == bytes(10) + PAYLOAD[:20] + PAYLOAD[:5]


def test_sample_of_pulling_the_ethernet_header() -> None:
    """Returns the new data, or NULL if len exceeds skb->len: then the sample drops."""
    bed = Bed()
    skb = alloc(bed, 200)
    L.skb_put_data(skb, FRAME, 20)
    data = skb.data
    assert L.skb_pull(skb, L.ETH_HLEN) == data + 14 == skb.data
    assert skb.len == 6
    assert not L.skb_pull(skb, L.ETH_HLEN)
    assert (skb.len, skb.data) == (6, data + 14)


def test_put_without_tailroom_is_a_bug() -> None:
    """skb_put() will BUG() if there is insufficient tailroom; skb_tailroom() says how much there is."""
    bed = Bed()
    skb = alloc(bed, 100)
    L.skb_put(skb, L.skb_tailroom(skb))
    assert L.skb_tailroom(skb) == 0
    for put in (lambda: L.skb_put(skb, 1), lambda: L.skb_put_zero(skb, 1), lambda: L.skb_put_data(skb, b"x", 1)):
        skb.tail, skb.len = skb.end, skb.end - skb.data
        with pytest.raises(L.KernelBug, match="skb_over_panic"):
            put()


def test_push_without_headroom_is_a_bug() -> None:
    bed = Bed()
    skb = alloc(bed, 100)
    with pytest.raises(L.KernelBug, match="skb_under_panic"):
        L.skb_push(skb, 1)


def test_reserve_must_be_called_on_a_freshly_allocated_empty_skb() -> None:
    bed = Bed()
    skb = alloc(bed, 100)
    L.skb_put(skb, 10)
    with pytest.raises(L.CheckError, match="skb_reserve"):
        L.skb_reserve(skb, 10)


# -- Network Devices -----------------------------------------------------------------------------------------
def test_alloc_etherdev_is_alloc_netdev_with_ether_setup() -> None:
    """MTU=1500, type=ARPHRD_ETHER, addr_len=6."""
    bed = Bed()
    one = bed.run(L.alloc_etherdev, my_priv)
    two = bed.run(L.alloc_netdev, my_priv, "eth%d", L.NET_NAME_UNKNOWN, L.ether_setup)
    for dev in (one, two):
        assert (dev.mtu, dev.addr_len) == (1500, 6)
        assert dev.type == L.ARPHRD_ETHER
        assert isinstance(L.netdev_priv(dev), my_priv)
    assert one.name_assign_type == L.NET_NAME_ENUM
    assert two.name_assign_type == L.NET_NAME_UNKNOWN


def test_registration_makes_the_device_known_and_removal_takes_it_away() -> None:
    bed = Bed()
    priv = plugged(bed)
    assert L.registered_netdevs() == [priv.dev]
    assert priv.dev.dev.parent is priv.pdev.dev  # SET_NETDEV_DEV()
    assert not priv.dev.flags & L.IFF_UP
    assert bed.run(L.dev_open, priv.dev) == 0
    assert priv.dev.flags & L.IFF_UP
    assert priv.log == ["open"]
    bed.run(L.pci_remove_device, priv.pdev)
    assert priv.log == ["open", "stop"]
    assert L.registered_netdevs() == []
    assert L.leak_report() == []


def test_fields_that_the_driver_fills_are_what_the_stack_uses() -> None:
    """netdev_ops, ethtool_ops, features: with NETIF_F_SG and NETIF_F_HW_CSUM a packet reaches the driver as it is."""
    bed = Bed()
    got: list[tuple[int, int]] = []

    def xmit(skb: Any, dev: Any) -> int:
        got.append((skb.data_len, skb.ip_summed))
        L.dev_consume_skb_any(skb)
        return int(L.NETDEV_TX_OK)

    priv = probed(bed, ndo_start_xmit=xmit)
    dev = priv.dev

    def send_one() -> None:
        skb = L.alloc_skb(200, L.GFP_KERNEL)
        L.skb_put_data(skb, FRAME, 60)
        page = L.alloc_page(L.GFP_KERNEL)
        L.skb_add_rx_frag(skb, 0, page, 0, 100, L.PAGE_SIZE)
        L.skb_reset_mac_header(skb)
        skb.protocol, skb.dev = L.ETH_P_IP, dev
        skb.ip_summed, skb.csum_start, skb.csum_offset = L.CHECKSUM_PARTIAL, skb.data - skb.head + 34, 6
        L.dev_queue_xmit(skb)

    bed.run(send_one)
    dev.features &= ~L.NETIF_F_SG
    bed.run(send_one)
    dev.features &= ~L.NETIF_F_HW_CSUM
    bed.run(send_one)
    assert got == [(100, L.CHECKSUM_PARTIAL), (0, L.CHECKSUM_PARTIAL), (0, L.CHECKSUM_NONE)]
    assert dev.ethtool_ops.get_link is None or callable(dev.ethtool_ops.get_link)


def test_rxcsum_is_a_feature_that_can_be_switched() -> None:
    """Drivers advertise NETIF_F_RXCSUM; ethtool -K switches it."""
    bed = Bed()
    told: list[int] = []

    def set_features(dev: Any, features: int) -> int:
        told.append(features & L.NETIF_F_RXCSUM)
        return 0

    def run() -> Any:
        dev = L.alloc_etherdev(my_priv)
        dev.netdev_ops = L.net_device_ops(
            ndo_open=my_open, ndo_stop=my_stop, ndo_start_xmit=my_start_xmit, ndo_set_features=set_features
        )
        dev.features |= L.NETIF_F_RXCSUM
        dev.hw_features |= L.NETIF_F_RXCSUM
        L.eth_hw_addr_set(dev, MAC)
        assert L.register_netdev(dev) == 0
        return dev

    dev = bed.run(run)

    def wish(features: int) -> None:
        L.rtnl_lock()
        dev.wanted_features = features
        L.netdev_update_features(dev)
        L.rtnl_unlock()

    bed.run(wish, dev.wanted_features & ~L.NETIF_F_RXCSUM)
    assert told[-1] == 0 and not dev.features & L.NETIF_F_RXCSUM
    bed.run(wish, dev.wanted_features | L.NETIF_F_RXCSUM)
    assert told[-1] == L.NETIF_F_RXCSUM and dev.features & L.NETIF_F_RXCSUM


def test_bars_are_unmapped_after_the_device_is_unregistered() -> None:
    """On removal, always unregister before calling pci_iounmap()."""
    bed = Bed()
    priv = plugged(bed)
    regs = bed.run(L.pci_iomap, priv.pdev, 0, 0)
    assert regs is not None
    bed.run(L.writel, 1, regs)
    bed.run(L.unregister_netdev, priv.dev)
    L.pci_iounmap(priv.pdev, regs)
    with pytest.raises(L.CheckError, match="BAR 0, which .* has unmapped"):
        bed.run(L.writel, 1, regs)
    with pytest.raises(L.CheckError):
        L.pci_iounmap(priv.pdev, regs)
    assert bed.run(L.pci_iomap, priv.pdev, 0, 0) == regs
    bed.run(L.writel, 1, regs)


def test_ndo_get_stats_is_asked_where_there_is_no_ndo_get_stats64() -> None:
    """It is deprecated, and works."""
    bed = Bed()
    old = L.rtnl_link_stats64()
    old.rx_packets = 3
    priv = probed(bed, ndo_get_stats=lambda dev: old)
    assert bed.run(L.dev_get_stats, priv.dev).rx_packets == 3


def test_registration_fails_with_a_negative_errno() -> None:
    bed = Bed()
    plugged(bed)

    def again() -> int:
        dev = L.alloc_netdev(0, "eth0", L.NET_NAME_USER, L.ether_setup)
        dev.netdev_ops = L.net_device_ops(ndo_open=my_open, ndo_stop=my_stop, ndo_start_xmit=my_start_xmit)
        return int(L.register_netdev(dev))

    assert bed.run(again) == -L.EEXIST


def test_register_before_the_callbacks_are_there_is_reported() -> None:
    """register_netdev() must be called only after all fields and callbacks are fully initialized."""
    bed = Bed()

    def run() -> None:
        L.register_netdev(L.alloc_etherdev(my_priv))

    with pytest.raises(L.CheckError, match="LIFE1"):
        bed.run(run)


def test_free_before_unregister_is_a_bug() -> None:
    """Call free_netdev() afterwards."""
    bed = Bed()
    priv = plugged(bed)
    with pytest.raises(L.KernelBug):
        bed.run(L.free_netdev, priv.dev)


def test_each_op_of_the_page_is_called_when_the_page_says() -> None:
    bed = Bed()
    calls: list[Any] = []

    def stats(dev: Any, s: Any) -> None:
        calls.append("ndo_get_stats64")
        s.rx_packets = 7

    def set_mac(dev: Any, p: Any) -> int:
        calls.append("ndo_set_mac_address")
        if not L.is_valid_ether_addr(p.sa_data):
            return -L.EADDRNOTAVAIL
        L.eth_hw_addr_set(dev, p.sa_data)
        return 0

    def rx_mode(dev: Any) -> None:
        calls.append("ndo_set_rx_mode")

    priv = probed(bed, ndo_get_stats64=stats, ndo_set_mac_address=set_mac, ndo_set_rx_mode=rx_mode)
    assert bed.run(L.dev_get_stats, priv.dev).rx_packets == 7
    assert bed.run(L.dev_set_mac_address, priv.dev, L.sockaddr(PEER)) == 0
    assert priv.dev.dev_addr == PEER
    assert bed.run(L.dev_set_mac_address, priv.dev, L.sockaddr(b"\x01" + PEER[1:])) == -L.EADDRNOTAVAIL
    calls.clear()
    bed.run(L.dev_mc_add, priv.dev, b"\x01\0\x5e\0\0\x05")
    assert calls == ["ndo_set_rx_mode"]
    calls.clear()
    bed.run(L.dev_set_promiscuity, priv.dev, 1)
    assert "ndo_set_rx_mode" in calls
    bed.run(L.dev_close, priv.dev)
    assert priv.log == ["open", "stop"]


def test_select_queue_is_asked_and_without_it_the_flow_decides() -> None:
    bed = Bed()
    chosen: list[int] = []

    def xmit(skb: Any, dev: Any) -> int:
        chosen.append(L.skb_get_queue_mapping(skb))
        L.dev_kfree_skb_any(skb)
        return int(L.NETDEV_TX_OK)

    def device(**ops: Any) -> Any:
        dev = L.alloc_etherdev_mqs(0, 4, 4)
        base = {"ndo_open": lambda d: L.netif_tx_start_all_queues(d) or 0, "ndo_stop": lambda d: 0}
        dev.netdev_ops = L.net_device_ops(**base, ndo_start_xmit=xmit, **ops)
        L.eth_hw_addr_set(dev, MAC)
        assert L.register_netdev(dev) == 0
        assert L.dev_open(dev) == 0
        return dev

    def send(dev: Any, hash: int) -> None:
        skb = L.alloc_skb(100, L.GFP_KERNEL)
        L.skb_put(skb, 60)
        skb.dev = dev
        L.skb_set_hash(skb, hash, L.PKT_HASH_TYPE_L4)
        L.dev_queue_xmit(skb)

    mine = bed.run(lambda: device(ndo_select_queue=lambda dev, skb, sb_dev: 2))
    flow = bed.run(device)
    for i in range(4):
        bed.run(send, mine, i << 30 | 1)
    assert chosen == [2] * 4
    chosen.clear()
    for i in range(4):
        bed.run(send, flow, i << 30 | 1)
    assert sorted(chosen) == [0, 1, 2, 3]


def test_tx_timeout_is_called_for_a_queue_stopped_too_long() -> None:
    """By the watchdog, after dev->watchdog_timeo jiffies."""
    bed = Bed()
    late: list[Any] = []

    def timeout(dev: Any, txqueue: int) -> None:
        late.append((txqueue, L.jiffies()))
        L.netif_tx_wake_queue(L.netdev_get_tx_queue(dev, txqueue))

    priv = plugged(bed, ndo_tx_timeout=timeout)
    priv.dev.watchdog_timeo = 2 * L.HZ
    bed.run(L.dev_open, priv.dev)

    def run() -> None:
        L.netif_stop_queue(priv.dev)
        L.netdev_get_tx_queue(priv.dev, 0).trans_start = L.jiffies()

    bed.run(run)
    stopped = L.jiffies()
    bed.settle(5_000_000_000)
    assert late and late[0][0] == 0
    assert 2 * L.HZ <= late[0][1] - stopped <= 4 * L.HZ
    assert not L.netif_queue_stopped(priv.dev)


def test_queue_control_stops_wakes_and_starts() -> None:
    """Stopping signals not to call ndo_start_xmit for that queue; each stop is paired with a wake."""
    bed = Bed()
    priv = probed(bed)
    txq = L.netdev_get_tx_queue(priv.dev, 0)

    def send() -> int:
        skb = L.alloc_skb(100, L.GFP_KERNEL)
        L.skb_put(skb, 60)
        skb.dev = priv.dev
        L.dev_queue_xmit(skb)
        return len(priv.hw.wire)

    bed.run(L.netif_stop_queue, priv.dev)
    assert L.netif_tx_queue_stopped(txq)
    assert bed.run(send) == 0
    bed.run(L.netif_wake_queue, priv.dev)
    bed.settle()
    assert len(priv.hw.wire) == 1
    bed.run(L.netif_tx_stop_queue, txq)
    assert bed.run(send) == 1
    bed.run(L.netif_tx_wake_queue, txq)
    bed.settle()
    assert len(priv.hw.wire) == 2
    bed.run(L.dev_close, priv.dev)

    def open_again(start: Any) -> bool:
        priv.dev.netdev_ops.ndo_open = lambda dev: (L.napi_enable(priv.napi), start(dev), 0)[2]
        L.dev_open(priv.dev)
        stopped = L.netif_queue_stopped(priv.dev)
        L.dev_close(priv.dev)
        return bool(stopped)

    assert bed.run(open_again, lambda dev: None)
    assert not bed.run(open_again, L.netif_start_queue)
    assert not bed.run(open_again, L.netif_tx_start_all_queues)
