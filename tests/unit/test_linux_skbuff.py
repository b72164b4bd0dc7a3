# SPDX-License-Identifier: Apache-2.0
"""sk_buff: sizes, geometry, fragments, clones, and what happens to those who misuse it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.linux_bed import Bed

GEOMETRY = ("headroom", "tailroom", "end", "truesize", "head_frag")


def geometry(skb: Any) -> tuple[int, ...]:
    return L.skb_headroom(skb), L.skb_tailroom(skb), L.skb_end_offset(skb), skb.truesize, skb.head_frag


@pytest.mark.parametrize(
    ("fn", "size", "expected"),
    [
        ("alloc_skb", 0, (0, 320, 320, 896, 0)),
        ("alloc_skb", 320, (0, 320, 320, 896, 0)),
        ("alloc_skb", 321, (0, 704, 704, 1280, 0)),
        ("alloc_skb", 1872, (0, 3776, 3776, 4352, 0)),
        ("netdev_alloc_skb", 0, (64, 256, 320, 896, 0)),
        ("netdev_alloc_skb", 1026, (64, 1088, 1152, 1728, 1)),
        ("napi_alloc_skb", 1, (64, 640, 704, 1280, 1)),
        ("napi_alloc_skb", 1872, (64, 1920, 1984, 2560, 1)),
    ],
)
def test_alloc_geometry_is_that_of_linux_6_12(fn: str, size: int, expected: tuple[int, ...]) -> None:
    """Headroom, tailroom, end and truesize as a 6.12 kernel gives them (x86-64, 4 KiB pages)."""
    bed = Bed()
    napi = L.napi_struct()
    napi.dev = bed.run(L.alloc_etherdev, 0)
    calls: dict[str, Callable[[], Any]] = {
        "alloc_skb": lambda: L.alloc_skb(size, L.GFP_ATOMIC),
        "netdev_alloc_skb": lambda: L.netdev_alloc_skb(None, size),
        "napi_alloc_skb": lambda: L.napi_alloc_skb(napi, size),
    }
    assert dict(zip(GEOMETRY, geometry(calls[fn]()), strict=True)) == dict(zip(GEOMETRY, expected, strict=True))


def test_put_push_pull_move_the_pointers() -> None:
    bed = Bed()
    skb = L.alloc_skb(200, L.GFP_ATOMIC)
    L.skb_reserve(skb, 64)
    assert L.skb_put_data(skb, b"payload", 7) == skb.head + 64
    at = L.skb_push(skb, 14)
    bed.m.memory.mem[at : at + 14] = bytes(range(14))
    assert (skb.len, L.skb_headroom(skb), L.skb_headlen(skb)) == (21, 50, 21)
    assert L.skb_pull(skb, 14) == skb.head + 64
    assert L.skb_to_bytes(skb) == b"payload"
    L.skb_trim(skb, 3)
    assert L.skb_to_bytes(skb) == b"pay"
    assert L.skb_pull(skb, 4) == 0, "NULL: it is shorter"


def test_skb_put_past_the_end_is_skb_over_panic() -> None:
    """The kernel's facts: len, put, tail and end as it prints them (tail and end count from head)."""
    Bed()
    skb = L.alloc_skb(100, L.GFP_ATOMIC)
    L.skb_put(skb, 100)
    with pytest.raises(
        L.KernelBug, match=r"skb_over_panic: text:test_linux_skbuff.py:\d+ .* len:321 put:221 .*tail:0x141 end:0x140"
    ):
        L.skb_put(skb, 221)


def test_skb_push_before_the_head_is_skb_under_panic() -> None:
    Bed()
    skb = L.netdev_alloc_skb(None, 100)
    with pytest.raises(L.KernelBug, match="skb_under_panic: .* len:65 put:65 .* dev:<NULL>"):
        L.skb_push(skb, 65)


def test_reserve_beyond_the_buffer_is_a_bug() -> None:
    """Unchecked in the kernel, where it corrupts the geometry."""
    Bed()
    with pytest.raises(L.KernelBug, match=r"skb_reserve\(321\) leaves -1 bytes"):
        L.skb_reserve(L.alloc_skb(100, L.GFP_ATOMIC), 321)


