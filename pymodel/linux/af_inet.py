# SPDX-License-Identifier: Apache-2.0
"""Sockets of IPv4 and IPv6, as code in the kernel opens them; and the protocols' own start.

The model's kernel has IPv4 and IPv6 like modules: their handlers are registered with the first address or socket
(inet_init(), inet6_init()), so that a driver's packets cost nothing more before. Source: net/socket.c kernel_bind() and
others, net/ipv4/af_inet.c, udp.c udp_lib_get_port(), v6.12. Simplified: datagram sockets alone; a struct socket and its
sock are one object; a kvec is bytes.
"""

from __future__ import annotations

from typing import Any

from pymodel.hw.access import here
from pymodel.linux.arp import arp_rcv, neigh_ifdown
from pymodel.linux.dev import dev_add_pack, packet_type
from pymodel.linux.errno import (
    EADDRINUSE,
    EADDRNOTAVAIL,
    EAFNOSUPPORT,
    EINVAL,
    EPROTONOSUPPORT,
    ESOCKTNOSUPPORT,
)
from pymodel.linux.if_ether import ETH_P_ARP, ETH_P_IP, ETH_P_IPV6
from pymodel.linux.inet import IPPROTO_UDP
from pymodel.linux.inetdev import devinet_init
from pymodel.linux.ip6_input import inet6_add_protocol, ipv6_rcv
from pymodel.linux.ip_input import inet_add_protocol, ip_list_rcv, ip_rcv
from pymodel.linux.ip_route import (
    RTN_BROADCAST,
    RTN_LOCAL,
    RTN_MULTICAST,
    InetState,
    inet_addr_type,
    ip_route_output,
    ipv6_chk_addr,
)
from pymodel.linux.notifier import (
    NETDEV_DOWN,
    NETDEV_UNREGISTER,
    NOTIFY_DONE,
    notifier_block,
    register_netdevice_notifier,
)
from pymodel.linux.udp import (
    AF_INET,
    AF_INET6,
    any_set,
    msghdr,
    sockaddr_in,
    sockaddr_in6,
    udp_destroy,
    udp_rcv,
    udp_recvmsg,
    udp_sendmsg,
    udp_sock,
    udpv6_rcv,
)

__all__ = [
    "SOCK_DGRAM", "inet6_init", "inet_init", "kernel_bind", "kernel_connect", "kernel_getsockname",
    "kernel_recvmsg", "kernel_sendmsg", "sock_create_kern", "sock_release",
]

SOCK_DGRAM = 2

PORTS = (32768, 60999)  # net.ipv4.ip_local_port_range


def _state() -> InetState:
    state: InetState = here.state["inet"]
    return state


# -- start ---------------------------------------------------------------------------------------------------
def inet_init() -> None:
    """IPv4, ARP and UDP take packets from now on. Once a machine."""
    state = _state()
    if state.ip4:
        return
    state.ip4 = True
    inet_add_protocol(udp_rcv, IPPROTO_UDP)
    dev_add_pack(packet_type(type=ETH_P_ARP, func=arp_rcv))
    dev_add_pack(packet_type(type=ETH_P_IP, func=ip_rcv, list_func=ip_list_rcv))
    devinet_init()
    nb = notifier_block(_inet_event)
    here.state["net"].protocols.append(nb)
    register_netdevice_notifier(nb)


def inet6_init() -> None:
    """IPv6 and UDP over it take packets from now on. Once a machine."""
    state = _state()
    if not state.ip6:
        state.ip6 = True
        inet6_add_protocol(udpv6_rcv, IPPROTO_UDP)
        dev_add_pack(packet_type(type=ETH_P_IPV6, func=ipv6_rcv))


def _inet_event(nb: notifier_block, event: int, info: Any) -> int:
    if event in (NETDEV_DOWN, NETDEV_UNREGISTER):
        neigh_ifdown(info.dev, gone=event == NETDEV_UNREGISTER)
    return NOTIFY_DONE


# -- sockets -------------------------------------------------------------------------------------------------
def sock_create_kern(net: Any, family: int, type: int, protocol: int) -> tuple[int, udp_sock | None]:
    """Open a socket: (0, socket), or a negative errno and None. ``family`` AF_INET or AF_INET6, ``type`` SOCK_DGRAM,
    ``protocol`` IPPROTO_UDP or 0; ``net`` is the namespace, of which there is one.
    """
    if family not in (AF_INET, AF_INET6):
        return -EAFNOSUPPORT, None
    if type != SOCK_DGRAM:
        return -ESOCKTNOSUPPORT, None
    if protocol not in (0, IPPROTO_UDP):
        return -EPROTONOSUPPORT, None
    if family == AF_INET:
        inet_init()
    else:
        inet6_init()
    sk = udp_sock(family, _state())
    here.state["socks"].append(sk)
    return 0, sk


