// SPDX-License-Identifier: Apache-2.0
// Keeps the completion records of RX buffers until the writes of their data have been answered.
//
// Each queue has a list of records and a list of flags, one for each write under way: "ends a buffer". Writes of a
// queue are answered in order (one AXI ID), so each answer takes the next flag, and an answer whose flag is set makes
// the oldest waiting record ready. Only ready records are handed to nic_cpl: a completion never precedes its data.
// A failed write marks its record, and those after it, as in error.

`include "nic_assert.svh"

module nic_rx_records
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned Queues  = 4,
    parameter int unsigned Records = 32,
    parameter int unsigned Bursts  = 128,
    localparam int unsigned QWidth = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic                     start_i,
    input  logic [QWidth-1:0]        start_queue_i,

    // a write job was made; the last of a buffer brings its record
    input  logic                     write_i,
    input  logic [QWidth-1:0]        write_queue_i,
    input  logic                     rec_valid_i,
    input  rx_record_t               rec_i,

    // how full the lists of a queue are
    input  logic [QWidth-1:0]        look_queue_i,
    output logic [$clog2(Records):0] recs_used_o,
    output logic [$clog2(Bursts):0]  bursts_used_o,

    // a write was answered
    input  logic                     b_valid_i,
    input  logic [QWidth-1:0]        b_queue_i,
    input  logic                     b_err_i,

    // ready records
    input  logic [QWidth-1:0]        scan_i,
    output logic                     busy_o,         // ring scan_i has records
    output logic                     ready_o,        // and a ready one
    output logic [$clog2(Records):0] count_o,        // how many it had, a clock later
    input  logic [QWidth-1:0]        rd_queue_i,
    output rx_record_t               rd_rec_o,       // the oldest of ring rd_queue_i, a clock after that is given
    output logic                     rd_err_o,
    input  logic                     rd_pop_i
);

  localparam int unsigned Slots    = 1 << QWidth;
  localparam int unsigned RecLog2  = $clog2(Records);
  localparam int unsigned FlagLog2 = $clog2(Bursts);

  typedef logic [RecLog2+1:0] rec_ptr_t;   // two bits more than the address: a sign between full lists
  typedef logic [FlagLog2:0]  flag_ptr_t;

  rx_record_t list [Slots * Records];
  logic       flags [Slots * Bursts];
  rec_ptr_t   wp_q [Slots], ready_q [Slots], rp_q [Slots];
  flag_ptr_t  fwp_q [Slots], frp_q [Slots];
  logic       failed_q [Slots];
  rec_ptr_t   failed_at_q [Slots];         // the first record in error

  logic                      write_q;
  logic [QWidth+RecLog2-1:0] write_at_q;
  rx_record_t                rec_q;
  rec_ptr_t                  at_q;         // of ring rd_queue_i: rp_q

  // The answer of the clock before, and its flag.
  logic              b_valid_q, b_err_q, flag_q, ends;
  rec_ptr_t          past_failed;
  logic [QWidth-1:0] b_queue_q;

  assign recs_used_o   = (RecLog2 + 1)'(wp_q[look_queue_i] - rp_q[look_queue_i]);
  assign bursts_used_o = fwp_q[look_queue_i] - frp_q[look_queue_i];
  assign busy_o        = wp_q[scan_i] != rp_q[scan_i];
  assign ready_o       = ready_q[scan_i] != rp_q[scan_i];
  assign rd_rec_o      = list[{rd_queue_i, at_q[RecLog2-1:0]}];
  assign past_failed   = at_q - failed_at_q[rd_queue_i];
  assign rd_err_o      = failed_q[rd_queue_i] && !past_failed[RecLog2+1];
  assign ends          = b_valid_q && flag_q;

  // Written a clock later: it is not read before its data is answered.
  always_ff @(posedge clk_i) begin
    write_q <= rec_valid_i;
    if (rec_valid_i) begin
      write_at_q <= {write_queue_i, wp_q[write_queue_i][RecLog2-1:0]};
      rec_q      <= rec_i;
    end
    if (write_q) list[write_at_q] <= rec_q;
  end

  always_ff @(posedge clk_i) begin
    if (ready_o) count_o <= (RecLog2 + 1)'(ready_q[scan_i] - rp_q[scan_i]);
    at_q <= rp_q[rd_queue_i] + rec_ptr_t'(rd_pop_i);
  end

  always_ff @(posedge clk_i) begin
    if (write_i) flags[{write_queue_i, fwp_q[write_queue_i][FlagLog2-1:0]}] <= rec_valid_i;
  end

  always_ff @(posedge clk_i) begin
    b_valid_q <= rst_ni && b_valid_i;
    if (b_valid_i) begin
      b_queue_q <= b_queue_i;
      b_err_q   <= b_err_i;
      flag_q    <= flags[{b_queue_i, frp_q[b_queue_i][FlagLog2-1:0]}];
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) begin
        wp_q[q]     <= '0;
        ready_q[q]  <= '0;
        rp_q[q]     <= '0;
        fwp_q[q]    <= '0;
        frp_q[q]    <= '0;
        failed_q[q] <= 1'b0;
      end
    end else begin
      if (write_i) fwp_q[write_queue_i] <= fwp_q[write_queue_i] + 1'b1;
      if (rec_valid_i) wp_q[write_queue_i] <= wp_q[write_queue_i] + 1'b1;
      if (b_valid_i) frp_q[b_queue_i] <= frp_q[b_queue_i] + 1'b1;
      if (b_valid_q && b_err_q) failed_q[b_queue_q] <= 1'b1;
      if (ends) ready_q[b_queue_q] <= ready_q[b_queue_q] + 1'b1;
      if (rd_pop_i) rp_q[rd_queue_i] <= rp_q[rd_queue_i] + 1'b1;
      if (start_i) failed_q[start_queue_i] <= 1'b0;
    end
  end

  // Records before the failed one are still good. Fewer than two lists of them follow it: the ring is halted.
  always_ff @(posedge clk_i) begin
    if (b_valid_q && b_err_q && !failed_q[b_queue_q]) failed_at_q[b_queue_q] <= ready_q[b_queue_q];
  end

  `NIC_ASSERT_IF(RxRecordsRoom, rec_valid_i, wp_q[write_queue_i] - rp_q[write_queue_i] != rec_ptr_t'(Records))
  `NIC_ASSERT_IF(RxBurstsRoom, write_i, fwp_q[write_queue_i] - frp_q[write_queue_i] != flag_ptr_t'(Bursts))
  `NIC_ASSERT_IF(RxAnswerExpected, b_valid_i, fwp_q[b_queue_i] != frp_q[b_queue_i])
  `NIC_ASSERT_IF(RxReadyIsListed, ends, ready_q[b_queue_q] != wp_q[b_queue_q])
  `NIC_ASSERT_IF(RxPopOnlyReady, rd_pop_i, ready_q[rd_queue_i] != rp_q[rd_queue_i])
`ifndef SYNTHESIS
  // Independently of the flags: all writes made up to a record's last are answered when the record is handed on.
  flag_ptr_t last_write [Slots * Records];
  flag_ptr_t since;
  always_ff @(posedge clk_i) begin
    if (rec_valid_i) last_write[{write_queue_i, wp_q[write_queue_i][RecLog2-1:0]}] <= fwp_q[write_queue_i] + 1'b1;
  end
  assign since = frp_q[rd_queue_i] - last_write[{rd_queue_i, rp_q[rd_queue_i][RecLog2-1:0]}];
  `NIC_ASSERT_IF(RxRecordAfterData, rd_pop_i, !since[FlagLog2])
`endif
  `NIC_ASSERT_IF(RxNoRecordsAtStart, start_i, wp_q[start_queue_i] == rp_q[start_queue_i])

endmodule
