# SPDX-License-Identifier: Apache-2.0
"""``make oracle``: replay records of a real kernel on the host model, a line a family, and what differs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tests.oracle.families import families
from tests.oracle.records import SAMPLE, SHARED, BadRecords, files, items
from tests.oracle.run import Outcome, run

__all__ = ["main"]

_FIRST = 5  # records of a family whose differences are printed
_EACH = 3  # differences of a record


def _progress(done: int, of: int) -> None:
    sys.stderr.write(f"\r{done:6} of {of} records" if done < of else "\r" + " " * 30 + "\r")
    sys.stderr.flush()


def report(outcomes: dict[str, Outcome]) -> bool:
    """Print a line a family and the first differences of each. Whether all passed."""
    red, plain = ("\033[31m", "\033[0m") if sys.stdout.isatty() else ("", "")
    for fam, outcome in outcomes.items():
        line = outcome.line(fam)
        print(f"{red}{line}{plain}" if outcome.failures else line)
        for result in outcome.failures[:_FIRST]:
            for difference in result.found[:_EACH]:
                print(f"    {result.where}: {difference}")
            if len(result.found) > _EACH:
                print(f"    {result.where}: {len(result.found) - _EACH} more differences")
        if len(outcome.failures) > _FIRST:
            print(f"    {len(outcome.failures) - _FIRST} more records")
    passed = sum(outcome.passed for outcome in outcomes.values())
    failed = sum(len(outcome.failures) for outcome in outcomes.values())
    skipped = sum(outcome.not_expressed.total() for outcome in outcomes.values())
    print(f"all: {passed} passed, {failed} failed, {skipped} not expressed")
    return not failed


def main() -> int:
    p = argparse.ArgumentParser(prog="make oracle", description=__doc__)
    p.add_argument("--oracle", type=Path, default=SHARED if SHARED.is_dir() else SAMPLE, help="folder of records")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    p.add_argument("fam", nargs="*", help="only these families")
    args = p.parse_args()
    known = families()
    try:
        unknown = [fam for fam in args.fam if fam not in known]
        if unknown:
            raise BadRecords(f"no family {unknown[0]}; there are {', '.join(sorted(known))}")
        found = [item for path in files(args.oracle) for item in items(path, known)]
    except BadRecords as exc:
        print(f"make oracle: {exc}", file=sys.stderr)
        return 2
    found = [item for item in found if not args.fam or item[1]["fam"] in args.fam]
    if not found:
        print(f"make oracle: {args.oracle} has no record of these families", file=sys.stderr)
        return 2
    try:
        return 0 if report(run(found, args.jobs, _progress if sys.stderr.isatty() else None)) else 1
    except KeyboardInterrupt:
        print("make oracle: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
