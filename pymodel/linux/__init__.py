# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: I001, RUF100 (a name a line, as it would have it, would make this a thousand lines)
"""The Linux host: every name that a driver or a scenario uses, under Linux's name.

Written by tools/exports.py from the ``__all__`` of the modules. Conventions: docs/design.md; map: pymodel/README.md.
"""

from __future__ import annotations

from pymodel.hw.access import charge, readb, readl, readq, readw, writeb, writel, writeq, writew
from pymodel.hw.errors import CheckError
from pymodel.linux.apic import msi_write, set_irq_line
from pymodel.linux.backlog import __netif_rx, get_rps_cpu, netdev_rx_queue_set_rps_mask, netif_rx, process_backlog
from pymodel.linux.barrier import (
    READ_ONCE, barrier, dma_rmb, dma_wmb, mb, rmb, smp_mb, smp_mb__after_atomic, smp_rmb, smp_wmb, wmb,
)
from pymodel.linux.bug import (
    BUG, DoubleFree, KernelBug, KernelLog, KernelWarning, Lockup, SchedulingWhileAtomic, Site, UseAfterFree, WARN,
    broken_rule, caller, caller_outside, dev_err, dev_info, dev_warn, dmesg, netdev_err, netdev_info, netdev_warn,
    pr_err, pr_info, pr_warn, site_str, tolerate,
)
from pymodel.linux.busy_poll import BUSY_POLL_BUDGET, busy_loop_current_time, napi_busy_loop, napi_by_id, napi_id_valid
from pymodel.linux.checksum import (
    CSUM_MANGLED_0, csum16_add, csum16_sub, csum_add, csum_block_add, csum_block_sub, csum_fold, csum_ipv6_magic,
    csum_partial, csum_replace2, csum_replace4, csum_replace_by_diff, csum_shift, csum_sub, csum_tcpudp_magic,
    csum_tcpudp_nofold, csum_unfold, from32to16, inet_proto_csum_replace2, inet_proto_csum_replace4, ip_compute_csum,
    ip_fast_csum, ip_send_check, wsum_negate,
)
from pymodel.linux.dev import (
    RX_HANDLER_ANOTHER, RX_HANDLER_CONSUMED, RX_HANDLER_EXACT, RX_HANDLER_PASS, dev_add_pack, dev_remove_pack,
    netdev_rx_handler_register, netdev_rx_handler_unregister, netif_receive_skb, netif_receive_skb_list, packet_type,
    skb_mac_frame,
)
from pymodel.linux.dev_xmit import (
    __dev_direct_xmit, __dev_queue_xmit, dev_direct_xmit, dev_pick_tx_zero, dev_queue_xmit, netdev_cap_txqueue,
    netdev_core_pick_tx, netdev_pick_tx, skb_tx_hash,
)
from pymodel.linux.device import (
    container_of, dev_get_drvdata, dev_name, dev_set_drvdata, device, devm_add_action, devm_add_action_or_reset,
    devm_kcalloc, devm_kfree, devm_kmalloc, devm_kzalloc, devm_release_action, devm_remove_action,
)
from pymodel.linux.dma import (
    DMA_ATTR_ALLOC_SINGLE_PAGES, DMA_ATTR_FORCE_CONTIGUOUS, DMA_ATTR_NO_KERNEL_MAPPING, DMA_ATTR_NO_WARN,
    DMA_ATTR_PRIVILEGED, DMA_ATTR_SKIP_CPU_SYNC, DMA_ATTR_WEAK_ORDERING, DMA_ATTR_WRITE_COMBINE, DMA_BIDIRECTIONAL,
    DMA_BIT_MASK, DMA_FROM_DEVICE, DMA_MAPPING_ERROR, DMA_NONE, DMA_TO_DEVICE, dma_addressing_limited, dma_get_mask,
    dma_get_max_seg_size, dma_get_min_align_mask, dma_get_required_mask, dma_get_seg_boundary, dma_map_page,
    dma_map_page_attrs, dma_map_single, dma_map_single_attrs, dma_mapping_error, dma_max_mapping_size, dma_need_sync,
    dma_opt_mapping_size, dma_set_coherent_mask, dma_set_mask, dma_set_mask_and_coherent, dma_set_max_seg_size,
    dma_set_min_align_mask, dma_set_seg_boundary, dma_sync_single_for_cpu, dma_sync_single_for_device,
    dma_sync_single_range_for_cpu, dma_sync_single_range_for_device, dma_unmap_page, dma_unmap_page_attrs,
    dma_unmap_single, dma_unmap_single_attrs, skb_frag_dma_map, valid_dma_direction,
)
from pymodel.linux.dma_coherent import (
    dma_alloc_attrs, dma_alloc_coherent, dma_free_attrs, dma_free_coherent, dma_pool, dma_pool_alloc, dma_pool_create,
    dma_pool_destroy, dma_pool_free, dma_pool_zalloc, dmam_alloc_coherent, dmam_free_coherent, dmam_pool_create,
    dmam_pool_destroy,
)
from pymodel.linux.dma_debug import DmaMapping, dma_fault_error, dma_leaks, dma_mappings, set_dma_failure
from pymodel.linux.dql import (
    DQL_MAX_LIMIT, DQL_MAX_OBJECT, dql, dql_avail, dql_completed, dql_init, dql_queued, dql_reset,
)
from pymodel.linux.dropreason import (
    SKB_CONSUMED, SKB_DROP_REASON_CPU_BACKLOG, SKB_DROP_REASON_DEV_HDR, SKB_DROP_REASON_DEV_READY,
    SKB_DROP_REASON_FULL_RING, SKB_DROP_REASON_HDR_TRUNC, SKB_DROP_REASON_IP_CSUM, SKB_DROP_REASON_IP_INHDR,
    SKB_DROP_REASON_NETFILTER_DROP, SKB_DROP_REASON_NOMEM, SKB_DROP_REASON_NOT_SPECIFIED, SKB_DROP_REASON_NO_SOCKET,
    SKB_DROP_REASON_OTHERHOST, SKB_DROP_REASON_PACKET_SOCK_ERROR, SKB_DROP_REASON_PKT_TOO_BIG,
    SKB_DROP_REASON_PKT_TOO_SMALL, SKB_DROP_REASON_QDISC_DROP, SKB_DROP_REASON_QUEUE_PURGE, SKB_DROP_REASON_SKB_CSUM,
    SKB_DROP_REASON_SKB_GSO_SEG, SKB_DROP_REASON_SKB_UCOPY_FAULT, SKB_DROP_REASON_SOCKET_FILTER,
    SKB_DROP_REASON_SOCKET_RCVBUFF, SKB_DROP_REASON_TCP_CSUM, SKB_DROP_REASON_TC_EGRESS, SKB_DROP_REASON_TC_INGRESS,
    SKB_DROP_REASON_UDP_CSUM, SKB_DROP_REASON_UNHANDLED_PROTO, SKB_DROP_REASON_XDP, SKB_NOT_DROPPED_YET,
    drop_reason_name,
)
from pymodel.linux.errno import (
    E2BIG, EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EBUSY, ECANCELED, ECONNREFUSED, EDESTADDRREQ,
    EEXIST, EFAULT, EHOSTUNREACH, EINPROGRESS, EINTR, EINVAL, EIO, EISCONN, EMSGSIZE, ENETDOWN, ENETUNREACH, ENOBUFS,
    ENODATA, ENODEV, ENOENT, ENOMEM, ENOMSG, ENOSPC, ENOSYS, ENOTCONN, ENOTSUPP, ENOTTY, ENOTUNIQ, ENXIO, EOPNOTSUPP,
    EOVERFLOW, EPERM, EPIPE, EPROBE_DEFER, EPROTO, EPROTONOSUPPORT, ERANGE, ERESTARTSYS, ESOCKTNOSUPPORT, ESRCH, ETIME,
    ETIMEDOUT, ETOOMANYREFS, EXDEV, IS_ERR, IS_ERR_OR_NULL, PTR_ERR, errname,
)
from pymodel.linux.ethtool import (
    ETH_SS_STATS, ethtool_channels, ethtool_coalesce, ethtool_drvinfo, ethtool_get_link, ethtool_get_ringparam,
    ethtool_get_stats, ethtool_op_get_link, ethtool_ops, ethtool_ringparam, ethtool_set_ringparam,
)
from pymodel.linux.flow_dissector import (
    FLOW_DISSECTOR_F_PARSE_1ST_FRAG, FLOW_DISSECTOR_F_STOP_AT_ENCAP, FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL,
    FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP, FLOW_DISSECTOR_KEY_FLOW_LABEL, FLOW_DISSECTOR_KEY_GRE_KEYID,
    FLOW_DISSECTOR_KEY_IPV4_ADDRS, FLOW_DISSECTOR_KEY_IPV6_ADDRS, FLOW_DISSECTOR_KEY_PORTS, FLOW_DISSECTOR_KEY_VLAN,
    FLOW_DIS_ENCAPSULATION, FLOW_DIS_FIRST_FRAG, FLOW_DIS_IS_FRAGMENT, __skb_flow_dissect, __skb_get_poff,
    eth_get_headlen, flow_dissector, flow_keys, flow_keys_basic_dissector, flow_keys_dissector,
    flow_keys_dissector_symmetric, proto_ports_offset, skb_flow_dissect_flow_keys, skb_flow_dissect_flow_keys_basic,
    skb_get_poff,
)
from pymodel.linux.flow_hash import (
    __skb_get_hash, __skb_get_hash_symmetric, __skb_set_sw_hash, flow_hash_from_keys, flow_keys_have_l4, skb_clear_hash,
    skb_clear_hash_if_not_l4, skb_copy_hash, skb_get_hash, skb_get_hash_perturb, skb_get_hash_raw,
)
from pymodel.linux.gro import (
    GRO_CONSUMED, GRO_HASH_BUCKETS, GRO_HELD, GRO_MAX_HEAD, GRO_MERGED, GRO_MERGED_FREE, GRO_NORMAL, MAX_GRO_SKBS,
    dev_gro_receive, gro_normal_list, gro_normal_one, napi_get_frags, napi_gro_flush, napi_gro_frags, napi_gro_receive,
)
from pymodel.linux.gro_inet import (
    inet_gro_complete, inet_gro_receive, ipv6_gro_complete, ipv6_gro_receive, vlan_gro_complete, vlan_gro_receive,
)
from pymodel.linux.gro_skb import (
    GRO_LEGACY_MAX_SIZE, GRO_MAX_SIZE, NAPI_GRO_CB, NAPI_GRO_FREE, NAPI_GRO_FREE_STOLEN_HEAD, napi_gro_cb,
    netif_get_gro_max_size, netif_set_gro_ipv4_max_size, netif_set_gro_max_size, skb_gro_header, skb_gro_header_slow,
    skb_gro_len, skb_gro_offset, skb_gro_receive, skb_gro_receive_list,
)
from pymodel.linux.gro_tcp import (
    tcp4_gro_complete, tcp4_gro_receive, tcp6_gro_complete, tcp6_gro_receive, tcp_gro_complete, tcp_gro_lookup,
    tcp_gro_pull_header, tcp_gro_receive,
)
from pymodel.linux.gro_udp import (
    UDP_GRO_CNT_MAX, udp4_gro_complete, udp4_gro_receive, udp6_gro_complete, udp6_gro_receive,
)
from pymodel.linux.gso import (
    __skb_gso_segment, skb_eth_gso_segment, skb_gso_mac_seglen, skb_gso_network_seglen, skb_gso_segment,
    skb_gso_transport_seglen, skb_gso_validate_mac_len, skb_gso_validate_network_len, skb_mac_gso_segment,
)
from pymodel.linux.gso_inet import __udp_gso_segment, inet_gso_segment, ipv6_gso_segment, tcp_gso_segment
from pymodel.linux.gso_segment import (
    GSO_BY_FRAGS, can_checksum_protocol, net_gso_ok, netif_needs_gso, skb_gso_ok, skb_gso_reset, skb_is_gso_tcp,
    skb_is_gso_v6, skb_needs_linearize, skb_pagelen, skb_segment, skb_segment_list,
)
from pymodel.linux.if_ether import (
    ETH_ALEN, ETH_DATA_LEN, ETH_FCS_LEN, ETH_FRAME_LEN, ETH_HLEN, ETH_MAX_MTU, ETH_MIN_MTU, ETH_P_1588, ETH_P_8021AD,
    ETH_P_8021Q, ETH_P_802_2, ETH_P_802_3, ETH_P_802_3_MIN, ETH_P_ALL, ETH_P_ARP, ETH_P_CFM, ETH_P_FCOE, ETH_P_HSR,
    ETH_P_IP, ETH_P_IPV6, ETH_P_LLDP, ETH_P_MPLS_MC, ETH_P_MPLS_UC, ETH_P_PAUSE, ETH_P_PPP_SES, ETH_P_PRP, ETH_P_RARP,
    ETH_P_TEB, ETH_ZLEN, VLAN_ETH_HLEN, VLAN_HLEN, eth_broadcast_addr, eth_hdr, eth_header, eth_proto_is_802_3,
    eth_random_addr, eth_skb_pad, eth_type_trans, eth_zero_addr, ether_addr_copy, ether_addr_equal, ether_addr_to_u64,
    ether_crc, ether_crc_le, ethhdr, htonl, htons, is_broadcast_ether_addr, is_local_ether_addr,
    is_multicast_ether_addr, is_unicast_ether_addr, is_valid_ether_addr, is_zero_ether_addr, ntohl, ntohs,
    u64_to_ether_addr,
)
from pymodel.linux.if_vlan import (
    VLAN_CFI_MASK, VLAN_MAX_DEPTH, VLAN_N_VID, VLAN_PRIO_MASK, VLAN_PRIO_SHIFT, VLAN_VID_MASK, __vlan_get_protocol,
    __vlan_hwaccel_clear_tag, __vlan_hwaccel_copy_tag, __vlan_hwaccel_push_inside, __vlan_hwaccel_put_tag,
    __vlan_insert_inner_tag, __vlan_insert_tag, eth_type_vlan, skb_network_protocol, skb_vlan_tag_get,
    skb_vlan_tag_get_cfi, skb_vlan_tag_get_id, skb_vlan_tag_get_prio, skb_vlan_tag_present, vlan_get_protocol,
    vlan_hw_offload_capable, vlan_insert_inner_tag, vlan_insert_tag, vlan_insert_tag_set_proto,
)
from pymodel.linux.inet import (
    Header, IPPROTO_AH, IPPROTO_DCCP, IPPROTO_DSTOPTS, IPPROTO_ESP, IPPROTO_FRAGMENT, IPPROTO_GRE, IPPROTO_HOPOPTS,
    IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IGMP, IPPROTO_IPIP, IPPROTO_IPV6, IPPROTO_MH, IPPROTO_MPLS, IPPROTO_NONE,
    IPPROTO_ROUTING, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IP_CE, IP_DF, IP_MF, IP_OFFSET, be16,
    be32, get_unaligned_be16, get_unaligned_be32, ip_hdr, ip_hdrlen, ip_is_fragment, iphdr, ipv6_authlen, ipv6_ext_hdr,
    ipv6_hdr, ipv6_optlen, ipv6hdr, put_unaligned_be16, put_unaligned_be32, sum16, tcp_hdr, tcp_hdrlen, tcphdr, u8,
    udp_hdr, udphdr,
)
from pymodel.linux.init import boot, counters, leak_report
from pymodel.linux.irq import (
    IRQF_COND_ONESHOT, IRQF_NO_AUTOEN, IRQF_ONESHOT, IRQF_PERCPU, IRQF_PROBE_SHARED, IRQF_SHARED, IRQF_TRIGGER_FALLING,
    IRQF_TRIGGER_HIGH, IRQF_TRIGGER_LOW, IRQF_TRIGGER_NONE, IRQF_TRIGGER_RISING, IRQ_RETVAL, cpumask_of, devm_free_irq,
    devm_request_irq, devm_request_threaded_irq, disable_hardirq, disable_irq, disable_irq_nosync, enable_irq, free_irq,
    irq_get_affinity_mask, irq_get_count, irq_leaks, irq_set_affinity, irq_set_affinity_and_hint, irq_set_affinity_hint,
    irq_update_affinity_hint, request_irq, request_threaded_irq, synchronize_hardirq, synchronize_irq,
)
from pymodel.linux.irq_handle import (
    generic_handle_irq, handle_edge_irq, handle_fasteoi_irq, handle_level_irq, handle_percpu_irq, handle_simple_irq,
)
from pymodel.linux.irqdesc import (
    IRQCHIP_EOI_IF_HANDLED, IRQCHIP_EOI_THREADED, IRQCHIP_ONESHOT_SAFE, IRQ_DISABLE_UNLAZY, IRQ_HANDLED, IRQ_LEVEL,
    IRQ_NOAUTOEN, IRQ_NONE, IRQ_WAKE_THREAD, irq_alloc_desc, irq_chip, irq_clear_status_flags, irq_desc, irq_free_desc,
    irq_get_chip_data, irq_set_chip_and_handler, irq_set_chip_data, irq_set_handler, irq_set_status_flags, irq_to_desc,
    irqaction,
)
from pymodel.linux.kthread import (
    kthread_run, kthread_run_on_cpu, kthread_should_stop, kthread_stop, set_cpus_allowed_ptr, wake_up_process,
)
from pymodel.linux.mm import (
    GFP_ATOMIC, GFP_DMA, GFP_DMA32, GFP_KERNEL, GFP_NOWAIT, PAGE_SHIFT, PAGE_SIZE, SMP_CACHE_BYTES, __GFP_COMP,
    __GFP_DIRECT_RECLAIM, __GFP_NOMEMALLOC, __GFP_NORETRY, __GFP_NOWARN, __GFP_ZERO, __free_page, __free_pages,
    __get_free_page, __get_free_pages, alloc_page, alloc_pages, dev_alloc_page, dev_alloc_pages, free_page, free_pages,
    get_order, get_page, get_zeroed_page, kcalloc, kfree, kmalloc, kmalloc_size_roundup, ksize, kzalloc, mm_leaks, page,
    page_address, page_frag_alloc, page_frag_cache, page_frag_cache_drain, page_frag_free, page_ref_count, put_page,
    set_alloc_failure, virt_to_head_page, virt_to_page,
)
from pymodel.linux.napi import (
    MIN_NAPI_ID, NAPIF_STATE_DISABLE, NAPIF_STATE_IN_BUSY_POLL, NAPIF_STATE_LISTED, NAPIF_STATE_MISSED,
    NAPIF_STATE_NO_BUSY_POLL, NAPIF_STATE_NPSVC, NAPIF_STATE_PREFER_BUSY_POLL, NAPIF_STATE_SCHED,
    NAPIF_STATE_SCHED_THREADED, NAPIF_STATE_THREADED, NAPI_POLL_WEIGHT, __napi_schedule, __napi_schedule_irqoff,
    napi_complete, napi_complete_done, napi_disable, napi_disable_pending, napi_enable, napi_if_scheduled_mark_missed,
    napi_is_scheduled, napi_leaks, napi_prefer_busy_poll, napi_schedule, napi_schedule_irqoff, napi_schedule_prep,
    napi_struct, napi_synchronize, netdev_sw_irq_coalesce_default_on, netif_napi_add, netif_napi_add_tx,
    netif_napi_add_tx_weight, netif_napi_add_weight, netif_napi_del, netif_napi_set_irq, netif_queue_set_napi,
    softnet_data,
)
from pymodel.linux.napi_poll import dev_set_threaded, net_rx_action, netpoll_poll_dev
from pymodel.linux.netdev_features import (
    NETDEV_FEATURE_COUNT, NETIF_F_ALL_FCOE, NETIF_F_ALL_FOR_ALL, NETIF_F_ALL_TSO, NETIF_F_CSUM_MASK,
    NETIF_F_ETHTOOL_BITS, NETIF_F_FCOE_CRC, NETIF_F_FRAGLIST, NETIF_F_FSO, NETIF_F_GRO, NETIF_F_GRO_FRAGLIST,
    NETIF_F_GRO_HW, NETIF_F_GRO_UDP_FWD, NETIF_F_GSO, NETIF_F_GSO_ENCAP_ALL, NETIF_F_GSO_ESP, NETIF_F_GSO_FRAGLIST,
    NETIF_F_GSO_GRE, NETIF_F_GSO_GRE_CSUM, NETIF_F_GSO_IPXIP4, NETIF_F_GSO_IPXIP6, NETIF_F_GSO_MASK,
    NETIF_F_GSO_PARTIAL, NETIF_F_GSO_ROBUST, NETIF_F_GSO_SCTP, NETIF_F_GSO_SHIFT, NETIF_F_GSO_SOFTWARE,
    NETIF_F_GSO_TUNNEL_REMCSUM, NETIF_F_GSO_UDP, NETIF_F_GSO_UDP_L4, NETIF_F_GSO_UDP_TUNNEL,
    NETIF_F_GSO_UDP_TUNNEL_CSUM, NETIF_F_HIGHDMA, NETIF_F_HW_CSUM, NETIF_F_HW_ESP, NETIF_F_HW_ESP_TX_CSUM,
    NETIF_F_HW_HSR_DUP, NETIF_F_HW_HSR_FWD, NETIF_F_HW_HSR_TAG_INS, NETIF_F_HW_HSR_TAG_RM, NETIF_F_HW_L2FW_DOFFLOAD,
    NETIF_F_HW_MACSEC, NETIF_F_HW_TC, NETIF_F_HW_TLS_RECORD, NETIF_F_HW_TLS_RX, NETIF_F_HW_TLS_TX,
    NETIF_F_HW_VLAN_CTAG_FILTER, NETIF_F_HW_VLAN_CTAG_RX, NETIF_F_HW_VLAN_CTAG_TX, NETIF_F_HW_VLAN_STAG_FILTER,
    NETIF_F_HW_VLAN_STAG_RX, NETIF_F_HW_VLAN_STAG_TX, NETIF_F_IPV6_CSUM, NETIF_F_IP_CSUM, NETIF_F_LOOPBACK, NETIF_F_LRO,
    NETIF_F_NEVER_CHANGE, NETIF_F_NOCACHE_COPY, NETIF_F_NTUPLE, NETIF_F_ONE_FOR_ALL, NETIF_F_RXALL, NETIF_F_RXCSUM,
    NETIF_F_RXFCS, NETIF_F_RXHASH, NETIF_F_RX_UDP_TUNNEL_PORT, NETIF_F_SCTP_CRC, NETIF_F_SG, NETIF_F_SOFT_FEATURES,
    NETIF_F_SOFT_FEATURES_OFF, NETIF_F_TSO, NETIF_F_TSO6, NETIF_F_TSO_ECN, NETIF_F_TSO_MANGLEID,
    NETIF_F_VLAN_CHALLENGED, NETIF_F_VLAN_FEATURES,
)
from pymodel.linux.netdev_ops import (
    __dev_set_mtu, dev_addr_set, dev_close, dev_get_stats, dev_mc_add, dev_mc_del, dev_open, dev_set_allmulti,
    dev_set_mac_address, dev_set_mtu, dev_set_promiscuity, dev_uc_add, dev_uc_del, eth_commit_mac_addr_change,
    eth_hw_addr_random, eth_hw_addr_set, eth_mac_addr, eth_prepare_mac_addr_change, eth_validate_addr,
    netdev_features_change, netdev_for_each_mc_addr, netdev_for_each_uc_addr, netdev_leaks, netdev_mc_count,
    netdev_mc_empty, netdev_stats_to_stats64, netdev_uc_count, netdev_uc_empty, netdev_update_features,
    netif_carrier_off, netif_carrier_ok, netif_carrier_on,
)
from pymodel.linux.netdev_queue import (
    __netdev_sent_queue, __netdev_tx_sent_queue, __netif_subqueue_stopped, __netif_tx_lock, __netif_tx_lock_bh,
    __netif_tx_trylock, __netif_tx_unlock, __netif_tx_unlock_bh, __netif_txq_completed_wake, netdev_completed_queue,
    netdev_get_tx_queue, netdev_reset_queue, netdev_sent_queue, netdev_tx_completed_queue, netdev_tx_reset_queue,
    netdev_tx_reset_subqueue, netdev_tx_sent_queue, netdev_txq_bql_complete_prefetchw, netdev_xmit_more,
    netif_is_multiqueue, netif_queue_stopped, netif_schedule_queue, netif_start_queue, netif_start_subqueue,
    netif_stop_queue, netif_stop_subqueue, netif_subqueue_completed_wake, netif_subqueue_maybe_stop,
    netif_subqueue_stopped, netif_subqueue_try_stop, netif_trans_update, netif_tx_disable, netif_tx_lock,
    netif_tx_lock_bh, netif_tx_queue_frozen, netif_tx_queue_stopped, netif_tx_start_all_queues, netif_tx_start_queue,
    netif_tx_stop_all_queues, netif_tx_stop_queue, netif_tx_unlock, netif_tx_unlock_bh, netif_tx_wake_all_queues,
    netif_tx_wake_queue, netif_txq_completed_wake, netif_txq_maybe_stop, netif_txq_try_stop, netif_wake_queue,
    netif_wake_subqueue, netif_xmit_frozen_or_stopped, netif_xmit_stopped, netif_xmit_timeout_ms, skb_get_tx_queue,
    txq_trans_cond_update,
)
from pymodel.linux.netdev_tc import (
    TC_BITMASK, TC_MAX_QUEUE, XPS_CPUS, XPS_RXQS, netdev_get_num_tc, netdev_get_prio_tc_map, netdev_reset_tc,
    netdev_set_num_tc, netdev_set_prio_tc_map, netdev_set_tc_queue, netdev_txq_to_tc, netif_set_xps_queue,
)
from pymodel.linux.netdevice import (
    ARPHRD_ETHER, IFF_ALLMULTI, IFF_BROADCAST, IFF_LIVE_ADDR_CHANGE, IFF_MULTICAST, IFF_NOARP, IFF_NO_QUEUE,
    IFF_PROMISC, IFF_RUNNING, IFF_UNICAST_FLT, IFF_UP, NETDEV_TX_BUSY, NETDEV_TX_OK, NETREG_REGISTERED, NETREG_RELEASED,
    NETREG_UNINITIALIZED, NETREG_UNREGISTERED, NETREG_UNREGISTERING, NET_RX_DROP, NET_RX_SUCCESS, NET_XMIT_CN,
    NET_XMIT_DROP, NET_XMIT_SUCCESS, QUEUE_STATE_ANY_XOFF, QUEUE_STATE_ANY_XOFF_OR_FROZEN, QUEUE_STATE_DRV_XOFF,
    QUEUE_STATE_DRV_XOFF_OR_FROZEN, QUEUE_STATE_FROZEN, QUEUE_STATE_STACK_XOFF, SET_NETDEV_DEV, alloc_etherdev,
    alloc_etherdev_mq, alloc_etherdev_mqs, alloc_netdev_mqs, ether_setup, free_netdev, net_device, net_device_ops,
    net_device_stats, netdev_priv, netdev_queue, netdev_rx_queue, netif_device_attach, netif_device_detach,
    netif_device_present, netif_running, netif_set_real_num_queues, netif_set_real_num_rx_queues,
    netif_set_real_num_tx_queues, register_netdev, register_netdevice, registered_netdevs, rtnl_is_locked,
    rtnl_link_stats64, rtnl_lock, rtnl_unlock, sockaddr, unregister_netdev, unregister_netdevice,
)
from pymodel.linux.netfilter import (
    NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_NETDEV, NF_ACCEPT, NF_DROP, NF_DROP_ERR, NF_HOOK, NF_INET_FORWARD,
    NF_INET_INGRESS, NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING, NF_INET_PRE_ROUTING, NF_NETDEV_INGRESS,
    NF_QUEUE, NF_QUEUE_NR, NF_REPEAT, NF_STOLEN, NF_VERDICT_FLAG_QUEUE_BYPASS, NF_VERDICT_MASK, nf_hook_ops,
    nf_hook_slow, nf_hook_state, nf_queue_entry, nf_register_net_hook, nf_register_net_hooks, nf_register_queue_handler,
    nf_reinject, nf_unregister_net_hook, nf_unregister_net_hooks, nf_unregister_queue_handler,
)
from pymodel.linux.offload import (
    GSO_LEGACY_MAX_SIZE, GSO_MAX_SEGS, GSO_MAX_SIZE, netdev_intersect_features, netif_get_gso_max_size,
    netif_inherit_tso_max, netif_set_tso_max_segs, netif_set_tso_max_size, netif_skb_features, passthru_features_check,
    skb_csum_hwoffload_help, vlan_features_check,
)
from pymodel.linux.page_pool import (
    page_pool_alloc, page_pool_alloc_frag, page_pool_alloc_pages, page_pool_alloc_va, page_pool_create,
    page_pool_destroy, page_pool_dev_alloc, page_pool_dev_alloc_frag, page_pool_dev_alloc_pages, page_pool_dev_alloc_va,
    page_pool_disable_direct_recycling, page_pool_dma_sync_for_cpu, page_pool_fragment_page, page_pool_free_va,
    page_pool_get_dma_addr, page_pool_get_dma_dir, page_pool_inflight, page_pool_leaks, page_pool_put_full_page,
    page_pool_put_page, page_pool_recycle_direct, page_pool_ref_page, page_pool_unref_page,
)
from pymodel.linux.page_pool_types import (
    PP_ALLOC_CACHE_REFILL, PP_ALLOC_CACHE_SIZE, PP_FLAG_ALL, PP_FLAG_DMA_MAP, PP_FLAG_DMA_SYNC_DEV, page_pool,
    page_pool_ethtool_stats_get, page_pool_ethtool_stats_get_count, page_pool_ethtool_stats_get_strings,
    page_pool_get_stats, page_pool_params, page_pool_stats,
)
from pymodel.linux.pci import (
    PCI_ANY_ID, PCI_D0, PCI_D1, PCI_D2, PCI_D3cold, PCI_D3hot, PCI_DEVICE, PCI_DEVICE_CLASS, PCI_DEVICE_SUB,
    PCI_UNKNOWN, PCI_VDEVICE, module_param, pci_add_device, pci_clear_master, pci_dev, pci_device, pci_device_id,
    pci_device_shutdown, pci_disable_device, pci_driver, pci_enable_device, pci_enable_device_mem, pci_error_handlers,
    pci_get_drvdata, pci_is_enabled, pci_match_id, pci_name, pci_register_driver, pci_remove_device, pci_set_drvdata,
    pci_set_master, pci_unregister_driver, pcim_enable_device, to_pci_dev,
)
from pymodel.linux.pci_bar import (
    IORESOURCE_MEM, PCI_STD_NUM_BARS, devm_ioremap, devm_iounmap, ioremap, iounmap, pci_iomap, pci_iomap_range,
    pci_iomap_wc, pci_ioremap_bar, pci_iounmap, pci_release_mem_regions, pci_release_region, pci_release_regions,
    pci_release_selected_regions, pci_request_mem_regions, pci_request_region, pci_request_regions,
    pci_request_selected_regions, pci_resource_end, pci_resource_flags, pci_resource_len, pci_resource_start,
    pci_select_bars, pcim_iomap, pcim_iomap_region, pcim_iomap_regions, pcim_iomap_table, pcim_iounmap,
    pcim_iounmap_regions, pcim_request_all_regions,
)
from pymodel.linux.pci_config import (
    PCIBIOS_BAD_REGISTER_NUMBER, PCIBIOS_DEVICE_NOT_FOUND, PCIBIOS_SUCCESSFUL, pci_channel_io_frozen,
    pci_channel_io_normal, pci_channel_io_perm_failure, pci_find_capability, pci_find_ext_capability, pci_get_dsn,
    pci_is_pcie, pci_pcie_cap, pci_read_config_byte, pci_read_config_dword, pci_read_config_word, pci_write_config_byte,
    pci_write_config_dword, pci_write_config_word, pcie_capability_clear_and_set_word, pcie_capability_clear_word,
    pcie_capability_read_dword, pcie_capability_read_word, pcie_capability_set_word, pcie_capability_write_word,
    pcie_get_readrq, pcie_set_readrq,
)
from pymodel.linux.pci_err import (
    PCI_ERS_RESULT_CAN_RECOVER, PCI_ERS_RESULT_DISCONNECT, PCI_ERS_RESULT_NEED_RESET, PCI_ERS_RESULT_NONE,
    PCI_ERS_RESULT_NO_AER_DRIVER, PCI_ERS_RESULT_RECOVERED, pci_channel_offline, pci_dev_is_disconnected,
    pci_inject_error, pcie_do_recovery,
)
from pymodel.linux.pci_msi import (
    PCI_IRQ_AFFINITY, PCI_IRQ_ALL_TYPES, PCI_IRQ_INTX, PCI_IRQ_LEGACY, PCI_IRQ_MSI, PCI_IRQ_MSIX, irq_affinity,
    msix_entry, pci_alloc_irq_vectors, pci_alloc_irq_vectors_affinity, pci_dev_msi_enabled, pci_disable_msi,
    pci_disable_msix, pci_enable_msi, pci_enable_msix_exact, pci_enable_msix_range, pci_free_irq_vectors, pci_intx,
    pci_irq_get_affinity, pci_irq_vector, pci_msi_vec_count, pci_msix_vec_count,
)
from pymodel.linux.pci_regs import (
    PCI_BASE_ADDRESS_0, PCI_CAPABILITY_LIST, PCI_CAP_ID_EXP, PCI_CAP_ID_MSI, PCI_CAP_ID_MSIX, PCI_CAP_ID_PM,
    PCI_CFG_SPACE_EXP_SIZE, PCI_CFG_SPACE_SIZE, PCI_CLASS_DEVICE, PCI_CLASS_NETWORK_ETHERNET, PCI_CLASS_REVISION,
    PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, PCI_COMMAND_IO, PCI_COMMAND_MASTER, PCI_COMMAND_MEMORY, PCI_COMMAND_PARITY,
    PCI_COMMAND_SERR, PCI_DEVICE_ID, PCI_ERR_COR_STATUS, PCI_ERR_UNCOR_STATUS, PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_FLR,
    PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, PCI_EXP_DEVCTL_READRQ, PCI_EXP_DEVSTA, PCI_EXP_DEVSTA_TRPND, PCI_EXP_LNKCAP,
    PCI_EXP_LNKCTL, PCI_EXP_LNKSTA, PCI_EXT_CAP_ID_DSN, PCI_EXT_CAP_ID_ERR, PCI_HEADER_TYPE, PCI_INTERRUPT_LINE,
    PCI_INTERRUPT_PIN, PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, PCI_MSIX_FLAGS_MASKALL, PCI_MSIX_FLAGS_QSIZE,
    PCI_MSIX_PBA, PCI_MSIX_TABLE, PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, PCI_MSI_FLAGS_QMASK, PCI_PM_CTRL,
    PCI_PM_CTRL_NO_SOFT_RESET, PCI_PM_CTRL_PME_ENABLE, PCI_PM_CTRL_STATE_MASK, PCI_PM_PMC, PCI_REVISION_ID, PCI_STATUS,
    PCI_STATUS_CAP_LIST, PCI_SUBSYSTEM_ID, PCI_SUBSYSTEM_VENDOR_ID, PCI_VENDOR_ID,
)
from pymodel.linux.pci_reset import (
    pci_back_from_sleep, pci_prepare_to_sleep, pci_reset_function, pci_reset_function_locked, pci_restore_state,
    pci_save_state, pci_set_power_state, pci_try_reset_function, pci_wake_from_d3, pcie_flr, pcie_reset_flr,
)
from pymodel.linux.qdisc import Qdisc, qdisc_leaks, qdisc_pkt_len, qdisc_qlen_sum, qdisc_reset, qdisc_run
from pymodel.linux.qdisc_attach import dev_activate, dev_change_tx_queue_len, dev_deactivate, dev_init_scheduler
from pymodel.linux.scatterlist import (
    dma_map_sg, dma_map_sg_attrs, dma_map_sgtable, dma_sync_sg_for_cpu, dma_sync_sg_for_device,
    dma_sync_sgtable_for_cpu, dma_sync_sgtable_for_device, dma_unmap_sg, dma_unmap_sg_attrs, dma_unmap_sgtable,
    for_each_sg, for_each_sgtable_dma_sg, for_each_sgtable_sg, scatterlist, sg_alloc_table, sg_chain,
    sg_copy_from_buffer, sg_copy_to_buffer, sg_dma_address, sg_dma_len, sg_free_table, sg_init_one, sg_init_table,
    sg_is_last, sg_last, sg_mark_end, sg_nents, sg_nents_for_len, sg_next, sg_page, sg_pcopy_from_buffer,
    sg_pcopy_to_buffer, sg_phys, sg_set_buf, sg_set_page, sg_table, sg_unmark_end, sg_virt, sg_zero_buffer,
    skb_to_sgvec, skb_to_sgvec_nomark,
)
from pymodel.linux.sched import (
    DEFINE_SPINLOCK, cond_resched, current, in_atomic, in_hardirq, in_interrupt, in_irq, in_serving_softirq, in_softirq,
    in_task, irqs_disabled, local_irq_disable, local_irq_enable, local_irq_restore, local_irq_save, might_sleep, mutex,
    mutex_init, mutex_is_locked, mutex_lock, mutex_trylock, mutex_unlock, num_online_cpus, preempt_disable,
    preempt_enable, schedule, sleep_until, smp_processor_id, spin_is_locked, spin_lock, spin_lock_init, spin_lock_irq,
    spin_lock_irqsave, spin_trylock, spin_unlock, spin_unlock_irq, spin_unlock_irqrestore, spinlock_t, wait_event,
    wait_event_timeout_ns, wait_queue_head_t, wake_up, wake_up_all,
)
from pymodel.linux.siphash import siphash
from pymodel.linux.skb_alloc import (
    SKB_ALLOC_FCLONE, SKB_ALLOC_NAPI, SKB_ALLOC_RX, __alloc_skb, __dev_alloc_skb, __kfree_skb, __napi_alloc_frag_align,
    __netdev_alloc_skb, __netdev_alloc_skb_ip_align, alloc_skb, alloc_skb_fclone, build_skb, build_skb_around,
    consume_skb, dev_alloc_skb, dev_consume_skb_any, dev_consume_skb_irq, dev_kfree_skb, dev_kfree_skb_any,
    dev_kfree_skb_any_reason, dev_kfree_skb_irq, dev_kfree_skb_irq_reason, kfree_skb, kfree_skb_list, kfree_skb_reason,
    napi_alloc_frag, napi_alloc_skb, napi_build_skb, napi_consume_skb, netdev_alloc_frag, netdev_alloc_skb,
    netdev_alloc_skb_ip_align, skb_drop_counts, skb_free_frag, skb_leaks, skb_orphan, skb_release_head_state,
    slab_build_skb,
)
from pymodel.linux.skb_copy import (
    __copy_skb_header, __pskb_copy, pskb_copy, pskb_expand_head, skb_clone, skb_copy, skb_copy_expand, skb_copy_header,
    skb_cow, skb_cow_head, skb_headers_offset_update, skb_morph, skb_realloc_headroom, skb_share_check, skb_unclone,
    skb_unclone_keeptruesize, skb_unshare,
)
from pymodel.linux.skb_csum import (
    CHECKSUM_BREAK, SKB_MAX_CSUM_LEVEL, __skb_checksum_complete, __skb_checksum_complete_head,
    __skb_decr_checksum_unnecessary, __skb_incr_checksum_unnecessary, __skb_reset_checksum_unnecessary,
    inet_compute_pseudo, ip6_compute_pseudo, null_compute_pseudo, pskb_trim_rcsum, skb_checksum, skb_checksum_complete,
    skb_checksum_complete_unset, skb_checksum_help, skb_checksum_init, skb_checksum_init_zero_check,
    skb_checksum_none_assert, skb_checksum_setup, skb_checksum_simple_validate, skb_checksum_start,
    skb_checksum_start_offset, skb_checksum_try_convert, skb_checksum_validate, skb_checksum_validate_zero_check,
    skb_clone_writable, skb_copy_and_csum_bits, skb_copy_and_csum_dev, skb_csum_unnecessary, skb_ensure_writable,
    skb_partial_csum_set, skb_postpull_rcsum, skb_postpush_rcsum, skb_pull_rcsum, skb_push_rcsum,
)
from pymodel.linux.skb_fields import SKB_CB_SIZE
from pymodel.linux.skb_frags import (
    __pskb_pull_tail, __pskb_trim, __skb_fill_page_desc, __skb_frag_ref, __skb_linearize, alloc_skb_with_frags,
    pskb_may_pull, pskb_pull, pskb_trim, skb_add_rx_frag, skb_can_coalesce, skb_coalesce_rx_frag, skb_condense,
    skb_copy_bits, skb_copy_to_linear_data, skb_fill_page_desc, skb_frag_add_head, skb_frag_address,
    skb_frag_fill_page_desc, skb_frag_list_init, skb_frag_off, skb_frag_off_add, skb_frag_off_set, skb_frag_page,
    skb_frag_ref, skb_frag_size, skb_frag_size_add, skb_frag_size_set, skb_frag_size_sub, skb_frag_unref,
    skb_has_frag_list, skb_len_add, skb_linearize, skb_list_walk_safe, skb_mark_for_recycle, skb_mark_not_on_list,
    skb_padto, skb_put_padto, skb_store_bits, skb_to_bytes, skb_walk, skb_walk_frags,
)
from pymodel.linux.skb_queue import (
    __skb_dequeue, __skb_dequeue_tail, __skb_queue_after, __skb_queue_before, __skb_queue_head, __skb_queue_head_init,
    __skb_queue_purge, __skb_queue_purge_reason, __skb_queue_tail, __skb_unlink, sk_buff_head, skb_append, skb_dequeue,
    skb_dequeue_tail, skb_peek, skb_peek_next, skb_peek_tail, skb_queue_empty, skb_queue_head, skb_queue_head_init,
    skb_queue_is_first, skb_queue_is_last, skb_queue_len, skb_queue_next, skb_queue_prev, skb_queue_purge,
    skb_queue_purge_reason, skb_queue_reverse_walk, skb_queue_splice, skb_queue_splice_init, skb_queue_splice_tail,
    skb_queue_splice_tail_init, skb_queue_tail, skb_queue_walk, skb_unlink,
)
from pymodel.linux.skb_split import kfree_skb_partial, skb_head_is_locked, skb_split, skb_try_coalesce
from pymodel.linux.skb_vlan import (
    __skb_vlan_pop, __vlan_get_tag, __vlan_hwaccel_get_tag, skb_vlan_pop, skb_vlan_push, skb_vlan_untag, vlan_get_tag,
    vlan_remove_tag, vlan_set_encap_proto,
)
from pymodel.linux.skbuff import (
    CHECKSUM_COMPLETE, CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, LL_MAX_HEADER, MAX_HEADER, MAX_SKB_FRAGS,
    NET_IP_ALIGN, NET_SKB_PAD, PACKET_BROADCAST, PACKET_HOST, PACKET_LOOPBACK, PACKET_MULTICAST, PACKET_OTHERHOST,
    PACKET_OUTGOING, PKT_HASH_TYPE_L2, PKT_HASH_TYPE_L3, PKT_HASH_TYPE_L4, PKT_HASH_TYPE_NONE, SIZEOF_FCLONES,
    SIZEOF_SHINFO, SIZEOF_SKB_FRAG, SIZEOF_SK_BUFF, SKB_DATA_ALIGN, SKB_FCLONE_CLONE, SKB_FCLONE_ORIG,
    SKB_FCLONE_UNAVAILABLE, SKB_GSO_DODGY, SKB_GSO_ESP, SKB_GSO_FCOE, SKB_GSO_FRAGLIST, SKB_GSO_GRE, SKB_GSO_GRE_CSUM,
    SKB_GSO_IPXIP4, SKB_GSO_IPXIP6, SKB_GSO_PARTIAL, SKB_GSO_SCTP, SKB_GSO_TCPV4, SKB_GSO_TCPV6, SKB_GSO_TCP_ECN,
    SKB_GSO_TCP_FIXEDID, SKB_GSO_TUNNEL_REMCSUM, SKB_GSO_UDP, SKB_GSO_UDP_L4, SKB_GSO_UDP_TUNNEL,
    SKB_GSO_UDP_TUNNEL_CSUM, SKB_HEAD_ALIGN, SKB_MAX_ALLOC, SKB_MAX_ORDER, SKB_TRUESIZE, SKB_WITH_OVERHEAD, __skb_pull,
    __skb_push, __skb_put, __skb_trim, sk_buff, skb_cloned, skb_end_offset, skb_end_pointer, skb_frag_t, skb_get,
    skb_get_queue_mapping, skb_get_rx_queue, skb_header_cloned, skb_header_release, skb_headlen, skb_headroom,
    skb_is_gso, skb_is_nonlinear, skb_mac_header, skb_mac_header_was_set, skb_metadata_len, skb_metadata_set,
    skb_network_header, skb_network_offset, skb_pull, skb_push, skb_put, skb_put_data, skb_put_u8, skb_put_zero,
    skb_record_rx_queue, skb_reserve, skb_reset_mac_header, skb_reset_mac_len, skb_reset_network_header,
    skb_reset_tail_pointer, skb_reset_transport_header, skb_rx_queue_recorded, skb_set_hash, skb_set_network_header,
    skb_set_queue_mapping, skb_set_tail_pointer, skb_set_transport_header, skb_shared, skb_shared_info, skb_shinfo,
    skb_tail_pointer, skb_tailroom, skb_transport_header, skb_transport_header_was_set, skb_transport_offset, skb_trim,
)
from pymodel.linux.sock import (
    packet_recvmsg, packet_release, packet_sendmsg, packet_socket, skb_set_owner_r, skb_set_owner_w, sock, sock_leaks,
    sock_rfree, sock_wfree,
)
from pymodel.linux.softirq import (
    BLOCK_SOFTIRQ, HI_SOFTIRQ, HRTIMER_SOFTIRQ, IRQ_POLL_SOFTIRQ, NET_RX_SOFTIRQ, NET_TX_SOFTIRQ, RCU_SOFTIRQ,
    SCHED_SOFTIRQ, TASKLET_SOFTIRQ, TIMER_SOFTIRQ, __raise_softirq_irqoff, do_softirq, irq_enter, irq_exit,
    local_bh_disable, local_bh_enable, local_softirq_pending, open_softirq, raise_softirq, raise_softirq_irqoff,
    spin_lock_bh, spin_trylock_bh, spin_unlock_bh,
)
from pymodel.linux.swiotlb import (
    IO_TLB_SEGSIZE, IO_TLB_SHIFT, IO_TLB_SIZE, SwiotlbPool, is_swiotlb_active, swiotlb_slots,
)
from pymodel.linux.tasklet import (
    DECLARE_TASKLET, DECLARE_TASKLET_DISABLED, TASKLET_STATE_RUN, TASKLET_STATE_SCHED, tasklet_disable,
    tasklet_disable_in_atomic, tasklet_disable_nosync, tasklet_enable, tasklet_hi_schedule, tasklet_init, tasklet_kill,
    tasklet_leaks, tasklet_schedule, tasklet_setup, tasklet_struct, tasklet_unlock_wait,
)
from pymodel.linux.tc_ingress import (
    BPF_F_INGRESS, TCX_DROP, TCX_NEXT, TCX_PASS, TCX_REDIRECT, TC_ACT_CONSUMED, TC_ACT_OK, TC_ACT_PIPE, TC_ACT_QUEUED,
    TC_ACT_RECLASSIFY, TC_ACT_REDIRECT, TC_ACT_REPEAT, TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_TRAP, TC_ACT_UNSPEC,
    bpf_redirect, tcx_prog_attach, tcx_prog_detach,
)
from pymodel.linux.time import (
    HRTIMER_MODE_REL, HRTIMER_MODE_REL_PINNED, HRTIMER_NORESTART, HRTIMER_RESTART, HZ, MAX_SCHEDULE_TIMEOUT,
    NSEC_PER_SEC, add_timer, del_timer, del_timer_sync, fsleep, hrtimer, hrtimer_active, hrtimer_cancel,
    hrtimer_forward_now, hrtimer_init, hrtimer_start, hrtimer_try_to_cancel, jiffies, jiffies_to_msecs,
    jiffies_to_usecs, ktime_get, ktime_get_ns, mdelay, mod_timer, msecs_to_jiffies, msleep, ndelay, round_jiffies,
    schedule_timeout, sleep_ns, time_after, time_after_eq, time_before, time_before_eq, timer_delete, timer_delete_sync,
    timer_leaks, timer_list, timer_pending, timer_setup, timer_shutdown_sync, udelay, usecs_to_jiffies, usleep_range,
)
from pymodel.linux.watchdog import dev_trans_start, netdev_watchdog_up
from pymodel.linux.workqueue import (
    INIT_DELAYED_WORK, INIT_WORK, WQ_HIGHPRI, WQ_MEM_RECLAIM, WQ_UNBOUND, alloc_ordered_workqueue, alloc_workqueue,
    cancel_delayed_work, cancel_delayed_work_sync, cancel_work_sync, complete, complete_all, completion, delayed_work,
    destroy_workqueue, flush_work, flush_workqueue, init_completion, mod_delayed_work, queue_delayed_work, queue_work,
    queue_work_on, reinit_completion, schedule_delayed_work, schedule_work, to_delayed_work, wait_for_completion,
    wait_for_completion_timeout, work_leaks, work_pending, work_struct, workqueue_struct,
)
from pymodel.linux.xdp import (
    MEM_TYPE_PAGE_ORDER0, MEM_TYPE_PAGE_POOL, MEM_TYPE_PAGE_SHARED, MEM_TYPE_XSK_BUFF_POOL, XDP_ABORTED, XDP_DROP,
    XDP_PACKET_HEADROOM, XDP_PASS, XDP_REDIRECT, XDP_SETUP_PROG, XDP_TX, bpf_prog, bpf_prog_inc, bpf_prog_put,
    bpf_prog_run_xdp, bpf_warn_invalid_xdp_action, bpf_xdp_adjust_head, bpf_xdp_adjust_meta, bpf_xdp_adjust_tail,
    netdev_bpf, trace_xdp_exception, xdp_buff, xdp_convert_buff_to_frame, xdp_data_hard_end, xdp_frame,
    xdp_get_buff_len, xdp_get_frame_len, xdp_init_buff, xdp_packet, xdp_prepare_buff, xdp_return_buff, xdp_return_frame,
    xdp_return_frame_rx_napi, xdp_rxq_info, xdp_rxq_info_is_reg, xdp_rxq_info_reg, xdp_rxq_info_reg_mem_model,
    xdp_rxq_info_unreg, xdp_rxq_info_unused, xdp_set_data_meta_invalid,
)
from pymodel.linux.xdp_dev import (
    NETDEV_XDP_ACT_BASIC, NETDEV_XDP_ACT_NDO_XMIT, NETDEV_XDP_ACT_REDIRECT, XDP_FLAGS_DRV_MODE, XDP_FLAGS_HW_MODE,
    XDP_FLAGS_REPLACE, XDP_FLAGS_SKB_MODE, XDP_FLAGS_UPDATE_IF_NOEXIST, XDP_XMIT_FLUSH, bpf_prog_run_generic_xdp,
    bpf_xdp_redirect, dev_change_xdp_fd, dev_xdp_prog_count, dev_xdp_prog_id, do_xdp_generic, generic_xdp_tx,
    xdp_do_flush, xdp_do_redirect,
)
from pymodel.linux.xmit import (
    dev_hard_start_xmit, dev_queue_xmit_nit, netdev_start_xmit, validate_xmit_skb, validate_xmit_skb_list,
)

