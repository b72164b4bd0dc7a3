# SPDX-License-Identifier: Apache-2.0
"""irq.jsonl: flow handlers and the calls of a controller's chip; the order of softirqs and tasklets.

The operations stand in the trace among what they led to. A replay takes the former (``op``, ``cfg``, ``fire``; all
between ``bh_disable`` and ``bh_enable``) and writes the trace anew.
"""

from __future__ import annotations

from typing import Any

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]

_HOOKS = {
    "enable_disable": ("irq_enable", "irq_disable"),
    "startup_shutdown": ("irq_startup", "irq_shutdown"),
    "mask_ack": ("irq_mask_ack",),
}
_ALWAYS = ("irq_ack", "irq_mask", "irq_unmask", "irq_eoi", "irq_retrigger")


def _context() -> dict[str, bool]:
    return {"in_hardirq": L.in_hardirq(), "in_softirq": L.in_serving_softirq(), "irqs_disabled": L.irqs_disabled()}


class _Poller:
    """A device with an instance whose poll completes at once."""

    def __init__(self, trace: list[Any]) -> None:
        self.trace = trace
        self.napi = L.napi_struct()
        ndev = L.alloc_etherdev(0)
        L.netif_napi_add(ndev, self.napi, self.poll)
        L.napi_enable(self.napi)

    def poll(self, napi: Any, budget: int) -> int:
        self.trace.append(["poll", _context()])
        L.napi_complete_done(napi, 0)
        self.trace.append(["poll_done"])
        return 0


class _Irq:
    """An interrupt with a chip that writes down each call, and two handlers that do as ``cfg`` says."""

    def __init__(self, record: Record) -> None:
        self.trace: list[Any] = []
        self.threaded = record["threaded"]
        self.poller = _Poller(self.trace)
        self.irq = L.irq_alloc_desc(-1)
        hooks = [*_ALWAYS, *(hook for key, pair in _HOOKS.items() if record["chip"][key] for hook in pair)]
        chip = L.irq_chip("test", **{hook: self.hook(hook) for hook in hooks})
        self.flow = getattr(L, record["flow"])
        L.irq_set_chip_and_handler(self.irq, chip, self.flow)
        self.cfg: dict[str, Any] = {}
        self.again = False

    def hook(self, name: str) -> Any:
        return lambda desc: self.trace.append([f"chip.{name}"]) or 1

    def state(self) -> dict[str, Any]:
        desc = L.irq_to_desc(self.irq)
        keys = ("depth", "disabled", "masked", "started", "pending", "in_progress")
        return {key: getattr(desc, key) for key in keys}

    def handler(self, irq: int, n: Any) -> int:
        context = _context()
        ret = self.cfg["hret"][n]
        self.trace.append(
            ["handler", n, {"in_hardirq": context["in_hardirq"], "irqs_disabled": context["irqs_disabled"], "ret": ret}]
        )
        if self.cfg["hnapi"][n]:
            self.trace.append(["napi_schedule_irqoff", L.napi_schedule_irqoff(self.poller.napi)])
        if self.cfg["hdis"][n]:
            self.trace.append(["disable_irq_nosync"])
            L.disable_irq_nosync(irq)
        if self.again:
            self.again = False
            self.trace.append(["edge_while_running"])
            self.flow(L.irq_to_desc(irq))
        return int(ret)

    def thread(self, irq: int, n: Any) -> int:
        self.trace.append(["thread_fn", n])
        return L.IRQ_HANDLED

    def fire(self) -> None:
        self.trace.append(["fire"])
        self.again = bool(self.cfg["edge_again"])
        flags = L.local_irq_save()
        L.irq_enter()
        self.trace.append(["flow_done", L.generic_handle_irq(self.irq)])
        L.irq_exit()
        L.local_irq_restore(flags)
        self.trace.append(["fire_done", self.state()])
        if self.threaded:
            L.usleep_range(100, 100)
            self.trace.append(["settled", self.state()])

    def op(self, op: list[Any]) -> None:
        self.trace.append(op)
        ret = 0
        match op[1:]:
            case ["request_irq", n, flags]:
                ret = L.request_irq(self.irq, self.handler, _flags(flags), "test", n)
            case ["request_threaded_irq", n, flags]:
                ret = L.request_threaded_irq(self.irq, self.handler, self.thread, _flags(flags), "test", n)
            case ["free_irq", n]:
                assert L.free_irq(self.irq, n) == "test"
            case ["disable_irq_nosync"]:
                L.disable_irq_nosync(self.irq)
            case ["enable_irq"]:
                L.enable_irq(self.irq)
            case _:
                raise ValueError(f"unknown operation {op}")
        self.trace.append(["ret", ret, self.state()])


