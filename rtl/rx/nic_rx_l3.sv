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
    input  logic       strip_i,

    output logic       valid_o,
    output net_t       net_o,        // but for pass
    output exts_t      exts_o        // of IPv6
);

  // The last header may begin here, in units of 8 bytes: eight bytes of it are in the window.
  localparam int unsigned LastUnit = L3Bytes / 8 - 1;

  function automatic net_t net_of(logic [79:0] l3, logic [6:0] len, logic [1:0] tags, logic ip4, logic ip6);
    logic [3:0] ihl;
    logic       fragment;
    ihl           = l3[3:0];
    fragment      = {l3[8*6+:6], l3[8*7+:8]} != '0;   // more fragments, offset
    net_of        = '0;
    net_of.len    = len;
    net_of.tags   = tags;
    net_of.is_ip4 = ip4 && l3[7:4] == 4'd4 && ihl >= 4'd5 && !(len[6:2] < {1'b0, ihl});
    net_of.is_ip6 = ip6 && l3[7:4] == 4'd6 && len >= 7'd40;
    if (ip4) begin
      net_of.ip_len = {1'b0, l3[8*2+:8], l3[8*3+:8]};
      net_of.proto  = (fragment || !net_of.is_ip4) ? ProtoNone : l3[8*9+:8];
      net_of.off    = net_of.is_ip4 ? {1'b0, ihl} : 5'd10;
    end else begin
      net_of.ip_len = {1'b0, l3[8*4+:8], l3[8*5+:8]} + 17'd40;
      net_of.proto  = net_of.is_ip6 ? l3[8*6+:8] : ProtoNone;
      net_of.off    = 5'd10;
    end
  endfunction

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_i;
    if (valid_i) begin
      net_o       <= net_of(l3_i[79:0], len_i, tags_i, type_ip4_i, type_ip6_i);
      net_o.strip <= strip_i;
      // An extension header's length is in units of 8 bytes, not counting the first.
      if (type_ip6_i) begin
        exts_o <= '0;
        for (int unsigned u = 5; u <= LastUnit; u++) begin
          automatic logic [7:0] more = l3_i[64*u+8+:8];
          exts_o[3'(u)].dead <= u == LastUnit || more > 8'(LastUnit - 1 - u) || len_i < 7'(8 * u + 8);
          exts_o[3'(u)].hops <= l3_i[64*u+24+:8] != '0;
          exts_o[3'(u)].to   <= 4'(u + 1) + more[3:0];
          exts_o[3'(u)].next <= l3_i[64*u+:8];
        end
      end
    end
  end

endmodule
