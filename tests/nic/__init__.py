# SPDX-License-Identifier: Apache-2.0
"""The NIC-neutral scenarios as tests."""
