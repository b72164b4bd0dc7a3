// SPDX-License-Identifier: Apache-2.0
// nic_irq_vector: no event is lost. Whatever meets in one clock, a record that software has not been told of makes the
// event pending in the next clock, and it stays until software arms or an MSI-X tells it; the mask is what was written
// last, and set by each MSI-X with auto_mask.

`include "nic_assert.svh"

module irq_vector_proof
  import nic_pkg::*;
(
    input logic   clk_i,
    input logic   arm_i,
    input index_t tx_index_i,
    input index_t rx_index_i,
    input logic   write_mask_i,
    input logic   masked_i,
    input logic   auto_mask_i,
    input index_t tx_head_i,
    input index_t rx_head_i,
    input logic   tx_active_i,
    input logic   rx_active_i,
    input logic   sent_i
);
  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  index_t tx_seen_o, rx_seen_o;
  logic   event_o, tx_event_o, rx_event_o, tx_restart_o, rx_restart_o, masked_o, auto_mask_o;
  assign event_o = tx_event_o || rx_event_o;
  nic_irq_vector dut (.*);

  // Surroundings: an MSI-X goes only for a pending event that is not masked; a ring that starts begins at 0.
  logic tx_active_q, rx_active_q;
  always_ff @(posedge clk_i) begin
    tx_active_q <= rst_ni && tx_active_i;
    rx_active_q <= rst_ni && rx_active_i;
  end
  `NIC_ASSUME(SentWasPending, !sent_i || (event_o && !masked_o))
  `NIC_ASSUME(TxStartsAtZero, !(tx_active_i && !tx_active_q) || tx_head_i == '0)
  `NIC_ASSUME(RxStartsAtZero, !(rx_active_i && !rx_active_q) || rx_head_i == '0)

  // What software knows, told apart: the record that it has not seen is at index `known`.
  index_t tx_known_q, rx_known_q;
  logic   due_q;        // there has been a record beyond it since
  logic   told, tx_new, rx_new;
  assign told   = sent_i && !auto_mask_o;
  assign tx_new = tx_head_i != tx_known_q && 16'(tx_head_i - tx_known_q) < 16'h8000;
  assign rx_new = rx_head_i != rx_known_q && 16'(rx_head_i - rx_known_q) < 16'h8000;
  logic masked_was_q, arm_q, arm_2q, write_q, to_q, hidden_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tx_known_q <= '0;
      rx_known_q <= '0;
      due_q      <= 1'b0;
    end else begin
      if (tx_active_i && !tx_active_q) tx_known_q <= '0;
      else if (arm_i)                  tx_known_q <= tx_index_i;
      else if (told)                   tx_known_q <= tx_head_i;
      if (rx_active_i && !rx_active_q) rx_known_q <= '0;
      else if (arm_i)                  rx_known_q <= rx_index_i;
      else if (told)                   rx_known_q <= rx_head_i;
      due_q <= !arm_i && !told && (due_q || tx_new || rx_new);
    end
    masked_was_q <= masked_o;
    arm_q        <= rst_ni && arm_i;
    arm_2q       <= arm_q;
    write_q      <= rst_ni && write_mask_i;
    to_q         <= masked_i;
    hidden_q     <= rst_ni && sent_i && auto_mask_o;
  end

  logic started_q;
  always_ff @(posedge clk_i) started_q <= rst_ni;

  `NIC_ASSERT(NoEventLost, !due_q || event_o)
  `NIC_ASSERT(NoEventInvented, due_q || !event_o)
  `NIC_ASSERT(MaskedAfterMsix, !hidden_q || masked_o)
  `NIC_ASSERT(ArmUnmasks, !arm_q || hidden_q || !masked_o)
  `NIC_ASSERT(MaskAsWritten, !write_q || arm_q || hidden_q || masked_o == to_q)
  `NIC_ASSERT(MaskStays, !started_q || write_q || arm_q || hidden_q || masked_o == masked_was_q)
  // What makes it inductive.
  `NIC_ASSERT(SeenIsKnown, tx_seen_o == tx_known_q && rx_seen_o == rx_known_q)
  `NIC_ASSERT(ActiveAgrees, dut.tx_active_q == tx_active_q && dut.rx_active_q == rx_active_q)

  `NIC_COVER(ArmMeetsRecord, arm_2q && due_q && tx_head_i == 16'd3 && rx_head_i == '0)
  `NIC_COVER(SentMeetsArm, arm_q && hidden_q && masked_o)
  `NIC_COVER(ToldAndNewEvent, event_o && !auto_mask_o && tx_known_q == 16'd2)
endmodule
