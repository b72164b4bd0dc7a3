# SPDX-License-Identifier: Apache-2.0
"""Packets of IPv4, IPv6, UDP and ARP, and a host with addresses: what tests of these protocols share."""

from __future__ import annotations

import struct
from typing import Any

from pymodel import linux as L
from tests.unit.linux_bed import Bed, FakeNic
from tests.unit.rx_bed import MAC, PEER, up

__all__ = ["HOST", "HOST6", "PEER6", "PEER_IP", "arp", "host", "ipv4", "ipv6", "sent", "udp4", "udp6", "udp_socket"]

HOST, PEER_IP = "10.0.0.1", "10.0.0.2"
HOST6, PEER6 = bytes.fromhex("fd" + "00" * 14 + "01"), bytes.fromhex("fd" + "00" * 14 + "02")


def csum(data: bytes) -> int:
    """The Internet checksum, as it goes on the wire."""
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def addr(text: str) -> bytes:
    return L.in_aton(text).to_bytes(4, "big")


def ipv4(
    payload: bytes,
    proto: int = 17,
    src: str = PEER_IP,
    dst: str = HOST,
    *,
    to: bytes = MAC,
    options: bytes = b"",
    frag: int = 0,
    pad: int = 0,
    **spoil: int,
) -> bytes:
    """A frame with an IPv4 packet. ``spoil``: version, ihl, tot_len or check to put in instead of the right ones."""
    ihl = 5 + len(options) // 4
    total = spoil.get("tot_len", ihl * 4 + len(payload))
    first = spoil.get("version", 4) << 4 | spoil.get("ihl", ihl)
    head = bytes([first, 0]) + struct.pack(">HHHBBH", total, 7, frag, 64, proto, 0) + addr(src) + addr(dst) + options
    check = spoil.get("check", csum(head))
    return to + PEER + b"\x08\x00" + head[:10] + check.to_bytes(2, "big") + head[12:] + payload + bytes(pad)


def ipv6(payload: bytes, nexthdr: int = 17, src: bytes = PEER6, dst: bytes = HOST6, **spoil: int) -> bytes:
    """A frame with an IPv6 packet; ``spoil``: version or payload_len."""
    length = spoil.get("payload_len", len(payload))
    head = bytes([spoil.get("version", 6) << 4, 0, 0, 0]) + struct.pack(">HBB", length, nexthdr, 64)
    return MAC + PEER + b"\x86\xdd" + head + src + dst + payload


def udp(
    data: bytes, pseudo: bytes, sport: int, dport: int, check: int | None = None, length: int | None = None
) -> bytes:
    head = struct.pack(">HHHH", sport, dport, len(data) + 8 if length is None else length, 0)
    if check is None:
        check = csum(pseudo + struct.pack(">HH", 17, len(data) + 8) + head + data) or 0xFFFF
    return head[:6] + check.to_bytes(2, "big") + data


def udp4(data: bytes, sport: int = 1000, dport: int = 2000, src: str = PEER_IP, dst: str = HOST, **how: Any) -> bytes:
    """A frame with a UDP datagram over IPv4."""
    check, length = how.pop("check", None), how.pop("length", None)
    return ipv4(udp(data, addr(src) + addr(dst), sport, dport, check, length), 17, src, dst, **how)


def udp6(data: bytes, sport: int = 1000, dport: int = 2000, dst: bytes = HOST6, **how: Any) -> bytes:
    """A frame with a UDP datagram over IPv6."""
    return ipv6(udp(data, PEER6 + dst, sport, dport, how.pop("check", None)), 17, PEER6, dst, **how)


def arp(
    op: int, sha: bytes, sip: str, tip: str, *, to: bytes = b"\xff" * 6, tha: bytes = bytes(6), hln: int = 6
) -> bytes:
    """A frame with an ARP packet."""
    head = b"\x00\x01\x08\x00" + bytes([hln, 4]) + op.to_bytes(2, "big")
    return to + sha + b"\x08\x06" + head + sha + addr(sip) + tha + addr(tip)


def host(bed: Bed, address: str = HOST, prefix: int = 24, **kwargs: Any) -> FakeNic:
    """A device that is up, with an IPv4 address."""
    nic = up(bed, **kwargs)
    dql = L.netdev_get_tx_queue(nic.ndev, 0).dql
    dql.min_limit = dql.limit = dql.adj_limit = 1 << 20  # nobody completes: no byte queue limit
    assert bed.run(L.inet_insert_ifa, L.in_ifaddr(nic.ndev, L.in_aton(address), prefix)) == 0
    return nic


def udp_socket(bed: Bed, port: int = 2000, address: Any = 0, family: int = L.AF_INET) -> Any:
    """A UDP socket with its port."""
    err, sk = bed.run(L.sock_create_kern, None, family, L.SOCK_DGRAM, L.IPPROTO_UDP)
    assert err == 0
    name = L.sockaddr_in(address, port) if family == L.AF_INET else L.sockaddr_in6(address or bytes(16), port)
    assert bed.run(L.kernel_bind, sk, name) == 0
    return sk


def sent(nic: FakeNic) -> list[bytes]:
    """The frames that the device has been given, checksums as they are."""
    return [L.skb_to_bytes(skb) for skb, *_ in nic.tx]
