# SPDX-License-Identifier: Apache-2.0
"""Generic segmentation offload: a large packet becomes several in software, for a device that cannot do it.

skb_gso_segment() is the way in; gso_segment.py cuts, gso_inet.py writes the headers of IP, TCP and UDP. Source:
net/core/gso.c, include/net/gso.h, v6.12. Simplified: no tunnels.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.linux.bug import WARN, caller_outside, site_str
from pymodel.linux.errno import EINVAL, EPROTONOSUPPORT
from pymodel.linux.gso_inet import Result, inet_gso_segment, ipv6_gso_segment
from pymodel.linux.gso_segment import (
    GSO_BY_FRAGS,
    skb_gso_ok,
)
from pymodel.linux.if_ether import ETH_P_IP, ETH_P_IPV6
from pymodel.linux.if_vlan import skb_network_protocol
from pymodel.linux.netdev_features import NETIF_F_GSO_PARTIAL, NETIF_F_GSO_ROBUST
from pymodel.linux.skb_copy import skb_cow_head
from pymodel.linux.skbuff import (
    CHECKSUM_NONE,
    CHECKSUM_PARTIAL,
    CHECKSUM_UNNECESSARY,
    SKB_GSO_TCPV4,
    SKB_GSO_TCPV6,
    SKB_GSO_UDP_L4,
    __skb_pull,
    __skb_push,
    sk_buff,
    skb_reset_mac_header,
    skb_reset_mac_len,
)

__all__ = [
    "__skb_gso_segment", "skb_eth_gso_segment", "skb_gso_mac_seglen", "skb_gso_network_seglen", "skb_gso_segment",
    "skb_gso_transport_seglen", "skb_gso_validate_mac_len", "skb_gso_validate_network_len", "skb_mac_gso_segment",
]


# -- segmentation --------------------------------------------------------------------------------------------
def skb_gso_segment(skb: sk_buff, features: int) -> Result:
    """Segment a packet that is sent, ``data`` at its MAC header, for a device with these features.

    Returns the first segment of a list linked by ``next`` (its ``prev`` is the last one), a negative errno (-EINVAL:
    the packet is not what its ``gso_type`` says or needs no segmentation, -EPROTONOSUPPORT, -ENOMEM), or None where
    the device can take it as it is: its headers have been looked at and ``gso_segs`` is right then. ``skb`` stays
    the caller's.
    """
    return __skb_gso_segment(skb, features, True)


def _needs_check(skb: sk_buff, tx_path: bool) -> bool:
    if tx_path:
        return skb.ip_summed not in (CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY)
    return skb.ip_summed == CHECKSUM_NONE


def __skb_gso_segment(skb: sk_buff, features: int, tx_path: bool) -> Result:
    """skb_gso_segment(); ``tx_path`` False: of a packet on the way in. WARN where the segments' checksums are
    nobody's business.
    """
    if _needs_check(skb, tx_path):
        err = skb_cow_head(skb, 0)  # the checksum field will be written
        if err < 0:
            return err
    if features & NETIF_F_GSO_PARTIAL:
        dev = skb.dev
        more = dev.features & getattr(dev, "gso_partial_features", 0) if dev is not None else 0
        if not skb_gso_ok(skb, features | NETIF_F_GSO_ROBUST | more):
            features &= ~NETIF_F_GSO_PARTIAL
    skb_reset_mac_header(skb)
    skb_reset_mac_len(skb)
    segs = skb_mac_gso_segment(skb, features)
    if segs is not skb and not isinstance(segs, int) and _needs_check(skb, tx_path):
        name = skb.dev.name if skb.dev is not None else "NULL"
        WARN(f"{name}: bad offload: GSO packet with ip_summed {skb.ip_summed}", site_str(caller_outside()))
    return segs


def skb_mac_gso_segment(skb: sk_buff, features: int) -> Result:
    """Segment what is behind the MAC header and VLAN tags; ``data`` is at the MAC header, and is again afterwards."""
    type, depth = skb_network_protocol(skb)
    if not type:
        return -EINVAL
    __skb_pull(skb, depth)
    segs = skb_eth_gso_segment(skb, features, type)
    __skb_push(skb, skb.data - skb.head - skb.mac_header)
    return segs


def skb_eth_gso_segment(skb: sk_buff, features: int, type: int) -> Result:
    """Segment a packet of this Ethernet type, ``data`` at the network header."""
    if type == ETH_P_IP:
        return inet_gso_segment(skb, features)
    if type == ETH_P_IPV6:
        return ipv6_gso_segment(skb, features)
    return -EPROTONOSUPPORT


# -- how long the segments will be ---------------------------------------------------------------------------
def skb_gso_transport_seglen(skb: sk_buff) -> int:
    """Bytes of a full segment from its TCP or UDP header on."""
    shinfo = skb._shinfo
    if shinfo.gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6):
        doff = here.mem[skb.head + skb.transport_header + 12] >> 4
        return doff * 4 + shinfo.gso_size
    return 8 + shinfo.gso_size if shinfo.gso_type & SKB_GSO_UDP_L4 else shinfo.gso_size


def skb_gso_network_seglen(skb: sk_buff) -> int:
    """Bytes of a full segment from its network header on."""
    return skb.transport_header - skb.network_header + skb_gso_transport_seglen(skb)


def skb_gso_mac_seglen(skb: sk_buff) -> int:
    """Bytes of a full segment from its MAC header on."""
    return skb.transport_header - skb.mac_header + skb_gso_transport_seglen(skb)


def _size_ok(skb: sk_buff, seg_len: int, max_len: int) -> bool:
    if skb._shinfo.gso_size != GSO_BY_FRAGS:
        return seg_len <= max_len
    seg_len -= GSO_BY_FRAGS
    part = skb._shinfo.frag_list
    while part is not None:
        if seg_len + part.len - part.data_len > max_len:
            return False
        part = part.next
    return True


def skb_gso_validate_network_len(skb: sk_buff, mtu: int) -> bool:
    """Whether each segment fits into an MTU."""
    return _size_ok(skb, skb_gso_network_seglen(skb), mtu)


def skb_gso_validate_mac_len(skb: sk_buff, len: int) -> bool:
    """Whether each segment's frame, without FCS, has at most ``len`` bytes."""
    return _size_ok(skb, skb_gso_mac_seglen(skb), len)
