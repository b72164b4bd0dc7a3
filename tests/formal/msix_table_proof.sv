// SPDX-License-Identifier: Apache-2.0
// nic_msix_table: an entry holds what was written to it last, byte by byte, and nothing that was written elsewhere; a
// read of it says so; each vector begins masked; what is no entry does not answer.
//
// One byte of one entry is watched, any of them. Five vectors.

`include "nic_assert.svh"

module msix_table_proof
  import nic_pkg::*;
  import nic_regs_pkg::*;
(
    input logic       clk_i,
    input reg_req_t   req_i,
    input logic [2:0] vector_i
);
  localparam int unsigned Vectors = 5;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  reg_rsp_t           rsp_o;
  logic [Vectors-1:0] mask_o;
  logic [63:0]        addr_o;
  logic [31:0]        data_o;
  nic_msix_table #(
      .Vectors(Vectors)
  ) dut (.*);

  `NIC_ASSUME(WordAligned, req_i.addr[1:0] == '0)
  `include "reg_bus.svh"
  `NIC_ASSUME(VectorExists, vector_i < 3'(Vectors))

  logic [2:0] mine;       // any vector, for ever
  logic [1:0] word;       // any word of its entry: address, address, data, control
  logic [1:0] lane;       // any byte of it
  always_ff @(posedge clk_i) begin
    mine <= mine;
    word <= word;
    lane <= lane;
  end
  `NIC_ASSUME(MineExists, mine < 3'(Vectors))

  logic       mine_asked, written;
  logic [7:0] byte_i, kept, byte_q;
  assign mine_asked = req_i.valid && req_i.addr[15:2] == MSIX_BASE[15:2] + {9'b0, mine, word};
  assign written    = mine_asked && req_i.write && req_i.wstrb[lane];
  assign byte_i     = req_i.wdata[8*lane+:8];
  // What an entry keeps of a byte: the address is one of 4 bytes, of the control word there is the mask.
  always_comb begin
    kept = byte_i;
    if (word == 2'd0 && lane == 2'd0) kept[1:0] = '0;
    if (word == 2'd3) kept = lane == 2'd0 ? {7'b0, byte_i[0]} : '0;
  end

  logic asked_q, any_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) byte_q <= {7'b0, word == 2'd3 && lane == 2'd0};
    else if (written) byte_q <= kept;
    asked_q <= rst_ni && mine_asked;
    any_q   <= rst_ni && req_i.valid &&
               (req_i.addr[15:4] < MSIX_BASE[15:4] || req_i.addr[15:4] >= MSIX_BASE[15:4] + 12'(Vectors));
  end

  logic [127:0] entry;
  assign entry = {31'b0, dut.mask_o[mine], dut.data_q[mine], dut.addr_hi_q[mine], dut.addr_lo_q[mine]};
  `NIC_ASSERT(HoldsWhatWasWritten, entry[32*word+8*lane+:8] == byte_q)
  `NIC_ASSERT(AddressIsAligned, word != 2'd0 || lane != 2'd0 || byte_q[1:0] == '0)
  `NIC_ASSERT(MessageIsOfItsVector, vector_i != mine || {data_o, addr_o} == entry[95:0])
  `NIC_ASSERT(DecodedBefore, !req_i.valid || dut.select_q == (req_i.addr[15:4] >= MSIX_BASE[15:4] &&
              req_i.addr[15:4] < MSIX_BASE[15:4] + 12'(Vectors)))
  logic [7:0] was_q;
  always_ff @(posedge clk_i) was_q <= byte_q;
  `NIC_ASSERT(ReadSaysSo, !asked_q || (rsp_o.hit && rsp_o.rdata[8*lane+:8] == was_q))
  `NIC_ASSERT(NoEntryNoAnswer, !any_q || rsp_o == '0)

  `NIC_COVER(Unmasked, !mask_o[mine] && data_o == 32'h1234 && addr_o == 64'hFEE0_1000 && vector_i == mine)
  `NIC_COVER(ReadBack, asked_q && rsp_o.rdata == 32'hA500_0000)
endmodule
