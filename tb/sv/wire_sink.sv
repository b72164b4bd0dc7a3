// SPDX-License-Identifier: Apache-2.0
// The MAC's transmit side: an AXI4-Stream from the DUT onto the wire. Rate and FIFO are in tb/native/wire.cpp, which answers
// each beat with the number of clocks until the FIFO has room for another.
module wire_sink #(
    parameter int unsigned Width = 256
) (
    input logic clk_i,
    input logic rst_ni,
    input logic stall_i,

    input  logic [  Width-1:0] s_axis_tdata,
    input  logic [Width/8-1:0] s_axis_tkeep,
    input  logic               s_axis_tvalid,
    output logic               s_axis_tready,
    input  logic               s_axis_tlast,
    input  logic               s_axis_tuser
);
  import "DPI-C" function void rs_sink_reset();
  import "DPI-C" function int unsigned rs_sink(
    input bit [Width-1:0] data,
    input longint unsigned keep,
    input bit last,
    input bit user
  );

  int unsigned wait_q;
  assign s_axis_tready = wait_q == 0 && !stall_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rs_sink_reset();
      wait_q <= 0;
    end else if (s_axis_tvalid && s_axis_tready) begin
      wait_q <= rs_sink(s_axis_tdata, 64'(s_axis_tkeep), s_axis_tlast, s_axis_tuser);
    end else if (wait_q != 0) begin
      wait_q <= wait_q - 1;
    end
  end
endmodule
