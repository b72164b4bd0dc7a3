# SPDX-License-Identifier: Apache-2.0
"""Sockets' memory accounts, and a packet socket (AF_PACKET, SOCK_RAW) on a device.

Sending blocks while ``sk_wmem_alloc`` is at ``sk_sndbuf``; it comes back when the driver frees the skb (or orphans
it), which is how Linux paces an application by the wire. Source: net/core/sock.c, net/packet/af_packet.c, v6.12.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import machine, this_cpu
from pymodel.linux.bug import broken_rule, site_str
from pymodel.linux.dev import dev_add_pack, dev_remove_pack, packet_type
from pymodel.linux.dev_xmit import __dev_queue_xmit
from pymodel.linux.dropreason import SKB_DROP_REASON_PACKET_SOCK_ERROR
from pymodel.linux.errno import EAGAIN, EINVAL, EMSGSIZE, ENETDOWN, ENOBUFS
from pymodel.linux.if_ether import ETH_HLEN, ETH_P_8021Q, VLAN_HLEN
from pymodel.linux.mm import GFP_KERNEL, PAGE_SIZE, alloc_page
from pymodel.linux.sched import cond_resched, wait_event, wait_queue_head_t, wake_up
from pymodel.linux.skb_alloc import _kfree_skb, alloc_skb, consume_skb, kfree_skb
from pymodel.linux.skb_frags import skb_add_rx_frag, skb_to_bytes
from pymodel.linux.skbuff import sk_buff
from pymodel.linux.time import HZ

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = [
    "packet_recvmsg", "packet_release", "packet_sendmsg", "packet_socket", "skb_set_owner_r", "skb_set_owner_w",
    "sock", "sock_leaks", "sock_rfree", "sock_wfree",
]

SK_WMEM_DEFAULT = 212_992  # bytes: net.core.wmem_default
SK_RMEM_DEFAULT = 212_992
HH_DATA_ALIGN = 16
LL_RESERVED = 16  # LL_RESERVED_SPACE() of Ethernet: 14 rounded up to 16
TIME_SLICE_PS = 4_000_000_000 // (HZ // 250)  # a task that sends without end lets others run each 4 ms


class sock:
    """A socket's accounts, in bytes of truesize, and its receive queue."""

    __slots__ = (
        "dev", "drops", "prot_hook", "sk_data_ready", "sk_dst_cache", "sk_priority", "sk_rcvbuf", "sk_receive_queue",
        "sk_rmem_alloc", "sk_rx_queue_mapping", "sk_sndbuf", "sk_tx_queue_mapping", "sk_wmem_alloc", "sk_write_space",
        "slice_end",
    )

    def __init__(self, dev: net_device | None = None) -> None:
        self.dev = dev
        self.sk_sndbuf = SK_WMEM_DEFAULT
        self.sk_rcvbuf = SK_RMEM_DEFAULT
        self.sk_wmem_alloc = 0
        self.sk_rmem_alloc = 0
        self.sk_priority = 0
        self.sk_tx_queue_mapping = -1
        self.sk_rx_queue_mapping = -1
        self.sk_dst_cache: object = None
        self.sk_write_space = wait_queue_head_t("room in the socket's send buffer")
        self.sk_data_ready = wait_queue_head_t("a packet on the socket")
        self.sk_receive_queue: deque[sk_buff] = deque()
        self.drops = 0
        self.prot_hook: packet_type | None = None
        self.slice_end = 0


# -- accounts ------------------------------------------------------------------------------------------------
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


def skb_set_owner_r(skb: sk_buff, sk: sock) -> None:
    """Charge a packet to the receiver's account until it is freed."""
    if skb.destructor is not None:
        skb.destructor(skb)
    skb.sk = sk
    skb.destructor = sock_rfree
    sk.sk_rmem_alloc += skb.truesize


def sock_rfree(skb: sk_buff) -> None:
    skb.sk.sk_rmem_alloc -= skb.truesize


# -- packet sockets ------------------------------------------------------------------------------------------
def packet_socket(dev: net_device, protocol: int = 0) -> sock:
    """``socket(AF_PACKET, SOCK_RAW, protocol)`` bound to a device. Protocol 0 receives nothing, ETH_P_ALL all."""
    sk = sock(dev)
    state = machine().state["socks"]
    state.append(sk)
    if protocol:
        sk.prot_hook = packet_type(type=protocol, func=_packet_rcv, dev=dev, af_packet_priv=sk)
        dev_add_pack(sk.prot_hook)
    return sk


def packet_release(sk: sock) -> None:
    """Close: what was received and not read is dropped; what is on its way goes on."""
    if sk.prot_hook is not None:
        dev_remove_pack(sk.prot_hook)
        sk.prot_hook = None
    while sk.sk_receive_queue:
        consume_skb(sk.sk_receive_queue.popleft())
    machine().state["socks"].remove(sk)


