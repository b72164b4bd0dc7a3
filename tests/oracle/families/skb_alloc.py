# SPDX-License-Identifier: Apache-2.0
"""skb_alloc.jsonl: the geometry of fresh sk_buffs."""

from __future__ import annotations

from typing import Any

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.families.skb_ops import alloc
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]


def _constants() -> Record:
    return {
        "sizeof_sk_buff": L.SIZEOF_SK_BUFF,
        "sizeof_shinfo": L.SIZEOF_SHINFO,
        "sizeof_fclones": L.SIZEOF_FCLONES,
        "SMP_CACHE_BYTES": L.SMP_CACHE_BYTES,
        "NET_SKB_PAD": L.NET_SKB_PAD,
        "NET_IP_ALIGN": L.NET_IP_ALIGN,
        "MAX_SKB_FRAGS": L.MAX_SKB_FRAGS,
        "SKB_DATA_ALIGN_shinfo": L.SKB_DATA_ALIGN(L.SIZEOF_SHINFO),
        "SKB_TRUESIZE_0": L.SKB_TRUESIZE(0),
        "SKB_MAX_ALLOC": L.SKB_MAX_ALLOC,
        "PAGE_SIZE": L.PAGE_SIZE,
        "sizeof_skb_frag": L.SIZEOF_SKB_FRAG,
        "GRO_MAX_SIZE": L.GRO_MAX_SIZE,
        "MAX_HEADER": L.MAX_HEADER,
        "LL_MAX_HEADER": L.LL_MAX_HEADER,
        "NAPI_POLL_WEIGHT": L.NAPI_POLL_WEIGHT,
        "HZ": L.HZ,
    }


def _geometry(skb: Any) -> Record:
    return {
        "headroom": L.skb_headroom(skb),
        "tailroom": L.skb_tailroom(skb),
        "end": L.skb_end_offset(skb),
        "len": skb.len,
        "truesize": skb.truesize,
        "nr_frags": L.skb_shinfo(skb).nr_frags,
    }


def _skb_alloc(record: Record, context: Record | None) -> Record:
    fn = record["fn"]
    if fn == "constants":
        return _constants()
    bed = oracle_bed()
    if fn == "alloc_skb_with_frags":
        skb, err = L.alloc_skb_with_frags(record["header_len"], record["data_len"], record["max_order"], L.GFP_KERNEL)
        return {"data_len": record["data_len"], "err": err, "skb_data_len": skb.data_len, **_geometry(skb)}
    if fn == "build_skb_frag":
        skb = L.build_skb(L.netdev_alloc_frag(record["arg"]), record["arg"])
    elif fn == "build_skb_kmalloc":
        skb = L.slab_build_skb(L.kmalloc(record["size"], L.GFP_KERNEL))
    else:
        skb = alloc(bed, fn, record["size"])
    return {
        **_geometry(skb),
        "data_len": skb.data_len,
        "head_frag": skb.head_frag,
        "fclone": skb.fclone,
        "users": skb.users,
        "dev_set": skb.dev is not None,
        "ip_summed": skb.ip_summed,
        "data_align16": skb.data & 15,
    }


FAMILIES = [
    Family("skb_alloc", _skb_alloc, inputs=frozenset({"fn", "size", "arg", "header_len", "max_order"})),
]