def sock_release(sk: udp_sock) -> None:
    """Close: what was received and not read is dropped; what is on its way goes on."""
    _unhash(sk)
    udp_destroy(sk)
    here.state["socks"].remove(sk)


def _unhash(sk: udp_sock) -> None:
    if sk.inet_num:
        _state().udp_table[sk.inet_num].remove(sk)


def kernel_bind(sk: udp_sock, addr: sockaddr_in | sockaddr_in6, addrlen: int = 0) -> int:
    """Give the socket its own address and port (0: any of them). 0, -EINVAL where it has one, -EADDRNOTAVAIL for an
    address that is not of this host, -EADDRINUSE, -EAFNOSUPPORT.
    """
    if isinstance(addr, sockaddr_in) != (sk.sk_family == AF_INET):
        return -EAFNOSUPPORT
    own: Any
    if isinstance(addr, sockaddr_in):
        own, port = addr.sin_addr, addr.sin_port
        fine = not own or inet_addr_type(own) in (RTN_LOCAL, RTN_MULTICAST, RTN_BROADCAST)
    else:
        own, port = addr.sin6_addr, addr.sin6_port
        fine = not any(own) or own[0] == 0xFF or ipv6_chk_addr(own, None)
    if not fine:
        return -EADDRNOTAVAIL
    if sk.inet_num:
        return -EINVAL
    sk.inet_rcv_saddr = own
    return _get_port(sk, port)


def _get_port(sk: udp_sock, port: int) -> int:
    """udp_lib_get_port()"""
    state = _state()
    low, high = PORTS
    if not port:
        for _ in range(high - low + 1):
            port = state.next_port
            state.next_port = low if port >= high else port + 1
            if not any(_conflict(sk, other) for other in state.udp_table.get(port, ())):
                break
        else:
            return -EADDRINUSE
    elif any(_conflict(sk, other) for other in state.udp_table.get(port, ())):
        return -EADDRINUSE
    sk.inet_num = port
    state.udp_table.setdefault(port, []).append(sk)
    return 0


def _conflict(sk: udp_sock, other: udp_sock) -> bool:
    if sk.sk_family != other.sk_family or (sk.reuse and other.reuse):
        return False
    if sk.sk_bound_dev is not None and other.sk_bound_dev is not None and sk.sk_bound_dev is not other.sk_bound_dev:
        return False
    one, two = sk.inet_rcv_saddr, other.inet_rcv_saddr
    return not any_set(one) or not any_set(two) or one == two


def inet_autobind(sk: udp_sock) -> int:
    """A port for a socket that sends without having one. 0 or -EADDRINUSE (-EAGAIN in C's words)."""
    return 0 if sk.inet_num else _get_port(sk, 0)


def kernel_connect(sk: udp_sock, addr: sockaddr_in, addrlen: int = 0, flags: int = 0) -> int:
    """Send to this peer, and receive from it alone. 0 or a negative errno."""
    if sk.sk_family != AF_INET or not isinstance(addr, sockaddr_in):
        return -EAFNOSUPPORT
    ifa, err = ip_route_output(addr.sin_addr, sk.inet_rcv_saddr, sk.sk_bound_dev)
    if ifa is None:
        return err
    err = inet_autobind(sk)
    if err:
        return err
    sk.inet_rcv_saddr = sk.inet_rcv_saddr or ifa.ifa_local
    sk.inet_daddr, sk.inet_dport = addr.sin_addr, addr.sin_port
    sk.sk_dst_cache = ifa
    return 0


def kernel_getsockname(sk: udp_sock) -> sockaddr_in | sockaddr_in6:
    """The socket's own address. (C fills a struct.)"""
    if sk.sk_family == AF_INET:
        return sockaddr_in(sk.inet_rcv_saddr, sk.inet_num)
    return sockaddr_in6(sk.inet_rcv_saddr, sk.inet_num)


def kernel_sendmsg(sk: udp_sock, msg: msghdr, vec: list[bytes], num: int, size: int) -> int:
    """Send the first ``size`` bytes of ``num`` pieces as one datagram. Bytes sent or a negative errno."""
    msg.msg_iter = b"".join(vec[:num])[:size]
    return udp_sendmsg(sk, msg, len(msg.msg_iter))


def kernel_recvmsg(sk: udp_sock, msg: msghdr, vec: list[bytearray], num: int, size: int, flags: int) -> int:
    """Read a datagram into ``num`` pieces, ``size`` bytes at most; its sender is in ``msg``. Bytes read, or -EAGAIN."""
    got = udp_recvmsg(sk, msg, size, flags)
    at = 0
    for piece in vec[:num]:
        part = msg.msg_iter[at : at + len(piece)] if got >= 0 else b""
        piece[: len(part)] = part
        at += len(part)
    return got

