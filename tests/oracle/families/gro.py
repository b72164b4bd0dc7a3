# SPDX-License-Identifier: Apache-2.0
"""gro.jsonl: packets through napi_gro_receive() and napi_gro_frags(), and what an rx_handler gets to see.

All records were made on one NAPI instance, one after the other: a record may begin with the sk_buff in ``napi->skb``
that an earlier one left there, and what its first user does not set (hash, transport header, csum_level) shows. Where
the record before is in the file, its replay tells what was left; where it is not, each possibility is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple
from zlib import crc32

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record
from tests.unit.linux_bed import Bed

__all__ = ["FAMILIES"]

_RESULTS = {L.GRO_MERGED: "MERGED", L.GRO_MERGED_FREE: "MERGED_FREE", L.GRO_HELD: "HELD", L.GRO_NORMAL: "NORMAL"}
_FEATURES = {
    "GRO": L.NETIF_F_GRO,
    "GRO_UDP_FWD": L.NETIF_F_GRO_UDP_FWD,
    "GRO_FRAGLIST": L.NETIF_F_GRO_FRAGLIST,
}
_FLUSH, _RETURN_BUDGET, _COMPLETE = 1, 2, 3


def _constants(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    dev = bed.run(L.alloc_etherdev, 0)
    assert dev.gro_ipv4_max_size == dev.gro_max_size
    return {
        "MAX_GRO_SKBS": L.MAX_GRO_SKBS,
        "GRO_HASH_BUCKETS": L.GRO_HASH_BUCKETS,
        "gro_max_size": dev.gro_max_size,
        "gro_normal_batch": bed.m.state["net"].gro_normal_batch,
        "HZ": L.HZ,
    }


class _Left(NamedTuple):
    """What is left of an earlier packet in the sk_buff of napi_get_frags()."""

    hash: int
    transport_header: int
    csum_level: int


class _Receiver:
    """A device whose poll hands the record's frames to GRO. ``left``: what its NAPI instance has from before."""

    def __init__(self, bed: Bed, record: Record, left: _Left | None) -> None:
        self.left = left
        self.mem = bed.m.memory.mem
        self.trace: list[Any] = []
        self.frames = list(enumerate(record["frames"]))
        self.napi = L.napi_struct(container=self)
        self.ndev = ndev = L.alloc_etherdev(0)
        assert ndev is not None
        ndev.dev_addr = bytes.fromhex("020000000001")
        ndev.netdev_ops = L.net_device_ops(ndo_open=self.open, ndo_stop=self.stop, ndo_start_xmit=self.xmit)
        L.netif_napi_add(ndev, self.napi, self.poll)
        ndev.mtu = L.ETH_MAX_MTU  # the recorder put frames beyond 1500 bytes together
        assert L.register_netdev(ndev) == 0
        assert L.dev_open(ndev) == 0
        for name, bit in _FEATURES.items():
            ndev.features = ndev.features | bit if record["features"][name] else ndev.features & ~bit
        L.rtnl_lock()
        L.netdev_rx_handler_register(ndev, self.deliver)
        L.rtnl_unlock()
        while self.frames:
            L.local_bh_disable()
            L.napi_schedule(self.napi)
            L.local_bh_enable()

    def open(self, ndev: Any) -> int:
        L.napi_enable(self.napi)
        if self.left is not None:
            skb = L.napi_get_frags(self.napi)
            assert skb is not None
            skb.hash, skb.transport_header, skb.csum_level = self.left
        return 0

    def stop(self, ndev: Any) -> int:
        L.napi_disable(self.napi)
        return 0

    def xmit(self, skb: Any, ndev: Any) -> int:
        L.dev_kfree_skb_any(skb)
        return L.NETDEV_TX_OK

    # -- receiving -------------------------------------------------------------------------------------------
    def poll(self, napi: Any, budget: int) -> int:
        self.trace.append(["poll"])
        work = 0
        while self.frames:
            number, frame = self.frames.pop(0)
            work += 1
            self.trace.append(["gro_result", number, _RESULTS[self.receive(frame)]])
            if frame["end"] == _FLUSH:
                self.trace.append(["napi_gro_flush"])
                L.napi_gro_flush(napi, False)
            elif frame["end"] == _RETURN_BUDGET:
                self.trace.append(["poll_ret_budget"])
                return budget
            elif frame["end"] == _COMPLETE:
                break
        self.trace.append(["napi_complete_done"])
        work = min(work, budget - 1)  # the recorder did not mind its budget
        L.napi_complete_done(napi, work)
        return work

    def receive(self, frame: Record) -> int:
        seed, n = frame["pay"]
        data = bytes.fromhex(frame["hdr"]) + bytes((seed + 7 * i) & 255 for i in range(n)) + bytes(frame["pad"])
        layout, linear = frame["layout"], frame["lin"]
        napi, ndev = self.napi, self.ndev
        skb: Any
        if layout == "napi_get_frags":
            skb = L.napi_get_frags(napi)
            self.add_frags(skb, data, 0, 2048)
        elif layout in ("napi_alloc_skb", "alloc_skb"):
            if layout == "napi_alloc_skb":
                skb = L.napi_alloc_skb(napi, len(data))
            else:
                skb = L.alloc_skb(len(data) + L.NET_SKB_PAD + 16, L.GFP_ATOMIC)
                L.skb_reserve(skb, L.NET_SKB_PAD)
            L.skb_put_data(skb, data, len(data))
        else:
            linear = min(linear, len(data))
            skb = L.napi_alloc_skb(napi, 256)
            L.skb_put_data(skb, data, linear)
            self.add_frags(skb, data, linear, 4096 if layout == "hdr_split" else max(300, len(data) // 14))
        if layout != "napi_get_frags":
            skb.protocol = L.eth_type_trans(skb, ndev)
        skb.ip_summed = frame["ip_summed"]
        if frame["ip_summed"] == L.CHECKSUM_UNNECESSARY:
            skb.csum_level = frame["csum_level"]
        elif frame["ip_summed"] == L.CHECKSUM_COMPLETE:
            skb.csum = int.from_bytes(data[14:], "little") % 0xFFFF
        if frame["vlan_hw"] >= 0:
            skb.vlan_proto, skb.vlan_tci = L.ETH_P_8021Q, frame["vlan_hw"]
        if frame["hash"]:
            L.skb_set_hash(skb, frame["hash"], L.PKT_HASH_TYPE_L4)
        return L.napi_gro_frags(napi) if layout == "napi_get_frags" else L.napi_gro_receive(napi, skb)

    def add_frags(self, skb: Any, data: bytes, at: int, size: int) -> None:
        while at < len(data):
            part = data[at : at + size]
            page = L.alloc_page(L.GFP_ATOMIC)
            assert page is not None
            self.mem[page.addr : page.addr + len(part)] = part
            L.skb_add_rx_frag(skb, skb._shinfo.nr_frags, page, 0, len(part), L.PAGE_SIZE)
            at += len(part)

    # -- seeing ----------------------------------------------------------------------------------------------
    def deliver(self, skb: Any) -> tuple[int, Any]:
        info = L.skb_shinfo(skb)
        data = L.skb_to_bytes(skb)
        chained, part = 0, info.frag_list
        while part is not None:
            chained, part = chained + 1, part.next
        seen = {
            "len": skb.len,
            "data_len": skb.data_len,
            "nr_frags": info.nr_frags,
            "frag_list": chained,
            "gso_size": info.gso_size,
            "gso_segs": info.gso_segs,
            "gso_type": info.gso_type,
            "ip_summed": skb.ip_summed,
            "csum_level": skb.csum_level,
            "csum_valid": skb.csum_valid,
            "protocol": skb.protocol,
            "pkt_type": skb.pkt_type,
            "hash": skb.hash,
            "vlan_present": int(skb.vlan_proto != 0),
            "vlan_tci": skb.vlan_tci,
            "net_off": L.skb_network_offset(skb),
            "trans_off": L.skb_transport_offset(skb),
            "truesize": skb.truesize,
            "crc32": crc32(data),
            "head": data[:80].hex(),
        }
        if skb.ip_summed == L.CHECKSUM_COMPLETE:
            seen["csum_fold"] = L.csum_fold(skb.csum)
        elif skb.ip_summed == L.CHECKSUM_PARTIAL:
            seen["csum_start"] = L.skb_checksum_start_offset(skb)
            seen["csum_offset"] = skb.csum_offset
        self.trace.append(["deliver", seen])
        L.consume_skb(skb)
        return L.RX_HANDLER_CONSUMED, None


def _run(record: Record, left: _Left | None) -> _Receiver:
    bed = oracle_bed()
    with L.tolerate("NAPI1"):
        receiver: _Receiver = bed.run(_Receiver, bed, record, left)
    return receiver


def _uses_frags(record: Record) -> bool:
    return any(frame["layout"] == "napi_get_frags" for frame in record["frames"])


def _known(record: Record, context: Record | None) -> bool:
    """Whether ``context`` is the record before and settled what is in ``napi->skb``, or it does not matter."""
    if not _uses_frags(record):
        return True
    return context is not None and context["id"] == record["id"] - 1 and _uses_frags(context)


def _gro(record: Record, context: Record | None) -> Record:
    left = None
    if context is not None and _uses_frags(record) and _known(record, context):
        skb = _run(context, None).napi.skb
        if skb is not None:
            left = _Left(skb.hash, skb.transport_header, skb.csum_level)
    return {"trace": _run(record, left).trace}


# What the recorder's flows may have left: their hashes (none, the one that makes flows collide, one of each flow a
# golden ratio apart; each also with the bit flipped that makes two flows of one), transport headers behind IPv4 and
# IPv6 with and without VLAN tag, checksums of every level.
_FLOWS = (0, 85, *((3722888192 + k * 2654435761) & 0xFFFFFFFF for k in range(12)))
_HASHES = tuple(flow ^ flipped for flipped in (0, 1, 8) for flow in _FLOWS)
_HEADERS = tuple(L.NET_SKB_PAD + L.ETH_HLEN + n for n in (20, 40, 24, 44))
_LEVELS = (0, 1, 2)


def _also(record: Record, context: Record | None) -> Iterator[Record]:
    if _known(record, context):
        return
    first = next(frame for frame in record["frames"] if frame["layout"] == "napi_get_frags")
    hashes = _HASHES[:1] if first["hash"] else _HASHES
    levels = _LEVELS[:1] if first["ip_summed"] == L.CHECKSUM_UNNECESSARY else _LEVELS
    for left in product(levels, _HEADERS, hashes):
        yield {"trace": _run(record, _Left(*reversed(left))).trace}


FAMILIES = [
    Family("gro_constants", _constants, inputs=frozenset()),
    Family("gro", _gro, inputs=frozenset({"id", "kind", "features", "frames"}), context="gro", also=_also),
]
