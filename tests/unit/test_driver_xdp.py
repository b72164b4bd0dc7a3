# SPDX-License-Identifier: Apache-2.0
"""XDP in the reference driver: buffers, verdicts, the TX ring that it shares with the stack, what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic import nic_netdev, nic_rx
from pymodel.drivers.nic.nic_rx import BUFFER_BYTES, XDP_BUFFER_BYTES
from pymodel.drivers.nic.nic_tx import STOP_BELOW
from pymodel.hw.errors import CheckError
from tests.scenarios.packets import sum16
from tests.unit.soft_host import Host
from tests.unit.test_driver_traffic import frame


def attach(h: Host, prog: Any, flags: int = L.XDP_FLAGS_DRV_MODE) -> int:
    def change() -> int:
        L.rtnl_lock()
        err = L.dev_change_xdp_fd(h.ndev, None, prog, None, flags)
        L.rtnl_unlock()
        return err

    return int(h.call(change))


def arrive(h: Host, frames: list[bytes], us: float = 30) -> None:
    """From the wire, whatever becomes of them."""
    for f in frames:
        h.platform.wire_send(f, 0)
    h.settle(us)


def mirror(xdp: Any) -> int:
    """Send it back as it is."""
    return L.XDP_TX


def test_program_makes_buffers_whole_pages_with_headroom(host: Any) -> None:
    """Rings are set up anew when the first program comes and the last one goes, not when one replaces another."""
    h = host()
    h.up()
    ring = h.priv.queues[0].rx
    assert h.ndev.xdp_features == (
        L.NETDEV_XDP_ACT_BASIC | L.NETDEV_XDP_ACT_REDIRECT | L.NETDEV_XDP_ACT_NDO_XMIT
    )  # fmt: skip
    seen: list[int] = []

    def prog(xdp: Any) -> int:
        seen.append(xdp.data - xdp.data_hard_start)
        assert xdp.frame_sz == L.PAGE_SIZE and xdp.rxq is ring.xdp_rxq and xdp.rxq.dev is h.ndev
        assert L.xdp_data_hard_end(xdp) - xdp.data == XDP_BUFFER_BYTES
        return L.XDP_PASS

    assert (ring.truesize, ring.buffer_bytes) == (2048, BUFFER_BYTES)
    first = L.bpf_prog(prog)
    assert attach(h, first) == 0
    pool = ring.pool
    assert (ring.truesize, ring.buffer_bytes) == (4096, XDP_BUFFER_BYTES)
    h.deliver([frame(60 + i, i) for i in range(100)])
    assert seen == [L.XDP_PACKET_HEADROOM] * 100
    assert attach(h, lambda xdp: L.XDP_PASS) == 0
    assert ring.pool is pool and first.refcnt == 1
    h.deliver([frame(1514, i) for i in range(40)])
    assert len(seen) == 100
    assert attach(h, None) == 0
    assert (ring.truesize, ring.buffer_bytes) == (2048, BUFFER_BYTES)
    h.deliver([frame(1514, i) for i in range(40)])
    h.remove()


def test_program_outlives_down_and_up_and_goes_with_the_device(host: Any) -> None:
    h = host()
    h.up()
    prog = L.bpf_prog(lambda xdp: L.XDP_DROP)
    h.down()
    assert attach(h, prog) == 0
    h.up()
    arrive(h, [frame(100, 1)])
    ring = h.priv.queues[0].rx
    assert (ring.xdp_drops, ring.packets, len(h.received)) == (1, 1, 0)
    h.remove()
    assert prog.refcnt == 1


def test_each_verdict_has_its_counter(host: Any) -> None:
    """PASS reaches the stack; an unknown value is warned of and is lost, like ABORTED, with a trace."""
    h = host()
    h.up()
    verdicts = [L.XDP_PASS, L.XDP_DROP, L.XDP_TX, L.XDP_ABORTED, 77, L.XDP_REDIRECT]
    left = list(verdicts)
    assert attach(h, lambda xdp: left.pop(0)) == 0  # the redirect names no device
    arrive(h, [frame(200, i) for i in range(len(verdicts))], us=100)
    ring = h.priv.queues[0].rx
    assert (ring.packets, ring.xdp_drops, ring.xdp_tx, ring.xdp_redirects, ring.xdp_errors) == (6, 1, 1, 0, 3)
    assert [f for f, _ in h.received] == [frame(200, 0)]
    assert [f for f, _ in h.wire] == [frame(200, 2)]
    assert h.stats().tx_packets == 1 and h.stats().rx_bytes == 6 * 200
    assert L.counters()["xdp_exceptions"] == {L.XDP_ABORTED: 1, 77: 1, L.XDP_REDIRECT: 1}
    assert any("Illegal XDP return value 77" in line for line in L.dmesg())
    h.remove()


def test_frames_too_long_for_one_buffer_and_programs_exclude_each_other(host: Any) -> None:
    h = host()
    h.up()
    assert h.call(L.dev_set_mtu, h.ndev, 9000) == 0
    prog = L.bpf_prog(lambda xdp: L.XDP_PASS)
    assert attach(h, prog) == -L.EOPNOTSUPP
    assert prog.refcnt == 1
    most = XDP_BUFFER_BYTES - 18
    assert h.call(L.dev_set_mtu, h.ndev, most) == 0
    assert attach(h, prog) == 0
    assert h.call(L.dev_set_mtu, h.ndev, most + 1) == -L.EINVAL
    h.deliver([frame(most + 14, 1), frame(most + 18, 2)])
    h.remove()


def test_rings_that_cannot_be_set_up_leave_the_device_as_it_was(host: Any) -> None:
    """-ENOMEM, no program, and traffic flows."""
    h = host(rx_ring=256)
    h.up()
    prog = L.bpf_prog(lambda xdp: L.XDP_DROP)
    allocated = 0

    def few(what: str, size: int) -> bool:
        nonlocal allocated
        allocated += what == "page"
        return 20 < allocated <= 22

    L.set_alloc_failure(few)
    assert attach(h, prog) == -L.ENOMEM
    L.set_alloc_failure(None)
    assert h.priv.xdp_prog is None and prog.refcnt == 1
    h.deliver([frame(200, i) for i in range(40)])
    h.remove()


def test_device_that_cannot_be_reopened_at_all_can_be_closed_and_opened(host: Any) -> None:
    """No memory for the old settings either: it stays quiet until it is brought down and up."""
    h = host()
    h.up()
    L.set_alloc_failure(lambda what, size: what == "page")
    assert attach(h, L.bpf_prog(lambda xdp: L.XDP_DROP)) == -L.ENOMEM
    L.set_alloc_failure(None)
    assert h.priv.halted and any("old settings" in line for line in L.dmesg())
    h.down()
    h.up()
    assert not h.priv.halted
    h.deliver([frame(200, i) for i in range(40)])
    h.remove()


def test_device_s_sum_is_not_believed_of_a_packet_that_a_program_saw(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OFF3: a program may change what was summed."""
    h = host()
    h.up()
    states = []
    receive = nic_rx.napi_gro_receive
    monkeypatch.setattr(
        nic_rx, "napi_gro_receive", lambda napi, skb: (states.append(skb.ip_summed), receive(napi, skb))[1]
    )
    h.deliver([frame(100, 1)])
    assert attach(h, lambda xdp: L.XDP_PASS) == 0
    h.deliver([frame(100, 1)])
    assert states == [L.CHECKSUM_COMPLETE, L.CHECKSUM_NONE]
    assert sum16(b"") == 0
    h.remove()


