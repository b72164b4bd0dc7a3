# SPDX-License-Identifier: Apache-2.0
"""nic_hw.py: the hardware's facts for the driver and the soft NIC."""

from __future__ import annotations

import textwrap

from regs_model import Description, Field, Group, Record, RegisterError

__all__ = ["emit_python"]

_HEAD = '''\
# SPDX-License-Identifier: Apache-2.0
# Generated from rtl/regs/nic.rdl by rtl/regs/generate.py: do not edit, run `make regs`.
# fmt: off
"""The NIC's registers and records: facts only.

`CTRL` is a register's byte offset in BAR 0; `CTRL_ENABLE` is a field's mask in place and, where it has several bits,
`CAPS_QUEUES_SHIFT` the place of its lowest (a field of all 32 bits has neither). Registers of a queue pair and of an
MSI-X entry are offsets from `qp(q)` and `msix(v)`: the TX doorbell of queue 2 is at `qp(2) + QP_TX_TAIL`.
A record has its size, a `struct.Struct` whose members are its 32-bit words in order (ADDR_LO and ADDR_HI are one
64-bit member), the byte offset of each word, and masks and shifts of the fields within the word. What each means:
rtl/regs/registers.md.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple
'''

_TYPES = '''

class Field(NamedTuple):
    """A field of a register: `access` is "rw", "ro", "wo", "w1s" (write 1 to set, hardware clears) or "w1c" (hardware
    sets, write 1 to clear).

    `volatile`: hardware changes it. `reset` is None where it depends on a build parameter or on the outside.
    """

    name: str
    lsb: int
    width: int
    access: str
    volatile: bool
    reset: int | None


class Register(NamedTuple):
    """A register: `offset` in bytes from the base of its group ("" for the device-wide ones, "QP", "MSIX")."""

    name: str
    group: str
    offset: int
    fields: tuple[Field, ...]


class Group(NamedTuple):
    """An array of `entries` equal groups of registers, from `base`, `stride` bytes apart."""

    base: int
    stride: int
    entries: int

'''


class _Names:
    """Collects the module's constants; a name defined twice is an error of the description."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: set[str] = set()

    def add(self, name: str, value: str, comment: str = "", kind: str = "int") -> None:
        if name in self.names:
            raise RegisterError(f"nic_hw.py: two things are called {name}: rename a register or field in nic.rdl")
        self.names.add(name)
        self.lines.append(f"{name}: Final[{kind}] = {value}" + (f"  # {comment}" if comment else ""))

    def fields(self, prefix: str, fields: tuple[Field, ...]) -> None:
        for field in fields:
            if field.width == 32:
                continue
            name = f"{prefix}_{field.name.upper()}"
            self.add(name, f"0x{field.mask:X}")
            if field.width > 1:
                self.add(f"{name}_SHIFT", str(field.lsb))


def _group(names: _Names, group: Group) -> None:
    prefix = ""
    if group.name:
        prefix = f"{group.name}_"
        names.lines += ["", f"# {group.name}: offsets from {group.name.lower()}(n)."]
        names.add(f"{group.name}_BASE", f"0x{group.base:X}")
        names.add(f"{group.name}_STRIDE", f"0x{group.stride:X}")
        names.add(f"{group.name}_COUNT", str(group.count))
    else:
        names.lines += ["", "# Device-wide registers."]
    for reg in group.registers:
        names.add(prefix + reg.name, f"0x{reg.offset:X}")
        names.fields(prefix + reg.name, reg.fields)


def _format(record: Record) -> str:
    words = [word.name for word in record.words]
    if words[:2] == ["ADDR_LO", "ADDR_HI"]:
        return "<Q" + "I" * (len(words) - 2)
    return "<" + "I" * len(words)


def _record(names: _Names, record: Record) -> None:
    names.lines += ["", f"# {record.desc}"]
    names.add(f"{record.name}_SIZE", str(record.size), "bytes")
    members = [w.name.lower() for w in record.words]
    if members[:2] == ["addr_lo", "addr_hi"]:
        members[:2] = ["addr"]
    names.add(record.name, f'struct.Struct("{_format(record)}")', ", ".join(members), "struct.Struct")
    for word in record.words:
        fields = tuple(f for f in word.fields if not f.name.startswith("rsvd"))
        if fields:
            names.add(f"{record.name}_{word.name}", str(word.offset))
            names.fields(f"{record.name}_{word.name}", fields)


def _field(field: Field) -> str:
    reset = "None" if field.reset is None else f"0x{field.reset:X}"
    return f'Field("{field.name}", {field.lsb}, {field.width}, "{field.access}", {field.volatile}, {reset})'


def _tables(desc: Description) -> list[str]:
    lines = ["", "COUNTERS: Final[dict[str, int]] = {", "    # name: offset of LO; HI follows"]
    lines += [f'    "{name.lower()}": {name}_LO,' for name in desc.counters]
    lines += ["}", "", "GROUPS: Final[dict[str, Group]] = {"]
    for group in desc.groups:
        lines.append(f'    "{group.name}": Group(0x{group.base:X}, 0x{group.stride:X}, {group.count}),')
    lines += ["}", "", "REGISTERS: Final[tuple[Register, ...]] = ("]
    for group in desc.groups:
        for reg in group.registers:
            head = f'    Register("{reg.name}", "{group.name}", 0x{reg.offset:X}, '
            if not reg.fields:
                lines.append(head + "()),")
                continue
            fields = [_field(f) for f in reg.fields]
            if len(fields) == 1:
                lines.append(f"{head}({fields[0]},)),")
            else:
                lines += [head + "(", *(f"        {f}," for f in fields), "    )),"]
    lines.append(")")
    return lines


def _helpers(desc: Description) -> list[str]:
    lines: list[str] = []
    for group in desc.groups:
        if group.name:
            name = group.name
            lines += [
                "",
                "",
                f"def {name.lower()}(n: int) -> int:",
                f'    """Byte offset of {name}[n]; no check that n is below `{name}_COUNT`."""',
                f"    return {name}_BASE + n * {name}_STRIDE",
            ]
    return [*lines, ""]


def emit_python(desc: Description) -> str:
    """The module's text."""
    names = _Names()
    for group in desc.groups:
        _group(names, group)
    for enum, values in desc.enums.items():
        names.lines += ["", f"# Values of fields of type {enum}."]
        for value in values:
            names.add(f"{enum.upper()}_{value.name.upper()}", str(value.value), value.desc)
    for record in desc.records:
        _record(names, record)
    helpers = [g.name.lower() for g in desc.groups if g.name]
    exported = sorted([*names.names, *helpers, "COUNTERS", "Field", "GROUPS", "Group", "REGISTERS", "Register"])
    quoted = ", ".join(f'"{name}"' for name in exported) + ","
    export = ["", "__all__ = [", *textwrap.wrap(quoted, 116, initial_indent="    ", subsequent_indent="    "), "]"]
    text = [_HEAD.rstrip("\n"), *export, _TYPES.rstrip("\n"), "", *names.lines, *_tables(desc), *_helpers(desc)]
    return "\n".join(text)
