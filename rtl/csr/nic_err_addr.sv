// SPDX-License-Identifier: Apache-2.0
// The addresses of AXI bursts that are not answered yet: so that an error, which comes with an ID alone, can be told with
// its address. The bursts of one stream (an ID) are answered in order. addr_o is the address of the oldest burst of
// stream_i, a clock after look_i; it is asked for in the clock in which the burst is answered, or before.

`include "nic_assert.svh"

module nic_err_addr #(
    parameter  int unsigned Streams     = 4,
    parameter  int unsigned Depth       = 32,     // bursts of a stream outstanding; a power of two
    localparam int unsigned StreamWidth = Streams > 1 ? $clog2(Streams) : 1
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,

    input  logic                   push_i,        // a burst's address is accepted
    input  logic [StreamWidth-1:0] push_stream_i,
    input  logic [63:0]            push_addr_i,

    input  logic                   pop_i,         // a burst is answered
    input  logic [StreamWidth-1:0] stream_i,
    input  logic                   look_i,
    output logic [63:0]            addr_o
);

  localparam int unsigned PtrWidth = $clog2(Depth);

  logic [63:0] mem [Streams * Depth];
  logic [PtrWidth-1:0] wp_q [Streams], rp_q [Streams];

  always_ff @(posedge clk_i) begin
    if (push_i) begin
      automatic logic [StreamWidth-1:0] to = push_stream_i;
      mem[{to, wp_q[to]}] <= push_addr_i;
      wp_q[to] <= wp_q[to] + 1'b1;
    end
    if (pop_i || look_i) begin
      automatic logic [StreamWidth-1:0] from = stream_i;
      if (look_i) addr_o <= mem[{from, rp_q[from]}];
      if (pop_i) rp_q[from] <= rp_q[from] + 1'b1;
    end
    if (!rst_ni) begin
      for (int unsigned s = 0; s < Streams; s++) begin
        wp_q[s] <= '0;
        rp_q[s] <= '0;
      end
    end
  end

endmodule
