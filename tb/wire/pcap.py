# SPDX-License-Identifier: Apache-2.0
"""Captures: reads pcap and pcapng of Ethernet frames, writes pcapng with simulated time stamps and directions.

Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Read: pcap with us or ns stamps in either byte order;
pcapng with any number of sections and interfaces, either byte order, any ``if_tsresol``, Enhanced and Simple Packet
Blocks. A capture is either read whole or refused with a :class:`CaptureError` that names the file and the frame: what
the file holds only in part cannot be checked byte by byte later.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal

__all__ = [
    "MAX_FRAME",
    "MIN_FRAME",
    "CaptureError",
    "CaptureWriter",
    "Direction",
    "Packet",
    "iter_capture",
    "read_capture",
]

MIN_FRAME = 14
"""Shortest frame, bytes: an Ethernet header. There is no FCS in any frame here."""
MAX_FRAME = 9018
"""Longest frame, bytes: an MTU of 9000, and the 18 bytes of header and one VLAN tag (kernel-rules.md: LIFE6)."""

Direction = Literal["in", "out", ""]
"""As seen by the host: ``in`` arrives, ``out`` leaves, empty where a capture does not say."""

_NS = 1_000_000_000
_LINKTYPE_ETHERNET = 1
_PCAP_MAGIC = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}  # magic -> ns a unit of the fraction of a second
_SHB, _IDB, _PB, _SPB, _EPB = 0x0A0D0D0A, 1, 2, 3, 6
_BYTE_ORDER_MAGIC = 0x1A2B3C4D
_OPT_END, _IF_NAME, _EPB_FLAGS, _IF_TSRESOL, _IF_FCSLEN, _IF_TSOFFSET = 0, 2, 2, 9, 13, 14
_SHB_USERAPPL = 4
# A length beyond this is not a frame but a damaged file; tcpdump's limit is the same.
_SANE = 262_144
_DIRECTIONS: tuple[Direction, ...] = ("", "in", "out", "")  # by the two low bits of epb_flags


class CaptureError(Exception):
    """A capture cannot be read or written. ``path`` is the file; ``frame`` counts from 1, 0: none is to blame."""

    def __init__(self, path: Path, what: str, frame: int = 0) -> None:
        self.path = path
        self.frame = frame
        super().__init__(f"{path}: " + (f"frame {frame}: " if frame else "") + what)


@dataclass(slots=True, frozen=True)
class Packet:
    """A frame: its bytes without FCS, its time in ns (since the epoch, or of the simulation), its number from 1."""

    data: bytes
    time_ns: int
    number: int
    direction: Direction = ""


def read_capture(path: Path | str) -> list[Packet]:
    """All frames of a capture, at least one. Raises CaptureError."""
    packets = list(iter_capture(path))
    if not packets:
        raise CaptureError(Path(path), "holds no frame")
    return packets


def iter_capture(path: Path | str) -> Iterator[Packet]:
    """The frames of a capture one by one, in the order of the file. Raises CaptureError where reading fails."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if not head:
                raise CaptureError(path, "is empty")
            if head == _SHB.to_bytes(4, "big"):
                yield from _Pcapng(path, file).packets(head)
            else:
                yield from _pcap(path, file, head)
    except OSError as exc:
        raise CaptureError(path, f"cannot be read: {exc.strerror}") from exc


