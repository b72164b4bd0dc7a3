# SPDX-License-Identifier: Apache-2.0
"""Settings of all tests. Property tests draw from the seed of the run, so that ``SEED=`` repeats them as well."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

# What hypothesis learns of the sources belongs with everything else that can be made again.
set_hypothesis_home_dir(Path(__file__).parents[1] / "build" / "hypothesis")

# A deadline per example would measure the machine's load: pytest-timeout guards each test as a whole.
hypothesis.settings.register_profile("ringside", deadline=None, database=None)
hypothesis.settings.load_profile("ringside")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give hypothesis the seed of the run unless the command line has one of its own."""
    if config.getoption("--hypothesis-seed", None) is None:
        config.option.hypothesis_seed = os.environ.get("RINGSIDE_SEED", "1")


@pytest.fixture
def heeds_sigint() -> Iterator[None]:
    """What the test starts hears of SIGINT. A shell's background job ignores it, and so does all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
