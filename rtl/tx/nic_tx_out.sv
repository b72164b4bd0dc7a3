// SPDX-License-Identifier: Apache-2.0
// The end of TX: beats to the stream, and what is told of a frame when it was sent.
//
// ready_o is a register: a beat that the stream does not take is kept here, while the next one is already shown to us. A frame
// was sent when the stream takes its last beat: sent_o. told_o follows a clock later, for those who keep account.

`include "nic_assert.svh"

module nic_tx_out
  import nic_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic clk_i,
    input  logic rst_ni,

    // beats; they hold while ready_o is low
    input  logic                 valid_i,
    output logic                 ready_o,
    input  logic [DataWidth-1:0] data_i,
    input  logic [Bytes-1:0]     keep_i,
    input  logic                 last_i,
    input  logic [QWidth-1:0]    queue_i,       // of the frame that ends with the beat
    input  logic                 part_i,        // its descriptors are not done then
    input  index_t               end_i,
    input  frame_len_t           len_i,

    // stream
    output logic [DataWidth-1:0] m_axis_tdata,
    output logic [Bytes-1:0]     m_axis_tkeep,
    output logic                 m_axis_tvalid,
    input  logic                 m_axis_tready,
    output logic                 m_axis_tlast,

    // a frame was sent
    output logic                 sent_o,
    output frame_len_t           sent_len_o,
    output logic                 told_o,
    output logic                 done_o,        // with it: all descriptors before sent_end_o are done
    output logic [QWidth-1:0]    sent_queue_o,
    output index_t               sent_end_o
);

  typedef struct packed {
    logic [QWidth-1:0] qp;
    logic              part;
    index_t            last;
  } sent_t;

  logic                 kept_q, kept_last_q;
  logic [Bytes-1:0]     kept_keep_q;
  logic [DataWidth-1:0] kept_data_q;
  sent_t                kept_sent_q, told_q;
  frame_len_t           kept_len_q;

  assign ready_o       = !kept_q;
  assign m_axis_tvalid = kept_q || valid_i;
  assign m_axis_tdata  = kept_q ? kept_data_q : data_i;
  assign m_axis_tkeep  = kept_q ? kept_keep_q : keep_i;
  assign m_axis_tlast  = kept_q ? kept_last_q : last_i;

  always_ff @(posedge clk_i) begin
    if (m_axis_tvalid && kept_q == m_axis_tready) begin
      kept_q <= !kept_q;
      if (!kept_q) begin
        kept_data_q <= data_i;
        kept_keep_q <= keep_i;
        kept_last_q <= last_i;
      end
    end
    if (valid_i && last_i && !kept_q) begin     // counts only with kept_q
      kept_sent_q <= '{qp: queue_i, part: part_i, last: end_i};
      kept_len_q  <= len_i;
    end
    if (!rst_ni) kept_q <= 1'b0;
  end

  assign sent_o     = m_axis_tvalid && m_axis_tready && m_axis_tlast;
  assign sent_len_o = kept_q ? kept_len_q : len_i;

  always_ff @(posedge clk_i) begin
    told_o <= sent_o && rst_ni;
    if (m_axis_tvalid && m_axis_tlast) told_q <= kept_q ? kept_sent_q : '{qp: queue_i, part: part_i, last: end_i};
  end

  assign done_o       = told_o && !told_q.part;
  assign sent_queue_o = told_q.qp;
  assign sent_end_o   = told_q.last;

  // ------------------------------------------------------------------ rules
`ifndef SYNTHESIS
  logic inside_q;                       // between a frame's first and last beat
  logic wait_q;
  logic [DataWidth-1:0] data_was_q;
  logic last_was_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) inside_q <= 1'b0;
    else if (m_axis_tvalid && m_axis_tready) inside_q <= !m_axis_tlast;
    wait_q <= rst_ni && m_axis_tvalid && !m_axis_tready;
    if (m_axis_tvalid && !m_axis_tready) begin
      data_was_q <= m_axis_tdata;
      last_was_q <= m_axis_tlast;
    end
  end
  `NIC_ASSERT_IF(TxNoGapInFrame, inside_q, m_axis_tvalid)
  `NIC_ASSERT_IF(TxStreamStable, wait_q, (m_axis_tvalid && m_axis_tlast == last_was_q && m_axis_tdata == data_was_q))
`endif

endmodule
