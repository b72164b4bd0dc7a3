// SPDX-License-Identifier: Apache-2.0
// The TX packet buffer: a part for each queue. A word and the one after it may be written in one clock (even and odd
// words are banks); read by words, one clock later.

module nic_tx_ram #(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned WordLog2 = BufLog2 - $clog2(Bytes)
) (
    input  logic clk_i,

    input  logic                 we_i,
    input  logic [QWidth-1:0]    wqueue_i,
    input  logic [WordLog2-1:0]  wword_i,
    input  logic [DataWidth-1:0] wdata_i,
    input  logic                 we_next_i,
    input  logic [DataWidth-1:0] wdata_next_i,

    input  logic                 re_i,
    input  logic [QWidth-1:0]    rqueue_i,
    input  logic [WordLog2-1:0]  rword_i,
    output logic [DataWidth-1:0] rdata_o
);

  localparam int unsigned Rows    = Queues << (WordLog2 - 1);

  logic [WordLog2-2:0]  row, row_even;
  logic [DataWidth-1:0] even, odd;
  logic                 odd_q;

  // Of two words that follow each other the even one may be in the next row.
  assign row      = wword_i[WordLog2-1:1];
  assign row_even = row + (WordLog2 - 1)'(wword_i[0]);

  nic_ram #(
      .Width(DataWidth),
      .Depth(Rows)
  ) u_even (
      .clk_i,
      .we_i   (wword_i[0] ? we_next_i : we_i),
      .waddr_i($clog2(Rows)'({wqueue_i, row_even})),
      .wdata_i(wword_i[0] ? wdata_next_i : wdata_i),
      .re_i   (re_i && !rword_i[0]),
      .raddr_i($clog2(Rows)'({rqueue_i, rword_i[WordLog2-1:1]})),
      .rdata_o(even)
  );

  nic_ram #(
      .Width(DataWidth),
      .Depth(Rows)
  ) u_odd (
      .clk_i,
      .we_i   (wword_i[0] ? we_i : we_next_i),
      .waddr_i($clog2(Rows)'({wqueue_i, row})),
      .wdata_i(wword_i[0] ? wdata_i : wdata_next_i),
      .re_i   (re_i && rword_i[0]),
      .raddr_i($clog2(Rows)'({rqueue_i, rword_i[WordLog2-1:1]})),
      .rdata_o(odd)
  );

  always_ff @(posedge clk_i) begin
    if (re_i) odd_q <= rword_i[0];
  end

  assign rdata_o = odd_q ? odd : even;

endmodule
