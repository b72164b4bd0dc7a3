# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the unit tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pymodel.hw.access import set_machine


@pytest.fixture
def host() -> Iterator[Any]:
    """``host(queues=2, ...)`` makes a whole host on the soft NIC (soft_host.py). One is in force at a time."""
    from tests.unit.soft_host import Host

    yield Host
    set_machine(None)
