// SPDX-License-Identifier: Apache-2.0
// The NIC: wiring only. README.md has the block diagram and the programmer's guide.
//
//   nic_host    registers, interrupts
//   nic_rings   descriptor rings and completion rings
//   nic_frames  the way of frames: TX, MAC side, RX
//   nic_dma     the AXI4 master, errors

module nic_top
  import nic_pkg::*;
  import nic_dma_pkg::*;
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

  // the device
  logic                     core_rst_n, soft_reset, go_next, link;
  logic                     dma_idle, frames_busy, cpl_busy, rings_idle, rx_idle;
  glob_cfg_t                glob;
  cnt_evt_t                 cnt;
  reg_req_t                 reg_req;
  reg_rsp_t                 err_rsp, mac_rsp, rmon_rsp;
  rss_cfg_t                 rss_cfg;
  logic [6:0]               rss_index;
  queue_t                   rss_queue;
  logic                     filter_look, filter_addr, filter_vlan;
  logic [47:0]              filter_dest;
  logic [11:0]              filter_vid;

  // rings: settings, those of the rings that are looked at, life, errors
  logic [Queues-1:0]        tx_enable, rx_enable, tx_run, rx_run, tx_active, rx_active, tx_error, rx_error;
  index_t                   tx_tail [Queues], rx_tail [Queues];
  logic [7:0]               tx_weight [Queues];
  q_t                       scan, rx_scan, scan_next, tx_start_queue, rx_start_queue, tx_err_queue, rx_err_queue;
  logic [63:0]              tx_base, tx_cq_base, rx_base, rx_cq_base;
  logic [3:0]               tx_log2, rx_log2;
  index_t                   tx_scan_tail, rx_scan_tail, tx_scan_head, rx_scan_head;
  logic                     tx_start, rx_start, tx_work, rx_work;
  ring_sts_t                tx_sts [Queues], rx_sts [Queues];
  ring_error_e [Queues-1:0] tx_code, rx_code;
  logic                     tx_err_desc, rx_err_desc, tx_err_tail, rx_err_tail;
  logic                     tx_err_read, rx_err_read, tx_err_write, rx_err_write;
  logic                     queue_error;    // a ring is halted, or a message was not written

  // descriptors, and what became of them
  logic [Queues-1:0]        tx_avail;
  q_t                       tx_rd_queue, tx_pop_queue, rx_rd_queue, rx_pop_queue, sent_queue, rec_queue, cq_queue;
  logic                     tx_rd_valid, rx_rd_valid, rx_rd_more, tx_pop, rx_pop, rx_arrived, done;
  logic [$clog2(DescDepth)-1:0] rx_rd_skip;
  desc_t                    tx_desc, rx_desc;
  index_t                   tx_rd_index, rx_rd_index, rx_pop_index, sent_end;
  logic                     rx_scan_ready, rec_err, rec_pop, tx_cq_valid, rx_cq_valid;
  logic [$clog2(RxRecords):0] rec_ready;
  rx_record_t               rec;

  // accesses to memory
  logic [2:0]               req_valid, req_ready;
  dma_req_t [2:0]           req;
  logic                     rx_desc_valid, tx_desc_valid, tx_data_valid, r_last, r_err;
  logic [DataWidth-1:0]     r_data, data_wdata, cpl_wdata;
  logic [DataWidth/8-1:0]   data_wstrb, cpl_wstrb;
  q_t                       r_queue, b_queue, err_write_queue;
  logic                     data_valid, data_ready, data_first, data_last;
  logic                     cpl_valid, cpl_ready, cpl_first, cpl_last;
  dma_req_t                 data_req, cpl_req;
  logic                     rx_data_done, rx_cpl_done, tx_cpl_done, msix_done, b_err;
  logic                     msix_valid, msix_ready, msix_live;
  logic [63:0]              msix_addr;
  logic [31:0]              msix_data;
  vector_t                  msix_vector;
  queue_t                   msix_id;       // of an answer; and whose it was
  msix_by_t                 msix_by;
  logic [Queues-1:0]        cpl_out, cpl_hold;

  nic_host #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .ClockMhz (ClockMhz)
  ) u_host (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr, .s_axil_awprot, .s_axil_awvalid, .s_axil_awready,
      .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready,
      .s_axil_bresp, .s_axil_bvalid, .s_axil_bready,
      .s_axil_araddr, .s_axil_arprot, .s_axil_arvalid, .s_axil_arready,
      .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready,
      .req_o(reg_req), .err_rsp_i(err_rsp), .mac_rsp_i(mac_rsp), .rmon_rsp_i(rmon_rsp),
      .glob_o(glob), .core_rst_no(core_rst_n), .soft_reset_o(soft_reset), .go_next_o(go_next),
      .dma_idle_i(dma_idle && !frames_busy && !cpl_busy), .rings_idle_i(rings_idle), .rx_idle_i(rx_idle),
      .link_i(link), .cnt_evt_i(cnt),
      .rss_cfg_o(rss_cfg), .rss_index_i(rss_index), .rss_queue_o(rss_queue),
      .filter_look_i(filter_look), .filter_dest_i(filter_dest), .filter_vid_i(filter_vid),
      .filter_addr_o(filter_addr), .filter_vlan_o(filter_vlan),
      .tx_enable_o(tx_enable), .rx_enable_o(rx_enable), .tx_tail_o(tx_tail), .rx_tail_o(rx_tail),
      .tx_weight_o(tx_weight), .scan_next_i(scan_next),
      .tx_base_o(tx_base), .tx_cq_base_o(tx_cq_base), .tx_log2_o(tx_log2), .tx_scan_tail_o(tx_scan_tail),
      .rx_base_o(rx_base), .rx_cq_base_o(rx_cq_base), .rx_log2_o(rx_log2), .rx_scan_tail_o(rx_scan_tail),
      .tx_sts_i(tx_sts), .tx_active_i(tx_active), .tx_error_i(tx_error), .tx_code_i(tx_code),
      .rx_sts_i(rx_sts), .rx_active_i(rx_active), .rx_error_i(rx_error), .rx_code_i(rx_code),
      .tx_start_i(tx_start), .tx_start_queue_i(tx_start_queue), .tx_cq_valid_i(tx_cq_valid),
      .rx_start_i(rx_start), .rx_start_queue_i(rx_start_queue), .rx_cq_valid_i(rx_cq_valid), .cq_queue_i(cq_queue),
      .cpl_out_i(cpl_out), .cpl_hold_o(cpl_hold), .error_i(queue_error), .irq_o, .msix_valid_o(msix_valid),
      .msix_ready_i(msix_ready), .msix_addr_o(msix_addr), .msix_data_o(msix_data), .msix_vector_o(msix_vector),
      .msix_done_i(msix_done), .msix_id_i(msix_id), .msix_by_o(msix_by), .msix_live_o(msix_live)
  );

  nic_rings #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .DescDepth(DescDepth),
      .RxRecords(RxRecords)
  ) u_rings (
      .clk_i,
      .rst_ni(core_rst_n),
      .go_next_i(go_next), .stop_i(soft_reset), .cpl_busy_o(cpl_busy), .idle_o(rings_idle),
      .tx_enable_i(tx_enable), .rx_enable_i(rx_enable), .tx_tail_i(tx_tail), .rx_tail_i(rx_tail),
      .scan_o(scan), .rx_scan_o(rx_scan), .scan_next_o(scan_next),
      .tx_base_i(tx_base), .tx_cq_base_i(tx_cq_base), .tx_log2_i(tx_log2), .tx_scan_tail_i(tx_scan_tail),
      .rx_base_i(rx_base), .rx_cq_base_i(rx_cq_base), .rx_log2_i(rx_log2), .rx_scan_tail_i(rx_scan_tail),
      .tx_work_i(tx_work), .tx_start_o(tx_start), .tx_start_queue_o(tx_start_queue), .tx_run_o(tx_run),
      .rx_work_i(rx_work), .rx_start_o(rx_start), .rx_start_queue_o(rx_start_queue), .rx_run_o(rx_run),
      .tx_active_o(tx_active), .tx_error_o(tx_error), .tx_code_o(tx_code), .tx_sts_o(tx_sts),
      .rx_active_o(rx_active), .rx_error_o(rx_error), .rx_code_o(rx_code), .rx_sts_o(rx_sts),
      .tx_err_read_i(tx_err_read), .tx_err_write_i(tx_err_write),
      .rx_err_read_i(rx_err_read), .rx_err_write_i(rx_err_write), .err_write_queue_i(err_write_queue),
      .tx_err_desc_i(tx_err_desc), .tx_err_queue_i(tx_err_queue), .tx_err_tail_o(tx_err_tail),
      .rx_err_desc_i(rx_err_desc), .rx_err_queue_i(rx_err_queue), .rx_err_tail_o(rx_err_tail),
      .tx_req_valid_o(req_valid[1]), .tx_req_o(req[1]), .tx_req_ready_i(req_ready[1]),
      .rx_req_valid_o(req_valid[0]), .rx_req_o(req[0]), .rx_req_ready_i(req_ready[0]),
      .tx_desc_valid_i(tx_desc_valid), .rx_desc_valid_i(rx_desc_valid),
      .r_queue_i(r_queue), .r_data_i(r_data), .r_last_i(r_last), .r_err_i(r_err),
      .tx_avail_o(tx_avail), .tx_rd_queue_i(tx_rd_queue), .tx_rd_valid_o(tx_rd_valid),
      .tx_desc_o(tx_desc), .tx_rd_index_o(tx_rd_index), .tx_pop_i(tx_pop), .tx_pop_queue_i(tx_pop_queue),
      .tx_scan_head_o(tx_scan_head), .done_i(done), .sent_queue_i(sent_queue), .sent_end_i(sent_end),
      .rx_rd_queue_i(rx_rd_queue), .rx_rd_skip_i(rx_rd_skip), .rx_rd_valid_o(rx_rd_valid), .rx_rd_more_o(rx_rd_more),
      .rx_desc_o(rx_desc), .rx_rd_index_o(rx_rd_index), .rx_pop_i(rx_pop), .rx_pop_queue_i(rx_pop_queue),
      .rx_pop_index_i(rx_pop_index), .rx_arrived_o(rx_arrived), .rx_scan_head_o(rx_scan_head),
      .rx_scan_ready_i(rx_scan_ready),
      .rec_queue_o(rec_queue), .rec_ready_i(rec_ready), .rec_i(rec), .rec_err_i(rec_err), .rec_pop_o(rec_pop),
      .cpl_valid_o(cpl_valid), .cpl_ready_i(cpl_ready), .cpl_first_o(cpl_first), .cpl_last_o(cpl_last),
      .cpl_req_o(cpl_req), .cpl_wdata_o(cpl_wdata), .cpl_wstrb_o(cpl_wstrb), .cpl_out_o(cpl_out), .cpl_hold_i(cpl_hold),
      .rx_cpl_done_i(rx_cpl_done), .tx_cpl_done_i(tx_cpl_done), .b_queue_i(b_queue), .b_err_i(b_err),
      .tx_cq_valid_o(tx_cq_valid), .rx_cq_valid_o(rx_cq_valid), .cq_queue_o(cq_queue)
  );

  nic_frames #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .ClockMhz (ClockMhz),
      .TxBufLog2(TxBufLog2),
      .RxBufLog2(RxBufLog2),
      .TxBursts (TxBursts),
      .TxFrames (TxFrames),
      .RxFrames (RxFrames),
      .RxRecords(RxRecords),
      .DescDepth(DescDepth)
  ) u_frames (
      .clk_i,
      .rst_ni(core_rst_n), .hard_rst_ni(rst_ni), .stop_i(soft_reset), .busy_o(frames_busy), .rx_idle_o(rx_idle),
      .glob_i(glob), .tx_weight_i(tx_weight), .scan_i(scan), .rx_scan_i(rx_scan),
      .rss_cfg_i(rss_cfg), .rss_index_o(rss_index), .rss_queue_i(rss_queue),
      .filter_look_o(filter_look), .filter_dest_o(filter_dest), .filter_vid_o(filter_vid),
      .filter_addr_i(filter_addr), .filter_vlan_i(filter_vlan),
      .req_reg_i(reg_req), .mac_rsp_o(mac_rsp), .rmon_rsp_o(rmon_rsp), .cnt_evt_o(cnt),
      .tx_run_i(tx_run), .tx_start_i(tx_start), .tx_start_queue_i(tx_start_queue), .tx_work_o(tx_work),
      .rx_run_i(rx_run), .rx_start_i(rx_start), .rx_start_queue_i(rx_start_queue), .rx_work_o(rx_work),
      .tx_err_desc_o(tx_err_desc), .tx_err_queue_o(tx_err_queue),
      .rx_err_desc_o(rx_err_desc), .rx_err_queue_o(rx_err_queue),
      .tx_avail_i(tx_avail), .tx_rd_queue_o(tx_rd_queue), .tx_rd_valid_i(tx_rd_valid),
      .tx_desc_i(tx_desc), .tx_rd_index_i(tx_rd_index), .tx_pop_o(tx_pop), .tx_pop_queue_o(tx_pop_queue),
      .req_valid_o(req_valid[2]), .req_o(req[2]), .req_ready_i(req_ready[2]),
      .r_valid_i(tx_data_valid), .r_queue_i(r_queue), .r_data_i(r_data), .r_last_i(r_last), .r_err_i(r_err),
      .done_o(done), .sent_queue_o(sent_queue), .sent_end_o(sent_end),
      .rx_rd_queue_o(rx_rd_queue), .rx_rd_skip_o(rx_rd_skip), .rx_rd_valid_i(rx_rd_valid), .rx_rd_more_i(rx_rd_more),
      .rx_desc_i(rx_desc), .rx_rd_index_i(rx_rd_index), .rx_pop_o(rx_pop), .rx_pop_queue_o(rx_pop_queue),
      .rx_pop_index_o(rx_pop_index), .rx_arrived_i(rx_arrived), .data_valid_o(data_valid), .data_ready_i(data_ready),
      .data_first_o(data_first), .data_last_o(data_last), .data_req_o(data_req), .data_wdata_o(data_wdata),
      .data_wstrb_o(data_wstrb), .b_valid_i(rx_data_done), .b_queue_i(b_queue), .b_err_i(b_err),
      .scan_ready_o(rx_scan_ready), .rec_queue_i(rec_queue), .rec_ready_o(rec_ready), .rec_o(rec),
      .rec_err_o(rec_err), .rec_pop_i(rec_pop), .link_down_i, .link_mbps_i, .link_o(link),
      .m_axis_tdata, .m_axis_tkeep, .m_axis_tvalid, .m_axis_tready, .m_axis_tlast,
      .s_axis_tdata, .s_axis_tkeep, .s_axis_tvalid, .s_axis_tready, .s_axis_tlast, .s_axis_tuser
  );

  nic_dma #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_dma (
      .clk_i,
      .rst_ni(core_rst_n),
      .m_axi_awid, .m_axi_awaddr, .m_axi_awlen, .m_axi_awvalid, .m_axi_awready,
      .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast, .m_axi_wvalid, .m_axi_wready,
      .m_axi_bid, .m_axi_bresp, .m_axi_bvalid, .m_axi_bready,
      .m_axi_arid, .m_axi_araddr, .m_axi_arlen, .m_axi_arvalid, .m_axi_arready,
      .m_axi_rid, .m_axi_rdata, .m_axi_rresp, .m_axi_rlast, .m_axi_rvalid, .m_axi_rready,
      .idle_o(dma_idle), .req_valid_i(req_valid), .req_i(req), .req_ready_o(req_ready),
      .rx_desc_valid_o(rx_desc_valid), .tx_desc_valid_o(tx_desc_valid), .tx_data_valid_o(tx_data_valid),
      .r_queue_o(r_queue), .r_data_o(r_data), .r_last_o(r_last), .r_err_o(r_err),
      .data_valid_i(data_valid), .data_ready_o(data_ready), .data_first_i(data_first), .data_last_i(data_last),
      .data_req_i(data_req), .data_wdata_i(data_wdata), .data_wstrb_i(data_wstrb),
      .cpl_valid_i(cpl_valid), .cpl_ready_o(cpl_ready), .cpl_first_i(cpl_first), .cpl_last_i(cpl_last),
      .cpl_req_i(cpl_req), .cpl_wdata_i(cpl_wdata), .cpl_wstrb_i(cpl_wstrb),
      .msix_valid_i(msix_valid), .msix_ready_o(msix_ready), .msix_addr_i(msix_addr), .msix_data_i(msix_data),
      .msix_vector_i(msix_vector), .rx_data_done_o(rx_data_done), .rx_cpl_done_o(rx_cpl_done),
      .tx_cpl_done_o(tx_cpl_done), .msix_done_o(msix_done),
      .b_queue_o(b_queue), .msix_id_o(msix_id), .msix_by_i(msix_by), .msix_live_i(msix_live), .b_err_o(b_err),
      .tx_active_i(tx_active), .tx_err_read_o(tx_err_read), .tx_err_write_o(tx_err_write), .rx_active_i(rx_active),
      .rx_err_read_o(rx_err_read), .rx_err_write_o(rx_err_write), .err_write_queue_o(err_write_queue),
      .tx_err_desc_i(tx_err_desc), .tx_err_queue_i(tx_err_queue), .tx_err_tail_i(tx_err_tail), .scan_i(scan),
      .rx_err_desc_i(rx_err_desc), .rx_err_queue_i(rx_err_queue), .rx_err_tail_i(rx_err_tail),
      .tx_base_i(tx_base), .tx_log2_i(tx_log2), .tx_head_i(tx_scan_head),
      .rx_base_i(rx_base), .rx_log2_i(rx_log2), .rx_head_i(rx_scan_head),
      .req_reg_i(reg_req), .rsp_o(err_rsp), .error_o(queue_error)
  );

endmodule
