// SPDX-License-Identifier: Apache-2.0
// TX: descriptors to read bursts (issue), read data to the packet buffer (store), the buffer to the stream (egress).

module nic_tx
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    parameter int unsigned Bursts    = 32,
    parameter int unsigned Frames    = 32,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic stop_i,                    // begin nothing new on the stream
    output logic busy_o,                    // a descriptor or a frame on the stream is under way

    // rings
    input  logic [7:0]             weight_i [Queues],   // TX_WEIGHT
    input  logic [Queues-1:0]      run_i,
    input  logic                   start_i,
    input  logic [QWidth-1:0]      start_queue_i,
    input  logic [QWidth-1:0]      scan_i,
    output logic                   work_o,  // ring scan_i: a frame or its reads are on the way
    output logic                   err_desc_o,
    output logic [QWidth-1:0]      err_desc_queue_o,

    // descriptors
    input  logic [Queues-1:0]      avail_i,
    output logic [QWidth-1:0]      rd_queue_o,
    input  logic                   rd_valid_i,
    input  desc_t                  rd_desc_i,
    input  index_t                 rd_index_i,
    output logic                   pop_o,
    output logic [QWidth-1:0]      pop_queue_o,

    // reads
    output logic                   req_valid_o,
    output dma_req_t               req_o,
    input  logic                   req_ready_i,
    input  logic                   r_valid_i,
    input  logic [QWidth-1:0]      r_queue_i,
    input  logic [DataWidth-1:0]   r_data_i,
    input  logic                   r_last_i,
    input  logic                   r_err_i,

    // a frame was sent
    output logic                   sent_o,
    output logic                   done_o,         // all descriptors before sent_end_o are done
    output logic [QWidth-1:0]      sent_queue_o,
    output index_t                 sent_end_o,
    output frame_len_t             sent_len_o,

    // stream
    output logic [DataWidth-1:0]   m_axis_tdata,
    output logic [DataWidth/8-1:0] m_axis_tkeep,
    output logic                   m_axis_tvalid,
    input  logic                   m_axis_tready,
    output logic                   m_axis_tlast
);

  localparam int unsigned Bytes    = DataWidth / 8;
  localparam int unsigned ByteLog2 = $clog2(Bytes);
  localparam int unsigned WordLog2 = BufLog2 - ByteLog2;

  logic                    burst_eof, burst_sum, burst_done;
  logic [ByteLog2-1:0]     burst_offset;
  logic [BurstLog2:0]      burst_bytes, burst_skip, burst_ip_skip;
  logic [$clog2(Bursts):0] answered;
  logic [$clog2(Frames):0] frames_used;
  logic                    frame_valid, complete;
  logic [QWidth-1:0]       frame_queue, complete_queue, issue_queue, ask_queue, ram_wqueue, ram_rqueue;
  tx_frame_t               frame;
  logic [15:0]             complete_sum, complete_ip_sum;
  logic                    ram_we, ram_we_next, ram_re;
  logic [WordLog2-1:0]     ram_wword, ram_rword, start_word;
  logic [WordLog2:0]       free_ptr;
  logic [DataWidth-1:0]    ram_wdata, ram_wdata_next, ram_rdata;
  logic                    issue_busy, store_busy, egress_busy, pending;

  assign busy_o = issue_busy || egress_busy;
  assign work_o = store_busy || pending || (issue_busy && issue_queue == scan_i) ||
                  (complete && complete_queue == scan_i);

  nic_tx_issue #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2),
      .Bursts   (Bursts),
      .Frames   (Frames)
  ) u_issue (
      .clk_i,
      .rst_ni,
      .run_i,
      .start_i,
      .start_queue_i,
      .start_word_o      (start_word),
      .err_desc_o,
      .err_desc_queue_o,
      .avail_i,
      .rd_queue_o,
      .rd_valid_i,
      .rd_desc_i,
      .rd_index_i,
      .pop_o,
      .pop_queue_o,
      .ask_queue_o       (ask_queue),
      .req_valid_o,
      .req_o,
      .req_ready_i,
      .burst_offset_o    (burst_offset),
      .burst_bytes_o     (burst_bytes),
      .burst_eof_o       (burst_eof),
      .burst_sum_o       (burst_sum),
      .burst_skip_o      (burst_skip),
      .burst_ip_skip_o   (burst_ip_skip),
      .answered_i        (answered),
      .burst_done_i      (burst_done),
      .burst_done_queue_i(r_queue_i),
      .frame_valid_o     (frame_valid),
      .frame_queue_o     (frame_queue),
      .frame_o           (frame),
      .frames_used_i     (frames_used),
      .free_valid_i      (ram_re),
      .free_queue_i      (ram_rqueue),
      .free_ptr_i        (free_ptr),
      .busy_o            (issue_busy),
      .busy_queue_o      (issue_queue)
  );

  nic_tx_store #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2),
      .Bursts   (Bursts)
  ) u_store (
      .clk_i,
      .rst_ni,
      .start_i,
      .start_queue_i,
      .start_word_i  (start_word),
      .burst_valid_i (req_valid_o && req_ready_i),
      .burst_queue_i (issue_queue),
      .burst_offset_i(burst_offset),
      .burst_bytes_i (burst_bytes),
      .burst_eof_i   (burst_eof),
      .burst_sum_i   (burst_sum),
      .burst_skip_i  (burst_skip),
      .burst_ip_skip_i(burst_ip_skip),
      .ask_queue_i   (ask_queue),
      .answered_o    (answered),
      .burst_done_o  (burst_done),
      .scan_i,
      .busy_o        (store_busy),
      .r_valid_i,
      .r_queue_i,
      .r_data_i,
      .r_last_i,
      .r_err_i,
      .ram_we_o      (ram_we),
      .ram_queue_o   (ram_wqueue),
      .ram_word_o    (ram_wword),
      .ram_we_next_o (ram_we_next),
      .ram_data_o    (ram_wdata),
      .ram_next_o    (ram_wdata_next),
      .frame_valid_o (complete),
      .frame_queue_o (complete_queue),
      .frame_sum_o   (complete_sum),
      .frame_ip_sum_o(complete_ip_sum)
  );

  nic_tx_ram #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2)
  ) u_ram (
      .clk_i,
      .we_i        (ram_we),
      .wqueue_i    (ram_wqueue),
      .wword_i     (ram_wword),
      .wdata_i     (ram_wdata),
      .we_next_i   (ram_we_next),
      .wdata_next_i(ram_wdata_next),
      .re_i        (ram_re),
      .rqueue_i    (ram_rqueue),
      .rword_i     (ram_rword),
      .rdata_o     (ram_rdata)
  );

  nic_tx_egress #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2),
      .Frames   (Frames)
  ) u_egress (
      .clk_i,
      .rst_ni,
      .stop_i,
      .busy_o          (egress_busy),
      .start_i,
      .start_queue_i,
      .weight_i,
      .frame_valid_i   (frame_valid),
      .frame_queue_i   (frame_queue),
      .frame_i         (frame),
      .used_queue_i    (ask_queue),
      .frames_used_o   (frames_used),
      .complete_i      (complete),
      .complete_queue_i(complete_queue),
      .complete_sum_i  (complete_sum),
      .complete_ip_sum_i(complete_ip_sum),
      .ram_re_o        (ram_re),
      .ram_queue_o     (ram_rqueue),
      .ram_word_o      (ram_rword),
      .ram_data_i      (ram_rdata),
      .free_ptr_o      (free_ptr),
      .sent_o,
      .done_o,
      .sent_queue_o,
      .sent_end_o,
      .sent_len_o,
      .scan_i,
      .pending_o       (pending),
      .m_axis_tdata,
      .m_axis_tkeep,
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tlast
  );

endmodule
