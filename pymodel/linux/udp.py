# SPDX-License-Identifier: Apache-2.0
"""UDP: datagrams from IP to sockets, and from sockets to IP.

A socket's memory is taken and given back in batches: what a reader has taken stays on ``sk_rmem_alloc`` until a quarter
of the buffer has come together, or the queue is empty. Source: net/ipv4/udp.c, net/ipv6/udp.c, v6.12. Simplified:
datagrams of more than the MTU are refused as with IP_PMTUDISC_DO; no UDP-Lite, encapsulation, early demultiplexing or
reuseport groups; sending over IPv4 alone.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.linux.arp import neigh_resolve_output
from pymodel.linux.bug import caller
from pymodel.linux.checksum import csum_fold, csum_partial, csum_tcpudp_nofold, ip_send_check
from pymodel.linux.dropreason import (
    SKB_CONSUMED,
    SKB_DROP_REASON_NO_SOCKET,
    SKB_DROP_REASON_NOT_SPECIFIED,
    SKB_DROP_REASON_PKT_TOO_SMALL,
    SKB_DROP_REASON_PROTO_MEM,
    SKB_DROP_REASON_SOCKET_FILTER,
    SKB_DROP_REASON_SOCKET_RCVBUFF,
    SKB_DROP_REASON_UDP_CSUM,
)
from pymodel.linux.errno import (
    EACCES,
    EAFNOSUPPORT,
    EAGAIN,
    EDESTADDRREQ,
    EINVAL,
    EMSGSIZE,
    ENETUNREACH,
    ENOBUFS,
    ENOMEM,
    EPERM,
)
from pymodel.linux.if_ether import ETH_P_IP
from pymodel.linux.inet import IP_DF, IPPROTO_UDP, udp_hdr
from pymodel.linux.ip_route import (
    RTN_BROADCAST,
    InetState,
    in_ifaddr,
    inet_addr_type,
    ip_route_output,
    ipv4_is_multicast,
)
from pymodel.linux.mm import GFP_ATOMIC, GFP_KERNEL, PAGE_SIZE
from pymodel.linux.netdev_features import NETIF_F_HW_CSUM, NETIF_F_IP_CSUM, NETIF_F_SG
from pymodel.linux.netfilter import NF_HOOK, NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING, NFPROTO_IPV4
from pymodel.linux.sched import wake_up
from pymodel.linux.skb_alloc import _kfree_skb, alloc_skb, skb_orphan
from pymodel.linux.skb_copy import skb_clone
from pymodel.linux.skb_csum import (
    inet_compute_pseudo,
    ip6_compute_pseudo,
    pskb_trim_rcsum,
    skb_checksum,
    skb_checksum_complete,
    skb_checksum_init,
    skb_checksum_init_zero_check,
    skb_csum_unnecessary,
    skb_pull_rcsum,
)
from pymodel.linux.skb_frags import pskb_may_pull, skb_condense, skb_copy_bits
from pymodel.linux.skbuff import (
    CHECKSUM_NONE,
    CHECKSUM_PARTIAL,
    SKB_GSO_UDP_L4,
    sk_buff,
    skb_push,
    skb_put_data,
    skb_reserve,
)
from pymodel.linux.sock import (
    MSG_PEEK,
    MSG_TRUNC,
    SK_MEM_RECV,
    __sk_mem_reclaim,
    __sk_mem_schedule,
    add_data_frags,
    return_to_user,
    sk_filter_trim_cap,
    skb_set_owner_w,
    sock,
    sock_wait_for_wmem,
    wait_for_packet,
)

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = [
    "AF_INET", "AF_INET6", "msghdr", "sockaddr_in", "sockaddr_in6", "udp_rcv", "udp_recvmsg", "udp_sendmsg",
    "udp_sock", "udpv6_rcv",
]

AF_INET = 2
AF_INET6 = 10
CSUM_MANGLED_0 = 0xFFFF
UDP_MAX_SEGMENTS = 128
_HLEN = 28  # IPv4 and UDP


class sockaddr_in:
    """An IPv4 address and a port, as numbers."""

    __slots__ = ("sin_addr", "sin_family", "sin_port")

    def __init__(self, sin_addr: int = 0, sin_port: int = 0) -> None:
        self.sin_family = AF_INET
        self.sin_addr = sin_addr
        self.sin_port = sin_port


class sockaddr_in6:
    """An IPv6 address of 16 bytes and a port."""

    __slots__ = ("sin6_addr", "sin6_family", "sin6_port")

    def __init__(self, sin6_addr: bytes = bytes(16), sin6_port: int = 0) -> None:
        self.sin6_family = AF_INET6
        self.sin6_addr = bytes(sin6_addr)
        self.sin6_port = sin6_port


class msghdr:
    """A message: ``msg_name`` is the peer's address, ``msg_iter`` the data that is sent, or that was received."""

    __slots__ = ("msg_flags", "msg_iter", "msg_name")

    def __init__(self, msg_name: Any = None, msg_iter: bytes = b"", msg_flags: int = 0) -> None:
        self.msg_name = msg_name
        self.msg_iter = msg_iter
        self.msg_flags = msg_flags


