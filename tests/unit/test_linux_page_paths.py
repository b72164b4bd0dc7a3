# SPDX-License-Identifier: Apache-2.0
"""The networking page, sample by sample and rule by rule: NAPI, reception and transmission, with the page's driver
(page_bed.py).
"""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.page_bed import (
    FRAME,
    MAC,
    PEER,
    arrive,
    complete,
    my_hw_receive_packet,
    my_poll,
    my_priv,
    plugged,
    probed,
    stack,
)


# -- NAPI ----------------------------------------------------------------------------------------------------
def test_napi_struct_has_the_fields_of_the_page() -> None:
    bed = Bed()
    priv = plugged(bed)
    napi = priv.napi
    assert napi.poll is my_poll
    assert napi.poll_list is None  # on no list of instances to poll
    assert napi.weight == L.NAPI_POLL_WEIGHT == 64
    assert napi.state & L.NAPIF_STATE_SCHED  # newly added instances start in the disabled state
    assert L.container_of(napi, my_priv, "napi") is priv
    bed.run(L.napi_enable, napi)
    assert not napi.state & L.NAPIF_STATE_SCHED

    def schedule() -> Any:
        L.local_bh_disable()
        L.napi_schedule(napi)
        queued = napi.poll_list
        L.local_bh_enable()
        return queued

    assert napi in (bed.run(schedule) or [napi])
    assert napi.poll_list is None
    bed.run(L.napi_disable, napi)


def test_interrupt_masks_schedules_polls_and_unmasks() -> None:
    """The operating model: 1 to 4."""
    bed = Bed()
    priv = probed(bed)
    got = stack(bed)
    arrive(bed, priv, FRAME)
    bed.settle()
    assert priv.log == ["open", "poll 64"]
    assert priv.hw.irqs == 1
    assert priv.hw.irq_on
    assert [frame for _, frame, _ in got] == [FRAME]


def test_poll_of_exactly_the_budget_is_called_again_without_a_completion() -> None:
    bed = Bed()
    priv = probed(bed)
    got = stack(bed)

    arrive(bed, priv, *[FRAME] * 100)
    assert priv.log == ["open", "poll 64", "poll 64"]
    assert len(got) == 100
    assert priv.hw.irqs == 1


def test_completion_at_exactly_the_budget_is_reported() -> None:
    """If exactly budget packets were processed, do not call napi_complete_done(). NAPI4."""
    bed = Bed()
    priv = probed(bed)
    priv.napi.poll = lambda napi, budget: (L.napi_complete_done(napi, budget), budget)[1]
    with pytest.raises(L.CheckError, match="NAPI4"):
        arrive(bed, priv, FRAME)


def test_more_packets_than_the_budget_are_reported() -> None:
    """Must process at most budget receive packets. NAPI1."""
    bed = Bed()
    priv = probed(bed)
    priv.napi.poll = lambda napi, budget: budget + 1
    with pytest.raises(L.CheckError, match="NAPI1"):
        arrive(bed, priv, FRAME)


def test_less_than_the_budget_without_a_completion_is_reported() -> None:
    """Call napi_complete_done() when done. NAPI3."""
    bed = Bed()
    priv = probed(bed)
    priv.napi.poll = lambda napi, budget: 0
    with pytest.raises(L.CheckError, match="NAPI3"):
        arrive(bed, priv, FRAME)


def test_weight_must_not_exceed_napi_poll_weight() -> None:
    """Linux says so in the log, and goes on."""
    bed = Bed()
    dev = bed.run(L.alloc_etherdev, my_priv)
    L.netif_napi_add(dev, L.netdev_priv(dev).napi, my_poll, 65)
    assert any("called with weight 65" in line for line in L.dmesg())
    other = L.napi_struct()
    L.netif_napi_add(dev, other, my_poll, 8)
    assert other.weight == 8
    assert not any("weight 8" in line for line in L.dmesg())


def test_schedule_while_disabled_is_a_no_op() -> None:
    bed = Bed()
    priv = plugged(bed)
    def run() -> bool:
        L.local_bh_disable()
        again = L.napi_schedule(priv.napi)
        L.local_bh_enable()
        return bool(again)

    assert not bed.run(run)
    bed.settle()
    assert priv.log == []


