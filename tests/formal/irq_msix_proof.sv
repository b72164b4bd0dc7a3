// SPDX-License-Identifier: Apache-2.0
// nic_irq_msix: who asks is told in its turn and is not lost. A message goes only for a ring or cause that asks, by
// the vector that it names, and not if the table masks that; it carries the vector's entry, holds until it is taken,
// and the next one comes after its answer. Who asks, unmasked, and keeps asking is passed over at most once by each of
// the others.
//
// Two queue pairs: five who ask, three vectors. The table is proved by itself (msix_table) and is any table here.

`include "nic_assert.svh"

module irq_msix_proof
  import nic_pkg::*;
  import nic_regs_pkg::*;
(
    input logic       clk_i,
    input reg_req_t   req_i,
    input logic [1:0] tx_pend_i,
    input logic [1:0] rx_pend_i,
    input vector_t    tx_vector_0, tx_vector_1, rx_vector_0, rx_vector_1,
    input logic [1:0] masked_i,
    input logic       cause_i,
    input vector_t    cause_vector_i,
    input logic       line_mode_i,
    input logic       stop_i,
    input logic       msix_ready_i,
    input logic       msix_done_i
);
  localparam int unsigned Queues = 2, Asking = 5;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  reg_rsp_t    rsp_o;
  vector_t     tx_vector_i [2], rx_vector_i [2];
  logic [1:0]  tx_sent_o, rx_sent_o;
  logic        cause_sent_o, busy_o, msix_valid_o, msix_cause_o, msix_tx_o;
  logic [63:0] msix_addr_o;
  logic [31:0] msix_data_o;
  vector_t     msix_vector_o;
  queue_t      msix_queue_o;
  assign tx_vector_i[0] = tx_vector_0;
  assign tx_vector_i[1] = tx_vector_1;
  assign rx_vector_i[0] = rx_vector_0;
  assign rx_vector_i[1] = rx_vector_1;
  nic_irq_msix #(
      .Queues(Queues)
  ) dut (.*);

  // Surroundings: a queue pair that is masked does not ask; the write engine answers what it took, once.
  `NIC_ASSUME(MaskedAsksNot, ((tx_pend_i | rx_pend_i) & masked_i) == '0)
  `NIC_ASSUME(ReadyForSome, !msix_ready_i || msix_valid_o)
  `NIC_ASSUME(DoneOnce, !msix_done_i || (busy_o && (!msix_valid_o || msix_ready_i)))

  // Any of those who ask, for ever: TX 0, RX 0, TX 1, RX 1, cause.
  logic [2:0] mine;
  always_ff @(posedge clk_i) mine <= mine;
  `NIC_ASSUME(MineExists, mine < 3'(Asking))
  logic [4:0] asks;
  assign asks = {cause_i, rx_pend_i[1], tx_pend_i[1], rx_pend_i[0], tx_pend_i[0]};
  function automatic logic [1:0] named(vector_t written);   // a vector that does not exist acts as 0
    return written < 5'd3 ? written[1:0] : 2'd0;
  endfunction
  logic [1:0] vectors [5];
  logic [4:0] told;           // who hears of it in this clock
  assign vectors[0] = named(tx_vector_0);
  assign vectors[1] = named(rx_vector_0);
  assign vectors[2] = named(tx_vector_1);
  assign vectors[3] = named(rx_vector_1);
  assign vectors[4] = named(cause_vector_i);
  assign told = {cause_sent_o, rx_sent_o[1], tx_sent_o[1], rx_sent_o[0], tx_sent_o[0]};

  logic can, goes;            // it may be told in this clock; something is handed over
  assign can  = asks[mine] && !dut.mask[vectors[mine]];
  assign goes = told != '0;

  // The message that was handed over last.
  logic        sent_q, waits_q;
  logic [63:0] addr_q;
  logic [31:0] data_q;
  logic [1:0]  vector_q;
  logic [2:0]  passed_q;      // messages by others since it asks
  always_ff @(posedge clk_i) begin
    sent_q  <= rst_ni && goes;
    waits_q <= rst_ni && msix_valid_o && !msix_ready_i;
    if (goes) begin
      addr_q   <= dut.table_addr;
      data_q   <= dut.table_data;
      vector_q <= dut.vector;
    end
    if (!rst_ni || !can || told[mine] || line_mode_i) passed_q <= '0;
    else if (goes) passed_q <= passed_q + 1'b1;
  end

  `NIC_ASSERT(GoesForWhoAsks, !goes || (asks[dut.winner] && vectors[dut.winner] == dut.vector && told[dut.winner]))
  `NIC_ASSERT(ToldIsOfThatVector, !told[mine] || vectors[mine] == dut.vector)
  `NIC_ASSERT(AllOfThatVectorHear, !goes || !asks[mine] || vectors[mine] != dut.vector || told[mine])
  `NIC_ASSERT(NotWhenMasked, !goes || !dut.mask[dut.vector])
  `NIC_ASSERT(NotInLineModeNorStopped, !goes || !(line_mode_i || stop_i))
  `NIC_ASSERT(AtOnceIfFree, !(can && !busy_o && !line_mode_i && !stop_i) || goes)
  `NIC_ASSERT(OneAtATime, !goes || !(busy_o || msix_valid_o))
  `NIC_ASSERT(MessageAsInTable, !msix_valid_o ||
              (msix_addr_o == addr_q && msix_data_o == data_q && msix_vector_o == 5'(vector_q)))
  `NIC_ASSERT(Holds, !waits_q || msix_valid_o)
  `NIC_ASSERT(SentIsOffered, !sent_q || (msix_valid_o && busy_o))
  `NIC_ASSERT(PassedOverByEachOnce, passed_q <= 3'd4)
  // What makes it inductive: in how many turns it comes.
  logic [2:0] ahead;
  assign ahead = mine >= dut.next_q ? mine - dut.next_q : mine + 3'd5 - dut.next_q;
  `NIC_ASSERT(NextExists, dut.next_q < 3'(Asking))
  `NIC_ASSERT(ValidIsBusy, !msix_valid_o || busy_o)
  `NIC_ASSERT(TurnComesNearer, 4'(passed_q) + 4'(ahead) <= 4'd4)

  `NIC_COVER(TwoRingsOneVector, goes && mine == 3'd3 && told[3] && told[0] && !told[1] && dut.next_q == 3'd4)
  `NIC_COVER(PassedOver, passed_q == 3'd2)
  `NIC_COVER(CauseIsTold, msix_cause_o && msix_valid_o && msix_addr_o == 64'hFEE0_0000)
endmodule
