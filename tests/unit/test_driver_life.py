# SPDX-License-Identifier: Apache-2.0
"""The reference driver's life on the soft NIC: bind, open, close, settings, recovery; idle and in traffic."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic import nic_netdev
from pymodel.drivers.nic.nic_netdev import nic_resize
from pymodel.drivers.nic.nic_ops import NicOps
from tests.unit.soft_host import Host
from tests.unit.test_driver_traffic import frame


def check_quiet(h: Host) -> None:
    """LIFE2: nothing goes on in the device, and nothing is mapped but what a closed device may keep."""
    h.settle(20)
    before = h.platform.activity()
    h.settle(50)
    assert h.platform.activity() == before
    assert h.platform.outstanding() == []
    assert linux.dma_mappings() == []


@pytest.mark.parametrize(
    "params",
    [
        {"tx_ring": 100},
        {"rx_ring": 32},
        {"tx_ring": 8192},
        {"num_queues": 5},
        {"num_queues": -1},
        {"colour": 3},
        {"tx_weights": [8, 0]},
        {"tx_weights": [1] * 5},
        {"tx_weights": [256]},
        {"vectors": 6},
        {"vectors": -1},
    ],
    ids=str,
)
def test_bad_module_parameter_is_refused_and_leaves_nothing(host: Any, params: dict[str, Any]) -> None:
    """ETH1's kin at load time: -EINVAL, a line in the log, nothing leaked."""
    h = host(queues=4, **params)
    assert h.probe() == -linux.EINVAL
    assert linux.registered_netdevs() == []
    assert any(name in line for line in linux.dmesg() for name in params)
    assert linux.leak_report() == []


def test_weights_of_tx_queues_are_those_of_the_module_parameter(host: Any) -> None:
    """Queues beyond the list, and a device that was reset, have the device's default and the list's again."""
    h = host(queues=4, tx_weights=[2, 255])
    h.probe()
    h.up()
    weights = [h.nic.mmio_read(hw.qp(q) + hw.QP_TX_WEIGHT, 4) for q in range(4)]
    assert weights == [2, 255, 8, 8]
    assert h.nic.tx.weights == weights


def test_probe_without_the_device_fails_cleanly(host: Any) -> None:
    """Another device answers at BAR 0: -ENODEV."""
    h = host()
    h.nic._regs[hw.ID] = 0xFFFFFFFF
    assert h.probe() == -linux.ENODEV
    assert linux.leak_report() == []


def test_reopen_starts_rings_anew_and_keeps_statistics(host: Any) -> None:
    """LIFE1, LIFE2, ETH2: five times up and down with traffic in between."""
    h = host(queues=2)
    sent = [frame(60 + i, i) for i in range(20)]
    for n in range(1, 6):
        h.up()
        h.send(sent)
        h.deliver(sent)
        before = h.stats()
        h.down()
        check_quiet(h)
        after = h.stats()
        assert (after.tx_packets, after.rx_packets) == (before.tx_packets, before.rx_packets) == (20 * n, 20 * n)
    h.remove()


