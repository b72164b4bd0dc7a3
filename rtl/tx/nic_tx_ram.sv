// SPDX-License-Identifier: Apache-2.0
// The TX packet buffer: a part for each queue. Written from any byte on (a word and the one after it in one clock:
// even and odd words are banks), read by words, one clock later.

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
    input  logic [Bytes-1:0]     wbe_i,
    input  logic [Bytes-1:0]     wbe_next_i,
    input  logic [DataWidth-1:0] wdata_i,

    input  logic                 re_i,
    input  logic [QWidth-1:0]    rqueue_i,
    input  logic [WordLog2-1:0]  rword_i,
    output logic [DataWidth-1:0] rdata_o
);

  localparam int unsigned RowLog2 = QWidth + WordLog2 - 1;
  localparam int unsigned Rows    = Queues << (WordLog2 - 1);

  logic [1:0][Bytes-1:0]     be;
  logic [1:0][RowLog2-1:0]   row;
  logic [1:0][DataWidth-1:0] data;
  logic                      odd_q;

  // Of two words that follow each other the even one is in bank 0.
  assign be[0]  = wword_i[0] ? wbe_next_i : wbe_i;
  assign be[1]  = wword_i[0] ? wbe_i : wbe_next_i;
  assign row[0] = {wqueue_i, (WordLog2 - 1)'(wword_i[WordLog2-1:1] + (WordLog2 - 1)'(wword_i[0]))};
  assign row[1] = {wqueue_i, wword_i[WordLog2-1:1]};

  for (genvar i = 0; i < 2; i++) begin : gen_bank
    nic_ram_be #(
        .Width(DataWidth),
        .Depth(Rows)
    ) u_ram (
        .clk_i,
        .we_i   (we_i && be[i] != '0),
        .waddr_i(row[i][$clog2(Rows)-1:0]),
        .wbe_i  (be[i]),
        .wdata_i,
        .re_i   (re_i && rword_i[0] == 1'(i)),
        .raddr_i($clog2(Rows)'({rqueue_i, rword_i[WordLog2-1:1]})),
        .rdata_o(data[i])
    );
  end

  always_ff @(posedge clk_i) begin
    if (re_i) odd_q <= rword_i[0];
  end

  assign rdata_o = odd_q ? data[1] : data[0];

endmodule
