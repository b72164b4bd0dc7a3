# SPDX-License-Identifier: Apache-2.0
"""The comparison with the kernel's records finds what differs, and says where."""

from __future__ import annotations

import copy
import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.families import families
from tests.oracle.family import Family, NotExpressed, Record, differences
from tests.oracle.records import SAMPLE, BadRecords, files, items
from tests.oracle.run import replay, run

ROOT = Path(__file__).parents[2]
README = Path(__file__).parent / "README.md"


def _double(record: Record, context: Record | None) -> Record:
    if record["n"] == 13:
        raise NotExpressed("thirteen")
    return {"twice": record["n"] * 2, "steps": [{"n": n} for n in range(record["n"])], "why": "ours"}


DOUBLE = Family("double", _double, frozenset({"id", "n"}), left_out={"why": "free text"})


def _record(**changes: Any) -> Record:
    return {"fam": "double", "id": 7, "n": 2, "twice": 4, "steps": [{"n": 0}, {"n": 1}], "why": "kernel's", **changes}


def test_what_is_equal_passes_and_what_is_left_out_is_not_compared() -> None:
    assert replay(("x.jsonl:1", _record(), None), {"double": DOUBLE}).found == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"twice": 5}, "twice: kernel 5, ours 4"),
        ({"twice": None}, "twice: kernel null, ours 4"),
        ({"steps": [{"n": 0}, {"n": 3}]}, "steps[1].n: kernel 3, ours 1"),
        ({"steps": [{"n": 0}]}, 'steps[1]: kernel nothing, ours {"n": 1}'),
        ({"steps": [{"n": 0, "more": 1}, {"n": 1}]}, "steps[0].more: kernel 1, ours nothing"),
        ({"seen": 1}, "seen: kernel 1, ours nothing"),
    ],
)
def test_each_kind_of_difference_is_found_with_its_path(changes: Record, path: str) -> None:
    found = replay(("x.jsonl:1", _record(**changes), None), {"double": DOUBLE}).found
    assert [str(difference) for difference in found] == [path]


def test_a_field_that_the_kernel_does_not_have_is_a_difference() -> None:
    record = _record()
    del record["twice"]
    assert [d.path for d in differences(DOUBLE, record, _double(record, None))] == ["twice"]


def test_what_the_inputs_leave_open_passes_with_each_outcome_and_fails_with_others() -> None:
    def also(record: Record, context: Record | None) -> Iterator[Record]:
        yield {**_double(record, context), "twice": 6}

    left_open = Family("double", _double, DOUBLE.inputs, DOUBLE.left_out, also=also)
    for twice, passes in ((4, True), (6, True), (5, False)):
        found = replay(("x.jsonl:1", _record(twice=twice), None), {"double": left_open}).found
        assert (found == []) == passes, twice
        assert passes or str(found[0]) == "twice: kernel 5, ours 4"


def test_an_exception_an_unknown_family_and_what_is_not_expressed_are_told_apart() -> None:
    raised = replay(("x.jsonl:1", {"fam": "double", "id": 3}, None), {"double": DOUBLE})
    assert "KeyError: 'n' [test_harness.py:" in str(raised.found[0])
    assert raised.where == "x.jsonl:1 id 3"
    assert replay(("x.jsonl:1", {"fam": "triple"}, None), {"double": DOUBLE}).found
    assert replay(("x.jsonl:1", _record(n=13), None), {"double": DOUBLE}).not_expressed == "thirteen"


def test_what_is_compared_by_length_must_be_as_long() -> None:
    family = Family("x", lambda record, context: {}, frozenset(), by_length={"key": "given, but not kept"})
    assert not list(differences(family, {"key": "abcd"}, {"key": "0000"}))
    for ours in ("000", None):
        assert [d.path for d in differences(family, {"key": "abcd"}, {"key": ours})] == ["key"]


