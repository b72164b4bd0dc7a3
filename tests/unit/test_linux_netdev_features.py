# SPDX-License-Identifier: Apache-2.0
"""Features: what is wanted, what the driver makes of it, what the rules leave; filters of VLANs that follow them."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.linux_bed import Bed
from tests.unit.test_linux_netdevice import device

SG, HW, IP, IP6 = L.NETIF_F_SG, L.NETIF_F_HW_CSUM, L.NETIF_F_IP_CSUM, L.NETIF_F_IPV6_CSUM


def test_bits_are_those_of_the_kernel() -> None:
    assert (L.NETIF_F_GSO_UDP_L4, L.NETIF_F_RXCSUM, L.NETIF_F_HW_HSR_DUP) == (1 << 33, 1 << 40, 1 << 63)
    assert L.NETIF_F_TSO == 1 << L.NETIF_F_GSO_SHIFT and L.NETIF_F_GSO_MASK == (1 << 35) - (1 << 16)
    assert len(L.netdev_features_strings) == L.NETDEV_FEATURE_COUNT == 64
    assert L.netdev_features_strings[L.NETIF_F_TSO6.bit_length() - 1] == "tx-tcp6-segmentation"
    assert L.netdev_features_strings[L.NETIF_F_RXALL.bit_length() - 1] == "rx-all"


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (SG | HW | IP | IP6, SG | HW),
        (L.NETIF_F_ALL_TSO | HW, HW),
        (SG | IP6 | L.NETIF_F_TSO | L.NETIF_F_TSO_ECN | L.NETIF_F_TSO6, SG | IP6 | L.NETIF_F_TSO6),
        (SG | IP | L.NETIF_F_TSO | L.NETIF_F_TSO6, SG | IP | L.NETIF_F_TSO),
        (SG | HW | L.NETIF_F_TSO6 | L.NETIF_F_TSO_MANGLEID, SG | HW | L.NETIF_F_TSO6),
        (SG | HW | L.NETIF_F_TSO_ECN, SG | HW),
        (L.NETIF_F_GSO | HW, HW),
        (L.NETIF_F_GRO_HW, 0),
        (L.NETIF_F_GRO_HW | L.NETIF_F_RXCSUM | L.NETIF_F_LRO, L.NETIF_F_GRO_HW | L.NETIF_F_RXCSUM),
        (L.NETIF_F_RXFCS | L.NETIF_F_LRO | L.NETIF_F_GRO_HW | L.NETIF_F_RXCSUM, L.NETIF_F_RXFCS | L.NETIF_F_RXCSUM),
        (L.NETIF_F_HW_TLS_TX | IP, IP),
        (L.NETIF_F_HW_TLS_TX | IP | IP6, L.NETIF_F_HW_TLS_TX | IP | IP6),
        (L.NETIF_F_HW_TLS_RX, 0),
        (L.NETIF_F_GSO_UDP_L4 | IP6, IP6),
        (L.NETIF_F_GSO_UDP_L4 | HW, L.NETIF_F_GSO_UDP_L4 | HW),
        (L.NETIF_F_GSO_GRE, 0),
        (L.NETIF_F_GSO_GRE | L.NETIF_F_GSO_PARTIAL, L.NETIF_F_GSO_GRE | L.NETIF_F_GSO_PARTIAL),
    ],
)
def test_rules_among_features(asked: int, left: int) -> None:
    bed = Bed()
    ndev = bed.run(L.alloc_etherdev, 0)
    ndev.gso_partial_features = L.NETIF_F_GSO_GRE
    assert L.netdev_fix_features(ndev, asked) == left


def registered(bed: Bed, features: int, **ops: Any) -> Any:
    ndev = bed.run(L.alloc_etherdev, 0)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: 0, **ops)
    ndev.features = ndev.hw_features = features
    assert bed.run(L.register_netdev, ndev) == 0
    return ndev


def want(bed: Bed, ndev: Any, features: int) -> None:
    ndev.wanted_features = features
    bed.run(L.netdev_update_features, ndev)


def events(bed: Bed, ndev: Any) -> list[int]:
    seen: list[int] = []

    def listen(nb: Any, event: int, info: Any) -> int:
        if event == L.NETDEV_FEAT_CHANGE:
            seen.append(ndev.features)
        return L.NOTIFY_DONE

    bed.run(L.register_netdevice_notifier, L.notifier_block(listen))
    return seen


def test_features_follow_the_drivers_fix_and_the_rules() -> None:
    bed = Bed()
    told: list[int] = []
    ndev = registered(
        bed,
        L.NETIF_F_TSO | HW | L.NETIF_F_RXHASH,
        ndo_fix_features=lambda dev, features: features & ~L.NETIF_F_RXHASH,
        ndo_set_features=lambda dev, features: told.append(features) or 0,
    )
    assert ndev.features == HW | L.NETIF_F_GRO, "no TSO and GSO without scatter-gather"
    assert told == [HW | L.NETIF_F_GRO]
    seen = events(bed, ndev)
    want(bed, ndev, L.NETIF_F_RXHASH | HW)
    assert ndev.features == HW and told[1:] == [HW] == seen
    want(bed, ndev, HW)
    assert len(told) == 2 and len(seen) == 1, "nothing changed: nobody is told"
    bed.run(L.netdev_change_features, ndev)
    assert len(told) == 2 and len(seen) == 2, "vlan_features may have changed: told anyway"


def test_what_cannot_be_changed_stays() -> None:
    bed = Bed()
    ndev = registered(bed, SG)
    ndev.features |= L.NETIF_F_HIGHDMA
    assert L.netdev_get_wanted_features(ndev) & L.NETIF_F_HIGHDMA
    want(bed, ndev, 0)
    assert ndev.features == L.NETIF_F_HIGHDMA


def test_a_driver_that_fails_keeps_the_features_and_one_that_did_it_itself_too() -> None:
    bed = Bed()
    answer = [0]
    ndev = registered(bed, SG | HW, ndo_set_features=lambda dev, features: answer[0])
    before, seen = ndev.features, events(bed, ndev)
    answer[0] = -L.EIO
    want(bed, ndev, SG)
    assert ndev.features == before and seen == [before], "some may have changed: told"
    assert "set_features() failed (-5)" in L.dmesg()[-1]
    answer[0] = 1
    want(bed, ndev, 0)
    assert ndev.features == before, "a positive answer: the driver sets dev->features itself"


def remembers(dev: Any, features: int) -> int:
    dev.hw_features &= ~L.NETIF_F_RXHASH
    return features


def touches(dev: Any, features: int) -> int:
    L.charge(100)
    L.writel(1, 0x10)
    return features


@pytest.mark.parametrize("fix", [remembers, touches])
def test_fix_features_with_effects_is_off7(fix: Any) -> None:
    """kernel-rules.md: OFF7."""
    bed = Bed(mmio_write=20)
    ndev = registered(bed, SG | HW | L.NETIF_F_RXHASH)
    ndev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: 0, ndo_fix_features=fix)
    with pytest.raises(L.CheckError, match=rf"^OFF7: eth0: ndo_fix_features must be stateless.*{fix.__name__}"):
        bed.run(L.netdev_update_features, ndev)


# -- VLAN filters --------------------------------------------------------------------------------------------
class Vids:
    """A driver that filters VLANs."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int, int]] = []
        self.refuses = -1

    def add(self, dev: Any, proto: int, vid: int) -> int:
        self.log.append(("add", proto, vid))
        return -L.ENOSPC if vid == self.refuses else 0

    def kill(self, dev: Any, proto: int, vid: int) -> int:
        self.log.append(("kill", proto, vid))
        return -L.EIO if vid == 13 else 0

    @property
    def ops(self) -> dict[str, Any]:
        return {"ndo_vlan_rx_add_vid": self.add, "ndo_vlan_rx_kill_vid": self.kill}