class udp_sock(sock):
    """A UDP socket. Ports and IPv4 addresses are numbers, IPv6 addresses bytes; 0 or all zeros: any."""

    __slots__ = (
        "broadcast", "forward_deficit", "forward_threshold", "gso_size", "inet_daddr", "inet_dport", "inet_num",
        "inet_rcv_saddr", "no_check_tx", "reader_queue", "reuse", "sk_bound_dev",
    )

    def __init__(self, family: int, state: InetState) -> None:
        super().__init__(None, family, IPPROTO_UDP)
        any_addr: Any = 0 if family == AF_INET else bytes(16)
        self.sk_prot_mem = state.udp_mem
        self.inet_num = 0
        self.inet_rcv_saddr = any_addr
        self.inet_daddr = any_addr
        self.inet_dport = 0
        self.sk_bound_dev: net_device | None = None
        self.reuse = False
        self.broadcast = False  # SO_BROADCAST
        self.no_check_tx = False  # SO_NO_CHECK
        self.gso_size = 0  # UDP_SEGMENT
        self.reader_queue: deque[sk_buff] = deque()
        self.forward_deficit = 0
        self.forward_threshold = self.sk_rcvbuf >> 2


def _state() -> InetState:
    state: InetState = here.state["inet"]
    return state


def _count(family: int, name: str) -> None:
    state = _state()
    if family == AF_INET:
        state.mib["Udp" + name] += 1
    else:
        state.mib6["Udp6" + name] += 1


# -- from IP -------------------------------------------------------------------------------------------------
def udp_rcv(skb: sk_buff) -> int:
    """IPv4's handler of UDP; ``data`` is at the UDP header."""
    return _rcv(skb, AF_INET)


def udpv6_rcv(skb: sk_buff) -> int:
    """IPv6's, where a checksum of 0 is an error."""
    return _rcv(skb, AF_INET6)


def _rcv(skb: sk_buff, family: int) -> int:
    """__udp4_lib_rcv()"""
    mem = here.mem
    if not pskb_may_pull(skb, 8):
        return _bad(skb, family, SKB_DROP_REASON_NOT_SPECIFIED)
    at = skb.data
    length = mem[at + 4] << 8 | mem[at + 5]
    check = mem[at + 6] << 8 | mem[at + 7]
    if family == AF_INET6 and not length:
        length = skb.len  # a jumbogram
    if length > skb.len or length < 8 or pskb_trim_rcsum(skb, length):
        return _bad(skb, family, SKB_DROP_REASON_PKT_TOO_SMALL)
    if family == AF_INET:
        wrong = skb_checksum_init_zero_check(skb, IPPROTO_UDP, check, inet_compute_pseudo)
    else:
        wrong = not check or skb_checksum_init(skb, IPPROTO_UDP, ip6_compute_pseudo)
    if wrong:
        _count(family, "InCsumErrors")
        return _bad(skb, family, SKB_DROP_REASON_UDP_CSUM)
    net = skb.head + skb.network_header
    saddr: Any
    daddr: Any
    if family == AF_INET:
        saddr, daddr = int.from_bytes(mem[net + 12 : net + 16], "big"), int.from_bytes(mem[net + 16 : net + 20], "big")
        to_many = ipv4_is_multicast(daddr) or inet_addr_type(daddr) == RTN_BROADCAST
    else:
        saddr, daddr = bytes(mem[net + 8 : net + 24]), bytes(mem[net + 24 : net + 40])
        to_many = daddr[0] == 0xFF
    sport, dport = mem[at] << 8 | mem[at + 1], mem[at + 2] << 8 | mem[at + 3]
    dev: net_device = skb.dev  # type: ignore[assignment]
    found = [(score, sk) for sk in _state().udp_table.get(dport, ())
             if (score := _score(sk, family, saddr, sport, daddr, dev)) >= 0]  # fmt: skip
    if to_many:
        return _deliver_many(skb, family, [sk for _, sk in found])
    if found:
        best = max(found, key=lambda pair: pair[0])[1]
        return udp_queue_rcv_skb(best, skb)
    if skb_checksum_complete(skb):
        _count(family, "InCsumErrors")
        return _bad(skb, family, SKB_DROP_REASON_UDP_CSUM)
    _count(family, "NoPorts")
    _kfree_skb(skb, SKB_DROP_REASON_NO_SOCKET, caller())
    return 0


