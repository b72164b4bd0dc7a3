# SPDX-License-Identifier: Apache-2.0
"""Scenarios: what a NIC and its driver must live through. They know no NIC; see tb/env.py."""
