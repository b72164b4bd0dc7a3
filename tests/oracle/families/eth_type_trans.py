# SPDX-License-Identifier: Apache-2.0
"""eth_type_trans.jsonl: Ethernet headers, VLAN tags, addresses."""

from __future__ import annotations

from typing import Any

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]


class Device:
    """As much of a net_device as these functions look at."""

    name = "rec0"
    features = 0
    flags = 0
    mtu = 1500

    def __init__(self, dev_addr: str) -> None:
        self.dev_addr = bytes.fromhex(dev_addr)


def _offset(skb: Any) -> int:
    return int(skb.data - skb.head)


def _eth_type_trans(record: Record, context: Record | None) -> Record:
    oracle_bed()
    dev = Device(record["dev_addr"])
    frame = bytes.fromhex(record["frame"])
    skb = L.alloc_skb(record["data_off"] + len(frame) + 64, L.GFP_ATOMIC)
    L.skb_reserve(skb, record["data_off"])
    L.skb_put_data(skb, frame, len(frame))
    skb.protocol = L.eth_type_trans(skb, dev)
    ours: Record = {
        "protocol": skb.protocol,
        "pkt_type": skb.pkt_type,
        "mac_header": skb.mac_header,
        "len_after": skb.len,
        "data_off_after": _offset(skb),
        "mac_len": skb.mac_len,
        "dev_set": skb.dev is dev,
    }
    if L.eth_type_vlan(skb.protocol) and len(frame) >= L.ETH_HLEN:  # the recorder's driver untags whole headers only
        skb = L.skb_vlan_untag(skb)
        ours["untag"] = None
        if skb is not None:
            mac_header_len = _offset(skb) - skb.mac_header
            L.skb_push(skb, mac_header_len)
            from_mac = L.skb_to_bytes(skb).hex()
            L.skb_pull(skb, mac_header_len)
            ours["untag"] = {
                "present": L.skb_vlan_tag_present(skb),
                "proto": skb.vlan_proto,
                "tci": skb.vlan_tci,
                "protocol": skb.protocol,
                "len": skb.len,
                "data_off": _offset(skb),
                "mac_header": skb.mac_header,
                "mac_len": skb.mac_len,
                "net": skb.network_header,
                "trans": skb.transport_header,
                "from_mac": from_mac,
            }
    return ours


def _vlan_ops(record: Record, context: Record | None) -> Record:
    oracle_bed()
    frame = bytes.fromhex(record["frame"])
    skb: Any = L.alloc_skb(len(frame) + 64, L.GFP_ATOMIC)
    L.skb_reserve(skb, 64)
    L.skb_put_data(skb, frame, len(frame))
    skb.dev = Device("020000000001")
    L.skb_reset_mac_header(skb)
    skb.mac_len = L.ETH_HLEN
    skb.protocol = L.eth_hdr(skb).h_proto
    L.skb_set_network_header(skb, L.VLAN_ETH_HLEN if L.eth_type_vlan(skb.protocol) else L.ETH_HLEN)
    ops = []
    for step in record["ops"]:
        op = step["op"]
        done: Record = {"op": op, "ret": 0}
        if op == "get_tag":
            done["ret"], done["tci"] = L.vlan_get_tag(skb)
            done["vlan_get_protocol"] = L.vlan_get_protocol(skb)
        elif op == "vlan_pop":
            done["ret"] = L.skb_vlan_pop(skb)
        elif op == "push_inside":
            if L.skb_vlan_tag_present(skb):
                skb = L.__vlan_hwaccel_push_inside(skb)
        else:
            done["proto"], done["tci"] = step["proto"], step["tci"]
            if op == "vlan_push":
                done["ret"] = L.skb_vlan_push(skb, step["proto"], step["tci"])
            else:
                L.__vlan_hwaccel_put_tag(skb, step["proto"], step["tci"])
        done.update(
            present=L.skb_vlan_tag_present(skb),
            vproto=skb.vlan_proto,
            vtci=skb.vlan_tci,
            protocol=skb.protocol,
            len=skb.len,
            mac_len=skb.mac_len,
            data=L.skb_to_bytes(skb).hex(),
        )
        ops.append(done)
    return {"ops": ops}


def _eth_get_headlen(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    frame = bytes.fromhex(record["frame"])
    at = 2 * L.PAGE_SIZE
    bed.m.memory.mem[at : at + len(frame)] = frame
    return {"ret": L.eth_get_headlen(Device("020000000001"), at, record["len"])}


def _eth_addr(record: Record, context: Record | None) -> Record:
    addr = bytes.fromhex(record["addr"].replace(":", ""))
    return {
        "valid": L.is_valid_ether_addr(addr),
        "multicast": L.is_multicast_ether_addr(addr),
        "broadcast": L.is_broadcast_ether_addr(addr),
        "local": L.is_local_ether_addr(addr),
        "zero": L.is_zero_ether_addr(addr),
        "ether_crc": L.ether_crc(L.ETH_ALEN, addr),
        "ether_crc_le": L.ether_crc_le(L.ETH_ALEN, addr),
    }


FAMILIES = [
    Family("eth_type_trans", _eth_type_trans, frozenset({"id", "dev_addr", "frame", "len", "data_off"})),
    Family("vlan_ops", _vlan_ops, frozenset({"id", "frame"})),
    Family("eth_get_headlen", _eth_get_headlen, frozenset({"id", "frame", "len"})),
    Family("eth_addr", _eth_addr, frozenset({"id", "addr"})),
]
