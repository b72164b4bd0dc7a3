// SPDX-License-Identifier: Apache-2.0
// The list of each queue's frames in the packet buffer, and which is sent next: queues with complete frames in turn.
//
// A frame is entered as its last read is prepared; complete_i says that the oldest one of a queue that was not
// complete is so, with its sums. next_*_o is the frame that was chosen, until take_i; then the next one follows, in the
// next clock if there is one. soon_i: take_i may come in this clock. stop_i: choose
// no further one.

`include "nic_assert.svh"

module nic_tx_list
  import nic_dma_pkg::*;
#(
    parameter int unsigned Queues  = 4,
    parameter int unsigned Frames  = 32,
    localparam int unsigned QWidth = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic stop_i,

    input  logic                    start_i,
    input  logic [QWidth-1:0]       start_queue_i,

    input  logic                    frame_valid_i,
    input  logic [QWidth-1:0]       frame_queue_i,
    input  tx_frame_t               frame_i,
    input  logic [QWidth-1:0]       used_queue_i,
    output logic [$clog2(Frames):0] frames_used_o,     // of queue used_queue_i

    input  logic                    complete_i,
    input  logic [QWidth-1:0]       complete_queue_i,
    input  logic [15:0]             complete_sum_i,    // of what its checksum covers
    input  logic [15:0]             complete_ip_sum_i, // of its IPv4 header

    output logic                    next_valid_o,
    output logic [QWidth-1:0]       next_queue_o,
    output tx_frame_t               next_frame_o,
    output logic [15:0]             next_sum_o,
    output logic [15:0]             next_ip_sum_o,
    input  logic                    soon_i,
    input  logic                    take_i,

    input  logic                    sent_i,
    input  logic [QWidth-1:0]       sent_queue_i,
    input  logic [QWidth-1:0]       scan_i,
    output logic                    pending_o          // queue scan_i has complete frames that are not sent
);

  localparam int unsigned Slots    = 1 << QWidth;
  localparam int unsigned ListLog2 = $clog2(Frames);

  typedef logic [ListLog2:0] count_t;

  tx_frame_t   list [Slots * Frames];
  logic [31:0] sums [Slots * Frames];                 // of the complete ones
  count_t      wp_q [Slots], cp_q [Slots], rp_q [Slots], sp_q [Slots];   // entered, complete, chosen, sent
  logic [Queues-1:0] have_q;                          // complete and not chosen

  assign frames_used_o = wp_q[used_queue_i] - rp_q[used_queue_i];
  assign pending_o     = cp_q[scan_i] != sp_q[scan_i];

  always_ff @(posedge clk_i) begin
    if (frame_valid_i) list[{frame_queue_i, wp_q[frame_queue_i][ListLog2-1:0]}] <= frame_i;
    // What a halted ring had entered and never became complete is forgotten.
    if (start_i || frame_valid_i) begin
      automatic logic [QWidth-1:0] queue = start_i ? start_queue_i : frame_queue_i;
      wp_q[queue] <= start_i ? cp_q[queue] : wp_q[queue] + 1'b1;
    end
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) wp_q[q] <= '0;
    end
  end

  // ------------------------------------------------------------------ the next frame
  logic              may, any, choose;
  logic [QWidth-1:0] pick;

  nic_rr_pick #(
      .Width   (Queues),
      .IdxWidth(QWidth)
  ) u_pick (
      .req_i (may ? have_q : '0),
      .last_i(next_queue_o),
      .any_o (any),
      .pick_o(pick)
  );

  assign may    = !stop_i && (!next_valid_o || soon_i);
  assign choose = any && (!next_valid_o || take_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      next_valid_o <= 1'b0;
      next_queue_o <= '0;
    end else if (choose || take_i) begin
      next_valid_o <= choose;
      if (choose) next_queue_o <= pick;
    end
  end

  always_ff @(posedge clk_i) begin
    if (choose) begin
      next_frame_o                <= list[{pick, rp_q[pick][ListLog2-1:0]}];
      {next_ip_sum_o, next_sum_o} <= sums[{pick, rp_q[pick][ListLog2-1:0]}];
    end
  end

  // ------------------------------------------------------------------ what is complete, and not sent
  always_ff @(posedge clk_i) begin
    if (choose) begin
      rp_q[pick] <= rp_q[pick] + 1'b1;
      if (count_t'(rp_q[pick] + 1'b1) == cp_q[pick]) have_q[pick] <= 1'b0;
    end
    if (complete_i) begin
      sums[{complete_queue_i, cp_q[complete_queue_i][ListLog2-1:0]}] <= {complete_ip_sum_i, complete_sum_i};
      cp_q[complete_queue_i]   <= cp_q[complete_queue_i] + 1'b1;
      have_q[complete_queue_i] <= 1'b1;
    end
    if (sent_i) sp_q[sent_queue_i] <= sp_q[sent_queue_i] + 1'b1;
    if (!rst_ni) begin
      have_q <= '0;
      for (int q = 0; q < int'(Slots); q++) begin
        cp_q[q] <= '0;
        rp_q[q] <= '0;
        sp_q[q] <= '0;
      end
    end
  end

  `NIC_ASSERT_IF(TxFrameListInRange, frame_valid_i,
                 count_t'(wp_q[frame_queue_i] - rp_q[frame_queue_i]) < count_t'(Frames))
  `NIC_ASSERT_IF(TxCompleteIsListed, choose, wp_q[pick] != rp_q[pick])
  `NIC_ASSERT_IF(TxNothingUnsentAtStart, start_i, cp_q[start_queue_i] == sp_q[start_queue_i])
  `NIC_ASSERT_IF(TxNoFrameAtStart, start_i, !frame_valid_i)

endmodule
