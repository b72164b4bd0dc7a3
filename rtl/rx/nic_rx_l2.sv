// SPDX-License-Identifier: Apache-2.0
// First stage of the RX parser: steps over the Ethernet header and up to two VLAN tags (0x8100, 0x88a8) and hands on
// the bytes from the network header, with whether their EtherType is IPv4 or IPv6. One clock, one frame a clock.
// A tag of which the frame has not all four bytes is none.

module nic_rx_l2
  import nic_rx_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned HdrBeats = 8 * HdrBytes / DataWidth
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic       valid_i,
    input  logic [DataWidth-1:0] hdr_i [HdrBeats],
    input  logic [7:0] len_i,        // bytes of it that are there

    output logic       valid_o,
    output l3_bytes_t  l3_o,
    output logic [6:0] len_o,        // bytes of it that are there
    output logic [1:0] tags_o,
    output logic       type_ip4_o,
    output logic       type_ip6_o,
    output logic       ctag_o        // the outer tag is 0x8100
);

  function automatic logic [15:0] type_at(hdr_t hdr, int unsigned offset);
    return {hdr[8*offset+:8], hdr[8*(offset+1)+:8]};
  endfunction

  function automatic logic is_tag(logic [15:0] ethertype);
    return ethertype == 16'h8100 || ethertype == 16'h88a8;
  endfunction

  function automatic hdr_t whole(logic [DataWidth-1:0] beats [HdrBeats]);
    for (int unsigned b = 0; b < HdrBeats; b++) whole[DataWidth*b+:DataWidth] = beats[b];
  endfunction

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_i;
    if (valid_i) begin
      automatic hdr_t        hdr  = whole(hdr_i);
      automatic logic        one  = is_tag(type_at(hdr, 12)) && len_i >= 8'd18;
      automatic logic        two  = one && is_tag(type_at(hdr, 16)) && len_i >= 8'd22;
      automatic logic [7:0]  from = two ? 8'd22 : one ? 8'd18 : 8'd14;
      automatic logic [7:0]  left = (len_i > from) ? len_i - from : '0;
      automatic logic [15:0] ethertype = type_at(hdr, two ? 20 : one ? 16 : 12);
      if (two)      l3_o <= hdr[8*22+:8*L3Bytes];
      else if (one) l3_o <= hdr[8*18+:8*L3Bytes];
      else          l3_o <= hdr[8*14+:8*L3Bytes];
      len_o      <= (left > 8'(L3Bytes)) ? 7'(L3Bytes) : left[6:0];
      tags_o     <= {two, one && !two};
      type_ip4_o <= ethertype == 16'h0800;
      type_ip6_o <= ethertype == 16'h86dd;
      ctag_o     <= one && type_at(hdr, 12) == 16'h8100;
    end
  end

endmodule
