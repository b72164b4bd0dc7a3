# SPDX-License-Identifier: Apache-2.0
"""RSS of the reference driver: what ethtool sets arrives at the device, and what the device hashed at the skb."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux
from tests.unit.test_soft_rss import KEY, VECTORS, packet


def _set(h: Any, **values: Any) -> int:
    fields = {
        "indir_size": linux.ETH_RXFH_INDIR_NO_CHANGE, "hfunc": linux.ETH_RSS_HASH_NO_CHANGE,
        "input_xfrm": linux.RXH_XFRM_NO_CHANGE,
    }  # fmt: skip
    return int(h.call(linux.dev_ethtool, h.ndev, linux.ethtool_rxfh(cmd=linux.ETHTOOL_SRSSH, **{**fields, **values})))


def _get(h: Any) -> Any:
    rxfh = linux.ethtool_rxfh(cmd=linux.ETHTOOL_GRSSH, indir_size=128, key_size=40)
    assert h.call(linux.dev_ethtool, h.ndev, rxfh) == 0
    return rxfh


def _hashes(h: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """(hash, l4_hash, RX queue) of each skb that the driver hands to the stack from now on."""
    from pymodel.drivers.nic import nic_rx

    seen: list[tuple[int, int, int]] = []
    receive = nic_rx.napi_gro_receive

    def spy(napi: Any, skb: Any) -> Any:
        seen.append((skb.hash, int(skb.l4_hash), linux.skb_get_rx_queue(skb)))
        return receive(napi, skb)

    monkeypatch.setattr(nic_rx, "napi_gro_receive", spy)
    return seen


FRAMES = [packet(*v[:4]) for v in VECTORS]


def test_rss_defaults_spread_evenly_and_outlive_a_restart(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """kernel-rules.md: RSS1. A flow keeps to its queue; key, table and fields are written again at each open."""
    h = host(queues=4, num_queues=3)
    h.up()
    assert list(_get(h).indir) == [i % 3 for i in range(128)] and len(set(_get(h).key)) > 8
    assert _set(h, key_size=40, key=KEY) == 0
    seen = _hashes(h, monkeypatch)
    h.deliver(FRAMES)
    h.settle()
    h.down()
    h.up()
    h.deliver(FRAMES)
    h.settle()
    assert sorted(seen[:8]) == sorted(seen[8:]) == sorted((v[5], 1, (v[5] & 127) % 3) for v in VECTORS)
    h.remove()


def test_rss_table_key_and_symmetry_through_ethtool(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """kernel-rules.md: RSS3."""
    h = host(queues=4)
    h.up()
    assert _set(h, indir_size=128, indir=[4] * 128) == -22, "a queue that is not there"
    assert _set(h, hfunc=linux.ETH_RSS_HASH_XOR) == -95
    assert _set(h, indir_size=128, indir=[2] * 128, key_size=40, key=KEY, hfunc=linux.ETH_RSS_HASH_TOP) == 0
    assert (_get(h).key, set(_get(h).indir), _get(h).input_xfrm) == (KEY, {2}, 0)
    seen = _hashes(h, monkeypatch)
    h.deliver(FRAMES)
    h.settle()
    assert sorted(seen) == sorted((v[5], 1, 2) for v in VECTORS)
    assert _set(h, input_xfrm=linux.RXH_XFRM_SYM_XOR) == 0
    assert _get(h).input_xfrm == linux.RXH_XFRM_SYM_XOR
    seen.clear()
    src, sport, dst, dport, *_ = VECTORS[0]
    h.deliver([packet(src, sport, dst, dport), packet(dst, dport, src, sport)])
    h.settle()
    assert seen[0] == seen[1] and len(seen) == 2
    h.remove()


def test_rss_fields_of_a_flow_type(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    h = host(queues=2)
    h.up()
    assert _set(h, key_size=40, key=KEY) == 0

    def fields(cmd: int, flow: int, data: int = 0) -> tuple[int, int]:
        info = linux.ethtool_rxnfc(cmd=cmd, flow_type=flow, data=data)
        return int(h.call(linux.dev_ethtool, h.ndev, info)), info.data

    addresses = linux.RXH_IP_SRC | linux.RXH_IP_DST
    ports = linux.RXH_L4_B_0_1 | linux.RXH_L4_B_2_3
    assert fields(linux.ETHTOOL_GRXFH, linux.TCP_V4_FLOW) == (0, addresses | ports)
    assert fields(linux.ETHTOOL_SRXFH, linux.TCP_V4_FLOW, linux.RXH_IP_SRC)[0] == -22
    assert fields(linux.ETHTOOL_SRXFH, linux.TCP_V4_FLOW, addresses)[0] == 0
    assert fields(linux.ETHTOOL_GRXFH, linux.TCP_V4_FLOW) == (0, addresses)
    assert fields(linux.ETHTOOL_GRXFH, linux.UDP_V4_FLOW) == (0, addresses | ports)
    seen = _hashes(h, monkeypatch)
    h.deliver(FRAMES[:1])
    h.settle()
    assert [s[:2] for s in seen] == [(VECTORS[0][4], 0)]
    h.remove()
