# SPDX-License-Identifier: Apache-2.0
"""The files generated from nic.rdl are up to date, and the check that says so works."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pymodel.drivers.nic import nic_hw

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ["rtl/regs/nic_regs_pkg.sv", "pymodel/drivers/nic/nic_hw.py", "rtl/regs/registers.md"]


def generate(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the generator as `make regs` does."""
    command = [sys.executable, str(ROOT / "rtl/regs/generate.py"), *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of nic.rdl and of the generated files, which a test may spoil."""
    for name in ["rtl/regs/nic.rdl", *GENERATED]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_generated_files_are_up_to_date() -> None:
    result = generate("--check")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", GENERATED)
def test_check_edited_file_is_named(copy: Path, name: str) -> None:
    with (copy / name).open("a") as file:
        file.write("\n")
    result = generate("--check", "--root", str(copy))
    assert result.returncode == 1
    assert [line.split()[0] for line in result.stderr.splitlines()] == [name]


def test_check_missing_file_is_named(copy: Path) -> None:
    (copy / GENERATED[0]).unlink()
    result = generate("--check", "--root", str(copy))
    assert result.returncode == 1
    assert GENERATED[0] in result.stderr


def test_check_changed_description_makes_all_stale_and_generate_repairs(copy: Path) -> None:
    rdl = copy / "rtl/regs/nic.rdl"
    text = rdl.read_text()
    changed = text.replace("SCRATCH @ 0x02c", "SCRATCH @ 0x03c")
    assert changed != text
    rdl.write_text(changed)
    where = ["--rdl", str(rdl), "--root", str(copy)]
    assert generate("--check", *where).stderr.count("is stale") == len(GENERATED)
    assert generate(*where).returncode == 0
    assert generate("--check", *where).returncode == 0
    assert "SCRATCH: Final[int] = 0x3C" in (copy / GENERATED[1]).read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("SCRATCH @ 0x02c", "SCRATCH @ 0x028", "overlap"),  # the compiler refuses it
        ("SCRATCH @ 0x02c", "SCRATCH @ 0x02d", "multiple of 4"),  # we do
        ("onwrite = woset", "onwrite = wclr", "onwrite = wclr"),  # we do not support it
    ],
)
def test_generate_bad_description_is_refused(copy: Path, old: str, new: str, message: str) -> None:
    rdl = copy / "rtl/regs/nic.rdl"
    text = rdl.read_text()
    assert old in text
    rdl.write_text(text.replace(old, new))
    result = generate("--rdl", str(rdl), "--root", str(copy))
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_table_matches_constants() -> None:
    """Constants and table say the same; no two registers or fields overlap."""
    seen: set[int] = set()
    for reg in nic_hw.REGISTERS:
        group = nic_hw.GROUPS[reg.group]
        name = f"{reg.group}_{reg.name}" if reg.group else reg.name
        assert getattr(nic_hw, name) == reg.offset
        assert reg.offset % 4 == 0 and (not reg.group or reg.offset < group.stride)
        addresses = {group.base + n * group.stride + reg.offset for n in range(group.entries)}
        assert not addresses & seen, name
        seen |= addresses
        bits = 0
        for field in reg.fields:
            mask = ((1 << field.width) - 1) << field.lsb
            assert not bits & mask and mask < 1 << 32, f"{name}.{field.name}"
            assert field.reset is None or field.reset < 1 << field.width
            bits |= mask
            if field.width < 32:
                assert getattr(nic_hw, f"{name}_{field.name.upper()}") == mask
    assert nic_hw.qp(3) + nic_hw.QP_TX_TAIL == 0x1310
    assert nic_hw.msix(15) + nic_hw.MSIX_VECTOR_CTRL == 0x80FC


def test_records_are_16_bytes() -> None:
    for name in ("TX_DESC", "TX_COMPLETION", "RX_DESC", "RX_COMPLETION"):
        assert getattr(nic_hw, name).size == getattr(nic_hw, f"{name}_SIZE") == 16