def test_a_family_with_a_history_gets_the_records_since_its_context(tmp_path: Path) -> None:
    family = Family("a", lambda record, context: {}, frozenset(), context="cfg", history=True)
    cfg = Family("cfg", lambda record, context: {}, frozenset())
    lines = [{"fam": "cfg", "max": 1}, *({"fam": "a", "id": n} for n in range(2)), {"fam": "cfg", "max": 2}]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, [*lines, {"fam": "a", "id": 2}])))
    contexts = [context for _, record, context in items(tmp_path / "x.jsonl", {"a": family, "cfg": cfg}) if context]
    assert contexts == [
        {"fam": "cfg", "max": 1, "before": [], "previous": None},
        {"fam": "cfg", "max": 1, "before": [{"fam": "a", "id": 0}], "previous": None},
        {"fam": "cfg", "max": 2, "before": [], "previous": {"fam": "a", "id": 1}},
    ]


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key in value:
            yield from _leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for at in range(len(value)):
            yield from _leaves(value[at], (*path, at))
    else:
        yield path


def _changed(value: Any) -> Any:
    if isinstance(value, str):
        return value + "!"
    return 1 if value is None else value + 1


@pytest.mark.parametrize("path", files(SAMPLE), ids=lambda path: path.name.split(".")[0])
def test_a_change_of_any_observed_value_of_any_record_is_found(path: Path) -> None:
    """The kinds of value are the paths without indices: the first of each kind in a family is changed."""
    known = families()
    seen: set[tuple[Any, ...]] = set()
    for place, record, context in items(path, known):
        family = known[record["fam"]]
        new = []
        for leaf in _leaves({k: v for k, v in record.items() if k != "fam" and k not in family.inputs}):
            kind = (record["fam"], *(part for part in leaf if isinstance(part, str)))
            if kind not in seen and ".".join(kind[1:]) not in family.left_out:
                seen.add(kind)
                new.append(leaf)
        if not new:
            continue
        try:
            ours = family.replay(record, context)
            may = list(family.also(record, context)) if family.also is not None else []
        except NotExpressed:
            continue
        for leaf in new:
            other = copy.deepcopy(record)
            at: Any = other
            for part in leaf[:-1]:
                at = at[part]
            at[leaf[-1]] = _changed(at[leaf[-1]])
            for outcome in (ours, *may):
                assert list(differences(family, other, outcome)), f"{place}: {leaf} is not compared"


# -- what a replay reads ------------------------------------------------------------------------------------------
# The inputs that stand among what was observed, by family. A path names the fields; of a list that is an event
# (``["ret", 0, {..}]``) it names the event and the position: ``trace.ret.1``. Events themselves are inputs where the
# recorder did something; the others are in no list here. Whatever no pattern matches, a replay must not depend on.
_INPUTS = {
    "csum_complete_ops": "ops.op ops.n ops.bytes",
    "dma": "ops.(op|off|n|seed|skip_cpu_sync)",
    "dql": "ops.(op|n)",
    "irq": "trace.op.[1-3] trace.op.3.(shared|oneshot|no_autoen) trace.cfg.1.(hret|hnapi|hdis|edge_again)",
    "lifecycle": "trace.op.1 trace.op.2 trace.op.2.(addr|sa_family)",
    "napi": "trace.(netif_napi_add|napi_enable|napi_disable|netif_napi_del|napi_schedule|napi_complete_done"
    "|napi_if_scheduled_mark_missed|set_DISABLE|clear_DISABLE|final).1 trace.napi_complete_done.2",
    "pick_tx": "picks.(prio|hash|rxq)",
    "skb_alloc": "data_len",  # of alloc_skb_with_frags; elsewhere it is observed
    "skb_ops": "init.(fn|size) ops.(op|slot|to|from|n|off|seed|truesize|nhead|ntail|new_alloc)",
    "softirq": "trace.(tasklet_schedule|tasklet_hi_schedule|tasklet_disable_nosync|tasklet_enable).1"
    " trace.cfg.1.(again|hi_schedules_tasklet0)",
    "tx": "trace.dev_queue_xmit.1.(id|len|prio|rxq) trace.complete.1.(q|n) trace.inject_busy.1.(q|n)"
    " trace.netif_tx_(stop|wake)_queue.1",
    "tx_timeout": "trace.dev_queue_xmit.1.(id|q) trace.netif_tx_stop_queue.1 trace.complete.1.(q|n)",
    "vlan_ops": "ops.(op|proto|tci)",
}
# Families in whose traces operations and observations are mixed: the events that are operations.
_OPERATIONS = {
    "irq": "op cfg fire",
    "lifecycle": "op",
    "softirq": "cfg bh_disable bh_enable tasklet_schedule tasklet_hi_schedule tasklet_disable_nosync tasklet_enable "
    "napi_schedule nested_bh_disable_enable",
    "tx": "dev_queue_xmit complete inject_busy netif_tx_stop_queue netif_tx_wake_queue bh_enable drain",
    "tx_timeout": "dev_queue_xmit netif_tx_stop_queue complete bh_enable sleep_until_timeout_or_2600ms",
}


