// SPDX-License-Identifier: Apache-2.0
// nic_tx_list: a queue's frames are chosen in their order, each as it was entered and with the sums that it was completed
// with, and only complete ones; a queue sends no more than its turns have given it; turns go round; counts are true.
//
// Two queues, four frames each. One frame of one queue is watched, any of them: one bit of it, any, and its length.

`include "nic_assert.svh"

module tx_list_proof
  import nic_pkg::*;
  import nic_dma_pkg::*;
(
    input logic        clk_i,
    input logic        stop_i,
    input logic        start_i,
    input logic [0:0]  start_queue_i,
    input logic [7:0]  weight_0,
    input logic [7:0]  weight_1,
    input logic        frame_valid_i,
    input logic [0:0]  frame_queue_i,
    input tx_frame_t   frame_i,
    input logic [0:0]  used_queue_i,
    input logic        complete_i,
    input logic [0:0]  complete_queue_i,
    input logic [15:0] complete_sum_i,
    input logic [15:0] complete_ip_sum_i,
    input logic        take_i,
    input logic        sent_i,
    input logic [0:0]  sent_queue_i,
    input logic [0:0]  scan_i
);
  localparam int unsigned Frames = 4;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic [7:0]  weight_i [2];
  logic [2:0]  frames_used_o;
  logic        next_valid_o, pending_o;
  logic [0:0]  next_queue_o;
  tx_frame_t   next_frame_o;
  frame_len_t  next_wire_o;
  logic [15:0] next_sum_o, next_ip_sum_o;
  assign weight_i[0] = weight_0;
  assign weight_i[1] = weight_1;
  nic_tx_list #(
      .Queues(2),
      .Frames(Frames)
  ) dut (.*);

  // Its bytes on the wire.
  function automatic frame_len_t on_wire(tx_frame_t frame);
    frame_len_t length;
    length = frame.len + (frame.edit.vlan ? 14'd4 : 14'd0);
    return (length < 14'd60) ? 14'd60 : length;
  endfunction

  // Of each queue: frames entered, complete, chosen, sent, modulo twice the list.
  logic [1:0][2:0] in_q, done_q, out_q, sent_q;
  always_ff @(posedge clk_i) begin
    for (int q = 0; q < 2; q++) begin
      if (start_i && start_queue_i == 1'(q)) in_q[q] <= done_q[q];
      else if (frame_valid_i && frame_queue_i == 1'(q)) in_q[q] <= in_q[q] + 1'b1;
      if (complete_i && complete_queue_i == 1'(q)) done_q[q] <= done_q[q] + 1'b1;
      if (dut.choose && dut.turn_q == 1'(q)) out_q[q] <= out_q[q] + 1'b1;
      if (sent_i && sent_queue_i == 1'(q)) sent_q[q] <= sent_q[q] + 1'b1;
    end
    if (!rst_ni) {in_q, done_q, out_q, sent_q} <= '0;
  end
  `NIC_ASSUME(HasRoom, !frame_valid_i || 3'(in_q[frame_queue_i] - out_q[frame_queue_i]) < 3'(Frames))
  `NIC_ASSUME(CompletesWhatIsThere, !complete_i || done_q[complete_queue_i] != in_q[complete_queue_i])
  `NIC_ASSUME(FrameHasItsLength, !frame_valid_i ||
              (frame_i.len >= 14'd14 && frame_i.len <= 14'd9018 - (frame_i.edit.vlan ? 14'd4 : 14'd0)))
  `NIC_ASSUME(TakesWhatIsShown, !take_i || (next_valid_o && 3'(out_q[next_queue_o] - sent_q[next_queue_o]) < 3'd3))
  `NIC_ASSUME(SendsWhatWasTaken, !sent_i || 3'(out_q[sent_queue_i] - sent_q[sent_queue_i]) >
              3'(next_valid_o && next_queue_o == sent_queue_i))
  `NIC_ASSUME(StartsWithNothing, !start_i || (done_q[start_queue_i] == sent_q[start_queue_i] && !frame_valid_i &&
              !(complete_i && complete_queue_i == start_queue_i)))

  // The frame that is watched.
  logic [0:0]  mine;
  logic [2:0]  slot;
  logic        in, listed, shown, chosen, turn;
  logic [7:0]  nth;             // the bit that is watched
  logic        bit_q;
  frame_len_t  wire_q;
  logic [31:0] sums_q;
  always_ff @(posedge clk_i) begin
    mine <= mine;
    slot <= slot;
    nth  <= nth;
    if (in && in_q[mine] == slot) {bit_q, wire_q} <= {frame_i[nth], on_wire(frame_i)};
    if (complete_i && complete_queue_i == mine && done_q[mine] == slot) sums_q <= {complete_ip_sum_i, complete_sum_i};
  end
  `NIC_ASSUME(NthIsOfFrame, nth < 8'($bits(tx_frame_t)))
  assign in     = frame_valid_i && frame_queue_i == mine;
  assign listed = 3'(slot - out_q[mine]) < 3'(in_q[mine] - out_q[mine]);
  assign shown  = next_valid_o && next_queue_o == mine;
  assign chosen = dut.choose && dut.turn_q == mine;
  assign turn   = dut.go_on && dut.pick_q == mine;

  // What its turns have given it, and it has not sent: nothing is kept by a queue without complete frames.
  logic [14:0] credit_q;
  logic        passed_q;      // another had a turn while it had frames
  logic        waits, waits_q;
  logic        had_q;         // it has had frames for a clock
  assign waits = !stop_i && done_q[mine] != out_q[mine] && !dut.choose && !dut.go_on &&
                 !(next_valid_o && !take_i && dut.fits);
  always_ff @(posedge clk_i) begin
    if (turn) credit_q <= credit_q + 15'({(weight_i[mine] == '0) ? 8'd1 : weight_i[mine], 6'd0});
    else if (chosen) credit_q <= (3'(out_q[mine] + 1'b1) == done_q[mine]) ? '0 : credit_q - 15'(dut.bytes_q);
    if (!rst_ni) credit_q <= '0;
    passed_q <= rst_ni && done_q[mine] != out_q[mine] && !chosen && (dut.go_on ? !turn : passed_q);
    waits_q  <= rst_ni && waits;
    had_q    <= rst_ni && done_q[mine] != out_q[mine];
  end

  `NIC_ASSERT(ComesOutAsItWentIn, !(shown && 3'(out_q[mine] - 1'b1) == slot) || (next_frame_o[nth] == bit_q &&
              next_wire_o == wire_q && {next_ip_sum_o, next_sum_o} == sums_q))
  `NIC_ASSERT(OnlyComplete, !chosen || out_q[mine] != done_q[mine])
  `NIC_ASSERT(OnlyWhatItsTurnsGave, !chosen || 15'(dut.bytes_q) <= credit_q)
  `NIC_ASSERT(TurnOnlyWithFrames, !turn || out_q[mine] != done_q[mine])
  `NIC_ASSERT(SomethingMoves, !(waits && waits_q))
  `NIC_ASSERT(TurnsGoRound, !(passed_q && dut.go_on) || turn)
  `NIC_ASSERT(SendsWhileItFits, !(dut.go_on && dut.turn_q == mine && out_q[mine] == slot && done_q[mine] != slot) ||
              15'(wire_q) > credit_q)
  `NIC_ASSERT(NextIsWhoWaits, !(had_q && dut.go_on && dut.turn_q != mine) || turn)
  `NIC_ASSERT(UsedIsTrue, frames_used_o == 3'(in_q[used_queue_i] - out_q[used_queue_i]))
  `NIC_ASSERT(PendingIsTrue, pending_o == (done_q[scan_i] != sent_q[scan_i]))
  // What makes it inductive.
  for (genvar q = 0; q < 2; q++) begin : gen_queue
    `NIC_ASSERT(InOrder, 3'(done_q[q] - out_q[q]) <= 3'(in_q[q] - out_q[q]) && 3'(in_q[q] - out_q[q]) <= 3'(Frames) &&
                3'(out_q[q] - sent_q[q]) <= 3'd2 + 3'(next_valid_o && next_queue_o == 1'(q)))
    `NIC_ASSERT(ShownIsNotSent, !(next_valid_o && next_queue_o == 1'(q)) || out_q[q] != sent_q[q])
    `NIC_ASSERT(CountsAgree, {dut.wp_q[q], dut.cp_q[q], dut.rp_q[q], dut.sp_q[q]} ==
                {in_q[q], done_q[q], out_q[q], sent_q[q]} && dut.have_q[q] == (done_q[q] != out_q[q]))
    logic        turn_is;
    logic [14:0] left;
    assign turn_is = dut.turn_q == 1'(q);
    assign left    = turn_is ? dut.left_q : dut.deficit_q[q];
    `NIC_ASSERT(NothingKept, left < 15'd25338 && (turn_is || left < 15'd9018) && (left == '0 || (dut.have_q[q] &&
                (!turn_is || dut.on_q))))
    for (genvar k = 0; k < 4; k++) begin : gen_entry
      `NIC_ASSERT(LengthsAreOfFrames, 2'(2'(k) - out_q[q][1:0]) >= 3'(in_q[q] - out_q[q]) ||
                  (dut.wire_bytes[4*q+k] <= 14'd9018 && dut.wire_bytes[4*q+k] >= 14'd60 &&
                  dut.first_bytes[4*q+k] == dut.wire_bytes[4*q+k]))
    end
  end
  `NIC_ASSERT(CreditAgrees, (dut.turn_q == mine ? dut.left_q : dut.deficit_q[mine]) == credit_q)
  `NIC_ASSERT(OnHasFrames, !dut.on_q || (dut.have_q[dut.turn_q] && dut.at_q == dut.rp_q[dut.turn_q] &&
              dut.bytes_q <= 14'd9018 && dut.bytes_q == dut.wire_bytes[{dut.turn_q, dut.at_q[1:0]}]))
  `NIC_ASSERT(NextIsFound, !waits_q || stop_i || dut.go_on || dut.choose || (dut.any_q && dut.have_q[dut.pick_q]))
  `NIC_ASSERT(PassedByOther, !passed_q || (dut.turn_q != mine && dut.pick_q == mine))
  `NIC_ASSERT(SlotHoldsFrame, !listed || (dut.list[{mine, slot[1:0]}][nth] == bit_q &&
              dut.wire_bytes[{mine, slot[1:0]}] == wire_q))
  `NIC_ASSERT(SlotHoldsSums, !(3'(slot - out_q[mine]) < 3'(done_q[mine] - out_q[mine])) ||
              dut.sums[{mine, slot[1:0]}] == sums_q)

  `NIC_COVER(Full, 3'(in_q[mine] - out_q[mine]) == 3'(Frames) && shown)
  `NIC_COVER(TwoInARow, shown && take_i && chosen && credit_q != '0)
  `NIC_COVER(CreditIsKept, turn && credit_q == 15'd64 && next_valid_o)
  `NIC_COVER(Forgotten, start_i && start_queue_i == mine && in_q[mine] != done_q[mine] && out_q[mine] == 3'd2)
endmodule
