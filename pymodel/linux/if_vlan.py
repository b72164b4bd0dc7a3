# SPDX-License-Identifier: Apache-2.0
"""VLAN tags: beside the data (``vlan_proto``, ``vlan_tci``: "hwaccel"), in the data, and moved from one to the other.

Source: include/linux/if_vlan.h, net/core/skbuff.c skb_vlan_push(), skb_vlan_pop(), skb_vlan_untag(), net/core/dev.c
skb_network_protocol(), v6.12.
"""

from __future__ import annotations

from pymodel.hw.access import machine
from pymodel.linux.bug import WARN, caller_outside, site_str
from pymodel.linux.if_ether import ETH_HLEN, ETH_P_8021AD, ETH_P_8021Q, VLAN_HLEN
from pymodel.linux.skb_frags import pskb_may_pull, skb_copy_bits
from pymodel.linux.skbuff import sk_buff

__all__ = [
    "VLAN_CFI_MASK", "VLAN_MAX_DEPTH", "VLAN_N_VID", "VLAN_PRIO_MASK", "VLAN_PRIO_SHIFT", "VLAN_VID_MASK",
    "__vlan_get_protocol", "eth_type_vlan", "skb_network_protocol", "vlan_get_protocol",
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
def _bytes_at(skb: sk_buff, offset: int, n: int) -> memoryview | bytes | None:
    """skb_header_pointer(): ``n`` bytes from ``offset``, wherever they are; None past the end."""
    if offset + n <= skb.len - skb.data_len:
        return machine().platform.memory.mem[skb.data + offset : skb.data + offset + n]
    copy = bytearray(n)
    return None if skb_copy_bits(skb, offset, copy, n) else bytes(copy)


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
        tag = _bytes_at(skb, depth, VLAN_HLEN)
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
        mem = machine().platform.memory.mem
        type = mem[skb.data + 12] << 8 | mem[skb.data + 13]
    type, depth = __vlan_get_protocol(skb, type)
    return (type, depth) if type and pskb_may_pull(skb, depth) else (0, 0)
