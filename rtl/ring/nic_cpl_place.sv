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
    input  logic [3:0]               log2_i,
    input  index_t                   next_i,
    output logic [63:0]              addr_o,
    output logic                     phase_o,

    input  logic                     size_i,
    input  logic                     own_i,
    input  logic                     drop_i,
    input  logic [$clog2(Records):0] ready_i,
    output logic [4:0]               records_o
);

  logic [3:0] room_q;                   // records that follow the first without a gap

  always_ff @(posedge clk_i) begin
    if (place_i) begin
      automatic index_t mask = ~(16'hFFFF << log2_i);
      automatic index_t slot = next_i & mask;
      automatic index_t rest = ~next_i & mask;
      automatic logic [3:0] line = ~(base_i[7:4] + slot[3:0]);
      phase_o <= ~next_i[log2_i];
      room_q  <= (rest[15:4] == '0 && rest[3:0] < line) ? rest[3:0] : line;
      addr_o  <= base_i + {44'b0, slot, 4'b0};
    end
  end

  always_comb begin
    records_o = '0;
    if (size_i && !drop_i) begin
      records_o = own_i ? 5'd1 : {1'b0, room_q} + 1'b1;
      if (!own_i && 32'(ready_i) < 32'(records_o)) records_o = 5'(ready_i);
    end
  end

  `NIC_ASSERT_IF(CplSomeRecords, size_i, drop_i || records_o != '0)
  `NIC_ASSERT_IF(CplWithin256Bytes, size_i, {1'b0, addr_o[7:4]} + records_o <= 5'd16)

endmodule
