// SPDX-License-Identifier: Apache-2.0
// From TX descriptors to read bursts: the oldest descriptor of a queue goes through nic_tx_piece, queues in turn, one each
// clock; a queue follows itself when what it had in there is done with.
//
// A piece is taken only when everything that its data will need is reserved: room in the queue's part of the
// packet buffer, entries in its burst and frame lists. A queue that cannot be served is set aside until something of
// it is released, so it never delays another. Frames begin at a word of the buffer and fill it without gaps.
// An offload descriptor needs no room.
//
// A frame's entry in the frame list is made after its last piece; nic_tx_store says when its data is there.
// Bad descriptors halt the ring: length 0, reserved kind, a frame shorter than MinFrame or longer than MaxFrame (with
// its tag), an offload descriptor inside a frame or behind another, a checksum whose place is not in the frame, a TSO
// without payload or whose headers are not in its first tx_desc or do not hold what they should.

`include "nic_assert.svh"

module nic_tx_issue
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,     // bytes of a queue's part of the packet buffer
    parameter int unsigned Bursts    = 32,     // of a queue's burst list
    parameter int unsigned Frames    = 32,     // of a queue's frame list
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned ByteLog2 = $clog2(DataWidth / 8),
    localparam int unsigned PtrWidth = BufLog2 - ByteLog2 + 1     // word pointers have a wrap bit
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic [Queues-1:0]      run_i,
    input  logic                   start_i,
    input  logic [QWidth-1:0]      start_queue_i,   // nothing is taken in this clock
    output logic [PtrWidth-2:0]    start_word_o,    // where in the buffer its first frame begins
    output logic                   err_desc_o,
    output logic [QWidth-1:0]      err_desc_queue_o,

    // descriptors
    input  logic [Queues-1:0]      avail_i,
    output logic [QWidth-1:0]      rd_queue_o,
    input  logic                   rd_valid_i,
    input  desc_t                  rd_desc_i,
    input  index_t                 rd_index_i,
    output logic                   pop_o,
    output logic [QWidth-1:0]      pop_queue_o,      // also the one of bursts_used_i, frames_used_i

    // read requests; each taken request is an entry of the burst list
    output logic                   req_valid_o,
    output dma_req_t               req_o,
    input  logic                   req_ready_i,
    output logic [ByteLog2-1:0]    burst_offset_o,   // of the first byte in the first beat
    output logic [BurstLog2:0]     burst_bytes_o,
    output logic                   burst_eof_o,      // ends a frame
    output logic                   burst_sum_o,      // of a frame that wants a checksum
    output logic [BurstLog2:0]     burst_skip_o,     // bytes in front of what the checksum covers
    output logic [BurstLog2:0]     burst_ip_skip_o,  // and of the IPv4 header (TSO); may exceed the burst
    input  logic [$clog2(Bursts):0] bursts_used_i,   // of queue pop_queue_o
    input  logic                   burst_done_i,
    input  logic [QWidth-1:0]      burst_done_queue_i,

    // frame list
    output logic                   frame_valid_o,
    output logic [QWidth-1:0]      frame_queue_o,
    output tx_frame_t              frame_o,
    input  logic [$clog2(Frames):0] frames_used_i,   // of queue pop_queue_o

    // the buffer: words that were read out
    input  logic                   free_valid_i,
    input  logic [QWidth-1:0]      free_queue_i,
    input  logic [PtrWidth-1:0]    free_ptr_i,

    output logic                   busy_o,           // a descriptor is being worked on
    output logic [QWidth-1:0]      busy_queue_o
);

  localparam int unsigned Slots = 1 << QWidth;
  typedef logic [PtrWidth-1:0] ptr_t;

  // ------------------------------------------------------------------ choice of the queue
  logic [Queues-1:0] blocked_q;           // set aside
  logic [Queues-1:0] inside_q;            // chosen, and not done with
  logic              next_valid_q, any, step, enters;
  logic [QWidth-1:0] next_q, pick;

  nic_rr_pick #(
      .Width   (Queues),
      .IdxWidth(QWidth)
  ) u_pick (
      .req_i (avail_i & run_i & ~blocked_q & ~inside_q),
      .last_i(next_q),
      .any_o (any),
      .pick_o(pick)
  );

  assign rd_queue_o = next_q;
  assign enters     = next_valid_q && rd_valid_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      next_valid_q <= 1'b0;
      next_q       <= '0;
    end else if (!next_valid_q || step) begin
      next_valid_q <= any;
      if (any) next_q <= pick;
    end
  end

  // ------------------------------------------------------------------ can its descriptor be taken?
  ptr_t              base_q [Slots];      // first word of the frame
  ptr_t              free_q [Slots];      // first word that is not released

  logic              valid, is_data, bad, ends, sums, pop, fits, look, take, slot_free;
  logic [QWidth-1:0] queue;
  logic [63:0]       addr;
  frame_len_t        len, skip, ip_skip;
  logic [14:0]       total;
  ptr_t              words, level;

  nic_tx_piece #(
      .Queues(Queues)
  ) u_piece (
      .clk_i,
      .rst_ni,
      .run_i,
      .start_i,
      .start_queue_i,
      .step_i     (step),
      .valid_i    (enters),
      .queue_i    (next_q),
      .desc_i     (rd_desc_i),
      .index_i    (rd_index_i),
      .valid_o    (valid),
      .queue_o    (queue),
      .is_data_o  (is_data),
      .bad_o      (bad),
      .pop_o      (pop),
      .addr_o     (addr),
      .len_o      (len),
      .end_o      (ends),
      .total_o    (total),
      .sum_o      (sums),
      .skip_o     (skip),
      .ip_skip_o  (ip_skip),
      .take_i     (take),
      .frame_valid_o,
      .frame_queue_o,
      .frame_o
  );

  assign look = valid && slot_free && !start_i;
  assign step = !valid || look;

  always_comb begin
    words = '0;
    level = '0;
    fits  = 1'b0;
    if (look) begin
      words = ptr_t'((total + 15'(DataWidth / 8 - 1)) >> ByteLog2);
      level = base_q[queue] + words - free_q[queue];
      // The entry that the descriptor before is making in this clock is not counted yet: hence the 1.
      fits  = level <= ptr_t'(1 << (BufLog2 - ByteLog2)) &&
              8'(bursts_used_i) + 8'((15'(addr[BurstLog2-1:0]) + 15'(len) + 15'(BurstBytes - 1)) >> BurstLog2) +
              8'd1 <= 8'(Bursts) &&
              8'(frames_used_i) + 8'd1 <= 8'(Frames);
    end
  end

  assign take             = look && run_i[queue] && !bad && (fits || !is_data);
  assign err_desc_o       = look && run_i[queue] && bad;
  assign err_desc_queue_o = queue;
  assign pop_o            = take && pop;
  assign pop_queue_o      = queue;

  always_ff @(posedge clk_i) begin
    if (look && is_data && !fits) blocked_q[queue] <= 1'b1;
    if (free_valid_i) blocked_q[free_queue_i] <= 1'b0;
    if (burst_done_i) blocked_q[burst_done_queue_i] <= 1'b0;
    if (start_i) blocked_q[start_queue_i] <= 1'b0;
    if (!rst_ni) blocked_q <= '0;
  end

  always_ff @(posedge clk_i) begin
    inside_q <= inside_q & run_i;
    if (any && (!next_valid_q || step)) inside_q[pick] <= 1'b1;
    if (next_valid_q && step && !rd_valid_i) inside_q[next_q] <= 1'b0;
    if (look) inside_q[queue] <= 1'b0;
    if (!rst_ni) inside_q <= '0;
  end

  always_ff @(posedge clk_i) begin
    if (free_valid_i) free_q[free_queue_i] <= free_ptr_i;
    // A ring that starts has released everything but what never became complete.
    if (start_i || (take && is_data && ends)) begin
      automatic logic [QWidth-1:0] at = start_i ? start_queue_i : queue;
      base_q[at] <= start_i ? free_q[at] : base_q[at] + words;
    end
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) free_q[q] <= '0;
    end
  end

  assign start_word_o = free_q[start_queue_i][PtrWidth-2:0];

  // ------------------------------------------------------------------ the bursts of the piece
  logic              cur_valid_q, cur_end_q, cur_sum_q, last, fire;
  logic [QWidth-1:0] cur_queue_q;
  logic [63:0]       cur_addr_q;
  frame_len_t        cur_left_q, cur_skip_q, cur_ip_skip_q;
  logic [BurstLog2:0] to_boundary;

  always_comb begin
    automatic logic [BurstLog2:0] span = '0;   // bytes from the start of the first beat, minus one
    to_boundary     = '0;
    last            = 1'b0;
    req_o           = '0;
    burst_bytes_o   = '0;
    burst_skip_o    = '0;
    burst_ip_skip_o = '0;
    if (cur_valid_q) begin
      to_boundary   = (BurstLog2 + 1)'(BurstBytes) - {1'b0, cur_addr_q[BurstLog2-1:0]};
      last          = cur_left_q <= frame_len_t'(to_boundary);
      burst_bytes_o = last ? cur_left_q[BurstLog2:0] : to_boundary;
      span          = burst_bytes_o + (BurstLog2 + 1)'(cur_addr_q[ByteLog2-1:0]) - 1'b1;
      req_o         = '{id: '{kind: RdTxData, qp: queue_t'(cur_queue_q)}, addr: cur_addr_q,
                        len: 8'(span >> ByteLog2)};
      if (cur_sum_q) begin
        burst_skip_o    = (cur_skip_q > frame_len_t'(to_boundary)) ? to_boundary : cur_skip_q[BurstLog2:0];
        burst_ip_skip_o = (cur_ip_skip_q > frame_len_t'(to_boundary)) ? to_boundary : cur_ip_skip_q[BurstLog2:0];
      end
    end
  end

  assign burst_offset_o = cur_addr_q[ByteLog2-1:0];
  assign burst_eof_o    = last && cur_end_q;
  assign burst_sum_o    = cur_sum_q;
  assign fire           = cur_valid_q && req_ready_i;
  assign slot_free      = !cur_valid_q || (fire && last);
  assign req_valid_o    = cur_valid_q;

  assign busy_o       = cur_valid_q;
  assign busy_queue_o = cur_queue_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) cur_valid_q <= 1'b0;
    else if (slot_free) cur_valid_q <= take && is_data;
  end

  always_ff @(posedge clk_i) begin
    if (take && is_data) begin
      cur_queue_q <= queue;
      cur_addr_q  <= addr;
      cur_left_q  <= len;
      cur_end_q   <= ends;
      cur_sum_q   <= sums;
      cur_skip_q  <= skip;
      cur_ip_skip_q <= ip_skip;
    end else if (fire) begin
      cur_addr_q <= cur_addr_q + 64'(to_boundary);
      cur_left_q <= cur_left_q - frame_len_t'(to_boundary);
      cur_skip_q <= cur_skip_q - frame_len_t'(burst_skip_o);
      cur_ip_skip_q <= cur_ip_skip_q - frame_len_t'(burst_ip_skip_o);
    end
  end

  `NIC_ASSERT_IF(TxBurstWithinLimit, fire, (burst_bytes_o != '0 && burst_bytes_o <= (BurstLog2 + 1)'(BurstBytes)))
  `NIC_ASSERT_IF(TxBufferNotOverbooked, take && is_data, level <= ptr_t'(1 << (BufLog2 - ByteLog2)))

endmodule
