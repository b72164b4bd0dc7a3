// SPDX-License-Identifier: Apache-2.0
// Seeded stalls for the channels of one clock domain. A bit of stall_o is high in the clocks in which that channel's ready, or a new
// valid, is to be withheld.
//
// Chance and length come from the settings, read in reset and whenever settings_i is high; with no chance in any channel nothing is
// called and nothing toggles. The stream of draws (tb/native/sim.cpp) depends on seed, channel and clock alone.
module stall_gen #(
    parameter int unsigned First = 0,  // numbers of tb/native/sim.h, Channel
    parameter int unsigned Count = 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic settings_i,
    output logic [Count-1:0] stall_o
);
  import "DPI-C" function int unsigned rs_stalls(
    input int unsigned first,
    input int unsigned count,
    input bit reset,
    input bit settings,
    output bit active
  );

  logic active_q;  // some channel may stall

  always_ff @(posedge clk_i) begin
    bit active;
    if (!rst_ni || settings_i || active_q) begin
      automatic int unsigned stalls = rs_stalls(First, Count, !rst_ni, settings_i, active);
      active_q <= active;
      stall_o  <= stalls[Count-1:0];
    end
  end
endmodule
