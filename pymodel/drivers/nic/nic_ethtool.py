# SPDX-License-Identifier: Apache-2.0
"""What ethtool asks: identity, ring sizes, channels, link, statistics by name."""

from __future__ import annotations
