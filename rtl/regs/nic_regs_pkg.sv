// SPDX-License-Identifier: Apache-2.0
// Generated from nic.rdl by rtl/regs/generate.py: do not edit, run `make regs`.
//
// <REG>_OFFSET is a byte offset: of the register space, or of its group (an array of <GROUP>_COUNT groups of
// registers from <GROUP>_BASE on, <GROUP>_STRIDE bytes apart). <REG>_WMASK has the bits that software can write,
// <REG>_DEFAULT is the value after reset, <REG>_<FIELD>_LSB and _WIDTH give a field's place (a field of all 32 bits
// has neither).

package nic_regs_pkg;

  // A design uses a part of what a package offers.
  /* verilator lint_off UNUSEDPARAM */

  // Device-wide registers
  localparam logic [15:0] ID_OFFSET = 16'h0000;
  localparam logic [31:0] ID_WMASK = 32'h00000000;
  localparam logic [31:0] ID_DEFAULT = 32'h52534e43;
  localparam logic [15:0] VERSION_OFFSET = 16'h0004;
  localparam logic [31:0] VERSION_WMASK = 32'h00000000;
  localparam logic [31:0] VERSION_DEFAULT = 32'h00010000;
  localparam logic [15:0] CAPS_OFFSET = 16'h0008;
  localparam logic [31:0] CAPS_WMASK = 32'h00000000;
  localparam int unsigned CAPS_QUEUES_LSB = 0;
  localparam int unsigned CAPS_QUEUES_WIDTH = 5;
  localparam int unsigned CAPS_DATA_LOG2_LSB = 8;
  localparam int unsigned CAPS_DATA_LOG2_WIDTH = 4;
  localparam int unsigned CAPS_RING_LOG2_LSB = 16;
  localparam int unsigned CAPS_RING_LOG2_WIDTH = 4;
  localparam logic [15:0] CTRL_OFFSET = 16'h000c;
  localparam logic [31:0] CTRL_WMASK = 32'h00000001;
  localparam logic [31:0] CTRL_DEFAULT = 32'h00000000;
  localparam int unsigned CTRL_ENABLE_LSB = 0;
  localparam int unsigned CTRL_ENABLE_WIDTH = 1;
  localparam logic [15:0] RESET_OFFSET = 16'h0010;
  localparam logic [31:0] RESET_WMASK = 32'h00000001;
  localparam logic [31:0] RESET_DEFAULT = 32'h00000000;
  localparam int unsigned RESET_RESET_LSB = 0;
  localparam int unsigned RESET_RESET_WIDTH = 1;
  localparam logic [15:0] STATUS_OFFSET = 16'h0014;
  localparam logic [31:0] STATUS_WMASK = 32'h00000000;
  localparam int unsigned STATUS_LINK_LSB = 0;
  localparam int unsigned STATUS_LINK_WIDTH = 1;
  localparam int unsigned STATUS_IDLE_LSB = 1;
  localparam int unsigned STATUS_IDLE_WIDTH = 1;
  localparam logic [15:0] MAC_LO_OFFSET = 16'h0018;
  localparam logic [31:0] MAC_LO_WMASK = 32'hffffffff;
  localparam logic [31:0] MAC_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] MAC_HI_OFFSET = 16'h001c;
  localparam logic [31:0] MAC_HI_WMASK = 32'h0000ffff;
  localparam logic [31:0] MAC_HI_DEFAULT = 32'h00000000;
  localparam int unsigned MAC_HI_ADDR_LSB = 0;
  localparam int unsigned MAC_HI_ADDR_WIDTH = 16;
  localparam logic [15:0] RX_CTRL_OFFSET = 16'h0020;
  localparam logic [31:0] RX_CTRL_WMASK = 32'h0000001f;
  localparam logic [31:0] RX_CTRL_DEFAULT = 32'h00000004;
  localparam int unsigned RX_CTRL_PROMISC_LSB = 0;
  localparam int unsigned RX_CTRL_PROMISC_WIDTH = 1;
  localparam int unsigned RX_CTRL_ALLMULTI_LSB = 1;
  localparam int unsigned RX_CTRL_ALLMULTI_WIDTH = 1;
  localparam int unsigned RX_CTRL_BROADCAST_LSB = 2;
  localparam int unsigned RX_CTRL_BROADCAST_WIDTH = 1;
  localparam int unsigned RX_CTRL_VLAN_STRIP_LSB = 3;
  localparam int unsigned RX_CTRL_VLAN_STRIP_WIDTH = 1;
  localparam int unsigned RX_CTRL_VLAN_FILTER_LSB = 4;
  localparam int unsigned RX_CTRL_VLAN_FILTER_WIDTH = 1;
  localparam logic [15:0] MAX_FRAME_OFFSET = 16'h0024;
  localparam logic [31:0] MAX_FRAME_WMASK = 32'h00003fff;
  localparam logic [31:0] MAX_FRAME_DEFAULT = 32'h000005ee;
  localparam int unsigned MAX_FRAME_BYTES_LSB = 0;
  localparam int unsigned MAX_FRAME_BYTES_WIDTH = 14;
  localparam logic [15:0] RSS_CTRL_OFFSET = 16'h0028;
  localparam logic [31:0] RSS_CTRL_WMASK = 32'h0000007f;
  localparam logic [31:0] RSS_CTRL_DEFAULT = 32'h00000000;
  localparam int unsigned RSS_CTRL_IP4_LSB = 0;
  localparam int unsigned RSS_CTRL_IP4_WIDTH = 1;
  localparam int unsigned RSS_CTRL_TCP4_LSB = 1;
  localparam int unsigned RSS_CTRL_TCP4_WIDTH = 1;
  localparam int unsigned RSS_CTRL_UDP4_LSB = 2;
  localparam int unsigned RSS_CTRL_UDP4_WIDTH = 1;
  localparam int unsigned RSS_CTRL_IP6_LSB = 3;
  localparam int unsigned RSS_CTRL_IP6_WIDTH = 1;
  localparam int unsigned RSS_CTRL_TCP6_LSB = 4;
  localparam int unsigned RSS_CTRL_TCP6_WIDTH = 1;
  localparam int unsigned RSS_CTRL_UDP6_LSB = 5;
  localparam int unsigned RSS_CTRL_UDP6_WIDTH = 1;
  localparam int unsigned RSS_CTRL_SYM_XOR_LSB = 6;
  localparam int unsigned RSS_CTRL_SYM_XOR_WIDTH = 1;
  localparam logic [15:0] SCRATCH_OFFSET = 16'h002c;
  localparam logic [31:0] SCRATCH_WMASK = 32'hffffffff;
  localparam logic [31:0] SCRATCH_DEFAULT = 32'h00000000;
  localparam logic [15:0] IRQ_CTRL_OFFSET = 16'h0040;
  localparam logic [31:0] IRQ_CTRL_WMASK = 32'h00000001;
  localparam logic [31:0] IRQ_CTRL_DEFAULT = 32'h00000000;
  localparam int unsigned IRQ_CTRL_LINE_MODE_LSB = 0;
  localparam int unsigned IRQ_CTRL_LINE_MODE_WIDTH = 1;
  localparam logic [15:0] IRQ_PENDING_OFFSET = 16'h0044;
  localparam logic [31:0] IRQ_PENDING_WMASK = 32'h00000000;
  localparam logic [31:0] IRQ_PENDING_DEFAULT = 32'h00000000;
  localparam int unsigned IRQ_PENDING_VECTORS_LSB = 0;
  localparam int unsigned IRQ_PENDING_VECTORS_WIDTH = 16;
  localparam logic [15:0] CLOCK_OFFSET = 16'h0048;
  localparam logic [31:0] CLOCK_WMASK = 32'h00000000;
  localparam int unsigned CLOCK_MHZ_LSB = 0;
  localparam int unsigned CLOCK_MHZ_WIDTH = 10;
  localparam logic [15:0] TX_FRAMES_LO_OFFSET = 16'h0100;
  localparam logic [31:0] TX_FRAMES_LO_WMASK = 32'h00000000;
  localparam logic [31:0] TX_FRAMES_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] TX_FRAMES_HI_OFFSET = 16'h0104;
  localparam logic [31:0] TX_FRAMES_HI_WMASK = 32'h00000000;
  localparam logic [31:0] TX_FRAMES_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] TX_BYTES_LO_OFFSET = 16'h0108;
  localparam logic [31:0] TX_BYTES_LO_WMASK = 32'h00000000;
  localparam logic [31:0] TX_BYTES_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] TX_BYTES_HI_OFFSET = 16'h010c;
  localparam logic [31:0] TX_BYTES_HI_WMASK = 32'h00000000;
  localparam logic [31:0] TX_BYTES_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_FRAMES_LO_OFFSET = 16'h0110;
  localparam logic [31:0] RX_FRAMES_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_FRAMES_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_FRAMES_HI_OFFSET = 16'h0114;
  localparam logic [31:0] RX_FRAMES_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_FRAMES_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_BYTES_LO_OFFSET = 16'h0118;
  localparam logic [31:0] RX_BYTES_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_BYTES_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_BYTES_HI_OFFSET = 16'h011c;
  localparam logic [31:0] RX_BYTES_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_BYTES_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_NODESC_LO_OFFSET = 16'h0120;
  localparam logic [31:0] RX_DROP_NODESC_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_NODESC_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_NODESC_HI_OFFSET = 16'h0124;
  localparam logic [31:0] RX_DROP_NODESC_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_NODESC_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_FIFO_LO_OFFSET = 16'h0128;
  localparam logic [31:0] RX_DROP_FIFO_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_FIFO_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_FIFO_HI_OFFSET = 16'h012c;
  localparam logic [31:0] RX_DROP_FIFO_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_FIFO_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_FILTER_LO_OFFSET = 16'h0130;
  localparam logic [31:0] RX_DROP_FILTER_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_FILTER_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_FILTER_HI_OFFSET = 16'h0134;
  localparam logic [31:0] RX_DROP_FILTER_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_FILTER_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_OVERSIZE_LO_OFFSET = 16'h0138;
  localparam logic [31:0] RX_DROP_OVERSIZE_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_OVERSIZE_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_OVERSIZE_HI_OFFSET = 16'h013c;
  localparam logic [31:0] RX_DROP_OVERSIZE_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_OVERSIZE_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_ERROR_LO_OFFSET = 16'h0140;
  localparam logic [31:0] RX_DROP_ERROR_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_ERROR_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_ERROR_HI_OFFSET = 16'h0144;
  localparam logic [31:0] RX_DROP_ERROR_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_ERROR_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_STREAM_LO_OFFSET = 16'h0148;
  localparam logic [31:0] RX_STREAM_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_STREAM_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_STREAM_HI_OFFSET = 16'h014c;
  localparam logic [31:0] RX_STREAM_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_STREAM_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_RUNT_LO_OFFSET = 16'h0150;
  localparam logic [31:0] RX_DROP_RUNT_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_RUNT_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_RUNT_HI_OFFSET = 16'h0154;
  localparam logic [31:0] RX_DROP_RUNT_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_RUNT_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_VLAN_LO_OFFSET = 16'h0158;
  localparam logic [31:0] RX_DROP_VLAN_LO_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_VLAN_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_DROP_VLAN_HI_OFFSET = 16'h015c;
  localparam logic [31:0] RX_DROP_VLAN_HI_WMASK = 32'h00000000;
  localparam logic [31:0] RX_DROP_VLAN_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] MSIX_PBA_OFFSET = 16'h9000;
  localparam logic [31:0] MSIX_PBA_WMASK = 32'h00000000;
  localparam logic [31:0] MSIX_PBA_DEFAULT = 32'h00000000;
  localparam int unsigned MSIX_PBA_PENDING_LSB = 0;
  localparam int unsigned MSIX_PBA_PENDING_WIDTH = 16;
  localparam logic [15:0] MSIX_PBA_HI_OFFSET = 16'h9004;
  localparam logic [31:0] MSIX_PBA_HI_WMASK = 32'h00000000;
  localparam logic [31:0] MSIX_PBA_HI_DEFAULT = 32'h00000000;

  // RSS_KEY registers
  localparam logic [15:0] RSS_KEY_BASE = 16'h0200;
  localparam int unsigned RSS_KEY_STRIDE = 4;
  localparam int unsigned RSS_KEY_COUNT = 10;
  localparam logic [15:0] RSS_KEY_WORD_OFFSET = 16'h0000;
  localparam logic [31:0] RSS_KEY_WORD_WMASK = 32'hffffffff;
  localparam logic [31:0] RSS_KEY_WORD_DEFAULT = 32'h00000000;

  // RSS_TABLE registers
  localparam logic [15:0] RSS_TABLE_BASE = 16'h0280;
  localparam int unsigned RSS_TABLE_STRIDE = 4;
  localparam int unsigned RSS_TABLE_COUNT = 32;
  localparam logic [15:0] RSS_TABLE_WORD_OFFSET = 16'h0000;
  localparam logic [31:0] RSS_TABLE_WORD_WMASK = 32'h0f0f0f0f;
  localparam logic [31:0] RSS_TABLE_WORD_DEFAULT = 32'h00000000;
  localparam int unsigned RSS_TABLE_WORD_QUEUE0_LSB = 0;
  localparam int unsigned RSS_TABLE_WORD_QUEUE0_WIDTH = 4;
  localparam int unsigned RSS_TABLE_WORD_QUEUE1_LSB = 8;
  localparam int unsigned RSS_TABLE_WORD_QUEUE1_WIDTH = 4;
  localparam int unsigned RSS_TABLE_WORD_QUEUE2_LSB = 16;
  localparam int unsigned RSS_TABLE_WORD_QUEUE2_WIDTH = 4;
  localparam int unsigned RSS_TABLE_WORD_QUEUE3_LSB = 24;
  localparam int unsigned RSS_TABLE_WORD_QUEUE3_WIDTH = 4;

  // RX_ADDR registers
  localparam logic [15:0] RX_ADDR_BASE = 16'h0300;
  localparam int unsigned RX_ADDR_STRIDE = 8;
  localparam int unsigned RX_ADDR_COUNT = 16;
  localparam logic [15:0] RX_ADDR_LO_OFFSET = 16'h0000;
  localparam logic [31:0] RX_ADDR_LO_WMASK = 32'hffffffff;
  localparam logic [31:0] RX_ADDR_LO_DEFAULT = 32'h00000000;
  localparam logic [15:0] RX_ADDR_HI_OFFSET = 16'h0004;
  localparam logic [31:0] RX_ADDR_HI_WMASK = 32'h8000ffff;
  localparam logic [31:0] RX_ADDR_HI_DEFAULT = 32'h00000000;
  localparam int unsigned RX_ADDR_HI_ADDR_LSB = 0;
  localparam int unsigned RX_ADDR_HI_ADDR_WIDTH = 16;
  localparam int unsigned RX_ADDR_HI_VALID_LSB = 31;
  localparam int unsigned RX_ADDR_HI_VALID_WIDTH = 1;

  // RX_HASH registers
  localparam logic [15:0] RX_HASH_BASE = 16'h0380;
  localparam int unsigned RX_HASH_STRIDE = 4;
  localparam int unsigned RX_HASH_COUNT = 8;
  localparam logic [15:0] RX_HASH_WORD_OFFSET = 16'h0000;
  localparam logic [31:0] RX_HASH_WORD_WMASK = 32'hffffffff;
  localparam logic [31:0] RX_HASH_WORD_DEFAULT = 32'h00000000;

  // VLAN_FILTER registers
  localparam logic [15:0] VLAN_FILTER_BASE = 16'h0600;
  localparam int unsigned VLAN_FILTER_STRIDE = 4;
  localparam int unsigned VLAN_FILTER_COUNT = 128;
  localparam logic [15:0] VLAN_FILTER_WORD_OFFSET = 16'h0000;
  localparam logic [31:0] VLAN_FILTER_WORD_WMASK = 32'hffffffff;
  localparam logic [31:0] VLAN_FILTER_WORD_DEFAULT = 32'h00000000;

  // QP registers
  localparam logic [15:0] QP_BASE = 16'h1000;
  localparam int unsigned QP_STRIDE = 256;
  localparam int unsigned QP_COUNT = 16;
  localparam logic [15:0] QP_TX_BASE_LO_OFFSET = 16'h0000;
  localparam logic [31:0] QP_TX_BASE_LO_WMASK = 32'hffffffc0;
  localparam logic [31:0] QP_TX_BASE_LO_DEFAULT = 32'h00000000;
  localparam int unsigned QP_TX_BASE_LO_ADDR_LSB = 6;
  localparam int unsigned QP_TX_BASE_LO_ADDR_WIDTH = 26;
  localparam logic [15:0] QP_TX_BASE_HI_OFFSET = 16'h0004;
  localparam logic [31:0] QP_TX_BASE_HI_WMASK = 32'hffffffff;
  localparam logic [31:0] QP_TX_BASE_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] QP_TX_SIZE_OFFSET = 16'h0008;
  localparam logic [31:0] QP_TX_SIZE_WMASK = 32'h0000000f;
  localparam logic [31:0] QP_TX_SIZE_DEFAULT = 32'h00000008;
  localparam int unsigned QP_TX_SIZE_LOG2_LSB = 0;
  localparam int unsigned QP_TX_SIZE_LOG2_WIDTH = 4;
  localparam logic [15:0] QP_TX_CTRL_OFFSET = 16'h000c;
  localparam logic [31:0] QP_TX_CTRL_WMASK = 32'h00000001;
  localparam logic [31:0] QP_TX_CTRL_DEFAULT = 32'h00000000;
  localparam int unsigned QP_TX_CTRL_ENABLE_LSB = 0;
  localparam int unsigned QP_TX_CTRL_ENABLE_WIDTH = 1;
  localparam logic [15:0] QP_TX_TAIL_OFFSET = 16'h0010;
  localparam logic [31:0] QP_TX_TAIL_WMASK = 32'h0000ffff;
  localparam logic [31:0] QP_TX_TAIL_DEFAULT = 32'h00000000;
  localparam int unsigned QP_TX_TAIL_INDEX_LSB = 0;
  localparam int unsigned QP_TX_TAIL_INDEX_WIDTH = 16;
  localparam logic [15:0] QP_TX_HEAD_OFFSET = 16'h0014;
  localparam logic [31:0] QP_TX_HEAD_WMASK = 32'h00000000;
  localparam logic [31:0] QP_TX_HEAD_DEFAULT = 32'h00000000;
  localparam int unsigned QP_TX_HEAD_INDEX_LSB = 0;
  localparam int unsigned QP_TX_HEAD_INDEX_WIDTH = 16;
  localparam logic [15:0] QP_TX_STATUS_OFFSET = 16'h0018;
  localparam logic [31:0] QP_TX_STATUS_WMASK = 32'h00000000;
  localparam logic [31:0] QP_TX_STATUS_DEFAULT = 32'h00000000;
  localparam int unsigned QP_TX_STATUS_ACTIVE_LSB = 0;
  localparam int unsigned QP_TX_STATUS_ACTIVE_WIDTH = 1;
  localparam int unsigned QP_TX_STATUS_ERROR_LSB = 1;
  localparam int unsigned QP_TX_STATUS_ERROR_WIDTH = 1;
  localparam int unsigned QP_TX_STATUS_ERROR_CODE_LSB = 4;
  localparam int unsigned QP_TX_STATUS_ERROR_CODE_WIDTH = 4;
  localparam logic [15:0] QP_TXC_BASE_LO_OFFSET = 16'h0020;
  localparam logic [31:0] QP_TXC_BASE_LO_WMASK = 32'hffffffc0;
  localparam logic [31:0] QP_TXC_BASE_LO_DEFAULT = 32'h00000000;
  localparam int unsigned QP_TXC_BASE_LO_ADDR_LSB = 6;
  localparam int unsigned QP_TXC_BASE_LO_ADDR_WIDTH = 26;
  localparam logic [15:0] QP_TXC_BASE_HI_OFFSET = 16'h0024;
  localparam logic [31:0] QP_TXC_BASE_HI_WMASK = 32'hffffffff;
  localparam logic [31:0] QP_TXC_BASE_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] QP_TXC_HEAD_OFFSET = 16'h0028;
  localparam logic [31:0] QP_TXC_HEAD_WMASK = 32'h00000000;
  localparam logic [31:0] QP_TXC_HEAD_DEFAULT = 32'h00000000;
  localparam int unsigned QP_TXC_HEAD_INDEX_LSB = 0;
  localparam int unsigned QP_TXC_HEAD_INDEX_WIDTH = 16;
  localparam logic [15:0] QP_RX_BASE_LO_OFFSET = 16'h0040;
  localparam logic [31:0] QP_RX_BASE_LO_WMASK = 32'hffffffc0;
  localparam logic [31:0] QP_RX_BASE_LO_DEFAULT = 32'h00000000;
  localparam int unsigned QP_RX_BASE_LO_ADDR_LSB = 6;
  localparam int unsigned QP_RX_BASE_LO_ADDR_WIDTH = 26;
  localparam logic [15:0] QP_RX_BASE_HI_OFFSET = 16'h0044;
  localparam logic [31:0] QP_RX_BASE_HI_WMASK = 32'hffffffff;
  localparam logic [31:0] QP_RX_BASE_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] QP_RX_SIZE_OFFSET = 16'h0048;
  localparam logic [31:0] QP_RX_SIZE_WMASK = 32'h0000000f;
  localparam logic [31:0] QP_RX_SIZE_DEFAULT = 32'h00000008;
  localparam int unsigned QP_RX_SIZE_LOG2_LSB = 0;
  localparam int unsigned QP_RX_SIZE_LOG2_WIDTH = 4;
  localparam logic [15:0] QP_RX_CTRL_OFFSET = 16'h004c;
  localparam logic [31:0] QP_RX_CTRL_WMASK = 32'h00000001;
  localparam logic [31:0] QP_RX_CTRL_DEFAULT = 32'h00000000;
  localparam int unsigned QP_RX_CTRL_ENABLE_LSB = 0;
  localparam int unsigned QP_RX_CTRL_ENABLE_WIDTH = 1;
  localparam logic [15:0] QP_RX_TAIL_OFFSET = 16'h0050;
  localparam logic [31:0] QP_RX_TAIL_WMASK = 32'h0000ffff;
  localparam logic [31:0] QP_RX_TAIL_DEFAULT = 32'h00000000;
  localparam int unsigned QP_RX_TAIL_INDEX_LSB = 0;
  localparam int unsigned QP_RX_TAIL_INDEX_WIDTH = 16;
  localparam logic [15:0] QP_RX_HEAD_OFFSET = 16'h0054;
  localparam logic [31:0] QP_RX_HEAD_WMASK = 32'h00000000;
  localparam logic [31:0] QP_RX_HEAD_DEFAULT = 32'h00000000;
  localparam int unsigned QP_RX_HEAD_INDEX_LSB = 0;
  localparam int unsigned QP_RX_HEAD_INDEX_WIDTH = 16;
  localparam logic [15:0] QP_RX_STATUS_OFFSET = 16'h0058;
  localparam logic [31:0] QP_RX_STATUS_WMASK = 32'h00000000;
  localparam logic [31:0] QP_RX_STATUS_DEFAULT = 32'h00000000;
  localparam int unsigned QP_RX_STATUS_ACTIVE_LSB = 0;
  localparam int unsigned QP_RX_STATUS_ACTIVE_WIDTH = 1;
  localparam int unsigned QP_RX_STATUS_ERROR_LSB = 1;
  localparam int unsigned QP_RX_STATUS_ERROR_WIDTH = 1;
  localparam int unsigned QP_RX_STATUS_ERROR_CODE_LSB = 4;
  localparam int unsigned QP_RX_STATUS_ERROR_CODE_WIDTH = 4;
  localparam logic [15:0] QP_RXC_BASE_LO_OFFSET = 16'h0060;
  localparam logic [31:0] QP_RXC_BASE_LO_WMASK = 32'hffffffc0;
  localparam logic [31:0] QP_RXC_BASE_LO_DEFAULT = 32'h00000000;
  localparam int unsigned QP_RXC_BASE_LO_ADDR_LSB = 6;
  localparam int unsigned QP_RXC_BASE_LO_ADDR_WIDTH = 26;
  localparam logic [15:0] QP_RXC_BASE_HI_OFFSET = 16'h0064;
  localparam logic [31:0] QP_RXC_BASE_HI_WMASK = 32'hffffffff;
  localparam logic [31:0] QP_RXC_BASE_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] QP_RXC_HEAD_OFFSET = 16'h0068;
  localparam logic [31:0] QP_RXC_HEAD_WMASK = 32'h00000000;
  localparam logic [31:0] QP_RXC_HEAD_DEFAULT = 32'h00000000;
  localparam int unsigned QP_RXC_HEAD_INDEX_LSB = 0;
  localparam int unsigned QP_RXC_HEAD_INDEX_WIDTH = 16;
  localparam logic [15:0] QP_IRQ_ARM_OFFSET = 16'h0080;
  localparam logic [31:0] QP_IRQ_ARM_WMASK = 32'hffffffff;
  localparam logic [31:0] QP_IRQ_ARM_DEFAULT = 32'h00000000;
  localparam int unsigned QP_IRQ_ARM_RX_INDEX_LSB = 0;
  localparam int unsigned QP_IRQ_ARM_RX_INDEX_WIDTH = 16;
  localparam int unsigned QP_IRQ_ARM_TX_INDEX_LSB = 16;
  localparam int unsigned QP_IRQ_ARM_TX_INDEX_WIDTH = 16;
  localparam logic [15:0] QP_IRQ_MASK_OFFSET = 16'h0084;
  localparam logic [31:0] QP_IRQ_MASK_WMASK = 32'h00000003;
  localparam logic [31:0] QP_IRQ_MASK_DEFAULT = 32'h00000003;
  localparam int unsigned QP_IRQ_MASK_MASKED_LSB = 0;
  localparam int unsigned QP_IRQ_MASK_MASKED_WIDTH = 1;
  localparam int unsigned QP_IRQ_MASK_AUTO_MASK_LSB = 1;
  localparam int unsigned QP_IRQ_MASK_AUTO_MASK_WIDTH = 1;
  localparam logic [15:0] QP_IRQ_STATUS_OFFSET = 16'h0088;
  localparam logic [31:0] QP_IRQ_STATUS_WMASK = 32'h00000000;
  localparam logic [31:0] QP_IRQ_STATUS_DEFAULT = 32'h00000000;
  localparam int unsigned QP_IRQ_STATUS_EVENT_LSB = 0;
  localparam int unsigned QP_IRQ_STATUS_EVENT_WIDTH = 1;
  localparam logic [15:0] QP_RX_DROPS_OFFSET = 16'h008c;
  localparam logic [31:0] QP_RX_DROPS_WMASK = 32'h00000000;
  localparam logic [31:0] QP_RX_DROPS_DEFAULT = 32'h00000000;
  localparam logic [15:0] QP_IRQ_TX_MOD_OFFSET = 16'h00a0;
  localparam logic [31:0] QP_IRQ_TX_MOD_WMASK = 32'h00ff03ff;
  localparam logic [31:0] QP_IRQ_TX_MOD_DEFAULT = 32'h00000000;
  localparam int unsigned QP_IRQ_TX_MOD_USECS_LSB = 0;
  localparam int unsigned QP_IRQ_TX_MOD_USECS_WIDTH = 10;
  localparam int unsigned QP_IRQ_TX_MOD_FRAMES_LSB = 16;
  localparam int unsigned QP_IRQ_TX_MOD_FRAMES_WIDTH = 8;
  localparam logic [15:0] QP_IRQ_RX_MOD_OFFSET = 16'h00a4;
  localparam logic [31:0] QP_IRQ_RX_MOD_WMASK = 32'h00ff03ff;
  localparam logic [31:0] QP_IRQ_RX_MOD_DEFAULT = 32'h00000000;
  localparam int unsigned QP_IRQ_RX_MOD_USECS_LSB = 0;
  localparam int unsigned QP_IRQ_RX_MOD_USECS_WIDTH = 10;
  localparam int unsigned QP_IRQ_RX_MOD_FRAMES_LSB = 16;
  localparam int unsigned QP_IRQ_RX_MOD_FRAMES_WIDTH = 8;

  // MSIX registers
  localparam logic [15:0] MSIX_BASE = 16'h8000;
  localparam int unsigned MSIX_STRIDE = 16;
  localparam int unsigned MSIX_COUNT = 16;
  localparam logic [15:0] MSIX_ADDR_LO_OFFSET = 16'h0000;
  localparam logic [31:0] MSIX_ADDR_LO_WMASK = 32'hfffffffc;
  localparam logic [31:0] MSIX_ADDR_LO_DEFAULT = 32'h00000000;
  localparam int unsigned MSIX_ADDR_LO_ADDR_LSB = 2;
  localparam int unsigned MSIX_ADDR_LO_ADDR_WIDTH = 30;
  localparam logic [15:0] MSIX_ADDR_HI_OFFSET = 16'h0004;
  localparam logic [31:0] MSIX_ADDR_HI_WMASK = 32'hffffffff;
  localparam logic [31:0] MSIX_ADDR_HI_DEFAULT = 32'h00000000;
  localparam logic [15:0] MSIX_DATA_OFFSET = 16'h0008;
  localparam logic [31:0] MSIX_DATA_WMASK = 32'hffffffff;
  localparam logic [31:0] MSIX_DATA_DEFAULT = 32'h00000000;
  localparam logic [15:0] MSIX_VECTOR_CTRL_OFFSET = 16'h000c;
  localparam logic [31:0] MSIX_VECTOR_CTRL_WMASK = 32'h00000001;
  localparam logic [31:0] MSIX_VECTOR_CTRL_DEFAULT = 32'h00000001;
  localparam int unsigned MSIX_VECTOR_CTRL_MASK_LSB = 0;
  localparam int unsigned MSIX_VECTOR_CTRL_MASK_WIDTH = 1;

  // Values of fields of type ring_error; nic_pkg makes the enum of them
  localparam logic [3:0] RING_ERROR_NONE = 4'd0;
  localparam logic [3:0] RING_ERROR_AXI_READ = 4'd1;
  localparam logic [3:0] RING_ERROR_AXI_WRITE = 4'd2;
  localparam logic [3:0] RING_ERROR_BAD_DESC = 4'd3;

  // Values of fields of type tx_kind; nic_pkg makes the enum of them
  localparam logic [3:0] TX_KIND_DATA = 4'd0;
  localparam logic [3:0] TX_KIND_OFFLOAD = 4'd1;
  localparam logic [3:0] TX_KIND_TSO = 4'd2;

  // Values of fields of type rss_type; nic_pkg makes the enum of them
  localparam logic [3:0] RSS_TYPE_NONE = 4'd0;
  localparam logic [3:0] RSS_TYPE_IP4 = 4'd1;
  localparam logic [3:0] RSS_TYPE_TCP4 = 4'd2;
  localparam logic [3:0] RSS_TYPE_UDP4 = 4'd3;
  localparam logic [3:0] RSS_TYPE_IP6 = 4'd4;
  localparam logic [3:0] RSS_TYPE_TCP6 = 4'd5;
  localparam logic [3:0] RSS_TYPE_UDP6 = 4'd6;

  // 16 bytes. A frame is one or more descriptors, the last with eop; 14 to 9018 bytes in all, an inserted tag included.
  typedef struct packed {
    logic [31:0] rsvd96;
    logic [3:0] kind;
    logic [10:0] rsvd81;
    logic eop;
    logic [15:0] len;
    logic [63:0] addr;
  } tx_desc_t;

  // 16 bytes, one for a batch of frames.
  typedef struct packed {
    logic phase;
    logic [58:0] rsvd68;
    logic [3:0] error_code;
    logic [47:0] rsvd16;
    logic [15:0] head;
  } tx_completion_t;

  // 16 bytes: a free buffer.
  typedef struct packed {
    logic [47:0] rsvd80;
    logic [15:0] len;
    logic [63:0] addr;
  } rx_desc_t;

  // 16 bytes, one for each buffer used, in the order of the ring; a frame's say the same of it.
  typedef struct packed {
    logic phase;
    logic [14:0] rsvd112;
    logic [15:0] tci;
    logic [15:0] csum;
    logic [3:0] rsvd76;
    logic [3:0] error_code;
    logic [2:0] hash_type;
    logic rsvd68;
    logic l4_ok;
    logic ip_ok;
    logic vlan;
    logic eop;
    logic [31:0] hash;
    logic [15:0] index;
    logic [15:0] len;
  } rx_completion_t;

  // 16 bytes: what the device does with one frame; stands in the ring directly in front of the frame's first tx_desc.
  typedef struct packed {
    logic [31:0] rsvd96;
    logic [3:0] kind;
    logic [25:0] rsvd66;
    logic vlan;
    logic csum;
    logic [15:0] rsvd48;
    logic [15:0] tci;
    logic [1:0] rsvd30;
    logic [13:0] csum_offset;
    logic [1:0] rsvd14;
    logic [13:0] csum_start;
  } tx_offload_t;

  // 16 bytes: the frame that follows is a TCP segment of any length, to be cut. Stands where a tx_offload would.
  typedef struct packed {
    logic [7:0] rsvd120;
    logic [7:0] flags;
    logic [7:0] l4_off;
    logic [7:0] l3_off;
    logic [3:0] kind;
    logic [2:0] rsvd89;
    logic [7:0] hdr_len;
    logic fixedid;
    logic ipv6;
    logic vlan;
    logic [13:0] mss;
    logic [15:0] tci;
    logic [15:0] ip_id;
    logic [31:0] seq;
  } tx_tso_t;

  /* verilator lint_on UNUSEDPARAM */

endpackage
