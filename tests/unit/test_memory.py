# SPDX-License-Identifier: Apache-2.0
"""Host memory: byte permissions, what a device may do, bus addresses (pymodel/hw/memory.py and native/)."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pymodel.hw.memory import DEV_READ, DEV_WRITE, PAGE_SIZE, DmaFault, HostMemory, draw_bus_offset

SIZE = 1 << 20


@pytest.fixture
def memory() -> HostMemory:
    return HostMemory(SIZE, seed=7)


def test_read_of_granted_bytes_returns_them(memory: HostMemory) -> None:
    memory.mem[5000:5004] = b"abcd"
    memory.grant(5000, 4, DEV_READ)
    assert memory.dev_read(memory.bus_offset + 5000, 4) == b"abcd"


def test_read_beyond_the_mapping_returns_seeded_poison() -> None:
    """A fetch may go beyond; what it gets there is neither the memory nor constant."""
    reads = []
    for seed in (7, 7, 8):
        memory = HostMemory(SIZE, seed=seed, bus_offset=1 << 32)
        memory.mem[4096:4160] = bytes(64)
        memory.grant(4096, 10, DEV_READ)
        reads.append(memory.dev_read(memory.bus_offset + 4096, 64))
        assert reads[-1][:10] == bytes(10)
        assert len(set(reads[-1][10:])) > 20
    assert reads[0] == reads[1] != reads[2]


def test_read_of_a_piece_without_readable_byte_is_a_fault(memory: HostMemory) -> None:
    memory.grant(4096, 64, DEV_READ)
    bus = memory.bus_offset + 4096
    with pytest.raises(DmaFault) as fault:
        memory.dev_read(bus, 65)
    assert (fault.value.kind, fault.value.first_bad, fault.value.is_write) == ("unmapped", bus + 64, False)


@pytest.mark.parametrize("strobed", [1, 37, 63, 64, 200])
def test_write_one_byte_outside_is_a_fault(memory: HostMemory, strobed: int) -> None:
    """Nothing of the refused piece is written."""
    memory.grant(4096, strobed, DEV_WRITE)
    bus = memory.bus_offset + 4096
    memory.dev_write(bus, b"\xaa" * strobed)
    with pytest.raises(DmaFault) as fault:
        memory.dev_write(bus, b"\x55" * (strobed + 1))
    assert (fault.value.kind, fault.value.first_bad) == ("unmapped", bus + strobed)
    start = strobed // 64 * 64
    assert bytes(memory.mem[4096 + start : 4096 + strobed + 1]) == b"\xaa" * (strobed - start) + b"\0"


def test_direction_holds(memory: HostMemory) -> None:
    """kernel-rules.md: DMA3."""
    memory.grant(4096, 64, DEV_READ)
    memory.grant(8192, 64, DEV_WRITE)
    with pytest.raises(DmaFault, match="may not write"):
        memory.dev_write(memory.bus_offset + 4096, b"x")
    with pytest.raises(DmaFault, match="may not read"):
        memory.dev_read(memory.bus_offset + 8192, 1)


def test_device_that_may_not_master_the_bus_gets_nothing(memory: HostMemory) -> None:
    memory.grant(4096, 64, DEV_READ | DEV_WRITE)
    bus = memory.bus_offset + 4096
    memory.dev_write(bus, b"1234")
    memory.set_master(False)
    for access in (lambda: memory.dev_read(bus, 4), lambda: memory.dev_write(bus, b"5678")):
        with pytest.raises(DmaFault, match="the device is no bus master") as fault:
            access()
        assert (fault.value.kind, fault.value.first_bad) == ("master", bus)
    memory.set_master(True)
    assert memory.dev_read(bus, 4) == b"1234"


def test_addresses_outside_memory_are_faults(memory: HostMemory) -> None:
    memory.grant(0, SIZE, DEV_READ | DEV_WRITE)
    for bus in (0, memory.bus_offset - 64, memory.bus_offset + SIZE, (1 << 64) - 64):
        with pytest.raises(DmaFault, match="no mapping"):
            memory.dev_read(bus, 4)
        with pytest.raises(DmaFault, match="no mapping"):
            memory.dev_write(bus, b"1234")


def test_random_overlapping_grants_agree_with_counts() -> None:
    """Against plain counts kept in Python: mappings overlap (clones, shared pages), in both directions, in ranges that
    begin and end anywhere and in whole blocks of 64 bytes; the CPU takes and gives back what may be written."""
    rng = random.Random(3)
    memory = HostMemory(PAGE_SIZE, seed=3)
    readers, writers, cpu = [0] * 256, [0] * 256, [False] * 256
    grants: list[tuple[int, int, int]] = []

    def change(start: int, length: int, access: int, step: int) -> None:
        for i in range(start, start + length):
            readers[i] += step * bool(access & DEV_READ)
            writers[i] += step * bool(access & DEV_WRITE)

    for _ in range(6000):
        unit = rng.choice((1, 1, 64))
        start = rng.randrange(0, 256, unit)
        length = rng.randrange(0, 257 - start, unit)
        what = rng.randrange(4)
        if what == 0 and grants:
            start, length, access = grants.pop(rng.randrange(len(grants)))
            short = access & DEV_WRITE and any(not writers[i] for i in range(start, start + length))
            if short:  # the last writer of some byte is the CPU
                with pytest.raises(ValueError, match="no such mapping"):
                    memory.revoke(start, length, access)
                grants.append((start, length, access))
            else:
                memory.revoke(start, length, access)
                change(start, length, access, -1)
        elif what == 1:
            access = rng.randrange(1, 4)
            memory.grant(start, length, access)
            grants.append((start, length, access))
            change(start, length, access, 1)
        else:
            take = what == 2
            memory.own(start, length, take)
            for i in range(start, start + length):
                if cpu[i] != take and (not take or writers[i]):
                    cpu[i] = take
                    writers[i] += -1 if take else 1
        for i in rng.sample(range(256), 8):
            assert memory.access(i) == DEV_READ * bool(readers[i]) | DEV_WRITE * bool(writers[i])
            assert memory.cpu_owns(i) == cpu[i]
        granted = next((i for i in range(256) if readers[i] or writers[i]), None)
        assert memory.first_granted() == granted
    memory.own(0, 256, False)
    for grant in grants:
        memory.revoke(*grant)
    assert memory.first_granted() is None


def test_revoke_below_zero_is_refused_and_changes_nothing(memory: HostMemory) -> None:
    memory.grant(4096, 100, DEV_READ)
    with pytest.raises(ValueError, match="byte 0x1064 has no such mapping"):
        memory.revoke(4096, 101, DEV_READ)
    with pytest.raises(ValueError, match="byte 0x1000 has no such mapping"):
        memory.revoke(4096, 100, DEV_READ | DEV_WRITE)
    assert memory.access(4096) == DEV_READ
    assert memory.first_granted() == 4096
    memory.revoke(4096, 100, DEV_READ)
    assert memory.first_granted() is None


def test_grant_counts_to_65535_and_no_further(memory: HostMemory) -> None:
    for _ in range(65535):
        memory.grant(4096, 2, DEV_WRITE)
    with pytest.raises(ValueError, match="65535 mappings"):
        memory.grant(4095, 2, DEV_WRITE)
    assert memory.access(4095) == 0
    for _ in range(65535):
        memory.revoke(4096, 2, DEV_WRITE)
    assert memory.access(4096) == 0


@pytest.mark.parametrize(("index", "length"), [(SIZE, 1), (SIZE - 1, 2), (-1, 1), (SIZE * 2, 0), (0, SIZE + 1)])
def test_grant_outside_memory_is_refused(memory: HostMemory, index: int, length: int) -> None:
    with pytest.raises(ValueError, match="memory ends"):
        memory.grant(index, length, DEV_READ)


def test_bus_offset_is_above_4_gib_and_straddles_a_boundary_in_some_seeds() -> None:
    straddles = 0
    for seed in range(100):
        offset = draw_bus_offset(64 << 20, seed)
        assert offset >= 1 << 32
        assert offset % PAGE_SIZE == 0
        straddles += offset >> 32 != (offset + (64 << 20) - 1) >> 32
    assert 10 <= straddles <= 50


def test_views_outlive_the_memory_object() -> None:
    memory = HostMemory(SIZE)
    view = memory.mem[10:20]
    del memory
    gc.collect()
    view[0] = 1
    assert view[0] == 1


def test_bad_size_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 4096"):
        HostMemory(1000)


def test_what_the_cpu_owns_has_one_writer_less(memory: HostMemory) -> None:
    memory.grant(4096, 100, DEV_READ | DEV_WRITE)
    memory.grant(4146, 1, DEV_WRITE)
    memory.own(4090, 60, True)  # 6 bytes that nobody may write stay out of it
    memory.own(4100, 20, True)
    assert [memory.cpu_owns(i) for i in (4095, 4096, 4149, 4150)] == [False, True, True, False]
    assert [memory.access(i) for i in (4096, 4146, 4149)] == [DEV_READ, DEV_READ | DEV_WRITE, DEV_READ]
    with pytest.raises(ValueError, match="no such mapping"):
        memory.revoke(4096, 100, DEV_READ | DEV_WRITE)
    memory.own(4120, 1, False)
    assert memory.access(4120) == DEV_READ | DEV_WRITE and not memory.cpu_owns(4120)
    memory.own(4090, 200, False)
    assert not any(memory.cpu_owns(i) for i in range(4090, 4290))
    memory.revoke(4096, 100, DEV_READ | DEV_WRITE)
    memory.revoke(4146, 1, DEV_WRITE)
    assert memory.first_granted() is None
    with pytest.raises(ValueError, match="memory ends at"):
        memory.own(memory.size - 1, 2, True)


_MAKE = "from pymodel.hw.memory import HostMemory; HostMemory(1 << 20).grant(0, 1, 1); print('built')"


def _child(env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _MAKE], env={**os.environ, "PYTHONPATH": os.getcwd(), **env},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_library_is_built_once_by_parallel_processes(tmp_path: Path) -> None:
    children = [_child({"RINGSIDE_BUILD": str(tmp_path)}) for _ in range(3)]
    for child in children:
        out, err = child.communicate(timeout=120)
        assert out == "built\n", err
    assert [p.suffix for p in (tmp_path / "native").iterdir()] == [".so"]


def test_missing_compiler_is_named(tmp_path: Path) -> None:
    child = _child({"RINGSIDE_BUILD": str(tmp_path), "PATH": str(tmp_path)})
    assert "g++ is missing" in child.communicate(timeout=60)[1]


def test_peek_and_poke_copy_what_the_cpu_sees(memory: HostMemory) -> None:
    memory.poke(SIZE - 3, b"abc")
    assert bytes(memory.mem[-3:]) == b"abc"
    memory.mem[100:104] = b"\0\xff\0\1"
    assert memory.peek(100, 4) == b"\0\xff\0\1"
    assert memory.peek(SIZE, 0) == b""


@pytest.mark.parametrize(
    "access", [(SIZE - 3, 4), (SIZE + 1, 0), (-1, 1), (0, -1), (1 << 63, 1)], ids=lambda access: str(access)
)
def test_peek_and_poke_outside_of_memory_raise(memory: HostMemory, access: tuple[int, int]) -> None:
    index, length = access
    with pytest.raises(ValueError, match="host memory ends"):
        memory.peek(index, length)
    with pytest.raises(ValueError, match="host memory ends"):
        memory.csum(index, length)
    if length > 0:
        with pytest.raises(ValueError, match="host memory ends"):
            memory.poke(index, bytes(length))


def test_csum_is_the_ones_complement_sum_of_words(memory: HostMemory) -> None:
    rng = random.Random(1)
    for length in (*range(70), 1500, SIZE - 64):
        for data in (rng.randbytes(length), bytes(length), b"\xff" * length):
            at = rng.randrange(64)
            memory.poke(at, data)
            number = int.from_bytes(data, "little")
            assert memory.csum(at, length) == ((number - 1) % 0xFFFF + 1 if number else 0), (at, length)


def test_wrong_arguments_of_the_builtin_calls_are_type_errors(memory: HostMemory) -> None:
    calls = memory.fast_grant, memory.fast_revoke, memory.fast_own, memory.peek, memory.poke, memory.csum
    for wrong in ((), (1,), (1, 2, 3, 4), ("a", "b", "c"), (4096, "a")):
        for call in calls:
            with pytest.raises(TypeError):
                call(*wrong)
    with pytest.raises(TypeError):
        memory.dev_write(memory.bus_offset, "text")  # type: ignore[arg-type]
    assert memory.first_granted() is None
