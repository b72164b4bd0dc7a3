# SPDX-License-Identifier: Apache-2.0
"""The host model against records of a real Linux kernel."""
