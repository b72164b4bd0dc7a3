# SPDX-License-Identifier: Apache-2.0
"""What a device can do: NETIF_F_*, and the masks made of them. Source: include/linux/netdev_features.h, v6.12."""

from __future__ import annotations

__all__ = [
    "NETDEV_FEATURE_COUNT", "NETIF_F_ALL_FCOE", "NETIF_F_ALL_FOR_ALL", "NETIF_F_ALL_TSO", "NETIF_F_CSUM_MASK",
    "NETIF_F_ETHTOOL_BITS", "NETIF_F_FCOE_CRC", "NETIF_F_FRAGLIST", "NETIF_F_FSO", "NETIF_F_GRO",
    "NETIF_F_GRO_FRAGLIST", "NETIF_F_GRO_HW", "NETIF_F_GRO_UDP_FWD", "NETIF_F_GSO", "NETIF_F_GSO_ENCAP_ALL",
    "NETIF_F_GSO_ESP", "NETIF_F_GSO_FRAGLIST", "NETIF_F_GSO_GRE", "NETIF_F_GSO_GRE_CSUM", "NETIF_F_GSO_IPXIP4",
    "NETIF_F_GSO_IPXIP6", "NETIF_F_GSO_MASK", "NETIF_F_GSO_PARTIAL", "NETIF_F_GSO_ROBUST", "NETIF_F_GSO_SCTP",
    "NETIF_F_GSO_SHIFT", "NETIF_F_GSO_SOFTWARE", "NETIF_F_GSO_TUNNEL_REMCSUM", "NETIF_F_GSO_UDP", "NETIF_F_GSO_UDP_L4",
    "NETIF_F_GSO_UDP_TUNNEL", "NETIF_F_GSO_UDP_TUNNEL_CSUM", "NETIF_F_HIGHDMA", "NETIF_F_HW_CSUM", "NETIF_F_HW_ESP",
    "NETIF_F_HW_ESP_TX_CSUM", "NETIF_F_HW_HSR_DUP", "NETIF_F_HW_HSR_FWD", "NETIF_F_HW_HSR_TAG_INS",
    "NETIF_F_HW_HSR_TAG_RM", "NETIF_F_HW_L2FW_DOFFLOAD", "NETIF_F_HW_MACSEC", "NETIF_F_HW_TC", "NETIF_F_HW_TLS_RECORD",
    "NETIF_F_HW_TLS_RX", "NETIF_F_HW_TLS_TX", "NETIF_F_HW_VLAN_CTAG_FILTER", "NETIF_F_HW_VLAN_CTAG_RX",
    "NETIF_F_HW_VLAN_CTAG_TX", "NETIF_F_HW_VLAN_STAG_FILTER", "NETIF_F_HW_VLAN_STAG_RX", "NETIF_F_HW_VLAN_STAG_TX",
    "NETIF_F_IPV6_CSUM", "NETIF_F_IP_CSUM", "NETIF_F_LOOPBACK", "NETIF_F_LRO", "NETIF_F_NEVER_CHANGE",
    "NETIF_F_NOCACHE_COPY", "NETIF_F_NTUPLE", "NETIF_F_ONE_FOR_ALL", "NETIF_F_RXALL", "NETIF_F_RXCSUM", "NETIF_F_RXFCS",
    "NETIF_F_RXHASH", "NETIF_F_RX_UDP_TUNNEL_PORT", "NETIF_F_SCTP_CRC", "NETIF_F_SG", "NETIF_F_SOFT_FEATURES",
    "NETIF_F_SOFT_FEATURES_OFF", "NETIF_F_TSO", "NETIF_F_TSO6", "NETIF_F_TSO_ECN", "NETIF_F_TSO_MANGLEID",
    "NETIF_F_VLAN_CHALLENGED", "NETIF_F_VLAN_FEATURES", "netdev_features_strings",
]

