// SPDX-License-Identifier: Apache-2.0
// The completion rings of both directions: where each is, and whether a burst of it is outstanding.
//
// take_i: a burst of ring {take_tx_i, before_i} is chosen; the ring is out until b_valid_i, its answer. done_i, before that: the
// ring has moved on to next_i. As a ring has one burst outstanding, its next record and the frames reported so far are
// what is told when it is answered. A ring is dead once a record could not be written, and silent when it is dead or the
// record of its error is made (tell_i); both until it starts anew.

`include "nic_assert.svh"

module nic_cpl_rings
  import nic_pkg::*;
#(
    parameter int unsigned Queues  = 4,
    localparam int unsigned QWidth = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic              tx_start_i,
    input  logic [QWidth-1:0] tx_start_queue_i,
    input  logic              rx_start_i,
    input  logic [QWidth-1:0] rx_start_queue_i,

    // the rings looked at
    input  logic [QWidth-1:0] scan_i,
    output logic              tx_out_o,
    output logic              rx_out_o,
    output logic              tx_silent_o,
    output logic              rx_silent_o,
    output index_t            tx_next_o,      // record to write
    output index_t            rx_next_o,

    // the ones looked at before
    input  logic [QWidth-1:0] before_i,
    input  logic              take_i,
    input  logic              take_tx_i,
    input  logic              tell_i,
    output logic              dead_o,         // with take_i: this ring, which is not out then
    output frame_cnt_t        frames_o,

    // the burst is made
    input  logic              done_i,
    input  logic [QWidth:0]   done_ring_i,    // {TX, queue}
    input  index_t            next_i,
    input  frame_cnt_t        frames_i,

    // answers
    input  logic              b_valid_i,
    input  logic              b_tx_i,
    input  logic [QWidth-1:0] b_queue_i,
    input  logic              b_err_i,
    output logic              tx_cq_valid_o,  // a record was written
    output logic              rx_cq_valid_o,
    output logic [QWidth-1:0] cq_queue_o,
    output index_t            cq_head_o,
    output frame_cnt_t        cq_frames_o,

    output logic [Queues-1:0] out_o           // queue pairs of which a ring is out
);

  localparam int unsigned Slots = 1 << QWidth;
  typedef logic [QWidth:0] ring_t;

  typedef struct packed {
    index_t     next;                   // record to write
    frame_cnt_t frames;                 // that the records before it report
  } cq_t;

  cq_t                  cq_q [2 * Slots];
  logic [2 * Slots-1:0] out_q, dead_q, silent_q;
  ring_t                take_ring, b_ring;

  assign take_ring   = {take_tx_i, before_i};
  assign b_ring      = {b_tx_i, b_queue_i};
  assign tx_out_o    = out_q[{1'b1, scan_i}];
  assign rx_out_o    = out_q[{1'b0, scan_i}];
  assign tx_silent_o = silent_q[{1'b1, scan_i}];
  assign rx_silent_o = silent_q[{1'b0, scan_i}];
  assign tx_next_o   = cq_q[{1'b1, scan_i}].next;
  assign rx_next_o   = cq_q[{1'b0, scan_i}].next;
  assign out_o       = out_q[0+:Queues] | out_q[Slots+:Queues];

  always_comb begin
    dead_o   = 1'b0;
    frames_o = '0;
    if (take_i) begin
      dead_o   = dead_q[take_ring];
      frames_o = cq_q[take_ring].frames;
    end
  end

  assign tx_cq_valid_o = b_valid_i && !b_err_i && b_tx_i;
  assign rx_cq_valid_o = b_valid_i && !b_err_i && !b_tx_i;
  assign cq_queue_o    = b_queue_i;

  always_comb begin
    cq_head_o   = '0;
    cq_frames_o = '0;
    if (b_valid_i) begin
      cq_head_o   = cq_q[b_ring].next;
      cq_frames_o = cq_q[b_ring].frames;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take_i) begin
      if (!dead_q[take_ring]) out_q[take_ring] <= 1'b1;
      if (tell_i) silent_q[take_ring] <= 1'b1;
    end
    if (b_valid_i) begin
      out_q[b_ring] <= 1'b0;
      if (b_err_i) begin
        dead_q[b_ring]   <= 1'b1;
        silent_q[b_ring] <= 1'b1;
      end
    end
    if (tx_start_i) begin
      dead_q[{1'b1, tx_start_queue_i}]   <= 1'b0;
      silent_q[{1'b1, tx_start_queue_i}] <= 1'b0;
    end
    if (rx_start_i) begin
      dead_q[{1'b0, rx_start_queue_i}]   <= 1'b0;
      silent_q[{1'b0, rx_start_queue_i}] <= 1'b0;
    end
    if (!rst_ni) begin
      out_q    <= '0;
      dead_q   <= '0;
      silent_q <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (done_i) cq_q[done_ring_i] <= '{next: next_i, frames: frames_i};
    if (tx_start_i) cq_q[{1'b1, tx_start_queue_i}] <= '0;
    if (rx_start_i) cq_q[{1'b0, rx_start_queue_i}] <= '0;
  end

  `NIC_ASSERT_IF(CplOneOutstanding, take_i, !out_q[take_ring])
  `NIC_ASSERT_IF(CplAnswerExpected, b_valid_i, out_q[b_ring])

endmodule