def packet_sendmsg(sk: sock, frame: bytes, *, frags: bool = False, flags: int = 0, check_mtu: bool = True) -> int:
    """Send a whole Ethernet frame; sleeps until the send buffer has room. Bytes sent, or a negative errno.

    ``frags``: what follows the first 64 bytes lies in page fragments. ``flags``: 0x40 is MSG_DONTWAIT (-EAGAIN).
    ``check_mtu=False``: longer frames pass too, as those of senders in the kernel do (net/core/pktgen.c).
    """
    dev = sk.dev
    assert dev is not None
    n = len(frame)
    if not dev.flags & 1:
        return -ENETDOWN
    if n < ETH_HLEN:
        return -EINVAL
    limit = dev.mtu + dev.hard_header_len
    if check_mtu and n > limit and (n > limit + VLAN_HLEN or frame[12] << 8 | frame[13] != ETH_P_8021Q):
        return -EMSGSIZE
    if sk.sk_wmem_alloc >= sk.sk_sndbuf:
        if flags & 0x40:
            return -EAGAIN
        wait_event(sk.sk_write_space, lambda: sk.sk_wmem_alloc < sk.sk_sndbuf)
    linear = min(n, 64) if frags else n
    skb = alloc_skb(LL_RESERVED + linear, GFP_KERNEL)
    if skb is None:
        return -ENOBUFS
    mem = machine().platform.memory.mem
    head = skb.head
    skb.data = data = head + LL_RESERVED - ETH_HLEN
    skb.tail = data + linear
    skb.len = linear
    mem[data : data + linear] = frame if linear == n else frame[:linear]
    if linear < n and not _add_frags(skb, frame, linear, mem):
        kfree_skb(skb)
        return -ENOBUFS
    skb.network_header = LL_RESERVED
    skb.protocol = frame[12] << 8 | frame[13]
    skb.dev = dev
    skb.priority = sk.sk_priority
    skb.sk = sk
    skb.destructor = sock_wfree
    sk.sk_wmem_alloc += skb.truesize
    err = __dev_queue_xmit(skb, None)
    _return_to_user(sk)
    if err:
        return -ENOBUFS if err > 0 and err != 2 else min(err, 0) or n
    return n


def _add_frags(skb: sk_buff, frame: bytes, at: int, mem: memoryview) -> bool:
    i = 0
    while at < len(frame):
        pg = alloc_page(GFP_KERNEL)
        if pg is None:
            return False
        part = frame[at : at + PAGE_SIZE]
        mem[pg.addr : pg.addr + len(part)] = part
        skb_add_rx_frag(skb, i, pg, 0, len(part), PAGE_SIZE)
        at += len(part)
        i += 1
    return True


def _return_to_user(sk: sock) -> None:
    """The end of a system call, where a program that sends without end is preempted: for ksoftirqd, which has
    slept, at once, for others at the end of its time slice.
    """
    cpu = this_cpu()
    if not cpu.runqueue:
        return
    if cpu.time >= sk.slice_end or machine().state["softirq"].ksoftirqd.get(cpu.id) in cpu.runqueue:
        cond_resched()
        sk.slice_end = cpu.time + TIME_SLICE_PS


def _packet_rcv(skb: sk_buff, dev: net_device, pt: packet_type, orig_dev: net_device) -> int:
    sk: sock = pt.af_packet_priv
    if sk.sk_rmem_alloc + skb.truesize > sk.sk_rcvbuf:
        sk.drops += 1
        _kfree_skb(skb, SKB_DROP_REASON_PACKET_SOCK_ERROR, (_packet_rcv.__code__, 0))
        return 0
    if skb.users != 1:  # others hold this sk_buff: take a clone, and drop our reference
        from pymodel.linux.skb_copy import skb_clone

        clone = skb_clone(skb, 0)
        if clone is None:
            sk.drops += 1
            _kfree_skb(skb, SKB_DROP_REASON_PACKET_SOCK_ERROR, (_packet_rcv.__code__, 0))
            return 0
        consume_skb(skb)
        skb = clone
    back = skb.data - skb.head - skb.mac_header  # a raw socket sees the frame from its MAC header
    skb.data -= back
    skb.len += back
    skb_set_owner_r(skb, sk)
    sk.sk_receive_queue.append(skb)
    wake_up(sk.sk_data_ready)
    return 0


def packet_recvmsg(sk: sock, flags: int = 0) -> bytes | int:
    """The next frame; sleeps until there is one. With ``flags`` 0x40 (MSG_DONTWAIT) -EAGAIN where there is none."""
    if not sk.sk_receive_queue:
        if flags & 0x40:
            return -EAGAIN
        wait_event(sk.sk_data_ready, lambda: bool(sk.sk_receive_queue))
    skb = sk.sk_receive_queue.popleft()
    frame = skb_to_bytes(skb)
    consume_skb(skb)
    return frame


def sock_leaks() -> list[str]:
    """One line for each socket whose packets never came back, or that was not closed."""
    socks: list[Any] = machine().state["socks"]
    return [f"packet socket on {sk.dev} not closed, {sk.sk_wmem_alloc} bytes of truesize under way" for sk in socks]
