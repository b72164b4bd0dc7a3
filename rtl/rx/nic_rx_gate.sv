// SPDX-License-Identifier: Apache-2.0
// Which beats of the stream belong to frames that are taken. A frame is taken or ignored whole, as the device is enabled
// (go_i) at its first beat. Where a frame begins is known through resets (hard_rst_ni): what a reset cuts in two is
// ignored to its end.

module nic_rx_gate #(
    parameter int unsigned Bytes     = 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic hard_rst_ni,
    input  logic go_i,

    input  logic              valid_i,     // a beat
    input  logic              last_i,
    input  logic [Bytes-1:0]  keep_i,      // all but the last are full

    output logic              valid_o,     // it is taken
    output logic [ByteLog2:0] bytes_o,     // its bytes
    output logic              busy_o       // within a frame that is taken
);

  logic inside_q;        // between a frame's first and last beat: not reset with the core
  logic ignore_q;        // the frame is not taken
  logic ignore;

  assign ignore  = inside_q ? ignore_q : !go_i;
  assign valid_o = valid_i && !ignore && rst_ni;
  assign busy_o  = inside_q && !ignore_q;

  always_ff @(posedge clk_i) begin
    if (!hard_rst_ni) begin
      inside_q <= 1'b0;
      ignore_q <= 1'b0;
    end else begin
      if (valid_i) begin
        inside_q <= !last_i;
        ignore_q <= ignore;
      end
      if (!rst_ni) ignore_q <= 1'b1;
    end
  end

  always_comb begin
    bytes_o = (ByteLog2 + 1)'(Bytes);
    if (last_i) bytes_o = (ByteLog2 + 1)'($countones(keep_i));
  end

endmodule
