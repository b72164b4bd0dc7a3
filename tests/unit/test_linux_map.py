# SPDX-License-Identifier: Apache-2.0
"""pymodel/README.md is complete and true; the package exports what its modules do."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from pymodel import linux as L

ROOT = Path(__file__).parents[2]
README = (ROOT / "pymodel/README.md").read_text()
MODULES = sorted(p.stem for p in (ROOT / "pymodel/linux").glob("*.py") if p.stem != "__init__")


def test_every_module_has_its_row_and_every_row_its_module_and_test() -> None:
    rows = re.findall(r"^\| .* \| `(\w+)\.py` \| `(\w+\.py)` \|", README, re.MULTILINE)
    assert sorted(module for module, _ in rows) == MODULES
    assert {test for _, test in rows} <= {p.name for p in (ROOT / "tests/unit").glob("test_*.py")}


def test_every_module_is_named_once_in_the_folders_readme() -> None:
    assert sorted(re.findall(r"`(\w+)\.py`", (ROOT / "pymodel/linux/README.md").read_text())) == MODULES


def test_symbols_named_in_the_map_are_exported_by_their_module() -> None:
    """Functions, classes, constants are; a driver's ops and words like "header offsets" are no symbols of a module."""
    for symbols, module in re.findall(r"^\| (.*?) \| `(\w+)\.py` \| `", README, re.MULTILINE):
        exported = importlib.import_module(f"pymodel.linux.{module}").__all__
        for name in re.sub(r" \(.*\)", "", symbols).split(", "):
            if re.fullmatch(r"\w+", name) and not name.startswith("ndo_"):
                assert name in exported or f"__{name}" in exported, f"{module}.py does not export {name}"


def test_every_rule_that_the_core_raises_is_in_the_table_and_in_its_test() -> None:
    raised: set[str] = set()
    rule_name = "(?:TX|NAPI|LIFE|DMA|OFF|RSS|ETH)"
    for module in MODULES:
        source = (ROOT / f"pymodel/linux/{module}.py").read_text()
        raised |= set(re.findall(rf'(?:broken_rule|CheckError)\(\s*"({rule_name}\d+)"', source))
    table = {}
    for rules, tests in re.findall(rf"^\| ({rule_name}\d[^|]*) \|[^|]*\| ([^|]*) \|", README, re.MULTILINE):
        for rule in rules.split(", "):
            table[rule] = re.findall(r"`(\S+)`", tests)
    assert raised <= set(table)
    for rule, tests in table.items():
        assert any(rule in (ROOT / "tests/unit" / test).read_text() for test in tests), f"{rule} is in none of {tests}"


def test_package_exports_all_that_its_modules_do() -> None:
    for module in MODULES:
        found = importlib.import_module(f"pymodel.linux.{module}")
        for name in found.__all__:
            if name.endswith("State"):
                continue  # the kernel's own state, not for drivers
            assert getattr(L, name) is getattr(found, name), f"{name} of {module}.py"
            assert name in L.__all__


def test_exported_names_have_no_doubles() -> None:
    assert len(L.__all__) == len(set(L.__all__))


def test_errname_names_both_signs() -> None:
    assert L.errname(-L.ENOMEM) == "-ENOMEM"
    assert L.errname(L.EADDRNOTAVAIL) == "EADDRNOTAVAIL"
    assert L.errname(-9999) == "-9999"