def test_program_sees_tags_where_the_wire_had_them(host: Any) -> None:
    """OFF7: tags are not taken out while there is a program, and are again when it has gone."""
    h = host()
    h.up()
    tagged = frame(100, 1)[:12] + b"\x81\0\0\x05" + frame(100, 1)[12:]
    seen: list[bytes] = []
    assert h.ndev.features & L.NETIF_F_HW_VLAN_CTAG_RX
    assert attach(h, lambda xdp: (seen.append(bytes(L.xdp_packet(xdp))), L.XDP_TX)[1]) == 0
    assert not h.ndev.features & L.NETIF_F_HW_VLAN_CTAG_RX
    arrive(h, [tagged])
    assert seen == [tagged] and [f for f, _ in h.wire] == [tagged]
    assert attach(h, None) == 0
    assert h.ndev.features & L.NETIF_F_HW_VLAN_CTAG_RX
    h.deliver([tagged])
    assert h.received[-1][0] == tagged
    h.remove()


# -- the TX ring -----------------------------------------------------------------------------------------------
def test_mirrored_frames_leave_room_for_the_stack(host: Any) -> None:
    """TX1, TX2: XDP stops short of what the stack may count on while its queue is awake; what does not fit is lost and
    counted, and the watchdog knows that the queue is alive."""
    h = host(tx_ring=64, rate_gbps=10)
    h.up()
    assert attach(h, mirror) == 0
    tx, rx = h.priv.queues[0].tx, h.priv.queues[0].rx
    least = []
    xmit = h.platform.wire_tx
    h.platform.wire_tx = lambda f: (least.append(tx.free()), xmit(f))[1]
    tx_round, h.nic.tx._round = h.nic.tx._round, lambda: None  # the device sleeps
    arrive(h, [frame(60, i) for i in range(100)])
    h.settle(50)
    assert tx.free() == STOP_BELOW and not L.netif_tx_queue_stopped(tx.txq)
    assert rx.xdp_tx == 64 - STOP_BELOW and rx.xdp_errors == 100 - rx.xdp_tx
    h.nic.tx._round = tx_round
    h.nic.tx._scheduled = False
    h.nic.tx.resume()
    h.send([frame(1000, i) for i in range(40)], frags=True)
    h.settle(50)
    assert tx.free() == 64 and tx.xdp_frames == 0
    assert not [line for line in L.dmesg() if "awake" in line]
    h.remove()


