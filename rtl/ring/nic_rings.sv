// SPDX-License-Identifier: Apache-2.0
// All rings: descriptor rings of both directions (nic_ring) and their completion rings (nic_cpl). One queue is looked
// at a clock, the same one by all (scan_o): what there is of it is read then; a clock later rings start and end, and records
// are gathered.

`include "nic_assert.svh"

module nic_rings
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned  DataWidth = 256,
    parameter int unsigned  Queues    = 4,
    parameter int unsigned  DescDepth = 32,
    parameter int unsigned  RxRecords = 32,
    localparam int unsigned QWidth    = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         go_next_i,
    input  logic                         stop_i,
    output logic                         cpl_busy_o,      // a record is under way
    output logic                         idle_o,          // no ring had anything under way when it was last looked at

    // settings
    input  logic [Queues-1:0]            tx_enable_i, rx_enable_i,
    input  index_t                       tx_tail_i [Queues], rx_tail_i [Queues],
    output logic [QWidth-1:0]            scan_o, rx_scan_o, scan_next_o,  // rx_scan_o is the same, for RX
    input  logic [63:0]                  tx_base_i, tx_cq_base_i, rx_base_i, rx_cq_base_i,
    input  logic [3:0]                   tx_log2_i, rx_log2_i,
    input  index_t                       tx_scan_tail_i, rx_scan_tail_i,

    // a ring's life
    input  logic                         tx_work_i, rx_work_i,
    output logic                         tx_start_o, rx_start_o,
    output logic [QWidth-1:0]            tx_start_queue_o, rx_start_queue_o,
    output logic [Queues-1:0]            tx_run_o, rx_run_o,
    output logic [Queues-1:0]            tx_active_o, rx_active_o,
    output logic [Queues-1:0]            tx_error_o, rx_error_o,
    output ring_error_e [Queues-1:0]     tx_code_o, rx_code_o,
    output ring_sts_t                    tx_sts_o [Queues], rx_sts_o [Queues],

    // errors
    input  logic                         tx_err_read_i, rx_err_read_i,     // of ring r_queue_i
    input  logic                         tx_err_write_i, rx_err_write_i,
    input  logic [QWidth-1:0]            err_write_queue_i,
    input  logic                         tx_err_desc_i, rx_err_desc_i,
    input  logic [QWidth-1:0]            tx_err_queue_i, rx_err_queue_i,
    output logic                         tx_err_tail_o, rx_err_tail_o,     // of the ring that was scan_o before

    // reads
    output logic                         tx_req_valid_o, rx_req_valid_o,
    output dma_req_t                     tx_req_o, rx_req_o,
    input  logic                         tx_req_ready_i, rx_req_ready_i,
    input  logic                         tx_desc_valid_i, rx_desc_valid_i,
    input  logic [QWidth-1:0]            r_queue_i,
    input  logic [DataWidth-1:0]         r_data_i,
    input  logic                         r_last_i, r_err_i,

    // descriptors of TX; what is sent
    output logic [Queues-1:0]            tx_avail_o,
    input  logic [QWidth-1:0]            tx_rd_queue_i,
    output logic                         tx_rd_valid_o,
    output desc_t                        tx_desc_o,
    output index_t                       tx_rd_index_o,
    input  logic                         tx_pop_i,
    input  logic [QWidth-1:0]            tx_pop_queue_i,
    output index_t                       tx_scan_head_o,
    input  logic                         done_i,
    input  logic [QWidth-1:0]            sent_queue_i,
    input  index_t                       sent_end_i,

    // descriptors of RX; what is received
    input  logic [QWidth-1:0]            rx_rd_queue_i,
    input  logic [$clog2(DescDepth)-1:0] rx_rd_skip_i,
    output logic                         rx_rd_valid_o, rx_rd_more_o,
    output desc_t                        rx_desc_o,
    output index_t                       rx_rd_index_o,
    input  logic                         rx_pop_i,
    input  logic [QWidth-1:0]            rx_pop_queue_i,
    input  index_t                       rx_pop_index_i,
    output logic                         rx_arrived_o,
    output index_t                       rx_scan_head_o,
    input  logic                         rx_scan_ready_i,                  // ring rx_scan_o has records
    output logic [QWidth-1:0]            rec_queue_o,
    input  logic [$clog2(RxRecords):0]   rec_ready_i,                      // how many, a clock later
    input  rx_record_t                   rec_i,
    input  logic                         rec_err_i,
    output logic                         rec_pop_o,

    // completion records
    output logic                         cpl_valid_o, cpl_first_o, cpl_last_o,
    input  logic                         cpl_ready_i,
    output dma_req_t                     cpl_req_o,
    output logic [DataWidth-1:0]         cpl_wdata_o,
    output logic [DataWidth/8-1:0]       cpl_wstrb_o,
    input  logic                         rx_cpl_done_i, tx_cpl_done_i,
    input  logic [QWidth-1:0]            b_queue_i,
    input  logic                         b_err_i,
    output logic                         tx_cq_valid_o, rx_cq_valid_o,   // records up to here are answered
    output logic [QWidth-1:0]            cq_queue_o,

    // queue pairs with records under way, and those that are to begin no further ones
    output logic [Queues-1:0]            cpl_out_o,
    input  logic [Queues-1:0]            cpl_hold_i
);

  logic [QWidth-1:0] tx_before, rx_before;
  logic              tx_work_q, rx_work_q, tx_todo_q;   // of the ring looked at before
  logic              tx_busy, rx_busy, tx_cpl_busy, rx_cpl_busy;
  index_t            cq_head;
  frame_cnt_t        cq_frames;

  nic_ring #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .Depth    (DescDepth),
      .Kind     (RdTxDesc)
  ) u_tx (
      .clk_i,
      .rst_ni,
      .go_next_i, .enable_i(tx_enable_i), .tail_i(tx_tail_i),
      .scan_base_i(tx_base_i), .scan_log2_i(tx_log2_i), .scan_tail_i(tx_scan_tail_i),
      .scan_o, .scan_next_o, .before_o(tx_before),
      .work_i(tx_work_q), .cpl_busy_i(tx_cpl_busy), .busy_o(tx_busy),
      .start_o(tx_start_o), .start_queue_o(tx_start_queue_o), .run_o(tx_run_o),
      .active_o(tx_active_o), .error_o(tx_error_o), .code_o(tx_code_o), .sts_o(tx_sts_o),
      .err_read_i(tx_err_read_i), .err_write_i(tx_err_write_i), .err_write_queue_i,
      .err_desc_i(tx_err_desc_i), .err_desc_queue_i(tx_err_queue_i), .err_tail_o(tx_err_tail_o),
      .head_valid_i(done_i), .head_queue_i(sent_queue_i), .head_i(sent_end_i),
      .cq_valid_i(tx_cq_valid_o), .cq_queue_i(cq_queue_o), .cq_head_i(cq_head), .cq_frames_i(cq_frames),
      .req_valid_o(tx_req_valid_o), .req_o(tx_req_o), .req_ready_i(tx_req_ready_i),
      .r_valid_i(tx_desc_valid_i), .r_queue_i, .r_data_i, .r_last_i, .r_err_i,
      .avail_o(tx_avail_o), .rd_queue_i(tx_rd_queue_i), .rd_skip_i('0), .rd_valid_o(tx_rd_valid_o), .rd_more_o(),
      .rd_desc_o(tx_desc_o), .rd_index_o(tx_rd_index_o), .pop_i(tx_pop_i), .pop_queue_i(tx_pop_queue_i),
      .arrived_o(), .scan_head_o(tx_scan_head_o)
  );

  nic_ring #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .Depth    (DescDepth),
      .Kind     (RdRxDesc)
  ) u_rx (
      .clk_i,
      .rst_ni,
      .go_next_i, .enable_i(rx_enable_i), .tail_i(rx_tail_i),
      .scan_base_i(rx_base_i), .scan_log2_i(rx_log2_i), .scan_tail_i(rx_scan_tail_i),
      .scan_o(rx_scan_o), .scan_next_o(), .before_o(rx_before),
      .work_i(rx_work_q), .cpl_busy_i(rx_cpl_busy), .busy_o(rx_busy),
      .start_o(rx_start_o), .start_queue_o(rx_start_queue_o), .run_o(rx_run_o),
      .active_o(rx_active_o), .error_o(rx_error_o), .code_o(rx_code_o), .sts_o(rx_sts_o),
      .err_read_i(rx_err_read_i), .err_write_i(rx_err_write_i), .err_write_queue_i,
      .err_desc_i(rx_err_desc_i), .err_desc_queue_i(rx_err_queue_i), .err_tail_o(rx_err_tail_o),
      .head_valid_i(rx_pop_i), .head_queue_i(rx_pop_queue_i), .head_i(rx_pop_index_i + 1'b1),
      .cq_valid_i(rx_cq_valid_o), .cq_queue_i(cq_queue_o), .cq_head_i(cq_head), .cq_frames_i(cq_frames),
      .req_valid_o(rx_req_valid_o), .req_o(rx_req_o), .req_ready_i(rx_req_ready_i),
      .r_valid_i(rx_desc_valid_i), .r_queue_i, .r_data_i, .r_last_i, .r_err_i,
      .avail_o(), .rd_queue_i(rx_rd_queue_i), .rd_skip_i(rx_rd_skip_i),
      .rd_valid_o(rx_rd_valid_o), .rd_more_o(rx_rd_more_o),
      .rd_desc_o(rx_desc_o), .rd_index_o(rx_rd_index_o), .pop_i(rx_pop_i), .pop_queue_i(rx_pop_queue_i),
      .arrived_o(rx_arrived_o), .scan_head_o(rx_scan_head_o)
  );

  nic_cpl #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .Records  (RxRecords)
  ) u_cpl (
      .clk_i,
      .rst_ni,
      .stop_i, .busy_o(cpl_busy_o),
      .tx_base_i(tx_cq_base_i), .tx_log2_i, .rx_base_i(rx_cq_base_i), .rx_log2_i,
      .tx_error_i(tx_error_o), .tx_code_i(tx_code_o), .rx_error_i(rx_error_o), .rx_code_i(rx_code_o),
      .tx_start_i(tx_start_o), .tx_start_queue_i(tx_start_queue_o),
      .rx_start_i(rx_start_o), .rx_start_queue_i(rx_start_queue_o),
      .scan_i(scan_o), .before_i(tx_before), .tx_busy_o(tx_cpl_busy), .rx_busy_o(rx_cpl_busy),
      .sent_i(done_i), .sent_queue_i, .sent_end_i,
      .tx_idle_i(!tx_work_q && !tx_todo_q),
      .scan_ready_i(rx_scan_ready_i), .rec_queue_o, .rec_ready_i, .rec_i, .rec_err_i, .rec_pop_o,
      .rx_idle_i(!rx_work_i), .rx_head_i(rx_scan_head_o),
      .out_valid_o(cpl_valid_o), .out_ready_i(cpl_ready_i), .out_first_o(cpl_first_o), .out_last_o(cpl_last_o),
      .out_req_o(cpl_req_o), .out_data_o(cpl_wdata_o), .out_strb_o(cpl_wstrb_o),
      .b_valid_i(rx_cpl_done_i || tx_cpl_done_i), .b_tx_i(tx_cpl_done_i), .b_queue_i, .b_err_i,
      .tx_cq_valid_o, .rx_cq_valid_o, .cq_queue_o, .cq_head_o(cq_head), .cq_frames_o(cq_frames),
      .out_o(cpl_out_o), .hold_i(cpl_hold_i)
  );

  always_ff @(posedge clk_i) begin
    tx_work_q <= tx_work_i;
    rx_work_q <= rx_work_i;
    tx_todo_q <= tx_avail_o[scan_o] && tx_run_o[scan_o];
  end

  logic [$clog2(MaxQueues):0] quiet_q;   // rings looked at since one was busy
  assign idle_o = quiet_q == ($clog2(MaxQueues) + 1)'(Queues);

  always_ff @(posedge clk_i) begin
    if (tx_busy || rx_busy) quiet_q <= '0;
    else if (!idle_o) quiet_q <= quiet_q + 1'b1;
    if (!rst_ni) quiet_q <= ($clog2(MaxQueues) + 1)'(Queues);
  end

  // Both directions look at the same queue at a time: nic_cpl serves both.
  `NIC_ASSERT_IF(ScansInStep, tx_start_o || rx_start_o, scan_o == rx_scan_o && tx_before == rx_before)

endmodule
