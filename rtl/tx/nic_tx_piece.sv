// SPDX-License-Identifier: Apache-2.0
// What is to be read next for a queue, and what it is for: offload descriptors are kept here until their frame ends, and
// a TCP segment that is to be cut (TSO) is read as frames of all headers and up to mss bytes of payload.
//
// valid_i: queue_i and the oldest descriptor of it (desc_i) are given; in the same clock come the piece to read, and
// whether the descriptor breaks the rules. A piece is a whole tx_desc, but of a TSO: the headers, which lie in the first tx_desc and
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

    input  logic              start_i,      // no take_i, take_todo_i in this clock
    input  logic [QWidth-1:0] start_queue_i,

    input  logic              valid_i,
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

  // Longest frame without its tag.
  function automatic logic [14:0] limit(logic vlan);
    return 15'(MaxFrame) - (vlan ? 15'(TagBytes) : '0);
  endfunction

  // ------------------------------------------------------------------ state of the queues
  typedef struct packed {
    logic        given;       // an offload descriptor came before the frame
    frame_len_t  sofar;       // bytes of the frame in the pieces before
    // TSO
    logic        later;       // the headers have been read before
    logic        next;        // a frame has been read before
    logic [15:0] used;        // bytes of the descriptor that are done with
  } progress_t;

  typedef struct packed {
    logic [63:0] headers;     // their address
    logic [31:0] seq;         // of this frame
    logic [15:0] id;
  } tso_t;

  progress_t   progress_q [Slots];
  tx_todo_t    todo_q [Slots];        // what the offload descriptor said
  tso_t        tso_q [Slots];

  // ------------------------------------------------------------------ an offload descriptor
  progress_t at;
  logic      bad_todo;

  assign at        = progress_q[queue_i];
  assign is_data_o = desc_i.kind == TxData;

  function automatic tx_todo_t todo_of(desc_t desc);
    todo_of = '0;
    if (desc.kind == TxTso) begin
      todo_of.vlan        = desc.len[14];
      todo_of.tci         = desc.addr[63:48];
      todo_of.csum        = 1'b1;
      todo_of.csum_start  = frame_len_t'(desc.rsvd[15:8]);
      todo_of.csum_offset = frame_len_t'(TcpCheck);
      todo_of.tso         = 1'b1;
      todo_of.ipv6        = desc.len[15];
      todo_of.fixedid     = desc.eop;
      todo_of.mss         = desc.len[13:0];
      todo_of.hdr_len     = desc.more[7:0];
      todo_of.l3_off      = desc.rsvd[7:0];
      todo_of.flags       = desc.rsvd[23:16];
      todo_of.ip_id       = desc.addr[47:32];
      todo_of.seq         = desc.addr[31:0];
    end else begin
      todo_of.vlan        = desc.len[1];
      todo_of.tci         = desc.addr[47:32];
      todo_of.csum        = desc.len[0];
      todo_of.csum_start  = desc.addr[13:0];
      todo_of.csum_offset = desc.addr[29:16];
    end
  endfunction

  always_comb begin
    bad_todo = 1'b0;
    if (valid_i && !is_data_o) begin
      bad_todo = at.sofar != '0 || at.given || !(desc_i.kind == TxTso || desc_i.kind == TxOffload);
      if (desc_i.kind == TxTso) begin
        automatic logic [7:0] l3_off = desc_i.rsvd[7:0], l4_off = desc_i.rsvd[15:8], hdr_len = desc_i.more[7:0];
        // No payload, no room for the headers, or frames that are too long.
        if (desc_i.len[13:0] == '0 || 10'(l4_off) + 10'(TcpBytes) > 10'(hdr_len) ||
            10'(l3_off) + (desc_i.len[15] ? 10'(Ipv6Bytes) : 10'(Ipv4Bytes)) > 10'(l4_off) ||
            15'(desc_i.len[13:0]) + 15'(hdr_len) > limit(desc_i.len[14])) bad_todo = 1'b1;
      end
    end
  end

  // ------------------------------------------------------------------ the piece, and the frame that it ends
  logic        tso, fixedid, headers, again, desc_done, last, bad_data;
  frame_len_t  mss;
  logic [15:0] len;
  logic [16:0] total;

  function automatic logic [15:0] fold(logic [18:0] sum);
    logic [16:0] once;
    once = {1'b0, sum[15:0]} + 17'(sum[18:16]);
    return once[15:0] + 16'(once[16]);
  endfunction

  always_comb begin
    tso       = 1'b0;
    fixedid   = 1'b0;
    mss       = '0;
    headers   = 1'b0;
    again     = 1'b0;
    desc_done = 1'b0;
    last      = 1'b0;
    bad_data  = 1'b0;
    len       = '0;
    total     = '0;
    addr_o    = '0;
    sum_o     = 1'b0;
    skip_o    = '0;
    ip_skip_o = '0;
    end_o     = 1'b0;
    frame_o   = '0;
    if (valid_i && is_data_o) begin
      automatic tx_todo_t    todo    = at.given ? todo_q[queue_i] : '0;
      automatic tso_t        cut     = tso_q[queue_i];
      automatic logic [14:0] csum_at = {1'b0, todo.csum_start} + {1'b0, todo.csum_offset};
      tso       = todo.tso;
      sum_o     = todo.csum;
      addr_o    = desc_i.addr;
      len       = desc_i.len;
      desc_done = 1'b1;
      bad_data  = desc_i.len == '0;
      if (tso) begin
        automatic logic [15:0] desc_left  = desc_i.len - at.used;
        automatic logic [15:0] frame_left = 16'(todo.mss) + 16'(todo.hdr_len) - 16'(at.sofar);
        fixedid   = todo.fixedid;
        mss       = todo.mss;
        headers   = at.sofar == '0;
        again     = headers && at.later;
        len       = headers ? 16'(todo.hdr_len) : (frame_left < desc_left) ? frame_left : desc_left;
        addr_o    = again ? cut.headers : desc_i.addr + 64'(at.used);
        desc_done = !again && len == desc_left;
        end_o     = !headers && len == frame_left;
      end
      total = 17'(at.sofar) + 17'(len);
      last  = desc_done && desc_i.eop;
      if (last) end_o = 1'b1;

      if (sum_o) begin
        if (todo.csum_start > at.sofar) skip_o = todo.csum_start - at.sofar;
        ip_skip_o = skip_o;
        if (tso && !todo.ipv6)
          ip_skip_o = (frame_len_t'(todo.l3_off) > at.sofar) ? frame_len_t'(todo.l3_off) - at.sofar : '0;
      end

      if (tso) begin
        if (headers && !again && (desc_i.len < len || last)) bad_data = 1'b1;
      end else begin
        if (total > 17'(limit(todo.vlan))) bad_data = 1'b1;
        if (desc_i.eop && (total < 17'(MinFrame) || (sum_o && 17'(csum_at) + 17'd2 > total))) bad_data = 1'b1;
      end

      if (end_o) begin
        frame_o.last     = index_i + 1'b1;
        frame_o.len      = total[13:0];
        frame_o.csum_odd = todo.csum_start[0];
        frame_o.edit     = '{vlan: todo.vlan, tci: todo.tci, csum: todo.csum, csum_at: csum_at[13:0]};
        if (tso) begin
          automatic logic [15:0] ip_len = total[15:0] - 16'(todo.l3_off) - (todo.ipv6 ? 16'(Ipv6Bytes) : '0);
          automatic logic [7:0]  flags  = todo.flags & ~(at.next ? Cwr : 8'h00) & ~(last ? 8'h00 : FinPsh);
          frame_o.tso     = 1'b1;
          frame_o.part    = !last;
          frame_o.headers = '{ipv6: todo.ipv6, l3_off: todo.l3_off, l4_off: todo.csum_start[7:0], ip_len: ip_len,
                              ip_id: cut.id, seq: cut.seq, flags: flags};
          // In the sum of the frame as it is in memory: less what the fields were (their complement is added), plus
          // what they are.
          frame_o.adjust    = fold(19'(total[15:0] - 16'(todo.csum_start)) + 19'(cut.seq[31:16]) +
                                   19'(cut.seq[15:0]) + {3'b0, ~todo.seq[31:16]} + {3'b0, ~todo.seq[15:0]} +
                                   19'(flags) + {11'h0FF, ~todo.flags});
          frame_o.ip_adjust = fold(19'(ip_len) + 19'(cut.id) + {3'b0, ~todo.ip_id});
        end
      end
    end
  end

  assign bad_o   = bad_data || bad_todo;
  assign len_o   = len[13:0];
  assign total_o = total[14:0];
  assign pop_o   = take_todo_i || (take_i && desc_done);

  // ------------------------------------------------------------------ progress
  always_ff @(posedge clk_i) begin
    if (start_i || take_i || take_todo_i) begin
      automatic progress_t then = at;
      if (start_i) then = '0;
      else if (take_todo_i) then = '{given: 1'b1, default: '0};
      else begin
        then.sofar = end_o ? '0 : total[13:0];
        if (last) then.given = 1'b0;
        if (headers) then.later = 1'b1;
        if (end_o) then.next = 1'b1;
        if (desc_done) then.used = '0;
        else if (!again) then.used = at.used + len;
      end
      progress_q[start_i ? start_queue_i : queue_i] <= then;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take_todo_i) todo_q[queue_i] <= todo_of(desc_i);
    if (take_todo_i || (take_i && tso)) begin
      automatic tso_t then = tso_q[queue_i];
      if (take_todo_i) begin
        then.seq = desc_i.addr[31:0];
        then.id  = desc_i.addr[47:32];
      end else if (end_o) begin
        then.seq = then.seq + 32'(mss);
        then.id  = then.id + 16'(!fixedid);
      end
      if (headers && !again) then.headers = desc_i.addr;
      tso_q[queue_i] <= then;
    end
  end

  `NIC_ASSERT_IF(TxPieceNotAtStart, start_i, !take_i && !take_todo_i)
  `NIC_ASSERT_IF(TxPieceHasBytes, take_i, len != '0)
  `NIC_ASSERT_IF(TxPieceWithinFrame, take_i, total <= 17'(MaxFrame))

endmodule
