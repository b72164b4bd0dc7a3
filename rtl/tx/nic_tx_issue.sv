// SPDX-License-Identifier: Apache-2.0
// From TX descriptors to read bursts: one descriptor at a time, queues in turn.
//
// A descriptor is taken only when everything that its data will need is reserved: room in the queue's part of the
// packet buffer, entries in its burst and frame lists. A queue that cannot be served is set aside until something of
// it is released, so it never delays another. Frames begin at a word of the buffer and fill it without gaps.
//
// A frame's entry in the frame list is made with its last descriptor; nic_tx_store says when its data is there.
// An offload descriptor is kept until the frame behind it ends; it needs no room.
// Bad descriptors halt the ring: length 0, reserved kind, a frame shorter than MinFrame or longer than MaxFrame (with
// its tag), an offload descriptor inside a frame or behind another, a checksum whose place is not in the frame.

`include "nic_assert.svh"

module nic_tx_issue
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,     // bytes of a queue's part of the packet buffer
    parameter int unsigned Bursts    = 32,     // of a queue's burst list
    parameter int unsigned Frames    = 32,     // of a queue's frame list
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned ByteLog2 = $clog2(DataWidth / 8),
    localparam int unsigned PtrWidth = BufLog2 - ByteLog2 + 1     // word pointers have a wrap bit
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic [Queues-1:0]      run_i,
    input  logic                   start_i,
    input  logic [QWidth-1:0]      start_queue_i,
    output logic                   err_desc_o,
    output logic [QWidth-1:0]      err_desc_queue_o,

    // descriptors
    input  logic [Queues-1:0]      avail_i,
    output logic [QWidth-1:0]      rd_queue_o,
    input  logic                   rd_valid_i,
    input  desc_t                  rd_desc_i,
    input  index_t                 rd_index_i,
    output logic                   pop_o,

    // read requests; each taken request is an entry of the burst list
    output logic                   req_valid_o,
    output dma_req_t               req_o,
    input  logic                   req_ready_i,
    output logic [ByteLog2-1:0]    burst_offset_o,   // of the first byte in the first beat
    output logic [BurstLog2:0]     burst_bytes_o,
    output logic                   burst_eof_o,      // ends a frame
    output logic                   burst_sum_o,      // of a frame that wants a checksum
    output logic [BurstLog2:0]     burst_skip_o,     // bytes in front of what the checksum covers
    input  logic [$clog2(Bursts):0] bursts_used_i,   // of queue rd_queue_o
    input  logic                   burst_done_i,
    input  logic [QWidth-1:0]      burst_done_queue_i,

    // frame list
    output logic                   frame_valid_o,    // for queue rd_queue_o
    output tx_frame_t              frame_o,
    input  logic [$clog2(Frames):0] frames_used_i,   // of queue rd_queue_o

    // the buffer: words that were read out
    input  logic                   free_valid_i,
    input  logic [QWidth-1:0]      free_queue_i,
    input  logic [PtrWidth-1:0]    free_ptr_i,

    output logic                   busy_o,           // a descriptor is being worked on
    output logic [QWidth-1:0]      busy_queue_o
);

  localparam int unsigned Slots = 1 << QWidth;
  typedef logic [PtrWidth-1:0] ptr_t;

  // ------------------------------------------------------------------ choice of the queue
  logic [Queues-1:0] blocked_q, eligible;
  logic              next_valid_q, any;
  logic [QWidth-1:0] next_q, pick;
  logic              looked;              // next_q has been tried in this clock

  assign eligible = avail_i & run_i & ~blocked_q;

  nic_rr_pick #(
      .Width   (Queues),
      .IdxWidth(QWidth)
  ) u_pick (
      .req_i (eligible),
      .last_i(next_q),
      .any_o (any),
      .pick_o(pick)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      next_valid_q <= 1'b0;
      next_q       <= '0;
    end else if (!next_valid_q || looked) begin
      next_valid_q <= any;
      if (any) next_q <= pick;
    end
  end

  // ------------------------------------------------------------------ can its descriptor be taken?
  frame_len_t  sofar_q [Slots];           // bytes of the frame in the descriptors before
  logic        offload_q [Slots];         // an offload descriptor came before it
  tx_offload_t todo_q [Slots];            // and what it said
  ptr_t        base_q [Slots];            // first word of the frame
  ptr_t        free_q [Slots];            // first word that is not released

  logic [16:0] total;
  ptr_t        words, level;
  logic [4:0]  bursts;
  logic        bad, bad_data, fits, take, take_offload, try_it, slot_free, is_data;
  tx_offload_t todo, new_todo;
  logic [14:0] csum_at;
  frame_len_t  skip;

  assign rd_queue_o = next_q;
  assign total      = {3'b0, sofar_q[next_q]} + {1'b0, rd_desc_i.len};
  assign words      = ptr_t'((total[14:0] + 15'(DataWidth / 8 - 1)) >> ByteLog2);
  assign level      = base_q[next_q] + words - free_q[next_q];
  assign bursts     = 5'((16'(rd_desc_i.addr[BurstLog2-1:0]) + rd_desc_i.len + 16'(BurstBytes - 1)) >> BurstLog2);
  assign is_data    = rd_desc_i.kind == TxData;
  assign todo       = offload_q[next_q] ? todo_q[next_q] : '0;
  assign csum_at    = {1'b0, todo.csum_start} + {1'b0, todo.csum_offset};
  assign skip       = (todo.csum_start > sofar_q[next_q]) ? todo.csum_start - sofar_q[next_q] : '0;
  assign bad_data   = rd_desc_i.len == '0 || total > 17'(MaxFrame) - (todo.vlan ? 17'(TagBytes) : '0) ||
                      (rd_desc_i.eop && total < 17'(MinFrame)) ||
                      (rd_desc_i.eop && todo.csum && 17'(csum_at) + 17'd2 > total);
  assign bad        = is_data ? bad_data
                              : rd_desc_i.kind != TxOffload || sofar_q[next_q] != '0 || offload_q[next_q];
  assign new_todo   = '{
      vlan: rd_desc_i.len[1],
      tci: rd_desc_i.addr[47:32],
      csum: rd_desc_i.len[0],
      csum_start: rd_desc_i.addr[13:0],
      csum_offset: rd_desc_i.addr[29:16]
  };
  // The entry that the descriptor before is making in this clock is not counted yet: hence the 1.
  assign fits = level <= ptr_t'(1 << (BufLog2 - ByteLog2)) &&
                8'(bursts_used_i) + 8'(bursts) + 8'd1 <= 8'(Bursts) &&
                8'(frames_used_i) + 8'd1 <= 8'(Frames);
  assign try_it = next_valid_q && slot_free;
  assign looked = try_it;
  assign take   = try_it && run_i[next_q] && rd_valid_i && is_data && !bad && fits;
  assign take_offload = try_it && run_i[next_q] && rd_valid_i && !is_data && !bad;
  assign pop_o  = take || take_offload;

  assign err_desc_o       = try_it && run_i[next_q] && rd_valid_i && bad;
  assign err_desc_queue_o = next_q;

  assign frame_valid_o = take && rd_desc_i.eop;
  assign frame_o       = '{
      edit: '{vlan: todo.vlan, tci: todo.tci, csum: todo.csum, csum_at: csum_at[13:0]},
      csum_odd: todo.csum_start[0],
      last: rd_index_i + 1'b1,
      len: total[13:0]
  };

  always_ff @(posedge clk_i) begin
    if (try_it && rd_valid_i && is_data && !fits) blocked_q[next_q] <= 1'b1;
    if (free_valid_i) blocked_q[free_queue_i] <= 1'b0;
    if (burst_done_i) blocked_q[burst_done_queue_i] <= 1'b0;
    if (start_i) blocked_q[start_queue_i] <= 1'b0;
    if (!rst_ni) blocked_q <= '0;
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      sofar_q[next_q] <= rd_desc_i.eop ? '0 : total[13:0];
      if (rd_desc_i.eop) base_q[next_q] <= base_q[next_q] + words;
      if (rd_desc_i.eop) offload_q[next_q] <= 1'b0;
    end
    if (take_offload) begin
      offload_q[next_q] <= 1'b1;
      todo_q[next_q]    <= new_todo;
    end
    if (free_valid_i) free_q[free_queue_i] <= free_ptr_i;
    if (start_i) begin
      sofar_q[start_queue_i] <= '0;
      offload_q[start_queue_i] <= 1'b0;
      base_q[start_queue_i]  <= '0;
      free_q[start_queue_i]  <= '0;
    end
  end

  // ------------------------------------------------------------------ the bursts of the descriptor
  logic              cur_valid_q, cur_eop_q, cur_sum_q, last, fire;
  logic [QWidth-1:0] cur_queue_q;
  logic [63:0]       cur_addr_q;
  frame_len_t        cur_left_q, cur_skip_q;
  logic [BurstLog2:0] to_boundary;

  assign to_boundary    = (BurstLog2 + 1)'(BurstBytes) - {1'b0, cur_addr_q[BurstLog2-1:0]};
  assign last           = cur_left_q <= frame_len_t'(to_boundary);
  assign burst_bytes_o  = last ? cur_left_q[BurstLog2:0] : to_boundary;
  assign burst_offset_o = cur_addr_q[ByteLog2-1:0];
  assign burst_eof_o    = last && cur_eop_q;
  assign burst_sum_o    = cur_sum_q;
  assign burst_skip_o   = (cur_skip_q > frame_len_t'(burst_bytes_o)) ? burst_bytes_o : cur_skip_q[BurstLog2:0];
  assign fire           = cur_valid_q && req_ready_i;
  assign slot_free      = !cur_valid_q || (fire && last);

  logic [BurstLog2:0] span;               // bytes from the start of the first beat, minus one
  assign span        = burst_bytes_o + (BurstLog2 + 1)'(burst_offset_o) - 1'b1;
  assign req_valid_o = cur_valid_q;
  assign req_o       = '{
      id: '{kind: RdTxData, qp: queue_t'(cur_queue_q)},
      addr: cur_addr_q,
      len: 8'(span >> ByteLog2)
  };

  assign busy_o       = cur_valid_q;
  assign busy_queue_o = cur_queue_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) cur_valid_q <= 1'b0;
    else if (slot_free) cur_valid_q <= take;
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      cur_queue_q <= next_q;
      cur_addr_q  <= rd_desc_i.addr;
      cur_left_q  <= rd_desc_i.len[13:0];
      cur_eop_q   <= rd_desc_i.eop;
      cur_sum_q   <= todo.csum;
      cur_skip_q  <= skip;
    end else if (fire) begin
      cur_addr_q <= cur_addr_q + 64'(to_boundary);
      cur_left_q <= cur_left_q - frame_len_t'(to_boundary);
      cur_skip_q <= cur_skip_q - frame_len_t'(burst_skip_o);
    end
  end

  `NIC_ASSERT(TxBurstWithinLimit, !fire || (burst_bytes_o != '0 && burst_bytes_o <= (BurstLog2 + 1)'(BurstBytes)))
  `NIC_ASSERT(TxBufferNotOverbooked, !take || level <= ptr_t'(1 << (BufLog2 - ByteLog2)))

endmodule