__all__ = [
    "ARPHRD_ETHER", "BLOCK_SOFTIRQ", "BPF_F_INGRESS", "BUG", "BUSY_POLL_BUDGET", "CHECKSUM_BREAK", "CHECKSUM_COMPLETE",
    "CHECKSUM_NONE", "CHECKSUM_PARTIAL", "CHECKSUM_UNNECESSARY", "CSUM_MANGLED_0", "CheckError", "DECLARE_TASKLET",
    "DECLARE_TASKLET_DISABLED", "DEFINE_SPINLOCK", "DMA_ATTR_ALLOC_SINGLE_PAGES", "DMA_ATTR_FORCE_CONTIGUOUS",
    "DMA_ATTR_NO_KERNEL_MAPPING", "DMA_ATTR_NO_WARN", "DMA_ATTR_PRIVILEGED", "DMA_ATTR_SKIP_CPU_SYNC",
    "DMA_ATTR_WEAK_ORDERING", "DMA_ATTR_WRITE_COMBINE", "DMA_BIDIRECTIONAL", "DMA_BIT_MASK", "DMA_FROM_DEVICE",
    "DMA_MAPPING_ERROR", "DMA_NONE", "DMA_TO_DEVICE", "DQL_MAX_LIMIT", "DQL_MAX_OBJECT", "DmaMapping", "DoubleFree",
    "E2BIG", "EACCES", "EADDRINUSE", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EAGAIN", "EBUSY", "ECANCELED", "ECONNREFUSED",
    "EDESTADDRREQ", "EEXIST", "EFAULT", "EHOSTUNREACH", "EINPROGRESS", "EINTR", "EINVAL", "EIO", "EISCONN", "EMSGSIZE",
    "ENETDOWN", "ENETUNREACH", "ENOBUFS", "ENODATA", "ENODEV", "ENOENT", "ENOMEM", "ENOMSG", "ENOSPC", "ENOSYS",
    "ENOTCONN", "ENOTSUPP", "ENOTTY", "ENOTUNIQ", "ENXIO", "EOPNOTSUPP", "EOVERFLOW", "EPERM", "EPIPE", "EPROBE_DEFER",
    "EPROTO", "EPROTONOSUPPORT", "ERANGE", "ERESTARTSYS", "ESOCKTNOSUPPORT", "ESRCH", "ETH_ALEN", "ETH_DATA_LEN",
    "ETH_FCS_LEN", "ETH_FRAME_LEN", "ETH_HLEN", "ETH_MAX_MTU", "ETH_MIN_MTU", "ETH_P_1588", "ETH_P_8021AD",
    "ETH_P_8021Q", "ETH_P_802_2", "ETH_P_802_3", "ETH_P_802_3_MIN", "ETH_P_ALL", "ETH_P_ARP", "ETH_P_CFM", "ETH_P_FCOE",
    "ETH_P_HSR", "ETH_P_IP", "ETH_P_IPV6", "ETH_P_LLDP", "ETH_P_MPLS_MC", "ETH_P_MPLS_UC", "ETH_P_PAUSE",
    "ETH_P_PPP_SES", "ETH_P_PRP", "ETH_P_RARP", "ETH_P_TEB", "ETH_SS_STATS", "ETH_ZLEN", "ETIME", "ETIMEDOUT",
    "ETOOMANYREFS", "EXDEV", "FLOW_DISSECTOR_F_PARSE_1ST_FRAG", "FLOW_DISSECTOR_F_STOP_AT_ENCAP",
    "FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL", "FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP", "FLOW_DISSECTOR_KEY_FLOW_LABEL",
    "FLOW_DISSECTOR_KEY_GRE_KEYID", "FLOW_DISSECTOR_KEY_IPV4_ADDRS", "FLOW_DISSECTOR_KEY_IPV6_ADDRS",
    "FLOW_DISSECTOR_KEY_PORTS", "FLOW_DISSECTOR_KEY_VLAN", "FLOW_DIS_ENCAPSULATION", "FLOW_DIS_FIRST_FRAG",
    "FLOW_DIS_IS_FRAGMENT", "GFP_ATOMIC", "GFP_DMA", "GFP_DMA32", "GFP_KERNEL", "GFP_NOWAIT", "GRO_CONSUMED",
    "GRO_HASH_BUCKETS", "GRO_HELD", "GRO_LEGACY_MAX_SIZE", "GRO_MAX_HEAD", "GRO_MAX_SIZE", "GRO_MERGED",
    "GRO_MERGED_FREE", "GRO_NORMAL", "GSO_BY_FRAGS", "GSO_LEGACY_MAX_SIZE", "GSO_MAX_SEGS", "GSO_MAX_SIZE",
    "HI_SOFTIRQ", "HRTIMER_MODE_REL", "HRTIMER_MODE_REL_PINNED", "HRTIMER_NORESTART", "HRTIMER_RESTART",
    "HRTIMER_SOFTIRQ", "HZ", "Header", "IFF_ALLMULTI", "IFF_BROADCAST", "IFF_LIVE_ADDR_CHANGE", "IFF_MULTICAST",
    "IFF_NOARP", "IFF_NO_QUEUE", "IFF_PROMISC", "IFF_RUNNING", "IFF_UNICAST_FLT", "IFF_UP", "INIT_DELAYED_WORK",
    "INIT_WORK", "IORESOURCE_MEM", "IO_TLB_SEGSIZE", "IO_TLB_SHIFT", "IO_TLB_SIZE", "IPPROTO_AH", "IPPROTO_DCCP",
    "IPPROTO_DSTOPTS", "IPPROTO_ESP", "IPPROTO_FRAGMENT", "IPPROTO_GRE", "IPPROTO_HOPOPTS", "IPPROTO_ICMP",
    "IPPROTO_ICMPV6", "IPPROTO_IGMP", "IPPROTO_IPIP", "IPPROTO_IPV6", "IPPROTO_MH", "IPPROTO_MPLS", "IPPROTO_NONE",
    "IPPROTO_ROUTING", "IPPROTO_SCTP", "IPPROTO_TCP", "IPPROTO_UDP", "IPPROTO_UDPLITE", "IP_CE", "IP_DF", "IP_MF",
    "IP_OFFSET", "IRQCHIP_EOI_IF_HANDLED", "IRQCHIP_EOI_THREADED", "IRQCHIP_ONESHOT_SAFE", "IRQF_COND_ONESHOT",
    "IRQF_NO_AUTOEN", "IRQF_ONESHOT", "IRQF_PERCPU", "IRQF_PROBE_SHARED", "IRQF_SHARED", "IRQF_TRIGGER_FALLING",
    "IRQF_TRIGGER_HIGH", "IRQF_TRIGGER_LOW", "IRQF_TRIGGER_NONE", "IRQF_TRIGGER_RISING", "IRQ_DISABLE_UNLAZY",
    "IRQ_HANDLED", "IRQ_LEVEL", "IRQ_NOAUTOEN", "IRQ_NONE", "IRQ_POLL_SOFTIRQ", "IRQ_RETVAL", "IRQ_WAKE_THREAD",
    "IS_ERR", "IS_ERR_OR_NULL", "KernelBug", "KernelLog", "KernelWarning", "LL_MAX_HEADER", "Lockup", "MAX_GRO_SKBS",
    "MAX_HEADER", "MAX_SCHEDULE_TIMEOUT", "MAX_SKB_FRAGS", "MEM_TYPE_PAGE_ORDER0", "MEM_TYPE_PAGE_POOL",
    "MEM_TYPE_PAGE_SHARED", "MEM_TYPE_XSK_BUFF_POOL", "MIN_NAPI_ID", "NAPIF_STATE_DISABLE", "NAPIF_STATE_IN_BUSY_POLL",
    "NAPIF_STATE_LISTED", "NAPIF_STATE_MISSED", "NAPIF_STATE_NO_BUSY_POLL", "NAPIF_STATE_NPSVC",
    "NAPIF_STATE_PREFER_BUSY_POLL", "NAPIF_STATE_SCHED", "NAPIF_STATE_SCHED_THREADED", "NAPIF_STATE_THREADED",
    "NAPI_GRO_CB", "NAPI_GRO_FREE", "NAPI_GRO_FREE_STOLEN_HEAD", "NAPI_POLL_WEIGHT", "NETDEV_FEATURE_COUNT",
    "NETDEV_TX_BUSY", "NETDEV_TX_OK", "NETDEV_XDP_ACT_BASIC", "NETDEV_XDP_ACT_NDO_XMIT", "NETDEV_XDP_ACT_REDIRECT",
    "NETIF_F_ALL_FCOE", "NETIF_F_ALL_FOR_ALL", "NETIF_F_ALL_TSO", "NETIF_F_CSUM_MASK", "NETIF_F_ETHTOOL_BITS",
    "NETIF_F_FCOE_CRC", "NETIF_F_FRAGLIST", "NETIF_F_FSO", "NETIF_F_GRO", "NETIF_F_GRO_FRAGLIST", "NETIF_F_GRO_HW",
    "NETIF_F_GRO_UDP_FWD", "NETIF_F_GSO", "NETIF_F_GSO_ENCAP_ALL", "NETIF_F_GSO_ESP", "NETIF_F_GSO_FRAGLIST",
    "NETIF_F_GSO_GRE", "NETIF_F_GSO_GRE_CSUM", "NETIF_F_GSO_IPXIP4", "NETIF_F_GSO_IPXIP6", "NETIF_F_GSO_MASK",
    "NETIF_F_GSO_PARTIAL", "NETIF_F_GSO_ROBUST", "NETIF_F_GSO_SCTP", "NETIF_F_GSO_SHIFT", "NETIF_F_GSO_SOFTWARE",
    "NETIF_F_GSO_TUNNEL_REMCSUM", "NETIF_F_GSO_UDP", "NETIF_F_GSO_UDP_L4", "NETIF_F_GSO_UDP_TUNNEL",
    "NETIF_F_GSO_UDP_TUNNEL_CSUM", "NETIF_F_HIGHDMA", "NETIF_F_HW_CSUM", "NETIF_F_HW_ESP", "NETIF_F_HW_ESP_TX_CSUM",
    "NETIF_F_HW_HSR_DUP", "NETIF_F_HW_HSR_FWD", "NETIF_F_HW_HSR_TAG_INS", "NETIF_F_HW_HSR_TAG_RM",
    "NETIF_F_HW_L2FW_DOFFLOAD", "NETIF_F_HW_MACSEC", "NETIF_F_HW_TC", "NETIF_F_HW_TLS_RECORD", "NETIF_F_HW_TLS_RX",
    "NETIF_F_HW_TLS_TX", "NETIF_F_HW_VLAN_CTAG_FILTER", "NETIF_F_HW_VLAN_CTAG_RX", "NETIF_F_HW_VLAN_CTAG_TX",
    "NETIF_F_HW_VLAN_STAG_FILTER", "NETIF_F_HW_VLAN_STAG_RX", "NETIF_F_HW_VLAN_STAG_TX", "NETIF_F_IPV6_CSUM",
    "NETIF_F_IP_CSUM", "NETIF_F_LOOPBACK", "NETIF_F_LRO", "NETIF_F_NEVER_CHANGE", "NETIF_F_NOCACHE_COPY",
    "NETIF_F_NTUPLE", "NETIF_F_ONE_FOR_ALL", "NETIF_F_RXALL", "NETIF_F_RXCSUM", "NETIF_F_RXFCS", "NETIF_F_RXHASH",
    "NETIF_F_RX_UDP_TUNNEL_PORT", "NETIF_F_SCTP_CRC", "NETIF_F_SG", "NETIF_F_SOFT_FEATURES",
    "NETIF_F_SOFT_FEATURES_OFF", "NETIF_F_TSO", "NETIF_F_TSO6", "NETIF_F_TSO_ECN", "NETIF_F_TSO_MANGLEID",
    "NETIF_F_VLAN_CHALLENGED", "NETIF_F_VLAN_FEATURES", "NETREG_REGISTERED", "NETREG_RELEASED", "NETREG_UNINITIALIZED",
    "NETREG_UNREGISTERED", "NETREG_UNREGISTERING", "NET_IP_ALIGN", "NET_RX_DROP", "NET_RX_SOFTIRQ", "NET_RX_SUCCESS",
    "NET_SKB_PAD", "NET_TX_SOFTIRQ", "NET_XMIT_CN", "NET_XMIT_DROP", "NET_XMIT_SUCCESS", "NFPROTO_INET", "NFPROTO_IPV4",
    "NFPROTO_IPV6", "NFPROTO_NETDEV", "NF_ACCEPT", "NF_DROP", "NF_DROP_ERR", "NF_HOOK", "NF_INET_FORWARD",
    "NF_INET_INGRESS", "NF_INET_LOCAL_IN", "NF_INET_LOCAL_OUT", "NF_INET_POST_ROUTING", "NF_INET_PRE_ROUTING",
    "NF_NETDEV_INGRESS", "NF_QUEUE", "NF_QUEUE_NR", "NF_REPEAT", "NF_STOLEN", "NF_VERDICT_FLAG_QUEUE_BYPASS",
    "NF_VERDICT_MASK", "NSEC_PER_SEC", "PACKET_BROADCAST", "PACKET_HOST", "PACKET_LOOPBACK", "PACKET_MULTICAST",
    "PACKET_OTHERHOST", "PACKET_OUTGOING", "PAGE_SHIFT", "PAGE_SIZE", "PCIBIOS_BAD_REGISTER_NUMBER",
    "PCIBIOS_DEVICE_NOT_FOUND", "PCIBIOS_SUCCESSFUL", "PCI_ANY_ID", "PCI_BASE_ADDRESS_0", "PCI_CAPABILITY_LIST",
    "PCI_CAP_ID_EXP", "PCI_CAP_ID_MSI", "PCI_CAP_ID_MSIX", "PCI_CAP_ID_PM", "PCI_CFG_SPACE_EXP_SIZE",
    "PCI_CFG_SPACE_SIZE", "PCI_CLASS_DEVICE", "PCI_CLASS_NETWORK_ETHERNET", "PCI_CLASS_REVISION", "PCI_COMMAND",
    "PCI_COMMAND_INTX_DISABLE", "PCI_COMMAND_IO", "PCI_COMMAND_MASTER", "PCI_COMMAND_MEMORY", "PCI_COMMAND_PARITY",
    "PCI_COMMAND_SERR", "PCI_D0", "PCI_D1", "PCI_D2", "PCI_D3cold", "PCI_D3hot", "PCI_DEVICE", "PCI_DEVICE_CLASS",
    "PCI_DEVICE_ID", "PCI_DEVICE_SUB", "PCI_ERR_COR_STATUS", "PCI_ERR_UNCOR_STATUS", "PCI_ERS_RESULT_CAN_RECOVER",
    "PCI_ERS_RESULT_DISCONNECT", "PCI_ERS_RESULT_NEED_RESET", "PCI_ERS_RESULT_NONE", "PCI_ERS_RESULT_NO_AER_DRIVER",
    "PCI_ERS_RESULT_RECOVERED", "PCI_EXP_DEVCAP", "PCI_EXP_DEVCAP_FLR", "PCI_EXP_DEVCTL", "PCI_EXP_DEVCTL_BCR_FLR",
    "PCI_EXP_DEVCTL_READRQ", "PCI_EXP_DEVSTA", "PCI_EXP_DEVSTA_TRPND", "PCI_EXP_LNKCAP", "PCI_EXP_LNKCTL",
    "PCI_EXP_LNKSTA", "PCI_EXT_CAP_ID_DSN", "PCI_EXT_CAP_ID_ERR", "PCI_HEADER_TYPE", "PCI_INTERRUPT_LINE",
    "PCI_INTERRUPT_PIN", "PCI_IRQ_AFFINITY", "PCI_IRQ_ALL_TYPES", "PCI_IRQ_INTX", "PCI_IRQ_LEGACY", "PCI_IRQ_MSI",
    "PCI_IRQ_MSIX", "PCI_MSIX_FLAGS", "PCI_MSIX_FLAGS_ENABLE", "PCI_MSIX_FLAGS_MASKALL", "PCI_MSIX_FLAGS_QSIZE",
    "PCI_MSIX_PBA", "PCI_MSIX_TABLE", "PCI_MSI_FLAGS", "PCI_MSI_FLAGS_ENABLE", "PCI_MSI_FLAGS_QMASK", "PCI_PM_CTRL",
    "PCI_PM_CTRL_NO_SOFT_RESET", "PCI_PM_CTRL_PME_ENABLE", "PCI_PM_CTRL_STATE_MASK", "PCI_PM_PMC", "PCI_REVISION_ID",
    "PCI_STATUS", "PCI_STATUS_CAP_LIST", "PCI_STD_NUM_BARS", "PCI_SUBSYSTEM_ID", "PCI_SUBSYSTEM_VENDOR_ID",
    "PCI_UNKNOWN", "PCI_VDEVICE", "PCI_VENDOR_ID", "PKT_HASH_TYPE_L2", "PKT_HASH_TYPE_L3", "PKT_HASH_TYPE_L4",
    "PKT_HASH_TYPE_NONE", "PP_ALLOC_CACHE_REFILL", "PP_ALLOC_CACHE_SIZE", "PP_FLAG_ALL", "PP_FLAG_DMA_MAP",
    "PP_FLAG_DMA_SYNC_DEV", "PTR_ERR", "QUEUE_STATE_ANY_XOFF", "QUEUE_STATE_ANY_XOFF_OR_FROZEN", "QUEUE_STATE_DRV_XOFF",
    "QUEUE_STATE_DRV_XOFF_OR_FROZEN", "QUEUE_STATE_FROZEN", "QUEUE_STATE_STACK_XOFF", "Qdisc", "RCU_SOFTIRQ",
    "READ_ONCE", "RX_HANDLER_ANOTHER", "RX_HANDLER_CONSUMED", "RX_HANDLER_EXACT", "RX_HANDLER_PASS", "SCHED_SOFTIRQ",
    "SET_NETDEV_DEV", "SIZEOF_FCLONES", "SIZEOF_SHINFO", "SIZEOF_SKB_FRAG", "SIZEOF_SK_BUFF", "SKB_ALLOC_FCLONE",
    "SKB_ALLOC_NAPI", "SKB_ALLOC_RX", "SKB_CB_SIZE", "SKB_CONSUMED", "SKB_DATA_ALIGN", "SKB_DROP_REASON_CPU_BACKLOG",
    "SKB_DROP_REASON_DEV_HDR", "SKB_DROP_REASON_DEV_READY", "SKB_DROP_REASON_FULL_RING", "SKB_DROP_REASON_HDR_TRUNC",
    "SKB_DROP_REASON_IP_CSUM", "SKB_DROP_REASON_IP_INHDR", "SKB_DROP_REASON_NETFILTER_DROP", "SKB_DROP_REASON_NOMEM",
    "SKB_DROP_REASON_NOT_SPECIFIED", "SKB_DROP_REASON_NO_SOCKET", "SKB_DROP_REASON_OTHERHOST",
    "SKB_DROP_REASON_PACKET_SOCK_ERROR", "SKB_DROP_REASON_PKT_TOO_BIG", "SKB_DROP_REASON_PKT_TOO_SMALL",
    "SKB_DROP_REASON_QDISC_DROP", "SKB_DROP_REASON_QUEUE_PURGE", "SKB_DROP_REASON_SKB_CSUM",
    "SKB_DROP_REASON_SKB_GSO_SEG", "SKB_DROP_REASON_SKB_UCOPY_FAULT", "SKB_DROP_REASON_SOCKET_FILTER",
    "SKB_DROP_REASON_SOCKET_RCVBUFF", "SKB_DROP_REASON_TCP_CSUM", "SKB_DROP_REASON_TC_EGRESS",
    "SKB_DROP_REASON_TC_INGRESS", "SKB_DROP_REASON_UDP_CSUM", "SKB_DROP_REASON_UNHANDLED_PROTO", "SKB_DROP_REASON_XDP",
    "SKB_FCLONE_CLONE", "SKB_FCLONE_ORIG", "SKB_FCLONE_UNAVAILABLE", "SKB_GSO_DODGY", "SKB_GSO_ESP", "SKB_GSO_FCOE",
    "SKB_GSO_FRAGLIST", "SKB_GSO_GRE", "SKB_GSO_GRE_CSUM", "SKB_GSO_IPXIP4", "SKB_GSO_IPXIP6", "SKB_GSO_PARTIAL",
    "SKB_GSO_SCTP", "SKB_GSO_TCPV4", "SKB_GSO_TCPV6", "SKB_GSO_TCP_ECN", "SKB_GSO_TCP_FIXEDID",
    "SKB_GSO_TUNNEL_REMCSUM", "SKB_GSO_UDP", "SKB_GSO_UDP_L4", "SKB_GSO_UDP_TUNNEL", "SKB_GSO_UDP_TUNNEL_CSUM",
    "SKB_HEAD_ALIGN", "SKB_MAX_ALLOC", "SKB_MAX_CSUM_LEVEL", "SKB_MAX_ORDER", "SKB_NOT_DROPPED_YET", "SKB_TRUESIZE",
    "SKB_WITH_OVERHEAD", "SMP_CACHE_BYTES", "SchedulingWhileAtomic", "Site", "SwiotlbPool", "TASKLET_SOFTIRQ",
    "TASKLET_STATE_RUN", "TASKLET_STATE_SCHED", "TCX_DROP", "TCX_NEXT", "TCX_PASS", "TCX_REDIRECT", "TC_ACT_CONSUMED",
    "TC_ACT_OK", "TC_ACT_PIPE", "TC_ACT_QUEUED", "TC_ACT_RECLASSIFY", "TC_ACT_REDIRECT", "TC_ACT_REPEAT", "TC_ACT_SHOT",
    "TC_ACT_STOLEN", "TC_ACT_TRAP", "TC_ACT_UNSPEC", "TC_BITMASK", "TC_MAX_QUEUE", "TIMER_SOFTIRQ", "UDP_GRO_CNT_MAX",
    "UseAfterFree", "VLAN_CFI_MASK", "VLAN_ETH_HLEN", "VLAN_HLEN", "VLAN_MAX_DEPTH", "VLAN_N_VID", "VLAN_PRIO_MASK",
    "VLAN_PRIO_SHIFT", "VLAN_VID_MASK", "WARN", "WQ_HIGHPRI", "WQ_MEM_RECLAIM", "WQ_UNBOUND", "XDP_ABORTED", "XDP_DROP",
    "XDP_FLAGS_DRV_MODE", "XDP_FLAGS_HW_MODE", "XDP_FLAGS_REPLACE", "XDP_FLAGS_SKB_MODE", "XDP_FLAGS_UPDATE_IF_NOEXIST",
    "XDP_PACKET_HEADROOM", "XDP_PASS", "XDP_REDIRECT", "XDP_SETUP_PROG", "XDP_TX", "XDP_XMIT_FLUSH", "XPS_CPUS",
    "XPS_RXQS", "__GFP_COMP", "__GFP_DIRECT_RECLAIM", "__GFP_NOMEMALLOC", "__GFP_NORETRY", "__GFP_NOWARN", "__GFP_ZERO",
    "__alloc_skb", "__copy_skb_header", "__dev_alloc_skb", "__dev_direct_xmit", "__dev_queue_xmit", "__dev_set_mtu",
    "__free_page", "__free_pages", "__get_free_page", "__get_free_pages", "__kfree_skb", "__napi_alloc_frag_align",
    "__napi_schedule", "__napi_schedule_irqoff", "__netdev_alloc_skb", "__netdev_alloc_skb_ip_align",
    "__netdev_sent_queue", "__netdev_tx_sent_queue", "__netif_rx", "__netif_subqueue_stopped", "__netif_tx_lock",
    "__netif_tx_lock_bh", "__netif_tx_trylock", "__netif_tx_unlock", "__netif_tx_unlock_bh",
    "__netif_txq_completed_wake", "__pskb_copy", "__pskb_pull_tail", "__pskb_trim", "__raise_softirq_irqoff",
    "__skb_checksum_complete", "__skb_checksum_complete_head", "__skb_decr_checksum_unnecessary", "__skb_dequeue",
    "__skb_dequeue_tail", "__skb_fill_page_desc", "__skb_flow_dissect", "__skb_frag_ref", "__skb_get_hash",
    "__skb_get_hash_symmetric", "__skb_get_poff", "__skb_gso_segment", "__skb_incr_checksum_unnecessary",
    "__skb_linearize", "__skb_pull", "__skb_push", "__skb_put", "__skb_queue_after", "__skb_queue_before",
    "__skb_queue_head", "__skb_queue_head_init", "__skb_queue_purge", "__skb_queue_purge_reason", "__skb_queue_tail",
    "__skb_reset_checksum_unnecessary", "__skb_set_sw_hash", "__skb_trim", "__skb_unlink", "__skb_vlan_pop",
    "__udp_gso_segment", "__vlan_get_protocol", "__vlan_get_tag", "__vlan_hwaccel_clear_tag", "__vlan_hwaccel_copy_tag",
    "__vlan_hwaccel_get_tag", "__vlan_hwaccel_push_inside", "__vlan_hwaccel_put_tag", "__vlan_insert_inner_tag",
    "__vlan_insert_tag", "add_timer", "alloc_etherdev", "alloc_etherdev_mq", "alloc_etherdev_mqs", "alloc_netdev_mqs",
    "alloc_ordered_workqueue", "alloc_page", "alloc_pages", "alloc_skb", "alloc_skb_fclone", "alloc_skb_with_frags",
    "alloc_workqueue", "barrier", "be16", "be32", "boot", "bpf_prog", "bpf_prog_inc", "bpf_prog_put",
    "bpf_prog_run_generic_xdp", "bpf_prog_run_xdp", "bpf_redirect", "bpf_warn_invalid_xdp_action",
    "bpf_xdp_adjust_head", "bpf_xdp_adjust_meta", "bpf_xdp_adjust_tail", "bpf_xdp_redirect", "broken_rule", "build_skb",
    "build_skb_around", "busy_loop_current_time", "caller", "caller_outside", "can_checksum_protocol",
    "cancel_delayed_work", "cancel_delayed_work_sync", "cancel_work_sync", "charge", "complete", "complete_all",
    "completion", "cond_resched", "consume_skb", "container_of", "counters", "cpumask_of", "csum16_add", "csum16_sub",
    "csum_add", "csum_block_add", "csum_block_sub", "csum_fold", "csum_ipv6_magic", "csum_partial", "csum_replace2",
    "csum_replace4", "csum_replace_by_diff", "csum_shift", "csum_sub", "csum_tcpudp_magic", "csum_tcpudp_nofold",
    "csum_unfold", "current", "del_timer", "del_timer_sync", "delayed_work", "destroy_workqueue", "dev_activate",
    "dev_add_pack", "dev_addr_set", "dev_alloc_page", "dev_alloc_pages", "dev_alloc_skb", "dev_change_tx_queue_len",
    "dev_change_xdp_fd", "dev_close", "dev_consume_skb_any", "dev_consume_skb_irq", "dev_deactivate", "dev_direct_xmit",
    "dev_err", "dev_get_drvdata", "dev_get_stats", "dev_gro_receive", "dev_hard_start_xmit", "dev_info",
    "dev_init_scheduler", "dev_kfree_skb", "dev_kfree_skb_any", "dev_kfree_skb_any_reason", "dev_kfree_skb_irq",
    "dev_kfree_skb_irq_reason", "dev_mc_add", "dev_mc_del", "dev_name", "dev_open", "dev_pick_tx_zero",
    "dev_queue_xmit", "dev_queue_xmit_nit", "dev_remove_pack", "dev_set_allmulti", "dev_set_drvdata",
    "dev_set_mac_address", "dev_set_mtu", "dev_set_promiscuity", "dev_set_threaded", "dev_trans_start", "dev_uc_add",
    "dev_uc_del", "dev_warn", "dev_xdp_prog_count", "dev_xdp_prog_id", "device", "devm_add_action",
    "devm_add_action_or_reset", "devm_free_irq", "devm_ioremap", "devm_iounmap", "devm_kcalloc", "devm_kfree",
    "devm_kmalloc", "devm_kzalloc", "devm_release_action", "devm_remove_action", "devm_request_irq",
    "devm_request_threaded_irq", "disable_hardirq", "disable_irq", "disable_irq_nosync", "dma_addressing_limited",
    "dma_alloc_attrs", "dma_alloc_coherent", "dma_fault_error", "dma_free_attrs", "dma_free_coherent", "dma_get_mask",
    "dma_get_max_seg_size", "dma_get_min_align_mask", "dma_get_required_mask", "dma_get_seg_boundary", "dma_leaks",
    "dma_map_page", "dma_map_page_attrs", "dma_map_sg", "dma_map_sg_attrs", "dma_map_sgtable", "dma_map_single",
    "dma_map_single_attrs", "dma_mapping_error", "dma_mappings", "dma_max_mapping_size", "dma_need_sync",
    "dma_opt_mapping_size", "dma_pool", "dma_pool_alloc", "dma_pool_create", "dma_pool_destroy", "dma_pool_free",
    "dma_pool_zalloc", "dma_rmb", "dma_set_coherent_mask", "dma_set_mask", "dma_set_mask_and_coherent",
    "dma_set_max_seg_size", "dma_set_min_align_mask", "dma_set_seg_boundary", "dma_sync_sg_for_cpu",
    "dma_sync_sg_for_device", "dma_sync_sgtable_for_cpu", "dma_sync_sgtable_for_device", "dma_sync_single_for_cpu",
    "dma_sync_single_for_device", "dma_sync_single_range_for_cpu", "dma_sync_single_range_for_device", "dma_unmap_page",
    "dma_unmap_page_attrs", "dma_unmap_sg", "dma_unmap_sg_attrs", "dma_unmap_sgtable", "dma_unmap_single",
    "dma_unmap_single_attrs", "dma_wmb", "dmam_alloc_coherent", "dmam_free_coherent", "dmam_pool_create",
    "dmam_pool_destroy", "dmesg", "do_softirq", "do_xdp_generic", "dql", "dql_avail", "dql_completed", "dql_init",
    "dql_queued", "dql_reset", "drop_reason_name", "enable_irq", "errname", "eth_broadcast_addr",
    "eth_commit_mac_addr_change", "eth_get_headlen", "eth_hdr", "eth_header", "eth_hw_addr_random", "eth_hw_addr_set",
    "eth_mac_addr", "eth_prepare_mac_addr_change", "eth_proto_is_802_3", "eth_random_addr", "eth_skb_pad",
    "eth_type_trans", "eth_type_vlan", "eth_validate_addr", "eth_zero_addr", "ether_addr_copy", "ether_addr_equal",
    "ether_addr_to_u64", "ether_crc", "ether_crc_le", "ether_setup", "ethhdr", "ethtool_channels", "ethtool_coalesce",
    "ethtool_drvinfo", "ethtool_get_link", "ethtool_get_ringparam", "ethtool_get_stats", "ethtool_op_get_link",
    "ethtool_ops", "ethtool_ringparam", "ethtool_set_ringparam", "flow_dissector", "flow_hash_from_keys", "flow_keys",
    "flow_keys_basic_dissector", "flow_keys_dissector", "flow_keys_dissector_symmetric", "flow_keys_have_l4",
    "flush_work", "flush_workqueue", "for_each_sg", "for_each_sgtable_dma_sg", "for_each_sgtable_sg", "free_irq",
    "free_netdev", "free_page", "free_pages", "from32to16", "fsleep", "generic_handle_irq", "generic_xdp_tx",
    "get_order", "get_page", "get_rps_cpu", "get_unaligned_be16", "get_unaligned_be32", "get_zeroed_page",
    "gro_normal_list", "gro_normal_one", "handle_edge_irq", "handle_fasteoi_irq", "handle_level_irq",
    "handle_percpu_irq", "handle_simple_irq", "hrtimer", "hrtimer_active", "hrtimer_cancel", "hrtimer_forward_now",
    "hrtimer_init", "hrtimer_start", "hrtimer_try_to_cancel", "htonl", "htons", "in_atomic", "in_hardirq",
    "in_interrupt", "in_irq", "in_serving_softirq", "in_softirq", "in_task", "inet_compute_pseudo", "inet_gro_complete",
    "inet_gro_receive", "inet_gso_segment", "inet_proto_csum_replace2", "inet_proto_csum_replace4", "init_completion",
    "ioremap", "iounmap", "ip6_compute_pseudo", "ip_compute_csum", "ip_fast_csum", "ip_hdr", "ip_hdrlen",
    "ip_is_fragment", "ip_send_check", "iphdr", "ipv6_authlen", "ipv6_ext_hdr", "ipv6_gro_complete", "ipv6_gro_receive",
    "ipv6_gso_segment", "ipv6_hdr", "ipv6_optlen", "ipv6hdr", "irq_affinity", "irq_alloc_desc", "irq_chip",
    "irq_clear_status_flags", "irq_desc", "irq_enter", "irq_exit", "irq_free_desc", "irq_get_affinity_mask",
    "irq_get_chip_data", "irq_get_count", "irq_leaks", "irq_set_affinity", "irq_set_affinity_and_hint",
    "irq_set_affinity_hint", "irq_set_chip_and_handler", "irq_set_chip_data", "irq_set_handler", "irq_set_status_flags",
    "irq_to_desc", "irq_update_affinity_hint", "irqaction", "irqs_disabled", "is_broadcast_ether_addr",
    "is_local_ether_addr", "is_multicast_ether_addr", "is_swiotlb_active", "is_unicast_ether_addr",
    "is_valid_ether_addr", "is_zero_ether_addr", "jiffies", "jiffies_to_msecs", "jiffies_to_usecs", "kcalloc", "kfree",
    "kfree_skb", "kfree_skb_list", "kfree_skb_partial", "kfree_skb_reason", "kmalloc", "kmalloc_size_roundup", "ksize",
    "kthread_run", "kthread_run_on_cpu", "kthread_should_stop", "kthread_stop", "ktime_get", "ktime_get_ns", "kzalloc",
    "leak_report", "local_bh_disable", "local_bh_enable", "local_irq_disable", "local_irq_enable", "local_irq_restore",
    "local_irq_save", "local_softirq_pending", "mb", "mdelay", "might_sleep", "mm_leaks", "mod_delayed_work",
    "mod_timer", "module_param", "msecs_to_jiffies", "msi_write", "msix_entry", "msleep", "mutex", "mutex_init",
    "mutex_is_locked", "mutex_lock", "mutex_trylock", "mutex_unlock", "napi_alloc_frag", "napi_alloc_skb",
    "napi_build_skb", "napi_busy_loop", "napi_by_id", "napi_complete", "napi_complete_done", "napi_consume_skb",
    "napi_disable", "napi_disable_pending", "napi_enable", "napi_get_frags", "napi_gro_cb", "napi_gro_flush",
    "napi_gro_frags", "napi_gro_receive", "napi_id_valid", "napi_if_scheduled_mark_missed", "napi_is_scheduled",
    "napi_leaks", "napi_prefer_busy_poll", "napi_schedule", "napi_schedule_irqoff", "napi_schedule_prep", "napi_struct",
    "napi_synchronize", "ndelay", "net_device", "net_device_ops", "net_device_stats", "net_gso_ok", "net_rx_action",
    "netdev_alloc_frag", "netdev_alloc_skb", "netdev_alloc_skb_ip_align", "netdev_bpf", "netdev_cap_txqueue",
    "netdev_completed_queue", "netdev_core_pick_tx", "netdev_err", "netdev_features_change", "netdev_for_each_mc_addr",
    "netdev_for_each_uc_addr", "netdev_get_num_tc", "netdev_get_prio_tc_map", "netdev_get_tx_queue", "netdev_info",
    "netdev_intersect_features", "netdev_leaks", "netdev_mc_count", "netdev_mc_empty", "netdev_pick_tx", "netdev_priv",
    "netdev_queue", "netdev_reset_queue", "netdev_reset_tc", "netdev_rx_handler_register",
    "netdev_rx_handler_unregister", "netdev_rx_queue", "netdev_rx_queue_set_rps_mask", "netdev_sent_queue",
    "netdev_set_num_tc", "netdev_set_prio_tc_map", "netdev_set_tc_queue", "netdev_start_xmit",
    "netdev_stats_to_stats64", "netdev_sw_irq_coalesce_default_on", "netdev_tx_completed_queue",
    "netdev_tx_reset_queue", "netdev_tx_reset_subqueue", "netdev_tx_sent_queue", "netdev_txq_bql_complete_prefetchw",
    "netdev_txq_to_tc", "netdev_uc_count", "netdev_uc_empty", "netdev_update_features", "netdev_warn",
    "netdev_watchdog_up", "netdev_xmit_more", "netif_carrier_off", "netif_carrier_ok", "netif_carrier_on",
    "netif_device_attach", "netif_device_detach", "netif_device_present", "netif_get_gro_max_size",
    "netif_get_gso_max_size", "netif_inherit_tso_max", "netif_is_multiqueue", "netif_napi_add", "netif_napi_add_tx",
    "netif_napi_add_tx_weight", "netif_napi_add_weight", "netif_napi_del", "netif_napi_set_irq", "netif_needs_gso",
    "netif_queue_set_napi", "netif_queue_stopped", "netif_receive_skb", "netif_receive_skb_list", "netif_running",
    "netif_rx", "netif_schedule_queue", "netif_set_gro_ipv4_max_size", "netif_set_gro_max_size",
    "netif_set_real_num_queues", "netif_set_real_num_rx_queues", "netif_set_real_num_tx_queues",
    "netif_set_tso_max_segs", "netif_set_tso_max_size", "netif_set_xps_queue", "netif_skb_features",
    "netif_start_queue", "netif_start_subqueue", "netif_stop_queue", "netif_stop_subqueue",
    "netif_subqueue_completed_wake", "netif_subqueue_maybe_stop", "netif_subqueue_stopped", "netif_subqueue_try_stop",
    "netif_trans_update", "netif_tx_disable", "netif_tx_lock", "netif_tx_lock_bh", "netif_tx_queue_frozen",
    "netif_tx_queue_stopped", "netif_tx_start_all_queues", "netif_tx_start_queue", "netif_tx_stop_all_queues",
    "netif_tx_stop_queue", "netif_tx_unlock", "netif_tx_unlock_bh", "netif_tx_wake_all_queues", "netif_tx_wake_queue",
    "netif_txq_completed_wake", "netif_txq_maybe_stop", "netif_txq_try_stop", "netif_wake_queue", "netif_wake_subqueue",
    "netif_xmit_frozen_or_stopped", "netif_xmit_stopped", "netif_xmit_timeout_ms", "netpoll_poll_dev", "nf_hook_ops",
    "nf_hook_slow", "nf_hook_state", "nf_queue_entry", "nf_register_net_hook", "nf_register_net_hooks",
    "nf_register_queue_handler", "nf_reinject", "nf_unregister_net_hook", "nf_unregister_net_hooks",
    "nf_unregister_queue_handler", "ntohl", "ntohs", "null_compute_pseudo", "num_online_cpus", "open_softirq",
    "packet_recvmsg", "packet_release", "packet_sendmsg", "packet_socket", "packet_type", "page", "page_address",
    "page_frag_alloc", "page_frag_cache", "page_frag_cache_drain", "page_frag_free", "page_pool", "page_pool_alloc",
    "page_pool_alloc_frag", "page_pool_alloc_pages", "page_pool_alloc_va", "page_pool_create", "page_pool_destroy",
    "page_pool_dev_alloc", "page_pool_dev_alloc_frag", "page_pool_dev_alloc_pages", "page_pool_dev_alloc_va",
    "page_pool_disable_direct_recycling", "page_pool_dma_sync_for_cpu", "page_pool_ethtool_stats_get",
    "page_pool_ethtool_stats_get_count", "page_pool_ethtool_stats_get_strings", "page_pool_fragment_page",
    "page_pool_free_va", "page_pool_get_dma_addr", "page_pool_get_dma_dir", "page_pool_get_stats", "page_pool_inflight",
    "page_pool_leaks", "page_pool_params", "page_pool_put_full_page", "page_pool_put_page", "page_pool_recycle_direct",
    "page_pool_ref_page", "page_pool_stats", "page_pool_unref_page", "page_ref_count", "passthru_features_check",
    "pci_add_device", "pci_alloc_irq_vectors", "pci_alloc_irq_vectors_affinity", "pci_back_from_sleep",
    "pci_channel_io_frozen", "pci_channel_io_normal", "pci_channel_io_perm_failure", "pci_channel_offline",
    "pci_clear_master", "pci_dev", "pci_dev_is_disconnected", "pci_dev_msi_enabled", "pci_device", "pci_device_id",
    "pci_device_shutdown", "pci_disable_device", "pci_disable_msi", "pci_disable_msix", "pci_driver",
    "pci_enable_device", "pci_enable_device_mem", "pci_enable_msi", "pci_enable_msix_exact", "pci_enable_msix_range",
    "pci_error_handlers", "pci_find_capability", "pci_find_ext_capability", "pci_free_irq_vectors", "pci_get_drvdata",
    "pci_get_dsn", "pci_inject_error", "pci_intx", "pci_iomap", "pci_iomap_range", "pci_iomap_wc", "pci_ioremap_bar",
    "pci_iounmap", "pci_irq_get_affinity", "pci_irq_vector", "pci_is_enabled", "pci_is_pcie", "pci_match_id",
    "pci_msi_vec_count", "pci_msix_vec_count", "pci_name", "pci_pcie_cap", "pci_prepare_to_sleep",
    "pci_read_config_byte", "pci_read_config_dword", "pci_read_config_word", "pci_register_driver",
    "pci_release_mem_regions", "pci_release_region", "pci_release_regions", "pci_release_selected_regions",
    "pci_remove_device", "pci_request_mem_regions", "pci_request_region", "pci_request_regions",
    "pci_request_selected_regions", "pci_reset_function", "pci_reset_function_locked", "pci_resource_end",
    "pci_resource_flags", "pci_resource_len", "pci_resource_start", "pci_restore_state", "pci_save_state",
    "pci_select_bars", "pci_set_drvdata", "pci_set_master", "pci_set_power_state", "pci_try_reset_function",
    "pci_unregister_driver", "pci_wake_from_d3", "pci_write_config_byte", "pci_write_config_dword",
    "pci_write_config_word", "pcie_capability_clear_and_set_word", "pcie_capability_clear_word",
    "pcie_capability_read_dword", "pcie_capability_read_word", "pcie_capability_set_word", "pcie_capability_write_word",
    "pcie_do_recovery", "pcie_flr", "pcie_get_readrq", "pcie_reset_flr", "pcie_set_readrq", "pcim_enable_device",
    "pcim_iomap", "pcim_iomap_region", "pcim_iomap_regions", "pcim_iomap_table", "pcim_iounmap", "pcim_iounmap_regions",
    "pcim_request_all_regions", "pr_err", "pr_info", "pr_warn", "preempt_disable", "preempt_enable", "process_backlog",
    "proto_ports_offset", "pskb_copy", "pskb_expand_head", "pskb_may_pull", "pskb_pull", "pskb_trim", "pskb_trim_rcsum",
    "put_page", "put_unaligned_be16", "put_unaligned_be32", "qdisc_leaks", "qdisc_pkt_len", "qdisc_qlen_sum",
    "qdisc_reset", "qdisc_run", "queue_delayed_work", "queue_work", "queue_work_on", "raise_softirq",
    "raise_softirq_irqoff", "readb", "readl", "readq", "readw", "register_netdev", "register_netdevice",
    "registered_netdevs", "reinit_completion", "request_irq", "request_threaded_irq", "rmb", "round_jiffies",
    "rtnl_is_locked", "rtnl_link_stats64", "rtnl_lock", "rtnl_unlock", "scatterlist", "schedule",
    "schedule_delayed_work", "schedule_timeout", "schedule_work", "set_alloc_failure", "set_cpus_allowed_ptr",
    "set_dma_failure", "set_irq_line", "sg_alloc_table", "sg_chain", "sg_copy_from_buffer", "sg_copy_to_buffer",
    "sg_dma_address", "sg_dma_len", "sg_free_table", "sg_init_one", "sg_init_table", "sg_is_last", "sg_last",
    "sg_mark_end", "sg_nents", "sg_nents_for_len", "sg_next", "sg_page", "sg_pcopy_from_buffer", "sg_pcopy_to_buffer",
    "sg_phys", "sg_set_buf", "sg_set_page", "sg_table", "sg_unmark_end", "sg_virt", "sg_zero_buffer", "siphash",
    "site_str", "sk_buff", "sk_buff_head", "skb_add_rx_frag", "skb_append", "skb_can_coalesce", "skb_checksum",
    "skb_checksum_complete", "skb_checksum_complete_unset", "skb_checksum_help", "skb_checksum_init",
    "skb_checksum_init_zero_check", "skb_checksum_none_assert", "skb_checksum_setup", "skb_checksum_simple_validate",
    "skb_checksum_start", "skb_checksum_start_offset", "skb_checksum_try_convert", "skb_checksum_validate",
    "skb_checksum_validate_zero_check", "skb_clear_hash", "skb_clear_hash_if_not_l4", "skb_clone", "skb_clone_writable",
    "skb_cloned", "skb_coalesce_rx_frag", "skb_condense", "skb_copy", "skb_copy_and_csum_bits", "skb_copy_and_csum_dev",
    "skb_copy_bits", "skb_copy_expand", "skb_copy_hash", "skb_copy_header", "skb_copy_to_linear_data", "skb_cow",
    "skb_cow_head", "skb_csum_hwoffload_help", "skb_csum_unnecessary", "skb_dequeue", "skb_dequeue_tail",
    "skb_drop_counts", "skb_end_offset", "skb_end_pointer", "skb_ensure_writable", "skb_eth_gso_segment",
    "skb_fill_page_desc", "skb_flow_dissect_flow_keys", "skb_flow_dissect_flow_keys_basic", "skb_frag_add_head",
    "skb_frag_address", "skb_frag_dma_map", "skb_frag_fill_page_desc", "skb_frag_list_init", "skb_frag_off",
    "skb_frag_off_add", "skb_frag_off_set", "skb_frag_page", "skb_frag_ref", "skb_frag_size", "skb_frag_size_add",
    "skb_frag_size_set", "skb_frag_size_sub", "skb_frag_t", "skb_frag_unref", "skb_free_frag", "skb_get",
    "skb_get_hash", "skb_get_hash_perturb", "skb_get_hash_raw", "skb_get_poff", "skb_get_queue_mapping",
    "skb_get_rx_queue", "skb_get_tx_queue", "skb_gro_header", "skb_gro_header_slow", "skb_gro_len", "skb_gro_offset",
    "skb_gro_receive", "skb_gro_receive_list", "skb_gso_mac_seglen", "skb_gso_network_seglen", "skb_gso_ok",
    "skb_gso_reset", "skb_gso_segment", "skb_gso_transport_seglen", "skb_gso_validate_mac_len",
    "skb_gso_validate_network_len", "skb_has_frag_list", "skb_head_is_locked", "skb_header_cloned",
    "skb_header_release", "skb_headers_offset_update", "skb_headlen", "skb_headroom", "skb_is_gso", "skb_is_gso_tcp",
    "skb_is_gso_v6", "skb_is_nonlinear", "skb_leaks", "skb_len_add", "skb_linearize", "skb_list_walk_safe",
    "skb_mac_frame", "skb_mac_gso_segment", "skb_mac_header", "skb_mac_header_was_set", "skb_mark_for_recycle",
    "skb_mark_not_on_list", "skb_metadata_len", "skb_metadata_set", "skb_morph", "skb_needs_linearize",
    "skb_network_header", "skb_network_offset", "skb_network_protocol", "skb_orphan", "skb_padto", "skb_pagelen",
    "skb_partial_csum_set", "skb_peek", "skb_peek_next", "skb_peek_tail", "skb_postpull_rcsum", "skb_postpush_rcsum",
    "skb_pull", "skb_pull_rcsum", "skb_push", "skb_push_rcsum", "skb_put", "skb_put_data", "skb_put_padto",
    "skb_put_u8", "skb_put_zero", "skb_queue_empty", "skb_queue_head", "skb_queue_head_init", "skb_queue_is_first",
    "skb_queue_is_last", "skb_queue_len", "skb_queue_next", "skb_queue_prev", "skb_queue_purge",
    "skb_queue_purge_reason", "skb_queue_reverse_walk", "skb_queue_splice", "skb_queue_splice_init",
    "skb_queue_splice_tail", "skb_queue_splice_tail_init", "skb_queue_tail", "skb_queue_walk", "skb_realloc_headroom",
    "skb_record_rx_queue", "skb_release_head_state", "skb_reserve", "skb_reset_mac_header", "skb_reset_mac_len",
    "skb_reset_network_header", "skb_reset_tail_pointer", "skb_reset_transport_header", "skb_rx_queue_recorded",
    "skb_segment", "skb_segment_list", "skb_set_hash", "skb_set_network_header", "skb_set_owner_r", "skb_set_owner_w",
    "skb_set_queue_mapping", "skb_set_tail_pointer", "skb_set_transport_header", "skb_share_check", "skb_shared",
    "skb_shared_info", "skb_shinfo", "skb_split", "skb_store_bits", "skb_tail_pointer", "skb_tailroom", "skb_to_bytes",
    "skb_to_sgvec", "skb_to_sgvec_nomark", "skb_transport_header", "skb_transport_header_was_set",
    "skb_transport_offset", "skb_trim", "skb_try_coalesce", "skb_tx_hash", "skb_unclone", "skb_unclone_keeptruesize",
    "skb_unlink", "skb_unshare", "skb_vlan_pop", "skb_vlan_push", "skb_vlan_tag_get", "skb_vlan_tag_get_cfi",
    "skb_vlan_tag_get_id", "skb_vlan_tag_get_prio", "skb_vlan_tag_present", "skb_vlan_untag", "skb_walk",
    "skb_walk_frags", "slab_build_skb", "sleep_ns", "sleep_until", "smp_mb", "smp_mb__after_atomic", "smp_processor_id",
    "smp_rmb", "smp_wmb", "sock", "sock_leaks", "sock_rfree", "sock_wfree", "sockaddr", "softnet_data",
    "spin_is_locked", "spin_lock", "spin_lock_bh", "spin_lock_init", "spin_lock_irq", "spin_lock_irqsave",
    "spin_trylock", "spin_trylock_bh", "spin_unlock", "spin_unlock_bh", "spin_unlock_irq", "spin_unlock_irqrestore",
    "spinlock_t", "sum16", "swiotlb_slots", "synchronize_hardirq", "synchronize_irq", "tasklet_disable",
    "tasklet_disable_in_atomic", "tasklet_disable_nosync", "tasklet_enable", "tasklet_hi_schedule", "tasklet_init",
    "tasklet_kill", "tasklet_leaks", "tasklet_schedule", "tasklet_setup", "tasklet_struct", "tasklet_unlock_wait",
    "tcp4_gro_complete", "tcp4_gro_receive", "tcp6_gro_complete", "tcp6_gro_receive", "tcp_gro_complete",
    "tcp_gro_lookup", "tcp_gro_pull_header", "tcp_gro_receive", "tcp_gso_segment", "tcp_hdr", "tcp_hdrlen", "tcphdr",
    "tcx_prog_attach", "tcx_prog_detach", "time_after", "time_after_eq", "time_before", "time_before_eq",
    "timer_delete", "timer_delete_sync", "timer_leaks", "timer_list", "timer_pending", "timer_setup",
    "timer_shutdown_sync", "to_delayed_work", "to_pci_dev", "tolerate", "trace_xdp_exception", "txq_trans_cond_update",
    "u64_to_ether_addr", "u8", "udelay", "udp4_gro_complete", "udp4_gro_receive", "udp6_gro_complete",
    "udp6_gro_receive", "udp_hdr", "udphdr", "unregister_netdev", "unregister_netdevice", "usecs_to_jiffies",
    "usleep_range", "valid_dma_direction", "validate_xmit_skb", "validate_xmit_skb_list", "virt_to_head_page",
    "virt_to_page", "vlan_features_check", "vlan_get_protocol", "vlan_get_tag", "vlan_gro_complete", "vlan_gro_receive",
    "vlan_hw_offload_capable", "vlan_insert_inner_tag", "vlan_insert_tag", "vlan_insert_tag_set_proto",
    "vlan_remove_tag", "vlan_set_encap_proto", "wait_event", "wait_event_timeout_ns", "wait_for_completion",
    "wait_for_completion_timeout", "wait_queue_head_t", "wake_up", "wake_up_all", "wake_up_process", "wmb",
    "work_leaks", "work_pending", "work_struct", "workqueue_struct", "writeb", "writel", "writeq", "writew",
    "wsum_negate", "xdp_buff", "xdp_convert_buff_to_frame", "xdp_data_hard_end", "xdp_do_flush", "xdp_do_redirect",
    "xdp_frame", "xdp_get_buff_len", "xdp_get_frame_len", "xdp_init_buff", "xdp_packet", "xdp_prepare_buff",
    "xdp_return_buff", "xdp_return_frame", "xdp_return_frame_rx_napi", "xdp_rxq_info", "xdp_rxq_info_is_reg",
    "xdp_rxq_info_reg", "xdp_rxq_info_reg_mem_model", "xdp_rxq_info_unreg", "xdp_rxq_info_unused",
    "xdp_set_data_meta_invalid",
]
