# SPDX-License-Identifier: Apache-2.0
"""VLAN tags: beside the data (``vlan_proto``, ``vlan_tci``: "hwaccel"), in the data, and moved from one to the other.

Source: include/linux/if_vlan.h, net/core/skbuff.c skb_vlan_push(), skb_vlan_pop(), skb_vlan_untag(), net/core/dev.c
skb_network_protocol(), v6.12.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.linux.bug import WARN, caller_outside, site_str
from pymodel.linux.errno import ENOMEM
from pymodel.linux.if_ether import ETH_HLEN, ETH_P_8021AD, ETH_P_8021Q, VLAN_HLEN
from pymodel.linux.netdev_features import NETIF_F_HW_VLAN_CTAG_TX, NETIF_F_HW_VLAN_STAG_TX
from pymodel.linux.skb_alloc import dev_kfree_skb_any
from pymodel.linux.skb_copy import skb_cow_head
from pymodel.linux.skb_frags import pskb_may_pull
from pymodel.linux.skb_header import skb_header_pointer
from pymodel.linux.skbuff import UNSET, sk_buff, skb_push

__all__ = [
    "VLAN_CFI_MASK", "VLAN_MAX_DEPTH", "VLAN_N_VID", "VLAN_PRIO_MASK", "VLAN_PRIO_SHIFT", "VLAN_VID_MASK",
    "__vlan_get_protocol", "__vlan_hwaccel_clear_tag", "__vlan_hwaccel_copy_tag", "__vlan_hwaccel_push_inside",
    "__vlan_hwaccel_put_tag", "__vlan_insert_inner_tag", "__vlan_insert_tag", "eth_type_vlan", "skb_network_protocol",
    "skb_vlan_tag_get", "skb_vlan_tag_get_cfi", "skb_vlan_tag_get_id", "skb_vlan_tag_get_prio", "skb_vlan_tag_present",
    "vlan_get_protocol", "vlan_hw_offload_capable", "vlan_insert_inner_tag", "vlan_insert_tag",
    "vlan_insert_tag_set_proto",
]

VLAN_PRIO_MASK = 0xE000
VLAN_PRIO_SHIFT = 13
VLAN_CFI_MASK = 0x1000
VLAN_VID_MASK = 0x0FFF
VLAN_N_VID = 4096
VLAN_MAX_DEPTH = 8

_ETH_P_TEB = 0x6558


def eth_type_vlan(ethertype: int) -> bool:
    """Whether a tag follows an Ethernet type."""
    return ethertype in (ETH_P_8021Q, ETH_P_8021AD)


# -- what is below the tags ----------------------------------------------------------------------------------
def __vlan_get_protocol(skb: sk_buff, type: int) -> tuple[int, int]:
    """(protocol below all tags in the data, bytes of all that is in front of it). Protocol 0 where the tags go on
    past the end, or past VLAN_MAX_DEPTH. ``type``: the protocol of the outermost.
    """
    depth = skb.mac_len
    if type not in (ETH_P_8021Q, ETH_P_8021AD):
        return type, depth
    # The first tag is the last thing of the MAC header where that is known.
    if depth:
        if depth < VLAN_HLEN:
            WARN(f"mac_len {depth} of a packet with a VLAN tag", site_str(caller_outside()))
            return 0, 0
        depth -= VLAN_HLEN
    else:
        depth = ETH_HLEN
    for _ in range(VLAN_MAX_DEPTH - 1):
        tag = skb_header_pointer(skb, depth, VLAN_HLEN)
        if tag is None:
            return 0, 0
        type = tag[2] << 8 | tag[3]
        depth += VLAN_HLEN
        if type not in (ETH_P_8021Q, ETH_P_8021AD):
            return type, depth
    return 0, 0


def vlan_get_protocol(skb: sk_buff) -> int:
    """The protocol below all tags; 0 where there is none."""
    return __vlan_get_protocol(skb, skb.protocol)[0]


def skb_network_protocol(skb: sk_buff) -> tuple[int, int]:
    """vlan_get_protocol() with the headers made linear: (protocol or 0, bytes in front of the network header)."""
    type = skb.protocol
    if type == _ETH_P_TEB:
        if not pskb_may_pull(skb, ETH_HLEN):
            return 0, 0
        mem = here.mem
        type = mem[skb.data + 12] << 8 | mem[skb.data + 13]
    type, depth = __vlan_get_protocol(skb, type)
    return (type, depth) if type and pskb_may_pull(skb, depth) else (0, 0)


# -- beside the data -----------------------------------------------------------------------------------------
def skb_vlan_tag_present(skb: sk_buff) -> bool:
    """Whether it has a tag beside its data."""
    return skb.vlan_proto != 0 or skb.vlan_tci != 0


def skb_vlan_tag_get(skb: sk_buff) -> int:
    """The tag beside the data: priority, CFI and VLAN."""
    return skb.vlan_tci


def skb_vlan_tag_get_id(skb: sk_buff) -> int:
    return skb.vlan_tci & VLAN_VID_MASK


def skb_vlan_tag_get_cfi(skb: sk_buff) -> bool:
    return skb.vlan_tci & VLAN_CFI_MASK != 0


def skb_vlan_tag_get_prio(skb: sk_buff) -> int:
    return (skb.vlan_tci & VLAN_PRIO_MASK) >> VLAN_PRIO_SHIFT


def __vlan_hwaccel_put_tag(skb: sk_buff, vlan_proto: int, vlan_tci: int) -> None:
    """Put a tag beside the data."""
    skb.vlan_proto = vlan_proto
    skb.vlan_tci = vlan_tci


def __vlan_hwaccel_clear_tag(skb: sk_buff) -> None:
    skb.vlan_proto = skb.vlan_tci = 0


def __vlan_hwaccel_copy_tag(dst: sk_buff, src: sk_buff) -> None:
    dst.vlan_proto = src.vlan_proto
    dst.vlan_tci = src.vlan_tci


def vlan_hw_offload_capable(features: int, proto: int) -> bool:
    """Whether a device with these features inserts such a tag itself."""
    if proto == ETH_P_8021Q:
        return features & NETIF_F_HW_VLAN_CTAG_TX != 0
    return proto == ETH_P_8021AD and features & NETIF_F_HW_VLAN_STAG_TX != 0


# -- from beside the data into it ----------------------------------------------------------------------------
def __vlan_insert_inner_tag(skb: sk_buff, vlan_proto: int, vlan_tci: int, mac_len: int) -> int:
    """Put a tag into the data, behind a MAC header of ``mac_len`` bytes at ``data``. 0 or -ENOMEM."""
    if skb_cow_head(skb, VLAN_HLEN) < 0:
        return -ENOMEM
    data = skb_push(skb, VLAN_HLEN)
    mem = here.mem
    if mac_len > 2:
        mem[data : data + mac_len - 2] = bytes(mem[data + VLAN_HLEN : data + VLAN_HLEN + mac_len - 2])
    if skb.mac_header != UNSET:
        skb.mac_header -= VLAN_HLEN
    veth = data + mac_len - ETH_HLEN
    if mac_len >= 2:
        mem[veth + 12 : veth + 14] = vlan_proto.to_bytes(2, "big")
    else:
        mem[veth + 16 : veth + 18] = skb.protocol.to_bytes(2, "big")
    mem[veth + 14 : veth + 16] = vlan_tci.to_bytes(2, "big")
    return 0


def __vlan_insert_tag(skb: sk_buff, vlan_proto: int, vlan_tci: int) -> int:
    """Put a tag behind the addresses of an Ethernet frame. ``skb.protocol`` stays. 0 or -ENOMEM."""
    return __vlan_insert_inner_tag(skb, vlan_proto, vlan_tci, ETH_HLEN)


def vlan_insert_inner_tag(skb: sk_buff, vlan_proto: int, vlan_tci: int, mac_len: int) -> sk_buff | None:
    """:func:`__vlan_insert_inner_tag`; None, and the packet freed, where there is no memory."""
    if __vlan_insert_inner_tag(skb, vlan_proto, vlan_tci, mac_len):
        dev_kfree_skb_any(skb)
        return None
    return skb


def vlan_insert_tag(skb: sk_buff, vlan_proto: int, vlan_tci: int) -> sk_buff | None:
    return vlan_insert_inner_tag(skb, vlan_proto, vlan_tci, ETH_HLEN)


def vlan_insert_tag_set_proto(skb: sk_buff, vlan_proto: int, vlan_tci: int) -> sk_buff | None:
    """vlan_insert_tag(), after which the packet's protocol is the tag's."""
    tagged = vlan_insert_inner_tag(skb, vlan_proto, vlan_tci, ETH_HLEN)
    if tagged is not None:
        tagged.protocol = vlan_proto
    return tagged


def __vlan_hwaccel_push_inside(skb: sk_buff) -> sk_buff | None:
    """Move the tag from beside the data into it. None, and the packet freed, where there is no memory."""
    tagged = vlan_insert_tag_set_proto(skb, skb.vlan_proto, skb.vlan_tci)
    if tagged is not None:
        tagged.vlan_proto = tagged.vlan_tci = 0
    return tagged
