// SPDX-License-Identifier: Apache-2.0
// First-in first-out memory between two clocks: gray-coded pointers, each through two flip-flops to the other side.
// Write side: push_i is taken while ready_o; drained_o: the reader has popped all (it may say so late, never early).
// Read side: valid_o and rdata_o stand until pop_i; data comes out of a memory register, so that block RAM will do.
module tiny_fifo #(
  parameter int unsigned Width = 64,
  parameter int unsigned DepthLog2 = 4
) (
  input  logic             wclk_i, wrst_ni, push_i,
  input  logic [Width-1:0] wdata_i,
  output logic             ready_o, drained_o,
  input  logic             rclk_i, rrst_ni, pop_i,
  output logic             valid_o,
  output logic [Width-1:0] rdata_o
);
  typedef logic [DepthLog2:0] ptr_t;  // one bit more than the address, so that full differs from empty

  logic [Width-1:0] mem[2**DepthLog2];
  ptr_t wptr_q, wptr_d, wgray_q, wgray_meta_q, wgray_sync_q;
  ptr_t rptr_q, rptr_d, rgray_q, rgray_meta_q, rgray_sync_q;

  assign ready_o   = wgray_q != (rgray_sync_q ^ (ptr_t'(3) << (DepthLog2 - 1)));  // a lap ahead: top two bits inverted
  assign drained_o = wgray_q == rgray_sync_q;
  assign wptr_d    = wptr_q + ptr_t'(push_i && ready_o);
  assign valid_o   = rgray_q != wgray_sync_q;
  assign rptr_d    = rptr_q + ptr_t'(pop_i && valid_o);

  always_ff @(posedge wclk_i) begin
    if (push_i && ready_o) mem[wptr_q[DepthLog2-1:0]] <= wdata_i;
    {wptr_q, wgray_q} <= wrst_ni ? {wptr_d, wptr_d ^ (wptr_d >> 1)} : '0;
    {rgray_sync_q, rgray_meta_q} <= wrst_ni ? {rgray_meta_q, rgray_q} : '0;
  end

  always_ff @(posedge rclk_i) begin
    rdata_o <= mem[rptr_d[DepthLog2-1:0]];
    {rptr_q, rgray_q} <= rrst_ni ? {rptr_d, rptr_d ^ (rptr_d >> 1)} : '0;
    {wgray_sync_q, wgray_meta_q} <= rrst_ni ? {wgray_meta_q, wgray_q} : '0;
    if (rrst_ni) assert (!pop_i || valid_o) else $error("tiny_fifo: popped while empty");
  end
endmodule
