// SPDX-License-Identifier: Apache-2.0
// Frames from the RX packet buffer (list) to host memory: to buffers (sched), to bursts (cut), to beats (mover); records are
// kept until their data is answered (records). Wiring.

module nic_rx_deliver
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    parameter int unsigned Frames    = 256,
    parameter int unsigned Depth     = 32,
    parameter int unsigned Records   = 32,
    parameter int unsigned Bursts    = 128,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes),
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic stop_i,                    // begin nothing new
    output logic dma_busy_o,                // a frame is looked at or written
    output logic frames_left_o,

    // frames in the packet buffer
    input  logic                     frame_valid_i,
    input  logic [QWidth-1:0]        frame_queue_i,
    input  frame_len_t               frame_len_i,
    input  rx_meta_t                 frame_meta_i,
    input  rx_vlan_t                 frame_vlan_i,
    output logic                     frame_pop_o,
    output logic [QWidth-1:0]        frame_pop_queue_o,

    // packet buffer
    output logic                     ram_re_o,
    output logic [QWidth-1:0]        ram_queue_o,
    output logic [BufLog2-1:0]       ram_byte_o,
    output logic                     ram_turn_o,
    input  logic [DataWidth-1:0]     ram_data_i,
    output logic                     free_valid_o,
    output logic [QWidth-1:0]        free_queue_o,
    output logic [WordLog2:0]        free_ptr_o,

    // rings
    input  logic [Queues-1:0]        run_i,
    input  logic                     start_i,
    input  logic [QWidth-1:0]        start_queue_i,
    input  logic [QWidth-1:0]        scan_i,
    output logic                     work_o,          // ring scan_i: a frame is written or records are kept
    output logic                     err_desc_o,
    output logic [QWidth-1:0]        err_desc_queue_o,

    // descriptors
    output logic [QWidth-1:0]        rd_queue_o,
    output logic [$clog2(Depth)-1:0] rd_skip_o,
    input  logic                     rd_valid_i,
    input  logic                     rd_more_i,
    input  desc_t                    rd_desc_i,
    input  index_t                   rd_index_i,
    output logic                     pop_o,           // one of ring pop_queue_o is used
    output logic [QWidth-1:0]        pop_queue_o,
    output index_t                   pop_index_o,
    input  logic                     arrived_i,
    input  logic [QWidth-1:0]        arrived_queue_i,

    // beats to the write channels
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic                     out_first_o,
    output logic                     out_last_o,
    output dma_req_t                 out_req_o,
    output logic [DataWidth-1:0]     out_data_o,
    output logic [Bytes-1:0]         out_strb_o,
    input  logic                     b_valid_i,       // answers to them
    input  logic [QWidth-1:0]        b_queue_i,
    input  logic                     b_err_i,

    // ready records
    output logic                     scan_ready_o,  // ring scan_i has one
    input  logic [QWidth-1:0]        rec_queue_i,
    output logic [$clog2(Records):0] rec_ready_o,   // and how many, a clock later
    output rx_record_t               rec_o,
    output logic                     rec_err_o,
    input  logic                     rec_pop_i,

    // one-clock pulses
    output logic                     cnt_frame_o,
    output frame_len_t               cnt_len_o,
    output logic                     cnt_nodesc_o,
    output logic [QWidth-1:0]        cnt_queue_o
);

  logic                     next_valid, take, settle, reject;
  logic [QWidth-1:0]        next_queue, settle_queue;
  frame_len_t               next_len;
  rx_meta_t                 next_meta;
  rx_vlan_t                 next_vlan;
  logic                     feed, active, records_busy;
  logic                     part_ready, part_soon, part_look, part_valid, part_drop;
  logic [QWidth-1:0]        part_queue;
  logic [63:0]              part_addr;
  logic [BufLog2-1:0]       part_src;
  logic [WordLog2:0]        part_free;
  rx_record_t               part_rec;
  logic                     job_valid, job_ready, job_drop, job_last, job_write, rec_valid, mover_busy;
  logic [QWidth-1:0]        job_queue;
  logic [63:0]              job_addr;
  logic [7:0]               job_len;
  logic [ByteLog2-1:0]      job_end;
  logic [BufLog2-1:0]       job_src;
  logic [WordLog2:0]        job_free;
  rx_record_t               rec;
  logic [$clog2(Records):0] recs_used;
  logic [$clog2(Bursts):0]  bursts_used;

  assign dma_busy_o        = active || job_valid || mover_busy;
  assign frame_pop_o       = settle;
  assign frame_pop_queue_o = settle_queue;
  assign cnt_queue_o       = settle_queue;
  assign work_o            = records_busy || (feed && rd_queue_o == scan_i) || (job_valid && job_queue == scan_i);

  logic              retired_q;
  logic [QWidth-1:0] retired_queue_q;
  always_ff @(posedge clk_i) begin
    retired_q <= rst_ni && rec_pop_i;
    if (rec_pop_i) retired_queue_q <= rec_queue_i;
  end

  nic_rx_list #(
      .Queues(Queues),
      .Frames(Frames)
  ) u_list (
      .clk_i,
      .rst_ni,
      .stop_i, .frames_left_o, .frame_valid_i, .frame_queue_i, .frame_len_i, .frame_meta_i,
      .frame_vlan_i,
      .next_valid_o    (next_valid),
      .next_queue_o    (next_queue),
      .next_len_o      (next_len),
      .next_meta_o     (next_meta),
      .next_vlan_o     (next_vlan),
      .take_i          (take),
      .queue_i         (settle_queue),
      .release_i       (settle),
      .reject_i        (reject),
      .run_i, .arrived_i, .arrived_queue_i,
      .answered_i      (b_valid_i),
      .answered_queue_i(b_queue_i),
      .retired_i       (retired_q),
      .retired_queue_i (retired_queue_q),
      .start_i, .start_queue_i
  );

  nic_rx_sched #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2),
      .Depth    (Depth),
      .Records  (Records),
      .Bursts   (Bursts)
  ) u_sched (
      .clk_i,
      .rst_ni,
      .stop_i, .run_i, .start_i, .start_queue_i, .err_desc_o, .err_desc_queue_o,
      .feed_o           (feed),
      .active_o         (active),
      .next_valid_i     (next_valid),
      .next_queue_i     (next_queue),
      .next_len_i       (next_len),
      .next_meta_i      (next_meta),
      .next_vlan_i      (next_vlan),
      .take_o           (take),
      .settle_o         (settle),
      .reject_o         (reject),
      .settle_queue_o   (settle_queue),
      .rd_queue_o, .rd_skip_o, .rd_valid_i, .rd_more_i, .rd_desc_i, .rd_index_i, .pop_o,
      .pop_queue_o, .pop_index_o, .arrived_i, .arrived_queue_i,
      .part_ready_i     (part_ready),
      .part_soon_i      (part_soon),
      .part_look_o      (part_look),
      .part_valid_o     (part_valid),
      .part_drop_o      (part_drop),
      .part_queue_o     (part_queue),
      .part_addr_o      (part_addr),
      .part_src_o       (part_src),
      .part_free_o      (part_free),
      .part_rec_o       (part_rec),
      .recs_used_i      (recs_used),
      .bursts_used_i    (bursts_used),
      .answered_i       (b_valid_i),
      .answered_queue_i (b_queue_i),
      .retired_i        (retired_q),
      .retired_queue_i  (retired_queue_q),
      .cnt_frame_o, .cnt_len_o, .cnt_nodesc_o
  );

  nic_rx_cut #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2)
  ) u_cut (
      .clk_i,
      .rst_ni,
      .ready_o    (part_ready),
      .soon_o     (part_soon),
      .look_i     (part_look),
      .give_i     (part_valid),
      .drop_i     (part_drop),
      .queue_i    (part_queue),
      .addr_i     (part_addr),
      .src_i      (part_src),
      .free_i     (part_free),
      .rec_i      (part_rec),
      .job_valid_o(job_valid),
      .job_ready_i(job_ready),
      .job_drop_o (job_drop),
      .job_queue_o(job_queue),
      .job_addr_o (job_addr),
      .job_len_o  (job_len),
      .job_end_o  (job_end),
      .job_src_o  (job_src),
      .job_last_o (job_last),
      .job_free_o (job_free),
      .write_o    (job_write),
      .rec_valid_o(rec_valid),
      .rec_o      (rec)
  );

  nic_rx_mover #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2)
  ) u_mover (
      .clk_i,
      .rst_ni,
      .busy_o      (mover_busy),
      .job_valid_i (job_valid),
      .job_ready_o (job_ready),
      .job_drop_i  (job_drop),
      .job_queue_i (job_queue),
      .job_addr_i  (job_addr),
      .job_len_i   (job_len),
      .job_end_i   (job_end),
      .job_src_i   (job_src),
      .job_last_i  (job_last),
      .job_free_i  (job_free),
      .ram_re_o, .ram_queue_o, .ram_byte_o, .ram_turn_o, .ram_data_i, .free_valid_o, .free_queue_o,
      .free_ptr_o, .out_valid_o, .out_ready_i, .out_first_o, .out_last_o, .out_req_o, .out_data_o,
      .out_strb_o
  );

  nic_rx_records #(
      .Queues (Queues),
      .Records(Records),
      .Bursts (Bursts)
  ) u_records (
      .clk_i,
      .rst_ni,
      .start_i, .start_queue_i,
      .write_i      (job_write),
      .write_queue_i(job_queue),
      .rec_valid_i  (rec_valid),
      .rec_i        (rec),
      .look_queue_i (rd_queue_o),
      .recs_used_o  (recs_used),
      .bursts_used_o(bursts_used),
      .b_valid_i, .b_queue_i, .b_err_i, .scan_i,
      .busy_o       (records_busy),
      .ready_o      (scan_ready_o),
      .count_o      (rec_ready_o),
      .rd_queue_i   (rec_queue_i),
      .rd_rec_o     (rec_o),
      .rd_err_o     (rec_err_o),
      .rd_pop_i     (rec_pop_i)
  );

endmodule
