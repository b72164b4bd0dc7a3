// SPDX-License-Identifier: Apache-2.0
// When a TX ring has something to report: one completion record stands for all frames sent since the last.
//
// A ring is due when a quarter of it (at most 16 descriptors) has gathered, when its queue has nothing left to do, or
// TxDelay clocks after the first frame that is not reported; or, halted, for the record of its error. One ring is looked
// at in each clock (scan_i), and judged in the next (before_i): due_o is what the look before that found, so it follows by up
// to a turn. take_i reports all that is done by now (head_o); a frame that is sent in the same clock is for the next record.

`include "nic_assert.svh"

module nic_cpl_tx
  import nic_pkg::*;
#(
    parameter int unsigned Queues  = 4,
    parameter int unsigned TxDelay = 512,       // clocks, at most 2047
    localparam int unsigned QWidth = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic              start_i,
    input  logic [QWidth-1:0] start_queue_i,

    // a frame was sent: all descriptors before sent_end_i are done
    input  logic              sent_i,
    input  logic [QWidth-1:0] sent_queue_i,
    input  index_t            sent_end_i,

    // the ring looked at
    input  logic [QWidth-1:0] scan_i,
    input  logic [3:0]        log2_i,           // of its size
    input  logic              err_i,            // an error is to be reported
    output logic              new_o,            // frames are sent that are not reported
    output logic              due_o,
    output logic              marked_o,         // due_o is 1, or was

    // the one looked at before, as it was then
    input  logic [QWidth-1:0] before_i,
    input  logic              idle_i,           // no frame, no descriptor, no read
    input  logic              tell_i,           // and an error is to be reported
    output index_t            head_o,
    output frame_cnt_t        frames_o,         // sent before head_o
    input  logic              take_i            // a record reports head_o
);

  localparam int unsigned Slots = 1 << QWidth;

  typedef struct packed {
    index_t     at;                 // first descriptor not done
    frame_cnt_t frames;             // before it
  } point_t;

  point_t           done_q [Slots];
  index_t           told_q [Slots]; // at, as last reported
  logic [Slots-1:0] new_q, due_q;
  logic [11:0]      since_q [Slots]; // when the first frame not reported was sent
  logic [11:0]      now_q;

  assign new_o    = new_q[scan_i];
  assign marked_o = due_q[scan_i];
  assign due_o    = marked_o && (new_o || err_i);   // an error whose record was due may have become silent
  assign head_o   = done_q[before_i].at;
  assign frames_o = done_q[before_i].frames;

  always_ff @(posedge clk_i) begin
    now_q <= now_q + 1'b1;
    if (!rst_ni) now_q <= '0;
  end

  // What has gathered, and since when.
  logic        found_q;
  index_t      gathered_q;
  logic [2:0]  shift_q;
  logic [11:0] waited_q;

  always_ff @(posedge clk_i) begin
    found_q <= new_o && !due_q[scan_i] && !take_i;
    if (new_o && !due_q[scan_i]) begin
      gathered_q <= done_q[scan_i].at - told_q[scan_i];
      shift_q    <= (log2_i > 4'd6) ? 3'd4 : 3'(log2_i - 4'd2);
      waited_q   <= now_q - since_q[scan_i];
    end
  end

  always_ff @(posedge clk_i) begin
    if (found_q && new_q[before_i]) begin
      if (idle_i || (gathered_q >> shift_q) != '0 || waited_q >= 12'(TxDelay)) due_q[before_i] <= 1'b1;
    end
    if (tell_i) due_q[before_i] <= 1'b1;
    if (take_i) begin
      new_q[before_i] <= 1'b0;
      due_q[before_i] <= 1'b0;
    end
    if (sent_i) new_q[sent_queue_i] <= 1'b1;
    if (start_i) begin
      new_q[start_queue_i] <= 1'b0;
      due_q[start_queue_i] <= 1'b0;
    end
    if (!rst_ni) begin
      new_q <= '0;
      due_q <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (sent_i) begin
      done_q[sent_queue_i] <= '{at: sent_end_i, frames: done_q[sent_queue_i].frames + 1'b1};
      if (!new_q[sent_queue_i] || (take_i && sent_queue_i == before_i)) since_q[sent_queue_i] <= now_q;
    end
    if (take_i) told_q[before_i] <= done_q[before_i].at;
    if (start_i) begin
      done_q[start_queue_i] <= '0;
      told_q[start_queue_i] <= '0;
    end
  end

  `NIC_ASSERT_IF(CplTxMovesOn, take_i, new_q[before_i] || tell_i)
  `NIC_ASSERT_IF(CplTxStartsWithNothing, start_i, !new_q[start_queue_i])

endmodule
