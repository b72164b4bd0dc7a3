// SPDX-License-Identifier: Apache-2.0
// nic_ring_ctl: a ring starts only when it is off, runs only while it is active and without error, stops after any
// pulse of 0 on its enable, and is off only when nothing of it is in flight; the first error is kept.

`include "nic_assert.svh"

module ring_ctl_proof
  import nic_pkg::*;
(
    input logic            clk_i,
    input logic            go_next_i,
    input logic            busy_i,
    input logic [2:0]      enable_i,
    input logic            err_read_i,
    input logic [1:0]      err_read_queue_i,
    input logic            err_write_i,
    input logic [1:0]      err_write_queue_i,
    input logic            err_desc_i,
    input logic [1:0]      err_desc_queue_i,
    input logic            err_tail_i,
    input logic            head_valid_i,
    input logic [1:0]      head_queue_i,
    input index_t          head_i,
    input logic            cq_valid_i,
    input logic [1:0]      cq_queue_i,
    input index_t          cq_head_i,
    input frame_cnt_t      cq_frames_i,
    input logic            work_begins_i,
    input logic            work_ends_i
);
  localparam int unsigned Queues = 3;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic [1:0]      scan_o, scan_next_o, before_o, start_queue_o;
  logic            start_o;
  logic [2:0]      run_o;
  ring_sts_t       sts_o [3];
  logic [2:0]      active_o, error_o;
  ring_error_e [2:0] code_o;
  nic_ring_ctl #(
      .Queues(Queues)
  ) dut (.*);

  logic       go_q;
  logic [1:0] before_q;  // scan_o of the clock before
  always_ff @(posedge clk_i) begin
    go_q     <= go_next_i;
    before_q <= rst_ni ? scan_o : '0;
  end

  // Surroundings: queues that exist; errors and progress are of active rings, progress not of one that ends.
  `NIC_ASSUME(QueuesExist, err_read_queue_i < 2'd3 && err_write_queue_i < 2'd3 && err_desc_queue_i < 2'd3 &&
                           head_queue_i < 2'd3 && cq_queue_i < 2'd3)
  `NIC_ASSUME(HeadOfActive, !head_valid_i || active_o[head_queue_i])
  `NIC_ASSUME(CqHeadOfActive, !cq_valid_i || active_o[cq_queue_i])
  `NIC_ASSUME(ErrorsOfActive, (!err_read_i || active_o[err_read_queue_i]) &&
                              (!err_write_i || active_o[err_write_queue_i]) &&
                              (!err_desc_i || active_o[err_desc_queue_i]) && (!err_tail_i || run_o[before_q]))

  logic [1:0] mine;      // any ring, for ever
  always_ff @(posedge clk_i) mine <= mine;
  `NIC_ASSUME(MineExists, mine < 2'd3)

  logic      was_q;      // the clock before counts
  logic      run_was_q, enable_was_q, busy_mine_q, start_mine, err_mine, err_was_q, dropped_q;
  typedef struct packed {
    ring_sts_t   sts;
    logic        active;
    logic        error;
    ring_error_e code;
  } shown_t;
  shown_t now, was_sts_q;
  logic [4:0] drain_q;   // clocks since the ring should stop in which nothing was in flight
  assign now        = {sts_o[mine], active_o[mine], error_o[mine], code_o[mine]};
  assign start_mine = start_o && start_queue_o == mine;
  assign err_mine   = (err_read_i && err_read_queue_i == mine) || (err_write_i && err_write_queue_i == mine) ||
                      (err_desc_i && err_desc_queue_i == mine) || (err_tail_i && before_q == mine);

  // What the datapath has under way for the ring: it begins only while the ring may run, busy_i tells of it when the
  // ring is looked at, a clock later, and what fails is of it.
  logic work_q, work_was_q;
  always_ff @(posedge clk_i) work_was_q <= rst_ni && work_q;
  always_ff @(posedge clk_i) work_q <= rst_ni && ((work_q && !work_ends_i) || (work_begins_i && run_o[mine]));
  `NIC_ASSUME(BusyWithWork, !(work_was_q && before_q == mine) || busy_i)
  `NIC_ASSUME(ErrorsAreOfWork, !err_mine || work_q || (err_tail_i && before_q == mine))

  always_ff @(posedge clk_i) begin
    was_q        <= rst_ni;
    was_sts_q    <= now;
    run_was_q    <= rst_ni && dut.run_q[mine];
    enable_was_q <= enable_i[mine];
    busy_mine_q  <= before_q == mine && busy_i;
    err_was_q    <= rst_ni && err_mine;
    // The enable has been 0 while the ring was active: from then on it is to stop.
    if (!rst_ni || !now.active) dropped_q <= 1'b0;
    else if (was_q && enable_was_q && !enable_i[mine]) dropped_q <= 1'b1;
    if (!rst_ni || !dropped_q || !now.active || (before_q == mine && busy_i)) drain_q <= '0;
    else drain_q <= drain_q + 1'b1;
  end

  logic rose, fell;
  assign rose = was_q && now.active && !was_sts_q.active;
  assign fell = was_q && !now.active && was_sts_q.active;

  `NIC_ASSERT(StartsWhenItRises, start_mine == rose)
  `NIC_ASSERT(StartsAtZero, !rose || (now.sts.head == '0 && now.sts.cq_head == '0 && !now.error))
  `NIC_ASSERT(RunsOnlyActive, !run_o[mine] || (now.active && go_q))
  `NIC_ASSERT(ErrorHaltsAtOnce, !err_was_q || (now.error && !dut.run_q[mine]) || fell)
  `NIC_ASSERT(HaltedStaysHalted, !dut.run_q[mine] || !now.error)
  `NIC_ASSERT(FirstErrorIsKept, !was_q || !was_sts_q.error || fell || (now.error &&
              now.code == was_sts_q.code))
  `NIC_ASSERT(EndsWithNothingInFlight, !fell || !busy_mine_q)
  `NIC_ASSERT(StopsWithinThreeTurns, drain_q <= 5'd9)
  // What makes it inductive.
  `NIC_ASSERT(ScanExists, scan_o < 2'd3 && before_q < 2'd3 && before_o == before_q)
  `NIC_ASSERT(ScanFollows, !was_q || scan_o == ((before_q == 2'd2) ? 2'd0 : before_q + 2'd1))
  for (genvar q = 0; q < 3; q++) begin : gen_ring
    `NIC_ASSERT(ActiveIsNotOff, active_o[q] == (dut.state_q[q] != 2'd0))
    `NIC_ASSERT(ResetIsOff, was_q || dut.state_q[q] == 2'd0)
    `NIC_ASSERT(ErrorIsOfActive, !error_o[q] || active_o[q])
    `NIC_ASSERT(RunIsRun, !dut.run_q[q] || dut.state_q[q] == 2'd2)
  end
  `NIC_ASSERT(NoneBeginsInStop, !(work_q && before_q == mine && dut.state_q[mine] == 2'd3) || work_was_q)
  `NIC_ASSERT(WorkIsOfRunOrStop, !work_q || dut.state_q[mine] >= 2'd2)
  `NIC_ASSERT(StartsSound, dut.state_q[mine] != 2'd1 || !now.error)
  `NIC_ASSERT(EnableAgrees, !was_q || dut.enable_q[mine] == enable_was_q)
  `NIC_ASSERT(DropIsKept, !dropped_q || !now.active || dut.drop_q[mine] || dut.state_q[mine] == 2'd3)
  logic [4:0] ahead;     // clocks until it is off, if nothing is in flight
  assign ahead = ((mine >= before_q) ? 5'(mine - before_q) : 5'(mine) + 5'd3 - 5'(before_q)) +
                 (dut.state_q[mine] == 2'd1 ? 5'd6 : dut.state_q[mine] == 2'd2 ? 5'd3 : 5'd0);
  `NIC_ASSERT(OffComesNearer, !dropped_q || !now.active || drain_q + ahead <= 5'd8)

  `NIC_COVER(StoppedWhileEnabled, fell && enable_was_q)
  `NIC_COVER(ErrorThenOff, fell && was_sts_q.error)
  logic lived_q;         // it has been on and off
  always_ff @(posedge clk_i) lived_q <= rst_ni && (lived_q || fell);
  `NIC_COVER(SecondLife, rose && lived_q)
endmodule
