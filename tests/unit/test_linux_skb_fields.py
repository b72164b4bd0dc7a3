# SPDX-License-Identifier: Apache-2.0
"""Each field of sk_buff and skb_shared_info does what it is for: what copies keep, what moves with the data, who owns
it.
"""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed

HIDDEN = L.__dict__

# All that describes the packet: clones and copies keep it.
DESCRIBING = {
    "queue_mapping": 3, "pkt_type": L.PACKET_OTHERHOST, "ip_summed": L.CHECKSUM_COMPLETE, "ooo_okay": 1, "l4_hash": 1,
    "sw_hash": 1, "encapsulation": 1, "csum_valid": 1, "csum_complete_sw": 1, "csum_not_inet": 1, "csum_level": 2,
    "csum": 0x12345678, "csum_start": 70, "csum_offset": 6, "priority": 7, "skb_iif": 4, "hash": 0xCAFE,
    "vlan_proto": L.ETH_P_8021Q, "vlan_tci": 0x2042, "napi_id": 9, "mark": 0x55, "tstamp": 10**18,
    "protocol": L.ETH_P_IPV6, "transport_header": 54, "network_header": 34, "mac_header": 20, "inner_protocol": 0x6558,
    "inner_transport_header": 94, "inner_network_header": 74, "inner_mac_header": 60, "ignore_df": 1, "no_fcs": 1,
    "tc_index": 2, "redirected": 1, "from_ingress": 1, "slow_gro": 1,
}  # fmt: skip


def filled(n: int = 100) -> Any:
    skb = L.alloc_skb(300, L.GFP_ATOMIC)
    L.skb_reserve(skb, 64)
    L.skb_put_zero(skb, n)
    return skb


def described(bed: Bed) -> Any:
    skb = filled()
    skb.dev = bed.run(L.alloc_etherdev, 0)
    for name, value in DESCRIBING.items():
        assert getattr(skb, name) != value, f"{name} has this value by itself"
        setattr(skb, name, value)
    return skb


def test_fresh_skb_has_the_kernels_defaults() -> None:
    Bed()
    skb = L.alloc_skb(100, L.GFP_ATOMIC)
    assert (skb.len, skb.data_len, skb.mac_len, skb.users, skb.cloned, skb.truesize) == (0, 0, 0, 1, 0, 896)
    assert skb.head == skb.data == skb.tail and L.skb_end_pointer(skb) == skb.head + 320 == skb.end
    assert (skb.ip_summed, skb.pkt_type, skb.protocol, skb.hash) == (L.CHECKSUM_NONE, L.PACKET_HOST, 0, 0)
    assert (skb.dev, skb.sk, skb.destructor, skb.next, skb.prev) == (None,) * 5
    assert not L.skb_mac_header_was_set(skb) and not L.skb_transport_header_was_set(skb)
    assert (skb.network_header, skb.vlan_proto, skb.vlan_tci) == (0, 0, 0)
    shinfo = L.skb_shinfo(skb)
    assert (shinfo.dataref, shinfo.nr_frags, shinfo.frag_list) == (1, 0, None)
    assert (shinfo.gso_size, shinfo.gso_segs, shinfo.gso_type) == (0, 0, 0)


@pytest.mark.parametrize("how", ["skb_clone", "skb_copy", "pskb_copy"])
def test_clones_and_copies_keep_what_describes_the_packet(how: str) -> None:
    bed = Bed()
    skb = described(bed)
    other = getattr(L, how)(skb, L.GFP_ATOMIC)
    assert {name: getattr(other, name) for name in DESCRIBING} == DESCRIBING
    assert other.dev is skb.dev
    assert (other.sk, other.destructor, other.users) == (None, None, 1)


def test_clone_keeps_mac_len_and_a_copy_does_not() -> None:
    """Linux's own way: mac_len is not among the fields that skb_copy_header() copies."""
    Bed()
    skb = filled()
    skb.mac_len = 14
    assert L.skb_clone(skb, L.GFP_ATOMIC).mac_len == 14
    assert L.skb_copy(skb, L.GFP_ATOMIC).mac_len == 0


def test_copies_keep_gso_data_in_a_shared_info_of_their_own() -> None:
    Bed()
    skb = filled()
    shinfo = L.skb_shinfo(skb)
    shinfo.gso_size, shinfo.gso_segs, shinfo.gso_type = 1000, 3, L.SKB_GSO_TCPV4
    copy = L.skb_copy(skb, L.GFP_ATOMIC)
    shinfo.gso_size = 0
    there = L.skb_shinfo(copy)
    assert (there.gso_size, there.gso_segs, there.gso_type) == (1000, 3, L.SKB_GSO_TCPV4)
    assert L.skb_is_gso(copy) and not L.skb_is_gso(skb)


