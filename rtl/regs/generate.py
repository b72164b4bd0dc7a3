#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generate all that is derived from nic.rdl: the SystemVerilog package, the driver's constants, the tables.

    python rtl/regs/generate.py           writes the files
    python rtl/regs/generate.py --check   writes nothing; exits 1 and names the files that are not up to date
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from emit_markdown import emit_markdown
from emit_python import emit_python
from emit_sv import emit_sv
from regs_model import RegisterError, load
from systemrdl.messages import RDLCompileError

__all__ = ["OUTPUTS", "generate", "main", "stale"]

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent.parent

# Generated file, relative to the root of the repository -> its emitter.
OUTPUTS = {
    "rtl/regs/nic_regs_pkg.sv": emit_sv,
    "pymodel/drivers/nic/nic_hw.py": emit_python,
    "rtl/regs/registers.md": emit_markdown,
}


def generate(rdl: Path) -> dict[str, str]:
    """The text of each generated file, by its path in the repository."""
    desc = load(rdl)
    return {path: emit(desc) for path, emit in OUTPUTS.items()}


def stale(rdl: Path, root: Path) -> list[str]:
    """The generated files under `root` that are missing or differ from what `rdl` gives."""
    texts = generate(rdl)
    return [path for path, text in texts.items() if not (root / path).is_file() or (root / path).read_text() != text]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Generate the files derived from nic.rdl.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a generated file is stale")
    parser.add_argument("--rdl", type=Path, default=_HERE / "nic.rdl", help="the description (default: %(default)s)")
    parser.add_argument("--root", type=Path, default=_ROOT, help="where the outputs lie (default: %(default)s)")
    args = parser.parse_args(argv)
    try:
        old = stale(args.rdl, args.root)
        if args.check:
            for path in old:
                print(f"{path} is stale: run `make regs` (python rtl/regs/generate.py)", file=sys.stderr)
            return 1 if old else 0
        texts = generate(args.rdl)
    except (RegisterError, RDLCompileError, OSError) as error:
        print(f"{args.rdl}: {error}", file=sys.stderr)
        return 2
    for path in old:
        (args.root / path).parent.mkdir(parents=True, exist_ok=True)
        (args.root / path).write_text(texts[path])
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
