# SPDX-License-Identifier: Apache-2.0
"""How the records of each family are replayed on the host model: a module for each file of records or part of it.

Every module here has ``FAMILIES``, a list of :class:`tests.oracle.family.Family`.
"""

from __future__ import annotations

import importlib
import pkgutil

from tests.oracle.family import Family

__all__ = ["families"]


def families() -> dict[str, Family]:
    """Every family, by the ``fam`` of its records."""
    found: dict[str, Family] = {}
    for info in pkgutil.iter_modules(__path__):
        for family in importlib.import_module(f"{__name__}.{info.name}").FAMILIES:
            assert family.fam not in found, f"two modules replay {family.fam}"
            found[family.fam] = family
    return found