def _scrambled(value: Any, path: str, inputs: re.Pattern[str]) -> Any:
    """A copy with other values in all places that are no inputs."""
    if isinstance(value, dict):
        return {key: _scrambled(v, f"{path}.{key}", inputs) for key, v in value.items()}
    if isinstance(value, list):
        if path in ("trace", "ops") and isinstance(value[0], str):
            event = f"{path}.{value[0]}"
            return [value[0], *(_scrambled(v, f"{event}.{at}", inputs) for at, v in enumerate(value[1:], 1))]
        return [_scrambled(v, path, inputs) for v in value]
    return value if inputs.fullmatch(path) else _changed(value)


def _without_observations(record: Record, family: Family) -> Record:
    """A copy of a record that has no true observation: values are others, events that are no operations are gone."""
    fam = record["fam"]
    inputs = re.compile("|".join(pattern.replace(".", r"\.") for pattern in _INPUTS.get(fam, "(?!)").split()))
    other = {k: v if k == "fam" or k in family.inputs else _scrambled(v, k, inputs) for k, v in record.items()}
    if fam in _OPERATIONS:
        other["trace"] = [event for event in other["trace"] if event[0] in _OPERATIONS[fam].split()]
    elif fam == "napi":
        other["trace"] = list(_outside_of_polls(other["trace"]))
    return other


def _outside_of_polls(trace: list[Any]) -> Iterator[Any]:
    """What polls do stands between these events."""
    polling = False
    for event in trace:
        polling = polling and event != ["quiet"]
        if not polling:
            yield event
        polling = polling or event[0] in ("bh_enable", "sleep_until_idle")


def _context_without_observations(context: Record | None, family: Family, known: dict[str, Family]) -> Record | None:
    if context is None:
        return None
    other = _without_observations({k: v for k, v in context.items() if k != "before"}, known[context["fam"]])
    if "before" in context:
        other["before"] = [_without_observations(earlier, family) for earlier in context["before"]]
        other["previous"] = context["previous"]
    return other


def _told(family: Family, record: Record, context: Record | None) -> str:
    """What a replay says, and what else it says where something is open (the first few of it)."""
    may = islice(family.also(record, context), 3) if family.also is not None else ()
    return json.dumps([family.replay(record, context), *may], default=repr)


@pytest.mark.parametrize("path", files(SAMPLE), ids=lambda path: path.name.split(".")[0])
def test_no_replay_looks_at_what_the_kernel_did(path: Path) -> None:
    """Replays of records whose observations are all others say the same."""
    known = families()
    for place, record, context in items(path, known):
        family = known[record["fam"]]
        other = _without_observations(record, family)
        if set(record) - set(family.inputs) - {"fam"}:
            assert other != record, place
        other_context = _context_without_observations(context, family, known)
        assert _told(family, other, other_context) == _told(family, record, context), place


@pytest.mark.parametrize(
    ("fam", "looks"),
    [
        ("dql", lambda record: record["ops"][-1]["st"]["limit"]),
        ("tx", lambda record: [event for event in record["trace"] if event[0] == "ndo_start_xmit"]),
        ("tx", lambda record: next(event[1] for event in record["trace"] if event[0] == "ret")),
        ("lifecycle", lambda record: next(event[1:] for event in record["trace"] if event[0] == "notify")),
        ("napi", lambda record: [event for event in record["trace"] if event[0] == "poll"]),
        ("gso", lambda record: record["network_seglen_ok_1500"]),
    ],
)
def test_a_replay_that_looks_at_what_the_kernel_did_is_found(fam: str, looks: Callable[[Record], Any]) -> None:
    known = families()
    name = "tx" if fam == "dql" else fam
    record = next(record for _, record, _ in items(SAMPLE / f"{name}.jsonl.gz", known) if record["fam"] == fam)
    other = _without_observations(record, known[fam])
    try:
        assert looks(other) != looks(record)
    except StopIteration:
        pass  # the event is gone


