// SPDX-License-Identifier: Apache-2.0
// MSI-X messages: who asks for one, whose turn it is, the table, and the hand-over to the DMA write engine (nic_irq has
// its rules).
//
// A completion ring or the causes ask, unless the table masks their vector or a message of it is under way, or a record
// of the ring's queue pair is: the message would overtake that. Who asks is served in turn, in two clocks:
//   pick    the first from the last one on that asks
//   grant   if all that is still so: the message is offered from the next clock on, in which sent says which rings it
//           tells of: all that name its vector, are not masked and have no record under way
// While a queue pair asks, or would if its records were answered, nic_cpl makes no further ones (hold_o): so each comes
// to its turn.
// A queue pair whose records are not answered is thus left out, and delays nobody else's message: it asks for its own later.

`include "nic_assert.svh"

module nic_irq_msix
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1,
    localparam int unsigned VecWidth   = $clog2(Queues + 1)
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t             req_i,
    output reg_rsp_t             rsp_o,

    // who asks
    input  logic [Queues-1:0]    tx_pend_i,
    input  logic [Queues-1:0]    rx_pend_i,
    input  logic [VecWidth-1:0]  tx_vector_i [Queues],
    input  logic [VecWidth-1:0]  rx_vector_i [Queues],
    input  logic [Queues-1:0]    masked_i,         // queue pairs
    input  logic [Queues-1:0]    out_i,            // a record of theirs is under way
    output logic [Queues-1:0]    hold_o,           // begin no further one
    input  logic                 cause_i,
    input  logic [VecWidth-1:0]  cause_vector_i,
    input  logic                 line_mode_i,      // no messages
    input  logic                 stop_i,           // hand nothing more over

    // messages under way (nic_irq_flight)
    input  logic [Queues:0]      busy_i,
    output logic [Queues:0]      mask_o,           // vectors that the table masks
    output logic                 grant_o,
    output logic [VecWidth-1:0]  vector_o,

    // what is handed over: in the first clock of msix_valid_o
    output logic                 sent_o,
    output logic [Queues-1:0]    tx_sent_o,
    output logic [Queues-1:0]    rx_sent_o,
    output logic                 cause_sent_o,

    // to the DMA write engine
    output logic                 msix_valid_o,
    input  logic                 msix_ready_i,
    output vector_t              msix_vector_o,
    output logic [31:0]          msix_data_o,
    output msix_by_t             msix_by_o
);

  localparam int unsigned Asking   = 2 * Queues + 1;    // TX rings, RX rings, the causes
  localparam int unsigned AskWidth = $clog2(Asking);
  localparam int unsigned Vectors  = Queues + 1;
  typedef logic [AskWidth-1:0] ask_t;

  // ------------------------------------------------------------------ who asks, but for records under way
  logic [Vectors-1:0] open;                      // a message of the vector may go
  logic [Queues-1:0]  tx_want, rx_want;
  logic [Asking-1:0]  ask;

  assign open = ~(mask_o | busy_i);

  always_comb begin
    tx_want = '0;
    rx_want = '0;
    ask     = '0;
    if ((tx_pend_i != '0 || rx_pend_i != '0 || cause_i) && !line_mode_i) begin
      for (int unsigned q = 0; q < Queues; q++) begin
        tx_want[q] = tx_pend_i[q] && open[tx_vector_i[q]];
        rx_want[q] = rx_pend_i[q] && open[rx_vector_i[q]];
      end
      ask = {cause_i && open[cause_vector_i], rx_want & ~out_i, tx_want & ~out_i};
    end
  end

  always_ff @(posedge clk_i) begin
    hold_o <= rst_ni ? tx_want | rx_want : '0;
  end

  // ------------------------------------------------------------------ pick
  ask_t last_q, pick, pick_q;
  logic any, pick_valid_q;

  nic_rr_pick #(
      .Width   (Asking),
      .IdxWidth(AskWidth)
  ) u_pick (
      .req_i (ask),
      .last_i(last_q),
      .any_o (any),
      .pick_o(pick)
  );

  always_ff @(posedge clk_i) begin
    pick_valid_q <= any && rst_ni;
    if (any) pick_q <= pick;
  end

  // ------------------------------------------------------------------ grant
  logic                  is_cause, is_tx, asks, grant;
  logic [QueueWidth-1:0] queue;
  logic [VecWidth-1:0]   vector;
  logic [63:0]           table_addr;
  logic [31:0]           table_data;
  reg_rsp_t              table_rsp, pba_rsp_q;
  logic [Queues-1:0]     tx_tells, rx_tells;

  always_comb begin
    is_cause = 1'b0;
    is_tx    = 1'b0;
    queue    = '0;
    vector   = '0;
    asks     = 1'b0;
    grant    = 1'b0;
    if (pick_valid_q) begin
      is_cause = pick_q == ask_t'(Asking - 1);
      is_tx    = 32'(pick_q) < Queues;
      queue    = QueueWidth'(is_tx ? pick_q : pick_q - ask_t'(Queues));
      if (is_cause) begin
        queue  = '0;
        vector = cause_vector_i;
        asks   = cause_i;
      end else begin
        vector = is_tx ? tx_vector_i[queue] : rx_vector_i[queue];
        asks   = (is_tx ? tx_pend_i[queue] : rx_pend_i[queue]) && !out_i[queue];
      end
      grant = asks && open[vector] && !line_mode_i && !stop_i && !msix_valid_o;
    end
  end

  assign grant_o  = grant;
  assign vector_o = vector;

  always_comb begin
    tx_tells = '0;
    rx_tells = '0;
    if (grant) begin
      for (int unsigned q = 0; q < Queues; q++) begin
        tx_tells[q] = tx_vector_i[q] == vector && !masked_i[q] && !out_i[q];
        rx_tells[q] = rx_vector_i[q] == vector && !masked_i[q] && !out_i[q];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    sent_o <= grant;
    if (grant || sent_o) begin
      tx_sent_o    <= tx_tells;
      rx_sent_o    <= rx_tells;
      cause_sent_o <= grant && cause_vector_i == vector;
    end
    // What would go, whether it may or not: it counts with msix_valid_o.
    if (pick_valid_q && !msix_valid_o) begin
      msix_vector_o <= vector_t'(vector);
      msix_data_o   <= table_data;
      msix_by_o     <= '{none: is_cause, tx: is_tx, qp: queue_t'(queue), addr: table_addr};
    end
    if (grant) last_q <= pick_q;
    if (msix_ready_i) msix_valid_o <= 1'b0;
    if (grant) msix_valid_o <= 1'b1;
    if (!rst_ni) begin
      msix_valid_o <= 1'b0;
      sent_o       <= 1'b0;
      tx_sent_o    <= '0;
      rx_sent_o    <= '0;
      cause_sent_o <= 1'b0;
      last_q       <= '0;
    end
  end

  nic_msix_table #(
      .Vectors(Vectors)
  ) u_table (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o   (table_rsp),
      .mask_o,
      .vector_i(vector),
      .addr_o  (table_addr),
      .data_o  (table_data)
  );

  // ------------------------------------------------------------------ the pending bit array
  // Vectors with something to tell that the table masks.
  logic [Vectors-1:0] waiting;
  logic               is_pba_q, is_pba_hi_q;       // the register that is asked for

  always_comb begin
    waiting = '0;
    if (req_i.valid && is_pba_q && !line_mode_i) begin
      for (int unsigned q = 0; q < Queues; q++) begin
        if (tx_pend_i[q]) waiting[tx_vector_i[q]] = 1'b1;
        if (rx_pend_i[q]) waiting[rx_vector_i[q]] = 1'b1;
      end
      if (cause_i) waiting[cause_vector_i] = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      is_pba_q    <= req_i.addr == MSIX_PBA_OFFSET;
      is_pba_hi_q <= req_i.addr == MSIX_PBA_HI_OFFSET;
    end
    if (req_i.valid) begin
      pba_rsp_q <= '0;
      if (is_pba_q) pba_rsp_q <= '{hit: 1'b1, rdata: 32'(waiting & mask_o)};
      if (is_pba_hi_q) pba_rsp_q.hit <= 1'b1;
    end
  end

  assign rsp_o = table_rsp | pba_rsp_q;

  // A request holds until it is taken: the next one never comes while it waits.
  `NIC_ASSERT_IF(MsixHolds, grant, !msix_valid_o)
  `NIC_ASSERT_IF(MsixMaskedNotSent, grant, !mask_o[vector] && ((tx_tells | rx_tells) & masked_i) == '0)
  `NIC_ASSERT_IF(MsixOvertakesNone, grant, ((tx_tells | rx_tells) & out_i) == '0)
  `NIC_ASSERT_IF(MsixTellsWhoAsked, grant, is_cause || (is_tx ? tx_tells[queue] : rx_tells[queue]))

endmodule
