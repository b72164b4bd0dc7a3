# SPDX-License-Identifier: Apache-2.0
"""Tests of the project itself: its layers, its tree, its documents."""
