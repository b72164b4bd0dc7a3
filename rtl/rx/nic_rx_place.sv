// SPDX-License-Identifier: Apache-2.0
// Where in the RX packet buffer each beat goes, and what becomes of its frame: a part of the buffer for each queue.
//
// A frame goes to its queue's first free word and on from there. Only a good one is committed, at its last beat; of
// the others the words are used again. Reasons to drop, the first that applies: marked bad by the MAC, too short, too
// long, destination, VLAN, no room (in the buffer or the frame list). Frames of the MAC side's own have no verdict.

`include "nic_assert.svh"

module nic_rx_place
  import nic_pkg::*;
  import nic_rx_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,     // bytes of a queue's part of the packet buffer
    parameter int unsigned Frames    = 256,    // of a queue's frame list
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes),
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  frame_len_t max_frame_i,

    // a beat; a frame's first is announced a clock before, with its queue
    input  logic                between_i,     // no more of the frame under way comes behind this beat
    input  logic                coming_i,
    input  logic [QWidth-1:0]   coming_queue_i,
    input  logic                valid_i,
    input  logic [ByteLog2:0]   bytes_i,
    input  logic                last_i,        // it ends the frame
    input  logic                own_i,         // with the last: the MAC side has taken the frame itself
    input  logic                bad_i,         // or marked it
    input  rx_pass_t            pass_i,        // the same in all of a frame's beats
    input  logic [QWidth-1:0]   queue_i,
    output frame_len_t          at_o,          // the frame's bytes before it
    output frame_len_t          len_o,         // and with it; no more than fit
    output rx_verdict_e         verdict_o,     // with the last

    // its word
    output logic                we_o,
    output logic [WordLog2-1:0] word_o,

    // what is given back
    input  logic                free_valid_i,  // the words before free_ptr_i were read out
    input  logic [QWidth-1:0]   free_queue_i,
    input  logic [WordLog2:0]   free_ptr_i,
    input  logic                pop_i,         // an entry of the frame list was released
    input  logic [QWidth-1:0]   pop_queue_i,

    // whether the link partner is to wait (nic_mac_fill)
    input  logic                fill_enable_i,
    input  logic [15:0]         fill_xoff_i,
    input  logic [15:0]         fill_xon_i,
    output logic                fill_high_o
);

  localparam int unsigned Slots = 1 << QWidth;
  typedef logic [WordLog2:0] ptr_t;
  typedef logic [$clog2(Frames):0] level_t;

  ptr_t   base_q [Slots];       // first word after the committed frames
  ptr_t   free_q [Slots];       // first word not released
  level_t listed_q [Slots];     // entries put into the frame list, and released, ever
  level_t popped_q [Slots];
  // Of the frame under way, and its queue:
  ptr_t   word_q, next;         // its next word, and the one after
  logic   full_q;               // it is in use, or was a clock ago: all words are
  level_t number_q, listed;     // entries put into the frame list before it
  logic   listed_full_q;        // that was full then, or a clock ago
  logic   lost_q, lost;         // no room for one of its words
  logic   commit;
  logic [14:0] len;             // saturates

  assign next     = word_q + 1'b1;
  assign lost     = lost_q || full_q;
  assign len      = 15'(at_o) + 15'(bytes_i);
  assign len_o    = len[14] ? '1 : len[13:0];

  // What is too long is written, too: MAX_FRAME may change before the frame ends. It does not matter what a frame that is
  // dropped has written.
  assign we_o   = valid_i && !lost;
  assign word_o = word_q[WordLog2-1:0];

  // The next frame is behind the one that ends now, if it is of the same queue.
  logic              behind;
  logic [QWidth-1:0] look_queue;
  assign behind     = commit && queue_i == coming_queue_i;
  assign listed     = behind ? number_q + 1'b1 : listed_q[coming_queue_i];
  assign look_queue = between_i ? coming_queue_i : queue_i;

  always_comb begin
    verdict_o = RxNoFrame;
    commit    = 1'b0;
    if (valid_i && last_i && !own_i) begin
      automatic logic too_long = 15'(max_frame_i) < len;
      automatic logic no_room  = lost || listed_full_q;
      commit = !bad_i && len >= 15'(MinFrame) && !too_long && pass_i == '1 && !no_room;
      if (bad_i) verdict_o = RxBad;
      else if (len < 15'(MinFrame)) verdict_o = RxRunt;
      else if (too_long) verdict_o = RxOversize;
      else if (!pass_i.addr) verdict_o = RxAddress;
      else if (!pass_i.vlan) verdict_o = RxVlan;
      else if (no_room) verdict_o = RxNoRoom;
      else verdict_o = RxGood;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      lost_q <= lost && !last_i;
      at_o   <= last_i ? '0 : len_o;
    end
    if (coming_i || (valid_i && !lost)) begin
      automatic ptr_t all = ptr_t'(1 << WordLog2);     // a word is in use if it is so far beyond the first not released
      word_q <= (!between_i || behind) ? next : base_q[coming_queue_i];
      full_q <= (!between_i || behind) ? next == (free_q[queue_i] ^ all)
                                       : base_q[coming_queue_i] == (free_q[coming_queue_i] ^ all);
    end
    if (coming_i) number_q <= listed;
    if (coming_i || valid_i) begin
      automatic level_t all = popped_q[look_queue] ^ level_t'(Frames);     // entries of a full list
      // Compared before it is chosen: whether there is a frame behind is known late.
      automatic logic same   = number_q == all;
      automatic logic more   = number_q + 1'b1 == all;
      automatic logic others = listed_q[coming_queue_i] == all;
      listed_full_q <= !coming_i ? same : behind ? more : others;
    end
    if (!rst_ni) begin
      lost_q  <= 1'b0;
      at_o    <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) begin
        base_q[q]   <= '0;
        free_q[q]   <= '0;
        listed_q[q] <= '0;
        popped_q[q] <= '0;
      end
    end else begin
      if (commit) base_q[queue_i] <= next;
      if (commit) listed_q[queue_i] <= number_q + 1'b1;
      if (free_valid_i) free_q[free_queue_i] <= free_ptr_i;
      if (pop_i) popped_q[pop_queue_i] <= popped_q[pop_queue_i] + 1'b1;
    end
  end

  // Words in use with the one that was stored, those of complete frames when a frame is dropped; and after a release. The
  // link partner hears of it a clock later.
  logic              stored_q, stored_last_q, freed_q;
  logic [QWidth-1:0] stored_queue_q, freed_queue_q;
  ptr_t              stored_to_q, stored_from_q, fill_store, fill_free_q;

  always_ff @(posedge clk_i) begin
    stored_q <= 1'b0;
    freed_q  <= 1'b0;
    if (fill_enable_i) begin
      stored_q <= valid_i;
      freed_q  <= free_valid_i;
      if (valid_i) begin
        stored_last_q  <= last_i;
        stored_queue_q <= queue_i;
        stored_to_q    <= (last_i && !commit) ? base_q[queue_i] : next;
        stored_from_q  <= free_q[queue_i];
      end
      if (free_valid_i) begin
        freed_queue_q <= free_queue_i;
        fill_free_q   <= base_q[free_queue_i] - free_ptr_i;
      end
    end
  end

  assign fill_store = stored_q ? stored_to_q - stored_from_q : '0;

  nic_mac_fill #(
      .Queues (Queues),
      .BufLog2(BufLog2),
      .Bytes  (Bytes)
  ) u_fill (
      .clk_i,
      .enable_i     (fill_enable_i),
      .high_i       (fill_xoff_i),
      .low_i        (fill_xon_i),
      .store_i      (stored_q),
      .store_last_i (stored_last_q),
      .store_queue_i(stored_queue_q),
      .store_words_i(fill_store),
      .free_i       (freed_q),
      .free_queue_i (freed_queue_q),
      .free_words_i (fill_free_q),
      .high_o       (fill_high_o)
  );

  `NIC_ASSERT_IF(RxFrameListInRange, pop_i, listed_q[pop_queue_i] != popped_q[pop_queue_i])
  `NIC_ASSERT_IF(RxBufferInRange, valid_i, (word_q - free_q[queue_i]) <= ptr_t'(1 << WordLog2))

endmodule
