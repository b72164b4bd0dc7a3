# SPDX-License-Identifier: Apache-2.0
"""Packet sockets: pacing by the send buffer, receive with its account; and the whole way through a driver."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed, FakeNic, pairs

FRAME = bytes.fromhex("020000000001020000000002") + b"\x08\x00" + bytes(range(86))


def up(bed: Bed, **kwargs: Any) -> FakeNic:
    nic = FakeNic(bed, **kwargs)
    assert bed.run(L.register_netdev, nic.ndev) == 0
    assert bed.run(L.dev_open, nic.ndev) == 0
    return nic


def softirq(bed: Bed, nic: FakeNic) -> None:
    def run() -> None:
        L.local_bh_disable()
        nic.interrupt()
        L.local_bh_enable()

    bed.run(run)


def test_sender_sleeps_at_its_send_buffer_and_goes_on_when_skbs_are_freed() -> None:
    bed = Bed()
    nic = up(bed, ring=200)
    sock = L.packet_socket(nic.ndev)
    sock.sk_sndbuf = 10 * 896
    task = bed.sched.run_task(lambda: [L.packet_sendmsg(sock, FRAME) for _ in range(25)])
    bed.settle(100_000)
    assert not task.done
    assert sock.sk_wmem_alloc == 10 * 896
    assert any("room in the socket's send buffer" in line for line in bed.sched.waiters())
    with L.tolerate("WARN"):
        assert bed.run(lambda: L.packet_sendmsg(sock, FRAME, flags=0x40)) == -L.EAGAIN
    for _ in range(20):
        nic.complete(5)
        softirq(bed, nic)
        bed.settle(5000)
    assert task.done
    assert task.result == [len(FRAME)] * 25
    while nic.tx:
        nic.complete(5)
        softirq(bed, nic)
    assert sock.sk_wmem_alloc == 0


def test_frames_that_do_not_fit_are_refused() -> None:
    bed = Bed()
    nic = up(bed)
    sock = L.packet_socket(nic.ndev)

    def send(frame: bytes) -> int:
        return bed.run(lambda: L.packet_sendmsg(sock, frame))

    assert send(bytes(1514)) == 1514
    assert send(bytes(1515)) == -L.EMSGSIZE
    assert send(bytes(12) + b"\x81\x00" + bytes(1504)) == 1518
    assert send(bytes(13)) == -L.EINVAL
    bed.run(L.dev_close, nic.ndev)
    assert send(FRAME) == -L.ENETDOWN


def test_received_frames_are_whole_and_accounted() -> None:
    bed = Bed()
    nic = up(bed)
    sock = L.packet_socket(nic.ndev, L.ETH_P_ALL)
    other = L.packet_socket(nic.ndev, L.ETH_P_ALL)
    for _ in range(3):
        nic.receive(FRAME)
    softirq(bed, nic)
    assert sock.sk_rmem_alloc == other.sk_rmem_alloc > 0
    for s in (sock, other):
        assert [bed.run(L.packet_recvmsg, s) for _ in range(3)] == [FRAME] * 3
        assert s.sk_rmem_alloc == 0
        assert bed.run(L.packet_recvmsg, s, 0x40) == -L.EAGAIN
    bed.run(L.packet_release, other)
    bed.run(L.packet_release, sock)


def test_received_vlan_tag_is_put_back_into_the_frame() -> None:
    bed = Bed()
    nic = up(bed)
    sock = L.packet_socket(nic.ndev, L.ETH_P_ALL)
    frame = FRAME[:12] + b"\x81\x00\x00\x05" + FRAME[12:]
    nic.receive(frame)
    softirq(bed, nic)
    assert bed.run(L.packet_recvmsg, sock) == frame


def test_full_receive_buffer_drops_and_counts() -> None:
    """It takes packets while it is not full: one may go beyond."""
    bed = Bed()
    nic = up(bed)
    sock = L.packet_socket(nic.ndev, L.ETH_P_ALL)
    sock.sk_rcvbuf = 5000
    for _ in range(6):
        nic.receive(FRAME)
    softirq(bed, nic)
    assert (len(sock.sk_receive_queue), sock.sk_drops) == (3, 3)
    assert L.counters()["drops"] == {"PACKET_SOCK_ERROR": 3}


def test_receiver_sleeps_until_a_frame_comes_or_its_time_is_up() -> None:
    bed = Bed()
    nic = up(bed)
    sock = L.packet_socket(nic.ndev, L.ETH_P_IP)
    task = bed.sched.run_task(L.packet_recvmsg, sock)
    bed.settle(1000)
    assert not task.done
    assert any("a packet on the socket" in line for line in bed.sched.waiters())
    nic.receive(FRAME)
    softirq(bed, nic)
    bed.settle(1000)
    assert task.result == FRAME
    sock.sk_rcvtimeo = 5
    begin = bed.run(L.jiffies)
    assert bed.run(L.packet_recvmsg, sock) == -L.EAGAIN
    assert bed.run(L.jiffies) - begin in (5, 6)


def test_truesize_changed_under_way_is_reported() -> None:
    """The account would never come right again."""
    bed = Bed()
    nic = up(bed)
    sock = L.packet_socket(nic.ndev)
    bed.run(lambda: L.packet_sendmsg(sock, FRAME))
    nic.tx[0][0].truesize += 1000
    nic.complete(1)
    with pytest.raises(L.CheckError, match="ACCOUNT: sk_wmem_alloc fell to -1000"):
        softirq(bed, nic)


def test_socket_left_open_is_a_leak() -> None:
    bed = Bed()
    nic = up(bed)
    sock = L.packet_socket(nic.ndev)
    assert any("packet socket on eth0 not closed" in line for line in L.leak_report())
    bed.run(L.packet_release, sock)
    assert not any("socket" in line for line in L.leak_report())


def test_whole_life_of_a_driver_leaves_nothing_behind() -> None:
    bed = Bed()
    nic = up(bed)
    sock = L.packet_socket(nic.ndev)
    bed.run(lambda: [L.packet_sendmsg(sock, FRAME, frags=False) for _ in range(30)])
    for _ in range(20):
        nic.receive(FRAME)
    nic.complete(10)
    softirq(bed, nic)
    bed.run(L.dev_close, nic.ndev)
    bed.run(L.packet_release, sock)
    bed.run(L.unregister_netdev, nic.ndev)
    L.free_netdev(nic.ndev)
    assert L.leak_report() == []


def test_costs_are_charged_where_the_platform_says() -> None:
    """CpuCosts: softirq and poll entry, rx_stack for each packet; tx_stack for each packet sent."""
    bed = Bed(softirq_entry=1000, poll_entry=10_000, rx_stack=100_000, tx_stack=1_000_000, tx_packet=0)
    nic = up(bed)
    sock = L.packet_socket(nic.ndev)
    cpu = bed.sched.cpus[0]
    before = cpu.busy_ps
    bed.run(lambda: L.packet_sendmsg(sock, FRAME))
    assert (cpu.busy_ps - before) // 1000 == 1_000_000 + 150
    nic.receive(FRAME)
    nic.receive(FRAME)
    before = cpu.busy_ps
    softirq(bed, nic)
    assert (cpu.busy_ps - before) // 1000 == 1000 + 10_000 + 2 * (100_000 + 120)


def test_many_machines_in_one_process_are_independent() -> None:
    first = Bed()
    L.kmalloc(100, L.GFP_ATOMIC)
    assert L.leak_report()
    Bed()
    assert L.leak_report() == []
    L.boot(first.m)
    assert L.leak_report() == []


def test_packet_pairs_leave_no_python_objects_behind() -> None:
    """A million packets must not cost more memory than a hundred thousand. The smallest object has 24 bytes."""
    tracemalloc.start()
    held = []
    for n in (4000, 16_000):  # after the first, every buffer and mapping has been in use
        pairs(n)
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[1] - held[0] < 12_000 * 16
