# SPDX-License-Identifier: Apache-2.0
"""bug.jsonl: what the kernel does at its limits, and what it prints. ``what`` names the case; the skb has 64 bytes of
headroom, 100 of data, 156 of tailroom, and in the non-linear cases 500 more in a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pymodel import linux as L
from tests.oracle.bed import Bed, oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]

# Lines that the recorder kept, and what it made of what changes with each boot.
_KEPT = re.compile(r"skbuff: |kernel BUG at |WARNING: CPU: |refcount_t: |RIP: .*refcount")
_POINTERS = re.compile(r"(?<=text:).*(?= len:)|(?<=head:)\S+|(?<=data:)\S+")
_PID = re.compile(r"(?<=PID: )\d+")


def _skb() -> Any:
    skb = L.alloc_skb(256, L.GFP_KERNEL)
    L.skb_reserve(skb, 64)
    L.skb_put(skb, 100)
    return skb


def _nonlinear() -> Any:
    skb = _skb()
    L.skb_add_rx_frag(skb, 0, L.alloc_page(L.GFP_KERNEL), 0, 500, L.PAGE_SIZE)
    return skb


def _shared() -> Any:
    return L.skb_get(_skb())


def _put_on_clone(bed: Bed) -> Record:
    skb = _skb()
    clone = L.skb_clone(skb, L.GFP_KERNEL)
    L.skb_put(clone, 4)
    return {"len": clone.len, "orig_len": skb.len}


def _pull_unchecked(bed: Bed) -> Record:
    skb = _skb()
    L.__dict__["__skb_pull"](skb, skb.len + 1)
    return {"len_after": skb.len}


def _trim_unchecked(bed: Bed) -> Record:
    skb = _skb()
    L.__dict__["__skb_trim"](skb, skb.len + 20)
    return {"len_after": skb.len}


def _trim_nonlinear(bed: Bed) -> Record:
    skb = _nonlinear()
    L.skb_trim(skb, 50)
    return {"len_after": skb.len}


def _napi_enable_twice(bed: Bed) -> None:
    dev = bed.run(L.alloc_etherdev, 0)
    napi = L.napi_struct()
    L.netif_napi_add(dev, napi, lambda napi, budget: 0)
    L.napi_enable(napi)
    L.napi_enable(napi)


def _checksum_help_beyond(bed: Bed) -> Record:
    skb = _nonlinear()
    skb.ip_summed = L.CHECKSUM_PARTIAL
    skb.csum_start = L.skb_headroom(skb) + L.skb_headlen(skb) + 10
    return {"ret": L.skb_checksum_help(skb)}


def _register_twice(bed: Bed) -> None:
    dev = bed.run(L.alloc_etherdev, 0)
    dev.netdev_ops = L.net_device_ops(
        ndo_open=lambda dev: 0, ndo_stop=lambda dev: 0, ndo_start_xmit=lambda skb, dev: L.NETDEV_TX_OK
    )
    assert bed.run(L.register_netdev, dev) == 0
    bed.run(L.register_netdev, dev)


def _free_without_users(bed: Bed) -> None:
    skb = _skb()
    skb.users = 0
    L.kfree_skb(skb)


def _stop_before_register(bed: Bed) -> Record:
    dev = bed.run(L.alloc_etherdev, 0)
    txq = L.netdev_get_tx_queue(dev, 0)
    L.netif_tx_stop_queue(txq)
    return {"stopped": L.netif_tx_queue_stopped(txq)}


def _past(fn: Callable[..., Any]) -> Callable[[Bed], Any]:
    """fn(skb, offset, buffer, n) one byte past the end."""
    return lambda bed: fn(_nonlinear(), 100, L.kmalloc(1024, L.GFP_KERNEL), 501)


_CASES: dict[str, Callable[[Bed], Any]] = {
    "skb_put n=tailroom": lambda bed: (skb := _skb(), L.skb_put(skb, L.skb_tailroom(skb))) and None,
    "skb_put n=tailroom+1": lambda bed: (skb := _skb(), L.skb_put(skb, L.skb_tailroom(skb) + 1)),
    "skb_push n=headroom": lambda bed: (skb := _skb(), L.skb_push(skb, L.skb_headroom(skb))) and None,
    "skb_push n=headroom+1": lambda bed: (skb := _skb(), L.skb_push(skb, L.skb_headroom(skb) + 1)),
    "skb_pull n=len+1 (NULL)": lambda bed: {"ret_null": L.skb_pull(_skb(), 101) == 0},
    "__skb_pull n=len+1": _pull_unchecked,
    "skb_put on nonlinear skb": lambda bed: L.skb_put(_nonlinear(), 1),
    "skb_pull past linear part of nonlinear skb": lambda bed: L.skb_pull(_nonlinear(), 101),
    "__pskb_pull_tail n=data_len+1": lambda bed: L.__dict__["__pskb_pull_tail"](_nonlinear(), 501),
    "pskb_expand_head on shared skb": lambda bed: L.pskb_expand_head(_shared(), 0, 0, L.GFP_KERNEL),
    "skb_trim nonlinear skb (WARN)": _trim_nonlinear,
    "skb_checksum past end": lambda bed: L.skb_checksum(_nonlinear(), 100, 501, 0),
    "napi_enable twice": _napi_enable_twice,
    "skb_checksum_help csum_start beyond linear part": _checksum_help_beyond,
    "skb_copy_bits past end (-EFAULT)": lambda bed: {"ret": _past(L.skb_copy_bits)(bed)},
    "register_netdevice twice": _register_twice,
    "pskb_expand_head nhead<0": lambda bed: L.pskb_expand_head(_skb(), -1, 0, L.GFP_KERNEL),
    "skb_clone then skb_put on clone n<=tailroom": _put_on_clone,
    "kfree_skb with users=0": _free_without_users,
    "netif_tx_stop_queue before register": _stop_before_register,
    "skb_copy_and_csum_bits past end": _past(L.skb_copy_and_csum_bits),
    "__skb_trim larger than len (grows?)": _trim_unchecked,
}


# What would corrupt a kernel silently, so that it was spared: the model has to refuse it.
_SPARED: dict[str, Callable[[], Any]] = {
    "skb_add_rx_frag index MAX_SKB_FRAGS": lambda: L.skb_add_rx_frag(
        _skb(), L.MAX_SKB_FRAGS, L.alloc_page(L.GFP_KERNEL), 0, 1, L.PAGE_SIZE
    ),
    "skb_reserve past end": lambda: L.skb_reserve(L.alloc_skb(256, L.GFP_KERNEL), 321),
}


def _refused(spared: Callable[[], Any]) -> None:
    try:
        spared()
    except L.KernelBug:
        return
    raise AssertionError("the model did what would corrupt a kernel")


def _printed() -> str:
    lines = [line.split("] ", 1)[1] for line in L.dmesg()]
    return "".join(_PID.sub("N", _POINTERS.sub("PTR", line)) + ";" for line in lines if _KEPT.match(line))


def _bug(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    if "skipped" in record:
        _refused(_SPARED[record["what"]])
        return {"survived": True, "log": ""}
    with L.tolerate("WARN"):
        try:
            seen, survived = _CASES[record["what"]](bed) or {}, True
        except L.KernelBug:
            seen, survived = {}, False
    return {**seen, "survived": survived, "log": _printed()}


FAMILIES = [Family("bug", _bug, inputs=frozenset({"case", "what", "skipped"}))]
