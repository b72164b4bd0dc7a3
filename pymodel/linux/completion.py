# SPDX-License-Identifier: Apache-2.0
"""Completions: one waits until another says that it is done.

Source: kernel/sched/completion.c, include/linux/completion.h, v6.12.
"""

from __future__ import annotations

from pymodel.linux.bug import caller
from pymodel.linux.sched import might_sleep, wait_event, wait_queue_head_t, wake_up
from pymodel.linux.time import wait_event_timeout

__all__ = [
    "complete", "complete_all", "completion", "completion_done", "init_completion", "reinit_completion",
    "try_wait_for_completion", "wait_for_completion", "wait_for_completion_interruptible",
    "wait_for_completion_interruptible_timeout", "wait_for_completion_timeout",
]


class completion:
    """``done``: how many waiters may pass."""

    __slots__ = ("done", "wait")

    def __init__(self) -> None:
        self.done = 0
        self.wait = wait_queue_head_t("a completion")


_ALL = 1 << 31


def init_completion(x: completion) -> None:
    x.__init__()  # type: ignore[misc]


def reinit_completion(x: completion) -> None:
    """Make it ready for another round, after complete_all()."""
    x.done = 0


def complete(x: completion) -> None:
    """Let one waiter go on. From any context."""
    if x.done < _ALL:
        x.done += 1
    wake_up(x.wait)


def complete_all(x: completion) -> None:
    """Let all go on, and all that come."""
    x.done = _ALL
    wake_up(x.wait)


def _take(x: completion) -> None:
    if x.done < _ALL:
        x.done -= 1


def wait_for_completion(x: completion) -> None:
    might_sleep(caller())
    wait_event(x.wait, lambda: x.done)
    _take(x)


def wait_for_completion_interruptible(x: completion) -> int:
    """wait_for_completion() that a signal would end: always 0."""
    might_sleep(caller())
    wait_for_completion(x)
    return 0


def wait_for_completion_timeout(x: completion, timeout: int) -> int:
    """Wait up to ``timeout`` jiffies: 0 where it did not come, else the jiffies left, at least 1."""
    might_sleep(caller())
    left = wait_event_timeout(x.wait, lambda: x.done, timeout)
    if left:
        _take(x)
    return left


wait_for_completion_interruptible_timeout = wait_for_completion_timeout


def try_wait_for_completion(x: completion) -> bool:
    """Pass without sleeping; False where one would have to wait."""
    if not x.done:
        return False
    _take(x)
    return True


def completion_done(x: completion) -> bool:
    """Whether a waiter would pass."""
    return x.done != 0
