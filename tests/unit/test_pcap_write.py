# SPDX-License-Identifier: Apache-2.0
"""Writing captures: exact bytes, what Wireshark's tools read, and nothing half-written when something goes wrong."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.utils import PcapNgReader

from tb.wire.pcap import CaptureError, CaptureWriter, Direction, Packet, read_capture
from tests.unit.captures import pcap

_DIRECTIONS: tuple[Direction, ...] = ("", "in", "out")
_packets = st.lists(
    st.tuples(st.binary(min_size=14, max_size=300), st.integers(0, 1 << 70), st.sampled_from(_DIRECTIONS)), min_size=1
)
_ROOT = Path(__file__).resolve().parents[2]


def test_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    """Field by field after draft-ietf-opsawg-pcapng, sections 4.1, 4.2 and 4.3."""
    with CaptureWriter(tmp_path / "x", "wire") as writer:
        writer.write(bytes(range(14)), 0x1_0000_0002_000 + 999, "out")
    want = """
        0a0d0d0a 2c000000 4d3c2b1a 01000000 ffffffffffffffff 04000800 52696e6773696465 00000000 2c000000
        01000000 28000000 01000000 00000000 02000400 77697265 09000100 09000000 00000000 28000000
        06000000 3c000000 00000000 %s 0e000000 0e000000 000102030405060708090a0b0c0d 0000
        02000400 02000000 00000000 3c000000
    """
    time_ns = (0x1_0000_0002_000 + 999) // 1000
    stamp = (time_ns >> 32).to_bytes(4, "little") + (time_ns & 0xFFFFFFFF).to_bytes(4, "little")
    assert (tmp_path / "x").read_bytes() == bytes.fromhex(want % stamp.hex())


@given(_packets)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, packets: list[tuple[bytes, int, Direction]]
) -> None:
    path = tmp_path_factory.mktemp("w") / "x"
    with CaptureWriter(path, "host") as writer:
        for data, time_ps, direction in packets:
            writer.write(data, time_ps, direction)
    want = [Packet(data, time // 1000, n + 1, direction) for n, (data, time, direction) in enumerate(packets)]
    assert read_capture(path) == want
    assert writer.count == len(want)


def _write_mix(path: Path) -> list[Packet]:
    packets = read_capture(_ROOT / "tests" / "data" / "linux_mix.pcap")
    with CaptureWriter(path, "wire") as writer:
        for p in packets:
            writer.write(p.data, p.number * 1_234_000, "out" if p.number % 2 else "in")
    return packets


def test_scapy_reads_the_same_frames(tmp_path: Path) -> None:
    """A reader written by others, as a second opinion."""
    packets = _write_mix(tmp_path / "x")
    with PcapNgReader(str(tmp_path / "x")) as reader:
        assert [bytes(p) for p in reader] == [p.data for p in packets]


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_tshark_reads_times_directions_and_interface(tmp_path: Path) -> None:
    packets = _write_mix(tmp_path / "x")
    names = ("frame.len", "frame.time_epoch", "frame.packet_flags_direction", "frame.interface_name")
    fields = [word for name in names for word in ("-e", name)]
    command = ["tshark", "-r", str(tmp_path / "x"), "-n", "-T", "fields", *fields]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [int(row[0]) for row in rows] == [len(p.data) for p in packets]
    assert [row[1] for row in rows] == [f"{p.number * 1234 / 1e9:.9f}" for p in packets]
    assert [int(row[2], 0) for row in rows] == [2 if p.number % 2 else 1 for p in packets]
    assert {row[3] for row in rows} == {"wire"}


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), CaptureWriter(tmp_path / "x", "wire") as writer:
        writer.write(bytes(60), 0, "in")
        raise KeyError("the run failed")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_keeps_the_capture_of_the_last_one(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(pcap([bytes(60)]))
    writer = CaptureWriter(tmp_path / "x", "wire")
    writer.write(bytes(60), 0, "in")
    writer.abort()
    writer.abort()
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == pcap([bytes(60)])


def test_the_name_appears_when_the_file_is_whole(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path / "x", "wire")
    writer.write(bytes(60), 0, "in")
    assert not (tmp_path / "x").exists()
    writer.close()
    writer.close()
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    with pytest.raises(CaptureError, match="is closed"):
        writer.write(bytes(60), 0, "in")


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="none/x: cannot be written: No such file or directory"):
        CaptureWriter(tmp_path / "none" / "x", "wire")


def _on_a_full_disk(path: Path, buffering: int) -> CaptureWriter:
    """A writer whose file is /dev/full, which refuses whatever leaves the buffer."""
    writer = CaptureWriter(path, "wire")
    assert writer._file is not None
    writer._file.close()
    writer._file = Path("/dev/full").open("wb", buffering=buffering)
    return writer


def test_a_full_disk_is_reported_by_close_and_leaves_nothing(tmp_path: Path) -> None:
    writer = _on_a_full_disk(tmp_path / "x", 1 << 20)
    writer.write(bytes(60), 0, "in")
    with pytest.raises(CaptureError, match="x: cannot be written: No space left on device"):
        writer.close()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_reported_by_write_and_leaves_nothing(tmp_path: Path) -> None:
    writer = _on_a_full_disk(tmp_path / "x", 64)
    with pytest.raises(CaptureError, match="cannot be written: No space left on device"):
        writer.write(bytes(600), 0, "in")
    assert list(tmp_path.iterdir()) == []
