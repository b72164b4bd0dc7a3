# SPDX-License-Identifier: Apache-2.0
"""The scoreboard, flows, the peer's pacing and the histogram: each check here is seen to fire."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymodel.hw.contexts import Scheduler
from pymodel.hw.errors import CheckError
from tb.config import Config, ConfigError
from tb.histogram import Histogram
from tb.scoreboard import Direction, Scoreboard
from tb.session import run_soft
from tb.wire.flow import flow_key, pad60
from tb.wire.peer import Peer
from tests.scenarios.frames import mixed_frames, udp_frame


def _way(*frames: bytes, lossy: bool = False) -> Direction:
    way = Direction("rx", lossy)
    for i, f in enumerate(frames):
        way.expect(f, i)
    return way


def test_match_in_flow_order_interleaves_flows() -> None:
    a = [udp_frame(80, 1, i, to_host=True) for i in range(3)]
    b = [udp_frame(80, 2, i, to_host=True) for i in range(3)]
    way = _way(*a, *b)
    for f in (b[0], a[0], a[1], b[1], b[2], a[2]):
        way.match(f, 0)
    assert (way.pending, way.matched) == (0, 6)


@pytest.mark.parametrize("lossy", [False, True])
def test_flows_whose_first_64_bytes_are_alike_are_told_apart(lossy: bool) -> None:
    """12 tags, and then the EtherTypes of three flows; each frame's number follows them."""
    tagged = b"\2" * 12 + b"\x81\0\0\1" * 13
    flows = [[tagged + bytes((0x88, 0xB5 + flow, number)) + bytes(40) for number in range(4)] for flow in range(3)]
    assert len({f[:64] for flow in flows for f in flow}) == 1 and len({flow_key(f[0]) for f in flows}) == 3
    left = [f for flow in flows for f in flow]
    way = _way(*left, lossy=lossy)
    rng = random.Random(1)
    while left:
        frame = rng.choice([next(f for f in flow if f in left) for flow in flows if flow[-1] in left])
        left.remove(frame)
        way.match(frame, 0)
    assert (way.pending, way.matched, way.lost) == (0, 12, 0)
    way = _way(*(f for flow in flows for f in flow), lossy=lossy)
    way.match(flows[1][0], 0)
    if not lossy:
        with pytest.raises(CheckError, match="ORDER-rx.*1 too early"):
            way.match(flows[2][1], 0)
        return
    for frame in (flows[2][2], flows[0][3], flows[1][1], flows[2][3], flows[1][3]):
        way.match(frame, 0)
    assert (way.pending, way.matched, way.lost) == (0, 6, 6)


@given(st.integers(0, 99), st.integers(1, 255))
def test_any_flipped_byte_is_reported(at: int, flip: int) -> None:
    """BYTES-rx names the first byte that differs, when the flow can still be told."""
    good = udp_frame(100, 1, 5, to_host=True)
    way = _way(good)
    bad = bytearray(good)
    bad[at] ^= flip
    with pytest.raises(CheckError) as caught:
        way.match(bytes(bad), 0)
    assert caught.value.rule == "BYTES-rx"
    assert f"byte {at}:" in caught.value.what


def test_reordered_frame_is_reported() -> None:
    frames = [udp_frame(80, 1, i, to_host=True) for i in range(3)]
    with pytest.raises(CheckError, match="ORDER-rx.*1 too early"):
        _way(*frames).match(frames[1], 0)


def test_doubled_frame_is_reported() -> None:
    frame = udp_frame(80, 1, 1, to_host=True)
    way = _way(frame)
    way.match(frame, 0)
    with pytest.raises(CheckError, match="BYTES-rx.*nobody sent, or a second time"):
        way.match(frame, 0)


def test_lost_frame_is_reported_at_the_end() -> None:
    board = Scoreboard()
    board.rx.expect(udp_frame(80, 1, 1, to_host=True), 1000)
    with pytest.raises(CheckError, match="LOST-rx: 1 of 1 frames never came out.*number 1"):
        board.check_empty()


def test_lossy_run_counts_what_is_missing_and_nothing_else() -> None:
    frames = [udp_frame(80, 1, i, to_host=True) for i in range(5)]
    way = _way(*frames, lossy=True)
    way.match(frames[2], 0)
    way.match(frames[3], 0)
    assert (way.lost, way.pending) == (2, 1)
    way.write_off()
    assert (way.lost, way.matched) == (3, 2)


def test_truncated_frame_is_reported() -> None:
    frame = udp_frame(120, 1, 1, to_host=True)
    with pytest.raises(CheckError, match="110 bytes for 120"):
        _way(frame).match(frame[:110], 0)


def test_flow_key_separates_ports_but_not_fragments() -> None:
    a, b = udp_frame(80, 1, 1, to_host=True), udp_frame(80, 2, 1, to_host=True)
    assert flow_key(a) != flow_key(b)

    def fragment(f: bytes) -> bytes:
        return f[:20] + b"\x20\x00" + f[22:]

    assert flow_key(fragment(a)) == flow_key(fragment(b))


