# SPDX-License-Identifier: Apache-2.0
"""Sockets' memory accounts: who pays for an sk_buff, and when there is too much of them.

A socket and its sock are one object here. ``sk_wmem_alloc`` is the truesize of what is sent and not yet freed: senders
sleep while it is at ``sk_sndbuf``, which is how Linux paces an application by the wire. ``sk_rmem_alloc`` is that of
what is received and not yet read: beyond ``sk_rcvbuf`` packets are dropped and ``sk_drops`` counts them. Protocols with
an account of their own (UDP) take memory in pages: ``sk_forward_alloc`` is what a socket has in advance.
Source: include/net/sock.h, net/core/sock.c, net/core/filter.c sk_filter_trim_cap(), v6.12.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.linux.bug import broken_rule, caller, site_str
from pymodel.linux.dropreason import (
    SKB_DROP_REASON_NOT_SPECIFIED,
    SKB_DROP_REASON_PROTO_MEM,
    SKB_DROP_REASON_SOCKET_FILTER,
    SKB_DROP_REASON_SOCKET_RCVBUFF,
    SKB_NOT_DROPPED_YET,
)
from pymodel.linux.errno import EAGAIN, ENOBUFS, ENOMEM, EPERM
from pymodel.linux.mm import GFP_KERNEL, PAGE_SIZE, alloc_page
from pymodel.linux.sched import cond_resched, wait_event, wait_queue_head_t, wake_up
from pymodel.linux.skb_alloc import _kfree_skb, consume_skb
from pymodel.linux.skb_frags import pskb_trim, skb_add_rx_frag
from pymodel.linux.skbuff import sk_buff
from pymodel.linux.time import HZ, MAX_SCHEDULE_TIMEOUT, wait_event_timeout

if TYPE_CHECKING:
    from pymodel.linux.dev import packet_type
    from pymodel.linux.netdevice import net_device

__all__ = [
    "MSG_DONTWAIT", "MSG_PEEK", "MSG_TRUNC", "SK_MEM_RECV", "SK_MEM_SEND", "__sk_mem_reclaim",
    "__sk_mem_schedule", "__sock_queue_rcv_skb", "proto_mem", "sk_filter_trim_cap", "skb_set_owner_r",
    "skb_set_owner_w", "sock", "sock_leaks", "sock_queue_rcv_skb", "sock_queue_rcv_skb_reason", "sock_rfree",
    "sock_wait_for_wmem", "sock_wfree",
]

SK_WMEM_DEFAULT = 212_992  # bytes: net.core.wmem_default
SK_RMEM_DEFAULT = 212_992
TIME_SLICE_PS = 4_000_000_000 // (HZ // 250)  # a task that sends without end lets others run each 4 ms

MSG_PEEK = 0x02
MSG_TRUNC = 0x20
MSG_DONTWAIT = 0x40

SK_MEM_SEND, SK_MEM_RECV = range(2)


class proto_mem:
    """What the sockets of a protocol use together, in pages: ``allocated``, and the limits ``mem`` (low, pressure,
    high), as ``net.ipv4.udp_mem``. ``rmem_min``: bytes that a socket may have in any case.
    """

    __slots__ = ("allocated", "mem", "rmem_min")

    def __init__(self, mem: tuple[int, int, int], rmem_min: int) -> None:
        self.allocated = 0
        self.mem = mem
        self.rmem_min = rmem_min


class sock:
    """A socket: its accounts, in bytes of truesize, and its receive queue. ``sk_filter(skb)``: how many bytes of the
    packet it wants, 0 for none.
    """

    __slots__ = (
        "dev", "prot_hook", "sk_data_ready", "sk_drops", "sk_dst_cache", "sk_err", "sk_family", "sk_filter",
        "sk_forward_alloc", "sk_priority", "sk_prot_mem", "sk_protocol", "sk_rcvbuf", "sk_rcvtimeo", "sk_receive_queue",
        "sk_rmem_alloc", "sk_rx_queue_mapping", "sk_sndbuf", "sk_tx_queue_mapping", "sk_wmem_alloc", "sk_write_space",
        "slice_end",
    )

    def __init__(self, dev: net_device | None = None, family: int = 17, protocol: int = 0) -> None:
        self.dev = dev
        self.sk_family = family
        self.sk_protocol = protocol
        self.sk_sndbuf = SK_WMEM_DEFAULT
        self.sk_rcvbuf = SK_RMEM_DEFAULT
        self.sk_wmem_alloc = 0
        self.sk_rmem_alloc = 0
        self.sk_forward_alloc = 0
        self.sk_prot_mem: proto_mem | None = None
        self.sk_priority = 0
        self.sk_tx_queue_mapping = -1
        self.sk_rx_queue_mapping = -1
        self.sk_dst_cache: object = None
        self.sk_rcvtimeo = MAX_SCHEDULE_TIMEOUT  # jiffies
        self.sk_err = 0
        self.sk_filter: Callable[[sk_buff], int] | None = None
        self.sk_write_space = wait_queue_head_t("room in the socket's send buffer")
        self.sk_data_ready = wait_queue_head_t("a packet on the socket")
        self.sk_receive_queue: deque[sk_buff] = deque()
        self.sk_drops = 0
        self.prot_hook: packet_type | None = None
        self.slice_end = 0


# -- sending -------------------------------------------------------------------------------------------------
def skb_set_owner_w(skb: sk_buff, sk: sock) -> None:
    """Charge a packet to the sender's account until it is freed."""
    skb.sk = sk
    skb.destructor = sock_wfree
    sk.sk_wmem_alloc += skb.truesize


