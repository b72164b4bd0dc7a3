# SPDX-License-Identifier: Apache-2.0
"""registers.md: the programmer's tables."""

from __future__ import annotations

from regs_model import Description, EnumValue, Field, Group, Record

__all__ = ["emit_markdown"]

_HEAD = """\
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Generated from nic.rdl by rtl/regs/generate.py: do not edit, run `make regs`. -->
# Registers and records

{desc}

Access: `rw` read and write; `ro` read only; `wo` write only, reads 0; `w1s` write 1 to set, cleared by hardware;
`w1c` set by hardware, write 1 to clear.
A reset value `-` depends on build parameters or on the outside. Bits that are not named are reserved: they read 0
and writing them has no effect.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _describe(field: Field, enums: dict[str, tuple[EnumValue, ...]]) -> str:
    text = field.desc
    if field.enum is not None:
        text += " " + ", ".join(f"{v.value} `{v.name}`" for v in enums[field.enum]) + "."
    return _cell(text.strip())


def _group(group: Group, enums: dict[str, tuple[EnumValue, ...]]) -> list[str]:
    if group.name:
        lines = [
            f"## {group.name}[0..{group.count - 1}]",
            "",
            f"At `0x{group.base:04X} + n * 0x{group.stride:X}`. Offsets are from there.",
        ]
    else:
        lines = ["## Device-wide"]
    lines += ["", "| offset | register | bits | field | access | reset | meaning |", "|---|---|---|---|---|---|---|"]
    for reg in group.registers:
        lines.append(f"| 0x{reg.offset:03X} | **{reg.name}** | | | | | {_cell(reg.desc)} |")
        for f in reg.fields:
            reset = "-" if f.reset is None else f"0x{f.reset:X}"
            lines.append(f"| | | {f.bits} | {f.name} | {f.access} | {reset} | {_describe(f, enums)} |")
    return [*lines, ""]


def _record(record: Record, enums: dict[str, tuple[EnumValue, ...]]) -> list[str]:
    lines = [f"### {record.name}", "", record.desc, ""]
    lines += ["| byte | word | bits | field | meaning |", "|---|---|---|---|---|"]
    for word in record.words:
        if not word.fields:
            lines.append(f"| {word.offset} | {word.name} | | | reserved, 0 |")
        for i, f in enumerate(word.fields):
            place = f"| {word.offset} | {word.name} " if i == 0 else "| | "
            lines.append(f"{place}| {f.bits} | {f.name} | {_describe(f, enums)} |")
    return [*lines, ""]


def emit_markdown(desc: Description) -> str:
    """The page's text."""
    lines = [_HEAD.format(desc=desc.desc)]
    for group in desc.groups:
        lines += _group(group, desc.enums)
    lines += ["## Records in host memory", "", "Little-endian 32-bit words.", ""]
    for record in desc.records:
        lines += _record(record, desc.enums)
    return "\n".join(lines).rstrip("\n") + "\n"
