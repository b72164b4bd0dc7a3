# SPDX-License-Identifier: Apache-2.0
"""tx.jsonl: byte queue limits, the choice of a queue, queueing disciplines above a driver, time-outs.

The driver of ``tx`` and ``tx_timeout`` is the one that the records' README describes.
"""

from __future__ import annotations

from collections import deque
from typing import Any
from zlib import crc32

from pymodel import linux as L
from pymodel.hw.access import here
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]

# -- dql -----------------------------------------------------------------------------------------------------
_DQL = (
    "num_queued", "num_completed", "limit", "adj_limit", "last_obj_cnt", "prev_num_queued", "prev_ovlimit",
    "prev_last_obj_cnt", "lowest_slack",
)  # fmt: skip


def _dql_state(d: L.dql) -> Record:
    return {**{name: getattr(d, name) for name in _DQL}, "avail": L.dql_avail(d)}


def _dql(record: Record, context: Record | None) -> Record:
    oracle_bed()
    d = L.dql()
    L.dql_init(d, L.HZ)
    d.min_limit, d.max_limit = record["min_limit"], record["max_limit"]
    init = _dql_state(d)
    ops = []
    for op in record["ops"]:
        ours = {"op": op["op"]}
        if "n" in op:
            ours["n"] = op["n"]
        match op["op"]:
            case "queued":
                L.dql_queued(d, op["n"])
            case "completed":
                L.dql_completed(d, op["n"])
            case "age_slack":  # as if the last look at the slack were longer ago than the hold time
                d.slack_start_time = L.jiffies() - d.slack_hold_time - 1
            case "reset":
                L.dql_reset(d)
        ops.append({**ours, "st": _dql_state(d)})
    return {"init": init, "ops": ops}


