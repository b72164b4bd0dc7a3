// SPDX-License-Identifier: Apache-2.0
// Makes the beats of one burst of completion records.
//
// start_i gives the number of records and their place; what else is said of them holds until done_o, the clock in which the
// last beat is taken. One record a clock goes into the beat: of the RX record list (rec_pop_o), or the one record that
// a TX ring or an error makes (own_i). A beat is offered when it is full or the burst is at its end.

`include "nic_assert.svh"

module nic_cpl_burst
  import nic_pkg::*;
  import nic_dma_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic clk_i,
    input  logic rst_ni,

    // the burst
    input  logic              start_i,
    input  logic              active_i,     // from the clock after start_i to done_o
    input  logic [4:0]        records_i,    // 1 to 16, all in one block of 256 bytes
    input  logic [3:0]        line_i,       // where in the block the first one goes
    input  logic              own_i,        // one record, made here
    input  logic              tx_i,         // it is a TX ring's
    input  logic              phase_i,
    input  index_t            head_i,       // TX: head; RX error: index
    input  ring_error_e       code_i,
    output logic [7:0]        len_o,        // beats - 1, with start_i
    output logic              done_o,

    // RX records
    input  rx_record_t        rec_i,
    input  logic              rec_err_i,
    output logic              rec_pop_o,
    output logic [4:0]        eops_o,       // frames that end with the burst's records, with done_o

    // beats to the write channels
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic                 out_first_o,
    output logic                 out_last_o,
    output logic [DataWidth-1:0] out_data_o,
    output logic [Bytes-1:0]     out_strb_o
);

  localparam int unsigned PerBeat  = (DataWidth > 128) ? DataWidth / 128 : 1;
  localparam int unsigned LaneLog2 = (PerBeat > 1) ? $clog2(PerBeat) : 1;

  logic [4:0]          left_q;               // records still to put into beats
  logic                beat_valid_q, first_q, last_q;
  logic                half_q;               // 64 bits: the beat is the record's second half
  logic [LaneLog2-1:0] lane_q;               // of the next record in its beat
  logic [PerBeat-1:0][127:0] acc_q;

  logic accepted, beat_done, step;

  always_comb begin
    accepted  = 1'b0;
    beat_done = 1'b0;
    step      = 1'b0;
    rec_pop_o = 1'b0;
    if (active_i) begin
      accepted  = beat_valid_q && out_ready_i;
      beat_done = accepted && (DataWidth != 64 || half_q);
      step      = left_q != '0 && (!beat_valid_q || beat_done);
      rec_pop_o = step && !own_i;
    end
  end

  assign done_o = accepted && out_last_o;

  // ------------------------------------------------------------------ beats
  logic [3:0] lane0;
  assign lane0 = line_i & 4'(PerBeat - 1);
  assign len_o = (DataWidth == 64) ? {2'b0, records_i, 1'b0} - 8'd1 :
                 (8'(lane0) + 8'(records_i) - 8'd1) / 8'(PerBeat);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      left_q  <= records_i;
      eops_o  <= '0;
      first_q <= 1'b1;
      half_q  <= 1'b0;
    end else if (active_i) begin
      if (accepted) begin
        first_q <= 1'b0;
        half_q  <= !half_q;
      end
      if (step) begin : record
        automatic tx_completion_t tx = '0;
        automatic rx_completion_t rx = '0;
        tx.phase      = phase_i;
        tx.error_code = code_i;
        tx.head       = head_i;
        rx.phase      = phase_i;
        rx.error_code = own_i ? code_i : rec_err_i ? ErrAxiWrite : ErrNone;
        rx.eop        = own_i || rec_i.eop;
        rx.index      = own_i ? head_i : rec_i.index;
        if (!own_i) begin
          rx.hash      = rec_i.meta.hash;
          rx.hash_type = rec_i.meta.hash_type;
          rx.csum      = rec_i.meta.csum;
          rx.ip_ok     = rec_i.meta.ip_ok;
          rx.l4_ok     = rec_i.meta.l4_ok;
          rx.vlan      = rec_i.vlan.taken;
          rx.tci       = rec_i.vlan.tci;
          rx.len       = 16'(rec_i.len);
        end
        left_q       <= left_q - 1'b1;
        last_q       <= left_q == 5'd1;
        if (!own_i && rec_i.eop) eops_o <= eops_o + 1'b1;
        beat_valid_q <= PerBeat == 1 || left_q == 5'd1 || lane_q == LaneLog2'(PerBeat - 1);
        acc_q[(PerBeat == 1) ? '0 : lane_q] <= (own_i && tx_i) ? tx : rx;
      end else if (beat_done) begin
        beat_valid_q <= 1'b0;
      end
    end
    if (!rst_ni) begin
      left_q       <= '0;
      beat_valid_q <= 1'b0;
    end
  end

  assign out_valid_o = beat_valid_q;
  assign out_first_o = first_q;
  if (DataWidth == 64) begin : gen_halves
    assign out_last_o = last_q && half_q;
    assign out_data_o = half_q ? acc_q[0][127:64] : acc_q[0][63:0];
  end else begin : gen_whole
    assign out_last_o = last_q;
    assign out_data_o = acc_q;
  end

  if (PerBeat == 1) begin : gen_one
    assign lane_q     = '0;
    assign out_strb_o = '1;
  end else begin : gen_lanes
    logic [PerBeat-1:0] strb_q;              // records in the beat
    always_ff @(posedge clk_i) begin
      if (start_i) begin
        lane_q <= LaneLog2'(lane0);
        strb_q <= '0;
      end else if (step) begin
        lane_q <= lane_q + 1'b1;
        strb_q <= (beat_done ? '0 : strb_q) | (PerBeat'(1) << lane_q);
      end else if (beat_done) begin
        strb_q <= '0;
      end
    end
    for (genvar i = 0; i < PerBeat; i++) begin : gen_strb
      assign out_strb_o[16*i+:16] = {16{strb_q[i]}};
    end
  end

  `NIC_ASSERT_IF(CplOneBurst, start_i, left_q == '0 && !beat_valid_q)

endmodule
