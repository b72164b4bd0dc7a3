# SPDX-License-Identifier: Apache-2.0
"""What a device can do for a packet (netif_skb_features()), and the limits of what it segments.

Source: net/core/dev.c, include/linux/netdevice.h, include/linux/if_vlan.h, v6.12. Simplified: no MPLS, no tunnels'
inner headers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.bug import WARN, site_str
from pymodel.linux.gso_segment import can_checksum_protocol
from pymodel.linux.if_ether import ETH_P_8021AD, ETH_P_8021Q, ETH_P_IPV6, VLAN_ETH_HLEN
from pymodel.linux.if_vlan import eth_type_vlan, skb_network_protocol, vlan_get_protocol
from pymodel.linux.netdev_features import (
    NETIF_F_CSUM_MASK,
    NETIF_F_FRAGLIST,
    NETIF_F_GSO_MASK,
    NETIF_F_GSO_UDP_L4,
    NETIF_F_HIGHDMA,
    NETIF_F_HW_CSUM,
    NETIF_F_HW_VLAN_CTAG_TX,
    NETIF_F_HW_VLAN_STAG_TX,
    NETIF_F_IP_CSUM,
    NETIF_F_IPV6_CSUM,
    NETIF_F_SG,
    NETIF_F_TSO6,
    NETIF_F_TSO_MANGLEID,
)
from pymodel.linux.skb_csum import skb_checksum_help
from pymodel.linux.skb_frags import pskb_may_pull
from pymodel.linux.skbuff import SKB_GSO_PARTIAL, SKB_GSO_TCPV4, SKB_GSO_TCPV6, SKB_GSO_UDP_L4, UNSET, sk_buff

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = [
    "GSO_LEGACY_MAX_SIZE", "GSO_MAX_SEGS", "GSO_MAX_SIZE", "netdev_intersect_features", "netif_get_gso_max_size",
    "netif_inherit_tso_max", "netif_set_gso_ipv4_max_size", "netif_set_gso_max_size", "netif_set_tso_max_segs",
    "netif_set_tso_max_size", "netif_skb_features", "passthru_features_check", "skb_csum_hwoffload_help",
    "vlan_features_check",
]

GSO_MAX_SEGS = 65535
GSO_LEGACY_MAX_SIZE = 65536
GSO_MAX_SIZE = 8 * GSO_MAX_SEGS

_TAGS = frozenset((ETH_P_8021Q, ETH_P_8021AD))  # eth_type_vlan()
_IPV6_HLEN = 40
_TCP_CHECK, _UDP_CHECK = 16, 6  # where the field is in the header
_TAGGING = NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX
_OF_TWO_TAGS = NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM | NETIF_F_FRAGLIST | _TAGGING


# -- for this packet -----------------------------------------------------------------------------------------
def netdev_intersect_features(f1: int, f2: int) -> int:
    """What both can do: who checksums anything also checksums TCP and UDP over IP."""
    if (f1 ^ f2) & NETIF_F_HW_CSUM:
        if f1 & NETIF_F_HW_CSUM:
            f1 |= NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM
        else:
            f2 |= NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM
    return f1 & f2


def _gso_features_check(skb: sk_buff, dev: net_device, features: int) -> int:
    """What the device can do for a packet that it would have to segment."""
    shinfo = skb._shinfo
    gso_type = shinfo.gso_type
    if shinfo.gso_segs > dev.gso_max_segs or skb.len >= netif_get_gso_max_size(dev, skb):
        return features & ~NETIF_F_GSO_MASK
    if not gso_type:
        WARN(f"{dev.name}: bad offload: gso_size {shinfo.gso_size} without gso_type", site_str(skb._site))
        return features & ~NETIF_F_GSO_MASK
    if not gso_type & SKB_GSO_PARTIAL:
        features &= ~dev.gso_partial_features
    if gso_type & SKB_GSO_TCPV4:
        # Segments of what may be fragmented on its way need different IP IDs.
        if not here.mem[skb.head + skb.network_header + 6] & 0x40:
            features &= ~NETIF_F_TSO_MANGLEID
    if features & NETIF_F_IPV6_CSUM and _has_ipv6_extensions(skb, gso_type):
        features &= ~(NETIF_F_IPV6_CSUM | NETIF_F_TSO6 | NETIF_F_GSO_UDP_L4)
    return features


def _has_ipv6_extensions(skb: sk_buff, gso_type: int) -> bool:
    if not (gso_type & SKB_GSO_TCPV6 or (gso_type & SKB_GSO_UDP_L4 and vlan_get_protocol(skb) == ETH_P_IPV6)):
        return False
    return skb.transport_header != UNSET and skb.transport_header - skb.network_header != _IPV6_HLEN


def _tagged_twice(skb: sk_buff) -> bool:
    """Of a packet with a tag."""
    protocol = skb.protocol
    if not skb.vlan_proto:
        if not pskb_may_pull(skb, VLAN_ETH_HLEN):
            return False
        mem = here.mem
        protocol = mem[skb.data + 16] << 8 | mem[skb.data + 17]
    return eth_type_vlan(protocol)


def vlan_features_check(skb: sk_buff, features: int) -> int:
    """Of a packet with two tags, only what needs no look at its headers."""
    if not (skb.vlan_proto or skb.protocol in _TAGS):  # as most are
        return features
    return features & _OF_TWO_TAGS if _tagged_twice(skb) else features


def passthru_features_check(skb: sk_buff, dev: net_device, features: int) -> int:
    """For ndo_features_check of a device that looks at no header."""
    return features


def netif_skb_features(skb: sk_buff) -> int:
    """What ``skb.dev`` can do for this packet; the rest must be done in software."""
    dev = skb.dev
    assert dev is not None
    features = dev.features
    if skb._shinfo.gso_size:
        features = _gso_features_check(skb, dev, features)
    if skb.encapsulation:
        features &= dev.hw_enc_features
    if skb.vlan_proto or skb.protocol in _TAGS:
        features = netdev_intersect_features(features, dev.vlan_features | _TAGGING)
        tagged = True
    else:
        tagged = False
    check = dev.netdev_ops.ndo_features_check
    if check is not None:
        features &= check(skb, dev, features)
    elif tagged:
        features = vlan_features_check(skb, features)
    if skb.ip_summed and not can_checksum_protocol(features, skb_network_protocol(skb)[0]):
        features &= ~(NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK)
    return features


def skb_csum_hwoffload_help(skb: sk_buff, features: int) -> int:
    """Checksum a CHECKSUM_PARTIAL packet in software, unless a device with these features can. 0 or a negative errno.

    A device that knows IP, TCP and UDP only (NETIF_F_IP_CSUM, NETIF_F_IPV6_CSUM) cannot where another field is asked
    for, or IPv6 has extension headers.
    """
    if features & NETIF_F_HW_CSUM:
        return 0
    if features & (NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM) and skb.csum_offset in (_TCP_CHECK, _UDP_CHECK):
        if skb.transport_header - skb.network_header == _IPV6_HLEN or vlan_get_protocol(skb) != ETH_P_IPV6:
            return 0
    return skb_checksum_help(skb)


# -- limits --------------------------------------------------------------------------------------------------
def netif_get_gso_max_size(dev: net_device, skb: sk_buff) -> int:
    """Bytes that a packet to be segmented must stay below."""
    return dev.gso_max_size if skb.protocol == ETH_P_IPV6 else dev.gso_ipv4_max_size


def netif_set_gso_max_size(dev: net_device, size: int) -> None:
    """``ip link set eth0 gso_max_size``: at most ``dev.tso_max_size`` bytes. Up to 64 KiB it holds for IPv4 too.
    Source: net/core/dev.h, v6.12.
    """
    dev.gso_max_size = size
    if size <= GSO_LEGACY_MAX_SIZE:
        netif_set_gso_ipv4_max_size(dev, size)


def netif_set_gso_ipv4_max_size(dev: net_device, size: int) -> None:
    """``ip link set eth0 gso_ipv4_max_size``: likewise."""
    dev.gso_ipv4_max_size = size


def netif_set_tso_max_size(dev: net_device, size: int) -> None:
    """How long the packets may be that the device segments, in bytes: for the driver, before registration."""
    dev.tso_max_size = min(GSO_MAX_SIZE, size)
    dev.gso_max_size = min(dev.gso_max_size, size)
    dev.gso_ipv4_max_size = min(dev.gso_ipv4_max_size, size)


def netif_set_tso_max_segs(dev: net_device, segs: int) -> None:
    """How many segments it can make of one."""
    dev.tso_max_segs = segs
    dev.gso_max_segs = min(dev.gso_max_segs, segs)


def netif_inherit_tso_max(to: net_device, from_: net_device) -> None:
    """The limits of the device below."""
    netif_set_tso_max_size(to, from_.tso_max_size)
    netif_set_tso_max_segs(to, from_.tso_max_segs)
