// SPDX-License-Identifier: Apache-2.0
// Flow hash of a frame, from its first HdrBytes bytes; combinational. README.md, "Flow hash", is the definition.
//
// fold_o is the exclusive or of 32-bit words (first byte on the wire most significant):
//   IPv4             source and destination address; if TCP or UDP and not a fragment, the word of both ports
//   IPv6             the eight words of both addresses; if TCP or UDP follows the fixed header, the word of both ports
//   anything else    the 14 bytes of the Ethernet header, with two zero bytes after them
// Headers that the frame is too short for are not there: it counts as "anything else", or as having no ports.
// hash(fold) is the CRC-32 of Ethernet and zlib over the four bytes of fold, most significant first.

module nic_rx_hash #(
    localparam int unsigned HdrBytes = 80     // Ethernet, the longest IPv4 header, and the ports
) (
    input  logic [8*HdrBytes-1:0] hdr_i,      // first byte on the wire in 7:0
    input  logic [6:0]            len_i,      // bytes of it that are there
    output logic [31:0]           fold_o
);

  // The big-endian word at a byte offset.
  function automatic logic [31:0] word_at(logic [8*HdrBytes-1:0] hdr, int unsigned offset);
    return {hdr[8*offset+:8], hdr[8*(offset+1)+:8], hdr[8*(offset+2)+:8], hdr[8*(offset+3)+:8]};
  endfunction

  logic [15:0] ethertype;
  logic [13:0] frag;                          // more fragments, offset
  logic [3:0]  version, ihl;
  logic [6:0]  l4;                            // offset of the ports
  logic        is_v4, is_v6, has_ports;
  logic [7:0]  proto;
  logic [31:0] ports;

  assign ethertype = {hdr_i[8*12+:8], hdr_i[8*13+:8]};
  assign version   = hdr_i[8*14+4+:4];
  assign ihl       = hdr_i[8*14+:4];
  assign frag      = {hdr_i[8*20+:6], hdr_i[8*21+:8]};
  assign is_v4     = ethertype == 16'h0800 && version == 4'd4 && ihl >= 4'd5 && len_i >= 7'd14 + {1'b0, ihl, 2'b00};
  assign is_v6     = ethertype == 16'h86dd && version == 4'd6 && len_i >= 7'd54;
  assign proto     = is_v6 ? hdr_i[8*20+:8] : hdr_i[8*23+:8];
  assign l4        = is_v6 ? 7'd54 : 7'd14 + {1'b0, ihl, 2'b00};
  assign has_ports = (proto == 8'd6 || proto == 8'd17) && (is_v6 || frag == '0) && len_i >= l4 + 7'd4;

  always_comb begin
    ports = '0;
    for (int unsigned w = 5; w <= 15; w++) begin
      if (l4 == 7'(14 + 4 * w)) ports = word_at(hdr_i, 14 + 4 * w);
    end
  end

  always_comb begin
    if (is_v4) begin
      fold_o = word_at(hdr_i, 26) ^ word_at(hdr_i, 30);
    end else if (is_v6) begin
      fold_o = '0;
      for (int unsigned w = 0; w < 8; w++) fold_o ^= word_at(hdr_i, 22 + 4 * w);
    end else begin
      fold_o = word_at(hdr_i, 0) ^ word_at(hdr_i, 4) ^ word_at(hdr_i, 8) ^ {ethertype, 16'h0000};
    end
    if ((is_v4 || is_v6) && has_ports) fold_o ^= ports;
  end

endmodule
