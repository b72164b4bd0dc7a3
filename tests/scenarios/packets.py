# SPDX-License-Identifier: Apache-2.0
"""Packets as the stack hands them to a device that can offload, and what Linux's software path makes of them.

:func:`build` makes the skb; :func:`software` gives the frames that must be on the wire, whoever does the work: the
tag pushed into the data and the checksum filled in, by the kernel's own functions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from pymodel import linux as L
from pymodel.hw.access import here
from tests.scenarios.frames import HOST_MAC, PEER_MAC

__all__ = ["Packet", "build", "large_gso_packet", "random_gso_packet", "random_packet", "software", "sum16"]

_HEADROOM = 64
_TCP, _UDP = 6, 17


@dataclass(slots=True)
class Packet:
    """A frame without the tag beside it. ``pieces``: bytes of the linear part and of each fragment. ``mss``: not 0 for
    a TCP packet that is to be cut (GSO), of type ``gso_type``."""

    data: bytes
    pieces: list[int]
    csum: tuple[int, int] | None  # start and offset
    tag: tuple[int, int] | None  # EtherType and TCI
    net: int = 14  # the network header
    mss: int = 0
    gso_type: int = 0
    broken: bool = False

    def kind(self) -> str:
        """For tables."""
        if self.mss:
            return "tso ipv6" if self.gso_type & L.SKB_GSO_TCPV6 else "tso ipv4"
        if self.csum is None:
            return "no offload" if self.tag is None else "tag alone"
        if self.csum[0] >= 128:
            return "csum from byte 128 on"
        kinds = {b"\x08\0": "csum ipv4", b"\x86\xdd": "csum ipv6"}
        return kinds.get(self.data[self.net - 2 : self.net], "csum anywhere")


def sum16(data: bytes) -> int:
    """The ones' complement sum of big-endian words; 0 only if all bytes are."""
    number = int.from_bytes(data if not len(data) & 1 else data + b"\0", "big")
    return number % 0xFFFF or (0xFFFF if number else 0)


def _ipv4(rng: random.Random, proto: int, length: int) -> tuple[bytes, bytes]:
    """A header for ``length`` bytes behind it, and the pseudo header."""
    options = rng.choice((0, 0, rng.randrange(11))) * 4
    ip = bytearray(20) + bytearray(b"\x01" * options)
    ip[0] = 0x45 + options // 4
    ip[1] = rng.randrange(256)
    ip[2:4] = (len(ip) + length).to_bytes(2, "big")
    ip[4:6] = rng.randbytes(2)
    ip[6] = 0x40
    ip[8], ip[9] = 64, proto
    ip[12:20] = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    ip[10:12] = (sum16(bytes(ip)) ^ 0xFFFF).to_bytes(2, "big")
    return bytes(ip), bytes(ip[12:20]) + bytes([0, proto]) + length.to_bytes(2, "big")


def _large_ipv4(rng: random.Random, length: int) -> tuple[bytes, bytes]:
    """A header without options, of a TCP packet of ``length`` bytes, and the pseudo header."""
    ip = bytearray(20)
    ip[0], ip[6], ip[8], ip[9] = 0x45, 0x40, 64, _TCP
    ip[2:4] = (20 + length if 20 + length <= 65535 else 0).to_bytes(2, "big")
    ip[4:6] = rng.randbytes(2)
    ip[12:20] = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    ip[10:12] = (sum16(bytes(ip)) ^ 0xFFFF).to_bytes(2, "big")
    return bytes(ip), bytes(ip[12:20]) + length.to_bytes(4, "big") + bytes([0, _TCP])


def _large_ipv6(rng: random.Random, length: int) -> tuple[bytes, bytes]:
    """The same; a jumbo payload option is a part of ``length``."""
    addresses = rng.randbytes(32)
    jumbo, next_header = b"", _TCP
    if length > 65535:
        length -= 8
        jumbo, next_header = bytes([_TCP, 0, 194, 4]) + length.to_bytes(4, "big"), 0
    plain = (0 if jumbo else length).to_bytes(2, "big")
    head = bytes([0x60, 0, 0, 0]) + plain + bytes([next_header, 64]) + addresses
    return head + jumbo, addresses + length.to_bytes(4, "big") + bytes([0, 0, 0, _TCP])


