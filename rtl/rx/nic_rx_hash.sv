// SPDX-License-Identifier: Apache-2.0
// First half of the flow hash: folds what identifies a frame's flow into 32 bits, from its first HdrBytes bytes, one
// clock after valid_i. README.md, "Flow hash", is the definition. The exclusive or of 32-bit words (first byte on
// the wire most significant):
//   IPv4             source and destination address; if TCP or UDP and not a fragment, the word of both ports
//   IPv6             the eight words of both addresses; if TCP or UDP follows the fixed header, the word of both ports
//   anything else    the 14 bytes of the Ethernet header, with two zero bytes after them
// Headers that the frame is too short for are not there: it counts as "anything else", or as having no ports.

module nic_rx_hash #(
    localparam int unsigned HdrBytes = 80     // Ethernet, the longest IPv4 header, and the ports
) (
    input  logic                  clk_i,
    input  logic                  valid_i,
    input  logic [8*HdrBytes-1:0] hdr_i,      // first byte on the wire in 7:0
    input  logic [6:0]            len_i,      // bytes of it that are there
    output logic [31:0]           fold_o
);

  typedef logic [8*HdrBytes-1:0] hdr_t;

  // The big-endian word at a byte offset.
  function automatic logic [31:0] word_at(hdr_t hdr, int unsigned offset);
    return {hdr[8*offset+:8], hdr[8*(offset+1)+:8], hdr[8*(offset+2)+:8], hdr[8*(offset+3)+:8]};
  endfunction

  function automatic logic [31:0] fold_of(hdr_t hdr, logic [6:0] len);
    logic [15:0] ethertype;
    logic [13:0] frag;                        // more fragments, offset
    logic [3:0]  ihl;
    logic [6:0]  l4;                          // offset of the ports
    logic        is_v4, is_v6;
    logic [7:0]  proto;
    logic [31:0] fold;

    ethertype = {hdr[8*12+:8], hdr[8*13+:8]};
    ihl       = hdr[8*14+:4];
    frag      = {hdr[8*20+:6], hdr[8*21+:8]};
    is_v4     = ethertype == 16'h0800 && hdr[8*14+4+:4] == 4'd4 && ihl >= 4'd5 && len >= 7'd14 + {1'b0, ihl, 2'b00};
    is_v6     = ethertype == 16'h86dd && hdr[8*14+4+:4] == 4'd6 && len >= 7'd54;

    if (is_v4) begin
      fold  = word_at(hdr, 26) ^ word_at(hdr, 30);
      proto = (frag == '0) ? hdr[8*23+:8] : '0;
      l4    = 7'd14 + {1'b0, ihl, 2'b00};
    end else if (is_v6) begin
      fold = '0;
      for (int unsigned w = 0; w < 8; w++) fold ^= word_at(hdr, 22 + 4 * w);
      proto = hdr[8*20+:8];
      l4    = 7'd54;
    end else begin
      fold  = word_at(hdr, 0) ^ word_at(hdr, 4) ^ word_at(hdr, 8) ^ {ethertype, 16'h0000};
      proto = '0;
      l4    = '0;
    end
    if ((proto == 8'd6 || proto == 8'd17) && len >= l4 + 7'd4) begin
      for (int unsigned w = 5; w <= 15; w++) begin
        if (l4 == 7'(14 + 4 * w)) fold ^= word_at(hdr, 14 + 4 * w);
      end
    end
    return fold;
  endfunction

  always_ff @(posedge clk_i) begin
    if (valid_i) fold_o <= fold_of(hdr_i, len_i);
  end

endmodule
