// SPDX-License-Identifier: Apache-2.0
// nic_rx_list: a queue's frames are shown in their order, each as it was entered, again from the one that was set aside on,
// and never while their queue is set aside; somebody is shown whenever anybody may be; nobody is passed over twice.
//
// Two queues, four frames each. One frame of one queue is watched, any of them. The scheduler takes what is shown, has one
// frame at hand, and settles it or sets its queue aside; the list is told a clock later.

`include "nic_assert.svh"

module rx_list_proof
  import nic_pkg::*;
(
    input logic       clk_i,
    input logic       stop_i,
    input logic       frame_valid_i,
    input logic [0:0] frame_queue_i,
    input frame_len_t frame_len_i,
    input rx_meta_t   frame_meta_i,
    input rx_vlan_t   frame_vlan_i,
    input logic       take_i,
    input logic       settle,
    input logic       refuse,
    input logic [1:0] run_i,
    input logic       arrived_i,
    input logic [0:0] arrived_queue_i,
    input logic       answered_i,
    input logic [0:0] answered_queue_i,
    input logic       retired_i,
    input logic [0:0] retired_queue_i,
    input logic       start_i,
    input logic [0:0] start_queue_i
);
  localparam int unsigned Frames = 4;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  typedef struct packed {
    rx_vlan_t   vlan;
    frame_len_t len;
    rx_meta_t   meta;
  } frame_t;
  logic       frames_left_o, next_valid_o;
  logic       release_i, reject_i;
  logic [0:0] next_queue_o, queue_i;
  frame_len_t next_len_o;
  rx_meta_t   next_meta_o;
  rx_vlan_t   next_vlan_o;
  nic_rx_list #(
      .Queues(2),
      .Frames(Frames)
  ) dut (.*);

  // The scheduler.
  logic       hand_q;             // a frame is at hand
  logic [0:0] hand_queue_q;
  always_ff @(posedge clk_i) begin
    hand_q    <= rst_ni && (take_i || (hand_q && !settle && !refuse));
    release_i <= rst_ni && settle;
    reject_i  <= rst_ni && refuse;
    if (take_i) hand_queue_q <= next_queue_o;
    if (settle || refuse) queue_i <= hand_queue_q;
  end
  `NIC_ASSUME(TakesWhatIsShown, !take_i || (next_valid_o && !reject_i && (!hand_q || settle)))
  `NIC_ASSUME(OneEnd, !(settle && refuse) && (hand_q || !(settle || refuse)))

  // The frame that is watched: its number, modulo twice the list.
  logic [0:0] mine;
  logic [2:0] slot;
  always_ff @(posedge clk_i) begin
    mine <= mine;
    slot <= slot;
  end
  logic [2:0] in_q, out_q, expected, listed;   // frames entered, and released; the next to be shown
  logic [3:0] left_q;                          // of both queues
  logic [2:0] at_hand;                         // 0 to 2: taken, and not yet ended as far as the list knows
  logic       shown, in, out, here;
  frame_t     frame_q, frame;
  assign in       = frame_valid_i && frame_queue_i == mine;
  assign out      = release_i && queue_i == mine;
  assign at_hand  = 3'(hand_q && hand_queue_q == mine) + 3'((release_i || reject_i) && queue_i == mine);
  assign shown    = next_valid_o && next_queue_o == mine;
  assign expected = out_q + at_hand;
  assign listed   = in_q - out_q;
  assign here     = 3'(slot - out_q) < listed;
  assign frame    = {next_vlan_o, next_len_o, next_meta_o};
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_q   <= '0;
      out_q  <= '0;
      left_q <= '0;
    end else begin
      in_q   <= in_q + 3'(in);
      out_q  <= out_q + 3'(out);
      left_q <= left_q + 4'(frame_valid_i) - 4'(release_i);
    end
    if (in && in_q == slot) frame_q <= {frame_vlan_i, frame_len_i, frame_meta_i};
  end
  `NIC_ASSUME(HasRoom, !in || listed < 3'(Frames))
  `NIC_ASSUME(HasRoomToo, !(frame_valid_i && frame_queue_i != mine) || 4'(left_q - 4'(listed)) < 4'(Frames))

  // Set aside, until something of the queue moves; a ring that does not run is not held back by that.
  logic aside_q, moves, may, chooses, new_q, may_q, passed_q;
  assign moves = (arrived_i && arrived_queue_i == mine) || (answered_i && answered_queue_i == mine) ||
                 (retired_i && retired_queue_i == mine) || (start_i && start_queue_i == mine);
  assign may     = 3'(expected + 3'(shown)) != in_q && (!aside_q || !run_i[mine]);
  assign chooses = !stop_i && !reject_i && !next_valid_o;
  always_ff @(posedge clk_i) begin
    aside_q  <= rst_ni && !moves && (aside_q || (reject_i && queue_i == mine));
    new_q    <= rst_ni && chooses;             // what is shown in the next clock, if anything, is newly chosen
    may_q    <= rst_ni && may;
    passed_q <= rst_ni && may && !reject_i && (chooses ? dut.chosen && dut.pick != mine : passed_q);
  end

  `NIC_ASSERT(InOrder, !(shown && expected == slot) || (here && frame == frame_q))
  `NIC_ASSERT(OnlyWhatIsListed, !shown || expected != in_q)
  `NIC_ASSERT(NotWhileSetAside, !(new_q && shown) || may_q)
  `NIC_ASSERT(SomebodyIfAnybody, !(new_q && may_q) || next_valid_o)
  `NIC_ASSERT(NotPassedTwice, !(passed_q && dut.chosen) || dut.pick == mine || !may)
  `NIC_ASSERT(LeftIsTrue, frames_left_o == (left_q != '0))
  // What makes it inductive.
  `NIC_ASSERT(Bounded, listed <= 3'(Frames) && left_q >= 4'(listed) && 4'(left_q - 4'(listed)) <= 4'(Frames))
  `NIC_ASSERT(CountsAgree, dut.wp_q[mine] == in_q && dut.rp_q[mine] == out_q && 4'(dut.total_q) == left_q &&
              4'(3'(dut.wp_q[~mine] - dut.rp_q[~mine])) == 4'(left_q - 4'(listed)))
  for (genvar q = 0; q < 2; q++) begin : gen_queue
    logic       next;
    logic [2:0] at, look, there;
    assign at    = 3'(hand_q && hand_queue_q == 1'(q)) + 3'((release_i || reject_i) && queue_i == 1'(q));
    assign next  = next_valid_o && next_queue_o == 1'(q);
    assign look  = dut.rp_q[q] + at + 3'(next && !dut.chosen_q);
    assign there = dut.wp_q[q] - dut.rp_q[q];
    `NIC_ASSERT(LookAgrees, dut.look_q[q] == look && at + 3'(next) <= there &&
                dut.have_q[q] == (look != dut.wp_q[q]))
  end
  `NIC_ASSERT(OneIsTold, !(release_i && reject_i) && !(reject_i && hand_q))
  `NIC_ASSERT(ChosenIsShown, !dut.chosen_q || next_valid_o)
  `NIC_ASSERT(AsideAgrees, dut.blocked_q[mine] == aside_q)
  `NIC_ASSERT(PassedByOther, !passed_q || next_queue_o != mine)
  `NIC_ASSERT(SlotHoldsFrame, !here ||
              {dut.u_lens.mem[{mine, slot[1:0]}], dut.u_metas.mem[{mine, slot[1:0]}]} == frame_q)

  `NIC_COVER(Full, listed == 3'(Frames) && shown)
  `NIC_COVER(AgainAfterAside, aside_q && moves && listed == 3'd3 && out_q == 3'd1)
  `NIC_COVER(TakenAtOnce, take_i && settle && hand_queue_q == mine && next_queue_o == mine && out_q == 3'd2)
endmodule
