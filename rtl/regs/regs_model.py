# SPDX-License-Identifier: Apache-2.0
"""The register description, read from SystemRDL into plain data.

Only what nic.rdl uses is read: registers, one level of register files (arrays or counters), and records whose
words are registers. Anything else is refused with a message that names it, so that nothing is silently left out
of the generated files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from systemrdl.compiler import RDLCompiler
from systemrdl.node import AddrmapNode, FieldNode, Node, RegfileNode, RegNode

__all__ = ["Description", "EnumValue", "Field", "Group", "Record", "Register", "RegisterError", "load"]


class RegisterError(Exception):
    """nic.rdl holds something that the generator does not understand."""


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One value of an enumeration, named in lower case."""

    name: str
    value: int
    desc: str


@dataclass(frozen=True, slots=True)
class Field:
    """Bits lsb .. lsb+width-1 of a register or a record word.

    `access` is what software may do: "rw", "ro", "wo", or "w1s" (write 1 to set, cleared by hardware).
    `volatile`: hardware changes it. `reset` is None where it depends on a build parameter or on the outside.
    """

    name: str
    lsb: int
    width: int
    access: str
    volatile: bool
    reset: int | None
    enum: str | None
    desc: str

    @property
    def mask(self) -> int:
        """The field's bits in place."""
        return ((1 << self.width) - 1) << self.lsb

    @property
    def bits(self) -> str:
        """`msb:lsb`, or the one bit's number."""
        return str(self.lsb) if self.width == 1 else f"{self.lsb + self.width - 1}:{self.lsb}"


@dataclass(frozen=True, slots=True)
class Register:
    """A 32-bit register; `offset` in bytes, from its group's base. Reserved fields are not listed."""

    name: str
    offset: int
    desc: str
    fields: tuple[Field, ...]

    @property
    def reset(self) -> int:
        """The value after reset of all fields that have one."""
        return sum((f.reset or 0) << f.lsb for f in self.fields)


@dataclass(frozen=True, slots=True)
class Group:
    """An array of equal register files, or the registers outside any (name "", count 1)."""

    name: str
    base: int
    stride: int
    count: int
    registers: tuple[Register, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record in host memory; its registers are its little-endian 32-bit words."""

    name: str
    desc: str
    words: tuple[Register, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return 4 * len(self.words)


@dataclass(frozen=True, slots=True)
class Description:
    """All that nic.rdl says. `counters` are the names of the 64-bit counters (registers NAME_LO and NAME_HI)."""

    groups: tuple[Group, ...]
    records: tuple[Record, ...]
    counters: tuple[str, ...]
    enums: dict[str, tuple[EnumValue, ...]]
    desc: str


def _text(node: Node) -> str:
    desc = node.get_property("desc")
    return " ".join(desc.split()) if desc else ""


def _access(field: FieldNode) -> str:
    sw = field.get_property("sw").name
    onwrite = field.get_property("onwrite")
    if onwrite is not None:
        access = {"woset": "w1s", "woclr": "w1c"}.get(onwrite.name)
        if access is None or sw != "rw":
            raise RegisterError(f"{field.get_path()}: onwrite = {onwrite.name} with sw = {sw} is not supported")
        return access
    if field.get_property("onread") is not None:
        raise RegisterError(f"{field.get_path()}: onread is not supported")
    if sw not in ("rw", "r", "w"):
        raise RegisterError(f"{field.get_path()}: sw = {sw} is not supported")
    return {"rw": "rw", "r": "ro", "w": "wo"}[sw]


class _Loader:
    def __init__(self) -> None:
        self.enums: dict[str, tuple[EnumValue, ...]] = {}

    def field(self, node: FieldNode) -> Field:
        encode = node.get_property("encode")
        if encode is not None:
            self.enums[encode.type_name] = tuple(
                EnumValue(name, member.value, " ".join((member.rdl_desc or "").split()))
                for name, member in encode.members.items()
            )
        reset = node.get_property("reset")
        if not (reset is None or isinstance(reset, int)):
            raise RegisterError(f"{node.get_path()}: a reset value is a number or absent")
        return Field(
            name=node.inst_name,
            lsb=node.low,
            width=node.width,
            access=_access(node),
            volatile=node.get_property("hw").name in ("rw", "w"),
            reset=reset,
            enum=encode.type_name if encode is not None else None,
            desc=_text(node),
        )

    def register(self, node: RegNode, name: str, offset: int) -> Register:
        if node.is_array or node.size != 4:
            raise RegisterError(f"{node.get_path()}: only single 32-bit registers are supported")
        if offset % 4:
            raise RegisterError(f"{node.get_path()}: offset {offset:#x} is not a multiple of 4")
        fields = tuple(self.field(f) for f in node.fields() if not f.inst_name.startswith("rsvd"))
        # A description at the instance of a regfile (the counters) holds for both words.
        desc = _text(node) or (_text(node.parent) if isinstance(node.parent, RegfileNode) else "")
        return Register(name, offset, desc, fields)

    def registers(self, node: RegfileNode) -> tuple[Register, ...]:
        found = []
        for child in node.children(unroll=False):
            if not isinstance(child, RegNode):
                raise RegisterError(f"{child.get_path()}: only registers are supported here")
            found.append(self.register(child, child.inst_name, child.raw_address_offset))
        return tuple(found)

    def groups(self, top: AddrmapNode) -> tuple[tuple[Group, ...], tuple[str, ...]]:
        single: list[Register] = []
        arrays: list[Group] = []
        counters: list[str] = []
        for child in top.children(unroll=False):
            if isinstance(child, RegNode):
                single.append(self.register(child, child.inst_name, child.raw_address_offset))
            elif isinstance(child, RegfileNode) and child.is_array:
                dims, stride = child.array_dimensions, child.array_stride
                if dims is None or len(dims) != 1 or stride is None:
                    raise RegisterError(f"{child.get_path()}: only arrays of one dimension are supported")
                arrays.append(Group(child.inst_name, child.raw_address_offset, stride, dims[0], self.registers(child)))
            elif isinstance(child, RegfileNode):
                words = [c.inst_name for c in child.children()]
                if words != ["LO", "HI"]:
                    raise RegisterError(f"{child.get_path()}: a single register file must be a counter of LO and HI")
                counters.append(child.inst_name)
                for word in child.registers():
                    offset = child.raw_address_offset + word.raw_address_offset
                    single.append(self.register(word, f"{child.inst_name}_{word.inst_name}", offset))
            else:
                raise RegisterError(f"{child.get_path()}: {type(child).__name__} is not supported")
        return (Group("", 0, 0, 1, tuple(single)), *arrays), tuple(counters)

    def records(self, top: AddrmapNode) -> tuple[Record, ...]:
        found = []
        for child in top.children():
            if not isinstance(child, RegfileNode):
                raise RegisterError(f"{child.get_path()}: a record is a register file")
            words = self.registers(child)
            if [w.offset for w in words] != list(range(0, 4 * len(words), 4)):
                raise RegisterError(f"{child.get_path()}: the words of a record must be dense")
            found.append(Record(child.inst_name, _text(child), words))
        return tuple(found)


def load(path: Path) -> Description:
    """Read the description. Raises `RegisterError`, or the compiler's `RDLCompileError`."""
    compiler = RDLCompiler()
    compiler.compile_file(str(path))
    loader = _Loader()
    top = compiler.elaborate("nic").top
    groups, counters = loader.groups(top)
    records = loader.records(compiler.elaborate("nic_records").top)
    return Description(groups, records, counters, loader.enums, _text(top))
