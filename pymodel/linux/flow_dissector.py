# SPDX-License-Identifier: Apache-2.0
"""Taking a packet's headers apart: whose flow it is, and where its headers end.

Source: net/core/flow_dissector.c, include/net/flow_dissector.h, net/ethernet/eth.c eth_get_headlen(), v6.12. Known
here: Ethernet types IPv4, IPv6, VLAN tags, PPPoE, MPLS, ARP, FCoE, PTP, HSR/PRP, CFM; IPv6's extension headers, GRE
version 0, IP in IP, and what has ports. The hash of a flow: flow_hash.py.
"""

from __future__ import annotations

from collections.abc import Callable

from pymodel.hw.access import here
from pymodel.linux.errno import EINVAL
from pymodel.linux.if_ether import (
    ETH_HLEN,
    ETH_P_1588,
    ETH_P_8021AD,
    ETH_P_8021Q,
    ETH_P_ARP,
    ETH_P_CFM,
    ETH_P_FCOE,
    ETH_P_HSR,
    ETH_P_IP,
    ETH_P_IPV6,
    ETH_P_MPLS_MC,
    ETH_P_MPLS_UC,
    ETH_P_PPP_SES,
    ETH_P_PRP,
    ETH_P_RARP,
    ETH_P_TEB,
)
from pymodel.linux.inet import (
    IP_MF,
    IP_OFFSET,
    IPPROTO_AH,
    IPPROTO_DCCP,
    IPPROTO_DSTOPTS,
    IPPROTO_ESP,
    IPPROTO_FRAGMENT,
    IPPROTO_GRE,
    IPPROTO_HOPOPTS,
    IPPROTO_ICMP,
    IPPROTO_ICMPV6,
    IPPROTO_IGMP,
    IPPROTO_IPIP,
    IPPROTO_IPV6,
    IPPROTO_MPLS,
    IPPROTO_ROUTING,
    IPPROTO_SCTP,
    IPPROTO_TCP,
    IPPROTO_UDP,
    IPPROTO_UDPLITE,
)
from pymodel.linux.skb_frags import skb_copy_bits
from pymodel.linux.skbuff import sk_buff

__all__ = [
    "FLOW_DISSECTOR_F_PARSE_1ST_FRAG", "FLOW_DISSECTOR_F_STOP_AT_ENCAP", "FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL",
    "FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP", "FLOW_DISSECTOR_KEY_FLOW_LABEL", "FLOW_DISSECTOR_KEY_GRE_KEYID",
    "FLOW_DISSECTOR_KEY_IPV4_ADDRS", "FLOW_DISSECTOR_KEY_IPV6_ADDRS", "FLOW_DISSECTOR_KEY_PORTS",
    "FLOW_DISSECTOR_KEY_VLAN", "FLOW_DIS_ENCAPSULATION", "FLOW_DIS_FIRST_FRAG", "FLOW_DIS_IS_FRAGMENT",
    "__skb_flow_dissect", "__skb_get_poff", "eth_get_headlen", "flow_dissector", "flow_keys",
    "flow_keys_basic_dissector", "flow_keys_dissector", "flow_keys_dissector_symmetric", "proto_ports_offset",
    "skb_flow_dissect_flow_keys", "skb_flow_dissect_flow_keys_basic", "skb_get_poff",
]

FLOW_DISSECTOR_F_PARSE_1ST_FRAG = 1 << 0
FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL = 1 << 1
FLOW_DISSECTOR_F_STOP_AT_ENCAP = 1 << 2
FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP = 1 << 3

FLOW_DIS_IS_FRAGMENT = 1 << 0
FLOW_DIS_FIRST_FRAG = 1 << 1
FLOW_DIS_ENCAPSULATION = 1 << 2

FLOW_DISSECTOR_KEY_IPV4_ADDRS = 2
FLOW_DISSECTOR_KEY_IPV6_ADDRS = 3
FLOW_DISSECTOR_KEY_PORTS = 4
FLOW_DISSECTOR_KEY_VLAN = 10
FLOW_DISSECTOR_KEY_FLOW_LABEL = 11
FLOW_DISSECTOR_KEY_GRE_KEYID = 12

_MAX_HDRS = 15  # MAX_FLOW_DISSECT_HDRS


class flow_dissector:
    """Which keys (FLOW_DISSECTOR_KEY_*) are wanted; those that are always there (control, basic) go without saying."""

    __slots__ = ("used_keys",)

    def __init__(self, *keys: int) -> None:
        self.used_keys = frozenset(keys)


