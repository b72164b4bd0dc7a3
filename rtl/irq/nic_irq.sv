// SPDX-License-Identifier: Apache-2.0
// Interrupts: completions of the queue pairs and other causes, sent as MSI-X writes or as one level line
// (IRQ_CTRL.line_mode).
//
// Each queue pair has a mask; each of its two completion rings names the vector that tells of it (IRQ_VECTOR). A ring
// asks for a message when it holds a record beyond what software has read (nic_irq_events), moderation lets the event
// through (nic_irq_moderate) and its queue pair is not masked. A message tells of all rings that name its vector and are
// not masked, and masks their queue pairs (auto_mask). Since ring_sts_t.cq_head advances only when the completion
// writes are answered, an MSI-X never overtakes what it announces. Rings and causes that ask take turns.
//
// MSI-X hand-over: msix_valid_o with address, data and the ring that asked, held until msix_ready_i; then msix_done_i
// for one clock when the write has been answered on B (with any response; the same clock as msix_ready_i or later). One
// request at a time. A mask (IRQ_MASK or the MSI-X table's) set before msix_valid_o rises withdraws the request and
// the event stays pending; one set later does not, and the MSI-X may still arrive; a read of any register waits
// for it (busy_o), so that nothing comes after a mask that was read back.

`include "nic_assert.svh"

module nic_irq
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    parameter  int unsigned ClockMhz   = 250,
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,                          // the core's reset (nic_csr.core_rst_no)

    // register bus
    input  reg_req_t              req_i,
    output reg_rsp_t              rsp_o,

    // rings: their state, which of them are halted, which one advances or starts (nic_irq_events)
    input  ring_sts_t             tx_sts_i [Queues],
    input  ring_sts_t             rx_sts_i [Queues],
    input  logic [Queues-1:0]     tx_error_i,
    input  logic [Queues-1:0]     rx_error_i,
    input  logic                  tx_cq_valid_i,
    input  logic                  rx_cq_valid_i,
    input  logic [QueueWidth-1:0] cq_queue_i,
    input  logic                  tx_start_i,
    input  logic [QueueWidth-1:0] tx_start_queue_i,
    input  logic                  rx_start_i,
    input  logic [QueueWidth-1:0] rx_start_queue_i,

    // other causes
    input  logic                  link_i,
    input  logic                  error_i,        // one clock

    // reset
    input  logic                  soft_reset_i,   // hand nothing more over
    output logic                  busy_o,         // handed over, not yet answered

    // MSI-X to the DMA write engine: one 4-byte write
    output logic                  msix_valid_o,
    input  logic                  msix_ready_i,
    output logic [63:0]           msix_addr_o,
    output logic [31:0]           msix_data_o,
    output vector_t               msix_vector_o,
    output logic                  msix_cause_o,   // it was asked for by a cause, not by a ring
    output logic                  msix_tx_o,      // the ring: TX, else RX, of
    output queue_t                msix_queue_o,
    input  logic                  msix_done_i,

    // level line
    output logic                  irq_o
);

  // ------------------------------------------------------------------ state of the queue pairs
  logic [Queues-1:0] masked_q, auto_mask_q;
  vector_t           tx_vector [Queues], rx_vector [Queues];
  logic              line_mode_q;
  logic [Queues-1:0] tx_event, rx_event, tx_ready, rx_ready;
  logic [Queues-1:0] tx_pend, rx_pend;                // event, ready and not masked
  logic              cause_pending, cause_event;
  logic              cause_sent;
  vector_t           cause_vector;
  logic [Queues-1:0] tx_sent, rx_sent;                // a message that tells of them is handed over in this clock

  assign tx_pend = tx_event & tx_ready & ~masked_q;
  assign rx_pend = rx_event & rx_ready & ~masked_q;

  // ------------------------------------------------------------------ registers
  logic                  is_pair;                     // an address in the block of a queue pair
  logic [QueueWidth-1:0] queue;
  logic                  arm, seen, write_mask, unmask, write_vector;
  index_t                tx_seen, rx_seen;            // of that queue pair
  logic [31:0]           indices;
  reg_rsp_t              own_rsp_q, msix_rsp, cause_rsp, tx_mod_rsp, rx_mod_rsp;

  assign queue = req_i.addr[8+:QueueWidth];

  always_comb begin
    is_pair      = 1'b0;
    arm          = 1'b0;
    seen         = 1'b0;
    write_mask   = 1'b0;
    unmask       = 1'b0;
    write_vector = 1'b0;
    indices      = '0;
    if (req_i.valid) begin
      is_pair = req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues;
      if (is_pair && req_i.write) begin
        arm          = req_i.addr[7:0] == QP_IRQ_ARM_OFFSET[7:0];
        seen         = req_i.addr[7:0] == QP_IRQ_SEEN_OFFSET[7:0] || arm;
        write_mask   = req_i.addr[7:0] == QP_IRQ_MASK_OFFSET[7:0] && req_i.wstrb[0];
        unmask       = write_mask && masked_q[queue] && !req_i.wdata[QP_IRQ_MASK_MASKED_LSB];
        write_vector = req_i.addr[7:0] == QP_IRQ_VECTOR_OFFSET[7:0];
      end
      indices = apply_strb({tx_seen, rx_seen}, req_i.wdata, req_i.wstrb);
    end
  end

  always_ff @(posedge clk_i) begin
    if (write_mask) begin
      masked_q[queue]    <= req_i.wdata[QP_IRQ_MASK_MASKED_LSB];
      auto_mask_q[queue] <= req_i.wdata[QP_IRQ_MASK_AUTO_MASK_LSB];
    end
    if (arm) masked_q[queue] <= 1'b0;
    if (write_vector && req_i.wstrb[0]) rx_vector[queue] <= req_i.wdata[QP_IRQ_VECTOR_RX_VECTOR_LSB+:5];
    if (write_vector && req_i.wstrb[1]) tx_vector[queue] <= req_i.wdata[QP_IRQ_VECTOR_TX_VECTOR_LSB+:5];
    if (req_i.valid && req_i.write && req_i.addr == IRQ_CTRL_OFFSET && req_i.wstrb[0]) begin
      line_mode_q <= req_i.wdata[IRQ_CTRL_LINE_MODE_LSB];
    end
    // "Written, then sent": after each such message the queue pair is masked until a later IRQ_ARM.
    for (int unsigned q = 0; q < Queues; q++) if ((tx_sent[q] || rx_sent[q]) && auto_mask_q[q]) masked_q[q] <= 1'b1;
    if (!rst_ni) begin
      masked_q    <= {Queues{QP_IRQ_MASK_DEFAULT[QP_IRQ_MASK_MASKED_LSB]}};
      auto_mask_q <= {Queues{QP_IRQ_MASK_DEFAULT[QP_IRQ_MASK_AUTO_MASK_LSB]}};
      line_mode_q <= IRQ_CTRL_DEFAULT[IRQ_CTRL_LINE_MODE_LSB];
      for (int unsigned q = 0; q < Queues; q++) begin
        tx_vector[q] <= vector_t'(q);
        rx_vector[q] <= vector_t'(q);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      own_rsp_q     <= '0;
      own_rsp_q.hit <= 1'b1;
      if (is_pair) begin
        case (req_i.addr[7:0])
          QP_IRQ_ARM_OFFSET[7:0], QP_IRQ_SEEN_OFFSET[7:0]: ;
          QP_IRQ_MASK_OFFSET[7:0]: begin
            own_rsp_q.rdata[QP_IRQ_MASK_MASKED_LSB]    <= masked_q[queue];
            own_rsp_q.rdata[QP_IRQ_MASK_AUTO_MASK_LSB] <= auto_mask_q[queue];
          end
          QP_IRQ_STATUS_OFFSET[7:0]: own_rsp_q.rdata[QP_IRQ_STATUS_EVENT_LSB] <= tx_event[queue] || rx_event[queue];
          QP_IRQ_VECTOR_OFFSET[7:0]: begin
            own_rsp_q.rdata[QP_IRQ_VECTOR_RX_VECTOR_LSB+:5] <= rx_vector[queue];
            own_rsp_q.rdata[QP_IRQ_VECTOR_TX_VECTOR_LSB+:5] <= tx_vector[queue];
          end
          default: own_rsp_q.hit <= 1'b0;
        endcase
      end else begin
        case (req_i.addr)
          IRQ_CTRL_OFFSET: own_rsp_q.rdata[IRQ_CTRL_LINE_MODE_LSB] <= line_mode_q;
          IRQ_PENDING_OFFSET: begin
            own_rsp_q.rdata[Queues-1:0]             <= tx_pend | rx_pend;
            own_rsp_q.rdata[IRQ_PENDING_CAUSE_LSB] <= cause_pending;
          end
          CLOCK_OFFSET:       own_rsp_q.rdata[CLOCK_MHZ_LSB+:CLOCK_MHZ_WIDTH] <= CLOCK_MHZ_WIDTH'(ClockMhz);
          default:            own_rsp_q.hit <= 1'b0;
        endcase
      end
    end
  end

  assign rsp_o = own_rsp_q | msix_rsp | cause_rsp | tx_mod_rsp | rx_mod_rsp;

  // ------------------------------------------------------------------ who asks
  nic_irq_events #(
      .Queues(Queues)
  ) u_tx_events (
      .clk_i,
      .rst_ni,
      .seen_i       (seen),
      .queue_i      (queue),
      .index_i      (indices[QP_IRQ_ARM_TX_INDEX_LSB+:QP_IRQ_ARM_TX_INDEX_WIDTH]),
      .told_i       (tx_sent & ~auto_mask_q),
      .seen_o       (tx_seen),
      .sts_i        (tx_sts_i),
      .cq_valid_i   (tx_cq_valid_i),
      .cq_queue_i,
      .start_i      (tx_start_i),
      .start_queue_i(tx_start_queue_i),
      .event_o      (tx_event)
  );

  nic_irq_events #(
      .Queues(Queues)
  ) u_rx_events (
      .clk_i,
      .rst_ni,
      .seen_i       (seen),
      .queue_i      (queue),
      .index_i      (indices[QP_IRQ_ARM_RX_INDEX_LSB+:QP_IRQ_ARM_RX_INDEX_WIDTH]),
      .told_i       (rx_sent & ~auto_mask_q),
      .seen_o       (rx_seen),
      .sts_i        (rx_sts_i),
      .cq_valid_i   (rx_cq_valid_i),
      .cq_queue_i,
      .start_i      (rx_start_i),
      .start_queue_i(rx_start_queue_i),
      .event_o      (rx_event)
  );

  nic_irq_moderate #(
      .Queues  (Queues),
      .ClockMhz(ClockMhz),
      .Offset  (QP_IRQ_TX_MOD_OFFSET[7:0])
  ) u_tx_moderate (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o        (tx_mod_rsp),
      .sts_i        (tx_sts_i),
      .cq_valid_i   (tx_cq_valid_i),
      .cq_queue_i,
      .start_i      (tx_start_i),
      .start_queue_i(tx_start_queue_i),
      .error_i      (tx_error_i),
      .event_i      (tx_event),
      .seen_i       (seen),
      .unmask_i     (unmask),
      .queue_i      (queue),
      .index_i      (indices[QP_IRQ_ARM_TX_INDEX_LSB+:QP_IRQ_ARM_TX_INDEX_WIDTH]),
      .told_i       (tx_sent),
      .ready_o      (tx_ready)
  );

  nic_irq_moderate #(
      .Queues  (Queues),
      .ClockMhz(ClockMhz),
      .Offset  (QP_IRQ_RX_MOD_OFFSET[7:0])
  ) u_rx_moderate (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o        (rx_mod_rsp),
      .sts_i        (rx_sts_i),
      .cq_valid_i   (rx_cq_valid_i),
      .cq_queue_i,
      .start_i      (rx_start_i),
      .start_queue_i(rx_start_queue_i),
      .error_i      (rx_error_i),
      .event_i      (rx_event),
      .seen_i       (seen),
      .unmask_i     (unmask),
      .queue_i      (queue),
      .index_i      (indices[QP_IRQ_ARM_RX_INDEX_LSB+:QP_IRQ_ARM_RX_INDEX_WIDTH]),
      .told_i       (rx_sent),
      .ready_o      (rx_ready)
  );

  nic_irq_cause #(
      .Queues(Queues)
  ) u_cause (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o    (cause_rsp),
      .link_i,
      .error_i,
      .pending_o(cause_pending),
      .event_o  (cause_event),
      .vector_o (cause_vector),
      .told_i   (cause_sent)
  );

  always_ff @(posedge clk_i) begin
    irq_o <= rst_ni && line_mode_q && (tx_pend != '0 || rx_pend != '0 || cause_pending);
  end

  // ------------------------------------------------------------------ MSI-X
  nic_irq_msix #(
      .Queues(Queues)
  ) u_msix (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o         (msix_rsp),
      .tx_pend_i     (tx_pend),
      .rx_pend_i     (rx_pend),
      .tx_vector_i   (tx_vector),
      .rx_vector_i   (rx_vector),
      .masked_i      (masked_q),
      .cause_i       (cause_event),
      .cause_vector_i(cause_vector),
      .line_mode_i   (line_mode_q),
      .stop_i        (soft_reset_i),
      .busy_o,
      .tx_sent_o     (tx_sent),
      .rx_sent_o     (rx_sent),
      .cause_sent_o  (cause_sent),
      .msix_valid_o,
      .msix_ready_i,
      .msix_addr_o,
      .msix_data_o,
      .msix_vector_o,
      .msix_cause_o,
      .msix_tx_o,
      .msix_queue_o,
      .msix_done_i
  );

endmodule
