# SPDX-License-Identifier: Apache-2.0
"""net_device: registration in order, up and down, addresses, MTU, receive modes, features; rules LIFE1 to LIFE5."""

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


def test_names_are_given_in_order_and_reused() -> None:
    bed = Bed()
    first, second = device(bed), device(bed)
    assert (first.name, second.name) == ("eth0", "eth1")
    assert first.ifindex < second.ifindex
    bed.run(L.unregister_netdev, first)
    assert device(bed).name == "eth0"
    assert [d.name for d in L.registered_netdevs()] == ["eth1", "eth0"]


def test_registering_twice_is_a_bug() -> None:
    bed = Bed()
    with pytest.raises(L.KernelBug, match="not NETREG_UNINITIALIZED"):
        bed.run(L.register_netdev, device(bed))


def test_registering_without_its_ops_is_life1() -> None:
    """kernel-rules.md: LIFE1."""
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    with pytest.raises(L.CheckError, match="LIFE1: eth0 registered without ndo_open"):
        bed.run(L.register_netdev, ndev)


def test_freeing_a_registered_device_is_a_bug() -> None:
    bed = Bed()
    ndev = device(bed)
    with pytest.raises(L.KernelBug, match=r"unregister_netdev\(\) must come first"):
        L.free_netdev(ndev)
    bed.run(L.unregister_netdev, ndev)
    L.free_netdev(ndev)
    with pytest.raises(L.KernelBug, match="freed twice"):
        L.free_netdev(ndev)
    assert L.leak_report() == []


def test_unregistering_twice_is_a_bug_and_never_registered_warns() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.unregister_netdev, ndev)
    with pytest.raises(L.KernelBug, match="not NETREG_REGISTERED"):
        bed.run(L.unregister_netdev, ndev)
    with pytest.raises(L.KernelWarning, match="never was registered"):
        bed.run(L.unregister_netdev, bed.run(L.alloc_etherdev, 0))


def test_device_never_freed_is_a_leak() -> None:
    bed = Bed()
    bed.run(L.unregister_netdev, device(bed))
    assert L.leak_report() == [line for line in L.leak_report() if "net_device eth0, allocated at" in line] != []


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


def test_unregister_closes_a_device_that_is_up() -> None:
    bed = Bed()
    log: list[str] = []
    ndev = device(bed, log)
    bed.run(L.dev_open, ndev)
    bed.run(L.unregister_netdev, ndev)
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
    with pytest.raises(L.SchedulingWhileAtomic):
        bed.run(L.dev_open, ndev)


def test_promiscuity_counts_and_tells_the_driver_on_change_only() -> None:
    bed = Bed()
    modes: list[int] = []
    ndev = device(bed, ndo_set_rx_mode=lambda dev: modes.append(dev.flags & L.IFF_PROMISC))
    bed.run(L.dev_set_promiscuity, ndev, 1)
    assert modes == [], "down: told at open"
    bed.run(L.dev_open, ndev)
    bed.run(L.dev_set_promiscuity, ndev, 1)
    bed.run(L.dev_set_promiscuity, ndev, -1)
    bed.run(L.dev_set_promiscuity, ndev, -1)
    assert modes == [L.IFF_PROMISC, 0]
    with pytest.raises(L.KernelWarning, match="promiscuity"):
        bed.run(L.dev_set_promiscuity, ndev, -1)


def test_multicast_list_is_counted_and_unicast_list_makes_promiscuous() -> None:
    bed = Bed()
    ndev = device(bed)
    bed.run(L.dev_open, ndev)
    group = bytes.fromhex("01005e000001")
    for _ in range(2):
        bed.run(L.dev_mc_add, ndev, group)
    assert list(L.netdev_for_each_mc_addr(ndev)) == [group]
    assert [bed.run(L.dev_mc_del, ndev, group) for _ in range(3)] == [0, 0, -L.ENOENT]
    assert L.netdev_mc_empty(ndev)
    bed.run(L.dev_uc_add, ndev, bytes.fromhex("020000000077"))
    assert ndev.flags & L.IFF_PROMISC, "it cannot filter unicast addresses"
    bed.run(L.dev_uc_del, ndev, bytes.fromhex("020000000077"))
    assert not ndev.flags & L.IFF_PROMISC
    ndev.priv_flags |= L.IFF_UNICAST_FLT
    bed.run(L.dev_uc_add, ndev, bytes.fromhex("020000000077"))
    assert not ndev.flags & L.IFF_PROMISC


