// SPDX-License-Identifier: Apache-2.0
// nic_rx_stage, the FIFO of RX: each beat comes out once, unchanged, in order, with the decision about its frame; in the
// clock after both are there, and not before.
//
// One beat and one decision are watched, any of them, by their number modulo twice the depth. Who gives beats knows that
// there is room: the stream's next beat is never refused.

`include "nic_assert.svh"

module rx_stage_proof
  import nic_pkg::*;
  import nic_rx_pkg::*;
  import nic_mac_pkg::*;
(
    input logic        clk_i,
    input logic        valid_i,
    input logic [15:0] data_i,
    input logic [1:0]  bytes_i,
    input logic        last_i,
    input rx_tag_t     tag_i,
    input logic        decided_i,
    input rx_pass_t    pass_i,
    input logic [0:0]  queue_i,
    input rss_type_t   type_i,
    input logic [31:0] hash_i,
    input sum_plan_t   plan_i
);
  localparam int unsigned Depth = 4;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic        busy_o, between_o, coming_o, valid_o, first_o, last_o;
  logic [0:0]  coming_queue_o;
  logic [15:0] data_o;
  logic [1:0]  bytes_o;
  rx_tag_t     tag_o;
  rx_pass_t    pass_o;
  logic [0:0]  queue_o;
  rss_type_t   type_o;
  logic [31:0] hash_o;
  sum_plan_t   plan_o;
  nic_rx_stage #(
      .DataWidth(16),
      .Queues   (2),
      .Depth    (Depth)
  ) dut (.*);

  // Beats and decisions, in and out; frames out are decisions out. What is offered has left its memory.
  logic [2:0] in_q, out_q, decided_q, frames_q, left, frames_left, held, decisions, kept, kept_decisions;
  logic       could_q, begins_q, came_q;
  logic [0:0] came_queue_q;
  assign held           = in_q - out_q;
  assign decisions      = decided_q - frames_q;
  assign left           = out_q + 3'(valid_o);
  assign frames_left    = frames_q + 3'(valid_o && last_o);
  assign kept           = in_q - left;
  assign kept_decisions = decided_q - frames_left;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_q      <= '0;
      out_q     <= '0;
      decided_q <= '0;
      frames_q  <= '0;
      begins_q  <= 1'b1;
    end else begin
      in_q      <= in_q + 3'(valid_i);
      out_q     <= left;
      decided_q <= decided_q + 3'(decided_i);
      frames_q  <= frames_left;
      if (valid_o) begins_q <= last_o;
    end
    came_q       <= rst_ni && coming_o;
    came_queue_q <= coming_queue_o;
    could_q      <= rst_ni && kept != '0 && kept_decisions != '0;
  end
  `NIC_ASSUME(BeatHasRoom, !valid_i || kept < 3'(Depth))
  `NIC_ASSUME(DecisionHasRoom, !decided_i || kept_decisions < 3'(Depth))

  typedef struct packed {
    logic [15:0] data;
    logic [1:0]  bytes;
    logic        last;
    rx_tag_t     tag;
  } beat_t;
  typedef struct packed {
    rx_pass_t    pass;
    logic [0:0]  queue;
    rss_type_t   hash_type;
    logic [31:0] hash;
    sum_plan_t   plan;
  } decision_t;
  logic [2:0] slot, number;       // of a beat and of a decision: any, for ever
  logic       beat_in_q, decision_in_q;
  beat_t      beat, beat_q;
  decision_t  decision, decision_q;
  always_ff @(posedge clk_i) begin
    slot   <= slot;
    number <= number;
    if (!rst_ni) begin
      beat_in_q     <= 1'b0;
      decision_in_q <= 1'b0;
    end else begin
      if (valid_i && in_q == slot) beat_in_q <= 1'b1;
      else if (valid_o && out_q == slot) beat_in_q <= 1'b0;
      if (decided_i && decided_q == number) decision_in_q <= 1'b1;
      else if (valid_o && last_o && frames_q == number) decision_in_q <= 1'b0;
    end
    if (valid_i && in_q == slot) beat_q <= {data_i, bytes_i, last_i, tag_i};
    if (decided_i && decided_q == number) decision_q <= {pass_i, queue_i, type_i, hash_i, plan_i};
  end
  assign beat     = {data_o, bytes_o, last_o, tag_o};
  assign decision = {pass_o, queue_o, type_o, hash_o, plan_o};

  `NIC_ASSERT(BeatComesOut, !(valid_o && out_q == slot) || (beat_in_q && beat == beat_q))
  `NIC_ASSERT(WithItsDecision, !(valid_o && frames_q == number) || (decision_in_q && decision == decision_q))
  `NIC_ASSERT(AtOnce, valid_o == could_q)
  `NIC_ASSERT(FirstIsTrue, !valid_o || first_o == begins_q)
  `NIC_ASSERT(FirstIsAnnounced, (valid_o && first_o) == came_q && (!came_q || queue_o == came_queue_q))
  `NIC_ASSERT(BetweenIsTrue, between_o == (valid_o ? last_o : begins_q))
  `NIC_ASSERT(BusyIsTrue, busy_o == (held != '0))
  // What makes it inductive.
  `NIC_ASSERT(Bounded, kept <= 3'(Depth) && kept_decisions <= 3'(Depth))
  `NIC_ASSERT(PointersAgree, {dut.wp_q, dut.rp_q, dut.decided_wp_q, dut.decided_rp_q} ==
              {in_q, left, decided_q, frames_left})
  `NIC_ASSERT(BeginsAgrees, dut.begins_q == (valid_o ? last_o : begins_q))
  `NIC_ASSERT(BeatIsInside, beat_in_q == (3'(slot - out_q) < held))
  `NIC_ASSERT(DecisionIsInside, decision_in_q == (3'(number - frames_q) < decisions))
  `NIC_ASSERT(SlotHoldsBeat, !(3'(slot - left) < kept) ||
              {dut.data[slot[1:0]], dut.tail[slot[1:0]]} == {beat_q.data, beat_q.tag, beat_q.last, beat_q.bytes})
  `NIC_ASSERT(SlotHoldsDecision, !(3'(number - frames_left) < kept_decisions) ||
              {dut.route[number[1:0]], dut.rss[number[1:0]], dut.plan[number[1:0]]} == decision_q)
  `NIC_ASSERT(DecisionStays, dut.begins_q || frames_left != number || (decision_in_q && decision == decision_q))

  logic [1:0] run_q;              // beats of one frame that left without a gap
  always_ff @(posedge clk_i) run_q <= (rst_ni && valid_o && run_q != 2'd3) ? (last_o ? '0 : run_q + 1'b1) : '0;
  `NIC_COVER(FullThenThreeInARow, run_q == 2'd2 && valid_o && last_o && pass_o == '1 && out_q == 3'd6)
  `NIC_COVER(DecidedAhead, decisions == 3'd3 && held == '0)
endmodule
