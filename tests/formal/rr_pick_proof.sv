// SPDX-License-Identifier: Apache-2.0
// nic_rr_pick: who is picked has asked, someone is picked if anyone asks, and nobody is passed over more than Width - 1
// times, whoever else asks. The caller keeps last_i, as all callers do. Width 5: not a power of two.

`include "nic_assert.svh"

module rr_pick_proof (
    input logic       clk_i,
    input logic [4:0] req_i,
    input logic       take_i
);
  localparam int unsigned Width = 5;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic [2:0] last_q, pick_o;
  logic       any_o;

  nic_rr_pick #(
      .Width   (Width),
      .IdxWidth(3)
  ) dut (
      .req_i,
      .last_i(last_q),
      .any_o,
      .pick_o
  );

  logic [2:0] mine;      // any requester, for ever
  logic [2:0] passed_q;  // how often another was served while it asked
  logic [3:0] ahead;     // how many are before it in the order of turns
  always_ff @(posedge clk_i) mine <= mine;
  assign ahead = (mine > last_q) ? 4'(mine - last_q) - 4'd1 : 4'(mine) + 4'(Width) - 4'(last_q) - 4'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      last_q   <= '0;
      passed_q <= '0;
    end else begin
      if (take_i && any_o) last_q <= pick_o;
      if (!req_i[mine] || (take_i && pick_o == mine)) passed_q <= '0;
      else if (take_i) passed_q <= passed_q + 1'b1;
    end
  end

  `NIC_ASSUME(MineExists, mine < 3'(Width))
  `NIC_ASSERT(AnyIfAsked, any_o == (req_i != '0))
  `NIC_ASSERT(PickedHasAsked, !any_o || (pick_o < 3'(Width) && req_i[pick_o]))
  `NIC_ASSERT(NobodyStarves, passed_q < 3'(Width))
  // What makes it inductive: who has been passed over has fewer before it.
  `NIC_ASSERT(LastExists, last_q < 3'(Width))
  `NIC_ASSERT(TurnComesNearer, 4'(passed_q) + ahead < 4'(Width))

  `NIC_COVER(PassedOverOften, passed_q == 3'(Width - 1) && pick_o == mine && take_i)
endmodule
