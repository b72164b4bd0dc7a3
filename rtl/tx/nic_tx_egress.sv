// SPDX-License-Identifier: Apache-2.0
// Sends complete frames from the TX packet buffer to the stream, in nic_tx_list's order, with what nic_tx_edit does to them, and
// padded with zeros to PadFrame.
//
// A frame begins only when all of it is in the buffer, so tvalid never falls inside a frame, and frames follow each
// other without a gap. A frame counts as sent when the stream has taken its last beat (nic_tx_out). stop_i (device reset):
// the frame under way is finished, and one that was already chosen; busy_o falls then.

module nic_tx_egress
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    parameter int unsigned Frames    = 32,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes),
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2,
    localparam int unsigned PtrWidth = WordLog2 + 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic stop_i,
    output logic busy_o,

    input  logic                 start_i,
    input  logic [QWidth-1:0]    start_queue_i,
    input  logic [7:0]           weight_i [Queues],

    // frame list: entered when the last read is prepared
    input  logic                 frame_valid_i,
    input  logic [QWidth-1:0]    frame_queue_i,
    input  tx_frame_t            frame_i,
    input  logic [QWidth-1:0]    used_queue_i,
    output logic [$clog2(Frames):0] frames_used_o,     // of queue used_queue_i

    // the oldest frame in the list that was not complete is so now
    input  logic                 complete_i,
    input  logic [QWidth-1:0]    complete_queue_i,
    input  logic [15:0]          complete_sum_i,       // of what its checksum covers
    input  logic [15:0]          complete_ip_sum_i,    // of its IPv4 header

    // the packet buffer
    output logic                 ram_re_o,
    output logic [QWidth-1:0]    ram_queue_o,
    output logic [WordLog2-1:0]  ram_word_o,
    input  logic [DataWidth-1:0] ram_data_i,
    output logic [PtrWidth-1:0]  free_ptr_o,           // with ram_re_o: the words before are released

    // a frame was sent
    output logic                 sent_o,
    output frame_len_t           sent_len_o,           // with tag and padding
    output logic                 done_o,               // a clock later: all descriptors before sent_end_o are done
    output logic [QWidth-1:0]    sent_queue_o,
    output index_t               sent_end_o,
    input  logic [QWidth-1:0]    scan_i,
    output logic                 pending_o,            // queue scan_i has complete frames that are not sent

    // stream
    output logic [DataWidth-1:0] m_axis_tdata,
    output logic [Bytes-1:0]     m_axis_tkeep,
    output logic                 m_axis_tvalid,
    input  logic                 m_axis_tready,
    output logic                 m_axis_tlast
);

  typedef logic [PtrWidth-1:0]  ptr_t;
  typedef logic [13-ByteLog2:0] word_t;

  // ------------------------------------------------------------------ the next frame
  logic              next_valid_q, load;
  logic [QWidth-1:0] next_q;
  tx_frame_t         next_frame_q;
  frame_len_t        next_wire_q;
  logic [15:0]       next_sum_q, next_ip_sum_q;

  logic              cur_valid_q, cur_last_q, cur_more_q;   // of the frame that is read: last word; more data
  logic              told;                                  // it is sent

  nic_tx_list #(
      .Queues(Queues),
      .Frames(Frames)
  ) u_list (
      .clk_i,
      .rst_ni,
      .stop_i,
      .start_i,
      .start_queue_i,
      .weight_i,
      .frame_valid_i,
      .frame_queue_i,
      .frame_i,
      .used_queue_i,
      .frames_used_o,
      .complete_i,
      .complete_queue_i,
      .complete_sum_i,
      .complete_ip_sum_i,
      .next_valid_o (next_valid_q),
      .next_queue_o (next_q),
      .next_frame_o (next_frame_q),
      .next_wire_o  (next_wire_q),
      .next_sum_o   (next_sum_q),
      .next_ip_sum_o(next_ip_sum_q),
      .take_i       (load),
      .sent_i       (told),
      .sent_queue_i (sent_queue_o),
      .scan_i,
      .pending_o
  );

  // ------------------------------------------------------------------ reading: one word a clock while the output moves
  logic              en;
  logic [QWidth-1:0] cur_queue_q;
  tx_edit_t          cur_edit_q;
  index_t            cur_end_q;
  frame_len_t        cur_len_q;
  logic              cur_tso_q, cur_part_q, cur_first_q;    // the first word
  tx_headers_t       cur_headers_q;
  logic [15:0]       cur_sum_q, cur_adjust_q, cur_ip_sum_q, cur_ip_adjust_q;
  word_t             cur_word_q;
  frame_len_t        cur_data_q;        // bytes of data still to read
  frame_len_t        cur_left_q;        // bytes still to send, tag and padding included
  ptr_t              cur_ptr_q;         // next word to read

  // Sums are of little-endian words, what is to be added is not; a checksum has its first byte on the wire in 15:8.
  function automatic logic [15:0] swapped(logic [15:0] value, logic swap);
    return swap ? {value[7:0], value[15:8]} : value;
  endfunction

  assign load     = next_valid_q && (!cur_valid_q || (en && cur_last_q));

  assign ram_re_o    = en && cur_valid_q && cur_more_q;
  assign ram_queue_o = cur_queue_q;
  assign ram_word_o  = cur_ptr_q[WordLog2-1:0];
  assign free_ptr_o  = cur_ptr_q + 1'b1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) cur_valid_q <= 1'b0;
    else if (load) cur_valid_q <= 1'b1;
    else if (en && cur_last_q) cur_valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (load) begin
      cur_queue_q <= next_q;
      cur_edit_q  <= next_frame_q.edit;
      cur_end_q   <= next_frame_q.last;
      cur_len_q   <= next_wire_q;
      cur_tso_q   <= next_frame_q.tso;
      cur_part_q  <= next_frame_q.part;
      cur_headers_q <= next_frame_q.headers;
      cur_sum_q       <= swapped(next_sum_q, !next_frame_q.csum_odd);
      cur_adjust_q    <= next_frame_q.tso ? next_frame_q.adjust : '0;
      cur_ip_sum_q    <= swapped(next_ip_sum_q, !next_frame_q.headers.l3_off[0]);
      cur_ip_adjust_q <= next_frame_q.ip_adjust;
      cur_word_q  <= '0;
      cur_first_q <= 1'b1;
      cur_data_q  <= next_frame_q.len;
      cur_left_q  <= next_wire_q;
      cur_more_q  <= 1'b1;
      cur_last_q  <= next_wire_q <= frame_len_t'(Bytes);
      cur_ptr_q   <= ptr_t'(next_frame_q.word);
    end else if (en && cur_valid_q) begin
      cur_word_q  <= cur_word_q + 1'b1;
      cur_first_q <= 1'b0;
      cur_left_q <= cur_left_q - frame_len_t'(Bytes);
      cur_last_q <= cur_left_q <= frame_len_t'(2 * Bytes);
      if (ram_re_o) begin
        cur_data_q <= cur_data_q - frame_len_t'(Bytes);
        cur_more_q <= cur_data_q > frame_len_t'(Bytes);
        cur_ptr_q  <= free_ptr_o;
      end
    end
  end

  // ------------------------------------------------------------------ the word that was read, and the stream
  typedef struct packed {
    logic [QWidth-1:0] qp;
    logic              part;
    index_t            last;
    frame_len_t        len;
  } sent_t;                             // what is told when a frame was sent

  logic              rd_valid_q, rd_last_q, fix_valid_q, fix_last_q;   // fix: between the steps of nic_tx_edit
  logic [ByteLog2:0] rd_bytes_q;        // of data in this word
  logic [ByteLog2:0] rd_keep_q, fix_keep_q;    // valid bytes
  sent_t             rd_sent_q, fix_sent_q, out_sent_q;

  logic                 out_valid_q, out_last_q;
  logic [Bytes-1:0]     out_keep_q;
  logic [DataWidth-1:0] out_data;

  always_ff @(posedge clk_i) begin
    if (en) begin
      rd_valid_q    <= cur_valid_q;
      fix_valid_q   <= rd_valid_q;
      out_valid_q   <= fix_valid_q;
      if (cur_valid_q) begin
        rd_last_q  <= cur_last_q;
        rd_bytes_q <= (ByteLog2 + 1)'(Bytes);
        if (!cur_more_q) rd_bytes_q <= '0;
        else if (cur_data_q < frame_len_t'(Bytes)) rd_bytes_q <= (ByteLog2 + 1)'(cur_data_q);
        rd_keep_q  <= cur_last_q ? (ByteLog2 + 1)'(cur_left_q) : (ByteLog2 + 1)'(Bytes);
        if (cur_first_q) rd_sent_q <= '{qp: cur_queue_q, part: cur_part_q, last: cur_end_q, len: cur_len_q};
      end
      if (rd_valid_q) begin
        fix_last_q <= rd_last_q;
        fix_keep_q <= rd_keep_q;
        if (rd_last_q) fix_sent_q <= rd_sent_q;
      end
      if (fix_valid_q) begin
        out_keep_q <= ~({Bytes{1'b1}} << fix_keep_q);
        out_last_q <= fix_last_q;
        if (fix_last_q) out_sent_q <= fix_sent_q;
      end
    end
    if (!rst_ni) begin
      rd_valid_q  <= 1'b0;
      fix_valid_q <= 1'b0;
      out_valid_q <= 1'b0;
    end
  end

  nic_tx_edit #(
      .DataWidth(DataWidth)
  ) u_edit (
      .clk_i,
      .en_i   (en),
      .next_i (cur_valid_q),
      .next_word_i(cur_word_q),
      .frame_i(cur_first_q),
      .edit_i (cur_edit_q),
      .tso_i  (cur_tso_q),
      .headers_i (cur_headers_q),
      .sum_i  (cur_sum_q),
      .adjust_i   (cur_adjust_q),
      .ip_sum_i   (cur_ip_sum_q),
      .ip_adjust_i(cur_ip_adjust_q),
      .valid_i(rd_valid_q),
      .data_i (ram_data_i),
      .bytes_i(rd_bytes_q),
      .data_o (out_data)
  );

  nic_tx_out #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_out (
      .clk_i,
      .rst_ni,
      .valid_i(out_valid_q),
      .ready_o(en),
      .data_i (out_data),
      .keep_i (out_keep_q),
      .last_i (out_last_q),
      .queue_i(out_sent_q.qp),
      .part_i (out_sent_q.part),
      .end_i  (out_sent_q.last),
      .len_i  (out_sent_q.len),
      .m_axis_tdata,
      .m_axis_tkeep,
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tlast,
      .sent_o,
      .sent_len_o,
      .told_o (told),
      .done_o,
      .sent_queue_o,
      .sent_end_o
  );

  assign busy_o = next_valid_q || cur_valid_q || rd_valid_q || fix_valid_q || m_axis_tvalid;

endmodule
