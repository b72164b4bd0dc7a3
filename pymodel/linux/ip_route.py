# SPDX-License-Identifier: Apache-2.0
"""Addresses of devices, and where packets go by them: IPv4's and IPv6's state of a machine.

Source: net/ipv4/devinet.c, fib_frontend.c, route.c ip_route_input_slow(), ip_route_output_key_hash_rcu(), v6.12.
Simplified: the routes are those that addresses bring (the address itself, its network, its broadcast addresses); a host
does not forward, there are no gateways, no rp_filter. An address is the number that it stands for, as in the header
views of inet.py.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.errno import EADDRNOTAVAIL, EEXIST, EHOSTUNREACH, EINVAL, ENETDOWN, ENETUNREACH, ENODEV
from pymodel.linux.netdevice import IFF_UP
from pymodel.linux.sock import proto_mem

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymodel.linux.arp import neighbour
    from pymodel.linux.netdevice import net_device
    from pymodel.linux.skbuff import sk_buff
    from pymodel.linux.udp import udp_sock

__all__ = [
    "INADDR_ANY", "INADDR_BROADCAST", "RTN_BROADCAST", "RTN_LOCAL", "RTN_MULTICAST", "RTN_UNICAST", "RTN_UNREACHABLE",
    "InetState", "in_aton", "in_ifaddr", "inet_addr_type", "inet_del_ifa", "inet_insert_ifa", "ip_check_mc_rcu",
    "ip_route_input", "ip_route_output", "ipv4_is_lbcast", "ipv4_is_loopback", "ipv4_is_multicast",
    "ipv4_is_zeronet", "ipv6_add_addr", "ipv6_chk_addr", "snmp_counters",
]

INADDR_ANY = 0
INADDR_BROADCAST = 0xFFFFFFFF

RTN_UNICAST = 1
RTN_LOCAL = 2
RTN_BROADCAST = 3
RTN_MULTICAST = 5
RTN_UNREACHABLE = 7


class in_ifaddr:
    """An address of a device: ``ifa_local`` in a network of ``ifa_prefixlen`` bits."""

    __slots__ = ("dev", "ifa_local", "ifa_prefixlen")

    def __init__(self, dev: net_device, ifa_local: int, ifa_prefixlen: int) -> None:
        self.dev = dev
        self.ifa_local = ifa_local
        self.ifa_prefixlen = ifa_prefixlen

    @property
    def ifa_mask(self) -> int:
        return 0xFFFFFFFF << 32 - self.ifa_prefixlen & 0xFFFFFFFF

    @property
    def ifa_broadcast(self) -> int:
        return self.ifa_local | ~self.ifa_mask & 0xFFFFFFFF


class InetState:
    """IPv4 and IPv6 of one machine; neither looks at packets before it has an address or a socket."""

    __slots__ = (
        "addrs", "addrs6", "id", "ip4", "ip6", "mib", "mib6", "neigh", "next_port", "protos", "protos6", "udp_mem",
        "udp_table",
    )

    def __init__(self, pages: int) -> None:
        self.addrs: list[in_ifaddr] = []
        self.addrs6: dict[bytes, net_device] = {}
        self.ip4 = False
        self.ip6 = False
        self.id = 0
        self.mib: Counter[str] = Counter()  # /proc/net/snmp
        self.mib6: Counter[str] = Counter()
        self.neigh: dict[tuple[net_device, int], neighbour] = {}
        self.protos: dict[int, Callable[[sk_buff], int]] = {}
        self.protos6: dict[int, Callable[[sk_buff], int]] = {}
        self.udp_table: dict[int, list[udp_sock]] = {}
        self.next_port = 32768
        limit = max(pages // 8, 128)
        self.udp_mem = proto_mem((limit // 4 * 3, limit, limit // 4 * 6), 4096)


def _inet() -> InetState:
    state: InetState = here.state["inet"]
    return state


def snmp_counters() -> dict[str, int]:
    """What IPv4 and UDP have counted, under the names of /proc/net/snmp; IPv6's begin with ``Ip6`` and ``Udp6``."""
    state = _inet()
    return {**state.mib, **state.mib6}


# -- kinds of addresses --------------------------------------------------------------------------------------
def in_aton(str: str) -> int:
    """``in_aton("10.0.0.1")``. Source: net/core/utils.c in_aton()."""
    parts = [int(part) for part in str.split(".")]
    return sum((part & 255) << 8 * (3 - i) for i, part in enumerate(parts))


def ipv4_is_loopback(addr: int) -> bool:
    return addr >> 24 == 127


def ipv4_is_multicast(addr: int) -> bool:
    return addr >> 28 == 14


def ipv4_is_lbcast(addr: int) -> bool:
    return addr == INADDR_BROADCAST


def ipv4_is_zeronet(addr: int) -> bool:
    return addr >> 24 == 0


# -- addresses -----------------------------------------------------------------------------------------------
def inet_insert_ifa(ifa: in_ifaddr) -> int:
    """Give a device an address, as ``ip addr add`` does. 0, -EEXIST, -EINVAL, or -ENODEV for a device that IPv4 does
    not use.
    """
    from pymodel.linux.af_inet import inet_init

    inet_init()
    if not 0 <= ifa.ifa_prefixlen <= 32:
        return -EINVAL
    if ifa.dev.ip_ptr is None:
        return -ENODEV
    state = _inet()
    for other in state.addrs:
        if other.dev is ifa.dev and other.ifa_local == ifa.ifa_local and other.ifa_prefixlen == ifa.ifa_prefixlen:
            return -EEXIST
    state.addrs.append(ifa)
    return 0


