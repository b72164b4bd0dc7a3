# SPDX-License-Identifier: Apache-2.0
"""The tree keeps its promises: licence lines, a README in each folder, true documents, a complete lock."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.meta.tree import ROOT, files

_SOURCES = (".py", ".sv", ".svh", ".cpp", ".h", ".mk", ".sh", ".toml", ".vlt", ".rdl", ".f")
_SCREEN = 75  # lines
# Guides, not signposts: the programmer's guide, the map of Linux symbols, and the front page.
_LONGER = {Path("README.md"), Path("rtl/README.md"), Path("pymodel/README.md")}
# One piece by nature: the list of names that pymodel.linux exports.
_UNDIVIDED = {Path("pymodel/linux/__init__.py")}


def _readmes() -> list[Path]:
    return [p for p in files(".md") if p.name == "README.md"]


def test_every_source_begins_with_its_licence() -> None:
    bare = []
    for path in files(*_SOURCES):
        head = (ROOT / path).read_text().split("\n", 3)[:2]
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in head):
            bare.append(str(path))
    assert not bare, f"no SPDX line in {bare}"


def test_every_folder_says_what_lives_there() -> None:
    folders = {parent for path in files() for parent in path.parents if not path.parts[0].startswith(".")}
    mute = sorted(str(folder) for folder in folders if not (ROOT / folder / "README.md").is_file())
    assert not mute, f"no README.md in {mute}"


def test_readmes_fit_on_a_screen() -> None:
    lengths = {str(p): len((ROOT / p).read_text().splitlines()) for p in _readmes() if p not in _LONGER}
    assert {name: n for name, n in lengths.items() if n > _SCREEN} == {}


def test_no_source_is_longer_than_600_lines() -> None:
    """docs/design.md's layout: small files. Generated ones are as long as what they come from."""
    long = {}
    for path in files(".py", ".sv", ".svh", ".cpp", ".h"):
        text = (ROOT / path).read_text()
        if path not in _UNDIVIDED and text.count("\n") > 600 and "generated" not in text[:400].lower():
            long[str(path)] = text.count("\n")
    assert not long


def test_python_files_postpone_annotations() -> None:
    line = "from __future__ import annotations"
    bare = [str(p) for p in files(".py") if p.name != "__init__.py" and line not in (ROOT / p).read_text()]
    assert not bare, f"lacks '{line}': {bare}"


@pytest.mark.parametrize("document", [str(p) for p in files(".md")])
def test_links_of_a_document_lead_somewhere(document: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / document).read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in link and not link.startswith("mailto:"):
            assert (ROOT / document).parent.joinpath(link).exists(), f"{document} links to {link}"


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_front_page_names_exactly_the_targets_that_exist() -> None:
    named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text()))
    assert named == _targets()


def test_make_alone_prints_every_target() -> None:
    out = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in out.splitlines() if line.startswith("  ")} >= _targets()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["test", "SEED=x"], "SEED=x is not possible: it must be a whole number"),
        (["test", "WAVES=maybe"], "WAVES=maybe is not possible: it must be 0 or 1"),
        (["unit", "JOBS=0"], "JOBS=0 is not possible: it must be 1 or more"),
        (["sim", "DUT=foo", "BACKEND=soft"], "DUT=foo is not known"),
        (["sim", "PCAP=nowhere.pcap"], "nowhere.pcap: cannot be read: No such file or directory"),
        (["sim", "SEED=x"], "SEED=x is not possible: it must be a whole number"),
        (["sim", "WAVES=maybe"], "WAVES=maybe is not possible: it must be 0 or 1"),
        (["sim", "RATE=fast"], "RATE=fast is not possible: it must be a number of Gb/s"),
        (["sim", "BACKEND=fpga"], "BACKEND=fpga is not possible: it must be rtl or soft"),
        (["sim", "TIMING=now"], "TIMING=now is not possible: it must be back-to-back or capture"),
        (["sim", "QUEUES=17", "BACKEND=soft"], "QUEUES=17 is not possible"),
        (["regress", "SEEDS=many"], "SEEDS=many is not possible: it must be 1 or more"),
        (["regress", "SEEDS=0"], "SEEDS=0 is not possible"),
    ],
)
def test_a_wrong_parameter_is_told_with_exit_code_2(words: list[str], message: str) -> None:
    done = subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    # Under `make test` the make that the test starts is the second one, and calls itself make[1].
    said = [line for line in done.stderr.splitlines() if not re.match(r"make(\[\d+\])?: \*\*\*", line)]
    assert len(said) == 1, done.stderr
    assert message in said[0]


def test_the_lock_holds_all_that_is_asked_for_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for name, version in (re.match(r"([a-z0-9-]+) == ([0-9.]+)", line).groups() for line in asked):  # type: ignore[union-attr]
        assert locked.get(name) == version, f"run tools/lock.sh: {name} {version} is not locked"
    entries = re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in lock, "the lock names an index"


def test_no_file_names_a_folder_of_one_machine() -> None:
    places = re.compile(r"(?<![\w.])/(work|farm|home|root|Users)/[a-z]\w*")
    found = []
    for path in files(*_SOURCES, ".md", ".lock", ".rules", ""):
        found += [f"{path}: {m[0]}" for m in places.finditer((ROOT / path).read_text(errors="replace"))]
    assert not found