def test_schedule_in_two_steps_is_schedule() -> None:
    bed = Bed()
    priv = probed(bed)

    def run() -> tuple[bool, bool]:
        L.local_bh_disable()
        first = L.napi_schedule_prep(priv.napi)
        if first:
            L.__dict__["__napi_schedule"](priv.napi)
        second = L.napi_schedule_prep(priv.napi)
        L.local_bh_enable()
        return first, second

    assert bed.run(run) == (True, False)
    bed.settle()
    assert priv.log[:2] == ["open", "poll 64"]


def test_disable_waits_for_the_poll_and_twice_deadlocks() -> None:
    """napi_disable() is not idempotent: calling it twice in a row deadlocks. NAPI8."""
    bed = Bed()
    priv = probed(bed)
    bed.run(L.napi_disable, priv.napi)
    with pytest.raises(L.CheckError, match="NAPI8.*deadlock"):
        bed.run(L.napi_disable, priv.napi)


def test_napi_left_enabled_at_stop_is_reported() -> None:
    """The NAPI instance must be disabled with napi_disable(). LIFE2."""
    bed = Bed()
    priv = probed(bed, ndo_stop=lambda dev: 0)
    with pytest.raises(L.CheckError, match="LIFE2"):
        bed.run(L.dev_close, priv.dev)


def test_instances_go_with_their_device() -> None:
    """The instance is automatically removed."""
    bed = Bed()
    priv = plugged(bed)
    assert priv.dev.napi_list == [priv.napi]
    bed.run(L.pci_remove_device, priv.pdev)
    assert priv.dev.napi_list == []


# -- Packet Reception Path -----------------------------------------------------------------------------------
@pytest.mark.parametrize("gro", [False, True])
def test_options_1_and_2_deliver_to_the_handler_of_the_protocol(gro: bool) -> None:
    bed = Bed()
    priv = probed(bed)
    priv.gro = gro
    got = stack(bed)
    arrive(bed, priv, FRAME)
    assert got == [(L.ETH_P_IP, FRAME, L.CHECKSUM_UNNECESSARY)]


