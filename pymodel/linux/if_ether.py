# SPDX-License-Identifier: Apache-2.0
"""Ethernet: addresses, protocol numbers, and eth_type_trans().

A ``__be16`` is held as the number that it stands for, so ``htons(ETH_P_IP) == ETH_P_IP``: what is written to
memory is written in network order by whoever writes it. Source: include/uapi/linux/if_ether.h,
include/linux/etherdevice.h, net/ethernet/eth.c, v6.12.
"""

from __future__ import annotations

from random import Random
from struct import Struct
from typing import Any
from zlib import crc32

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, broken_rule, caller_outside, site_str
from pymodel.linux.inet import Header, be16
from pymodel.linux.netdev_features import NETIF_F_GRO_HW, NETIF_F_LRO
from pymodel.linux.skb_frags import skb_copy_bits, skb_put_padto
from pymodel.linux.skbuff import PACKET_BROADCAST, PACKET_MULTICAST, PACKET_OTHERHOST, sk_buff, skb_push

__all__ = [
    "ETH_ALEN", "ETH_DATA_LEN", "ETH_FCS_LEN", "ETH_FRAME_LEN", "ETH_HLEN", "ETH_MAX_MTU", "ETH_MIN_MTU", "ETH_P_1588",
    "ETH_P_8021AD", "ETH_P_8021Q", "ETH_P_802_2", "ETH_P_802_3", "ETH_P_802_3_MIN", "ETH_P_ALL", "ETH_P_ARP",
    "ETH_P_CFM", "ETH_P_FCOE", "ETH_P_HSR", "ETH_P_IP", "ETH_P_IPV6", "ETH_P_LLDP", "ETH_P_MPLS_MC", "ETH_P_MPLS_UC",
    "ETH_P_PAUSE", "ETH_P_PPP_SES", "ETH_P_PRP", "ETH_P_RARP", "ETH_P_TEB", "ETH_ZLEN", "VLAN_ETH_HLEN", "VLAN_HLEN",
    "eth_broadcast_addr", "eth_hdr", "eth_header", "eth_proto_is_802_3", "eth_random_addr", "eth_skb_pad",
    "eth_type_trans", "eth_zero_addr", "ether_addr_copy", "ether_addr_equal", "ether_addr_to_u64", "ether_crc",
    "ether_crc_le", "ethhdr", "htonl", "htons", "is_broadcast_ether_addr", "is_local_ether_addr",
    "is_multicast_ether_addr", "is_unicast_ether_addr", "is_valid_ether_addr", "is_zero_ether_addr", "ntohl", "ntohs",
    "u64_to_ether_addr",
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
_ETHHDR = Struct(">6s6xH").unpack_from  # destination, type or length
ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806
ETH_P_8021Q = 0x8100
ETH_P_IPV6 = 0x86DD
ETH_P_PAUSE = 0x8808
ETH_P_8021AD = 0x88A8
ETH_P_TEB = 0x6558  # an Ethernet frame, in a tunnel
ETH_P_RARP = 0x8035
ETH_P_MPLS_UC = 0x8847
ETH_P_MPLS_MC = 0x8848
ETH_P_PPP_SES = 0x8864
ETH_P_LLDP = 0x88CC
ETH_P_1588 = 0x88F7
ETH_P_PRP = 0x88FB
ETH_P_CFM = 0x8902
ETH_P_FCOE = 0x8906
ETH_P_HSR = 0x892F


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
    rng: Random = here.state["net"].rng
    addr = bytearray(rng.randbytes(6))
    addr[0] = addr[0] & 0xFE | 0x02
    return bytes(addr)


def eth_zero_addr() -> bytes:
    """The address of zeros. C fills an array."""
    return bytes(6)


def is_local_ether_addr(addr: bytes) -> bool:
    """Whether it was assigned locally, not by a vendor."""
    return addr[0] & 2 != 0


def ether_addr_to_u64(addr: bytes) -> int:
    return int.from_bytes(addr, "big")


def u64_to_ether_addr(u: int) -> bytes:
    """C fills an array."""
    return (u & 0xFFFFFFFFFFFF).to_bytes(6, "big")


def ether_crc_le(length: int, data: int | bytes) -> int:
    """The CRC-32 of Ethernet over ``length`` bytes at a pointer or in a buffer, not inverted: what most multicast hash
    filters take bits of. Source: include/linux/crc32.h ether_crc_le(), v6.12.
    """
    part = here.mem[data : data + length] if isinstance(data, int) else data[:length]
    return crc32(part) ^ 0xFFFFFFFF


def ether_crc(length: int, data: int | bytes) -> int:
    """ether_crc_le() with its bits in reverse order."""
    return int(f"{ether_crc_le(length, data):032b}"[::-1], 2)


# -- frames --------------------------------------------------------------------------------------------------
class ethhdr(Header):
    """An Ethernet header in memory. Addresses are 6 bytes."""

    __slots__ = ()
    size = ETH_HLEN
    h_proto = be16(12)

    @property
    def h_dest(self) -> bytes:
        return bytes(here.mem[self.at : self.at + 6])

    @h_dest.setter
    def h_dest(self, addr: bytes) -> None:
        here.mem[self.at : self.at + 6] = addr

    @property
    def h_source(self) -> bytes:
        return bytes(here.mem[self.at + 6 : self.at + 12])

    @h_source.setter
    def h_source(self, addr: bytes) -> None:
        here.mem[self.at + 6 : self.at + 12] = addr


def eth_hdr(skb: sk_buff) -> ethhdr:
    return ethhdr(skb.head + skb.mac_header)


def eth_proto_is_802_3(proto: int) -> bool:
    """Whether it is an Ethernet type, and not a length."""
    return proto >= ETH_P_802_3_MIN


def eth_type_trans(skb: sk_buff, dev: Any) -> int:
    """Take the Ethernet header off a received frame: sets ``dev``, ``pkt_type`` (where it is not for ``dev`` alone)
    and the MAC header, pulls 14 bytes, and returns the protocol.

    A frame that is shorter is not pulled, and what is in memory behind it is taken for its header. BUG where the
    header is not linear.
    """
    data = skb.data
    skb.dev = dev
    skb.mac_header = data - skb.head
    dest, proto = _ETHHDR(here.mem, data)
    size = skb.len
    if size >= 14:
        skb.len = size = size - 14
        if size < skb.data_len:
            BUG("eth_type_trans(): the Ethernet header is not linear", site_str(caller_outside()))
        skb.data = data + 14
        if size > dev.mtu + VLAN_HLEN:
            _check_length(skb, dev)
    if dest != dev.dev_addr:
        if dest[0] & 1:
            skb.pkt_type = PACKET_BROADCAST if dest == b"\xff\xff\xff\xff\xff\xff" else PACKET_MULTICAST
        else:
            skb.pkt_type = PACKET_OTHERHOST
    if proto >= ETH_P_802_3_MIN:
        return proto  # type: ignore[no-any-return]
    # Novell's raw 802.3 begins with 0xffff where 802.2 has its LLC header.
    sap = bytearray(2)
    return ETH_P_802_3 if not skb_copy_bits(skb, 0, sap, 2) and sap == b"\xff\xff" else ETH_P_802_2


def _check_length(skb: sk_buff, dev: Any) -> None:
    """LIFE6: a device drops and counts frames beyond MTU + 18; packets that it put together from several may be longer.

    Linux takes what the driver hands up; the rule is the driver's and the device's.
    """
    if dev.flags & 1 and not skb._shinfo.gso_size and not dev.features & (NETIF_F_LRO | NETIF_F_GRO_HW):
        broken_rule(
            "LIFE6",
            f"{dev}: a frame of {skb.len + ETH_HLEN} bytes is handed up, the MTU is {dev.mtu}: {dev.mtu + 18} at most",
            site_str(caller_outside()),
        )


def eth_header(skb: sk_buff, dev: Any, type: int, daddr: bytes | None, saddr: bytes | None, len: int) -> int:
    """Push an Ethernet header. ``saddr`` None: the device's. 14, or -14 where ``daddr`` is None and the device needs
    one. ``len``: what stands in place of the type with ETH_P_802_3 and ETH_P_802_2.
    """
    eth = ethhdr(skb_push(skb, ETH_HLEN))
    eth.h_proto = len if type in (ETH_P_802_3, ETH_P_802_2) else type
    eth.h_source = dev.dev_addr if saddr is None else saddr
    if daddr is not None:
        eth.h_dest = daddr
        return ETH_HLEN
    if dev.flags & 0x88:  # IFF_LOOPBACK | IFF_NOARP
        eth.h_dest = bytes(6)
        return ETH_HLEN
    return -ETH_HLEN


def eth_skb_pad(skb: sk_buff) -> int:
    """Pad a frame to 60 bytes. 0, or -ENOMEM with the skb freed."""
    return skb_put_padto(skb, ETH_ZLEN) if skb.len < ETH_ZLEN else 0
