// SPDX-License-Identifier: Apache-2.0
// Puts TX read data into the packet buffer: takes each fragment's bytes out of its beats, wherever they begin, and
// appends them to the queue's frame without gaps. A word is kept here until it is full or the frame ends, and written
// once; behind a frame's last byte it holds anything. Says which frames are complete, with the sum of the bytes that
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
    input  logic [WordLog2-1:0]   start_word_i,      // where its first frame begins

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

    // to the packet buffer: word ram_word_o, and the one after it where a frame ends there
    output logic                  ram_we_o,
    output logic                  ram_we_next_o,
    output logic [QWidth-1:0]     ram_queue_o,
    output logic [WordLog2-1:0]   ram_word_o,
    output logic [DataWidth-1:0]  ram_data_o,
    output logic [DataWidth-1:0]  ram_next_o,

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

  typedef struct packed {
    logic                first;     // the next beat begins a burst
    logic                bad;       // a read has failed
    logic                eof;       // the burst's, from its first beat on
    logic                sum;
    logic                summed;    // bytes of the frame have been summed
    logic                ip_summed;
    logic [BurstLog2:0]  rem;       // bytes of the burst still to come
    logic [BurstLog2:0]  skip;      // of them, bytes that are not summed
    logic [BurstLog2:0]  ip_skip;
    logic [BufLog2-1:0]  wpos;      // next byte of the queue's part of the buffer
  } state_t;

  // ------------------------------------------------------------------ burst list
  burst_t              list [Slots * Bursts];
  logic [ListLog2:0]   wp_q [Slots], rp_q [Slots];
  logic                eof_q, sum_busy;

  assign used_o       = wp_q[used_queue_i] - rp_q[used_queue_i];
  assign busy_o       = wp_q[scan_i] != rp_q[scan_i] || (eof_q && ram_queue_o == scan_i) || sum_busy;
  assign burst_done_o = r_valid_i && r_last_i;

  always_ff @(posedge clk_i) begin
    if (burst_valid_i) begin
      list[{burst_queue_i, wp_q[burst_queue_i][ListLog2-1:0]}] <=
          '{eof: burst_eof_i, sum: burst_sum_i, skip: burst_skip_i, ip_skip: burst_ip_skip_i,
            bytes: burst_bytes_i, offset: burst_offset_i};
      wp_q[burst_queue_i] <= wp_q[burst_queue_i] + 1'b1;
    end
    if (burst_done_o) rp_q[r_queue_i] <= rp_q[r_queue_i] + 1'b1;
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) begin
        wp_q[q] <= '0;
        rp_q[q] <= '0;
      end
    end
  end

  // ------------------------------------------------------------------ where the beat's bytes are and go; rotated
  typedef logic [2*Bytes-1:0] lanes_t;
  typedef logic [ByteLog2:0]  count_t;

  // The lanes of two words from place on.
  function automatic lanes_t lanes(count_t n, logic [ByteLog2-1:0] place);
    return ((lanes_t'(1) << n) - 1'b1) << place;
  endfunction

  state_t              state_q [Slots];
  logic                valid_q, full_q, spill_q, sum_q, sum_first_q, ip_sum_q, ip_first_q;
  logic [ByteLog2-1:0] place_q;
  logic [Bytes-1:0]    sum_be_q, ip_be_q;
  logic [DataWidth-1:0] turned_q;            // the beat, its first byte at place_q

  always_ff @(posedge clk_i) begin
    valid_q  <= rst_ni && r_valid_i;
    eof_q    <= 1'b0;
    full_q   <= 1'b0;
    spill_q  <= 1'b0;
    sum_q    <= 1'b0;
    ip_sum_q <= 1'b0;
    if (r_valid_i) begin
      automatic state_t              at     = state_q[r_queue_i];
      automatic logic [ByteLog2-1:0] place  = at.wpos[ByteLog2-1:0];
      automatic logic [ByteLog2-1:0] offset = '0;
      automatic count_t              n      = count_t'(Bytes);     // bytes of this beat
      automatic count_t              fill   = '0;
      automatic logic                ends   = 1'b0;
      if (at.first) begin
        automatic burst_t burst = list[{r_queue_i, rp_q[r_queue_i][ListLog2-1:0]}];
        at.eof     = burst.eof;
        at.sum     = burst.sum;
        at.rem     = burst.bytes;
        at.skip    = burst.skip;
        at.ip_skip = burst.ip_skip;
        offset     = burst.offset;
      end
      n    = n - count_t'(offset);
      if (at.rem < (BurstLog2 + 1)'(n)) n = at.rem[ByteLog2:0];
      fill = count_t'(place) + n;
      ends = r_last_i && at.eof;

      ram_queue_o <= r_queue_i;
      ram_word_o  <= at.wpos[BufLog2-1:ByteLog2];
      place_q     <= place;
      // Byte lane i of the word comes from lane i + offset - place of the beat.
      turned_q    <= DataWidth'({r_data_i, r_data_i} >> {ByteLog2'(offset - place), 3'b000});
      at.bad      = at.bad || r_err_i;
      full_q      <= fill[ByteLog2];
      if (!at.bad) begin
        eof_q   <= rst_ni && ends;
        spill_q <= ends && fill > count_t'(Bytes);
      end

      if (at.sum && !at.bad) begin
        automatic count_t n_skip    = (at.skip < (BurstLog2 + 1)'(n)) ? at.skip[ByteLog2:0] : n;
        automatic count_t n_ip_skip = (at.ip_skip < (BurstLog2 + 1)'(n)) ? at.ip_skip[ByteLog2:0] : n;
        automatic lanes_t without   = lanes(n_skip, place);
        automatic lanes_t sum       = lanes(n, place) & ~without;
        sum_q     <= rst_ni;
        sum_be_q  <= sum[Bytes-1:0] | sum[2*Bytes-1:Bytes];
        sum_first_q <= !at.summed;
        at.summed   = 1'b1;
        if (n_skip != n_ip_skip) begin
          automatic lanes_t ip = without & ~lanes(n_ip_skip, place);
          ip_sum_q <= rst_ni;
          ip_be_q  <= ip[Bytes-1:0] | ip[2*Bytes-1:Bytes];
          ip_first_q   <= !at.ip_summed;
          at.ip_summed = 1'b1;
        end
        at.skip    = at.skip - (BurstLog2 + 1)'(n_skip);
        at.ip_skip = at.ip_skip - (BurstLog2 + 1)'(n_ip_skip);
      end

      at.first = r_last_i;
      at.rem   = at.rem - (BurstLog2 + 1)'(n);
      at.wpos  = at.wpos + BufLog2'(n);
      if (ends) begin
        // The next frame begins at a word.
        at.wpos      = {WordLog2'(at.wpos[BufLog2-1:ByteLog2] + WordLog2'(at.wpos[ByteLog2-1:0] != '0)),
                        ByteLog2'(0)};
        at.summed    = 1'b0;
        at.ip_summed = 1'b0;
      end
      state_q[r_queue_i] <= at;
    end
    if (start_i) state_q[start_queue_i] <= '{first: 1'b1, wpos: {start_word_i, ByteLog2'(0)}, default: '0};
  end

  // ------------------------------------------------------------------ words, one clock later
  logic [DataWidth-1:0] rest_q [Slots];      // what there is of a word that is not full
  logic [DataWidth-1:0] mask;                // bytes from place_q on

  assign mask          = {DataWidth{1'b1}} << {place_q, 3'b000};
  assign ram_data_o    = (turned_q & mask) | (rest_q[ram_queue_o] & ~mask);
  assign ram_next_o    = turned_q;
  assign ram_we_o      = full_q || eof_q;
  assign ram_we_next_o = spill_q;

  always_ff @(posedge clk_i) begin
    if (valid_q) rest_q[ram_queue_o] <= full_q ? turned_q : ram_data_o;
  end

  logic              ip_busy, ip_valid;
  logic [QWidth-1:0] ip_queue;

  // A word begins at an even byte of its frame, so the sum is that of the frame's 16-bit words.
  nic_tx_csum #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_csum (
      .clk_i,
      .rst_ni,
      .add_i  (sum_q),
      .first_i(sum_first_q),
      .eof_i  (eof_q),
      .queue_i(ram_queue_o),
      .be_i   (sum_be_q),
      .data_i (turned_q),
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
      .add_i  (ip_sum_q),
      .first_i(ip_first_q),
      .eof_i  (eof_q),
      .queue_i(ram_queue_o),
      .be_i   (ip_be_q),
      .data_i (turned_q),
      .scan_i,
      .busy_o (ip_busy),
      .valid_o(ip_valid),
      .queue_o(ip_queue),
      .sum_o  (frame_ip_sum_o)
  );

  `NIC_ASSERT(TxSumsTogether, ip_busy == sum_busy && ip_valid == frame_valid_o)
  `NIC_ASSERT_IF(TxSumsOfOneQueue, ip_valid, ip_queue == frame_queue_o)
  `NIC_ASSERT_IF(TxBurstListInRange, burst_valid_i, wp_q[burst_queue_i] - rp_q[burst_queue_i] < (ListLog2 + 1)'(Bursts))
  `NIC_ASSERT_IF(TxBeatExpected, r_valid_i, wp_q[r_queue_i] != rp_q[r_queue_i])
  `NIC_ASSERT_IF(TxBurstLength, valid_q, state_q[ram_queue_o].first == (state_q[ram_queue_o].rem == '0))
  `NIC_ASSERT_IF(TxNoneInFlightAtStart, start_i, wp_q[start_queue_i] == rp_q[start_queue_i])

endmodule