flow_keys_basic_dissector = flow_dissector()
flow_keys_dissector_symmetric = flow_dissector(
    FLOW_DISSECTOR_KEY_IPV4_ADDRS, FLOW_DISSECTOR_KEY_IPV6_ADDRS, FLOW_DISSECTOR_KEY_PORTS
)
flow_keys_dissector = flow_dissector(
    FLOW_DISSECTOR_KEY_IPV4_ADDRS, FLOW_DISSECTOR_KEY_IPV6_ADDRS, FLOW_DISSECTOR_KEY_PORTS, FLOW_DISSECTOR_KEY_VLAN,
    FLOW_DISSECTOR_KEY_FLOW_LABEL, FLOW_DISSECTOR_KEY_GRE_KEYID,
)  # fmt: skip


class flow_keys:
    """What was found. Numbers are what they stand for; addresses are bytes, empty where there are none.

    ``thoff``: bytes from the start to the transport header, or as far as it went. ``addr_type``: 0 or
    FLOW_DISSECTOR_KEY_IPV4_ADDRS, _IPV6_ADDRS. ``flags``: FLOW_DIS_*. C has a struct in each key's place.
    """

    __slots__ = (
        "addr_type", "dport", "dst", "flags", "flow_label", "ip_proto", "keyid", "n_proto", "sport", "src", "thoff",
        "vlan_eth_type", "vlan_tci", "vlan_tpid",
    )

    def __init__(self) -> None:
        self.thoff = 0
        self.addr_type = 0
        self.flags = 0
        self.n_proto = 0
        self.ip_proto = 0
        self.flow_label = 0
        self.vlan_tci = 0  # priority and VLAN: not the CFI bit
        self.vlan_tpid = 0
        self.vlan_eth_type = 0
        self.keyid = 0
        self.sport = 0
        self.dport = 0
        self.src = b""
        self.dst = b""


_Bytes = memoryview | bytes


_CONTINUE, _PROTO_AGAIN, _IPPROTO_AGAIN, _OUT_GOOD, _OUT_BAD = range(5)  # FLOW_DISSECT_RET_*


