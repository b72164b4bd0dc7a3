// SPDX-License-Identifier: Apache-2.0
// Where the stream's beats, which cannot wait, stay until the parser has decided about their frame. A decision stays
// until its frame's last beat has left. A beat leaves in the clock after one in which its decision is there, a beat a clock.

`include "nic_assert.svh"

module nic_rx_stage
  import nic_pkg::*;
  import nic_rx_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned Depth     = 32,     // beats
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned ByteLog2 = $clog2(DataWidth / 8)
) (
    input  logic clk_i,
    input  logic rst_ni,
    output logic busy_o,                       // beats are here

    // a beat comes in
    input  logic                 valid_i,
    input  logic [DataWidth-1:0] data_i,
    input  logic [ByteLog2:0]    bytes_i,
    input  logic                 last_i,
    input  rx_tag_t              tag_i,

    // a decision, in the order of the frames
    input  logic                 decided_i,
    input  rx_pass_t             pass_i,
    input  logic [QWidth-1:0]    queue_i,
    input  rss_type_t            type_i,
    input  logic [31:0]          hash_i,
    input  sum_plan_t            plan_i,

    // a beat leaves; a frame's first is announced a clock before
    output logic                 between_o,    // the next to leave is a frame's first
    output logic                 coming_o,     // it leaves now
    output logic [QWidth-1:0]    coming_queue_o,
    output logic                 valid_o,
    output logic                 first_o,      // it begins a frame
    output logic [DataWidth-1:0] data_o,
    output logic [ByteLog2:0]    bytes_o,
    output logic                 last_o,
    output rx_tag_t              tag_o,
    output rx_pass_t             pass_o,       // this and all below: the same in all of a frame's beats
    output logic [QWidth-1:0]    queue_o,
    output rss_type_t            type_o,
    output logic [31:0]          hash_o,
    output sum_plan_t            plan_o
);

  localparam int unsigned Log2 = $clog2(Depth);
  typedef logic [Log2:0] ptr_t;              // one bit more than the address: full differs from empty

  logic [DataWidth-1:0]  data  [Depth];
  logic [ByteLog2+6:0]   tail  [Depth];      // tag, last, bytes
  logic [QWidth+1:0]     route [Depth];      // pass, queue
  logic [34:0]           rss   [Depth];      // type, hash
  sum_plan_t             plan  [Depth];
  ptr_t                  wp_q, rp_q, decided_wp_q, decided_rp_q;
  logic [Log2-1:0]       slot, decided_slot;
  logic                  leaves, last, begins_q;
  rx_tag_t               tag;
  logic [ByteLog2:0]     bytes;

  assign slot         = rp_q[Log2-1:0];
  assign decided_slot = decided_rp_q[Log2-1:0];
  assign leaves       = wp_q != rp_q && decided_wp_q != decided_rp_q;
  assign {tag, last, bytes} = tail[slot];
  assign busy_o       = wp_q != rp_q || valid_o;
  assign between_o    = begins_q;
  assign coming_o     = leaves && begins_q;
  assign coming_queue_o = route[decided_slot][QWidth-1:0];

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      data[wp_q[Log2-1:0]] <= data_i;
      tail[wp_q[Log2-1:0]] <= {tag_i, last_i, bytes_i};
    end
    if (decided_i) begin
      route[decided_wp_q[Log2-1:0]] <= {pass_i, queue_i};
      rss[decided_wp_q[Log2-1:0]]   <= {type_i, hash_i};
      plan[decided_wp_q[Log2-1:0]]  <= plan_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wp_q         <= '0;
      rp_q         <= '0;
      decided_wp_q <= '0;
      decided_rp_q <= '0;
    end else begin
      if (valid_i) wp_q <= wp_q + 1'b1;
      if (decided_i) decided_wp_q <= decided_wp_q + 1'b1;
      if (leaves) rp_q <= rp_q + 1'b1;
      if (leaves && last) decided_rp_q <= decided_rp_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && leaves;
    if (leaves) begin
      first_o  <= begins_q;
      begins_q <= last;
      data_o   <= data[slot];
      bytes_o  <= bytes;
      last_o   <= last;
      tag_o    <= tag;
      if (begins_q) begin
        {pass_o, queue_o} <= route[decided_slot];
        {type_o, hash_o}  <= rss[decided_slot];
        plan_o            <= plan[decided_slot];
      end
    end
    if (!rst_ni) begins_q <= 1'b1;
  end

  `NIC_ASSERT_IF(RxStageTakesAll, valid_i, (wp_q - rp_q) != ptr_t'(Depth))
  `NIC_ASSERT_IF(RxDecisionsTaken, decided_i, (decided_wp_q - decided_rp_q) != ptr_t'(Depth))

endmodule
