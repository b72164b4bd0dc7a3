# SPDX-License-Identifier: Apache-2.0
"""``make bench``: how fast the testbench is, against its own limit and against what one would write today."""
