# SPDX-License-Identifier: Apache-2.0
"""The files of the project, for tests that look at all of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["ROOT", "files"]

ROOT = Path(__file__).resolve().parents[2]
_CACHES = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}
_NOT_OURS = {"build", ".venv", ".venv-hw", ".git"} | _CACHES


def files(*suffixes: str) -> list[Path]:
    """Files of the project, relative to its root: those that git knows or would add, or all without git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        found = [Path(line) for line in listed]
    except (OSError, subprocess.CalledProcessError):
        found = [p.relative_to(ROOT) for p in ROOT.rglob("*") if p.is_file()]
    wanted = (p for p in found if not _NOT_OURS & set(p.parts) and (ROOT / p).is_file())
    return sorted(p for p in wanted if not suffixes or p.suffix in suffixes)
