// SPDX-License-Identifier: Apache-2.0
// What a sender has offered stays until it is taken: valid does not fall, and nothing of the payload changes (AXI, AXI4-Stream).
//
// Watches one channel that the DUT drives, and reports to tb/native (rule AXI or AXIS). Costs nothing while nothing waits.
module hold_check #(
    parameter int unsigned Channel = 0,  // numbers of tb/native/sim.h
    parameter int unsigned Width = 1
) (
    input logic clk_i,
    input logic rst_ni,
    input logic valid_i,
    input logic ready_i,
    input logic [Width-1:0] payload_i
);
  import "DPI-C" function void rs_hold_broken(
    input int unsigned channel,
    input bit fell
  );

  logic waiting_q;
  logic [Width-1:0] payload_q;

  always_ff @(posedge clk_i) begin
    waiting_q <= rst_ni && valid_i && !ready_i;
    if (valid_i && !ready_i) payload_q <= payload_i;
    if (rst_ni && waiting_q && (!valid_i || payload_i != payload_q)) begin
      rs_hold_broken(Channel, !valid_i);
    end
  end
endmodule
