# SPDX-License-Identifier: Apache-2.0
"""gro.jsonl: packets through napi_gro_receive() and napi_gro_frags(), and what an rx_handler gets to see."""

from __future__ import annotations

from typing import Any
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


class _Receiver:
    """A device whose poll hands the record's frames to GRO."""

    def __init__(self, bed: Bed, record: Record) -> None:
        self.mem = bed.m.memory.mem
        self.trace: list[Any] = []
        self.frames = list(enumerate(record["frames"]))
        self.napi = L.napi_struct(container=self)
        self.ndev = ndev = L.alloc_etherdev(0)
        assert ndev is not None
        ndev.dev_addr = bytes.fromhex("020000000001")
        ndev.netdev_ops = L.net_device_ops(ndo_open=self.open, ndo_stop=self.stop, ndo_start_xmit=self.xmit)
        L.netif_napi_add(ndev, self.napi, self.poll)
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
            elif frame["end"] == _RETURN_BUDGET and self.frames:
                self.trace.append(["poll_ret_budget"])
                return budget
            elif frame["end"] == _COMPLETE:
                break
        self.trace.append(["napi_complete_done"])
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
                skb = L.alloc_skb(len(data) + L.NET_SKB_PAD, L.GFP_ATOMIC)
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


def _gro(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    return {"trace": bed.run(_Receiver, bed, record).trace}


FAMILIES = [
    Family("gro_constants", _constants, inputs=frozenset()),
    Family("gro", _gro, inputs=frozenset({"id", "kind", "features", "frames"})),
]