def test_fields_that_are_left_out_or_compared_by_length_are_in_the_readme() -> None:
    rows = re.findall(r"^\| (\w+) \| ([\w., ]+) \| .+ \|$", README.read_text(), re.MULTILINE)
    listed = {(fam, field) for fam, fields in rows for field in fields.split(", ")}
    known = families()
    assert {(f.fam, field) for f in known.values() for field in (*f.left_out, *f.by_length)} == {
        (fam, field) for fam, field in listed if fam in known and field != "Field"
    }


def _oracle(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.oracle", *words], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def _csum(tmp_path: Path) -> list[str]:
    known = families()
    found = [record for _, record, _ in items(SAMPLE / "csum.jsonl.gz", known) if record["fam"] == "csum_partial"]
    return [json.dumps(record) for record in found[:40]]


def test_command_prints_a_line_a_family_and_succeeds(tmp_path: Path) -> None:
    (tmp_path / "csum.jsonl").write_text("\n".join(_csum(tmp_path)) + "\n")
    done = _oracle("--oracle", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "csum_partial: 40 passed, 0 failed"


def test_command_names_record_field_and_both_values_and_fails(tmp_path: Path) -> None:
    lines = _csum(tmp_path)
    record = json.loads(lines[3])
    record["fold"] ^= 1
    lines[3] = json.dumps(record)
    with gzip.open(tmp_path / "csum.jsonl.gz", "wt") as file:
        file.write("\n".join(lines))
    done = _oracle("--oracle", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.splitlines()[:2] == [
        "csum_partial: 39 passed, 1 failed",
        f"    csum.jsonl:4 id {record['id']}: fold: kernel {record['fold']}, ours {record['fold'] ^ 1}",
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.jsonl", b"{", "line 1: not JSON"),
        ("x.jsonl", b"[]", "line 1: a JSON object with a 'fam' is wanted"),
        ("x.jsonl.gz", gzip.compress(b'{"fam": "gro"}\n' * 999, mtime=0)[:-20], "cannot be read"),
        ("x.jsonl.gz", b"plain", "cannot be read"),
        ("x.txt", b"", "no *.jsonl or *.jsonl.gz file in it"),
    ],
)
def test_a_bad_folder_is_told_with_exit_code_2(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    done = _oracle("--oracle", str(tmp_path))
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    with pytest.raises(BadRecords):
        for path in files(tmp_path):
            items(path, families())


def test_command_takes_a_relative_folder_and_fails_for_a_family_that_nobody_replays(tmp_path: Path) -> None:
    (tmp_path / "some.jsonl").write_text("\n".join([*_csum(tmp_path)[:3], '{"fam": "new", "id": 4}']) + "\n")
    done = _oracle("--oracle", os.path.relpath(tmp_path, ROOT))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[:2] == ["csum_partial: 3 passed, 0 failed", "new: 0 passed, 1 failed"]
    assert lines[2].startswith("    some.jsonl:4 id 4: fam: kernel \"new\"")


def test_records_are_replayed_alike_in_one_process_and_in_two() -> None:
    known = families()
    found = items(SAMPLE / "csum.jsonl.gz", known)[:200]
    one, two = run(found), run(found, jobs=2)
    assert {fam: o.line(fam) for fam, o in one.items()} == {fam: o.line(fam) for fam, o in two.items()}


def test_an_ethtool_record_without_its_device_takes_the_recordings_or_is_not_expressed() -> None:
    known = families()
    rows = [item for item in items(SAMPLE / "ethtool.jsonl.gz", known) if item[1]["fam"] == "ethtool"]
    alone = [replay((place, record, None), known) for place, record, _ in rows]
    assert len(alone) > 50
    assert not [str(d) for result in alone for d in result.found]
    assert not [result for result in alone if result.not_expressed]
    place, record, _ = rows[0]
    stranger = replay((place, {**record, "cfg_seed": 1_000_000}, None), known)
    assert stranger.not_expressed == "no ethtool_cfg record of its device"
