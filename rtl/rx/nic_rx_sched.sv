// SPDX-License-Identifier: Apache-2.0
// From frames in the RX packet buffer to write jobs: queues in turn, a frame at a time.
//
// A frame is begun only when the ring has enough free buffers for all of it and the lists behind have room, so it is
// written whole or not at all. If software has posted too few, or the ring does not run, or more buffers would be
// needed than can be looked at ahead (MaxBuffers), it is dropped and counted; if they are merely not here yet, the
// queue is set aside until something of it moves, and the others go on. A buffer shorter than MinRxBuffer halts the
// ring. Buffers are filled in order; each gets one completion record, made with its last write.
//
// A frame whose VLAN tag was taken out begins that many bytes after its first word's beginning.
// Jobs that write nothing (drop) release the words of a dropped frame: in order with the others.

`include "nic_assert.svh"

module nic_rx_sched
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    parameter int unsigned Frames    = 256,
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
    output logic                   busy_o,       // a frame is being written
    output logic [QWidth-1:0]      busy_queue_o,
    output logic                   active_o,     // a frame is looked at or written

    // frames
    input  logic                   frame_valid_i,
    input  logic [QWidth-1:0]      frame_queue_i,
    input  frame_len_t             frame_len_i,
    input  rx_meta_t               frame_meta_i,
    input  rx_vlan_t               frame_vlan_i,
    output logic                   frame_pop_o,
    output logic                   frames_left_o, // any queue has frames
    output logic [QWidth-1:0]      frame_pop_queue_o,

    // descriptors
    output logic [QWidth-1:0]      rd_queue_o,
    output logic [$clog2(Depth)-1:0] rd_skip_o,
    input  logic                   rd_valid_i,
    input  logic                   rd_more_i,
    input  desc_t                  rd_desc_i,
    input  index_t                 rd_index_i,
    output logic                   pop_o,
    input  logic                   arrived_i,    // descriptors came
    input  logic [QWidth-1:0]      arrived_queue_i,

    // jobs: one burst each
    output logic                   job_valid_o,
    input  logic                   job_ready_i,
    output logic                   job_drop_o,
    output logic [QWidth-1:0]      job_queue_o,
    output logic [63:0]            job_addr_o,
    output logic [BurstLog2:0]     job_bytes_o,
    output logic [BufLog2-1:0]     job_src_o,    // first byte in the queue's part of the buffer
    output logic                   job_last_o,   // of the frame: then all words before job_free_o are released
    output logic [WordLog2:0]      job_free_o,

    // completion records: an entry for each buffer, a flag for each write
    output logic                   rec_valid_o,  // with the job that ends the buffer
    output rx_record_t             rec_o,
    input  logic [$clog2(Records):0] recs_used_i,    // of queue rd_queue_o
    input  logic [$clog2(Bursts):0]  bursts_used_i,
    input  logic                   answered_i,   // a write was answered
    input  logic [QWidth-1:0]      answered_queue_i,
    input  logic                   retired_i,    // records were released
    input  logic [QWidth-1:0]      retired_queue_i,

    // one-clock pulses
    output logic                   cnt_frame_o,
    output frame_len_t             cnt_len_o,
    output logic                   cnt_nodesc_o,
    output logic [QWidth-1:0]      cnt_queue_o
);

  localparam int unsigned Slots = 1 << QWidth;
  // Descriptors are fetched up to 8 at a time, when there is room for all of them: so many are always there.
  localparam int unsigned MaxBuffers = Depth - 8;

  typedef logic [WordLog2:0] ptr_t;

  // ------------------------------------------------------------------ the frames, one looked at ahead
  logic              ahead_valid, take, frame_done, wait_more;
  logic [QWidth-1:0] queue_q, ahead_queue;   // of the frame at hand; of the next
  frame_len_t        ahead_len;
  rx_meta_t          ahead_meta;
  rx_vlan_t          ahead_vlan;

  nic_rx_list #(
      .Queues(Queues),
      .Frames(Frames)
  ) u_list (
      .clk_i,
      .rst_ni,
      .stop_i,
      .frames_left_o,
      .frame_valid_i,
      .frame_queue_i,
      .frame_len_i,
      .frame_meta_i,
      .frame_vlan_i,
      .next_valid_o(ahead_valid),
      .next_queue_o(ahead_queue),
      .next_len_o  (ahead_len),
      .next_meta_o (ahead_meta),
      .next_vlan_o (ahead_vlan),
      .take_i      (take),
      .queue_i     (queue_q),
      .release_i   (frame_done),
      .reject_i    (wait_more),
      .run_i,
      .arrived_i,
      .arrived_queue_i,
      .answered_i,
      .answered_queue_i,
      .retired_i,
      .retired_queue_i,
      .start_i,
      .start_queue_i
  );

  // ------------------------------------------------------------------ the frame
  typedef enum logic [1:0] {Idle, Check, Write, Load} state_e;

  state_e              state_q;
  frame_len_t          len_q;               // of the frame
  rx_meta_t            meta_q;
  rx_vlan_t            vlan_q;
  logic [$clog2(Depth):0] need_q;           // buffers looked at before this one
  logic [17:0]         room_q;              // their bytes
  logic [63:0]         addr_q;              // next byte of the buffer being filled
  frame_len_t          left_q;              // bytes of the frame still to write
  frame_len_t          filled_q;            // bytes in the buffer
  logic [15:0]         space_q;             // bytes of it that are free
  logic [BufLog2-1:0]  src_q;
  ptr_t                word_q [Slots];      // first word of the queue's oldest frame

  // ------------------------------------------------------------------ what Check decides
  ptr_t                words;
  logic [17:0]         room;
  logic                bad, drop, begin_write, drop_done;

  assign rd_queue_o = queue_q;
  assign rd_skip_o  = (state_q == Check) ? need_q[$clog2(Depth)-1:0] : '0;
  assign words      = ptr_t'((len_q + (vlan_q.taken ? frame_len_t'(TagBytes) : '0) +
                              frame_len_t'(DataWidth / 8 - 1)) >> ByteLog2);
  assign room       = room_q + {2'b0, rd_desc_i.len};

  always_comb begin
    bad         = 1'b0;
    drop        = 1'b0;
    wait_more   = 1'b0;
    begin_write = 1'b0;
    if (state_q == Check) begin
      automatic logic window_end = need_q == ($clog2(Depth) + 1)'(MaxBuffers);
      automatic logic short      = rd_desc_i.len < 16'(MinRxBuffer);
      automatic logic enough     = room >= {4'b0, len_q};
      // At most two writes a buffer more than whole bursts in the frame.
      automatic logic lists_ok   = 9'(recs_used_i) + 9'(need_q) + 9'd1 <= 9'(Records) &&
          9'(bursts_used_i) + {2'b0, 6'(need_q), 1'b0} + 9'(len_q >> BurstLog2) + 9'd2 <= 9'(Bursts);
      bad = run_i[queue_q] && rd_valid_i && !window_end && short;
      if (!run_i[queue_q] || bad || window_end || (!rd_valid_i && !rd_more_i)) drop = 1'b1;
      else if (!rd_valid_i || (enough && !lists_ok)) wait_more = 1'b1;
      else if (enough) begin_write = 1'b1;
    end
  end

  assign drop_done        = drop && job_ready_i;
  assign err_desc_o       = bad;
  assign err_desc_queue_o = queue_q;

  // ------------------------------------------------------------------ bursts of a buffer
  logic [BurstLog2:0] bytes;
  logic               ends_buffer, ends_frame, fire;

  always_comb begin
    bytes       = '0;
    ends_buffer = 1'b0;
    ends_frame  = 1'b0;
    if (state_q == Write) begin
      automatic logic [BurstLog2:0] to_boundary = (BurstLog2 + 1)'(BurstBytes) - {1'b0, addr_q[BurstLog2-1:0]};
      automatic frame_len_t part = (16'(left_q) < space_q) ? left_q : space_q[13:0];   // still goes into this buffer
      ends_buffer = part <= frame_len_t'(to_boundary);
      ends_frame  = ends_buffer && part == left_q;
      bytes       = ends_buffer ? part[BurstLog2:0] : to_boundary;
    end
  end

  assign fire        = state_q == Write && job_ready_i;
  assign job_valid_o = state_q == Write || drop;
  assign job_drop_o  = drop;
  assign job_queue_o = queue_q;
  assign job_addr_o  = addr_q;
  assign job_bytes_o = bytes;
  assign job_src_o   = src_q;
  assign job_last_o  = drop || ends_frame;
  assign job_free_o  = word_q[queue_q] + words;

  assign rec_valid_o = fire && ends_buffer;
  assign rec_o.eop   = ends_frame;
  assign rec_o.meta  = meta_q;
  assign rec_o.vlan  = vlan_q;
  assign rec_o.index = rd_index_i;
  assign rec_o.len   = filled_q + frame_len_t'(bytes);
  assign pop_o       = rec_valid_o;

  assign busy_o       = state_q == Write || state_q == Load;
  assign busy_queue_o = queue_q;
  assign active_o     = state_q != Idle;

  // ------------------------------------------------------------------ sequence
  assign frame_done = drop_done || (fire && ends_frame);
  // The next frame of a queue that is set aside now must not be taken before this one.
  assign take       = ahead_valid && !stop_i && !wait_more && (state_q == Idle || frame_done);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      unique case (state_q)
        Idle: if (take) state_q <= Check;
        Check: begin
          if (drop_done) state_q <= take ? Check : Idle;
          else if (wait_more) state_q <= Idle;
          else if (begin_write) state_q <= (need_q == '0) ? Write : Load;
        end
        Load: state_q <= Write;
        Write: begin
          if (fire && ends_frame) state_q <= take ? Check : Idle;
          else if (fire && ends_buffer) state_q <= Load;
        end
        default: state_q <= Idle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      queue_q <= ahead_queue;
      len_q   <= ahead_len;
      left_q  <= ahead_len;
      meta_q  <= ahead_meta;
      vlan_q  <= ahead_vlan;
      need_q  <= '0;
      room_q  <= '0;
      src_q   <= BufLog2'({(frame_done && ahead_queue == queue_q) ? job_free_o : word_q[ahead_queue],
                           ahead_vlan.taken ? ByteLog2'(TagBytes) : ByteLog2'(0)});
    end else if (state_q == Check && !drop) begin
      need_q <= need_q + 1'b1;
      room_q <= room;
    end else if (fire) begin
      left_q <= left_q - frame_len_t'(bytes);
      src_q  <= src_q + BufLog2'(bytes);
    end
    if (state_q == Check || state_q == Load) begin
      addr_q   <= rd_desc_i.addr;
      space_q  <= rd_desc_i.len;
      filled_q <= '0;
    end else if (fire) begin
      addr_q   <= addr_q + 64'(bytes);
      space_q  <= space_q - 16'(bytes);
      filled_q <= filled_q + frame_len_t'(bytes);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) word_q[q] <= '0;
    end else if (frame_done) begin
      word_q[queue_q] <= job_free_o;
    end
  end

  assign frame_pop_o       = frame_done;
  assign frame_pop_queue_o = queue_q;

  // ------------------------------------------------------------------ counters
  always_ff @(posedge clk_i) begin
    cnt_frame_o  <= fire && ends_frame;
    cnt_nodesc_o <= drop_done;
    cnt_len_o    <= len_q;
    cnt_queue_o  <= queue_q;
  end

  `NIC_ASSERT_IF(RxBufferIsThere, state_q == Load, rd_valid_i)
  `NIC_ASSERT_IF(RxBufferIsTheSame, fire, rd_valid_i)
  `NIC_ASSERT_IF(RxBurstWithinLimit, fire, (bytes != '0 && bytes <= (BurstLog2 + 1)'(BurstBytes)))
  `NIC_ASSERT_IF(RxRecordsRoom, rec_valid_o, recs_used_i < ($clog2(Records) + 1)'(Records))
  `NIC_ASSERT_IF(RxBurstsRoom, fire, bursts_used_i < ($clog2(Bursts) + 1)'(Bursts))

endmodule