FILTER = L.NETIF_F_HW_VLAN_CTAG_FILTER
Q, AD = L.ETH_P_8021Q, L.ETH_P_8021AD


def test_vlans_are_counted_and_told_to_a_device_that_filters_them() -> None:
    bed = Bed()
    vids = Vids()
    ndev = registered(bed, FILTER, **vids.ops)
    for _ in range(2):
        assert bed.run(L.vlan_vid_add, ndev, Q, 5) == 0
    assert bed.run(L.vlan_vid_add, ndev, AD, 5) == 0, "the device does not filter those"
    assert vids.log == [("add", Q, 5)]
    bed.run(L.vlan_vid_del, ndev, Q, 5)
    bed.run(L.vlan_vid_del, ndev, Q, 6)
    assert vids.log == [("add", Q, 5)]
    bed.run(L.vlan_vid_del, ndev, Q, 5)
    bed.run(L.vlan_vid_del, ndev, AD, 5)
    assert vids.log == [("add", Q, 5), ("kill", Q, 5)] and ndev.vlan_info is None
    assert L.vlan_hw_filter_capable(ndev, Q) and not L.vlan_hw_filter_capable(ndev, AD)


def test_a_vlan_that_the_device_refuses_or_cannot_hear_of_is_not_there() -> None:
    bed = Bed()
    vids = Vids()
    ndev = registered(bed, FILTER, **vids.ops)
    vids.refuses = 7
    assert bed.run(L.vlan_vid_add, ndev, Q, 7) == -L.ENOSPC and ndev.vlan_info is None
    assert bed.run(L.vlan_vid_add, ndev, Q, 13) == 0
    bed.run(L.vlan_vid_del, ndev, Q, 13)
    assert "failed to kill vid 8100/13" in L.dmesg()[-1] and ndev.vlan_info is None
    bed.run(L.netif_device_detach, ndev)
    assert bed.run(L.vlan_vid_add, ndev, Q, 1) == -L.ENODEV


