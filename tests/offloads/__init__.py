# SPDX-License-Identifier: Apache-2.0
"""The campaign of ``make offloads``."""
