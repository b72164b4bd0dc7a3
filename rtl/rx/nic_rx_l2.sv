// SPDX-License-Identifier: Apache-2.0
// First stage of the RX parser: takes what it looks at of each frame from the stream, steps over the Ethernet header and up to
// two VLAN tags (0x8100, 0x88a8), and hands on the bytes from the network header, with whether their EtherType is IPv4
// or IPv6: two clocks after the beat that completes the first HdrBytes bytes or ends the frame, a frame a clock.
// A tag of which the frame has not all four bytes is none.
//
// The bytes are moved into place as they come: the tags are known before the first of those behind them.

module nic_rx_l2
  import nic_rx_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes)
) (
    input  logic clk_i,
    input  logic rst_ni,

    // the stream
    input  logic                 beat_i,     // a beat
    input  logic                 valid_i,    // of a frame that is taken
    input  logic [DataWidth-1:0] data_i,
    input  logic                 last_i,
    input  logic [ByteLog2:0]    bytes_i,    // in this beat

    // a clock before valid_o: what is looked up of the frame
    output logic        look_o,
    output logic [47:0] dest_o,
    output logic [11:0] vid_o,               // if there is a tag

    output logic        valid_o,
    output l3_bytes_t   l3_o,
    output logic [6:0]  len_o,               // bytes of it that are there
    output logic [1:0]  tags_o,
    output logic        type_ip4_o,
    output logic        type_ip6_o,
    output logic        ctag_o               // the outer tag is 0x8100
);

  localparam int unsigned HdrBeats  = HdrBytes / Bytes;
  localparam int unsigned BeatWidth = $clog2(HdrBeats + 1);
  localparam int unsigned Words     = (L3Bytes + Bytes - 1) / Bytes;
  typedef logic [BeatWidth:0] at_t;

  logic [BeatWidth-1:0] beat_q;              // HdrBeats: all have been seen
  logic                 take, look, done_q;
  logic [7:0]           len_q;
  ethertype_t           types_q [3];         // at 12, and behind one tag and two

  assign take   = valid_i && !beat_q[BeatWidth-1];
  assign look   = beat_i && !beat_q[BeatWidth-1];     // of other frames, too: then it is the first, and does no harm
  assign look_o = done_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q <= '0;
      done_q <= 1'b0;
    end else begin
      done_q <= take && (last_i || beat_q == BeatWidth'(HdrBeats - 1));
      if (valid_i && last_i) beat_q <= '0;
      else if (take) beat_q <= beat_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (look) begin
      for (int unsigned t = 0; t < 3; t++) begin
        if (beat_q == BeatWidth'((12 + 4 * t) / Bytes)) types_q[t] <= ethertype_of(data_i[8*((12+4*t)%Bytes)+:16]);
      end
      if (beat_q == '0) dest_o <= data_i[47:0];
      if (beat_q == BeatWidth'(14 / Bytes)) vid_o <= {data_i[8*(14%Bytes)+:4], data_i[8*(15%Bytes)+:8]};
      len_q <= 8'(32'(beat_q) * Bytes + 32'(bytes_i));
    end
  end

  // ------------------------------------------------------------------ the bytes behind the tags
  // A word has bytes of two beats. With the beat after a frame's last comes what was left of that; the beat itself may be
  // the next frame's first, which has nothing to be kept yet.
  logic [Words*DataWidth-1:0] words_q;
  logic [DataWidth-1:0] before_q;            // the beat before
  at_t                  after_q;             // it, counted from 1

  always_ff @(posedge clk_i) begin
    if (look) begin
      before_q <= data_i;
      after_q  <= at_t'(beat_q) + 1'b1;
    end
    if (look || done_q) begin
      automatic logic one = types_q[0].ctag || types_q[0].stag;
      automatic logic two = one && (types_q[1].ctag || types_q[1].stag);
      automatic at_t at = (done_q ? after_q : at_t'(beat_q)) - 1'b1;   // less than 0: not yet
      at -= two ? at_t'(22 / Bytes) : one ? at_t'(18 / Bytes) : at_t'(14 / Bytes);
      if (at < at_t'(Words)) begin
        automatic logic [DataWidth-1:0] word = two ? DataWidth'({data_i, before_q} >> (8 * (22 % Bytes))) :
                                               one ? DataWidth'({data_i, before_q} >> (8 * (18 % Bytes))) :
                                                     DataWidth'({data_i, before_q} >> (8 * (14 % Bytes)));
        for (int unsigned w = 0; w < Words; w++) begin
          if (at == at_t'(w)) words_q[DataWidth*w+:DataWidth] <= word;
        end
      end
    end
  end

  assign l3_o = words_q[8*L3Bytes-1:0];

  logic unused;
  assign unused = ^words_q;

  // ------------------------------------------------------------------ what they are
  // Bytes behind the first `from` that are there.
  function automatic logic [6:0] behind(logic [7:0] len, logic [7:0] from);
    if (len < from) return '0;
    return (len < 8'(L3Bytes) + from) ? 7'(len - from) : 7'(L3Bytes);
  endfunction

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && done_q;
    if (done_q) begin
      automatic logic one = (types_q[0].ctag || types_q[0].stag) && len_q >= 8'd18;
      automatic logic two = one && (types_q[1].ctag || types_q[1].stag) && len_q >= 8'd22;
      len_o      <= two ? behind(len_q, 8'd22) : one ? behind(len_q, 8'd18) : behind(len_q, 8'd14);
      tags_o     <= {two, one && !two};
      type_ip4_o <= two ? types_q[2].ip4 : one ? types_q[1].ip4 : types_q[0].ip4;
      type_ip6_o <= two ? types_q[2].ip6 : one ? types_q[1].ip6 : types_q[0].ip6;
      ctag_o     <= one && types_q[0].ctag;
    end
  end

endmodule
