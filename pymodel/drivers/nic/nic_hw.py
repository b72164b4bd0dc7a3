# SPDX-License-Identifier: Apache-2.0
# Generated from rtl/regs/nic.rdl by rtl/regs/generate.py: do not edit, run `make regs`.
# fmt: off
"""The NIC's registers and records: facts only.

`CTRL` is a register's byte offset in BAR 0; `CTRL_ENABLE` is a field's mask in place and, where it has several bits,
`CAPS_QUEUES_SHIFT` the place of its lowest (a field of all 32 bits has neither). Registers of a queue pair and of an
MSI-X entry are offsets from `qp(q)` and `msix(v)`: the TX doorbell of queue 2 is at `qp(2) + QP_TX_TAIL`.
A record has its size, a `struct.Struct` whose members are its 32-bit words in order (ADDR_LO and ADDR_HI are one
64-bit member), the byte offset of each word, and masks and shifts of the fields within the word. What each means:
rtl/regs/registers.md.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

__all__ = [
    "CAPS", "CAPS_DATA_LOG2", "CAPS_DATA_LOG2_SHIFT", "CAPS_QUEUES", "CAPS_QUEUES_SHIFT", "CAPS_RING_LOG2",
    "CAPS_RING_LOG2_SHIFT", "CLOCK", "CLOCK_MHZ", "CLOCK_MHZ_SHIFT", "COUNTERS", "CTRL", "CTRL_ENABLE",
    "ERR_ACCESS_BAD_DESC", "ERR_ACCESS_BAD_TAIL", "ERR_ACCESS_COMPLETION", "ERR_ACCESS_DATA", "ERR_ACCESS_DESC",
    "ERR_ACCESS_MESSAGE", "ERR_ADDR_HI", "ERR_ADDR_LO", "ERR_LOG", "ERR_LOG_ACCESS", "ERR_LOG_ACCESS_SHIFT",
    "ERR_LOG_MORE", "ERR_LOG_NO_QUEUE", "ERR_LOG_QUEUE", "ERR_LOG_QUEUE_SHIFT", "ERR_LOG_RESP",
    "ERR_LOG_RESP_SHIFT", "ERR_LOG_TX", "ERR_LOG_VALID", "Field", "GROUPS", "Group", "ID", "IRQ_CAUSE",
    "IRQ_CAUSE_ERROR", "IRQ_CAUSE_LINK", "IRQ_CAUSE_MASK", "IRQ_CAUSE_MASK_ERROR", "IRQ_CAUSE_MASK_LINK",
    "IRQ_CAUSE_VECTOR", "IRQ_CAUSE_VECTOR_VECTOR", "IRQ_CAUSE_VECTOR_VECTOR_SHIFT", "IRQ_CTRL",
    "IRQ_CTRL_LINE_MODE", "IRQ_PENDING", "IRQ_PENDING_CAUSE", "IRQ_PENDING_QUEUES", "IRQ_PENDING_QUEUES_SHIFT",
    "LINK", "LINK_CHANGES", "LINK_CHANGES_SHIFT", "LINK_PAUSED", "LINK_RATE", "LINK_RATE_MBPS",
    "LINK_RATE_MBPS_SHIFT", "LINK_UP", "LINK_XOFF", "MAC_CTRL", "MAC_CTRL_LOOPBACK", "MAC_CTRL_RX_PAUSE",
    "MAC_CTRL_TX_PAUSE", "MAC_HI", "MAC_HI_ADDR", "MAC_HI_ADDR_SHIFT", "MAC_LO", "MAX_FRAME", "MAX_FRAME_BYTES",
    "MAX_FRAME_BYTES_SHIFT", "MSIX_ADDR_HI", "MSIX_ADDR_LO", "MSIX_ADDR_LO_ADDR", "MSIX_ADDR_LO_ADDR_SHIFT",
    "MSIX_BASE", "MSIX_COUNT", "MSIX_DATA", "MSIX_PBA", "MSIX_PBA_HI", "MSIX_PBA_PENDING", "MSIX_PBA_PENDING_SHIFT",
    "MSIX_STRIDE", "MSIX_VECTOR_CTRL", "MSIX_VECTOR_CTRL_MASK", "PAUSE_FILL", "PAUSE_FILL_HIGH",
    "PAUSE_FILL_HIGH_SHIFT", "PAUSE_FILL_LOW", "PAUSE_FILL_LOW_SHIFT", "PAUSE_QUANTA", "PAUSE_QUANTA_QUANTA",
    "PAUSE_QUANTA_QUANTA_SHIFT", "QP_BASE", "QP_COUNT", "QP_IRQ_ARM", "QP_IRQ_ARM_RX_INDEX",
    "QP_IRQ_ARM_RX_INDEX_SHIFT", "QP_IRQ_ARM_TX_INDEX", "QP_IRQ_ARM_TX_INDEX_SHIFT", "QP_IRQ_MASK",
    "QP_IRQ_MASK_AUTO_MASK", "QP_IRQ_MASK_MASKED", "QP_IRQ_RX_MOD", "QP_IRQ_RX_MOD_FRAMES",
    "QP_IRQ_RX_MOD_FRAMES_SHIFT", "QP_IRQ_RX_MOD_USECS", "QP_IRQ_RX_MOD_USECS_SHIFT", "QP_IRQ_SEEN",
    "QP_IRQ_SEEN_RX_INDEX", "QP_IRQ_SEEN_RX_INDEX_SHIFT", "QP_IRQ_SEEN_TX_INDEX", "QP_IRQ_SEEN_TX_INDEX_SHIFT",
    "QP_IRQ_STATUS", "QP_IRQ_STATUS_EVENT", "QP_IRQ_TX_MOD", "QP_IRQ_TX_MOD_FRAMES", "QP_IRQ_TX_MOD_FRAMES_SHIFT",
    "QP_IRQ_TX_MOD_USECS", "QP_IRQ_TX_MOD_USECS_SHIFT", "QP_IRQ_VECTOR", "QP_IRQ_VECTOR_RX_VECTOR",
    "QP_IRQ_VECTOR_RX_VECTOR_SHIFT", "QP_IRQ_VECTOR_TX_VECTOR", "QP_IRQ_VECTOR_TX_VECTOR_SHIFT", "QP_RXC_BASE_HI",
    "QP_RXC_BASE_LO", "QP_RXC_BASE_LO_ADDR", "QP_RXC_BASE_LO_ADDR_SHIFT", "QP_RXC_HEAD", "QP_RXC_HEAD_INDEX",
    "QP_RXC_HEAD_INDEX_SHIFT", "QP_RX_BASE_HI", "QP_RX_BASE_LO", "QP_RX_BASE_LO_ADDR", "QP_RX_BASE_LO_ADDR_SHIFT",
    "QP_RX_CTRL", "QP_RX_CTRL_ENABLE", "QP_RX_DROPS", "QP_RX_HEAD", "QP_RX_HEAD_INDEX", "QP_RX_HEAD_INDEX_SHIFT",
    "QP_RX_SIZE", "QP_RX_SIZE_LOG2", "QP_RX_SIZE_LOG2_SHIFT", "QP_RX_STATUS", "QP_RX_STATUS_ACTIVE",
    "QP_RX_STATUS_ERROR", "QP_RX_STATUS_ERROR_CODE", "QP_RX_STATUS_ERROR_CODE_SHIFT", "QP_RX_TAIL",
    "QP_RX_TAIL_INDEX", "QP_RX_TAIL_INDEX_SHIFT", "QP_STRIDE", "QP_TXC_BASE_HI", "QP_TXC_BASE_LO",
    "QP_TXC_BASE_LO_ADDR", "QP_TXC_BASE_LO_ADDR_SHIFT", "QP_TXC_HEAD", "QP_TXC_HEAD_INDEX",
    "QP_TXC_HEAD_INDEX_SHIFT", "QP_TX_BASE_HI", "QP_TX_BASE_LO", "QP_TX_BASE_LO_ADDR", "QP_TX_BASE_LO_ADDR_SHIFT",
    "QP_TX_CTRL", "QP_TX_CTRL_ENABLE", "QP_TX_HEAD", "QP_TX_HEAD_INDEX", "QP_TX_HEAD_INDEX_SHIFT", "QP_TX_SIZE",
    "QP_TX_SIZE_LOG2", "QP_TX_SIZE_LOG2_SHIFT", "QP_TX_STATUS", "QP_TX_STATUS_ACTIVE", "QP_TX_STATUS_ERROR",
    "QP_TX_STATUS_ERROR_CODE", "QP_TX_STATUS_ERROR_CODE_SHIFT", "QP_TX_TAIL", "QP_TX_TAIL_INDEX",
    "QP_TX_TAIL_INDEX_SHIFT", "QP_TX_WEIGHT", "QP_TX_WEIGHT_WEIGHT", "QP_TX_WEIGHT_WEIGHT_SHIFT", "REGISTERS",
    "RESET", "RESET_RESET", "RING_ERROR_AXI_READ", "RING_ERROR_AXI_WRITE", "RING_ERROR_BAD_DESC", "RING_ERROR_NONE",
    "RMON_RX_1024_1518_HI", "RMON_RX_1024_1518_LO", "RMON_RX_128_255_HI", "RMON_RX_128_255_LO",
    "RMON_RX_1519_MAX_HI", "RMON_RX_1519_MAX_LO", "RMON_RX_256_511_HI", "RMON_RX_256_511_LO", "RMON_RX_512_1023_HI",
    "RMON_RX_512_1023_LO", "RMON_RX_64_HI", "RMON_RX_64_LO", "RMON_RX_65_127_HI", "RMON_RX_65_127_LO",
    "RMON_RX_BROADCAST_HI", "RMON_RX_BROADCAST_LO", "RMON_RX_FCS_HI", "RMON_RX_FCS_LO", "RMON_RX_FRAGMENTS_HI",
    "RMON_RX_FRAGMENTS_LO", "RMON_RX_JABBERS_HI", "RMON_RX_JABBERS_LO", "RMON_RX_MULTICAST_HI",
    "RMON_RX_MULTICAST_LO", "RMON_RX_OCTETS_HI", "RMON_RX_OCTETS_LO", "RMON_RX_OVERSIZE_HI", "RMON_RX_OVERSIZE_LO",
    "RMON_RX_PAUSE_HI", "RMON_RX_PAUSE_LO", "RMON_RX_UNDERSIZE_HI", "RMON_RX_UNDERSIZE_LO", "RMON_RX_UNICAST_HI",
    "RMON_RX_UNICAST_LO", "RMON_TX_1024_1518_HI", "RMON_TX_1024_1518_LO", "RMON_TX_128_255_HI",
    "RMON_TX_128_255_LO", "RMON_TX_1519_MAX_HI", "RMON_TX_1519_MAX_LO", "RMON_TX_256_511_HI", "RMON_TX_256_511_LO",
    "RMON_TX_512_1023_HI", "RMON_TX_512_1023_LO", "RMON_TX_64_HI", "RMON_TX_64_LO", "RMON_TX_65_127_HI",
    "RMON_TX_65_127_LO", "RMON_TX_BROADCAST_HI", "RMON_TX_BROADCAST_LO", "RMON_TX_DROPPED_HI", "RMON_TX_DROPPED_LO",
    "RMON_TX_MULTICAST_HI", "RMON_TX_MULTICAST_LO", "RMON_TX_OCTETS_HI", "RMON_TX_OCTETS_LO", "RMON_TX_PAUSE_HI",
    "RMON_TX_PAUSE_LO", "RMON_TX_UNICAST_HI", "RMON_TX_UNICAST_LO", "RSS_CTRL", "RSS_CTRL_IP4", "RSS_CTRL_IP6",
    "RSS_CTRL_SYM_XOR", "RSS_CTRL_TCP4", "RSS_CTRL_TCP6", "RSS_CTRL_UDP4", "RSS_CTRL_UDP6", "RSS_KEY_BASE",
    "RSS_KEY_COUNT", "RSS_KEY_STRIDE", "RSS_KEY_WORD", "RSS_TABLE_BASE", "RSS_TABLE_COUNT", "RSS_TABLE_STRIDE",
    "RSS_TABLE_WORD", "RSS_TABLE_WORD_QUEUE0", "RSS_TABLE_WORD_QUEUE0_SHIFT", "RSS_TABLE_WORD_QUEUE1",
    "RSS_TABLE_WORD_QUEUE1_SHIFT", "RSS_TABLE_WORD_QUEUE2", "RSS_TABLE_WORD_QUEUE2_SHIFT", "RSS_TABLE_WORD_QUEUE3",
    "RSS_TABLE_WORD_QUEUE3_SHIFT", "RSS_TYPE_IP4", "RSS_TYPE_IP6", "RSS_TYPE_NONE", "RSS_TYPE_TCP4",
    "RSS_TYPE_TCP6", "RSS_TYPE_UDP4", "RSS_TYPE_UDP6", "RX_ADDR_BASE", "RX_ADDR_COUNT", "RX_ADDR_HI",
    "RX_ADDR_HI_ADDR", "RX_ADDR_HI_ADDR_SHIFT", "RX_ADDR_HI_VALID", "RX_ADDR_LO", "RX_ADDR_STRIDE", "RX_BYTES_HI",
    "RX_BYTES_LO", "RX_COMPLETION", "RX_COMPLETION_HASH", "RX_COMPLETION_LEN", "RX_COMPLETION_LEN_INDEX",
    "RX_COMPLETION_LEN_INDEX_SHIFT", "RX_COMPLETION_LEN_LEN", "RX_COMPLETION_LEN_LEN_SHIFT", "RX_COMPLETION_PHASE",
    "RX_COMPLETION_PHASE_PHASE", "RX_COMPLETION_PHASE_TCI", "RX_COMPLETION_PHASE_TCI_SHIFT", "RX_COMPLETION_SIZE",
    "RX_COMPLETION_STATUS", "RX_COMPLETION_STATUS_CSUM", "RX_COMPLETION_STATUS_CSUM_SHIFT",
    "RX_COMPLETION_STATUS_EOP", "RX_COMPLETION_STATUS_ERROR_CODE", "RX_COMPLETION_STATUS_ERROR_CODE_SHIFT",
    "RX_COMPLETION_STATUS_HASH_TYPE", "RX_COMPLETION_STATUS_HASH_TYPE_SHIFT", "RX_COMPLETION_STATUS_IP_OK",
    "RX_COMPLETION_STATUS_L4_OK", "RX_COMPLETION_STATUS_VLAN", "RX_CTRL", "RX_CTRL_ALLMULTI", "RX_CTRL_BROADCAST",
    "RX_CTRL_PROMISC", "RX_CTRL_VLAN_FILTER", "RX_CTRL_VLAN_STRIP", "RX_DESC", "RX_DESC_ADDR_HI", "RX_DESC_ADDR_LO",
    "RX_DESC_CTRL", "RX_DESC_CTRL_LEN", "RX_DESC_CTRL_LEN_SHIFT", "RX_DESC_SIZE", "RX_DROP_ERROR_HI",
    "RX_DROP_ERROR_LO", "RX_DROP_FIFO_HI", "RX_DROP_FIFO_LO", "RX_DROP_FILTER_HI", "RX_DROP_FILTER_LO",
    "RX_DROP_NODESC_HI", "RX_DROP_NODESC_LO", "RX_DROP_OVERSIZE_HI", "RX_DROP_OVERSIZE_LO", "RX_DROP_RUNT_HI",
    "RX_DROP_RUNT_LO", "RX_DROP_VLAN_HI", "RX_DROP_VLAN_LO", "RX_FRAMES_HI", "RX_FRAMES_LO", "RX_HASH_BASE",
    "RX_HASH_COUNT", "RX_HASH_STRIDE", "RX_HASH_WORD", "RX_STREAM_HI", "RX_STREAM_LO", "Register", "SCRATCH",
    "STATUS", "STATUS_IDLE", "STATUS_LINK", "TX_BYTES_HI", "TX_BYTES_LO", "TX_COMPLETION", "TX_COMPLETION_HEAD",
    "TX_COMPLETION_HEAD_HEAD", "TX_COMPLETION_HEAD_HEAD_SHIFT", "TX_COMPLETION_PHASE", "TX_COMPLETION_PHASE_PHASE",
    "TX_COMPLETION_SIZE", "TX_COMPLETION_STATUS", "TX_COMPLETION_STATUS_ERROR_CODE",
    "TX_COMPLETION_STATUS_ERROR_CODE_SHIFT", "TX_DESC", "TX_DESC_ADDR_HI", "TX_DESC_ADDR_LO", "TX_DESC_CTRL",
    "TX_DESC_CTRL_EOP", "TX_DESC_CTRL_KIND", "TX_DESC_CTRL_KIND_SHIFT", "TX_DESC_CTRL_LEN",
    "TX_DESC_CTRL_LEN_SHIFT", "TX_DESC_SIZE", "TX_FRAMES_HI", "TX_FRAMES_LO", "TX_KIND_DATA", "TX_KIND_OFFLOAD",
    "TX_KIND_TSO", "TX_OFFLOAD", "TX_OFFLOAD_CSUM", "TX_OFFLOAD_CSUM_CSUM_OFFSET",
    "TX_OFFLOAD_CSUM_CSUM_OFFSET_SHIFT", "TX_OFFLOAD_CSUM_CSUM_START", "TX_OFFLOAD_CSUM_CSUM_START_SHIFT",
    "TX_OFFLOAD_CTRL", "TX_OFFLOAD_CTRL_CSUM", "TX_OFFLOAD_CTRL_KIND", "TX_OFFLOAD_CTRL_KIND_SHIFT",
    "TX_OFFLOAD_CTRL_VLAN", "TX_OFFLOAD_SIZE", "TX_OFFLOAD_VLAN", "TX_OFFLOAD_VLAN_TCI",
    "TX_OFFLOAD_VLAN_TCI_SHIFT", "TX_RATE", "TX_RATE_MBPS", "TX_RATE_MBPS_SHIFT", "TX_TSO", "TX_TSO_CTRL",
    "TX_TSO_CTRL_FIXEDID", "TX_TSO_CTRL_HDR_LEN", "TX_TSO_CTRL_HDR_LEN_SHIFT", "TX_TSO_CTRL_IPV6",
    "TX_TSO_CTRL_KIND", "TX_TSO_CTRL_KIND_SHIFT", "TX_TSO_CTRL_MSS", "TX_TSO_CTRL_MSS_SHIFT", "TX_TSO_CTRL_VLAN",
    "TX_TSO_HEADERS", "TX_TSO_HEADERS_FLAGS", "TX_TSO_HEADERS_FLAGS_SHIFT", "TX_TSO_HEADERS_L3_OFF",
    "TX_TSO_HEADERS_L3_OFF_SHIFT", "TX_TSO_HEADERS_L4_OFF", "TX_TSO_HEADERS_L4_OFF_SHIFT", "TX_TSO_ID",
    "TX_TSO_ID_IP_ID", "TX_TSO_ID_IP_ID_SHIFT", "TX_TSO_ID_TCI", "TX_TSO_ID_TCI_SHIFT", "TX_TSO_SEQ", "TX_TSO_SIZE",
    "VERSION", "VLAN_FILTER_BASE", "VLAN_FILTER_COUNT", "VLAN_FILTER_STRIDE", "VLAN_FILTER_WORD", "msix", "qp",
    "rss_key", "rss_table", "rx_addr", "rx_hash", "vlan_filter",
]


class Field(NamedTuple):
    """A field of a register: `access` is "rw", "ro", "wo", "w1s" (write 1 to set, hardware clears) or "w1c" (hardware
    sets, write 1 to clear).

    `volatile`: hardware changes it. `reset` is None where it depends on a build parameter or on the outside.
    """

    name: str
    lsb: int
    width: int
    access: str
    volatile: bool
    reset: int | None


class Register(NamedTuple):
    """A register: `offset` in bytes from the base of its group ("" for the device-wide ones, "QP", "MSIX")."""

    name: str
    group: str
    offset: int
    fields: tuple[Field, ...]


class Group(NamedTuple):
    """An array of `entries` equal groups of registers, from `base`, `stride` bytes apart."""

    base: int
    stride: int
    entries: int


# Device-wide registers.
ID: Final[int] = 0x0
VERSION: Final[int] = 0x4
CAPS: Final[int] = 0x8
CAPS_QUEUES: Final[int] = 0x1F
CAPS_QUEUES_SHIFT: Final[int] = 0
CAPS_DATA_LOG2: Final[int] = 0xF00
CAPS_DATA_LOG2_SHIFT: Final[int] = 8
CAPS_RING_LOG2: Final[int] = 0xF0000
CAPS_RING_LOG2_SHIFT: Final[int] = 16
CTRL: Final[int] = 0xC
CTRL_ENABLE: Final[int] = 0x1
RESET: Final[int] = 0x10
RESET_RESET: Final[int] = 0x1
STATUS: Final[int] = 0x14
STATUS_LINK: Final[int] = 0x1
STATUS_IDLE: Final[int] = 0x2
MAC_LO: Final[int] = 0x18
MAC_HI: Final[int] = 0x1C
MAC_HI_ADDR: Final[int] = 0xFFFF
MAC_HI_ADDR_SHIFT: Final[int] = 0
RX_CTRL: Final[int] = 0x20
RX_CTRL_PROMISC: Final[int] = 0x1
RX_CTRL_ALLMULTI: Final[int] = 0x2
RX_CTRL_BROADCAST: Final[int] = 0x4
RX_CTRL_VLAN_STRIP: Final[int] = 0x8
RX_CTRL_VLAN_FILTER: Final[int] = 0x10
MAX_FRAME: Final[int] = 0x24
MAX_FRAME_BYTES: Final[int] = 0x3FFF
MAX_FRAME_BYTES_SHIFT: Final[int] = 0
RSS_CTRL: Final[int] = 0x28
RSS_CTRL_IP4: Final[int] = 0x1
RSS_CTRL_TCP4: Final[int] = 0x2
RSS_CTRL_UDP4: Final[int] = 0x4
RSS_CTRL_IP6: Final[int] = 0x8
RSS_CTRL_TCP6: Final[int] = 0x10
RSS_CTRL_UDP6: Final[int] = 0x20
RSS_CTRL_SYM_XOR: Final[int] = 0x40
SCRATCH: Final[int] = 0x2C
IRQ_CTRL: Final[int] = 0x40
IRQ_CTRL_LINE_MODE: Final[int] = 0x1
IRQ_PENDING: Final[int] = 0x44
IRQ_PENDING_QUEUES: Final[int] = 0xFFFF
IRQ_PENDING_QUEUES_SHIFT: Final[int] = 0
IRQ_PENDING_CAUSE: Final[int] = 0x10000
CLOCK: Final[int] = 0x48
CLOCK_MHZ: Final[int] = 0x3FF
CLOCK_MHZ_SHIFT: Final[int] = 0
ERR_LOG: Final[int] = 0x50
ERR_LOG_VALID: Final[int] = 0x1
ERR_LOG_MORE: Final[int] = 0x2
ERR_LOG_TX: Final[int] = 0x4
ERR_LOG_NO_QUEUE: Final[int] = 0x8
ERR_LOG_ACCESS: Final[int] = 0xF0
ERR_LOG_ACCESS_SHIFT: Final[int] = 4
ERR_LOG_RESP: Final[int] = 0x300
ERR_LOG_RESP_SHIFT: Final[int] = 8
ERR_LOG_QUEUE: Final[int] = 0xF000
ERR_LOG_QUEUE_SHIFT: Final[int] = 12
ERR_ADDR_LO: Final[int] = 0x54
ERR_ADDR_HI: Final[int] = 0x58
IRQ_CAUSE: Final[int] = 0x80
IRQ_CAUSE_LINK: Final[int] = 0x1
IRQ_CAUSE_ERROR: Final[int] = 0x2
IRQ_CAUSE_MASK: Final[int] = 0x84
IRQ_CAUSE_MASK_LINK: Final[int] = 0x1
IRQ_CAUSE_MASK_ERROR: Final[int] = 0x2
IRQ_CAUSE_VECTOR: Final[int] = 0x88
IRQ_CAUSE_VECTOR_VECTOR: Final[int] = 0x1F
IRQ_CAUSE_VECTOR_VECTOR_SHIFT: Final[int] = 0
TX_FRAMES_LO: Final[int] = 0x100
TX_FRAMES_HI: Final[int] = 0x104
TX_BYTES_LO: Final[int] = 0x108
TX_BYTES_HI: Final[int] = 0x10C
RX_FRAMES_LO: Final[int] = 0x110
RX_FRAMES_HI: Final[int] = 0x114
RX_BYTES_LO: Final[int] = 0x118
RX_BYTES_HI: Final[int] = 0x11C
RX_DROP_NODESC_LO: Final[int] = 0x120
RX_DROP_NODESC_HI: Final[int] = 0x124
RX_DROP_FIFO_LO: Final[int] = 0x128
RX_DROP_FIFO_HI: Final[int] = 0x12C
RX_DROP_FILTER_LO: Final[int] = 0x130
RX_DROP_FILTER_HI: Final[int] = 0x134
RX_DROP_OVERSIZE_LO: Final[int] = 0x138
RX_DROP_OVERSIZE_HI: Final[int] = 0x13C
RX_DROP_ERROR_LO: Final[int] = 0x140
RX_DROP_ERROR_HI: Final[int] = 0x144
RX_STREAM_LO: Final[int] = 0x148
RX_STREAM_HI: Final[int] = 0x14C
RX_DROP_RUNT_LO: Final[int] = 0x150
RX_DROP_RUNT_HI: Final[int] = 0x154
RX_DROP_VLAN_LO: Final[int] = 0x158
RX_DROP_VLAN_HI: Final[int] = 0x15C
MAC_CTRL: Final[int] = 0x400
MAC_CTRL_LOOPBACK: Final[int] = 0x1
MAC_CTRL_RX_PAUSE: Final[int] = 0x2
MAC_CTRL_TX_PAUSE: Final[int] = 0x4
LINK: Final[int] = 0x404
LINK_UP: Final[int] = 0x1
LINK_PAUSED: Final[int] = 0x2
LINK_XOFF: Final[int] = 0x4
LINK_CHANGES: Final[int] = 0xFFFF0000
LINK_CHANGES_SHIFT: Final[int] = 16
LINK_RATE: Final[int] = 0x408
LINK_RATE_MBPS: Final[int] = 0xFFFFF
LINK_RATE_MBPS_SHIFT: Final[int] = 0
PAUSE_QUANTA: Final[int] = 0x40C
PAUSE_QUANTA_QUANTA: Final[int] = 0xFFFF
PAUSE_QUANTA_QUANTA_SHIFT: Final[int] = 0
PAUSE_FILL: Final[int] = 0x410
PAUSE_FILL_HIGH: Final[int] = 0xFFFF
PAUSE_FILL_HIGH_SHIFT: Final[int] = 0
PAUSE_FILL_LOW: Final[int] = 0xFFFF0000
PAUSE_FILL_LOW_SHIFT: Final[int] = 16
TX_RATE: Final[int] = 0x414
TX_RATE_MBPS: Final[int] = 0xFFFFF
TX_RATE_MBPS_SHIFT: Final[int] = 0
RMON_RX_UNICAST_LO: Final[int] = 0x500
RMON_RX_UNICAST_HI: Final[int] = 0x504
RMON_RX_MULTICAST_LO: Final[int] = 0x508
RMON_RX_MULTICAST_HI: Final[int] = 0x50C
RMON_RX_BROADCAST_LO: Final[int] = 0x510
RMON_RX_BROADCAST_HI: Final[int] = 0x514
RMON_RX_FCS_LO: Final[int] = 0x518
RMON_RX_FCS_HI: Final[int] = 0x51C
RMON_RX_UNDERSIZE_LO: Final[int] = 0x520
RMON_RX_UNDERSIZE_HI: Final[int] = 0x524
RMON_RX_OVERSIZE_LO: Final[int] = 0x528
RMON_RX_OVERSIZE_HI: Final[int] = 0x52C
RMON_RX_FRAGMENTS_LO: Final[int] = 0x530
RMON_RX_FRAGMENTS_HI: Final[int] = 0x534
RMON_RX_JABBERS_LO: Final[int] = 0x538
RMON_RX_JABBERS_HI: Final[int] = 0x53C
RMON_RX_64_LO: Final[int] = 0x540
RMON_RX_64_HI: Final[int] = 0x544
RMON_RX_65_127_LO: Final[int] = 0x548
RMON_RX_65_127_HI: Final[int] = 0x54C
RMON_RX_128_255_LO: Final[int] = 0x550
RMON_RX_128_255_HI: Final[int] = 0x554
RMON_RX_256_511_LO: Final[int] = 0x558
RMON_RX_256_511_HI: Final[int] = 0x55C
RMON_RX_512_1023_LO: Final[int] = 0x560
RMON_RX_512_1023_HI: Final[int] = 0x564
RMON_RX_1024_1518_LO: Final[int] = 0x568
RMON_RX_1024_1518_HI: Final[int] = 0x56C
RMON_RX_1519_MAX_LO: Final[int] = 0x570
RMON_RX_1519_MAX_HI: Final[int] = 0x574
RMON_RX_OCTETS_LO: Final[int] = 0x578
RMON_RX_OCTETS_HI: Final[int] = 0x57C
RMON_TX_UNICAST_LO: Final[int] = 0x580
RMON_TX_UNICAST_HI: Final[int] = 0x584
RMON_TX_MULTICAST_LO: Final[int] = 0x588
RMON_TX_MULTICAST_HI: Final[int] = 0x58C
RMON_TX_BROADCAST_LO: Final[int] = 0x590
RMON_TX_BROADCAST_HI: Final[int] = 0x594
RMON_TX_DROPPED_LO: Final[int] = 0x598
RMON_TX_DROPPED_HI: Final[int] = 0x59C
RMON_TX_OCTETS_LO: Final[int] = 0x5A0
RMON_TX_OCTETS_HI: Final[int] = 0x5A4
RMON_RX_PAUSE_LO: Final[int] = 0x5A8
RMON_RX_PAUSE_HI: Final[int] = 0x5AC
RMON_TX_PAUSE_LO: Final[int] = 0x5B0
RMON_TX_PAUSE_HI: Final[int] = 0x5B4
RMON_TX_64_LO: Final[int] = 0x5C0
RMON_TX_64_HI: Final[int] = 0x5C4
RMON_TX_65_127_LO: Final[int] = 0x5C8
RMON_TX_65_127_HI: Final[int] = 0x5CC
RMON_TX_128_255_LO: Final[int] = 0x5D0
RMON_TX_128_255_HI: Final[int] = 0x5D4
RMON_TX_256_511_LO: Final[int] = 0x5D8
RMON_TX_256_511_HI: Final[int] = 0x5DC
RMON_TX_512_1023_LO: Final[int] = 0x5E0
RMON_TX_512_1023_HI: Final[int] = 0x5E4
RMON_TX_1024_1518_LO: Final[int] = 0x5E8
RMON_TX_1024_1518_HI: Final[int] = 0x5EC
RMON_TX_1519_MAX_LO: Final[int] = 0x5F0
RMON_TX_1519_MAX_HI: Final[int] = 0x5F4
MSIX_PBA: Final[int] = 0x9000
MSIX_PBA_PENDING: Final[int] = 0x1FFFF
MSIX_PBA_PENDING_SHIFT: Final[int] = 0
MSIX_PBA_HI: Final[int] = 0x9004

# RSS_KEY: offsets from rss_key(n).
RSS_KEY_BASE: Final[int] = 0x200
RSS_KEY_STRIDE: Final[int] = 0x4
RSS_KEY_COUNT: Final[int] = 10
RSS_KEY_WORD: Final[int] = 0x0

# RSS_TABLE: offsets from rss_table(n).
RSS_TABLE_BASE: Final[int] = 0x280
RSS_TABLE_STRIDE: Final[int] = 0x4
RSS_TABLE_COUNT: Final[int] = 32
RSS_TABLE_WORD: Final[int] = 0x0
RSS_TABLE_WORD_QUEUE0: Final[int] = 0xF
RSS_TABLE_WORD_QUEUE0_SHIFT: Final[int] = 0
RSS_TABLE_WORD_QUEUE1: Final[int] = 0xF00
RSS_TABLE_WORD_QUEUE1_SHIFT: Final[int] = 8
RSS_TABLE_WORD_QUEUE2: Final[int] = 0xF0000
RSS_TABLE_WORD_QUEUE2_SHIFT: Final[int] = 16
RSS_TABLE_WORD_QUEUE3: Final[int] = 0xF000000
RSS_TABLE_WORD_QUEUE3_SHIFT: Final[int] = 24

# RX_ADDR: offsets from rx_addr(n).
RX_ADDR_BASE: Final[int] = 0x300
RX_ADDR_STRIDE: Final[int] = 0x8
RX_ADDR_COUNT: Final[int] = 16
RX_ADDR_LO: Final[int] = 0x0
RX_ADDR_HI: Final[int] = 0x4
RX_ADDR_HI_ADDR: Final[int] = 0xFFFF
RX_ADDR_HI_ADDR_SHIFT: Final[int] = 0
RX_ADDR_HI_VALID: Final[int] = 0x80000000

# RX_HASH: offsets from rx_hash(n).
RX_HASH_BASE: Final[int] = 0x380
RX_HASH_STRIDE: Final[int] = 0x4
RX_HASH_COUNT: Final[int] = 8
RX_HASH_WORD: Final[int] = 0x0

# VLAN_FILTER: offsets from vlan_filter(n).
VLAN_FILTER_BASE: Final[int] = 0x600
VLAN_FILTER_STRIDE: Final[int] = 0x4
VLAN_FILTER_COUNT: Final[int] = 128
VLAN_FILTER_WORD: Final[int] = 0x0

# QP: offsets from qp(n).
QP_BASE: Final[int] = 0x1000
QP_STRIDE: Final[int] = 0x100
QP_COUNT: Final[int] = 16
QP_TX_BASE_LO: Final[int] = 0x0
QP_TX_BASE_LO_ADDR: Final[int] = 0xFFFFFFC0
QP_TX_BASE_LO_ADDR_SHIFT: Final[int] = 6
QP_TX_BASE_HI: Final[int] = 0x4
QP_TX_SIZE: Final[int] = 0x8
QP_TX_SIZE_LOG2: Final[int] = 0xF
QP_TX_SIZE_LOG2_SHIFT: Final[int] = 0
QP_TX_CTRL: Final[int] = 0xC
QP_TX_CTRL_ENABLE: Final[int] = 0x1
QP_TX_TAIL: Final[int] = 0x10
QP_TX_TAIL_INDEX: Final[int] = 0xFFFF
QP_TX_TAIL_INDEX_SHIFT: Final[int] = 0
QP_TX_HEAD: Final[int] = 0x14
QP_TX_HEAD_INDEX: Final[int] = 0xFFFF
QP_TX_HEAD_INDEX_SHIFT: Final[int] = 0
QP_TX_STATUS: Final[int] = 0x18
QP_TX_STATUS_ACTIVE: Final[int] = 0x1
QP_TX_STATUS_ERROR: Final[int] = 0x2
QP_TX_STATUS_ERROR_CODE: Final[int] = 0xF0
QP_TX_STATUS_ERROR_CODE_SHIFT: Final[int] = 4
QP_TXC_BASE_LO: Final[int] = 0x20
QP_TXC_BASE_LO_ADDR: Final[int] = 0xFFFFFFC0
QP_TXC_BASE_LO_ADDR_SHIFT: Final[int] = 6
QP_TXC_BASE_HI: Final[int] = 0x24
QP_TXC_HEAD: Final[int] = 0x28
QP_TXC_HEAD_INDEX: Final[int] = 0xFFFF
QP_TXC_HEAD_INDEX_SHIFT: Final[int] = 0
QP_TX_WEIGHT: Final[int] = 0x30
QP_TX_WEIGHT_WEIGHT: Final[int] = 0xFF
QP_TX_WEIGHT_WEIGHT_SHIFT: Final[int] = 0
QP_RX_BASE_LO: Final[int] = 0x40
QP_RX_BASE_LO_ADDR: Final[int] = 0xFFFFFFC0
QP_RX_BASE_LO_ADDR_SHIFT: Final[int] = 6
QP_RX_BASE_HI: Final[int] = 0x44
QP_RX_SIZE: Final[int] = 0x48
QP_RX_SIZE_LOG2: Final[int] = 0xF
QP_RX_SIZE_LOG2_SHIFT: Final[int] = 0
QP_RX_CTRL: Final[int] = 0x4C
QP_RX_CTRL_ENABLE: Final[int] = 0x1
QP_RX_TAIL: Final[int] = 0x50
QP_RX_TAIL_INDEX: Final[int] = 0xFFFF
QP_RX_TAIL_INDEX_SHIFT: Final[int] = 0
QP_RX_HEAD: Final[int] = 0x54
QP_RX_HEAD_INDEX: Final[int] = 0xFFFF
QP_RX_HEAD_INDEX_SHIFT: Final[int] = 0
QP_RX_STATUS: Final[int] = 0x58
QP_RX_STATUS_ACTIVE: Final[int] = 0x1
QP_RX_STATUS_ERROR: Final[int] = 0x2
QP_RX_STATUS_ERROR_CODE: Final[int] = 0xF0
QP_RX_STATUS_ERROR_CODE_SHIFT: Final[int] = 4
QP_RXC_BASE_LO: Final[int] = 0x60
QP_RXC_BASE_LO_ADDR: Final[int] = 0xFFFFFFC0
QP_RXC_BASE_LO_ADDR_SHIFT: Final[int] = 6
QP_RXC_BASE_HI: Final[int] = 0x64
QP_RXC_HEAD: Final[int] = 0x68
QP_RXC_HEAD_INDEX: Final[int] = 0xFFFF
QP_RXC_HEAD_INDEX_SHIFT: Final[int] = 0
QP_IRQ_ARM: Final[int] = 0x80
QP_IRQ_ARM_RX_INDEX: Final[int] = 0xFFFF
QP_IRQ_ARM_RX_INDEX_SHIFT: Final[int] = 0
QP_IRQ_ARM_TX_INDEX: Final[int] = 0xFFFF0000
QP_IRQ_ARM_TX_INDEX_SHIFT: Final[int] = 16
QP_IRQ_MASK: Final[int] = 0x84
QP_IRQ_MASK_MASKED: Final[int] = 0x1
QP_IRQ_MASK_AUTO_MASK: Final[int] = 0x2
QP_IRQ_STATUS: Final[int] = 0x88
QP_IRQ_STATUS_EVENT: Final[int] = 0x1
QP_RX_DROPS: Final[int] = 0x8C
QP_IRQ_SEEN: Final[int] = 0x90
QP_IRQ_SEEN_RX_INDEX: Final[int] = 0xFFFF
QP_IRQ_SEEN_RX_INDEX_SHIFT: Final[int] = 0
QP_IRQ_SEEN_TX_INDEX: Final[int] = 0xFFFF0000
QP_IRQ_SEEN_TX_INDEX_SHIFT: Final[int] = 16
QP_IRQ_VECTOR: Final[int] = 0x94
QP_IRQ_VECTOR_RX_VECTOR: Final[int] = 0x1F
QP_IRQ_VECTOR_RX_VECTOR_SHIFT: Final[int] = 0
QP_IRQ_VECTOR_TX_VECTOR: Final[int] = 0x1F00
QP_IRQ_VECTOR_TX_VECTOR_SHIFT: Final[int] = 8
QP_IRQ_TX_MOD: Final[int] = 0xA0
QP_IRQ_TX_MOD_USECS: Final[int] = 0x3FF
QP_IRQ_TX_MOD_USECS_SHIFT: Final[int] = 0
QP_IRQ_TX_MOD_FRAMES: Final[int] = 0xFF0000
QP_IRQ_TX_MOD_FRAMES_SHIFT: Final[int] = 16
QP_IRQ_RX_MOD: Final[int] = 0xA4
QP_IRQ_RX_MOD_USECS: Final[int] = 0x3FF
QP_IRQ_RX_MOD_USECS_SHIFT: Final[int] = 0
QP_IRQ_RX_MOD_FRAMES: Final[int] = 0xFF0000
QP_IRQ_RX_MOD_FRAMES_SHIFT: Final[int] = 16

# MSIX: offsets from msix(n).
MSIX_BASE: Final[int] = 0x8000
MSIX_STRIDE: Final[int] = 0x10
MSIX_COUNT: Final[int] = 17
MSIX_ADDR_LO: Final[int] = 0x0
MSIX_ADDR_LO_ADDR: Final[int] = 0xFFFFFFFC
MSIX_ADDR_LO_ADDR_SHIFT: Final[int] = 2
MSIX_ADDR_HI: Final[int] = 0x4
MSIX_DATA: Final[int] = 0x8
MSIX_VECTOR_CTRL: Final[int] = 0xC
MSIX_VECTOR_CTRL_MASK: Final[int] = 0x1

# Values of fields of type err_access.
ERR_ACCESS_DESC: Final[int] = 0  # Read of descriptors.
ERR_ACCESS_DATA: Final[int] = 1  # Read of TX data or write of RX data.
ERR_ACCESS_COMPLETION: Final[int] = 2  # Write of completion records.
ERR_ACCESS_MESSAGE: Final[int] = 3  # Write of an MSI-X.
ERR_ACCESS_BAD_DESC: Final[int] = 4  # None failed: a descriptor broke its limits.
ERR_ACCESS_BAD_TAIL: Final[int] = 5  # None failed: the tail is beyond the ring.

# Values of fields of type ring_error.
RING_ERROR_NONE: Final[int] = 0  # No error.
RING_ERROR_AXI_READ: Final[int] = 1  # A DMA read was answered with an error.
RING_ERROR_AXI_WRITE: Final[int] = 2  # A DMA write was answered with an error.
RING_ERROR_BAD_DESC: Final[int] = 3  # A descriptor broke its limits.

# Values of fields of type tx_kind.
TX_KIND_DATA: Final[int] = 0  # A piece of a frame: tx_desc.
TX_KIND_OFFLOAD: Final[int] = 1  # What is to be done with the frame that follows: tx_offload.
TX_KIND_TSO: Final[int] = 2  # How the TCP segment that follows is cut into frames: tx_tso.

# Values of fields of type rss_type.
RSS_TYPE_NONE: Final[int] = 0  # Nothing: the hash is 0.
RSS_TYPE_IP4: Final[int] = 1  # IPv4 addresses.
RSS_TYPE_TCP4: Final[int] = 2  # IPv4 addresses, TCP ports.
RSS_TYPE_UDP4: Final[int] = 3  # IPv4 addresses, UDP ports.
RSS_TYPE_IP6: Final[int] = 4  # IPv6 addresses.
RSS_TYPE_TCP6: Final[int] = 5  # IPv6 addresses, TCP ports.
RSS_TYPE_UDP6: Final[int] = 6  # IPv6 addresses, UDP ports.

# 16 bytes. A frame is one or more descriptors, the last with eop; 14 to 9018 bytes in all, an inserted tag included.
TX_DESC_SIZE: Final[int] = 16  # bytes
TX_DESC: Final[struct.Struct] = struct.Struct("<QII")  # addr, ctrl, rsvd
TX_DESC_ADDR_LO: Final[int] = 0
TX_DESC_ADDR_HI: Final[int] = 4
TX_DESC_CTRL: Final[int] = 8
TX_DESC_CTRL_LEN: Final[int] = 0xFFFF
TX_DESC_CTRL_LEN_SHIFT: Final[int] = 0
TX_DESC_CTRL_EOP: Final[int] = 0x10000
TX_DESC_CTRL_KIND: Final[int] = 0xF0000000
TX_DESC_CTRL_KIND_SHIFT: Final[int] = 28

# 16 bytes, one for a batch of frames.
TX_COMPLETION_SIZE: Final[int] = 16  # bytes
TX_COMPLETION: Final[struct.Struct] = struct.Struct("<IIII")  # head, rsvd, status, phase
TX_COMPLETION_HEAD: Final[int] = 0
TX_COMPLETION_HEAD_HEAD: Final[int] = 0xFFFF
TX_COMPLETION_HEAD_HEAD_SHIFT: Final[int] = 0
TX_COMPLETION_STATUS: Final[int] = 8
TX_COMPLETION_STATUS_ERROR_CODE: Final[int] = 0xF
TX_COMPLETION_STATUS_ERROR_CODE_SHIFT: Final[int] = 0
TX_COMPLETION_PHASE: Final[int] = 12
TX_COMPLETION_PHASE_PHASE: Final[int] = 0x80000000

# 16 bytes: a free buffer.
RX_DESC_SIZE: Final[int] = 16  # bytes
RX_DESC: Final[struct.Struct] = struct.Struct("<QII")  # addr, ctrl, rsvd
RX_DESC_ADDR_LO: Final[int] = 0
RX_DESC_ADDR_HI: Final[int] = 4
RX_DESC_CTRL: Final[int] = 8
RX_DESC_CTRL_LEN: Final[int] = 0xFFFF
RX_DESC_CTRL_LEN_SHIFT: Final[int] = 0

# 16 bytes, one for each buffer used, in the order of the ring; a frame's say the same of it.
RX_COMPLETION_SIZE: Final[int] = 16  # bytes
RX_COMPLETION: Final[struct.Struct] = struct.Struct("<IIII")  # len, hash, status, phase
RX_COMPLETION_LEN: Final[int] = 0
RX_COMPLETION_LEN_LEN: Final[int] = 0xFFFF
RX_COMPLETION_LEN_LEN_SHIFT: Final[int] = 0
RX_COMPLETION_LEN_INDEX: Final[int] = 0xFFFF0000
RX_COMPLETION_LEN_INDEX_SHIFT: Final[int] = 16
RX_COMPLETION_HASH: Final[int] = 4
RX_COMPLETION_STATUS: Final[int] = 8
RX_COMPLETION_STATUS_EOP: Final[int] = 0x1
RX_COMPLETION_STATUS_VLAN: Final[int] = 0x2
RX_COMPLETION_STATUS_IP_OK: Final[int] = 0x4
RX_COMPLETION_STATUS_L4_OK: Final[int] = 0x8
RX_COMPLETION_STATUS_HASH_TYPE: Final[int] = 0xE0
RX_COMPLETION_STATUS_HASH_TYPE_SHIFT: Final[int] = 5
RX_COMPLETION_STATUS_ERROR_CODE: Final[int] = 0xF00
RX_COMPLETION_STATUS_ERROR_CODE_SHIFT: Final[int] = 8
RX_COMPLETION_STATUS_CSUM: Final[int] = 0xFFFF0000
RX_COMPLETION_STATUS_CSUM_SHIFT: Final[int] = 16
RX_COMPLETION_PHASE: Final[int] = 12
RX_COMPLETION_PHASE_TCI: Final[int] = 0xFFFF
RX_COMPLETION_PHASE_TCI_SHIFT: Final[int] = 0
RX_COMPLETION_PHASE_PHASE: Final[int] = 0x80000000

# 16 bytes: what the device does with one frame; stands in the ring directly in front of the frame's first tx_desc.
TX_OFFLOAD_SIZE: Final[int] = 16  # bytes
TX_OFFLOAD: Final[struct.Struct] = struct.Struct("<IIII")  # csum, vlan, ctrl, rsvd
TX_OFFLOAD_CSUM: Final[int] = 0
TX_OFFLOAD_CSUM_CSUM_START: Final[int] = 0x3FFF
TX_OFFLOAD_CSUM_CSUM_START_SHIFT: Final[int] = 0
TX_OFFLOAD_CSUM_CSUM_OFFSET: Final[int] = 0x3FFF0000
TX_OFFLOAD_CSUM_CSUM_OFFSET_SHIFT: Final[int] = 16
TX_OFFLOAD_VLAN: Final[int] = 4
TX_OFFLOAD_VLAN_TCI: Final[int] = 0xFFFF
TX_OFFLOAD_VLAN_TCI_SHIFT: Final[int] = 0
TX_OFFLOAD_CTRL: Final[int] = 8
TX_OFFLOAD_CTRL_CSUM: Final[int] = 0x1
TX_OFFLOAD_CTRL_VLAN: Final[int] = 0x2
TX_OFFLOAD_CTRL_KIND: Final[int] = 0xF0000000
TX_OFFLOAD_CTRL_KIND_SHIFT: Final[int] = 28

# 16 bytes: the frame that follows is a TCP segment of any length, to be cut. Stands where a tx_offload would.
TX_TSO_SIZE: Final[int] = 16  # bytes
TX_TSO: Final[struct.Struct] = struct.Struct("<IIII")  # seq, id, ctrl, headers
TX_TSO_SEQ: Final[int] = 0
TX_TSO_ID: Final[int] = 4
TX_TSO_ID_IP_ID: Final[int] = 0xFFFF
TX_TSO_ID_IP_ID_SHIFT: Final[int] = 0
TX_TSO_ID_TCI: Final[int] = 0xFFFF0000
TX_TSO_ID_TCI_SHIFT: Final[int] = 16
TX_TSO_CTRL: Final[int] = 8
TX_TSO_CTRL_MSS: Final[int] = 0x3FFF
TX_TSO_CTRL_MSS_SHIFT: Final[int] = 0
TX_TSO_CTRL_VLAN: Final[int] = 0x4000
TX_TSO_CTRL_IPV6: Final[int] = 0x8000
TX_TSO_CTRL_FIXEDID: Final[int] = 0x10000
TX_TSO_CTRL_HDR_LEN: Final[int] = 0x1FE0000
TX_TSO_CTRL_HDR_LEN_SHIFT: Final[int] = 17
TX_TSO_CTRL_KIND: Final[int] = 0xF0000000
TX_TSO_CTRL_KIND_SHIFT: Final[int] = 28
TX_TSO_HEADERS: Final[int] = 12
TX_TSO_HEADERS_L3_OFF: Final[int] = 0xFF
TX_TSO_HEADERS_L3_OFF_SHIFT: Final[int] = 0
TX_TSO_HEADERS_L4_OFF: Final[int] = 0xFF00
TX_TSO_HEADERS_L4_OFF_SHIFT: Final[int] = 8
TX_TSO_HEADERS_FLAGS: Final[int] = 0xFF0000
TX_TSO_HEADERS_FLAGS_SHIFT: Final[int] = 16

COUNTERS: Final[dict[str, int]] = {
    # name: offset of LO; HI follows
    "tx_frames": TX_FRAMES_LO,
    "tx_bytes": TX_BYTES_LO,
    "rx_frames": RX_FRAMES_LO,
    "rx_bytes": RX_BYTES_LO,
    "rx_drop_nodesc": RX_DROP_NODESC_LO,
    "rx_drop_fifo": RX_DROP_FIFO_LO,
    "rx_drop_filter": RX_DROP_FILTER_LO,
    "rx_drop_oversize": RX_DROP_OVERSIZE_LO,
    "rx_drop_error": RX_DROP_ERROR_LO,
    "rx_stream": RX_STREAM_LO,
    "rx_drop_runt": RX_DROP_RUNT_LO,
    "rx_drop_vlan": RX_DROP_VLAN_LO,
    "rmon_rx_unicast": RMON_RX_UNICAST_LO,
    "rmon_rx_multicast": RMON_RX_MULTICAST_LO,
    "rmon_rx_broadcast": RMON_RX_BROADCAST_LO,
    "rmon_rx_fcs": RMON_RX_FCS_LO,
    "rmon_rx_undersize": RMON_RX_UNDERSIZE_LO,
    "rmon_rx_oversize": RMON_RX_OVERSIZE_LO,
    "rmon_rx_fragments": RMON_RX_FRAGMENTS_LO,
    "rmon_rx_jabbers": RMON_RX_JABBERS_LO,
    "rmon_rx_64": RMON_RX_64_LO,
    "rmon_rx_65_127": RMON_RX_65_127_LO,
    "rmon_rx_128_255": RMON_RX_128_255_LO,
    "rmon_rx_256_511": RMON_RX_256_511_LO,
    "rmon_rx_512_1023": RMON_RX_512_1023_LO,
    "rmon_rx_1024_1518": RMON_RX_1024_1518_LO,
    "rmon_rx_1519_max": RMON_RX_1519_MAX_LO,
    "rmon_rx_octets": RMON_RX_OCTETS_LO,
    "rmon_tx_unicast": RMON_TX_UNICAST_LO,
    "rmon_tx_multicast": RMON_TX_MULTICAST_LO,
    "rmon_tx_broadcast": RMON_TX_BROADCAST_LO,
    "rmon_tx_dropped": RMON_TX_DROPPED_LO,
    "rmon_tx_octets": RMON_TX_OCTETS_LO,
    "rmon_rx_pause": RMON_RX_PAUSE_LO,
    "rmon_tx_pause": RMON_TX_PAUSE_LO,
    "rmon_tx_64": RMON_TX_64_LO,
    "rmon_tx_65_127": RMON_TX_65_127_LO,
    "rmon_tx_128_255": RMON_TX_128_255_LO,
    "rmon_tx_256_511": RMON_TX_256_511_LO,
    "rmon_tx_512_1023": RMON_TX_512_1023_LO,
    "rmon_tx_1024_1518": RMON_TX_1024_1518_LO,
    "rmon_tx_1519_max": RMON_TX_1519_MAX_LO,
}

GROUPS: Final[dict[str, Group]] = {
    "": Group(0x0, 0x0, 1),
    "RSS_KEY": Group(0x200, 0x4, 10),
    "RSS_TABLE": Group(0x280, 0x4, 32),
    "RX_ADDR": Group(0x300, 0x8, 16),
    "RX_HASH": Group(0x380, 0x4, 8),
    "VLAN_FILTER": Group(0x600, 0x4, 128),
    "QP": Group(0x1000, 0x100, 16),
    "MSIX": Group(0x8000, 0x10, 17),
}

REGISTERS: Final[tuple[Register, ...]] = (
    Register("ID", "", 0x0, (Field("value", 0, 32, "ro", False, 0x52534E43),)),
    Register("VERSION", "", 0x4, (Field("value", 0, 32, "ro", False, 0x10000),)),
    Register("CAPS", "", 0x8, (
        Field("queues", 0, 5, "ro", True, None),
        Field("data_log2", 8, 4, "ro", True, None),
        Field("ring_log2", 16, 4, "ro", True, None),
    )),
    Register("CTRL", "", 0xC, (Field("enable", 0, 1, "rw", False, 0x0),)),
    Register("RESET", "", 0x10, (Field("reset", 0, 1, "w1s", True, 0x0),)),
    Register("STATUS", "", 0x14, (
        Field("link", 0, 1, "ro", True, None),
        Field("idle", 1, 1, "ro", True, None),
    )),
    Register("MAC_LO", "", 0x18, (Field("addr", 0, 32, "rw", False, 0x0),)),
    Register("MAC_HI", "", 0x1C, (Field("addr", 0, 16, "rw", False, 0x0),)),
    Register("RX_CTRL", "", 0x20, (
        Field("promisc", 0, 1, "rw", False, 0x0),
        Field("allmulti", 1, 1, "rw", False, 0x0),
        Field("broadcast", 2, 1, "rw", False, 0x1),
        Field("vlan_strip", 3, 1, "rw", False, 0x0),
        Field("vlan_filter", 4, 1, "rw", False, 0x0),
    )),
    Register("MAX_FRAME", "", 0x24, (Field("bytes", 0, 14, "rw", False, 0x5EE),)),
    Register("RSS_CTRL", "", 0x28, (
        Field("ip4", 0, 1, "rw", False, 0x0),
        Field("tcp4", 1, 1, "rw", False, 0x0),
        Field("udp4", 2, 1, "rw", False, 0x0),
        Field("ip6", 3, 1, "rw", False, 0x0),
        Field("tcp6", 4, 1, "rw", False, 0x0),
        Field("udp6", 5, 1, "rw", False, 0x0),
        Field("sym_xor", 6, 1, "rw", False, 0x0),
    )),
    Register("SCRATCH", "", 0x2C, (Field("value", 0, 32, "rw", False, 0x0),)),
    Register("IRQ_CTRL", "", 0x40, (Field("line_mode", 0, 1, "rw", False, 0x0),)),
    Register("IRQ_PENDING", "", 0x44, (
        Field("queues", 0, 16, "ro", True, 0x0),
        Field("cause", 16, 1, "ro", True, 0x0),
    )),
    Register("CLOCK", "", 0x48, (Field("mhz", 0, 10, "ro", True, None),)),
    Register("ERR_LOG", "", 0x50, (
        Field("valid", 0, 1, "w1c", True, 0x0),
        Field("more", 1, 1, "ro", True, 0x0),
        Field("tx", 2, 1, "ro", True, 0x0),
        Field("no_queue", 3, 1, "ro", True, 0x0),
        Field("access", 4, 4, "ro", True, 0x0),
        Field("resp", 8, 2, "ro", True, 0x0),
        Field("queue", 12, 4, "ro", True, 0x0),
    )),
    Register("ERR_ADDR_LO", "", 0x54, (Field("addr", 0, 32, "ro", True, 0x0),)),
    Register("ERR_ADDR_HI", "", 0x58, (Field("addr", 0, 32, "ro", True, 0x0),)),
    Register("IRQ_CAUSE", "", 0x80, (
        Field("link", 0, 1, "w1c", True, 0x0),
        Field("error", 1, 1, "w1c", True, 0x0),
    )),
    Register("IRQ_CAUSE_MASK", "", 0x84, (
        Field("link", 0, 1, "rw", False, 0x1),
        Field("error", 1, 1, "rw", False, 0x1),
    )),
    Register("IRQ_CAUSE_VECTOR", "", 0x88, (Field("vector", 0, 5, "rw", False, None),)),
    Register("TX_FRAMES_LO", "", 0x100, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("TX_FRAMES_HI", "", 0x104, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("TX_BYTES_LO", "", 0x108, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("TX_BYTES_HI", "", 0x10C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_FRAMES_LO", "", 0x110, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_FRAMES_HI", "", 0x114, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_BYTES_LO", "", 0x118, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_BYTES_HI", "", 0x11C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_NODESC_LO", "", 0x120, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_NODESC_HI", "", 0x124, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_FIFO_LO", "", 0x128, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_FIFO_HI", "", 0x12C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_FILTER_LO", "", 0x130, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_FILTER_HI", "", 0x134, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_OVERSIZE_LO", "", 0x138, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_OVERSIZE_HI", "", 0x13C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_ERROR_LO", "", 0x140, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_ERROR_HI", "", 0x144, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_STREAM_LO", "", 0x148, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_STREAM_HI", "", 0x14C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_RUNT_LO", "", 0x150, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_RUNT_HI", "", 0x154, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_VLAN_LO", "", 0x158, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RX_DROP_VLAN_HI", "", 0x15C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("MAC_CTRL", "", 0x400, (
        Field("loopback", 0, 1, "rw", False, 0x0),
        Field("rx_pause", 1, 1, "rw", False, 0x0),
        Field("tx_pause", 2, 1, "rw", False, 0x0),
    )),
    Register("LINK", "", 0x404, (
        Field("up", 0, 1, "ro", True, None),
        Field("paused", 1, 1, "ro", True, 0x0),
        Field("xoff", 2, 1, "ro", True, 0x0),
        Field("changes", 16, 16, "ro", True, 0x0),
    )),
    Register("LINK_RATE", "", 0x408, (Field("mbps", 0, 20, "ro", True, None),)),
    Register("PAUSE_QUANTA", "", 0x40C, (Field("quanta", 0, 16, "rw", False, 0xFFFF),)),
    Register("PAUSE_FILL", "", 0x410, (
        Field("high", 0, 16, "rw", False, 0x2000),
        Field("low", 16, 16, "rw", False, 0x1000),
    )),
    Register("TX_RATE", "", 0x414, (Field("mbps", 0, 20, "rw", False, 0x0),)),
    Register("RMON_RX_UNICAST_LO", "", 0x500, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_UNICAST_HI", "", 0x504, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_MULTICAST_LO", "", 0x508, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_MULTICAST_HI", "", 0x50C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_BROADCAST_LO", "", 0x510, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_BROADCAST_HI", "", 0x514, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_FCS_LO", "", 0x518, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_FCS_HI", "", 0x51C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_UNDERSIZE_LO", "", 0x520, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_UNDERSIZE_HI", "", 0x524, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_OVERSIZE_LO", "", 0x528, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_OVERSIZE_HI", "", 0x52C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_FRAGMENTS_LO", "", 0x530, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_FRAGMENTS_HI", "", 0x534, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_JABBERS_LO", "", 0x538, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_JABBERS_HI", "", 0x53C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_64_LO", "", 0x540, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_64_HI", "", 0x544, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_65_127_LO", "", 0x548, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_65_127_HI", "", 0x54C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_128_255_LO", "", 0x550, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_128_255_HI", "", 0x554, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_256_511_LO", "", 0x558, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_256_511_HI", "", 0x55C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_512_1023_LO", "", 0x560, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_512_1023_HI", "", 0x564, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_1024_1518_LO", "", 0x568, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_1024_1518_HI", "", 0x56C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_1519_MAX_LO", "", 0x570, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_1519_MAX_HI", "", 0x574, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_OCTETS_LO", "", 0x578, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_OCTETS_HI", "", 0x57C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_UNICAST_LO", "", 0x580, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_UNICAST_HI", "", 0x584, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_MULTICAST_LO", "", 0x588, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_MULTICAST_HI", "", 0x58C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_BROADCAST_LO", "", 0x590, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_BROADCAST_HI", "", 0x594, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_DROPPED_LO", "", 0x598, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_DROPPED_HI", "", 0x59C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_OCTETS_LO", "", 0x5A0, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_OCTETS_HI", "", 0x5A4, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_PAUSE_LO", "", 0x5A8, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_RX_PAUSE_HI", "", 0x5AC, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_PAUSE_LO", "", 0x5B0, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_PAUSE_HI", "", 0x5B4, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_64_LO", "", 0x5C0, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_64_HI", "", 0x5C4, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_65_127_LO", "", 0x5C8, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_65_127_HI", "", 0x5CC, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_128_255_LO", "", 0x5D0, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_128_255_HI", "", 0x5D4, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_256_511_LO", "", 0x5D8, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_256_511_HI", "", 0x5DC, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_512_1023_LO", "", 0x5E0, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_512_1023_HI", "", 0x5E4, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_1024_1518_LO", "", 0x5E8, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_1024_1518_HI", "", 0x5EC, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_1519_MAX_LO", "", 0x5F0, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("RMON_TX_1519_MAX_HI", "", 0x5F4, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("MSIX_PBA", "", 0x9000, (Field("pending", 0, 17, "ro", True, 0x0),)),
    Register("MSIX_PBA_HI", "", 0x9004, ()),
    Register("WORD", "RSS_KEY", 0x0, (Field("bytes", 0, 32, "rw", False, 0x0),)),
    Register("WORD", "RSS_TABLE", 0x0, (
        Field("queue0", 0, 4, "rw", False, 0x0),
        Field("queue1", 8, 4, "rw", False, 0x0),
        Field("queue2", 16, 4, "rw", False, 0x0),
        Field("queue3", 24, 4, "rw", False, 0x0),
    )),
    Register("LO", "RX_ADDR", 0x0, (Field("addr", 0, 32, "rw", False, 0x0),)),
    Register("HI", "RX_ADDR", 0x4, (
        Field("addr", 0, 16, "rw", False, 0x0),
        Field("valid", 31, 1, "rw", False, 0x0),
    )),
    Register("WORD", "RX_HASH", 0x0, (Field("bits", 0, 32, "rw", False, 0x0),)),
    Register("WORD", "VLAN_FILTER", 0x0, (Field("bits", 0, 32, "rw", False, 0x0),)),
    Register("TX_BASE_LO", "QP", 0x0, (Field("addr", 6, 26, "rw", False, 0x0),)),
    Register("TX_BASE_HI", "QP", 0x4, (Field("addr", 0, 32, "rw", False, 0x0),)),
    Register("TX_SIZE", "QP", 0x8, (Field("log2", 0, 4, "rw", False, 0x8),)),
    Register("TX_CTRL", "QP", 0xC, (Field("enable", 0, 1, "rw", False, 0x0),)),
    Register("TX_TAIL", "QP", 0x10, (Field("index", 0, 16, "rw", False, 0x0),)),
    Register("TX_HEAD", "QP", 0x14, (Field("index", 0, 16, "ro", True, 0x0),)),
    Register("TX_STATUS", "QP", 0x18, (
        Field("active", 0, 1, "ro", True, 0x0),
        Field("error", 1, 1, "ro", True, 0x0),
        Field("error_code", 4, 4, "ro", True, 0x0),
    )),
    Register("TXC_BASE_LO", "QP", 0x20, (Field("addr", 6, 26, "rw", False, 0x0),)),
    Register("TXC_BASE_HI", "QP", 0x24, (Field("addr", 0, 32, "rw", False, 0x0),)),
    Register("TXC_HEAD", "QP", 0x28, (Field("index", 0, 16, "ro", True, 0x0),)),
    Register("TX_WEIGHT", "QP", 0x30, (Field("weight", 0, 8, "rw", False, 0x8),)),
    Register("RX_BASE_LO", "QP", 0x40, (Field("addr", 6, 26, "rw", False, 0x0),)),
    Register("RX_BASE_HI", "QP", 0x44, (Field("addr", 0, 32, "rw", False, 0x0),)),
    Register("RX_SIZE", "QP", 0x48, (Field("log2", 0, 4, "rw", False, 0x8),)),
    Register("RX_CTRL", "QP", 0x4C, (Field("enable", 0, 1, "rw", False, 0x0),)),
    Register("RX_TAIL", "QP", 0x50, (Field("index", 0, 16, "rw", False, 0x0),)),
    Register("RX_HEAD", "QP", 0x54, (Field("index", 0, 16, "ro", True, 0x0),)),
    Register("RX_STATUS", "QP", 0x58, (
        Field("active", 0, 1, "ro", True, 0x0),
        Field("error", 1, 1, "ro", True, 0x0),
        Field("error_code", 4, 4, "ro", True, 0x0),
    )),
    Register("RXC_BASE_LO", "QP", 0x60, (Field("addr", 6, 26, "rw", False, 0x0),)),
    Register("RXC_BASE_HI", "QP", 0x64, (Field("addr", 0, 32, "rw", False, 0x0),)),
    Register("RXC_HEAD", "QP", 0x68, (Field("index", 0, 16, "ro", True, 0x0),)),
    Register("IRQ_ARM", "QP", 0x80, (
        Field("rx_index", 0, 16, "wo", False, 0x0),
        Field("tx_index", 16, 16, "wo", False, 0x0),
    )),
    Register("IRQ_MASK", "QP", 0x84, (
        Field("masked", 0, 1, "rw", True, 0x1),
        Field("auto_mask", 1, 1, "rw", False, 0x1),
    )),
    Register("IRQ_STATUS", "QP", 0x88, (Field("event", 0, 1, "ro", True, 0x0),)),
    Register("RX_DROPS", "QP", 0x8C, (Field("value", 0, 32, "ro", True, 0x0),)),
    Register("IRQ_SEEN", "QP", 0x90, (
        Field("rx_index", 0, 16, "wo", False, 0x0),
        Field("tx_index", 16, 16, "wo", False, 0x0),
    )),
    Register("IRQ_VECTOR", "QP", 0x94, (
        Field("rx_vector", 0, 5, "rw", False, None),
        Field("tx_vector", 8, 5, "rw", False, None),
    )),
    Register("IRQ_TX_MOD", "QP", 0xA0, (
        Field("usecs", 0, 10, "rw", False, 0x0),
        Field("frames", 16, 8, "rw", False, 0x0),
    )),
    Register("IRQ_RX_MOD", "QP", 0xA4, (
        Field("usecs", 0, 10, "rw", False, 0x0),
        Field("frames", 16, 8, "rw", False, 0x0),
    )),
    Register("ADDR_LO", "MSIX", 0x0, (Field("addr", 2, 30, "rw", False, 0x0),)),
    Register("ADDR_HI", "MSIX", 0x4, (Field("addr", 0, 32, "rw", False, 0x0),)),
    Register("DATA", "MSIX", 0x8, (Field("data", 0, 32, "rw", False, 0x0),)),
    Register("VECTOR_CTRL", "MSIX", 0xC, (Field("mask", 0, 1, "rw", False, 0x1),)),
)


def rss_key(n: int) -> int:
    """Byte offset of RSS_KEY[n]; no check that n is below `RSS_KEY_COUNT`."""
    return RSS_KEY_BASE + n * RSS_KEY_STRIDE


def rss_table(n: int) -> int:
    """Byte offset of RSS_TABLE[n]; no check that n is below `RSS_TABLE_COUNT`."""
    return RSS_TABLE_BASE + n * RSS_TABLE_STRIDE


def rx_addr(n: int) -> int:
    """Byte offset of RX_ADDR[n]; no check that n is below `RX_ADDR_COUNT`."""
    return RX_ADDR_BASE + n * RX_ADDR_STRIDE


def rx_hash(n: int) -> int:
    """Byte offset of RX_HASH[n]; no check that n is below `RX_HASH_COUNT`."""
    return RX_HASH_BASE + n * RX_HASH_STRIDE


def vlan_filter(n: int) -> int:
    """Byte offset of VLAN_FILTER[n]; no check that n is below `VLAN_FILTER_COUNT`."""
    return VLAN_FILTER_BASE + n * VLAN_FILTER_STRIDE


def qp(n: int) -> int:
    """Byte offset of QP[n]; no check that n is below `QP_COUNT`."""
    return QP_BASE + n * QP_STRIDE


def msix(n: int) -> int:
    """Byte offset of MSIX[n]; no check that n is below `MSIX_COUNT`."""
    return MSIX_BASE + n * MSIX_STRIDE
