# SPDX-License-Identifier: Apache-2.0
"""The driver's MAC side on the soft NIC: link, PAUSE, standard statistics, the loopback self-test."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_mac import pause_frame
from tests.unit.test_driver_traffic import frame

GROUP = bytes.fromhex("01005e000001")


def ethtool(h: Any, struct: Any) -> Any:
    assert h.call(L.dev_ethtool, h.ndev, struct) == 0
    return struct


def groups(h: Any) -> Any:
    err, data = h.call(L.stats_prepare_data, h.ndev, 0xF)
    assert err == 0
    return data


def ksettings(h: Any) -> Any:
    base = L.ethtool_link_settings(cmd=L.ETHTOOL_GLINKSETTINGS, link_mode_masks_nwords=L.ETHTOOL_LINK_MODE_MASK_NU32)
    return ethtool(h, L.ethtool_link_ksettings(base=base)).base


def test_standard_statistics_name_what_was_on_the_wire_and_outlast_a_reset(host: Any) -> None:
    """ETH2: counters of the groups agree with the traffic and never go back."""
    h = host(queues=2)
    h.up()
    sizes = [60, 61, 123, 124, 252, 508, 1020, 1514]
    h.deliver([frame(n, i) for i, n in enumerate(sizes)])
    h.send([frame(n, i) for i, n in enumerate(sizes[:5])])
    h.settle()
    h.platform.wire_send(frame(200, 1), h.platform.now, bad=True)
    h.platform.wire_send(frame(40, 1), h.platform.now)
    h.platform.wire_send(frame(40, 1), h.platform.now, bad=True)
    h.platform.wire_send(frame(1600, 1), h.platform.now)
    h.platform.wire_send(frame(1600, 1), h.platform.now, bad=True)
    h.platform.wire_send(GROUP + frame(60, 1)[6:], h.platform.now)
    h.platform.wire_send(b"\xff" * 6 + frame(60, 1)[6:], h.platform.now)
    h.settle()
    for _ in range(2):
        data = groups(h)
        mac = data.mac_stats.as_dict()
        assert mac["FramesTransmittedOK"] == 5 and mac["OctetsTransmittedOK"] == sum(n - 14 for n in sizes[:5])
        assert mac["FramesReceivedOK"] == 10 and mac["OctetsReceivedOK"] == sum(n - 14 for n in [*sizes, 60, 60])
        assert (mac["MulticastFramesReceivedOK"], mac["BroadcastFramesReceivedOK"]) == (1, 1)
        assert (mac["MulticastFramesXmittedOK"], mac["BroadcastFramesXmittedOK"]) == (0, 0)
        assert (mac["FrameCheckSequenceErrors"], mac["FrameTooLongErrors"]) == (1, 1)
        rmon = data.rmon_stats.as_dict()
        assert rmon == {"undersize_pkts": 1, "oversize_pkts": 1, "fragments": 1, "jabbers": 1}
        assert data.hist() == {
            (64, 64): 3, (65, 127): 2, (128, 255): 2, (256, 511): 1, (512, 1023): 1, (1024, 1518): 2, (1519, 9022): 2,
        }  # fmt: skip
        assert data.hist(tx=True) == {
            (64, 64): 1, (65, 127): 2, (128, 255): 1, (256, 511): 1, (512, 1023): 0, (1024, 1518): 0, (1519, 9022): 0,
        }  # fmt: skip
        h.call(L.schedule_work, h.priv.reset_work)
        h.settle(1000)
    h.remove()


def test_pause_is_off_until_it_is_asked_for_and_outlasts_a_reset(host: Any) -> None:
    h = host()
    h.up()
    now = ethtool(h, L.ethtool_pauseparam(cmd=L.ETHTOOL_GPAUSEPARAM))
    assert (now.autoneg, now.rx_pause, now.tx_pause) == (0, 0, 0)
    asked = L.ethtool_pauseparam(cmd=L.ETHTOOL_SPAUSEPARAM, rx_pause=1, autoneg=1)
    assert h.call(L.dev_ethtool, h.ndev, asked) == -L.EINVAL
    for rx, tx in ((1, 0), (0, 1), (1, 1)):
        ethtool(h, L.ethtool_pauseparam(cmd=L.ETHTOOL_SPAUSEPARAM, rx_pause=rx, tx_pause=tx))
        for _ in range(2):
            now = ethtool(h, L.ethtool_pauseparam(cmd=L.ETHTOOL_GPAUSEPARAM))
            assert (now.rx_pause, now.tx_pause) == (rx, tx) == (h.nic.mac.rx_pause, h.nic.mac.tx_pause)
            h.call(L.schedule_work, h.priv.reset_work)
            h.settle(1000)
    h.down()
    ethtool(h, L.ethtool_pauseparam(cmd=L.ETHTOOL_SPAUSEPARAM, rx_pause=1))
    h.up()
    assert (h.nic.mac.rx_pause, h.nic.mac.tx_pause) == (True, False)
    h.remove()


def test_partner_pauses_us_and_it_shows_in_the_statistics(host: Any) -> None:
    h = host(rate_gbps=10.0)
    h.up()
    ethtool(h, L.ethtool_pauseparam(cmd=L.ETHTOOL_SPAUSEPARAM, rx_pause=1))
    h.platform.wire_send(pause_frame(1000, b"\x02" * 6), h.platform.now)  # 51.2 us at 10 Gb/s
    h.settle(1)
    sent = len(h.wire)
    h.start(h.send_task, [frame(100, i) for i in range(4)])
    h.settle(40)
    assert len(h.wire) == sent
    h.settle(40)
    assert len(h.wire) == sent + 4
    err, data = h.call(L.pause_prepare_data, h.ndev)
    assert err == 0 and data.pausestat.as_dict() == {"rx_pause_frames": 1, "tx_pause_frames": 0}
    assert groups(h).ctrl_stats.as_dict() == {"MACControlFramesReceived": 1, "MACControlFramesTransmitted": 0}
    assert not h.received, "the PAUSE frame is the MAC's own"
    h.remove()


def test_link_settings_tell_the_pins(host: Any) -> None:
    h = host(rate_gbps=25.0)
    h.up()
    base = ksettings(h)
    assert (base.speed, base.duplex, base.autoneg) == (25_000, L.DUPLEX_FULL, L.AUTONEG_DISABLE)
    assert ethtool(h, L.ethtool_value(cmd=L.ETHTOOL_GLINK)).data == 1
    h.down()
    h.platform.set_link(False)
    h.up()
    assert ethtool(h, L.ethtool_value(cmd=L.ETHTOOL_GLINK)).data == 0
    assert not L.netif_carrier_ok(h.ndev)
    base = ksettings(h)
    assert (base.speed, base.duplex) == (L.SPEED_UNKNOWN, L.DUPLEX_UNKNOWN)
    h.remove()


@pytest.mark.parametrize("line", [False, True])
def test_carrier_follows_the_link(host: Any, line: bool) -> None:
    """Each change interrupts, also one that comes while another is told of; the vector is the link's own."""
    h = host(queues=2, line_irq=line)
    h.up()
    for up in (False, True, False, True):
        h.platform.set_link(up)
        h.settle(20)
        assert L.netif_carrier_ok(h.ndev) is up
    for distance in range(40):  # of two changes, in steps of 50 ns
        h.platform.set_link(False)
        h.settle(distance * 0.05)
        h.platform.set_link(True)
        h.settle(20)
        assert L.netif_carrier_ok(h.ndev)
    h.send([frame(60, i) for i in range(5)])
    h.down()
    h.platform.set_link(False)
    h.settle(20)
    h.platform.set_link(True)
    h.settle(20)
    assert not L.netif_carrier_ok(h.ndev), "the device is down"
    h.up()
    h.send([frame(60, i) for i in range(5)])
    h.remove()


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("link", [True, False])
def test_offline_self_test_sends_frames_through_the_loopback(host: Any, running: bool, link: bool) -> None:
    """Nothing leaves on the wire and nothing reaches the stack; the device works afterwards as before."""
    h = host(queues=2)
    h.up()
    h.send([frame(60, i) for i in range(5)])
    if not running:
        h.down()
    h.platform.set_link(link)
    sent = len(h.wire)
    test = ethtool(h, L.ethtool_test(cmd=L.ETHTOOL_TEST, flags=L.ETH_TEST_FL_OFFLINE))
    assert test.data == [0, int(not link), 0]
    assert bool(test.flags & L.ETH_TEST_FL_FAILED) is not link
    assert len(h.wire) == sent and not h.received
    h.platform.set_link(True)
    if not running or not link:
        h.down()
        h.up()
    h.send([frame(60, i) for i in range(5)])
    h.deliver([frame(60 + i, i) for i in range(5)])
    assert h.nic.mac.loopback is False
    h.remove()


def test_self_test_finds_a_loopback_that_changes_a_frame(host: Any) -> None:
    h = host()
    h.up()
    mac = type(h.nic.mac)
    back = mac._back

    def spoiled(self: Any, data: bytes) -> None:
        back(self, data[:100] + bytes([data[100] ^ 1]) + data[101:] if len(data) > 100 else data)

    mac._back = spoiled
    try:
        test = ethtool(h, L.ethtool_test(cmd=L.ETHTOOL_TEST, flags=L.ETH_TEST_FL_OFFLINE))
    finally:
        mac._back = back
    assert test.data == [0, 0, 1] and test.flags & L.ETH_TEST_FL_FAILED
    h.remove()


def test_online_self_test_leaves_the_loopback_alone(host: Any) -> None:
    h = host()
    h.up()
    resets = h.priv.resets
    test = ethtool(h, L.ethtool_test(cmd=L.ETHTOOL_TEST))
    assert test.data == [0, 0, 0] and h.priv.resets == resets
    assert h.call(lambda: L.readl(h.priv.iomem + hw.MAC_CTRL)) == 0
    h.remove()
