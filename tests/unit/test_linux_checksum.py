# SPDX-License-Identifier: Apache-2.0
"""Checksums over memory and in sk_buffs, against a sum written as RFC 1071 says it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.linux_bed import Bed

AT = (16 << 20) - L.PAGE_SIZE  # the last page of memory: the allocators begin at the first
W32 = st.integers(0, 0xFFFFFFFF)
BUFFER = st.binary(max_size=200)


@pytest.fixture(autouse=True, scope="module")
def _bed() -> None:
    Bed()


def naive(data: bytes, init: int = 0) -> int:
    """The checksum of RFC 1071, word for word: big-endian words, an odd byte in front of a zero."""
    total = init
    for i in range(0, len(data), 2):
        total += data[i] << 8 | (data[i + 1] if i + 1 < len(data) else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def wire(sum16: int) -> int:
    """A __sum16 as it is read from the wire."""
    return int.from_bytes(sum16.to_bytes(2, "little"), "big")


def same(a: int, b: int) -> bool:
    """Whether two checksums are equal: 0 and 0xffff are both zero in ones' complement."""
    return a % 0xFFFF == b % 0xFFFF


def put(data: bytes, at: int = AT) -> int:
    here.mem[at : at + len(data)] = data
    return at


def make_skb(*parts: bytes) -> Any:
    """An skb whose first part is linear and whose others are fragments at odd addresses."""
    skb = L.alloc_skb(len(parts[0]) + 64, L.GFP_ATOMIC)
    L.skb_reserve(skb, 64)
    L.skb_put_data(skb, parts[0], len(parts[0]))
    for i, part in enumerate(parts[1:]):
        page = L.alloc_page(L.GFP_ATOMIC)
        put(part, L.page_address(page) + i)
        L.skb_add_rx_frag(skb, i, page, i, len(part), L.PAGE_SIZE)
    return skb


# -- arithmetic and memory -----------------------------------------------------------------------------------
@given(BUFFER, st.integers(0, 7))
def test_csum_partial_is_the_plain_sum_at_any_alignment(data: bytes, align: int) -> None:
    at = put(data, AT + align)
    assert same(wire(L.csum_fold(L.csum_partial(at, len(data), 0))), naive(data))
    assert same(wire(L.ip_compute_csum(at, len(data))), naive(data))


@given(BUFFER, st.integers(0, 200), W32)
def test_csum_of_two_pieces_is_that_of_the_whole_wherever_it_is_cut(data: bytes, cut: int, init: int) -> None:
    cut = min(cut, len(data))
    at = put(data)
    whole = L.csum_partial(at, len(data), init)
    first = L.csum_partial(at, cut, init)
    second = L.csum_partial(at + cut, len(data) - cut, 0)
    assert same(L.csum_fold(L.csum_block_add(first, second, cut)), L.csum_fold(whole))
    assert same(L.csum_fold(L.csum_block_sub(whole, second, cut)), L.csum_fold(first))


@given(W32, W32, W32)
def test_csum_add_is_a_group(a: int, b: int, c: int) -> None:
    assert L.csum_add(a, b) == L.csum_add(b, a)
    assert same(L.csum_fold(L.csum_add(L.csum_add(a, b), c)), L.csum_fold(L.csum_add(a, L.csum_add(b, c))))
    assert same(L.csum_fold(L.csum_sub(L.csum_add(a, b), b)), L.csum_fold(a))
    assert L.from32to16(a) ^ 0xFFFF == L.csum_fold(a)
    assert L.csum_shift(L.csum_shift(a, 1), 3) == L.csum_shift(a, 0) >> 16 | (a & 0xFFFF) << 16


