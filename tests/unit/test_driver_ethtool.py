# SPDX-License-Identifier: Apache-2.0
"""What the reference driver answers to ethtool."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux
from tests.unit.test_driver_traffic import frame


def _ethtool(h: Any, struct: Any) -> Any:
    """The command's struct after the ioctl."""
    assert h.call(linux.dev_ethtool, h.ndev, struct) == 0
    return struct


def _statistics(h: Any) -> dict[str, int]:
    """``ethtool -S``."""
    names = _ethtool(h, linux.ethtool_gstrings(cmd=linux.ETHTOOL_GSTRINGS, string_set=linux.ETH_SS_STATS))
    stats = _ethtool(h, linux.ethtool_stats(cmd=linux.ETHTOOL_GSTATS))
    return dict(zip(names.data, stats.data, strict=True))


def test_statistics_by_name_add_up(host: Any) -> None:
    """ETH2: per queue = device, and the device's own counters agree with the driver's."""
    h = host(queues=2)
    h.up()
    h.deliver([frame(60 + i, i) for i in range(30)])
    h.send([frame(60 + i, i) for i in range(20)])
    h.settle()
    by_name = _statistics(h)
    stats = h.stats()
    assert sum(by_name[f"rx{q}_packets"] for q in range(2)) == stats.rx_packets == by_name["hw_rx_frames"] == 30
    assert sum(by_name[f"tx{q}_packets"] for q in range(2)) == stats.tx_packets == by_name["hw_tx_frames"] == 20
    assert by_name["rx0_bytes"] + by_name["rx1_bytes"] == by_name["hw_rx_bytes"]
    h.remove()


@pytest.mark.parametrize(
    ("rx", "tx", "result"),
    [((20, 8), (1023, 255), 0), ((0, 8), (5, 0), 0), ((0, 0), (5, 1), -22), ((5, 1), (0, 0), -22),
     ((1024, 1), (5, 1), -22), ((5, 1), (5, 256), -22)],
)  # fmt: skip
def test_moderation_is_checked_and_set_for_all_queues(
    host: Any, rx: tuple[int, int], tx: tuple[int, int], result: int
) -> None:
    """IRQ1: no limit at all is refused. ETH1: so are limits beyond the device's, and what it cannot do; the settings
    outlast a reset of the device."""
    h = host(queues=2)
    h.up()
    coalesce = linux.ethtool_coalesce(
        cmd=linux.ETHTOOL_SCOALESCE, rx_coalesce_usecs=rx[0], rx_max_coalesced_frames=rx[1],
        tx_coalesce_usecs=tx[0], tx_max_coalesced_frames=tx[1],
    )  # fmt: skip
    assert h.call(linux.dev_ethtool, h.ndev, coalesce) == result
    coalesce.use_adaptive_rx_coalesce = 1
    assert h.call(linux.dev_ethtool, h.ndev, coalesce) == -linux.EOPNOTSUPP
    if result:
        rx = tx = (0, 1)
    for _ in range(2):
        now = _ethtool(h, linux.ethtool_coalesce(cmd=linux.ETHTOOL_GCOALESCE))
        assert (now.rx_coalesce_usecs, now.rx_max_coalesced_frames) == rx
        assert (now.tx_coalesce_usecs, now.tx_max_coalesced_frames) == tx
        for vector in h.nic.irq.pairs:
            assert [(side.usecs, side.frames) for side in vector.sides] == [tx, rx]
        h.call(linux.schedule_work, h.priv.reset_work)
        h.settle(1000)
    assert h.priv.resets == 3
    h.remove()


def test_identity_link_and_channels(host: Any) -> None:
    h = host(queues=4, num_queues=3)
    h.up()
    info = _ethtool(h, linux.ethtool_drvinfo())
    channels = _ethtool(h, linux.ethtool_channels(cmd=linux.ETHTOOL_GCHANNELS))
    assert (info.driver, info.bus_info, info.n_stats) == ("nic", "0000:01:00.0", len(_statistics(h)))
    assert (channels.max_combined, channels.combined_count) == (4, 3)
    assert _ethtool(h, linux.ethtool_value(cmd=linux.ETHTOOL_GLINK)).data == 1
    h.down()
    assert _ethtool(h, linux.ethtool_value(cmd=linux.ETHTOOL_GLINK)).data == 0
    h.remove()


def test_registers_are_dumped_and_the_self_test_passes_in_traffic(host: Any) -> None:
    h = host(queues=2)
    h.up()
    h.send([frame(60 + i, i) for i in range(9)])
    regs = _ethtool(h, linux.ethtool_regs(cmd=linux.ETHTOOL_GREGS, len=1 << 20))
    words = memoryview(regs.data).cast("I")
    assert (words[0], words[1]) == (0x52534E43, regs.version)
    assert len(regs.data) == _ethtool(h, linux.ethtool_drvinfo()).regdump_len
    test = _ethtool(h, linux.ethtool_test(cmd=linux.ETHTOOL_TEST))
    names = _ethtool(h, linux.ethtool_gstrings(cmd=linux.ETHTOOL_GSTRINGS, string_set=linux.ETH_SS_TEST))
    assert not test.flags
    assert dict(zip(names.data, test.data, strict=True)) == {"registers": 0, "link": 0, "loopback": 0}
    base = linux.ethtool_link_settings(
        cmd=linux.ETHTOOL_GLINKSETTINGS, link_mode_masks_nwords=linux.ETHTOOL_LINK_MODE_MASK_NU32
    )
    assert _ethtool(h, linux.ethtool_link_ksettings(base=base)).base.duplex == linux.DUPLEX_FULL
    h.remove()


