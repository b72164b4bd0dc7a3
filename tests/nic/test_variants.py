# SPDX-License-Identifier: Apache-2.0
"""The NIC in other shapes: widths, queues, the level line, small rings, copies, bounces, weak order."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tb.session import repeat_line, run
from tests.scenarios.catalog import case_named

_SEED = int(os.environ.get("RINGSIDE_SEED", "1"))
_WAVES = os.environ.get("RINGSIDE_WAVES", "0") == "1"

_LINE: dict[str, Any] = {"module_params": {"line_irq": True}}
_SMALL: dict[str, Any] = {"module_params": {"tx_ring": 64, "rx_ring": 64, "copybreak": 256}}
_VARIANTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("narrow", "both_ways", {"data_width": 64, "queues": 1}),
    ("narrow", "jumbo", {"data_width": 64, "queues": 1}),
    ("narrow", "every_length", {"data_width": 64, "queues": 1}),
    ("narrow", "stop_in_traffic", {"data_width": 64, "queues": 1}),
    ("wide", "both_ways", {"data_width": 512, "queues": 2}),
    ("wide", "every_length", {"data_width": 512, "queues": 2}),
    ("wide", "fragments", {"data_width": 512, "queues": 2}),
    ("sixteen", "both_ways", {"data_width": 128, "queues": 16}),
    ("sixteen", "reopen", {"data_width": 128, "queues": 16}),
    ("line", "both_ways", _LINE),
    ("line", "one_at_a_time", _LINE),
    ("line", "moderated", _LINE),
    ("line", "stop_in_traffic", _LINE),
    ("small", "both_ways", _SMALL),
    ("small", "transmit_full", _SMALL),
    ("small", "overrun", _SMALL),
    ("bounced", "both_ways", _SMALL | {"swiotlb": "force"}),
    ("weak", "both_ways", {"weak": True}),
    ("weak", "stop_in_traffic", {"weak": True}),
    ("quantum", "both_ways", {"quantum_ns": 2000}),
    ("quantum", "one_at_a_time", {"quantum_ns": 2000}),
    ("calm", "both_ways", {"stalls": False}),
)


@pytest.mark.parametrize(("name", "scenario", "settings"), _VARIANTS, ids=[f"{s}-{n}" for n, s, _ in _VARIANTS])
def test_variant(name: str, scenario: str, settings: dict[str, Any], request: pytest.FixtureRequest) -> None:
    """The scenario holds in this shape too."""
    config = case_named(scenario).config("nic", "rtl", _SEED, waves=_WAVES, max_us=400_000.0, **settings)
    result = run(config)
    if not result.passed:
        repeat = repeat_line(request.node.callspec.id, config)
        pytest.fail(f"{result.message}\n{result.details}\nrepeat: {repeat}", pytrace=False)
    assert result.values["tx"]["frames"] > 0
