// SPDX-License-Identifier: Apache-2.0
// Looks at the beginning of each frame as it arrives and decides: does its destination pass the filter, what is its
// RSS hash, and which queue gets it. One decision a frame, in order, 11 clocks after the beat that completes the
// first HdrBytes bytes or ends the frame. A frame a clock is possible. Runts get a decision too; it has no meaning.
//
//   l2 (VLAN tags) > l3 (IP) > ext x 4 (IPv6 extension headers) > l4 (ports) > toeplitz (three clocks) > table
//         beside it: filter (two clocks)                          > plan (four clocks)
//
// The bytes from the network header on wait in a memory for l4 and plan.

module nic_rx_parse
  import nic_pkg::*;
  import nic_rx_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  glob_cfg_t            glob_i,
    input  rss_cfg_t             rss_cfg_i,
    output logic [6:0]           rss_index_o,  // the table is looked up
    input  queue_t               rss_queue_i,
    output logic                 filter_look_o, // a frame's addresses are looked up: the answer comes two clocks later
    output logic [47:0]          filter_dest_o,
    output logic [11:0]          filter_vid_o,
    input  logic                 filter_addr_i,
    input  logic                 filter_vlan_i,

    // the stream
    input  logic                 beat_i,       // a beat
    input  logic                 valid_i,      // of a frame that is taken
    input  logic [DataWidth-1:0] data_i,
    input  logic                 last_i,
    input  logic [ByteLog2:0]    bytes_i,      // in this beat

    // the decision
    output logic                 valid_o,
    output rx_pass_t             pass_o,
    output rss_type_t            type_o,
    output logic [31:0]          hash_o,
    output sum_plan_t            plan_o,
    output logic [QWidth-1:0]    queue_o
);

  // ------------------------------------------------------------------ headers
  logic       l2_valid, l2_ip4, l2_ip6, l2_ctag;
  l3_bytes_t  l2_bytes;
  logic [1:0] l2_tags;
  logic [6:0] l2_len;

  nic_rx_l2 #(
      .DataWidth(DataWidth)
  ) u_l2 (
      .clk_i,
      .rst_ni,
      .beat_i, .valid_i, .data_i, .last_i, .bytes_i,
      .look_o    (filter_look_o),
      .dest_o    (filter_dest_o),
      .vid_o     (filter_vid_o),
      .valid_o   (l2_valid),
      .l3_o      (l2_bytes),
      .len_o     (l2_len),
      .tags_o    (l2_tags),
      .type_ip4_o(l2_ip4),
      .type_ip6_o(l2_ip6),
      .ctag_o    (l2_ctag)
  );

  logic  [ExtSteps:0] step_valid;
  net_t               step_net  [ExtSteps + 1];
  exts_t              step_exts [ExtSteps + 1];
  net_t               l3_net;
  logic               l3_checked_q;       // the VLAN must pass

  nic_rx_l3 u_l3 (
      .clk_i,
      .rst_ni,
      .valid_i   (l2_valid),
      .l3_i      (l2_bytes),
      .len_i     (l2_len),
      .tags_i    (l2_tags),
      .type_ip4_i(l2_ip4),
      .type_ip6_i(l2_ip6),
      .strip_i   (l2_ctag && glob_i.vlan_strip),
      .valid_o   (step_valid[0]),
      .net_o     (l3_net),
      .exts_o    (step_exts[0])
  );

  always_ff @(posedge clk_i) begin
    if (l2_valid) l3_checked_q <= l2_ctag && glob_i.vlan_filter;
  end

  always_comb begin
    step_net[0]           = l3_net;
    step_net[0].pass.addr = filter_addr_i;
    step_net[0].pass.vlan = filter_vlan_i || !l3_checked_q;
  end

  for (genvar s = 0; s < ExtSteps; s++) begin : gen_ext
    nic_rx_ext u_ext (
        .clk_i,
        .rst_ni,
        .valid_i(step_valid[s]),
        .net_i  (step_net[s]),
        .exts_i (step_exts[s]),
        .valid_o(step_valid[s+1]),
        .net_o  (step_net[s+1]),
        .exts_o (step_exts[s+1])
    );
  end

  // ------------------------------------------------------------------ the bytes, as long as the steps take
  l3_bytes_t  wait_mem [8];
  l3_bytes_t  l3_q;
  logic [2:0] wait_wp_q, wait_rp_q;

  always_ff @(posedge clk_i) begin
    if (l2_valid) wait_mem[wait_wp_q] <= l2_bytes;
  end

  always_ff @(posedge clk_i) begin
    if (step_valid[ExtSteps-1]) l3_q <= wait_mem[wait_rp_q];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wait_wp_q <= '0;
      wait_rp_q <= '0;
    end else begin
      if (l2_valid) wait_wp_q <= wait_wp_q + 1'b1;
      if (step_valid[ExtSteps-1]) wait_rp_q <= wait_rp_q + 1'b1;
    end
  end

  // ------------------------------------------------------------------ ports, sums
  logic         l4_valid, l4_want;
  rx_pass_t     l4_pass;
  rss_type_t    l4_type;
  logic         l4_is_ip4;
  logic [255:0] l4_addrs;
  logic [31:0]  l4_ports;

  nic_rx_l4 u_l4 (
      .clk_i,
      .rst_ni,
      .rss_cfg_i,
      .valid_i(step_valid[ExtSteps]),
      .net_i  (step_net[ExtSteps]),
      .l3_i   (l3_q),
      .valid_o(l4_valid),
      .pass_o (l4_pass),
      .type_o (l4_type),
      .want_o (l4_want),
      .ip4_o  (l4_is_ip4),
      .addrs_o(l4_addrs),
      .ports_o(l4_ports)
  );

  nic_rx_plan u_plan (
      .clk_i,
      .rst_ni,
      .valid_i(step_valid[ExtSteps]),
      .net_i  (step_net[ExtSteps]),
      .l3_i   (l3_q),
      .plan_o
  );

  // ------------------------------------------------------------------ hash, queue
  nic_rx_toeplitz #(
      .Along   ($bits(rx_pass_t) + $bits(rss_type_t)),
      .Interval((14 + 20 + Bytes - 1) / Bytes)          // beats of a frame with a whole IPv4 header
  ) u_toeplitz (
      .clk_i,
      .rst_ni,
      .key_i  (rss_cfg_i.key),
      .soon_i (step_valid[ExtSteps]),
      .valid_i(l4_valid),
      .want_i (l4_want),
      .ip4_i  (l4_is_ip4),
      .addrs_i(l4_addrs),
      .ports_i(l4_ports),
      .along_i({l4_pass, l4_type}),
      .valid_o,
      .hash_o,
      .along_o({pass_o, type_o})
  );

  assign rss_index_o = hash_o[6:0];
  assign queue_o     = rss_queue_i[QWidth-1:0];

  logic unused;
  assign unused = ^rss_queue_i;

endmodule
