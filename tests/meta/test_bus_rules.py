# SPDX-License-Identifier: Apache-2.0
"""Each rule of docs/bus-rules.md is seen to fire, alone; legal traffic breaks none; table and code name the same rules.

The checkers run alone (bus_rules/): a script sets their pins clock by clock. That they sit at every port of a
simulation is seen in test_main_loop.py.
"""

from __future__ import annotations

import fcntl
import hashlib
import random
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tb.build import build_root, make_variables, verilator
from tests.meta.tree import ROOT

BENCH = ROOT / "tests" / "meta" / "bus_rules"
NATIVE = ROOT / "tb" / "native"
TABLE = ROOT / "docs" / "bus-rules.md"
RULE = re.compile(r"\b(?:AXI4(?:LITE|STREAM)?_(?:ERR|REC)[MS]_\w+|RINGSIDE_AXI\w+)")

RESET = ["rst_ni=0", "rst_ni=0", "rst_ni=1"]


# -- the bench ----------------------------------------------------------------------------------------------------


def program() -> Path:
    """The checkers with all pins open, built if it is not there."""
    command, env, version = verilator()
    sv = ROOT / "tb" / "sv"
    sources = [sv / "bus_rules_pkg.sv", BENCH / "check_top.sv", *sorted(sv.glob("*_check.sv")), sv / "tb.vlt"]
    native = [BENCH / "main.cpp", NATIVE / "bus_check.h"]
    make = [v for v in make_variables("fast") if not v.startswith("OPT_")] + ["OPT_FAST=-O1"]
    digest = hashlib.sha256(repr((version, make)).encode() + b"".join(p.read_bytes() for p in [*sources, *native]))
    folder = build_root() / "bus_rules"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, found = folder / "stamp", folder / "obj" / "bus_rules"
        if not (stamp.is_file() and stamp.read_text() == digest.hexdigest()):
            cc = [
                *command, "--cc", "--exe", "--top-module", "check_top", "--no-timing", "-Wno-fatal", "-o", "bus_rules",
                "--Mdir", str(folder / "obj"), "-CFLAGS", f"-I{NATIVE}", *map(str, sources), str(native[0]),
            ]  # fmt: skip
            for step in (cc, ["make", "-C", str(folder / "obj"), "-f", "Vcheck_top.mk", "bus_rules", *make]):
                done = subprocess.run(step, env=None if not env else {**dict(env)}, capture_output=True, text=True)
                assert done.returncode == 0, done.stdout + done.stderr
            stamp.write_text(digest.hexdigest())
    return found


