# SPDX-License-Identifier: Apache-2.0
"""The platform with a simulator: what stands below the seam, on the transactors of ``tb/native``.

Lives in the simulator's process. Register accesses are packed into an array that the native side takes over when Python
goes back to sleep; events come back in another (``tb/pump.py`` drains it). Times are integer ps.
"""

from __future__ import annotations

import ctypes
import functools
import random
import struct
from collections.abc import Callable
from typing import Any

from pymodel.hw.access import Failure, Machine
from pymodel.hw.errors import CheckError
from pymodel.hw.memory import DmaFault, HostMemory, builtin

__all__ = ["RtlPlatform", "settings_for"]

_COMMAND = struct.Struct("<QIIIIQ")  # at, addr, value, size, is_read, tag: Command in tb/native/sim.h
_COMMANDS_AHEAD = 4000  # the array holds 4,096
_CHANNELS = ("aw", "w", "b", "ar", "r", "axil_aw", "axil_w", "axil_b", "axil_ar", "axil_r", "source", "sink")
_IRQ3, _MSI_SHAPE = 1, 2  # Rule in tb/native/sim.h
_RESPONSES = {1: "EXOKAY", 2: "SLVERR", 3: "DECERR"}


@functools.cache
def _api() -> ctypes.PyDLL:
    """The simulator's own symbols. Raises RuntimeError outside of a simulator."""
    lib = ctypes.PyDLL(None)
    if not hasattr(lib, "rs_sim_control"):
        raise RuntimeError("this process is no Ringside simulator: start it through tb/runner.py")
    u64, ptr, text = ctypes.c_uint64, ctypes.c_void_p, ctypes.c_char_p
    size = ctypes.POINTER(u64)
    for name, restype, *argtypes in (
        ("layout", text, text),
        ("control", ptr),
        ("counters", ptr),
        ("settings", ptr),
        ("events", ptr, size),
        ("arena", ptr, size),
        ("commands", ptr, size),
        ("clk_ps", u64),
        ("mac_ps", u64),
        ("attach_memory", None, ptr),
        ("ingest", None),
        ("settings_changed", None),
        ("link", None, ctypes.c_uint32),
        ("wire_send", ptr),
        ("announce", None, u64, ctypes.c_uint32, u64),
        ("fail", None, ctypes.c_int, u64, u64, u64, u64, u64, ctypes.c_uint32),
        ("fail_no_more", None),
        ("digest", u64),
        ("wire_digest", u64),
        ("fatal_message", text),
        ("describe", text),
        ("record", text, text),
    ):
        fn = getattr(lib, f"rs_sim_{name}")
        fn.restype = restype
        fn.argtypes = argtypes
    return lib


def _view(address: int, nbytes: int) -> memoryview:
    return memoryview((ctypes.c_ubyte * nbytes).from_address(address)).cast("B")


def _chars(address: int, nbytes: int) -> Any:
    """Memory of which a slice is bytes."""
    return (ctypes.c_char * nbytes).from_address(address)


class _Words:
    """A struct of named 64-bit words that the native side owns."""

    __slots__ = ("index", "words")

    def __init__(self, which: str, extra: int = 0) -> None:
        api = _api()
        names = api.rs_sim_layout(which.encode()).decode().split()
        self.index = {name: i for i, name in enumerate(names)}
        self.words = _view(getattr(api, f"rs_sim_{which}")(), 8 * (len(names) + extra)).cast("Q")

    def __getitem__(self, name: str) -> int:
        return self.words[self.index[name]]

    def __setitem__(self, name: str, value: int) -> None:
        self.words[self.index[name]] = value

    def as_dict(self) -> dict[str, int]:
        return {name: self.words[i] for name, i in self.index.items()}


def settings_for(seed: int, stalls: bool, rate_gbps: float) -> dict[str, Any]:
    """What the transactors do in a run: adversarial with ``stalls``, drawn from ``seed``; straightforward without.

    Latencies are in clocks. A stall is (chance per 65,536 clocks, mask): it lasts 1 + (random & mask) clocks.
    """
    values: dict[str, Any] = {
        "wire_fs_per_byte": round(8e6 / rate_gbps),
        "rx_fifo": 16384,
        "tx_fifo": 4096,
        "read_period_256": 256,
        "stalls": {},
    }
    if stalls:
        rng = random.Random(f"transactors/{seed}")
        shapes = ((512, 31), (1024, 7), (4096, 1), (4096, 3), (8192, 1))
        values["stalls"] = {name: rng.choice(shapes) for name in _CHANNELS}
        values["stalls"]["source"] = rng.choice(((256, 7), (1024, 1)))  # the wire cannot wait for long
        values |= {
            "read_latency": rng.choice((2, 10, 40)),
            "read_jitter": rng.choice((0, 16, 100)),
            "write_latency": rng.choice((0, 4, 20)),
            "write_jitter": rng.choice((0, 8, 50)),
            "reorder": 1,
            "interleave": rng.randrange(2),
            "delayed_writes": 1,
        }
    return values


