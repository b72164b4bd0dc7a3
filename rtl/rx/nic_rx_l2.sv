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
    input  ethertype_t types_i [3],  // at 12, 16 and 20

    output logic       valid_o,
    output l3_bytes_t  l3_o,
    output logic [6:0] len_o,        // bytes of it that are there
    output logic [1:0] tags_o,
    output logic       type_ip4_o,
    output logic       type_ip6_o,
    output logic       ctag_o        // the outer tag is 0x8100
);

  function automatic hdr_t whole(logic [DataWidth-1:0] beats [HdrBeats]);
    for (int unsigned b = 0; b < HdrBeats; b++) whole[DataWidth*b+:DataWidth] = beats[b];
  endfunction

  // Bytes behind the first `from` that are there.
  function automatic logic [6:0] behind(logic [7:0] len, logic [7:0] from);
    if (len < from) return '0;
    return (len < 8'(L3Bytes) + from) ? 7'(len - from) : 7'(L3Bytes);
  endfunction

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_i;
    if (valid_i) begin
      automatic hdr_t hdr = whole(hdr_i);
      automatic logic one = (types_i[0].ctag || types_i[0].stag) && len_i >= 8'd18;
      automatic logic two = one && (types_i[1].ctag || types_i[1].stag) && len_i >= 8'd22;
      if (two)      l3_o <= hdr[8*22+:8*L3Bytes];
      else if (one) l3_o <= hdr[8*18+:8*L3Bytes];
      else          l3_o <= hdr[8*14+:8*L3Bytes];
      len_o      <= two ? behind(len_i, 8'd22) : one ? behind(len_i, 8'd18) : behind(len_i, 8'd14);
      tags_o     <= {two, one && !two};
      type_ip4_o <= two ? types_i[2].ip4 : one ? types_i[1].ip4 : types_i[0].ip4;
      type_ip6_o <= two ? types_i[2].ip6 : one ? types_i[1].ip6 : types_i[0].ip6;
      ctag_o     <= one && types_i[0].ctag;
    end
  end

endmodule