def fired(clocks: Iterable[str]) -> list[tuple[int, str, str, str]]:
    """Run the script; (clock, rule, port, what) for each rule found broken."""
    done = subprocess.run([program()], input="\n".join(clocks) + "\n", capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [(int(clock), rule, port, what) for clock, rule, port, what in rows]


# -- what breaks each rule: after reset, clock by clock --------------------------------------------------------------

WRITE = "awvalid=1 awready=1 awid=1 awaddr=0x1000 awlen=0 awsize=3 awburst=1 awcache=3"
READ = "arvalid=1 arready=1 arid=1 araddr=0x1000 arlen=0 arsize=3 arburst=1 arcache=3"
DATA = "awvalid=0 wvalid=1 wready=1 wstrb=0xff wlast=1"
LITE_WRITE = "lvalid_aw=1 lready_aw=1 laddr_w=0x10 lvalid_w=1 lready_w=1 lstrb=0xf"
LITE_READ = "lvalid_ar=1 lready_ar=1 laddr_r=0x10"
BEAT = "tvalid=1 tready=1 tkeep=0xff"

Cases = dict[tuple[str, str], list[str]]


def _address_cases(channel: str, offer: str) -> Cases:
    c, m = channel, "AXI4_ERRM_" + channel.upper()
    wrap = f"{offer} {c}burst=2 {c}len=3"
    return {
        (f"{m}ADDR_BOUNDARY", "m_axi"): [f"{offer} {c}addr=0x1ff8 {c}len=1"],
        (f"{m}BURST", "m_axi"): [f"{offer} {c}burst=3"],
        (f"{m}SIZE", "m_axi"): [f"{offer} {c}size=4"],
        (f"{m}ADDR_WRAP_ALIGN", "m_axi"): [f"{wrap} {c}addr=0x1004"],
        (f"{m}LEN_WRAP", "m_axi"): [f"{wrap} {c}len=2"],
        (f"{m}LEN_FIXED", "m_axi"): [f"{offer} {c}burst=0 {c}len=16"],
        (f"{m}CACHE", "m_axi"): [f"{offer} {c}cache=4"],
    }


def _stable_cases(rules: str, port: str, offer: str, valid: str, ready: str, fields: dict[str, str]) -> Cases:
    """An offer waits, and in the next clock a field is another; or it is withdrawn."""
    waits = f"{offer} {ready}=0"
    cases = {(f"{rules}_{name}_STABLE", port): [waits, change] for name, change in fields.items()}
    return cases | {(f"{rules}_{_name_of(valid)}_STABLE", port): [waits, f"{valid}=0"]}


def _name_of(pin: str) -> str:
    """``lvalid_aw`` is AWVALID of the AXI4-Lite port."""
    return f"{pin.removeprefix('lvalid_')}valid".upper() if pin.startswith("lvalid_") else pin.upper()


def _wait_case(rule: str, port: str, before: list[str], offer: str, ready: str) -> Cases:
    return {(rule, port): [*before, f"{offer} {ready}=0 max_wait=20", *["max_wait=20"] * 40]}


_AX = {"ID": "id=2", "ADDR": "addr=0x1008", "LEN": "len=1", "SIZE": "size=2", "BURST": "burst=0", "LOCK": "lock=1",
       "CACHE": "cache=2", "PROT": "prot=2"}  # fmt: skip
_B, _R = [WRITE, DATA, "wvalid=0"], [READ, "arvalid=0"]
_LB, _LR = [LITE_WRITE, "lvalid_aw=0 lvalid_w=0"], [LITE_READ, "lvalid_ar=0"]
_B_OFFER, _R_OFFER = "bvalid=1 bready=1 bid=1", "rvalid=1 rready=1 rid=1 rlast=1"
_LB_OFFER, _LR_OFFER = "lvalid_b=1 lready_b=1", "lvalid_r=1 lready_r=1"


def _after(before: list[str], cases: Cases) -> Cases:
    return {key: [*before, *clocks] for key, clocks in cases.items()}


def _cases() -> Cases:
    cases: Cases = {}
    for c, offer in (("aw", WRITE), ("ar", READ)):
        up = c.upper()
        cases |= _address_cases(c, offer)
        cases |= _stable_cases(
            "AXI4_ERRM", "m_axi", offer, f"{c}valid", f"{c}ready", {up + k: c + v for k, v in _AX.items()}
        )
        cases |= _wait_case(f"AXI4_RECS_{up}READY_MAX_WAIT", "m_axi", [], offer, f"{c}ready")
        lite = f"lvalid_{c}=1 lready_{c}=1"
        d = "w" if c == "aw" else "r"
        fields = {f"{up}ADDR": f"laddr_{d}=0x14", f"{up}PROT": f"lprot_{d}=1"}
        cases |= _stable_cases("AXI4_ERRM", "s_axil", lite, f"lvalid_{c}", f"lready_{c}", fields)
        cases |= _wait_case(f"AXI4_RECS_{up}READY_MAX_WAIT", "s_axil", [], lite, f"lready_{c}")
    cases |= {
        ("RINGSIDE_AXI4_LOCK", "m_axi"): [f"{WRITE} awlock=1"],
        ("AXI4_ERRM_WSTRB", "m_axi"): [f"{WRITE} awaddr=0x1004", DATA],
        ("AXI4_ERRM_WDATA_NUM", "m_axi"): [f"{WRITE} awlen=1", DATA],
        ("AXI4_ERRS_BRESP_AW", "m_axi"): [DATA, "wvalid=0", _B_OFFER],
        ("AXI4_ERRS_BRESP_WLAST", "m_axi"): [WRITE, f"{DATA} {_B_OFFER}"],
        ("AXI4_ERRS_BRESP_EXOKAY", "m_axi"): [*_B, f"{_B_OFFER} bresp=1"],
        ("AXI4_ERRS_RID", "m_axi"): [*_R, f"{_R_OFFER} rid=2"],
        ("AXI4_ERRS_RDATA_NUM", "m_axi"): [f"{READ} arlen=1", f"arvalid=0 {_R_OFFER}"],
        ("AXI4_ERRS_RRESP_EXOKAY", "m_axi"): [*_R, f"{_R_OFFER} rresp=1"],
        ("AXI4_ERRS_BRESP_AW", "s_axil"): ["lvalid_w=1 lready_w=1", f"lvalid_w=0 {_LB_OFFER}"],
        ("AXI4_ERRS_BRESP_WLAST", "s_axil"): ["lvalid_aw=1 lready_aw=1", f"lvalid_aw=0 {_LB_OFFER}"],
        ("AXI4LITE_ERRS_BRESP_EXOKAY", "s_axil"): [*_LB, f"{_LB_OFFER} lresp_b=1"],
        ("AXI4_ERRS_RID", "s_axil"): [_LR_OFFER],
        ("AXI4LITE_ERRS_RRESP_EXOKAY", "s_axil"): [*_LR, f"{_LR_OFFER} lresp_r=1"],
        ("RINGSIDE_AXIS_PACKED", "m_axis"): [f"{BEAT} tkeep=0x7f"],
    }
    w = {"WDATA": "wdata=1", "WSTRB": "wstrb=0xf0", "WLAST": "wlast=0"}
    cases |= _after([WRITE], _stable_cases("AXI4_ERRM", "m_axi", DATA, "wvalid", "wready", w))
    b = {"BID": "bid=2", "BRESP": "bresp=2"}
    cases |= _after(_B, _stable_cases("AXI4_ERRS", "m_axi", _B_OFFER, "bvalid", "bready", b))
    r = {"RID": "rid=2", "RDATA": "rdata=1", "RRESP": "rresp=2", "RLAST": "rlast=0"}
    cases |= _after(_R, _stable_cases("AXI4_ERRS", "m_axi", _R_OFFER, "rvalid", "rready", r))
    lw = {"WDATA": "ldata_w=1", "WSTRB": "lstrb=1"}
    cases |= _stable_cases("AXI4_ERRM", "s_axil", LITE_WRITE, "lvalid_w", "lready_w", lw)
    lb = {"BRESP": "lresp_b=2"}
    cases |= _after(_LB, _stable_cases("AXI4_ERRS", "s_axil", _LB_OFFER, "lvalid_b", "lready_b", lb))
    lr = {"RDATA": "ldata_r=1", "RRESP": "lresp_r=2"}
    cases |= _after(_LR, _stable_cases("AXI4_ERRS", "s_axil", _LR_OFFER, "lvalid_r", "lready_r", lr))
    t = {"TDATA": "tdata=1", "TKEEP": "tkeep=0x7f", "TLAST": "tlast=0", "TUSER": "tuser=1"}
    cases |= _stable_cases("AXI4STREAM_ERRM", "m_axis", f"{BEAT} tlast=1", "tvalid", "tready", t)
    cases |= _wait_case("AXI4_RECS_WREADY_MAX_WAIT", "m_axi", [WRITE], DATA, "wready")
    cases |= _wait_case("AXI4_RECM_BREADY_MAX_WAIT", "m_axi", _B, _B_OFFER, "bready")
    cases |= _wait_case("AXI4_RECM_RREADY_MAX_WAIT", "m_axi", _R, _R_OFFER, "rready")
    cases |= _wait_case("AXI4_RECS_WREADY_MAX_WAIT", "s_axil", [], "lvalid_w=1", "lready_w")
    cases |= _wait_case("AXI4_RECM_BREADY_MAX_WAIT", "s_axil", _LB, _LB_OFFER, "lready_b")
    cases |= _wait_case("AXI4_RECM_RREADY_MAX_WAIT", "s_axil", _LR, _LR_OFFER, "lready_r")
    cases |= _wait_case("AXI4STREAM_RECS_TREADY_MAX_WAIT", "m_axis", [], BEAT, "tready")
    return cases


CASES = _cases()
# Valid as reset ends. A response then answers nothing as well.
RESETS = {
    ("AXI4_ERRM_AWVALID_RESET", "m_axi"): ("awvalid", set[str]()),
    ("AXI4_ERRM_WVALID_RESET", "m_axi"): ("wvalid", set[str]()),
    ("AXI4_ERRS_BVALID_RESET", "m_axi"): ("bvalid", {"AXI4_ERRS_BRESP_AW"}),
    ("AXI4_ERRM_ARVALID_RESET", "m_axi"): ("arvalid", set[str]()),
    ("AXI4_ERRS_RVALID_RESET", "m_axi"): ("rvalid", {"AXI4_ERRS_RID"}),
    ("AXI4_ERRM_AWVALID_RESET", "s_axil"): ("lvalid_aw", set[str]()),
    ("AXI4_ERRM_WVALID_RESET", "s_axil"): ("lvalid_w", set[str]()),
    ("AXI4_ERRS_BVALID_RESET", "s_axil"): ("lvalid_b", {"AXI4_ERRS_BRESP_AW", "AXI4_ERRS_BRESP_WLAST"}),
    ("AXI4_ERRM_ARVALID_RESET", "s_axil"): ("lvalid_ar", set[str]()),
    ("AXI4_ERRS_RVALID_RESET", "s_axil"): ("lvalid_r", {"AXI4_ERRS_RID"}),
    ("AXI4STREAM_ERRM_TVALID_RESET", "m_axis"): ("tvalid", set[str]()),
}
# Rules that a simulation's end or its memory finds; their tests are named in the table.
ELSEWHERE = {
    "AXI4_ERRS_BRESP_ALL_DONE_EOS", "AXI4_ERRS_RLAST_ALL_DONE_EOS", "AXI4STREAM_ERRM_STREAM_ALL_DONE_EOS",
}  # fmt: skip


@pytest.mark.parametrize(("rule", "port"), list(CASES), ids=lambda v: v)
def test_broken_rule_fires_alone_at_its_port_and_clock(rule: str, port: str) -> None:
    clocks = CASES[rule, port]
    found = fired([*RESET, *clocks])
    assert {(name, where) for _, name, where, _ in found} == {(rule, port)}, found
    if "MAX_WAIT" not in rule:
        assert [clock for clock, *_ in found] == [len(RESET) + len(clocks) - 1]
    if rule.endswith("_STABLE") and not rule.endswith("VALID_STABLE"):
        assert re.fullmatch(r"was 0x[0-9a-f]+, is 0x[0-9a-f]+, and nobody had taken the offer", found[0][3])


@pytest.mark.parametrize(("rule", "port"), list(RESETS), ids=lambda v: v)
def test_valid_as_reset_ends_fires(rule: str, port: str) -> None:
    pin, others = RESETS[rule, port]
    found = fired(["rst_ni=0", f"{pin}=1", "rst_ni=1"])
    assert {name for _, name, _, _ in found} == {rule} | others
    assert {where for _, _, where, _ in found} == {port}


def test_offers_that_wait_less_than_the_limit_are_not_told() -> None:
    assert fired([*RESET, f"{WRITE} awready=0 max_wait=20", *["max_wait=20"] * 14, "awready=1"]) == []


# -- legal traffic ------------------------------------------------------------------------------------------------


def _lanes(addr: int, size: int, beat: int, length: int, burst: int) -> int:
    """Strobes that a beat may use, on a bus of 8 bytes."""
    step = 1 << size
    first = addr
    if beat and burst != 0:
        first = addr // step * step + beat * step
        if burst == 2:
            total = step * length
            first = addr // total * total + first % total
    end = first // step * step + step
    return sum(1 << (i % 8) for i in range(first, end))


class _Traffic:
    """Random legal bursts at one AXI4 port, with offers that wait, and data before, with or after its address."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def burst(self) -> tuple[int, int, int, int, int]:
        """ID, address, beats, size, type."""
        rng = self.rng
        size, kind = rng.randrange(4), rng.randrange(3)
        beats = rng.choice((2, 4, 8, 16)) if kind == 2 else rng.randint(1, 16)
        addr = rng.randrange(0, 4096)
        if kind == 2:
            addr = addr >> size << size
        if kind == 1:
            beats = min(beats, (4096 - (addr >> size << size)) >> size)
        return rng.randrange(4), 0x7000 + addr, beats, size, kind

    def offer(self, valid: str, ready: str, fields: str, waits: int) -> list[str]:
        return [f"{valid}=1 {ready}=0 {fields}"] + [""] * waits + [f"{ready}=1", f"{valid}=0 {ready}=0"]

    def read(self, channel: str, ident: int, beats: int) -> list[str]:
        out = self.offer("arvalid", "arready", channel, self.rng.randrange(3))
        for i in range(beats):
            fields = f"rid={ident} rlast={int(i == beats - 1)} rdata={i}"
            out += self.offer("rvalid", "rready", fields, self.rng.randrange(2))
        return out

    def write(self, channel: str, ident: int, strobes: list[int]) -> list[str]:
        rng = self.rng
        address = self.offer("awvalid", "awready", channel, rng.randrange(3))
        words: list[str] = []
        for i, lanes in enumerate(strobes):
            some = rng.getrandbits(8) & lanes if rng.random() < 0.5 else lanes
            fields = f"wstrb={some} wlast={int(i == len(strobes) - 1)} wdata={i}"
            words += self.offer("wvalid", "wready", fields, rng.randrange(2))
        at = rng.choice((0, 0, len(words), rng.randrange(len(words) + 1)))
        n = max(len(words), at + len(address))
        words += [""] * (n - len(words))
        address = [""] * at + address + [""] * (n - at - len(address))
        both = [f"{a} {w}" for a, w in zip(address, words, strict=True)]
        return both + self.offer("bvalid", "bready", f"bid={ident}", rng.randrange(2))

    def run(self, count: int) -> list[str]:
        out = list(RESET)
        for _ in range(count):
            ident, addr, beats, size, kind = self.burst()
            c = self.rng.choice(("ar", "aw"))
            channel = f"{c}id={ident} {c}addr={addr} {c}len={beats - 1} {c}size={size} {c}burst={kind} {c}cache=3"
            if c == "ar":
                out += self.read(channel, ident, beats)
            else:
                out += self.write(channel, ident, [_lanes(addr, size, i, beats, kind) for i in range(beats)])
        return out


@pytest.mark.parametrize("seed", range(20))
def test_legal_bursts_break_no_rule(seed: int) -> None:
    """Every type, size and alignment; strobes within their lanes; data before, with and after its address."""
    assert fired(_Traffic(seed).run(60)) == []


def test_interleaved_reads_are_counted_by_id() -> None:
    reads = [READ + " arlen=2", READ + " arid=2 arlen=1", READ + " arid=1 arlen=0", "arvalid=0"]
    beats = ["rvalid=1 rready=1 rid=1 rlast=0", "rid=2", "rid=1", "rid=2 rlast=1", "rid=1", "rid=1", "rvalid=0"]
    assert fired([*RESET, *reads, *beats]) == []


def test_writes_of_two_ids_are_answered_in_any_order() -> None:
    writes = [WRITE, WRITE + " awid=2 wvalid=1 wready=1 wstrb=0xff wlast=1", "awvalid=0", "wvalid=0"]
    assert fired([*RESET, *writes, "bvalid=1 bready=1 bid=2", "bid=1", "bvalid=0"]) == []


# -- the table ----------------------------------------------------------------------------------------------------


def _table() -> dict[str, list[str]]:
    """The rows of docs/bus-rules.md by rule: says, section, checked in, fires in."""
    rows = {}
    for line in TABLE.read_text().splitlines():
        if not line.startswith("| `"):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        for rule in re.findall(r"`([A-Z0-9_]+)`", cells[0]):
            assert len(cells) == 5, line
            rows[rule] = cells[1:]
    return rows


def _code() -> dict[str, set[str]]:
    """The rules that the code names, each with the files that name it."""
    found: dict[str, set[str]] = {}
    paths = [p for p in (ROOT / "tb").rglob("*") if p.suffix in {".sv", ".cpp", ".h", ".py"}]
    for path in paths:
        for rule in re.findall(r'"([A-Z0-9_]+)"', path.read_text()) + re.findall(r"\((\w+_EOS)\)", path.read_text()):
            if RULE.fullmatch(rule):
                found.setdefault(rule, set()).add(str(path.relative_to(ROOT)))
    return found


def test_table_and_code_name_the_same_rules() -> None:
    checked = {rule: row for rule, row in _table().items() if row[3] != "not applicable"}
    code = _code()
    assert set(checked) == set(code)
    for rule, row in checked.items():
        assert set(re.findall(r"`([\w/.]+)`", row[2])) == code[rule], rule


def test_every_rule_of_the_table_has_a_test_that_fires_it() -> None:
    here = {rule for rule, _ in [*CASES, *RESETS]}
    for rule, row in _table().items():
        if row[3] == "not applicable":
            assert row[2] == "-", f"{rule} is checked and not applicable"
        elif rule in ELSEWHERE:
            file, _, test = row[3].strip("`").partition("::")
            assert f"async def {test}(" in (ROOT / "tests/meta" / file).read_text(), rule
            assert rule in (ROOT / "tests/meta" / file).read_text(), rule
        else:
            assert row[3] == "`test_bus_rules.py`" and rule in here, rule
    assert here <= set(_table())