def test_expand_head_moves_all_offsets_with_the_data() -> None:
    Bed()
    skb = filled()
    skb.ip_summed, skb.csum_start = L.CHECKSUM_PARTIAL, 84
    L.skb_set_mac_header(skb, 0)
    L.skb_set_network_header(skb, 14)
    L.skb_set_transport_header(skb, 34)
    L.skb_set_inner_mac_header(skb, 42)
    L.skb_set_inner_network_header(skb, 56)
    L.skb_set_inner_transport_header(skb, 76)
    assert L.pskb_expand_head(skb, 32, 0, L.GFP_ATOMIC) == 0
    assert (L.skb_mac_offset(skb), L.skb_network_offset(skb), L.skb_transport_offset(skb)) == (0, 14, 34)
    inner = L.skb_inner_mac_offset(skb), L.skb_inner_network_offset(skb), L.skb_inner_transport_offset(skb)
    assert inner == (42, 56, 76)
    assert L.skb_inner_network_header(skb) == skb.data + 56
    assert skb.csum_start == 116


def test_header_lengths_and_the_mac_header() -> None:
    Bed()
    skb = filled()
    L.skb_reset_mac_header(skb)
    L.skb_set_network_header(skb, 14)
    L.skb_reset_mac_len(skb)
    assert (L.skb_mac_header_len(skb), skb.mac_len) == (14, 14)
    with pytest.raises(L.KernelWarning, match="without a transport header"):
        L.skb_network_header_len(skb)
    L.skb_set_transport_header(skb, 34)
    assert L.skb_network_header_len(skb) == 20
    L.skb_reset_inner_headers(skb)
    L.skb_set_inner_protocol(skb, L.ETH_P_IP)
    assert (skb.inner_mac_header, skb.inner_network_header, skb.inner_transport_header) == (64, 78, 98)
    assert skb.inner_protocol == L.ETH_P_IP
    for reset, field in (
        (L.skb_reset_inner_mac_header, "inner_mac_header"),
        (L.skb_reset_inner_network_header, "inner_network_header"),
        (L.skb_reset_inner_transport_header, "inner_transport_header"),
    ):
        L.skb_pull(skb, 10)
        reset(skb)
        assert getattr(skb, field) == skb.data - skb.head
    L.skb_pop_mac_header(skb)
    assert skb.mac_header == skb.network_header
    L.skb_unset_mac_header(skb)
    assert not L.skb_mac_header_was_set(skb)


def test_hash_and_queue_are_set_cleared_and_copied() -> None:
    Bed()
    skb, other = filled(), filled()
    L.skb_set_hash(skb, 0xABCD, L.PKT_HASH_TYPE_L4)
    L.skb_record_rx_queue(skb, 2)
    L.skb_copy_hash(other, skb)
    L.skb_copy_queue_mapping(other, skb)
    assert (L.skb_get_hash_raw(other), other.l4_hash, L.skb_get_rx_queue(other)) == (0xABCD, 1, 2)
    L.skb_clear_hash_if_not_l4(other)
    assert other.hash == 0xABCD
    L.skb_set_hash(other, 0xABCD, L.PKT_HASH_TYPE_L3)
    L.skb_clear_hash_if_not_l4(other)
    assert (other.hash, other.l4_hash, other.sw_hash) == (0, 0, 0)
    L.skb_clear_hash(skb)
    assert (skb.hash, skb.l4_hash) == (0, 0)


# -- cb ------------------------------------------------------------------------------------------------------
def test_cb_is_48_zero_bytes_until_its_owner_puts_his_own_there() -> None:
    Bed()
    skb = filled()
    assert skb.cb == bytes(48) == bytes(L.SKB_CB_SIZE)
    skb.cb[3] = 7
    assert skb.cb[3] == 7
    skb.cb = {"ring": 5}
    assert skb.cb["ring"] == 5


def test_cb_of_clones_and_copies_is_their_own() -> None:
    Bed()
    skb = filled()
    skb.cb[0] = 1
    clone, copy = L.skb_clone(skb, L.GFP_ATOMIC), L.skb_copy(skb, L.GFP_ATOMIC)
    skb.cb[0] = 2
    assert (clone.cb[0], copy.cb[0]) == (1, 1)


