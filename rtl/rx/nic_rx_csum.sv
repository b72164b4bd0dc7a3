// SPDX-License-Identifier: Apache-2.0
// Sums each frame's bytes on their way into the packet buffer, where the parser has told all offsets: the raw sum of
// all after the Ethernet header and the tag that is taken out, and whether the TCP or UDP checksum is right. The result
// stands three clocks after the last beat, in done_o's clock. Beats may come in every clock.
//
// Sums are those of 16-bit words with the first byte in 7:0, ones' complement; 0 only if all bytes are. The transport
// checksum is looked at if the parser wants it (want) and the frame has all bytes that the IP length tells, not more.

module nic_rx_csum
  import nic_pkg::*;
  import nic_rx_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic                 valid_i,
    input  logic                 first_i,
    input  logic                 last_i,
    input  logic [DataWidth-1:0] data_i,
    input  logic [ByteLog2:0]    bytes_i,     // in this beat
    input  frame_len_t           at_i,        // bytes of the frame before it
    input  sum_plan_t            plan_i,      // the same in all of a frame's beats

    output logic                 busy_o,      // a result is to come
    output logic                 done_o,
    output logic [15:0]          csum_o,
    output logic                 l4_ok_o
);

  localparam int unsigned Words = Bytes / 2;
  typedef logic [20:0] part_t;

  // ------------------------------------------------------------------ which of a beat's bytes
  typedef logic [Bytes-1:0] mask_t;

  // All bytes of the beat from the frame's byte `place` on.
  function automatic mask_t from(logic [16:0] place, logic [16:0] at);
    logic [17:0] skip;
    skip = {1'b0, place} - {1'b0, at};
    if (skip[17]) return '1;
    if (skip[16:ByteLog2] != '0) return '0;
    return mask_t'('1) << skip[ByteLog2-1:0];
  endfunction

  logic                 valid_q, first_q, last_q, fits_q, all_q;
  logic [DataWidth-1:0] data_q;
  mask_t                raw_mask_q, l4_mask_q;
  logic [16:0]          pseudo_q;

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && valid_i;
    if (valid_i) begin
      automatic logic [16:0] at    = 17'(at_i);
      automatic logic [16:0] after = at + 17'(bytes_i);
      data_q   <= data_i;
      first_q  <= first_i;
      last_q   <= last_i;
      pseudo_q <= plan_i.pseudo;
      fits_q   <= plan_i.want && after >= plan_i.l4_end;
      if (bytes_i == (ByteLog2 + 1)'(Bytes) && at >= 17'(plan_i.l4_start) && !(plan_i.l4_end < after)) begin
        all_q <= 1'b1;           // the beat is of the transport header and data altogether
      end else begin
        automatic mask_t here = ~(mask_t'('1) << bytes_i);
        all_q      <= 1'b0;
        raw_mask_q <= here & from(plan_i.strip ? 17'(14 + TagBytes) : 17'd14, at);
        l4_mask_q  <= here & from(17'(plan_i.l4_start), at) & ~from(plan_i.l4_end, at);
      end
    end
  end

  // ------------------------------------------------------------------ a beat's sums
  function automatic part_t sum_all(logic [DataWidth-1:0] data);
    sum_all = '0;
    for (int unsigned w = 0; w < Words; w++) sum_all += part_t'(data[16*w+:16]);
  endfunction

  function automatic part_t sum_of(logic [DataWidth-1:0] data, mask_t mask);
    sum_of = '0;
    for (int unsigned w = 0; w < Words; w++) begin
      sum_of += part_t'({mask[2*w+1] ? data[16*w+8+:8] : 8'd0, mask[2*w] ? data[16*w+:8] : 8'd0});
    end
  endfunction

  logic        sum_valid_q, sum_first_q, sum_last_q, sum_fits_q;
  part_t       raw_q, l4_q;
  logic [16:0] sum_pseudo_q;

  always_ff @(posedge clk_i) begin
    sum_valid_q <= rst_ni && valid_q;
    if (valid_q) begin
      sum_first_q  <= first_q;
      sum_last_q   <= last_q;
      sum_fits_q   <= fits_q;
      sum_pseudo_q <= pseudo_q;
      if (all_q) begin
        automatic part_t all = sum_all(data_q);
        raw_q <= all;
        l4_q  <= all;
      end else begin
        raw_q <= sum_of(data_q, raw_mask_q);
        l4_q  <= sum_of(data_q, l4_mask_q);
      end
    end
  end

  // ------------------------------------------------------------------ the frame's
  // Wide enough for the longest frame; of one that is longer the sums are not used.
  typedef logic [28:0] sum_t;
  logic done_q, fits_done_q;
  sum_t raw_sum_q, l4_sum_q;

  function automatic logic [15:0] fold(sum_t sum);
    logic [16:0] once;
    once = 17'(sum[15:0]) + 17'(sum[28:16]);
    return once[15:0] + 16'(once[16]);
  endfunction

  always_ff @(posedge clk_i) begin
    done_q <= rst_ni && sum_valid_q && sum_last_q;
    if (sum_valid_q) begin
      raw_sum_q   <= sum_t'(raw_q) + (sum_first_q ? '0 : raw_sum_q);
      l4_sum_q    <= sum_t'(l4_q) + (sum_first_q ? sum_t'(sum_pseudo_q) : l4_sum_q);
      fits_done_q <= sum_fits_q;
    end
  end

  assign busy_o = valid_q || sum_valid_q || done_q;
  assign done_o = done_q;

  always_comb begin
    csum_o  = '0;
    l4_ok_o = 1'b0;
    if (done_q) begin
      csum_o  = fold(raw_sum_q);
      l4_ok_o = fits_done_q && fold(l4_sum_q) == 16'hffff;
    end
  end

endmodule
