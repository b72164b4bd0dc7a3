// SPDX-License-Identifier: Apache-2.0
// Writes the header fields of one frame of a TCP segment that is cut into a word of the frame: the IP length, with IPv4
// the identification and the header's checksum, TCP's sequence number and flags. word_i counts the frame's words; a
// field may lie in two of them. Combinational.

module nic_tx_headers
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic                 enable_i,
    input  tx_headers_t          headers_i,
    input  logic [15:0]          ip_check_i,
    input  logic [13-ByteLog2:0] word_i,
    input  logic [DataWidth-1:0] data_i,
    output logic [DataWidth-1:0] data_o
);

  localparam int unsigned Fields = 11;      // bytes that are written

  always_comb begin
    data_o = data_i;
    if (enable_i) begin
      automatic logic [Fields-1:0][8:0] at    = '0;
      automatic logic [Fields-1:0][7:0] value = '0;
      automatic logic [Fields-1:0]      is    = '1;
      at[0]    = 9'(headers_i.l3_off) + (headers_i.ipv6 ? 9'd4 : 9'd2);
      at[1]    = at[0] + 1'b1;
      value[0] = headers_i.ip_len[15:8];
      value[1] = headers_i.ip_len[7:0];
      at[2]    = 9'(headers_i.l3_off) + 9'd4;
      at[3]    = at[2] + 1'b1;
      value[2] = headers_i.ip_id[15:8];
      value[3] = headers_i.ip_id[7:0];
      at[4]    = 9'(headers_i.l3_off) + 9'd10;
      at[5]    = at[4] + 1'b1;
      value[4] = ip_check_i[15:8];
      value[5] = ip_check_i[7:0];
      is[5:2]  = headers_i.ipv6 ? '0 : '1;
      at[6]    = 9'(headers_i.l4_off) + 9'd4;
      for (int i = 7; i < 10; i++) at[i] = at[6] + 9'(i - 6);
      for (int i = 0; i < 4; i++) value[6+i] = headers_i.seq[8*(3-i)+:8];
      at[10]    = 9'(headers_i.l4_off) + 9'd13;
      value[10] = headers_i.flags;
      for (int i = 0; i < int'(Fields); i++) begin
        if (is[i] && (14-ByteLog2)'(at[i] >> ByteLog2) == word_i) data_o[{at[i][ByteLog2-1:0], 3'b000}+:8] = value[i];
      end
    end
  end

endmodule
