# SPDX-License-Identifier: Apache-2.0
"""Ethernet: addresses, protocol numbers, and eth_type_trans().

A ``__be16`` is held as the number that it stands for, so ``htons(ETH_P_IP) == ETH_P_IP``: what is written to
memory is written in network order by whoever writes it. Source: include/uapi/linux/if_ether.h,
include/linux/etherdevice.h, net/ethernet/eth.c, v6.12.
"""

from __future__ import annotations

from random import Random

from pymodel.hw.access import machine
from pymodel.linux.skb_frags import skb_put_padto
from pymodel.linux.skbuff import PACKET_BROADCAST, PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST, sk_buff

__all__ = [
    "ETH_ALEN", "ETH_DATA_LEN", "ETH_FCS_LEN", "ETH_FRAME_LEN", "ETH_HLEN", "ETH_MAX_MTU", "ETH_MIN_MTU",
    "ETH_P_8021AD", "ETH_P_8021Q", "ETH_P_802_2", "ETH_P_802_3", "ETH_P_802_3_MIN", "ETH_P_ALL", "ETH_P_ARP",
    "ETH_P_IP", "ETH_P_IPV6", "ETH_P_PAUSE", "ETH_ZLEN", "VLAN_ETH_HLEN", "VLAN_HLEN", "eth_broadcast_addr",
    "eth_random_addr", "eth_skb_pad", "eth_type_trans", "ether_addr_copy", "ether_addr_equal", "htonl", "htons",
    "is_broadcast_ether_addr", "is_multicast_ether_addr", "is_unicast_ether_addr", "is_valid_ether_addr",
    "is_zero_ether_addr", "ntohl", "ntohs",
]

ETH_ALEN = 6
ETH_HLEN = 14
ETH_ZLEN = 60
ETH_DATA_LEN = 1500
ETH_FRAME_LEN = 1514
ETH_FCS_LEN = 4
ETH_MIN_MTU = 68
ETH_MAX_MTU = 0xFFFF
VLAN_HLEN = 4
VLAN_ETH_HLEN = 18

ETH_P_802_3 = 0x0001
ETH_P_ALL = 0x0003
ETH_P_802_2 = 0x0004
ETH_P_802_3_MIN = 0x0600
ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806
ETH_P_8021Q = 0x8100
ETH_P_IPV6 = 0x86DD
ETH_P_PAUSE = 0x8808
ETH_P_8021AD = 0x88A8


def htons(x: int) -> int:
    return x & 0xFFFF


def htonl(x: int) -> int:
    return x & 0xFFFFFFFF


ntohs = htons
ntohl = htonl


# -- addresses: 6 bytes --------------------------------------------------------------------------------------
def is_zero_ether_addr(addr: bytes) -> bool:
    return not any(addr)


def is_multicast_ether_addr(addr: bytes) -> bool:
    return bool(addr[0] & 1)


def is_broadcast_ether_addr(addr: bytes) -> bool:
    return bytes(addr) == b"\xff\xff\xff\xff\xff\xff"


def is_unicast_ether_addr(addr: bytes) -> bool:
    return not addr[0] & 1


def is_valid_ether_addr(addr: bytes) -> bool:
    """Neither multicast nor all zeros: fit for a device."""
    return not addr[0] & 1 and any(addr)


def ether_addr_equal(addr1: bytes, addr2: bytes) -> bool:
    return bytes(addr1) == bytes(addr2)


def ether_addr_copy(dst: bytearray | memoryview, src: bytes) -> None:
    dst[:6] = src


def eth_broadcast_addr() -> bytes:
    """The broadcast address. C fills an array."""
    return b"\xff\xff\xff\xff\xff\xff"


def eth_random_addr() -> bytes:
    """A locally administered unicast address, drawn from the machine's seed. C fills an array."""
    rng: Random = machine().state["net"].rng
    addr = bytearray(rng.randbytes(6))
    addr[0] = addr[0] & 0xFE | 0x02
    return bytes(addr)


# -- frames --------------------------------------------------------------------------------------------------
def eth_type_trans(skb: sk_buff, dev: object) -> int:
    """Take the Ethernet header off a received frame: sets ``dev``, ``pkt_type`` and the MAC header, pulls 14
    bytes, and returns the protocol.

    A frame shorter than its header is pulled empty here; the kernel reads past its end.
    """
    data = skb.data
    skb.dev = dev  # type: ignore[assignment]
    skb.mac_header = data - skb.head
    mem = machine().platform.memory.mem
    linear = skb.len - skb.data_len
    n = 14 if linear >= 14 else linear
    skb.len -= n
    skb.data = data + n
    dest = bytes(mem[data : data + 6])
    if dest != dev.dev_addr:  # type: ignore[attr-defined]
        if mem[data] & 1:
            skb.pkt_type = PACKET_BROADCAST if dest == b"\xff\xff\xff\xff\xff\xff" else PACKET_MULTICAST
        else:
            skb.pkt_type = PACKET_OTHERHOST
    else:
        skb.pkt_type = PACKET_HOST
    proto = mem[data + 12] << 8 | mem[data + 13]
    if proto >= ETH_P_802_3_MIN:
        return proto
    # Novell's raw 802.3 begins with 0xffff where 802.2 has its LLC header.
    if skb.len >= 2 and mem[data + 14] == 0xFF and mem[data + 15] == 0xFF:
        return ETH_P_802_3
    return ETH_P_802_2


def eth_skb_pad(skb: sk_buff) -> int:
    """Pad a frame to 60 bytes. 0, or -ENOMEM with the skb freed."""
    return skb_put_padto(skb, ETH_ZLEN) if skb.len < ETH_ZLEN else 0
