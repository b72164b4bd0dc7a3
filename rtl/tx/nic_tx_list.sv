// SPDX-License-Identifier: Apache-2.0
// The list of each queue's frames in the packet buffer, and which is sent next: deficit round robin between the queues
// that have complete frames (M. Shreedhar, G. Varghese: Efficient Fair Queueing Using Deficit Round Robin, 1995).
//
// A queue whose turn it is may send turn_bytes(weight_i) more bytes on the wire, with tag and padding, than what it has
// left over from its last turn. It sends while its oldest frame fits into that; then the next queue
// that has complete frames has its turn. A queue that has no complete frame left loses what it had. So queues that
// always have frames share the wire as their weights are, to within a frame, whatever the sizes of the frames. A turn
// takes one clock and gives at least WeightBytes, for which the stream takes a clock: turns do not hold it up.
//
// A frame is entered as its last read is prepared; complete_i says that the oldest one of a queue that was not
// complete is so, with its sums. next_*_o is the frame that was chosen, until take_i; then the next one follows, in the
// next clock if there is one. stop_i: choose no further one.

`include "nic_assert.svh"

module nic_tx_list
  import nic_pkg::*;
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
    input  logic [7:0]              weight_i [Queues],

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
    output frame_len_t              next_wire_o,       // its bytes on the wire
    output logic [15:0]             next_sum_o,
    output logic [15:0]             next_ip_sum_o,
    input  logic                    take_i,

    input  logic                    sent_i,
    input  logic [QWidth-1:0]       sent_queue_i,
    input  logic [QWidth-1:0]       scan_i,
    output logic                    pending_o          // queue scan_i has complete frames that are not sent
);

  localparam int unsigned Slots       = 1 << QWidth;
  localparam int unsigned ListLog2    = $clog2(Frames);

  typedef logic [ListLog2:0] count_t;
  typedef logic [14:0]       deficit_t;                // bytes: a longest turn and not quite a longest frame

  tx_frame_t   list [Slots * Frames];
  frame_len_t  wire_bytes [Slots * Frames];
  frame_len_t  first_bytes [Slots * Frames];           // the same: read where a turn begins
  logic [31:0] sums [Slots * Frames];                 // of the complete ones
  count_t      wp_q [Slots], cp_q [Slots], rp_q [Slots], sp_q [Slots];   // entered, complete, chosen, sent
  logic [Queues-1:0] have_q;                          // complete and not chosen

  assign frames_used_o = wp_q[used_queue_i] - rp_q[used_queue_i];
  assign pending_o     = cp_q[scan_i] != sp_q[scan_i];

  always_ff @(posedge clk_i) begin
    if (frame_valid_i) begin
      automatic frame_len_t length = frame_i.len + (frame_i.edit.vlan ? frame_len_t'(TagBytes) : '0);
      automatic logic [QWidth+ListLog2-1:0] at = {frame_queue_i, wp_q[frame_queue_i][ListLog2-1:0]};
      if (length < frame_len_t'(PadFrame)) length = frame_len_t'(PadFrame);
      list[at]        <= frame_i;
      wire_bytes[at]  <= length;
      first_bytes[at] <= length;
    end
    // What a halted ring had entered and never became complete is forgotten.
    if (start_i || frame_valid_i) begin
      automatic logic [QWidth-1:0] queue = start_i ? start_queue_i : frame_queue_i;
      wp_q[queue] <= start_i ? cp_q[queue] : wp_q[queue] + 1'b1;
    end
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) wp_q[q] <= '0;
    end
  end

  // ------------------------------------------------------------------ whose turn it is
  // Of queue turn_q; the memory is read, and the queue after it found, a clock ahead: all through its turn, so that who has
  // frames only since then is next, too.
  logic [QWidth-1:0] turn_q, pick_q, pick;
  logic              on_q;                            // it has had frames since its turn began
  count_t            at_q;                            // rp_q
  frame_len_t        bytes_q;                         // of its oldest frame
  deficit_t          left_q;                          // what it may send
  deficit_t          deficit_q [Slots];               // of the others: what they have left over
  logic              any, any_q, fits, choose, go_on;

  assign fits    = on_q && deficit_t'(bytes_q) <= left_q;
  assign choose  = fits && !stop_i && (!next_valid_o || take_i);
  assign go_on   = any_q && have_q[pick_q] && !fits && !stop_i;

  nic_rr_pick #(
      .Width   (Queues),
      .IdxWidth(QWidth)
  ) u_pick (
      .req_i (have_q),
      .last_i(go_on ? pick_q : turn_q),
      .any_o (any),
      .pick_o(pick)
  );

  always_ff @(posedge clk_i) begin
    any_q <= any;
    if (any) pick_q <= pick;
    if (!rst_ni) begin
      any_q  <= 1'b0;
      pick_q <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (go_on) begin
      turn_q            <= pick_q;
      at_q              <= rp_q[pick_q];
      bytes_q           <= first_bytes[{pick_q, rp_q[pick_q][ListLog2-1:0]}];
      deficit_q[turn_q] <= left_q;
      left_q            <= ((pick_q == turn_q) ? left_q : deficit_q[pick_q]) + deficit_t'(turn_bytes(weight_i[pick_q]));
      on_q              <= 1'b1;
    end
    // The next frame is chosen.
    if (take_i) next_valid_o <= 1'b0;
    if (choose) begin
      automatic count_t ahead   = at_q + 1'b1;
      automatic logic   empties = ahead == cp_q[turn_q];
      at_q    <= ahead;
      bytes_q <= wire_bytes[{turn_q, ahead[ListLog2-1:0]}];
      left_q  <= empties ? '0 : left_q - deficit_t'(bytes_q);
      on_q    <= !empties;
      next_valid_o                <= 1'b1;
      next_queue_o                <= turn_q;
      next_frame_o                <= list[{turn_q, at_q[ListLog2-1:0]}];
      next_wire_o                 <= bytes_q;
      {next_ip_sum_o, next_sum_o} <= sums[{turn_q, at_q[ListLog2-1:0]}];
      rp_q[turn_q]                <= ahead;
      if (empties) have_q[turn_q] <= 1'b0;
    end
    // What is complete, and not sent.
    if (complete_i) begin
      sums[{complete_queue_i, cp_q[complete_queue_i][ListLog2-1:0]}] <= {complete_ip_sum_i, complete_sum_i};
      cp_q[complete_queue_i]   <= cp_q[complete_queue_i] + 1'b1;
      have_q[complete_queue_i] <= 1'b1;
    end
    if (sent_i) sp_q[sent_queue_i] <= sp_q[sent_queue_i] + 1'b1;
    if (!rst_ni) begin
      next_valid_o <= 1'b0;
      turn_q       <= '0;
      left_q       <= '0;
      on_q         <= 1'b0;
      have_q       <= '0;
      for (int q = 0; q < int'(Slots); q++) begin
        deficit_q[q] <= '0;
        cp_q[q]      <= '0;
        rp_q[q]      <= '0;
        sp_q[q]      <= '0;
      end
    end
  end

  `NIC_ASSERT_IF(TxFrameListInRange, frame_valid_i,
                 count_t'(wp_q[frame_queue_i] - rp_q[frame_queue_i]) < count_t'(Frames))
  `NIC_ASSERT_IF(TxCompleteIsListed, choose, have_q[turn_q] && at_q == rp_q[turn_q] && wp_q[turn_q] != at_q)
  `NIC_ASSERT_IF(TxDeficitBelowFrame, go_on, left_q < deficit_t'(MaxFrame))
  `NIC_ASSERT_IF(TxNoDeficitWithoutFrames, go_on, on_q || left_q == '0)
  `NIC_ASSERT_IF(TxNothingUnsentAtStart, start_i, cp_q[start_queue_i] == sp_q[start_queue_i])
  `NIC_ASSERT_IF(TxNoFrameAtStart, start_i, !frame_valid_i)

endmodule
