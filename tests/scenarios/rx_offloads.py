# SPDX-License-Identifier: Apache-2.0
"""Received frames of all kinds: what the device says of each (hash, queue, sum, verdict, tag) is what Linux's software
path computes from its bytes.

Software has no limits where the device has some (rtl/README.md, "Receive headers" and "Checksums"): within them the
device must say all that software finds, beyond them nothing, and never anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pymodel import linux as L
from pymodel.hw.access import here
from pymodel.hw.errors import CheckError
from tb.env import Env
from tests.scenarios.wild import Wild, number_of, wild_frame

__all__ = ["receive_offloads"]

_TCP, _UDP = 6, 17
_SEEN = 104  # bytes from the network header on that the device looks at
_STEPS = 4  # extension headers that it follows
_AHEAD = 96  # frames under way, at most
_ADDRESSES = L.RXH_IP_SRC | L.RXH_IP_DST
_PORTS = L.RXH_L4_B_0_1 | L.RXH_L4_B_2_3
_FLOWS = {(4, _TCP): L.TCP_V4_FLOW, (4, _UDP): L.UDP_V4_FLOW, (6, _TCP): L.TCP_V6_FLOW, (6, _UDP): L.UDP_V6_FLOW}


# -- what is set ---------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Settings:
    """How the device is set up for a run: RSS key, table and fields, and features."""

    key: bytes
    table: list[int]
    symmetric: bool
    with_ports: set[int]  # flow types that are hashed with their ports
    rxcsum: bool
    rxhash: bool
    vlan: bool


_PARTS = 4  # of a run, each with settings of its own


def _draw(env: Env, part: int) -> Settings:
    """Of each run's parts the first has all features, the others lack one each, or another as well."""
    rng, queues = env.rng, env.ndev.real_num_rx_queues
    rxcsum, rxhash, vlan = (part != lacks and rng.random() < (0.9 if part else 1) for lacks in (1, 2, 3))
    return Settings(
        rng.randbytes(40), [rng.randrange(queues) for _ in range(128)], rng.random() < 0.3 or part == 1,
        {flow for flow in _FLOWS.values() if rng.random() < 0.8}, rxcsum, rxhash, vlan,
    )  # fmt: skip


def _apply(env: Env, s: Settings) -> None:
    """Kernel side: ethtool -X, -N rx-flow-hash, -K."""
    dev = env.ndev
    rxfh = L.ethtool_rxfh(
        cmd=L.ETHTOOL_SRSSH, hfunc=L.ETH_RSS_HASH_NO_CHANGE, input_xfrm=L.RXH_XFRM_SYM_XOR if s.symmetric else 0,
        indir_size=128, key_size=40, indir=list(s.table), key=s.key,
    )  # fmt: skip
    assert L.dev_ethtool(dev, rxfh) == 0
    for flow in _FLOWS.values():
        fields = _ADDRESSES | (_PORTS if flow in s.with_ports else 0)
        info = L.ethtool_rxnfc(cmd=L.ETHTOOL_SRXFH, flow_type=flow, data=fields)
        # A symmetric hash of addresses or ports alone is no better than any: the core may refuse such a setting.
        assert L.dev_ethtool(dev, info) in (0, -L.EINVAL)
    L.rtnl_lock()
    wanted = {L.NETIF_F_RXCSUM: s.rxcsum, L.NETIF_F_RXHASH: s.rxhash, L.NETIF_F_HW_VLAN_CTAG_RX: s.vlan}
    for feature, on in wanted.items():
        if dev.hw_features & feature:
            dev.wanted_features = dev.wanted_features | feature if on else dev.wanted_features & ~feature
    L.netdev_update_features(dev)
    L.rtnl_unlock()


# -- what software makes of a frame --------------------------------------------------------------------------
@dataclass(slots=True)
class Expected:
    """The skb above the driver: hash and type, queue, checksum, tag."""

    wild: Wild
    hash: int
    l4_hash: int
    queue: int
    verified: bool
    csum: int  # of the frame without the tag that is beside it, modulo 0xFFFF
    tag: tuple[int, int]  # vlan_proto, vlan_tci
    protocol: int


def toeplitz(key: bytes, data: bytes) -> int:
    """Microsoft's hash, bit by bit: for each bit of the input that is 1 the 32 bits of the key from there on."""
    bits = int.from_bytes(key, "big")
    n = 8 * len(data)
    shift = 8 * len(key) - 32
    value = 0
    number = int.from_bytes(data, "big")
    while number:
        at = number.bit_length()
        value ^= bits >> shift - (n - at)
        number ^= 1 << at - 1
    return value & 0xFFFFFFFF