@given(st.binary(min_size=8, max_size=60).map(lambda b: b[: len(b) // 2 * 2]), st.data())
def test_csum_replace_is_the_sum_of_the_changed_data(data: bytes, draw: st.DataObject) -> None:
    changed = bytearray(data)
    for width, replace in ((2, L.csum_replace2), (4, L.csum_replace4)):
        at = draw.draw(st.integers(0, (len(data) - width) // 2)) * 2
        new = draw.draw(st.binary(min_size=width, max_size=width))
        field = put(L.ip_compute_csum(put(bytes(changed)), len(data)).to_bytes(2, "little"), AT + 512)
        old, changed[at : at + width] = bytes(changed[at : at + width]), new
        replace(field, int.from_bytes(old, "big"), int.from_bytes(new, "big"))
        assert same(L.get_unaligned_be16(field), naive(bytes(changed)))


def test_csum_replace_by_diff_takes_a_difference_of_sums() -> None:
    old, new = b"\x12\x34\x56\x78", b"\x9a\xbc\xde\xf0"
    field = put(L.ip_compute_csum(put(old), 4).to_bytes(2, "little"), AT + 512)
    L.csum_replace_by_diff(field, L.csum_sub(L.csum_partial(put(new), 4, 0), L.csum_partial(put(old, AT + 8), 4, 0)))
    assert L.get_unaligned_be16(field) == naive(new)


@given(st.binary(min_size=4, max_size=4), st.binary(min_size=4, max_size=4), st.integers(0, 0xFFFF), BUFFER)
def test_pseudo_headers_are_those_of_the_rfcs(saddr: bytes, daddr: bytes, proto: int, data: bytes) -> None:
    proto &= 0xFF
    body = L.csum_partial(put(data), len(data), 0)
    s, d = int.from_bytes(saddr, "big"), int.from_bytes(daddr, "big")
    want = naive(saddr + daddr + bytes([0, proto]) + len(data).to_bytes(2, "big") + data)
    assert same(wire(L.csum_tcpudp_magic(s, d, len(data), proto, body)), want)
    assert same(wire(L.csum_fold(L.csum_tcpudp_nofold(s, d, len(data), proto, body))), want)
    s6, d6 = put(saddr * 4, AT + 512), put(daddr * 4, AT + 528)
    want = naive(saddr * 4 + daddr * 4 + len(data).to_bytes(4, "big") + bytes([0, 0, 0, proto]) + data)
    assert same(wire(L.csum_ipv6_magic(s6, d6, len(data), proto, body)), want)


@given(st.binary(min_size=20, max_size=60).map(lambda b: b[: len(b) // 4 * 4]))
def test_ip_send_check_makes_ip_fast_csum_zero(header: bytes) -> None:
    ihl = len(header) // 4
    at = put(bytes([0x40 | ihl]) + header[1:])
    L.ip_send_check(at)
    assert L.ip_fast_csum(at, ihl) == 0
    L.put_unaligned_be16(L.get_unaligned_be16(at + 2) ^ 1, at + 2)
    assert L.ip_fast_csum(at, ihl) != 0


@pytest.mark.parametrize("ip_summed", [L.CHECKSUM_NONE, L.CHECKSUM_COMPLETE])
def test_inet_proto_csum_replace_changes_field_and_the_devices_sum(ip_summed: int) -> None:
    """An address of the pseudo header changes: the field follows, and with it the device's sum over the segment."""
    old, new, body = 0x0A000001, 0xC0A80102, b"\x12\x34\x56\x78"
    check = naive(old.to_bytes(4, "big") + body)
    skb = make_skb(check.to_bytes(2, "big") + body)
    skb.ip_summed = ip_summed
    skb.csum = before = L.skb_checksum(skb, 0, 6, 0)
    L.inet_proto_csum_replace4(skb.data, skb, old, new, True)
    assert L.get_unaligned_be16(skb.data) == naive(new.to_bytes(4, "big") + body)
    assert skb.csum == before or ip_summed == L.CHECKSUM_COMPLETE
    if ip_summed == L.CHECKSUM_COMPLETE:
        assert L.csum_fold(skb.csum) == L.csum_fold(L.skb_checksum(skb, 0, 6, 0))
    L.inet_proto_csum_replace2(skb.data, skb, 0x1234, 0x4321, False)
    assert L.get_unaligned_be16(skb.data) == naive(new.to_bytes(4, "big") + b"\x43\x21\x56\x78")


def test_inet_proto_csum_replace_with_partial_changes_the_pseudo_sum_alone() -> None:
    old, new = b"\x0a\0\0\1", b"\xc0\xa8\1\2"
    skb = make_skb((naive(old) ^ 0xFFFF).to_bytes(2, "big"))
    skb.ip_summed = L.CHECKSUM_PARTIAL
    L.inet_proto_csum_replace4(skb.data, skb, int.from_bytes(old, "big"), int.from_bytes(new, "big"), True)
    assert L.get_unaligned_be16(skb.data) ^ 0xFFFF == naive(new)
    L.inet_proto_csum_replace2(skb.data, skb, 1, 2, False)  # the device will sum it
    assert L.get_unaligned_be16(skb.data) ^ 0xFFFF == naive(new)


# -- header views --------------------------------------------------------------------------------------------
def test_header_views_read_and_write_what_scapy_builds() -> None:
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import IPv6

    skb = L.alloc_skb(200, L.GFP_ATOMIC)
    packet = bytes(IP(src="10.1.2.3", dst="10.4.5.6", ttl=7, id=0x1234, flags="DF") / TCP(seq=9, flags="FPC", dport=80))
    L.skb_reset_network_header(skb)
    L.skb_put_data(skb, packet, len(packet))
    L.skb_set_transport_header(skb, 20)
    iph, th = L.ip_hdr(skb), L.tcp_hdr(skb)
    assert (iph.version, iph.ihl, iph.ttl, iph.protocol, iph.id) == (4, 5, 7, L.IPPROTO_TCP, 0x1234)
    assert (iph.saddr, iph.daddr, iph.frag_off, iph.tot_len) == (0x0A010203, 0x0A040506, L.IP_DF, 40)
    assert (th.seq, th.dest, th.doff, th.fin, th.syn, th.psh, th.cwr, th.ack) == (9, 80, 5, 1, 0, 1, 1, 0)
    assert L.ip_hdrlen(skb) == L.tcp_hdrlen(skb) == 20
    th.fin, th.ack, th.seq = 0, 1, 0xFFFFFFFE
    iph.ihl = 6
    assert L.ip_hdrlen(skb) == 24
    iph.ihl, iph.frag_off = 5, L.IP_MF
    assert L.ip_is_fragment(iph) and iph.version == 4
    again = IP(L.skb_to_bytes(skb))
    assert (again[TCP].flags, again[TCP].seq, again.flags) == ("PAC", 0xFFFFFFFE, "MF")
    packet = bytes(IPv6(src="2001::1", dst="2001::2", hlim=3) / UDP(sport=5, dport=6) / b"xyz")
    L.skb_copy_to_linear_data(skb, packet, len(packet))
    L.skb_set_transport_header(skb, 40)
    ip6h, uh = L.ipv6_hdr(skb), L.udp_hdr(skb)
    assert (ip6h.version, ip6h.payload_len, ip6h.nexthdr, ip6h.hop_limit) == (6, 11, L.IPPROTO_UDP, 3)
    assert bytes(here.mem[ip6h.saddr : ip6h.saddr + 16]) == packet[8:24]
    assert (uh.source, uh.dest, uh.len, uh) == (5, 6, 11, L.udphdr(uh.at))
    assert bytes(uh) == packet[40:48] and packet[40:48].hex() in repr(uh)


def test_extension_headers_and_unaligned_words() -> None:
    at = put(b"\x06\x02" + bytes(30))
    assert (L.ipv6_optlen(at), L.ipv6_authlen(at)) == (24, 16)
    assert L.ipv6_ext_hdr(L.IPPROTO_DSTOPTS) and not L.ipv6_ext_hdr(L.IPPROTO_ESP)
    L.put_unaligned_be32(0x12345678, at + 1)
    assert (L.get_unaligned_be32(at + 1), L.get_unaligned_be16(at + 3)) == (0x12345678, 0x5678)
    assert len({L.iphdr(at), L.iphdr(at), L.udphdr(at)}) == 2


# -- sk_buffs ------------------------------------------------------------------------------------------------
PARTS = st.lists(st.binary(max_size=90), min_size=1, max_size=4)


@given(PARTS, st.data())
def test_skb_checksum_is_that_of_the_bytes_over_all_parts(parts: list[bytes], draw: st.DataObject) -> None:
    skb = make_skb(*parts)
    data = b"".join(parts)
    offset = draw.draw(st.integers(0, len(data)))
    n = draw.draw(st.integers(0, len(data) - offset))
    assert same(wire(L.csum_fold(L.skb_checksum(skb, offset, n, 0))), naive(data[offset : offset + n]))
    assert same(wire(L.csum_fold(L.skb_copy_and_csum_bits(skb, offset, AT, n))), naive(data[offset : offset + n]))
    assert bytes(here.mem[AT : AT + n]) == data[offset : offset + n]
    with pytest.raises(L.KernelBug, match="skb_checksum"):
        L.skb_checksum(skb, offset, len(data) - offset + 1, 0)
    with pytest.raises(L.KernelBug, match="skb_copy_and_csum_bits"):
        L.skb_copy_and_csum_bits(skb, offset, AT, len(data) - offset + 1)
    L.kfree_skb(skb)


@given(st.binary(min_size=40, max_size=200), st.integers(0, 20), st.integers(0, 10), st.integers(0, 160), st.booleans())
def test_checksum_partial_covers_start_to_end_seeded_by_the_field(
    data: bytes, start: int, off: int, cut: int, cloned: bool
) -> None:
    """kernel-rules.md: OFF1, OFF2, in software and into a driver's own buffer; a clone's data is left alone (TX5)."""
    field = start + off
    skb = make_skb(*([data] if field + 2 + cut >= len(data) else [data[: field + 2 + cut], data[field + 2 + cut :]]))
    clone = L.skb_clone(skb, L.GFP_ATOMIC) if cloned else None
    assert L.skb_partial_csum_set(skb, start, off)
    assert skb.transport_header == skb.csum_start == L.skb_headroom(skb) + start
    assert L.skb_checksum_start(skb) == skb.data + start
    csum = naive(data[start:])
    L.skb_copy_and_csum_dev(skb, AT)
    got = bytes(here.mem[AT : AT + len(data)])
    assert got == data[:field] + csum.to_bytes(2, "big") + data[field + 2 :]
    assert L.skb_checksum_help(skb) == 0
    assert L.skb_to_bytes(skb) == data[:field] + (csum or 0xFFFF).to_bytes(2, "big") + data[field + 2 :]
    assert skb.ip_summed == L.CHECKSUM_NONE
    if clone is not None:
        assert L.skb_to_bytes(clone) == data
        L.kfree_skb(clone)
    L.kfree_skb(skb)


def test_skb_checksum_help_of_what_it_cannot_do_warns() -> None:
    """Nothing is written: a GSO packet, a checksum that begins or lies beyond the linear part."""
    for start, off, gso, match in ((60, 6, 0, r"offset \(60\)"), (10, 60, 0, "offset\\+2"), (0, 0, 1000, "GSO")):
        skb = make_skb(bytes(40), bytes(40))
        skb.ip_summed = L.CHECKSUM_PARTIAL
        skb.csum_start, skb.csum_offset = L.skb_headroom(skb) + start, off
        L.skb_shinfo(skb).gso_size = gso
        with pytest.raises(L.KernelWarning, match=match):
            L.skb_checksum_help(skb)
        with L.tolerate("WARN"):
            assert L.skb_checksum_help(skb) == -L.EINVAL
        assert L.skb_to_bytes(skb) == bytes(80) and skb.ip_summed == L.CHECKSUM_PARTIAL


def test_skb_partial_csum_set_outside_of_the_linear_part_is_refused() -> None:
    skb = make_skb(bytes(20), bytes(20))
    assert not L.skb_partial_csum_set(skb, 10, 9)
    assert "bad partial csum: csum=10/9 headroom=64 headlen=20" in L.dmesg()[-1]
    assert skb.ip_summed == L.CHECKSUM_NONE
    assert L.skb_partial_csum_set(skb, 10, 8)
    with pytest.raises(L.KernelBug, match="csum_start 30 is not linear"):
        skb.csum_start += 20
        L.skb_copy_and_csum_dev(skb, AT)


def udp_packet(payload: bytes, v6: bool = False) -> Any:
    """An skb with ``data`` at the UDP header of a packet with a right checksum, and the header's address."""
    from scapy.layers.inet import IP, UDP
    from scapy.layers.inet6 import IPv6

    ip = IPv6(src="2001::1", dst="2001::2") if v6 else IP(src="10.0.0.1", dst="10.0.0.2")
    packet = bytes(ip / UDP(sport=7, dport=9) / payload)
    skb = make_skb(packet)
    L.skb_reset_network_header(skb)
    L.skb_pull(skb, 40 if v6 else 20)
    L.skb_reset_transport_header(skb)
    return skb


def pseudo(v6: bool) -> Any:
    return L.ip6_compute_pseudo if v6 else L.inet_compute_pseudo


@pytest.mark.parametrize("v6", [False, True])
@pytest.mark.parametrize("size", [20, 500])
def test_validation_accepts_the_right_and_refuses_the_wrong(v6: bool, size: int) -> None:
    """kernel-rules.md: OFF3: what is wrong never ends up valid, and the packet's bytes stay."""
    for wrong in (False, True):
        skb = udp_packet(bytes(range(200)) * 3 + bytes(size), v6)
        L.pskb_trim(skb, skb.len)
        if wrong:
            here.mem[skb.data + 12] ^= 4
        before = L.skb_to_bytes(skb)
        init = L.skb_checksum_init(skb, L.IPPROTO_UDP, pseudo(v6))
        assert init == 0 and not skb.csum_valid  # longer than CHECKSUM_BREAK: nothing was summed
        assert bool(L.skb_checksum_complete(skb)) is wrong
        assert bool(skb.csum_valid) is not wrong
        assert L.skb_csum_unnecessary(skb) is not wrong
        assert L.skb_to_bytes(skb) == before
        skb.ip_summed = L.CHECKSUM_NONE
        assert bool(L.skb_checksum_validate(skb, L.IPPROTO_UDP, pseudo(v6))) is wrong


def test_short_packets_are_summed_by_skb_checksum_init() -> None:
    for n, at_once in ((L.CHECKSUM_BREAK - 8, True), (L.CHECKSUM_BREAK - 7, False)):
        skb = udp_packet(bytes(n))
        assert L.skb_checksum_init(skb, L.IPPROTO_UDP, L.inet_compute_pseudo) == 0
        assert bool(skb.csum_valid) is at_once


def test_zero_checksum_of_udp_means_none() -> None:
    skb = udp_packet(b"hello")
    L.udp_hdr(skb).check = 0
    assert L.skb_checksum_init_zero_check(skb, L.IPPROTO_UDP, 0, L.inet_compute_pseudo) == 0 and skb.csum_valid
    skb.csum_valid = 0
    assert L.skb_checksum_validate_zero_check(skb, L.IPPROTO_UDP, 0, L.inet_compute_pseudo) == 0
    assert L.skb_checksum_validate_zero_check(skb, L.IPPROTO_UDP, 1, L.inet_compute_pseudo) != 0


def test_checksum_complete_of_the_device_is_taken_without_summing() -> None:
    skb = udp_packet(bytes(300))
    skb.ip_summed, skb.csum = L.CHECKSUM_COMPLETE, L.skb_checksum(skb, 0, skb.len, 0)
    here.mem[skb.data + 20] ^= 1  # the device saw it before: nobody looks
    assert L.skb_checksum_init(skb, L.IPPROTO_UDP, L.inet_compute_pseudo) == 0
    assert skb.csum_valid


def test_checksum_complete_that_is_not_the_packets_is_reported() -> None:
    """kernel-rules.md: OFF3. The kernel logs "hw csum failure" and goes by its own sum."""
    skb = udp_packet(b"hello")
    skb.ip_summed, skb.csum = L.CHECKSUM_COMPLETE, 0x1234
    with pytest.raises(L.CheckError, match="OFF3: <unknown>: hw csum failure"):
        L.skb_checksum_init(skb, L.IPPROTO_UDP, L.inet_compute_pseudo)
    skb.csum = 0x1234
    with L.tolerate("OFF3"):
        assert L.skb_checksum_init(skb, L.IPPROTO_UDP, L.inet_compute_pseudo) == 0
        skb.csum_complete_sw, skb.ip_summed, skb.csum = 0, L.CHECKSUM_COMPLETE, L.inet_compute_pseudo(skb, 17)
        assert L.__skb_checksum_complete_head(skb, skb.len) == 0
    assert skb.csum_valid and sum("hw csum failure" in line for line in L.dmesg()) == 2


def test_shared_skb_is_summed_but_not_changed() -> None:
    skb = L.skb_get(udp_packet(bytes(300)))
    assert L.skb_checksum_init(skb, L.IPPROTO_UDP, L.inet_compute_pseudo) == 0
    assert L.skb_checksum_complete(skb) == 0
    assert (skb.ip_summed, skb.csum_valid, skb.csum_complete_sw) == (L.CHECKSUM_NONE, 0, 0)


def test_csum_level_counts_verified_checksums_less_one() -> None:
    """kernel-rules.md: OFF4: each validation uses one of them up, and the last one leaves CHECKSUM_NONE."""
    skb = udp_packet(bytes(300))
    L.skb_checksum_none_assert(skb)
    for _ in range(L.SKB_MAX_CSUM_LEVEL + 2):
        L.__skb_incr_checksum_unnecessary(skb)
    assert (skb.ip_summed, skb.csum_level) == (L.CHECKSUM_UNNECESSARY, L.SKB_MAX_CSUM_LEVEL)
    with pytest.raises(L.KernelWarning, match="not CHECKSUM_NONE"):
        L.skb_checksum_none_assert(skb)
    for level in (2, 1, 0, 0):
        assert L.skb_checksum_init(skb, L.IPPROTO_UDP, L.inet_compute_pseudo) == 0 and skb.csum_valid
        assert skb.csum_level == level
    assert skb.ip_summed == L.CHECKSUM_NONE
    skb.ip_summed, skb.csum_level = L.CHECKSUM_UNNECESSARY, 1
    L.__skb_reset_checksum_unnecessary(skb)
    assert (skb.ip_summed, skb.csum_level) == (L.CHECKSUM_NONE, 0)


def test_validated_outer_checksum_converts_to_complete() -> None:
    skb = udp_packet(bytes(range(100)))
    assert L.skb_checksum_validate(skb, L.IPPROTO_UDP, L.inet_compute_pseudo) == 0
    skb.ip_summed = L.CHECKSUM_NONE
    L.skb_checksum_try_convert(skb, L.IPPROTO_UDP, L.inet_compute_pseudo)
    assert skb.ip_summed == L.CHECKSUM_COMPLETE
    assert same(L.csum_fold(skb.csum), L.csum_fold(L.skb_checksum(skb, 0, skb.len, 0)))
    L.skb_checksum_complete_unset(skb)
    assert skb.ip_summed == L.CHECKSUM_NONE


def test_checksum_without_pseudo_header_is_validated() -> None:
    body = b"\x08\x00\x00\x00ping"
    for wrong in (0, 1):
        skb = make_skb(body[:2] + (naive(body) ^ wrong).to_bytes(2, "big") + body[4:])
        assert bool(L.skb_checksum_simple_validate(skb)) is bool(wrong)


@given(st.binary(min_size=60, max_size=120), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20)), max_size=6))
@settings(max_examples=50)
def test_complete_stays_right_through_pull_push_and_trim(data: bytes, ops: list[tuple[int, int]]) -> None:
    skb = make_skb(data)
    skb.ip_summed, skb.csum = L.CHECKSUM_COMPLETE, L.skb_checksum(skb, 0, skb.len, 0)
    for op, n in ops:
        if op == 0 and n * 2 <= skb.len:
            assert L.skb_pull_rcsum(skb, n * 2) == skb.data
        elif op == 1 and n * 2 <= L.skb_headroom(skb):
            assert L.skb_push_rcsum(skb, n * 2) == skb.data
        else:
            assert L.pskb_trim_rcsum(skb, max(0, skb.len - n)) == 0
        assert same(L.csum_fold(skb.csum), L.csum_fold(L.skb_checksum(skb, 0, skb.len, 0)))
    with pytest.raises(L.KernelBug, match="skb_pull_rcsum"):
        L.skb_pull_rcsum(skb, skb.len + 1)
    L.kfree_skb(skb)


def test_partial_is_dropped_when_its_start_is_pulled_and_kept_from_trimming() -> None:
    skb = make_skb(bytes(60))
    assert L.skb_partial_csum_set(skb, 20, 16)
    assert L.pskb_trim_rcsum(skb, 37) == -L.EINVAL and skb.len == 60
    assert L.pskb_trim_rcsum(skb, 38) == 0 and skb.len == 38
    L.skb_pull_rcsum(skb, 20)
    assert skb.ip_summed == L.CHECKSUM_PARTIAL
    L.skb_pull_rcsum(skb, 2)
    assert skb.ip_summed == L.CHECKSUM_NONE


def test_skb_checksum_setup_walks_extension_headers_and_pulls_what_it_needs() -> None:
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop

    ip6 = IPv6(src="2001::1", dst="2001::2")
    cases = [
        (ip6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / TCP() / (b"x" * 99), 56, 16),
        (ip6 / IPv6ExtHdrFragment() / UDP() / (b"x" * 99), 48, 6),
        (IP(options=b"\1\1\1\1") / UDP() / (b"x" * 99), 24, 6),
    ]
    for packet, start, off in cases:
        want = bytes(packet)
        skb = make_skb(want[:4], want[4:30], want[30:])
        skb.protocol = L.ETH_P_IP if want[0] >> 4 == 4 else L.ETH_P_IPV6
        L.skb_reset_network_header(skb)
        assert L.skb_checksum_setup(skb, True) == 0
        assert (skb.csum_start - skb.network_header, skb.csum_offset) == (start, off)
        assert L.skb_checksum_help(skb) == 0
        assert L.skb_to_bytes(skb) == want
    fragment = IPv6ExtHdrFragment
    for packet in (ip6 / fragment(m=1) / UDP(), ip6 / fragment(offset=2) / UDP(), IP(frag=1) / UDP()):
        skb = make_skb(bytes(packet))
        skb.protocol = L.ETH_P_IP if bytes(packet)[0] >> 4 == 4 else L.ETH_P_IPV6
        L.skb_reset_network_header(skb)
        assert L.skb_checksum_setup(skb, True) == -L.EPROTO
    for cut in (10, 30):  # too short for its header
        skb = make_skb(bytes(IP() / TCP())[:cut])
        skb.protocol = L.ETH_P_IP
        L.skb_reset_network_header(skb)
        assert L.skb_checksum_setup(skb, False) != 0
    skb.protocol = L.ETH_P_ARP
    assert L.skb_checksum_setup(skb, False) == -L.EPROTO


@pytest.mark.parametrize(("linear", "pulled"), [(10, 256), (45, 100), (60, 60)])
def test_skb_checksum_setup_pulls_the_longest_header_that_there_may_be(linear: int, pulled: int) -> None:
    from scapy.layers.inet import TCP
    from scapy.layers.inet6 import IPv6

    data = bytes(IPv6(src="2001::1", dst="2001::2") / TCP() / bytes(400))
    skb = make_skb(data[:linear], data[linear:])
    skb.protocol = L.ETH_P_IPV6
    L.skb_reset_network_header(skb)
    assert L.skb_checksum_setup(skb, False) == 0
    assert L.skb_headlen(skb) == pulled and L.skb_to_bytes(skb) == data


def test_skb_checksum_setup_goes_past_an_authentication_header() -> None:
    """Whose length counts in words of 4 bytes; that of other extension headers in words of 8."""
    from scapy.layers.inet import UDP
    from scapy.layers.inet6 import IPv6

    header = bytes([L.IPPROTO_UDP, 4]) + bytes(22)
    data = bytes(IPv6(src="2001::1", dst="2001::2", nh=L.IPPROTO_AH) / header / bytes(UDP(sport=1, dport=2)))
    skb = make_skb(data)
    skb.protocol = L.ETH_P_IPV6
    L.skb_reset_network_header(skb)
    assert L.skb_checksum_setup(skb, False) == 0
    assert skb.csum_start - skb.network_header == 40 + 24


def test_skb_ensure_writable_copies_a_clone_once() -> None:
    skb = make_skb(bytes(60))
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert L.skb_ensure_writable(clone, 20) == 0
    assert clone.head != skb.head and not L.skb_cloned(skb)
    head = clone.head
    assert L.skb_ensure_writable(clone, 20) == 0 and clone.head == head
    assert L.skb_ensure_writable(clone, 61) == -L.ENOMEM
    L.kfree_skb(clone)
    L.kfree_skb(skb)


def test_clone_whose_header_nobody_else_needs_may_be_written() -> None:
    """TCP's way: it keeps the payload and lets go of the header, as far as a clone has one."""
    skb = make_skb(bytes(60))
    L.skb_header_release(skb)
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    L.skb_push(clone, 20)
    assert L.skb_cloned(clone) and not L.skb_header_cloned(clone)
    assert L.skb_clone_writable(clone, 20) and not L.skb_clone_writable(clone, 21)
    head = clone.head
    assert L.skb_ensure_writable(clone, 20) == 0 and clone.head == head
    assert L.skb_ensure_writable(clone, 21) == 0 and clone.head != head
    other = L.skb_clone(skb, L.GFP_ATOMIC)
    third = L.skb_clone(other, L.GFP_ATOMIC)
    assert not L.skb_clone_writable(third, 0)  # two that use the header
    for each in (skb, clone, other, third):
        L.kfree_skb(each)


def test_failed_memory_is_enomem_and_changes_nothing() -> None:
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment

    ip6 = IPv6(src="2001::1", dst="2001::2")
    skb = make_skb(bytes(60))
    clone = L.skb_clone(skb, L.GFP_ATOMIC)
    assert L.skb_partial_csum_set(clone, 0, 16)
    L.set_alloc_failure(lambda what, size: True)
    assert L.skb_checksum_help(clone) == -L.ENOMEM
    assert L.skb_to_bytes(skb) == bytes(60) and clone.ip_summed == L.CHECKSUM_PARTIAL
    for packet, linear in (
        (IP(src="1.1.1.1", dst="2.2.2.2") / TCP(), 10), (ip6 / TCP(), 10), (ip6 / TCP(), 45), (ip6 / UDP(), 45),
        (ip6 / IPv6ExtHdrDestOpt() / TCP(), 41), (ip6 / IPv6ExtHdrFragment() / TCP(), 41),
    ):  # fmt: skip
        data = bytes(packet)
        L.set_alloc_failure(None)
        skb = make_skb(data[:linear], data[linear:])
        other = L.skb_clone(skb, L.GFP_ATOMIC)  # of which the head must be copied before it can be pulled into
        L.set_alloc_failure(lambda what, size: True)
        skb.protocol = L.ETH_P_IP if data[0] >> 4 == 4 else L.ETH_P_IPV6
        L.skb_reset_network_header(skb)
        assert L.skb_checksum_setup(skb, False) == -L.ENOMEM
        L.kfree_skb(other)
    L.set_alloc_failure(None)


def test_complete_packets_need_no_help() -> None:
    skb = make_skb(bytes(60))
    skb.ip_summed = L.CHECKSUM_COMPLETE
    assert L.skb_checksum_help(skb) == 0 and skb.ip_summed == L.CHECKSUM_NONE
    assert L.csum_unfold(0x1234) == 0x1234
