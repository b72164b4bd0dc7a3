# SPDX-License-Identifier: Apache-2.0
"""Imports go one way, and what serves every NIC knows none (docs/design.md, "The way of a packet" and decision 13)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.meta.tree import ROOT, files

# For each part of the tree, by the longest prefix that fits: what of the project it may import, and whether cocotb.
_LAYERS: dict[str, tuple[tuple[str, ...], bool]] = {
    "pymodel/hw": (("pymodel.hw",), False),
    "pymodel/linux": (("pymodel.linux", "pymodel.hw"), False),
    "pymodel/drivers": (("pymodel.drivers", "pymodel.linux", "pymodel.hw"), False),
    "pymodel": (("pymodel",), False),
    "examples": (("examples", "pymodel.linux", "pymodel.hw"), False),
    "tb": (("tb", "pymodel.linux", "pymodel.hw"), True),
    "tools": (("tools",), False),
    "tests": (("tests", "tb", "tools", "examples", "pymodel", "rtl"), True),
}
_OURS = ("pymodel", "tb", "tools", "tests", "examples", "rtl")
# `make regress` runs the catalog of scenarios, which lives with the tests because it names the NICs that run each.
_EXCEPTIONS = {("tb/regress.py", "tests.scenarios.catalog")}

# What serves every NIC, and the words that name one. That DUT=nic and DUT=tinynic exist is no knowledge of them.
_NEUTRAL = ("pymodel/hw", "pymodel/linux", "tb", "tests/scenarios")
_ONE_NIC = re.compile(r"\b(tiny)?nic_[a-z]\w*|\b(Nic|Tiny)[A-Z]\w*|softnic|SoftNic|drivers\.nic|examples\.tinynic")


def _imported(tree: ast.AST, path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of each import, wherever it stands. Relative ones are resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.parts[: len(path.parts) - node.level]) if node.level else ""
            module = ".".join(part for part in (package, node.module) if part)
            for alias in node.names:
                # "from pymodel import linux" imports pymodel.linux
                whole = f"{module}.{alias.name}"
                yield node.lineno, whole if (ROOT / whole.replace(".", "/")).is_dir() else module


def _within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == p or module.startswith(p + ".") for p in packages)


def wrong_imports(path: Path, source: str) -> list[str]:
    """Imports of a file that its layer does not allow, as "file:line: why"."""
    name = path.as_posix()
    layer = max((p for p in _LAYERS if name.startswith(p + "/")), key=len, default=None)
    if layer is None:
        return []
    allowed, cocotb = _LAYERS[layer]
    found = []
    for line, module in _imported(ast.parse(source), path):
        if module.partition(".")[0].startswith("cocotb"):
            if not cocotb:
                found.append(f"{name}:{line}: {layer} never imports cocotb, this is {module}")
        elif _within(module, _OURS) and not _within(module, allowed) and (name, module) not in _EXCEPTIONS:
            found.append(f"{name}:{line}: {layer} imports {' and '.join(allowed)} alone, this is {module}")
    return found


def _docstrings(tree: ast.AST) -> set[int]:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    firsts = (node.body[0] for node in ast.walk(tree) if isinstance(node, kinds) and node.body)
    return {id(f.value) for f in firsts if isinstance(f, ast.Expr) and isinstance(f.value, ast.Constant)}


def mentions(path: Path, source: str) -> list[str]:
    """Names of one NIC in the code of a neutral Python file: identifiers, imports and strings, but not prose."""
    tree = ast.parse(source)
    prose = _docstrings(tree)
    found = []
    for node in ast.walk(tree):
        if id(node) in prose:
            continue
        for _, value in ast.iter_fields(node):
            if isinstance(value, str) and (match := _ONE_NIC.search(value)):
                found.append(f"{path}:{getattr(node, 'lineno', 0)}: names one NIC: {match[0]}")
    return found


def test_imports_go_one_way() -> None:
    found = [line for path in files(".py") for line in wrong_imports(path, (ROOT / path).read_text())]
    assert not found, "\n".join(found)


def test_what_serves_every_nic_names_none() -> None:
    found = []
    for path in files(".py", ".sv", ".svh", ".cpp", ".h", ".mk"):
        if not path.as_posix().startswith(tuple(p + "/" for p in _NEUTRAL)):
            continue
        text = (ROOT / path).read_text()
        if path.suffix == ".py":
            found += mentions(path, text)
        else:
            found += [f"{path}: names one NIC: {match[0]}" for match in _ONE_NIC.finditer(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        ("pymodel/hw/x.py", "from pymodel.linux import skbuff", "pymodel/hw imports pymodel.hw alone"),
        ("pymodel/hw/x.py", "from pymodel import linux", "this is pymodel.linux"),
        ("pymodel/linux/x.py", "import pymodel.drivers.nic.nic_hw", "this is pymodel.drivers.nic.nic_hw"),
        ("pymodel/linux/x.py", "from ..drivers import nic", "this is pymodel.drivers"),
        ("pymodel/linux/x.py", "def f():\n    from tb.env import Env", "x.py:2: pymodel/linux imports"),
        ("pymodel/drivers/nic/x.py", "import tb.env", "this is tb.env"),
        ("pymodel/drivers/nic/x.py", "from cocotb.triggers import Timer", "never imports cocotb"),
        ("pymodel/x.py", "import cocotb_bus", "never imports cocotb"),
        ("tb/x.py", "from pymodel.drivers.nic import nic_hw", "this is pymodel.drivers.nic"),
        ("tb/x.py", "import tests.unit", "this is tests.unit"),
        ("examples/tinynic/x.py", "import pymodel.drivers.nic", "this is pymodel.drivers.nic"),
        ("tools/x.py", "from tb.wire import pcap", "this is tb.wire"),
    ],
)
def test_a_wrong_import_is_found(path: str, source: str, message: str) -> None:
    found = wrong_imports(Path(path), source)
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pymodel/linux/x.py", "import struct\nfrom pymodel.hw.memory import memory\nfrom pymodel.linux import errno"),
        ("pymodel/drivers/nic/x.py", "from pymodel.linux import *\nfrom .nic_hw import QP_BASE"),
        ("tb/x.py", "import cocotb\nfrom pymodel import linux\nfrom tb.wire.pcap import Packet"),
        ("tests/nic/x.py", "import cocotb\nimport pymodel.drivers.nic.nic_hw\nfrom tb import env"),
    ],
)
def test_a_right_import_is_passed(path: str, source: str) -> None:
    assert wrong_imports(Path(path), source) == []


@pytest.mark.parametrize(
    "source",
    ["import x.nic_hw", "load('pymodel.drivers.nic:x')", "NicQueue()", "a.softnic", "def tinynic_fifo(): ..."],
)
def test_a_name_of_one_nic_is_found(source: str) -> None:
    assert len(mentions(Path("tb/x.py"), source)) == 1


@pytest.mark.parametrize("source", ['"""nic_rx.py is one."""', "# nic_hw", 'dut = "nic"', "panic_mode = magnic_x = 0"])
def test_prose_and_the_name_of_the_dut_are_no_knowledge(source: str) -> None:
    assert mentions(Path("tb/x.py"), source) == []