class _Dissection:
    """One packet on its way through __skb_flow_dissect(): ``proto`` is at ``nhoff``, or ``ip_proto`` is."""

    __slots__ = ("data", "flags", "hlen", "ip_proto", "keys", "mem", "nhoff", "proto", "skb", "used", "vlans")

    def __init__(
        self, skb: sk_buff | None, used: frozenset[int], keys: flow_keys, data: int, proto: int, nhoff: int, hlen: int,
        flags: int,
    ) -> None:  # fmt: skip
        self.mem = here.mem
        self.skb = skb
        self.used = used
        self.keys = keys
        self.data = data
        self.proto = proto
        self.nhoff = nhoff
        self.hlen = hlen
        self.flags = flags
        self.ip_proto = 0
        self.vlans = 0

    def header(self, n: int, off: int = 0) -> memoryview | bytes | None:
        """``n`` bytes ``off`` bytes behind where it is; None past the end."""
        offset = self.nhoff + off
        if self.hlen - offset >= n:
            at = self.data + offset
            return self.mem[at : at + n]
        copy = bytearray(n)
        return None if self.skb is None or skb_copy_bits(self.skb, offset, copy, n) < 0 else bytes(copy)

    def run(self) -> bool:
        """Go through the headers. False where one is not known or not whole."""
        headers = 0
        result = _PROTO_AGAIN
        while True:
            if result == _PROTO_AGAIN:
                step = _NETWORK.get(self.proto)
                result = _OUT_BAD if step is None else step(self)
            if result in (_CONTINUE, _IPPROTO_AGAIN):
                transport = _TRANSPORT.get(self.ip_proto)
                result = _CONTINUE if transport is None else transport(self)
                if self.keys.flags & (FLOW_DIS_IS_FRAGMENT | FLOW_DIS_FIRST_FRAG) != FLOW_DIS_IS_FRAGMENT:
                    self.ports()
            if result not in (_PROTO_AGAIN, _IPPROTO_AGAIN):
                return result != _OUT_BAD
            headers += 1
            if headers > _MAX_HDRS:
                return True

    # -- network protocols -----------------------------------------------------------------------------------
    def ipv4(self) -> int:
        iph = self.header(20)
        if iph is None or iph[0] & 15 < 5:
            return _OUT_BAD
        self.nhoff += (iph[0] & 15) * 4
        self.ip_proto = iph[9]
        keys = self.keys
        if FLOW_DISSECTOR_KEY_IPV4_ADDRS in self.used:
            keys.src, keys.dst = bytes(iph[12:16]), bytes(iph[16:20])
            keys.addr_type = FLOW_DISSECTOR_KEY_IPV4_ADDRS
        frag_off = iph[6] << 8 | iph[7]
        if frag_off & (IP_MF | IP_OFFSET):
            keys.flags |= FLOW_DIS_IS_FRAGMENT
            if frag_off & IP_OFFSET:
                return _OUT_GOOD
            keys.flags |= FLOW_DIS_FIRST_FRAG
            if not self.flags & FLOW_DISSECTOR_F_PARSE_1ST_FRAG:
                return _OUT_GOOD
        return _CONTINUE

    def ipv6(self) -> int:
        ip6h = self.header(40)
        if ip6h is None:
            return _OUT_BAD
        self.nhoff += 40
        self.ip_proto = ip6h[6]
        keys = self.keys
        if FLOW_DISSECTOR_KEY_IPV6_ADDRS in self.used:
            keys.src, keys.dst = bytes(ip6h[8:24]), bytes(ip6h[24:40])
            keys.addr_type = FLOW_DISSECTOR_KEY_IPV6_ADDRS
        label = (ip6h[1] & 15) << 16 | ip6h[2] << 8 | ip6h[3]
        if label:
            if FLOW_DISSECTOR_KEY_FLOW_LABEL in self.used:
                keys.flow_label = label
            if self.flags & FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL:
                return _OUT_GOOD
        return _CONTINUE

    def vlan(self) -> int:
        tpid = self.proto
        skb = self.skb
        if not self.vlans and skb is not None and (skb.vlan_proto or skb.vlan_tci):
            tci, self.proto = skb.vlan_tci, skb.protocol
        else:
            tag = self.header(4)
            if tag is None:
                return _OUT_BAD
            tci, self.proto = tag[0] << 8 | tag[1], tag[2] << 8 | tag[3]
            self.nhoff += 4
        self.vlans += 1
        if self.vlans == 1 and FLOW_DISSECTOR_KEY_VLAN in self.used:
            self.keys.vlan_tci = tci & 0xEFFF
            self.keys.vlan_tpid, self.keys.vlan_eth_type = tpid, self.proto
        return _PROTO_AGAIN

    def pppoe(self) -> int:
        hdr = self.header(8)
        if hdr is None or hdr[0] != 0x11 or hdr[1]:  # version, type; code of a session
            return _OUT_BAD
        ppp = hdr[6] << 8 | hdr[7]
        if ppp & 0x0100:  # compressed to a byte
            ppp >>= 8
            self.nhoff += 7
        else:
            self.nhoff += 8
        proto = _PPP.get(ppp)
        if proto is not None:
            self.proto = proto
            return _PROTO_AGAIN
        return _OUT_GOOD if ppp & 0x0101 == 0x0001 else _OUT_BAD

    def mpls(self) -> int:
        self.nhoff += 4
        return _OUT_GOOD

    def fcoe(self) -> int:
        if self.hlen - self.nhoff < 38:
            return _OUT_BAD
        self.nhoff += 38
        return _OUT_GOOD

    def ptp(self) -> int:
        if self.header(34) is None:
            return _OUT_BAD
        self.nhoff += 34
        return _OUT_GOOD

    def hsr(self) -> int:
        tag = self.header(6)
        if tag is None:
            return _OUT_BAD
        self.proto = tag[4] << 8 | tag[5]
        self.nhoff += 6
        return _PROTO_AGAIN

    def known(self) -> int:
        return _OUT_GOOD

    # -- protocols above IP ----------------------------------------------------------------------------------
    def option(self) -> int:
        if self.proto != ETH_P_IPV6:
            return _CONTINUE
        opt = self.header(2)
        if opt is None:
            return _OUT_BAD
        self.ip_proto = opt[0]
        self.nhoff += (opt[1] + 1) * 8
        return _IPPROTO_AGAIN

    def fragment(self) -> int:
        if self.proto != ETH_P_IPV6:
            return _CONTINUE
        fh = self.header(8)
        if fh is None:
            return _OUT_BAD
        self.keys.flags |= FLOW_DIS_IS_FRAGMENT
        self.nhoff += 8
        self.ip_proto = fh[0]
        if not (fh[2] << 8 | fh[3]) & 0xFFF8:
            self.keys.flags |= FLOW_DIS_FIRST_FRAG
            if self.flags & FLOW_DISSECTOR_F_PARSE_1ST_FRAG:
                return _IPPROTO_AGAIN
        return _OUT_GOOD

    def _encapsulated(self, proto: int) -> int:
        self.proto = proto
        self.keys.flags |= FLOW_DIS_ENCAPSULATION
        return _OUT_GOOD if self.flags & FLOW_DISSECTOR_F_STOP_AT_ENCAP else _PROTO_AGAIN

    def ipip(self) -> int:
        if self.flags & FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP:
            return _OUT_GOOD
        return self._encapsulated(ETH_P_IP if self.ip_proto == IPPROTO_IPIP else ETH_P_IPV6)

    def gre(self) -> int:
        if self.flags & FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP:
            return _OUT_GOOD
        hdr = self.header(4)
        if hdr is None:
            return _OUT_BAD
        if hdr[0] & 0x40 or hdr[1] & 7:  # routing; another version
            return _OUT_GOOD
        proto = hdr[2] << 8 | hdr[3]
        offset = 8 if hdr[0] & 0x80 else 4  # with a checksum
        if hdr[0] & 0x20:
            key = self.header(4, offset)
            if key is None:
                self.proto = proto
                return _OUT_BAD
            if FLOW_DISSECTOR_KEY_GRE_KEYID in self.used:
                self.keys.keyid = int.from_bytes(key, "big")
            offset += 4
        if hdr[0] & 0x10:
            offset += 4
        if proto == ETH_P_TEB:
            eth = self.header(14, offset)
            if eth is None:
                self.proto = proto
                return _OUT_BAD
            proto = eth[12] << 8 | eth[13]
            offset += 14
        self.nhoff += offset
        return self._encapsulated(proto)

    def mpls_in_ip(self) -> int:
        self.proto = ETH_P_MPLS_UC
        return _PROTO_AGAIN

    def ports(self) -> None:
        if FLOW_DISSECTOR_KEY_PORTS in self.used:
            offset = proto_ports_offset(self.ip_proto)
            found = self.header(4, offset) if offset >= 0 else None
            ports = bytes(found) if found is not None else bytes(4)
            self.keys.sport, self.keys.dport = int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")


