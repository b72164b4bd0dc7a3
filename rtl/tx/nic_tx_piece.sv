// SPDX-License-Identifier: Apache-2.0
// What is to be read next for a queue, and what it is for: offload descriptors are kept here until their frame ends, and
// a TCP segment that is to be cut (TSO) is read as frames of all headers and up to mss bytes of payload.
//
// queue_i and the oldest descriptor of it (desc_i) are given; in the same clock come the piece to read, and whether the
// descriptor breaks the rules. A piece is a whole tx_desc, but of a TSO: the headers, which lie in the first tx_desc and
// are read anew for each frame (so that nothing of a frame is stored but in the packet buffer), or what is left of the
// descriptor or of the frame. take_i: the piece is read; pop_o says whether the descriptor is done with then.
// take_todo_i: the descriptor was an offload descriptor and is remembered.

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

    input  logic              start_i,
    input  logic [QWidth-1:0] start_queue_i,

    input  logic [QWidth-1:0] queue_i,
    input  desc_t             desc_i,
    input  index_t            index_i,      // of the descriptor
    input  logic              take_i,
    input  logic              take_todo_i,

    output logic              is_data_o,    // 0: an offload descriptor
    output logic              bad_o,
    output logic              pop_o,
    output logic [63:0]       addr_o,
    output frame_len_t        len_o,
    output logic              end_o,        // the frame ends with this piece
    output logic [14:0]       total_o,      // bytes of the frame, this piece included
    output logic              sum_o,        // there is a checksum
    output frame_len_t        skip_o,       // bytes of the piece in front of what it covers
    output frame_len_t        ip_skip_o,    // and in front of the IPv4 header, which goes as far as skip_o
    output tx_frame_t         frame_o       // valid with end_o
);

  localparam int unsigned Slots = 1 << QWidth;
  localparam int unsigned TcpBytes = 20, TcpCheck = 16, Ipv4Bytes = 20, Ipv6Bytes = 40;
  localparam logic [7:0] Cwr = 8'h80, FinPsh = 8'h09;

  // ------------------------------------------------------------------ state of the queues
  logic        given_q [Slots];       // an offload descriptor came before the frame
  tx_todo_t    todo_q [Slots];        // and what it said
  frame_len_t  sofar_q [Slots];       // bytes of the frame in the pieces before
  // TSO
  logic        later_q [Slots];       // the headers have been read before
  logic        next_q [Slots];        // a frame has been read before
  logic [63:0] headers_q [Slots];     // address of the headers
  logic [15:0] used_q [Slots];        // bytes of the descriptor that are done with
  logic [31:0] seq_q [Slots];         // of this frame
  logic [15:0] id_q [Slots];

  // ------------------------------------------------------------------ an offload descriptor
  tx_todo_t    fresh, todo;
  logic        bad_todo;
  logic        is_tso;

  assign is_tso = desc_i.kind == TxTso;
  always_comb begin
    fresh = '0;
    if (is_tso) begin
      fresh.vlan        = desc_i.len[14];
      fresh.tci         = desc_i.addr[63:48];
      fresh.csum        = 1'b1;
      fresh.csum_start  = frame_len_t'(desc_i.rsvd[15:8]);
      fresh.csum_offset = frame_len_t'(TcpCheck);
      fresh.tso         = 1'b1;
      fresh.ipv6        = desc_i.len[15];
      fresh.fixedid     = desc_i.eop;
      fresh.mss         = desc_i.len[13:0];
      fresh.hdr_len     = desc_i.more[7:0];
      fresh.l3_off      = desc_i.rsvd[7:0];
      fresh.flags       = desc_i.rsvd[23:16];
      fresh.ip_id       = desc_i.addr[47:32];
      fresh.seq         = desc_i.addr[31:0];
    end else begin
      fresh.vlan        = desc_i.len[1];
      fresh.tci         = desc_i.addr[47:32];
      fresh.csum        = desc_i.len[0];
      fresh.csum_start  = desc_i.addr[13:0];
      fresh.csum_offset = desc_i.addr[29:16];
    end
  end

  logic [9:0] ip_end, tcp_end;
  assign ip_end   = 10'(fresh.l3_off) + (fresh.ipv6 ? 10'(Ipv6Bytes) : 10'(Ipv4Bytes));
  assign tcp_end  = 10'(fresh.csum_start) + 10'(TcpBytes);
  assign bad_todo = !(is_tso || desc_i.kind == TxOffload) || sofar_q[queue_i] != '0 || given_q[queue_i] ||
                    (is_tso && (fresh.mss == '0 || ip_end > 10'(fresh.csum_start) || tcp_end > 10'(fresh.hdr_len) ||
                                15'(fresh.mss) + 15'(fresh.hdr_len) > limit(fresh.vlan)));

  // Longest frame without its tag.
  function automatic logic [14:0] limit(logic vlan);
    return 15'(MaxFrame) - (vlan ? 15'(TagBytes) : '0);
  endfunction

  // ------------------------------------------------------------------ the piece
  frame_len_t  sofar;
  logic        headers, again, desc_done, last, bad_data;
  logic [15:0] desc_left, frame_left, len;
  logic [16:0] total;
  logic [14:0] csum_at;

  assign is_data_o  = desc_i.kind == TxData;
  assign todo       = given_q[queue_i] ? todo_q[queue_i] : '0;
  assign sofar      = sofar_q[queue_i];
  assign headers    = todo.tso && sofar == '0;
  assign again      = headers && later_q[queue_i];
  assign desc_left  = desc_i.len - (todo.tso ? used_q[queue_i] : '0);
  assign frame_left = 16'(todo.mss) + 16'(todo.hdr_len) - 16'(sofar);

  always_comb begin
    len = desc_left;
    if (headers) len = 16'(todo.hdr_len);
    else if (todo.tso && frame_left < desc_left) len = frame_left;
  end

  assign desc_done = !again && len == desc_left;
  assign last      = desc_done && desc_i.eop;
  assign end_o     = last || (todo.tso && !headers && len == frame_left);
  assign total     = 17'(sofar) + 17'(len);
  assign total_o   = total[14:0];
  assign addr_o    = again ? headers_q[queue_i] : desc_i.addr + (todo.tso ? 64'(used_q[queue_i]) : '0);
  assign len_o     = len[13:0];
  assign pop_o     = take_todo_i || (take_i && desc_done);
  assign sum_o     = todo.csum;
  assign skip_o    = (todo.csum_start > sofar) ? todo.csum_start - sofar : '0;
  assign ip_skip_o = !todo.tso || todo.ipv6 ? skip_o :
                     (frame_len_t'(todo.l3_off) > sofar) ? frame_len_t'(todo.l3_off) - sofar : '0;
  assign csum_at   = {1'b0, todo.csum_start} + {1'b0, todo.csum_offset};

  always_comb begin
    bad_data = desc_i.len == '0;
    if (todo.tso) begin
      if (headers && !again && (desc_i.len < len || last)) bad_data = 1'b1;
    end else begin
      if (total > 17'(limit(todo.vlan))) bad_data = 1'b1;
      if (desc_i.eop && (total < 17'(MinFrame) || (todo.csum && 17'(csum_at) + 17'd2 > total))) bad_data = 1'b1;
    end
  end
  assign bad_o = is_data_o ? bad_data : bad_todo;

  // ------------------------------------------------------------------ the frame
  function automatic logic [15:0] fold(logic [18:0] sum);
    logic [16:0] once;
    once = {1'b0, sum[15:0]} + 17'(sum[18:16]);
    return once[15:0] + 16'(once[16]);
  endfunction

  tx_headers_t head;
  always_comb begin
    head.ipv6   = todo.ipv6;
    head.l3_off = todo.l3_off;
    head.l4_off = todo.csum_start[7:0];
    head.ip_len = total[15:0] - 16'(todo.l3_off) - (todo.ipv6 ? 16'(Ipv6Bytes) : '0);
    head.ip_id  = id_q[queue_i];
    head.seq    = seq_q[queue_i];
    head.flags  = todo.flags & ~(next_q[queue_i] ? Cwr : 8'h00) & ~(last ? 8'h00 : FinPsh);
  end

  // In the sum of the frame as it is in memory: less what the fields were (their complement is added), plus what they are.
  assign frame_o = '{
      tso: todo.tso,
      part: !last,
      headers: head,
      adjust: fold(19'(total[15:0] - 16'(todo.csum_start)) + 19'(head.seq[31:16]) + 19'(head.seq[15:0]) +
                   {3'b0, ~todo.seq[31:16]} + {3'b0, ~todo.seq[15:0]} + 19'(head.flags) + {11'h0FF, ~todo.flags}),
      ip_adjust: fold(19'(head.ip_len) + 19'(head.ip_id) + {3'b0, ~todo.ip_id}),
      edit: '{vlan: todo.vlan, tci: todo.tci, csum: todo.csum, csum_at: csum_at[13:0]},
      csum_odd: todo.csum_start[0],
      last: index_i + 1'b1,
      len: total[13:0]
  };

  // ------------------------------------------------------------------ progress
  always_ff @(posedge clk_i) begin
    if (take_i) begin
      sofar_q[queue_i] <= end_o ? '0 : total[13:0];
      if (last) given_q[queue_i] <= 1'b0;
      used_q[queue_i] <= desc_done ? '0 : again ? used_q[queue_i] : used_q[queue_i] + len;
      if (headers) later_q[queue_i] <= 1'b1;
      if (headers && !again) headers_q[queue_i] <= desc_i.addr;
      if (end_o) begin
        next_q[queue_i] <= 1'b1;
        seq_q[queue_i]  <= seq_q[queue_i] + 32'(todo.mss);
        id_q[queue_i]   <= id_q[queue_i] + 16'(!todo.fixedid);
      end
    end
    if (take_todo_i) begin
      given_q[queue_i] <= 1'b1;
      todo_q[queue_i]  <= fresh;
      later_q[queue_i] <= 1'b0;
      next_q[queue_i]  <= 1'b0;
      used_q[queue_i]  <= '0;
      seq_q[queue_i]   <= fresh.seq;
      id_q[queue_i]    <= fresh.ip_id;
    end
    if (start_i) begin
      given_q[start_queue_i] <= 1'b0;
      sofar_q[start_queue_i] <= '0;
    end
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) given_q[q] <= 1'b0;
    end
  end

  `NIC_ASSERT_IF(TxPieceHasBytes, take_i, len != '0)
  `NIC_ASSERT_IF(TxPieceWithinFrame, take_i, total <= 17'(MaxFrame))

endmodule
