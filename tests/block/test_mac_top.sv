// SPDX-License-Identifier: Apache-2.0
// The MAC side with what TX and RX tell it of the frames that pass: for block tests.

module test_mac_top
  import nic_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned ClockMhz  = 250,
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 hard_rst_ni,
    input  logic                 stop_i,
    output logic                 busy_o,
    input  reg_req_t             req_i,
    output reg_rsp_t             rsp_o,
    input  logic [47:0]          station_i,
    input  frame_len_t           max_frame_i,
    input  logic                 link_down_i,
    input  logic [19:0]          link_mbps_i,
    output logic                 link_o,
    output logic                 link_change_o,
    output logic                 fill_enable_o,
    output logic [15:0]          fill_high_o,
    output logic [15:0]          fill_low_o,
    input  logic                 fill_i,
    input  logic [DataWidth-1:0] tx_tdata,
    input  logic [Bytes-1:0]     tx_tkeep,
    input  logic                 tx_tvalid,
    output logic                 tx_tready,
    input  logic                 tx_tlast,
    input  frame_len_t           tx_len_i,
    output logic                 tx_dropped_o,
    output logic [DataWidth-1:0] rx_tdata,
    output logic [Bytes-1:0]     rx_tkeep,
    output logic                 rx_tvalid,
    output logic                 rx_tlast,
    output logic                 rx_bad_o,
    output logic                 rx_own_o,
    output logic [DataWidth-1:0] m_axis_tdata,
    output logic [Bytes-1:0]     m_axis_tkeep,
    output logic                 m_axis_tvalid,
    input  logic                 m_axis_tready,
    output logic                 m_axis_tlast,
    input  logic [DataWidth-1:0] s_axis_tdata,
    input  logic [Bytes-1:0]     s_axis_tkeep,
    input  logic                 s_axis_tvalid,
    input  logic                 s_axis_tlast,
    input  logic                 s_axis_tuser
);

  rx_tag_t     rx_tag, count_tag_q;
  logic        count_q;
  frame_len_t  count_len_q;
  logic [15:0] bytes_q;
  reg_rsp_t    regs_rsp, rmon_rsp;

  assign rsp_o    = regs_rsp | rmon_rsp;
  assign rx_bad_o = rx_tag.bad;
  assign rx_own_o = rx_tag.own;

  // As RX does it.
  always_ff @(posedge clk_i) begin
    count_q <= rst_ni && rx_tvalid && rx_tlast;
    if (rx_tvalid) begin
      automatic logic [15:0] bytes = bytes_q + 16'($countones(rx_tkeep));
      bytes_q     <= rx_tlast ? '0 : bytes;
      count_len_q <= (bytes > 16'h3FFF) ? '1 : bytes[13:0];
      count_tag_q <= rx_tag;
    end
    if (!rst_ni) bytes_q <= '0;
  end

  nic_mac #(
      .DataWidth(DataWidth),
      .ClockMhz (ClockMhz)
  ) u_mac (
      .rsp_o      (regs_rsp),
      .rmon_rsp_o (rmon_rsp),
      .tx_sent_i  (tx_tvalid && tx_tready && tx_tlast),
      .rx_tag_o   (rx_tag),
      .count_i    (count_q),
      .count_len_i(count_len_q),
      .count_tag_i(count_tag_q),
      .*
  );

endmodule
