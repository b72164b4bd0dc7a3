// SPDX-License-Identifier: Apache-2.0
// Moderation of the events of all completion rings of one direction (IRQ_TX_MOD or IRQ_RX_MOD).
//
// A ring's event may interrupt (ready_o) when usecs have passed since the first record that no interrupt has told of,
// or when frames have gathered since then; at once without limits, after an error, and for what an interrupt has told
// of and software, unmasking, has not read. mark is how far the ring was told of or read, whichever was later; each
// advance of the ring is compared with it. Nothing is told later than the limits say for the oldest untold record; if
// software has read only a part of them, the rest may be told earlier. A new limit holds in the second clock
// after it is written, and where there is none any more, at once.
//
// While records are held back, one ring is looked at in each clock: ready_o follows a limit or an error by at most
// Queues clocks, and is never before it. Where things meet in one clock, the order is: advanced, looked at, told, read
// or unmasked, started.

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
    input  logic                   cq_valid_i,      // cq_head of ring cq_queue_i advances with the next clock
    input  logic [QueueWidth-1:0]  cq_queue_i,
    input  logic                   start_i,         // ring start_queue_i begins anew at index 0
    input  logic [QueueWidth-1:0]  start_queue_i,
    input  logic [Queues-1:0]      error_i,         // halted
    input  logic [Queues-1:0]      event_i,         // a record is newer than what software has read

    // software and messages
    input  logic                   seen_i,          // it has read ring queue_i up to index_i
    input  logic                   unmask_i,        // queue_i, masked so far, is unmasked by IRQ_MASK
    input  logic [QueueWidth-1:0]  queue_i,
    input  index_t                 index_i,
    input  logic [Queues-1:0]      told_i,          // a message that tells of these rings is handed over

    output logic [Queues-1:0]      ready_o
);

  localparam int unsigned TimeWidth = 21;   // clocks: more than usecs can be, at any ClockMhz
  typedef logic [QueueWidth-1:0] queue_idx_t;
  typedef logic [TimeWidth-1:0]  clocks_t;

  // ------------------------------------------------------------------ the register
  typedef struct packed {
    clocks_t    limit;                      // usecs in clocks
    logic [7:0] frames;
    logic [9:0] usecs;
  } mod_t;

  mod_t              mod_q [Queues];
  logic [Queues-1:0] off_q;                 // each record interrupts at once
  logic              select_q, select;
  queue_idx_t        entry;
  logic [31:0]       old;                   // of the register that is asked for
  logic              set_q;                 // it was written, a clock ago: now its limits hold
  queue_idx_t        set_entry_q;
  logic [9:0]        set_usecs_q;
  logic [7:0]        set_frames_q;

  assign entry = req_i.addr[8+:QueueWidth];

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      select_q <= req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues && req_i.addr[7:0] == Offset;
    end
  end
  assign select = req_i.valid && select_q;

  always_comb begin
    old = '0;
    if (select) begin
      old[QP_IRQ_RX_MOD_USECS_LSB+:QP_IRQ_RX_MOD_USECS_WIDTH]   = mod_q[entry].usecs;
      old[QP_IRQ_RX_MOD_FRAMES_LSB+:QP_IRQ_RX_MOD_FRAMES_WIDTH] = mod_q[entry].frames;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) rsp_o <= select ? '{hit: 1'b1, rdata: old} : '0;
    set_q <= select && req_i.write;
    if (select && req_i.write) begin
      automatic logic [9:0] usecs  = 10'(apply_strb(old, req_i.wdata, req_i.wstrb) >> QP_IRQ_RX_MOD_USECS_LSB);
      automatic logic [7:0] frames = 8'(apply_strb(old, req_i.wdata, req_i.wstrb) >> QP_IRQ_RX_MOD_FRAMES_LSB);
      off_q[entry] <= (usecs == '0 && frames == '0) || frames == 8'd1;
      set_entry_q  <= entry;
      set_usecs_q  <= usecs;
      set_frames_q <= frames;
    end
    if (set_q) begin
      mod_q[set_entry_q] <= '{
          limit: clocks_t'(set_usecs_q) * clocks_t'(ClockMhz),
          frames: set_frames_q,
          usecs: set_usecs_q
      };
    end
    if (!rst_ni) begin
      set_q <= 1'b0;
      off_q <= '1;
      for (int unsigned q = 0; q < Queues; q++) mod_q[q] <= '0;
    end
  end

  // ------------------------------------------------------------------ state of the rings
  logic [Queues-1:0] run_q;                 // a record is there that was not told of, since since_q
  logic [Queues-1:0] due_q;                 // it may be told
  logic [Queues-1:0] all_q;                 // all are told of: the mark is cq_head, mark_q does not matter
  index_t            mark_q [Queues];
  clocks_t           since_q [Queues];
  frame_cnt_t        base_q [Queues];       // cq_frames before the first record that was not told of
  clocks_t           now_q;
  queue_idx_t        scan_q;                // the ring that is looked at
  logic              moved_q;               // a clock ago: cq_valid_i
  queue_idx_t        moved_queue_q;

  always_ff @(posedge clk_i) begin
    moved_q <= cq_valid_i && rst_ni;
    if (cq_valid_i) moved_queue_q <= cq_queue_i;
    now_q <= now_q + 1'b1;
    if (!rst_ni) now_q <= '0;
  end

  always_ff @(posedge clk_i) begin
    // since_q says something only while run_q.
    if (moved_q) begin
      automatic queue_idx_t moved = moved_queue_q;
      if (!run_q[moved]) begin
        since_q[moved] <= now_q;
        if (beyond(sts_i[moved].cq_head, mark_q[moved])) run_q[moved] <= 1'b1;
      end
    end

    // The ring that is looked at
    if ((run_q & ~due_q) != '0) begin
      scan_q <= scan_q == queue_idx_t'(Queues - 1) ? '0 : scan_q + 1'b1;
      if (run_q[scan_q]) begin
        automatic mod_t       mod      = mod_q[scan_q];
        automatic frame_cnt_t gathered = sts_i[scan_q].cq_frames - base_q[scan_q];
        automatic clocks_t    elapsed  = now_q - since_q[scan_q];
        automatic logic       full     = mod.frames != '0 && gathered >= frame_cnt_t'(mod.frames);
        automatic logic       late     = mod.usecs != '0 && elapsed >= mod.limit;
        if (full || late || error_i[scan_q]) due_q[scan_q] <= 1'b1;
      end
    end

    if (told_i != '0) begin
      for (int unsigned q = 0; q < Queues; q++) begin
        if (told_i[q]) begin
          run_q[q] <= 1'b0;
          due_q[q] <= 1'b0;
          all_q[q] <= 1'b1;
        end
      end
    end

    // What the ring was before it advances
    if (cq_valid_i) begin
      automatic logic read = seen_i && queue_i == cq_queue_i && !beyond(sts_i[cq_queue_i].cq_head, index_i);
      all_q[cq_queue_i] <= 1'b0;
      if (all_q[cq_queue_i] || told_i[cq_queue_i]) mark_q[cq_queue_i] <= sts_i[cq_queue_i].cq_head;
      if (!run_q[cq_queue_i] || told_i[cq_queue_i] || read) base_q[cq_queue_i] <= sts_i[cq_queue_i].cq_frames;
    end

    if (seen_i) begin
      automatic index_t head = sts_i[queue_i].cq_head;
      all_q[queue_i]  <= 1'b0;
      mark_q[queue_i] <= index_i;
      // What it was told of and has not read is not held back again.
      if (beyond(all_q[queue_i] || told_i[queue_i] ? head : mark_q[queue_i], index_i)) due_q[queue_i] <= 1'b1;
      if (!run_q[queue_i]) since_q[queue_i] <= now_q + 1'b1;
      run_q[queue_i] <= beyond(head, index_i) && !(run_q[queue_i] && told_i[queue_i]);
      if (!beyond(head, index_i)) due_q[queue_i] <= 1'b0;
    end
    if (unmask_i) begin
      if (event_i[queue_i] && !told_i[queue_i]) due_q[queue_i] <= 1'b1;
    end

    if (start_i) begin
      run_q[start_queue_i] <= 1'b0;
      due_q[start_queue_i] <= 1'b0;
      all_q[start_queue_i] <= 1'b1;
    end
    if (!rst_ni) begin
      run_q  <= '0;
      due_q  <= '0;
      all_q  <= '1;
      scan_q <= '0;
    end
  end

  assign ready_o = off_q | due_q;

  // A ring has one burst of records outstanding: it does not advance in two clocks that follow each other.
  `NIC_ASSERT_IF(ModerateRingRests, cq_valid_i, !(moved_q && moved_queue_q == cq_queue_i))
  `NIC_ASSERT(ModerateOneCommand, !(seen_i && unmask_i))

endmodule
