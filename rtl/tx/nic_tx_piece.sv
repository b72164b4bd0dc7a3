// SPDX-License-Identifier: Apache-2.0
// What is to be read next for a queue, and what it is for: offload descriptors are kept here until their frame ends, and
// a TCP segment that is to be cut (TSO) is read as frames of all headers and up to mss bytes of payload.
//
// valid_i: a queue's oldest descriptor enters. Four clocks later (in which step_i was high) valid_o: the piece to read,
// or an offload descriptor, and whether it breaks the rules. It stays until step_i. A queue is in here once at a time,
// and forgotten in a clock without its run_i.
// A piece is a whole tx_desc, but of a TSO: the headers, which lie in the first tx_desc and are read anew for each
// frame, or what is left of the descriptor or of the frame.
// take_i: the piece is read, or the offload descriptor remembered; pop_o says whether the descriptor is done with then.

`include "nic_assert.svh"

module nic_tx_piece
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned Queues  = 4,
    localparam int unsigned QWidth = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic [Queues-1:0] run_i,
    input  logic              start_i,      // no take_i in this clock
    input  logic [QWidth-1:0] start_queue_i,

    input  logic              step_i,
    input  logic              valid_i,
    input  logic [QWidth-1:0] queue_i,
    input  desc_t             desc_i,
    input  index_t            index_i,      // of the descriptor

    // with step_i: the piece of early_queue_o is the next but one, that of soon_queue_o the next
    output logic              early_o,
    output logic [QWidth-1:0] early_queue_o,
    output logic              soon_o,
    output logic [QWidth-1:0] soon_queue_o,
    output logic [16:0]       soon_total_o, // bytes of its frame, itself included
    output logic [13-BurstLog2:0] soon_bursts_o,   // of its own, whole ones
    output logic              valid_o,
    output logic [QWidth-1:0] queue_o,
    output logic              is_data_o,    // 0: an offload descriptor
    output logic              bad_o,
    output logic              pop_o,        // with take_i
    output logic [63:0]       addr_o,
    output frame_len_t        len_o,
    output logic              end_o,        // the frame ends with this piece
    output logic [14:0]       total_o,      // bytes of the frame, this piece included
    output logic              sum_o,        // there is a checksum
    output frame_len_t        skip_o,       // bytes of the piece in front of what it covers
    output frame_len_t        ip_skip_o,    // and in front of the IPv4 header, which goes as far as skip_o
    input  logic              take_i,
    input  tx_word_t          word_i,       // of the packet buffer: where the frame of queue_o begins

    // the frame that ends with the piece, when it is taken; three clocks later but for those of start_i
    output logic              frame_valid_o,
    output logic [QWidth-1:0] frame_queue_o,
    output tx_frame_t         frame_o
);

  localparam int unsigned Slots = 1 << QWidth;

  tx_progress_t progress_q [Slots];
  tx_todo_t     todo_q [Slots];       // what the offload descriptor said
  tx_tso_t      tso_q [Slots];

  // ------------------------------------------------------------------ the descriptor
  logic              got_q;            // a block memory gives it late in the clock: nothing is made of it here
  logic [QWidth-1:0] got_queue_q;
  desc_t             got_desc_q;
  index_t            got_index_q;
  always_ff @(posedge clk_i) begin
    if (valid_i && step_i) begin
      got_queue_q <= queue_i;
      got_desc_q  <= desc_i;
      got_index_q <= index_i;
    end
  end

  // ------------------------------------------------------------------ what is known of the queue is read
  logic              read_q;
  logic [QWidth-1:0] read_queue_q;
  desc_t             read_desc_q;
  index_t            read_index_q;
  tx_progress_t      read_at_q;
  tx_todo_t          read_todo_q;
  tx_tso_t           read_tso_q;

  always_ff @(posedge clk_i) begin
    if (got_q && step_i) begin
      read_queue_q <= got_queue_q;
      read_desc_q  <= got_desc_q;
      read_index_q <= got_index_q;
      read_at_q    <= progress_q[got_queue_q];
      read_todo_q  <= progress_q[got_queue_q].given ? todo_q[got_queue_q] : '0;
      read_tso_q   <= tso_q[got_queue_q];
    end
  end

  // ------------------------------------------------------------------ how much of the descriptor
  logic              cut_q;
  logic [QWidth-1:0] cut_queue_q;
  logic              cut_eop_q;
  index_t            cut_index_q;
  tx_progress_t      cut_at_q;
  tx_todo_t          cut_todo_q;
  tx_tso_t           cut_tso_q;
  logic              cut_data_q, cut_headers_q, cut_again_q, cut_done_q, cut_end_q;
  logic [4:0]        cut_bad_q;        // reasons
  logic [15:0]       cut_len_q;
  logic [63:0]       cut_base_q;       // where the piece is: from here on, so many bytes behind
  logic [15:0]       cut_off_q;
  logic [14:0]       cut_csum_at_q;

  always_ff @(posedge clk_i) begin
    if (read_q && step_i) begin
      automatic logic        is_data   = read_desc_q.kind == TxData;
      automatic logic        tso       = read_todo_q.tso;
      automatic logic        headers   = tso && read_at_q.sofar == '0;
      automatic logic        again     = headers && read_at_q.later;
      automatic logic [15:0] desc_left = read_desc_q.len - read_at_q.used;
      automatic logic        all       = !(16'(read_at_q.left) < desc_left);
      automatic logic        short     = read_desc_q.len < 16'(read_todo_q.hdr_len);
      cut_queue_q   <= read_queue_q;
      cut_eop_q     <= read_desc_q.eop;
      cut_index_q   <= read_index_q;
      cut_at_q      <= read_at_q;
      cut_todo_q    <= read_todo_q;
      cut_tso_q     <= read_tso_q;
      cut_data_q    <= is_data;
      cut_headers_q <= headers;
      cut_again_q   <= again;
      cut_base_q    <= again ? read_tso_q.headers : read_desc_q.addr;
      cut_off_q     <= (tso && !again) ? read_at_q.used : '0;
      cut_csum_at_q <= {1'b0, read_todo_q.csum_start} + {1'b0, read_todo_q.csum_offset};
      if (!tso) begin
        cut_len_q  <= read_desc_q.len;
        cut_done_q <= 1'b1;
        cut_end_q  <= 1'b0;
      end else if (headers) begin
        cut_len_q  <= 16'(read_todo_q.hdr_len);
        cut_done_q <= !again && desc_left == 16'(read_todo_q.hdr_len);
        cut_end_q  <= 1'b0;
      end else begin
        cut_len_q  <= all ? desc_left : 16'(read_at_q.left);
        cut_done_q <= all;
        cut_end_q  <= !(desc_left < 16'(read_at_q.left));
      end
      cut_bad_q <= '0;
      if (is_data) cut_bad_q[0] <= read_desc_q.len == '0 || (headers && !again && short);
      else cut_bad_q[0] <= read_at_q.sofar != '0 || read_at_q.given ||
                           !(read_desc_q.kind == TxTso || read_desc_q.kind == TxOffload);
      if (read_desc_q.kind == TxTso) cut_bad_q[4:1] <=
          tso_mistakes(read_desc_q.len[13:0], read_desc_q.len[14], read_desc_q.len[15], read_desc_q.more[7:0],
                       read_desc_q.rsvd[7:0], read_desc_q.rsvd[15:8]);
    end
  end

  // ------------------------------------------------------------------ where it is, and what that makes of the frame
  tx_progress_t      at_q;             // before it
  tx_todo_t          todo_now_q;
  tx_tso_t           tso_now_q;
  index_t            index_q;
  frame_len_t        csum_at_q;
  logic              last_q, done_q, headers_q, again_q;
  logic [15:0]       used_q;
  frame_len_t        left_q;
  logic [16:0]       total;

  assign total = 17'(cut_at_q.sofar) + 17'(cut_len_q);

  always_ff @(posedge clk_i) begin
    if (cut_q && step_i) begin
      automatic logic        last  = cut_done_q && cut_eop_q;
      automatic frame_len_t  skip  = (cut_todo_q.csum_start > cut_at_q.sofar) ?
                                     cut_todo_q.csum_start - cut_at_q.sofar : '0;
      automatic frame_len_t  ip    = (frame_len_t'(cut_todo_q.l3_off) > cut_at_q.sofar) ?
                                     frame_len_t'(cut_todo_q.l3_off) - cut_at_q.sofar : '0;
      queue_o    <= cut_queue_q;
      index_q    <= cut_index_q;
      at_q       <= cut_at_q;
      todo_now_q <= cut_todo_q;
      tso_now_q  <= cut_tso_q;
      is_data_o  <= cut_data_q;
      headers_q  <= cut_headers_q;
      again_q    <= cut_again_q;
      done_q     <= cut_done_q;
      last_q     <= last;
      csum_at_q  <= cut_csum_at_q[13:0];
      used_q     <= cut_at_q.used + cut_len_q;
      left_q     <= cut_headers_q ? cut_todo_q.mss : cut_at_q.left - cut_len_q[13:0];
      addr_o     <= cut_base_q + 64'(cut_off_q);
      len_o      <= cut_len_q[13:0];
      total_o    <= total[14:0];
      end_o      <= cut_end_q || last;
      sum_o      <= cut_todo_q.csum;
      skip_o     <= skip;
      ip_skip_o  <= (cut_todo_q.tso && !cut_todo_q.ipv6) ? ip : skip;
      bad_o      <= cut_bad_q != '0;
      if (cut_data_q && cut_todo_q.tso) begin
        if (cut_headers_q && last) bad_o <= 1'b1;
      end else if (cut_data_q) begin
        if (17'(longest(cut_todo_q.vlan)) < total) bad_o <= 1'b1;
        if (last && (total < 17'(MinFrame) || (cut_todo_q.csum && total < 17'(cut_csum_at_q) + 17'd2))) bad_o <= 1'b1;
      end
    end
  end

  assign pop_o = !is_data_o || done_q;
  assign {early_o, early_queue_o} = {read_q, read_queue_q};
  assign {soon_o, soon_queue_o, soon_total_o, soon_bursts_o} = {cut_q, cut_queue_q, total, cut_len_q[13:BurstLog2]};

  always_ff @(posedge clk_i) begin
    if (step_i) begin
      got_q   <= valid_i && run_i[queue_i];
      read_q  <= got_q && run_i[got_queue_q];
      cut_q   <= read_q && run_i[read_queue_q];
      valid_o <= cut_q && run_i[cut_queue_q];
    end else begin
      if (!run_i[got_queue_q]) got_q <= 1'b0;
      if (!run_i[read_queue_q]) read_q <= 1'b0;
      if (!run_i[cut_queue_q]) cut_q <= 1'b0;
      if (!run_i[queue_o]) valid_o <= 1'b0;
    end
    if (!rst_ni) begin
      got_q   <= 1'b0;
      read_q  <= 1'b0;
      cut_q   <= 1'b0;
      valid_o <= 1'b0;
    end
  end

  // ------------------------------------------------------------------ progress
  always_ff @(posedge clk_i) begin
    if (start_i || take_i) begin
      automatic tx_progress_t then = at_q;
      if (start_i) then = '0;
      else if (!is_data_o) then = '{given: 1'b1, default: '0};
      else begin
        then.sofar = end_o ? '0 : total_o[13:0];
        then.left  = left_q;
        if (last_q) then.given = 1'b0;
        if (headers_q) then.later = 1'b1;
        if (end_o) then.next = 1'b1;
        if (done_q) then.used = '0;
        else if (!again_q) then.used = used_q;
      end
      progress_q[start_i ? start_queue_i : queue_o] <= then;
      if (take_i && (!is_data_o || todo_now_q.tso)) begin
        automatic tx_tso_t tso = tso_now_q;
        if (!is_data_o) begin
          tso.seq = addr_o[31:0];
          tso.id  = addr_o[47:32];
        end else if (end_o) begin
          tso.seq = tso.seq + 32'(todo_now_q.mss);
          tso.id  = tso.id + 16'(!todo_now_q.fixedid);
        end
        if (headers_q && !again_q) tso.headers = addr_o;
        tso_q[queue_o] <= tso;
      end
    end
  end

  // An offload descriptor that is not taken halts its ring, or its ring is halted: what it says is of no use then.
  always_ff @(posedge clk_i) begin
    if (read_q && read_desc_q.kind != TxData) todo_q[read_queue_q] <= todo_of(read_desc_q);
  end

  nic_tx_frame #(
      .QWidth(QWidth)
  ) u_frame (
      .clk_i,
      .rst_ni,
      .hold_i   (start_i),
      .load_i   (valid_o && is_data_o && end_o),
      .valid_i  (take_i && is_data_o && end_o),
      .queue_i  (queue_o),
      .index_i  (index_q),
      .word_i,
      .total_i  (total_o[13:0]),
      .last_i   (last_q),
      .first_i  (!at_q.next),
      .csum_at_i(csum_at_q),
      .todo_i   (todo_now_q),
      .seq_i    (tso_now_q.seq),
      .id_i     (tso_now_q.id),
      .valid_o  (frame_valid_o),
      .queue_o  (frame_queue_o),
      .frame_o
  );

  `NIC_ASSERT_IF(TxPieceNotAtStart, start_i, !take_i)
  `NIC_ASSERT_IF(TxPieceHasBytes, take_i && is_data_o, len_o != '0)
  `NIC_ASSERT_IF(TxPieceWithinFrame, take_i && is_data_o, total_o <= 15'(MaxFrame))

endmodule
