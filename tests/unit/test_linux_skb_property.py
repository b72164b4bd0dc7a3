# SPDX-License-Identifier: Apache-2.0
"""Whatever is done to sk_buffs in whatever order, each holds the bytes of a plain byte string beside it, its geometry
stays sound, who shares what is counted right, and nothing is left at the end.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from pymodel import linux as L
from tests.unit.linux_bed import Bed

HIDDEN = L.__dict__
sizes = st.integers(0, 5000)
small = st.integers(0, 400)
share = st.floats(0, 1)
ALLOC = ["alloc_skb", "alloc_skb_fclone", "dev_alloc_skb"]


class Skb:
    """An sk_buff and what it should hold."""

    def __init__(self, skb: Any, data: bytes = b"") -> None:
        self.skb = skb
        self.data = data


def linear_bytes(skb: Any) -> int:
    return int(skb.tail - skb.data)


class Operations(RuleBasedStateMachine):
    """Up to a dozen skbs. Bytes are written only where nobody else sees them, as the stack has it."""

    skbs: Bundle[Skb] = Bundle("skbs")

    def __init__(self) -> None:
        super().__init__()
        self.bed = Bed(size=64 << 20)
        self.mem = self.bed.m.memory.mem
        self.live: list[Skb] = []
        self.seed = 0

    def fresh(self, n: int) -> bytes:
        self.seed += 1
        return bytes((self.seed * 31 + i) & 255 for i in range(n))

    def keep(self, skb: Any, data: bytes = b"") -> Skb:
        made = Skb(skb, data)
        self.live.append(made)
        return made

    @rule(target=skbs, size=sizes, head=small, which=st.sampled_from(ALLOC))
    def allocate(self, size: int, head: int, which: str) -> Any:
        if len(self.live) >= 12:
            return multiple()
        fn = getattr(L, which)
        skb = fn(size + head) if which == "dev_alloc_skb" else fn(size + head, L.GFP_ATOMIC)
        L.skb_reserve(skb, head)
        assert L.skb_headroom(skb) == head + (L.NET_SKB_PAD if which == "dev_alloc_skb" else 0)
        return self.keep(skb)

    @rule(it=skbs, n=small)
    def put(self, it: Skb, n: int) -> None:
        if L.skb_cloned(it.skb) or L.skb_is_nonlinear(it.skb):
            return
        if n > L.skb_tailroom(it.skb):
            room = L.skb_tailroom(it.skb)
            before = it.skb.tail, it.skb.len
            try:
                L.skb_put(it.skb, n)
                raise AssertionError(f"skb_put({n}) with {room} bytes of room")
            except L.KernelBug:
                it.skb.tail, it.skb.len = before
            return
        data = self.fresh(n)
        L.skb_put_data(it.skb, data, n)
        it.data += data

    @rule(it=skbs, n=small)
    def push(self, it: Skb, n: int) -> None:
        if L.skb_cloned(it.skb) or n > L.skb_headroom(it.skb):
            return
        data = self.fresh(n)
        at = L.skb_push(it.skb, n)
        self.mem[at : at + n] = data
        it.data = data + it.data

    @rule(it=skbs, part=share)
    def pull(self, it: Skb, part: float) -> None:
        n = int(part * L.skb_headlen(it.skb))
        assert L.skb_pull(it.skb, n) == it.skb.data
        it.data = it.data[n:]
        assert L.skb_pull(it.skb, it.skb.len + 1) == 0

    @rule(it=skbs, part=share)
    def pskb_pull(self, it: Skb, part: float) -> None:
        n = int(part * len(it.data))
        assert L.pskb_pull(it.skb, n) == it.skb.data
        it.data = it.data[n:]

    @rule(it=skbs, part=share)
    def may_pull(self, it: Skb, part: float) -> None:
        n = int(part * len(it.data))
        assert L.pskb_may_pull(it.skb, n)
        assert L.skb_headlen(it.skb) >= n
        assert not L.pskb_may_pull(it.skb, len(it.data) + 1)

    @rule(it=skbs, part=share)
    def trim(self, it: Skb, part: float) -> None:
        n = int(part * len(it.data))
        assert L.pskb_trim(it.skb, n) == 0
        it.data = it.data[:n]

    @rule(it=skbs, n=st.integers(1, 9000), offset=small)
    def add_frag(self, it: Skb, n: int, offset: int) -> None:
        shinfo = L.skb_shinfo(it.skb)
        if shinfo.nr_frags == L.MAX_SKB_FRAGS or L.skb_cloned(it.skb) or shinfo.frag_list is not None:
            return
        page = L.alloc_pages(L.GFP_ATOMIC, L.get_order(n + offset))
        data = self.fresh(n)
        at = L.page_address(page) + offset
        self.mem[at : at + n] = data
        L.skb_add_rx_frag(it.skb, shinfo.nr_frags, page, offset, n, L.PAGE_SIZE << page.order)
        it.data += data

    @rule(it=skbs, other=consumes(skbs))
    def chain(self, it: Skb, other: Skb) -> None:
        """Put one into the fragment list of another, as its last."""
        skb, part = it.skb, other.skb
        if other not in self.live:
            return
        if it is other or L.skb_cloned(skb) or L.skb_has_frag_list(part) or not part.len:
            L.kfree_skb(part)
            self.live.remove(other)
            return
        *_, last = [None, *L.skb_walk_frags(skb)]
        if last is None:
            L.skb_frag_add_head(skb, part)
        else:
            last.next = part
            L.skb_mark_not_on_list(part)
        L.skb_len_add(skb, part.len)
        it.data += other.data
        self.live.remove(other)

    @rule(it=skbs)
    def linearise(self, it: Skb) -> None:
        assert L.skb_linearize(it.skb) == 0
        assert not L.skb_is_nonlinear(it.skb)

    @rule(it=skbs, nhead=small, ntail=small)
    def expand(self, it: Skb, nhead: int, ntail: int) -> None:
        headroom, room = L.skb_headroom(it.skb), it.skb.end - it.skb.tail
        assert L.pskb_expand_head(it.skb, nhead, ntail, L.GFP_ATOMIC) == 0
        assert L.skb_headroom(it.skb) == headroom + nhead
        assert it.skb.end - it.skb.tail >= room + ntail
        assert not L.skb_cloned(it.skb)

    @rule(it=skbs, n=small)
    def cow(self, it: Skb, n: int) -> None:
        assert L.skb_cow_head(it.skb, n) == 0
        assert L.skb_headroom(it.skb) >= n
        assert not L.skb_header_cloned(it.skb)

    @rule(target=skbs, it=skbs)
    def clone(self, it: Skb) -> Any:
        if len(self.live) >= 12:
            return multiple()
        clone = L.skb_clone(it.skb, L.GFP_ATOMIC)
        assert L.skb_cloned(clone) and L.skb_cloned(it.skb)
        return self.keep(clone, it.data)

    @rule(target=skbs, it=skbs, how=st.sampled_from(["skb_copy", "pskb_copy"]))
    def copy(self, it: Skb, how: str) -> Any:
        if len(self.live) >= 12:
            return multiple()
        copy = getattr(L, how)(it.skb, L.GFP_ATOMIC)
        assert not L.skb_cloned(copy)
        assert how == "pskb_copy" or not L.skb_is_nonlinear(copy)
        assert L.skb_headroom(copy) == L.skb_headroom(it.skb)
        return self.keep(copy, it.data)

    @rule(target=skbs, it=skbs, head=small, tail=small)
    def copy_expand(self, it: Skb, head: int, tail: int) -> Any:
        if len(self.live) >= 12:
            return multiple()
        copy = L.skb_copy_expand(it.skb, head, tail, L.GFP_ATOMIC)
        assert L.skb_headroom(copy) == head and L.skb_tailroom(copy) >= tail
        return self.keep(copy, it.data)

    @rule(target=skbs, it=skbs, head=small)
    def realloc_headroom(self, it: Skb, head: int) -> Any:
        if len(self.live) >= 12:
            return multiple()
        copy = L.skb_realloc_headroom(it.skb, head)
        assert L.skb_headroom(copy) >= head
        return self.keep(copy, it.data)

    @rule(it=skbs)
    def unshare(self, it: Skb) -> None:
        it.skb = L.skb_unshare(it.skb, L.GFP_ATOMIC)
        assert not L.skb_cloned(it.skb)

    @rule(it=skbs)
    def get_and_free(self, it: Skb) -> None:
        assert L.skb_get(it.skb).users == 2
        L.consume_skb(it.skb)
        assert it.skb.users == 1

    @rule(target=skbs, it=skbs, part=share)
    def split(self, it: Skb, part: float) -> Any:
        if len(self.live) >= 12 or L.skb_cloned(it.skb) or L.skb_has_frag_list(it.skb):
            return multiple()
        n = int(part * len(it.data))
        other = L.alloc_skb(max(0, L.skb_headlen(it.skb) - n), L.GFP_ATOMIC)
        L.skb_split(it.skb, other, n)
        rest, it.data = it.data[n:], it.data[:n]
        other.truesize += L.skb_shinfo(other).nr_frags * 16384  # the memory that moved is the caller's to charge
        return self.keep(other, rest)

    @rule(it=skbs, other=consumes(skbs))
    def coalesce(self, it: Skb, other: Skb) -> None:
        if other not in self.live:
            return
        if it is not other:
            merged, stolen, delta = L.skb_try_coalesce(it.skb, other.skb)
            if merged:
                assert delta >= 0 and stolen <= (delta > 0)
                L.kfree_skb_partial(other.skb, stolen)
                it.data += other.data
                self.live.remove(other)
                return
        L.kfree_skb(other.skb)
        self.live.remove(other)

    @rule(it=skbs, at=share, part=share)
    def read(self, it: Skb, at: float, part: float) -> None:
        offset = int(at * len(it.data))
        n = int(part * (len(it.data) - offset))
        out = bytearray(n)
        assert L.skb_copy_bits(it.skb, offset, out, n) == 0
        assert bytes(out) == it.data[offset : offset + n]
        assert L.skb_copy_bits(it.skb, offset, out, len(it.data) - offset + 1) == -L.EFAULT
        pointed = L.skb_header_pointer(it.skb, offset, n)
        assert bytes(pointed) == it.data[offset : offset + n]

    @rule(it=skbs, at=share, part=share)
    def write(self, it: Skb, at: float, part: float) -> None:
        if L.skb_cloned(it.skb) or it.skb.data_len:
            return  # pages may be shared with copies
        offset = int(at * len(it.data))
        data = self.fresh(int(part * (len(it.data) - offset)))
        assert L.skb_store_bits(it.skb, offset, data, len(data)) == 0
        it.data = it.data[:offset] + data + it.data[offset + len(data) :]

    @rule(it=consumes(skbs))
    def free(self, it: Skb) -> None:
        if it in self.live:
            L.kfree_skb(it.skb)
            self.live.remove(it)

    @invariant()
    def each_holds_its_bytes_in_a_sound_shape(self) -> None:
        everywhere = {id(skb): skb for it in self.live for skb in (it.skb, *L.skb_walk_frags(it.skb))}
        sharers = Counter(id(L.skb_shinfo(skb)) for skb in everywhere.values())
        for it in self.live:
            skb, shinfo = it.skb, L.skb_shinfo(it.skb)
            assert skb.head <= skb.data <= skb.tail <= skb.end
            frags = shinfo.frags[: shinfo.nr_frags]
            assert skb.data_len == sum(f.size for f in frags) + sum(part.len for part in L.skb_walk_frags(skb))
            assert skb.len == linear_bytes(skb) + skb.data_len == len(it.data)
            assert L.skb_to_bytes(skb) == it.data
            assert skb.truesize >= L.SKB_TRUESIZE(0)
        for it in self.live:
            assert L.skb_shinfo(it.skb).dataref == sharers[id(L.skb_shinfo(it.skb))]

    def teardown(self) -> None:
        for it in self.live:
            L.kfree_skb(it.skb)
        assert L.leak_report() == []


Operations.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestOperations = Operations.TestCase
