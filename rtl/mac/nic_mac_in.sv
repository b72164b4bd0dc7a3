// SPDX-License-Identifier: Apache-2.0
// What RX gets: frames from the wire, or in loopback those that TX sends back. Delayed by a clock.
//
// RX gets each frame whole: one that began on the wire without a link, or in loopback, is left out to its end, and where
// frames begin is known through resets (hard_rst_ni). loop_i changes between frames only (inside_o, nic_mac_mode).

module nic_mac_in
  import nic_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic clk_i,
    input  logic hard_rst_ni,

    input  logic                 special_i,     // not as usual; 0: the next four are 0, but for link_i
    input  logic                 link_i,
    input  logic                 loopback_i,    // asked for
    input  logic                 loop_i,        // in force
    input  logic                 pause_en_i,    // PAUSE frames are obeyed
    input  logic [47:0]          station_i,     // first byte on the wire in 7:0

    // from the wire, which cannot wait
    input  logic [DataWidth-1:0] s_axis_tdata,
    input  logic [Bytes-1:0]     s_axis_tkeep,
    input  logic                 s_axis_tvalid,
    input  logic                 s_axis_tlast,
    input  logic                 s_axis_tuser,

    // sent back
    input  logic [DataWidth-1:0] back_data_i,
    input  logic [Bytes-1:0]     back_keep_i,
    input  logic                 back_last_i,
    input  logic                 back_valid_i,

    output logic                 inside_o,      // between a frame's first and last beat
    output logic                 pause_o,       // one clock: a PAUSE frame has ended
    output logic [15:0]          quanta_o,

    // to RX, which takes all
    output logic [DataWidth-1:0] rx_tdata,
    output logic [Bytes-1:0]     rx_tkeep,
    output logic                 rx_tvalid,
    output logic                 rx_tlast,
    output rx_tag_t              rx_tag_o       // with rx_tlast
);

  logic                 skip_q, skip;           // a frame from the wire that RX does not get
  logic                 in_valid, in_last, in_bad;
  logic [DataWidth-1:0] in_data;
  logic [Bytes-1:0]     in_keep;
  rx_tag_t              in_tag;

  always_comb begin
    skip     = 1'b0;
    in_data  = s_axis_tdata;
    in_keep  = s_axis_tkeep;
    in_last  = s_axis_tlast;
    in_bad   = s_axis_tuser;
    in_valid = s_axis_tvalid;
    if (special_i || skip_q) begin
      skip     = skip_q || loop_i || (!inside_o && (!link_i || loopback_i));
      in_valid = s_axis_tvalid && !skip;
      if (loop_i) begin
        in_data  = back_data_i;
        in_keep  = back_keep_i;
        in_last  = back_last_i;
        in_bad   = 1'b0;
        in_valid = back_valid_i;
      end
    end
  end

  nic_mac_rx #(
      .DataWidth(DataWidth)
  ) u_rx (
      .clk_i,
      .rst_ni  (hard_rst_ni),
      .enable_i(pause_en_i),
      .station_i,
      .valid_i (in_valid),
      .data_i  (in_data),
      .keep_i  (in_keep),
      .last_i  (in_last),
      .bad_i   (in_bad),
      .inside_o,
      .tag_o   (in_tag),
      .pause_o,
      .quanta_o
  );

  always_ff @(posedge clk_i) begin
    rx_tvalid <= in_valid;
    if (in_valid) begin
      rx_tdata <= in_data;
      rx_tkeep <= in_keep;
      rx_tlast <= in_last;
      if (in_last) rx_tag_o <= in_tag;
    end
    if (special_i || skip_q) begin
      if (s_axis_tvalid) skip_q <= skip && !s_axis_tlast;
    end
    if (!hard_rst_ni) begin
      rx_tvalid <= 1'b0;
      skip_q    <= 1'b0;
    end
  end

endmodule
