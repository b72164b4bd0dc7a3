# SPDX-License-Identifier: Apache-2.0
"""The far end of the wire: captures, the peer that sends, and how flows are told apart."""
