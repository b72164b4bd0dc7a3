# SPDX-License-Identifier: Apache-2.0
"""tools/compare_captures.py: equal captures pass, and each single difference is found and named."""

from __future__ import annotations

import ast
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb.wire.pcap import read_capture
from tests.unit.captures import epb, idb, option, pcap, shb
from tools import compare_captures

_ROOT = Path(__file__).resolve().parents[2]
_MIX = [p.data for p in read_capture(_ROOT / "tests" / "data" / "linux_mix.pcap")]
_HOST = _MIX[0][6:12]
# Frames of several protocols, both directions.
_FRAMES = _MIX[:40] + [f for f in _MIX if f[12:14] == b"\x08\x06"]


def _swapped(frames: list[bytes]) -> list[bytes]:
    """Two different frames of one flow change places."""
    flows = [compare_captures.flow(f) for f in frames]
    pairs = ((a, b) for b in range(len(frames)) for a in range(b))
    a, b = next((a, b) for a, b in pairs if flows[a] == flows[b] and frames[a] != frames[b])
    return [*frames[:a], frames[b], *frames[a + 1 : b], frames[a], *frames[b + 1 :]]


def _pcapng(frames: list[bytes], times: list[int] | None = None, turned: int = -1) -> bytes:
    blocks = [shb(), idb(options=option(9, b"\x09"))]
    for n, frame in enumerate(frames):
        out = (frame[6:12] == _HOST) != (n == turned)
        flags = option(2, struct.pack("<I", 2 if out else 1)) + option(0, b"")
        blocks.append(epb(frame, times[n] if times else n, options=flags))
    return b"".join(blocks)


def _padded(frames: list[bytes]) -> list[bytes]:
    return [f.ljust(60, b"\0") for f in frames]


@dataclass
class Captures:
    """The three files of one comparison; tests alter one of them."""

    input: bytes = field(default_factory=lambda: pcap(_FRAMES))
    wire: bytes = field(default_factory=lambda: _pcapng(_padded(_FRAMES)))
    host: bytes = field(default_factory=lambda: _pcapng(_FRAMES))


Compare = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def compare(tmp_path_factory: pytest.TempPathFactory) -> Compare:
    """Runs the tool on three files; gives its exit code and what it printed."""
    folder = tmp_path_factory.mktemp("compare")

    def run(captures: Captures, *options: str) -> tuple[int, str]:
        paths = [folder / name for name in ("input.pcap", "wire.pcapng", "host.pcapng")]
        for path, content in zip(paths, (captures.input, captures.wire, captures.host), strict=True):
            path.write_bytes(content)
        with pytest.MonkeyPatch.context() as patch:
            lines: list[str] = []
            say = lambda *words, **_: lines.append(" ".join(map(str, words)))  # noqa: E731
            patch.setattr(sys, "argv", ["compare_captures.py", *map(str, paths), *options])
            patch.setattr(compare_captures, "print", say, raising=False)
            return compare_captures.main(), "\n".join(lines)

    return run


def test_the_tool_shares_no_code_with_what_it_judges() -> None:
    tree = ast.parse((_ROOT / "tools" / "compare_captures.py").read_text())
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= set(sys.stdlib_module_names)


def test_equal_captures_pass(compare: Compare) -> None:
    code, text = compare(Captures())
    assert code == 0, text
    assert text.startswith(f"equal: {len(_FRAMES)} frames, ")
    assert text.endswith("checksums good")


def test_the_whole_capture_passes(compare: Compare) -> None:
    mix = Captures(pcap(_MIX), _pcapng(_padded(_MIX)), _pcapng(_MIX))
    assert compare(mix)[0] == 0


def test_flows_may_overtake_each_other(compare: Compare) -> None:
    host = [f for f in _FRAMES if f[6:12] == _HOST] + [f for f in _FRAMES if f[6:12] != _HOST]
    assert compare(Captures(host=_pcapng(host)))[0] == 0


def test_a_repeated_capture_passes_with_its_count_alone(compare: Compare) -> None:
    frames = (_FRAMES * 3)[: 2 * len(_FRAMES) + 7]
    captures = Captures(wire=_pcapng(frames), host=_pcapng(frames))
    assert compare(captures, "--count", str(len(frames)))[0] == 0
    assert compare(captures, "--count", str(len(frames) - 1))[0] == 1
    assert compare(captures)[0] == 1


