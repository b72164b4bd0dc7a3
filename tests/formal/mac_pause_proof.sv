// SPDX-License-Identifier: Apache-2.0
// nic_mac_pause. In: frames wait from a PAUSE frame on for exactly its quanta at the link's rate, whatever came before it.
// Out: the partner is asked when the buffer fills, asked again when half of its time is over and not before, let go with
// quanta 0; a request stays until it is taken.
//
// Times are counted here from their beginning, in bits * ClockMhz; the link's rate may change in any clock.

`include "nic_assert.svh"

module mac_pause_proof (
    input logic        clk_i,
    input logic [19:0] mbps_i,
    input logic        up_i,
    input logic        active_i,
    input logic        rx_enable_i,
    input logic        rx_pause_i,
    input logic [15:0] rx_quanta_i,
    input logic        high_i,
    input logic [15:0] quanta_i,
    input logic        stop_i,
    input logic        taken_i
);
  localparam int unsigned ClockMhz = 4;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic        paused_o, req_o, xoff_o;
  logic [15:0] req_quanta_o;
  nic_mac_pause #(
      .ClockMhz(ClockMhz)
  ) dut (.*);

  `NIC_ASSUME(HasRate, mbps_i != '0)
  // nic_mac: it is active while anything of it is under way, and taken is what was asked for.
  `NIC_ASSUME(ActiveWhileNeeded, active_i || !(paused_o || req_o || xoff_o || rx_pause_i || high_i))
  `NIC_ASSUME(TakenWasAsked, !taken_i || req_o)

  typedef logic [31:0] bits_t;
  function automatic bits_t time_of(logic [15:0] quanta);
    return {7'b0, quanta, 9'd0} * 32'(ClockMhz);
  endfunction

  // In: since the last PAUSE frame.
  logic  asked_q, was_q, over_q;
  bits_t since_q, since;
  assign since = since_q + bits_t'(mbps_i);
  bits_t asked_time_q;
  always_ff @(posedge clk_i) begin
    if (rx_pause_i) begin
      asked_time_q <= time_of(rx_quanta_i);
      since_q      <= '0;
    end else if (asked_q) begin
      since_q <= since;
    end
    // Over when the time is, the link is lost, or PAUSE in is switched off.
    asked_q <= rst_ni && rx_enable_i && up_i && (rx_pause_i ? rx_quanta_i != '0 : asked_q && since < asked_time_q);
  end
  `NIC_ASSERT(WaitsItsTime, paused_o == asked_q)
  `NIC_ASSERT(LeftAgrees, !asked_q || (bits_t'(dut.wait_q) == asked_time_q - since_q &&
              since_q < asked_time_q && asked_time_q <= time_of('1)))

  // Out.
  logic  high, high_q, up_q, xoff_was_q, req_was_q, taken_q, turn;
  logic [15:0] quanta_was_q, req_quanta_was_q;
  bits_t out_q, half_q, out;         // since the partner was asked last; half of what it was asked for
  assign high = high_i && !stop_i;
  assign turn = xoff_o != xoff_was_q;
  assign out  = out_q + bits_t'(mbps_i);
  always_ff @(posedge clk_i) begin
    was_q            <= rst_ni;
    high_q           <= high;
    up_q             <= up_i;
    xoff_was_q       <= rst_ni && xoff_o;
    req_was_q        <= rst_ni && req_o;
    taken_q          <= taken_i;
    quanta_was_q     <= quanta_i;
    req_quanta_was_q <= req_quanta_o;
    over_q           <= rst_ni && xoff_o && out >= half_q;       // ask again
    if (up_i && (high != xoff_o || (xoff_o && out >= half_q))) begin
      out_q  <= '0;
      half_q <= time_of(quanta_i) / 2;
    end else begin
      out_q <= out;
    end
  end
  `NIC_ASSERT(FollowsTheBuffer, !was_q || xoff_o == (up_q && high_q))
  `NIC_ASSERT(TurnIsTold, !(was_q && up_q && turn) || req_o)
  `NIC_ASSERT(AskedWithQuanta, !(was_q && up_q && turn && xoff_o) || req_quanta_o == quanta_was_q)
  `NIC_ASSERT(LetGoWithZero, !(was_q && up_q && turn && !xoff_o) || req_quanta_o == '0)
  `NIC_ASSERT(RequestStays, !(was_q && up_q && req_was_q && !taken_q) || req_o)
  `NIC_ASSERT(RequestHolds, !(was_q && req_was_q && !taken_q && !turn && !over_q) || req_quanta_o == req_quanta_was_q)
  `NIC_ASSERT(AgainInTime, !(was_q && up_q && over_q && !turn) || (req_o && req_quanta_o == quanta_was_q))
  `NIC_ASSERT(NotUnasked, !(was_q && req_o) || turn || over_q || (req_was_q && !taken_q))
  `NIC_ASSERT(NoLinkNoRequest, !was_q || up_q || !req_o)
  `NIC_ASSERT(RenewAgrees, !xoff_o || ((out_q == '0 || out_q < half_q) && half_q <= time_of('1) / 2 &&
              bits_t'(dut.renew_q) == half_q - out_q))

  `NIC_COVER(WaitedToTheEnd, was_q && since_q != '0 && asked_time_q == time_of(16'd2) && !paused_o && up_q &&
             rx_enable_i)
  `NIC_COVER(AskedAgain, over_q && up_q && !turn && req_o && !req_was_q && half_q > 32'd2000)
  `NIC_COVER(LetGo, turn && !xoff_o && req_o && up_q)
endmodule
