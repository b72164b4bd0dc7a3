// SPDX-License-Identifier: Apache-2.0
// Types that the NIC's blocks share. Register and record layouts are in regs/nic_regs_pkg.sv (generated), which
// is compiled before this file.
//
// Ring indices are free-running 16-bit counters; the slot is the index modulo the ring's size.

package nic_pkg;

  // A build uses a part of what a package offers.
  /* verilator lint_off UNUSEDPARAM */
  localparam int unsigned RegAddrWidth = 16;   // bytes of register space: 64 KiB
  localparam int unsigned MaxQueues    = 16;
  localparam int unsigned MinFrame     = 14;   // bytes without FCS
  localparam int unsigned PadFrame     = 60;   // TX pads to this
  localparam int unsigned MaxFrame     = 9018;
  localparam int unsigned TagBytes     = 4;    // of a VLAN tag
  localparam int unsigned MinRingLog2  = 3;
  localparam int unsigned MaxRingLog2  = 15;
  /* verilator lint_on UNUSEDPARAM */

  typedef logic [15:0] index_t;
  typedef logic [3:0]  queue_t;
  typedef logic [4:0]  vector_t;      // of MSI-X: one for each queue pair and one more
  typedef logic [13:0] frame_len_t;
  typedef logic [9:0]  frame_cnt_t;   // a free-running count of frames

  // Encoding of ring_status.error_code and of error_code in completion records.
  typedef enum logic [3:0] {
    ErrNone     = nic_regs_pkg::RING_ERROR_NONE,
    ErrAxiRead  = nic_regs_pkg::RING_ERROR_AXI_READ,
    ErrAxiWrite = nic_regs_pkg::RING_ERROR_AXI_WRITE,
    ErrBadDesc  = nic_regs_pkg::RING_ERROR_BAD_DESC
  } ring_error_e;

  // tx_desc.kind
  typedef enum logic [3:0] {
    TxData    = nic_regs_pkg::TX_KIND_DATA,
    TxOffload = nic_regs_pkg::TX_KIND_OFFLOAD,
    TxTso     = nic_regs_pkg::TX_KIND_TSO
  } tx_kind_e;

  // How far the datapath is with one ring. The rules that csr and irq rely on:
  // - cq_head advances only when the completion writes before it have been answered on B. This is what makes
  //   "an MSI-X comes only after the writes that it announces are answered" true.
  // - head and cq_head are 0 in the first clock with active = 1, and the last advance comes no later than the
  //   last clock with active = 1.
  typedef struct packed {
    index_t      head;      // first entry that the device has not consumed
    index_t      cq_head;   // next completion record to write
    frame_cnt_t  cq_frames; // frames that the records before cq_head report, since the ring's start
  } ring_sts_t;

  // Of an MSI-X message: who asked for it, and where it goes.
  typedef struct packed {
    logic        none;      // no ring: IRQ_CAUSE
    logic        tx;        // a TX ring, else RX, of
    queue_t      qp;
    logic [63:0] addr;
  } msix_by_t;

  // Device-wide settings (csr to datapath). Registers; may change at any clock, a frame uses one value throughout
  // if the datapath samples them at its start.
  typedef struct packed {
    logic        enable;    // 0: no DMA is begun, frames from the wire are dropped uncounted
    logic [47:0] mac;       // first byte on the wire in 7:0
    logic        promisc;
    logic        allmulti;
    logic        broadcast;
    logic        vlan_strip;
    logic        vlan_filter;
    frame_len_t  max_frame; // bytes without FCS, at most MaxFrame (csr has limited it)
  } glob_cfg_t;

  // Receive-side scaling (csr to datapath). Registers.
  typedef struct packed {
    logic [319:0] key;      // first byte most significant
    logic         sym_xor;
    logic [5:0]   types;    // RSS_CTRL's enables, in its order
  } rss_cfg_t;

  // Encoding of rx_completion.hash_type.
  typedef enum logic [2:0] {
    RssNone = 3'(nic_regs_pkg::RSS_TYPE_NONE),
    RssIp4  = 3'(nic_regs_pkg::RSS_TYPE_IP4),
    RssTcp4 = 3'(nic_regs_pkg::RSS_TYPE_TCP4),
    RssUdp4 = 3'(nic_regs_pkg::RSS_TYPE_UDP4),
    RssIp6  = 3'(nic_regs_pkg::RSS_TYPE_IP6),
    RssTcp6 = 3'(nic_regs_pkg::RSS_TYPE_TCP6),
    RssUdp6 = 3'(nic_regs_pkg::RSS_TYPE_UDP6)
  } rss_type_t;

  // What RX finds out of a frame and its completion record tells.
  typedef struct packed {
    logic [15:0] csum;       // raw sum of all after the Ethernet header
    logic        ip_ok;
    logic        l4_ok;
    rss_type_t   hash_type;
    logic [31:0] hash;
  } rx_meta_t;

  // A VLAN tag that was taken out of a received frame.
  typedef struct packed {
    logic        taken;
    logic [15:0] tci;        // 0 if none was
  } rx_vlan_t;

  // What becomes of a frame from the stream: good ones are in the packet buffer, others are dropped for this reason.
  typedef enum logic [2:0] {RxNoFrame, RxGood, RxBad, RxRunt, RxOversize, RxAddress, RxVlan, RxNoRoom} rx_verdict_e;

  // Counter events: each a one-clock pulse for one frame, with its data in the same clock.
  typedef struct packed {
    logic        tx_frame;
    frame_len_t  tx_len;          // bytes, padding included
    logic        rx_frame;        // delivered to host memory
    frame_len_t  rx_len;
    logic        rx_drop_nodesc;
    queue_t      rx_drop_queue;   // whose buffer was missing
    rx_verdict_e rx_verdict;     // of a frame on the stream
  } cnt_evt_t;

  // The register bus behind the AXI4-Lite slave. A request is broadcast to all blocks, one at a time. It takes two clocks:
  // in the first (setup) its address may be decoded, in the second (valid) it happens; all else of it is the same in
  // both. Two clocks later the answers are looked at: of the block that has the register hit = 1 and its data (for a write
  // too), of the others zeros, so that they are ORed. No hit at all becomes SLVERR. An answer stays, and means
  // nothing, until the next request.
  typedef struct packed {
    logic                      setup;
    logic                      valid;
    logic                      write;
    logic [RegAddrWidth-1:0]   addr;   // word-aligned
    logic [31:0]               wdata;
    logic [3:0]                wstrb;
  } reg_req_t;

  typedef struct packed {
    logic        hit;
    logic [31:0] rdata;
  } reg_rsp_t;

  // Whether a ring at head is past seen: whether the record at seen is there.
  function automatic logic beyond(index_t head, index_t seen);
    return 1'(16'(seen - head) >> 15);      // negative: a ring of 32768 records may be that far ahead
  endfunction

  // A message's ID among those of its kind on the bus: its vector, of which there may be one more than IDs.
  function automatic queue_t message_id(vector_t vector);
    return vector[4] ? '1 : vector[3:0];
  endfunction

  // The new value of a register after a write with byte strobes.
  function automatic logic [31:0] apply_strb(logic [31:0] old, logic [31:0] wdata, logic [3:0] wstrb);
    for (int b = 0; b < 4; b++) apply_strb[8*b+:8] = wstrb[b] ? wdata[8*b+:8] : old[8*b+:8];
  endfunction

endpackage