def _flags(flags: dict[str, int]) -> int:
    return (
        (L.IRQF_SHARED if flags["shared"] else 0)
        | (L.IRQF_ONESHOT if flags["oneshot"] else 0)
        | (L.IRQF_NO_AUTOEN if flags["no_autoen"] else 0)
    )


def _irq(record: Record, context: Record | None) -> Record:
    def run() -> Record:
        device = _Irq(record)
        for event in record["trace"]:
            if event[0] == "op":
                device.op(event)
            elif event[0] == "cfg":
                device.cfg = event[1]
                device.trace.append(event)
            elif event[0] == "fire":
                device.fire()
        return {"trace": device.trace}

    result: Record = oracle_bed().run(run)
    return result


class _Softirqs:
    """Three tasklets of each kind and an instance; they do as ``cfg`` says."""

    def __init__(self) -> None:
        self.trace: list[Any] = []
        self.poller = _Poller(self.trace)
        self.tasklets = [L.tasklet_struct(container=n) for n in range(3)]
        self.hi = [L.tasklet_struct(container=n) for n in range(2)]
        for tasklet in self.tasklets:
            L.tasklet_setup(tasklet, self.run)
        for tasklet in self.hi:
            L.tasklet_setup(tasklet, self.run_hi)
        self.again: list[int] = []
        self.chain: list[int] = []

    def run(self, tasklet: Any) -> None:
        n = tasklet.container
        self.trace.append(["tasklet", n])
        if self.again[n]:
            self.again[n] -= 1
            self.schedule(n)

    def run_hi(self, tasklet: Any) -> None:
        n = tasklet.container
        self.trace.append(["hi_tasklet", n])
        if self.chain[n]:
            self.schedule(0)

    def schedule(self, n: int) -> None:
        self.trace.append(["tasklet_schedule", n])
        L.tasklet_schedule(self.tasklets[n])

    def op(self, event: list[Any]) -> None:
        match event:
            case ["tasklet_schedule", n]:
                self.schedule(n)
                return
            case ["napi_schedule", _]:
                self.trace.append(["napi_schedule", L.napi_schedule(self.poller.napi)])
                return
        self.trace.append(event)
        match event:
            case ["cfg", cfg]:
                self.again = list(cfg["again"])
                self.chain = cfg["hi_schedules_tasklet0"]
            case ["bh_disable"]:
                L.local_bh_disable()
            case ["bh_enable"]:
                L.local_bh_enable()
                self.trace.append(["quiet"])
            case ["tasklet_hi_schedule", n]:
                L.tasklet_hi_schedule(self.hi[n])
            case ["tasklet_disable_nosync", n]:
                L.tasklet_disable_nosync(self.tasklets[n])
            case ["tasklet_enable", n]:
                L.tasklet_enable(self.tasklets[n])
            case ["nested_bh_disable_enable"]:
                L.local_bh_disable()
                L.local_bh_enable()
            case _:
                raise ValueError(f"unknown operation {event}")


def _softirq(record: Record, context: Record | None) -> Record:
    def run() -> Record:
        softirqs = _Softirqs()
        inside = False
        for event in record["trace"]:
            if event[0] == "bh_disable":
                inside = True
            if inside or event[0] == "cfg":
                softirqs.op(event)
            if event[0] == "bh_enable":
                inside = False
        return {"trace": softirqs.trace}

    result: Record = oracle_bed().run(run)
    return result


FAMILIES = [
    Family("irq", _irq, inputs=frozenset({"id", "flow", "chip", "threaded"})),
    Family("softirq", _softirq, inputs=frozenset({"id"})),
]