_Step = Callable[[_Dissection], int]

_NETWORK: dict[int, _Step] = {
    ETH_P_IP: _Dissection.ipv4,
    ETH_P_IPV6: _Dissection.ipv6,
    ETH_P_8021Q: _Dissection.vlan,
    ETH_P_8021AD: _Dissection.vlan,
    ETH_P_PPP_SES: _Dissection.pppoe,
    ETH_P_MPLS_UC: _Dissection.mpls,
    ETH_P_MPLS_MC: _Dissection.mpls,
    ETH_P_FCOE: _Dissection.fcoe,
    ETH_P_ARP: _Dissection.known,
    ETH_P_RARP: _Dissection.known,
    ETH_P_CFM: _Dissection.known,
    ETH_P_1588: _Dissection.ptp,
    ETH_P_PRP: _Dissection.hsr,
    ETH_P_HSR: _Dissection.hsr,
}
_TRANSPORT: dict[int, _Step] = {
    IPPROTO_HOPOPTS: _Dissection.option,
    IPPROTO_ROUTING: _Dissection.option,
    IPPROTO_DSTOPTS: _Dissection.option,
    IPPROTO_FRAGMENT: _Dissection.fragment,
    IPPROTO_IPIP: _Dissection.ipip,
    IPPROTO_IPV6: _Dissection.ipip,
    IPPROTO_GRE: _Dissection.gre,
    IPPROTO_MPLS: _Dissection.mpls_in_ip,
}
_PPP = {0x21: ETH_P_IP, 0x57: ETH_P_IPV6, 0x281: ETH_P_MPLS_UC, 0x283: ETH_P_MPLS_MC}
_PORTS = frozenset((IPPROTO_TCP, IPPROTO_UDP, IPPROTO_DCCP, IPPROTO_ESP, IPPROTO_SCTP, IPPROTO_UDPLITE))
_L4_SIZES = {
    IPPROTO_UDP: 8, IPPROTO_UDPLITE: 8, IPPROTO_ICMP: 8, IPPROTO_ICMPV6: 8, IPPROTO_IGMP: 8, IPPROTO_DCCP: 12,
    IPPROTO_SCTP: 12,
}  # fmt: skip