def test_vlans_of_a_device_above_are_all_added_or_none() -> None:
    bed = Bed()
    vids = Vids()
    below, above = registered(bed, FILTER, **vids.ops), device(bed)
    for vid in (1, 2, 3):
        bed.run(L.vlan_vid_add, above, Q, vid)
    vids.refuses = 1
    assert bed.run(L.vlan_vids_add_by_dev, below, above) == -L.ENOSPC
    assert [(op, vid) for op, _, vid in vids.log] == [
        ("add", 3), ("add", 2), ("add", 1), ("kill", 2), ("kill", 3),
    ]  # fmt: skip
    vids.refuses = -1
    assert bed.run(L.vlan_vids_add_by_dev, below, above) == 0
    bed.run(L.vlan_vids_del_by_dev, below, above)
    assert below.vlan_info is None


def test_the_filter_is_filled_when_it_is_turned_on_and_emptied_when_off() -> None:
    bed = Bed()
    bed.run(L.vlan_proto_init)
    vids = Vids()
    ndev = registered(bed, FILTER | L.NETIF_F_HW_VLAN_STAG_FILTER, **vids.ops)
    bed.run(L.vlan_vid_add, ndev, Q, 5)
    bed.run(L.vlan_vid_add, ndev, AD, 6)
    vids.log.clear()
    want(bed, ndev, 0)
    assert vids.log == [("kill", Q, 5), ("kill", AD, 6)]
    vids.log.clear()
    want(bed, ndev, FILTER | L.NETIF_F_HW_VLAN_STAG_FILTER)
    assert vids.log == [("add", Q, 5), ("add", AD, 6)]


def test_a_filter_that_does_not_take_them_all_is_emptied_again() -> None:
    bed = Bed()
    vids = Vids()
    ndev = registered(bed, FILTER, **vids.ops)
    for vid in (1, 2):
        bed.run(L.vlan_vid_add, ndev, Q, vid)
    vids.log.clear()
    vids.refuses = 1
    assert L.vlan_filter_push_vids(ndev, Q) == -L.ENOSPC
    assert [(op, vid) for op, _, vid in vids.log] == [("add", 2), ("add", 1), ("kill", 2)]


def test_vlan_0_passes_while_a_device_is_up() -> None:
    bed = Bed()
    bed.run(L.vlan_proto_init)
    vids = Vids()
    ndev = registered(bed, FILTER, **vids.ops)
    bed.run(L.dev_open, ndev)
    assert vids.log == [("add", Q, 0)] and "adding VLAN 0" in L.dmesg()[-1]
    bed.run(L.dev_close, ndev)
    assert vids.log == [("add", Q, 0), ("kill", Q, 0)]
    assert L.leak_report() == [line for line in L.leak_report() if "net_device" in line], "protocols are no leak"
