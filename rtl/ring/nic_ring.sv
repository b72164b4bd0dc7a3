// SPDX-License-Identifier: Apache-2.0
// The descriptor rings of one direction: their life (nic_ring_ctl) and the descriptors that are read ahead
// (nic_desc_fetch). A ring ends when nothing of it is under way here, in the datapath (work_i) and in nic_cpl.

module nic_ring
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned  DataWidth = 256,
    parameter int unsigned  Queues    = 4,
    parameter int unsigned  Depth     = 32,
    parameter rd_kind_e     Kind      = RdTxDesc,
    localparam int unsigned QWidth    = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,

    // software's settings, those of ring scan_o too
    input  logic                     go_next_i,
    input  logic [Queues-1:0]        enable_i,
    input  index_t                   tail_i [Queues],
    input  logic [63:0]              scan_base_i,
    input  logic [3:0]               scan_log2_i,
    input  index_t                   scan_tail_i,

    // a ring's life
    output logic [QWidth-1:0]        scan_o,          // the ring that is looked at
    output logic [QWidth-1:0]        scan_next_o,     // and in the next clock
    output logic [QWidth-1:0]        before_o,        // and was in the last
    input  logic                     work_i,          // ring before_o: the datapath, or nic_cpl, has something of it
    input  logic                     cpl_busy_i,
    output logic                     busy_o,          // ring before_o: something of it is under way
    output logic                     start_o,
    output logic [QWidth-1:0]        start_queue_o,
    output logic [Queues-1:0]        run_o,
    output logic [Queues-1:0]        active_o,
    output logic [Queues-1:0]        error_o,
    output ring_error_e [Queues-1:0] code_o,
    output ring_sts_t                sts_o [Queues],

    // what halts a ring, and how far it is
    input  logic                     err_read_i,      // of ring r_queue_i
    input  logic                     err_write_i,
    input  logic [QWidth-1:0]        err_write_queue_i,
    input  logic                     err_desc_i,
    input  logic [QWidth-1:0]        err_desc_queue_i,
    output logic                     err_tail_o,      // of ring before_o
    input  logic                     head_valid_i,
    input  logic [QWidth-1:0]        head_queue_i,
    input  index_t                   head_i,
    input  logic                     cq_valid_i,
    input  logic [QWidth-1:0]        cq_queue_i,
    input  index_t                   cq_head_i,
    input  frame_cnt_t               cq_frames_i,

    // reads
    output logic                     req_valid_o,
    output dma_req_t                 req_o,
    input  logic                     req_ready_i,
    input  logic                     r_valid_i,
    input  logic [QWidth-1:0]        r_queue_i,
    input  logic [DataWidth-1:0]     r_data_i,
    input  logic                     r_last_i,
    input  logic                     r_err_i,

    // descriptors
    output logic [Queues-1:0]        avail_o,
    input  logic [QWidth-1:0]        rd_queue_i,
    input  logic [$clog2(Depth)-1:0] rd_skip_i,
    output logic                     rd_valid_o,
    output logic                     rd_more_o,
    output desc_t                    rd_desc_o,
    output index_t                   rd_index_o,
    input  logic                     pop_i,
    input  logic [QWidth-1:0]        pop_queue_i,
    output logic                     arrived_o,
    output index_t                   scan_head_o
);

  logic fetch_busy;
  assign busy_o = fetch_busy || work_i || cpl_busy_i;

  nic_ring_ctl #(
      .Queues(Queues)
  ) u_ctl (
      .clk_i,
      .rst_ni,
      .go_next_i, .enable_i,
      .scan_o, .scan_next_o, .before_o,
      .busy_i          (busy_o),
      .start_o, .start_queue_o, .run_o,
      .err_read_i,
      .err_read_queue_i(r_queue_i),
      .err_write_i, .err_write_queue_i,
      .err_desc_i, .err_desc_queue_i,
      .err_tail_i      (err_tail_o),
      .head_valid_i, .head_queue_i, .head_i,
      .cq_valid_i, .cq_queue_i, .cq_head_i, .cq_frames_i,
      .active_o, .error_o, .code_o, .sts_o
  );

  nic_desc_fetch #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .Depth    (Depth),
      .Kind     (Kind)
  ) u_fetch (
      .clk_i,
      .rst_ni,
      .tail_i, .scan_base_i, .scan_log2_i, .scan_tail_i,
      .run_i        (run_o),
      .start_i      (start_o),
      .start_queue_i(start_queue_o),
      .scan_i       (scan_o),
      .busy_o       (fetch_busy),
      .err_tail_o,
      .req_valid_o, .req_o, .req_ready_i,
      .r_valid_i, .r_queue_i, .r_data_i, .r_last_i, .r_err_i,
      .avail_o,
      .rd_queue_i, .rd_skip_i, .rd_valid_o, .rd_more_o, .rd_desc_o, .rd_index_o,
      .pop_i, .pop_queue_i,
      .arrived_o,
      .scan_head_o
  );

endmodule
