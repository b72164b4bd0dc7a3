// SPDX-License-Identifier: Apache-2.0
// Looks at the beginning of each frame as it arrives and decides: does its destination pass the filter, what is its
// flow hash, and which queue gets it. One decision a frame, in order, three clocks after the beat that completes the
// first HdrBytes bytes or ends the frame. A frame a clock is possible. Runts get a decision too; it has no meaning.

module nic_rx_parse
  import nic_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  glob_cfg_t            glob_i,

    // the stream
    input  logic                 valid_i,
    input  logic [DataWidth-1:0] data_i,
    input  logic                 last_i,
    input  logic [ByteLog2:0]    bytes_i,      // in this beat

    // the decision
    output logic                 valid_o,
    output logic                 pass_o,
    output logic [31:0]          hash_o,
    output logic [QWidth-1:0]    queue_o
);

  localparam int unsigned HdrBytes = 80;
  localparam int unsigned HdrBeats = (HdrBytes + Bytes - 1) / Bytes;
  localparam int unsigned BeatWidth = $clog2(HdrBeats + 1);

  // ------------------------------------------------------------------ collect
  logic [HdrBeats-1:0][DataWidth-1:0] hdr_q;
  logic [BeatWidth-1:0]               beat_q;      // HdrBeats: all have been seen
  logic                               done_q;
  logic [6:0]                         len_q, len;

  always_comb begin
    len = 7'(HdrBytes);
    if (last_i && (32'(beat_q) * Bytes + 32'(bytes_i) < HdrBytes)) len = 7'(32'(beat_q) * Bytes + 32'(bytes_i));
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q <= '0;
      done_q <= 1'b0;
    end else begin
      done_q <= valid_i && (beat_q == BeatWidth'(HdrBeats - 1) || (last_i && beat_q != BeatWidth'(HdrBeats)));
      if (valid_i) begin
        if (last_i) beat_q <= '0;
        else if (beat_q != BeatWidth'(HdrBeats)) beat_q <= beat_q + 1'b1;
      end
    end
  end

  for (genvar b = 0; b < HdrBeats; b++) begin : gen_hdr
    always_ff @(posedge clk_i) begin
      if (valid_i && beat_q == BeatWidth'(b)) hdr_q[b] <= data_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) len_q <= len;
  end

  // ------------------------------------------------------------------ fold, filter
  logic [8*HdrBytes-1:0] hdr;
  logic [31:0]           fold_q;
  logic                  fold_valid_q, pass_q, pass;

  assign hdr = (8 * HdrBytes)'(hdr_q);

  nic_rx_hash u_hash (
      .clk_i,
      .valid_i(done_q),
      .hdr_i  (hdr),
      .len_i  (len_q),
      .fold_o (fold_q)
  );

  always_comb begin
    if (glob_i.promisc)       pass = 1'b1;
    else if (hdr[47:0] == '1) pass = glob_i.broadcast || glob_i.allmulti;
    else if (hdr[0])          pass = glob_i.allmulti;
    else                      pass = hdr[47:0] == glob_i.mac;
  end

  always_ff @(posedge clk_i) begin
    fold_valid_q <= rst_ni && done_q;
  end

  always_ff @(posedge clk_i) begin
    if (done_q) pass_q <= pass;
  end

  // ------------------------------------------------------------------ hash, queue
  // CRC-32 (reflected 0x04C11DB7) of the word's bytes, most significant first.
  function automatic logic [31:0] crc32(logic [31:0] word);
    logic [31:0] crc;
    crc = ~{word[7:0], word[15:8], word[23:16], word[31:24]};
    for (int i = 0; i < 32; i++) crc = (crc >> 1) ^ (crc[0] ? 32'hedb88320 : 32'd0);
    return ~crc;
  endfunction

  logic        hash_valid_q, hash_pass_q;
  logic [31:0] hash_q;
  logic [20:0] scaled;

  assign scaled = {5'b0, hash_q[15:0]} * {16'b0, glob_i.rx_queues};

  always_ff @(posedge clk_i) begin
    hash_valid_q <= rst_ni && fold_valid_q;
    if (fold_valid_q) begin
      hash_q      <= crc32(fold_q);
      hash_pass_q <= pass_q;
    end
  end

  assign valid_o = hash_valid_q;
  assign pass_o  = hash_pass_q;
  assign hash_o  = hash_q;
  assign queue_o = QWidth'(scaled >> 16);

endmodule