def _bad(skb: sk_buff, family: int, reason: int) -> int:
    _count(family, "InErrors")
    _kfree_skb(skb, reason, caller())
    return 0


def _score(sk: udp_sock, family: int, saddr: Any, sport: int, daddr: Any, dev: net_device) -> int:
    """compute_score(): how well a socket fits; -1: not at all."""
    if sk.sk_family != family or (sk.sk_bound_dev is not None and sk.sk_bound_dev is not dev):
        return -1
    score = 0
    if sk.inet_rcv_saddr and any_set(sk.inet_rcv_saddr):
        if sk.inet_rcv_saddr != daddr:
            return -1
        score += 4
    if sk.inet_dport:
        if sk.inet_daddr != saddr or sk.inet_dport != sport:
            return -1
        score += 8
    return score + 4 * (sk.sk_bound_dev is not None)


def any_set(addr: Any) -> bool:
    """Whether an address is not the wildcard."""
    return bool(addr) if isinstance(addr, int) else any(addr)


def _deliver_many(skb: sk_buff, family: int, socks: list[udp_sock]) -> int:
    """Multicast and broadcast: a clone for each socket but the first, which gets the skb itself last."""
    if not socks:
        _count(family, "IgnoredMulti")
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
        return 0
    for sk in socks[1:]:
        clone = skb_clone(skb, GFP_ATOMIC)
        if clone is None:
            sk.sk_drops += 1
            _count(family, "RcvbufErrors")
            _count(family, "InErrors")
            continue
        udp_queue_rcv_skb(sk, clone)
    return udp_queue_rcv_skb(socks[0], skb)


# -- into the socket -----------------------------------------------------------------------------------------
def udp_queue_rcv_skb(sk: udp_sock, skb: sk_buff) -> int:
    """Queue a datagram for the reader, or drop it. 0 or -1."""
    reason = 0
    if sk.sk_filter is not None:
        if skb_checksum_complete(skb):
            _count(sk.sk_family, "InCsumErrors")
            reason = SKB_DROP_REASON_UDP_CSUM
        elif sk_filter_trim_cap(sk, skb, 8) == -EPERM:
            reason = SKB_DROP_REASON_SOCKET_FILTER
        if reason:
            sk.sk_drops += 1
    if not reason:
        if not skb.csum_valid and skb.ip_summed == CHECKSUM_NONE:
            skb.csum = csum_partial(skb.data, 8, skb.csum)  # udp_csum_pull_header(): the rest is summed by the reader
        skb_pull_rcsum(skb, 8)
        err = _enqueue(sk, skb)
        if not err:
            return 0
        _count(sk.sk_family, "RcvbufErrors" if err == -ENOMEM else "MemErrors")
        reason = SKB_DROP_REASON_SOCKET_RCVBUFF if err == -ENOMEM else SKB_DROP_REASON_PROTO_MEM
    _count(sk.sk_family, "InErrors")
    _kfree_skb(skb, reason, caller())
    return -1


def _enqueue(sk: udp_sock, skb: sk_buff) -> int:
    """__udp_enqueue_schedule_skb(): 0, -ENOMEM or -ENOBUFS. A small buffer takes one packet in any case."""
    if sk.sk_rmem_alloc + skb.truesize > sk.sk_rcvbuf and sk.sk_rmem_alloc > sk.sk_rcvbuf:
        sk.sk_drops += 1
        return -ENOMEM
    if sk.sk_rmem_alloc > sk.sk_rcvbuf >> 1:
        skb_condense(skb)
    size = skb.truesize
    sk.sk_rmem_alloc += size
    delta = size - sk.sk_forward_alloc
    if delta > 0 and not __sk_mem_schedule(sk, delta, SK_MEM_RECV):
        sk.sk_rmem_alloc -= size
        sk.sk_drops += 1
        return -ENOBUFS
    sk.sk_forward_alloc -= size
    skb_orphan(skb)
    skb.dev = None
    sk.sk_receive_queue.append(skb)
    wake_up(sk.sk_data_ready)
    return 0


