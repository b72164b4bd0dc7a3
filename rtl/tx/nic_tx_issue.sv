// SPDX-License-Identifier: Apache-2.0
// From TX descriptors to read bursts: the oldest descriptor of a queue goes through nic_tx_piece, queues in turn, one each
// clock; a queue follows itself when what it had in there is done with.
//
// A piece is taken only when everything that its data will need is reserved: room in the queue's part of the
// packet buffer, entries in its burst and frame lists. A queue that cannot be served is set aside until something of
// it is released, so it never delays another. What there is of it is looked up two clocks before
// the piece comes, and compared in the clock before. Frames begin at a word of the buffer and fill it without gaps.
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
    output logic [QWidth-1:0]      pop_queue_o,
    output logic [QWidth-1:0]      ask_queue_o,      // the one of answered_i, frames_used_i

    // read requests; each taken request is an entry of the burst list
    output logic                   req_valid_o,
    output dma_req_t               req_o,
    input  logic                   req_ready_i,
    output logic [ByteLog2-1:0]    burst_offset_o,   // of the first byte in the first beat
    output logic [BurstLog2:0]     burst_bytes_o,
    output logic                   burst_eof_o,      // ends a frame
    output logic                   burst_sum_o,      // of a frame that wants a checksum
    output logic [BurstLog2:0]     burst_skip_o,     // bytes in front of what the checksum covers
    output logic [BurstLog2:0]     burst_ip_skip_o,  // and of the IPv4 header (TSO)
    input  logic [$clog2(Bursts):0] answered_i,      // bursts of queue ask_queue_o, a free-running count
    input  logic                   burst_done_i,
    input  logic [QWidth-1:0]      burst_done_queue_i,

    // frame list
    output logic                   frame_valid_o,
    output logic [QWidth-1:0]      frame_queue_o,
    output tx_frame_t              frame_o,
    input  logic [$clog2(Frames):0] frames_used_i,   // of queue ask_queue_o

    // the buffer: words that were read out
    input  logic                   free_valid_i,
    input  logic [QWidth-1:0]      free_queue_i,
    input  logic [PtrWidth-1:0]    free_ptr_i,

    output logic                   busy_o,           // a descriptor is being worked on
    output logic [QWidth-1:0]      busy_queue_o
);

  localparam int unsigned Slots = 1 << QWidth;
  localparam int unsigned Words = 1 << (BufLog2 - ByteLog2);     // of a queue's part of the buffer
  if (PtrWidth > $bits(tx_word_t)) begin : gen_too_large
    $error("nic_tx_issue: tx_word_t cannot count the words of a packet buffer of BufLog2 = %0d", BufLog2);
  end

  typedef logic [PtrWidth-1:0]     ptr_t;
  typedef logic [$clog2(Bursts):0] burst_count_t;

  // ------------------------------------------------------------------ choice of the queue
  logic [Queues-1:0] blocked_q;           // set aside
  logic [Queues-1:0] inside_q;            // chosen, and not done with
  logic              next_valid_q, any, step, enters, look;
  logic [QWidth-1:0] next_q, pick, queue;

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
    inside_q <= inside_q & run_i;
    if (!next_valid_q || step) begin
      next_valid_q <= any;
      if (any) begin
        next_q         <= pick;
        inside_q[pick] <= 1'b1;
      end
      if (next_valid_q && !rd_valid_i) inside_q[next_q] <= 1'b0;
    end else if (!run_i[next_q]) begin
      next_valid_q <= 1'b0;
    end
    if (look) inside_q[queue] <= 1'b0;
    if (!rst_ni) begin
      next_valid_q <= 1'b0;
      next_q       <= '0;
      inside_q     <= '0;
    end
  end

  // ------------------------------------------------------------------ can its descriptor be taken?
  ptr_t              base_q [Slots];      // first word of the frame
  ptr_t              free_q [Slots];      // first word that is not released
  burst_count_t      asked_q [Slots];     // bursts of the pieces taken, a free-running count

  logic              early, soon, valid, is_data, bad, ends, sums, pop, take, taken, slot_free;
  logic [QWidth-1:0] soon_queue;
  logic [16:0]       soon_total;
  logic [13-BurstLog2:0] soon_bursts;
  logic [63:0]       addr;
  frame_len_t        len, skip, ip_skip;
  logic [14:0]       total;

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
      .early_o    (early),
      .early_queue_o(ask_queue_o),
      .soon_o     (soon),
      .soon_queue_o(soon_queue),
      .soon_total_o(soon_total),
      .soon_bursts_o(soon_bursts),
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
      .word_i     (tx_word_t'(base_q[queue])),
      .frame_valid_o,
      .frame_queue_o,
      .frame_o
  );

  assign look = valid && (slot_free || !is_data) && !start_i;
  assign step = !valid || look;

  // What the queue had when it was looked up; it takes nothing meanwhile, and what is released since shows in touched_q.
  ptr_t         room_q;                   // words
  burst_count_t bursts_q;                 // entries of the burst list
  logic         frame_q, fits_q, soon_touched_q, touched_q;
  burst_count_t asks_bursts_q;            // of what was taken; a clock later they are counted
  logic         asks_q;
  logic [QWidth-1:0] asks_queue_q;

  function automatic logic touches(logic [QWidth-1:0] whose);
    return (free_valid_i && free_queue_i == whose) || (burst_done_i && burst_done_queue_i == whose);
  endfunction

  function automatic ptr_t words_of(logic [14:0] bytes);
    return ptr_t'((bytes + 15'(DataWidth / 8 - 1)) >> ByteLog2);
  endfunction

  always_ff @(posedge clk_i) begin
    if (step) begin
      if (early) begin
        soon_touched_q <= touches(ask_queue_o);
        room_q         <= ptr_t'(Words) - (base_q[ask_queue_o] - free_q[ask_queue_o]);
        bursts_q       <= burst_count_t'(Bursts) - (asked_q[ask_queue_o] - answered_i);
        // The frame of the descriptor before may not be counted yet.
        frame_q        <= 8'(frames_used_i) + 8'd2 <= 8'(Frames);
      end
      // As many bursts as there are at the worst address: the sum would take too long.
      if (soon) begin
        touched_q <= soon_touched_q || touches(soon_queue);
        fits_q <= !(17'({room_q, ByteLog2'(0)}) < soon_total) && frame_q &&
                  !(bursts_q < burst_count_t'(soon_bursts) + burst_count_t'(2));
      end
    end else if (free_valid_i || burst_done_i) begin
      if (touches(soon_queue)) soon_touched_q <= 1'b1;
      if (touches(queue)) touched_q <= 1'b1;
    end
  end

  assign take             = look && run_i[queue] && !bad && (fits_q || !is_data);
  assign taken            = take && is_data;
  assign err_desc_o       = look && run_i[queue] && bad;
  assign err_desc_queue_o = queue;
  assign pop_o            = take && pop;
  assign pop_queue_o      = queue;

  always_ff @(posedge clk_i) begin
    if (look && is_data && !fits_q && !touched_q) blocked_q[queue] <= 1'b1;
    if (free_valid_i) blocked_q[free_queue_i] <= 1'b0;
    if (burst_done_i) blocked_q[burst_done_queue_i] <= 1'b0;
    if (start_i) blocked_q[start_queue_i] <= 1'b0;
    if (!rst_ni) blocked_q <= '0;
  end

  always_ff @(posedge clk_i) begin
    if (free_valid_i) free_q[free_queue_i] <= free_ptr_i;
    // A ring that starts has released everything but what never became complete.
    if (start_i || (taken && ends)) begin
      automatic logic [QWidth-1:0] at = start_i ? start_queue_i : queue;
      base_q[at] <= start_i ? free_q[at] : base_q[at] + words_of(total);
    end
    if (taken) begin
      asks_queue_q  <= queue;
      asks_bursts_q <= burst_count_t'((15'(addr[BurstLog2-1:0]) + 15'(len) + 15'(BurstBytes - 1)) >> BurstLog2);
    end
    if (asks_q) asked_q[asks_queue_q] <= asked_q[asks_queue_q] + asks_bursts_q;
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) begin
        free_q[q]  <= '0;
        asked_q[q] <= '0;
      end
    end
  end

  always_ff @(posedge clk_i) asks_q <= taken && rst_ni;

  assign start_word_o = free_q[start_queue_i][PtrWidth-2:0];

  // ------------------------------------------------------------------ the bursts of the piece
  nic_tx_cut #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_cut (
      .clk_i,
      .rst_ni,
      .free_o   (slot_free),
      .look_i   (valid && is_data),
      .take_i   (taken),
      .queue_i  (queue),
      .addr_i   (addr),
      .len_i    (len),
      .end_i    (ends),
      .sum_i    (sums),
      .skip_i   (skip),
      .ip_skip_i(ip_skip),
      .req_valid_o,
      .req_o,
      .req_ready_i,
      .queue_o  (busy_queue_o),
      .offset_o (burst_offset_o),
      .bytes_o  (burst_bytes_o),
      .eof_o    (burst_eof_o),
      .sum_o    (burst_sum_o),
      .skip_o   (burst_skip_o),
      .ip_skip_o(burst_ip_skip_o)
  );

  assign busy_o = req_valid_o;

  `NIC_ASSERT_IF(TxBufferNotOverbooked, taken, base_q[queue] + words_of(total) - free_q[queue] <= ptr_t'(Words))
  `NIC_ASSERT_IF(TxBurstsNotOverbooked, early && step, asked_q[ask_queue_o] - answered_i <= burst_count_t'(Bursts))

endmodule
