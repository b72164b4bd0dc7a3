# SPDX-License-Identifier: Apache-2.0
"""The seam between kernel code and hardware: memory, MMIO, interrupts, time and model CPUs."""
