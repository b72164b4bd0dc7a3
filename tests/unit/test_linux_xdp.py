# SPDX-License-Identifier: Apache-2.0
"""XDP: attaching, generic XDP on sk_buffs, buffers and frames, redirection from a driver."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.rx_bed import FRAME, MAC, PEER, each, handler, receive, rtnl, up


def program(bed: Bed, dev: Any, prog: Any, flags: int = 0, expected: Any = None) -> int:
    return int(rtnl(bed, L.dev_change_xdp_fd, dev, None, prog, expected, flags))


def frames(bed: Bed, dev: Any = None) -> list[bytes]:
    """What arrives at a tap."""
    got: list[bytes] = []

    def tap(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        got.append(L.skb_mac_frame(skb))
        L.consume_skb(skb)
        return 0

    L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=tap, dev=dev, ignore_outgoing=True))
    return got


# -- generic XDP ---------------------------------------------------------------------------------------------
def test_program_sees_the_frame_from_its_mac_header_before_the_taps() -> None:
    bed = Bed()
    nic = up(bed)
    got = frames(bed)
    seen: list[Any] = []

    def prog(xdp: Any) -> int:
        seen.append((bytes(L.xdp_packet(xdp)), xdp.rxq.dev, xdp.rxq.queue_index))
        return L.XDP_PASS

    assert program(bed, nic.ndev, prog) == 0
    receive(bed, nic.ndev)
    assert seen == [(FRAME, nic.ndev, 0)]
    assert got == [FRAME]


@pytest.mark.parametrize("act", [L.XDP_DROP, L.XDP_ABORTED, 99])
def test_packet_is_lost_by_drop_aborted_and_unknown_values(act: int) -> None:
    bed = Bed()
    nic = up(bed)
    got = frames(bed)
    program(bed, nic.ndev, lambda xdp: act)
    assert receive(bed, nic.ndev) == L.NET_RX_DROP
    assert got == []
    assert nic.ndev.rx_dropped == 0
    assert L.counters()["drops"] == {"NOT_SPECIFIED": 1}
    assert L.counters()["xdp_exceptions"] == ({} if act == L.XDP_DROP else {act: 1})
    assert any("Illegal XDP return value 99" in line for line in L.dmesg()) == (act == 99)


def test_tx_sends_the_packet_back_past_qdisc_and_taps() -> None:
    bed = Bed()
    nic = up(bed)

    def back(xdp: Any) -> int:
        packet = L.xdp_packet(xdp)
        packet[:12] = bytes(packet[6:12]) + bytes(packet[:6])
        return L.XDP_TX

    program(bed, nic.ndev, back)
    taps: list[str] = []
    pt = handler(taps, "tap", L.ETH_P_ALL)
    pt.ignore_outgoing = False
    receive(bed, nic.ndev)
    skb = nic.tx[0][0]
    assert bytes(bed.m.memory.mem[skb.data : skb.data + skb.len]) == PEER + MAC + FRAME[12:]
    assert taps == []


def test_tx_on_a_stopped_queue_is_lost_and_counted() -> None:
    bed = Bed()
    nic = up(bed)
    program(bed, nic.ndev, lambda xdp: L.XDP_TX)
    bed.run(L.netif_tx_stop_all_queues, nic.ndev)
    receive(bed, nic.ndev)
    assert not nic.tx
    assert nic.ndev.tx_dropped == 1
    assert L.counters()["xdp_exceptions"] == {L.XDP_TX: 1}


def test_redirect_sends_out_of_the_other_device() -> None:
    bed = Bed()
    one, two = up(bed), up(bed)
    program(bed, one.ndev, lambda xdp: L.bpf_xdp_redirect(two.ndev.ifindex, 0))
    receive(bed, one.ndev)
    skb = two.tx[0][0]
    assert bytes(bed.m.memory.mem[skb.data : skb.data + skb.len]) == FRAME
    assert skb.dev is two.ndev


@pytest.mark.parametrize("why", ["down", "unknown", "too long", "flags"])
def test_redirect_that_cannot_be_is_a_drop(why: str) -> None:
    bed = Bed()
    one, two = up(bed), up(bed)
    index = 77 if why == "unknown" else two.ndev.ifindex
    if why == "down":
        bed.run(L.dev_close, two.ndev)
    if why == "too long":
        bed.run(L.dev_set_mtu, two.ndev, 68)
    program(bed, one.ndev, lambda xdp: L.bpf_xdp_redirect(index, 1 if why == "flags" else 0))
    assert receive(bed, one.ndev) == L.NET_RX_DROP
    assert not two.tx
    assert L.counters()["drops"] == {"NOT_SPECIFIED" if why == "flags" else "XDP": 1}


def test_head_moved_both_ways_changes_the_frame() -> None:
    """A program takes an outer header off, or puts one on; the protocol follows what it wrote."""
    bed = Bed()
    nic = up(bed)
    got = frames(bed)
    protocols: list[int] = []

    def cut(xdp: Any) -> int:
        header = bytes(L.xdp_packet(xdp)[:12])
        assert L.bpf_xdp_adjust_head(xdp, 8) == 0
        L.xdp_packet(xdp)[:14] = header + b"\x86\xdd"
        return L.XDP_PASS

    def grow(xdp: Any) -> int:
        header = bytes(L.xdp_packet(xdp)[:12])
        assert L.bpf_xdp_adjust_head(xdp, -20) == 0
        L.xdp_packet(xdp)[:34] = header + b"\x08\x06" + bytes(20)
        return L.XDP_PASS

    for type in (L.ETH_P_IPV6, L.ETH_P_ARP):
        each(type, lambda skb: protocols.append(skb.protocol))
    program(bed, nic.ndev, cut)
    receive(bed, nic.ndev)
    program(bed, nic.ndev, grow)
    receive(bed, nic.ndev)
    assert got == [FRAME[:12] + b"\x86\xdd" + FRAME[22:], FRAME[:12] + b"\x08\x06" + bytes(20) + FRAME[14:]]
    assert protocols == [L.ETH_P_IPV6, L.ETH_P_ARP]


def test_tail_moved_both_ways_changes_the_length() -> None:
    bed = Bed()
    nic = up(bed)
    got = frames(bed)
    for delta in (-30, 10):
        program(bed, nic.ndev, lambda xdp, delta=delta: (L.bpf_xdp_adjust_tail(xdp, delta), L.XDP_PASS)[1])
        receive(bed, nic.ndev)
    assert got == [FRAME[:-30], FRAME + bytes(10)]


def test_destination_rewritten_to_another_host_is_seen_by_the_stack() -> None:
    bed = Bed()
    nic = up(bed)
    kinds: list[int] = []
    each(L.ETH_P_IP, lambda skb: kinds.append(skb.pkt_type))

    def other(xdp: Any) -> int:
        L.xdp_packet(xdp)[:6] = PEER
        return L.XDP_PASS

    program(bed, nic.ndev, other)
    receive(bed, nic.ndev)
    assert kinds == [L.PACKET_OTHERHOST]


def test_metadata_is_kept_in_front_of_the_skb() -> None:
    bed = Bed()
    nic = up(bed)
    found: list[bytes] = []

    def prog(xdp: Any) -> int:
        assert L.bpf_xdp_adjust_meta(xdp, -8) == 0
        bed.m.memory.mem[xdp.data_meta : xdp.data] = b"metadata"
        return L.XDP_PASS

    def look(skb: Any) -> None:
        mac = L.skb_mac_header(skb)
        found.append(bytes(bed.m.memory.mem[mac - L.skb_metadata_len(skb) : mac]))

    each(L.ETH_P_IP, look)
    program(bed, nic.ndev, prog)
    receive(bed, nic.ndev)
    assert found == [b"metadata"]


def test_shared_and_fragmented_packets_are_made_linear_with_headroom_first() -> None:
    bed = Bed()
    nic = up(bed)
    got = frames(bed)
    rooms: list[int] = []
    clones: list[Any] = []

    def prog(xdp: Any) -> int:
        rooms.append(xdp.data - xdp.data_hard_start)
        L.xdp_packet(xdp)[20:24] = b"mine"
        return L.XDP_PASS

    def fragment(skb: Any) -> None:
        page = L.alloc_page(L.GFP_ATOMIC)
        bed.m.memory.mem[page.addr : page.addr + 500] = b"x" * 500
        L.skb_add_rx_frag(skb, 0, page, 0, 500, L.PAGE_SIZE)

    program(bed, nic.ndev, prog)
    receive(bed, nic.ndev, change=fragment)
    receive(bed, nic.ndev, change=lambda skb: clones.append(L.skb_clone(skb, L.GFP_ATOMIC)))
    assert got == [FRAME[:20] + b"mine" + FRAME[24:] + b"x" * 500, FRAME[:20] + b"mine" + FRAME[24:]]
    assert min(rooms) >= L.XDP_PACKET_HEADROOM
    assert L.skb_to_bytes(clones[0]) == FRAME[14:]  # the other owner's is untouched
    bed.run(L.consume_skb, clones[0])


def test_program_where_memory_is_out_loses_the_packet() -> None:
    bed = Bed()
    nic = up(bed)
    got = frames(bed)
    program(bed, nic.ndev, lambda xdp: L.XDP_PASS)

    def no_memory(skb: Any) -> None:
        L.set_alloc_failure(lambda what, size: True)

    assert receive(bed, nic.ndev, change=no_memory) == L.NET_RX_DROP
    L.set_alloc_failure(None)
    assert got == []


# -- the limits of a buffer ----------------------------------------------------------------------------------
def buff(bed: Bed, headroom: int = 256, length: int = 100, size: int = 2048) -> Any:
    xdp = L.xdp_buff()
    page = bed.run(L.netdev_alloc_frag, size)
    L.xdp_init_buff(xdp, size, None)
    L.xdp_prepare_buff(xdp, page, headroom, length, True)
    return xdp


def test_adjustments_beyond_the_buffer_are_refused_and_change_nothing() -> None:
    bed = Bed()
    xdp = buff(bed)
    before = (xdp.data, xdp.data_end, xdp.data_meta)
    assert L.bpf_xdp_adjust_head(xdp, -217) == -L.EINVAL  # struct xdp_frame has the first 40 bytes
    assert L.bpf_xdp_adjust_head(xdp, 87) == -L.EINVAL  # an Ethernet header is left
    assert L.bpf_xdp_adjust_tail(xdp, -87) == -L.EINVAL
    assert L.bpf_xdp_adjust_tail(xdp, 2048 - 320 - 256 - 100 + 1) == -L.EINVAL  # the shared info lies behind
    assert L.bpf_xdp_adjust_meta(xdp, 4) == -L.EINVAL
    assert L.bpf_xdp_adjust_meta(xdp, -3) == -L.EACCES
    assert L.bpf_xdp_adjust_meta(xdp, -36) == -L.EACCES
    assert (xdp.data, xdp.data_end, xdp.data_meta) == before
    assert L.bpf_xdp_adjust_head(xdp, -216) == 0
    assert L.bpf_xdp_adjust_tail(xdp, 2048 - 320 - 256 - 100) == 0
    assert L.xdp_get_buff_len(xdp) == 2048 - 320 - 40
    assert L.bpf_xdp_adjust_meta(xdp, -4) == -L.EINVAL  # no headroom left


def test_metadata_moves_with_the_head_and_needs_a_driver_that_has_it() -> None:
    bed = Bed()
    xdp = buff(bed)
    mem = bed.m.memory.mem
    assert L.bpf_xdp_adjust_meta(xdp, -4) == 0
    mem[xdp.data_meta : xdp.data] = b"abcd"
    assert L.bpf_xdp_adjust_head(xdp, 10) == 0
    assert bytes(mem[xdp.data_meta : xdp.data]) == b"abcd"
    L.xdp_set_data_meta_invalid(xdp)
    assert L.bpf_xdp_adjust_meta(xdp, -4) == -L.ENOTSUPP


def test_frame_of_a_buffer_needs_headroom_and_tailroom() -> None:
    bed = Bed()
    frame = L.xdp_convert_buff_to_frame(buff(bed))
    assert (frame.headroom, L.xdp_get_frame_len(frame), frame.metasize) == (216, 100, 0)
    assert L.xdp_convert_buff_to_frame(buff(bed, headroom=39)) is None
    with pytest.raises(L.KernelWarning, match="missing reserved tailroom"):
        L.xdp_convert_buff_to_frame(buff(bed, length=1700))


# -- attaching -----------------------------------------------------------------------------------------------
def drop(xdp: Any) -> int:
    return L.XDP_DROP


def test_programs_are_attached_and_replaced_by_the_rules() -> None:
    bed = Bed()
    nic = up(bed)
    dev = nic.ndev
    first, second = L.bpf_prog(drop), L.bpf_prog(drop)
    assert program(bed, dev, first, L.XDP_FLAGS_DRV_MODE) == -L.EOPNOTSUPP
    assert program(bed, dev, first, L.XDP_FLAGS_DRV_MODE | L.XDP_FLAGS_SKB_MODE) == -L.EINVAL
    assert program(bed, dev, first, 0, expected=second) == -L.EINVAL
    assert program(bed, dev, first, L.XDP_FLAGS_REPLACE, expected=second) == -L.EEXIST
    assert program(bed, dev, first) == 0
    assert program(bed, dev, second, L.XDP_FLAGS_UPDATE_IF_NOEXIST) == -L.EBUSY
    assert program(bed, dev, second, L.XDP_FLAGS_REPLACE, expected=first) == 0
    assert L.dev_xdp_prog_count(dev) == 1
    assert L.dev_xdp_prog_id(dev, 0) is second
    assert (first.refcnt, second.refcnt) == (1, 3)
    assert program(bed, dev, None) == 0
    assert (first.refcnt, second.refcnt, L.dev_xdp_prog_count(dev)) == (1, 1, 0)
    assert receive(bed, dev) == L.NET_RX_DROP and dev.rx_dropped == 1  # to the end of the stack


def test_attaching_without_rtnl_warns_and_a_message_comes_back() -> None:
    bed = Bed()
    nic = up(bed)
    with pytest.raises(L.KernelWarning, match="RTNL"):
        bed.run(L.dev_change_xdp_fd, nic.ndev, None, drop, None, 0)

    class Ack:
        _msg = ""

    ack = Ack()
    rtnl(bed, L.dev_change_xdp_fd, nic.ndev, ack, drop, None, L.XDP_FLAGS_DRV_MODE)
    assert ack._msg == "Underlying driver does not support XDP in native mode"


def test_driver_is_asked_by_ndo_bpf_and_may_refuse() -> None:
    bed = Bed()
    asked: list[Any] = []

    def ndo_bpf(dev: Any, bpf: Any) -> int:
        assert bpf.command == L.XDP_SETUP_PROG
        if refuse:
            return -L.EINVAL
        old = asked[-1] if asked else None
        asked.append(bpf.prog)
        if old is not None:
            L.bpf_prog_put(old)
        return 0

    refuse = False
    nic = up(bed, ndo_bpf=ndo_bpf)
    prog = L.bpf_prog(drop)
    assert program(bed, nic.ndev, prog) == 0
    assert asked == [prog]
    assert nic.ndev.xdp_prog is None  # not in the stack
    assert program(bed, nic.ndev, drop, L.XDP_FLAGS_SKB_MODE) == -L.EEXIST
    refuse = True
    other = L.bpf_prog(drop)
    assert program(bed, nic.ndev, other) == -L.EINVAL
    assert (other.refcnt, prog.refcnt) == (1, 3)
    refuse = False
    bed.run(L.dev_close, nic.ndev)
    bed.run(L.unregister_netdev, nic.ndev)
    assert asked[-1] is None
    assert prog.refcnt == 1
    with pytest.raises(L.KernelBug, match="more often than it was taken"):
        L.bpf_prog_put(prog)
        L.bpf_prog_put(prog)


def test_program_that_a_driver_does_not_put_is_left_over() -> None:
    bed = Bed()
    nic = up(bed, ndo_bpf=lambda dev, bpf: 0)
    assert program(bed, nic.ndev, drop) == 0
    assert not [line for line in L.leak_report() if "XDP" in line]  # it is attached
    assert program(bed, nic.ndev, None) == 0
    (line,) = (line for line in L.leak_report() if "XDP" in line)
    assert line.startswith("XDP program drop: 1 references left")


# -- queues --------------------------------------------------------------------------------------------------
def test_rxq_info_is_registered_once_and_with_a_device() -> None:
    bed = Bed()
    nic = up(bed)
    rxq = L.xdp_rxq_info()
    with pytest.raises(L.KernelWarning, match="Missing register"):
        L.xdp_rxq_info_reg_mem_model(rxq, L.MEM_TYPE_PAGE_ORDER0, None)
    with pytest.raises(L.KernelWarning, match="Missing net_device"):
        L.xdp_rxq_info_reg(rxq, None, 0, 0)
    assert L.xdp_rxq_info_reg(rxq, nic.ndev, 3, 0) == 0
    assert L.xdp_rxq_info_is_reg(rxq)
    assert L.xdp_rxq_info_reg_mem_model(rxq, L.MEM_TYPE_PAGE_POOL, None) == -L.EINVAL
    assert L.xdp_rxq_info_reg_mem_model(rxq, 9, None) == -L.EOPNOTSUPP
    with pytest.raises(L.KernelWarning, match="Missing unregister"):
        L.xdp_rxq_info_reg(rxq, nic.ndev, 3, 0)
    L.xdp_rxq_info_unreg(rxq)
    assert not L.xdp_rxq_info_is_reg(rxq)
    with pytest.raises(L.KernelWarning, match="not registered"):
        L.xdp_rxq_info_unreg(rxq)
    unused = L.xdp_rxq_info()
    L.xdp_rxq_info_unused(unused)
    with pytest.raises(L.KernelWarning, match="promised not to"):
        L.xdp_rxq_info_reg(unused, nic.ndev, 0, 0)


# -- redirection from a driver -------------------------------------------------------------------------------
class Target:
    """A device that sends frames of others: takes ``room`` of them."""

    def __init__(self, bed: Bed, room: int = 99) -> None:
        self.calls: list[int] = []
        self.got: list[Any] = []
        self.room = room
        self.nic = up(bed, ndo_xdp_xmit=self.xmit)
        self.nic.ndev.xdp_features = L.NETDEV_XDP_ACT_NDO_XMIT

    def xmit(self, dev: Any, n: int, frames: list[Any], flags: int) -> int:
        assert flags == L.XDP_XMIT_FLUSH
        self.calls.append(n)
        taken = frames[: self.room]
        self.got += taken
        for frame in taken:
            L.xdp_return_frame(frame)
        return len(taken)


def redirect(bed: Bed, dev: Any, target: Any, n: int = 1) -> list[int]:
    rxq = L.xdp_rxq_info()
    L.xdp_rxq_info_reg(rxq, dev, 0, 0)
    prog = L.bpf_prog(lambda xdp: L.bpf_xdp_redirect(target.ifindex, 0))

    def poll() -> list[int]:
        errs = []
        for _ in range(n):
            buf = L.netdev_alloc_frag(2048)
            xdp = L.xdp_buff()
            L.xdp_init_buff(xdp, 2048, rxq)
            L.xdp_prepare_buff(xdp, buf, 256, 100, False)
            assert L.bpf_prog_run_xdp(prog, xdp) == L.XDP_REDIRECT
            errs.append(L.xdp_do_redirect(dev, xdp, prog))
            if errs[-1]:
                L.xdp_return_buff(xdp)
        L.xdp_do_flush()
        return errs

    return list(bed.run(poll))


def test_redirected_buffers_are_sent_in_bulks_of_16_and_at_the_flush() -> None:
    bed = Bed()
    source, target = up(bed), Target(bed)
    assert redirect(bed, source.ndev, target.nic.ndev, 35) == [0] * 35
    assert target.calls == [16, 16, 3]
    assert {(f.dev_rx, f.len) for f in target.got} == {(source.ndev, 100)}


def test_poll_that_redirects_must_flush() -> None:
    """CONFIG_DEBUG_NET says so of each poll; the frames go all the same."""
    bed = Bed()
    source, target = up(bed), Target(bed)

    def poll(napi: Any, budget: int) -> int:
        xdp = L.xdp_buff()
        L.xdp_init_buff(xdp, 2048, None)
        L.xdp_prepare_buff(xdp, L.netdev_alloc_frag(2048), 256, 100, False)
        L.bpf_xdp_redirect(target.nic.ndev.ifindex, 0)
        assert L.xdp_do_redirect(source.ndev, xdp, None) == 0
        L.napi_complete_done(napi, 1)
        return 1

    def run() -> None:
        L.local_bh_disable()
        source.interrupt()
        L.local_bh_enable()

    source.napi.poll = poll
    with pytest.raises(L.KernelWarning, match=r"missed xdp_do_flush\(\)"):
        bed.run(run)
    assert target.calls == [1]


@pytest.mark.parametrize(("act", "work", "reported"), [(L.XDP_DROP, 65, True), (L.XDP_DROP, 64, False)])
def test_what_a_program_takes_counts_as_received(act: int, work: int, reported: bool) -> None:
    """kernel-rules.md: NAPI1."""
    bed = Bed()
    source = up(bed)
    prog = L.bpf_prog(lambda xdp: act)

    def poll(napi: Any, budget: int) -> int:
        for _ in range(work):
            L.bpf_prog_run_xdp(prog, L.xdp_buff())
        return budget if napi.polls == 1 and work == budget else int(not L.napi_complete_done(napi, 1))

    def run() -> None:
        L.local_bh_disable()
        source.interrupt()
        L.local_bh_enable()

    source.napi.poll = poll
    if reported:
        with pytest.raises(L.CheckError, match=r"^NAPI1: .* delivered 65 packets with a budget of 64"):
            bed.run(run)
    else:
        work = 64
        bed.run(run)


def test_frames_that_the_target_does_not_take_are_given_back() -> None:
    bed = Bed()
    source, target = up(bed), Target(bed, room=2)
    redirect(bed, source.ndev, target.nic.ndev, 5)
    assert len(target.got) == 2
    assert L.counters()["xdp_exceptions"] == {L.XDP_REDIRECT: 3}


def test_redirect_to_a_device_that_cannot_is_an_error_and_leaves_the_buffer() -> None:
    bed = Bed()
    source, target, plain = up(bed), Target(bed), up(bed)
    assert redirect(bed, source.ndev, plain.ndev) == [-L.EOPNOTSUPP]
    bed.run(L.dev_close, target.nic.ndev)
    assert redirect(bed, source.ndev, target.nic.ndev) == [-L.ENETDOWN]
    gone = type("Gone", (), {"ifindex": 99})
    assert redirect(bed, source.ndev, gone) == [-L.EINVAL]


def test_frames_of_a_page_pool_go_home_to_it() -> None:
    bed = Bed()
    nic = up(bed)
    params = L.page_pool_params(order=0, pool_size=16, dev=nic.dev)
    pool = bed.run(L.page_pool_create, params)
    rxq = L.xdp_rxq_info()
    L.xdp_rxq_info_reg(rxq, nic.ndev, 0, 0)
    assert L.xdp_rxq_info_reg_mem_model(rxq, L.MEM_TYPE_PAGE_POOL, pool) == 0

    def run() -> None:
        page = L.page_pool_dev_alloc_pages(pool)
        xdp = L.xdp_buff()
        L.xdp_init_buff(xdp, L.PAGE_SIZE, rxq)
        L.xdp_prepare_buff(xdp, page.addr, 256, 100, False)
        frames.append(L.xdp_convert_buff_to_frame(xdp))

    frames: list[Any] = []
    bed.run(run)
    L.xdp_rxq_info_unreg(rxq)
    bed.run(L.page_pool_destroy, pool)
    assert any("page_pool" in line for line in L.leak_report())
    bed.run(L.xdp_return_frame, frames[0])
    assert not any("page_pool" in line for line in L.leak_report())


def test_frames_go_back_to_where_their_memory_came_from() -> None:
    bed = Bed()
    nic = up(bed)
    rxq = L.xdp_rxq_info()
    L.xdp_rxq_info_reg(rxq, nic.ndev, 0, 0)
    assert L.xdp_rxq_info_reg_mem_model(rxq, L.MEM_TYPE_PAGE_ORDER0, None) == 0

    def run() -> None:
        page = L.alloc_page(L.GFP_ATOMIC)
        xdp = L.xdp_buff()
        L.xdp_init_buff(xdp, L.PAGE_SIZE, rxq)
        L.xdp_prepare_buff(xdp, page.addr, 256, 100, False)
        before = len(L.mm_leaks())
        L.xdp_return_frame(L.xdp_convert_buff_to_frame(xdp))
        assert len(L.mm_leaks()) == before - 1

    bed.run(run)
