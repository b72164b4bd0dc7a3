// SPDX-License-Identifier: Apache-2.0
// The way of frames, down and up: nic_tx from memory to the stream, nic_rx from the stream to memory, and the MAC side
// (nic_mac) between both and the wire. Descriptors and rings are elsewhere (nic_rings), as are settings (nic_host).

module nic_frames
  import nic_pkg::*;
  import nic_dma_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter int unsigned  DataWidth = 256,
    parameter int unsigned  Queues    = 4,
    parameter int unsigned  ClockMhz  = 250,
    parameter int unsigned  TxBufLog2 = 14,
    parameter int unsigned  RxBufLog2 = 14,
    parameter int unsigned  TxBursts  = 32,
    parameter int unsigned  TxFrames  = 32,
    parameter int unsigned  RxFrames  = 256,
    parameter int unsigned  RxRecords = 32,
    parameter int unsigned  DescDepth = 32,
    localparam int unsigned QWidth    = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         hard_rst_ni,     // not software's
    input  logic                         stop_i,
    output logic                         busy_o,          // a frame on the stream, a read or a write is under way
    output logic                         rx_idle_o,       // no frame in the RX packet buffer

    // settings, and what RX looks up
    input  glob_cfg_t                    glob_i,
    input  logic [7:0]                   tx_weight_i [Queues],
    input  rss_cfg_t                     rss_cfg_i,
    output logic [6:0]                   rss_index_o,
    input  queue_t                       rss_queue_i,
    output logic                         filter_look_o,
    output logic [47:0]                  filter_dest_o,
    output logic [11:0]                  filter_vid_o,
    input  logic                         filter_addr_i, filter_vlan_i,
    input  reg_req_t                     req_reg_i,
    output reg_rsp_t                     mac_rsp_o, rmon_rsp_o,
    output cnt_evt_t                     cnt_evt_o,

    // rings
    input  logic [Queues-1:0]            tx_run_i, rx_run_i,
    input  logic                         tx_start_i, rx_start_i,
    input  logic [QWidth-1:0]            tx_start_queue_i, rx_start_queue_i,
    input  logic [QWidth-1:0]            scan_i, rx_scan_i,
    output logic                         tx_work_o, rx_work_o,
    output logic                         tx_err_desc_o, rx_err_desc_o,
    output logic [QWidth-1:0]            tx_err_queue_o, rx_err_queue_o,

    // TX: descriptors, reads, what is sent
    input  logic [Queues-1:0]            tx_avail_i,
    output logic [QWidth-1:0]            tx_rd_queue_o,
    input  logic                         tx_rd_valid_i,
    input  desc_t                        tx_desc_i,
    input  index_t                       tx_rd_index_i,
    output logic                         tx_pop_o,
    output logic [QWidth-1:0]            tx_pop_queue_o,
    output logic                         req_valid_o,
    output dma_req_t                     req_o,
    input  logic                         req_ready_i,
    input  logic                         r_valid_i,
    input  logic [QWidth-1:0]            r_queue_i,
    input  logic [DataWidth-1:0]         r_data_i,
    input  logic                         r_last_i, r_err_i,
    output logic                         done_o,
    output logic [QWidth-1:0]            sent_queue_o,
    output index_t                       sent_end_o,

    // RX: descriptors, writes, what is received
    output logic [QWidth-1:0]            rx_rd_queue_o,
    output logic [$clog2(DescDepth)-1:0] rx_rd_skip_o,
    input  logic                         rx_rd_valid_i, rx_rd_more_i,
    input  desc_t                        rx_desc_i,
    input  index_t                       rx_rd_index_i,
    output logic                         rx_pop_o,
    output logic [QWidth-1:0]            rx_pop_queue_o,
    output index_t                       rx_pop_index_o,
    input  logic                         rx_arrived_i,
    output logic                         data_valid_o, data_first_o, data_last_o,
    input  logic                         data_ready_i,
    output dma_req_t                     data_req_o,
    output logic [DataWidth-1:0]         data_wdata_o,
    output logic [DataWidth/8-1:0]       data_wstrb_o,
    input  logic                         b_valid_i,
    input  logic [QWidth-1:0]            b_queue_i,
    input  logic                         b_err_i,
    output logic                         scan_ready_o,
    input  logic [QWidth-1:0]            rec_queue_i,
    output logic [$clog2(RxRecords):0]   rec_ready_o,
    output rx_record_t                   rec_o,
    output logic                         rec_err_o,
    input  logic                         rec_pop_i,

    // the wire
    output logic [DataWidth-1:0]         m_axis_tdata,
    output logic [DataWidth/8-1:0]       m_axis_tkeep,
    output logic                         m_axis_tvalid,
    input  logic                         m_axis_tready,
    output logic                         m_axis_tlast,
    input  logic [DataWidth-1:0]         s_axis_tdata,
    input  logic [DataWidth/8-1:0]       s_axis_tkeep,
    input  logic                         s_axis_tvalid,
    output logic                         s_axis_tready,
    input  logic                         s_axis_tlast,
    input  logic                         s_axis_tuser,
    input  logic                         link_down_i,
    input  logic [19:0]                  link_mbps_i,
    output logic                         link_o
);

  // nic_tx to the MAC side
  logic                   tx_busy, mac_busy, rx_busy, sent, tx_dropped;
  logic                   tx_tvalid, tx_tready, tx_tlast;
  logic [DataWidth-1:0]   tx_tdata;
  logic [DataWidth/8-1:0] tx_tkeep;
  frame_len_t             sent_len;

  // the MAC side to nic_rx, and what is told of its frames
  logic                   rx_tvalid, rx_tlast, rx_seen, rx_frame, rx_nodesc;
  logic [DataWidth-1:0]   rx_tdata;
  logic [DataWidth/8-1:0] rx_tkeep;
  rx_tag_t                rx_tag, rx_seen_tag;
  frame_len_t             rx_seen_len, rx_len;
  rx_verdict_e            rx_verdict;
  logic [QWidth-1:0]      rx_cnt_queue;
  logic                   fill_enable, fill_high;
  logic [15:0]            fill_xoff, fill_xon;

  nic_tx #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (TxBufLog2),
      .Bursts   (TxBursts),
      .Frames   (TxFrames)
  ) u_tx (
      .clk_i,
      .rst_ni,
      .stop_i, .busy_o(tx_busy),
      .weight_i(tx_weight_i),
      .run_i(tx_run_i), .start_i(tx_start_i), .start_queue_i(tx_start_queue_i), .scan_i, .work_o(tx_work_o),
      .err_desc_o(tx_err_desc_o), .err_desc_queue_o(tx_err_queue_o),
      .avail_i(tx_avail_i), .rd_queue_o(tx_rd_queue_o), .rd_valid_i(tx_rd_valid_i),
      .rd_desc_i(tx_desc_i), .rd_index_i(tx_rd_index_i), .pop_o(tx_pop_o), .pop_queue_o(tx_pop_queue_o),
      .req_valid_o, .req_o, .req_ready_i, .r_valid_i, .r_queue_i, .r_data_i, .r_last_i, .r_err_i,
      .sent_o(sent), .done_o, .sent_queue_o, .sent_end_o, .sent_len_o(sent_len),
      .m_axis_tdata(tx_tdata), .m_axis_tkeep(tx_tkeep),
      .m_axis_tvalid(tx_tvalid), .m_axis_tready(tx_tready), .m_axis_tlast(tx_tlast)
  );

  nic_mac #(
      .DataWidth(DataWidth),
      .ClockMhz (ClockMhz)
  ) u_mac (
      .clk_i,
      .rst_ni, .hard_rst_ni,
      .stop_i, .busy_o(mac_busy),
      .req_i(req_reg_i), .rsp_o(mac_rsp_o), .rmon_rsp_o,
      .station_i(glob_i.mac), .max_frame_i(glob_i.max_frame),
      .link_down_i, .link_mbps_i, .link_o, .link_change_o(),
      .fill_enable_o(fill_enable), .fill_high_o(fill_xoff), .fill_low_o(fill_xon), .fill_i(fill_high),
      .tx_tdata, .tx_tkeep, .tx_tvalid, .tx_tready, .tx_tlast,
      .tx_sent_i(sent), .tx_len_i(sent_len), .tx_dropped_o(tx_dropped),
      .rx_tdata, .rx_tkeep, .rx_tvalid, .rx_tlast, .rx_tag_o(rx_tag),
      .count_i(rx_seen), .count_len_i(rx_seen_len), .count_tag_i(rx_seen_tag),
      .m_axis_tdata, .m_axis_tkeep, .m_axis_tvalid, .m_axis_tready, .m_axis_tlast,
      .s_axis_tdata, .s_axis_tkeep, .s_axis_tvalid, .s_axis_tlast, .s_axis_tuser
  );

  nic_rx #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (RxBufLog2),
      .Frames   (RxFrames),
      .Depth    (DescDepth),
      .Records  (RxRecords)
  ) u_rx (
      .clk_i,
      .rst_ni, .hard_rst_ni,
      .stop_i, .dma_busy_o(rx_busy), .idle_o(rx_idle_o),
      .glob_i, .rss_cfg_i, .rss_index_o, .rss_queue_i,
      .filter_look_o, .filter_dest_o, .filter_vid_o, .filter_addr_i, .filter_vlan_i,
      .s_axis_tdata(rx_tdata), .s_axis_tkeep(rx_tkeep),
      .s_axis_tvalid(rx_tvalid), .s_axis_tready, .s_axis_tlast(rx_tlast), .tag_i(rx_tag),
      .fill_enable_i(fill_enable), .fill_xoff_i(fill_xoff), .fill_xon_i(fill_xon), .fill_high_o(fill_high),
      .count_o(rx_seen), .count_len_o(rx_seen_len), .count_tag_o(rx_seen_tag),
      .run_i(rx_run_i), .start_i(rx_start_i), .start_queue_i(rx_start_queue_i), .scan_i(rx_scan_i),
      .work_o(rx_work_o),
      .err_desc_o(rx_err_desc_o), .err_desc_queue_o(rx_err_queue_o),
      .rd_queue_o(rx_rd_queue_o), .rd_skip_o(rx_rd_skip_o), .rd_valid_i(rx_rd_valid_i), .rd_more_i(rx_rd_more_i),
      .rd_desc_i(rx_desc_i), .rd_index_i(rx_rd_index_i), .pop_o(rx_pop_o),
      .pop_queue_o(rx_pop_queue_o), .pop_index_o(rx_pop_index_o), .arrived_i(rx_arrived_i), .arrived_queue_i(r_queue_i),
      .out_valid_o(data_valid_o), .out_ready_i(data_ready_i), .out_first_o(data_first_o), .out_last_o(data_last_o),
      .out_req_o(data_req_o), .out_data_o(data_wdata_o), .out_strb_o(data_wstrb_o),
      .b_valid_i, .b_queue_i, .b_err_i,
      .scan_ready_o, .rec_queue_i, .rec_ready_o, .rec_o, .rec_err_o, .rec_pop_i,
      .cnt_frame_o(rx_frame), .cnt_len_o(rx_len), .cnt_nodesc_o(rx_nodesc), .cnt_queue_o(rx_cnt_queue),
      .cnt_verdict_o(rx_verdict)
  );

  assign busy_o = tx_busy || mac_busy || rx_busy;

  logic       sent_q;                   // counted a clock later
  frame_len_t sent_len_q;

  always_ff @(posedge clk_i) begin
    sent_q <= sent && !tx_dropped && rst_ni;
    if (tx_tvalid && tx_tlast) sent_len_q <= sent_len;     // counts only with sent_q
  end

  assign cnt_evt_o = '{
      tx_frame: sent_q,
      tx_len: sent_len_q,
      rx_frame: rx_frame,
      rx_len: rx_len,
      rx_drop_nodesc: rx_nodesc,
      rx_drop_queue: queue_t'(rx_cnt_queue),
      rx_verdict: rx_verdict
  };

endmodule
