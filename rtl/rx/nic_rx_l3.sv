// SPDX-License-Identifier: Apache-2.0
// Second stage of the RX parser: the fixed IPv4 or IPv6 header. One clock, one frame a clock.
//
// A header counts only if the frame has all of it (IPv4: with its options), its version fits the EtherType, and an
// IPv4 header has 20 bytes or more. A fragment (more-fragments set, or an offset) has no transport header.

module nic_rx_l3
  import nic_rx_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,

    input  logic       valid_i,
    input  l3_bytes_t  l3_i,
    input  logic [6:0] len_i,
    input  logic [1:0] tags_i,
    input  logic       type_ip4_i,
    input  logic       type_ip6_i,
    input  logic       pass_i,

    output logic       valid_o,
    output net_t       net_o,
    output rest_t      rest_o        // bytes from Rest on
);

  // The bytes from offset on, first byte most significant.
  function automatic logic [127:0] field(l3_bytes_t l3, int unsigned offset, int unsigned bytes);
    field = '0;
    for (int unsigned b = 0; b < bytes; b++) field[8*(15-b)+:8] = l3[8*(offset+b)+:8];
  endfunction

  logic [3:0] version, ihl;
  logic       fragment;
  net_t       net;

  // The sum of an IPv4 header of so many words of 4 bytes; 0xffff if its checksum is right.
  function automatic logic [15:0] sum_of(l3_bytes_t l3, logic [3:0] words);
    logic [20:0] sum;
    sum = '0;
    for (int unsigned w = 0; w < 15; w++) begin
      if (4'(w) < words) sum += 21'(l3[32*w+:16]) + 21'(l3[32*w+16+:16]);
    end
    sum = 21'(sum[15:0]) + 21'(sum[20:16]);
    return sum[15:0] + 16'(sum[16]);
  endfunction

  assign version  = l3_i[7:4];
  assign ihl      = l3_i[3:0];
  assign fragment = {l3_i[8*6+:6], l3_i[8*7+:8]} != '0;   // more fragments, offset

  always_comb begin
    net        = '0;
    net.pass   = pass_i;
    net.len    = len_i;
    net.tags   = tags_i;
    net.is_ip4 = type_ip4_i && version == 4'd4 && ihl >= 4'd5 && len_i >= {1'b0, ihl, 2'b00};
    net.is_ip6 = type_ip6_i && version == 4'd6 && len_i >= 7'd40;
    if (net.is_ip4) begin
      net.ip_ok  = sum_of(l3_i, ihl) == 16'hffff;
      net.ip_len = {1'b0, l3_i[8*2+:8], l3_i[8*3+:8]};
      net.proto  = fragment ? ProtoNone : l3_i[8*9+:8];
      net.off    = {1'b0, ihl};
      net.src    = field(l3_i, 12, 4);
      net.dst    = field(l3_i, 16, 4);
    end else begin
      net.ip_len = {1'b0, l3_i[8*4+:8], l3_i[8*5+:8]} + 17'd40;
      net.proto  = net.is_ip6 ? l3_i[8*6+:8] : ProtoNone;
      net.off    = 5'd10;
      net.src    = field(l3_i, 8, 16);
      net.dst    = field(l3_i, 24, 16);
    end
  end

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_i;
    if (valid_i) begin
      net_o  <= net;
      rest_o <= l3_i[8*L3Bytes-1:8*Rest];
    end
  end

endmodule
