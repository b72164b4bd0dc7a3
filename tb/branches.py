# SPDX-License-Identifier: Apache-2.0
"""Tells the compiler which way the branches of Verilator's C++ go.

A simulated clock runs once through all of the design, some 100 kB of machine code, and nearly every ``if`` in it is an
event that does not come in this clock: a register access, a reset, the end of a frame. The compiler takes either way
for as likely, so the code of what happens stands between the tests for it, and twice what the processor's instruction
cache holds is fetched each clock. With all branches marked as unlikely the tests stand together. Verilator marks only
assertions so.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["mark_folder", "mark_unlikely"]

_FAST_FILE = re.compile(r"Vtop_.*__\d+\.cpp")  # the other files run once
_TOKEN = re.compile(r'''"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)'|//[^\n]*|/\*.*?\*/|\bif \((?!VL_)|[()]''', re.DOTALL)


def mark_unlikely(text: str) -> str:
    """C++ as Verilator writes it, with the condition of each ``if`` in VL_UNLIKELY, unless it is marked already."""
    out: list[str] = []
    done = 0
    depth = 0
    opened: list[int] = []  # depths of the marked conditions that are open
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
            if opened and opened[-1] == depth:
                opened.pop()
                out += text[done : token.start()], ")"
                done = token.start()
        elif word.startswith("if"):
            opened.append(depth)
            depth += 1
            out += text[done : token.end()], "VL_UNLIKELY("
            done = token.end()
    out.append(text[done:])
    return "".join(out)


def mark_folder(folder: Path) -> None:
    """Marks the files in ``folder`` that are run in each clock."""
    for path in folder.glob("Vtop_*.cpp"):
        if _FAST_FILE.fullmatch(path.name):
            path.write_text(mark_unlikely(path.read_text()))
