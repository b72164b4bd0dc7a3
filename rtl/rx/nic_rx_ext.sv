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
    input  exts_t exts_i,       // of IPv6

    output logic  valid_o,
    output net_t  net_o,
    output exts_t exts_o
);

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid_i;
    if (valid_i) begin
      net_o <= net_i;
      if (net_i.is_ip6) exts_o <= exts_i;
    end
    if (valid_i && net_i.is_ip6 && (net_i.proto == ProtoHopByHop || net_i.proto == ProtoRouting ||
                                    net_i.proto == ProtoDest || net_i.proto == ProtoFragment)) begin
      automatic ext_t ext     = exts_i[net_i.off[3:1]];
      automatic logic unknown = ext.dead || net_i.proto == ProtoFragment || (net_i.proto == ProtoRouting && ext.hops);
      net_o.proto <= unknown ? ProtoNone : ext.next;
      if (!unknown) net_o.off <= {ext.to, 1'b0};
    end
  end

endmodule
