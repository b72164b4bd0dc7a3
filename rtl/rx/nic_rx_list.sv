// SPDX-License-Identifier: Apache-2.0
// The frames in the RX packet buffer: a list for each queue, and the choice of the next to be looked at, queues in turn.
//
// The next frame's entry is read ahead (next_valid_o); the one after it two clocks after it was taken (take_i) at the
// earliest. An entry is released (release_i) later, in its queue's order. A queue whose frame cannot be written yet is
// set aside (reject_i): the frame is looked at again, and its queue's later ones after it, when something of the queue
// has moved: descriptors arrived, a write was answered, records were retired, the ring was started, or has ceased to run.

`include "nic_assert.svh"

module nic_rx_list
  import nic_pkg::*;
#(
    parameter int unsigned Queues  = 4,
    parameter int unsigned Frames  = 256,        // entries of a queue
    localparam int unsigned QWidth = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic stop_i,                         // choose nothing new
    output logic frames_left_o,                  // any queue has frames

    // a frame has come
    input  logic              frame_valid_i,
    input  logic [QWidth-1:0] frame_queue_i,
    input  frame_len_t        frame_len_i,
    input  rx_meta_t          frame_meta_i,
    input  rx_vlan_t          frame_vlan_i,

    // the next to be looked at
    output logic              next_valid_o,
    output logic [QWidth-1:0] next_queue_o,
    output frame_len_t        next_len_o,
    output rx_meta_t          next_meta_o,
    output rx_vlan_t          next_vlan_o,
    input  logic              take_i,

    // what became of a frame that was taken, after it
    input  logic [QWidth-1:0] queue_i,
    input  logic              release_i,
    input  logic              reject_i,

    // what may bring a queue that is set aside back
    input  logic [Queues-1:0] run_i,
    input  logic              arrived_i,
    input  logic [QWidth-1:0] arrived_queue_i,
    input  logic              answered_i,
    input  logic [QWidth-1:0] answered_queue_i,
    input  logic              retired_i,
    input  logic [QWidth-1:0] retired_queue_i,
    input  logic              start_i,
    input  logic [QWidth-1:0] start_queue_i
);

  localparam int unsigned Slots    = 1 << QWidth;
  localparam int unsigned ListLog2 = $clog2(Frames);
  typedef logic [ListLog2:0] count_t;

  count_t wp_q [Slots], rp_q [Slots], look_q [Slots];   // look: the entry looked at ahead, a clock after it was chosen
  count_t look_next;
  logic [Queues-1:0] have_q, blocked_q, eligible;       // have: look is not wp
  logic              any, choose, chosen, chosen_q;
  logic [QWidth-1:0] pick;
  logic [QWidth+ListLog2-1:0] waddr, raddr;

  // A frame of a ring that does not run needs nothing: it is dropped.
  assign eligible = have_q & (~blocked_q | ~run_i);
  assign choose   = any && !stop_i && !next_valid_o;
  assign chosen   = choose && !reject_i;

  nic_rr_pick #(
      .Width   (Queues),
      .IdxWidth(QWidth)
  ) u_pick (
      .req_i (eligible),
      .last_i(next_queue_o),
      .any_o (any),
      .pick_o(pick)
  );

  assign look_next = look_q[next_queue_o] + 1'b1;

  assign waddr = {frame_queue_i, wp_q[frame_queue_i][ListLog2-1:0]};
  assign raddr = {pick, look_q[pick][ListLog2-1:0]};

  nic_ram #(
      .Width($bits(rx_vlan_t) + $bits(frame_len_t)),
      .Depth(Slots * Frames)
  ) u_lens (
      .clk_i,
      .we_i   (frame_valid_i),
      .waddr_i(waddr),
      .wdata_i({frame_vlan_i, frame_len_i}),
      .re_i   (choose),
      .raddr_i(raddr),
      .rdata_o({next_vlan_o, next_len_o})
  );

  nic_ram #(
      .Width($bits(rx_meta_t)),
      .Depth(Slots * Frames)
  ) u_metas (
      .clk_i,
      .we_i   (frame_valid_i),
      .waddr_i(waddr),
      .wdata_i(frame_meta_i),
      .re_i   (choose),
      .raddr_i(raddr),
      .rdata_o(next_meta_o)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      next_valid_o <= 1'b0;
      next_queue_o <= '0;
    end else if (chosen) begin
      next_valid_o <= 1'b1;
      next_queue_o <= pick;
    end else if (take_i || (reject_i && next_queue_o == queue_i)) begin
      next_valid_o <= 1'b0;         // not before the one that is set aside
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) begin
        wp_q[q]   <= '0;
        rp_q[q]   <= '0;
        look_q[q] <= '0;
      end
      have_q <= '0;
    end else begin
      if (frame_valid_i) wp_q[frame_queue_i] <= wp_q[frame_queue_i] + 1'b1;
      if (chosen_q) begin
        look_q[next_queue_o] <= look_next;
        if (look_next == wp_q[next_queue_o]) have_q[next_queue_o] <= 1'b0;
      end
      if (reject_i) look_q[queue_i] <= rp_q[queue_i];
      if (reject_i) have_q[queue_i] <= 1'b1;
      if (frame_valid_i) have_q[frame_queue_i] <= 1'b1;
      if (release_i) rp_q[queue_i] <= rp_q[queue_i] + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    chosen_q <= rst_ni && chosen;
  end

  always_ff @(posedge clk_i) begin
    if (reject_i) blocked_q[queue_i] <= 1'b1;
    if (arrived_i) blocked_q[arrived_queue_i] <= 1'b0;
    if (answered_i) blocked_q[answered_queue_i] <= 1'b0;
    if (retired_i) blocked_q[retired_queue_i] <= 1'b0;
    if (start_i) blocked_q[start_queue_i] <= 1'b0;
    if (!rst_ni) blocked_q <= '0;
  end

  // Of all queues: for the device's idle status.
  logic [QWidth+ListLog2:0] total_q;
  assign frames_left_o = total_q != '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) total_q <= '0;
    else if (frame_valid_i != release_i) total_q <= frame_valid_i ? total_q + 1'b1 : total_q - 1'b1;
  end

  `NIC_ASSERT_IF(RxFramesInOrder, release_i, rp_q[queue_i] != wp_q[queue_i])

endmodule
