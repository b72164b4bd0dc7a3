# SPDX-License-Identifier: Apache-2.0
"""Where the time of a packet goes."""

from __future__ import annotations

from typing import Any

__all__ = ["split"]


def split(values: dict[str, Any]) -> dict[str, float]:
    """Per cent of a profiled run's time: ``rtl`` (evaluating the design), ``transactors`` (native), ``crossing`` (from
    the simulator into Python and back: VPI, cocotb's scheduler), ``model`` (the host model, the driver and the checks).
    """
    p = values["platform"]
    total = max(1, p["total_ticks"])
    transactors = p["transactor_ticks"] / total
    python = p["python_ticks"] / total
    model = min(python, p["model_ns"] / max(1, p["total_ns"]))
    parts = {"rtl": 1 - python - transactors, "transactors": transactors, "crossing": python - model, "model": model}
    return {name: 100 * share for name, share in parts.items()}
