# SPDX-License-Identifier: Apache-2.0
"""Bugs put into the RTL and the drivers on purpose, to see the testbench find them: ``make mutants``."""
