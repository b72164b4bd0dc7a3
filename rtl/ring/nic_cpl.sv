// SPDX-License-Identifier: Apache-2.0
// Writes completion records to host memory, of both directions, and reports them as written once they are answered.
//
// RX: all records of a queue that are ready, up to 16 in one burst. TX: one record for all frames sent since the
// last, when nic_cpl_tx says so. A halted ring gets a last record with the error when all that was in flight is completed
// (not if the error was the write of a record: that ring is dead, and what it would report is forgotten).
//
// One job at a time goes through
//   Look   the queue of each clock (scan_i), and a clock later (before_i) whether it has something to do: RX first. Its ring
//          is taken; where its next record goes, and how many follow without a gap
//   Size   as many records as are ready
//   Send   nic_cpl_burst makes the beats; then the ring moves on
//
// One burst of a completion ring is outstanding at a time, from Look to its answer; meanwhile further records gather for
// the next. A queue pair that is to be told of by an MSI-X begins no burst (hold_i), so that its outstanding ones come to
// their end (out_o); one that was begun as the message is handed over is offered later than that.

`include "nic_assert.svh"

module nic_cpl
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned Records   = 32,          // of an RX queue's record list
    parameter int unsigned TxDelay   = 512,         // clocks
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic stop_i,                            // device reset: begin nothing new
    output logic busy_o,                            // a burst is being built

    // rings
    input  logic [63:0]              tx_base_i,     // completion ring of ring scan_i
    input  logic [3:0]               tx_log2_i,
    input  logic [63:0]              rx_base_i,
    input  logic [3:0]               rx_log2_i,
    input  logic [Queues-1:0]        tx_error_i,
    input  ring_error_e [Queues-1:0] tx_code_i,
    input  logic [Queues-1:0]        rx_error_i,
    input  ring_error_e [Queues-1:0] rx_code_i,
    input  logic                     tx_start_i,
    input  logic [QWidth-1:0]        tx_start_queue_i,
    input  logic                     rx_start_i,
    input  logic [QWidth-1:0]        rx_start_queue_i,
    input  logic [QWidth-1:0]        scan_i,
    input  logic [QWidth-1:0]        before_i,      // scan_i of the clock before
    output logic                     tx_busy_o,     // ring before_i: something is not completed yet
    output logic                     rx_busy_o,
    input  logic [Queues-1:0]        hold_i,        // begin no burst of these queue pairs
    output logic [Queues-1:0]        out_o,         // they have a burst outstanding

    // TX: frames sent
    input  logic                     sent_i,
    input  logic [QWidth-1:0]        sent_queue_i,
    input  index_t                   sent_end_i,
    input  logic                     tx_idle_i,     // ring before_i had no frame, no descriptor, no read

    // RX: ready records; rec_i is that of rec_queue_o from the second clock on
    input  logic                     scan_ready_i,  // ring scan_i has one
    output logic [QWidth-1:0]        rec_queue_o,
    input  logic [$clog2(Records):0] rec_ready_i,   // ring before_i had so many, if any
    input  rx_record_t               rec_i,
    input  logic                     rec_err_i,
    output logic                     rec_pop_o,
    input  logic                     rx_idle_i,     // ring scan_i: no frame is written, no record is kept
    input  index_t                   rx_head_i,     // of ring scan_i: the descriptor that is reported with an error

    // beats to the write channels
    output logic                     out_valid_o,
    input  logic                     out_ready_i,
    output logic                     out_first_o,
    output logic                     out_last_o,
    output dma_req_t                 out_req_o,
    output logic [DataWidth-1:0]     out_data_o,
    output logic [Bytes-1:0]         out_strb_o,

    // answers to completion writes
    input  logic                     b_valid_i,
    input  logic                     b_tx_i,        // else RX
    input  logic [QWidth-1:0]        b_queue_i,
    input  logic                     b_err_i,

    // progress of the completion rings
    output logic                     tx_cq_valid_o,
    output logic                     rx_cq_valid_o,
    output logic [QWidth-1:0]        cq_queue_o,
    output index_t                   cq_head_o,
    output frame_cnt_t               cq_frames_o    // that the records so far report
);

  typedef enum logic [1:0] {Look, Size, Send} state_e;

  // ------------------------------------------------------------------ Look: what there is, in the clock of scan_i
  state_e      state_q;
  logic        take, look_q, ready_q, tx_err, rx_err, tx_out, rx_out, tx_silent, rx_silent, tx_new, tx_due, tx_marked;
  logic        rx_can, tx_can, find, rx_can_q, tx_can_q, tx_err_q, tell_tx, tx_busy_q, rx_busy_q;
  typedef struct packed {
    logic [63:0] base;
    index_t      mask;                  // entries, less one
    index_t      next;
  } place_t;
  place_t      tx_place_q, rx_place_q, place;       // they stay for the job
  index_t      tx_next, rx_next, rx_head_q;
  logic [Queues-1:0] here_q;            // before_i

  assign tx_err = tx_error_i[scan_i] && tx_code_i[scan_i] != ErrAxiWrite && !tx_silent;
  assign rx_err = rx_error_i[scan_i] && rx_code_i[scan_i] != ErrAxiWrite && !rx_silent;
  assign rx_can = !rx_out && (scan_ready_i || (rx_err && rx_idle_i));
  assign tx_can = !tx_out && tx_due;
  assign find   = state_q == Look && !take && (scan_ready_i || rx_error_i[scan_i] || tx_marked);   // at least then

  assign tell_tx = tx_err_q && tx_idle_i;

  // What can be taken now can be so a clock later, if none was taken meanwhile: then the state is another.
  always_ff @(posedge clk_i) begin
    look_q    <= state_q == Look && rst_ni;
    here_q    <= Queues'(1) << scan_i;
    ready_q   <= scan_ready_i;
    rx_can_q  <= rx_can;
    tx_can_q  <= tx_can;
    tx_err_q  <= tx_err;
    tx_busy_q <= tx_out || tx_new || tx_err;
    rx_busy_q <= rx_out || rx_err;
    if (find) begin
      tx_place_q <= '{base: tx_base_i, mask: ~(16'hFFFF << tx_log2_i), next: tx_next};
      rx_place_q <= '{base: rx_base_i, mask: ~(16'hFFFF << rx_log2_i), next: rx_next};
      rx_head_q  <= rx_head_i;
    end
  end

  // ------------------------------------------------------------------ and whether it is to be done
  logic       take_tx, tell;     // with take: a TX ring; the record of its error
  index_t     tx_head;
  frame_cnt_t tx_frames;

  assign take      = state_q == Look && look_q && !stop_i && (rx_can_q || tx_can_q) && (hold_i & here_q) == '0;
  assign take_tx   = take && !rx_can_q;
  assign tell      = rx_can_q ? !ready_q : tell_tx;
  assign tx_busy_o = tx_busy_q;
  assign rx_busy_o = rx_busy_q;
  assign place     = rx_can_q ? rx_place_q : tx_place_q;

  nic_cpl_tx #(.Queues(Queues), .TxDelay(TxDelay)) u_tx (
      .clk_i,
      .rst_ni,
      .start_i      (tx_start_i),
      .start_queue_i(tx_start_queue_i),
      .sent_i, .sent_queue_i, .sent_end_i,
      .scan_i,
      .log2_i       (tx_log2_i),
      .err_i        (tx_err),
      .new_o        (tx_new),
      .due_o        (tx_due),
      .marked_o     (tx_marked),
      .before_i,
      .idle_i       (tx_idle_i),
      .tell_i       (tell_tx),
      .head_o       (tx_head),
      .frames_o     (tx_frames),
      .take_i       (take_tx)
  );

  // ------------------------------------------------------------------ the job
  logic              job_tx_q;          // a TX ring's
  logic              job_own_q;         // one record, not of the list
  logic              job_drop_q;        // what a dead ring would report is forgotten
  logic [QWidth-1:0] job_queue_q;
  logic [$clog2(Records):0] job_ready_q;
  frame_cnt_t        job_frames_q;
  index_t            job_head_q;
  ring_error_e       job_code_q;

  logic              ring_dead;
  frame_cnt_t        ring_frames;
  logic              job_phase;
  logic [63:0]       job_addr;
  logic [4:0]        records, job_records_q, eops;
  logic [7:0]        len;
  logic              size, pop, done;

  assign size = state_q == Size;

  always_ff @(posedge clk_i) begin
    if (take) begin
      job_queue_q  <= before_i;
      job_tx_q     <= !rx_can_q;
      job_drop_q   <= ring_dead;
      job_ready_q  <= rec_ready_i;
      if (!rx_can_q) begin
        job_own_q    <= 1'b1;
        job_frames_q <= tx_frames;
        job_head_q   <= tx_head;
        job_code_q   <= tell ? tx_code_i[before_i] : ErrNone;
      end else begin
        job_own_q    <= !ready_q;
        job_frames_q <= ring_frames;
        job_head_q   <= rx_head_q;
        job_code_q   <= rx_code_i[before_i];
      end
      state_q <= Size;
    end
    if (size) begin
      job_records_q <= records;
      out_req_o <= '{id: '{kind: job_tx_q ? WrTxCpl : WrRxCpl, qp: queue_t'(job_queue_q)}, addr: job_addr, len: len};
      state_q   <= job_drop_q ? Look : Send;
    end
    if (done) state_q <= Look;
    if (!rst_ni) state_q <= Look;
  end

  nic_cpl_place #(
      .Records(Records)
  ) u_place (
      .clk_i,
      .rst_ni,
      .place_i  (state_q == Look && (rx_can_q || tx_can_q)),
      .base_i   (place.base),
      .mask_i   (place.mask),
      .next_i   (place.next),
      .addr_o   (job_addr),
      .phase_o  (job_phase),
      .size_i   (size),
      .own_i    (job_own_q),
      .drop_i   (job_drop_q),
      .ready_i  (job_ready_q),
      .records_o(records)
  );

  nic_cpl_burst #(
      .DataWidth(DataWidth)
  ) u_burst (
      .clk_i,
      .rst_ni,
      .start_i  (size),
      .active_i (state_q == Send),
      .records_i(records),
      .line_i   (job_addr[7:4]),
      .own_i    (job_own_q),
      .tx_i     (job_tx_q),
      .phase_i  (job_phase),
      .head_i   (job_head_q),
      .code_i   (job_code_q),
      .len_o    (len),
      .done_o   (done),
      .rec_i,
      .rec_err_i,
      .rec_pop_o(pop),
      .eops_o   (eops),
      .out_valid_o, .out_ready_i, .out_first_o, .out_last_o, .out_data_o, .out_strb_o
  );

  assign rec_queue_o = job_queue_q;
  assign rec_pop_o   = pop || (size && job_drop_q && !job_own_q);
  assign busy_o      = state_q != Look;

  // ------------------------------------------------------------------ state of the rings
  nic_cpl_rings #(
      .Queues(Queues)
  ) u_rings (
      .clk_i,
      .rst_ni,
      .tx_start_i, .tx_start_queue_i, .rx_start_i, .rx_start_queue_i,
      .scan_i,
      .tx_out_o   (tx_out),
      .rx_out_o   (rx_out),
      .tx_silent_o(tx_silent),
      .rx_silent_o(rx_silent),
      .before_i,
      .take_i     (take),
      .take_tx_i  (!rx_can_q),
      .tell_i     (tell),
      .dead_o     (ring_dead),
      .tx_next_o  (tx_next),
      .rx_next_o  (rx_next),
      .frames_o   (ring_frames),
      .done_i     (done),
      .done_ring_i({job_tx_q, job_queue_q}),
      .next_i     ((job_tx_q ? tx_place_q.next : rx_place_q.next) + index_t'(job_records_q)),
      .frames_i   (job_frames_q + frame_cnt_t'(eops)),
      .b_valid_i,
      .b_tx_i,
      .b_queue_i,
      .b_err_i,
      .tx_cq_valid_o, .rx_cq_valid_o, .cq_queue_o, .cq_head_o, .cq_frames_o,
      .out_o
  );

endmodule
