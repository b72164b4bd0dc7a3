// SPDX-License-Identifier: Apache-2.0
// The state of one interrupt vector: what of its queue pair's completions software knows, and the mask.
//
// seen is how far software has read each completion ring, as IRQ_ARM said (or, with auto_mask 0, how far the ring
// was when the last MSI-X went). A ring's event bit is set in every clock in which its cq_head is beyond seen, and
// cleared only by what changes seen, whose new value is compared from the next clock on: there is no edge to miss,
// so a completion before, in or after the clock of IRQ_ARM is found alike. Indices are compared as signed 16-bit
// distances, since software may arm with a record that it saw in memory before the write was answered; the bit is
// sticky, since a ring can move by more than half the index range while no one arms.
//
// Where events meet in one clock: hand-over with auto_mask sets the mask even if IRQ_ARM or IRQ_MASK clears it (the
// order is "written, then sent"), so that after each such MSI-X the vector is masked until a later IRQ_ARM.

`include "nic_assert.svh"

module nic_irq_vector
  import nic_pkg::*;
  import nic_regs_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,

    // registers
    input  logic   arm_i,           // IRQ_ARM is written
    input  index_t tx_index_i,
    input  index_t rx_index_i,
    input  logic   write_mask_i,    // IRQ_MASK is written
    input  logic   masked_i,
    input  logic   auto_mask_i,
    output index_t tx_seen_o,
    output index_t rx_seen_o,
    output logic   tx_event_o,
    output logic   rx_event_o,
    output logic   masked_o,
    output logic   auto_mask_o,

    // completion rings of the queue pair
    input  index_t tx_head_i,
    input  index_t rx_head_i,
    input  logic   tx_active_i,
    input  logic   rx_active_i,
    output logic   tx_restart_o,    // begins anew at index 0
    output logic   rx_restart_o,

    input  logic sent_i             // its MSI-X is handed over in this clock
);

  logic tx_active_q, rx_active_q;
  logic told;    // without auto_mask: all there is now is what this MSI-X tells

  assign told         = sent_i && !auto_mask_o;
  assign tx_restart_o = tx_active_i && !tx_active_q;
  assign rx_restart_o = rx_active_i && !rx_active_q;

  always_ff @(posedge clk_i) begin
    if (arm_i || told) begin
      tx_event_o <= 1'b0;
      rx_event_o <= 1'b0;
    end else begin
      if (beyond(tx_head_i, tx_seen_o)) tx_event_o <= 1'b1;
      if (beyond(rx_head_i, rx_seen_o)) rx_event_o <= 1'b1;
    end

    if (told) begin
      tx_seen_o <= tx_head_i;
      rx_seen_o <= rx_head_i;
    end
    if (arm_i) begin
      tx_seen_o <= tx_index_i;
      rx_seen_o <= rx_index_i;
    end
    // A ring that starts counts from 0; what software saw of its former life says nothing.
    tx_active_q <= tx_active_i;
    rx_active_q <= rx_active_i;
    if (tx_restart_o) tx_seen_o <= '0;
    if (rx_restart_o) rx_seen_o <= '0;

    if (write_mask_i) begin
      masked_o    <= masked_i;
      auto_mask_o <= auto_mask_i;
    end
    if (arm_i) masked_o <= 1'b0;
    if (sent_i && auto_mask_o) masked_o <= 1'b1;

    if (!rst_ni) begin
      tx_seen_o   <= '0;
      rx_seen_o   <= '0;
      tx_active_q <= 1'b0;
      rx_active_q <= 1'b0;
      tx_event_o  <= 1'b0;
      rx_event_o  <= 1'b0;
      masked_o    <= QP_IRQ_MASK_DEFAULT[QP_IRQ_MASK_MASKED_LSB];
      auto_mask_o <= QP_IRQ_MASK_DEFAULT[QP_IRQ_MASK_AUTO_MASK_LSB];
    end
  end

  `NIC_ASSERT_IF(IrqSentWasPending, sent_i, ((tx_event_o || rx_event_o) && !masked_o))
  // What the datapath promises in nic_pkg::ring_sts_t.
  `NIC_ASSERT_IF(IrqTxStartsAtZero, tx_restart_o, tx_head_i == '0)
  `NIC_ASSERT_IF(IrqRxStartsAtZero, rx_restart_o, rx_head_i == '0)

endmodule
