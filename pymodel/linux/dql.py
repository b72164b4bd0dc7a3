# SPDX-License-Identifier: Apache-2.0
"""Dynamic queue limits: how many bytes a transmit queue may have with the device. Source:
lib/dynamic_queue_limits.c, v6.12.
"""

from __future__ import annotations

from pymodel.linux.bug import BUG, WARN, caller_outside, site_str
from pymodel.linux.time import HZ, jiffies

__all__ = [
    "DQL_MAX_LIMIT", "DQL_MAX_OBJECT", "dql", "dql_avail", "dql_completed", "dql_init", "dql_queued", "dql_reset",
]

_UINT_MAX = 0xFFFFFFFF
DQL_MAX_OBJECT = _UINT_MAX // 16
DQL_MAX_LIMIT = (_UINT_MAX // 2) - DQL_MAX_OBJECT


class dql:
    """Counts are bytes; ``num_queued`` and ``num_completed`` run freely (here without wrapping).

    With ``stall_thrs`` (jiffies, 0: off) set, ``stall_cnt`` counts the times in which nothing was completed for that
    long though something was queued in their first half, and ``stall_max`` keeps the longest, in jiffies.
    """

    __slots__ = (
        "adj_limit", "history", "last_obj_cnt", "last_reap", "limit", "lowest_slack", "max_limit", "min_limit",
        "num_completed", "num_queued", "prev_last_obj_cnt", "prev_num_queued", "prev_ovlimit", "slack_hold_time",
        "slack_start_time", "stall_cnt", "stall_max", "stall_thrs",
    )

    def __init__(self) -> None:
        self.limit = self.adj_limit = self.num_queued = self.num_completed = self.last_obj_cnt = 0
        self.prev_num_queued = self.prev_ovlimit = self.prev_last_obj_cnt = self.slack_start_time = 0
        self.lowest_slack = _UINT_MAX
        self.stall_thrs = self.stall_max = self.stall_cnt = self.last_reap = 0
        self.history: list[int] = []  # jiffies in which something was queued, oldest first
        self.max_limit = self.min_limit = self.slack_hold_time = 0
        dql_init(self, HZ)


def dql_init(d: dql, hold_time: int) -> None:
    """``hold_time``: jiffies for which slack is watched before the limit shrinks."""
    d.max_limit = DQL_MAX_LIMIT
    d.min_limit = 0
    d.slack_hold_time = hold_time
    dql_reset(d)


def dql_reset(d: dql) -> None:
    """Start anew: but for ``adj_limit``, which Linux leaves as it is."""
    d.limit = d.min_limit
    d.num_queued = 0
    d.num_completed = 0
    d.last_obj_cnt = 0
    d.prev_num_queued = 0
    d.prev_last_obj_cnt = 0
    d.prev_ovlimit = 0
    d.lowest_slack = _UINT_MAX
    d.slack_start_time = d.last_reap = jiffies()
    d.history.clear()


def dql_queued(d: dql, count: int) -> None:
    """So many bytes were queued. WARN, and nothing counted, for more than DQL_MAX_OBJECT."""
    if count > DQL_MAX_OBJECT:
        WARN(f"dql_queued({count}): more than DQL_MAX_OBJECT", site_str(caller_outside()))
        return
    d.last_obj_cnt = count
    d.num_queued += count
    if d.stall_thrs:
        _remember(d)


def _remember(d: dql) -> None:
    now = jiffies()
    if not d.history or d.history[-1] != now:
        d.history.append(now)
    while d.history[0] <= (now // 64 - 4) * 64 + 63:  # as old as the ring of 4 words of 64 bits forgets
        del d.history[0]


def _check_stall(d: dql) -> None:
    now = jiffies()
    if now >= d.last_reap + d.stall_thrs:
        newest = now - d.stall_thrs // 2
        for queued in d.history:
            if d.last_reap < queued <= newest:
                d.stall_cnt += 1
                d.stall_max = max(d.stall_max, now - queued)
                break
    d.last_reap = now


def dql_avail(d: dql) -> int:
    """Bytes that may still be queued; negative when over the limit."""
    return d.adj_limit - d.num_queued


def dql_completed(d: dql, count: int) -> None:
    """Account ``count`` bytes as done, and adapt the limit: up when the device ran dry, down when it never needed
    all of it. BUG for more than are outstanding.
    """
    num_queued = d.num_queued
    before = d.num_completed
    if count > num_queued - before:
        BUG(f"dql_completed({count}), but {num_queued - before} are outstanding", site_str(caller_outside()))
    completed = before + count
    limit = d.limit
    ovlimit = num_queued - before - limit
    if ovlimit < 0:
        ovlimit = 0
    inprogress = num_queued - completed
    prev_inprogress = d.prev_num_queued - before
    all_prev_completed = completed >= d.prev_num_queued
    if (ovlimit and not inprogress) or (d.prev_ovlimit and all_prev_completed):
        over = completed - d.prev_num_queued
        limit += (over if over > 0 else 0) + d.prev_ovlimit
        d.slack_start_time = jiffies()
        d.lowest_slack = _UINT_MAX
    elif inprogress and prev_inprogress and not all_prev_completed:
        slack = max(0, limit + d.prev_ovlimit - 2 * count)
        slack_last = max(0, d.prev_last_obj_cnt - d.prev_ovlimit) if d.prev_ovlimit else 0
        d.lowest_slack = min(d.lowest_slack, max(slack, slack_last))
        now = jiffies()
        if now > d.slack_start_time + d.slack_hold_time:
            limit = max(0, limit - d.lowest_slack)
            d.slack_start_time = now
            d.lowest_slack = _UINT_MAX
    if limit < d.min_limit:
        limit = d.min_limit
    elif limit > d.max_limit:
        limit = d.max_limit
    if limit != d.limit:
        d.limit = limit
        ovlimit = 0
    d.adj_limit = limit + completed
    d.prev_ovlimit = ovlimit
    d.prev_last_obj_cnt = d.last_obj_cnt
    d.num_completed = completed
    d.prev_num_queued = num_queued
    if d.stall_thrs:
        _check_stall(d)
