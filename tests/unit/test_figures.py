# SPDX-License-Identifier: Apache-2.0
"""The figures of a run that are not the model's."""

from __future__ import annotations

import subprocess
import sys

_CHILD = "import tb.env; print(tb.env.peak_rss_mb())"
_PARENT = (
    f"import subprocess, sys; x = bytearray(300 << 20); subprocess.run([sys.executable, '-c', {_CHILD!r}], check=True)"
)


def test_peak_memory_is_of_the_process_and_not_of_its_parent() -> None:
    """A simulator started by a process of 300 MB has not taken 300 MB."""
    done = subprocess.run([sys.executable, "-c", _PARENT], capture_output=True, text=True, check=True, timeout=60)
    assert 10 < float(done.stdout) < 200
