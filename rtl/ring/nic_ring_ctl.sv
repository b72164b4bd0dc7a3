// SPDX-License-Identifier: Apache-2.0
// Life of the rings of one direction: start, stop, halt on error, and what software sees of it.
//
// One ring is looked at in each clock, in turn (scan_o), so that the work does not grow with the number of rings; what is found
// counts in the next clock, in which the ring is before_o:
//   Off    enable is set: pulse start_o (every block forgets the ring's state), then
//   Start  one turn later: run_o may rise
//   Run    enable has been 0, if only for a clock: run_o falls
//   Stop   busy_i says that nothing of the ring is in flight since it was looked at: Off, active falls
// run_o of a ring is high while its descriptors may be fetched and used: not while the device is disabled or about
// to be reset (go_next_i low), and not after an error. The first error of a ring halts it and stays until it is Off.

`include "nic_assert.svh"

module nic_ring_ctl
  import nic_pkg::*;
#(
    parameter int unsigned Queues = 4,
    localparam int unsigned QWidth = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic                   go_next_i,       // rings may run in the next clock
    input  logic [Queues-1:0]      enable_i,

    // the ring under examination, the one that follows and the one before
    output logic [QWidth-1:0]      scan_o,
    output logic [QWidth-1:0]      scan_next_o,
    output logic [QWidth-1:0]      before_o,
    input  logic                   busy_i,            // of ring before_o

    // to the blocks of this direction
    output logic                   start_o,
    output logic [QWidth-1:0]      start_queue_o,
    output logic [Queues-1:0]      run_o,

    // errors, one of each kind a clock
    input  logic                   err_read_i,
    input  logic [QWidth-1:0]      err_read_queue_i,
    input  logic                   err_write_i,
    input  logic [QWidth-1:0]      err_write_queue_i,
    input  logic                   err_desc_i,
    input  logic [QWidth-1:0]      err_desc_queue_i,
    input  logic                   err_tail_i,        // the tail of ring before_o is out of range

    // progress
    input  logic                   head_valid_i,
    input  logic [QWidth-1:0]      head_queue_i,
    input  index_t                 head_i,
    input  logic                   cq_valid_i,
    input  logic [QWidth-1:0]      cq_queue_i,
    input  index_t                 cq_head_i,
    input  frame_cnt_t             cq_frames_i,

    // status
    output logic [Queues-1:0]      active_o,      // from enable until drained after disable
    output logic [Queues-1:0]      error_o,       // halted
    output ring_error_e [Queues-1:0] code_o,
    output ring_sts_t              sts_o [Queues]
);

  typedef enum logic [1:0] {Off, Start, Run, Stop} state_e;

  localparam int unsigned Slots = 1 << QWidth;

  state_e [Slots-1:0] state_q;
  (* keep *) logic [QWidth-1:0] scan_q;    // of each direction: it goes to many places
  (* keep *) logic   go_q;                 // so does this
  logic [QWidth-1:0] before_q;
  logic [Queues-1:0] run_q;         // in state Run and not halted
  logic [Queues-1:0] enable_q;      // enable of the clock before
  logic [Queues-1:0] drop_q;        // enable has been 0 since the ring was started

  assign scan_o      = scan_q;
  assign before_o    = before_q;
  assign scan_next_o = (Queues != Slots && scan_q == QWidth'(Queues - 1)) ? '0 : scan_q + 1'b1;
  assign run_o       = go_q ? run_q : '0;

  state_e state;
  logic   begins, starts, stops, ends;
  assign state = state_q[before_q];

  // A ring that is looked at in each clock was not to stop yet when it was looked at for the first time.
  logic stopping;
  if (Queues == 1) begin : gen_one
    always_ff @(posedge clk_i) stopping <= state == Stop;
  end else begin : gen_several
    assign stopping = 1'b1;
  end

  always_comb begin
    begins = 1'b0;
    starts = 1'b0;
    stops  = 1'b0;
    ends   = 1'b0;
    case (state)
      Off:     begins = enable_i[before_q];
      Start:   starts = 1'b1;
      Run:     stops = drop_q[before_q];
      default: ends = stopping && !busy_i;
    endcase
  end

  always_ff @(posedge clk_i) begin
    go_q <= go_next_i;
    if (!rst_ni) begin
      scan_q   <= '0;
      before_q <= '0;
    end else begin
      scan_q   <= scan_next_o;
      before_q <= scan_q;
    end
  end

  // A pulse of 0 on enable, however short, stops the ring.
  always_ff @(posedge clk_i) begin
    enable_q <= enable_i;
    drop_q   <= drop_q | (enable_q & ~enable_i);
    if (begins) drop_q[before_q] <= 1'b0;
    if (!rst_ni) drop_q <= '0;
  end

  always_ff @(posedge clk_i) begin
    start_o       <= begins && rst_ni;
    start_queue_o <= before_q;
  end

  logic error;
  assign error = err_desc_i || err_tail_i || err_read_i || err_write_i;

  always_ff @(posedge clk_i) begin
    if (starts || stops) begin
      state_q[before_q] <= starts ? Run : Stop;
      run_q[before_q]   <= starts;
    end
    if (error) begin
      if (err_read_i) run_q[err_read_queue_i] <= 1'b0;
      if (err_write_i) run_q[err_write_queue_i] <= 1'b0;
      if (err_desc_i) run_q[err_desc_queue_i] <= 1'b0;
      if (err_tail_i) run_q[before_q] <= 1'b0;
      // Status.
      if (err_desc_i && !error_o[err_desc_queue_i]) code_o[err_desc_queue_i] <= ErrBadDesc;
      if (err_tail_i && !error_o[before_q]) code_o[before_q] <= ErrBadDesc;
      if (err_read_i && !error_o[err_read_queue_i]) code_o[err_read_queue_i] <= ErrAxiRead;
      if (err_write_i && !error_o[err_write_queue_i]) code_o[err_write_queue_i] <= ErrAxiWrite;
      if (err_desc_i) error_o[err_desc_queue_i] <= 1'b1;
      if (err_tail_i) error_o[before_q] <= 1'b1;
      if (err_read_i) error_o[err_read_queue_i] <= 1'b1;
      if (err_write_i) error_o[err_write_queue_i] <= 1'b1;
    end
    if (begins || ends) begin
      state_q[before_q]  <= begins ? Start : Off;
      active_o[before_q] <= begins;
      error_o[before_q]  <= 1'b0;
      code_o[before_q]   <= ErrNone;
    end
    if (!rst_ni) begin
      state_q  <= {Slots{Off}};
      run_q    <= '0;
      active_o <= '0;
      error_o  <= '0;
      code_o   <= {Queues{ErrNone}};
    end
  end

  always_ff @(posedge clk_i) begin
    if (head_valid_i) sts_o[head_queue_i].head <= head_i;
    if (cq_valid_i) begin
      sts_o[cq_queue_i].cq_head   <= cq_head_i;
      sts_o[cq_queue_i].cq_frames <= cq_frames_i;
    end
    if (begins) sts_o[before_q] <= '0;
    if (!rst_ni) begin
      for (int q = 0; q < int'(Queues); q++) sts_o[q] <= '0;
    end
  end

  // Progress belongs to an active ring.
  `NIC_ASSERT_IF(HeadOnlyWhenActive, head_valid_i, active_o[head_queue_i])
  `NIC_ASSERT_IF(CqHeadOnlyWhenActive, cq_valid_i, active_o[cq_queue_i])
  `NIC_ASSERT(RunOnlyWhenActive, (run_q & ~active_o) == '0)

endmodule
