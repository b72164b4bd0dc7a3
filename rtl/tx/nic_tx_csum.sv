// SPDX-License-Identifier: Apache-2.0
// The ones' complement sum of the bytes of each queue's frame, for its checksum (RFC 1071).
//
// add_i: the bytes of data_i that be_i names belong to the sum of the frame of queue_i; byte 0 of data_i is at an even
// position of the frame, with odd_i at an odd one. first_i: the first of a frame. eof_i, with the frame's last data or
// without: the sum comes out three clocks later; it is anything for a frame of which nothing was added. The sum is that of
// little-endian 16-bit words: a frame's first byte counts in 7:0. It is 0 only where all bytes are. Queues may follow
// one another in any order, clock by clock.

module nic_tx_csum #(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,

    input  logic                 add_i,
    input  logic                 first_i,
    input  logic                 eof_i,
    input  logic [QWidth-1:0]    queue_i,
    input  logic                 odd_i,
    input  logic [Bytes-1:0]     be_i,
    input  logic [DataWidth-1:0] data_i,

    input  logic [QWidth-1:0]    scan_i,
    output logic                 busy_o,          // a sum of queue scan_i is about to come out

    output logic                 valid_o,
    output logic [QWidth-1:0]    queue_o,
    output logic [15:0]          sum_o
);

  localparam int unsigned Slots    = 1 << QWidth;
  localparam int unsigned Words    = Bytes / 2;
  localparam int unsigned SumWidth = 16 + $clog2(Words);

  typedef logic [SumWidth-1:0] part_t;

  function automatic part_t sum_words(logic [DataWidth-1:0] data, logic [Bytes-1:0] be);
    sum_words = '0;
    for (int w = 0; w < int'(Words); w++) begin
      sum_words += part_t'({be[2*w+1] ? data[16*w+8+:8] : 8'h00, be[2*w] ? data[16*w+:8] : 8'h00});
    end
  endfunction

  // What goes beyond 16 bits is added at the bottom.
  function automatic logic [15:0] fold(logic [15:0] low, logic [15:0] beyond);
    logic [16:0] sum;
    sum = {1'b0, low} + {1'b0, beyond};
    return sum[15:0] + 16'(sum[16]);
  endfunction

  // ------------------------------------------------------------------ the words of a beat, and their sum in 16 bits
  logic              add_q, first_q, eof_q, odd_q, add2_q, first2_q, eof2_q;
  logic [QWidth-1:0] queue_q, queue2_q;
  part_t             part_q;
  logic [15:0]       words, words_q;

  assign words = fold(part_q[15:0], 16'(part_q[SumWidth-1:16]));

  always_ff @(posedge clk_i) begin
    add_q  <= rst_ni && add_i;
    eof_q  <= rst_ni && eof_i;
    add2_q <= rst_ni && add_q;
    eof2_q <= rst_ni && eof_q;
  end

  always_ff @(posedge clk_i) begin
    if (add_i || eof_i) queue_q <= queue_i;
    if (add_i) begin
      first_q <= first_i;
      odd_q   <= odd_i;
      part_q  <= sum_words(data_i, be_i);
    end
    if (add_q || eof_q) queue2_q <= queue_q;
    if (add_q) begin
      first2_q <= first_q;
      words_q  <= odd_q ? {words[7:0], words[15:8]} : words;
    end
  end

  // ------------------------------------------------------------------ the beats of a frame
  // The carry of the last addition is kept in bit 16, and goes into the next one.
  logic [16:0] acc_q [Slots];
  logic [16:0] was, sum, sum_q;

  always_comb begin
    was = '0;
    sum = '0;
    if (add2_q || eof2_q) begin
      if (!(add2_q && first2_q)) was = acc_q[queue2_q];
      sum = {1'b0, was[15:0]} + (add2_q ? {1'b0, words_q} : '0) + 17'(was[16]);
    end
  end

  always_ff @(posedge clk_i) begin
    if (add2_q) acc_q[queue2_q] <= sum;
    valid_o <= rst_ni && eof2_q;
    if (eof2_q) begin
      queue_o <= queue2_q;
      sum_q   <= sum;
    end
  end

  assign sum_o  = fold(sum_q[15:0], 16'(sum_q[16]));
  assign busy_o = (eof_q && queue_q == scan_i) || (eof2_q && queue2_q == scan_i);

endmodule
