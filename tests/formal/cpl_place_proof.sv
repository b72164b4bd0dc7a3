// SPDX-License-Identifier: Apache-2.0
// nic_cpl_place: records go where the ring has its next ones, as many at once as are ready and follow each other without a
// gap; a burst of them ends at the ring's end or a multiple of 256 bytes, so that none crosses 4 KiB; the phase is that of
// the pass.

`include "nic_assert.svh"

module cpl_place_proof
  import nic_pkg::*;
(
    input logic        clk_i,
    input logic        place_i,
    input logic [63:0] base_i,
    input logic [3:0]  log2_i,
    input index_t      next_i,
    input logic        size_i,
    input logic        own_i,
    input logic        drop_i,
    input logic [5:0]  ready_i
);
  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  index_t      mask_i;
  assign mask_i = 16'((17'd1 << log2_i) - 17'd1);

  logic [63:0] addr_o;
  logic        phase_o;
  logic [4:0]  records_o;
  nic_cpl_place #(
      .Records(32)
  ) dut (.*);

  // What was asked for last; its place reckoned with division.
  logic        placed_q;
  logic [63:0] base_q;
  logic [15:0] entry_q, left_q;         // of the ring; from there on to its end
  logic        odd_q;                   // an odd pass
  initial placed_q = 1'b0;
  `NIC_ASSUME(RingAligned, base_i[5:0] == '0 && log2_i >= 4'd3)
  `NIC_ASSUME(SizedWhenPlaced, !size_i || placed_q)
  `NIC_ASSUME(SomeAreReady, !size_i || own_i || drop_i || (ready_i != '0 && ready_i <= 6'd32))
  always_ff @(posedge clk_i) begin
    placed_q <= rst_ni && (place_i || placed_q);
    if (place_i) begin
      base_q   <= base_i;
      entry_q  <= next_i % (16'd1 << log2_i);
      left_q   <= (16'd1 << log2_i) - next_i % (16'd1 << log2_i);
      odd_q    <= 1'(next_i / (16'd1 << log2_i));
    end
  end
  logic [12:0] block_left;              // bytes to the next multiple of 256
  logic [12:0] bytes;
  assign block_left = 13'd256 - {5'b0, addr_o[7:0]};
  assign bytes      = {4'b0, records_o, 4'b0};

  `NIC_ASSERT(GoesToItsEntry, !placed_q || addr_o == base_q + {44'b0, entry_q, 4'b0})
  `NIC_ASSERT(PhaseOfThePass, !placed_q || phase_o == !odd_q)
  `NIC_ASSERT(WithinRing, !size_i || 16'(records_o) <= left_q)
  `NIC_ASSERT(WithinBlock, !size_i || bytes <= block_left)
  `NIC_ASSERT(Within4KiB, !size_i || {1'b0, addr_o[11:0]} + bytes <= 13'd4096)
  `NIC_ASSERT(OnlyReadyOnes, !size_i || (drop_i ? records_o == '0 : own_i ? records_o == 5'd1 :
              6'(records_o) <= ready_i && records_o != '0))
  `NIC_ASSERT(AsManyAsGo, !size_i || own_i || drop_i || 6'(records_o) == ready_i || 16'(records_o) == left_q ||
              bytes == block_left)

  // What makes it inductive.
  logic [15:0] block_records;
  logic [3:0]  line, room;
  assign line = ~addr_o[7:4];
  assign room = (dut.near_q && dut.rest_q < line) ? dut.rest_q : line;
  assign block_records = 16'(block_left >> 4);
  `NIC_ASSERT(RoomAgrees, !placed_q || (addr_o[3:0] == '0 &&
              16'(room) + 16'd1 == (left_q < block_records ? left_q : block_records)))

  `NIC_COVER(WholeBlock, size_i && records_o == 5'd16)
  `NIC_COVER(RingEndsFirst, size_i && 16'(records_o) == left_q && bytes < block_left && 6'(records_o) < ready_i)
  `NIC_COVER(UpTo4KiB, size_i && {1'b0, addr_o[11:0]} + bytes == 13'd4096 && 6'(records_o) < ready_i &&
             left_q > 16'd100)
endmodule
