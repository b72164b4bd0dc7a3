# SPDX-License-Identifier: Apache-2.0
"""The hash of a packet's flow. Source: net/core/flow_dissector.c, v6.12."""

from __future__ import annotations

from zlib import crc32

from pymodel.hw.access import machine
from pymodel.linux.if_ether import ETH_P_IP, ETH_P_IPV6
from pymodel.linux.skbuff import sk_buff

__all__ = ["skb_get_hash"]


def skb_get_hash(skb: sk_buff) -> int:
    """The flow hash: the device's, else one computed over addresses, protocol and ports. Never 0.

    Simplified: a seeded CRC where Linux has siphash; tunnels, extension headers and VLAN tags are not looked into.
    """
    if not skb.hash:
        skb.hash = _flow_hash(skb)
        skb.sw_hash = 1
    return skb.hash


def _flow_hash(skb: sk_buff) -> int:
    m = machine()
    mem = m.platform.memory.mem
    seed: int = m.state["net"].hash_seed
    at = skb.head + skb.network_header
    room = skb.tail - at
    proto = skb.protocol
    if proto == ETH_P_IP and room >= 20:
        keys = bytes(mem[at + 12 : at + 20]) + bytes(mem[at + 9 : at + 10])
        l4, kind = at + (mem[at] & 15) * 4, mem[at + 9]
        fragment = mem[at + 6] & 0x3F or mem[at + 7]
    elif proto == ETH_P_IPV6 and room >= 40:
        keys = bytes(mem[at + 8 : at + 40]) + bytes(mem[at + 6 : at + 7])
        l4, kind, fragment = at + 40, mem[at + 6], 0
    else:
        return crc32(proto.to_bytes(2, "big"), seed) or 1
    if kind in (6, 17) and not fragment and l4 + 4 <= skb.tail:
        keys += bytes(mem[l4 : l4 + 4])
        skb.l4_hash = 1
    return crc32(keys, seed) or 1
