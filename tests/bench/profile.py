# SPDX-License-Identifier: Apache-2.0
"""Where the time of a packet goes."""

from __future__ import annotations

from typing import Any

__all__ = ["split"]


def split(values: dict[str, Any]) -> dict[str, float]:
    """Per cent of a profiled run's CPU time: ``rtl`` (evaluating the model), ``transactors`` (native), ``python``
    (the host model and the way into it).
    """
    p = values["platform"]
    total = max(1, p["total_ticks"])
    python, transactors = p["python_ticks"], p["transactor_ticks"]
    return {
        "rtl": 100 * (total - python - transactors) / total,
        "transactors": 100 * transactors / total,
        "python": 100 * python / total,
    }