def _exactly(path: Path, file: BinaryIO, length: int, what: str, frame: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise CaptureError(path, f"the file is truncated: {len(data)} of {length} bytes of {what} are there", frame)
    return data


def _check_lengths(path: Path, frame: int, captured: int, original: int) -> None:
    if captured > _SANE or captured > original:
        raise CaptureError(path, f"{captured} bytes of {original} are not possible: the file is damaged", frame)
    if captured < original:
        what = f"snapped: {captured} of its {original} bytes were captured; capture again with -s 0"
        raise CaptureError(path, what, frame)
    if original > MAX_FRAME:
        what = f"has {original} bytes, at most {MAX_FRAME} are possible (was it captured with TSO or GRO on?)"
        raise CaptureError(path, what, frame)
    if original < MIN_FRAME:
        raise CaptureError(path, f"has {original} bytes, an Ethernet header alone has {MIN_FRAME}", frame)


def _pcap(path: Path, file: BinaryIO, head: bytes) -> Iterator[Packet]:
    for order in ("<", ">"):
        unit = _PCAP_MAGIC.get(struct.unpack(order + "I", head)[0] if len(head) == 4 else 0)
        if unit:
            break
    else:
        hint = ": it is compressed, unpack it first" if head[:2] in (b"\x1f\x8b", b"\x28\xb5", b"BZ") else ""
        raise CaptureError(path, f"is neither pcap nor pcapng{hint}")
    rest = _exactly(path, file, 20, "the file header", 0)
    major, _, _, _, _, link = struct.unpack(order + "HHiIII", rest)
    if major != 2:
        raise CaptureError(path, f"is pcap version {major}, only version 2 is known")
    # Bit 26 and the four above it say whether the frames carry their FCS.
    _check_link(path, link & 0xFFFF, (link >> 28) * 2 if link >> 26 & 1 else 0, 0)
    header = struct.Struct(order + "IIII")
    read, size, number = file.read, header.size, 0
    while raw := read(size):
        number += 1
        if len(raw) < size:
            what = f"the file is truncated: {len(raw)} of {size} bytes of its header are there"
            raise CaptureError(path, what, number)
        seconds, fraction, captured, original = header.unpack(raw)
        _check_lengths(path, number, captured, original)
        data = _exactly(path, file, captured, "its data", number)
        yield Packet(data, seconds * _NS + fraction * unit, number)


def _check_link(path: Path, link: int, fcs: int, frame: int) -> None:
    if link != _LINKTYPE_ETHERNET:
        raise CaptureError(path, f"link type {link} is not Ethernet (1); capture on an Ethernet interface", frame)
    if fcs:
        raise CaptureError(path, f"frames carry {fcs} bytes of FCS; remove them (editcap -C -{fcs})", frame)


@dataclass(slots=True, frozen=True)
class _Interface:
    link: int
    snaplen: int
    units: int  # time units a second
    offset: int  # s
    fcs: int  # bytes

    def time_ns(self, stamp: int) -> int:
        return stamp * _NS // self.units + self.offset * _NS


class _Pcapng:
    """One pass over a pcapng file; a section sets the byte order and begins a new list of interfaces."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._order = "<"
        self._interfaces: list[_Interface] = []
        self._number = 0  # of the last frame
        self._time = 0  # ns, of the last frame: a Simple Packet Block has none of its own

    def packets(self, head: bytes) -> Iterator[Packet]:
        while head:
            kind, body = self._block(head)
            if kind == _IDB:
                self._interfaces.append(self._interface(body))
            elif kind in (_EPB, _SPB):
                self._number += 1
                yield self._packet(kind, body)
            elif kind == _PB:
                raise self._error("is in an obsolete Packet Block; convert the file (editcap -F pcapng)", 1)
            head = self._file.read(4)

    def _error(self, what: str, ahead: int = 0) -> CaptureError:
        return CaptureError(self._path, what, self._number + ahead)

    def _unpack(self, fields: str, data: bytes, at: int = 0) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self._order + fields, data, at)
        except struct.error:
            raise self._error("a block is too short for its contents: the file is damaged") from None

    def _block(self, head: bytes) -> tuple[int, bytes]:
        """Type and body of the block whose first bytes are `head`."""
        file, path, ahead = self._file, self._path, self._number + 1
        head += _exactly(path, file, 8 - len(head), "a block header", ahead)
        if head[:4] == _SHB.to_bytes(4, "big"):
            magic = _exactly(path, file, 4, "a section header", 0)
            for self._order in "<>":
                if self._unpack("I", magic)[0] == _BYTE_ORDER_MAGIC:
                    break
            else:
                raise self._error("a section has no byte-order magic: the file is damaged")
        else:
            magic = b""
        kind, length = self._unpack("II", head)
        if length % 4 or not 12 + len(magic) <= length <= 2 * _SANE:
            raise self._error(f"a block of {length} bytes is not possible: the file is damaged", 1)
        rest = _exactly(path, file, length - 8 - len(magic), "a block", ahead)
        body = magic + rest[:-4]
        if self._unpack("I", rest, len(rest) - 4)[0] != length:
            raise self._error("a block's two lengths differ: the file is damaged", 1)
        if kind == _SHB:
            major = self._unpack("HH", body, 4)[0]
            if major != 1:
                raise self._error(f"is pcapng version {major}, only version 1 is known")
            self._interfaces = []
        return kind, body

    def _options(self, data: bytes) -> dict[int, bytes]:
        options: dict[int, bytes] = {}
        at = 0
        while at + 4 <= len(data):
            code, length = self._unpack("HH", data, at)
            if code == _OPT_END:
                break
            if at + 4 + length > len(data):
                raise self._error("an option is longer than its block: the file is damaged")
            options[code] = data[at + 4 : at + 4 + length]
            at += 4 + length + -length % 4
        return options

    def _interface(self, body: bytes) -> _Interface:
        link, _, snaplen = self._unpack("HHI", body)
        options = self._options(body[8:])
        resolution = (options.get(_IF_TSRESOL) or b"\x06")[0]
        units = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
        offset = self._unpack("q", options[_IF_TSOFFSET])[0] if _IF_TSOFFSET in options else 0
        return _Interface(link, snaplen, units, offset, (options.get(_IF_FCSLEN) or b"\0")[0])

    def _packet(self, kind: int, body: bytes) -> Packet:
        direction: Direction = ""
        if kind == _EPB:
            index, high, low, captured, original = self._unpack("IIIII", body)
            at = 20
        else:
            index, (original,), at = 0, self._unpack("I", body), 4
            captured = original
        if index >= len(self._interfaces):
            raise self._error(f"names interface {index}, the section has described {len(self._interfaces)}")
        interface = self._interfaces[index]
        _check_link(self._path, interface.link, interface.fcs, self._number)
        if kind == _EPB:
            self._time = interface.time_ns(high << 32 | low)
        elif interface.snaplen:
            captured = min(original, interface.snaplen)
        _check_lengths(self._path, self._number, captured, original)
        data = body[at : at + captured]
        if len(data) < captured:
            raise self._error(f"{captured} bytes do not fit into their block: the file is damaged")
        if kind == _EPB and len(body) > at + captured + 3:
            flags = self._options(body[at + captured + -captured % 4 :]).get(_EPB_FLAGS)
            if flags:
                direction = _DIRECTIONS[self._unpack("I", flags)[0] & 3]
        return Packet(data, self._time, self._number, direction)


class CaptureWriter:
    """Writes a pcapng file with one interface and ns time stamps.

    The frames go to ``<path>.<pid>.part``, which takes the name ``path`` at :meth:`close`: whatever ends a run early,
    no half-written capture is left under that name; leaving a ``with`` block by an exception removes the part as well.

    Raises CaptureError when the folder cannot be written or the disk is full.
    """

    __slots__ = ("_file", "_part", "count", "path")

    def __init__(self, path: Path | str, interface: str) -> None:
        self.path = Path(path)
        self.count = 0  # frames written
        self._part = Path(f"{path}.{os.getpid()}.part")
        self._file: BinaryIO | None = None
        try:
            self._file = self._part.open("wb", buffering=1 << 20)
            self._file.write(_section_header() + _interface_header(interface))
        except OSError as exc:
            raise self._failed(exc) from exc

    def write(self, data: bytes, time_ps: int, direction: Direction) -> None:
        """Append a frame. ``time_ps``: simulated time, ps; written in ns, rounded down."""
        file = self._file
        if file is None:
            raise CaptureError(self.path, "is closed")
        length = len(data)
        pad = -length & 3
        time_ns = time_ps // 1000
        total = length + pad + (44 if direction else 32)
        head = _EPB_HEADER.pack(_EPB, total, 0, time_ns >> 32, time_ns & 0xFFFFFFFF, length, length)
        try:
            file.write(head + data + _EPB_TAIL[direction][pad] + _U32.pack(total))
        except OSError as exc:
            raise self._failed(exc) from exc
        self.count += 1

    def close(self) -> None:
        """Finish the file and give it its name. Further calls do nothing."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
            self._part.replace(self.path)
        except OSError as exc:
            raise self._failed(exc) from exc

    def abort(self) -> None:
        """Drop what was written; a file of an earlier run under this name stays. Further calls do nothing."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except OSError:
            pass  # the disk is full: what could not be written is dropped anyway
        self._part.unlink(missing_ok=True)

    def _failed(self, exc: OSError) -> CaptureError:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                pass  # the same failure again, from the buffer
        try:
            self._part.unlink(missing_ok=True)
        except OSError:
            pass  # a folder that cannot be written has no part to remove
        return CaptureError(self.path, f"cannot be written: {exc.strerror}")

    def __enter__(self) -> CaptureWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


_U32 = struct.Struct("<I")
_EPB_HEADER = struct.Struct("<IIIIIII")


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    total = _U32.pack(len(body) + 12)
    return _U32.pack(kind) + total + body + total


def _section_header() -> bytes:
    fixed = struct.pack("<IHHq", _BYTE_ORDER_MAGIC, 1, 0, -1)  # -1: the length of the section is not said
    return _block(_SHB, fixed + _option(_SHB_USERAPPL, b"Ringside") + _option(_OPT_END, b""))


def _interface_header(name: str) -> bytes:
    options = _option(_IF_NAME, name.encode()) + _option(_IF_TSRESOL, b"\x09") + _option(_OPT_END, b"")
    return _block(_IDB, struct.pack("<HHI", _LINKTYPE_ETHERNET, 0, 0) + options)


def _tails(direction: Direction) -> tuple[bytes, ...]:
    """What follows the data of a frame, by the number of padding bytes."""
    flags = _DIRECTIONS.index(direction)
    options = _option(_EPB_FLAGS, _U32.pack(flags)) + _option(_OPT_END, b"") if direction else b""
    return tuple(bytes(pad) + options for pad in range(4))


_EPB_TAIL: dict[Direction, tuple[bytes, ...]] = {d: _tails(d) for d in ("", "in", "out")}
