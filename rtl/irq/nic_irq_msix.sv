// SPDX-License-Identifier: Apache-2.0
// MSI-X messages: who asks for one, whose turn it is, the table, and the hand-over to the DMA write engine (nic_irq has
// its rules).
//
// A completion ring or the causes ask; the vector that they name is told unless the table masks it. Who asks is served
// in turn, one message at a time, in the clock in which it asks if none is under way. sent says in that clock which
// rings the message tells of: all that name its vector and are not masked.

`include "nic_assert.svh"

module nic_irq_msix
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter int unsigned Queues = 4
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t           req_i,
    output reg_rsp_t           rsp_o,

    // who asks
    input  logic [Queues-1:0]  tx_pend_i,
    input  logic [Queues-1:0]  rx_pend_i,
    input  vector_t            tx_vector_i [Queues],   // as written
    input  vector_t            rx_vector_i [Queues],
    input  logic [Queues-1:0]  masked_i,         // queue pairs
    input  logic               cause_i,
    input  vector_t            cause_vector_i,
    input  logic               line_mode_i,      // no messages
    input  logic               stop_i,           // hand nothing more over

    // what is handed over in this clock
    output logic [Queues-1:0]  tx_sent_o,
    output logic [Queues-1:0]  rx_sent_o,
    output logic               cause_sent_o,
    output logic               busy_o,           // handed over, not yet answered

    // to the DMA write engine
    output logic               msix_valid_o,
    input  logic               msix_ready_i,
    output logic [63:0]        msix_addr_o,
    output logic [31:0]        msix_data_o,
    output vector_t            msix_vector_o,
    output logic               msix_cause_o,
    output logic               msix_tx_o,
    output queue_t             msix_queue_o,
    input  logic               msix_done_i
);

  localparam int unsigned Asking = 2 * Queues + 1;    // TX 0, RX 0, TX 1, ... and the causes
  localparam int unsigned Vectors = Queues + 1;
  typedef logic [$clog2(Asking)-1:0]  ask_t;
  typedef logic [$clog2(Vectors)-1:0] index_v_t;

  // A vector that does not exist acts as 0.
  function automatic index_v_t exists(vector_t written);
    return 32'(written) < Vectors ? index_v_t'(written) : '0;
  endfunction

  ask_t               next_q;             // who is asked first
  ask_t               winner;
  logic [Asking-1:0]  want;
  logic               grant;
  index_v_t           vector;             // of the message that is handed over in this clock
  logic [63:0]        table_addr;
  logic [31:0]        table_data;
  logic [Vectors-1:0] mask;               // vectors that the table masks
  reg_rsp_t           table_rsp, pba_rsp_q;

  nic_msix_table #(
      .Vectors(Vectors)
  ) u_table (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o   (table_rsp),
      .mask_o  (mask),
      .vector_i(vector),
      .addr_o  (table_addr),
      .data_o  (table_data)
  );

  // The pending bit array: vectors with something to tell that the table masks.
  logic [Vectors-1:0] waiting;

  always_comb begin
    waiting = '0;
    if (req_i.valid && !line_mode_i) begin
      for (int unsigned q = 0; q < Queues; q++) begin
        if (tx_pend_i[q]) waiting[exists(tx_vector_i[q])] = 1'b1;
        if (rx_pend_i[q]) waiting[exists(rx_vector_i[q])] = 1'b1;
      end
      if (cause_i) waiting[exists(cause_vector_i)] = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      pba_rsp_q <= '0;
      if (req_i.addr == MSIX_PBA_OFFSET) pba_rsp_q <= '{hit: 1'b1, rdata: 32'(waiting & mask)};
      if (req_i.addr == MSIX_PBA_HI_OFFSET) pba_rsp_q.hit <= 1'b1;
    end
  end

  assign rsp_o = table_rsp | pba_rsp_q;

  // The first from next_q on that wants; else the first of all.
  always_comb begin
    want   = '0;
    winner = '0;
    vector = '0;
    if ((tx_pend_i != '0 || rx_pend_i != '0 || cause_i) && !line_mode_i && !busy_o && !stop_i) begin
      for (int unsigned q = 0; q < Queues; q++) begin
        want[2*q]   = tx_pend_i[q] && !mask[exists(tx_vector_i[q])];
        want[2*q+1] = rx_pend_i[q] && !mask[exists(rx_vector_i[q])];
      end
      want[Asking-1] = cause_i && !mask[exists(cause_vector_i)];
      for (int a = Asking - 1; a >= 0; a--) if (want[a]) winner = ask_t'(a);
      for (int a = Asking - 1; a >= 0; a--) if (want[a] && ask_t'(a) >= next_q) winner = ask_t'(a);
      vector = exists(cause_vector_i);
      for (int unsigned q = 0; q < Queues; q++) begin
        if (winner == ask_t'(2 * q)) vector = exists(tx_vector_i[q]);
        if (winner == ask_t'(2 * q + 1)) vector = exists(rx_vector_i[q]);
      end
    end
  end

  assign grant        = want != '0;
  assign cause_sent_o = grant && vector == exists(cause_vector_i);

  always_comb begin
    tx_sent_o = '0;
    rx_sent_o = '0;
    if (grant) begin
      for (int unsigned q = 0; q < Queues; q++) begin
        tx_sent_o[q] = exists(tx_vector_i[q]) == vector && !masked_i[q];
        rx_sent_o[q] = exists(rx_vector_i[q]) == vector && !masked_i[q];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (grant) begin
      msix_addr_o   <= table_addr;
      msix_data_o   <= table_data;
      msix_vector_o <= vector_t'(vector);
      msix_cause_o  <= winner == ask_t'(Asking - 1);
      msix_tx_o     <= !winner[0];
      msix_queue_o  <= winner == ask_t'(Asking - 1) ? '0 : queue_t'(32'(winner) >> 1);
      next_q        <= winner == ask_t'(Asking - 1) ? '0 : winner + 1'b1;
    end
    if (msix_ready_i) msix_valid_o <= 1'b0;
    if (msix_done_i) busy_o <= 1'b0;
    if (grant) begin
      msix_valid_o <= 1'b1;
      busy_o       <= 1'b1;
    end
    if (!rst_ni) begin
      msix_valid_o <= 1'b0;
      busy_o       <= 1'b0;
      next_q       <= '0;
    end
  end

  // A request holds until it is taken: the next one never comes while it waits.
  `NIC_ASSERT_IF(MsixHolds, grant, !msix_valid_o && !busy_o)
  `NIC_ASSERT_IF(MsixDoneOnce, msix_done_i, (busy_o && (!msix_valid_o || msix_ready_i)))
  `NIC_ASSERT_IF(MsixMaskedNotSent, grant, !mask[vector] && ((tx_sent_o | rx_sent_o) & masked_i) == '0)

endmodule