def test_cb_of_more_than_48_bytes_is_a_bug() -> None:
    Bed()
    with pytest.raises(L.KernelBug, match="49 bytes in an skb's cb of 48"):
        filled().cb = bytes(49)


# -- references ----------------------------------------------------------------------------------------------
def test_users_and_dataref_count_two_different_things() -> None:
    Bed()
    skb = filled()
    L.skb_get(skb)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert (skb.users, clone.users, L.skb_shinfo(skb).dataref, clone.cloned, skb.cloned) == (2, 1, 2, 1, 1)
    L.kfree_skb(clone)
    assert (skb.users, L.skb_shinfo(skb).dataref, skb.cloned) == (2, 1, 1)
    assert not L.skb_cloned(skb)
    L.kfree_skb(skb)
    L.kfree_skb(skb)
    assert L.leak_report() == []


def test_header_release_lets_clones_write_the_header() -> None:
    """TCP's way: the stack holds the payload, the clone on its way down has the header for itself."""
    Bed()
    skb = filled()
    L.skb_header_release(skb)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert clone.hdr_len == L.skb_headroom(skb)
    assert L.skb_cloned(clone) and not L.skb_header_cloned(clone)
    assert L.skb_cow_head(clone, 10) == 0 and clone.head == skb.head, "nothing to copy"
    L.kfree_skb(skb)
    L.kfree_skb(clone)
    assert L.leak_report() == []


def test_fast_clone_is_there_once_and_again_when_it_is_free() -> None:
    """alloc_skb_fclone() brings the sk_buff of its clone along: allocation cannot fail for it."""
    Bed()
    skb = L.alloc_skb_fclone(100, L.GFP_ATOMIC)
    assert skb.fclone == L.SKB_FCLONE_ORIG
    L.set_alloc_failure(lambda what, size: True)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert clone.fclone == L.SKB_FCLONE_CLONE
    assert L.skb_clone(skb, L.GFP_ATOMIC) is None
    assert L.skb_clone(clone, L.GFP_ATOMIC) is None
    L.kfree_skb(clone)
    again = L.skb_clone(skb, L.GFP_ATOMIC)
    assert again.fclone == L.SKB_FCLONE_CLONE
    L.set_alloc_failure(None)
    assert L.skb_clone(skb, L.GFP_ATOMIC).fclone == L.SKB_FCLONE_UNAVAILABLE
    flagged = HIDDEN["__alloc_skb"](100, L.GFP_ATOMIC, L.SKB_ALLOC_FCLONE, -1)
    assert flagged.fclone == L.SKB_FCLONE_ORIG


def test_morph_makes_one_skb_the_clone_of_another() -> None:
    Bed()
    src, dst = filled(10), filled(20)
    seen = []
    dst.destructor = lambda skb: seen.append(skb.len)
    assert L.skb_morph(dst, src) is dst
    assert (dst.len, dst.head, seen, L.skb_shinfo(src).dataref) == (10, src.head, [20], 2)
    L.kfree_skb(src)
    L.kfree_skb(dst)
    assert L.leak_report() == []


def test_unclone_gives_data_of_its_own_and_may_keep_truesize() -> None:
    Bed()
    skb = L.alloc_skb(400, L.GFP_ATOMIC)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert L.skb_unclone(clone, L.GFP_ATOMIC) == 0 and clone.head != skb.head
    assert L.skb_unclone(clone, L.GFP_ATOMIC) == 0
    charged = L.netdev_alloc_skb(None, 1100)
    end, truesize = L.skb_end_offset(charged), charged.truesize
    other = L.skb_clone(charged, L.GFP_ATOMIC)
    assert L.skb_unclone_keeptruesize(charged, L.GFP_ATOMIC) == 0
    assert charged.head != other.head and (L.skb_end_offset(charged), charged.truesize) == (end, truesize)


def test_expand_head_of_an_owned_skb_leaves_truesize_to_its_owner() -> None:
    Bed()
    skb = filled()
    skb.sk, skb.destructor = object(), lambda skb: None
    assert L.pskb_expand_head(skb, 0, 1000, L.GFP_ATOMIC) == 0
    assert skb.truesize == 896


