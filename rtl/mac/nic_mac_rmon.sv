// SPDX-License-Identifier: Apache-2.0
// The RMON counters (RFC 2819, IEEE 802.3 clause 5): 64 bits each, the lower 20 in small memories of which each takes at most
// one event a clock, the upper in nic_counter_bank. Reading LO latches HI of the same counter. They return to 0 only with
// the device's reset, in which there are no events.
//
// Lengths on the streams are without the 4 bytes of FCS that the RMON sizes include.

module nic_mac_rmon
  import nic_pkg::*;
  import nic_regs_pkg::*;
  import nic_mac_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    input  frame_len_t max_frame_i,

    // a frame came
    input  logic       rx_i,
    input  frame_len_t rx_len_i,
    input  rx_tag_t    rx_tag_i,

    // a frame was sent, or thrown away
    input  logic       tx_i,
    input  logic       tx_dropped_i,
    input  frame_len_t tx_len_i,
    input  mac_cast_e  tx_cast_i,
    input  logic       tx_pause_i
);

  localparam int unsigned Header = 14;

  // Counters by their place in the register space, 8 bytes each.
  typedef logic [4:0] place_t;
  function automatic place_t place_of(logic [15:0] offset);
    return place_t'((offset - RMON_RX_UNICAST_LO_OFFSET) >> 3);
  endfunction
  localparam place_t RxClass  = place_of(RMON_RX_UNICAST_LO_OFFSET);   // 8: one for each frame
  localparam place_t RxBin    = place_of(RMON_RX_64_LO_OFFSET);        // 7: one for each of 64 bytes or more
  localparam place_t RxOctets = place_of(RMON_RX_OCTETS_LO_OFFSET);
  localparam place_t TxClass  = place_of(RMON_TX_UNICAST_LO_OFFSET);   // 4
  localparam place_t TxOctets = place_of(RMON_TX_OCTETS_LO_OFFSET);
  localparam place_t RxPause  = place_of(RMON_RX_PAUSE_LO_OFFSET);
  localparam place_t TxPause  = place_of(RMON_TX_PAUSE_LO_OFFSET);
  localparam place_t TxBin    = place_of(RMON_TX_64_LO_OFFSET);        // 7

  logic [19:0] rx_class_mem [8], rx_bin_mem [8], tx_class_mem [4], tx_bin_mem [8];
  logic [19:0] rx_octets_q, tx_octets_q, rx_pause_q, tx_pause_q;

  // Size bin of a frame.
  function automatic logic [2:0] bin_of(frame_len_t len);
    if (len <= 14'd60) return 3'd0;
    if (len <= 14'd123) return 3'd1;
    if (len <= 14'd251) return 3'd2;
    if (len <= 14'd507) return 3'd3;
    if (len <= 14'd1019) return 3'd4;
    return (len <= 14'd1514) ? 3'd5 : 3'd6;
  endfunction

  // Unicast, multicast, broadcast; FCS error; undersize, oversize; fragment, jabber.
  function automatic logic [2:0] rx_kind(frame_len_t len, frame_len_t max_frame, logic bad, mac_cast_e to);
    if (len < frame_len_t'(PadFrame)) return {1'b1, bad, 1'b0};
    if (len > max_frame) return {1'b1, bad, 1'b1};
    return bad ? 3'd3 : {1'b0, to};
  endfunction

  // ------------------------------------------------------------------ counting
  place_t      clear;
  logic [31:0] carry_q;             // what has wrapped in the clock before

  always_ff @(posedge clk_i) begin
    if (rx_i || tx_i || carry_q != '0 || !rst_ni) begin : count
      automatic logic        rx        = rx_i && rst_ni;
      automatic logic        tx        = tx_i && rst_ni;
      automatic logic [2:0]  rx_class  = rx_kind(rx_len_i, max_frame_i, rx_tag_i.bad, rx_tag_i.to);
      automatic logic [1:0]  tx_class  = tx_dropped_i ? 2'd3 : tx_cast_i;
      automatic logic [2:0]  rx_bin    = bin_of(rx_len_i);
      automatic logic [2:0]  tx_bin    = bin_of(tx_len_i);
      automatic logic        rx_sized  = rx && rx_len_i >= frame_len_t'(PadFrame);
      automatic logic        rx_good   = rx && rx_class < 3'd3;
      automatic logic        tx_sent   = tx && !tx_dropped_i;
      automatic logic [20:0] rx_octets = {1'b0, rx_octets_q} + 21'(rx_len_i - frame_len_t'(Header));
      automatic logic [20:0] tx_octets = {1'b0, tx_octets_q} + 21'(tx_len_i - frame_len_t'(Header));
      automatic logic [31:0] carry     = '0;
      // In reset one entry after the other is cleared.
      if (!rst_ni) begin
        rx_class = clear[2:0];
        rx_bin   = clear[2:0];
        tx_class = clear[1:0];
        tx_bin   = clear[2:0];
      end
      if (rx || !rst_ni) rx_class_mem[rx_class] <= rst_ni ? rx_class_mem[rx_class] + 1'b1 : '0;
      if (tx || !rst_ni) tx_class_mem[tx_class] <= rst_ni ? tx_class_mem[tx_class] + 1'b1 : '0;
      if (rx_sized || !rst_ni) rx_bin_mem[rx_bin] <= rst_ni ? rx_bin_mem[rx_bin] + 1'b1 : '0;
      if (tx_sent || !rst_ni) tx_bin_mem[tx_bin] <= rst_ni ? tx_bin_mem[tx_bin] + 1'b1 : '0;
      if (rx_good || !rst_ni) rx_octets_q <= rst_ni ? rx_octets[19:0] : '0;
      if (tx_sent || !rst_ni) tx_octets_q <= rst_ni ? tx_octets[19:0] : '0;
      if ((rx && rx_tag_i.pause) || !rst_ni) rx_pause_q <= rst_ni ? rx_pause_q + 1'b1 : '0;
      if ((tx && tx_pause_i) || !rst_ni) tx_pause_q <= rst_ni ? tx_pause_q + 1'b1 : '0;

      carry[RxClass+place_t'(rx_class)] = rx && &rx_class_mem[rx_class];
      carry[RxBin+place_t'(rx_bin)]     = rx_sized && &rx_bin_mem[rx_bin];
      carry[RxOctets]                   = rx_good && rx_octets[20];
      carry[RxPause]                    = rx && rx_tag_i.pause && &rx_pause_q;
      carry[TxClass+place_t'(tx_class)] = tx && &tx_class_mem[tx_class];
      carry[TxBin+place_t'(tx_bin)]     = tx_sent && &tx_bin_mem[tx_bin];
      carry[TxOctets]                   = tx_sent && tx_octets[20];
      carry[TxPause]                    = tx && tx_pause_i && &tx_pause_q;
      carry_q <= carry;
    end
  end

  // ------------------------------------------------------------------ registers
  function automatic logic known(place_t place);
    return place != TxPause + 5'd1 && place != TxBin + 5'd7;
  endfunction

  logic        select;
  place_t      place;
  logic [19:0] low;
  logic [31:0] value;

  always_comb begin
    select = 1'b0;
    place  = '0;
    low    = '0;
    if (req_i.valid && req_i.addr[15:8] == RMON_RX_UNICAST_LO_OFFSET[15:8]) begin
      place  = req_i.addr[7:3];
      select = known(place);
      case (place[4:2])
        RxClass[4:2], RxClass[4:2] + 3'd1: low = rx_class_mem[place[2:0]];
        RxBin[4:2], RxBin[4:2] + 3'd1:     low = (place == RxOctets) ? rx_octets_q : rx_bin_mem[place[2:0]];
        TxClass[4:2]:                      low = tx_class_mem[place[1:0]];
        TxOctets[4:2]:
        low = (place == TxOctets) ? tx_octets_q : (place == RxPause) ? rx_pause_q : tx_pause_q;
        default:                           low = tx_bin_mem[place[2:0]];
      endcase
    end
  end

  nic_counter_bank #(
      .Counters(32)
  ) u_bank (
      .clk_i,
      .rst_ni,
      .clear_o (clear),
      .carry_i (carry_q),
      .look_i  (req_i.valid),
      .select_i(select),
      .write_i (req_i.write),
      .index_i (place),
      .high_i  (req_i.addr[2]),
      .low_i   (low),
      .value_o (value)
  );

  logic hit_q;
  always_ff @(posedge clk_i) begin
    if (req_i.valid) hit_q <= select;
  end
  assign rsp_o = {hit_q, value};

  // The counters lie as they are addressed here.
  if (RxClass != 5'd0 || RxBin != 5'd8 || RxOctets != 5'd15 || TxClass != 5'd16 || TxOctets != 5'd20 ||
      RxPause != 5'd21 || TxPause != 5'd22 || TxBin != 5'd24) begin : gen_layout
    $fatal(1, "nic.rdl: the RMON counters lie elsewhere");
  end

  // A write is answered and changes nothing.
  logic unused;
  assign unused = ^{req_i.wdata, req_i.wstrb, req_i.addr[1:0], clear[4:3]};

endmodule
