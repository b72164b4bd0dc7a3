# SPDX-License-Identifier: Apache-2.0
"""Which scenarios run, with what settings: one list for the tests and for the regression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tb.config import Config

__all__ = ["CASES", "Case", "case_named", "cases"]

_SLOW_HOST = {"rx_packet": 1500, "rx_stack": 800, "poll_entry": 400, "tx_packet": 500}

# Queue pairs of even and of odd number have a vector each, the causes another.
_FEW_VECTORS = {"module_params": {"vectors": 3}, "vector_of": [0, 1] * 8 + [2]}


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario with its settings. ``name`` is what ``make test T=`` takes; ``settings`` are fields of
    tb.config.Config."""

    name: str
    scenario: str
    settings: dict[str, Any] = field(default_factory=dict)
    duts: tuple[str, ...] = ()  # the NICs whose drivers can do it; empty: all
    least_queues: int = 1  # queue pairs that it takes

    def config(self, dut: str, backend: str, seed: int, **more: Any) -> Config:
        return Config(
            **{"scenario": self.scenario, "dut": dut, "backend": backend, "seed": seed, **self.settings, **more}
        )


def _traffic(scenario: str, name: str = "", **settings: Any) -> Case:
    return Case(name or scenario, f"tests.scenarios.traffic:{scenario}", settings)


def _life(scenario: str, *duts: str, name: str = "", **settings: Any) -> Case:
    return Case(name or scenario, f"tests.scenarios.lifecycle:{scenario}", settings, duts)


def _pressure(scenario: str, name: str = "", **settings: Any) -> Case:
    return Case(name or scenario, f"tests.scenarios.pressure:{scenario}", settings)


def _offload(name: str, **settings: Any) -> Case:
    return Case(name, f"tests.scenarios.offloads:{name}", settings)


