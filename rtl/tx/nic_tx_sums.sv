// SPDX-License-Identifier: Apache-2.0
// The sums of the bytes of TX frames that their checksums cover, and of the IPv4 headers of frames of a TSO.
//
// valid_i: a beat of a burst that is summed, beat_i counts them from 0; its n_i bytes begin in lane from_i. Positions count
// from lane 0 of the burst's first beat: the checksum covers all from sum_at_i on, the IPv4 header is from ip_at_i to there.
// odd_i: lane 0 is at an odd position of the frame. eof_i: the frame ends with the beat; its sums follow four clocks later.

`include "nic_assert.svh"

module nic_tx_sums
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes),
    localparam int unsigned BeatLog2 = BurstLog2 - ByteLog2
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic                 start_i,
    input  logic [QWidth-1:0]    start_queue_i,

    input  logic                 valid_i,
    input  logic                 eof_i,
    input  logic [QWidth-1:0]    queue_i,
    input  logic [BeatLog2-1:0]  beat_i,
    input  logic [ByteLog2-1:0]  from_i,
    input  logic [ByteLog2:0]    n_i,
    input  logic [BurstLog2:0]   sum_at_i,
    input  logic [BurstLog2:0]   ip_at_i,
    input  logic                 odd_i,
    input  logic [DataWidth-1:0] data_i,

    input  logic [QWidth-1:0]    scan_i,
    output logic                 busy_o,       // sums of queue scan_i are on their way
    output logic                 valid_o,
    output logic [QWidth-1:0]    queue_o,
    output logic [15:0]          sum_o,
    output logic [15:0]          ip_sum_o
);

  localparam int unsigned Slots = 1 << QWidth;

  typedef logic [Bytes-1:0]   lanes_t;
  typedef logic [BurstLog2:0] place_t;

  // The lanes of beat `beat` from position `at` on.
  function automatic lanes_t from(place_t at, logic [BeatLog2-1:0] beat);
    lanes_t part;
    logic   here, behind;
    part   = {Bytes{1'b1}} << at[ByteLog2-1:0];
    here   = at[BurstLog2:ByteLog2] == {1'b0, beat};
    behind = at[BurstLog2:ByteLog2] > {1'b0, beat};
    return {Bytes{!behind}} & (part | {Bytes{!here}});
  endfunction

  logic                 valid_q, eof_q, odd_q, sums, ip_sums;
  logic [Bytes-1:0]     sum_be_q, ip_be_q;
  logic [QWidth-1:0]    queue_q;
  logic [DataWidth-1:0] data_q;

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && valid_i;
    eof_q   <= rst_ni && eof_i;
    queue_q <= queue_i;
    if (valid_i) begin
      automatic lanes_t lanes   = (~({Bytes{1'b1}} << n_i)) << from_i;
      automatic lanes_t covered = from(sum_at_i, beat_i);
      odd_q    <= odd_i;
      data_q   <= data_i;
      sum_be_q <= lanes & covered;
      ip_be_q  <= lanes & from(ip_at_i, beat_i) & ~covered;
    end
  end

  assign sums    = valid_q && sum_be_q != '0;
  assign ip_sums = valid_q && ip_be_q != '0;

  // Bytes of the queue's frame have been summed.
  logic [Slots-1:0] summed_q, ip_summed_q;

  always_ff @(posedge clk_i) begin
    if (sums) summed_q[queue_q] <= 1'b1;
    if (ip_sums) ip_summed_q[queue_q] <= 1'b1;
    if (eof_q) begin
      summed_q[queue_q]    <= 1'b0;
      ip_summed_q[queue_q] <= 1'b0;
    end
    if (start_i) begin
      summed_q[start_queue_i]    <= 1'b0;
      ip_summed_q[start_queue_i] <= 1'b0;
    end
    if (!rst_ni) begin
      summed_q    <= '0;
      ip_summed_q <= '0;
    end
  end

  logic              sum_busy, ip_valid;
  logic [QWidth-1:0] ip_queue;

  assign busy_o = sum_busy || (eof_q && queue_q == scan_i);

  nic_tx_csum #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_csum (
      .clk_i,
      .rst_ni,
      .add_i  (sums),
      .first_i(!summed_q[queue_q]),
      .eof_i  (eof_q),
      .queue_i(queue_q),
      .odd_i  (odd_q),
      .be_i   (sum_be_q),
      .data_i (data_q),
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
      .add_i  (ip_sums),
      .first_i(!ip_summed_q[queue_q]),
      .eof_i  (eof_q),
      .queue_i(queue_q),
      .odd_i  (odd_q),
      .be_i   (ip_be_q),
      .data_i (data_q),
      .scan_i,
      .busy_o (),
      .valid_o(ip_valid),
      .queue_o(ip_queue),
      .sum_o  (ip_sum_o)
  );

  `NIC_ASSERT_IF(TxSumsTogether, valid_o || ip_valid, valid_o && ip_valid && ip_queue == queue_o)

endmodule