def inet_del_ifa(ifa: in_ifaddr) -> int:
    """Take it away. 0 or -EADDRNOTAVAIL."""
    state = _inet()
    for other in state.addrs:
        if other.dev is ifa.dev and other.ifa_local == ifa.ifa_local:
            state.addrs.remove(other)
            return 0
    return -EADDRNOTAVAIL


def forget_device(dev: net_device) -> None:
    """A device that goes away takes its addresses and neighbours with it."""
    state = _inet()
    state.addrs = [ifa for ifa in state.addrs if ifa.dev is not dev]
    for addr in [addr for addr, of in state.addrs6.items() if of is dev]:
        del state.addrs6[addr]


def inet_addr_type(addr: int) -> int:
    """RTN_*: what an address is to this host."""
    if ipv4_is_zeronet(addr) or ipv4_is_lbcast(addr):
        return RTN_BROADCAST
    if ipv4_is_multicast(addr):
        return RTN_MULTICAST
    kind = RTN_UNICAST
    for ifa in _inet().addrs:
        if addr == ifa.ifa_local:
            return RTN_LOCAL
        if ifa.ifa_prefixlen < 31 and addr in (ifa.ifa_broadcast, ifa.ifa_local & ifa.ifa_mask):
            kind = RTN_BROADCAST
    return kind


def ip_check_mc_rcu(dev: net_device, mc_addr: int) -> bool:
    """Whether a device is in a multicast group."""
    return any(group.multiaddr == mc_addr for group in dev.ip_ptr.mc_list)


# -- routes --------------------------------------------------------------------------------------------------
def ip_route_input(skb: sk_buff, daddr: int, saddr: int, dev: net_device) -> tuple[int, int]:
    """What becomes of a packet that ``dev`` received: (RTN_*, 0 or a negative errno)."""
    if dev.ip_ptr is None:
        return 0, -EINVAL
    if ipv4_is_multicast(daddr):
        if not ip_check_mc_rcu(dev, daddr) or _martian_source(saddr):
            return 0, -EINVAL
        return RTN_MULTICAST, 0
    if ipv4_is_multicast(saddr) or ipv4_is_lbcast(saddr):
        return 0, -EINVAL
    if ipv4_is_lbcast(daddr) or (not saddr and not daddr):
        kind = RTN_BROADCAST
    elif ipv4_is_zeronet(saddr) or ipv4_is_zeronet(daddr) or ipv4_is_loopback(daddr) or ipv4_is_loopback(saddr):
        return 0, -EINVAL
    else:
        kind = inet_addr_type(daddr)
    if kind == RTN_UNICAST:
        return RTN_UNREACHABLE, -EHOSTUNREACH  # not for us, and we do not forward
    if not ipv4_is_zeronet(saddr) and inet_addr_type(saddr) == RTN_LOCAL:
        return 0, -EINVAL  # our own address, from outside
    return kind, 0


def _martian_source(saddr: int) -> bool:
    return ipv4_is_multicast(saddr) or ipv4_is_lbcast(saddr) or ipv4_is_loopback(saddr)


def ip_route_output(daddr: int, saddr: int = 0, dev: net_device | None = None) -> tuple[in_ifaddr | None, int]:
    """The address from which ``daddr`` is reached (it names the device), or None and a negative errno. ``saddr``,
    ``dev``: the sender insists on them.
    """
    found = [
        ifa
        for ifa in _inet().addrs
        if (dev is None or ifa.dev is dev)
        and (not saddr or ifa.ifa_local == saddr)
        and (ipv4_is_multicast(daddr) or ipv4_is_lbcast(daddr) or not (ifa.ifa_local ^ daddr) & ifa.ifa_mask)
    ]
    if not found:
        known = not saddr or any(ifa.ifa_local == saddr for ifa in _inet().addrs)
        return None, -ENETUNREACH if known else -EINVAL
    up = [ifa for ifa in found if ifa.dev.flags & IFF_UP]
    if not up:
        return None, -ENETDOWN if dev is not None else -ENETUNREACH
    return max(up, key=lambda ifa: ifa.ifa_prefixlen), 0


# -- IPv6 ----------------------------------------------------------------------------------------------------
def ipv6_add_addr(dev: net_device, addr: bytes) -> int:
    """Give a device an IPv6 address of 16 bytes, without duplicate address detection. 0, -EEXIST or -EINVAL."""
    from pymodel.linux.af_inet import inet6_init

    inet6_init()
    if len(addr) != 16 or addr[0] == 0xFF or not any(addr):
        return -EINVAL
    state = _inet()
    if addr in state.addrs6:
        return -EEXIST
    state.addrs6[bytes(addr)] = dev
    return 0


def ipv6_chk_addr(addr: bytes, dev: net_device | None) -> bool:
    """Whether it is an address of this host, or of one device."""
    of = _inet().addrs6.get(bytes(addr))
    return of is not None and (dev is None or of is dev)