def udp_rmem_release(sk: udp_sock, size: int, partial: bool) -> None:
    """``size`` bytes of truesize have left the queue."""
    if partial:
        sk.forward_deficit += size
        if sk.forward_deficit < sk.forward_threshold and sk.sk_receive_queue:
            return
        size = sk.forward_deficit
    else:
        size += sk.forward_deficit
    sk.forward_deficit = 0
    sk.sk_forward_alloc += size
    __sk_mem_reclaim(sk, (sk.sk_forward_alloc - partial) // PAGE_SIZE * PAGE_SIZE)
    sk.sk_rmem_alloc -= size


def udp_recvmsg(sk: udp_sock, msg: msghdr, len: int, flags: int) -> int:
    """Read the next datagram into ``msg``, up to ``len`` bytes; sleeps until there is one. Bytes read (with MSG_TRUNC
    in ``flags``: bytes there were), or -EAGAIN. What is left of a longer one is lost: MSG_TRUNC in ``msg_flags``.
    """
    while True:
        if not sk.reader_queue:
            if wait_for_packet(sk, flags, lambda: bool(sk.sk_receive_queue)):
                return -EAGAIN
            sk.reader_queue, sk.sk_receive_queue = sk.sk_receive_queue, sk.reader_queue
        skb = sk.reader_queue[0]
        if not flags & MSG_PEEK:
            sk.reader_queue.popleft()
            udp_rmem_release(sk, skb.truesize, True)
        if skb_csum_unnecessary(skb) or not skb_checksum_complete(skb):
            break
        if flags & MSG_PEEK:
            sk.reader_queue.popleft()
            udp_rmem_release(sk, skb.truesize, True)
        _count(sk.sk_family, "InCsumErrors")
        _count(sk.sk_family, "InErrors")
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
    there = skb.len
    copied = min(len, there)
    data = bytearray(copied)
    skb_copy_bits(skb, 0, data, copied)
    msg.msg_iter = bytes(data)
    msg.msg_flags = MSG_TRUNC if copied < there else 0
    uh, net = udp_hdr(skb), skb.head + skb.network_header
    mem = here.mem
    if sk.sk_family == AF_INET:
        msg.msg_name = sockaddr_in(int.from_bytes(mem[net + 12 : net + 16], "big"), uh.source)
    else:
        msg.msg_name = sockaddr_in6(bytes(mem[net + 8 : net + 24]), uh.source)
    if not flags & MSG_PEEK:
        _count(sk.sk_family, "InDatagrams")
        _kfree_skb(skb, SKB_CONSUMED, caller())
    return there if flags & MSG_TRUNC else copied


def udp_destroy(sk: udp_sock) -> None:
    """The socket is closed: what nobody will read is freed, its memory goes back to the protocol."""
    for queue in (sk.reader_queue, sk.sk_receive_queue):
        while queue:
            skb = queue.popleft()
            size = skb.truesize
            _kfree_skb(skb, SKB_CONSUMED, caller())
            udp_rmem_release(sk, size, False)
    udp_rmem_release(sk, 0, False)


# -- to IP ---------------------------------------------------------------------------------------------------
def udp_sendmsg(sk: udp_sock, msg: msghdr, len: int) -> int:
    """Send ``msg.msg_iter`` to ``msg.msg_name``, or where the socket is connected to; sleeps until the send buffer has
    room. Bytes sent or a negative errno.
    """
    from pymodel.linux.af_inet import inet_autobind

    if len > 0xFFFF:
        return -EMSGSIZE
    if sk.sk_family != AF_INET:
        return -EAFNOSUPPORT
    if msg.msg_name is not None:
        if getattr(msg.msg_name, "sin_family", None) != AF_INET:
            return -EAFNOSUPPORT
        daddr, dport = msg.msg_name.sin_addr, msg.msg_name.sin_port
        if not dport:
            return -EINVAL
    elif sk.inet_dport:
        daddr, dport = sk.inet_daddr, sk.inet_dport
    else:
        return -EDESTADDRREQ
    err = inet_autobind(sk)
    if err:
        return err
    ifa, err = ip_route_output(daddr, sk.inet_rcv_saddr, sk.sk_bound_dev)
    if ifa is None:
        if err == -ENETUNREACH:
            _state().mib["OutNoRoutes"] += 1
        return err
    if inet_addr_type(daddr) == RTN_BROADCAST and not sk.broadcast:
        return -EACCES
    gso = sk.gso_size
    if len + _HLEN > (gso + _HLEN if gso else ifa.dev.mtu) and (not gso or gso + _HLEN > ifa.dev.mtu):
        return -EMSGSIZE
    if gso and (len > gso * UDP_MAX_SEGMENTS or sk.no_check_tx):
        return -EINVAL
    err = sock_wait_for_wmem(sk, msg.msg_flags)
    if err:
        return err
    skb = _make_skb(sk, ifa, daddr, dport, msg.msg_iter[:len])
    if skb is None:
        return -ENOBUFS
    _count(AF_INET, "OutDatagrams")
    _state().mib["OutRequests"] += 1
    dev, nexthop = ifa.dev, daddr
    ret = NF_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT, None, sk, skb, None, dev, lambda skb: _output(skb, dev, nexthop, sk))
    return_to_user(sk)
    if ret > 0 and ret != 2:
        _count(AF_INET, "SndbufErrors")
        return -ENOBUFS
    return min(ret, 0) or len