def test_frames_of_xdp_in_the_ring_are_freed_when_the_device_goes_down(host: Any) -> None:
    """LIFE2, ETH3: pages that were never sent come home."""
    h = host()
    h.up()
    assert attach(h, mirror) == 0
    h.nic.tx._round = lambda: None  # the device sleeps
    arrive(h, [frame(1000, i) for i in range(10)])
    assert h.priv.queues[0].tx.xdp_frames == 10
    h.down()
    assert not h.wire and h.priv.queues[0].tx.dropped == 10
    h.remove()


def test_netpoll_leaves_frames_of_xdp_alone(host: Any) -> None:
    """NAPI2: with a budget of 0 nothing of XDP is reclaimed, where pages may not be given back."""
    h = host()
    h.up()
    queue = h.priv.queues[0]
    h.nic.irq.set_mask(0, hw.QP_IRQ_MASK_MASKED | hw.QP_IRQ_MASK_AUTO_MASK)
    assert _xmit(h, 1, L.XDP_XMIT_FLUSH)[0] == 1
    h.settle(20)
    assert len(h.wire) == 1
    h.call(nic_netdev.nic_poll, queue.napi, 0)
    assert queue.tx.xdp_frames == 1
    h.nic.irq.set_mask(0, hw.QP_IRQ_MASK_AUTO_MASK)
    h.settle(20)
    assert queue.tx.xdp_frames == 0
    h.remove()


def _frames(h: Host, n: int, size: int = 100) -> list[Any]:
    """Frames of another device, in pages of their own."""
    rxq = L.xdp_rxq_info()
    assert L.xdp_rxq_info_reg(rxq, h.ndev, 0, 0) == 0
    assert L.xdp_rxq_info_reg_mem_model(rxq, L.MEM_TYPE_PAGE_ORDER0, None) == 0
    made = []
    for i in range(n):
        page = L.alloc_page(L.GFP_KERNEL)
        xdp = L.xdp_buff()
        L.xdp_init_buff(xdp, L.PAGE_SIZE, rxq)
        L.xdp_prepare_buff(xdp, page.addr, L.XDP_PACKET_HEADROOM, size, True)
        L.xdp_packet(xdp)[:] = frame(max(14, size), i)[:size]
        made.append(L.xdp_convert_buff_to_frame(xdp))
    L.xdp_rxq_info_unreg(rxq)
    return made


