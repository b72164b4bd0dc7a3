// SPDX-License-Identifier: Apache-2.0
// The events of all completion rings of one direction: which hold a record that software does not know of.
//
// seen is how far software has read each ring, as IRQ_ARM or IRQ_SEEN said (or, without auto_mask, how far the ring
// was when the last MSI-X went). Whenever one of the two sides moves (cq_head by cq_valid_i, seen by seen_i) they are
// compared in the clock after, with the values of that clock: a completion before, in or after the clock of IRQ_ARM is
// found alike, and nothing has to be looked at while nothing moves. Where software had read all that was there, a record
// is an event at once. Indices are compared as signed 16-bit distances,
// since software may write an index whose record it saw in memory before the write was answered; the event is
// sticky, since a ring can move by more than half the index range while no one arms.

`include "nic_assert.svh"

module nic_irq_events
  import nic_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    // software
    input  logic                  seen_i,          // it has read ring queue_i up to index_i
    input  logic [QueueWidth-1:0] queue_i,
    input  index_t                index_i,
    input  logic [Queues-1:0]     told_i,          // it hears of all that the ring holds, for good
    output index_t                seen_o,          // how far it has read ring queue_i

    // rings
    input  ring_sts_t             sts_i [Queues],
    input  logic                  cq_valid_i,      // cq_head of ring cq_queue_i advances with the next clock
    input  logic [QueueWidth-1:0] cq_queue_i,
    input  logic                  start_i,         // ring start_queue_i begins anew at index 0
    input  logic [QueueWidth-1:0] start_queue_i,

    output logic [Queues-1:0]     event_o
);

  logic                  moved_q, asked_q;               // a clock ago: cq_valid_i, seen_i
  logic [QueueWidth-1:0] moved_queue_q, asked_queue_q;

  always_ff @(posedge clk_i) begin
    moved_q <= cq_valid_i && rst_ni;
    asked_q <= seen_i && rst_ni;
    if (cq_valid_i) moved_queue_q <= cq_queue_i;
    if (seen_i) asked_queue_q <= queue_i;
  end

  index_t            seen_q [Queues];
  logic [Queues-1:0] all_q;         // software knows all that is there: seen is cq_head, seen_q does not matter
  logic [Queues-1:0] level_q;       // else: seen_q is cq_head
  logic [Queues-1:0] found;

  assign seen_o = all_q[queue_i] ? sts_i[queue_i].cq_head : seen_q[queue_i];

  function automatic logic newer(logic [QueueWidth-1:0] queue);
    return !all_q[queue] && beyond(sts_i[queue].cq_head, seen_q[queue]);
  endfunction

  always_comb begin
    found = '0;
    if (moved_q) found[moved_queue_q] = newer(moved_queue_q);
    if (asked_q) found[asked_queue_q] = newer(asked_queue_q);
    if (start_i) found[start_queue_i] = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (moved_q || asked_q) event_o <= event_o | found;
    if (told_i != '0) begin
      event_o <= (event_o | found) & ~told_i;
      all_q   <= all_q | told_i;
    end
    if (asked_q) level_q[asked_queue_q] <= sts_i[asked_queue_q].cq_head == seen_q[asked_queue_q];
    if (cq_valid_i) begin
      if (all_q[cq_queue_i] || level_q[cq_queue_i] || told_i[cq_queue_i]) event_o[cq_queue_i] <= 1'b1;
      level_q[cq_queue_i] <= 1'b0;
      all_q[cq_queue_i] <= 1'b0;
      if (all_q[cq_queue_i] || told_i[cq_queue_i]) seen_q[cq_queue_i] <= sts_i[cq_queue_i].cq_head;
    end
    if (seen_i) begin
      event_o[queue_i] <= 1'b0;
      level_q[queue_i] <= 1'b0;
      all_q[queue_i]   <= 1'b0;
      seen_q[queue_i]  <= index_i;
    end
    // A ring that starts counts from 0; what software saw of its former life says nothing.
    if (start_i) level_q[start_queue_i] <= 1'b0;
    if (start_i) all_q[start_queue_i] <= 1'b1;
    if (!rst_ni) begin
      level_q <= '0;
      event_o <= '0;
      all_q   <= '1;
    end
  end

  // What the datapath promises in nic_pkg::ring_sts_t.
  `NIC_ASSERT_IF(IrqRingStartsAtZero, start_i, sts_i[start_queue_i].cq_head == '0)

endmodule
