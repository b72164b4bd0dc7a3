// SPDX-License-Identifier: Apache-2.0
// Interrupts: completions of the queue pairs and other causes, sent as MSI-X writes or as one level line
// (IRQ_CTRL.line_mode).
//
// Each queue pair has a mask; each of its two completion rings names the vector that tells of it (IRQ_VECTOR). A ring
// asks for a message when it holds a record beyond what software has read (nic_irq_events), moderation lets the event
// through (nic_irq_moderate) and its queue pair is not masked. A message tells of all rings that name its vector and are
// not masked, and masks their queue pairs (auto_mask). Rings and causes that ask take turns (nic_irq_msix).
//
// Order: ring_sts_t.cq_head advances only when the completion writes are answered; a message tells of no queue pair with
// records under way (cpl_out_i); and the write engine takes a message before any record that is offered later. So an
// MSI-X overtakes nothing that it announces. While a queue pair asks, nic_cpl makes no further records (cpl_hold_o).
//
// MSI-X hand-over: msix_valid_o with vector, address and data, held until msix_ready_i; then, later, msix_done_i with the
// message's ID for one clock when the write has been answered on B, with any response; done_by_o tells whose message it
// was. One message of a vector is under way at a time (nic_irq_flight). A mask (IRQ_MASK or the MSI-X
// table's) set before msix_valid_o rises withdraws the request and the event stays pending; one set later does not, and the
// MSI-X may still arrive, but not after a register was read since (hold_read_o).

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

    input  logic [Queues-1:0]     cpl_out_i,      // queue pairs with completion records under way
    output logic [Queues-1:0]     cpl_hold_o,     // begin no further ones

    // other causes
    input  logic                  link_i,
    input  logic                  error_i,        // one clock

    // reset
    input  logic                  soft_reset_i,   // hand nothing more over
    output logic                  busy_o,         // some message is handed over and not yet answered
    output logic                  hold_read_o,    // begin no register read

    // MSI-X to the DMA write engine: one 4-byte write
    output logic                  msix_valid_o,
    input  logic                  msix_ready_i,
    output vector_t               msix_vector_o,
    output logic [31:0]           msix_data_o,
    output logic [63:0]           msix_addr_o,
    input  logic                  msix_done_i,
    input  queue_t                msix_done_id_i,
    output msix_by_t              done_by_o,      // whose message it was
    output logic                  done_live_o,    // the ring has not begun anew since it asked for it

    // level line
    output logic                  irq_o
);

  localparam int unsigned VecWidth = $clog2(Queues + 1);
  typedef logic [VecWidth-1:0] vec_t;

  logic [Queues-1:0]     masked, auto_mask;
  vec_t                  tx_vector [Queues], rx_vector [Queues];
  logic                  line_mode, grant;
  logic [Queues-1:0]     tx_event, rx_event, tx_ready, rx_ready;
  logic [Queues-1:0]     tx_pend, rx_pend;            // event, ready and not masked
  logic                  cause_pending, cause_event, cause_sent, cause_hide;
  vec_t                  cause_vector, cause_hide_vector;
  logic                  sent;                        // a message is handed over in this clock; it tells of
  logic [Queues-1:0]     tx_sent, rx_sent;
  logic [QueueWidth-1:0] queue;                       // that software addresses
  logic                  seen, unmask, hide;
  index_t                tx_index, rx_index, tx_seen, rx_seen;
  vec_t                  hide_tx_vector, hide_rx_vector, grant_vector;
  logic [Queues:0]       table_mask, busy;            // vectors
  msix_by_t              msix_by;
  reg_rsp_t              own_rsp, msix_rsp, cause_rsp, tx_mod_rsp, rx_mod_rsp;

  assign tx_pend = tx_event & tx_ready & ~masked;
  assign rx_pend = rx_event & rx_ready & ~masked;
  assign rsp_o   = own_rsp | msix_rsp | cause_rsp | tx_mod_rsp | rx_mod_rsp;
  assign {busy_o, msix_addr_o} = {busy != '0, msix_by.addr};

  nic_irq_regs #(
      .Queues  (Queues),
      .ClockMhz(ClockMhz)
  ) u_regs (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o           (own_rsp),
      .event_i         (tx_event | rx_event),
      .pend_i          (tx_pend | rx_pend),
      .cause_pending_i (cause_pending),
      .queue_o         (queue),
      .seen_o          (seen),
      .tx_index_o      (tx_index),
      .rx_index_o      (rx_index),
      .tx_seen_i       (tx_seen),
      .rx_seen_i       (rx_seen),
      .unmask_o        (unmask),
      .hide_o          (hide),
      .hide_tx_vector_o(hide_tx_vector),
      .hide_rx_vector_o(hide_rx_vector),
      .sent_i          (tx_sent | rx_sent),
      .masked_o        (masked),
      .auto_mask_o     (auto_mask),
      .tx_vector_o     (tx_vector),
      .rx_vector_o     (rx_vector),
      .line_mode_o     (line_mode)
  );

  // ------------------------------------------------------------------ who asks
  nic_irq_events #(
      .Queues(Queues)
  ) u_tx_events (
      .clk_i,
      .rst_ni,
      .seen_i       (seen),
      .queue_i      (queue),
      .index_i      (tx_index),
      .told_i       (tx_sent & ~auto_mask),
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
      .index_i      (rx_index),
      .told_i       (rx_sent & ~auto_mask),
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
      .index_i      (tx_index),
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
      .index_i      (rx_index),
      .told_i       (rx_sent),
      .ready_o      (rx_ready)
  );

  nic_irq_cause #(
      .Queues(Queues)
  ) u_cause (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o        (cause_rsp),
      .link_i,
      .error_i,
      .pending_o    (cause_pending),
      .event_o      (cause_event),
      .vector_o     (cause_vector),
      .told_i       (cause_sent),
      .hide_o       (cause_hide),
      .hide_vector_o(cause_hide_vector)
  );

  always_ff @(posedge clk_i) begin
    irq_o <= rst_ni && line_mode && (tx_pend != '0 || rx_pend != '0 || cause_pending);
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
      .masked_i      (masked),
      .out_i         (cpl_out_i),
      .hold_o        (cpl_hold_o),
      .cause_i       (cause_event),
      .cause_vector_i(cause_vector),
      .line_mode_i   (line_mode),
      .stop_i        (soft_reset_i),
      .busy_i        (busy),
      .mask_o        (table_mask),
      .grant_o       (grant),
      .vector_o      (grant_vector),
      .sent_o        (sent),
      .tx_sent_o     (tx_sent),
      .rx_sent_o     (rx_sent),
      .cause_sent_o  (cause_sent),
      .msix_valid_o,
      .msix_ready_i,
      .msix_vector_o,
      .msix_data_o,
      .msix_by_o     (msix_by)
  );

  nic_irq_flight #(
      .Queues(Queues)
  ) u_flight (
      .clk_i,
      .rst_ni,
      .grant_i            (grant),
      .vector_i           (grant_vector),
      .sent_i             (sent),
      .by_i               (msix_by),
      .by_vector_i        (msix_vector_o),
      .done_i             (msix_done_i),
      .done_id_i          (msix_done_id_i),
      .by_o               (done_by_o),
      .live_o             (done_live_o),
      .tx_start_i,
      .tx_start_queue_i,
      .rx_start_i,
      .rx_start_queue_i,
      .hide_i             (hide),
      .hide_tx_vector_i   (hide_tx_vector),
      .hide_rx_vector_i   (hide_rx_vector),
      .hide_cause_i       (cause_hide),
      .hide_cause_vector_i(cause_hide_vector),
      .mask_i             (table_mask),
      .line_mode_i        (line_mode),
      .busy_o             (busy),
      .hold_read_o
  );

endmodule
