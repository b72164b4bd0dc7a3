// SPDX-License-Identifier: Apache-2.0
// Puts TX read data into the packet buffer: takes each fragment's bytes out of its beats, wherever they begin, and
// appends them to the queue's frame without gaps. A word is kept here until it is full or the frame ends, and written
// once; behind a frame's last byte it holds anything. Says which frames are complete, with the sum of the bytes that
// their checksum covers (nic_tx_sums): five clocks after the beat.
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
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2,
    localparam int unsigned BeatLog2 = BurstLog2 - ByteLog2
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
    input  logic [QWidth-1:0]     ask_queue_i,
    output logic [$clog2(Bursts):0] answered_o,      // bursts of that queue, a free-running count
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

  typedef logic [ByteLog2:0]   count_t;
  typedef logic [ByteLog2-1:0] lane_t;
  typedef logic [BeatLog2-1:0] beats_t;

  typedef struct packed {
    logic               eof;
    logic               sum;
    logic [BurstLog2:0] sum_at;     // where the checksum and the IPv4 header begin, from lane 0 of its first beat on
    logic [BurstLog2:0] ip_at;
    lane_t              offset;     // its first byte
    count_t             first;      // bytes in its first beat
    count_t             last;       // and in its last, if it has several
    beats_t             beats;      // less one; for TxBurstLength alone
  } burst_t;

  typedef struct packed {
    logic [ListLog2:0] rp;          // first burst that is not answered
    beats_t            beats;       // of that one, that came
  } place_t;

  // ------------------------------------------------------------------ a beat, and its burst in the list
  logic                beat_q, beat_last_q, beat_err_q, beat_first_q;
  logic [QWidth-1:0]   beat_queue_q;
  logic [DataWidth-1:0] beat_data_q;
  burst_t              beat_burst_q;
  beats_t              beat_n_q;             // the burst's beats before it
  (* ram_style = "distributed" *)            // a block RAM answers too late in the clock
  burst_t              list [Slots * Bursts];
  logic [ListLog2:0]   wp_q [Slots];
  place_t              at_q [Slots];
  logic                eof_q, sum_busy;

  assign answered_o   = at_q[ask_queue_i].rp;
  assign busy_o       = wp_q[scan_i] != at_q[scan_i].rp || (beat_q && beat_queue_q == scan_i) ||
                        (eof_q && ram_queue_o == scan_i) || sum_busy;
  assign burst_done_o = r_valid_i && r_last_i;

  always_ff @(posedge clk_i) begin
    if (burst_valid_i) begin
      automatic logic [BurstLog2:0] last = (BurstLog2 + 1)'(burst_offset_i) + burst_bytes_i - 1'b1;   // byte
      automatic burst_t             burst;
      burst.eof    = burst_eof_i;
      burst.sum    = burst_sum_i;
      burst.sum_at = (BurstLog2 + 1)'(burst_offset_i) + burst_skip_i;
      burst.ip_at  = (BurstLog2 + 1)'(burst_offset_i) + burst_ip_skip_i;
      burst.offset = burst_offset_i;
      burst.first  = count_t'(Bytes) - count_t'(burst_offset_i);
      burst.last   = count_t'(last[ByteLog2-1:0]) + 1'b1;
      if (last[BurstLog2:ByteLog2] == '0) burst.first = burst_bytes_i[ByteLog2:0];
      burst.beats  = last[BurstLog2-1:ByteLog2];
      list[{burst_queue_i, wp_q[burst_queue_i][ListLog2-1:0]}] <= burst;
      wp_q[burst_queue_i] <= wp_q[burst_queue_i] + 1'b1;
    end
    if (r_valid_i) begin
      automatic place_t at = at_q[r_queue_i];
      at_q[r_queue_i] <= r_last_i ? '{rp: at.rp + 1'b1, beats: '0} : '{rp: at.rp, beats: at.beats + 1'b1};
    end
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) begin
        wp_q[q] <= '0;
        at_q[q] <= '0;
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
      beat_burst_q <= list[{r_queue_i, at_q[r_queue_i].rp[ListLog2-1:0]}];
      beat_first_q <= at_q[r_queue_i].beats == '0;
      beat_n_q     <= at_q[r_queue_i].beats;
    end
  end

  // ------------------------------------------------------------------ where the beat's bytes are and go; rotated
  logic [Slots-1:0]     bad_q;                // a read of the queue has failed
  logic [BufLog2-1:0]   wpos_q [Slots];       // the queue's next byte
  logic                 valid_q, full_q, spill_q, bad, ends;
  lane_t                from, place, place_q;
  count_t               n;
  logic [DataWidth-1:0] turned_q;             // the beat, its first byte at place_q

  assign bad = bad_q[beat_queue_q] || beat_err_q;

  assign ends = beat_q && beat_last_q && beat_burst_q.eof;

  always_comb begin
    from  = '0;
    place = '0;
    n     = count_t'(Bytes);
    if (beat_q) begin
      place = wpos_q[beat_queue_q][ByteLog2-1:0];
      if (beat_first_q) begin
        from = beat_burst_q.offset;
        n    = beat_burst_q.first;
      end else if (beat_last_q) n = beat_burst_q.last;
    end
  end

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && beat_q;
    eof_q   <= 1'b0;
    full_q  <= 1'b0;
    spill_q <= 1'b0;
    if (beat_q) begin
      automatic count_t              fill  = count_t'(place) + n;
      automatic logic                spill = fill[ByteLog2] && fill[ByteLog2-1:0] != '0;
      automatic logic [WordLog2-1:0] word  = wpos_q[beat_queue_q][BufLog2-1:ByteLog2];
      ram_queue_o <= beat_queue_q;
      ram_word_o  <= word;
      place_q     <= place;
      // Byte lane i of the word comes from lane i + from - place of the beat.
      turned_q    <= DataWidth'({beat_data_q, beat_data_q} >> {lane_t'(from - place), 3'b000});
      full_q      <= fill[ByteLog2];
      eof_q       <= rst_ni && ends && !bad;
      spill_q     <= ends && spill && !bad;
      if (beat_err_q) bad_q[beat_queue_q] <= 1'b1;
      // The next frame begins at a word.
      word = word + WordLog2'({ends && spill, (fill[ByteLog2] || ends) && !(ends && spill)});
      wpos_q[beat_queue_q] <= {word, ends ? ByteLog2'(0) : fill[ByteLog2-1:0]};
    end
    if (start_i) begin
      bad_q[start_queue_i]  <= 1'b0;
      wpos_q[start_queue_i] <= {start_word_i, ByteLog2'(0)};
    end
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
      .valid_i   (beat_q && beat_burst_q.sum),
      .eof_i     (ends && !bad),
      .queue_i   (beat_queue_q),
      .beat_i    (beat_n_q),
      .from_i    (from),
      .n_i       (n),
      .sum_at_i  (beat_burst_q.sum_at),
      .ip_at_i   (beat_burst_q.ip_at),
      .odd_i     (from[0] != place[0]),
      .data_i    (beat_data_q),
      .scan_i,
      .busy_o    (sum_busy),
      .valid_o   (frame_valid_o),
      .queue_o   (frame_queue_o),
      .sum_o     (frame_sum_o),
      .ip_sum_o  (frame_ip_sum_o)
  );

  `NIC_ASSERT_IF(TxBurstListInRange, burst_valid_i,
                 wp_q[burst_queue_i] - at_q[burst_queue_i].rp < (ListLog2 + 1)'(Bursts))
  `NIC_ASSERT_IF(TxBeatExpected, r_valid_i, wp_q[r_queue_i] != at_q[r_queue_i].rp)
  `NIC_ASSERT_IF(TxBurstLength, beat_q, beat_last_q == (beat_n_q == beat_burst_q.beats))
  `NIC_ASSERT_IF(TxNoneInFlightAtStart, start_i, wp_q[start_queue_i] == at_q[start_queue_i].rp)

endmodule
