# SPDX-License-Identifier: Apache-2.0
"""``make sim`` as a user meets it: captures of all kinds, wrong ones, and what an independent reader says of its
files.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tb.dut import ROOT
from tests.scenarios.frames import udp_frame

_MIX = ROOT / "tests/data/linux_mix.pcap"


def _capture(path: Path, frames: list[bytes], link: int = 1, snap: int = 0) -> Path:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    body = b"".join(
        struct.pack("<IIII", 1, i, len(f) - snap, len(f)) + f[: len(f) - snap] for i, f in enumerate(frames)
    )
    path.write_bytes(head + body)
    return path


def _sim(out: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tb.sim", "--out", str(out), *args]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _compare(pcap: Path, out: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "tools/compare_captures.py", pcap, out / "wire.pcapng", out / "host.pcapng", *args],
        capture_output=True, text=True, check=False,
    )  # fmt: skip




@pytest.mark.parametrize("option", ["--backend=soft", "--backend=rtl", "--dut=tinynic"])
def test_linux_mix_goes_through_and_an_independent_reader_agrees(option: str, tmp_path: Path) -> None:
    done = _sim(tmp_path, option)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED" in done.stdout and "host to wire" in done.stdout
    judged = _compare(_MIX, tmp_path)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_one_flipped_byte_in_any_of_the_three_files_is_found(tmp_path: Path) -> None:
    assert _sim(tmp_path, "--backend", "soft").returncode == 0
    for victim in ("input", "wire", "host"):
        files = {"input": _MIX, "wire": tmp_path / "wire.pcapng", "host": tmp_path / "host.pcapng"}
        data = bytearray(files[victim].read_bytes())
        data[len(data) // 2 + 40] ^= 1
        files[victim] = tmp_path / f"{victim}.bad"
        files[victim].write_bytes(data)
        command = [sys.executable, ROOT / "tools/compare_captures.py", *files.values()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode != 0, f"a flipped byte in {victim} went unnoticed: {done.stdout}"


@pytest.mark.parametrize("dut", ["nic", "tinynic"])
def test_jumbo_frames_set_the_mtu(dut: str, tmp_path: Path) -> None:
    frames = [udp_frame(9018 - i % 3, i % 5, i, to_host=bool(i % 2)) for i in range(40)]
    pcap = _capture(tmp_path / "jumbo.pcap", frames)
    done = _sim(tmp_path, "--pcap", str(pcap), "--dut", dut)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _compare(pcap, tmp_path).returncode == 0


def test_count_repeats_the_capture(tmp_path: Path) -> None:
    done = _sim(tmp_path, "--backend", "soft", "--count", "4000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _compare(_MIX, tmp_path, "--count", "4000").returncode == 0


def test_capture_timing_keeps_gaps_and_says_which_it_cut(tmp_path: Path) -> None:
    done = _sim(tmp_path, "--timing", "capture", "--count", "150")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gaps of the capture were longer than 20 us" in done.stdout


@pytest.mark.parametrize(
    ("make", "args", "says"),
    [
        (lambda p: _capture(p, [bytes(9019)]), [], "frame 1: has 9019 bytes"),
        (lambda p: _capture(p, [udp_frame(90, 1, 1, to_host=True)], link=101), [], "link type 101"),
        (lambda p: _capture(p, [udp_frame(90, 1, 1, to_host=True)], snap=4), [], "frame 1"),
        (lambda p: p.write_bytes(_MIX.read_bytes()[:-10]), [], "truncated"),
        (lambda p: p.write_bytes(b"no capture at all"), [], "neither pcap nor pcapng"),
        (lambda p: None, [], "No such file"),
        (lambda p: _capture(p, [udp_frame(1400, 1, 1, to_host=True)]), ["--mtu", "1000"], "frame 1 has 1400 bytes"),
        (lambda p: _capture(p, [udp_frame(90, 1, 1, to_host=True)]), ["--queues", "17"], "QUEUES=17"),
        (lambda p: _capture(p, [udp_frame(90, 1, 1, to_host=True)]), ["--dut", "nosuch"], "DUT=nosuch"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name_and_nothing_is_written(
    make: Callable[[Path], object], args: list[str], says: str, tmp_path: Path
) -> None:
    pcap, out = tmp_path / "bad.pcap", tmp_path / "out"
    make(pcap)
    done = _sim(out, "--pcap", str(pcap), *args)
    assert done.returncode == 2
    assert says in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not list(out.glob("*")), "something was written"
