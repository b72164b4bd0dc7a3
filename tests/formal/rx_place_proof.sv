// SPDX-License-Identifier: Apache-2.0
// nic_rx_place: a frame's beats go to the words behind its queue's committed frames, one after the other, and never to one
// that is not released; what becomes of it is the first reason that applies; a good one has all of its words and an entry
// of the frame list.
//
// 64 bits, two queues of four words and two frames. One queue is watched, either of them. The stream announces a frame a
// clock before its first beat; words and entries are released in order, and only those that are in use.

`include "nic_assert.svh"

module rx_place_proof
  import nic_pkg::*;
  import nic_rx_pkg::*;
(
    input logic       clk_i,
    input frame_len_t max_frame_i,
    input logic       coming_i,
    input logic [0:0] coming_queue_i,
    input logic       valid_i,
    input logic [3:0] bytes_i,
    input logic       last_i,
    input logic       own_i,
    input logic       bad_i,
    input rx_pass_t   pass_i,
    input logic       free_valid_i,
    input logic [0:0] free_queue_i,
    input logic [2:0] free_ptr_i,
    input logic       pop_i,
    input logic [0:0] pop_queue_i
);
  localparam int unsigned Words  = 4;
  localparam int unsigned Frames = 2;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic [0:0]  queue_i;
  logic        between_i;
  frame_len_t  at_o, len_o;
  rx_verdict_e verdict_o;
  logic        we_o, fill_high_o;
  logic [1:0]  word_o;
  nic_rx_place #(
      .DataWidth(64),
      .Queues   (2),
      .BufLog2  (5),
      .Frames   (Frames)
  ) dut (
      .fill_enable_i(1'b0),
      .fill_xoff_i  ('0),
      .fill_xon_i   ('0),
      .*
  );

  // The frame under way: its beats and bytes before this one, and whether each of them was written.
  logic       announced_q, inside_q, written_q, written;
  logic [0:0] mine;
  logic [4:0] beats_q;                 // no more than 16 counted
  frame_len_t bytes_q;
  logic [14:0] length;
  assign between_i = valid_i ? last_i : !inside_q;
  assign length  = 15'(bytes_q) + 15'(bytes_i);
  assign written = written_q && we_o;
  always_ff @(posedge clk_i) begin
    mine        <= mine;
    announced_q <= rst_ni && coming_i;
    if (coming_i) queue_i <= coming_queue_i;
    if (valid_i) begin
      inside_q  <= !last_i;
      written_q <= last_i || written;
      bytes_q   <= last_i ? '0 : length[14] ? '1 : length[13:0];
      beats_q   <= last_i ? '0 : beats_q[4] ? beats_q : beats_q + 1'b1;
    end
    if (!rst_ni) begin
      inside_q  <= 1'b0;
      written_q <= 1'b1;
      bytes_q   <= '0;
      beats_q   <= '0;
    end
  end
  `NIC_ASSUME(AnnouncedBefore, valid_i ? (announced_q != inside_q) : !announced_q)
  `NIC_ASSUME(AnnouncedBetween, !coming_i || between_i)
  `NIC_ASSUME(HasBytes, bytes_i != '0 && bytes_i <= 4'd8)

  // The queue that is watched: words committed and released, entries listed and released, ever.
  logic [2:0] in_q, out_q, used;
  logic [1:0] listed_q, popped_q, entries;
  logic       here, good;
  assign used    = in_q - out_q;
  assign entries = listed_q - popped_q;
  assign here    = queue_i == mine;
  assign good    = verdict_o == RxGood;
  always_ff @(posedge clk_i) begin
    if (good && here) in_q <= in_q + beats_q[2:0] + 1'b1;
    if (good && here) listed_q <= listed_q + 1'b1;
    if (free_valid_i && free_queue_i == mine) out_q <= free_ptr_i;
    if (pop_i && pop_queue_i == mine) popped_q <= popped_q + 1'b1;
    if (!rst_ni) {in_q, out_q, listed_q, popped_q} <= '0;
  end
  `NIC_ASSUME(ReleasesWhatIsUsed, !free_valid_i ||
              3'(free_ptr_i - dut.free_q[free_queue_i]) <= 3'(dut.base_q[free_queue_i] - dut.free_q[free_queue_i]))
  `NIC_ASSUME(PopsWhatIsListed, !pop_i || dut.listed_q[pop_queue_i] != dut.popped_q[pop_queue_i])

  // The first reason that applies; whether there is room is asked of what was known when the frame, or its beat, came.
  rx_verdict_e reason;
  always_comb begin
    reason = RxGood;
    if (!valid_i || !last_i || own_i) reason = RxNoFrame;
    else if (bad_i) reason = RxBad;
    else if (length < 15'd14) reason = RxRunt;
    else if (length > 15'(max_frame_i)) reason = RxOversize;
    else if (!pass_i.addr) reason = RxAddress;
    else if (!pass_i.vlan) reason = RxVlan;
  end
  // Room as seen by somebody who looks late: as it was when the frame's beat before was there.
  logic [2:0] seen_out_q;
  logic [1:0] seen_popped_q;
  logic [0:0] look;
  assign look = between_i ? coming_queue_i : queue_i;
  always_ff @(posedge clk_i) begin
    if (valid_i || coming_i) begin
      seen_out_q    <= dut.free_q[look];
      seen_popped_q <= dut.popped_q[look];
    end
  end

  `NIC_ASSERT(NeverOnWordsInUse, !(we_o && here) || {2'b0, used} + beats_q < 5'(Words))
  `NIC_ASSERT(OneBehindTheOther, !(we_o && here) || word_o == 2'(in_q[1:0] + beats_q[1:0]))
  `NIC_ASSERT(WritesBeatsOnly, !we_o || valid_i)
  `NIC_ASSERT(LengthIsTrue, !valid_i || (at_o == bytes_q && len_o == (length[14] ? '1 : length[13:0])))
  `NIC_ASSERT(FirstReason, verdict_o == reason || (reason == RxGood && verdict_o == RxNoRoom))
  `NIC_ASSERT(GoodIsWhole, !(good && here) || (written && entries < 2'(Frames)))
  `NIC_ASSERT(DroppedForWantOfRoom, !(verdict_o == RxNoRoom && here) ||
              !written || 2'(listed_q - seen_popped_q) == 2'(Frames))
  `NIC_ASSERT(NotWrittenForWantOfRoom, !(valid_i && here && written_q && !we_o) ||
              {2'b0, 3'(in_q - seen_out_q)} + beats_q >= 5'(Words))
  // What makes it inductive.
  logic [4:0] behind;                  // words in use, and those of the frame, as the module sees them
  logic       under_way;
  logic [2:0] base;
  assign under_way = inside_q || announced_q;
  assign base      = dut.base_q[queue_i];
  assign behind    = {2'b0, 3'(base - seen_out_q)} + beats_q;
  `NIC_ASSERT(CountsAgree, dut.base_q[mine] == in_q && dut.free_q[mine] == out_q && dut.listed_q[mine] == listed_q &&
              dut.popped_q[mine] == popped_q)
  for (genvar q = 0; q < 2; q++) begin : gen_queue
    `NIC_ASSERT(Bounded, 3'(dut.base_q[q] - dut.free_q[q]) <= 3'(Words) &&
                2'(dut.listed_q[q] - dut.popped_q[q]) <= 2'(Frames))
  end
  `NIC_ASSERT(LaterIsNoLess, !under_way || (3'(dut.word_q - seen_out_q) <= 3'(Words) &&
              3'(base - seen_out_q) <= 3'(dut.word_q - seen_out_q) &&
              3'(dut.free_q[queue_i] - seen_out_q) <= 3'(base - seen_out_q)))
  `NIC_ASSERT(EntriesNoLess, !under_way || (dut.number_q == dut.listed_q[queue_i] &&
              dut.listed_full_q == (dut.number_q == (seen_popped_q ^ 2'(Frames))) &&
              2'(dut.number_q - seen_popped_q) <= 2'(Frames) &&
              2'(dut.popped_q[queue_i] - seen_popped_q) <= 2'(dut.number_q - seen_popped_q)))
  `NIC_ASSERT(WordAgrees, !(under_way && !dut.lost_q) || (behind <= 5'(Words) &&
              dut.word_q == 3'(base + beats_q[2:0]) && dut.full_q == (behind == 5'(Words))))
  `NIC_ASSERT(LostIsNotWritten, !under_way || dut.lost_q == !written_q)
  `NIC_ASSERT(FrameAgrees, (inside_q || (beats_q == '0 && bytes_q == '0 && written_q && !dut.lost_q)) &&
              !(inside_q && announced_q) && dut.at_o == bytes_q)

  `NIC_COVER(Full, used == 3'(Words) && entries == 2'd2)
  `NIC_COVER(BehindEachOther, good && here && coming_i && coming_queue_i == mine && in_q != '0)
  `NIC_COVER(NoRoom, verdict_o == RxNoRoom && here && beats_q == 5'd3)
  `NIC_COVER(NoEntry, verdict_o == RxNoRoom && here && written)
endmodule
