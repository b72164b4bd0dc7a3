// SPDX-License-Identifier: Apache-2.0
// nic_irq_events: no event is lost, none is invented. Whatever meets in one clock, a record that software does not know
// of makes the ring's event pending at most two clocks after the ring advanced, or software wrote how far it has read, and it
// stays until software writes again or a message tells it.

`include "nic_assert.svh"

module irq_events_proof
  import nic_pkg::*;
(
    input logic       clk_i,
    input logic       seen_i,
    input logic       queue_i,
    input index_t     index_i,
    input logic [1:0] told_i,
    input logic       cq_valid_i,
    input logic       cq_queue_i,
    input index_t     cq_head_i,
    input logic       begins_i,
    input logic       begins_queue_i
);
  localparam int unsigned Queues = 2;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  // The rings, as nic_ring_ctl shows them.
  ring_sts_t  sts_i [Queues];
  index_t     head_q [Queues];
  logic       start_i, start_queue_i;
  for (genvar q = 0; q < 2; q++) begin : gen_sts
    assign sts_i[q] = '{head: '0, cq_head: head_q[q], cq_frames: '0};
  end
  always_ff @(posedge clk_i) begin
    start_i       <= rst_ni && begins_i;
    start_queue_i <= begins_queue_i;
    if (cq_valid_i) head_q[cq_queue_i] <= cq_head_i;
    if (begins_i) head_q[begins_queue_i] <= '0;
    if (!rst_ni) begin
      head_q[0] <= '0;
      head_q[1] <= '0;
    end
  end

  index_t     seen_o;
  logic [1:0] event_o;
  nic_irq_events #(
      .Queues(Queues)
  ) dut (.*);

  logic   mine;      // either ring, for ever
  always_ff @(posedge clk_i) mine <= mine;

  // Surroundings: a message tells of events; a ring that begins was off, and is not written about in that clock.
  logic moved_q;     // the ring advanced a clock ago: it does not begin before its advance was looked at
  always_ff @(posedge clk_i) moved_q <= rst_ni && cq_valid_i && cq_queue_i == mine;
  `NIC_ASSUME(BeginsOff, !begins_i || begins_queue_i != mine || (!moved_q && !(cq_valid_i && cq_queue_i == mine)))
  `NIC_ASSUME(StartsThenAdvances, !start_i || start_queue_i != mine || !(cq_valid_i && cq_queue_i == mine))

  // What software knows, told apart.
  index_t known_q, head;
  logic   due_q, look_q, starts, seen, told, new_rec;
  assign head    = head_q[mine];
  assign starts  = start_i && start_queue_i == mine;
  assign seen    = seen_i && queue_i == mine;
  assign told    = told_i[mine];
  assign new_rec = head != known_q && 16'(head - known_q) <= 16'h8000;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      known_q <= '0;
      due_q   <= 1'b0;
      look_q  <= 1'b0;
    end else begin
      if (starts)    known_q <= '0;
      else if (seen) known_q <= index_i;
      else if (told) known_q <= head;
      look_q <= (cq_valid_i && cq_queue_i == mine) || seen;
      due_q  <= !seen && !told && (due_q || (look_q && new_rec && !starts));
    end
  end

  // An advance is one, by no more than a ring holds.
  `NIC_ASSUME(AdvancesForward, !(cq_valid_i && cq_queue_i == mine) || beyond(cq_head_i, head))

  `NIC_ASSERT(NoEventLost, !due_q || event_o[mine])
  `NIC_ASSERT(NoEventInvented, due_q || (look_q && new_rec && !starts) || !event_o[mine])
  // What makes it inductive.
  index_t is_known;
  logic   asked, moved;
  assign is_known = dut.all_q[mine] ? head : dut.seen_q[mine];
  assign asked    = dut.asked_q && dut.asked_queue_q == mine;
  assign moved    = dut.moved_q && dut.moved_queue_q == mine;
  `NIC_ASSERT(SeenIsKnown, starts || is_known == known_q)
  `NIC_ASSERT(LookAgrees, look_q == (asked || moved))
  `NIC_ASSERT(MovedAgrees, moved == moved_q)
  `NIC_ASSERT(LevelIsLevel, !dut.level_q[mine] || starts || dut.all_q[mine] || dut.seen_q[mine] == head)

  logic met_q;
  always_ff @(posedge clk_i) met_q <= rst_ni && seen && cq_valid_i && cq_queue_i == mine;
  `NIC_COVER(SeenMeetsRecord, met_q && new_rec && known_q == 16'd3)
  `NIC_COVER(ToldAndNewEvent, event_o[mine] && known_q == 16'd2 && !dut.all_q[mine])
endmodule
