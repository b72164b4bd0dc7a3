// SPDX-License-Identifier: Apache-2.0
// nic_fifo: every word that goes in comes out once, unchanged and in order; ready and valid tell the truth.
//
// One slot of the pointers' range is watched, any of them: what was put there last must be what comes out
// there next. As it may be any slot, this is said of every word.
`include "nic_assert.svh"

module fifo_proof (
    input logic       clk_i,
    input logic       valid_i,
    input logic       ready_i,
    input logic [3:0] data_i
);
  localparam int unsigned Depth = 4;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic ready_o, valid_o;
  logic [3:0] data_o;

  nic_fifo #(
      .Width(4),
      .Depth(Depth)
  ) dut (.*);

  logic [2:0] slot;       // any, for ever
  always_ff @(posedge clk_i) slot <= slot;
  logic in_q;            // the word of this slot is inside
  logic [3:0] word_q;
  logic [2:0] count_q;   // words inside, counted apart from the pointers
  logic in, out;
  assign in  = valid_i && ready_o;
  assign out = valid_o && ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_q    <= 1'b0;
      count_q <= '0;
    end else begin
      if (in && dut.wptr_q == slot) begin
        in_q   <= 1'b1;
        word_q <= data_i;
      end
      if (out && dut.rptr_q == slot) in_q <= 1'b0;
      count_q <= count_q + 3'(in) - 3'(out);
    end
  end

  // What is promised.
  `NIC_ASSERT(WordComesOut, !(out && dut.rptr_q == slot) || (in_q && data_o == word_q))
  `NIC_ASSERT(ReadyUnlessFull, ready_o == (count_q != 3'(Depth)))
  `NIC_ASSERT(ValidUnlessEmpty, valid_o == (count_q != '0))
  // What makes it inductive.
  `NIC_ASSERT(CountIsLevel, count_q == dut.wptr_q - dut.rptr_q && count_q <= 3'(Depth))
  `NIC_ASSERT(WatchedIsStored, !in_q || dut.mem[slot[1:0]] == word_q)
  `NIC_ASSERT(WatchedIsBetween, in_q == ((slot - dut.rptr_q) < count_q))

  `NIC_COVER(FullThenEmpty, rst_ni && dut.rptr_q == 3'd5 && count_q == '0)
  `NIC_COVER(Full, rst_ni && count_q == 3'(Depth) && valid_i)
endmodule