def test_pull_past_the_linear_part_is_a_bug() -> None:
    Bed()
    with pytest.raises(L.KernelBug, match="past the linear part"):
        L.skb_pull(with_frags(b"head", b"tail"), 5)
    with pytest.raises(L.KernelBug, match=r"__pskb_pull_tail\(5\) of an skb with 4 bytes in fragments"):
        L.__pskb_pull_tail(with_frags(b"head", b"tail"), 5)


def test_skb_put_on_a_non_linear_skb_is_a_bug() -> None:
    Bed()
    skb = with_frags(b"head", b"tail")
    with pytest.raises(L.KernelBug, match="non-linear"):
        L.skb_put(skb, 1)


def test_skb_trim_of_a_non_linear_skb_warns() -> None:
    Bed()
    skb = with_frags(b"head", b"tail")
    with pytest.raises(L.KernelWarning, match="non-linear"):
        L.skb_trim(skb, 2)
    with L.tolerate("WARN"):
        L.skb_trim(skb, 2)
    assert skb.len == 8
    assert "non-linear" in L.dmesg()[-1]


def test_freed_skb_used_again_names_both_places() -> None:
    Bed()
    skb = L.alloc_skb(100, L.GFP_ATOMIC)
    L.kfree_skb(skb)
    facts = r"allocated at test_linux_skbuff.py:\d+ \w+, freed at test_linux_skbuff.py:\d+ \w+"
    with pytest.raises(L.UseAfterFree, match=facts + ", its len used afterwards"):
        L.skb_headlen(skb)
    with pytest.raises(L.UseAfterFree, match="its dev used"):
        skb.dev = None
    with pytest.raises(L.DoubleFree, match=facts + ", freed again"):
        L.consume_skb(skb)


def test_skb_get_needs_as_many_frees() -> None:
    Bed()
    skb = L.skb_get(L.alloc_skb(100, L.GFP_ATOMIC))
    assert L.skb_shared(skb)
    L.kfree_skb(skb)
    assert L.skb_leaks()
    L.kfree_skb(skb)
    assert L.leak_report() == []


def test_clone_shares_data_until_the_last_free() -> None:
    Bed()
    skb = L.alloc_skb(100, L.GFP_ATOMIC)
    L.skb_put_data(skb, b"data", 4)
    assert not L.skb_cloned(skb)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert L.skb_cloned(skb) and L.skb_cloned(clone)
    assert clone.head == skb.head
    L.kfree_skb(skb)
    assert L.skb_to_bytes(clone) == b"data"
    assert not L.skb_cloned(clone)
    L.kfree_skb(clone)
    assert L.leak_report() == []


def test_copy_is_linear_and_independent() -> None:
    bed = Bed()
    skb = with_frags(b"head", b"fragment" * 100)
    copy = L.skb_copy(skb, L.GFP_ATOMIC)
    assert not L.skb_is_nonlinear(copy)
    assert L.skb_to_bytes(copy) == L.skb_to_bytes(skb)
    bed.m.memory.mem[copy.data] = 0
    assert L.skb_to_bytes(skb)[:4] == b"head"
    L.kfree_skb(skb)
    L.kfree_skb(copy)
    assert L.leak_report() == []


def test_expand_head_of_a_clone_leaves_the_other_alone() -> None:
    """kernel-rules.md: TX5."""
    bed = Bed()
    skb = with_frags(b"head", b"tail")
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert L.skb_cow_head(clone, 100) == 0
    assert L.skb_headroom(clone) >= 100
    bed.m.memory.mem[clone.data : clone.data + 4] = b"HEAD"
    assert L.skb_to_bytes(skb) == b"headtail"
    assert L.skb_to_bytes(clone) == b"HEADtail"
    L.kfree_skb(clone)
    L.kfree_skb(skb)
    assert L.leak_report() == []


def test_expand_head_of_a_shared_skb_is_a_bug() -> None:
    Bed()
    skb = L.skb_get(L.alloc_skb(10, L.GFP_ATOMIC))
    with pytest.raises(L.KernelBug, match="shared"):
        L.pskb_expand_head(skb, 0, 0, L.GFP_ATOMIC)


def test_share_check_hands_out_a_clone_of_a_shared_skb() -> None:
    Bed()
    skb = L.skb_get(L.alloc_skb(10, L.GFP_ATOMIC))
    clone = L.skb_share_check(skb, L.GFP_ATOMIC)
    assert clone is not skb
    assert skb.users == 1
    assert L.skb_share_check(clone, L.GFP_ATOMIC) is clone