NETIF_F_SG = 1 << 0
NETIF_F_IP_CSUM = 1 << 1
NETIF_F_HW_CSUM = 1 << 3
NETIF_F_IPV6_CSUM = 1 << 4
NETIF_F_HIGHDMA = 1 << 5
NETIF_F_FRAGLIST = 1 << 6
NETIF_F_HW_VLAN_CTAG_TX = 1 << 7
NETIF_F_HW_VLAN_CTAG_RX = 1 << 8
NETIF_F_HW_VLAN_CTAG_FILTER = 1 << 9
NETIF_F_VLAN_CHALLENGED = 1 << 10
NETIF_F_GSO = 1 << 11
NETIF_F_GRO = 1 << 14
NETIF_F_LRO = 1 << 15
NETIF_F_TSO = 1 << 16
NETIF_F_GSO_ROBUST = 1 << 17
NETIF_F_TSO_ECN = 1 << 18
NETIF_F_TSO_MANGLEID = 1 << 19
NETIF_F_TSO6 = 1 << 20
NETIF_F_FSO = 1 << 21
NETIF_F_GSO_GRE = 1 << 22
NETIF_F_GSO_GRE_CSUM = 1 << 23
NETIF_F_GSO_IPXIP4 = 1 << 24
NETIF_F_GSO_IPXIP6 = 1 << 25
NETIF_F_GSO_UDP_TUNNEL = 1 << 26
NETIF_F_GSO_UDP_TUNNEL_CSUM = 1 << 27
NETIF_F_GSO_PARTIAL = 1 << 28
NETIF_F_GSO_TUNNEL_REMCSUM = 1 << 29
NETIF_F_GSO_SCTP = 1 << 30
NETIF_F_GSO_ESP = 1 << 31
NETIF_F_GSO_UDP = 1 << 32
NETIF_F_GSO_UDP_L4 = 1 << 33
NETIF_F_GSO_FRAGLIST = 1 << 34
NETIF_F_FCOE_CRC = 1 << 35
NETIF_F_SCTP_CRC = 1 << 36
NETIF_F_NTUPLE = 1 << 38
NETIF_F_RXHASH = 1 << 39
NETIF_F_RXCSUM = 1 << 40
NETIF_F_NOCACHE_COPY = 1 << 41
NETIF_F_LOOPBACK = 1 << 42
NETIF_F_RXFCS = 1 << 43
NETIF_F_RXALL = 1 << 44
NETIF_F_HW_VLAN_STAG_TX = 1 << 45
NETIF_F_HW_VLAN_STAG_RX = 1 << 46
NETIF_F_HW_VLAN_STAG_FILTER = 1 << 47
NETIF_F_HW_L2FW_DOFFLOAD = 1 << 48
NETIF_F_HW_TC = 1 << 49
NETIF_F_HW_ESP = 1 << 50
NETIF_F_HW_ESP_TX_CSUM = 1 << 51
NETIF_F_RX_UDP_TUNNEL_PORT = 1 << 52
NETIF_F_HW_TLS_TX = 1 << 53
NETIF_F_HW_TLS_RX = 1 << 54
NETIF_F_GRO_HW = 1 << 55
NETIF_F_HW_TLS_RECORD = 1 << 56
NETIF_F_GRO_FRAGLIST = 1 << 57
NETIF_F_HW_MACSEC = 1 << 58
NETIF_F_GRO_UDP_FWD = 1 << 59
NETIF_F_HW_HSR_TAG_INS = 1 << 60
NETIF_F_HW_HSR_TAG_RM = 1 << 61
NETIF_F_HW_HSR_FWD = 1 << 62
NETIF_F_HW_HSR_DUP = 1 << 63

