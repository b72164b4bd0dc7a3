# SPDX-License-Identifier: Apache-2.0
"""``make mutants``: every mutant must be found, by the rule that it breaks. Exit code 1 where one is not."""

from __future__ import annotations

import argparse
import sys

from tests.mutants.campaign import MutantError, load, mutated, run_mutant, workspace


def _short(scenario: str) -> str:
    """Without the settings."""
    return " ".join(scenario.split()[:2])


def main(argv: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    p.add_argument("name", nargs="*", help="mutants to run; all when none is named")
    p.add_argument("--seed", type=int, default=0, help="instead of each mutant's own")
    p.add_argument("--list", action="store_true", help="name them and end")
    args = p.parse_args(argv)
    try:
        mutants = load()
        known = {m.name for m in mutants}
        for name in args.name:
            if name not in known:
                raise MutantError(f"no mutant {name!r}; there are {', '.join(sorted(known))}")
        mutants = [m for m in mutants if not args.name or m.name in args.name]
        for m in mutants:
            mutated(m)
    except MutantError as exc:
        print(f"make mutants: {exc}", file=sys.stderr)
        return 2
    if args.list:
        for m in mutants:
            print(f"{m.name:36} {_short(m.scenario):16} {m.rule:12} {m.what}")
        return 0
    folder = workspace()
    missed = 0
    print(f"{'mutant':36} {'scenario':16} {'expected':10} {'found by':10} {'s':>4}")
    for done, m in enumerate(mutants):
        try:
            outcome = run_mutant(m, folder, args.seed)
        except KeyboardInterrupt:
            print(f"\nmake mutants: interrupted after {done} of {len(mutants)}, {missed} not found", file=sys.stderr)
            return 130
        good = outcome.rule == m.rule
        found = outcome.rule[:10] or "SURVIVED"
        missed += not good
        print(
            f"{m.name:36} {_short(m.scenario):16} {m.rule[:10]:10} {found:10} {outcome.seconds:4.0f}",
            flush=True,
        )
        if not good:
            print(f"    {m.what}\n    {outcome.message.splitlines()[0] if outcome.message else 'the run passed'}")
    print(f"{len(mutants) - missed} found, {missed} not")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
