// SPDX-License-Identifier: Apache-2.0
// Which frames of the RX packet buffer are written to which buffers: queues in turn, a frame at a time.
//
// A frame is begun only when the ring has enough free buffers for all of it and the lists behind have room, so it is
// written whole or not at all. If software has posted too few, or the ring does not run, or more buffers would be
// needed than can be looked at ahead (MaxBuffers), it is dropped and counted; if they are merely not here yet, the
// queue is set aside until something of it moves, and the others go on. A buffer shorter than MinRxBuffer halts the
// ring. Buffers are filled in order; each part of a frame goes to nic_rx_cut with what its completion record will say,
// a frame that is dropped as one part that only releases its words, in order with the others.
//
// A descriptor, and how full the lists are, are read in one clock (Look, Fetch) and judged in the next (Decide, Feed), so
// a frame in one buffer takes two. What moves meanwhile makes it look again before it sets the queue aside.
// What becomes of the frame, and of the descriptor, is told in the clock after that (settle_o, reject_o, pop_o).
// A frame whose VLAN tag was taken out begins that many bytes after its first word's beginning.

`include "nic_assert.svh"

module nic_rx_sched
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    parameter int unsigned Depth     = 32,      // of a ring's descriptor window
    parameter int unsigned Records   = 32,      // of a queue's record list
    parameter int unsigned Bursts    = 128,     // of a queue's list of writes that are not answered
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned ByteLog2 = $clog2(DataWidth / 8),
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic stop_i,                         // device reset: begin nothing new

    input  logic [Queues-1:0]      run_i,
    input  logic                   start_i,
    input  logic [QWidth-1:0]      start_queue_i,
    output logic                   err_desc_o,
    output logic [QWidth-1:0]      err_desc_queue_o,
    output logic                   feed_o,       // parts of a frame of queue rd_queue_o may be to come
    output logic                   active_o,     // a frame is looked at

    // the next frame of nic_rx_list; what became of the one before, of queue settle_queue_o: one-clock pulses
    input  logic                   next_valid_i,
    input  logic [QWidth-1:0]      next_queue_i,
    input  frame_len_t             next_len_i,
    input  rx_meta_t               next_meta_i,
    input  rx_vlan_t               next_vlan_i,
    output logic                   take_o,
    output logic                   settle_o,     // it is written, or dropped
    output logic                   reject_o,     // its queue is set aside
    output logic [QWidth-1:0]      settle_queue_o,

    // descriptors
    output logic [QWidth-1:0]      rd_queue_o,
    output logic [$clog2(Depth)-1:0] rd_skip_o,
    input  logic                   rd_valid_i,
    input  logic                   rd_more_i,
    input  desc_t                  rd_desc_i,
    input  index_t                 rd_index_i,
    output logic                   pop_o,        // one of ring pop_queue_o is used
    output logic [QWidth-1:0]      pop_queue_o,
    output index_t                 pop_index_o,
    input  logic                   arrived_i,    // descriptors came
    input  logic [QWidth-1:0]      arrived_queue_i,

    // parts of frames, one for each buffer
    input  logic                   part_ready_i,
    input  logic                   part_soon_i,  // part_ready_i may be high in the next clock
    output logic                   part_look_o,  // one may be taken
    output logic                   part_valid_o, // and is
    output logic                   part_drop_o,
    output logic [QWidth-1:0]      part_queue_o,
    output logic [63:0]            part_addr_o,  // of the buffer
    output logic [BufLog2-1:0]     part_src_o,   // first byte in the queue's part of the packet buffer
    output logic [WordLog2:0]      part_free_o,  // the frame's words end before this one
    output rx_record_t             part_rec_o,

    // the lists behind
    input  logic [$clog2(Records):0] recs_used_i,    // of queue rd_queue_o
    input  logic [$clog2(Bursts):0]  bursts_used_i,
    input  logic                   answered_i,   // a write was answered
    input  logic [QWidth-1:0]      answered_queue_i,
    input  logic                   retired_i,    // records were released
    input  logic [QWidth-1:0]      retired_queue_i,

    // with settle_o
    output logic                   cnt_frame_o,
    output frame_len_t             cnt_len_o,
    output logic                   cnt_nodesc_o
);

  localparam int unsigned Slots = 1 << QWidth;
  // Descriptors are fetched up to 8 at a time, when there is room for all of them: so many are always there.
  localparam int unsigned MaxBuffers = Depth - 8;

  typedef logic [WordLog2:0] ptr_t;

  // ------------------------------------------------------------------ the frame at hand
  typedef enum logic [2:0] {Idle = 3'd0, Look = 3'd1, Fetch = 3'd2, Decide = 3'd4, Feed = 3'd5} state_e;

  state_e              state_q;
  logic [QWidth-1:0]   queue_q;
  frame_len_t          len_q;
  rx_meta_t            meta_q;
  rx_vlan_t            vlan_q;
  logic [$clog2(Depth):0] need_q;           // buffers looked at before this one
  frame_len_t          left_q;              // bytes for which there is no buffer yet
  logic [BufLog2-1:0]  src_q;
  ptr_t                free_q;
  ptr_t                word_q [Slots];      // first word of the queue's oldest frame

  // What was read a clock ago.
  logic                stopped_q, here_q, more_q, full_q, moved_q;
  logic                ahead_q;             // pop_o of a descriptor of this ring comes only now
  logic [63:0]         addr_q;
  logic [15:0]         space_q;
  index_t              index_q;

  // ------------------------------------------------------------------ read
  logic                sample, stopped, full;
  frame_len_t          stored;              // bytes of the frame's words
  logic [8:0]          recs_limit, bursts_limit;

  assign rd_queue_o = queue_q;
  assign rd_skip_o  = (state_q == Look) ? {need_q[$clog2(Depth)-1:1], need_q[0] | ahead_q} : ($clog2(Depth))'(ahead_q);
  assign sample     = (state_q == Look || state_q == Fetch) && part_soon_i;

  // Something of the queue at hand moves in this clock.
  function automatic logic moves();
    return (arrived_i && arrived_queue_i == queue_q) || (answered_i && answered_queue_i == queue_q) ||
           (retired_i && retired_queue_i == queue_q) || (start_i && start_queue_i == queue_q);
  endfunction

  always_comb begin
    stored       = '0;
    stopped      = 1'b0;
    full         = 1'b0;
    recs_limit   = '0;
    bursts_limit = '0;
    if (state_q == Look) begin
      stored = len_q + frame_len_t'(DataWidth / 8 - 1) + (vlan_q.taken ? frame_len_t'(TagBytes) : '0);
      // At most two writes a buffer more than whole bursts in the frame. The part before may add one to each list.
      recs_limit   = 9'(Records) - 9'd2 - 9'(need_q);
      bursts_limit = 9'(Bursts) - 9'd3 - 9'({need_q, 1'b0}) - 9'(len_q >> BurstLog2);
      full         = recs_limit < 9'(recs_used_i) || bursts_limit < 9'(bursts_used_i);
      stopped      = !run_i[queue_q] || (err_desc_o && err_desc_queue_o == queue_q) ||
                     need_q == ($clog2(Depth) + 1)'(MaxBuffers);
    end
  end

  always_ff @(posedge clk_i) begin
    if (sample) begin
      stopped_q <= stopped;
      full_q    <= full;
      here_q    <= rd_valid_i;
      more_q    <= rd_more_i;
      addr_q    <= rd_desc_i.addr;
      space_q   <= rd_desc_i.len;
      index_q   <= rd_index_i;
      moved_q   <= state_q == Look && moves();
    end
  end

  // ------------------------------------------------------------------ judge
  logic bad, drop, accept, wait_more, reject, enough, give, done, told_q;   // told: something may be

  assign part_look_o = part_ready_i && state_q[2];     // Decide, Feed

  always_comb begin
    bad       = 1'b0;
    drop      = 1'b0;
    wait_more = 1'b0;
    accept    = 1'b0;
    enough    = 1'b0;
    give      = 1'b0;
    done      = 1'b0;
    reject    = 1'b0;
    part_rec_o = '0;
    if (part_look_o) begin
      automatic logic deciding = state_q == Decide;
      automatic logic short    = here_q && space_q < 16'(MinRxBuffer);
      automatic logic single   = need_q == '0;
      automatic logic hopeless = stopped_q || (!here_q && !more_q);
      automatic logic open     = !stopped_q && here_q && !full_q;   // neither hopeless nor full, and here
      enough    = !(space_q < 16'(left_q));
      bad       = deciding && !hopeless && short;
      drop      = deciding && (hopeless || short);
      wait_more = deciding && !hopeless && (!here_q || (enough && full_q && !short));
      accept    = deciding && open && !short && enough;
      give      = !deciding || hopeless || short || (open && single && enough);
      done      = (enough && (!deciding || (open && single))) || (deciding && (hopeless || short));
      if (wait_more && !moved_q) reject = !moves();
      part_rec_o = '{
          eop: enough,
          meta: meta_q,
          vlan: vlan_q,
          index: index_q,
          len: enough ? left_q : space_q[13:0]
      };
    end
  end

  always_ff @(posedge clk_i) begin
    if (part_look_o || told_q || !rst_ni) begin
      told_q       <= rst_ni && part_look_o;
      settle_o     <= rst_ni && (drop || accept);
      reject_o     <= rst_ni && reject;
      err_desc_o   <= rst_ni && bad;
      pop_o        <= rst_ni && give && !drop;
      ahead_q      <= rst_ni && give && !drop && (!done || (take_o && next_queue_i == queue_q));
      cnt_frame_o  <= rst_ni && accept;
      cnt_nodesc_o <= rst_ni && drop;
    end
    if (part_look_o) begin
      settle_queue_o <= queue_q;
      cnt_len_o      <= len_q;
    end
  end

  // The queue's first word, of which word_q hears a clock after settle_o.
  ptr_t settled_q, word;
  assign word = (settle_o && settle_queue_o == queue_q) ? settled_q : word_q[queue_q];
  always_ff @(posedge clk_i) begin
    if (drop || accept) settled_q <= free_q;
  end

  assign err_desc_queue_o = settle_queue_o;
  assign pop_queue_o      = settle_queue_o;
  assign pop_index_o      = index_q;

  assign part_valid_o = give;
  assign part_drop_o  = drop;
  assign part_queue_o = queue_q;
  assign part_addr_o  = addr_q;
  assign part_src_o   = src_q;
  assign part_free_o  = free_q;

  assign feed_o   = state_q[2] || state_q == Fetch;      // Decide, Feed, Fetch
  assign active_o = state_q != Idle;

  // ------------------------------------------------------------------ sequence
  // Not before the list knows that it set a queue aside: the frame shown may be one of it.
  assign take_o = next_valid_i && !stop_i && !reject_o && (state_q == Idle || done);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      if (take_o) state_q <= Look;                            // from Idle, or when one is done
      else if (done || reject) state_q <= Idle;
      else if (sample) state_q <= (state_q == Look) ? Decide : Feed;
      else if (accept || give) state_q <= Fetch;
      else if (state_q == Decide) state_q <= Look;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take_o) begin
      queue_q <= next_queue_i;
      len_q   <= next_len_i;
      left_q  <= next_len_i;
      meta_q  <= next_meta_i;
      vlan_q  <= next_vlan_i;
      need_q  <= '0;
    end else if (state_q == Look) begin
      free_q <= word + ptr_t'(stored >> ByteLog2);
      src_q  <= BufLog2'({word, vlan_q.taken ? ByteLog2'(TagBytes) : ByteLog2'(0)});
    end else if (accept) begin
      left_q <= len_q;
    end else if (state_q == Decide && part_ready_i && !wait_more) begin
      need_q <= need_q + 1'b1;
      left_q <= left_q - space_q[13:0];
    end else if (give) begin
      left_q <= left_q - space_q[13:0];
      src_q  <= src_q + BufLog2'(space_q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) word_q[q] <= '0;
    end else if (settle_o) begin
      word_q[settle_queue_o] <= settled_q;
    end
  end

  `NIC_ASSERT_IF(RxBufferIsThere, state_q == Fetch, rd_valid_i)
  `NIC_ASSERT_IF(RxBufferIsLongEnough, give && !drop, space_q >= 16'(MinRxBuffer))

endmodule
