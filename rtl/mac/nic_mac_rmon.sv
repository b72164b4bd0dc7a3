// SPDX-License-Identifier: Apache-2.0
// The RMON counters (RFC 2819, IEEE 802.3 clause 5): 64 bits each, the lower 20 in small memories of which each takes at most
// one event a clock, the upper in nic_counter_bank. Reading LO latches HI of the same counter. They return to 0 only with
// the device's reset, in which there are no events.
//
// An event counts two clocks after it. Lengths on the streams are without the 4 bytes of FCS that the RMON sizes include.

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
  // What a frame counts as; it is counted a clock later.
  logic        rx_q, rx_sized_q, rx_good_q, rx_was_pause_q;
  logic [2:0]  rx_class_q, rx_bin_q;
  frame_len_t  rx_octets_more_q;
  logic        tx_q, tx_sent_q, tx_was_pause_q;
  logic [1:0]  tx_class_q;
  logic [2:0]  tx_bin_q;
  frame_len_t  tx_octets_more_q;
  place_t      clear;

  always_ff @(posedge clk_i) begin
    if (rx_i || rx_q) begin : came
      automatic logic [2:0] kind = rx_kind(rx_len_i, max_frame_i, rx_tag_i.bad, rx_tag_i.to);
      rx_q             <= rx_i;
      rx_sized_q       <= rx_i && rx_len_i >= frame_len_t'(PadFrame);
      rx_good_q        <= rx_i && kind < 3'd3;
      rx_was_pause_q   <= rx_i && rx_tag_i.pause;
      rx_class_q       <= kind;
      rx_bin_q         <= bin_of(rx_len_i);
      rx_octets_more_q <= rx_len_i - frame_len_t'(Header);
    end
    if (tx_i || tx_q) begin
      tx_q             <= tx_i;
      tx_sent_q        <= tx_i && !tx_dropped_i;
      tx_was_pause_q   <= tx_i && tx_pause_i;
      tx_class_q       <= tx_dropped_i ? 2'd3 : tx_cast_i;
      tx_bin_q         <= bin_of(tx_len_i);
      tx_octets_more_q <= tx_len_i - frame_len_t'(Header);
    end
    if (!rst_ni) begin
      {rx_q, rx_sized_q, rx_good_q, rx_was_pause_q} <= '0;
      {tx_q, tx_sent_q, tx_was_pause_q}             <= '0;
      // One entry after the other is cleared.
      rx_class_q <= clear[2:0];
      rx_bin_q   <= clear[2:0];
      tx_class_q <= clear[1:0];
      tx_bin_q   <= clear[2:0];
    end
  end

  logic [31:0] carry_q;             // what has wrapped in the clock before

  always_ff @(posedge clk_i) begin
    if (rx_q || tx_q || carry_q != '0 || !rst_ni) begin : count
      automatic logic [20:0] rx_octets = {1'b0, rx_octets_q} + 21'(rx_octets_more_q);
      automatic logic [20:0] tx_octets = {1'b0, tx_octets_q} + 21'(tx_octets_more_q);
      automatic logic [31:0] carry     = '0;
      if (rx_q || !rst_ni) rx_class_mem[rx_class_q] <= rst_ni ? rx_class_mem[rx_class_q] + 1'b1 : '0;
      if (tx_q || !rst_ni) tx_class_mem[tx_class_q] <= rst_ni ? tx_class_mem[tx_class_q] + 1'b1 : '0;
      if (rx_sized_q || !rst_ni) rx_bin_mem[rx_bin_q] <= rst_ni ? rx_bin_mem[rx_bin_q] + 1'b1 : '0;
      if (tx_sent_q || !rst_ni) tx_bin_mem[tx_bin_q] <= rst_ni ? tx_bin_mem[tx_bin_q] + 1'b1 : '0;
      if (rx_good_q || !rst_ni) rx_octets_q <= rst_ni ? rx_octets[19:0] : '0;
      if (tx_sent_q || !rst_ni) tx_octets_q <= rst_ni ? tx_octets[19:0] : '0;
      if (rx_was_pause_q || !rst_ni) rx_pause_q <= rst_ni ? rx_pause_q + 1'b1 : '0;
      if (tx_was_pause_q || !rst_ni) tx_pause_q <= rst_ni ? tx_pause_q + 1'b1 : '0;

      carry[RxClass+place_t'(rx_class_q)] = rx_q && &rx_class_mem[rx_class_q];
      carry[RxBin+place_t'(rx_bin_q)]     = rx_sized_q && &rx_bin_mem[rx_bin_q];
      carry[RxOctets]                     = rx_good_q && rx_octets[20];
      carry[RxPause]                      = rx_was_pause_q && &rx_pause_q;
      carry[TxClass+place_t'(tx_class_q)] = tx_q && &tx_class_mem[tx_class_q];
      carry[TxBin+place_t'(tx_bin_q)]     = tx_sent_q && &tx_bin_mem[tx_bin_q];
      carry[TxOctets]                     = tx_sent_q && tx_octets[20];
      carry[TxPause]                      = tx_was_pause_q && &tx_pause_q;
      carry_q <= carry;
    end
  end

  // ------------------------------------------------------------------ registers
  function automatic logic known(place_t place);
    return place != TxPause + 5'd1 && place != TxBin + 5'd7;
  endfunction

  logic        select_q;            // what is asked for
  place_t      place_q;
  logic [19:0] low;
  logic [31:0] value;

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      select_q <= req_i.addr[15:8] == RMON_RX_UNICAST_LO_OFFSET[15:8] && known(req_i.addr[7:3]);
      place_q  <= req_i.addr[7:3];
    end
  end

  always_comb begin
    low = '0;
    if (req_i.valid && select_q) begin
      case (place_q[4:2])
        RxClass[4:2], RxClass[4:2] + 3'd1: low = rx_class_mem[place_q[2:0]];
        RxBin[4:2], RxBin[4:2] + 3'd1:     low = (place_q == RxOctets) ? rx_octets_q : rx_bin_mem[place_q[2:0]];
        TxClass[4:2]:                      low = tx_class_mem[place_q[1:0]];
        TxOctets[4:2]:
        low = (place_q == TxOctets) ? tx_octets_q : (place_q == RxPause) ? rx_pause_q : tx_pause_q;
        default:                           low = tx_bin_mem[place_q[2:0]];
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
      .select_i(req_i.valid && select_q),
      .write_i (req_i.write),
      .index_i (place_q),
      .high_i  (req_i.addr[2]),
      .low_i   (low),
      .value_o (value)
  );

  logic hit_q;
  always_ff @(posedge clk_i) begin
    if (req_i.valid) hit_q <= select_q;
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
