# SPDX-License-Identifier: Apache-2.0
"""What GSO cut GRO puts together again, and what GRO put together GSO cuts into the very frames that came."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import TCP, UDP

from pymodel import linux as L
from tests.unit.gro_bed import Receiver
from tests.unit.gso_packets import FEATURES, TCP_TYPE, gso_skb, headers, packets

SIZES = st.tuples(st.integers(60, 1448), st.integers(1, 40), st.integers(1, 60))  # mss, whole segments, bytes beyond


def received(r: Receiver, frames: list[bytes], in_frags: list[bool]) -> Any:
    """The one packet that GRO makes of these frames, some of them received through napi_get_frags()."""

    def work(napi: Any) -> None:
        for i, frame in enumerate(frames):
            (r.frags if in_frags[i % len(in_frags)] else r.receive)(napi, frame)

    r.poll(work)
    (skb,) = r.seen
    r.seen = []
    return skb


def cut_again(r: Receiver, skb: Any, features: int) -> list[bytes]:
    """The frames of a received packet that is sent on, as by a bridge."""
    L.skb_push(skb, skb.data - skb.head - skb.mac_header)
    if L.skb_vlan_tag_present(skb):
        skb = L.__vlan_hwaccel_push_inside(skb)
        assert skb is not None
    segs = L.skb_gso_segment(skb, features)
    L.consume_skb(skb)
    return packets(segs)


@given(st.sampled_from([4, 6]), st.integers(0, 2), SIZES, FEATURES, st.booleans(), st.lists(st.booleans(), min_size=1))
@settings(max_examples=80, deadline=None)
def test_tcp_stream_survives_segmentation_and_merging(
    version: int, tags: int, sizes: tuple[int, int, int], features: int, fixed_id: bool, in_frags: list[bool]
) -> None:
    """kernel-rules.md: OFF5."""
    mss, whole, more = sizes
    r = Receiver()
    header = headers(version, TCP, tags, flags="PA", seq=0xFFFFFF00, options=[("NOP", None)] * 4)
    mss = min(mss, 1518 - len(header))  # LIFE6: with two tags as well
    payload = bytes(i * 13 & 255 for i in range(mss * whole + more))
    gso_type = TCP_TYPE[version]
    if version == 4 and fixed_id:
        header["IP"].flags = "DF"
        gso_type |= L.SKB_GSO_TCP_FIXEDID
    original = gso_skb(header, payload, gso_type, mss)
    frames = packets(L.skb_gso_segment(original, features))
    L.kfree_skb(original)
    assert len(frames) == whole + 1
    skb = received(r, frames, in_frags)
    info = L.skb_shinfo(skb)
    assert (info.gso_size, info.gso_segs, info.gso_type) == (mss, whole + 1, gso_type)
    assert L.skb_to_bytes(skb)[-len(payload) :] == payload
    assert cut_again(r, skb, features) == frames


@given(st.sampled_from([4, 6]), SIZES, FEATURES, st.lists(st.booleans(), min_size=1))
@settings(max_examples=60, deadline=None)
def test_udp_datagrams_survive_segmentation_and_merging(
    version: int, sizes: tuple[int, int, int], features: int, in_frags: list[bool]
) -> None:
    """kernel-rules.md: OFF6."""
    mss, whole, more = sizes
    payload = bytes(i * 13 & 255 for i in range(mss * whole + more))
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_UDP_FWD)
    original = gso_skb(headers(version, UDP), payload, L.SKB_GSO_UDP_L4, mss)
    frames = packets(L.skb_gso_segment(original, features))
    L.kfree_skb(original)
    skb = received(r, frames, in_frags)
    info = L.skb_shinfo(skb)
    assert (info.gso_size, info.gso_segs, info.gso_type) == (mss, whole + 1, L.SKB_GSO_UDP_L4)
    assert cut_again(r, skb, features) == frames


@given(st.sampled_from([4, 6]), st.sampled_from([TCP, UDP]), SIZES, FEATURES, st.lists(st.booleans(), min_size=1))
@settings(max_examples=60, deadline=None)
def test_chained_packets_come_apart_as_they_came(
    version: int, proto: type, sizes: tuple[int, int, int], features: int, in_frags: list[bool]
) -> None:
    """NETIF_F_GRO_FRAGLIST."""
    mss, whole, more = sizes
    payload = bytes(i * 13 & 255 for i in range(mss * whole + more))
    r = Receiver(L.NETIF_F_GRO | L.NETIF_F_GRO_FRAGLIST)
    gso_type = TCP_TYPE[version] if proto is TCP else L.SKB_GSO_UDP_L4
    header = headers(version, TCP, flags="A") if proto is TCP else headers(version, UDP)
    original = gso_skb(header, payload, gso_type, mss)
    frames = packets(L.skb_gso_segment(original, features))
    L.kfree_skb(original)
    skb = received(r, frames, in_frags)
    info = L.skb_shinfo(skb)
    assert (info.gso_segs, info.gso_type) == (whole + 1, gso_type | L.SKB_GSO_FRAGLIST)
    assert cut_again(r, skb, features) == frames
