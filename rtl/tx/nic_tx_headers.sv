// SPDX-License-Identifier: Apache-2.0
// Which bytes of a frame's word are written over, and with what: the checksum, and the header fields of one frame of a TCP
// segment that is cut: the IP length, with IPv4 the identification and the header's checksum, TCP's sequence number
// and flags. word_i counts the frame's words; a field may lie in two of them. Bytes of data_o that be_o does not name are
// 0. Combinational.

module nic_tx_headers
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic                 csum_i,     // the checksum's two bytes: from csum_at_i on
    input  frame_len_t           csum_at_i,
    input  logic [15:0]          check_i,    // the first in 7:0
    input  logic                 tso_i,      // the header fields
    input  tx_headers_t          headers_i,
    input  logic [15:0]          ip_check_i,
    input  logic [13-ByteLog2:0] word_i,
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

  logic [Fields-1:0]       is;               // in this word
  frame_len_t [Fields-1:0] at;
  logic [Fields-1:0][7:0]  value;

  always_comb begin
    is     = '0;
    at     = '0;
    value  = '0;
    be_o   = '0;
    data_o = '0;
    if (csum_i || tso_i) begin
      value[CheckAt+:2] = check_i;
      for (int i = 0; i < 2; i++) begin
        at[CheckAt+i] = csum_at_i + frame_len_t'(i);
        is[CheckAt+i] = csum_i;
      end
      if (tso_i) begin
        value[LenAt+:2]     = {headers_i.ip_len[7:0], headers_i.ip_len[15:8]};
        value[IdAt+:2]      = {headers_i.ip_id[7:0], headers_i.ip_id[15:8]};
        value[IpCheckAt+:2] = {ip_check_i[7:0], ip_check_i[15:8]};
        for (int i = 0; i < 2; i++) begin
          at[LenAt+i]     = place(headers_i.l3_off, headers_i.ipv6 ? 4'(4 + i) : 4'(2 + i));
          at[IdAt+i]      = place(headers_i.l3_off, 4'(4 + i));
          at[IpCheckAt+i] = place(headers_i.l3_off, 4'(10 + i));
        end
        for (int i = 0; i < 4; i++) begin
          at[SeqAt+i]    = place(headers_i.l4_off, 4'(4 + i));
          value[SeqAt+i] = headers_i.seq[8*(3-i)+:8];
        end
        at[FlagsAt]        = place(headers_i.l4_off, 4'd13);
        value[FlagsAt]     = headers_i.flags;
        is[FlagsAt:LenAt]  = '1;
        if (headers_i.ipv6) is[IpCheckAt+1:IdAt] = '0;
      end
      for (int i = 0; i < int'(Fields); i++) begin
        // Fields do not overlap: what is put side by side may be ORed.
        if (at[i][13:ByteLog2] != word_i) is[i] = 1'b0;
        be_o   |= is[i] ? Bytes'(1) << at[i][ByteLog2-1:0] : '0;
        data_o |= is[i] ? DataWidth'(value[i]) << {at[i][ByteLog2-1:0], 3'b000} : '0;
      end
    end
  end

endmodule
