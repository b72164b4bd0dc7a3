# SPDX-License-Identifier: Apache-2.0
"""``make formal``: runs all proofs, covers and planted bugs; a line for each as it ends, then a table of the tasks.

Exit code 0: all as it must be; 1: something is not; 2: the command or the tools; 130: interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from tests.formal.prover import Job, Outcome, Task, TaskError, load_tasks, tools_problem

__all__ = ["main"]


def _table(tasks: list[Task], outcomes: dict[Job, Outcome]) -> None:
    print(f"\n  {'task':<14}{'what':<26}{'cover':<13}{'bugs found':<12}{'seconds':>8}")
    for task in tasks:
        mine = {job: outcomes[job] for job in task.jobs() if job in outcomes}
        by = {kind: [o for job, o in mine.items() if job.kind == kind] for kind in ("prove", "cover", "bug")}
        proof = "FAILED" if not all(o.good for o in by["prove"]) else by["prove"][0].text if by["prove"] else ""
        cover = "".join(o.text if o.good else "FAILED" for o in by["cover"]) or "-"
        bugs = f"{sum(o.good for o in by['bug'])} of {len(by['bug'])}"
        print(f"  {task.name:<14}{proof:<26}{cover:<13}{bugs:<12}{sum(o.seconds for o in mine.values()):>8.0f}")


def main(argv: list[str] | None = None) -> int:
    """Runs the tasks named, or all."""
    p = argparse.ArgumentParser("make formal", description=__doc__)
    p.formatter_class = argparse.RawDescriptionHelpFormatter
    p.add_argument("tasks", nargs="*", help="names of tests/formal/tasks.toml (all)")
    p.add_argument("--jobs", type=int, metavar="N", default=os.cpu_count() or 1, help="proofs at a time")
    p.add_argument("--no-bugs", action="store_true", help="leave out the deliberate bugs")
    args = p.parse_args(argv)
    try:
        known = load_tasks()
        if unknown := [name for name in args.tasks if name not in known]:
            raise TaskError(f"TASKS={' '.join(unknown)} is not known; there are {', '.join(known)}")
        if problem := tools_problem():
            raise TaskError(problem)
    except TaskError as exc:
        print(f"make formal: {exc}", file=sys.stderr)
        return 2
    chosen = [known[name] for name in args.tasks or known]
    jobs = [job for task in chosen for job in task.jobs() if not (args.no_bugs and job.bug)]
    jobs.sort(key=lambda job: (job.kind == "bug", bool(job.task.prove)))  # the long ones first
    outcomes: dict[Job, Outcome] = {}
    began = time.monotonic()
    with ThreadPoolExecutor(args.jobs) as pool:
        running: dict[Future[Outcome], Job] = {pool.submit(job.run): job for job in jobs}
        try:
            for done in as_completed(running):
                job = running[done]
                outcome = outcomes[job] = done.result()
                mark = "ok    " if outcome.good else "FAILED"
                count = f"[{len(outcomes)}/{len(jobs)}]"
                print(f"{count} {mark}  {job.name}: {outcome.text} ({outcome.seconds:.1f} s)", flush=True)
        except TaskError as exc:
            pool.shutdown(cancel_futures=True)
            print(f"make formal: {exc}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            print("\nmake formal: interrupted", file=sys.stderr)
            return 130
    _table(chosen, outcomes)
    failed = sum(not o.good for o in outcomes.values())
    verdict = f"{failed} of {len(jobs)} failed" if failed else f"all {len(jobs)} as they must be"
    print(f"formal: {verdict}, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
