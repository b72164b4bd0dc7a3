// SPDX-License-Identifier: Apache-2.0
// nic_irq_flight: a vector is busy from its message's hand-over to that one's answer; the answer tells who asked, and
// whether that ring has begun anew since; no register is read while a message is under way that was handed over before
// software hid what it tells of, and for no other reason.
//
// Two queue pairs, three vectors, IDs of their own.

`include "nic_assert.svh"

module irq_flight_proof
  import nic_pkg::*;
(
    input logic       clk_i,
    input logic       grant_i,
    input logic [1:0] vector_i,
    input msix_by_t   by_i,
    input logic       done_i,
    input queue_t     done_id_i,
    input logic       tx_start_i,
    input logic [0:0] tx_start_queue_i,
    input logic       rx_start_i,
    input logic [0:0] rx_start_queue_i,
    input logic       hide_i,
    input logic [1:0] hide_tx_vector_i,
    input logic [1:0] hide_rx_vector_i,
    input logic       hide_cause_i,
    input logic [1:0] hide_cause_vector_i,
    input logic [2:0] mask_i,
    input logic       line_mode_i
);
  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic       sent_i;
  vector_t    by_vector_i;
  msix_by_t   by_o;
  logic       live_o, hold_read_o;
  logic [2:0] busy_o;
  always_ff @(posedge clk_i) begin
    sent_i      <= grant_i && rst_ni;
    by_vector_i <= 5'(vector_i);
  end
  nic_irq_flight #(
      .Queues(2)
  ) dut (.*);

  // Surroundings: a vector's message after the answer to its last one; answers to messages that have gone.
  `NIC_ASSUME(VectorsExist, vector_i < 2'd3 && hide_tx_vector_i < 2'd3 && hide_rx_vector_i < 2'd3 &&
              hide_cause_vector_i < 2'd3)
  `NIC_ASSUME(OneOfAVector, !grant_i || !busy_o[vector_i])
  `NIC_ASSUME(NotTwiceInARow, !(grant_i && sent_i))
  `NIC_ASSUME(AnswersWhatWent, !done_i || (done_id_i < 4'd3 && busy_o[done_id_i[1:0]] &&
              !(sent_i && by_vector_i[1:0] == done_id_i[1:0])))
  `NIC_ASSUME(QueuesExist, by_i.qp < 4'd2 && !(by_i.none && by_i.tx))

  // Any vector, for ever.
  logic [1:0] mine;
  always_ff @(posedge clk_i) mine <= mine;
  `NIC_ASSUME(MineExists, mine < 2'd3)

  logic     grant, sent, done, hides, busy_q, hidden_q, live_q, begins;
  msix_by_t by_q;
  assign grant = grant_i && vector_i == mine;
  assign sent  = sent_i && by_vector_i[1:0] == mine;
  assign done  = done_i && done_id_i[1:0] == mine;
  assign hides = (hide_i && (hide_tx_vector_i == mine || hide_rx_vector_i == mine)) ||
                 (hide_cause_i && hide_cause_vector_i == mine);
  assign begins = (tx_start_i && by_q.tx && by_q.qp[0] == tx_start_queue_i) ||
                  (rx_start_i && !by_q.tx && by_q.qp[0] == rx_start_queue_i);
  always_ff @(posedge clk_i) begin
    if (grant) busy_q <= 1'b1;
    else if (done) busy_q <= 1'b0;
    if (hides) hidden_q <= 1'b1;
    else if (grant) hidden_q <= 1'b0;
    if (sent) begin
      by_q   <= by_i;
      live_q <= !by_i.none && !(tx_start_i && by_i.tx && by_i.qp[0] == tx_start_queue_i) &&
                !(rx_start_i && !by_i.tx && by_i.qp[0] == rx_start_queue_i);
    end else if (begins) begin
      live_q <= 1'b0;
    end
    if (!rst_ni) {busy_q, hidden_q} <= '0;
  end
  // Its ring asks for one message at a time: it has one vector.
  `NIC_ASSUME(AsksOnce, !sent_i || sent || !busy_q || by_i.none || by_i.tx != by_q.tx || by_i.qp != by_q.qp)

  `NIC_ASSERT(BusyUntilAnswered, busy_o[mine] == busy_q)
  `NIC_ASSERT(ReadWaitsForHidden, !(busy_q && (hidden_q || mask_i[mine] || line_mode_i)) || hold_read_o)
  `NIC_ASSERT(ReadWaitsForNothingElse, !hold_read_o || line_mode_i || (busy_o & (dut.hidden_q | mask_i)) != '0)
  `NIC_ASSERT(HiddenAgrees, dut.hidden_q[mine] == hidden_q)
  `NIC_ASSERT(AnswerOfWhoAsked, !done || by_o == by_q)
  `NIC_ASSERT(AnswerOfThisLife, !done || live_o == live_q)
  // What makes it inductive.
  `NIC_ASSERT(ByAgrees, !busy_q || sent || dut.by_q[4'(mine)] == by_q)
  `NIC_ASSERT(ByExists, !busy_q || sent || by_q.qp < 4'd2)
  `NIC_ASSERT(LiveAgrees, !busy_q || sent || by_q.none ||
              live_q == (by_q.tx ? dut.tx_asked_q[by_q.qp[0]] : dut.rx_asked_q[by_q.qp[0]]))
  `NIC_ASSERT(NoneIsNotLive, !busy_q || sent || !by_q.none || !live_q)
  `NIC_ASSERT(SentIsBusy, !sent_i || busy_o[by_vector_i[1:0]])
  `NIC_ASSERT(SentVectorExists, !sent_i || by_vector_i < 5'd3)

  `NIC_COVER(HiddenAfter, hold_read_o && mask_i == '0 && !line_mode_i && done && busy_o != 3'b001 << mine)
  `NIC_COVER(FormerLife, done && !by_o.none && !live_o)
endmodule
