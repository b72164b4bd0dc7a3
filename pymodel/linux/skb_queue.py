# SPDX-License-Identifier: Apache-2.0
"""Queues of sk_buffs: a ring through ``next`` and ``prev`` of the head and the sk_buffs in it.

As in C, an sk_buff can be in one list at a time; unlike C, putting it into a second one is a BUG here, and so is
unlinking one that is in none. The functions without underscores wait while another CPU holds ``list.lock``; as nothing
can happen within them, they need not take it. Source: include/linux/skbuff.h struct sk_buff_head, net/core/skbuff.c
skb_queue_tail(), v6.12.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pymodel.hw.access import this_cpu
from pymodel.linux.bug import BUG, Site, caller, site_str
from pymodel.linux.dropreason import SKB_DROP_REASON_QUEUE_PURGE
from pymodel.linux.sched import spin_contended, spinlock_t
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skbuff import sk_buff

__all__ = [
    "__skb_dequeue", "__skb_dequeue_tail", "__skb_queue_after", "__skb_queue_before", "__skb_queue_head",
    "__skb_queue_head_init", "__skb_queue_purge", "__skb_queue_purge_reason", "__skb_queue_tail", "__skb_unlink",
    "sk_buff_head", "skb_append", "skb_dequeue", "skb_dequeue_tail", "skb_peek", "skb_peek_next", "skb_peek_tail",
    "skb_queue_empty", "skb_queue_head", "skb_queue_head_init", "skb_queue_is_first", "skb_queue_is_last",
    "skb_queue_len", "skb_queue_next", "skb_queue_prev", "skb_queue_purge", "skb_queue_purge_reason",
    "skb_queue_reverse_walk", "skb_queue_splice", "skb_queue_splice_init", "skb_queue_splice_tail",
    "skb_queue_splice_tail_init", "skb_queue_tail", "skb_queue_walk", "skb_unlink",
]

_getframe = sys._getframe


class sk_buff_head:
    """The head of a queue, which is empty at first. ``qlen``: sk_buffs in it."""

    __slots__ = ("lock", "next", "prev", "qlen")

    def __init__(self) -> None:
        self.next: Any = self  # the first sk_buff, or the head itself
        self.prev: Any = self
        self.qlen = 0
        self.lock = spinlock_t("sk_buff_head")

    def __repr__(self) -> str:
        return f"<sk_buff_head of {self.qlen}>"


def __skb_queue_head_init(list: sk_buff_head) -> None:
    """Make it empty, whatever was in it."""
    list.next = list.prev = list
    list.qlen = 0


def skb_queue_head_init(list: sk_buff_head) -> None:
    list.__init__()  # type: ignore[misc]


# -- without the lock ----------------------------------------------------------------------------------------
def _insert(newsk: Any, prev: Any, next: Any, list: sk_buff_head, site: Site) -> None:
    old: Any = newsk.prev
    if old is not None and old.next is newsk:
        BUG(f"{newsk!r} is queued while it is in a list already", site_str(site))
    newsk.next = next
    newsk.prev = prev
    next.prev = newsk
    prev.next = newsk
    list.qlen += 1


def __skb_queue_after(list: sk_buff_head, prev: sk_buff, newsk: sk_buff) -> None:
    _insert(newsk, prev, prev.next, list, caller())


def __skb_queue_before(list: sk_buff_head, next: sk_buff, newsk: sk_buff) -> None:
    _insert(newsk, next.prev, next, list, caller())


def __skb_queue_head(list: sk_buff_head, newsk: sk_buff) -> None:
    f = _getframe(1)
    _insert(newsk, list, list.next, list, (f.f_code, f.f_lasti))


def __skb_queue_tail(list: sk_buff_head, newsk: sk_buff) -> None:
    f = _getframe(1)
    _insert(newsk, list.prev, list, list, (f.f_code, f.f_lasti))


def __skb_unlink(skb: Any, list: sk_buff_head) -> None:
    next, prev = skb.next, skb.prev
    if prev is None or prev.next is not skb or not list.qlen:
        BUG(f"{skb!r} is unlinked from {list!r}, in which it is not", site_str(caller()))
    list.qlen -= 1
    skb.next = skb.prev = None
    next.prev = prev
    prev.next = next


def __skb_dequeue(list: sk_buff_head) -> sk_buff | None:
    """Take the first; None where there is none."""
    skb = list.next
    if skb is list:
        return None
    list.qlen -= 1
    list.next = next = skb.next
    next.prev = list
    skb.next = skb.prev = None
    return skb  # type: ignore[no-any-return]


def __skb_dequeue_tail(list: sk_buff_head) -> sk_buff | None:
    """Take the last; None where there is none."""
    skb = list.prev
    if skb is list:
        return None
    __skb_unlink(skb, list)
    return skb  # type: ignore[no-any-return]


def __skb_queue_purge_reason(list: sk_buff_head, reason: int) -> None:
    """Drop all of them for ``reason``."""
    site = caller()
    while (skb := __skb_dequeue(list)) is not None:
        _kfree_skb(skb, reason, site)


def __skb_queue_purge(list: sk_buff_head) -> None:
    __skb_queue_purge_reason(list, SKB_DROP_REASON_QUEUE_PURGE)


# -- looking -------------------------------------------------------------------------------------------------
def skb_queue_len(list: sk_buff_head) -> int:
    return list.qlen


def skb_queue_empty(list: sk_buff_head) -> bool:
    return list.next is list


def skb_queue_is_first(list: sk_buff_head, skb: Any) -> bool:
    return skb.prev is list


def skb_queue_is_last(list: sk_buff_head, skb: Any) -> bool:
    return skb.next is list


def skb_queue_next(list: sk_buff_head, skb: sk_buff) -> sk_buff:
    """The one behind ``skb``. BUG where it is the last."""
    if skb.next is None or skb_queue_is_last(list, skb):
        BUG(f"skb_queue_next() of the last in {list!r}", site_str(caller()))
    return skb.next


def skb_queue_prev(list: sk_buff_head, skb: sk_buff) -> sk_buff:
    """The one in front of ``skb``. BUG where it is the first."""
    if skb.prev is None or skb_queue_is_first(list, skb):
        BUG(f"skb_queue_prev() of the first in {list!r}", site_str(caller()))
    return skb.prev


def skb_peek(list: sk_buff_head) -> sk_buff | None:
    """The first, left where it is; None where there is none."""
    return None if list.next is list else list.next


def skb_peek_next(skb: sk_buff, list: sk_buff_head) -> sk_buff | None:
    return None if skb_queue_is_last(list, skb) else skb.next


def skb_peek_tail(list: sk_buff_head) -> sk_buff | None:
    return None if list.prev is list else list.prev


def skb_queue_walk(list: sk_buff_head) -> Iterator[sk_buff]:
    """From the first to the last; each may be unlinked while it is at hand (skb_queue_walk_safe() in C)."""
    skb = list.next
    while skb is not list:
        following = skb.next
        yield skb
        skb = following


def skb_queue_reverse_walk(list: sk_buff_head) -> Iterator[sk_buff]:
    skb = list.prev
    while skb is not list:
        following = skb.prev
        yield skb
        skb = following


# -- joining -------------------------------------------------------------------------------------------------
def _splice(list: sk_buff_head, prev: Any, next: Any, head: sk_buff_head) -> None:
    if list.next is list:
        return
    first, last = list.next, list.prev
    first.prev, prev.next = prev, first
    last.next, next.prev = next, last
    head.qlen += list.qlen


def skb_queue_splice(list: sk_buff_head, head: sk_buff_head) -> None:
    """Put all of ``list`` in front of what ``head`` has; ``list`` is then for __skb_queue_head_init()."""
    _splice(list, head, head.next, head)


def skb_queue_splice_init(list: sk_buff_head, head: sk_buff_head) -> None:
    """skb_queue_splice() that leaves ``list`` empty."""
    _splice(list, head, head.next, head)
    __skb_queue_head_init(list)


def skb_queue_splice_tail(list: sk_buff_head, head: sk_buff_head) -> None:
    """Put all of ``list`` behind what ``head`` has; ``list`` is then for __skb_queue_head_init()."""
    _splice(list, head.prev, head, head)


def skb_queue_splice_tail_init(list: sk_buff_head, head: sk_buff_head) -> None:
    _splice(list, head.prev, head, head)
    __skb_queue_head_init(list)


# -- with the lock -------------------------------------------------------------------------------------------
def _wait(list: sk_buff_head) -> None:
    """Stall while another CPU holds the lock; a Lockup where this one does."""
    if list.lock.owner is not None:
        spin_contended(list.lock, this_cpu())


def skb_queue_head(list: sk_buff_head, newsk: sk_buff) -> None:
    _wait(list)
    _insert(newsk, list, list.next, list, caller())


def skb_queue_tail(list: sk_buff_head, newsk: sk_buff) -> None:
    _wait(list)
    f = _getframe(1)
    _insert(newsk, list.prev, list, list, (f.f_code, f.f_lasti))


def skb_append(old: sk_buff, newsk: sk_buff, list: sk_buff_head) -> None:
    """Queue ``newsk`` behind ``old``."""
    _wait(list)
    _insert(newsk, old, old.next, list, caller())


def skb_unlink(skb: sk_buff, list: sk_buff_head) -> None:
    _wait(list)
    __skb_unlink(skb, list)


def skb_dequeue(list: sk_buff_head) -> sk_buff | None:
    """Take the first; None where there is none."""
    _wait(list)
    return __skb_dequeue(list)


def skb_dequeue_tail(list: sk_buff_head) -> sk_buff | None:
    _wait(list)
    return __skb_dequeue_tail(list)


def skb_queue_purge_reason(list: sk_buff_head, reason: int) -> None:
    """Drop all of them for ``reason``."""
    _wait(list)
    gone = sk_buff_head()
    skb_queue_splice_init(list, gone)
    __skb_queue_purge_reason(gone, reason)


def skb_queue_purge(list: sk_buff_head) -> None:
    skb_queue_purge_reason(list, SKB_DROP_REASON_QUEUE_PURGE)
