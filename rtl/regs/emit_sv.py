# SPDX-License-Identifier: Apache-2.0
"""nic_regs_pkg.sv: offsets, fields and reset values as localparams, records as packed structs."""

from __future__ import annotations

from regs_model import Description, Group, Record, RegisterError

__all__ = ["emit_sv"]

_HEAD = """\
// SPDX-License-Identifier: Apache-2.0
// Generated from nic.rdl by rtl/regs/generate.py: do not edit, run `make regs`.
//
// <REG>_OFFSET is a byte offset: of the register space, or of its group (an array of <GROUP>_COUNT groups of
// registers from <GROUP>_BASE on, <GROUP>_STRIDE bytes apart). <REG>_WMASK has the bits that software can write,
// <REG>_DEFAULT is the value after reset, <REG>_<FIELD>_LSB and _WIDTH give a field's place (a field of all 32 bits
// has neither).

package nic_regs_pkg;

  // A design uses a part of what a package offers.
  /* verilator lint_off UNUSEDPARAM */
"""


def _group(group: Group) -> list[str]:
    prefix = f"{group.name}_" if group.name else ""
    lines = [f"  // {group.name or 'Device-wide'} registers"]
    if group.name:
        lines += [
            f"  localparam logic [15:0] {group.name}_BASE = 16'h{group.base:04x};",
            f"  localparam int unsigned {group.name}_STRIDE = {group.stride};",
            f"  localparam int unsigned {group.name}_COUNT = {group.count};",
        ]
    for reg in group.registers:
        name = prefix + reg.name
        wmask = sum(f.mask for f in reg.fields if f.access != "ro")
        lines.append(f"  localparam logic [15:0] {name}_OFFSET = 16'h{reg.offset:04x};")
        lines.append(f"  localparam logic [31:0] {name}_WMASK = 32'h{wmask:08x};")
        if all(f.reset is not None for f in reg.fields):
            lines.append(f"  localparam logic [31:0] {name}_DEFAULT = 32'h{reg.reset:08x};")
        for field in reg.fields:
            if field.width == 32:
                continue
            field_name = f"{name}_{field.name.upper()}"
            lines.append(f"  localparam int unsigned {field_name}_LSB = {field.lsb};")
            lines.append(f"  localparam int unsigned {field_name}_WIDTH = {field.width};")
    return lines


def _members(record: Record) -> list[tuple[str, int]]:
    """Name and width of each member, least significant first. ADDR_LO and ADDR_HI become one 64-bit addr."""
    members: list[tuple[str, int]] = []
    end = 0  # of the member before, in bits
    for word in record.words:
        for field in sorted(word.fields, key=lambda f: f.lsb):
            lsb = 8 * word.offset + field.lsb
            if lsb > end:
                members.append((f"rsvd{end}", lsb - end))
            if word.name == "ADDR_HI" and members[-1] == (field.name, 32):
                members[-1] = (field.name, 64)
            else:
                members.append((field.name, field.width))
            end = lsb + field.width
    if end < 8 * record.size:
        members.append((f"rsvd{end}", 8 * record.size - end))
    names = [name for name, _ in members]
    if len(set(names)) != len(names):
        raise RegisterError(f"{record.name}: two fields of a record have the same name: {names}")
    return members


def _record(record: Record) -> list[str]:
    lines = [f"  // {record.desc}", "  typedef struct packed {"]
    for name, width in reversed(_members(record)):  # the first member of a packed struct is the most significant
        lines.append(f"    logic {f'[{width - 1}:0] ' if width > 1 else ''}{name};")
    lines += [f"  }} {record.name.lower()}_t;", ""]
    return lines


def emit_sv(desc: Description) -> str:
    """The package's text."""
    lines = [_HEAD]
    for group in desc.groups:
        lines += [*_group(group), ""]
    for enum, values in desc.enums.items():
        lines.append(f"  // Values of fields of type {enum}; nic_pkg makes the enum of them")
        lines += [f"  localparam logic [3:0] {enum.upper()}_{v.name.upper()} = 4'd{v.value};" for v in values]
        lines.append("")
    for record in desc.records:
        lines += _record(record)
    lines += ["  /* verilator lint_on UNUSEDPARAM */", "", "endpackage", ""]
    return "\n".join(lines)
