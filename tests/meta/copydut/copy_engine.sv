// SPDX-License-Identifier: Apache-2.0
// Copies up to 32 beats of host memory, then writes an interrupt message. For tests of the testbench (tests/meta).
//
// The beats are read in two bursts of one ID, both outstanding, and written in one. The message waits for the write's
// response unless early_i, which breaks the order on purpose. Addresses are used as they are: also outside any mapping.
module copy_engine #(
    parameter int unsigned DataWidth = 256
) (
    input logic clk_i,
    input logic rst_ni,

    input logic go_i,
    input logic early_i,
    input logic [63:0] src_i,
    input logic [63:0] dst_i,
    input logic [5:0] beats_i,
    input logic [63:0] msi_addr_i,
    input logic [31:0] msi_data_i,
    output logic busy_o,
    output logic [15:0] copies_o,
    output logic [15:0] errors_o,

    output logic ar_valid_o,
    output logic [63:0] ar_addr_o,
    output logic [7:0] ar_len_o,
    input logic ar_ready_i,
    input logic r_valid_i,
    input logic [DataWidth-1:0] r_data_i,
    input logic [1:0] r_resp_i,

    output logic aw_valid_o,
    output logic aw_msi_o,  // a write of 4 bytes
    output logic [63:0] aw_addr_o,
    output logic [7:0] aw_len_o,
    input logic aw_ready_i,
    output logic w_valid_o,
    output logic [DataWidth-1:0] w_data_o,
    output logic [DataWidth/8-1:0] w_strb_o,
    output logic w_last_o,
    input logic w_ready_i,
    input logic b_valid_i,
    input logic [1:0] b_resp_i
);
  localparam int unsigned Bytes = DataWidth / 8;
  localparam int unsigned SizeBits = $clog2(Bytes);

  typedef enum logic [2:0] {Idle, Read, Write, Answer, Message, Last} state_e;
  state_e state_q;
  logic [DataWidth-1:0] buffer[32];
  logic [5:0] read_q, sent_q, beats_q;
  logic [1:0] bursts_q, owed_q;  // read bursts to ask for; responses to come
  logic aw_done_q, early_q, go_q;  // go_q: asked for while the last message waited for its response

  wire [5:0] first = (beats_q + 1) >> 1;
  wire [5:0] second = beats_q - first;
  wire [SizeBits-1:0] msi_lane = msi_addr_i[SizeBits-1:0];
  wire [63:0] second_addr = src_i + 64'(first) * 64'(Bytes);

  assign busy_o = state_q != Idle;
  assign ar_valid_o = state_q == Read && bursts_q != 0;
  assign ar_addr_o = bursts_q == 2 || second == 0 ? src_i : second_addr;
  assign ar_len_o = bursts_q == 2 || second == 0 ? 8'(first - 1) : 8'(second - 1);

  assign aw_msi_o = state_q == Message;
  assign aw_valid_o = (state_q == Write || state_q == Message) && !aw_done_q;
  assign aw_addr_o = aw_msi_o ? msi_addr_i : dst_i;
  assign aw_len_o = aw_msi_o ? 8'd0 : 8'(beats_q - 1);
  assign w_valid_o = (state_q == Write || state_q == Message) && aw_done_q;
  assign w_data_o = aw_msi_o ? DataWidth'(msi_data_i) << {msi_lane, 3'b000} : buffer[sent_q[4:0]];
  assign w_strb_o = aw_msi_o ? Bytes'(4'hF) << msi_lane : '1;
  assign w_last_o = aw_msi_o || sent_q == beats_q - 1;

  always_ff @(posedge clk_i) begin
    if (r_valid_i) buffer[read_q[4:0]] <= r_data_i;
    if (!rst_ni) begin
      state_q   <= Idle;
      copies_o  <= '0;
      errors_o  <= '0;
      owed_q    <= '0;
      aw_done_q <= 1'b0;
      go_q      <= 1'b0;
    end else begin
      if (go_i) begin
        go_q    <= 1'b1;
        early_q <= early_i;
      end
      if (r_valid_i) read_q <= read_q + 1;
      if ((r_valid_i && r_resp_i != 0) || (b_valid_i && b_resp_i != 0)) errors_o <= errors_o + 1;
      if (aw_valid_o && aw_ready_i) aw_done_q <= 1'b1;
      if ((aw_valid_o && aw_ready_i) != b_valid_i) owed_q <= b_valid_i ? owed_q - 1 : owed_q + 1;
      unique case (state_q)
        Idle:
        if (go_q) begin
          state_q  <= Read;
          go_q     <= 1'b0;
          beats_q  <= beats_i;
          read_q   <= '0;
          sent_q   <= '0;
          bursts_q <= beats_i == 1 ? 2'd1 : 2'd2;
        end
        Read: begin
          if (ar_valid_o && ar_ready_i) bursts_q <= bursts_q - 1;
          if (read_q == beats_q) state_q <= Write;
        end
        Write:
        if (w_valid_o && w_ready_i) begin
          sent_q <= sent_q + 1;
          if (w_last_o) begin
            state_q   <= Answer;
            aw_done_q <= 1'b0;
          end
        end
        Answer: if (owed_q == 0 || early_q) state_q <= msi_addr_i == 0 ? Last : Message;
        Message:
        if (w_valid_o && w_ready_i) begin
          state_q   <= Last;
          aw_done_q <= 1'b0;
        end
        Last:
        if (owed_q == 0) begin
          state_q  <= Idle;
          copies_o <= copies_o + 1;
        end
        default: state_q <= Idle;
      endcase
    end
  end
endmodule
