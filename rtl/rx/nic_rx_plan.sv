// SPDX-License-Identifier: Apache-2.0
// Beside the parser's last stage: what nic_rx_csum is to sum of a frame, and with which pseudo header. One clock.
//
// A transport checksum is wanted of TCP (20 bytes or more) and UDP (8 or more, its length that of the IP packet, its
// checksum not 0) that is no fragment; over IPv4 only if the IP header's own checksum is right.

module nic_rx_plan
  import nic_rx_pkg::*;
(
    input  logic clk_i,

    input  logic      valid_i,
    input  net_t      net_i,
    input  l3_bytes_t l3_i,

    output sum_plan_t plan_o
);

  // The sum of n words of 4 bytes, to 17 bits, with what is added beside.
  function automatic logic [16:0] fold(logic [38:0] wide);
    logic [19:0] sum;
    sum = 20'(wide[15:0]) + 20'(wide[31:16]) + 20'(wide[38:32]);
    return 17'(sum[15:0]) + 17'(sum[19:16]);
  endfunction

  function automatic logic [35:0] addresses(l3_bytes_t l3, logic is_ip4);
    addresses = '0;
    if (is_ip4) return 36'(l3[8*12+:32]) + 36'(l3[8*16+:32]);
    for (int unsigned w = 2; w < 10; w++) addresses += 36'(l3[32*w+:32]);
  endfunction

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      automatic logic [6:0]  off    = {net_i.off, 2'b00};
      automatic logic [31:0] second = l3_i[32*net_i.off+32+:32];   // of the transport header's words, first byte in 7:0
      automatic logic [15:0] l4_len = 16'(net_i.ip_len - 17'(off));
      automatic logic        there  = net_i.len >= off + 7'd8 && off <= 7'(L3Bytes - 8) &&
                                      net_i.ip_len >= 17'(off) + 17'd8;
      automatic logic        tcp    = net_i.proto == ProtoTcp && l4_len >= 16'd20;
      automatic logic        udp    = net_i.proto == ProtoUdp && {second[7:0], second[15:8]} == l4_len &&
                                      second[31:16] != '0;
      plan_o.want     <= (net_i.is_ip6 || net_i.ip_ok) && there && (tcp || udp);
      plan_o.ip_ok    <= net_i.ip_ok;
      plan_o.strip    <= net_i.strip;
      plan_o.l4_start <= 8'd14 + {4'b0, net_i.tags, 2'b00} + 8'(off);
      plan_o.l4_end   <= 17'd14 + 17'({net_i.tags, 2'b00}) + net_i.ip_len;
      plan_o.pseudo   <= fold(39'(addresses(l3_i, net_i.is_ip4)) + 39'({net_i.proto, 8'h00}) +
                              39'({l4_len[7:0], l4_len[15:8]}));
    end
  end

endmodule
