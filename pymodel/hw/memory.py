# SPDX-License-Identifier: Apache-2.0
"""Host memory as Python sees it: one flat array shared with the simulator, with permissions for the device."""
