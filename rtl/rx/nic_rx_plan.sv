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
    input  rest_t     rest_i,

    output sum_plan_t plan_o
);

  // The transport header's first eight bytes, first in 7:0.
  logic [63:0] begins;

  always_comb begin
    begins = '0;
    for (int unsigned w = 5; w < L3Bytes / 4 - 1; w++) begin
      if (net_i.off == 5'(w)) begins |= rest_i[8*(4*w-Rest)+:64];
    end
  end

  function automatic logic [16:0] fold(logic [20:0] sum);
    return 17'(sum[15:0]) + 17'(sum[20:16]);
  endfunction

  logic [7:0]  start;                // of the transport header, in the frame
  logic [15:0] l4_len;
  logic        there, tcp, udp;
  logic [20:0] pseudo;

  assign start  = 8'd14 + {4'b0, net_i.tags, 2'b00} + {1'b0, net_i.off, 2'b00};
  assign l4_len = 16'(net_i.ip_len - 17'({net_i.off, 2'b00}));
  assign there  = net_i.len >= {net_i.off, 2'b00} + 7'd8 && net_i.off <= 5'(L3Bytes / 4 - 2) &&
                  net_i.ip_len >= 17'({net_i.off, 2'b00}) + 17'd8;
  assign tcp    = net_i.proto == ProtoTcp && l4_len >= 16'd20;
  assign udp    = net_i.proto == ProtoUdp && {begins[39:32], begins[47:40]} == l4_len && begins[63:48] != '0;

  always_comb begin
    pseudo = 21'({net_i.proto, 8'h00}) + 21'({l4_len[7:0], l4_len[15:8]});
    for (int unsigned w = 0; w < 8; w++) begin
      pseudo += 21'({net_i.src[16*w+:8], net_i.src[16*w+8+:8]});
      pseudo += 21'({net_i.dst[16*w+:8], net_i.dst[16*w+8+:8]});
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      plan_o.want     <= (net_i.is_ip6 || net_i.ip_ok) && there && (tcp || udp);
      plan_o.ip_ok    <= net_i.ip_ok;
      plan_o.l4_start <= start;
      plan_o.l4_end   <= 17'd14 + 17'({net_i.tags, 2'b00}) + net_i.ip_len;
      plan_o.pseudo   <= fold(pseudo);
    end
  end

endmodule