def test_ipv6_frames_go_to_the_handler_of_ipv6() -> None:
    """The handlers registered for skb->protocol."""
    bed = Bed()
    priv = probed(bed)
    seen: list[str] = []

    def handler(name: str, type: int) -> None:
        def func(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
            seen.append(name)
            L.consume_skb(skb)
            return 0

        L.dev_add_pack(L.packet_type(type=type, func=func))

    handler("ip", L.ETH_P_IP)
    handler("ipv6", L.ETH_P_IPV6)
    arrive(bed, priv, FRAME[:12] + b"\x86\xdd" + bytes(50), FRAME)
    assert seen == ["ipv6", "ip"]


def test_ip_rcv_is_the_handler_of_ipv4() -> None:
    """Which looks at the header: this one's checksum is wrong."""
    bed = Bed()
    priv = probed(bed)
    bed.run(L.inet_init)
    priv.gro = False
    arrive(bed, priv, MAC + PEER + b"\x08\x00" + bytes.fromhex("45000014000100004011ffff0a0000020a000001") + bytes(26))
    assert L.counters()["drops"] == {"IP_CSUM": 1}


def test_gro_merges_what_belongs_together() -> None:
    """Which may merge it with other skbs of the same flow into a single larger skb."""
    bed = Bed()
    priv = probed(bed)
    sizes: list[int] = []

    def look(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        sizes.append(skb.len)
        L.consume_skb(skb)
        return 0

    L.dev_add_pack(L.packet_type(type=L.ETH_P_IP, func=look))

    def tcp(seq: int) -> bytes:
        ip = bytearray.fromhex("450000000001400040060000" "0a000002" "0a000001")
        ip[2:4] = (20 + 20 + 100).to_bytes(2, "big")
        ip[4:6] = (seq // 100 + 1).to_bytes(2, "big")
        total = sum(int.from_bytes(ip[i : i + 2], "big") for i in range(0, 20, 2))
        ip[10:12] = (~(total % 0xFFFF) & 0xFFFF).to_bytes(2, "big")
        head = (1000).to_bytes(2, "big") + (2000).to_bytes(2, "big") + seq.to_bytes(4, "big") + bytes(4)
        return MAC + PEER + b"\x08\x00" + bytes(ip) + head + b"\x50\x10\xff\xff\0\0\0\0" + bytes(100)

    for gro, expected in ((False, [140] * 4), (True, [440])):
        sizes.clear()
        priv.gro = gro
        arrive(bed, priv, *[tcp(100 * i) for i in range(4)])
        assert sizes == expected


def test_receive_path_runs_through_xdp_tc_netfilter_and_the_l3_handler_in_this_order() -> None:
    """netif_receive_skb() runs through TC ingress, XDP (if loaded), netfilter hooks, then ip_rcv(). In 6.12 XDP is
    first.
    """
    bed = Bed()
    priv = probed(bed)
    order: list[str] = []

    def note(name: str, ret: int) -> Any:
        return lambda *args: (order.append(name), ret)[1]

    def rtnl() -> None:
        L.rtnl_lock()
        assert L.dev_change_xdp_fd(priv.dev, None, note("xdp", L.XDP_PASS), None, 0) == 0
        L.rtnl_unlock()

    bed.run(rtnl)
    L.tcx_prog_attach(priv.dev, note("tc", L.TCX_PASS))
    L.nf_register_net_hook(None, L.nf_hook_ops(note("ingress", L.NF_ACCEPT), L.NFPROTO_NETDEV, 0, 0, priv.dev))
    L.nf_register_net_hook(
        None, L.nf_hook_ops(note("pre_routing", L.NF_DROP), L.NFPROTO_IPV4, L.NF_INET_PRE_ROUTING, 0)
    )
    bed.run(L.inet_init)
    priv.gro = False
    ip = bytes.fromhex("45000014000100004011" + "66d6" + "0a000002" + "0a000001")
    arrive(bed, priv, MAC + PEER + b"\x08\x00" + ip + bytes(26))
    assert order == ["xdp", "tc", "ingress", "pre_routing"]
    assert L.counters()["drops"] == {"NETFILTER_DROP": 1}


def test_packet_without_device_is_a_bug() -> None:
    """Before calling either function, set skb->protocol, skb->dev."""
    bed = Bed()
    priv = probed(bed)

    def poll(napi: Any, budget: int) -> int:
        skb = my_hw_receive_packet(priv)
        skb.dev = None
        L.napi_gro_receive(napi, skb)
        return 0

    priv.napi.poll = poll
    with pytest.raises(L.KernelBug, match=r"skb->dev is NULL"):
        arrive(bed, priv, FRAME)


# -- Packet Transmission Path --------------------------------------------------------------------------------
def send(bed: Bed, priv: Any, n: int) -> None:
    sk = bed.run(L.packet_socket, priv.dev)

    def run() -> None:
        for _ in range(n):
            assert L.packet_sendmsg(sk, FRAME) == len(FRAME)

    bed.run(run)


def test_sample_of_xmit_maps_and_enqueues_and_completion_unmaps_and_consumes() -> None:
    bed = Bed()
    priv = probed(bed)
    send(bed, priv, 3)
    assert priv.hw.wire == [FRAME] * 3
    assert len(priv.hw.ring) == 3

    complete(bed, priv, 3)
    assert not priv.hw.ring
    assert L.counters()["drops"] == {}
    assert not L.skb_leaks() and not L.dma_leaks()


def test_sample_of_xmit_on_a_full_ring_stops_the_queue_and_is_busy() -> None:
    """The page's driver returns NETDEV_TX_BUSY: the packet is sent later. TX1 reports it where it is not tolerated."""
    bed = Bed()
    priv = probed(bed)
    with L.tolerate("TX1"):
        send(bed, priv, 5)
        assert len(priv.hw.wire) == 4
        assert L.netif_queue_stopped(priv.dev)
        complete(bed, priv, 4)
    assert len(priv.hw.wire) == 5
    bed = Bed()
    priv = probed(bed)
    with pytest.raises(L.CheckError, match="TX1"):
        send(bed, priv, 5)


def test_xmit_must_return_ok_or_busy() -> None:
    bed = Bed()
    priv = probed(bed, ndo_start_xmit=lambda skb, dev: 0x20)
    with pytest.raises(L.CheckError, match="neither NETDEV_TX_OK nor NETDEV_TX_BUSY"):
        send(bed, priv, 1)


def test_dropped_packet_is_told_from_a_sent_one() -> None:
    """dev_consume_skb_any() on completion, or drop it with dev_kfree_skb_any()."""
    bed = Bed()

    def run(free: Any) -> Any:
        free(L.alloc_skb(100, L.GFP_KERNEL))
        return L.counters()["drops"]

    assert bed.run(run, L.dev_consume_skb_any) == {}
    assert bed.run(run, L.dev_kfree_skb_any) == {"NOT_SPECIFIED": 1}