def test_features_follow_the_drivers_fix_and_the_rules() -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    told: list[int] = []
    ndev.netdev_ops = L.net_device_ops(
        ndo_open=lambda dev: 0,
        ndo_stop=lambda dev: 0,
        ndo_start_xmit=lambda skb, dev: 0,
        ndo_fix_features=lambda dev, features: features & ~L.NETIF_F_RXHASH,
        ndo_set_features=lambda dev, features: told.append(features) or 0,
    )
    ndev.features = ndev.hw_features = L.NETIF_F_TSO | L.NETIF_F_HW_CSUM | L.NETIF_F_RXHASH
    bed.run(L.register_netdev, ndev)
    assert ndev.features == L.NETIF_F_HW_CSUM, "no TSO without scatter-gather"
    assert told == [L.NETIF_F_HW_CSUM]


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


def test_statistics_that_sleep_are_reported() -> None:
    """kernel-rules.md: ETH2, also where the caller itself could sleep."""
    bed = Bed()
    ndev = device(bed, ndo_get_stats64=lambda dev, stats: L.msleep(1))
    with pytest.raises(L.CheckError, match=r"^ETH2: .*ndo_get_stats64 must not sleep: .*test_linux_netdevice"):
        bed.run(L.dev_get_stats, ndev)


def test_real_number_of_queues_is_checked() -> None:
    bed = Bed()
    ndev = device(bed, queues=4)
    assert bed.run(L.netif_set_real_num_tx_queues, ndev, 5) == -L.EINVAL
    assert bed.run(L.netif_set_real_num_queues, ndev, 2, 3) == 0
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


def test_ethtool_statistics_come_by_name() -> None:
    bed = Bed()
    ndev = device(bed)
    assert L.ethtool_get_stats(ndev) == -L.EOPNOTSUPP == L.ethtool_get_link(ndev)
    ndev.ethtool_ops = L.ethtool_ops(
        get_link=L.ethtool_op_get_link,
        get_sset_count=lambda dev, sset: 2 if sset == L.ETH_SS_STATS else -L.EOPNOTSUPP,
        get_strings=lambda dev, sset, data: data.__setitem__(slice(None), ["one", "two"]),
        get_ethtool_stats=lambda dev, stats, data: data.__setitem__(slice(None), [1, 2]),
    )
    assert L.ethtool_get_stats(ndev) == {"one": 1, "two": 2}
    assert L.ethtool_get_link(ndev) == 0
    bed.run(L.dev_open, ndev)
    assert L.ethtool_get_link(ndev) == 1


def test_ring_sizes_are_the_drivers_within_its_limits() -> None:
    """kernel-rules.md: ETH1."""
    bed = Bed()
    ndev = device(bed)
    sizes = [8, 8]
    assert bed.run(L.ethtool_get_ringparam, ndev) is None
    assert bed.run(L.ethtool_set_ringparam, ndev, 4, 4) == -L.EOPNOTSUPP

    def get(dev: Any, ring: Any, kernel_ring: Any, extack: Any) -> None:
        ring.tx_max_pending, ring.rx_max_pending, ring.tx_pending, ring.rx_pending = 16, 16, *sizes

    def change(dev: Any, ring: Any, kernel_ring: Any, extack: Any) -> int:
        sizes[:] = ring.tx_pending, ring.rx_pending
        return 0

    ndev.ethtool_ops = L.ethtool_ops(get_ringparam=get)
    assert bed.run(L.ethtool_set_ringparam, ndev, 4, 4) == -L.EOPNOTSUPP
    ndev.ethtool_ops = L.ethtool_ops(get_ringparam=get, set_ringparam=change)
    assert bed.run(L.ethtool_set_ringparam, ndev, 4, 17) == -L.EINVAL and sizes == [8, 8]
    assert bed.run(L.ethtool_set_ringparam, ndev, 4, 16) == 0 and sizes == [4, 16]
    assert bed.run(L.ethtool_get_ringparam, ndev).rx_pending == 16


def test_rtnl_is_needed_by_the_unlocked_calls() -> None:
    bed = Bed()
    ndev = device(bed)
    with pytest.raises(L.KernelBug, match="without rtnl"):
        bed.run(L.unregister_netdevice, ndev)

    def run() -> None:
        L.rtnl_lock()
        assert L.dev_open(ndev) == 0, "held already: not taken again"
        L.unregister_netdevice(ndev)
        L.rtnl_unlock()

    bed.run(run)
    assert not L.rtnl_is_locked()