def sock_wfree(skb: sk_buff) -> None:
    """The destructor of a packet that was sent: gives its truesize back, and wakes the sender when half of the
    buffer is free.
    """
    sk: sock = skb.sk
    sk.sk_wmem_alloc = left = sk.sk_wmem_alloc - skb.truesize
    if left < 0:
        broken_rule(
            "ACCOUNT",
            f"sk_wmem_alloc fell to {left}: truesize of an skb with a socket was changed",
            site_str(skb._site),
        )
    if sk.sk_write_space.tasks and left << 1 <= sk.sk_sndbuf:
        wake_up(sk.sk_write_space)


def sock_wait_for_wmem(sk: sock, flags: int) -> int:
    """Sleep until the send buffer has room. 0, or -EAGAIN with MSG_DONTWAIT."""
    if sk.sk_wmem_alloc >= sk.sk_sndbuf:
        if flags & MSG_DONTWAIT:
            return -EAGAIN
        wait_event(sk.sk_write_space, lambda: sk.sk_wmem_alloc < sk.sk_sndbuf)
    return 0


def add_data_frags(skb: sk_buff, data: bytes, at: int, mem: memoryview) -> bool:
    """Put ``data`` from ``at`` on into page fragments. False where memory is out."""
    i = skb._shinfo.nr_frags
    while at < len(data):
        pg = alloc_page(GFP_KERNEL)
        if pg is None:
            return False
        part = data[at : at + PAGE_SIZE]
        mem[pg.addr : pg.addr + len(part)] = part
        skb_add_rx_frag(skb, i, pg, 0, len(part), PAGE_SIZE)
        at += len(part)
        i += 1
    return True


def return_to_user(sk: sock) -> None:
    """The end of a system call, where a program that sends without end is preempted: for ksoftirqd, which has
    slept, at once, for others at the end of its time slice.
    """
    cpu = here.sched.cpu
    assert cpu is not None, "a system call outside of a task"
    if not cpu.runqueue:
        return
    if cpu.time >= sk.slice_end or here.state["softirq"].ksoftirqd.get(cpu.id) in cpu.runqueue:
        cond_resched()
        sk.slice_end = cpu.time + TIME_SLICE_PS


