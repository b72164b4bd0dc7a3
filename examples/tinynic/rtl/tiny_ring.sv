// SPDX-License-Identifier: Apache-2.0
// A table of descriptors in device memory, four words each: software writes them by MMIO, one engine uses them in turn.
//   word 0, 1  bus address of the buffer, low and high half: a multiple of 8 bytes (write only)
//   word 2     31 own, 30 error, 15:0 bytes. Writing own = 1 hands the descriptor to the device: write this word last.
//              The device clears own when it is done with the buffer, and leaves error and the frame's bytes here.
// Enabling starts at descriptor 0. Disabling lets the engine finish its frame, then active_o falls; own bits stay.
module tiny_ring #(
  parameter int unsigned Entries = 32
) (
  input  logic                       clk_i, rst_ni,
  input  logic                       wr_en_i, enable_i, busy_i, done_i, err_i,
  input  logic [$clog2(Entries)-1:0] entry_i, rd_entry_i,
  input  logic [1:0]                 word_i,
  input  logic [31:0]                wdata_i,
  output logic [31:0]                rdata_o,
  input  logic [15:0]                len_i,
  output logic                       valid_o, active_o,
  output logic [60:0]                addr_o,  // in words of 8 bytes
  output logic [15:0]                len_o
);
  logic [31:0]                addr_lo[Entries], addr_hi[Entries];
  logic [15:0]                len[Entries];
  logic [16:0]                result[Entries];
  logic [Entries-1:0]         own_q;
  logic [$clog2(Entries)-1:0] index_q;

  assign valid_o = active_o && enable_i && own_q[index_q];
  assign addr_o  = {addr_hi[index_q], addr_lo[index_q][31:3]};
  assign len_o   = len[index_q];
  assign rdata_o = {own_q[rd_entry_i], result[rd_entry_i][16], 14'b0, result[rd_entry_i][15:0]};

  always_ff @(posedge clk_i) begin
    if (wr_en_i && word_i == 0) addr_lo[entry_i] <= wdata_i;
    if (wr_en_i && word_i == 1) addr_hi[entry_i] <= wdata_i;
    if (wr_en_i && word_i == 2) {own_q[entry_i], len[entry_i]} <= {wdata_i[31], wdata_i[15:0]};
    if (done_i) {result[index_q], own_q[index_q], index_q} <= {err_i, len_i, 1'b0, index_q + 1'b1};
    active_o <= enable_i || busy_i;
    if (!active_o) index_q <= '0;
    if (!rst_ni) {own_q, index_q, active_o} <= '0;
    else assert (!valid_o || addr_lo[index_q][2:0] == 0) else $error("tiny_ring: buffer not on a multiple of 8 bytes");
  end
endmodule
