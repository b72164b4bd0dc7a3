// SPDX-License-Identifier: Apache-2.0
// Beside the parser's last stages: whether the IPv4 header is right, what nic_rx_csum is to sum of a frame, and with which
// pseudo header. Four clocks, one frame a clock.
//
// A transport checksum is wanted of TCP (20 bytes or more) and UDP (8 or more, its length that of the IP packet, its
// checksum not 0) that is no fragment; over IPv4 only if the IP header's own checksum is right.
//
// Sums are ones' complement, of 16-bit words with the first byte in 7:0: gathered in words of 32 bits, then folded.

module nic_rx_plan
  import nic_rx_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,

    input  logic      valid_i,
    input  net_t      net_i,
    input  l3_bytes_t l3_i,

    output sum_plan_t plan_o
);

  typedef logic [32:0] two_t;            // of two words
  typedef logic [35:0] many_t;

  // Of two words, as far as the header has them.
  function automatic two_t two(logic [63:0] words, logic [1:0] has);
    return (has[0] ? two_t'(words[31:0]) : '0) + (has[1] ? two_t'(words[63:32]) : '0);
  endfunction

  function automatic logic [18:0] halves(many_t sum);
    return 19'(sum[15:0]) + 19'(sum[31:16]) + 19'(sum[35:32]);
  endfunction

  // ------------------------------------------------------------------ where things are; sums of two words
  logic        valid0_q, ip4_0_q, ip6_0_q, strip0_q, there0_q, tcp0_q, udp0_q;
  logic [1:0]  at0_q;
  logic [7:0]  proto0_q, start0_q;
  logic [16:0] end0_q;
  logic [16:0] l4_len0_q;                // negative if the packet ends before it
  logic [127:0] near0_q;                 // about the transport header's second word
  two_t        ip_sums0_q [8];
  two_t        addr_sums0_q [4];

  always_ff @(posedge clk_i) begin
    valid0_q <= rst_ni && valid_i;
    if (valid_i) begin
      automatic logic [6:0] off    = {net_i.off, 2'b00};
      automatic padded_t    padded = padded_t'(l3_i);
      ip4_0_q   <= net_i.is_ip4;
      ip6_0_q   <= net_i.is_ip6;
      strip0_q  <= net_i.strip;
      there0_q  <= 6'(net_i.off) + 6'd1 < 6'(net_i.len[6:2]);    // eight bytes of it
      tcp0_q    <= net_i.proto == ProtoTcp;
      udp0_q    <= net_i.proto == ProtoUdp;
      proto0_q  <= net_i.proto;
      start0_q  <= 8'd14 + {4'b0, net_i.tags, 2'b00} + 8'(off);
      end0_q    <= 17'd14 + 17'({net_i.tags, 2'b00}) + net_i.ip_len;
      l4_len0_q <= net_i.ip_len - 17'(off);
      near0_q   <= padded[128*net_i.off[4:2]+32+:128];
      at0_q     <= net_i.off[1:0];
      if (net_i.is_ip4) begin
        automatic logic [15:0] has = ~(16'hffff << net_i.off[3:0]);
        for (int unsigned g = 0; g < 8; g++) ip_sums0_q[g] <= two(l3_i[64*g+:64], has[2*g+:2]);
        addr_sums0_q <= '{two(l3_i[96+:64], '1), '0, '0, '0};
      end else begin
        for (int unsigned g = 0; g < 4; g++) addr_sums0_q[g] <= two(l3_i[64*g+64+:64], '1);
      end
    end
  end

  // ------------------------------------------------------------------ which protocol; the sums together
  logic        valid1_q, ip4_1_q, ip6_1_q, strip1_q, tcp1_q, udp1_q;
  logic [15:0] l4_len1_q;
  logic [31:0] second1_q;                // the transport header's second word
  logic [7:0]  start1_q;
  logic [16:0] end1_q, pseudo1_q;
  many_t       ip_sums1_q [2], addr_sum1_q;

  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && valid0_q;
    if (valid0_q) begin
      automatic logic there = there0_q && !l4_len0_q[16];
      ip4_1_q     <= ip4_0_q;
      ip6_1_q     <= ip6_0_q;
      strip1_q    <= strip0_q;
      tcp1_q      <= there && tcp0_q && !(l4_len0_q[15:0] < 16'd20);
      udp1_q      <= there && udp0_q && !(l4_len0_q[15:0] < 16'd8);
      l4_len1_q   <= l4_len0_q[15:0];
      second1_q   <= near0_q[32*at0_q+:32];
      start1_q    <= start0_q;
      end1_q      <= end0_q;
      pseudo1_q   <= 17'({proto0_q, 8'h00}) + 17'({l4_len0_q[7:0], l4_len0_q[15:8]});
      if (ip4_0_q) begin
        ip_sums1_q[0] <= (many_t'(ip_sums0_q[0]) + many_t'(ip_sums0_q[1])) +
                         (many_t'(ip_sums0_q[2]) + many_t'(ip_sums0_q[3]));
        ip_sums1_q[1] <= (many_t'(ip_sums0_q[4]) + many_t'(ip_sums0_q[5])) +
                         (many_t'(ip_sums0_q[6]) + many_t'(ip_sums0_q[7]));
      end
      addr_sum1_q <= (many_t'(addr_sums0_q[0]) + many_t'(addr_sums0_q[1])) +
                     (many_t'(addr_sums0_q[2]) + many_t'(addr_sums0_q[3]));
    end
  end

  // ------------------------------------------------------------------ folded
  logic        valid2_q, ip4_2_q, ip6_2_q, strip2_q, want2_q;
  logic [7:0]  start2_q;
  logic [16:0] end2_q;
  logic [18:0] ip_sum2_q, pseudo2_q;

  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && valid1_q;
    if (valid1_q) begin
      ip4_2_q   <= ip4_1_q;
      ip6_2_q   <= ip6_1_q;
      strip2_q  <= strip1_q;
      want2_q   <= tcp1_q ||
                   (udp1_q && {second1_q[7:0], second1_q[15:8]} == l4_len1_q && second1_q[31:16] != '0);
      start2_q  <= start1_q;
      end2_q    <= end1_q;
      ip_sum2_q <= halves(ip_sums1_q[0] + ip_sums1_q[1]);
      pseudo2_q <= halves(addr_sum1_q) + 19'(pseudo1_q);
    end
  end

  // ------------------------------------------------------------------ the plan
  always_ff @(posedge clk_i) begin
    if (valid2_q) begin
      automatic logic ip_ok = ip4_2_q && ip_sum2_q[15:0] + 16'(ip_sum2_q[18:16]) == '1;
      plan_o <= '{
          want: want2_q && (ip6_2_q || ip_ok),
          ip_ok: ip_ok,
          strip: strip2_q,
          l4_start: start2_q,
          l4_end: end2_q,
          pseudo: 17'(pseudo2_q[15:0]) + 17'(pseudo2_q[18:16])
      };
    end
  end

endmodule
