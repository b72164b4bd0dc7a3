// SPDX-License-Identifier: Apache-2.0
// Moderation of the events of all completion rings of one direction (IRQ_TX_MOD or IRQ_RX_MOD).
//
// A ring's event may interrupt (ready_o) when usecs have passed since the first record that no interrupt has told of,
// or when frames have gathered since then; at once without limits, after an error, and for what an interrupt has told
// of and software, unmasking, has not read. mark is how far the ring was told of or read, whichever was later, and all
// is derived from where cq_head and cq_frames are: there is no edge to miss. Nothing is told later than the limits say
// for the oldest untold record; if IRQ_ARM covers only a part of them, the rest may be told earlier.
//
// One ring is looked at in each clock, so ready_o follows a limit by at most Queues clocks, and is never before it.
// Where things meet in one clock, the order is: looked at, told, armed or unmasked, ring started.

`include "nic_assert.svh"

module nic_irq_moderate
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    parameter  int unsigned ClockMhz   = 250,                             // of clk_i, at most 1023
    parameter  logic [7:0]  Offset     = QP_IRQ_RX_MOD_OFFSET[7:0],       // of the register in a queue pair's block
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    // rings
    input  ring_sts_t              sts_i [Queues],
    input  logic [Queues-1:0]      event_i,         // a record is newer than IRQ_ARM said
    input  logic [Queues-1:0]      restart_i,       // the ring begins anew at index 0

    // vectors
    input  logic                   arm_i,           // IRQ_ARM of vector_i is written
    input  logic                   unmask_i,        // IRQ_MASK of vector_i, masked so far, is written 0
    input  logic [QueueWidth-1:0]  vector_i,
    input  index_t                 index_i,         // with arm_i
    input  logic                   told_i,          // told_vector_i's message is handed over
    input  logic [QueueWidth-1:0]  told_vector_i,

    output logic [Queues-1:0]      ready_o
);

  localparam int unsigned TimeWidth = 21;   // clocks: more than usecs can be, at any ClockMhz
  typedef logic [QueueWidth-1:0] queue_idx_t;
  typedef logic [TimeWidth-1:0]  clocks_t;

  // ------------------------------------------------------------------ the register
  logic [9:0]        usecs_q [Queues];
  logic [7:0]        frames_q [Queues];
  clocks_t           limit_q [Queues];      // usecs in clocks
  logic [Queues-1:0] off_q;                 // each record interrupts at once
  logic              select;
  queue_idx_t        entry;
  logic [31:0]       old;
  logic [9:0]        usecs;
  logic [7:0]        frames;

  assign select = req_i.valid && req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues &&
                  req_i.addr[7:0] == Offset;
  assign entry  = req_i.addr[8+:QueueWidth];
  assign usecs  = 10'(apply_strb(old, req_i.wdata, req_i.wstrb) >> QP_IRQ_RX_MOD_USECS_LSB);
  assign frames = 8'(apply_strb(old, req_i.wdata, req_i.wstrb) >> QP_IRQ_RX_MOD_FRAMES_LSB);

  always_comb begin
    old = '0;
    old[QP_IRQ_RX_MOD_USECS_LSB+:QP_IRQ_RX_MOD_USECS_WIDTH]   = usecs_q[entry];
    old[QP_IRQ_RX_MOD_FRAMES_LSB+:QP_IRQ_RX_MOD_FRAMES_WIDTH] = frames_q[entry];
  end

  always_ff @(posedge clk_i) begin
    rsp_o <= '0;
    if (select) rsp_o <= '{hit: 1'b1, rdata: old};
    if (select && req_i.write) begin
      usecs_q[entry]  <= usecs;
      frames_q[entry] <= frames;
      limit_q[entry]  <= clocks_t'(usecs) * clocks_t'(ClockMhz);
      off_q[entry]    <= (usecs == '0 && frames == '0) || frames == 8'd1;
    end
    if (!rst_ni) begin
      off_q <= '1;
      for (int unsigned q = 0; q < Queues; q++) begin
        usecs_q[q]  <= '0;
        frames_q[q] <= '0;
        limit_q[q]  <= '0;
      end
    end
  end

  // ------------------------------------------------------------------ state of the rings
  logic [Queues-1:0] run_q;                 // a record is there that was not told of, since since_q
  logic [Queues-1:0] due_q;                 // it may be told
  logic [Queues-1:0] marked_q;              // mark_q holds, else the mark is 0
  index_t            mark_q [Queues];
  clocks_t           since_q [Queues];
  frame_cnt_t        base_q [Queues];       // cq_frames at the mark
  clocks_t           now_q;
  queue_idx_t        scan_q;                // the ring that is looked at

  function automatic index_t mark_of(queue_idx_t q);
    return marked_q[q] ? mark_q[q] : '0;
  endfunction

  // The ring that is looked at
  logic       full, late, fresh;
  frame_cnt_t gathered;
  clocks_t    elapsed;
  assign gathered = sts_i[scan_q].cq_frames - base_q[scan_q];
  assign elapsed  = now_q - since_q[scan_q];
  assign full     = frames_q[scan_q] != '0 && gathered >= frame_cnt_t'(frames_q[scan_q]);
  assign late     = usecs_q[scan_q] != '0 && elapsed >= limit_q[scan_q];
  assign fresh    = beyond(sts_i[scan_q].cq_head, mark_of(scan_q));

  // The vector that is armed
  logic   both;                             // and told in this clock
  logic   read;                             // all its records are read
  logic   again;                            // one that was told of is not
  index_t head;
  assign both  = told_i && told_vector_i == vector_i;
  assign head  = sts_i[vector_i].cq_head;
  assign read  = !beyond(head, index_i);
  assign again = beyond(both ? head : mark_of(vector_i), index_i);

  always_ff @(posedge clk_i) begin
    now_q  <= now_q + 1'b1;
    scan_q <= scan_q == queue_idx_t'(Queues - 1) ? '0 : scan_q + 1'b1;

    if (run_q[scan_q]) begin
      if (full || late) due_q[scan_q] <= 1'b1;
    end else if (fresh) begin
      run_q[scan_q]   <= 1'b1;
      since_q[scan_q] <= now_q;
    end else begin
      base_q[scan_q] <= sts_i[scan_q].cq_frames;
    end

    if (told_i) begin
      run_q[told_vector_i]    <= 1'b0;
      due_q[told_vector_i]    <= 1'b0;
      marked_q[told_vector_i] <= 1'b1;
      mark_q[told_vector_i]   <= sts_i[told_vector_i].cq_head;
      base_q[told_vector_i]   <= sts_i[told_vector_i].cq_frames;
    end

    if (arm_i) begin
      marked_q[vector_i] <= 1'b1;
      mark_q[vector_i]   <= index_i;
      if (again) due_q[vector_i] <= 1'b1;
      if (read) begin
        run_q[vector_i]  <= 1'b0;
        due_q[vector_i]  <= 1'b0;
        base_q[vector_i] <= sts_i[vector_i].cq_frames;
      end
    end
    if (unmask_i && event_i[vector_i] && !both) due_q[vector_i] <= 1'b1;

    for (int unsigned q = 0; q < Queues; q++) begin
      if (restart_i[q]) begin
        run_q[q]    <= 1'b0;
        due_q[q]    <= 1'b0;
        marked_q[q] <= 1'b0;
        base_q[q]   <= '0;
      end
    end
    if (!rst_ni) begin
      run_q    <= '0;
      due_q    <= '0;
      marked_q <= '0;
      now_q    <= '0;
      scan_q   <= '0;
    end
  end

  always_comb begin
    for (int unsigned q = 0; q < Queues; q++) ready_o[q] = off_q[q] || due_q[q] || sts_i[q].error;
  end

  `NIC_ASSERT(ModerateOneCommand, !(arm_i && unmask_i))

endmodule
