# SPDX-License-Identifier: Apache-2.0
"""netif_receive_skb(): the order in which a received packet meets taps, receivers, hooks and protocol handlers."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.rx_bed import FRAME, MAC, PEER, attach, each, handler, make, receive, up


# -- the device's own receiver -------------------------------------------------------------------------------
def test_rx_handler_that_consumes_ends_the_way_after_the_taps() -> None:
    bed = Bed()
    nic = up(bed)
    log: list[str] = []
    handler(log, "tap", L.ETH_P_ALL)
    handler(log, "ip", L.ETH_P_IP)

    def consume(skb: Any) -> tuple[int, Any]:
        log.append(f"rx_handler {skb.dev} {skb.dev.rx_handler_data}")
        L.consume_skb(skb)
        return L.RX_HANDLER_CONSUMED, None

    attach(bed, nic.ndev, consume, "mine")
    assert receive(bed, nic.ndev) == L.NET_RX_SUCCESS
    assert log == ["tap eth0 from eth0", "rx_handler eth0 mine"]


def test_rx_handler_that_answers_another_goes_round_with_the_new_device() -> None:
    """As bonding and bridges do; handlers are told both devices."""
    bed = Bed()
    low, high = up(bed), up(bed)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    handler(log, "high", L.ETH_P_IP, high.ndev)
    handler(log, "low", L.ETH_P_IP, low.ndev)

    def another(skb: Any) -> tuple[int, Any]:
        skb.dev = high.ndev
        return L.RX_HANDLER_ANOTHER, skb

    attach(bed, low.ndev, another)
    before = L.counters()["rx_processed"]
    assert receive(bed, low.ndev) == L.NET_RX_SUCCESS
    assert log == ["ip eth1 from eth0", "low eth1 from eth0", "high eth1 from eth0"]
    assert L.counters()["rx_processed"] - before == 2


@pytest.mark.parametrize(("exact", "seen"), [(True, ["own eth0 from eth0"]), (False, ["ip eth0 from eth0"] * 2)])
def test_rx_handler_exact_delivers_to_handlers_of_the_device_alone(exact: bool, seen: list[str]) -> None:
    bed = Bed()
    nic = up(bed)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    own = handler(log, "own", L.ETH_P_IP, nic.ndev)
    if not exact:
        L.dev_remove_pack(own)
        handler(log, "ip", L.ETH_P_IP)
    verdict = L.RX_HANDLER_EXACT if exact else L.RX_HANDLER_PASS
    attach(bed, nic.ndev, lambda skb: (verdict, skb))
    assert receive(bed, nic.ndev) == L.NET_RX_SUCCESS
    assert log == seen


def test_packet_nobody_handles_is_dropped_and_counted_as_the_handler_said() -> None:
    bed = Bed()
    nic = up(bed)
    assert receive(bed, nic.ndev) == L.NET_RX_DROP
    assert (nic.ndev.rx_dropped, nic.ndev.rx_nohandler) == (1, 0)
    attach(bed, nic.ndev, lambda skb: (L.RX_HANDLER_EXACT, skb))
    assert receive(bed, nic.ndev) == L.NET_RX_DROP
    assert (nic.ndev.rx_dropped, nic.ndev.rx_nohandler) == (1, 1)
    assert L.counters()["drops"] == {"UNHANDLED_PROTO": 2}


def test_second_rx_handler_is_refused_until_the_first_is_gone() -> None:
    bed = Bed()
    nic = up(bed)
    attach(bed, nic.ndev, lambda skb: (L.RX_HANDLER_PASS, skb))

    def run() -> tuple[int, int]:
        L.rtnl_lock()
        busy = L.netdev_rx_handler_register(nic.ndev, lambda skb: (L.RX_HANDLER_PASS, skb))
        L.netdev_rx_handler_unregister(nic.ndev)
        free = L.netdev_rx_handler_register(nic.ndev, lambda skb: (L.RX_HANDLER_PASS, skb))
        L.rtnl_unlock()
        return busy, free

    assert bed.run(run) == (-L.EBUSY, 0)


def test_rx_handler_without_rtnl_warns_and_unknown_verdict_is_a_bug() -> None:
    bed = Bed()
    nic = up(bed)
    with pytest.raises(L.KernelWarning, match="RTNL: assertion failed"):
        bed.run(L.netdev_rx_handler_register, nic.ndev, lambda skb: (L.RX_HANDLER_PASS, skb))
    attach(bed, nic.ndev, lambda skb: (7, skb))
    with pytest.raises(L.KernelBug, match="returned 7"):
        receive(bed, nic.ndev)


# -- lists ---------------------------------------------------------------------------------------------------
def test_list_passes_the_taps_before_handlers_get_the_first_packet() -> None:
    """As __netif_receive_skb_list_core() does: one run of packets for one handler."""
    bed = Bed()
    nic = up(bed)
    log: list[str] = []
    handler(log, "tap", L.ETH_P_ALL)
    handler(log, "ip", L.ETH_P_IP)
    handler(log, "arp", L.ETH_P_ARP)
    kinds = [b"\x08\x00", b"\x08\x00", b"\x08\x06", b"\x08\x00"]

    def run() -> None:
        L.local_bh_disable()
        skbs = [make(nic.ndev, MAC + PEER + kind + bytes(46)) for kind in kinds]
        L.netif_receive_skb_list(skbs)
        assert skbs == []
        L.local_bh_enable()

    bed.run(run)
    assert [line.split()[0] for line in log] == ["tap", "tap", "tap", "ip", "ip", "tap", "arp", "ip"]


def test_list_func_of_a_handler_gets_a_run_of_packets_at_once() -> None:
    bed = Bed()
    nic = up(bed)
    runs: list[int] = []

    def many(skbs: list[Any], pt: Any, orig_dev: Any) -> None:
        runs.append(len(skbs))
        for skb in skbs:
            L.consume_skb(skb)

    def one(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        raise AssertionError

    L.dev_add_pack(L.packet_type(type=L.ETH_P_IP, func=one, list_func=many))

    def run() -> None:
        L.local_bh_disable()
        L.netif_receive_skb_list([make(nic.ndev, FRAME) for _ in range(5)])
        L.local_bh_enable()

    bed.run(run)
    assert runs == [5]


# -- RPS -----------------------------------------------------------------------------------------------------
def udp(port: int) -> bytes:
    """A frame whose flow the port decides."""
    ip = bytes.fromhex("4500002800000000401100000a0000020a000001")
    return MAC + PEER + b"\x08\x00" + ip + port.to_bytes(2, "big") + b"\x00\x07\x00\x14\x00\x00" + bytes(20)


def test_rps_spreads_flows_over_the_cpus_of_the_map_and_keeps_each_on_one() -> None:
    bed = Bed(cpus=4)
    nic = up(bed)
    seen: dict[int, set[int]] = {}

    def where(skb: Any) -> None:
        assert L.in_softirq()
        port = int.from_bytes(bed.m.memory.mem[skb.data + 20 : skb.data + 22], "big")
        seen.setdefault(port, set()).add(L.smp_processor_id())

    each(L.ETH_P_IP, where)
    assert L.netdev_rx_queue_set_rps_mask(nic.ndev._rx[0], 0b1110) == 0
    ports = [1 + i * 1621 for i in range(40)]
    for port in ports + ports:
        receive(bed, nic.ndev, udp(port))
        bed.settle(5000)
    assert len(seen) == 40
    assert all(len(cpus) == 1 for cpus in seen.values())
    assert set.union(*seen.values()) == {1, 2, 3}
    assert L.counters()["received_rps"] == 80


def test_rps_costs_an_interrupt_on_the_other_cpu_and_runs_there_later() -> None:
    bed = Bed(cpus=2, hardirq_entry=700, ipi_send=300, softirq_entry=10, poll_entry=20, rx_stack=50)
    nic = up(bed)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    L.netdev_rx_queue_set_rps_mask(nic.ndev._rx[0], 0b10)
    before = [cpu.busy_ps for cpu in bed.sched.cpus]
    assert receive(bed, nic.ndev) == L.NET_RX_SUCCESS
    bed.settle(5000)
    assert log == ["ip eth0 from eth0"]
    spent = [(cpu.busy_ps - b) // 1000 for cpu, b in zip(bed.sched.cpus, before, strict=True)]
    assert spent == [10 + 300, 700 + 10 + 20 + 50]


def test_rps_off_again_keeps_packets_on_their_cpu() -> None:
    bed = Bed(cpus=2)
    nic = up(bed)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    queue = nic.ndev._rx[0]
    L.netdev_rx_queue_set_rps_mask(queue, 0b10)
    L.netdev_rx_queue_set_rps_mask(queue, 0b11)
    L.netdev_rx_queue_set_rps_mask(queue, 0)
    assert receive(bed, nic.ndev) == L.NET_RX_SUCCESS
    assert log and L.counters()["received_rps"] == 0


def test_rps_of_a_queue_that_is_not_in_use_is_told_and_not_followed() -> None:
    bed = Bed(cpus=2)
    nic = up(bed, queues=4)
    bed.run_rtnl(L.netif_set_real_num_rx_queues, nic.ndev, 2)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    L.netdev_rx_queue_set_rps_mask(nic.ndev._rx[3], 0b10)
    receive(bed, nic.ndev, change=lambda skb: L.skb_record_rx_queue(skb, 3))
    assert log
    assert any("received packet on queue 3, but number of RX queues is 2" in line for line in L.dmesg())


def test_rps_backlog_of_the_other_cpu_overflows_and_counts() -> None:
    bed = Bed(cpus=2)
    nic = up(bed)
    bed.m.state["net"].netdev_max_backlog = 3
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    L.netdev_rx_queue_set_rps_mask(nic.ndev._rx[0], 0b10)

    def run() -> list[int]:
        L.local_bh_disable()
        got = [L.netif_receive_skb(make(nic.ndev, FRAME)) for _ in range(6)]
        L.local_bh_enable()
        return got

    assert bed.run(run) == [0, 0, 0, 0, 1, 1]
    bed.settle(5000)
    assert len(log) == 4
    assert (nic.ndev.rx_dropped, L.counters()["drops"]) == (2, {"CPU_BACKLOG": 2})


def test_backlog_counts_no_more_than_its_quota_in_a_poll_and_goes_on() -> None:
    bed = Bed()
    nic = up(bed)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    before = L.counters()["polls"]

    def run() -> None:
        L.local_bh_disable()
        for _ in range(150):
            L.netif_rx(make(nic.ndev, FRAME))
        L.local_bh_enable()

    bed.run(run)
    assert len(log) == 150
    assert L.counters()["polls"] - before == 3  # 64, 64, 22


def test_netif_rx_of_a_device_that_is_down_drops_where_tolerated() -> None:
    bed = Bed()
    nic = up(bed)
    bed.run(L.dev_close, nic.ndev)

    def run() -> int:
        with L.tolerate("LIFE2"):
            return L.netif_rx(make(nic.ndev, FRAME))

    assert bed.run(run) == L.NET_RX_DROP
    assert (nic.ndev.rx_dropped, L.counters()["drops"]) == (1, {"DEV_READY": 1})