def _followed(frame: bytes, l3: int, transport: int) -> bool:
    """Does the device follow IPv6's chain to ``transport``, where Linux's dissector has found it?"""
    at, proto, steps = l3 + 40, frame[l3 + 6], 0
    while at < transport:
        if at + 8 > len(frame):
            return False
        if proto == L.IPPROTO_ROUTING and frame[at + 3]:
            return False
        proto, at = frame[at], at + 8 * (frame[at + 1] + 1)
        steps += 1
    return steps <= _STEPS and at == transport and at - l3 <= _SEEN - 8


def _valid(skb: Any, v6: bool, net: int, transport: int, proto: int) -> bool:
    """Software's verdict: ip_rcv() or ipv6_rcv() and the transport protocol's own check. ``net``: bytes in front of
    the network header (inner tags). The skb is not fit for use afterwards.
    """
    mem = here.mem
    L.__skb_pull(skb, net)
    L.skb_reset_network_header(skb)
    at = skb.data
    if v6:
        length = 40 + (mem[at + 4] << 8 | mem[at + 5])
    else:
        length = mem[at + 2] << 8 | mem[at + 3]
        if L.ip_fast_csum(at, mem[at] & 15):
            return False
    header = transport - net
    if skb.len < length or length < header + 8 or L.pskb_trim_rcsum(skb, length):
        return False
    L.__skb_pull(skb, header)
    L.skb_reset_transport_header(skb)
    skb.ip_summed = L.CHECKSUM_NONE
    pseudo = L.ip6_compute_pseudo if v6 else L.inet_compute_pseudo
    if proto == _TCP:
        return skb.len >= 20 and L.skb_checksum_init(skb, proto, pseudo) == 0 == L.skb_checksum_complete(skb)
    at = skb.data
    if mem[at + 4] << 8 | mem[at + 5] != skb.len or not (mem[at + 6] or mem[at + 7]):
        return False  # software may take a shorter one, or one without a checksum: nothing that a device verifies
    return L.skb_checksum_init(skb, proto, pseudo) == 0 == L.skb_checksum_complete(skb)


def software(wild: Wild, dev: Any, s: Settings) -> Expected:
    """Kernel side: run the frame through the software path."""
    frame = wild.data
    skb = L.alloc_skb(len(frame) + 64, L.GFP_KERNEL)
    L.skb_reserve(skb, 64)
    L.skb_put_data(skb, frame, len(frame))
    skb.dev = dev
    skb.protocol = L.eth_type_trans(skb, dev)
    L.skb_reset_network_header(skb)
    skb.csum, skb.ip_summed = L.skb_checksum(skb, 0, skb.len, 0), L.CHECKSUM_COMPLETE
    if L.eth_type_vlan(skb.protocol):
        skb = L.skb_vlan_untag(skb)
        assert skb is not None
    csum = L.csum_fold(skb.csum) % 0xFFFF  # the complement: of 0 and of 0xFFFF alike
    tag, protocol = (skb.vlan_proto, skb.vlan_tci), skb.protocol

    keys = L.flow_keys()
    L.__skb_flow_dissect(
        None, skb, L.flow_keys_dissector_symmetric, keys, 0, 0, 0, 0, L.FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP
    )
    l3 = 14
    while l3 < 22 and frame[l3 - 2 : l3] in (b"\x81\0", b"\x88\xa8") and len(frame) >= l3 + 4:
        l3 += 4
    kind = {b"\x08\0": 4, b"\x86\xdd": 6}.get(frame[l3 - 2 : l3], 0)
    if not keys.addr_type or (l3 < len(frame) and frame[l3] >> 4 != kind):
        kind = 0  # no whole header, or one of another version
    elif kind == 4 and l3 + 4 * (frame[l3] & 15) > len(frame):
        kind = 0
    hash_ = l4_hash = 0
    verified = False
    if kind:
        back = len(frame) - skb.len  # what is in front of skb.data, the tag beside the data included
        transport = keys.thoff + back
        proto = keys.ip_proto if keys.ip_proto in (_TCP, _UDP) and not keys.flags & L.FLOW_DIS_IS_FRAGMENT else 0
        if proto and kind == 6 and not _followed(frame, l3, transport):
            proto = 0
        src, dst, ports = keys.src, keys.dst, b""
        if proto and transport + 4 <= len(frame) and _FLOWS[kind, proto] in s.with_ports:
            ports = keys.sport.to_bytes(2, "big") + keys.dport.to_bytes(2, "big")
        if s.symmetric:
            src = dst = bytes(a ^ b for a, b in zip(src, dst, strict=True))
            ports = bytes(ports[i] ^ ports[i ^ 2] for i in range(len(ports)))
        hash_, l4_hash = toeplitz(s.key, src + dst + ports), int(bool(ports))
        if proto and transport + 8 <= len(frame):
            verified = _valid(skb, kind == 6, l3 - back, transport - back, proto)
    L.consume_skb(skb)
    queue = s.table[hash_ & 127]
    if not s.rxhash:
        hash_ = l4_hash = 0
    return Expected(wild, hash_, l4_hash, queue, verified, csum, tag, protocol)