@given(st.sampled_from(["input", "wire", "host"]), st.data(), st.integers(1, 255))
def test_one_flipped_byte_of_a_frame_fails(compare: Compare, which: str, data: st.DataObject, flip: int) -> None:
    """Anywhere in any frame of any of the three files, MAC addresses and padding included."""
    frames = _padded(_FRAMES) if which == "wire" else list(_FRAMES)
    n = data.draw(st.integers(0, len(frames) - 1))
    at = data.draw(st.integers(0, len(frames[n]) - 1))
    wrong = bytearray(frames[n])
    wrong[at] ^= flip
    frames[n] = bytes(wrong)
    captures = Captures(**{which: pcap(frames) if which == "input" else _pcapng(frames)})
    code, text = compare(captures)
    assert code == 1, text
    assert "missing" in text or "noted as" in text, text


@pytest.mark.parametrize("which", ["wire", "host"])
@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda f: f[:5] + f[6:], "1 missing, 0 that the input does not have"),
        (lambda f: [*f, f[-1]], "0 missing, 1 that the input does not have"),
        (_swapped, "out of order: frame "),
        (lambda f: [f[0][:-1] + b"\x55", *f[1:]], "bad "),
        (lambda f: [f[0] + b"\0", *f[1:]], "1 missing, 1 that the input does not have"),
    ],
    ids=["missing", "extra", "swapped", "checksum", "longer"],
)
def test_each_difference_is_named(
    compare: Compare, which: str, alter: Callable[[list[bytes]], list[bytes]], message: str
) -> None:
    code, text = compare(Captures(**{which: _pcapng(alter(_FRAMES))}))
    assert code == 1
    assert f"{which}.pcapng: " in text
    assert message in text


def test_time_that_goes_back_fails(compare: Compare) -> None:
    times = list(range(len(_FRAMES)))
    times[7] = 3
    code, text = compare(Captures(wire=_pcapng(_FRAMES, times)))
    assert (code, text) == (1, "wire.pcapng: frame 8: time goes back")


def test_a_wrong_direction_fails(compare: Compare) -> None:
    code, text = compare(Captures(host=_pcapng(_FRAMES, turned=3)))
    assert code == 1
    assert text.startswith("host.pcapng: frame 4: noted as ")


def test_a_bad_checksum_of_the_input_is_told_but_no_failure(compare: Compare) -> None:
    frames = [_FRAMES[0][:-1] + b"\x55", *_FRAMES[1:]]
    code, text = compare(Captures(pcap(frames), _pcapng(frames), _pcapng(frames)))
    assert code == 0
    assert text.endswith("checksums bad in 1 frames of the input itself")


def test_many_problems_are_counted_not_listed(compare: Compare) -> None:
    times = list(range(len(_FRAMES), 0, -1))
    code, text = compare(Captures(wire=_pcapng(_FRAMES, times)))
    assert code == 1
    assert text.splitlines()[-1] == f"wire.pcapng: {len(_FRAMES) - 1 - compare_captures.MOST_PROBLEMS} problems more"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ends in the middle of a record"),
        (b"no capture, this", "is neither pcap nor pcapng"),
        (pcap([]), "holds no frame"),
        (pcap(_FRAMES)[:-1], "is not whole"),
        (_pcapng(_FRAMES)[:-1], "ends in the middle of a record"),
    ],
)
def test_an_unreadable_file_is_named_with_exit_code_2(compare: Compare, content: bytes, message: str) -> None:
    code, text = compare(Captures(wire=content))
    assert code == 2
    assert "wire.pcapng: " in text
    assert message in text


@pytest.mark.parametrize("frame", [0, 1, 2, 3])
def test_checksums_are_judged(frame: int) -> None:
    """A flipped payload byte breaks exactly the checksum over it."""
    samples = {
        "TCP": next(f for f in _MIX if f[12:14] == b"\x08\x00" and f[23] == 6 and len(f) > 80),
        "UDP": next(f for f in _MIX if f[12:14] == b"\x08\x00" and f[23] == 17 and not f[20] & 0x3F and not f[21]),
        "ICMP": next(f for f in _MIX if f[12:14] == b"\x08\x00" and f[23] == 1 and not f[20] & 0x3F and not f[21]),
        "ICMPv6": next(f for f in _MIX if f[12:14] == b"\x86\xdd" and f[20] == 58),
    }
    name, good = list(samples.items())[frame]
    assert compare_captures.bad_checksums(good) == set()
    assert compare_captures.bad_checksums(good[:-1] + bytes([good[-1] ^ 1])) == {name}
