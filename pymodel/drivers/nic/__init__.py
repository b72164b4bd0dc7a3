# SPDX-License-Identifier: Apache-2.0
"""The reference NIC: its driver, and its behaviour in Python (softnic).

nic_hw (generated) holds the hardware's facts; nic_main binds the device; nic_netdev is the net device; nic_tx and
nic_rx are the data paths; nic_ethtool answers ethtool; nic_ops answers the testbench.
"""
