// SPDX-License-Identifier: Apache-2.0
// Puts TX read data into the packet buffer: takes each fragment's bytes out of its beats, wherever they begin, and
// appends them to the queue's frame without gaps. A word is kept here until it is full or the frame ends, and written
// once; behind a frame's last byte it holds anything. Says which frames are complete, with the sum of the bytes that
// their checksum covers (nic_tx_sums; it takes three clocks).
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
    logic [BurstLog2:0]  rem;       // bytes of the burst still to come
    logic [BufLog2-1:0]  wpos;      // next byte of the queue's part of the buffer
  } state_t;

  // ------------------------------------------------------------------ a beat, and its burst in the list
  logic                beat_q, beat_last_q, beat_err_q;
  logic [QWidth-1:0]   beat_queue_q;
  logic [DataWidth-1:0] beat_data_q;
  burst_t              beat_burst_q;
  (* ram_style = "distributed" *)            // a block RAM answers too late in the clock
  burst_t              list [Slots * Bursts];
  logic [ListLog2:0]   wp_q [Slots], rp_q [Slots];
  logic                eof_q, sum_busy;

  assign used_o       = wp_q[used_queue_i] - rp_q[used_queue_i];
  assign busy_o       = wp_q[scan_i] != rp_q[scan_i] || (beat_q && beat_queue_q == scan_i) ||
                        (eof_q && ram_queue_o == scan_i) || sum_busy;
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

  always_ff @(posedge clk_i) begin
    beat_q <= rst_ni && r_valid_i;
    if (r_valid_i) begin
      beat_queue_q <= r_queue_i;
      beat_data_q  <= r_data_i;
      beat_last_q  <= r_last_i;
      beat_err_q   <= r_err_i;
      beat_burst_q <= list[{r_queue_i, rp_q[r_queue_i][ListLog2-1:0]}];
    end
  end

  // ------------------------------------------------------------------ where the beat's bytes are and go; rotated
  typedef logic [ByteLog2:0]  count_t;

  state_t              state_q [Slots];
  logic                valid_q, good_q, full_q, spill_q, first_q;
  logic [ByteLog2-1:0] place_q;
  count_t              n_q;
  logic                sum_on_q;             // the burst's sum, skip, ip_skip; with first_q
  logic [BurstLog2:0]  skip_q, ip_skip_q;
  logic [DataWidth-1:0] turned_q;            // the beat, its first byte at place_q

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && beat_q;
    eof_q   <= 1'b0;
    full_q  <= 1'b0;
    spill_q <= 1'b0;
    if (beat_q) begin
      automatic state_t              at     = state_q[beat_queue_q];
      automatic logic [ByteLog2-1:0] place  = at.wpos[ByteLog2-1:0];
      automatic logic [WordLog2-1:0] word   = at.wpos[BufLog2-1:ByteLog2];
      automatic logic [ByteLog2-1:0] offset = '0;
      automatic count_t              n      = count_t'(Bytes);     // bytes of this beat
      automatic count_t              fill   = '0;
      automatic logic                ends   = 1'b0;
      first_q <= at.first;
      if (at.first) begin
        at.eof  = beat_burst_q.eof;
        at.rem  = beat_burst_q.bytes;
        offset  = beat_burst_q.offset;
        sum_on_q  <= beat_burst_q.sum;
        skip_q    <= beat_burst_q.skip;
        ip_skip_q <= beat_burst_q.ip_skip;
      end
      n    = n - count_t'(offset);
      if (at.rem < (BurstLog2 + 1)'(n)) n = at.rem[ByteLog2:0];
      fill = count_t'(place) + n;
      ends = beat_last_q && at.eof;

      ram_queue_o <= beat_queue_q;
      ram_word_o  <= word;
      place_q     <= place;
      n_q         <= n;
      // Byte lane i of the word comes from lane i + offset - place of the beat.
      turned_q    <= DataWidth'({beat_data_q, beat_data_q} >> {ByteLog2'(offset - place), 3'b000});
      at.bad      = at.bad || beat_err_q;
      good_q      <= !at.bad;
      full_q      <= fill[ByteLog2];
      if (!at.bad) begin
        eof_q   <= rst_ni && ends;
        spill_q <= ends && fill > count_t'(Bytes);
      end

      at.first = beat_last_q;
      at.rem   = at.rem - (BurstLog2 + 1)'(n);
      // The next frame begins at a word.
      if (ends) at.wpos = {(fill > count_t'(Bytes)) ? word + WordLog2'(2) : word + 1'b1, ByteLog2'(0)};
      else at.wpos = at.wpos + BufLog2'(n);
      state_q[beat_queue_q] <= at;
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

  nic_tx_sums #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_sums (
      .clk_i,
      .rst_ni,
      .start_i,
      .start_queue_i,
      .valid_i   (valid_q),
      .queue_i   (ram_queue_o),
      .first_i   (first_q),
      .sum_i     (sum_on_q),
      .skip_i    (skip_q),
      .ip_skip_i (ip_skip_q),
      .good_i    (good_q),
      .eof_i     (eof_q),
      .place_i   (place_q),
      .n_i       (n_q),
      .data_i    (turned_q),
      .scan_i,
      .busy_o    (sum_busy),
      .valid_o   (frame_valid_o),
      .queue_o   (frame_queue_o),
      .sum_o     (frame_sum_o),
      .ip_sum_o  (frame_ip_sum_o)
  );

  `NIC_ASSERT_IF(TxBurstListInRange, burst_valid_i, wp_q[burst_queue_i] - rp_q[burst_queue_i] < (ListLog2 + 1)'(Bursts))
  `NIC_ASSERT_IF(TxBeatExpected, r_valid_i, wp_q[r_queue_i] != rp_q[r_queue_i])
  `NIC_ASSERT_IF(TxBurstLength, valid_q, state_q[ram_queue_o].first == (state_q[ram_queue_o].rem == '0))
  `NIC_ASSERT_IF(TxNoneInFlightAtStart, start_i, wp_q[start_queue_i] == rp_q[start_queue_i])

endmodule
