// SPDX-License-Identifier: Apache-2.0
// MSI-X messages under way: handed over and not yet answered. One for each vector, so that an answer which does not come
// stops no other vector's messages; who asked for each, for an answer that is an error; and which of them a register read
// waits for.
//
// A read waits for a message only if software has hidden since what it tells of: masked the vector in the table, or
// masked, or given another vector, to a queue pair or the causes that name it, or chosen the level line. So nothing comes
// after a mask once any register was read, as a read completion pushes posted writes on PCIe, and reads do not wait for
// a message that nobody minds.
//
// A message is known by its ID on the bus (nic_pkg::message_id): with 16 queue pairs two vectors share one.

`include "nic_assert.svh"

module nic_irq_flight
  import nic_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1,
    localparam int unsigned VecWidth   = $clog2(Queues + 1)
) (
    input  logic clk_i,
    input  logic rst_ni,

    // handed over: by which vector, and a clock later the rest
    input  logic                grant_i,
    input  logic [VecWidth-1:0] vector_i,
    input  logic                sent_i,
    input  msix_by_t            by_i,
    input  vector_t             by_vector_i,

    // answered; by_o is whose message it was, in the same clock
    input  logic                done_i,
    input  queue_t              done_id_i,
    output msix_by_t            by_o,
    output logic                live_o,          // the ring that asked has not begun anew since

    // a ring begins anew: no answer concerns it that was asked for before
    input  logic                  tx_start_i,
    input  logic [QueueWidth-1:0] tx_start_queue_i,
    input  logic                  rx_start_i,
    input  logic [QueueWidth-1:0] rx_start_queue_i,

    // what software hides: the vectors of a queue pair, that of the causes, those that the table masks, all of them
    input  logic                hide_i,
    input  logic [VecWidth-1:0] hide_tx_vector_i,
    input  logic [VecWidth-1:0] hide_rx_vector_i,
    input  logic                hide_cause_i,
    input  logic [VecWidth-1:0] hide_cause_vector_i,
    input  logic [Queues:0]     mask_i,
    input  logic                line_mode_i,

    output logic [Queues:0]     busy_o,          // vectors
    output logic                hold_read_o      // begin no register read
);

  localparam int unsigned Vectors = Queues + 1;

  // The vectors that share this one's ID.
  function automatic logic [Vectors-1:0] of_id(queue_t id);
    for (int unsigned v = 0; v < Vectors; v++) of_id[v] = message_id(vector_t'(v)) == id;
  endfunction

  logic [Vectors-1:0] hidden_q;

  always_ff @(posedge clk_i) begin
    if (done_i) busy_o <= busy_o & ~of_id(done_id_i);
    if (grant_i) begin
      busy_o             <= (done_i ? busy_o & ~of_id(done_id_i) : busy_o) | of_id(message_id(vector_t'(vector_i)));
      hidden_q[vector_i] <= 1'b0;
    end
    if (hide_i) begin
      hidden_q[hide_tx_vector_i] <= 1'b1;
      hidden_q[hide_rx_vector_i] <= 1'b1;
    end
    if (hide_cause_i) hidden_q[hide_cause_vector_i] <= 1'b1;
    if (!rst_ni) begin
      busy_o   <= '0;
      hidden_q <= '0;
    end
  end

  assign hold_read_o = (busy_o & (hidden_q | mask_i | {Vectors{line_mode_i}})) != '0;

  // ------------------------------------------------------------------ who asked
  msix_by_t          by_q [MaxQueues];           // by ID
  logic [Queues-1:0] tx_asked_q, rx_asked_q;     // since they began

  always_ff @(posedge clk_i) begin
    if (sent_i) begin
      by_q[message_id(by_vector_i)] <= by_i;
      if (!by_i.none && by_i.tx) tx_asked_q[by_i.qp[QueueWidth-1:0]] <= 1'b1;
      if (!by_i.none && !by_i.tx) rx_asked_q[by_i.qp[QueueWidth-1:0]] <= 1'b1;
    end
    if (tx_start_i) tx_asked_q[tx_start_queue_i] <= 1'b0;
    if (rx_start_i) rx_asked_q[rx_start_queue_i] <= 1'b0;
  end

  always_comb begin
    by_o   = '0;
    live_o = 1'b0;
    if (done_i) begin
      by_o   = by_q[done_id_i];
      live_o = !by_o.none && (by_o.tx ? tx_asked_q[by_o.qp[QueueWidth-1:0]] : rx_asked_q[by_o.qp[QueueWidth-1:0]]);
    end
  end

  `NIC_ASSERT_IF(MsixDoneOnce, done_i, (busy_o & of_id(done_id_i)) != '0)
  `NIC_ASSERT_IF(MsixOneOfAVector, grant_i, !busy_o[vector_i])

endmodule
