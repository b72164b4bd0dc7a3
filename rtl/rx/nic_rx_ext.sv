// SPDX-License-Identifier: Apache-2.0
// One step along an IPv6 header chain: if the header at net.off is a hop-by-hop, routing or destination options header,
// goes to the one after it. One clock, one frame a clock; a chain of n headers takes n of these in a row.
//
// The chain ends as unknown (ProtoNone) at a header that is not all there or reaches beyond what the parser sees, at a
// routing header with segments left (the packet's last destination is another), and at a fragment header.

module nic_rx_ext
  import nic_rx_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,

    input  logic  valid_i,
    input  net_t  net_i,
    input  l3_bytes_t l3_i,

    output logic  valid_o,
    output net_t  net_o,
    output l3_bytes_t l3_o
);

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_i;
    if (valid_i) begin
      net_o <= net_i;
      l3_o  <= l3_i;
    end
    if (valid_i && net_i.is_ip6 && (net_i.proto == ProtoHopByHop || net_i.proto == ProtoRouting ||
                                    net_i.proto == ProtoDest || net_i.proto == ProtoFragment)) begin
      // The header's first four bytes, first in 7:0, and where the one after it is, in words of 4 bytes. Long ones
      // reach beyond the window: bit 15 of begins need not be in the sum. Eight bytes must fit after it.
      automatic logic [31:0] begins  = l3_i[32*net_i.off+:32];
      automatic logic [8:0]  off     = 9'(net_i.off) + {1'b0, begins[14:8], 1'b0} + 9'd2;
      automatic logic        unknown = net_i.proto == ProtoFragment ||
          9'(net_i.len) < {2'b0, net_i.off, 2'b0} + 9'd8 || begins[15] || off > 9'(L3Bytes / 4 - 2) ||
          (net_i.proto == ProtoRouting && begins[31:24] != '0);
      net_o.proto <= unknown ? ProtoNone : begins[7:0];
      if (!unknown) net_o.off <= off[4:0];
    end
  end

endmodule
