// SPDX-License-Identifier: Apache-2.0
// Which bytes of a frame are written over, and with what: the checksum, and the header fields of one frame of a TCP
// segment that is cut: the IP length, with IPv4 the identification and the header's checksum, TCP's sequence number
// and flags. A field may be anywhere in the frame, and lie in two of its words.
//
// step_i: a word of the frame, in order, word_i counts them; load_i with the first: what is to be written. A clock later, until
// the next step_i, be_o and data_o say which of the word's bytes are written, and have 0 for the others. A checksum is the complement of a sum
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

    input  logic                 step_i,
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

  // Fields, in this order: checksum, IP length, IPv4's identification and checksum, TCP's sequence number and flags.
  localparam int unsigned Fields = 6, Written = 13;
  localparam int unsigned First [Fields + 1] = '{0, 2, 4, 6, 8, 12, 13};   // byte of each

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

  logic [Fields-1:0]       is_q, here_q, begun_q;    // a field begins in this word, or in the one before
  frame_len_t [Fields-1:0] at_q;
  logic [Written-1:0][7:0] value_q;

  always_ff @(posedge clk_i) begin
    if (step_i && load_i) any_o <= csum_i || tso_i;
    if (step_i && (load_i || any_o)) begin
      automatic logic [Fields-1:0]       is = is_q;
      automatic frame_len_t [Fields-1:0] at = at_q;
      if (load_i) begin
        is = {tso_i, tso_i, {2{tso_i && !headers_i.ipv6}}, tso_i, csum_i};
        at = {place(headers_i.l4_off, 4'd13), place(headers_i.l4_off, 4'd4), place(headers_i.l3_off, 4'd10),
              place(headers_i.l3_off, 4'd4), place(headers_i.l3_off, headers_i.ipv6 ? 4'd4 : 4'd2), csum_at_i};
      end
      for (int f = 0; f < int'(Fields); f++) here_q[f] <= is[f] && at[f][13:ByteLog2] == word_i;
      begun_q <= load_i ? '0 : here_q;
      is_q    <= is;
      if (load_i && (csum_i || tso_i)) begin
        automatic logic [15:0] check = checksum(sum_i, adjust_i);
        check   = (check == '0) ? '1 : swapped(check);
        at_q    <= at;
        value_q <= {headers_i.flags, swapped(headers_i.seq[15:0]), swapped(headers_i.seq[31:16]),
                    swapped(checksum(ip_sum_i, ip_adjust_i)), swapped(headers_i.ip_id), swapped(headers_i.ip_len),
                    check};
      end
    end
  end

  always_comb begin
    be_o   = '0;
    data_o = '0;
    if (any_o && (here_q | begun_q) != '0) begin
      for (int f = 0; f < int'(Fields); f++) begin
        automatic logic [Bytes-1:0] first = Bytes'(1) << at_q[f][ByteLog2-1:0];
        for (int n = 0; n < int'(First[f+1] - First[f]); n++) begin
          // The lane of the field's byte n. Fields do not overlap: what is put side by side may be ORed.
          automatic logic [2*Bytes-1:0] both = (2 * Bytes)'(first) << n;
          automatic logic [Bytes-1:0]   lane = ({Bytes{here_q[f]}} & both[Bytes-1:0]) |
                                               ({Bytes{begun_q[f]}} & both[2*Bytes-1:Bytes]);
          be_o |= lane;
          for (int b = 0; b < int'(Bytes); b++) data_o[8*b+:8] |= {8{lane[b]}} & value_q[First[f]+n];
        end
      end
    end
  end

endmodule
