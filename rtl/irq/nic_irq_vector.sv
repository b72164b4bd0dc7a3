// SPDX-License-Identifier: Apache-2.0
// One interrupt vector: IRQ_ARM, IRQ_MASK and IRQ_STATUS of a queue pair.
//
// seen is how far software has read each completion ring, as IRQ_ARM said (or, with auto_mask 0, how far the ring
// was when the last MSI-X went). The event bit is set while a ring's cq_head is beyond seen and stays until the
// next IRQ_ARM looks again: the heads of the very clock in which IRQ_ARM is written count, so that a completion
// comes either before the arm and is found by it, or after it and is found by the compare of the next clocks. Indices
// are compared as signed 16-bit distances, since software may arm with a record that it saw in memory before the
// write was answered; the bit is sticky, since a ring can move by more than half the index range while no one arms.
//
// Where events meet in one clock: hand-over with auto_mask sets the mask even if IRQ_ARM or IRQ_MASK clears it (the
// order is "written, then sent"), so that after each such MSI-X the vector is masked until a later IRQ_ARM.

`include "nic_assert.svh"

module nic_irq_vector
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter int unsigned Vector = 0
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    // rings of the queue pair
    input  ring_sts_t tx_sts_i,
    input  ring_sts_t rx_sts_i,

    input  logic sent_i,    // its MSI-X is handed over in this clock
    output logic pend_o     // an event is pending and the vector is not masked
);

  // A record before head is not among those before seen.
  function automatic logic beyond(index_t head, index_t seen);
    index_t distance;
    distance = head - seen;
    return !distance[15] && distance != '0;
  endfunction

  logic   event_q, masked_q, auto_mask_q;
  index_t tx_seen_q, rx_seen_q, tx_seen_d, rx_seen_d;
  logic   tx_active_q, rx_active_q;
  logic   newer;

  // ------------------------------------------------------------------ registers
  logic select, arm, write_mask;
  assign select     = req_i.valid && req_i.addr[15:12] == QP_BASE[15:12] && req_i.addr[11:8] == queue_t'(Vector);
  assign arm        = select && req_i.write && req_i.addr[7:0] == QP_IRQ_ARM_OFFSET[7:0];
  assign write_mask = select && req_i.write && req_i.addr[7:0] == QP_IRQ_MASK_OFFSET[7:0] && req_i.wstrb[0];

  always_ff @(posedge clk_i) begin
    rsp_o <= '0;
    if (select) begin
      case (req_i.addr[7:0])
        QP_IRQ_ARM_OFFSET[7:0]: rsp_o.hit <= 1'b1;
        QP_IRQ_MASK_OFFSET[7:0]: begin
          rsp_o.hit <= 1'b1;
          rsp_o.rdata[QP_IRQ_MASK_MASKED_LSB]    <= masked_q;
          rsp_o.rdata[QP_IRQ_MASK_AUTO_MASK_LSB] <= auto_mask_q;
        end
        QP_IRQ_STATUS_OFFSET[7:0]: begin
          rsp_o.hit <= 1'b1;
          rsp_o.rdata[QP_IRQ_STATUS_EVENT_LSB] <= event_q;
        end
        default: ;
      endcase
    end
  end

  // ------------------------------------------------------------------ event
  always_comb begin
    tx_seen_d = tx_seen_q;
    rx_seen_d = rx_seen_q;
    if (arm) begin
      {tx_seen_d, rx_seen_d} = apply_strb({tx_seen_q, rx_seen_q}, req_i.wdata, req_i.wstrb);
    end else if (sent_i && !auto_mask_q) begin
      tx_seen_d = tx_sts_i.cq_head;
      rx_seen_d = rx_sts_i.cq_head;
    end
    // A ring that starts counts from 0; what software saw of its former life says nothing.
    if (tx_sts_i.active && !tx_active_q) tx_seen_d = '0;
    if (rx_sts_i.active && !rx_active_q) rx_seen_d = '0;
  end

  assign newer  = beyond(tx_sts_i.cq_head, tx_seen_d) || beyond(rx_sts_i.cq_head, rx_seen_d);
  assign pend_o = event_q && !masked_q;

  always_ff @(posedge clk_i) begin
    tx_seen_q   <= tx_seen_d;
    rx_seen_q   <= rx_seen_d;
    tx_active_q <= tx_sts_i.active;
    rx_active_q <= rx_sts_i.active;
    event_q     <= newer || (event_q && !arm && !(sent_i && !auto_mask_q));

    if (write_mask) begin
      masked_q    <= req_i.wdata[QP_IRQ_MASK_MASKED_LSB];
      auto_mask_q <= req_i.wdata[QP_IRQ_MASK_AUTO_MASK_LSB];
    end
    if (arm) masked_q <= 1'b0;
    if (sent_i && auto_mask_q) masked_q <= 1'b1;

    if (!rst_ni) begin
      tx_seen_q   <= '0;
      rx_seen_q   <= '0;
      tx_active_q <= 1'b0;
      rx_active_q <= 1'b0;
      event_q     <= 1'b0;
      masked_q    <= QP_IRQ_MASK_DEFAULT[QP_IRQ_MASK_MASKED_LSB];
      auto_mask_q <= QP_IRQ_MASK_DEFAULT[QP_IRQ_MASK_AUTO_MASK_LSB];
    end
  end

  // No lost event: a record beyond seen in the clock before is an event now.
  `NIC_ASSERT(IrqEventNotLost, !$past(rst_ni) || event_q ||
              !(beyond($past(tx_sts_i.cq_head), tx_seen_q) || beyond($past(rx_sts_i.cq_head), rx_seen_q)))
  // Sent with auto_mask: masked until a later IRQ_ARM (or a write of IRQ_MASK).
  `NIC_ASSERT(IrqAutoMasked, !($past(rst_ni) && $past(sent_i && auto_mask_q)) || masked_q)
  `NIC_ASSERT(IrqSentWasPending, !sent_i || pend_o)
  // What the datapath promises in nic_pkg::ring_sts_t.
  `NIC_ASSERT(IrqTxStartsAtZero, !(tx_sts_i.active && !tx_active_q) || tx_sts_i.cq_head == '0)
  `NIC_ASSERT(IrqRxStartsAtZero, !(rx_sts_i.active && !rx_active_q) || rx_sts_i.cq_head == '0)
  `NIC_ASSERT(IrqTxHeadNeedsActive, tx_active_q || !$past(rst_ni) || tx_sts_i.cq_head == '0 ||
              tx_sts_i.cq_head == $past(tx_sts_i.cq_head))
  `NIC_ASSERT(IrqRxHeadNeedsActive, rx_active_q || !$past(rst_ni) || rx_sts_i.cq_head == '0 ||
              rx_sts_i.cq_head == $past(rx_sts_i.cq_head))

  // Of the rings' state only cq_head and active matter here.
  logic unused;
  assign unused = ^{tx_sts_i.head, tx_sts_i.error, tx_sts_i.error_code, rx_sts_i.head, rx_sts_i.error,
                    rx_sts_i.error_code};

endmodule
