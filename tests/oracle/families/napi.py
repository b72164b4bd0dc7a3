# SPDX-License-Identifier: Apache-2.0
"""napi.jsonl: instances whose polls do what the record says, scheduled, completed, disabled and deferred.

Between ``bh_enable`` or ``sleep_until_idle`` and ``quiet`` stands what polls did; all else in the trace is done from
outside of them. A replay takes the latter and writes the trace anew. Some records break the rules that the model
checks; it is told to go on as Linux does.
"""

from __future__ import annotations

import struct
from typing import Any

from pymodel import linux as L
from pymodel.hw.access import here
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]

_ETH = bytes.fromhex("020000000001020000000002") + b"\x08\x00"
_PAYLOAD = bytes(100)


class _Replay:
    def __init__(self, record: Record) -> None:
        self.trace: list[Any] = []
        self.weights = [napi["weight"] for napi in record["napis"]]
        self.steps = [list(napi["polls"]) for napi in record["napis"]]
        self.sent = [0 for _ in record["napis"]]
        net = here.state["net"]
        net.netdev_budget = record["netdev_budget"]
        net.netdev_budget_usecs = 4_000_000
        self.ndev = ndev = L.alloc_etherdev(0)
        ndev.dev_addr = _ETH[:6]
        up = lambda dev: 0  # noqa: E731
        ndev.netdev_ops = L.net_device_ops(ndo_open=up, ndo_stop=up, ndo_start_xmit=lambda skb, dev: L.NETDEV_TX_OK)
        assert L.register_netdev(ndev) == 0
        ndev.features |= L.NETIF_F_GRO
        assert L.dev_open(ndev) == 0
        ndev.gro_flush_timeout = record["gro_flush_timeout_ns"]
        ndev.napi_defer_hard_irqs = record["napi_defer_hard_irqs"]
        L.rtnl_lock()
        assert L.netdev_rx_handler_register(ndev, self.deliver, None) == 0
        L.rtnl_unlock()
        self.napis = [L.napi_struct(container=i) for i in range(len(self.steps))]
        self.time_squeeze = L.counters()["time_squeeze"]

    def note(self, event: str, i: int, *values: Any) -> None:
        self.trace.append([event, i, *values, self.napis[i].state_str()])

    # -- what polls do -----------------------------------------------------------------------------------------
    def poll(self, napi: Any, budget: int) -> int:
        i = napi.container
        self.note("poll", i, budget)
        step = self.steps[i].pop(0) if self.steps[i] else {"complete": 0, "ret": 0}
        for _ in range(step.get("frames", 0)):
            self.trace.append(["gro_receive", i, L.napi_gro_receive(napi, self.frame(i))])
        if step.get("pre_sched"):
            self.schedule(i)
        if "sched_other" in step:
            self.schedule(step["sched_other"])
        if "complete" in step:
            self.complete(i, step["complete"], True)
        if step.get("post_sched"):
            self.schedule(i)
        ret = budget if step["ret"] < 0 else step["ret"]
        self.trace.append(["poll_ret", i, ret])
        return int(ret)

    def frame(self, i: int) -> Any:
        """The next 100 bytes of a TCP flow, one for each instance."""
        n, self.sent[i] = self.sent[i], self.sent[i] + 1
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 140, n, 0x4000, 64, 6, 0, 0xC0A80001, 0xC0A80002)
        tcp = struct.pack(">HHIIBBHHH", 1024, 80 + i, 1000 + 100 * n, 1, 0x50, 0x10, 8192, 0, 0)
        skb = L.napi_alloc_skb(self.napis[i], 14 + 140)
        assert skb is not None
        at = L.skb_put_data(skb, _ETH + ip + tcp + _PAYLOAD, 14 + 140)
        L.ip_send_check(at + 14)
        skb.protocol = L.eth_type_trans(skb, self.ndev)
        skb.ip_summed = L.CHECKSUM_UNNECESSARY
        return skb

    def deliver(self, skb: Any) -> tuple[int, Any]:
        self.trace.append(["deliver", skb.len, L.skb_shinfo(skb).gso_segs])
        L.consume_skb(skb)
        return L.RX_HANDLER_CONSUMED, None

    # -- operations ----------------------------------------------------------------------------------------------
    def schedule(self, i: int) -> None:
        napi = self.napis[i]
        prep = L.napi_schedule_prep(napi)
        self.note("napi_schedule", i, prep)
        if prep:
            L.__dict__["__napi_schedule"](napi)

    def complete(self, i: int, work: int, in_poll: bool) -> None:
        napi = self.napis[i]
        ret = L.napi_complete_done(napi, work)
        self.note("napi_complete_done", i, work, ret)
        if in_poll:
            timer = L.hrtimer_active(napi.timer)
            self.trace[-1].append({"timer_armed": timer, "defer_count": napi.defer_hard_irqs_count})

    def disable(self, i: int) -> None:
        napi = self.napis[i]
        if napi.state & L.NAPIF_STATE_SCHED and not napi.state & L.NAPIF_STATE_NPSVC:
            napi.state &= ~L.NAPIF_STATE_SCHED  # never completed: the recorder frees it by hand
        L.napi_disable(napi)
        self.note("napi_disable", i)

    def settle(self) -> None:
        while L.local_softirq_pending():
            L.usleep_range(10, 10)
        self.trace.append(["quiet"])

    def bh_enable(self) -> None:
        self.trace.append(["bh_enable"])
        L.local_bh_enable()
        self.settle()

    def sleep_until_idle(self) -> None:
        self.trace.append(["sleep_until_idle"])
        while any(L.hrtimer_active(napi.timer) for napi in self.napis):
            L.msleep(20)
        self.settle()

    def op(self, event: list[Any]) -> None:
        match event:
            case ["netif_napi_add", i, *_]:
                L.netif_napi_add_weight(self.ndev, self.napis[i], self.poll, self.weights[i])
                self.note("netif_napi_add", i)
            case ["napi_enable", i, *_]:
                L.napi_enable(self.napis[i])
                self.note("napi_enable", i)
            case ["napi_disable", i, *_]:
                self.disable(i)
            case ["netif_napi_del", i, *_]:
                L.netif_napi_del(self.napis[i])
                self.note("netif_napi_del", i)
            case ["bh_disable"]:
                self.trace.append(["bh_disable"])
                L.local_bh_disable()
            case ["napi_schedule", i, *_]:
                self.schedule(i)
            case ["napi_complete_done", i, work, *_]:
                self.complete(i, work, False)
            case ["napi_if_scheduled_mark_missed", i, *_]:
                ret = L.napi_if_scheduled_mark_missed(self.napis[i])
                self.note("napi_if_scheduled_mark_missed", i, ret)
            case ["set_DISABLE", i, *_]:
                self.napis[i].state |= L.NAPIF_STATE_DISABLE
                self.note("set_DISABLE", i)
            case ["clear_DISABLE", i, *_]:
                self.napis[i].state &= ~L.NAPIF_STATE_DISABLE
                self.note("clear_DISABLE", i)
            case ["time_squeeze_delta", _]:
                self.trace.append(["time_squeeze_delta", L.counters()["time_squeeze"] - self.time_squeeze])
            case ["final", i, *_]:
                self.note("final", i, self.napis[i].poll_list is not None)
            case _:
                raise ValueError(f"unknown operation {event}")


def _run(record: Record) -> list[Any]:
    replay = _Replay(record)
    polling = False
    for event in record["trace"]:
        if polling:
            polling = event != ["quiet"]
        elif event[0] in ("bh_enable", "sleep_until_idle"):
            getattr(replay, event[0])()
            polling = True
        else:
            replay.op(event)
    return replay.trace


def _napi(record: Record, context: Record | None) -> Record:
    bed = oracle_bed()
    with L.tolerate("NAPI1", "NAPI3", "NAPI4", "NAPI7"):
        return {"trace": bed.run(_run, record)}


_INPUTS = frozenset({"id", "kind", "netdev_budget", "gro_flush_timeout_ns", "napi_defer_hard_irqs", "napis"})
FAMILIES = [Family("napi", _napi, inputs=_INPUTS)]
