// SPDX-License-Identifier: Apache-2.0
// The RX packet buffer: a part for each queue. Written by words; read from any byte on, a bus width at a time (even
// and odd words are banks). Two clocks: the words one clock after re_i, in order and turned into place after turn_i.
// Words of frames that are here are not written; what a read touches beside them is not used.

module nic_rx_ram #(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned ByteLog2 = $clog2(DataWidth / 8),
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2
) (
    input  logic clk_i,

    input  logic                 we_i,
    input  logic [QWidth-1:0]    wqueue_i,
    input  logic [WordLog2-1:0]  wword_i,
    input  logic [DataWidth-1:0] wdata_i,

    input  logic                 re_i,
    input  logic [QWidth-1:0]    rqueue_i,
    input  logic [BufLog2-1:0]   rbyte_i,
    input  logic                 turn_i,        // the words read before are to be turned
    input  logic                 use_i,         // rdata_o is looked at
    output logic [DataWidth-1:0] rdata_o
);

  localparam int unsigned RowLog2 = QWidth + WordLog2 - 1;
  localparam int unsigned Rows    = Queues << (WordLog2 - 1);

  logic [WordLog2-1:0]       rword;
  logic [1:0][RowLog2-1:0]   rrow;
  logic [1:0][DataWidth-1:0] data;
  logic                      odd_q;
  logic [ByteLog2-1:0]       lane_q;

  assign rword   = rbyte_i[BufLog2-1:ByteLog2];
  assign rrow[0] = {rqueue_i, (WordLog2 - 1)'(rword[WordLog2-1:1] + (WordLog2 - 1)'(rword[0]))};
  assign rrow[1] = {rqueue_i, rword[WordLog2-1:1]};

  for (genvar i = 0; i < 2; i++) begin : gen_bank
    nic_ram #(
        .Width(DataWidth),
        .Depth(Rows)
    ) u_ram (
        .clk_i,
        .we_i   (we_i && wword_i[0] == 1'(i)),
        .waddr_i($clog2(Rows)'({wqueue_i, wword_i[WordLog2-1:1]})),
        .wdata_i,
        .re_i,
        .raddr_i(rrow[i][$clog2(Rows)-1:0]),
        .rdata_o(data[i])
    );
  end

  always_ff @(posedge clk_i) begin
    if (re_i) begin
      odd_q  <= rword[0];
      lane_q <= rbyte_i[ByteLog2-1:0];
    end
  end

  logic [2*DataWidth-1:0] pair_q;
  logic [ByteLog2-1:0]    turn_q;

  always_ff @(posedge clk_i) begin
    if (turn_i) begin
      pair_q <= odd_q ? {data[0], data[1]} : {data[1], data[0]};
      turn_q <= lane_q;
    end
  end

  always_comb begin
    rdata_o = '0;
    if (use_i) rdata_o = DataWidth'(pair_q >> {turn_q, 3'b000});
  end

endmodule
