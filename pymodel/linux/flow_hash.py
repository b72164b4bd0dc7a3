# SPDX-License-Identifier: Apache-2.0
"""The hash of a packet's flow, by which queues and CPUs are chosen where the device gave none.

Source: net/core/flow_dissector.c ___skb_get_hash(), include/linux/skbuff.h, v6.12. It is the kernel's: SipHash over
struct flow_keys as it lies in memory on a little-endian machine, with a key drawn from the machine's seed.
"""

from __future__ import annotations

from random import Random
from struct import Struct

from pymodel.hw.access import here
from pymodel.linux.flow_dissector import (
    FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL,
    FLOW_DISSECTOR_KEY_IPV4_ADDRS,
    __skb_flow_dissect,
    flow_keys,
    flow_keys_dissector_symmetric,
    skb_flow_dissect_flow_keys,
)
from pymodel.linux.siphash import siphash
from pymodel.linux.skbuff import sk_buff

__all__ = [
    "FlowHashState", "__skb_get_hash", "__skb_get_hash_symmetric", "__skb_set_sw_hash", "flow_hash_from_keys",
    "flow_keys_have_l4", "skb_clear_hash", "skb_clear_hash_if_not_l4", "skb_copy_hash", "skb_get_hash",
    "skb_get_hash_perturb", "skb_get_hash_raw",
]

_CACHED = 1 << 16  # flows whose hash is remembered

# basic (type, protocol), tags (flow label), vlan (tci, tpid, type), cvlan, keyid, ports, icmp
_IPV4 = Struct(">B5xHxB2x12s").unpack_from  # version and length, fragment, protocol, addresses with ports
_KEYS = Struct(">2sBx4s2s2s2s10x4s4s4x").pack


class FlowHashState:
    """The key, and the hashes that it gave: the same flows come again and again."""

    __slots__ = ("by_keys", "key", "tcp", "udp")

    def __init__(self, seed: int) -> None:
        rng = Random(f"flow_hash/{seed}")
        self.key = (rng.getrandbits(64), rng.getrandbits(64))
        self.by_keys: dict[bytes, int] = {}
        # IPv4 without anything unusual, by addresses and ports: (hash, whether it has ports)
        self.tcp: dict[bytes, tuple[int, int]] = {}
        self.udp: dict[bytes, tuple[int, int]] = {}


def _state() -> FlowHashState:
    state = here.state
    found: FlowHashState | None = state.get("flow_hash")
    if found is None:
        found = state["flow_hash"] = FlowHashState(state["net"].hash_seed)
    return found


def _packed(keys: flow_keys) -> bytes:
    """What is hashed: both directions of a flow alike, so that the smaller address and port come first (as numbers of
    a little-endian machine, IPv6 addresses as bytes).
    """
    src, dst = keys.src, keys.dst
    sport, dport = keys.sport.to_bytes(2, "big"), keys.dport.to_bytes(2, "big")
    if keys.addr_type:
        if keys.addr_type == FLOW_DISSECTOR_KEY_IPV4_ADDRS:
            if dst[::-1] < src[::-1]:
                src, dst = dst, src
        elif dst < src:
            src, dst = dst, src
        if dport[::-1] < sport[::-1]:
            sport, dport = dport, sport
    head = _KEYS(
        keys.n_proto.to_bytes(2, "big"), keys.ip_proto, keys.flow_label.to_bytes(4, "little"),
        keys.vlan_tci.to_bytes(2, "little"), keys.vlan_tpid.to_bytes(2, "big"), keys.vlan_eth_type.to_bytes(2, "big"),
        keys.keyid.to_bytes(4, "big"), sport + dport,
    )  # fmt: skip
    return head + src + dst + bytes(4)  # the struct ends on a multiple of 8


def _hash(packed: bytes, state: FlowHashState) -> int:
    found = state.by_keys.get(packed)
    if found is None:
        if len(state.by_keys) >= _CACHED:
            state.by_keys.clear()
        found = state.by_keys[packed] = siphash(packed, state.key) & 0xFFFFFFFF or 1
    return found


def flow_keys_have_l4(keys: flow_keys) -> bool:
    """Whether they tell connections apart, not only hosts."""
    return bool(keys.sport or keys.dport or keys.flow_label)


def flow_hash_from_keys(keys: flow_keys) -> int:
    """The 32-bit hash of keys, the same for both directions. Never 0."""
    return _hash(_packed(keys), _state())


def __skb_set_sw_hash(skb: sk_buff, hash: int, is_l4: bool) -> None:
    skb.l4_hash = 1 if is_l4 else 0
    skb.sw_hash = 1
    skb.hash = hash


def __skb_get_hash(skb: sk_buff) -> None:
    """Compute the hash of the packet's flow into ``skb``: over addresses, protocol, ports, first VLAN tag, or for IPv6
    with a flow label that instead of the ports.
    """
    state: FlowHashState = here.state.get("flow_hash") or _state()
    at = skb.head + skb.network_header
    if skb.protocol == 0x0800 and not skb.vlan_proto and at >= skb.data and at + 24 <= skb.tail:
        version_ihl, fragment, proto, flow = _IPV4(here.mem, at)
        # Neither options nor a fragment, with ports: the common case.
        if version_ihl & 15 == 5 and not fragment & 0x3FFF and (proto == 17 or proto == 6):
            flows = state.tcp if proto == 6 else state.udp
            known = flows.get(flow)
            if known is None:
                keys = flow_keys()
                skb_flow_dissect_flow_keys(skb, keys, FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL)
                if len(flows) >= _CACHED:
                    flows.clear()
                known = flows[flow] = (_hash(_packed(keys), state), 1 if flow_keys_have_l4(keys) else 0)
            skb.hash, skb.l4_hash = known
            skb.sw_hash = 1
            return
    keys = flow_keys()
    skb_flow_dissect_flow_keys(skb, keys, FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL)
    __skb_set_sw_hash(skb, _hash(_packed(keys), state), flow_keys_have_l4(keys))


def skb_get_hash(skb: sk_buff) -> int:
    """The flow hash: one that is there, if software or a device that looked at the ports computed it, else a new
    one. Never 0.
    """
    if not skb.l4_hash and not skb.sw_hash:
        __skb_get_hash(skb)
    return skb.hash


def skb_get_hash_raw(skb: sk_buff) -> int:
    """The hash that is there; 0: none."""
    return skb.hash


def skb_get_hash_perturb(skb: sk_buff, perturb: tuple[int, int]) -> int:
    """The hash under another key, of two 64-bit numbers; what ``skb`` has is not touched."""
    keys = flow_keys()
    skb_flow_dissect_flow_keys(skb, keys, FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL)
    return siphash(_packed(keys), perturb) & 0xFFFFFFFF or 1


def __skb_get_hash_symmetric(skb: sk_buff) -> int:
    """The hash over addresses, protocol and ports alone, the same for both directions."""
    keys = flow_keys()
    __skb_flow_dissect(None, skb, flow_keys_dissector_symmetric, keys, 0, 0, 0, 0, 0)
    return flow_hash_from_keys(keys)


def skb_clear_hash(skb: sk_buff) -> None:
    skb.hash = skb.sw_hash = skb.l4_hash = 0


def skb_clear_hash_if_not_l4(skb: sk_buff) -> None:
    """What was changed is above the network header: a hash over addresses is void."""
    if not skb.l4_hash:
        skb_clear_hash(skb)


def skb_copy_hash(to: sk_buff, frm: sk_buff) -> None:
    to.hash = frm.hash
    to.sw_hash = frm.sw_hash
    to.l4_hash = frm.l4_hash
