# SPDX-License-Identifier: Apache-2.0
"""Host memory as Python sees it: one flat array shared with the simulator, with permissions for the device.

A kernel pointer is an index into :attr:`HostMemory.mem`. The device uses bus addresses, ``index + bus_offset``.
Which bytes it may read and write is counted byte by byte (``grant``, ``revoke``) in compiled code, ``native/``, which
is part of the simulator's executable and otherwise a shared library built on first use.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import random
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = [
    "DEV_READ", "DEV_WRITE", "PAGE_SIZE", "DmaFault", "HostMemory", "builtin", "draw_bus_offset", "native_library",
]  # fmt: skip

DEV_READ = 1
DEV_WRITE = 2
PAGE_SIZE = 4096

_NATIVE = Path(__file__).parent / "native"
_FAULT_KINDS = {1: "read", 2: "write", 3: "unmapped", 4: "master"}
_4G = 1 << 32


class DmaFault(Exception):
    """A device's access that the IOMMU refused.

    ``kind``: ``"read"`` or ``"write"`` where the bytes are mapped, but not in this direction; ``"unmapped"`` where no
    mapping covers them; ``"master"`` where the device may not master the bus; ``"slverr"`` and ``"decerr"`` where the
    bus gives this answer because a test ordered it.
    ``is_write``: what the device tried. ``bus``, ``length``: the access (a beat in the simulator),
    ``first_bad``: the first refused byte, bus addresses. ``axi_id``: the AXI ID, -1 for a soft device. ``time``: ps, -1
    where no time is known.
    """

    def __init__(
        self, kind: str, bus: int, length: int, first_bad: int, is_write: bool, axi_id: int = -1, time: int = -1
    ) -> None:
        self.kind = kind
        self.bus = bus
        self.length = length
        self.first_bad = first_bad
        self.is_write = is_write
        self.axi_id = axi_id
        self.time = time
        verb = "write" if is_write else "read"
        why = {
            "unmapped": "no mapping covers it", "master": "the device is no bus master", "slverr": "as ordered",
            "decerr": "as ordered",
        }.get(kind, f"it is mapped, but the device may not {verb} it")  # fmt: skip
        by = f" by AXI ID {axi_id}" if axi_id >= 0 else ""
        at = f" at {time} ps" if time >= 0 else ""
        super().__init__(
            f"DMA {verb} of {length} bytes at bus address 0x{bus:x}{by}{at}: byte 0x{first_bad:x} refused, {why}"
        )


# What native/builtins.h declares of Python, in its order.
_PYTHON_API = (
    "PyLong_AsUnsignedLongLongMask", "PyLong_AsVoidPtr", "PyLong_FromLongLong", "PyBytes_FromStringAndSize",
    "PyBytes_AsStringAndSize", "PyErr_Occurred", "PyErr_BadArgument", "PyErr_SetString", "Py_DecRef",
)  # fmt: skip


def _build_dir() -> Path:
    return Path(os.environ.get("RINGSIDE_BUILD", Path(__file__).parents[2] / "build")) / "native"


def _build_library() -> Path:
    """Compile ``native/`` into ``build/native/`` unless the library for these very sources is there already.

    Raises RuntimeError, with the compiler's words, where it cannot be built. Several processes may do this at once.
    """
    sources = sorted(_NATIVE.glob("*.cpp"))
    digest = hashlib.sha256()
    for path in [*sources, *sorted(_NATIVE.glob("*.h"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    out = _build_dir() / f"libringside_memory-{digest.hexdigest()[:16]}.so"
    if out.exists():
        return out
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        raise RuntimeError("the C++ compiler g++ is missing (it builds pymodel/hw/native): install it, or set CXX")
    out.parent.mkdir(parents=True, exist_ok=True)
    fd, temp = tempfile.mkstemp(suffix=".so", dir=out.parent)
    os.close(fd)
    flags = ("-std=c++17", "-O3", "-march=native", "-Wall", "-shared", "-fPIC")
    command = [compiler, *flags, "-o", temp, *map(str, sources)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"building pymodel/hw/native failed:\n$ {' '.join(command)}\n{done.stderr}")
        os.replace(temp, out)  # atomic: whoever loads it sees all of it
    finally:
        Path(temp).unlink(missing_ok=True)
    return out


@functools.cache
def native_library() -> ctypes.PyDLL:
    """The compiled part: the simulator's own executable where it has it, else the shared library."""
    lib = ctypes.PyDLL(None)  # PyDLL keeps the GIL: these calls are shorter than releasing it
    if not hasattr(lib, "rs_mem_create"):
        lib = ctypes.PyDLL(str(_build_library()))
    u64, i64, ptr = ctypes.c_uint64, ctypes.c_int64, ctypes.c_void_p
    for name, restype, *argtypes in (
        ("create", ptr, u64, u64, u64),
        ("destroy", None, ptr),
        ("bytes", ptr, ptr),
        ("cpu_owns", ctypes.c_int, ptr, u64),
        ("access", ctypes.c_uint32, ptr, u64),
        ("first_granted", i64, ptr),
        ("watch", None, ptr, u64, u64),
        ("set_master", None, ptr, ctypes.c_int),
        ("set_weak", None, ptr, u64, u64, ctypes.c_int),
        ("store", None, ptr, u64, ctypes.c_char_p, u64),
        ("publish", None, ptr),
        ("settle", None, ptr),
        ("python", ptr, ptr),
        ("method_size", u64),
        ("first_bad", u64),
    ):
        fn = getattr(lib, f"rs_mem_{name}")
        fn.restype = restype
        fn.argtypes = argtypes
    return lib


