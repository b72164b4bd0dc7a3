# SPDX-License-Identifier: Apache-2.0
"""Drivers written against :mod:`pymodel.linux`, one package a NIC."""
