# SPDX-License-Identifier: Apache-2.0
"""From the discipline to the driver: what software does, taps, ndo_start_xmit and its answer; TX1, TX3, TX5."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_tx import Nic


def test_busy_is_tx1() -> None:
    """kernel-rules.md: TX1."""
    nic = Nic(Bed())
    nic.busy = 1
    with pytest.raises(
        L.CheckError, match=r"TX1: ndo_start_xmit returned NETDEV_TX_BUSY; the queue is not stopped .eth0 queue 0"
    ):
        nic.send(1)


def test_busy_tolerated_keeps_the_packet_first_in_line() -> None:
    nic = Nic(Bed())
    with L.tolerate("TX1"):
        nic.busy = 2
        nic.send(1, 2, 3)
        nic.bed.settle(10_000)
    assert nic.sent == [1, 2, 3]
    assert L.qdisc_leaks() == []


def test_wrong_return_value_is_reported() -> None:
    nic = Nic(Bed(), ndo_start_xmit=lambda skb, dev: None)
    with pytest.raises(L.CheckError, match="TX1: ndo_start_xmit returned None"):
        nic.send(1)


def test_busy_with_the_packet_still_mapped_is_tx3() -> None:
    """kernel-rules.md: TX3."""
    bed = Bed()
    dev = L.pci_device({"vendor": 1, "device": 2}).dev
    L.dma_set_mask(dev, L.DMA_BIT_MASK(64))

    def xmit(skb: Any, ndev: Any) -> int:
        L.dma_map_single(dev, skb.data, skb.len, L.DMA_TO_DEVICE)
        return L.NETDEV_TX_BUSY

    nic = Nic(bed, ndo_start_xmit=xmit)
    with (
        L.tolerate("TX1"),
        pytest.raises(L.CheckError, match="TX3: .*still mapped: mapping DMA_TO_DEVICE of 100 bytes"),
    ):
        nic.send(1)


def test_busy_with_other_memory_of_the_page_mapped_is_fine() -> None:
    bed = Bed()
    dev = L.pci_device({"vendor": 1, "device": 2}).dev
    L.dma_set_mask(dev, L.DMA_BIT_MASK(64))

    mapped: list[int] = []

    def xmit(skb: Any, ndev: Any) -> int:
        room = L.skb_headroom(skb)
        if not mapped:
            mapped.append(L.dma_map_single(dev, skb.head, room, L.DMA_TO_DEVICE))
            assert not L.dma_mapping_error(dev, mapped[0])
            return L.NETDEV_TX_BUSY
        L.dma_unmap_single(dev, mapped[0], room, L.DMA_TO_DEVICE)
        L.consume_skb(skb)
        return L.NETDEV_TX_OK

    nic = Nic(bed, ndo_start_xmit=xmit)
    with L.tolerate("TX1"):
        nic.send(1)
        bed.settle(10_000)
    assert L.skb_leaks() == []


def test_busy_with_the_packet_freed_is_caught() -> None:
    """kernel-rules.md: TX3."""

    def xmit(skb: Any, ndev: Any) -> int:
        L.dev_kfree_skb_any(skb)
        return L.NETDEV_TX_BUSY

    nic = Nic(Bed(), ndo_start_xmit=xmit)
    with L.tolerate("TX1"), pytest.raises(L.UseAfterFree, match="freed at test_linux_xmit.py"):
        nic.send(1)


@pytest.mark.parametrize(
    ("use", "says"),
    [(L.skb_get, "a reference to the skb kept"), (L.dev_kfree_skb_irq, "the skb left to the softirq to be freed")],
)
def test_busy_with_another_reference_count_is_tx3(use: Any, says: str) -> None:
    """kernel-rules.md: TX3."""

    def xmit(skb: Any, ndev: Any) -> int:
        use(skb)
        return L.NETDEV_TX_BUSY

    nic = Nic(Bed(), ndo_start_xmit=xmit)
    with L.tolerate("TX1"), pytest.raises(L.CheckError, match=f"TX3: .*{says}"):
        nic.send(1)


def test_no_scatter_gather_gets_a_linear_packet() -> None:
    got: list[bool] = []

    def xmit(skb: Any, dev: Any) -> int:
        got.append(L.skb_is_nonlinear(skb))
        L.consume_skb(skb)
        return L.NETDEV_TX_OK

    for features in (0, L.NETIF_F_SG):
        bed = Bed()
        nic = Nic(bed, features=features, ndo_start_xmit=xmit)
        sock = L.packet_socket(nic.ndev)
        assert bed.run(lambda s=sock: L.packet_sendmsg(s, bytes(1000), frags=True)) == 1000
    assert got == [False, True]


@pytest.mark.parametrize("features", [0, L.NETIF_F_HW_CSUM])
def test_checksum_is_done_in_software_where_the_device_cannot(features: int) -> None:
    """kernel-rules.md: OFF2."""
    got: list[tuple[int, bytes]] = []

    def xmit(skb: Any, dev: Any) -> int:
        got.append((skb.ip_summed, L.skb_to_bytes(skb)))
        L.consume_skb(skb)
        return L.NETDEV_TX_OK

    nic = Nic(Bed(), features=features, ndo_start_xmit=xmit)

    def run() -> None:
        skb = nic.packet()
        mem = here.mem
        mem[skb.data + 40] = 0x12
        assert L.skb_partial_csum_set(skb, 34, 16)
        L.dev_queue_xmit(skb)

    nic.bed.run(run)
    ip_summed, data = got[0]
    if features:
        assert (ip_summed, data[50:52]) == (L.CHECKSUM_PARTIAL, b"\0\0")
    else:
        assert (ip_summed, data[50:52]) == (L.CHECKSUM_NONE, (0xFFFF - 0x1200).to_bytes(2, "big"))


def test_memory_failure_on_the_way_down_drops_and_counts() -> None:
    nic = Nic(Bed())

    def run() -> int:
        skb = nic.packet(size=600)
        L.skb_add_rx_frag(skb, 0, L.alloc_page(L.GFP_ATOMIC), 0, 500, 4096)
        L.set_alloc_failure(lambda what, size: what == "skb")
        try:
            return L.dev_queue_xmit(skb)
        finally:
            L.set_alloc_failure(None)

    assert nic.bed.run(run) == L.NET_XMIT_SUCCESS
    assert L.dev_get_stats(nic.ndev).tx_dropped == 1
    assert L.leak_report() == [line for line in L.leak_report() if "net_device" in line]


def test_taps_see_clones_of_what_is_sent() -> None:
    nic = Nic(Bed())
    seen: list[tuple[bytes, int, bool]] = []

    def tap(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        seen.append((L.skb_mac_frame(skb), skb.pkt_type, L.skb_cloned(skb)))
        L.consume_skb(skb)
        return 0

    L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=tap))
    L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=tap, dev=nic.ndev, ignore_outgoing=True))
    nic.send(1)
    assert seen == [(bytes(100), L.PACKET_OUTGOING, True)]


def test_taps_share_one_clone_and_the_sender_does_not_see_its_own() -> None:
    nic = Nic(Bed())
    seen: list[tuple[str, int, int]] = []
    sk = L.packet_socket(nic.ndev)

    def tap(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        seen.append((pt.af_packet_priv, id(skb), skb.users))
        L.consume_skb(skb)
        return 0

    for owner in ("a", sk, "b"):
        L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=tap, af_packet_priv=owner))

    def run() -> None:
        skb = nic.packet()
        skb.sk = sk
        L.dev_queue_xmit(skb)

    nic.bed.run(run)
    assert [owner for owner, _, _ in seen] == ["a", "b"]
    assert len({skb for _, skb, _ in seen}) == 1
    assert [users for _, _, users in seen] == [2, 1]


@pytest.mark.parametrize("careful", [False, True])
def test_xmit_that_writes_to_shared_data_is_tx5(careful: bool) -> None:
    """kernel-rules.md: TX5."""

    def xmit(skb: Any, dev: Any) -> int:
        if careful:
            assert L.skb_cow_head(skb, 0) == 0
        here.mem[skb.data + 3] = 7
        L.consume_skb(skb)
        return L.NETDEV_TX_OK

    nic = Nic(Bed(), ndo_start_xmit=xmit)

    def run() -> None:
        skb = nic.packet()
        clone = L.skb_clone(skb, L.GFP_ATOMIC)
        L.dev_queue_xmit(skb)
        L.consume_skb(clone)

    if careful:
        nic.bed.run(run)
    else:
        with pytest.raises(L.CheckError, match="TX5: eth0: ndo_start_xmit wrote to byte 3 of 100 of data that a clone"):
            nic.bed.run(run)


def test_clone_that_goes_while_the_driver_sends_shares_nothing() -> None:
    """kernel-rules.md: TX5. The last clone is freed, on another CPU say, before the driver looks for one."""
    clones: list[Any] = []
    kept: list[Any] = []

    def xmit(skb: Any, dev: Any) -> int:
        L.consume_skb(clones.pop())
        assert not L.skb_header_cloned(skb)
        here.mem[skb.data + 3] = 7
        kept.append(skb)
        return L.NETDEV_TX_OK

    nic = Nic(Bed(), ndo_start_xmit=xmit)

    def run() -> None:
        skb = nic.packet()
        clones.append(L.skb_clone(skb, L.GFP_ATOMIC))
        L.dev_queue_xmit(skb)

    nic.bed.run(run)
    assert len(kept) == 1


def test_tap_gets_headers_that_are_in_the_packet() -> None:
    """net/core/dev.c dev_queue_xmit_nit(): a sender that left the network header anywhere is named."""
    nic = Nic(Bed())
    seen: list[tuple[int, int, int]] = []

    def tap(skb: Any, dev: Any, pt: Any, orig: Any) -> int:
        headers = (skb.mac_header, skb.network_header, skb.transport_header)
        seen.append(tuple(at - (skb.data - skb.head) for at in headers))  # type: ignore[arg-type]
        L.consume_skb(skb)
        return 0

    L.dev_add_pack(L.packet_type(type=L.ETH_P_ALL, func=tap))

    def send(offset: int) -> None:
        skb = nic.packet()
        L.skb_set_network_header(skb, offset)
        L.dev_queue_xmit(skb)

    for offset in (14, 0, 100):
        nic.bed.run(send, offset)
    assert seen == [(0, 14, 14), (0, 0, 0), (0, 100, 100)]
    assert L.dmesg() == []
    for offset in (-1, 101):
        nic.bed.run(send, offset)
    assert seen[3:] == [(0, 0, 0)] * 2
    assert "protocol 0000 is buggy, dev eth0" in L.dmesg()[-1]


def test_driver_sees_packets_of_a_list_one_by_one() -> None:
    nic = Nic(Bed(), bql=True)
    lonely: list[bool] = []
    take = nic.xmit

    def xmit(skb: Any, dev: Any) -> int:
        lonely.append(skb.next is None)
        return take(skb, dev)

    nic.ndev.netdev_ops.ndo_start_xmit = xmit
    nic.send(*range(20), size=200)
    for _ in range(20):
        nic.done(100)
    assert True in nic.more
    assert lonely == [True] * 20


def test_answers_of_a_device_that_drops_packets_itself_are_no_error() -> None:
    """include/linux/netdevice.h dev_xmit_complete(): below NET_XMIT_MASK the packet is gone, whatever became of it."""
    answers = iter([L.NET_XMIT_DROP, -L.ENETDOWN, L.NETDEV_TX_OK])

    def xmit(skb: Any, dev: Any) -> int:
        L.dev_kfree_skb_any(skb)
        return next(answers)

    nic = Nic(Bed(), ndo_start_xmit=xmit)
    assert nic.send(1, 2, 3) == [0, 0, 0]
    assert L.qdisc_leaks() == []
