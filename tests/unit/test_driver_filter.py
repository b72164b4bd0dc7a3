# SPDX-License-Identifier: Apache-2.0
"""The reference driver's filters: what Linux asks for by address lists, VLANs and features arrives at the device."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_csum import sum16
from pymodel.drivers.nic.softnic_filter import address_hash
from tests.unit.test_soft_filter import frame

_RX, _FILTER = linux.NETIF_F_HW_VLAN_CTAG_RX, linux.NETIF_F_HW_VLAN_CTAG_FILTER
_GROUPS = [bytes.fromhex(f"01005e0000{i:02x}") for i in range(256)]
_STATIONS = [bytes.fromhex(f"0200aa0000{i:02x}") for i in range(256)]


def _up(host: Any, **params: Any) -> Any:
    """A host whose device is open and not promiscuous."""
    h = host(**params)
    h.up()
    h.call(linux.dev_set_promiscuity, h.ndev, -1)
    return h


def _each(h: Any, change: Any, addrs: list[bytes]) -> None:
    for addr in addrs:
        assert h.call(change, h.ndev, addr) == 0


def _exact(h: Any) -> set[bytes]:
    """The addresses in the device's valid entries."""
    found = set()
    for i in range(hw.RX_ADDR_COUNT):
        low, high = (h.nic.filter.read(hw.rx_addr(i) + reg) for reg in (hw.RX_ADDR_LO, hw.RX_ADDR_HI))
        if high & hw.RX_ADDR_HI_VALID:
            found.add((low | (high & hw.RX_ADDR_HI_ADDR) << 32).to_bytes(6, "little"))
    return found


def _hashed(h: Any) -> set[int]:
    words = [h.nic.filter.read(hw.rx_hash(i)) for i in range(hw.RX_HASH_COUNT)]
    return {32 * i + bit for i, word in enumerate(words) for bit in range(32) if word >> bit & 1}


def _vlans(h: Any) -> set[int]:
    words = [h.nic.filter.read(hw.vlan_filter(i)) for i in range(hw.VLAN_FILTER_COUNT)]
    return {32 * i + bit for i, word in enumerate(words) for bit in range(32) if word >> bit & 1}


def _want(h: Any, **features: bool) -> None:
    """ethtool -K."""

    def change() -> None:
        linux.rtnl_lock()
        for name, on in features.items():
            bit = {"rx": _RX, "filter": _FILTER}[name]
            h.ndev.wanted_features = h.ndev.wanted_features & ~bit | on * bit
        linux.netdev_update_features(h.ndev)
        linux.rtnl_unlock()

    h.call(change)


def test_rx_mode_addresses_have_entries_then_hash_bits_then_a_class(host: Any) -> None:
    """Unicast addresses first; 16 entries, 64 hashed groups, then every group; all the way back (LIFE5)."""
    h = _up(host)
    own = _exact(h)  # groups that the stack has joined by itself
    room = 16 - len(own)
    _each(h, linux.dev_mc_add, _GROUPS[10 : 10 + room])
    assert _exact(h) == own | set(_GROUPS[10 : 10 + room]) and not _hashed(h)
    _each(h, linux.dev_uc_add, _STATIONS[:5])
    assert set(_STATIONS[:5]) < _exact(h) and len(_exact(h)) == 16
    left = (own | set(_GROUPS[10 : 10 + room])) - _exact(h)
    assert len(left) == 5 and _hashed(h) == {address_hash(addr) for addr in left}
    assert not h.nic.filter.ctrl & (hw.RX_CTRL_ALLMULTI | hw.RX_CTRL_PROMISC)
    _each(h, linux.dev_mc_add, _GROUPS[100:159])
    assert not h.nic.filter.ctrl & hw.RX_CTRL_ALLMULTI  # 64 are hashed
    _each(h, linux.dev_mc_add, _GROUPS[159:160])
    assert h.nic.filter.ctrl & hw.RX_CTRL_ALLMULTI and not _hashed(h)
    _each(h, linux.dev_mc_del, _GROUPS[100:160])
    assert _hashed(h) == {address_hash(addr) for addr in left}
    assert not h.nic.filter.ctrl & hw.RX_CTRL_ALLMULTI
    _each(h, linux.dev_uc_del, _STATIONS[:5])
    _each(h, linux.dev_mc_del, _GROUPS[10 : 10 + room])
    assert _exact(h) == own and not _hashed(h)
    h.remove()


def test_rx_mode_too_many_stations_make_the_device_promiscuous(host: Any) -> None:
    """16 entries, 64 hashed, and one more: as with a driver without a unicast filter."""
    h = _up(host)
    _each(h, linux.dev_uc_add, _STATIONS[:80])
    assert _exact(h) == set(_STATIONS[:16])
    assert {address_hash(addr) for addr in _STATIONS[16:80]} <= _hashed(h)
    assert not h.nic.filter.ctrl & hw.RX_CTRL_PROMISC
    _each(h, linux.dev_uc_add, _STATIONS[80:81])
    assert h.nic.filter.ctrl & hw.RX_CTRL_PROMISC
    _each(h, linux.dev_uc_del, _STATIONS[80:81])
    assert not h.nic.filter.ctrl & hw.RX_CTRL_PROMISC
    h.remove()


