# SPDX-License-Identifier: Apache-2.0
"""Queues of sk_buffs."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.contexts import Task
from tests.unit.linux_bed import Bed

HIDDEN = L.__dict__  # names with two underscores, which a class or function of Python would mangle


def skbs(n: int) -> list[Any]:
    return [L.alloc_skb(10, L.GFP_ATOMIC) for _ in range(n)]


def content(queue: Any) -> list[Any]:
    """Both ways round: the ring must be whole."""
    forth, back = list(L.skb_queue_walk(queue)), list(L.skb_queue_reverse_walk(queue))
    assert forth == back[::-1]
    assert len(forth) == L.skb_queue_len(queue)
    assert L.skb_queue_empty(queue) is (not forth)
    return forth


def test_queue_random_operations_match_a_deque() -> None:
    Bed()
    rng = random.Random(5)
    queue, other = L.sk_buff_head(), L.sk_buff_head()
    model: deque[Any] = deque()
    free = skbs(12)
    for _ in range(3000):
        op = rng.randrange(9)
        locked = rng.random() < 0.5
        if op < 2 and free:
            skb = free.pop()
            name = ("skb_queue_tail", "skb_queue_head")[op]
            HIDDEN[name if locked else f"__{name}"](queue, skb)
            model.append(skb) if op == 0 else model.appendleft(skb)
        elif op == 2:
            skb = HIDDEN["skb_dequeue" if locked else "__skb_dequeue"](queue)
            assert skb is (model.popleft() if model else None)
            free += [skb] if skb else []
        elif op == 3:
            skb = HIDDEN["skb_dequeue_tail" if locked else "__skb_dequeue_tail"](queue)
            assert skb is (model.pop() if model else None)
            free += [skb] if skb else []
        elif op == 4 and model:
            skb = rng.choice(model)
            L.skb_unlink(skb, queue) if locked else HIDDEN["__skb_unlink"](skb, queue)
            model.remove(skb)
            free.append(skb)
        elif op == 5 and model and free:
            old, skb = rng.choice(model), free.pop()
            L.skb_append(old, skb, queue) if locked else HIDDEN["__skb_queue_after"](queue, old, skb)
            model.insert(model.index(old) + 1, skb)
        elif op == 6 and model and free:
            old, skb = rng.choice(model), free.pop()
            HIDDEN["__skb_queue_before"](queue, old, skb)
            model.insert(model.index(old), skb)
        elif op == 7 and len(free) > 1:
            more = [free.pop(), free.pop()]
            for skb in more:
                L.skb_queue_tail(other, skb)
            front = rng.random() < 0.5
            if locked:
                (L.skb_queue_splice_init if front else L.skb_queue_splice_tail_init)(other, queue)
            else:
                (L.skb_queue_splice if front else L.skb_queue_splice_tail)(other, queue)
                HIDDEN["__skb_queue_head_init"](other)
            assert content(other) == []
            model = deque([*more, *model] if front else [*model, *more])
        assert content(queue) == list(model)
        assert L.skb_peek(queue) is (model[0] if model else None)
        assert L.skb_peek_tail(queue) is (model[-1] if model else None)


def test_neighbours_in_a_queue_and_none_beyond_its_ends() -> None:
    Bed()
    queue = L.sk_buff_head()
    first, last = skbs(2)
    L.skb_queue_tail(queue, first)
    L.skb_queue_tail(queue, last)
    assert L.skb_queue_is_first(queue, first) and L.skb_queue_is_last(queue, last)
    assert not L.skb_queue_is_first(queue, last) and not L.skb_queue_is_last(queue, first)
    assert L.skb_queue_next(queue, first) is last and L.skb_queue_prev(queue, last) is first
    assert L.skb_peek_next(first, queue) is last and L.skb_peek_next(last, queue) is None
    with pytest.raises(L.KernelBug, match="skb_queue_next"):
        L.skb_queue_next(queue, last)
    with pytest.raises(L.KernelBug, match="skb_queue_prev"):
        L.skb_queue_prev(queue, first)


def test_skb_in_two_queues_is_a_bug() -> None:
    Bed()
    queue, other = L.sk_buff_head(), L.sk_buff_head()
    (skb,) = skbs(1)
    L.skb_queue_tail(queue, skb)
    with pytest.raises(L.KernelBug, match="in a list already"):
        L.skb_queue_head(other, skb)
    L.skb_dequeue(queue)
    L.skb_queue_head(other, skb)


def test_unlink_of_what_is_in_no_queue_is_a_bug() -> None:
    Bed()
    with pytest.raises(L.KernelBug, match="in which it is not"):
        L.skb_unlink(skbs(1)[0], L.sk_buff_head())


def test_purge_drops_all_for_its_reason() -> None:
    Bed()
    queue = L.sk_buff_head()
    for skb in skbs(3):
        L.skb_queue_tail(queue, skb)
    L.skb_queue_purge(queue)
    assert content(queue) == []
    for skb in skbs(2):
        L.skb_queue_tail(queue, skb)
    L.skb_queue_purge_reason(queue, L.SKB_DROP_REASON_NOMEM)
    for skb in skbs(1):
        L.skb_queue_tail(queue, skb)
    HIDDEN["__skb_queue_purge"](queue)
    assert L.skb_drop_counts() == {L.SKB_DROP_REASON_QUEUE_PURGE: 4, L.SKB_DROP_REASON_NOMEM: 2}
    assert L.leak_report() == []


def test_init_empties_a_head() -> None:
    Bed()
    queue = L.sk_buff_head()
    L.skb_queue_tail(queue, skbs(1)[0])
    L.skb_queue_head_init(queue)
    assert content(queue) == []


def test_queue_waits_for_the_cpu_that_holds_the_lock() -> None:
    bed = Bed(cpus=2)
    queue = L.sk_buff_head()
    (skb,) = skbs(1)

    def holder() -> None:
        L.spin_lock(queue.lock)
        L.udelay(50)
        assert L.skb_queue_empty(queue), "the other CPU stalls"
        L.spin_unlock(queue.lock)

    def sender() -> int:
        L.udelay(10)
        L.skb_queue_tail(queue, skb)
        return L.ktime_get_ns()

    task = Task(bed.sched.cpus[0], holder, (), "holder")
    task.awaited = True
    assert bed.run(sender, cpu=1) >= 50_000
    bed.pump(lambda: task.done)
    assert task.exception is None
    assert content(queue) == [skb]


def test_queue_with_its_own_lock_held_is_a_lockup() -> None:
    bed = Bed()
    queue = L.sk_buff_head()

    def wrong() -> None:
        L.spin_lock(queue.lock)
        L.skb_dequeue(queue)

    with pytest.raises(L.Lockup, match="spinlock recursion"):
        bed.run(wrong)