def builtin(method: int, bound_to: object = None) -> Callable[..., Any]:
    """The builtin function that a PyMethodDef at an address describes (native/builtins.h)."""
    bind = ctypes.pythonapi.PyCFunction_NewEx
    bind.restype = ctypes.py_object
    bind.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    function: Callable[..., Any] = bind(method, bound_to, None)
    return function


def _builtins(lib: ctypes.PyDLL, handle: int) -> list[Callable[..., Any]]:
    """The functions of native/python_calls.cpp, bound to a memory."""
    api = [ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p) for name in _PYTHON_API]
    api.append(ctypes.c_void_p.in_dll(ctypes.pythonapi, "PyExc_ValueError"))
    first = lib.rs_mem_python((ctypes.c_void_p * len(api))(*api))
    return [builtin(first + i * lib.rs_mem_method_size(), handle) for i in range(8)]


def draw_bus_offset(size: int, seed: int) -> int:
    """A page-aligned bus offset above 4 GiB; for one seed in four the array straddles a 4 GiB boundary."""
    rng = random.Random(f"bus_offset/{seed}")
    base = rng.randrange(1, 1 << 12) * _4G
    if rng.randrange(4) == 0:
        low = max(PAGE_SIZE, size // 64)  # what lies below the boundary is used early in a run
        return base + _4G - rng.randrange(low, max(low + 1, size // 4)) // PAGE_SIZE * PAGE_SIZE
    return base + rng.randrange((_4G - size) // PAGE_SIZE) * PAGE_SIZE if size < _4G else base


class HostMemory:
    """The host's memory. ``mem`` is a writable memoryview of its ``size`` bytes, without a copy.

    Pages that are never touched cost nothing. ``seed`` draws ``bus_offset`` (bus address = index + bus_offset) and the
    poison that a device reads where it may not. ``on_fault`` is called in the hub with a :class:`DmaFault` for an
    access refused in the simulator. Raises ValueError for a size that is no multiple of the page, MemoryError where
    it cannot be mapped.
    """

    def __init__(self, size: int = 64 << 20, seed: int = 0, bus_offset: int | None = None) -> None:
        if size <= 0 or size % PAGE_SIZE:
            raise ValueError(f"host memory of {size} bytes: the size must be a positive multiple of {PAGE_SIZE}")
        self.size = size
        self.seed = seed
        self.bus_offset = draw_bus_offset(size, seed) if bus_offset is None else bus_offset
        self.on_fault: Callable[[DmaFault], object] | None = None
        lib = native_library()
        handle = lib.rs_mem_create(size, self.bus_offset, seed & 0xFFFFFFFFFFFFFFFF)
        if not handle:
            raise MemoryError(f"cannot map host memory of {size} bytes")
        self.handle: int = handle
        array = (ctypes.c_ubyte * size).from_address(lib.rs_mem_bytes(handle))
        self.mem = memoryview(array).cast("B")
        # The views that others hold keep the array alive, and the array the mapping.
        weakref.finalize(array, lib.rs_mem_destroy, handle)
        self._array = array
        self._lib = lib
        # ``(index, length, access)`` -> -1, or the byte that refuses: grant() and revoke() without their words, for
        # those who do it for every packet, and call these where it is not -1.
        self.fast_grant: Callable[[int, int, int], int]
        self.fast_revoke: Callable[[int, int, int], int]
        # ``(index, length, cpu)``: :meth:`own`, and 0 where it would raise.
        self.fast_own: Callable[[int, int, int], int]
        # ``(index, length)`` -> bytes, ``(index, bytes)``: copies out of ``mem`` and into it. ValueError outside of it.
        self.peek: Callable[[int, int], bytes]
        self.poke: Callable[[int, bytes], int]
        # ``(index, length)`` -> the ones' complement sum of the 16-bit words there, low byte first, an odd byte as if 0
        # followed: 1 to 0xFFFF, and 0 where all bytes are 0. ValueError outside of ``mem``.
        self.csum: Callable[[int, int], int]
        # :meth:`dev_read` and :meth:`dev_write`, and the kind of the fault (:meth:`refused`) where they would raise.
        self.fast_dev_read: Callable[[int, int], Any]
        self.fast_dev_write: Callable[[int, bytes], int]
        (
            self.fast_grant, self.fast_revoke, self.fast_own, self.fast_dev_read, self.fast_dev_write, self.peek,
            self.poke, self.csum,
        ) = _builtins(lib, handle)  # fmt: skip

    def grant(self, index: int, length: int, access: int) -> None:
        """Let the device access ``length`` bytes once more (``access``: ``DEV_READ | DEV_WRITE``).

        Mappings may overlap. Raises ValueError outside the array, or beyond 65,535 mappings of one byte; nothing is
        changed then.
        """
        bad = self.fast_grant(index, length, access)
        if bad >= 0:
            why = f"byte 0x{bad:x} has 65535 mappings already" if bad < self.size else f"memory ends at 0x{self.size:x}"
            raise ValueError(f"grant of {length} bytes at 0x{index:x}: {why}")

    def revoke(self, index: int, length: int, access: int) -> None:
        """Take back one :meth:`grant`. Raises ValueError where a byte has no such mapping; nothing is changed then."""
        bad = self.fast_revoke(index, length, access)
        if bad >= 0:
            why = f"byte 0x{bad:x} has no such mapping" if bad < self.size else f"memory ends at 0x{self.size:x}"
            raise ValueError(f"revoke of {length} bytes at 0x{index:x} (access {access}): {why}")

    def own(self, index: int, length: int, cpu: bool) -> None:
        """Give ``length`` bytes to the CPU, so that one grant less lets the device write each, or back to the device.

        What nobody may write, or is owned so already, stays as it is. What the CPU owns must go back to the device
        before its grant is revoked. Raises ValueError outside the array.
        """
        if not self.fast_own(index, length, cpu):
            raise ValueError(f"ownership of {length} bytes at 0x{index:x}: memory ends at 0x{self.size:x}")

    def cpu_owns(self, index: int) -> bool:
        """Whether :meth:`own` has taken the byte at ``index`` from the device."""
        return bool(self._lib.rs_mem_cpu_owns(self.handle, index))

    def access(self, index: int) -> int:
        """What the device may do with the byte at ``index``: ``DEV_READ | DEV_WRITE``."""
        return int(self._lib.rs_mem_access(self.handle, index))

    def first_granted(self) -> int | None:
        """The first byte that the device may still touch, or None: a mapping that leaked, at the end of a run."""
        index = int(self._lib.rs_mem_first_granted(self.handle))
        return None if index < 0 else index

    def dev_read(self, bus: int, length: int) -> bytes:
        """A device's read from Python (soft NICs), checked in aligned pieces of 64 bytes like an AXI master's beats.

        Bytes that it may not read come back as poison. Raises DmaFault for a piece without a readable byte.
        """
        data = self.fast_dev_read(bus, length)
        if data.__class__ is bytes:
            return data
        raise self.refused(data, bus, length, False)

    def dev_write(self, bus: int, data: bytes) -> None:
        """A device's write from Python, in pieces like :meth:`dev_read`.

        Raises DmaFault at the first piece with a byte that it may not write; nothing of that piece is written.
        """
        refused = self.fast_dev_write(bus, data)
        if refused:
            raise self.refused(refused, bus, len(data), True)

    def refused(self, kind: int, bus: int, length: int, is_write: bool) -> DmaFault:
        """What :attr:`fast_dev_read` or :attr:`fast_dev_write` has just refused, with ``kind``."""
        return DmaFault(_FAULT_KINDS[kind], bus, length, self._lib.rs_mem_first_bad(), is_write)

    def set_master(self, on: bool) -> None:
        """Whether the device may access memory at all: it may until somebody says otherwise."""
        self._lib.rs_mem_set_master(self.handle, on)

    # -- a weakly ordered machine: see native/weak_order.h -------------------------------------------------------
    def set_weak(self, index: int, length: int, on: bool) -> None:
        """Whether what the device writes to these pages may reach the CPU out of order."""
        self._lib.rs_mem_set_weak(self.handle, index, length, on)

    def store(self, index: int, data: bytes) -> None:
        """A store of the CPU, which sees it at once; the device may not before :meth:`publish`, aligned word (8 bytes)
        by word in any order.
        """
        if not 0 <= index <= self.size - len(data):
            raise ValueError(f"store of {len(data)} bytes at 0x{index:x}: memory ends at 0x{self.size:x}")
        self._lib.rs_mem_store(self.handle, index, data, len(data))

    def publish(self) -> None:
        """What the CPU stored so far is visible to the device."""
        self._lib.rs_mem_publish(self.handle)

    def settle(self) -> None:
        """What the device wrote so far is visible to the CPU."""
        self._lib.rs_mem_settle(self.handle)

    def watch(self, index: int, length: int) -> None:
        """Name memory that Python changes while the device may read it (coherent, both ways): for recordings."""
        self._lib.rs_mem_watch(self.handle, index, length)