def test_copies_with_other_headroom() -> None:
    bed = Bed()
    skb = filled()
    bed.m.memory.mem[skb.head : skb.head + 64] = bytes(range(64))
    wide = L.skb_copy_expand(skb, 100, 50, L.GFP_ATOMIC)
    assert bytes(bed.m.memory.mem[wide.data - 64 : wide.data]) == bytes(range(64))
    narrow = L.skb_copy_expand(skb, 10, 0, L.GFP_ATOMIC)
    assert bytes(bed.m.memory.mem[narrow.data - 10 : narrow.data]) == bytes(range(54, 64))
    headed = HIDDEN["__pskb_copy"](skb, 128, L.GFP_ATOMIC)
    assert L.skb_headroom(headed) == 128 and headed.len == 100


# -- small reads and writes ----------------------------------------------------------------------------------
def test_pull_data_put_u16_and_linear_copies() -> None:
    bed = Bed()
    skb = L.alloc_skb(100, L.GFP_ATOMIC)
    at = L.kmalloc(8, L.GFP_ATOMIC)
    bed.m.memory.mem[at : at + 6] = b"header"
    L.skb_put_data(skb, at, 6)
    L.skb_put_u16(skb, 0x1234)
    L.skb_put_u8(skb, 0xFF)
    assert L.skb_to_bytes(skb) == b"header\x34\x12\xff"
    out = bytearray(4)
    L.skb_copy_from_linear_data_offset(skb, 2, out, 4)
    assert out == b"ader"
    at = L.kmalloc(16, L.GFP_ATOMIC)
    L.skb_copy_from_linear_data(skb, at, 6)
    assert bytes(bed.m.memory.mem[at : at + 6]) == b"header"
    data = skb.data
    assert L.skb_pull_data(skb, 6) == data and skb.data == data + 6
    assert L.skb_pull_data(skb, 4) == 0


def test_put_zero_clears_what_was_there() -> None:
    bed = Bed()
    skb = L.alloc_skb(100, L.GFP_ATOMIC)
    bed.m.memory.mem[skb.data : skb.data + 20] = b"x" * 20
    assert L.skb_put_zero(skb, 10) == skb.head
    assert (L.skb_to_bytes(skb), skb.len) == (bytes(10), 10)
    assert bytes(bed.m.memory.mem[skb.tail : skb.tail + 10]) == b"x" * 10


# -- fragments -----------------------------------------------------------------------------------------------
def test_fragment_accessors_read_and_change_it() -> None:
    Bed()
    skb = filled()
    page, other = L.alloc_page(L.GFP_ATOMIC), L.alloc_page(L.GFP_ATOMIC)
    L.skb_fill_page_desc(skb, 0, page, 100, 200)
    frag = L.skb_shinfo(skb).frags[0]
    assert (L.skb_frag_page(frag), L.skb_frag_off(frag), L.skb_frag_size(frag)) == (page, 100, 200)
    assert L.skb_frag_address(frag) == L.page_address(page) + 100
    assert L.skb_can_coalesce(skb, 1, page, 300)
    assert not L.skb_can_coalesce(skb, 1, page, 299) and not L.skb_can_coalesce(skb, 0, page, 300)
    L.skb_frag_off_add(frag, 5)
    L.skb_frag_size_add(frag, 3)
    L.skb_frag_size_sub(frag, 1)
    assert (frag.offset, frag.size) == (105, 202)
    L.skb_frag_off_set(frag, 0)
    L.skb_frag_size_set(frag, 9)
    assert (frag.offset, frag.size) == (0, 9)
    L.skb_frag_ref(skb, 0)
    assert page.refcount == 2
    L.skb_frag_unref(skb, 0)
    assert page.refcount == 1
    L.skb_frag_fill_page_desc(frag, other, 1, 2)
    assert (frag.page, frag.offset, frag.size) == (other, 1, 2)
    L.skb_coalesce_rx_frag(skb, 0, 10, 4096)
    assert (frag.size, skb.data_len, skb.len, skb.truesize) == (12, 10, 110, 896 + 4096)


# -- allocation ----------------------------------------------------------------------------------------------
def test_alloc_with_frags_spreads_the_data_over_pages() -> None:
    Bed()
    skb, err = L.alloc_skb_with_frags(100, 10_000, 1, L.GFP_KERNEL)
    shinfo = L.skb_shinfo(skb)
    assert [(f.page.order, f.size) for f in shinfo.frags] == [(1, 8192), (0, 1808)]
    assert (err, skb.len, skb.truesize) == (-L.ENOBUFS, 0, 896 + 12288)
    L.kfree_skb(skb)
    assert L.leak_report() == []


