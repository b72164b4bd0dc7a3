// SPDX-License-Identifier: Apache-2.0
// nic_mac_pace: while the wire is busy, the cost of all frames less what the clocks have paid is the debt, exactly; no frame
// begins while there is debt, and any may as soon as there is none; idle, there is none and nothing is saved up. However
// long a frame takes and however many PAUSE frames go out, nothing overflows: beyond 64 KiB no more is counted.

`include "nic_assert.svh"

module mac_pace_proof
  import nic_pkg::*;
(
    input logic        clk_i,
    input logic [19:0] mbps_i,
    input logic        busy_i,
    input logic        done_i,
    input frame_len_t  len_i
);
  localparam int unsigned ClockMhz = 4;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic stall_o;
  nic_mac_pace #(
      .ClockMhz(ClockMhz)
  ) dut (.*);

  `NIC_ASSUME(LengthOfAFrame, len_i >= 14'd14 && len_i <= 14'd9018)
  `NIC_ASSUME(DoneIsBusy, !done_i || busy_i)
  logic was_q;
  initial was_q = 1'b0;
  always_ff @(posedge clk_i) was_q <= rst_ni;
  `NIC_ASSUME(NoLimitInReset, was_q || mbps_i == '0)

  // In 40 bits, which no time of a test fills.
  typedef logic signed [39:0] bits_t;
  localparam bits_t Bound = 40'sd65536 * 40'sd64;    // ClockMhz to a power of two, and a half
  bits_t debt_q, cost, paid, left;
  logic [14:0] bytes;
  logic        on, idle_q;
  assign on    = mbps_i != '0 && (busy_i || stall_o);
  assign bytes = 15'(len_i < 14'd60 ? 14'd60 : len_i) + 15'd24;
  assign cost  = (done_i && debt_q < Bound) ? bits_t'({1'b0, bytes}) * 40'sd32 : '0;
  assign paid  = (debt_q >= -Bound) ? bits_t'({1'b0, mbps_i}) : '0;
  assign left  = debt_q + cost - paid;
  always_ff @(posedge clk_i) begin
    debt_q <= (rst_ni && on) ? left : '0;
    idle_q <= rst_ni && !on;
  end

  `NIC_ASSERT(DebtIsExact, !was_q || bits_t'(dut.debt_q) == debt_q)
  `NIC_ASSERT(WaitsForDebt, !was_q || stall_o == (debt_q > 0))
  `NIC_ASSERT(IdleSavesNothing, !idle_q || (debt_q == '0 && !stall_o))

  `NIC_COVER(PaidExactly, was_q && stall_o && left == '0 && mbps_i == 20'd1000)
  `NIC_COVER(TooMuchGoesOn, was_q && busy_i && !stall_o && debt_q < 0 && done_i)
endmodule
