// SPDX-License-Identifier: Apache-2.0
// Puts TX read data into the packet buffer: takes each fragment's bytes out of its beats, wherever they begin, and
// appends them to the queue's frame without gaps. Says which frames are complete, with the sum of the bytes that
// their checksum covers (nic_tx_csum; it takes two clocks).
//
// The bursts of a queue are answered in order (one AXI ID a queue), those of different queues in any order and
// mixed, so that all state is kept for each queue. The burst list says what each burst holds. One beat a clock.
// After a read error no further frame of the queue becomes complete; its beats are still counted.

`include "nic_assert.svh"

module nic_tx_store
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    parameter int unsigned Bursts    = 32,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes),
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic                  start_i,
    input  logic [QWidth-1:0]     start_queue_i,

    // burst list: an entry is made when the read is requested
    input  logic                  burst_valid_i,
    input  logic [QWidth-1:0]     burst_queue_i,
    input  logic [ByteLog2-1:0]   burst_offset_i,
    input  logic [BurstLog2:0]    burst_bytes_i,
    input  logic                  burst_eof_i,
    input  logic                  burst_sum_i,       // sum the bytes, but not the first burst_skip_i
    input  logic [BurstLog2:0]    burst_skip_i,
    input  logic [BurstLog2:0]    burst_ip_skip_i,   // the IPv4 header's sum: from here to burst_skip_i
    input  logic [QWidth-1:0]     used_queue_i,
    output logic [$clog2(Bursts):0] used_o,
    output logic                  burst_done_o,      // of queue r_queue_i
    input  logic [QWidth-1:0]     scan_i,
    output logic                  busy_o,            // bursts or sums of queue scan_i are outstanding

    // data
    input  logic                  r_valid_i,
    input  logic [QWidth-1:0]     r_queue_i,
    input  logic [DataWidth-1:0]  r_data_i,
    input  logic                  r_last_i,
    input  logic                  r_err_i,

    // to the packet buffer: up to Bytes bytes from any byte on, of word ram_word_o and the next
    output logic                  ram_we_o,
    output logic [QWidth-1:0]     ram_queue_o,
    output logic [WordLog2-1:0]   ram_word_o,
    output logic [Bytes-1:0]      ram_be_o,          // of word ram_word_o
    output logic [Bytes-1:0]      ram_be_next_o,
    output logic [DataWidth-1:0]  ram_data_o,        // rotated into place

    // a frame is complete in the buffer
    output logic                  frame_valid_o,
    output logic [QWidth-1:0]     frame_queue_o,
    output logic [15:0]           frame_sum_o,
    output logic [15:0]           frame_ip_sum_o
);

  localparam int unsigned Slots    = 1 << QWidth;
  localparam int unsigned ListLog2 = $clog2(Bursts);

  typedef struct packed {
    logic                eof;
    logic                sum;
    logic [BurstLog2:0]  skip;
    logic [BurstLog2:0]  ip_skip;
    logic [BurstLog2:0]  bytes;
    logic [ByteLog2-1:0] offset;
  } burst_t;

  logic eof_q, sum_q, ip_sum_q, sum_busy;       // for nic_tx_csum

  // ------------------------------------------------------------------ burst list
  burst_t              list [Slots * Bursts];
  logic [ListLog2:0]   wp_q [Slots], rp_q [Slots];

  assign used_o       = wp_q[used_queue_i] - rp_q[used_queue_i];
  assign busy_o       = wp_q[scan_i] != rp_q[scan_i] || (eof_q && ram_queue_o == scan_i) || sum_busy;
  assign burst_done_o = r_valid_i && r_last_i;

  always_ff @(posedge clk_i) begin
    if (burst_valid_i)
      list[{burst_queue_i, wp_q[burst_queue_i][ListLog2-1:0]}] <=
          '{eof: burst_eof_i, sum: burst_sum_i, skip: burst_skip_i, ip_skip: burst_ip_skip_i,
            bytes: burst_bytes_i, offset: burst_offset_i};
  end

  // ------------------------------------------------------------------ where the beat's bytes are and go
  logic                first_q [Slots];     // the next beat begins a burst
  logic                bad_q [Slots];       // a read has failed
  logic [BurstLog2:0]  rem_q [Slots];       // bytes of the burst still to come
  logic [BurstLog2:0]  skip_q [Slots];      // of them, bytes that are not summed
  logic [BurstLog2:0]  ip_skip_q [Slots];
  logic [BufLog2-1:0]  wpos_q [Slots];      // next byte of the queue's part of the buffer

  burst_t              burst;
  logic                first;
  logic [ByteLog2-1:0] offset, place, turn;
  logic [BurstLog2:0]  left, skip, ip_skip;
  logic [ByteLog2:0]   most, n, n_skip, n_ip_skip;
  logic [BufLog2-1:0]  wpos, wend;
  logic [2*Bytes-1:0]  lanes, lanes_skip, lanes_sum, lanes_ip;

  assign burst  = list[{r_queue_i, rp_q[r_queue_i][ListLog2-1:0]}];
  assign first  = first_q[r_queue_i];
  assign offset = first ? burst.offset : '0;
  assign left   = first ? burst.bytes : rem_q[r_queue_i];
  assign most   = (ByteLog2 + 1)'(Bytes) - (ByteLog2 + 1)'(offset);
  assign n      = (left < (BurstLog2 + 1)'(most)) ? left[ByteLog2:0] : most;
  assign skip   = first ? burst.skip : skip_q[r_queue_i];
  assign n_skip = (skip < (BurstLog2 + 1)'(n)) ? skip[ByteLog2:0] : n;
  assign ip_skip   = first ? burst.ip_skip : ip_skip_q[r_queue_i];
  assign n_ip_skip = (ip_skip < (BurstLog2 + 1)'(n)) ? ip_skip[ByteLog2:0] : n;
  assign wpos   = wpos_q[r_queue_i];
  assign wend   = wpos + BufLog2'(n);
  assign place  = wpos[ByteLog2-1:0];
  assign turn   = offset - place;           // byte lane i of the word comes from lane i + turn of the beat
  assign lanes  = (((2 * Bytes)'(1) << n) - 1'b1) << place;
  assign lanes_skip = (((2 * Bytes)'(1) << n_skip) - 1'b1) << place;
  assign lanes_sum  = lanes & ~lanes_skip;
  assign lanes_ip   = lanes_skip & ~((((2 * Bytes)'(1) << n_ip_skip) - 1'b1) << place);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) begin
        wp_q[q]    <= '0;
        rp_q[q]    <= '0;
        first_q[q] <= 1'b1;
        bad_q[q]   <= 1'b0;
        wpos_q[q]  <= '0;
      end
    end else begin
      if (burst_valid_i) wp_q[burst_queue_i] <= wp_q[burst_queue_i] + 1'b1;
      if (r_valid_i) begin
        first_q[r_queue_i] <= r_last_i;
        if (r_last_i) rp_q[r_queue_i] <= rp_q[r_queue_i] + 1'b1;
        if (r_err_i) bad_q[r_queue_i] <= 1'b1;
        wpos_q[r_queue_i] <= wend;
        // The next frame begins at a word.
        if (r_last_i && burst.eof) begin
          wpos_q[r_queue_i] <= {WordLog2'(wend[BufLog2-1:ByteLog2] + WordLog2'(wend[ByteLog2-1:0] != '0)),
                                ByteLog2'(0)};
        end
      end
      if (start_i) begin
        bad_q[start_queue_i]  <= 1'b0;
        wpos_q[start_queue_i] <= '0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (r_valid_i) begin
      rem_q[r_queue_i]  <= left - (BurstLog2 + 1)'(n);
      skip_q[r_queue_i] <= skip - (BurstLog2 + 1)'(n_skip);
      ip_skip_q[r_queue_i] <= ip_skip - (BurstLog2 + 1)'(n_ip_skip);
    end
  end

  // ------------------------------------------------------------------ rotated, one clock later
  logic              fail, ip_busy, ip_valid;
  logic [QWidth-1:0] ip_queue;
  logic [Bytes-1:0] sum_be_q, ip_be_q;
  assign fail = bad_q[r_queue_i] || r_err_i;

  always_ff @(posedge clk_i) begin
    ram_we_o <= rst_ni && r_valid_i && !fail;
    eof_q    <= rst_ni && r_valid_i && r_last_i && burst.eof && !fail;
    sum_q    <= rst_ni && r_valid_i && burst.sum && !fail;
    ip_sum_q <= rst_ni && r_valid_i && burst.sum && !fail && n_skip != n_ip_skip;
  end

  always_ff @(posedge clk_i) begin
    if (r_valid_i) begin
      ram_queue_o   <= r_queue_i;
      ram_word_o    <= wpos[BufLog2-1:ByteLog2];
      ram_be_o      <= lanes[Bytes-1:0];
      ram_be_next_o <= lanes[2*Bytes-1:Bytes];
      ram_data_o    <= DataWidth'({r_data_i, r_data_i} >> {turn, 3'b000});
      sum_be_q      <= lanes_sum[Bytes-1:0] | lanes_sum[2*Bytes-1:Bytes];
      ip_be_q       <= lanes_ip[Bytes-1:0] | lanes_ip[2*Bytes-1:Bytes];
    end
  end

  // A word begins at an even byte of its frame, so the sum is that of the frame's 16-bit words.
  nic_tx_csum #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_csum (
      .clk_i,
      .rst_ni,
      .start_i,
      .start_queue_i,
      .add_i  (sum_q),
      .eof_i  (eof_q),
      .queue_i(ram_queue_o),
      .be_i   (sum_be_q),
      .data_i (ram_data_o),
      .scan_i,
      .busy_o (sum_busy),
      .valid_o(frame_valid_o),
      .queue_o(frame_queue_o),
      .sum_o  (frame_sum_o)
  );

  nic_tx_csum #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_ip_csum (
      .clk_i,
      .rst_ni,
      .start_i,
      .start_queue_i,
      .add_i  (ip_sum_q),
      .eof_i  (eof_q),
      .queue_i(ram_queue_o),
      .be_i   (ip_be_q),
      .data_i (ram_data_o),
      .scan_i,
      .busy_o (ip_busy),
      .valid_o(ip_valid),
      .queue_o(ip_queue),
      .sum_o  (frame_ip_sum_o)
  );

  `NIC_ASSERT(TxSumsTogether, ip_busy == sum_busy && ip_valid == frame_valid_o)
  `NIC_ASSERT_IF(TxSumsOfOneQueue, ip_valid, ip_queue == frame_queue_o)
  `NIC_ASSERT(TxBurstListInRange, used_o <= (ListLog2 + 1)'(Bursts))
  `NIC_ASSERT_IF(TxBeatExpected, r_valid_i, wp_q[r_queue_i] != rp_q[r_queue_i])
  `NIC_ASSERT_IF(TxBurstLength, r_valid_i, (r_last_i == (left == (BurstLog2 + 1)'(n))))
  `NIC_ASSERT_IF(TxNoneInFlightAtStart, start_i, wp_q[start_queue_i] == rp_q[start_queue_i])

endmodule
