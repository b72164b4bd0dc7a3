# SPDX-License-Identifier: Apache-2.0
"""The testbench: environment, wire, checks, and all that touches the simulator."""
