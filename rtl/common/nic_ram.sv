// SPDX-License-Identifier: Apache-2.0
// Memory with one write and one read port, whole words. The word read appears one clock after re_i and stays until
// the next re_i. A word that is read in the clock in which it is written is not to be used: block memories of FPGAs give
// anything then, and need logic beside them to give anything else.

module nic_ram #(
    parameter int unsigned Width = 64,
    parameter int unsigned Depth = 1024
) (
    input  logic                     clk_i,

    input  logic                     we_i,
    input  logic [$clog2(Depth)-1:0] waddr_i,
    input  logic [Width-1:0]         wdata_i,

    input  logic                     re_i,
    input  logic [$clog2(Depth)-1:0] raddr_i,
    output logic [Width-1:0]         rdata_o
);

  (* no_rw_check *)
  logic [Width-1:0] mem [Depth];

  always_ff @(posedge clk_i) begin
    if (re_i) rdata_o <= mem[raddr_i];
  end

  always_ff @(posedge clk_i) begin
    if (we_i) mem[waddr_i] <= wdata_i;
  end

endmodule
