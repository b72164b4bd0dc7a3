// SPDX-License-Identifier: Apache-2.0
// The MAC side: between the datapath and the streams. The stream to the wire is not delayed, that to RX by a clock.
//
// TX -> nic_mac_tx (PAUSE frames, waiting, no link) -> the wire, or back into RX in loopback.
// The wire, or TX -> nic_mac_in (whole frames; nic_mac_rx finds PAUSE frames) -> RX. nic_mac_pause and nic_mac_pace say
// when TX waits.
//
// Loopback begins and ends between frames, in both directions; the wire sends and receives nothing meanwhile. Without a
// link nothing is received, and what is sent is thrown away; loopback needs none. RX gets each frame whole, and where
// frames from the wire begin is known through resets (hard_rst_ni).

module nic_mac
  import nic_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned ClockMhz  = 250,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic hard_rst_ni,
    input  logic stop_i,                        // it is being reset: begin nothing new
    output logic busy_o,                        // a frame is under way, or is to be sent

    // register bus
    input  reg_req_t             req_i,
    output reg_rsp_t             rsp_o,         // of the settings; of the counters
    output reg_rsp_t             rmon_rsp_o,

    input  logic [47:0]          station_i,     // first byte on the wire in 7:0
    input  frame_len_t           max_frame_i,

    // the link
    input  logic                 link_down_i,
    input  logic [19:0]          link_mbps_i,   // 0: as much as the streams carry
    output logic                 link_o,
    output logic                 link_change_o, // one clock

    // the fill of the RX packet buffer (nic_mac_fill)
    output logic                 fill_enable_o,
    output logic [15:0]          fill_high_o,
    output logic [15:0]          fill_low_o,
    input  logic                 fill_i,

    // from TX
    input  logic [DataWidth-1:0] tx_tdata,
    input  logic [Bytes-1:0]     tx_tkeep,
    input  logic                 tx_tvalid,
    output logic                 tx_tready,
    input  logic                 tx_tlast,
    input  logic                 tx_sent_i,     // the last beat is taken
    input  frame_len_t           tx_len_i,      // with it
    output logic                 tx_dropped_o,  // the frame of this last beat is thrown away

    // to RX, which takes all
    output logic [DataWidth-1:0] rx_tdata,
    output logic [Bytes-1:0]     rx_tkeep,
    output logic                 rx_tvalid,
    output logic                 rx_tlast,
    output rx_tag_t              rx_tag_o,      // with rx_tlast

    // from RX, to be counted: a frame that the enabled device has seen
    input  logic                 count_i,
    input  frame_len_t           count_len_i,
    input  rx_tag_t              count_tag_i,

    // to the wire
    output logic [DataWidth-1:0] m_axis_tdata,
    output logic [Bytes-1:0]     m_axis_tkeep,
    output logic                 m_axis_tvalid,
    input  logic                 m_axis_tready,
    output logic                 m_axis_tlast,

    // from the wire, which cannot wait
    input  logic [DataWidth-1:0] s_axis_tdata,
    input  logic [Bytes-1:0]     s_axis_tkeep,
    input  logic                 s_axis_tvalid,
    input  logic                 s_axis_tlast,
    input  logic                 s_axis_tuser
);

  // ------------------------------------------------------------------ registers
  logic        active, loopback, rx_pause, tx_pause, paused, xoff;
  logic [15:0] quanta, changes;
  logic [19:0] tx_mbps;

  assign fill_enable_o = tx_pause;

  nic_mac_regs u_regs (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o,
      .loopback_o(loopback),
      .rx_pause_o(rx_pause),
      .tx_pause_o(tx_pause),
      .quanta_o  (quanta),
      .fill_high_o,
      .fill_low_o,
      .tx_mbps_o (tx_mbps),
      .active_o  (active),
      .up_i      (link_o),
      .paused_i  (paused),
      .xoff_i    (xoff),
      .changes_i (changes),
      .link_mbps_i
  );

  // ------------------------------------------------------------------ the link, and what is not as usual
  logic        special, up, loop, stall, hold;
  logic        pause_req, pause_taken, pause_done, pace_stall, tx_inside, rx_inside;
  logic [15:0] pause_quanta, rx_quanta;
  logic        rx_is_pause;

  nic_mac_mode u_mode (
      .clk_i,
      .rst_ni,
      .stop_i,
      .link_down_i,
      .link_o,
      .link_change_o,
      .changes_o   (changes),
      .active_i    (active),
      .loopback_i  (loopback),
      .tx_inside_i (tx_inside),
      .rx_inside_i (rx_inside),
      .paused_i    (paused),
      .xoff_i      (xoff),
      .pause_req_i (pause_req),
      .pace_stall_i(pace_stall),
      .special_o   (special),
      .up_o        (up),
      .loop_o      (loop),
      .stall_o     (stall),
      .hold_o      (hold)
  );

  // ------------------------------------------------------------------ out
  logic      back_valid, tx_busy;
  mac_cast_e out_cast;

  nic_mac_tx #(
      .DataWidth(DataWidth)
  ) u_tx (
      .clk_i,
      .rst_ni,
      .special_i    (special),
      .discard_i    (!up),
      .flush_i      (stop_i),
      .stall_i      (stall),
      .hold_i       (hold),
      .pause_i      (pause_req),
      .quanta_i     (pause_quanta),
      .station_i,
      .pause_taken_o(pause_taken),
      .loop_i       (loop),
      .inside_o     (tx_inside),
      .busy_o       (tx_busy),
      .s_tdata      (tx_tdata),
      .s_tkeep      (tx_tkeep),
      .s_tvalid     (tx_tvalid),
      .s_tready     (tx_tready),
      .s_tlast      (tx_tlast),
      .m_tdata      (m_axis_tdata),
      .m_tkeep      (m_axis_tkeep),
      .m_tvalid     (m_axis_tvalid),
      .m_tready     (m_axis_tready),
      .m_tlast      (m_axis_tlast),
      .back_valid_o (back_valid),
      .pause_done_o (pause_done),
      .dropped_o    (tx_dropped_o),
      .cast_o       (out_cast)
  );

  assign busy_o = tx_busy || pause_req;

  nic_mac_pace #(
      .DataWidth(DataWidth),
      .ClockMhz (ClockMhz)
  ) u_pace (
      .clk_i,
      .mbps_i (tx_mbps),
      .busy_i (m_axis_tvalid || back_valid),
      .taken_i((m_axis_tvalid && m_axis_tready) || back_valid),
      .last_i (m_axis_tlast),
      .tail_i (pause_done ? ByteLog2'(PadFrame) : tx_len_i[ByteLog2-1:0]),
      .stall_o(pace_stall)
  );

  // ------------------------------------------------------------------ in, or back
  nic_mac_in #(
      .DataWidth(DataWidth)
  ) u_in (
      .clk_i,
      .hard_rst_ni,
      .special_i (special),
      .link_i    (link_o),
      .loopback_i(loopback),
      .loop_i    (loop),
      .pause_en_i(rx_pause),
      .station_i,
      .s_axis_tdata,
      .s_axis_tkeep,
      .s_axis_tvalid,
      .s_axis_tlast,
      .s_axis_tuser,
      .back_data_i (m_axis_tdata),
      .back_keep_i (m_axis_tkeep),
      .back_last_i (m_axis_tlast),
      .back_valid_i(back_valid),
      .inside_o    (rx_inside),
      .pause_o     (rx_is_pause),
      .quanta_o    (rx_quanta),
      .rx_tdata,
      .rx_tkeep,
      .rx_tvalid,
      .rx_tlast,
      .rx_tag_o
  );

  // The link's rate, in which the time of PAUSE is counted.
  logic [19:0] rate_q;
  always_ff @(posedge clk_i) begin
    if (special) rate_q <= (link_mbps_i == '0) ? 20'(DataWidth * ClockMhz) : link_mbps_i;
  end

  nic_mac_pause #(
      .ClockMhz(ClockMhz)
  ) u_pause (
      .clk_i,
      .rst_ni,
      .mbps_i      (rate_q),
      .up_i        (up),
      .active_i    (special),
      .stop_i,
      .rx_enable_i (rx_pause),
      .rx_pause_i  (rx_is_pause),
      .rx_quanta_i (rx_quanta),
      .paused_o    (paused),
      .high_i      (fill_i),
      .quanta_i    (quanta),
      .req_o       (pause_req),
      .req_quanta_o(pause_quanta),
      .taken_i     (pause_taken),
      .xoff_o      (xoff)
  );

  // ------------------------------------------------------------------ counters
  logic       tx_count_q, tx_dropped_q, tx_pause_q;
  frame_len_t tx_len_q;

  always_ff @(posedge clk_i) begin
    tx_count_q <= tx_sent_i || pause_done;
    if (tx_busy || (tx_tvalid && tx_tlast)) begin     // counts only with tx_count_q
      tx_dropped_q <= tx_dropped_o;
      tx_pause_q   <= pause_done;
      tx_len_q     <= pause_done ? frame_len_t'(PadFrame) : tx_len_i;
    end
    if (!rst_ni) tx_count_q <= 1'b0;
  end

  nic_mac_rmon u_rmon (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o       (rmon_rsp_o),
      .max_frame_i,
      .rx_i        (count_i),
      .rx_len_i    (count_len_i),
      .rx_tag_i    (count_tag_i),
      .tx_i        (tx_count_q),
      .tx_dropped_i(tx_dropped_q),
      .tx_len_i    (tx_len_q),
      .tx_cast_i   (tx_pause_q ? Multicast : out_cast),
      .tx_pause_i  (tx_pause_q)
  );

endmodule
