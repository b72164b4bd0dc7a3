// SPDX-License-Identifier: Apache-2.0
// RX: the stream to the packet buffer (ingress), and from there to host memory (deliver). Wiring.

module nic_rx
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
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic hard_rst_ni,
    input  logic stop_i,                    // begin nothing new
    input  glob_cfg_t glob_i,
    input  rss_cfg_t  rss_cfg_i,
    output logic [6:0] rss_index_o,         // the table is looked up
    input  queue_t    rss_queue_i,
    output logic        filter_look_o,      // a frame's addresses are looked up: the answer comes two clocks later
    output logic [47:0] filter_dest_o,
    output logic [11:0] filter_vid_o,
    input  logic        filter_addr_i,
    input  logic        filter_vlan_i,
    output logic dma_busy_o,                // writes are under way
    output logic idle_o,                    // no frame anywhere

    // stream
    input  logic [DataWidth-1:0]     s_axis_tdata,
    input  logic [Bytes-1:0]         s_axis_tkeep,
    input  logic                     s_axis_tvalid,
    output logic                     s_axis_tready,
    input  logic                     s_axis_tlast,
    input  nic_mac_pkg::rx_tag_t     tag_i,           // with s_axis_tlast: what the MAC side found

    // to the MAC side: whether the link partner is to wait; a frame to be counted
    input  logic                     fill_enable_i,
    input  logic [15:0]              fill_xoff_i,
    input  logic [15:0]              fill_xon_i,
    output logic                     fill_high_o,
    output logic                     count_o,
    output frame_len_t               count_len_o,
    output nic_mac_pkg::rx_tag_t     count_tag_o,

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
    output logic [QWidth-1:0]        cnt_queue_o,
    output rx_verdict_e              cnt_verdict_o
);

  localparam int unsigned WordLog2 = BufLog2 - $clog2(Bytes);

  logic                     ram_we, ram_re, ram_turn, free_valid;
  logic [QWidth-1:0]        ram_wqueue, ram_rqueue, free_queue;
  logic [WordLog2-1:0]      ram_wword;
  logic [BufLog2-1:0]       ram_rbyte;
  logic [DataWidth-1:0]     ram_wdata, ram_rdata;
  logic [WordLog2:0]        free_ptr;
  logic                     frame_valid, frame_pop, frames_left;
  logic [QWidth-1:0]        frame_queue, frame_pop_queue;
  frame_len_t               frame_len;
  rx_meta_t                 frame_meta;
  rx_vlan_t                 frame_vlan;
  logic                     ingress_busy;

  assign idle_o     = !ingress_busy && !frames_left && !dma_busy_o;

  nic_rx_ingress #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2),
      .Frames   (Frames)
  ) u_ingress (
      .clk_i,
      .rst_ni,
      .hard_rst_ni,
      .go_i             (glob_i.enable && !stop_i),
      .glob_i, .rss_cfg_i, .rss_index_o, .rss_queue_i, .filter_look_o, .filter_dest_o,
      .filter_vid_o, .filter_addr_i, .filter_vlan_i,
      .busy_o           (ingress_busy),
      .s_axis_tdata, .s_axis_tkeep, .s_axis_tvalid, .s_axis_tready, .s_axis_tlast, .tag_i,
      .fill_enable_i, .fill_xoff_i, .fill_xon_i, .fill_high_o, .count_o, .count_len_o, .count_tag_o,
      .ram_we_o         (ram_we),
      .ram_queue_o      (ram_wqueue),
      .ram_word_o       (ram_wword),
      .ram_data_o       (ram_wdata),
      .free_valid_i     (free_valid),
      .free_queue_i     (free_queue),
      .free_ptr_i       (free_ptr),
      .frame_valid_o    (frame_valid),
      .frame_queue_o    (frame_queue),
      .frame_len_o      (frame_len),
      .frame_meta_o     (frame_meta),
      .frame_vlan_o     (frame_vlan),
      .frame_pop_i      (frame_pop),
      .frame_pop_queue_i(frame_pop_queue),
      .cnt_verdict_o
  );

  nic_rx_ram #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2)
  ) u_ram (
      .clk_i,
      .we_i    (ram_we),
      .wqueue_i(ram_wqueue),
      .wword_i (ram_wword),
      .wdata_i (ram_wdata),
      .re_i    (ram_re),
      .rqueue_i(ram_rqueue),
      .rbyte_i (ram_rbyte),
      .turn_i  (ram_turn),
      .use_i   (out_valid_o),
      .rdata_o (ram_rdata)
  );

  nic_rx_deliver #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2),
      .Frames   (Frames),
      .Depth    (Depth),
      .Records  (Records),
      .Bursts   (Bursts)
  ) u_deliver (
      .clk_i,
      .rst_ni,
      .stop_i, .dma_busy_o,
      .frames_left_o    (frames_left),
      .frame_valid_i    (frame_valid),
      .frame_queue_i    (frame_queue),
      .frame_len_i      (frame_len),
      .frame_meta_i     (frame_meta),
      .frame_vlan_i     (frame_vlan),
      .frame_pop_o      (frame_pop),
      .frame_pop_queue_o(frame_pop_queue),
      .ram_re_o         (ram_re),
      .ram_queue_o      (ram_rqueue),
      .ram_byte_o       (ram_rbyte),
      .ram_turn_o       (ram_turn),
      .ram_data_i       (ram_rdata),
      .free_valid_o     (free_valid),
      .free_queue_o     (free_queue),
      .free_ptr_o       (free_ptr),
      .run_i, .start_i, .start_queue_i, .scan_i, .work_o, .err_desc_o, .err_desc_queue_o,
      .rd_queue_o, .rd_skip_o, .rd_valid_i, .rd_more_i, .rd_desc_i, .rd_index_i, .pop_o, .pop_queue_o,
      .pop_index_o, .arrived_i, .arrived_queue_i, .out_valid_o, .out_ready_i, .out_first_o, .out_last_o, .out_req_o,
      .out_data_o, .out_strb_o, .b_valid_i, .b_queue_i, .b_err_i, .scan_ready_o, .rec_queue_i,
      .rec_ready_o, .rec_o, .rec_err_o, .rec_pop_i, .cnt_frame_o, .cnt_len_o, .cnt_nodesc_o,
      .cnt_queue_o
  );

endmodule
