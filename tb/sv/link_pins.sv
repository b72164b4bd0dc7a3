// SPDX-License-Identifier: Apache-2.0
// The link's pins, for NICs that have them (dut.toml: link_pins): whether there is a link, and its rate in Mb/s. They
// change when the run's settings do.
module link_pins (
    input logic clk_i,
    input logic settings_i,

    output logic        down_o,
    output logic [19:0] mbps_o
);
  import "DPI-C" function int unsigned rs_link();

  int unsigned link_q = 0;
  assign down_o = link_q[31];
  assign mbps_o = link_q[19:0];

  always_ff @(posedge clk_i) if (settings_i) link_q <= rs_link();

  wire unused = ^link_q[30:20];
endmodule
