# SPDX-License-Identifier: Apache-2.0
"""gso.jsonl: segmentation of TCP and UDP."""

from __future__ import annotations

import zlib
from typing import Any

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]


def _pattern(seed: int, n: int) -> bytes:
    return bytes((seed + 7 * i) & 255 for i in range(n))


def _gso_skb(record: Record) -> Any:
    header = bytes.fromhex(record["hdr"])
    data = header + _pattern(*record["pay"])
    linear = record["linear"]
    skb = L.alloc_skb(L.MAX_HEADER + linear, L.GFP_ATOMIC)
    L.skb_reserve(skb, L.MAX_HEADER)
    L.skb_put_data(skb, data, linear)
    at = linear
    for i, size in enumerate(record["frags"]):
        page = L.alloc_pages(L.GFP_ATOMIC, L.get_order(size))
        L.skb_add_rx_frag(skb, i, page, 0, size, size)
        L.skb_store_bits(skb, at, data[at : at + size], size)
        at += size
    L.skb_reset_mac_header(skb)
    L.skb_set_network_header(skb, record["net_off"])
    L.skb_set_transport_header(skb, record["trans_off"])
    skb.mac_len = record["mac_len"]
    skb.protocol = record["protocol"]
    skb.ip_summed = L.CHECKSUM_PARTIAL
    skb.csum_start = L.skb_headroom(skb) + record["csum_start"]
    skb.csum_offset = record["csum_offset"]
    shinfo = L.skb_shinfo(skb)
    shinfo.gso_size, shinfo.gso_segs, shinfo.gso_type = record["gso_size"], record["gso_segs"], record["gso_type"]
    if record["vlan_hw"] != -1:
        skb.vlan_proto, skb.vlan_tci = L.ETH_P_8021Q, record["vlan_hw"]
    return skb


def _seg(skb: Any, header: int) -> Record:
    shinfo = L.skb_shinfo(skb)
    data = L.skb_to_bytes(skb)
    seg = {
        "len": skb.len,
        "data_len": skb.data_len,
        "nr_frags": shinfo.nr_frags,
        "frag_list": L.skb_has_frag_list(skb),
        "ip_summed": skb.ip_summed,
        "gso_size": shinfo.gso_size,
        "gso_segs": shinfo.gso_segs,
        "gso_type": shinfo.gso_type,
        "mac_len": skb.mac_len,
        "net_off": L.skb_network_offset(skb),
        "trans_off": L.skb_transport_offset(skb),
        "vlan_present": skb.vlan_proto != 0,
        "crc32": zlib.crc32(data),
        "hdr": data[:header].hex(),
    }
    if skb.ip_summed == L.CHECKSUM_PARTIAL:
        seg["csum_start"] = L.skb_checksum_start_offset(skb)
        seg["csum_offset"] = skb.csum_offset
    return seg


def _gso(record: Record, context: Record | None) -> Record:
    oracle_bed()
    skb = _gso_skb(record)
    ours: Record = {
        "network_seglen_ok_1500": L.skb_gso_validate_network_len(skb, 1500),
        "mac_seglen_ok_1514": L.skb_gso_validate_mac_len(skb, 1514),
    }
    features = 0
    for name in record["features"]:
        features |= getattr(L, f"NETIF_F_{name}")
    segs = L.__skb_gso_segment(skb, features, True)
    if segs is None:
        return {**ours, "null": True, "gso_segs_after": L.skb_shinfo(skb).gso_segs}
    if isinstance(segs, int):
        return {**ours, "err": segs}
    found = []
    while segs is not None:
        found.append(_seg(segs, len(record["hdr"]) // 2))
        segs = segs.next
    return {**ours, "segs": found}


INPUTS = (
    "id features hdr pay linear frags csum_start csum_offset net_off trans_off mac_len gso_size gso_segs gso_type "
    "vlan_hw protocol"
)
FAMILIES = [Family("gso", _gso, frozenset(INPUTS.split()))]