def _xmit(h: Host, n: int, flags: int, size: int = 100) -> tuple[int, list[Any]]:
    def run() -> tuple[int, list[Any]]:
        frames = _frames(h, n, size)
        L.local_bh_disable()
        sent = h.ndev.netdev_ops.ndo_xdp_xmit(h.ndev, n, frames, flags)
        L.local_bh_enable()
        for rest in frames[max(0, sent) :]:
            L.xdp_return_frame(rest)
        return sent, frames

    result: tuple[int, list[Any]] = h.call(run)
    return result


def test_frames_of_other_devices_are_sent_with_the_flush(host: Any) -> None:
    """ndo_xdp_xmit: no doorbell without XDP_XMIT_FLUSH; errors for unknown flags and while it is down."""
    h = host(queues=2, cpus=2)
    assert h.probe() == 0
    assert _xmit(h, 2, L.XDP_XMIT_FLUSH)[0] == -L.ENETDOWN
    h.up()
    assert _xmit(h, 2, 2)[0] == -L.EINVAL
    assert _xmit(h, 3, 0)[0] == 3
    h.settle(50)
    assert not h.wire and h.priv.queues[0].tx.xdp_frames == 3
    assert _xmit(h, 2, L.XDP_XMIT_FLUSH)[0] == 2
    h.settle(50)
    assert [f for f, _ in h.wire] == [frame(100, i) for i in (0, 1, 2, 0, 1)]
    stats = h.stats()
    assert (stats.tx_packets, stats.tx_bytes) == (5, 500)
    assert h.priv.queues[0].tx.xdp_frames == 0
    h.remove()


def test_frames_that_do_not_fit_or_cannot_be_mapped_stay_the_caller_s(host: Any) -> None:
    """DMA2: the count says how many were taken."""
    h = host(tx_ring=64)
    h.up()
    assert _xmit(h, 100, 0)[0] == 64 - STOP_BELOW
    assert _xmit(h, 1, L.XDP_XMIT_FLUSH)[0] == 0
    h.settle(100)
    assert len(h.wire) == 64 - STOP_BELOW, "the flush told of those before"
    L.set_dma_failure(lambda dev, size: True)
    assert _xmit(h, 2, L.XDP_XMIT_FLUSH)[0] == 0
    L.set_dma_failure(None)
    assert _xmit(h, 1, L.XDP_XMIT_FLUSH, size=13)[0] == 0, "no Ethernet frame"
    h.remove()


# -- mistakes --------------------------------------------------------------------------------------------------
def _verdict(act: Callable[[Any], int]) -> Callable[[Host], None]:
    def scenario(h: Host) -> None:
        h.up()
        assert attach(h, act) == 0
        arrive(h, [frame(300, i) for i in range(8)], us=200)
        h.until(lambda: len(h.wire) >= 8, limit_us=500)
        h.remove()

    return scenario


def _redirect(xdp: Any) -> int:
    return int(L.bpf_xdp_redirect(xdp.rxq.dev.ifindex, 0))


def _no_flush(p: pytest.MonkeyPatch) -> None:
    p.setattr(nic_rx, "nic_xdp_finish", lambda ring: None)


def _one_way_pages(p: pytest.MonkeyPatch) -> None:
    p.setattr(nic_rx, "DMA_BIDIRECTIONAL", L.DMA_FROM_DEVICE)


@pytest.mark.parametrize(
    ("mistake", "act", "rule"),
    [(_no_flush, mirror, "TIME"), (_no_flush, _redirect, "WARN"), (_one_way_pages, mirror, "DMA3")],
    ids=["no doorbell", "no flush", "pages mapped one way"],
)
def test_mistake_is_reported(host: Any, monkeypatch: pytest.MonkeyPatch, mistake: Any, act: Any, rule: str) -> None:
    _verdict(act)(host())
    mistake(monkeypatch)
    with pytest.raises(CheckError, match=f"^{rule}"):
        _verdict(act)(host())
