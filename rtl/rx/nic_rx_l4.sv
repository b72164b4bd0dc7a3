// SPDX-License-Identifier: Apache-2.0
// Last stage of the RX parser: finds the ports of TCP and UDP and lays out what the RSS hash is made of, in the order of
// Microsoft's definition: source address, destination address, source port, destination port. With sym_xor both
// sources and both destinations are the exclusive or of the two, as Linux defines RXH_XFRM_SYM_XOR. One clock, ports two.

module nic_rx_l4
  import nic_pkg::*;
  import nic_rx_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,
    input  rss_cfg_t rss_cfg_i,

    input  logic  valid_i,
    input  net_t      net_i,
    input  l3_bytes_t l3_i,

    output logic         valid_o,
    output rx_pass_t     pass_o,
    output rss_type_t    type_o,
    output logic         want_o,     // a hash: valid_o, and the type is not RssNone
    output logic         ip4_o,
    output logic [255:0] addrs_o,    // first byte most significant, zeros after those of IPv4; of RssNone anything
    output logic [31:0]  ports_o     // a clock later; 0 if they are not hashed
);

  // Which bit of types enables what.
  localparam int unsigned Ip4 = 0, Tcp4 = 1, Udp4 = 2, Ip6 = 3, Tcp6 = 4, Udp6 = 5;

  function automatic logic [31:0] turned(logic [31:0] word);
    return {word[7:0], word[15:8], word[23:16], word[31:24]};
  endfunction

  function automatic rss_type_t kind_of(net_t net, logic [5:0] en);
    logic there, tcp, udp;
    there = net.off < net.len[6:2];          // four bytes of it
    tcp   = net.proto == ProtoTcp && there;
    udp   = net.proto == ProtoUdp && there;
    if (net.is_ip4) begin
      if (tcp && en[Tcp4]) return RssTcp4;
      if (udp && en[Udp4]) return RssUdp4;
      if (en[Ip4]) return RssIp4;
    end
    if (net.is_ip6) begin
      if (tcp && en[Tcp6]) return RssTcp6;
      if (udp && en[Udp6]) return RssUdp6;
      if (en[Ip6]) return RssIp6;
    end
    return RssNone;
  endfunction

  logic [127:0] near_q;
  logic [1:0]   at_q;
  logic         with_ports_q;

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_i;
    want_o  <= 1'b0;
    if (valid_i) begin
      automatic rss_type_t kind   = kind_of(net_i, rss_cfg_i.types);
      automatic logic      mix    = rss_cfg_i.sym_xor;
      automatic padded_t   padded = padded_t'(l3_i);
      pass_o       <= net_i.pass;
      type_o       <= kind;
      want_o       <= rst_ni && kind != RssNone;
      ip4_o        <= net_i.is_ip4;
      near_q       <= padded[128*net_i.off[4:2]+:128];
      at_q         <= net_i.off[1:0];
      with_ports_q <= kind == RssTcp4 || kind == RssUdp4 || kind == RssTcp6 || kind == RssUdp6;
      if (net_i.is_ip4) begin
        automatic logic [31:0] src = turned(l3_i[8*12+:32]);
        automatic logic [31:0] dst = turned(l3_i[8*16+:32]);
        addrs_o <= {mix ? {2{src ^ dst}} : {src, dst}, 192'b0};
      end else begin
        automatic logic [127:0] src = {turned(l3_i[64+:32]), turned(l3_i[96+:32]), turned(l3_i[128+:32]),
                                        turned(l3_i[160+:32])};
        automatic logic [127:0] dst = {turned(l3_i[192+:32]), turned(l3_i[224+:32]), turned(l3_i[256+:32]),
                                        turned(l3_i[288+:32])};
        addrs_o <= mix ? {2{src ^ dst}} : {src, dst};
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_o) begin
      automatic logic [31:0] word = turned(near_q[32*at_q+:32]);
      if (!with_ports_q) ports_o <= '0;
      else ports_o <= rss_cfg_i.sym_xor ? {2{word[31:16] ^ word[15:0]}} : word;
    end
  end

endmodule
