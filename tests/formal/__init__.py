# SPDX-License-Identifier: Apache-2.0
"""``make formal``: proofs of the NIC's modules, and of their assumptions' power: planted bugs must break them."""
