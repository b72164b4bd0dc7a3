// SPDX-License-Identifier: Apache-2.0
// nic_irq_moderate: nothing is told before a limit says so, and nothing later than Queues clocks after it. A ring with
// records that nobody has told of and software has not read is let through once its usecs have passed since the first
// of them, once so many frames have gathered, when it has halted, or at once without limits; and it is let through
// until it is told or read.
//
// One ring is watched, either of two. Its register is set once; the clock is one of 1 MHz, so that usecs are clocks.

`include "nic_assert.svh"

module irq_moderate_proof
  import nic_pkg::*;
  import nic_regs_pkg::*;
(
    input logic       clk_i,
    input reg_req_t   req_i,
    input ring_sts_t  sts_0, sts_1,
    input logic       cq_valid_i,
    input logic [0:0] cq_queue_i,
    input logic       start_i,
    input logic [0:0] start_queue_i,
    input logic [1:0] error_i,
    input logic [1:0] event_i,
    input logic       seen_i,
    input logic       unmask_i,
    input logic [0:0] queue_i,
    input index_t     index_i,
    input logic [1:0] told_i
);
  localparam int unsigned Queues = 2;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  reg_rsp_t   rsp_o;
  ring_sts_t  sts_i [2];
  logic [1:0] ready_o;
  assign sts_i[0] = sts_0;
  assign sts_i[1] = sts_1;
  nic_irq_moderate #(
      .Queues  (Queues),
      .ClockMhz(1)
  ) dut (.*);

  logic [0:0] mine;        // either ring, for ever
  always_ff @(posedge clk_i) mine <= mine;
  ring_sts_t now, was_q;
  assign now = sts_i[mine];
  logic moves, moved_q, starts, reads, told, err;
  assign moves  = cq_valid_i && cq_queue_i == mine;
  assign starts = start_i && start_queue_i == mine;
  assign reads  = seen_i && queue_i == mine;
  assign told   = told_i[mine];
  assign err    = error_i[mine];
  logic was_valid_q, started_q, err_q;
  always_ff @(posedge clk_i) begin
    was_q       <= now;
    was_valid_q <= rst_ni;
    moved_q     <= rst_ni && moves;
    started_q   <= rst_ni && starts;
    err_q       <= rst_ni && err;
  end

  // Surroundings (nic_pkg::ring_sts_t, nic_irq): a ring moves when it says so, by less than half the range, and rests for a
  // clock then; it is at 0 when it starts; a halt lasts.
  `NIC_ASSUME(MovesAsItSays, !was_valid_q || moved_q || starts ||
              (now.cq_head == was_q.cq_head && now.cq_frames == was_q.cq_frames))
  `NIC_ASSUME(MovesForward, !moved_q || beyond(now.cq_head, was_q.cq_head))
  `NIC_ASSUME(RestsAfterMove, !(moves && moved_q) && !(cq_valid_i && dut.moved_q && dut.moved_queue_q == cq_queue_i))
  `NIC_ASSUME(StartsAtZero, !starts || (now.cq_head == '0 && now.cq_frames == '0 && !moves && !moved_q))
  `NIC_ASSUME(InitiallyZero, was_valid_q || (sts_0 == '0 && sts_1 == '0))
  `NIC_ASSUME(OneCommand, !(seen_i && unmask_i))
  `NIC_ASSUME(HaltIsLasting, !err_q || err || started_q)
  `include "reg_bus.svh"
  // The register is written two clocks before the first record, or earlier.
  logic writes, set_q, wrote_q;
  assign writes = req_i.valid && req_i.write && req_i.addr[15:12] == QP_BASE[15:12];
  logic ever_q;                // the ring has moved
  always_ff @(posedge clk_i) begin
    set_q  <= rst_ni && (set_q || cq_valid_i);
    wrote_q <= rst_ni && writes;
    ever_q <= rst_ni && (ever_q || moves);
  end
  `NIC_ASSUME(SetBefore, !(set_q || cq_valid_i) || (!writes && !wrote_q))

  // Records that nobody has told of and that are not read, since when, and how many frames before them: counted apart.
  // Told and read are as seen by one who follows the order of the module's head: advanced, told, read, started.
  logic       open_q;          // there are some
  logic [10:0] age_q;          // clocks since the first of them was seen, as far as 2047
  index_t     mark_q;          // how far it was told of or read, whichever was later
  frame_cnt_t base_q;          // frames before the first of them
  index_t     mark;
  always_comb begin
    mark = mark_q;
    if (told) mark = now.cq_head;
    if (reads) mark = index_i;
    if (starts) mark = '0;
  end
  logic part;                  // read, and not all
  assign part = reads && beyond(now.cq_head, index_i);
  `NIC_ASSUME(ReadsWhatCame, !part || ever_q)

  logic fresh;                 // found in this clock
  assign fresh = moved_q && !open_q && beyond(now.cq_head, mark_q);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_q <= 1'b0;
      age_q  <= '0;
      mark_q <= '0;
      base_q <= '0;
    end else begin
      mark_q <= mark;
      if (age_q != '1) age_q <= age_q + 1'b1;
      if (fresh) begin
        open_q <= 1'b1;
        age_q  <= 11'd1;
      end
      if (told) open_q <= 1'b0;
      // What is left after a message and a read in one clock has been told of: it is let through.
      if (reads) open_q <= part && !(told && open_q);
      if (part && !open_q) age_q <= '0;
      if (starts) open_q <= 1'b0;
      if (moves && (!open_q || told || (reads && !part))) base_q <= now.cq_frames;
    end
  end

  logic [9:0] usecs, off_usecs;
  logic [7:0] frames, off_frames;
  logic       full, late, off;
  assign usecs  = dut.mod_q[mine].usecs;
  assign frames = dut.mod_q[mine].frames;
  assign off    = dut.off_q[mine];
  assign {off_usecs, off_frames} = (dut.set_q && dut.set_entry_q == mine) ? {dut.set_usecs_q, dut.set_frames_q} :
                                                                           {usecs, frames};
  assign full   = frames != '0 && 10'(now.cq_frames - base_q) >= 10'(frames);
  assign late   = usecs != '0 && age_q >= 11'(usecs);

  logic gone;                  // nothing is left that nobody knows of
  assign gone = told || starts || (reads && !part);

  // Clocks for which a limit has been passed and the ring is not let through.
  logic [2:0] overdue_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || !open_q || ready_o[mine] || gone || !(full || late || err)) overdue_q <= '0;
    else overdue_q <= overdue_q + 1'b1;
  end
  // It has been let through early only for what software was told of and has not read.
  logic again_q, reason_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || starts) again_q <= 1'b0;
    else if (part || (unmask_i && queue_i == mine && event_i[mine] && !told)) again_q <= 1'b1;
    else if (gone) again_q <= 1'b0;
    if (!rst_ni || gone) reason_q <= 1'b0;
    else reason_q <= reason_q || (open_q && (full || late || err));
  end

  logic ready_was_q, gone_q;
  always_ff @(posedge clk_i) begin
    ready_was_q <= rst_ni && dut.due_q[mine];
    gone_q      <= gone;
  end

  `NIC_ASSERT(NeverLate, overdue_q <= 3'(Queues))
  `NIC_ASSERT(NeverEarly, !ready_o[mine] || off || again_q || reason_q)
  `NIC_ASSERT(DueHasReason, !dut.due_q[mine] || again_q || reason_q)
  `NIC_ASSERT(OffIsAtOnce, !off || ready_o[mine])
  `NIC_ASSERT(OffIsNoLimit, off == ((off_usecs == '0 && off_frames == '0) || off_frames == 8'd1))
  `NIC_ASSERT(LetThroughUntilTold, !(was_valid_q && ready_was_q && !gone_q) || ready_o[mine])
  // What makes it inductive.
  `NIC_ASSERT(DecodedBefore, !req_i.valid || !dut.select_q || req_i.addr[15:12] == QP_BASE[15:12])
  `NIC_ASSERT(OpenIsRun, open_q == dut.run_q[mine])
  `NIC_ASSERT(OpenHasMoved, (!open_q && !moved_q || ever_q) && (!ever_q || set_q))
  `NIC_ASSERT(MovedAgrees, moved_q == (dut.moved_q && dut.moved_queue_q == mine))
  `NIC_ASSERT(MarkAgrees, starts || (dut.all_q[mine] ? now.cq_head : dut.mark_q[mine]) == mark_q)
  `NIC_ASSERT(NotAllAfterMove, !moved_q || !dut.all_q[mine])
  `NIC_ASSERT(BaseAgrees, !ever_q || dut.base_q[mine] == base_q)
  `NIC_ASSERT(AgeAgrees, !open_q || age_q == '1 || 21'(dut.now_q - dut.since_q[mine]) == 21'(age_q))
  `NIC_ASSERT(AgeIsBounded, !open_q || off || dut.due_q[mine] || usecs == '0 || age_q <= 11'(usecs) + 11'(overdue_q))
  `NIC_ASSERT(WrittenBefore, !dut.set_q || wrote_q)
  `NIC_ASSERT(LimitIsUsecs, dut.mod_q[mine].limit == 21'(usecs))
  `NIC_ASSERT(ScanComes, overdue_q == '0 || dut.due_q[mine] || (overdue_q == 3'd1 && dut.scan_q == mine))

  `NIC_COVER(ByTime, ready_o[mine] && usecs == 10'd3 && frames == '0 && !again_q && !err)
  `NIC_COVER(ByFrames, ready_o[mine] && frames == 8'd2 && usecs == '0 && !again_q && !err)
  `NIC_COVER(Held, open_q && !ready_o[mine] && age_q == 10'd4)
endmodule
