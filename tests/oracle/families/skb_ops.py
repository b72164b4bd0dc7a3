# SPDX-License-Identifier: Apache-2.0
"""skb_ops.jsonl: sequences of operations on up to five sk_buffs that share data and pages."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from pymodel import linux as L
from tests.oracle.bed import Bed, oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES", "alloc", "fill"]

Slots = dict[int, Any]
_GEOMETRY = ("data", "tail", "len", "data_len")


def fill(seed: int, n: int) -> bytes:
    """The bytes that a record describes by seed and length."""
    return bytes((seed + 7 * i) & 255 for i in range(n))


def alloc(bed: Bed, fn: str, size: int) -> Any:
    """An skb of the named function, of a device where the function takes one."""
    if fn in ("alloc_skb", "alloc_skb_fclone"):
        return getattr(L, fn)(size, L.GFP_KERNEL)
    if fn == "dev_alloc_skb":
        return L.dev_alloc_skb(size)
    dev = bed.run(L.alloc_etherdev, 0)
    if fn == "napi_alloc_skb":
        napi = L.napi_struct()
        napi.dev = dev
        return L.napi_alloc_skb(napi, size)
    return getattr(L, fn)(dev, size)


class _Replay:
    """One record's skbs. Each ``op_*`` does one operation and returns what it showed beside the state."""

    def __init__(self, init: Record) -> None:
        self.bed = oracle_bed()
        self.mem = self.bed.m.memory.mem
        self.slots: Slots = {0: alloc(self.bed, init["fn"], init["size"])}

    def state(self) -> list[Record]:
        found = []
        for slot, skb in sorted(self.slots.items()):
            shinfo = L.skb_shinfo(skb)
            found.append(
                {
                    "slot": slot,
                    "headroom": L.skb_headroom(skb),
                    "tailroom": L.skb_tailroom(skb),
                    "end": L.skb_end_offset(skb),
                    "len": skb.len,
                    "data_len": skb.data_len,
                    "nr_frags": shinfo.nr_frags,
                    "truesize": skb.truesize,
                    "cloned": L.skb_cloned(skb),
                    "hdr_cloned": L.skb_header_cloned(skb),
                    "users": skb.users,
                    "dataref": shinfo.dataref & 0xFFFF,
                    "mac": skb.mac_header if L.skb_mac_header_was_set(skb) else -1,
                    "net": skb.network_header,
                    "trans": skb.transport_header if L.skb_transport_header_was_set(skb) else -1,
                    "frags": [L.skb_frag_size(f) for f in shinfo.frags[: shinfo.nr_frags]],
                    "frag_list": L.skb_has_frag_list(skb),
                    "crc32": zlib.crc32(L.skb_to_bytes(skb)),
                }
            )
        return found

    def step(self, op: Record) -> Record:
        """Do one operation. What the kernel would BUG or WARN at was not executed: it leaves no trace."""
        skb = self.slots[op["slot"]]
        before = [getattr(skb, name) for name in _GEOMETRY]
        inputs = {k: op[k] for k in _INPUTS if k in op}
        run: Callable[[Any, Record], Record] = getattr(self, f"op_{op['op']}")
        try:
            seen = run(skb, inputs)
        except (L.KernelBug, L.KernelWarning) as exc:
            for name, value in zip(_GEOMETRY, before, strict=True):
                setattr(skb, name, value)
            seen = {f"would_{'bug' if isinstance(exc, L.KernelBug) else 'warn'}": True}
        return {**inputs, **seen, "st": self.state()}

    # -- pointers: the linear part
    def _filled(self, skb: Any, at: int, op: Record) -> Record:
        self.mem[at : at + op["n"]] = fill(op["seed"], op["n"])
        return {"ret_off": at - skb.head}

    def op_reserve(self, skb: Any, op: Record) -> Record:
        L.skb_reserve(skb, op["n"])
        return {}

    def op_put(self, skb: Any, op: Record) -> Record:
        return self._filled(skb, L.skb_put(skb, op["n"]), op)

    def op_put_data(self, skb: Any, op: Record) -> Record:
        return {"ret_off": L.skb_put_data(skb, fill(op["seed"], op["n"]), op["n"]) - skb.head}

    def op_put_zero(self, skb: Any, op: Record) -> Record:
        return {"ret_off": L.skb_put_zero(skb, op["n"]) - skb.head}

    def op_push(self, skb: Any, op: Record) -> Record:
        return self._filled(skb, L.skb_push(skb, op["n"]), op)

    def _pointer(self, skb: Any, at: int) -> Record:
        return {"ret_off": at - skb.head} if at else {"ret_null": True}

    def op_pull(self, skb: Any, op: Record) -> Record:
        return self._pointer(skb, L.skb_pull(skb, op["n"]))

    def op_pskb_pull(self, skb: Any, op: Record) -> Record:
        return self._pointer(skb, L.pskb_pull(skb, op["n"]))

    def op___pskb_pull_tail(self, skb: Any, op: Record) -> Record:
        return self._pointer(skb, L.__dict__["__pskb_pull_tail"](skb, op["n"]))

    def op_trim(self, skb: Any, op: Record) -> Record:
        L.skb_trim(skb, op["n"])
        return {}

    def op_reset_mac(self, skb: Any, op: Record) -> Record:
        L.skb_reset_mac_header(skb)
        return {}

    def op_reset_network(self, skb: Any, op: Record) -> Record:
        L.skb_reset_network_header(skb)
        return {}

    def op_reset_transport(self, skb: Any, op: Record) -> Record:
        L.skb_reset_transport_header(skb)
        return {}

    # -- what returns an errno or a truth
    def op_pskb_trim(self, skb: Any, op: Record) -> Record:
        return {"ret": L.pskb_trim(skb, op["n"])}

    def op_pskb_may_pull(self, skb: Any, op: Record) -> Record:
        return {"ret": L.pskb_may_pull(skb, op["n"])}

    def op_pskb_expand_head(self, skb: Any, op: Record) -> Record:
        return {"ret": L.pskb_expand_head(skb, op["nhead"], op["ntail"], L.GFP_ATOMIC)}

    def op_linearize(self, skb: Any, op: Record) -> Record:
        return {"ret": L.skb_linearize(skb)}

    def op_cow(self, skb: Any, op: Record) -> Record:
        return {"ret": L.skb_cow(skb, op["n"])}

    def op_cow_head(self, skb: Any, op: Record) -> Record:
        return {"ret": L.skb_cow_head(skb, op["n"])}

    def op_put_padto(self, skb: Any, op: Record) -> Record:
        return {"ret": L.skb_put_padto(skb, op["n"])}

    # -- bytes and pages
    def op_add_rx_frag(self, skb: Any, op: Record) -> Record:
        page = L.alloc_pages(L.GFP_KERNEL, L.get_order(op["off"] + op["n"]))
        at = L.page_address(page) + op["off"]
        self.mem[at : at + op["n"]] = fill(op["seed"], op["n"])
        L.skb_add_rx_frag(skb, L.skb_shinfo(skb).nr_frags, page, op["off"], op["n"], op["truesize"])
        return {}

    def op_copy_bits(self, skb: Any, op: Record) -> Record:
        out = bytearray(op["n"])
        ret = L.skb_copy_bits(skb, op["off"], out, op["n"])
        return {"ret": ret} if ret else {"ret": ret, "out_crc32": zlib.crc32(out)}

    def op_store_bits(self, skb: Any, op: Record) -> Record:
        return {"ret": L.skb_store_bits(skb, op["off"], fill(op["seed"], op["n"]), op["n"])}

    def op_skb_checksum(self, skb: Any, op: Record) -> Record:
        return {"fold": L.csum_fold(L.skb_checksum(skb, op["off"], op["n"], 0))}

    def op_split(self, skb: Any, op: Record) -> Record:
        self.slots[op["to"]] = other = L.alloc_skb(op["new_alloc"], L.GFP_KERNEL)
        L.skb_split(skb, other, op["n"])
        return {}

    def op_try_coalesce(self, skb: Any, op: Record) -> Record:
        frm = self.slots[op["from"]]
        ret, stolen, delta = L.skb_try_coalesce(skb, frm)
        if not ret:
            return {"ret": ret}
        L.kfree_skb_partial(frm, stolen)
        del self.slots[op["from"]]
        return {"ret": ret, "fragstolen": stolen, "delta_truesize": delta}

    # -- others of its kind
    def op_kfree_skb(self, skb: Any, op: Record) -> Record:
        L.kfree_skb(skb)
        del self.slots[op["slot"]]
        return {}

    def _new(self, op: Record, skb: Any) -> Record:
        self.slots[op["to"]] = skb
        return {}

    def op_clone(self, skb: Any, op: Record) -> Record:
        return self._new(op, L.skb_clone(skb, L.GFP_KERNEL))

    def op_copy(self, skb: Any, op: Record) -> Record:
        return self._new(op, L.skb_copy(skb, L.GFP_KERNEL))

    def op_pskb_copy(self, skb: Any, op: Record) -> Record:
        return self._new(op, L.pskb_copy(skb, L.GFP_KERNEL))

    def op_copy_expand(self, skb: Any, op: Record) -> Record:
        return self._new(op, L.skb_copy_expand(skb, op["nhead"], op["ntail"], L.GFP_KERNEL))

    def op_realloc_headroom(self, skb: Any, op: Record) -> Record:
        return self._new(op, L.skb_realloc_headroom(skb, op["n"]))

    def op_get_share_check(self, skb: Any, op: Record) -> Record:
        return self._new(op, L.skb_share_check(L.skb_get(skb), L.GFP_KERNEL))

    def _same(self, op: Record, skb: Any, now: Any) -> Record:
        self.slots[op["slot"]] = now
        return {"same": now is skb}

    def op_share_check(self, skb: Any, op: Record) -> Record:
        return self._same(op, skb, L.skb_share_check(skb, L.GFP_KERNEL))

    def op_unshare(self, skb: Any, op: Record) -> Record:
        return self._same(op, skb, L.skb_unshare(skb, L.GFP_KERNEL))


_INPUTS = ("op", "slot", "to", "from", "n", "off", "seed", "truesize", "nhead", "ntail", "new_alloc")


def _skb_ops(record: Record, context: Record | None) -> Record:
    init = record["init"]
    replay = _Replay(init)
    return {
        "init": {"fn": init["fn"], "size": init["size"], "st": replay.state()},
        "ops": [replay.step(op) for op in record["ops"]],
    }


FAMILIES = [
    Family(
        "skb_ops",
        _skb_ops,
        inputs=frozenset({"id"}),
        left_out={"ops.raw": "unfolded partial sums are an implementation detail: they differ between kernel versions"},
    ),
]