def test_alloc_with_frags_too_large_or_without_memory_fails_clean() -> None:
    Bed()
    assert L.alloc_skb_with_frags(100, 17 * 4096 + 1, 0, L.GFP_KERNEL) == (None, -L.EMSGSIZE)
    assert L.alloc_skb_with_frags(100, 17 * 4096, 0, L.GFP_KERNEL) == (None, -L.ENOBUFS), "one fragment is kept back"
    L.set_alloc_failure(lambda what, size: what == "page" and size > 4096)
    skb, _ = L.alloc_skb_with_frags(100, 10_000, 3, L.GFP_KERNEL)
    assert [f.page.order for f in L.skb_shinfo(skb).frags] == [0, 0, 0], "smaller ones are tried"
    L.kfree_skb(skb)
    L.set_alloc_failure(lambda what, size: what == "page")
    assert L.alloc_skb_with_frags(100, 10_000, 3, L.GFP_KERNEL) == (None, -L.ENOBUFS)
    L.set_alloc_failure(lambda what, size: what == "skb")
    assert L.alloc_skb_with_frags(100, 10_000, 3, L.GFP_KERNEL) == (None, -L.ENOBUFS)
    assert L.leak_report() == []


def test_every_alloc_function_returns_null_when_its_allocation_fails() -> None:
    bed = Bed()
    napi = L.napi_struct()
    napi.dev = bed.run(L.alloc_etherdev, 0)
    buf, slab, skb = L.netdev_alloc_frag(1024), L.kmalloc(1024, L.GFP_ATOMIC), filled()
    L.set_alloc_failure(lambda what, size: True)
    assert [
        L.alloc_skb(10, L.GFP_ATOMIC), L.alloc_skb_fclone(10, L.GFP_ATOMIC), L.dev_alloc_skb(10), L.dev_alloc_skb(1500),
        L.netdev_alloc_skb(napi.dev, 9000), L.netdev_alloc_skb_ip_align(napi.dev, 1500), L.napi_alloc_skb(napi, 10),
        L.napi_alloc_skb(napi, 1500), L.napi_alloc_skb(napi, 9000), L.build_skb(buf, 1024), L.slab_build_skb(slab),
        L.napi_build_skb(buf, 1024), L.skb_clone(skb, L.GFP_ATOMIC), L.skb_copy(skb, L.GFP_ATOMIC),
        L.pskb_copy(skb, L.GFP_ATOMIC), L.skb_copy_expand(skb, 0, 0, L.GFP_ATOMIC), L.skb_realloc_headroom(skb, 500),
    ] == [None] * 17  # fmt: skip
    errors = L.pskb_expand_head(skb, 0, 0, L.GFP_ATOMIC), L.skb_cow_head(skb, 500), L.skb_cow(skb, 500)
    assert errors == (-L.ENOMEM,) * 3
    assert [L.napi_alloc_frag(64), L.netdev_alloc_frag(64), L.kmalloc(8, L.GFP_ATOMIC)] == [0, 0, 0]
    L.set_alloc_failure(None)
    L.skb_free_frag(buf)
    L.kfree(slab)
    L.kfree_skb(skb)
    bed.run(L.free_netdev, napi.dev)
    assert L.leak_report() == []


def test_gfp_kernel_skb_in_atomic_context_raises() -> None:
    bed = Bed()

    def atomic() -> None:
        L.local_bh_disable()
        L.alloc_skb(100, L.GFP_KERNEL)

    with pytest.raises(L.SchedulingWhileAtomic, match="GFP_KERNEL"):
        bed.run(atomic)


def test_build_skb_of_kmalloc_memory_uses_all_of_it_and_warns_the_old_way() -> None:
    Bed()
    skb = L.slab_build_skb(L.kmalloc(547, L.GFP_ATOMIC))
    assert (L.skb_end_offset(skb), skb.truesize, skb.head_frag) == (704, 1280, 0)
    L.kfree_skb(skb)
    data = L.kmalloc(547, L.GFP_ATOMIC)
    with L.tolerate("WARN"):
        old = L.build_skb(data, 0)
    assert "Use slab_build_skb() instead" in L.dmesg()[-1]
    assert L.skb_end_offset(old) == 704
    L.kfree_skb(old)
    assert L.leak_report() == []


def test_build_skb_around_reuses_a_cleared_sk_buff() -> None:
    Bed()
    assert L.build_skb_around(None, 0, 1024) is None
    skb = L.alloc_skb(10, L.GFP_ATOMIC)
    L.kfree(skb.head)
    again = L.build_skb_around(skb, L.netdev_alloc_frag(1024), 1024)
    assert again is skb and (skb.head_frag, L.skb_end_offset(skb)) == (1, 704)
    L.kfree_skb(skb)
    assert L.leak_report() == []


