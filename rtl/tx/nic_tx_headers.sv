// SPDX-License-Identifier: Apache-2.0
// Which bytes of a frame are written over, and with what: the checksum, and the header fields of one frame of a TCP
// segment that is cut: the IP length, with IPv4 the identification and the header's checksum, TCP's sequence number
// and flags. A field may be anywhere in the frame, and lie in two of its words.
//
// load_i: the frame whose words are asked for from the next clock on, in any order; word_i counts them. be_o and data_o say
// in the same clock which of the word's bytes are written, and have 0 for the others. A checksum is the complement of a sum
// of the frame's bytes and of what its new header fields add to that; TCP's and UDP's is never 0, which in UDP means that
// there is none.

module nic_tx_headers
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic                 clk_i,

    input  logic                 load_i,
    input  logic                 csum_i,     // the checksum's two bytes: from csum_at_i on
    input  frame_len_t           csum_at_i,
    input  logic [15:0]          sum_i,      // all sums have the byte that is sent first in 15:8
    input  logic [15:0]          adjust_i,
    input  logic                 tso_i,      // the header fields
    input  tx_headers_t          headers_i,
    input  logic [15:0]          ip_sum_i,
    input  logic [15:0]          ip_adjust_i,

    input  logic [13-ByteLog2:0] word_i,
    output logic                 any_o,      // bytes are written in this frame
    output logic [Bytes-1:0]     be_o,
    output logic [DataWidth-1:0] data_o
);

  // Bytes that are written: of the checksum, the IP length, IPv4's identification and checksum, the sequence number, flags.
  localparam int unsigned Fields = 13;
  localparam int unsigned CheckAt = 0, LenAt = 2, IdAt = 4, IpCheckAt = 6, SeqAt = 8, FlagsAt = 12;

  function automatic frame_len_t place(logic [7:0] header, logic [3:0] offset);
    logic [8:0] sum;
    sum = 9'(header) + 9'(offset);
    return frame_len_t'(sum);
  endfunction

  function automatic logic [15:0] checksum(logic [15:0] sum, logic [15:0] adjust);
    logic [16:0] total;
    total = {1'b0, sum} + {1'b0, adjust};
    return ~(total[15:0] + 16'(total[16]));
  endfunction

  function automatic logic [15:0] swapped(logic [15:0] value);
    return {value[7:0], value[15:8]};
  endfunction

  logic [Fields-1:0]       is_q;
  frame_len_t [Fields-1:0] at_q;
  logic [Fields-1:0][7:0]  value_q;

  always_ff @(posedge clk_i) begin
    if (load_i) any_o <= csum_i || tso_i;
    if (load_i && (csum_i || tso_i)) begin
      automatic logic [Fields-1:0]       is    = '0;
      automatic frame_len_t [Fields-1:0] at    = '0;
      automatic logic [Fields-1:0][7:0]  value = '0;
      automatic logic [15:0]             check = checksum(sum_i, adjust_i);
      is[CheckAt+:2]    = {2{csum_i}};
      at[CheckAt]       = csum_at_i;
      at[CheckAt+1]     = csum_at_i + 1'b1;
      value[CheckAt+:2] = (check == '0) ? '1 : swapped(check);
      if (tso_i) begin
        is = is | {{(FlagsAt - LenAt + 1) {1'b1}}, LenAt'(0)};
        value[LenAt+:2]     = swapped(headers_i.ip_len);
        value[IdAt+:2]      = swapped(headers_i.ip_id);
        value[IpCheckAt+:2] = swapped(checksum(ip_sum_i, ip_adjust_i));
        value[SeqAt+:4]     = {swapped(headers_i.seq[15:0]), swapped(headers_i.seq[31:16])};
        value[FlagsAt]      = headers_i.flags;
        for (int i = 0; i < 2; i++) begin
          at[LenAt+i]     = place(headers_i.l3_off, headers_i.ipv6 ? 4'(4 + i) : 4'(2 + i));
          at[IdAt+i]      = place(headers_i.l3_off, 4'(4 + i));
          at[IpCheckAt+i] = place(headers_i.l3_off, 4'(10 + i));
        end
        for (int i = 0; i < 4; i++) at[SeqAt+i] = place(headers_i.l4_off, 4'(4 + i));
        at[FlagsAt] = place(headers_i.l4_off, 4'd13);
        if (headers_i.ipv6) is = is & ~{(Fields - IdAt - 4)'(0), 4'b1111, IdAt'(0)};
      end
      is_q    <= is;
      at_q    <= at;
      value_q <= value;
    end
  end

  always_comb begin
    be_o   = '0;
    data_o = '0;
    if (any_o) begin
      for (int i = 0; i < int'(Fields); i++) begin
        // Fields do not overlap: what is put side by side may be ORed.
        automatic logic is = is_q[i] && at_q[i][13:ByteLog2] == word_i;
        be_o   |= is ? Bytes'(1) << at_q[i][ByteLog2-1:0] : '0;
        data_o |= is ? DataWidth'(value_q[i]) << {at_q[i][ByteLog2-1:0], 3'b000} : '0;
      end
    end
  end

endmodule
