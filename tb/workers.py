# SPDX-License-Identifier: Apache-2.0
"""Runs in several processes at a time: how they are ended before their time."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

__all__ = ["WORKER_DIED", "BrokenProcessPool", "end"]

WORKER_DIED = "a worker process was killed (out of memory? fewer at a time: JOBS=1)"


def end(pool: ProcessPoolExecutor) -> None:
    """End the pool and what its workers are at, now: after Ctrl-C each would go on with the runs that it has been
    handed. Their simulators die with them."""
    pool.shutdown(wait=False, cancel_futures=True)
    for child in multiprocessing.active_children():
        child.terminate()
    pool.shutdown(wait=True)
