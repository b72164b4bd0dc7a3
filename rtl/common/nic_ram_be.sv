// SPDX-License-Identifier: Apache-2.0
// Memory with one write and one read port and byte enables. The word read appears one clock after re_i and stays
// until the next re_i. Reading the word that is written in the same clock gives the old word.

module nic_ram_be #(
    parameter int unsigned Width = 64,
    parameter int unsigned Depth = 1024
) (
    input  logic                     clk_i,

    input  logic                     we_i,
    input  logic [$clog2(Depth)-1:0] waddr_i,
    input  logic [Width/8-1:0]       wbe_i,
    input  logic [Width-1:0]         wdata_i,

    input  logic                     re_i,
    input  logic [$clog2(Depth)-1:0] raddr_i,
    output logic [Width-1:0]         rdata_o
);

  logic [Width-1:0] mem [Depth];

  // One write of a whole word simulates much faster than one for each byte; synthesis finds the byte enables.
  function automatic logic [Width-1:0] merge(logic [Width-1:0] old, logic [Width-1:0] data, logic [Width/8-1:0] be);
    for (int b = 0; b < int'(Width / 8); b++) merge[8*b+:8] = be[b] ? data[8*b+:8] : old[8*b+:8];
  endfunction

  always_ff @(posedge clk_i) begin
    if (re_i) rdata_o <= mem[raddr_i];
  end

  always_ff @(posedge clk_i) begin
    if (we_i) begin
      mem[waddr_i] <= merge(mem[waddr_i], wdata_i, wbe_i);
    end
  end

endmodule
