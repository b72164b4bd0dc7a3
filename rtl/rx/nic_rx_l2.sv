// SPDX-License-Identifier: Apache-2.0
// First stage of the RX parser: steps over the Ethernet header and up to two VLAN tags (0x8100, 0x88a8) and hands on
// the bytes from the network header, with whether their EtherType is IPv4 or IPv6. One clock, one frame a clock.
// A tag of which the frame has not all four bytes is none.

module nic_rx_l2
  import nic_rx_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,

    input  logic       valid_i,
    input  hdr_t       hdr_i,
    input  logic [7:0] len_i,        // bytes of it that are there
    input  logic       pass_i,       // the filter's verdict: handed on

    output logic       valid_o,
    output l3_bytes_t  l3_o,
    output logic [6:0] len_o,        // bytes of it that are there
    output logic [1:0] tags_o,
    output logic       type_ip4_o,
    output logic       type_ip6_o,
    output logic       pass_o
);

  function automatic logic [15:0] type_at(hdr_t hdr, int unsigned offset);
    return {hdr[8*offset+:8], hdr[8*(offset+1)+:8]};
  endfunction

  function automatic logic is_tag(logic [15:0] ethertype);
    return ethertype == 16'h8100 || ethertype == 16'h88a8;
  endfunction

  logic        one, two;             // a tag, a second one
  logic [15:0] ethertype;
  logic [7:0]  start, left;
  l3_bytes_t   l3;

  assign one   = is_tag(type_at(hdr_i, 12)) && len_i >= 8'd18;
  assign two   = one && is_tag(type_at(hdr_i, 16)) && len_i >= 8'd22;
  assign start = two ? 8'd22 : one ? 8'd18 : 8'd14;
  assign left  = (len_i > start) ? len_i - start : '0;

  always_comb begin
    ethertype = type_at(hdr_i, 12);
    l3        = hdr_i[8*14+:8*L3Bytes];
    if (two) begin
      ethertype = type_at(hdr_i, 20);
      l3        = hdr_i[8*22+:8*L3Bytes];
    end else if (one) begin
      ethertype = type_at(hdr_i, 16);
      l3        = hdr_i[8*18+:8*L3Bytes];
    end
  end

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_i;
    if (valid_i) begin
      l3_o       <= l3;
      len_o      <= (left > 8'(L3Bytes)) ? 7'(L3Bytes) : left[6:0];
      tags_o     <= {two, one && !two};
      type_ip4_o <= ethertype == 16'h0800;
      type_ip6_o <= ethertype == 16'h86dd;
      pass_o     <= pass_i;
    end
  end

endmodule