class RtlPlatform:
    """:class:`pymodel.hw.access.Platform` on a simulated device.

    Set ``on_wire_frame(frame, time)``, ``on_wire_taken(tag, time)``, ``on_wire_dropped(tag, time)``,
    ``on_fault(DmaFault)`` and ``on_rule(rule, what, time)``; a fault or a broken rule that nobody takes is raised.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        stalls: bool = True,
        rate_gbps: float = 100.0,
        memory_size: int = 64 << 20,
        mmio_width: int = 32,
    ) -> None:
        self._api = _api()
        self.memory = HostMemory(memory_size, seed)
        self._api.rs_sim_attach_memory(self.memory.handle)
        self.control = _Words("control")
        self.counters = _Words("counters")
        self._settings = _Words("settings", extra=2 * len(_CHANNELS))
        nbytes = ctypes.c_uint64()
        self.events = _chars(self._api.rs_sim_events(nbytes), nbytes.value)
        self.arena = _chars(self._api.rs_sim_arena(nbytes), nbytes.value)
        self._commands = _view(self._api.rs_sim_commands(nbytes), nbytes.value)
        self._words = self.control.words
        self._n_commands = self.control.index["commands"]
        self._mmio_limit = 1 << mmio_width
        self._wire_send: Callable[[int, bool, bytes], int] = builtin(self._api.rs_sim_wire_send())
        self.clk_ps: int = self._api.rs_sim_clk_ps()
        self.machine: Machine | None = None
        self.reads: dict[int, Callable[[int], None]] = {}  # by tag: who waits for a register
        self._tag = 0
        self.profiling = False
        self.model_ns = self.total_ns = 0  # wall time in the model, and since the start: when profiling
        self.on_wire_frame: Callable[[bytes, int], object] | None = None
        self.on_wire_taken: Callable[[int, int], object] | None = None
        self.on_wire_dropped: Callable[[int, int], object] | None = None
        self.on_fault: Callable[[DmaFault], object] | None = None
        self.on_rule: Callable[[str, str, int], object] | None = None
        self._msix = range(0)  # MMIO addresses of the MSI-X table
        self._table: dict[int, int] = {}  # its words as software wrote them
        self._announces: list[int] = []  # for each vector, its IDs as bits
        self._reset_write = (0, 0)  # offset and value of the register write that resets the device
        self._mbps = min(round(rate_gbps * 1000), (1 << 20) - 1)
        self.set_link(True)
        self.configure(**settings_for(seed, stalls, rate_gbps))

    # -- set-up -------------------------------------------------------------------------------------------------
    def attach(self, machine: Machine, dut: Any = None) -> None:
        """Name the machine that this platform serves, and the device, whose description tells which IDs each vector
        announces (kernel-rules.md: IRQ3)."""
        self.machine = machine
        self.control["quantum"] = machine.sched.quantum
        self.configure(msi_high=machine.msi_high)
        if dut is None:
            return
        vectors = int(dut.pci.get("vectors", 0))
        if vectors and "msix_table" in dut.pci:
            base = int(dut.pci["msix_table"])
            self._msix = range(base, base + 16 * vectors)
        self._announces = [sum(1 << i for i in ids) for ids in dut.axi.get("irq_ids", [])]
        if "reset" in dut.rtl:
            machine.reset_device = self._reset_device
            self._reset_write = tuple(dut.rtl["reset"])
        self.control["max_wait"] = int(dut.axi.get("max_wait", 0))

    def configure(self, stalls: dict[str, tuple[int, int]] | None = None, **values: int) -> None:
        """Change settings of the transactors, now: the names of ``Settings`` in tb/native/sim.h, and ``stalls``.

        ``stalls`` gives for a channel (aw w b ar r axil_aw ... source sink) its chance and mask; those that it does not
        name do not stall.
        """
        settings = self._settings
        for name, value in values.items():
            if name not in settings.index:
                raise ValueError(f"there is no setting {name!r}: {', '.join(settings.index)}")
            settings[name] = value
        if stalls is not None:
            unknown = set(stalls) - set(_CHANNELS)
            if unknown:
                raise ValueError(f"there is no channel {', '.join(sorted(unknown))}: {', '.join(_CHANNELS)}")
            first = len(settings.index)
            for i, name in enumerate(_CHANNELS):
                chance, mask = stalls.get(name, (0, 0))
                settings.words[first + i] = chance
                settings.words[first + len(_CHANNELS) + i] = mask
        self._api.rs_sim_settings_changed()

    def set_link(self, up: bool) -> None:
        """Plug the cable in or out: what the device's pins say, if it has such (dut.toml: link_pins). The wire itself
        goes on: a device without a link is to send nothing and to take nothing."""
        self._api.rs_sim_link(self._mbps | (not up) << 31)

    def fail(self, access: Failure) -> None:
        """Order that accesses of the device fail: see :class:`pymodel.hw.access.Failure`. Not part of a recording."""
        ids = (1 << 64) - 1 if access.ids is None else sum(1 << i for i in access.ids)
        self._api.rs_sim_fail(
            access.is_write, ids, access.first, access.last, access.skip, access.times, access.response
        )  # fmt: skip

    def fail_no_more(self) -> None:
        """Forget what :meth:`fail` ordered."""
        self._api.rs_sim_fail_no_more()

    def record(self, path: str) -> None:
        """Write down all that Python does from here on, for the replay. Before anything is granted or sent.

        Raises OSError where the file cannot be written.
        """
        why = self._api.rs_sim_record(path.encode())
        if why is not None:
            raise OSError(why.decode())

    # -- the seam -----------------------------------------------------------------------------------------------
    def mmio_write(self, addr: int, value: int, size: int, at: int) -> None:
        words = self._words
        n = words[self._n_commands]
        if addr >= self._mmio_limit or size > 4 or n >= _COMMANDS_AHEAD:
            if not self._room(addr, size):
                self.mmio_write(addr, value & 0xFFFFFFFF, 4, at)
                self.mmio_write(addr + 4, value >> 32, 4, at)
                return
            n = words[self._n_commands]
        if addr in self._msix:
            self._note_message(addr, value)
        _COMMAND.pack_into(self._commands, n * 32, at, addr, value, size, 0, 0)
        words[self._n_commands] = n + 1

    def mmio_read(self, addr: int, size: int, at: int, done: Callable[[int], None]) -> None:
        words = self._words
        n = words[self._n_commands]
        if addr >= self._mmio_limit or size > 4 or n >= _COMMANDS_AHEAD:
            if not self._room(addr, size):
                self.mmio_read(
                    addr, 4, at, lambda low: self.mmio_read(addr + 4, 4, at, lambda high: done(low | high << 32))
                )
                return
            n = words[self._n_commands]
        self._tag = tag = (self._tag + 1) & 0xFFFFFFFF
        self.reads[tag] = done
        _COMMAND.pack_into(self._commands, n * 32, at, addr, 0, size, 1, tag)
        words[self._n_commands] = n + 1

    def _note_message(self, addr: int, value: int) -> None:
        """Software writes an entry of the MSI-X table: tell the native side what the message announces."""
        table = self._table
        table[addr] = value
        entry = addr & ~0xF
        vector = (entry - self._msix.start) // 16
        if vector < len(self._announces) and entry + 8 in table:
            message = table.get(entry, 0) | table.get(entry + 4, 0) << 32
            self._api.rs_sim_announce(message, table[entry + 8], self._announces[vector])

    def _room(self, addr: int, size: int) -> bool:
        """Make room for a command; False: it is one of 8 bytes, which a 32-bit bus makes two of."""
        if addr + size > self._mmio_limit:
            raise CheckError(
                "MMIO", f"register access at 0x{addr:x}: the device has 0x{self._mmio_limit:x} bytes of registers"
            )
        self._api.rs_sim_ingest()
        return size <= 4

    def _reset_device(self, at: int) -> None:
        offset, value = self._reset_write
        self.mmio_write(offset, value, 4, at)

    def wire_send(self, frame: bytes, at: int, *, bad: bool = False) -> int:
        """Queue a frame (no FCS) towards the device, not before ``at`` ps; ``bad`` marks it as one with a wrong FCS.

        Returns the tag that ``on_wire_taken`` or ``on_wire_dropped`` will name.
        """
        return self._wire_send(at, bad, frame)

    # -- called by the pump, in the hub ---------------------------------------------------------------------------
    def fault(self, a: int, b: int, c: int, time: int) -> None:
        kind = {1: "read", 2: "write", 3: "unmapped", 4: "master"}[a & 0xFF]
        fault = DmaFault(kind, b, a >> 9 & 0x7F, c, bool(a & 0x100), a >> 16, time)
        handler = self.on_fault or self.memory.on_fault
        if handler is None:
            raise fault
        handler(fault)

    def rule(self, code: int, b: int, c: int, time: int) -> None:
        if code == _IRQ3:
            ids = ", ".join(str(i) for i in range(64) if c >> i & 1)
            entry = next((a for a in self._msix[8::16] if self._table.get(a) == b), self._msix.start)
            vector = (entry - self._msix.start) // 16
            what = f"the message of vector {vector} came before the response to writes of ID {ids}"
            self.broken_rule("IRQ3", what, time)
            return
        if code == _MSI_SHAPE:
            what = f"a message at 0x{b:x} is not one aligned write of 4 bytes (strobes 0x{c:x})"
            self.broken_rule("MSI", what, time)
            return
        raise ValueError(f"there is no rule {code}")

    def bus_rule(self, text: bytes, time: int) -> None:
        """A checker of a bus has spoken: the rule's name (docs/bus-rules.md), and port, clock and what was seen."""
        rule, _, what = text.partition(b"\0")
        self.broken_rule(rule.decode(), what.decode(), time)

    def broken_rule(self, rule: str, what: str, time: int) -> None:
        if self.on_rule is None:
            raise CheckError(rule, what, f"at {time / 1000:.3f} ns")
        self.on_rule(rule, what, time)

    def mmio_error(self, response: int, addr: int, is_write: bool, time: int) -> None:
        verb = "write to" if is_write else "read of"
        self.broken_rule("MMIO", f"the device answered a {verb} 0x{addr:x} with {_RESPONSES.get(response)}", time)

    def msi(self, data: int, addr: int, time: int) -> None:
        machine = self.machine
        if machine is None or machine.msi_write is None:
            raise RuntimeError(f"a message interrupt (0x{addr:x}, 0x{data:x}) and no interrupt layer to take it")
        machine.msi_write(addr, data, time)

    def fatal_message(self) -> str:
        return str(self._api.rs_sim_fatal_message().decode(errors="replace"))

    # -- reports ------------------------------------------------------------------------------------------------
    def digest(self) -> str:
        """Clocks, and hashes of the wire (all frames, both ways, with their times) and of all buses."""
        return f"{self.control['clocks']}-{self._api.rs_sim_wire_digest():016x}-{self._api.rs_sim_digest():016x}"

    def stats(self) -> dict[str, Any]:
        """Counters of every channel, clocks, wake-ups, and where the time went (``ticks`` of the processor's counter).

        ``transactor_ticks``, ``model_ns`` and ``total_ns`` are 0 unless :meth:`profile` was called.
        """
        times = {"model_ns": self.model_ns, "total_ns": self.total_ns}
        return self.counters.as_dict() | self.control.as_dict() | times

    def profile(self) -> None:
        """Measure the time in transactors and in the model as well, from the start; costs a few percent."""
        self.control["profile"] = 1
        self.profiling = True

    def wire_backlog(self) -> int:
        """Frames that wait for the wire towards the device, are on it, or in the MAC FIFO."""
        return self.counters["wire_rx_queued"]

    def wire_drops(self) -> int:
        """Frames that the MAC dropped because the device did not take them."""
        return self.counters["wire_rx_dropped"]

    def mmio_count(self) -> int:
        """Register accesses so far: a sign of life for the watchdog."""
        return self.counters["mmio_reads"] + self.counters["mmio_writes"]

    def activity(self) -> dict[str, int]:
        """What the device has done of its own accord: a stopped one leaves these alone."""
        c = self.counters
        return {
            "frames sent": c["wire_tx_frames"],
            "DMA reads": c["axi_ar"],
            "DMA writes": c["axi_aw"],
            "message interrupts": c["msis"],
            "changes of the interrupt line": c["irq_edges"],
        }

    def outstanding(self) -> list[str]:
        """What the device has begun and not ended."""
        c = self.counters
        names = (
            ("reads_open", "DMA reads unfinished (AXI4_ERRS_RLAST_ALL_DONE_EOS)"),
            ("writes_open", "DMA writes unfinished (AXI4_ERRS_BRESP_ALL_DONE_EOS)"),
            ("mmio_open", "register accesses unfinished"),
            ("wire_tx_open", "frames not sent to their end (AXI4STREAM_ERRM_STREAM_ALL_DONE_EOS)"),
        )
        return [f"{c[word]} {what}" for word, what in names if c[word]]

    def describe(self) -> list[str]:
        """What is under way, one line each: for the watchdog's report."""
        now = f"clock {self.control['clocks']}, {self.control['now']} ps"
        return [now, *self._api.rs_sim_describe().decode().splitlines()]
