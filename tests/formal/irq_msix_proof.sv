// SPDX-License-Identifier: Apache-2.0
// nic_irq_msix: who asks is told in its turn and is not lost. A message goes only for a ring or cause that asks, by
// the vector that it names, and not if the table masks that, or a message of it is under way; it tells of no queue pair
// with records under way, and of all others that name the vector; it carries the vector's entry and holds until it is
// taken. Who may be told, and keeps asking, is passed over at most once by each of the others; if nothing changes,
// someone is told in two clocks. A queue pair that asks holds back further records.
//
// Two queue pairs: five who ask, three vectors. The table is proved by itself (msix_table) and is any table here; which
// messages are under way is any that those handed over allow (irq_flight).

`include "nic_assert.svh"

module irq_msix_proof
  import nic_pkg::*;
  import nic_regs_pkg::*;
(
    input logic       clk_i,
    input reg_req_t   req_i,
    input logic [1:0] tx_pend_i,
    input logic [1:0] rx_pend_i,
    input logic [1:0] tx_vector_0, tx_vector_1, rx_vector_0, rx_vector_1,
    input logic [1:0] masked_i,
    input logic [1:0] out_i,
    input logic       cause_i,
    input logic [1:0] cause_vector_i,
    input logic       line_mode_i,
    input logic       stop_i,
    input logic [2:0] answered_i,
    input logic       msix_ready_i
);
  localparam int unsigned Queues = 2, Asking = 5;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  reg_rsp_t    rsp_o;
  logic [1:0]  tx_vector_i [2], rx_vector_i [2];
  logic [1:0]  tx_sent_o, rx_sent_o, hold_o, vector_o;
  logic        cause_sent_o, sent_o, grant_o, msix_valid_o;
  logic [2:0]  busy_i, mask_o;
  logic [31:0] msix_data_o;
  vector_t     msix_vector_o;
  msix_by_t    msix_by_o;
  assign tx_vector_i[0] = tx_vector_0;
  assign tx_vector_i[1] = tx_vector_1;
  assign rx_vector_i[0] = rx_vector_0;
  assign rx_vector_i[1] = rx_vector_1;
  nic_irq_msix #(
      .Queues(Queues)
  ) dut (.*);

  // Surroundings: a queue pair that is masked does not ask; vectors exist; a message is answered after it was taken.
  `NIC_ASSUME(MaskedAsksNot, ((tx_pend_i | rx_pend_i) & masked_i) == '0)
  `NIC_ASSUME(VectorsExist, tx_vector_0 < 2'd3 && tx_vector_1 < 2'd3 && rx_vector_0 < 2'd3 && rx_vector_1 < 2'd3 &&
              cause_vector_i < 2'd3)
  `NIC_ASSUME(ReadyForSome, !msix_ready_i || msix_valid_o)
  `NIC_ASSUME(AnswersTaken, (answered_i & ~busy_i) == '0 && !(msix_valid_o && answered_i[msix_vector_o[1:0]]))
  always_ff @(posedge clk_i) begin
    busy_i <= busy_i & ~answered_i;
    if (grant_o) busy_i[vector_o] <= 1'b1;
    if (!rst_ni) busy_i <= '0;
  end

  // Any of those who ask, for ever: TX 0, TX 1, RX 0, RX 1, cause.
  logic [2:0] mine;
  always_ff @(posedge clk_i) mine <= mine;
  `NIC_ASSUME(MineExists, mine < 3'(Asking))
  logic [4:0] asks, records;
  assign asks    = {cause_i, rx_pend_i, tx_pend_i};
  assign records = {1'b0, out_i, out_i};
  logic [1:0] vectors [5];
  logic [4:0] told, mask;           // who hears of it, if a message is handed over in this clock; who is masked
  assign vectors[0] = tx_vector_0;
  assign vectors[1] = tx_vector_1;
  assign vectors[2] = rx_vector_0;
  assign vectors[3] = rx_vector_1;
  assign vectors[4] = cause_vector_i;
  assign told = {grant_o && cause_vector_i == vector_o, dut.rx_tells, dut.tx_tells};
  assign mask = {1'b0, masked_i, masked_i};

  // What it depends on, apart from who asks elsewhere.
  logic [27:0] all, all_q;
  logic        can, can_q;   // it may be told; nothing has changed since the clock before
  assign can = asks[mine] && !records[mine] && !mask_o[vectors[mine]] && !busy_i[vectors[mine]] && !line_mode_i &&
               !stop_i && !msix_valid_o;
  assign all = {asks, records[1:0], masked_i, tx_vector_0, tx_vector_1, rx_vector_0, rx_vector_1, cause_vector_i,
                mask_o, busy_i, line_mode_i, stop_i, msix_valid_o};

  // The message that was handed over last, and its turn.
  logic        sent_q, waits_q, wants_q, holds_q;
  logic [4:0]  told_q;
  logic [63:0] addr_q;
  logic [31:0] data_q;
  logic [1:0]  vector_q;
  logic [2:0]  passed_q;      // messages by others since it asks
  logic        turn, turn_q;  // it takes part in the choice
  assign turn = dut.ask >> mine;
  always_ff @(posedge clk_i) begin
    sent_q   <= rst_ni && grant_o;
    told_q   <= told;
    waits_q  <= rst_ni && msix_valid_o && !msix_ready_i;
    holds_q  <= rst_ni && mine != 3'd4 && asks[mine] && !mask_o[vectors[mine]] && !busy_i[vectors[mine]] &&
                !line_mode_i;
    all_q    <= all;
    can_q    <= rst_ni && can && !grant_o;
    turn_q   <= rst_ni && turn;
    if (grant_o) begin
      addr_q   <= dut.table_addr;
      data_q   <= dut.table_data;
      vector_q <= vector_o;
    end
    if (!rst_ni || !turn || (grant_o && told[mine])) passed_q <= '0;
    else if (grant_o && turn_q) passed_q <= passed_q + 1'b1;
  end

  `NIC_ASSERT(GoesForWhoAsks, !grant_o || (asks[dut.pick_q] && vectors[dut.pick_q] == vector_o && told[dut.pick_q]))
  `NIC_ASSERT(ToldIsOfThatVector, !told[mine] || (grant_o && vectors[mine] == vector_o))
  `NIC_ASSERT(AllOfThatVectorHear,
              !grant_o || vectors[mine] != vector_o || mask[mine] || records[mine] || told[mine])
  `NIC_ASSERT(NoneWithRecordsOut, !told[mine] || !records[mine])
  `NIC_ASSERT(NotWhenMasked, !grant_o || (!mask_o[vector_o] && !(told[mine] && mask[mine])))
  `NIC_ASSERT(OneOfAVector, !grant_o || !busy_i[vector_o])
  `NIC_ASSERT(NotInLineModeNorStopped, !grant_o || !(line_mode_i || stop_i))
  `NIC_ASSERT(InTwoClocks, !(can && can_q && all == all_q) || grant_o)
  `NIC_ASSERT(HoldsBackRecords, !holds_q || hold_o[mine[0]])
  `NIC_ASSERT(OneAtATime, !grant_o || !msix_valid_o)
  `NIC_ASSERT(MessageAsInTable, !msix_valid_o ||
              (msix_by_o.addr == addr_q && msix_data_o == data_q && msix_vector_o == 5'(vector_q)))
  `NIC_ASSERT(Holds, !waits_q || msix_valid_o)
  `NIC_ASSERT(SentIsOffered, sent_o == sent_q && (!sent_q || msix_valid_o))
  `NIC_ASSERT(SentIsTold, {cause_sent_o, rx_sent_o, tx_sent_o} == (sent_q ? told_q : '0))
  `NIC_ASSERT(PassedOverByEachOnce, passed_q <= 3'd4)
  // What makes it inductive: in how many turns it comes.
  logic [2:0] ahead, picked;
  assign ahead  = mine > dut.last_q ? mine - dut.last_q - 3'd1 : mine + 3'd4 - dut.last_q;
  assign picked = dut.pick_q > dut.last_q ? dut.pick_q - dut.last_q - 3'd1 : dut.pick_q + 3'd4 - dut.last_q;
  `NIC_ASSERT(LastExists, dut.last_q < 3'(Asking) && (!dut.pick_valid_q || dut.pick_q < 3'(Asking)))
  `NIC_ASSERT(ValidIsBusy, !msix_valid_o || busy_i[msix_vector_o[1:0]])
  `NIC_ASSERT(SlotVectorExists, !msix_valid_o || msix_vector_o < 5'd3)
  `NIC_ASSERT(PickIsFirst, msix_valid_o || !dut.pick_valid_q || !turn_q || picked <= ahead)
  `NIC_ASSERT(TurnComesNearer, 4'(passed_q) + 4'(ahead) <= 4'd4 || passed_q == '0)

  `NIC_COVER(TwoRingsOneVector, grant_o && mine == 3'd3 && told[3] && told[0] && !told[1] && dut.last_q == 3'd2)
  `NIC_COVER(PassedOver, passed_q == 3'd2)
  `NIC_COVER(CauseIsTold, msix_by_o.none && msix_valid_o && msix_by_o.addr == 64'hFEE0_0000)
  `NIC_COVER(TwoUnderWay, busy_i[0] && busy_i[1] && !msix_valid_o)
  `NIC_COVER(LeftOut, grant_o && mine == 3'd2 && asks[2] && vectors[2] == vector_o && !told[2])
endmodule
