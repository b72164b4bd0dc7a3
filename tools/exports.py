# SPDX-License-Identifier: Apache-2.0
"""Write ``pymodel/linux/__init__.py`` from the ``__all__`` of its modules: ``python tools/exports.py [--check]``.

Written out name by name because type checkers, editors and readers want the names, and no hand should keep them twice.
A name that ends in ``State`` is the kernel's own and is not exported. A name that two modules export is an error.
"""

from __future__ import annotations

import importlib
import sys
import textwrap
from pathlib import Path
from types import ModuleType

__all__ = ["main", "package"]

FOLDER = Path(__file__).resolve().parent.parent / "pymodel" / "linux"

_HEAD = '''# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: I001, RUF100 (a name a line, as it would have it, would make this a thousand lines)
"""The Linux host: every name that a driver or a scenario uses, under Linux's name.

Written by tools/exports.py from the ``__all__`` of the modules. Conventions: docs/design.md; map: pymodel/README.md.
"""

from __future__ import annotations

from pymodel.hw.access import (
    charge, readb, readl, readl_relaxed, readq, readw, writeb, writel, writel_relaxed, writeq, writew,
)
from pymodel.hw.errors import CheckError
'''
_SEAM = [
    "CheckError", "charge", "readb", "readl", "readl_relaxed", "readq", "readw", "writeb", "writel", "writel_relaxed",
    "writeq", "writew",
]


def _exports(stem: str) -> list[str]:
    """``__all__`` of a module."""
    names = getattr(importlib.import_module(f"pymodel.linux.{stem}"), "__all__", None)
    if names is None:
        raise SystemExit(f"tools/exports.py: pymodel/linux/{stem}.py has no __all__: write one, a list of strings")
    return sorted(names)


def _wrapped(names: list[str]) -> str:
    return textwrap.fill(
        ", ".join(names) + ",", 120, initial_indent="    ", subsequent_indent="    ", break_long_words=False
    )


def package() -> str:
    """The text of ``__init__.py``."""
    # The modules are imported into a package of their own: the one on disk may name what is there no more.
    linux = ModuleType("pymodel.linux")
    linux.__path__ = [str(FOLDER)]
    sys.modules["pymodel.linux"] = linux
    sys.path.insert(0, str(FOLDER.parents[1]))
    text = _HEAD
    owner: dict[str, str] = dict.fromkeys(_SEAM, "pymodel.hw")
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem == "__init__":
            continue
        names = [name for name in _exports(path.stem) if not name.endswith("State")]
        for name in names:
            if name in owner:
                raise SystemExit(f"tools/exports.py: {name} is exported by {owner[name]} and by {path.name}")
            owner[name] = path.name
        line = f"from pymodel.linux.{path.stem} import {', '.join(names)}\n"
        if len(line) > 121:
            line = f"from pymodel.linux.{path.stem} import (\n{_wrapped(names)}\n)\n"
        text += line if names else ""
    return text + "\n__all__ = [\n" + _wrapped([f'"{name}"' for name in sorted(owner)]) + "\n]\n"


def main() -> int:
    """Write the file; with ``--check``, say whether it is stale (exit code 1)."""
    path = FOLDER / "__init__.py"
    text = package()
    if "--check" in sys.argv[1:]:
        if path.read_text() == text:
            return 0
        print("pymodel/linux/__init__.py is stale: run `make exports`", file=sys.stderr)
        return 1
    path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
