# SPDX-License-Identifier: Apache-2.0
"""IPv4, IPv6, TCP and UDP headers in memory.

A pointer to a header in C is here a view of the bytes at an address: ``ip_hdr(skb).ttl`` reads, ``ip_hdr(skb).ttl = 9``
writes. A ``__be16`` or ``__be32`` field is the number that it stands for; a ``__sum16`` (``check``) is as
:func:`~pymodel.linux.checksum.csum_fold` gives it, the word in memory order; IPv6 addresses are pointers. Source:
include/uapi/linux/ip.h, ipv6.h, tcp.h, udp.h, in.h and include/net/ip.h, ipv6.h, v6.12.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.linux.skbuff import sk_buff

__all__ = [
    "Header", "IPPROTO_AH", "IPPROTO_DCCP", "IPPROTO_DSTOPTS", "IPPROTO_ESP", "IPPROTO_FRAGMENT", "IPPROTO_GRE",
    "IPPROTO_HOPOPTS", "IPPROTO_ICMP", "IPPROTO_ICMPV6", "IPPROTO_IGMP", "IPPROTO_IPIP", "IPPROTO_IPV6", "IPPROTO_MH",
    "IPPROTO_MPLS", "IPPROTO_NONE", "IPPROTO_ROUTING", "IPPROTO_SCTP", "IPPROTO_TCP", "IPPROTO_UDP", "IPPROTO_UDPLITE",
    "IP_CE", "IP_DF", "IP_MF", "IP_OFFSET", "be16", "be32", "get_unaligned_be16", "get_unaligned_be32", "ip_hdr",
    "ip_hdrlen", "ip_is_fragment", "iphdr", "ipv6_authlen", "ipv6_ext_hdr", "ipv6_hdr", "ipv6_optlen", "ipv6hdr",
    "put_unaligned_be16", "put_unaligned_be32", "sum16", "tcp_hdr", "tcp_hdrlen", "tcphdr", "u8", "udp_hdr", "udphdr",
]

IPPROTO_HOPOPTS = 0
IPPROTO_ICMP = 1
IPPROTO_IGMP = 2
IPPROTO_IPIP = 4
IPPROTO_TCP = 6
IPPROTO_UDP = 17
IPPROTO_DCCP = 33
IPPROTO_IPV6 = 41
IPPROTO_ROUTING = 43
IPPROTO_FRAGMENT = 44
IPPROTO_GRE = 47
IPPROTO_ESP = 50
IPPROTO_AH = 51
IPPROTO_ICMPV6 = 58
IPPROTO_NONE = 59
IPPROTO_DSTOPTS = 60
IPPROTO_SCTP = 132
IPPROTO_MH = 135
IPPROTO_UDPLITE = 136
IPPROTO_MPLS = 137

IP_CE = 0x8000
IP_DF = 0x4000
IP_MF = 0x2000
IP_OFFSET = 0x1FFF


def get_unaligned_be16(p: int) -> int:
    mem = here.mem
    return mem[p] << 8 | mem[p + 1]


def get_unaligned_be32(p: int) -> int:
    return int.from_bytes(here.mem[p : p + 4], "big")


def put_unaligned_be16(val: int, p: int) -> None:
    here.mem[p : p + 2] = (val & 0xFFFF).to_bytes(2, "big")


def put_unaligned_be32(val: int, p: int) -> None:
    here.mem[p : p + 4] = (val & 0xFFFFFFFF).to_bytes(4, "big")


class Header:
    """A view of a header in memory; ``at`` is its address. Equal where the address is."""

    __slots__ = ("at",)
    size = 0  # sizeof() of the C struct

    def __init__(self, at: int) -> None:
        self.at = at

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Header) and other.at == self.at

    def __hash__(self) -> int:
        return hash(self.at)

    def __bytes__(self) -> bytes:
        return bytes(here.mem[self.at : self.at + self.size])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at 0x{self.at:x}: {bytes(self).hex()}>"


class _Field:
    __slots__ = ("mask", "off", "order", "shift", "width")

    def __init__(self, off: int, width: int, order: str = "big", shift: int = 0, mask: int = 0) -> None:
        self.off = off
        self.width = width
        self.order = order
        self.shift = shift
        self.mask = mask or (1 << 8 * width) - 1

    def __get__(self, hdr: Header, owner: object = None) -> int:
        at = hdr.at + self.off
        word = int.from_bytes(here.mem[at : at + self.width], self.order)  # type: ignore[arg-type]
        return word >> self.shift & self.mask

    def __set__(self, hdr: Header, value: int) -> None:
        at = hdr.at + self.off
        mem = here.mem
        old = int.from_bytes(mem[at : at + self.width], self.order)  # type: ignore[arg-type]
        word = old & ~(self.mask << self.shift) | (value & self.mask) << self.shift
        mem[at : at + self.width] = (word & (1 << 8 * self.width) - 1).to_bytes(self.width, self.order)  # type: ignore[arg-type]


def u8(off: int, shift: int = 0, mask: int = 0) -> _Field:
    """A byte at ``off``, or bits of it."""
    return _Field(off, 1, "big", shift, mask)


def be16(off: int, shift: int = 0, mask: int = 0) -> _Field:
    return _Field(off, 2, "big", shift, mask)


def be32(off: int) -> _Field:
    return _Field(off, 4)


def sum16(off: int) -> _Field:
    """A checksum: the word as memory has it, on a little-endian machine."""
    return _Field(off, 2, "little")


class iphdr(Header):
    __slots__ = ()
    size = 20
    version = u8(0, 4, 15)
    ihl = u8(0, 0, 15)  # in words of 4 bytes
    tos = u8(1)
    tot_len = be16(2)
    id = be16(4)
    frag_off = be16(6)
    ttl = u8(8)
    protocol = u8(9)
    check = sum16(10)
    saddr = be32(12)
    daddr = be32(16)


class ipv6hdr(Header):
    __slots__ = ()
    size = 40
    version = u8(0, 4, 15)
    flow_lbl = be32(0)  # with version and priority, as ip6_flowlabel() and others take it
    payload_len = be16(4)
    nexthdr = u8(6)
    hop_limit = u8(7)

    @property
    def saddr(self) -> int:
        return self.at + 8

    @property
    def daddr(self) -> int:
        return self.at + 24


class tcphdr(Header):
    __slots__ = ()
    size = 20
    source = be16(0)
    dest = be16(2)
    seq = be32(4)
    ack_seq = be32(8)
    doff = u8(12, 4, 15)  # in words of 4 bytes
    fin = u8(13, 0, 1)
    syn = u8(13, 1, 1)
    rst = u8(13, 2, 1)
    psh = u8(13, 3, 1)
    ack = u8(13, 4, 1)
    urg = u8(13, 5, 1)
    ece = u8(13, 6, 1)
    cwr = u8(13, 7, 1)
    window = be16(14)
    check = sum16(16)
    urg_ptr = be16(18)


class udphdr(Header):
    __slots__ = ()
    size = 8
    source = be16(0)
    dest = be16(2)
    len = be16(4)
    check = sum16(6)


def ip_hdr(skb: sk_buff) -> iphdr:
    return iphdr(skb.head + skb.network_header)


def ipv6_hdr(skb: sk_buff) -> ipv6hdr:
    return ipv6hdr(skb.head + skb.network_header)


def tcp_hdr(skb: sk_buff) -> tcphdr:
    return tcphdr(skb.head + skb.transport_header)


def udp_hdr(skb: sk_buff) -> udphdr:
    return udphdr(skb.head + skb.transport_header)


def ip_hdrlen(skb: sk_buff) -> int:
    """Bytes of the IPv4 header, options included."""
    return (here.mem[skb.head + skb.network_header] & 15) * 4


def tcp_hdrlen(skb: sk_buff) -> int:
    """Bytes of the TCP header, options included."""
    return (here.mem[skb.head + skb.transport_header + 12] >> 4) * 4


def ip_is_fragment(iph: iphdr) -> bool:
    return iph.frag_off & (IP_MF | IP_OFFSET) != 0


def ipv6_ext_hdr(nexthdr: int) -> bool:
    """Whether it is an extension header that can be skipped. Source: net/ipv6/exthdrs_core.c, v6.12."""
    return nexthdr in (IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH, IPPROTO_NONE, IPPROTO_DSTOPTS)


def ipv6_optlen(p: int) -> int:
    """Bytes of the extension header at ``p``."""
    return (here.mem[p + 1] + 1) * 8


def ipv6_authlen(p: int) -> int:
    """Bytes of the authentication header at ``p``."""
    return (here.mem[p + 1] + 2) * 4
