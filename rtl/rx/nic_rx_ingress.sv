// SPDX-License-Identifier: Apache-2.0
// Takes frames from the stream, which cannot wait, into the packet buffer: a part for each queue, so that a queue
// that does not move holds up no other.
//
// Beats wait in a short FIFO until nic_rx_parse has chosen the frame's queue, then go to the buffer, where nic_rx_place
// says. On the way nic_rx_csum sums them, and a VLAN tag that is to be taken out is.
// nic_rx_gate keeps out what comes while the device is disabled or about to be reset.

module nic_rx_ingress
  import nic_pkg::*;
  import nic_rx_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,     // bytes of a queue's part of the packet buffer
    parameter int unsigned Frames    = 256,    // of a queue's frame list
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes),
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic hard_rst_ni,
    input  logic go_i,                          // take frames
    input  glob_cfg_t            glob_i,
    input  rss_cfg_t             rss_cfg_i,
    output logic [6:0]           rss_index_o,
    input  queue_t               rss_queue_i,
    output logic                 filter_look_o, // a frame's addresses are looked up: the answer comes two clocks later
    output logic [47:0]          filter_dest_o,
    output logic [11:0]          filter_vid_o,
    input  logic                 filter_addr_i,
    input  logic                 filter_vlan_i,
    output logic                 busy_o,        // within a frame

    // stream
    input  logic [DataWidth-1:0] s_axis_tdata,
    input  logic [Bytes-1:0]     s_axis_tkeep,
    input  logic                 s_axis_tvalid,
    output logic                 s_axis_tready,
    input  logic                 s_axis_tlast,
    input  rx_tag_t              tag_i,         // with s_axis_tlast: what the MAC side found

    // whether the link partner is to wait (nic_mac_fill)
    input  logic                 fill_enable_i,
    input  logic [15:0]          fill_xoff_i,
    input  logic [15:0]          fill_xon_i,
    output logic                 fill_high_o,

    // a frame has passed, for the MAC's counters
    output logic                 count_o,
    output frame_len_t           count_len_o,
    output rx_tag_t              count_tag_o,

    // packet buffer
    output logic                 ram_we_o,
    output logic [QWidth-1:0]    ram_queue_o,
    output logic [WordLog2-1:0]  ram_word_o,
    output logic [DataWidth-1:0] ram_data_o,
    input  logic                 free_valid_i,  // the words before free_ptr_i were read out
    input  logic [QWidth-1:0]    free_queue_i,
    input  logic [WordLog2:0]    free_ptr_i,

    // a frame is in the buffer
    output logic                 frame_valid_o,
    output logic [QWidth-1:0]    frame_queue_o,
    output frame_len_t           frame_len_o,
    output rx_meta_t             frame_meta_o,
    output rx_vlan_t             frame_vlan_o,
    input  logic                 frame_pop_i,   // an entry of the frame list was released
    input  logic [QWidth-1:0]    frame_pop_queue_i,

    // one-clock pulses
    output rx_verdict_e          cnt_verdict_o
);

  localparam int unsigned Stage = 32;           // beats; the parser decides within 28

  logic              in_valid, coming;
  logic [ByteLog2:0] in_bytes;

  assign s_axis_tready = 1'b1;

  nic_rx_gate #(
      .Bytes(Bytes)
  ) u_gate (
      .clk_i,
      .rst_ni,
      .hard_rst_ni, .go_i,
      .valid_i(s_axis_tvalid),
      .last_i (s_axis_tlast),
      .keep_i (s_axis_tkeep),
      .valid_o(in_valid),
      .bytes_o(in_bytes),
      .busy_o (coming)
  );

  // ------------------------------------------------------------------ until the parser has decided
  logic                 in_decided, between, frame_comes, beat, first, last, stage_busy, csum_busy;
  rx_tag_t              tag;
  rx_pass_t             in_pass, pass;
  logic [ByteLog2:0]    bytes;
  logic [QWidth-1:0]    in_queue, coming_queue, qp;
  rss_type_t            in_type, hash_type;
  logic [31:0]          in_hash, hash;
  sum_plan_t            in_plan, plan;
  logic [DataWidth-1:0] data;

  assign busy_o = stage_busy || csum_busy || coming;

  nic_rx_parse #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_parse (
      .clk_i,
      .rst_ni,
      .glob_i, .rss_cfg_i, .rss_index_o, .rss_queue_i, .filter_look_o, .filter_dest_o,
      .filter_vid_o, .filter_addr_i, .filter_vlan_i,
      .beat_i (s_axis_tvalid),
      .valid_i(in_valid),
      .data_i (s_axis_tdata),
      .last_i (s_axis_tlast),
      .bytes_i(in_bytes),
      .valid_o(in_decided),
      .pass_o (in_pass),
      .type_o (in_type),
      .hash_o (in_hash),
      .plan_o (in_plan),
      .queue_o(in_queue)
  );

  nic_rx_stage #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .Depth    (Stage)
  ) u_stage (
      .clk_i,
      .rst_ni,
      .busy_o   (stage_busy),
      .valid_i  (in_valid),
      .data_i   (s_axis_tdata),
      .bytes_i  (in_bytes),
      .last_i   (s_axis_tlast),
      .tag_i,
      .decided_i(in_decided),
      .pass_i   (in_pass),
      .queue_i  (in_queue),
      .type_i   (in_type),
      .hash_i   (in_hash),
      .plan_i   (in_plan),
      .between_o(between),
      .coming_o (frame_comes),
      .coming_queue_o(coming_queue),
      .valid_o  (beat),
      .first_o  (first),
      .data_o   (data),
      .bytes_o  (bytes),
      .last_o   (last),
      .tag_o    (tag),
      .pass_o   (pass),
      .queue_o  (qp),
      .type_o   (hash_type),
      .hash_o   (hash),
      .plan_o   (plan)
  );

  // ------------------------------------------------------------------ into the buffer
  frame_len_t  at, len;
  rx_verdict_e verdict;

  assign ram_queue_o = qp;

  nic_rx_place #(
      .DataWidth(DataWidth),
      .Queues   (Queues),
      .BufLog2  (BufLog2),
      .Frames   (Frames)
  ) u_place (
      .clk_i,
      .rst_ni,
      .max_frame_i(glob_i.max_frame),
      .between_i  (between),
      .coming_i   (frame_comes),
      .coming_queue_i(coming_queue),
      .valid_i    (beat),
      .bytes_i    (bytes),
      .last_i     (last),
      .own_i      (tag.own),
      .bad_i      (tag.bad),
      .pass_i     (pass),
      .queue_i    (qp),
      .at_o       (at),
      .len_o      (len),
      .verdict_o  (verdict),
      .we_o       (ram_we_o),
      .word_o     (ram_word_o),
      .free_valid_i, .free_queue_i, .free_ptr_i,
      .pop_i      (frame_pop_i),
      .pop_queue_i(frame_pop_queue_i),
      .fill_enable_i, .fill_xoff_i, .fill_xon_i, .fill_high_o
  );

  rx_vlan_t vlan;

  nic_rx_untag #(
      .DataWidth(DataWidth)
  ) u_untag (
      .clk_i,
      .valid_i (beat),
      .first_i (first),
      .second_i(at == frame_len_t'(Bytes)),
      .strip_i (plan.strip),
      .data_i  (data),
      .data_o  (ram_data_o),
      .vlan_o  (vlan)
  );

  // ------------------------------------------------------------------ sums; then the frame is handed on
  typedef struct packed {
    logic              commit;
    logic [QWidth-1:0] qp;
    frame_len_t        len;
    rx_vlan_t          vlan;
    logic              ip_ok;
  } done_t;
  typedef struct packed {
    rss_type_t         kind;
    logic [31:0]       value;
  } hash_t;
  done_t done_q [3];       // beside the sums
  hash_t hash_q [3];
  logic  ended0_q, ended1_q, csum_done;

  nic_rx_csum #(
      .DataWidth(DataWidth)
  ) u_csum (
      .clk_i,
      .rst_ni,
      .valid_i(beat),
      .first_i(first),
      .last_i (last),
      .data_i (data),
      .bytes_i(bytes),
      .at_i   (at),
      .plan_i (plan),
      .busy_o (csum_busy),
      .done_o (csum_done),
      .csum_o (frame_meta_o.csum),
      .l4_ok_o(frame_meta_o.l4_ok)
  );

  always_ff @(posedge clk_i) begin
    ended0_q <= beat && last;
    ended1_q <= ended0_q;
    if (beat && last) begin
      done_q[0] <= '{
          commit: verdict == RxGood,
          qp: qp,
          len: len - (plan.strip ? frame_len_t'(TagBytes) : '0),
          vlan: vlan,
          ip_ok: plan.ip_ok
      };
      hash_q[0] <= '{kind: hash_type, value: hash};
    end
    if (ended0_q) begin
      done_q[1] <= done_q[0];
      hash_q[1] <= hash_q[0];
    end
    if (ended1_q) begin
      done_q[2] <= done_q[1];
      hash_q[2] <= hash_q[1];
    end
  end

  assign frame_valid_o          = csum_done && done_q[2].commit;
  assign frame_queue_o          = done_q[2].qp;
  assign frame_len_o            = done_q[2].len;
  assign frame_vlan_o           = done_q[2].vlan;
  assign frame_meta_o.hash_type = hash_q[2].kind;
  assign frame_meta_o.hash      = hash_q[2].value;
  assign frame_meta_o.ip_ok     = done_q[2].ip_ok;

  // ------------------------------------------------------------------ counters
  always_ff @(posedge clk_i) begin
    cnt_verdict_o <= rst_ni ? verdict : RxNoFrame;
    count_o       <= rst_ni && beat && last;
    if (beat && last) begin
      count_len_o <= len;
      count_tag_o <= tag;
    end
  end

endmodule