@pytest.mark.parametrize(
    ("tx", "rx", "result"), [(128, 512, 0), (100, 512, -22), (128, 32, -22), (128, 8192, -22), (0, 128, -22)]
)
def test_ring_sizes_are_checked_and_set(host: Any, tx: int, rx: int, result: int) -> None:
    """ETH1: sizes out of range or no power of two are refused and change nothing."""
    h = host()
    h.up()
    ring = linux.ethtool_ringparam(cmd=linux.ETHTOOL_SRINGPARAM, tx_pending=tx, rx_pending=rx)
    assert h.call(linux.dev_ethtool, h.ndev, ring) == result
    now = _ethtool(h, linux.ethtool_ringparam(cmd=linux.ETHTOOL_GRINGPARAM))
    assert (now.tx_pending, now.rx_pending) == ((tx, rx) if result == 0 else (256, 256))
    h.send([frame(60, i) for i in range(300)])
    h.deliver([frame(60, i) for i in range(30)])
    h.remove()


def _set_channels(h: Any, combined: int, **others: int) -> int:
    cmd = linux.ethtool_channels(cmd=linux.ETHTOOL_SCHANNELS, combined_count=combined, **others)
    return int(h.call(linux.dev_ethtool, h.ndev, cmd))


def _channels(h: Any) -> tuple[int, int, int, int]:
    """What ethtool says, what the stack uses, and the vectors that are allocated while the device is up."""
    now = _ethtool(h, linux.ethtool_channels(cmd=linux.ETHTOOL_GCHANNELS)).combined_count
    vectors = sum(len(vector.queues) for vector in h.priv.vectors)
    return now, h.ndev.real_num_tx_queues, h.ndev.real_num_rx_queues, vectors


def test_channels_are_set_open_and_closed(host: Any) -> None:
    """ETH1, ETH2, RSS1: rings, vectors and the table follow; what a queue counted stays, also when it is gone."""
    h = host(queues=4)
    h.up()
    frames = [frame(60 + i, i) for i in range(60)]
    h.deliver(frames)
    for n in (2, 1, 4):
        assert _set_channels(h, n) == 0
        assert _channels(h) == (n, n, n, n)
        assert set(h.priv.rss_table) == set(range(n))
        h.deliver(frames)
        h.send(frames)
    h.settle()
    stats = h.stats()
    assert (stats.rx_packets, stats.tx_packets) == (4 * 60, 3 * 60)
    h.down()
    assert _set_channels(h, 3) == 0 and _channels(h) == (3, 3, 3, 0)
    h.up()
    assert _channels(h) == (3, 3, 3, 3)
    h.deliver(frames)
    assert h.stats().rx_packets == 5 * 60
    h.remove()


def test_channels_that_are_not_there_or_that_the_table_needs_are_refused(host: Any) -> None:
    """ETH1, RSS3: nothing is changed then."""
    h = host(queues=4)
    h.up()
    for combined, others in ((0, {}), (5, {}), (2, {"rx_count": 1}), (2, {"tx_count": 1}), (2, {"other_count": 1})):
        assert _set_channels(h, combined, **others) == -linux.EINVAL
    table = [3, *[0] * 127]
    rxfh = linux.ethtool_rxfh(
        cmd=linux.ETHTOOL_SRSSH, indir_size=128, indir=table, hfunc=linux.ETH_RSS_HASH_NO_CHANGE,
        input_xfrm=linux.RXH_XFRM_NO_CHANGE,
    )  # fmt: skip
    assert h.call(linux.dev_ethtool, h.ndev, rxfh) == 0
    assert _set_channels(h, 3) == -linux.EINVAL
    assert _channels(h) == (4, 4, 4, 4) and h.priv.rss_table == table
    h.remove()


def test_channels_for_which_there_is_no_memory_leave_the_old_ones(host: Any) -> None:
    h = host(queues=4, num_queues=1)
    h.up()
    pages = 0

    def after_the_first_ring(what: str, size: int) -> bool:
        nonlocal pages
        pages += what == "page"
        return 128 < pages <= 130

    linux.set_alloc_failure(after_the_first_ring)
    assert _set_channels(h, 4) == -linux.ENOMEM
    linux.set_alloc_failure(None)
    assert _channels(h) == (1, 1, 1, 1)
    h.deliver([frame(60, i) for i in range(30)])
    h.remove()
