// SPDX-License-Identifier: Apache-2.0
// nic_mac_pace: while the wire is busy, the cost of all frames less what the clocks have paid is the debt, exactly; no frame
// begins while there is debt, and any may as soon as there is none; idle, there is none and nothing is saved up. However
// long a frame takes and however many PAUSE frames go out, nothing overflows: beyond 64 KiB no more is counted.

`include "nic_assert.svh"

module mac_pace_proof (
    input logic        clk_i,
    input logic [19:0] mbps_i,
    input logic        busy_i,
    input logic        taken_i,
    input logic        last_i,
    input logic [2:0]  tail_i
);
  localparam int unsigned ClockMhz = 4;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic stall_o;
  nic_mac_pace #(
      .DataWidth(64),
      .ClockMhz (ClockMhz)
  ) dut (.*);

  `NIC_ASSUME(TakenIsBusy, !taken_i || busy_i)
  logic was_q, was2_q;
  initial was_q = 1'b0;
  initial was2_q = 1'b0;
  always_ff @(posedge clk_i) begin
    was_q  <= rst_ni;
    was2_q <= was_q;
  end
  `NIC_ASSUME(NoLimitInReset, was2_q || mbps_i == '0)

  // In 40 bits, which no time of a test fills. The rate is that of the clock before where it says what a beat adds.
  typedef logic signed [39:0] bits_t;
  localparam bits_t Bound = 40'sd65536 * 40'sd64;    // ClockMhz to a power of two, and a half
  bits_t       debt_q, cost, paid, left, less_q, rate_q, rate;
  logic        on, on_q, inside_q, idle_q, counted;
  assign on      = on_q && mbps_i != '0 && (busy_i || stall_o);
  assign rate    = bits_t'({1'b0, mbps_i});
  assign counted = taken_i && debt_q <= Bound;
  assign cost    = counted ? (inside_q ? 40'sd8 : 40'sd32) * 40'sd32 : '0;
  assign paid    = (debt_q <= -Bound) ? '0 : counted ? rate_q : rate;
  assign left    = debt_q - less_q + cost - paid;
  always_ff @(posedge clk_i) begin
    rate_q   <= rate;
    on_q     <= mbps_i != '0;
    debt_q   <= on ? left : '0;
    less_q   <= (on && counted && last_i) ? bits_t'({1'b0, 3'(-tail_i)}) * 40'sd32 : '0;
    inside_q <= on && (taken_i ? !last_i : inside_q);
    idle_q   <= was2_q && on_q && !on;
  end

  `NIC_ASSERT_RST(ResetIsOver, 1'b1, (!was2_q || was_q) && (!was_q || rst_ni), 1'b1)
  `NIC_ASSERT(InRange, !was2_q || (less_q >= 0 && less_q < 40'sd256 && rate_q >= 0 && rate_q < 40'sd1048576 &&
                       debt_q <= Bound + 40'sd1024 && debt_q - less_q >= -Bound - 40'sd1048576 - 40'sd256))
  `NIC_ASSERT(FollowsTheFrames, !was2_q || !on_q || (dut.on_q && dut.inside_q == inside_q &&
                                                     (dut.part_q ? bits_t'(dut.less_q) : '0) == less_q))
  `NIC_ASSERT(KnowsTheRate, !was2_q || !on_q || (bits_t'(dut.beat_q) == 40'sd256 - rate_q &&
                                                 bits_t'(dut.first_q) == 40'sd1024 - rate_q))
  `NIC_ASSERT(OffIsOff, !was2_q || on_q || (!dut.on_q && !stall_o))
  `NIC_ASSERT(DebtIsExact, !was2_q || !on_q || bits_t'(dut.debt_q) + 40'sd1 == debt_q)
  `NIC_ASSERT(WaitsForDebt, !was2_q || !on_q || stall_o == (debt_q > 0))
  `NIC_ASSERT(IdleSavesNothing, !idle_q || (debt_q == '0 && !stall_o))

  `NIC_COVER(PaidExactly, was2_q && stall_o && left == '0 && mbps_i == 20'd1000)
  `NIC_COVER(TooMuchGoesOn, was2_q && busy_i && !stall_o && debt_q < 0 && taken_i && !inside_q)
  `NIC_COVER(LastBeatIsPartOfOne, was2_q && less_q == 40'sd96 && stall_o)
endmodule
