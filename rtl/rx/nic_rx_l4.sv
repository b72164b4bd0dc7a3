// SPDX-License-Identifier: Apache-2.0
// Last stage of the RX parser: finds the ports of TCP and UDP and lays out what the RSS hash is made of, in the order of
// Microsoft's definition: source address, destination address, source port, destination port. With sym_xor both
// sources and both destinations are the exclusive or of the two, as Linux defines RXH_XFRM_SYM_XOR. One clock.

module nic_rx_l4
  import nic_pkg::*;
  import nic_rx_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,
    input  rss_cfg_t rss_cfg_i,

    input  logic  valid_i,
    input  net_t  net_i,
    input  rest_t rest_i,

    output logic         valid_o,
    output logic         pass_o,
    output rss_type_t    type_o,
    output logic [287:0] data_o      // first byte most significant, zeros after what is used
);

  // Which bit of types enables what.
  localparam int unsigned Ip4 = 0, Tcp4 = 1, Udp4 = 2, Ip6 = 3, Tcp6 = 4, Udp6 = 5;

  logic [31:0]  word, ports;         // first byte in 7:0; most significant
  logic         there, tcp, udp, with_ports;
  logic [127:0] src, dst;
  logic [5:0]   en;
  rss_type_t    kind;

  always_comb begin
    word = '0;
    for (int unsigned w = 5; w < L3Bytes / 4; w++) begin
      if (net_i.off == 5'(w)) word |= rest_i[8*(4*w-Rest)+:32];
    end
  end

  assign there = net_i.len >= {net_i.off, 2'b00} + 7'd4;
  assign tcp   = net_i.proto == ProtoTcp && there;
  assign udp   = net_i.proto == ProtoUdp && there;
  assign en    = rss_cfg_i.types;

  always_comb begin
    kind = RssNone;
    if (net_i.is_ip4) begin
      if (tcp && en[Tcp4]) kind = RssTcp4;
      else if (udp && en[Udp4]) kind = RssUdp4;
      else if (en[Ip4]) kind = RssIp4;
    end else if (net_i.is_ip6) begin
      if (tcp && en[Tcp6]) kind = RssTcp6;
      else if (udp && en[Udp6]) kind = RssUdp6;
      else if (en[Ip6]) kind = RssIp6;
    end
  end

  assign with_ports = kind == RssTcp4 || kind == RssUdp4 || kind == RssTcp6 || kind == RssUdp6;

  always_comb begin
    src   = net_i.src;
    dst   = net_i.dst;
    ports = {word[7:0], word[15:8], word[23:16], word[31:24]};
    if (rss_cfg_i.sym_xor) begin
      src   = net_i.src ^ net_i.dst;
      dst   = src;
      ports = {2{ports[31:16] ^ ports[15:0]}};
    end
    if (!with_ports) ports = '0;
  end

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_i;
    if (valid_i) begin
      pass_o <= net_i.pass;
      type_o <= kind;
      if (kind == RssNone) data_o <= '0;
      else if (net_i.is_ip4) data_o <= {src[127:96], dst[127:96], ports, 192'b0};
      else data_o <= {src, dst, ports};
    end
  end

endmodule