@pytest.mark.parametrize("line_irq", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_stop_in_traffic_frees_what_was_in_flight(host: Any, seed: int, line_irq: bool) -> None:
    """LIFE2, LIFE3, DMA1, TX4: ndo_stop at a random time with traffic both ways; quiet, nothing mapped; it works on."""
    rng = random.Random(seed)
    h = host(queues=2, cpus=2, seed=seed, rate_gbps=5, line_irq=line_irq)
    h.up()
    for n in range(4):
        for i in range(150):
            h.platform.wire_send(frame(60 + i, 1000 * n + i), 0)
        task = h.start(h.send_task, [frame(60 + 2 * i, i) for i in range(150)], True, True, cpu=1)
        h.settle(rng.uniform(1, 40))
        h.down()
        h.until(lambda task=task: task.done)
        h.until(lambda: not h.platform.wire_backlog())
        check_quiet(h)
        h.up()
        seen = len(h.wire)
        h.send([frame(99, 7)])
        assert h.wire[-1][0] == frame(99, 7)
        assert len(h.wire) == seen + 1
        got = len(h.received)
        h.deliver([frame(98, 8)])
        assert len(h.received) == got + 1
    stats = h.stats()
    assert stats.tx_packets == len(h.wire)
    assert stats.rx_packets == len(h.received)
    h.remove()


def test_remove_of_an_open_device_closes_it(host: Any) -> None:
    """LIFE3: unregister_netdev() calls ndo_stop; nothing is left."""
    h = host(queues=4)
    h.up()
    h.send([frame(60, i) for i in range(10)])
    h.remove()
    check_quiet(h)


def test_bind_twice(host: Any) -> None:
    h = host()
    for _ in range(3):
        h.up()
        h.send([frame(60, 1)])
        h.remove()


@pytest.mark.parametrize("nth", range(1, 9))
def test_open_unwinds_when_memory_runs_out(host: Any, nth: int) -> None:
    """The nth page of ndo_open is not to be had: -ENOMEM, nothing left, and the next open succeeds."""
    h = host(queues=2, rx_ring=64, tx_ring=64)
    assert h.probe() == 0
    count = 0

    def fail(what: str, size: int) -> bool:
        nonlocal count
        count += what == "page"
        return what == "page" and count >= nth

    linux.set_alloc_failure(fail)
    err = h.call(linux.dev_open, h.ndev)
    linux.set_alloc_failure(None)
    assert err == -linux.ENOMEM
    assert linux.dma_mappings() == []
    h.up()
    h.send([frame(60, 1)])
    h.down()
    h.remove()


def test_mtu_changes_while_open_and_while_closed(host: Any) -> None:
    """LIFE6: frames of MTU + 18 pass, one byte more is dropped; out of range is refused."""
    h = host()
    h.up()
    for mtu in (68, 1280, 1500, 4000, 9000):
        assert h.call(linux.dev_set_mtu, h.ndev, mtu) == 0
        h.settle(5)
        h.deliver([frame(mtu + 18, mtu)])
        missed = h.stats().rx_length_errors
        h.platform.wire_send(frame(mtu + 19, mtu), 0)
        h.settle(100)
        assert h.stats().rx_length_errors == missed + 1
    h.down()
    assert h.call(linux.dev_set_mtu, h.ndev, 2000) == 0
    h.up()
    h.deliver([frame(2018, 3)])
    assert h.call(linux.dev_set_mtu, h.ndev, 9001) == -linux.EINVAL
    assert h.call(linux.dev_set_mtu, h.ndev, 67) == -linux.EINVAL
    h.down()
    h.remove()


def test_station_address_is_checked_and_filters(host: Any) -> None:
    """LIFE4: multicast and zero addresses are refused; the new address receives, the old one no longer."""
    h = host()
    h.up()
    h.call(linux.dev_set_promiscuity, h.ndev, -1)
    old = bytes(h.ndev.dev_addr)
    new = bytes.fromhex("024321000077")
    for bad in (bytes(6), bytes.fromhex("010203040506"), b"\xff" * 6):
        assert h.call(linux.dev_set_mac_address, h.ndev, linux.sockaddr(bad)) == -linux.EADDRNOTAVAIL
    assert bytes(h.ndev.dev_addr) == old
    assert h.call(linux.dev_set_mac_address, h.ndev, linux.sockaddr(new)) == 0
    h.settle(5)
    h.deliver([new + frame(70, 1)[6:], old + frame(71, 1)[6:], b"\xff" * 6 + frame(72, 1)[6:]], drops=1)
    h.settle(20)
    assert [len(f) for f, _ in h.received] == [70, 72]
    h.down()
    h.up()
    h.deliver([new + frame(73, 1)[6:]])
    h.remove()


def test_rx_mode_is_set_without_sleeping(host: Any) -> None:
    """LIFE5: ndo_set_rx_mode runs in atomic context; multicast passes only with ALLMULTI."""
    h = host()
    h.up()
    h.call(linux.dev_set_promiscuity, h.ndev, -1)
    group = bytes.fromhex("01005e0000fb") + frame(80, 1)[6:]
    h.platform.wire_send(group, 0)
    h.settle(20)
    assert not h.received
    h.call(linux.dev_set_allmulti, h.ndev, 1)
    h.settle(5)
    h.deliver([group])
    h.call(linux.dev_set_allmulti, h.ndev, -1)
    h.settle(5)
    h.platform.wire_send(group, 0)
    h.settle(20)
    assert len(h.received) == 1
    h.remove()


def test_rings_are_resized_open_and_closed(host: Any) -> None:
    h = host()
    h.up()
    h.call(_with_rtnl, nic_resize, h.priv, 128, 512)
    assert (h.priv.queues[0].tx.size, h.priv.queues[0].rx.size) == (128, 512)
    h.send([frame(60, i) for i in range(200)])
    h.deliver([frame(60, i) for i in range(200)])
    h.down()
    h.call(_with_rtnl, nic_resize, h.priv, 64, 64)
    h.up()
    assert (h.priv.queues[0].tx.size, h.priv.queues[0].rx.size) == (64, 64)
    h.send([frame(60, 1)])
    h.remove()


def _with_rtnl(fn: Any, *args: Any) -> Any:
    linux.rtnl_lock()
    result = fn(*args)
    linux.rtnl_unlock()
    return result


def test_statistics_keep_what_the_device_forgets_in_a_reset(host: Any) -> None:
    """ETH2: counters kept by the device survive its reset."""
    h = host()
    h.up()
    h.deliver([frame(1519, 1)], drops=1)
    h.settle(50)
    assert h.stats().rx_length_errors == 1
    h.down()
    assert h.call(nic_netdev.nic_reset, h.priv) == 0
    assert h.nic.rx.drop_oversize == 0
    assert h.stats().rx_length_errors == 1
    h.up()
    h.deliver([frame(1519, 1)], drops=1)
    h.settle(50)
    assert h.stats().rx_length_errors == 2
    h.remove()


def test_ops_describe_rings_and_space(host: Any) -> None:
    """The neutral hooks: space while open, none while closed; the report names the descriptor and who must move."""
    h = host(queues=2, rx_ring=64)
    h.up()
    ops = NicOps()
    assert [n for n, _ in ops.rx_space(h.ndev)] == [64, 64]
    h.nic.tx._scheduled = True  # a device that does not fetch
    h.call(h.send_task, [frame(321, 1)])
    h.settle(20)
    states = {s.name: s for s in ops.describe(h.ndev)}
    tx = next(s for s in states.values() if s.name.startswith("tx") and s.producer)
    assert tx.producer == 1 and tx.consumer == tx.device_index == 0
    assert "321 bytes at bus address" in tx.oldest and "end of frame" in tx.oldest
    assert tx.waits_for.startswith("the device")
    assert "waits for the device" in str(tx)
    h.down()
    assert ops.rx_space(h.ndev) == []
    assert ops.describe(h.ndev) == []
    h.remove()
