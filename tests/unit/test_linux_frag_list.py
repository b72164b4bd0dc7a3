# SPDX-License-Identifier: Apache-2.0
"""Lists of sk_buffs that hang from an sk_buff: read, pulled from the front, cut at the end, shared by copies."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed


def listed(bed: Bed, head: bytes, *parts: bytes) -> Any:
    """An skb with a fragment list."""
    skb = L.alloc_skb(len(head), L.GFP_ATOMIC)
    L.skb_put_data(skb, head, len(head))
    for part in reversed(parts):
        item = L.alloc_skb(len(part), L.GFP_ATOMIC)
        L.skb_put_data(item, part, len(part))
        L.skb_frag_add_head(skb, item)
        L.skb_len_add(skb, len(part))
    assert L.skb_to_bytes(skb) == head + b"".join(parts)
    return skb


def parts(skb: Any) -> list[bytes]:
    return [L.skb_to_bytes(part) for part in L.skb_walk_frags(skb)]


@pytest.mark.parametrize(
    ("n", "left"),
    [(0, [b"abc", b"defg", b"hi"]), (2, [b"c", b"defg", b"hi"]), (3, [b"defg", b"hi"]), (5, [b"fg", b"hi"]), (9, [])],
)
def test_pull_tail_eats_the_fragment_list_from_its_front(n: int, left: list[bytes]) -> None:
    bed = Bed()
    skb = listed(bed, b"head", b"abc", b"defg", b"hi")
    assert L.pskb_may_pull(skb, 4 + n)
    assert (L.skb_headlen(skb), parts(skb)) == (4 + n, left)
    assert L.skb_to_bytes(skb) == b"headabcdefghi"
    L.kfree_skb(skb)
    assert L.leak_report() == []


@pytest.mark.parametrize(
    ("n", "left"), [(4, []), (5, [b"a"]), (7, [b"abc"]), (8, [b"abc", b"d"]), (12, [b"abc", b"defg", b"h"])]
)
def test_trim_cuts_the_fragment_list(n: int, left: list[bytes]) -> None:
    bed = Bed()
    skb = listed(bed, b"head", b"abc", b"defg", b"hi")
    skb.tail += 316  # no room: what is left stays where it is
    skb.len += 316
    assert L.pskb_trim(skb, n + 316) == 0
    assert parts(skb) == left
    L.kfree_skb(skb)
    assert L.leak_report() == []


@pytest.mark.parametrize("how", ["pull", "trim"])
def test_shared_part_of_a_fragment_list_is_cloned_before_it_is_cut(how: str) -> None:
    """pskb_copy() shares the list: what one does to its part the other does not see."""
    bed = Bed()
    skb = listed(bed, b"head", b"abcdef")
    copy = L.pskb_copy(skb, L.GFP_ATOMIC)
    (part,) = L.skb_walk_frags(skb)
    assert part.users == 2
    if how == "pull":
        assert L.pskb_may_pull(copy, 7)
        assert parts(copy) == [b"def"]
    else:
        copy.tail += 316
        copy.len += 316
        assert L.pskb_trim(copy, 316 + 7) == 0
        assert parts(copy) == [b"abc"]
    assert parts(skb) == [b"abcdef"] and part.users == 1
    L.kfree_skb(skb)
    L.kfree_skb(copy)
    assert L.leak_report() == []


def test_gso_packet_whose_list_is_cut_is_marked_dodgy() -> None:
    bed = Bed()
    skb = listed(bed, b"head", b"abc")
    L.skb_shinfo(skb).gso_size = 3
    assert L.pskb_may_pull(skb, 5)
    assert L.skb_shinfo(skb).gso_type == L.SKB_GSO_DODGY


def test_pull_without_memory_for_the_clone_changes_nothing() -> None:
    bed = Bed()
    skb = listed(bed, b"head", b"abc")
    copy = L.pskb_copy(skb, L.GFP_ATOMIC)
    L.set_alloc_failure(lambda what, size: what == "skb")
    assert not L.pskb_may_pull(copy, 5)
    assert L.skb_to_bytes(copy) == b"headabc" and parts(copy) == [b"abc"]
    L.set_alloc_failure(None)


def test_freeing_the_head_frees_the_list_and_counts_one_drop() -> None:
    bed = Bed()
    L.kfree_skb_reason(listed(bed, b"head", b"abc", b"def"), L.SKB_DROP_REASON_TCP_CSUM)
    assert L.skb_drop_counts() == {L.SKB_DROP_REASON_TCP_CSUM: 1}
    assert L.leak_report() == []


def test_header_pointer_is_a_view_or_a_copy_or_none() -> None:
    bed = Bed()
    skb = listed(bed, b"lin", b"ear")
    view = L.skb_header_pointer(skb, 0, 3)
    assert isinstance(view, memoryview) and bytes(view) == b"lin"
    assert L.skb_header_pointer(skb, 2, 4) == b"near"
    assert L.skb_header_pointer(skb, 3, 4) is None