def test_rx_mode_an_address_that_stays_always_passes(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At no register write on the way from one list to another is one of those in both lists refused."""
    h = _up(host)
    rng = random.Random(3)
    held: set[bytes] = set()
    stay: set[bytes] = set()
    write = h.nic.mmio_write

    def spy(offset: int, value: int, size: int) -> None:
        write(offset, value, size)
        assert all(h.nic.filter.passes(addr) for addr in stay)

    monkeypatch.setattr(h.nic, "mmio_write", spy)
    for _ in range(150):
        addr = rng.choice(_GROUPS[:30] + _STATIONS[:30])
        add, delete = (
            (linux.dev_mc_add, linux.dev_mc_del) if addr[0] & 1 else (linux.dev_uc_add, linux.dev_uc_del)
        )  # fmt: skip
        stay = held - {addr}
        assert h.call(delete if addr in held else add, h.ndev, addr) == 0
        held ^= {addr}
        h.settle(1)
        assert all(h.nic.filter.passes(addr) for addr in held)
    assert len(held) > 16
    h.remove()


def test_rx_mode_outlives_a_reset_of_the_device(host: Any) -> None:
    h = _up(host)
    _each(h, linux.dev_mc_add, _GROUPS[:30])
    before = _exact(h), _hashed(h)
    assert len(before[0]) == 16 and before[1]
    h.call(linux.schedule_work, h.priv.reset_work)
    h.settle(500)
    assert (_exact(h), _hashed(h)) == before
    h.down()
    h.up()
    assert (_exact(h), _hashed(h)) == before
    h.remove()


def test_vlan_filter_follows_the_feature_and_the_vids(host: Any) -> None:
    """Off at first (`ethtool -K rx-vlan-filter`). On: only VLANs that someone has asked for; VLAN 0 is 8021q's."""
    h = _up(host)
    h.call(linux.vlan_proto_init)
    assert h.ndev.hw_features & _FILTER and not h.ndev.features & _FILTER
    tagged = {vid: frame("ffffffffffff", f"8100{vid:04x}88b5") for vid in (0, 7, 8)}
    assert h.call(linux.vlan_vid_add, h.ndev, linux.ETH_P_8021Q, 7) == 0
    h.deliver([*tagged.values()])
    _want(h, filter=True)
    assert _vlans(h) == {7}
    h.down()
    h.up()  # 8021q asks for VLAN 0 as a device with a filter comes up
    assert _vlans(h) == {0, 7}
    h.deliver([*tagged.values()], drops=1)
    h.settle(20)
    assert h.nic.rx.drop_vlan == 1 and h.stats().rx_dropped == 1
    assert h.call(linux.vlan_vid_add, h.ndev, linux.ETH_P_8021Q, 8) == 0
    h.deliver([*tagged.values()])
    h.call(linux.vlan_vid_del, h.ndev, linux.ETH_P_8021Q, 7)
    h.deliver([*tagged.values()], drops=1)
    h.down()
    h.up()  # VLANs are written again
    assert _vlans(h) == {0, 8}
    h.call(linux.dev_set_promiscuity, h.ndev, 1)  # whoever is promiscuous sees all VLANs
    h.deliver([*tagged.values()])
    h.call(linux.dev_set_promiscuity, h.ndev, -1)
    h.deliver([*tagged.values()], drops=1)
    _want(h, filter=False)
    h.deliver([*tagged.values()])
    h.call(linux.vlan_vid_del, h.ndev, linux.ETH_P_8021Q, 8)
    h.remove()


@pytest.mark.parametrize("copybreak", [0, 256])
def test_vlan_tag_is_beside_the_data_with_the_feature(
    host: Any, monkeypatch: pytest.MonkeyPatch, copybreak: int
) -> None:
    """With NETIF_F_HW_VLAN_CTAG_RX the driver hands over skb->vlan_tci and a csum of what is left, without it the tag
    in the data; S-tags stay where they are."""
    from pymodel.drivers.nic import nic_rx

    seen: list[tuple[int, int, int, bool]] = []
    receive = nic_rx.napi_gro_receive

    def spy(napi: Any, skb: Any) -> Any:
        data = linux.skb_to_bytes(skb)
        right = skb.ip_summed == linux.CHECKSUM_COMPLETE and skb.csum % 0xFFFF == sum16(data) % 0xFFFF
        seen.append((skb.vlan_proto, skb.vlan_tci, skb.protocol, right))
        return receive(napi, skb)

    monkeypatch.setattr(nic_rx, "napi_gro_receive", spy)
    h = _up(host, copybreak=copybreak)
    tags = ("8100f007", "8100f00781000001", "88a80005", "")
    frames = [frame("ffffffffffff", tag + "88b5", 91) for tag in tags]
    h.deliver(frames)
    _want(h, rx=False)
    h.deliver(frames)
    assert [got for got, _ in h.received] == frames + frames
    tag = (linux.ETH_P_8021Q, 0xF007)
    assert seen == [
        (*tag, 0x88B5, True), (*tag, 0x8100, True), (0, 0, 0x88A8, True), (0, 0, 0x88B5, True),
        (0, 0, 0x8100, True), (0, 0, 0x8100, True), (0, 0, 0x88A8, True), (0, 0, 0x88B5, True),
    ]  # fmt: skip
    h.remove()
