// SPDX-License-Identifier: Apache-2.0
// The sums of the bytes of TX frames that their checksums cover, and of the IPv4 headers of frames of a TSO.
//
// A beat (valid_i) has n_i bytes of a queue's burst, turned so that the first is in lane place_i; with the burst's first
// beat comes whether it is summed (sum_i) and how many bytes are not, or are in front of the IPv4 header. eof_i: the frame
// ends with the beat; its sums follow three clocks later. Without good_i nothing is summed until the queue starts anew.

`include "nic_assert.svh"

module nic_tx_sums
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic                 start_i,
    input  logic [QWidth-1:0]    start_queue_i,

    input  logic                 valid_i,
    input  logic [QWidth-1:0]    queue_i,
    input  logic                 first_i,
    input  logic                 sum_i,
    input  logic [BurstLog2:0]   skip_i,
    input  logic [BurstLog2:0]   ip_skip_i,
    input  logic                 good_i,
    input  logic                 eof_i,
    input  logic [ByteLog2-1:0]  place_i,
    input  logic [ByteLog2:0]    n_i,
    input  logic [DataWidth-1:0] data_i,

    input  logic [QWidth-1:0]    scan_i,
    output logic                 busy_o,       // sums of queue scan_i are on their way
    output logic                 valid_o,
    output logic [QWidth-1:0]    queue_o,
    output logic [15:0]          sum_o,
    output logic [15:0]          ip_sum_o
);

  localparam int unsigned Slots = 1 << QWidth;

  typedef logic [2*Bytes-1:0] lanes_t;
  typedef logic [ByteLog2:0]  count_t;

  typedef struct packed {
    logic                sum;       // the burst's
    logic [BurstLog2:0]  skip;      // bytes still to come that are not summed
    logic [BurstLog2:0]  ip_skip;
    logic                summed;    // bytes of the frame have been summed
    logic                ip_summed;
  } sums_t;

  // The lanes of two words from place on.
  function automatic lanes_t lanes(count_t n, logic [ByteLog2-1:0] place);
    return ((lanes_t'(1) << n) - 1'b1) << place;
  endfunction

  sums_t                sums_q [Slots];
  logic                 sum_q, sum_first_q, ip_sum_q, ip_first_q;
  logic [Bytes-1:0]     sum_be_q, ip_be_q;
  logic                 sum_eof_q;
  logic [QWidth-1:0]    sum_queue_q;
  logic [DataWidth-1:0] sum_data_q;

  always_ff @(posedge clk_i) begin
    sum_q     <= 1'b0;
    ip_sum_q  <= 1'b0;
    sum_eof_q <= rst_ni && eof_i;
    if (valid_i) begin
      automatic sums_t at = sums_q[queue_i];
      sum_queue_q <= queue_i;
      if (first_i) begin
        at.sum     = sum_i;
        at.skip    = skip_i;
        at.ip_skip = ip_skip_i;
      end
      if (at.sum && good_i) begin
        automatic count_t n_skip    = (at.skip < (BurstLog2 + 1)'(n_i)) ? at.skip[ByteLog2:0] : n_i;
        automatic count_t n_ip_skip = (at.ip_skip < (BurstLog2 + 1)'(n_i)) ? at.ip_skip[ByteLog2:0] : n_i;
        automatic lanes_t without   = lanes(n_skip, place_i);
        automatic lanes_t sum       = lanes(n_i, place_i) & ~without;
        sum_q       <= rst_ni;
        sum_data_q  <= data_i;
        sum_be_q    <= sum[Bytes-1:0] | sum[2*Bytes-1:Bytes];
        sum_first_q <= !at.summed;
        at.summed   = 1'b1;
        if (n_skip != n_ip_skip) begin
          automatic lanes_t ip = without & ~lanes(n_ip_skip, place_i);
          ip_sum_q <= rst_ni;
          ip_be_q  <= ip[Bytes-1:0] | ip[2*Bytes-1:Bytes];
          ip_first_q   <= !at.ip_summed;
          at.ip_summed = 1'b1;
        end
        at.skip    = (at.skip < (BurstLog2 + 1)'(n_i)) ? '0 : at.skip - (BurstLog2 + 1)'(n_i);
        at.ip_skip = (at.ip_skip < (BurstLog2 + 1)'(n_i)) ? '0 : at.ip_skip - (BurstLog2 + 1)'(n_i);
      end
      if (eof_i) begin
        at.summed    = 1'b0;
        at.ip_summed = 1'b0;
      end
      sums_q[queue_i] <= at;
    end
    if (start_i) sums_q[start_queue_i] <= '0;
  end

  logic              sum_busy, ip_busy, ip_valid;
  logic [QWidth-1:0] ip_queue;

  assign busy_o = sum_busy || (sum_eof_q && sum_queue_q == scan_i);

  // A word begins at an even byte of its frame, so the sum is that of the frame's 16-bit words.
  nic_tx_csum #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_csum (
      .clk_i,
      .rst_ni,
      .add_i  (sum_q),
      .first_i(sum_first_q),
      .eof_i  (sum_eof_q),
      .queue_i(sum_queue_q),
      .be_i   (sum_be_q),
      .data_i (sum_data_q),
      .scan_i,
      .busy_o (sum_busy),
      .valid_o,
      .queue_o,
      .sum_o
  );

  nic_tx_csum #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_ip_csum (
      .clk_i,
      .rst_ni,
      .add_i  (ip_sum_q),
      .first_i(ip_first_q),
      .eof_i  (sum_eof_q),
      .queue_i(sum_queue_q),
      .be_i   (ip_be_q),
      .data_i (sum_data_q),
      .scan_i,
      .busy_o (ip_busy),
      .valid_o(ip_valid),
      .queue_o(ip_queue),
      .sum_o  (ip_sum_o)
  );

  `NIC_ASSERT(TxSumsTogether, ip_busy == sum_busy && ip_valid == valid_o)
  `NIC_ASSERT_IF(TxSumsOfOneQueue, ip_valid, ip_queue == queue_o)

endmodule