# -- freeing -------------------------------------------------------------------------------------------------
def test_kfree_skb_without_users_warns_and_frees_nothing() -> None:
    Bed()
    skb = filled()
    skb.users = 0
    with pytest.raises(L.KernelWarning, match="refcount_t: underflow; use-after-free of <sk_buff"):
        L.kfree_skb(skb)
    assert len(L.skb_leaks()) == 1


def test_double_free_by_each_function_names_both_places() -> None:
    Bed()
    for free in (L.kfree_skb, L.consume_skb, L.dev_kfree_skb_any, L.dev_consume_skb_any, HIDDEN["__kfree_skb"]):
        skb = filled()
        free(skb)
        facts = r"allocated at {0}:\d+ filled, freed at {0}:\d+ \w+, freed again".format("test_linux_skb_fields.py")
        with pytest.raises(L.DoubleFree, match=facts):
            free(skb)


def test_double_free_before_the_softirq_frees_names_both_places() -> None:
    bed = Bed()
    skb = filled()

    def with_irqs_off() -> None:
        L.local_irq_disable()
        L.dev_consume_skb_any(skb)
        L.dev_consume_skb_any(skb)

    facts = r"use-after-free of <sk_buff .* from {0}:\d+ filled>, freed first at {0}:\d+ with_irqs_off"
    with pytest.raises(L.KernelWarning, match=facts.format("test_linux_skb_fields.py")):
        bed.run(with_irqs_off)


def test_list_is_freed_link_by_link() -> None:
    Bed()
    first, second = filled(), filled()
    first.next = second
    L.kfree_skb_list(first)
    L.kfree_skb_list(None)
    assert L.skb_drop_counts() == {L.SKB_DROP_REASON_NOT_SPECIFIED: 2}
    assert L.leak_report() == []


def test_orphan_and_release_run_the_destructor_once() -> None:
    Bed()
    for let_go in (L.skb_orphan, L.skb_release_head_state):
        skb, seen = filled(), []
        skb.sk, skb.destructor = object(), seen.append
        let_go(skb)
        assert (seen, skb.sk, skb.destructor) == ([skb], None, None)
        L.kfree_skb(skb)
        assert len(seen) == 1
    skb = filled()
    skb.sk = object()
    with pytest.raises(L.KernelBug, match="a socket and no destructor"):
        L.skb_orphan(skb)


def test_destructor_in_a_hard_interrupt_warns() -> None:
    bed = Bed()
    skb = filled()
    skb.destructor = lambda skb: None

    def handler() -> None:
        cpu = bed.sched.cpus[0]
        cpu.hardirq = 1
        try:
            L.kfree_skb(skb)
        finally:
            cpu.hardirq = 0

    with pytest.raises(L.KernelWarning, match="hard interrupt"):
        bed.run(handler)


def test_drop_reasons_have_the_numbers_and_names_of_6_12() -> None:
    """The list of include/net/dropreason-core.h."""
    numbers = {
        "NOT_SPECIFIED": 2, "NO_SOCKET": 3, "SOCKET_RCVBUFF": 6, "PKT_TOO_SMALL": 8, "OTHERHOST": 12, "QDISC_DROP": 57,
        "CPU_BACKLOG": 58, "XDP": 59, "UNHANDLED_PROTO": 61, "DEV_READY": 66, "NOMEM": 68, "QUEUE_PURGE": 87,
        "PACKET_SOCK_ERROR": 89, "MAX": 92,
    }  # fmt: skip
    assert {name: HIDDEN[f"SKB_DROP_REASON_{name}"] for name in numbers} == numbers
    assert [L.drop_reason_name(n) for n in numbers.values()] == list(numbers)
    assert L.drop_reason_name(L.SKB_CONSUMED) == "CONSUMED"
    assert L.drop_reason_name(5 << L.SKB_DROP_REASON_SUBSYS_SHIFT) == "327680"


def test_list_helpers_walk_and_unlink() -> None:
    Bed()
    first, second = filled(), filled()
    first.next = second
    seen = []
    for skb in L.skb_list_walk_safe(first):
        L.skb_mark_not_on_list(skb)
        seen.append(skb)
    assert seen == [first, second] and first.next is None
    L.skb_frag_add_head(first, second)
    assert L.skb_has_frag_list(first)
    L.skb_frag_list_init(first)
    assert not L.skb_has_frag_list(first)
