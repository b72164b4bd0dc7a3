# SPDX-License-Identifier: Apache-2.0
"""csum.jsonl: checksums over memory and in sk_buffs."""

from __future__ import annotations

import zlib
from typing import Any

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]

RAW = "unfolded partial sums are an implementation detail: they differ between kernel versions"
AT = 2 * L.PAGE_SIZE  # memory that nobody has allocated


def _csum_partial(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    data = bytes.fromhex(record["data"])
    at = AT + record["align"]
    bed.m.memory.mem[at : at + len(data)] = data
    return {
        "fold": L.csum_fold(L.csum_partial(at, len(data), record["init"])),
        "ip_compute_csum": L.ip_compute_csum(at, len(data)),
    }


def _csum_arith(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    a, b, s, off = record["a"], record["b"], record["s"], record["off"]
    field = AT
    replaced = {}
    for name, replace, mask in (("replace2", L.csum_replace2, 0xFFFF), ("replace4", L.csum_replace4, 0xFFFFFFFF)):
        bed.m.memory.mem[field : field + 2] = (s & 0xFFFF).to_bytes(2, "little")
        replace(field, a & mask, b & mask)
        replaced[name] = int.from_bytes(bed.m.memory.mem[field : field + 2], "little")
    return {
        "csum_fold_a": L.csum_fold(a),
        "csum_add": L.csum_add(a, b),
        "csum_sub": L.csum_sub(a, b),
        "csum_block_add": L.csum_block_add(a, b, off),
        "csum_block_sub": L.csum_block_sub(a, b, off),
        "csum_shift": L.csum_shift(a, off),
        "tcpudp_nofold_raw": L.csum_tcpudp_nofold(a, b, record["len"], record["proto"], s),
        "tcpudp_magic": L.csum_tcpudp_magic(a, b, record["len"], record["proto"], s),
        **replaced,
    }


def _csum_ipv6_magic(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    bed.m.memory.mem[AT : AT + 32] = bytes.fromhex(record["saddr"] + record["daddr"])
    return {"ret": L.csum_ipv6_magic(AT, AT + 16, record["len"], record["proto"], record["s"])}


def _ip_fast_csum(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    data = bytes.fromhex(record["data"])
    bed.m.memory.mem[AT : AT + len(data)] = data
    return {"ret": L.ip_fast_csum(AT, record["ihl"])}


def _skb(data: bytes, linear: int, reserve: int = 64) -> Any:
    """An skb of these bytes: the first ``linear`` of them linear, the rest in page fragments."""
    skb = L.alloc_skb(reserve + linear, L.GFP_ATOMIC)
    L.skb_reserve(skb, reserve)
    L.skb_put_data(skb, data, linear)
    for i, at in enumerate(range(linear, len(data), L.PAGE_SIZE)):
        piece = data[at : at + L.PAGE_SIZE]
        page = L.alloc_page(L.GFP_ATOMIC)
        L.skb_add_rx_frag(skb, i, page, 0, len(piece), L.PAGE_SIZE)
        L.skb_store_bits(skb, at, piece, len(piece))
    return skb


def _skb_checksum_help(record: Record, context: Record | None) -> Record:
    oracle_bed()
    frame = bytes.fromhex(record["frame"])
    skb = _skb(frame, record["linear"])
    headroom = L.skb_headroom(skb)
    L.skb_pull(skb, record["data_off"])
    skb.ip_summed = record["ip_summed_in"]
    skb.csum_start = headroom + record["csum_start"]
    skb.csum_offset = record["csum_offset"]
    ret = L.skb_checksum_help(skb)
    out = L.skb_to_bytes(skb)
    field = record["csum_start"] + record["csum_offset"] - record["data_off"]
    return {
        "ret": ret,
        "ip_summed": skb.ip_summed,
        "data_len_after": skb.data_len,
        "csum_bytes": out[field : field + 2].hex(),
        "crc32": zlib.crc32(out),
    }


def _validation(skb: Any) -> Record:
    return {
        "ip_summed": skb.ip_summed,
        "csum_valid": skb.csum_valid,
        "csum_level": skb.csum_level,
        "csum_complete_sw": skb.csum_complete_sw,
        "csum_fold": L.csum_fold(skb.csum),
        "csum_unnecessary": L.skb_csum_unnecessary(skb),
    }


def _csum_validate(record: Record, context: Record | None) -> Record:
    oracle_bed()
    frame = bytes.fromhex(record["frame"])
    skb = _skb(frame, record["linear"])
    L.skb_reset_mac_header(skb)
    L.skb_set_network_header(skb, L.ETH_HLEN)
    L.skb_pull(skb, record["l4_off"])
    L.skb_reset_transport_header(skb)
    given = record["in"]
    skb.ip_summed, skb.csum, skb.csum_level = given["ip_summed"], given["csum_raw"], given["csum_level"]
    pseudo = L.ip6_compute_pseudo if record["v6"] else L.inet_compute_pseudo
    with L.tolerate("OFF3"):  # some of the device's sums are wrong
        if record["zero_ok"]:
            init = L.skb_checksum_init_zero_check(skb, record["proto"], L.udp_hdr(skb).check, pseudo)
        else:
            init = L.skb_checksum_init(skb, record["proto"], pseudo)
        after_init = _validation(skb)
        complete = L.__skb_checksum_complete(skb)
    return {
        "init_ret": bool(init),
        "after_init": after_init,
        "complete_ret": bool(complete),
        "after_complete": _validation(skb),
    }


def _csum_level(record: Record, context: Record | None) -> Record:
    oracle_bed()
    skb = L.alloc_skb(64, L.GFP_ATOMIC)
    skb.ip_summed, skb.csum_level = record["in"]
    step = {
        "incr": L.__skb_incr_checksum_unnecessary,
        "decr": L.__skb_decr_checksum_unnecessary,
        "reset": L.__skb_reset_checksum_unnecessary,
    }
    ops = []
    for name, *_ in record["ops"]:
        step[name](skb)
        ops.append([name, skb.ip_summed, skb.csum_level])
    return {"ops": ops}


def _csum_complete_ops(record: Record, context: Record | None) -> Record:
    oracle_bed()
    skb = _skb(bytes.fromhex(record["data"]), record["linear"])
    skb.ip_summed = L.CHECKSUM_COMPLETE
    skb.csum = L.skb_checksum(skb, 0, skb.len, 0)
    first = L.csum_fold(skb.csum)
    ops = []
    for step in record["ops"]:
        op, n = step["op"], step["n"]
        done: Record = {"op": op, "n": n}
        if op == "pskb_trim_rcsum":
            done["ret"] = L.pskb_trim_rcsum(skb, n)
        elif op == "skb_pull_rcsum":
            L.skb_pull_rcsum(skb, n)
        elif op == "pull_postpull_rcsum":
            start = skb.data
            L.skb_pull(skb, n)
            L.skb_postpull_rcsum(skb, start, n)
        else:
            done["bytes"] = step["bytes"]
            L.skb_push(skb, n)
            L.skb_store_bits(skb, 0, bytes.fromhex(step["bytes"]), n)
            L.skb_pull(skb, n)
            L.skb_push_rcsum(skb, n)
        done["len"] = skb.len
        done["ip_summed"] = skb.ip_summed
        done["csum_fold"] = L.csum_fold(skb.csum)
        done["true_fold"] = L.csum_fold(L.skb_checksum(skb, 0, skb.len, 0))
        ops.append(done)
    return {"csum_fold_in": first, "ops": ops}


def _skb_checksum_setup(record: Record, context: Record | None) -> Record:
    oracle_bed()
    frame = bytes.fromhex(record["frame"])
    skb = _skb(frame, len(frame))
    skb.protocol = L.ETH_P_IPV6 if frame[14] >> 4 == 6 else L.ETH_P_IP
    L.skb_pull(skb, L.ETH_HLEN)
    L.skb_reset_network_header(skb)
    ret = L.skb_checksum_setup(skb, bool(record["recalculate"]))
    if ret:
        return {"ret": ret}
    field = skb.csum_start + skb.csum_offset - L.skb_headroom(skb)
    return {
        "ret": ret,
        "csum_start_from_net": skb.csum_start - skb.network_header,
        "csum_offset": skb.csum_offset,
        "field": int.from_bytes(L.skb_to_bytes(skb)[field : field + 2], "little"),
    }


FAMILIES = [
    Family("csum_partial", _csum_partial, frozenset({"id", "init", "align", "data"}), left_out={"raw": RAW}),
    Family("csum_arith", _csum_arith, frozenset({"id", "a", "b", "s", "len", "proto", "off", "note"})),
    Family("csum_ipv6_magic", _csum_ipv6_magic, frozenset({"id", "saddr", "daddr", "len", "proto", "s"})),
    Family("ip_fast_csum", _ip_fast_csum, frozenset({"id", "ihl", "data"})),
    Family(
        "skb_checksum_help",
        _skb_checksum_help,
        frozenset({"id", "frame", "data_off", "linear", "csum_start", "csum_offset", "ip_summed_in", "hint"}),
    ),
    Family(
        "csum_validate",
        _csum_validate,
        frozenset({"id", "frame", "l4_off", "linear", "v6", "proto", "zero_ok", "in"}),
        left_out={"after_init.csum_raw": RAW, "after_complete.csum_raw": RAW},
    ),
    Family("csum_level", _csum_level, frozenset({"id", "in"})),
    Family("csum_complete_ops", _csum_complete_ops, frozenset({"id", "data", "linear"})),
    Family("skb_checksum_setup", _skb_checksum_setup, frozenset({"id", "frame", "recalculate"})),
]