def _output(skb: sk_buff, dev: net_device, nexthop: int, sk: udp_sock) -> int:
    """ip_output(): the last hooks, then the neighbour."""
    skb.dev = dev

    def finish(skb: sk_buff) -> int:
        return neigh_resolve_output(skb, dev, nexthop)

    return NF_HOOK(NFPROTO_IPV4, NF_INET_POST_ROUTING, None, sk, skb, None, dev, finish)


def _make_skb(sk: udp_sock, ifa: in_ifaddr, daddr: int, dport: int, data: bytes) -> sk_buff | None:
    """ip_make_skb() and udp_send_skb(): data, checksum, headers."""
    dev, saddr = ifa.dev, ifa.ifa_local
    reserved = (dev.hard_header_len + dev.needed_headroom & ~15) + 16 + _HLEN
    mem = here.mem
    linear = len(data) if len(data) <= dev.mtu or not dev.features & NETIF_F_SG else 0
    skb = alloc_skb(reserved + linear, GFP_KERNEL)
    if skb is None:
        return None
    skb_reserve(skb, reserved)
    skb_put_data(skb, data, linear)
    if linear < len(data) and not add_data_frags(skb, data, linear, mem):
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
        return None
    length = len(data) + 8
    at = skb_push(skb, 8)
    skb.transport_header = at - skb.head
    mem[at : at + 8] = sk.inet_num.to_bytes(2, "big") + dport.to_bytes(2, "big") + length.to_bytes(2, "big") + b"\0\0"
    partial = (sk.gso_size and sk.gso_size < len(data)) or dev.features & (NETIF_F_HW_CSUM | NETIF_F_IP_CSUM)
    if partial and not sk.no_check_tx:
        skb.ip_summed = CHECKSUM_PARTIAL
        skb.csum_start = skb.transport_header
        skb.csum_offset = 6
        pseudo = ~csum_fold(csum_tcpudp_nofold(saddr, daddr, length, IPPROTO_UDP, 0)) & 0xFFFF
        udp_hdr(skb).check = pseudo
        if sk.gso_size and sk.gso_size < len(data):
            shinfo = skb._shinfo
            shinfo.gso_size = sk.gso_size
            shinfo.gso_type = SKB_GSO_UDP_L4
            shinfo.gso_segs = -(-len(data) // sk.gso_size)
    elif not sk.no_check_tx:
        skb.ip_summed = CHECKSUM_NONE
        csum = skb_checksum(skb, 0, skb.len, csum_tcpudp_nofold(saddr, daddr, length, IPPROTO_UDP, 0))
        udp_hdr(skb).check = csum_fold(csum) or CSUM_MANGLED_0
    at = skb_push(skb, 20)
    skb.network_header = at - skb.head
    state = _state()
    state.id = state.id + 1 & 0xFFFF
    mem[at : at + 20] = (
        b"\x45\x00" + skb.len.to_bytes(2, "big") + state.id.to_bytes(2, "big") + IP_DF.to_bytes(2, "big")
        + bytes([64, IPPROTO_UDP, 0, 0]) + saddr.to_bytes(4, "big") + daddr.to_bytes(4, "big")
    )  # fmt: skip
    ip_send_check(at)
    skb.protocol = ETH_P_IP
    skb.priority = sk.sk_priority
    skb_set_owner_w(skb, sk)
    return skb
