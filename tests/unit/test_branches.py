# SPDX-License-Identifier: Apache-2.0
"""Branches of generated C++ (tb/branches.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.branches import mark_folder, mark_unlikely


@pytest.mark.parametrize(
    ("plain", "marked"),
    [
        ("if (a) { b(); }", "if (VL_UNLIKELY(a)) { b(); }"),
        ("if ((1U & (~ (IData)(x)))) {\n} else if (y) {\n}",
         "if (VL_UNLIKELY((1U & (~ (IData)(x))))) {\n} else if (VL_UNLIKELY(y)) {\n}"),
        ("if (f(a)\n    & g(b)) { if (c) d(); }", "if (VL_UNLIKELY(f(a)\n    & g(b))) { if (VL_UNLIKELY(c)) d(); }"),
        ("if (VL_UNLIKELY((a))) b();", "if (VL_UNLIKELY((a))) b();"),
        ("if (VL_LIKELY(a)) b();", "if (VL_LIKELY(a)) b();"),
        (r'if (a) w("if (b) \" ( %m", c);', r'if (VL_UNLIKELY(a)) w("if (b) \" ( %m", c);'),
        ("// if (a) (\nif (b) c();", "// if (a) (\nif (VL_UNLIKELY(b)) c();"),
        ("/* if (a)\n ( */ if (b) c('(');", "/* if (a)\n ( */ if (VL_UNLIKELY(b)) c('(');"),
        ("endif (a); xif (b);", "endif (a); xif (b);"),
    ],
)  # fmt: skip
def test_condition_of_each_if_is_marked_once(plain: str, marked: str) -> None:
    assert mark_unlikely(plain) == marked


def test_only_files_of_the_clock_are_marked(tmp_path: Path) -> None:
    names = ("Vtop___024root__0.cpp", "Vtop_pkg__12.cpp", "Vtop___024root__0__Slow.cpp", "Vtop__Syms__Slow.cpp")
    for name in names:
        (tmp_path / name).write_text("if (a) b();")
    mark_folder(tmp_path)
    assert [n for n in names if "UNLIKELY" in (tmp_path / n).read_text()] == list(names[:2])
