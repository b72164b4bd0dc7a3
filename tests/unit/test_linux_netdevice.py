# SPDX-License-Identifier: Apache-2.0
"""net_device: registration in order, up and down, addresses, MTU, statistics; rules LIFE1 to LIFE5, ETH2."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed

ADDR = bytes.fromhex("020000000001")


def device(bed: Bed, log: list[str] | None = None, queues: int = 1, **ops: Any) -> Any:
    """A registered device whose ops write their names down."""
    log = [] if log is None else log

    def op(name: str, ret: Any = 0) -> Any:
        return lambda *args: (log.append(name), ret)[1]

    base = {"ndo_open": op("open"), "ndo_stop": op("stop"), "ndo_start_xmit": op("xmit", L.NETDEV_TX_OK)}
    ndev = bed.run(L.alloc_etherdev_mqs, 0, queues, queues)
    ndev.netdev_ops = L.net_device_ops(**{**base, **ops})
    L.eth_hw_addr_set(ndev, ADDR)
    assert bed.run(L.register_netdev, ndev) == 0
    return ndev


class Priv:
    def __init__(self) -> None:
        self.rings = 4


def test_priv_is_an_instance_of_the_drivers_struct() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, Priv)
    assert L.netdev_priv(ndev).rings == 4
    ndev = bed.run(L.alloc_etherdev, 0)
    L.netdev_priv(ndev).anything = 1
    assert bed.run(L.alloc_etherdev_mqs, Priv, 0, 1) is None


def test_open_and_close_call_the_driver_once() -> None:
    bed = Bed()
    log: list[str] = []
    ndev = device(bed, log)
    for _ in range(2):
        assert bed.run(L.dev_open, ndev) == 0
    assert ndev.flags & L.IFF_UP and L.netif_running(ndev)
    for _ in range(2):
        bed.run(L.dev_close, ndev)
    assert not ndev.flags & L.IFF_UP
    assert log == ["open", "stop"]


def test_open_that_fails_leaves_the_device_down() -> None:
    bed = Bed()
    ndev = device(bed, ndo_open=lambda dev: -L.ENOMEM)
    assert bed.run(L.dev_open, ndev) == -L.ENOMEM
    assert not L.netif_running(ndev)
    assert bed.run(L.dev_open, ndev) == -L.ENOMEM


def test_open_of_an_invalid_address_is_refused() -> None:
    """kernel-rules.md: LIFE4."""
    bed = Bed()
    log: list[str] = []
    ndev = device(bed, log, ndo_validate_addr=L.eth_validate_addr)
    L.eth_hw_addr_set(ndev, bytes(6))
    assert bed.run(L.dev_open, ndev) == -L.EADDRNOTAVAIL
    assert log == []


def test_stop_that_leaves_napi_enabled_is_life2() -> None:
    """kernel-rules.md: LIFE2."""
    bed = Bed()
    napi = L.napi_struct()
    ndev = device(bed, ndo_open=lambda dev: L.napi_enable(napi) or 0)
    L.netif_napi_add(ndev, napi, lambda n, budget: 0)
    bed.run(L.dev_open, ndev)
    with pytest.raises(L.CheckError, match="LIFE2: eth0: NAPI instance 0 is still enabled after ndo_stop"):
        bed.run(L.dev_close, ndev)


def test_open_with_bytes_of_the_last_life_outstanding_is_tx8() -> None:
    """kernel-rules.md: TX8: the ring was emptied, BQL was not told."""
    bed = Bed()
    ndev = device(bed)
    bed.run(L.dev_open, ndev)
    bed.run(L.netdev_sent_queue, ndev, 100)
    bed.run(L.dev_close, ndev)
    with pytest.raises(L.CheckError, match="TX8: eth0: queue 0: 100 bytes .*netdev_tx_reset_queue"):
        bed.run(L.dev_open, ndev)


def test_mac_address_is_validated_and_busy_while_up() -> None:
    """kernel-rules.md: LIFE4."""
    bed = Bed()
    ndev = device(bed, ndo_set_mac_address=L.eth_mac_addr)
    assert bed.run(L.dev_set_mac_address, ndev, L.sockaddr(bytes.fromhex("01005e000001"))) == -L.EADDRNOTAVAIL
    assert bed.run(L.dev_set_mac_address, ndev, L.sockaddr(bytes.fromhex("020000000009"))) == 0
    assert ndev.dev_addr == bytes.fromhex("020000000009")
    bed.run(L.dev_open, ndev)
    assert bed.run(L.dev_set_mac_address, ndev, L.sockaddr(ADDR)) == -L.EBUSY
    ndev.priv_flags |= L.IFF_LIVE_ADDR_CHANGE
    assert bed.run(L.dev_set_mac_address, ndev, L.sockaddr(ADDR)) == 0
    assert bed.run(L.dev_set_mac_address, ndev, L.sockaddr(ADDR, sa_family=9)) == -L.EINVAL
    assert bed.run(L.dev_set_mac_address, device(bed), L.sockaddr(ADDR)) == -L.EOPNOTSUPP


def test_driver_that_takes_a_multicast_address_is_life4() -> None:
    """kernel-rules.md: LIFE4."""
    bed = Bed()
    ndev = device(bed, ndo_set_mac_address=lambda dev, sa: L.eth_hw_addr_set(dev, sa.sa_data) or 0)
    with pytest.raises(L.CheckError, match="LIFE4: eth0: .*took the invalid address 01:00:5e:00:00:01"):
        bed.run(L.dev_set_mac_address, ndev, L.sockaddr(bytes.fromhex("01005e000001")))


def test_random_address_is_valid_and_local() -> None:
    bed = Bed()
    ndev = device(bed)
    for _ in range(20):
        L.eth_hw_addr_random(ndev)
        assert L.is_valid_ether_addr(ndev.dev_addr)
        assert ndev.dev_addr[0] & 2


def test_mtu_stays_within_the_devices_limits() -> None:
    bed = Bed()
    ndev = device(bed)
    ndev.max_mtu = 9000
    assert bed.run(L.dev_set_mtu, ndev, 9001) == -L.EINVAL
    assert bed.run(L.dev_set_mtu, ndev, 67) == -L.EINVAL
    assert "hw max 9000" in L.dmesg()[0] and "hw min 68" in L.dmesg()[1]
    assert bed.run(L.dev_set_mtu, ndev, 9000) == 0
    assert ndev.mtu == 9000
    refusing = device(bed, ndo_change_mtu=lambda dev, mtu: -L.EBUSY)
    assert bed.run(L.dev_set_mtu, refusing, 1000) == -L.EBUSY
    assert refusing.mtu == 1500


def test_rx_mode_that_sleeps_is_caught() -> None:
    """kernel-rules.md: LIFE5."""
    bed = Bed()
    ndev = device(bed, ndo_set_rx_mode=lambda dev: L.usleep_range(1, 2))
    with pytest.raises(L.CheckError, match=r"^LIFE5: eth0: ndo_set_rx_mode must not sleep"):
        bed.run(L.dev_open, ndev)


def test_carrier_holds_the_queues_back_until_it_is_there() -> None:
    bed = Bed()
    sent: list[int] = []
    ndev = device(bed, ndo_start_xmit=lambda skb, dev: (sent.append(skb.len), L.consume_skb(skb), 0)[2])
    bed.run(L.netif_carrier_off, ndev)
    bed.run(L.dev_open, ndev)

    def send() -> int:
        skb = L.alloc_skb(100, L.GFP_KERNEL)
        L.skb_put(skb, 60)
        skb.dev = ndev
        return L.dev_queue_xmit(skb)

    assert bed.run(send) == L.NET_XMIT_CN
    bed.run(L.netif_carrier_on, ndev)
    bed.settle()
    assert bed.run(send) == L.NET_XMIT_SUCCESS
    assert sent == [60]
    bed.run(L.netif_carrier_off, ndev)
    bed.settle()
    assert bed.run(send) == L.NET_XMIT_SUCCESS, "link events are served once a second, but for a link that comes up"
    bed.settle(1_100_000_000)
    assert bed.run(send) == L.NET_XMIT_CN
    assert (ndev.carrier_up_count, ndev.carrier_down_count) == (1, 2)


def test_stats_add_the_cores_drops_to_the_drivers() -> None:
    """kernel-rules.md: ETH2."""
    bed = Bed()

    def get(dev: Any, stats: Any) -> None:
        stats.rx_packets = 5
        stats.rx_dropped = 2

    ndev = device(bed, ndo_get_stats64=get)
    ndev.rx_dropped = 3
    stats = L.dev_get_stats(ndev)
    assert (stats.rx_packets, stats.rx_dropped, stats.tx_packets) == (5, 5, 0)
    assert repr(stats) == "rx_dropped 5, rx_packets 5"
    legacy = device(bed)
    legacy.stats.tx_errors = 4
    assert L.dev_get_stats(legacy).tx_errors == 4


def test_statistics_that_go_back_are_reported() -> None:
    """kernel-rules.md: ETH2."""
    bed = Bed()
    counts = [7, 9, 8]

    def get(dev: Any, stats: Any) -> None:
        stats.rx_packets = counts.pop(0)

    ndev = device(bed, ndo_get_stats64=get)
    assert [L.dev_get_stats(ndev).rx_packets for _ in range(2)] == [7, 9]
    with pytest.raises(L.CheckError, match="ETH2: eth0: rx_packets went back from 9 to 8"):
        L.dev_get_stats(ndev)


def test_statistics_of_old_drivers_and_a_storage_of_the_callers() -> None:
    bed = Bed()
    legacy = L.net_device_stats()
    legacy.tx_packets = 3
    ndev = device(bed, ndo_get_stats=lambda dev: legacy)
    storage = L.rtnl_link_stats64()
    storage.tx_packets = 1000
    assert L.dev_get_stats(ndev, storage) is storage
    assert storage.tx_packets == 3


def test_statistics_that_sleep_are_reported() -> None:
    """kernel-rules.md: ETH2, also where the caller itself could sleep."""
    bed = Bed()
    ndev = device(bed, ndo_get_stats64=lambda dev, stats: L.msleep(1))
    with pytest.raises(L.CheckError, match=r"^ETH2: .*ndo_get_stats64 must not sleep: .*test_linux_netdevice"):
        bed.run(L.dev_get_stats, ndev)


def test_real_number_of_queues_is_checked() -> None:
    bed = Bed()
    ndev = device(bed, queues=4)
    assert bed.run_rtnl(L.netif_set_real_num_tx_queues, ndev, 5) == -L.EINVAL
    assert bed.run_rtnl(L.netif_set_real_num_queues, ndev, 2, 3) == 0
    assert (ndev.real_num_tx_queues, ndev.real_num_rx_queues) == (2, 3)


def test_ops_and_structs_refuse_names_that_linux_does_not_have() -> None:
    with pytest.raises(TypeError, match="net_device_ops has no ndo_start_xmitt"):
        L.net_device_ops(ndo_start_xmitt=None)
    with pytest.raises(TypeError, match="ethtool_ops has no get_lnik"):
        L.ethtool_ops(get_lnik=None)
    with pytest.raises(AttributeError):
        L.net_device_ops().ndo_stopp = None
    skb_attr = "ip_sumed"
    Bed()
    with pytest.raises(AttributeError):
        setattr(L.alloc_skb(1, L.GFP_ATOMIC), skb_attr, 1)


def test_container_of_checks_type_and_member() -> None:
    class Queue:
        def __init__(self) -> None:
            self.napi = L.napi_struct(container=self)

    q = Queue()
    assert L.container_of(q.napi, Queue, "napi") is q
    with pytest.raises(TypeError, match="not in a Priv"):
        L.container_of(q.napi, Priv, "napi")
    q.napi = L.napi_struct()
    with pytest.raises(TypeError, match="is embedded in None"):
        L.container_of(q.napi, Queue, "napi")


def test_packet_handlers_left_on_a_device_warn_and_unknown_ones_too() -> None:
    bed = Bed()
    ndev = device(bed)
    pt = L.packet_type(type=L.ETH_P_ALL, func=lambda *args: 0, dev=ndev)
    with pytest.raises(L.KernelWarning, match="dev_remove_pack: <lambda> not found"):
        L.dev_remove_pack(pt)
    L.dev_add_pack(pt)
    with pytest.raises(L.KernelWarning, match="unregistered while packet handlers are attached"):
        bed.run(L.unregister_netdev, ndev)


def test_detached_device_stops_its_queues_and_refuses_requests() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.dev_open, ndev)
    bed.run(L.netif_device_detach, ndev)
    assert L.netif_queue_stopped(ndev)
    assert bed.run(L.dev_set_mtu, ndev, 1000) == -L.ENODEV
    bed.run(L.netif_device_attach, ndev)
    assert not L.netif_queue_stopped(ndev)
    bed.run(L.dev_close, ndev)
    bed.run(L.netif_device_detach, ndev)
    assert bed.run(L.dev_open, ndev) == -L.ENODEV


def test_alloc_netdev_takes_the_pages_form_and_calls_setup() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_netdev, Priv, "tun%d", L.NET_NAME_ENUM, L.ether_setup)
    assert L.netdev_priv(ndev).rings == 4
    assert (ndev.num_tx_queues, ndev.num_rx_queues, ndev.name_assign_type) == (1, 1, L.NET_NAME_ENUM)
    assert (ndev.mtu, ndev.min_mtu, ndev.max_mtu, ndev.type, ndev.addr_len) == (1500, 68, 1500, L.ARPHRD_ETHER, 6)
    assert (ndev.hard_header_len, ndev.min_header_len, ndev.broadcast) == (14, 14, b"\xff" * 6)
    assert ndev.flags == L.IFF_BROADCAST | L.IFF_MULTICAST
    assert not ndev.priv_flags & L.IFF_NO_QUEUE and ndev.tx_queue_len == 1000


def test_a_setup_that_says_nothing_of_queues_gives_a_device_without_one() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_netdev_mqs, 0, "dummy", L.NET_NAME_USER, lambda dev: None, 2, 3)
    assert ndev.priv_flags & L.IFF_NO_QUEUE and ndev.tx_queue_len == 1000
    assert (ndev.num_tx_queues, ndev.num_rx_queues) == (2, 3)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: L.NETDEV_TX_OK)
    assert bed.run(L.register_netdev, ndev) == 0
    assert bed.run(L.dev_open, ndev) == 0, "ndo_open and ndo_stop are optional"
    assert ndev.qdisc.kind == "noqueue" or ndev._tx[0].qdisc.kind == "noqueue"
    bed.run(L.dev_close, ndev)


def test_alloc_netdev_refuses_no_queues_and_a_long_name() -> None:
    bed = Bed()
    assert bed.run(L.alloc_netdev_mqs, 0, "a%d", L.NET_NAME_ENUM, L.ether_setup, 1, 0) is None
    assert "zero RX queues" in L.dmesg()[-1]
    with pytest.raises(L.KernelBug, match="IFNAMSIZ is 16"):
        bed.run(L.alloc_netdev, 0, "sixteen-letters%", L.NET_NAME_ENUM, L.ether_setup)


def test_parent_is_the_bus_device() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    parent = L.device("0000:01:00.0")
    L.SET_NETDEV_DEV(ndev, parent)
    assert ndev.dev.parent is parent
    assert L.dev_name(ndev.dev) == "eth%d"


def test_mtu_change_is_refused_before_or_after_by_a_listener() -> None:
    bed = Bed()
    ndev = device(bed)
    seen: list[tuple[int, int, int]] = []
    refuse: list[int] = []

    def listen(nb: Any, event: int, info: Any) -> int:
        seen.append((event, ndev.mtu, getattr(info, "mtu", 0)))
        return L.notifier_from_errno(-L.EBUSY) if event in refuse else L.NOTIFY_DONE

    nb = L.notifier_block(listen)
    bed.run(L.register_netdevice_notifier, nb)
    seen.clear()
    assert bed.run(L.dev_set_mtu, ndev, 1400) == 0
    assert seen == [(L.NETDEV_PRECHANGEMTU, 1500, 0), (L.NETDEV_CHANGEMTU, 1400, 1500)]
    refuse.append(L.NETDEV_PRECHANGEMTU)
    assert bed.run(L.dev_set_mtu, ndev, 1300) == -L.EBUSY and ndev.mtu == 1400
    refuse[:] = [L.NETDEV_CHANGEMTU]
    seen.clear()
    assert bed.run(L.dev_set_mtu, ndev, 1300) == -L.EBUSY and ndev.mtu == 1400
    assert seen[-1] == (L.NETDEV_CHANGEMTU, 1400, 1300), "everybody is told of the old one again"


def test_queue_length_is_told_and_checked() -> None:
    bed = Bed()
    ndev = device(bed)
    seen: list[int] = []
    nb = L.notifier_block(lambda nb, event, info: seen.append(event) or L.NOTIFY_DONE)
    bed.run(L.register_netdevice_notifier, nb)
    seen.clear()
    assert bed.run(L.dev_change_tx_queue_len, ndev, 1 << 32) == -L.ERANGE
    assert bed.run(L.dev_change_tx_queue_len, ndev, 1000) == 0 and seen == []
    assert bed.run(L.dev_change_tx_queue_len, ndev, 5) == 0 and ndev.tx_queue_len == 5
    assert seen == [L.NETDEV_CHANGE_TX_QUEUE_LEN]
    bed.run(L.unregister_netdevice_notifier, nb)
    nb = L.notifier_block(lambda nb, event, info: L.NOTIFY_BAD if event == L.NETDEV_CHANGE_TX_QUEUE_LEN else 0)
    bed.run(L.register_netdevice_notifier, nb)
    assert bed.run(L.dev_change_tx_queue_len, ndev, 6) < 0 and ndev.tx_queue_len == 5


def test_address_change_is_announced_before_and_after_even_if_equal() -> None:
    bed = Bed()
    ndev = device(bed, ndo_set_mac_address=L.eth_mac_addr)
    seen: list[Any] = []

    def listen(nb: Any, event: int, info: Any) -> int:
        seen.append((event, info.dev_addr) if event == L.NETDEV_PRE_CHANGEADDR else event)
        return L.NOTIFY_DONE

    bed.run(L.register_netdevice_notifier, L.notifier_block(listen))
    seen.clear()
    assert bed.run(L.dev_set_mac_address, ndev, L.sockaddr(ADDR)) == 0
    assert seen == [(L.NETDEV_PRE_CHANGEADDR, ADDR), L.NETDEV_CHANGEADDR]
    assert ndev.addr_assign_type == L.NET_ADDR_SET
    assert ndev.perm_addr == ADDR


def test_random_address_is_not_taken_for_the_permanent_one() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: 0)
    bed.run(L.eth_hw_addr_random, ndev)
    assert ndev.addr_assign_type == L.NET_ADDR_RANDOM
    bed.run(L.register_netdev, ndev)
    assert ndev.perm_addr == bytes(6)


def test_carrier_is_set_by_the_user_where_the_driver_lets_it() -> None:
    bed = Bed()
    carriers: list[bool] = []
    assert bed.run(L.dev_change_carrier, device(bed), True) == -L.EOPNOTSUPP
    ndev = device(bed, ndo_change_carrier=lambda dev, on: carriers.append(on) or 0)
    assert bed.run(L.dev_change_carrier, ndev, False) == 0
    assert carriers == [False]
    bed.run(L.netif_device_detach, ndev)
    assert bed.run(L.dev_change_carrier, ndev, True) == -L.ENODEV


@pytest.mark.parametrize(("length", "features", "gso_size", "fine"), [
    (1518, 0, 0, True), (1519, 0, 0, False), (3000, L.NETIF_F_LRO, 0, True), (3000, 0, 1448, True),
])  # fmt: skip
def test_frames_beyond_the_mtu_that_are_handed_up_are_life6(
    length: int, features: int, gso_size: int, fine: bool
) -> None:
    """kernel-rules.md: LIFE6. MTU + 18 pass; what a device put together may be longer."""
    bed = Bed()
    ndev = device(bed)
    ndev.features |= features
    bed.run(L.dev_open, ndev)

    def receive() -> None:
        skb = L.netdev_alloc_skb(ndev, length)
        L.skb_put_zero(skb, length)
        L.skb_shinfo(skb).gso_size = gso_size
        try:
            L.eth_type_trans(skb, ndev)
        finally:
            L.kfree_skb(skb)

    if fine:
        bed.run(receive)
    else:
        with pytest.raises(L.CheckError, match="LIFE6: eth0: a frame of 1519 bytes is handed up, the MTU is 1500"):
            bed.run(receive)