def test_flow_key_of_any_bytes_does_not_fail() -> None:
    rng = random.Random(1)
    for f in mixed_frames(rng, 500, to_host=True, shortest=14):
        assert flow_key(f)
    assert len(pad60(b"x" * 14)) == 60


class _Wire:
    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.damaged: list[bytes] = []

    def wire_send(self, frame: bytes, at: int, *, bad: bool = False) -> None:
        self.frames.append(frame)
        if bad:
            self.damaged.append(frame)


def _peer(free: list[tuple[int, int]], lossy: bool = False) -> tuple[Scheduler, _Wire, Peer]:
    sched, wire = Scheduler(), _Wire()
    peer = Peer(sched, wire, Direction("rx", lossy), lambda: free, lossy=lossy, on_taken=lambda f, t: None)  # type: ignore[arg-type]
    return sched, wire, peer


def _settle(sched: Scheduler) -> None:
    while (due := sched.next_deadline()) is not None:
        sched.run_due(max(due, sched.now))


def test_peer_waits_for_the_fullest_queue() -> None:
    """Frames under way never need more buffers than the fullest queue has free; a jumbo frame needs several."""
    sched, wire, peer = _peer([(8, 2048), (3, 2048)])
    for _ in range(4):
        peer.send(bytes(1500))
    _settle(sched)
    assert len(wire.frames) == 3
    peer.delivered()
    _settle(sched)
    assert len(wire.frames) == 4

    sched, wire, peer = _peer([(4, 2048)])
    peer.send(bytes(9018))
    _settle(sched)
    assert not wire.frames and peer.backlog == 1


def test_peer_uses_new_buffers_only_when_their_doorbell_has_arrived() -> None:
    free = [(1, 2048)]
    sched, wire, peer = _peer(free)
    peer.send(bytes(64))
    peer.send(bytes(64))
    _settle(sched)
    assert len(wire.frames) == 1
    free[0] = (2, 2048)
    peer.poke()
    sched.run_due(sched.now)
    assert len(wire.frames) == 1, "the driver has filled a buffer, but its doorbell is still on the way"
    _settle(sched)
    assert len(wire.frames) == 2


def test_peer_holds_a_frame_until_its_time() -> None:
    """A frame of a later time is not under way: neither the scoreboard nor the watchdog waits for it."""
    sched, wire, peer = _peer([(8, 2048)], lossy=True)
    peer.send(bytes(64), at=1_000_000_000)
    sched.run_due(0)
    assert not wire.frames
    _settle(sched)
    assert len(wire.frames) == 1 and sched.now <= 1_000_000_000


def test_lossy_peer_does_not_wait() -> None:
    sched, wire, peer = _peer([(0, 2048)], lossy=True)
    peer.send(bytes(64))
    sched.run_due(0)
    assert len(wire.frames) == 1


def test_peer_sends_a_damaged_frame_without_a_buffer_and_expects_nothing() -> None:
    sched, wire, peer = _peer([(1, 2048)])
    peer.send(bytes(64))
    peer.send(bytes(65), bad=True)
    peer.send(bytes(66), expected=False)
    _settle(sched)
    assert [len(f) for f in wire.frames] == [64, 65, 66] and wire.damaged == [bytes(65)]
    assert peer._board.pending == 1


def test_capture_of_the_hosts_frames_alone_comes_to_an_end(tmp_path: Path) -> None:
    """The peer then has nothing to send, and that is drained."""
    frames = [udp_frame(100, 1, i, to_host=False) for i in range(20)]
    body = b"".join(struct.pack("<IIII", i, 0, len(f), len(f)) + f for i, f in enumerate(frames))
    capture = tmp_path / "one_way.pcap"
    capture.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + body)
    config = Config(
        scenario="tests.scenarios.capture:capture", backend="soft", max_us=10_000, args={"pcap": str(capture)}
    )
    result = run_soft(config)
    assert result.passed, result.message
    assert result.values["tx"]["frames"] == 20


def test_peer_feed_is_drawn_as_needed() -> None:
    drawn = 0

    def frames() -> object:
        nonlocal drawn
        for _ in range(10_000):
            drawn += 1
            yield bytes(64), 0

    sched, wire, peer = _peer([(100, 2048)])
    peer.feed(frames())  # type: ignore[arg-type]
    _settle(sched)
    assert len(wire.frames) == 100 and drawn <= 512


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=300))
def test_histogram_is_within_a_64th(values: list[int]) -> None:
    h = Histogram()
    for v in values:
        h.add(v)
    exact = sorted(values)[-1]
    assert exact - exact // 64 <= h.percentile(100) <= exact


@pytest.mark.parametrize(
    ("name", "value"),
    [("queues", 17), ("data_width", 100), ("mtu", 9001), ("rate_gbps", 0.0), ("backend", "fpga"), ("seed", -1)],
)
def test_config_refuses_values_out_of_range(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match="is not possible"):
        Config(**{name: value}).validate()  # type: ignore[arg-type]


def test_config_travels_as_json() -> None:
    config = Config(scenario="a:b", args={"count": 3}, costs={"poll_entry": 1})
    assert Config.from_json(config.to_json()) == config
    with pytest.raises(ConfigError, match="bogus"):
        Config.from_json('{"bogus": 1}')
