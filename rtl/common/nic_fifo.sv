// SPDX-License-Identifier: Apache-2.0
// FIFO in registers or distributed memory. Depth is a power of two.
//
// valid/ready on both sides; what goes in comes out one clock later at the earliest (no fall-through path from
// input to output, none from ready_i to ready_o). Control is reset, data is not.

`include "nic_assert.svh"

module nic_fifo #(
    parameter int unsigned Width = 32,
    parameter int unsigned Depth = 4
) (
    input  logic             clk_i,
    input  logic             rst_ni,

    input  logic             valid_i,
    output logic             ready_o,
    input  logic [Width-1:0] data_i,

    output logic             valid_o,
    input  logic             ready_i,
    output logic [Width-1:0] data_o
);

  localparam int unsigned PtrWidth = $clog2(Depth);

  logic [Width-1:0] mem [Depth];
  logic [PtrWidth:0] wptr_q, rptr_q;   // one bit more than the address: full differs from empty

  logic push, pop;
  assign push = valid_i && ready_o;
  assign pop  = valid_o && ready_i;

  assign valid_o = wptr_q != rptr_q;
  assign ready_o = (wptr_q - rptr_q) != (PtrWidth + 1)'(Depth);
  assign data_o  = mem[rptr_q[PtrWidth-1:0]];

  always_ff @(posedge clk_i) begin
    if (push) mem[wptr_q[PtrWidth-1:0]] <= data_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wptr_q <= '0;
      rptr_q <= '0;
    end else begin
      if (push) wptr_q <= wptr_q + 1'b1;
      if (pop)  rptr_q <= rptr_q + 1'b1;
    end
  end

  `NIC_ASSERT(FifoLevelInRange, (wptr_q - rptr_q) <= (PtrWidth + 1)'(Depth))

endmodule
