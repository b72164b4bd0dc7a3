# SPDX-License-Identifier: Apache-2.0
"""The host side of Ringside: Linux's network stack, its drivers, and the seam to the hardware."""