def proto_ports_offset(proto: int) -> int:
    """Where a protocol has its ports, or what identifies a flow like them; negative: nowhere."""
    return 0 if proto in _PORTS else 4 if proto == IPPROTO_AH else -EINVAL


def __skb_flow_dissect(
    net: object, skb: sk_buff | None, dissector: flow_dissector, target_container: flow_keys, data: int, proto: int,
    nhoff: int, hlen: int, flags: int,
) -> bool:  # fmt: skip
    """Fill ``target_container`` with the keys that ``dissector`` wants. With ``data`` 0 (NULL) of ``skb``, from its
    network header; else of ``hlen`` bytes at ``data``, in which ``proto`` is at ``nhoff``. ``flags``:
    FLOW_DISSECTOR_F_*. ``net`` changes nothing. False where a header is not known or not whole; what was found until
    then is there.
    """
    if not data:
        assert skb is not None, "__skb_flow_dissect() of neither an skb nor a buffer"
        data = skb.data
        proto = skb.vlan_proto if skb.vlan_proto or skb.vlan_tci else skb.protocol
        nhoff = skb.head + skb.network_header - data
        hlen = skb.len - skb.data_len
    d = _Dissection(skb, dissector.used_keys, target_container, data, proto, nhoff, hlen, flags)
    good = d.run()
    target_container.thoff = min(d.nhoff & 0xFFFF, (skb.len if skb is not None else hlen) & 0xFFFF)
    target_container.n_proto = d.proto
    target_container.ip_proto = d.ip_proto
    return good


def skb_flow_dissect_flow_keys(skb: sk_buff, flow: flow_keys, flags: int) -> bool:
    """All the keys of a flow: addresses, ports, first VLAN tag, flow label, GRE key."""
    flow.__init__()  # type: ignore[misc]
    return __skb_flow_dissect(None, skb, flow_keys_dissector, flow, 0, 0, 0, 0, flags)


def skb_flow_dissect_flow_keys_basic(
    net: object, skb: sk_buff | None, flow: flow_keys, data: int, proto: int, nhoff: int, hlen: int, flags: int
) -> bool:
    """Protocols and the length of the headers only."""
    flow.__init__()  # type: ignore[misc]
    return __skb_flow_dissect(net, skb, flow_keys_basic_dissector, flow, data, proto, nhoff, hlen, flags)


# -- where headers end ---------------------------------------------------------------------------------------
def __skb_get_poff(skb: sk_buff | None, data: int, keys: flow_keys, hlen: int) -> int:
    """Bytes of headers, that of the transport protocol included, of a packet whose ``keys`` are known."""
    poff = keys.thoff
    if keys.flags & (FLOW_DIS_IS_FRAGMENT | FLOW_DIS_FIRST_FRAG) == FLOW_DIS_IS_FRAGMENT:
        return poff
    if keys.ip_proto == IPPROTO_TCP:
        if hlen - poff >= 13:
            doff = here.mem[data + poff + 12]
        else:
            copy = bytearray(1)
            if skb is None or skb_copy_bits(skb, poff + 12, copy, 1) < 0:
                return poff
            doff = copy[0]
        return poff + max(20, (doff & 0xF0) >> 2)
    return poff + _L4_SIZES.get(keys.ip_proto, 0)


def skb_get_poff(skb: sk_buff) -> int:
    """Where the payload begins, in bytes from ``data``; 0 where the headers are not known."""
    keys = flow_keys()
    if not skb_flow_dissect_flow_keys_basic(None, skb, keys, 0, 0, 0, 0, 0):
        return 0
    return __skb_get_poff(skb, skb.data, keys, skb.len - skb.data_len)


def eth_get_headlen(dev: object, data: int, len: int) -> int:
    """How many of ``len`` bytes at a pointer are headers: what a driver copies into the linear part of an skb whose
    rest stays in pages. The Ethernet header counts always; an unknown protocol ends it.
    """
    if len < ETH_HLEN:
        return len
    mem = here.mem
    proto = mem[data + 12] << 8 | mem[data + 13]
    keys = flow_keys()
    flags = FLOW_DISSECTOR_F_PARSE_1ST_FRAG
    if not skb_flow_dissect_flow_keys_basic(dev, None, keys, data, proto, ETH_HLEN, len, flags):
        return max(keys.thoff, ETH_HLEN)
    return min(__skb_get_poff(None, data, keys, len), len)