def with_frags(head: bytes, *parts: bytes) -> Any:
    skb = L.alloc_skb(len(head) + 64, L.GFP_ATOMIC)
    L.skb_put_data(skb, head, len(head))
    for i, part in enumerate(parts):
        page = L.alloc_pages(L.GFP_ATOMIC, L.get_order(len(part) + 32))
        mem = here.mem
        mem[L.page_address(page) + 32 : L.page_address(page) + 32 + len(part)] = part
        L.skb_add_rx_frag(skb, i, page, 32, len(part), 4096)
    return skb


def test_frags_random_operations_keep_the_bytes() -> None:
    """Pull, trim, linearise, copy: whatever the shape, the bytes are those of a plain byte string."""
    Bed(size=64 << 20)
    rng = random.Random(7)
    for _ in range(150):
        parts = [rng.randbytes(rng.randrange(1, 3000)) for _ in range(rng.randrange(1, 6))]
        head = rng.randbytes(rng.randrange(1, 200))
        data = head + b"".join(parts)
        skb = with_frags(head, *parts)
        clone = L.skb_clone(skb, L.GFP_ATOMIC) if rng.random() < 0.4 else None
        whole = data
        for _ in range(6):
            op = rng.randrange(5)
            n = rng.randrange(len(data) + 1)
            if op == 0:
                assert L.pskb_may_pull(skb, n)
                assert L.skb_headlen(skb) >= n
            elif op == 1 and n:
                assert L.pskb_pull(skb, n // 4)
                data = data[n // 4 :]
            elif op == 2:
                assert L.pskb_trim(skb, n) == 0
                data = data[:n]
            elif op == 3:
                assert L.skb_linearize(skb) == 0
            else:
                out = bytearray(n)
                assert L.skb_copy_bits(skb, len(data) - n, out, n) == 0
                assert bytes(out) == data[len(data) - n :]
            assert L.skb_to_bytes(skb) == data
            assert skb.len == len(data) == L.skb_headlen(skb) + skb.data_len
        assert L.skb_copy_bits(skb, 1, bytearray(len(data)), len(data)) == -L.EFAULT
        if clone is not None:
            assert L.skb_to_bytes(clone) == whole
            L.kfree_skb(clone)
        L.kfree_skb(skb)
        assert L.leak_report() == []


def test_frag_number_18_is_a_bug() -> None:
    """MAX_SKB_FRAGS is 17."""
    Bed()
    skb = with_frags(b"x", *[b"y"] * L.MAX_SKB_FRAGS)
    with pytest.raises(L.KernelBug, match="there are 17"):
        L.skb_add_rx_frag(skb, 17, L.alloc_page(L.GFP_ATOMIC), 0, 1, 4096)


def test_build_skb_takes_a_page_fragment_over() -> None:
    Bed()
    size = L.SKB_HEAD_ALIGN(L.NET_SKB_PAD + 1500)
    skb = L.build_skb(L.netdev_alloc_frag(size), size)
    assert skb.truesize == L.SKB_TRUESIZE(size - 320)
    L.skb_reserve(skb, L.NET_SKB_PAD)
    L.skb_put(skb, 1500)
    L.consume_skb(skb)
    assert L.leak_report() == []


def test_destructor_runs_once_with_the_skb_intact() -> None:
    Bed()
    seen = []
    skb = L.alloc_skb(10, L.GFP_ATOMIC)
    skb.destructor = lambda s: seen.append(s.truesize)
    L.kfree_skb(skb)
    assert seen == [896]


def test_drops_are_counted_by_reason_and_consumed_ones_are_not() -> None:
    Bed()
    L.kfree_skb_reason(L.alloc_skb(10, L.GFP_ATOMIC), L.SKB_DROP_REASON_QDISC_DROP)
    L.consume_skb(L.alloc_skb(10, L.GFP_ATOMIC))
    assert L.skb_drop_counts() == {L.SKB_DROP_REASON_QDISC_DROP: 1}
    assert L.counters()["drops"] == {"QDISC_DROP": 1}


def test_free_in_a_hard_interrupt_is_left_to_net_tx_softirq() -> None:
    bed = Bed()
    skb = L.alloc_skb(10, L.GFP_ATOMIC)

    def with_irqs_off() -> int:
        L.local_irq_disable()
        L.dev_kfree_skb_any(skb)
        alive = len(L.skb_leaks())
        L.local_irq_enable()
        return alive

    assert bed.run(with_irqs_off) == 1
    bed.settle()
    assert L.leak_report() == []


def test_eth_type_trans_classifies_by_address() -> None:
    bed = Bed()
    dev = bed.run(L.alloc_etherdev, 0)
    L.eth_hw_addr_set(dev, bytes.fromhex("021122334455"))
    cases = {
        "021122334455": L.PACKET_HOST,
        "ffffffffffff": L.PACKET_BROADCAST,
        "01005e000001": L.PACKET_MULTICAST,
        "021122334456": L.PACKET_OTHERHOST,
    }
    for dest, pkt_type in cases.items():
        skb = L.netdev_alloc_skb(dev, 100)
        L.skb_put_data(skb, bytes.fromhex(dest) + b"\2" * 6 + b"\x86\xdd" + bytes(46), 60)
        assert L.eth_type_trans(skb, dev) == L.htons(L.ETH_P_IPV6)
        assert (skb.pkt_type, skb.len, L.skb_headroom(skb), skb.mac_header) == (pkt_type, 46, 78, 64)


def test_eth_type_trans_knows_llc_and_raw_802_3() -> None:
    bed = Bed()
    dev = bed.run(L.alloc_etherdev, 0)
    for payload, proto in ((b"\xaa\xaa\x03", L.ETH_P_802_2), (b"\xff\xff\x00", L.ETH_P_802_3)):
        skb = L.netdev_alloc_skb(dev, 100)
        L.skb_put_data(skb, b"\2" * 12 + b"\x00\x2e" + payload + bytes(43), 60)
        assert L.eth_type_trans(skb, dev) == proto


def test_checksum_help_matches_a_plain_sum() -> None:
    """kernel-rules.md: OFF1, over linear data and fragments at odd boundaries."""
    bed = Bed()
    rng = random.Random(3)
    for _ in range(50):
        data = bytearray(rng.randbytes(rng.randrange(60, 2000)))
        cut = rng.randrange(40, len(data) + 1)
        start = rng.randrange(0, 20)
        data[start + 6 : start + 8] = b"\0\0"
        skb = with_frags(bytes(data[:cut]), *([bytes(data[cut:])] if cut < len(data) else []))
        assert L.skb_partial_csum_set(skb, start, 6)
        assert bed.run(L.skb_checksum_help, skb) == 0
        body = bytes(data[start:]) + b"\0" * (len(data[start:]) & 1)
        total = sum(int.from_bytes(body[i : i + 2], "big") for i in range(0, len(body), 2))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        want = (~total & 0xFFFF) or 0xFFFF
        assert L.skb_to_bytes(skb)[start + 6 : start + 8] == want.to_bytes(2, "big")
        assert skb.ip_summed == L.CHECKSUM_NONE


def test_consume_with_a_budget_outside_softirqs_warns() -> None:
    bed = Bed()

    def consume(budget: int, bh: bool) -> None:
        skb = L.alloc_skb(64, L.GFP_ATOMIC)
        if bh:
            L.local_bh_disable()
        L.napi_consume_skb(skb, budget)
        if bh:
            L.local_bh_enable()

    bed.run(consume, 0, False)
    bed.run(consume, 64, True)
    with pytest.raises(L.CheckError, match=r"^WARN: napi_consume_skb\(\) with a budget"):
        bed.run(consume, 64, False)


def test_pad_short_frames_with_zeros() -> None:
    Bed()
    skb = L.alloc_skb(64, L.GFP_ATOMIC)
    L.skb_put_data(skb, b"x" * 20, 20)
    assert L.eth_skb_pad(skb) == 0
    assert L.skb_to_bytes(skb) == b"x" * 20 + bytes(40)


def test_errors_that_drivers_log_are_told_apart() -> None:
    """From warnings, and from what the core logs."""
    bed = Bed()

    def run() -> None:
        L.netdev_err("eth0", "record of buffer %d", 7)
        L.dev_err("0000:00:01.0", "no answer")
        L.netdev_warn("eth0", "late")
        L.netdev_info("eth0", "up")
        dev = L.alloc_etherdev_mqs(object, 1, 1)
        assert L.dev_validate_mtu(dev, -1) == -L.EINVAL
        L.free_netdev(dev)

    bed.run(run)
    assert [line.partition("] ")[2] for line in L.driver_errors()] == [
        "eth0: record of buffer 7", "0000:00:01.0: no answer",
    ]  # fmt: skip
    assert len(L.dmesg()) >= 4
