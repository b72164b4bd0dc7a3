# SPDX-License-Identifier: Apache-2.0
"""Reading captures: every variant of both formats, and every way in which a file may be wrong."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb.wire.pcap import MAX_FRAME, CaptureError, iter_capture, read_capture
from tests.unit.captures import epb, idb, option, pcap, pcap_header, pcap_record, shb, spb

_A = bytes(range(60))
_B = bytes(reversed(range(61)))
_frames = st.lists(st.binary(min_size=14, max_size=200), min_size=1, max_size=8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.pcap"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)])
def test_pcap_is_read_in_both_byte_orders_and_resolutions(path: Path, order: str, magic: int, unit: int) -> None:
    path.write_bytes(pcap([_A, _B], order, magic))
    packets = read_capture(path)
    assert [(p.data, p.time_ns, p.number, p.direction) for p in packets] == [
        (_A, 0, 1, ""),
        (_B, 1_000_000_000 + unit, 2, ""),
    ]


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_is_read_in_both_byte_orders(path: Path, order: str) -> None:
    outbound = option(2, struct.pack(order + "I", 2), order) + option(0, b"", order)
    path.write_bytes(shb(order) + idb(order) + epb(_A, 5, order) + epb(_B, 1 << 33, order, options=outbound))
    want = [(_A, 5000, ""), (_B, (1 << 33) * 1000, "out")]
    assert [(p.data, p.time_ns, p.direction) for p in read_capture(path)] == want


@pytest.mark.parametrize(
    ("resolution", "stamp", "ns"),
    [(6, 7, 7000), (9, 7, 7), (12, 7999, 7), (0, 3, 3_000_000_000), (0x80 | 10, 512, 500_000_000)],
)
def test_pcapng_resolution_is_honoured(path: Path, resolution: int, stamp: int, ns: int) -> None:
    path.write_bytes(shb() + idb(options=option(9, bytes([resolution]))) + epb(_A, stamp))
    assert read_capture(path)[0].time_ns == ns


def test_pcapng_time_offset_is_added(path: Path) -> None:
    path.write_bytes(shb() + idb(options=option(14, struct.pack("<q", 2))) + epb(_A, 1))
    assert read_capture(path)[0].time_ns == 2_000_001_000


def test_pcapng_sections_have_their_own_byte_order_and_interfaces(path: Path) -> None:
    nanoseconds = idb(">", options=option(9, b"\x09", ">"))
    path.write_bytes(shb("<") + idb() + epb(_A, 3) + shb(">") + nanoseconds + epb(_B, 4, ">"))
    assert [(p.data, p.time_ns, p.number) for p in read_capture(path)] == [(_A, 3000, 1), (_B, 4, 2)]


def test_pcapng_simple_packets_take_the_time_before_them(path: Path) -> None:
    path.write_bytes(shb() + idb() + epb(_A, 9) + spb(_B))
    assert [(p.data, p.time_ns) for p in read_capture(path)] == [(_A, 9000), (_B, 9000)]


def test_pcapng_unknown_blocks_are_passed_over(path: Path) -> None:
    unknown = struct.pack("<II4sI", 0x0BAD, 16, b"data", 16)
    path.write_bytes(shb() + unknown + idb() + unknown + epb(_A) + unknown)
    assert [p.data for p in read_capture(path)] == [_A]


@given(_frames, st.sampled_from("<>"))
def test_both_formats_hold_the_same_frames(
    tmp_path_factory: pytest.TempPathFactory, frames: list[bytes], order: str
) -> None:
    path = tmp_path_factory.mktemp("c") / "x"
    path.write_bytes(pcap(frames, order))
    old = [(p.data, p.number) for p in iter_capture(path)]
    path.write_bytes(shb(order) + idb(order) + b"".join(epb(f, n, order) for n, f in enumerate(frames)))
    assert [(p.data, p.number) for p in iter_capture(path)] == old == [(f, n + 1) for n, f in enumerate(frames)]


@given(_frames, st.data())
def test_a_truncated_file_is_refused_wherever_it_ends(
    tmp_path_factory: pytest.TempPathFactory, frames: list[bytes], data: st.DataObject
) -> None:
    """Unless it ends exactly behind a frame: then nothing tells that there was more."""
    path = tmp_path_factory.mktemp("t") / "x"
    for whole, ends in (
        (pcap(frames), {24 + sum(16 + len(f) for f in frames[:n]) for n in range(len(frames) + 1)}),
        (
            shb() + idb() + b"".join(map(epb, frames)),
            {48 + sum(len(epb(f)) for f in frames[:n]) for n in range(len(frames) + 1)} | {28},
        ),
    ):
        length = data.draw(st.integers(0, len(whole) - 1))
        path.write_bytes(whole[:length])
        if length in ends:
            assert len(list(iter_capture(path))) < len(frames) + 1
        else:
            with pytest.raises(CaptureError, match=r"truncated|is empty|neither pcap nor pcapng"):
                list(iter_capture(path))


@given(st.binary(max_size=300), st.sampled_from([b"", pcap_header(), shb() + idb(), shb(">"), shb() + idb() + epb(_A)]))
def test_garbage_is_read_or_refused_but_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, head: bytes
) -> None:
    path = tmp_path_factory.mktemp("g") / "x"
    path.write_bytes(head + garbage)
    try:
        assert all(14 <= len(p.data) <= MAX_FRAME for p in read_capture(path))
    except CaptureError as exc:
        assert str(exc).startswith(f"{path}: ")


_PB = struct.pack("<II", 2, 32) + bytes(20) + struct.pack("<I", 32)


@pytest.mark.parametrize(
    ("content", "frame", "message"),
    [
        (b"", 0, "is empty"),
        (pcap_header(), 0, "holds no frame"),
        (shb() + idb(), 0, "holds no frame"),
        (b"not a capture at all", 0, "is neither pcap nor pcapng"),
        (b"\xa1", 0, "is neither pcap nor pcapng"),
        (b"\x1f\x8b\x08\x00" + bytes(20), 0, "it is compressed, unpack it first"),
        (pcap_header()[:20], 0, "truncated: 16 of 20 bytes of the file header"),
        (pcap_header(version=3), 0, "pcap version 3"),
        (pcap_header(link=113) + pcap_record(_A), 0, "link type 113 is not Ethernet"),
        (pcap_header(link=1 | 1 << 26 | 2 << 28) + pcap_record(_A), 0, "carry 4 bytes of FCS"),
        (pcap_header() + pcap_record(_A) + bytes(15), 2, "truncated: 15 of 16 bytes of its header"),
        (pcap_header() + pcap_record(_A) + pcap_record(_B)[:-1], 2, "truncated: 60 of 61 bytes of its data"),
        (pcap_header() + pcap_record(_A, length=61), 1, "snapped: 60 of its 61 bytes"),
        (pcap_header() + pcap_record(_A, length=59), 1, "60 bytes of 59 are not possible"),
        (pcap_header() + struct.pack("<4I", 0, 0, 1 << 30, 1 << 30), 1, "the file is damaged"),
        (pcap_header() + pcap_record(bytes(9019)), 1, "has 9019 bytes, at most 9018"),
        (pcap_header() + pcap_record(_A) + pcap_record(bytes(13)), 2, "has 13 bytes, an Ethernet header alone has 14"),
        (shb(magic=0x11223344), 0, "no byte-order magic"),
        (shb(major=2), 0, "pcapng version 2"),
        (shb() + idb(link=127) + epb(_A), 1, "link type 127 is not Ethernet"),
        (shb() + idb() + idb(link=0) + epb(_A) + epb(_B, interface=1), 2, "link type 0 is not Ethernet"),
        (shb() + idb(options=option(13, b"\x04")) + epb(_A), 1, "carry 4 bytes of FCS"),
        (shb() + idb() + epb(_A, interface=1), 1, "names interface 1, the section has described 1"),
        (shb() + idb() + epb(_A) + shb() + epb(_B), 2, "names interface 0, the section has described 0"),
        (shb() + idb() + epb(_A, length=61), 1, "snapped: 60 of its 61 bytes"),
        (shb() + idb(snaplen=20) + spb(_A[:20], length=60), 1, "snapped: 20 of its 60 bytes"),
        (shb() + idb() + epb(bytes(9019)), 1, "has 9019 bytes, at most 9018"),
        (shb() + idb() + epb(_A) + epb(bytes(13)), 2, "has 13 bytes"),
        (shb() + idb() + epb(_A) + epb(_B)[:-1], 2, "truncated"),
        (shb() + idb() + epb(_A) + epb(_B)[:-4] + bytes(4), 2, "two lengths differ"),
        (shb() + idb() + spb(_A, length=64), 1, "do not fit into their block"),
        (shb() + struct.pack("<II", 1, 6), 1, "a block of 6 bytes is not possible"),
        (shb() + idb(options=b"\x09\x00\xff\x00"), 0, "an option is longer than its block"),
        (shb() + idb() + epb(_A) + _PB, 2, "obsolete Packet Block"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_file_and_frame(path: Path, content: bytes, frame: int, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=message) as caught:
        read_capture(path)
    assert caught.value.frame == frame
    assert str(caught.value).startswith(f"{path}: frame {frame}: " if frame else f"{path}: ")


def test_the_longest_and_the_shortest_frame_are_read(path: Path) -> None:
    path.write_bytes(pcap([bytes(MAX_FRAME), bytes(14)]))
    assert [len(p.data) for p in read_capture(path)] == [9018, 14]


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be read: No such file or directory"):
        read_capture(tmp_path / "none")
    with pytest.raises(CaptureError, match="cannot be read: Is a directory"):
        read_capture(tmp_path)


def test_reading_one_by_one_holds_no_more_than_it_gives(path: Path) -> None:
    """The frames before a damaged one come out before the error does."""
    path.write_bytes(pcap([_A, _B]) + bytes(3))
    frames = iter_capture(path)
    assert [next(frames).data, next(frames).data] == [_A, _B]
    with pytest.raises(CaptureError, match="frame 3"):
        next(frames)
