// SPDX-License-Identifier: Apache-2.0
// What is changed in a frame on its way from the packet buffer to the stream: header fields and checksum are put in
// (nic_tx_headers), a VLAN tag is inserted behind the addresses, and what follows the data is zero.
//
// Nothing moves but in clocks of en_i. next_i: a word, in order, next_word_i counts them from 0; frame_i with a frame's first, and
// what is changed in it. In the next clock of en_i come its bytes_i of data, with valid_i; with a tag, or padding, words
// without data follow until everything is out. A word comes out three clocks after its next_i.

module nic_tx_edit
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic                 clk_i,

    input  logic                 en_i,
    input  logic                 next_i,
    input  logic [13-ByteLog2:0] next_word_i,
    input  logic                 frame_i,
    input  tx_edit_t             edit_i,
    input  logic                 tso_i,      // the header fields, too
    input  tx_headers_t          headers_i,
    input  logic [15:0]          sum_i,      // and what its checksums are made of
    input  logic [15:0]          adjust_i,
    input  logic [15:0]          ip_sum_i,
    input  logic [15:0]          ip_adjust_i,

    input  logic                 valid_i,
    input  logic [DataWidth-1:0] data_i,
    input  logic [ByteLog2:0]    bytes_i,
    output logic [DataWidth-1:0] data_o
);

  localparam int unsigned AddrBytes = 12;   // both MAC addresses

  // Bytes 0 to 11 stay, 12 to 15 are the tag, the others come 4 bytes later.
  localparam int unsigned TagWord = AddrBytes / Bytes;
  localparam int unsigned TagAt   = 8 * (AddrBytes % Bytes);

  typedef logic [13-ByteLog2:0] word_t;

  // ------------------------------------------------------------------ data, and zeros behind it; what is put in
  logic [DataWidth-1:0] clean, put, clean_q, put_q;
  logic [Bytes-1:0]     put_be, put_be_q;
  logic                 vlan_q, puts, valid_q, puts_q, tag_here_q, tag_before_q;
  logic                 here_q, behind_q;     // the tag comes in in this word, or before it
  logic [15:0]          frame_tci_q, tci_q;

  assign clean = bytes_i[ByteLog2] ? data_i : data_i & ~({DataWidth{1'b1}} << {bytes_i, 3'b000});

  nic_tx_headers #(
      .DataWidth(DataWidth)
  ) u_headers (
      .clk_i,
      .step_i   (en_i && next_i),
      .load_i   (frame_i),
      .csum_i   (edit_i.csum),
      .csum_at_i(edit_i.csum_at),
      .sum_i,
      .adjust_i,
      .tso_i,
      .headers_i,
      .ip_sum_i,
      .ip_adjust_i,
      .word_i   (next_word_i),
      .any_o    (puts),
      .be_o     (put_be),
      .data_o   (put)
  );

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      valid_q <= valid_i;
      if (frame_i) begin
        vlan_q      <= edit_i.vlan;
        frame_tci_q <= edit_i.tci;
      end
      if (next_i && (frame_i ? edit_i.vlan : vlan_q)) begin
        here_q   <= next_word_i == word_t'(TagWord);
        behind_q <= next_word_i > word_t'(TagWord);
      end
      if (valid_i) begin
        clean_q      <= clean;
        puts_q       <= puts;
        tag_here_q   <= vlan_q && here_q;
        tag_before_q <= vlan_q && behind_q;
        if (puts) begin
          put_q    <= put;
          put_be_q <= put_be;
        end
        if (vlan_q) tci_q <= frame_tci_q;
      end
    end
  end

  // ------------------------------------------------------------------ both, and the tag
  logic [DataWidth-1:0] right;
  logic [31:0]          rest_q;             // last bytes of the word before
  logic [DataWidth-1:0] with_tag;             // the word where the tag comes in

  always_comb begin
    right = clean_q;
    if (puts_q) begin
      for (int b = 0; b < int'(Bytes); b++) if (put_be_q[b]) right[8*b+:8] = put_q[8*b+:8];
    end
  end

  if (TagAt + 32 == DataWidth) begin : gen_just
    assign with_tag = {tci_q[7:0], tci_q[15:8], 16'h0081, right[TagAt-1:0]};
  end else begin : gen_more
    assign with_tag = {right[DataWidth-33:TagAt], tci_q[7:0], tci_q[15:8], 16'h0081, right[TagAt-1:0]};
  end

  always_ff @(posedge clk_i) begin
    if (en_i && valid_q) begin
      data_o <= right;
      if (tag_here_q) data_o <= with_tag;
      if (tag_before_q) data_o <= {right[DataWidth-33:0], rest_q};
      if (tag_here_q || tag_before_q) rest_q <= right[DataWidth-1-:32];
    end
  end

endmodule