CASES: tuple[Case, ...] = (
    _traffic("both_ways"),
    _traffic("every_length"),
    _traffic("jumbo", mtu=9000),
    _traffic("tiny_burst"),
    _traffic("one_flow", quantum_ns=4000),
    _traffic("fragments"),
    _traffic("one_at_a_time"),
    _traffic("slow_cpu", costs=_SLOW_HOST, cpus=1),
    _traffic("transmit_full", rate_gbps=0.5),
    _traffic("overrun", lossy=True, costs=_SLOW_HOST, cpus=1),
    _offload("transmit_offloads"),
    _offload("segmentation"),
    Case("receive_offloads", "tests.scenarios.rx_offloads:receive_offloads", {"mtu": 9000}, ("nic",)),
    Case("xdp_actions", "tests.scenarios.xdp:xdp_actions", {}, ("nic",)),
    Case("xdp_too_much", "tests.scenarios.xdp:xdp_too_much", {"rate_gbps": 0.5}, ("nic",)),
    Case("channels", "tests.scenarios.xdp:channels", {}, ("nic",)),
    _life("reopen"),
    _life("stop_in_traffic", lossy=True),
    _life("bus_error", "nic", lossy=True),
    Case("memory_errors", "tests.nic.errors:memory_errors", {"lossy": True}, ("nic",)),
    Case(
        "bad_descriptors",
        "tests.nic.errors:bad_descriptors",
        {"lossy": True, "module_params": {"rx_ring": 64}},
        ("nic",),
    ),
    Case("lost_doorbells", "tests.nic.errors:lost_doorbells", {"lossy": True}, ("nic",)),
    Case("function_reset", "tests.nic.errors:function_reset", {"lossy": True}, ("nic",)),
    _life("rebind"),
    _life("removed_at_work"),
    _life("mtu_change"),
    _life("oversize"),
    _life("filters"),
    Case("many_addresses", "tests.scenarios.filtering:many_addresses"),
    Case("settings_stay", "tests.scenarios.settings:settings_stay"),
    Case("queue_statistics", "tests.scenarios.statistics:queue_statistics"),
    Case("vlans", "tests.scenarios.filtering:vlans"),
    Case("masked_vectors", "tests.scenarios.interrupts:masked_vectors", {}, ("nic",)),
    Case("few_vectors", "tests.scenarios.traffic:both_ways", _FEW_VECTORS, ("nic",), least_queues=2),
    Case(
        "few_vectors_fail",
        "tests.nic.errors:memory_errors",
        {"lossy": True} | _FEW_VECTORS,
        ("nic",),
        least_queues=2,
    ),
    Case("moderated", "tests.scenarios.interrupts:moderated", {}, ("nic",)),
    Case("paused_by_the_partner", "tests.scenarios.mac:paused_by_the_partner", {}, ("nic",)),
    Case("partner_is_paused", "tests.scenarios.mac:partner_is_paused", {"rate_gbps": 40.0}, ("nic",)),
    Case("stopped_while_paused", "tests.scenarios.mac:stopped_while_paused", {"lossy": True}, ("nic",)),
    Case("link_comes_and_goes", "tests.scenarios.mac:link_comes_and_goes", {}, ("nic",)),
    Case("link_lost_in_traffic", "tests.scenarios.mac:link_lost_in_traffic", {"lossy": True}, ("nic",)),
    Case("link_by_line", "tests.scenarios.mac:link_comes_and_goes", {"module_params": {"line_irq": True}}, ("nic",)),
    Case("self_test_in_use", "tests.scenarios.mac:self_test_in_use", {}, ("nic",)),
    Case("standard_statistics", "tests.scenarios.mac:standard_statistics", {}, ("nic",)),
    Case("weighted_queues", "tests.scenarios.shares:weighted_queues", {"rate_gbps": 2.0}, ("nic",), least_queues=2),
    _pressure("any_shape"),
    _pressure("flood", lossy=True, rate_gbps=100),
    _pressure("ring_wrap"),
    _pressure("ring_full", rate_gbps=0.2, cpus=2),
    _pressure("open_in_traffic", lossy=True),
    _pressure("no_memory", lossy=True),
    _pressure("no_memory", name="no_memory_for_jumbo", lossy=True, mtu=9000),
    _pressure("open_without_memory"),
    _pressure("spurious_polls"),
    _pressure("arm_race"),
    # Another machine: weakly ordered; one whose CPUs are held up by others, whose devices reach memory through bounce
    # buffers alone.
    _pressure("no_order", weak=True, held_up_ns=3000),
    _pressure("open_in_traffic", name="open_while_held_up", lossy=True, held_up_ns=3000),
    _life("stop_in_traffic", name="stop_while_held_up", lossy=True, held_up_ns=3000),
    _traffic("tiny_burst", name="held_up", held_up_ns=3000),
    _traffic("both_ways", name="bounced", swiotlb="force"),
    # Its buffers take two slots each: the rings of 16 queues would leave none of the usual 8192 for what is sent.
    Case("bounced_xdp", "tests.scenarios.xdp:xdp_actions", {"swiotlb": "12288,force"}, ("nic",)),
    Case(
        "bounced_copies",
        "tests.scenarios.traffic:both_ways",
        {"swiotlb": "force", "module_params": {"copybreak": 256}},
        ("nic",),
    ),
)


def case_named(name: str) -> Case:
    """The case of that name; KeyError names those there are."""
    for case in CASES:
        if case.name == name:
            return case
    raise KeyError(f"no scenario {name!r}; there are {', '.join(c.name for c in CASES)}")


def cases(duts: tuple[str, ...], backends: tuple[str, ...]) -> Iterator[tuple[str, Case, str, str]]:
    """``(id, case, dut, backend)`` for every combination."""
    for dut in duts:
        for backend in backends:
            for case in CASES:
                if case.duts and dut not in case.duts:
                    continue
                yield f"{case.name}-{dut}-{backend}", case, dut, backend
