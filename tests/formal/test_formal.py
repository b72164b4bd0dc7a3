# SPDX-License-Identifier: Apache-2.0
"""The quick proofs and their deliberate bugs, where the tools of `make formal` are installed; the task table always."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.formal import prover
from tests.formal.prover import HERE, ROOT, Job, load_tasks, tools_problem

TASKS = load_tasks()
QUICK = [job for task in TASKS.values() if task.quick for job in task.jobs()]


@pytest.mark.skipif(tools_problem() is not None, reason=str(tools_problem()))
@pytest.mark.parametrize("job", QUICK, ids=lambda job: job.name)
def test_formal_quick_job_ends_as_it_must(job: Job) -> None:
    outcome = job.run(timeout=300)
    assert outcome.good, outcome.text


@pytest.mark.skipif(tools_problem() is not None, reason=str(tools_problem()))
@pytest.mark.parametrize("name", TASKS)
def test_formal_harness_and_bugs_fit_the_rtl(name: str) -> None:
    """Of the slow tasks too, which only `make formal` runs: a name that the RTL has no more is found here."""
    for job in TASKS[name].jobs():
        if job.kind != "cover":  # the same sources as the proof
            assert job.elaborate() == "", job.name


@pytest.mark.skipif(tools_problem() is not None, reason=str(tools_problem()))
def test_formal_name_that_is_gone_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ring_ctl_proof.sv").write_text(
        TASKS["ring_ctl"].harness.read_text().replace("dut.run_q", "dut.gone_q")
    )
    monkeypatch.setattr(prover, "HERE", tmp_path)
    assert "could not resolve hierarchical path name 'gone_q'" in Job(TASKS["ring_ctl"], "prove").elaborate()


def test_formal_each_harness_has_a_task_and_each_task_a_bug() -> None:
    assert set(HERE.glob("*.sv")) == {task.harness for task in TASKS.values()}
    assert not [task.name for task in TASKS.values() if not task.bugs or not task.cover]


@pytest.mark.parametrize("name", TASKS)
def test_formal_bugs_change_what_is_there_and_name_properties_that_exist(name: str) -> None:
    """A bug whose text has gone would prove nothing; so would one that no property of that name can find."""
    task = TASKS[name]
    texts = {source: (ROOT / "rtl" / source).read_text() for source in task.sources}
    harness = task.harness.read_text()
    shared = [path.read_text() for path in HERE.glob("*.svh") if f'`include "{path.name}"' in harness]
    stated = "".join([*texts.values(), harness, *shared])
    properties = set(re.findall(r"NIC_ASSERT(?:_IF|_RST)?\((\w+)", stated))
    for bug in task.bugs:
        assert texts[bug.file].count(bug.old) == 1, bug.name
        assert bug.fails in properties, bug.name
