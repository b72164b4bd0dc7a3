// SPDX-License-Identifier: Apache-2.0
// nic_mac_fill: the partner is to wait as soon as a queue's part has filled to the high threshold, and until the parts of
// all queues that did have emptied to the low one; not before, not longer, and of the others none matters.
//
// One queue of two is watched, either of them. Parts of 64 KiB: their bytes need 17 bits.

`include "nic_assert.svh"

module mac_fill_proof (
    input logic        clk_i,
    input logic        enable_i,
    input logic [15:0] high_i,
    input logic [15:0] low_i,
    input logic        store_i,
    input logic        store_last_i,
    input logic [0:0]  store_queue_i,
    input logic [13:0] store_words_i,
    input logic        free_i,
    input logic [0:0]  free_queue_i,
    input logic [13:0] free_words_i
);
  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic high_o;
  nic_mac_fill #(
      .Queues (2),
      .BufLog2(16),
      .Bytes  (8)
  ) dut (.*);

  `NIC_ASSUME(WithinPart, store_words_i <= 14'd8192 && free_words_i <= 14'd8192)
  logic rst_was_q;
  initial rst_was_q = 1'b0;
  always_ff @(posedge clk_i) rst_was_q <= rst_ni;
  `NIC_ASSUME(OffInReset, rst_was_q || !enable_i)

  logic [0:0]  mine;
  logic [19:0] store_bytes, free_bytes;
  logic        full, empty, on_q, mine_q, was_q, full_q, empty_q, others_q;
  always_ff @(posedge clk_i) mine <= mine;
  assign store_bytes = 20'(store_words_i) * 20'd8;
  assign free_bytes  = 20'(free_words_i) * 20'd8;
  // In this clock its part is seen to be high, or low.
  assign full  = store_i && store_queue_i == mine && store_bytes >= 20'(high_i);
  assign empty = (free_i && free_queue_i == mine && free_bytes <= 20'(low_i)) ||
                 (store_i && store_last_i && store_queue_i == mine && store_bytes <= 20'(low_i));
  always_ff @(posedge clk_i) begin
    on_q     <= rst_ni && enable_i;
    full_q   <= full;
    empty_q  <= empty;
    was_q    <= rst_ni && dut.above_q[mine];
    mine_q   <= rst_ni && enable_i && (full || (mine_q && !empty));
    others_q <= rst_ni && enable_i && (dut.above_q[~mine] || (store_i && store_queue_i != mine));
  end

  `NIC_ASSERT(AskedAtHigh, !(on_q && full_q) || high_o)
  `NIC_ASSERT(HeldUntilLow, !(on_q && was_q && !empty_q) || dut.above_q[mine])
  `NIC_ASSERT(LetGoAtLow, !(empty_q && !full_q) || !dut.above_q[mine])
  `NIC_ASSERT(NotBeforeHigh, !rst_was_q || !high_o || mine_q || others_q)
  `NIC_ASSERT(NotWhileOff, !rst_was_q || on_q || !high_o)
  `NIC_ASSERT(Agrees, !rst_was_q || dut.above_q[mine] == mine_q)

  `NIC_COVER(UpAndDown, mine_q && empty && !full)
  `NIC_COVER(OneHigherThan16Bits, full && store_bytes == 20'h1_0000)
endmodule
