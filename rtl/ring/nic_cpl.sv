// SPDX-License-Identifier: Apache-2.0
// Writes completion records to host memory, of both directions, and reports them as written once they are answered.
//
// RX: all records of a queue that are ready, up to 16 in one burst. TX: one record for all frames sent since the
// last, when a quarter of the ring (at most 16 descriptors) has gathered, when the queue has nothing left to do, or
// after TxDelay clocks. A queue is looked at in each clock, in turn. A halted ring gets a last record with the error
// when all that was in flight is completed (not if the error was the write of a record: that ring is silent).
//
// One burst of a completion ring is outstanding at a time; while it is, further records gather for the next. An
// MSI-X waits for the outstanding records of its vector's rings (msix_hold_o), and new ones for the MSI-X's answer:
// so it overtakes none.

`include "nic_assert.svh"

module nic_cpl
  import nic_pkg::*;
  import nic_dma_pkg::*;
  import nic_regs_pkg::*;
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
    input  ring_sts_t                tx_sts_i [Queues],
    input  ring_sts_t                rx_sts_i [Queues],
    input  logic                     tx_start_i,
    input  logic [QWidth-1:0]        tx_start_queue_i,
    input  logic                     rx_start_i,
    input  logic [QWidth-1:0]        rx_start_queue_i,
    input  logic [QWidth-1:0]        scan_i,
    output logic                     tx_busy_o,     // ring scan_i: something is not completed yet
    output logic                     rx_busy_o,

    // TX: frames sent
    input  logic                     sent_i,
    input  logic [QWidth-1:0]        sent_queue_i,
    input  index_t                   sent_end_i,
    input  logic                     tx_idle_i,     // ring scan_i: no frame, no descriptor, no read

    // RX: ready records
    output logic [QWidth-1:0]        rec_queue_o,
    input  logic [$clog2(Records):0] rec_ready_i,
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
    output frame_cnt_t               cq_frames_o,   // that the records so far report

    // MSI-X
    input  logic                     msix_valid_i,
    input  logic [QWidth-1:0]        msix_queue_i,
    input  logic                     msix_sent_i,   // accepted by the write channels
    input  logic                     msix_done_i,   // answered
    output logic                     msix_hold_o
);

  localparam int unsigned Slots     = 1 << QWidth;
  localparam int unsigned MaxRecs   = 16;              // of a burst, which ends at a multiple of 256 bytes
  localparam int unsigned PerBeat   = (DataWidth > 128) ? DataWidth / 128 : 1;
  localparam int unsigned LaneLog2  = (PerBeat > 1) ? $clog2(PerBeat) : 1;

  // Completion rings of both directions in one array: {TX, queue}.
  index_t cq_q [2 * Slots];             // next record to write
  logic   out_q [2 * Slots];            // a burst is outstanding
  logic   dead_q [2 * Slots];           // a record could not be written
  logic   told_q [2 * Slots];           // the error record is made
  index_t done_q [Slots];               // TX: first descriptor not done
  index_t rep_q [Slots];                // TX: the same, as last reported
  frame_cnt_t sent_q [Slots];           // TX: frames sent
  frame_cnt_t tx_frames_q [Slots];      // TX: the same, as last reported
  frame_cnt_t rx_frames_q [Slots];      // RX: frames reported
  logic [11:0] since_q [Slots];         // TX: when the first frame not reported was sent
  logic [11:0] now_q;

  // ------------------------------------------------------------------ is there something for the queue looked at?
  logic [QWidth:0] tx_ring, rx_ring;
  logic            idle, blocked;
  logic            msix_out_q;             // an MSI-X is sent and not answered
  logic            tx_new, tx_enough, tx_err, tx_go, rx_err, rx_go, rx_drop;
  index_t          tx_gathered;

  assign tx_ring     = {1'b1, scan_i};
  assign rx_ring     = {1'b0, scan_i};
  assign tx_gathered = done_q[scan_i] - rep_q[scan_i];
  assign tx_new      = tx_gathered != '0;
  assign tx_enough   = tx_gathered >= 16'd16 || tx_gathered >= (16'd1 << (tx_log2_i - 4'd2)) ||
                       (now_q - since_q[scan_i]) >= 12'(TxDelay);
  assign tx_err      = tx_sts_i[scan_i].error && tx_sts_i[scan_i].error_code != ErrAxiWrite && !told_q[tx_ring] &&
                       !dead_q[tx_ring];
  assign rx_err      = rx_sts_i[scan_i].error && rx_sts_i[scan_i].error_code != ErrAxiWrite && !told_q[rx_ring] &&
                       !dead_q[rx_ring];
  assign tx_go       = !out_q[tx_ring] && !dead_q[tx_ring] &&
                       ((tx_new && (tx_enough || tx_idle_i)) || (tx_err && tx_idle_i));
  assign rx_go       = !out_q[rx_ring] && !dead_q[rx_ring] && (rec_ready_i != '0 || (rx_err && rx_idle_i));
  assign rx_drop     = idle && dead_q[rx_ring] && rec_ready_i != '0;
  assign tx_busy_o   = out_q[tx_ring] || tx_new || tx_err;
  assign rx_busy_o   = out_q[rx_ring] || rx_err;

  // ------------------------------------------------------------------ the burst
  logic              build_tx_q, build_err_q, first_q, last_q, beat_valid_q, half_q;
  logic [QWidth-1:0] build_queue_q;
  logic [4:0]        left_q;                 // records still to put into beats
  logic [LaneLog2-1:0] lane_q;
  logic              phase_q;
  index_t            head_q;                 // TX: head; RX error record: index
  ring_error_e       code_q;
  dma_req_t          req_q;
  logic [PerBeat-1:0][127:0] acc_q;
  logic [PerBeat-1:0]        strb_q;         // records in the beat

  logic              begin_tx, begin_rx, start, step, accepted, beat_done;
  logic [QWidth:0]   ring;
  logic [3:0]        log2;
  index_t            size, slot, to_end;
  logic [63:0]       addr;
  logic [4:0]        n, to_align;
  logic [3:0]        lane0;
  logic [7:0]        len;

  assign idle     = left_q == '0 && !beat_valid_q;
  assign blocked  = (msix_valid_i || msix_out_q) && msix_queue_i == scan_i;
  assign begin_rx = idle && !stop_i && !blocked && rx_go;
  assign begin_tx = idle && !stop_i && !blocked && !rx_go && tx_go;
  assign start    = begin_rx || begin_tx;

  assign ring     = {!rx_go, scan_i};
  assign log2     = rx_go ? rx_log2_i : tx_log2_i;
  assign size     = 16'd1 << log2;
  assign slot     = cq_q[ring] & (size - 1'b1);
  assign addr     = (rx_go ? rx_base_i : tx_base_i) + {44'b0, slot, 4'b0};
  assign to_end   = size - slot;
  assign to_align = 5'd16 - {1'b0, addr[7:4]};
  assign lane0    = addr[7:4] & 4'(PerBeat - 1);

  always_comb begin
    n = 5'd1;
    if (begin_rx && rec_ready_i != '0) begin
      n = to_align;
      if (to_end < {11'b0, n}) n = to_end[4:0];
      if (32'(rec_ready_i) < 32'(n)) n = 5'(rec_ready_i);
    end
  end

  assign len = (DataWidth == 64) ? {2'b0, n, 1'b0} - 8'd1 : (8'(lane0) + 8'(n) - 8'd1) / 8'(PerBeat);

  // One record a clock into the beat; a beat is offered when it is full or the burst is at its end.
  assign accepted  = out_valid_o && out_ready_i;
  assign beat_done = accepted && (DataWidth != 64 || half_q);
  assign step      = left_q != '0 && (!beat_valid_q || beat_done);

  assign rec_queue_o = idle ? scan_i : build_queue_q;
  assign rec_pop_o   = rx_drop || (step && !build_tx_q && !build_err_q);

  tx_completion_t tx_rec;
  rx_completion_t rx_rec;
  logic [127:0]   rec;

  always_comb begin
    tx_rec            = '0;
    tx_rec.phase      = phase_q;
    tx_rec.error_code = code_q;
    tx_rec.head       = head_q;
    rx_rec            = '0;
    rx_rec.phase      = phase_q;
    if (build_err_q) begin
      rx_rec.error_code = code_q;
      rx_rec.eop        = 1'b1;
      rx_rec.index      = head_q;
    end else begin
      rx_rec.error_code = rec_err_i ? ErrAxiWrite : ErrNone;
      rx_rec.eop        = rec_i.eop;
      rx_rec.hash       = rec_i.meta.hash;
      rx_rec.hash_type  = rec_i.meta.hash_type;
      rx_rec.csum       = rec_i.meta.csum;
      rx_rec.ip_ok      = rec_i.meta.ip_ok;
      rx_rec.l4_ok      = rec_i.meta.l4_ok;
      rx_rec.index      = rec_i.index;
      rx_rec.vlan       = rec_i.vlan.taken;
      rx_rec.tci        = rec_i.vlan.tci;
      rx_rec.len        = 16'(rec_i.len);
    end
    rec = build_tx_q ? tx_rec : rx_rec;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q       <= '0;
      beat_valid_q <= 1'b0;
    end else begin
      if (start) left_q <= n;
      else if (step) left_q <= left_q - 1'b1;
      if (step) beat_valid_q <= left_q == 5'd1 || lane_q == LaneLog2'(PerBeat - 1);
      else if (beat_done) beat_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start) begin
      build_tx_q    <= begin_tx;
      build_err_q   <= (begin_rx && rec_ready_i == '0) || (begin_tx && tx_err && tx_idle_i);
      build_queue_q <= scan_i;
      lane_q        <= LaneLog2'(lane0);
      phase_q       <= ~cq_q[ring][log2];
      head_q        <= begin_tx ? done_q[scan_i] : rx_head_i;
      code_q        <= begin_rx ? rx_sts_i[scan_i].error_code :
                       (tx_err && tx_idle_i) ? tx_sts_i[scan_i].error_code : ErrNone;
      req_q         <= '{
          id: '{kind: begin_tx ? WrTxCpl : WrRxCpl, qp: queue_t'(scan_i)},
          addr: addr,
          len: len
      };
      first_q       <= 1'b1;
      half_q        <= 1'b0;
      strb_q        <= '0;
    end else begin
      if (accepted) begin
        first_q <= 1'b0;
        half_q  <= !half_q;
      end
      if (step) begin
        acc_q[(PerBeat == 1) ? '0 : lane_q] <= rec;
        strb_q <= (beat_done ? '0 : strb_q) | (PerBeat'(1) << lane_q);
        lane_q <= (PerBeat == 1) ? '0 : lane_q + 1'b1;
        last_q <= left_q == 5'd1;
      end else if (beat_done) begin
        strb_q <= '0;
      end
    end
  end

  assign out_valid_o = beat_valid_q;
  assign out_first_o = first_q;
  assign out_req_o   = req_q;
  assign busy_o      = !idle;
  if (DataWidth == 64) begin : gen_halves
    assign out_last_o = last_q && half_q;
    assign out_data_o = half_q ? acc_q[0][127:64] : acc_q[0][63:0];
    assign out_strb_o = '1;
  end else begin : gen_whole
    assign out_last_o = last_q;
    assign out_data_o = acc_q;
    for (genvar i = 0; i < PerBeat; i++) begin : gen_strb
      assign out_strb_o[16*i+:16] = {16{strb_q[i]}};
    end
  end

  // ------------------------------------------------------------------ state of the rings
  logic [QWidth:0] b_ring;
  assign b_ring        = {b_tx_i, b_queue_i};
  assign tx_cq_valid_o = b_valid_i && !b_err_i && b_tx_i;
  assign rx_cq_valid_o = b_valid_i && !b_err_i && !b_tx_i;
  assign cq_queue_o    = b_queue_i;
  assign cq_head_o     = cq_q[b_ring];
  assign cq_frames_o   = b_tx_i ? tx_frames_q[b_queue_i] : rx_frames_q[b_queue_i];

  // A ring has one burst outstanding, so when it is answered the counts are what it and those before it report.
  always_ff @(posedge clk_i) begin
    if (sent_i) sent_q[sent_queue_i] <= sent_q[sent_queue_i] + 1'b1;
    if (begin_tx) tx_frames_q[scan_i] <= sent_q[scan_i];
    if (rec_pop_o && !rx_drop && rec_i.eop) rx_frames_q[build_queue_q] <= rx_frames_q[build_queue_q] + 1'b1;
    if (tx_start_i) begin
      sent_q[tx_start_queue_i]      <= '0;
      tx_frames_q[tx_start_queue_i] <= '0;
    end
    if (rx_start_i) rx_frames_q[rx_start_queue_i] <= '0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      now_q <= '0;
      for (int r = 0; r < int'(2 * Slots); r++) begin
        cq_q[r]   <= '0;
        out_q[r]  <= 1'b0;
        dead_q[r] <= 1'b0;
        told_q[r] <= 1'b0;
      end
      for (int q = 0; q < int'(Slots); q++) begin
        done_q[q] <= '0;
        rep_q[q]  <= '0;
      end
    end else begin
      now_q <= now_q + 1'b1;
      if (sent_i) begin
        done_q[sent_queue_i] <= sent_end_i;
        if (done_q[sent_queue_i] == rep_q[sent_queue_i]) since_q[sent_queue_i] <= now_q;
      end
      if (start) begin
        cq_q[ring]  <= cq_q[ring] + index_t'(n);
        out_q[ring] <= 1'b1;
      end
      if (begin_rx && rec_ready_i == '0) told_q[ring] <= 1'b1;
      if (begin_tx) begin
        rep_q[scan_i] <= done_q[scan_i];
        if (sent_i && sent_queue_i == scan_i) since_q[scan_i] <= now_q;
        if (tx_err && tx_idle_i) told_q[ring] <= 1'b1;
      end
      if (dead_q[tx_ring]) rep_q[scan_i] <= done_q[scan_i];
      if (b_valid_i) begin
        out_q[b_ring] <= 1'b0;
        if (b_err_i) dead_q[b_ring] <= 1'b1;
      end
      if (tx_start_i) begin
        cq_q[{1'b1, tx_start_queue_i}]   <= '0;
        dead_q[{1'b1, tx_start_queue_i}] <= 1'b0;
        told_q[{1'b1, tx_start_queue_i}] <= 1'b0;
        done_q[tx_start_queue_i]         <= '0;
        rep_q[tx_start_queue_i]          <= '0;
      end
      if (rx_start_i) begin
        cq_q[{1'b0, rx_start_queue_i}]   <= '0;
        dead_q[{1'b0, rx_start_queue_i}] <= 1'b0;
        told_q[{1'b0, rx_start_queue_i}] <= 1'b0;
      end
    end
  end

  // ------------------------------------------------------------------ MSI-X
  assign msix_hold_o = out_q[{1'b0, msix_queue_i}] || out_q[{1'b1, msix_queue_i}];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) msix_out_q <= 1'b0;
    else if (msix_sent_i) msix_out_q <= !msix_done_i;
    else if (msix_done_i) msix_out_q <= 1'b0;
  end

  `NIC_ASSERT_IF(CplOneOutstanding, start, !out_q[ring])
  `NIC_ASSERT_IF(CplAnswerExpected, b_valid_i, out_q[b_ring])
  `NIC_ASSERT_IF(CplRxOnlyReady, rec_pop_o, rec_ready_i != '0)
  `NIC_ASSERT_IF(CplWithin256Bytes, start, (n != '0 && n <= 5'(MaxRecs) && n <= to_align))
  `NIC_ASSERT_IF(CplTxMovesOn, begin_tx, tx_new || tx_err)
  `NIC_ASSERT_IF(CplMsixOvertakesNone, msix_sent_i, !msix_hold_o)

endmodule
