// SPDX-License-Identifier: Apache-2.0
// The NIC: wiring only. README.md has the block diagram and the programmer's guide.

`include "nic_assert.svh"

module nic_top
  import nic_pkg::*;
  import nic_dma_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter int unsigned DataWidth = 256,    // bits of the AXI master and of the streams: 64, 128, 256 or 512
    parameter int unsigned Queues    = 4,      // queue pairs, 1 to 16
    parameter int unsigned ClockMhz  = 250,    // of clk_i, 1 to 1023: interrupt moderation counts by it
    parameter int unsigned TxBufLog2 = 14,     // bytes of packet buffer for each queue, each direction
    parameter int unsigned RxBufLog2 = 14,
    parameter int unsigned TxBursts  = 32,     // reads of TX data outstanding for each queue
    parameter int unsigned TxFrames  = 32,     // frames in the TX packet buffer for each queue
    parameter int unsigned RxFrames  = 256,    // frames in the RX packet buffer for each queue
    parameter int unsigned RxRecords = 32,     // RX buffers of each queue that are written but not completed
    parameter int unsigned DescDepth = 32      // descriptors read ahead for each ring
) (
    input  logic clk_i,
    input  logic rst_ni,

    // registers
    input  logic [RegAddrWidth-1:0] s_axil_awaddr,
    input  logic [2:0]              s_axil_awprot,
    input  logic                    s_axil_awvalid,
    output logic                    s_axil_awready,
    input  logic [31:0]             s_axil_wdata,
    input  logic [3:0]              s_axil_wstrb,
    input  logic                    s_axil_wvalid,
    output logic                    s_axil_wready,
    output logic [1:0]              s_axil_bresp,
    output logic                    s_axil_bvalid,
    input  logic                    s_axil_bready,
    input  logic [RegAddrWidth-1:0] s_axil_araddr,
    input  logic [2:0]              s_axil_arprot,
    input  logic                    s_axil_arvalid,
    output logic                    s_axil_arready,
    output logic [31:0]             s_axil_rdata,
    output logic [1:0]              s_axil_rresp,
    output logic                    s_axil_rvalid,
    input  logic                    s_axil_rready,

    // DMA
    output logic [IdBits-1:0]       m_axi_awid,
    output logic [63:0]             m_axi_awaddr,
    output logic [7:0]              m_axi_awlen,
    output logic                    m_axi_awvalid,
    input  logic                    m_axi_awready,
    output logic [DataWidth-1:0]    m_axi_wdata,
    output logic [DataWidth/8-1:0]  m_axi_wstrb,
    output logic                    m_axi_wlast,
    output logic                    m_axi_wvalid,
    input  logic                    m_axi_wready,
    input  logic [IdBits-1:0]       m_axi_bid,
    input  logic [1:0]              m_axi_bresp,
    input  logic                    m_axi_bvalid,
    output logic                    m_axi_bready,
    output logic [IdBits-1:0]       m_axi_arid,
    output logic [63:0]             m_axi_araddr,
    output logic [7:0]              m_axi_arlen,
    output logic                    m_axi_arvalid,
    input  logic                    m_axi_arready,
    input  logic [IdBits-1:0]       m_axi_rid,
    input  logic [DataWidth-1:0]    m_axi_rdata,
    input  logic [1:0]              m_axi_rresp,
    input  logic                    m_axi_rlast,
    input  logic                    m_axi_rvalid,
    output logic                    m_axi_rready,

    // to the MAC
    output logic [DataWidth-1:0]    m_axis_tdata,
    output logic [DataWidth/8-1:0]  m_axis_tkeep,
    output logic                    m_axis_tvalid,
    input  logic                    m_axis_tready,
    output logic                    m_axis_tlast,

    // from the MAC
    input  logic [DataWidth-1:0]    s_axis_tdata,
    input  logic [DataWidth/8-1:0]  s_axis_tkeep,
    input  logic                    s_axis_tvalid,
    output logic                    s_axis_tready,
    input  logic                    s_axis_tlast,
    input  logic                    s_axis_tuser,     // the frame is bad (with tlast)

    // the link; 0 on all these pins: it is up
    input  logic                    link_down_i,
    input  logic [19:0]             link_mbps_i,      // its rate; 0: not known

    output logic                    irq_o
);

  localparam int unsigned QWidth = (Queues > 1) ? $clog2(Queues) : 1;
  typedef logic [QWidth-1:0] q_t;

  // ------------------------------------------------------------------ registers, interrupts
  reg_req_t               irq_req;
  reg_rsp_t               irq_rsp, err_rsp, mac_rsp, rmon_rsp;
  logic                   irq_busy, soft_reset, quiesced_q, core_rst_n, idle_q;
  glob_cfg_t              glob;
  logic [Queues-1:0]      tx_enable, rx_enable;
  index_t                 tx_tail [Queues], rx_tail [Queues];
  logic [7:0]             tx_weight [Queues];
  logic [63:0]            tx_base, tx_cq_base, rx_base, rx_cq_base;   // of the rings that are looked at
  logic [3:0]             tx_log2, rx_log2;
  index_t                 tx_scan_tail, rx_scan_tail;
  q_t                     scan_next, rx_scan_next;
  rss_cfg_t               rss_cfg;
  logic [6:0]             rss_index;
  queue_t                 rss_queue;
  logic                   filter_look, filter_addr, filter_vlan;
  logic [47:0]            filter_dest;
  logic [11:0]            filter_vid;
  ring_sts_t              tx_sts [Queues], rx_sts [Queues];
  logic [Queues-1:0]      tx_active, rx_active, tx_error, rx_error;
  ring_error_e [Queues-1:0] tx_code, rx_code;
  cnt_evt_t               cnt;
  logic                   msix_valid, msix_ready, msix_done, msix_hold;
  logic [63:0]            msix_addr;
  logic [31:0]            msix_data;
  vector_t                msix_vector;
  logic                   msix_cause, msix_tx;
  queue_t                 msix_queue;
  logic                   queue_error;    // a ring is halted, or a message was not written
  logic                   link;

  nic_csr #(
      .Queues   (Queues),
      .DataWidth(DataWidth)
  ) u_csr (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr,
      .s_axil_awprot,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_bresp,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_araddr,
      .s_axil_arprot,
      .s_axil_arvalid,
      .s_axil_arready,
      .s_axil_rdata,
      .s_axil_rresp,
      .s_axil_rvalid,
      .s_axil_rready,
      .irq_req_o     (irq_req),
      .irq_rsp_i     (irq_rsp),
      .err_rsp_i     (err_rsp),
      .mac_rsp_i     (mac_rsp),
      .rmon_rsp_i    (rmon_rsp),
      .irq_busy_i    (irq_busy),
      .glob_cfg_o    (glob),
      .rss_cfg_o     (rss_cfg),
      .rss_index_i   (rss_index),
      .rss_queue_o   (rss_queue),
      .filter_look_i (filter_look),
      .filter_dest_i (filter_dest),
      .filter_vid_i  (filter_vid),
      .filter_addr_o (filter_addr),
      .filter_vlan_o (filter_vlan),
      .tx_enable_o   (tx_enable),
      .tx_tail_o     (tx_tail),
      .tx_weight_o   (tx_weight),
      .rx_enable_o   (rx_enable),
      .rx_tail_o     (rx_tail),
      .scan_i        (scan_next),
      .tx_base_o     (tx_base),
      .tx_cq_base_o  (tx_cq_base),
      .tx_log2_o     (tx_log2),
      .tx_scan_tail_o(tx_scan_tail),
      .rx_base_o     (rx_base),
      .rx_cq_base_o  (rx_cq_base),
      .rx_log2_o     (rx_log2),
      .rx_scan_tail_o(rx_scan_tail),
      .soft_reset_o  (soft_reset),
      .quiesced_i    (quiesced_q),
      .core_rst_no   (core_rst_n),
      .tx_sts_i      (tx_sts),
      .tx_active_i   (tx_active),
      .tx_error_i    (tx_error),
      .tx_code_i     (tx_code),
      .rx_sts_i      (rx_sts),
      .rx_active_i   (rx_active),
      .rx_error_i    (rx_error),
      .rx_code_i     (rx_code),
      .cnt_evt_i     (cnt),
      .link_i        (link),
      .idle_i        (idle_q)
  );

  // ------------------------------------------------------------------ DMA
  logic [2:0]           req_valid, req_ready;
  dma_req_t [2:0]       req;
  logic                 rx_desc_valid, tx_desc_valid, tx_data_valid, r_last, r_err, read_idle;
  q_t                   r_queue;
  logic [DataWidth-1:0] r_data;

  nic_dma_read #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_read (
      .clk_i,
      .rst_ni     (core_rst_n),
      .req_valid_i(req_valid),
      .req_i      (req),
      .req_ready_o(req_ready),
      .rx_desc_valid_o(rx_desc_valid),
      .tx_desc_valid_o(tx_desc_valid),
      .tx_data_valid_o(tx_data_valid),
      .r_queue_o  (r_queue),
      .r_data_o   (r_data),
      .r_last_o   (r_last),
      .r_err_o    (r_err),
      .idle_o     (read_idle),
      .m_axi_arvalid,
      .m_axi_arready,
      .m_axi_arid,
      .m_axi_araddr,
      .m_axi_arlen,
      .m_axi_rvalid,
      .m_axi_rready,
      .m_axi_rid,
      .m_axi_rdata,
      .m_axi_rresp,
      .m_axi_rlast
  );

  logic                   data_valid, data_ready, data_first, data_last;
  logic                   cpl_valid, cpl_ready, cpl_first, cpl_last;
  dma_req_t               data_req, cpl_req;
  logic [DataWidth-1:0]   data_wdata, cpl_wdata;
  logic [DataWidth/8-1:0] data_wstrb, cpl_wstrb;
  logic                   rx_data_done, rx_cpl_done, tx_cpl_done, b_err, write_idle;
  q_t                     b_queue;

  nic_dma_write #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_write (
      .clk_i,
      .rst_ni       (core_rst_n),
      .data_valid_i (data_valid),
      .data_ready_o (data_ready),
      .data_first_i (data_first),
      .data_last_i  (data_last),
      .data_req_i   (data_req),
      .data_wdata_i (data_wdata),
      .data_wstrb_i (data_wstrb),
      .cpl_valid_i  (cpl_valid),
      .cpl_ready_o  (cpl_ready),
      .cpl_first_i  (cpl_first),
      .cpl_last_i   (cpl_last),
      .cpl_req_i    (cpl_req),
      .cpl_wdata_i  (cpl_wdata),
      .cpl_wstrb_i  (cpl_wstrb),
      .msix_valid_i (msix_valid && (msix_cause || !msix_hold)),
      .msix_ready_o (msix_ready),
      .msix_addr_i  (msix_addr),
      .msix_data_i  (msix_data),
      .msix_vector_i(msix_queue),
      .rx_data_done_o(rx_data_done),
      .rx_cpl_done_o(rx_cpl_done),
      .tx_cpl_done_o(tx_cpl_done),
      .msix_done_o  (msix_done),
      .b_queue_o    (b_queue),
      .b_err_o      (b_err),
      .idle_o       (write_idle),
      .m_axi_awvalid,
      .m_axi_awready,
      .m_axi_awid,
      .m_axi_awaddr,
      .m_axi_awlen,
      .m_axi_wvalid,
      .m_axi_wready,
      .m_axi_wdata,
      .m_axi_wstrb,
      .m_axi_wlast,
      .m_axi_bvalid,
      .m_axi_bready,
      .m_axi_bid,
      .m_axi_bresp
  );

  // A message that could not be written halts the ring that asked for it, unless that has ended meanwhile.
  logic tx_err_msix, rx_err_msix;
  always_comb begin
    tx_err_msix = 1'b0;
    rx_err_msix = 1'b0;
    if (msix_done && b_err && !msix_cause) begin
      tx_err_msix = msix_tx && tx_active[b_queue];
      rx_err_msix = !msix_tx && rx_active[b_queue];
    end
  end

  // ------------------------------------------------------------------ rings
  q_t                   tx_scan, rx_scan, tx_start_queue, rx_start_queue;
  logic                 go, tx_start, rx_start;
  logic [Queues-1:0]    tx_run, rx_run;
  logic                 tx_fetch_busy, rx_fetch_busy, tx_work, rx_work, tx_cpl_busy, rx_cpl_busy;
  logic                 tx_ring_busy, rx_ring_busy;
  logic                 tx_err_desc, rx_err_desc, tx_err_tail, rx_err_tail;
  q_t                   tx_err_queue, rx_err_queue;
  logic                 sent, done, tx_cq_valid, rx_cq_valid;
  q_t                   sent_queue, cq_queue;
  index_t               sent_end, cq_head;
  frame_cnt_t           cq_frames;
  frame_len_t           sent_len;
  logic [Queues-1:0]    tx_avail;
  q_t                   tx_rd_queue, tx_pop_queue, rx_rd_queue;
  logic                 tx_rd_valid, rx_rd_valid, rx_rd_more, tx_pop, rx_pop, rx_arrived;
  logic [$clog2(DescDepth)-1:0] rx_rd_skip;
  desc_t                tx_desc, rx_desc;
  index_t               tx_rd_index, rx_rd_index, tx_scan_head, rx_scan_head;

  assign go = glob.enable && !soft_reset;
  assign tx_ring_busy = tx_fetch_busy || tx_work || tx_cpl_busy;
  assign rx_ring_busy = rx_fetch_busy || rx_work || rx_cpl_busy;

  nic_ring_ctl #(
      .Queues(Queues)
  ) u_tx_ctl (
      .clk_i,
      .rst_ni           (core_rst_n),
      .go_i             (go),
      .enable_i         (tx_enable),
      .scan_o           (tx_scan),
      .scan_next_o      (scan_next),
      .busy_i           (tx_ring_busy),
      .start_o          (tx_start),
      .start_queue_o    (tx_start_queue),
      .run_o            (tx_run),
      .err_read_i       (r_err && (tx_desc_valid || tx_data_valid)),
      .err_read_queue_i (r_queue),
      .err_write_i      ((b_err && tx_cpl_done) || tx_err_msix),
      .err_write_queue_i(b_queue),
      .err_desc_i       (tx_err_desc),
      .err_desc_queue_i (tx_err_queue),
      .err_tail_i       (tx_err_tail),
      .head_valid_i     (done),
      .head_queue_i     (sent_queue),
      .head_i           (sent_end),
      .cq_valid_i       (tx_cq_valid),
      .cq_queue_i       (cq_queue),
      .cq_head_i        (cq_head),
      .cq_frames_i      (cq_frames),
      .active_o         (tx_active),
      .error_o          (tx_error),
      .code_o           (tx_code),
      .sts_o            (tx_sts)
  );

  nic_ring_ctl #(
      .Queues(Queues)
  ) u_rx_ctl (
      .clk_i,
      .rst_ni           (core_rst_n),
      .go_i             (go),
      .enable_i         (rx_enable),
      .scan_o           (rx_scan),
      .scan_next_o      (rx_scan_next),
      .busy_i           (rx_ring_busy),
      .start_o          (rx_start),
      .start_queue_o    (rx_start_queue),
      .run_o            (rx_run),
      .err_read_i       (r_err && rx_desc_valid),
      .err_read_queue_i (r_queue),
      .err_write_i      ((b_err && (rx_data_done || rx_cpl_done)) || rx_err_msix),
      .err_write_queue_i(b_queue),
      .err_desc_i       (rx_err_desc),
      .err_desc_queue_i (rx_err_queue),
      .err_tail_i       (rx_err_tail),
      .head_valid_i     (rx_pop),
      .head_queue_i     (rx_rd_queue),
      .head_i           (rx_rd_index + 1'b1),
      .cq_valid_i       (rx_cq_valid),
      .cq_queue_i       (cq_queue),
      .cq_head_i        (cq_head),
      .cq_frames_i      (cq_frames),
      .active_o         (rx_active),
      .error_o          (rx_error),
      .code_o           (rx_code),
      .sts_o            (rx_sts)
  );

  nic_desc_fetch #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .Depth    (DescDepth),
      .Kind     (RdTxDesc)
  ) u_tx_fetch (
      .clk_i,
      .rst_ni       (core_rst_n),
      .tail_i       (tx_tail),
      .scan_base_i  (tx_base),
      .scan_log2_i  (tx_log2),
      .scan_tail_i  (tx_scan_tail),
      .run_i        (tx_run),
      .start_i      (tx_start),
      .start_queue_i(tx_start_queue),
      .scan_i       (tx_scan),
      .busy_o       (tx_fetch_busy),
      .err_tail_o   (tx_err_tail),
      .req_valid_o  (req_valid[1]),
      .req_o        (req[1]),
      .req_ready_i  (req_ready[1]),
      .r_valid_i    (tx_desc_valid),
      .r_queue_i    (r_queue),
      .r_data_i     (r_data),
      .r_last_i     (r_last),
      .r_err_i      (r_err),
      .avail_o      (tx_avail),
      .rd_queue_i   (tx_rd_queue),
      .rd_skip_i    ('0),
      .rd_valid_o   (tx_rd_valid),
      .rd_more_o    (),
      .rd_desc_o    (tx_desc),
      .rd_index_o   (tx_rd_index),
      .pop_i        (tx_pop),
      .pop_queue_i  (tx_pop_queue),
      .arrived_o    (),
      .scan_head_o  (tx_scan_head)
  );

  nic_desc_fetch #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .Depth    (DescDepth),
      .Kind     (RdRxDesc)
  ) u_rx_fetch (
      .clk_i,
      .rst_ni       (core_rst_n),
      .tail_i       (rx_tail),
      .scan_base_i  (rx_base),
      .scan_log2_i  (rx_log2),
      .scan_tail_i  (rx_scan_tail),
      .run_i        (rx_run),
      .start_i      (rx_start),
      .start_queue_i(rx_start_queue),
      .scan_i       (rx_scan),
      .busy_o       (rx_fetch_busy),
      .err_tail_o   (rx_err_tail),
      .req_valid_o  (req_valid[0]),
      .req_o        (req[0]),
      .req_ready_i  (req_ready[0]),
      .r_valid_i    (rx_desc_valid),
      .r_queue_i    (r_queue),
      .r_data_i     (r_data),
      .r_last_i     (r_last),
      .r_err_i      (r_err),
      .avail_o      (),
      .rd_queue_i   (rx_rd_queue),
      .rd_skip_i    (rx_rd_skip),
      .rd_valid_o   (rx_rd_valid),
      .rd_more_o    (rx_rd_more),
      .rd_desc_o    (rx_desc),
      .rd_index_o   (rx_rd_index),
      .pop_i        (rx_pop),
      .pop_queue_i  (rx_rd_queue),
      .arrived_o    (rx_arrived),
      .scan_head_o  (rx_scan_head)
  );

  // ------------------------------------------------------------------ TX
  logic                   tx_busy, tx_tvalid, tx_tready, tx_tlast;
  logic [DataWidth-1:0]   tx_tdata;
  logic [DataWidth/8-1:0] tx_tkeep;

  nic_tx #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (TxBufLog2),
      .Bursts   (TxBursts),
      .Frames   (TxFrames)
  ) u_tx (
      .clk_i,
      .rst_ni          (core_rst_n),
      .stop_i          (soft_reset),
      .busy_o          (tx_busy),
      .weight_i        (tx_weight),
      .run_i           (tx_run),
      .start_i         (tx_start),
      .start_queue_i   (tx_start_queue),
      .scan_i          (tx_scan),
      .work_o          (tx_work),
      .err_desc_o      (tx_err_desc),
      .err_desc_queue_o(tx_err_queue),
      .avail_i         (tx_avail),
      .rd_queue_o      (tx_rd_queue),
      .rd_valid_i      (tx_rd_valid),
      .rd_desc_i       (tx_desc),
      .rd_index_i      (tx_rd_index),
      .pop_o           (tx_pop),
      .pop_queue_o     (tx_pop_queue),
      .req_valid_o     (req_valid[2]),
      .req_o           (req[2]),
      .req_ready_i     (req_ready[2]),
      .r_valid_i       (tx_data_valid),
      .r_queue_i       (r_queue),
      .r_data_i        (r_data),
      .r_last_i        (r_last),
      .r_err_i         (r_err),
      .sent_o          (sent),
      .done_o          (done),
      .sent_queue_o    (sent_queue),
      .sent_end_o      (sent_end),
      .sent_len_o      (sent_len),
      .m_axis_tdata    (tx_tdata),
      .m_axis_tkeep    (tx_tkeep),
      .m_axis_tvalid   (tx_tvalid),
      .m_axis_tready   (tx_tready),
      .m_axis_tlast    (tx_tlast)
  );

  // ------------------------------------------------------------------ MAC side
  logic                   mac_busy, tx_dropped, fill_enable, fill_high;
  logic                   rx_tvalid, rx_tlast, rx_seen;
  frame_len_t             rx_seen_len;
  rx_tag_t                rx_tag, rx_seen_tag;
  logic [15:0]            fill_xoff, fill_xon;
  logic [DataWidth-1:0]   rx_tdata;
  logic [DataWidth/8-1:0] rx_tkeep;

  nic_mac #(
      .DataWidth(DataWidth),
      .ClockMhz (ClockMhz)
  ) u_mac (
      .clk_i,
      .rst_ni       (core_rst_n),
      .hard_rst_ni  (rst_ni),
      .stop_i       (soft_reset),
      .busy_o       (mac_busy),
      .req_i        (irq_req),
      .rsp_o        (mac_rsp),
      .rmon_rsp_o   (rmon_rsp),
      .station_i    (glob.mac),
      .max_frame_i  (glob.max_frame),
      .link_down_i,
      .link_mbps_i,
      .link_o       (link),
      .link_change_o(),
      .fill_enable_o(fill_enable),
      .fill_high_o  (fill_xoff),
      .fill_low_o   (fill_xon),
      .fill_i       (fill_high),
      .tx_tdata,
      .tx_tkeep,
      .tx_tvalid,
      .tx_tready,
      .tx_tlast,
      .tx_sent_i    (sent),
      .tx_len_i     (sent_len),
      .tx_dropped_o (tx_dropped),
      .rx_tdata,
      .rx_tkeep,
      .rx_tvalid,
      .rx_tlast,
      .rx_tag_o     (rx_tag),
      .count_i      (rx_seen),
      .count_len_i  (rx_seen_len),
      .count_tag_i  (rx_seen_tag),
      .m_axis_tdata,
      .m_axis_tkeep,
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tlast,
      .s_axis_tdata,
      .s_axis_tkeep,
      .s_axis_tvalid,
      .s_axis_tlast,
      .s_axis_tuser
  );

  // ------------------------------------------------------------------ RX
  logic                       rx_dma_busy, rx_idle, rx_scan_ready, rec_err, rec_pop;
  q_t                         rec_queue, rx_cnt_queue;
  logic [$clog2(RxRecords):0] rec_ready;
  rx_record_t                 rec;
  logic                       cnt_rx_frame, cnt_nodesc;
  rx_verdict_e                rx_verdict;
  frame_len_t                 cnt_rx_len;

  nic_rx #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (RxBufLog2),
      .Frames   (RxFrames),
      .Depth    (DescDepth),
      .Records  (RxRecords)
  ) u_rx (
      .clk_i,
      .rst_ni          (core_rst_n),
      .hard_rst_ni     (rst_ni),
      .stop_i          (soft_reset),
      .glob_i          (glob),
      .rss_cfg_i       (rss_cfg),
      .rss_index_o     (rss_index),
      .rss_queue_i     (rss_queue),
      .filter_look_o   (filter_look),
      .filter_dest_o   (filter_dest),
      .filter_vid_o    (filter_vid),
      .filter_addr_i   (filter_addr),
      .filter_vlan_i   (filter_vlan),
      .dma_busy_o      (rx_dma_busy),
      .idle_o          (rx_idle),
      .s_axis_tdata    (rx_tdata),
      .s_axis_tkeep    (rx_tkeep),
      .s_axis_tvalid   (rx_tvalid),
      .s_axis_tready,
      .s_axis_tlast    (rx_tlast),
      .tag_i           (rx_tag),
      .fill_enable_i   (fill_enable),
      .fill_xoff_i     (fill_xoff),
      .fill_xon_i      (fill_xon),
      .fill_high_o     (fill_high),
      .count_o         (rx_seen),
      .count_len_o     (rx_seen_len),
      .count_tag_o     (rx_seen_tag),
      .run_i           (rx_run),
      .start_i         (rx_start),
      .start_queue_i   (rx_start_queue),
      .scan_i          (rx_scan),
      .work_o          (rx_work),
      .err_desc_o      (rx_err_desc),
      .err_desc_queue_o(rx_err_queue),
      .rd_queue_o      (rx_rd_queue),
      .rd_skip_o       (rx_rd_skip),
      .rd_valid_i      (rx_rd_valid),
      .rd_more_i       (rx_rd_more),
      .rd_desc_i       (rx_desc),
      .rd_index_i      (rx_rd_index),
      .pop_o           (rx_pop),
      .arrived_i       (rx_arrived),
      .arrived_queue_i (r_queue),
      .out_valid_o     (data_valid),
      .out_ready_i     (data_ready),
      .out_first_o     (data_first),
      .out_last_o      (data_last),
      .out_req_o       (data_req),
      .out_data_o      (data_wdata),
      .out_strb_o      (data_wstrb),
      .b_valid_i       (rx_data_done),
      .b_queue_i       (b_queue),
      .b_err_i         (b_err),
      .scan_ready_o    (rx_scan_ready),
      .rec_queue_i     (rec_queue),
      .rec_ready_o     (rec_ready),
      .rec_o           (rec),
      .rec_err_o       (rec_err),
      .rec_pop_i       (rec_pop),
      .cnt_frame_o     (cnt_rx_frame),
      .cnt_len_o       (cnt_rx_len),
      .cnt_nodesc_o    (cnt_nodesc),
      .cnt_queue_o     (rx_cnt_queue),
      .cnt_verdict_o   (rx_verdict)
  );

  // ------------------------------------------------------------------ completions
  logic cpl_busy;

  nic_cpl #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .Records  (RxRecords)
  ) u_cpl (
      .clk_i,
      .rst_ni          (core_rst_n),
      .stop_i          (soft_reset),
      .busy_o          (cpl_busy),
      .tx_base_i       (tx_cq_base),
      .tx_log2_i       (tx_log2),
      .rx_base_i       (rx_cq_base),
      .rx_log2_i       (rx_log2),
      .tx_error_i      (tx_error),
      .tx_code_i       (tx_code),
      .rx_error_i      (rx_error),
      .rx_code_i       (rx_code),
      .tx_start_i      (tx_start),
      .tx_start_queue_i(tx_start_queue),
      .rx_start_i      (rx_start),
      .rx_start_queue_i(rx_start_queue),
      .scan_i          (tx_scan),
      .tx_busy_o       (tx_cpl_busy),
      .rx_busy_o       (rx_cpl_busy),
      .sent_i          (done),
      .sent_queue_i    (sent_queue),
      .sent_end_i      (sent_end),
      .tx_idle_i       (!tx_work && !(tx_avail[tx_scan] && tx_run[tx_scan])),
      .scan_ready_i    (rx_scan_ready),
      .rec_queue_o     (rec_queue),
      .rec_ready_i     (rec_ready),
      .rec_i           (rec),
      .rec_err_i       (rec_err),
      .rec_pop_o       (rec_pop),
      .rx_idle_i       (!rx_work),
      .rx_head_i       (rx_scan_head),
      .out_valid_o     (cpl_valid),
      .out_ready_i     (cpl_ready),
      .out_first_o     (cpl_first),
      .out_last_o      (cpl_last),
      .out_req_o       (cpl_req),
      .out_data_o      (cpl_wdata),
      .out_strb_o      (cpl_wstrb),
      .b_valid_i       (rx_cpl_done || tx_cpl_done),
      .b_tx_i          (tx_cpl_done),
      .b_queue_i       (b_queue),
      .b_err_i         (b_err),
      .tx_cq_valid_o   (tx_cq_valid),
      .rx_cq_valid_o   (rx_cq_valid),
      .cq_queue_o      (cq_queue),
      .cq_head_o       (cq_head),
      .cq_frames_o     (cq_frames),
      .msix_valid_i    (msix_valid && !msix_cause),   // a cause's message announces no record
      .msix_queue_i    (msix_queue[QWidth-1:0]),
      .msix_sent_i     (msix_ready && !msix_cause),
      .msix_done_i     (msix_done),
      .msix_hold_o     (msix_hold)
  );

  // ------------------------------------------------------------------ interrupts
  nic_irq #(
      .Queues  (Queues),
      .ClockMhz(ClockMhz)
  ) u_irq (
      .clk_i,
      .rst_ni          (core_rst_n),
      .req_i           (irq_req),
      .rsp_o           (irq_rsp),
      .tx_sts_i        (tx_sts),
      .rx_sts_i        (rx_sts),
      .tx_error_i      (tx_error),
      .rx_error_i      (rx_error),
      .tx_cq_valid_i   (tx_cq_valid),
      .rx_cq_valid_i   (rx_cq_valid),
      .cq_queue_i      (cq_queue),
      .tx_start_i      (tx_start),
      .tx_start_queue_i(tx_start_queue),
      .rx_start_i      (rx_start),
      .rx_start_queue_i(rx_start_queue),
      .link_i          (link),
      .error_i         (queue_error),
      .soft_reset_i    (soft_reset),
      .busy_o          (irq_busy),
      .msix_valid_o    (msix_valid),
      .msix_ready_i    (msix_ready),
      .msix_addr_o     (msix_addr),
      .msix_data_o     (msix_data),
      .msix_vector_o   (msix_vector),
      .msix_cause_o    (msix_cause),
      .msix_tx_o       (msix_tx),
      .msix_queue_o    (msix_queue),
      .msix_done_i     (msix_done),
      .irq_o
  );

  // ------------------------------------------------------------------ errors
  nic_err_log #(
      .Queues(Queues)
  ) u_err (
      .clk_i,
      .rst_ni         (core_rst_n),
      .req_i          (irq_req),
      .rsp_o          (err_rsp),
      .error_o        (queue_error),
      .ar_fire_i      (m_axi_arvalid && m_axi_arready),
      .ar_kind_i      (m_axi_arid[5:4]),
      .ar_queue_i     (m_axi_arid[QWidth-1:0]),
      .ar_addr_i      (m_axi_araddr),
      .aw_fire_i      (m_axi_awvalid && m_axi_awready),
      .aw_kind_i      (m_axi_awid[5:4]),
      .aw_queue_i     (m_axi_awid[QWidth-1:0]),
      .aw_addr_i      (m_axi_awaddr),
      .r_valid_i      (m_axi_rvalid),
      .r_resp_i       (m_axi_rresp),
      .b_valid_i      (m_axi_bvalid),
      .b_resp_i       (m_axi_bresp),
      .tx_desc_valid_i(tx_desc_valid),
      .rx_desc_valid_i(rx_desc_valid),
      .tx_data_valid_i(tx_data_valid),
      .r_queue_i      (r_queue),
      .r_last_i       (r_last),
      .r_err_i        (r_err),
      .rx_data_done_i (rx_data_done),
      .rx_cpl_done_i  (rx_cpl_done),
      .tx_cpl_done_i  (tx_cpl_done),
      .msix_done_i    (msix_done),
      .msix_cause_i   (msix_cause),
      .msix_tx_i      (msix_tx),
      .b_queue_i      (b_queue),
      .b_err_i        (b_err),
      .tx_err_desc_i  (tx_err_desc),
      .tx_err_queue_i (tx_err_queue),
      .tx_err_tail_i  (tx_err_tail),
      .rx_err_desc_i  (rx_err_desc),
      .rx_err_queue_i (rx_err_queue),
      .rx_err_tail_i  (rx_err_tail),
      .scan_i         (tx_scan),
      .tx_base_i      (tx_base),
      .tx_log2_i      (tx_log2),
      .tx_head_i      (tx_scan_head),
      .rx_base_i      (rx_base),
      .rx_log2_i      (rx_log2),
      .rx_head_i      (rx_scan_head)
  );

  // ------------------------------------------------------------------ counters, device status
  assign cnt = '{
      tx_frame: sent && !tx_dropped,
      tx_len: sent_len,
      rx_frame: cnt_rx_frame,
      rx_len: cnt_rx_len,
      rx_drop_nodesc: cnt_nodesc,
      rx_drop_queue: queue_t'(rx_cnt_queue),
      rx_verdict: rx_verdict
  };

  // Idle: no DMA, no frame, and no ring had anything on its way when it was last looked at.
  logic dma_idle, rings_idle;
  logic [$clog2(MaxQueues):0] quiet_q;   // rings looked at since one was busy
  assign dma_idle   = read_idle && write_idle && !tx_busy && !mac_busy && !rx_dma_busy && !cpl_busy;
  assign rings_idle = quiet_q == ($clog2(MaxQueues) + 1)'(Queues);

  always_ff @(posedge clk_i) begin
    if (tx_ring_busy || rx_ring_busy) quiet_q <= '0;
    else if (!rings_idle) quiet_q <= quiet_q + 1'b1;
    if (!core_rst_n) quiet_q <= '0;
  end

  always_ff @(posedge clk_i) begin
    quiesced_q <= core_rst_n && soft_reset && dma_idle && !msix_valid;
    idle_q     <= core_rst_n && dma_idle && rx_idle && rings_idle;
  end

  // Both directions look at the same queue at a time: nic_cpl serves both.
  `NIC_ASSERT_RST(ScansInStep, 1'b1, tx_scan == rx_scan && scan_next == rx_scan_next, core_rst_n)
  `NIC_ASSERT_IF(MsixVectorExists, msix_valid, 32'(msix_vector) <= Queues)

endmodule
