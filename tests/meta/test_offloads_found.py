# SPDX-License-Identifier: Apache-2.0
"""The campaign of ``make offloads`` finds a wrong result of each kind: one is altered, on the soft NIC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic import softnic_rings
from pymodel.drivers.nic.softnic_rss import Rss
from pymodel.drivers.nic.softnic_tx import TxOffload, TxTso
from tb.session import run
from tests.offloads.__main__ import config_of, main, repeat, table


def _message(name: str, seed: int = 1) -> str:
    result = run(config_of(name, seed, backend="soft"))
    assert not result.passed, "the wrong result was not found"
    return result.message


def _nth(n: int, change: Callable[[Any], Any], fn: Callable[..., Any]) -> Callable[..., Any]:
    """``fn`` whose n-th result is changed; each later one too where that one cannot be (``change`` gives None)."""
    calls = 0

    def wrapped(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        result = fn(*args)
        if calls >= n:
            changed = change(result)
            if changed is not None:
                calls = -1 << 60
                return changed
        return result

    return wrapped


def _flag(bit: int, was: int) -> Callable[[int], int | None]:
    return lambda status: status ^ bit if status & bit == was else None


_SUM = 1 << hw.RX_COMPLETION_STATUS_CSUM_SHIFT + 3
_OK = hw.RX_COMPLETION_STATUS_L4_OK


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda status: status ^ _SUM if not status & _OK else None, "OFF3: sum "),
        (_flag(_OK, _OK), "OFF3: checksum complete, by software unnecessary"),
        (_flag(_OK, 0), "OFF3: checksum unnecessary, by software complete"),
    ],
    ids=["sum", "verdict withheld", "verdict invented"],
)
def test_altered_checksum_of_a_received_frame_is_found(
    change: Callable[[int], int | None], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kernel-rules.md: OFF3."""
    monkeypatch.setattr(softnic_rings, "verdict", _nth(333, change, softnic_rings.verdict))
    assert _message("receive_offloads").startswith(rule)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda found: (found[0] ^ 1 << 20, found[1]) if found[1] else None, "RSS1: hash 0x"),
        (lambda found: (found[0], hw.RSS_TYPE_IP4) if found[1] == hw.RSS_TYPE_UDP4 else None, "RSS1: hash 0x"),
        (lambda found: (0, hw.RSS_TYPE_NONE) if found[1] else None, "RSS1: hash 0x00000000"),
    ],
    ids=["hash", "hash type", "no hash"],
)
def test_altered_hash_of_a_received_frame_is_found(
    change: Callable[[Any], Any], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kernel-rules.md: RSS1."""
    monkeypatch.setattr(Rss, "hash", _nth(333, change, Rss.hash))
    message = _message("receive_offloads")
    assert message.startswith(what) and ", defect: " in message


def test_frame_in_the_wrong_queue_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """kernel-rules.md: RSS1."""
    monkeypatch.setattr(Rss, "queue", _nth(333, lambda queue: queue ^ 1, Rss.queue))
    assert _message("receive_offloads").startswith("RSS1: queue ")


def test_tag_of_a_received_frame_that_is_not_software_s_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that writes another tag beside the data: the bytes are those of another frame."""
    from pymodel.drivers.nic import nic_rx

    receive = nic_rx.napi_gro_receive
    count = 0

    def wrong(napi: Any, skb: Any) -> Any:
        nonlocal count
        count += 1
        if count >= 333 and not skb.vlan_proto and skb.protocol == 0x0800:
            count = -1 << 60
            skb.vlan_proto, skb.vlan_tci = 0x8100, 5
        return receive(napi, skb)

    monkeypatch.setattr(nic_rx, "napi_gro_receive", wrong)
    assert _message("receive_offloads").startswith("VLAN: tag 0x8100 5, software 0x0000 0")


def _flip(at: int) -> Callable[[bytes], bytes]:
    return lambda frame: frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]


@pytest.mark.parametrize("at", [13, 15, 40], ids=["type or tag", "tag or header", "checksum or data"])
def test_altered_checksum_or_tag_of_a_sent_frame_is_found(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """kernel-rules.md: OFF1."""
    change = _flip(at)
    monkeypatch.setattr(
        TxOffload, "apply", _nth(333, lambda frame: change(frame) if len(frame) > 60 else None, TxOffload.apply)
    )
    assert _message("transmit_offloads").startswith("BYTES-tx: ")


@pytest.mark.parametrize("at", [20, -1], ids=["header", "payload"])
def test_altered_segment_is_found(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """kernel-rules.md: OFF5."""

    def change(frames: Any) -> Any:
        frames = list(frames)
        middle = frames[len(frames) // 2]
        where = at % len(middle)
        frames[len(frames) // 2] = middle[:where] + bytes([middle[where] ^ 1]) + middle[where + 1 :]
        return frames

    monkeypatch.setattr(TxTso, "apply", _nth(77, change, TxTso.apply))
    assert _message("segmentation").startswith("BYTES-tx: ")


def test_campaign_prints_a_table_and_how_to_repeat_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["--backend", "soft", "--jobs", "1", "--count", "1", "--only", "receive_offloads", "--seed", "3"]
    assert main(args) == 0
    out = capsys.readouterr().out
    assert "4,000 frames of 1 runs" in out and "ipv6 tcp, chain" in out
    assert repeat("segmentation", config_of("segmentation", 9, queues=2, data_width=64)) == (
        "make offloads ONLY=segmentation SEED=9 COUNT=1 BACKEND=rtl QUEUES=2 DATA_WIDTH=64 WAVES=1"
    )
    assert main(["--only", "nothing"]) == 2


def test_table_shows_each_sort_of_each_kind() -> None:
    assert table({"rx ipv4 tcp": 1200, "rx ipv4 tcp|verified": 7})[1].split() == ["ipv4", "tcp", "1,200"] + [
        "-"
    ] * 4 + ["7"]