def _ipv6(rng: random.Random, proto: int, length: int) -> tuple[bytes, bytes]:
    """The same, behind up to four destination options headers: the transport header may be far beyond byte 128."""
    addresses = rng.randbytes(32)
    chain = b""
    following = proto
    for _ in range(rng.choice((0, 0, 1, 2, 4))):
        n = rng.randrange(1, 17)  # units of 8 bytes behind the first; one PadN option fills the header
        chain = bytes([following, n, 1, 8 * n + 4]) + bytes(8 * n + 4) + chain
        following = 60
    head = bytes([0x60, 0, 0, 0]) + (len(chain) + length).to_bytes(2, "big") + bytes([following, 64]) + addresses
    return head + chain, addresses + length.to_bytes(4, "big") + bytes([0, 0, 0, proto])


def _pieces(rng: random.Random, total: int, least: int) -> list[int]:
    """``total`` bytes in a linear part of ``least`` bytes or more, and fragments."""
    linear = min(total, max(least, rng.choice((least, least + rng.randrange(64), total, rng.randint(0, total)))))
    linear = max(linear, total - 17 * 4096)
    rest = total - linear
    pieces = [linear]
    most = min(rest, max(rng.choice((1, 2, 3, 17)), -(-rest // 4096)), 17)
    for i in range(most):
        left = most - 1 - i
        n = rest - left if not left else rng.randint(1, min(4096, rest - left))
        n = min(4096, max(n, rest - left * 4096))
        pieces.append(n)
        rest -= n
    assert rest == 0
    return pieces


def _completes(data: bytes, at: int) -> bytes:
    """What stands at ``at`` so that the checksum of ``data``, which has zeros there, is 0: sent as 0xFFFF (OFF1)."""
    value = (0xFFFF - sum16(data)).to_bytes(2, "big")
    return value[::-1] if at % 2 else value


def _roughened(rng: random.Random, packet: Packet) -> Packet:
    """Some of the packets with one or two tags in the data too, and some with headers that lie: what is offloaded does
    not depend on them.
    """
    data = packet.data
    if packet.csum is not None and packet.net < packet.csum[0] and rng.random() < 0.15:
        packet.broken = True
        headers = bytearray(data[packet.net : packet.csum[0]])
        if packet.mss:  # a length that nobody may believe
            at = 4 if packet.gso_type & L.SKB_GSO_TCPV6 else 2
            headers[at : at + 2] = rng.randbytes(2)
        else:
            headers = bytearray(rng.randbytes(len(headers)))
        data = data[: packet.net] + bytes(headers) + data[packet.csum[0] :]
    if not packet.mss and packet.csum is not None and rng.random() < 0.15:
        packet.broken = True
        at = sum(packet.csum)
        value = rng.randbytes(2)
        if rng.random() < 0.3:
            value = _completes(data[packet.csum[0] : at] + b"\0\0" + data[at + 2 :], packet.csum[1])
        data = data[:at] + value + data[at + 2 :]
    if rng.random() < 0.2:
        tags = b"".join(rng.choice((b"\x81\0", b"\x88\xa8")) + rng.randbytes(2) for _ in range(rng.choice((1, 1, 2))))
        data = data[:12] + tags + data[12:]
        packet.net += len(tags)
        packet.pieces[0] += len(tags)
        if packet.csum is not None:
            packet.csum = packet.csum[0] + len(tags), packet.csum[1]
    packet.data = data
    return packet


def random_packet(rng: random.Random, number: int, longest: int = 1514) -> Packet:
    """As :func:`_random_packet`, some with tags in the data, some with garbage for headers."""
    return _roughened(rng, _random_packet(rng, number, longest))


def random_gso_packet(rng: random.Random, number: int, mtu: int = 1500, longest: int = 65000) -> Packet:
    """As :func:`_random_gso_packet`, some with tags in the data, some with headers that lie."""
    return _roughened(rng, _random_gso_packet(rng, number, mtu, longest))


def _random_packet(rng: random.Random, number: int, longest: int = 1514) -> Packet:
    """TCP or UDP over IP with its checksum left to the device; any checksum in a frame of no protocol; a tag or none.

    Each has a source address of its own, so that each is a flow of its own.
    """
    source = HOST_MAC[:2] + number.to_bytes(4, "big")
    tag = None
    if rng.random() < 0.5:
        tag = (rng.choice((L.ETH_P_8021Q, L.ETH_P_8021Q, L.ETH_P_8021AD)), rng.randrange(1, 65536))
    short = rng.random() < 0.3
    if rng.random() < 0.3:
        data = PEER_MAC + source + b"\x88\xb5" + rng.randbytes(rng.randint(4, 80 if short else longest - 14))
        csum = None
        least = 14
        if rng.random() < 0.8:
            # From byte 14 on: where a tag has moved the addresses, Linux counts what is behind them.
            start = rng.randrange(14, len(data) - 1)
            offset = rng.randrange(len(data) - 1 - start) if rng.random() < 0.5 else 0
            csum = (start, offset)
            least = start + offset + 2
        return Packet(data, _pieces(rng, len(data), least), csum, tag)
    proto = rng.choice((_TCP, _UDP))
    v6 = rng.random() < 0.5
    options = rng.randrange(11) * 4 if proto == _TCP else 0
    size = 20 + options if proto == _TCP else 8
    ip_most = 40 + 4 * 136 if v6 else 60
    payload = rng.randbytes(rng.randint(0, 30 if short else longest - 14 - ip_most - size))
    ip, pseudo = (_ipv6 if v6 else _ipv4)(rng, proto, size + len(payload))
    l4 = bytearray(rng.randbytes(size))
    if proto == _TCP:
        l4[12] = size // 4 << 4
        l4[20:] = b"\x01" * options
    else:
        l4[4:6] = (size + len(payload)).to_bytes(2, "big")
    at = 16 if proto == _TCP else 6
    l4[at : at + 2] = sum16(pseudo).to_bytes(2, "big")
    head = PEER_MAC + source + (b"\x86\xdd" if v6 else b"\x08\x00") + ip + bytes(l4)
    data = head + payload
    return Packet(data, _pieces(rng, len(data), len(head)), (14 + len(ip), at), tag)


def _random_gso_packet(rng: random.Random, number: int, mtu: int = 1500, longest: int = 65000) -> Packet:
    """A TCP packet of up to ``longest`` bytes of payload for TSO: options, extension headers, any flags, any IDs."""
    source = HOST_MAC[:2] + number.to_bytes(4, "big")
    tag = (L.ETH_P_8021Q, rng.randrange(1, 65536)) if rng.random() < 0.4 else None
    v6 = rng.random() < 0.5
    tcp = bytearray(rng.randbytes(20 + rng.randrange(11) * 4))
    tcp[12] = len(tcp) // 4 << 4
    if rng.random() < 0.2:
        tcp[4:8] = (0xFFFFFFFF - rng.randrange(5000)).to_bytes(4, "big")
    headers = 14 + len((_ipv6 if v6 else _ipv4)(random.Random(number), _TCP, 0)[0]) + len(tcp)
    mss = rng.choice((mtu + 14 - headers, rng.randint(1, mtu + 14 - headers))) if headers < mtu else 8
    size = rng.randint(mss + 1, max(mss + 1, min(longest, mss * rng.choice((2, 5, 40)), 17 * 4096)))
    ip, pseudo = (_ipv6 if v6 else _ipv4)(random.Random(number), _TCP, len(tcp) + size)
    tcp[16:18] = sum16(pseudo).to_bytes(2, "big")
    head = PEER_MAC + source + (b"\x86\xdd" if v6 else b"\x08\x00") + ip + bytes(tcp)
    gso_type = L.SKB_GSO_TCPV6 if v6 else L.SKB_GSO_TCPV4
    if tcp[13] & 0x80:
        gso_type |= L.SKB_GSO_TCP_ECN
    if not v6 and rng.random() < 0.3:
        gso_type |= L.SKB_GSO_TCP_FIXEDID
    payload = rng.randbytes(size)
    if mss > 1 and rng.random() < 0.15:  # the first frame's checksum is 0
        pseudo = (_ipv6 if v6 else _ipv4)(random.Random(number), _TCP, len(tcp) + mss)[1]
        first = pseudo + bytes(tcp[:13]) + bytes([tcp[13] & ~9]) + bytes(tcp[14:16]) + b"\0\0" + bytes(tcp[18:])
        payload = _completes(first + b"\0\0" + payload[2:mss], 0) + payload[2:]
    data = head + payload
    return Packet(data, _pieces(rng, len(data), len(head)), (14 + len(ip), 16), tag, mss=mss, gso_type=gso_type)


def large_gso_packet(rng: random.Random, number: int, mtu: int, total: int) -> Packet:
    """A TCP packet of ``total`` bytes for TSO. Beyond 64 KiB its headers are as Linux makes them then: IPv4 without a
    length, IPv6 with a jumbo payload option (net/ipv6/ip6_output.c ip6_xmit(), include/linux/ip.h iph_set_totlen()).
    """
    v6 = bool(number % 2)
    tcp = bytearray(rng.randbytes(32))
    tcp[12], tcp[13] = 8 << 4, 0x18
    if v6:
        net, pseudo = _large_ipv6(rng, total - 14 - 40)
    else:
        net, pseudo = _large_ipv4(rng, total - 14 - 20)
    tcp[16:18] = sum16(pseudo).to_bytes(2, "big")
    source = HOST_MAC[:2] + number.to_bytes(4, "big")
    head = PEER_MAC + source + (b"\x86\xdd" if v6 else b"\x08\x00") + net + bytes(tcp)
    rest = total - len(head)
    each = -(-rest // L.MAX_SKB_FRAGS)
    pieces = [len(head), *([each] * (rest // each)), *([rest % each] if rest % each else [])]
    csum = 14 + len(net), 16
    gso_type = L.SKB_GSO_TCPV6 if v6 else L.SKB_GSO_TCPV4
    mss = mtu - 40 * (1 + v6) - 20
    return Packet(head + rng.randbytes(rest), pieces, csum, None, mss=mss, gso_type=gso_type)


def build(packet: Packet, dev: Any) -> Any:
    """The skb, ready for dev_queue_xmit()."""
    mem = here.mem
    linear = packet.pieces[0]
    skb = L.alloc_skb(_HEADROOM + linear, L.GFP_KERNEL)
    L.skb_reserve(skb, _HEADROOM)
    L.skb_put_data(skb, packet.data, linear)
    at = linear
    for i, n in enumerate(packet.pieces[1:]):
        order = L.get_order(n)
        page = L.alloc_pages(L.GFP_KERNEL, order)
        shift = (at * 7) % ((4096 << order) - n + 1)
        mem[page.addr + shift : page.addr + shift + n] = packet.data[at : at + n]
        L.skb_add_rx_frag(skb, i, page, shift, n, 4096 << order)
        at += n
    skb.dev = dev
    skb.protocol = int.from_bytes(packet.data[12:14], "big")
    L.skb_reset_mac_header(skb)
    L.skb_set_network_header(skb, packet.net)
    if packet.csum is not None:
        assert L.skb_partial_csum_set(skb, *packet.csum)
    if packet.mss:
        shinfo = L.skb_shinfo(skb)
        shinfo.gso_size, shinfo.gso_type = packet.mss, packet.gso_type
        shinfo.gso_segs = -(-(len(packet.data) - packet.csum[0]) // packet.mss) if packet.csum else 0
    if packet.tag is not None:
        L.__vlan_hwaccel_put_tag(skb, *packet.tag)
    return skb


def software(packet: Packet, dev: Any) -> list[bytes]:
    """The frames that the packet becomes, without padding: what Linux's software path makes of it."""
    skb = build(packet, dev)
    if packet.tag is not None:
        skb = L.__vlan_hwaccel_push_inside(skb)
    segment = skb
    if packet.mss:
        # For a device that can fill in checksums but cannot cut: each frame's is then 0xFFFF, not 0.
        segment = L.skb_gso_segment(skb, L.NETIF_F_SG | dev.features & L.NETIF_F_HW_CSUM)
        assert segment is not None and not isinstance(segment, int), segment
        L.consume_skb(skb)
    frames = []
    while segment is not None:
        following, segment.next = segment.next, None
        if segment.ip_summed == L.CHECKSUM_PARTIAL:
            assert L.skb_checksum_help(segment) == 0
        frames.append(L.skb_to_bytes(segment))
        L.consume_skb(segment)
        segment = following
    return frames
