// SPDX-License-Identifier: Apache-2.0
// The upper 44 bits of 64-bit counters, and how software reads them: as one value, by LO, which latches HI.
//
// Whoever counts keeps the lower 20 bits, and tells of each counter that has wrapped (carry_i, any number of them in a clock).
// A carry waits until its counter's turn comes, or until it is read, so that one adder and one memory serve all. It
// has done so before the counter wraps again, which takes 64 clocks or more: a frame a clock adds less than 16 KiB.
// The counter that is looked at is chosen in one clock, and read and written in the next. Reset clears one entry a clock
// (clear_o says which, for the lower bits too): it lasts Counters clocks or more.

module nic_counter_bank #(
    parameter int unsigned  Counters = 32,   // a power of two, 32 at most
    localparam int unsigned IdxWidth = $clog2(Counters)
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    output logic [IdxWidth-1:0] clear_o,     // while rst_ni is low

    input  logic [Counters-1:0] carry_i,     // in the clock in which its lower bits show it

    // a register is asked for
    input  logic                look_i,
    input  logic                select_i,    // of these counters
    input  logic                write_i,     // it is written: no latch
    input  logic [IdxWidth-1:0] index_i,
    input  logic                high_i,      // HI
    input  logic [19:0]         low_i,       // the lower bits of counter index_i
    output logic [31:0]         value_o      // two clocks later
);

  logic [43:0]         upper_mem [Counters];
  logic [31:0]         latch_mem [Counters];
  logic [Counters-1:0] pend_q;               // a carry waits
  logic [IdxWidth-1:0] turn_q;

  // The counter that is looked at, a clock later: a carry, and what is asked of it.
  logic                work_q, carry_q, clear_q, look_q, low_q, high_q, hold_q;
  logic [IdxWidth-1:0] at_q;
  logic [19:0]         value_q;

  logic work;
  assign work    = look_i || carry_i != '0 || pend_q != '0 || !rst_ni;
  assign clear_o = turn_q;

  always_ff @(posedge clk_i) begin
    work_q <= work;
    if (work) begin : turn
      automatic logic                asked = select_i && rst_ni;
      automatic logic [IdxWidth-1:0] at    = asked ? index_i : turn_q;
      automatic logic [Counters-1:0] pend  = pend_q | carry_i;
      at_q    <= at;
      carry_q <= asked ? pend[index_i] : pend[turn_q];
      clear_q <= !rst_ni;
      look_q  <= look_i;
      hold_q  <= select_i && !high_i && !write_i;
      low_q   <= select_i && !high_i;
      high_q  <= select_i && high_i;
      if (look_i) value_q <= low_i;
      pend_q <= rst_ni ? pend & ~(Counters'(1) << at) : '0;
      if (!asked) turn_q <= turn_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (work_q) begin : act
      automatic logic [43:0] upper = upper_mem[at_q] + 44'(carry_q);
      upper_mem[at_q] <= clear_q ? '0 : upper;
      if (look_q) value_o <= high_q ? latch_mem[at_q] : low_q ? {upper[11:0], value_q} : '0;
      if (clear_q || hold_q) latch_mem[at_q] <= clear_q ? '0 : upper[43:12];
    end
  end

endmodule
