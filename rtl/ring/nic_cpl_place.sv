// SPDX-License-Identifier: Apache-2.0
// Where the next records of a completion ring go, and how many of them in one burst.
//
// place_i: the ring and its next record are given; from the next clock on, addr_o and phase_o. size_i, one clock later:
// records_o, those that are ready_i, up to the ring's end or a multiple of 256 bytes; one for own_i, none for drop_i.

`include "nic_assert.svh"

module nic_cpl_place
  import nic_pkg::*;
#(
    parameter int unsigned Records = 32
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic                     place_i,
    input  logic [63:0]              base_i,
    input  index_t                   mask_i,         // entries of the ring, less one
    input  index_t                   next_i,
    output logic [63:0]              addr_o,
    output logic                     phase_o,

    input  logic                     size_i,
    input  logic                     own_i,
    input  logic                     drop_i,
    input  logic [$clog2(Records):0] ready_i,
    output logic [4:0]               records_o
);

  // Records that follow the first without a gap: to the ring's end, if that is near, or to the block's.
  logic       near_q;
  logic [3:0] rest_q, line, room;

  always_ff @(posedge clk_i) begin
    if (place_i) begin
      automatic index_t slot = next_i & mask_i;
      automatic index_t rest = ~next_i & mask_i;
      phase_o <= (next_i & ~mask_i & {mask_i[14:0], 1'b1}) == '0;    // the bit above those of the slot
      near_q  <= rest[15:4] == '0;
      rest_q  <= rest[3:0];
      addr_o  <= base_i + {44'b0, slot, 4'b0};
    end
  end

  always_comb begin
    records_o = '0;
    line      = '0;
    room      = '0;
    if (size_i && !drop_i) begin
      line      = ~addr_o[7:4];
      room      = (near_q && rest_q < line) ? rest_q : line;
      records_o = own_i ? 5'd1 : {1'b0, room} + 1'b1;
      if (!own_i && 32'(ready_i) < 32'(records_o)) records_o = 5'(ready_i);
    end
  end

  `NIC_ASSERT_IF(CplSomeRecords, size_i, drop_i || records_o != '0)
  `NIC_ASSERT_IF(CplWithin256Bytes, size_i, {1'b0, addr_o[7:4]} + records_o <= 5'd16)

endmodule