NETDEV_FEATURE_COUNT = 64
NETIF_F_GSO_SHIFT = 16  # SKB_GSO_* bits, shifted left by it, are the features they need
NETIF_F_GSO_MASK = (1 << 35) - (1 << NETIF_F_GSO_SHIFT)
NETIF_F_CSUM_MASK = NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_HW_CSUM
NETIF_F_ALL_TSO = NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN | NETIF_F_TSO_MANGLEID
NETIF_F_ALL_FCOE = NETIF_F_FCOE_CRC | NETIF_F_FSO
NETIF_F_GSO_SOFTWARE = NETIF_F_ALL_TSO | NETIF_F_GSO_SCTP | NETIF_F_GSO_UDP_L4 | NETIF_F_GSO_FRAGLIST
NETIF_F_ONE_FOR_ALL = (
    NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_ROBUST | NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_FRAGLIST
    | NETIF_F_VLAN_CHALLENGED
)  # fmt: skip
NETIF_F_ALL_FOR_ALL = NETIF_F_NOCACHE_COPY | NETIF_F_FSO
NETIF_F_SOFT_FEATURES = NETIF_F_GSO | NETIF_F_GRO
NETIF_F_SOFT_FEATURES_OFF = NETIF_F_GRO_FRAGLIST | NETIF_F_GRO_UDP_FWD
NETIF_F_VLAN_FEATURES = (
    NETIF_F_HW_VLAN_CTAG_FILTER | NETIF_F_HW_VLAN_CTAG_RX | NETIF_F_HW_VLAN_CTAG_TX
    | NETIF_F_HW_VLAN_STAG_FILTER | NETIF_F_HW_VLAN_STAG_RX | NETIF_F_HW_VLAN_STAG_TX
)  # fmt: skip
NETIF_F_GSO_ENCAP_ALL = (
    NETIF_F_GSO_GRE | NETIF_F_GSO_GRE_CSUM | NETIF_F_GSO_IPXIP4 | NETIF_F_GSO_IPXIP6 | NETIF_F_GSO_UDP_TUNNEL
    | NETIF_F_GSO_UDP_TUNNEL_CSUM
)  # fmt: skip
NETIF_F_NEVER_CHANGE = NETIF_F_VLAN_CHALLENGED
NETIF_F_ETHTOOL_BITS = (1 << NETDEV_FEATURE_COUNT) - 1 & ~NETIF_F_NEVER_CHANGE

netdev_features_strings = (
    "tx-scatter-gather", "tx-checksum-ipv4", "", "tx-checksum-ip-generic", "tx-checksum-ipv6", "highdma",
    "tx-scatter-gather-fraglist", "tx-vlan-hw-insert", "rx-vlan-hw-parse", "rx-vlan-filter", "vlan-challenged",
    "tx-generic-segmentation", "", "", "rx-gro", "rx-lro", "tx-tcp-segmentation", "tx-gso-robust",
    "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation", "tx-fcoe-segmentation",
    "tx-gre-segmentation", "tx-gre-csum-segmentation", "tx-ipxip4-segmentation", "tx-ipxip6-segmentation",
    "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation", "tx-gso-partial", "tx-tunnel-remcsum-segmentation",
    "tx-sctp-segmentation", "tx-esp-segmentation", "", "tx-udp-segmentation", "tx-gso-list", "tx-checksum-fcoe-crc",
    "tx-checksum-sctp", "", "rx-ntuple-filter", "rx-hashing", "rx-checksum", "tx-nocache-copy", "loopback", "rx-fcs",
    "rx-all", "tx-vlan-stag-hw-insert", "rx-vlan-stag-hw-parse", "rx-vlan-stag-filter", "l2-fwd-offload",
    "hw-tc-offload", "esp-hw-offload", "esp-tx-csum-hw-offload", "rx-udp_tunnel-port-offload", "tls-hw-tx-offload",
    "tls-hw-rx-offload", "rx-gro-hw", "tls-hw-record", "rx-gro-list", "macsec-hw-offload", "rx-udp-gro-forwarding",
    "hsr-tag-ins-offload", "hsr-tag-rm-offload", "hsr-fwd-offload", "hsr-dup-offload",
)  # fmt: skip
"""The name of each bit for ethtool -k, "" for those not in use. Source: net/ethtool/common.c."""
