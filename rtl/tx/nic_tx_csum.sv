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
  typedef struct packed {
    logic              first;
    logic [QWidth-1:0] qp;
  } step_t;

  logic        one_add_q, one_eof_q, two_add_q, two_eof_q;
  step_t       one_q, two_q;           // with either
  logic        odd_q;
  part_t       part_q;
  logic [15:0] words_q;

  always_ff @(posedge clk_i) begin
    one_add_q <= add_i && rst_ni;
    one_eof_q <= eof_i && rst_ni;
    two_add_q <= one_add_q && rst_ni;
    two_eof_q <= one_eof_q && rst_ni;
    if (add_i || eof_i) one_q <= '{first: first_i, qp: queue_i};
    if (one_add_q || one_eof_q) two_q <= one_q;
  end

  always_ff @(posedge clk_i) begin
    if (add_i) begin
      odd_q  <= odd_i;
      part_q <= sum_words(data_i, be_i);
    end
    if (one_add_q) begin
      automatic logic [15:0] words = fold(part_q[15:0], 16'(part_q[SumWidth-1:16]));
      words_q <= odd_q ? {words[7:0], words[15:8]} : words;
    end
  end

  // ------------------------------------------------------------------ the beats of a frame
  // The carry of the last addition is kept in bit 16, and goes into the next one.
  logic [16:0] acc_q [Slots];
  logic [16:0] sum_q;

  always_ff @(posedge clk_i) begin
    valid_o <= two_eof_q && rst_ni;
    if (two_add_q || two_eof_q) begin
      automatic logic [16:0] was = (two_add_q && two_q.first) ? '0 : acc_q[two_q.qp];
      automatic logic [16:0] sum = {1'b0, was[15:0]} + (two_add_q ? {1'b0, words_q} : '0) + 17'(was[16]);
      acc_q[two_q.qp] <= sum;
      queue_o         <= two_q.qp;
      sum_q           <= sum;
    end
  end

  assign sum_o  = fold(sum_q[15:0], 16'(sum_q[16]));
  assign busy_o = (one_eof_q && one_q.qp == scan_i) || (two_eof_q && two_q.qp == scan_i);

endmodule
