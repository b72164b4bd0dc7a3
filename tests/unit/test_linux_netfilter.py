# SPDX-License-Identifier: Apache-2.0
"""Ingress: programs of traffic control, and netfilter's hooks."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.rx_bed import FRAME, MAC, PEER, handler, receive, up

NET = None  # the namespace


def drops() -> Any:
    return L.counters()["drops"]


# -- traffic control -----------------------------------------------------------------------------------------
def test_tc_program_sees_the_frame_after_the_taps_and_before_the_handlers() -> None:
    bed = Bed()
    nic = up(bed)
    log: list[str] = []
    handler(log, "tap", L.ETH_P_ALL)
    handler(log, "ip", L.ETH_P_IP)

    def prog(skb: Any) -> int:
        log.append(f"tc {L.skb_to_bytes(skb) == FRAME}")
        return L.TC_ACT_OK

    assert L.tcx_prog_attach(nic.ndev, prog) == 0
    assert receive(bed, nic.ndev) == L.NET_RX_SUCCESS
    assert log == ["tap eth0 from eth0", "tc True", "ip eth0 from eth0"]
    assert L.tcx_prog_attach(nic.ndev, prog) == -L.EEXIST
    assert L.tcx_prog_detach(nic.ndev, prog) == 0
    assert L.tcx_prog_detach(nic.ndev, prog) == -L.ENOENT
    receive(bed, nic.ndev)
    assert log[3:] == ["tap eth0 from eth0", "ip eth0 from eth0"]


@pytest.mark.parametrize(
    ("act", "ret", "reason", "passes"),
    [
        (L.TCX_NEXT, 0, None, True),
        (L.TCX_PASS, 0, None, True),
        (L.TC_ACT_RECLASSIFY, 0, None, True),
        (L.TC_ACT_PIPE, 0, None, True),
        (L.TCX_DROP, 1, "TC_INGRESS", False),
        (L.TC_ACT_STOLEN, 0, None, False),
        (L.TC_ACT_QUEUED, 0, None, False),
        (L.TC_ACT_TRAP, 0, None, False),
        (1000, 0, None, True),
    ],
)
def test_tc_action_decides_what_becomes_of_the_packet(act: int, ret: int, reason: str | None, passes: bool) -> None:
    bed = Bed()
    nic = up(bed)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    L.tcx_prog_attach(nic.ndev, lambda skb: act)
    assert receive(bed, nic.ndev) == ret
    assert bool(log) == passes
    assert drops() == ({reason: 1} if reason else {})
    assert L.skb_leaks() == []


def test_tc_programs_run_in_order_until_one_decides() -> None:
    bed = Bed()
    nic = up(bed)
    ran: list[int] = []
    for i, act in enumerate([L.TCX_NEXT, L.TCX_NEXT, L.TCX_DROP, L.TCX_PASS]):
        L.tcx_prog_attach(nic.ndev, lambda skb, i=i, act=act: (ran.append(i), act)[1])
    receive(bed, nic.ndev)
    assert ran == [0, 1, 2]


def test_tc_consumed_packet_is_the_programs() -> None:
    bed = Bed()
    nic = up(bed)
    kept: list[Any] = []
    L.tcx_prog_attach(nic.ndev, lambda skb: (kept.append(skb), L.TC_ACT_CONSUMED)[1])
    assert receive(bed, nic.ndev) == L.NET_RX_SUCCESS
    bed.run(L.consume_skb, kept[0])


def test_tc_redirect_sends_out_of_or_into_the_other_device() -> None:
    bed = Bed()
    one, two = up(bed), up(bed)
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    flags = 0
    L.tcx_prog_attach(one.ndev, lambda skb: L.bpf_redirect(two.ndev.ifindex, flags))
    assert receive(bed, one.ndev) == L.NET_RX_SUCCESS
    sent = two.tx[0][0]
    assert bytes(bed.m.memory.mem[sent.data : sent.data + sent.len]) == FRAME
    flags = L.BPF_F_INGRESS
    receive(bed, one.ndev)
    assert log == ["ip eth1 from eth1"]
    flags = 8
    receive(bed, one.ndev)
    assert drops() == {"TC_INGRESS": 1}


def test_tc_redirect_into_a_device_that_is_down_or_gone_drops() -> None:
    bed = Bed()
    one, two = up(bed), up(bed)
    bed.run(L.dev_close, two.ndev)
    L.tcx_prog_attach(one.ndev, lambda skb: L.bpf_redirect(index, L.BPF_F_INGRESS))
    index = two.ndev.ifindex
    receive(bed, one.ndev)
    assert two.ndev.rx_dropped == 1
    index = 99
    receive(bed, one.ndev)
    assert drops() == {"NOT_SPECIFIED": 2}


# -- netfilter -----------------------------------------------------------------------------------------------
def hook(log: list[Any], verdict: int, pf: int = L.NFPROTO_NETDEV, num: int = 0, dev: Any = None, prio: int = 0) -> Any:
    def fn(priv: Any, skb: Any, state: Any) -> int:
        log.append((prio, state.pf, state.hook, state.in_))
        return verdict

    ops = L.nf_hook_ops(fn, pf, num, prio, dev)
    assert L.nf_register_net_hook(NET, ops) == 0
    return ops


def test_nf_ingress_runs_by_priority_behind_traffic_control() -> None:
    bed = Bed()
    nic = up(bed)
    log: list[Any] = []
    L.tcx_prog_attach(nic.ndev, lambda skb: (log.append("tc"), L.TC_ACT_OK)[1])
    handler(log, "ip", L.ETH_P_IP)
    late = hook(log, L.NF_ACCEPT, dev=nic.ndev, prio=5)
    hook(log, L.NF_ACCEPT, dev=nic.ndev, prio=-5)
    assert receive(bed, nic.ndev) == L.NET_RX_SUCCESS
    assert log == ["tc", (-5, 5, 0, nic.ndev), (5, 5, 0, nic.ndev), "ip eth0 from eth0"]
    L.nf_unregister_net_hook(NET, late)
    with pytest.raises(L.KernelWarning, match="hook not found"):
        L.nf_unregister_net_hook(NET, late)


@pytest.mark.parametrize(("verdict", "reason"), [(L.NF_DROP, "NETFILTER_DROP"), (L.NF_STOLEN, None)])
def test_nf_ingress_takes_packets(verdict: int, reason: str | None) -> None:
    bed = Bed()
    nic = up(bed)
    log: list[Any] = []
    handler(log, "ip", L.ETH_P_IP)
    kept: list[Any] = []

    def fn(priv: Any, skb: Any, state: Any) -> int:
        kept.append(skb)
        return verdict

    L.nf_register_net_hook(NET, L.nf_hook_ops(fn, L.NFPROTO_INET, L.NF_INET_INGRESS, 0, nic.ndev))
    assert receive(bed, nic.ndev) == L.NET_RX_DROP  # as Linux: nobody has delivered it
    assert log == []
    assert drops() == ({reason: 1} if reason else {})
    if reason is None:
        bed.run(L.consume_skb, kept[0])


def test_nf_hooks_at_places_that_do_not_exist_are_refused_and_of_several_none_stays() -> None:
    bed = Bed()
    nic = up(bed)
    ok = L.nf_hook_ops(lambda priv, skb, state: L.NF_DROP, L.NFPROTO_NETDEV, 0, 0, nic.ndev)
    for pf, num, dev in [(L.NFPROTO_NETDEV, 0, None), (L.NFPROTO_NETDEV, 3, nic.ndev), (77, 0, None), (2, 9, None)]:
        bad = L.nf_hook_ops(ok.hook, pf, num, 0, dev)
        assert L.nf_register_net_hook(NET, bad) == -L.EINVAL
        assert L.nf_register_net_hooks(NET, [ok, bad], 2) == -L.EINVAL
    log: list[str] = []
    handler(log, "ip", L.ETH_P_IP)
    receive(bed, nic.ndev)
    assert log


def walk(skb: Any, verdicts: list[int], okfn: Any, pf: int = L.NFPROTO_IPV4) -> int:
    """NF_HOOK() of PRE_ROUTING with a hook for each verdict."""
    for verdict in verdicts:
        L.nf_register_net_hook(NET, L.nf_hook_ops(lambda p, s, st, v=verdict: v, pf, L.NF_INET_PRE_ROUTING))
    return L.NF_HOOK(L.NFPROTO_IPV4, L.NF_INET_PRE_ROUTING, NET, None, skb, skb.dev, None, okfn)


def packet(bed: Bed) -> Any:
    return bed.run(L.alloc_skb, 100, L.GFP_ATOMIC)


def done(skb: Any) -> int:
    L.consume_skb(skb)
    return 42


def test_nf_hook_goes_on_with_okfn_or_returns_the_errno_of_the_drop() -> None:
    bed = Bed()
    assert bed.run(walk, packet(bed), [L.NF_ACCEPT, L.NF_ACCEPT], done, L.NFPROTO_INET) == 42
    assert bed.run(walk, packet(bed), [L.NF_DROP], done) == -L.EPERM
    bed = Bed()
    assert bed.run(walk, packet(bed), [L.NF_DROP_ERR(-L.ECONNREFUSED)], done) == -L.ECONNREFUSED
    assert drops() == {"NETFILTER_DROP": 1}


def test_nf_hook_repeats_and_warns_of_verdicts_that_do_not_exist() -> None:
    bed = Bed()
    answers = [L.NF_REPEAT, L.NF_REPEAT, L.NF_ACCEPT]
    ops = L.nf_hook_ops(lambda priv, skb, state: answers.pop(0), L.NFPROTO_IPV4, 0)
    L.nf_register_net_hook(NET, ops)
    assert bed.run(walk, packet(bed), [], done) == 42
    assert answers == []
    answers.append(77)
    with pytest.raises(L.KernelWarning, match="returned 77"):
        bed.run(walk, packet(bed), [], done)


def test_nf_queue_at_ingress_is_a_bug() -> None:
    """Linux would call a NULL okfn when the packet comes back."""
    bed = Bed()
    nic = up(bed)
    hook([], L.NF_QUEUE_NR(1), dev=nic.ndev)
    with pytest.raises(L.KernelBug, match="NF_QUEUE at ingress"):
        receive(bed, nic.ndev)


def test_nf_queue_without_a_program_drops_or_bypasses() -> None:
    bed = Bed()
    assert bed.run(walk, packet(bed), [L.NF_QUEUE_NR(3)], done) == 0
    assert drops() == {"NOT_SPECIFIED": 1}
    bed = Bed()
    assert bed.run(walk, packet(bed), [L.NF_QUEUE_NR(3) | L.NF_VERDICT_FLAG_QUEUE_BYPASS], done) == 42


@pytest.mark.parametrize(
    ("verdict", "asked", "ends"),
    [(L.NF_ACCEPT, 2, [42]), (L.NF_REPEAT, 3, []), (L.NF_DROP, 1, []), (L.NF_STOLEN, 1, []), (L.NF_QUEUE, 1, [])],
)
def test_nf_queued_packet_goes_on_as_the_program_says(verdict: int, asked: int, ends: list[int]) -> None:
    bed = Bed()
    waiting: list[Any] = []
    numbers: list[int] = []
    calls: list[int] = []
    ended: list[int] = []

    def queue(entry: Any, number: int) -> int:
        waiting.append(entry)
        numbers.append(number)
        return 0

    def first(priv: Any, skb: Any, state: Any) -> int:
        calls.append(1)
        return L.NF_QUEUE_NR(5) if len(calls) == 1 else L.NF_ACCEPT

    def second(priv: Any, skb: Any, state: Any) -> int:
        calls.append(2)
        return L.NF_ACCEPT

    def okfn(skb: Any) -> int:
        ended.append(done(skb))
        return 42

    L.nf_register_queue_handler(queue)
    L.nf_register_net_hook(NET, L.nf_hook_ops(first, L.NFPROTO_IPV4, 0, 0))
    L.nf_register_net_hook(NET, L.nf_hook_ops(second, L.NFPROTO_IPV4, 0, 1))
    skb = packet(bed)
    assert bed.run(L.NF_HOOK, L.NFPROTO_IPV4, 0, NET, None, skb, None, None, okfn) == 0
    assert (numbers, calls, ended) == ([5], [1], [])
    bed.run(L.nf_reinject, waiting[0], verdict)
    assert len(calls) == asked
    assert ended == (ends or ([42] if verdict == L.NF_REPEAT else []))
    assert len(waiting) == (2 if verdict == L.NF_QUEUE else 1)
    if verdict == L.NF_STOLEN:
        bed.run(L.consume_skb, skb)
    with pytest.raises(L.KernelWarning, match="there is one"):
        L.nf_register_queue_handler(queue)
    L.nf_unregister_queue_handler()


def test_ingress_costs_nothing_where_only_another_device_has_it() -> None:
    bed = Bed()
    one, two = up(bed), up(bed)
    log: list[Any] = []
    hook(log, L.NF_DROP, dev=two.ndev)
    handler(log, "ip", L.ETH_P_IP)
    receive(bed, one.ndev, MAC + PEER + b"\x08\x00" + bytes(46))
    assert log == ["ip eth0 from eth0"]