# -- pick_tx -------------------------------------------------------------------------------------------------
def _pick_tx(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    dev = bed.run(L.alloc_etherdev_mqs, 0, record["num_tx_queues"], 1)
    assert bed.run(L.netif_set_real_num_tx_queues, dev, record["real"]) == 0
    if record["tcs"]:
        assert L.netdev_set_num_tc(dev, len(record["tcs"])) == 0
        for tc, queues in enumerate(record["tcs"]):
            assert L.netdev_set_tc_queue(dev, tc, queues["count"], queues["offset"]) == 0
        for prio, tc in enumerate(record["prio_tc_map"]):
            L.netdev_set_prio_tc_map(dev, prio, tc)
    picks = []
    for pick in record["picks"]:
        skb = L.alloc_skb(64, L.GFP_KERNEL)
        assert skb is not None
        skb.dev = dev
        skb.priority = pick["prio"]
        L.skb_set_hash(skb, pick["hash"], L.PKT_HASH_TYPE_L4)
        if pick["rxq"] >= 0:
            L.skb_record_rx_queue(skb, pick["rxq"])
        picks.append({**pick, "ret": L.netdev_pick_tx(dev, skb, None)})
    return {"picks": picks}


# -- tx ------------------------------------------------------------------------------------------------------
class _Ring:
    __slots__ = ("busy", "skbs")

    def __init__(self) -> None:
        self.skbs: deque[Any] = deque()
        self.busy = 0


class _Host:
    """The driver, and the trace of what happens to it."""

    def __init__(self, queues: int, cap: int, wake_thresh: int, bql: bool, **ops: Any) -> None:
        self.bed = bed = oracle_bed()
        self.cap = cap
        self.wake_thresh = wake_thresh
        self.bql = bql
        self.rings = [_Ring() for _ in range(queues)]
        self.trace: list[list[Any]] = []
        self.dev = dev = bed.run(L.alloc_etherdev_mqs, 0, queues, queues)
        dev.netdev_ops = L.net_device_ops(ndo_open=self.open, ndo_stop=self.stop, ndo_start_xmit=self.xmit, **ops)

    def up(self) -> None:
        assert L.register_netdev(self.dev) == 0
        assert L.dev_open(self.dev) == 0

    def open(self, dev: L.net_device) -> int:
        L.netif_tx_start_all_queues(dev)
        return 0

    def stop(self, dev: L.net_device) -> int:
        for q, ring in enumerate(self.rings):
            while ring.skbs:
                L.dev_kfree_skb_any(ring.skbs.popleft())
            L.netdev_tx_reset_subqueue(dev, q)
        return 0

    def state(self, q: int) -> Record:
        txq = L.netdev_get_tx_queue(self.dev, q)
        words = ""
        if L.netif_tx_queue_stopped(txq):
            words += "DRV_XOFF "
        if L.netif_xmit_stopped(txq) and txq.state & L.QUEUE_STATE_STACK_XOFF:
            words += "STACK_XOFF "
        if L.netif_tx_queue_frozen(txq):
            words += "FROZEN "
        state = {"q": q, "state": words, "qlen": L.qdisc_qlen_sum(txq.qdisc), "ring": len(self.rings[q].skbs)}
        if self.bql:
            d = txq.dql
            state["dql"] = {
                **{name: getattr(d, name) for name in ("num_queued", "num_completed", "limit", "adj_limit")},
                "avail": L.dql_avail(d),
            }
        return state

    def states(self) -> list[Record]:
        return [self.state(q) for q in range(len(self.rings))]

    def xmit(self, skb: L.sk_buff, dev: L.net_device) -> int:
        q = L.skb_get_queue_mapping(skb)
        ring, txq = self.rings[q], L.netdev_get_tx_queue(dev, q)
        seen = {"q": q, "id": skb.cb, "len": skb.len, "more": L.netdev_xmit_more()}
        if ring.busy or len(ring.skbs) >= self.cap:
            why = "injected" if ring.busy else "full"
            if ring.busy:
                ring.busy -= 1
            else:
                L.netif_tx_stop_queue(txq)
            self.trace.append(["ndo_start_xmit", {**seen, "ret": "BUSY", "why": why}])
            return L.NETDEV_TX_BUSY
        ring.skbs.append(skb)
        if self.bql:
            L.netdev_tx_sent_queue(txq, skb.len)
        if len(ring.skbs) >= self.cap:
            L.netif_tx_stop_queue(txq)
        self.trace.append(["ndo_start_xmit", {**seen, "ret": "OK", "after": self.state(q)}])
        return L.NETDEV_TX_OK

    def complete(self, q: int, n: int) -> None:
        """Free the oldest ``n`` of a ring."""
        ring, txq = self.rings[q], L.netdev_get_tx_queue(self.dev, q)
        got = min(n, len(ring.skbs))
        done = [ring.skbs.popleft() for _ in range(got)]
        sent = sum(skb.len for skb in done)
        for skb in done:
            L.dev_consume_skb_any(skb)
        if self.bql:
            L.netdev_tx_completed_queue(txq, got, sent)
        if L.netif_tx_queue_stopped(txq) and self.cap - len(ring.skbs) >= self.wake_thresh:
            L.netif_tx_wake_queue(txq)

    def freed(self, skb: L.sk_buff) -> None:
        self.trace.append(["skb_free", skb.cb])

    def packet(self, tag: int, size: int, prio: int, q: int) -> L.sk_buff:
        skb = L.alloc_skb(size + 64, L.GFP_ATOMIC)
        assert skb is not None
        L.skb_reserve(skb, 64)
        L.skb_put_zero(skb, size)
        skb.cb = tag
        skb.dev = self.dev
        skb.priority = prio
        skb.destructor = self.freed
        L.skb_record_rx_queue(skb, q)
        return skb


def _tx(record: Record, context: Record | None) -> Record:
    host = _Host(record["txqs"], record["ring_cap"], record["wake_thresh"], bool(record["bql"]))
    dev, trace, queues = host.dev, host.trace, range(record["txqs"])
    dev.tx_queue_len = record["tx_queue_len"]
    if record["no_queue"]:
        dev.priv_flags |= L.IFF_NO_QUEUE
    host.bed.run(host.up)
    txqs = [L.netdev_get_tx_queue(dev, q) for q in queues]

    def bh() -> None:
        trace.append(["bh_enable"])
        L.local_bh_enable()
        L.local_bh_disable()

    def drain() -> None:
        """Complete until nothing is left: all queues in turn."""
        trace.append(["drain"])
        for ring in host.rings:
            ring.busy = 0
        while True:
            for q in queues:
                ring = host.rings[q]
                if ring.skbs or L.netif_tx_queue_stopped(txqs[q]):
                    trace.append(["complete", {"q": q, "n": 64, "got": min(64, len(ring.skbs))}])
                    host.complete(q, 64)
                bh()
            if not any(ring.skbs for ring in host.rings) and not any(state["qlen"] for state in host.states()):
                break
        trace.append(["st", host.states()])

    def run() -> None:
        L.local_bh_disable()
        for what, *args in record["trace"]:
            match what:
                case "dev_queue_xmit":
                    arg = args[0]
                    trace.append([what, arg])
                    ret = L.dev_queue_xmit(host.packet(arg["id"], arg["len"], arg["prio"], arg["rxq"]))
                    trace.append(["ret", ret, host.states()])
                case "complete":
                    q, n = args[0]["q"], args[0]["n"]
                    trace.append([what, {"q": q, "n": n, "got": min(n, len(host.rings[q].skbs))}])
                    host.complete(q, n)
                case "inject_busy":
                    trace.append([what, args[0]])
                    host.rings[args[0]["q"]].busy = args[0]["n"]
                case "netif_tx_stop_queue":
                    trace.append([what, args[0]])
                    L.netif_tx_stop_queue(txqs[args[0]])
                case "netif_tx_wake_queue":
                    trace.append([what, args[0]])
                    L.netif_tx_wake_queue(txqs[args[0]])
                case "bh_enable":
                    bh()
                    trace.append(["st", host.states()])
                case "drain":
                    drain()
                    break
        L.local_bh_enable()

    with L.tolerate("TX1"):
        host.bed.run(run)
    return {"root_qdisc": dev.qdisc.kind, "leaf_qdisc": txqs[0].qdisc.kind, "trace": trace}


# -- tx_timeout ----------------------------------------------------------------------------------------------
def _tx_timeout(record: Record, context: Record | None) -> Record:
    """Two queues of four packets. The driver's ndo_tx_timeout wakes the queue and changes nothing else. In the end
    all is completed.
    """
    timeouts = 0

    def timeout(dev: L.net_device, q: int) -> None:
        nonlocal timeouts
        timeouts += 1
        trace.append(["ndo_tx_timeout", q])
        L.netif_tx_wake_queue(L.netdev_get_tx_queue(dev, q))

    host = _Host(2, cap=4, wake_thresh=1, bql=False, ndo_tx_timeout=timeout)
    dev, trace = host.dev, host.trace
    dev.watchdog_timeo = L.msecs_to_jiffies(record["watchdog_timeo_ms"])
    host.bed.run(host.up)

    def bh() -> None:
        L.local_bh_enable()
        L.local_bh_disable()

    def step(what: str, args: Any) -> None:
        """One input."""
        match what:
            case "dev_queue_xmit":
                trace.append([what, args[0]])
                L.dev_queue_xmit(host.packet(args[0]["id"], 100, 0, args[0]["q"]))
            case "netif_tx_stop_queue":
                trace.append([what, args[0]])
                L.netif_tx_stop_queue(L.netdev_get_tx_queue(dev, args[0]))
            case "complete":
                trace.append([what, args[0]])
                host.complete(args[0]["q"], args[0]["n"])
            case "bh_enable":
                trace.append([what])
                bh()

    def run() -> None:
        L.local_bh_disable()
        for what, *args in record["trace"]:
            if what == "sleep_until_timeout_or_2600ms":
                trace.append([what])
                break
            step(what, args)
        L.local_bh_enable()
        for _ in range(260):
            if timeouts:
                break
            L.msleep(10)
        trace.append(["st", host.states()])
        trace.append(["trans_timeout", sum(txq.trans_timeout for txq in dev._tx)])
        L.local_bh_disable()
        while any(ring.skbs for ring in host.rings):
            for q in range(2):
                host.complete(q, 64)
            bh()
        L.local_bh_enable()

    with L.tolerate("TX1"):
        host.bed.run(run)
    return {"trace": trace}


# -- xmit_features -------------------------------------------------------------------------------------------
_FEATURES = {
    name.removeprefix("NETIF_F_"): value
    for name, value in vars(L).items()
    if name.startswith("NETIF_F_") and value.bit_count() == 1 and not name.endswith("_SHIFT")
}


_XMIT_INPUTS = frozenset(
    "id features vlan_features gso_max_segs frame linear frags ip_summed csum_start csum_offset net_off trans_off "
    "gso_size gso_segs gso_type vlan_hw protocol".split()
)


def _bits(names: list[str]) -> int:
    return sum(_FEATURES[name] for name in names)


def _names(features: int) -> list[str]:
    """In the order of the recorder's table, which has TSO6 behind TSO."""
    order = sorted(_FEATURES.items(), key=lambda item: L.NETIF_F_TSO + 1 if item[0] == "TSO6" else item[1])
    return [name for name, bit in order if features & bit]


def _offloaded_skb(record: Record, dev: L.net_device) -> L.sk_buff:
    """The packet of a record: a linear part of ``linear`` bytes, the rest in pages."""
    frame = bytes.fromhex(record["frame"])
    linear = record["linear"]
    skb = L.alloc_skb(linear + 128, L.GFP_KERNEL)
    assert skb is not None
    L.skb_reserve(skb, 128)
    L.skb_put_data(skb, frame, linear)
    at = linear
    for i, size in enumerate(record["frags"]):
        page = L.alloc_pages(L.GFP_KERNEL, (size - 1 >> 12).bit_length())
        assert page is not None
        here.mem[page.addr : page.addr + size] = frame[at : at + size]
        L.skb_add_rx_frag(skb, i, page, 0, size, -(-size // 4096) * 4096)
        at += size
    skb.dev = dev
    skb.protocol = record["protocol"]
    L.skb_reset_mac_header(skb)
    L.skb_set_network_header(skb, record["net_off"])
    L.skb_set_transport_header(skb, record["trans_off"])
    skb.ip_summed = record["ip_summed"]
    if record["csum_start"] >= 0:
        skb.csum_start = L.skb_headroom(skb) + record["csum_start"]
        skb.csum_offset = record["csum_offset"]
    shinfo = L.skb_shinfo(skb)
    shinfo.gso_size, shinfo.gso_segs, shinfo.gso_type = record["gso_size"], record["gso_segs"], record["gso_type"]
    if record["vlan_hw"] >= 0:
        L.__vlan_hwaccel_put_tag(skb, L.ETH_P_8021Q, record["vlan_hw"])
    return skb


def _xmit_features(record: Record, context: Record | None) -> Record:
    """A device without a queue and with any features, of which it is not asked whether they go together."""
    bed = oracle_bed()
    got: list[Record] = []

    def xmit(skb: L.sk_buff, dev: L.net_device) -> int:
        shinfo = L.skb_shinfo(skb)
        data = L.skb_to_bytes(skb)
        seen = {
            "len": skb.len,
            "data_len": skb.data_len,
            "nr_frags": shinfo.nr_frags,
            "frag_list": shinfo.frag_list is not None,
            "ip_summed": skb.ip_summed,
            "gso_size": shinfo.gso_size,
            "gso_segs": shinfo.gso_segs,
            "gso_type": shinfo.gso_type,
            "vlan_present": L.skb_vlan_tag_present(skb),
            "vlan_tci": L.skb_vlan_tag_get(skb) if L.skb_vlan_tag_present(skb) else 0,
            "more": L.netdev_xmit_more(),
            "protocol": skb.protocol,
            "frags": [L.skb_frag_size(frag) for frag in shinfo.frags[: shinfo.nr_frags]],
            "crc32": crc32(data),
            "head": data[:120].hex(),
        }
        if skb.ip_summed == L.CHECKSUM_PARTIAL:
            seen |= {"csum_start": L.skb_checksum_start_offset(skb), "csum_offset": skb.csum_offset}
        got.append(seen)
        L.consume_skb(skb)
        return L.NETDEV_TX_OK

    dev = bed.run(L.alloc_etherdev, 0)
    dev.netdev_ops = L.net_device_ops(ndo_open=lambda dev: 0, ndo_stop=lambda dev: 0, ndo_start_xmit=xmit)
    dev.priv_flags |= L.IFF_NO_QUEUE

    def run() -> tuple[int, int]:
        assert L.register_netdev(dev) == 0
        assert L.dev_open(dev) == 0
        dev.features, dev.vlan_features = _bits(record["features"]), _bits(record["vlan_features"])
        dev.gso_max_segs = record["gso_max_segs"]
        skb = _offloaded_skb(record, dev)
        return L.netif_skb_features(skb), L.dev_queue_xmit(skb)

    features, ret = bed.run(run)
    return {"netif_skb_features": _names(features), "driver_got": got, "ret": ret}


FAMILIES = [
    Family("dql", _dql, inputs=frozenset({"id", "min_limit", "max_limit"})),
    Family("pick_tx", _pick_tx, inputs=frozenset({"id", "num_tx_queues", "real", "tcs", "prio_tc_map"})),
    Family(
        "tx",
        _tx,
        inputs=frozenset({"id", "txqs", "tx_queue_len", "no_queue", "ring_cap", "wake_thresh", "bql"}),
    ),
    Family("tx_timeout", _tx_timeout, inputs=frozenset({"id", "kind", "watchdog_timeo_ms"})),
    Family(
        "xmit_features",
        _xmit_features,
        inputs=_XMIT_INPUTS,
    ),
]