# -- memory of a protocol ------------------------------------------------------------------------------------
def __sk_mem_schedule(sk: sock, size: int, kind: int) -> bool:
    """Take memory for ``size`` bytes more in advance, in whole pages. Whether the protocol has it."""
    prot = sk.sk_prot_mem
    if prot is None:
        return True
    pages = -(-size // PAGE_SIZE)
    prot.allocated += pages
    sk.sk_forward_alloc += pages * PAGE_SIZE
    if prot.allocated <= prot.mem[2] or (kind == SK_MEM_RECV and sk.sk_rmem_alloc < prot.rmem_min):
        return True
    prot.allocated -= pages
    sk.sk_forward_alloc -= pages * PAGE_SIZE
    return False


def __sk_mem_reclaim(sk: sock, amount: int) -> None:
    """Give ``amount`` bytes of what the socket has in advance back, whole pages alone."""
    if sk.sk_prot_mem is not None:
        pages = amount // PAGE_SIZE
        sk.sk_forward_alloc -= pages * PAGE_SIZE
        sk.sk_prot_mem.allocated -= pages


# -- receiving -----------------------------------------------------------------------------------------------
def skb_set_owner_r(skb: sk_buff, sk: sock) -> None:
    """Charge a packet to the receiver's account until it is freed."""
    if skb.destructor is not None:
        skb.destructor(skb)
    skb.sk = sk
    skb.destructor = sock_rfree
    sk.sk_rmem_alloc += skb.truesize
    if sk.sk_prot_mem is not None:
        sk.sk_forward_alloc -= skb.truesize


def sock_rfree(skb: sk_buff) -> None:
    sk: sock = skb.sk
    sk.sk_rmem_alloc -= skb.truesize
    if sk.sk_prot_mem is not None:
        sk.sk_forward_alloc += skb.truesize
        if sk.sk_forward_alloc > PAGE_SIZE:
            __sk_mem_reclaim(sk, sk.sk_forward_alloc)


def sk_filter_trim_cap(sk: sock, skb: sk_buff, cap: int) -> int:
    """Ask the socket's filter; the packet is cut to what it wants, at least ``cap`` bytes. 0 or -EPERM."""
    if sk.sk_filter is None:
        return 0
    wanted = int(sk.sk_filter(skb))
    return pskb_trim(skb, max(cap, wanted)) if wanted and skb.len > max(cap, wanted) else 0 if wanted else -EPERM


def __sock_queue_rcv_skb(sk: sock, skb: sk_buff) -> int:
    """Queue a packet for the reader, on its account. 0, -ENOMEM where the buffer is full, -ENOBUFS where the
    protocol's memory is; both count in ``sk_drops``, and the skb is still the caller's.
    """
    if sk.sk_rmem_alloc >= sk.sk_rcvbuf:
        sk.sk_drops += 1
        return -ENOMEM
    delta = skb.truesize - sk.sk_forward_alloc
    if sk.sk_prot_mem is not None and delta > 0 and not __sk_mem_schedule(sk, delta, SK_MEM_RECV):
        sk.sk_drops += 1
        return -ENOBUFS
    skb.dev = None
    skb_set_owner_r(skb, sk)
    sk.sk_receive_queue.append(skb)
    wake_up(sk.sk_data_ready)
    return 0


def sock_queue_rcv_skb_reason(sk: sock, skb: sk_buff) -> tuple[int, int]:
    """The socket's filter, then its queue: (0 or a negative errno, why it is to be dropped)."""
    err = sk_filter_trim_cap(sk, skb, 1) or __sock_queue_rcv_skb(sk, skb)
    reasons = {
        0: SKB_NOT_DROPPED_YET,
        -EPERM: SKB_DROP_REASON_SOCKET_FILTER,
        -ENOMEM: SKB_DROP_REASON_SOCKET_RCVBUFF,
        -ENOBUFS: SKB_DROP_REASON_PROTO_MEM,
    }
    return err, reasons.get(err, SKB_DROP_REASON_NOT_SPECIFIED)


def sock_queue_rcv_skb(sk: sock, skb: sk_buff) -> int:
    """sock_queue_rcv_skb_reason() without the reason."""
    return sock_queue_rcv_skb_reason(sk, skb)[0]


def wait_for_packet(sk: sock, flags: int, ready: Callable[[], bool]) -> int:
    """Sleep until ``ready()``, for ``sk_rcvtimeo`` jiffies at most. 0 or -EAGAIN."""
    if ready():
        return 0
    if flags & MSG_DONTWAIT or not sk.sk_rcvtimeo:
        return -EAGAIN
    return 0 if wait_event_timeout(sk.sk_data_ready, ready, sk.sk_rcvtimeo) else -EAGAIN


def purge(queue: deque[sk_buff]) -> None:
    """Free what nobody will read."""
    while queue:
        consume_skb(queue.popleft())


def drop(skb: sk_buff, reason: int) -> None:
    """Drop for the caller."""
    _kfree_skb(skb, reason, caller())


def sock_leaks() -> list[str]:
    """One line for each socket whose packets never came back, or that was not closed."""
    socks: list[Any] = here.state["socks"]
    kinds = {2: "UDP", 10: "UDP", 17: "packet"}
    return [
        f"{kinds[sk.sk_family]} socket on {sk.dev} not closed, {sk.sk_wmem_alloc} bytes of truesize under way"
        for sk in socks
    ]
