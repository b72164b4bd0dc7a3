// SPDX-License-Identifier: Apache-2.0
// What is changed in a frame on its way from the packet buffer to the stream: its checksum is put in, a VLAN tag is
// inserted behind the addresses, and what follows the data is zero.
//
// One word a clock while en_i is high; words of a frame come in order, word_i counts them from 0. bytes_i of a word are
// data; with a tag, or padding, words without data follow until everything is out. The result is registered.

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
    input  logic [DataWidth-1:0] data_i,
    input  logic [ByteLog2:0]    bytes_i,
    input  logic [13-ByteLog2:0] word_i,
    input  tx_edit_t             edit_i,
    input  logic                 tso_i,      // the header fields, too
    input  tx_headers_t          headers_i,
    input  logic [15:0]          ip_check_i,
    input  logic [15:0]          check_i,    // the checksum, its first byte on the wire in 7:0

    output logic [DataWidth-1:0] data_o
);

  localparam int unsigned AddrBytes = 12;   // both MAC addresses

  typedef logic [13-ByteLog2:0] word_t;

  // ------------------------------------------------------------------ data, and zeros behind it
  logic [DataWidth-1:0] clean_data, clean;
  assign clean_data = bytes_i[ByteLog2] ? data_i : data_i & ~({DataWidth{1'b1}} << {bytes_i, 3'b000});

  nic_tx_headers #(
      .DataWidth(DataWidth)
  ) u_headers (
      .enable_i(en_i && tso_i),
      .headers_i,
      .ip_check_i,
      .word_i,
      .data_i  (clean_data),
      .data_o  (clean)
  );

  // ------------------------------------------------------------------ the checksum's two bytes, perhaps in two words
  logic [DataWidth-1:0] right;

  always_comb begin
    right = clean;
    if (en_i && edit_i.csum) begin
      automatic frame_len_t second = edit_i.csum_at + 1'b1;
      if (word_t'(edit_i.csum_at >> ByteLog2) == word_i)
        right[{edit_i.csum_at[ByteLog2-1:0], 3'b000}+:8] = check_i[7:0];
      if (word_t'(second >> ByteLog2) == word_i)
        right[{second[ByteLog2-1:0], 3'b000}+:8] = check_i[15:8];
    end
  end

  // ------------------------------------------------------------------ the tag
  logic [31:0]          rest_q;             // last bytes of the word before
  logic [DataWidth-1:0] first;              // the word where the tag comes in

  // Bytes 0 to 11 stay, 12 to 15 are the tag, the others come 4 bytes later.
  localparam int unsigned TagWord = AddrBytes / Bytes;
  localparam int unsigned TagAt   = 8 * (AddrBytes % Bytes);

  if (TagAt + 32 == DataWidth) begin : gen_just
    assign first = {edit_i.tci[7:0], edit_i.tci[15:8], 16'h0081, right[TagAt-1:0]};
  end else begin : gen_more
    assign first = {right[DataWidth-33:TagAt], edit_i.tci[7:0], edit_i.tci[15:8], 16'h0081, right[TagAt-1:0]};
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      data_o <= right;
      if (edit_i.vlan) begin
        rest_q <= right[DataWidth-1-:32];
        if (word_i == word_t'(TagWord)) data_o <= first;
        if (word_i > word_t'(TagWord)) data_o <= {right[DataWidth-33:0], rest_q};
      end
    end
  end

endmodule