# -- holding the two against each other ----------------------------------------------------------------------
def differences(skb: Any, want: Expected, s: Settings) -> list[tuple[str, str]]:
    """(rule, what differs) for all that the skb has and software has not, or the other way round."""
    found = []
    got = (skb.hash, int(skb.l4_hash), int(skb.sw_hash))
    if got != (want.hash, want.l4_hash, 0):
        found.append(("RSS1", f"hash 0x{got[0]:08x}, l4 {got[1]}, software 0x{want.hash:08x}, l4 {want.l4_hash}"))
    if L.skb_get_rx_queue(skb) != want.queue:
        found.append(("RSS1", f"queue {L.skb_get_rx_queue(skb)}, by the table {want.queue}"))
    names = {L.CHECKSUM_NONE: "none", L.CHECKSUM_UNNECESSARY: "unnecessary", L.CHECKSUM_COMPLETE: "complete"}
    summed = L.CHECKSUM_NONE
    if s.rxcsum:
        summed = L.CHECKSUM_UNNECESSARY if want.verified else L.CHECKSUM_COMPLETE
    if skb.ip_summed != summed:
        found.append(("OFF3", f"checksum {names[skb.ip_summed]}, by software {names[summed]}"))
    elif summed == L.CHECKSUM_COMPLETE and L.csum_fold(skb.csum) % 0xFFFF != want.csum:
        found.append(("OFF3", f"sum ~0x{L.csum_fold(skb.csum):04x}, software ~0x{want.csum:04x}"))
    if skb.csum_level:
        found.append(("OFF4", f"csum_level {skb.csum_level}, but no more than one checksum is looked at"))
    if (skb.vlan_proto, skb.vlan_tci) != want.tag:
        found.append(("VLAN", f"tag 0x{skb.vlan_proto:04x} {skb.vlan_tci}, software 0x{want.tag[0]:04x} {want.tag[1]}"))
    if skb.protocol != want.protocol:
        found.append(("VLAN", f"protocol 0x{skb.protocol:04x}, software 0x{want.protocol:04x}"))
    return found


async def receive_offloads(env: Env) -> None:
    """args: count (frames), longest (bytes). Frames of every kind, one in three broken; keys, tables, fields and
    features drawn anew for each quarter of a run.
    """
    count = int(env.cfg.args.get("count", 1000))
    longest = min(env.ndev.mtu + 18, int(env.cfg.args.get("longest", 9018)))
    settings = _draw(env, 0)
    under_way: dict[int, Expected] = {}

    def look(skb: Any) -> None:
        frame = L.skb_mac_frame(skb)
        want = under_way.pop(number_of(frame))
        found = differences(skb, want, settings)
        if found:
            wild = want.wild
            what = "; ".join(text for _, text in found)
            raise CheckError(
                found[0][0],
                f"{what}. {wild.kind}, {wild.tags} tags, defect: {wild.defect}, {len(wild.data)} bytes: "
                f"{wild.data[:160].hex()}{'...' if len(wild.data) > 160 else ''}",
                "device -> driver -> skb",
            )
        counts = env.counts
        row = f"rx {want.wild.kind}"
        for key in (
            row, *(f"{row}|{what}" for what, is_so in (
                ("tagged", want.wild.tags), ("broken", want.wild.defect != "none"), ("verified", want.verified),
                ("l3 hash", want.hash and not want.l4_hash), ("l4 hash", want.l4_hash),
            ) if is_so),
        ):  # fmt: skip
            counts[key] = counts.get(key, 0) + 1

    env.inspect = look
    made = end = 0

    def batch() -> list[bytes]:
        nonlocal made
        frames = []
        for _ in range(min(_AHEAD // 2, end - made)):
            wild = wild_frame(env.rng, made, longest)
            under_way[made] = software(wild, env.ndev, settings)
            frames.append(wild.data)
            made += 1
        return frames

    for part in range(_PARTS):
        settings = _draw(env, part)
        await env.run(_apply, env, settings)
        end = count * (part + 1) // _PARTS
        while made < end:
            for frame in await env.run(batch):
                env.peer.send(frame)
            while len(under_way) > _AHEAD // 2:
                await env.sleep(200)
        await env.drain()
